/*
 * Octets of a command sixteen at a time, as bits: where numbers and names end no processor
 * foresees, and a bit is found without a guess. Knows classes of octets as comparisons;
 * must not know what they mean. Without vectors there is nothing here, and all goes octet
 * by octet.
 */
#ifndef MAILPROTO_IMAP_RUN_H
#define MAILPROTO_IMAP_RUN_H

#include <stdint.h>

#include "core/mem.h"

/* What is rare, and would burden what calls it. */
#ifdef __GNUC__
#define MAILPROTO__IMAP_APART __attribute__((noinline))
#else
#define MAILPROTO__IMAP_APART
#endif

/* Octets that are looked at together; what a word has a bit for each of. */
enum { MAILPROTO__IMAP_STEP = 16, MAILPROTO__IMAP_WIDE = 64 };

#if defined(__GNUC__) && defined(__SSE2__) /* every x86-64 has it */
#define MAILPROTO__IMAP_VECTORS 1

typedef signed char mailproto__imap_group
    __attribute__((vector_size(MAILPROTO__IMAP_STEP)));
typedef unsigned char mailproto__imap_octets
    __attribute__((vector_size(MAILPROTO__IMAP_STEP)));
typedef char mailproto__imap_bits __attribute__((vector_size(MAILPROTO__IMAP_STEP)));

typedef uint64_t mailproto__imap_pair
    __attribute__((vector_size(MAILPROTO__IMAP_STEP)));

#define MAILPROTO__IMAP_ALL(type, octet)                                               \
    ((type){octet, octet, octet, octet, octet, octet, octet, octet, octet, octet,      \
            octet, octet, octet, octet, octet, octet})

static inline mailproto__imap_group mailproto__imap_group_at(const char *at)
{
    mailproto__imap_group g;
    memcpy(&g, at, sizeof g);
    return g;
}

/* A bit for each octet that a comparison found, the lowest one for the first. */
static inline uint64_t mailproto__imap_found(mailproto__imap_group found)
{
    return (unsigned)__builtin_ia32_pmovmskb128((mailproto__imap_bits)found);
}

static inline mailproto__imap_group mailproto__imap_equal(mailproto__imap_group g,
                                                          signed char octet)
{
    return (mailproto__imap_group)(g ==
                                   MAILPROTO__IMAP_ALL(mailproto__imap_group, octet));
}

/* From `low` to `high`, both below 128. */
static inline mailproto__imap_group
mailproto__imap_between(mailproto__imap_group g, unsigned char low, unsigned char high)
{
    unsigned char span = (unsigned char)(high - low);
    mailproto__imap_octets o =
        (mailproto__imap_octets)g - MAILPROTO__IMAP_ALL(mailproto__imap_octets, low);
    return (mailproto__imap_group)(o <=
                                   MAILPROTO__IMAP_ALL(mailproto__imap_octets, span));
}

/* What is no ASTRING-CHAR (RFC 9051 9), and with `last` '+' what cannot be in a tag. */
static inline mailproto__imap_group mailproto__imap_no_astring(mailproto__imap_group g,
                                                               unsigned char last)
{
    /* controls, SP and what is above 127 */
    mailproto__imap_group low =
        (mailproto__imap_group)(g < MAILPROTO__IMAP_ALL(mailproto__imap_group, 33));
    return low | mailproto__imap_equal(g, 127) | mailproto__imap_equal(g, '"') |
           mailproto__imap_equal(g, '\\') | mailproto__imap_equal(g, '{') |
           mailproto__imap_equal(g, '%') | mailproto__imap_between(g, '(', last);
}

/* How many octets come before the first one that has a bit, of which there is one. */
static inline unsigned mailproto__imap_first(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

/* The bits below bit `n`, which is at most 63. */
static inline uint64_t mailproto__imap_below(unsigned n)
{
    return (UINT64_C(1) << n) - 1;
}

#else
#define MAILPROTO__IMAP_VECTORS 0
#endif

#endif /* MAILPROTO_IMAP_RUN_H */
