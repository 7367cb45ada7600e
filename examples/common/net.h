/*
 * TCP for the examples: connect, listen, and the read and write callbacks of a
 * mailproto_io over a socket. Knows POSIX sockets and mailproto's status codes, no
 * protocol and no session.
 */
#ifndef EXAMPLE_NET_H
#define EXAMPLE_NET_H

#include <mailproto/base.h>
#include <stddef.h>

/* A host and a port, taken apart. */
typedef struct net_address {
    char host[256];
    char port[32];
} net_address;

/* Reads "mail.example:25", "192.0.2.1:25" or "[2001:db8::1]:25". 0, or -1: not so. */
int net_parse(const char *text, net_address *address);

/* Connects to the first address of the host that answers, waiting up to `timeout_ms` for
   each. The socket does not block. -1: failed, and `*why` says why (static text). */
int net_connect(const net_address *address, int timeout_ms, const char **why);

/* Listens; an empty host: on all addresses. Port "0": any, see net_port(). The socket
   does not block. -1: failed, and `*why` says why. */
int net_listen(const net_address *address, const char **why);

/* The port a socket is bound to. */
unsigned net_port(int fd);

/* Writes the address of this end of a connection as an address literal for EHLO (RFC 5321
   4.1.3): "[192.0.2.1]" or "[IPv6:2001:db8::1]". -1: it has none. */
int net_literal(int fd, char *buf, size_t cap);

/* Accepts a connection that does not block. -1: none now (or an error, in errno). */
int net_accept(int listener);

/* A peer that hangs up must be an error of write(), not the end of the program. For a
   library under the program (TLS) that writes without MSG_NOSIGNAL. */
void net_ignore_sigpipe(void);

/* The callbacks of mailproto_io. `fd` points to the socket (an int); AGAIN when it would
   block, or when its SO_RCVTIMEO or SO_SNDTIMEO ran out. */
mailproto_status net_read(void *fd, void *buf, size_t cap, size_t *got);
mailproto_status net_write(void *fd, const void *buf, size_t len, size_t *put);

#endif /* EXAMPLE_NET_H */
