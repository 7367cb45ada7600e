/*
 * The envelope of a message in the queue: from whom, to whom, and what became of it for
 * each recipient so far. Knows its own text form, and no directory.
 */
#ifndef MAILSERVER_ENVELOPE_H
#define MAILSERVER_ENVELOPE_H

#include <mailproto/base.h>
#include <stdio.h>

/* Room for the name of a message in the queue. */
#define ENVELOPE_ID_MAX 48

/* What became of it for a recipient; also the letter in the file. */
enum {
    RECIPIENT_WAITS = 'W',    /* to be tried */
    RECIPIENT_DONE = 'D',     /* delivered, or taken by the next server */
    RECIPIENT_FAILED = 'F',   /* for ever; the sender is not told yet */
    RECIPIENT_RETURNED = 'R', /* the sender was told */
};

struct recipient {
    char *mailbox;
    char *said; /* the last refusal, or NULL */
    char state; /* RECIPIENT_... */
};

struct envelope {
    char id[ENVELOPE_ID_MAX];
    int64_t arrived;   /* seconds since 1970 */
    int64_t next_try;  /* the same */
    uint32_t attempts; /* so far */
    uint32_t waits;    /* ... and how many of them were followed by a wait */
    uint32_t body;     /* MAILPROTO_SMTP_BODY_... */
    int utf8;          /* SMTPUTF8 */
    char *from;        /* empty: the null reverse-path */
    struct recipient *recipients;
    size_t count, room;
};

void envelope_init(struct envelope *envelope);
void envelope_free(struct envelope *envelope); /* and init */

/* 0, or -1: no memory. */
int envelope_from(struct envelope *envelope, mailproto_bytes mailbox);
int envelope_add(struct envelope *envelope, mailproto_bytes mailbox);

/* Takes the last recipient back. */
void envelope_drop(struct envelope *envelope);

/* Sets what became of one recipient; `said` is kept as printable ASCII. */
void envelope_result(struct envelope *envelope, size_t i, char state, const char *said);

/* How many recipients are in a state. */
size_t envelope_count(const struct envelope *envelope, char state);

/* The text form. Reading: 0, or -1: not whole, not understood, or no memory. */
int envelope_write(const struct envelope *envelope, FILE *out);
int envelope_read(struct envelope *envelope, FILE *in);

#endif /* MAILSERVER_ENVELOPE_H */
