/*
 * Authentication of a connection: joins the SASL exchange, the session, what TLS knows of
 * the client, and the users. Knows which mechanisms those can serve.
 */
#ifndef MAILSERVER_AUTH_H
#define MAILSERVER_AUTH_H

#include "options.h"
#include "peer.h"
#include "users.h"

#include <mailproto/sasl.h>

enum { AUTH_SALT_KEY = 32 };

/* What all connections share. */
struct auth_shared {
    const struct users *users;
    const struct options *options;         /* this host's names, ... */
    char mechanisms[160];                  /* offered, blanks between */
    char in_clear[160];                    /* those of them that are without TLS too */
    unsigned char salt_key[AUTH_SALT_KEY]; /* of the salts that SCRAM tells */
};

/* What is offered, by the options. (The engines leave out the -PLUS forms of SCRAM where
   there is no TLS to bind to.) 0; or -1: a mechanism that is not served here, or no random
   numbers, and it was said. */
int auth_prepare(struct auth_shared *shared, const struct options *options,
                 const struct users *users);

struct auth {
    void *mem; /* of the exchange, or NULL */
    mailproto_sasl *sasl;
    char *name;                             /* as whom; counts only when `done` */
    unsigned char binding[TLS_BINDING_MAX]; /* the connection's second one */
    int working; /* it computes, and goes on when the loop comes round */
    int done;    /* authenticated */
    unsigned failures;
};

/* Shows the exchange an event of the connection's session. 1: it was one of it; 0: another one. */
int auth_event(struct auth *auth, const struct auth_shared *shared,
               const struct peer *peer, const mailproto_event *ev);

/* Whether the exchange has more to compute, and its next part of that. Others may have
   their turn in between. */
int auth_working(const struct auth *auth);
void auth_go_on(struct auth *auth, const struct auth_shared *shared,
                const struct peer *peer);

/* The session was ended: nobody can be told what the exchange would find. */
void auth_cancel(struct auth *auth);

/* A login that needs no exchange (USER and PASS, APOP) has failed. */
void auth_failed(struct auth *auth);

/* Whether this peer has failed too often. */
int auth_exhausted(const struct auth *auth);

/* Forgets everything. */
void auth_free(struct auth *auth);

#endif /* MAILSERVER_AUTH_H */
