/*
 * The built-in hash functions, HMAC and PBKDF2: vectors of the RFCs, and the same result
 * wherever the input is cut. Beside OpenSSL: test_hash_openssl.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "hashes.h"
#include "sasl/secret.h"

static void hex(const uint8_t *in, size_t len, char *out)
{
    mailproto__hex_secret(in, len, out);
    out[2 * len] = 0;
}

static void expect_hash(uint32_t id, const char *text, const char *digest)
{
    uint8_t out[32];
    char got[65];
    hash(id, text, strlen(text), out);
    hex(out, strlen(digest) / 2, got);
    assert_string_equal(got, digest);
}

static void vectors(void **state)
{
    enum {
        MD5 = MAILPROTO_HASH_MD5,
        SHA1 = MAILPROTO_HASH_SHA1,
        SHA256 = MAILPROTO_HASH_SHA256
    };
    (void)state;
    /* RFC 1321 A.5 */
    expect_hash(MD5, "", "d41d8cd98f00b204e9800998ecf8427e");
    expect_hash(MD5, "a", "0cc175b9c0f1b6a831c399e269772661");
    expect_hash(MD5, "abc", "900150983cd24fb0d6963f7d28e17f72");
    expect_hash(MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    expect_hash(MD5, "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
    expect_hash(MD5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f");
    expect_hash(MD5,
                "1234567890123456789012345678901234567890123456789012345678901234567890"
                "1234567890",
                "57edf4a22be3c955ac49da2e2107b67a");
    /* FIPS 180-4's examples */
    expect_hash(SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect_hash(SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect_hash(SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    expect_hash(SHA256, "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_hash(SHA256, "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_hash(SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_octets(void **state)
{
    static const char *const digests[HASHES] = {
        "7707d6ae4e027c70eea2a935c2296f21", "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"};
    char text[1000];
    size_t i, k;
    (void)state;
    memset(text, 'a', sizeof text);
    for (i = 0; i < HASHES; ++i) {
        struct mailproto__md m;
        uint8_t out[32];
        char got[65];
        mailproto__md_init(&m, hashes[i].id);
        for (k = 0; k < 1000; ++k) {
            mailproto__md_update(&m, hashes[i].id, text, sizeof text);
        }
        mailproto__md_final(&m, hashes[i].id, out);
        hex(out, hashes[i].size, got);
        assert_string_equal(got, digests[i]);
    }
}

/* Every length up to three blocks, cut at every place. */
static void cut_anywhere(void **state)
{
    uint8_t text[200];
    size_t i, len, cut;
    (void)state;
    for (i = 0; i < sizeof text; ++i) {
        text[i] = (uint8_t)(i * 7 + 3);
    }
    for (i = 0; i < HASHES; ++i) {
        uint32_t id = hashes[i].id;
        for (len = 0; len <= sizeof text; ++len) {
            uint8_t whole[32];
            hash(id, text, len, whole);
            for (cut = 0; cut <= len; ++cut) {
                struct mailproto__md m;
                uint8_t out[32];
                mailproto__md_init(&m, id);
                mailproto__md_update(&m, id, text, cut);
                mailproto__md_update(&m, id, text + cut, len - cut);
                mailproto__md_final(&m, id, out);
                assert_memory_equal(out, whole, hashes[i].size);
            }
        }
    }
}

/* ---- HMAC and PBKDF2 --------------------------------------------------------- */

static void expect_hmac(const void *key, size_t key_len, const void *data, size_t len,
                        const char *digest)
{
    uint8_t out[16];
    char got[33];
    hmac(MAILPROTO_HASH_MD5, key, key_len, data, len, out);
    hex(out, 16, got);
    assert_string_equal(got, digest);
}

static void hmac_vectors(void **state)
{
    char key[16], data[50];
    (void)state;
    /* RFC 2104, Test Vectors */
    memset(key, 0x0b, 16);
    expect_hmac(key, 16, "Hi There", 8, "9294727a3638bb1c13f48ef8158bfc9d");
    expect_hmac("Jefe", 4, "what do ya want for nothing?", 28,
                "750c783e6ab0b503eaa86e310a5db738");
    memset(key, 0xAA, 16);
    memset(data, 0xDD, 50);
    expect_hmac(key, 16, data, 50, "56be34521d144c88dbb8c733f0e8b3f6");
}

static void pbkdf2_vectors(void **state)
{
    static const struct {
        uint32_t id, iterations;
        const char *password, *salt, *digest;
    } v[] = {
        /* RFC 6070 2, and the same with SHA-256 */
        {MAILPROTO_HASH_SHA1, 1, "password", "salt",
         "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
        {MAILPROTO_HASH_SHA1, 4096, "password", "salt",
         "4b007901b765489abead49d926f721d065a429c1"},
        {MAILPROTO_HASH_SHA1, 4096, "passwordPASSWORDpassword",
         "saltSALTsaltSALTsaltSALTsaltSALTsalt",
         "3d2eec4fe41c849b80c8d83662c0e44a8b291a96"},
        {MAILPROTO_HASH_SHA256, 4096, "password", "salt",
         "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"},
    };
    static const uint32_t a_step[] = {1, 7, 1024, UINT32_MAX};
    size_t i, k;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        for (k = 0; k < 4; ++k) {
            uint8_t out[32];
            char got[65];
            pbkdf2(v[i].id, v[i].password, strlen(v[i].password), v[i].salt,
                   strlen(v[i].salt), v[i].iterations, a_step[k], out);
            hex(out, strlen(v[i].digest) / 2, got);
            assert_string_equal(got, v[i].digest);
        }
    }
}

/* ---- secrets as text --------------------------------------------------------- */

static void text_without_tables(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char out[8];
    uint32_t v;
    (void)state;
    for (v = 0; v < 1u << 12; ++v) { /* both positions of a pair */
        uint8_t in[3];
        in[0] = (uint8_t)(v >> 4);
        in[1] = (uint8_t)(v << 4 | v >> 8);
        in[2] = (uint8_t)v;
        assert_int_equal(mailproto__base64_secret(in, 3, out), 4);
        assert_int_equal(out[0], alphabet[in[0] >> 2]);
        assert_int_equal(out[1], alphabet[(in[0] & 3) << 4 | in[1] >> 4]);
        assert_int_equal(out[2], alphabet[(in[1] & 15) << 2 | in[2] >> 6]);
        assert_int_equal(out[3], alphabet[in[2] & 63]);
    }
    assert_int_equal(mailproto__base64_secret((const uint8_t *)"f", 1, out), 4);
    assert_memory_equal(out, "Zg==", 4);
    assert_int_equal(mailproto__base64_secret((const uint8_t *)"fo", 2, out), 4);
    assert_memory_equal(out, "Zm8=", 4);
    assert_int_equal(mailproto__base64_secret((const uint8_t *)"foob", 4, out), 8);
    assert_memory_equal(out, "Zm9vYg==", 8);
    assert_int_equal(mailproto__base64_secret((const uint8_t *)"", 0, out), 0);
    for (v = 0; v < 256; ++v) {
        uint8_t in = (uint8_t)v;
        char expected[3];
        snprintf(expected, sizeof expected, "%02x", v);
        mailproto__hex_secret(&in, 1, out);
        assert_memory_equal(out, expected, 2);
    }
}

static void equality(void **state)
{
    uint8_t a[40], b[40];
    size_t i, bit;
    (void)state;
    memset(a, 0x5A, sizeof a);
    memcpy(b, a, sizeof a);
    assert_int_equal(mailproto__equal_secret(a, b, sizeof a), 1);
    assert_int_equal(mailproto__equal_secret(a, b, 0), 1);
    for (i = 0; i < sizeof a; ++i) {
        for (bit = 0; bit < 8; ++bit) {
            b[i] ^= (uint8_t)(1u << bit);
            assert_int_equal(mailproto__equal_secret(a, b, sizeof a), 0);
            assert_int_equal(mailproto__equal_secret(a, b, i), 1); /* not looked at */
            b[i] ^= (uint8_t)(1u << bit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),        cmocka_unit_test(a_million_octets),
        cmocka_unit_test(cut_anywhere),   cmocka_unit_test(hmac_vectors),
        cmocka_unit_test(pbkdf2_vectors), cmocka_unit_test(text_without_tables),
        cmocka_unit_test(equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
