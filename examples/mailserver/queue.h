/*
 * What waits to be passed on, and when it is tried: the list in memory of what store.h
 * has on disk, the back-off, the limits of attempts at a time. Knows neither SMTP nor
 * Maildirs: those are called to make an attempt and say how it went.
 */
#ifndef MAILSERVER_QUEUE_H
#define MAILSERVER_QUEUE_H

#include "loop.h"
#include "route.h"
#include "store.h"
#include "worker.h"

/* A message in the queue: little enough to have many. */
struct queue_item {
    struct queue_item *next;
    struct destination *destination;
    int64_t due; /* loop_now() */
    char id[ENVELOPE_ID_MAX];
};

struct queue {
    struct loop *loop;
    struct worker *worker;
    const struct options *options;
    struct routes *routes;
    struct store store;
    struct watch timer;
    struct queue_item *later; /* not due yet, by time */
    int stopping;             /* no attempt begins any more */
    /* Makes an attempt for what queue_take() gives; calls queue_idle() when it ends. */
    void (*attempt)(void *ctx, struct destination *destination);
    void *ctx;
};

/* Opens the folder and lists what is in it. 0, or -1 after saying what is wrong. */
int queue_open(struct queue *queue);
void queue_close(struct queue *queue);

/* A message that store_add() has put into the folder. Takes the item. */
void queue_put(struct queue *queue, struct queue_item *item);

/* An item for an envelope in the folder. NULL: no memory. */
struct queue_item *queue_item_new(const struct queue *queue,
                                  const struct envelope *envelope);

/* The next message for a destination and its envelope; NULL: none now. */
struct queue_item *queue_take(struct queue *queue, struct destination *destination,
                              struct envelope *envelope);

/* An attempt is over, with all it took given back or settled: others may begin. */
void queue_idle(struct queue *queue, struct destination *destination);

/* Gives back what was not tried after all. Frees the envelope. */
void queue_untried(struct queue *queue, struct queue_item *item,
                   struct envelope *envelope);

#endif /* MAILSERVER_QUEUE_H */
