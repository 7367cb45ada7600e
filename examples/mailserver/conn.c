/* A connection of somebody who sends mail to us: see conn.h. */
#include "conn.h"
#include "../common/tls.h"
#include "caller.h"
#include "log.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Recipients of a message: what RFC 5321 4.5.3.1.8 asks for, so that a connection stays
   small. Content is read in pieces of up to this size. */
enum { RECIPIENTS_MAX = 100, INPUT_SIZE = 16384 };

static mailproto_status make_engine(struct conn *c)
{
    const struct options *o = &c->server->options;
    mailproto_smtp_server_options e = {0};
    e.struct_size = sizeof e;
    e.host_name = text_bytes(o->name);
    e.in_size = INPUT_SIZE;
    e.max_recipients = RECIPIENTS_MAX;
    e.max_content = o->max_size;
    e.command_ms = o->timeout_ms;
    e.block_ms = o->timeout_ms;
    e.caps = caller_cap(MAILPROTO_SMTP_CAP_PIPELINING) |
             caller_cap(MAILPROTO_SMTP_CAP_SIZE) |
             caller_cap(MAILPROTO_SMTP_CAP_8BITMIME) |
             caller_cap(MAILPROTO_SMTP_CAP_SMTPUTF8) |
             caller_cap(MAILPROTO_SMTP_CAP_ENHANCED);
    if (c->server->server_tls != NULL) {
        e.caps |= caller_cap(MAILPROTO_SMTP_CAP_STARTTLS);
    }
    if (o->users != NULL) {
        e.caps |= caller_cap(MAILPROTO_SMTP_CAP_AUTH);
        e.auth_mechanisms = text_bytes(c->server->auth.mechanisms);
        e.mechanisms_in_clear = text_bytes(c->server->auth.in_clear);
        e.flags |= o->auth_in_clear ? MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR : 0;
    }
    e.trace = caller_show(c->server, &c->shown, c->label, "", c->address);
    return mailproto_smtp_server_new(&e, &c->engine);
}

static void conn_close(struct conn *c, int calm)
{
    if (c->server->options.verbose) {
        transcript_end(&c->shown);
    }
    receive_free(c);
    auth_free(&c->auth);
    peer_close(&c->peer, calm);
    mailproto_smtp_server_free(c->engine);
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        c->server->conns = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    c->server->conn_count--;
    free(c);
}

void conn_reply(struct conn *conn, uint32_t request, unsigned code, unsigned subject,
                unsigned detail, const char *text)
{
    mailproto_smtp_status status = {0};
    status.code = (uint16_t)code;
    status.enhanced[0] = (uint16_t)(code / 100);
    status.enhanced[1] = (uint16_t)subject;
    status.enhanced[2] = (uint16_t)detail;
    mailproto_smtp_server_reply(conn->engine, request, &status, 0, text_bytes(text));
}

static void handle(struct conn *c, const mailproto_event *ev)
{
    if (auth_event(&c->auth, &c->server->auth, &c->peer, ev) || receive_event(c, ev)) {
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        peer_start_tls(&c->peer, tls_server_new(c->server->server_tls, c->peer.fd));
        c->helo[0] = '\0'; /* RFC 3207 4.2 */
        break;
    case MAILPROTO_EV_SMTP_HELO:
        text_printable(ev->text, c->helo, sizeof c->helo);
        mailproto_smtp_server_accept(c->engine, ev->tag);
        break;
    case MAILPROTO_EV_SMTP_EARLY_TALKER:
        log_line("%s spoke before its turn", c->address);
        break;
    default:
        if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
            mailproto_smtp_server_accept(c->engine, ev->tag);
        }
    }
}

static mailproto_status shut_down(struct conn *c)
{
    static const mailproto_smtp_status security = {.code = 421, .enhanced = {4, 7, 0}};
    if (auth_exhausted(&c->auth)) {
        return mailproto_smtp_server_shutdown(
            c->engine, &security, text_bytes("Too many failed authentications"));
    }
    if (c->server->stopping && c->receive.submission == NULL) {
        return mailproto_smtp_server_shutdown(c->engine, NULL, text_bytes(""));
    }
    return MAILPROTO_NOT_READY;
}

/* Ends the session from this side, when there is a reason; a second time it has no
   effect. */
static void end_if_due(struct conn *c)
{
    if (shut_down(c) == MAILPROTO_OK) {
        auth_cancel(&c->auth);
    }
}

void conn_run(struct conn *conn)
{
    mailproto_event ev;
    mailproto_status st = MAILPROTO_OK;
    end_if_due(conn);
    auth_go_on(&conn->auth, &conn->server->auth, &conn->peer);
    for (int n = 0; n < PEER_EVENTS_A_TURN && st == MAILPROTO_OK; n++) {
        st = peer_next(&conn->peer, &ev);
        if (st == MAILPROTO_OK) {
            handle(conn, &ev);
        }
        end_if_due(conn);
    }
    if (st == MAILPROTO_OK || st == MAILPROTO_AGAIN || st == MAILPROTO_YOUR_TURN) {
        peer_rest(&conn->peer, st == MAILPROTO_OK || auth_working(&conn->auth));
        return;
    }
    conn_close(conn, st == MAILPROTO_EOF && !conn->peer.over);
}

static void run(void *ctx)
{
    conn_run(ctx);
}

void conn_open(struct server *server, int fd, const struct sockaddr *from)
{
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return;
    }
    c->server = server;
    c->receive.incoming.fd = -1;
    c->may_relay = route_may_relay(&server->routes, from);
    caller_address(c->address, from);
    if (make_engine(c) != MAILPROTO_OK) {
        log_line("%s: no memory for a connection", c->address);
        free(c);
        close(fd);
        return;
    }
    c->next = server->conns;
    if (c->next != NULL) {
        c->next->prev = c;
    }
    server->conns = c;
    server->conn_count++;
    peer_init(&c->peer, &server->loop, fd, mailproto_smtp_server_session(c->engine),
              run, c);
    conn_run(c);
}

void conns_stop(struct server *server, int now)
{
    struct conn *next;
    for (struct conn *c = server->conns; c != NULL; c = next) {
        next = c->next;
        if (now) {
            conn_close(c, 0);
        } else {
            c->peer.end = loop_now() + 5000;
            conn_run(c); /* says 421, or waits for what is on its way to the disk */
        }
    }
}
