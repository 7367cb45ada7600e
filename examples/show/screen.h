/*
 * Text for a terminal: UTF-8 in, lines no wider than the terminal out. Whatever the text
 * holds, no control character and no escape sequence of it goes out. Knows characters and
 * their width; no mail.
 */
#ifndef EXAMPLE_SHOW_SCREEN_H
#define EXAMPLE_SHOW_SCREEN_H

#include <stddef.h>
#include <stdio.h>

enum { SCREEN_WORD_MAX = 1024, SCREEN_PREFIX_MAX = 64 };

typedef struct screen {
    FILE *out;
    unsigned width;
    unsigned column;
    unsigned indent;                /* of lines that go on */
    char prefix[SCREEN_PREFIX_MAX]; /* quote marks that lines that go on begin with */
    size_t prefix_len;
    int at_begin; /* only quote marks and blanks so far */
    char word[SCREEN_WORD_MAX];
    size_t word_len;
    unsigned word_width;
    unsigned blanks; /* before the word */
} screen;

/* The width: of the terminal, else of COLUMNS, else 80. */
void screen_init(screen *s, FILE *out);

/* Text that goes on; `\n` and `\r\n` end lines. All of a character is in one call. */
void screen_text(screen *s, const char *text, size_t len);
void screen_string(screen *s, const char *text);

/* Ends the line, if one has begun. `indent`: of the lines that go on from now on. */
void screen_end(screen *s, unsigned indent);

#endif /* EXAMPLE_SHOW_SCREEN_H */
