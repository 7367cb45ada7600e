/* POP3's part of a role: a server with a small maildrop that lets everyone in, a client
   that looks at everything and takes the first message away. */
#include "record.h"
#include "role.h"

#include <string.h>

enum {
    TAG_LOGIN = 1,
    TAG_QUIT = 2,
    TAG_STAT = 10,
    TAG_LIST = 11,
    TAG_UIDL = 12,
    TAG_RETR = 13,
    TAG_DELE = 14
};

/* ---- server ------------------------------------------------------------------------- */

/* The maildrop. The last message is stored with LF, as a file may be, and has no end of
   line: it goes out as CRLF. */
static const struct stored {
    const char *uid;
    mailproto_bytes text;
} maildrop[] = {
#define STORED(uid, text)                                                              \
    {                                                                                  \
        uid,                                                                           \
        {                                                                              \
            text, sizeof text - 1                                                      \
        }                                                                              \
    }
    STORED("uid-1", "From: <a@client.example>\r\n"
                    "To: <b@server.example>\r\n"
                    "Subject: one\r\n"
                    "\r\n"
                    "Hello.\r\n"
                    ".A line that begins with a dot.\r\n"),
    STORED("uid-2", "Subject: two\r\n"
                    "\r\n"
                    "Line 1\r\n"
                    "Line 2\r\n"
                    "Line 3\r\n"),
    STORED("uid-3", "Subject: three\n"
                    "\n"
                    "No end")
#undef STORED
};

enum { MESSAGES = sizeof maildrop / sizeof maildrop[0] };

static mailproto_bytes text_of(const role *r, uint64_t number)
{
    const mailproto_bytes *other = &r->o->pop3.message;
    return number == 1 && other->ptr != NULL ? *other : maildrop[number - 1].text;
}

/* Octets with CRLF line ends. */
static uint64_t octets_of(const role *r, uint64_t number)
{
    mailproto_bytes m = text_of(r, number);
    uint64_t n = 0;
    char last = '\n';
    for (size_t i = 0; i < m.len; i++) {
        n += m.ptr[i] == '\n' && last != '\r';
        last = m.ptr[i];
        n++;
    }
    return last == '\n' ? n : n + 2;
}

/* Everyone is let in; APOP's digest must be right, or it would show nothing. */
static mailproto_status on_login(role *r, const mailproto_event *ev)
{
    mailproto_pop3_login login = {0};
    login.struct_size = sizeof login;
    if (mailproto_pop3_event_login(ev, &login) == MAILPROTO_OK && login.apop &&
        mailproto_sasl_apop_check(login.stamp, role_bytes(r->o->password), login.secret,
                                  NULL, NULL) != MAILPROTO_OK) {
        return mailproto_pop3_server_err(r->pop3.server, ev->tag,
                                         MAILPROTO_POP3_RESP_AUTH, role_bytes(""));
    }
    return mailproto_pop3_server_accept(r->pop3.server, ev->tag);
}

static mailproto_status on_open(role *r, const mailproto_event *ev)
{
    uint64_t octets = 0;
    uint32_t max = r->o->pop3.server.max_messages;
    uint32_t count = max != 0 && max < MESSAGES ? max : MESSAGES;
    if (r->o->pop3.in_use) {
        return mailproto_pop3_server_err(r->pop3.server, ev->tag,
                                         MAILPROTO_POP3_RESP_IN_USE, role_bytes(""));
    }
    for (uint32_t i = 0; i < count; i++) {
        octets += octets_of(r, i + 1);
    }
    return mailproto_pop3_server_drop(r->pop3.server, ev->tag, count, octets);
}

static mailproto_status on_update(role *r, const mailproto_event *ev)
{
    if (r->o->pop3.update_fails) {
        json_array_clear(r->pop3.removed);
        return mailproto_pop3_server_err(r->pop3.server, ev->tag,
                                         MAILPROTO_POP3_RESP_SYS_TEMP, role_bytes(""));
    }
    return mailproto_pop3_server_accept(r->pop3.server, ev->tag);
}

static void server_event(role *r, const mailproto_event *ev)
{
    mailproto_pop3_server *s = r->pop3.server;
    if (ev->type == MAILPROTO_EV_POP3_UPDATE_ITEM) {
        json_array_append_new(r->pop3.removed, json_integer((json_int_t)ev->number));
    }
    if (role_server_auth(r, ev) || (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_POP3_LOGIN:
        role_check(r, "login", on_login(r, ev));
        break;
    case MAILPROTO_EV_POP3_OPEN:
        role_check(r, "drop", on_open(r, ev));
        break;
    case MAILPROTO_EV_POP3_NEED_SIZE:
        role_check(r, "size",
                   mailproto_pop3_server_size(s, ev->tag, octets_of(r, ev->number)));
        break;
    case MAILPROTO_EV_POP3_NEED_UID:
        role_check(r, "uid",
                   mailproto_pop3_server_uid(s, ev->tag,
                                             role_bytes(maildrop[ev->number - 1].uid)));
        break;
    case MAILPROTO_EV_POP3_RETR:
        r->pop3.current = text_of(r, ev->number);
        role_check(r, "accept", mailproto_pop3_server_accept(s, ev->tag));
        break;
    case MAILPROTO_EV_POP3_UPDATE:
        role_check(r, "update", on_update(r, ev));
        break;
    default:
        role_check(r, "accept", mailproto_pop3_server_accept(s, ev->tag));
        break;
    }
}

static const mailproto_bytes *current_message(role *r)
{
    return &r->pop3.current;
}

static mailproto_status begin_server(role *r)
{
    mailproto_status st =
        mailproto_pop3_server_new(&r->o->pop3.server, &r->pop3.server);
    if (st == MAILPROTO_OK) {
        r->session = mailproto_pop3_server_session(r->pop3.server);
        r->pop3.removed = json_array();
    }
    return st;
}

static void end_server(role *r, json_t *result)
{
    json_object_set_new(result, "removed", r->pop3.removed);
    mailproto_pop3_server_free(r->pop3.server);
}

/* ---- client ------------------------------------------------------------------------- */

static void quit(role *r)
{
    role_check(r, "quit", mailproto_pop3_client_quit(r->pop3.client, TAG_QUIT));
}

/* All of it at once: the engine sends it at once too where the server offers that, else
   one after the other. */
static void run_script(role *r)
{
    mailproto_pop3_client *c = r->pop3.client;
    role_check(r, "stat", mailproto_pop3_client_stat(c, TAG_STAT));
    role_check(r, "list", mailproto_pop3_client_list(c, TAG_LIST, 0));
    role_check(r, "uidl", mailproto_pop3_client_uidl(c, TAG_UIDL, 0));
    role_check(r, "retr", mailproto_pop3_client_retr(c, TAG_RETR, 1));
    role_check(r, "dele", mailproto_pop3_client_dele(c, TAG_DELE, 1));
    quit(r);
}

static mailproto_status start_apop(role *r)
{
    char digest[MAILPROTO_APOP_DIGEST];
    mailproto_bytes text = {digest, sizeof digest};
    mailproto_bytes stamp = mailproto_pop3_client_apop_stamp(r->pop3.client);
    mailproto_status st = MAILPROTO_ERR_NOT_OFFERED;
    if (stamp.len > 0) {
        st = mailproto_sasl_apop(stamp, role_bytes(r->o->password), NULL, NULL, digest);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto_pop3_client_apop(r->pop3.client, TAG_LOGIN,
                                        role_bytes(r->o->user), text);
    }
    role_check(r, "apop", st);
    return st;
}

static void log_in(role *r)
{
    mailproto_status st;
    if (r->o->pop3.apop) {
        st = start_apop(r);
    } else if (r->o->auth != NULL) {
        st = role_client_auth_start(r, TAG_LOGIN);
    } else {
        st = mailproto_pop3_client_login(r->pop3.client, TAG_LOGIN,
                                         role_bytes(r->o->user),
                                         role_bytes(r->o->password));
        role_check(r, "login", st);
    }
    if (st != MAILPROTO_OK) {
        quit(r);
    }
}

/* What is known of the server now. */
static void learn(role *r)
{
    mailproto_bytes line = mailproto_pop3_client_apop_stamp(r->pop3.client);
    json_decref(r->pop3.stamp);
    r->pop3.stamp = line.len > 0 ? record_string(line) : json_null();
    json_array_clear(r->pop3.caps);
    for (uint32_t i = 0;
         mailproto_session_cap_text(r->session, i, &line) == MAILPROTO_OK; i++) {
        json_t *text = record_string(line); /* NULL: no UTF-8 */
        json_array_append_new(r->pop3.caps, text != NULL ? text : json_null());
    }
}

static void client_event(role *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_GREETING || ev->type == MAILPROTO_EV_POP3_CAPS) {
        learn(r);
    }
    switch (role_client_auth(r, ev)) {
    case ROLE_AUTH_NONE:
        break;
    case ROLE_AUTH_DONE:
        run_script(r);
        return;
    case ROLE_AUTH_FAILED:
        quit(r);
        return;
    default:
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_POP3_CAPS:
        log_in(r);
        break;
    case MAILPROTO_EV_REFUSED:
        quit(r);
        break;
    case MAILPROTO_EV_POP3_REPLY:
        if (ev->tag != TAG_LOGIN || (ev->flags & MAILPROTO_EVF_MORE) != 0) {
            break;
        }
        if (ev->code == MAILPROTO_POP3_OK) {
            run_script(r);
        } else if (ev->code == MAILPROTO_POP3_ERR) {
            quit(r);
        }
        break;
    default:
        break;
    }
}

static mailproto_status begin_client(role *r)
{
    mailproto_status st =
        mailproto_pop3_client_new(&r->o->pop3.client, &r->pop3.client);
    if (st == MAILPROTO_OK) {
        r->session = mailproto_pop3_client_session(r->pop3.client);
        r->pop3.stamp = json_null();
        r->pop3.caps = json_array();
    }
    return st;
}

static void end_client(role *r, json_t *result)
{
    json_object_set_new(result, "apop_stamp", r->pop3.stamp);
    json_object_set_new(result, "caps", r->pop3.caps);
    mailproto_pop3_client_free(r->pop3.client);
}

const role_kind role_pop3_server = {
    "pop3-server",   0,          begin_server,        server_event,
    current_message, end_server, record_pop3_details, NULL};
const role_kind role_pop3_client = {
    "pop3-client",   1,          begin_client,        client_event,
    current_message, end_client, record_pop3_details, NULL};
