/*
 * The POP3 server's engine: asks the session's state what comes next. Knows the order of
 * things, time-outs, failure and the end; the commands are in the server's other files.
 */
#include "pop3/server.h"

#include "core/mem.h"

/* ---- what all files of the server use -------------------------------------------- */

int mailproto__pop3_server_has_room(mailproto_pop3_server *server)
{
    return mailproto__room(&server->session) >= server->reply_max;
}

/* A stranger has one wait for all that he does before the login, whatever he says: it is
 * no autologout timer, which every command renews (RFC 1939 3). */
void mailproto__pop3_server_rearm(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    if (server->state == MAILPROTO__POP3_START) {
        mailproto__wait(s, server->login_ms);
        return;
    }
    if (server->state < MAILPROTO__POP3_TRANSACTION) {
        mailproto__wait_for_all(s, server->login_ms);
        return;
    }
    mailproto__wait_no_more(s);
    mailproto__wait(s, server->list != 0
                           ? server->block_ms  /* it is for the client to read */
                           : server->idle_ms); /* RFC 1939 3 */
}

mailproto_event *mailproto__pop3_server_ask(mailproto_pop3_server *server,
                                            uint32_t type)
{
    server->asked = type;
    mailproto__pop3_server_rearm(server); /* timers of the wait before are stale */
    return mailproto__ask(&server->session, type);
}

void mailproto__pop3_server_enter(mailproto_pop3_server *server, uint32_t state)
{
    mailproto_session *s = &server->session;
    server->state = (uint8_t)state;
    s->caps = mailproto__pop3_server_caps(server);
    /* Before the login any line may hold a password, whatever it turns out to be. */
    s->secret_in = state < MAILPROTO__POP3_TRANSACTION;
}

mailproto_status mailproto__pop3_server_starved(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    return s->eof ? mailproto__fail(s, MAILPROTO_ERR_EOF, s->offset,
                                    "the peer left without QUIT")
                  : MAILPROTO_AGAIN;
}

void mailproto__pop3_server_forget_secrets(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__wipe(s->in.base, s->in.head);
    mailproto__wipe(s->in.base + s->in.tail, s->in.cap - s->in.tail);
    mailproto__wipe(&server->auth, sizeof server->auth);
    mailproto__wipe(&server->login, sizeof server->login);
    memset(&server->command, 0, sizeof server->command);
}

/* ---- events that are due --------------------------------------------------------- */

static mailproto_status tell_auth(mailproto_pop3_server *server)
{
    mailproto_event *ev =
        mailproto__event(&server->session, MAILPROTO_EV_AUTH_RESULT, 0);
    ev->number = server->auth_told == 2;
    ev->code = ev->number ? MAILPROTO_POP3_OK : MAILPROTO_POP3_ERR;
    server->auth_told = 0;
    return MAILPROTO_OK;
}

/* The session is over for whatever reason: what is to be told, then the end. */
static mailproto_status wind_down(mailproto_pop3_server *server)
{
    server->asked = 0;
    server->list = 0;
    if (server->auth_told != 0) {
        return tell_auth(server);
    }
    mailproto__pop3_server_forget_secrets(server);
    server->state = MAILPROTO__POP3_OVER;
    mailproto__close(&server->session);
    return MAILPROTO_OK;
}

/* ---- the role's functions -------------------------------------------------------- */

static mailproto_status list_step(mailproto_pop3_server *server)
{
    return server->list == MAILPROTO_POP3_VERB_CAPA
               ? mailproto__pop3_server_capa_step(server)
               : mailproto__pop3_server_list_step(server);
}

/* RFC 1939 3: without a word and without UPDATE. */
static void timed_out(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    if (server->ending) {
        return;
    }
    if (s->awaiting) { /* the application's own time */
        mailproto__wait_is_late(s);
        return;
    }
    if (s->content_open && !s->standing && mailproto__drained(s)) {
        mailproto__wait(s, server->block_ms); /* the same: all of it was read */
        return;
    }
    (void)mailproto__fail(s, MAILPROTO_ERR_TIMEOUT, s->offset,
                          "the peer was silent for too long");
}

mailproto_status mailproto__pop3_server_step(mailproto_session *s)
{
    mailproto_pop3_server *server = mailproto__pop3_server_of(s);
    if (s->failed || server->ending) {
        return wind_down(server);
    }
    if (server->auth_told != 0) {
        return tell_auth(server);
    }
    if (s->late) { /* and the answer was no login */
        s->late = 0;
        timed_out(server);
        return wind_down(server);
    }
    /* An answer never fails for want of room; content makes its own. */
    if (s->content_open || !mailproto__pop3_server_has_room(server)) {
        return MAILPROTO_AGAIN;
    }
    if (!server->greeted) {
        (void)mailproto__pop3_server_ask(server, MAILPROTO_EV_POP3_CONNECT);
        return MAILPROTO_OK;
    }
    if (server->list != 0) {
        return list_step(server);
    }
    if (server->state == MAILPROTO__POP3_UPDATE) {
        return mailproto__pop3_server_update_step(server);
    }
    if (server->state == MAILPROTO__POP3_EXCHANGE) {
        return mailproto__pop3_server_auth_step(server);
    }
    return mailproto__pop3_server_command(server);
}

/* RFC 2595 4: in AUTHORIZATION; what the client told before is void. */
static void tls_started(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    server->utf8 = 0;
    server->name_len = 0;
    mailproto__pop3_server_forget_secrets(server);
    mailproto__pop3_server_enter(server, server->greeted ? MAILPROTO__POP3_AUTHORIZATION
                                                         : MAILPROTO__POP3_START);
    s->flush = 0;
    mailproto__wait_no_more(s);
    mailproto__pop3_server_rearm(server);
}

mailproto_status mailproto__pop3_server_signal(mailproto_session *s,
                                               enum mailproto__signal what)
{
    mailproto_pop3_server *server = mailproto__pop3_server_of(s);
    switch (what) {
    case MAILPROTO__CONTENT_END:
        return mailproto__pop3_server_content_end(server);
    case MAILPROTO__CONTENT_ABORT:
        return mailproto__pop3_server_content_abort(server);
    case MAILPROTO__TLS_STARTED:
        tls_started(server);
        return MAILPROTO_OK;
    case MAILPROTO__TIMED_OUT:
        timed_out(server);
        return MAILPROTO_OK;
    case MAILPROTO__EARLY: /* RFC 1939 forbids it to nobody: it waits its turn */
    default:
        return MAILPROTO_OK;
    }
}

/* ---- accessors ------------------------------------------------------------------- */

mailproto_session *mailproto_pop3_server_session(mailproto_pop3_server *server)
{
    return &server->session;
}

int mailproto_pop3_server_utf8(const mailproto_pop3_server *server)
{
    return server->utf8;
}

mailproto_status mailproto_pop3_server_policy(mailproto_pop3_server *server,
                                              uint32_t login_delay,
                                              uint32_t expire_days)
{
    server->login_delay = login_delay;
    server->expire_days = expire_days;
    return MAILPROTO_OK;
}
