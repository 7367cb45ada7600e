/* The command line of mailproto-fetch. */
#ifndef EXAMPLE_FETCH_OPTIONS_H
#define EXAMPLE_FETCH_OPTIONS_H

#include "../common/net.h"

#include <stdint.h>

typedef struct options {
    net_address server;
    const char *user;
    const char *password_file;
    const char *token_file;
    const char *mechanism; /* NULL: the strongest that is offered */
    const char *maildir;   /* one of these two, or --list */
    const char *mbox;
    const char *seen;    /* NULL: beside the box */
    const char *ca_file; /* NULL: the system's */
    const char *cert;    /* PEM, for a server that asks; NULL: none */
    const char *key;
    uint32_t tls;      /* MAILPROTO_POP3_TLS_... */
    uint64_t max_size; /* octets of a message; 0: any */
    int lf;            /* lines end in LF; -1: as the kind of box has it */
    int apop;
    int any_certificate; /* the server's counts for nothing, ... */
    int insecure;        /* ... and it may have or guess the password all the same */
    int remove;          /* delete on the server what is safe here */
    int list;
    int no_pipelining;
    int verbose;
} options;

/* Reads the command line. 0; 1: help was asked for, and printed; -1: not understood, and
   said so. */
int options_read(options *o, int argc, char **argv);

#endif /* EXAMPLE_FETCH_OPTIONS_H */
