/* The poll loop: see loop.h. */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

/* `place` of a watch that this turn does not look at. */
#define NO_PLACE SIZE_MAX

int64_t loop_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

void loop_init(struct loop *loop)
{
    *loop = (struct loop){0};
}

void loop_free(struct loop *loop)
{
    free(loop->polled);
    free(loop->turn);
    loop_init(loop);
}

void loop_add(struct loop *loop, struct watch *watch)
{
    watch->place = NO_PLACE;
    watch->prev = NULL;
    watch->next = loop->first;
    if (loop->first != NULL) {
        loop->first->prev = watch;
    }
    loop->first = watch;
    loop->count++;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
    if (watch->place < loop->turn_count) {
        loop->turn[watch->place] = NULL;
    }
    if (watch->prev != NULL) {
        watch->prev->next = watch->next;
    } else {
        loop->first = watch->next;
    }
    if (watch->next != NULL) {
        watch->next->prev = watch->prev;
    }
    loop->count--;
}

static int make_room(struct loop *loop)
{
    if (loop->count <= loop->room) {
        return 0;
    }
    size_t room = loop->count + 64;
    struct pollfd *polled = realloc(loop->polled, room * sizeof *polled);
    if (polled == NULL) {
        return -1;
    }
    loop->polled = polled;
    struct watch **turn = realloc(loop->turn, room * sizeof(struct watch *));
    if (turn == NULL) {
        return -1;
    }
    loop->turn = turn;
    loop->room = room;
    return 0;
}

/* Fills the arrays; returns the earliest time anything is due. */
static int64_t gather(struct loop *loop)
{
    int64_t due = LOOP_NEVER;
    size_t n = 0;
    for (struct watch *w = loop->first; w != NULL; w = w->next) {
        /* poll() reports POLLHUP unasked: who does not want to hear is left out. */
        loop->polled[n].fd = w->events == 0 ? -1 : w->fd;
        loop->polled[n].events = w->events;
        loop->polled[n].revents = 0;
        loop->turn[n] = w;
        w->place = n++;
        due = w->due < due ? w->due : due;
    }
    loop->turn_count = n;
    return due;
}

static int milliseconds_until(int64_t due)
{
    if (due == LOOP_NEVER) {
        return -1;
    }
    int64_t left = due - loop_now();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int loop_turn(struct loop *loop)
{
    if (make_room(loop) < 0) {
        return -1;
    }
    int64_t due = gather(loop);
    int got = poll(loop->polled, (nfds_t)loop->turn_count, milliseconds_until(due));
    if (got < 0 && errno != EINTR) {
        return -1;
    }
    int64_t now = loop_now();
    for (size_t i = 0; i < loop->turn_count; i++) {
        struct watch *w = loop->turn[i]; /* NULL: removed in this turn */
        short events = got > 0 ? loop->polled[i].revents : 0;
        if (w != NULL && (events != 0 || w->due <= now)) {
            w->ready(w->ctx, events);
        }
    }
    loop->turn_count = 0;
    return 0;
}
