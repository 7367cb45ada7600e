/*
 * The syntax of IMAP as pure functions over a unit: a whole command, or what of it came
 * before a literal. No state is kept and nothing is copied. Must not know the session.
 *
 * A unit holds the command's octets as they came, literals included
 * (`A1 LOGIN {3}\r\nbob pw\r\n`), but for literals that went to the application: in the
 * place of `{n}\r\n` and the octets such a one has a mark of MAILPROTO__IMAP_EXTERNAL_SIZE
 * octets: NUL (which can stand nowhere else outside of literals), its number and its size
 * as 8 octets each in the machine's order, and an octet of flags. So a unit can be moved
 * and needs no table beside it. Who fills a unit keeps NUL out of it but for such marks
 * and literals that lie in it.
 */
#ifndef MAILPROTO_IMAP_SYNTAX_H
#define MAILPROTO_IMAP_SYNTAX_H

#include <mailproto/imap.h>

enum { MAILPROTO__IMAP_EXTERNAL_SIZE = 18, MAILPROTO__IMAP_EXTERNAL_BINARY = 1 };

/* Writes such a mark; `flags`: MAILPROTO__IMAP_EXTERNAL_BINARY, or 0. */
void mailproto__imap_external_put(char *to, uint64_t number, uint64_t size,
                                  uint8_t flags);

/* As mailproto_imap_command_parse(), the struct being whole. `fault` may not be NULL. */
mailproto_status mailproto__imap_command_read(mailproto_bytes unit, uint32_t enabled,
                                              mailproto_imap_command *out,
                                              mailproto_imap_fault *fault);

/*
 * Reads a unit that ends with the announcement of a literal (`{n}`, `{n+}`, `~{n}` and
 * CRLF), whose octets are not there. OK: this can be the beginning of a command, and a
 * literal may stand here; what comes before is in `out` (of APPEND `items` begins with
 * the message whose literal this is). ERR_SYNTAX, ERR_COUNT_LIMIT: it cannot.
 *
 * `from`: in: 0, or what an earlier call for the same unit gave back when the literal it
 * asked about has become an external mark: what was read then is not read again, so that
 * many literals cost linear time; `out` then still holds what that call filled (of which
 * only `items` is set anew, and points into `unit`). Out: where the next such call begins;
 * 0 but for the messages of APPEND.
 */
mailproto_status mailproto__imap_command_prefix(mailproto_bytes unit, uint32_t enabled,
                                                size_t *from,
                                                mailproto_imap_command *out,
                                                mailproto_imap_fault *fault);

/* The tag at the beginning of a unit, or of anything that a client sent; empty: none. */
mailproto_bytes mailproto__imap_tag(mailproto_bytes unit);

#endif /* MAILPROTO_IMAP_SYNTAX_H */
