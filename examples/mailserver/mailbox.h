/*
 * The maildrop of a POP3 connection, from its opening to the removal of what was deleted:
 * what the events of the TRANSACTION state ask for. The slow parts are jobs of the worker.
 */
#ifndef MAILSERVER_MAILBOX_H
#define MAILSERVER_MAILBOX_H

#include "drop.h"

#include <mailproto/session.h>

struct pop3;
struct mailbox_job;

struct mailbox {
    char *name;              /* whose; NULL: nobody is logged in */
    struct drop drop;        /* open when its lock is */
    struct mailbox_job *job; /* in a thread; then ... */
    uint32_t request;        /* ... this awaits its answer */
    int content;             /* the message that is sent; -1: none */
    int sending;             /* the session wants it */
    mailproto_source source;
};

void mailbox_init(struct mailbox *box);

/* Handles an event of a maildrop. 1, or 0: it was another one. */
int mailbox_event(struct pop3 *c, const mailproto_event *ev);

/* Content while the session takes it: OK, or AGAIN: the socket would block. */
mailproto_status mailbox_send(struct pop3 *c);

/* Closes it; what is being removed in a thread is removed to its end. */
void mailbox_free(struct mailbox *box);

#endif /* MAILSERVER_MAILBOX_H */
