/*
 * What the guide's page on engines shows of memory is compiled and run here, word by word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/smtp.h>

#include "guide_pages.h"

/* ---- the guide's ------------------------------------------------------------------- */

static union {
    unsigned char bytes[MAILPROTO_SMTP_CLIENT_MEM(512, 512, 4, 256, 18)];
    void *align;
} block;

static mailproto_status begin(mailproto_smtp_client **client)
{
    mailproto_smtp_client_options o = {0};
    o.struct_size = sizeof o;
    o.in_size = 512;
    o.out_size = 512;
    o.max_outstanding = 4;
    o.caps_size = 256;
    o.ehlo_name.ptr = "sensor.example.org";
    o.ehlo_name.len = 18;
    return mailproto_smtp_client_init(block.bytes, sizeof block.bytes, &o, client);
}

/* ---- a program --------------------------------------------------------------------- */

static void fits(void **state)
{
    mailproto_smtp_client *client = NULL;
    (void)state;
    assert_int_equal(begin(&client), MAILPROTO_OK);
    assert_non_null(client);
}

static void the_page(void **state)
{
    static const char *const names[] = {"tests/unit/smtp/test_guide.c"};
    (void)state;
    assert_int_equal(guide_pieces("docs/guide/engine.md", names, 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits),
                                       cmocka_unit_test(the_page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
