/*
 * A few threads for what would make the loop wait: fsync(), look-ups of names. Knows
 * threads, and nothing of what the jobs do.
 */
#ifndef MAILSERVER_WORKER_H
#define MAILSERVER_WORKER_H

#include "loop.h"

struct worker;

/* One piece of work. Between worker_submit() and `done` it is the worker's, with all
   that its `ctx` says is the job's. */
struct job {
    void (*work)(void *ctx); /* in a thread; may wait */
    void (*done)(void *ctx); /* afterwards, in the loop */
    void *ctx;
    struct job *next; /* the worker's */
};

/* Starts the threads. NULL: failed. */
struct worker *worker_start(struct loop *loop, unsigned threads);

void worker_submit(struct worker *worker, struct job *job);

/* Jobs whose `done` was not called yet. */
size_t worker_pending(const struct worker *worker);

/* Ends the threads, after the job each is at; jobs not begun are forgotten. */
void worker_stop(struct worker *worker);

#endif /* MAILSERVER_WORKER_H */
