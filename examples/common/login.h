/*
 * A client's authentication on any session: the strongest mechanism that both sides
 * allow, and the next one when the server refuses it.
 *
 * Knows sasl.h and session.h, so that what is here serves SMTP, POP3 and IMAP alike; a
 * terminal, a configuration and a TLS library it does not know.
 *
 * When the session can authenticate (MAILPROTO_EV_SMTP_CAPS), and then at every event:
 *
 *     st = login_start(&login, session, tag);
 *     st = login_event(&login, &ev);
 */
#ifndef EXAMPLE_LOGIN_H
#define EXAMPLE_LOGIN_H

#include <mailproto/sasl.h>

typedef struct login {
    /* Filled by the caller; all of it stays valid. */
    const char *user;
    const char *password;   /* or NULL */
    const char *token;      /* an OAuth access token, or NULL */
    const char *mechanisms; /* only these, blanks between; NULL: any but ANONYMOUS */
    const char *host;       /* the server as the user named it, and ... */
    unsigned port;          /* ... its port, for OAUTHBEARER */
    int has_certificate;    /* TLS shows one that the server may know us by */
    int allow_clear;        /* passwords and tokens also without TLS, and ... */
    int allow_unverified;   /* ... to a server whose certificate was not verified */
    int allow_guessing;     /* also what lets such a server, or who listens, guess the
                               password at leisure: CRAM-MD5 */
    /* The connection's second channel binding, if it has one; the first is what the TLS
       adapter told the session. */
    uint32_t other_binding_type;
    mailproto_bytes other_binding;
    /* Whether another mechanism may do after this refusal; NULL: by SMTP's codes. */
    int (*another_may_do)(const mailproto_event *ev);

    /* This file's. */
    mailproto_session *session;
    uint32_t tag;
    mailproto_sasl_choice choice;
    mailproto_sasl *sasl; /* lies in mem; NULL: no exchange now */
    void *mem;
    int waits; /* for room, to begin */
} login;

/* Begins. OK: the events go on with it. MAILPROTO_ERR_NOT_OFFERED: there is no mechanism
   that both sides allow. MAILPROTO_ERR_NEEDS_TLS: none without TLS and a verified server.
   Or what mailproto_sasl_init() and mailproto_sasl_start() say. */
mailproto_status login_start(login *l, mailproto_session *session, uint32_t tag);

/* Shows it an event. MAILPROTO_NOT_READY: not an event of it. OK: it goes on.
   MAILPROTO_EOF: authenticated. MAILPROTO_ERR_REFUSED: the server refused, and there is
   nothing else to try; the event has its words. Else negative: it cannot go on,
   for the server failed to prove that it knows the password too (MAILPROTO_ERR_AUTH), or
   mailproto_sasl_error() says why. */
mailproto_status login_event(login *l, const mailproto_event *ev);

/* Ends it, wherever it is. May be called twice. */
void login_end(login *l);

/* Octets that a secret can have: a long token. */
#define LOGIN_SECRET_MAX 16384

/* The first line of a file; NULL with errno: there is none, or it is longer. Released,
   after it was overwritten, by login_forget(). */
char *login_read_secret(const char *path);
void login_forget(char *secret);

#endif /* EXAMPLE_LOGIN_H */
