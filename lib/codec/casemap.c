/*
 * i;unicode-casemap (RFC 5051 2): a character in titlecase, then what it consists of. ASCII
 * stays in lower case, which compares alike; so letters that a compatibility form stands
 * for (U+00AA) are found in any case. Must not know what is compared.
 */
#include "codec/casemap.h"

#include "codec/utf8.h"
#include "core/mem.h"

#ifndef MAILPROTO_NO_CASEMAP
/* From first to last by steps, the titlecase is so much more (modulo 65536). */
struct casemap_range {
    uint16_t first, last, step, delta;
};
/* What a character consists of: again characters that may, and 0 for no second. */
struct casemap_pair {
    uint16_t point, first, second;
};
#include "codec/casemap_table.h"
typedef char
    casemap_is_small[sizeof casemap_ranges + sizeof casemap_pairs <= 8192 ? 1 : -1];
#endif

/* A word with each octet `octet`. */
#define EACH(octet) (~(size_t)0 / 255U * (size_t)(octet))

size_t mailproto__casemap_ascii(const char *in, size_t n)
{
    size_t i = 0;
    while (n - i >= sizeof(size_t)) {
        size_t word;
        memcpy(&word, in + i, sizeof word);
        if ((word & EACH(0x80)) != 0) {
            break;
        }
        i += sizeof word;
    }
    while (i < n && ((unsigned char)in[i] & 0x80U) == 0) {
        i++;
    }
    return i;
}

#ifndef MAILPROTO_NO_CASEMAP

/* Unicode 3.12: Hangul syllables are made of two or three letters by rule. */
enum {
    HANGUL = 0xAC00,
    HANGUL_END = 0xD7A4,
    LEADING = 0x1100,
    VOWEL = 0x1161,
    TRAILING = 0x11A7,
    TRAILINGS = 28,
    SYLLABLES = 588 /* with one leading letter */
};

static uint32_t titlecase(uint32_t point)
{
    size_t low = 0;
    size_t high = sizeof casemap_ranges / sizeof casemap_ranges[0];
    while (low < high) { /* the first range that ends at it or behind */
        size_t middle = (low + high) / 2;
        if (casemap_ranges[middle].last < point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < sizeof casemap_ranges / sizeof casemap_ranges[0]) {
        const struct casemap_range *r = &casemap_ranges[low];
        if (r->first <= point && (point - r->first) % r->step == 0) {
            return (point + r->delta) & 0xFFFFU;
        }
    }
    return point;
}

static const struct casemap_pair *find_pair(uint32_t point)
{
    size_t low = 0;
    size_t high = sizeof casemap_pairs / sizeof casemap_pairs[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (casemap_pairs[middle].point < point) {
            low = middle + 1;
        } else if (casemap_pairs[middle].point > point) {
            high = middle;
        } else {
            return &casemap_pairs[middle];
        }
    }
    return NULL;
}

static size_t put(char *out, uint32_t point)
{
    if (point >= 'A' && point <= 'Z') {
        point |= 'a' ^ 'A';
    }
    return mailproto__utf8_put((unsigned char *)out, point);
}

static size_t put_hangul(char *out, uint32_t point)
{
    uint32_t at = point - HANGUL;
    size_t n = put(out, LEADING + at / SYLLABLES);
    n += put(out + n, VOWEL + at % SYLLABLES / TRAILINGS);
    if (at % TRAILINGS != 0) {
        n += put(out + n, TRAILING + at % TRAILINGS);
    }
    return n;
}

/* A character of the Basic Multilingual Plane; ROOM octets suffice. */
static size_t put_mapped(char *out, uint32_t point)
{
    uint32_t left[4]; /* the generator sees to it that this is enough */
    size_t count = 1;
    size_t n = 0;
    if (point >= HANGUL && point < HANGUL_END) {
        return put_hangul(out, point);
    }
    if (point >= 0xFF01 && point <= 0xFF5E) { /* fullwidth ASCII */
        return put(out, point - 0xFEE0);
    }
    left[0] = titlecase(point);
    while (count > 0) {
        uint32_t at = left[--count];
        const struct casemap_pair *pair = find_pair(at);
        if (pair == NULL) {
            n += put(out + n, at);
            continue;
        }
        if (pair->second != 0) {
            left[count++] = pair->second;
        }
        left[count++] = pair->first;
    }
    return n;
}

/* One character that is not ASCII, of `len` octets. */
static size_t map(const unsigned char *in, size_t len, char *out)
{
    if (len == 2) {
        return put_mapped(out, (in[0] & 0x1FU) << 6 | (in[1] & 0x3FU));
    }
    if (len == 3) {
        return put_mapped(out, (in[0] & 0x0FU) << 12 | (in[1] & 0x3FU) << 6 |
                                   (in[2] & 0x3FU));
    }
    memmove(out, in, len);
    return len;
}

#else

static size_t map(const unsigned char *in, size_t len, char *out)
{
    memmove(out, in, len);
    return len;
}

#endif

size_t mailproto__casemap(const char *in, size_t n, size_t *used, char *out, size_t cap)
{
    size_t at = 0;
    size_t put_len = 0;
    while (at < n && cap - put_len >= MAILPROTO__CASEMAP_ROOM) {
        const unsigned char *c = (const unsigned char *)in + at;
        size_t room = cap - put_len;
        size_t len = mailproto__casemap_ascii(in + at, n - at < room ? n - at : room);
        int cut = 0;
        if (len > 0) {
            memmove(out + put_len, c, len);
            put_len += len;
            at += len;
            continue;
        }
        len = mailproto__utf8_character(c, n - at);
        if (len > 0) {
            put_len += map(c, len, out + put_len);
        } else {
            len = mailproto__utf8_bad(c, n - at, &cut);
            if (cut) {
                break;
            }
            memmove(out + put_len, c, len);
            put_len += len;
        }
        at += len;
    }
    *used = at;
    return put_len;
}
