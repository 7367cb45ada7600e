/*
 * The scanner's inside: what its files share. scanner.c owns the memory, scan_next.c the
 * order of events, scan_window.c the octets, scan_header.c, scan_plain.c, scan_skip.c
 * and scan_field.c headers, scan_body.c and scan_boundary.c bodies, scan_find.c the searches that speed
 * depends on.
 */
#ifndef MAILPROTO_MESSAGE_SCAN_H
#define MAILPROTO_MESSAGE_SCAN_H

#include <mailproto/message.h>

#include "codec/cpu.h"
#include "core/span.h"
#include "message/content_type.h"

/* ---- limits that are no options ---------------------------------------------------- */

enum {
    MAILPROTO__BOUNDARY_MAX = 250, /* octets of a boundary that is looked for */
    MAILPROTO__BLANKS_MAX = 256,   /* blanks behind a boundary that are looked at */
    /* A delimiter line at most: "--", boundary, "--", blanks, line end. */
    MAILPROTO__DELIMITER_MAX =
        2 + MAILPROTO__BOUNDARY_MAX + 2 + MAILPROTO__BLANKS_MAX + 2,
    MAILPROTO__LINE_MAX = 998, /* RFC 5322 2.1.1; also where a colon is looked for */
    MAILPROTO__HOLD_SPARE = 8, /* behind a held field: its line end and what follows */
    MAILPROTO__DEFECTS_MAX = 12, /* that can be found at one place */
    MAILPROTO__TYPE_MAX = 127    /* octets of a type or a subtype (RFC 6838 4.2) */
};

/* ---- searches (scan_find.c) -------------------------------------------------------- */

/* What a run of octets holds. A CR that ends it counts as alone. */
struct mailproto__counts {
    uint64_t lf;    /* LFs in all */
    uint64_t crlf;  /* LFs behind a CR */
    uint32_t flags; /* MAILPROTO_MESSAGE_BARE_CR, _NUL, _8BIT */
};
void mailproto__count(const char *at, size_t len, struct mailproto__counts *counts);
/* The same by searches for line ends: what is short, and where nothing better is. */
void mailproto__count_lines(const char *at, size_t len,
                            struct mailproto__counts *counts);
/* What counting in groups leaves over: of the first octet groups see no more than whether
 * it is a CR, and not that of the last one. */
static inline void mailproto__count_ends(const char *at, size_t len,
                                         struct mailproto__counts *c)
{
    c->lf = at[0] == '\n';
    c->crlf = 0;
    c->flags = at[len - 1] == '\r' ? (uint32_t)MAILPROTO_MESSAGE_BARE_CR : 0;
    c->flags |= (unsigned char)at[0] >= 0x80 ? (uint32_t)MAILPROTO_MESSAGE_8BIT : 0;
    c->flags |= at[0] == 0 ? (uint32_t)MAILPROTO_MESSAGE_NUL : 0;
}
#ifdef MAILPROTO__X86
void mailproto__count_x86(const char *at, size_t len, struct mailproto__counts *counts);
#endif

/* The same flags alone, of what is short. */
uint32_t mailproto__text_flags(const char *at, size_t len);

/* Whether it holds no octets above 127 or below 14: 1 for nearly all lines of fields, whose
 * flags are 0 then. */
int mailproto__is_plain(const char *at, size_t len);

/* The first CR without an LF behind it, or NULL. */
const char *mailproto__find_bare_cr(const char *at, size_t len);

/* The offset of the first "--" at a line's start, from `from` on, or `len`. `at_start`:
 * offset 0 is a line's start. */
size_t mailproto__find_dashes(const char *at, size_t len, size_t from, int at_start);

/* ---- octets (scan_window.c) -------------------------------------------------------- */

/* What was fed and is not used up: the end of earlier pieces in `hold`, then the piece.
 * While `hold` is in use, the first `borrowed` octets of the piece are a copy there. */
struct mailproto__window {
    const char *piece;
    size_t piece_len;
    char *hold;
    size_t cap, head, tail, borrowed;
};

static inline mailproto_bytes mailproto__window_view(const struct mailproto__window *w)
{
    if (w->head < w->tail) {
        return mailproto__span(w->hold + w->head, w->tail - w->head);
    }
    return mailproto__span(w->piece, w->piece_len);
}

/* Whether the view goes to the end of what was fed. */
static inline int mailproto__window_all(const struct mailproto__window *w)
{
    return w->head == w->tail || w->borrowed == w->piece_len;
}

/* More of the piece into the view. */
void mailproto__window_extend(struct mailproto__window *w);
void mailproto__window_use(struct mailproto__window *w, size_t n);
/* What is left, `cap` octets at most, into `hold`: the piece is given back. */
void mailproto__window_keep(struct mailproto__window *w);

/* ---- state ------------------------------------------------------------------------- */

enum mailproto__node_kind {
    MAILPROTO__LEAF = 0,
    MAILPROTO__MESSAGE,  /* an entered message: its body is a part */
    MAILPROTO__PREAMBLE, /* a multipart before its first delimiter */
    MAILPROTO__PARTS,    /* in its parts */
    MAILPROTO__EPILOGUE  /* behind its close delimiter */
};

/* Things told once a part. */
enum {
    MAILPROTO__ONCE_TEXT = 1,   /* DEFECT_BOUNDARY_TEXT */
    MAILPROTO__ONCE_AFTER = 2,  /* DEFECT_AFTER_CLOSE */
    MAILPROTO__ONCE_CLOSED = 4, /* DEFECT_NOT_CLOSED, DEFECT_NO_PARTS */
    MAILPROTO__ONCE_LONG = 8,   /* DEFECT_LINE_LONG */
    MAILPROTO__ONCE_8BIT = 16   /* DEFECT_8BIT */
};

/* An open part; 40 octets: the formula of the header counts 48. */
struct mailproto__node {
    uint64_t body;      /* offset of its body */
    uint64_t lf, crlf;  /* the counts of the message there */
    uint32_t part;      /* its number */
    uint32_t boundary;  /* offset in the arena */
    uint16_t length;    /* of the boundary */
    uint8_t body_flags; /* MAILPROTO_MESSAGE_BARE_CR, _NUL, _8BIT of it, / 256 */
    uint8_t head_flags; /* the same of its header */
    uint8_t kind;       /* enum mailproto__node_kind */
    uint8_t digest;     /* its parts are messages by default (RFC 2046 5.1.5) */
    uint8_t once;       /* MAILPROTO__ONCE_... */
};

enum mailproto__state {
    MAILPROTO__AT_PART = 0, /* a part begins */
    MAILPROTO__AT_FIRST,    /* the first line of its header */
    MAILPROTO__AT_LINE,     /* a line of its header */
    MAILPROTO__IN_FIELD,    /* in a field that was cut */
    MAILPROTO__AT_BODY,     /* behind the header: HEADERS_END comes */
    MAILPROTO__IN_BODY,     /* body, preamble or epilogue */
    MAILPROTO__CLOSING,     /* parts end, down to `close_to` */
    MAILPROTO__AT_DELIMITER,
    MAILPROTO__IN_DELIMITER, /* what stands behind the boundary on its line */
    MAILPROTO__OVER
};

/* Marks of a header. */
enum {
    MAILPROTO__HEAD_CRLF = 1,      /* a line ended in CRLF */
    MAILPROTO__HEAD_LF = 2,        /* a line ended in LF */
    MAILPROTO__HEAD_MIXED = 4,     /* told */
    MAILPROTO__HEAD_LIMIT = 8,     /* HEADER_LONG was told */
    MAILPROTO__HEAD_VERSION = 16,  /* MIME-Version */
    MAILPROTO__HEAD_MIME = 32,     /* a Content- field */
    MAILPROTO__HEAD_BLANK = 64,    /* it ended in a blank line */
    MAILPROTO__HEAD_REJECT = 128,  /* repeated fields that differ, to be rejected */
    MAILPROTO__HEAD_MESSAGE = 256, /* it is a message's: From and Date must be there */
    MAILPROTO__HEAD_ENCODING = 512 /* something stands behind the encoding */
};

/* The field being read. */
struct mailproto__field_state {
    uint64_t start;    /* offset of the field */
    uint64_t line;     /* offset of its present line */
    uint64_t cr_at;    /* of the first CR alone, if flags say so */
    uint64_t nul_at;   /* of the first NUL, if flags say so */
    uint64_t long_at;  /* of the first line that is too long, if there is one */
    uint32_t id;       /* MAILPROTO_FIELD_... */
    uint16_t flags;    /* BARE_CR, NUL, 8BIT of what was read */
    uint8_t silent;    /* passed over: over a limit */
    uint8_t junk;      /* a line that is no field */
    uint8_t bad_name;  /* DEFECT_FIELD_NAME */
    uint8_t long_line; /* a line was too long */
    uint8_t not_utf8;  /* ill-formed */
    size_t seen;       /* octets of the view whose lines are known */
    size_t checked;    /* octets of the view that need no look at odd octets */
    size_t name_end;   /* in the view; 0: no name, or after a cut */
    size_t value;      /* in the view: behind the colon; 0 after a cut */
};

/* The header being read. */
struct mailproto__head {
    uint64_t start;
    uint64_t lf, crlf;  /* the counts of the message there */
    uint64_t seen;      /* bit of every field that may stand once */
    uint64_t sum[3][2]; /* of the values of the fields that steer */
    uint32_t fields;
    uint32_t marks;    /* MAILPROTO__HEAD_... */
    uint32_t rejected; /* with HEAD_REJECT, the fields: a bit of `sum` each */
    struct mailproto__type type;
    uint32_t encoding;    /* MAILPROTO_ENCODING_... */
    uint32_t disposition; /* MAILPROTO_MESSAGE_ATTACHMENT, _INLINE, _NAMED */
};

struct mailproto__pending {
    uint64_t offset;
    uint32_t code;
    uint32_t part;
};

struct mailproto_message {
    mailproto_message_options options;
    struct mailproto__window in;
    uint64_t offset;   /* of the view's first octet */
    uint64_t lf, crlf; /* before it */
    size_t searched;   /* octets of the view known to begin no delimiter */
    struct mailproto__node *stack;
    char *arena; /* boundaries of the open multiparts, one after another */
    uint32_t arena_used;
    uint32_t level;      /* nodes in use; the last is the present part */
    uint32_t multiparts; /* of them with a boundary */
    uint32_t parts;      /* that have begun */
    uint32_t close_to;   /* CLOSING: nodes that stay open */
    uint8_t state;       /* enum mailproto__state */
    uint8_t eof;         /* feed_eof() was called */
    uint8_t fed;         /* a piece was lent, AGAIN was not said since */
    uint8_t at_start;    /* IN_BODY: the view begins at a line's start */
    uint8_t line_end;    /* IN_BODY: ... at the line end of a close delimiter */
    uint8_t close;       /* the delimiter that was found is a close delimiter */
    uint8_t text;        /* ... text stands behind it, of which there is a defect */
    uint8_t overflow;    /* the present part is the last one: max_parts */
    uint8_t message;     /* the part that begins is a message */
    uint8_t kept;        /* the spans of the type are in `type_text` */
    uint32_t defect_count, defect_next;
    uint32_t letters[2]; /* scan_skip.c; 0: all fields are read */
    struct mailproto__head head;
    /* From here on nothing is cleared to begin with. */
    struct mailproto__field_state field;
    struct mailproto__pending defects[MAILPROTO__DEFECTS_MAX];
    char type_text[2 * MAILPROTO__TYPE_MAX];
};

/* What a step of the scanner says. */
enum mailproto__step {
    MAILPROTO__EVENT, /* there is an event */
    MAILPROTO__GO_ON, /* none; ask again */
    MAILPROTO__NEED   /* more octets are needed; never at the end */
};

/* ---- shared steps -------------------------------------------------------------------- */

static inline struct mailproto__node *mailproto__top(struct mailproto_message *m)
{
    return &m->stack[m->level - 1];
}

/* Keeps the spans of the type beyond the octets they point into. */
void mailproto__keep_type(struct mailproto_message *m);

/* Queues a defect of the present part. */
void mailproto__defect(struct mailproto_message *m, uint32_t code, uint64_t offset);

/* `n` octets of the view are done with. */
static inline void mailproto__use(struct mailproto_message *m, size_t n)
{
    m->offset += n;
    if (m->in.head == m->in.tail && n > 0) { /* nothing is held, as nearly always */
        m->in.piece += n;
        m->in.piece_len -= n;
    } else {
        mailproto__window_use(&m->in, n);
    }
}

/* The octets of a line end that `at` begins with: 0, 1 or 2; a CR needs its LF. */
static inline size_t mailproto__line_end(mailproto_bytes at)
{
    if (at.len > 0 && at.ptr[0] == '\n') {
        return 1;
    }
    return at.len > 1 && at.ptr[0] == '\r' && at.ptr[1] == '\n' ? 2 : 0;
}

/* Counts a line end of 1 or 2 octets. */
static inline void mailproto__count_end(struct mailproto_message *m, size_t n)
{
    m->lf += n > 0;
    m->crlf += n > 1;
}

/* Whether no field may begin in the header any more. */
static inline int mailproto__header_full(const struct mailproto_message *m)
{
    return m->head.fields >= m->options.max_fields ||
           m->offset - m->head.start >= m->options.max_header;
}

/* Whether a field comes as events (options.fields). */
static inline int mailproto__is_told(const struct mailproto_message *m, uint32_t id)
{
    return m->options.fields >> id & 1;
}

/* Whether a field is read: told, or steering the scanner. */
static inline int mailproto__is_read(const struct mailproto_message *m, uint32_t id)
{
    return (m->options.fields | MAILPROTO_FIELDS_OF_PART) >> id & 1;
}

/* scan_next.c: the next event, whatever it is. */
mailproto_status mailproto__scan_next(struct mailproto_message *m,
                                      mailproto_message_event *ev);

/* scan_plain.c: AT_FIRST or AT_LINE with no defect to be told: plain fields, up to one that
 * is wanted, whose event it is. 0: none; what is not plain begins, or there is a defect. */
int mailproto__scan_plain(struct mailproto_message *m, mailproto_message_event *ev);

/* scan_skip.c: the first octets of fields that are read, and the second ones: a bit for each
 * modulo 32. Both 0: all are read. */
void mailproto__skip_letters(uint64_t told, uint32_t letters[2]);
/* Passes over fields that begin with none of them, in whole steps and as far as their lines
 * are as nearly all are. */
void mailproto__scan_skip(struct mailproto_message *m);

/* scan_header.c: AT_FIRST, AT_LINE, IN_FIELD. `end`: the view is all there will be. */
enum mailproto__step mailproto__scan_header(struct mailproto_message *m,
                                            mailproto_message_event *ev,
                                            mailproto_bytes view, int end);

/* scan_text.c: whether text may stand where a header begins: in a part that is no message
 * unless it says so; then, of a line that is no field, see there. */
static inline int mailproto__may_be_text(const struct mailproto_message *m)
{
    return m->head.fields == 0 && m->level > 1 && !m->stack[m->level - 2].digest &&
           !(m->head.marks & MAILPROTO__HEAD_MESSAGE);
}

/* Whether the part that begins with the view, a line that is no field, has no
 * header: 1 or 0; -1: more octets are needed. */
int mailproto__begins_text(struct mailproto_message *m, mailproto_bytes view, int end);

/* scan_field.c: a field that is complete, `octets` in all: its defects and what it
 * steers. `value` is all of it unless it is longer than `hold_size`. */
void mailproto__field_done(struct mailproto_message *m, mailproto_bytes value,
                           uint64_t octets);
/* Fields that may stand once, as bits by number; all that steer are among them. */
extern const uint64_t mailproto__single_fields;
/* Looks at the octets of a field, or of a piece that ends in no line end; `at` is their
 * offset. */
void mailproto__field_octets(struct mailproto_message *m, mailproto_bytes octets,
                             uint64_t at);

/* scan_part.c: AT_PART, AT_BODY, CLOSING. */
enum mailproto__step mailproto__scan_part_begin(struct mailproto_message *m,
                                                mailproto_message_event *ev);
enum mailproto__step mailproto__scan_headers_end(struct mailproto_message *m,
                                                 mailproto_message_event *ev,
                                                 mailproto_bytes view);
enum mailproto__step mailproto__scan_closing(struct mailproto_message *m,
                                             mailproto_message_event *ev);

/* scan_body.c: IN_BODY, AT_DELIMITER, IN_DELIMITER. */
enum mailproto__step mailproto__scan_body(struct mailproto_message *m,
                                          mailproto_message_event *ev,
                                          mailproto_bytes view, int end);
enum mailproto__step mailproto__scan_delimiter(struct mailproto_message *m,
                                               mailproto_bytes view, int end);

/* scan_boundary.c */
enum mailproto__match {
    MAILPROTO__NO_DELIMITER,
    MAILPROTO__DELIMITER, /* `close_to`, `close` and `text` of the parser are set */
    MAILPROTO__AFTER,     /* of the present part, which was closed before */
    MAILPROTO__TEXT,      /* text behind a boundary, which makes it none */
    MAILPROTO__UNDECIDED  /* more octets are needed */
};
/* Whether a line, from its "--" on, is a delimiter of an open multipart. */
enum mailproto__match mailproto__match(struct mailproto_message *m,
                                       mailproto_bytes line, int end);

/* The defect of a line that is AFTER or TEXT, once a part. */
void mailproto__tell_line(struct mailproto_message *m, enum mailproto__match found,
                          uint64_t offset);

#endif /* MAILPROTO_MESSAGE_SCAN_H */
