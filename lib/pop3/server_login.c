/*
 * USER, PASS, APOP (RFC 1939 7) and AUTH (RFC 5034) on the server. Knows when a login may
 * begin and how it ends; who may log in is the application's, and a mechanism's bytes
 * are carried as they are.
 */
#include "core/mem.h"
#include "core/span.h"
#include "pop3/server.h"

/* ---- USER, PASS, APOP ------------------------------------------------------------ */

static void keep_name(mailproto_pop3_server *server)
{
    mailproto_bytes name = server->command.name;
    memcpy(server->name, name.ptr, name.len);
    server->name_len = (uint32_t)name.len;
}

/* RFC 1939 7: who does not exist is told at PASS only, if at all. */
mailproto_status mailproto__pop3_server_user(mailproto_pop3_server *server)
{
    keep_name(server);
    mailproto__pop3_server_reply(server, MAILPROTO__POP3_USER_OK, 0);
    return MAILPROTO_OK;
}

mailproto_status mailproto__pop3_server_login(mailproto_pop3_server *server)
{
    const struct mailproto__pop3_command *c = &server->command;
    mailproto_pop3_login *login = &server->login;
    mailproto_event *ev;
    memset(login, 0, sizeof *login);
    login->apop = c->verb == MAILPROTO_POP3_VERB_APOP;
    if (login->apop) {
        keep_name(server);
        login->stamp = server->stamp;
    }
    login->name = mailproto__pop3_server_name(server);
    login->secret = login->apop ? c->digest : c->argument;
    ev = mailproto__pop3_server_ask(server, MAILPROTO_EV_POP3_LOGIN);
    ev->text = login->name;
    ev->detail = login;
    return MAILPROTO_OK;
}

/* ---- what all logins share ------------------------------------------------------- */

void mailproto__pop3_server_let_in(mailproto_pop3_server *server, int by_auth)
{
    mailproto_bytes name = mailproto__pop3_server_name(server);
    mailproto_event *ev;
    mailproto__pop3_server_forget_secrets(server);
    server->by_auth = (uint8_t)by_auth;
    server->state = MAILPROTO__POP3_AUTHORIZATION;
    ev = mailproto__pop3_server_ask(server, MAILPROTO_EV_POP3_OPEN);
    ev->text = by_auth ? MAILPROTO__LITERAL("") : name;
}

void mailproto__pop3_server_turn_away(mailproto_pop3_server *server, int by_auth,
                                      int counts)
{
    mailproto__pop3_server_forget_secrets(server);
    mailproto__pop3_server_enter(server, MAILPROTO__POP3_AUTHORIZATION);
    server->auth_told = by_auth ? 1 : 0;
    server->wary = by_auth ? 1 : 0;
    if (!counts || !mailproto__pop3_server_is_bad(server)) {
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_ERR, 0);
    }
}

/* ---- AUTH: the beginning --------------------------------------------------------- */

int mailproto__pop3_server_knows_mechanism(const mailproto_pop3_server *server)
{
    return mailproto__auth_offers(&server->session, &server->mechanisms,
                                  server->command.name);
}

mailproto_status mailproto__pop3_server_auth_begin(mailproto_pop3_server *server)
{
    mailproto_event *ev =
        mailproto__auth_server_begin(&server->session, &server->auth,
                                     server->command.initial, server->max_auth_line);
    if (ev == NULL) {
        ev = mailproto__pop3_server_ask(server, MAILPROTO_EV_AUTH_START);
    }
    ev->text = server->command.name;
    return MAILPROTO_OK;
}

/* ---- AUTH: the peer's lines ------------------------------------------------------ */

/* Ends the exchange with a refusal of the engine's own. */
static mailproto_status refuse(mailproto_pop3_server *server,
                               enum mailproto__pop3_own own, int counts)
{
    struct mailproto__pop3_line line = mailproto__pop3_server_own(own);
    (void)mailproto__pop3_server_put_line(server, &line);
    mailproto__pop3_server_turn_away(server, 1, counts);
    return MAILPROTO_OK;
}

mailproto_status mailproto__pop3_server_auth_step(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_bytes data;
    if (!server->auth.lines.receiving && !server->auth.empty_initial) {
        server->line_at = s->offset;
    }
    switch (mailproto__auth_server_read(s, &server->auth, &data)) {
    case MAILPROTO__AUTH_PIECE:
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_LAST:
        mailproto__pop3_server_ask(server, MAILPROTO_EV_AUTH_DATA)->text = data;
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_STAR:
        return refuse(server, MAILPROTO__POP3_AUTH_CANCELLED, 0);
    case MAILPROTO__AUTH_BAD:
        return refuse(server, MAILPROTO__POP3_NO_BASE64, 1);
    case MAILPROTO__AUTH_LONG:
        return refuse(server, MAILPROTO__POP3_LONG_LINE, 1);
    case MAILPROTO__AUTH_NONE:
    default:
        return mailproto__pop3_server_starved(server);
    }
}

/* ---- AUTH: the application's part ------------------------------------------------ */

static mailproto_status put_challenge(mailproto_pop3_server *server,
                                      const struct mailproto__auth_call *call)
{
    mailproto_status st = mailproto__auth_server_put(
        &server->session, &server->auth, server->asked, MAILPROTO__LITERAL("+ "), call,
        server->max_auth_line);
    if (st == MAILPROTO_OK && !server->auth.lines.sending) {
        (void)mailproto__pop3_server_answered(server);
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 1);
    }
    return st;
}

static mailproto_status finish(mailproto_pop3_server *server,
                               const struct mailproto__auth_call *call)
{
    enum mailproto__pop3_own own = MAILPROTO__POP3_NO_WORDS;
    mailproto_status st = mailproto__auth_server_may_finish(
        &server->session, &server->auth, server->asked, call);
    if (st != MAILPROTO_OK) {
        return st;
    }
    switch (call->outcome) {
    case MAILPROTO_OK:
        break;
    case MAILPROTO_ERR_AUTH:
        own = MAILPROTO__POP3_AUTH_FAILED;
        break;
    case MAILPROTO_ERR_AUTH_TEMPORARY:
        own = MAILPROTO__POP3_AUTH_TEMPORARY;
        break;
    case MAILPROTO_ERR_AUTH_WEAK:
        own = MAILPROTO__POP3_AUTH_WEAK;
        break;
    case MAILPROTO_ERR_NEEDS_TLS:
        own = MAILPROTO__POP3_NO_TLS;
        break;
    case MAILPROTO_ERR_SYNTAX:
        own = MAILPROTO__POP3_AUTH_SYNTAX;
        break;
    default:
        return MAILPROTO_ERR_ARGUMENT;
    }
    (void)mailproto__pop3_server_answered(server);
    if (own == MAILPROTO__POP3_NO_WORDS) {
        mailproto__pop3_server_let_in(server, 1);
        return MAILPROTO_OK;
    }
    return refuse(server, own, own != MAILPROTO__POP3_AUTH_TEMPORARY);
}

mailproto_status mailproto__pop3_server_auth(mailproto_session *s,
                                             const struct mailproto__auth_call *call)
{
    mailproto_pop3_server *server = mailproto__pop3_server_of(s);
    switch (call->op) {
    case MAILPROTO__AUTH_DATA:
        return put_challenge(server, call);
    case MAILPROTO__AUTH_FINISH:
        return finish(server, call);
    case MAILPROTO__AUTH_START:
    case MAILPROTO__AUTH_ABORT:
    default:
        return MAILPROTO_ERR_STATE; /* a client's */
    }
}
