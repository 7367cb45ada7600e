/*
 * After an attempt: what was delivered is written down, what failed goes back, what is
 * left is tried again later or given up.
 */
#ifndef MAILSERVER_SETTLE_H
#define MAILSERVER_SETTLE_H

#include "queue.h"

struct settlement {
    struct queue *queue;
    struct queue_item *item;
    struct envelope envelope;
    int at_once;  /* go on without waiting: the peer took some and has a limit */
    int finished; /* nothing is left to do */
    int returned; /* `bounce` is a message in the folder */
    struct envelope bounce;
};

/* The two halves, for a job that does more: in a thread, then in the loop. The first
   counts the attempt; the second gives the item back or frees it, and frees the rest. */
void settle_work(struct settlement *settlement);
void settle_done(struct settlement *settlement);

/* Both, as a job of its own. Takes the item, and what the envelope holds. */
void settle(struct queue *queue, struct queue_item *item, struct envelope *envelope,
            int at_once);

#endif /* MAILSERVER_SETTLE_H */
