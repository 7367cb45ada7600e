/*
 * i;unicode-casemap (RFC 5051): what is equal without regard to case becomes the same
 * octets. A build with MAILPROTO_NO_CASEMAP leaves all as it is.
 */
#ifndef MAILPROTO_CODEC_CASEMAP_H
#define MAILPROTO_CODEC_CASEMAP_H

#include <stddef.h>

enum {
    MAILPROTO__CASEMAP_ROOM = 12, /* octets that one character can need */
    MAILPROTO__CASEMAP_TIMES = 3  /* octets that one octet can become */
};

/* Whole characters of UTF-8, ASCII in lower case already, as they are compared. Stops
 * before one that may go on behind `n` octets, and with less than ROOM left of `cap`. Octets
 * that are no UTF-8 stay as they are. `out` may lie before `in` in the same memory, as far
 * as it can grow. `*used`: octets taken; the length. */
size_t mailproto__casemap(const char *in, size_t n, size_t *used, char *out,
                          size_t cap);

/* Octets below 128 from the start on. */
size_t mailproto__casemap_ascii(const char *in, size_t n);

#endif /* MAILPROTO_CODEC_CASEMAP_H */
