/*
 * What the tests of the scanner share: a message, how it is to be read, and the lines of
 * its trace, the same whole, octet by octet and in random pieces.
 */
#ifndef TEST_MESSAGE_CHECKS_H
#define TEST_MESSAGE_CHECKS_H

#include <string.h>

#include "message_trace.h"

/* Appends the lines of `trace` that begin with `begins` ("" for all) to `out`. */
static void select_lines(struct text *out, struct text *trace, const char *begins)
{
    char *line;
    (void)text_string(trace);
    line = strtok(trace->data, "\n");
    for (; line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, begins, strlen(begins)) == 0) {
            text_print(out, "%s\n", line + strlen(begins));
        }
    }
}

/* The lines of a message that begin with `begins`; fails if they depend on the cuts. */
static void lines_of(const void *data, size_t len,
                     const mailproto_message_options *options, const char *begins,
                     struct text *out)
{
    struct text whole = {NULL, 0, 0};
    unsigned i;
    for (i = 0; i < 8; i++) {
        struct chunk cut = {CHUNK_WHOLE, 0, 0, 0};
        struct text trace = {NULL, 0, 0};
        const char *wrong;
        if (i > 0) {
            cut.kind = i == 1 ? CHUNK_EACH : CHUNK_RANDOM;
            cut.value = i;
        }
        if (i == 2) {
            cut.kind = CHUNK_EACH;
            cut.value = 1460;
        }
        wrong = message_trace(data, len, options, &cut, 0, &trace);
        if (wrong != NULL) {
            fail_msg("%s: %s", chunk_name(&cut), wrong);
        }
        if (i == 0) {
            whole = trace;
            continue;
        }
        if (trace.len != whole.len || memcmp(trace.data, whole.data, whole.len) != 0) {
            print_error("whole:\n%s\ncut:\n%s\n", text_string(&whole),
                        text_string(&trace));
            fail_msg("%s: other events", chunk_name(&cut));
        }
        text_free(&trace);
    }
    select_lines(out, &whole, begins);
    text_free(&whole);
}

static void check_lines(const void *data, size_t len,
                        const mailproto_message_options *options, const char *begins,
                        const char *expected)
{
    struct text got = {NULL, 0, 0};
    lines_of(data, len, options, begins, &got);
    assert_string_equal(text_string(&got), expected);
    text_free(&got);
}

static mailproto_message_options part_options(void)
{
    mailproto_message_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_MESSAGE_IS_PART;
    return o;
}

#endif /* TEST_MESSAGE_CHECKS_H */
