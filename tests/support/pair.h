/*
 * Two sessions joined by two wires inside one process: what one sends the other
 * receives, in pieces of any size, over wires that hold one piece. Knows session.h
 * alone, so that it serves every protocol.
 */
#ifndef TEST_PAIR_H
#define TEST_PAIR_H

#include <mailproto/session.h>

#include "chunk.h"
#include "text.h"

struct pair_end {
    mailproto_session *session;
    void *ctx;
    /* An event: 0, or -1 to stop. May call verbs. TLS_GO: the pair itself calls
     * mailproto_session_tls_started() on both ends when both are there. */
    int (*event)(void *ctx, mailproto_session *s, const mailproto_event *ev);
    /* NULL, or called when nothing moves: goes on with what had to wait (content that
     * met a full output, an answer that was put off). 1: did something, 0: nothing to
     * do, -1: stop. */
    int (*turn)(void *ctx, mailproto_session *s);
    const mailproto_tls_info
        *tls;           /* for mailproto_session_tls_started(); may be NULL */
    struct chunk chunk; /* how it receives */
    struct text *sent;  /* NULL, or what it sent, all of it */
    /* 0, or 1 + the octets it receives before the connection is cut: what is on its way
     * then is lost, and what is written later goes nowhere. */
    uint64_t cut;
    /* How it hears of a cut: 0 as the end of input, else session_fail(). */
    mailproto_status cut_status;

    /* the pair's own */
    struct text wire; /* sent and not yet received by the other end */
    size_t wire_head;
    uint64_t received; /* octets so far */
    char *lent;        /* what feed() was given */
    int tls_go, told_eof, over, is_cut;
};

enum pair_result {
    PAIR_DONE,   /* both sessions have ended */
    PAIR_QUIET,  /* nothing moves any more */
    PAIR_STOPPED /* a handler said so */
};

/* Runs until nothing moves. To start, zero the structs and fill the upper half. */
enum pair_result pair_run(struct pair_end *client, struct pair_end *server);

/* Releases what the run left behind. */
void pair_end_free(struct pair_end *end);

#endif /* TEST_PAIR_H */
