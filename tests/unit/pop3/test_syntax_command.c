/*
 * Command lines of POP3: what is taken, what is refused and where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pop3/syntax.h"

#define GOOD MAILPROTO__POP3_GOOD
#define LINE MAILPROTO__POP3_BAD_LINE
#define ARGUMENT MAILPROTO__POP3_BAD_ARGUMENT
#define NUMBER MAILPROTO__POP3_BAD_NUMBER
#define DIGEST "0123456789abcdef0123456789abcdef"

/* Parses an exact copy, so that a sanitizer sees a look beyond its end; spans are then
 * of the original. */
static enum mailproto__pop3_fault parse(const char *text, size_t len, int utf8,
                                        struct mailproto__pop3_command *c, size_t *at)
{
    char *copy = (char *)malloc(len > 0 ? len : 1);
    enum mailproto__pop3_fault fault;
    mailproto_bytes line;
    assert_non_null(copy);
    memcpy(copy, text, len);
    line.ptr = copy;
    line.len = len;
    *at = 12345;
    (void)mailproto__pop3_command_parse(line, utf8, c, at);
    free(copy);
    line.ptr = text;
    fault = mailproto__pop3_command_parse(line, utf8, c, at);
    return fault;
}

static void is(mailproto_bytes b, const char *text)
{
    assert_int_equal(b.len, strlen(text));
    assert_memory_equal(b.ptr, text, b.len);
}

struct row {
    const char *line;
    enum mailproto__pop3_fault fault;
    size_t at;
};

static void check(const struct row *rows, size_t count, int utf8)
{
    size_t i;
    for (i = 0; i < count; i++) {
        struct mailproto__pop3_command c;
        size_t at;
        enum mailproto__pop3_fault fault =
            parse(rows[i].line, strlen(rows[i].line), utf8, &c, &at);
        if (fault != rows[i].fault || at != rows[i].at) {
            print_error("[%s] %d at %zu\n", rows[i].line, (int)fault, at);
        }
        assert_int_equal(fault, rows[i].fault);
        assert_int_equal(at, rows[i].at);
        is(c.line, rows[i].line);
        if (fault == NUMBER) {
            assert_int_equal(c.message, 0);
        }
    }
}

static void faults(void **state)
{
    static const struct row rows[] = {
        {"QUIT", GOOD, 0},
        {"QUIT ", GOOD, 0},
        {"QUIT   ", GOOD, 0},
        {"QUIT x", ARGUMENT, 5},
        {"CAPA x", ARGUMENT, 5},
        {"STLS x", ARGUMENT, 5},
        {"UTF8 x", ARGUMENT, 5},
        {"STAT 1", ARGUMENT, 5},
        {"RSET 1", ARGUMENT, 5},
        {"NOOP 1", ARGUMENT, 5},
        {"", LINE, 0},
        {" ", LINE, 0},
        {" QUIT", LINE, 0},
        {"QUIT\r", LINE, 4},
        {"NOOP\nDELE 1", LINE, 4},
        {"NOOP \x7f", LINE, 5},
        {"NOOP \x1b[0m", LINE, 5},
        {"XTND \xc3\xa4", LINE, 5},
        {"XTND anything at all ", GOOD, 0},
        {"\xffUSER", LINE, 0},
        {"USER", ARGUMENT, 4},
        {"USER ", ARGUMENT, 5},
        {"USER  a", ARGUMENT, 5},
        {"USER a b", ARGUMENT, 6},
        {"USER a ", GOOD, 0},
        {"USER a@b.example", GOOD, 0},
        {"USER \xc3\xa4", LINE, 5},
        {"PASS", ARGUMENT, 4},
        {"PASS ", ARGUMENT, 5},
        {"PASS  ", GOOD, 0},
        {"PASS a b", GOOD, 0},
        {"PASS a\tb", LINE, 6},
        {"PASS \xc3\xa4", LINE, 5},
        {"APOP", ARGUMENT, 4},
        {"APOP a", ARGUMENT, 6},
        {"APOP a b", ARGUMENT, 7},
        {"APOP a " DIGEST, GOOD, 0},
        {"APOP a " DIGEST " ", GOOD, 0},
        {"APOP a  " DIGEST, ARGUMENT, 7},
        {"APOP  a " DIGEST, ARGUMENT, 5},
        {"APOP a " DIGEST "0", ARGUMENT, 7},
        {"APOP a " DIGEST " x", ARGUMENT, 7},
        {"APOP a 0123456789ABCDEF0123456789abcdef", ARGUMENT, 7},
        {"APOP a 0123456789abcdef0123456789abcdeg", ARGUMENT, 7},
        {"APOP a 0123456789abcdef0123456789abcde", ARGUMENT, 7},
        {"AUTH", ARGUMENT, 4},
        {"AUTH PLAIN", GOOD, 0},
        {"AUTH PLAIN ", GOOD, 0},
        {"AUTH x-y_9 =", GOOD, 0},
        {"AUTH  PLAIN", ARGUMENT, 5},
        {"AUTH PL*IN", ARGUMENT, 5},
        {"AUTH ABCDEFGHIJKLMNOPQRST", GOOD, 0},
        {"AUTH ABCDEFGHIJKLMNOPQRSTU", ARGUMENT, 5},
        {"AUTH PLAIN AG+/", GOOD, 0},
        {"AUTH PLAIN AG*", ARGUMENT, 13},
        {"AUTH PLAIN AA AA", ARGUMENT, 13},
        {"LANG", GOOD, 0},
        {"LANG ", GOOD, 0},
        {"LANG *", GOOD, 0},
        {"LANG **", ARGUMENT, 5},
        {"LANG en-GB-12345678", GOOD, 0},
        {"LANG en-GB-123456789", ARGUMENT, 19},
        {"LANG -en", ARGUMENT, 5},
        {"LANG en--GB", ARGUMENT, 8},
        {"LANG en-", ARGUMENT, 8},
        {"LANG en GB", ARGUMENT, 7},
    };
    (void)state;
    check(rows, sizeof rows / sizeof rows[0], 0);
}

static void utf8(void **state)
{
    static const struct row rows[] = {
        {"USER j\xc3\xb6rg", GOOD, 0},
        {"PASS \xc3\xa4 \xe2\x82\xac", GOOD, 0},
        {"APOP j\xc3\xb6rg " DIGEST, GOOD, 0},
        {"USER j\xc3", LINE, 6},
        {"PASS a\xff", LINE, 6},
        {"PASS \xc3\xa4\t", LINE, 7},
        {"LANG \xc3\xa4", LINE, 5},
        {"AUTH \xc3\xa4", LINE, 5},
        {"XTND \xc3\xa4", LINE, 5},
    };
    (void)state;
    check(rows, sizeof rows / sizeof rows[0], 1);
}

static void numbers(void **state)
{
    static const char *const verbs[] = {"LIST", "UIDL", "RETR", "DELE"};
    static const struct row rows[] = {
        {"1", GOOD, 0},
        {"4294967295", GOOD, 0},
        {"007", GOOD, 0},
        {"1  ", GOOD, 0},
        {"4294967296", NUMBER, 5},
        {"4294967297", NUMBER, 5},
        {"18446744073709551617", NUMBER, 5},
        {"0", NUMBER, 5},
        {"+1", NUMBER, 5},
        {"-1", NUMBER, 5},
        {" 1", NUMBER, 5},
        {"1x", NUMBER, 5},
        {"x", NUMBER, 5},
        {"1.", NUMBER, 5},
        {"0x1", NUMBER, 5},
        {"1 2", ARGUMENT, 6},
    };
    size_t i;
    size_t v;
    (void)state;
    for (v = 0; v < 4; v++) {
        struct mailproto__pop3_command c;
        size_t at;
        char line[64];
        for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            sprintf(line, "%s %s", verbs[v], rows[i].line);
            assert_int_equal(parse(line, strlen(line), 0, &c, &at), rows[i].fault);
            assert_int_equal(at, rows[i].at);
            assert_int_equal(
                c.message, rows[i].fault == GOOD ? strtoul(rows[i].line, NULL, 10) : 0);
        }
        /* LIST and UIDL without an argument: all. */
        assert_int_equal(parse(verbs[v], 4, 0, &c, &at), v < 2 ? GOOD : ARGUMENT);
        assert_int_equal(at, v < 2 ? 0 : 4);
        assert_int_equal(c.message, 0);
    }
}

static void top(void **state)
{
    static const struct row rows[] = {
        {"TOP 1 0", GOOD, 0},
        {"TOP 1 10 ", GOOD, 0},
        {"TOP", ARGUMENT, 3},
        {"TOP 1", ARGUMENT, 5},
        {"TOP 1 ", ARGUMENT, 5},
        {"TOP 0 1", NUMBER, 4},
        {"TOP 4294967297 0", NUMBER, 4},
        {"TOP 1 -1", NUMBER, 6},
        {"TOP 1 +1", NUMBER, 6},
        {"TOP 1  1", NUMBER, 6},
        {"TOP  1 1", NUMBER, 4},
        {"TOP 1 x", NUMBER, 6},
        {"TOP 1 18446744073709551615", GOOD, 0},
        {"TOP 1 18446744073709551616", NUMBER, 6},
        {"TOP 1 1 1", ARGUMENT, 7},
    };
    struct mailproto__pop3_command c;
    size_t at;
    (void)state;
    check(rows, sizeof rows / sizeof rows[0], 0);
    assert_int_equal(parse("top 7 12", 8, 0, &c, &at), GOOD);
    assert_int_equal(c.verb, MAILPROTO_POP3_VERB_TOP);
    assert_int_equal(c.message, 7);
    assert_int_equal(c.lines, 12);
    assert_int_equal(parse("TOP 1 18446744073709551615", 26, 0, &c, &at), GOOD);
    assert_int_equal(c.lines, UINT64_MAX);
    assert_int_equal(parse("TOP 1 1 1", 9, 0, &c, &at), ARGUMENT);
    assert_int_equal(c.lines, 0);
    assert_int_equal(c.message, 0);
}

static void parts(void **state)
{
    struct mailproto__pop3_command c;
    size_t at;
    (void)state;
    assert_int_equal(parse("user fred ", 10, 0, &c, &at), GOOD);
    assert_int_equal(c.verb, MAILPROTO_POP3_VERB_USER);
    is(c.name, "fred");
    is(c.argument, "fred");
    assert_null(c.initial.ptr);
    assert_int_equal(parse("PASS  a  b ", 11, 0, &c, &at), GOOD);
    is(c.argument, " a  b ");
    assert_int_equal(parse("APOP fred " DIGEST, 42, 0, &c, &at), GOOD);
    is(c.name, "fred");
    is(c.digest, DIGEST);
    assert_int_equal(parse("AUTH PLAIN", 10, 0, &c, &at), GOOD);
    is(c.name, "PLAIN");
    assert_null(c.initial.ptr);
    assert_int_equal(parse("AUTH PLAIN =", 12, 0, &c, &at), GOOD);
    is(c.initial, "=");
    assert_int_equal(parse("AUTH PLAIN *", 12, 0, &c, &at), ARGUMENT);
    is(c.initial, "*"); /* read as a line of the exchange, and refused there */
    assert_int_equal(parse("LANG en ", 8, 0, &c, &at), GOOD);
    is(c.argument, "en");
    assert_int_equal(parse("XTND a  b", 9, 0, &c, &at), GOOD);
    assert_int_equal(c.verb, MAILPROTO_POP3_VERB_UNKNOWN);
    is(c.argument, "a  b");
    assert_int_equal(parse("QUIT\0", 5, 0, &c, &at), LINE);
    assert_int_equal(at, 4);
    assert_int_equal(parse("PASS a\0b", 8, 1, &c, &at), LINE);
    assert_int_equal(at, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults), cmocka_unit_test(utf8),  cmocka_unit_test(numbers),
        cmocka_unit_test(top),    cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
