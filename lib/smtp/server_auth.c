/*
 * AUTH on the server (RFC 4954). Knows when an exchange may begin and what its end is
 * called; the exchange itself is codec/auth_server.c's. Must not know any mechanism.
 */
#include "core/mem.h"
#include "core/span.h"
#include "smtp/server.h"

/* ---- the beginning --------------------------------------------------------------- */

enum mailproto__smtp_own
mailproto__smtp_server_auth_refusal(const mailproto_smtp_server *server)
{
    if ((server->mask >> MAILPROTO_SMTP_CAP_AUTH & 1U) == 0) {
        return MAILPROTO__OWN_NO_AUTH;
    }
    if (server->logged_in) {
        return MAILPROTO__OWN_AUTH_ALREADY;
    }
    if (mailproto__auth_needs_tls(&server->session, &server->mechanisms,
                                  server->command.mechanism)) {
        return MAILPROTO__OWN_AUTH_NEEDS_TLS;
    }
    if (!server->esmtp) {
        return MAILPROTO__OWN_NO_HELLO;
    }
    return mailproto__auth_offers(&server->session, &server->mechanisms,
                                  server->command.mechanism)
               ? MAILPROTO__OWN_NONE
               : MAILPROTO__OWN_NO_MECHANISM;
}

mailproto_status mailproto__smtp_server_auth_begin(mailproto_smtp_server *server,
                                                   size_t prefix)
{
    const struct mailproto__smtp_command *c = &server->command;
    size_t limit = server->max_auth_line > prefix ? server->max_auth_line - prefix : 0;
    mailproto_event *ev = mailproto__auth_server_begin(&server->session, &server->auth,
                                                       c->initial, limit);
    server->state = MAILPROTO__SMTP_AUTH;
    if (ev == NULL) {
        ev = mailproto__smtp_server_ask(server, MAILPROTO_EV_AUTH_START);
    }
    ev->text = c->mechanism;
    return MAILPROTO_OK;
}

/* ---- the end --------------------------------------------------------------------- */

void mailproto__smtp_server_auth_end(mailproto_smtp_server *server, uint32_t code)
{
    mailproto_session *s = &server->session;
    mailproto__smtp_server_forget_secrets(server);
    mailproto__wipe(&server->auth, sizeof server->auth);
    server->state = MAILPROTO__SMTP_READY;
    server->result_code = code;
    server->tell |= MAILPROTO__TELL_AUTH;
    server->wary = code != 235;
    if (code == 235) {
        server->logged_in = 1;
        s->caps &= ~((uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH);
    }
}

/* Ends it with a reply of the engine's own. */
static void end_with(mailproto_smtp_server *server, enum mailproto__smtp_own own)
{
    struct mailproto__smtp_line line;
    mailproto__smtp_server_own_line(own, &line);
    (void)mailproto__smtp_server_put_line(server, &line);
    mailproto__smtp_server_finish(server, line.code, 0);
    mailproto__smtp_server_auth_end(server, line.code);
}

/* The peer's line was refused. */
static mailproto_status refuse_line(mailproto_smtp_server *server,
                                    enum mailproto__smtp_own own)
{
    mailproto_session *s = &server->session;
    if (!mailproto__smtp_server_is_bad(server, 500)) {
        end_with(server, own);
        return MAILPROTO_OK;
    }
    mailproto__smtp_server_auth_end(server, 421);
    mailproto__smtp_server_farewell_own(server, MAILPROTO__OWN_TOO_MANY_BAD);
    return mailproto__fail(s, MAILPROTO_ERR_BAD_COMMANDS, s->offset,
                           "more refused commands than max_bad_commands");
}

/* ---- the peer's lines ------------------------------------------------------------ */

mailproto_status mailproto__smtp_server_auth_step(mailproto_smtp_server *server)
{
    mailproto_bytes data;
    switch (mailproto__auth_server_read(&server->session, &server->auth, &data)) {
    case MAILPROTO__AUTH_PIECE:
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_LAST:
        mailproto__smtp_server_ask(server, MAILPROTO_EV_AUTH_DATA)->text = data;
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_STAR:
        end_with(server, MAILPROTO__OWN_AUTH_CANCELLED);
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_BAD:
        return refuse_line(server, MAILPROTO__OWN_BAD_BASE64);
    case MAILPROTO__AUTH_LONG:
        return refuse_line(server, MAILPROTO__OWN_LONG_LINE);
    case MAILPROTO__AUTH_NONE:
    default:
        return mailproto__smtp_server_starved(server);
    }
}

/* ---- the application's part ------------------------------------------------------ */

static mailproto_status put_challenge(mailproto_smtp_server *server,
                                      const struct mailproto__auth_call *call)
{
    mailproto_session *s = &server->session;
    mailproto_status st = MAILPROTO_ERR_STATE;
    if (server->line_code == 0) {
        st = mailproto__auth_server_put(s, &server->auth, server->asked,
                                        MAILPROTO__LITERAL("334 "), call,
                                        server->max_auth_line);
    }
    if (st == MAILPROTO_OK && !server->auth.lines.sending) {
        (void)mailproto__answered(s, s->request);
        server->asked = 0;
        mailproto__smtp_server_finish(server, 334, 1);
    }
    return st;
}

/* RFC 4954 6 */
static enum mailproto__smtp_own outcome_reply(mailproto_status outcome)
{
    switch (outcome) {
    case MAILPROTO_OK:
        return MAILPROTO__OWN_AUTH_OK;
    case MAILPROTO_ERR_AUTH:
        return MAILPROTO__OWN_AUTH_FAILED;
    case MAILPROTO_ERR_AUTH_TEMPORARY:
        return MAILPROTO__OWN_AUTH_TEMPORARY;
    case MAILPROTO_ERR_AUTH_WEAK:
        return MAILPROTO__OWN_AUTH_WEAK;
    case MAILPROTO_ERR_NEEDS_TLS:
        return MAILPROTO__OWN_AUTH_NEEDS_TLS;
    case MAILPROTO_ERR_SYNTAX:
        return MAILPROTO__OWN_AUTH_SYNTAX;
    default:
        return MAILPROTO__OWN_NONE;
    }
}

static mailproto_status finish(mailproto_smtp_server *server,
                               const struct mailproto__auth_call *call)
{
    enum mailproto__smtp_own own = outcome_reply(call->outcome);
    mailproto_status st = mailproto__auth_server_may_finish(
        &server->session, &server->auth, server->asked, call);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (server->line_code != 0) {
        return MAILPROTO_ERR_STATE;
    }
    if (own == MAILPROTO__OWN_NONE) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    (void)mailproto__answered(&server->session, call->tag);
    server->asked = 0;
    end_with(server, own);
    return MAILPROTO_OK;
}

mailproto_status mailproto__smtp_server_auth(mailproto_session *s,
                                             const struct mailproto__auth_call *call)
{
    mailproto_smtp_server *server = mailproto__smtp_server_of(s);
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
