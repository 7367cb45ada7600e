/*
 * The application on this end of the conversation: a server that accepts everything, or
 * a client that sends one message. It reacts to events and is a program's whole part in
 * SMTP; it moves no bytes.
 */
#ifndef EXAMPLE_INSPECT_ROLE_H
#define EXAMPLE_INSPECT_ROLE_H

#include <jansson.h>
#include <mailproto/mailproto.h>

enum { ROLE_RECIPIENTS = 128 };

typedef struct role_options {
    int is_client;
    int tls_fails; /* the simulated handshakes fail */
    mailproto_smtp_server_options server;
    mailproto_smtp_client_options client;
    const char *auth;     /* client: the mechanism, or NULL */
    const char *user;     /* client */
    const char *password; /* both */
    const char *from;
    const char *to[ROLE_RECIPIENTS];
    uint32_t to_count;
    mailproto_bytes message;
} role_options;

typedef struct role {
    const role_options *o;
    mailproto_session *session;
    mailproto_smtp_server *server; /* or NULL */
    mailproto_smtp_client *client; /* or NULL */
    mailproto_sasl *sasl;          /* in sasl_mem; NULL: no exchange */
    char sasl_mem[16384];
    int content_wanted;
    mailproto_smtp_transaction transaction;
    mailproto_smtp_recipient recipients[ROLE_RECIPIENTS];
    json_t *refused_calls; /* what the library would not do */
} role;

/* OK, or why the options do not make an engine. */
mailproto_status role_begin(role *r, const role_options *o);

/* Reacts to an event. */
void role_event(role *r, const mailproto_event *ev);

/* Gives content, as much as there is room for. */
void role_work(role *r);

/* Adds to the result what the role knows, and releases everything. */
void role_end(role *r, json_t *result);

#endif /* EXAMPLE_INSPECT_ROLE_H */
