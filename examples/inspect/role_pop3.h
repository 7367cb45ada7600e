/* POP3's part of a role: see role.h. */
#ifndef EXAMPLE_INSPECT_ROLE_POP3_H
#define EXAMPLE_INSPECT_ROLE_POP3_H

#include <jansson.h>
#include <mailproto/pop3.h>

typedef struct pop3_role_options {
    mailproto_pop3_server_options server;
    mailproto_pop3_client_options client;
    int in_use;              /* server: the maildrop is locked by another */
    int update_fails;        /* server: the messages cannot be removed */
    int apop;                /* client: logs in by APOP */
    mailproto_bytes message; /* server: in place of the first one; empty: not */
} pop3_role_options;

typedef struct pop3_role {
    mailproto_pop3_server *server; /* or NULL */
    mailproto_pop3_client *client; /* or NULL */
    mailproto_bytes current;       /* server: the message that is sent */
    json_t *removed;               /* server: numbers of UPDATE_ITEM */
    json_t *stamp;                 /* client: for APOP, or null */
    json_t *caps;                  /* client: the lines of CAPA */
} pop3_role;

#endif /* EXAMPLE_INSPECT_ROLE_POP3_H */
