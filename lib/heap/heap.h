/*
 * A block on malloc with its size before it, so that it can be wiped when it goes: an
 * engine's may hold credentials. Each role is a few lines on top, written on the public
 * headers alone. Must not know what lies in a block.
 */
#ifndef MAILPROTO_HEAP_HEAP_H
#define MAILPROTO_HEAP_HEAP_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Stands before the block and keeps malloc's alignment for it: the engine then lies at
 * the block's first octet. */
union mailproto__heap_head {
    size_t size;
    uint64_t number;
    void *pointer;
    void (*function)(void);
    char room[16];
};

/* A block of `size` octets, or NULL: no memory. */
static inline void *mailproto__heap_new(size_t size)
{
    union mailproto__heap_head *head;
    if (size > SIZE_MAX - sizeof *head) {
        return NULL;
    }
    head = (union mailproto__heap_head *)malloc(sizeof *head + size);
    if (head == NULL) {
        return NULL;
    }
    head->size = size;
    return head + 1;
}

/* Wipes a block and gives it back; NULL: nothing. */
static inline void mailproto__heap_free(void *block)
{
    union mailproto__heap_head *head = (union mailproto__heap_head *)block;
    volatile unsigned char *at = (volatile unsigned char *)block;
    size_t left;
    if (block == NULL) {
        return;
    }
    head--;
    for (left = head->size; left > 0; left--) {
        *at++ = 0;
    }
    free(head);
}

#endif /* MAILPROTO_HEAP_HEAP_H */
