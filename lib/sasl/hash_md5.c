/*
 * MD5 (RFC 1321 3.4), one block at a time.
 */
#include "sasl/hash.h"

void mailproto__md5_start(uint32_t *h)
{
    h[0] = 0x67452301U;
    h[1] = 0xEFCDAB89U;
    h[2] = 0x98BADCFEU;
    h[3] = 0x10325476U;
}

/* clang-format off */
/* T[i] = 4294967296 times abs(sin(i)), i from 1 on. */
static const uint32_t sines[64] = {
    0xD76AA478U, 0xE8C7B756U, 0x242070DBU, 0xC1BDCEEEU,
    0xF57C0FAFU, 0x4787C62AU, 0xA8304613U, 0xFD469501U,
    0x698098D8U, 0x8B44F7AFU, 0xFFFF5BB1U, 0x895CD7BEU,
    0x6B901122U, 0xFD987193U, 0xA679438EU, 0x49B40821U,
    0xF61E2562U, 0xC040B340U, 0x265E5A51U, 0xE9B6C7AAU,
    0xD62F105DU, 0x02441453U, 0xD8A1E681U, 0xE7D3FBC8U,
    0x21E1CDE6U, 0xC33707D6U, 0xF4D50D87U, 0x455A14EDU,
    0xA9E3E905U, 0xFCEFA3F8U, 0x676F02D9U, 0x8D2A4C8AU,
    0xFFFA3942U, 0x8771F681U, 0x6D9D6122U, 0xFDE5380CU,
    0xA4BEEA44U, 0x4BDECFA9U, 0xF6BB4B60U, 0xBEBFBC70U,
    0x289B7EC6U, 0xEAA127FAU, 0xD4EF3085U, 0x04881D05U,
    0xD9D4D039U, 0xE6DB99E5U, 0x1FA27CF8U, 0xC4AC5665U,
    0xF4292244U, 0x432AFF97U, 0xAB9423A7U, 0xFC93A039U,
    0x655B59C3U, 0x8F0CCC92U, 0xFFEFF47DU, 0x85845DD1U,
    0x6FA87E4FU, 0xFE2CE6E0U, 0xA3014314U, 0x4E0811A1U,
    0xF7537E82U, 0xBD3AF235U, 0x2AD7D2BBU, 0xEB86D391U
};

/* By round and step of four. */
static const uint8_t shifts[16] = {
    7, 12, 17, 22,  5, 9, 14, 20,  4, 11, 16, 23,  6, 10, 15, 21
};
/* clang-format on */

static uint32_t word(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

/* F, G, H or I. */
static uint32_t mix(unsigned round, uint32_t x, uint32_t y, uint32_t z)
{
    switch (round) {
    case 0:
        return z ^ (x & (y ^ z));
    case 1:
        return y ^ (z & (x ^ y));
    case 2:
        return x ^ y ^ z;
    default:
        return y ^ (x | ~z);
    }
}

void mailproto__md5_block(uint32_t *h, const uint8_t *block)
{
    /* Which word: k = factor * i + start, modulo 16. */
    static const uint8_t factor[4] = {1, 5, 3, 7};
    static const uint8_t start[4] = {0, 1, 5, 0};
    uint32_t a = h[0];
    uint32_t b = h[1];
    uint32_t c = h[2];
    uint32_t d = h[3];
    unsigned i;
    for (i = 0; i < 64; i++) {
        unsigned round = i >> 4;
        unsigned k = (factor[round] * i + start[round]) & 15U;
        unsigned s = shifts[round * 4 + (i & 3U)];
        uint32_t t = a + mix(round, b, c, d) + word(block + (size_t)4 * k) + sines[i];
        a = d;
        d = c;
        c = b;
        b += t << s | t >> (32 - s);
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
}
