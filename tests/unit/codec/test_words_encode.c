/*
 * Text as a field's value: what is encoded, where lines end, and that it comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec_run.h"

static void expect(const char *in, uint32_t flags, uint32_t column, const char *out,
                   uint32_t behind)
{
    mailproto_bytes b;
    char buf[1024];
    size_t len;
    b.ptr = in;
    b.len = strlen(in);
    assert_int_equal(mailproto_words_encode(b, flags, &column, buf, sizeof buf, &len),
                     MAILPROTO_OK);
    buf[len] = '\0';
    assert_string_equal(buf, out);
    assert_int_equal(column, behind);
    /* one octet less is too little, and nothing is told as written */
    if (len > 0) {
        size_t less = 77;
        assert_int_equal(mailproto_words_encode(b, flags, &column, buf, len - 1, &less),
                         column == behind ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK);
    }
}

static void unstructured(void **state)
{
    (void)state;
    expect("", 0, 9, "", 9);
    expect("plain text, (x) \"y\"", 0, 9, "plain text, (x) \"y\"", 28);
    expect("R\xc3\xa5"
           "dhus x",
           0, 9, "=?utf-8?q?R=C3=A5dhus?= x", 34);
    expect("a \xd0\x96\xd0\x96 b", 0, 9, "a =?utf-8?b?0JbQlg==?= b", 33);
    expect("a \xc3\xa4  \xc3\xb6", 0, 9, "a =?utf-8?b?w6QgIMO2?=", 31);
    expect(" a", 0, 9, "=?utf-8?q?_a?=", 23);
    expect("a ", 0, 9, "=?utf-8?q?a_?=", 23);
    expect("a =?x", 0, 9, "a =?utf-8?b?PT94?=", 27);
}

static void phrases(void **state)
{
    enum { PHRASE = MAILPROTO_WORDS_PHRASE };
    (void)state;
    expect("", PHRASE, 6, "\"\"", 8);
    expect("Plain Atoms", PHRASE, 6, "Plain Atoms", 17);
    expect("John Q. Public", PHRASE, 6, "\"John Q. Public\"", 22);
    expect("a \"b\" \\", PHRASE, 6, "\"a \\\"b\\\" \\\\\"", 18);
    expect("two  blanks", PHRASE, 6, "\"two  blanks\"", 19);
    expect("J\xc3\xb6rg Smith", PHRASE, 6, "=?utf-8?b?SsO2cmc=?= Smith", 32);
    expect("J\xc3\xb6 Q. x", PHRASE, 6, "=?utf-8?b?SsO2IFEu?= x", 28);
}

/* Words in base64 that another one follows hold no padding, where characters allow it. */
static void padding(void **state)
{
    static const char *const texts[] = {"\xd0\x96", "\xe6\xbc\xa2", "\xf0\x9f\x98\x80"};
    static const char *const heads[] = {"", "a", "\xd0\x96", "ab", "\xe6\xbc\xa2 b"};
    size_t i;
    (void)state;
    for (i = 0; i < 15; i++) {
        struct text t = {NULL, 0, 0};
        char out[4000];
        uint32_t column = 9;
        mailproto_bytes b;
        size_t len;
        size_t at;
        unsigned words = 0;
        text_print(&t, "%s", heads[i / 3]);
        for (at = 0; at < 200; at++) {
            text_print(&t, "%s%s", i / 3 > 0 && at % 4 == 0 ? "a" : "", texts[i % 3]);
        }
        b.ptr = t.data;
        b.len = t.len;
        assert_int_equal(mailproto_words_encode(b, 0, &column, out, sizeof out, &len),
                         MAILPROTO_OK);
        for (at = 10; at + 2 < len; at++) {
            if (memcmp(out + at, "?=\r", 3) == 0) {
                assert_true(out[at - 1] != '=');
                words++;
            }
        }
        assert_in_range(words, t.len / 45, t.len / 33 + 1);
        text_free(&t);
    }
}

static void refused(void **state)
{
    static const char *const texts[] = {"a\nb", "a\rb", "\x7f", "\x1b", "\xff", "\xc3"};
    uint32_t column = 5;
    mailproto_bytes b;
    char buf[64];
    size_t len;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        b.ptr = texts[i];
        b.len = strlen(texts[i]);
        assert_int_equal(mailproto_words_encode(b, 0, &column, buf, sizeof buf, &len),
                         MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(len, 0);
        assert_int_equal(column, 5);
    }
    b.ptr = "a\0b";
    b.len = 3;
    assert_int_equal(mailproto_words_encode(b, 0, &column, buf, sizeof buf, &len),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_words_encode(b, MAILPROTO_WORDS_STRICT, &column, buf,
                                            sizeof buf, &len),
                     MAILPROTO_ERR_ARGUMENT);
}

/* Lines of 78, of 76 where a word is; the text comes back. */
static void lines(void **state)
{
    static const char *const words[] = {
        "a",  "word", "\xc3\xa4",        "\xd0\x96\xd0\x96\xd0\x96", "longer-words",
        "=?", "x.y",  "\xf0\x9f\x98\x80"};
    uint32_t x = 88675123U;
    unsigned round;
    (void)state;
    for (round = 0; round < 2000; round++) {
        uint32_t flags = round % 2 == 0 ? 0 : (uint32_t)MAILPROTO_WORDS_PHRASE;
        struct text t = {NULL, 0, 0};
        static char out[20000];
        static char back[4000];
        uint32_t column = round % 30;
        mailproto_bytes b;
        size_t len;
        size_t n;
        size_t at;
        size_t start;
        size_t i;
        for (i = 0; i < 1 + round % 50; i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            text_print(&t, "%s%s", i > 0 ? (x % 9 == 0 ? "  " : " ") : "",
                       words[(x >> 8) % 8]);
        }
        b.ptr = t.data;
        b.len = t.len;
        start = column;
        assert_int_equal(
            mailproto_words_encode(b, flags, &column, out, t.len * 8 + 64, &len),
            MAILPROTO_OK);
        for (at = 0, n = start; at < len; at++) {
            if (out[at] == '\r') {
                assert_int_equal(out[at + 1], '\n');
                assert_true(out[at + 2] == ' ');
                n = 0;
                at++;
            } else {
                n++;
                assert_true(n <= 78);
            }
        }
        assert_int_equal(column, n);
        b.ptr = out;
        b.len = len;
        assert_int_equal(mailproto_words_decode(b, flags, NULL, back, sizeof back, &n),
                         MAILPROTO_OK);
        assert_int_equal(n, t.len);
        assert_memory_equal(back, t.data, n);
        text_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unstructured), cmocka_unit_test(phrases),
        cmocka_unit_test(padding),      cmocka_unit_test(refused),
        cmocka_unit_test(lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
