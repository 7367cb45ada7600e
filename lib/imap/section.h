/*
 * The section generator (RFC 9051 6.4.5): the state between its files. Knows an index, a
 * source and an item of FETCH; must not know sessions or how a response is written.
 *
 *   section_find.c   which octets of the stored message an item means
 *   section_names.c  the names of HEADER.FIELDS
 *   section_input.c  these octets, line ends as CRLF, fields that are not wanted left out
 *   section.c        the calls: sizes, partials, decoding
 */
#ifndef MAILPROTO_IMAP_SECTION_H
#define MAILPROTO_IMAP_SECTION_H

#include <mailproto/imap_fetch.h>

enum mailproto__section_mode {
    MAILPROTO__SECTION_STRAIGHT, /* as stored: an offset is computed */
    MAILPROTO__SECTION_CRLF,     /* LF becomes CRLF */
    MAILPROTO__SECTION_FIELDS,   /* the same, and fields are left out */
    MAILPROTO__SECTION_DECODE    /* through a decoder */
};

/* What the index keeps of a decoded body, beside its size: flags of mailproto_part. */
#define MAILPROTO__PART_COUNTED                                                        \
    (UINT32_C(1) << 30) /* `decoded_octets` was counted here */
#define MAILPROTO__PART_DECODED_NUL (UINT32_C(1) << 31) /* and NUL is among them */

/* Octets of the message, and what becomes of them. */
struct mailproto__section_what {
    uint64_t start, end; /* as stored */
    uint64_t total;      /* octets given out without a partial; UINT64_MAX: to count */
    uint64_t look;     /* below this offset NUL may stand, and none may be given out */
    uint32_t part;     /* DECODE: where its size is kept */
    uint16_t encoding; /* DECODE */
    uint8_t mode;      /* enum mailproto__section_mode */
    uint8_t convert;   /* LF becomes CRLF */
    uint8_t binary;    /* BINARY, not BODY */
    uint8_t nul;       /* BINARY: NUL may be among what is given out */
};

/* The names of HEADER.FIELDS. */
struct mailproto__section_names {
    uint64_t known;   /* a bit for each MAILPROTO_FIELD_... that stands in it */
    uint64_t others;  /* bits of length and first letter of all others */
    const char *base; /* where in the command the first name stands */
    char *table;      /* the others, sorted */
    uint8_t count;    /* of them */
    uint8_t except;   /* HEADER.FIELDS.NOT */
};

/* Octets at the end of the work memory for that table. */
enum { MAILPROTO__SECTION_NAMES = 8 * MAILPROTO_IMAP_FIELDS_MAX };

struct mailproto__section {
    const mailproto_source *source;
    mailproto_index *ix;
    struct mailproto__section_what what;
    uint64_t first, count; /* the partial */
    uint64_t given;        /* octets of it that the caller has */
    uint64_t at;           /* not STRAIGHT: the next octet is this one, of `total` */

    /* The stored octets. A source in memory needs no window. */
    uint64_t offset; /* of the first that was not taken */
    char *window;
    size_t window_size;
    size_t head, tail; /* what of the window is in use */
    size_t run;        /* octets from `offset` on that need no look */
    uint8_t line_end;  /* octets of a CRLF still to come */
    uint8_t after_cr;  /* the octet before `offset` is CR */

    /* FIELDS */
    uint8_t at_line; /* a line begins: is it wanted? */
    uint8_t wanted;
    struct mailproto__section_names names;

    /* DECODE: what has no room with the caller waits in `scratch`, and what nobody
     * wants goes there. */
    mailproto_codec codec;
    char *scratch;
    size_t scratch_size, scratch_head, scratch_tail;
    uint8_t decoded; /* all of it */
    uint8_t nul;     /* counting met one */

    uint8_t counting;
    uint8_t opened;
};

/* C99 has no static assertion: a size that is too large is a negative array size. */
typedef char mailproto__section_fits
    [sizeof(struct mailproto__section) <= sizeof(mailproto_imap_section) ? 1 : -1];

/* What an item means: OK; EOF (no such part); ERR_REFUSED (an unknown encoding);
 * ERR_ARGUMENT (no item with a section, or an index that cannot be). */
mailproto_status mailproto__section_find(const mailproto_index *ix,
                                         const mailproto_imap_fetch_item *item,
                                         struct mailproto__section_what *what);

/* `table`: MAILPROTO__SECTION_NAMES octets. OK; ERR_ARGUMENT (too many names). */
mailproto_status mailproto__section_names_begin(struct mailproto__section_names *names,
                                                mailproto_imap_cursor list, int except,
                                                char *table);
/* Whether the field of this name is to be given out. */
int mailproto__section_wants(const struct mailproto__section_names *names,
                             mailproto_bytes name);

/* Octets from an offset on, as stored: OK with `*got` > 0, ERR_EOF (there are none), or
 * what the source said. */
mailproto_status mailproto__section_stored(const struct mailproto__section *s,
                                           uint64_t offset, char *to, size_t cap,
                                           size_t *got);
/* Back to the first octet. */
void mailproto__section_rewind(struct mailproto__section *s);
/* The next octets, at least one, to be taken as far as they are used; EOF, or what the
 * source said: call it again. */
mailproto_status mailproto__section_peek(struct mailproto__section *s,
                                         mailproto_bytes *next);
void mailproto__section_take(struct mailproto__section *s, mailproto_bytes next,
                             size_t n);

#endif /* MAILPROTO_IMAP_SECTION_H */
