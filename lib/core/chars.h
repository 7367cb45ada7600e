/*
 * Character classes, one table, named after the ABNF rules. An octet may be in many.
 */
#ifndef MAILPROTO_CORE_CHARS_H
#define MAILPROTO_CORE_CHARS_H

#include <stdint.h>

enum {
    MAILPROTO__ALPHA = 1,     /* RFC 5234 B.1 */
    MAILPROTO__DIGIT = 2,     /* RFC 5234 B.1 */
    MAILPROTO__ATEXT = 4,     /* RFC 5322 3.2.3 */
    MAILPROTO__VCHAR = 8,     /* RFC 5234 B.1: 33 to 126 */
    MAILPROTO__CTL = 16,      /* RFC 5234 B.1: 0 to 31 and 127 */
    MAILPROTO__HIGH = 32,     /* 128 to 255 */
    MAILPROTO__DCONTENT = 64, /* RFC 5321 4.1.3: 33 to 90, 94 to 126 */
    MAILPROTO__HEXDIG = 128   /* RFC 3461 4: upper case only */
};

extern const uint8_t mailproto__chars[256];

static inline int mailproto__is(unsigned char c, unsigned classes)
{
    return (mailproto__chars[c] & classes) != 0;
}

#endif /* MAILPROTO_CORE_CHARS_H */
