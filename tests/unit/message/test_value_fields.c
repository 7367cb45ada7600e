/*
 * Received, Authentication-Results, reports, and text: what each part of a value becomes,
 * and each defect with its offset.
 */
#include "value_check.h"

static void add(struct text *t, const char *name, mailproto_bytes b)
{
    if (b.len > 0) {
        text_print(t, "%s=%.*s|", name, (int)b.len, b.ptr);
    }
}

static void same(struct text *t, const mailproto_defects *d, const char *value,
                 const char *expected)
{
    value_trace_defects(t, d);
    if (strcmp(text_string(t), expected) != 0) {
        print_error("%s\nis: %s\nshould be: %s\n", value, t->data, expected);
        fail();
    }
    text_free(t);
}

/* ---- Received ------------------------------------------------------------------------ */

static void received(const char *value, uint32_t flags, const char *expected)
{
    mailproto_value_defect items[8];
    mailproto_defects d = {sizeof d, 8, items, 0, {0, 0, 0}, 0, 0};
    struct text t = {NULL, 0, 0};
    mailproto_received r;
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    if (mailproto_received_parse(bytes_of(value), flags, &d, &r) != MAILPROTO_OK) {
        text_print(&t, "error|");
    }
    add(&t, "from", r.from);
    add(&t, "by", r.by);
    add(&t, "via", r.via);
    add(&t, "with", r.with);
    add(&t, "id", r.id);
    add(&t, "for", r.recipient);
    add(&t, "helo", r.helo);
    add(&t, "rdns", r.rdns);
    add(&t, "address", r.address);
    add(&t, "tls", r.tls);
    add(&t, "cipher", r.cipher);
    add(&t, "ident", r.ident);
    if (r.flags != 0) {
        text_print(&t, "%u|", (unsigned)r.flags);
    }
    if (r.flags & MAILPROTO_RECEIVED_HAS_DATE) {
        text_print(&t, "%lld|", (long long)r.date.utc);
    }
    same(&t, &d, value, expected);
}

static void received_fields(void **state)
{
    (void)state;
    received(
        "from a.example (b.example [192.0.2.1]) by c.example with ESMTPS id 7 for "
        "<d@e.example>; Thu, 1 Jan 1970 00:00:00 +0000",
        MAILPROTO_VALUE_STRICT,
        "from=a.example|by=c.example|with=ESMTPS|id=7|for=d@e.example|rdns=b.example|"
        "address=192.0.2.1|3|0|");
    received("from a (HELO b.example) (ann@192.0.2.1)\r\n by c with SMTP; 1 Jan 1970 "
             "00:00:01 +0000",
             0,
             "from=a|by=c|with=SMTP|helo=b.example|address=192.0.2.1|ident=ann|1|1|");
    received("from [192.0.2.1]:25 (helo=b.example) by c with esmtpsa (TLS1.3) tls "
             "TLS_AES_256_GCM_SHA384 (X 4.9); 1 Jan 1970 00:00:00 +0000",
             0,
             "from=[192.0.2.1]:25|by=c|with=esmtpsa|helo=b.example|address=192.0.2.1|"
             "tls=TLS1.3|"
             "cipher=TLS_AES_256_GCM_SHA384|7|0|");
    /* what the receiver found comes before what the client said */
    received("from [192.0.2.7] (a.example [192.0.2.1]) by c; 1 Jan 1970 00:00:00 +0000",
             0, "from=[192.0.2.7]|by=c|rdns=a.example|address=192.0.2.1|1|0|");
    received("from a [192.0.2.1] by c [192.0.2.2] (x); 1 Jan 1970 00:00:00 +0000", 0,
             "from=a|by=c|address=192.0.2.1|1|0|");
    received("from a (IDENT:ann@b.example [192.0.2.1]) (authenticated bits=0) by c; 1 "
             "Jan 1970 00:00:00 +0000",
             0, "from=a|by=c|rdns=b.example|address=192.0.2.1|ident=ann|1|0|");
    received(
        "from a (a.example [IPv6:2001:db8::1]) (using TLSv1.2 with cipher X-Y "
        "(256/256 bits)) (Client did not present a certificate) by c with ESMTP; 1 "
        "Jan 1970 00:00:00 +0000",
        0,
        "from=a|by=c|with=ESMTP|rdns=a.example|address=2001:db8::1|tls=TLSv1.2|"
        "cipher=X-Y|3|0|");
    received(
        "from a by c with SMTP (version=TLS1_3 cipher=ABC bits=256/256); 1 Jan 1970 "
        "00:00:00 +0000",
        0, "from=a|by=c|with=SMTP|tls=TLS1_3|cipher=ABC|3|0|");
    received("(invoked by uid 5; really); 1 Jan 1970 00:00:00 +0000", 0, "1|0|");
    received("from a by c", 0, "from=a|by=c|NO_DATE@11");
    received("from a from b junk; nonsense", 0, "from=a|CLAUSE@7 NO_DATE@20");
    received("junk from a; 1 Jan 1970 00:00:00 +0000", 0, "from=a|1|0|CLAUSE@0");
    received("from a by; 1 Jan 1970 00:00:00 +0000", 0, "from=a|1|0|CLAUSE@7");
    received("from a by c", MAILPROTO_VALUE_STRICT, "error|NO_DATE@11");
    received("", 0, "NO_DATE@0");
    received("from a by b;", 0, "from=a|by=b|NO_DATE@12");
    received("from a; 1 Jan 1970 00:00:00 +0000 (x \\) y)", 0, "from=a|1|0|");
    received("from a by b; 1 Jan 1970 00:00:00 +0000 (x) y z", 0,
             "from=a|by=b|1|0|TRAILING@13");
    received("from a\r\nby\nb; 1 Jan 1970 00:00:00 +0000", 0,
             "from=a|by=b|1|0|CONTROL@6 CONTROL@10");
    received("from a by b for <x@y>, <z@w>; 1 Jan 1970 00:00:00 +0000", 0,
             "from=a|by=b|for=x@y|1|0|CLAUSE@21");
    received("by b for <\"x>;y\"@z>", 0, "by=b|for=\"x>;y\"@z|NO_DATE@19");
    received("from a (x) y by b; 1 Jan 1970 00:00:00 +0000", 0,
             "from=a|by=b|1|0|CLAUSE@11");
    received("from a (user=x@y mech=PLAIN bits=0) by b; 1 Jan 1970 00:00:00 +0000", 0,
             "from=a|by=b|ident=x@y|1|0|");
    received("by b; 1 Jan 1970 00:00:00 +0000 >", 0, "by=b|1|0|");
    received("from a (999.2.3.4) by b; 1 Jan 1970 00:00:00 +0000", 0,
             "from=a|by=b|rdns=999.2.3.4|1|0|");
}

static void received_clauses(void **state)
{
    static const char value[] = "from a (x) [y] by b c via d (z);e";
    static const char *const expected[] = {"1 from a (x) [y]", "2 by b c ",
                                           "3 via d (z)", "7  e "};
    mailproto_value v;
    mailproto_received_clause c;
    size_t n = 0;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    (void)mailproto_value_open(&v, bytes_of(value), MAILPROTO_VALUE_FINAL, NULL);
    while (mailproto_received_next(&v, &c) == MAILPROTO_OK) {
        struct text t = {NULL, 0, 0};
        text_print(&t, "%u %.*s %.*s %.*s", (unsigned)c.clause, (int)c.name.len,
                   c.name.ptr, (int)c.value.len, c.value.ptr, (int)c.comment.len,
                   c.comment.ptr);
        assert_true(n < 4);
        assert_string_equal(t.data == NULL ? "" : text_string(&t), expected[n]);
        text_free(&t);
        n++;
    }
    assert_int_equal(n, 4);
    (void)mailproto_value_open(&v, bytes_of(value), 0, NULL);
    assert_int_equal(mailproto_received_next(&v, &c), MAILPROTO_ERR_ARGUMENT);
}

/* ---- Authentication-Results ------------------------------------------------------------- */

static void auth(const char *value, uint32_t flags, const char *expected)
{
    mailproto_value_defect items[8];
    mailproto_defects d = {sizeof d, 8, items, 0, {0, 0, 0}, 0, 0};
    struct text t = {NULL, 0, 0};
    mailproto_value v;
    mailproto_auth_results h;
    mailproto_auth_result r;
    mailproto_auth_property p;
    memset(&h, 0, sizeof h);
    memset(&r, 0, sizeof r);
    memset(&p, 0, sizeof p);
    h.struct_size = sizeof h;
    r.struct_size = sizeof r;
    p.struct_size = sizeof p;
    (void)mailproto_value_open(&v, bytes_of(value), flags | MAILPROTO_VALUE_FINAL, &d);
    if (mailproto_auth_results_begin(&v, &h) == MAILPROTO_OK) {
        mailproto_status status;
        text_print(&t, "%u ", (unsigned)h.version);
        add(&t, "server", h.server);
        while ((status = mailproto_auth_result_next(&v, &r)) == MAILPROTO_OK) {
            text_print(&t, "@%llu/%u ", (unsigned long long)r.offset,
                       (unsigned)r.version);
            add(&t, "method", r.method);
            add(&t, "result", r.result);
            add(&t, "reason", r.reason);
            while (mailproto_auth_property_next(&v, &p) == MAILPROTO_OK) {
                add(&t, "type", p.type);
                add(&t, "property", p.property);
                add(&t, "value", p.value);
            }
        }
        text_print(&t, "%s", status == MAILPROTO_EOF ? "" : "error|");
    } else {
        text_print(&t, "error|");
    }
    same(&t, &d, value, expected);
}

static void auth_results(void **state)
{
    (void)state;
    auth("m.example 1; none", MAILPROTO_VALUE_STRICT, "1 server=m.example|");
    auth("m.example; (x) spf=pass (y) smtp.mailfrom=a@b.example;\r\n dkim/1 = fail "
         "reason=\"bad (sig)\" header.d=c.example header . i = @c.example",
         MAILPROTO_VALUE_STRICT,
         "1 server=m.example|@15/1 method=spf|result=pass|type=smtp|property=mailfrom|"
         "value=a@b.example|@57/1 method=dkim|result=fail|reason=bad (sig)|type=header|"
         "property=d|value=c.example|type=header|property=i|value=@c.example|");
    auth("\"m;n\" 2; a=b", 0, "2 server=m;n|@9/1 method=a|result=b|VERSION@6");
    auth("m; a/3=b", 0, "1 server=m|@3/3 method=a|result=b|VERSION@5");
    auth("m; junk; a=b c;", 0,
         "1 server=m|@9/1 method=a|result=b|KEYWORD@3 PARAMETER@13");
    auth("m; a=; b=c", 0, "1 server=m|@7/1 method=b|result=c|KEYWORD@3");
    auth("m; junk", MAILPROTO_VALUE_STRICT, "1 server=m|error|KEYWORD@3");
    auth(";", 0, "error|EMPTY@0");
}

/* ---- reports ------------------------------------------------------------------------- */

static void report_fields(void **state)
{
    static const char body[] =
        "\r\nReporting-MTA: dns; m.example\r\n\r\n"
        "Final-Recipient : rfc822;a@b\r\nStatus: 5.1.1\r\n (no)\r\n"
        "junk\r\n \r\nX-Y: z\n\n\nAction:failed";
    static const char expected[] =
        "0 2@2 Reporting-MTA=dns; m.example|1 7@35 Final-Recipient=rfc822;a@b|"
        "1 9@65 Status=5.1.1\r\n (no)|2 0@96 X-Y=z|3 8@105 Action=failed|FIELD@87";
    mailproto_value_defect items[8];
    mailproto_defects d = {sizeof d, 8, items, 0, {0, 0, 0}, 0, 0};
    struct text t = {NULL, 0, 0};
    mailproto_value v;
    mailproto_report_field f;
    (void)state;
    memset(&f, 0, sizeof f);
    f.struct_size = sizeof f;
    (void)mailproto_value_open(&v, bytes_of(body), MAILPROTO_VALUE_FINAL, &d);
    while (mailproto_report_next(&v, &f) == MAILPROTO_OK) {
        text_print(&t, "%u %u@%llu %.*s=%.*s|", (unsigned)f.group, (unsigned)f.id,
                   (unsigned long long)f.offset, (int)f.name.len, f.name.ptr,
                   (int)f.value.len, f.value.ptr);
    }
    same(&t, &d, body, expected);
    (void)mailproto_value_open(&v, bytes_of("junk"),
                               MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT, NULL);
    assert_int_equal(mailproto_report_next(&v, &f), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(mailproto_report_find(bytes_of("FEEDBACK-type")),
                     MAILPROTO_REPORT_FEEDBACK_TYPE);
    assert_int_equal(mailproto_report_find(bytes_of("")), MAILPROTO_REPORT_OTHER);
}

static void decode(const char *from, uint32_t form, const char *expected,
                   uint32_t defects)
{
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    char out[64];
    size_t len;
    assert_int_equal(
        mailproto_report_decode(bytes_of(from), form, out, sizeof out, &len, &d),
        MAILPROTO_OK);
    out[len] = '\0';
    assert_string_equal(out, expected);
    assert_int_equal(d.count, defects);
    assert_true(len == 0 ||
                mailproto_report_decode(bytes_of(from), form, out, len - 1, &len,
                                        NULL) == MAILPROTO_ERR_TOO_LONG);
}

static void report_values(void **state)
{
    mailproto_report_typed t;
    mailproto_disposition m;
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    uint16_t code[3];
    char out[4];
    size_t len;
    (void)state;
    memset(&t, 0, sizeof t);
    t.struct_size = sizeof t;
    assert_int_equal(
        mailproto_report_typed_parse(bytes_of(" (x) RFC822 (y) ; a@b "), &t), 0);
    assert_int_equal(t.type, MAILPROTO_REPORT_TYPE_RFC822);
    assert_int_equal(t.value.len, 3);
    assert_int_equal(mailproto_report_typed_parse(bytes_of("utf-8;a"), &t), 0);
    assert_int_equal(t.type, MAILPROTO_REPORT_TYPE_UTF8);
    assert_int_equal(mailproto_report_typed_parse(bytes_of("a@b"), &t), 0);
    assert_int_equal(t.type, MAILPROTO_REPORT_TYPE_OTHER);
    assert_int_equal(t.name.len, 0);
    assert_int_equal(t.value.len, 3);
    decode("a+2Bb+3D@c", MAILPROTO_REPORT_XTEXT, "a+b=@c", 0);
    decode("a+2Bb", MAILPROTO_REPORT_PLAIN, "a+2Bb", 0);
    decode("a+zz+0A+", MAILPROTO_REPORT_XTEXT, "a+zz+0A+", 3);
    decode("\\x{20AC}\\x{e4}+2B@c", MAILPROTO_REPORT_UTF8, "\xE2\x82\xAC\xC3\xA4+@c",
           0);
    decode("\\x{D800}\\x{110000}\\x{0A}\\x20", MAILPROTO_REPORT_UTF8,
           "\\x{D800}\\x{110000}\\x{0A}\\x20", 4);
    decode("a (b) @\r\n c", MAILPROTO_REPORT_PLAIN, "a@c", 0);
    decode(" \"John  Doe\" (x) @c", MAILPROTO_REPORT_PLAIN, "\"John  Doe\"@c", 0);
    decode("\"a(b)\\\" +2B\r\n c\"@d", MAILPROTO_REPORT_XTEXT, "\"a(b)\\\" + c\"@d", 0);
    decode("\"a\\\"\\x{e9}\"@d", MAILPROTO_REPORT_UTF8, "\"a\\\"\xC3\xA9\"@d", 0);
    assert_int_equal(mailproto_report_decode(bytes_of("a"), 3, out, 4, &len, NULL),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_report_action(bytes_of(" (x) DELAYED (y)")),
                     MAILPROTO_ACTION_DELAYED);
    assert_int_equal(mailproto_report_action(bytes_of("expanded")),
                     MAILPROTO_ACTION_EXPANDED);
    assert_int_equal(mailproto_report_action(bytes_of("fail")),
                     MAILPROTO_ACTION_UNKNOWN);
    assert_int_equal(mailproto_report_status(bytes_of(" 5.1.10 (x)"), code), 1);
    assert_int_equal(code[0] * 10000 + code[1] * 100 + code[2], 50110);
    assert_int_equal(mailproto_report_status(bytes_of("4.999.999"), code), 1);
    assert_int_equal(mailproto_report_status(bytes_of("4.1000.1"), code), 0);
    assert_int_equal(mailproto_report_status(bytes_of("3.1.1"), code), 0);
    assert_int_equal(mailproto_report_status(bytes_of("5.1"), code), 0);
    assert_int_equal(mailproto_report_status(bytes_of("5.1.1.1"), code), 0);
    memset(&m, 0, sizeof m);
    m.struct_size = sizeof m;
    assert_int_equal(
        mailproto_report_disposition(
            bytes_of("Manual-Action/MDN-sent-manually; displayed/ERROR, x"), 2, &d, &m),
        MAILPROTO_OK);
    assert_int_equal(m.flags, MAILPROTO_DISPOSITION_MANUAL |
                                  MAILPROTO_DISPOSITION_SENT_MANUALLY |
                                  MAILPROTO_DISPOSITION_ERROR);
    assert_int_equal(m.type, MAILPROTO_DISPOSITION_DISPLAYED);
    assert_int_equal(m.modifiers.len, 8);
    assert_int_equal(d.count, 0);
    assert_int_equal(mailproto_report_disposition(bytes_of("x/y; gone z"), 0, &d, &m),
                     0);
    assert_int_equal(d.count, 3);
    assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_KEYWORD);
    assert_int_equal(mailproto_report_disposition(bytes_of("x/y; deleted"), 2, &d, &m),
                     MAILPROTO_ERR_SYNTAX);
}

/* ---- text ---------------------------------------------------------------------------- */

static void texts(void **state)
{
    char out[64];
    size_t len;
    (void)state;
    assert_int_equal(mailproto_text_decode(bytes_of(" a\r\n  =?utf-8?q?b=0D=0A?=  c "),
                                           MAILPROTO_TEXT_COLLAPSE, NULL, out, 63,
                                           &len),
                     MAILPROTO_OK);
    out[len] = '\0';
    assert_string_equal(out, "a b c");
    /* Of another charset, of which some octets happen to be UTF-8; UTF-8 that was cut. */
    assert_int_equal(mailproto_text_decode(bytes_of("\xd6\xb8\xbb\xc6"),
                                           MAILPROTO_WORDS_GUESS, NULL, out, 64, &len),
                     MAILPROTO_OK);
    assert_int_equal(len, 8);
    assert_memory_equal(out, "\xc3\x96\xc2\xb8\xc2\xbb\xc3\x86", 8);
    assert_int_equal(mailproto_text_decode(bytes_of("\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82"),
                                           MAILPROTO_WORDS_GUESS, NULL, out, 64, &len),
                     MAILPROTO_OK);
    assert_memory_equal(out, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa2", 8);
    assert_int_equal(mailproto_text_decode(bytes_of("\xe6\x97\xa5\xe6\x9c"),
                                           MAILPROTO_WORDS_GUESS, NULL, out, 64, &len),
                     MAILPROTO_OK);
    assert_memory_equal(out, "\xe6\x97\xa5\xc3\xa6", 5);
    assert_int_equal(mailproto_text_decode(bytes_of("a"), 2, NULL, out, 64, &len),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_text_decode(bytes_of("abc"), 0, NULL, out, 2, &len),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, 3);
    assert_int_equal(mailproto_text_unfold(bytes_of("a\r\n b\n\tc"), out, 6, &len), 0);
    assert_memory_equal(out, "a b\tc", len);
    assert_int_equal(mailproto_text_unfold(bytes_of("abc"), out, 2, &len),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(
        mailproto_text_plain(bytes_of(" (x) a (y)\r\n \"b \\\"c\" d "), out, 64, &len),
        0);
    out[len] = '\0';
    assert_string_equal(out, "a b \"c d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(received_fields), cmocka_unit_test(received_clauses),
        cmocka_unit_test(auth_results),    cmocka_unit_test(report_fields),
        cmocka_unit_test(report_values),   cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
