/* The command line of mailproto-inspect: see options.h. */
#include "options.h"

#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "mailproto-inspect smtp-server [options] [FILE]\n"
    "mailproto-inspect smtp-client [options] [FILE]\n"
    "\n"
    "Shows as JSON what the library makes of bytes: the input (FILE, else standard\n"
    "input) is what the other side of the conversation sends. docs/inspect.md says it\n"
    "all.\n"
    "\n"
    "  --lines              each line of the input is an input of its own, in base64,\n"
    "                       optionally followed by a blank and its --lockstep\n"
    "  --chunk N            feed N octets at a time; the result is the same\n"
    "  --lockstep OFFSETS   the peer waits for answers at these offsets only "
    "(\"16,41\",\n"
    "                       \"none\"); else after every line\n"
    "  --before-greeting    the peer does not wait for the greeting\n"
    "  --no-eof             the connection stays open after the input\n"
    "  --no-tls-ok          simulated TLS handshakes fail (--tls-ok: they succeed)\n"
    "  --text               also show texts as text\n"
    "  --line-ends refuse|repair|pass\n"
    "  --auth-needs-tls     no AUTH in the clear\n"
    "  --password WORD      default: password\n"
    "\n"
    "smtp-server, which accepts everything:\n"
    "  --caps LIST          what is offered: PIPELINING,SIZE,... or none\n"
    "  --auth \"PLAIN LOGIN\" mechanisms to offer\n"
    "  --host-name NAME  --max-size N  --max-command N  --max-recipients N\n"
    "  --require-tls  --require-auth  --refuse-early  --implicit-tls\n"
    "\n"
    "smtp-client, which sends one message:\n"
    "  --tls none|required|if-offered|implicit\n"
    "  --auth MECHANISM  --user NAME\n"
    "  --from A  --to B (may be repeated)  --message FILE\n"
    "  --ehlo-name NAME  --no-pipelining\n";

static const char default_message[] = "From: <a@client.example>\r\n"
                                      "To: <b@server.example>\r\n"
                                      "Subject: test\r\n"
                                      "\r\n"
                                      "Hello.\r\n"
                                      ".A line that begins with a dot.\r\n";

static const word line_end_words[] = {{MAILPROTO_LINE_ENDS_REFUSE, "refuse"},
                                      {MAILPROTO_LINE_ENDS_REPAIR, "repair"},
                                      {MAILPROTO_LINE_ENDS_PASS, "pass"},
                                      {0, NULL}};

static const word tls_words[] = {{MAILPROTO_SMTP_TLS_REQUIRED, "required"},
                                 {MAILPROTO_SMTP_TLS_IF_OFFERED, "if-offered"},
                                 {MAILPROTO_SMTP_TLS_IMPLICIT, "implicit"},
                                 {MAILPROTO_SMTP_TLS_NONE, "none"},
                                 {0, NULL}};

/* ---- values --------------------------------------------------------------------------- */

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

static int read_number(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n > max) {
        return -1;
    }
    *value = n;
    return 0;
}

static int read_u32(const char *text, uint32_t *value)
{
    uint64_t n;
    if (read_number(text, UINT32_MAX, &n) != 0) {
        return -1;
    }
    *value = (uint32_t)n;
    return 0;
}

static int read_word(const word *words, const char *text, uint32_t *value)
{
    uint64_t n;
    if (value_of(words, text, strlen(text), &n) != 0) {
        return -1;
    }
    *value = (uint32_t)n;
    return 0;
}

/* A mask from "PIPELINING,SIZE". */
static int read_caps(const char *text, uint64_t *mask)
{
    *mask = MAILPROTO_SMTP_CAPS_NONE;
    if (strcmp(text, "none") == 0) {
        return 0;
    }
    *mask = 0;
    for (;;) {
        uint64_t cap;
        size_t len = strcspn(text, ",");
        if (value_of(cap_words, text, len, &cap) != 0) {
            return -1;
        }
        *mask |= (uint64_t)1 << cap;
        if (text[len] == '\0') {
            return 0;
        }
        text += len + 1;
    }
}

int options_lockstep(feed_plan *plan, const char *text)
{
    plan->lockstep = 1;
    plan->offset_count = 0;
    free(plan->offsets);
    plan->offsets = calloc(strlen(text) / 2 + 1, sizeof *plan->offsets);
    if (plan->offsets == NULL) {
        return -1;
    }
    if (strcmp(text, "none") == 0 || *text == '\0') {
        return 0;
    }
    for (;;) {
        char *end;
        unsigned long long offset = strtoull(text, &end, 10);
        size_t n = plan->offset_count;
        if (*text < '0' || *text > '9' || (*end != ',' && *end != '\0') ||
            (n > 0 && offset <= plan->offsets[n - 1])) {
            return -1;
        }
        plan->offsets[plan->offset_count++] = offset;
        if (*end == '\0') {
            return 0;
        }
        text = end + 1;
    }
}

static int read_message(options *o, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t len = 0, cap = 65536, n;
    if (f == NULL) {
        perror(path);
        return -1;
    }
    free(o->message);
    o->message = malloc(cap);
    while (o->message != NULL && (n = fread(o->message + len, 1, cap - len, f)) > 0) {
        len += n;
        if (len == cap) {
            char *more = realloc(o->message, cap *= 2);
            if (more == NULL) {
                free(o->message);
            }
            o->message = more;
        }
    }
    int failed = o->message == NULL || ferror(f);
    fclose(f);
    o->role.message.ptr = o->message;
    o->role.message.len = len;
    return failed ? -1 : 0;
}

/* ---- options: 0 understood, 1 not this function's, -1 wrong -------------------------------- */

static int common_switch(options *o, const char *name)
{
    if (strcmp(name, "--lines") == 0) {
        o->lines = 1;
    } else if (strcmp(name, "--before-greeting") == 0) {
        o->plan.before_greeting = 1;
    } else if (strcmp(name, "--no-eof") == 0) {
        o->plan.no_eof = 1;
    } else if (strcmp(name, "--eof") == 0) {
        o->plan.no_eof = 0;
    } else if (strcmp(name, "--no-tls-ok") == 0) {
        o->role.tls_fails = 1;
    } else if (strcmp(name, "--tls-ok") == 0) {
        o->role.tls_fails = 0;
    } else if (strcmp(name, "--text") == 0) {
        o->show_text = 1;
    } else if (strcmp(name, "--auth-needs-tls") == 0) {
        o->role.server.flags &= ~(uint32_t)MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
        o->role.client.flags &= ~(uint32_t)MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    } else {
        return 1;
    }
    return 0;
}

static int role_switch(options *o, const char *name)
{
    role_options *r = &o->role;
    if (r->is_client && strcmp(name, "--no-pipelining") == 0) {
        r->client.flags |= MAILPROTO_SMTP_CLIENT_NO_PIPELINING;
    } else if (!r->is_client && strcmp(name, "--require-tls") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_REQUIRE_TLS;
    } else if (!r->is_client && strcmp(name, "--require-auth") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_REQUIRE_AUTH;
    } else if (!r->is_client && strcmp(name, "--refuse-early") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_REFUSE_EARLY;
    } else if (!r->is_client && strcmp(name, "--implicit-tls") == 0) {
        r->server.flags |= MAILPROTO_SMTP_SERVER_TLS_IMPLICIT;
    } else {
        return 1;
    }
    return 0;
}

static int common_value(options *o, const char *name, const char *value)
{
    if (strcmp(name, "--chunk") == 0) {
        uint64_t chunk;
        if (read_number(value, SIZE_MAX, &chunk) != 0) {
            return -1;
        }
        o->plan.chunk = (size_t)chunk;
        return 0;
    }
    if (strcmp(name, "--lockstep") == 0) {
        return options_lockstep(&o->plan, value);
    }
    if (strcmp(name, "--password") == 0) {
        o->role.password = value;
        return 0;
    }
    if (strcmp(name, "--line-ends") == 0) {
        return read_word(line_end_words, value,
                         o->role.is_client ? &o->role.client.line_ends
                                           : &o->role.server.line_ends);
    }
    return 1;
}

static int server_value(options *o, const char *name, const char *value)
{
    mailproto_smtp_server_options *s = &o->role.server;
    if (strcmp(name, "--caps") == 0) {
        return read_caps(value, &s->caps);
    }
    if (strcmp(name, "--max-size") == 0) {
        return read_number(value, UINT64_MAX, &s->max_content);
    }
    if (strcmp(name, "--max-command") == 0) {
        return read_u32(value, &s->max_command);
    }
    if (strcmp(name, "--max-recipients") == 0) {
        return read_u32(value, &s->max_recipients);
    }
    if (strcmp(name, "--auth") == 0) {
        s->auth_mechanisms = bytes(value);
    } else if (strcmp(name, "--host-name") == 0) {
        s->host_name = bytes(value);
    } else {
        return 1;
    }
    return 0;
}

static int client_value(options *o, const char *name, const char *value)
{
    role_options *r = &o->role;
    if (strcmp(name, "--tls") == 0) {
        return read_word(tls_words, value, &r->client.tls);
    }
    if (strcmp(name, "--message") == 0) {
        return read_message(o, value);
    }
    if (strcmp(name, "--auth") == 0) {
        r->auth = value;
    } else if (strcmp(name, "--user") == 0) {
        r->user = value;
    } else if (strcmp(name, "--from") == 0) {
        r->from = value;
    } else if (strcmp(name, "--ehlo-name") == 0) {
        r->client.ehlo_name = bytes(value);
    } else if (strcmp(name, "--to") == 0 && r->to_count < ROLE_RECIPIENTS) {
        r->to[r->to_count++] = value;
    } else {
        return 1;
    }
    return 0;
}

static int take_value(options *o, const char *name, const char *value)
{
    int taken = common_value(o, name, value);
    if (taken == 1) {
        taken = o->role.is_client ? client_value(o, name, value)
                                  : server_value(o, name, value);
    }
    return taken;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void set_defaults(options *o)
{
    role_options *r = &o->role;
    memset(o, 0, sizeof *o);
    r->server.struct_size = sizeof r->server;
    r->server.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    r->client.struct_size = sizeof r->client;
    r->client.flags = MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    r->client.tls = MAILPROTO_SMTP_TLS_NONE;
    r->client.ehlo_name = bytes("client.example");
    r->server.host_name = bytes("server.example");
    r->user = "user";
    r->password = "password";
    r->from = "a@client.example";
    r->message = bytes(default_message);
}

/* Mechanisms go with the capability AUTH, and it with them. */
static void complete(role_options *r)
{
    const uint64_t auth = (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH;
    mailproto_smtp_server_options *s = &r->server;
    if (s->auth_mechanisms.len > 0) {
        if (s->caps == 0) { /* the library's default, and AUTH */
            read_caps("PIPELINING,SIZE,8BITMIME,ENHANCEDSTATUSCODES", &s->caps);
        }
        s->caps = s->caps == MAILPROTO_SMTP_CAPS_NONE ? auth : s->caps | auth;
    } else if (s->caps != MAILPROTO_SMTP_CAPS_NONE && (s->caps & auth) != 0) {
        s->auth_mechanisms = bytes("PLAIN LOGIN");
    }
    if (r->to_count == 0) {
        r->to[r->to_count++] = "b@server.example";
    }
}

int options_read(options *o, int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "--help";
    set_defaults(o);
    if (strcmp(kind, "--help") == 0) {
        fputs(usage, stdout);
        return 1;
    }
    o->role.is_client = strcmp(kind, "smtp-client") == 0;
    if (!o->role.is_client && strcmp(kind, "smtp-server") != 0) {
        fprintf(stderr, "mailproto-inspect: %s: smtp-server or smtp-client?\n", kind);
        return -1;
    }
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 && o->path == NULL) {
            o->path = argv[i];
        } else if (common_switch(o, argv[i]) == 0 || role_switch(o, argv[i]) == 0) {
            continue;
        } else if (i + 1 < argc && take_value(o, argv[i], argv[i + 1]) == 0) {
            i++;
        } else {
            fprintf(stderr, "mailproto-inspect: not understood: %s (try --help)\n",
                    argv[i]);
            return -1;
        }
    }
    complete(&o->role);
    return 0;
}

void options_free(options *o)
{
    free(o->plan.offsets);
    free(o->message);
}
