/*
 * A maildrop in memory and the application of a POP3 server over it: it removes messages
 * when UPDATE tells it to, and never else. Knows the public header of POP3.
 */
#ifndef TEST_MAILDROP_H
#define TEST_MAILDROP_H

#include <mailproto/pop3.h>

#include "text.h"

enum { MAILDROP_MAX = 16 };

struct maildrop_message {
    char uid[72];
    struct text text;  /* as it is stored, any line ends */
    struct text given; /* as a client must get it: CRLF, one at its end */
    int gone;
};

struct maildrop {
    struct maildrop_message items[MAILDROP_MAX];
    size_t count;
};

/* Adds a message; its unique-id is `prefix` and its number. */
void maildrop_add(struct maildrop *d, const char *prefix, const void *text, size_t len);
void maildrop_free(struct maildrop *d);
/* The message with this unique-id, or NULL. */
struct maildrop_message *maildrop_find(struct maildrop *d, mailproto_bytes uid);
/* What TOP of so many lines must give. */
void maildrop_top(const struct maildrop_message *m, uint64_t lines, struct text *out);

/* One visit of a client. Fill the upper part, zero the rest. */
struct maildrop_visit {
    struct maildrop *drop;
    mailproto_pop3_server *server;
    /* NULL: everything is granted at once; else a number below `below`: 0 of 8 refuses
     * what may be refused, 1 and 2 of 8 put an answer off. */
    uint32_t (*draw)(void *ctx, uint32_t below);
    void *ctx;
    const char *password; /* NULL: any */
    int update_fails;     /* UPDATE is answered with -ERR and removes nothing */

    size_t view[MAILDROP_MAX]; /* the messages, as numbered in this session */
    size_t view_count;
    int doomed[MAILDROP_MAX]; /* by number - 1 */
    unsigned dooms, updates, opens, logins, wanted, rsets, commands, rejected;
    int sending;
    struct text content;
    size_t content_used;
    int put_off;
    mailproto_event asked;
    const char *failure; /* NULL, or what the engine did wrong */
};

/* An event of the server. 0, or -1: something is wrong (failure). */
int maildrop_event(struct maildrop_visit *v, mailproto_session *s,
                   const mailproto_event *ev);
/* Goes on with what had to wait. 1, 0 or -1. */
int maildrop_turn(struct maildrop_visit *v, mailproto_session *s);
void maildrop_visit_end(struct maildrop_visit *v);

#endif /* TEST_MAILDROP_H */
