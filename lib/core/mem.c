/*
 * The wiping of secrets. Knows memory only.
 */
#include "core/mem.h"

void mailproto__wipe(void *mem, size_t len)
{
    /* A store to a volatile object is an effect that no compiler may drop. */
    volatile unsigned char *at = (volatile unsigned char *)mem;
    while (len > 0) {
        *at = 0;
        at++;
        len--;
    }
}
