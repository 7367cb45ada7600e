/*
 * The built-in hash functions, HMAC and PBKDF2 beside OpenSSL's, on random inputs of every
 * length; and exchanges with OpenSSL's in place of them, as the guide shows it. Its library is loaded, not linked: where there is none the test says so and
 * ends with 77, skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdio.h>

#include "exchange.h"
#include "hashes.h"

/* ---- beside OpenSSL ---------------------------------------------------------- */

static struct {
    const void *(*by_name)(const char *name);
    int (*digest)(const void *data, size_t len, unsigned char *out, unsigned *out_len,
                  const void *type, void *engine);
    unsigned char *(*hmac)(const void *type, const void *key, int key_len,
                           const unsigned char *data, size_t len, unsigned char *out,
                           unsigned *out_len);
    int (*pbkdf2)(const char *password, int password_len, const unsigned char *salt,
                  int salt_len, int iterations, const void *type, int out_len,
                  unsigned char *out);
} openssl;

/* What a library writes that was not instrumented is unknown to MemorySanitizer. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define ONLY_OUR_OWN 1
#endif
#endif
#ifndef ONLY_OUR_OWN
#define ONLY_OUR_OWN 0
#endif

static void *libcrypto;

static int find_openssl(void)
{
    static const char *const files[] = {"libcrypto.so.3", "libcrypto.so.1.1",
                                        "libcrypto.so"};
    void *at[4];
    size_t i;
    for (i = 0; i < 3 && libcrypto == NULL && !ONLY_OUR_OWN; ++i) {
        libcrypto = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (libcrypto == NULL) {
        return 0;
    }
    at[0] = dlsym(libcrypto, "EVP_get_digestbyname");
    at[1] = dlsym(libcrypto, "EVP_Digest");
    at[2] = dlsym(libcrypto, "HMAC");
    at[3] = dlsym(libcrypto, "PKCS5_PBKDF2_HMAC");
    for (i = 0; i < 4; ++i) {
        if (at[i] == NULL) {
            return 0;
        }
    }
    memcpy(&openssl.by_name, &at[0], sizeof at[0]);
    memcpy(&openssl.digest, &at[1], sizeof at[1]);
    memcpy(&openssl.hmac, &at[2], sizeof at[2]);
    memcpy(&openssl.pbkdf2, &at[3], sizeof at[3]);
    return 1;
}

static uint64_t seed = 88172645463325252u;

static uint32_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16);
}

static void random_octets(uint8_t *to, size_t len)
{
    size_t i;
    for (i = 0; i < len; ++i) {
        to[i] = (uint8_t)random_number();
    }
}

/* Every length up to 1100 octets, three inputs each, in three pieces. */
static void same_as_openssl(void **state)
{
    static uint8_t data[1100];
    size_t i, len, round, count = 0;
    (void)state;
    for (i = 0; i < HASHES; ++i) {
        const void *type = openssl.by_name(hashes[i].name);
        assert_non_null(type);
        for (len = 0; len <= sizeof data; ++len) {
            for (round = 0; round < 3; ++round) {
                struct mailproto__md m;
                size_t a = len > 0 ? random_number() % (len + 1) : 0;
                size_t b = a + (len > a ? random_number() % (len - a + 1) : 0);
                uint8_t mine[32];
                unsigned char its[64];
                random_octets(data, len);
                mailproto__md_init(&m, hashes[i].id);
                mailproto__md_update(&m, hashes[i].id, data, a);
                mailproto__md_update(&m, hashes[i].id, data + a, b - a);
                mailproto__md_update(&m, hashes[i].id, data + b, len - b);
                mailproto__md_final(&m, hashes[i].id, mine);
                assert_int_equal(openssl.digest(data, len, its, NULL, type, NULL), 1);
                assert_memory_equal(mine, its, hashes[i].size);
                ++count;
            }
        }
    }
    printf("%zu hashes are the same as OpenSSL's\n", count);
}

static void hmac_same_as_openssl(void **state)
{
    static uint8_t key[200], data[400];
    size_t i, len, count = 0;
    (void)state;
    for (i = 0; i < HASHES; ++i) {
        const void *type = openssl.by_name(hashes[i].name);
        for (len = 0; len <= sizeof key; ++len) {
            size_t data_len;
            for (data_len = 0; data_len < sizeof data;
                 data_len += 1 + random_number() % 40) {
                uint8_t mine[32];
                unsigned char its[64];
                random_octets(key, len);
                random_octets(data, data_len);
                hmac(hashes[i].id, key, len, data, data_len, mine);
                assert_non_null(
                    openssl.hmac(type, key, (int)len, data, data_len, its, NULL));
                assert_memory_equal(mine, its, hashes[i].size);
                ++count;
            }
        }
    }
    printf("%zu HMACs are the same as OpenSSL's\n", count);
}

static void pbkdf2_same_as_openssl(void **state)
{
    static uint8_t password[150], salt[150];
    size_t i, round;
    (void)state;
    for (i = 1; i < HASHES; ++i) {
        const void *type = openssl.by_name(hashes[i].name);
        for (round = 0; round < 300; ++round) {
            size_t password_len = 1 + random_number() % sizeof password;
            size_t salt_len = random_number() % sizeof salt;
            uint32_t iterations = 1 + random_number() % 50;
            uint8_t mine[32];
            unsigned char its[32];
            random_octets(password, password_len);
            random_octets(salt, salt_len);
            pbkdf2(hashes[i].id, password, password_len, salt, salt_len, iterations,
                   1 + random_number() % 20, mine);
            assert_int_equal(openssl.pbkdf2((const char *)password, (int)password_len,
                                            salt, (int)salt_len, (int)iterations, type,
                                            (int)hashes[i].size, its),
                             1);
            assert_memory_equal(mine, its, hashes[i].size);
        }
    }
}

/* ---- in place of the built-in ones ------------------------------------------------- */

typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;

static EVP_MD *(*EVP_MD_fetch)(void *library, const char *name, const char *properties);
static void (*EVP_MD_free)(EVP_MD *type);
static EVP_MD_CTX *(*EVP_MD_CTX_new)(void);
static void (*EVP_MD_CTX_free)(EVP_MD_CTX *ctx);
static int (*EVP_MD_CTX_copy_ex)(EVP_MD_CTX *to, const EVP_MD_CTX *from);
static int (*EVP_DigestInit_ex)(EVP_MD_CTX *ctx, const EVP_MD *type, void *engine);
static int (*EVP_DigestUpdate)(EVP_MD_CTX *ctx, const void *data, size_t len);
static int (*EVP_DigestFinal_ex)(EVP_MD_CTX *ctx, unsigned char *out, unsigned *len);

/* The guide's. */

/* A state is a pointer here, for OpenSSL's own lies on its heap. */
static mailproto_status keep(void *state, EVP_MD_CTX *ctx, int good)
{
    if (!good) {
        EVP_MD_CTX_free(ctx);
        return MAILPROTO_ERR_IO; /* to a client: a temporary failure */
    }
    *(EVP_MD_CTX **)state = ctx;
    return MAILPROTO_OK;
}

static mailproto_status evp_init(void *type, void *state)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    return keep(state, ctx, ctx != NULL && EVP_DigestInit_ex(ctx, type, NULL) == 1);
}

static mailproto_status evp_update(void *type, void *state, const void *data,
                                   size_t len)
{
    (void)type;
    return EVP_DigestUpdate(*(EVP_MD_CTX **)state, data, len) == 1 ? MAILPROTO_OK
                                                                   : MAILPROTO_ERR_IO;
}

static void evp_release(void *type, void *state)
{
    (void)type;
    EVP_MD_CTX_free(*(EVP_MD_CTX **)state);
}

static mailproto_status evp_final(void *type, void *state, void *out)
{
    int good = EVP_DigestFinal_ex(*(EVP_MD_CTX **)state, out, NULL) == 1;
    evp_release(type, state);
    return good ? MAILPROTO_OK : MAILPROTO_ERR_IO;
}

static mailproto_status evp_copy(void *type, void *to, const void *from)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    (void)type;
    return keep(to, ctx,
                ctx != NULL &&
                    EVP_MD_CTX_copy_ex(ctx, *(EVP_MD_CTX *const *)from) == 1);
}

/* For options.hashes; `type` is EVP_MD_fetch(NULL, "SHA256", NULL), kept as long. */
static mailproto_hash evp_hash(uint32_t id, uint32_t output_size, EVP_MD *type)
{
    mailproto_hash h = {0};
    h.struct_size = sizeof h;
    h.id = id; /* MAILPROTO_HASH_SHA256 */
    h.block_size = 64;
    h.output_size = output_size; /* 32 */
    h.state_size = sizeof(EVP_MD_CTX *);
    h.ctx = type;
    h.init = evp_init;
    h.update = evp_update;
    h.final = evp_final;
    h.copy = evp_copy;
    h.release = evp_release;
    return h;
}

/* 0: a version before 3. */
static int find_evp(void)
{
    static const char *const names[] = {"EVP_MD_fetch",       "EVP_MD_free",
                                        "EVP_MD_CTX_new",     "EVP_MD_CTX_free",
                                        "EVP_MD_CTX_copy_ex", "EVP_DigestInit_ex",
                                        "EVP_DigestUpdate",   "EVP_DigestFinal_ex"};
    void *at[8];
    size_t i;
    for (i = 0; i < 8; ++i) {
        at[i] = dlsym(libcrypto, names[i]);
        if (at[i] == NULL) {
            return 0;
        }
    }
    memcpy(&EVP_MD_fetch, &at[0], sizeof at[0]);
    memcpy(&EVP_MD_free, &at[1], sizeof at[0]);
    memcpy(&EVP_MD_CTX_new, &at[2], sizeof at[0]);
    memcpy(&EVP_MD_CTX_free, &at[3], sizeof at[0]);
    memcpy(&EVP_MD_CTX_copy_ex, &at[4], sizeof at[0]);
    memcpy(&EVP_DigestInit_ex, &at[5], sizeof at[0]);
    memcpy(&EVP_DigestUpdate, &at[6], sizeof at[0]);
    memcpy(&EVP_DigestFinal_ex, &at[7], sizeof at[0]);
    return 1;
}

static void answer_known(struct talk *t, const mailproto_sasl_need_info *need)
{
    (void)need;
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, "wonderland", 10),
                     MAILPROTO_OK);
}

/* Either side with OpenSSL's, the other with ours. */
static void in_place_of_ours(void **state)
{
    static const char *const mechanisms[HASHES] = {"CRAM-MD5", "SCRAM-SHA-1",
                                                   "SCRAM-SHA-256"};
    size_t i;
    int side, right;
    (void)state;
    if (!find_evp()) {
        printf("skipped: OpenSSL is older than 3\n");
        skip();
    }
    for (i = 0; i < HASHES; ++i) {
        EVP_MD *type = EVP_MD_fetch(NULL, hashes[i].name, NULL);
        mailproto_hash row = evp_hash(hashes[i].id, (uint32_t)hashes[i].size, type);
        assert_non_null(type);
        for (side = 0; side < 2; ++side) {
            for (right = 0; right < 2; ++right) {
                mailproto_sasl_options c =
                    options_for(MAILPROTO_SASL_CLIENT, mechanisms[i]);
                mailproto_sasl_options s =
                    options_for(MAILPROTO_SASL_SERVER, mechanisms[i]);
                mailproto_sasl_options *with = side ? &s : &c;
                struct talk t;
                memset(&t, 0, sizeof t);
                c.name = str("alice");
                c.password = str(right ? "wonderland" : "Wonderland");
                c.nonce = str("random octets of the client");
                c.min_iterations = 1;
                s.nonce = str("random octets of the server");
                s.salt_key = str("a secret of the server");
                s.iterations = 20;
                with->hashes = &row;
                with->hash_count = 1;
                t.piece = 100;
                t.answer = answer_known;
                side_open(&t.client, &c);
                side_open(&t.server, &s);
                converse(&t);
                assert_int_equal(t.server_done, right);
                assert_int_equal(t.client_sure, right);
                side_close(&t.client);
                side_close(&t.server);
            }
        }
        EVP_MD_free(type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_openssl),
        cmocka_unit_test(hmac_same_as_openssl),
        cmocka_unit_test(pbkdf2_same_as_openssl),
        cmocka_unit_test(in_place_of_ours),
    };
    if (!find_openssl()) {
        printf("skipped: %s\n",
               ONLY_OUR_OWN ? "what OpenSSL writes is unknown to MemorySanitizer"
                            : "libcrypto (libssl3) is not installed");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
