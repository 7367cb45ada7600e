/*
 * Fields as nearly all are: a name and its colon, lines of text that are not too long, all
 * of it in the piece that was fed. Each octet is looked at once: what is searched for is
 * the first that is not of text, and a line end is one. Knows no defect: any other field
 * is left to scan_header.c, which reads these to the same end.
 */
#include "message/scan.h"

#include <stddef.h>

#include "codec/plain.h"
#include "core/mem.h"
#include "core/span.h"

#ifdef MAILPROTO__FIRST_IS_LOWEST

/* Octets that are there from where a line ends on: CRLF, and the one that decides whether
 * the field goes on. */
enum { BEHIND = 3 };

struct plain {
    const char *last;  /* no step begins behind it */
    const char *stop;  /* ... and no line ends */
    const char *colon; /* where the name ends */
    const char *end;   /* ... the value */
    const char *next;  /* behind its last line end */
    size_t lf, crlf;   /* lines that end so */
};

/* RFC 5322 3.6.8: ftext is from 33 to 126 but `:`. */
static int is_name(char c)
{
    unsigned char octet = (unsigned char)c;
    return octet > 32 && octet < 127 && octet != ':';
}

/* Text is from 14 to 127: TAB is none, it is rare but in front of lines. */
static int is_text(char c)
{
    unsigned char octet = (unsigned char)c;
    return octet >= 14 && octet < 128;
}

/* The same of STEP octets, and of text in WIDE: 0, or the lowest bit stands for the first
 * that is none. Most lines end within one or two of the wide ones: where the last of many
 * steps is, no processor foresees. */
#ifdef __SSE2__ /* every x86-64 has it, and GNU C vectors and bits of them */
enum { STEP = 16, WIDE = 64 };
typedef signed char group __attribute__((vector_size(STEP)));
typedef char group_of_bits __attribute__((vector_size(STEP)));
#define ALL(octet)                                                                     \
    ((group){octet, octet, octet, octet, octet, octet, octet, octet, octet, octet,     \
             octet, octet, octet, octet, octet, octet})

static group group_at(const char *at)
{
    group g;
    memcpy(&g, at, sizeof g);
    return g;
}

/* Octets above 127 are below 0 here. */
static unsigned not_name(const char *at)
{
    group g = group_at(at);
    group found =
        (group)(g < ALL(33)) | (group)(g == ALL(127)) | (group)(g == ALL(':'));
    return (unsigned)__builtin_ia32_pmovmskb128((group_of_bits)found);
}

static unsigned text_bits(const char *at)
{
    group text = (group)(group_at(at) > ALL(13));
    return (unsigned)__builtin_ia32_pmovmskb128((group_of_bits)text);
}

static unsigned not_text(const char *at)
{
    return text_bits(at) ^ 0xffffU;
}

static uint64_t not_wide(const char *at)
{
    uint64_t low = text_bits(at) | text_bits(at + 16) << 16;
    uint64_t high = text_bits(at + 32) | text_bits(at + 48) << 16;
    return ~(low | high << 32);
}

static size_t before_wide(uint64_t found)
{
    return (size_t)__builtin_ctzll(found);
}

static size_t before(unsigned found)
{
    return (size_t)__builtin_ctz(found);
}

#else
enum { STEP = 8, WIDE = 8 };

static uint64_t word_at(const char *at)
{
    return mailproto__plain_word((const unsigned char *)at);
}

static uint64_t not_name(const char *at)
{
    uint64_t word = word_at(at);
    return ((word + MAILPROTO__EACH(1))                               /* above 126 */
            | (word - MAILPROTO__EACH(33))                            /* below 33 */
            | ((word ^ MAILPROTO__EACH(':')) - MAILPROTO__EACH(1))) & /* 0 */
           MAILPROTO__EACH(128);
}

static uint64_t not_text(const char *at)
{
    uint64_t word = word_at(at);
    return (word | (word - MAILPROTO__EACH(14))) & MAILPROTO__EACH(128);
}

static uint64_t not_wide(const char *at)
{
    return not_text(at);
}

static size_t before(uint64_t found)
{
    return mailproto__before(found);
}

static size_t before_wide(uint64_t found)
{
    return mailproto__before(found);
}
#endif

/* Where the name ends, if that is not behind `stop`. */
static const char *name_end(const char *at, const struct plain *p)
{
    for (; at <= p->last; at += STEP) {
        if (not_name(at) != 0) {
            return at + before(not_name(at));
        }
    }
    while (at < p->stop && is_name(*at)) {
        at++;
    }
    return at;
}

/* The end of text; NULL: it is not there. */
static const char *text_end(const char *at, const struct plain *p)
{
    for (; p->last - at >= (ptrdiff_t)WIDE - (ptrdiff_t)STEP; at += WIDE) {
        if (not_wide(at) != 0) {
            at += before_wide(not_wide(at));
            return at <= p->stop ? at : NULL;
        }
    }
    for (; at <= p->last; at += STEP) {
        if (not_text(at) != 0) {
            at += before(not_text(at));
            return at <= p->stop ? at : NULL;
        }
    }
    while (at <= p->stop && is_text(*at)) {
        at++;
    }
    return at <= p->stop ? at : NULL;
}

/* The lines of a field whose name ends at `p->colon`; 0: it is not plain. */
static inline int take_lines(const char *line, struct plain *p)
{
    const char *at = p->colon + 1;
    p->lf = 0;
    p->crlf = 0;
    for (;;) {
        at = text_end(at, p);
        if (at == NULL || at - line > MAILPROTO__LINE_MAX) {
            return 0;
        }
        p->end = at;
        if (at[0] == '\r' && at[1] == '\n') {
            p->crlf++;
            at += 2;
        } else if (at[0] == '\n') {
            p->lf++;
            at++;
        } else if (at[0] == '\t') {
            at++;
            continue;
        } else {
            return 0;
        }
        if ((unsigned char)*at > ' ' || (*at != ' ' && *at != '\t')) {
            p->next = at; /* RFC 5322 2.2.3 */
            return 1;
        }
        line = at;
        at++;
    }
}

static mailproto_bytes name_of(const struct mailproto_message *m, const struct plain *p)
{
    return mailproto__span(m->in.piece, (size_t)(p->colon - m->in.piece));
}

static mailproto_bytes value_of(const struct plain *p)
{
    return mailproto__span(p->colon + 1, (size_t)(p->end - p->colon - 1));
}

static void fill(const struct mailproto_message *m, mailproto_message_event *ev,
                 const struct plain *p, uint32_t id)
{
    const char *at = m->in.piece;
    ev->type = MAILPROTO_MESSAGE_FIELD;
    ev->flags = 0;
    ev->code = id;
    ev->encoding = 0;
    ev->depth = m->level - 1;
    ev->part = m->stack[m->level - 1].part;
    ev->offset = m->offset;
    ev->raw = mailproto__span(at, (size_t)(p->next - at));
    ev->name = name_of(m, p);
    ev->value = value_of(p);
    ev->octets = 0;
    ev->crlf_octets = 0;
    ev->lines = 0;
}

/* Fields that may stand once, and that steer nothing. */
#define BIT(field) MAILPROTO_FIELD_BIT(field)
static const uint64_t simple_fields =
    BIT(MAILPROTO_FIELD_FROM) | BIT(MAILPROTO_FIELD_SENDER) |
    BIT(MAILPROTO_FIELD_REPLY_TO) | BIT(MAILPROTO_FIELD_TO) | BIT(MAILPROTO_FIELD_CC) |
    BIT(MAILPROTO_FIELD_BCC) | BIT(MAILPROTO_FIELD_DATE) |
    BIT(MAILPROTO_FIELD_MESSAGE_ID) | BIT(MAILPROTO_FIELD_IN_REPLY_TO) |
    BIT(MAILPROTO_FIELD_REFERENCES) | BIT(MAILPROTO_FIELD_SUBJECT);

/* What a field that is complete may have to tell, or steers. */
static void done(struct mailproto_message *m, const struct plain *p, uint32_t id)
{
    struct mailproto__field_state *f = &m->field;
    f->start = m->offset;
    f->id = id;
    f->flags = 0;
    f->junk = 0;
    f->bad_name = 0;
    f->long_line = 0;
    f->not_utf8 = 0;
    mailproto__field_done(m, value_of(p), (uint64_t)(p->next - m->in.piece));
}

/* The field is done with. */
static inline void use(struct mailproto_message *m, const struct plain *p, uint32_t id)
{
    const uint32_t both = MAILPROTO__HEAD_CRLF | MAILPROTO__HEAD_LF;
    size_t octets = (size_t)(p->next - m->in.piece);
    m->state = MAILPROTO__AT_LINE;
    m->head.fields++;
    m->lf += p->lf + p->crlf;
    m->crlf += p->crlf;
    m->head.marks |= (p->crlf > 0 ? (uint32_t)MAILPROTO__HEAD_CRLF : 0) |
                     (p->lf > 0 ? (uint32_t)MAILPROTO__HEAD_LF : 0);
    if ((m->head.marks & both) == both ||
        (mailproto__single_fields & ~(simple_fields & ~m->head.seen)) >> id & 1) {
        done(m, p, id);
    }
    m->head.seen |= BIT(id) & simple_fields;
    m->offset += octets;
    m->in.piece += octets; /* nothing is held */
    m->in.piece_len -= octets;
}

/* Whether the first line is none of an mbox: `From ` or `>From `. */
static int is_field(const char *at)
{
    return at[0] != '>' && memcmp(at, "From ", 5) != 0;
}

/* Whether a field may begin here that needs no other look; a step can be made. */
static int may_begin(const struct mailproto_message *m)
{
    const char *at = m->in.piece;
    return m->in.head == m->in.tail && m->in.piece_len >= (size_t)STEP && *at > ' ' &&
           !mailproto__header_full(m) && (*at != '-' || m->multiparts == 0) &&
           (m->state != MAILPROTO__AT_FIRST || is_field(at));
}

/* A field at `at`: 0 if it is not plain. */
static inline int take_field(const char *at, size_t len, struct plain *p)
{
    p->last = at + (len - (size_t)STEP);
    p->stop = at + (len - (size_t)BEHIND);
    p->colon = name_end(at, p);
    return p->colon != at && p->colon - at < MAILPROTO__LINE_MAX &&
           p->colon <= p->stop && *p->colon == ':' && take_lines(at, p);
}

/* Where not all fields are told: up to one that is. */
static int scan_some(struct mailproto_message *m, mailproto_message_event *ev)
{
    while (m->defect_count == 0) {
        struct plain p;
        uint32_t id;
        int told;
        if (m->letters[0] != 0) {
            mailproto__scan_skip(m);
        }
        if (!may_begin(m) || !take_field(m->in.piece, m->in.piece_len, &p)) {
            return 0;
        }
        id = mailproto_field_find(name_of(m, &p));
        told = mailproto__is_told(m, id);
        if (told) {
            fill(m, ev, &p, id);
        }
        use(m, &p, id);
        if (told) {
            return 1;
        }
    }
    return 0;
}

int mailproto__scan_plain(struct mailproto_message *m, mailproto_message_event *ev)
{
    struct plain p;
    uint32_t id;
    if (m->options.fields != UINT64_MAX) {
        return scan_some(m, ev);
    }
    if (!may_begin(m) || !take_field(m->in.piece, m->in.piece_len, &p)) {
        return 0;
    }
    id = mailproto_field_find(name_of(m, &p));
    fill(m, ev, &p, id);
    use(m, &p, id);
    return 1;
}

#else

int mailproto__scan_plain(struct mailproto_message *m, mailproto_message_event *ev)
{
    (void)m;
    (void)ev;
    return 0;
}

#endif
