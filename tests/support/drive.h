/*
 * Drives one session with bytes from a test: pieces in, events to a handler and into a
 * log, output collected. Knows session.h alone.
 */
#ifndef TEST_DRIVE_H
#define TEST_DRIVE_H

#include <mailproto/session.h>

#include "chunk.h"
#include "events.h"

struct drive {
    mailproto_session *session;
    struct chunk chunk;
    void *ctx;
    void (*event)(void *ctx, mailproto_session *s, const mailproto_event *ev);

    uint64_t given;   /* octets the session took */
    struct text out;  /* what it sent */
    struct text log;  /* its events, pieces of one value joined */
    struct seen last; /* a value that may go on */
    int has_last, over, dead;
    mailproto_status status; /* of the last call that gave bytes */
};

/* Gives bytes, cut as the plan says, and pulls events; nothing is written unless the
 * session takes no more without. Octets that were taken. */
size_t drive_give(struct drive *d, const char *data, size_t len);

/* Pulls events and writes output until nothing moves. */
void drive_settle(struct drive *d);

/* The peer has closed. */
void drive_eof(struct drive *d);

/* The log with everything in it, and the final error. */
const char *drive_log(struct drive *d);

void drive_free(struct drive *d);

#endif /* TEST_DRIVE_H */
