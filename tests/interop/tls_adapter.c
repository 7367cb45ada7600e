/*
 * One end of a TLS connection over a socket that it inherits, by the adapter of the
 * examples that it is linked with (test_tls_adapters.py). Says what the adapter says, and
 * what it would tell a session, whose place it takes. Knows tls.h; knows no protocol.
 *
 *   tls_adapter client <fds> <CA file, or -> <verify: 0, 1> <octets> [<host>]
 *   tls_adapter server <fds> <certificate> <key> <octets>
 *
 * The client sends so many octets, and the server sends as many back. With several sockets,
 * commas between, that is done on one after the other, with the same context; a client with
 * OpenSSL resumes its session then. TLS_CERT and TLS_KEY: what a client shows; TLS_CLIENT_CA:
 * whose certificates a server asks for.
 */
#include "net.h"
#include "tls.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char why[256];

static void print_octets(const void *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        printf("%02x", ((const unsigned char *)octets)[i]);
    }
    printf("\n");
}

/* What the session is told. */
mailproto_status mailproto_session_tls_started(mailproto_session *session,
                                               const mailproto_tls_info *info)
{
    (void)session;
    printf("up protocol=%.*s verified=%d resumed=%d type=%u cipher=%.*s binding=",
           (int)info->protocol.len, info->protocol.ptr,
           (info->flags & MAILPROTO_TLS_PEER_VERIFIED) != 0,
           (info->flags & MAILPROTO_TLS_RESUMED) != 0, (unsigned)info->binding_type,
           (int)info->cipher.len, info->cipher.ptr);
    print_octets(info->binding.ptr, info->binding.len);
    return MAILPROTO_OK;
}

/* What an exchange would be told besides. */
static void print_more(tls_connection *tls)
{
    unsigned char second[TLS_BINDING_MAX];
    char name[32], tight[4];
    size_t len = 0;
    unsigned type = tls_other_binding(tls, second, &len);
    size_t named = tls_peer_name(tls, name, sizeof name);
    printf("up other=%u name=%s tight=%d second=", type, named > 0 ? name : "",
           (int)tls_peer_name(tls, tight, sizeof tight));
    print_octets(second, len);
}

static void await(int fd, const tls_connection *tls)
{
    short events = tls_poll_events(tls);
    struct pollfd p = {fd, events, 0};
    if (events == 0 || poll(&p, 1, 20000) != 1) {
        printf("stuck: events %d\n", events);
        exit(1);
    }
}

static char octet(size_t at)
{
    return (char)(at * 7 + at / 251);
}

/* Sends, each time from another address and with all that is left, as a session does.
   0 or -1. */
static int put(tls_connection *tls, int fd, size_t len)
{
    size_t at = 0;
    int again = 0;
    while (at < len) {
        char *piece = malloc(len - at);
        if (piece == NULL) {
            return -1;
        }
        for (size_t i = 0; i < len - at; i++) {
            piece[i] = octet(at + i);
        }
        /* What was refused is repeated with more behind it. */
        size_t some = again ? len - at : (len - at + 1) / 2;
        size_t got = 0;
        mailproto_status st = tls_write(tls, piece, some, &got);
        free(piece);
        again = st == MAILPROTO_AGAIN;
        if (again) {
            await(fd, tls);
        } else if (st != MAILPROTO_OK || got == 0 || got > some) {
            printf("write: %d\n", (int)st);
            return -1;
        }
        at += st == MAILPROTO_OK ? got : 0;
    }
    return 0;
}

static int take(tls_connection *tls, int fd, size_t len)
{
    size_t at = 0;
    while (at < len) {
        char piece[1000];
        size_t got = 0;
        mailproto_status st = tls_read(tls, piece, sizeof piece, &got);
        if (st == MAILPROTO_AGAIN) {
            await(fd, tls);
            continue;
        }
        if (st != MAILPROTO_OK || got == 0 || got > len - at) {
            printf("read: %d after %zu\n", (int)st, at);
            return -1;
        }
        for (size_t i = 0; i < got; i++) {
            if (piece[i] != octet(at + i)) {
                printf("another octet at %zu\n", at + i);
                return -1;
            }
        }
        at += got;
    }
    return 0;
}

/* The other one goes first; it says so with TLS, or hangs up. */
static void expect_end(tls_connection *tls, int fd)
{
    char piece[10];
    size_t got = 0;
    mailproto_status st;
    while ((st = tls_read(tls, piece, sizeof piece, &got)) == MAILPROTO_AGAIN) {
        await(fd, tls);
    }
    printf("end: %s\n", st == MAILPROTO_EOF ? "EOF" : "something else");
}

static int talk(tls_connection *tls, int fd, int is_server, size_t octets)
{
    mailproto_status st;
    while ((st = tls_handshake(tls)) == MAILPROTO_AGAIN) {
        await(fd, tls);
    }
    if (st != MAILPROTO_OK) {
        printf("handshake: %s: %s\n",
               st == MAILPROTO_ERR_TLS ? "ERR_TLS" : "something else",
               tls_error(tls, why, sizeof why));
        return 0;
    }
    if (tls_started(NULL, tls) != MAILPROTO_OK) {
        return 1;
    }
    print_more(tls);
    if ((is_server ? take(tls, fd, octets) : put(tls, fd, octets)) < 0 ||
        (is_server ? put(tls, fd, octets) : take(tls, fd, octets)) < 0) {
        return 1;
    }
    printf("moved\n");
    if (is_server) {
        expect_end(tls, fd);
    }
    return 0;
}

/* A client's second connection is to resume the session of the first. */
#ifdef EXAMPLE_WITH_MBEDTLS
static void resume(tls_connection *tls)
{
    (void)tls;
}

static void remember(tls_connection *tls)
{
    (void)tls;
}
#else
static SSL_SESSION *session;

static void resume(tls_connection *tls)
{
    if (session != NULL && SSL_set_session(tls, session) != 1) {
        printf("the session cannot be set\n");
    }
    SSL_SESSION_free(session);
    session = NULL;
}

static void remember(tls_connection *tls)
{
    session = SSL_get1_session(tls);
}
#endif

static int connect_and_talk(tls_context *context, int is_server, int fd, size_t octets,
                            const char *host)
{
    tls_connection *tls =
        is_server ? tls_server_new(context, fd) : tls_client_new(context, fd, host);
    int code = 0;
    if (tls == NULL) {
        printf("no connection: %s\n", tls_error(NULL, why, sizeof why));
        return 0;
    }
    if (!is_server) {
        resume(tls);
    }
    code = talk(tls, fd, is_server, octets);
    if (!is_server) {
        remember(tls);
    }
    tls_free(tls);
    close(fd);
    return code;
}

static tls_context *make_context(int is_server, char **argv)
{
    const char *cert = getenv("TLS_CERT");
    const char *key = getenv("TLS_KEY");
    const char *client_ca = getenv("TLS_CLIENT_CA");
    const char *ca = strcmp(argv[3], "-") == 0 ? NULL : argv[3];
    tls_context *context = is_server ? tls_server_context(argv[3], argv[4])
                                     : tls_client_context(ca, atoi(argv[4]));
    mailproto_status st = MAILPROTO_OK;
    if (context != NULL && is_server && client_ca != NULL) {
        st = tls_ask_certificate(context, client_ca);
    } else if (context != NULL && !is_server && cert != NULL) {
        st = tls_use_certificate(context, cert, key);
    }
    if (context == NULL || st != MAILPROTO_OK) {
        printf("no context: %s\n", tls_error(NULL, why, sizeof why));
        tls_context_free(context);
        return NULL;
    }
    return context;
}

int main(int argc, char **argv)
{
    int is_server = argc > 1 && strcmp(argv[1], "server") == 0;
    if (argc < 6) {
        return 2;
    }
    net_ignore_sigpipe();
    setvbuf(stdout, NULL, _IOLBF, 0);
    tls_context *context = make_context(is_server, argv);
    int code = 0;
    for (char *fd = argv[2]; context != NULL && fd != NULL && code == 0;) {
        code = connect_and_talk(context, is_server, atoi(fd), (size_t)atol(argv[5]),
                                argc > 6 ? argv[6] : NULL);
        fd = strchr(fd, ',');
        fd = fd == NULL ? NULL : fd + 1;
    }
#ifndef EXAMPLE_WITH_MBEDTLS
    SSL_SESSION_free(session);
#endif
    tls_context_free(context);
    return code;
}
