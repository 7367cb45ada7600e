/*
 * The rules: which command is legal in which state, what it needs, which state follows.
 * Numbers only, no code: the engines look their rows up here, a test walks all of them,
 * and the state diagram is drawn from them. Knows no bytes and no buffers.
 */
#ifndef MAILPROTO_SMTP_RULES_H
#define MAILPROTO_SMTP_RULES_H

#include <mailproto/smtp.h>

/*
 * States of a session. A server is where it has answered; a client is where it will be
 * when all that was queued has succeeded (its verbs are called ahead of the replies).
 */
enum mailproto__smtp_state {
    MAILPROTO__SMTP_SAME,    /* as `next` of a row: the state stays */
    MAILPROTO__SMTP_START,   /* client: before CAPS; server: before HELO or EHLO */
    MAILPROTO__SMTP_READY,   /* greeted, no transaction */
    MAILPROTO__SMTP_MAIL,    /* MAIL, no recipient yet */
    MAILPROTO__SMTP_RCPT,    /* at least one recipient */
    MAILPROTO__SMTP_CONTENT, /* server: the content comes in */
    MAILPROTO__SMTP_DEAD, /* client: MAIL was refused; what follows it is pointless */
    MAILPROTO__SMTP_AUTH, /* within an authentication exchange */
    MAILPROTO__SMTP_TLS,  /* client: STARTTLS was called, CAPS is awaited again */
    MAILPROTO__SMTP_REFUSED, /* client: the peer will not serve us; server: so it said */
    MAILPROTO__SMTP_OVER,    /* behind QUIT */
    MAILPROTO__SMTP_STATES
};

/* A state as a bit of `states`. */
#define MAILPROTO__SMTP_IN(state) (1U << (state))

/* Flags of a row. */
enum {
    /* Only as the last of a pipelined group (RFC 2920 3.1): a client sends nothing
     * behind it before its reply, a server does not hold its reply back (3.2). */
    MAILPROTO__SMTP_LAST = 1,
    /* Client: only when nothing is outstanding. */
    MAILPROTO__SMTP_ALONE = 2,
    /* Client: the engine's own, never a verb of the application. */
    MAILPROTO__SMTP_OWN = 4
    /* 8 and up: the server's, see server.h */
};

struct mailproto__smtp_rule {
    uint16_t states; /* where it is legal: MAILPROTO__SMTP_IN() of each */
    uint8_t verb;    /* MAILPROTO_SMTP_VERB_... */
    uint8_t needs;   /* 0, or 1 + the capability it needs */
    uint8_t next;    /* enum mailproto__smtp_state, when it is queued or succeeds */
    uint8_t flags;   /* MAILPROTO__SMTP_LAST ... */
};

/* The row of a command in a state, or NULL: it is not legal there. */
const struct mailproto__smtp_rule *
mailproto__smtp_rule_find(const struct mailproto__smtp_rule *rows, size_t count,
                          uint32_t state, uint32_t verb);

/* The same in the client's rows (rules.c) and in the server's (rules_server.c). */
const struct mailproto__smtp_rule *mailproto__smtp_client_rule(uint32_t state,
                                                               uint32_t verb);
const struct mailproto__smtp_rule *mailproto__smtp_server_rule(uint32_t state,
                                                               uint32_t verb);

#endif /* MAILPROTO_SMTP_RULES_H */
