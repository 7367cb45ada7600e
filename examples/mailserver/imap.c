/* A connection of somebody who reads mail by IMAP: see imap.h. */
#include "imap.h"
#include "../common/tls.h"
#include "caller.h"
#include "log.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_SIZE = 16384, STOP_MS = 5000, SLICE_MS = 3, POLL_MS = 1000 };

/* ---- the conversation ------------------------------------------------------------ */

/* A command that is larger than the engine's own memory. */
static void lend(struct imap *c, const mailproto_event *ev)
{
    void *mem = malloc((size_t)ev->number);
    if (mem == NULL || mailproto_session_lend(c->peer.session, mem,
                                              (size_t)ev->number) != MAILPROTO_OK) {
        free(mem);
    }
}

static void give_back(const mailproto_event *ev)
{
    union {
        const void *theirs;
        void *ours;
    } mem;
    mem.theirs = ev->detail;
    free(mem.ours);
}

static void handle(struct imap *c, const mailproto_event *ev)
{
    if (auth_event(&c->auth, &c->server->auth, &c->peer, ev)) {
        if (ev->type == MAILPROTO_EV_AUTH_RESULT && c->auth.done) {
            imap_login(c, text_bytes(c->auth.name));
        }
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        peer_start_tls(&c->peer, tls_server_new(c->server->server_tls, c->peer.fd));
        break;
    case MAILPROTO_EV_NEED_MEMORY:
        lend(c, ev);
        break;
    case MAILPROTO_EV_MEMORY_BACK:
        give_back(ev);
        break;
    case MAILPROTO_EV_IMAP_COMMAND:
        imap_command(c, ev);
        break;
    case MAILPROTO_EV_IMAP_LITERAL:
        imap_append_literal(c, ev);
        break;
    case MAILPROTO_EV_CONTENT:
    case MAILPROTO_EV_CONTENT_END:
    case MAILPROTO_EV_CONTENT_ABORTED:
        imap_append_content(c, ev);
        break;
    case MAILPROTO_EV_IMAP_REJECTED:
        imap_append_drop(c);
        if ((ev->flags & MAILPROTO_EVF_IMAP_SAVE) != 0) {
            c->saved.count = 0;
        }
        break;
    case MAILPROTO_EV_IMAP_IDLE:
        c->idling = ev->number == 1;
        if (c->idling) {
            imap_poll(c, 1);
        }
        break;
    case MAILPROTO_EV_IMAP_SYNC:
        imap_poll(c, 0);
        break;
    default:
        if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
            mailproto_imap_server_accept(c->engine, ev->tag);
        }
    }
}

static void imap_close(struct imap *c, int calm)
{
    if (c->server->options.verbose) {
        transcript_end(&c->shown);
    }
    imap_job_drop(c);
    imap_append_drop(c);
    imap_view_close(c);
    if (c->store != NULL) {
        boxes_flush(c->store);
        boxes_close(c->store);
    }
    auth_free(&c->auth);
    peer_close(&c->peer, calm);
    mailproto_imap_server_free(c->engine);
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        c->server->imaps = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    c->server->conn_count--;
    free(c->fetch);
    free(c->update);
    free(c->saved.list);
    free(c);
}

/* Ends the session from this side, when there is a reason; a second time it has no
   effect. */
static void end_if_due(struct imap *c)
{
    const char *why = NULL;
    if (auth_exhausted(&c->auth)) {
        why = "Too many failed authentications";
    } else if (c->server->stopping) {
        why = "The server stops";
    } else if (c->view.box != NULL && c->view.box->gone) {
        why = "The mailbox was deleted";
    }
    if (why != NULL && mailproto_imap_server_shutdown(
                           c->engine, NULL, text_bytes(why)) == MAILPROTO_OK) {
        auth_cancel(&c->auth);
        imap_job_drop(c);
        imap_append_drop(c);
    }
}

/* Others may have something to tell of what was changed: soon. */
static struct watch poller;

static void spread(struct imap *c, uint64_t change)
{
    if (c->view.box != NULL && c->view.box->change != change) {
        poller.due = 0;
    }
}

/* Before the client is told of it; else it is told nothing more. */
static void write_index(struct imap *c)
{
    if (c->store != NULL && boxes_flush(c->store) < 0) {
        c->peer.over = 1;
    }
}

void imap_run(struct imap *c)
{
    mailproto_event ev;
    mailproto_status st = MAILPROTO_OK, job = MAILPROTO_OK;
    uint64_t change = c->view.box != NULL ? c->view.box->change : 0;
    end_if_due(c);
    auth_go_on(&c->auth, &c->server->auth, &c->peer);
    c->until = loop_now() + SLICE_MS;
    for (int n = 0;
         n < PEER_EVENTS_A_TURN && st == MAILPROTO_OK && job != MAILPROTO_NOT_READY;
         n++) {
        job = imap_go_on(c);
        write_index(c);
        st = peer_next(&c->peer, &ev);
        if (st == MAILPROTO_OK) {
            handle(c, &ev);
        } else if (st == MAILPROTO_YOUR_TURN && job == MAILPROTO_AGAIN) {
            st = MAILPROTO_OK;
        }
        end_if_due(c);
    }
    spread(c, change);
    if (st == MAILPROTO_OK || st == MAILPROTO_AGAIN || st == MAILPROTO_YOUR_TURN) {
        peer_rest(&c->peer, st == MAILPROTO_OK ||
                                (job == MAILPROTO_NOT_READY && c->sync == NULL) ||
                                auth_working(&c->auth));
        return;
    }
    imap_close(c, st == MAILPROTO_EOF && !c->peer.over);
}

static void run(void *ctx)
{
    imap_run(ctx);
}

/* Every second: whoever is in IDLE hears what has changed. */
static void poll_all(void *ctx, short events)
{
    struct server *server = ctx;
    struct imap *next;
    (void)events;
    poller.due = server->imaps == NULL ? LOOP_NEVER : loop_now() + POLL_MS;
    for (struct imap *c = server->imaps; c != NULL; c = next) {
        next = c->next;
        if (c->idling && c->job.phase == IMAP_NOTHING) {
            imap_poll(c, 1);
            imap_run(c);
        }
    }
}

/* ---- beginning and end ----------------------------------------------------------- */

static mailproto_status make_engine(struct imap *c, int implicit)
{
    const struct options *o = &c->server->options;
    mailproto_imap_server_options e = {0};
    e.struct_size = sizeof e;
    e.out_size = OUTPUT_SIZE;
    e.append_limit = o->max_size;
    e.max_command_before =
        40000; /* RFC 2971 3.3: ID has up to 30 fields of 1054 octets */
    e.login_ms = e.idle_ms = e.block_ms = o->timeout_ms;
    e.caps = (caller_cap(MAILPROTO_IMAP_CAP_SAVEDATE) << 1) - 1;
    e.caps &= ~(caller_cap(MAILPROTO_IMAP_CAP_LITERAL_MINUS) |
                caller_cap(MAILPROTO_IMAP_CAP_UTF8_ACCEPT) |
                caller_cap(MAILPROTO_IMAP_CAP_STARTTLS));
    e.auth_mechanisms = text_bytes(c->server->auth.mechanisms);
    e.mechanisms_in_clear = text_bytes(c->server->auth.in_clear);
    if (c->server->server_tls != NULL) {
        e.caps |= caller_cap(MAILPROTO_IMAP_CAP_STARTTLS);
    }
    e.flags |= implicit ? MAILPROTO_IMAP_SERVER_TLS_IMPLICIT : 0U;
    e.flags |= o->auth_in_clear ? MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR : 0U;
    e.trace = caller_show(c->server, &c->shown, c->label, "imap ", c->address);
    c->shown.content_side = 'S';
    return mailproto_imap_server_new(&e, &c->engine);
}

void imap_open(struct server *server, int fd, const struct sockaddr *from, int implicit)
{
    struct imap *c = calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return;
    }
    c->server = server;
    c->message.fd = c->content = -1;
    caller_address(c->address, from);
    mailproto_status st = make_engine(c, implicit);
    if (st != MAILPROTO_OK) {
        log_line("%s: no engine for a connection: %s", c->address,
                 mailproto_error_name(st));
        free(c);
        close(fd);
        return;
    }
    if (poller.ready == NULL) {
        poller = (struct watch){.fd = -1, .ctx = server, .ready = poll_all};
        loop_add(&server->loop, &poller);
    }
    if (server->imaps == NULL) {
        poller.due = loop_now() + POLL_MS;
    }
    c->next = server->imaps;
    if (c->next != NULL) {
        c->next->prev = c;
    }
    server->imaps = c;
    server->conn_count++;
    peer_init(&c->peer, &server->loop, fd, mailproto_imap_server_session(c->engine),
              run, c);
    run(c);
}

void imaps_stop(struct server *server, int now)
{
    struct imap *next;
    for (struct imap *c = server->imaps; c != NULL; c = next) {
        next = c->next;
        if (now) {
            imap_close(c, 0);
        } else {
            c->peer.end = loop_now() + STOP_MS;
            imap_run(c);
        }
    }
}
