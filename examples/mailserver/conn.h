/*
 * One connection of somebody who sends mail to us: an SMTP server's engine, its socket,
 * and what is known of the peer.
 */
#ifndef MAILSERVER_CONN_H
#define MAILSERVER_CONN_H

#include "auth.h"
#include "caller.h"
#include "peer.h"
#include "receive.h"
#include "server.h"

#include <mailproto/smtp.h>

struct conn {
    struct server *server;
    struct conn *next, *prev;
    struct peer peer;
    mailproto_smtp_server *engine;
    transcript shown;
    char label[CALLER_LABEL];
    char address[CALLER_ADDRESS];
    char helo[256];
    int may_relay; /* it comes from a listed network */
    struct auth auth;
    struct receive receive;
};

/* Begins the conversation on an accepted socket, which it takes. */
void conn_open(struct server *server, int fd, const struct sockaddr *from);

/* Goes on, after an answer that was given from outside. */
void conn_run(struct conn *conn);

/* Answers a request: code and enhanced code ("5.7.1") in numbers, a line of text. */
void conn_reply(struct conn *conn, uint32_t request, unsigned code, unsigned subject,
                unsigned detail, const char *text);

/* Ends all conversations in order; those that wait for their 250 get it first. `now` 1:
   ends them at once. */
void conns_stop(struct server *server, int now);

#endif /* MAILSERVER_CONN_H */
