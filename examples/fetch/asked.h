/*
 * The unique-ids that a listing had so far, and how often each: a server may give one to
 * several messages (RFC 1939 7). Knows strings and numbers only.
 */
#ifndef EXAMPLE_FETCH_ASKED_H
#define EXAMPLE_FETCH_ASKED_H

#include <mailproto/base.h>

typedef struct asked_entry {
    char *uid;        /* NULL: free */
    uint32_t message; /* the last that had it */
    uint32_t times;
} asked_entry;

typedef struct asked {
    asked_entry *table; /* `room` of them, a power of two */
    size_t room, count;
} asked;

/* Notes that `message` has this unique-id. The how manieth with it that is, from 1 on; a
   message that is listed again counts once. 0: no memory. */
uint32_t asked_note(asked *a, mailproto_bytes uid, uint32_t message);
void asked_free(asked *a);

#endif /* EXAMPLE_FETCH_ASKED_H */
