/*
 * Lexing of IMAP: the terminals of RFC 9051 9, read off a unit that lies whole in memory.
 * Knows octets and their classes, and the forms of strings, numbers and sets; must not
 * know commands.
 *
 * A reader goes on over the octets before `end`. The octet at `end` can be read and stands
 * in no class (it is the CR of the last CRLF, a ")" or a blank): so nothing here looks for
 * the end while it goes on, only behind literals.
 *
 * All mailproto__imap_read_x() go on behind what they read and return 1, or return 0 with
 * the fault in the reader (`at`: the first octet that cannot be).
 */
#ifndef MAILPROTO_IMAP_LEX_H
#define MAILPROTO_IMAP_LEX_H

#include <mailproto/imap.h>

#include "core/mem.h"
#include "imap/run.h"

/* Classes of octets (RFC 9051 9). */
enum {
    MAILPROTO__IMAP_ATOM = 1,    /* ATOM-CHAR */
    MAILPROTO__IMAP_ASTRING = 2, /* ASTRING-CHAR */
    MAILPROTO__IMAP_LISTED = 4,  /* list-char */
    MAILPROTO__IMAP_TAG = 8,     /* ASTRING-CHAR without "+" */
    MAILPROTO__IMAP_DIGIT = 16,  /* DIGIT */
    MAILPROTO__IMAP_TEXT = 32,   /* of quoted: TEXT-CHAR but quoted-specials */
    MAILPROTO__IMAP_LABEL = 64,  /* tagged-label-char: letters, digits, "-_.:" */
    MAILPROTO__IMAP_BASE64 = 128 /* base64-char */
};

extern const uint8_t mailproto__imap_classes[256];

static inline int mailproto__imap_is(char c, unsigned classes)
{
    return (mailproto__imap_classes[(unsigned char)c] & classes) != 0;
}

struct mailproto__imap_reader {
    const char *at;     /* the next octet; with a fault: the one that cannot be */
    const char *end;    /* see above */
    const char *begin;  /* octets can be read from here ... */
    const char *limit;  /* ... up to here, `end` or behind it */
    const char *detail; /* what was expected there */
    /* OK; ERR_SYNTAX; ERR_COUNT_LIMIT; AGAIN: `prefix`, and all was well up to the
     * announcement of the literal that ends it, which begins at `at` */
    mailproto_status status;
    uint32_t enabled;       /* MAILPROTO_IMAP_ENABLED_... */
    uint8_t marks;          /* external marks can stand in it, see syntax.h */
    uint8_t prefix;         /* it ends with the announcement of a literal */
    uint8_t pending_binary; /* AGAIN: that is a literal8 */
    uint64_t pending_size;  /* AGAIN: octets of the literal */
};

/* Fills with zeros. Where compilers see a size of some hundred octets they write a loop
 * over words, which is slower than the function. */
void mailproto__imap_zero(void *mem, size_t len);

/* Records a fault at `at`, unless there is one; 0. */
int mailproto__imap_fault(struct mailproto__imap_reader *r, const char *detail);
/* The same with ERR_COUNT_LIMIT. */
int mailproto__imap_too_many(struct mailproto__imap_reader *r, const char *detail);

/* ---- single octets, words ------------------------------------------------------------ */

/* This very octet. */
static inline int mailproto__imap_read_octet(struct mailproto__imap_reader *r,
                                             char octet, const char *detail)
{
    if (*r->at != octet) {
        return mailproto__imap_fault(r, detail);
    }
    r->at++;
    return 1;
}

static inline int mailproto__imap_read_sp(struct mailproto__imap_reader *r)
{
    return mailproto__imap_read_octet(r, ' ', "SP expected");
}

/* Whether nothing is left. */
static inline int mailproto__imap_at_end(const struct mailproto__imap_reader *r)
{
    return r->at == r->end;
}

/* The run of octets of these classes; may be empty. */
static inline mailproto_bytes mailproto__imap_run(struct mailproto__imap_reader *r,
                                                  unsigned classes)
{
    mailproto_bytes b;
    const char *at = r->at;
    while (mailproto__imap_is(*at, classes)) {
        at++;
    }
    b.ptr = r->at;
    b.len = (size_t)(at - r->at);
    r->at = at;
    return b;
}

/* Keywords of one place in the grammar, ordered by length; in upper case. Of one length
 * those come first that are met most. */
enum { MAILPROTO__IMAP_KEYWORD_MAX = 17 };
struct mailproto__imap_keyword {
    char text[MAILPROTO__IMAP_KEYWORD_MAX + 1];
    uint16_t value; /* not 0 */
};
/* `from[n]`: the first keyword of at least n octets (RFC 9051 9: in any case); what the
 * word stands for, or 0. A word has octets of atoms or labels only. */
uint32_t mailproto__imap_keyword(const struct mailproto__imap_keyword *words,
                                 const uint8_t from[MAILPROTO__IMAP_KEYWORD_MAX + 2],
                                 mailproto_bytes word);
/* The other case of a letter differs in one bit. Text in upper case has no other octets
 * above 63 but letters and "_", whose other case is none that a word can have. */
#define MAILPROTO__IMAP_CASE UINT64_C(0x2020202020202020)

static inline uint64_t mailproto__imap_differ8(const char *upper, const char *word)
{
    uint64_t u;
    uint64_t w;
    memcpy(&u, upper, 8);
    memcpy(&w, word, 8);
    return (u ^ w) & ~(u >> 1 & MAILPROTO__IMAP_CASE);
}

static inline uint32_t mailproto__imap_differ4(const char *upper, const char *word)
{
    uint32_t u;
    uint32_t w;
    memcpy(&u, upper, 4);
    memcpy(&w, word, 4);
    return (u ^ w) & ~(u >> 1 & (uint32_t)MAILPROTO__IMAP_CASE);
}

/* Words of octets, of which the last two may overlap. */
static inline int mailproto__imap_is_same(const char *upper, const char *word,
                                          size_t len)
{
    size_t i;
    if (len >= 8) {
        for (i = 0; i + 8 < len; i += 8) {
            if (mailproto__imap_differ8(upper + i, word + i)) {
                return 0;
            }
        }
        return mailproto__imap_differ8(upper + len - 8, word + len - 8) == 0;
    }
    if (len >= 4) {
        return (mailproto__imap_differ4(upper, word) |
                mailproto__imap_differ4(upper + len - 4, word + len - 4)) == 0;
    }
    for (i = 0; i < len; i++) {
        unsigned u = (unsigned char)upper[i];
        if ((u ^ (unsigned char)word[i]) & ~(u >> 1 & 0x20U)) {
            return 0;
        }
    }
    return 1;
}

/* Whether a word is this one, which is in upper case and of the same length. */
int mailproto__imap_same(const char *upper, const char *word, size_t len);
static inline int mailproto__imap_word_is(mailproto_bytes word, const char *upper,
                                          size_t len)
{
    return word.len == len && mailproto__imap_is_same(upper, word.ptr, len);
}
#define MAILPROTO__IMAP_IS(word, upper)                                                \
    mailproto__imap_word_is((word), (upper), sizeof(upper) - 1)

/* ---- numbers -------------------------------------------------------------------------- */

/* number (32 bits) */
int mailproto__imap_read_number(struct mailproto__imap_reader *r, uint32_t *out);
/* nz-number: not 0, no leading 0 */
int mailproto__imap_read_nz_number(struct mailproto__imap_reader *r, uint32_t *out);
/* number64 (63 bits), mod-sequence-valzer (RFC 7162 7) */
int mailproto__imap_read_number64(struct mailproto__imap_reader *r, uint64_t *out);
/* nz-number64, mod-sequence-value: not 0; `zeros`: leading ones are allowed */
int mailproto__imap_read_nz_number64(struct mailproto__imap_reader *r, int zeros,
                                     uint64_t *out);

/* ---- strings --------------------------------------------------------------------------- */

/* All fill the whole of `out`. */
int mailproto__imap_read_atom(struct mailproto__imap_reader *r,
                              mailproto_imap_string *out);
int mailproto__imap_read_astring(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out);
/* The same, looked at only. */
int mailproto__imap_pass_astring(struct mailproto__imap_reader *r);
/* string: quoted or literal */
int mailproto__imap_read_string(struct mailproto__imap_reader *r,
                                mailproto_imap_string *out);
/* quoted alone */
int mailproto__imap_read_quoted(struct mailproto__imap_reader *r,
                                mailproto_imap_string *out);
int mailproto__imap_read_nstring(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out);
/* mailbox: an astring with MAILPROTO_IMAP_MUTF7 where names are in that form */
int mailproto__imap_read_mailbox(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out);
/* list-mailbox: the same, with wildcards */
int mailproto__imap_read_pattern(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out);
/* flag: keyword, or backslash and atom; not \Recent (RFC 9051 9, flag); looked at only */
int mailproto__imap_pass_flag(struct mailproto__imap_reader *r);
/* "(" [flag *(SP flag)] ")"; `out`: what is between, for mailproto_imap_string_next() */
int mailproto__imap_read_flags(struct mailproto__imap_reader *r,
                               mailproto_imap_cursor *out);
/* literal, or with `binary` literal8 too; an external mark */
int mailproto__imap_read_literal(struct mailproto__imap_reader *r, int binary,
                                 mailproto_imap_string *out);
/* Whether a string other than a bare one begins here. */
static inline int mailproto__imap_is_literal(const struct mailproto__imap_reader *r)
{
    return *r->at == '{' || (*r->at == '\0' && r->marks);
}

/* ---- sets, dates ----------------------------------------------------------------------- */

/* sequence-set; `out` walks it. `uids`: a set of UIDs in which `*` and `$` cannot stand. */
int mailproto__imap_read_set(struct mailproto__imap_reader *r, int uids,
                             mailproto_imap_cursor *out);
/* Looks through a set that many numbers will be looked up in: if its ranges ascend, which
 * the cursor then says (in `opaque[2]`), that is done by halves. */
void mailproto__imap_set_note(mailproto_imap_cursor *set);
/* date: with or without quotes; days since 1970 */
int mailproto__imap_read_date(struct mailproto__imap_reader *r, int64_t *day);
/* date-time with its quotes */
int mailproto__imap_read_date_time(struct mailproto__imap_reader *r,
                                   mailproto_imap_date *out);

/* ---- cursors ---------------------------------------------------------------------------- */

/* What a cursor walks. */
enum {
    MAILPROTO__IMAP_NOTHING = 0,
    MAILPROTO__IMAP_A_SET,
    MAILPROTO__IMAP_STRINGS,  /* flags, atoms, astrings */
    MAILPROTO__IMAP_NSTRINGS, /* the same, and a bare NIL is none */
    MAILPROTO__IMAP_PATTERNS, /* list-mailbox */
    MAILPROTO__IMAP_ITEMS,    /* of FETCH */
    MAILPROTO__IMAP_MACRO,    /* of FETCH: ALL, FAST, FULL; `extra`: which, how far */
    MAILPROTO__IMAP_MESSAGES, /* of APPEND */
    MAILPROTO__IMAP_KEYS      /* of SEARCH */
};

/* As much as a cursor notes of what can be read behind its end. */
enum { MAILPROTO__IMAP_SPARE = 255 };

/* Makes a cursor over what a reader has read from `begin` up to `end`. */
static inline void mailproto__imap_cursor_make(mailproto_imap_cursor *c, uint32_t kind,
                                               const struct mailproto__imap_reader *r,
                                               const char *begin, const char *end)
{
    size_t spare = (size_t)(r->limit - end);
    spare = spare < MAILPROTO__IMAP_SPARE ? spare : MAILPROTO__IMAP_SPARE;
    c->opaque[0] = (uint64_t)(uintptr_t)begin;
    c->opaque[1] = (uint64_t)(uintptr_t)end;
    c->opaque[2] = (uint64_t)kind | (uint64_t)r->enabled << 8 |
                   (uint64_t)r->marks << 32 | (uint64_t)spare << 40;
    c->opaque[3] = 0;
}
/* A reader over what is left; its kind. Here for speed: lists are walked in many short
 * steps, most of which use little of the reader. */
static inline uint32_t mailproto__imap_cursor_open(const mailproto_imap_cursor *c,
                                                   struct mailproto__imap_reader *r)
{
    r->at = (const char *)(uintptr_t)c->opaque[0];
    r->end = (const char *)(uintptr_t)c->opaque[1];
    r->begin = r->at;
    r->limit =
        r->end != NULL ? r->end + (c->opaque[2] >> 40 & MAILPROTO__IMAP_SPARE) : r->end;
    r->detail = "";
    r->status = MAILPROTO_OK;
    r->enabled = (uint32_t)(c->opaque[2] >> 8 & 0xffffU);
    r->marks = (uint8_t)(c->opaque[2] >> 32 & 1U);
    r->prefix = 0;
    r->pending_binary = 0;
    r->pending_size = 0;
    return (uint32_t)(c->opaque[2] & 0xffU);
}

/* Of a list of words up to `end` a bit for each octet from the reader on that is SP or the
 * end, as far as nothing but bare words is met; 0: none is, or there is too little to
 * read. */
uint64_t mailproto__imap_ends(const struct mailproto__imap_reader *r, const char *end);

/* Says how far the reader came. */
static inline void mailproto__imap_cursor_keep(mailproto_imap_cursor *c,
                                               const struct mailproto__imap_reader *r)
{
    c->opaque[0] = (uint64_t)(uintptr_t)r->at;
}

#endif /* MAILPROTO_IMAP_LEX_H */
