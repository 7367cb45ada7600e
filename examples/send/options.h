/* The command line of mailproto-send. */
#ifndef EXAMPLE_SEND_OPTIONS_H
#define EXAMPLE_SEND_OPTIONS_H

#include "../common/net.h"

#include <stdint.h>

typedef struct options {
    net_address server;
    const char *from; /* "" is the null reverse-path */
    const char **to;  /* `to_count` recipients */
    uint32_t to_count;
    const char **files; /* `file_count` messages */
    uint32_t file_count;
    uint32_t tls;        /* MAILPROTO_SMTP_TLS_... */
    uint32_t line_ends;  /* MAILPROTO_LINE_ENDS_... */
    const char *ca_file; /* NULL: the system's */
    const char *cert;    /* PEM, for a server that asks; NULL: none */
    const char *key;
    const char *user; /* NULL: no authentication */
    const char *password_file;
    const char *token_file;
    const char *mechanism; /* NULL: the strongest that is offered */
    const char *helo;      /* NULL: the address of this end */
    int any_certificate;   /* the server's counts for nothing, ... */
    int insecure;          /* ... and it may have or guess the password all the same */
    int no_pipelining;
    int verbose;
} options;

/* Reads the command line; arrays are allocated. 0; 1: help was asked for, and printed;
   -1: not understood, and said so. */
int options_read(options *o, int argc, char **argv);

void options_free(options *o);

#endif /* EXAMPLE_SEND_OPTIONS_H */
