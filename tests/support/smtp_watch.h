/*
 * SMTP engines under attack: a server that accepts everything and counts what it is told,
 * a client that counts too.
 */
#ifndef TEST_SMTP_WATCH_H
#define TEST_SMTP_WATCH_H

#include <mailproto/smtp.h>

#include "drive.h"

enum { WATCH_BODIES = 8 };

/* What a server's application was told, and what the client was answered. */
struct watch {
    struct drive drive;
    mailproto_smtp_server *server;
    void *block;
    size_t block_size;
    int start_tls; /* 1: TLS_GO is answered with tls_started() */

    unsigned commands; /* all that were told, refused ones too */
    unsigned mails, rcpts, rsets, quits, noops, auths, rejected, early, tls;
    unsigned tls_commands;   /* told after TLS_GO */
    unsigned messages;       /* accepted with DELIVER */
    unsigned aborted;        /* CONTENT_ABORTED */
    mailproto_status closed; /* of CLOSED */
    struct text bodies[WATCH_BODIES];
    struct text content;       /* of the message on its way */
    struct text local, domain; /* of the last MAIL */
};

/* Options as the tests want them: STARTTLS and what the default offers. */
void watch_options(mailproto_smtp_server_options *o);

void watch_open(struct watch *w, const mailproto_smtp_server_options *o,
                struct chunk chunk);
void watch_close(struct watch *w);

/* Whether a reply with this code is among what was sent; "5" any that begins so. */
int watch_replied(const struct watch *w, const char *code);
/* The last reply's code, 0: none. */
unsigned watch_last_code(const struct watch *w);
/* Replies, a reply of several lines counting once. */
unsigned watch_replies(const struct watch *w);

/* A client that counts, and the application behind it. */
struct watched_client {
    struct drive drive;
    mailproto_smtp_client *client;
    void *block;
    int eager;             /* mail at CAPS, QUIT at REFUSED */
    int start_tls;         /* TLS_GO is answered */
    const char *mechanism; /* AUTH at CAPS */
    unsigned caps, refused, greetings, auth_data, tls, finals, wanted;
    mailproto_status closed;
};

void watch_client_open(struct watched_client *w, const mailproto_smtp_client_options *o,
                       struct chunk chunk);
void watch_client_close(struct watched_client *w);

/* A span over a string. */
mailproto_bytes watch_bytes(const char *text);

#endif /* TEST_SMTP_WATCH_H */
