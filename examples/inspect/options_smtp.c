/* The options of smtp-server and smtp-client. */
#include "options.h"

#include <string.h>

static const char default_message[] = "From: <a@client.example>\r\n"
                                      "To: <b@server.example>\r\n"
                                      "Subject: test\r\n"
                                      "\r\n"
                                      "Hello.\r\n"
                                      ".A line that begins with a dot.\r\n";

static const word tls_words[] = {{MAILPROTO_SMTP_TLS_REQUIRED, "required"},
                                 {MAILPROTO_SMTP_TLS_IF_OFFERED, "if-offered"},
                                 {MAILPROTO_SMTP_TLS_IMPLICIT, "implicit"},
                                 {MAILPROTO_SMTP_TLS_NONE, "none"},
                                 {0, NULL}};

static int take_switch(options *o, const char *name)
{
    smtp_role_options *r = &o->role.smtp;
    int client = o->role.kind->is_client;
    if (client && strcmp(name, "--no-pipelining") == 0) {
        r->client.flags |= MAILPROTO_SMTP_CLIENT_NO_PIPELINING;
    } else if (!client && strcmp(name, "--require-tls") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_REQUIRE_TLS;
    } else if (!client && strcmp(name, "--require-auth") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_REQUIRE_AUTH;
    } else if (!client && strcmp(name, "--refuse-early") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_REFUSE_EARLY;
    } else if (!client && strcmp(name, "--implicit-tls") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_TLS_IMPLICIT;
    } else {
        return 1;
    }
    return 0;
}

static int server_value(options *o, const char *name, const char *value)
{
    mailproto_smtp_server_options *s = &o->role.smtp.server;
    if (strcmp(name, "--caps") == 0) {
        return options_caps(smtp_cap_words, MAILPROTO_SMTP_CAPS_NONE, value, &s->caps);
    }
    if (strcmp(name, "--max-size") == 0) {
        return options_number(value, UINT64_MAX, &s->max_content);
    }
    if (strcmp(name, "--max-command") == 0) {
        return options_u32(value, &s->max_command);
    }
    if (strcmp(name, "--max-recipients") == 0) {
        return options_u32(value, &s->max_recipients);
    }
    if (strcmp(name, "--auth") == 0) {
        s->auth_mechanisms = role_bytes(value);
    } else if (strcmp(name, "--host-name") == 0) {
        s->host_name = role_bytes(value);
    } else {
        return 1;
    }
    return 0;
}

static int client_value(options *o, const char *name, const char *value)
{
    role_options *r = &o->role;
    smtp_role_options *s = &r->smtp;
    if (strcmp(name, "--tls") == 0) {
        return options_word(tls_words, value, &s->client.tls);
    }
    if (strcmp(name, "--message") == 0) {
        return options_message(o, value, &s->message);
    }
    if (strcmp(name, "--auth") == 0) {
        r->auth = value;
    } else if (strcmp(name, "--user") == 0) {
        r->user = value;
    } else if (strcmp(name, "--from") == 0) {
        s->from = value;
    } else if (strcmp(name, "--ehlo-name") == 0) {
        s->client.ehlo_name = role_bytes(value);
    } else if (strcmp(name, "--to") == 0 && s->to_count < ROLE_RECIPIENTS) {
        s->to[s->to_count++] = value;
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
    smtp_role_options *r = &o->role.smtp;
    r->server.struct_size = sizeof r->server;
    r->server.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    r->client.struct_size = sizeof r->client;
    r->client.flags = MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    r->client.tls = MAILPROTO_SMTP_TLS_NONE;
    r->client.ehlo_name = role_bytes("client.example");
    r->server.host_name = role_bytes("server.example");
    r->from = "a@client.example";
    r->message = role_bytes(default_message);
}

/* Mechanisms go with the capability AUTH, and it with them. */
static void complete(options *o)
{
    const uint64_t auth = (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH;
    smtp_role_options *r = &o->role.smtp;
    mailproto_smtp_server_options *s = &r->server;
    if (s->auth_mechanisms.len > 0) {
        if (s->caps == 0) { /* the library's default, and AUTH */
            options_caps(smtp_cap_words, MAILPROTO_SMTP_CAPS_NONE,
                         "PIPELINING,SIZE,8BITMIME,ENHANCEDSTATUSCODES", &s->caps);
        }
        s->caps = s->caps == MAILPROTO_SMTP_CAPS_NONE ? auth : s->caps | auth;
    } else if (s->caps != MAILPROTO_SMTP_CAPS_NONE && (s->caps & auth) != 0) {
        s->auth_mechanisms = role_bytes("PLAIN LOGIN");
    }
    if (r->to_count == 0) {
        r->to[r->to_count++] = "b@server.example";
    }
}

const options_kind options_smtp = {defaults, take_switch, take_value, complete};
