/*
 * How many servers a message has passed: the Received fields in its header, counted while
 * it streams by (RFC 5321 6.3).
 */
#ifndef MAILSERVER_HOPS_H
#define MAILSERVER_HOPS_H

#include <stddef.h>

/* So many, and the message runs in a loop. */
#define HOPS_MAX 100

struct hops {
    unsigned count;
    int matched; /* octets of "received" at the beginning of this line; -1: another line */
    int over;    /* the header has ended */
};

/* Looks at the next piece, cut anywhere. Begins with a zeroed struct. */
void hops_feed(struct hops *hops, const char *data, size_t len);

#endif /* MAILSERVER_HOPS_H */
