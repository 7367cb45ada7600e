/*
 * The vector paths: same result as the portable ones, whatever the length and the place
 * of what is not plain. And the names of transfer encodings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec_run.h"

static mailproto_bytes str(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static void bits(void **state)
{
    (void)state;
    assert_int_equal(mailproto_cpu() & ~MAILPROTO_CPU_MASK, 0);
    assert_int_equal(mailproto_cpu(), mailproto_cpu());
}

static void expect_same_of(uint32_t encoding, uint32_t flags, const char *in,
                           size_t len, size_t room)
{
    struct codec_spec spec = {CODEC_DECODER, 0, 0, NULL, NULL};
    struct codec_result a;
    struct codec_result b;
    spec.encoding = encoding;
    spec.flags = flags;
    a = codec_run(&spec, in, len, len + 1, room);
    spec.flags = flags | mailproto_cpu();
    b = codec_run(&spec, in, len, len + 1, room);
    codec_expect_same(&spec, in, len, &a, &b);
    codec_free(&a);
    codec_free(&b);
}

static void expect_same(uint32_t flags, const char *in, size_t len, size_t room)
{
    expect_same_of(MAILPROTO_ENCODING_BASE64, flags, in, len, room);
}

/* Every octet at every place of a text with line ends. */
static void base64(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[400];
    size_t len;
    size_t i;
    unsigned octet;
    (void)state;
    for (i = 0; i < sizeof text; i++) {
        text[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : alphabet[(i * 7) % 64];
    }
    for (len = 0; len <= sizeof text; len++) {
        expect_same(0, text, len, 1000);
        expect_same(0, text, len, 8 + len % 50);
        expect_same(MAILPROTO_CODEC_STRICT, text, len % 77, 1000);
    }
    for (octet = 0; octet < 256; octet++) {
        for (i = 0; i < 160; i++) {
            char was = text[i];
            text[i] = (char)(unsigned char)octet;
            expect_same(0, text, 200, 1000);
            expect_same(MAILPROTO_CODEC_STRICT, text, 76, 1000);
            text[i] = was;
        }
    }
}

/* Every octet at every place of lines, and room that ends anywhere. */
static void quoted_printable(void **state)
{
    char text[200];
    size_t len;
    size_t i;
    unsigned octet;
    (void)state;
    for (i = 0; i < sizeof text; i++) {
        text[i] = i % 78 == 75   ? '='
                  : i % 78 == 76 ? '\r'
                  : i % 78 == 77 ? '\n'
                                 : (char)('a' + i % 26);
    }
    for (len = 0; len <= sizeof text; len++) {
        expect_same_of(MAILPROTO_ENCODING_QP, 0, text, len, 1000);
        expect_same_of(MAILPROTO_ENCODING_QP, 0, text, sizeof text, 8 + len);
    }
    for (octet = 0; octet < 256; octet++) {
        for (i = 0; i < 100; i++) {
            char was = text[i];
            text[i] = (char)(unsigned char)octet;
            expect_same_of(MAILPROTO_ENCODING_QP, 0, text, 120, 1000);
            expect_same_of(MAILPROTO_ENCODING_QP, MAILPROTO_CODEC_STRICT, text, 120,
                           1000);
            text[i] = was;
        }
    }
}

static void encoding_names(void **state)
{
    static const struct {
        const char *name;
        uint32_t encoding;
    } cases[] = {
        {"", MAILPROTO_ENCODING_7BIT},
        {" (nothing) ", MAILPROTO_ENCODING_7BIT},
        {"7bit", MAILPROTO_ENCODING_7BIT},
        {"8BIT", MAILPROTO_ENCODING_8BIT},
        {"Binary", MAILPROTO_ENCODING_BINARY},
        {" quoted-Printable\r\n (x (y) \\) z)", MAILPROTO_ENCODING_QP},
        {"(c)base64(d)", MAILPROTO_ENCODING_BASE64},
        {"x-uuencode", MAILPROTO_ENCODING_UU},
        {"x-uue", MAILPROTO_ENCODING_UU},
        {"uuencode", MAILPROTO_ENCODING_UU},
        {"x-yenc", MAILPROTO_ENCODING_YENC},
        {"quoted-printable;", MAILPROTO_ENCODING_QP},
        {" base64 (c) ; charset=x", MAILPROTO_ENCODING_BASE64},
        {";", MAILPROTO_ENCODING_7BIT},
        {"base64,", MAILPROTO_ENCODING_UNKNOWN},
        {"base64 x;", MAILPROTO_ENCODING_UNKNOWN},
        {"base64 x", MAILPROTO_ENCODING_UNKNOWN},
        {"base6", MAILPROTO_ENCODING_UNKNOWN},
        {"base644", MAILPROTO_ENCODING_UNKNOWN},
        {"flowed", MAILPROTO_ENCODING_UNKNOWN},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(mailproto_encoding_find(str(cases[i].name)),
                         cases[i].encoding);
    }
    assert_string_equal(mailproto_encoding_name(MAILPROTO_ENCODING_QP),
                        "quoted-printable");
    assert_string_equal(mailproto_encoding_name(MAILPROTO_ENCODING_UU), "x-uuencode");
    assert_string_equal(mailproto_encoding_name(MAILPROTO_ENCODING_FLOWED), "");
    assert_string_equal(mailproto_encoding_name(0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits),
        cmocka_unit_test(base64),
        cmocka_unit_test(quoted_printable),
        cmocka_unit_test(encoding_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
