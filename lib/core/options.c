/*
 * The struct_size rule and the carving of one block. Knows sizes only, no struct.
 */
#include "core/options.h"

#include "core/mem.h"
#include "core/span.h"

/* No public struct is ever this large: a struct_size above it was never set. */
enum { STRUCT_MAX = 4096 };

static uint32_t size_of(const void *any)
{
    uint32_t size;
    memcpy(&size, any, sizeof size);
    return size;
}

mailproto_status mailproto__options_copy(void *to, size_t size, const void *from)
{
    const unsigned char *bytes = (const unsigned char *)from;
    size_t given;
    size_t i;
    memset(to, 0, size);
    if (from == NULL) {
        return MAILPROTO_OK;
    }
    given = size_of(from);
    if (given < sizeof(uint32_t)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (given > STRUCT_MAX) {
        return MAILPROTO_ERR_VERSION;
    }
    for (i = size; i < given; i++) {
        if (bytes[i] != 0) {
            return MAILPROTO_ERR_VERSION;
        }
    }
    memcpy(to, from, given < size ? given : size);
    return MAILPROTO_OK;
}

mailproto_status mailproto__output_copy(void *to, const void *from, size_t size)
{
    unsigned char *out = (unsigned char *)to;
    const unsigned char *in = (const unsigned char *)from;
    size_t given = size_of(to);
    size_t head = sizeof(uint32_t);
    size_t known;
    if (given < head || given > STRUCT_MAX) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    known = given < size ? given : size;
    memcpy(out + head, in + head, known - head);
    if (given > known) { /* fields of a later release: their default */
        memset(out + known, 0, given - known);
    }
    return MAILPROTO_OK;
}

void *mailproto__carve(struct mailproto__block *b, size_t len, int aligned)
{
    size_t pad = aligned ? (0 - b->size) % MAILPROTO__ALIGN : 0;
    char *at = b->at;
    /* Saturates: no block is as large as that, so init refuses it. */
    if (len > SIZE_MAX - pad || b->size >= SIZE_MAX - pad - len) {
        b->size = SIZE_MAX;
        b->at = NULL;
        return NULL;
    }
    b->size += pad + len;
    if (at == NULL) {
        return NULL;
    }
    b->at = at + pad + len;
    return at + pad;
}

struct mailproto__block mailproto__block_start(void *mem)
{
    struct mailproto__block b;
    b.at = NULL;
    b.size = MAILPROTO__ALIGN; /* the padding that the worst start needs, rounded up */
    if (mem != NULL) {
        size_t over = (size_t)((uintptr_t)mem % MAILPROTO__ALIGN);
        b.at = (char *)mem + (MAILPROTO__ALIGN - over) % MAILPROTO__ALIGN;
    }
    return b;
}

mailproto_bytes mailproto__carve_span(struct mailproto__block *b, mailproto_bytes from)
{
    char *to = (char *)mailproto__carve(b, from.len, 0);
    if (to != NULL && from.len > 0) {
        memcpy(to, from.ptr, from.len);
    }
    return mailproto__span(to, from.len);
}
