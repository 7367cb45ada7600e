/*
 * Dovecot's imap-parser over the commands, as its IMAP process uses it: one parser, reset
 * for each command, all arguments of a line at once. They stay a tree of words: what the
 * words mean is read later in other files, and is not part of this.
 */
#include "lib.h"

#include "imap-parser.h"
#include "istream.h"

#include "bench_imap.h"

void imap_dovecot_begin(void)
{
    lib_init();
}

static void walk(const struct imap_arg *args, struct imap_found *f)
{
    for (; args->type != IMAP_ARG_EOL; args++) {
        f->values += args->type;
        if (args->type == IMAP_ARG_LITERAL) {
            f->literals += args->str_len;
        } else if (args->type == IMAP_ARG_LIST) {
            walk(imap_arg_as_list(args), f);
        }
    }
}

/* 0: it does not understand this. */
static int one(struct imap_parser *parser, struct istream *in, struct imap_found *f)
{
    const struct imap_arg *args;
    const unsigned char *data;
    const char *tag;
    const char *name;
    size_t left;
    if (imap_parser_read_tag(parser, &tag) <= 0) {
        return 0;
    }
    f->tags += strlen(tag);
    if (imap_parser_read_command_name(parser, &name) <= 0) {
        return 0;
    }
    if (strcasecmp(name, "UID") == 0 &&
        imap_parser_read_command_name(parser, &name) <= 0) {
        return 0;
    }
    f->values += (unsigned char)*name;
    if (imap_parser_read_args(parser, 0,
                              IMAP_PARSE_FLAG_LITERAL_TYPE | IMAP_PARSE_FLAG_LITERAL8,
                              &args) < 0) {
        return 0;
    }
    walk(args, f);
    data = i_stream_get_data(in, &left);
    i_stream_skip(in, left > 0 && *data == '\r' ? 2 : 1);
    imap_parser_reset(parser);
    return 1;
}

void imap_dovecot(const struct imap_corpus *c, struct imap_found *f)
{
    struct istream *in = i_stream_create_from_data(c->bytes, c->used);
    struct imap_parser *parser = imap_parser_create(in, NULL, 65536, NULL);
    int going = 1;
    (void)i_stream_read(in);
    while (going && in->v_offset < c->used) {
        T_BEGIN
        {
            going = one(parser, in, f);
        }
        T_END;
        f->commands += (uint64_t)going;
    }
    if (!going) {
        enum imap_parser_error error;
        const unsigned char *data;
        size_t left;
        data = i_stream_get_data(in, &left);
        i_warning("imap-parser: %s at %.*s", imap_parser_get_error(parser, &error),
                  (int)I_MIN(left, 60), (const char *)data);
    }
    imap_parser_unref(&parser);
    i_stream_unref(&in);
}
