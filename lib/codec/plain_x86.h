/*
 * The same as plain.h with the vector instructions that every x86-64 has, sixteen octets
 * at a time. The portable code is the reference.
 */
#ifndef MAILPROTO_CODEC_PLAIN_X86_H
#define MAILPROTO_CODEC_PLAIN_X86_H

#include "codec/cpu.h"
#include "codec/plain.h"

#ifdef MAILPROTO__X86

#include <immintrin.h>

/* A bit for each of sixteen octets that is not from 32 to 126, or is `=`. Octets above
 * 127 are below 32 to a comparison with signs. */
static inline unsigned mailproto__others_x86(__m128i text)
{
    __m128i low = _mm_cmpgt_epi8(text, _mm_set1_epi8(31));
    __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('=')),
                               _mm_cmpeq_epi8(text, _mm_set1_epi8(127)));
    return (unsigned)_mm_movemask_epi8(_mm_andnot_si128(odd, low)) ^ 0xffffU;
}

/* Copies `n` of sixteen octets; `out` keeps what it holds behind them. */
static inline void mailproto__part_x86(unsigned char *out, __m128i text, unsigned n)
{
    static const unsigned char masks[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255};
    __m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(masks + 16 - n));
    __m128i old = _mm_loadu_si128((const __m128i *)(const void *)out);
    text = _mm_or_si128(_mm_and_si128(mask, text), _mm_andnot_si128(mask, old));
    _mm_storeu_si128((__m128i *)(void *)out, text);
}

/* As mailproto__plain_run(). */
static inline size_t mailproto__plain_run_x86(unsigned char *out,
                                              const unsigned char *in, size_t n,
                                              size_t room)
{
    size_t i = 0;
    while (i < n && room - i >= 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(in + i));
        unsigned found = mailproto__others_x86(text);
        found |= n - i < 16 ? 1U << (n - i) : 0;
        if (found != 0) {
            unsigned before = (unsigned)__builtin_ctz(found);
            mailproto__part_x86(out + i, text, before);
            return i + before;
        }
        _mm_storeu_si128((__m128i *)(void *)(out + i), text);
        i += 16;
    }
    return i + mailproto__plain_run(out + i, in + i, n - i, room - i);
}

#endif

#endif /* MAILPROTO_CODEC_PLAIN_X86_H */
