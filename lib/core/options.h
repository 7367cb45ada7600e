/*
 * The struct_size rule (DESIGN: options may be shorter or longer than this library's)
 * and the carving of one block.
 */
#ifndef MAILPROTO_CORE_OPTIONS_H
#define MAILPROTO_CORE_OPTIONS_H

#include <mailproto/base.h>

/* Copies an options struct whose first field is struct_size into `to` (of `size`
 * octets): shorter is filled with zeros, longer accepted if its tail is zero. `from`
 * NULL: all zero. OK, ERR_ARGUMENT (size below 4), ERR_VERSION. */
mailproto_status mailproto__options_copy(void *to, size_t size, const void *from);

/* Fills the caller's output struct: at most its own struct_size, which is kept. OK,
 * ERR_ARGUMENT. */
mailproto_status mailproto__output_copy(void *to, const void *from, size_t size);

/* `value`, or `fallback` for 0. */
static inline uint32_t mailproto__or(uint32_t value, uint32_t fallback)
{
    return value ? value : fallback;
}

/* A block that is being carved. Without memory it only measures. */
struct mailproto__block {
    char *at;    /* NULL: measuring */
    size_t size; /* octets carved so far, alignment included */
};

/* The alignment that any member of an engine needs. */
union mailproto__align {
    uint64_t number;
    void *pointer;
    void (*function)(void);
};
enum { MAILPROTO__ALIGN = (int)sizeof(union mailproto__align) };

/* The next `len` octets, aligned if `aligned`; NULL while measuring. A block that began
 * with mailproto__block_start() counts the worst alignment of its start. */
void *mailproto__carve(struct mailproto__block *b, size_t len, int aligned);

/* Starts carving: the first octet of `mem` that is aligned. */
struct mailproto__block mailproto__block_start(void *mem);

/* A span copied into the block, or measured. */
mailproto_bytes mailproto__carve_span(struct mailproto__block *b, mailproto_bytes from);

#endif /* MAILPROTO_CORE_OPTIONS_H */
