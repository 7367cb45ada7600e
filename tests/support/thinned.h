/*
 * How much of a long loop is done under valgrind, where it takes forty times as long. All of
 * what such loops compare is compared in every other build; valgrind looks at their memory.
 */
#ifndef TEST_THINNED_H
#define TEST_THINNED_H

#include <stddef.h>

/* 1; under valgrind `part`, unless all is asked for (MAILPROTO_FULL=1): what a count of
 * rounds is divided by, or a loop's step. */
size_t thinned(size_t part);

#endif /* TEST_THINNED_H */
