/*
 * The steps of an authentication exchange on a client: what SMTP (RFC 4954 4), POP3
 * (RFC 5034 4) and IMAP (RFC 9051 6.2.2) share. The protocol says when it may begin, how
 * its command and its challenges look, and what the outcome is.
 */
#ifndef MAILPROTO_CODEC_AUTH_CLIENT_H
#define MAILPROTO_CODEC_AUTH_CLIENT_H

#include "codec/auth.h"
#include "core/roles.h"
#include "core/session.h"

/* Where an exchange is. */
enum mailproto__auth_step {
    MAILPROTO__AUTH_NOT,
    MAILPROTO__AUTH_ASKED,     /* the peer's turn */
    MAILPROTO__AUTH_CHALLENGE, /* within a challenge's line */
    MAILPROTO__AUTH_ANSWERING, /* the application's turn: there is no wait */
    MAILPROTO__AUTH_GIVEN_UP   /* `*` was sent, or is due: see _read() */
};

/* A challenge's line with its mark and CRLF, at most (RFC 4954 4). RFC 5034 and RFC 9051
 * have no number: the mechanisms are the same. */
enum { MAILPROTO__AUTH_CHALLENGE_MAX = 12288 };

/* A role's; zeroed before the first exchange. */
struct mailproto__auth_client {
    struct mailproto__auth lines;
    mailproto_status why; /* GIVEN_UP: ERR_BASE64 or ERR_AUTH_CANCELLED */
    uint8_t step;         /* enum mailproto__auth_step */
    uint8_t owes_initial; /* the initial response did not go with the command */
    uint8_t begun;        /* octets of this challenge were told */
};

/* ---- the start ---------------------------------------------------------------------- */

/* Whether what auth_start() was given can be sent at all; if not, ERR_ARGUMENT. */
int mailproto__auth_client_is_call(const struct mailproto__auth_call *call);

/* Whether a capability's arguments (words, blanks between) name the mechanism. */
int mailproto__auth_client_lists(mailproto_bytes words, mailproto_bytes mechanism);

/*
 * Sends the command: `prefix` (`AUTH `, `a1 AUTHENTICATE `), the mechanism, and the
 * initial response if there is one and the line, CRLF included, has `initial_max` octets
 * at most (0: none may be sent); one that is not sent is asked for by the first
 * challenge. OK and the step is ASKED; or AGAIN. Nothing may be held in the output, and
 * the call was found good. The state and the entry of the command are the role's.
 */
mailproto_status mailproto__auth_client_start(mailproto_session *s,
                                              struct mailproto__auth_client *a,
                                              const struct mailproto__auth_call *call,
                                              mailproto_bytes prefix,
                                              size_t initial_max);

/* ---- responses ---------------------------------------------------------------------- */

/* auth_data() and auth_abort() (any other: ERR_STATE). OK and another step than
 * ANSWERING: the peer's turn, the role begins another wait. */
mailproto_status mailproto__auth_client_answer(mailproto_session *s,
                                               struct mailproto__auth_client *a,
                                               const struct mailproto__auth_call *call);

/* ---- challenges --------------------------------------------------------------------- */

/*
 * At the beginning of a reply, with an exchange under way: whether it is a challenge,
 * that is `mark` (`334`, `+`) with a blank or the line's end behind it. OK: it is, the
 * mark and its blank are consumed, the step is CHALLENGE; AGAIN; NOT_READY: it is another
 * reply, nothing was consumed; ERR_UNEXPECTED: it is not its turn (the session failed).
 */
mailproto_status mailproto__auth_client_mark(mailproto_session *s,
                                             struct mailproto__auth_client *a,
                                             mailproto_bytes mark);

/*
 * Reads on in a challenge, at the step CHALLENGE; `limit`: octets behind the mark, with
 * CRLF. AGAIN; or OK and the step is
 *   CHALLENGE  AUTH_DATA is set, with `tag` and `code`, and more of it follows
 *   ANSWERING  AUTH_DATA is set, the last of it
 *   GIVEN_UP   it was no base64, or too long: the role sends `*` as soon as there is room
 * In the last two cases the role begins another wait.
 */
mailproto_status mailproto__auth_client_read(mailproto_session *s,
                                             struct mailproto__auth_client *a,
                                             size_t limit, uint32_t tag, uint32_t code);

/* ---- the outcome -------------------------------------------------------------------- */

/* The final reply has come, a success or not. NULL: well; else ERR_UNEXPECTED, and this
 * is what is wrong with it. (At the step GIVEN_UP a refusal was asked for: `why`.) */
const char *mailproto__auth_client_fault(const struct mailproto__auth_client *a,
                                         int good);

/* That reply is read to its end: nothing is left of the exchange, but for what the
 * output still holds (secret_out is the role's to take back). */
void mailproto__auth_client_end(mailproto_session *s, struct mailproto__auth_client *a);

#endif /* MAILPROTO_CODEC_AUTH_CLIENT_H */
