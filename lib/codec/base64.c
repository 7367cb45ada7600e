/*
 * Base64 (RFC 4648 4) and its use in mail (RFC 2045 6.8), both ways. Knows the alphabet,
 * padding and line length; must not know whose text it is.
 */
#include <mailproto/codec.h>

#include "core/mem.h"

/* clang-format off */
static const char alphabet[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a character, or -1. */
static const int8_t values[256] = {
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

enum {
    KIND_DECODER = 1,
    KIND_ENCODER = 2,
    LINE_LENGTH = 76 /* RFC 2045 6.8 */
};

/* What lies in mailproto_codec. */
struct base64 {
    uint8_t kind;     /* KIND_... */
    uint8_t flags;    /* MAILPROTO_CODEC_... of init */
    uint8_t phase;    /* decoder: characters of the group; encoder: octets of it */
    uint8_t due;      /* decoder: padding characters that must follow */
    uint8_t padded;   /* decoder: padding was seen */
    uint8_t failed;   /* decoder: strict, and not canonical */
    uint8_t finished; /* encoder: the last group is written */
    uint8_t column;   /* encoder: characters of the line so far */
    uint32_t defects;
    uint32_t bits;   /* decoder: bits not yet given out; encoder: octets of the group */
    uint64_t offset; /* of the input, at the start of this piece */
    uint64_t defect_offset;
};

/* One call of mailproto_codec_run(). */
struct run {
    const unsigned char *in;
    size_t in_len, used;
    unsigned char *out;
    size_t out_cap, put;
};

typedef char fits[sizeof(struct base64) <= sizeof(mailproto_codec) ? 1 : -1];

static mailproto_status init(mailproto_codec *c, uint32_t encoding, uint32_t flags,
                             uint32_t allowed, uint8_t kind)
{
    struct base64 b;
    if (encoding != MAILPROTO_ENCODING_BASE64 || (flags & ~allowed) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(c, 0, sizeof *c);
    memset(&b, 0, sizeof b);
    b.kind = kind;
    b.flags = (uint8_t)flags;
    memcpy(c, &b, sizeof b);
    return MAILPROTO_OK;
}

mailproto_status mailproto_decoder_init(mailproto_codec *c, uint32_t encoding,
                                        uint32_t flags)
{
    return init(c, encoding, flags, MAILPROTO_CODEC_STRICT, KIND_DECODER);
}

mailproto_status mailproto_encoder_init(mailproto_codec *c, uint32_t encoding,
                                        uint32_t flags)
{
    return init(c, encoding, flags, MAILPROTO_CODEC_LINES, KIND_ENCODER);
}

/* ---- decoder --------------------------------------------------------------------- */

/* Something is not canonical: 1 if that ends the decoding. */
static int defect(struct base64 *b, const struct run *r, uint32_t what)
{
    if (b->flags & MAILPROTO_CODEC_STRICT) {
        b->failed = 1;
        return 1;
    }
    if (b->defects == 0) {
        b->defect_offset = b->offset + r->used;
    }
    b->defects |= what;
    return 0;
}

/* Four characters as the 24 bits they stand for; the highest bit of the word is set if
 * one of them stands for nothing. */
static uint32_t group_of(const unsigned char *in)
{
    return (uint32_t)values[in[0]] << 18 | (uint32_t)values[in[1]] << 12 |
           (uint32_t)values[in[2]] << 6 | (uint32_t)values[in[3]];
}

static void put_octets(unsigned char *out, uint32_t group)
{
    out[0] = (unsigned char)(group >> 16);
    out[1] = (unsigned char)(group >> 8);
    out[2] = (unsigned char)group;
}

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
static void decode_groups(const struct base64 *b, struct run *r)
{
    int lenient = (b->flags & MAILPROTO_CODEC_STRICT) == 0;
    for (;;) {
        size_t count = (r->in_len - r->used) / 4;
        size_t room = (r->out_cap - r->put) / 3;
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
static int decode_value(struct base64 *b, struct run *r, uint32_t value)
{
    if (b->due > 0 || b->padded) {
        /* Padding that is missing, or not at the end: data goes on all the same. */
        if (defect(b, r, MAILPROTO_CODEC_DEFECT_PADDING)) {
            return 1;
        }
        b->due = 0;
        b->padded = 0;
    }
    if (b->phase > 0) {
        unsigned shift = 6U - 2U * b->phase; /* 4, 2, 0 */
        r->out[r->put] = (unsigned char)((b->bits << 6 | value) >> shift);
        r->put++;
        b->bits = value & ((1U << shift) - 1U);
    } else {
        b->bits = value;
    }
    b->phase = (uint8_t)((b->phase + 1U) & 3U);
    return 0;
}

/* The group ends before its fourth character. */
static int end_group(struct base64 *b, const struct run *r)
{
    /* RFC 4648 3.5: the bits that no octet takes must be zero. */
    if (b->phase > 1 && b->bits != 0 && defect(b, r, MAILPROTO_CODEC_DEFECT_BITS)) {
        return 1;
    }
    b->phase = 0;
    b->bits = 0;
    return 0;
}

static int decode_pad(struct base64 *b, const struct run *r)
{
    uint8_t phase = b->phase;
    if (b->due > 0) {
        b->due--;
        return 0;
    }
    if (phase < 2 && defect(b, r, MAILPROTO_CODEC_DEFECT_PADDING)) {
        return 1;
    }
    if (end_group(b, r)) {
        return 1;
    }
    if (phase >= 2) {
        b->due = (uint8_t)(3U - phase);
        b->padded = 1;
    }
    return 0;
}

/* The character at in[used], which is none of the alphabet. */
static int decode_other(struct base64 *b, const struct run *r, unsigned char c)
{
    if (c == '=') {
        return decode_pad(b, r);
    }
    if ((b->flags & MAILPROTO_CODEC_STRICT) == 0 &&
        (c == '\r' || c == '\n' || c == ' ' || c == '\t')) {
        return 0;
    }
    return defect(b, r, MAILPROTO_CODEC_DEFECT_CHARACTER);
}

static mailproto_status decode_end(struct base64 *b, const struct run *r)
{
    if ((b->phase > 0 || b->due > 0) && defect(b, r, MAILPROTO_CODEC_DEFECT_PADDING)) {
        return MAILPROTO_ERR_SYNTAX;
    }
    b->due = 0;
    return end_group(b, r) ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK;
}

static mailproto_status decode(struct base64 *b, struct run *r, uint32_t flags)
{
    if (b->failed) {
        return MAILPROTO_ERR_SYNTAX;
    }
    while (r->used < r->in_len) {
        int8_t value;
        int over;
        if (b->phase == 0 && b->due == 0 && !b->padded) {
            decode_groups(b, r);
            if (r->used == r->in_len) {
                break;
            }
        }
        value = values[r->in[r->used]];
        if (value < 0) {
            over = decode_other(b, r, r->in[r->used]);
        } else if (b->phase > 0 && r->put == r->out_cap) {
            return MAILPROTO_AGAIN;
        } else {
            over = decode_value(b, r, (uint32_t)value);
        }
        if (over) {
            return MAILPROTO_ERR_SYNTAX;
        }
        r->used++;
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? decode_end(b, r) : MAILPROTO_OK;
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
static void encode_groups(struct base64 *b, struct run *r)
{
    size_t groups = (r->in_len - r->used) / 3;
    size_t room = (r->out_cap - r->put) / 4;
    size_t line = (size_t)(LINE_LENGTH - b->column) / 4;
    const unsigned char *in = r->in + r->used;
    unsigned char *out = r->out + r->put;
    size_t i;
    if (groups > room) {
        groups = room;
    }
    if ((b->flags & MAILPROTO_CODEC_LINES) && groups > line) {
        groups = line;
    }
    for (i = 0; i < groups; i++, in += 3, out += 4) {
        put_group(out, (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2]);
    }
    r->used += groups * 3;
    r->put += groups * 4;
    if (b->flags & MAILPROTO_CODEC_LINES) {
        b->column = (uint8_t)(b->column + groups * 4);
    }
}

/* CRLF; 0: no room. */
static int encode_line_end(struct base64 *b, struct run *r)
{
    if (r->out_cap - r->put < 2) {
        return 0;
    }
    r->out[r->put] = '\r';
    r->out[r->put + 1] = '\n';
    r->put += 2;
    b->column = 0;
    return 1;
}

/* The group that is not whole, in single octets; 0: no room. */
static int encode_octet(struct base64 *b, struct run *r)
{
    uint32_t octet = r->in[r->used];
    if (b->phase == 2) {
        if (r->out_cap - r->put < 4) {
            return 0;
        }
        put_group(r->out + r->put, b->bits << 8 | octet);
        r->put += 4;
        b->bits = 0;
        b->phase = 0;
        if (b->flags & MAILPROTO_CODEC_LINES) {
            b->column = (uint8_t)(b->column + 4);
        }
    } else {
        b->bits = b->bits << 8 | octet;
        b->phase++;
    }
    r->used++;
    return 1;
}

static mailproto_status encode_end(struct base64 *b, struct run *r)
{
    if (b->phase > 0) {
        if ((b->column == LINE_LENGTH && !encode_line_end(b, r)) ||
            r->out_cap - r->put < 4) {
            return MAILPROTO_AGAIN;
        }
        put_group(r->out + r->put, b->bits << (b->phase == 1 ? 16 : 8));
        r->put += 4;
        r->out[r->put - 1] = '=';
        if (b->phase == 1) {
            r->out[r->put - 2] = '=';
        }
        b->phase = 0;
        b->bits = 0;
        b->column = LINE_LENGTH; /* not empty: its line end follows */
    }
    if ((b->flags & MAILPROTO_CODEC_LINES) && b->column > 0 && !encode_line_end(b, r)) {
        return MAILPROTO_AGAIN;
    }
    b->finished = 1;
    return MAILPROTO_OK;
}

static mailproto_status encode(struct base64 *b, struct run *r, uint32_t flags)
{
    if (b->finished) {
        return r->in_len > 0 ? MAILPROTO_ERR_STATE : MAILPROTO_OK;
    }
    while (r->used < r->in_len) {
        size_t before = r->used;
        if (b->column == LINE_LENGTH && !encode_line_end(b, r)) {
            return MAILPROTO_AGAIN;
        }
        if (b->phase == 0) {
            encode_groups(b, r);
        }
        if (r->used == r->in_len) {
            break;
        }
        if ((b->phase > 0 || r->in_len - r->used < 3) ? !encode_octet(b, r)
                                                      : r->used == before) {
            return MAILPROTO_AGAIN;
        }
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? encode_end(b, r) : MAILPROTO_OK;
}

/* ---- both ------------------------------------------------------------------------ */

mailproto_status mailproto_codec_run(mailproto_codec *c, const void *in, size_t in_len,
                                     size_t *in_used, void *out, size_t out_cap,
                                     size_t *out_len, uint32_t flags)
{
    mailproto_status status = MAILPROTO_ERR_ARGUMENT;
    unsigned char none; /* where no output is written to when there is no room */
    struct base64 b;
    struct run r;
    memcpy(&b, c, sizeof b);
    r.in = (const unsigned char *)in;
    r.in_len = in_len;
    r.used = 0;
    r.out = out != NULL ? (unsigned char *)out : &none;
    r.out_cap = out_cap;
    r.put = 0;
    if (b.kind == KIND_DECODER) {
        status = decode(&b, &r, flags);
    } else if (b.kind == KIND_ENCODER) {
        status = encode(&b, &r, flags);
    }
    *in_used = r.used;
    *out_len = r.put;
    b.offset += r.used;
    memcpy(c, &b, sizeof b);
    return status;
}

uint32_t mailproto_codec_defects(const mailproto_codec *c)
{
    struct base64 b;
    memcpy(&b, c, sizeof b);
    return b.defects;
}

uint64_t mailproto_codec_defect_offset(const mailproto_codec *c)
{
    struct base64 b;
    memcpy(&b, c, sizeof b);
    return b.defect_offset;
}

size_t mailproto_base64_size(size_t len)
{
    size_t groups = len / 3 + (len % 3 > 0 ? 1 : 0);
    return groups > SIZE_MAX / 4 ? 0 : groups * 4;
}
