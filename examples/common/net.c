/* TCP for the examples: see net.h. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int net_parse(const char *text, net_address *address)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] == '\0' ||
        strlen(colon + 1) >= sizeof address->port) {
        return -1;
    }
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') { /* RFC 3986 3.2.2 */
        text++;
        len -= 2;
    }
    if (len >= sizeof address->host) {
        return -1;
    }
    memcpy(address->host, text, len);
    address->host[len] = '\0';
    memcpy(address->port, colon + 1, strlen(colon + 1) + 1);
    return 0;
}

/* Makes a socket that does not block and dies with exec. */
static int prepare(int fd)
{
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return -1;
    }
    return 0;
}

/* A session already sends in as few pieces as the protocol allows; waiting for more
   (Nagle) would only add the peer's delayed acknowledgement. */
static void send_at_once(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* 0, or -1 with errno. */
static int connect_within(int fd, const struct addrinfo *ai, int timeout_ms)
{
    if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS && errno != EINTR) {
        return -1;
    }
    struct pollfd p = {fd, POLLOUT, 0};
    int ready;
    do {
        ready = poll(&p, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) {
        errno = ETIMEDOUT;
    }
    if (ready <= 0) {
        return -1;
    }
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0) {
        errno = error;
    }
    return error == 0 ? 0 : -1;
}

int net_connect(const net_address *address, int timeout_ms, const char **why)
{
    struct addrinfo hints = {0};
    struct addrinfo *list = NULL;
    hints.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(address->host, address->port, &hints, &list);
    if (error != 0) {
        *why = gai_strerror(error);
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *ai = list; ai != NULL && fd < 0; ai = ai->ai_next) {
        fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
        if (prepare(fd) < 0 || connect_within(fd, ai, timeout_ms) < 0) {
            *why = strerror(errno);
            if (fd >= 0) {
                close(fd);
            }
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd >= 0) {
        send_at_once(fd);
    }
    return fd;
}

int net_listen(const net_address *address, const char **why)
{
    struct addrinfo hints = {0};
    struct addrinfo *list = NULL;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    const char *host = address->host[0] == '\0' ? NULL : address->host;
    int error = getaddrinfo(host, address->port, &hints, &list);
    if (error != 0) {
        *why = gai_strerror(error);
        return -1;
    }
    int fd = -1;
    int on = 1;
    for (const struct addrinfo *ai = list; ai != NULL && fd < 0; ai = ai->ai_next) {
        fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
        if (prepare(fd) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
            bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
            *why = strerror(errno);
            if (fd >= 0) {
                close(fd);
            }
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* A socket's own address. */
typedef union socket_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
} socket_name;

static int own_name(int fd, socket_name *name)
{
    socklen_t len = sizeof *name;
    return getsockname(fd, &name->any, &len);
}

unsigned net_port(int fd)
{
    socket_name name;
    if (own_name(fd, &name) < 0) {
        return 0;
    }
    return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

int net_literal(int fd, char *buf, size_t cap)
{
    socket_name name;
    char text[INET6_ADDRSTRLEN];
    int n = -1;
    if (own_name(fd, &name) < 0) {
        return -1;
    }
    if (name.any.sa_family == AF_INET &&
        inet_ntop(AF_INET, &name.v4.sin_addr, text, sizeof text) != NULL) {
        n = snprintf(buf, cap, "[%s]", text);
    } else if (name.any.sa_family == AF_INET6 &&
               inet_ntop(AF_INET6, &name.v6.sin6_addr, text, sizeof text) != NULL) {
        n = snprintf(buf, cap, "[IPv6:%s]", text);
    }
    return n > 0 && (size_t)n < cap ? 0 : -1;
}

int net_accept(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        return -1;
    }
    if (prepare(fd) < 0) {
        close(fd);
        return -1;
    }
    send_at_once(fd);
    return fd;
}

void net_ignore_sigpipe(void)
{
    signal(SIGPIPE, SIG_IGN);
}

mailproto_status net_read(void *fd, void *buf, size_t cap, size_t *got)
{
    ssize_t n;
    do {
        n = recv(*(const int *)fd, buf, cap, 0);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        *got = (size_t)n;
        return MAILPROTO_OK;
    }
    if (n == 0) {
        return MAILPROTO_EOF;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? MAILPROTO_AGAIN : MAILPROTO_ERR_IO;
}

mailproto_status net_write(void *fd, const void *buf, size_t len, size_t *put)
{
    ssize_t n;
    do {
        n = send(*(const int *)fd, buf, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        *put = (size_t)n;
        return MAILPROTO_OK;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? MAILPROTO_AGAIN : MAILPROTO_ERR_IO;
}
