/*
 * The public calls of a session that move bytes, events and time. Knows the base only;
 * what a protocol makes of it is the role's (dispatch.h).
 */
#include "core/session.h"

#include "core/dispatch.h"
#include "core/engine.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

mailproto_status mailproto_session_next_event(mailproto_session *s, mailproto_event *ev)
{
    if (s->closed) {
        return MAILPROTO_EOF;
    }
    if (!s->has_event) {
        mailproto__advance(s);
    }
    if (!s->has_event) {
        return MAILPROTO_AGAIN;
    }
    *ev = s->event;
    s->has_event = 0;
    s->closed = ev->type == MAILPROTO_EV_CLOSED;
    return MAILPROTO_OK;
}

/* ---- bytes in ----------------------------------------------------------------------- */

/* The session's fatal error, or OK. */
static mailproto_status health(const mailproto_session *s)
{
    return s->failed ? s->error : MAILPROTO_OK;
}

static int takes_input(const mailproto_session *s)
{
    return !s->closing && !s->closed && !s->failed && !s->eof;
}

/* Input has come: is it someone's turn? (RFC 3207 4.2, RFC 2920 3.1) */
static mailproto_status arrival(mailproto_session *s)
{
    if (mailproto__tls_pending(s)) {
        return mailproto__fail(s, MAILPROTO_ERR_TLS_INJECTION, s->offset,
                               mailproto__tls_injection);
    }
    if ((s->flush && !mailproto__drained(s)) || (s->awaiting && s->offset == 0)) {
        (void)mailproto__role_signal(s, MAILPROTO__EARLY);
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto_session_feed(mailproto_session *s, const void *data,
                                        size_t len, size_t *consumed)
{
    mailproto_status st;
    *consumed = 0;
    s->unread = 0;
    if (!takes_input(s)) {
        return health(s) < 0 ? health(s) : s->eof ? MAILPROTO_ERR_STATE : MAILPROTO_OK;
    }
    if (len == 0) {
        return MAILPROTO_OK;
    }
    st = arrival(s);
    if (st < 0) {
        return st;
    }
    if (!s->has_event && !s->awaiting) {
        s->in.lent = mailproto__span(data, len);
        mailproto__advance(s);
        *consumed = len - s->in.lent.len;
        s->in.lent = mailproto__span(NULL, 0);
    }
    s->unread = *consumed < len;
    return health(s);
}

/* What is kept and what is unread move to the beginning of the block. */
static void pack_input(mailproto_session *s)
{
    struct mailproto__input *in = &s->in;
    size_t len = in->tail - in->head;
    size_t old = in->tail;
    if (in->head == in->kept) {
        return;
    }
    memmove(in->base, in->base + in->kept_at, in->kept);
    memmove(in->base + in->kept, in->base + in->head, len);
    in->kept_at = 0;
    in->head = in->kept;
    in->tail = in->kept + len;
    if (s->secret_in) {
        mailproto__wipe(in->base + in->tail, old - in->tail);
    }
}

void *mailproto_session_input_space(mailproto_session *s, size_t *cap)
{
    *cap = 0;
    if (!takes_input(s)) {
        return NULL;
    }
    if (!s->awaiting && !s->has_event) {
        pack_input(s);
    }
    if (s->in.tail < s->in.cap - s->in.spare) {
        *cap = s->in.cap - s->in.spare - s->in.tail;
    }
    return *cap > 0 ? s->in.base + s->in.tail : NULL;
}

mailproto_status mailproto_session_input_commit(mailproto_session *s, size_t len)
{
    mailproto_status st;
    if (!takes_input(s)) {
        return health(s) < 0 ? health(s) : MAILPROTO_ERR_STATE;
    }
    if (s->in.tail > s->in.cap - s->in.spare ||
        len > s->in.cap - s->in.spare - s->in.tail) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (len == 0) {
        return MAILPROTO_OK;
    }
    st = arrival(s);
    if (st < 0) {
        return st;
    }
    s->in.tail += len;
    s->starved = 0;
    s->unread = 0;
    mailproto__touch(s);
    return MAILPROTO_OK;
}

mailproto_status mailproto_session_feed_eof(mailproto_session *s)
{
    if (takes_input(s)) {
        s->eof = 1;
        s->starved = 0;
        s->unread = 0;
        if (mailproto__tls_pending(s)) {
            (void)mailproto__fail(s, MAILPROTO_ERR_EOF, s->offset,
                                  "the connection ended before TLS has started");
        }
        mailproto__touch(s);
    }
    return health(s);
}

/* ---- bytes out ---------------------------------------------------------------------- */

const void *mailproto_session_output(mailproto_session *s, size_t *len)
{
    if (s->write_failed < 0) {
        s->out.head = s->out.due;
    }
    *len = s->out.due - s->out.head;
    return s->out.base + s->out.head;
}

mailproto_status mailproto_session_output_sent(mailproto_session *s, size_t len)
{
    if (len > s->out.due - s->out.head) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (len == 0) {
        return MAILPROTO_OK;
    }
    if (s->secret_out) {
        mailproto__wipe(s->out.base + s->out.head, len);
    }
    s->out.head += len;
    if (mailproto__drained(s)) {
        s->flush = 0;
    }
    if (s->wants_room == MAILPROTO__ROOM_WANTED) {
        s->wants_room = MAILPROTO__ROOM_GREW;
    }
    mailproto__touch(s);
    return MAILPROTO_OK;
}

mailproto_status mailproto_session_output_failed(mailproto_session *s,
                                                 mailproto_status why)
{
    if (why >= 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (s->closed || s->failed) {
        s->out.head = s->out.due = s->out.tail;
        mailproto__touch(s);
        return MAILPROTO_OK;
    }
    if (!mailproto__is_client(s) || s->eof || s->closing || mailproto__tls_pending(s)) {
        return mailproto_session_fail(s, why);
    }
    s->write_failed = why;
    s->out.head = s->out.due;
    mailproto__touch(s);
    return MAILPROTO_OK;
}

/* ---- waiting ------------------------------------------------------------------------ */

/* Whether what is due should be written now: someone waits, or there is no more to add. */
static int write_is_due(const mailproto_session *s)
{
    return !mailproto__drained(s) &&
           (s->flush || s->starved || s->postponed || s->closing || s->failed ||
            mailproto__tls_pending(s));
}

/* What a running session wants of its peer and of its application. */
static uint32_t turn_flags(const mailproto_session *s)
{
    if (s->awaiting) {
        /* Before the greeting an early talker shows itself by its bytes. */
        int greet = s->offset == 0 && s->in.tail == 0 && !s->eof;
        return (uint32_t)MAILPROTO_WANT_APP |
               (greet ? (uint32_t)MAILPROTO_MAY_READ : 0) |
               (s->content_open ? (uint32_t)MAILPROTO_WANT_CONTENT : 0);
    }
    if (s->write_failed < 0) {
        return s->eof ? 0 : (uint32_t)MAILPROTO_WANT_READ;
    }
    if (s->content_open) {
        return (uint32_t)MAILPROTO_WANT_APP | MAILPROTO_WANT_CONTENT |
               (s->eof ? 0 : (uint32_t)MAILPROTO_MAY_READ);
    }
    if (s->timeout_ms == 0 || s->busy) {
        return (uint32_t)MAILPROTO_WANT_APP |
               (s->eof ? 0 : (uint32_t)MAILPROTO_MAY_READ);
    }
    return s->eof ? 0 : (uint32_t)MAILPROTO_WANT_READ;
}

/* Whether the time that passes is the application's and not the peer's. */
static int is_on_application(const mailproto_session *s)
{
    return (s->awaiting || s->busy) && !s->standing &&
           !(s->paced && !mailproto__drained(s));
}

void mailproto_session_get_want(const mailproto_session *s, mailproto_want *want)
{
    mailproto_want w;
    memset(&w, 0, sizeof w);
    w.wait_id = s->wait_id;
    if (s->closed) {
        w.flags = MAILPROTO_WANT_CLOSED;
    } else {
        w.timeout_ms = is_on_application(s) ? 0 : s->timeout_ms;
        w.flags = write_is_due(s) ? (uint32_t)MAILPROTO_WANT_WRITE : 0;
        if (s->has_event || (s->fresh && !s->awaiting)) {
            w.flags |= MAILPROTO_WANT_EVENT;
        }
        if (s->tls.state == MAILPROTO__TLS_AWAITED && !s->failed) {
            w.flags |= MAILPROTO_WANT_TLS;
        } else if (!s->closing && !s->failed && !mailproto__tls_pending(s)) {
            w.flags |= turn_flags(s);
        }
    }
    (void)mailproto__output_copy(want, &w, sizeof w);
}

mailproto_status mailproto_session_timed_out(mailproto_session *s, uint32_t wait_id)
{
    if (wait_id != s->wait_id || s->timeout_ms == 0 || s->closed) {
        return MAILPROTO_OK;
    }
    if (s->closing) {
        s->out.head = s->out.due = s->out.tail; /* nobody reads it */
    } else if (!s->failed) {
        (void)mailproto__role_signal(s, MAILPROTO__TIMED_OUT);
    }
    mailproto__touch(s);
    return MAILPROTO_OK;
}

/* ---- the end ------------------------------------------------------------------------ */

mailproto_status mailproto_session_fail(mailproto_session *s, mailproto_status why)
{
    if (why >= 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (!s->closed) {
        mailproto__fail_hard(s, why, s->offset,
                             why == MAILPROTO_ERR_TIMEOUT
                                 ? "the transport took too long"
                                 : "ended by the application or its transport");
        /* Nothing can be written to a transport that is gone. */
        s->out.head = s->out.due = s->out.tail;
    }
    return MAILPROTO_OK;
}

void mailproto_session_get_error(const mailproto_session *s, mailproto_error *error)
{
    mailproto_error e;
    memset(&e, 0, sizeof e);
    e.code = s->error;
    e.offset = s->error_offset;
    e.reply_code = s->reply_code;
    e.detail = s->error_detail;
    (void)mailproto__output_copy(error, &e, sizeof e);
}
