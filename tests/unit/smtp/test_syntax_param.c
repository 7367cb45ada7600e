/* ESMTP parameters: the cursor, the general grammar, and the values the library knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/syntax_param.h"

#define GOOD MAILPROTO__SMTP_GOOD
#define BAD MAILPROTO__SMTP_BAD_PARAM
#define UNKNOWN MAILPROTO__SMTP_UNKNOWN_PARAM

#define CAP(name) ((uint64_t)1 << MAILPROTO_SMTP_CAP_##name)
#define ALL UINT64_MAX

static const char mail_prefix[] = "MAIL FROM:<a@b> ";
static const char rcpt_prefix[] = "RCPT TO:<a@b> ";

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

/* Parses a command with these parameters; `*at` counts from their start. */
static enum mailproto__smtp_fault parse(int rcpt, const char *params, uint64_t caps,
                                        int other, int utf8_rcpt,
                                        struct mailproto__smtp_command *out, size_t *at)
{
    static char line[1200];
    const char *prefix = rcpt ? rcpt_prefix : mail_prefix;
    enum mailproto__smtp_fault fault;
    int n = snprintf(line, sizeof line, "%s%s", prefix, params);
    assert_true(n > 0 && (size_t)n < sizeof line);
    fault = mailproto__smtp_command_parse(text(line), caps, other, utf8_rcpt, out, at);
    *at = *at >= strlen(prefix) ? *at - strlen(prefix) : 0;
    return fault;
}

struct param_case {
    const char *params;
    uint64_t caps;
    enum mailproto__smtp_fault fault;
    size_t at;
};

static void check(int rcpt, const struct param_case *cases, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        struct mailproto__smtp_command c;
        size_t at;
        enum mailproto__smtp_fault fault =
            parse(rcpt, cases[i].params, cases[i].caps, 0, 0, &c, &at);
        if (fault != cases[i].fault || (fault != GOOD && at != cases[i].at)) {
            fail_msg("%s: %d at %u", cases[i].params, (int)fault, (unsigned)at);
        }
    }
}

/* ---- the cursor ------------------------------------------------------------------ */

static void cursor(void **state)
{
    const char *params = "  SIZE=5 SMTPUTF8  X-Y= A==B ";
    mailproto_smtp_param_cursor c;
    mailproto_bytes name;
    mailproto_bytes value;
    (void)state;
    c.at = params;
    c.end = params + strlen(params);
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_OK);
    assert_span(name, "SIZE");
    assert_span(value, "5");
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_OK);
    assert_span(name, "SMTPUTF8");
    assert_null(value.ptr);
    assert_int_equal(value.len, 0);
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_OK);
    assert_span(name, "X-Y");
    assert_non_null(value.ptr);
    assert_int_equal(value.len, 0);
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_OK);
    assert_span(name, "A");
    assert_span(value, "=B");
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_EOF);
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_EOF);
    c.at = c.end = NULL;
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_EOF);
}

/* ---- grammar --------------------------------------------------------------------- */

static void keywords_and_values(void **state)
{
    static const struct {
        const char *params;
        enum mailproto__smtp_fault fault;
        size_t at;
    } cases[] = {
        {"X", GOOD, 0},      {"X=Y", GOOD, 0},         {"9-X=!~<;,", GOOD, 0},
        {"X  Y=1", GOOD, 0}, {"X ", GOOD, 0},          {"-X", BAD, 0},
        {"X_Y", BAD, 0},     {"=Y", BAD, 0},           {"X=", BAD, 0},
        {"X=Y=Z", BAD, 0},   {"X Y=\xC3\xA4", BAD, 2}, {"X=1 x=2", BAD, 4},
        {"X=1 Y X", BAD, 6}, {"X=1 XX X-", GOOD, 0},
    };
    size_t i;
    int rcpt;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (rcpt = 0; rcpt < 2; rcpt++) {
            struct mailproto__smtp_command c;
            size_t at;
            enum mailproto__smtp_fault fault =
                parse(rcpt, cases[i].params, ALL, 1, 0, &c, &at);
            if (fault != cases[i].fault || (fault != GOOD && at != cases[i].at)) {
                fail_msg("%s: %d at %u", cases[i].params, (int)fault, (unsigned)at);
            }
            /* nobody offered them */
            if (fault == GOOD) {
                assert_int_equal(parse(rcpt, cases[i].params, ALL, 0, 0, &c, &at),
                                 UNKNOWN);
                assert_int_equal(at, 0);
            }
        }
    }
}

/* A client checks what it is to send with the same function: no octet that could end a
 * line passes, wherever it stands. */
static void every_octet(void **state)
{
    struct mailproto__smtp_param_context context;
    unsigned octet;
    size_t place;
    (void)state;
    memset(&context, 0, sizeof context);
    context.verb = MAILPROTO_SMTP_VERB_MAIL;
    context.other = 1;
    for (octet = 0; octet < 256; octet++) {
        for (place = 0; place < 24; place++) {
            char params[] = "X-LONG-KEY=a-long-value!";
            mailproto_smtp_mail_params mail;
            mailproto_bytes b = {params, sizeof params - 1};
            enum mailproto__smtp_fault fault;
            size_t at = 0;
            int word = (octet >= '0' && octet <= '9') ||
                       (octet >= 'A' && octet <= 'Z') ||
                       (octet >= 'a' && octet <= 'z') || (octet == '-' && place > 0);
            int good = octet > 32 && octet < 127 && octet != '=';
            if (octet == ' ' || octet == '=' || place == 10) {
                continue; /* these make other parameters of it */
            }
            params[place] = (char)(unsigned char)octet;
            fault = mailproto__smtp_params_check(b, &context, &mail, &at);
            assert_int_equal(fault, (place < 10 ? word : good) ? GOOD : BAD);
        }
    }
}

static void utf8_values(void **state)
{
    struct mailproto__smtp_command c;
    size_t at;
    (void)state;
    assert_int_equal(parse(0, "X=\xC3\xA4 SMTPUTF8", ALL, 1, 0, &c, &at), GOOD);
    assert_int_equal(parse(0, "X=\xC3 SMTPUTF8", ALL, 1, 0, &c, &at), BAD);
    assert_int_equal(parse(0, "X\xC3\xA4 SMTPUTF8", ALL, 1, 0, &c, &at), BAD);
    assert_int_equal(parse(1, "X=\xC3\xA4", ALL, 1, 1, &c, &at), GOOD);
    assert_int_equal(parse(1, "X=\xC3\xA4", ALL, 1, 0, &c, &at), BAD);
    /* RFC 6533 3: ORCPT with UTF-8 */
    assert_int_equal(parse(1, "ORCPT=utf-8;j\xC3\xB6@b", ALL, 0, 1, &c, &at), GOOD);
    assert_int_equal(parse(1, "ORCPT=utf-8;j\xC3\xB6@b", ALL, 0, 0, &c, &at), BAD);
    assert_int_equal(parse(1, "ORCPT=rfc822;j\xC3\xB6@b", ALL, 0, 1, &c, &at), BAD);
    assert_int_equal(parse(1, "ORCPT=utf-8;j\\x{F6}@b", ALL, 0, 0, &c, &at), GOOD);
}

/* ---- MAIL ------------------------------------------------------------------------ */

static void mail_values(void **state)
{
    static const struct param_case cases[] = {
        {"SIZE=0", CAP(SIZE), GOOD, 0},
        {"size=18446744073709551615", CAP(SIZE), GOOD, 0},
        {"SIZE=18446744073709551616", CAP(SIZE), BAD, 0},
        {"SIZE=00000000000000000001", CAP(SIZE), GOOD, 0},
        {"SIZE=000000000000000000001", CAP(SIZE), BAD, 0},
        {"SIZE=-1", CAP(SIZE), BAD, 0},
        {"SIZE=", CAP(SIZE), BAD, 0},
        {"SIZE", CAP(SIZE), BAD, 0},
        {"SIZE=1", ~CAP(SIZE), UNKNOWN, 0},
        {"SIZE=1 SIZE=1", CAP(SIZE), BAD, 7},
        {"BODY=7BIT", CAP(8BITMIME), GOOD, 0},
        {"body=8bitmime", CAP(8BITMIME), GOOD, 0},
        {"BODY=BINARYMIME", CAP(8BITMIME) | CAP(BINARYMIME), GOOD, 0},
        {"BODY=BINARYMIME", CAP(8BITMIME), UNKNOWN, 0},
        {"BODY=9BIT", ALL, BAD, 0},
        {"BODY", ALL, BAD, 0},
        {"BODY=7BIT", CAP(SIZE), UNKNOWN, 0},
        {"BODY=7BIT BODY=7BIT", ALL, BAD, 10},
        {"SMTPUTF8", CAP(SMTPUTF8), GOOD, 0},
        {"SMTPUTF8=1", CAP(SMTPUTF8), BAD, 0},
        {"SMTPUTF8", ~CAP(SMTPUTF8), UNKNOWN, 0},
        {"SMTPUTF8 SMTPUTF8", ALL, BAD, 9},
        {"AUTH=<>", CAP(AUTH), GOOD, 0},
        {"AUTH=+3C+3E", CAP(AUTH), GOOD, 0},
        {"AUTH=a@b", CAP(AUTH), GOOD, 0},
        {"AUTH=e+3Dmc2@example.com", CAP(AUTH), GOOD, 0},
        {"AUTH=+22a+20b+22@c", CAP(AUTH), GOOD, 0},
        {"AUTH=a@b", ~CAP(AUTH), UNKNOWN, 0},
        {"AUTH=<a@b>", ALL, BAD, 0},
        {"AUTH=a", ALL, BAD, 0},
        {"AUTH", ALL, BAD, 0},
        {"AUTH=a+0Ab@c", ALL, BAD, 0},
        {"AUTH=+22a+0D+22@c", ALL, BAD, 0},
        {"AUTH=+22a+00+22@c", ALL, BAD, 0},
        {"AUTH=a+0", ALL, BAD, 0},
        {"AUTH=a+", ALL, BAD, 0},
        {"AUTH=a+3g@b", ALL, BAD, 0},
        {"AUTH=a+3d@b", ALL, BAD, 0}, /* RFC 3461 4: upper case */
        {"AUTH=j+C3+B6@b", ALL, BAD, 0},
        {"AUTH=j+C3+B6@b SMTPUTF8", ALL, GOOD, 0},
        {"SMTPUTF8 AUTH=j+C3+B6@b", ALL, GOOD, 0},
        {"AUTH=<> AUTH=<>", ALL, BAD, 8},
        {"RET=FULL", CAP(DSN), GOOD, 0},
        {"RET=hdrs", CAP(DSN), GOOD, 0},
        {"RET=HDR", CAP(DSN), BAD, 0},
        {"RET", CAP(DSN), BAD, 0},
        {"RET=FULL", ~CAP(DSN), UNKNOWN, 0},
        {"ENVID=a+20b+2B", CAP(DSN), GOOD, 0},
        {"ENVID=a+0A", CAP(DSN), BAD, 0},
        {"ENVID=a+7F", CAP(DSN), BAD, 0},
        {"ENVID=a+80", CAP(DSN), BAD, 0},
        {"ENVID", CAP(DSN), BAD, 0},
        {"ENVID=1 ENVID=1", CAP(DSN), BAD, 8},
        {"NOTIFY=NEVER", ALL, UNKNOWN, 0},
        {"ORCPT=rfc822;a", ALL, UNKNOWN, 0},
        {"BY=120;R", CAP(DELIVERBY), GOOD, 0},
        {"BY=120;R", ~CAP(DELIVERBY), UNKNOWN, 0},
        {"BY", CAP(DELIVERBY), BAD, 0},
        {"HOLDFOR=60", CAP(FUTURERELEASE), GOOD, 0},
        {"HOLDUNTIL=2027-01-01T00:00:00Z", CAP(FUTURERELEASE), GOOD, 0},
        {"HOLDFOR=60", ~CAP(FUTURERELEASE), UNKNOWN, 0},
        {"MT-PRIORITY=-3", CAP(MT_PRIORITY), GOOD, 0},
        {"MT-PRIORITY=-3", ~CAP(MT_PRIORITY), UNKNOWN, 0},
        {"REQUIRETLS", CAP(REQUIRETLS), GOOD, 0},
        {"REQUIRETLS=1", CAP(REQUIRETLS), BAD, 0},
        {"REQUIRETLS", ~CAP(REQUIRETLS), UNKNOWN, 0},
        {"RRVS=2014-04-03T23:01:00Z", ALL, UNKNOWN, 0},
        {"SIZE=1 BODY=7BIT SMTPUTF8 AUTH=<> RET=FULL ENVID=x BY=1;N MT-PRIORITY=1 "
         "REQUIRETLS HOLDFOR=1",
         ALL, GOOD, 0},
        {"SIZE=1 FOO", ALL, UNKNOWN, 7},
    };
    (void)state;
    check(0, cases, sizeof cases / sizeof cases[0]);
}

static void rcpt_values(void **state)
{
    static const struct param_case cases[] = {
        {"NOTIFY=NEVER", CAP(DSN), GOOD, 0},
        {"NOTIFY=success,FAILURE,delay", CAP(DSN), GOOD, 0},
        {"NOTIFY=DELAY", CAP(DSN), GOOD, 0},
        {"NOTIFY=NEVER,DELAY", CAP(DSN), BAD, 0},
        {"NOTIFY=DELAY,", CAP(DSN), BAD, 0},
        {"NOTIFY=,DELAY", CAP(DSN), BAD, 0},
        {"NOTIFY=FROP", CAP(DSN), BAD, 0},
        {"NOTIFY", CAP(DSN), BAD, 0},
        {"NOTIFY=NEVER", ~CAP(DSN), UNKNOWN, 0},
        {"NOTIFY=NEVER NOTIFY=NEVER", CAP(DSN), BAD, 13},
        {"ORCPT=rfc822;a+2Bb@c", CAP(DSN), GOOD, 0},
        {"ORCPT=rfc822;", CAP(DSN), GOOD, 0},
        {"ORCPT=rfc822", CAP(DSN), BAD, 0},
        {"ORCPT=;a", CAP(DSN), BAD, 0},
        {"ORCPT=rfc822;a+0Ab", CAP(DSN), BAD, 0},
        {"ORCPT=rfc822;++", CAP(DSN), BAD, 0},
        {"ORCPT", CAP(DSN), BAD, 0},
        {"RRVS=2014-04-03T23:01:00Z;C", CAP(RRVS), GOOD, 0},
        {"RRVS", CAP(RRVS), BAD, 0},
        {"RRVS=x", ~CAP(RRVS), UNKNOWN, 0},
        {"SIZE=1", ALL, UNKNOWN, 0},
        {"BODY=7BIT", ALL, UNKNOWN, 0},
        {"AUTH=<>", ALL, UNKNOWN, 0},
        {"SMTPUTF8", ALL, UNKNOWN, 0},
        {"RET=FULL", ALL, UNKNOWN, 0},
    };
    (void)state;
    check(1, cases, sizeof cases / sizeof cases[0]);
}

/* What is known stays refused when the unknown passes. */
static void other_parameters(void **state)
{
    struct mailproto__smtp_command c;
    size_t at;
    (void)state;
    assert_int_equal(parse(0, "FOO=1 BAR", 0, 1, 0, &c, &at), GOOD);
    assert_span(c.params, "FOO=1 BAR");
    assert_span(c.mail.extra, "FOO=1 BAR");
    assert_int_equal(parse(0, "SIZE=1", 0, 1, 0, &c, &at), UNKNOWN);
    assert_int_equal(parse(0, "NOTIFY=NEVER", ALL, 1, 0, &c, &at), UNKNOWN);
    assert_int_equal(parse(1, "FOO", 0, 1, 0, &c, &at), GOOD);
    assert_span(c.params, "FOO");
}

static void typed(void **state)
{
    struct mailproto__smtp_command c;
    size_t at;
    (void)state;
    assert_int_equal(
        parse(0, "SIZE=77 BODY=8BITMIME SMTPUTF8 AUTH=a+40b@c", ALL, 0, 0, &c, &at),
        BAD); /* decoded: a@b@c */
    assert_int_equal(
        parse(0, "SIZE=77 BODY=8BITMIME SMTPUTF8 AUTH=a+2Fb@c", ALL, 0, 0, &c, &at),
        GOOD);
    assert_int_equal(c.mail.flags, MAILPROTO_SMTP_MAIL_SMTPUTF8 |
                                       MAILPROTO_SMTP_MAIL_HAS_SIZE |
                                       MAILPROTO_SMTP_MAIL_HAS_AUTH);
    assert_int_equal(c.mail.size, 77);
    assert_int_equal(c.mail.body, MAILPROTO_SMTP_BODY_8BITMIME);
    assert_span(c.mail.auth, "a+2Fb@c");
    assert_int_equal(c.mail.extra.len, 0);
    assert_int_equal(parse(0, "AUTH=<>", ALL, 0, 0, &c, &at), GOOD);
    assert_int_equal(c.mail.flags, MAILPROTO_SMTP_MAIL_HAS_AUTH);
    assert_int_equal(c.mail.auth.len, 0);
    assert_int_equal(parse(0, "AUTH=+3C+3E", ALL, 0, 0, &c, &at), GOOD);
    assert_int_equal(c.mail.auth.len, 0);
    assert_int_equal(parse(0, "", ALL, 0, 0, &c, &at), GOOD);
    assert_int_equal(c.mail.flags, 0);
    assert_int_equal(c.mail.body, MAILPROTO_SMTP_BODY_NONE);
    assert_int_equal(c.params.len, 0);
    assert_int_equal(parse(0, "BODY=7BIT", ALL, 0, 0, &c, &at), GOOD);
    assert_int_equal(c.mail.body, MAILPROTO_SMTP_BODY_7BIT);
    assert_int_equal(parse(0, "BODY=BINARYMIME", ALL, 0, 0, &c, &at), GOOD);
    assert_int_equal(c.mail.body, MAILPROTO_SMTP_BODY_BINARYMIME);
    assert_int_equal(parse(0, "SIZE=1 RET=FULL ENVID=x", ALL, 0, 0, &c, &at), GOOD);
    assert_span(c.mail.extra, "RET=FULL ENVID=x");
    assert_span(c.params, "SIZE=1 RET=FULL ENVID=x");
}

/* The longest mailbox that AUTH= may hold, and one octet more. */
static void auth_limit(void **state)
{
    char params[300] = "AUTH=a@";
    struct mailproto__smtp_command c;
    size_t at;
    (void)state;
    memset(params + 7, 'd', 252);
    params[259] = '\0';
    assert_int_equal(parse(0, params, ALL, 0, 0, &c, &at), GOOD);
    params[259] = 'd';
    params[260] = '\0';
    assert_int_equal(parse(0, params, ALL, 0, 0, &c, &at), BAD);
}

/* ---- xtext ----------------------------------------------------------------------- */

static void xtext(void **state)
{
    unsigned c;
    (void)state;
    assert_int_equal(mailproto__smtp_is_xtext(text("")), 1);
    for (c = 0; c < 256; c++) {
        char plain[1];
        char hex[8];
        mailproto_bytes b;
        plain[0] = (char)(unsigned char)c;
        b.ptr = plain;
        b.len = 1;
        assert_int_equal(mailproto__smtp_is_xtext(b),
                         c > 32 && c < 127 && c != '+' && c != '=');
        (void)snprintf(hex, sizeof hex, "+%02X", c);
        assert_int_equal(mailproto__smtp_is_xtext(text(hex)), c >= 32 && c < 127);
        b.ptr = hex;
        b.len = 2;
        assert_int_equal(mailproto__smtp_is_xtext(b), 0);
        b.len = 1;
        assert_int_equal(mailproto__smtp_is_xtext(b), 0);
    }
    assert_int_equal(mailproto__smtp_is_xtext(text("a+2bc")), 0);
    assert_int_equal(mailproto__smtp_is_xtext(text("a+2Bc")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor),           cmocka_unit_test(keywords_and_values),
        cmocka_unit_test(every_octet),      cmocka_unit_test(utf8_values),
        cmocka_unit_test(mail_values),      cmocka_unit_test(rcpt_values),
        cmocka_unit_test(other_parameters), cmocka_unit_test(typed),
        cmocka_unit_test(auth_limit),       cmocka_unit_test(xtext),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
