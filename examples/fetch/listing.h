/*
 * What a maildrop holds, for people: the answers to STAT, LIST and UIDL as a table.
 * Knows the client's verbs and events; no sockets.
 */
#ifndef EXAMPLE_FETCH_LISTING_H
#define EXAMPLE_FETCH_LISTING_H

#include <mailproto/pop3.h>

typedef struct listing_row {
    uint64_t octets;
    int listed;
    char uid[73];
} listing_row;

typedef struct listing {
    uint32_t tag; /* uses tag to tag + 2 */
    listing_row *rows;
    uint32_t count;
    int failed;
} listing;

/* Asks, after the login. OK, or what the verbs say. */
mailproto_status listing_start(listing *l, mailproto_pop3_client *client);

/* Shows it an event: EOF when all is printed, NOT_READY: not an event of it. */
mailproto_status listing_event(listing *l, const mailproto_event *ev);

void listing_free(listing *l);

#endif /* EXAMPLE_FETCH_LISTING_H */
