/*
 * The Received field: its form (RFC 5321 4.4), and that no value can break it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/smtp.h>

static mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static mailproto_smtp_received plain(void)
{
    mailproto_smtp_received r;
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.by = bytes_of("mx.example");
    return r;
}

static void check(const mailproto_smtp_received *r, const char *wanted)
{
    char buf[4096];
    size_t len = 99;
    size_t full = strlen(wanted);
    memset(buf, '#', sizeof buf);
    assert_int_equal(mailproto_smtp_received_write(r, buf, sizeof buf, &len),
                     MAILPROTO_OK);
    assert_int_equal(buf[len], '#');
    buf[len] = '\0';
    assert_string_equal(buf, wanted);
    /* Room to the octet. */
    memset(buf, '#', sizeof buf);
    assert_int_equal(mailproto_smtp_received_write(r, buf, full - 1, &len),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, 0);
    assert_int_equal(buf[0], '#');
    assert_int_equal(mailproto_smtp_received_write(r, buf, full, &len), MAILPROTO_OK);
    assert_int_equal(len, full);
}

static void forms(void **state)
{
    mailproto_smtp_received r = plain();
    (void)state;
    check(&r, "Received: from unknown\r\n\tby mx.example;"
              " Thu, 01 Jan 1970 00:00:00 +0000\r\n");
    r.helo = bytes_of("c.example");
    r.address = bytes_of("192.0.2.1");
    r.with = bytes_of("ESMTPS");
    r.id = bytes_of("4ABC.1");
    r.zone_minutes = -90;
    r.utc = 1000000000;
    check(&r,
          "Received: from c.example ([192.0.2.1])\r\n\tby mx.example with ESMTPS id "
          "4ABC.1; Sun, 09 Sep 2001 00:16:40 -0130\r\n");
    r.tcp_name = bytes_of("host.example");
    r.address = bytes_of("2001:db8::1");
    r.rcpt = bytes_of("smith@s.example");
    check(
        &r,
        "Received: from c.example (host.example [IPv6:2001:db8::1])\r\n\tby mx.example "
        "with ESMTPS id 4ABC.1 for <smith@s.example>;\r\n\tSun, 09 Sep 2001 00:16:40 "
        "-0130\r\n");
    r.tcp_name.len = 0;
    r.address = bytes_of("IPv6:2001:db8::1");
    r.helo = bytes_of("[IPv6:2001:db8::2]");
    r.rcpt.len = 0;
    check(&r,
          "Received: from [IPv6:2001:db8::2] ([IPv6:2001:db8::1])\r\n\tby mx.example "
          "with ESMTPS id 4ABC.1; Sun, 09 Sep 2001 00:16:40 -0130\r\n");
    r.address = bytes_of("2001:db8::1");
    check(&r,
          "Received: from [IPv6:2001:db8::2] ([IPv6:2001:db8::1])\r\n\tby mx.example "
          "with ESMTPS id 4ABC.1; Sun, 09 Sep 2001 00:16:40 -0130\r\n");
    /* TCP-info has no form without an address. */
    r.address.len = 0;
    r.tcp_name = bytes_of("host.example");
    check(&r, "Received: from [IPv6:2001:db8::2]\r\n\tby mx.example "
              "with ESMTPS id 4ABC.1; Sun, 09 Sep 2001 00:16:40 -0130\r\n");
}

static void refused(void **state)
{
    mailproto_smtp_received r = plain();
    char buf[100];
    size_t len;
    (void)state;
    assert_int_equal(mailproto_smtp_received_write(NULL, buf, 100, &len),
                     MAILPROTO_ERR_ARGUMENT);
    r.by.len = 0;
    assert_int_equal(mailproto_smtp_received_write(&r, buf, 100, &len),
                     MAILPROTO_ERR_ARGUMENT);
    r = plain();
    r.zone_minutes = 1440;
    assert_int_equal(mailproto_smtp_received_write(&r, buf, 100, &len),
                     MAILPROTO_ERR_ARGUMENT);
    r.zone_minutes = -1440;
    assert_int_equal(mailproto_smtp_received_write(&r, buf, 100, &len),
                     MAILPROTO_ERR_ARGUMENT);
    r.zone_minutes = 1439;
    assert_int_equal(mailproto_smtp_received_write(&r, buf, 100, &len), MAILPROTO_OK);
    r.utc = INT64_MAX;
    assert_int_equal(mailproto_smtp_received_write(&r, buf, 100, &len),
                     MAILPROTO_ERR_ARGUMENT);
    r = plain();
    r.struct_size = 3;
    assert_int_equal(mailproto_smtp_received_write(&r, buf, 100, &len),
                     MAILPROTO_ERR_ARGUMENT);
}

/* What a client may put into HELO: written as `?`, one for each octet. */
static void hostile(void **state)
{
    static const char *const cases[][2] = {{"a b", "a?b"},
                                           {"a\r\nX: y", "a??X??y"},
                                           {"(c)", "?c?"},
                                           {"a;b", "a?b"},
                                           {"a<b>", "a?b?"},
                                           {"a\"b", "a?b"},
                                           {"a\\b", "a?b"},
                                           {".a..b.", "?a??b?"},
                                           {"my_host-1", "my_host-1"},
                                           {"[a]b]", "[a?b]"},
                                           {"[", "?"},
                                           {"[]", "[]"},
                                           {"[a\\]", "[a?]"},
                                           {"[a", "?a"},
                                           {"a]", "a?"},
                                           {"\xc3\xa9.example", "\xc3\xa9.example"},
                                           {"\xc3.example", "?.example"},
                                           {"\x7f", "?"},
                                           {"$(reboot)`id`", "$?reboot?`id`"},
                                           {"a,b:c@d", "a?b?c?d"}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mailproto_smtp_received r = plain();
        char buf[200];
        char head[60];
        size_t len;
        r.helo = bytes_of(cases[i][0]);
        assert_int_equal(mailproto_smtp_received_write(&r, buf, sizeof buf, &len),
                         MAILPROTO_OK);
        strcpy(head, "Received: from ");
        strcat(head, cases[i][1]);
        strcat(head, "\r\n\tby");
        assert_memory_equal(buf, head, strlen(head));
    }
}

static void hostile_elsewhere(void **state)
{
    mailproto_smtp_received r = plain();
    (void)state;
    r.helo = bytes_of("h");
    r.tcp_name = bytes_of("n) (x");
    r.address = bytes_of("1.2]\r\n:\xc3\xa9");
    r.by = bytes_of("b;c");
    r.with = bytes_of("E SMTP");
    r.id = bytes_of("<i@d>");
    r.rcpt = bytes_of("a> (@b");
    check(&r, "Received: from h (n???x [IPv6:1.2???:??])\r\n\tby b?c with E?SMTP id "
              "?i?d? for "
              "<a???@b>; Thu, 01 Jan 1970 00:00:00 +0000\r\n");
    r = plain();
    /* A mailbox that is one stays as it is. */
    r.rcpt = bytes_of("\"a> (\\\"\"@[192.0.2.1]");
    check(&r,
          "Received: from unknown\r\n\tby mx.example for <\"a> (\\\"\"@[192.0.2.1]>; "
          "Thu, 01 Jan 1970 00:00:00 +0000\r\n");
    r.rcpt = bytes_of("\xc3\xa9@b.example");
    check(&r, "Received: from unknown\r\n\tby mx.example for <\xc3\xa9@b.example>; "
              "Thu, 01 Jan 1970 00:00:00 +0000\r\n");
    r.rcpt = bytes_of("Postmaster");
    check(&r, "Received: from unknown\r\n\tby mx.example for <Postmaster>; "
              "Thu, 01 Jan 1970 00:00:00 +0000\r\n");
}

/* Lines within 78 octets wherever a value allows it. */
static void folding(void **state)
{
    mailproto_smtp_received r;
    char name[256];
    char buf[4096];
    size_t len;
    size_t n;
    (void)state;
    memset(name, 'x', sizeof name);
    for (n = 1; n <= 255; n++) {
        size_t i;
        size_t column = 0;
        r = plain();
        r.helo.ptr = name;
        r.helo.len = n;
        r.tcp_name = r.helo;
        r.address = bytes_of("2001:db8::1");
        r.by = r.helo;
        r.with = bytes_of("UTF8SMTPSA");
        r.id = r.helo;
        r.rcpt = bytes_of("someone@some.example");
        assert_int_equal(mailproto_smtp_received_write(&r, buf, sizeof buf, &len),
                         MAILPROTO_OK);
        for (i = 0; i < len; i++) {
            column = buf[i] == '\n' ? 0 : column + (buf[i] != '\r');
            assert_true(column <= 78 || n > 70);
            assert_true(column <= 998);
            if (buf[i] == '\n' && i + 1 < len) {
                assert_int_equal(buf[i + 1], '\t');
                assert_true(buf[i + 2] > ' ');
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),   cmocka_unit_test(refused),
        cmocka_unit_test(hostile), cmocka_unit_test(hostile_elsewhere),
        cmocka_unit_test(folding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
