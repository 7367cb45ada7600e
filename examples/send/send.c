/*
 * mailproto-send: sends message files over SMTP, with STARTTLS or TLS, authentication,
 * several recipients and several messages in one session.
 *
 * The conversation is the library's; what is here is the application's side of it: which
 * message comes next, whom it goes to, what to say about it. Read run() first.
 */
#include "../common/connection.h"
#include "../common/login.h"
#include "../common/message_file.h"
#include "../common/progress.h"
#include "../common/tls.h"
#include "../common/transcript.h"
#include "options.h"

#include <mailproto/pump.h>
#include <mailproto/smtp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_ALL = 0, EXIT_SOME = 1, EXIT_FAILED = 2 };
enum { CONNECT_MS = 30000, TAG_AUTH = 1, TAG_QUIT = 2, TAG_TRANSACTION = 10 };

/* The library fills the first member; the rest is ours (see recipient_stride). */
typedef struct recipient {
    mailproto_smtp_recipient status;
    char text[200]; /* what the server said last, for people */
} recipient;

/* Everything this program knows; one of it. */
typedef struct sender {
    const options *o;
    connection connection;
    tls_context *tls;
    transcript transcript;
    mailproto_smtp_client *client;
    mailproto_session *session;

    login login;
    char *password; /* what login points to */
    char *token;

    uint32_t next; /* number of the next file */
    const char *path;
    message_file file;
    mailproto_smtp_mail_params params;
    mailproto_smtp_transaction transaction;
    recipient *recipients;

    int exit_code;
} sender;

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

static int beyond_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text > 127) {
            return 1;
        }
    }
    return 0;
}

static void note(sender *s, int exit_code)
{
    if (s->exit_code < exit_code) {
        s->exit_code = exit_code;
    }
}

static void complain(sender *s, const char *what, const char *why)
{
    fprintf(stderr, "mailproto-send: %s: %s\n", what, why);
    note(s, EXIT_FAILED);
}

/* ---- one message ----------------------------------------------------------------- */

/* The envelope of the file that is open. */
static void prepare_transaction(sender *s)
{
    const options *o = s->o;
    mailproto_smtp_mail_params *p = &s->params;
    memset(p, 0, sizeof *p);
    p->struct_size = sizeof *p;
    p->size = s->file.wire_size;
    if (s->file.eight_bit) {
        if (mailproto_session_has_cap(s->session, MAILPROTO_SMTP_CAP_8BITMIME)) {
            p->body = MAILPROTO_SMTP_BODY_8BITMIME;
        } else { /* RFC 6152 3 would have it encoded anew */
            fprintf(stderr,
                    "mailproto-send: %s: holds 8-bit text, which this server "
                    "does not promise to keep\n",
                    s->path);
        }
    }
    if (beyond_ascii(o->from)) {
        p->flags |= MAILPROTO_SMTP_MAIL_SMTPUTF8;
    }
    memset(s->recipients, 0, o->to_count * sizeof *s->recipients);
    for (uint32_t i = 0; i < o->to_count; i++) {
        s->recipients[i].status.path = bytes(o->to[i]);
        if (beyond_ascii(o->to[i])) {
            p->flags |= MAILPROTO_SMTP_MAIL_SMTPUTF8;
        }
    }
    mailproto_smtp_transaction *t = &s->transaction;
    memset(t, 0, sizeof *t);
    t->struct_size = sizeof *t;
    t->recipient_stride = sizeof *s->recipients;
    t->sender = bytes(o->from);
    t->params = p;
    t->recipients = &s->recipients[0].status;
    t->count = o->to_count;
    t->tag = TAG_TRANSACTION;
}

/* Keeps the server's words: those to RCPT for that recipient, all others for everyone
   who was not refused before. */
static void keep_text(sender *s, const mailproto_event *ev)
{
    const mailproto_smtp_transaction *t = &s->transaction;
    if ((ev->type != MAILPROTO_EV_SMTP_REPLY && ev->type != MAILPROTO_EV_SMTP_FINAL) ||
        ev->code == 0 || ev->tag < t->tag || ev->tag > t->tag + t->count + 1) {
        return; /* not of this message, or not the server's words */
    }
    for (uint32_t i = 0; i < t->count; i++) {
        recipient *r = &s->recipients[i];
        int own = ev->tag == t->tag + 1 + i;
        int common = ev->tag == t->tag || ev->tag == t->tag + t->count + 1;
        if (own || (common && r->status.rcpt.code < 300)) {
            snprintf(r->text, sizeof r->text, "%.*s", (int)ev->text.len, ev->text.ptr);
        }
    }
}

/* What became of the message, a line for each recipient. */
static void report(sender *s)
{
    for (uint32_t i = 0; i < s->o->to_count; i++) {
        const recipient *r = &s->recipients[i];
        const mailproto_smtp_status *final = &r->status.final;
        const char *to = s->o->to[i];
        if (final->origin != MAILPROTO_ORIGIN_PEER) {
            printf("failed    %s %s: %s\n", to, s->path,
                   mailproto_error_name(final->local));
            note(s, final->origin == MAILPROTO_ORIGIN_LOCAL ? EXIT_SOME : EXIT_FAILED);
        } else if (final->code < 300) {
            printf("delivered %s %s: %u %s\n", to, s->path, final->code, r->text);
        } else {
            printf("refused   %s %s: %u %s\n", to, s->path, final->code, r->text);
            note(s, EXIT_SOME);
        }
    }
    fflush(stdout);
}

/* Whether the file can be sent as the options want it; else says why not. */
static int sendable(sender *s)
{
    const message_file *f = &s->file;
    const char *why = NULL;
    if (s->o->line_ends != MAILPROTO_LINE_ENDS_PASS && f->nuls > 0) {
        why = "holds NUL octets";
    } else if (s->o->line_ends == MAILPROTO_LINE_ENDS_REFUSE && f->bare > 0) {
        why = "holds a CR or LF that stands alone";
    }
    if (why != NULL) {
        complain(s, s->path, why);
    }
    return why == NULL;
}

/* Begins with the next file that can be sent; after the last one says good-bye. */
static void next_message(sender *s)
{
    while (s->next < s->o->file_count) {
        s->path = s->o->files[s->next++];
        if (message_file_open(&s->file, s->path) != 0) {
            complain(s, s->path, strerror(errno));
            continue;
        }
        if (sendable(s)) {
            prepare_transaction(s);
            mailproto_status st =
                mailproto_smtp_transaction_start(&s->transaction, s->client);
            if (st == MAILPROTO_OK) {
                return; /* its events go on with it */
            }
            if (st == MAILPROTO_EOF) {
                report(s); /* over before it began: too large for this server, say */
            } else {
                complain(s, s->path, mailproto_error_name(st));
            }
        }
        message_file_close(&s->file);
    }
    mailproto_smtp_client_quit(s->client, TAG_QUIT);
}

static void send_content(sender *s, const mailproto_io *io)
{
    progress p;
    progress_begin(&p, s->path, s->file.size);
    s->file.shown = &p;
    mailproto_source source = message_file_source(&s->file);
    mailproto_status st = mailproto_pump_content(s->session, io, &source);
    progress_end(&p);
    s->file.shown = NULL;
    if (st != MAILPROTO_OK) {
        complain(s, s->path, mailproto_error_name(st)); /* the events tell the rest */
    }
}

/* ---- authentication ----------------------------------------------------------------- */

/* What is needed for it. 0, or -1: said why. */
static int prepare_login(sender *s)
{
    const options *o = s->o;
    login *l = &s->login;
    if (o->password_file != NULL &&
        (s->password = login_read_secret(o->password_file)) == NULL) {
        complain(s, o->password_file, strerror(errno));
        return -1;
    }
    if (o->token_file != NULL &&
        (s->token = login_read_secret(o->token_file)) == NULL) {
        complain(s, o->token_file, strerror(errno));
        return -1;
    }
    l->user = o->user;
    l->password = s->password;
    l->token = s->token;
    l->mechanisms = o->mechanism;
    l->host = o->server.host;
    l->port = (unsigned)strtoul(o->server.port, NULL, 10);
    l->allow_clear = o->insecure;
    l->allow_unverified = o->insecure;
    l->allow_guessing = o->insecure;
    return 0;
}

static void authenticate(sender *s)
{
    login *l = &s->login;
    l->other_binding_type = connection_other_binding(&s->connection, &l->other_binding);
    l->has_certificate = s->o->cert != NULL && s->connection.tls != NULL;
    mailproto_status st = login_start(l, s->session, TAG_AUTH);
    if (st != MAILPROTO_OK) {
        complain(s, "authentication", mailproto_error_name(st));
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
    }
}

/* The server did not let us in, or we ended it: then `local` says why. */
static void login_refused(sender *s, const mailproto_event *ev)
{
    mailproto_smtp_status status = {0};
    if (mailproto_smtp_event_status(ev, &status) == MAILPROTO_OK && status.local != 0) {
        complain(s, "authentication", mailproto_error_name(status.local));
    } else {
        fprintf(stderr, "mailproto-send: authentication: %u %.*s\n", ev->code,
                (int)ev->text.len, ev->text.ptr);
    }
    note(s, EXIT_FAILED);
    mailproto_smtp_client_quit(s->client, TAG_QUIT);
}

/* Shows the authentication an event, while there is one. 1: it was an event of it. */
static int show_login(sender *s, const mailproto_event *ev)
{
    mailproto_status st = login_event(&s->login, ev);
    if (st == MAILPROTO_NOT_READY) {
        return 0;
    }
    if (st == MAILPROTO_EOF) {
        next_message(s);
    } else if (st == MAILPROTO_ERR_REFUSED) {
        login_refused(s, ev);
    } else if (st != MAILPROTO_OK) {
        complain(s, "authentication", mailproto_error_name(st));
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
    }
    return 1;
}

/* ---- the conversation -------------------------------------------------------------- */

static void start_tls(sender *s)
{
    char why[200];
    mailproto_status st =
        connection_start_tls(&s->connection, s->tls, s->o->server.host);
    if (st != MAILPROTO_OK) {
        complain(s, "TLS", tls_error(s->connection.tls, why, sizeof why));
        mailproto_session_fail(s->session, st);
    }
}

/* Why the session ended, or cannot be used. */
static void explain(sender *s)
{
    mailproto_error e = {0};
    e.struct_size = sizeof e;
    mailproto_session_get_error(s->session, &e);
    complain(s, mailproto_error_name(e.code), e.detail);
}

/* The server does not want us (its words), or TLS is not to be had. */
static void refused(sender *s, const mailproto_event *ev)
{
    if (ev->code != 0) {
        fprintf(stderr, "mailproto-send: the server refused: %u %.*s\n", ev->code,
                (int)ev->text.len, ev->text.ptr);
        note(s, EXIT_FAILED);
    } else {
        explain(s);
    }
    mailproto_smtp_client_quit(s->client, TAG_QUIT);
}

static void handle(sender *s, const mailproto_io *io, const mailproto_event *ev)
{
    if (show_login(s, ev)) {
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        start_tls(s);
        return;
    case MAILPROTO_EV_SMTP_CAPS:
        if (s->o->user != NULL) {
            authenticate(s);
        } else {
            next_message(s);
        }
        return;
    case MAILPROTO_EV_CONTENT_WANTED:
        send_content(s, io);
        return;
    case MAILPROTO_EV_REFUSED:
        refused(s, ev);
        return;
    case MAILPROTO_EV_CLOSED:
        if (ev->code != 0 && ev->code != (uint32_t)MAILPROTO_ERR_TLS) {
            explain(s); /* TLS has its own words */
        }
        return;
    default:
        break;
    }
    keep_text(s, ev);
    if (mailproto_smtp_transaction_event(&s->transaction, s->client, ev) ==
        MAILPROTO_EOF) {
        report(s);
        message_file_close(&s->file);
        next_message(s);
    }
}

/* Talks until the session is over. */
static void run(sender *s)
{
    mailproto_io io = connection_io(&s->connection);
    mailproto_event ev;
    mailproto_status st;
    while ((st = mailproto_pump(s->session, &io, &ev)) == MAILPROTO_OK) {
        handle(s, &io, &ev);
    }
    if (st != MAILPROTO_EOF) { /* YOUR_TURN would be a mistake of this program */
        complain(s, "the session stopped", mailproto_error_name(st));
    }
}

/* ---- set-up -------------------------------------------------------------------------- */

static mailproto_status make_client(sender *s, int fd, char *literal, size_t cap)
{
    const options *o = s->o;
    mailproto_smtp_client_options co = {0};
    co.struct_size = sizeof co;
    co.tls = o->tls;
    co.line_ends = o->line_ends;
    co.out_size = 65536; /* content goes out in pieces of this size */
    if (o->no_pipelining) {
        co.flags |= MAILPROTO_SMTP_CLIENT_NO_PIPELINING;
    }
    if (o->insecure) {
        co.flags |= MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    }
    if (o->helo != NULL) {
        co.ehlo_name = bytes(o->helo);
    } else if (net_literal(fd, literal, cap) == 0) {
        co.ehlo_name = bytes(literal);
    }
    if (o->verbose) {
        co.trace = &s->transcript.trace;
    }
    return mailproto_smtp_client_new(&co, &s->client);
}

/* Connects and makes what a session needs. 0, or -1: said why. */
static int set_up(sender *s)
{
    const options *o = s->o;
    const char *why = NULL;
    char reason[200], literal[64];
    s->recipients = calloc(o->to_count, sizeof *s->recipients);
    if (s->recipients == NULL) {
        complain(s, "memory", strerror(errno));
        return -1;
    }
    if (prepare_login(s) != 0) {
        return -1;
    }
    if (o->tls != MAILPROTO_SMTP_TLS_NONE) {
        s->tls = connection_context(o->ca_file, !o->any_certificate, o->cert, o->key);
        if (s->tls == NULL) {
            complain(s, "TLS", tls_error(NULL, reason, sizeof reason));
            return -1;
        }
    }
    int fd = net_connect(&o->server, CONNECT_MS, &why);
    if (fd < 0) {
        complain(s, o->server.host, why);
        return -1;
    }
    mailproto_status st = make_client(s, fd, literal, sizeof literal);
    connection_init(&s->connection, fd, NULL);
    if (st != MAILPROTO_OK) {
        complain(s, "client", mailproto_error_name(st));
        return -1;
    }
    s->session = mailproto_smtp_client_session(s->client);
    s->connection.session = s->session;
    return 0;
}

static void tear_down(sender *s)
{
    connection_close(&s->connection);
    message_file_close(&s->file);
    mailproto_smtp_client_free(s->client);
    tls_context_free(s->tls);
    free(s->recipients);
    login_end(&s->login);
    login_forget(s->password);
    login_forget(s->token);
}

int main(int argc, char **argv)
{
    options o;
    sender s = {0};
    int read = options_read(&o, argc, argv);
    if (read != 0) {
        options_free(&o);
        return read > 0 ? EXIT_ALL : EXIT_FAILED;
    }
    net_ignore_sigpipe(); /* OpenSSL writes without MSG_NOSIGNAL */
    s.o = &o;
    s.connection.fd = -1;
    s.file.fd = -1;
    transcript_init(&s.transcript, stderr, "");
    if (set_up(&s) == 0) {
        run(&s);
        transcript_end(&s.transcript);
    }
    tear_down(&s);
    options_free(&o);
    return s.exit_code;
}
