/*
 * The next event, one after another: which step of the scanner a state asks for, defects
 * before what they were found in, and when more octets are needed. Must not know lines.
 */
#include "message/scan.h"

#include "core/span.h"

void mailproto__defect(struct mailproto_message *m, uint32_t code, uint64_t offset)
{
    struct mailproto__pending *d;
    if (m->defect_count == MAILPROTO__DEFECTS_MAX) {
        return;
    }
    d = &m->defects[m->defect_count];
    d->code = code;
    d->offset = offset;
    d->part = m->level - 1;
    m->defect_count++;
}

static void give_defect(struct mailproto_message *m, mailproto_message_event *ev)
{
    const struct mailproto__pending *d = &m->defects[m->defect_next];
    ev->type = MAILPROTO_MESSAGE_DEFECT;
    ev->code = d->code;
    ev->offset = d->offset;
    ev->depth = d->part;
    ev->part = m->stack[d->part].part;
    m->defect_next++;
    if (m->defect_next == m->defect_count) {
        m->defect_next = 0;
        m->defect_count = 0;
    }
}

static enum mailproto__step step(struct mailproto_message *m,
                                 mailproto_message_event *ev)
{
    mailproto_bytes view = mailproto__window_view(&m->in);
    int end = m->eof && mailproto__window_all(&m->in);
    switch ((enum mailproto__state)m->state) {
    case MAILPROTO__AT_PART:
        return mailproto__scan_part_begin(m, ev);
    case MAILPROTO__AT_FIRST:
    case MAILPROTO__AT_LINE:
    case MAILPROTO__IN_FIELD:
        return mailproto__scan_header(m, ev, view, end);
    case MAILPROTO__AT_BODY:
        return mailproto__scan_headers_end(m, ev, view);
    case MAILPROTO__IN_BODY:
        return mailproto__scan_body(m, ev, view, end);
    case MAILPROTO__CLOSING:
        return mailproto__scan_closing(m, ev);
    case MAILPROTO__AT_DELIMITER:
    case MAILPROTO__IN_DELIMITER:
        return mailproto__scan_delimiter(m, view, end);
    case MAILPROTO__OVER:
        break;
    }
    return MAILPROTO__NEED;
}

/* All of the piece is used up but for what must be kept. */
static mailproto_status next_piece(struct mailproto_message *m)
{
    if (m->state <= MAILPROTO__AT_BODY) {
        mailproto__keep_type(m);
    }
    mailproto__window_keep(&m->in);
    m->fed = 0;
    return MAILPROTO_AGAIN;
}

/* Member by member: the compilers' way to clear so much at once is slow to begin. */
static void clear(mailproto_message_event *ev)
{
    ev->type = 0;
    ev->flags = 0;
    ev->code = 0;
    ev->encoding = 0;
    ev->depth = 0;
    ev->part = 0;
    ev->offset = 0;
    ev->raw = mailproto__span(NULL, 0);
    ev->name = mailproto__span(NULL, 0);
    ev->value = mailproto__span(NULL, 0);
    ev->octets = 0;
    ev->crlf_octets = 0;
    ev->lines = 0;
}

mailproto_status mailproto__scan_next(struct mailproto_message *m,
                                      mailproto_message_event *ev)
{
    clear(ev);
    for (;;) {
        if (m->defect_count > 0) {
            give_defect(m, ev);
            return MAILPROTO_OK;
        }
        if (m->state == MAILPROTO__OVER) {
            return MAILPROTO_EOF;
        }
        if (m->level > 0) {
            ev->depth = m->level - 1;
            ev->part = mailproto__top(m)->part;
        }
        switch (step(m, ev)) {
        case MAILPROTO__EVENT:
            return MAILPROTO_OK;
        case MAILPROTO__GO_ON:
            if (m->state == MAILPROTO__AT_LINE && m->defect_count == 0 &&
                mailproto__scan_plain(m, ev)) {
                return MAILPROTO_OK; /* behind a field that is not wanted */
            }
            break;
        case MAILPROTO__NEED:
            if (mailproto__window_all(&m->in)) {
                return next_piece(m);
            }
            mailproto__window_extend(&m->in);
            break;
        }
    }
}
