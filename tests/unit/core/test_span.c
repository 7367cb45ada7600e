/* Spans and character classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"

static mailproto_bytes text(const char *t)
{
    return mailproto__span(t, strlen(t));
}

/* ---- classes: the ABNF again, written another way ------------------------------------ */

static void classes(void **state)
{
    int c;
    (void)state;
    for (c = 0; c < 256; c++) {
        unsigned char u = (unsigned char)c;
        int alpha = c != 0 && c < 128 &&
                    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c);
        int digit = c != 0 && c < 128 && strchr("0123456789", c);
        int atext =
            alpha || digit || (c != 0 && c < 128 && strchr("!#$%&'*+-/=?^_`{|}~", c));
        assert_int_equal(mailproto__is(u, MAILPROTO__ALPHA), alpha);
        assert_int_equal(mailproto__is(u, MAILPROTO__DIGIT), digit);
        assert_int_equal(mailproto__is(u, MAILPROTO__ATEXT), atext);
        assert_int_equal(mailproto__is(u, MAILPROTO__VCHAR), c > 32 && c < 127);
        assert_int_equal(mailproto__is(u, MAILPROTO__CTL), c < 32 || c == 127);
        assert_int_equal(mailproto__is(u, MAILPROTO__HIGH), c > 127);
        assert_int_equal(mailproto__is(u, MAILPROTO__DCONTENT),
                         c > 32 && c < 127 && c != '[' && c != '\\' && c != ']');
        assert_int_equal(mailproto__is(u, MAILPROTO__HEXDIG),
                         digit || (c >= 'A' && c <= 'F'));
    }
    assert_int_equal(mailproto__is('7', MAILPROTO__ALPHA | MAILPROTO__DIGIT), 1);
}

/* ---- compare and cut ----------------------------------------------------------------- */

static void equal_nocase(void **state)
{
    int a;
    int b;
    (void)state;
    assert_true(mailproto__equal_nocase(text("StartTLS"), text("STARTtls")));
    assert_false(mailproto__equal_nocase(text("STARTTLS"), text("STARTTL")));
    assert_true(mailproto__equal_nocase(text(""), text("")));
    assert_false(mailproto__equal_nocase(text("RCPT"), text("RCPX")));
    assert_false(mailproto__equal_nocase(text("RCPT"), text("RXPT")));
    for (a = 0; a < 256; a++) { /* letters only: '@' is not '`', 0xC4 is not 0xE4 */
        for (b = 0; b < 256; b++) {
            char x = (char)(unsigned char)a;
            char y = (char)(unsigned char)b;
            int letters = (a ^ b) == 32 && ((a | 32) >= 'a' && (a | 32) <= 'z');
            assert_int_equal(
                mailproto__equal_nocase(mailproto__span(&x, 1), mailproto__span(&y, 1)),
                a == b || letters);
        }
    }
}

static void words(void **state)
{
    mailproto_bytes rest = text("  one two\t three ");
    mailproto_bytes word;
    (void)state;
    word = mailproto__word(&rest);
    assert_true(mailproto__equal_nocase(word, text("one")));
    assert_int_equal(rest.ptr[0], 't');
    word = mailproto__word(&rest);
    assert_true(mailproto__equal_nocase(word, text("two")));
    word = mailproto__word(&rest);
    assert_true(mailproto__equal_nocase(word, text("three")));
    assert_int_equal(rest.len, 0);
    word = mailproto__word(&rest);
    assert_int_equal(word.len, 0);
    rest = text("   ");
    assert_int_equal(mailproto__word(&rest).len, 0);
    assert_int_equal(rest.len, 0);
    rest = mailproto__span(NULL, 0);
    assert_int_equal(mailproto__word(&rest).len, 0);
    assert_null(rest.ptr);
}

/* ---- numbers ------------------------------------------------------------------------- */

static void numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        int good;
        uint64_t value;
    } cases[] = {
        {"0", UINT64_MAX, 1, 0},
        {"18446744073709551615", UINT64_MAX, 1, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, 0, 0},
        {"18446744073709551620", UINT64_MAX, 0, 0},
        {"99999999999999999999", UINT64_MAX, 0, 0},
        {"00000000000000000000000000000000001", UINT64_MAX, 1, 1},
        {"255", 255, 1, 255},
        {"256", 255, 0, 0},
        {"260", 255, 0, 0},
        {"5", 4, 0, 0},
        {"4", 4, 1, 4},
        {"0", 0, 1, 0},
        {"1", 0, 0, 0},
        {"10", 0, 0, 0},
        {"", 9, 0, 0},
        {"-1", 9, 0, 0},
        {"+1", 9, 0, 0},
        {" 1", 9, 0, 0},
        {"1 ", 9, 0, 0},
        {"1a", 99, 0, 0},
        {"a", 99, 0, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 77;
        assert_int_equal(mailproto__number(text(cases[i].text), cases[i].max, &value),
                         cases[i].good);
        assert_int_equal(value, cases[i].good ? cases[i].value : 77);
    }
}

static void decimals(void **state)
{
    static const uint64_t values[] = {
        0, 1, 9, 10, 99, 100, 4294967295U, UINT64_C(9999999999999999999), UINT64_MAX};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        char expected[32];
        char buf[20];
        int len =
            snprintf(expected, sizeof expected, "%llu", (unsigned long long)values[i]);
        assert_int_equal(mailproto__decimal(values[i], buf), len);
        assert_memory_equal(buf, expected, (size_t)len);
    }
}

/* ---- UTF-8 --------------------------------------------------------------------------- */

/* Writes a number as UTF-8 would write it, in `n` octets, allowed or not. */
static size_t encode(uint32_t c, size_t n, char *out)
{
    static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t i;
    for (i = n - 1; i > 0; i--) {
        out[i] = (char)(unsigned char)(0x80U | (c & 63U));
        c >>= 6;
    }
    out[0] = (char)(unsigned char)(n == 1 ? c : first[n] | c);
    return n;
}

static void utf8_every_character(void **state)
{
    uint32_t c;
    (void)state;
    for (c = 0; c < 0x200000; c++) {
        size_t n;
        for (n = 1; n <= 4; n++) {
            static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
            static const uint32_t most[] = {0, 0x7F, 0x7FF, 0xFFFF, 0x1FFFFF};
            char buf[4];
            int good = c >= least[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
            if (c > most[n]) {
                continue;
            }
            encode(c, n, buf);
            if (mailproto__is_utf8(mailproto__span(buf, n)) != good) {
                fail_msg("U+%X in %u octets", (unsigned)c, (unsigned)n);
            }
            if (n > 1 && mailproto__is_utf8(mailproto__span(buf, n - 1))) {
                fail_msg("U+%X cut after %u octets", (unsigned)c, (unsigned)(n - 1));
            }
        }
    }
}

static void utf8_sequences(void **state)
{
    (void)state;
    assert_true(mailproto__is_utf8(text("")));
    assert_true(mailproto__is_utf8(text("a\xC3\xA4"
                                        "b\xE2\x82\xAC\xF0\x9F\x98\x80")));
    assert_false(mailproto__is_utf8(text("\x80")));
    assert_false(mailproto__is_utf8(text("abc\x80")));
    assert_false(mailproto__is_utf8(text("\xC3\xA4"
                                         "b\xA4")));
    assert_false(mailproto__is_utf8(text("\xC3"
                                         "a")));
    assert_false(mailproto__is_utf8(text("\xC3\xA4\xA4")));
    assert_false(mailproto__is_utf8(text("\xE2\x82"
                                         "a")));
    assert_false(mailproto__is_utf8(text("\xFF")));
    assert_false(mailproto__is_utf8(text("\xF8\x88\x80\x80\x80")));
}

/* Each octet at each place of a text that is longer than a word of any machine, at each
 * alignment; and two of them. */
static void controls(void **state)
{
    enum { LEN = 21 };
    unsigned c;
    size_t place;
    size_t shift;
    (void)state;
    for (c = 0; c < 256; c++) {
        for (place = 0; place < LEN; place++) {
            for (shift = 0; shift < 8; shift++) {
                char mem[LEN + 8];
                char *t = mem + shift;
                int control = c < 32 || c == 127;
                memset(mem, (int)('~' - shift % 2), sizeof mem);
                t[place] = (char)(unsigned char)c;
                assert_int_equal(mailproto__find_control(mailproto__span(t, LEN)),
                                 control ? place : LEN);
                t[LEN - 1] = '\n';
                assert_int_equal(mailproto__find_control(mailproto__span(t, LEN)),
                                 control ? place : LEN - 1);
                t[LEN - 1] = '\x80';
                t[0] = '\xFF';
                assert_int_equal(mailproto__find_control(mailproto__span(t, LEN)),
                                 control && place > 0 && place < LEN - 1 ? place : LEN);
            }
        }
    }
    assert_int_equal(mailproto__find_control(mailproto__span(NULL, 0)), 0);
}

static void wiping(void **state)
{
    char secret[9] = "password";
    (void)state;
    mailproto__wipe(secret + 1, 6);
    assert_memory_equal(secret, "p\0\0\0\0\0\0d", 9);
    mailproto__wipe(secret, 0);
    assert_int_equal(secret[0], 'p');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),        cmocka_unit_test(equal_nocase),
        cmocka_unit_test(words),          cmocka_unit_test(numbers),
        cmocka_unit_test(decimals),       cmocka_unit_test(utf8_every_character),
        cmocka_unit_test(utf8_sequences), cmocka_unit_test(controls),
        cmocka_unit_test(wiping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
