/*
 * Recorded SMTP conversations, and the replies in them. Knows the files below
 * $MAILPROTO_DATA/corpus/transcripts and no engine.
 */
#ifndef TEST_SMTP_RECORD_H
#define TEST_SMTP_RECORD_H

#include "jsonl.h"

/* A step: what the client sent at a time, then what the server answered. */
struct step {
    struct text client, server;
    int tls; /* TLS has begun before it */
};

struct record {
    char *name;
    struct step *steps;
    size_t count;
};

/* A recorded reply. */
struct reply {
    unsigned code;
    char last[512]; /* the text of its last line */
};
enum { REPLIES_MAX = 200 };
struct replies {
    struct reply items[REPLIES_MAX];
    size_t count;
};

/* real/NAME.{c2s,s2c,seq}. 1, or 0: not there. */
int record_real(struct record *r, const char *name);
/* The present line of smtp.jsonl. */
void record_steps(struct record *r, const struct jsonl *j);
void record_free(struct record *r);

/* Adds the replies in what a server sent; capability lines as bits to `*caps`. */
void replies_add(struct replies *to, const struct text *server, uint64_t *caps);

#endif /* TEST_SMTP_RECORD_H */
