/* The peer's side, played from bytes: see feed.h. */
#include "feed.h"

#include <string.h>

typedef struct player {
    role *r;
    record *rec;
    int tls_due; /* the engine said TLS_GO, which is kept for the handshake's time */
    mailproto_event tls_go;
} player;

/* Lets the role react until nothing happens any more. 1: something did. */
static int settle(player *p)
{
    mailproto_event ev;
    int happened = 0;
    while (mailproto_session_next_event(p->r->session, &ev) == MAILPROTO_OK) {
        happened = 1;
        p->tls_due = ev.type == MAILPROTO_EV_TLS_GO;
        if (p->tls_due) {
            p->tls_go = ev; /* it has no spans */
        } else {
            record_event(p->rec, &ev);
            role_event(p->r, &ev);
        }
    }
    role_work(p->r);
    return happened;
}

/* The handshake, in which both sides take part: so it is where the peer waits. 1: there
   was one. */
static int handshake(player *p)
{
    if (!p->tls_due) {
        return 0;
    }
    p->tls_due = 0;
    record_event(p->rec, &p->tls_go);
    role_event(p->r, &p->tls_go);
    return 1;
}

/* The peer waits: takes all output, and what becomes output when there is room again.
   1: there was any. */
static int drain(player *p)
{
    int any = 0;
    settle(p);
    for (;;) {
        size_t len;
        const void *due = mailproto_session_output(p->r->session, &len);
        if (len > 0) {
            record_output(p->rec, due, len);
            mailproto_session_output_sent(p->r->session, len);
            any = 1;
        }
        int happened = settle(p);
        happened |= handshake(p);
        if (!happened && len == 0) {
            return any;
        }
    }
}

/* Feeds a piece. The output stays, but where the session cannot go on without room.
   Returns what was not taken. */
static size_t feed_piece(player *p, const char *data, size_t len)
{
    while (len > 0) {
        size_t used = 0;
        mailproto_status st = mailproto_session_feed(p->r->session, data, len, &used);
        data += used;
        len -= used;
        int happened = settle(p);
        if (st != MAILPROTO_OK) {
            break; /* over */
        }
        if (used == 0 && !happened && !drain(p)) {
            break; /* closed */
        }
    }
    return len;
}

/* How far the peer sends before it waits for the answers to what it sent. */
static size_t next_stop(const feed_plan *plan, const char *data, size_t len, size_t at)
{
    if (plan->lockstep) {
        for (size_t i = 0; i < plan->offset_count; i++) {
            if (plan->offsets[i] > at && plan->offsets[i] < len) {
                return (size_t)plan->offsets[i];
            }
        }
        return len;
    }
    const char *end = memchr(data + at, '\n', len - at);
    return end != NULL ? (size_t)(end - data) + 1 : len;
}

size_t feed(role *r, record *rec, const feed_plan *plan, const char *data, size_t len)
{
    player p = {0};
    size_t at = 0, rest = 0;
    p.r = r;
    p.rec = rec;
    settle(&p);
    if (!plan->before_greeting) {
        drain(&p);
    }
    while (at < len && rest == 0) {
        size_t stop = next_stop(plan, data, len, at);
        while (at < stop && rest == 0) {
            size_t n = stop - at;
            if (plan->chunk > 0 && n > plan->chunk) {
                n = plan->chunk;
            }
            rest = feed_piece(&p, data + at, n);
            at += n - rest;
        }
        drain(&p);
    }
    if (!plan->no_eof) {
        mailproto_session_feed_eof(r->session);
        drain(&p);
    }
    return len - at;
}
