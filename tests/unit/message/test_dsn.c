/* The body of message/delivery-status: its fields, what peers may put into them, reading
 * at any size and from anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/compose.h>

#include "compose_make.h"

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static void fill(mailproto_dsn *d, mailproto_dsn_recipient *r)
{
    memset(d, 0, sizeof *d);
    memset(r, 0, 2 * sizeof *r);
    r[0].final = bytes("bob@b.example");
    r[0].action = bytes("failed");
    r[0].status = bytes("5.1.1");
    r[0].last_attempt = INT64_MIN;
    r[0].retry_until = INT64_MIN;
    r[1] = r[0];
    d->struct_size = sizeof *d;
    d->recipient_stride = sizeof *r;
    d->reporting = bytes("mx.example");
    d->arrival = INT64_MIN;
    d->recipients = r;
    d->count = 1;
}

static void read_all(const mailproto_source *s, size_t cap, struct text *out)
{
    char buf[4096];
    size_t got;
    mailproto_status status;
    while ((status = s->read_at(s->ctx, out->len, buf, cap, &got)) == MAILPROTO_OK) {
        assert_true(got > 0 && got <= cap);
        text_add(out, buf, got);
    }
    assert_int_equal(status, MAILPROTO_EOF);
    assert_int_equal(out->len, s->size);
}

static void check_written(const mailproto_dsn *d, const char *want)
{
    mailproto_dsn_writer w;
    mailproto_source s;
    size_t cap;
    size_t at;
    char buf[64];
    size_t got;
    for (cap = 1; cap < 100; cap += 3) {
        struct text out = {0};
        assert_int_equal(mailproto_dsn_source(&w, d, &s), MAILPROTO_OK);
        read_all(&s, cap, &out);
        assert_string_equal(text_string(&out), want);
        text_free(&out);
    }
    for (at = s.size; at-- > 0;) { /* backwards */
        assert_int_equal(s.read_at(s.ctx, at, buf, 1 + at % 5, &got), MAILPROTO_OK);
        assert_memory_equal(buf, want + at, got);
    }
    assert_int_equal(s.read_at(s.ctx, s.size + 5, buf, 5, &got), MAILPROTO_EOF);
}

static void test_fields(void **state)
{
    mailproto_dsn d;
    mailproto_dsn_recipient r[2];
    (void)state;
    fill(&d, r);
    check_written(&d, "Reporting-MTA: dns; mx.example\r\n\r\n"
                      "Final-Recipient: rfc822; bob@b.example\r\n"
                      "Action: failed\r\nStatus: 5.1.1\r\n");
    d.envelope_id = bytes("QQ+2B314+3D");
    d.received_from = bytes("client.example");
    d.arrival = 0;
    d.count = 2;
    r[0].original = bytes("rfc822;Bob+2Bx@b.example");
    r[0].remote = bytes("mail.b.example");
    r[0].diagnostic = bytes("550-No such user\r\n550 5.1.1 really");
    r[0].last_attempt = 60;
    r[0].retry_until = 86400;
    r[1].final = bytes("\xc3\xa9=\xf0\x9f\x98\x80@b.example");
    r[1].action = bytes("Delayed");
    r[1].status = bytes("4.4.100");
    check_written(&d, "Original-Envelope-Id: QQ+314=\r\n"
                      "Reporting-MTA: dns; mx.example\r\n"
                      "Received-From-MTA: dns; client.example\r\n"
                      "Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
                      "\r\n"
                      "Original-Recipient: rfc822;Bob+x@b.example\r\n"
                      "Final-Recipient: rfc822; bob@b.example\r\n"
                      "Action: failed\r\n"
                      "Status: 5.1.1\r\n"
                      "Remote-MTA: dns; mail.b.example\r\n"
                      "Diagnostic-Code: smtp; 550-No such user 550 5.1.1 really\r\n"
                      "Last-Attempt-Date: Thu, 01 Jan 1970 00:01:00 +0000\r\n"
                      "Will-Retry-Until: Fri, 02 Jan 1970 00:00:00 +0000\r\n"
                      "\r\n"
                      "Final-Recipient: utf-8; \\x{E9}\\x{3D}\\x{1F600}@b.example\r\n"
                      "Action: Delayed\r\n"
                      "Status: 4.4.100\r\n");
}

/* Blanks in quotes are part of an address; what no octet of a field can be stays as it came. */
static void test_addresses(void **state)
{
    mailproto_dsn d;
    mailproto_dsn_recipient r[2];
    (void)state;
    fill(&d, r);
    r[0].original = bytes("rfc822;\"a+20+0A+2B\"@b");
    r[0].final = bytes("\"a  b\"@b.example");
    check_written(&d, "Reporting-MTA: dns; mx.example\r\n\r\n"
                      "Original-Recipient: rfc822;\"a+20+0A+\"@b\r\n"
                      "Final-Recipient: rfc822; \"a  b\"@b.example\r\n"
                      "Action: failed\r\nStatus: 5.1.1\r\n");
    r[0].original.len = 0;
    r[0].final = bytes("\"\xc3\xa9  b\"@b.example");
    check_written(&d, "Reporting-MTA: dns; mx.example\r\n\r\n"
                      "Final-Recipient: utf-8; \"\\x{E9}\\x{20}\\x{20}b\"@b.example\r\n"
                      "Action: failed\r\nStatus: 5.1.1\r\n");
}

/* What a peer said cannot end a line, begin a field, or leave seven bits. */
static void test_hostile(void **state)
{
    static char text[5000];
    mailproto_dsn d;
    mailproto_dsn_recipient r[2];
    mailproto_dsn_writer w;
    mailproto_source s;
    size_t round;
    (void)state;
    for (round = 0; round < 300; round++) {
        struct text out = {0};
        const char *at;
        size_t i;
        size_t fields = 0;
        for (i = 0; i < sizeof text; i++) {
            static const char octets[] = "\r\n\0 :ab+0D\xff\x7f\t\x0b";
            text[i] =
                round == 0 ? 'x' : octets[(i * 7 + i * i / 11 * round) % sizeof octets];
        }
        fill(&d, r);
        d.reporting.ptr = text;
        d.reporting.len = sizeof text;
        d.envelope_id = d.reporting;
        d.received_from = d.reporting;
        r[0].original = d.reporting;
        r[0].remote = d.reporting;
        r[0].diagnostic = d.reporting;
        assert_int_equal(mailproto_dsn_source(&w, &d, &s), MAILPROTO_OK);
        read_all(&s, 777, &out);
        for (at = text_string(&out); *at != '\0'; at = strchr(at, '\n') + 1) {
            size_t len = strcspn(at, "\r\n");
            assert_true(len <= 998 && at[len] == '\r' && at[len + 1] == '\n');
            fields += len > 0 && at[0] != ' ';
            for (i = 0; i < len; i++) {
                assert_true(at[i] >= 32 && at[i] < 127);
            }
            assert_true(len == 0 || strspn(at, " ") < len);
        }
        assert_int_equal(strlen(out.data), out.len);
        assert_int_equal(fields, 9);
        text_free(&out);
    }
}

static void test_refused(void **state)
{
    mailproto_dsn d;
    mailproto_dsn_recipient r[2];
    mailproto_dsn_writer w;
    mailproto_source s;
    (void)state;
#define REFUSES(change)                                                                \
    do {                                                                               \
        fill(&d, r);                                                                   \
        change;                                                                        \
        assert_int_equal(mailproto_dsn_source(&w, &d, &s), MAILPROTO_ERR_ARGUMENT);    \
    } while (0)
    REFUSES(d.struct_size = 4);
    REFUSES(d.count = 0);
    REFUSES(d.recipients = NULL);
    REFUSES(d.recipient_stride = 8);
    REFUSES(d.reporting.len = 0);
    REFUSES(d.arrival = INT64_MAX);
    REFUSES(r[0].final = bytes(""));
    REFUSES(r[0].final = bytes("a\r\nb"));
    REFUSES(r[0].final = bytes("\xc3"));
    REFUSES(r[0].action = bytes("fail"));
    REFUSES(r[0].status = bytes("5.1"));
    REFUSES(r[0].status = bytes("3.1.1"));
    REFUSES(r[0].status = bytes("5.1.1111"));
    REFUSES(r[0].status = bytes("5.1.1.1"));
    REFUSES(r[0].status = bytes("5..1"));
    REFUSES(r[0].status = bytes("5.1.1 x"));
    REFUSES(r[0].retry_until = INT64_MAX);
    REFUSES((d.count = 2, r[1].final.len = 0));
}

/* In a report that the composer writes, measured and read. */
static void test_report(void **state)
{
    static char block[MAILPROTO_COMPOSE_MEM(2)];
    mailproto_dsn d;
    mailproto_dsn_recipient r[2];
    mailproto_dsn_writer w;
    mailproto_source s;
    mailproto_compose_part parts[2];
    mailproto_compose_options o;
    mailproto_compose_summary sum = {sizeof sum, 0, 0};
    mailproto_compose *c;
    struct text out = {0};
    (void)state;
    fill(&d, r);
    memset(parts, 0, sizeof parts);
    memset(&o, 0, sizeof o);
    assert_int_equal(mailproto_dsn_source(&w, &d, &s), MAILPROTO_OK);
    parts[0].parent = MAILPROTO_COMPOSE_ROOT;
    parts[0].type = bytes("multipart/report");
    parts[0].params = bytes("report-type=delivery-status");
    parts[1].type = bytes("message/delivery-status");
    parts[1].content = &s;
    o.struct_size = sizeof o;
    o.parts = parts;
    o.part_count = 2;
    o.utc = INT64_MIN;
    o.unique = bytes("0123456789abcdef");
    assert_int_equal(mailproto_compose_init(block, sizeof block, &o, &c), MAILPROTO_OK);
    assert_int_equal(mailproto_compose_measure(c, &sum), MAILPROTO_OK);
    assert_int_equal(make_read(c, 13, &out), MAILPROTO_EOF);
    assert_int_equal(out.len, sum.size);
    assert_string_equal(text_string(&out),
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: multipart/report;\r\n"
                        " boundary=\"=_30313233343536373839616263646566_0_\";"
                        " report-type=delivery-status\r\n"
                        "\r\n--=_30313233343536373839616263646566_0_\r\n"
                        "Content-Type: message/delivery-status\r\n"
                        "Content-Transfer-Encoding: 7bit\r\n"
                        "\r\n"
                        "Reporting-MTA: dns; mx.example\r\n\r\n"
                        "Final-Recipient: rfc822; bob@b.example\r\n"
                        "Action: failed\r\nStatus: 5.1.1\r\n"
                        "\r\n--=_30313233343536373839616263646566_0_--\r\n");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
