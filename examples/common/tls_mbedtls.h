/*
 * TLS through mbedTLS under a mailproto session, for both roles: the functions of
 * tls_openssl.h, with the same meaning, and the same order of things.
 *
 * Knows mbedTLS, a transport and mailproto_tls_info. Knows no protocol.
 *
 * mbedTLS moves its bytes through two callbacks, so TLS can run over any transport that
 * a mailproto_io describes, a serial line or a modem's socket say: tls_client_over().
 *
 * mbedTLS 2.28 speaks TLS 1.2 and no TLS 1.3, and its interface does not give out the
 * Finished messages that tls-unique is made of: the channel binding is
 * tls-server-end-point (RFC 5929), and there is no second one.
 *
 * Version 3 hides members and wants random numbers in more places. Those branches are
 * written by its documentation and were never compiled: version 2.28 was.
 */
#ifndef EXAMPLE_TLS_MBEDTLS_H
#define EXAMPLE_TLS_MBEDTLS_H

#include <mailproto/pump.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tls_context tls_context;
typedef struct tls_connection tls_connection;

/* As in tls_openssl.h. */
#define TLS_BINDING_MAX 64

/* As in tls_openssl.h. `ca_file` NULL: those of the system, where Debian keeps them. */
tls_context *tls_client_context(const char *ca_file, int verify);
tls_context *tls_server_context(const char *cert_file, const char *key_file);
mailproto_status tls_use_certificate(tls_context *ctx, const char *cert_file,
                                     const char *key_file);
mailproto_status tls_ask_certificate(tls_context *ctx, const char *ca_file);
void tls_context_free(tls_context *ctx);

/* As in tls_openssl.h. */
tls_connection *tls_client_new(tls_context *ctx, int fd, const char *host);
tls_connection *tls_server_new(tls_context *ctx, int fd);

/* The same over a transport of the caller's, which is copied; its `ctx` stays valid. A
   client whose context verifies needs a host: without one it gets no connection. */
tls_connection *tls_client_over(tls_context *ctx, const mailproto_io *below,
                                const char *host);
tls_connection *tls_server_over(tls_context *ctx, const mailproto_io *below);

/* As in tls_openssl.h. */
mailproto_status tls_handshake(tls_connection *tls);
short tls_poll_events(const tls_connection *tls);
mailproto_status tls_read(void *tls, void *buf, size_t cap, size_t *got);
mailproto_status tls_write(void *tls, const void *buf, size_t len, size_t *put);
mailproto_status tls_started(mailproto_session *session, tls_connection *tls);
uint32_t tls_other_binding(tls_connection *tls, unsigned char data[TLS_BINDING_MAX],
                           size_t *len);
size_t tls_peer_name(tls_connection *tls, char *buf, size_t cap);
void tls_free(tls_connection *tls);

/* As in tls_openssl.h. NULL: why the last context or connection could not be made. */
const char *tls_error(const tls_connection *tls, char *buf, size_t cap);

#endif /* EXAMPLE_TLS_MBEDTLS_H */
