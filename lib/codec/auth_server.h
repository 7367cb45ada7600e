/*
 * The steps of an authentication exchange on a server: what SMTP (RFC 4954 4), POP3 (RFC
 * 5034 4) and IMAP (RFC 9051 6.2.2) share. The protocol says when it may begin, how its
 * challenges look, how it asks its application, and what its replies are.
 */
#ifndef MAILPROTO_CODEC_AUTH_SERVER_H
#define MAILPROTO_CODEC_AUTH_SERVER_H

#include "codec/auth.h"
#include "core/roles.h"
#include "core/session.h"

/* A role's. A challenge is partly given while `lines.sending`: nothing else may be put. */
struct mailproto__auth_server {
    struct mailproto__auth lines;
    size_t limit;          /* octets of the line that is read now, CRLF included */
    uint8_t initial;       /* that line is the initial response */
    uint8_t empty_initial; /* ... which was `=` */
};

/* Whether an initial response (ptr NULL: there is none) is read like a line of the
 * exchange: the command is consumed only up to it. `=` goes with its command. */
int mailproto__auth_server_reads(mailproto_bytes initial);

/*
 * An exchange begins; `limit`: octets of what is left of the command's line, if that is
 * read. AUTH_START with INITIAL, set, or NULL: the role asks AUTH_START. Its text is the
 * role's in either case.
 */
mailproto_event *mailproto__auth_server_begin(mailproto_session *s,
                                              struct mailproto__auth_server *a,
                                              mailproto_bytes initial, size_t limit);

/*
 * Reads on, while nothing is awaited of the application:
 *   NONE   more input is needed
 *   PIECE  AUTH_DATA is set, and more of it follows
 *   LAST   the role asks AUTH_DATA, with `data` as its text
 *   STAR   the peer gives up; as an initial response it is BAD
 *   BAD    the line, now swallowed, was no base64
 *   LONG   the line, now swallowed, was over the limit
 */
enum mailproto__auth_result
mailproto__auth_server_read(mailproto_session *s, struct mailproto__auth_server *a,
                            mailproto_bytes *data);

/* Whether the event that awaits its answer is of an exchange; `asked`: its type. */
int mailproto__auth_server_is_asked(const mailproto_session *s, uint32_t asked);

/*
 * auth_data(): a piece of a challenge, `mark` (`334 `, `+ `) with the first. It may leave
 * as it comes: it can be longer than the output buffer. ERR_STATE, ERR_ARGUMENT,
 * ERR_TOO_LONG, AGAIN; or OK, and when `lines.sending` is 0 that was the last: the
 * request is answered, the peer's line of `limit` octets comes next.
 */
mailproto_status mailproto__auth_server_put(mailproto_session *s,
                                            struct mailproto__auth_server *a,
                                            uint32_t asked, mailproto_bytes mark,
                                            const struct mailproto__auth_call *call,
                                            size_t limit);

/* auth_finish(): OK if it is legal now, ERR_STALE, ERR_STATE. What an outcome is called,
 * and whether there is such a one, is the role's. */
mailproto_status mailproto__auth_server_may_finish(
    const mailproto_session *s, const struct mailproto__auth_server *a, uint32_t asked,
    const struct mailproto__auth_call *call);

#endif /* MAILPROTO_CODEC_AUTH_SERVER_H */
