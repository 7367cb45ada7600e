/*
 * The rules: which command is legal in which state (RFC 9051 3, 6), what it needs to be
 * offered, and what it changes and relies on, which decides what may run together (RFC
 * 9051 5.5). Numbers only: the engines look their rows up here, and a test walks all of
 * them.
 */
#ifndef MAILPROTO_IMAP_RULES_H
#define MAILPROTO_IMAP_RULES_H

#include <mailproto/imap_server.h>

/* A state as a bit of `states`. */
#define MAILPROTO__IMAP_IN(state) (1U << (state))

/* What a command may change, and what its meaning depends on: bits of `changes` and
 * `relies`. */
enum {
    MAILPROTO__IMAP_ON_MSN = 1,   /* which message has which number: changed by what may
                                      bring EXPUNGE, relied on by what holds numbers */
    MAILPROTO__IMAP_ON_FLAGS = 2, /* flags of messages */
    MAILPROTO__IMAP_ON_MESSAGES = 4,   /* which messages there are, in any mailbox */
    MAILPROTO__IMAP_ON_NAMES = 8,      /* names of mailboxes, and subscriptions */
    MAILPROTO__IMAP_ON_SELECTION = 16, /* which mailbox is selected */
    MAILPROTO__IMAP_ON_SAVED = 32,     /* `$` */
    MAILPROTO__IMAP_ON_ENCODING = 64,  /* how names are written */
    MAILPROTO__IMAP_ON_STREAM = 128    /* who sends next: continuations, TLS, the end */
};

/* Flags of a row. */
enum {
    /* The engine carries it out by itself. */
    MAILPROTO__IMAP_OWN = 1,
    /* It changes the state, or takes the stream: it cannot be detached. */
    MAILPROTO__IMAP_STAYS = 2,
    /* Shows a secret: needs TLS, or LOGIN_IN_CLEAR. */
    MAILPROTO__IMAP_SECRET = 4,
    /* EXPUNGE may come while it is in progress (RFC 9051 7.5.1): all but FETCH, STORE
     * and SEARCH with message numbers. */
    MAILPROTO__IMAP_EXPUNGES = 16,
    /* The application's default answer to it is OK. */
    MAILPROTO__IMAP_DEFAULT_OK = 32
};

struct mailproto__imap_rule {
    uint8_t states;  /* where it is legal: MAILPROTO__IMAP_IN() of each */
    uint8_t changes; /* MAILPROTO__IMAP_ON_MSN ... */
    uint8_t relies;  /* MAILPROTO__IMAP_ON_MSN ... */
    uint8_t flags;   /* MAILPROTO__IMAP_OWN ... */
};

/* The row of a command, MAILPROTO_IMAP_FETCH and its likes; never NULL. */
const struct mailproto__imap_rule *mailproto__imap_rule(uint32_t command);

/* What this one command changes and relies on: its row, and what it holds. */
void mailproto__imap_masks(const mailproto_imap_command *command, uint8_t *changes,
                           uint8_t *relies);

/* Whether EXPUNGE may come while this one command is in progress. */
int mailproto__imap_may_expunge(const mailproto_imap_command *command);

/* Whether this one command, as far as it was read, and all that it holds is offered by
 * these capabilities, a mask. Of APPEND that was not read to its end only the message at
 * hand is looked at. */
int mailproto__imap_is_offered(const mailproto_imap_command *command, uint64_t mask);

#endif /* MAILPROTO_IMAP_RULES_H */
