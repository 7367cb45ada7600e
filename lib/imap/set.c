/*
 * Sequence sets (RFC 9051 9, sequence-set): checked once, walked as written. Knows
 * numbers, `*` and `$`; must not know mailboxes.
 */
#include "imap/lex.h"

#include "core/mem.h"

/* ---- digits -------------------------------------------------------------------------- */

static inline int is_digit(char c)
{
    return (unsigned)(c - '0') < 10U;
}

/* Eight octets at once where the first one is in the low bits of a word, and a word is
 * what the processor has. */
#if defined(__GNUC__) && defined(__BYTE_ORDER__) &&                                    \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && UINTPTR_MAX > UINT32_MAX
#define EIGHT 1
#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))
#else
#define EIGHT 0
#endif

#if EIGHT
/* A bit in each of eight octets that is no digit. What an octet carries over goes upwards,
 * so that the lowest one is right. */
static inline uint64_t other_than_digits(uint64_t octets)
{
    return ((octets + EACH(0x80 - '9' - 1)) | (octets - EACH('0'))) & EACH(0x80);
}

/* How many of the eight octets at `at` are digits before the first that is none. */
static inline unsigned digits_of_eight(const char *at, uint64_t *octets)
{
    uint64_t others;
    memcpy(octets, at, 8);
    others = other_than_digits(*octets);
    return others == 0 ? 8 : (unsigned)__builtin_ctzll(others) >> 3;
}

/* What `n` digits mean, 1 to 8, the others being zeros before them. */
static inline uint32_t number_of_eight(uint64_t octets, unsigned n)
{
    octets = (octets << (64 - 8 * n)) & EACH(0x0F);
    octets = (octets * 2561) >> 8;
    octets = ((octets & UINT64_C(0x00FF00FF00FF00FF)) * 6553601) >> 16;
    return (uint32_t)(((octets & UINT64_C(0x0000FFFF0000FFFF)) * 42949672960001) >> 32);
}
#endif

/* Behind the digits at `at`. */
static inline const char *skip_digits(const char *at, const char *end)
{
#if EIGHT
    while (end - at >= 8) {
        uint64_t octets;
        unsigned n = digits_of_eight(at, &octets);
        at += n;
        if (n < 8) {
            return at;
        }
    }
#endif
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

/* ---- checking ------------------------------------------------------------------------ */

enum { LARGEST_DIGITS = 10 };

/* NULL, or where a number of at least as many digits as the largest becomes too large. */
static const char *too_large_at(const char *begin, const char *end)
{
    if (memcmp(begin, "4294967295", LARGEST_DIGITS) > 0) {
        return begin + LARGEST_DIGITS - 1;
    }
    return end - begin > LARGEST_DIGITS ? begin + LARGEST_DIGITS : NULL;
}

/* Behind the seq-number at `at`; with `good` 0 where the fault is. */
static inline const char *check_number(const char *at, const char *end, int uids,
                                       int *good)
{
    const char *begin = at;
    at = skip_digits(at, end);
    if (at == begin) {
        *good = at < end && *at == '*' && !uids;
        return at + *good;
    }
    if (*begin == '0') {
        *good = 0;
        return begin;
    }
    if (at - begin >= LARGEST_DIGITS && too_large_at(begin, at) != NULL) {
        *good = 0;
        return too_large_at(begin, at);
    }
    return at;
}

#if MAILPROTO__IMAP_VECTORS
/* Of the octets of a set a bit for each that is of a kind. */
struct kinds {
    uint64_t digits, zeros, commas, colons, stars;
};

static inline struct kinds kinds_at(const char *at, unsigned groups)
{
    struct kinds k = {0, 0, 0, 0, 0};
    unsigned i;
    for (i = 0; i < groups; i++) {
        mailproto__imap_group g =
            mailproto__imap_group_at(at + (size_t)i * MAILPROTO__IMAP_STEP);
        unsigned shift = i * MAILPROTO__IMAP_STEP;
        k.digits |= mailproto__imap_found(mailproto__imap_between(g, '0', '9'))
                    << shift;
        k.zeros |= mailproto__imap_found(mailproto__imap_equal(g, '0')) << shift;
        k.commas |= mailproto__imap_found(mailproto__imap_equal(g, ',')) << shift;
        k.colons |= mailproto__imap_found(mailproto__imap_equal(g, ':')) << shift;
        k.stars |= mailproto__imap_found(mailproto__imap_equal(g, '*')) << shift;
    }
    return k;
}

/* What is no part of a set. */
static inline uint64_t others_of(const struct kinds *k)
{
    return ~(k->digits | k->commas | k->colons | k->stars);
}

/* Whether the first `n` octets, at most 63, are ranges with commas between them; also 0:
 * a number may be too large. */
static inline int are_ranges(const struct kinds *k, unsigned n, int uids)
{
    uint64_t whole = mailproto__imap_below(n);
    uint64_t digits = k->digits & whole;
    uint64_t stars = k->stars & whole;
    uint64_t colons = k->colons & whole;
    uint64_t marks = (k->commas | k->colons) & whole;
    uint64_t begins = marks << 1 | 1;
    uint64_t two = digits & digits << 1; /* these digits are two, four, eight */
    uint64_t four = two & two << 2;
    uint64_t eight = four & four << 4;
    /* What is added at a colon is carried to the next mark. */
    uint64_t after_colons = ~marks + (colons << 1);
    uint64_t bad = marks & begins;        /* nothing where a number is to be */
    bad |= k->zeros & whole & begins;     /* a leading zero */
    bad |= eight & two << 8;              /* ten digits */
    bad |= stars & (digits | stars) << 1; /* `*` behind a digit or a `*` */
    bad |= digits & stars << 1;           /* a digit behind `*` */
    bad |= after_colons & colons;         /* 1:2:3 */
    bad |= uids ? stars : 0;              /* no `*` here */
    return n > 0 && bad == 0 && (marks >> (n - 1) & 1) == 0;
}

/* Goes on over as much of the set at `at` as is good for certain: all of it (`whole` 1),
 * or up to where a range begins. `marks`: see mailproto_imap_set_next(). */
static const char *skip_ranges(const struct mailproto__imap_reader *r, const char *at,
                               int uids, int *whole, uint64_t *marks)
{
    struct kinds k;
    uint64_t others = 0;
    unsigned n;
    *marks = 0;
    *whole = 0;
    if (r->limit - at >= (ptrdiff_t)MAILPROTO__IMAP_STEP) {
        k = kinds_at(at, 1);
        others = others_of(&k) & 0xffffU;
        if (others != 0) {
            n = mailproto__imap_first(others);
            *whole = are_ranges(&k, n, uids);
            *marks = (k.commas & mailproto__imap_below(n)) | UINT64_C(1) << n;
            return *whole ? at + n : at;
        }
    }
    while (others == 0 && r->limit - r->begin >= (ptrdiff_t)MAILPROTO__IMAP_WIDE) {
        /* Near the limit it begins before `at`, and what it reaches of that is let go. */
        ptrdiff_t there = r->limit - at;
        unsigned before = there < (ptrdiff_t)MAILPROTO__IMAP_WIDE
                              ? MAILPROTO__IMAP_WIDE - (unsigned)there
                              : 0;
        if (before == MAILPROTO__IMAP_WIDE) {
            break;
        }
        k = kinds_at(at - before, MAILPROTO__IMAP_WIDE / MAILPROTO__IMAP_STEP);
        k.digits >>= before;
        k.zeros >>= before;
        k.commas >>= before;
        k.colons >>= before;
        k.stars >>= before;
        others = others_of(&k);
        if ((others | k.commas) == 0) {
            break;
        }
        n = others != 0 ? mailproto__imap_first(others)
                        : 63U - (unsigned)__builtin_clzll(k.commas);
        if (!are_ranges(&k, n, uids)) {
            break;
        }
        if (*marks == 0) {
            *marks = (k.commas & mailproto__imap_below(n)) | UINT64_C(1) << n;
        }
        at += n;
        *whole = others != 0;
        at += !*whole; /* the comma */
    }
    return at;
}
#else
static const char *skip_ranges(const struct mailproto__imap_reader *r, const char *at,
                               int uids, int *whole, uint64_t *marks)
{
    (void)r;
    (void)uids;
    *marks = 0;
    *whole = 0;
    return at;
}
#endif

/* Behind the set at the reader; with `good` 0 where the fault is. */
static const char *check_set(const struct mailproto__imap_reader *r, int uids,
                             int *good, uint64_t *marks)
{
    int whole;
    const char *at = r->at;
    const char *end = r->end;
    *good = 1;
    at = skip_ranges(r, at, uids, &whole, marks);
    if (whole) {
        return at;
    }
    if (at == r->at && at < end && *at == '$' && !uids) {
        return at + 1;
    }
    for (;;) {
        at = check_number(at, end, uids, good);
        if (*good && at < end && *at == ':') {
            at = check_number(at + 1, end, uids, good);
        }
        if (!*good || at == end || *at != ',') {
            return at;
        }
        at++;
    }
}

int mailproto__imap_read_set(struct mailproto__imap_reader *r, int uids,
                             mailproto_imap_cursor *out)
{
    const char *begin = r->at;
    uint64_t marks;
    int good;
    r->at = check_set(r, uids, &good, &marks);
    if (!good) {
        return mailproto__imap_fault(r, "sequence set expected");
    }
    mailproto__imap_cursor_make(out, MAILPROTO__IMAP_A_SET, r, begin, r->at);
    out->opaque[3] = marks;
    return 1;
}

mailproto_status mailproto_imap_set_parse(mailproto_bytes text,
                                          mailproto_imap_cursor *set)
{
    struct mailproto__imap_reader r;
    uint64_t marks;
    int good;
    memset(&r, 0, sizeof r);
    r.at = text.ptr;
    r.begin = text.ptr;
    r.end = text.len > 0 ? text.ptr + text.len : text.ptr;
    r.limit = r.end;
    r.at = check_set(&r, 0, &good, &marks);
    if (!good || r.at != r.end) {
        return MAILPROTO_ERR_SYNTAX;
    }
    mailproto__imap_cursor_make(set, MAILPROTO__IMAP_A_SET, &r, text.ptr, r.end);
    set->opaque[3] = marks;
    return MAILPROTO_OK;
}

/* ---- walking ------------------------------------------------------------------------- */

/* Behind the number of a checked set at `at`; 0: `*`. */
static inline const char *take_number(const char *at, const char *end, uint32_t *out)
{
    uint32_t n = 0;
    if (*at == '*') {
        *out = 0;
        return at + 1;
    }
#if EIGHT
    if (end - at >= 8) {
        uint64_t octets;
        unsigned digits = digits_of_eight(at, &octets);
        n = number_of_eight(octets, digits);
        at += digits;
        if (digits < 8) {
            *out = n;
            return at;
        }
    }
#endif
    while (at < end && is_digit(*at)) {
        n = n * 10 + (uint32_t)(*at - '0');
        at++;
    }
    *out = n;
    return at;
}

/* `*` goes last, for it is not under any number that is in use. */
static inline void put_range(mailproto_imap_range *range, uint32_t low, uint32_t high)
{
    int swap = high != 0 && (low == 0 || low > high);
    range->low = swap ? high : low;
    range->high = swap ? low : high;
}

/* The range at `at`, which is before `end`: behind it, and behind its comma. */
static const char *take_range(const char *at, const char *end,
                              mailproto_imap_range *range)
{
    uint32_t low;
    uint32_t high;
    at = take_number(at, end, &low);
    high = low;
    if (at < end && *at == ':') {
        at++;
        high = 0;
        if (at < end) {
            at = take_number(at, end, &high);
        }
    }
    put_range(range, low, high);
    return at < end ? at + 1 : at; /* a comma */
}

#if MAILPROTO__IMAP_VECTORS && EIGHT
typedef short words __attribute__((vector_size(MAILPROTO__IMAP_STEP)));
typedef unsigned short wraps __attribute__((vector_size(MAILPROTO__IMAP_STEP)));
typedef int numbers __attribute__((vector_size(MAILPROTO__IMAP_STEP)));

/* What number_of_eight() does, of two numbers at once that lie as it shifts them. */
static inline void put_two(mailproto_imap_range *range, uint64_t low, uint64_t high)
{
    static const words hundreds = {100, 1, 100, 1, 100, 1, 100, 1};
    static const words myriads = {10000, 1, 10000, 1, 10000, 1, 10000, 1};
    mailproto__imap_pair digits = {low, high};
    numbers fours;
    mailproto__imap_pair both;
    uint32_t a;
    uint32_t b;
    digits &= (mailproto__imap_pair){EACH(0x0F), EACH(0x0F)};
    fours = __builtin_ia32_pmaddwd128((words)((wraps)digits * 2561 >> 8), hundreds);
    both = (mailproto__imap_pair)__builtin_ia32_pmaddwd128(
        __builtin_ia32_packssdw128(fours, fours), myriads);
    a = (uint32_t)both[0];
    b = (uint32_t)(both[0] >> 32);
    range->low = a < b ? a : b;
    range->high = a < b ? b : a;
}

/* The marks of what comes next; 0: there is too little to read. */
static uint64_t marks_at(const struct mailproto__imap_reader *r)
{
    unsigned groups = r->end - r->at < (ptrdiff_t)MAILPROTO__IMAP_STEP
                          ? 1
                          : MAILPROTO__IMAP_WIDE / MAILPROTO__IMAP_STEP;
    uint64_t marks = 0;
    unsigned i;
    if (r->limit - r->at < (ptrdiff_t)groups * (ptrdiff_t)MAILPROTO__IMAP_STEP) {
        return 0;
    }
    for (i = 0; i < groups; i++) {
        unsigned shift = i * MAILPROTO__IMAP_STEP;
        marks |= mailproto__imap_found(mailproto__imap_equal(
                     mailproto__imap_group_at(r->at + shift), ','))
                 << shift;
    }
    if (r->end - r->at < (ptrdiff_t)MAILPROTO__IMAP_WIDE) {
        marks |= UINT64_C(1) << (r->end - r->at);
    }
    return marks;
}

/* The next range, where the marks say how long it is and its numbers have up to seven
 * digits; 0: take_next() is to see. Whether it is one number or two no processor foresees:
 * one is read twice. */
static inline int take_marked(mailproto_imap_cursor *set, mailproto_imap_range *range)
{
    uint64_t marks = set->opaque[3];
    const char *at = (const char *)(uintptr_t)set->opaque[0];
    size_t left = (size_t)(set->opaque[1] - set->opaque[0]);
    uint64_t low;
    uint64_t high;
    uint64_t others;
    size_t n;
    size_t digits;
    size_t second;
    size_t rest;
    if (marks == 0 || (set->opaque[2] & 0xffU) != MAILPROTO__IMAP_A_SET ||
        (set->opaque[2] >> 40 & MAILPROTO__IMAP_SPARE) < 8) {
        return 0;
    }
    n = mailproto__imap_first(marks);
    if (n > left) {
        return 0;
    }
    memcpy(&low, at, 8);
    others = other_than_digits(low);
    if (others == 0) {
        return 0;
    }
    digits = (size_t)__builtin_ctzll(others) >> 3;
    second = (digits + 1) & ((size_t)0 - (size_t)(n != digits));
    rest = n - second;
    if (digits == 0 || rest - 1 >= 7 || at[second] == '*') {
        return 0;
    }
    memcpy(&high, at + second, 8);
    put_two(range, low << (64 - 8 * digits), high << (64 - 8 * rest));
    set->opaque[0] += n + (left > n);
    set->opaque[3] = marks >> n >> 1;
    return 1;
}
#endif

MAILPROTO__IMAP_APART static mailproto_status take_next(mailproto_imap_cursor *set,
                                                        mailproto_imap_range *range)
{
    struct mailproto__imap_reader r;
    if (mailproto__imap_cursor_open(set, &r) != MAILPROTO__IMAP_A_SET ||
        r.at == r.end || *r.at == '$') {
        return MAILPROTO_EOF;
    }
    r.at = take_range(r.at, r.end, range);
    mailproto__imap_cursor_keep(set, &r);
    set->opaque[3] = 0;
#if MAILPROTO__IMAP_VECTORS && EIGHT
    if (r.at < r.end) {
        set->opaque[3] = marks_at(&r);
    }
#endif
    return MAILPROTO_OK;
}

/* `opaque[3]` of the cursor: a bit for each octet from the place on that is a comma or the
 * end; 0: not known. */
mailproto_status mailproto_imap_set_next(mailproto_imap_cursor *set,
                                         mailproto_imap_range *range)
{
    if (set->opaque[0] == set->opaque[1]) {
        return MAILPROTO_EOF;
    }
#if MAILPROTO__IMAP_VECTORS && EIGHT
    if (take_marked(set, range)) {
        return MAILPROTO_OK;
    }
#endif
    return take_next(set, range);
}

int mailproto_imap_set_is_saved(const mailproto_imap_cursor *set)
{
    struct mailproto__imap_reader r;
    return mailproto__imap_cursor_open(set, &r) == MAILPROTO__IMAP_A_SET &&
           r.at < r.end && *r.at == '$';
}

/* ---- looking a number up --------------------------------------------------------------- */

/* In `opaque[2]` of a cursor: the ranges ascend. */
#define ASCENDS (UINT64_C(1) << 33)

static int range_has(const mailproto_imap_range *range, uint32_t number,
                     uint32_t largest)
{
    uint32_t low = range->low != 0 ? range->low : largest;
    uint32_t high = range->high != 0 ? range->high : largest;
    /* 3291:* of which `*` is less */
    return low <= high ? low <= number && number <= high
                       : high <= number && number <= low;
}

void mailproto__imap_set_note(mailproto_imap_cursor *set)
{
    mailproto_imap_cursor walk = *set;
    mailproto_imap_range range;
    uint32_t last = 0;
    int open = 0; /* a `*` was met */
    if (mailproto_imap_set_is_saved(set)) {
        return;
    }
    while (mailproto_imap_set_next(&walk, &range) == MAILPROTO_OK) {
        if (open || (range.low != 0 && range.low <= last)) {
            return;
        }
        open = range.high == 0;
        last = range.high;
    }
    /* `*:5` is not found by its end. */
    if (!open || ((const char *)(uintptr_t)set->opaque[1])[-1] == '*') {
        set->opaque[2] |= ASCENDS;
    }
}

static int is_sorted(const mailproto_imap_cursor *set)
{
    return (set->opaque[2] & 0xffU) == MAILPROTO__IMAP_A_SET &&
           (set->opaque[2] & ASCENDS) != 0;
}

/* Where the range begins that the octet before `at` is of, or the comma behind it. */
static const char *begin_of(const char *begin, const char *at)
{
    do {
        at--;
    } while (at > begin && at[-1] != ',');
    return at;
}

/* By halves. A range with `*` is the last one, and may reach down to where others are. */
static int sorted_has(const mailproto_imap_cursor *set, uint32_t number,
                      uint32_t largest)
{
    const char *low = (const char *)(uintptr_t)set->opaque[0];
    const char *high = (const char *)(uintptr_t)set->opaque[1];
    mailproto_imap_range range;
    while (low < high) {
        const char *at = low + (high - low) / 2 + 1;
        const char *begin;
        const char *behind;
        if (high[-1] == '*') {
            at = high;
        }
        begin = begin_of(low, at);
        behind = take_range(begin, (const char *)(uintptr_t)set->opaque[1], &range);
        if (range_has(&range, number, largest)) {
            return 1;
        }
        if (range.high == 0 || number < range.low) {
            high = begin;
        } else {
            low = behind;
        }
    }
    return 0;
}

int mailproto_imap_set_has(const mailproto_imap_cursor *set, uint32_t number,
                           uint32_t largest)
{
    mailproto_imap_cursor walk = *set;
    mailproto_imap_range range;
    if (number != 0 && is_sorted(set)) {
        return sorted_has(set, number, largest);
    }
    while (number != 0 && mailproto_imap_set_next(&walk, &range) == MAILPROTO_OK) {
        if (range_has(&range, number, largest)) {
            return 1;
        }
    }
    return 0;
}
