/*
 * Lists in field values as readable text, whole or in pieces: one line an element, then
 * the defects. Knows the public cursors and nothing of their insides.
 */
#ifndef TEST_VALUE_TRACE_H
#define TEST_VALUE_TRACE_H

#include <mailproto/field.h>

#include "text.h"

enum value_kind {
    VALUE_ADDRESSES,
    VALUE_IDS,
    VALUE_TYPE,        /* Content-Type with its parameters */
    VALUE_DISPOSITION, /* Content-Disposition */
    VALUE_KEYWORDS,
    VALUE_LANGUAGES,
    VALUE_URLS,
    VALUE_KINDS
};

/* Adds the trace; `step` octets more at a time (0: whole), `flags` without FINAL. Each
 * piece is a copy of exactly its size, so that a sanitizer sees what reads too far.
 * Asserts what every cursor promises. */
void value_trace(struct text *out, enum value_kind kind, const char *value, size_t len,
                 uint32_t flags, size_t step);

/* The defects, "DOTS@3 NO_DOMAIN@7". */
void value_trace_defects(struct text *out, const mailproto_defects *defects);

#endif /* TEST_VALUE_TRACE_H */
