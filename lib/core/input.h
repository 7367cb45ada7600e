/*
 * Lines in the session's input: the part that wire and codec share. Finds CRLF and brings
 * what feed() lent into the block, line by line. Must not know what a line means.
 */
#ifndef MAILPROTO_CORE_INPUT_H
#define MAILPROTO_CORE_INPUT_H

#include "core/session.h"

/* Before input is taken: wipes what was consumed, if it was secret, and begins at the
 * block's start again when that is empty. */
void mailproto__input_begin(mailproto_session *s);

/*
 * Octets of the first line in the block, CRLF included, or 0: none within `limit`
 * octets. Bytes lent by feed() are moved into the block up to the line's end; being
 * consumed is another matter. Each octet is looked at once as long as nothing is
 * consumed.
 */
size_t mailproto__input_line(mailproto_session *s, size_t limit);

/* Moves up to `n` lent octets into the block, as many as there are and as fit. */
void mailproto__input_move(mailproto_session *s, size_t n);

/* Octets up to and including the first LF that follows a CR, or 0; `before` is the octet
 * in front of `at`. */
size_t mailproto__input_find(const char *at, size_t len, char before);

#endif /* MAILPROTO_CORE_INPUT_H */
