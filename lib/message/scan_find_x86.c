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

/* What groups had, in thirty-two columns. */
struct columns {
    group lf, cr, bare, all, least;
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

/* Looks at a group and at the octet before it, see scan_find.c. */
AVX2 static inline void look(struct columns *c, const char *at)
{
    group text = group_at(at);
    group cr = where(group_at(at - 1), '\r');
    group lf = where(text, '\n');
    c->lf = _mm256_sub_epi8(c->lf, lf);
    c->cr = _mm256_sub_epi8(c->cr, cr);
    c->bare = _mm256_or_si256(c->bare, _mm256_andnot_si256(lf, cr));
    c->all = _mm256_or_si256(c->all, text);
    c->least = _mm256_min_epu8(c->least, text);
}

/* at[0, n) in whole steps, at most ROUNDS; at[-1] is there. */
AVX2 static void count_groups(const char *at, size_t n, struct mailproto__counts *c)
{
    const group zero = _mm256_setzero_si256();
    struct columns sums = {zero, zero, zero, zero, zero};
    size_t i;
    sums.least = _mm256_set1_epi8(-1);
    for (i = 0; i < n; i += STEP) {
        look(&sums, at + i);
        look(&sums, at + i + sizeof(group));
    }
    c->lf += sum_of(sums.lf);
    c->flags |=
        _mm256_movemask_epi8(sums.all) != 0 ? (uint32_t)MAILPROTO_MESSAGE_8BIT : 0;
    c->flags |= !is_zero(where(sums.least, 0)) ? (uint32_t)MAILPROTO_MESSAGE_NUL : 0;
    if (is_zero(sums.bare)) {
        c->crlf += sum_of(sums.cr); /* each has its LF */
    } else {
        struct mailproto__counts again;
        mailproto__count_lines(at - 1, n + 1, &again);
        c->crlf += again.crlf;
        c->flags |= MAILPROTO_MESSAGE_BARE_CR;
    }
}

void mailproto__count_x86(const char *text, size_t len, struct mailproto__counts *c)
{
    struct mailproto__counts rest;
    size_t at = 1;
    if (len <= STEP) {
        mailproto__count(text, len, c);
        return;
    }
    memset(c, 0, sizeof *c);
    while (len - at >= STEP) {
        size_t n = (len - at) / STEP;
        n = STEP * (n < ROUNDS ? n : (size_t)ROUNDS);
        count_groups(text + at, n, c);
        at += n;
    }
    /* As in scan_find.c: of the first octet the groups saw whether it is a CR; what
     * follows begins with the last one, whose LF was counted. */
    c->flags |= mailproto__text_flags(text, 1) & ~(uint32_t)MAILPROTO_MESSAGE_BARE_CR;
    c->lf += text[0] == '\n';
    mailproto__count(text + at - 1, len - at + 1, &rest);
    c->lf += rest.lf - (text[at - 1] == '\n');
    c->crlf += rest.crlf;
    c->flags |= rest.flags;
}

#else

typedef int mailproto__no_vector_find; /* an empty file is no C */

#endif
