/*
 * Charsets to UTF-8: UTF-8 itself, ASCII, those with one octet a character, the caller's
 * converter. Knows octets and code points; must not know where the text comes from.
 */
#include "codec/charset.h"

#include "codec/utf8.h"

static const uint16_t windows_1252[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
    0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

uint32_t mailproto__windows_1252(unsigned char octet)
{
    return octet >= 128 && octet < 160 ? windows_1252[octet - 128] : octet;
}

/* ---- names --------------------------------------------------------------------------- */

/* The name in lower case without punctuation, as Unicode's UTS 22 1.4 compares; its
 * length, 0: none of ours. */
static size_t fold_name(mailproto_bytes name, char *folded, size_t cap)
{
    size_t n = 0;
    size_t i;
    for (i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '-' || c == '_' || c == '.' || c == ':' || c == '+' || c == ' ') {
            continue;
        }
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (n == cap || !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            return 0;
        }
        folded[n] = c;
        n++;
    }
    return n;
}

unsigned mailproto__charset_find(mailproto_bytes name)
{
    const unsigned char *at = mailproto__charset_names;
    char folded[24];
    size_t len;
    if (name.len == 5 &&
        (memcmp(name.ptr, "utf-8", 5) == 0 || memcmp(name.ptr, "UTF-8", 5) == 0)) {
        return MAILPROTO__CHARSET_UTF8; /* what nearly all mail says */
    }
    len = fold_name(name, folded, sizeof folded);
    if (len == 0) {
        return MAILPROTO__CHARSET_UNKNOWN;
    }
    while (at[0] != 0) {
        if (at[0] == len && memcmp(at + 1, folded, len) == 0) {
            return at[1 + len];
        }
        at += at[0] + 2U;
    }
    return MAILPROTO__CHARSET_UNKNOWN;
}

int mailproto_charset_known(mailproto_bytes charset)
{
    return mailproto__charset_find(charset) != MAILPROTO__CHARSET_UNKNOWN;
}

void mailproto__charset_begin(struct mailproto__codec *c, unsigned charset,
                              uint32_t flags)
{
    enum mailproto__codec_kind kind = MAILPROTO__CODEC_TABLE;
    struct mailproto__charset *s = &c->u.charset;
    if (charset == MAILPROTO__CHARSET_UTF8) {
        kind = MAILPROTO__CODEC_UTF8;
    } else if (charset == MAILPROTO__CHARSET_ASCII) {
        kind = MAILPROTO__CODEC_ASCII;
    } else if (charset == MAILPROTO__CHARSET_LATIN1) {
        kind = MAILPROTO__CODEC_LATIN1;
    } else if (charset == MAILPROTO__CHARSET_UTF7) {
        kind = MAILPROTO__CODEC_UTF7;
    } else if (charset < MAILPROTO__CHARSET_TABLES) {
        kind = MAILPROTO__CODEC_UTF16;
    }
    mailproto__codec_begin(c, kind, flags);
    if (kind == MAILPROTO__CODEC_TABLE) {
        s->table = (uint16_t)(charset - MAILPROTO__CHARSET_TABLES);
    } else if (kind == MAILPROTO__CODEC_UTF16) {
        s->width = charset >= MAILPROTO__CHARSET_UTF32 ? 4 : 2;
        s->little = charset == MAILPROTO__CHARSET_UTF16LE ||
                    charset == MAILPROTO__CHARSET_UTF32LE;
        /* RFC 2781 4.1, 4.2: with the order in the name it is no mark. */
        s->begun =
            charset != MAILPROTO__CHARSET_UTF16 && charset != MAILPROTO__CHARSET_UTF32;
    }
}

mailproto_status mailproto__charset_open(struct mailproto__codec *c,
                                         mailproto_bytes charset,
                                         const mailproto_charset_converter *converter,
                                         uint32_t flags)
{
    unsigned found = mailproto__charset_find(charset);
    if ((flags & ~(MAILPROTO_CODEC_STRICT | MAILPROTO_CPU_MASK)) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (found != MAILPROTO__CHARSET_UNKNOWN) {
        mailproto__charset_begin(c, found, flags);
    } else if (converter == NULL) {
        return MAILPROTO_ERR_NOT_BUILT;
    } else if (converter->convert == NULL || charset.len > UINT32_MAX) {
        return MAILPROTO_ERR_ARGUMENT;
    } else {
        mailproto__codec_begin(c, MAILPROTO__CODEC_CONVERTER, flags);
        c->u.converted.converter = converter;
        c->u.converted.name = charset.ptr;
        c->u.converted.name_len = (uint32_t)charset.len;
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto_charset_init(mailproto_codec *c, mailproto_bytes charset,
                                        const mailproto_charset_converter *converter,
                                        uint32_t flags)
{
    struct mailproto__codec b;
    mailproto_status status = mailproto__charset_open(&b, charset, converter, flags);
    if (status == MAILPROTO_OK) {
        mailproto__codec_store(c, &b);
    }
    return status;
}

/* ---- conversion ---------------------------------------------------------------------- */

int mailproto__charset_replace(struct mailproto__codec *c, struct mailproto__run *r,
                               uint64_t back)
{
    if (mailproto__codec_defect(c, r, back, MAILPROTO_CODEC_DEFECT_CHARACTER)) {
        return 1;
    }
    r->put += mailproto__utf8_put(r->out + r->put, 0xFFFD);
    return 0;
}

/* The next octet of a character that came in pieces, in `value` so far. */
static mailproto_status utf8_continue(struct mailproto__codec *c,
                                      struct mailproto__run *r)
{
    struct mailproto__charset *s = &c->u.charset;
    unsigned char octet = r->in[r->used];
    uint32_t seen = s->value;
    if (mailproto__out_left(r) < 4) {
        return MAILPROTO_AGAIN;
    }
    if (octet < s->low || octet > s->high) {
        unsigned back = seen > 0xffffU ? 3 : seen > 0xffU ? 2 : 1;
        s->need = 0;
        return mailproto__charset_replace(c, r, back) ? MAILPROTO_ERR_SYNTAX
                                                      : MAILPROTO_OK;
    }
    s->low = 0x80;
    s->high = 0xBF;
    s->need--;
    r->used++;
    if (s->need == 0) {
        if (seen > 0xffffU) {
            mailproto__out(r, (unsigned char)(seen >> 16));
        }
        if (seen > 0xffU) {
            mailproto__out(r, (unsigned char)(seen >> 8 & 0xffU));
        }
        mailproto__out(r, (unsigned char)(seen & 0xffU));
        mailproto__out(r, octet);
    }
    s->value = seen << 8 | octet;
    return MAILPROTO_OK;
}

static mailproto_status utf8_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__charset *s = &c->u.charset;
    if (s->need > 0) {
        unsigned back = s->value > 0xffffU ? 3 : s->value > 0xffU ? 2 : 1;
        if (mailproto__out_left(r) < 3) {
            return MAILPROTO_AGAIN;
        }
        s->need = 0;
        if (mailproto__charset_replace(c, r, back)) {
            return MAILPROTO_ERR_SYNTAX;
        }
    }
    return MAILPROTO_OK;
}

static mailproto_status utf8_run(struct mailproto__codec *c, struct mailproto__run *r,
                                 uint32_t flags)
{
    struct mailproto__charset *s = &c->u.charset;
    while (r->used < r->in_len) {
        const unsigned char *in = r->in + r->used;
        size_t n = mailproto__in_left(r);
        if (s->need > 0) {
            mailproto_status status = utf8_continue(c, r);
            if (status != MAILPROTO_OK) {
                return status;
            }
            continue;
        }
        if (n > mailproto__out_left(r)) {
            n = mailproto__out_left(r);
        }
        n = mailproto__utf8_run(in, n);
        if (n > 0) {
            memmove(r->out + r->put, in, n);
            r->used += n;
            r->put += n;
            continue;
        }
        if (mailproto__out_left(r) < 3) {
            return MAILPROTO_AGAIN;
        }
        s->need = (uint8_t)mailproto__utf8_tail(in[0], &s->low, &s->high);
        s->value = in[0];
        if (s->need == 0 && mailproto__charset_replace(c, r, 0)) {
            return MAILPROTO_ERR_SYNTAX;
        }
        r->used++;
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? utf8_end(c, r) : MAILPROTO_OK;
}

/* The code point of an octet above 127. */
static uint32_t point_of(const struct mailproto__codec *c, unsigned char octet)
{
    const struct mailproto__charset_table *table;
    if (c->kind == MAILPROTO__CODEC_LATIN1) {
        return octet;
    }
    if (c->kind == MAILPROTO__CODEC_ASCII) {
        return 0xFFFD;
    }
    table = &mailproto__charset_tables[c->u.charset.table];
    return octet < table->first
               ? octet
               : mailproto__charset_cells[table->at + octet - table->first];
}

static mailproto_status octets_run(struct mailproto__codec *c, struct mailproto__run *r)
{
    while (r->used < r->in_len) {
        size_t n = mailproto__in_left(r);
        uint32_t point;
        if (n > mailproto__out_left(r)) {
            n = mailproto__out_left(r);
        }
        n = mailproto__copy_ascii(r->out + r->put, r->in + r->used, n);
        r->used += n;
        r->put += n;
        if (r->used == r->in_len) {
            break;
        }
        if (mailproto__out_left(r) < 3) {
            return MAILPROTO_AGAIN;
        }
        point = point_of(c, r->in[r->used]);
        if (point != 0xFFFD) {
            r->put += mailproto__utf8_put(r->out + r->put, point);
        } else if (mailproto__charset_replace(c, r, 0)) {
            return MAILPROTO_ERR_SYNTAX;
        }
        r->used++;
    }
    return MAILPROTO_OK;
}

/* ---- the caller's converter ----------------------------------------------------------- */

/* One call of it, which it is not trusted to keep to. */
static mailproto_status convert(struct mailproto__converted *v,
                                struct mailproto__run *r, uint32_t flags)
{
    mailproto_bytes name;
    size_t used = 0;
    size_t put = 0;
    mailproto_status status;
    name.ptr = v->name;
    name.len = v->name_len;
    status = v->converter->convert(
        v->converter->ctx, name, r->in + r->used, mailproto__in_left(r), &used,
        r->out + r->put, mailproto__out_left(r), &put,
        (flags & MAILPROTO_CODEC_FINAL) | (v->begun ? 0U : MAILPROTO_CHARSET_BEGIN));
    if (used > mailproto__in_left(r) || put > mailproto__out_left(r)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    v->begun = 1;
    r->used += used;
    r->put += put;
    return status;
}

static mailproto_status converter_run(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags)
{
    static const unsigned char none[1] = {0};
    if (r->in == NULL) {
        r->in = none;
    }
    for (;;) {
        mailproto_status status = convert(&c->u.converted, r, flags);
        int over;
        if (status != MAILPROTO_ERR_SYNTAX) {
            return status;
        }
        if (mailproto__out_left(r) < 3) {
            return MAILPROTO_AGAIN;
        }
        over = mailproto__charset_replace(c, r, 0);
        if (over) {
            return MAILPROTO_ERR_SYNTAX;
        }
        if (r->used == r->in_len) {
            return MAILPROTO_OK;
        }
        r->used++;
    }
}

mailproto_status mailproto__charset_run(struct mailproto__codec *c,
                                        struct mailproto__run *r, uint32_t flags)
{
    switch (c->kind) {
    case MAILPROTO__CODEC_UTF8:
        return utf8_run(c, r, flags);
    case MAILPROTO__CODEC_UTF16:
        return mailproto__wide_run(c, r, flags);
    case MAILPROTO__CODEC_UTF7:
        return mailproto__utf7_run(c, r, flags);
    case MAILPROTO__CODEC_CONVERTER:
        return converter_run(c, r, flags);
    default:
        return octets_run(c, r);
    }
}
