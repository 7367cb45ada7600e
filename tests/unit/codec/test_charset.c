/*
 * Charsets: names, each kind of conversion, Unicode's other forms, UTF-7.
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

static mailproto_bytes str(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static struct codec_spec of(const char *charset, uint32_t flags)
{
    struct codec_spec spec = {CODEC_CHARSET, 0, 0, NULL, NULL};
    spec.charset = charset;
    spec.flags = flags;
    return spec;
}

enum {
    BAD = MAILPROTO_CODEC_DEFECT_CHARACTER,
    BITS = MAILPROTO_CODEC_DEFECT_BITS,
    ESCAPE = MAILPROTO_CODEC_DEFECT_ESCAPE,
    STRICT = MAILPROTO_CODEC_STRICT
};
#define R "\xef\xbf\xbd"

static void names(void **state)
{
    static const char *const known[] = {
        "utf-8",  "UTF8",   "us-ascii", "ANSI_X3.4-1968", "ISO_8859-1:1987",
        "latin1", "utf-16", "UTF-32LE", "utf-7",          "unicode-1-1-utf-7"};
    static const char *const unknown[] = {
        "",         "-",
        "utf-9",    "utf-8;x",
        "8859",     "utf 8\n",
        "\xc3\xa4", "iso-2022-jp",
        "big5",     "a-name-of-more-than-twenty-four-letters"};
    mailproto_codec c;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_int_equal(mailproto_charset_known(str(known[i])), 1);
    }
    for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_int_equal(mailproto_charset_known(str(unknown[i])), 0);
        assert_int_equal(mailproto_charset_init(&c, str(unknown[i]), NULL, 0),
                         MAILPROTO_ERR_NOT_BUILT);
    }
    assert_int_equal(
        mailproto_charset_init(&c, str("utf-8"), NULL, MAILPROTO_CODEC_LINES),
        MAILPROTO_ERR_ARGUMENT);
}

static void octets(void **state)
{
    struct codec_spec ascii = of("us-ascii", 0);
    struct codec_spec latin1 = of("iso-8859-1", 0);
    struct codec_spec strict = of("us-ascii", STRICT);
    struct codec_spec table = of("koi8-r", 0);
    struct codec_spec holes = of("windows-1252", 0);
    (void)state;
    EXPECT(&ascii, "abcdefghijk\x80z", "abcdefghijk" R "z", BAD, 11);
    EXPECT(&latin1, "a\xe4\x80", "a\xc3\xa4\xc2\x80", 0, 0);
    EXPECT_ERROR(&strict, "ab\x80", 2);
    if (mailproto_charset_known(str("koi8-r"))) {
        EXPECT(&table, "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8", 0, 0);
        EXPECT(&holes, "\x80\x81", "\xe2\x82\xac" R, BAD, 1);
    }
}

static void wide(void **state)
{
    struct codec_spec marked = of("utf-16", 0);
    struct codec_spec big = of("utf-16be", 0);
    struct codec_spec little = of("utf-16le", 0);
    struct codec_spec four = of("utf-32", 0);
    struct codec_spec strict = of("utf-16be", STRICT);
    (void)state;
    EXPECT(&marked,
           "\xff\xfe"
           "a\0\x3d\xd8\0\xde",
           "a\xf0\x9f\x98\x80", 0, 0);
    EXPECT(&marked, "\xfe\xff\0a", "a", 0, 0);
    EXPECT(&marked, "\0a", "a", 0, 0);
    EXPECT(&big, "\xfe\xff\0a",
           "\xef\xbb\xbf"
           "a",
           0, 0);
    EXPECT(&little, "\xe4\0", "\xc3\xa4", 0, 0);
    EXPECT(&big, "\xd8\x3d\0a", R "a", BAD, 0);
    EXPECT(&big, "\xde\0\0a", R "a", BAD, 1);
    EXPECT(&big, "\0a\xd8\x3d", "a" R, BAD, 2);
    EXPECT(&big, "\0a\0", "a" R, BAD, 2);
    EXPECT(&four, "\xff\xfe\0\0\0\xf6\x01\0", "\xf0\x9f\x98\x80", 0, 0);
    EXPECT(&four, "\0\0\0a\0\x11\0\0\0\0\xd8\0", "a" R R, BAD, 4);
    EXPECT_ERROR(&strict, "\0a\xdc\0", 3);
}

static void utf7(void **state)
{
    struct codec_spec spec = of("utf-7", 0);
    struct codec_spec strict = of("utf-7", STRICT);
    (void)state;
    /* the examples of RFC 2152 */
    EXPECT(&spec, "A+ImIDkQ.", "A\xe2\x89\xa2\xce\x91.", 0, 0);
    EXPECT(&spec, "Hi Mom -+Jjo--!", "Hi Mom -\xe2\x98\xba-!", 0, 0);
    EXPECT(&spec, "+ZeVnLIqe-", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 0, 0);
    EXPECT(&spec, "1 +- 2", "1 + 2", 0, 0);
    EXPECT(&spec, "+2D3eAA-x", "\xf0\x9f\x98\x80x", 0, 0);
    EXPECT(&spec, "+AOR-", "\xc3\xa4", BITS, 4);
    EXPECT(&spec, "+2D0-", R, BAD, 3);
    EXPECT(&spec, "+ x", " x", ESCAPE, 1);
    EXPECT(&spec, "\xe4", R, BAD, 0);
    EXPECT_ERROR(&strict, "a\xe4", 1);
    /* a shift that nothing follows */
    EXPECT(&spec, "a+", "a", ESCAPE, 2);
    EXPECT_ERROR(&strict, "a+", 2);
    EXPECT(&strict, "a+-", "a+", 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(octets),
        cmocka_unit_test(wide),
        cmocka_unit_test(utf7),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
