/*
 * Real and generated messages (optional data: MAILPROTO_DATA): the same events wherever
 * they are cut, the same structure as the naive scanner where that has no other rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jsonl.h"
#include "message_trace.h"
#include "naive_mime.h"
#include "thinned.h"

/* Octet by octet, all of the corpus takes seconds; valgrind, which makes an hour of them,
 * gets the small messages only. */
static size_t most_by_one(void)
{
    return thinned(2) == 2 ? 8192 : (size_t)-1;
}

static void compare(const char *file, const struct text *message,
                    const struct chunk *cut, unsigned flags,
                    const struct text *expected)
{
    struct text trace = {NULL, 0, 0};
    const char *wrong =
        message_trace(message->data, message->len, NULL, cut, flags, &trace);
    if (wrong != NULL) {
        fail_msg("%s, %s: %s", file, chunk_name(cut), wrong);
    }
    if (trace.len != expected->len ||
        memcmp(trace.data, expected->data, trace.len) != 0) {
        fail_msg("%s, %s: other events", file, chunk_name(cut));
    }
    text_free(&trace);
}

static void check_message(const char *file, const struct text *message)
{
    static const struct chunk cuts[] = {{CHUNK_EACH, 4096, 0, 0},
                                        {CHUNK_EACH, 1460, 0, 0},
                                        {CHUNK_RANDOM, 1, 0, 0},
                                        {CHUNK_RANDOM, 2, 0, 0}};
    const struct chunk whole = {CHUNK_WHOLE, 0, 0, 0};
    const struct chunk one = {CHUNK_EACH, 1, 0, 0};
    struct text expected = {NULL, 0, 0};
    const char *wrong;
    size_t i;
    wrong = message_trace(message->data, message->len, NULL, &whole, 0, &expected);
    if (wrong != NULL) {
        fail_msg("%s: %s", file, wrong);
    }
    for (i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        compare(file, message, &cuts[i], 0, &expected);
    }
    if (message->len <= most_by_one()) {
        compare(file, message, &one, 0, &expected);
    }
    /* The naive one knows no limit of a field that steers. */
    if (strstr(text_string(&expected), "defect FIELD_LONG") == NULL) {
        expected.len = 0;
        naive_mime(message->data, message->len, &expected);
        compare(file, message, &whole, TRACE_STRUCTURE_DEFECTS, &expected);
    }
    text_free(&expected);
}

static void test_corpus(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("corpus/messages/manifest.jsonl", &why);
    const size_t step = thinned(5);
    size_t number = 0;
    int count = 0;
    int more;
    (void)state;
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while ((more = jsonl_next(j, &why)) > 0) {
        struct text name = {NULL, 0, 0};
        struct text message = {NULL, 0, 0};
        text_print(&name, "corpus/messages/%s", jsonl_text(j, "file"));
        if (number++ % step == 0 && data_file(text_string(&name), &message)) {
            check_message(text_string(&name), &message);
            count++;
        }
        text_free(&name);
        text_free(&message);
    }
    if (more < 0) {
        fail_msg("%s", text_string(&why));
    }
    print_message("%d messages\n", count);
    assert_true(count > 0);
    jsonl_close(j);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
