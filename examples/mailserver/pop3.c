/* A connection of somebody who reads mail here: see pop3.h. */
#include "pop3.h"
#include "../common/tls.h"
#include "caller.h"
#include "log.h"
#include "text.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { OUTPUT_SIZE = 16384, STAMP_MAX = 128, STOP_MS = 5000 };

/* ---- who it is ------------------------------------------------------------------------ */

static void on_login(struct pop3 *c, const mailproto_event *ev)
{
    const struct users *users = &c->server->users;
    mailproto_pop3_login login = {0};
    mailproto_bytes secret;
    int right = 0;
    login.struct_size = sizeof login;
    if (mailproto_pop3_event_login(ev, &login) == MAILPROTO_OK && login.apop) {
        /* An unknown user has a secret too, so that it takes as long. */
        mailproto_status known = users_password(users, login.name, &secret);
        right = mailproto_sasl_apop_check(login.stamp, secret, login.secret, NULL,
                                          NULL) == MAILPROTO_OK &&
                known == MAILPROTO_OK;
    } else if (login.name.len > 0) {
        right = users_verify(users, login.name, login.secret);
    }
    if (right) {
        mailproto_pop3_server_accept(c->engine, ev->tag);
        return;
    }
    auth_failed(&c->auth);
    mailproto_pop3_server_err(c->engine, ev->tag, MAILPROTO_POP3_RESP_AUTH,
                              text_bytes("Wrong name or password"));
}

/* ---- the conversation ----------------------------------------------------------------- */

static void handle(struct pop3 *c, const mailproto_event *ev)
{
    if (auth_event(&c->auth, &c->server->auth, &c->peer, ev) || mailbox_event(c, ev)) {
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        peer_start_tls(&c->peer, tls_server_new(c->server->server_tls, c->peer.fd));
        break;
    case MAILPROTO_EV_POP3_LOGIN:
        on_login(c, ev);
        break;
    default:
        if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
            mailproto_pop3_server_accept(c->engine, ev->tag);
        }
    }
}

static void pop3_close(struct pop3 *c, int calm)
{
    if (c->server->options.verbose) {
        transcript_end(&c->shown);
    }
    mailbox_free(&c->mailbox);
    auth_free(&c->auth);
    peer_close(&c->peer, calm);
    mailproto_pop3_server_free(c->engine);
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        c->server->pop3s = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    c->server->conn_count--;
    free(c);
}

static mailproto_status shut_down(struct pop3 *c)
{
    if (auth_exhausted(&c->auth)) {
        return mailproto_pop3_server_shutdown(
            c->engine, text_bytes("Too many failed authentications"));
    }
    if (c->server->stopping && c->mailbox.job == NULL) {
        return mailproto_pop3_server_shutdown(c->engine,
                                              text_bytes("The server stops"));
    }
    return MAILPROTO_NOT_READY;
}

/* Ends the session from this side, when there is a reason; a second time it has no
   effect. */
static void end_if_due(struct pop3 *c)
{
    if (shut_down(c) == MAILPROTO_OK) {
        auth_cancel(&c->auth);
    }
}

void pop3_run(struct pop3 *c)
{
    mailproto_event ev;
    mailproto_status st = MAILPROTO_OK;
    end_if_due(c);
    auth_go_on(&c->auth, &c->server->auth, &c->peer);
    for (int n = 0; n < PEER_EVENTS_A_TURN && st == MAILPROTO_OK; n++) {
        if (c->mailbox.sending && !c->peer.over) {
            st = mailbox_send(c);
        }
        if (st == MAILPROTO_OK) {
            st = peer_next(&c->peer, &ev);
        }
        if (st == MAILPROTO_OK) {
            handle(c, &ev);
        } else if (st == MAILPROTO_YOUR_TURN && c->mailbox.sending) {
            st = MAILPROTO_OK;
        }
        end_if_due(c);
    }
    if (st == MAILPROTO_OK || st == MAILPROTO_AGAIN || st == MAILPROTO_YOUR_TURN) {
        peer_rest(&c->peer, st == MAILPROTO_OK || auth_working(&c->auth));
        return;
    }
    pop3_close(c, st == MAILPROTO_EOF && !c->peer.over);
}

static void run(void *ctx)
{
    pop3_run(ctx);
}

/* ---- beginning and end ---------------------------------------------------------------- */

/* A msg-id that was never used before (RFC 1939 7). */
static int make_stamp(const struct pop3 *c, char stamp[STAMP_MAX])
{
    unsigned char octets[16];
    char text[sizeof octets * 2 + 1];
    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets) {
        return -1;
    }
    for (size_t i = 0; i < sizeof octets; i++) {
        snprintf(text + 2 * i, 3, "%02x", octets[i]);
    }
    snprintf(stamp, STAMP_MAX, "<%s@%.80s>", text, c->server->options.name);
    return 0;
}

static mailproto_status make_engine(struct pop3 *c, int implicit)
{
    const struct options *o = &c->server->options;
    mailproto_pop3_server_options e = {0};
    char stamp[STAMP_MAX];
    e.struct_size = sizeof e;
    e.out_size = OUTPUT_SIZE;
    e.max_messages = o->max_messages;
    e.login_ms = e.idle_ms = e.block_ms = o->timeout_ms;
    e.expire_days = MAILPROTO_POP3_EXPIRE_NEVER;
    e.caps = caller_cap(MAILPROTO_POP3_CAP_TOP) | caller_cap(MAILPROTO_POP3_CAP_USER) |
             caller_cap(MAILPROTO_POP3_CAP_RESP_CODES) |
             caller_cap(MAILPROTO_POP3_CAP_PIPELINING) |
             caller_cap(MAILPROTO_POP3_CAP_UIDL) |
             caller_cap(MAILPROTO_POP3_CAP_AUTH_RESP_CODE) |
             caller_cap(MAILPROTO_POP3_CAP_EXPIRE) |
             caller_cap(MAILPROTO_POP3_CAP_SASL);
    e.auth_mechanisms = text_bytes(c->server->auth.mechanisms);
    e.mechanisms_in_clear = text_bytes(c->server->auth.in_clear);
    if (c->server->server_tls != NULL) {
        e.caps |= caller_cap(MAILPROTO_POP3_CAP_STLS);
    }
    e.flags |= implicit ? MAILPROTO_POP3_SERVER_TLS_IMPLICIT : 0U;
    e.flags |= o->auth_in_clear ? MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR : 0U;
    if (o->apop && make_stamp(c, stamp) == 0) {
        e.apop_stamp = text_bytes(stamp);
    }
    e.trace = caller_show(c->server, &c->shown, c->label, "pop3 ", c->address);
    c->shown.content_side = 'S';
    return mailproto_pop3_server_new(&e, &c->engine);
}

void pop3_open(struct server *server, int fd, const struct sockaddr *from, int implicit)
{
    struct pop3 *c = calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return;
    }
    c->server = server;
    mailbox_init(&c->mailbox);
    caller_address(c->address, from);
    mailproto_status st = make_engine(c, implicit);
    if (st != MAILPROTO_OK) {
        log_line("%s: no engine for a connection: %s", c->address,
                 mailproto_error_name(st));
        free(c);
        close(fd);
        return;
    }
    c->next = server->pop3s;
    if (c->next != NULL) {
        c->next->prev = c;
    }
    server->pop3s = c;
    server->conn_count++;
    peer_init(&c->peer, &server->loop, fd, mailproto_pop3_server_session(c->engine),
              run, c);
    run(c);
}

void pop3s_stop(struct server *server, int now)
{
    struct pop3 *next;
    for (struct pop3 *c = server->pop3s; c != NULL; c = next) {
        next = c->next;
        if (now) {
            pop3_close(c, 0);
        } else {
            c->peer.end = loop_now() + STOP_MS;
            pop3_run(c);
        }
    }
}
