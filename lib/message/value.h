/*
 * What all parsers of field values share: the cursor, classes of octets, comments, quoted
 * strings, defects. Knows the lexical tokens of RFC 5322 3.2 and RFC 2045 5.1; must not
 * know any field.
 */
#ifndef MAILPROTO_MESSAGE_VALUE_H
#define MAILPROTO_MESSAGE_VALUE_H

#include <mailproto/field.h>

/* Classes of octets; the table holds any of them for an octet. */
enum {
    MAILPROTO__V_ATOM = 1,    /* atext (RFC 5322 3.2.3), and above 127 (RFC 6532 3.2) */
    MAILPROTO__V_BLANK = 2,   /* SP HT LF; CR is one only before LF */
    MAILPROTO__V_QUOTED = 4,  /* inside quotes: needs no second look */
    MAILPROTO__V_COMMENT = 8, /* inside a comment: needs no second look */
    MAILPROTO__V_TOKEN = 16,  /* token (RFC 2045 5.1), and above 127 */
    MAILPROTO__V_PLAIN = 32,  /* attribute-char (RFC 2231 7) */
    MAILPROTO__V_LITERAL = 64, /* dtext, obs-dtext (RFC 5322 3.4.1, 4.4), blanks */
    MAILPROTO__V_DIGIT = 128
};

extern const uint8_t mailproto__value_classes[256];

static inline int mailproto__v_is(char c, unsigned classes)
{
    return (mailproto__value_classes[(unsigned char)c] & classes) != 0;
}

/* The first octet from `p` on that is of none of the classes. */
static inline const char *mailproto__v_run(const char *p, const char *end,
                                           unsigned classes)
{
    while (p < end && mailproto__v_is(*p, classes)) {
        p++;
    }
    return p;
}

/* What lies in mailproto_value. */
struct mailproto__value {
    const char *begin, *at, *end; /* the piece, and how far it is used */
    uint64_t base;                /* offset of `begin` in the value */
    mailproto_defects *defects;   /* or NULL */
    mailproto_value_defect error; /* strict: what ended it */
    mailproto_bytes comment;      /* the last one that was passed, its inside */
    uint32_t flags;               /* MAILPROTO_VALUE_... */
    uint16_t count;               /* of the parser */
    uint8_t state;                /* of the parser */
    uint8_t open;                 /* a quote or comment runs into the end */
};

typedef char mailproto__value_fits
    [sizeof(struct mailproto__value) <= sizeof(mailproto_value) ? 1 : -1];

/* The cursor taken out and put back; MAILPROTO_ERR_ARGUMENT when it was never opened. */
void mailproto__v_load(struct mailproto__value *v, const mailproto_value *from);
void mailproto__v_store(mailproto_value *to, const struct mailproto__value *v);

/* A cursor over a whole value, for those who do not hand one out. */
void mailproto__v_whole(struct mailproto__value *v, mailproto_bytes value,
                        uint32_t flags, mailproto_defects *defects);

/* Counts a defect at an octet; strict: the first that is not allowed ends the cursor. */
void mailproto__v_flaw(struct mailproto__value *v, uint32_t code, const char *at);

static inline int mailproto__v_final(const struct mailproto__value *v)
{
    return (v->flags & MAILPROTO_VALUE_FINAL) != 0;
}

/* What the defects counted before an element, so that one that must be read again leaves
 * none behind. */
struct mailproto__mark {
    uint64_t seen;
    mailproto_value_defect first, error;
    uint32_t count;
    uint16_t number;
    uint8_t state;
};
void mailproto__v_mark(struct mailproto__mark *m, const struct mailproto__value *v);
void mailproto__v_reset(struct mailproto__value *v, const struct mailproto__mark *m);

/* Whether what follows `p` decides and is not there yet: the end, or a CR before it. */
static inline int mailproto__v_starved(const struct mailproto__value *v, const char *p)
{
    return !mailproto__v_final(v) && (p == v->end || (*p == '\r' && v->end - p == 1));
}

/* OK, or ERR_SYNTAX of a strict cursor that met something. */
static inline mailproto_status mailproto__v_status(const struct mailproto__value *v)
{
    return v->error.code != 0 ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK;
}

/* From `p`, a `"`, to behind its closing one; at the end with `open` set. */
const char *mailproto__v_quoted(struct mailproto__value *v, const char *p);
/* From `p`, a `(`, to behind its closing one; sets `comment`. */
const char *mailproto__v_comment(struct mailproto__value *v, const char *p);
/* From `p`, a `[`, to behind the `]`. */
const char *mailproto__v_literal(struct mailproto__value *v, const char *p);
/* Blanks, folds and comments (CFWS); blanks and folds. Mostly there are none, or one. A
 * line end that is no fold is passed by the first, with CONTROL, and stops the second. */
const char *mailproto__v_all_cfws(struct mailproto__value *v, const char *p);
const char *mailproto__v_all_blanks(const char *p, const char *end);

static inline const char *mailproto__v_cfws(struct mailproto__value *v, const char *p)
{
    if (p < v->end && *p == ' ') {
        p++;
    }
    if (p == v->end || ((unsigned char)*p > 32 && *p != '(')) {
        return p;
    }
    return mailproto__v_all_cfws(v, p);
}

static inline const char *mailproto__v_blanks(const char *p, const char *end)
{
    if (p < end && *p == ' ') {
        p++;
    }
    return p == end || (unsigned char)*p > 32 ? p : mailproto__v_all_blanks(p, end);
}

/* Where the blanks from `at` on end of which it is known that they are: a line end may be
 * no fold. */
const char *mailproto__v_known_blanks(const struct mailproto__value *v);

/* Outer blanks and folds off. */
mailproto_bytes mailproto__v_trim(const char *from, const char *to);
/* Whether encoded words stand in it, or what a lenient decoder takes for them. */
int mailproto__has_words(mailproto_bytes b);
/* Whether any octet is above 127. */
int mailproto__v_high(const char *p, const char *end);
/* Counts UTF8 where octets above 127 are none; whether there are any. */
int mailproto__v_utf8(struct mailproto__value *v, const char *from, const char *to);

static inline mailproto_bytes mailproto__v_span(const char *from, const char *to)
{
    mailproto_bytes b;
    b.ptr = from;
    b.len = (size_t)(to - from);
    return b;
}

static inline uint64_t mailproto__v_offset(const struct mailproto__value *v,
                                           const char *at)
{
    return v->base + (uint64_t)(at - v->begin);
}

/* A buffer of the caller's: what does not fit is only counted. */
struct mailproto__put {
    char *out;
    size_t cap, len;
};

static inline void mailproto__put_octet(struct mailproto__put *to, char c)
{
    if (to->len < to->cap) {
        to->out[to->len] = c;
    }
    to->len++;
}

void mailproto__put_octets(struct mailproto__put *to, const char *from, size_t len);
/* The same with folds undone: CR and LF left out. */
void mailproto__put_unfolded(struct mailproto__put *to, const char *from, size_t len);
/* The inside of a quoted string or comment: escapes and folds undone. */
void mailproto__put_unescaped(struct mailproto__put *to, mailproto_bytes from);
/* Sets the length; TOO_LONG or OK. */
mailproto_status mailproto__put_end(const struct mailproto__put *to, size_t *len);

/* Text that is written to be given on in pieces: only its octets [skip, skip + cap) are
 * kept. It is written again for the next piece. */
struct mailproto__cut {
    char *out;
    size_t skip, cap, len; /* len: octets written in all */
};
void mailproto__cut_octets(struct mailproto__cut *to, const char *from, size_t len);

static inline void mailproto__cut_octet(struct mailproto__cut *to, char c)
{
    if (to->len >= to->skip && to->len - to->skip < to->cap) {
        to->out[to->len - to->skip] = c;
    }
    to->len++;
}

/* Exactly one addr-spec of RFC 5322 3.4.1, without CFWS and obs- forms. */
int mailproto__address_is_spec(mailproto_bytes spec);

/* mailproto_address_write() and mailproto_parameter_write(), but given on so. */
mailproto_status mailproto__address_write(uint32_t form, mailproto_bytes name,
                                          mailproto_bytes spec, uint32_t *column,
                                          struct mailproto__cut *to);
mailproto_status mailproto__parameter_write(mailproto_bytes name, mailproto_bytes value,
                                            uint32_t *column,
                                            struct mailproto__cut *to);

/* The first word of a structured value, comments around it passed: "auto-replied". */
mailproto_bytes mailproto__v_keyword(struct mailproto__value *v);

/* i;ascii-casemap: the number of the name in a table of names, the first is 1; 0: none. */
uint32_t mailproto__v_find(mailproto_bytes word, const char *const *names,
                           size_t count);

/* ---- addresses and dates: the general readers, and those of the usual forms --------- */

enum { /* state of a cursor over addresses */
       MAILPROTO__V_ADDRESS_IN_GROUP = 1,
       MAILPROTO__V_ADDRESS_DUE = 2,  /* an element was given: a separator is due */
       MAILPROTO__V_ADDRESS_COMMA = 4 /* a comma was the last thing seen */
};

/* Three letters in lower case; what is no letter becomes something else. */
#define MAILPROTO__V_KEY(a, b, c)                                                      \
    ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

static inline uint32_t mailproto__v_key(const char *p)
{
    return MAILPROTO__V_KEY((unsigned char)p[0] | 32U, (unsigned char)p[1] | 32U,
                            (unsigned char)p[2] | 32U);
}

/* 1: `out` is set as the general reader would. 0: another form; nothing was done. */
int mailproto__address_plain(mailproto_value *cursor, mailproto_address *out);
int mailproto__date_plain(mailproto_bytes value, mailproto_date *out);

/* Whether a list ends where its last element did; it is then as the general reader would
 * leave it. */
int mailproto__address_over(mailproto_value *cursor);

/* Every form. */
mailproto_status mailproto__address_general(mailproto_value *cursor,
                                            mailproto_address *out);
/* The same of a cursor that was taken out, for those who have their own and little stack;
 * `struct_size` of `a` is set. */
mailproto_status mailproto__address_read(struct mailproto__value *v,
                                         mailproto_address *a);
mailproto_status mailproto__date_general(mailproto_bytes value, uint32_t flags,
                                         mailproto_defects *defects,
                                         mailproto_date *out);

/* ---- value_text.c ------------------------------------------------------------------------ */

/* The flags by which a whole text is decoded, MAILPROTO_WORDS_GUESS carried out. */
uint32_t mailproto__words_flags(uint32_t flags, mailproto_bytes b);

#endif /* MAILPROTO_MESSAGE_VALUE_H */
