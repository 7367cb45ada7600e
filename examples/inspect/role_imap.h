/* IMAP's part of a role: see role.h. */
#ifndef EXAMPLE_INSPECT_ROLE_IMAP_H
#define EXAMPLE_INSPECT_ROLE_IMAP_H

#include <mailproto/imap_server.h>

enum {
    IMAP_MESSAGES = 3, /* in INBOX */
    IMAP_PARTS = 8,    /* of one of them */
    IMAP_WORK = 16384,
    IMAP_NODES = 512 /* of a search program */
};

typedef struct imap_role_options {
    mailproto_imap_server_options server;
    int preauth; /* the greeting is PREAUTH */
} imap_role_options;

typedef struct imap_role {
    mailproto_imap_server *server;
    uint32_t held[IMAP_MESSAGES]; /* numbers of the messages that are there, from 0 */
    uint32_t flags[IMAP_MESSAGES];
    uint32_t count;

    /* The command that is answered, piece by piece as there is room. */
    uint32_t request; /* 0: none */
    mailproto_imap_command command;
    uint32_t at, step;
    mailproto_imap_range found[IMAP_MESSAGES];
    size_t found_count;

    mailproto_imap_facts facts;
    mailproto_imap_fetch fetch;
    mailproto_source source;
    mailproto_index index;
    mailproto_part parts[IMAP_PARTS];
    char fetch_work[IMAP_WORK];
} imap_role;

#endif /* EXAMPLE_INSPECT_ROLE_IMAP_H */
