/* Where connections come in: see listen.h. */
#include "listen.h"
#include "../common/net.h"
#include "conn.h"
#include "linger.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ACCEPTS_A_TURN = 32,
    PAUSE_MS = 1000 /* when no descriptor is left, poll() would call again at once */
};

struct listener {
    struct server *server;
    struct watch watch;
};

static struct listener listeners[8];
static size_t listener_count;

/* RFC 5321 3.8: 421 also in place of the greeting. */
static void turn_away(struct server *server, int fd)
{
    char text[400];
    int len = snprintf(text, sizeof text, "421 %.255s Too many connections\r\n",
                       server->options.name);
    if (len > 0 && send(fd, text, (size_t)len, MSG_NOSIGNAL) == len) {
        linger(&server->loop, fd);
    } else {
        close(fd);
    }
}

static void ready(void *ctx, short events)
{
    struct listener *l = ctx;
    struct server *server = l->server;
    struct sockaddr_storage from;
    (void)events;
    l->watch.events = POLLIN;
    l->watch.due = LOOP_NEVER;
    for (int n = 0; n < ACCEPTS_A_TURN; n++) {
        int fd = net_accept(l->watch.fd);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                errno == ENOMEM) {
                log_line("accept: %s", strerror(errno));
                l->watch.events = 0;
                l->watch.due = loop_now() + PAUSE_MS;
            }
            return;
        }
        socklen_t len = sizeof from;
        if (getpeername(fd, (struct sockaddr *)&from, &len) < 0) {
            close(fd); /* gone already */
        } else if (server->conn_count >= server->options.max_connections) {
            turn_away(server, fd);
        } else {
            conn_open(server, fd, (const struct sockaddr *)&from);
        }
    }
}

int listen_open(struct server *server)
{
    const struct text_list *list = &server->options.listen;
    for (size_t i = 0; i < list->count; i++) {
        net_address address;
        const char *why = "not HOST:PORT";
        int fd = -1;
        if (listener_count == sizeof listeners / sizeof listeners[0]) {
            why = "too many addresses to listen on";
        } else if (net_parse(list->items[i], &address) == 0) {
            fd = net_listen(&address, &why);
        }
        if (fd < 0) {
            log_line("%s: %s", list->items[i], why);
            return -1;
        }
        struct listener *l = &listeners[listener_count++];
        l->server = server;
        l->watch = (struct watch){
            .fd = fd, .events = POLLIN, .due = LOOP_NEVER, .ctx = l, .ready = ready};
        loop_add(&server->loop, &l->watch);
        log_line("ready on %s:%u", address.host, net_port(fd));
    }
    return 0;
}

void listen_close(struct server *server)
{
    for (size_t i = 0; i < listener_count; i++) {
        loop_remove(&server->loop, &listeners[i].watch);
        close(listeners[i].watch.fd);
    }
    listener_count = 0;
}
