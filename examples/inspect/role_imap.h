/* IMAP's part of a role: see role.h. */
#ifndef EXAMPLE_INSPECT_ROLE_IMAP_H
#define EXAMPLE_INSPECT_ROLE_IMAP_H

#include <mailproto/imap_server.h>

enum {
    IMAP_MESSAGES = 3, /* in INBOX */
    IMAP_FIRST_UID = 101,
    IMAP_VALIDITY = 1700000000,
    IMAP_APPEND_LIMIT = 64 << 20, /* the library's default */
    IMAP_PARTS = 8,               /* of one of them */
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
    uint64_t modseqs[IMAP_MESSAGES], highest;
    uint64_t gone[IMAP_MESSAGES]; /* mod-sequence of its EXPUNGE, or 0 */
    uint32_t count;
    int read_only;
    mailproto_imap_range saved[IMAP_MESSAGES]; /* `$`: UIDs, one a range */
    size_t saved_count;

    /* The command that is answered, piece by piece as there is room. */
    uint32_t request; /* 0: none */
    mailproto_imap_command command;
    uint32_t at, step;
    uint32_t largest_uid;    /* `*` of UIDs: what was the largest as it began */
    int selected, gone_told; /* what was said of it */
    uint32_t how;            /* it ends; 0: it goes on */
    mailproto_imap_code code;
    const char *text;
    mailproto_imap_range found[IMAP_MESSAGES]; /* also what goes with the code */
    size_t found_count;
    uint64_t found_modseq;

    mailproto_imap_facts facts;
    mailproto_imap_fetch fetch;
    mailproto_source source;
    mailproto_index index;
    mailproto_part parts[IMAP_PARTS];
    char fetch_work[IMAP_WORK];
} imap_role;

/* ---- the mailbox: role_imap_box.c --------------------------------------------------- */

/* As it is when a client connects. */
void imap_box_fill(imap_role *i);

/* RFC822.SIZE of a message. */
uint64_t imap_box_size(const imap_role *i, uint32_t seq);

/* The largest UID that is there; 0: there is none. */
uint32_t imap_box_largest_uid(const imap_role *i);

/* Fills the facts. */
void imap_box_facts(imap_role *i, uint32_t seq);

/* Fills source and index with the message of the facts. */
mailproto_status imap_box_open(imap_role *i);

/* Whether the command's set holds the message of the facts. */
int imap_box_is_meant(const imap_role *i);

/* Whether the command's set holds any message; fills the facts. */
int imap_box_means_any(imap_role *i);

/* UIDs of the set, NULL: of all, that are gone since the command's mod-sequence. How
   many; there is room for IMAP_MESSAGES. */
size_t imap_box_gone(const imap_role *i, const mailproto_imap_cursor *set,
                     mailproto_imap_range *uids);

/* The flags of the message of the facts. 1, or 0: it had just these. */
int imap_box_set_flags(imap_role *i, uint32_t flags);

void imap_box_remove(imap_role *i, uint32_t seq);

#endif /* EXAMPLE_INSPECT_ROLE_IMAP_H */
