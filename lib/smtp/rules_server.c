/*
 * What an SMTP server takes when (RFC 5321 4.1.4). Numbers only: what a row means is
 * carried out in server_command.c.
 */
#include "smtp/server.h"

#define IN(state) MAILPROTO__SMTP_IN(MAILPROTO__SMTP_##state)
#define VERB(verb) MAILPROTO_SMTP_VERB_##verb
#define CAP(cap) (1 + MAILPROTO_SMTP_CAP_##cap)
#define TO(state) MAILPROTO__SMTP_##state

#define LAST MAILPROTO__SMTP_LAST
#define TLS MAILPROTO__SMTP_NEEDS_TLS
#define LOGIN MAILPROTO__SMTP_NEEDS_LOGIN
#define RECIPIENT MAILPROTO__SMTP_NEEDS_RCPT
#define FORGETS MAILPROTO__SMTP_FORGETS

/* Where a session is that may send mail; and anywhere before its end. */
#define OPEN (IN(READY) | IN(MAIL) | IN(RCPT))
#define ANY (IN(START) | OPEN)

/* Not in here and yet not 503: LHLO is 500, and BDAT ends the session, because its
 * octets could otherwise be read as commands. A 554 for a greeting leaves QUIT (RFC
 * 5321 3.1). Where TLS is required, all but NOOP, EHLO, STARTTLS and QUIT waits for it
 * (RFC 3207 4). AUTH is not LAST: with an initial response it may be pipelined (RFC
 * 4954 4). */
static const struct mailproto__smtp_rule server_rows[] = {
    {IN(MAIL) | IN(RCPT), VERB(RCPT), 0, TO(RCPT),
     TLS}, /* what comes most comes first */
    {IN(READY), VERB(MAIL), 0, TO(MAIL), TLS | LOGIN},
    {IN(MAIL) | IN(RCPT), VERB(DATA), 0, TO(CONTENT), LAST | RECIPIENT | TLS},
    {ANY, VERB(EHLO), 0, TO(READY), LAST | FORGETS},
    {ANY, VERB(HELO), 0, TO(READY), LAST | FORGETS | TLS},
    {IN(START), VERB(RSET), 0, TO(SAME), TLS},
    {OPEN, VERB(RSET), 0, TO(READY), FORGETS | TLS},
    {ANY, VERB(VRFY), 0, TO(SAME), LAST | TLS},
    {ANY, VERB(EXPN), 0, TO(SAME), LAST | TLS},
    {ANY, VERB(HELP), 0, TO(SAME), LAST | TLS},
    {ANY, VERB(NOOP), 0, TO(SAME), LAST},
    {ANY, VERB(UNKNOWN), 0, TO(SAME), LAST | TLS},
    {ANY, VERB(STARTTLS), CAP(STARTTLS), TO(START), LAST | FORGETS},
    {ANY | IN(REFUSED), VERB(QUIT), 0, TO(OVER), LAST},
    {IN(READY), VERB(AUTH), CAP(AUTH), TO(AUTH), TLS}, /* RFC 4954 4 */
};

enum { SERVER_ROWS = sizeof server_rows / sizeof server_rows[0] };

const struct mailproto__smtp_rule *mailproto__smtp_server_rule(uint32_t state,
                                                               uint32_t verb)
{
    return mailproto__smtp_rule_find(server_rows, SERVER_ROWS, state, verb);
}

int mailproto__smtp_server_is_last(uint32_t verb)
{
    size_t i;
    for (i = 0; i < SERVER_ROWS; i++) {
        if (server_rows[i].verb == verb) {
            return (server_rows[i].flags & LAST) != 0;
        }
    }
    return 0;
}
