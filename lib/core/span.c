/*
 * Spans: compare, cut, read numbers. Knows octets; must not know any grammar.
 */
#include "core/span.h"

#include "core/chars.h"
#include "core/mem.h"

int mailproto__equal_nocase(mailproto_bytes a, mailproto_bytes b)
{
    size_t i;
    if (a.len != b.len) {
        return 0;
    }
    for (i = 0; i < a.len; i++) {
        unsigned char x = (unsigned char)a.ptr[i];
        unsigned char y = (unsigned char)b.ptr[i];
        /* The cases of a letter differ in one bit; so do others that are no letters. */
        if (x != y && ((x ^ y) != ('a' ^ 'A') || !mailproto__is(x, MAILPROTO__ALPHA))) {
            return 0;
        }
    }
    return 1;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

mailproto_bytes mailproto__word(mailproto_bytes *rest)
{
    const char *at = rest->ptr;
    size_t len = rest->len;
    mailproto_bytes word;
    size_t i = 0;
    size_t start;
    while (i < len && is_blank(at[i])) {
        i++;
    }
    start = i;
    while (i < len && !is_blank(at[i])) {
        i++;
    }
    word = mailproto__span(len > 0 ? at + start : at, i - start);
    while (i < len && is_blank(at[i])) {
        i++;
    }
    if (i > 0) {
        *rest = mailproto__tail(*rest, i);
    }
    return word;
}

int mailproto__number(mailproto_bytes b, uint64_t max, uint64_t *value)
{
    uint64_t n = 0;
    size_t i;
    if (b.len == 0) {
        return 0;
    }
    for (i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.ptr[i];
        uint64_t digit;
        if (!mailproto__is(c, MAILPROTO__DIGIT)) {
            return 0;
        }
        digit = (uint64_t)(c - '0');
        if (n > max / 10 || n * 10 > max - digit || digit > max) {
            return 0;
        }
        n = n * 10 + digit;
    }
    *value = n;
    return 1;
}

size_t mailproto__decimal(uint64_t value, char *buf)
{
    size_t len = 1;
    size_t i;
    uint64_t rest;
    for (rest = value / 10; rest > 0; rest /= 10) {
        len++;
    }
    for (i = len; i > 0; i--) {
        buf[i - 1] = (char)('0' + (char)(value % 10));
        value /= 10;
    }
    return len;
}

/* How many octets follow the first one of a UTF-8 character, and the range of the
 * second (RFC 3629 4); 0: it cannot be a first one. */
static size_t utf8_tail(unsigned char first, unsigned char *low, unsigned char *high)
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

int mailproto__is_utf8(mailproto_bytes b)
{
    const unsigned char *at = (const unsigned char *)b.ptr;
    size_t i = 0;
    while (i < b.len) {
        unsigned char low;
        unsigned char high;
        size_t n;
        if (at[i] < 0x80) {
            i++;
            continue;
        }
        n = utf8_tail(at[i], &low, &high);
        if (n == 0 || n > b.len - i - 1) {
            return 0;
        }
        i++;
        for (; n > 0; n--, i++) {
            if (at[i] < low || at[i] > high) {
                return 0;
            }
            low = 0x80;
            high = 0xBF;
        }
    }
    return 1;
}

/* A word with each octet `octet`. */
#define EACH(octet) (~(size_t)0 / 255U * (size_t)(octet))

/* Whether a word holds an octet below 32, or 127. */
static int word_has_control(const char *at)
{
    size_t word;
    size_t del;
    memcpy(&word, at, sizeof word);
    del = word ^ EACH(127);
    /* The same octets have their top bit in both. */
    return ((word - EACH(32)) | (del - EACH(1))) & ~word & EACH(128) ? 1 : 0;
}

size_t mailproto__find_control(mailproto_bytes b)
{
    size_t i = 0;
    while (b.len - i >= sizeof(size_t) && !word_has_control(b.ptr + i)) {
        i += sizeof(size_t);
    }
    while (i < b.len && !mailproto__is((unsigned char)b.ptr[i], MAILPROTO__CTL)) {
        i++;
    }
    return i;
}
