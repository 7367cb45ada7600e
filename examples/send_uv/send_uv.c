/*
 * mailproto-send-uv: sends one message file over SMTP on libuv's event loop, with
 * STARTTLS or TLS through OpenSSL.
 *
 * Shows how an engine lives in a program that owns its loop: the loop says when the
 * socket is ready, mailproto_pump() moves what can be moved without waiting, and one
 * timer stands for all time limits of the protocol. Only reading the file may block.
 * Read advance() first: it is called whenever the socket is ready or the time is over.
 */
#include "../common/message_file.h"
#include "../common/net.h"
#include "../common/tls.h"

#include <mailproto/pump.h>
#include <mailproto/smtp.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { EXIT_DELIVERED = 0, EXIT_REFUSED = 1, EXIT_FAILED = 2 };
enum { TAG_QUIT = 1, TAG_TRANSACTION = 10 };
enum { CONNECT_MS = 30000, HANDSHAKE_MS = 60000 };

static const char usage[] =
    "mailproto-send-uv --server HOST:PORT --from A --to B [options] FILE\n"
    "\n"
    "Sends FILE as one message. Exit status: 0 delivered, 1 refused, 2 failed.\n"
    "\n"
    "  --tls none          in the clear (the default: for a server on your own host)\n"
    "  --tls starttls      require STARTTLS\n"
    "  --tls implicit      TLS from the first byte (port 465)\n"
    "  --tls if-offered    STARTTLS where it is offered, else in the clear\n"
    "  --cafile FILE       certificates to trust, in place of the system's\n"
    "  --insecure          take any certificate\n";

typedef struct options {
    net_address server;
    const char *from;
    const char *to;
    const char *path;
    const char *ca_file;
    uint32_t tls; /* MAILPROTO_SMTP_TLS_... */
    int insecure;
} options;

/* What is going on, in this order; TALKING and HANDSHAKE may alternate. */
typedef enum phase { CONNECTING, TALKING, HANDSHAKE, CLOSING } phase;

typedef struct sender {
    options o;
    uv_loop_t loop;
    uv_getaddrinfo_t resolver;
    uv_poll_t socket;
    uv_timer_t timer;
    int fd; /* -1: no socket yet */
    phase phase;
    short blocked; /* POLLIN or POLLOUT: what the last call that said AGAIN waits for */
    int timed;     /* the timer was set for the step `wait_id` */
    uint32_t wait_id;

    tls_context *tls_context;
    tls_connection *tls; /* NULL: in the clear */
    mailproto_smtp_client *client;
    mailproto_session *session;
    mailproto_io io;
    mailproto_smtp_transaction transaction;
    mailproto_smtp_recipient recipient;
    mailproto_smtp_mail_params params;
    message_file file;
    mailproto_source source;
    int sending; /* the session wants content */
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

/* ---- the protocol's side --------------------------------------------------------- */

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
        fprintf(stderr, "mailproto-send-uv: the server refused: %u %.*s\n", ev->code,
                (int)ev->text.len, ev->text.ptr);
    } else {
        explain(s);
    }
    mailproto_smtp_client_quit(s->client, TAG_QUIT);
}

static void start_tls(sender *s);

static void handle(sender *s, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        start_tls(s);
        return;
    case MAILPROTO_EV_SMTP_CAPS:
        begin_transaction(s);
        return;
    case MAILPROTO_EV_CONTENT_WANTED:
        s->sending = 1;
        return;
    case MAILPROTO_EV_REFUSED:
        refused(s, ev);
        return;
    case MAILPROTO_EV_CLOSED:
        if (ev->code != 0 && ev->code != (uint32_t)MAILPROTO_ERR_TLS) {
            explain(s); /* TLS has had its own words */
        }
        return;
    default:
        break;
    }
    if (mailproto_smtp_transaction_event(&s->transaction, s->client, ev) ==
        MAILPROTO_EOF) {
        report(s);
        mailproto_smtp_client_quit(s->client, TAG_QUIT);
    }
}

/* Content while it can be written: OK, or AGAIN: the socket would block. Files answer
   at once; a source that says NOT_READY would call advance() when it has something. */
static mailproto_status send_content(sender *s)
{
    mailproto_status st = mailproto_pump_content(s->session, &s->io, &s->source);
    if (st == MAILPROTO_AGAIN || st == MAILPROTO_NOT_READY) {
        return MAILPROTO_AGAIN;
    }
    s->sending = 0;
    if (st < 0) {
        complain(s, "content", mailproto_error_name(st)); /* the events tell the rest */
    }
    return MAILPROTO_OK;
}

/* ---- the socket, in the clear or under TLS --------------------------------------- */

/* TLS may have to write before it can read, and the other way round: it is asked. */
static mailproto_status socket_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    sender *s = ctx;
    mailproto_status st = s->tls != NULL ? tls_read(s->tls, buf, cap, got)
                                         : net_read(&s->fd, buf, cap, got);
    if (st == MAILPROTO_AGAIN) {
        s->blocked = s->tls != NULL ? tls_poll_events(s->tls) : POLLIN;
    }
    return st;
}

static mailproto_status socket_write(void *ctx, const void *buf, size_t len,
                                     size_t *put)
{
    sender *s = ctx;
    mailproto_status st = s->tls != NULL ? tls_write(s->tls, buf, len, put)
                                         : net_write(&s->fd, buf, len, put);
    if (st == MAILPROTO_AGAIN) {
        s->blocked = s->tls != NULL ? tls_poll_events(s->tls) : POLLOUT;
    }
    return st;
}

static void tls_failed(sender *s)
{
    char why[200];
    complain(s, "TLS", tls_error(s->tls, why, sizeof why));
    mailproto_session_fail(s->session, MAILPROTO_ERR_TLS);
}

static void on_timer(uv_timer_t *timer);

static void start_tls(sender *s)
{
    s->tls = tls_client_new(s->tls_context, s->fd, s->o.server.host);
    if (s->tls == NULL) {
        tls_failed(s);
        return;
    }
    s->phase = HANDSHAKE;
    uv_timer_start(&s->timer, on_timer, HANDSHAKE_MS, 0);
}

/* AGAIN, or OK: the session goes on, if only to say that it failed. */
static mailproto_status handshake(sender *s)
{
    mailproto_status st = tls_handshake(s->tls);
    if (st == MAILPROTO_AGAIN) {
        s->blocked = tls_poll_events(s->tls);
        return st;
    }
    s->phase = TALKING;
    s->timed = 0; /* the timer is the session's again */
    if (st == MAILPROTO_OK) {
        st = tls_started(s->session, s->tls);
    }
    if (st != MAILPROTO_OK) {
        tls_failed(s);
    }
    return MAILPROTO_OK;
}

/* ---- libuv's side ---------------------------------------------------------------- */

static void close_all(sender *s)
{
    if (s->phase == CLOSING) {
        return;
    }
    s->phase = CLOSING;
    tls_free(s->tls);
    s->tls = NULL;
    uv_close((uv_handle_t *)&s->timer, NULL);
    if (s->fd >= 0) {
        uv_close((uv_handle_t *)&s->socket, NULL);
        close(s->fd);
        s->fd = -1;
    }
}

/* One timer for the step that is going on; a new step begins its time anew. */
static void arm_timer(sender *s)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(s->session, &want);
    if (s->phase == HANDSHAKE || (s->timed && want.wait_id == s->wait_id)) {
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

static void on_ready(uv_poll_t *socket, int error, int events);

/* Does all that can be done without waiting, then tells libuv what to wait for. */
static void advance(sender *s)
{
    mailproto_event ev;
    mailproto_status st;
    s->blocked = 0;
    do {
        st = s->phase == HANDSHAKE ? handshake(s) : MAILPROTO_OK;
        if (st == MAILPROTO_OK && s->sending) {
            st = send_content(s);
        }
        if (st == MAILPROTO_OK) {
            st = mailproto_pump(s->session, &s->io, &ev);
            if (st == MAILPROTO_OK) {
                handle(s, &ev);
            }
        }
    } while (st == MAILPROTO_OK);
    if (st != MAILPROTO_AGAIN && st != MAILPROTO_YOUR_TURN) {
        close_all(s); /* EOF: it is over */
        return;
    }
    int events = (s->blocked & POLLIN ? UV_READABLE : 0) |
                 (s->blocked & POLLOUT ? UV_WRITABLE : 0);
    uv_poll_start(&s->socket, events, on_ready);
    arm_timer(s);
}

static void connect_failed(sender *s, const char *why)
{
    complain(s, s->o.server.host, why);
    close_all(s);
}

/* `error`: the next read or write has the better words for it. */
static void on_ready(uv_poll_t *socket, int error, int events)
{
    sender *s = socket->data;
    (void)error;
    (void)events;
    if (s->phase == CONNECTING) {
        int failed = 0;
        socklen_t len = sizeof failed;
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &failed, &len);
        if (failed != 0) {
            connect_failed(s, strerror(failed));
            return;
        }
        s->phase = TALKING;
    }
    advance(s);
}

static void on_timer(uv_timer_t *timer)
{
    sender *s = timer->data;
    if (s->phase == CONNECTING) {
        uv_cancel((uv_req_t *)&s->resolver);
        connect_failed(s, "no connection in time");
        return;
    }
    if (s->phase == HANDSHAKE) {
        s->phase = TALKING;
        mailproto_session_fail(s->session, MAILPROTO_ERR_TIMEOUT);
    } else {
        mailproto_session_timed_out(s->session, s->wait_id);
    }
    advance(s);
}

/* 0, or -1 with errno. TLS reads and writes the socket itself, so it is ours and libuv
   only watches it. */
static int start_connecting(sender *s, const struct addrinfo *to)
{
    s->fd = socket(to->ai_family, to->ai_socktype, to->ai_protocol);
    if (s->fd < 0) {
        return -1;
    }
    int error = uv_poll_init(&s->loop, &s->socket, s->fd); /* it does not block now */
    if (error < 0) {
        close(s->fd);
        s->fd = -1;
        errno = -error;
        return -1;
    }
    s->socket.data = s;
    if (connect(s->fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS) {
        return -1;
    }
    uv_poll_start(&s->socket, UV_WRITABLE, on_ready);
    return 0;
}

static void on_resolved(uv_getaddrinfo_t *resolver, int error, struct addrinfo *list)
{
    sender *s = resolver->data;
    if (s->phase == CLOSING) {
        uv_freeaddrinfo(list); /* too late */
        return;
    }
    if (error < 0) {
        connect_failed(s, uv_strerror(error));
    } else if (start_connecting(s, list) < 0) {
        connect_failed(s, strerror(errno));
    }
    uv_freeaddrinfo(list);
}

/* ---- set-up ---------------------------------------------------------------------- */

static mailproto_status make_client(sender *s)
{
    mailproto_smtp_client_options co = {0};
    co.struct_size = sizeof co;
    co.tls = s->o.tls;
    co.out_size = 16384;
    s->params.struct_size = sizeof s->params;
    s->params.size = s->file.wire_size;
    s->recipient.path = bytes(s->o.to);
    s->transaction.struct_size = sizeof s->transaction;
    s->transaction.recipient_stride = sizeof s->recipient;
    s->transaction.sender = bytes(s->o.from);
    s->transaction.params = &s->params;
    s->transaction.recipients = &s->recipient;
    s->transaction.count = 1;
    s->transaction.tag = TAG_TRANSACTION;
    s->source = message_file_source(&s->file);
    s->io.struct_size = sizeof s->io;
    s->io.flags = MAILPROTO_IO_NONBLOCKING;
    s->io.ctx = s;
    s->io.read = socket_read;
    s->io.write = socket_write;
    mailproto_status st = mailproto_smtp_client_new(&co, &s->client);
    if (st == MAILPROTO_OK) {
        s->session = mailproto_smtp_client_session(s->client);
    }
    return st;
}

static int run(sender *s)
{
    struct addrinfo hints = {0};
    hints.ai_socktype = SOCK_STREAM;
    if (uv_loop_init(&s->loop) < 0) {
        return -1;
    }
    uv_timer_init(&s->loop, &s->timer);
    s->timer.data = s;
    s->resolver.data = s;
    uv_timer_start(&s->timer, on_timer, CONNECT_MS, 0);
    int error = uv_getaddrinfo(&s->loop, &s->resolver, on_resolved, s->o.server.host,
                               s->o.server.port, &hints);
    if (error < 0) {
        connect_failed(s, uv_strerror(error));
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    return uv_loop_close(&s->loop);
}

static int take_tls(const char *name, uint32_t *tls)
{
    static const struct {
        const char *name;
        uint32_t tls;
    } choices[] = {{"none", MAILPROTO_SMTP_TLS_NONE},
                   {"if-offered", MAILPROTO_SMTP_TLS_IF_OFFERED},
                   {"starttls", MAILPROTO_SMTP_TLS_REQUIRED},
                   {"implicit", MAILPROTO_SMTP_TLS_IMPLICIT}};
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (strcmp(name, choices[i].name) == 0) {
            *tls = choices[i].tls;
            return 0;
        }
    }
    return -1;
}

/* Options with a value. 0: understood. */
static int take_value(options *o, const char *name, const char *value)
{
    if (strcmp(name, "--server") == 0) {
        return net_parse(value, &o->server);
    } else if (strcmp(name, "--from") == 0) {
        o->from = value;
    } else if (strcmp(name, "--to") == 0) {
        o->to = value;
    } else if (strcmp(name, "--tls") == 0) {
        return take_tls(value, &o->tls);
    } else if (strcmp(name, "--cafile") == 0) {
        o->ca_file = value;
    } else {
        return -1;
    }
    return 0;
}

/* 0, or -1: not so. */
static int take_options(options *o, int argc, char **argv)
{
    o->tls = MAILPROTO_SMTP_TLS_NONE;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--insecure") == 0) {
            o->insecure = 1;
        } else if (strncmp(argv[i], "--", 2) != 0) {
            o->path = argv[i];
        } else if (i + 1 == argc || take_value(o, argv[i], argv[i + 1]) != 0) {
            return -1;
        } else {
            i++;
        }
    }
    return o->server.port[0] != '\0' && o->from != NULL && o->to != NULL &&
                   o->path != NULL
               ? 0
               : -1;
}

/* With the message open. */
static void send_message(sender *s)
{
    char why[200];
    if (s->o.tls != MAILPROTO_SMTP_TLS_NONE) {
        s->tls_context = tls_client_context(s->o.ca_file, !s->o.insecure);
        if (s->tls_context == NULL) {
            complain(s, "TLS", tls_error(NULL, why, sizeof why));
            return;
        }
    }
    mailproto_status st = make_client(s);
    if (st != MAILPROTO_OK) {
        complain(s, "client", mailproto_error_name(st));
    } else if (run(s) != 0) {
        complain(s, "libuv", "the loop could not be used");
    }
    mailproto_smtp_client_free(s->client);
    tls_context_free(s->tls_context);
}

int main(int argc, char **argv)
{
    sender s = {0};
    s.fd = -1;
    s.exit_code = EXIT_FAILED;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (take_options(&s.o, argc, argv) != 0) {
        fputs(usage, stderr);
        return EXIT_FAILED;
    }
    net_ignore_sigpipe();
    if (message_file_open(&s.file, s.o.path) != 0) {
        complain(&s, s.o.path, strerror(errno));
        return EXIT_FAILED;
    }
    send_message(&s);
    message_file_close(&s.file);
    return s.exit_code;
}
