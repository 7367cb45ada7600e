/*
 * UTF-8 (RFC 3629 4): whether text is well-formed, runs and single characters of it. Knows
 * the octets of a character; must not know what characters mean.
 */
#include "codec/utf8.h"

#include <mailproto/codec.h>

#include "core/mem.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* The state of a check by pieces: octets that must follow, and the next one's range. */
#define STATE(need, low, high)                                                         \
    ((uint32_t)(need) | (uint32_t)(low) << 8 | (uint32_t)(high) << 16)
#define STATE_BAD UINT32_MAX

unsigned mailproto__utf8_tail(unsigned char first, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        return 1;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0) {
            *low = 0xA0; /* no overlong forms */
        } else if (first == 0xED) {
            *high = 0x9F; /* no surrogates */
        }
        return 2;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0) {
            *low = 0x90;
        } else if (first == 0xF4) {
            *high = 0x8F; /* nothing over U+10FFFF */
        }
        return 3;
    }
    return 0;
}

size_t mailproto__utf8_long(const unsigned char *in, size_t n)
{
    uint8_t low;
    uint8_t high;
    unsigned tail = mailproto__utf8_tail(in[0], &low, &high);
    if (tail == 0 || n <= tail || in[1] < low || in[1] > high ||
        (tail > 1 && (in[2] & 0xC0U) != 0x80U) ||
        (tail > 2 && (in[3] & 0xC0U) != 0x80U)) {
        return 0;
    }
    return tail + 1U;
}

/* ---- step by step ------------------------------------------------------------------ */

/* States: nothing is open; one, two or three octets must follow; the first octet was one
 * that narrows the range of the second. Six bits of a row each. */
enum {
    WHOLE = MAILPROTO__UTF8_WHOLE,
    ONE = 6,
    TWO = 12,
    THREE = 18,
    AFTER_E0 = 24,
    AFTER_ED = 30,
    AFTER_F0 = 36,
    AFTER_F4 = 42,
    AFTER_C2 = 48, /* U+0080 to U+009F are controls */
    BAD = 54
};
#define AT(state, next) ((uint64_t)(next) << (state))
/* What begins a character; and what goes on with one, where that is the same for all. */
#define FIRST(next)                                                                    \
    (AT(WHOLE, next) | AT(ONE, BAD) | AT(TWO, BAD) | AT(THREE, BAD) |                  \
     AT(AFTER_E0, BAD) | AT(AFTER_ED, BAD) | AT(AFTER_F0, BAD) | AT(AFTER_F4, BAD) |   \
     AT(AFTER_C2, BAD) | AT(BAD, BAD))
#define OTHER                                                                          \
    (AT(WHOLE, BAD) | AT(ONE, WHOLE) | AT(TWO, ONE) | AT(THREE, TWO) | AT(BAD, BAD))
const uint64_t mailproto__utf8_rows[] = {
    FIRST(BAD),   /* controls, and what is no octet of UTF-8 */
    FIRST(WHOLE), /* 20 to 7E */
    OTHER | AT(AFTER_E0, BAD) | AT(AFTER_ED, ONE) | AT(AFTER_F0, BAD) |
        AT(AFTER_F4, TWO) | AT(AFTER_C2, BAD), /* 80 to 8F */
    OTHER | AT(AFTER_E0, BAD) | AT(AFTER_ED, ONE) | AT(AFTER_F0, TWO) |
        AT(AFTER_F4, BAD) | AT(AFTER_C2, BAD), /* 90 to 9F */
    OTHER | AT(AFTER_E0, ONE) | AT(AFTER_ED, BAD) | AT(AFTER_F0, TWO) |
        AT(AFTER_F4, BAD) | AT(AFTER_C2, WHOLE), /* A0 to BF */
    FIRST(ONE),                                  /* C3 to DF */
    FIRST(AFTER_E0),
    FIRST(TWO), /* E1 to EC, EE, EF */
    FIRST(AFTER_ED),
    FIRST(AFTER_F0),
    FIRST(THREE), /* F1 to F3 */
    FIRST(AFTER_F4),
    FIRST(AFTER_C2),
};

/* clang-format off */
const uint8_t mailproto__utf8_classes[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  0,
    2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
    3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,  3,
    4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
    4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,
    0,  0,  12, 5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,
    5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,  5,
    6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  7,
    9,  10, 10, 10, 11, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
};
/* clang-format on */

/* ---- runs and characters ----------------------------------------------------------- */

size_t mailproto__utf8_run(const unsigned char *in, size_t n)
{
    size_t i = 0;
    for (;;) {
        size_t len;
        while (n - i >= 8) {
            uint64_t word;
            memcpy(&word, in + i, 8);
            if (word & HIGH_BITS) {
                break;
            }
            i += 8;
        }
        while (i < n && in[i] < 128) {
            i++;
        }
        if (i == n) {
            return n;
        }
        do {
            len = mailproto__utf8_character(in + i, n - i);
            i += len;
        } while (len > 0 && i < n && in[i] >= 128);
        if (len == 0) {
            return i;
        }
    }
}

size_t mailproto__utf8_bad(const unsigned char *in, size_t n, int *cut)
{
    uint8_t low;
    uint8_t high;
    unsigned tail = mailproto__utf8_tail(in[0], &low, &high);
    size_t i = 1;
    *cut = 0;
    while (i <= tail) {
        if (i == n) {
            *cut = 1;
            break;
        }
        if (in[i] < low || in[i] > high) {
            break;
        }
        low = 0x80;
        high = 0xBF;
        i++;
    }
    return i;
}

size_t mailproto__utf8_put(unsigned char *out, uint32_t point)
{
    if (point < 0x80) {
        out[0] = (unsigned char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (unsigned char)(0xC0U | point >> 6);
        out[1] = (unsigned char)(0x80U | (point & 0x3FU));
        return 2;
    }
    if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
        point = 0xFFFD;
    }
    if (point < 0x10000) {
        out[0] = (unsigned char)(0xE0U | point >> 12);
        out[1] = (unsigned char)(0x80U | (point >> 6 & 0x3FU));
        out[2] = (unsigned char)(0x80U | (point & 0x3FU));
        return 3;
    }
    out[0] = (unsigned char)(0xF0U | point >> 18);
    out[1] = (unsigned char)(0x80U | (point >> 12 & 0x3FU));
    out[2] = (unsigned char)(0x80U | (point >> 6 & 0x3FU));
    out[3] = (unsigned char)(0x80U | (point & 0x3FU));
    return 4;
}

size_t mailproto__copy_ascii(unsigned char *out, const unsigned char *in, size_t n)
{
    size_t i = 0;
    while (n - i >= 8) {
        uint64_t word;
        memcpy(&word, in + i, 8);
        if (word & HIGH_BITS) {
            break;
        }
        memcpy(out + i, &word, 8);
        i += 8;
    }
    while (i < n && in[i] < 128) {
        out[i] = in[i];
        i++;
    }
    return i;
}

int mailproto_utf8_check(mailproto_bytes text, size_t *at)
{
    size_t n = text.len > 0
                   ? mailproto__utf8_run((const unsigned char *)text.ptr, text.len)
                   : 0;
    if (at != NULL) {
        *at = n;
    }
    return n == text.len;
}

int mailproto__utf8_is_other(const unsigned char *in, size_t n)
{
    size_t good = 0;
    size_t bad = 0;
    size_t i = 0;
    while (i < n) {
        size_t run = mailproto__utf8_run(in + i, n - i);
        const size_t end = i + run;
        for (; i < end; i++) {
            good += in[i] >= 128;
        }
        if (i < n) {
            int cut;
            size_t more = mailproto__utf8_bad(in + i, n - i, &cut);
            bad += cut ? 0 : more;
            i += more;
        }
    }
    return bad > 0 && 2 * bad >= good;
}

int mailproto_utf8_check_piece(uint32_t *state, mailproto_bytes piece, int last)
{
    const unsigned char *in = (const unsigned char *)piece.ptr;
    uint32_t s = *state;
    size_t i = 0;
    while (s != STATE_BAD && i < piece.len) {
        uint8_t low = (uint8_t)(s >> 8);
        uint8_t high = (uint8_t)(s >> 16);
        unsigned need = s & 0xffU;
        if (need == 0) {
            i += mailproto__utf8_run(in + i, piece.len - i);
            if (i == piece.len) {
                break;
            }
            need = mailproto__utf8_tail(in[i], &low, &high);
            s = need > 0 ? STATE(need, low, high) : STATE_BAD;
        } else if (in[i] < low || in[i] > high) {
            s = STATE_BAD;
        } else {
            s = need > 1 ? STATE(need - 1U, 0x80, 0xBF) : 0;
        }
        i++;
    }
    if (last && s != 0) {
        s = STATE_BAD;
    }
    *state = s;
    return s != STATE_BAD;
}
