/* Paths, mailboxes, domains and address literals: what passes, what does not, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/syntax.h"

#define GOOD MAILPROTO__SMTP_GOOD
#define SENDER MAILPROTO__SMTP_BAD_SENDER
#define RECIPIENT MAILPROTO__SMTP_BAD_RECIPIENT
#define LONG MAILPROTO__SMTP_LONG_PATH
#define UTF8 MAILPROTO__SMTP_UTF8_PATH

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

/* ---- domains and literals -------------------------------------------------------- */

static void domains(void **state)
{
    static const struct {
        const char *text;
        int good;
    } cases[] = {
        {"example", 1},
        {"mx.example.com", 1},
        {"3com.example", 1},
        {"a-b.c--d.e", 1},
        {"1.2.3.4", 1}, /* sub-domains of digits: the ABNF has them */
        {"", 0},
        {".", 0},
        {"a.", 0},
        {".a", 0},
        {"a..b", 0},
        {"-a", 0},
        {"a-", 0},
        {"a-.b", 0},
        {"a.-b", 0},
        {"a_b.example", 0}, /* RFC 5321 4.1.2: the underscore is not permitted */
        {"a b", 0},
        {"a(b)", 0},
        {"a,b", 0},
        {"[1.2.3.4]", 1},
        {"[1.2.3.4] ", 0},
        {"[1.2.3.4", 0},
        {"1.2.3.4]", 0},
        {"[]", 0},
        {"[[1.2.3.4]]", 0},
        {"[1.2.3.4].example", 0},
        {"\xC3\xA4.example", 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (mailproto__smtp_domain(text(cases[i].text), 0) != cases[i].good) {
            fail_msg("%s", cases[i].text);
        }
    }
    assert_int_equal(mailproto__smtp_domain(text("\xC3\xA4-\xC3\xB6.example"), 1), 1);
    assert_int_equal(mailproto__smtp_domain(text("\xC3.example"), 1), 0);
    assert_int_equal(mailproto__smtp_domain(text("\xC3\xA4-.example"), 1), 0);
    assert_int_equal(mailproto__smtp_domain(text("a.example"), 1), 1);
    assert_int_equal(mailproto__smtp_domain(text("[IPv6:\xC3\xA4]"), 1), 0);
}

static void literals(void **state)
{
    static const struct {
        const char *text;
        int good;
    } cases[] = {
        {"0.0.0.0", 1},
        {"255.255.255.255", 1},
        {"001.02.3.004", 1}, /* Snum: 1*3DIGIT */
        {"256.1.1.1", 0},
        {"1.1.1.256", 0},
        {"0001.1.1.1", 0},
        {"1.1.1", 0},
        {"1.1.1.1.1", 0},
        {"1.1.1.", 0},
        {"1..1.1", 0},
        {".1.1.1", 0},
        {"1.1.1.1 ", 0},
        {"a.1.1.1", 0},
        {"IPv6:1:2:3:4:5:6:7:8", 1},
        {"ipv6:1:2:3:4:5:6:7:8", 1},
        {"IPv6:AbCd:ef01:2:3:4:5:6:7", 1},
        {"IPv6:1:2:3:4:5:6:7", 0},
        {"IPv6:1:2:3:4:5:6:7:8:9", 0},
        {"IPv6:12345:2:3:4:5:6:7:8", 0},
        {"IPv6:1:2:3:4:5:6:7:g", 0},
        {"IPv6:1:2:3:4:5:6:7:", 0},
        {"IPv6::1:2:3:4:5:6:7", 0},
        {"IPv6:", 0},
        {"IPv6::", 0},
        {"IPv6:::", 1},
        {"IPv6::::", 0},
        {"IPv6:::1", 1},
        {"IPv6:1::", 1},
        {"IPv6:1::2", 1},
        {"IPv6:1:2:3:4:5:6::", 1},
        {"IPv6:::1:2:3:4:5:6", 1},
        {"IPv6:1:2:3::4:5:6", 1},
        {"IPv6:1:2:3:4:5:6:7::", 0}, /* "::" stands for two groups at least */
        {"IPv6:1:2:3::4:5:6:7", 0},
        {"IPv6:1::2::3", 0},
        {"IPv6:1:::2", 0},
        {"IPv6:1::2:", 0},
        {"IPv6:1:2:3:4:5:6:7:8:", 0},
        {"IPv6:1:2:3:4:5:6:1.2.3.4", 1},
        {"IPv6:1:2:3:4:5:1.2.3.4", 0},
        {"IPv6:1:2:3:4:5:6:7:1.2.3.4", 0},
        {"IPv6:::1.2.3.4", 1},
        {"IPv6:1:2:3:4::1.2.3.4", 1},
        {"IPv6:1::2:3:4:1.2.3.4", 1},
        {"IPv6:1:2:3:4:5::1.2.3.4", 0},
        {"IPv6:1::1.2.3.4:5", 0},
        {"IPv6:1::1.2.3", 0},
        {"IPv6:1::1.2.3.256", 0},
        {"IPv6:1.2.3.4", 0},
        {"IPv6:1:2:3:4:5:6:7:8%eth0", 0},
        {"IPv6:1:2:3:4:5:6: 7:8", 0},
        {"X25:abc!def", 1},
        {"tag-2:x", 1},
        {"tag-:x", 0},
        {"-tag:x", 1}, /* Ldh-str may begin with "-" */
        {":x", 0},
        {".:x", 0},
        {"(ag:x", 0},
        {"tag:", 0},
        {"tag:a[b", 0},
        {"tag:a\\b", 0},
        {"tag:a b", 0},
        {"tag:a\x7F", 0},
        {"tag", 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char literal[80];
        int n = snprintf(literal, sizeof literal, "[%s]", cases[i].text);
        assert_true(n > 0 && (size_t)n < sizeof literal);
        if (mailproto__smtp_domain(text(literal), 0) != cases[i].good) {
            fail_msg("%s", literal);
        }
    }
}

/* ---- paths ----------------------------------------------------------------------- */

struct path_case {
    const char *text;
    enum mailproto__smtp_fault fault;
    size_t used; /* or the offset of the fault */
    uint32_t flags;
    const char *mailbox, *local, *domain;
};

static void check_path(const struct path_case *c, int utf8, int null, int postmaster)
{
    mailproto_smtp_path path;
    mailproto_bytes in;
    size_t used = 999;
    size_t len = strlen(c->text);
    char *copy = (char *)malloc(len > 0 ? len : 1);
    enum mailproto__smtp_fault fault;
    assert_non_null(copy);
    memcpy(copy, c->text, len);
    in.ptr = copy;
    in.len = len;
    fault = mailproto__smtp_path(in, utf8, null, postmaster, &path, &used);
    if (fault != c->fault || used != c->used) {
        fail_msg("%s: %d at %u", c->text, (int)fault, (unsigned)used);
    }
    if (fault == GOOD) {
        assert_int_equal(path.flags, c->flags);
        assert_span(path.mailbox, c->mailbox);
        assert_span(path.local, c->local);
        assert_span(path.domain, c->domain);
        assert_int_equal(path.struct_size, sizeof path);
    }
    free(copy);
}

static void good_paths(void **state)
{
    enum {
        NULL_PATH = MAILPROTO_SMTP_PATH_NULL,
        QUOTED = MAILPROTO_SMTP_PATH_QUOTED,
        LITERAL = MAILPROTO_SMTP_PATH_LITERAL,
        ROUTE = MAILPROTO_SMTP_PATH_ROUTE
    };
    static const struct path_case cases[] = {
        {"<>", GOOD, 2, NULL_PATH, "", "", ""},
        {"<> SIZE=1", GOOD, 2, NULL_PATH, "", "", ""},
        {"<a@b>", GOOD, 5, 0, "a@b", "a", "b"},
        {"<a@b>c", GOOD, 5, 0, "a@b", "a", "b"},
        {"<a@b> <c@d>", GOOD, 5, 0, "a@b", "a", "b"},
        {"<first.last+x=y@mx.example>", GOOD, 27, 0, "first.last+x=y@mx.example",
         "first.last+x=y", "mx.example"},
        {"<!#$%&'*/?^_`{|}~-@b>", GOOD, 21, 0, "!#$%&'*/?^_`{|}~-@b",
         "!#$%&'*/?^_`{|}~-", "b"},
        {"<\"\"@b>", GOOD, 6, QUOTED, "\"\"@b", "\"\"", "b"},
        {"<\"a b\"@c>", GOOD, 9, QUOTED, "\"a b\"@c", "\"a b\"", "c"},
        {"<\"a>b\"@c>", GOOD, 9, QUOTED, "\"a>b\"@c", "\"a>b\"", "c"},
        {"<\"a@b\"@c>", GOOD, 9, QUOTED, "\"a@b\"@c", "\"a@b\"", "c"},
        {"<\"\\\"\\\\\\ \\a\"@c>", GOOD, 14, QUOTED, "\"\\\"\\\\\\ \\a\"@c",
         "\"\\\"\\\\\\ \\a\"", "c"},
        {"<a@[192.0.2.1]>", GOOD, 15, LITERAL, "a@[192.0.2.1]", "a", "[192.0.2.1]"},
        {"<\"a\"@[IPv6:::1]>", GOOD, 16, QUOTED | LITERAL, "\"a\"@[IPv6:::1]", "\"a\"",
         "[IPv6:::1]"},
        {"<@x.example:a@b>", GOOD, 16, ROUTE, "a@b", "a", "b"},
        {"<@x,@y.z:\"a:b\"@c>", GOOD, 17, ROUTE | QUOTED, "\"a:b\"@c", "\"a:b\"", "c"},
        {"<Postmaster@b>", GOOD, 14, 0, "Postmaster@b", "Postmaster", "b"},
    };
    static const struct path_case postmaster[] = {
        {"<Postmaster>", GOOD, 12, 0, "Postmaster", "Postmaster", ""},
        {"<POSTmaster> X", GOOD, 12, 0, "POSTmaster", "POSTmaster", ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_path(&cases[i], 0, 1, 0);
        check_path(&cases[i], 1, 1, 1);
    }
    for (i = 0; i < sizeof postmaster / sizeof postmaster[0]; i++) {
        check_path(&postmaster[i], 0, 0, 1);
        check_path(&postmaster[i], 1, 1, 1);
    }
}

static void bad_paths(void **state)
{
    static const struct path_case cases[] = {
        {"", SENDER, 0, 0, "", "", ""},
        {"a@b", SENDER, 0, 0, "", "", ""},
        {"<", SENDER, 1, 0, "", "", ""},
        {"<a", SENDER, 2, 0, "", "", ""},
        {"<a@", SENDER, 3, 0, "", "", ""},
        {"<a@b", SENDER, 4, 0, "", "", ""},
        {"<a@>", SENDER, 3, 0, "", "", ""},
        {"<@b>", SENDER, 3, 0, "", "", ""},
        {"<a>", SENDER, 2, 0, "", "", ""},
        {"< >", SENDER, 1, 0, "", "", ""},
        {"< a@b>", SENDER, 1, 0, "", "", ""},
        {"<a@b >", SENDER, 4, 0, "", "", ""},
        {"<a @b>", SENDER, 2, 0, "", "", ""},
        {"<a@b@c>", SENDER, 4, 0, "", "", ""},
        {"<.a@b>", SENDER, 1, 0, "", "", ""},
        {"<a.@b>", SENDER, 3, 0, "", "", ""},
        {"<a..b@c>", SENDER, 3, 0, "", "", ""},
        {"<a@b.>", SENDER, 5, 0, "", "", ""},
        {"<a@b->", SENDER, 4, 0, "", "", ""},
        {"<a@b_c>", SENDER, 4, 0, "", "", ""},
        {"<(c)a@b>", SENDER, 1, 0, "", "", ""},
        {"<a@[1.2.3]>", SENDER, 3, 0, "", "", ""},
        {"<a@[1.2.3.4>", SENDER, 12, 0, "", "", ""},
        {"<a@[1.2.3.4]x>", SENDER, 12, 0, "", "", ""},
        {"<\"a@b>", SENDER, 6, 0, "", "", ""},
        {"<\"a\\", SENDER, 4, 0, "", "", ""},
        {"<\"a\"b@c>", SENDER, 4, 0, "", "", ""},
        {"<\"a\".b@c>", SENDER, 4, 0, "", "", ""},
        {"<\"a\tb\"@c>", SENDER, 3, 0, "", "", ""},
        {"<\"a\\\tb\"@c>", SENDER, 4, 0, "", "", ""},
        {"<\"a\rb\"@c>", SENDER, 3, 0, "", "", ""},
        {"<\"a\x7F\"@c>", SENDER, 3, 0, "", "", ""},
        {"<\"\\\xC3\xA4\"@c>", SENDER, 3, 0, "", "", ""},
        {"<@x>", SENDER, 3, 0, "", "", ""},
        {"<@x:>", SENDER, 4, 0, "", "", ""},
        {"<@x,:a@b>", SENDER, 4, 0, "", "", ""},
        {"<@x,y:a@b>", SENDER, 4, 0, "", "", ""},
        {"<@x @y:a@b>", SENDER, 3, 0, "", "", ""},
        {"<@:a@b>", SENDER, 2, 0, "", "", ""},
        {"<@x:Postmaster>", SENDER, 14, 0, "", "", ""},
        {"<Postmaster>", SENDER, 11, 0, "", "", ""},
        {"<\"Postmaster\">", SENDER, 13, 0, "", "", ""},
    };
    static const struct path_case null = {"<>", RECIPIENT, 1, 0, "", "", ""};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct path_case c = cases[i];
        check_path(&c, 0, 1, 0);
        check_path(&c, 1, 1, 0);
        c.fault = RECIPIENT;
        check_path(&c, 0, 0, 0);
    }
    check_path(&null, 0, 0, 1);
}

static void utf8_paths(void **state)
{
    enum { HIGH = MAILPROTO_SMTP_PATH_UTF8, QUOTED = MAILPROTO_SMTP_PATH_QUOTED };
    static const struct path_case cases[] = {
        {"<j\xC3\xB6rg@b>", GOOD, 9, HIGH, "j\xC3\xB6rg@b", "j\xC3\xB6rg", "b"},
        {"<a@b\xC3\xBC.example>", GOOD, 15, HIGH, "a@b\xC3\xBC.example", "a",
         "b\xC3\xBC.example"},
        {"<\"\xE2\x82\xAC \"@b>", GOOD, 10, HIGH | QUOTED, "\"\xE2\x82\xAC \"@b",
         "\"\xE2\x82\xAC \"", "b"},
    };
    /* no UTF-8: the offset is that of the first octet above 127 */
    static const struct path_case broken[] = {
        {"<a\xC3@b>", SENDER, 2, 0, "", "", ""},
        {"<ab@\xC3\x28\xA4>", SENDER, 4, 0, "", "", ""},
        {"<ab@x\xA4y>", SENDER, 5, 0, "", "", ""},
        {"<\"\xED\xA0\x80\"@b>", SENDER, 2, 0, "", "", ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct path_case c = cases[i];
        check_path(&c, 1, 1, 0);
        c.fault = UTF8;
        c.used = strcspn(c.text, "\xC3\xE2");
        check_path(&c, 0, 1, 0);
    }
    for (i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        check_path(&broken[i], 1, 1, 0);
    }
}

/* Wherever it stands, it is seen. */
static void utf8_anywhere(void **state)
{
    size_t place;
    (void)state;
    for (place = 1; place < 40; place++) {
        char buf[64] = "<aaaaaaaaaaaaaaaaaaaaaaa@dddddddddddddddddd>";
        mailproto_smtp_path path;
        size_t used;
        if (buf[place] == '@' || buf[place + 1] == '@') {
            continue;
        }
        buf[place] = '\xC3';
        buf[place + 1] = '\xA4';
        assert_int_equal(mailproto__smtp_path(text(buf), 0, 1, 0, &path, &used), UTF8);
        assert_int_equal(used, place);
        assert_int_equal(mailproto__smtp_path(text(buf), 1, 1, 0, &path, &used), GOOD);
        assert_int_equal(path.flags, MAILPROTO_SMTP_PATH_UTF8);
    }
}

/* ---- limits ---------------------------------------------------------------------- */

/* "<" local "@" domain ">" of such lengths. */
static void make(char *out, size_t local, size_t domain)
{
    size_t i;
    *out++ = '<';
    memset(out, 'l', local);
    out += local;
    *out++ = '@';
    for (i = 0; i < domain; i++) {
        out[i] = i % 50 == 49 && i + 1 < domain ? '.' : 'd';
    }
    memcpy(out + domain, ">", 2);
}

static void limits(void **state)
{
    static const struct {
        size_t local, domain;
        enum mailproto__smtp_fault fault;
        size_t used;
        mailproto_status status;
    } cases[] = {
        {64, 189, GOOD, 256, MAILPROTO_OK},
        {65, 100, LONG, 65, MAILPROTO_ERR_TOO_LONG},
        {64, 190, LONG, 256, MAILPROTO_ERR_TOO_LONG},
        {1, 252, GOOD, 256, MAILPROTO_OK},
        {1, 253, LONG, 256, MAILPROTO_ERR_TOO_LONG},
        {1, 255, LONG, 256, MAILPROTO_ERR_TOO_LONG},
        {1, 256, LONG, 258, MAILPROTO_ERR_TOO_LONG},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buf[400];
        mailproto_bytes inner;
        mailproto_smtp_path path;
        size_t used;
        make(buf, cases[i].local, cases[i].domain);
        assert_int_equal(mailproto__smtp_path(text(buf), 0, 1, 0, &path, &used),
                         cases[i].fault);
        assert_int_equal(used, cases[i].used);
        path.struct_size = sizeof path;
        assert_int_equal(mailproto_smtp_path_parse(text(buf), 0, &path),
                         cases[i].status);
        /* without its brackets it counts as if it had them */
        inner.ptr = buf + 1;
        inner.len = strlen(buf) - 2;
        path.struct_size = sizeof path;
        assert_int_equal(mailproto_smtp_path_parse(inner, 0, &path), cases[i].status);
        if (cases[i].status == MAILPROTO_OK) {
            assert_int_equal(path.mailbox.len, inner.len);
        }
    }
}

static void domain_limit(void **state)
{
    char buf[300];
    mailproto_bytes b;
    (void)state;
    memset(buf, 'a', sizeof buf);
    b.ptr = buf;
    b.len = 255;
    assert_int_equal(mailproto__smtp_domain(b, 0), 1);
    b.len = 256;
    assert_int_equal(mailproto__smtp_domain(b, 0), 0);
}

static void long_route(void **state)
{
    char buf[300] = "<@";
    mailproto_smtp_path path;
    size_t used;
    (void)state;
    memset(buf + 2, 'r', 248);
    memcpy(buf + 250, ":a@bc>", 7);
    assert_int_equal(mailproto__smtp_path(text(buf), 0, 1, 0, &path, &used), GOOD);
    assert_int_equal(used, 256);
    memcpy(buf + 250, ":a@bcd>", 8);
    assert_int_equal(mailproto__smtp_path(text(buf), 0, 1, 0, &path, &used), LONG);
    assert_int_equal(used, 256);
}

/* ---- the public function --------------------------------------------------------- */

static void path_parse(void **state)
{
    static const struct {
        const char *text;
        int utf8;
        mailproto_status status;
    } cases[] = {
        {"<a@b>", 0, MAILPROTO_OK},
        {"a@b", 0, MAILPROTO_OK},
        {"<>", 0, MAILPROTO_OK},
        {"<Postmaster>", 0, MAILPROTO_OK},
        {"", 0, MAILPROTO_ERR_SYNTAX},
        {"postmaster", 0, MAILPROTO_ERR_SYNTAX},
        {"<a@b> ", 0, MAILPROTO_ERR_SYNTAX},
        {"a@b ", 0, MAILPROTO_ERR_SYNTAX},
        {"a@b>", 0, MAILPROTO_ERR_SYNTAX},
        {"<a@b", 0, MAILPROTO_ERR_SYNTAX},
        {"a@b> SIZE=1 <", 0, MAILPROTO_ERR_SYNTAX},
        {"a@b\r\nDATA", 0, MAILPROTO_ERR_SYNTAX},
        {"\xC3\xA4@b", 0, MAILPROTO_ERR_SYNTAX},
        {"\xC3\xA4@b", 1, MAILPROTO_OK},
        {"\xC3@b", 1, MAILPROTO_ERR_SYNTAX},
    };
    mailproto_smtp_path path;
    mailproto_bytes none = {NULL, 0};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        path.struct_size = sizeof path;
        if (mailproto_smtp_path_parse(text(cases[i].text), cases[i].utf8, &path) !=
            cases[i].status) {
            fail_msg("%s", cases[i].text);
        }
    }
    assert_int_equal(mailproto_smtp_path_parse(none, 0, &path), MAILPROTO_ERR_SYNTAX);
    path.struct_size = 0;
    assert_int_equal(mailproto_smtp_path_parse(text("a@b"), 0, &path),
                     MAILPROTO_ERR_ARGUMENT);
    /* a caller that knows less of the struct */
    memset(&path, 0xEE, sizeof path);
    path.struct_size = 8;
    assert_int_equal(mailproto_smtp_path_parse(text("\"a\"@b"), 0, &path),
                     MAILPROTO_OK);
    assert_int_equal(path.flags, MAILPROTO_SMTP_PATH_QUOTED);
    assert_int_equal((unsigned char)((const char *)&path)[8], 0xEE);
}

static void mailboxes(void **state)
{
    mailproto_smtp_path path;
    size_t at;
    (void)state;
    assert_int_equal(mailproto__smtp_mailbox(text("a.b@c.d"), 0, &path, &at), GOOD);
    assert_span(path.local, "a.b");
    assert_span(path.domain, "c.d");
    assert_int_equal(mailproto__smtp_mailbox(text("a@c>"), 0, &path, &at), RECIPIENT);
    assert_int_equal(at, 3);
    assert_int_equal(mailproto__smtp_mailbox(text("@c:a@b"), 0, &path, &at), RECIPIENT);
    assert_int_equal(at, 0);
    assert_int_equal(mailproto__smtp_mailbox(text("a\xC3\xA4@b"), 0, &path, &at), UTF8);
    assert_int_equal(at, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains),    cmocka_unit_test(literals),
        cmocka_unit_test(good_paths), cmocka_unit_test(bad_paths),
        cmocka_unit_test(utf8_paths), cmocka_unit_test(utf8_anywhere),
        cmocka_unit_test(limits),     cmocka_unit_test(domain_limit),
        cmocka_unit_test(long_route), cmocka_unit_test(path_parse),
        cmocka_unit_test(mailboxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
