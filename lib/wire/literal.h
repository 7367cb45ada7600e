/*
 * Where a line of IMAP ends with the announcement of a literal (RFC 9051 4.3, RFC 7888):
 * `{n}`, `{n+}`, `~{n}`, `~{n+}` before its CRLF, outside of quotes. Resumable at any
 * octet, each looked at once. Must not know what a line means.
 */
#ifndef MAILPROTO_WIRE_LITERAL_H
#define MAILPROTO_WIRE_LITERAL_H

#include <stddef.h>
#include <stdint.h>

struct mailproto__literal {
    uint64_t size;  /* of the announcement; UINT64_MAX: too large for 63 bits */
    uint8_t state;  /* enum in literal.c; 0: at a line's beginning */
    uint8_t sync;   /* 0: `+` was said, the octets follow unasked */
    uint8_t binary; /* literal8 */
};

/* Takes octets of a line, its end not among them. A line begins with a struct of zeros;
 * quotes cannot go beyond a line. */
void mailproto__literal_scan(struct mailproto__literal *l, const char *at, size_t len);

/* Whether what was taken so far and a CR LF now would announce a literal. A CR that was
 * taken already may be the one. */
int mailproto__literal_announced(const struct mailproto__literal *l);

#endif /* MAILPROTO_WIRE_LITERAL_H */
