/* The options of pop3-server and pop3-client. */
#include "options.h"

#include <string.h>

static const word tls_words[] = {{MAILPROTO_POP3_TLS_REQUIRED, "required"},
                                 {MAILPROTO_POP3_TLS_IF_OFFERED, "if-offered"},
                                 {MAILPROTO_POP3_TLS_IMPLICIT, "implicit"},
                                 {MAILPROTO_POP3_TLS_NONE, "none"},
                                 {0, NULL}};

static int take_switch(options *o, const char *name)
{
    pop3_role_options *r = &o->role.pop3;
    int client = o->role.kind->is_client;
    if (client && strcmp(name, "--no-pipelining") == 0) {
        r->client.flags |= MAILPROTO_POP3_CLIENT_NO_PIPELINING;
    } else if (client && strcmp(name, "--apop") == 0) {
        r->apop = 1;
    } else if (!client && strcmp(name, "--apop") == 0) {
        r->server.apop_stamp = role_bytes("<1.1@server.example>");
    } else if (!client && strcmp(name, "--implicit-tls") == 0) {
        r->server.flags |= MAILPROTO_POP3_SERVER_TLS_IMPLICIT;
    } else if (!client && strcmp(name, "--in-use") == 0) {
        r->in_use = 1;
    } else if (!client && strcmp(name, "--update-fails") == 0) {
        r->update_fails = 1;
    } else {
        return 1;
    }
    return 0;
}

static int server_value(options *o, const char *name, const char *value)
{
    mailproto_pop3_server_options *s = &o->role.pop3.server;
    if (strcmp(name, "--caps") == 0) {
        return options_caps(pop3_cap_words, MAILPROTO_POP3_CAPS_NONE, value, &s->caps);
    }
    if (strcmp(name, "--max-command") == 0) {
        return options_u32(value, &s->max_command);
    }
    if (strcmp(name, "--max-messages") == 0) {
        return options_u32(value, &s->max_messages);
    }
    if (strcmp(name, "--max-bad") == 0) {
        return options_u32(value, &s->max_bad_commands);
    }
    if (strcmp(name, "--message") == 0) {
        return options_message(o, value, &o->role.pop3.message);
    }
    if (strcmp(name, "--auth") == 0) {
        s->auth_mechanisms = role_bytes(value);
    } else if (strcmp(name, "--apop-stamp") == 0) {
        s->apop_stamp = role_bytes(value);
    } else {
        return 1;
    }
    return 0;
}

static int client_value(options *o, const char *name, const char *value)
{
    mailproto_pop3_client_options *c = &o->role.pop3.client;
    if (strcmp(name, "--tls") == 0) {
        return options_word(tls_words, value, &c->tls);
    }
    if (strcmp(name, "--force") == 0) {
        return options_caps(pop3_cap_words, 0, value, &c->caps_forced);
    }
    if (strcmp(name, "--forbid") == 0) {
        return options_caps(pop3_cap_words, 0, value, &c->caps_forbidden);
    }
    if (strcmp(name, "--max-line") == 0) {
        return options_u32(value, &c->max_line);
    }
    if (strcmp(name, "--max-size") == 0) {
        return options_number(value, UINT64_MAX, &c->max_content);
    }
    if (strcmp(name, "--auth") == 0) {
        o->role.auth = value;
    } else if (strcmp(name, "--user") == 0) {
        o->role.user = value;
    } else {
        return 1;
    }
    return 0;
}

static int take_value(options *o, const char *name, const char *value)
{
    return o->role.kind->is_client ? client_value(o, name, value)
                                   : server_value(o, name, value);
}

static void defaults(options *o)
{
    pop3_role_options *r = &o->role.pop3;
    r->server.struct_size = sizeof r->server;
    r->server.flags = MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    r->client.struct_size = sizeof r->client;
    r->client.flags = MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR | MAILPROTO_POP3_CLIENT_APOP;
    r->client.tls = MAILPROTO_POP3_TLS_NONE;
}

/* Mechanisms go with the capability SASL, and it with them. */
static void complete(options *o)
{
    const uint64_t sasl = (uint64_t)1 << MAILPROTO_POP3_CAP_SASL;
    mailproto_pop3_server_options *s = &o->role.pop3.server;
    if (s->auth_mechanisms.len > 0) {
        if (s->caps == 0) { /* the library's default, and SASL */
            options_caps(pop3_cap_words, MAILPROTO_POP3_CAPS_NONE,
                         "TOP,USER,RESP-CODES,PIPELINING,UIDL,AUTH-RESP-CODE",
                         &s->caps);
        }
        s->caps = s->caps == MAILPROTO_POP3_CAPS_NONE ? sasl : s->caps | sasl;
    } else if (s->caps != MAILPROTO_POP3_CAPS_NONE && (s->caps & sasl) != 0) {
        s->auth_mechanisms = role_bytes("PLAIN LOGIN");
    }
}

const options_kind options_pop3 = {defaults, take_switch, take_value, complete};
