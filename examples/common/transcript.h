/*
 * A conversation as people read it: a trace hook that prints every line with "C: " or
 * "S: " in front, leaves passwords out, and counts content instead of showing it.
 * Serves both roles and all protocols.
 */
#ifndef EXAMPLE_TRANSCRIPT_H
#define EXAMPLE_TRANSCRIPT_H

#include <mailproto/session.h>
#include <stdio.h>

typedef struct transcript {
    mailproto_trace trace; /* give its address to the engine's options */
    FILE *out;
    const char *label; /* in front of every line, may be "" */
    char content_side; /* who sends content: 'C' (SMTP, the default), 'S' (POP3) */
    char side;         /* 'C' or 'S': whose line it is */
    size_t len;        /* of the line so far */
    int cut;           /* the line was longer than the room */
    int secret;        /* its credentials were replaced already */
    uint64_t content;  /* octets of content since the last line */
    char line[512];
} transcript;

/* Prepares. `t` stays where it is as long as the engine lives; `label` too. */
void transcript_init(transcript *t, FILE *out, const char *label);

/* Prints what is left. */
void transcript_end(transcript *t);

#endif /* EXAMPLE_TRANSCRIPT_H */
