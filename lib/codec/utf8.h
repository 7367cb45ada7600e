/*
 * UTF-8 (RFC 3629): runs that are well-formed, single characters.
 */
#ifndef MAILPROTO_CODEC_UTF8_H
#define MAILPROTO_CODEC_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Whether text of which some octets are no UTF-8 is more likely of another charset, in
 * which some happen to be: for two octets above 127 that are UTF-8 there is one at least
 * that is not. Text that was cut within a character is not. */
int mailproto__utf8_is_other(const unsigned char *in, size_t n);

/* How many octets from the start are whole well-formed characters. */
size_t mailproto__utf8_run(const unsigned char *in, size_t n);

/* How many octets follow this first one, and the range of the second (RFC 3629 4); 0: it
 * cannot be the first of a longer character. */
unsigned mailproto__utf8_tail(unsigned char first, uint8_t *low, uint8_t *high);

/* What begins at in[0], which begins no whole well-formed character: how many octets one
 * U+FFFD stands for (Unicode 3.9, "maximal subpart"); `*cut`: 1 if it may go on behind
 * `n`. */
size_t mailproto__utf8_bad(const unsigned char *in, size_t n, int *cut);

/* Octets of the character at in[0], which is not ASCII; 0: not whole or ill-formed. */
size_t mailproto__utf8_long(const unsigned char *in, size_t n);
static inline size_t mailproto__utf8_character(const unsigned char *in, size_t n)
{
    if (n > 1 && in[0] >= 0xC2 && in[0] <= 0xDF) { /* most of them */
        return (in[1] & 0xC0U) == 0x80U ? 2 : 0;
    }
    return mailproto__utf8_long(in, n);
}

/* Whether it begins with a control of 2 octets, U+0080 to U+009F. */
static inline int mailproto__utf8_is_c1(const unsigned char *in, size_t n)
{
    return n > 1 && in[0] == 0xC2 && in[1] >= 0x80 && in[1] < 0xA0;
}

/* Octet after octet, whether text is UTF-8 without controls (below 32, 127 to 159), with
 * nothing to be foreseen: a state is a place in a row, and there stands the state that follows.
 * What is ill-formed once remains so. */
enum { MAILPROTO__UTF8_WHOLE = 0 }; /* to begin with */
extern const uint8_t mailproto__utf8_classes[256];
extern const uint64_t mailproto__utf8_rows[];
static inline uint64_t mailproto__utf8_step(uint64_t state, unsigned char octet)
{
    return mailproto__utf8_rows[mailproto__utf8_classes[octet]] >> (state & 63U);
}
/* Whether all characters so far were whole and well-formed. */
static inline int mailproto__utf8_is_whole(uint64_t state)
{
    return (state & 63U) == MAILPROTO__UTF8_WHOLE;
}

/* Writes a code point: 1 to 4 octets. A surrogate or what is above U+10FFFF is U+FFFD. */
size_t mailproto__utf8_put(unsigned char *out, uint32_t point);

/* How many of in[0, n) are below 128, from the start, copied. */
size_t mailproto__copy_ascii(unsigned char *out, const unsigned char *in, size_t n);

#endif /* MAILPROTO_CODEC_UTF8_H */
