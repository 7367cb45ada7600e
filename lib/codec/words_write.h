/*
 * What an encoder of encoded words is made of (RFC 2047), for those that write a value at
 * once and those that write it in pieces.
 */
#ifndef MAILPROTO_CODEC_WORDS_WRITE_H
#define MAILPROTO_CODEC_WORDS_WRITE_H

#include <mailproto/codec.h>

enum {
    MAILPROTO__WORDS_LINE = 76,     /* RFC 2047 2: a line that holds an encoded word */
    MAILPROTO__WORDS_WORD = 75,     /* RFC 2047 2 */
    MAILPROTO__WORDS_OVERHEAD = 12, /* =?utf-8?q??= */
    MAILPROTO__WORDS_LEAST = 12,    /* one character in Q */
    MAILPROTO__WORDS_SEGMENT = 900, /* a longer one could not keep its line below 998 */
    MAILPROTO__WORDS_BLANKS = 60
};

/* A word with the blanks before it. Text is a row of them: each is written as it is or
 * within encoded words; runs of the latter are joined, for blanks between encoded words do
 * not count (RFC 2047 6.2). */
struct mailproto__words_segment {
    size_t start, word, end; /* blanks are [start, word) */
    int encode;              /* it cannot stand as it is */
};

/* The segment from `start` on, of a phrase or of unstructured text. */
struct mailproto__words_segment mailproto__words_segment(mailproto_bytes text,
                                                         size_t start, int phrase);

/* Whether a decoder could see an encoded word in it. */
int mailproto__words_holds_mark(mailproto_bytes text);

/* Whether Q is not longer than B for a text. */
int mailproto__words_prefers_q(mailproto_bytes text, int phrase);

/* How many octets of whole characters one encoded word holds that begins at `column`; 0:
 * none fits. */
size_t mailproto__words_fit(mailproto_bytes text, int q, int phrase, uint32_t column);

/* Writes an encoded word of text that fits; its length, WORDS_WORD at most. */
size_t mailproto__words_put(mailproto_bytes text, int q, int phrase, char *out);

/* As mailproto_words_encode(), but of what is written only the octets [skip, skip + cap)
 * are kept: for those who give it on in pieces. `len` is of all of it. */
mailproto_status mailproto__words_encode(mailproto_bytes text, uint32_t flags,
                                         uint32_t *column, size_t skip, void *out,
                                         size_t cap, size_t *len);

#endif /* MAILPROTO_CODEC_WORDS_WRITE_H */
