/* One connection under a session: see peer.h. */
#include "peer.h"
#include "../common/net.h"
#include "../common/tls.h"
#include "linger.h"
#include "log.h"

#include <string.h>
#include <unistd.h>

enum {
    HANDSHAKE_MS = 60000, /* for a TLS handshake, whole */
    LAST_WORDS_MS = 5000  /* for a peer to take our last reply */
};

static mailproto_status peer_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct peer *p = ctx;
    mailproto_status st = p->tls != NULL ? tls_read(p->tls, buf, cap, got)
                                         : net_read(&p->fd, buf, cap, got);
    if (st == MAILPROTO_AGAIN) {
        p->blocked = p->tls != NULL ? tls_poll_events(p->tls) : POLLIN;
    }
    return st;
}

static mailproto_status peer_write(void *ctx, const void *buf, size_t len, size_t *put)
{
    struct peer *p = ctx;
    mailproto_status st = p->tls != NULL ? tls_write(p->tls, buf, len, put)
                                         : net_write(&p->fd, buf, len, put);
    if (st == MAILPROTO_AGAIN) {
        p->blocked = p->tls != NULL ? tls_poll_events(p->tls) : POLLOUT;
    }
    return st;
}

/* The session's wait is over, or ours. */
static void late(struct peer *p)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    int64_t now = loop_now();
    if (now >= p->end) {
        p->over = 1;
    } else if (now >= p->wait_until) {
        if (p->handshaking) {
            p->handshaking = 0;
            mailproto_session_fail(p->session, MAILPROTO_ERR_TIMEOUT);
        } else {
            mailproto_session_timed_out(p->session, p->wait_id);
        }
        p->wait_until = LOOP_NEVER;
        mailproto_session_get_want(p->session, &want);
        if ((want.flags & MAILPROTO_WANT_APP) != 0) { /* we are asked, and it goes on */
            return;
        }
        /* It has something to say still, but not for ever. */
        p->end = now + LAST_WORDS_MS;
    }
}

static void ready(void *ctx, short events)
{
    struct peer *p = ctx;
    if (events == 0) {
        late(p);
    }
    p->run(p->ctx);
}

void peer_init(struct peer *peer, struct loop *loop, int fd, mailproto_session *session,
               void (*run)(void *ctx), void *ctx)
{
    *peer = (struct peer){.loop = loop,
                          .fd = fd,
                          .session = session,
                          .wait_until = LOOP_NEVER,
                          .end = LOOP_NEVER,
                          .run = run,
                          .ctx = ctx};
    peer->io.struct_size = sizeof peer->io;
    peer->io.flags = MAILPROTO_IO_NONBLOCKING;
    peer->io.ctx = peer;
    peer->io.read = peer_read;
    peer->io.write = peer_write;
    peer->watch =
        (struct watch){.fd = fd, .due = LOOP_NEVER, .ctx = peer, .ready = ready};
    loop_add(loop, &peer->watch);
}

static mailproto_status handshake(struct peer *p)
{
    char why[200];
    mailproto_status st = tls_handshake(p->tls);
    if (st == MAILPROTO_AGAIN) {
        p->blocked = tls_poll_events(p->tls);
        return st;
    }
    p->handshaking = 0;
    p->wait_id = ~p->wait_id; /* the session's waits count again */
    if (st == MAILPROTO_OK) {
        st = tls_started(p->session, p->tls);
    } else {
        log_line("TLS: %s", tls_error(p->tls, why, sizeof why));
    }
    if (st != MAILPROTO_OK) {
        mailproto_session_fail(p->session, MAILPROTO_ERR_TLS);
    }
    return MAILPROTO_OK;
}

mailproto_status peer_next(struct peer *peer, mailproto_event *ev)
{
    if (peer->over) {
        return MAILPROTO_EOF;
    }
    peer->blocked = 0;
    if (peer->handshaking && handshake(peer) == MAILPROTO_AGAIN) {
        return MAILPROTO_AGAIN;
    }
    return mailproto_pump(peer->session, &peer->io, ev);
}

void peer_rest(struct peer *peer, int soon)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(peer->session, &want);
    if (!peer->handshaking && want.wait_id != peer->wait_id) {
        peer->wait_id = want.wait_id;
        peer->wait_until =
            want.timeout_ms == 0 ? LOOP_NEVER : loop_now() + want.timeout_ms;
    }
    /* Nothing blocks: it is our own turn to do something, which takes what it takes. */
    int64_t until = peer->blocked == 0 ? LOOP_NEVER : peer->wait_until;
    peer->watch.events = peer->blocked;
    peer->watch.due = soon ? 0 : until < peer->end ? until : peer->end;
}

void peer_start_tls(struct peer *peer, tls_connection *tls)
{
    char why[200];
    if (tls == NULL) {
        log_line("TLS: %s", tls_error(NULL, why, sizeof why));
        mailproto_session_fail(peer->session, MAILPROTO_ERR_TLS);
        return;
    }
    peer->tls = tls;
    peer->handshaking = 1;
    peer->wait_until = loop_now() + HANDSHAKE_MS;
}

void peer_close(struct peer *peer, int calm)
{
    loop_remove(peer->loop, &peer->watch);
    tls_free(peer->tls);
    peer->tls = NULL;
    if (calm) {
        linger(peer->loop, peer->fd);
    } else {
        close(peer->fd);
    }
    peer->fd = -1;
}
