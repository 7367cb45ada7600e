/*
 * Text eight octets at a time; runs of plain text, octets from 32 to 126 but `=`, which is
 * what quoted-printable and encoded words hold most of. Inline, for runs are short: a call and
 * its constants cost as much as they do. Knows classes of octets; must not know why they
 * matter.
 */
#ifndef MAILPROTO_CODEC_PLAIN_H
#define MAILPROTO_CODEC_PLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

/* A word with each octet `octet`. */
#define MAILPROTO__EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Whether the first octet of a word in memory is its lowest one. */
#if defined(__GNUC__) && defined(__x86_64__)
#define MAILPROTO__FIRST_IS_LOWEST 1
#elif defined(__GNUC__) && defined(__aarch64__) && defined(__AARCH64EL__)
#define MAILPROTO__FIRST_IS_LOWEST 1
#endif

/* Small processors read words octet by octet: there loops over octets are shorter. */
enum { MAILPROTO__HAS_WORDS = sizeof(size_t) >= 8 };

static inline uint64_t mailproto__plain_word(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/* 0 if all eight octets are from 33 to 126; else as the next one, without mistakes. */
static inline uint64_t mailproto__not_visible(uint64_t word)
{
    return ((word + MAILPROTO__EACH(1)) | (word - MAILPROTO__EACH(33))) &
           MAILPROTO__EACH(128);
}

/* 0 if all eight octets are plain. Else the lowest bit that is set is the highest one of
 * the first octet in memory that is not, where that is the lowest one: carries and
 * borrows go upwards only. With the bits of 0x42 `=` and 127 are the same, and so are `?`
 * and `}`, which are found by mistake: to tell them apart here would cost all others more.
 * Octets above 127 need no term of their own. */
static inline uint64_t mailproto__plain_others(uint64_t word)
{
    return (((word | MAILPROTO__EACH(0x42)) + MAILPROTO__EACH(1)) /* `=`, 127, above */
            | (word - MAILPROTO__EACH(32))) &                     /* below 32, > 159 */
           MAILPROTO__EACH(128);
}

/* Plain all the same. */
static inline int mailproto__plain_mistake(unsigned char octet)
{
    return octet == '?' || octet == '}';
}

#ifdef MAILPROTO__FIRST_IS_LOWEST
/* Copies what a word has before the octet of the lowest bit in `found`: how many; `out`
 * keeps what it holds behind that. */
static inline size_t mailproto__plain_part(unsigned char *out, uint64_t word,
                                           uint64_t found)
{
    uint64_t mask = ((found & (~found + 1)) >> 7) - 1;
    word = (word & mask) | (mailproto__plain_word(out) & ~mask);
    memcpy(out, &word, 8);
    return (size_t)__builtin_ctzll(found) >> 3;
}
#endif

/* How many octets stand in memory before the one that the lowest bit belongs to. */
#ifdef MAILPROTO__FIRST_IS_LOWEST
static inline size_t mailproto__before(uint64_t found)
{
    return (size_t)__builtin_ctzll(found) >> 3;
}
#endif

/* As mailproto__copy_plain(), but a mistake may end it. */
static inline size_t mailproto__plain_run(unsigned char *out, const unsigned char *in,
                                          size_t n, size_t room)
{
    const size_t whole = n & ~(size_t)15;
    size_t i = 0;
#ifdef MAILPROTO__FIRST_IS_LOWEST
    for (; i < whole; i += 16) {
        uint64_t first = mailproto__plain_word(in + i);
        uint64_t second = mailproto__plain_word(in + i + 8);
        uint64_t found = mailproto__plain_others(first);
        if (found != 0) {
            return i + mailproto__plain_part(out + i, first, found);
        }
        memcpy(out + i, &first, 8);
        found = mailproto__plain_others(second);
        if (found != 0) {
            return i + 8 + mailproto__plain_part(out + i + 8, second, found);
        }
        memcpy(out + i + 8, &second, 8);
    }
    for (; room - i >= 8; i += 8) {
        uint64_t word = mailproto__plain_word(in + i);
        uint64_t found = mailproto__plain_others(word);
        if (n - i < 8) {
            found |= UINT64_C(128) << (n - i) * 8;
        }
        if (found != 0) {
            return i + mailproto__plain_part(out + i, word, found);
        }
        memcpy(out + i, &word, 8);
    }
#else
    (void)room;
    for (; MAILPROTO__HAS_WORDS && i < whole; i += 8) {
        uint64_t word = mailproto__plain_word(in + i);
        if (mailproto__plain_others(word) != 0) {
            break;
        }
        memcpy(out + i, &word, 8);
    }
#endif
    while (i < n && in[i] >= 32 && in[i] < 127 && in[i] != '=') {
        out[i] = in[i];
        i++;
    }
    return i;
}

#endif /* MAILPROTO_CODEC_PLAIN_H */
