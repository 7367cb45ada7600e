/* The command line of mailproto-fetch: see options.h. */
#include "options.h"

#include <mailproto/pop3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "mailproto-fetch --server HOST:PORT --user NAME --password-file FILE\n"
    "                --maildir DIR | --mbox FILE | --list [options]\n"
    "\n"
    "Fetches by POP3 what is new. A message is deleted on the server only when it is\n"
    "safe here, and then only with --delete. Prints a line for each message. Exit\n"
    "status: 0 all of it was done; 1 some messages could not be fetched or kept, or "
    "it\n"
    "is not sure that the server deleted what it should; 2 failed.\n"
    "\n"
    "  --server HOST:PORT     where from\n"
    "  --user NAME            whose mail\n"
    "  --password-file FILE   the password: the first line of FILE\n"
    "  --token-file FILE      an OAuth access token: the first line of FILE\n"
    "  --maildir DIR          into this Maildir\n"
    "  --mbox FILE            into this mbox file (mboxrd)\n"
    "  --list                 show what there is, fetch nothing\n"
    "  --keep                 leave all on the server (the default)\n"
    "  --delete               delete there what was fetched, now or earlier\n"
    "  --seen FILE            remembers what was fetched; default: DIR.seen, "
    "FILE.seen\n"
    "  --line-ends crlf|lf    of messages here; default: crlf in a Maildir (octet for\n"
    "                         octet as sent), lf in an mbox file\n"
    "  --max-size OCTETS      leave larger messages there\n"
    "  --tls starttls         require STLS (the default)\n"
    "  --tls implicit         TLS from the first byte (port 995)\n"
    "  --tls if-offered       STLS where it is offered, else in the clear\n"
    "  --tls none             in the clear\n"
    "  --cafile FILE          certificates to trust, in place of the system's\n"
    "  --cert FILE --key FILE certificate and key (PEM) of one's own, for a server "
    "that\n"
    "                         asks; also for AUTH EXTERNAL, as the user of --user\n"
    "  --any-certificate      take any of the server's, but show no password and no "
    "token\n"
    "                         to it: SCRAM must do\n"
    "  --insecure             take any, and show it the password, or let it guess "
    "(CRAM-MD5, APOP);\n"
    "                         also with TLS off\n"
    "  --mechanism NAME       this one alone; default: the strongest that is offered,\n"
    "                         then the next: EXTERNAL (with --cert), then\n"
    "                         SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256,\n"
    "                         SCRAM-SHA-1, OAUTHBEARER, XOAUTH2, CRAM-MD5, PLAIN,\n"
    "                         LOGIN; where none is, USER and PASS;\n"
    "                         if named here also ANONYMOUS\n"
    "  --apop                 APOP, for old servers; with --tls implicit, or with "
    "none\n"
    "                         and --insecure (what a server says before STLS does not\n"
    "                         count)\n"
    "  --no-pipelining        one command at a time\n"
    "  --verbose              show the conversation on standard error\n";

/* Names of values, ended by NULL. */
typedef struct choice {
    const char *name;
    uint32_t value;
} choice;

static const choice tls_choices[] = {{"starttls", MAILPROTO_POP3_TLS_REQUIRED},
                                     {"if-offered", MAILPROTO_POP3_TLS_IF_OFFERED},
                                     {"implicit", MAILPROTO_POP3_TLS_IMPLICIT},
                                     {"none", MAILPROTO_POP3_TLS_NONE},
                                     {NULL, 0}};

static const choice line_end_choices[] = {{"crlf", 0}, {"lf", 1}, {NULL, 0}};

static int choose(const choice *choices, const char *name, uint32_t *value)
{
    for (; choices->name != NULL; choices++) {
        if (strcmp(choices->name, name) == 0) {
            *value = choices->value;
            return 0;
        }
    }
    return -1;
}

/* Options without a value. 0: it was one of them. */
static int take_switch(options *o, const char *name)
{
    if (strcmp(name, "--insecure") == 0) {
        o->insecure = 1;
        o->any_certificate = 1;
    } else if (strcmp(name, "--any-certificate") == 0) {
        o->any_certificate = 1;
    } else if (strcmp(name, "--keep") == 0) {
        o->remove = 0;
    } else if (strcmp(name, "--delete") == 0) {
        o->remove = 1;
    } else if (strcmp(name, "--list") == 0) {
        o->list = 1;
    } else if (strcmp(name, "--apop") == 0) {
        o->apop = 1;
    } else if (strcmp(name, "--no-pipelining") == 0) {
        o->no_pipelining = 1;
    } else if (strcmp(name, "--verbose") == 0) {
        o->verbose = 1;
    } else {
        return -1;
    }
    return 0;
}

static int read_size(const char *text, uint64_t *value)
{
    char *end;
    *value = strtoull(text, &end, 10);
    return text[0] < '1' || text[0] > '9' || *end != '\0' ? -1 : 0;
}

/* Options with a value. 0: understood. */
static int take_value(options *o, const char *name, const char *value)
{
    uint32_t n = 0;
    if (strcmp(name, "--server") == 0) {
        return net_parse(value, &o->server);
    } else if (strcmp(name, "--tls") == 0) {
        return choose(tls_choices, value, &o->tls);
    } else if (strcmp(name, "--max-size") == 0) {
        return read_size(value, &o->max_size);
    } else if (strcmp(name, "--line-ends") == 0) {
        int known = choose(line_end_choices, value, &n);
        o->lf = (int)n;
        return known;
    } else if (strcmp(name, "--user") == 0) {
        o->user = value;
    } else if (strcmp(name, "--password-file") == 0) {
        o->password_file = value;
    } else if (strcmp(name, "--token-file") == 0) {
        o->token_file = value;
    } else if (strcmp(name, "--mechanism") == 0) {
        o->mechanism = value;
    } else if (strcmp(name, "--maildir") == 0) {
        o->maildir = value;
    } else if (strcmp(name, "--mbox") == 0) {
        o->mbox = value;
    } else if (strcmp(name, "--seen") == 0) {
        o->seen = value;
    } else if (strcmp(name, "--cafile") == 0) {
        o->ca_file = value;
    } else if (strcmp(name, "--cert") == 0) {
        o->cert = value;
    } else if (strcmp(name, "--key") == 0) {
        o->key = value;
    } else {
        return -1;
    }
    return 0;
}

/* What is missing or does not go together, or NULL. */
static const char *wrong(const options *o)
{
    if (o->server.port[0] == '\0') {
        return "--server is missing";
    }
    if (o->user == NULL) {
        return "--user is missing";
    }
    if ((o->cert == NULL) != (o->key == NULL)) {
        return "--cert and --key belong together";
    }
    int has_means = o->token_file != NULL || o->cert != NULL || o->mechanism != NULL;
    if (o->password_file == NULL && (o->apop || !has_means)) {
        return "--password-file is missing";
    }
    if (o->list + (o->maildir != NULL) + (o->mbox != NULL) != 1) {
        return "one of --maildir, --mbox and --list is needed";
    }
    return NULL;
}

int options_read(options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    o->lf = -1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 1;
        }
        if (take_switch(o, argv[i]) == 0) {
            continue;
        } else if (i + 1 < argc && take_value(o, argv[i], argv[i + 1]) == 0) {
            i++;
        } else {
            fprintf(stderr, "mailproto-fetch: not understood: %s (try --help)\n",
                    argv[i]);
            return -1;
        }
    }
    if (wrong(o) != NULL) {
        fprintf(stderr, "mailproto-fetch: %s (try --help)\n", wrong(o));
        return -1;
    }
    if (o->lf < 0) {
        o->lf = o->mbox != NULL;
    }
    return 0;
}
