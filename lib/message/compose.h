/*
 * What lies in a composer's block, and the pieces of it. A composer is a row of tokens:
 * each step makes the next one, which lies in the scratch, in the caller's description or
 * in static text, and the reader copies it away.
 */
#ifndef MAILPROTO_MESSAGE_COMPOSE_H
#define MAILPROTO_MESSAGE_COMPOSE_H

#include <mailproto/compose.h>

enum {
    MAILPROTO__COMPOSE_LINE = 78,       /* RFC 5322 2.1.1 */
    MAILPROTO__COMPOSE_LINE_MAX = 998,  /* RFC 5322 2.1.1 */
    MAILPROTO__COMPOSE_NAME = 76,       /* the longest field name */
    MAILPROTO__COMPOSE_WORD = 900,      /* the longest run that is not folded */
    MAILPROTO__COMPOSE_DISPLAY = 400,   /* the longest display name */
    MAILPROTO__COMPOSE_SPEC = 320,      /* the longest addr-spec: 64 @ 255 */
    MAILPROTO__COMPOSE_FILE = 255,      /* the longest file name */
    MAILPROTO__COMPOSE_TYPE = 255,      /* type/subtype: 127 each (RFC 6838 4.2) */
    MAILPROTO__COMPOSE_SHORT = 60,      /* charset, disposition */
    MAILPROTO__COMPOSE_UNIQUE = 16,     /* the least random octets */
    MAILPROTO__COMPOSE_UNIQUE_MAX = 24, /* as many are used */
    /* The least scratch. Of a field it holds a piece, of a body a half each of what a source
     * gave and of what an encoder made of it. */
    MAILPROTO__COMPOSE_SCRATCH = 320,
    MAILPROTO__COMPOSE_SCRATCH_MAX = 65536
};

/* What a part is. */
enum mailproto__compose_kind {
    MAILPROTO__COMPOSE_OTHER,   /* octets */
    MAILPROTO__COMPOSE_PLAIN,   /* text */
    MAILPROTO__COMPOSE_WIDE,    /* text whose lines are not of octets: UTF-16 */
    MAILPROTO__COMPOSE_MESSAGE, /* message/x: lines, and no encoding (RFC 2046 5.2.1) */
    MAILPROTO__COMPOSE_GLOBAL,  /* message/global: any encoding (RFC 6532 3.7) */
    MAILPROTO__COMPOSE_MULTIPART, /* no content */
    MAILPROTO__COMPOSE_ENTITY     /* VERBATIM */
};

/* Flags of a part's state. */
enum {
    MAILPROTO__COMPOSE_SIZED = 1,    /* `size` was measured */
    MAILPROTO__COMPOSE_ASCII = 2,    /* measured: no octet above 127 */
    MAILPROTO__COMPOSE_CHARSET = 4,  /* `params` hold one */
    MAILPROTO__COMPOSE_UTF8_HEAD = 8 /* a field of it is raw UTF-8 */
};

/* State of a part. */
struct mailproto__compose_part {
    uint64_t size;        /* octets of its body as sent */
    uint32_t first, next; /* child, sibling; 0: none */
    uint8_t kind;         /* enum mailproto__compose_kind */
    uint8_t encoding;     /* MAILPROTO_ENCODING_...; of a multipart what it holds */
    uint8_t flags;        /* MAILPROTO__COMPOSE_SIZED ... */
    uint8_t reserved[5];
};

/* What is written, in this order. */
enum mailproto__compose_stage {
    MAILPROTO__STAGE_FIELDS, /* of the message */
    MAILPROTO__STAGE_DATE,
    MAILPROTO__STAGE_MESSAGE_ID,
    MAILPROTO__STAGE_VERSION,
    MAILPROTO__STAGE_PART_FIELDS,
    MAILPROTO__STAGE_TYPE,
    MAILPROTO__STAGE_PARAMS,
    MAILPROTO__STAGE_ENCODING,
    MAILPROTO__STAGE_DISPOSITION,
    MAILPROTO__STAGE_CONTENT_ID,
    MAILPROTO__STAGE_BLANK,
    MAILPROTO__STAGE_BODY,
    MAILPROTO__STAGE_END, /* of a part */
    MAILPROTO__STAGE_DONE
};

/* A text that is being written. */
struct mailproto__compose_text {
    size_t at;      /* octets done */
    size_t run;     /* encoded words up to there */
    uint32_t limit; /* of the present line */
    uint8_t q;      /* they are in Q */
    uint8_t begun;  /* one of them was written */
};

/* A body that is being read. */
struct mailproto__compose_body {
    uint64_t offset; /* octets that the source gave */
    uint64_t put;    /* octets of the body made so far */
    const char *in;  /* not used yet */
    size_t in_len;
    mailproto_codec codec;
    uint32_t column; /* identity: octets of the line so far */
    uint8_t match;   /* identity: octets of the boundary held back */
    uint8_t cr;      /* a CR that may be half a line end */
    uint8_t lf;      /* base64 of text: octets of CRLF still to be encoded */
    uint8_t eof;     /* the source has ended */
    uint8_t open;    /* it has begun */
    uint8_t ended;   /* the encoder has */
};

/* What is found out of a content (measure). */
struct mailproto__compose_found {
    uint64_t lines;  /* octets with LF as CRLF */
    uint64_t octets; /* as they are */
    uint32_t column;
    uint8_t high, nul, bare_cr, bare_lf, wide, clash, cr, match;
};

struct mailproto_compose {
    mailproto_compose_options o;
    struct mailproto__compose_part *parts;
    mailproto_bytes token; /* not copied yet */
    struct mailproto__compose_text text;
    struct mailproto__compose_body body;
    struct mailproto__compose_found found;
    uint64_t total; /* octets, measured or counted */
    mailproto_status failed;
    uint32_t stage; /* enum mailproto__compose_stage */
    uint32_t part;
    uint32_t field;   /* its number */
    uint32_t step;    /* within a field */
    uint32_t address; /* its number */
    uint32_t column;
    uint32_t pass;    /* of measure, 0: none is under way */
    uint8_t began;    /* reading has */
    uint8_t spent;    /* a sequential source was read from */
    uint8_t counting; /* bodies are passed over */
    uint8_t measured;
    uint8_t needs; /* MAILPROTO_COMPOSE_NEEDS_... of the header */
    uint8_t more;  /* the scratch holds a piece of a line, others follow */
    uint8_t prefix_len;
    char prefix[2 + 2 + 2 * MAILPROTO__COMPOSE_UNIQUE_MAX + 1]; /* --=_text_ */
    uint32_t room;  /* octets of the scratch */
    uint32_t given; /* octets of the line that were in pieces before */
    char *scratch;
};

/* ---- compose_check.c ------------------------------------------------------------------ */

/* Checks a description; `fault` is filled. `kinds`: NULL, or filled for each part. */
mailproto_status mailproto__compose_check(const mailproto_compose_options *o,
                                          mailproto_compose_fault *fault,
                                          struct mailproto__compose_part *parts,
                                          uint8_t *needs);

/* ---- compose_value.c: grammar of what is written ---------------------------------------- */

mailproto_bytes mailproto__compose_type(const mailproto_compose_part *p);
enum mailproto__compose_kind mailproto__compose_kind(const mailproto_compose_part *p);
/* A charset whose characters take two or four octets each. */
int mailproto__compose_is_wide(mailproto_bytes charset);
int mailproto__compose_is_bcc(mailproto_bytes name);
/* Outer blanks off. */
mailproto_bytes mailproto__compose_trim(mailproto_bytes text);
/* A token of RFC 2045 5.1 in ASCII. */
int mailproto__compose_is_token(mailproto_bytes b);
/* What stands between the brackets of a msg-id. */
int mailproto__compose_is_inner_id(mailproto_bytes b);
/* One msg-id with its brackets. */
int mailproto__compose_is_id(mailproto_bytes b);
/* A dot-atom or a literal. */
int mailproto__compose_is_domain(mailproto_bytes b);
/* Octets above 127. */
int mailproto__compose_is_high(mailproto_bytes b);
/* Where a run without blanks, the blanks before it included, is too long; b.len: none. */
size_t mailproto__compose_long_word(mailproto_bytes b);

/* ---- compose_text.c ------------------------------------------------------------------------ */

/* The next token of an unstructured text; 0: there is none. */
int mailproto__compose_words(mailproto_compose *c, mailproto_bytes text);
/* The same of a value that is folded at its blanks and else left as it is. */
int mailproto__compose_raw(mailproto_compose *c, mailproto_bytes text);

/* ---- compose_header.c ------------------------------------------------------------------------ */

/* Makes the next token of a header, or goes on to the next stage. OK or an error. */
mailproto_status mailproto__compose_header(mailproto_compose *c);
/* The boundary of a multipart, without `--`, into 70 octets; its length. */
size_t mailproto__compose_boundary(const mailproto_compose *c, uint32_t part,
                                   char *out);

/* ---- compose_body.c ---------------------------------------------------------------------------- */

/* Makes the next token of a body; EOF: it is over; NOT_READY; an error. */
mailproto_status mailproto__compose_body(mailproto_compose *c);
/* The next octets of the content into body.in: OK (in_len > 0), EOF, NOT_READY, an
 * error. */
mailproto_status mailproto__compose_fill(mailproto_compose *c);
/* How many octets there are before the first CR, LF or NUL, and with `ascii` before the
 * first above 127. */
size_t mailproto__compose_run(const char *in, size_t n, int ascii);
/* Whether the part is lines of text whose LF becomes CRLF. */
int mailproto__compose_is_lines(const struct mailproto__compose_part *s);
/* At the start of a line, `*match` octets of which agreed with a boundary so far: whether
 * all of one is there. `*used`: how many more octets of `in` agree. */
int mailproto__compose_clash(const mailproto_compose *c, uint8_t *match, const char *in,
                             size_t n, size_t *used);

/* ---- compose.c ------------------------------------------------------------------------------------ */

/* Makes the next token; EOF: the message is over; NOT_READY; an error. */
mailproto_status mailproto__compose_step(mailproto_compose *c);
/* To the beginning. */
void mailproto__compose_restart(mailproto_compose *c);
/* Encodings as far as they are known without the contents. */
void mailproto__compose_choose(mailproto_compose *c);
/* What multiparts hold, from what their parts are. */
void mailproto__compose_levels(mailproto_compose *c);

static inline void mailproto__compose_put(mailproto_compose *c, const char *text,
                                          size_t len)
{
    c->token.ptr = text;
    c->token.len = len;
}

/* ---- elements of the caller's arrays, which may be longer than this library knows ---------- */

static inline const mailproto_compose_part *
mailproto__compose_part_at(const mailproto_compose_options *o, size_t i)
{
    size_t stride = o->part_stride != 0 ? o->part_stride : sizeof *o->parts;
    return (const mailproto_compose_part *)(const void *)((const char *)o->parts +
                                                          i * stride);
}

static inline const mailproto_compose_field *
mailproto__compose_field_at(const mailproto_compose_options *o,
                            const mailproto_compose_field *fields, size_t i)
{
    size_t stride = o->field_stride != 0 ? o->field_stride : sizeof *fields;
    return (const mailproto_compose_field *)(const void *)((const char *)fields +
                                                           i * stride);
}

static inline const mailproto_address_out *
mailproto__compose_address_at(const mailproto_compose_options *o,
                              const mailproto_compose_field *field, size_t i)
{
    size_t stride =
        o->address_stride != 0 ? o->address_stride : sizeof *field->addresses;
    return (
        const mailproto_address_out *)(const void *)((const char *)field->addresses +
                                                     i * stride);
}

static inline const mailproto_compose_part *
mailproto__compose_part(const mailproto_compose *c)
{
    return mailproto__compose_part_at(&c->o, c->part);
}

#endif /* MAILPROTO_MESSAGE_COMPOSE_H */
