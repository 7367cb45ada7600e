/*
 * Parts that begin with text in place of a header: it is in a body.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks.h"

#define HEAD "Content-Type: multipart/mixed; boundary=a\n\n" /* 43 octets */

/* The lines of the trace that speak of the second part: its header, body and end. */
static void part_is(const char *text, const char *defects, const char *body)
{
    mailproto_message_options o = part_options();
    struct text m = {NULL, 0, 0};
    text_print(&m, HEAD "--a\n%s--a--", text);
    check_lines(m.data, m.len, &o, "defect ", defects);
    check_lines(m.data, m.len, &o, "body ", body);
    text_free(&m);
}

static void texts(void **state)
{
    (void)state;
    part_is("one line\n", "NO_BLANK_LINE at 47\n", "at 47, 8\n");
    part_is("one line\r\n", "NO_BLANK_LINE at 47\n", "at 47, 8\n");
    part_is(" one line\n", "NO_BLANK_LINE at 47\n", "at 47, 9\n");
    part_is("two\nlines: here\nC: d\n", "NO_COLON at 47\nNO_BLANK_LINE at 68\n", "");
    part_is("two\nlines of it\n", "NO_BLANK_LINE at 47\n", "at 47, 15\n");
    part_is("-\n-\n", "NO_BLANK_LINE at 47\n", "at 47, 3\n");
    /* A header, and so they stay. */
    part_is("two\n lines\n\nand more\n", "NO_COLON at 47\n", "at 59, 8\n");
    part_is("no colon\n\nbody\n", "NO_COLON at 47\n", "at 57, 4\n");
    part_is("no colon\r\n\r\nbody\n", "NO_COLON at 47\n", "at 59, 4\n");
    part_is("no colon\nB: c\n\nbody\n", "NO_COLON at 47\n", "at 62, 4\n");
    part_is("B: c\nno colon\nnone\n",
            "NO_COLON at 52\nNO_COLON at 61\nNO_BLANK_LINE at 66\n", "");
}

/* At the end of the message nothing follows. */
static void at_the_end(void **state)
{
    mailproto_message_options o = part_options();
    static const char text[] = HEAD "--a\none line";
    (void)state;
    check_lines(text, sizeof text - 1, &o, "body ", "at 47, 8\n");
}

/* Both limits, counted from the part's first octet: 480 and 512 octets. */
static void limits(void **state)
{
    char text[2000];
    size_t n;
    (void)state;
    for (n = 479; n <= 480; n++) { /* octets before the LF of the first line */
        memset(text, 'x', sizeof text);
        strcpy(text + n, "\nB: c\n\nbody\n");
        if (n == 479) {
            part_is(text, "NO_COLON at 47\n", "at 533, 4\n");
        } else {
            part_is(text, "NO_BLANK_LINE at 47\n", "at 47, 491\n");
        }
    }
    for (n = 511; n <= 512; n++) { /* octets before the colon of the second line */
        memset(text, 'x', sizeof text);
        text[1] = '\n';
        strcpy(text + 2 + n, ": c\n\nbody\n");
        if (n == 511) {
            part_is(text, "NO_COLON at 47\n", "at 565, 4\n");
        } else {
            part_is(text, "NO_BLANK_LINE at 47\n", "at 47, 523\n");
        }
    }
}

/* What is no part of a multipart, or a message, is read as ever. */
static void others(void **state)
{
    mailproto_message_options o = part_options();
    (void)state;
    check_lines("one\ntwo\n", 8, &o, "defect ",
                "NO_COLON at 0\nNO_COLON at 4\nNO_BLANK_LINE at 8\n");
    check_lines("Content-Type: multipart/digest; boundary=a\n\n--a\none\n--a--", 58, &o,
                "body ", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(at_the_end),
        cmocka_unit_test(limits),
        cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
