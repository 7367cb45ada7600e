/*
 * SHA-256 (FIPS 180-4 6.2), one block at a time.
 */
#include "core/mem.h"
#include "sasl/hash.h"

void mailproto__sha256_start(uint32_t *h)
{
    static const uint32_t start[8] = {0x6A09E667U, 0xBB67AE85U, 0x3C6EF372U,
                                      0xA54FF53AU, 0x510E527FU, 0x9B05688CU,
                                      0x1F83D9ABU, 0x5BE0CD19U};
    memcpy(h, start, sizeof start);
}

/* clang-format off */
static const uint32_t constants[64] = {
    0x428A2F98U, 0x71374491U, 0xB5C0FBCFU, 0xE9B5DBA5U,
    0x3956C25BU, 0x59F111F1U, 0x923F82A4U, 0xAB1C5ED5U,
    0xD807AA98U, 0x12835B01U, 0x243185BEU, 0x550C7DC3U,
    0x72BE5D74U, 0x80DEB1FEU, 0x9BDC06A7U, 0xC19BF174U,
    0xE49B69C1U, 0xEFBE4786U, 0x0FC19DC6U, 0x240CA1CCU,
    0x2DE92C6FU, 0x4A7484AAU, 0x5CB0A9DCU, 0x76F988DAU,
    0x983E5152U, 0xA831C66DU, 0xB00327C8U, 0xBF597FC7U,
    0xC6E00BF3U, 0xD5A79147U, 0x06CA6351U, 0x14292967U,
    0x27B70A85U, 0x2E1B2138U, 0x4D2C6DFCU, 0x53380D13U,
    0x650A7354U, 0x766A0ABBU, 0x81C2C92EU, 0x92722C85U,
    0xA2BFE8A1U, 0xA81A664BU, 0xC24B8B70U, 0xC76C51A3U,
    0xD192E819U, 0xD6990624U, 0xF40E3585U, 0x106AA070U,
    0x19A4C116U, 0x1E376C08U, 0x2748774CU, 0x34B0BCB5U,
    0x391C0CB3U, 0x4ED8AA4AU, 0x5B9CCA4FU, 0x682E6FF3U,
    0x748F82EEU, 0x78A5636FU, 0x84C87814U, 0x8CC70208U,
    0x90BEFFFAU, 0xA4506CEBU, 0xBEF9A3F7U, 0xC67178F2U
};
/* clang-format on */

static uint32_t right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* The next word of the schedule, which needs only the last 16. */
static uint32_t schedule(uint32_t *w, unsigned t)
{
    uint32_t x = w[(t + 1) & 15U];
    uint32_t y = w[(t + 14) & 15U];
    uint32_t small0 = right(x, 7) ^ right(x, 18) ^ x >> 3;
    uint32_t small1 = right(y, 17) ^ right(y, 19) ^ y >> 10;
    w[t & 15U] += small0 + w[(t + 9) & 15U] + small1;
    return w[t & 15U];
}

void mailproto__sha256_block(uint32_t *h, const uint8_t *block)
{
    uint32_t w[16];
    uint32_t v[8];
    unsigned t;
    for (t = 0; t < 16; t++) {
        const uint8_t *at = block + (size_t)4 * t;
        w[t] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
               at[3];
    }
    memcpy(v, h, sizeof v);
    for (t = 0; t < 64; t++) {
        uint32_t e = v[4];
        uint32_t a = v[0];
        uint32_t t1 = v[7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +
                      (v[6] ^ (e & (v[5] ^ v[6]))) + constants[t] +
                      (t < 16 ? w[t] : schedule(w, t));
        uint32_t t2 = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) +
                      ((a & v[1]) | (v[2] & (a | v[1])));
        v[7] = v[6];
        v[6] = v[5];
        v[5] = e;
        v[4] = v[3] + t1;
        v[3] = v[2];
        v[2] = v[1];
        v[1] = a;
        v[0] = t1 + t2;
    }
    for (t = 0; t < 8; t++) {
        h[t] += v[t];
    }
    mailproto__wipe_words(w, 16);
    mailproto__wipe_words(v, 8);
}
