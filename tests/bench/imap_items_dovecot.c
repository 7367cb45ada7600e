/*
 * ENVELOPE and BODYSTRUCTURE by Dovecot's libraries, as its mail storage makes them when
 * nothing is cached: the header for an ENVELOPE, the whole message for a BODYSTRUCTURE.
 */
#include "lib.h"

#include "imap-bodystructure.h"
#include "imap-envelope.h"
#include "istream.h"
#include "message-parser.h"
#include "message-part-data.h"
#include "str.h"

#include "bench_imap_items.h"

static pool_t pool;
static string_t *text;

void imap_items_dovecot_begin(void)
{
    lib_init();
    pool = pool_alloconly_create("bench", 65536);
    text = str_new(default_pool, 65536);
}

static void envelope(struct istream *in)
{
    struct message_part_data_limits limits = MESSAGE_PART_DATA_LIMITS_INIT;
    struct message_part_envelope *data = NULL;
    struct message_header_line *h;
    struct message_header_parser_ctx *ctx = message_parse_header_init(
        in, NULL, MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP);
    while (message_parse_header_next(ctx, &h) > 0) {
        message_part_envelope_parse_from_header(pool, &data, &limits, h);
    }
    message_part_envelope_parse_from_header(pool, &data, &limits, NULL);
    message_parse_header_deinit(&ctx);
    str_append_c(text, '(');
    imap_envelope_write(data, text);
    str_append_c(text, ')');
}

static void structure(struct istream *in)
{
    struct message_part_data_limits limits = MESSAGE_PART_DATA_LIMITS_INIT;
    struct message_parser_settings set = {
        .hdr_flags = MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP,
        .flags = MESSAGE_PARSER_FLAG_SKIP_BODY_BLOCK};
    struct message_parser_ctx *ctx = message_parser_init(pool, in, &set);
    struct message_block block;
    struct message_part *parts;
    const char *error;
    while (message_parser_parse_next_block(ctx, &block) > 0) {
        if (block.hdr != NULL || block.size == 0) {
            message_part_data_parse_from_header(pool, block.part, &limits, block.hdr);
        }
    }
    message_parser_deinit(&ctx, &parts);
    str_append_c(text, '(');
    if (imap_bodystructure_write(parts, text, TRUE, &error) < 0) {
        str_truncate(text, 0);
    }
    str_append_c(text, ')');
}

size_t imap_items_dovecot(enum imap_item what, const char *message, size_t len,
                          char *out, size_t room)
{
    size_t n;
    T_BEGIN
    {
        struct istream *in = i_stream_create_from_data(message, len);
        str_truncate(text, 0);
        if (what == IMAP_ENVELOPE) {
            envelope(in);
        } else {
            structure(in);
        }
        i_stream_unref(&in);
        p_clear(pool);
        n = str_len(text) <= room ? str_len(text) : 0;
        memcpy(out, str_data(text), n);
    }
    T_END;
    return n;
}
