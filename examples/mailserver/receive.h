/*
 * One transaction at a time of a connection, from MAIL to the answer after the content:
 * who may send to whom, and the way of the content into the queue.
 */
#ifndef MAILSERVER_RECEIVE_H
#define MAILSERVER_RECEIVE_H

#include "envelope.h"
#include "hops.h"
#include "submit.h"

#include <mailproto/session.h>

struct conn;

struct receive {
    struct envelope envelope;
    struct incoming incoming;
    struct hops hops;
    char id[ENVELOPE_ID_MAX];
    struct submission *submission; /* on its way to the disk; then ... */
    uint32_t request;              /* ... this awaits its answer */
};

/* Handles an event of a transaction. 1, or 0: it was another one. */
int receive_event(struct conn *conn, const mailproto_event *ev);

/* Forgets the transaction; what is already on its way to the disk gets there. */
void receive_free(struct conn *conn);

#endif /* MAILSERVER_RECEIVE_H */
