/* The guide's code: see guide_pages.h. */
#include "guide_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { SOURCES_MAX = 16 };

static char *read_source(const char *name)
{
    enum { MOST = 200000 };
    char path[4096];
    char *text = (char *)test_alloc(MOST);
    size_t n = 0;
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", MAILPROTO_SOURCE_DIR, name);
    f = fopen(path, "rb");
    if (f != NULL) {
        n = fread(text, 1, MOST - 1, f);
        (void)fclose(f);
    }
    if (n == 0 || n == MOST - 1) {
        fprintf(stderr, "%s cannot be read\n", path);
        abort();
    }
    text[n] = '\0';
    return text;
}

/* Runs of blanks and line ends become one blank: the pages indent otherwise. */
static void squeeze(char *text)
{
    char *to = text;
    const char *from = text + strspn(text, " \t\r\n");
    while (*from != '\0') {
        size_t blanks = strspn(from, " \t\r\n");
        from += blanks;
        if (blanks == 0) {
            *to++ = *from++;
        } else if (*from != '\0') {
            *to++ = ' ';
        }
    }
    *to = '\0';
}

static void expect_in(char *piece, char *const *sources, size_t count)
{
    size_t i;
    squeeze(piece);
    for (i = 0; i < count; i++) {
        if (strstr(sources[i], piece) != NULL) {
            return;
        }
    }
    fprintf(stderr, "nowhere compiled: %s\n", piece);
    abort();
}

size_t guide_pieces(const char *page, const char *const *files, size_t count)
{
    char *sources[SOURCES_MAX];
    char *text = read_source(page);
    char *at = text;
    size_t pieces = 0;
    size_t i;
    if (count > SOURCES_MAX) {
        abort();
    }
    for (i = 0; i < count; i++) {
        sources[i] = read_source(files[i]);
        squeeze(sources[i]);
    }
    while ((at = strstr(at, "```c\n")) != NULL) {
        char *end = strstr(at + 5, "```");
        if (end == NULL) {
            fprintf(stderr, "%s: a piece of code that does not end\n", page);
            abort();
        }
        *end = '\0';
        for (at += 5; at != NULL; pieces++) {
            char *next = strstr(at, "\n\n");
            if (next != NULL) {
                *next = '\0';
                next += 2;
            }
            expect_in(at, sources, count);
            at = next;
        }
        at = end + 3;
    }
    for (i = 0; i < count; i++) {
        free(sources[i]);
    }
    free(text);
    return pieces;
}
