/*
 * Two readers of Content-Type: the light one that steers the scanner, and the one of
 * field.h that a program asks. Over the same inputs they must say the same, or a program
 * would look for other parts than the scanner found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/field.h>

#include "message/content_type.h"
#include "thinned.h"

static void differ(const char *what, const char *text, size_t len)
{
    size_t i;
    print_error("%s differs: ", what);
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        print_error(c < 32 || c > 126 ? "\\x%02x" : "%c", c);
    }
    print_error("\n");
    fail();
}

static int same(mailproto_bytes a, mailproto_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* What is not UTF-8 is compared as octets, controls as blanks. */
static int same_boundary(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i;
    if (a_len != b_len) {
        return 0;
    }
    for (i = 0; i < a_len; i++) {
        char c = (unsigned char)a[i] < 32 && a[i] != '\t' ? ' ' : a[i];
        if (a[i] == 127 ? b[i] != ' ' && b[i] != 127 : b[i] != c && b[i] != a[i]) {
            return 0;
        }
    }
    return 1;
}

static void check(const char *text, size_t len)
{
    mailproto_bytes value;
    struct mailproto__type t;
    mailproto_content c = {sizeof c, 0, 0, {NULL, 0}, {NULL, 0}};
    mailproto_value v;
    char boundary[250], got[1024];
    mailproto_status st;
    size_t got_len;
    int typed;
    value.ptr = text;
    value.len = len;
    mailproto__type_parse(value, 100, boundary, sizeof boundary, &t);
    assert_int_equal(mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_content_type(&v, &c), MAILPROTO_OK);
    typed =
        c.type.len > 0 && c.subtype.len > 0 && c.type.len < 128 && c.subtype.len < 128;
    if (typed != ((t.flags & MAILPROTO__TYPE_SYNTAX) == 0)) {
        differ("whether there is a type", text, len);
    }
    if (typed && (!same(c.type, t.type) || !same(c.subtype, t.subtype))) {
        differ("the type", text, len);
    }
    st = mailproto_parameter_get(value, (mailproto_bytes){"Boundary", 8},
                                 MAILPROTO_PARAMETER_RAW, NULL, got, sizeof got,
                                 &got_len, NULL, NULL);
    if ((t.flags & MAILPROTO__TYPE_LIMIT) != 0) {
        return;
    }
    if ((st == MAILPROTO_OK) != ((t.flags & MAILPROTO__TYPE_BOUNDARY) != 0)) {
        differ("whether there is a boundary", text, len);
    }
    if (st == MAILPROTO_OK && !same_boundary(boundary, t.boundary_len, got, got_len)) {
        differ("the boundary", text, len);
    }
    if (st != MAILPROTO_OK) {
        assert_int_equal(st, MAILPROTO_EOF);
    }
}

static const char *const values[] = {
    "message/rfc822\xff",
    "message/rfc822\xff; x=y",
    "message\xff/rfc822",
    "\xffmessage/rfc822",
    "message/\xffrfc822",
    "multipart/mixed\xc3\xa9; boundary=a",
    "multipart/mixed; boundary=\xc3\xa9",
    "multipart/mixed; boundary\xff=a; boundary=b",
    "multipart/mixed; boundary=a; boundary*=''b",
    "multipart/mixed; boundary*=''b; boundary=a",
    "multipart/mixed; boundary*=''b",
    "multipart/mixed; boundary*0=a; boundary*1=b; boundary=c",
    "multipart/mixed; boundary*1=b; boundary*0=a",
    "multipart/mixed; boundary*=''b; boundary*0=a",
    "multipart/mixed; boundary=a b; x=y",
    "multipart/mixed; boundary=a(b)",
    "multipart/mixed; boundary=a=b(c)d",
    "multipart/mixed; boundary=a (b); c",
    "multipart/mixed; boundary=\"a  \"",
    "multipart/mixed; boundary=\"a\\\"b\"",
    "multipart/mixed; boundary=\"a",
    "multipart/mixed; boundary=\"=?utf-8?q?a?=\"",
    "multipart/mixed; boundary*=utf-16''%00a",
    "multipart/mixed; charset=x boundary=y",
    "multipart/mixed boundary=y",
    "multipart/mixed;; ;boundary=y",
    "multipart/mixed; boundary=; boundary=x",
    "multipart/mixed; boundary=\"\"",
    "multipart/mixed; boundary",
    "multipart/mixed; x=\"; boundary=b\"; boundary=a",
    "multipart/mixed; (boundary=b;) boundary=a",
    "multipart/mixed; boundary=a\r\n b; c",
    "multipart/mixed; boundary=\"a\r\n b\"",
    "\rtext/plain",
    "text\r/\rplain\r; charset=x",
    "text/plain/x",
    "text/plain; boundary=x",
    "text; boundary=x",
    "(c) multipart (d) / (e) mixed (f); boundary (g) = (h) \"i\" (j)",
    "multipart/mixed (unclosed; boundary=a",
    "",
    ";",
    "/",
    "/plain",
    "text/",
};

static void fixed(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof values / sizeof *values; i++) {
        check(values[i], strlen(values[i]));
    }
}

/* Types of the longest length that RFC 6838 4.2 allows, and one more. */
static void long_types(void **state)
{
    char text[300];
    size_t n;
    (void)state;
    for (n = 126; n < 130; n++) {
        memset(text, 'a', sizeof text);
        memcpy(text, "text/", 5);
        check(text, 5 + n);
        memset(text, 'a', sizeof text);
        memcpy(text + n, "/plain", 6);
        check(text, n + 6);
    }
}

static uint32_t seed = 1;

static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % sides;
}

/* Values put together of what matters. */
static void random_values(void **state)
{
    static const char *const pieces[] = {"multipart/mixed",
                                         "text/plain",
                                         "message/rfc822",
                                         "multipart",
                                         "/",
                                         "mixed",
                                         ";",
                                         ";",
                                         ";",
                                         " ",
                                         "\t",
                                         "\r\n ",
                                         "\r",
                                         "\n",
                                         "boundary",
                                         "boundary",
                                         "BOUNDARY",
                                         "boundary*",
                                         "boundary*0",
                                         "boundary*1",
                                         "boundary*0*",
                                         "boundary*01",
                                         "name",
                                         "charset",
                                         "=",
                                         "=",
                                         "=",
                                         "\"",
                                         "\"",
                                         "\\",
                                         "(",
                                         ")",
                                         "a",
                                         "b",
                                         "c=d",
                                         "us-ascii''",
                                         "''",
                                         "%41",
                                         "%",
                                         "*",
                                         "'",
                                         ",",
                                         "@",
                                         "\xff",
                                         "\xc3\xa9",
                                         "=?utf-8?q?x?=",
                                         "1"};
    const size_t rounds = 300000 / thinned(10);
    size_t round;
    (void)state;
    for (round = 0; round < rounds; round++) {
        char text[512];
        size_t len = 0;
        uint32_t n = 1 + dice(14);
        if (dice(4) > 0) {
            memcpy(text, "multipart/mixed; boundary=", 26);
            len = dice(2) ? 26 : 16;
        }
        for (; n > 0; n--) {
            const char *piece =
                pieces[dice((uint32_t)(sizeof pieces / sizeof *pieces))];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        {
            char *exact = malloc(len + 1); /* so that a sanitizer sees its end */
            assert_non_null(exact);
            memcpy(exact, text, len);
            check(exact, len);
            free(exact);
        }
    }
}

/* What the scanner does with it: the index finds the parts that the value promises. */
static void with_index(void **state)
{
    static const char message[] = "MIME-Version: 1.0\r\n"
                                  "Content-Type: multipart/mixed;\r\n"
                                  " boundary*=''b; boundary=a; boundary=c\r\n\r\n"
                                  "--a\r\n\r\n1\r\n--b\r\n\r\n2\r\n--a--\r\n";
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_part parts[8];
    mailproto_source source = {sizeof source,      0,    NULL, message,
                               sizeof message - 1, NULL, NULL};
    mailproto_index ix;
    mailproto_bytes value;
    mailproto_parameter_info info = {sizeof info, 0, 0, 0, {NULL, 0}, {NULL, 0}};
    mailproto_defects defects;
    char boundary[8];
    size_t len;
    (void)state;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = 8;
    ix.parts = parts;
    assert_int_equal(mailproto_index_build(&ix, &source, NULL, work, sizeof work),
                     MAILPROTO_OK);
    assert_int_equal(ix.count, 2);
    value.ptr = strstr(message, " multipart");
    value.len = (size_t)(strstr(message, "\r\n\r\n") - value.ptr);
    memset(&defects, 0, sizeof defects);
    defects.struct_size = sizeof defects;
    assert_int_equal(mailproto_parameter_get(value, (mailproto_bytes){"boundary", 8}, 0,
                                             NULL, boundary, sizeof boundary, &len,
                                             &info, &defects),
                     MAILPROTO_OK);
    assert_int_equal(len, 1);
    assert_int_equal(boundary[0], 'a');
    assert_int_equal(info.flags, 0);
    assert_int_equal(info.sections, 1);
    assert_true((defects.seen & UINT64_C(1) << MAILPROTO_VALUE_DEFECT_PARAMETER_BOTH) !=
                0);
    assert_true(
        (defects.seen & UINT64_C(1) << MAILPROTO_VALUE_DEFECT_PARAMETER_TWICE) != 0);
}

/* Not raw: UTF-8 without controls; too small a buffer; over the scanner's limit. */
static void as_text(void **state)
{
    char value[400] = "multipart/mixed; boundary*=''a%0D%ff";
    char out[300];
    size_t len;
    (void)state;
    assert_int_equal(mailproto_parameter_get((mailproto_bytes){value, strlen(value)},
                                             (mailproto_bytes){"boundary", 8}, 0, NULL,
                                             out, sizeof out, &len, NULL, NULL),
                     MAILPROTO_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(out, "a \xef\xbf\xbd", 5);
    assert_int_equal(mailproto_parameter_get((mailproto_bytes){value, strlen(value)},
                                             (mailproto_bytes){"boundary", 8}, 0, NULL,
                                             out, 4, &len, NULL, NULL),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, 5);
    strcpy(value, "multipart/mixed; boundary=");
    memset(value + 26, 'x', 250);
    assert_int_equal(mailproto_parameter_get((mailproto_bytes){value, 26 + 250},
                                             (mailproto_bytes){"boundary", 8}, 0, NULL,
                                             out, sizeof out, &len, NULL, NULL),
                     MAILPROTO_OK);
    assert_int_equal(len, 250);
    value[26 + 250] = 'x';
    assert_int_equal(mailproto_parameter_get((mailproto_bytes){value, 26 + 251},
                                             (mailproto_bytes){"boundary", 8}, 0, NULL,
                                             out, sizeof out, &len, NULL, NULL),
                     MAILPROTO_OK);
    assert_int_equal(len, 251);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed), cmocka_unit_test(long_types),
        cmocka_unit_test(random_values), cmocka_unit_test(with_index),
        cmocka_unit_test(as_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
