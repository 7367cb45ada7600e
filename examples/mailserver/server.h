/*
 * What the parts of the running server share.
 */
#ifndef MAILSERVER_SERVER_H
#define MAILSERVER_SERVER_H

#include "../common/tls.h"
#include "auth.h"
#include "loop.h"
#include "options.h"
#include "queue.h"
#include "route.h"
#include "users.h"
#include "worker.h"

struct conn;
struct imap;
struct pop3;
struct relay;

struct server {
    struct options options;
    struct users users;
    struct auth_shared auth;
    struct routes routes;
    struct loop loop;
    struct worker *disk;  /* waits for files */
    struct worker *names; /* looks up hosts, which must not hold up the others */
    struct queue queue;
    tls_context *server_tls;     /* NULL: STARTTLS is not offered */
    tls_context *client_tls;     /* NULL: never used */
    struct conn *conns;          /* who sends mail to us */
    struct pop3 *pop3s;          /* who reads mail here ... */
    struct imap *imaps;          /* ... and who does it by IMAP */
    unsigned conn_count;         /* of all of them */
    struct relay *relays;        /* to whom we pass mail on */
    unsigned long conversations; /* so far, to tell them apart in the log */
    int stopping;
};

#endif /* MAILSERVER_SERVER_H */
