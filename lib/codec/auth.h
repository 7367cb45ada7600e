/*
 * The lines of an authentication exchange, shared by SMTP (RFC 4954 4), POP3 (RFC 5034
 * 4) and IMAP (RFC 9051 6.2.2): base64 out in pieces, base64 in in pieces.
 */
#ifndef MAILPROTO_CODEC_AUTH_H
#define MAILPROTO_CODEC_AUTH_H

#include <mailproto/codec.h>

#include "core/session.h"

struct mailproto__auth {
    mailproto_codec codec; /* of the message on its way */
    size_t given, total;   /* sent: octets given so far, and announced */
    size_t line;           /* received: octets of the line so far */
    uint8_t sending;       /* a message is partly given */
    uint8_t receiving;     /* a message is partly read */
    uint8_t star;          /* received: the line is `*` so far */
    uint8_t bad;           /* received: no base64; the rest is swallowed */
};

/*
 * Queues a piece of a message: `prefix` (with the first piece), base64, CRLF (with the
 * last). `equals`: an empty message is written `=` (an initial response) and not as an
 * empty line. OK and `*whole` set when that was the last piece; AGAIN; ERR_TOO_LONG;
 * ERR_ARGUMENT. What it queues is held.
 */
mailproto_status mailproto__auth_put(mailproto_session *s, struct mailproto__auth *a,
                                     mailproto_bytes prefix, int equals,
                                     const void *data, size_t len, size_t total,
                                     int *whole);

enum mailproto__auth_result {
    MAILPROTO__AUTH_NONE,  /* more input is needed */
    MAILPROTO__AUTH_PIECE, /* `out`: decoded octets, more follow */
    MAILPROTO__AUTH_LAST,  /* `out`: decoded octets (maybe none), the message ends */
    MAILPROTO__AUTH_STAR,  /* the line is `*` */
    MAILPROTO__AUTH_BAD,   /* the line, now swallowed, was no base64 */
    MAILPROTO__AUTH_LONG   /* the line, now swallowed, was over `limit` */
};

/*
 * Reads the next piece of a line of base64 from the session's input, decoded in place
 * in the engine's block. `limit`: octets of the line with CRLF.
 */
enum mailproto__auth_result mailproto__auth_take(mailproto_session *s,
                                                 struct mailproto__auth *a,
                                                 size_t limit, mailproto_bytes *out);

/* Decodes in place a span that lies in the engine's block (an initial response): 1, or
 * 0: no base64. `=` alone is an empty message. */
int mailproto__auth_decode(char *text, size_t len, mailproto_bytes *out);

/* A server's mechanisms: names, blanks between. */
struct mailproto__auth_offer {
    mailproto_bytes names;
    mailproto_bytes in_clear; /* those of them that need no TLS */
    int all_in_clear;         /* none of them does */
};

enum { MAILPROTO__AUTH_NAMES_MAX = 255 }; /* octets of either list */

/* Whether an option's two lists can be those of an offer: names as RFC 4422 3.1 has them,
 * single blanks between, either list may be empty; and what is offered in the clear is
 * offered at all. */
int mailproto__auth_lists_are_good(mailproto_bytes names, mailproto_bytes in_clear);

/*
 * The next of them that can be offered now; empty: no more. `rest`: offer->names at
 * first. Left out are, while there is no TLS, those that need it; and names that end in
 * -PLUS, which bind to the channel (RFC 5802 4), while the session has no binding: a
 * client that chose one could only fail.
 */
mailproto_bytes mailproto__auth_offered(const mailproto_session *s,
                                        const struct mailproto__auth_offer *offer,
                                        mailproto_bytes *rest);

/* Whether `name`, in any case, is one of those; empty: whether there is any. */
int mailproto__auth_offers(const mailproto_session *s,
                           const struct mailproto__auth_offer *offer,
                           mailproto_bytes name);

/* Whether `name` must wait for TLS: it is one of a server's and cannot be offered without,
 * or none can. */
int mailproto__auth_needs_tls(const mailproto_session *s,
                              const struct mailproto__auth_offer *offer,
                              mailproto_bytes name);

#endif /* MAILPROTO_CODEC_AUTH_H */
