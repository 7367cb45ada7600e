/*
 * What MD5, SHA-1 and SHA-256 have in common: blocks of 64 octets, padding, the
 * length at the end (RFC 1321 3.1, 3.2; FIPS 180-4 5.1.1). Knows no hash but by its
 * number.
 */
#include "core/mem.h"
#include "sasl/hash.h"

enum { LENGTH_AT = MAILPROTO__HASH_BLOCK - 8 };

/* Each `id` is of a hash that is in the build (hash.c). */
static void start(uint32_t *h, uint32_t id)
{
    switch (id) {
#ifndef MAILPROTO_NO_SASL_CRAM_MD5
    case MAILPROTO_HASH_MD5:
        mailproto__md5_start(h);
        break;
#endif
#ifndef MAILPROTO_NO_SASL_SCRAM
    case MAILPROTO_HASH_SHA1:
        mailproto__sha1_start(h);
        break;
    case MAILPROTO_HASH_SHA256:
        mailproto__sha256_start(h);
        break;
#endif
    default:
        break;
    }
}

static void take_block(uint32_t *h, uint32_t id, const uint8_t *block)
{
    switch (id) {
#ifndef MAILPROTO_NO_SASL_CRAM_MD5
    case MAILPROTO_HASH_MD5:
        mailproto__md5_block(h, block);
        break;
#endif
#ifndef MAILPROTO_NO_SASL_SCRAM
    case MAILPROTO_HASH_SHA1:
        mailproto__sha1_block(h, block);
        break;
    case MAILPROTO_HASH_SHA256:
        mailproto__sha256_block(h, block);
        break;
#endif
    default:
        break;
    }
}

void mailproto__md_init(struct mailproto__md *m, uint32_t id)
{
    m->octets = 0;
    start(m->h, id);
}

void mailproto__md_update(struct mailproto__md *m, uint32_t id, const void *data,
                          size_t len)
{
    const uint8_t *at = (const uint8_t *)data;
    size_t held = (size_t)(m->octets % MAILPROTO__HASH_BLOCK);
    if (len == 0) {
        return;
    }
    m->octets += len;
    if (held > 0) {
        size_t n = MAILPROTO__HASH_BLOCK - held;
        if (len < n) {
            memcpy(m->block + held, at, len);
            return;
        }
        memcpy(m->block + held, at, n);
        take_block(m->h, id, m->block);
        at += n;
        len -= n;
    }
    while (len >= MAILPROTO__HASH_BLOCK) {
        take_block(m->h, id, at);
        at += MAILPROTO__HASH_BLOCK;
        len -= MAILPROTO__HASH_BLOCK;
    }
    if (len > 0) {
        memcpy(m->block, at, len);
    }
}

/* An integer, its lowest octet first (MD5) or last. */
static void put_octets(uint8_t *to, uint64_t value, size_t n, int lowest_first)
{
    size_t i;
    for (i = 0; i < n; i++) {
        to[lowest_first ? i : n - 1 - i] = (uint8_t)(value >> (8 * i));
    }
}

void mailproto__md_final(struct mailproto__md *m, uint32_t id, uint8_t *out)
{
    int lowest_first = id == MAILPROTO_HASH_MD5;
    size_t words = id == MAILPROTO_HASH_MD5 ? 4 : id == MAILPROTO_HASH_SHA1 ? 5 : 8;
    size_t held = (size_t)(m->octets % MAILPROTO__HASH_BLOCK);
    size_t i;
    m->block[held] = 0x80;
    held++;
    if (held > LENGTH_AT) {
        memset(m->block + held, 0, MAILPROTO__HASH_BLOCK - held);
        take_block(m->h, id, m->block);
        held = 0;
    }
    memset(m->block + held, 0, LENGTH_AT - held);
    put_octets(m->block + LENGTH_AT, m->octets * 8, 8, lowest_first);
    take_block(m->h, id, m->block);
    for (i = 0; i < words; i++) {
        put_octets(out + 4 * i, m->h[i], 4, lowest_first);
    }
}
