/*
 * Vectors against what is listed in docs/differences.md: a difference that is not listed
 * fails, and so does one that is listed and is none any more.
 */
#ifndef TEST_VALUE_LISTED_H
#define TEST_VALUE_LISTED_H

#include "value_check.h"

enum { LISTED_MAX = 200 };

struct listed {
    const char *const *ids; /* ends with NULL; without what stands before the colon */
    unsigned rows, agreed, differ, bad;
    unsigned char hit[LISTED_MAX];
};

/* One aspect of a vector. */
static inline void listed_row(struct listed *l, const char *id, const char *aspect,
                              int same)
{
    const char *colon = strchr(id, ':');
    const char *name = colon != NULL ? colon + 1 : id;
    size_t i;
    l->rows++;
    if (same) {
        l->agreed++;
        return;
    }
    for (i = 0; l->ids[i] != NULL; i++) {
        assert_true(i < LISTED_MAX);
        if (strcmp(l->ids[i], name) == 0) {
            l->hit[i] = 1;
            l->differ++;
            return;
        }
    }
    print_error("%s: %s differs and is not listed\n", id, aspect);
    l->bad++;
}

/* After the last row. */
static inline void listed_end(struct listed *l, const char *what)
{
    size_t i;
    for (i = 0; l->ids[i] != NULL; i++) {
        if (!l->hit[i]) {
            print_error("%s is listed and does not differ\n", l->ids[i]);
            l->bad++;
        }
    }
    print_message("%s: %u compared, %u agree, %u differ as listed\n", what, l->rows,
                  l->agreed, l->differ);
    assert_int_equal(l->bad, 0);
}

/* A test of a file of vectors: skipped with a line when it is not there. */
static inline struct jsonl *listed_open(const char *name)
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
