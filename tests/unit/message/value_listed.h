/*
 * Vectors against what is listed in docs/differences.md: a difference that is not listed
 * there fails, and so does one that is listed and is none any more.
 */
#ifndef TEST_VALUE_LISTED_H
#define TEST_VALUE_LISTED_H

#include "documented.h"
#include "value_check.h"

struct listed {
    struct documented ids;
    unsigned rows, agreed, differ, bad;
};

/* All that is listed of a kind: "dates". "": values of real messages. */
static inline void listed_begin(struct listed *l, const char *kind)
{
    memset(l, 0, sizeof *l);
    documented_read(&l->ids, "Header values", kind);
}

/* One aspect of a vector. */
static inline void listed_row(struct listed *l, const char *id, const char *aspect,
                              int same)
{
    l->rows++;
    if (same) {
        l->agreed++;
        return;
    }
    if (documented_find(&l->ids, id)) {
        l->differ++;
        return;
    }
    print_error("%s: %s differs and is not listed\n", id, aspect);
    l->bad++;
}

/* After the last row. */
static inline void listed_end(struct listed *l, const char *what)
{
    l->bad += documented_unused(&l->ids);
    print_message("%s: %u compared, %u agree, %u differ as listed\n", what, l->rows,
                  l->agreed, l->differ);
    assert_int_equal(l->bad, 0);
}

/* A file of vectors: the test is skipped with a line when it is not there. */
static inline struct jsonl *vectors_open(const char *name)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open(name, &why);
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    text_free(&why);
    return j;
}

/* The one that is called as a kind, and what is listed of it. */
static inline struct jsonl *listed_open(struct listed *l, const char *kind)
{
    char name[80];
    (void)snprintf(name, sizeof name, "corpus/vectors/%s.jsonl", kind);
    listed_begin(l, kind);
    return vectors_open(name);
}

/* The next row, its input in `in`: 1 or 0. */
static inline int listed_next(struct jsonl *j, struct text *in)
{
    struct text why = {NULL, 0, 0};
    int got = jsonl_next(j, &why);
    assert_true(got >= 0);
    text_free(&why);
    if (got == 1) {
        in->len = 0;
        assert_true(jsonl_bytes(j, "input_b64", in));
        (void)text_string(in);
    }
    return got;
}

#endif /* TEST_VALUE_LISTED_H */
