/*
 * What the tests of field values share: a trace against what is expected, whole and at
 * every way of cutting.
 */
#ifndef TEST_VALUE_CHECK_H
#define TEST_VALUE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "value_trace.h"

struct value_case {
    const char *value;
    const char *trace;
};

static inline mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* The same trace whole, octet by octet, and in pieces of other sizes. */
static inline void check_splits(enum value_kind kind, const char *value, size_t len,
                                uint32_t flags, const char *whole)
{
    size_t step;
    for (step = 1; step < len; step = step < 8 ? step + 1 : step * 2) {
        struct text trace = {NULL, 0, 0};
        value_trace(&trace, kind, value, len, flags, step);
        if (strcmp(text_string(&trace), whole) != 0) {
            print_error("%s\nin pieces of %zu:\n%s\nwhole:\n%s\n", value, step,
                        trace.data, whole);
            fail();
        }
        text_free(&trace);
    }
}

static inline void check_value(enum value_kind kind, uint32_t flags,
                               const struct value_case *c)
{
    struct text trace = {NULL, 0, 0};
    size_t len = strlen(c->value);
    value_trace(&trace, kind, c->value, len, flags, 0);
    if (strcmp(text_string(&trace), c->trace) != 0) {
        print_error("%s\nis:\n%s\nshould be:\n%s\n", c->value, trace.data, c->trace);
        fail();
    }
    check_splits(kind, c->value, len, flags, trace.data);
    text_free(&trace);
}

#endif /* TEST_VALUE_CHECK_H */
