/*
 * The running of an engine: set-up, the pending event, requests, waits, failure, the end.
 * Knows the order of things; must not know any grammar (the role does, by dispatch.h).
 */
#include "core/engine.h"

#include "core/dispatch.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

/* For the last output, when no other wait was running. */
enum { LAST_WAIT_MS = 60000 };

void mailproto__session_init(mailproto_session *s, uint8_t role, char *in,
                             size_t in_size, char *out, size_t out_size,
                             const mailproto_trace *trace)
{
    s->role = role;
    s->in.base = in;
    s->in.cap = in_size;
    s->out.base = out;
    s->out.cap = out_size;
    s->trace = trace;
    s->error_detail = "";
    s->fresh = 1;
}

/* Clients have odd numbers in enum mailproto__role. */
int mailproto__is_client(const mailproto_session *s)
{
    return (s->role & 1U) != 0;
}

/* ---- events and requests ------------------------------------------------------------ */

mailproto_event *mailproto__event(mailproto_session *s, uint32_t type, uint32_t tag)
{
    mailproto_event *ev = &s->event;
    memset(ev, 0, sizeof *ev);
    ev->type = type;
    ev->tag = tag;
    ev->flags = mailproto__is_secure(s) ? (uint32_t)MAILPROTO_EVF_SECURE : 0;
    s->has_event = 1;
    return ev;
}

mailproto_event *mailproto__ask(mailproto_session *s, uint32_t type)
{
    mailproto_event *ev;
    ++s->request;
    if (s->request == 0) {
        ++s->request; /* 0 names no request */
    }
    ev = mailproto__event(s, type, s->request);
    ev->flags |= MAILPROTO_EVF_NEEDS_REPLY;
    s->awaiting = 1;
    s->postponed = 0;
    return ev;
}

mailproto_status mailproto__answered(mailproto_session *s, uint32_t request)
{
    if (!mailproto__is_awaited(s, request)) {
        return MAILPROTO_ERR_STALE;
    }
    s->awaiting = 0;
    s->postponed = 0;
    s->starved = 0;
    mailproto__touch(s);
    return MAILPROTO_OK;
}

void mailproto__wait(mailproto_session *s, uint32_t timeout_ms)
{
    if (s->standing && timeout_ms != 0) {
        return;
    }
    s->standing = 0;
    ++s->wait_id;
    s->timeout_ms = timeout_ms;
}

void mailproto__wait_for_all(mailproto_session *s, uint32_t timeout_ms)
{
    mailproto__wait(s, timeout_ms);
    s->standing = 1;
}

/* ---- the end ------------------------------------------------------------------------ */

static int is_fatal(mailproto_status code)
{
    return code <= -200 && code > -500;
}

/* What a broken session still has to say must not be more commands in the clear, nor the
 * agreement on a TLS that will not come. */
static void discard_output(mailproto_session *s, mailproto_status code)
{
    int all = mailproto__is_client(s) || code == MAILPROTO_ERR_TLS_INJECTION;
    size_t keep = all ? s->out.head : s->out.due;
    mailproto__wipe(s->out.base + keep, s->out.tail - keep);
    s->out.due = keep;
    s->out.tail = keep;
}

void mailproto__fail_hard(mailproto_session *s, mailproto_status code, uint64_t offset,
                          const char *detail)
{
    if (s->write_failed < 0 && code <= MAILPROTO_ERR_IO && code >= MAILPROTO_ERR_EOF) {
        code = s->write_failed; /* no reply has explained it */
        detail = "the output could not be written";
    }
    if (s->error == MAILPROTO_OK || !s->failed) {
        s->error = code;
        s->error_offset = offset;
        s->error_detail = detail;
    }
    if (s->failed) {
        return;
    }
    s->failed = 1;
    s->awaiting = 0;
    s->postponed = 0;
    s->content_open = 0;
    s->content_for = 0;
    s->wants_room = MAILPROTO__ROOM_ENOUGH;
    s->event.flags &= ~(uint32_t)MAILPROTO_EVF_NEEDS_REPLY;
    if (s->event.type == MAILPROTO_EV_TLS_GO) {
        s->has_event = 0; /* not pulled yet: too late for a handshake */
    }
    discard_output(s, code);
    mailproto__touch(s);
}

mailproto_status mailproto__fail(mailproto_session *s, mailproto_status code,
                                 uint64_t offset, const char *detail)
{
    if (is_fatal(code)) {
        mailproto__fail_hard(s, code, offset, detail);
        return s->error;
    }
    if (s->error == MAILPROTO_OK) {
        s->error = code;
        s->error_offset = offset;
        s->error_detail = detail;
    }
    return code;
}

void mailproto__close(mailproto_session *s)
{
    s->closing = 1;
    s->awaiting = 0;
    s->content_open = 0;
    s->standing = 0;
    if (mailproto__drained(s)) {
        s->timeout_ms = 0;
    } else { /* a peer that does not read its last reply gets one wait more */
        mailproto__wait(s, mailproto__or(s->timeout_ms, LAST_WAIT_MS));
    }
    mailproto__touch(s);
}

/* ---- TLS ---------------------------------------------------------------------------- */

const char mailproto__tls_injection[] =
    "bytes between the agreement on TLS and its start";

mailproto_status mailproto__tls_agreed(mailproto_session *s)
{
    if (mailproto__has_input(s)) {
        return mailproto__fail(s, MAILPROTO_ERR_TLS_INJECTION, s->offset,
                               mailproto__tls_injection);
    }
    s->tls.state = MAILPROTO__TLS_AGREED;
    s->flush = 1;
    return MAILPROTO_OK;
}

int mailproto__tls_pending(const mailproto_session *s)
{
    return s->tls.state == MAILPROTO__TLS_AGREED ||
           s->tls.state == MAILPROTO__TLS_AWAITED;
}

/* ---- the loop ----------------------------------------------------------------------- */

/* Events that are the base's own, when their time has come. */
static int base_event(mailproto_session *s)
{
    if (s->closing) {
        if (!mailproto__drained(s)) {
            return 0;
        }
        mailproto__event(s, MAILPROTO_EV_CLOSED, 0)->code =
            s->failed ? (uint32_t)s->error : 0;
        return 1;
    }
    if (s->tls.state == MAILPROTO__TLS_AGREED && !s->failed && mailproto__drained(s)) {
        s->tls.state = MAILPROTO__TLS_AWAITED;
        mailproto__event(s, MAILPROTO_EV_TLS_GO, 0);
        return 1;
    }
    if (s->content_for != 0) { /* also while a request awaits its answer */
        mailproto__event(s, MAILPROTO_EV_CONTENT_WANTED, s->content_for);
        s->content_for = 0;
        return 1;
    }
    return 0;
}

/* Whether the role may be asked for more. */
static int may_step(const mailproto_session *s)
{
    return !s->has_event && !s->awaiting && !s->closing &&
           (s->failed || !mailproto__tls_pending(s));
}

static void nothing_to_do(mailproto_session *s)
{
    s->starved = 1;
    s->fresh = 0;
    if (s->wants_room == MAILPROTO__ROOM_GREW) {
        s->wants_room = MAILPROTO__ROOM_ENOUGH;
        mailproto__event(s, MAILPROTO_EV_ROOM, 0);
    }
}

void mailproto__advance(mailproto_session *s)
{
    s->postponed = s->awaiting;
    s->starved = 0;
    while (!s->has_event && !base_event(s)) {
        mailproto_status st = may_step(s) ? mailproto__role_step(s) : MAILPROTO_AGAIN;
        if (st == MAILPROTO_AGAIN) {
            nothing_to_do(s);
            return;
        }
        if (st < 0) {
            if (s->failed && st != s->error) {
                mailproto__close(s); /* it cannot even fail in order */
            }
            mailproto__fail_hard(s, st, s->offset, "");
        }
    }
}
