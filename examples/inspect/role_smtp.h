/* SMTP's part of a role: see role.h. */
#ifndef EXAMPLE_INSPECT_ROLE_SMTP_H
#define EXAMPLE_INSPECT_ROLE_SMTP_H

#include <mailproto/smtp.h>

enum { ROLE_RECIPIENTS = 128 };

typedef struct smtp_role_options {
    mailproto_smtp_server_options server;
    mailproto_smtp_client_options client;
    const char *from;
    const char *to[ROLE_RECIPIENTS];
    uint32_t to_count;
    mailproto_bytes message;
} smtp_role_options;

typedef struct smtp_role {
    mailproto_smtp_server *server; /* or NULL */
    mailproto_smtp_client *client; /* or NULL */
    mailproto_smtp_transaction transaction;
    mailproto_smtp_recipient recipients[ROLE_RECIPIENTS];
} smtp_role;

#endif /* EXAMPLE_INSPECT_ROLE_SMTP_H */
