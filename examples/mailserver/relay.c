/* Connections to the next servers: see relay.h. */
#include "relay.h"
#include "../common/tls.h"
#include "../common/transcript.h"
#include "dial.h"
#include "log.h"
#include "outcome.h"
#include "peer.h"
#include "settle.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct relay {
    struct server *server;
    struct destination *destination;
    struct relay *next, *prev;
    struct dial *dial; /* while connecting; then ... */
    struct peer peer;  /* ... when there is an engine */
    mailproto_smtp_client *engine;
    transcript shown;
    char label[400];
    char trouble[300];       /* why the connection is of no use */
    int hopeless;            /* ... and never will be */
    int served;              /* it came to a message */
    struct queue_item *item; /* the message of now, or NULL */
    struct envelope envelope;
    struct outcome outcome; /* its transaction */
    int content;            /* its file, or -1 */
    mailproto_source source;
    int sending; /* its content */
};

/* ---- the message of now ------------------------------------------------------------- */

static void close_content(struct relay *r)
{
    if (r->content >= 0) {
        close(r->content);
        r->content = -1;
    }
    r->sending = 0;
}

/* The attempt has ended, as the envelope says. */
static void settle_item(struct relay *r, int at_once)
{
    struct queue_item *item = r->item;
    close_content(r);
    outcome_free(&r->outcome);
    r->item = NULL;
    settle(&r->server->queue, item, &r->envelope, at_once);
}

/* Nobody could be asked. */
static void settle_failed(struct relay *r, const char *why)
{
    for (size_t i = 0; i < r->envelope.count; i++) {
        if (r->envelope.recipients[i].state == RECIPIENT_WAITS) {
            envelope_result(&r->envelope, i,
                            r->hopeless ? RECIPIENT_FAILED : RECIPIENT_WAITS, why);
        }
    }
    settle_item(r, 0);
}

/* The transaction is over for all recipients. */
static void settle_transaction(struct relay *r)
{
    int at_once = outcome_apply(&r->outcome, r->engine, &r->envelope);
    for (uint32_t i = 0; i < r->outcome.transaction.count; i++) {
        const struct recipient *to =
            &r->envelope.recipients[r->outcome.targets[i].index];
        log_line("%s: <%s> %s %s:%s: %s", r->envelope.id, to->mailbox,
                 to->state == RECIPIENT_DONE ? "relayed to" : "not taken by",
                 r->destination->address.host, r->destination->address.port,
                 to->said == NULL ? "" : to->said);
    }
    settle_item(r, at_once);
}

static mailproto_status read_content(void *ctx, uint64_t offset, void *buf, size_t cap,
                                     size_t *got)
{
    const struct relay *r = ctx;
    ssize_t n;
    do {
        n = pread(r->content, buf, cap, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) { /* also: shorter than it was, which must not pass for the whole */
        return MAILPROTO_ERR_IO;
    }
    *got = (size_t)n;
    return MAILPROTO_OK;
}

static int open_content(struct relay *r)
{
    struct stat file;
    r->content = store_content(&r->server->queue.store, r->item->id);
    if (r->content < 0 || fstat(r->content, &file) < 0) {
        return -1;
    }
    r->source = (mailproto_source){0};
    r->source.struct_size = sizeof r->source;
    r->source.ctx = r;
    r->source.size = (uint64_t)file.st_size;
    r->source.read_at = read_content;
    return 0;
}

/* Begins the next message; or says good-bye when there is none. */
static void next_message(struct relay *r)
{
    for (;;) {
        r->item = queue_take(&r->server->queue, r->destination, &r->envelope);
        if (r->item == NULL) {
            mailproto_smtp_client_quit(r->engine, 0);
            return;
        }
        if (open_content(r) < 0 ||
            outcome_start(&r->outcome, &r->server->routes, r->destination, &r->envelope,
                          r->source.size) < 0) {
            settle_failed(r, "4.3.0 The message cannot be read now");
            continue;
        }
        mailproto_status st =
            mailproto_smtp_transaction_start(&r->outcome.transaction, r->engine);
        if (st == MAILPROTO_OK) {
            return;
        }
        if (st < 0) { /* the connection takes no more: another one will */
            struct queue_item *item = r->item;
            close_content(r);
            outcome_free(&r->outcome);
            r->item = NULL;
            queue_untried(&r->server->queue, item, &r->envelope);
            mailproto_smtp_client_quit(r->engine, 0);
            return;
        }
        settle_transaction(r); /* EOF: over at once */
    }
}

/* ---- the conversation ----------------------------------------------------------------- */

static void close_relay(struct relay *r, int calm)
{
    struct queue *queue = &r->server->queue;
    struct destination *destination = r->destination;
    if (r->dial != NULL) {
        dial_cancel(r->dial);
    }
    if (r->engine != NULL) {
        if (r->server->options.verbose) {
            transcript_end(&r->shown);
        }
        peer_close(&r->peer, calm);
        mailproto_smtp_client_free(r->engine);
    }
    if (r->prev != NULL) {
        r->prev->next = r->next;
    } else {
        r->server->relays = r->next;
    }
    if (r->next != NULL) {
        r->next->prev = r->prev;
    }
    free(r);
    queue_idle(queue, destination);
}

/* The connection has ended. If it never came to a message, the next one pays for it with
   an attempt: else it would be tried for ever. */
static void over(struct relay *r, int calm)
{
    int failed = r->trouble[0] != '\0';
    if (r->item == NULL && failed && !r->served) {
        r->item = queue_take(&r->server->queue, r->destination, &r->envelope);
    }
    if (r->item != NULL) {
        settle_failed(r, failed ? r->trouble : "4.4.2 The connection was lost");
    }
    close_relay(r, calm);
}

/* RFC 3463 for what ended a session. */
static const char *reason(mailproto_status why)
{
    switch (why) {
    case MAILPROTO_ERR_TLS:
        return "4.7.5 TLS failed";
    case MAILPROTO_ERR_NEEDS_TLS:
        return "4.7.4 The next server does not offer STARTTLS";
    case MAILPROTO_ERR_TIMEOUT:
        return "4.4.1 No answer in time";
    case MAILPROTO_ERR_EOF:
    case MAILPROTO_ERR_IO:
        return "4.4.2 The connection was lost";
    default:
        return "4.5.0 The conversation failed";
    }
}

/* Why the session can carry no mail. */
static void note_trouble(struct relay *r, const mailproto_event *ev)
{
    mailproto_error error = {0};
    char said[200] = "";
    error.struct_size = sizeof error;
    mailproto_session_get_error(r->peer.session, &error);
    if (ev != NULL && ev->code != 0) {
        text_printable(ev->text, said, sizeof said);
        snprintf(r->trouble, sizeof r->trouble, "%u %s", (unsigned)ev->code, said);
    } else if (error.code != 0) {
        snprintf(r->trouble, sizeof r->trouble, "%s (%s)", reason(error.code),
                 error.detail);
    }
}

static void handle(struct relay *r, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        peer_start_tls(&r->peer, tls_client_new(r->server->client_tls, r->peer.fd,
                                                r->destination->address.host));
        return;
    case MAILPROTO_EV_SMTP_CAPS:
        r->served = 1;
        next_message(r);
        return;
    case MAILPROTO_EV_SMTP_GREETING:
        return;
    case MAILPROTO_EV_REFUSED:
        note_trouble(r, ev);
        r->hopeless = ev->code == 521; /* takes no mail at all: RFC 7504 */
        mailproto_smtp_client_quit(r->engine, 0);
        return;
    case MAILPROTO_EV_CLOSED:
        if (ev->code != 0 && r->trouble[0] == '\0') {
            note_trouble(r, NULL);
        }
        return;
    case MAILPROTO_EV_CONTENT_WANTED:
        r->sending = 1;
        return;
    default:
        break;
    }
    if (r->item == NULL) {
        return;
    }
    outcome_note(&r->outcome, ev);
    if (mailproto_smtp_transaction_event(&r->outcome.transaction, r->engine, ev) !=
        MAILPROTO_EOF) {
        return;
    }
    int leaving = strncmp(r->outcome.line, "421", 3) == 0; /* RFC 5321 3.8 */
    settle_transaction(r);
    mailproto_error error = {0};
    error.struct_size = sizeof error;
    mailproto_session_get_error(r->peer.session, &error);
    if (leaving) {
        mailproto_smtp_client_quit(r->engine, 0);
    } else if (error.code == 0) {
        next_message(r);
    }
}

/* Content while the session takes it: OK, or AGAIN: the socket would block. */
static mailproto_status send_content(struct relay *r)
{
    mailproto_status st =
        mailproto_pump_content(r->peer.session, &r->peer.io, &r->source);
    if (st == MAILPROTO_AGAIN || st == MAILPROTO_NOT_READY) {
        return MAILPROTO_AGAIN;
    }
    r->sending = 0; /* done, or failed: the events tell */
    return MAILPROTO_OK;
}

static void run(void *ctx)
{
    struct relay *r = ctx;
    mailproto_event ev;
    mailproto_status st = MAILPROTO_OK;
    for (int n = 0; n < PEER_EVENTS_A_TURN && st == MAILPROTO_OK; n++) {
        if (r->sending && !r->peer.over) {
            st = send_content(r);
        }
        if (st == MAILPROTO_OK) {
            st = peer_next(&r->peer, &ev);
        }
        if (st == MAILPROTO_OK) {
            handle(r, &ev);
        } else if (st == MAILPROTO_YOUR_TURN && r->sending) {
            st = MAILPROTO_OK;
        }
    }
    if (st == MAILPROTO_OK || st == MAILPROTO_AGAIN || st == MAILPROTO_YOUR_TURN) {
        peer_rest(&r->peer, st == MAILPROTO_OK);
        return;
    }
    over(r, st == MAILPROTO_EOF && !r->peer.over);
}

/* ---- connecting ------------------------------------------------------------------------ */

static mailproto_status make_engine(struct relay *r)
{
    static const uint32_t tls[] = {[RELAY_TLS_IF_OFFERED] =
                                       MAILPROTO_SMTP_TLS_IF_OFFERED,
                                   [RELAY_TLS_REQUIRED] = MAILPROTO_SMTP_TLS_REQUIRED,
                                   [RELAY_TLS_NONE] = MAILPROTO_SMTP_TLS_NONE};
    const struct options *o = &r->server->options;
    mailproto_smtp_client_options e = {0};
    e.struct_size = sizeof e;
    e.ehlo_name = text_bytes(o->name);
    e.out_size = 16384;
    e.tls = tls[o->relay_tls];
    e.greeting_ms = e.command_ms = e.data_ms = e.block_ms = e.final_ms = o->timeout_ms;
    /* It came without any, and is passed on as it came. */
    e.line_ends = MAILPROTO_LINE_ENDS_REFUSE;
    if (o->verbose) {
        snprintf(r->label, sizeof r->label, "[%.40s] #%lu to %s:%s ", o->name,
                 ++r->server->conversations, r->destination->address.host,
                 r->destination->address.port);
        transcript_init(&r->shown, stderr, r->label);
        e.trace = &r->shown.trace;
    }
    return mailproto_smtp_client_new(&e, &r->engine);
}

static void connected(void *ctx, int fd, const char *why)
{
    struct relay *r = ctx;
    r->dial = NULL;
    if (fd < 0) {
        snprintf(r->trouble, sizeof r->trouble, "4.4.1 %s:%s: %s",
                 r->destination->address.host, r->destination->address.port, why);
        over(r, 0);
        return;
    }
    if (make_engine(r) != MAILPROTO_OK) {
        close(fd);
        snprintf(r->trouble, sizeof r->trouble, "4.3.0 Out of memory");
        over(r, 0);
        return;
    }
    peer_init(&r->peer, &r->server->loop, fd, mailproto_smtp_client_session(r->engine),
              run, r);
    run(r);
}

void relay_attempt(struct server *server, struct destination *destination)
{
    struct relay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        destination->active--; /* another attempt begins with the next message */
        return;
    }
    r->server = server;
    r->destination = destination;
    r->content = -1;
    r->dial = dial(&server->loop, server->names, &destination->address, connected, r);
    if (r->dial == NULL) {
        free(r);
        destination->active--;
        return;
    }
    r->next = server->relays;
    if (r->next != NULL) {
        r->next->prev = r;
    }
    server->relays = r;
}

void relays_stop(struct server *server, int now)
{
    struct relay *next;
    for (struct relay *r = server->relays; r != NULL; r = next) {
        next = r->next;
        if (!now && r->item != NULL) {
            continue; /* it may be delivered already: wait for the answer */
        }
        if (r->item != NULL) {
            close_content(r);
            outcome_free(&r->outcome);
            envelope_free(&r->envelope);
            free(r->item);
        }
        close_relay(r, 0);
    }
}
