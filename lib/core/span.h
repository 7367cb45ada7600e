/*
 * Spans: compare, cut, read numbers. Pure functions.
 */
#ifndef MAILPROTO_CORE_SPAN_H
#define MAILPROTO_CORE_SPAN_H

#include <mailproto/base.h>

/* A span over a string literal. */
#define MAILPROTO__LITERAL(text) mailproto__span((text), sizeof(text) - 1)

static inline mailproto_bytes mailproto__span(const char *ptr, size_t len)
{
    mailproto_bytes b;
    b.ptr = ptr;
    b.len = len;
    return b;
}

/* What lies behind the first `n` octets; `n` at most b.len. */
static inline mailproto_bytes mailproto__tail(mailproto_bytes b, size_t n)
{
    return mailproto__span(b.ptr + n, b.len - n);
}

/* i;ascii-casemap equality (RFC 4790 9.2). */
int mailproto__equal_nocase(mailproto_bytes a, mailproto_bytes b);

/* The next word up to a blank; `rest` goes on behind the blanks that follow it. An
 * empty word: nothing is left. */
mailproto_bytes mailproto__word(mailproto_bytes *rest);

/* 1*DIGIT into a number, all of the span; 0 if it is not, or over `max`. */
int mailproto__number(mailproto_bytes b, uint64_t max, uint64_t *value);

/* Decimal form into `buf` (20 octets suffice); its length. */
size_t mailproto__decimal(uint64_t value, char *buf);

/* Whether all of it is well-formed UTF-8 (RFC 3629 4). */
int mailproto__is_utf8(mailproto_bytes b);

/* The offset of the first octet below 32 or equal to 127 (TAB too), or b.len. */
size_t mailproto__find_control(mailproto_bytes b);

#endif /* MAILPROTO_CORE_SPAN_H */
