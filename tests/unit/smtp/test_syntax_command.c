/* Command lines: each verb, its argument, its faults and where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/syntax.h"

#define VERB(name) MAILPROTO_SMTP_VERB_##name
#define FAULT(name) MAILPROTO__SMTP_##name

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

/* Parses an exact copy, so that a sanitizer sees a read past its end. */
static void check(const char *line, size_t len, uint32_t verb,
                  enum mailproto__smtp_fault fault, size_t at, const char *argument)
{
    struct mailproto__smtp_command c;
    char *copy = (char *)malloc(len > 0 ? len : 1);
    enum mailproto__smtp_fault got;
    mailproto_bytes in;
    size_t where = 999;
    assert_non_null(copy);
    memcpy(copy, line, len);
    in.ptr = copy;
    in.len = len;
    got = mailproto__smtp_command_parse(in, UINT64_MAX, 0, 0, &c, &where);
    if (got != fault || (got != FAULT(GOOD) && where != at)) {
        fail_msg("%s: %d at %u", line, (int)got, (unsigned)where);
    }
    assert_int_equal(c.verb, verb);
    assert_ptr_equal(c.line.ptr, copy);
    assert_int_equal(c.line.len, len);
    if (argument != NULL) {
        assert_span(c.argument, argument);
    }
    free(copy);
}

/* ---- verbs ----------------------------------------------------------------------- */

static void verbs(void **state)
{
    static const struct {
        const char *text;
        uint32_t verb;
        size_t len;
    } cases[] = {
        {"EHLO", VERB(EHLO), 4},        {"helo x", VERB(HELO), 4},
        {"Lhlo", VERB(LHLO), 4},        {"MAIL FROM:<>", VERB(MAIL), 4},
        {"rCPT", VERB(RCPT), 4},        {"DATA", VERB(DATA), 4},
        {"BDAT 1", VERB(BDAT), 4},      {"RSET", VERB(RSET), 4},
        {"VRFY", VERB(VRFY), 4},        {"EXPN", VERB(EXPN), 4},
        {"HELP", VERB(HELP), 4},        {"NOOP", VERB(NOOP), 4},
        {"QUIT ", VERB(QUIT), 4},       {"starttls", VERB(STARTTLS), 8},
        {"AUTH x", VERB(AUTH), 4},      {"STAR", VERB(UNKNOWN), 4},
        {"STARTTLX", VERB(UNKNOWN), 8}, {"STARTTLSX", VERB(UNKNOWN), 9},
        {"EHLOX", VERB(UNKNOWN), 5},    {"EHL", VERB(UNKNOWN), 3},
        {"EHLO\t", VERB(UNKNOWN), 4},   {"EHLO:", VERB(UNKNOWN), 4},
        {"ETRN x", VERB(UNKNOWN), 4},   {"X-A9 x", VERB(UNKNOWN), 4},
        {"", VERB(UNKNOWN), 0},         {" EHLO", VERB(UNKNOWN), 0},
        {"-EHLO", VERB(UNKNOWN), 0},    {"9", VERB(UNKNOWN), 0},
        {"\xC5HLO", VERB(UNKNOWN), 0},
    };
    size_t i;
    uint32_t verb;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len;
        assert_int_equal(mailproto__smtp_verb(text(cases[i].text), &len),
                         cases[i].verb);
        assert_int_equal(len, cases[i].len);
    }
    for (verb = VERB(EHLO); verb <= VERB(AUTH); verb++) {
        size_t len;
        const char *name = mailproto__smtp_verb_name(verb);
        assert_int_equal(mailproto__smtp_verb(text(name), &len), verb);
        assert_int_equal(len, strlen(name));
    }
    assert_string_equal(mailproto__smtp_verb_name(VERB(UNKNOWN)), "");
    assert_string_equal(mailproto__smtp_verb_name(VERB(AUTH) + 1), "");
    assert_string_equal(mailproto__smtp_verb_name(UINT32_MAX), "");
}

/* ---- lines ----------------------------------------------------------------------- */

struct line_case {
    const char *line;
    uint32_t verb;
    enum mailproto__smtp_fault fault;
    size_t at;
    const char *argument;
};

static void lines(void **state)
{
    static const struct line_case cases[] = {
        /* RFC 5321 4.1.1: trailing white space */
        {"RSET", VERB(RSET), FAULT(GOOD), 0, ""},
        {"RSET  \t ", VERB(RSET), FAULT(GOOD), 0, ""},
        {"NOOP", VERB(NOOP), FAULT(GOOD), 0, ""},
        {"NOOP  any \"text\xC3\xA4  ", VERB(NOOP), FAULT(GOOD), 0,
         "any \"text\xC3\xA4"},
        {"HELP", VERB(HELP), FAULT(GOOD), 0, ""},
        {"HELP MAIL", VERB(HELP), FAULT(GOOD), 0, "MAIL"},
        {"ETRN @example", VERB(UNKNOWN), FAULT(GOOD), 0, "@example"},
        {"X", VERB(UNKNOWN), FAULT(GOOD), 0, ""},
        {"VRFY joe", VERB(VRFY), FAULT(GOOD), 0, "joe"},
        {"VRFY", VERB(VRFY), FAULT(BAD_ARGUMENT), 4, NULL},
        {"EXPN  ", VERB(EXPN), FAULT(BAD_ARGUMENT), 4, NULL},
        {"EXPN staff", VERB(EXPN), FAULT(GOOD), 0, "staff"},
        /* no argument allowed */
        {"DATA", VERB(DATA), FAULT(GOOD), 0, ""},
        {"DATA x", VERB(DATA), FAULT(BAD_ARGUMENT), 5, NULL},
        {"RSET  x", VERB(RSET), FAULT(BAD_ARGUMENT), 6, NULL},
        {"QUIT", VERB(QUIT), FAULT(GOOD), 0, ""},
        {"QUIT now", VERB(QUIT), FAULT(BAD_ARGUMENT), 5, NULL},
        {"STARTTLS", VERB(STARTTLS), FAULT(GOOD), 0, ""},
        {"STARTTLS x", VERB(STARTTLS), FAULT(BAD_ARGUMENT), 9, NULL},
        /* no command at all */
        {"", VERB(UNKNOWN), FAULT(BAD_COMMAND), 0, NULL},
        {"   ", VERB(UNKNOWN), FAULT(BAD_COMMAND), 0, NULL},
        {" RSET", VERB(UNKNOWN), FAULT(BAD_COMMAND), 0, NULL},
        {"RSET\tx", VERB(UNKNOWN), FAULT(BAD_COMMAND), 4, NULL},
        {"MAIL:x", VERB(UNKNOWN), FAULT(BAD_COMMAND), 4, NULL},
        {"\"x\"", VERB(UNKNOWN), FAULT(BAD_COMMAND), 0, NULL},
        {"\x16\x03\x01", VERB(UNKNOWN), FAULT(BAD_COMMAND), 0, NULL},
        {"NOOP a\rb", VERB(NOOP), FAULT(BAD_COMMAND), 6, NULL},
        {"NOOP a\nb", VERB(NOOP), FAULT(BAD_COMMAND), 6, NULL},
        {"NOOP a\tb", VERB(NOOP), FAULT(BAD_COMMAND), 6, NULL},
        {"NOOP a\x7F", VERB(NOOP), FAULT(BAD_COMMAND), 6, NULL},
        {"RSET\r", VERB(UNKNOWN), FAULT(BAD_COMMAND), 4, NULL},
        {"MAIL FROM:<a@b>\nRCPT TO:<c@d>", VERB(MAIL), FAULT(BAD_COMMAND), 15, NULL},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(cases[i].line, strlen(cases[i].line), cases[i].verb, cases[i].fault,
              cases[i].at, cases[i].argument);
    }
    check("NOOP\0RSET", 9, VERB(UNKNOWN), FAULT(BAD_COMMAND), 4, NULL);
    check("NOOP a\0", 7, VERB(NOOP), FAULT(BAD_COMMAND), 6, NULL);
}

static void helo(void **state)
{
    static const struct line_case cases[] = {
        {"EHLO mx.example", VERB(EHLO), FAULT(GOOD), 0, "mx.example"},
        {"HELO   x_y", VERB(HELO), FAULT(GOOD), 0, "x_y"},
        {"LHLO [192.0.2.1]", VERB(LHLO), FAULT(GOOD), 0, "[192.0.2.1]"},
        /* RFC 6531 3.7.1: ASCII only; what of it is not a domain is no fault */
        {"EHLO j\xC3\xB6.example", VERB(EHLO), FAULT(BAD_ARGUMENT), 6, NULL},
        {"HELO \xFF", VERB(HELO), FAULT(BAD_ARGUMENT), 5, NULL},
        {"EHLO xn--j-oga.example", VERB(EHLO), FAULT(GOOD), 0, "xn--j-oga.example"},
        {"EHLO _!~..-", VERB(EHLO), FAULT(GOOD), 0, "_!~..-"},
        /* RFC 5321 4.1.1.1: what once followed a literal */
        {"EHLO [192.0.2.1] old host", VERB(EHLO), FAULT(GOOD), 0, "[192.0.2.1]"},
        {"EHLO [192.0.2.1 old]", VERB(EHLO), FAULT(BAD_ARGUMENT), 15, NULL},
        {"EHLO a b", VERB(EHLO), FAULT(BAD_ARGUMENT), 6, NULL},
        {"EHLO", VERB(EHLO), FAULT(BAD_ARGUMENT), 4, NULL},
        {"HELO  ", VERB(HELO), FAULT(BAD_ARGUMENT), 4, NULL},
    };
    char line[300] = "EHLO ";
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(cases[i].line, strlen(cases[i].line), cases[i].verb, cases[i].fault,
              cases[i].at, cases[i].argument);
    }
    memset(line + 5, 'h', 256);
    check(line, 5 + 255, VERB(EHLO), FAULT(GOOD), 0, NULL);
    check(line, 5 + 256, VERB(EHLO), FAULT(BAD_ARGUMENT), 5 + 255, NULL);
}

static void mail_and_rcpt(void **state)
{
    static const struct line_case cases[] = {
        {"MAIL FROM:<>", VERB(MAIL), FAULT(GOOD), 0, NULL},
        {"mail from:<a@b>", VERB(MAIL), FAULT(GOOD), 0, NULL},
        {"MAIL  FROM: <a@b>  SIZE=1 ", VERB(MAIL), FAULT(GOOD), 0, NULL},
        {"MAIL FROM:<@x:a@b>", VERB(MAIL), FAULT(GOOD), 0, NULL},
        {"MAIL", VERB(MAIL), FAULT(BAD_ARGUMENT), 4, NULL},
        {"MAIL FROM", VERB(MAIL), FAULT(BAD_ARGUMENT), 5, NULL},
        {"MAIL FROM <a@b>", VERB(MAIL), FAULT(BAD_ARGUMENT), 5, NULL},
        {"MAIL TO:<a@b>", VERB(MAIL), FAULT(BAD_ARGUMENT), 5, NULL},
        {"MAIL FROM:", VERB(MAIL), FAULT(BAD_SENDER), 10, NULL},
        {"MAIL FROM:a@b", VERB(MAIL), FAULT(BAD_SENDER), 10, NULL},
        {"MAIL FROM:<a@b", VERB(MAIL), FAULT(BAD_SENDER), 14, NULL},
        {"MAIL FROM:<a b@c>", VERB(MAIL), FAULT(BAD_SENDER), 12, NULL},
        {"MAIL FROM:<a@b>SIZE=1", VERB(MAIL), FAULT(BAD_SENDER), 15, NULL},
        {"MAIL FROM:<a@b>>", VERB(MAIL), FAULT(BAD_SENDER), 15, NULL},
        {"MAIL FROM:<Postmaster>", VERB(MAIL), FAULT(BAD_SENDER), 21, NULL},
        {"MAIL FROM:<a@b> SIZE", VERB(MAIL), FAULT(BAD_PARAM), 16, NULL},
        {"MAIL FROM:<a@b> SIZE=1 NOTIFY=NEVER", VERB(MAIL), FAULT(UNKNOWN_PARAM), 23,
         NULL},
        {"RCPT TO:<a@b>", VERB(RCPT), FAULT(GOOD), 0, NULL},
        {"rcpt to: <a@b> NOTIFY=NEVER", VERB(RCPT), FAULT(GOOD), 0, NULL},
        {"RCPT TO:<postmaster>", VERB(RCPT), FAULT(GOOD), 0, NULL},
        {"RCPT TO:<>", VERB(RCPT), FAULT(BAD_RECIPIENT), 9, NULL},
        {"RCPT TO:<a>", VERB(RCPT), FAULT(BAD_RECIPIENT), 10, NULL},
        {"RCPT TO:", VERB(RCPT), FAULT(BAD_RECIPIENT), 8, NULL},
        {"RCPT FROM:<a@b>", VERB(RCPT), FAULT(BAD_ARGUMENT), 5, NULL},
        {"RCPT TO:<a@b>x", VERB(RCPT), FAULT(BAD_RECIPIENT), 13, NULL},
        {"RCPT TO:<a@b> SIZE=1", VERB(RCPT), FAULT(UNKNOWN_PARAM), 14, NULL},
        {"RCPT TO:<j\xC3\xB6@b>", VERB(RCPT), FAULT(UTF8_PATH), 10, NULL},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(cases[i].line, strlen(cases[i].line), cases[i].verb, cases[i].fault,
              cases[i].at, cases[i].argument);
    }
}

static void spans_of_mail(void **state)
{
    struct mailproto__smtp_command c;
    size_t at;
    (void)state;
    assert_int_equal(mailproto__smtp_command_parse(
                         text("MAIL FROM:<@r:\"a b\"@[192.0.2.1]> SIZE=9  RET=FULL "),
                         UINT64_MAX, 0, 0, &c, &at),
                     FAULT(GOOD));
    assert_span(c.argument, "FROM:<@r:\"a b\"@[192.0.2.1]> SIZE=9  RET=FULL");
    assert_span(c.path.mailbox, "\"a b\"@[192.0.2.1]");
    assert_span(c.path.local, "\"a b\"");
    assert_span(c.path.domain, "[192.0.2.1]");
    assert_int_equal(c.path.flags, MAILPROTO_SMTP_PATH_QUOTED |
                                       MAILPROTO_SMTP_PATH_LITERAL |
                                       MAILPROTO_SMTP_PATH_ROUTE);
    assert_span(c.params, "SIZE=9  RET=FULL");
    assert_span(c.mail.extra, "RET=FULL");
    assert_int_equal(c.mail.size, 9);
    assert_int_equal(
        mailproto__smtp_command_parse(text("MAIL FROM:<>"), 0, 0, 0, &c, &at),
        FAULT(GOOD));
    assert_int_equal(c.path.flags, MAILPROTO_SMTP_PATH_NULL);
    assert_int_equal(c.path.mailbox.len, 0);
    assert_int_equal(c.params.len, 0);
}

/* RFC 6531 3.4: the parameter behind the path allows UTF-8 in it, if it is offered. */
static void utf8(void **state)
{
    const uint64_t offered = (uint64_t)1 << MAILPROTO_SMTP_CAP_SMTPUTF8;
    struct mailproto__smtp_command c;
    size_t at;
    (void)state;
    assert_int_equal(
        mailproto__smtp_command_parse(text("MAIL FROM:<j\xC3\xB6@b> SMTPUTF8"), offered,
                                      0, 0, &c, &at),
        FAULT(GOOD));
    assert_int_equal(c.path.flags, MAILPROTO_SMTP_PATH_UTF8);
    assert_int_equal(mailproto__smtp_command_parse(text("MAIL FROM:<j\xC3\xB6@b>"),
                                                   offered, 0, 0, &c, &at),
                     FAULT(UTF8_PATH));
    assert_int_equal(at, 11);
    assert_int_equal(mailproto__smtp_command_parse(
                         text("MAIL FROM:<j\xC3\xB6@b> SMTPUTF8"), 0, 0, 0, &c, &at),
                     FAULT(UTF8_PATH));
    assert_int_equal(at, 12);
    assert_int_equal(mailproto__smtp_command_parse(text("MAIL FROM:<j@b> SMTPUTF8"), 0,
                                                   0, 0, &c, &at),
                     FAULT(UNKNOWN_PARAM));
    assert_int_equal(at, 16);
    assert_int_equal(mailproto__smtp_command_parse(text("MAIL FROM:<j\xC3@b> SMTPUTF8"),
                                                   offered, 0, 0, &c, &at),
                     FAULT(BAD_SENDER));
    assert_int_equal(mailproto__smtp_command_parse(text("RCPT TO:<j\xC3\xB6@b>"),
                                                   offered, 0, 1, &c, &at),
                     FAULT(GOOD));
    assert_int_equal(mailproto__smtp_command_parse(text("RCPT TO:<j\xC3\xB6@b>"),
                                                   offered, 0, 0, &c, &at),
                     FAULT(UTF8_PATH));
}

static void long_paths(void **state)
{
    char line[400];
    struct mailproto__smtp_command c;
    size_t at;
    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, "RCPT TO:<", 9);
    memcpy(line + 9 + 65, "@b>", 4);
    assert_int_equal(mailproto__smtp_command_parse(text(line), 0, 0, 0, &c, &at),
                     FAULT(LONG_PATH));
    assert_int_equal(at, 9 + 64);
    memcpy(line + 9 + 64, "@b>", 4);
    assert_int_equal(mailproto__smtp_command_parse(text(line), 0, 0, 0, &c, &at),
                     FAULT(GOOD));
}

static void bdat(void **state)
{
    static const struct {
        const char *line;
        enum mailproto__smtp_fault fault;
        size_t at;
        uint64_t size;
        int last;
    } cases[] = {
        {"BDAT 0", FAULT(GOOD), 0, 0, 0},
        {"BDAT 1000 LAST", FAULT(GOOD), 0, 1000, 1},
        {"bdat 1  last ", FAULT(GOOD), 0, 1, 1},
        {"BDAT 9223372036854775808", FAULT(GOOD), 0, UINT64_C(9223372036854775808), 0},
        {"BDAT 9223372036854775809", FAULT(BAD_ARGUMENT), 5, 0, 0},
        {"BDAT 18446744073709551617", FAULT(BAD_ARGUMENT), 5, 0, 0},
        {"BDAT", FAULT(BAD_ARGUMENT), 4, 0, 0},
        {"BDAT LAST", FAULT(BAD_ARGUMENT), 5, 0, 0},
        {"BDAT -1", FAULT(BAD_ARGUMENT), 5, 0, 0},
        {"BDAT 0x10", FAULT(BAD_ARGUMENT), 5, 0, 0},
        {"BDAT 1LAST", FAULT(BAD_ARGUMENT), 5, 0, 0},
        {"BDAT 1 LASTX", FAULT(BAD_ARGUMENT), 7, 0, 0},
        {"BDAT 1 LAST x", FAULT(BAD_ARGUMENT), 7, 0, 0},
        {"BDAT 1 2", FAULT(BAD_ARGUMENT), 7, 0, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__smtp_command c;
        size_t at;
        check(cases[i].line, strlen(cases[i].line), VERB(BDAT), cases[i].fault,
              cases[i].at, NULL);
        if (mailproto__smtp_command_parse(text(cases[i].line), 0, 0, 0, &c, &at) ==
            FAULT(GOOD)) {
            assert_true(c.chunk_size == cases[i].size);
            assert_int_equal(c.chunk_last, cases[i].last);
        }
    }
}

static void auth(void **state)
{
    static const struct {
        const char *line;
        enum mailproto__smtp_fault fault;
        size_t at;
        const char *mechanism, *initial;
    } cases[] = {
        {"AUTH PLAIN", FAULT(GOOD), 0, "PLAIN", NULL},
        {"AUTH plain =", FAULT(GOOD), 0, "plain", "="},
        {"AUTH SCRAM-SHA-256 biws+/09Az== ", FAULT(GOOD), 0, "SCRAM-SHA-256",
         "biws+/09Az=="},
        {"AUTH  X_Y-9  YQ", FAULT(GOOD), 0, "X_Y-9", "YQ"},
        {"AUTH ABCDEFGHIJKLMNOPQRST", FAULT(GOOD), 0, "ABCDEFGHIJKLMNOPQRST", NULL},
        {"AUTH ABCDEFGHIJKLMNOPQRSTU", FAULT(BAD_ARGUMENT), 5, "", NULL},
        {"AUTH", FAULT(BAD_ARGUMENT), 4, "", NULL},
        {"AUTH PLA.IN", FAULT(BAD_ARGUMENT), 5, "", NULL},
        {"AUTH =", FAULT(BAD_ARGUMENT), 5, "", NULL},
        {"AUTH PLAIN YQ== x", FAULT(BAD_ARGUMENT), 15, "", NULL},
        {"AUTH PLAIN *", FAULT(BAD_ARGUMENT), 11, "", NULL},
        {"AUTH PLAIN YQ-", FAULT(BAD_ARGUMENT), 13, "", NULL},
        {"AUTH PLAIN \xC3\xA4", FAULT(BAD_ARGUMENT), 11, "", NULL},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__smtp_command c;
        size_t at;
        check(cases[i].line, strlen(cases[i].line), VERB(AUTH), cases[i].fault,
              cases[i].at, NULL);
        if (mailproto__smtp_command_parse(text(cases[i].line), 0, 0, 0, &c, &at) ==
            FAULT(GOOD)) {
            assert_span(c.mechanism, cases[i].mechanism);
            if (cases[i].initial == NULL) {
                assert_null(c.initial.ptr);
            } else {
                assert_span(c.initial, cases[i].initial);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs),         cmocka_unit_test(lines),
        cmocka_unit_test(helo),          cmocka_unit_test(mail_and_rcpt),
        cmocka_unit_test(spans_of_mail), cmocka_unit_test(utf8),
        cmocka_unit_test(long_paths),    cmocka_unit_test(bdat),
        cmocka_unit_test(auth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
