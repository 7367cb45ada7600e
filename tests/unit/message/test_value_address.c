/*
 * Address lists: elements, defects with code and offset, the same however they are cut;
 * plain forms, display names, writing.
 */
#include "value_check.h"

/* clang-format off */
static const struct value_case lists[] = {
    {"a@b.example",
     "mailbox@0 local=\"a\" domain=\"b.example\" raw=\"a@b.example\" spec=\"a@b.example\"\n"
     "\n"},
    {"Mary Smith <mary@x.example>, jdoe@example.org, Who? <one@y.example>",
     "mailbox@0 2 name=\"Mary Smith\" local=\"mary\" domain=\"x.example\" raw=\"Mary Smith <mary@x.example>\" spec=\"mary@x.example\"\n"
     "mailbox@29 local=\"jdoe\" domain=\"example.org\" raw=\"jdoe@example.org\" spec=\"jdoe@example.org\"\n"
     "mailbox@47 2 name=\"Who?\" local=\"one\" domain=\"y.example\" raw=\"Who? <one@y.example>\" spec=\"one@y.example\"\n"
     "\n"},
    /* a line end that is no fold, and one that is */
    {"a@b,\r\nc@d\n,\n e@f\r\n",
     "mailbox@0 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "mailbox@6 local=\"c\" domain=\"d\" raw=\"c@d\" spec=\"c@d\"\n"
     "mailbox@13 local=\"e\" domain=\"f\" raw=\"e@f\" spec=\"e@f\"\n"
     "CONTROL@4 CONTROL@9\n"},
    /* encoded words where RFC 2047 5 allows none; and what is none */
    {"\"=?utf-8?Q?x?=\" <c@d>, =?utf-8?Q?a?=b <c@d>, \"=?b=?=\" <c@d>",
     "mailbox@0 2 name=\"\\\"=?utf-8?Q?x?=\\\"\" local=\"c\" domain=\"d\" raw=\"\\\"=?utf-8?Q?x?=\\\" <c@d>\" spec=\"c@d\"\n"
     "mailbox@23 2 name=\"=?utf-8?Q?a?=b\" local=\"c\" domain=\"d\" raw=\"=?utf-8?Q?a?=b <c@d>\" spec=\"c@d\"\n"
     "mailbox@45 2 name=\"\\\"=?b=?=\\\"\" local=\"c\" domain=\"d\" raw=\"\\\"=?b=?=\\\" <c@d>\" spec=\"c@d\"\n"
     "ENCODED_WORD@0 ENCODED_WORD@23\n"},
    {"A\nB <c@d>",
     "mailbox@0 2 name=\"A\\nB\" local=\"c\" domain=\"d\" raw=\"A\\nB <c@d>\" spec=\"c@d\"\n"
     "CONTROL@1\n"},
    {"\"Giant; \\\"Big\\\" Box\" <s@example.net>",
     "mailbox@0 2 name=\"\\\"Giant; \\\\\\\"Big\\\\\\\" Box\\\"\" local=\"s\" domain=\"example.net\" raw=\"\\\"Giant; \\\\\\\"Big\\\\\\\" Box\\\" <s@example.net>\" spec=\"s@example.net\"\n"
     "\n"},
    {"A Group:Ed Jones <c@a.example>,joe@where.example;",
     "group@0 name=\"A Group\"\n"
     "mailbox@8 3 name=\"Ed Jones\" local=\"c\" domain=\"a.example\" raw=\"Ed Jones <c@a.example>\" spec=\"c@a.example\"\n"
     "mailbox@31 1 local=\"joe\" domain=\"where.example\" raw=\"joe@where.example\" spec=\"joe@where.example\"\n"
     "end@48\n"
     "\n"},
    {"Undisclosed recipients:;",
     "group@0 name=\"Undisclosed recipients\"\n"
     "end@23\n"
     "\n"},
    {"g1: a@b;, g2: c@d; e@f",
     "group@0 name=\"g1\"\n"
     "mailbox@4 1 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "end@7\n"
     "group@10 name=\"g2\"\n"
     "mailbox@14 1 local=\"c\" domain=\"d\" raw=\"c@d\" spec=\"c@d\"\n"
     "end@17\n"
     "mailbox@19 local=\"e\" domain=\"f\" raw=\"e@f\" spec=\"e@f\"\n"
     "NO_SEPARATOR@19\n"},
    {"Pete(A nice \\) chap) <pete(his account)@silly.example(his host)>",
     "mailbox@0 2 name=\"Pete\" local=\"pete\" domain=\"silly.example\" comment=\"A nice \\\\) chap\" raw=\"Pete(A nice \\\\) chap) <pete(his account)@silly.example(his host)>\" spec=\"pete@silly.example\"\n"
     "\n"},
    {"Mary <@a.example,,@[1.2.3.4]:m@n.example>",
     "mailbox@0 18 name=\"Mary\" local=\"m\" domain=\"n.example\" route=\"@a.example,,@[1.2.3.4]\" raw=\"Mary <@a.example,,@[1.2.3.4]:m@n.example>\" spec=\"m@n.example\"\n"
     "OBSOLETE@6\n"},
    {"jdoe@test   . example, \"a\".\"b\" . c@d",
     "mailbox@0 64 local=\"jdoe\" domain=\"test   . example\" raw=\"jdoe@test   . example\" spec=\"jdoe@test.example\"\n"
     "mailbox@23 68 local=\"\\\"a\\\".\\\"b\\\" . c\" domain=\"d\" raw=\"\\\"a\\\".\\\"b\\\" . c@d\" spec=\"a.b.c@d\"\n"
     "OBSOLETE@12 OBSOLETE@23\n"},
    {"Joe Q. Public <john@example.com>",
     "mailbox@0 2 name=\"Joe Q. Public\" local=\"john\" domain=\"example.com\" raw=\"Joe Q. Public <john@example.com>\" spec=\"john@example.com\"\n"
     "OBSOLETE@0\n"},
    {"user@[IPv6:::1], u@[a b]",
     "mailbox@0 8 local=\"user\" domain=\"[IPv6:::1]\" raw=\"user@[IPv6:::1]\" spec=\"user@[IPv6:::1]\"\n"
     "mailbox@17 8 local=\"u\" domain=\"[a b]\" raw=\"u@[a b]\" spec=\"u@[a b]\"\n"
     "\n"},
    {"<>",
     "empty@0 2\n"
     "EMPTY_ANGLE@0\n"},
    {"\"x\" <> (none)",
     "empty@0 2 name=\"\\\"x\\\"\" comment=\"none\"\n"
     "EMPTY_ANGLE@4\n"},
    {"user (Name), \"Name\"",
     "mailbox@0 128 local=\"user\" comment=\"Name\" raw=\"user (Name)\" spec=\"user\"\n"
     "text@13 name=\"\\\"Name\\\"\"\n"
     "NO_DOMAIN@0 NO_ADDRESS@13\n"},
    {"user@host (Full Name)",
     "mailbox@0 local=\"user\" domain=\"host\" comment=\"Full Name\" raw=\"user@host (Full Name)\" spec=\"user@host\"\n"
     "\n"},
    {"a@b c@d \"E\" <e@f> g@h",
     "mailbox@0 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "mailbox@4 local=\"c\" domain=\"d\" raw=\"c@d\" spec=\"c@d\"\n"
     "mailbox@8 2 name=\"\\\"E\\\"\" local=\"e\" domain=\"f\" raw=\"\\\"E\\\" <e@f>\" spec=\"e@f\"\n"
     "mailbox@18 local=\"g\" domain=\"h\" raw=\"g@h\" spec=\"g@h\"\n"
     "NO_SEPARATOR@4 NO_SEPARATOR@8 NO_SEPARATOR@18\n"},
    {"a@b;c@d",
     "mailbox@0 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "mailbox@4 local=\"c\" domain=\"d\" raw=\"c@d\" spec=\"c@d\"\n"
     "SEPARATOR@3\n"},
    {"a@b,",
     "mailbox@0 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "EMPTY_ELEMENT@4\n"},
    {", a@b",
     "mailbox@2 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "EMPTY_ELEMENT@0\n"},
    {"[x] <a@b>",
     "mailbox@0 2 name=\"[x]\" local=\"a\" domain=\"b\" raw=\"[x] <a@b>\" spec=\"a@b\"\n"
     "NAME_SPECIAL@0\n"},
    {"info@a.example <info@b.example>",
     "mailbox@0 2 name=\"info@a.example\" local=\"info\" domain=\"b.example\" raw=\"info@a.example <info@b.example>\" spec=\"info@b.example\"\n"
     "NAME_AT@4\n"},
    {"a@b.<c@d>",
     "text@0 name=\"a@b.<c@d>\"\n"
     "NO_ADDRESS@0\n"},
    {"<Undisclosed-Recipient:;@h.example>, b@c",
     "text@0 name=\"<Undisclosed-Recipient:;@h.example>\"\n"
     "mailbox@37 local=\"b\" domain=\"c\" raw=\"b@c\" spec=\"b@c\"\n"
     "NO_ADDRESS@0\n"},
    {"<x:;a@b",
     "text@0 name=\"<x:\"\n"
     "mailbox@4 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "NO_ADDRESS@0 SEPARATOR@3\n"},
    {"<x:;<c@d>",
     "text@0 name=\"<x:\"\n"
     "mailbox@4 2 local=\"c\" domain=\"d\" raw=\"<c@d>\" spec=\"c@d\"\n"
     "NO_ADDRESS@0 SEPARATOR@3\n"},
    {"<x y;;;>;e@f",
     "text@0 name=\"<x y;;;>\"\n"
     "mailbox@9 local=\"e\" domain=\"f\" raw=\"e@f\" spec=\"e@f\"\n"
     "NO_ADDRESS@0 SEPARATOR@8\n"},
    {"G: <x y;z@w",
     "group@0 name=\"G\"\n"
     "text@3 1 name=\"<x y\"\n"
     "end@7\n"
     "mailbox@8 local=\"z\" domain=\"w\" raw=\"z@w\" spec=\"z@w\"\n"
     "NO_ADDRESS@3 NO_SEPARATOR@8\n"},
    {"a@b@c",
     "text@0 name=\"a@b@c\"\n"
     "NO_ADDRESS@0\n"},
    {"a..b@c, .a@b, a.@b, a@b., a@b..c",
     "mailbox@0 local=\"a..b\" domain=\"c\" raw=\"a..b@c\" spec=\"a..b@c\"\n"
     "mailbox@8 local=\".a\" domain=\"b\" raw=\".a@b\" spec=\".a@b\"\n"
     "mailbox@14 local=\"a.\" domain=\"b\" raw=\"a.@b\" spec=\"a.@b\"\n"
     "mailbox@20 local=\"a\" domain=\"b.\" raw=\"a@b.\" spec=\"a@b.\"\n"
     "mailbox@26 local=\"a\" domain=\"b..c\" raw=\"a@b..c\" spec=\"a@b..c\"\n"
     "DOTS@2 DOTS@8 DOTS@15 DOTS@23 DOTS@29\n"},
    {"one two",
     "text@0 name=\"one two\"\n"
     "NO_ADDRESS@0\n"},
    {"@a,@b",
     "text@0 name=\"@a\"\n"
     "text@3 name=\"@b\"\n"
     "NO_ADDRESS@0 NO_ADDRESS@3\n"},
    {"a@",
     "text@0 name=\"a@\"\n"
     "NO_ADDRESS@0\n"},
    {"a@b(x)c",
     "text@0 name=\"a@b(x)c\" comment=\"x\"\n"
     "NO_ADDRESS@0\n"},
    {"<a@b",
     "mailbox@0 2 local=\"a\" domain=\"b\" raw=\"<a@b\" spec=\"a@b\"\n"
     "ANGLE_OPEN@4\n"},
    {"<a@b, c@d",
     "mailbox@0 2 local=\"a\" domain=\"b\" raw=\"<a@b\" spec=\"a@b\"\n"
     "mailbox@6 local=\"c\" domain=\"d\" raw=\"c@d\" spec=\"c@d\"\n"
     "ANGLE_OPEN@4\n"},
    {"a@b(open",
     "text@0 name=\"a@b(open\" comment=\"open\"\n"
     "COMMENT_OPEN@3 NO_ADDRESS@0\n"},
    {"a@b> (c), c@d>;",
     "mailbox@0 local=\"a\" domain=\"b\" comment=\"c\" raw=\"a@b> (c)\" spec=\"a@b\"\n"
     "mailbox@10 local=\"c\" domain=\"d\" raw=\"c@d>\" spec=\"c@d\"\n"
     "TRAILING@3 TRAILING@13 SEPARATOR@14 EMPTY_ELEMENT@15\n"},
    {"a@b> c@d, e@f>>, g@h><i@j>",
     "text@0 name=\"a@b> c@d\"\n"
     "text@10 name=\"e@f>>\"\n"
     "text@17 name=\"g@h><i@j>\"\n"
     "NO_ADDRESS@0 NO_ADDRESS@10 NO_ADDRESS@17\n"},
    {"\"open",
     "text@0 name=\"\\\"open\"\n"
     "QUOTE_OPEN@0 NO_ADDRESS@0\n"},
    {"a@[open",
     "text@0 name=\"a@[open\"\n"
     "LITERAL_OPEN@2 NO_ADDRESS@0\n"},
    {"Joe <@route.example",
     "text@0 name=\"Joe <@route.example\"\n"
     "NO_ADDRESS@0\n"},
    {"<a b@c>",
     "text@0 name=\"<a b@c>\"\n"
     "NO_ADDRESS@0\n"},
    {"<a@b>> , x@y",
     "mailbox@0 2 local=\"a\" domain=\"b\" raw=\"<a@b>>\" spec=\"a@b\"\n"
     "mailbox@9 local=\"x\" domain=\"y\" raw=\"x@y\" spec=\"x@y\"\n"
     "TRAILING@5\n"},
    {"g:a@b",
     "group@0 name=\"g\"\n"
     "mailbox@2 1 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "end@5\n"
     "GROUP_OPEN@5\n"},
    {"g:x:a@b;;",
     "group@0 name=\"g\"\n"
     "text@2 1 name=\"x\"\n"
     "mailbox@4 1 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "end@7\n"
     "GROUP_NESTED@3 NO_ADDRESS@2 SEPARATOR@8 EMPTY_ELEMENT@9\n"},
    {":a@b",
     "text@0\n"
     "mailbox@1 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "NO_ADDRESS@0\n"},
    {"a:b@c (x), d@e",
     "group@0 name=\"a\"\n"
     "mailbox@2 1 local=\"b\" domain=\"c\" comment=\"x\" raw=\"b@c (x)\" spec=\"b@c\"\n"
     "mailbox@11 1 local=\"d\" domain=\"e\" raw=\"d@e\" spec=\"d@e\"\n"
     "end@14\n"
     "GROUP_OPEN@14\n"},
    {"=?utf-8?q?a=2Cb?= <d@e>",
     "mailbox@0 2 name=\"=?utf-8?q?a=2Cb?=\" local=\"d\" domain=\"e\" raw=\"=?utf-8?q?a=2Cb?= <d@e>\" spec=\"d@e\"\n"
     "\n"},
    {"=?utf-8?Q?a, b:)?= <x@y>",
     "mailbox@0 2 name=\"=?utf-8?Q?a, b:)?=\" local=\"x\" domain=\"y\" raw=\"=?utf-8?Q?a, b:)?= <x@y>\" spec=\"x@y\"\n"
     "ENCODED_WORD@0\n"},
    {"=?utf-8?Q?a, b <x@y>",
     "mailbox@0 128 local=\"=?utf-8?Q?a\" raw=\"=?utf-8?Q?a\" spec=\"=?utf-8?Q?a\"\n"
     "mailbox@13 2 name=\"b\" local=\"x\" domain=\"y\" raw=\"b <x@y>\" spec=\"x@y\"\n"
     "NO_DOMAIN@0\n"},
    {"a\001b@c",
     "text@0 name=\"a\\x01b@c\"\n"
     "NO_ADDRESS@0\n"},
    {"a@b\rBcc: x@y",
     "text@0 name=\"a@b\\rBcc: x@y\"\n"
     "NO_ADDRESS@0\n"},
    {"a@b\r\n <c@d>",
     "mailbox@0 2 name=\"a@b\" local=\"c\" domain=\"d\" raw=\"a@b\\r\\n <c@d>\" spec=\"c@d\"\n"
     "NAME_AT@1\n"},
    {"J\xc3\xb6 <j\xc3\xb6@\xc3\xa4.example>",
     "mailbox@0 34 name=\"J\\xc3\\xb6\" local=\"j\\xc3\\xb6\" domain=\"\\xc3\\xa4.example\" raw=\"J\\xc3\\xb6 <j\\xc3\\xb6@\\xc3\\xa4.example>\" spec=\"j\\xc3\\xb6@\\xc3\\xa4.example\"\n"
     "\n"},
    {"\xff <a@b>",
     "mailbox@0 34 name=\"\\xff\" local=\"a\" domain=\"b\" raw=\"\\xff <a@b>\" spec=\"a@b\"\n"
     "UTF8@0\n"},
    {"\"a@b c\"@d.example",
     "mailbox@0 4 local=\"\\\"a@b c\\\"\" domain=\"d.example\" raw=\"\\\"a@b c\\\"@d.example\" spec=\"\\\"a@b c\\\"@d.example\"\n"
     "\n"},
    {"a(x)@(y)b(z)",
     "mailbox@0 local=\"a\" domain=\"b\" comment=\"z\" raw=\"a(x)@(y)b(z)\" spec=\"a@b\"\n"
     "\n"},
    {"\"a\nb\"@c, (x\ny) d@e, f@[1\r\n2], \"a\\\nb\" <g@h>",
     "mailbox@0 4 local=\"\\\"a\\nb\\\"\" domain=\"c\" raw=\"\\\"a\\nb\\\"@c\" spec=\"\\\"a b\\\"@c\"\n"
     "mailbox@9 local=\"d\" domain=\"e\" comment=\"x\\ny\" raw=\"(x\\ny) d@e\" spec=\"d@e\"\n"
     "mailbox@20 8 local=\"f\" domain=\"[1\\r\\n2]\" raw=\"f@[1\\r\\n2]\" spec=\"f@[1  2]\"\n"
     "mailbox@30 2 name=\"\\\"a\\\\\\nb\\\"\" local=\"g\" domain=\"h\" raw=\"\\\"a\\\\\\nb\\\" <g@h>\" spec=\"g@h\"\n"
     "CONTROL@2 CONTROL@11 CONTROL@24 OBSOLETE@33\n"},
    {"<mailto:a@b>",
     "text@0 name=\"<mailto:a@b>\"\n"
     "NO_ADDRESS@0\n"},
};
/* clang-format on */

/* clang-format off */
static const struct value_case strict_lists[] = {
    {"Mary <@a.example,@b.example:m@n.example>, , jdoe@test . example",
     "mailbox@0 18 name=\"Mary\" local=\"m\" domain=\"n.example\" route=\"@a.example,@b.example\" raw=\"Mary <@a.example,@b.example:m@n.example>\" spec=\"m@n.example\"\n"
     "mailbox@44 64 local=\"jdoe\" domain=\"test . example\" raw=\"jdoe@test . example\" spec=\"jdoe@test.example\"\n"
     "OBSOLETE@6 EMPTY_ELEMENT@42 OBSOLETE@54\n"},
    {"A B. C <a@b>, g:;, \"x\".\"y\"@z, a@[1.2.3.4], J\xc3\xb6 <\xc3\xa4@\xc3\xb6>",
     "mailbox@0 2 name=\"A B. C\" local=\"a\" domain=\"b\" raw=\"A B. C <a@b>\" spec=\"a@b\"\n"
     "group@14 name=\"g\"\n"
     "end@16\n"
     "mailbox@19 4 local=\"\\\"x\\\".\\\"y\\\"\" domain=\"z\" raw=\"\\\"x\\\".\\\"y\\\"@z\" spec=\"x.y@z\"\n"
     "mailbox@30 8 local=\"a\" domain=\"[1.2.3.4]\" raw=\"a@[1.2.3.4]\" spec=\"a@[1.2.3.4]\"\n"
     "mailbox@43 34 name=\"J\\xc3\\xb6\" local=\"\\xc3\\xa4\" domain=\"\\xc3\\xb6\" raw=\"J\\xc3\\xb6 <\\xc3\\xa4@\\xc3\\xb6>\" spec=\"\\xc3\\xa4@\\xc3\\xb6\"\n"
     "OBSOLETE@0 OBSOLETE@19\n"},
    {"a@b; c@d",
     "mailbox@0 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "error SEPARATOR@3\n"
     "SEPARATOR@3\n"},
    {"a..b@c",
     "error DOTS@2\n"
     "DOTS@2\n"},
    {"user",
     "error NO_DOMAIN@0\n"
     "NO_DOMAIN@0\n"},
    {"<>",
     "error EMPTY_ANGLE@0\n"
     "EMPTY_ANGLE@0\n"},
    {"[x] <a@b>",
     "error NAME_SPECIAL@0\n"
     "NAME_SPECIAL@0\n"},
    {"a@b <c@d>",
     "error NAME_AT@1\n"
     "NAME_AT@1\n"},
    {"a@b c@d",
     "mailbox@0 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "error NO_SEPARATOR@4\n"
     "NO_SEPARATOR@4\n"},
    {"one two",
     "error NO_ADDRESS@0\n"
     "NO_ADDRESS@0\n"},
    {"g:a@b",
     "group@0 name=\"g\"\n"
     "mailbox@2 1 local=\"a\" domain=\"b\" raw=\"a@b\" spec=\"a@b\"\n"
     "error GROUP_OPEN@5\n"
     "GROUP_OPEN@5\n"},
    {"a@b(open",
     "error COMMENT_OPEN@3\n"
     "COMMENT_OPEN@3\n"},
    {"x@y, \"a",
     "mailbox@0 local=\"x\" domain=\"y\" raw=\"x@y\" spec=\"x@y\"\n"
     "error QUOTE_OPEN@5\n"
     "QUOTE_OPEN@5\n"},
    {"a@[b",
     "error LITERAL_OPEN@2\n"
     "LITERAL_OPEN@2\n"},
    {"=?utf-8?Q?a, b?= <x@y>",
     "error ENCODED_WORD@0\n"
     "ENCODED_WORD@0\n"},
    {"\xff@a",
     "error UTF8@0\n"
     "UTF8@0\n"},
    {"a@b>",
     "error TRAILING@3\n"
     "TRAILING@3\n"},
};
/* clang-format on */

static void lists_are_read(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        check_value(VALUE_ADDRESSES, 0, &lists[i]);
    }
}

static void strict_refuses(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof strict_lists / sizeof strict_lists[0]; i++) {
        check_value(VALUE_ADDRESSES, MAILPROTO_VALUE_STRICT, &strict_lists[i]);
    }
}

static void first(const char *value, mailproto_address *a)
{
    mailproto_value v;
    memset(a, 0, sizeof *a);
    a->struct_size = sizeof *a;
    assert_int_equal(
        mailproto_value_open(&v, bytes_of(value), MAILPROTO_VALUE_FINAL, NULL),
        MAILPROTO_OK);
    assert_int_equal(mailproto_address_next(&v, a), MAILPROTO_OK);
}

static void spec(const char *value, const char *expected)
{
    mailproto_address a;
    char out[256];
    size_t len;
    first(value, &a);
    assert_int_equal(mailproto_address_spec(&a, out, sizeof out, &len), MAILPROTO_OK);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, len);
    assert_int_equal(mailproto_address_spec(&a, out, len, &len), MAILPROTO_OK);
    assert_int_equal(mailproto_address_spec(&a, out, len - 1, &len),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, strlen(expected));
}

static void plain_forms(void **state)
{
    mailproto_address a;
    char out[8];
    size_t len;
    (void)state;
    spec("\"a\"@b", "a@b");
    spec("\"a b\"@c", "\"a b\"@c");
    spec("\"a\\b\\\"c\"@d", "\"ab\\\"c\"@d");
    spec("\"a\"(x) . \"b c\"@d", "\"a.b c\"@d");
    spec("\"\"@d", "\"\"@d");
    spec("\"a.\"@d", "\"a.\"@d");
    spec("\"a\r\n b\"@d", "\"a b\"@d");
    /* No line may come out, and no name that could be another's. */
    spec("\"a\\\r\\\nb\"@d", "\"a  b\"@d");
    spec("\"a\nb\"@d", "\"a b\"@d");
    spec("\"a\r\nb\"@d", "\"a  b\"@d");
    spec("\"a\rb\"@d", "\"a b\"@d");
    spec("\"a\n\tb\"@d", "\"a\tb\"@d"); /* a fold */
    spec("a@[1.2\r\n .3]", "a@[1.2 .3]");
    spec("a@B (x) . (y) C", "a@B.C");
    spec("user", "user");
    first("g:;", &a);
    assert_int_equal(mailproto_address_spec(&a, out, sizeof out, &len),
                     MAILPROTO_ERR_ARGUMENT);
}

/* RFC 5322 4.1: NUL may be part of a name; without it the name would be another's. */
static void nul_stays(void **state)
{
    static const char *const values[] = {"\"ad@min\"@x", "\"ad\\@min\"@x"};
    static const uint32_t codes[] = {MAILPROTO_VALUE_DEFECT_CONTROL,
                                     MAILPROTO_VALUE_DEFECT_OBSOLETE};
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        char value[16], out[16];
        size_t len = strlen(values[i]);
        size_t got;
        mailproto_address a;
        mailproto_value v;
        mailproto_defects d;
        mailproto_bytes b;
        memset(&a, 0, sizeof a);
        a.struct_size = sizeof a;
        memset(&d, 0, sizeof d);
        d.struct_size = sizeof d;
        memcpy(value, values[i], len + 1);
        *strchr(value, '@') = '\0';
        b.ptr = value;
        b.len = len;
        assert_int_equal(mailproto_value_open(&v, b, MAILPROTO_VALUE_FINAL, &d),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_address_next(&v, &a), MAILPROTO_OK);
        assert_int_equal(mailproto_address_spec(&a, out, sizeof out, &got),
                         MAILPROTO_OK);
        assert_int_equal(got, 10);
        assert_memory_equal(out, "\"ad\0min\"@x", 10);
        assert_int_equal(d.count, 1);
        assert_int_equal(d.first.code, codes[i]);
        assert_int_equal(d.first.offset, 3 + i);
    }
}

static void display(const char *value, uint32_t flags, const char *expected)
{
    mailproto_address a;
    char out[256];
    size_t len;
    first(value, &a);
    assert_int_equal(mailproto_address_display(&a, flags, NULL, out, sizeof out, &len),
                     MAILPROTO_OK);
    out[len] = '\0';
    assert_string_equal(out, expected);
}

static void display_names(void **state)
{
    mailproto_address a;
    char out[8];
    size_t len;
    (void)state;
    display("Joe (x) Q. (y) Public (z) <a@b>", 0, "Joe Q. Public");
    display("\"Joe \\\"Q\\\"\" Public <a@b>", 0, "Joe \"Q\" Public");
    display("=?utf-8?q?J=C3=B6?= =?utf-8?q?rg?= <a@b>", 0, "J\xC3\xB6rg");
    display("=?utf-8?q?a=2C_b=40c?= <a@b>", 0, "a, b@c");
    display("=?utf-8?q?a=0D=0Ab?= <a@b>", 0, "a  b");
    display("a@b (Joe)", 0, "");
    display("a@b (Joe \\(x\\))", MAILPROTO_ADDRESS_COMMENT_NAME, "Joe (x)");
    display("a@b (=?utf-8?q?J=C3=B6?=)", MAILPROTO_ADDRESS_COMMENT_NAME, "J\xC3\xB6");
    first("Long name <a@b>", &a);
    assert_int_equal(mailproto_address_display(&a, 0, NULL, out, 4, &len),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, 9);
    assert_memory_equal(out, "Long", 4);
    assert_int_equal(mailproto_address_display(&a, 2, NULL, out, 4, &len),
                     MAILPROTO_ERR_ARGUMENT);
}

static mailproto_status write_one(uint32_t form, const char *name, const char *address,
                                  uint32_t *column, struct text *to)
{
    char out[2048];
    size_t len;
    mailproto_status status = mailproto_address_write(
        form, bytes_of(name), bytes_of(address), column, out, sizeof out, &len);
    text_add(to, out, len);
    (void)text_string(to);
    if (status == MAILPROTO_OK) { /* both sides of the limit */
        uint32_t again = 0;
        assert_int_equal(mailproto_address_write(form, bytes_of(name),
                                                 bytes_of(address), &again, out, 0,
                                                 &len),
                         MAILPROTO_ERR_TOO_LONG);
        assert_int_equal(again, 0);
    }
    return status;
}

static void writing(void **state)
{
    struct text t = {NULL, 0, 0};
    uint32_t column = 4;
    (void)state;
    assert_int_equal(write_one(MAILPROTO_ADDRESS_MAILBOX, "", "a@b", &column, &t), 0);
    assert_int_equal(write_one(MAILPROTO_ADDRESS_MAILBOX | MAILPROTO_ADDRESS_FOLLOWS,
                               "Joe Q, Public", "joe@example.com", &column, &t),
                     0);
    assert_int_equal(
        write_one(MAILPROTO_ADDRESS_GROUP_BEGIN | MAILPROTO_ADDRESS_FOLLOWS, "g", "",
                  &column, &t),
        0);
    assert_int_equal(write_one(MAILPROTO_ADDRESS_GROUP_END, "", "", &column, &t), 0);
    assert_string_equal(t.data, "a@b, \"Joe Q, Public\" <joe@example.com>, g: ;");
    assert_int_equal(column, 4 + t.len);
    t.len = 0;
    column = 70;
    assert_int_equal(write_one(MAILPROTO_ADDRESS_MAILBOX | MAILPROTO_ADDRESS_FOLLOWS,
                               "", "a@example.com", &column, &t),
                     0);
    assert_string_equal(t.data, ",\r\n a@example.com");
    assert_int_equal(column, 14);
    text_free(&t);
}

static void writing_refused(void **state)
{
    static const struct {
        uint32_t form;
        const char *name, *spec;
    } cases[] = {
        {MAILPROTO_ADDRESS_MAILBOX, "", ""},
        {MAILPROTO_ADDRESS_MAILBOX, "", "a"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "a@b,c@d"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "a@b>"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "<a@b>"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "a@b (x)"},
        {MAILPROTO_ADDRESS_MAILBOX, "", " a@b"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "a . b@c"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "a..b@c"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "\"a\r\nRCPT\"@b"},
        {MAILPROTO_ADDRESS_MAILBOX, "", "a@b\r\nBcc: x@y"},
        {MAILPROTO_ADDRESS_MAILBOX, "a\r\nBcc: x", "a@b"},
        {MAILPROTO_ADDRESS_MAILBOX, "a\x01", "a@b"},
        {MAILPROTO_ADDRESS_MAILBOX, "\xFF", "a@b"},
        {MAILPROTO_ADDRESS_GROUP_BEGIN, "", ""},
        {MAILPROTO_ADDRESS_GROUP_BEGIN, "g", "a@b"},
        {MAILPROTO_ADDRESS_GROUP_END, "g", ""},
        {MAILPROTO_ADDRESS_TEXT, "", "a@b"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text t = {NULL, 0, 0};
        uint32_t column = 3;
        assert_int_equal(
            write_one(cases[i].form, cases[i].name, cases[i].spec, &column, &t),
            MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(column, 3);
        text_free(&t);
    }
}

static void misuse(void **state)
{
    mailproto_value v;
    mailproto_address a;
    mailproto_defects d;
    (void)state;
    memset(&d, 0, sizeof d);
    memset(&a, 0, sizeof a);
    assert_int_equal(mailproto_value_open(&v, bytes_of("a"), 8, NULL),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_value_open(&v, bytes_of("a"), 0, &d),
                     MAILPROTO_ERR_ARGUMENT);
    memset(&v, 0, sizeof v);
    a.struct_size = sizeof a;
    assert_int_equal(mailproto_address_next(&v, &a), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_value_open(&v, bytes_of("a@b"), MAILPROTO_VALUE_FINAL, NULL),
        MAILPROTO_OK);
    assert_int_equal(mailproto_value_feed(&v, bytes_of("c"), 0), MAILPROTO_ERR_STATE);
    a.struct_size = 3;
    assert_int_equal(mailproto_address_next(&v, &a), MAILPROTO_ERR_ARGUMENT);
    /* The null path is a path where the caller says so. */
    d.struct_size = sizeof d;
    a.struct_size = sizeof a;
    assert_int_equal(mailproto_value_open(&v, bytes_of("<>"),
                                          MAILPROTO_VALUE_FINAL |
                                              MAILPROTO_VALUE_STRICT |
                                              MAILPROTO_VALUE_NULL_PATH,
                                          &d),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_address_next(&v, &a), MAILPROTO_OK);
    assert_int_equal(a.type, MAILPROTO_ADDRESS_EMPTY);
    assert_int_equal(d.count, 0);
}

static void names_of_defects(void **state)
{
    uint32_t i;
    (void)state;
    for (i = 1; i <= MAILPROTO_VALUE_DEFECT_ESCAPE; i++) {
        assert_true(strlen(mailproto_value_defect_name(i)) > 23);
        assert_in_range(mailproto_value_defect_class(i), MAILPROTO_DEFECT_NOTE,
                        MAILPROTO_DEFECT_SECURITY);
    }
    assert_string_equal(mailproto_value_defect_name(0), "");
    assert_string_equal(mailproto_value_defect_name(i), "");
    assert_int_equal(mailproto_value_defect_class(0), 0);
    assert_int_equal(mailproto_value_defect_class(i), 0);
    assert_int_equal(mailproto_value_defect_class(UINT32_MAX), 0);
    assert_string_equal(mailproto_value_defect_name(MAILPROTO_VALUE_DEFECT_DOTS),
                        "MAILPROTO_VALUE_DEFECT_DOTS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read),   cmocka_unit_test(strict_refuses),
        cmocka_unit_test(plain_forms),      cmocka_unit_test(nul_stays),
        cmocka_unit_test(display_names),    cmocka_unit_test(writing),
        cmocka_unit_test(writing_refused),  cmocka_unit_test(misuse),
        cmocka_unit_test(names_of_defects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
