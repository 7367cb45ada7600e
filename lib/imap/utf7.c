/*
 * Modified UTF-7 (RFC 3501 5.1.3), strict and in its only form. Knows UTF-16 in base64;
 * must not know mailboxes.
 */
#include <mailproto/imap.h>

#include "codec/utf8.h"
#include "core/mem.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* The value of a digit of modified base64, or 64. */
static uint32_t digit_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - (uint32_t)'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - (uint32_t)'a' + 26U;
    }
    if (c >= '0' && c <= '9') {
        return c - (uint32_t)'0' + 52U;
    }
    return c == '+' ? 62 : c == ',' ? 63 : 64;
}

static int is_printable(uint32_t c)
{
    return c >= 0x20 && c <= 0x7E;
}

/* Where octets go. */
struct sink {
    unsigned char *to;
    size_t cap, len;
};

static int put(struct sink *out, const unsigned char *from, size_t len)
{
    if (out->cap - out->len < len) {
        return 0;
    }
    memmove(out->to + out->len, from, len); /* name.c decodes within one buffer */
    out->len += len;
    return 1;
}

/* ---- decoding -------------------------------------------------------------------------- */

/* One code point, of which `high` is the first half if it is not 0. Its octets in `utf8`;
 * how many, 0: none yet, -1: it cannot stand here. */
static int decode_unit(uint32_t unit, uint32_t *high, unsigned char utf8[4])
{
    uint32_t point = unit;
    if (*high != 0) {
        if (unit < 0xDC00 || unit > 0xDFFF) {
            return -1;
        }
        point = 0x10000 + ((*high - 0xD800) << 10) + (unit - 0xDC00);
        *high = 0;
    } else if (unit >= 0xD800 && unit <= 0xDBFF) {
        *high = unit;
        return 0;
    } else if ((unit >= 0xDC00 && unit <= 0xDFFF) || unit == 0 || is_printable(unit)) {
        return -1; /* what is printable stands for itself, and NUL is in no name */
    }
    return (int)mailproto__utf8_put(utf8, point);
}

/* The digits from *at up to the "-" and over it. */
static mailproto_status decode_shift(const unsigned char *in, size_t n, size_t *at,
                                     struct sink *out)
{
    unsigned char utf8[4];
    uint32_t bits = 0;
    uint32_t high = 0;
    unsigned count = 0;
    size_t i = *at;
    for (; i < n && digit_of(in[i]) < 64; i++) {
        int len;
        *at = i;
        bits = (bits << 6 | digit_of(in[i])) & 0xFFFFFFU;
        count += 6;
        if (count < 16) {
            continue;
        }
        count -= 16;
        len = decode_unit(bits >> count & 0xFFFFU, &high, utf8);
        if (len < 0) {
            return MAILPROTO_ERR_SYNTAX;
        }
        if (!put(out, utf8, (size_t)len)) {
            return MAILPROTO_ERR_MEMORY;
        }
    }
    *at = i;
    /* No half of a pair, no digit too many, zeros where bits are left. */
    if (i == n || in[i] != '-' || high != 0 || count >= 6 ||
        (bits & ((1U << count) - 1U)) != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *at = i + 1;
    /* Two shifts in a row would be one (RFC 3501 5.1.3: superfluous). */
    if (n - *at >= 2 && in[*at] == '&' && in[*at + 1] != '-') {
        return MAILPROTO_ERR_SYNTAX;
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_utf7_decode(mailproto_bytes text, void *buf, size_t cap,
                                            size_t *len)
{
    const unsigned char *in = (const unsigned char *)text.ptr;
    struct sink out;
    mailproto_status status = MAILPROTO_OK;
    size_t i = 0;
    out.to = (unsigned char *)buf;
    out.cap = cap;
    out.len = 0;
    while (i < text.len) {
        size_t begin = i;
        while (i < text.len && is_printable(in[i]) && in[i] != '&') {
            i++;
        }
        if (!put(&out, in + begin, i - begin)) {
            return MAILPROTO_ERR_MEMORY;
        }
        if (i == text.len) {
            break;
        }
        if (in[i] != '&') {
            *len = i;
            return MAILPROTO_ERR_SYNTAX;
        }
        i++;
        if (i < text.len && in[i] == '-') {
            status = put(&out, in + i - 1, 1) ? MAILPROTO_OK : MAILPROTO_ERR_MEMORY;
            i++;
        } else {
            status = decode_shift(in, text.len, &i, &out);
        }
        if (status != MAILPROTO_OK) {
            *len = i;
            return status;
        }
    }
    *len = out.len;
    return MAILPROTO_OK;
}

/* ---- encoding -------------------------------------------------------------------------- */

/* Bits that wait for being digits. */
struct shift {
    uint32_t bits;
    unsigned count;
};

static int put_unit(struct sink *out, struct shift *s, uint32_t unit)
{
    s->bits = (s->bits & 0x3FU) << 16 | unit;
    s->count += 16;
    while (s->count >= 6) {
        unsigned char c;
        s->count -= 6;
        c = (unsigned char)digits[s->bits >> s->count & 0x3FU];
        if (!put(out, &c, 1)) {
            return 0;
        }
    }
    return 1;
}

/* The code point of a well-formed character and how many octets it has. */
static uint32_t point_of(const unsigned char *in, size_t *len)
{
    if (in[0] < 0x80) {
        *len = 1;
        return in[0];
    }
    if (in[0] < 0xE0) {
        *len = 2;
        return (in[0] & 0x1FU) << 6 | (in[1] & 0x3FU);
    }
    if (in[0] < 0xF0) {
        *len = 3;
        return (in[0] & 0x0FU) << 12 | (in[1] & 0x3FU) << 6 | (in[2] & 0x3FU);
    }
    *len = 4;
    return (in[0] & 0x07U) << 18 | (in[1] & 0x3FU) << 12 | (in[2] & 0x3FU) << 6 |
           (in[3] & 0x3FU);
}

/* All characters from in[*at] on that do not stand for themselves; `n`: where well-formed
 * text ends. */
static int encode_shift(const unsigned char *in, size_t n, size_t *at, struct sink *out)
{
    struct shift s = {0, 0};
    size_t i = *at;
    if (!put(out, (const unsigned char *)"&", 1)) {
        return 0;
    }
    while (i < n && !is_printable(in[i]) && in[i] != 0) {
        size_t len;
        uint32_t point = point_of(in + i, &len);
        if (point >= 0x10000) {
            point -= 0x10000;
            if (!put_unit(out, &s, 0xD800 + (point >> 10))) {
                return 0;
            }
            point = 0xDC00 + (point & 0x3FFU);
        }
        if (!put_unit(out, &s, point)) {
            return 0;
        }
        i += len;
    }
    *at = i;
    if (s.count > 0) {
        unsigned char c = (unsigned char)digits[s.bits << (6 - s.count) & 0x3FU];
        if (!put(out, &c, 1)) {
            return 0;
        }
    }
    return put(out, (const unsigned char *)"-", 1);
}

mailproto_status mailproto_imap_utf7_encode(mailproto_bytes text, void *buf, size_t cap,
                                            size_t *len)
{
    const unsigned char *in = (const unsigned char *)text.ptr;
    size_t n = text.len > 0 ? mailproto__utf8_run(in, text.len) : 0;
    struct sink out;
    size_t i = 0;
    out.to = (unsigned char *)buf;
    out.cap = cap;
    out.len = 0;
    while (i < n && in[i] != 0) {
        size_t begin = i;
        int good = 1;
        while (i < n && is_printable(in[i]) && in[i] != '&') {
            i++;
        }
        good = put(&out, in + begin, i - begin);
        if (good && i < n && in[i] == '&') {
            good = put(&out, (const unsigned char *)"&-", 2);
            i++;
        } else if (good && i < n && in[i] != 0) {
            good = encode_shift(in, n, &i, &out);
        }
        if (!good) {
            return MAILPROTO_ERR_MEMORY;
        }
    }
    if (i < text.len) { /* NUL, or no UTF-8 */
        *len = i;
        return MAILPROTO_ERR_SYNTAX;
    }
    *len = out.len;
    return MAILPROTO_OK;
}
