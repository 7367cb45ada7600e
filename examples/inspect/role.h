/*
 * The application on this end of the conversation: a server that accepts everything, or
 * a client that does one fixed thing. It reacts to events and is a program's whole part in
 * the protocol; it moves no bytes. What a protocol adds is in role_smtp.h, role_pop3.h,
 * role_imap.h;
 * here is what they share: TLS, authentication, content.
 */
#ifndef EXAMPLE_INSPECT_ROLE_H
#define EXAMPLE_INSPECT_ROLE_H

#include "role_imap.h"
#include "role_pop3.h"
#include "role_smtp.h"

#include <jansson.h>
#include <mailproto/pump.h>
#include <mailproto/sasl.h>

typedef struct role role;

/* What a protocol's role does. */
typedef struct role_kind {
    const char *name; /* "smtp-server" */
    int is_client;
    /* Makes the engine: r->session. OK, or why the options do not make one. */
    mailproto_status (*begin)(role *r);
    /* Reacts to an event. */
    void (*event)(role *r, const mailproto_event *ev);
    /* The content that the session waits for; NULL: the protocol gives it by itself. */
    const mailproto_bytes *(*content)(role *r);
    /* Adds to the result what it knows, and releases the engine. */
    void (*end)(role *r, json_t *result);
    /* Adds to an event's object what the protocol's accessors say. */
    void (*details)(json_t *object, const mailproto_event *ev);
    /* Goes on with an answer for which there was no room; NULL: there is none. */
    void (*work)(role *r);
} role_kind;

extern const role_kind role_smtp_server, role_smtp_client;
extern const role_kind role_pop3_server, role_pop3_client;
extern const role_kind role_imap_server;

typedef struct role_options {
    const role_kind *kind;
    int tls_fails;        /* the simulated handshakes fail */
    const char *auth;     /* client: the mechanism, or NULL */
    const char *user;     /* client */
    const char *password; /* both */
    smtp_role_options smtp;
    pop3_role_options pop3;
    imap_role_options imap;
} role_options;

struct role {
    const role_options *o;
    mailproto_session *session;
    mailproto_sasl *sasl; /* in sasl_mem; NULL: no exchange */
    char sasl_mem[16384];
    int content_wanted;
    uint32_t lent; /* blocks that the session has; two while a command grows */
    smtp_role smtp;
    pop3_role pop3;
    imap_role imap;
    json_t *refused_calls; /* what the library would not do */
};

/* OK, or why the options do not make an engine. */
mailproto_status role_begin(role *r, const role_options *o);

/* Reacts to an event. */
void role_event(role *r, const mailproto_event *ev);

/* Gives content, as much as there is room for. */
void role_work(role *r);

/* Adds to the result what the role knows, and releases everything. */
void role_end(role *r, json_t *result);

/* ---- for the protocols ------------------------------------------------------------- */

mailproto_bytes role_bytes(const char *text);

/* Notes what the library would not do. */
void role_check(role *r, const char *call, mailproto_status st);

/* Server: an event of an authentication, which everyone passes. 1, or 0: another one. */
int role_server_auth(role *r, const mailproto_event *ev);

/* Client: begins the authentication of the options. OK, or it was noted why not. */
mailproto_status role_client_auth_start(role *r, uint32_t tag);

/* Client: shows the exchange an event. */
enum {
    ROLE_AUTH_NONE,    /* there is no exchange */
    ROLE_AUTH_GOES_ON, /* it was an event for it, or not; the role waits */
    ROLE_AUTH_DONE,
    ROLE_AUTH_FAILED, /* the session goes on */
    ROLE_AUTH_OVER    /* the session does not */
};
int role_client_auth(role *r, const mailproto_event *ev);

#endif /* EXAMPLE_INSPECT_ROLE_H */
