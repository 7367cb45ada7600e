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
/* How many of the eight octets at `at` are digits before the first that is none. What an
 * octet carries over goes upwards, so that the lowest mark is right. */
static inline unsigned digits_of_eight(const char *at, uint64_t *octets)
{
    uint64_t others;
    memcpy(octets, at, 8);
    others = ((*octets + EACH(0x80 - '9' - 1)) | (*octets - EACH('0'))) & EACH(0x80);
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

/* Behind the set at `at`; with `good` 0 where the fault is. */
static const char *check_set(const char *at, const char *end, int uids, int *good)
{
    *good = 1;
    if (at < end && *at == '$' && !uids) {
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
    int good;
    r->at = check_set(begin, r->end, uids, &good);
    if (!good) {
        return mailproto__imap_fault(r, "sequence set expected");
    }
    mailproto__imap_cursor_make(out, MAILPROTO__IMAP_A_SET, r, begin, r->at);
    return 1;
}

mailproto_status mailproto_imap_set_parse(mailproto_bytes text,
                                          mailproto_imap_cursor *set)
{
    struct mailproto__imap_reader r;
    const char *end = text.len > 0 ? text.ptr + text.len : text.ptr;
    int good;
    const char *at = check_set(text.ptr, end, 0, &good);
    if (!good || at != end) {
        return MAILPROTO_ERR_SYNTAX;
    }
    memset(&r, 0, sizeof r);
    mailproto__imap_cursor_make(set, MAILPROTO__IMAP_A_SET, &r, text.ptr, end);
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

mailproto_status mailproto_imap_set_next(mailproto_imap_cursor *set,
                                         mailproto_imap_range *range)
{
    struct mailproto__imap_reader r;
    uint32_t low;
    uint32_t high;
    if (mailproto__imap_cursor_open(set, &r) != MAILPROTO__IMAP_A_SET ||
        r.at == r.end || *r.at == '$') {
        return MAILPROTO_EOF;
    }
    r.at = take_number(r.at, r.end, &low);
    high = low;
    if (r.at < r.end && *r.at == ':') {
        r.at = take_number(r.at + 1, r.end, &high);
    }
    /* `*` goes last, for it is not under any number that is in use. */
    if (high != 0 && (low == 0 || low > high)) {
        range->low = high;
        range->high = low;
    } else {
        range->low = low;
        range->high = high;
    }
    if (r.at < r.end) { /* a comma */
        r.at++;
    }
    mailproto__imap_cursor_keep(set, &r);
    return MAILPROTO_OK;
}

int mailproto_imap_set_is_saved(const mailproto_imap_cursor *set)
{
    struct mailproto__imap_reader r;
    return mailproto__imap_cursor_open(set, &r) == MAILPROTO__IMAP_A_SET &&
           r.at < r.end && *r.at == '$';
}

/* ---- looking a number up --------------------------------------------------------------- */

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
    set->opaque[3] = !open || ((const char *)(uintptr_t)set->opaque[1])[-1] == '*';
}

static int is_sorted(const mailproto_imap_cursor *set)
{
    return (set->opaque[2] & 0xffU) == MAILPROTO__IMAP_A_SET && set->opaque[3] != 0;
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
        mailproto_imap_cursor walk = *set;
        if (high[-1] == '*') {
            at = high;
        }
        begin = begin_of(low, at);
        walk.opaque[0] = (uint64_t)(uintptr_t)begin;
        if (mailproto_imap_set_next(&walk, &range) != MAILPROTO_OK) {
            return 0; /* cannot be: it was walked before */
        }
        if (range_has(&range, number, largest)) {
            return 1;
        }
        if (range.high == 0 || number < range.low) {
            high = begin;
        } else {
            low = (const char *)(uintptr_t)walk.opaque[0];
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
