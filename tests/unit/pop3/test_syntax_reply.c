/*
 * Status lines, response codes, lines of listings, timestamps: each field, each fault
 * with its offset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pop3/syntax.h"

static mailproto_bytes span(const char *text, size_t len)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = len;
    return b;
}

static void expect(mailproto_bytes got, const char *text)
{
    assert_int_equal(got.len, strlen(text));
    if (got.len > 0) {
        assert_memory_equal(got.ptr, text, got.len);
    }
}

static void test_good_replies(void **state)
{
    static const struct {
        const char *line;
        uint32_t code, resp;
        const char *rest, *resp_text, *text;
    } all[] = {
        {"+OK", MAILPROTO_POP3_OK, 0, "", NULL, ""},
        {"+OK ", MAILPROTO_POP3_OK, 0, "", NULL, ""},
        {"+OK  two", MAILPROTO_POP3_OK, 0, " two", NULL, " two"},
        {"-ERR", MAILPROTO_POP3_ERR, 0, "", NULL, ""},
        {"-ERR no", MAILPROTO_POP3_ERR, 0, "no", NULL, "no"},
        {"-ERR [IN-USE] x", MAILPROTO_POP3_ERR, MAILPROTO_POP3_RESP_IN_USE,
         "[IN-USE] x", "IN-USE", "x"},
        {"-ERR [in-use]x", MAILPROTO_POP3_ERR, MAILPROTO_POP3_RESP_IN_USE, "[in-use]x",
         "in-use", "x"},
        {"-ERR [LOGIN-DELAY]", MAILPROTO_POP3_ERR, MAILPROTO_POP3_RESP_LOGIN_DELAY,
         "[LOGIN-DELAY]", "LOGIN-DELAY", ""},
        {"-ERR [SYS/TEMP] x", MAILPROTO_POP3_ERR, MAILPROTO_POP3_RESP_SYS_TEMP,
         "[SYS/TEMP] x", "SYS/TEMP", "x"},
        {"-ERR [SYS/PERM/DISK/2] x", MAILPROTO_POP3_ERR, MAILPROTO_POP3_RESP_SYS_PERM,
         "[SYS/PERM/DISK/2] x", "SYS/PERM/DISK/2", "x"},
        {"-ERR [SYS/OTHER] x", MAILPROTO_POP3_ERR, 0, "[SYS/OTHER] x", "SYS/OTHER",
         "x"},
        {"-ERR [SYS] x", MAILPROTO_POP3_ERR, 0, "[SYS] x", "SYS", "x"},
        {"-ERR [AUTH] x", MAILPROTO_POP3_ERR, MAILPROTO_POP3_RESP_AUTH, "[AUTH] x",
         "AUTH", "x"},
        {"-ERR [AUTHX] x", MAILPROTO_POP3_ERR, 0, "[AUTHX] x", "AUTHX", "x"},
        {"-ERR [UTF8] x", MAILPROTO_POP3_ERR, MAILPROTO_POP3_RESP_UTF8, "[UTF8] x",
         "UTF8", "x"},
        {"+OK [AUTH] x", MAILPROTO_POP3_OK, 0, "[AUTH] x", "AUTH", "x"},
        {"-ERR [IN USE] x", MAILPROTO_POP3_ERR, 0, "[IN USE] x", NULL, "[IN USE] x"},
        {"-ERR [] x", MAILPROTO_POP3_ERR, 0, "[] x", NULL, "[] x"},
        {"-ERR [AUTH x", MAILPROTO_POP3_ERR, 0, "[AUTH x", NULL, "[AUTH x"},
        {"-ERR x [AUTH] x", MAILPROTO_POP3_ERR, 0, "x [AUTH] x", NULL, "x [AUTH] x"},
        {"+OK \t\xff", MAILPROTO_POP3_OK, 0, "\t\xff", NULL, "\t\xff"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct mailproto__pop3_reply_line out;
        size_t at = 99;
        assert_int_equal(mailproto__pop3_reply_parse(
                             span(all[i].line, strlen(all[i].line)), &out, &at),
                         MAILPROTO_OK);
        assert_int_equal(out.code, all[i].code);
        assert_int_equal(out.resp, all[i].resp);
        expect(out.rest, all[i].rest);
        expect(out.text, all[i].text);
        if (all[i].resp_text == NULL) {
            assert_null(out.resp_text.ptr);
        } else {
            expect(out.resp_text, all[i].resp_text);
        }
    }
}

static void test_bad_replies(void **state)
{
    static const struct {
        const char *line;
        size_t len, at;
    } all[] = {
        {"", 0, 0},
        {"+", 1, 1},
        {"+O", 2, 2},
        {"-ER", 3, 3},
        {"+ok", 3, 1},
        {"+Ok", 3, 2},
        {"-err", 4, 1},
        {"+ERR", 4, 1},
        {"-OK", 3, 1},
        {"+OKx", 4, 3},
        {"-ERR:", 5, 4},
        {"OK", 2, 0},
        {"+OK a\0b", 7, 5},
        {"+OK \r", 5, 4},
        {"+OK a\n", 6, 5},
        {"-ERR\t", 5, 4},
        {"-ERR [A\0] x", 10, 7},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct mailproto__pop3_reply_line out;
        size_t at = 99;
        assert_int_equal(
            mailproto__pop3_reply_parse(span(all[i].line, all[i].len), &out, &at),
            MAILPROTO_ERR_SYNTAX);
        assert_int_equal(at, all[i].at);
    }
}

static void test_scan(void **state)
{
    static const struct {
        const char *line;
        int good;
        uint32_t n;
        uint64_t octets;
    } all[] = {
        {"1 120", 1, 1, 120},
        {"0 0", 1, 0, 0},
        {"1  120  and more", 1, 1, 120},
        {"4294967295 18446744073709551615", 1, UINT32_MAX, UINT64_MAX},
        {"4294967296 1", 0, 0, 0},
        {"1 18446744073709551616", 0, 0, 0},
        {"1 -1", 0, 0, 0},
        {"+1 1", 0, 0, 0},
        {"1", 0, 0, 0},
        {"1 ", 0, 0, 0},
        {"", 0, 0, 0},
        {" 1 1", 0, 0, 0},
        {"1\t1", 0, 0, 0},
        {"1 1x", 0, 0, 0},
        {"1 1 \x7f", 0, 0, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint32_t n = 7;
        uint64_t octets = 7;
        mailproto_status st = mailproto__pop3_scan_parse(
            span(all[i].line, strlen(all[i].line)), &n, &octets);
        assert_int_equal(st, all[i].good ? MAILPROTO_OK : MAILPROTO_ERR_SYNTAX);
        assert_int_equal(n, all[i].good ? all[i].n : 7);
        assert_int_equal(octets, all[i].good ? all[i].octets : 7);
    }
}

static void test_uids(void **state)
{
    char line[80];
    mailproto_bytes uid;
    uint32_t n;
    size_t len;
    static const char *const bad[] = {"",     "1",    "1 ",           "0 a",
                                      "a b",  "-1 a", "1 a b",        "1 a\x01",
                                      "1\ta", " 1 a", "4294967296 a", "1 \x80"};
    (void)state;
    assert_int_equal(mailproto__pop3_uid_parse(span("2 !~ ", 5), 0, &n, &uid),
                     MAILPROTO_OK);
    assert_int_equal(n, 2);
    expect(uid, "!~");
    for (len = 0; len < sizeof bad / sizeof bad[0]; len++) {
        assert_int_equal(
            mailproto__pop3_uid_parse(span(bad[len], strlen(bad[len])), 1, &n, &uid),
            MAILPROTO_ERR_SYNTAX);
    }
    memset(line, 'u', sizeof line);
    memcpy(line, "1 ", 2);
    for (len = 70; len <= 71; len++) {
        assert_int_equal(mailproto__pop3_uid_parse(span(line, len + 2), 0, &n, &uid),
                         len == 70 ? MAILPROTO_OK : MAILPROTO_ERR_SYNTAX);
        assert_int_equal(mailproto__pop3_uid_parse(span(line, len + 2), 1, &n, &uid),
                         MAILPROTO_OK);
        assert_int_equal(uid.len, len);
        assert_int_equal(mailproto__pop3_is_uid(uid), len == 70);
    }
    assert_false(mailproto__pop3_is_uid(span("", 0)));
    assert_false(mailproto__pop3_is_uid(span("a b", 3)));
}

static void test_stamps(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *found;
    } all[] = {
        {"POP3 <1.2@host> ready", 21, "<1.2@host>"},
        {"<a@b>", 5, "<a@b>"},
        {"<> <a@b>", 8, "<a@b>"},
        {"<<a@b>>", 7, "<a@b>"},
        {"x> <a@b>", 8, "<a@b>"},
        {"hi <a\0b@x>", 10, ""},
        {"hi <abc>", 8, ""},
        {"hi <a b@x>", 10, ""},
        {"hi <a@x", 7, ""},
        {"hi <>", 5, ""},
        {"hi <@>", 6, ""},
        {"hi <@b>", 7, ""},
        {"hi <a@>", 7, ""},
        {"hi <a@b@c>", 10, ""},
        {"hi <a\x80@c>", 10, ""},
        {"hi a@b>", 7, ""},
        {"", 0, ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        mailproto_bytes found =
            mailproto__pop3_find_stamp(span(all[i].text, all[i].len));
        expect(found, all[i].found);
        assert_int_equal(mailproto__pop3_is_stamp(found), found.len > 0);
    }
    assert_false(mailproto__pop3_is_stamp(span("<a@b> ", 6)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_replies), cmocka_unit_test(test_bad_replies),
        cmocka_unit_test(test_scan), cmocka_unit_test(test_uids),
        cmocka_unit_test(test_stamps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
