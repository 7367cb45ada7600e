/*
 * Where mail goes and who may send it there: local domains and their mailboxes, the next
 * server of a domain, the networks that may relay. Knows addresses, and neither
 * connections nor files.
 */
#ifndef MAILSERVER_ROUTE_H
#define MAILSERVER_ROUTE_H

#include "../common/net.h"
#include "options.h"
#include "users.h"

#include <sys/socket.h>

struct queue_item;

/* A place that takes mail: this host's mailboxes, or the next server of a domain. */
struct destination {
    mailproto_bytes domain;   /* as given; "*": all others */
    net_address address;      /* of the next server */
    int local;                /* 1: the mailboxes here */
    unsigned active;          /* attempts running; with the next two, queue.c's */
    struct queue_item *first; /* mail that may go now */
    struct queue_item *last;
};

struct network {
    int family;
    unsigned char address[16];
    unsigned bits;
};

struct routes {
    const struct options *options;
    const struct users *users;
    struct destination local;
    struct destination next[64]; /* the next servers */
    size_t next_count;
    struct network networks[64];
    size_t network_count;
};

/* Longest name of a mailbox's folder, with its end. */
#define ROUTE_MAILBOX_MAX 65

/* Understands the options. 0, or -1 after saying what is wrong. */
int routes_init(struct routes *routes, const struct options *options,
                const struct users *users);

/* Where mail for a mailbox goes; NULL: nowhere. */
struct destination *route_of(struct routes *routes, const char *mailbox);

/* The folder of a local mailbox. 0, or -1: there is no such mailbox. */
int route_mailbox(const struct routes *routes, const char *mailbox,
                  char folder[ROUTE_MAILBOX_MAX]);

/* Whether a connection from there may relay. */
int route_may_relay(const struct routes *routes, const struct sockaddr *from);

#endif /* MAILSERVER_ROUTE_H */
