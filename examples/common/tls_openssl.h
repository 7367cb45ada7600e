/*
 * TLS through OpenSSL under a mailproto session, for both roles.
 *
 * Knows OpenSSL, a socket and mailproto_tls_info. Knows no protocol: what is here
 * serves SMTP, POP3 and IMAP alike.
 *
 * The order of things, on EV_TLS_GO (or before the first byte with implicit TLS):
 *
 *     ssl = tls_client_new(ctx, fd, "mail.example");      or tls_server_new(ctx, fd)
 *     while ((st = tls_handshake(ssl)) == MAILPROTO_AGAIN) {
 *         wait until poll() reports tls_poll_events(ssl) for the socket
 *     }
 *     if (st == MAILPROTO_OK) {
 *         io.ctx = ssl; io.read = tls_read; io.write = tls_write;
 *         tls_started(session, ssl);
 *     } else {
 *         mailproto_session_fail(session, st);
 *     }
 *
 * On a socket that blocks, AGAIN means that its SO_RCVTIMEO or SO_SNDTIMEO ran out.
 * A program that uses this file ignores SIGPIPE: see net_ignore_sigpipe().
 */
#ifndef EXAMPLE_TLS_OPENSSL_H
#define EXAMPLE_TLS_OPENSSL_H

#include <mailproto/session.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

/* The names that all adapters have. */
typedef SSL_CTX tls_context;
typedef SSL tls_connection;

/* Octets that a channel binding has at most: a session keeps so many. */
#define TLS_BINDING_MAX 64

/* Settings shared by all connections of a client. `ca_file`: certificates to trust, or
   NULL for those of the system. `verify` 0: take any certificate, which protects from
   listeners but not from an attacker in between. NULL: failed, see tls_error(). */
tls_context *tls_client_context(const char *ca_file, int verify);

/* Settings shared by all connections of a server: its certificate (PEM, intermediate
   ones behind it) and the private key. NULL: failed, see tls_error(). */
tls_context *tls_server_context(const char *cert_file, const char *key_file);

/* A client's: the certificate (PEM, as above) that it shows to a server that asks for one.
   OK, or MAILPROTO_ERR_TLS: see tls_error(). */
mailproto_status tls_use_certificate(tls_context *ctx, const char *cert_file,
                                     const char *key_file);

/* A server's: asks clients for a certificate that one of the CAs in the file signed. One
   that does not hold ends the handshake; who has none is served all the same. OK, or
   MAILPROTO_ERR_TLS. */
mailproto_status tls_ask_certificate(tls_context *ctx, const char *ca_file);

/* Releases them, after the last connection; NULL is allowed. */
void tls_context_free(tls_context *ctx);

/* TLS on a connected socket. `host` is whom the user asked for, a name or an IP address:
   the certificate must be made out to it (RFC 6125, RFC 7817), and a name is also sent
   in the handshake (SNI); without one a context that verifies gets no connection. The
   socket stays the caller's. NULL: failed. */
tls_connection *tls_client_new(tls_context *ctx, int fd, const char *host);

/* The same for an accepted connection of a server. */
tls_connection *tls_server_new(tls_context *ctx, int fd);

/* Goes on with the handshake: OK, AGAIN (poll for tls_poll_events(), call again), or
   MAILPROTO_ERR_TLS (see tls_error()). */
mailproto_status tls_handshake(tls_connection *ssl);

/* What the last call that said AGAIN waits for: POLLIN or POLLOUT. It may be the other
   one than expected: a read can have to write first. 0: nothing. */
short tls_poll_events(const tls_connection *ssl);

/* The callbacks of mailproto_io, `ctx` being the connection. With a non-blocking socket read
   until AGAIN before the next poll(), as mailproto_pump() does: OpenSSL may hold bytes
   of which poll() knows nothing. */
mailproto_status tls_read(void *ssl, void *buf, size_t cap, size_t *got);
mailproto_status tls_write(void *ssl, const void *buf, size_t len, size_t *put);

/* After the handshake: tells the session that TLS is up, whether the peer was verified,
   protocol and cipher, and the channel binding: tls-exporter with TLS 1.3 (RFC 9266);
   before that tls-unique, or tls-server-end-point where it cannot be had (RFC 5929). As
   mailproto_session_tls_started(). */
mailproto_status tls_started(mailproto_session *session, tls_connection *ssl);

/* The connection's second channel binding, for mailproto_sasl_options.other_binding: its
   MAILPROTO_BINDING_..., NONE when it has only the one that the session was told. */
uint32_t tls_other_binding(tls_connection *ssl, unsigned char data[TLS_BINDING_MAX],
                           size_t *len);

/* Whom the peer has proven to be: the common name of its certificate, if that was
   verified and has one, terminated. Its length; 0: nobody, or it has no room. */
size_t tls_peer_name(tls_connection *ssl, char *buf, size_t cap);

/* Says good-bye without waiting for an answer, and releases; NULL is allowed. */
void tls_free(tls_connection *ssl);

/* Why the last call failed, in English, for people. `ssl` may be NULL. */
const char *tls_error(const tls_connection *ssl, char *buf, size_t cap);

#endif /* EXAMPLE_TLS_OPENSSL_H */
