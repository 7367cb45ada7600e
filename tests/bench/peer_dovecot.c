/*
 * Dovecot's lib-mail at the benchmark's work.
 */
#include "lib.h"

#include "base64.h"
#include "buffer.h"
#include "istream.h"
#include "message-address.h"
#include "message-date.h"
#include "message-decoder.h"
#include "message-header-decode.h"
#include "message-parser.h"
#include "qp-decoder.h"
#include "qp-encoder.h"
#include "str.h"

#include "bench.h"

enum { PIECE = 16384 };

static pool_t pool;
static buffer_t *out;

static void begin(void)
{
    lib_init();
    pool = pool_alloconly_create("bench", 65536);
    out = buffer_create_dynamic(default_pool, 4 * PIECE);
}

static bool is(const struct message_header_line *h, const char *name)
{
    return strcasecmp(h->name, name) == 0;
}

static void field(const struct message_header_line *h, struct found *f)
{
    f->fields++;
    if (is(h, "From") || is(h, "To") || is(h, "Cc")) {
        struct message_address_list list;
        message_address_parse_full(pool, h->full_value, h->full_value_len, UINT_MAX, 0,
                                   &list);
        f->addresses += list.count;
    } else if (is(h, "Date")) {
        time_t time;
        int zone;
        if (message_date_parse(h->full_value, h->full_value_len, &time, &zone)) {
            f->dates += (uint64_t)time;
        }
    }
}

static void header(const struct item *item, struct found *f)
{
    T_BEGIN
    {
        struct istream *in = i_stream_create_from_data(item->at, item->len);
        struct message_header_line *h;
        struct message_header_parser_ctx *ctx =
            message_parse_header_init(in, NULL,
                                      MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP |
                                          MESSAGE_HEADER_PARSER_FLAG_CLEAN_ONELINE);
        while (message_parse_header_next(ctx, &h) > 0) {
            if (h->eoh) {
                continue;
            }
            if (h->continues) {
                h->use_full_value = TRUE;
                continue;
            }
            field(h, f);
        }
        message_parse_header_deinit(&ctx);
        i_stream_unref(&in);
        p_clear(pool);
    }
    T_END;
}

static uint64_t leaves(const struct message_part *part)
{
    uint64_t n = 0;
    for (; part != NULL; part = part->next) {
        n += part->children != NULL
                 ? leaves(part->children)
                 : (part->flags & (MESSAGE_PART_FLAG_MULTIPART |
                                   MESSAGE_PART_FLAG_MESSAGE_RFC822)) == 0;
    }
    return n;
}

static void parse(const struct item *item, struct found *f, bool decode)
{
    struct message_parser_settings set = {
        .flags = decode ? 0 : MESSAGE_PARSER_FLAG_SKIP_BODY_BLOCK};
    struct istream *in = i_stream_create_from_data(item->at, item->len);
    struct message_parser_ctx *ctx = message_parser_init(pool, in, &set);
    struct message_decoder_context *decoder =
        decode ? message_decoder_init(NULL, MESSAGE_DECODER_FLAG_RETURN_BINARY) : NULL;
    struct message_block block;
    struct message_block decoded;
    struct message_part *parts;
    while (message_parser_parse_next_block(ctx, &block) > 0) {
        if (decode && message_decoder_decode_next_block(decoder, &block, &decoded) &&
            decoded.hdr == NULL) {
            found_octets(f, decoded.data, decoded.size);
        }
    }
    if (decode) {
        message_decoder_deinit(&decoder);
    }
    message_parser_deinit(&ctx, &parts);
    f->leaves += leaves(parts);
    i_stream_unref(&in);
    p_clear(pool);
}

static void structure(const struct item *item, struct found *f)
{
    T_BEGIN
    {
        parse(item, f, FALSE);
    }
    T_END;
}

static void full(const struct item *item, struct found *f)
{
    T_BEGIN
    {
        parse(item, f, TRUE);
    }
    T_END;
}

static void give(struct found *f)
{
    found_octets(f, out->data, out->used);
    buffer_set_used_size(out, 0);
}

static void base64_decode_all(const struct item *item, struct found *f)
{
    struct base64_decoder d;
    size_t at;
    base64_decode_init(&d, &base64_scheme, 0);
    for (at = 0; at < item->len; at += PIECE) {
        (void)base64_decode_more(&d, item->at + at, I_MIN(PIECE, item->len - at), NULL,
                                 out);
        give(f);
    }
    (void)base64_decode_finish(&d);
}

static void base64_encode_all(const struct item *item, struct found *f)
{
    struct base64_encoder e;
    size_t at;
    base64_encode_init(&e, &base64_scheme, BASE64_ENCODE_FLAG_CRLF, 76);
    for (at = 0; at < item->len; at += PIECE) {
        (void)base64_encode_more(&e, item->at + at, I_MIN(PIECE, item->len - at), NULL,
                                 out);
        give(f);
    }
    (void)base64_encode_finish(&e, out);
    give(f);
}

static void qp_decode(const struct item *item, struct found *f)
{
    struct qp_decoder *d = qp_decoder_init(out);
    const char *error;
    size_t at;
    size_t bad;
    for (at = 0; at < item->len; at += PIECE) {
        (void)qp_decoder_more(d, (const unsigned char *)item->at + at,
                              I_MIN(PIECE, item->len - at), &bad, &error);
        give(f);
    }
    (void)qp_decoder_finish(d, &error);
    give(f);
    qp_decoder_deinit(&d);
}

static void qp_encode(const struct item *item, struct found *f)
{
    struct qp_encoder *e = qp_encoder_init(out, 76, 0);
    size_t at;
    for (at = 0; at < item->len; at += PIECE) {
        qp_encoder_more(e, item->at + at, I_MIN(PIECE, item->len - at));
        give(f);
    }
    qp_encoder_finish(e);
    give(f);
    qp_encoder_deinit(&e);
}

static void words(const struct item *item, struct found *f)
{
    T_BEGIN
    {
        message_header_decode_utf8((const unsigned char *)item->at, item->len, out,
                                   NULL);
        give(f);
    }
    T_END;
}

static const struct peer peer = {"Dovecot",
                                 "2.3",
                                 {header, structure, full, base64_decode_all,
                                  base64_encode_all, qp_decode, qp_encode, words},
                                 begin};

const struct peer *peer_dovecot(void)
{
    return &peer;
}
