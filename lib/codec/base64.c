/*
 * Base64 (RFC 4648 4) and its use in mail (RFC 2045 6.8), both ways. Knows the alphabet,
 * padding and line length; must not know whose text it is.
 */
#include "codec/cpu.h"
#include "codec/machine.h"

/* clang-format off */
static const char alphabet[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a character, or -1. */
const int8_t mailproto__base64_values[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
    -1,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
    -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1
};
/* clang-format on */

enum { LINE_LENGTH = 76 }; /* RFC 2045 6.8 */

/* ---- decoder --------------------------------------------------------------------- */

/* Four characters as the 24 bits they stand for; the highest bit of the word is set if
 * one of them stands for nothing. */
static uint32_t group_of(const unsigned char *in)
{
    return (uint32_t)mailproto__base64_values[in[0]] << 18 |
           (uint32_t)mailproto__base64_values[in[1]] << 12 |
           (uint32_t)mailproto__base64_values[in[2]] << 6 |
           (uint32_t)mailproto__base64_values[in[3]];
}

/* Three octets; where that is faster a fourth is written too, which is 0. */
#if defined(__GNUC__) && defined(__BYTE_ORDER__) &&                                    \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&                                       \
    (defined(__x86_64__) || defined(__aarch64__))
enum { PUT = 4 };
static void put_octets(unsigned char *out, uint32_t group)
{
    group = __builtin_bswap32(group << 8);
    memcpy(out, &group, 4);
}
#else
enum { PUT = 3 };
static void put_octets(unsigned char *out, uint32_t group)
{
    out[0] = (unsigned char)(group >> 16);
    out[1] = (unsigned char)(group >> 8);
    out[2] = (unsigned char)group;
}
#endif

/* Groups of four characters, up to `count` or the first that holds another character:
 * how many. A group is read before it is written, so that both buffers may be the same.
 * (Two groups a step were tried: compilers make more instructions of it, not fewer.) */
static size_t decode_run(const unsigned char *in, unsigned char *out, size_t count)
{
    size_t done = 0;
    for (; done < count; done++, in += 4, out += 3) {
        uint32_t a = group_of(in);
        if (a >> 31 != 0) {
            break;
        }
        put_octets(out, a);
    }
    return done;
}

/* Whole groups, as many as there are and fit, and the line ends between them. */
static void decode_groups(const struct mailproto__codec *c, struct mailproto__run *r)
{
    int lenient = (c->flags & MAILPROTO_CODEC_STRICT) == 0;
#ifdef MAILPROTO__X86
    if (c->cpu & MAILPROTO__CPU_SSSE3) {
        size_t put;
        r->used += mailproto__base64_decode_x86(r->in + r->used, r->in_len - r->used,
                                                r->out + r->put, r->out_cap - r->put,
                                                lenient, &put);
        r->put += put;
    }
#endif
    for (;;) {
        size_t count = (r->in_len - r->used) / 4;
        size_t left = r->out_cap - r->put;
        size_t room = left < PUT ? 0 : (left - (PUT - 3)) / 3;
        size_t done =
            decode_run(r->in + r->used, r->out + r->put, count < room ? count : room);
        r->used += done * 4;
        r->put += done * 3;
        if (!lenient || r->in_len - r->used < 2 || r->in[r->used] != '\r' ||
            r->in[r->used + 1] != '\n') {
            return;
        }
        r->used += 2;
    }
}

/* A character of the alphabet. Each gives out the octet it completes, so that never
 * more is written than was read. */
static int decode_value(struct mailproto__codec *c, struct mailproto__run *r,
                        uint32_t value)
{
    if (c->u.base64.due > 0 || c->u.base64.padded) {
        /* Padding that is missing, or not at the end: data goes on all the same. */
        if (mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_PADDING)) {
            return 1;
        }
        c->u.base64.due = 0;
        c->u.base64.padded = 0;
    }
    if (c->u.base64.phase > 0) {
        unsigned shift = 6U - 2U * c->u.base64.phase; /* 4, 2, 0 */
        r->out[r->put] = (unsigned char)((c->u.base64.bits << 6 | value) >> shift);
        r->put++;
        c->u.base64.bits = value & ((1U << shift) - 1U);
    } else {
        c->u.base64.bits = value;
    }
    c->u.base64.phase = (uint8_t)((c->u.base64.phase + 1U) & 3U);
    return 0;
}

/* The group ends before its fourth character. */
static int end_group(struct mailproto__codec *c, const struct mailproto__run *r)
{
    /* RFC 4648 3.5: the bits that no octet takes must be zero. */
    if (c->u.base64.phase > 1 && c->u.base64.bits != 0 &&
        mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_BITS)) {
        return 1;
    }
    c->u.base64.phase = 0;
    c->u.base64.bits = 0;
    return 0;
}

static int decode_pad(struct mailproto__codec *c, const struct mailproto__run *r)
{
    uint8_t phase = c->u.base64.phase;
    if (c->u.base64.due > 0) {
        c->u.base64.due--;
        return 0;
    }
    if (phase < 2 && mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_PADDING)) {
        return 1;
    }
    if (end_group(c, r)) {
        return 1;
    }
    if (phase >= 2) {
        c->u.base64.due = (uint8_t)(3U - phase);
        c->u.base64.padded = 1;
    }
    return 0;
}

/* The character at in[used], which is none of the alphabet. */
static int decode_other(struct mailproto__codec *c, const struct mailproto__run *r,
                        unsigned char octet)
{
    if (octet == '=') {
        return decode_pad(c, r);
    }
    if ((c->flags & MAILPROTO_CODEC_STRICT) == 0 &&
        (octet == '\r' || octet == '\n' || octet == ' ' || octet == '\t')) {
        return 0;
    }
    return mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_CHARACTER);
}

static mailproto_status decode_end(struct mailproto__codec *c,
                                   const struct mailproto__run *r)
{
    if ((c->u.base64.phase > 0 || c->u.base64.due > 0) &&
        mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_PADDING)) {
        return MAILPROTO_ERR_SYNTAX;
    }
    c->u.base64.due = 0;
    return end_group(c, r) ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK;
}

mailproto_status mailproto__base64_decode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags)
{
    while (r->used < r->in_len) {
        int8_t value;
        int over;
        if (c->u.base64.phase == 0 && c->u.base64.due == 0 && !c->u.base64.padded) {
            decode_groups(c, r);
            if (r->used == r->in_len) {
                break;
            }
        }
        value = mailproto__base64_values[r->in[r->used]];
        if (value < 0) {
            over = decode_other(c, r, r->in[r->used]);
        } else if (c->u.base64.phase > 0 && r->put == r->out_cap) {
            return MAILPROTO_AGAIN;
        } else {
            over = decode_value(c, r, (uint32_t)value);
        }
        if (over) {
            return MAILPROTO_ERR_SYNTAX;
        }
        r->used++;
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? decode_end(c, r) : MAILPROTO_OK;
}

/* ---- encoder --------------------------------------------------------------------- */

static void put_group(unsigned char *out, uint32_t group)
{
    out[0] = (unsigned char)alphabet[group >> 18 & 63];
    out[1] = (unsigned char)alphabet[group >> 12 & 63];
    out[2] = (unsigned char)alphabet[group >> 6 & 63];
    out[3] = (unsigned char)alphabet[group & 63];
}

/* Whole groups up to the end of the line, the input or the room. */
static void encode_groups(struct mailproto__codec *c, struct mailproto__run *r)
{
    size_t groups = (r->in_len - r->used) / 3;
    size_t room = (r->out_cap - r->put) / 4;
    size_t line = (size_t)(LINE_LENGTH - c->u.base64.column) / 4;
    const unsigned char *in = r->in + r->used;
    unsigned char *out = r->out + r->put;
    size_t i;
    if (groups > room) {
        groups = room;
    }
    if ((c->flags & MAILPROTO_CODEC_LINES) && groups > line) {
        groups = line;
    }
    for (i = 0; i < groups; i++, in += 3, out += 4) {
        put_group(out, (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2]);
    }
    r->used += groups * 3;
    r->put += groups * 4;
    if (c->flags & MAILPROTO_CODEC_LINES) {
        c->u.base64.column = (uint8_t)(c->u.base64.column + groups * 4);
    }
}

/* CRLF; 0: no room. */
static int encode_line_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    if (r->out_cap - r->put < 2) {
        return 0;
    }
    r->out[r->put] = '\r';
    r->out[r->put + 1] = '\n';
    r->put += 2;
    c->u.base64.column = 0;
    return 1;
}

/* The group that is not whole, in single octets; 0: no room. */
static int encode_octet(struct mailproto__codec *c, struct mailproto__run *r)
{
    uint32_t octet = r->in[r->used];
    if (c->u.base64.phase == 2) {
        if (r->out_cap - r->put < 4) {
            return 0;
        }
        put_group(r->out + r->put, c->u.base64.bits << 8 | octet);
        r->put += 4;
        c->u.base64.bits = 0;
        c->u.base64.phase = 0;
        if (c->flags & MAILPROTO_CODEC_LINES) {
            c->u.base64.column = (uint8_t)(c->u.base64.column + 4);
        }
    } else {
        c->u.base64.bits = c->u.base64.bits << 8 | octet;
        c->u.base64.phase++;
    }
    r->used++;
    return 1;
}

static mailproto_status encode_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    if (c->u.base64.phase > 0) {
        if ((c->u.base64.column == LINE_LENGTH && !encode_line_end(c, r)) ||
            r->out_cap - r->put < 4) {
            return MAILPROTO_AGAIN;
        }
        put_group(r->out + r->put,
                  c->u.base64.bits << (c->u.base64.phase == 1 ? 16 : 8));
        r->put += 4;
        r->out[r->put - 1] = '=';
        if (c->u.base64.phase == 1) {
            r->out[r->put - 2] = '=';
        }
        c->u.base64.phase = 0;
        c->u.base64.bits = 0;
        c->u.base64.column = LINE_LENGTH; /* not empty: its line end follows */
    }
    if ((c->flags & MAILPROTO_CODEC_LINES) && c->u.base64.column > 0 &&
        !encode_line_end(c, r)) {
        return MAILPROTO_AGAIN;
    }
    c->u.base64.finished = 1;
    return MAILPROTO_OK;
}

mailproto_status mailproto__base64_encode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags)
{
    if (c->u.base64.finished) {
        return r->in_len > 0 ? MAILPROTO_ERR_STATE : MAILPROTO_OK;
    }
    while (r->used < r->in_len) {
        size_t before = r->used;
        if (c->u.base64.column == LINE_LENGTH && !encode_line_end(c, r)) {
            return MAILPROTO_AGAIN;
        }
        if (c->u.base64.phase == 0) {
            encode_groups(c, r);
        }
        if (r->used == r->in_len) {
            break;
        }
        if ((c->u.base64.phase > 0 || r->in_len - r->used < 3) ? !encode_octet(c, r)
                                                               : r->used == before) {
            return MAILPROTO_AGAIN;
        }
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? encode_end(c, r) : MAILPROTO_OK;
}

/* ---- both ------------------------------------------------------------------------ */

size_t mailproto_base64_size(size_t len)
{
    size_t groups = len / 3 + (len % 3 > 0 ? 1 : 0);
    return groups > SIZE_MAX / 4 ? 0 : groups * 4;
}
