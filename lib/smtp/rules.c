/*
 * The client's rows, and the search that both roles use. Knows numbers only; what a
 * command does is its handler's.
 */
#include "smtp/rules.h"

#define IN(state) MAILPROTO__SMTP_IN(MAILPROTO__SMTP_##state)
#define VERB(verb) MAILPROTO_SMTP_VERB_##verb
#define CAP(cap) (1 + MAILPROTO_SMTP_CAP_##cap)
#define TO(state) MAILPROTO__SMTP_##state

#define LAST MAILPROTO__SMTP_LAST
#define ALONE MAILPROTO__SMTP_ALONE
#define OWN MAILPROTO__SMTP_OWN

/* Where mail may be sent; and where no transaction is under way. */
#define OPEN (IN(READY) | IN(MAIL) | IN(RCPT) | IN(DEAD))
#define IDLE (IN(READY) | IN(DEAD))

/* A transaction is MAIL, RCPT..., DATA (RFC 5321 3.3, 4.1.4). Behind a MAIL that was
 * refused its RCPT and DATA may still be called, ahead of the news: they are cancelled. */
static const struct mailproto__smtp_rule client_rows[] = {
    {IN(START), VERB(EHLO), 0, TO(SAME), LAST | OWN},
    {IN(START), VERB(HELO), 0, TO(SAME), LAST | OWN},
    {IN(START), VERB(STARTTLS), CAP(STARTTLS), TO(SAME), LAST | OWN},
    {IDLE, VERB(STARTTLS), CAP(STARTTLS), TO(TLS), LAST | ALONE},
    {IDLE, VERB(AUTH), CAP(AUTH), TO(AUTH), LAST | ALONE}, /* RFC 4954 4 */
    {IDLE, VERB(MAIL), 0, TO(MAIL), 0},
    {IN(MAIL) | IN(RCPT), VERB(RCPT), 0, TO(RCPT), 0},
    {IN(DEAD), VERB(RCPT), 0, TO(SAME), 0},
    {IN(RCPT) | IN(DEAD), VERB(DATA), 0, TO(READY), LAST},
    {OPEN, VERB(RSET), 0, TO(READY), 0},
    {OPEN, VERB(NOOP), 0, TO(SAME), LAST},
    {OPEN, VERB(VRFY), 0, TO(SAME), LAST},
    {OPEN, VERB(EXPN), 0, TO(SAME), LAST},
    {OPEN, VERB(HELP), 0, TO(SAME), LAST},
    {OPEN, VERB(UNKNOWN), 0, TO(SAME), LAST},
    {OPEN | IN(REFUSED), VERB(QUIT), 0, TO(OVER), LAST},
};

const struct mailproto__smtp_rule *
mailproto__smtp_rule_find(const struct mailproto__smtp_rule *rows, size_t count,
                          uint32_t state, uint32_t verb)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if (rows[i].verb == verb && (rows[i].states >> state & 1U) != 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct mailproto__smtp_rule *mailproto__smtp_client_rule(uint32_t state,
                                                               uint32_t verb)
{
    return mailproto__smtp_rule_find(
        client_rows, sizeof client_rows / sizeof client_rows[0], state, verb);
}
