/*
 * One connection of somebody who reads mail here: a POP3 server's engine, its socket, and
 * who it is.
 */
#ifndef MAILSERVER_POP3_H
#define MAILSERVER_POP3_H

#include "auth.h"
#include "caller.h"
#include "mailbox.h"
#include "peer.h"
#include "server.h"

#include <mailproto/pop3.h>
#include <sys/socket.h>

struct pop3 {
    struct server *server;
    struct pop3 *next, *prev;
    struct peer peer;
    mailproto_pop3_server *engine;
    transcript shown;
    char label[CALLER_LABEL];
    char address[CALLER_ADDRESS];
    struct auth auth;
    struct mailbox mailbox;
};

/* Begins the conversation on an accepted socket, which it takes; `implicit` 1: with TLS
   from the first byte. */
void pop3_open(struct server *server, int fd, const struct sockaddr *from,
               int implicit);

/* Goes on, after an answer that was given from outside. */
void pop3_run(struct pop3 *c);

/* Ends all conversations in order; those that are removing messages end after that. `now`
   1: ends them at once. */
void pop3s_stop(struct server *server, int now);

#endif /* MAILSERVER_POP3_H */
