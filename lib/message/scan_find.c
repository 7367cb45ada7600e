/*
 * The searches that the scanner's speed depends on: delimiters, line ends, odd octets.
 * Pure functions, in one file so that vector forms can stand beside them. They must not
 * know what a part is.
 */
#include "message/scan.h"

#include "core/mem.h"

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

/* Line ends one by one, as memchr finds them: looking at every octet costs more. */
void mailproto__count(const char *text, size_t len, struct mailproto__counts *c)
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
