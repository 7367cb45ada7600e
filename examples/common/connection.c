/* One connection of a program that waits: see connection.h. */
#include "connection.h"

#include "net.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long this wait may still take, for poll(): -1 for ever. A step's time runs from its
   first wait on, so that a peer who sends a byte a minute gains nothing. */
static int time_left(connection *c)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(c->session, &want);
    if (want.timeout_ms == 0) {
        return -1;
    }
    int64_t now = clock_ms();
    if (c->deadline_ms == 0 || c->wait_id != want.wait_id) {
        c->wait_id = want.wait_id;
        c->deadline_ms = now + want.timeout_ms;
    }
    int64_t left = c->deadline_ms - now;
    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

/* Waits until the socket is ready. */
static mailproto_status wait_for(connection *c, short events)
{
    for (;;) {
        struct pollfd p = {c->fd, events, 0};
        int left = time_left(c);
        int ready = poll(&p, 1, left);
        if (ready > 0) {
            return MAILPROTO_OK; /* an error shows at the next read or write */
        }
        if (ready == 0 && left >= 0 && time_left(c) == 0) {
            return MAILPROTO_ERR_TIMEOUT;
        }
        if (ready < 0 && errno != EINTR) {
            return MAILPROTO_ERR_IO;
        }
    }
}

static mailproto_status read_waiting(void *ctx, void *buf, size_t cap, size_t *got)
{
    connection *c = ctx;
    for (;;) {
        mailproto_status st = c->tls != NULL ? tls_read(c->tls, buf, cap, got)
                                             : net_read(&c->fd, buf, cap, got);
        if (st == MAILPROTO_AGAIN) {
            st = wait_for(c, c->tls != NULL ? tls_poll_events(c->tls) : POLLIN);
            if (st == MAILPROTO_OK) {
                continue;
            }
        }
        return st;
    }
}

static mailproto_status write_waiting(void *ctx, const void *buf, size_t len,
                                      size_t *put)
{
    connection *c = ctx;
    for (;;) {
        mailproto_status st = c->tls != NULL ? tls_write(c->tls, buf, len, put)
                                             : net_write(&c->fd, buf, len, put);
        if (st == MAILPROTO_AGAIN) {
            st = wait_for(c, c->tls != NULL ? tls_poll_events(c->tls) : POLLOUT);
            if (st == MAILPROTO_OK) {
                continue;
            }
        }
        return st;
    }
}

void connection_init(connection *c, int fd, mailproto_session *session)
{
    memset(c, 0, sizeof *c);
    c->fd = fd;
    c->session = session;
}

mailproto_io connection_io(connection *c)
{
    mailproto_io io = {sizeof io, 0, c, read_waiting, write_waiting};
    return io;
}

tls_context *connection_context(const char *ca_file, int verify, const char *cert,
                                const char *key)
{
    tls_context *ctx = tls_client_context(ca_file, verify);
    if (ctx != NULL && cert != NULL &&
        tls_use_certificate(ctx, cert, key) != MAILPROTO_OK) {
        tls_context_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

mailproto_status connection_start_tls(connection *c, tls_context *ctx, const char *host)
{
    c->tls = tls_client_new(ctx, c->fd, host);
    if (c->tls == NULL) {
        return MAILPROTO_ERR_TLS;
    }
    mailproto_status st;
    while ((st = tls_handshake(c->tls)) == MAILPROTO_AGAIN) {
        st = wait_for(c, tls_poll_events(c->tls));
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    return st == MAILPROTO_OK ? tls_started(c->session, c->tls) : st;
}

uint32_t connection_other_binding(connection *c, mailproto_bytes *binding)
{
    binding->ptr = (const char *)c->binding;
    binding->len = 0;
    return c->tls == NULL ? (uint32_t)MAILPROTO_BINDING_NONE
                          : tls_other_binding(c->tls, c->binding, &binding->len);
}

void connection_close(connection *c)
{
    tls_free(c->tls);
    c->tls = NULL;
    if (c->fd >= 0) {
        close(c->fd);
        c->fd = -1;
    }
}
