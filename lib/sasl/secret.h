/*
 * What is done with secrets without asking what they are: no branch and no table index
 * depends on their octets.
 */
#ifndef MAILPROTO_SASL_SECRET_H
#define MAILPROTO_SASL_SECRET_H

#include <stddef.h>
#include <stdint.h>

/* 1 if both are the same, else 0. It alone tells something about secrets: one bit. */
int mailproto__equal_secret(const void *a, const void *b, size_t len);

/* The base64 form (RFC 4648 4) of `len` octets, padded; its length. */
size_t mailproto__base64_secret(const uint8_t *in, size_t len, char *out);

/* Two lower-case hexadecimal digits for each octet. */
void mailproto__hex_secret(const uint8_t *in, size_t len, char *out);

/* Whether an octet is beyond ASCII: 1 or 0. */
int mailproto__is_beyond_ascii(const char *text, size_t len);

#endif /* MAILPROTO_SASL_SECRET_H */
