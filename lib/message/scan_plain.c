/*
 * Fields as nearly all are: a name and its colon, lines of text that are not too long, all
 * of it in the piece that was fed. Each octet is looked at once: what is searched for is
 * the first that is not of text, and a line end is one. Knows no defect: any other field
 * is left to scan_header.c, which reads these to the same end.
 */
#include "message/scan.h"

#include "codec/plain.h"
#include "core/span.h"

#ifdef MAILPROTO__FIRST_IS_LOWEST

enum {
    STEP = 16, /* octets that are looked at at once */
    /* Octets that are there where a step begins: CRLF may be where it ends, and the octet
     * behind that decides whether a field goes on. */
    THERE = STEP - 1 + 3
};

struct plain {
    const char *colon; /* where the name ends */
    const char *end;   /* ... the value */
    const char *next;  /* behind its last line end */
    size_t lf, crlf;   /* lines that end so */
};

static uint64_t word_at(const char *at)
{
    return mailproto__plain_word((const unsigned char *)at);
}

/* The octet of at[0, 8) that the lowest bit in `found` stands for. */
static const char *place(const char *at, uint64_t found)
{
    return at + mailproto__before(found);
}

/* RFC 5322 3.6.8: ftext is from 33 to 126 but `:`. 0, or a bit of the first other one. */
static uint64_t not_name(uint64_t word)
{
    return ((word + MAILPROTO__EACH(1))                               /* above 126 */
            | (word - MAILPROTO__EACH(33))                            /* below 33 */
            | ((word ^ MAILPROTO__EACH(':')) - MAILPROTO__EACH(1))) & /* 0 */
           MAILPROTO__EACH(128);
}

/* The same of text: from 14 to 127. TAB is none: it is rare but in front of lines. */
static uint64_t not_text(uint64_t word)
{
    return (word | (word - MAILPROTO__EACH(14))) & MAILPROTO__EACH(128);
}

/* The end of a name, or of its last whole word. Behind `last` no step begins. */
static const char *name_end(const char *at, const char *last)
{
    for (; at <= last; at += 8) {
        uint64_t found = not_name(word_at(at));
        if (found != 0) {
            return place(at, found);
        }
    }
    return at;
}

/* The end of text; NULL: it is not there. */
static const char *text_end(const char *at, const char *last)
{
    for (; at <= last; at += STEP) {
        uint64_t found = not_text(word_at(at));
        if (found != 0) {
            return place(at, found);
        }
        found = not_text(word_at(at + 8));
        if (found != 0) {
            return place(at + 8, found);
        }
    }
    return NULL;
}

/* The lines of a field whose name ends at `p->colon`; 0: it is not plain. */
static int take_lines(const char *line, const char *last, struct plain *p)
{
    const char *at = p->colon + 1;
    p->lf = 0;
    p->crlf = 0;
    for (;;) {
        at = text_end(at, last);
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

static void fill(const struct mailproto_message *m, mailproto_message_event *ev,
                 const struct plain *p)
{
    const char *at = m->in.piece;
    ev->type = MAILPROTO_MESSAGE_FIELD;
    ev->flags = 0;
    ev->encoding = 0;
    ev->depth = m->level - 1;
    ev->part = m->stack[m->level - 1].part;
    ev->offset = m->offset;
    ev->raw = mailproto__span(at, (size_t)(p->next - at));
    ev->name = mailproto__span(at, (size_t)(p->colon - at));
    ev->value = mailproto__span(p->colon + 1, (size_t)(p->end - p->colon - 1));
    ev->octets = 0;
    ev->crlf_octets = 0;
    ev->lines = 0;
}

/* What a field that is complete may have to tell, or steers. */
static void done(struct mailproto_message *m, const mailproto_message_event *ev)
{
    struct mailproto__field_state *f = &m->field;
    f->start = m->offset;
    f->id = ev->code;
    f->flags = 0;
    f->junk = 0;
    f->bad_name = 0;
    f->long_line = 0;
    f->not_utf8 = 0;
    mailproto__field_done(m, ev->value, ev->raw.len);
}

int mailproto__scan_plain(struct mailproto_message *m, mailproto_message_event *ev)
{
    const uint32_t both = MAILPROTO__HEAD_CRLF | MAILPROTO__HEAD_LF;
    const char *at = m->in.piece;
    const char *last;
    struct plain p;
    if (m->in.head != m->in.tail || m->in.piece_len < THERE ||
        mailproto__header_full(m) || (*at == '-' && m->multiparts > 0)) {
        return 0;
    }
    last = at + (m->in.piece_len - THERE);
    p.colon = name_end(at, last);
    if (p.colon == at || p.colon - at >= MAILPROTO__LINE_MAX || *p.colon != ':' ||
        !take_lines(at, last, &p)) {
        return 0;
    }
    fill(m, ev, &p);
    m->head.fields++;
    m->lf += p.lf + p.crlf;
    m->crlf += p.crlf;
    m->head.marks |= (p.crlf > 0 ? (uint32_t)MAILPROTO__HEAD_CRLF : 0) |
                     (p.lf > 0 ? (uint32_t)MAILPROTO__HEAD_LF : 0);
    ev->code = mailproto_field_find(ev->name);
    if ((mailproto__single_fields >> ev->code & 1) || (m->head.marks & both) == both) {
        done(m, ev);
    }
    m->offset += ev->raw.len;
    m->in.piece += ev->raw.len; /* nothing is held */
    m->in.piece_len -= ev->raw.len;
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
