/* SMTP's part of a role: a server that accepts everything, a client that sends one message
   and QUIT. */
#include "record.h"
#include "role.h"

#include <string.h>

enum { TAG_AUTH = 1, TAG_QUIT = 2, TAG_TRANSACTION = 10 };

/* ---- server ------------------------------------------------------------------------- */

static mailproto_status begin_server(role *r)
{
    mailproto_status st =
        mailproto_smtp_server_new(&r->o->smtp.server, &r->smtp.server);
    if (st == MAILPROTO_OK) {
        r->session = mailproto_smtp_server_session(r->smtp.server);
    }
    return st;
}

static void server_event(role *r, const mailproto_event *ev)
{
    if (!role_server_auth(r, ev) && (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        role_check(r, "accept", mailproto_smtp_server_accept(r->smtp.server, ev->tag));
    }
}

/* ---- client ------------------------------------------------------------------------- */

static void quit(role *r)
{
    role_check(r, "quit", mailproto_smtp_client_quit(r->smtp.client, TAG_QUIT));
}

static void send_message(role *r)
{
    mailproto_status st =
        mailproto_smtp_transaction_start(&r->smtp.transaction, r->smtp.client);
    role_check(r, "transaction_start", st);
    if (st != MAILPROTO_OK) {
        quit(r);
    }
}

static void client_event(role *r, const mailproto_event *ev)
{
    switch (role_client_auth(r, ev)) {
    case ROLE_AUTH_NONE:
        break;
    case ROLE_AUTH_DONE:
        send_message(r);
        return;
    case ROLE_AUTH_FAILED:
        quit(r);
        return;
    default:
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_CAPS:
        if (r->o->auth == NULL) {
            send_message(r);
        } else if (role_client_auth_start(r, TAG_AUTH) != MAILPROTO_OK) {
            quit(r);
        }
        break;
    case MAILPROTO_EV_REFUSED:
        quit(r);
        break;
    default:
        if (mailproto_smtp_transaction_event(&r->smtp.transaction, r->smtp.client,
                                             ev) == MAILPROTO_EOF) {
            quit(r);
        }
        break;
    }
}

static const mailproto_bytes *message(role *r)
{
    return &r->o->smtp.message;
}

static void prepare_transaction(role *r)
{
    const smtp_role_options *o = &r->o->smtp;
    mailproto_smtp_transaction *t = &r->smtp.transaction;
    t->struct_size = sizeof *t;
    t->recipient_stride = sizeof r->smtp.recipients[0];
    t->sender = role_bytes(o->from);
    t->recipients = r->smtp.recipients;
    t->count = o->to_count;
    t->tag = TAG_TRANSACTION;
    for (uint32_t i = 0; i < t->count; i++) {
        r->smtp.recipients[i].path = role_bytes(o->to[i]);
    }
}

static mailproto_status begin_client(role *r)
{
    mailproto_status st =
        mailproto_smtp_client_new(&r->o->smtp.client, &r->smtp.client);
    if (st == MAILPROTO_OK) {
        r->session = mailproto_smtp_client_session(r->smtp.client);
        prepare_transaction(r);
    }
    return st;
}

/* ---- the end ------------------------------------------------------------------------ */

static json_t *transaction_json(const role *r)
{
    const mailproto_smtp_transaction *t = &r->smtp.transaction;
    json_t *list = json_array();
    for (uint32_t i = 0; i < t->count; i++) {
        const mailproto_smtp_recipient *to = &r->smtp.recipients[i];
        json_array_append_new(list, json_pack("{s:o*, s:o, s:o}", "path",
                                              record_string(to->path), "rcpt",
                                              record_smtp_status(&to->rcpt), "final",
                                              record_smtp_status(&to->final)));
    }
    return json_pack("{s:o, s:o, s:i, s:i}", "mail", record_smtp_status(&t->mail),
                     "recipients", list, "accepted", (int)t->accepted, "delivered",
                     (int)t->delivered);
}

static void end_server(role *r, json_t *result)
{
    (void)result;
    mailproto_smtp_server_free(r->smtp.server);
}

static void end_client(role *r, json_t *result)
{
    json_object_set_new(result, "transaction", transaction_json(r));
    mailproto_smtp_client_free(r->smtp.client);
}

const role_kind role_smtp_server = {"smtp-server",       0,       begin_server,
                                    server_event,        message, end_server,
                                    record_smtp_details, NULL};
const role_kind role_smtp_client = {"smtp-client",       1,       begin_client,
                                    client_event,        message, end_client,
                                    record_smtp_details, NULL};
