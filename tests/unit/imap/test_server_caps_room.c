/*
 * CAPABILITY while the output is filled to any octet: its line leaves in parts, and is the
 * same as in an empty output.
 */
#include "server_driver.h"

static const char tag[] = "abcdefghijklmnopqrstuvwxyz";

/* What comes of a CAPABILITY behind answers of `fill` octets and some, none of which was
 * written yet. */
static struct run *answered(const mailproto_imap_server_options *o, size_t fill)
{
    struct run *r = open_session(o, NULL, NULL);
    char commands[2048];
    size_t len = 0;
    size_t n;
    for (n = 0; n < fill / 21; n++) { /* `a OK NOOP completed` */
        len += (size_t)snprintf(commands + len, sizeof commands - len, "a NOOP\r\n");
    }
    len += (size_t)snprintf(commands + len, sizeof commands - len,
                            "%.*s NOOP\r\nx CAPABILITY\r\n", (int)(fill % 21 + 1), tag);
    feed_step(r, commands, len);
    return r;
}

static void at_every_fill(void **state)
{
    mailproto_imap_server_options o = options_of();
    struct run *r;
    char line[1024];
    size_t fill;
    (void)state;
    o.out_size = 1024;
    r = open_session(&o, NULL, "x CAPABILITY\r\n");
    close_session(r);
    r = answered(&o, 0);
    (void)snprintf(line, sizeof line, "%s", strstr(r->out, "* CAPABILITY "));
    assert_non_null(strstr(line, " IDLE "));
    close_session(r);
    for (fill = 1; fill < 1024; fill++) {
        const char *found;
        r = answered(&o, fill);
        found = strstr(r->out, "* CAPABILITY");
        assert_non_null(found);
        assert_string_equal(found, line);
        close_session(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_every_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
