/*
 * Structs of 100 octets and more set to zero where that is done often: what compilers make
 * of one memset() of that size (x86: `rep stos`) takes longer to begin than to do.
 */
#ifndef MAILPROTO_MESSAGE_CLEAR_H
#define MAILPROTO_MESSAGE_CLEAR_H

#include <stddef.h>

#include "core/mem.h"

static inline void mailproto__clear(void *at, size_t size)
{
    char *to = (char *)at;
    size_t i = 0;
    for (; size - i >= 64; i += 64) {
        memset(to + i, 0, 64);
    }
    memset(to + i, 0, size - i);
}

#endif /* MAILPROTO_MESSAGE_CLEAR_H */
