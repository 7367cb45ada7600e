/*
 * One hash function, the caller's or a built-in one. Knows nothing of what is hashed.
 * MAILPROTO_NO_HASHES: there are no built-in ones (their files, hash_....c, are left
 * out). Without CRAM-MD5 there is no MD5, without SCRAM there are no SHAs.
 */
#include "sasl/hash.h"

#include "core/mem.h"

static uint32_t output_size(uint32_t id)
{
    switch (id) {
    case MAILPROTO_HASH_MD5:
        return 16;
    case MAILPROTO_HASH_SHA1:
        return 20;
    default:
        return 32;
    }
}

/* A row of the caller's table is as it should be; the sizes tell a mistake apart. */
static int is_well_formed(const mailproto_hash *row)
{
    return row->struct_size >= sizeof *row && row->init != NULL &&
           row->update != NULL && row->final != NULL && row->state_size > 0 &&
           row->block_size == MAILPROTO__HASH_BLOCK &&
           row->output_size == output_size(row->id);
}

static int is_built_in(uint32_t id)
{
#if defined(MAILPROTO_NO_HASHES)
    (void)id;
    return 0;
#elif defined(MAILPROTO_NO_SASL_CRAM_MD5)
    return id != MAILPROTO_HASH_MD5;
#elif defined(MAILPROTO_NO_SASL_SCRAM)
    return id == MAILPROTO_HASH_MD5;
#else
    (void)id;
    return 1;
#endif
}

mailproto_status mailproto__hash_find(struct mailproto__hash *h, uint32_t id,
                                      const mailproto_hash *rows, size_t count,
                                      size_t stride)
{
    size_t i;
    h->table = NULL;
    h->id = id;
    h->size = output_size(id);
    h->state_size = sizeof(struct mailproto__md);
    if (count > 0 && (rows == NULL || (stride != 0 && stride < sizeof *rows))) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (i = 0; i < count; i++) {
        const void *at = (const char *)rows + i * (stride != 0 ? stride : sizeof *rows);
        const mailproto_hash *row = (const mailproto_hash *)at;
        if (row->id == id) {
            h->table = row;
            h->state_size = row->state_size;
            return is_well_formed(row) ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT;
        }
    }
    return is_built_in(id) ? MAILPROTO_OK : MAILPROTO_ERR_NOT_BUILT;
}

mailproto_status mailproto__hash_init(const struct mailproto__hash *h, void *state)
{
    if (h->table != NULL) {
        return h->table->init(h->table->ctx, state);
    }
#ifndef MAILPROTO_NO_HASHES
    mailproto__md_init((struct mailproto__md *)state, h->id);
#endif
    return MAILPROTO_OK;
}

mailproto_status mailproto__hash_update(const struct mailproto__hash *h, void *state,
                                        const void *data, size_t len)
{
    if (h->table != NULL) {
        return h->table->update(h->table->ctx, state, data, len);
    }
#ifndef MAILPROTO_NO_HASHES
    mailproto__md_update((struct mailproto__md *)state, h->id, data, len);
#endif
    return MAILPROTO_OK;
}

mailproto_status mailproto__hash_final(const struct mailproto__hash *h, void *state,
                                       uint8_t *out)
{
    if (h->table != NULL) {
        return h->table->final(h->table->ctx, state, out);
    }
#ifndef MAILPROTO_NO_HASHES
    mailproto__md_final((struct mailproto__md *)state, h->id, out);
#endif
    return MAILPROTO_OK;
}

mailproto_status mailproto__hash_copy(const struct mailproto__hash *h, void *to,
                                      const void *from)
{
    if (h->table != NULL && h->table->copy != NULL) {
        return h->table->copy(h->table->ctx, to, from);
    }
    memcpy(to, from, h->state_size);
    return MAILPROTO_OK;
}

void mailproto__hash_release(const struct mailproto__hash *h, void *state)
{
    if (h->table != NULL && h->table->release != NULL) {
        h->table->release(h->table->ctx, state);
    }
    mailproto__wipe(state, h->state_size);
}
