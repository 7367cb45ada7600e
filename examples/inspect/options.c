/* The command line of mailproto-inspect: see options.h. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "mailproto-inspect smtp-server [options] [FILE]\n"
    "mailproto-inspect smtp-client [options] [FILE]\n"
    "mailproto-inspect pop3-server [options] [FILE]\n"
    "mailproto-inspect pop3-client [options] [FILE]\n"
    "mailproto-inspect imap-server [options] [FILE]\n"
    "mailproto-inspect message FILE...\n"
    "mailproto-inspect address-list|date|unstructured|parameters|message-ids|received\n"
    "    --lines [FILE]\n"
    "mailproto-inspect imap-command --lines [--enabled LIST] [FILE]\n"
    "mailproto-inspect mutf7 --lines [--encode] [FILE]\n"
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
    "  --auth-needs-tls     no AUTH (POP3, IMAP: no login) in the clear\n"
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
    "  --ehlo-name NAME  --no-pipelining\n"
    "\n"
    "pop3-server, which has three messages and lets everyone in:\n"
    "  --caps LIST          what is offered: TOP,USER,UIDL,... or none\n"
    "  --auth \"PLAIN LOGIN\" mechanisms to offer\n"
    "  --apop  --apop-stamp MSG-ID  --message FILE (the first one)\n"
    "  --implicit-tls  --in-use  --update-fails\n"
    "  --max-command N  --max-messages N  --max-bad N\n"
    "\n"
    "pop3-client: login, STAT, LIST, UIDL, RETR 1, DELE 1, QUIT:\n"
    "  --tls none|required|if-offered|implicit\n"
    "  --auth MECHANISM  --apop  --user NAME\n"
    "  --force LIST  --forbid LIST   capabilities taken as offered, as not offered\n"
    "  --max-line N  --max-size N  --no-pipelining\n"
    "\n"
    "imap-server, which has three messages in INBOX and lets everyone in:\n"
    "  --caps LIST          what is offered: IDLE,MOVE,UIDPLUS,... or none\n"
    "  --auth \"PLAIN LOGIN\" mechanisms to offer\n"
    "  --implicit-tls  --preauth  --other-commands\n"
    "  --max-command N  --max-literal N  --append-limit N  --max-bad N\n";

static const word line_end_words[] = {{MAILPROTO_LINE_ENDS_REFUSE, "refuse"},
                                      {MAILPROTO_LINE_ENDS_REPAIR, "repair"},
                                      {MAILPROTO_LINE_ENDS_PASS, "pass"},
                                      {0, NULL}};

/* ---- values --------------------------------------------------------------------------- */

int options_number(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n > max) {
        return -1;
    }
    *value = n;
    return 0;
}

int options_u32(const char *text, uint32_t *value)
{
    uint64_t n;
    if (options_number(text, UINT32_MAX, &n) != 0) {
        return -1;
    }
    *value = (uint32_t)n;
    return 0;
}

int options_word(const word *words, const char *text, uint32_t *value)
{
    uint64_t n;
    if (value_of(words, text, strlen(text), &n) != 0) {
        return -1;
    }
    *value = (uint32_t)n;
    return 0;
}

int options_caps(const word *caps, uint64_t none, const char *text, uint64_t *mask)
{
    *mask = none;
    if (strcmp(text, "none") == 0) {
        return 0;
    }
    *mask = 0;
    for (;;) {
        uint64_t cap;
        size_t len = strcspn(text, ",");
        if (value_of(caps, text, len, &cap) != 0) {
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

int options_message(options *o, const char *path, mailproto_bytes *message)
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
    message->ptr = o->message;
    message->len = len;
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
        role_options *r = &o->role;
        r->smtp.server.flags &= ~(uint32_t)MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
        r->smtp.client.flags &= ~(uint32_t)MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
        r->pop3.server.flags &= ~(uint32_t)MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
        r->pop3.client.flags &= ~(uint32_t)MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR;
        r->imap.server.flags &= ~(uint32_t)MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR;
    } else {
        return 1;
    }
    return 0;
}

static int common_value(options *o, const char *name, const char *value)
{
    if (strcmp(name, "--chunk") == 0) {
        uint64_t chunk;
        if (options_number(value, SIZE_MAX, &chunk) != 0) {
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
        uint32_t ends;
        if (options_word(line_end_words, value, &ends) != 0) {
            return -1;
        }
        o->role.smtp.server.line_ends = o->role.smtp.client.line_ends = ends;
        o->role.pop3.server.line_ends = o->role.pop3.client.line_ends = ends;
        return 0;
    }
    return 1;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void set_defaults(options *o)
{
    memset(o, 0, sizeof *o);
    o->role.user = "user";
    o->role.password = "password";
    options_smtp.defaults(o);
    options_pop3.defaults(o);
    options_imap.defaults(o);
}

/* The role of a name, and the options that go with it. 0, or -1. */
static int read_kind(options *o, const char *name, const options_kind **protocol)
{
    static const struct {
        const role_kind *role;
        const options_kind *protocol;
    } kinds[] = {{&role_smtp_server, &options_smtp},
                 {&role_smtp_client, &options_smtp},
                 {&role_pop3_server, &options_pop3},
                 {&role_pop3_client, &options_pop3},
                 {&role_imap_server, &options_imap}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].role->name, name) == 0) {
            o->role.kind = kinds[i].role;
            *protocol = kinds[i].protocol;
            return 0;
        }
    }
    fprintf(stderr,
            "mailproto-inspect: %s: smtp-server, smtp-client, pop3-server, "
            "pop3-client, imap-server, message, or with --lines address-list, date, "
            "unstructured, parameters, message-ids, received, imap-command or mutf7?\n",
            name);
    return -1;
}

static int take_switch(options *o, const options_kind *protocol, const char *name)
{
    return common_switch(o, name) == 0 || protocol->take_switch(o, name) == 0;
}

static int take_value(options *o, const options_kind *protocol, const char *name,
                      const char *value)
{
    int taken = common_value(o, name, value);
    return taken == 1 ? protocol->take_value(o, name, value) : taken;
}

int options_read(options *o, int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "--help";
    const options_kind *protocol;
    set_defaults(o);
    if (strcmp(kind, "--help") == 0) {
        fputs(usage, stdout);
        return 1;
    }
    if (read_kind(o, kind, &protocol) != 0) {
        return -1;
    }
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 && o->path == NULL) {
            o->path = argv[i];
        } else if (take_switch(o, protocol, argv[i])) {
            continue;
        } else if (i + 1 < argc && take_value(o, protocol, argv[i], argv[i + 1]) == 0) {
            i++;
        } else {
            fprintf(stderr, "mailproto-inspect: not understood: %s (try --help)\n",
                    argv[i]);
            return -1;
        }
    }
    protocol->complete(o);
    return 0;
}

void options_free(options *o)
{
    free(o->plan.offsets);
    free(o->message);
}
