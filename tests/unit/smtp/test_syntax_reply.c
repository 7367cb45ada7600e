/* Reply lines, enhanced codes and capability lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/syntax.h"

static mailproto_bytes text(const char *t)
{
    mailproto_bytes b;
    b.ptr = t;
    b.len = strlen(t);
    return b;
}

static void assert_span(mailproto_bytes b, const char *expected)
{
    assert_int_equal(b.len, strlen(expected));
    assert_memory_equal(b.ptr, expected, b.len);
}

/* Parses an exact copy; where the text is, as an offset. */
static mailproto_status parse(const char *line, size_t len,
                              struct mailproto__smtp_reply_line *r, size_t *at)
{
    char *copy = (char *)malloc(len > 0 ? len : 1);
    mailproto_status status;
    mailproto_bytes in;
    assert_non_null(copy);
    memcpy(copy, line, len);
    in.ptr = copy;
    in.len = len;
    status = mailproto__smtp_reply_parse(in, r, at);
    if (status == MAILPROTO_OK) {
        assert_ptr_equal(r->text.ptr + r->text.len, copy + len);
        r->text.ptr = line + (r->text.ptr - copy);
    }
    free(copy);
    return status;
}

static void good_lines(void **state)
{
    static const struct {
        const char *line;
        uint16_t code;
        uint8_t more;
        const char *text;
    } cases[] = {
        {"250 OK", 250, 0, "OK"},
        {"250-mx.example", 250, 1, "mx.example"},
        {"250", 250, 0, ""}, /* RFC 5321 4.2: the code alone */
        {"250 ", 250, 0, ""},
        {"250-", 250, 1, ""},
        {"250  two", 250, 0, " two"},
        {"354 go", 354, 0, "go"},
        {"200 x", 200, 0, "x"},
        {"599 x", 599, 0, "x"},
        {"299-x", 299, 1, "x"},
        {"220 t\tab \xC3\xA4\xFF", 220, 0, "t\tab \xC3\xA4\xFF"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__smtp_reply_line r;
        size_t at;
        assert_int_equal(parse(cases[i].line, strlen(cases[i].line), &r, &at),
                         MAILPROTO_OK);
        assert_int_equal(r.code, cases[i].code);
        assert_int_equal(r.more, cases[i].more);
        assert_span(r.text, cases[i].text);
        assert_int_equal(r.enhanced[0] + r.enhanced[1] + r.enhanced[2], 0);
    }
}

static void bad_lines(void **state)
{
    static const struct {
        const char *line;
        size_t len, at;
    } cases[] = {
        {"", 0, 0},        {"2", 1, 1},        {"22", 2, 2},       {"099 x", 5, 0},
        {"199 x", 5, 0},   {"600 x", 5, 0},    {"2x0 x", 5, 1},    {"25x", 3, 2},
        {"25 x", 4, 2},    {"250x", 4, 3},     {"2500 x", 6, 3},   {"250\tx", 5, 3},
        {" 250 x", 6, 0},  {"250 a\0b", 7, 5}, {"250 a\rb", 7, 5}, {"250 a\nb", 7, 5},
        {"220 a\r", 6, 5}, {"250-\0", 5, 4},   {"\x80", 1, 0},     {"250\r", 4, 3},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__smtp_reply_line r;
        size_t at = 99;
        assert_int_equal(parse(cases[i].line, cases[i].len, &r, &at),
                         MAILPROTO_ERR_SYNTAX);
        assert_int_equal(at, cases[i].at);
    }
}

static void every_code(void **state)
{
    int code;
    (void)state;
    for (code = 0; code < 1000; code++) {
        struct mailproto__smtp_reply_line r;
        char line[3];
        size_t at;
        line[0] = (char)('0' + code / 100);
        line[1] = (char)('0' + code / 10 % 10);
        line[2] = (char)('0' + code % 10);
        assert_int_equal(parse(line, 3, &r, &at), code >= 200 && code <= 599
                                                      ? MAILPROTO_OK
                                                      : MAILPROTO_ERR_SYNTAX);
        if (code >= 200 && code <= 599) {
            assert_int_equal(r.code, code);
        }
    }
}

static void enhanced_codes(void **state)
{
    static const struct {
        const char *line;
        uint16_t code[3];
    } cases[] = {
        {"250 2.1.0 ok", {2, 1, 0}},
        {"250-2.1.5 ok", {2, 1, 5}},
        {"451 4.7.1", {4, 7, 1}},
        {"550 5.123.456 x", {5, 123, 456}},
        {"550 5.999.999", {5, 999, 999}},
        {"550 5.1234.1 x", {0, 0, 0}},
        {"550 5.1.1234 x", {0, 0, 0}},
        {"550 4.1.1 x", {0, 0, 0}}, /* RFC 2034 4: the classes must agree */
        {"354 3.0.0 x", {0, 0, 0}},
        {"354 2.0.0 x", {0, 0, 0}},
        {"550 5.1.1x", {0, 0, 0}},
        {"550 5.1.1-x", {0, 0, 0}},
        {"550 5.1.1. x", {0, 0, 0}},
        {"550 5.1", {0, 0, 0}},
        {"550 5.1.", {0, 0, 0}},
        {"550 5..1 x", {0, 0, 0}},
        {"550 5", {0, 0, 0}},
        {"550 5.", {0, 0, 0}},
        {"550  5.1.1 x", {0, 0, 0}},
        {"550 x 5.1.1", {0, 0, 0}},
        {"550 55.1.1 x", {0, 0, 0}},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__smtp_reply_line r;
        size_t at;
        assert_int_equal(parse(cases[i].line, strlen(cases[i].line), &r, &at),
                         MAILPROTO_OK);
        assert_memory_equal(r.enhanced, cases[i].code, sizeof r.enhanced);
        assert_span(r.text, cases[i].line + 4); /* it stays in the text */
    }
}

/* ---- capabilities ---------------------------------------------------------------- */

static void capabilities(void **state)
{
    static const struct {
        const char *line;
        int cap;
        const char *params;
    } cases[] = {
        {"PIPELINING", MAILPROTO_SMTP_CAP_PIPELINING, ""},
        {"size 1000", MAILPROTO_SMTP_CAP_SIZE, "1000"},
        {"SIZE", MAILPROTO_SMTP_CAP_SIZE, ""},
        {"8bitmime ", MAILPROTO_SMTP_CAP_8BITMIME, ""},
        {"AUTH  PLAIN\tLOGIN ", MAILPROTO_SMTP_CAP_AUTH, "PLAIN\tLOGIN"},
        {"LIMITS RCPTMAX=20 MAILMAX=5", MAILPROTO_SMTP_CAP_LIMITS,
         "RCPTMAX=20 MAILMAX=5"},
        {"XFORWARD NAME", MAILPROTO_SMTP_CAP_XFORWARD, "NAME"},
        {"SIZEX", -1, ""},
        {"SIZ", -1, ""},
        {"AUTH=PLAIN LOGIN", -1, "LOGIN"},
        {"X-OTHER a b", -1, "a b"},
        {"", -1, ""},
        {"   ", -1, ""},
    };
    size_t i;
    uint32_t cap;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mailproto_bytes params;
        assert_int_equal(mailproto__smtp_cap_parse(text(cases[i].line), &params),
                         cases[i].cap);
        assert_span(params, cases[i].params);
    }
    for (cap = 0; cap <= MAILPROTO_SMTP_CAP_XFORWARD; cap++) {
        const char *name = mailproto__smtp_cap_name(cap);
        mailproto_bytes params;
        assert_true(strlen(name) > 2);
        assert_int_equal(mailproto__smtp_cap_parse(text(name), &params), cap);
    }
    assert_string_equal(mailproto__smtp_cap_name(MAILPROTO_SMTP_CAP_ENHANCED),
                        "ENHANCEDSTATUSCODES");
    assert_string_equal(mailproto__smtp_cap_name(MAILPROTO_SMTP_CAP_MT_PRIORITY),
                        "MT-PRIORITY");
    assert_string_equal(mailproto__smtp_cap_name(MAILPROTO_SMTP_CAP_XFORWARD + 1), "");
    assert_string_equal(mailproto__smtp_cap_name(UINT32_MAX), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_lines),   cmocka_unit_test(bad_lines),
        cmocka_unit_test(every_code),   cmocka_unit_test(enhanced_codes),
        cmocka_unit_test(capabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
