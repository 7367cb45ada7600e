/*
 * One text looked for in another that comes in pieces, without regard to case and to how
 * lines end: Knuth, Morris and Pratt's automaton, which no text and no needle makes slow,
 * with memchr where nothing is matched. Must not know messages.
 */
#include "imap/match.h"

#include "core/mem.h"

/* What a test counts: the octets that are looked at one by one. */
#ifndef MAILPROTO__MATCH_STEP
#define MAILPROTO__MATCH_STEP() ((void)0)
#endif

/* ---- folding -------------------------------------------------------------------------- */

/* A word with each octet `octet`. */
#define EACH(octet) (~(size_t)0 / 255U * (size_t)(octet))

/* ASCII letters in lower case (RFC 4790 9.2), whole words at once: of octets below 128,
 * those that reach 128 when 128 - 'A' is added but not when 127 - 'Z' is. */
static void lower(char *text, size_t len)
{
    size_t i = 0;
    for (; len - i >= sizeof(size_t); i += sizeof(size_t)) {
        size_t word;
        size_t low;
        memcpy(&word, text + i, sizeof word);
        low = word & EACH(0x7f);
        low = (low + EACH(0x80 - 'A')) & ~(low + EACH(0x7f - 'Z')) & ~word & EACH(0x80);
        word |= low >> 2;
        memcpy(text + i, &word, sizeof word);
    }
    for (; i < len; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char)(text[i] | ('a' ^ 'A'));
        }
    }
}

/* The line end of the needle and that of the text may be stored in different ways. */
static size_t fold_lines(char *text, size_t len, uint8_t *after_cr)
{
    char *at = text;
    const char *from = text;
    const char *end = text + len;
    if (*after_cr && len > 0 && *from == '\n') {
        from++;
    }
    if (len > 0) {
        *after_cr = end[-1] == '\r';
    }
    while (from < end) {
        const char *cr = (const char *)memchr(from, '\r', (size_t)(end - from));
        size_t run = (size_t)((cr != NULL ? cr : end) - from);
        if (at != from) {
            memmove(at, from, run);
        }
        at += run;
        from += run;
        if (cr != NULL) {
            *at++ = '\n';
            from += from + 1 < end && from[1] == '\n' ? 2 : 1;
        }
    }
    return (size_t)(at - text);
}

size_t mailproto__match_fold(char *text, size_t len, uint8_t *after_cr)
{
    len = fold_lines(text, len, after_cr);
    lower(text, len);
    return len;
}

/* ---- looking -------------------------------------------------------------------------- */

void mailproto__match_prepare(const char *text, size_t len, uint16_t *back)
{
    size_t at;
    size_t q = 0;
    back[0] = 0;
    for (at = 1; at < len; at++) {
        while (q > 0 && text[q] != text[at]) {
            q = back[q - 1];
        }
        q += text[q] == text[at];
        back[at] = (uint16_t)q;
    }
}

int mailproto__match_look(struct mailproto__needle *n, const char *text, size_t len)
{
    const char *at = text;
    const char *end = text + len;
    size_t q = n->matched;
    while (at < end) {
        if (q == 0) {
            at = (const char *)memchr(at, n->text[0], (size_t)(end - at));
            if (at == NULL) {
                break;
            }
        }
        while (q > 0 && n->text[q] != *at) {
            MAILPROTO__MATCH_STEP();
            q = n->back[q - 1];
        }
        MAILPROTO__MATCH_STEP();
        q += n->text[q] == *at;
        at++;
        if (q == n->len) {
            return 1;
        }
    }
    n->matched = (uint32_t)q;
    return 0;
}
