/*
 * AUTH on the server (RFC 4954): carries the bytes of an exchange both ways. Knows when
 * an exchange may begin and what its end is called; must not know any mechanism.
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
    if (!mailproto__is_secure(&server->session) &&
        (server->flags & MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR) == 0) {
        return MAILPROTO__OWN_AUTH_NEEDS_TLS;
    }
    if (!server->esmtp) {
        return MAILPROTO__OWN_NO_HELLO;
    }
    return mailproto__auth_offers(&server->session, server->mechanisms,
                                  server->command.mechanism)
               ? MAILPROTO__OWN_NONE
               : MAILPROTO__OWN_NO_MECHANISM;
}

/* The next line of the exchange is the peer's, `limit` octets at most. */
static void await_line(mailproto_smtp_server *server, size_t limit)
{
    memset(&server->auth, 0, sizeof server->auth);
    server->auth_limit = limit;
}

mailproto_status mailproto__smtp_server_auth_begin(mailproto_smtp_server *server,
                                                   size_t prefix)
{
    mailproto_session *s = &server->session;
    const struct mailproto__smtp_command *c = &server->command;
    mailproto_event *ev;
    server->state = MAILPROTO__SMTP_AUTH;
    s->secret_in = 1;
    s->secret_out = 1;
    await_line(server,
               server->max_auth_line > prefix ? server->max_auth_line - prefix : 0);
    server->initial = c->initial.ptr != NULL;
    /* RFC 4954 4: an initial response that is empty is written `=` */
    server->empty_initial =
        server->initial && c->initial.len == 1 && c->initial.ptr[0] == '=';
    if (server->initial) {
        ev = mailproto__event(s, MAILPROTO_EV_AUTH_START, 0);
        ev->flags |= MAILPROTO_EVF_INITIAL;
    } else {
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

static mailproto_status ask_data(mailproto_smtp_server *server, mailproto_bytes data)
{
    server->initial = 0;
    server->empty_initial = 0;
    mailproto__smtp_server_ask(server, MAILPROTO_EV_AUTH_DATA)->text = data;
    return MAILPROTO_OK;
}

mailproto_status mailproto__smtp_server_auth_step(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_event *ev;
    mailproto_bytes data;
    if (server->empty_initial) {
        return ask_data(server, MAILPROTO__LITERAL(""));
    }
    switch (mailproto__auth_take(s, &server->auth, server->auth_limit, &data)) {
    case MAILPROTO__AUTH_PIECE:
        ev = mailproto__event(s, MAILPROTO_EV_AUTH_DATA, 0);
        ev->flags |= MAILPROTO_EVF_MORE;
        ev->text = data;
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_LAST:
        return ask_data(server, data);
    case MAILPROTO__AUTH_STAR:
        if (!server->initial) {
            end_with(server, MAILPROTO__OWN_AUTH_CANCELLED);
            return MAILPROTO_OK;
        }
        return refuse_line(server, MAILPROTO__OWN_BAD_BASE64);
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

static int is_asked(const mailproto_smtp_server *server)
{
    return server->session.awaiting && (server->asked == MAILPROTO_EV_AUTH_START ||
                                        server->asked == MAILPROTO_EV_AUTH_DATA);
}

/* A piece of a challenge: "334 " base64. It may leave as it comes: it can be longer
 * than the output buffer. */
static mailproto_status put_challenge(mailproto_smtp_server *server,
                                      const struct mailproto__auth_call *call)
{
    mailproto_session *s = &server->session;
    int first = !server->auth.sending;
    mailproto_status st;
    int whole;
    if (!is_asked(server) || server->line_code != 0) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__auth_put(s, &server->auth, MAILPROTO__LITERAL("334 "), 0,
                             call->data, call->len, call->total, &whole);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (first) {
        mailproto__make_due(s, 4, MAILPROTO_TRACE_REPLY);
    }
    mailproto__make_all_due(s, MAILPROTO_TRACE_CREDENTIAL);
    if (whole) {
        (void)mailproto__answered(s, s->request);
        server->asked = 0;
        await_line(server, server->max_auth_line);
        mailproto__smtp_server_finish(server, 334, 1);
    }
    return MAILPROTO_OK;
}

static mailproto_status finish(mailproto_smtp_server *server,
                               const struct mailproto__auth_call *call)
{
    enum mailproto__smtp_own own;
    if (!is_asked(server) || !mailproto__is_awaited(&server->session, call->tag)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->auth.sending || server->line_code != 0) {
        return MAILPROTO_ERR_STATE;
    }
    switch (call->outcome) { /* RFC 4954 6 */
    case MAILPROTO_OK:
        own = MAILPROTO__OWN_AUTH_OK;
        break;
    case MAILPROTO_ERR_AUTH:
        own = MAILPROTO__OWN_AUTH_FAILED;
        break;
    case MAILPROTO_ERR_AUTH_TEMPORARY:
        own = MAILPROTO__OWN_AUTH_TEMPORARY;
        break;
    case MAILPROTO_ERR_AUTH_WEAK:
        own = MAILPROTO__OWN_AUTH_WEAK;
        break;
    case MAILPROTO_ERR_NEEDS_TLS:
        own = MAILPROTO__OWN_AUTH_NEEDS_TLS;
        break;
    case MAILPROTO_ERR_SYNTAX:
        own = MAILPROTO__OWN_AUTH_SYNTAX;
        break;
    default:
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
