/*
 * The matcher (RFC 9051 6.4.4): the state between its files. Knows a program, the facts of
 * a message, its index and its source; must not know sessions or how a SEARCH is answered.
 *
 *   match.c         the calls, and what is done in which order
 *   match_facts.c   keys that are decided without the message
 *   match_nodes.c   the program: what is decided, what still has to be
 *   match_look.c    one text that is looked for in pieces of text
 *   match_needles.c all of them: who listens, who found
 *   match_header.c  the fields of a header, decoded, as pieces of text
 *   match_body.c    the text of parts, decoded, as pieces of text
 */
#ifndef MAILPROTO_IMAP_MATCH_H
#define MAILPROTO_IMAP_MATCH_H

#include <mailproto/imap_search.h>

/* What is known of a node. */
enum {
    MAILPROTO__MATCH_OPEN = 0, /* not known yet */
    MAILPROTO__MATCH_NO = 1,
    MAILPROTO__MATCH_YES = 2
};

enum {
    MAILPROTO__MATCH_NODES = 4096,
    /* Of the caller's work memory, at least: to read and to decode. A field's name and a
     * date must fit what is read, and what mailproto_words_run() leaves for later (a word
     * and the blanks before it, 998 octets each). */
    MAILPROTO__MATCH_IN = 3072,
    MAILPROTO__MATCH_OUT = 1024,
    MAILPROTO__MATCH_FOLDED =
        512, /* characters that are not ASCII, as they are compared */
    MAILPROTO__MATCH_OUT_MOST = 16384,
    MAILPROTO__MATCH_CUT = 8, /* what may go before a piece */
    /* Of a Date field, no more is looked at. */
    MAILPROTO__MATCH_DATE = 512
};

/* A text that is looked for. */
struct mailproto__needle {
    uint32_t node;
    uint32_t len;         /* of the text; 0: it is found where there is anything */
    uint32_t matched;     /* octets of it that the text so far ends with */
    uint8_t listens;      /* the piece of text that comes now is for it */
    uint8_t done;         /* nobody asks any more */
    const uint16_t *back; /* what is still matched when the next octet is another */
    const char *text;     /* folded */
};

/* What of the message comes next. */
enum {
    MAILPROTO__MATCH_CLOSED, /* it was not opened */
    MAILPROTO__MATCH_FACTS,  /* nothing was asked for */
    MAILPROTO__MATCH_ASKED,  /* the message was asked for */
    MAILPROTO__MATCH_HEADER, /* its header */
    MAILPROTO__MATCH_PART,   /* a part begins */
    MAILPROTO__MATCH_MIME,   /* the part's header */
    MAILPROTO__MATCH_TEXT,   /* the part's text */
    MAILPROTO__MATCH_DECIDED
};

/* Where in a field. */
enum {
    MAILPROTO__MATCH_NAME,  /* a line begins */
    MAILPROTO__MATCH_VALUE, /* inside a value */
    MAILPROTO__MATCH_SKIP   /* the same, and nobody listens */
};

/* A header while it is walked. */
struct mailproto__match_header {
    mailproto_words words;
    const char *text; /* what is there and was not taken */
    size_t len;       /* octets of it */
    size_t known;     /* the value does not end within these */
    uint64_t offset;  /* of what is not there yet */
    uint64_t end;     /* of the header */
    uint8_t step;     /* MAILPROTO__MATCH_NAME, ... */
    uint8_t whole;    /* `known` is where the value ends */
    uint8_t dry;      /* more must be read before the value goes on */
};

struct mailproto__match {
    const mailproto_imap_search_node *nodes;
    const mailproto_source *source;
    const mailproto_index *ix;
    unsigned char *values; /* of the nodes, four to an octet */
    struct mailproto__needle *needles;
    uint16_t *back; /* room for what needles go back to, and ... */
    char *texts;    /* ... for their texts */
    char *in;       /* what is read */
    char *out;      /* what is decoded and folded, behind CUT octets */
    char *folded;   /* the same, when there is more than ASCII */
    size_t in_size, out_size;
    uint32_t count;   /* nodes */
    uint32_t looking; /* needles */
    uint32_t asked;   /* a bit for each key that is open */
    uint32_t part;
    uint8_t phase;    /* MAILPROTO__MATCH_FACTS, ... */
    uint8_t opened;   /* the text of the part */
    uint8_t after_cr; /* the piece before ended in CR */
    uint8_t found;    /* a node was decided */
    uint8_t cut;      /* octets of a character that the piece before ended in */
    union {
        struct mailproto__match_header header;
        mailproto_part_text text;
    } now;
};

/* C99 has no static assertion: a size that is too large is a negative array size. */
typedef char mailproto__match_fits
    [sizeof(struct mailproto__match) <= sizeof(mailproto_imap_match) ? 1 : -1];

/* ---- nodes ----------------------------------------------------------------------------- */

static inline unsigned mailproto__match_get(const struct mailproto__match *m,
                                            uint32_t i)
{
    return (unsigned)m->values[i >> 2] >> ((i & 3U) * 2U) & 3U;
}

/* A node that is open gets a value. */
static inline void mailproto__match_set(struct mailproto__match *m, uint32_t i,
                                        unsigned value)
{
    unsigned shift = (i & 3U) * 2U;
    m->values[i >> 2] =
        (unsigned char)((m->values[i >> 2] & ~(3U << shift)) | value << shift);
}

/* Whether a key looks for its `text` in the message. */
static inline int mailproto__match_is_text(uint32_t key)
{
    return key == MAILPROTO_IMAP_KEY_HEADER || key == MAILPROTO_IMAP_KEY_BODY ||
           key == MAILPROTO_IMAP_KEY_TEXT;
}
static inline int mailproto__match_is_sent(uint32_t key)
{
    return key >= MAILPROTO_IMAP_KEY_SENTBEFORE && key <= MAILPROTO_IMAP_KEY_SENTSINCE;
}

/* Whether the nodes are a program: operands lie where their operator says. */
int mailproto__match_is_program(const mailproto_imap_search_node *nodes, size_t count);
/* Decides the operators that can be; what of node 0 is known. */
unsigned mailproto__match_decide(struct mailproto__match *m);
/* The first node from `i` on, not an operator, that is open and makes a difference;
 * `count`: there is none. Go on behind it. */
uint32_t mailproto__match_open_key(const struct mailproto__match *m, uint32_t i);

/* ---- facts ------------------------------------------------------------------------------ */

/* What the facts say of a key that is no operator. */
unsigned mailproto__match_fact(const mailproto_imap_search_node *node,
                               const mailproto_imap_facts *facts);
/* Whether a day is before, on, since another, as the keys BEFORE, ON, SINCE and those
 * that follow them by threes. */
unsigned mailproto__match_day(uint32_t key, int64_t day, uint64_t asked);

/* ---- needles ----------------------------------------------------------------------------- */

/* Folds ASCII where it stands, so that what is equal without regard to case and to how a
 * line ends becomes the same octets: ASCII letters lower, CRLF and CR as LF. `*after_cr`:
 * 0 before the first piece. The length. */
size_t mailproto__match_fold(char *text, size_t len, uint8_t *after_cr);
/* Fills in `back` for the needle's text, which is folded. */
void mailproto__match_prepare(const char *text, size_t len, uint16_t *back);
/* Whether a piece of text, folded, completes the needle. Looks at each octet at most
 * twice, whatever the needle. */
int mailproto__match_look(struct mailproto__needle *n, const char *text, size_t len);

/* Octets that a key's text may need as it is compared. */
size_t mailproto__match_room(const mailproto_imap_string *s);
/* Makes the needles of the program's texts. */
void mailproto__match_needles(struct mailproto__match *m);
/* Keys were decided: what is asked for now; 1: the program is decided. */
int mailproto__match_settle(struct mailproto__match *m);
/* Another text begins: needles of these keys (bits) listen to it, no others. */
void mailproto__match_begin_text(struct mailproto__match *m, uint32_t keys);
/* All that listen look through `len` octets of `out`, which are folded there. */
void mailproto__match_piece(struct mailproto__match *m, size_t len);
/* The same for octets that lie elsewhere. */
void mailproto__match_copy(struct mailproto__match *m, const char *text, size_t len);

/* ---- the message -------------------------------------------------------------------------- */

/* Begins with the header of `part`; OK, ERR_ARGUMENT. */
mailproto_status mailproto__match_header_open(struct mailproto__match *m,
                                              const mailproto_part *part);
/* Looks through fields: OK, all of them, or a key was decided (`found`); EOF: there are
 * no more; what the source said: call it again. */
mailproto_status mailproto__match_header_next(struct mailproto__match *m);

/* Begins with the text of the part; EOF: it has none that is looked through. */
mailproto_status mailproto__match_text_open(struct mailproto__match *m,
                                            const mailproto_part *part);
/* Looks through a piece: OK; EOF; what the source said. */
mailproto_status mailproto__match_text_next(struct mailproto__match *m);

#endif /* MAILPROTO_IMAP_MATCH_H */
