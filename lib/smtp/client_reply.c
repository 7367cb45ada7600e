/*
 * Reply lines: how they are read, and what they mean to a transaction. Knows the codes
 * of RFC 5321 4.2 and 4.3; must not know how commands are queued.
 */
#include "smtp/client.h"

#include "core/mem.h"
#include "core/span.h"
#include "smtp/syntax.h"
#include "wire/line.h"

/* ---- reading ------------------------------------------------------------------------ */

/* The beginning of a line, or all of it. */
static mailproto_status begin_line(mailproto_smtp_client *c,
                                   struct mailproto__smtp_piece *p)
{
    struct mailproto__smtp_reply_line line;
    size_t at = 0;
    mailproto_status st = mailproto__smtp_reply_parse(p->text, &line, &at);
    if (st < 0) {
        return mailproto__fail(&c->session, st, p->offset + at, "not a reply line");
    }
    if (c->in_reply && line.code != c->code) { /* RFC 5321 4.2.1 */
        return mailproto__fail(&c->session, MAILPROTO_ERR_SYNTAX, p->offset,
                               "the code changes within a reply");
    }
    p->first = !c->in_reply;
    if (p->first) {
        c->in_reply = 1;
        c->lines = 0;
        c->code = line.code;
        c->unasked = c->sent == 0 || !mailproto__smtp_client_has_left(c);
        c->session.reply_code = line.code;
    }
    c->more = line.more;
    memset(&c->status, 0, sizeof c->status);
    c->status.code = line.code;
    c->status.origin = MAILPROTO_ORIGIN_PEER;
    if (mailproto__offers(&c->session, MAILPROTO_SMTP_CAP_ENHANCED)) { /* RFC 2034 */
        memcpy(c->status.enhanced, line.enhanced, sizeof c->status.enhanced);
    }
    p->text = line.text;
    return MAILPROTO_OK;
}

/* Whether a later part of a line holds what no reply may hold; `*at` where. */
static int is_dirty(mailproto_bytes text, size_t *at)
{
    static const char bad[3] = {'\0', '\r', '\n'};
    size_t i;
    *at = text.len;
    for (i = 0; i < sizeof bad; i++) {
        const char *hit = text.len > 0 ? memchr(text.ptr, bad[i], *at) : NULL;
        if (hit != NULL) {
            *at = (size_t)(hit - text.ptr);
        }
    }
    return *at < text.len;
}

/* The piece is bad from its octet `at` on. What is before it is told and the next step
 * fails, so that the events do not depend on how the bytes came. */
static mailproto_status doom(mailproto_smtp_client *c, struct mailproto__smtp_piece *p,
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

static mailproto_status doomed(mailproto_smtp_client *c)
{
    return mailproto__fail(&c->session, c->doom, c->doom_at,
                           c->doom == MAILPROTO_ERR_LINE_LIMIT
                               ? "a reply over max_reply"
                               : "not a reply line");
}

/* Looks at the piece as octets: OK, or AGAIN: all of it is bad. */
static mailproto_status check_octets(mailproto_smtp_client *c,
                                     struct mailproto__smtp_piece *p)
{
    size_t allowed = c->max_reply - c->reply_size;
    size_t len = p->text.len + (p->end ? 2U : 0U);
    size_t at;
    if (c->in_line && is_dirty(p->text, &at) && at < allowed) {
        return doom(c, p, at, MAILPROTO_ERR_SYNTAX);
    }
    if (len > allowed) {
        return doom(c, p, allowed, MAILPROTO_ERR_LINE_LIMIT);
    }
    c->reply_size += (uint32_t)len;
    return MAILPROTO_OK;
}

/* The next piece of input into `p`: OK, AGAIN. */
static mailproto_status take_piece(mailproto_smtp_client *c,
                                   struct mailproto__smtp_piece *p)
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

/* The next piece of a reply: OK, AGAIN, or an error. */
static mailproto_status next_piece(mailproto_smtp_client *c,
                                   struct mailproto__smtp_piece *p)
{
    mailproto_status st;
    memset(p, 0, sizeof *p);
    st = take_piece(c, p);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (check_octets(c, p) != MAILPROTO_OK) {
        return doomed(c);
    }
    if (!c->in_line) {
        st = begin_line(c, p);
        if (st < 0) {
            return st;
        }
    }
    c->in_line = !p->end;
    p->code = c->code;
    p->first_line = c->lines == 0;
    p->last_line = !c->more;
    p->done = p->end && !c->more;
    if (p->end) {
        c->lines = 1;
    }
    if (p->done) {
        c->in_reply = 0;
        c->reply_size = 0;
    }
    return MAILPROTO_OK;
}

/* ---- telling ------------------------------------------------------------------------ */

mailproto_event *mailproto__smtp_client_tell(mailproto_smtp_client *c, uint32_t type,
                                             uint32_t tag,
                                             const struct mailproto__smtp_piece *p)
{
    mailproto_event *ev = mailproto__event(&c->session, type, tag);
    ev->code = p->code;
    ev->text = p->text;
    ev->detail = &c->status;
    if (!p->end) {
        ev->flags |= MAILPROTO_EVF_MORE;
    } else if (!p->done) {
        ev->flags |= MAILPROTO_EVF_LINE_MORE;
    }
    return ev;
}

mailproto_status mailproto__smtp_client_broken(mailproto_smtp_client *c,
                                               const struct mailproto__smtp_piece *p,
                                               mailproto_status why, const char *detail)
{
    return mailproto__fail(&c->session, why, p->offset, detail);
}

/* 421 to a command of the engine's own is news all the same (RFC 5321 3.8). */
static void tell_going_away(mailproto_smtp_client *c,
                            const struct mailproto__smtp_piece *p)
{
    if (p->code == 421) {
        (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_REPLY, 0, p);
    }
}

/* ---- transactions ------------------------------------------------------------------- */

static int is_good(uint16_t code)
{
    return code / 100 == 2;
}

/* DATA's reply is 3xx: content, or, as nobody is left to get it, a lone dot (RFC 2920
 * 3.1). */
static void data_accepted(mailproto_smtp_client *c,
                          const struct mailproto__smtp_entry *e)
{
    mailproto__smtp_client_at(c, 0)->kind = MAILPROTO__SMTP_DATA_END;
    if (c->mail_ok && c->rcpt_ok) {
        mailproto__smtp_client_content_open(c, e->tag);
        return;
    }
    mailproto__smtp_client_at(c, 0)->flags |= MAILPROTO__ENTRY_OWN;
    c->wish = MAILPROTO__WISH_DOT;
    c->stuff.seen = 0;
    mailproto__smtp_client_rearm(c);
    mailproto__smtp_client_no_reply(c, e->kind, e->tag, MAILPROTO_ORIGIN_LOCAL,
                                    MAILPROTO_ERR_CANCELLED);
}

static mailproto_status data_reply(mailproto_smtp_client *c,
                                   const struct mailproto__smtp_entry *e,
                                   const struct mailproto__smtp_piece *p)
{
    if (is_good(p->code)) {
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_UNEXPECTED,
                                             "DATA is done before its content");
    }
    if (p->code / 100 == 3) {
        if (p->done) {
            data_accepted(c, e);
        }
        return MAILPROTO_OK;
    }
    (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_FINAL, e->tag, p);
    if (p->done) {
        mailproto__smtp_client_pop(c);
        if (c->mail_ok) {
            c->wish = MAILPROTO__WISH_RSET;
        }
        c->mail_ok = 0;
        c->rcpt_ok = 0;
    }
    return MAILPROTO_OK;
}

/* The reply to the content. One that comes before the content's end is believed when it
 * is a refusal; the session cannot go on. */
static mailproto_status content_reply(mailproto_smtp_client *c,
                                      const struct mailproto__smtp_entry *e,
                                      const struct mailproto__smtp_piece *p)
{
    int early =
        (e->flags & MAILPROTO__ENTRY_LAST) != 0 || !mailproto__smtp_client_is_out(c);
    mailproto_event *ev;
    if (early && is_good(p->code)) {
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_UNEXPECTED,
                                             "a reply before the content's end");
    }
    if (e->flags & MAILPROTO__ENTRY_OWN) {
        tell_going_away(c, p);
    } else {
        ev = mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_FINAL, e->tag, p);
        if (c->stuff.seen & MAILPROTO__DOT_REPAIRED) {
            ev->flags |= MAILPROTO_EVF_REPAIRED;
        }
    }
    if (p->done) {
        mailproto__smtp_client_pop(c);
        c->mail_ok = 0;
        c->rcpt_ok = 0;
        if (early && p->code != 421) {
            (void)mailproto__fail(&c->session, MAILPROTO_ERR_UNEXPECTED,
                                  c->session.offset,
                                  "a reply before the content's end");
        }
    }
    return MAILPROTO_OK;
}

/* What a finished reply changes. */
static void settle(mailproto_smtp_client *c, uint8_t kind, uint16_t code)
{
    switch (kind) {
    case MAILPROTO_SMTP_VERB_MAIL:
        c->mail_ok = (uint8_t)is_good(code);
        c->rcpt_ok = 0;
        if (!c->mail_ok) {
            mailproto__smtp_client_mail_refused(c);
        }
        break;
    case MAILPROTO_SMTP_VERB_RCPT:
        if (is_good(code)) {
            c->rcpt_ok = 1;
        }
        break;
    case MAILPROTO_SMTP_VERB_RSET:
        c->mail_ok = 0;
        c->rcpt_ok = 0;
        break;
    default:
        break;
    }
    mailproto__smtp_client_pop(c);
    if (kind == MAILPROTO_SMTP_VERB_QUIT) {
        mailproto__close(&c->session);
    }
}

static mailproto_status plain_reply(mailproto_smtp_client *c,
                                    const struct mailproto__smtp_entry *e,
                                    const struct mailproto__smtp_piece *p)
{
    /* RFC 5321 4.5.3.1.10: too many recipients, whatever it was written for */
    if (e->kind == MAILPROTO_SMTP_VERB_RCPT && c->status.code == 552) {
        c->status.code = 452;
    }
    if (!(e->flags & MAILPROTO__ENTRY_OWN)) {
        (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_REPLY, e->tag, p);
    } else {
        tell_going_away(c, p);
    }
    if (p->done) {
        settle(c, e->kind, p->code);
    }
    return MAILPROTO_OK;
}

/* Nothing was asked: only a server that goes away speaks then (RFC 5321 3.8). */
static mailproto_status unasked_reply(mailproto_smtp_client *c,
                                      const struct mailproto__smtp_piece *p)
{
    if (p->code != 421) {
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_UNEXPECTED,
                                             "a reply to nothing");
    }
    (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_REPLY, 0, p);
    return MAILPROTO_OK;
}

/* ---- whose reply it is -------------------------------------------------------------- */

static mailproto_status handle(mailproto_smtp_client *c,
                               const struct mailproto__smtp_piece *p)
{
    struct mailproto__smtp_entry e;
    if (c->unasked) {
        return unasked_reply(c, p);
    }
    e = *mailproto__smtp_client_at(c, 0);
    if (p->code / 100 == 3 && e.kind != MAILPROTO_SMTP_VERB_DATA) {
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_SYNTAX,
                                             "3xx where nothing more is to be sent");
    }
    switch (e.kind) {
    case MAILPROTO__SMTP_GREETING:
    case MAILPROTO_SMTP_VERB_EHLO:
    case MAILPROTO_SMTP_VERB_HELO:
    case MAILPROTO_SMTP_VERB_STARTTLS:
        return mailproto__smtp_client_start(c, &e, p);
    case MAILPROTO_SMTP_VERB_AUTH:
        return mailproto__smtp_client_auth_reply(c, &e, p);
    case MAILPROTO_SMTP_VERB_DATA:
        return data_reply(c, &e, p);
    case MAILPROTO__SMTP_DATA_END:
        return content_reply(c, &e, p);
    default:
        return plain_reply(c, &e, p);
    }
}

/* The input has ended, and no whole line is left in it. */
static mailproto_status at_eof(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    struct mailproto__smtp_entry e;
    if (c->sent == 0 && c->state == MAILPROTO__SMTP_REFUSED) {
        mailproto__close(s); /* the refusal stays the session's error */
        return MAILPROTO_OK;
    }
    if (c->sent > 0 && !c->in_reply) {
        e = *mailproto__smtp_client_at(c, 0);
        if (e.kind == MAILPROTO_SMTP_VERB_QUIT) {
            mailproto__smtp_client_no_reply(
                c, e.kind, e.tag, MAILPROTO_ORIGIN_TRANSPORT, MAILPROTO_ERR_EOF);
            mailproto__smtp_client_pop(c);
            mailproto__close(s);
            return MAILPROTO_OK;
        }
    }
    return mailproto__fail(s, MAILPROTO_ERR_EOF, s->offset,
                           "the connection ended before it was time");
}

mailproto_status mailproto__smtp_client_read(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    struct mailproto__smtp_piece p;
    mailproto_status st = MAILPROTO_NOT_READY;
    if (c->doom < 0) {
        return doomed(c);
    }
    if (c->auth.step != MAILPROTO__AUTH_NOT && !c->in_reply) {
        st = mailproto__smtp_client_challenge(c);
    }
    if (st == MAILPROTO_NOT_READY) {
        st = next_piece(c, &p);
        if (st == MAILPROTO_OK) {
            st = handle(c, &p);
            if (st == MAILPROTO_OK && p.done && p.code == 421 && !s->closing &&
                c->state != MAILPROTO__SMTP_REFUSED) {
                /* RFC 5321 3.8: nothing more will come */
                (void)mailproto__fail(s, MAILPROTO_ERR_EOF, s->offset,
                                      "421: the peer closes the connection");
            }
        }
    }
    return st == MAILPROTO_AGAIN && s->eof ? at_eof(c) : st;
}
