/*
 * Base64 with the vector instructions of x86-64, for mail text: lines of any length with
 * CRLF between them. Knows runs of the alphabet and CRLF; all else is left to the portable
 * code, which is the reference.
 *
 * A character's value is itself plus an offset that its high four bits choose; two tables
 * looked up by the low and the high four bits have a bit in common for what is no
 * character of the alphabet. Blocks are read only where the input has all of them.
 */
#include "codec/cpu.h"

#ifdef MAILPROTO__X86

#include <immintrin.h>

#include "core/mem.h"

/* Sixteen characters to values; `*bad`: a bit for each that is none. */
__attribute__((target("ssse3"))) static __m128i values_of(__m128i text, int *bad)
{
    const __m128i low_bits =
        _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13,
                      0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
    const __m128i high_bits =
        _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10,
                      0x10, 0x10, 0x10, 0x10, 0x10);
    const __m128i offsets =
        _mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i slash = _mm_set1_epi8('/');
    __m128i high = _mm_and_si128(_mm_srli_epi32(text, 4), _mm_set1_epi8(15));
    __m128i low = _mm_and_si128(text, _mm_set1_epi8(15));
    __m128i wrong = _mm_and_si128(_mm_shuffle_epi8(low_bits, low),
                                  _mm_shuffle_epi8(high_bits, high));
    __m128i which = _mm_add_epi8(_mm_cmpeq_epi8(text, slash), high);
    *bad = _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) ^ 0xffff;
    return _mm_add_epi8(text, _mm_shuffle_epi8(offsets, which));
}

/* Sixteen values to twelve octets, in the low ones. */
__attribute__((target("ssse3"))) static __m128i octets_of(__m128i values)
{
    __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
    __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    return _mm_shuffle_epi8(
        groups, _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
}

/* Stores twelve octets and no more. */
__attribute__((target("ssse3"))) static void store_12(unsigned char *out,
                                                      __m128i octets)
{
    uint32_t last = (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(octets, 8));
    _mm_storel_epi64((__m128i *)(void *)out, octets);
    memcpy(out + 8, &last, 4);
}

/* Blocks of sixteen; where a line ends inside of one, its whole groups before that. */
__attribute__((target("ssse3"))) size_t
mailproto__base64_decode_x86(const unsigned char *in, size_t n, unsigned char *out,
                             size_t room, int crlf, size_t *put)
{
    size_t used = 0;
    size_t done = 0;
    while (n - used >= 18 && room - done >= 12) {
        int bad;
        __m128i octets;
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(in + used));
        text = values_of(text, &bad);
        octets = octets_of(text);
        if (bad == 0) {
            store_12(out + done, octets);
            used += 16;
            done += 12;
        } else {
            unsigned good = (unsigned)__builtin_ctz((unsigned)bad);
            unsigned char block[16];
            if (!crlf || good % 4 != 0 || in[used + good] != '\r' ||
                in[used + good + 1] != '\n') {
                break;
            }
            _mm_storeu_si128((__m128i *)(void *)block, octets);
            memcpy(out + done, block, (size_t)good / 4 * 3);
            used += good + 2U;
            done += (size_t)good / 4 * 3;
        }
    }
    *put = done;
    return used;
}

#else

typedef int mailproto__no_vector; /* an empty file is no C */

#endif
