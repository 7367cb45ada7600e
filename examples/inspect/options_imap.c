/* The options of imap-server. */
#include "options.h"

#include <string.h>

static int take_switch(options *o, const char *name)
{
    imap_role_options *r = &o->role.imap;
    if (strcmp(name, "--implicit-tls") == 0) {
        r->server.flags |= MAILPROTO_IMAP_SERVER_TLS_IMPLICIT;
    } else if (strcmp(name, "--other-commands") == 0) {
        r->server.flags |= MAILPROTO_IMAP_SERVER_OTHER_COMMANDS;
    } else if (strcmp(name, "--preauth") == 0) {
        r->preauth = 1;
    } else {
        return 1;
    }
    return 0;
}

static int take_value(options *o, const char *name, const char *value)
{
    mailproto_imap_server_options *s = &o->role.imap.server;
    if (strcmp(name, "--caps") == 0) {
        return options_caps(imap_cap_words, (uint64_t)1 << MAILPROTO_IMAP_CAP_REV1,
                            value, &s->caps);
    }
    if (strcmp(name, "--max-command") == 0) {
        return options_u32(value, &s->max_command);
    }
    if (strcmp(name, "--max-literal") == 0) {
        return options_u32(value, &s->max_literal);
    }
    if (strcmp(name, "--max-bad") == 0) {
        return options_u32(value, &s->max_bad_commands);
    }
    if (strcmp(name, "--append-limit") == 0) {
        return options_number(value, UINT64_MAX, &s->append_limit);
    }
    if (strcmp(name, "--auth") == 0) {
        s->auth_mechanisms = role_bytes(value);
        return 0;
    }
    return 1;
}

static void defaults(options *o)
{
    o->role.imap.server.struct_size = sizeof o->role.imap.server;
    o->role.imap.server.flags = MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR;
}

static void complete(options *o)
{
    (void)o;
}

const options_kind options_imap = {defaults, take_switch, take_value, complete};
