/*
 * Status lines: how they are read, and what they mean (RFC 1939 3 to 7). Knows the order
 * of a reply's parts; must not know how commands are queued.
 */
#include "pop3/client.h"

#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"
#include "wire/line.h"

/* ---- reading ------------------------------------------------------------------------ */

/* Whether a later part of a line holds what no status line may hold; `*at` where. */
static int is_dirty(mailproto_bytes text, size_t *at)
{
    static const char bad[3] = {'\0', '\r', '\n'};
    size_t i;
    *at = text.len;
    for (i = 0; i < sizeof bad; i++) {
        const char *hit = *at > 0 ? memchr(text.ptr, bad[i], *at) : NULL;
        if (hit != NULL) {
            *at = (size_t)(hit - text.ptr);
        }
    }
    return *at < text.len;
}

/* The piece is bad from its octet `at` on. What is before it is told and the next step
 * fails, so that the events do not depend on how the bytes came. */
static mailproto_status doom(mailproto_pop3_client *c, struct mailproto__pop3_piece *p,
                             size_t at, mailproto_status why)
{
    c->doom = why;
    c->doom_at = p->offset + at;
    if (p->text.len > at) {
        p->text.len = at;
    }
    p->end = 0;
    return p->text.len > 0 && !p->whole ? MAILPROTO_OK : MAILPROTO_AGAIN;
}

static mailproto_status doomed(mailproto_pop3_client *c)
{
    return mailproto__fail(&c->session, c->doom, c->doom_at,
                           c->doom == MAILPROTO_ERR_LINE_LIMIT ? "a line over max_line"
                                                               : "not a status line");
}

/* Looks at the piece as octets: OK, or AGAIN: all of it is bad. */
static mailproto_status check_octets(mailproto_pop3_client *c, int status_line,
                                     struct mailproto__pop3_piece *p)
{
    size_t allowed = c->max_line - c->line_size;
    size_t len = p->text.len + (p->end ? 2U : 0U);
    size_t at;
    if (status_line && c->in_line && is_dirty(p->text, &at) && at < allowed) {
        return doom(c, p, at, MAILPROTO_ERR_SYNTAX);
    }
    if (len > allowed) {
        return doom(c, p, allowed, MAILPROTO_ERR_LINE_LIMIT);
    }
    c->line_size = p->end ? 0 : c->line_size + (uint32_t)len;
    return MAILPROTO_OK;
}

/* The next piece of input into `p`: OK, AGAIN. */
static mailproto_status take_piece(mailproto_pop3_client *c,
                                   struct mailproto__pop3_piece *p)
{
    mailproto_session *s = &c->session;
    int end = 0;
    p->offset = s->offset;
    if (!c->in_line) {
        switch (mailproto__line_take(s, SIZE_MAX, &p->text)) {
        case MAILPROTO__LINE_OK:
            end = 1;
            p->whole = 1;
            break;
        case MAILPROTO__LINE_FULL:
            (void)mailproto__line_piece(s, &p->text, &end);
            break;
        case MAILPROTO__LINE_NONE:
        default:
            return MAILPROTO_AGAIN;
        }
    } else if (!mailproto__line_piece(s, &p->text, &end)) {
        return MAILPROTO_AGAIN;
    }
    p->end = (uint8_t)end;
    mailproto__trace(s, MAILPROTO_TRACE_REPLY, p->text.ptr,
                     p->text.len + (end ? 2U : 0U));
    return MAILPROTO_OK;
}

mailproto_status mailproto__pop3_client_piece(mailproto_pop3_client *c, int status_line,
                                              struct mailproto__pop3_piece *p)
{
    mailproto_status st;
    memset(p, 0, sizeof *p);
    st = take_piece(c, p);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (check_octets(c, status_line, p) != MAILPROTO_OK) {
        return doomed(c);
    }
    p->first = !c->in_line;
    c->in_line = !p->end;
    return MAILPROTO_OK;
}

/* The beginning of a status line, or all of it. */
static mailproto_status begin_line(mailproto_pop3_client *c,
                                   const struct mailproto__pop3_entry *e,
                                   struct mailproto__pop3_piece *p)
{
    struct mailproto__pop3_reply_line line;
    size_t at = 0;
    mailproto_status st = mailproto__pop3_reply_parse(p->text, &line, &at);
    if (st < 0) {
        c->doom = MAILPROTO_OK; /* this comes first */
        return mailproto__fail(&c->session, st, p->offset + at, "not a status line");
    }
    c->session.reply_code = line.code;
    memset(&c->status, 0, sizeof c->status);
    c->status.code = line.code;
    c->status.resp = line.resp;
    c->status.resp_text = line.resp_text;
    c->status.text = line.text;
    c->status.verb = e->kind < MAILPROTO__POP3_GREETING ? e->kind : 0;
    p->text = line.rest;
    return MAILPROTO_OK;
}

/* ---- telling ------------------------------------------------------------------------ */

mailproto_event *mailproto__pop3_client_tell(mailproto_pop3_client *c, uint32_t type,
                                             uint32_t tag,
                                             const struct mailproto__pop3_piece *p)
{
    mailproto_event *ev = mailproto__event(&c->session, type, tag);
    ev->code = c->status.code;
    ev->text = p->text;
    ev->detail = &c->status;
    if (!p->end) {
        ev->flags |= MAILPROTO_EVF_MORE;
    }
    if (!p->first) {
        c->status.resp_text = mailproto__span(NULL, 0);
        c->status.text = p->text;
    }
    return ev;
}

void mailproto__pop3_client_outcome(mailproto_pop3_client *c)
{
    uint32_t tag = mailproto__pop3_client_at(c, 0)->tag;
    mailproto_status local = c->aborted;
    uint32_t verb = mailproto__pop3_client_at(c, 0)->kind;
    mailproto_event *ev;
    memset(&c->status, 0, sizeof c->status);
    c->status.code = MAILPROTO_POP3_OK;
    c->status.local = local;
    c->status.verb = verb;
    c->aborted = MAILPROTO_OK;
    mailproto__pop3_client_pop(c);
    ev = mailproto__event(&c->session, MAILPROTO_EV_POP3_REPLY, tag);
    ev->code = MAILPROTO_POP3_OK;
    ev->detail = &c->status;
}

/* ---- what a reply changes ----------------------------------------------------------- */

static void settle(mailproto_pop3_client *c, const struct mailproto__pop3_entry *e)
{
    mailproto__pop3_client_pop(c);
    if (c->status.code != MAILPROTO_POP3_OK) {
        return;
    }
    if (e->kind == MAILPROTO_POP3_VERB_DELE) {
        ++c->deleted;
    } else if (e->kind == MAILPROTO_POP3_VERB_RSET) {
        c->deleted = 0;
    }
}

/* RFC 1939 5: "nn mm". Without a maildrop's size the reply is still one. */
static void read_stat(mailproto_pop3_client *c, const struct mailproto__pop3_piece *p,
                      mailproto_event *ev)
{
    uint32_t messages = 0;
    uint64_t octets = 0;
    if (p->first && mailproto__pop3_scan_parse(p->text, &messages, &octets) < 0) {
        c->status.local = MAILPROTO_ERR_SYNTAX;
    } else if (p->first) {
        c->status.messages = messages;
        c->status.octets = octets;
    }
    ev->number = c->status.octets;
}

/* RFC 1939 6 */
static void quit_reply(mailproto_pop3_client *c, const struct mailproto__pop3_entry *e,
                       const struct mailproto__pop3_piece *p)
{
    mailproto_event *ev =
        mailproto__pop3_client_tell(c, MAILPROTO_EV_POP3_COMMIT, e->tag, p);
    if (!c->logged_in) {
        ev->code = MAILPROTO_POP3_COMMIT_NOTHING;
    } else {
        ev->code = c->status.code == MAILPROTO_POP3_OK
                       ? (uint32_t)MAILPROTO_POP3_COMMIT_DONE
                       : (uint32_t)MAILPROTO_POP3_COMMIT_FAILED;
    }
    ev->number = c->deleted;
    if (p->end) {
        mailproto__pop3_client_pop(c);
        mailproto__close(&c->session);
    }
}

/* `+OK` to LIST or UIDL of one message: the text is the item. */
static int is_item(const mailproto_pop3_client *c,
                   const struct mailproto__pop3_entry *e)
{
    return c->status.code == MAILPROTO_POP3_OK &&
           !(e->flags & MAILPROTO__POP3_ENTRY_LINES) &&
           (e->kind == MAILPROTO_POP3_VERB_LIST || e->kind == MAILPROTO_POP3_VERB_UIDL);
}

/* The status line has ended and lines follow. */
static void begin_lines(mailproto_pop3_client *c, const struct mailproto__pop3_entry *e)
{
    c->progress = 0;
    switch (e->kind) {
    case MAILPROTO_POP3_VERB_RETR:
    case MAILPROTO_POP3_VERB_TOP:
        mailproto__pop3_client_content_begin(c);
        break;
    case MAILPROTO_POP3_VERB_CAPA:
        mailproto__pop3_client_caps_begin(c);
        c->phase = MAILPROTO__POP3_LINES;
        break;
    default:
        c->phase = MAILPROTO__POP3_LINES;
        break;
    }
    mailproto__pop3_client_rearm(c);
}

static void plain_reply(mailproto_pop3_client *c, const struct mailproto__pop3_entry *e,
                        const struct mailproto__pop3_piece *p)
{
    int lines = c->status.code == MAILPROTO_POP3_OK &&
                (e->flags & MAILPROTO__POP3_ENTRY_LINES) != 0;
    mailproto_event *ev;
    if (is_item(c, e)) {
        mailproto__pop3_client_item(c, e, p);
        if (p->end) {
            c->phase = MAILPROTO__POP3_REPLY_DONE;
        }
        return;
    }
    ev = mailproto__pop3_client_tell(c, MAILPROTO_EV_POP3_REPLY, e->tag, p);
    if (e->kind == MAILPROTO_POP3_VERB_STAT && ev->code == MAILPROTO_POP3_OK) {
        read_stat(c, p, ev);
    }
    if (p->end && lines) {
        ev->flags |= MAILPROTO_EVF_LINE_MORE;
        begin_lines(c, e);
    } else if (p->end) {
        settle(c, e);
    }
}

/* ---- whose reply it is -------------------------------------------------------------- */

static mailproto_status handle(mailproto_pop3_client *c,
                               const struct mailproto__pop3_entry *e,
                               const struct mailproto__pop3_piece *p)
{
    switch (e->kind) {
    case MAILPROTO_POP3_VERB_CAPA:
        if (!(e->flags & MAILPROTO__POP3_ENTRY_OWN)) {
            break;
        }
        if (p->end && c->status.code == MAILPROTO_POP3_OK) {
            begin_lines(c, e);
            return MAILPROTO_OK;
        }
        return mailproto__pop3_client_start(c, e, p);
    case MAILPROTO__POP3_GREETING:
    case MAILPROTO_POP3_VERB_STLS:
        return mailproto__pop3_client_start(c, e, p);
    case MAILPROTO_POP3_VERB_USER:
    case MAILPROTO_POP3_VERB_PASS:
    case MAILPROTO_POP3_VERB_APOP:
        return mailproto__pop3_client_login_reply(c, e, p);
    case MAILPROTO_POP3_VERB_AUTH:
        return mailproto__pop3_client_auth_reply(c, e, p);
    case MAILPROTO_POP3_VERB_QUIT:
        quit_reply(c, e, p);
        return MAILPROTO_OK;
    default:
        break;
    }
    plain_reply(c, e, p);
    return MAILPROTO_OK;
}

/* Reads a status line. */
static mailproto_status read_status(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    struct mailproto__pop3_entry e;
    struct mailproto__pop3_piece p;
    mailproto_status st;
    if (!c->in_line && mailproto__peek(s).len > 0 &&
        (c->sent == 0 || !mailproto__pop3_client_has_left(c))) {
        return mailproto__fail(s, MAILPROTO_ERR_UNEXPECTED, s->offset,
                               "a reply to nothing");
    }
    if (c->sent == 0) {
        return MAILPROTO_AGAIN;
    }
    if (c->auth.step != MAILPROTO__AUTH_NOT && !c->in_line) {
        st = mailproto__pop3_client_challenge(c);
        if (st != MAILPROTO_NOT_READY) {
            return st;
        }
    }
    st = mailproto__pop3_client_piece(c, 1, &p);
    if (st != MAILPROTO_OK) {
        return st;
    }
    e = *mailproto__pop3_client_at(c, 0);
    if (p.first) {
        st = begin_line(c, &e, &p);
        if (st < 0) {
            return st;
        }
    }
    return handle(c, &e, &p);
}

/* The input has ended, and no whole line is left in it. */
static mailproto_status at_eof(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    struct mailproto__pop3_entry e;
    if (c->sent == 0 && c->state == MAILPROTO__POP3_REFUSED) {
        mailproto__close(s); /* the refusal stays the session's error */
        return MAILPROTO_OK;
    }
    if (c->sent > 0 && !c->in_line && !c->logged_in && !mailproto__has_input(s)) {
        e = *mailproto__pop3_client_at(c, 0);
        if (e.kind == MAILPROTO_POP3_VERB_QUIT) { /* nothing depends on its reply */
            mailproto_event *ev = mailproto__pop3_client_no_reply(
                c, MAILPROTO_EV_POP3_COMMIT, e.tag, MAILPROTO_ERR_EOF);
            ev->code = MAILPROTO_POP3_COMMIT_NOTHING;
            c->status.verb = e.kind;
            mailproto__pop3_client_pop(c);
            mailproto__close(s);
            return MAILPROTO_OK;
        }
    }
    return mailproto__fail(s, MAILPROTO_ERR_EOF, s->offset,
                           "the connection ended before it was time");
}

mailproto_status mailproto__pop3_client_read(mailproto_pop3_client *c)
{
    mailproto_status st;
    if (c->doom < 0) {
        return doomed(c);
    }
    switch (c->phase) {
    case MAILPROTO__POP3_CONTENT:
        st = mailproto__pop3_client_content_step(c);
        break;
    case MAILPROTO__POP3_LINES:
        st = mailproto__pop3_client_line(c);
        break;
    case MAILPROTO__POP3_REPLY_DONE:
        mailproto__pop3_client_outcome(c);
        return MAILPROTO_OK;
    default:
        st = read_status(c);
        break;
    }
    return st == MAILPROTO_AGAIN && c->session.eof ? at_eof(c) : st;
}
