/*
 * Plays a transcript's two sides against each other: each side works off its own lines as
 * its events come. Knows session.h; an actor knows the protocol.
 */
#include "play_inside.h"

#include <string.h>

#include "pair.h"

/* Plays this side's lines up to its next event. 0, or -1: failed. */
static int go_on(struct play *p)
{
    for (; p->at < p->script->count; p->at++) {
        const struct transcript_line *l = &p->script->lines[p->at];
        int result;
        if (l->side != p->side || l->kind == LINE_BYTES) {
            continue;
        }
        if (l->kind == LINE_EVENT) {
            return 0;
        }
        result = play_line(p, l);
        p->waiting = result < 0;
        if (result <= 0) {
            return result < 0 ? 0 : -1;
        }
    }
    return 0;
}

/* A whole event, in p->last. */
static int pair_whole_event(struct play *p)
{
    if (p->waiting && go_on(p) != 0) {
        return -1;
    }
    if (p->waiting || p->at >= p->script->count) {
        struct text shown = {NULL, 0, 0};
        seen_print(&shown, &p->last);
        (void)play_fail(p, "unexpected event: %s", text_string(&shown));
        text_free(&shown);
        return -1;
    }
    if (!play_compare_event(p, p->script->lines[p->at].text.data)) {
        return -1;
    }
    p->at++;
    return go_on(p);
}

static int pair_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct play *p = ctx;
    struct seen now;
    int held;

    (void)s;
    seen_copy(&now, ev);
    if (p->has_peek) { /* p->last is a value that may go on */
        if (seen_goes_on(&p->last, &now)) {
            held = seen_join(&p->last, &now) ? 0 : -1;
            seen_free(&now);
            if (held != 0) {
                (void)play_fail(p, "pieces of one value do not fit together");
                return -1;
            }
            if ((p->last.flags & MAILPROTO_EVF_MORE) != 0 ||
                p->last.type == MAILPROTO_EV_CONTENT) {
                return 0;
            }
            p->has_peek = 0;
            return pair_whole_event(p);
        }
        p->has_peek = 0;
        if (pair_whole_event(p) != 0) {
            seen_free(&now);
            return -1;
        }
    }
    seen_free(&p->last);
    p->last = now;
    p->raw = *ev;
    if ((now.flags & MAILPROTO_EVF_MORE) != 0 || now.type == MAILPROTO_EV_CONTENT) {
        p->has_peek = 1;
        p->raw.text.ptr = NULL;
        return 0;
    }
    return pair_whole_event(p);
}

static int pair_turn(void *ctx, mailproto_session *s)
{
    struct play *p = ctx;
    size_t before = p->at;
    size_t used = p->action_used;

    (void)s;
    if (!p->waiting) {
        return 0;
    }
    p->later = 0;
    if (go_on(p) != 0) {
        return -1;
    }
    return p->at != before || p->action_used != used || !p->waiting;
}

/* After the run: the script is done and exactly its bytes were sent. */
static int pair_finish(struct play *p)
{
    mailproto_error e;

    if (p->why.len != 0) {
        return 0;
    }
    if (p->at < p->script->count) {
        return play_fail(p, "nothing moves any more before this line");
    }
    p->at = p->script->count;
    if (!play_compare_output(p, 0)) {
        return 0;
    }
    play_get_error(p, &e);
    if (!p->checked_error && e.code != MAILPROTO_OK) {
        return play_fail(p, "an error that no X: line expects: %s",
                         status_name(e.code));
    }
    return 1;
}

int play_pair(struct play *client, struct play *server, const struct transcript *t,
              const struct actor *actor, struct chunk chunk)
{
    struct play *sides[2];
    struct pair_end ends[2];
    mailproto_tls_info tls;
    int i;
    int good;

    memset(ends, 0, sizeof ends);
    memset(&tls, 0, sizeof tls);
    tls.struct_size = sizeof tls;
    sides[0] = client;
    sides[1] = server;
    good = play_begin(client, t, actor, SIDE_CLIENT, chunk);
    good = play_begin(server, t, actor, SIDE_SERVER, chunk) && good;
    for (i = 0; good && i < 2; i++) {
        sides[i]->in_pair = 1;
        ends[i].session = sides[i]->session;
        ends[i].ctx = sides[i];
        ends[i].event = pair_event;
        ends[i].turn = pair_turn;
        ends[i].tls = &tls;
        ends[i].chunk = chunk;
        ends[i].sent = &sides[i]->out;
        good = go_on(sides[i]) == 0;
    }
    if (good) {
        (void)pair_run(&ends[0], &ends[1]);
        good = pair_finish(client);
        good = pair_finish(server) && good;
    }
    pair_end_free(&ends[0]);
    pair_end_free(&ends[1]);
    return good;
}
