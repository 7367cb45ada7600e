/* Base64 in memory that grows, through the library's codec. */
#ifndef EXAMPLE_INSPECT_BASE64_H
#define EXAMPLE_INSPECT_BASE64_H

#include <mailproto/codec.h>
#include <stddef.h>

/* A text that grows as it is encoded piece by piece, or a decoded one. */
typedef struct base64 {
    mailproto_codec codec;
    char *text;
    size_t len, cap;
} base64;

/* Begins to encode. */
void base64_begin(base64 *b);

/* Encodes a piece more. */
void base64_add(base64 *b, const void *data, size_t len);

/* Ends it: `text` and `len` are complete. */
void base64_end(base64 *b);

/* Decodes a whole text, strictly, into `text` and `len`. 0, or -1: it is no base64. */
int base64_decode(base64 *b, const char *text, size_t len);

void base64_free(base64 *b);

#endif /* EXAMPLE_INSPECT_BASE64_H */
