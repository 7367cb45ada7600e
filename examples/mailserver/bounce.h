/*
 * The message that tells a sender what could not be delivered: a delivery status
 * notification (RFC 3464), made by the library's composer. Waits for the disk: for the
 * worker.
 */
#ifndef MAILSERVER_BOUNCE_H
#define MAILSERVER_BOUNCE_H

#include "queue.h"

/* Puts one into the queue's folder for the failed recipients of `about`, and fills its
   envelope. 0 or -1. */
int bounce_write(const struct queue *queue, const struct envelope *about,
                 struct envelope *bounce);

#endif /* MAILSERVER_BOUNCE_H */
