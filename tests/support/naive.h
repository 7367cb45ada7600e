/*
 * The slow and obvious way to do what the library does fast: whole input at hand, one
 * octet at a time. Tests and fuzz targets compare the two.
 */
#ifndef TESTS_NAIVE_H
#define TESTS_NAIVE_H

#include <stddef.h>
#include <stdint.h>

/* What became of content, either way. */
struct naive_content {
    size_t len;          /* octets written */
    size_t used;         /* octets consumed; where it was refused */
    int ended;           /* received: the end mark was met */
    int refused;         /* sent: 0, or the status of the refusal */
    unsigned seen;       /* MAILPROTO__DOT_... */
    int bad;             /* received: `bad_offset` is set */
    uint64_t bad_offset; /* received: of the first octet that is refused */
};

/* Received: from the wire into `out`, which has room for twice `len`. */
struct naive_content naive_undot(const char *wire, size_t len, unsigned policy,
                                 char *out);

/* Sent: all of the content and its end, into `out`: room for twice `len` and 6. */
struct naive_content naive_stuff(const char *content, size_t len, unsigned policy,
                                 char *out);

/* Base64, lines of 76 if `lines`; the length. `out`: room for twice `len` and 8. */
size_t naive_base64_encode(const unsigned char *in, size_t len, int lines, char *out);

/* What a strict decoder makes of it: the length, or -1. `out`: room for `len`. */
long naive_base64_decode(const char *in, size_t len, unsigned char *out);

#endif /* TESTS_NAIVE_H */
