/*
 * UTF-16 (RFC 2781) and UTF-32 to UTF-8. Knows byte order and surrogates; must not know
 * where the text comes from.
 */
#include "codec/charset.h"

#include "codec/utf8.h"

/* What one unit may write: U+FFFD for the surrogate before it, and a character. */
enum { UNIT_OUT = 7 };

int mailproto__utf16_unit(struct mailproto__codec *c, struct mailproto__run *r,
                          uint32_t unit, uint64_t back)
{
    struct mailproto__charset *s = &c->u.charset;
    if (s->second != 0) {
        uint32_t first = s->second;
        s->second = 0;
        if (unit >= 0xDC00 && unit <= 0xDFFF) {
            r->put += mailproto__utf8_put(r->out + r->put,
                                          0x10000U + ((first - 0xD800U) << 10) +
                                              (unit - 0xDC00U));
            return 0;
        }
        if (mailproto__charset_replace(c, r, back)) {
            return 1;
        }
    }
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        s->second = unit;
        return 0;
    }
    if (unit >= 0xDC00 && unit <= 0xDFFF) {
        return mailproto__charset_replace(c, r, 0);
    }
    r->put += mailproto__utf8_put(r->out + r->put, unit);
    return 0;
}

/* A unit is whole with in[used]. 1: strict. */
static int take_unit(struct mailproto__codec *c, struct mailproto__run *r,
                     uint32_t unit)
{
    struct mailproto__charset *s = &c->u.charset;
    if (!s->begun) {
        /* RFC 2781 4.3: the mark says the order and is no text. */
        s->begun = 1;
        if (unit == 0xFEFF) {
            return 0;
        }
        if (unit == (s->width == 2 ? 0xFFFEU : 0xFFFE0000U)) {
            s->little = 1;
            return 0;
        }
    }
    if (s->width == 2) {
        return mailproto__utf16_unit(c, r, unit, 3);
    }
    if (unit > 0x10FFFF || (unit >= 0xD800 && unit <= 0xDFFF)) {
        return mailproto__charset_replace(c, r, 3);
    }
    r->put += mailproto__utf8_put(r->out + r->put, unit);
    return 0;
}

static mailproto_status take_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__charset *s = &c->u.charset;
    unsigned missing = s->need;
    if (missing > 0 || s->second != 0) {
        uint64_t back = missing + (s->second != 0 ? 2U : 0U);
        if (mailproto__out_left(r) < 3) {
            return MAILPROTO_AGAIN;
        }
        s->need = 0;
        s->second = 0;
        if (mailproto__charset_replace(c, r, back)) {
            return MAILPROTO_ERR_SYNTAX;
        }
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__wide_run(struct mailproto__codec *c,
                                     struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__charset *s = &c->u.charset;
    for (; r->used < r->in_len; r->used++) {
        uint32_t octet = r->in[r->used];
        uint32_t value =
            s->little ? s->value | octet << (8U * s->need) : s->value << 8 | octet;
        if (s->need + 1U < s->width) {
            s->value = value;
            s->need++;
            continue;
        }
        if (mailproto__out_left(r) < UNIT_OUT) {
            return MAILPROTO_AGAIN;
        }
        s->value = 0;
        s->need = 0;
        if (take_unit(c, r, value)) {
            return MAILPROTO_ERR_SYNTAX;
        }
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? take_end(c, r) : MAILPROTO_OK;
}
