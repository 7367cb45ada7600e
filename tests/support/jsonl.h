/*
 * Files with one JSON object a line, read through Jansson. Built without it (TEST_JANSSON
 * is not defined) there is nothing to read and jsonl_open() says so.
 */
#ifndef TEST_JSONL_H
#define TEST_JSONL_H

#include "text.h"

struct jsonl;

/* $MAILPROTO_DATA/`name`, or NULL with the reason in `why` (to be told when skipping). */
struct jsonl *jsonl_open(const char *name, struct text *why);
void jsonl_close(struct jsonl *j);

/* The next line: 1, 0 at the end, -1 (a line that is no object; `why` tells). */
int jsonl_next(struct jsonl *j, struct text *why);
int jsonl_line(const struct jsonl *j);

/* Members of the present object; "a.b" is b within a, "a.0" the first element of a. */
int jsonl_has(const struct jsonl *j, const char *path);
/* A text, or NULL. Lives until the next line. */
const char *jsonl_text(const struct jsonl *j, const char *path);
/* A number, or `otherwise`; true and false are 1 and 0. */
int64_t jsonl_number(const struct jsonl *j, const char *path, int64_t otherwise);
/* A text in base64, decoded: 1, or 0 (there is none, or it is none). */
int jsonl_bytes(const struct jsonl *j, const char *path, struct text *out);
/* Elements of an array. */
size_t jsonl_count(const struct jsonl *j, const char *path);
int64_t jsonl_number_at(const struct jsonl *j, const char *path, size_t i);
const char *jsonl_text_at(const struct jsonl *j, const char *path, size_t i);
/* Member `key` of the object that is the array's element, or NULL. */
const char *jsonl_member_at(const struct jsonl *j, const char *path, size_t i,
                            const char *key);

/* Strict base64 (RFC 4648 4), by itself so that it does not lean on what it tests. */
int test_base64(const char *text, size_t len, struct text *out);

/* A whole file below $MAILPROTO_DATA; 1 or 0. */
int data_file(const char *name, struct text *out);

#endif /* TEST_JSONL_H */
