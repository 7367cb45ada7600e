/*
 * Every defect the scanner tells, with its offset; what is none; names and classes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks.h"

#define MULTI "Content-Type: multipart/mixed; boundary=a\n\n" /* 43 octets */
#define BOUNDARY_70                                                                    \
    "1234567890123456789012345678901234567890123456789012345678901234567890"

struct sample {
    const char *message;
    const char *defects;
};

/* Read as parts: From and Date need not be there. */
static const struct sample samples[] = {
    {"A: b\n\n", ""},
    {"A: b\r\n c\r\n\r\nbody", ""},
    {"no colon\n\n", "NO_COLON at 0\n"},
    {"A: b\nno colon\nC: d\n\n", "NO_COLON at 5\n"},
    {"A: b\n: value\n\n", "NO_COLON at 5\n"},
    {"A : b\n\n", "FIELD_NAME at 0\n"},
    {"\x01"
     "A: b\n\n",
     "FIELD_NAME at 0\n"},
    {"\xc3\xa4: b\n\n", "FIELD_NAME at 0\n"},
    {" fold\nA: b\n\n", "FIRST_FOLD at 0\n"},
    {"A: b\n", "NO_BLANK_LINE at 5\n"},
    {"", "NO_BLANK_LINE at 0\n"},
    {"A: b\rc\n\n", "BARE_CR at 4\n"},
    {"A: b\r\r\n\r\n", "BARE_CR at 4\n"},
    {"A: b\r\nC: d\nE: f\n\n", "MIXED_ENDS at 6\n"},
    {"A: b\r\n\n", ""},
    {"Subject: a\nA: b\nsubject: a\n\n", "REPEATED at 16\n"},
    {"Received: a\nReceived: b\n\n", ""},
    {"Content-Type: text/plain\nContent-Type:  text/plain\n\n", "REPEATED at 25\n"},
    {"Content-Type: text/plain\nContent-Type: text/html\n\n", "REPEATED_TYPE at 25\n"},
    {"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n",
     "REPEATED_TYPE at 32\n"},
    {"Content-Disposition: inline\nContent-Disposition: attachment\n\n",
     "REPEATED_TYPE at 28\n"},
    {"Content-Type: text\n\n", "TYPE_SYNTAX at 0\n"},
    {"Content-Type:\n\n", "TYPE_SYNTAX at 0\n"},
    {"Content-Transfer-Encoding: rot13\n\n", "ENCODING at 0\n"},
    {"Content-Transfer-Encoding: (x) Base64\n\n", ""},
    {"Content-Transfer-Encoding: base64;\n\n", "ENCODING at 0\n"},
    {"A: b\nContent-Transfer-Encoding: 7bit; charset=x\n\n", "ENCODING at 0\n"},
    {"Content-Type: text/plain/x\n\n", "TYPE_SYNTAX at 0\n"},
    {"Content-Type: text/plain charset=x\n\n", "TYPE_SYNTAX at 0\n"},
    {"Content-Type: multipart/mixed\n boundary=a\n\n--a\n\n--a--",
     "TYPE_SYNTAX at 0\nBOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=\"a\n\n--a\n\n--a--", "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=a b\n\n--a\n\n--a--", "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=\"a\"\"b\"\n\n--a\n\n--a--",
     "BOUNDARY at 0\n"},
    {"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n",
     "ENCODED_PARTS at 0\n"},
    {"Content-Type: message/global\nContent-Transfer-Encoding: base64\n\n", ""},
    {"Content-Transfer-Encoding: base64\n" MULTI "--a--",
     "ENCODED_PARTS at 0\nCLOSED_FIRST at 77\n"},
    {"Content-Type: multipart/mixed\n\n", "NO_BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=\"\"\n\n", "NO_BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=\"\n\n", "NO_BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary*=us-ascii''a\n\n--a\n\n--a--",
     "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary*1=b; boundary*0=a\n\n--ab\n\n--ab--",
     "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary*1=b\n\n",
     "BOUNDARY at 0\nNO_BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary*=''b; boundary=a\n\n--a\n\n--a--",
     "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=a!\n\n--a!\n\n--a!--", "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\n--a--",
     "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=\"a \"\n\n--a\n\n--a--",
     "BOUNDARY at 0\n"},
    {"Content-Type: multipart/mixed; boundary=" BOUNDARY_70 "\n\n--" BOUNDARY_70
     "\n\n--" BOUNDARY_70 "--",
     ""},
    {"Content-Type: multipart/mixed; boundary=" BOUNDARY_70 "1\n\n--" BOUNDARY_70
     "1\n\n--" BOUNDARY_70 "1--",
     "BOUNDARY at 0\n"},
    {MULTI "--a\n\nx\n--ab\ny\n--abc\n--a--", "BOUNDARY_TEXT at 50\n"},
    {MULTI "--a\n\nx\n--a-\n", "BOUNDARY_TEXT at 50\nNOT_CLOSED at 55\n"},
    {MULTI "--a\n\nx\n--a--b\n", "BOUNDARY_TEXT at 50\nNOT_CLOSED at 57\n"},
    {MULTI "--a b\n\nx\n--a\tc\n\ny\n--a--", "BOUNDARY_TEXT at 43\n"},
    {MULTI "--a\n\nx\n--a-- b\n", "BOUNDARY_TEXT at 50\n"},
    {MULTI "x\n--a-- b", "BOUNDARY_TEXT at 45\nCLOSED_FIRST at 45\n"},
    {MULTI "--a\nB: c\n--a d\n\n--a--", "NO_BLANK_LINE at 52\nBOUNDARY_TEXT at 52\n"},
    {MULTI "--a\n\n--a--\nx\n--a b\n--a-- c\n--ab", "AFTER_CLOSE at 56\n"},
    {MULTI "--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\n--a--\n--a--",
     "BOUNDARY_TWICE at 47\n"},
    {MULTI "--a\n\nx", "NOT_CLOSED at 49\n"},
    {MULTI "x\n", "NO_PARTS at 45\n"},
    {MULTI "x\n--a--\ny", "CLOSED_FIRST at 45\n"},
    {MULTI "--a\n\n--a--\nx\n--a\n\ny\n--a--", "AFTER_CLOSE at 56\n"},
    {MULTI "--a\n--a--", "NO_BLANK_LINE at 47\n"},
    {MULTI "--a\nB: c\n--a--", "NO_BLANK_LINE at 52\n"},
    {"A: \xc3\xa4\n\n", ""},
    {"A: \xe4 b\nB: \xe4\n\n", "8BIT at 0\n"},
};

static void test_samples(void **state)
{
    mailproto_message_options o = part_options();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        check_lines(samples[i].message, strlen(samples[i].message), &o, "defect ",
                    samples[i].defects);
    }
}

static void test_nul(void **state)
{
    mailproto_message_options o = part_options();
    (void)state;
    check_lines("A: b\0c\0\n\n", 10, &o, "defect ", "NUL at 4\n");
}

/* What a message must have and a part need not. */
static void test_messages(void **state)
{
    static const struct sample of_messages[] = {
        {"From: a@b\nDate: x\n\n", ""},
        {"Date: x\n\n", "NO_FROM at 0\n"},
        {"From: a@b\n\n", "NO_DATE at 0\n"},
        {"From : a@b\nDate: x\n\n", "FIELD_NAME at 0\n"},
        {"From a@b Mon Jan  1 00:00:00 2024\nFrom: a@b\nDate: x\n\n",
         "FROM_LINE at 0\n"},
        {">From a@b\nFrom: a@b\nDate: x\n\n", "FROM_LINE at 0\n"},
        {"From: a@b\nDate: x\nContent-Type: text/plain\n\n", "NO_VERSION at 0\n"},
        {"From: a@b\nDate: x\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n\n",
         "NO_FROM at 66\nNO_DATE at 66\n"},
        {"From: a@b\nDate: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
         "boundary=a\n\n--a\nContent-Type: text/plain\n\n--a--",
         ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof of_messages / sizeof of_messages[0]; i++) {
        check_lines(of_messages[i].message, strlen(of_messages[i].message), NULL,
                    "defect ", of_messages[i].defects);
    }
}

static void test_line_length(void **state)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    (void)state;
    text_print(&m, "A: %0995d\r\n\r\n", 0);
    check_lines(m.data, m.len, &o, "defect ", "");
    m.len = 0;
    text_print(&m, "X: y\r\nA: %0996d\r\nB: %0996d\r\n\r\n", 0, 0);
    check_lines(m.data, m.len, &o, "defect ", "LINE_LONG at 6\n");
    m.len = 0;
    text_print(&m, "A: x\r\n %0998d\r\n\r\n", 0);
    check_lines(m.data, m.len, &o, "defect ", "LINE_LONG at 6\n");
    text_free(&m);
}

/* ---- all of them ------------------------------------------------------------------------- */

/* The defects of a message, as bits, and how many; with small limits. */
static uint64_t told(const char *text, size_t len, uint32_t flags, uint64_t *count)
{
    static char mem[MAILPROTO_MESSAGE_MEM(1024, 256, 2)];
    mailproto_message_options o = part_options();
    mailproto_message *parser;
    mailproto_message_event ev;
    uint64_t bits = 0;
    o.flags = flags;
    o.hold_size = 1024;
    o.boundary_size = 256;
    o.max_depth = 2;
    o.max_parts = 3;
    o.max_fields = 10;
    o.max_params = 3;
    assert_int_equal(mailproto_message_init(mem, sizeof mem, &o, &parser),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_message_feed(parser, text, len), MAILPROTO_OK);
    assert_int_equal(mailproto_message_feed_eof(parser), MAILPROTO_OK);
    while (mailproto_message_next_event(parser, &ev) == MAILPROTO_OK) {
        if (ev.type == MAILPROTO_MESSAGE_DEFECT) {
            assert_true(ev.code > 0 && ev.code <= MAILPROTO_DEFECT_8BIT);
            assert_true(ev.offset <= len);
            bits |= UINT64_C(1) << ev.code;
            (*count)++;
        }
    }
    return bits;
}

/* None is defined that no message provokes. */
static void test_every_code(void **state)
{
    static const char deep[] = "Content-Type: message/rfc822\n\n"
                               "Content-Type: message/rfc822\n\n"
                               "Content-Type: message/rfc822\n\n\n";
    static const char nul[] = "A: b\0\n\n";
    struct text m = {NULL, 0, 0};
    uint64_t bits = 0;
    uint64_t count = 0;
    uint32_t code;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        bits |= told(samples[i].message, strlen(samples[i].message),
                     MAILPROTO_MESSAGE_IS_PART, &count);
    }
    bits |= told("From x\nContent-ID: x\n\n", 22, 0, &count);
    bits |= told(deep, sizeof deep - 1, 0, &count);
    bits |= told(nul, sizeof nul - 1, 0, &count);
    text_print(&m, "Content-Type: a/b; x=%01000d; y=%01000d\n", 0, 0);
    for (i = 0; i < 10; i++) {
        text_print(&m, "A: b\n");
    }
    bits |= told(m.data, m.len, 0, &count);
    m.len = 0;
    text_print(&m, "Content-Type: a/b; a=b; a=b; a=b; a=b\n\n");
    bits |= told(m.data, m.len, 0, &count);
    m.len = 0;
    text_print(&m, "Content-Type: multipart/mixed; boundary=%0251d\n\n", 0);
    bits |= told(m.data, m.len, 0, &count);
    m.len = 0;
    text_print(&m, MULTI "--a\n\n--a\n\n--a\n\n--a\n\n--a--");
    bits |= told(m.data, m.len, 0, &count);
    for (code = 1; code <= MAILPROTO_DEFECT_8BIT; code++) {
        if (!(bits >> code & 1)) {
            fail_msg("%s is never told", mailproto_defect_name(code));
        }
    }
    assert_true(count >= 40);
    text_free(&m);
}

static void test_names(void **state)
{
    uint32_t i;
    (void)state;
    assert_string_equal(mailproto_defect_name(MAILPROTO_DEFECT_NO_COLON),
                        "MAILPROTO_DEFECT_NO_COLON");
    assert_string_equal(mailproto_defect_name(MAILPROTO_DEFECT_REPEATED),
                        "MAILPROTO_DEFECT_REPEATED");
    assert_string_equal(mailproto_defect_name(MAILPROTO_DEFECT_BOUNDARY_TEXT),
                        "MAILPROTO_DEFECT_BOUNDARY_TEXT");
    assert_string_equal(mailproto_defect_name(MAILPROTO_DEFECT_8BIT),
                        "MAILPROTO_DEFECT_8BIT");
    assert_string_equal(mailproto_defect_name(0), "");
    assert_string_equal(mailproto_defect_name(MAILPROTO_DEFECT_8BIT + 1), "");
    assert_int_equal(mailproto_defect_class(0), 0);
    assert_int_equal(mailproto_defect_class(MAILPROTO_DEFECT_8BIT + 1), 0);
    assert_int_equal(mailproto_defect_class(MAILPROTO_DEFECT_NUL),
                     MAILPROTO_DEFECT_SECURITY);
    assert_int_equal(mailproto_defect_class(MAILPROTO_DEFECT_NO_DATE),
                     MAILPROTO_DEFECT_NOTE);
    for (i = 1; i <= MAILPROTO_DEFECT_8BIT; i++) {
        uint32_t kind = mailproto_defect_class(i);
        assert_true(kind >= MAILPROTO_DEFECT_NOTE && kind <= MAILPROTO_DEFECT_SECURITY);
    }
}

static void test_field_names(void **state)
{
    char lower[40];
    uint32_t i;
    size_t k;
    mailproto_bytes b;
    (void)state;
    for (i = 1; i <= MAILPROTO_FIELD_DELIVERED_TO; i++) {
        const char *name = mailproto_field_name(i);
        b.ptr = name;
        b.len = strlen(name);
        assert_true(b.len > 0 && b.len < sizeof lower);
        assert_int_equal(mailproto_field_find(b), i);
        for (k = 0; k < b.len; k++) {
            lower[k] =
                name[k] >= 'A' && name[k] <= 'Z' ? (char)(name[k] + 32) : name[k];
        }
        b.ptr = lower;
        assert_int_equal(mailproto_field_find(b), i);
        lower[b.len - 1] = '_';
        assert_int_equal(mailproto_field_find(b), MAILPROTO_FIELD_OTHER);
    }
    assert_string_equal(mailproto_field_name(MAILPROTO_FIELD_CONTENT_TYPE),
                        "Content-Type");
    assert_string_equal(mailproto_field_name(0), "");
    assert_string_equal(mailproto_field_name(MAILPROTO_FIELD_DELIVERED_TO + 1), "");
    b.len = 0;
    assert_int_equal(mailproto_field_find(b), MAILPROTO_FIELD_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),    cmocka_unit_test(test_nul),
        cmocka_unit_test(test_messages),   cmocka_unit_test(test_line_length),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_field_names),
        cmocka_unit_test(test_every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
