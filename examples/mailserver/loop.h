/*
 * One poll() over everything the server waits for. Knows file descriptors and times, and
 * nothing of mail.
 */
#ifndef MAILSERVER_LOOP_H
#define MAILSERVER_LOOP_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* Never: no time is awaited. */
#define LOOP_NEVER INT64_MAX

/* Something to wait for: a descriptor, a time, or both. */
struct watch {
    int fd;       /* -1: only the time */
    short events; /* POLLIN, POLLOUT; 0: the descriptor is left alone */
    int64_t due;  /* in loop_now(); 0: at once; LOOP_NEVER */
    void *ctx;
    /* Called when an event came, or the time (`events` is 0 then). It may change, add
       and remove any watch. */
    void (*ready)(void *ctx, short events);
    struct watch *next; /* the loop's */
    struct watch *prev; /* the loop's */
    size_t place;       /* the loop's */
};

struct loop {
    struct watch *first;
    size_t count;
    struct pollfd *polled; /* of this turn, with ... */
    struct watch **turn;   /* ... the watch of each, NULL when it was removed */
    size_t room;           /* of both arrays */
    size_t turn_count;
};

/* A monotonic clock, milliseconds, never 0. */
int64_t loop_now(void);

void loop_init(struct loop *loop);
void loop_free(struct loop *loop);

/* The watch stays the caller's, and in place until it is removed. */
void loop_add(struct loop *loop, struct watch *watch);
void loop_remove(struct loop *loop, struct watch *watch);

/* Waits for the next events and times and calls who awaits them. 0, or -1: poll() failed
   or memory ran out. */
int loop_turn(struct loop *loop);

#endif /* MAILSERVER_LOOP_H */
