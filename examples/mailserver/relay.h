/*
 * Connections to the next servers: an SMTP client's engine each, and the transactions of
 * queued messages on it, one after the other.
 */
#ifndef MAILSERVER_RELAY_H
#define MAILSERVER_RELAY_H

#include "server.h"

/* Begins an attempt: a connection for what waits for this destination. */
void relay_attempt(struct server *server, struct destination *destination);

/* Ends the connections that carry no message now; `now` 1: all of them. What was not
   finished is in the queue. */
void relays_stop(struct server *server, int now);

#endif /* MAILSERVER_RELAY_H */
