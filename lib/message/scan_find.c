/*
 * The searches that the scanner's speed depends on: delimiters, line ends, odd octets.
 * Pure functions, in one file so that vector forms can stand beside them. They must not
 * know what a part is.
 */
#include "message/scan.h"

#include "core/mem.h"

/* GNU C has vectors that need no instruction set of their own: where the processor always
 * has some (SSE2, NEON), sixteen octets at a time cost what one does. */
#if defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON))
#define MAILPROTO__GROUPS 1
#endif

/* A word with each octet `octet`. */
#define EACH(octet) (~(size_t)0 / 255U * (size_t)(octet))

/* A word of text, its octets in any order. */
static size_t word_at(const char *at)
{
    size_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The first CR without an LF behind it, or NULL. */
const char *mailproto__find_bare_cr(const char *at, size_t len)
{
    const char *end = at + len;
    const char *cr = (const char *)memchr(at, '\r', len);
    while (cr != NULL && cr + 1 < end && cr[1] == '\n') {
        cr = cr + 2 < end ? (const char *)memchr(cr + 2, '\r', (size_t)(end - cr - 2))
                          : NULL;
    }
    return cr;
}

/* Within EACH(0x80) 0 if no octet is above 127 or below 14. */
static size_t odd_octets(size_t word)
{
    return word | (word - EACH(14));
}

int mailproto__is_plain(const char *at, size_t len)
{
    size_t odd = 0;
    size_t i = 0;
    if (len >= sizeof(size_t)) {
        odd = odd_octets(word_at(at + len - sizeof(size_t))); /* some octets twice */
        for (; len - i > 2 * sizeof(size_t); i += 2 * sizeof(size_t)) {
            odd |= odd_octets(word_at(at + i)) |
                   odd_octets(word_at(at + i + sizeof(size_t)));
        }
        odd |= len - i > sizeof(size_t) ? odd_octets(word_at(at + i)) : 0;
        return (odd & EACH(0x80)) == 0;
    }
    for (; i < len; i++) {
        unsigned char octet = (unsigned char)at[i];
        odd |= octet >= 0x80 || octet < 14 ? 1U : 0U;
    }
    return odd == 0;
}

uint32_t mailproto__text_flags(const char *at, size_t len)
{
    size_t high = 0;
    size_t i = 0;
    uint32_t flags = 0;
    if (len >= sizeof(size_t)) {
        high = word_at(at + len - sizeof(size_t)); /* some octets twice */
        for (; len - i > 2 * sizeof(size_t); i += 2 * sizeof(size_t)) {
            high |= word_at(at + i) | word_at(at + i + sizeof(size_t));
        }
        high |= len - i > sizeof(size_t) ? word_at(at + i) : 0;
    } else {
        for (; i < len; i++) {
            high |= (unsigned char)at[i];
        }
    }
    if (high & EACH(0x80)) {
        flags = MAILPROTO_MESSAGE_8BIT;
    }
    if (len > 0 && memchr(at, 0, len) != NULL) {
        flags |= MAILPROTO_MESSAGE_NUL;
    }
    if (len > 0 && mailproto__find_bare_cr(at, len) != NULL) {
        flags |= MAILPROTO_MESSAGE_BARE_CR;
    }
    return flags;
}

/* Line ends one by one, as memchr finds them. */
void mailproto__count_lines(const char *text, size_t len, struct mailproto__counts *c)
{
    const char *end = text + len;
    const char *lf = len > 0 ? (const char *)memchr(text, '\n', len) : NULL;
    memset(c, 0, sizeof *c);
    while (lf != NULL) {
        c->lf++;
        c->crlf += lf > text && lf[-1] == '\r';
        lf++;
        lf = lf < end ? (const char *)memchr(lf, '\n', (size_t)(end - lf)) : NULL;
    }
    c->flags = mailproto__text_flags(text, len);
}

#ifdef MAILPROTO__GROUPS

/* Sixteen octets, of which each is worked on alone. A comparison gives 255 for yes (-1 to
 * who adds it) and 0 for no. */
typedef uint8_t group __attribute__((vector_size(16)));
#define ALL(octet)                                                                     \
    ((group){octet, octet, octet, octet, octet, octet, octet, octet, octet, octet,     \
             octet, octet, octet, octet, octet, octet})

enum {
    STEP = 4 * sizeof(group),
    ROUNDS = 63 /* of a step: an octet counts no further than 255 */
};

/* What groups had, in sixteen columns. */
struct columns {
    group lf;    /* LFs */
    group cr;    /* a CR: not 0 */
    group apart; /* a CR without LF, or an LF without CR: not 0 */
    group high;  /* all octets together */
    group least; /* 0 if one was 0 */
};

static group group_at(const char *at)
{
    group g;
    memcpy(&g, at, sizeof g);
    return g;
}

#ifdef __SSE2__ /* what GNU C has no words for */
typedef char signed_group __attribute__((vector_size(16)));

/* The sum of the octets. */
static uint64_t sum_of(group g)
{
    typedef long long halves __attribute__((vector_size(16)));
    halves sums =
        (halves)__builtin_ia32_psadbw128((signed_group)g, (signed_group)ALL(0));
    return (uint64_t)sums[0] + (uint64_t)sums[1];
}

/* Whether any octet is above 127. */
static int has_high(group g)
{
    return __builtin_ia32_pmovmskb128((signed_group)g) != 0;
}

#else
static uint64_t sum_of(group g)
{
    const uint64_t even = UINT64_C(0x00FF00FF00FF00FF);
    uint64_t half[2];
    uint64_t sum;
    memcpy(half, &g, sizeof half);
    sum = (half[0] & even) + (half[0] >> 8 & even) + (half[1] & even) +
          (half[1] >> 8 & even);
    return (sum * UINT64_C(0x0001000100010001)) >> 48;
}

static int has_high(group g)
{
    uint64_t half[2];
    memcpy(half, &g, sizeof half);
    return ((half[0] | half[1]) & UINT64_C(0x8080808080808080)) != 0;
}

#endif

/* The lesser of each two octets. Clang knows the instruction by what it does. */
static inline group least(group a, group b)
{
#if defined(__SSE2__) && !defined(__clang__)
    return (group)__builtin_ia32_pminub128((signed_group)a, (signed_group)b);
#else
    group less = (group)(a < b);
    return (a & less) | (b & ~less);
#endif
}

/* Looks at a group, and at the octet before it: an LF tells what a CR before it is, so
 * that CRs are looked for in front of what they are counted with. Octets where `of` is 0
 * were seen before. */
static inline void look(struct columns *c, const char *at, group of)
{
    group text = group_at(at);
    group cr = (group)(group_at(at - 1) == ALL('\r')) & of;
    group lf = (group)(text == ALL('\n')) & of;
    c->high |= text;
    c->least = least(c->least, text);
    c->lf -= lf;
    c->cr |= cr;
    c->apart |= lf ^ cr;
}

/* The last octets of a group: those that stand `n` from its end. */
static group last_of(size_t n)
{
    static const unsigned char masks[2 * sizeof(group)] = {
        0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    return group_at((const char *)masks + n);
}

/* Line ends of both kinds, or a CR alone: CRLFs on their own. */
static void count_apart(const char *at, size_t n, struct mailproto__counts *c)
{
    group both = ALL(0);
    group bare = ALL(0);
    size_t i = 0;
    while (i < n) {
        size_t left = n - i < sizeof(group) ? n - i : sizeof(group);
        const char *last = at + i + left - sizeof(group);
        group cr = (group)(group_at(last - 1) == ALL('\r')) & last_of(left);
        group lf = (group)(group_at(last) == ALL('\n'));
        both -= cr & lf;
        bare |= cr & ~lf;
        i += left;
    }
    c->crlf += sum_of(both);
    c->flags |= has_high(bare) ? (uint32_t)MAILPROTO_MESSAGE_BARE_CR : 0;
}

/* at[0, n), a group at least and below ROUNDS steps; at[-1] is there. */
static void count_groups(const char *at, size_t n, struct mailproto__counts *c)
{
    struct columns sums = {ALL(0), ALL(0), ALL(0), ALL(0), ALL(255)};
    uint64_t lf;
    size_t i = 0;
    for (; n - i >= STEP; i += STEP) {
        look(&sums, at + i, ALL(255));
        look(&sums, at + i + sizeof(group), ALL(255));
        look(&sums, at + i + 2 * sizeof(group), ALL(255));
        look(&sums, at + i + 3 * sizeof(group), ALL(255));
    }
    for (; n - i >= sizeof(group); i += sizeof(group)) {
        look(&sums, at + i, ALL(255));
    }
    if (i < n) { /* the last group, some of it again */
        look(&sums, at + n - sizeof(group), last_of(n - i));
    }
    lf = sum_of(sums.lf);
    c->lf += lf;
    c->flags |= has_high(sums.high) ? (uint32_t)MAILPROTO_MESSAGE_8BIT : 0;
    c->flags |=
        has_high((group)(sums.least == ALL(0))) ? (uint32_t)MAILPROTO_MESSAGE_NUL : 0;
    if (!has_high(sums.apart)) {
        c->crlf += lf;
    } else if (has_high(sums.cr)) {
        count_apart(at, n, c);
    }
}

void mailproto__count(const char *text, size_t len, struct mailproto__counts *c)
{
    size_t at = 1;
    if (len <= sizeof(group)) {
        mailproto__count_lines(text, len, c);
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

void mailproto__count(const char *text, size_t len, struct mailproto__counts *c)
{
    mailproto__count_lines(text, len, c);
}

#endif

size_t mailproto__find_dashes(const char *at, size_t len, size_t from, int at_start)
{
    size_t i = from;
    /* Hyphens are rarer than line ends, in base64 they do not occur. One inside a line:
     * the rest of the line is of no interest, so that a line costs two searches at most. */
    while (i < len) {
        const char *dash = (const char *)memchr(at + i, '-', len - i);
        const char *line;
        if (dash == NULL) {
            return len;
        }
        i = (size_t)(dash - at);
        if (i + 1 >= len) {
            return len;
        }
        if ((i > 0 ? dash[-1] == '\n' : at_start) && dash[1] == '-') {
            return i;
        }
        line = (const char *)memchr(dash, '\n', len - i);
        if (line == NULL) {
            return len;
        }
        i = (size_t)(line - at) + 1;
        if (i < len && at[i] != '-') {
            i++;
        }
    }
    return len;
}
