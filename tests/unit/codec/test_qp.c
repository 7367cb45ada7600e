/*
 * Quoted-printable (RFC 2045 6.7): vectors, strict offsets, naive implementations of both
 * ways over all short texts of the octets that matter, every cut and room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec_run.h"

static const struct codec_spec decoder = {CODEC_DECODER, MAILPROTO_ENCODING_QP, 0, NULL,
                                          NULL};
static const struct codec_spec strict = {CODEC_DECODER, MAILPROTO_ENCODING_QP,
                                         MAILPROTO_CODEC_STRICT, NULL, NULL};
static const struct codec_spec encoder = {CODEC_ENCODER, MAILPROTO_ENCODING_QP, 0, NULL,
                                          NULL};
static const struct codec_spec text_encoder = {CODEC_ENCODER, MAILPROTO_ENCODING_QP,
                                               MAILPROTO_CODEC_TEXT, NULL, NULL};

static void expect(const struct codec_spec *spec, const char *in, const char *out,
                   uint32_t defects, uint64_t offset)
{
    struct codec_result r = codec_whole(spec, in, strlen(in));
    assert_int_equal(r.status, MAILPROTO_OK);
    assert_int_equal(r.used, strlen(in));
    assert_string_equal(text_string(&r.out), out);
    assert_int_equal(r.defects, defects);
    if (defects != 0) {
        assert_int_equal(r.defect_offset, offset);
    }
    codec_free(&r);
    codec_expect_everywhere(spec, in, strlen(in));
}

static void decodes(void **state)
{
    enum {
        ESCAPE = MAILPROTO_CODEC_DEFECT_ESCAPE,
        SPACE = MAILPROTO_CODEC_DEFECT_SPACE,
        CHARACTER = MAILPROTO_CODEC_DEFECT_CHARACTER
    };
    (void)state;
    expect(&decoder, "", "", 0, 0);
    expect(&decoder, "a=3Db=C3=A4", "a=b\xc3\xa4", 0, 0);
    expect(&decoder, "=e4=C3=fF", "\xe4\xc3\xff", 0, 0);
    expect(&decoder, "soft=\r\n break=\n er", "soft break er", 0, 0);
    expect(&decoder, "soft= \t \r\nbreak", "softbreak", 0, 0);
    expect(&decoder, "a =\r\nb", "a b", 0, 0);
    expect(&decoder, "a  \t\r\nb \nc ", "a\r\nb\nc", SPACE, 1);
    expect(&decoder, "a=20\r\nb =20\n", "a \r\nb  \n", 0, 0);
    expect(&decoder, "a=", "a", ESCAPE, 1);
    expect(&decoder, "a= \t", "a", ESCAPE, 1);
    expect(&decoder, "a=\rb", "a=\rb", ESCAPE, 1);
    expect(&decoder, "a= \r", "a= \r", ESCAPE, 1);
    expect(&decoder, "a= b", "a= b", ESCAPE, 1);
    expect(&decoder, "a==41", "a=A", ESCAPE, 1);
    expect(&decoder, "a=4", "a=4", ESCAPE, 1);
    expect(&decoder, "a=4\r\nb", "a=4\r\nb", ESCAPE, 1);
    expect(&decoder, "a=4= x", "a=4= x", ESCAPE, 1);
    expect(&decoder, "a=xyz", "a=xyz", ESCAPE, 1);
    expect(&decoder, "lone\rcr", "lone\rcr", CHARACTER, 4);
    expect(&decoder, "cr \r\r\n", "cr \r\r\n", CHARACTER, 3);
    expect(&decoder, "\xc3\xa4 \x01", "\xc3\xa4 \x01", CHARACTER, 0);
}

/* 76 characters pass, 77 do not; the first too many is told. */
static void line_length(void **state)
{
    char line[90];
    struct codec_result r;
    size_t n;
    (void)state;
    memset(line, 'x', sizeof line);
    for (n = 74; n <= 80; n++) {
        memcpy(line + n, "\r\n", 2);
        r = codec_whole(&decoder, line, n + 2);
        assert_int_equal(r.defects, n > 76 ? MAILPROTO_CODEC_DEFECT_LINE : 0);
        if (n > 76) {
            assert_int_equal(r.defect_offset, 76);
        }
        codec_free(&r);
        r = codec_whole(&strict, line, n + 2);
        assert_int_equal(r.status, n > 76 ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK);
        assert_int_equal(r.used, n > 76 ? 76 : n + 2);
        codec_free(&r);
        codec_expect_everywhere(&decoder, line, n + 2);
        codec_expect_everywhere(&strict, line, n + 2);
        line[n] = 'x';
        line[n + 1] = 'x';
    }
}

static void strict_offsets(void **state)
{
    static const struct {
        const char *text;
        int offset; /* -1: good */
    } cases[] = {
        {"a=3D=C3\r\n", -1}, {"a=\r\nb", -1}, {"a b\tc", -1}, {"a =\r\n", -1},
        {"a=3d", 3},         {"a=x", 2},      {"a\n", 1},     {"a=\n", 2},
        {"a \r\n", 3},       {"a= \r\n", 4},  {"a\rb", 2},    {"\x80", 0},
        {"a\x01", 1},        {"\x7f", 0},     {"a=", 2},      {"a ", 2},
        {"a=4", 3},          {"a\r", 2},      {"=", 1},       {"a= b", 3},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].text);
        struct codec_result r = codec_whole(&strict, cases[i].text, len);
        assert_int_equal(r.status,
                         cases[i].offset < 0 ? MAILPROTO_OK : MAILPROTO_ERR_SYNTAX);
        assert_int_equal(r.used, cases[i].offset < 0 ? (int)len : cases[i].offset);
        codec_free(&r);
        codec_expect_everywhere(&strict, cases[i].text, len);
    }
}

/* ---- naive --------------------------------------------------------------------------- */

static int hex(int c)
{
    const char *digits = "0123456789abcdef";
    const char *at;
    c = c >= 'A' && c <= 'F' ? c + 32 : c;
    at = c != 0 ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Line by line: what RFC 2045 6.7 says, lenient. */
static size_t naive_decode(const char *in, size_t len, char *out)
{
    size_t n = 0;
    size_t at = 0;
    while (at < len) {
        const char *lf = (const char *)memchr(in + at, '\n', len - at);
        size_t next = lf != NULL ? (size_t)(lf - in) + 1 : len;
        size_t text = lf != NULL ? next - 1 : len;
        size_t end;
        size_t i;
        int soft = 0;
        text -= lf != NULL && text > at && in[text - 1] == '\r' ? 1 : 0;
        for (end = text; end > at && (in[end - 1] == ' ' || in[end - 1] == '\t');
             end--) {
        }
        /* an `=` that is no part of an escape before it */
        for (i = at; i < end;) {
            if (in[i] == '=' && i + 1 == end) {
                soft = 1;
                break;
            }
            if (in[i] == '=' && i + 2 < end && hex(in[i + 1]) >= 0 &&
                hex(in[i + 2]) >= 0) {
                out[n++] = (char)(hex(in[i + 1]) * 16 + hex(in[i + 2]));
                i += 3;
            } else {
                out[n++] = in[i++];
            }
        }
        if (!soft) {
            memcpy(out + n, in + text, next - text);
            n += next - text;
        }
        at = next;
    }
    return n;
}

static void like_naive(void **state)
{
    static const char octets[] = {'=', '4', 'a', 'G', ' ', '\t', '\r', '\n'};
    enum { LEN = 6, COUNT = 8 * 8 * 8 * 8 * 8 * 8 };
    unsigned i;
    (void)state;
    for (i = 0; i < COUNT; i++) {
        char in[LEN];
        char out[LEN];
        struct codec_result r;
        size_t n;
        unsigned rest = i;
        size_t k;
        for (k = 0; k < LEN; k++) {
            in[k] = octets[rest % 8];
            rest /= 8;
        }
        n = naive_decode(in, LEN, out);
        r = codec_whole(&decoder, in, LEN);
        if (r.out.len != n ||
            memcmp(r.out.data != NULL ? r.out.data : "", out, n) != 0) {
            struct text t = {NULL, 0, 0};
            text_quote(&t, in, LEN);
            text_print(&t, " gives ");
            text_quote(&t, r.out.data, r.out.len);
            fail_msg("%s", text_string(&t));
        }
        codec_free(&r);
        if (i % 97 == 0) {
            codec_expect_everywhere(&decoder, in, LEN);
            codec_expect_everywhere(&strict, in, LEN);
        }
    }
}

/* More blanks than any line has: one kind in any number, and what mixes. */
static void long_blanks(void **state)
{
    char in[400];
    char mixed[400];
    struct codec_result r;
    size_t i;
    (void)state;
    memset(in, ' ', sizeof in);
    in[0] = 'a';
    memcpy(in + 398, "\r\n", 2);
    r = codec_whole(&decoder, in, sizeof in);
    assert_int_equal(r.out.len, 3);
    codec_free(&r);
    codec_expect_everywhere(&decoder, in, sizeof in);
    for (i = 0; i < sizeof mixed; i++) {
        mixed[i] = i % 3 == 0 ? '\t' : ' ';
    }
    mixed[399] = 'x';
    r = codec_whole(&decoder, mixed, sizeof mixed);
    assert_int_equal(r.out.len, sizeof mixed);
    assert_memory_equal(r.out.data, mixed, sizeof mixed);
    codec_free(&r);
    codec_expect_everywhere(&decoder, mixed, sizeof mixed);
}

/* In place, the whole at once: what is read is not overwritten before. */
static void in_place(void **state)
{
    static const char part[] = "plain text = and =\r\n esc=3Dapes=C3=A4  \r\nlonger "
                               "plain text that is copied in words=zz x\t\r\n";
    char text[5 * sizeof part];
    size_t start;
    (void)state;
    for (start = 0; start < sizeof part - 1; start++) {
        size_t len = 4 * (sizeof part - 1);
        struct codec_result r;
        mailproto_codec c;
        size_t used;
        size_t got;
        size_t i;
        for (i = 0; i < len; i++) {
            text[i] = part[(start + i) % (sizeof part - 1)];
        }
        r = codec_whole(&decoder, text, len);
        assert_int_equal(mailproto_decoder_init(&c, MAILPROTO_ENCODING_QP, 0),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_codec_run(&c, text, len, &used, text, len, &got,
                                             MAILPROTO_CODEC_FINAL),
                         MAILPROTO_OK);
        assert_int_equal(got, r.out.len);
        assert_memory_equal(text, r.out.data, got);
        codec_free(&r);
    }
}

/* ---- encoder ------------------------------------------------------------------------- */

static void encodes(void **state)
{
    (void)state;
    expect(&encoder, "", "", 0, 0);
    expect(&encoder, "a=b\r\n \xe4 ", "a=3Db=0D=0A =E4=20", 0, 0);
    expect(&text_encoder, "a \r\nb\t\nc d", "a=20\r\nb=09\r\nc d", 0, 0);
    expect(&text_encoder, "a \rb\r", "a =0Db=0D", 0, 0);
    expect(&text_encoder, "\r\n\n", "\r\n\r\n", 0, 0);
    expect(&text_encoder, " \r", " =0D", 0, 0);
}

static void encoded_lines(void **state)
{
    char in[700];
    size_t n;
    uint32_t x = 2463534242U;
    (void)state;
    for (n = 0; n < sizeof in; n++) {
        struct codec_result r;
        struct codec_result back;
        size_t line = 0;
        size_t i;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        in[n] = n % 200 < 120 ? 'x' : (char)(x & 0xff);
        r = codec_whole(&encoder, in, n);
        for (i = 0; i < r.out.len; i++) {
            line = r.out.data[i] == '\n' ? 0 : line + (r.out.data[i] != '\r');
            assert_true(line <= 76);
        }
        back = codec_whole(&strict, r.out.data, r.out.len);
        assert_int_equal(back.status, MAILPROTO_OK);
        assert_int_equal(back.out.len, n);
        assert_true(n == 0 || memcmp(back.out.data, in, n) == 0);
        codec_free(&back);
        codec_free(&r);
    }
    codec_expect_everywhere(&encoder, in, 300);
    codec_expect_everywhere(&text_encoder, in, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),        cmocka_unit_test(line_length),
        cmocka_unit_test(strict_offsets), cmocka_unit_test(like_naive),
        cmocka_unit_test(long_blanks),    cmocka_unit_test(in_place),
        cmocka_unit_test(encodes),        cmocka_unit_test(encoded_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
