/*
 * Text behind a boundary on its line: body by default, with a defect of class security; a
 * delimiter with MAILPROTO_MESSAGE_PREFIX_BOUNDARIES. No octet is lost either way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

#include "text.h"

#include "jsonl.h"

enum { PARTS = 64 };

static mailproto_part parts[PARTS];

/* The index with these flags; how many leaves it has. */
static unsigned leaves(const char *data, size_t len, uint32_t flags,
                       mailproto_index *ix)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_source source = {sizeof source, 0, NULL, data, len, NULL, NULL};
    mailproto_message_options o;
    unsigned n = 0;
    uint32_t i;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = flags;
    memset(ix, 0, sizeof *ix);
    ix->struct_size = sizeof *ix;
    ix->capacity = PARTS;
    ix->parts = parts;
    assert_int_equal(mailproto_index_build(ix, &source, &o, work, sizeof work),
                     MAILPROTO_OK);
    assert_int_equal(ix->needed, ix->count);
    for (i = 0; i < ix->count; i++) {
        n += parts[i].children == 0 && (parts[i].media < MAILPROTO_MEDIA_MULTIPART ||
                                        parts[i].media >= MAILPROTO_MEDIA_RFC822);
    }
    return n;
}

static const char first[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                            "--b junk\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n";
static const char second[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                             "--b\r\n\r\none\r\n--b junk\r\n\r\ntwo\r\n--b--\r\n";

static uint64_t octets_from(const char *message, const char *text)
{
    return (uint64_t)(strstr(message, text) - message);
}

static void own(void **state)
{
    mailproto_index ix;
    (void)state;
    /* Before the first delimiter it is preamble. */
    assert_int_equal(leaves(first, sizeof first - 1, 0, &ix), 1);
    assert_int_equal(parts[1].body_offset, octets_from(first, "two"));
    assert_int_equal(
        leaves(first, sizeof first - 1, MAILPROTO_MESSAGE_PREFIX_BOUNDARIES, &ix), 2);
    assert_int_equal(parts[1].body_offset, octets_from(first, "one"));
    assert_int_equal(parts[2].body_offset, octets_from(first, "two"));
    /* Behind it, it is the body of the part in front. */
    assert_int_equal(leaves(second, sizeof second - 1, 0, &ix), 1);
    assert_int_equal(parts[1].body_offset, octets_from(second, "one"));
    assert_int_equal(parts[1].body_offset + parts[1].body_octets,
                     octets_from(second, "two") + 3);
    assert_int_equal(
        leaves(second, sizeof second - 1, MAILPROTO_MESSAGE_PREFIX_BOUNDARIES, &ix), 2);
    assert_int_equal(parts[2].body_offset, octets_from(second, "two"));
    assert_int_equal(mailproto_defect_class(MAILPROTO_DEFECT_BOUNDARY_TEXT),
                     MAILPROTO_DEFECT_SECURITY);
}

/* The messages that docs/differences.md lists: with the option as many leaves as most of
 * seven other parsers see. */
static void listed(void **state)
{
    static const char *const names[] = {"mut-0368", "mut-0413", "mut-0698"};
    static const unsigned expected[] = {4, 2, 12};
    struct text data = {0};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        mailproto_index ix;
        snprintf(path, sizeof path,
                 "corpus/messages/generated/%s-delim-trailing-text.eml", names[i]);
        data.len = 0;
        if (!data_file(path, &data)) {
            print_message("skipped: %s is not there (set MAILPROTO_DATA)\n", path);
            text_free(&data);
            skip();
        }
        assert_int_equal(leaves(data.data, data.len, 0, &ix), expected[i] - 1);
        assert_int_equal(
            leaves(data.data, data.len, MAILPROTO_MESSAGE_PREFIX_BOUNDARIES, &ix),
            expected[i]);
    }
    text_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(own), cmocka_unit_test(listed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
