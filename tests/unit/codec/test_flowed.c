/*
 * Format=flowed (RFC 3676): paragraphs, quotes, stuffing, signatures, both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec_run.h"

/* What comes out, the defects and where the first is; the same at every cut. */
static void expect(const struct codec_spec *spec, const char *in, size_t len,
                   const char *out, size_t out_len, uint32_t defects, uint64_t offset)
{
    struct codec_result r = codec_whole(spec, in, len);
    assert_int_equal(r.status, MAILPROTO_OK);
    assert_int_equal(r.used, len);
    assert_int_equal(r.out.len, out_len);
    assert_memory_equal(text_string(&r.out), out, out_len);
    assert_int_equal(r.defects, defects);
    if (defects != 0) {
        assert_int_equal(r.defect_offset, offset);
    }
    codec_free(&r);
    codec_expect_everywhere(spec, in, len);
}

#define EXPECT(spec, in, out, defects, offset)                                         \
    expect(spec, in, sizeof(in) - 1, out, sizeof(out) - 1, defects, offset)

static const struct codec_spec decoder = {CODEC_DECODER, MAILPROTO_ENCODING_FLOWED, 0,
                                          NULL, NULL};
static const struct codec_spec delsp = {CODEC_DECODER, MAILPROTO_ENCODING_FLOWED,
                                        MAILPROTO_CODEC_DELSP, NULL, NULL};
static const struct codec_spec encoder = {CODEC_ENCODER, MAILPROTO_ENCODING_FLOWED, 0,
                                          NULL, NULL};
static const struct codec_spec delsp_encoder = {
    CODEC_ENCODER, MAILPROTO_ENCODING_FLOWED, MAILPROTO_CODEC_DELSP, NULL, NULL};

static void decodes(void **state)
{
    (void)state;
    EXPECT(&decoder, "", "", 0, 0);
    EXPECT(&decoder, "fixed\r\nlines\r\n", "fixed\r\nlines\r\n", 0, 0);
    EXPECT(&decoder, "one \r\npara\r\nnext\n", "one para\r\nnext\n", 0, 0);
    EXPECT(&decoder, "one  \r\npara", "one  para", 0, 0);
    EXPECT(&delsp, "one  \r\npa \r\nra\r\n", "one para\r\n", 0, 0);
    EXPECT(&decoder, ">> a \r\n>> b\r\n>c\r\n", ">> a b\r\n> c\r\n", 0, 0);
    /* the depth wins over the space (4.5) */
    EXPECT(&decoder, "> a \r\n>> b\r\nc\r\n", "> a \r\n>> b\r\nc\r\n", 0, 0);
    /* a blank between marks ends them (4.5) */
    EXPECT(&decoder, "> > a\r\n", "> > a\r\n", 0, 0);
    EXPECT(&decoder, " From x\r\n  two\r\n >q\r\n", "From x\r\n two\r\n >q\r\n", 0, 0);
    /* a separator is not flowed and continues nothing (4.3) */
    EXPECT(&decoder, "a \r\n-- \r\nsig\r\n", "a \r\n-- \r\nsig\r\n", 0, 0);
    EXPECT(&decoder, "> -- \r\n> x\r\n", "> -- \r\n> x\r\n", 0, 0);
    EXPECT(&decoder, "a \r\n-- b\r\n", "a -- b\r\n", 0, 0);
    EXPECT(&decoder, "a \r\n\r\nb\r\n", "a \r\nb\r\n", 0, 0);
    EXPECT(&decoder, ">\r\n>a", ">\r\n> a", 0, 0);
    EXPECT(&decoder, "a\rb \r", "a\rb \r", 0, 0);
}

static void encodes(void **state)
{
    (void)state;
    EXPECT(&encoder, "", "", 0, 0);
    EXPECT(&encoder, "short  \nFrom x\n y\n", "short\r\n From x\r\n  y\r\n", 0, 0);
    EXPECT(&encoder, ">> q\n>\nx", ">> q\r\n>\r\nx", 0, 0);
    EXPECT(&encoder, "-- \nx -- \n", "-- \r\nx --\r\n", 0, 0);
    EXPECT(&encoder, "   \n", "\r\n", 0, 0);
}

/* Whatever the paragraphs: lines of 78 at most, and they come back. */
static void round_trips(void **state)
{
    uint32_t x = 2463534242U;
    unsigned round;
    (void)state;
    for (round = 0; round < 400; round++) {
        const struct codec_spec *out = round % 2 == 0 ? &encoder : &delsp_encoder;
        const struct codec_spec *back = round % 2 == 0 ? &decoder : &delsp;
        struct text t = {NULL, 0, 0};
        struct codec_result r;
        struct codec_result again;
        size_t line = 0;
        size_t i;
        for (i = 0; i < 40; i++) {
            static const char *const words[] = {
                "a",   "From", "word", "longer-word",
                "x>y", "--",   ">",    "seventeen-octets."};
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            if (x % 16 == 0) {
                text_print(&t, "\r\n%s", x % 32 == 0 ? "> " : "");
            } else if (t.len > 0 && t.data[t.len - 1] != ' ' &&
                       t.data[t.len - 1] != '\n') {
                text_add(&t, "   ", 1 + (x >> 8) % 10 / 8);
            }
            text_print(
                &t, "%s",
                t.len == 0 || t.data[t.len - 1] == '\n' || t.data[t.len - 1] == ' '
                    ? (t.len >= 2 && t.data[t.len - 1] == ' ' ? words[(x >> 5) % 8]
                                                              : words[(x >> 5) % 6])
                    : words[(x >> 5) % 8]);
        }
        r = codec_whole(out, t.data, t.len);
        for (i = 0; i < r.out.len; i++) {
            line = r.out.data[i] == '\n' ? 0 : line + (r.out.data[i] != '\r');
            assert_true(line <= 78);
        }
        again = codec_whole(back, r.out.data, r.out.len);
        assert_int_equal(again.out.len, t.len);
        assert_memory_equal(again.out.data, t.data, t.len);
        codec_free(&r);
        codec_free(&again);
        text_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(encodes),
        cmocka_unit_test(round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
