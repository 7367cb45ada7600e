/*
 * The comparison of secrets in constant time. Alone in its file, so that a test can put
 * another in its place that tells a checker which single bit may become known.
 */
#include "sasl/secret.h"

int mailproto__equal_secret(const void *a, const void *b, size_t len)
{
    const volatile unsigned char *x = (const volatile unsigned char *)a;
    const volatile unsigned char *y = (const volatile unsigned char *)b;
    uint32_t difference = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        difference |= (uint32_t)x[i] ^ y[i];
    }
    return (int)((difference - 1U) >> 31);
}
