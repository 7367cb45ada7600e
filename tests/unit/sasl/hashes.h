/*
 * What the tests of the hash functions share: one whole hash, HMAC or PBKDF2 by the
 * built-in functions. Include cmocka.h before it.
 */
#ifndef TEST_SASL_HASHES_H
#define TEST_SASL_HASHES_H

#include <string.h>

#include "sasl/hash.h"

static const struct {
    uint32_t id;
    size_t size;
    const char *name;
} hashes[] = {
    {MAILPROTO_HASH_MD5, 16, "MD5"},
    {MAILPROTO_HASH_SHA1, 20, "SHA1"},
    {MAILPROTO_HASH_SHA256, 32, "SHA256"},
};
enum { HASHES = 3 };

static inline void hash(uint32_t id, const void *data, size_t len, uint8_t *out)
{
    struct mailproto__md m;
    mailproto__md_init(&m, id);
    mailproto__md_update(&m, id, data, len);
    mailproto__md_final(&m, id, out);
}

struct keyed {
    struct mailproto__hmac hmac;
    struct mailproto__md states[3];
};

static inline void keyed_init(struct keyed *k, uint32_t id)
{
    size_t i;
    memset(k, 0, sizeof *k);
    assert_int_equal(mailproto__hash_find(&k->hmac.hash, id, NULL, 0, 0), MAILPROTO_OK);
    for (i = 0; i < 3; ++i) {
        k->hmac.state[i] = &k->states[i];
    }
}

static inline void hmac(uint32_t id, const void *key, size_t key_len, const void *data,
                        size_t len, uint8_t *out)
{
    struct keyed k;
    keyed_init(&k, id);
    mailproto__hmac_key(&k.hmac, key, key_len);
    mailproto__hmac_once(&k.hmac, data, len, out);
    assert_int_equal(k.hmac.status, MAILPROTO_OK);
    mailproto__hmac_release(&k.hmac);
}

static inline void pbkdf2(uint32_t id, const void *password, size_t password_len,
                          const void *salt, size_t salt_len, uint32_t iterations,
                          uint32_t a_step, uint8_t *out)
{
    struct keyed k;
    struct mailproto__pbkdf2 p;
    uint32_t steps = 1;
    keyed_init(&k, id);
    mailproto__hmac_key(&k.hmac, password, password_len);
    mailproto__pbkdf2_start(&p, &k.hmac, salt, salt_len, iterations);
    while (!mailproto__pbkdf2_work(&p, &k.hmac, a_step)) {
        ++steps;
    }
    assert_int_equal(k.hmac.status, MAILPROTO_OK);
    assert_int_equal(steps, iterations == 1 ? 1 : (iterations - 2) / a_step + 1);
    memcpy(out, p.sum, k.hmac.hash.size);
}

#endif /* TEST_SASL_HASHES_H */
