/*
 * Counting with the vector instructions of x86-64 (AVX2), thirty-two octets at a time: the
 * same as mailproto__count() of scan_find.c, which is the reference.
 */
#include "codec/cpu.h"

#ifdef MAILPROTO__X86

#include <immintrin.h>

#include "core/mem.h"
#include "message/scan.h"

#define AVX2 __attribute__((target("avx2")))

typedef __m256i group; /* thirty-two octets, of which each is worked on alone */

enum {
    STEP = 2 * sizeof(group),
    ROUNDS = 127 /* a column counts no further than 255 */
};

/* What groups had, in thirty-two columns, see scan_find.c. */
struct columns {
    group lf, cr, apart, high, least;
};

AVX2 static group group_at(const char *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

AVX2 static group where(group text, char octet)
{
    return _mm256_cmpeq_epi8(text, _mm256_set1_epi8(octet));
}

AVX2 static uint64_t sum_of(group g)
{
    uint64_t part[4];
    group sums = _mm256_sad_epu8(g, _mm256_setzero_si256());
    memcpy(part, &sums, sizeof part);
    return part[0] + part[1] + part[2] + part[3];
}

AVX2 static int is_zero(group g)
{
    return _mm256_testz_si256(g, g);
}

/* Looks at a group and at the octet before it. */
AVX2 static inline void look(struct columns *c, const char *at, group of)
{
    group text = group_at(at);
    group cr = _mm256_and_si256(where(group_at(at - 1), '\r'), of);
    group lf = _mm256_and_si256(where(text, '\n'), of);
    c->high = _mm256_or_si256(c->high, text);
    c->least = _mm256_min_epu8(c->least, text);
    c->lf = _mm256_sub_epi8(c->lf, lf);
    c->cr = _mm256_or_si256(c->cr, cr);
    c->apart = _mm256_or_si256(c->apart, _mm256_xor_si256(lf, cr));
}

/* The last octets of a group: those that stand `n` from its end. */
AVX2 static group last_of(size_t n)
{
    static const signed char masks[2 * sizeof(group)] = {
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    return group_at((const char *)masks + n);
}

/* Line ends of both kinds, or a CR alone: CRLFs on their own. */
AVX2 static void count_apart(const char *at, size_t n, struct mailproto__counts *c)
{
    group both = _mm256_setzero_si256();
    group bare = both;
    size_t i = 0;
    while (i < n) {
        size_t left = n - i < sizeof(group) ? n - i : sizeof(group);
        const char *last = at + i + left - sizeof(group);
        group cr = _mm256_and_si256(where(group_at(last - 1), '\r'), last_of(left));
        group lf = where(group_at(last), '\n');
        both = _mm256_sub_epi8(both, _mm256_and_si256(cr, lf));
        bare = _mm256_or_si256(bare, _mm256_andnot_si256(lf, cr));
        i += left;
    }
    c->crlf += sum_of(both);
    c->flags |= is_zero(bare) ? 0 : (uint32_t)MAILPROTO_MESSAGE_BARE_CR;
}

/* at[0, n), a group at least and below ROUNDS steps; at[-1] is there. */
AVX2 static void count_groups(const char *at, size_t n, struct mailproto__counts *c)
{
    const group all = _mm256_set1_epi8(-1);
    const group zero = _mm256_setzero_si256();
    struct columns sums = {zero, zero, zero, zero, all};
    uint64_t lf;
    size_t i = 0;
    for (; n - i >= STEP; i += STEP) {
        look(&sums, at + i, all);
        look(&sums, at + i + sizeof(group), all);
    }
    if (n - i >= sizeof(group)) {
        look(&sums, at + i, all);
        i += sizeof(group);
    }
    if (i < n) { /* the last group, some of it again */
        look(&sums, at + n - sizeof(group), last_of(n - i));
    }
    lf = sum_of(sums.lf);
    c->lf += lf;
    c->flags |=
        _mm256_movemask_epi8(sums.high) != 0 ? (uint32_t)MAILPROTO_MESSAGE_8BIT : 0;
    c->flags |= !is_zero(where(sums.least, 0)) ? (uint32_t)MAILPROTO_MESSAGE_NUL : 0;
    if (is_zero(sums.apart)) {
        c->crlf += lf;
    } else if (!is_zero(sums.cr)) {
        count_apart(at, n, c);
    }
}

void mailproto__count_x86(const char *text, size_t len, struct mailproto__counts *c)
{
    size_t at = 1;
    if (len <= sizeof(group)) {
        mailproto__count(text, len, c);
        return;
    }
    mailproto__count_ends(text, len, c);
    while (at < len) {
        size_t n = len - at;
        /* What is left behind all rounds is a group at least. */
        n = n < (size_t)STEP * ROUNDS ? n : (size_t)STEP * (ROUNDS - 1);
        count_groups(text + at, n, c);
        at += n;
    }
}

#else

typedef int mailproto__no_vector_find; /* an empty file is no C */

#endif
