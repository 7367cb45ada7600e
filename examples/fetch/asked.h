/*
 * The unique-ids that a listing had so far, and how often each: a server may give one to
 * several messages (RFC 1939 7). Then a count is all that can be remembered of those that
 * were kept; so they are kept in their order, or it would be a count of others.
 *
 * Knows strings and numbers only.
 */
#ifndef EXAMPLE_FETCH_ASKED_H
#define EXAMPLE_FETCH_ASKED_H

#include <mailproto/base.h>

typedef struct asked_entry {
    char *uid;        /* NULL: free */
    uint32_t message; /* the last that had it */
    uint32_t times;
    uint32_t kept; /* as many of them, the first ones, are safe */
} asked_entry;

typedef struct asked {
    asked_entry *table; /* `room` of them, a power of two */
    size_t room, count;
    uint32_t *nth; /* of message n: the how manieth with its unique-id; 0: none */
    size_t numbers;
} asked;

/* Notes that `message` has this unique-id. The how manieth with it that is, from 1 on; a
   message that is listed again counts once. 0: no memory. */
uint32_t asked_note(asked *a, mailproto_bytes uid, uint32_t message);

/* The message is safe. */
void asked_kept(asked *a, mailproto_bytes uid, uint32_t message);

/* Why it must not be kept: NULL, or a text for people. */
const char *asked_objection(const asked *a, mailproto_bytes uid, uint32_t message);
void asked_free(asked *a);

#endif /* EXAMPLE_FETCH_ASKED_H */
