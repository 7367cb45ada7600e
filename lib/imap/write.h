/*
 * The resumable writer below ENVELOPE and BODYSTRUCTURE: what is queued goes into the
 * caller's buffer as far as it fits. Knows strings, numbers and fields of a part; must
 * not know which items consist of them.
 */
#ifndef MAILPROTO_IMAP_WRITE_H
#define MAILPROTO_IMAP_WRITE_H

#include <mailproto/field.h>
#include <mailproto/imap_fetch.h>

/* How a string comes from the octets it is made of. In all forms folds are undone. */
enum mailproto__imap_form {
    MAILPROTO__IMAP_TEXT,   /* as it is */
    MAILPROTO__IMAP_INSIDE, /* inside of quotes: without the backslash of quoted pairs */
    MAILPROTO__IMAP_COMMENT, /* the same of a comment; blanks become one space */
    MAILPROTO__IMAP_PHRASE, /* without quotes and comments; blanks become one space, which
                                also parts a quoted string from the word beside it */
    MAILPROTO__IMAP_TIGHT   /* without quotes, comments and blanks */
};

/* The octets of a string, one after the other. */
struct mailproto__imap_octets {
    const char *at, *end;
    uint8_t form;   /* enum mailproto__imap_form */
    uint8_t quoted; /* inside quotes */
    uint8_t gap;    /* blanks were passed */
    uint8_t any;    /* an octet was given */
    uint8_t nul;    /* octets to come of what stands for NUL */
};

/* What is queued, in this order. */
struct mailproto__imap_out {
    const char *fixed; /* static text */
    size_t fixed_len;
    struct mailproto__imap_octets octets;
    char small[28]; /* a number, NIL, the beginning of a string */
    uint8_t small_at, small_len;
    uint8_t string;         /* MAILPROTO__IMAP_NONE ... */
    uint8_t escaped, octet; /* an octet behind its backslash */
};

enum { MAILPROTO__IMAP_NONE, MAILPROTO__IMAP_QUOTED, MAILPROTO__IMAP_LITERAL };

enum { MAILPROTO__IMAP_ENVELOPE_FIELDS = 10 };

struct mailproto__imap_envelope {
    uint64_t header, end;                            /* offsets */
    uint32_t found[MAILPROTO__IMAP_ENVELOPE_FIELDS]; /* from `header`, plus 1 */
    uint8_t step, field, source_field, part, first;
    uint8_t repeated; /* a bit for each of To, Cc, Bcc: it stands several times */
};

struct mailproto__imap_structure {
    const mailproto_index *ix;
    uint32_t part; /* which one is written */
    uint32_t flags;
    uint8_t step;
    uint8_t params;  /* of its list: how many were written, at most 2; 0: none */
    uint8_t charset; /* one of them is the charset */
    uint8_t inside;  /* a message: its envelope, or what stands for its body */
    uint8_t no_mime; /* its header has neither MIME-Version nor Content-Type */
};

struct mailproto__imap_item {
    struct mailproto__imap_out out;
    const mailproto_source *source;
    void *work;
    size_t size;
    mailproto_fields fields;
    mailproto_value cursor;
    mailproto_bytes value; /* of the field that was loaded */
    union {
        mailproto_address address;
        mailproto_parameter parameter;
        mailproto_list_item list;
    } u;
    struct mailproto__imap_envelope envelope;
    struct mailproto__imap_structure structure; /* `ix` NULL: an ENVELOPE alone */
    uint8_t loading;
};

typedef char mailproto__imap_item_fits
    [sizeof(struct mailproto__imap_item) <= sizeof(mailproto_imap_item) ? 1 : -1];

/* ---- queueing: at most once each of fixed text, and string or number or NIL --------- */

#define MAILPROTO__IMAP_FIXED(out, text)                                               \
    mailproto__imap_fixed((out), (text), sizeof(text) - 1)

void mailproto__imap_fixed(struct mailproto__imap_out *out, const char *text,
                           size_t len);
void mailproto__imap_nil(struct mailproto__imap_out *out);
void mailproto__imap_number(struct mailproto__imap_out *out, uint64_t number);
void mailproto__imap_string(struct mailproto__imap_out *out, mailproto_bytes from,
                            enum mailproto__imap_form form);
/* Whether nothing would be left in the string. */
int mailproto__imap_is_empty(mailproto_bytes from, enum mailproto__imap_form form);

/* ---- fields -------------------------------------------------------------------------- */

/* Reads the field at an offset into `value`, outer blanks off: OK, EOF (there is none), or
 * what the source said: call it again. */
mailproto_status mailproto__imap_load(struct mailproto__imap_item *it, uint64_t at,
                                      uint64_t end);
/* The value of a field at hand becomes `value`, outer blanks off. */
void mailproto__imap_take(struct mailproto__imap_item *it, mailproto_bytes value);

/* ---- items: each step queues something, or says EOF ---------------------------------- */

mailproto_status mailproto__imap_begin(mailproto_imap_item *item,
                                       const mailproto_source *source, void *work,
                                       size_t size);
void mailproto__imap_envelope_begin(struct mailproto__imap_item *it,
                                    const mailproto_part *part);
mailproto_status mailproto__imap_envelope_step(struct mailproto__imap_item *it);
/* The parts of an element become those that are told where it is no address. */
void mailproto__imap_envelope_told(mailproto_address *a);
mailproto_status mailproto__imap_structure_step(struct mailproto__imap_item *it);

#endif /* MAILPROTO_IMAP_WRITE_H */
