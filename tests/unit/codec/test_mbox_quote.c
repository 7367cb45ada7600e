/*
 * Quoting of messages for mailbox files (mboxrd), at every cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter_run.h"

static void expect(const char *in, size_t len, const char *out, size_t out_len)
{
    struct text t = filter_whole(FILTER_QUOTE, 0, in, len);
    assert_int_equal(t.len, out_len);
    assert_memory_equal(text_string(&t), out, out_len);
    text_free(&t);
    filter_everywhere(FILTER_QUOTE, 0, in, len);
}

#define QUOTE(in, out) expect(in, sizeof(in) - 1, out, sizeof(out) - 1)

static void quotes(void **state)
{
    (void)state;
    QUOTE("From x\n", ">From x\n\n");
    QUOTE(">From x\n>>>>>>>>>>>>From y\n", ">>From x\n>>>>>>>>>>>>>From y\n\n");
    QUOTE("A: b\n\nFrom me\nto From you\n", "A: b\n\n>From me\nto From you\n\n");
    QUOTE("From", "From\n\n");
    QUOTE("From\nFro\nFFrom \nfrom \nFrom:\n", "From\nFro\nFFrom \nfrom \nFrom:\n\n");
    QUOTE("> From x\n>Fro\n>\nFrom ", "> From x\n>Fro\n>\n>From \n\n");
    QUOTE("From \r\nFrom \rFrom \r\n", ">From \r\n>From \rFrom \r\n\r\n");
}

static void ends(void **state)
{
    (void)state;
    QUOTE("", "\n");
    QUOTE("a", "a\n\n");
    QUOTE(">", ">\n\n");
    QUOTE("a\r\nb", "a\r\nb\r\n\r\n");
    QUOTE("a\r\n\r\n", "a\r\n\r\n\r\n");
    QUOTE("a\r\nb\nFr", "a\r\nb\nFr\n\n");
    QUOTE("a\r", "a\r\n\n");
    QUOTE("\0\n\0", "\0\n\0\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes),
        cmocka_unit_test(ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
