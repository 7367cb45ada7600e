/*
 * mailproto-fetch: reads a POP3 maildrop into a Maildir or an mbox file, with STLS or TLS
 * and authentication. Each message comes once, whatever breaks when, and is deleted on
 * the server only after it is safe here.
 *
 * The conversation is the library's, and so is the order of a visit (the download layer);
 * what is here says who we are, what was seen before, and keeps messages (keep.h). Read
 * handle() first.
 */
#include "../common/connection.h"
#include "../common/login.h"
#include "../common/tls.h"
#include "../common/transcript.h"
#include "asked.h"
#include "keep.h"
#include "listing.h"
#include "options.h"

#include <mailproto/pop3.h>
#include <mailproto/pump.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_ALL = 0, EXIT_SOME = 1, EXIT_FAILED = 2 };
enum {
    CONNECT_MS = 30000,
    TAG_LOGIN = 1,
    TAG_QUIT = 2,
    TAG_LIST = 3,
    TAG_STAT = 6,
    TAG_DOWNLOAD = 10,
    MARKS_SIZE = 131072 /* a million messages a visit */
};

/* Everything this program knows; one of it. */
typedef struct fetcher {
    const options *o;
    connection connection;
    tls_context *tls;
    transcript transcript;
    mailproto_pop3_client *client;
    mailproto_session *session;

    login login;
    char *password; /* what login points to */
    char *token;

    keeper keeper;
    listing listing;
    mailproto_pop3_download download;
    int downloading;
    asked ids;
    int aborted;        /* the content of the message; it was said why */
    uint32_t announced; /* by STAT: messages, or 0 */
    uint32_t asked;     /* unique-ids that the server has */
    uint32_t seen;      /* of these fetched before */
    uint32_t commit;
    uint64_t deletions;
    char commit_text[200];
    char list_text[300]; /* what the server said when it refused a listing */

    int exit_code;
} fetcher;

static uint8_t marks[MARKS_SIZE];

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

static void note(fetcher *f, int exit_code)
{
    if (f->exit_code < exit_code) {
        f->exit_code = exit_code;
    }
}

static void complain(fetcher *f, const char *what, const char *why)
{
    fprintf(stderr, "mailproto-fetch: %s: %s\n", what, why);
    note(f, EXIT_FAILED);
}

/* A server's words, for a terminal. */
static void printable(mailproto_bytes text, char *out, size_t cap)
{
    size_t n = text.len < cap - 1 ? text.len : cap - 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        out[i] = c < 32 || c == 127 ? '?' : (char)c;
    }
    out[n] = '\0';
}

static void quit(fetcher *f)
{
    /* Refused only when the session is over anyway: CLOSED tells why. */
    mailproto_pop3_client_quit(f->client, TAG_QUIT);
}

/* ---- a visit -------------------------------------------------------------------------- */

static void begin_visit(fetcher *f)
{
    mailproto_status st;
    if (f->o->list) {
        f->listing.tag = TAG_LIST;
        st = listing_start(&f->listing, f->client);
    } else {
        mailproto_pop3_download *d = &f->download;
        d->struct_size = sizeof *d;
        d->flags = MAILPROTO_POP3_DOWNLOAD_QUIT;
        d->flags |= f->o->remove ? MAILPROTO_POP3_DOWNLOAD_DELETE : 0U;
        d->marks = marks;
        d->marks_size = sizeof marks;
        d->tag = TAG_DOWNLOAD;
        st = mailproto_pop3_download_start(d, f->client);
        f->downloading = st == MAILPROTO_OK;
        if (st == MAILPROTO_OK) { /* is the listing complete? */
            st = mailproto_pop3_client_stat(f->client, TAG_STAT);
        }
    }
    if (st != MAILPROTO_OK) {
        complain(f, "after the login", mailproto_error_name(st));
        quit(f);
    }
}

/* What became of the deletions. */
static void report_commit(fetcher *f)
{
    if (!f->o->remove) {
        return;
    }
    switch (f->commit) {
    case MAILPROTO_POP3_COMMIT_DONE:
        printf("committed: the server has deleted %" PRIu64 "\n", f->deletions);
        return;
    case MAILPROTO_POP3_COMMIT_FAILED:
        printf("not committed: the server did not delete all of %" PRIu64 ": %s\n",
               f->deletions, f->commit_text);
        break;
    case MAILPROTO_POP3_COMMIT_UNKNOWN:
        printf(
            "unknown: QUIT was sent, and no answer came; the next visit will tell\n");
        break;
    default:
        printf("not committed: the server has deleted nothing\n");
        break;
    }
    note(f, EXIT_SOME);
}

/* The list of what was seen need not hold what the server has not any more; if it is sure
   that what it did not name is gone. */
static void tidy(fetcher *f)
{
    const mailproto_pop3_download *d = &f->download;
    if (f->commit != MAILPROTO_POP3_COMMIT_DONE || d->listed != MAILPROTO_OK ||
        f->asked != d->messages || f->announced > d->messages || f->keeper.seen.open) {
        return; /* it was not told all that it has */
    }
    int all_gone = f->o->remove && d->failed == 0 && d->deleted == d->messages;
    if (seen_prune(&f->keeper.seen, all_gone) < 0) {
        complain(f, f->keeper.seen.path, strerror(errno));
        return;
    }
    box_tidy(&f->keeper.box);
}

/* Nobody knows what is in the maildrop. */
static void explain_listing(fetcher *f)
{
    mailproto_status st = f->download.listed;
    complain(f, "the maildrop cannot be listed",
             st == MAILPROTO_ERR_REFUSED ? f->list_text
             : st < 0                    ? mailproto_error_name(st)
                                         : "the session is over");
}

static void end_visit(fetcher *f)
{
    const mailproto_pop3_download *d = &f->download;
    f->downloading = 0;
    if (d->listed != MAILPROTO_OK) {
        explain_listing(f);
        report_commit(f);
        fflush(stdout);
        return;
    }
    printf("%" PRIu32 " messages: %" PRIu32 " seen before, %" PRIu32
           " fetched, %" PRIu32 " failed",
           d->messages, f->seen, d->kept, d->failed);
    if (d->left > 0) {
        printf(", %" PRIu32 " left for the next visit", d->left);
    }
    printf("\n");
    if (f->announced > d->messages) {
        fprintf(stderr,
                "mailproto-fetch: the listing names %" PRIu32 " of %" PRIu32
                " messages\n",
                d->messages, f->announced);
        note(f, EXIT_SOME);
    }
    if (d->failed > 0 || d->left > 0) {
        note(f, EXIT_SOME);
    }
    report_commit(f);
    fflush(stdout);
    tidy(f);
}

static void was_it_seen(fetcher *f)
{
    mailproto_pop3_download *d = &f->download;
    uint32_t which = asked_note(&f->ids, d->uid, d->message);
    if (which == 0) {
        complain(f, "unique-ids", strerror(ENOMEM));
        mailproto_session_fail(f->session, MAILPROTO_ERR_MEMORY);
    }
    /* Of messages with the same one as many are seen as were fetched. */
    int known = which > 0 && seen_times(&f->keeper.seen, d->uid) >= which;
    f->asked += d->uid.len > 0;
    f->seen += known != 0;
    if (known) {
        asked_kept(&f->ids, d->uid, d->message);
    }
    mailproto_pop3_download_seen(d, f->client,
                                 (known ? MAILPROTO_POP3_SEEN : 0) |
                                     (which > 1 ? MAILPROTO_POP3_SEEN_REPEATED : 0));
}

static mailproto_status keep(fetcher *f)
{
    mailproto_pop3_download *d = &f->download;
    char uid[80];
    printable(d->uid, uid, sizeof uid);
    const char *objection =
        d->uid.len > 0 ? asked_objection(&f->ids, d->uid, d->message) : NULL;
    int kept = -1;
    if (objection != NULL) {
        fprintf(stderr, "mailproto-fetch: message %" PRIu32 ": %s\n", d->message,
                objection);
        kept = 0;
    } else if (d->uid.len == 0 && f->keeper.seen.count > 0) { /* all would come again */
        complain(f, f->keeper.seen.path,
                 "there were unique-ids once, and the server has none now; choose "
                 "another list by --seen");
    } else {
        kept = keep_message(&f->keeper, d->message, d->uid);
    }
    if (kept < 0) { /* over: no QUIT, so nothing is deleted */
        note(f, EXIT_FAILED);
        mailproto_session_fail(f->session, MAILPROTO_ERR_IO);
    } else if (kept) {
        asked_kept(&f->ids, d->uid, d->message);
        printf("fetched %" PRIu32 " %s: %" PRIu64 " octets\n", d->message,
               uid[0] == '\0' ? "-" : uid, f->keeper.box.octets);
        fflush(stdout);
    }
    return mailproto_pop3_download_kept(d, f->client, kept > 0);
}

/* What the server said when it refused a verb of the download. */
static void note_refusal(fetcher *f, const mailproto_event *ev, char *why, size_t cap)
{
    mailproto_pop3_status status = {0};
    status.struct_size = sizeof status;
    if (mailproto_pop3_event_status(ev, &status) != MAILPROTO_OK ||
        status.code != MAILPROTO_POP3_ERR) {
        return;
    }
    if (status.verb == MAILPROTO_POP3_VERB_RETR) {
        printable(ev->text, why, cap);
    } else if (status.verb == MAILPROTO_POP3_VERB_DELE) {
        char text[200];
        printable(ev->text, text, sizeof text);
        fprintf(stderr, "mailproto-fetch: not deleted: %s\n", text);
        note(f, EXIT_SOME);
    } else if (f->download.listed != MAILPROTO_OK) {
        printable(ev->text, f->list_text, sizeof f->list_text);
    }
}

/* Why a message does not come, or the listing: the server will not give it, or this side
   gives it up. `failed`: how many had failed before this event. */
static void explain_message(fetcher *f, const mailproto_event *ev, uint32_t failed)
{
    char why[300] = "";
    if (ev->type == MAILPROTO_EV_CONTENT_ABORTED) {
        snprintf(why, sizeof why, "%s",
                 mailproto_error_name((mailproto_status)ev->code));
    } else if (ev->type == MAILPROTO_EV_POP3_REPLY && ev->tag >= TAG_DOWNLOAD) {
        note_refusal(f, ev, why, sizeof why);
        if (why[0] == '\0' && f->download.failed > failed && !f->aborted) {
            snprintf(why, sizeof why, "the server does not tell its unique-id");
        }
    } else if (f->download.failed > failed) {
        fputs("mailproto-fetch: a line of the listing names no message\n", stderr);
    }
    if (why[0] != '\0') {
        fprintf(stderr, "mailproto-fetch: message %" PRIu32 ": %s\n",
                f->download.message, why);
    }
    if (ev->type == MAILPROTO_EV_CONTENT_ABORTED) {
        f->aborted = 1;
    } else if (f->download.failed > failed) {
        f->aborted = 0; /* that was its outcome */
    }
}

/* Shows the download an event. */
static void visit(fetcher *f, const mailproto_event *ev)
{
    mailproto_pop3_download *d = &f->download;
    uint32_t failed = d->failed;
    mailproto_status st = mailproto_pop3_download_event(d, f->client, ev);
    explain_message(f, ev, failed);
    if (st == MAILPROTO_YOUR_TURN) {
        st = MAILPROTO_OK;
        if (d->asks == MAILPROTO_POP3_ASKS_SEEN) {
            was_it_seen(f);
        } else {
            st = keep(f);
        }
    }
    if (st == MAILPROTO_EOF) {
        end_visit(f);
    } else if (st < 0) {
        complain(f, "the download", mailproto_error_name(st));
        mailproto_session_fail(f->session, st);
    }
}

/* How many messages there should be. Who does not tell is believed the listing. */
static void note_stat(fetcher *f, const mailproto_event *ev)
{
    mailproto_pop3_status status = {0};
    status.struct_size = sizeof status;
    if (ev->tag == TAG_STAT &&
        mailproto_pop3_event_status(ev, &status) == MAILPROTO_OK &&
        status.code == MAILPROTO_POP3_OK) {
        f->announced = status.messages;
    }
}

static void show_listing(fetcher *f, const mailproto_event *ev)
{
    if (listing_event(&f->listing, ev) == MAILPROTO_EOF) {
        note(f, f->listing.failed ? EXIT_SOME : EXIT_ALL);
        quit(f);
    }
}

/* ---- authentication ------------------------------------------------------------------- */

/* What is needed for it. 0, or -1: said why. */
static int prepare_login(fetcher *f)
{
    const options *o = f->o;
    login *l = &f->login;
    if (o->password_file != NULL &&
        (f->password = login_read_secret(o->password_file)) == NULL) {
        complain(f, o->password_file, strerror(errno));
        return -1;
    }
    if (o->token_file != NULL &&
        (f->token = login_read_secret(o->token_file)) == NULL) {
        complain(f, o->token_file, strerror(errno));
        return -1;
    }
    l->user = o->user;
    l->password = f->password;
    l->token = f->token;
    l->mechanisms = o->mechanism;
    l->host = o->server.host;
    l->port = (unsigned)strtoul(o->server.port, NULL, 10);
    l->allow_clear = o->insecure;
    l->allow_unverified = o->insecure;
    l->allow_guessing = o->insecure;
    return 0;
}

/* Whether another mechanism may do: not when it is not the credentials (a mailbox in
   use, a fault that passes), nor when this side gave it up. */
static int another_may_do(const mailproto_event *ev)
{
    mailproto_pop3_status status = {0};
    status.struct_size = sizeof status;
    return mailproto_pop3_event_status(ev, &status) == MAILPROTO_OK &&
           status.local == MAILPROTO_OK && status.code == MAILPROTO_POP3_ERR &&
           (status.resp == MAILPROTO_POP3_RESP_NONE ||
            status.resp == MAILPROTO_POP3_RESP_AUTH);
}

/* Whether the server may have the password, or guess it: PASS shows it as PLAIN does;
   APOP, as CRAM-MD5, gives the server, and without TLS who listens, what to try guesses
   on. */
static int may_know(const fetcher *f)
{
    mailproto_tls_info tls = {0};
    tls.struct_size = sizeof tls;
    return f->o->insecure ||
           (mailproto_session_tls_info(f->session, &tls) == MAILPROTO_OK &&
            (tls.flags & MAILPROTO_TLS_PEER_VERIFIED) != 0);
}

static mailproto_status start_apop(fetcher *f)
{
    char digest[MAILPROTO_APOP_DIGEST];
    if (!may_know(f)) {
        return MAILPROTO_ERR_NEEDS_TLS;
    }
    mailproto_bytes stamp = mailproto_pop3_client_apop_stamp(f->client);
    if (stamp.len == 0) {
        fputs(
            "mailproto-fetch: the greeting has no timestamp for APOP, or STLS made it "
            "void: see --tls implicit\n",
            stderr);
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    mailproto_status st =
        mailproto_sasl_apop(stamp, bytes(f->password), NULL, NULL, digest);
    if (st != MAILPROTO_OK) {
        return st;
    }
    mailproto_bytes text = {digest, sizeof digest};
    return mailproto_pop3_client_apop(f->client, TAG_LOGIN, bytes(f->o->user), text);
}

static void authenticate(fetcher *f)
{
    login *l = &f->login;
    l->other_binding_type = connection_other_binding(&f->connection, &l->other_binding);
    l->has_certificate = f->o->cert != NULL && f->connection.tls != NULL;
    mailproto_status st;
    if (f->o->apop) {
        st = start_apop(f);
    } else {
        l->another_may_do = another_may_do;
        st = login_start(l, f->session, TAG_LOGIN);
        if (st == MAILPROTO_ERR_NOT_OFFERED && f->o->mechanism == NULL &&
            f->password != NULL) { /* no SASL here, or none that we know */
            st = may_know(f) ? mailproto_pop3_client_login(f->client, TAG_LOGIN,
                                                           bytes(f->o->user),
                                                           bytes(f->password))
                             : MAILPROTO_ERR_NEEDS_TLS;
        }
    }
    if (st != MAILPROTO_OK) {
        complain(f, "authentication", mailproto_error_name(st));
        quit(f);
    }
}

/* The server did not let us in, or we ended it: then `local` says why. */
static void login_refused(fetcher *f, const mailproto_event *ev)
{
    char text[300];
    mailproto_pop3_status status = {0};
    status.struct_size = sizeof status;
    if (mailproto_pop3_event_status(ev, &status) == MAILPROTO_OK && status.local != 0) {
        complain(f, "authentication", mailproto_error_name(status.local));
    } else {
        printable(ev->text, text, sizeof text);
        complain(f, "authentication", text);
    }
    quit(f);
}

/* Shows the authentication an event, while there is one. 1: it was an event of it. */
static int show_login(fetcher *f, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_REPLY &&
        ev->tag == TAG_LOGIN) { /* without SASL */
        if ((ev->flags & MAILPROTO_EVF_MORE) != 0) {
            return 1;
        }
        if (ev->code == MAILPROTO_POP3_OK) {
            begin_visit(f);
        } else {
            login_refused(f, ev);
        }
        return 1;
    }
    mailproto_status st = login_event(&f->login, ev);
    if (st == MAILPROTO_NOT_READY) {
        return 0;
    }
    if (st == MAILPROTO_EOF) {
        begin_visit(f);
    } else if (st == MAILPROTO_ERR_REFUSED) {
        login_refused(f, ev);
    } else if (st != MAILPROTO_OK) {
        complain(f, "authentication", mailproto_error_name(st));
        quit(f);
    }
    return 1;
}

/* ---- the conversation ----------------------------------------------------------------- */

static void start_tls(fetcher *f)
{
    char why[200];
    mailproto_status st =
        connection_start_tls(&f->connection, f->tls, f->o->server.host);
    if (st != MAILPROTO_OK) {
        complain(f, "TLS", tls_error(f->connection.tls, why, sizeof why));
        mailproto_session_fail(f->session, st);
    }
}

/* Why the session ended, or cannot be used. */
static void explain(fetcher *f)
{
    mailproto_error e = {0};
    e.struct_size = sizeof e;
    mailproto_session_get_error(f->session, &e);
    complain(f, mailproto_error_name(e.code), e.detail);
}

/* The server does not want us (its words), or TLS is not to be had. */
static void refused(fetcher *f, const mailproto_event *ev)
{
    char text[300];
    if (ev->text.len > 0) {
        printable(ev->text, text, sizeof text);
        complain(f, "the server refused", text);
    } else {
        explain(f);
    }
    quit(f);
}

static void note_commit(fetcher *f, const mailproto_event *ev)
{
    f->commit = ev->code;
    f->deletions = ev->number;
    printable(ev->text, f->commit_text, sizeof f->commit_text);
}

static void handle(fetcher *f, const mailproto_event *ev)
{
    if (show_login(f, ev)) {
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        start_tls(f);
        return;
    case MAILPROTO_EV_POP3_CAPS:
        authenticate(f);
        return;
    case MAILPROTO_EV_REFUSED:
        refused(f, ev);
        return;
    case MAILPROTO_EV_CONTENT:
        if (f->downloading) {
            keep_content(&f->keeper, f->download.message, ev->text);
        }
        break;
    case MAILPROTO_EV_CONTENT_ABORTED:
        keep_abort(&f->keeper);
        break;
    case MAILPROTO_EV_POP3_REPLY:
        note_stat(f, ev);
        break;
    case MAILPROTO_EV_POP3_COMMIT:
        note_commit(f, ev);
        break;
    case MAILPROTO_EV_CLOSED:
        if (ev->code != 0 && ev->code != (uint32_t)MAILPROTO_ERR_TLS) {
            explain(f); /* TLS has its own words */
        }
        break;
    default:
        break;
    }
    if (f->downloading) {
        visit(f, ev);
    } else if (f->o->list) {
        show_listing(f, ev);
    }
}

/* Talks until the session is over. */
static void run(fetcher *f)
{
    mailproto_io io = connection_io(&f->connection);
    mailproto_event ev;
    mailproto_status st;
    while ((st = mailproto_pump(f->session, &io, &ev)) == MAILPROTO_OK) {
        handle(f, &ev);
    }
    if (st != MAILPROTO_EOF) { /* YOUR_TURN would be a mistake of this program */
        complain(f, "the session stopped", mailproto_error_name(st));
    }
    if (f->downloading) {
        end_visit(f);
    }
}

/* ---- set-up --------------------------------------------------------------------------- */

static mailproto_status make_client(fetcher *f)
{
    const options *o = f->o;
    mailproto_pop3_client_options co = {0};
    co.struct_size = sizeof co;
    co.tls = o->tls;
    co.in_size = 65536; /* content comes in pieces of up to this size */
    co.max_content = o->max_size;
    co.flags |= o->no_pipelining ? MAILPROTO_POP3_CLIENT_NO_PIPELINING : 0U;
    co.flags |= o->insecure ? MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR : 0U;
    co.flags |= o->apop ? MAILPROTO_POP3_CLIENT_APOP : 0U;
    co.trace = o->verbose ? &f->transcript.trace : NULL;
    return mailproto_pop3_client_new(&co, &f->client);
}

/* Connects and makes what a session needs. 0, or -1: said why. */
static int set_up(fetcher *f)
{
    const options *o = f->o;
    const char *why = NULL;
    char reason[200];
    if (prepare_login(f) != 0) {
        return -1;
    }
    if (!o->list && keep_open(&f->keeper, o) != 0) {
        note(f, EXIT_FAILED);
        return -1;
    }
    if (o->tls != MAILPROTO_POP3_TLS_NONE) {
        f->tls = connection_context(o->ca_file, !o->any_certificate, o->cert, o->key);
        if (f->tls == NULL) {
            complain(f, "TLS", tls_error(NULL, reason, sizeof reason));
            return -1;
        }
    }
    mailproto_status st = make_client(f);
    if (st != MAILPROTO_OK) {
        complain(f, "client", mailproto_error_name(st));
        return -1;
    }
    f->session = mailproto_pop3_client_session(f->client);
    int fd = net_connect(&o->server, CONNECT_MS, &why);
    if (fd < 0) {
        complain(f, o->server.host, why);
        return -1;
    }
    connection_init(&f->connection, fd, f->session);
    return 0;
}

static void tear_down(fetcher *f)
{
    connection_close(&f->connection);
    keep_close(&f->keeper);
    listing_free(&f->listing);
    asked_free(&f->ids);
    login_end(&f->login);
    mailproto_pop3_client_free(f->client);
    tls_context_free(f->tls);
    login_forget(f->password);
    login_forget(f->token);
}

int main(int argc, char **argv)
{
    static fetcher f; /* large: it holds a box's buffer */
    options o;
    int read = options_read(&o, argc, argv);
    if (read != 0) {
        return read > 0 ? EXIT_ALL : EXIT_FAILED;
    }
    net_ignore_sigpipe(); /* OpenSSL writes without MSG_NOSIGNAL */
    f.o = &o;
    f.connection.fd = -1;
    f.commit = MAILPROTO_POP3_COMMIT_NOT;
    transcript_init(&f.transcript, stderr, "");
    f.transcript.content_side = 'S';
    if (set_up(&f) == 0) {
        run(&f);
        transcript_end(&f.transcript);
    }
    tear_down(&f);
    return f.exit_code;
}
