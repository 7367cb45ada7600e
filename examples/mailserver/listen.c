/* Where connections come in: see listen.h. */
#include "listen.h"
#include "../common/net.h"
#include "conn.h"
#ifdef MAILSERVER_IMAP
#include "imap.h"
#endif
#include "linger.h"
#include "log.h"
#include "pop3.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ACCEPTS_A_TURN = 32,
    PAUSE_MS = 1000 /* when no descriptor is left, poll() would call again at once */
};

/* Who is served there. */
enum service { SMTP, POP3, POP3S, IMAP, IMAPS };

struct listener {
    struct server *server;
    enum service service;
    struct watch watch;
};

static struct listener listeners[16];
static size_t listener_count;

/* RFC 5321 3.8: 421 also in place of the greeting. POP3 has the like; inside TLS nothing
   can be said yet. */
static void turn_away(const struct listener *l, int fd)
{
    char text[400] = "";
    int len = 0;
    if (l->service == SMTP) {
        len = snprintf(text, sizeof text, "421 %.255s Too many connections\r\n",
                       l->server->options.name);
    } else if (l->service == POP3) {
        len = snprintf(text, sizeof text, "-ERR [SYS/TEMP] Too many connections\r\n");
    } else if (l->service == IMAP) {
        len =
            snprintf(text, sizeof text, "* BYE [UNAVAILABLE] Too many connections\r\n");
    }
    if (len > 0 && send(fd, text, (size_t)len, MSG_NOSIGNAL) == len) {
        linger(&l->server->loop, fd);
    } else {
        close(fd);
    }
}

static void serve(const struct listener *l, int fd, const struct sockaddr *from)
{
    switch (l->service) {
    case SMTP:
        conn_open(l->server, fd, from);
        break;
    case POP3:
    case POP3S:
        pop3_open(l->server, fd, from, l->service == POP3S);
        break;
    case IMAP:
    case IMAPS:
    default:
#ifdef MAILSERVER_IMAP
        imap_open(l->server, fd, from, l->service == IMAPS);
#else
        close(fd);
#endif
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
            turn_away(l, fd);
        } else {
            serve(l, fd, (const struct sockaddr *)&from);
        }
    }
}

static int open_list(struct server *server, const struct text_list *list,
                     enum service service)
{
    static const char *const said[] = {"ready", "POP3", "POP3S", "IMAP", "IMAPS"};
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
        l->service = service;
        l->watch = (struct watch){
            .fd = fd, .events = POLLIN, .due = LOOP_NEVER, .ctx = l, .ready = ready};
        loop_add(&server->loop, &l->watch);
        log_line("%s on %s:%u", said[service], address.host, net_port(fd));
    }
    return 0;
}

int listen_open(struct server *server)
{
    const struct options *o = &server->options;
    /* SMTP last: who waits for "ready" may use the others as well. */
    if (open_list(server, &o->pop3, POP3) < 0 ||
        open_list(server, &o->pop3s, POP3S) < 0 ||
        open_list(server, &o->imap, IMAP) < 0 ||
        open_list(server, &o->imaps, IMAPS) < 0) {
        return -1;
    }
    return open_list(server, &o->listen, SMTP);
}

void listen_close(struct server *server)
{
    for (size_t i = 0; i < listener_count; i++) {
        loop_remove(&server->loop, &listeners[i].watch);
        close(listeners[i].watch.fd);
    }
    listener_count = 0;
}
