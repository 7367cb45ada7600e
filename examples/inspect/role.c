/* The application on this end: see role.h. */
#include "role.h"

#include "record.h"

#include <string.h>

enum { TAG_AUTH = 1, TAG_QUIT = 2, TAG_TRANSACTION = 10 };

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

/* Notes what the library would not do. */
static void check(role *r, const char *call, mailproto_status st)
{
    if (st < 0) {
        json_array_append_new(r->refused_calls,
                              json_pack("{s:s, s:i, s:s}", "call", call, "code", st,
                                        "name", mailproto_error_name(st)));
    }
}

/* ---- both roles ---------------------------------------------------------------------- */

static void simulate_handshake(role *r)
{
    mailproto_tls_info info = {0};
    info.struct_size = sizeof info;
    info.protocol = bytes("TLSv1.3");
    info.cipher = bytes("TLS_AES_128_GCM_SHA256");
    if (r->o->tls_fails) {
        mailproto_session_fail(r->session, MAILPROTO_ERR_TLS);
    } else {
        check(r, "tls_started", mailproto_session_tls_started(r->session, &info));
    }
}

static mailproto_status begin_sasl(role *r, uint32_t side, mailproto_bytes mechanism)
{
    /* A program with real users takes random octets: here equal inputs are to give equal
       results. */
    static const char not_random[] = "not-random-at-all-0123456789";
    mailproto_sasl_options so = {0};
    so.struct_size = sizeof so;
    so.role = side;
    so.mechanism = mechanism;
    so.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    so.nonce = bytes(not_random);
    so.salt_key = bytes(not_random);
    if (side == MAILPROTO_SASL_CLIENT) {
        so.name = bytes(r->o->user);
        so.password = bytes(r->o->password);
    }
    r->sasl = NULL;
    return mailproto_sasl_init(r->sasl_mem, sizeof r->sasl_mem, &so, &r->sasl);
}

static void end_sasl(role *r)
{
    if (r->sasl != NULL) {
        mailproto_sasl_wipe(r->sasl);
        r->sasl = NULL;
    }
}

/* ---- server: accepts everything -------------------------------------------------------- */

/* Anyone is welcome; a mechanism that works with the password itself gets it. */
static void answer_need(role *r)
{
    const char *password = r->o->password;
    mailproto_status st =
        mailproto_sasl_answer(r->sasl, MAILPROTO_OK, password, strlen(password));
    check(r, "sasl_answer", st);
    if (st != MAILPROTO_OK) {
        mailproto_sasl_answer(r->sasl, MAILPROTO_ERR_AUTH, NULL, 0);
    }
}

/* Shows the exchange an event. */
static void authenticate_anyone(role *r, const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(r->sasl, r->session, ev);
    while (st == MAILPROTO_YOUR_TURN || st == MAILPROTO_AGAIN) {
        if (st == MAILPROTO_YOUR_TURN) {
            answer_need(r);
        }
        st = mailproto_sasl_drive(r->sasl, r->session, NULL);
    }
    if (st == MAILPROTO_EOF || st < 0) {
        check(r, "sasl_drive", st);
        end_sasl(r);
    }
}

static void server_event(role *r, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_AUTH_START:
        check(r, "sasl_init", begin_sasl(r, MAILPROTO_SASL_SERVER, ev->text));
        break;
    case MAILPROTO_EV_AUTH_DATA:
    case MAILPROTO_EV_AUTH_RESULT:
        break;
    default:
        if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            check(r, "accept", mailproto_smtp_server_accept(r->server, ev->tag));
        }
        return;
    }
    if (r->sasl != NULL) {
        authenticate_anyone(r, ev);
    } else if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        /* offered by --auth, but this program does not know it */
        check(r, "auth_finish",
              mailproto_session_auth_finish(r->session, ev->tag, MAILPROTO_ERR_AUTH));
    }
}

/* ---- client: sends one message ----------------------------------------------------------- */

static void quit(role *r)
{
    check(r, "quit", mailproto_smtp_client_quit(r->client, TAG_QUIT));
}

static void send_message(role *r)
{
    mailproto_status st = mailproto_smtp_transaction_start(&r->transaction, r->client);
    check(r, "transaction_start", st);
    if (st != MAILPROTO_OK) {
        quit(r);
    }
}

static void begin(role *r)
{
    if (r->o->auth == NULL) {
        send_message(r);
        return;
    }
    mailproto_status st = begin_sasl(r, MAILPROTO_SASL_CLIENT, bytes(r->o->auth));
    check(r, "sasl_init", st);
    if (st == MAILPROTO_OK) {
        st = mailproto_sasl_start(r->sasl, r->session, TAG_AUTH);
        check(r, "sasl_start", st);
    }
    if (st != MAILPROTO_OK) {
        end_sasl(r);
        quit(r);
    }
}

static void client_auth_event(role *r, const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(r->sasl, r->session, ev);
    while (st == MAILPROTO_AGAIN) {
        st = mailproto_sasl_drive(r->sasl, r->session, NULL);
    }
    if (st != MAILPROTO_EOF && st >= 0) {
        return;
    }
    check(r, "sasl_drive", st);
    end_sasl(r);
    if (st == MAILPROTO_EOF && ev->number == 1) {
        send_message(r);
    } else if (st == MAILPROTO_EOF) {
        quit(r);
    }
}

static void client_event(role *r, const mailproto_event *ev)
{
    if (r->sasl != NULL) {
        client_auth_event(r, ev);
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_CAPS:
        begin(r);
        break;
    case MAILPROTO_EV_CONTENT_WANTED:
        r->content_wanted = 1;
        break;
    case MAILPROTO_EV_REFUSED:
        quit(r);
        break;
    default:
        if (mailproto_smtp_transaction_event(&r->transaction, r->client, ev) ==
            MAILPROTO_EOF) {
            quit(r);
        }
        break;
    }
}

void role_work(role *r)
{
    const mailproto_bytes *m = &r->o->message;
    mailproto_status st = MAILPROTO_OK;
    if (!r->content_wanted) {
        return;
    }
    while (st == MAILPROTO_OK) {
        size_t used = 0;
        uint64_t taken = mailproto_session_content_taken(r->session);
        if (taken == m->len) {
            st = mailproto_session_content_end(r->session);
            r->content_wanted = st == MAILPROTO_AGAIN;
            break;
        }
        st = mailproto_session_content(r->session, m->ptr + taken, m->len - taken,
                                       &used);
        if (st == MAILPROTO_OK && used == 0) {
            break;
        }
    }
    if (st < 0) {
        check(r, "content", st);
        mailproto_session_content_abort(r->session);
        r->content_wanted = 0;
    }
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static void prepare_transaction(role *r)
{
    mailproto_smtp_transaction *t = &r->transaction;
    t->struct_size = sizeof *t;
    t->recipient_stride = sizeof r->recipients[0];
    t->sender = bytes(r->o->from);
    t->recipients = r->recipients;
    t->count = r->o->to_count;
    t->tag = TAG_TRANSACTION;
    for (uint32_t i = 0; i < t->count; i++) {
        r->recipients[i].path = bytes(r->o->to[i]);
    }
}

mailproto_status role_begin(role *r, const role_options *o)
{
    mailproto_status st;
    memset(r, 0, sizeof *r);
    r->o = o;
    if (o->is_client) {
        st = mailproto_smtp_client_new(&o->client, &r->client);
        if (st == MAILPROTO_OK) {
            r->session = mailproto_smtp_client_session(r->client);
            prepare_transaction(r);
        }
    } else {
        st = mailproto_smtp_server_new(&o->server, &r->server);
        if (st == MAILPROTO_OK) {
            r->session = mailproto_smtp_server_session(r->server);
        }
    }
    r->refused_calls = json_array();
    return st;
}

void role_event(role *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_TLS_GO) {
        simulate_handshake(r);
    } else if (r->client != NULL) {
        client_event(r, ev);
    } else {
        server_event(r, ev);
    }
}

static json_t *transaction_json(const role *r)
{
    const mailproto_smtp_transaction *t = &r->transaction;
    json_t *list = json_array();
    for (uint32_t i = 0; i < t->count; i++) {
        const mailproto_smtp_recipient *to = &r->recipients[i];
        json_array_append_new(list, json_pack("{s:o*, s:o, s:o}", "path",
                                              record_string(to->path), "rcpt",
                                              record_status(&to->rcpt), "final",
                                              record_status(&to->final)));
    }
    return json_pack("{s:o, s:o, s:i, s:i}", "mail", record_status(&t->mail),
                     "recipients", list, "accepted", (int)t->accepted, "delivered",
                     (int)t->delivered);
}

void role_end(role *r, json_t *result)
{
    if (r->client != NULL) {
        json_object_set_new(result, "transaction", transaction_json(r));
    }
    if (json_array_size(r->refused_calls) > 0) {
        json_object_set(result, "refused_calls", r->refused_calls);
    }
    json_decref(r->refused_calls);
    end_sasl(r);
    mailproto_smtp_server_free(r->server);
    mailproto_smtp_client_free(r->client);
}
