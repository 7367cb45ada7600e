/*
 * The rows of both roles, and their search. Knows numbers only; what a command does is
 * its handler's.
 */
#include "pop3/rules.h"

#define IN(state) MAILPROTO__POP3_IN(MAILPROTO__POP3_##state)
#define VERB(verb) MAILPROTO_POP3_VERB_##verb
#define CAP(cap) (1 + MAILPROTO_POP3_CAP_##cap)
#define TO(state) MAILPROTO__POP3_##state

#define LAST MAILPROTO__POP3_LAST
#define ALONE MAILPROTO__POP3_ALONE
#define SECRET MAILPROTO__POP3_SECRET
#define MESSAGE MAILPROTO__POP3_MESSAGE

/* Before the login; and wherever commands are taken. */
#define LOGIN (IN(AUTHORIZATION) | IN(NAMED))

/* PASS comes immediately behind USER (RFC 1939 7): whatever else is said in NAMED leads
 * back to AUTHORIZATION. QUIT is two commands: only in TRANSACTION it leads to UPDATE,
 * and nothing else does (RFC 1939 4, 6). What a row needs, a server refuses when it does
 * not offer it; a client tries TOP and UIDL all the same, which are older than CAPA. */
static const struct mailproto__pop3_rule rows[] = {
    {LOGIN, VERB(USER), CAP(USER), TO(NAMED), SECRET | ALONE},
    {IN(NAMED), VERB(PASS), CAP(USER), TO(TRANSACTION), SECRET | LAST},
    {LOGIN, VERB(APOP), 0, TO(TRANSACTION), ALONE | LAST},
    {LOGIN, VERB(AUTH), CAP(SASL), TO(EXCHANGE), SECRET | ALONE | LAST},
    {LOGIN, VERB(STLS), CAP(STLS), TO(TLS), ALONE | LAST}, /* RFC 2595 4 */
    {LOGIN, VERB(UTF8), CAP(UTF8), TO(AUTHORIZATION), 0},  /* RFC 6856 2 */
    {LOGIN, VERB(CAPA), 0, TO(AUTHORIZATION), 0},
    {LOGIN, VERB(LANG), CAP(LANG), TO(AUTHORIZATION), 0},
    {LOGIN, VERB(UNKNOWN), 0, TO(AUTHORIZATION), 0},
    {LOGIN | IN(REFUSED), VERB(QUIT), 0, TO(OVER), LAST},
    {IN(TRANSACTION), VERB(CAPA), 0, TO(SAME), 0},
    {IN(TRANSACTION), VERB(LANG), CAP(LANG), TO(SAME), 0},
    {IN(TRANSACTION), VERB(UNKNOWN), 0, TO(SAME), 0},
    {IN(TRANSACTION), VERB(STAT), 0, TO(SAME), 0},
    {IN(TRANSACTION), VERB(LIST), 0, TO(SAME), MESSAGE},
    {IN(TRANSACTION), VERB(UIDL), CAP(UIDL), TO(SAME), MESSAGE},
    {IN(TRANSACTION), VERB(RETR), 0, TO(SAME), MESSAGE},
    {IN(TRANSACTION), VERB(TOP), CAP(TOP), TO(SAME), MESSAGE},
    {IN(TRANSACTION), VERB(DELE), 0, TO(SAME), MESSAGE},
    {IN(TRANSACTION), VERB(RSET), 0, TO(SAME), 0},
    {IN(TRANSACTION), VERB(NOOP), 0, TO(SAME), 0},
    {IN(TRANSACTION), VERB(QUIT), 0, TO(UPDATE), LAST},
};

const struct mailproto__pop3_rule *mailproto__pop3_rule(uint32_t state, uint32_t verb)
{
    size_t i;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].verb == verb && state < MAILPROTO__POP3_STATES &&
            (rows[i].states >> state & 1U) != 0) {
            return &rows[i];
        }
    }
    return NULL;
}
