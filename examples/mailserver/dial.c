/* A connection to somewhere: see dial.h. */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_MS = 30000 }; /* for one address */

struct dial {
    struct job job;
    struct loop *loop;
    struct watch watch; /* `fd` -1: nothing is being tried */
    net_address address;
    struct addrinfo *list;
    const struct addrinfo *at;
    int looking; /* the worker has it */
    const char *why;
    void (*done)(void *ctx, int fd, const char *why);
    void *ctx;
};

/* ---- in a thread ------------------------------------------------------------------- */

static void look_up(void *ctx)
{
    struct dial *d = ctx;
    struct addrinfo hints = {0};
    hints.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(d->address.host, d->address.port, &hints, &d->list);
    if (error != 0) {
        d->list = NULL;
        d->why = gai_strerror(error);
    }
}

/* ---- in the loop ------------------------------------------------------------------- */

static void release(struct dial *d)
{
    if (d->list != NULL) {
        freeaddrinfo(d->list);
    }
    free(d);
}

static void stop_trying(struct dial *d)
{
    if (d->watch.fd >= 0) {
        loop_remove(d->loop, &d->watch);
        close(d->watch.fd);
        d->watch.fd = -1;
    }
}

static void finish(struct dial *d, int fd)
{
    void (*done)(void *, int, const char *) = d->done;
    void *ctx = d->ctx;
    const char *why = d->why;
    release(d);
    done(ctx, fd, why);
}

/* A socket on its way to an address, or -1 with errno. */
static int begin(const struct addrinfo *ai)
{
    int on = 1;
    int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0 && errno != EINPROGRESS)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void connected(void *ctx, short events);

/* The next address, or the end. */
static void try_next(struct dial *d)
{
    for (; d->at != NULL; d->at = d->at->ai_next) {
        int fd = begin(d->at);
        if (fd >= 0) {
            d->at = d->at->ai_next;
            d->watch = (struct watch){.fd = fd,
                                      .events = POLLOUT,
                                      .due = loop_now() + CONNECT_MS,
                                      .ctx = d,
                                      .ready = connected};
            loop_add(d->loop, &d->watch);
            return;
        }
        d->why = strerror(errno);
    }
    finish(d, -1);
}

static void connected(void *ctx, short events)
{
    struct dial *d = ctx;
    int error = ETIMEDOUT;
    socklen_t len = sizeof error;
    if (events != 0 &&
        getsockopt(d->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
        error = errno;
    }
    if (error != 0) {
        d->why = strerror(error);
        stop_trying(d);
        try_next(d);
        return;
    }
    int fd = d->watch.fd;
    loop_remove(d->loop, &d->watch);
    finish(d, fd);
}

static void looked_up(void *ctx)
{
    struct dial *d = ctx;
    d->looking = 0;
    if (d->done == NULL) { /* cancelled meanwhile */
        release(d);
        return;
    }
    d->at = d->list;
    try_next(d);
}

struct dial *dial(struct loop *loop, struct worker *worker, const net_address *address,
                  void (*done)(void *ctx, int fd, const char *why), void *ctx)
{
    struct dial *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return NULL;
    }
    d->loop = loop;
    d->watch.fd = -1;
    d->address = *address;
    d->looking = 1;
    d->why = "no address";
    d->done = done;
    d->ctx = ctx;
    d->job = (struct job){.work = look_up, .done = looked_up, .ctx = d};
    worker_submit(worker, &d->job);
    return d;
}

void dial_cancel(struct dial *dial)
{
    if (dial->looking) {
        dial->done = NULL;
        return;
    }
    stop_trying(dial);
    release(dial);
}
