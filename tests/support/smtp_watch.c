/*
 * SMTP engines under attack. Knows the public header of SMTP.
 */
#include "smtp_watch.h"

#include <stdlib.h>
#include <string.h>

void watch_options(mailproto_smtp_server_options *o)
{
    memset(o, 0, sizeof *o);
    o->struct_size = sizeof *o;
    o->caps = UINT64_C(1) << MAILPROTO_SMTP_CAP_PIPELINING |
              UINT64_C(1) << MAILPROTO_SMTP_CAP_SIZE |
              UINT64_C(1) << MAILPROTO_SMTP_CAP_8BITMIME |
              UINT64_C(1) << MAILPROTO_SMTP_CAP_ENHANCED |
              UINT64_C(1) << MAILPROTO_SMTP_CAP_STARTTLS |
              UINT64_C(1) << MAILPROTO_SMTP_CAP_AUTH;
    o->auth_mechanisms.ptr = "PLAIN LOGIN";
    o->auth_mechanisms.len = 11;
    o->host_name.ptr = "s.example";
    o->host_name.len = 9;
}

static void keep(struct text *to, mailproto_bytes from)
{
    to->len = 0;
    text_add(to, from.ptr, from.len);
}

static void count_command(struct watch *w, const mailproto_event *ev)
{
    w->commands++;
    w->tls_commands += w->tls != 0;
    if ((ev->flags & MAILPROTO_EVF_REJECTED) != 0) {
        w->rejected++;
        return;
    }
    w->noops += ev->code == MAILPROTO_SMTP_VERB_NOOP;
}

static void take_message(struct watch *w)
{
    if (w->messages < WATCH_BODIES) {
        text_add(&w->bodies[w->messages], w->content.data, w->content.len);
    }
    w->messages++;
}

static void take_mail(struct watch *w, const mailproto_event *ev)
{
    mailproto_smtp_path path;

    w->mails++;
    memset(&path, 0, sizeof path);
    path.struct_size = sizeof path;
    if (mailproto_smtp_event_path(ev, &path) == MAILPROTO_OK) {
        keep(&w->local, path.local);
        keep(&w->domain, path.domain);
    }
}

static void take_content(struct watch *w, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_CONTENT:
        text_add(&w->content, ev->text.ptr, ev->text.len);
        break;
    case MAILPROTO_EV_CONTENT_ABORTED:
        w->aborted++;
        w->content.len = 0;
        break;
    case MAILPROTO_EV_CONTENT_END:
    default:
        break;
    }
}

/* Counts; 1 if the event is one of those that begin a command. */
static void count(struct watch *w, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_COMMAND:
        count_command(w, ev);
        break;
    case MAILPROTO_EV_SMTP_MAIL:
        take_mail(w, ev);
        break;
    case MAILPROTO_EV_SMTP_RCPT:
        w->rcpts++;
        break;
    case MAILPROTO_EV_SMTP_DATA:
        w->content.len = 0;
        break;
    case MAILPROTO_EV_SMTP_DELIVER:
        take_message(w);
        return;
    case MAILPROTO_EV_SMTP_RSET:
        w->rsets++;
        break;
    case MAILPROTO_EV_SMTP_QUIT:
        w->quits++;
        break;
    case MAILPROTO_EV_AUTH_START:
        w->auths++;
        break;
    case MAILPROTO_EV_SMTP_EARLY_TALKER:
        w->early++;
        return;
    case MAILPROTO_EV_TLS_GO:
        w->tls++;
        return;
    case MAILPROTO_EV_CLOSED:
        w->closed = event_status(ev->code);
        return;
    case MAILPROTO_EV_SMTP_HELO:
        break;
    default:
        take_content(w, ev);
        return;
    }
    if (ev->type != MAILPROTO_EV_SMTP_COMMAND) {
        w->commands++;
        w->tls_commands += w->tls != 0;
    }
}

static void on_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct watch *w = ctx;

    count(w, ev);
    if (ev->type == MAILPROTO_EV_TLS_GO && w->start_tls) {
        (void)mailproto_session_tls_started(s, NULL);
    }
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
        (void)mailproto_session_auth_finish(s, ev->tag, MAILPROTO_ERR_AUTH);
    } else {
        (void)mailproto_smtp_server_accept(w->server, ev->tag);
    }
}

void watch_open(struct watch *w, const mailproto_smtp_server_options *o,
                struct chunk chunk)
{
    memset(w, 0, sizeof *w);
    w->block_size = mailproto_smtp_server_mem_size(o);
    w->block = test_alloc(w->block_size);
    if (mailproto_smtp_server_init(w->block, w->block_size, o, &w->server) !=
        MAILPROTO_OK) {
        abort();
    }
    w->drive.session = mailproto_smtp_server_session(w->server);
    w->drive.chunk = chunk;
    w->drive.ctx = w;
    w->drive.event = on_event;
}

void watch_close(struct watch *w)
{
    size_t i;

    drive_free(&w->drive);
    for (i = 0; i < WATCH_BODIES; i++) {
        text_free(&w->bodies[i]);
    }
    text_free(&w->content);
    text_free(&w->local);
    text_free(&w->domain);
    free(w->block);
}

/* ---- replies ------------------------------------------------------------------------------- */

/* The next line of what was sent, without CRLF; 0 at the end. */
static int next_line(const struct text *out, size_t *at, const char **line, size_t *len)
{
    const char *end;

    if (*at >= out->len) {
        return 0;
    }
    *line = out->data + *at;
    end = memchr(*line, '\n', out->len - *at);
    *len = end != NULL ? (size_t)(end - *line) : out->len - *at;
    *at += *len + 1;
    return 1;
}

int watch_replied(const struct watch *w, const char *code)
{
    size_t at = 0;
    const char *line;
    size_t len;

    while (next_line(&w->drive.out, &at, &line, &len)) {
        if (len >= strlen(code) && memcmp(line, code, strlen(code)) == 0) {
            return 1;
        }
    }
    return 0;
}

unsigned watch_last_code(const struct watch *w)
{
    size_t at = 0;
    const char *line;
    size_t len;
    unsigned code = 0;

    while (next_line(&w->drive.out, &at, &line, &len)) {
        code = (unsigned)strtoul(line, NULL, 10);
    }
    return code;
}

unsigned watch_replies(const struct watch *w)
{
    size_t at = 0;
    const char *line;
    size_t len;
    unsigned replies = 0;

    while (next_line(&w->drive.out, &at, &line, &len)) {
        replies += len < 4 || line[3] != '-';
    }
    return replies;
}
