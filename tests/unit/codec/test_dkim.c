/*
 * Canonical forms and tag lists of DKIM (RFC 6376 3.2, 3.4), at every cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/mbox.h>

#include "filter_run.h"

static void expect(enum filter which, uint32_t form, const char *in, size_t len,
                   const char *out, size_t out_len)
{
    struct text t = filter_whole(which, form, in, len);
    assert_int_equal(t.len, out_len);
    assert_memory_equal(text_string(&t), out, out_len);
    text_free(&t);
    filter_everywhere(which, form, in, len);
}

#define BODY(form, in, out)                                                            \
    expect(FILTER_BODY, MAILPROTO_DKIM_##form, in, sizeof(in) - 1, out, sizeof(out) - 1)
#define FIELD(form, in, out)                                                           \
    expect(FILTER_FIELD, MAILPROTO_DKIM_##form, in, sizeof(in) - 1, out,               \
           sizeof(out) - 1)

/* RFC 6376 3.4.5 */
static void examples(void **state)
{
    (void)state;
    FIELD(RELAXED, "A: X\r\n", "a:X\r\n");
    FIELD(RELAXED, "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n");
    BODY(RELAXED, " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n");
    FIELD(SIMPLE, "A: X\r\n", "A: X\r\n");
    FIELD(SIMPLE, "B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n");
    BODY(SIMPLE, " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n");
}

/* 3.4.3 and 3.4.4: what stands for nothing, and the end. */
static void ends(void **state)
{
    (void)state;
    BODY(SIMPLE, "", "\r\n");
    BODY(RELAXED, "", "");
    BODY(SIMPLE, "\r\n", "\r\n");
    BODY(RELAXED, "\r\n", "");
    BODY(SIMPLE, "\n\n\n", "\r\n");
    BODY(SIMPLE, "a", "a\r\n");
    BODY(RELAXED, "a", "a\r\n");
    BODY(SIMPLE, "a\r\n \r\n\r\n", "a\r\n \r\n");
    BODY(RELAXED, "a\r\n \r\n\r\n\t", "a\r\n");
    BODY(RELAXED, " \t \r\n", "");
    BODY(RELAXED, " \r\n\r\nx", "\r\n\r\nx\r\n");
    BODY(SIMPLE, "\n\n\n\n\n\n\n\n\nx\n", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nx\r\n");
    BODY(RELAXED, "a\t b \t c  \nd\te\n", "a b c\r\nd e\r\n");
    FIELD(RELAXED, "", "");
    FIELD(SIMPLE, "", "");
    FIELD(RELAXED, "Subject: no end", "subject:no end");
    FIELD(RELAXED, "Subject:\r\n", "subject:\r\n");
    FIELD(RELAXED, "Subject: \t \r\n \r\n", "subject:\r\n");
    /* 3.4.2: a fold at the end is unfolded like others; there is no line end behind it. */
    FIELD(RELAXED, "Subject :\r\n ", "subject:");
    FIELD(RELAXED, "Subject: a \r\n\t", "subject:a");
    FIELD(RELAXED, "Subject: a\n ", "subject:a");
    FIELD(RELAXED, "Subject: a\r\n \r\n", "subject:a\r\n");
    FIELD(RELAXED, "SubJect\t :a\n b\n\tc: D\n", "subject:a b c: D\r\n");
    FIELD(SIMPLE, "Subject: a\n b\n", "Subject: a\r\n b\r\n");
    FIELD(RELAXED, "No Colon", "no colon");
}

/* A CR that is no line end is an octet like others; NUL too. */
static void bare(void **state)
{
    (void)state;
    BODY(SIMPLE, "a\rb\r", "a\rb\r\r\n");
    BODY(SIMPLE, "a\r\r\n", "a\r\r\n");
    BODY(SIMPLE, "\r", "\r\r\n");
    BODY(RELAXED, "a \r b\r \r\r\n\r", "a \r b\r \r\r\n\r\r\n");
    BODY(RELAXED, "\0 \0\n", "\0 \0\r\n");
    FIELD(RELAXED, "A: x\ry \r\r\n", "a:x\ry \r\r\n");
    FIELD(RELAXED, "A: x \r", "a:x \r");
    FIELD(SIMPLE, "A: x\ry\r\r\n", "A: x\ry\r\r\n");
}

static void refuses(void **state)
{
    mailproto_codec c;
    (void)state;
    assert_int_equal(mailproto_dkim_body_init(&c, 2), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_dkim_field_init(&c, 2), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_dkim_field_init(&c, MAILPROTO_DKIM_RELAXED),
                     MAILPROTO_OK);
}

static void tag(const char *list, const char *name, mailproto_status status,
                const char *value)
{
    mailproto_bytes l = {list, strlen(list)};
    mailproto_bytes n = {name, strlen(name)};
    mailproto_bytes v;
    assert_int_equal(mailproto_dkim_tag(l, n, &v), status);
    if (status == MAILPROTO_OK) {
        assert_int_equal(v.len, strlen(value));
        assert_memory_equal(v.ptr, value, v.len);
        assert_true(v.ptr >= list && v.ptr + v.len <= list + l.len);
    } else {
        assert_int_equal(v.len, 0);
    }
}

static void tags(void **state)
{
    static const char list[] = " v=1; a=rsa-sha256; h=from : to\r\n\t: date; bh=;\r\n"
                               " b =\r\n\tabc\r\n\tdef= ;";
    (void)state;
    tag(list, "v", MAILPROTO_OK, "1");
    tag(list, "b", MAILPROTO_OK, "abc\r\n\tdef=");
    tag(list, "bh", MAILPROTO_OK, "");
    tag(list, "h", MAILPROTO_OK, "from : to\r\n\t: date");
    tag(list, "B", MAILPROTO_EOF, NULL); /* 3.2: case matters */
    tag(list, "", MAILPROTO_EOF, NULL);
    tag("v=1", "v", MAILPROTO_OK, "1");
    tag("v=1;;", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("", "v", MAILPROTO_EOF, NULL);
    tag(";", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("v", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("=1", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("1v=1", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("v v=1", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("v=\001", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("v=1; a=x; v=2", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("v=1; a=x; v=2", "a", MAILPROTO_OK, "x");
    tag("_v=1", "v", MAILPROTO_ERR_SYNTAX, NULL);
    tag("v_1=a=b", "v_1", MAILPROTO_OK, "a=b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples), cmocka_unit_test(ends), cmocka_unit_test(bare),
        cmocka_unit_test(refuses),  cmocka_unit_test(tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
