/*
 * An SMTP client under attack: counts what it is told. Knows the public header of SMTP.
 */
#include "smtp_watch.h"

#include <stdlib.h>
#include <string.h>

mailproto_bytes watch_bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static void at_caps(struct watched_client *w, mailproto_session *s)
{
    w->caps++;
    if (w->mechanism != NULL) {
        (void)mailproto_session_auth_start(s, 1, watch_bytes(w->mechanism), NULL, 0);
    } else if (w->eager) {
        (void)mailproto_session_auth_start(s, 1, watch_bytes("PLAIN"), "\0a\0b", 4);
        (void)mailproto_smtp_client_mail(w->client, 2, watch_bytes("a@c.example"),
                                         NULL);
        (void)mailproto_smtp_client_rcpt(w->client, 3, watch_bytes("b@s.example"),
                                         NULL);
        (void)mailproto_smtp_client_data(w->client, 4);
    }
}

static void client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct watched_client *w = ctx;

    switch (ev->type) {
    case MAILPROTO_EV_SMTP_GREETING:
        w->greetings++;
        break;
    case MAILPROTO_EV_SMTP_CAPS:
        at_caps(w, s);
        break;
    case MAILPROTO_EV_REFUSED:
        w->refused++;
        if (w->eager) {
            (void)mailproto_smtp_client_mail(w->client, 2, watch_bytes("a@c.example"),
                                             NULL);
            (void)mailproto_smtp_client_quit(w->client, 5);
        }
        break;
    case MAILPROTO_EV_TLS_GO:
        w->tls++;
        if (w->start_tls) {
            (void)mailproto_session_tls_started(s, NULL);
        }
        break;
    case MAILPROTO_EV_AUTH_DATA:
        w->auth_data++;
        break;
    case MAILPROTO_EV_CONTENT_WANTED:
        w->wanted++;
        break;
    case MAILPROTO_EV_SMTP_FINAL:
        w->finals++;
        break;
    case MAILPROTO_EV_CLOSED:
        w->closed = event_status(ev->code);
        break;
    default:
        break;
    }
}

void watch_client_open(struct watched_client *w, const mailproto_smtp_client_options *o,
                       struct chunk c)
{
    size_t size = mailproto_smtp_client_mem_size(o);

    memset(w, 0, sizeof *w);
    w->block = test_alloc(size);
    if (mailproto_smtp_client_init(w->block, size, o, &w->client) != MAILPROTO_OK) {
        abort();
    }
    w->drive.session = mailproto_smtp_client_session(w->client);
    w->drive.chunk = c;
    w->drive.ctx = w;
    w->drive.event = client_event;
}

void watch_client_close(struct watched_client *w)
{
    drive_free(&w->drive);
    free(w->block);
}
