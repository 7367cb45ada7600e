/*
 * The peer's side, played from bytes: feeds them to a session, lets the role react, and
 * takes the output away, all in a fixed order that does not depend on how the bytes are
 * cut. Knows sessions, no protocol.
 */
#ifndef EXAMPLE_INSPECT_FEED_H
#define EXAMPLE_INSPECT_FEED_H

#include "record.h"
#include "role.h"

#include <stddef.h>
#include <stdint.h>

/* When the peer sends what. */
typedef struct feed_plan {
    size_t chunk;      /* octets a feed; 0: as many as there are */
    int lockstep;      /* the peer waits at `offsets` only; else after every line */
    uint64_t *offsets; /* ascending; allocated */
    size_t offset_count;
    int before_greeting; /* the peer does not wait for the first output either */
    int no_eof;          /* the connection stays open after the input */
} feed_plan;

/* Plays the input. Returns how many octets of it the session did not take. */
size_t feed(role *r, record *rec, const feed_plan *plan, const char *data, size_t len);

#endif /* EXAMPLE_INSPECT_FEED_H */
