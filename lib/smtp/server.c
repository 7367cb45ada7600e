/*
 * The SMTP server's engine: asks the session's state what comes next. Knows the order
 * of things, time-outs, failure and the end; the commands are in the server's other
 * files.
 */
#include "smtp/server.h"

#include "core/mem.h"

/* ---- what all files of the server use -------------------------------------------- */

int mailproto__smtp_server_has_room(mailproto_smtp_server *server)
{
    size_t need = (size_t)server->reply_max + MAILPROTO__SMTP_CAPS_MAX;
    return mailproto__room(&server->session) >= need;
}

mailproto_event *mailproto__smtp_server_ask(mailproto_smtp_server *server,
                                            uint32_t type)
{
    mailproto_session *s = &server->session;
    server->asked = type;
    mailproto__wait(s, server->command_ms); /* timers of the wait before are stale */
    return mailproto__ask(s, type);
}

void mailproto__smtp_server_early(mailproto_smtp_server *server)
{
    if (!server->early_told && !server->ending) {
        server->early_told = 1;
        server->tell |= MAILPROTO__TELL_EARLY;
    }
}

void mailproto__smtp_server_forget(mailproto_smtp_server *server, int tell)
{
    if (tell && (server->state == MAILPROTO__SMTP_MAIL ||
                 server->state == MAILPROTO__SMTP_RCPT)) {
        server->tell |= MAILPROTO__TELL_RSET;
    }
    server->recipients = 0;
    server->tried = 0;
    server->utf8 = 0;
    server->mail_refused = 0;
}

mailproto_status mailproto__smtp_server_starved(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    return s->eof ? mailproto__fail(s, MAILPROTO_ERR_EOF, s->offset,
                                    "the peer left without QUIT")
                  : MAILPROTO_AGAIN;
}

void mailproto__smtp_server_forget_secrets(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    if (s->secret_in) {
        mailproto__wipe(s->in.base, s->in.head);
        s->secret_in = 0;
    }
}

/* ---- events that are due --------------------------------------------------------- */

static mailproto_status tell_early(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    (void)mailproto__event(s, MAILPROTO_EV_SMTP_EARLY_TALKER, 0);
    if ((server->flags & MAILPROTO_SMTP_SERVER_REFUSE_EARLY) != 0 && !s->failed &&
        !server->ending) {
        mailproto__smtp_server_farewell_own(
            server,
            server->greeted ? MAILPROTO__OWN_EARLY : MAILPROTO__OWN_EARLY_GREETING);
        return mailproto__fail(s, MAILPROTO_ERR_EARLY_TALKER, s->offset,
                               "the peer sent before it was its turn");
    }
    return MAILPROTO_OK;
}

/* The next event that is due; `server->tell` is not 0. */
static mailproto_status tell(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    uint8_t first = (uint8_t)(server->tell & (0U - server->tell));
    mailproto_event *ev;
    server->tell &= (uint8_t)~first;
    switch (first) {
    case MAILPROTO__TELL_ABORTED:
        ev = mailproto__event(s, MAILPROTO_EV_CONTENT_ABORTED, 0);
        ev->code = (uint32_t)server->aborted;
        ev->number = server->content;
        return MAILPROTO_OK;
    case MAILPROTO__TELL_AUTH:
        ev = mailproto__event(s, MAILPROTO_EV_AUTH_RESULT, 0);
        ev->code = server->result_code;
        ev->number = server->result_code == 235;
        return MAILPROTO_OK;
    case MAILPROTO__TELL_RSET:
        (void)mailproto__event(s, MAILPROTO_EV_SMTP_RSET, 0);
        return MAILPROTO_OK;
    case MAILPROTO__TELL_DELIVER:
        (void)mailproto__smtp_server_ask(server, MAILPROTO_EV_SMTP_DELIVER);
        return MAILPROTO_OK;
    default:
        return tell_early(server);
    }
}

/* The session is over for whatever reason: what is to be told, then the end. */
static mailproto_status wind_down(mailproto_smtp_server *server, mailproto_status why)
{
    server->asked = 0;
    if (mailproto__smtp_server_content_open(server)) {
        server->aborted = why;
        server->tell |= MAILPROTO__TELL_ABORTED;
    }
    server->state = MAILPROTO__SMTP_OVER;
    server->tell &= (uint8_t)~MAILPROTO__TELL_DELIVER;
    if (server->tell != 0) {
        return tell(server);
    }
    mailproto__close(&server->session);
    return MAILPROTO_OK;
}

/* ---- the role's functions -------------------------------------------------------- */

mailproto_status mailproto__smtp_server_step(mailproto_session *s)
{
    mailproto_smtp_server *server = mailproto__smtp_server_of(s);
    if (s->failed) {
        return wind_down(server, s->error);
    }
    if (server->ending) {
        return wind_down(server, MAILPROTO_ERR_CANCELLED);
    }
    if (server->tell != 0) {
        return tell(server);
    }
    if (server->state == MAILPROTO__SMTP_CONTENT) {
        return mailproto__smtp_server_content_step(server);
    }
    /* An answer never fails for want of room. */
    if (!mailproto__smtp_server_has_room(server)) {
        return MAILPROTO_AGAIN;
    }
    if (!server->greeted) {
        (void)mailproto__smtp_server_ask(server, MAILPROTO_EV_SMTP_CONNECT);
        return MAILPROTO_OK;
    }
    if (server->state == MAILPROTO__SMTP_AUTH) {
        return mailproto__smtp_server_auth_step(server);
    }
    return mailproto__smtp_server_command(server);
}

mailproto_status mailproto__smtp_server_content(mailproto_session *s, const void *data,
                                                size_t len, size_t *consumed)
{
    (void)s;
    (void)data;
    (void)len;
    *consumed = 0;
    return MAILPROTO_ERR_STATE; /* an SMTP server sends no content */
}

/* RFC 3207 4.2: as after the greeting; what the client told before is void. */
static void tls_started(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__caps_forget(s);
    mailproto__smtp_server_forget(server, 0);
    server->state = MAILPROTO__SMTP_START;
    server->esmtp = 0;
    server->logged_in = 0;
    s->flush = 0;
    mailproto__wait(s, server->command_ms);
}

static void timed_out(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    if (s->awaiting || server->ending) {
        return; /* the application's own time */
    }
    mailproto__smtp_server_farewell_own(server, MAILPROTO__OWN_TIMEOUT);
    (void)mailproto__fail(s, MAILPROTO_ERR_TIMEOUT, s->offset,
                          "the peer was silent for too long");
}

mailproto_status mailproto__smtp_server_signal(mailproto_session *s,
                                               enum mailproto__signal what)
{
    mailproto_smtp_server *server = mailproto__smtp_server_of(s);
    switch (what) {
    case MAILPROTO__TLS_STARTED:
        tls_started(server);
        return MAILPROTO_OK;
    case MAILPROTO__TIMED_OUT:
        timed_out(server);
        return MAILPROTO_OK;
    case MAILPROTO__EARLY:
        mailproto__smtp_server_early(server);
        return MAILPROTO_OK;
    case MAILPROTO__CONTENT_END:
    case MAILPROTO__CONTENT_ABORT:
    default:
        return MAILPROTO_ERR_STATE;
    }
}

/* ---- accessors ------------------------------------------------------------------- */

mailproto_session *mailproto_smtp_server_session(mailproto_smtp_server *server)
{
    return &server->session;
}

const char *mailproto_smtp_server_with(const mailproto_smtp_server *server)
{
    /* RFC 3848 1, RFC 6531 4.3 */
    static const char words[2][4][12] = {
        {"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"},
        {"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"},
    };
    unsigned how = (mailproto__is_secure(&server->session) ? 1U : 0U) +
                   (server->logged_in ? 2U : 0U);
    if (!server->esmtp) {
        return "SMTP";
    }
    return words[server->utf8 ? 1 : 0][how];
}
