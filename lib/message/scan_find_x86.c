/*
 * Counting with the vector instructions of x86-64 (AVX2), thirty-two octets at a time: the
 * same as mailproto__count() of scan_find.c, which is the reference.
 */
#include "codec/cpu.h"

#ifdef MAILPROTO__X86

#include <immintrin.h>

#include "message/scan.h"

#define AVX2 __attribute__((target("avx2,popcnt")))

/* A bit for each octet that is `octet`. */
AVX2 static uint32_t where(__m256i text, char octet)
{
    return (uint32_t)_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(text, _mm256_set1_epi8(octet)));
}

/* Whole blocks of at[0, n); those of `c` but NUL are complete but for a CR at the end,
 * which is returned (1 or 0). */
AVX2 static uint32_t count_blocks(const char *at, size_t n, struct mailproto__counts *c)
{
    __m256i all = _mm256_setzero_si256();
    __m256i least = _mm256_set1_epi8(-1);
    uint32_t cr_before = 0;
    uint32_t bare = 0;
    uint64_t lfs = 0;
    uint64_t crlfs = 0;
    size_t i;
    for (i = 0; i < n; i += 32) {
        __m256i text = _mm256_loadu_si256((const __m256i *)(const void *)(at + i));
        uint32_t lf = where(text, '\n');
        uint32_t cr = where(text, '\r');
        uint32_t behind = cr << 1 | cr_before;
        all = _mm256_or_si256(all, text);
        least = _mm256_min_epu8(least, text);
        lfs += (uint32_t)__builtin_popcount(lf);
        crlfs += (uint32_t)__builtin_popcount(lf & behind);
        bare |= behind & ~lf;
        cr_before = cr >> 31;
    }
    c->lf = lfs;
    c->crlf = crlfs;
    c->flags = bare != 0 ? (uint32_t)MAILPROTO_MESSAGE_BARE_CR : 0;
    c->flags |= _mm256_movemask_epi8(all) != 0 ? (uint32_t)MAILPROTO_MESSAGE_8BIT : 0;
    c->flags |= where(least, 0) != 0 ? (uint32_t)MAILPROTO_MESSAGE_NUL : 0;
    return cr_before;
}

void mailproto__count_x86(const char *at, size_t len, struct mailproto__counts *c)
{
    size_t blocks = len & ~(size_t)31;
    struct mailproto__counts rest;
    uint32_t cr;
    cr = count_blocks(at, blocks, c);
    mailproto__count(at + blocks, len - blocks, &rest);
    c->lf += rest.lf;
    c->crlf += rest.crlf;
    c->flags |= rest.flags;
    if (cr) { /* the last octet of the blocks; its LF may be the first of the rest */
        if (blocks < len && at[blocks] == '\n') {
            c->crlf++;
        } else {
            c->flags |= MAILPROTO_MESSAGE_BARE_CR;
        }
    }
}

#else

typedef int mailproto__no_vector_find; /* an empty file is no C */

#endif
