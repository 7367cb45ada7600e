/*
 * Copies runs of plain text eight octets at a time: what quoted-printable and encoded
 * words hold most of. Knows one class of octets; must not know why it matters.
 */
#include "codec/machine.h"

/* A word with each octet `octet`. */
#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

#if defined(__GNUC__) && defined(__x86_64__)
#define FIRST_IS_LOWEST 1
#elif defined(__GNUC__) && defined(__aarch64__) && defined(__AARCH64EL__)
#define FIRST_IS_LOWEST 1
#endif

/* Bits within EACH(128) are 0 if all eight octets are from 32 to 126 and none is `=`.
 * Else the lowest one that is set is the highest bit of the first other octet in memory,
 * where that is the lowest one: carries and borrows go upwards only. Octets above 127
 * need no term of their own, the first two find them. */
static uint64_t others(uint64_t word)
{
    return (word + EACH(1))                  /* 127 to 254 */
           | (word - EACH(32))               /* below 32, and above 159 */
           | ((word ^ EACH('=')) - EACH(1)); /* 0 */
}

static uint64_t word_at(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

#ifdef FIRST_IS_LOWEST
/* Copies what a word has before the octet of the lowest bit in `found`; `out` keeps what
 * it holds behind that. */
static size_t copy_part(unsigned char *out, uint64_t word, uint64_t found)
{
    uint64_t mask = ((found & (~found + 1)) >> 7) - 1;
    word = (word & mask) | (word_at(out) & ~mask);
    memcpy(out, &word, 8);
    return (size_t)__builtin_ctzll(found) >> 3;
}
#endif

size_t mailproto__copy_plain(unsigned char *out, const unsigned char *in, size_t n,
                             size_t room)
{
    size_t i = 0;
    while (n - i >= 16) {
        uint64_t first = word_at(in + i);
        uint64_t second = word_at(in + i + 8);
        if (((others(first) | others(second)) & EACH(128)) != 0) {
            break;
        }
        memcpy(out + i, &first, 8);
        memcpy(out + i + 8, &second, 8);
        i += 16;
    }
#ifdef FIRST_IS_LOWEST
    while (room - i >= 8) {
        uint64_t word = word_at(in + i);
        uint64_t found = others(word) & EACH(128);
        if (n - i < 8) {
            found |= UINT64_C(128) << (n - i) * 8;
        }
        if (found != 0) {
            return i + copy_part(out + i, word, found);
        }
        memcpy(out + i, &word, 8);
        i += 8;
    }
#else
    (void)room;
#endif
    while (i < n && in[i] >= 32 && in[i] < 127 && in[i] != '=') {
        out[i] = in[i];
        i++;
    }
    return i;
}
