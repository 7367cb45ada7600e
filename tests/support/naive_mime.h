/*
 * The structure of a message as the slow and obvious way finds it: the whole text in
 * memory, lines in an array, recursion. What the scanner must agree with.
 */
#ifndef TEST_NAIVE_MIME_H
#define TEST_NAIVE_MIME_H

#include "text.h"

/* The same text as message_trace() with TRACE_STRUCTURE_DEFECTS and default options.
 * `depth` parts within one another at most. */
void naive_mime(const char *data, size_t len, struct text *out);

#endif /* TEST_NAIVE_MIME_H */
