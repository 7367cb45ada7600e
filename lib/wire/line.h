/*
 * The line framer: finds lines that end in CRLF in the session's input, and nothing
 * else. A bare CR, a bare LF and NUL are octets of the line; whoever reads it refuses
 * them.
 */
#ifndef MAILPROTO_WIRE_LINE_H
#define MAILPROTO_WIRE_LINE_H

#include "core/session.h"

enum mailproto__line_result {
    MAILPROTO__LINE_NONE, /* no whole line yet: more input is needed */
    MAILPROTO__LINE_OK,   /* a line, which was consumed */
    MAILPROTO__LINE_FULL  /* the buffer (or `limit`) is full without a line end: nothing
                             was consumed, `line` shows what is there */
};

/*
 * The next line, without its CRLF, in the engine's block (bytes lent by feed are copied
 * there). It stays where it is until the next call that takes input. `limit` counts the
 * CRLF. Each octet is looked at once, however it arrives.
 */
enum mailproto__line_result mailproto__line_take(mailproto_session *s, size_t limit,
                                                 mailproto_bytes *line);

/*
 * A piece of a line that does not fit: all that is there, up to and without the CRLF.
 * 1 with `*end` set when the line ended with it (the CRLF is consumed too), 1 with
 * `*end` 0 when more of the line follows, 0 when there is nothing yet. A CR at the end
 * of what is there is held back until the next octet tells what it is.
 */
int mailproto__line_piece(mailproto_session *s, mailproto_bytes *piece, int *end);

#endif /* MAILPROTO_WIRE_LINE_H */
