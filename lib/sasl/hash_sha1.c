/*
 * SHA-1 (FIPS 180-4 6.1), one block at a time.
 */
#include "core/mem.h"
#include "sasl/hash.h"

void mailproto__sha1_start(uint32_t *h)
{
    h[0] = 0x67452301U;
    h[1] = 0xEFCDAB89U;
    h[2] = 0x98BADCFEU;
    h[3] = 0x10325476U;
    h[4] = 0xC3D2E1F0U;
}

static uint32_t left(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* Ch, Parity, Maj, Parity, each with its constant. */
static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round) {
    case 0:
        return (d ^ (b & (c ^ d))) + 0x5A827999U;
    case 1:
        return (b ^ c ^ d) + 0x6ED9EBA1U;
    case 2:
        return ((b & c) | (d & (b | c))) + 0x8F1BBCDCU;
    default:
        return (b ^ c ^ d) + 0xCA62C1D6U;
    }
}

/* The next word of the schedule, which needs only the last 16 (6.1.3). */
static uint32_t schedule(uint32_t *w, unsigned t)
{
    uint32_t next =
        w[(t + 13) & 15U] ^ w[(t + 8) & 15U] ^ w[(t + 2) & 15U] ^ w[t & 15U];
    w[t & 15U] = left(next, 1);
    return w[t & 15U];
}

void mailproto__sha1_block(uint32_t *h, const uint8_t *block)
{
    uint32_t w[16];
    uint32_t v[5];
    unsigned t;
    for (t = 0; t < 16; t++) {
        const uint8_t *at = block + (size_t)4 * t;
        w[t] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
               at[3];
    }
    memcpy(v, h, sizeof v);
    for (t = 0; t < 80; t++) {
        uint32_t word = t < 16 ? w[t] : schedule(w, t);
        uint32_t next = left(v[0], 5) + mix(t / 20, v[1], v[2], v[3]) + v[4] + word;
        v[4] = v[3];
        v[3] = v[2];
        v[2] = left(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (t = 0; t < 5; t++) {
        h[t] += v[t];
    }
    mailproto__wipe_words(w, 16);
    mailproto__wipe_words(v, 5);
}
