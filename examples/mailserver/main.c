/*
 * mailproto-mailserver: receives mail, delivers it into Maildirs, relays the rest, and
 * gives it to its readers by POP3 and IMAP.
 *
 * One thread runs all conversations (loop.h); what waits for the disk or for a name
 * server is done by a few others (worker.h). Here the parts are put together, and taken
 * apart in order on SIGTERM and SIGINT.
 */
#include "../common/net.h"
#include "../common/tls.h"
#include "conn.h"
#ifdef MAILSERVER_IMAP
#include "imap.h"
#endif
#include "linger.h"
#include "listen.h"
#include "local.h"
#include "log.h"
#include "pop3.h"
#include "relay.h"
#include "server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    DISK_THREADS = 4,
    NAME_THREADS = 2,
    STOP_MS = 10000 /* how long conversations may take to end in order */
};

static int signal_pipe[2];

static void on_signal(int number)
{
    ssize_t n = write(signal_pipe[1], "", 1);
    (void)n;
    (void)number;
}

static void readers_stop(struct server *server, int now)
{
    pop3s_stop(server, now);
#ifdef MAILSERVER_IMAP
    imaps_stop(server, now);
#endif
}

struct stopper {
    struct server *server;
    struct watch watch;
    int64_t until;
};

/* A signal, or the time is up. The second signal means: at once. */
static void stop(void *ctx, short events)
{
    struct stopper *s = ctx;
    char byte;
    if (events != 0 && read(s->watch.fd, &byte, 1) != 1) {
        return;
    }
    if (s->server->stopping) {
        s->until = 0;
        return;
    }
    log_line("stopping");
    s->server->stopping = 1;
    s->server->queue.stopping = 1;
    s->until = loop_now() + STOP_MS;
    s->watch.due = s->until;
    listen_close(s->server);
    conns_stop(s->server, 0);
    readers_stop(s->server, 0);
    relays_stop(s->server, 0);
}

static int catch_signals(struct stopper *s, struct server *server)
{
    struct sigaction action = {0};
    if (pipe(signal_pipe) < 0) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    net_ignore_sigpipe();
    *s = (struct stopper){.server = server};
    s->watch = (struct watch){.fd = signal_pipe[0],
                              .events = POLLIN,
                              .due = LOOP_NEVER,
                              .ctx = s,
                              .ready = stop};
    loop_add(&server->loop, &s->watch);
    return 0;
}

/* Descriptors: a socket and a file for each connection, with POP3 also a lock; sockets that
   linger, and some for the rest. Fewer connections where there are not so many. */
static void fit_descriptors(struct options *options)
{
    const rlim_t others = LINGER_MAX + 128;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return;
    }
    size_t imap = options->imap.count + options->imaps.count;
    /* IMAP: a message, one that comes in, and three files of the user's index */
    const rlim_t each = imap > 0                                         ? 6
                        : options->pop3.count + options->pop3s.count > 0 ? 3
                                                                         : 2;
    rlim_t wanted = (rlim_t)options->max_connections * each + others;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < wanted && limit.rlim_cur > others + each) {
        options->max_connections = (uint32_t)((limit.rlim_cur - others) / each);
        log_line("file descriptors allow %lu connections",
                 (unsigned long)options->max_connections);
    }
}

static int open_auth(struct server *server)
{
    return auth_prepare(&server->auth, &server->options, &server->users);
}

static int open_tls(struct server *server)
{
    const struct options *o = &server->options;
    char why[200];
    if (o->cert != NULL) {
        server->server_tls = tls_server_context(o->cert, o->key);
        if (server->server_tls == NULL) {
            log_line("%s: %s", o->cert, tls_error(NULL, why, sizeof why));
            return -1;
        }
        if (o->client_ca != NULL &&
            tls_ask_certificate(server->server_tls, o->client_ca) != MAILPROTO_OK) {
            log_line("%s: %s", o->client_ca, tls_error(NULL, why, sizeof why));
            return -1;
        }
    }
    if (o->relay_tls != RELAY_TLS_NONE) {
        server->client_tls =
            tls_client_context(o->ca_file, o->relay_tls == RELAY_TLS_REQUIRED);
        if (server->client_tls == NULL) {
            log_line("%s: %s", o->ca_file == NULL ? "certificates" : o->ca_file,
                     tls_error(NULL, why, sizeof why));
            return -1;
        }
    }
    return 0;
}

static void attempt(void *ctx, struct destination *destination)
{
    struct server *server = ctx;
    if (destination->local) {
        local_attempt(&server->queue, destination);
    } else {
        relay_attempt(server, destination);
    }
}

static int open_queue(struct server *server)
{
    server->disk = worker_start(&server->loop, DISK_THREADS);
    server->names = worker_start(&server->loop, NAME_THREADS);
    if (server->disk == NULL || server->names == NULL) {
        log_line("no threads can be started");
        return -1;
    }
    server->queue = (struct queue){.loop = &server->loop,
                                   .worker = server->disk,
                                   .options = &server->options,
                                   .routes = &server->routes,
                                   .attempt = attempt,
                                   .ctx = server};
    return queue_open(&server->queue);
}

static int busy(const struct server *server)
{
    return server->conns != NULL || server->pop3s != NULL || server->imaps != NULL ||
           server->relays != NULL || worker_pending(server->disk) > 0 ||
           worker_pending(server->names) > 0 || linger_count() > 0;
}

static int serve(struct server *server)
{
    struct stopper stopper;
    if (catch_signals(&stopper, server) < 0 || listen_open(server) < 0) {
        return 1;
    }
    while (!server->stopping || (busy(server) && loop_now() < stopper.until)) {
        if (loop_turn(&server->loop) < 0) {
            log_line("poll failed");
            return 1;
        }
    }
    conns_stop(server, 1);
    readers_stop(server, 1);
    relays_stop(server, 1);
    linger_stop();
    worker_stop(server->disk);
    worker_stop(server->names);
    queue_close(&server->queue);
    loop_free(&server->loop);
    users_free(&server->users);
    tls_context_free(server->server_tls);
    tls_context_free(server->client_tls);
    log_line("stopped");
    return 0;
}

int main(int argc, char **argv)
{
    static struct server server;
    if (options_read(&server.options, argc, argv) < 0) {
        return 2;
    }
    log_name(server.options.name);
    loop_init(&server.loop);
    fit_descriptors(&server.options);
    if (users_read(&server.users, server.options.users) < 0 ||
        routes_init(&server.routes, &server.options, &server.users) < 0 ||
        open_auth(&server) < 0 || open_tls(&server) < 0 || open_queue(&server) < 0) {
        return 1;
    }
    return serve(&server);
}
