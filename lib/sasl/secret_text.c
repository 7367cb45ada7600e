/*
 * Secrets as text, without tables and branches: the digests here may go over the wire,
 * but what they are made of must not leak while they are made.
 */
#include "sasl/secret.h"

/* All ones if a < b, else 0; both below 256. */
static uint32_t below(uint32_t a, uint32_t b)
{
    return 0U - ((a - b) >> 31);
}

/* The character of six bits: A-Z a-z 0-9 + /, which follow each other at distances that
 * the steps below add up to. */
static char base64_character(uint32_t v)
{
    uint32_t c = v + 'A';
    c += ~below(v, 26) & (uint32_t)('a' - 26 - 'A');
    c -= ~below(v, 52) & (uint32_t)('a' - 26 - ('0' - 52));
    c -= ~below(v, 62) & (uint32_t)('0' - 52 - ('+' - 62));
    c += ~below(v, 63) & (uint32_t)('/' - 63 - ('+' - 62));
    return (char)c;
}

size_t mailproto__base64_secret(const uint8_t *in, size_t len, char *out)
{
    size_t i;
    size_t put = 0;
    for (i = 0; i < len; i += 3) {
        size_t n = len - i; /* octets of this group, if below 3 */
        uint32_t group = (uint32_t)in[i] << 16;
        group |= n > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= n > 2 ? (uint32_t)in[i + 2] : 0;
        out[put] = base64_character(group >> 18);
        out[put + 1] = base64_character(group >> 12 & 63);
        out[put + 2] = n > 1 ? base64_character(group >> 6 & 63) : '=';
        out[put + 3] = n > 2 ? base64_character(group & 63) : '=';
        put += 4;
    }
    return put;
}

static char hex_digit(uint32_t v)
{
    return (char)(v + '0' + (~below(v, 10) & (uint32_t)('a' - 10 - '0')));
}

void mailproto__hex_secret(const uint8_t *in, size_t len, char *out)
{
    size_t i;
    for (i = 0; i < len; i++) {
        out[2 * i] = hex_digit(in[i] >> 4);
        out[2 * i + 1] = hex_digit(in[i] & 15U);
    }
}

int mailproto__is_beyond_ascii(const char *text, size_t len)
{
    uint32_t all = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        all |= (unsigned char)text[i];
    }
    return (int)(all >> 7 & 1U);
}
