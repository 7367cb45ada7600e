/*
 * One connection of a program that waits: the callbacks of a mailproto_io that return
 * when bytes have moved, in the clear or through TLS, and never wait longer than the
 * session allows. Knows sockets, TLS and mailproto_session; no protocol.
 */
#ifndef EXAMPLE_CONNECTION_H
#define EXAMPLE_CONNECTION_H

#include "tls.h"

#include <mailproto/pump.h>
#include <stdint.h>

typedef struct connection {
    int fd;              /* a socket that does not block; poll() does the waiting */
    tls_connection *tls; /* NULL: in the clear */
    mailproto_session *session; /* whose time limits hold */
    uint32_t wait_id;           /* the protocol step that is waited for */
    int64_t deadline_ms;        /* when that step's time is up; 0: no step yet */
    unsigned char binding[TLS_BINDING_MAX]; /* TLS's second channel binding */
} connection;

/* Takes over the socket. */
void connection_init(connection *c, int fd, mailproto_session *session);

/* The transport for mailproto_pump(); `c` stays where it is. It serves before and after
   connection_start_tls() alike. */
mailproto_io connection_io(connection *c);

/* The settings of a client's connections. `ca_file` as in tls.h; `verify` 0: takes any
   certificate; `cert` and `key`: its own, or NULL. NULL: failed, see tls_error(). */
tls_context *connection_context(const char *ca_file, int verify, const char *cert,
                                const char *key);

/* The handshake; then tells the session. OK, or a negative status: see tls_error(). */
mailproto_status connection_start_tls(connection *c, tls_context *ctx,
                                      const char *host);

/* TLS's second channel binding: its kind, MAILPROTO_BINDING_NONE if it has none. */
uint32_t connection_other_binding(connection *c, mailproto_bytes *binding);

/* Ends TLS, closes the socket. */
void connection_close(connection *c);

#endif /* EXAMPLE_CONNECTION_H */
