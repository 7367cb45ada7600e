/*
 * The only five functions that the library asks of its surroundings. Declared here, so
 * that no header of a C library is needed (freestanding environments have none).
 */
#ifndef MAILPROTO_CORE_MEM_H
#define MAILPROTO_CORE_MEM_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memchr(const void *in, int byte, size_t len);

/* Overwrites secrets; the compiler may not leave it out. */
void mailproto__wipe(void *mem, size_t len);

#endif /* MAILPROTO_CORE_MEM_H */
