/*
 * The lines of multi-line replies (RFC 1939 3) and the items among them (RFC 1939 5, 7).
 * Knows the lone dot and whose lines are listings; must not know how lines are read.
 */
#include "pop3/client.h"

#include "core/span.h"
#include "pop3/syntax.h"

/* The event of a line, or of a part of one. */
static mailproto_event *tell_line(mailproto_pop3_client *c, uint32_t tag,
                                  const struct mailproto__pop3_piece *p)
{
    mailproto_event *ev = mailproto__event(&c->session, MAILPROTO_EV_POP3_LINE, tag);
    ev->text = p->text;
    if (!p->end) {
        ev->flags |= MAILPROTO_EVF_MORE;
    }
    return ev;
}

void mailproto__pop3_client_item(mailproto_pop3_client *c,
                                 const struct mailproto__pop3_entry *e,
                                 const struct mailproto__pop3_piece *p)
{
    mailproto_bytes uid = mailproto__span(NULL, 0);
    uint32_t n = 0;
    uint64_t octets = 0;
    mailproto_event *ev;
    mailproto_status st = MAILPROTO_ERR_SYNTAX; /* a part of a line is no item */
    if (p->whole && e->kind == MAILPROTO_POP3_VERB_LIST) {
        st = mailproto__pop3_scan_parse(p->text, &n, &octets);
    } else if (p->whole) {
        st = mailproto__pop3_uid_parse(p->text, 1, &n, &uid);
    }
    if (st < 0 || n == 0) {
        tell_line(c, e->tag, p)->flags |= MAILPROTO_EVF_REJECTED;
        return;
    }
    ev = mailproto__event(&c->session, MAILPROTO_EV_POP3_ITEM, e->tag);
    ev->code = n;
    ev->number = octets;
    ev->text = uid;
}

static void end_lines(mailproto_pop3_client *c, const struct mailproto__pop3_entry *e)
{
    if (e->kind == MAILPROTO_POP3_VERB_CAPA) {
        mailproto__pop3_client_caps_end(c);
    }
    if (e->flags & MAILPROTO__POP3_ENTRY_OWN) {
        mailproto__pop3_client_pop(c);
        mailproto__pop3_client_greeted(c);
    } else {
        mailproto__pop3_client_outcome(c);
    }
}

mailproto_status mailproto__pop3_client_line(mailproto_pop3_client *c)
{
    struct mailproto__pop3_entry e = *mailproto__pop3_client_at(c, 0);
    struct mailproto__pop3_piece p;
    mailproto_status st = mailproto__pop3_client_piece(c, 0, &p);
    if (st != MAILPROTO_OK) {
        return st;
    }
    mailproto__pop3_client_count(c, p.text.len + (p.end ? 2U : 0U));
    if (p.first && p.text.len > 0 && p.text.ptr[0] == '.') { /* RFC 1939 3 */
        if (p.whole && p.text.len == 1) {
            end_lines(c, &e);
            return MAILPROTO_OK;
        }
        p.text = mailproto__tail(p.text, 1);
    }
    switch (e.kind) {
    case MAILPROTO_POP3_VERB_LIST:
    case MAILPROTO_POP3_VERB_UIDL:
        mailproto__pop3_client_item(c, &e, &p);
        break;
    case MAILPROTO_POP3_VERB_CAPA:
        mailproto__pop3_client_caps_line(c, &p);
        if (!(e.flags & MAILPROTO__POP3_ENTRY_OWN)) {
            (void)tell_line(c, e.tag, &p);
        }
        break;
    default:
        (void)tell_line(c, e.tag, &p);
        break;
    }
    return MAILPROTO_OK;
}
