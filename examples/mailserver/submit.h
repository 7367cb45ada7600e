/*
 * From the wire into the queue: the file a message is written to while it is received,
 * and the step that makes it durable before the sender hears 250.
 */
#ifndef MAILSERVER_SUBMIT_H
#define MAILSERVER_SUBMIT_H

#include "queue.h"

/* A message that is being received. `fd` -1: none. */
struct incoming {
    char id[ENVELOPE_ID_MAX];
    int fd;
};

/* 0, or -1 with errno. */
int incoming_begin(struct queue *queue, struct incoming *incoming);
int incoming_write(const struct incoming *incoming, const void *data, size_t len);

/* Forgets it; nothing remains. May be called twice. */
void incoming_drop(struct queue *queue, struct incoming *incoming);

struct submission;

/* Puts it into the queue, once for each destination of its recipients. Takes what both
   structs hold. `done` is called later, from the loop, with 0, or -1 and why (static
   text) when nothing was kept. NULL: no memory; both are dropped. */
struct submission *submit(struct queue *queue, struct incoming *incoming,
                          struct envelope *envelope,
                          void (*done)(void *ctx, int result, const char *why),
                          void *ctx);

/* Nobody waits for `done` any more; the message goes into the queue all the same. */
void submit_forget(struct submission *submission);

#endif /* MAILSERVER_SUBMIT_H */
