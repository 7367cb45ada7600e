/*
 * What the scanner counts in bodies, and how it looks at fields, against loops over octets:
 * portable and with vector instructions, with every octet at every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "message/scan.h"

static struct mailproto__counts naive(const char *at, size_t len)
{
    struct mailproto__counts c = {0, 0, 0};
    size_t i;
    for (i = 0; i < len; i++) {
        int cr_before = i > 0 && at[i - 1] == '\r';
        int lf_behind = i + 1 < len && at[i + 1] == '\n';
        c.lf += at[i] == '\n';
        c.crlf += at[i] == '\n' && cr_before;
        c.flags |= at[i] == '\r' && !lf_behind ? MAILPROTO_MESSAGE_BARE_CR : 0U;
        c.flags |= at[i] == 0 ? MAILPROTO_MESSAGE_NUL : 0U;
        c.flags |= (unsigned char)at[i] > 127 ? MAILPROTO_MESSAGE_8BIT : 0U;
    }
    return c;
}

static void expect_counts(const struct mailproto__counts *c,
                          const struct mailproto__counts *e)
{
    assert_int_equal(c->lf, e->lf);
    assert_int_equal(c->crlf, e->crlf);
    assert_int_equal(c->flags, e->flags);
}

static void expect(const char *at, size_t len)
{
    struct mailproto__counts e = naive(at, len);
    struct mailproto__counts c;
    size_t i;
    int plain = 1;
    mailproto__count(at, len, &c);
    expect_counts(&c, &e);
    mailproto__count_lines(at, len, &c);
    expect_counts(&c, &e);
#ifdef MAILPROTO__X86
    if (mailproto_cpu() >> 24 & MAILPROTO__CPU_AVX2) {
        mailproto__count_x86(at, len, &c);
        expect_counts(&c, &e);
    }
#endif
    assert_int_equal(mailproto__text_flags(at, len), e.flags);
    for (i = 0; i < len; i++) {
        plain = plain && (unsigned char)at[i] >= 14 && (unsigned char)at[i] < 128;
    }
    assert_int_equal(mailproto__is_plain(at, len), plain);
}

static void fill(char *text, size_t len, size_t line)
{
    size_t i;
    for (i = 0; i < len; i++) {
        text[i] = (char)(' ' + i % 90);
        if (line > 0 && i % line >= line - 2) {
            text[i] = i % line == line - 1 ? '\n' : '\r';
        }
    }
}

static void lengths(void **state)
{
    char text[1200];
    size_t len;
    size_t line;
    (void)state;
    for (line = 0; line < 90; line += line < 2 ? 2 : 11) {
        fill(text, sizeof text, line);
        for (len = 0; len <= sizeof text; len++) {
            expect(text, len);
        }
    }
}

static void octets(void **state)
{
    static const char odd[] = {0, 1, 9, 10, 13, 14, 31, 127, -128, -1};
    char text[600];
    size_t len;
    size_t i;
    size_t o;
    (void)state;
    for (len = 1; len <= sizeof text; len += len < 80 ? 1 : 173) {
        for (o = 0; o < sizeof odd; o++) {
            for (i = 0; i < len; i++) {
                char was;
                fill(text, len, i % 2 ? 0 : 70);
                was = text[i];
                text[i] = odd[o];
                expect(text, len);
                text[i] = was;
            }
        }
    }
}

/* More line ends than a column of octets can count. */
static void many(void **state)
{
    static char text[50001];
    size_t line;
    size_t i;
    (void)state;
    for (line = 1; line < 4; line++) {
        for (i = 0; i < sizeof text; i++) {
            text[i] = i % line == line - 1 ? '\n' : i % line == 0 ? '\r' : 'x';
        }
        expect(text, sizeof text);
        expect(text + 1, sizeof text - 1);
        text[40000] = '\r';
        expect(text, sizeof text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(octets),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
