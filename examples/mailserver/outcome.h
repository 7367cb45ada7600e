/*
 * One transaction with the next server and what it means for each recipient: delivered,
 * to be tried again, or failed, with the words for the sender.
 */
#ifndef MAILSERVER_OUTCOME_H
#define MAILSERVER_OUTCOME_H

#include "envelope.h"
#include "route.h"

#include <mailproto/smtp.h>

enum { OUTCOME_SAID_MAX = 300 };

/* A recipient of the transaction. */
struct target {
    mailproto_smtp_recipient smtp; /* first: the transaction layer's */
    size_t index;                  /* in the envelope */
    char said[OUTCOME_SAID_MAX];   /* the reply to RCPT */
};

struct outcome {
    mailproto_smtp_transaction transaction;
    mailproto_smtp_mail_params params;
    struct target *targets;
    char said[OUTCOME_SAID_MAX]; /* the last reply to MAIL or to the content */
    char line[OUTCOME_SAID_MAX]; /* the reply that is being read */
    int open;                    /* more of it follows */
};

/* Prepares the transaction for the recipients that wait and are this destination's. 0, or
   -1: no memory. */
int outcome_start(struct outcome *outcome, struct routes *routes,
                  const struct destination *destination,
                  const struct envelope *envelope, uint64_t size);
void outcome_free(struct outcome *outcome);

/* Keeps the words of a reply. */
void outcome_note(struct outcome *outcome, const mailproto_event *ev);

/* The transaction is over: writes the results into the envelope. 1: the peer took some
   and has no room for more recipients at a time, so the rest may follow at once. */
int outcome_apply(const struct outcome *outcome, mailproto_smtp_client *client,
                  struct envelope *envelope);

#endif /* MAILSERVER_OUTCOME_H */
