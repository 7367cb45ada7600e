/*
 * Delivery of queued mail into this host's mailboxes.
 */
#ifndef MAILSERVER_LOCAL_H
#define MAILSERVER_LOCAL_H

#include "queue.h"

/* Begins an attempt: the next message for the mailboxes here. */
void local_attempt(struct queue *queue, struct destination *destination);

#endif /* MAILSERVER_LOCAL_H */
