/*
 * UTF-7 (RFC 2152) to UTF-8. Knows shifts and their base64; must not know IMAP's modified
 * form.
 *
 * Where the RFC's text leaves room: `\` and `~`, which belong to none of its sets, are
 * taken as themselves; `+` before a character that is neither base64 nor `-` is dropped,
 * with a defect; bits left at the end of a shift must be zero and fewer than six.
 */
#include "codec/charset.h"

#include "codec/utf8.h"

/* The shift ends. 1: strict. There is room. */
static int end_shift(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__charset *s = &c->u.charset;
    int over = 0;
    if (s->second != 0) { /* half a pair */
        s->second = 0;
        over = mailproto__charset_replace(c, r, 1);
    }
    if (!over && (s->bits >= 6 || s->value != 0)) {
        over = mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_BITS);
    }
    s->shifted = 0;
    s->begun = 0;
    s->bits = 0;
    s->value = 0;
    return over;
}

/* A character of base64. 1: strict. There is room. */
static int take_shifted(struct mailproto__codec *c, struct mailproto__run *r,
                        uint32_t value)
{
    struct mailproto__charset *s = &c->u.charset;
    uint32_t bits = s->value << 6 | value;
    s->begun = 0;
    s->bits = (uint8_t)(s->bits + 6U);
    s->value = bits;
    if (s->bits >= 16) {
        s->bits = (uint8_t)(s->bits - 16U);
        s->value = bits & ((1U << s->bits) - 1U);
        return mailproto__utf16_unit(c, r, bits >> s->bits & 0xFFFFU, 1);
    }
    return 0;
}

static int take(struct mailproto__codec *c, struct mailproto__run *r,
                unsigned char octet)
{
    struct mailproto__charset *s = &c->u.charset;
    if (s->shifted) {
        int fresh = s->begun;
        if (mailproto__base64_values[octet] >= 0) {
            return take_shifted(c, r, (uint32_t)mailproto__base64_values[octet]);
        }
        if (end_shift(c, r)) {
            return 1;
        }
        if (octet == '-') {
            if (fresh) {
                mailproto__out(r, '+');
            }
            return 0;
        }
        if (fresh && mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_ESCAPE)) {
            return 1;
        }
    }
    if (octet == '+') {
        s->shifted = 1;
        s->begun = 1;
        return 0;
    }
    if (octet >= 128) {
        return mailproto__charset_replace(c, r, 0);
    }
    mailproto__out(r, octet);
    return 0;
}

mailproto_status mailproto__utf7_run(struct mailproto__codec *c,
                                     struct mailproto__run *r, uint32_t flags)
{
    for (; r->used < r->in_len; r->used++) {
        if (mailproto__out_left(r) < 7) {
            return MAILPROTO_AGAIN;
        }
        if (take(c, r, r->in[r->used])) {
            return MAILPROTO_ERR_SYNTAX;
        }
    }
    if ((flags & MAILPROTO_CODEC_FINAL) && c->u.charset.shifted) {
        int fresh = c->u.charset.begun; /* nothing stands behind `+` */
        if (mailproto__out_left(r) < 3) {
            return MAILPROTO_AGAIN;
        }
        if (end_shift(c, r) || (fresh && mailproto__codec_defect(
                                             c, r, 0, MAILPROTO_CODEC_DEFECT_ESCAPE))) {
            return MAILPROTO_ERR_SYNTAX;
        }
    }
    return MAILPROTO_OK;
}
