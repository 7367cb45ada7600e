/*
 * Growing byte buffers, escapes and words. Knows no protocol.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *test_alloc(size_t size)
{
    void *mem = calloc(1, size != 0 ? size : 1);
    if (mem == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return mem;
}

void text_free(struct text *t)
{
    free(t->data);
    t->data = NULL;
    t->len = t->cap = 0;
}

static void reserve(struct text *t, size_t more)
{
    if (t->len + more > t->cap) {
        size_t cap = t->cap * 2 > t->len + more ? t->cap * 2 : t->len + more + 32;
        char *data = realloc(t->data, cap);
        if (data == NULL) {
            fputs("out of memory\n", stderr);
            exit(2);
        }
        t->data = data;
        t->cap = cap;
    }
}

void text_add(struct text *t, const void *data, size_t len)
{
    reserve(t, len + 1);
    if (len != 0) {
        memcpy(t->data + t->len, data, len);
        t->len += len;
    }
}

void text_print(struct text *t, const char *format, ...)
{
    va_list args;
    int need;

    va_start(args, format);
    need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0) {
        return;
    }
    reserve(t, (size_t)need + 1);
    va_start(args, format);
    (void)vsnprintf(t->data + t->len, (size_t)need + 1, format, args);
    va_end(args);
    t->len += (size_t)need;
}

void text_quote(struct text *t, const void *data, size_t len)
{
    const unsigned char *at = data;
    size_t i;

    text_add(t, "\"", 1);
    for (i = 0; i < len; i++) {
        switch (at[i]) {
        case '\r':
            text_add(t, "\\r", 2);
            break;
        case '\n':
            text_add(t, "\\n", 2);
            break;
        case '"':
        case '\\':
            text_print(t, "\\%c", at[i]);
            break;
        default:
            if (at[i] < 32 || at[i] > 126) {
                text_print(t, "\\x%02x", at[i]);
            } else {
                text_add(t, &at[i], 1);
            }
            break;
        }
    }
    text_add(t, "\"", 1);
}

const char *text_string(struct text *t)
{
    reserve(t, 1);
    t->data[t->len] = '\0';
    return t->data;
}

/* ---- escapes ---------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \[x*500]; `from` behind the bracket. Octets used, or 0. */
static size_t repeat(struct text *out, const char *from, size_t len, struct text *why)
{
    const char *close = memchr(from, ']', len);
    const char *star = NULL;
    const char *at;
    struct text unit = {NULL, 0, 0};
    unsigned long count;

    for (at = from; close != NULL && at < close; at++) {
        star = *at == '*' ? at : star;
    }
    if (star == NULL ||
        !text_unescape(&unit, from, (size_t)(star - from), 0, NULL, why)) {
        text_print(why, "\\[ wants the form \\[x*500]");
        return 0;
    }
    for (count = strtoul(star + 1, NULL, 10); count != 0; count--) {
        text_add(out, unit.data, unit.len);
    }
    text_free(&unit);
    return (size_t)(close - from) + 1;
}

/* One escape; `from` behind the backslash. Octets used, or 0. */
static size_t escape(struct text *out, const char *from, size_t len, unsigned counter,
                     struct text *why)
{
    static const char names[] = "rnt0\\\"";
    static const char values[] = "\r\n\t\0\\\"";
    const char *name = len != 0 && from[0] != '\0' ? strchr(names, from[0]) : NULL;

    if (name != NULL) {
        text_add(out, &values[name - names], 1);
        return 1;
    }
    if (len >= 3 && from[0] == 'x' && hex_digit(from[1]) >= 0 &&
        hex_digit(from[2]) >= 0) {
        char value = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
        text_add(out, &value, 1);
        return 3;
    }
    if (len >= 1 && from[0] == '#') {
        text_print(out, "%u", counter);
        return 1;
    }
    if (len >= 1 && from[0] == '[') {
        size_t used = repeat(out, from + 1, len - 1, why);
        return used != 0 ? used + 1 : 0;
    }
    text_print(why, "unknown escape \\%.1s", len != 0 ? from : "");
    return 0;
}

int text_unescape(struct text *out, const char *from, size_t len, unsigned counter,
                  size_t *mark, struct text *why)
{
    size_t at = 0;

    reserve(out, 1);
    while (at < len) {
        const char *stop = memchr(from + at, '\\', len - at);
        size_t run = stop != NULL ? (size_t)(stop - from) - at : len - at;
        size_t used = 1;
        text_add(out, from + at, run);
        at += run;
        if (at == len) {
            break;
        }
        if (at + 1 < len && from[at + 1] == '@') {
            if (mark != NULL) {
                *mark = out->len;
            }
        } else {
            used = escape(out, from + at + 1, len - at - 1, counter, why);
            if (used == 0) {
                return 0;
            }
        }
        at += 1 + used;
    }
    return 1;
}

/* ---- words ------------------------------------------------------------------------ */

static int is_key(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* The end of a word's text that begins at `at`: behind its closing mark. */
static const char *word_end(const char *at, char close)
{
    while (*at != '\0' && (close != 0 ? *at != close : *at != ' ')) {
        at += *at == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return at;
}

static int word_read(struct word *w, const char **line, struct text *why)
{
    const char *at = *line;
    const char *end = at;
    char close = 0;

    memset(w, 0, sizeof *w);
    while (is_key(*end)) {
        end++;
    }
    if (*end == '=' && end != at) { /* a key is in lower case: KEY=value is a text */
        w->key = test_alloc((size_t)(end - at) + 1);
        memcpy(w->key, at, (size_t)(end - at));
        at = end + 1;
    }
    if (*at == '"' || *at == '<') {
        w->mark = *at++;
        close = w->mark == '<' ? '>' : '"';
    }
    end = word_end(at, close);
    if (close != 0 && *end != close) {
        text_print(why, "%c is not closed", w->mark);
        return 0;
    }
    *line = close != 0 ? end + 1 : end;
    return text_unescape(&w->text, at, (size_t)(end - at), 0, NULL, why);
}

int words_split(struct words *w, const char *line, struct text *why)
{
    w->items = NULL;
    w->count = 0;
    for (;;) {
        struct word *items;
        line += strspn(line, " ");
        if (*line == '\0') {
            return 1;
        }
        items = realloc(w->items, (w->count + 1) * sizeof *items);
        if (items == NULL) {
            fputs("out of memory\n", stderr);
            exit(2);
        }
        w->items = items;
        if (!word_read(&w->items[w->count++], &line, why)) {
            return 0;
        }
    }
}

void words_free(struct words *w)
{
    while (w->count != 0) {
        w->count--;
        free(w->items[w->count].key);
        text_free(&w->items[w->count].text);
    }
    free(w->items);
    w->items = NULL;
}

int word_is(const struct word *w, const char *text)
{
    return w->key == NULL && w->mark == 0 && w->text.len == strlen(text) &&
           memcmp(w->text.data, text, w->text.len) == 0;
}

int word_number(const struct word *w, uint64_t *value)
{
    size_t i;

    *value = 0;
    for (i = 0; i < w->text.len; i++) {
        if (w->text.data[i] < '0' || w->text.data[i] > '9') {
            return 0;
        }
        *value = *value * 10 + (uint64_t)(w->text.data[i] - '0');
    }
    return w->text.len != 0;
}
