/*
 * UTF-8 against a naive reading of RFC 3629 4: all pairs, all triples of the octets that
 * matter; in pieces; as a charset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/utf8.h"
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

static mailproto_bytes bytes(const void *data, size_t len)
{
    mailproto_bytes b;
    b.ptr = (const char *)data;
    b.len = len;
    return b;
}

/* Octets of the character at t[0] by its code point, 0: ill-formed. */
static size_t naive_character(const unsigned char *t, size_t n)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = t[0] < 0x80       ? 1
                 : t[0] >> 5 == 6  ? 2
                 : t[0] >> 4 == 14 ? 3
                 : t[0] >> 3 == 30 ? 4
                                   : 0;
    uint32_t point = len == 1 ? t[0] : len > 0 ? t[0] & (0xffU >> (len + 1)) : 0;
    size_t i;
    if (len == 0 || len > n) {
        return 0;
    }
    for (i = 1; i < len; i++) {
        if (t[i] >> 6 != 2) {
            return 0;
        }
        point = point << 6 | (t[i] & 63U);
    }
    return point < least[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)
               ? 0
               : len;
}

static size_t naive_check(const unsigned char *t, size_t n)
{
    size_t at = 0;
    while (at < n) {
        size_t len = naive_character(t + at, n - at);
        if (len == 0) {
            break;
        }
        at += len;
    }
    return at;
}

static void like_naive(void **state)
{
    static const unsigned char octets[] = {
        0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
        0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    enum { N = sizeof octets };
    unsigned i;
    (void)state;
    for (i = 0; i < (unsigned)N * N * N * N; i++) {
        unsigned char t[12];
        size_t good;
        size_t at;
        uint32_t s = 0;
        size_t k;
        memset(t, 'x', sizeof t);
        t[7] = octets[i % N];
        t[8] = octets[i / N % N];
        t[9] = octets[i / N / N % N];
        t[10] = octets[i / N / N / N];
        good = naive_check(t, 11);
        assert_int_equal(mailproto_utf8_check(bytes(t, 11), &at), good == 11);
        assert_int_equal(at, good);
        for (k = 0; k < 11; k++) {
            (void)mailproto_utf8_check_piece(&s, bytes(t + k, 1), 0);
        }
        assert_int_equal(mailproto_utf8_check_piece(&s, bytes(t, 0), 1), good == 11);
    }
}

static uint64_t step_all(const unsigned char *t, size_t n)
{
    uint64_t s = MAILPROTO__UTF8_WHOLE;
    size_t i;
    for (i = 0; i < n; i++) {
        s = mailproto__utf8_step(s, t[i]);
    }
    return s;
}

/* Step by step: well-formed, and no controls. */
static void steps_like_naive(void **state)
{
    static const unsigned char octets[] = {
        0x09, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2,
        0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5};
    enum { N = sizeof octets };
    unsigned i;
    (void)state;
    for (i = 0; i < 65536; i++) {
        unsigned char t[2];
        int controls;
        t[0] = (unsigned char)(i >> 8);
        t[1] = (unsigned char)i;
        controls = t[0] < 32 || t[0] == 127 || t[1] < 32 || t[1] == 127 ||
                   (t[0] == 0xC2 && t[1] < 0xA0);
        assert_int_equal(mailproto__utf8_is_whole(step_all(t, 2)),
                         !controls && naive_check(t, 2) == 2);
    }
    for (i = 0; i < (unsigned)N * N * N * N; i++) {
        unsigned char t[5];
        size_t k;
        int good = 1;
        t[0] = octets[i % N];
        t[1] = octets[i / N % N];
        t[2] = octets[i / N / N % N];
        t[3] = octets[i / N / N / N];
        t[4] = 'x'; /* what was ill-formed remains so */
        for (k = 0; k < 5; k++) {
            good =
                good && t[k] >= 32 && t[k] != 127 && (t[k] != 0xC2 || t[k + 1] >= 0xA0);
        }
        assert_int_equal(mailproto__utf8_is_whole(step_all(t, 5)),
                         good && naive_check(t, 5) == 5);
    }
}

static void empty_and_null(void **state)
{
    size_t at = 9;
    uint32_t s = 0;
    (void)state;
    assert_true(mailproto_utf8_check(bytes(NULL, 0), &at));
    assert_int_equal(at, 0);
    assert_true(mailproto_utf8_check_piece(&s, bytes(NULL, 0), 1));
    assert_false(mailproto_utf8_check(bytes("\xc3", 1), NULL));
    assert_false(mailproto_utf8_check_piece(&s, bytes("\xff", 1), 0));
    assert_false(mailproto_utf8_check_piece(&s, bytes("a", 1), 1)); /* sticks */
}

/* Every ill-formed part is one U+FFFD (Unicode 3.9, the maximal subpart). */
static void replaced(void **state)
{
    static const struct codec_spec utf8 = {CODEC_CHARSET, 0, 0, "UTF-8", NULL};
    static const struct codec_spec strict = {CODEC_CHARSET, 0, MAILPROTO_CODEC_STRICT,
                                             "UTF-8", NULL};
    uint32_t bad = MAILPROTO_CODEC_DEFECT_CHARACTER;
    (void)state;
#define R "\xef\xbf\xbd"
    EXPECT(&utf8, "a\xc3\xa4\xf0\x9f\x98\x80", "a\xc3\xa4\xf0\x9f\x98\x80", 0, 0);
    EXPECT(&utf8,
           "a\xf0\x9f\x98"
           "b",
           "a" R "b", bad, 1);
    EXPECT(&utf8, "\xe2\x82", R, bad, 0);
    EXPECT(&utf8, "\xed\xa0\x80", R R R, bad, 0);
    EXPECT(&utf8, "x\xc0\x80\xff", "x" R R R, bad, 1);
    EXPECT(&utf8, "\xf4\x90\x80\x80", R R R R, bad, 0);
    EXPECT_ERROR(&strict,
                 "a\xf0\x9f\x98"
                 "b",
                 4);
    EXPECT_ERROR(&strict, "\xe2\x82", 2);
    EXPECT_ERROR(&strict, "ab\xff", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_naive),
        cmocka_unit_test(steps_like_naive),
        cmocka_unit_test(empty_and_null),
        cmocka_unit_test(replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
