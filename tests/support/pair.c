/*
 * Two sessions joined by two wires inside one process. Knows session.h alone.
 */
#include "pair.h"

#include <stdlib.h>
#include <string.h>

static uint32_t wants(const struct pair_end *e)
{
    mailproto_want want;

    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    mailproto_session_get_want(e->session, &want);
    return want.flags;
}

static size_t on_wire(const struct pair_end *e)
{
    return e->wire.len - e->wire_head;
}

/* Pulls events until there is none. 1: there were some, 0: none, -1: stop. */
static int pull(struct pair_end *e)
{
    mailproto_event ev;
    mailproto_status st;
    int moved = 0;

    while ((st = mailproto_session_next_event(e->session, &ev)) == MAILPROTO_OK) {
        moved = 1;
        e->tls_go = ev.type == MAILPROTO_EV_TLS_GO ? 1 : e->tls_go;
        if (e->event(e->ctx, e->session, &ev) != 0) {
            return -1;
        }
    }
    free(e->lent); /* lent until AGAIN; a sanitizer sees any later use */
    e->lent = NULL;
    e->over = st == MAILPROTO_EOF;
    return moved;
}

/* Puts onto the wire what is due, one piece at a time: a full wire is back-pressure. */
static int send_some(struct pair_end *e, const struct pair_end *peer)
{
    size_t len = 0;
    const char *due;

    if (peer->over || e->is_cut) {
        e->wire_head = e->wire.len; /* nobody reads any more */
    }
    if (on_wire(e) != 0 || (wants(e) & MAILPROTO_WANT_WRITE) == 0) {
        return 0;
    }
    due = mailproto_session_output(e->session, &len);
    if (len == 0) {
        return 0;
    }
    len = chunk_size(&peer->chunk, peer->received, len);
    e->wire.len = e->wire_head = 0;
    if (!e->is_cut) {
        text_add(&e->wire, due, len);
    }
    if (e->sent != NULL) {
        text_add(e->sent, due, len);
    }
    return mailproto_session_output_sent(e->session, len) == MAILPROTO_OK;
}

static size_t receive_in_place(struct pair_end *e, const char *data, size_t len)
{
    size_t cap = 0;
    char *space = mailproto_session_input_space(e->session, &cap);

    if (space == NULL) {
        return 0;
    }
    len = len < cap ? len : cap;
    memcpy(space, data, len);
    return mailproto_session_input_commit(e->session, len) == MAILPROTO_OK ? len : 0;
}

static size_t receive_lent(struct pair_end *e, const char *data, size_t len)
{
    size_t consumed = 0;

    e->lent = test_alloc(len);
    memcpy(e->lent, data, len);
    (void)mailproto_session_feed(e->session, e->lent, len, &consumed);
    return consumed;
}

static int receive_some(struct pair_end *e, struct pair_end *peer)
{
    size_t len = on_wire(peer);
    size_t got;

    if (len == 0 || e->over || (wants(e) & MAILPROTO_WANT_TLS) != 0) {
        return 0;
    }
    if (e->cut != 0 && len > e->cut - 1 - e->received) {
        len = (size_t)(e->cut - 1 - e->received);
        if (len == 0) {
            return 0;
        }
    }
    got = e->chunk.in_place
              ? receive_in_place(e, peer->wire.data + peer->wire_head, len)
              : receive_lent(e, peer->wire.data + peer->wire_head, len);
    peer->wire_head += got;
    e->received += got;
    return got != 0 || (wants(e) & MAILPROTO_WANT_EVENT) != 0;
}

static int start_tls(struct pair_end *a, struct pair_end *b)
{
    if (!a->tls_go || !b->tls_go || on_wire(a) != 0 || on_wire(b) != 0) {
        return 0;
    }
    a->tls_go = b->tls_go = 0;
    return mailproto_session_tls_started(a->session, a->tls) == MAILPROTO_OK &&
           mailproto_session_tls_started(b->session, b->tls) == MAILPROTO_OK;
}

/* The peer has closed and everything it sent was read. */
static int tell_eof(struct pair_end *e, const struct pair_end *peer)
{
    if (e->is_cut || !peer->over || e->told_eof || e->over || on_wire(peer) != 0) {
        return 0;
    }
    e->told_eof = 1;
    (void)mailproto_session_feed_eof(e->session);
    return 1;
}

static void hear_of_cut(struct pair_end *e)
{
    e->is_cut = e->told_eof = 1;
    e->wire.len = e->wire_head = 0;
    if (e->cut_status != 0) {
        (void)mailproto_session_fail(e->session, e->cut_status);
    } else {
        (void)mailproto_session_feed_eof(e->session);
    }
}

/* The connection ends where one of the two was to hear no more. */
static int cut(struct pair_end *a, struct pair_end *b)
{
    if (a->is_cut || ((a->cut == 0 || a->received < a->cut - 1) &&
                      (b->cut == 0 || b->received < b->cut - 1))) {
        return 0;
    }
    hear_of_cut(a);
    hear_of_cut(b);
    return 1;
}

static int turn(struct pair_end *e)
{
    return e->turn != NULL ? e->turn(e->ctx, e->session) : 0;
}

/* One round for one end. */
static int move(struct pair_end *e, struct pair_end *peer)
{
    int moved = pull(e);

    if (moved >= 0) {
        moved |= send_some(e, peer);
        moved |= receive_some(e, peer);
        moved |= tell_eof(e, peer);
    }
    return moved;
}

enum pair_result pair_run(struct pair_end *client, struct pair_end *server)
{
    for (;;) {
        int was_cut = cut(client, server);
        int a = move(server, client);
        int b = a >= 0 ? move(client, server) : a;
        if (a == 0 && b == 0 && !was_cut && !start_tls(client, server)) {
            a = turn(client);
            b = a >= 0 ? turn(server) : a;
            if (a == 0 && b == 0) {
                return client->over && server->over ? PAIR_DONE : PAIR_QUIET;
            }
        }
        if (a < 0 || b < 0) {
            return PAIR_STOPPED;
        }
    }
}

void pair_end_free(struct pair_end *end)
{
    text_free(&end->wire);
    free(end->lent);
    end->lent = NULL;
}
