/* Charsets that the library does not know, through iconv. */
#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_LEN = 64, KEPT_MAX = 16 };

typedef struct converter {
    char name[NAME_MAX_LEN]; /* of what is open; empty: nothing */
    iconv_t open;
    char kept[KEPT_MAX]; /* the beginning of a character, from the piece before */
    size_t kept_len;
} converter;

/* The library keeps UTF-7 itself, and from names and file names away: its relatives
   (UTF-7-IMAP) hide as much. */
static int is_utf7(mailproto_bytes charset)
{
    return charset.len >= 5 && strncasecmp(charset.ptr, "utf-7", 5) == 0;
}

static int reopen(converter *c, mailproto_bytes charset)
{
    if (charset.len == 0 || charset.len >= NAME_MAX_LEN || is_utf7(charset) ||
        memchr(charset.ptr, '/', charset.len) != NULL) {
        return -1;
    }
    if (strlen(c->name) == charset.len &&
        memcmp(c->name, charset.ptr, charset.len) == 0) {
        return 0;
    }
    if (c->name[0] != '\0') {
        iconv_close(c->open);
    }
    memcpy(c->name, charset.ptr, charset.len);
    c->name[charset.len] = '\0';
    c->open = iconv_open("UTF-8", c->name);
    if (c->open == (iconv_t)-1) {
        c->name[0] = '\0';
        return -1;
    }
    return 0;
}

/* One run of iconv: what it used and wrote; OK, AGAIN, ERR_SYNTAX, or NOT_READY: the end
 * of the input is the beginning of a character. */
static mailproto_status run(converter *c, const char *in, size_t len, size_t *used,
                            char *out, size_t cap, size_t *put)
{
    char copy[1024]; /* iconv wants its input writable */
    char *from = copy, *to = out;
    size_t take = len < sizeof copy ? len : sizeof copy;
    size_t left = take, room = cap;
    memcpy(copy, in, take);
    size_t result = iconv(c->open, &from, &left, &to, &room);
    int why = result == (size_t)-1 ? errno : 0;
    *used = take - left;
    *put = cap - room;
    if (why == EILSEQ) {
        return MAILPROTO_ERR_SYNTAX;
    }
    if (why == E2BIG || take < len) {
        return MAILPROTO_AGAIN;
    }
    return why == EINVAL ? MAILPROTO_NOT_READY : MAILPROTO_OK;
}

/* The kept octets and a few of the new ones, which complete them. */
static mailproto_status run_kept(converter *c, const char *in, size_t len, size_t *used,
                                 char *out, size_t cap, size_t *put)
{
    char both[KEPT_MAX * 2];
    size_t more = len < KEPT_MAX ? len : KEPT_MAX;
    size_t kept = c->kept_len;
    memcpy(both, c->kept, kept);
    memcpy(both + kept, in, more);
    mailproto_status st = run(c, both, kept + more, used, out, cap, put);
    if (*used >= kept) {
        *used -= kept;
        c->kept_len = 0;
        return st == MAILPROTO_ERR_SYNTAX ? st : MAILPROTO_AGAIN;
    }
    *used = 0;
    if (st == MAILPROTO_ERR_SYNTAX) {
        c->kept_len = 0; /* the octets before are what is ill-formed */
    }
    return st;
}

static mailproto_status convert(void *ctx, mailproto_bytes charset, const void *in,
                                size_t in_len, size_t *in_used, void *out,
                                size_t out_cap, size_t *out_len, uint32_t flags)
{
    converter *c = ctx;
    *in_used = 0;
    *out_len = 0;
    if (flags & MAILPROTO_CHARSET_BEGIN) {
        c->kept_len = 0;
        if (reopen(c, charset) != 0) {
            return MAILPROTO_ERR_NOT_BUILT;
        }
        iconv(c->open, NULL, NULL, NULL, NULL);
    }
    if (c->name[0] == '\0') {
        return MAILPROTO_ERR_NOT_BUILT;
    }
    mailproto_status st = c->kept_len > 0
                              ? run_kept(c, in, in_len, in_used, out, out_cap, out_len)
                              : run(c, in, in_len, in_used, out, out_cap, out_len);
    if (st != MAILPROTO_NOT_READY) {
        return st;
    }
    if (flags & MAILPROTO_CODEC_FINAL) {
        return MAILPROTO_ERR_SYNTAX;
    }
    size_t left = in_len - *in_used;
    if (left > KEPT_MAX - c->kept_len) {
        return MAILPROTO_ERR_SYNTAX;
    }
    memcpy(c->kept + c->kept_len, (const char *)in + *in_used, left);
    c->kept_len += left;
    *in_used = in_len;
    return MAILPROTO_OK;
}

const mailproto_charset_converter *charset_converter(void)
{
    static converter state;
    static const mailproto_charset_converter table = {
        .struct_size = sizeof table, .ctx = &state, .convert = convert};
    return &table;
}
