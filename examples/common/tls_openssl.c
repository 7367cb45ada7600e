/* TLS through OpenSSL: see tls_openssl.h. */
#include "tls_openssl.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* ---- contexts ------------------------------------------------------------------- */

static SSL_CTX *context(const SSL_METHOD *method)
{
    ERR_clear_error();
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (ctx == NULL) {
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION); /* RFC 8996 */
    /* A session shows its output anew for each write, perhaps at another address, and is
       glad about every part that could be sent. */
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Many mail servers hang up without a word. Whether something is missing at the end
       is the mail protocol's question, and it knows the answer. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    return ctx;
}

tls_context *tls_client_context(const char *ca_file, int verify)
{
    SSL_CTX *ctx = context(TLS_client_method());
    if (ctx == NULL) {
        return NULL;
    }
    SSL_CTX_set_verify(ctx, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    int trusted = ca_file == NULL ? SSL_CTX_set_default_verify_paths(ctx)
                                  : SSL_CTX_load_verify_locations(ctx, ca_file, NULL);
    if (trusted != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

mailproto_status tls_use_certificate(tls_context *ctx, const char *cert_file,
                                     const char *key_file)
{
    ERR_clear_error();
    int usable = SSL_CTX_use_certificate_chain_file(ctx, cert_file) == 1 &&
                 SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) == 1 &&
                 SSL_CTX_check_private_key(ctx) == 1;
    return usable ? MAILPROTO_OK : MAILPROTO_ERR_TLS;
}

tls_context *tls_server_context(const char *cert_file, const char *key_file)
{
    SSL_CTX *ctx = context(TLS_server_method());
    if (ctx != NULL && tls_use_certificate(ctx, cert_file, key_file) != MAILPROTO_OK) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

mailproto_status tls_ask_certificate(tls_context *ctx, const char *ca_file)
{
    /* A session that is resumed keeps the client's certificate, and must not be carried
       from a context that trusts others. The tickets' keys are each context's own. */
    static const unsigned char name[] = "clients";
    ERR_clear_error();
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca_file);
    if (names == NULL || SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != 1 ||
        SSL_CTX_set_session_id_context(ctx, name, sizeof name - 1) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return MAILPROTO_ERR_TLS;
    }
    SSL_CTX_set_client_CA_list(ctx, names); /* which it takes */
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return MAILPROTO_OK;
}

void tls_context_free(tls_context *ctx)
{
    SSL_CTX_free(ctx);
}

/* ---- connections ---------------------------------------------------------------- */

/* Whom the certificate must name. An address has no place in SNI (RFC 6066 3). */
static int expect_host(SSL *ssl, const char *host)
{
    if (host == NULL || *host == '\0') { /* OpenSSL would take anybody for it */
        ERR_raise(ERR_LIB_USER, ERR_R_PASSED_INVALID_ARGUMENT);
        return (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0;
    }
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1) {
        return 1;
    }
    ERR_clear_error(); /* it is no address: nothing that failed */
    char name[256];    /* OpenSSL's macro takes no const */
    if (strlen(host) >= sizeof name) {
        return 0;
    }
    memcpy(name, host, strlen(host) + 1);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

tls_connection *tls_client_new(tls_context *ctx, int fd, const char *host)
{
    ERR_clear_error();
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || !expect_host(ssl, host)) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return ssl;
}

tls_connection *tls_server_new(tls_context *ctx, int fd)
{
    ERR_clear_error();
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

void tls_free(tls_connection *ssl)
{
    if (ssl == NULL) {
        return;
    }
    if (SSL_is_init_finished(ssl)) {
        SSL_shutdown(ssl);
    }
    ERR_clear_error();
    SSL_free(ssl);
}

/* What OpenSSL's answer means to a session; `failed` is for what is TLS's own fault. */
static mailproto_status status_of(SSL *ssl, int answer, mailproto_status failed)
{
    switch (SSL_get_error(ssl, answer)) {
    case SSL_ERROR_NONE:
        return MAILPROTO_OK;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return MAILPROTO_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return MAILPROTO_EOF;
    default: /* SSL_ERROR_SYSCALL, SSL_ERROR_SSL */
        return failed;
    }
}

mailproto_status tls_handshake(tls_connection *ssl)
{
    /* The error queue is the thread's: what is in it from before would be taken for an
       error of this call. */
    ERR_clear_error();
    mailproto_status st = status_of(ssl, SSL_do_handshake(ssl), MAILPROTO_ERR_TLS);
    return st == MAILPROTO_EOF ? MAILPROTO_ERR_TLS : st;
}

short tls_poll_events(const tls_connection *ssl)
{
    if (SSL_want_write(ssl)) {
        return POLLOUT;
    }
    return SSL_want_read(ssl) ? POLLIN : 0;
}

mailproto_status tls_read(void *ssl, void *buf, size_t cap, size_t *got)
{
    ERR_clear_error();
    return status_of(ssl, SSL_read_ex(ssl, buf, cap, got), MAILPROTO_ERR_IO);
}

mailproto_status tls_write(void *ssl, const void *buf, size_t len, size_t *put)
{
    ERR_clear_error();
    mailproto_status st =
        status_of(ssl, SSL_write_ex(ssl, buf, len, put), MAILPROTO_ERR_IO);
    return st == MAILPROTO_EOF ? MAILPROTO_ERR_IO : st; /* closed: cannot write */
}

/* ---- what is known of the connection --------------------------------------------- */

/* tls-server-end-point (RFC 5929 4.1): the server's certificate, hashed with the hash of
   its signature, MD5 and SHA-1 replaced by SHA-256. 0: it has none. */
static size_t end_point(SSL *ssl, unsigned char hash[EVP_MAX_MD_SIZE])
{
    X509 *cert =
        SSL_is_server(ssl) ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
    int nid = NID_undef;
    if (cert == NULL || X509_get_signature_info(cert, &nid, NULL, NULL, NULL) != 1) {
        return 0;
    }
    if (nid == NID_md5 || nid == NID_sha1) {
        nid = NID_sha256;
    }
    const EVP_MD *md = EVP_get_digestbynid(nid);
    unsigned len = 0;
    if (md == NULL || X509_digest(cert, md, hash, &len) != 1) {
        return 0;
    }
    return len;
}

/* tls-exporter (RFC 9266 2). */
static size_t exporter(SSL *ssl, unsigned char key[32])
{
    static const char label[] = "EXPORTER-Channel-Binding";
    const unsigned char context[1] = {0}; /* of length 0 */
    return SSL_export_keying_material(ssl, key, 32, label, sizeof label - 1, context, 0,
                                      1) == 1
               ? 32
               : 0;
}

/* tls-unique (RFC 5929 3.1): the first Finished message of the handshake, which is the
   client's, or the server's when a session was resumed. It names this connection and no
   other only with the extended master secret (RFC 7627 5.4). 0: there is none. */
static size_t unique(SSL *ssl, unsigned char finished[EVP_MAX_MD_SIZE])
{
    if (SSL_get_extms_support(ssl) != 1) {
        return 0;
    }
    int ours = (SSL_is_server(ssl) != 0) == (SSL_session_reused(ssl) != 0);
    size_t len = ours ? SSL_get_finished(ssl, finished, EVP_MAX_MD_SIZE)
                      : SSL_get_peer_finished(ssl, finished, EVP_MAX_MD_SIZE);
    return len <= EVP_MAX_MD_SIZE ? len : 0;
}

/* One of the connection's bindings, the first or the second: its kind. TLS 1.3 has
   tls-exporter alone (RFC 9266), for those of RFC 5929 are not defined for it (RFC 8446
   C.5). Before it tls-unique comes first, which RFC 5802 6.1 has every server know. */
static uint32_t binding_of(SSL *ssl, int second, unsigned char data[EVP_MAX_MD_SIZE],
                           size_t *len)
{
    if (SSL_version(ssl) == TLS1_3_VERSION) {
        *len = second ? 0 : exporter(ssl, data);
        return *len > 0 ? MAILPROTO_BINDING_EXPORTER : MAILPROTO_BINDING_NONE;
    }
    *len = unique(ssl, data);
    if (*len > 0 && !second) {
        return MAILPROTO_BINDING_TLS_UNIQUE;
    }
    /* Without tls-unique this one is the first, and there is no second. */
    *len = *len > 0 || !second ? end_point(ssl, data) : 0;
    return *len > 0 ? MAILPROTO_BINDING_END_POINT : MAILPROTO_BINDING_NONE;
}

uint32_t tls_other_binding(tls_connection *ssl, unsigned char data[TLS_BINDING_MAX],
                           size_t *len)
{
    unsigned char binding[EVP_MAX_MD_SIZE];
    uint32_t type = binding_of(ssl, 1, binding, len);
    memcpy(data, binding, *len);
    return type;
}

static int peer_verified(const SSL *ssl)
{
    return SSL_get0_peer_certificate(ssl) != NULL &&
           (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0 &&
           SSL_get_verify_result(ssl) == X509_V_OK;
}

size_t tls_peer_name(tls_connection *ssl, char *buf, size_t cap)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);
    X509_NAME *subject = cert == NULL ? NULL : X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    /* Two names are as bad as none: which is meant? */
    if (!peer_verified(ssl) || at < 0 ||
        X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return 0;
    }
    unsigned char *name = NULL;
    int len = ASN1_STRING_to_UTF8(
        &name, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    size_t kept = 0;
    if (len > 0 && (size_t)len < cap && memchr(name, '\0', (size_t)len) == NULL) {
        kept = (size_t)len;
        memcpy(buf, name, kept);
        buf[kept] = '\0';
    }
    OPENSSL_free(name);
    return kept;
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

mailproto_status tls_started(mailproto_session *session, tls_connection *ssl)
{
    unsigned char binding[EVP_MAX_MD_SIZE];
    mailproto_tls_info info = {0};
    info.struct_size = sizeof info;
    info.protocol = bytes(SSL_get_version(ssl));
    info.cipher = bytes(SSL_get_cipher_name(ssl));
    info.flags |= peer_verified(ssl) ? MAILPROTO_TLS_PEER_VERIFIED : 0U;
    info.flags |= SSL_session_reused(ssl) ? MAILPROTO_TLS_RESUMED : 0U;
    info.binding_type = binding_of(ssl, 0, binding, &info.binding.len);
    info.binding.ptr = (const char *)binding;
    return mailproto_session_tls_started(session, &info);
}

const char *tls_error(const tls_connection *ssl, char *buf, size_t cap)
{
    long verdict = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);
    if (verdict != X509_V_OK && ssl != NULL &&
        (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
        snprintf(buf, cap, "certificate: %s", X509_verify_cert_error_string(verdict));
    } else if (reason != NULL) {
        snprintf(buf, cap, "%s", reason);
    } else if (ERR_SYSTEM_ERROR(code)) {
        snprintf(buf, cap, "%s", strerror(ERR_GET_REASON(code)));
    } else {
        snprintf(buf, cap, "the connection ended");
    }
    return buf;
}
