/* The command line: see options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: mailproto-mailserver --listen HOST:PORT --name HOST --queue DIR [option "
    "...]\n"
    "\n"
    "Receives mail by SMTP, delivers it into Maildirs, relays the rest; gives it to "
    "its\n"
    "readers by POP3 and IMAP.\n"
    "\n"
    "  --listen HOST:PORT     where to listen; port 0: any (repeatable)\n"
    "  --name HOST            this host's name, in greetings and trace fields\n"
    "  --queue DIR            where mail waits; used by one server at a time\n"
    "\n"
    "Delivery:\n"
    "  --local-domain DOMAIN  its mail is delivered here (repeatable)\n"
    "  --maildir-root DIR     mail of user@DOMAIN goes to DIR/user/Maildir\n"
    "  --mailbox USER         has a mailbox; without this option, everybody "
    "(repeatable)\n"
    "  --users-only           only those of --users have mailboxes\n"
    "\n"
    "Relaying, for authenticated users and listed networks alone:\n"
    "  --route DOMAIN=HOST:PORT   next server of a domain; * for all others "
    "(repeatable)\n"
    "  --relay-net CIDR       a network that may relay, 127.0.0.0/8 (repeatable)\n"
    "  --relay-tls none|if-offered|starttls   default if-offered; starttls also\n"
    "                         verifies the certificate for HOST\n"
    "  --cafile FILE          certificates to trust; default: the system's\n"
    "  --retry-min SECONDS    first wait after a failed attempt, then doubled; 60\n"
    "  --retry-max SECONDS    longest wait; 3600\n"
    "  --give-up SECONDS      age at which a message goes back; 432000 (5 days)\n"
    "\n"
    "Receiving:\n"
    "  --users FILE           name:password lines, for AUTH. For trying out only\n"
    "  --cert FILE --key FILE certificate and key (PEM), for STARTTLS\n"
    "  --client-ca FILE       ask clients for a certificate of these CAs: AUTH "
    "EXTERNAL\n"
    "                         lets in the user whose name is its common name\n"
    "  --auth-in-clear[=LIST] AUTH (POP3, IMAP: any login) also without TLS; then "
    "without\n"
    "                         SCRAM-...-PLUS. LIST, blanks between: these mechanisms\n"
    "                         only, \"SCRAM-SHA-256\" for example, and no other login\n"
    "  --alias HOST           another name of this host: a token of OAUTHBEARER that "
    "was\n"
    "                         meant for another host or port is refused (repeatable)\n"
    "  --mechanisms LIST      for AUTH, blanks between; default SCRAM-SHA-256-PLUS\n"
    "                         SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5\n"
    "                         PLAIN LOGIN; also OAUTHBEARER, XOAUTH2, the password\n"
    "                         being the token, for trying out\n"
    "  --max-size OCTETS      of a message; 41943040\n"
    "  --max-connections N    at a time; 256\n"
    "  --timeout SECONDS      of every wait; default: those of RFC 5321 4.5.3.2\n"
    "\n"
    "Reading, for the users of --users:\n"
    "  --pop3 HOST:PORT       POP3, with STLS (repeatable)\n"
    "  --pop3s HOST:PORT      POP3 with TLS from the first byte (repeatable)\n"
    "  --imap HOST:PORT       IMAP, with STARTTLS (repeatable)\n"
    "  --imaps HOST:PORT      IMAP with TLS from the first byte (repeatable)\n"
    "  --apop                 offer APOP too, which needs passwords kept in clear\n"
    "  --max-messages N       of a mailbox that POP3 shows, the oldest; 10000\n"
    "\n"
    "  --verbose              show the conversations, without credentials and "
    "content\n";

enum {
    OPT_LISTEN = 1,
    OPT_POP3,
    OPT_POP3S,
    OPT_IMAP,
    OPT_IMAPS,
    OPT_APOP,
    OPT_MAX_MESSAGES,
    OPT_NAME,
    OPT_QUEUE,
    OPT_LOCAL_DOMAIN,
    OPT_MAILDIR_ROOT,
    OPT_MAILBOX,
    OPT_USERS_ONLY,
    OPT_ROUTE,
    OPT_RELAY_NET,
    OPT_RELAY_TLS,
    OPT_CAFILE,
    OPT_RETRY_MIN,
    OPT_RETRY_MAX,
    OPT_GIVE_UP,
    OPT_USERS,
    OPT_CERT,
    OPT_KEY,
    OPT_CLIENT_CA,
    OPT_ALIAS,
    OPT_AUTH_IN_CLEAR,
    OPT_MECHANISMS,
    OPT_MAX_SIZE,
    OPT_MAX_CONNECTIONS,
    OPT_TIMEOUT,
    OPT_VERBOSE,
    OPT_HELP
};

static const struct option table[] = {
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"pop3", required_argument, NULL, OPT_POP3},
    {"pop3s", required_argument, NULL, OPT_POP3S},
    {"imap", required_argument, NULL, OPT_IMAP},
    {"imaps", required_argument, NULL, OPT_IMAPS},
    {"apop", no_argument, NULL, OPT_APOP},
    {"max-messages", required_argument, NULL, OPT_MAX_MESSAGES},
    {"name", required_argument, NULL, OPT_NAME},
    {"queue", required_argument, NULL, OPT_QUEUE},
    {"local-domain", required_argument, NULL, OPT_LOCAL_DOMAIN},
    {"maildir-root", required_argument, NULL, OPT_MAILDIR_ROOT},
    {"mailbox", required_argument, NULL, OPT_MAILBOX},
    {"users-only", no_argument, NULL, OPT_USERS_ONLY},
    {"route", required_argument, NULL, OPT_ROUTE},
    {"relay-net", required_argument, NULL, OPT_RELAY_NET},
    {"relay-tls", required_argument, NULL, OPT_RELAY_TLS},
    {"cafile", required_argument, NULL, OPT_CAFILE},
    {"retry-min", required_argument, NULL, OPT_RETRY_MIN},
    {"retry-max", required_argument, NULL, OPT_RETRY_MAX},
    {"give-up", required_argument, NULL, OPT_GIVE_UP},
    {"users", required_argument, NULL, OPT_USERS},
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"client-ca", required_argument, NULL, OPT_CLIENT_CA},
    {"alias", required_argument, NULL, OPT_ALIAS},
    {"auth-in-clear", optional_argument, NULL, OPT_AUTH_IN_CLEAR},
    {"mechanisms", required_argument, NULL, OPT_MECHANISMS},
    {"max-size", required_argument, NULL, OPT_MAX_SIZE},
    {"max-connections", required_argument, NULL, OPT_MAX_CONNECTIONS},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0}};

static int complain(const char *what, const char *value)
{
    fprintf(stderr, "mailproto-mailserver: %s%s%s\n", what, value == NULL ? "" : ": ",
            value == NULL ? "" : value);
    return -1;
}

static int add(struct text_list *list, const char *text)
{
    if (list->count == sizeof list->items / sizeof list->items[0]) {
        return complain("too many of this option", text);
    }
    list->items[list->count++] = text;
    return 0;
}

static int number(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *value < low ||
        *value > high) {
        return complain("not a number for this option", text);
    }
    return 0;
}

/* Up to some thirty years, which any sum of times can take. */
static int seconds(const char *text, uint64_t low, int64_t *value)
{
    uint64_t n = 0;
    if (number(text, low, 1000000000, &n) < 0) {
        return -1;
    }
    *value = (int64_t)n;
    return 0;
}

/* The list that an option adds to; NULL: it is not one of them. */
static struct text_list *list_of(struct options *o, int option)
{
    switch (option) {
    case OPT_LISTEN:
        return &o->listen;
    case OPT_POP3:
        return &o->pop3;
    case OPT_POP3S:
        return &o->pop3s;
    case OPT_IMAP:
        return &o->imap;
    case OPT_IMAPS:
        return &o->imaps;
    case OPT_LOCAL_DOMAIN:
        return &o->local_domains;
    case OPT_MAILBOX:
        return &o->mailboxes;
    case OPT_ALIAS:
        return &o->aliases;
    case OPT_ROUTE:
        return &o->routes;
    case OPT_RELAY_NET:
        return &o->networks;
    default:
        return NULL;
    }
}

/* Options that are a text or a switch. 1: not one of them. */
static int read_text(struct options *o, int option, const char *text)
{
    switch (option) {
    case OPT_APOP:
        o->apop = 1;
        return 0;
    case OPT_NAME:
        o->name = text;
        return 0;
    case OPT_QUEUE:
        o->queue = text;
        return 0;
    case OPT_MAILDIR_ROOT:
        o->maildir_root = text;
        return 0;
    case OPT_USERS:
        o->users = text;
        return 0;
    case OPT_MECHANISMS:
        o->mechanisms = text;
        return 0;
    case OPT_CERT:
        o->cert = text;
        return 0;
    case OPT_KEY:
        o->key = text;
        return 0;
    case OPT_CAFILE:
        o->ca_file = text;
        return 0;
    case OPT_USERS_ONLY:
        o->users_only = 1;
        return 0;
    case OPT_CLIENT_CA:
        o->client_ca = text;
        return 0;
    case OPT_AUTH_IN_CLEAR:
        o->auth_in_clear = text == NULL;
        o->clear_mechanisms = text;
        return 0;
    case OPT_VERBOSE:
        o->verbose = 1;
        return 0;
    default:
        return 1;
    }
}

/* Options that must be understood. */
static int read_value(struct options *o, int option, const char *text)
{
    uint64_t n = 0;
    switch (option) {
    case OPT_RELAY_TLS:
        if (strcmp(text, "none") == 0) {
            o->relay_tls = RELAY_TLS_NONE;
        } else if (strcmp(text, "if-offered") == 0) {
            o->relay_tls = RELAY_TLS_IF_OFFERED;
        } else if (strcmp(text, "starttls") == 0) {
            o->relay_tls = RELAY_TLS_REQUIRED;
        } else {
            return complain("none, if-offered or starttls", text);
        }
        return 0;
    case OPT_RETRY_MIN:
        return seconds(text, 1, &o->retry_min);
    case OPT_RETRY_MAX:
        return seconds(text, 1, &o->retry_max);
    case OPT_GIVE_UP:
        return seconds(text, 0, &o->give_up);
    case OPT_MAX_SIZE:
        return number(text, 1024, UINT64_MAX - 1, &o->max_size);
    case OPT_MAX_CONNECTIONS:
        if (number(text, 1, 100000, &n) < 0) {
            return -1;
        }
        o->max_connections = (uint32_t)n;
        return 0;
    case OPT_MAX_MESSAGES:
        if (number(text, 1, 1000000, &n) < 0) {
            return -1;
        }
        o->max_messages = (uint32_t)n;
        return 0;
    case OPT_TIMEOUT:
        if (number(text, 1, 86400, &n) < 0) {
            return -1;
        }
        o->timeout_ms = (uint32_t)n * 1000;
        return 0;
    default:
        fputs(usage, option == OPT_HELP ? stdout : stderr);
        exit(option == OPT_HELP ? 0 : 2);
    }
}

static int check_readers(const struct options *o)
{
    size_t imap = o->imap.count + o->imaps.count;
#ifndef MAILSERVER_IMAP
    if (imap > 0) {
        return complain("built without IMAP (SQLite was not found)", NULL);
    }
#endif
    if (o->pop3s.count + o->imaps.count > 0 && o->cert == NULL) {
        return complain("--pop3s and --imaps need --cert and --key", NULL);
    }
    if (o->pop3.count + o->pop3s.count + imap > 0 &&
        (o->users == NULL || o->maildir_root == NULL)) {
        return complain("POP3 and IMAP need --users and --maildir-root", NULL);
    }
    return 0;
}

static int check_auth(const struct options *o)
{
    if ((o->cert == NULL) != (o->key == NULL)) {
        return complain("--cert and --key belong together", NULL);
    }
    if (o->client_ca != NULL && o->cert == NULL) {
        return complain("--client-ca needs --cert and --key", NULL);
    }
    if (o->users != NULL && o->cert == NULL && !o->auth_in_clear &&
        o->clear_mechanisms == NULL) {
        return complain("AUTH needs STARTTLS: --cert and --key, or --auth-in-clear",
                        NULL);
    }
    return 0;
}

static int check(const struct options *o)
{
    if (o->name == NULL || o->queue == NULL || o->listen.count == 0) {
        return complain("--listen, --name and --queue are needed", NULL);
    }
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    if (o->name[0] == '\0' || strlen(o->name) > 255 ||
        o->name[strspn(o->name, letters)] != '\0') {
        return complain("not the name of a host", o->name);
    }
    if (o->local_domains.count > 0 && o->maildir_root == NULL) {
        return complain("--local-domain needs --maildir-root", NULL);
    }
    if (o->users_only && o->users == NULL) {
        return complain("--users-only needs --users", NULL);
    }
    return check_auth(o) < 0 ? -1 : check_readers(o);
}

int options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){0};
    options->max_size = 41943040;
    options->max_connections = 256;
    options->max_messages = 10000;
    options->retry_min = 60;
    options->retry_max = 3600;
    options->give_up = (int64_t)5 * 24 * 3600; /* RFC 5321 4.5.4.1: 4 to 5 days */
    int option;
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        struct text_list *list = list_of(options, option);
        int result =
            list != NULL ? add(list, optarg) : read_text(options, option, optarg);
        if (result > 0) {
            result = read_value(options, option, optarg);
        }
        if (result < 0) {
            return -1;
        }
    }
    if (optind < argc) {
        return complain("not understood", argv[optind]);
    }
    return check(options);
}
