/*
 * Text behind a boundary on its line. After a blank the line is a delimiter, with a defect
 * of class security; at once it makes the line body, with the same defect, or a delimiter
 * with MAILPROTO_MESSAGE_PREFIX_BOUNDARIES. No octet is lost either way.
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

#define MIXED "Content-Type: multipart/mixed; boundary="

static const char first[] = MIXED "b\r\n\r\n"
                                  "--b junk\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n";
static const char second[] =
    MIXED "b\r\n\r\n"
          "--b\r\n\r\none\r\n--b\tjunk\r\n\r\ntwo\r\n--b-- junk\r\nthree";
static const char at_once[] = MIXED "b\r\n\r\n"
                                    "--b\r\n\r\none\r\n--bjunk\r\n\r\ntwo\r\n--b--\r\n";

static uint64_t octets_from(const char *message, const char *text)
{
    return (uint64_t)(strstr(message, text) - message);
}

static uint64_t body_end(uint32_t part)
{
    return parts[part].body_offset + parts[part].body_octets;
}

static void own(void **state)
{
    const uint32_t letter = MAILPROTO_MESSAGE_PREFIX_BOUNDARIES;
    uint32_t flags;
    mailproto_index ix;
    (void)state;
    for (flags = 0; flags <= letter; flags += letter) {
        assert_int_equal(leaves(first, sizeof first - 1, flags, &ix), 2);
        assert_int_equal(parts[1].body_offset, octets_from(first, "one"));
        assert_int_equal(parts[2].body_offset, octets_from(first, "two"));
        assert_int_equal(leaves(second, sizeof second - 1, flags, &ix), 2);
        assert_int_equal(parts[1].body_offset, octets_from(second, "one"));
        assert_int_equal(body_end(1), octets_from(second, "\r\n--b\t"));
        assert_int_equal(parts[2].body_offset, octets_from(second, "two"));
        assert_int_equal(body_end(2), octets_from(second, "\r\n--b-- "));
    }
    /* Without a blank it is the body of the part in front. */
    assert_int_equal(leaves(at_once, sizeof at_once - 1, 0, &ix), 1);
    assert_int_equal(parts[1].body_offset, octets_from(at_once, "one"));
    assert_int_equal(body_end(1), octets_from(at_once, "\r\n--b--"));
    assert_int_equal(leaves(at_once, sizeof at_once - 1, letter, &ix), 2);
    assert_int_equal(parts[2].body_offset, octets_from(at_once, "two"));
    assert_int_equal(mailproto_defect_class(MAILPROTO_DEFECT_BOUNDARY_TEXT),
                     MAILPROTO_DEFECT_SECURITY);
}

/* Which of the open boundaries that a line begins with: a part of the message (1), of its
 * first part (2), or none (0). `line` stands in the part that is in it. */
static unsigned whose(const char *outer, const char *inner, const char *line,
                      uint32_t flags)
{
    struct text m = {0};
    mailproto_index ix;
    uint32_t i;
    unsigned of = 0;
    text_print(&m, MIXED "\"%s\"\n\n--%s\n" MIXED "\"%s\"\n\n--%s\n\nx\n", outer, outer,
               inner, inner);
    text_print(&m, "%s\n\ny\n", line);
    (void)leaves(m.data, m.len, flags, &ix);
    for (i = 3; i < ix.count; i++) {
        assert_int_equal(parts[i].body_octets, 2);
        of = parts[i].parent == 0 ? 1 : 2;
    }
    text_free(&m);
    return of;
}

static void nested(void **state)
{
    const uint32_t letter = MAILPROTO_MESSAGE_PREFIX_BOUNDARIES;
    (void)state;
    assert_int_equal(whose("a", "b", "--a x", 0), 1);
    assert_int_equal(whose("a", "b", "--b x", 0), 2);
    assert_int_equal(whose("a", "b", "--bx", 0), 0);
    /* The longest boundary ... */
    assert_int_equal(whose("a", "ab", "--a x", 0), 1);
    assert_int_equal(whose("a", "ab", "--ab x", 0), 2);
    assert_int_equal(whose("ab", "a", "--ab x", 0), 1);
    assert_int_equal(whose("ab", "a", "--a x", 0), 2);
    /* ... with a blank behind it, or of which nothing is behind. */
    assert_int_equal(whose("a", "a b", "--a bc", 0), 1);
    assert_int_equal(whose("a", "a b", "--a bc", letter), 2);
    assert_int_equal(whose("a", "a b", "--a b c", 0), 2);
    assert_int_equal(whose("a", "a b", "--a b", 0), 2);
    assert_int_equal(whose("a b", "a", "--a b", 0), 1);
    assert_int_equal(whose("a--", "a", "--a-- x", 0), 1);
    assert_int_equal(whose("a", "b", "--a--x", 0), 0);
}

/* The messages of the data folder have as many leaves as most of seven other parsers see,
 * with the option and without. */
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
        assert_int_equal(leaves(data.data, data.len, 0, &ix), expected[i]);
        assert_int_equal(
            leaves(data.data, data.len, MAILPROTO_MESSAGE_PREFIX_BOUNDARIES, &ix),
            expected[i]);
    }
    text_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(own), cmocka_unit_test(nested),
                                       cmocka_unit_test(listed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
