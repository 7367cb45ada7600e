/*
 * Every group of four characters there is, with padding and with one character that is
 * none of the alphabet, strict, against the naive decoder; every group of three octets
 * there and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/codec.h>

#include "naive.h"

static const char characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=*";
enum { COUNT = (int)sizeof characters - 1 };

static void every_group(void **state)
{
    unsigned long i;
    (void)state;
    for (i = 0; i < (unsigned long)COUNT * COUNT * COUNT * COUNT; i++) {
        mailproto_codec c;
        mailproto_status status;
        char text[4];
        unsigned char expected[4];
        unsigned char out[4];
        size_t used;
        size_t put;
        long good;
        text[0] = characters[i % COUNT];
        text[1] = characters[i / COUNT % COUNT];
        text[2] = characters[i / COUNT / COUNT % COUNT];
        text[3] = characters[i / COUNT / COUNT / COUNT];
        good = naive_base64_decode(text, 4, expected);
        (void)mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64,
                                     MAILPROTO_CODEC_STRICT);
        status = mailproto_codec_run(&c, text, 4, &used, out, sizeof out, &put,
                                     MAILPROTO_CODEC_FINAL);
        if ((status == MAILPROTO_OK) != (good >= 0) ||
            (good >= 0 && (put != (size_t)good || memcmp(out, expected, put) != 0))) {
            fail_msg("%.4s", text);
        }
    }
}

static void every_three_octets(void **state)
{
    uint32_t i;
    (void)state;
    for (i = 0; i < 0x1000000; i++) {
        mailproto_codec c;
        unsigned char data[3];
        unsigned char back[3];
        char text[4];
        size_t used;
        size_t put;
        data[0] = (unsigned char)(i >> 16);
        data[1] = (unsigned char)(i >> 8 & 255U);
        data[2] = (unsigned char)(i & 255U);
        (void)mailproto_encoder_init(&c, MAILPROTO_ENCODING_BASE64, 0);
        (void)mailproto_codec_run(&c, data, 3, &used, text, 4, &put,
                                  MAILPROTO_CODEC_FINAL);
        (void)mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64,
                                     MAILPROTO_CODEC_STRICT);
        if (put != 4 ||
            mailproto_codec_run(&c, text, 4, &used, back, 3, &put,
                                MAILPROTO_CODEC_FINAL) != MAILPROTO_OK ||
            put != 3 || memcmp(data, back, 3) != 0) {
            fail_msg("%06x", (unsigned)i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_group),
        cmocka_unit_test(every_three_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
