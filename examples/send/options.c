/* The command line of mailproto-send: see options.h. */
#include "options.h"

#include <mailproto/smtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "mailproto-send --server HOST:PORT --from A --to B [--to C ...] [options] FILE...\n"
    "\n"
    "Sends every FILE as one message to all recipients, in one SMTP session. Prints a\n"
    "line for each message and recipient. Exit status: 0 all delivered, 1 some were\n"
    "refused, 2 failed.\n"
    "\n"
    "  --server HOST:PORT     where to\n"
    "  --from ADDRESS         the sender; \"\" for none (a bounce)\n"
    "  --to ADDRESS           a recipient; may be repeated\n"
    "  --tls starttls         require STARTTLS (the default)\n"
    "  --tls implicit         TLS from the first byte (port 465)\n"
    "  --tls if-offered       STARTTLS where it is offered, else in the clear\n"
    "  --tls none             in the clear\n"
    "  --cafile FILE          certificates to trust, in place of the system's\n"
    "  --cert FILE --key FILE certificate and key (PEM) of one's own, for a server "
    "that\n"
    "                         asks; also for AUTH EXTERNAL, as the user of --user\n"
    "  --any-certificate      take any of the server's, but show no password and no "
    "token\n"
    "                         to it: SCRAM must do\n"
    "  --insecure             take any, and show it the password, or let it guess "
    "(CRAM-MD5);\n"
    "                         also with TLS off\n"
    "  --user NAME            authenticate\n"
    "  --password-file FILE   the password: the first line of FILE\n"
    "  --token-file FILE      an OAuth access token: the first line of FILE\n"
    "  --mechanism NAME       this one alone; default: the strongest that is offered,\n"
    "                         then the next: EXTERNAL (with --cert), then\n"
    "                         SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256,\n"
    "                         SCRAM-SHA-1, OAUTHBEARER, XOAUTH2, CRAM-MD5, PLAIN,\n"
    "                         LOGIN; if named here also ANONYMOUS\n"
    "  --helo NAME            this host's name; default: its address\n"
    "  --no-pipelining        one command at a time\n"
    "  --line-ends repair     a CR or LF that stands alone becomes CRLF (the default)\n"
    "  --line-ends refuse     do not send such a message\n"
    "  --line-ends pass       send it as it is, which lets messages be smuggled\n"
    "  --verbose              show the conversation on standard error\n";

/* Names of values, ended by NULL. */
typedef struct choice {
    const char *name;
    uint32_t value;
} choice;

static const choice tls_choices[] = {{"starttls", MAILPROTO_SMTP_TLS_REQUIRED},
                                     {"if-offered", MAILPROTO_SMTP_TLS_IF_OFFERED},
                                     {"implicit", MAILPROTO_SMTP_TLS_IMPLICIT},
                                     {"none", MAILPROTO_SMTP_TLS_NONE},
                                     {NULL, 0}};

static const choice line_end_choices[] = {{"repair", MAILPROTO_LINE_ENDS_REPAIR},
                                          {"refuse", MAILPROTO_LINE_ENDS_REFUSE},
                                          {"pass", MAILPROTO_LINE_ENDS_PASS},
                                          {NULL, 0}};

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
    } else if (strcmp(name, "--no-pipelining") == 0) {
        o->no_pipelining = 1;
    } else if (strcmp(name, "--verbose") == 0) {
        o->verbose = 1;
    } else {
        return -1;
    }
    return 0;
}

/* Options with a value. 0: understood. */
static int take_value(options *o, const char *name, const char *value)
{
    if (strcmp(name, "--server") == 0) {
        return net_parse(value, &o->server);
    } else if (strcmp(name, "--from") == 0) {
        o->from = value;
    } else if (strcmp(name, "--to") == 0) {
        o->to[o->to_count++] = value;
    } else if (strcmp(name, "--tls") == 0) {
        return choose(tls_choices, value, &o->tls);
    } else if (strcmp(name, "--line-ends") == 0) {
        return choose(line_end_choices, value, &o->line_ends);
    } else if (strcmp(name, "--cafile") == 0) {
        o->ca_file = value;
    } else if (strcmp(name, "--cert") == 0) {
        o->cert = value;
    } else if (strcmp(name, "--key") == 0) {
        o->key = value;
    } else if (strcmp(name, "--user") == 0) {
        o->user = value;
    } else if (strcmp(name, "--password-file") == 0) {
        o->password_file = value;
    } else if (strcmp(name, "--token-file") == 0) {
        o->token_file = value;
    } else if (strcmp(name, "--mechanism") == 0) {
        o->mechanism = value;
    } else if (strcmp(name, "--helo") == 0) {
        o->helo = value;
    } else {
        return -1;
    }
    return 0;
}

/* What is missing, or NULL. */
static const char *missing(const options *o)
{
    if (o->server.port[0] == '\0') {
        return "--server";
    }
    if (o->from == NULL) {
        return "--from";
    }
    if (o->to_count == 0) {
        return "--to";
    }
    if (o->user != NULL && o->password_file == NULL && o->token_file == NULL &&
        o->cert == NULL && o->mechanism == NULL) {
        return "--password-file";
    }
    if ((o->cert == NULL) != (o->key == NULL)) {
        return o->cert == NULL ? "--cert" : "--key";
    }
    return o->file_count == 0 ? "FILE" : NULL;
}

int options_read(options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    o->to = calloc((size_t)argc, sizeof *o->to);
    o->files = calloc((size_t)argc, sizeof *o->files);
    if (o->to == NULL || o->files == NULL) {
        fputs("mailproto-send: out of memory\n", stderr);
        return -1;
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 1;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            o->files[o->file_count++] = argv[i];
        } else if (take_switch(o, argv[i]) == 0) {
            continue;
        } else if (i + 1 < argc && take_value(o, argv[i], argv[i + 1]) == 0) {
            i++;
        } else {
            fprintf(stderr, "mailproto-send: not understood: %s (try --help)\n",
                    argv[i]);
            return -1;
        }
    }
    if (missing(o) != NULL) {
        fprintf(stderr, "mailproto-send: %s is missing (try --help)\n", missing(o));
        return -1;
    }
    return 0;
}

void options_free(options *o)
{
    free(o->to);
    free(o->files);
}
