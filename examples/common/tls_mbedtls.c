/* TLS through mbedTLS: see tls_mbedtls.h. */
#include "tls_mbedtls.h"
#include "net.h"

#include <arpa/inet.h>
#include <mbedtls/asn1.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/oid.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What versions 2.28 and 3 do not have in common. */
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h> /* TLS 1.3 is made of it */
#define OF_CERT(member) MBEDTLS_PRIVATE(member)
#define WITH_RANDOM(c) , mbedtls_ctr_drbg_random, &(c)->random
#else
#define OF_CERT(member) member
#define WITH_RANDOM(c)
#endif

#define SYSTEM_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

struct tls_context {
    mbedtls_ssl_config config;
    mbedtls_x509_crt trusted; /* CAs of the peers */
    mbedtls_x509_crt own;     /* the certificate that is shown ... */
    mbedtls_pk_context key;   /* ... and its key */
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    int is_server;
    int verify; /* a certificate of the peer's counts, and must hold */
};

struct tls_connection {
    mbedtls_ssl_context ssl;
    tls_context *ctx;
    mailproto_io below;        /* where the encrypted bytes go */
    int fd;                    /* of a transport that is a socket */
    unsigned char address[16]; /* the host, if it is an address ... */
    size_t address_len;        /* ... 4 or 16 octets; 0: it is a name */
    size_t pending;            /* octets of a write that is to be repeated */
    short blocked;             /* what the last call that said AGAIN waits for */
    int up;                    /* the handshake is over */
    int wrong_address;         /* the certificate is for another one */
    int error;                 /* the last of mbedTLS */
};

/* Why no context or connection could be made; the program's, as programs make these at
   their start, or in the one thread that has all connections. */
static int making_failed;

/* ---- contexts ------------------------------------------------------------------- */

static int set_up(tls_context *c, int endpoint)
{
    int error =
        mbedtls_ctr_drbg_seed(&c->random, mbedtls_entropy_func, &c->entropy, NULL, 0);
#if MBEDTLS_VERSION_MAJOR >= 3
    if (error == 0 && psa_crypto_init() != PSA_SUCCESS) {
        error = MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
#endif
    if (error == 0) {
        error = mbedtls_ssl_config_defaults(&c->config, endpoint,
                                            MBEDTLS_SSL_TRANSPORT_STREAM,
                                            MBEDTLS_SSL_PRESET_DEFAULT);
    }
    mbedtls_ssl_conf_rng(&c->config, mbedtls_ctr_drbg_random, &c->random);
#if MBEDTLS_VERSION_MAJOR < 3 /* later ones have no older TLS than 1.2 (RFC 8996) */
    mbedtls_ssl_conf_min_version(&c->config, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
#endif
    return error;
}

static tls_context *context(int endpoint)
{
    tls_context *c = calloc(1, sizeof *c);
    if (c == NULL) {
        making_failed = MBEDTLS_ERR_SSL_ALLOC_FAILED;
        return NULL;
    }
    mbedtls_ssl_config_init(&c->config);
    mbedtls_x509_crt_init(&c->trusted);
    mbedtls_x509_crt_init(&c->own);
    mbedtls_pk_init(&c->key);
    mbedtls_entropy_init(&c->entropy);
    mbedtls_ctr_drbg_init(&c->random);
    c->is_server = endpoint == MBEDTLS_SSL_IS_SERVER;
    making_failed = set_up(c, endpoint);
    return c;
}

/* The context, or NULL when a step of its making failed. */
static tls_context *made(tls_context *c)
{
    if (making_failed != 0) {
        tls_context_free(c);
        return NULL;
    }
    return c;
}

/* Positive answers: so many of the file are not understood, which is no harm. */
static int trust(tls_context *c, const char *ca_file)
{
    int error = mbedtls_x509_crt_parse_file(&c->trusted, ca_file);
    mbedtls_ssl_conf_ca_chain(&c->config, &c->trusted, NULL);
    return error < 0 ? error : 0;
}

tls_context *tls_client_context(const char *ca_file, int verify)
{
    tls_context *c = context(MBEDTLS_SSL_IS_CLIENT);
    if (c == NULL || making_failed != 0) {
        return made(c);
    }
    making_failed = trust(c, ca_file == NULL ? SYSTEM_CA_FILE : ca_file);
    c->verify = verify;
    mbedtls_ssl_conf_authmode(&c->config, verify ? MBEDTLS_SSL_VERIFY_REQUIRED
                                                 : MBEDTLS_SSL_VERIFY_NONE);
    return made(c);
}

mailproto_status tls_use_certificate(tls_context *ctx, const char *cert_file,
                                     const char *key_file)
{
    making_failed = mbedtls_x509_crt_parse_file(&ctx->own, cert_file);
    if (making_failed == 0) {
        making_failed =
            mbedtls_pk_parse_keyfile(&ctx->key, key_file, NULL WITH_RANDOM(ctx));
    }
    if (making_failed == 0) {
        making_failed = mbedtls_pk_check_pair(&ctx->own.pk, &ctx->key WITH_RANDOM(ctx));
    }
    if (making_failed == 0) {
        making_failed = mbedtls_ssl_conf_own_cert(&ctx->config, &ctx->own, &ctx->key);
    }
    return making_failed == 0 ? MAILPROTO_OK : MAILPROTO_ERR_TLS;
}

tls_context *tls_server_context(const char *cert_file, const char *key_file)
{
    tls_context *c = context(MBEDTLS_SSL_IS_SERVER);
    if (c != NULL && making_failed == 0) {
        tls_use_certificate(c, cert_file, key_file);
    }
    return made(c);
}

mailproto_status tls_ask_certificate(tls_context *ctx, const char *ca_file)
{
    making_failed = trust(ctx, ca_file);
    if (making_failed != 0) {
        return MAILPROTO_ERR_TLS;
    }
    /* OPTIONAL lets those in that have none, and those whose certificate does not hold:
       tls_handshake() tells them apart. */
    ctx->verify = 1;
    mbedtls_ssl_conf_authmode(&ctx->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    return MAILPROTO_OK;
}

void tls_context_free(tls_context *ctx)
{
    if (ctx == NULL) {
        return;
    }
    mbedtls_ssl_config_free(&ctx->config);
    mbedtls_x509_crt_free(&ctx->trusted);
    mbedtls_x509_crt_free(&ctx->own);
    mbedtls_pk_free(&ctx->key);
    mbedtls_ctr_drbg_free(&ctx->random);
    mbedtls_entropy_free(&ctx->entropy);
    free(ctx);
}

/* ---- the transport below ---------------------------------------------------------- */

static int below_read(void *ctx, unsigned char *buf, size_t cap)
{
    tls_connection *t = ctx;
    size_t got = 0;
    switch (t->below.read(t->below.ctx, buf, cap, &got)) {
    case MAILPROTO_OK:
        return (int)got; /* a record is smaller than an int */
    case MAILPROTO_AGAIN:
        return MBEDTLS_ERR_SSL_WANT_READ;
    case MAILPROTO_EOF:
        return 0;
    default:
        return MBEDTLS_ERR_NET_RECV_FAILED;
    }
}

static int below_write(void *ctx, const unsigned char *buf, size_t len)
{
    tls_connection *t = ctx;
    size_t put = 0;
    switch (t->below.write(t->below.ctx, buf, len, &put)) {
    case MAILPROTO_OK:
        return (int)put;
    case MAILPROTO_AGAIN:
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    default:
        return MBEDTLS_ERR_NET_SEND_FAILED;
    }
}

/* ---- connections ---------------------------------------------------------------- */

/* Whom the certificate must name. mbedTLS 2.28 compares names only, and an address has
   no place in SNI (RFC 6066 3): it is compared here, after the handshake. */
static int expect_host(tls_connection *t, const char *host)
{
    if (inet_pton(AF_INET, host, t->address) == 1) {
        t->address_len = 4;
    } else if (inet_pton(AF_INET6, host, t->address) == 1) {
        t->address_len = 16;
    }
    return mbedtls_ssl_set_hostname(&t->ssl, t->address_len > 0 ? NULL : host);
}

/* A client that verifies must know whom: mbedTLS would take a certificate of anybody's
   whom the CA knows. */
static int needs_host(const tls_context *ctx, const char *host)
{
    if (ctx->verify && (host == NULL || *host == '\0')) {
        making_failed = MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
        return 1;
    }
    return 0;
}

static tls_connection *connection(tls_context *ctx, const mailproto_io *below,
                                  const char *host)
{
    tls_connection *t = calloc(1, sizeof *t);
    if (t == NULL) {
        making_failed = MBEDTLS_ERR_SSL_ALLOC_FAILED;
        return NULL;
    }
    t->ctx = ctx;
    t->below = *below;
    mbedtls_ssl_init(&t->ssl);
    making_failed = mbedtls_ssl_setup(&t->ssl, &ctx->config);
    if (making_failed == 0 && host != NULL) {
        making_failed = expect_host(t, host);
    }
    if (making_failed != 0) {
        tls_free(t);
        return NULL;
    }
    mbedtls_ssl_set_bio(&t->ssl, t, below_write, below_read, NULL);
    return t;
}

/* The socket lies in the connection, where the callbacks find it. */
static tls_connection *over_socket(tls_context *ctx, int fd, const char *host)
{
    mailproto_io below = {sizeof below, 0, NULL, net_read, net_write};
    tls_connection *t = connection(ctx, &below, host);
    if (t != NULL) {
        t->fd = fd;
        t->below.ctx = &t->fd;
    }
    return t;
}

tls_connection *tls_client_over(tls_context *ctx, const mailproto_io *below,
                                const char *host)
{
    return needs_host(ctx, host) ? NULL : connection(ctx, below, host);
}

tls_connection *tls_server_over(tls_context *ctx, const mailproto_io *below)
{
    return connection(ctx, below, NULL);
}

tls_connection *tls_client_new(tls_context *ctx, int fd, const char *host)
{
    return needs_host(ctx, host) ? NULL : over_socket(ctx, fd, host);
}

tls_connection *tls_server_new(tls_context *ctx, int fd)
{
    return over_socket(ctx, fd, NULL);
}

void tls_free(tls_connection *tls)
{
    if (tls == NULL) {
        return;
    }
    if (tls->up) {
        mbedtls_ssl_close_notify(&tls->ssl);
    }
    mbedtls_ssl_free(&tls->ssl);
    free(tls);
}

/* What mbedTLS's answer means to a session; `failed` is for what is TLS's own fault. */
static mailproto_status status_of(tls_connection *t, int answer,
                                  mailproto_status failed)
{
    t->blocked = 0;
    if (answer > 0) {
        return MAILPROTO_OK;
    }
    switch (answer) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        t->blocked = POLLIN;
        return MAILPROTO_AGAIN;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        t->blocked = POLLOUT;
        return MAILPROTO_AGAIN;
    case 0: /* the connection ended without a word, as many mail servers do it: whether
               something is missing is the mail protocol's question */
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return MAILPROTO_EOF;
    default:
        t->error = answer;
        return failed;
    }
}

/* Whether the peer's certificate is made out to the address (RFC 5280 4.2.1.6). */
static int names_address(const tls_connection *t)
{
    enum { IP_ADDRESS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7 }; /* iPAddress [7] */
    const mbedtls_x509_crt *cert = mbedtls_ssl_get_peer_cert(&t->ssl);
    const mbedtls_x509_sequence *at = cert == NULL ? NULL : &cert->subject_alt_names;
    for (; at != NULL; at = at->next) {
        if (at->buf.tag == IP_ADDRESS && at->buf.len == t->address_len &&
            memcmp(at->buf.p, t->address, t->address_len) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether the peer has shown a certificate, and it was looked at and holds. */
static int peer_verified(const tls_connection *t)
{
    return t->ctx->verify && mbedtls_ssl_get_peer_cert(&t->ssl) != NULL &&
           mbedtls_ssl_get_verify_result(&t->ssl) == 0;
}

mailproto_status tls_handshake(tls_connection *tls)
{
    int answer = mbedtls_ssl_handshake(&tls->ssl);
    if (answer != 0) {
        mailproto_status st = status_of(tls, answer, MAILPROTO_ERR_TLS);
        return st == MAILPROTO_AGAIN ? st : MAILPROTO_ERR_TLS;
    }
    tls->blocked = 0;
    tls->up = 1;
    if (tls->ctx->verify && tls->address_len > 0 && !names_address(tls)) {
        tls->wrong_address = 1;
        return MAILPROTO_ERR_TLS;
    }
    if (tls->ctx->is_server && tls->ctx->verify &&
        mbedtls_ssl_get_peer_cert(&tls->ssl) != NULL && !peer_verified(tls)) {
        mbedtls_ssl_send_alert_message(&tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                       MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
        tls->up = 0;
        return MAILPROTO_ERR_TLS;
    }
    return MAILPROTO_OK;
}

short tls_poll_events(const tls_connection *tls)
{
    return tls->blocked;
}

mailproto_status tls_read(void *tls, void *buf, size_t cap, size_t *got)
{
    tls_connection *t = tls;
    int answer = mbedtls_ssl_read(&t->ssl, buf, cap);
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
    while (answer == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) { /* TLS 1.3 */
        answer = mbedtls_ssl_read(&t->ssl, buf, cap);
    }
#endif
    *got = answer > 0 ? (size_t)answer : 0;
    return status_of(t, answer, MAILPROTO_ERR_IO);
}

mailproto_status tls_write(void *tls, const void *buf, size_t len, size_t *put)
{
    tls_connection *t = tls;
    /* A write that could not be finished is encrypted already: it must be repeated with
       the same length, though the session may have more to say by now. */
    size_t now = t->pending > 0 && t->pending < len ? t->pending : len;
    int answer = mbedtls_ssl_write(&t->ssl, buf, now);
    mailproto_status st = status_of(t, answer, MAILPROTO_ERR_IO);
    t->pending = st == MAILPROTO_AGAIN ? now : 0;
    *put = answer > 0 ? (size_t)answer : 0;
    return st == MAILPROTO_EOF ? MAILPROTO_ERR_IO : st; /* closed: cannot write */
}

/* ---- what is known of the connection --------------------------------------------- */

/* tls-server-end-point (RFC 5929 4.1): the server's certificate, hashed with the hash of
   its signature, MD5 and SHA-1 replaced by SHA-256. 0: it has none. */
static size_t end_point(const tls_connection *t,
                        unsigned char hash[MBEDTLS_MD_MAX_SIZE])
{
    const mbedtls_x509_crt *cert =
        t->ctx->is_server ? &t->ctx->own : mbedtls_ssl_get_peer_cert(&t->ssl);
    if (cert == NULL) {
        return 0;
    }
    mbedtls_md_type_t type = cert->OF_CERT(sig_md);
    if (type == MBEDTLS_MD_MD5 || type == MBEDTLS_MD_SHA1) {
        type = MBEDTLS_MD_SHA256;
    }
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);
    if (md == NULL || mbedtls_md(md, cert->raw.p, cert->raw.len, hash) != 0) {
        return 0;
    }
    return mbedtls_md_get_size(md);
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_KEYING_MATERIAL_EXPORT)
/* tls-exporter (RFC 9266 2). */
static size_t exporter(tls_connection *t, unsigned char key[32])
{
    static const char label[] = "EXPORTER-Channel-Binding";
    return mbedtls_ssl_export_keying_material(&t->ssl, key, 32, label, sizeof label - 1,
                                              NULL, 0, 1) == 0
               ? 32
               : 0;
}
#else
static size_t exporter(tls_connection *t, unsigned char key[32])
{
    (void)t;
    (void)key;
    return 0;
}
#endif

/* The connection's binding: its kind. */
static uint32_t binding_of(tls_connection *t, unsigned char data[MBEDTLS_MD_MAX_SIZE],
                           size_t *len)
{
    if (strcmp(mbedtls_ssl_get_version(&t->ssl), "TLSv1.3") == 0) {
        *len = exporter(t, data);
        return *len > 0 ? MAILPROTO_BINDING_EXPORTER : MAILPROTO_BINDING_NONE;
    }
    *len = end_point(t, data);
    return *len > 0 ? MAILPROTO_BINDING_END_POINT : MAILPROTO_BINDING_NONE;
}

uint32_t tls_other_binding(tls_connection *tls, unsigned char data[TLS_BINDING_MAX],
                           size_t *len)
{
    (void)tls;
    (void)data;
    *len = 0;
    return MAILPROTO_BINDING_NONE;
}

size_t tls_peer_name(tls_connection *tls, char *buf, size_t cap)
{
    const mbedtls_x509_crt *cert = mbedtls_ssl_get_peer_cert(&tls->ssl);
    const mbedtls_x509_name *at = cert == NULL ? NULL : &cert->subject;
    const mbedtls_x509_buf *name = NULL;
    if (!peer_verified(tls)) {
        return 0;
    }
    for (; at != NULL; at = at->next) {
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &at->oid) == 0) {
            if (name != NULL) { /* two are as bad as none: which is meant? */
                return 0;
            }
            name = &at->val;
        }
    }
    /* Other kinds of strings are not in UTF-8. */
    if (name == NULL || name->len == 0 || name->len >= cap ||
        (name->tag != MBEDTLS_ASN1_UTF8_STRING &&
         name->tag != MBEDTLS_ASN1_PRINTABLE_STRING) ||
        memchr(name->p, '\0', name->len) != NULL) {
        return 0;
    }
    memcpy(buf, name->p, name->len);
    buf[name->len] = '\0';
    return name->len;
}

mailproto_status tls_started(mailproto_session *session, tls_connection *tls)
{
    unsigned char binding[MBEDTLS_MD_MAX_SIZE];
    mailproto_tls_info info = {0};
    info.struct_size = sizeof info;
    info.protocol = bytes(mbedtls_ssl_get_version(&tls->ssl));
    info.cipher = bytes(mbedtls_ssl_get_ciphersuite(&tls->ssl));
    info.flags |= peer_verified(tls) ? MAILPROTO_TLS_PEER_VERIFIED : 0U;
    info.binding_type = binding_of(tls, binding, &info.binding.len);
    info.binding.ptr = (const char *)binding;
    return mailproto_session_tls_started(session, &info);
}

/* What is wrong with the peer's certificate; 0: nothing, or it was not asked for. */
static uint32_t verdict_of(const tls_connection *t)
{
    uint32_t verdict = t->ctx->verify ? mbedtls_ssl_get_verify_result(&t->ssl) : 0;
    if (verdict == UINT32_MAX || /* not looked at yet */
        (t->ctx->is_server && verdict == MBEDTLS_X509_BADCERT_MISSING)) {
        verdict = 0;
    }
    return verdict;
}

const char *tls_error(const tls_connection *tls, char *buf, size_t cap)
{
    uint32_t verdict = tls == NULL ? 0 : verdict_of(tls);
    int error = tls == NULL ? making_failed : tls->error;
    if (tls != NULL && tls->wrong_address) {
        snprintf(buf, cap, "certificate: it is for another address");
    } else if (verdict != 0) {
        int len = snprintf(buf, cap, "certificate: ");
        if (len > 0 && (size_t)len < cap) {
            mbedtls_x509_crt_verify_info(buf + len, cap - (size_t)len, "", verdict);
            buf[strcspn(buf, "\n")] = '\0'; /* the first of its lines says enough */
        }
    } else if (error != 0) {
        mbedtls_strerror(error, buf, cap);
    } else {
        snprintf(buf, cap, "the connection ended");
    }
    return buf;
}
