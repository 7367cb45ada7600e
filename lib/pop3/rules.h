/*
 * The rules: which command is legal in which state, what it needs, which state follows
 * (RFC 1939 4 to 6). Numbers only, no code: the engines look their rows up here, a test
 * walks all of them, and the state diagram is drawn from them.
 */
#ifndef MAILPROTO_POP3_RULES_H
#define MAILPROTO_POP3_RULES_H

#include <mailproto/pop3.h>

/* States of a session. A server is where it has answered; a client is where it will be
 * when all that was queued has succeeded. */
enum mailproto__pop3_state {
    MAILPROTO__POP3_SAME,          /* as `next` of a row: the state stays */
    MAILPROTO__POP3_START,         /* before the greeting; client: before CAPS */
    MAILPROTO__POP3_AUTHORIZATION, /* RFC 1939 4 */
    MAILPROTO__POP3_NAMED,         /* server: USER was taken, PASS is awaited */
    MAILPROTO__POP3_EXCHANGE,      /* within an AUTH exchange */
    MAILPROTO__POP3_TRANSACTION,   /* RFC 1939 5 */
    MAILPROTO__POP3_UPDATE,        /* RFC 1939 6 */
    MAILPROTO__POP3_TLS,           /* client: STLS was called, CAPS is awaited again */
    MAILPROTO__POP3_REFUSED,       /* client: the peer will not serve us */
    MAILPROTO__POP3_OVER,          /* behind QUIT */
    MAILPROTO__POP3_STATES
};

/* A state as a bit of `states`. */
#define MAILPROTO__POP3_IN(state) (1U << (state))

/* Flags of a row. */
enum {
    /* Nothing may be pipelined behind it (RFC 2449 6.6, RFC 2595 4). Client: what
     * follows is held until its reply was read. Server: of no meaning, for commands are
     * read one by one, each after the reply to the one before. */
    MAILPROTO__POP3_LAST = 1,
    /* Client: only when nothing is outstanding. */
    MAILPROTO__POP3_ALONE = 2,
    /* Needs TLS, or LOGIN_IN_CLEAR: it shows a secret. */
    MAILPROTO__POP3_SECRET = 4,
    /* Server: names a message that exists and is not marked. */
    MAILPROTO__POP3_MESSAGE = 8
};

struct mailproto__pop3_rule {
    uint16_t states; /* where it is legal: MAILPROTO__POP3_IN() of each */
    uint8_t verb;    /* MAILPROTO_POP3_VERB_... */
    uint8_t needs;   /* 0, or 1 + the capability it needs */
    uint8_t next;    /* enum mailproto__pop3_state, when it is queued or succeeds */
    uint8_t flags;   /* MAILPROTO__POP3_LAST ... */
};

/* The row of a command in a state, or NULL: it is not legal there. One table for both
 * roles: they differ in what they do, not in what is legal. */
const struct mailproto__pop3_rule *mailproto__pop3_rule(uint32_t state, uint32_t verb);

#endif /* MAILPROTO_POP3_RULES_H */
