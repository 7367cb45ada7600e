/*
 * AUTHENTICATE (RFC 9051 6.2.2, RFC 4959) on the server. Knows when an exchange begins and
 * how it ends; a mechanism's bytes are carried as they are.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"

/* ---- the beginning --------------------------------------------------------------- */

mailproto_status mailproto__imap_server_auth_begin(mailproto_imap_server *server)
{
    const mailproto_imap_command *c = &server->command;
    mailproto_bytes initial = c->text.raw;
    mailproto_event *ev;
    if (c->text.form == MAILPROTO_IMAP_NIL) {
        initial = mailproto__span(NULL, 0);
    }
    ev = mailproto__auth_server_begin(&server->session, &server->auth, initial,
                                      server->max_auth_line);
    server->phase = MAILPROTO__IMAP_EXCHANGE;
    if (ev == NULL) {
        ev = mailproto__imap_server_ask(server, MAILPROTO_EV_AUTH_START);
    }
    ev->text = c->name.raw;
    return MAILPROTO_OK;
}

/* ---- how it ends ------------------------------------------------------------------- */

/* The exchange is over: its line is held, `how` it went. */
static void end(mailproto_imap_server *server, uint32_t how, int counts)
{
    mailproto__wipe(&server->auth, sizeof server->auth);
    mailproto__imap_unit_drop(server);
    mailproto__imap_unit_forget(
        server); /* the lines of the exchange lay in the block */
    server->auth_told = (uint8_t)how;
    server->session.reply_code = how;
    if (counts && mailproto__imap_server_is_bad(server)) {
        return;
    }
    mailproto__imap_server_said(server);
    mailproto__imap_server_next(server);
}

void mailproto__imap_server_auth_refuse(mailproto_imap_server *server,
                                        const struct mailproto__imap_words *words,
                                        enum mailproto__imap_own own, int counts)
{
    uint32_t how = mailproto__imap_own_how(own);
    mailproto__imap_server_put_tag(server, &server->current, how);
    if (words != NULL) {
        mailproto__imap_server_put_checked(server, words, own);
    } else {
        mailproto__imap_server_put_own(server, own);
    }
    end(server, how, counts);
}

static void let_in(mailproto_imap_server *server)
{
    mailproto__imap_server_put_tag(server, &server->current, MAILPROTO_IMAP_OK);
    server->bad = 0; /* who has proved himself begins anew */
    mailproto__imap_server_enter(server, MAILPROTO_IMAP_AUTHENTICATED);
    mailproto__imap_server_put_caps_code(server);
    mailproto__imap_server_put_own(server, MAILPROTO__IMAP_DONE);
    end(server, MAILPROTO_IMAP_OK, 0);
}

/* ---- the peer's lines ------------------------------------------------------------- */

static mailproto_status refuse(mailproto_imap_server *server,
                               enum mailproto__imap_own own, int counts)
{
    mailproto__imap_server_auth_refuse(server, NULL, own, counts);
    return MAILPROTO_OK;
}

/* RFC 4959 3: it lies in the command, whole. */
static mailproto_status initial_response(mailproto_imap_server *server)
{
    mailproto_bytes unit = mailproto__imap_unit(server);
    mailproto_bytes raw = server->command.text.raw;
    char *base = server->lent != NULL ? server->lent : server->session.in.base;
    mailproto_bytes data;
    server->auth.initial = 0;
    server->auth.empty_initial = 0;
    if (!mailproto__auth_decode(base + (raw.ptr - unit.ptr), raw.len, &data)) {
        return refuse(server, MAILPROTO__IMAP_NO_BASE64, 1);
    }
    mailproto__imap_server_ask(server, MAILPROTO_EV_AUTH_DATA)->text = data;
    return MAILPROTO_OK;
}

mailproto_status mailproto__imap_server_auth_step(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_bytes data;
    if (server->auth.initial) {
        return initial_response(server);
    }
    if (mailproto__imap_unit(server).len > 0) {
        mailproto__imap_unit_drop(server); /* what comes is no part of it */
    }
    switch (mailproto__auth_server_read(s, &server->auth, &data)) {
    case MAILPROTO__AUTH_PIECE:
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_LAST:
        mailproto__imap_server_ask(server, MAILPROTO_EV_AUTH_DATA)->text = data;
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_STAR:
        return refuse(server, MAILPROTO__IMAP_AUTH_CANCELLED, 1);
    case MAILPROTO__AUTH_BAD:
        return refuse(server, MAILPROTO__IMAP_NO_BASE64, 1);
    case MAILPROTO__AUTH_LONG:
        return refuse(server, MAILPROTO__IMAP_AUTH_LONG_LINE, 1);
    case MAILPROTO__AUTH_NONE:
    default:
        return mailproto__imap_server_starved(server);
    }
}

/* ---- the application's part -------------------------------------------------------- */

static mailproto_status put_challenge(mailproto_imap_server *server,
                                      const struct mailproto__auth_call *call)
{
    mailproto_status st = mailproto__auth_server_put(
        &server->session, &server->auth, server->asked, MAILPROTO__LITERAL("+ "), call,
        server->max_auth_line);
    if (st == MAILPROTO_OK && !server->auth.lines.sending) {
        (void)mailproto__imap_server_answered(server);
        mailproto__imap_server_rearm(server);
        server->session.flush = 1;
    }
    return st;
}

static mailproto_status finish(mailproto_imap_server *server,
                               const struct mailproto__auth_call *call)
{
    enum mailproto__imap_own own = MAILPROTO__IMAP_NO_WORDS;
    mailproto_status st = mailproto__auth_server_may_finish(
        &server->session, &server->auth, server->asked, call);
    if (st != MAILPROTO_OK) {
        return st;
    }
    switch (call->outcome) {
    case MAILPROTO_OK:
        break;
    case MAILPROTO_ERR_AUTH:
        own = MAILPROTO__IMAP_AUTH_FAILED;
        break;
    case MAILPROTO_ERR_AUTH_TEMPORARY:
        own = MAILPROTO__IMAP_AUTH_TEMPORARY;
        break;
    case MAILPROTO_ERR_AUTH_WEAK:
        own = MAILPROTO__IMAP_AUTH_WEAK;
        break;
    case MAILPROTO_ERR_NEEDS_TLS:
        own = MAILPROTO__IMAP_NO_TLS;
        break;
    case MAILPROTO_ERR_SYNTAX:
        own = MAILPROTO__IMAP_AUTH_SYNTAX;
        break;
    default:
        return MAILPROTO_ERR_ARGUMENT;
    }
    (void)mailproto__imap_server_answered(server);
    if (own == MAILPROTO__IMAP_NO_WORDS) {
        let_in(server);
        return MAILPROTO_OK;
    }
    return refuse(server, own, own != MAILPROTO__IMAP_AUTH_TEMPORARY);
}

mailproto_status mailproto__imap_server_auth(mailproto_session *s,
                                             const struct mailproto__auth_call *call)
{
    mailproto_imap_server *server = mailproto__imap_server_of(s);
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
