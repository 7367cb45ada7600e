/*
 * One connection under a session, for both roles: socket, TLS, waiting in the loop.
 * Knows sessions and no protocol.
 *
 * Its owner's `run` pulls events and rests:
 *
 *     while ((st = peer_next(&peer, &ev)) == MAILPROTO_OK) {
 *         handle(&ev);
 *     }
 *     if (st is AGAIN or YOUR_TURN) peer_rest(&peer); else it is over
 */
#ifndef MAILSERVER_PEER_H
#define MAILSERVER_PEER_H

#include "../common/tls.h"
#include "loop.h"

#include <mailproto/pump.h>

/* Events a connection may handle before the others have their turn. */
#define PEER_EVENTS_A_TURN 64

struct peer {
    struct loop *loop;
    struct watch watch;
    int fd;
    tls_connection *tls; /* NULL: in the clear */
    int handshaking;
    short blocked; /* what the last call that said AGAIN waits for */
    int over;      /* the connection is of no use any more */
    mailproto_io io;
    mailproto_session *session;
    uint32_t wait_id;   /* of the session, and ... */
    int64_t wait_until; /* ... when that wait has taken too long */
    int64_t end;        /* when the connection is cut off, whatever it does */
    void (*run)(void *ctx);
    void *ctx;
};

/* Takes the socket. `run` is called when something can go on. */
void peer_init(struct peer *peer, struct loop *loop, int fd, mailproto_session *session,
               void (*run)(void *ctx), void *ctx);

/* The session's next event, as mailproto_pump(). EOF also when time is up. */
mailproto_status peer_next(struct peer *peer, mailproto_event *ev);

/* Goes to sleep until the socket or the time allows more; `soon` 1: as soon as the others
   had their turn. */
void peer_rest(struct peer *peer, int soon);

/* At EV_TLS_GO: takes `tls` (NULL: it could not be made) and begins the handshake, which
   peer_next() carries on. */
void peer_start_tls(struct peer *peer, tls_connection *tls);

/* Ends the connection and the waiting: with what was said still arriving (`calm` 1), or
   at once. */
void peer_close(struct peer *peer, int calm);

#endif /* MAILSERVER_PEER_H */
