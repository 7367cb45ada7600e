/*
 * Files with one JSON object a line.
 */
#include "jsonl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- base64 ---------------------------------------------------------------------------- */

static int sextet(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

int test_base64(const char *text, size_t len, struct text *out)
{
    size_t pad = len >= 1 && text[len - 1] == '=' ? 1 : 0;
    uint32_t bits = 0;
    unsigned have = 0;
    size_t i;

    pad += pad != 0 && len >= 2 && text[len - 2] == '=' ? 1 : 0;
    if (len % 4 != 0) {
        return 0;
    }
    for (i = 0; i < len - pad; i++) {
        int value = sextet(text[i]);
        if (value < 0) {
            return 0;
        }
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            char octet = (char)(bits >> (have - 8) & 0xff);
            text_add(out, &octet, 1);
            have -= 8;
        }
    }
    return 1;
}

/* ---- files ------------------------------------------------------------------------------ */

/* "" when there is no data folder. */
static void data_path(const char *name, struct text *path)
{
    const char *data = getenv("MAILPROTO_DATA");

    if (data != NULL && data[0] != '\0') {
        text_print(path, "%s/%s", data, name);
    }
    (void)text_string(path);
}

int data_file(const char *name, struct text *out)
{
    struct text path = {NULL, 0, 0};
    char piece[4096];
    size_t got;
    FILE *file;

    data_path(name, &path);
    file = path.len != 0 ? fopen(path.data, "rb") : NULL;
    text_free(&path);
    if (file == NULL) {
        return 0;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) != 0) {
        text_add(out, piece, got);
    }
    (void)text_string(out);
    fclose(file);
    return 1;
}

#ifdef TEST_JANSSON
#include <jansson.h>

struct jsonl {
    struct text all;
    size_t at;
    int line;
    json_t *now;
};

struct jsonl *jsonl_open(const char *name, struct text *why)
{
    struct jsonl *j = test_alloc(sizeof *j);

    if (!data_file(name, &j->all)) {
        text_print(why, "%s is not there (set MAILPROTO_DATA)", name);
        free(j);
        return NULL;
    }
    return j;
}

void jsonl_close(struct jsonl *j)
{
    if (j != NULL) {
        json_decref(j->now);
        text_free(&j->all);
        free(j);
    }
}

int jsonl_next(struct jsonl *j, struct text *why)
{
    json_error_t error;
    const char *from;
    const char *end;
    size_t len;

    json_decref(j->now);
    j->now = NULL;
    if (j->at >= j->all.len) {
        return 0;
    }
    from = j->all.data + j->at;
    end = memchr(from, '\n', j->all.len - j->at);
    len = end != NULL ? (size_t)(end - from) : j->all.len - j->at;
    j->at += len + 1;
    j->line++;
    j->now = json_loadb(from, len, JSON_ALLOW_NUL, &error);
    if (!json_is_object(j->now)) {
        text_print(why, "line %d: no JSON object", j->line);
        return -1;
    }
    return 1;
}

int jsonl_line(const struct jsonl *j)
{
    return j->line;
}

static json_t *member(const struct jsonl *j, const char *path)
{
    json_t *at = j->now;

    for (;;) {
        const char *dot = strchr(path, '.');
        json_t *whole = json_is_array(at)
                            ? json_array_get(at, strtoul(path, NULL, 10))
                            : json_object_get(at, path); /* a name may hold a dot */
        char first[64];

        if (dot == NULL || (whole != NULL && json_is_object(at))) {
            return whole;
        }
        (void)snprintf(first, sizeof first, "%.*s", (int)(dot - path), path);
        at = json_is_array(at) ? whole : json_object_get(at, first);
        path = dot + 1;
    }
}

int jsonl_has(const struct jsonl *j, const char *path)
{
    return member(j, path) != NULL;
}

const char *jsonl_text(const struct jsonl *j, const char *path)
{
    return json_string_value(member(j, path));
}

static int64_t number(const json_t *value, int64_t otherwise)
{
    if (json_is_boolean(value)) {
        return json_is_true(value);
    }
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

int64_t jsonl_number(const struct jsonl *j, const char *path, int64_t otherwise)
{
    return number(member(j, path), otherwise);
}

int jsonl_bytes(const struct jsonl *j, const char *path, struct text *out)
{
    const json_t *value = member(j, path);

    return json_is_string(value) &&
           test_base64(json_string_value(value), json_string_length(value), out);
}

size_t jsonl_count(const struct jsonl *j, const char *path)
{
    return json_array_size(member(j, path));
}

int64_t jsonl_number_at(const struct jsonl *j, const char *path, size_t i)
{
    return number(json_array_get(member(j, path), i), -1);
}

const char *jsonl_text_at(const struct jsonl *j, const char *path, size_t i)
{
    return json_string_value(json_array_get(member(j, path), i));
}

const char *jsonl_member_at(const struct jsonl *j, const char *path, size_t i,
                            const char *key)
{
    return json_string_value(json_object_get(json_array_get(member(j, path), i), key));
}

#else /* without Jansson */

struct jsonl *jsonl_open(const char *name, struct text *why)
{
    text_print(why, "%s is not read: built without Jansson", name);
    return NULL;
}

void jsonl_close(struct jsonl *j)
{
    (void)j;
}

int jsonl_next(struct jsonl *j, struct text *why)
{
    (void)j;
    (void)why;
    return 0;
}

int jsonl_line(const struct jsonl *j)
{
    (void)j;
    return 0;
}

int jsonl_has(const struct jsonl *j, const char *path)
{
    (void)j;
    (void)path;
    return 0;
}

const char *jsonl_text(const struct jsonl *j, const char *path)
{
    (void)j;
    (void)path;
    return NULL;
}

int64_t jsonl_number(const struct jsonl *j, const char *path, int64_t otherwise)
{
    (void)j;
    (void)path;
    return otherwise;
}

int jsonl_bytes(const struct jsonl *j, const char *path, struct text *out)
{
    (void)j;
    (void)path;
    (void)out;
    return 0;
}

size_t jsonl_count(const struct jsonl *j, const char *path)
{
    (void)j;
    (void)path;
    return 0;
}

int64_t jsonl_number_at(const struct jsonl *j, const char *path, size_t i)
{
    (void)j;
    (void)path;
    (void)i;
    return -1;
}

const char *jsonl_text_at(const struct jsonl *j, const char *path, size_t i)
{
    (void)j;
    (void)path;
    (void)i;
    return NULL;
}

const char *jsonl_member_at(const struct jsonl *j, const char *path, size_t i,
                            const char *key)
{
    (void)j;
    (void)path;
    (void)i;
    (void)key;
    return NULL;
}

#endif
