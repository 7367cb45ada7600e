/*
 * mailproto-send-uv: sends one message file over SMTP on libuv's event loop.
 *
 * Shows how an engine lives in a program that owns its loop: without the pump, bytes go
 * in and come out where libuv has them, and one timer stands for all time limits of the
 * protocol. No TLS here: see ../send for that, and use this one on your own host only.
 * Read advance() first: it is called after everything that happens.
 */
#include "../common/message_file.h"
#include "../common/net.h"

#include <mailproto/smtp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { EXIT_DELIVERED = 0, EXIT_REFUSED = 1, EXIT_FAILED = 2 };
enum { TAG_QUIT = 1, TAG_TRANSACTION = 10 };

typedef struct sender {
    uv_loop_t loop;
    uv_getaddrinfo_t resolver;
    uv_tcp_t socket;
    uv_connect_t connecting;
    uv_timer_t timer;
    uv_write_t writing;
    char out[16384]; /* what libuv is writing; it wants it to stay */
    int write_busy;
    int connected;
    int reading;
    int closing;
    int timed; /* the timer was set for the step `wait_id` */
    uint32_t wait_id;

    mailproto_smtp_client *client;
    mailproto_session *session;
    mailproto_smtp_transaction transaction;
    mailproto_smtp_recipient recipient;
    mailproto_smtp_mail_params params;
    message_file file;
    int exit_code;
} sender;

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

static void complain(sender *s, const char *what, const char *why)
{
    fprintf(stderr, "mailproto-send-uv: %s: %s\n", what, why);
    s->exit_code = EXIT_FAILED;
}

static void advance(sender *s);

/* ---- the protocol's side --------------------------------------------------------------- */

static void report(sender *s)
{
    const mailproto_smtp_status *final = &s->recipient.final;
    int len = (int)s->recipient.path.len;
    const char *to = s->recipient.path.ptr;
    if (final->origin != MAILPROTO_ORIGIN_PEER) {
        complain(s, to, mailproto_error_name(final->local));
    } else if (final->code < 300) {
        printf("delivered %.*s: %u\n", len, to, final->code);
        s->exit_code = EXIT_DELIVERED;
    } else {
        printf("refused   %.*s: %u\n", len, to, final->code);
        s->exit_code = EXIT_REFUSED;
    }
}

static void begin_transaction(sender *s)
{
    if (s->file.eight_bit &&
        mailproto_session_has_cap(s->session, MAILPROTO_SMTP_CAP_8BITMIME)) {
        s->params.body = MAILPROTO_SMTP_BODY_8BITMIME;
    }
    mailproto_status st = mailproto_smtp_transaction_start(&s->transaction, s->client);
    if (st != MAILPROTO_OK) {
        if (st == MAILPROTO_EOF) {
            report(s);
        } else {
            complain(s, "transaction", mailproto_error_name(st));
        }
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
    }
}

static void handle(sender *s, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_CAPS:
        begin_transaction(s);
        return;
    case MAILPROTO_EV_REFUSED:
        fprintf(stderr, "mailproto-send-uv: the server refused: %u %.*s\n", ev->code,
                (int)ev->text.len, ev->text.ptr);
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
        return;
    case MAILPROTO_EV_CLOSED: {
        mailproto_error e = {0};
        e.struct_size = sizeof e;
        mailproto_session_get_error(s->session, &e);
        if (ev->code != 0) {
            complain(s, mailproto_error_name(e.code), e.detail);
        }
        return;
    }
    default:
        break;
    }
    if (mailproto_smtp_transaction_event(&s->transaction, s->client, ev) ==
        MAILPROTO_EOF) {
        report(s);
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
    }
}

/* Puts a piece of the message straight into the engine's output: WANT_CONTENT says that
   there is room. 1: it did. */
static int give_content(sender *s)
{
    size_t cap, got = 0;
    mailproto_source source = message_file_source(&s->file);
    uint64_t taken = mailproto_session_content_taken(s->session);
    void *space = mailproto_session_content_space(s->session, &cap);
    if (space == NULL || cap == 0) {
        return 0;
    }
    /* Files answer at once; a slow source would be read with uv_fs_read(). */
    mailproto_status st = source.read_at(source.ctx, taken, space, cap, &got);
    if (st == MAILPROTO_OK) {
        st = mailproto_session_content_commit(s->session, got);
    } else if (st == MAILPROTO_EOF) {
        st = mailproto_session_content_end(s->session);
        if (st == MAILPROTO_AGAIN) {
            return 0; /* once something was written */
        }
    }
    if (st < 0) {
        complain(s, "content", mailproto_error_name(st));
        mailproto_session_content_abort(s->session);
    }
    return 1;
}

static mailproto_want get_want(const sender *s)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(s->session, &want);
    return want;
}

static int wants(const sender *s, uint32_t flags)
{
    return (get_want(s).flags & flags) != 0;
}

/* ---- libuv's side ---------------------------------------------------------------------- */

static void close_all(sender *s)
{
    if (!s->closing) {
        s->closing = 1;
        uv_close((uv_handle_t *)&s->timer, NULL);
        uv_close((uv_handle_t *)&s->socket, NULL);
    }
}

static void transport_failed(sender *s, int error)
{
    fprintf(stderr, "mailproto-send-uv: %s\n", uv_strerror(error));
    mailproto_session_fail(s->session, MAILPROTO_ERR_IO);
}

static void on_timer(uv_timer_t *timer)
{
    sender *s = timer->data;
    mailproto_session_timed_out(s->session, s->wait_id);
    advance(s);
}

/* One timer for the step that is going on; a new step begins its time anew. */
static void arm_timer(sender *s)
{
    mailproto_want want = get_want(s);
    if (s->timed && want.wait_id == s->wait_id) {
        return;
    }
    s->timed = 1;
    s->wait_id = want.wait_id;
    if (want.timeout_ms == 0) {
        uv_timer_stop(&s->timer);
    } else {
        uv_timer_start(&s->timer, on_timer, want.timeout_ms, 0);
    }
}

static void on_written(uv_write_t *writing, int error)
{
    sender *s = writing->data;
    s->write_busy = 0;
    if (error == UV_ECANCELED) {
        return; /* closing */
    }
    if (error < 0) {
        transport_failed(s, error);
    }
    advance(s);
}

/* libuv writes later, the engine's output may move: so what is due is copied. */
static void write_due(sender *s)
{
    size_t len;
    const void *due = mailproto_session_output(s->session, &len);
    if (s->write_busy || len == 0) {
        return;
    }
    if (len > sizeof s->out) {
        len = sizeof s->out;
    }
    memcpy(s->out, due, len);
    mailproto_session_output_sent(s->session, len);
    uv_buf_t buf = uv_buf_init(s->out, (unsigned)len);
    s->writing.data = s;
    int error = uv_write(&s->writing, (uv_stream_t *)&s->socket, &buf, 1, on_written);
    if (error < 0) {
        transport_failed(s, error);
        return;
    }
    s->write_busy = 1;
}

/* libuv reads straight into the engine. */
static void on_space(uv_handle_t *socket, size_t suggested, uv_buf_t *buf)
{
    sender *s = socket->data;
    size_t cap;
    (void)suggested;
    void *space = mailproto_session_input_space(s->session, &cap);
    *buf = uv_buf_init(space, cap > 65536 ? 65536U : (unsigned)cap);
}

static void on_read(uv_stream_t *socket, ssize_t n, const uv_buf_t *buf)
{
    sender *s = socket->data;
    (void)buf;
    if (n > 0) {
        mailproto_session_input_commit(s->session, (size_t)n);
    } else if (n == UV_EOF) {
        mailproto_session_feed_eof(s->session);
    } else if (n < 0 && n != UV_ENOBUFS) {
        transport_failed(s, (int)n);
    }
    advance(s);
}

/* Reads when the engine takes bytes, and not otherwise: that is how a peer who sends too
   fast is held back. */
static void read_or_not(sender *s)
{
    int wanted = wants(s, MAILPROTO_WANT_READ | MAILPROTO_MAY_READ);
    if (!s->connected || wanted == s->reading) {
        return;
    }
    s->reading = wanted;
    if (wanted) {
        uv_read_start((uv_stream_t *)&s->socket, on_space, on_read);
    } else {
        uv_read_stop((uv_stream_t *)&s->socket);
    }
}

/* After everything that happens: pulls events, gives content, and tells libuv what the
   session waits for now. */
static void advance(sender *s)
{
    mailproto_event ev;
    if (s->closing) {
        return;
    }
    do {
        while (mailproto_session_next_event(s->session, &ev) == MAILPROTO_OK) {
            handle(s, &ev);
        }
        if (s->connected) {
            write_due(s);
        }
    } while (wants(s, MAILPROTO_WANT_EVENT) ||
             (wants(s, MAILPROTO_WANT_CONTENT) && give_content(s)));
    if (wants(s, MAILPROTO_WANT_CLOSED)) {
        close_all(s);
        return;
    }
    read_or_not(s);
    arm_timer(s);
}

static void on_connected(uv_connect_t *connecting, int error)
{
    sender *s = connecting->data;
    if (error == UV_ECANCELED) {
        return;
    }
    if (error < 0) {
        transport_failed(s, error);
    } else {
        s->connected = 1;
    }
    advance(s);
}

static void on_resolved(uv_getaddrinfo_t *resolver, int error, struct addrinfo *list)
{
    sender *s = resolver->data;
    if (error == 0) {
        s->connecting.data = s;
        error = uv_tcp_connect(&s->connecting, &s->socket, list->ai_addr, on_connected);
        uv_freeaddrinfo(list);
    }
    if (error < 0) {
        transport_failed(s, error);
    }
    advance(s);
}

/* ---- set-up ------------------------------------------------------------------------------ */

static mailproto_status make_client(sender *s, const char *from, const char *to)
{
    mailproto_smtp_client_options o = {0};
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    o.out_size = 16384;
    s->params.struct_size = sizeof s->params;
    s->params.size = s->file.wire_size;
    s->recipient.path = bytes(to);
    s->transaction.struct_size = sizeof s->transaction;
    s->transaction.recipient_stride = sizeof s->recipient;
    s->transaction.sender = bytes(from);
    s->transaction.params = &s->params;
    s->transaction.recipients = &s->recipient;
    s->transaction.count = 1;
    s->transaction.tag = TAG_TRANSACTION;
    mailproto_status st = mailproto_smtp_client_new(&o, &s->client);
    if (st == MAILPROTO_OK) {
        s->session = mailproto_smtp_client_session(s->client);
    }
    return st;
}

static int run(sender *s, const net_address *server)
{
    struct addrinfo hints = {0};
    hints.ai_socktype = SOCK_STREAM;
    if (uv_loop_init(&s->loop) < 0) {
        return -1;
    }
    uv_tcp_init(&s->loop, &s->socket);
    uv_timer_init(&s->loop, &s->timer);
    s->socket.data = s;
    s->timer.data = s;
    s->resolver.data = s;
    int error = uv_getaddrinfo(&s->loop, &s->resolver, on_resolved, server->host,
                               server->port, &hints);
    if (error < 0) {
        transport_failed(s, error);
        advance(s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    return uv_loop_close(&s->loop);
}

int main(int argc, char **argv)
{
    sender s = {0};
    net_address server = {"", ""};
    const char *from = NULL, *to = NULL, *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--server") == 0) {
            net_parse(argv[++i], &server);
        } else if (i + 1 < argc && strcmp(argv[i], "--from") == 0) {
            from = argv[++i];
        } else if (i + 1 < argc && strcmp(argv[i], "--to") == 0) {
            to = argv[++i];
        } else {
            path = argv[i];
        }
    }
    if (server.port[0] == '\0' || from == NULL || to == NULL || path == NULL) {
        fputs("mailproto-send-uv --server HOST:PORT --from A --to B FILE\n", stderr);
        return EXIT_FAILED;
    }
    if (message_file_open(&s.file, path) != 0) {
        complain(&s, path, strerror(errno));
        return EXIT_FAILED;
    }
    s.exit_code = EXIT_FAILED;
    mailproto_status st = make_client(&s, from, to);
    if (st != MAILPROTO_OK) {
        complain(&s, "client", mailproto_error_name(st));
    } else if (run(&s, &server) != 0) {
        complain(&s, "libuv", "the loop could not be used");
    }
    mailproto_smtp_client_free(s.client);
    message_file_close(&s.file);
    return s.exit_code;
}
