/*
 * Received content (RFC 5321 4.1.1.4, 4.5.2): runs of it go to the application where
 * they lie; what is condemned is read to its true end and answered there. Knows limits
 * and the line end policy; must not know what a message is.
 */
#include "core/span.h"
#include "smtp/server.h"

void mailproto__smtp_server_content_begin(mailproto_smtp_server *server)
{
    uint8_t policy = server->undot.policy;
    static const struct mailproto__undot fresh;
    server->undot = fresh;
    server->undot.policy = policy;
    server->content = 0;
    server->progress = 0;
    server->aborted = MAILPROTO_OK;
    server->state = MAILPROTO__SMTP_CONTENT;
    mailproto__wait(&server->session, server->block_ms);
}

int mailproto__smtp_server_content_open(const mailproto_smtp_server *server)
{
    return server->state == MAILPROTO__SMTP_CONTENT && server->aborted == MAILPROTO_OK;
}

/* No more of it is delivered. Its reply is queued and held until the true end. */
static void condemn(mailproto_smtp_server *server, mailproto_status why,
                    enum mailproto__smtp_own own)
{
    struct mailproto__smtp_line line;
    mailproto__smtp_server_own_line(own, &line);
    (void)mailproto__smtp_server_put_line(server, &line);
    server->line_code = (uint16_t)line.code;
    server->aborted = why;
    server->tell |= MAILPROTO__TELL_ABORTED;
}

/* How many octets at the front of the run come before (or are) the first octet that the
 * policy does not let pass. `at`: the offset of in.ptr on the wire. A CR is delivered:
 * it is known to stand alone only by what follows it. */
static size_t clean_part(const mailproto_smtp_server *server, mailproto_bytes in,
                         uint64_t at, mailproto_bytes run, mailproto_status *why)
{
    uint64_t bad = server->undot.bad_offset;
    uintptr_t start = (uintptr_t)run.ptr;
    uintptr_t base = (uintptr_t)in.ptr;
    size_t skip;
    *why = MAILPROTO_OK;
    if (!server->undot.bad_at) {
        return run.len;
    }
    *why = MAILPROTO_ERR_BARE_LINE_END;
    if (start < base || start >= base + in.len) {
        return run.len; /* a CR that the framer held back */
    }
    skip = (size_t)(start - base);
    if (bad < at + skip || bad - at - skip >= run.len) {
        return 0; /* a CR delivered before */
    }
    skip = (size_t)(bad - at) - skip;
    if (run.ptr[skip] == '\0') {
        *why = MAILPROTO_ERR_NUL;
    }
    return run.ptr[skip] == '\r' ? skip + 1 : skip;
}

/* Delivers a run, or as much of it as may be delivered. */
static void deliver(mailproto_smtp_server *server, mailproto_bytes in, uint64_t at,
                    mailproto_bytes run)
{
    uint64_t left = server->max_content - server->content;
    mailproto_status why;
    size_t len = clean_part(server, in, at, run, &why);
    enum mailproto__smtp_own own = MAILPROTO__OWN_BAD_CONTENT;
    if (len > left) { /* RFC 1870 6.3 */
        len = (size_t)left;
        why = MAILPROTO_ERR_CONTENT_LIMIT;
        own = MAILPROTO__OWN_TOO_LARGE;
    }
    if (len > 0) {
        mailproto_event *ev =
            mailproto__event(&server->session, MAILPROTO_EV_CONTENT, 0);
        ev->text = mailproto__span(run.ptr, len);
        ev->number = server->content;
        server->content += len;
    }
    if (why != MAILPROTO_OK) {
        condemn(server, why, own);
    }
}

/* The end mark was read. */
static void end(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    uint8_t seen = server->undot.seen;
    mailproto_event *ev;
    server->state = MAILPROTO__SMTP_READY;
    mailproto__wait(s, server->command_ms);
    if (server->aborted != MAILPROTO_OK) {
        server->ending = server->line_code == 421;
        mailproto__smtp_server_forget(server, 0);
        mailproto__smtp_server_finish(server, server->line_code, 0);
        return;
    }
    server->tell |= MAILPROTO__TELL_DELIVER;
    ev = mailproto__event(s, MAILPROTO_EV_CONTENT_END, 0);
    ev->number = server->content;
    if ((seen & MAILPROTO__DOT_REPAIRED) != 0) {
        ev->flags |= MAILPROTO_EVF_REPAIRED;
    } else if ((seen & (MAILPROTO__DOT_BARE | MAILPROTO__DOT_NUL)) != 0) {
        ev->flags |= MAILPROTO_EVF_UNCLEAN;
    }
}

/* Counts towards the next wait (DESIGN, time: progress_bytes within one). */
static void progress(mailproto_smtp_server *server, size_t n)
{
    if (n < server->progress_bytes - server->progress) {
        server->progress += (uint32_t)n;
        return;
    }
    server->progress = 0;
    mailproto__wait(&server->session, server->block_ms);
}

mailproto_status mailproto__smtp_server_content_step(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_bytes in = mailproto__peek(s);
    uint64_t at = server->undot.offset;
    enum mailproto__undot_result result;
    mailproto_bytes run;
    size_t used;
    if (server->aborted == MAILPROTO_OK && !mailproto__smtp_server_has_room(server)) {
        return MAILPROTO_AGAIN;
    }
    if (in.len == 0) {
        return mailproto__smtp_server_starved(server);
    }
    result = mailproto__undot_next(&server->undot, in, &used, &run);
    mailproto__trace(s, MAILPROTO_TRACE_CONTENT, in.ptr, used);
    mailproto__consume(s, used);
    progress(server, used);
    if (result == MAILPROTO__UNDOT_END) {
        end(server);
    } else if (result == MAILPROTO__UNDOT_RUN && server->aborted == MAILPROTO_OK) {
        deliver(server, in, at, run);
    }
    return MAILPROTO_OK;
}

/* ---- the application's refusal --------------------------------------------------- */

mailproto_status
mailproto_smtp_server_refuse_content(mailproto_smtp_server *server,
                                     const mailproto_smtp_status *status,
                                     mailproto_bytes text)
{
    struct mailproto__smtp_line line;
    mailproto_status st;
    if (!mailproto__smtp_server_content_open(server) || server->session.failed ||
        server->ending) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__smtp_server_app_line(status, text, &line);
    if (st < 0) {
        return st;
    }
    if (line.code < 400) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (text.len > MAILPROTO__SMTP_TEXT_MAX) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    (void)mailproto__smtp_server_put_line(server, &line);
    server->line_code = (uint16_t)line.code;
    server->aborted = MAILPROTO_ERR_CANCELLED;
    server->tell |= MAILPROTO__TELL_ABORTED;
    mailproto__touch(&server->session);
    return MAILPROTO_OK;
}
