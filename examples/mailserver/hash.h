/*
 * SHA-256, of the TLS library that the program is built with. Knows that library.
 */
#ifndef MAILSERVER_HASH_H
#define MAILSERVER_HASH_H

#include <stddef.h>

enum { HASH_SIZE = 32 };

/* 0, or -1: it cannot be had. */
int hash_sha256(const void *data, size_t len, unsigned char hash[HASH_SIZE]);

#endif /* MAILSERVER_HASH_H */
