/*
 * Both sides of every limit of the scanner, and its options; memory and misuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks.h"

static void many(struct text *t, const char *what, unsigned count)
{
    for (; count > 0; count--) {
        text_print(t, "%s", what);
    }
}

static void check(struct text *m, const mailproto_message_options *o,
                  const char *begins, const char *expected)
{
    check_lines(m->data, m->len, o, begins, expected);
    m->len = 0;
}

/* A field that steers counts up to hold_size octets, line ends included. */
static void test_hold_sides(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    o.hold_size = 1024;
    text_print(&m, "Content-Type: image/png;\r\n x=%0993d\r\n\r\n", 0);
    check(&m, &o, "defect ", "");
    text_print(&m, "Content-Type: image/png;\r\n x=%0994d\r\n\r\n", 0);
    assert_int_equal(m.len, 1025 + 2);
    check(&m, &o, "defect ", "FIELD_LONG at 0\n");
    text_print(&m, "Content-Type: image/png;\r\n x=%0994d\r\n\r\n", 0);
    check(&m, &o, "header ", "\"text\"\"plain\" 1 encoding 1, 1027 (1027)\n");
    /* Other fields may be as long as they like, and come whole in sum. */
    text_print(&m, "Subject: %05000d\r\n %0900d\r\n\r\n", 0, 0);
    check(&m, &o, "field ", "at 0, 5914: name 7 value 5904\n");
    text_free(&m);
}

static void test_depth(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    o.max_depth = 3;
    many(&m, "Content-Type: message/rfc822\n\n", 3);
    text_print(&m, "From: a\nDate: b\nMIME-Version: 1\n\nx");
    check_lines(m.data, m.len, &o, "begin ",
                "0 depth 0 at 0\n1 depth 1 at 30\n2 depth 2 at 60\n3 depth 3 at 90\n");
    m.len = 0;
    many(&m, "MIME-Version: 1\nFrom: a\nDate: b\nContent-Type: message/rfc822\n\n", 4);
    check(&m, &o, "defect ", "DEPTH at 186\n");
    text_free(&m);
}

static void test_parts(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    o.max_parts = 3;
    text_print(&m, "Content-Type: multipart/mixed; boundary=a\n\n");
    many(&m, "--a\n\n", 2);
    text_print(&m, "--a--\n");
    check(&m, &o, "defect ", "");
    text_print(&m, "Content-Type: multipart/mixed; boundary=a\n\n");
    many(&m, "--a\n\n", 4);
    text_print(&m, "--a--\n");
    check_lines(m.data, m.len, &o, "begin ",
                "0 depth 0 at 0\n1 depth 1 at 47\n2 depth 1 at 52\n"
                "3 depth 1 at 57 overflow\n");
    check_lines(m.data, m.len, &o, "body ", "at 57, 12\n");
    check(&m, &o, "defect ", "PARTS at 57\nNOT_CLOSED at 69\n");
    text_free(&m);
}

static void test_fields(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    o.max_fields = 3;
    many(&m, "A: b\n", 3);
    text_print(&m, "\n");
    check(&m, &o, "defect ", "");
    many(&m, "A: b\n", 3);
    text_print(&m, "Content-Type: text/html\nC: d\n\nx");
    check_lines(m.data, m.len, &o, "defect ", "HEADER_LONG at 15\n");
    check_lines(m.data, m.len, &o, "field ",
                "at 0, 5: name 1 value 2\nat 5, 5: name 1 value 2\n"
                "at 10, 5: name 1 value 2\n");
    check(&m, &o, "header ", "\"text\"\"plain\" 1 encoding 1, 45 (51)\n");
    text_free(&m);
}

static void test_header(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    o.max_header = 10;
    many(&m, "A: bc\n", 2);
    text_print(&m, "\n");
    check(&m, &o, "defect ", "");
    many(&m, "A: b\n", 3);
    text_print(&m, "\n");
    check_lines(m.data, m.len, &o, "field ",
                "at 0, 5: name 1 value 2\nat 5, 5: name 1 value 2\n");
    check(&m, &o, "defect ", "HEADER_LONG at 10\n");
    text_free(&m);
}

static void test_params(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    o.max_params = 4;
    text_print(&m, "Content-Type: multipart/mixed");
    many(&m, "; a=b", 3);
    text_print(&m, "; boundary=x\n\n--x--");
    check(&m, &o, "defect ", "CLOSED_FIRST at 58\n");
    text_print(&m, "Content-Type: multipart/mixed");
    many(&m, "; a=b", 4);
    text_print(&m, "; boundary=x\n\n--x--");
    check(&m, &o, "defect ", "PARAMS at 0\nNO_BOUNDARY at 0\n");
    text_free(&m);
}

static void test_boundaries(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    text_print(&m, "Content-Type: multipart/mixed; boundary=%0250d\n\n--%0250d\n\n", 1,
               1);
    check(&m, &o, "defect ", "BOUNDARY at 0\nNOT_CLOSED at 546\n");
    text_print(&m, "Content-Type: multipart/mixed; boundary=%0251d\n\n--%0251d\n\n", 1,
               1);
    check(&m, &o, "defect ", "BOUNDARY_LIMIT at 0\n");
    /* All that are open share boundary_size. */
    o.boundary_size = 256;
    text_print(&m, "Content-Type: multipart/mixed; boundary=%0250d\n\n--%0250d\n", 1,
               1);
    text_print(&m, "Content-Type: multipart/mixed; boundary=abcdef\n\n--abcdef\n\n");
    check(&m, &o, "defect ", "BOUNDARY at 0\nNOT_CLOSED at 603\nNOT_CLOSED at 603\n");
    text_print(&m, "Content-Type: multipart/mixed; boundary=%0250d\n\n--%0250d\n", 1,
               1);
    text_print(&m, "Content-Type: multipart/mixed; boundary=abcdefg\n\n--abcdefg\n\n");
    check(&m, &o, "defect ",
          "BOUNDARY at 0\nBOUNDARY_LIMIT at 545\nNOT_CLOSED at 605\n");
    text_free(&m);
}

static void test_blanks(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    text_print(&m, "Content-Type: multipart/mixed; boundary=a\n\n--a%256s\n\n--a--",
               "");
    check(&m, &o, "defect ", "");
    text_print(&m, "Content-Type: multipart/mixed; boundary=a\n\n--a%257s\n\n--a--",
               "");
    check(&m, &o, "defect ", "BOUNDARY_TEXT at 43\n");
    text_free(&m);
}

static void test_prefix(void **state)
{
    static const char m[] = "Content-Type: multipart/mixed; boundary=a\n\n"
                            "--a junk\n\nx\n--a--junk\ny\n--a";
    mailproto_message_options o = part_options();
    (void)state;
    check_lines(m, sizeof m - 1, &o, "defect ",
                "BOUNDARY_TEXT at 43\nBOUNDARY_TEXT at 55\nNO_BLANK_LINE at 70\n"
                "NOT_CLOSED at 70\n");
}

static void test_prefix_option(void **state)
{
    static const char m[] = "Content-Type: multipart/mixed; boundary=a\n\n"
                            "--a junk\n\nx\n--a--junk\ny\n--b";
    mailproto_message_options o = part_options();
    (void)state;
    o.flags |= MAILPROTO_MESSAGE_PREFIX_BOUNDARIES;
    check_lines(m, sizeof m - 1, &o, "",
                "begin 0 depth 0 at 0\nfield at 0, 42: name 12 value 28\n"
                "header \"multipart\"\"mixed\" 17 encoding 1, 43 (45)\n"
                "begin 1 depth 1 at 52\nheader \"text\"\"plain\" 1 encoding 1, 1 (2)\n"
                "body at 53, 1\nend 1 at 54, 1 (1) lines 0\nepilogue at 65, 5\n"
                "end 0 at 70, 27 (32) lines 5 lf\n");
}

static void test_keep_messages(void **state)
{
    static const char m[] = "Content-Type: message/rfc822\n\nFrom: a\n\nx";
    mailproto_message_options o = part_options();
    (void)state;
    o.flags |= MAILPROTO_MESSAGE_KEEP_MESSAGES;
    check_lines(m, sizeof m - 1, &o, "begin ", "0 depth 0 at 0\n");
    check_lines(m, sizeof m - 1, &o, "header ",
                "\"message\"\"rfc822\" 32 encoding 1 opaque, 30 (32)\n");
}

static void test_repeated(void **state)
{
    static const char m[] = "Content-Type: text/html\nContent-Type: image/png\n\n";
    static const char same[] = "Content-Type: text/html\nContent-Type: text/html\n\n";
    mailproto_message_options o = part_options();
    (void)state;
    check_lines(m, sizeof m - 1, &o, "header ",
                "\"text\"\"html\" 2 encoding 1, 49 (52)\n");
    o.repeated = MAILPROTO_REPEATED_LAST;
    check_lines(m, sizeof m - 1, &o, "header ",
                "\"image\"\"png\" 4 encoding 1, 49 (52)\n");
    o.repeated = MAILPROTO_REPEATED_REJECT;
    check_lines(m, sizeof m - 1, &o, "header ",
                "\"text\"\"plain\" 1 encoding 1 opaque, 49 (52)\n");
    check_lines(same, sizeof same - 1, &o, "header ",
                "\"text\"\"html\" 2 encoding 1, 49 (52)\n");
}

static void test_pieces(void **state)
{
    static char mem[MAILPROTO_MESSAGE_MEM(1024, 256, 1)];
    mailproto_message_options o = part_options();
    mailproto_message *parser;
    mailproto_message_event ev;
    char m[1000];
    size_t sum = 0;
    unsigned pieces = 0;
    (void)state;
    memset(m, 'x', sizeof m);
    m[0] = '\n';
    m[64] = '\r'; /* a line end that would be cut */
    m[65] = '\n';
    o.hold_size = 1024;
    o.boundary_size = 256;
    o.max_depth = 1;
    o.piece_size = 64;
    assert_int_equal(mailproto_message_init(mem, sizeof mem, &o, &parser),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_message_feed(parser, m, sizeof m), MAILPROTO_OK);
    assert_int_equal(mailproto_message_feed_eof(parser), MAILPROTO_OK);
    assert_int_equal(mailproto_message_feed(parser, m, 1), MAILPROTO_ERR_STATE);
    while (mailproto_message_next_event(parser, &ev) == MAILPROTO_OK) {
        if (ev.type == MAILPROTO_MESSAGE_BODY) {
            assert_true(ev.raw.len <= 64);
            assert_int_equal(ev.raw.len, pieces == 0      ? 63
                                         : sum + 64 > 999 ? 999 - sum
                                                          : 64);
            sum += ev.raw.len;
            pieces++;
        }
    }
    assert_int_equal(sum, 999);
}

static void test_memory(void **state)
{
    mailproto_message_options o = part_options();
    mailproto_message *parser = NULL;
    static char mem[MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 8];
    size_t size = mailproto_message_mem_size(NULL);
    (void)state;
    assert_true(size > 4096 + 2048 && size <= MAILPROTO_MESSAGE_MEM(4096, 2048, 100));
    o.hold_size = 1024;
    o.boundary_size = 256;
    o.max_depth = 1;
    assert_true(mailproto_message_mem_size(&o) <= MAILPROTO_MESSAGE_MEM(1024, 256, 1));
    assert_int_equal(mailproto_message_init(mem + 1, size, NULL, &parser),
                     MAILPROTO_OK);
    assert_non_null(parser);
    mem[0] = 42;
    assert_int_equal(mailproto_message_init(mem, size - 1, NULL, &parser),
                     MAILPROTO_ERR_MEMORY);
    assert_int_equal(mem[0], 42);
    assert_int_equal(mailproto_message_init(NULL, size, NULL, &parser),
                     MAILPROTO_ERR_ARGUMENT);
    o.hold_size = 1023;
    assert_int_equal(mailproto_message_mem_size(&o), 0);
    o.hold_size = 1024;
    o.boundary_size = 255;
    assert_int_equal(mailproto_message_init(mem, sizeof mem, &o, &parser),
                     MAILPROTO_ERR_ARGUMENT);
    o.boundary_size = 256;
    o.flags = 8;
    assert_int_equal(mailproto_message_mem_size(&o), 0);
    o.flags = 0;
    o.repeated = 3;
    assert_int_equal(mailproto_message_mem_size(&o), 0);
    o.repeated = 0;
    o.max_depth = MAILPROTO_UNLIMITED;
    assert_int_equal(mailproto_message_init(mem, sizeof mem, &o, &parser),
                     MAILPROTO_ERR_MEMORY);
    o.struct_size = 3;
    assert_int_equal(mailproto_message_init(mem, sizeof mem, &o, &parser),
                     MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hold_sides),    cmocka_unit_test(test_depth),
        cmocka_unit_test(test_parts),         cmocka_unit_test(test_fields),
        cmocka_unit_test(test_header),        cmocka_unit_test(test_params),
        cmocka_unit_test(test_boundaries),    cmocka_unit_test(test_blanks),
        cmocka_unit_test(test_prefix),        cmocka_unit_test(test_prefix_option),
        cmocka_unit_test(test_keep_messages), cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_pieces),        cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
