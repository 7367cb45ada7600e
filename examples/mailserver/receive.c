/* Transactions: see receive.h. */
#include "receive.h"
#include "conn.h"
#include "log.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static void forget(struct conn *c)
{
    envelope_free(&c->receive.envelope);
    incoming_drop(&c->server->queue, &c->receive.incoming);
}

void receive_free(struct conn *conn)
{
    forget(conn);
    if (conn->receive.submission != NULL) {
        submit_forget(conn->receive.submission);
        conn->receive.submission = NULL;
    }
}

/* ---- the envelope ------------------------------------------------------------------ */

static void on_mail(struct conn *c, const mailproto_event *ev)
{
    mailproto_smtp_mail_params params = {0};
    params.struct_size = sizeof params;
    forget(c);
    if (mailproto_smtp_event_mail(ev, &params) != MAILPROTO_OK ||
        envelope_from(&c->receive.envelope, ev->text) < 0) {
        conn_reply(c, ev->tag, 451, 3, 0, "Try again later");
        return;
    }
    /* BODY=7BIT says no more than no BODY: the next server need not know the word. */
    if (params.body == MAILPROTO_SMTP_BODY_8BITMIME) {
        c->receive.envelope.body = params.body;
    }
    c->receive.envelope.utf8 = (params.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) != 0;
    mailproto_smtp_server_accept(c->engine, ev->tag);
}

static void on_rcpt(struct conn *c, const mailproto_event *ev)
{
    struct envelope *envelope = &c->receive.envelope;
    char folder[ROUTE_MAILBOX_MAX];
    if (envelope_add(envelope, ev->text) < 0) {
        conn_reply(c, ev->tag, 452, 3, 1, "Out of memory");
        return;
    }
    const char *mailbox = envelope->recipients[envelope->count - 1].mailbox;
    const struct destination *to = route_of(&c->server->routes, mailbox);
    if (to != NULL && to->local) {
        if (route_mailbox(&c->server->routes, mailbox, folder) == 0) {
            mailproto_smtp_server_accept(c->engine, ev->tag);
            return;
        }
        conn_reply(c, ev->tag, 550, 1, 1, "No such mailbox");
    } else if (!c->may_relay && !c->auth.done) {
        conn_reply(c, ev->tag, 550, 7, 1, "Relaying denied");
    } else if (to == NULL) {
        conn_reply(c, ev->tag, 550, 4, 4, "No route to this domain");
    } else {
        mailproto_smtp_server_accept(c->engine, ev->tag);
        return;
    }
    envelope_drop(envelope);
}

/* ---- the content ------------------------------------------------------------------- */

/* RFC 5321 4.4: what every server adds on top. 0 or -1. */
static int write_received(struct conn *c)
{
    struct receive *r = &c->receive;
    char field[2048];
    size_t len = 0;
    mailproto_smtp_received info = {0};
    info.struct_size = sizeof info;
    info.utc = (int64_t)time(NULL);
    info.helo = text_bytes(c->helo);
    info.address = text_bytes(c->address);
    info.by = text_bytes(c->server->options.name);
    info.with = text_bytes(mailproto_smtp_server_with(c->engine));
    info.id = text_bytes(r->incoming.id);
    if (r->envelope.count == 1) { /* RFC 5321 7.2: of several none is told */
        info.rcpt = text_bytes(r->envelope.recipients[0].mailbox);
    }
    if (mailproto_smtp_received_write(&info, field, sizeof field, &len) !=
        MAILPROTO_OK) {
        errno = EINVAL;
        return -1;
    }
    return incoming_write(&r->incoming, field, len);
}

static void on_data(struct conn *c, const mailproto_event *ev)
{
    struct receive *r = &c->receive;
    r->hops = (struct hops){0};
    if (incoming_begin(&c->server->queue, &r->incoming) < 0 || write_received(c) < 0) {
        log_line("%s: %s", r->incoming.id, strerror(errno));
        incoming_drop(&c->server->queue, &r->incoming);
        conn_reply(c, ev->tag, 452, 3, 1, "Cannot be stored now");
        return;
    }
    memcpy(r->id, r->incoming.id, sizeof r->id);
    mailproto_smtp_server_accept(c->engine, ev->tag);
}

static void refuse(struct conn *c, unsigned code, unsigned subject, unsigned detail,
                   const char *text)
{
    mailproto_smtp_status status = {0};
    status.code = (uint16_t)code;
    status.enhanced[0] = (uint16_t)(code / 100);
    status.enhanced[1] = (uint16_t)subject;
    status.enhanced[2] = (uint16_t)detail;
    mailproto_smtp_server_refuse_content(c->engine, &status, text_bytes(text));
}

static void on_content(struct conn *c, const mailproto_event *ev)
{
    struct receive *r = &c->receive;
    hops_feed(&r->hops, ev->text.ptr, ev->text.len);
    if (r->hops.count >= HOPS_MAX) {
        log_line("%s: refused: %u Received fields", r->id, r->hops.count);
        refuse(c, 554, 4, 6, "Too many hops: the message runs in a loop");
    } else if (incoming_write(&r->incoming, ev->text.ptr, ev->text.len) < 0) {
        log_line("%s: %s", r->id, strerror(errno));
        refuse(c, 452, 3, 1, "Cannot be stored now");
    }
}

/* From the loop, when the disk has it, or not. */
static void on_stored(void *ctx, int result, const char *why)
{
    struct conn *c = ctx;
    char text[128];
    c->receive.submission = NULL;
    if (result == 0) {
        snprintf(text, sizeof text, "Queued as %s", c->receive.id);
        conn_reply(c, c->receive.request, 250, 0, 0, text);
    } else {
        conn_reply(c, c->receive.request, 452, 3, 1, why);
    }
    conn_run(c);
}

/* The content is complete; 250 makes us responsible for it (RFC 5321 6.1), so first it
   must be where no crash can take it away. */
static void on_deliver(struct conn *c, const mailproto_event *ev)
{
    struct receive *r = &c->receive;
    r->request = ev->tag;
    r->submission = submit(&c->server->queue, &r->incoming, &r->envelope, on_stored, c);
    if (r->submission == NULL) {
        conn_reply(c, ev->tag, 451, 3, 0, "Try again later");
    }
}

int receive_event(struct conn *conn, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_MAIL:
        on_mail(conn, ev);
        return 1;
    case MAILPROTO_EV_SMTP_RCPT:
        on_rcpt(conn, ev);
        return 1;
    case MAILPROTO_EV_SMTP_DATA:
        on_data(conn, ev);
        return 1;
    case MAILPROTO_EV_CONTENT:
        on_content(conn, ev);
        return 1;
    case MAILPROTO_EV_CONTENT_ABORTED:
        log_line("%s: not received: %s", conn->receive.id,
                 mailproto_error_name((mailproto_status)ev->code));
        forget(conn);
        return 1;
    case MAILPROTO_EV_SMTP_DELIVER:
        on_deliver(conn, ev);
        return 1;
    case MAILPROTO_EV_SMTP_RSET:
        forget(conn);
        return 1;
    default:
        return 0;
    }
}
