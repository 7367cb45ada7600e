/* The message to a server: see submit.h. In the clear: mailproto-send has TLS and login. */
#include "submit.h"

#include "../common/net.h"

#include <mailproto/pump.h>
#include <mailproto/smtp.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_MS = 30000, TAG_QUIT = 1, TAG_TRANSACTION = 10 };

typedef struct submission {
    int fd;
    mailproto_smtp_client *client;
    mailproto_compose *composer;
    mailproto_smtp_recipient recipients[ADDRESSES_MAX];
    mailproto_smtp_mail_params params;
    mailproto_smtp_transaction transaction;
    int result;
} submission;

static void complain(submission *s, const char *what, const char *why)
{
    fprintf(stderr, "mailproto-compose: %s: %s\n", what, why);
    s->result = -1;
}

static void prepare(submission *s, const description *d,
                    const mailproto_compose_summary *summary)
{
    mailproto_smtp_transaction *t = &s->transaction;
    s->params.struct_size = sizeof s->params;
    s->params.size = summary->size;
    if (summary->flags & MAILPROTO_COMPOSE_NEEDS_8BIT) {
        s->params.body = MAILPROTO_SMTP_BODY_8BITMIME;
    }
    if (summary->flags & MAILPROTO_COMPOSE_NEEDS_UTF8) {
        s->params.flags |= MAILPROTO_SMTP_MAIL_SMTPUTF8;
    }
    t->struct_size = sizeof *t;
    t->recipient_stride = sizeof s->recipients[0];
    t->sender = d->addresses[d->sender].address;
    t->params = &s->params;
    t->recipients = s->recipients;
    t->count = (uint32_t)(d->address_count - d->recipients);
    t->tag = TAG_TRANSACTION;
    for (uint32_t i = 0; i < t->count; i++) {
        s->recipients[i].path = d->addresses[d->recipients + i].address;
    }
}

static void report(submission *s)
{
    for (uint32_t i = 0; i < s->transaction.count; i++) {
        const mailproto_smtp_recipient *r = &s->recipients[i];
        if (r->final.origin != MAILPROTO_ORIGIN_PEER) {
            printf("not sent %.*s: %s\n", (int)r->path.len, r->path.ptr,
                   mailproto_error_name(r->final.local));
            s->result = -1;
            continue;
        }
        int taken = r->final.code < 300;
        printf("%s %.*s: %u\n", taken ? "delivered" : "refused", (int)r->path.len,
               r->path.ptr, (unsigned)r->final.code);
        if (!taken && s->result == 0) {
            s->result = 1;
        }
    }
    mailproto_smtp_client_quit(s->client, TAG_QUIT);
}

static void handle(submission *s, const mailproto_io *io, const mailproto_event *ev)
{
    mailproto_session *session = mailproto_smtp_client_session(s->client);
    mailproto_source source;
    mailproto_status st = MAILPROTO_OK;
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_CAPS:
        st = mailproto_smtp_transaction_start(&s->transaction, s->client);
        break;
    case MAILPROTO_EV_CONTENT_WANTED: /* part by part, as the server takes it */
        mailproto_compose_source(s->composer, &source);
        st = mailproto_pump_content(session, io, &source);
        if (st != MAILPROTO_OK) {
            complain(s, "content", mailproto_error_name(st));
        }
        return;
    case MAILPROTO_EV_REFUSED:
        complain(s, "the server refused", "no mail can be sent");
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
        return;
    default:
        st = mailproto_smtp_transaction_event(&s->transaction, s->client, ev);
        break;
    }
    if (st == MAILPROTO_EOF) {
        report(s);
    } else if (st < 0) {
        complain(s, "transaction", mailproto_error_name(st));
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
    }
}

static void converse(submission *s)
{
    mailproto_io io = {.struct_size = sizeof io, .ctx = &s->fd};
    mailproto_session *session = mailproto_smtp_client_session(s->client);
    mailproto_event ev;
    mailproto_status st;
    io.read = net_read;
    io.write = net_write;
    while ((st = mailproto_pump(session, &io, &ev)) == MAILPROTO_OK) {
        handle(s, &io, &ev);
    }
    if (st != MAILPROTO_EOF) {
        complain(s, "the session stopped", mailproto_error_name(st));
    }
}

int submit(const char *server, const description *d, mailproto_compose *composer,
           const mailproto_compose_summary *summary)
{
    static submission s;
    net_address address;
    const char *why = "HOST:PORT is wanted";
    char literal[64];
    mailproto_smtp_client_options o = {.struct_size = sizeof o};
    s.composer = composer;
    s.fd =
        net_parse(server, &address) == 0 ? net_connect(&address, CONNECT_MS, &why) : -1;
    if (s.fd < 0) {
        complain(&s, server, why);
        return s.result;
    }
    fcntl(s.fd, F_SETFL, fcntl(s.fd, F_GETFL) & ~O_NONBLOCK); /* nothing else to do */
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    if (net_literal(s.fd, literal, sizeof literal) == 0) {
        o.ehlo_name.ptr = literal;
        o.ehlo_name.len = strlen(literal);
    }
    mailproto_status st = mailproto_smtp_client_new(&o, &s.client);
    if (st != MAILPROTO_OK) {
        complain(&s, "client", mailproto_error_name(st));
    } else {
        prepare(&s, d, summary);
        converse(&s);
        mailproto_smtp_client_free(s.client);
    }
    close(s.fd);
    return s.result;
}
