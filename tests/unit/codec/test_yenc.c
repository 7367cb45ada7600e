/*
 * yEnc: escapes, size and CRC-32, parts, missing lines; against a naive encoder.
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

/* Strict: the error's offset. */
static void expect_error(const struct codec_spec *spec, const char *in, size_t len,
                         size_t offset)
{
    struct codec_result r = codec_whole(spec, in, len);
    assert_int_equal(r.status, MAILPROTO_ERR_SYNTAX);
    assert_int_equal(r.used, offset);
    codec_free(&r);
    codec_expect_everywhere(spec, in, len);
}

#define EXPECT_ERROR(spec, in, offset) expect_error(spec, in, sizeof(in) - 1, offset)

static const struct codec_spec yenc = {CODEC_DECODER, MAILPROTO_ENCODING_YENC, 0, NULL,
                                       NULL};
static const struct codec_spec strict = {CODEC_DECODER, MAILPROTO_ENCODING_YENC,
                                         MAILPROTO_CODEC_STRICT, NULL, NULL};

enum {
    CHECK = MAILPROTO_CODEC_DEFECT_CHECK,
    MARK = MAILPROTO_CODEC_DEFECT_MARK,
    ESCAPE = MAILPROTO_CODEC_DEFECT_ESCAPE
};

#define BEGIN "=ybegin line=128 size=3 name=x y=z\r\n"

static void files(void **state)
{
    (void)state;
    EXPECT(&yenc, BEGIN "\x8b\x8c\x8d\r\n=yend size=3 crc32=352441c2\r\n", "abc", 0, 0);
    EXPECT(&yenc,
           "before\n" BEGIN "\x8b\x8c\n\x8d\n=yend size=3 crc32=352441C2 \nafter",
           "abc", 0, 0);
    EXPECT(&yenc, BEGIN "\x8b\x8c\x8d\r\n=yend size=3", "abc", 0, 0);
    /* a part: its own sum counts, that of the whole does not */
    EXPECT(&yenc,
           BEGIN "=ypart begin=1 end=3\r\n\x8b\x8c\x8d\r\n"
                 "=yend size=3 part=1 pcrc32=352441c2 crc32=00000000\r\n",
           "abc", 0, 0);
    EXPECT(&yenc, BEGIN "a=y\r\n=yend size=2\r\n", "\x37\x0f", 0, 0); /* `=y` inside */
}

static void defects(void **state)
{
    (void)state;
    EXPECT(&yenc, "nothing\r\n", "", MARK, 9);
    EXPECT(&yenc, BEGIN "\x8b\r\n", "a", MARK, 39);
    EXPECT(&yenc, BEGIN "\x8b\x8c\x8d\r\n=yend size=4 crc32=352441c2\r\n", "abc", CHECK,
           53);
    EXPECT(&yenc, BEGIN "\x8b\x8c\x8d\r\n=yend size=3 crc32=352441c3\r\n", "abc", CHECK,
           68);
    EXPECT(&yenc, BEGIN "\x8b=\r\n\x8c\r\n=yend size=2\r\n", "ab", ESCAPE, 38);
    EXPECT_ERROR(&strict, "x", 0);
    EXPECT_ERROR(&strict, BEGIN "\x8b\x8c\x8d\r\n=yend size=4\r\n", 53);
}

static uint32_t naive_crc(const unsigned char *data, size_t len)
{
    uint32_t crc = 0xffffffffU;
    size_t i;
    unsigned bit;
    for (i = 0; i < len; i++) {
        crc ^= data[i];
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
        }
    }
    return ~crc;
}

static void round_trip(void **state)
{
    unsigned char data[1000];
    struct text t = {NULL, 0, 0};
    struct codec_result r;
    size_t i;
    (void)state;
    text_print(&t, "=ybegin line=128 size=1000 name=x\r\n");
    for (i = 0; i < sizeof data; i++) {
        unsigned char c;
        data[i] = (unsigned char)(i * 7 + i / 256);
        c = (unsigned char)(data[i] + 42U);
        if (c == 0 || c == '\r' || c == '\n' || c == '=') {
            text_add(&t, "=", 1);
            c = (unsigned char)(c + 64U);
        }
        text_add(&t, &c, 1);
        if (i % 128 == 127) {
            text_add(&t, "\r\n", 2);
        }
    }
    text_print(&t, "\r\n=yend size=1000 crc32=%08lx\r\n",
               (unsigned long)naive_crc(data, sizeof data));
    r = codec_whole(&yenc, t.data, t.len);
    assert_int_equal(r.defects, 0);
    assert_int_equal(r.out.len, sizeof data);
    assert_memory_equal(r.out.data, data, sizeof data);
    codec_free(&r);
    r = codec_run(&yenc, t.data, t.len, 7, 8);
    assert_int_equal(r.defects, 0);
    assert_int_equal(r.out.len, sizeof data);
    codec_free(&r);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(defects),
        cmocka_unit_test(round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
