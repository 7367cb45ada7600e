/*
 * Uuencode: good files, lines that are not what they state, missing marks.
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

static const struct codec_spec uu = {CODEC_DECODER, MAILPROTO_ENCODING_UU, 0, NULL,
                                     NULL};
static const struct codec_spec strict = {CODEC_DECODER, MAILPROTO_ENCODING_UU,
                                         MAILPROTO_CODEC_STRICT, NULL, NULL};

enum {
    LINE = MAILPROTO_CODEC_DEFECT_LINE,
    MARK = MAILPROTO_CODEC_DEFECT_MARK,
    CHARACTER = MAILPROTO_CODEC_DEFECT_CHARACTER
};

static void files(void **state)
{
    (void)state;
    EXPECT(&uu, "begin 644 x\r\n#0V%T\r\n`\r\nend\r\n", "Cat", 0, 0);
    EXPECT(&uu, "begin 644 x\n#0V%T\n \nend", "Cat", 0, 0);
    EXPECT(&uu, "text before\r\nbegin\nbegin 644 x\n$0V%T<P``\nend\nafter", "Cats", 0,
           0);
    EXPECT(&uu, "begin 644 x\n$0V%T<P\n`\nend\n", "Cats", 0, 0); /* no whole group */
    EXPECT(&uu, "begin 644 x\n!`P``\n`\nend\n", "\003", 0, 0);
}

static void defects(void **state)
{
    (void)state;
    EXPECT(&uu, "", "", MARK, 0);
    EXPECT(&uu, "no file\r\n", "", MARK, 9);
    EXPECT(&uu, "begin 644 x\r\n#0V%T\r\n", "Cat", MARK, 20);
    EXPECT(&uu, "begin 644 x\r\nM!\r\n`\r\nend\r\n", "", LINE, 16);
    EXPECT(&uu, "begin 644 x\n#0V%T0V%T0V%T\n`\nend\n", "Cat", LINE, 21);
    EXPECT(&uu, "begin 644 x\n\001abc\n`\nend\n", "", CHARACTER, 12);
    EXPECT(&uu, "begin 644 x\n#0V\200T\n`\nend\n", "C", CHARACTER | LINE, 15);
    EXPECT(&uu, "begin 644 x\nenx\n#0V%T\nend\n", "Cat", CHARACTER, 14);
}

static void errors(void **state)
{
    (void)state;
    EXPECT_ERROR(&strict, "x\nbegin 644 x\n", 0);
    EXPECT_ERROR(&strict, "begin 644 x\nM!\n", 14);
    EXPECT_ERROR(&strict, "begin 644 x\n#0V%T\n`\n", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(defects),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
