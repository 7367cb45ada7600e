/*
 * Growing byte buffers, escapes and words: what the readable test data is made of.
 * Knows no protocol.
 */
#ifndef TEST_TEXT_H
#define TEST_TEXT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TEST_PRINTF(string, first) __attribute__((format(printf, string, first)))
#else
#define TEST_PRINTF(string, first)
#endif

/* Bytes that grow; zeroed: empty. Memory that is not to be had ends the program. */
struct text {
    char *data;
    size_t len, cap;
};

void *test_alloc(size_t size);
void text_free(struct text *t);
void text_add(struct text *t, const void *data, size_t len);
void text_print(struct text *t, const char *format, ...) TEST_PRINTF(2, 3);
/* The bytes in quotes, everything that is not printable ASCII escaped. */
void text_quote(struct text *t, const void *data, size_t len);
/* With a zero behind it, which `len` does not count. */
const char *text_string(struct text *t);

/*
 * Replaces escapes: \r \n \t \0 \\ \" \xNN, \[x*500] (x five hundred times; x may hold
 * escapes, not this one), \# (the number `counter`) and \@ (nothing; its offset goes to
 * `*mark` if not NULL). 1, or 0 with the reason in `why`.
 */
int text_unescape(struct text *out, const char *from, size_t len, unsigned counter,
                  size_t *mark, struct text *why);

/* A word of a line: `text`, "text", <text>, key=text, key="text". */
struct word {
    struct text text; /* without quotes, brackets and key, escapes replaced */
    char *key;        /* NULL: none */
    char mark;        /* '"' or '<' if it stood in such, else 0 */
};
struct words {
    struct word *items;
    size_t count;
};

/* Splits at blanks. 1, or 0 with the reason in `why`. */
int words_split(struct words *w, const char *line, struct text *why);
void words_free(struct words *w);
int word_is(const struct word *w, const char *text);
/* A decimal number, all of the word; 0 if it is none. */
int word_number(const struct word *w, uint64_t *value);

#endif /* TEST_TEXT_H */
