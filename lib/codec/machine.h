/*
 * What lies in a mailproto_codec: a head that all codecs share and the state of one of
 * them; and one call of mailproto_codec_run(), which codec.c hands to it by `kind`.
 */
#ifndef MAILPROTO_CODEC_MACHINE_H
#define MAILPROTO_CODEC_MACHINE_H

#include <mailproto/codec.h>

#include "core/mem.h"

enum mailproto__codec_kind {
    MAILPROTO__CODEC_NONE,
    MAILPROTO__CODEC_COPY,
    MAILPROTO__CODEC_BASE64_DECODER,
    MAILPROTO__CODEC_BASE64_ENCODER,
    MAILPROTO__CODEC_QP_DECODER,
    MAILPROTO__CODEC_QP_ENCODER,
    MAILPROTO__CODEC_UU_DECODER,
    MAILPROTO__CODEC_YENC_DECODER,
    MAILPROTO__CODEC_FLOWED_DECODER,
    MAILPROTO__CODEC_FLOWED_ENCODER,
    MAILPROTO__CODEC_UTF8,       /* charsets, to UTF-8 */
    MAILPROTO__CODEC_ASCII,      /* 0 to 127 */
    MAILPROTO__CODEC_LATIN1,     /* octets are code points */
    MAILPROTO__CODEC_TABLE,      /* one octet a character */
    MAILPROTO__CODEC_UTF16,      /* also UTF-32 */
    MAILPROTO__CODEC_UTF7,       /* RFC 2152 */
    MAILPROTO__CODEC_CONVERTER,  /* the caller's */
    MAILPROTO__CODEC_MBOX_QUOTE, /* filters, mbox.h */
    MAILPROTO__CODEC_DKIM_BODY,
    MAILPROTO__CODEC_DKIM_FIELD
};

struct mailproto__base64 {
    uint8_t phase;    /* decoder: characters of the group; encoder: octets of it */
    uint8_t due;      /* decoder: padding characters that must follow */
    uint8_t padded;   /* decoder: padding was seen */
    uint8_t finished; /* encoder: the last group is written */
    uint8_t column;   /* encoder: characters of the line so far */
    uint32_t bits; /* decoder: bits not yet given out; encoder: octets of the group */
};

/* What the quoted-printable decoder holds back, in this order: `=`, a hexadecimal digit
 * or blanks, CR. Blanks: `lead` times `blank`, then `mixed` others, a bit each. */
struct mailproto__qp {
    uint8_t equals;
    uint8_t digit;
    uint8_t cr;
    uint8_t flush; /* it turned out to be text: give it out */
    uint8_t blank;
    uint8_t mixed;
    uint8_t column; /* characters of the line, at most 77 */
    uint32_t lead;
    uint64_t bits; /* 1: TAB; the oldest is the highest of `mixed` */
};

struct mailproto__qp_encoder {
    uint8_t blank;  /* SP or TAB that may end its line, or 0 */
    uint8_t cr;     /* CR that may be half a line end */
    uint8_t column; /* characters of the line */
};

struct mailproto__uu {
    uint8_t state;
    uint8_t matched; /* characters of a word looked for */
    uint8_t left;    /* octets of the line still to come */
    uint8_t phase;   /* characters of the group of four */
    uint8_t bits;
    uint8_t skip; /* the line has no more data */
    uint8_t tail; /* characters a last group may still have */
};

struct mailproto__yenc {
    uint64_t word;  /* of a control line: the last letters, or the number */
    uint64_t count; /* octets decoded */
    uint32_t crc;
    uint8_t state;
    uint8_t key;
    uint8_t flags;
    uint8_t digits;
};

struct mailproto__flowed {
    uint32_t depth;  /* quote marks of this line */
    uint32_t before; /* of the paragraph so far */
    uint32_t marks;  /* still to be written, or blanks held */
    uint8_t state;
    uint8_t step;    /* of what is written before the line's text */
    uint8_t held;    /* characters matched of a word that matters */
    uint8_t blank;   /* a blank that may end the line */
    uint8_t cr;      /* a CR that may be half a line end */
    uint8_t soft;    /* the last line was flowed; its end: 1 LF, 2 CRLF */
    uint8_t stuffed; /* a stuffing space was read */
    uint8_t column;
};

struct mailproto__charset {
    uint32_t value;  /* bits or code unit so far */
    uint32_t second; /* the first half of a surrogate pair */
    uint16_t table;  /* which table */
    uint8_t need;    /* octets that must follow */
    uint8_t low;     /* range of the next one */
    uint8_t high;
    uint8_t width;  /* UTF-16: 2, UTF-32: 4 */
    uint8_t little; /* little-endian */
    uint8_t begun;  /* a byte order mark can no longer come */
    uint8_t shifted;
    uint8_t bits; /* UTF-7: bits in `value` */
};

struct mailproto__converted {
    const mailproto_charset_converter *converter;
    const char *name;
    uint32_t name_len;
    uint8_t begun; /* it was given a piece of this text */
};

struct mailproto__quote {
    uint8_t state;
    uint8_t matched; /* octets of `From ` that are held */
    uint8_t marked;  /* the line so far is `>` */
    uint8_t cr;      /* the octet before was CR */
    uint8_t crlf;    /* the last line end was CRLF */
    uint8_t end;     /* what was written of the end */
};

/* What a canonical form holds back, in this order: line ends, a blank, CR. */
struct mailproto__dkim {
    uint64_t ends;
    uint8_t relaxed;
    uint8_t blank;
    uint8_t cr;
    uint8_t begun; /* something stands before what is held; field: in its value */
    uint8_t value; /* field: behind the colon */
    uint8_t finished;
};

struct mailproto__codec {
    uint8_t kind;   /* enum mailproto__codec_kind */
    uint8_t flags;  /* MAILPROTO_CODEC_... of init */
    uint8_t failed; /* strict, and not canonical */
    uint8_t cpu;    /* mailproto_cpu() >> 24 */
    uint32_t defects;
    uint64_t offset; /* of the input, at the start of this piece */
    uint64_t defect_offset;
    union {
        struct mailproto__base64 base64;
        struct mailproto__qp qp;
        struct mailproto__qp_encoder qp_encoder;
        struct mailproto__uu uu;
        struct mailproto__yenc yenc;
        struct mailproto__flowed flowed;
        struct mailproto__charset charset;
        struct mailproto__converted converted;
        struct mailproto__quote quote;
        struct mailproto__dkim dkim;
    } u;
};

typedef char mailproto__codec_fits
    [sizeof(struct mailproto__codec) <= sizeof(mailproto_codec) ? 1 : -1];

/* One call of mailproto_codec_run(). */
struct mailproto__run {
    const unsigned char *in;
    size_t in_len, used;
    unsigned char *out;
    size_t out_cap, put;
};

static inline size_t mailproto__in_left(const struct mailproto__run *r)
{
    return r->in_len - r->used;
}

static inline size_t mailproto__out_left(const struct mailproto__run *r)
{
    return r->out_cap - r->put;
}

static inline void mailproto__out(struct mailproto__run *r, unsigned char octet)
{
    r->out[r->put] = octet;
    r->put++;
}

/* Something is not as it should be, `back` octets before the next one: 1 if that ends
 * the decoding. The least offset is kept, so that the order in which defects are seen
 * does not show. */
int mailproto__codec_defect(struct mailproto__codec *c, const struct mailproto__run *r,
                            uint64_t back, uint32_t what);

void mailproto__codec_load(struct mailproto__codec *to, const mailproto_codec *from);
void mailproto__codec_store(mailproto_codec *to, const struct mailproto__codec *from);

/* A state of this kind, all else zero. */
void mailproto__codec_begin(struct mailproto__codec *c, enum mailproto__codec_kind kind,
                            uint32_t flags);

/* One piece, by `kind`. */
mailproto_status mailproto__codec_piece(struct mailproto__codec *c,
                                        struct mailproto__run *r, uint32_t flags);

/* ---- the codecs ---------------------------------------------------------------------- */

mailproto_status mailproto__base64_decode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__base64_encode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__qp_decode(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__qp_encode(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__uu_decode(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__yenc_decode(struct mailproto__codec *c,
                                        struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__flowed_decode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__flowed_encode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags);

/* Filters (mbox_quote.c, dkim.c). */
mailproto_status mailproto__mbox_quote(struct mailproto__codec *c,
                                       struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__dkim_body(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__dkim_field(struct mailproto__codec *c,
                                       struct mailproto__run *r, uint32_t flags);

/* Charsets (charset.c, utf7.c). */
mailproto_status mailproto__charset_run(struct mailproto__codec *c,
                                        struct mailproto__run *r, uint32_t flags);
mailproto_status mailproto__utf7_run(struct mailproto__codec *c,
                                     struct mailproto__run *r, uint32_t flags);

/* Plain text, escapes and line ends of quoted-printable, with nothing held back before
 * them, as far as they go (qp_run.c). How many octets of text stand before in[used] if a
 * line may end behind their last blanks; else 0. */
enum { MAILPROTO__QP_LINE = 76 }; /* RFC 2045 6.7, rule 5 */
size_t mailproto__qp_run(struct mailproto__codec *c, struct mailproto__run *r);

/* The value of a base64 character, or -1. */
extern const int8_t mailproto__base64_values[256];

/* A hexadecimal digit's value; 32 and it for lower case (RFC 2045 6.7, rule 1: upper
 * case must be used); 255 for others. */
extern const uint8_t mailproto__hex_digits[256];

/* Copies octets from 32 to 126 but `=`, up to `n` or the first other one: how many. Both
 * have `room` octets, at least `n`; those of `out` behind the copied ones stay. Both may
 * be the same, or `out` be before `in`. */
size_t mailproto__copy_plain(unsigned char *out, const unsigned char *in, size_t n,
                             size_t room);

#endif /* MAILPROTO_CODEC_MACHINE_H */
