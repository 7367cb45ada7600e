/*
 * Attack vectors on the structure of messages (optional data: MAILPROTO_DATA): the same
 * events wherever they are cut, the parts and defects that are expected, and no harm done
 * by the large forms.
 *
 * Vectors that concern values (names of files, RFC 2231) are only run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <mailproto/message.h>

#include "jsonl.h"
#include "message_trace.h"

enum { PARTS = 64, RANDOM_RUNS = 100, SECONDS_MAX = 30 };

/* What the data calls a flag, and the defects that say so. */
static const struct flag {
    const char *name;
    uint32_t codes[2];
} flags[] = {
    {"duplicate-parameter", {MAILPROTO_DEFECT_BOUNDARY, 0}},
    {"duplicate-singleton",
     {MAILPROTO_DEFECT_REPEATED_TYPE, MAILPROTO_DEFECT_REPEATED}},
    {"nul", {MAILPROTO_DEFECT_NUL, 0}},
    {"encoded-boundary", {MAILPROTO_DEFECT_BOUNDARY, 0}},
    {"bad-boundary", {MAILPROTO_DEFECT_NO_BOUNDARY, MAILPROTO_DEFECT_BOUNDARY}},
    {"boundary-reuse", {MAILPROTO_DEFECT_BOUNDARY_TWICE, 0}},
    {"missing-close", {MAILPROTO_DEFECT_NOT_CLOSED, 0}},
    {"no-header-end", {MAILPROTO_DEFECT_NO_BLANK_LINE, 0}},
    {"cte-on-composite", {MAILPROTO_DEFECT_ENCODED_PARTS, 0}},
    {"bad-content-type", {MAILPROTO_DEFECT_TYPE_SYNTAX, 0}},
};

static const struct flag *find_flag(const char *name)
{
    size_t i;
    for (i = 0; name != NULL && i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(flags[i].name, name) == 0) {
            return &flags[i];
        }
    }
    return NULL;
}

static int has_defect(struct text *trace, const struct flag *flag)
{
    const char *all = text_string(trace);
    size_t i;
    for (i = 0; i < 2 && flag->codes[i] != 0; i++) {
        struct text line = {NULL, 0, 0};
        int found;
        text_print(&line, "defect %s at",
                   mailproto_defect_name(flag->codes[i]) + strlen("MAILPROTO_DEFECT_"));
        found = strstr(all, text_string(&line)) != NULL;
        text_free(&line);
        if (found) {
            return 1;
        }
    }
    return 0;
}

static void run_cuts(const char *id, const struct text *input, struct text *whole)
{
    unsigned i;
    for (i = 0; i < 2 + RANDOM_RUNS; i++) {
        struct chunk cut = {CHUNK_WHOLE, 0, 0, 0};
        struct text trace = {NULL, 0, 0};
        const char *wrong;
        cut.kind = i == 0 ? CHUNK_WHOLE : i == 1 ? CHUNK_EACH : CHUNK_RANDOM;
        cut.value = i;
        wrong = message_trace(input->data, input->len, NULL, &cut, 0, &trace);
        if (wrong != NULL) {
            fail_msg("%s, %s: %s", id, chunk_name(&cut), wrong);
        }
        if (i == 0) {
            *whole = trace;
            continue;
        }
        if (trace.len != whole->len ||
            memcmp(trace.data, whole->data, trace.len) != 0) {
            fail_msg("%s, %s: other events", id, chunk_name(&cut));
        }
        text_free(&trace);
    }
}

static void check_index(const struct jsonl *j, const char *id, const struct text *input)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_part parts[PARTS];
    struct text decoded = {NULL, 0, 0};
    mailproto_index ix;
    mailproto_source s;
    int64_t leaves = 0;
    uint32_t i;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = PARTS;
    ix.parts = parts;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.data = input->data;
    s.size = input->len;
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                     MAILPROTO_OK);
    for (i = 0; i < ix.count; i++) {
        leaves += parts[i].media < MAILPROTO_MEDIA_MULTIPART;
    }
    if (leaves != jsonl_number(j, "args.parts", leaves)) {
        fail_msg("%s: %d leaves", id, (int)leaves);
    }
    if (jsonl_bytes(j, "args.decoded_b64", &decoded)) {
        mailproto_body b;
        char out[100];
        size_t got;
        assert_int_equal(mailproto_body_open(&b, &s, &parts[0], 0, NULL, 0),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_body_read(&b, out, sizeof out, &got), MAILPROTO_OK);
        assert_int_equal(got, decoded.len);
        assert_memory_equal(out, decoded.data, got);
    }
    text_free(&decoded);
}

/* The large form, with all limits as they are by default; the deepest part. */
static unsigned run_large(const char *id, const struct jsonl *j)
{
    static char mem[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    struct text big = {NULL, 0, 0};
    struct text unit = {NULL, 0, 0};
    int64_t count = jsonl_number(j, "gen.count", 0);
    unsigned depth = 0;
    unsigned run;
    assert_true(jsonl_bytes(j, "gen.prefix_b64", &big));
    assert_true(jsonl_bytes(j, "gen.repeat_b64", &unit));
    for (; count > 0; count--) {
        text_add(&big, unit.data, unit.len);
    }
    unit.len = 0;
    (void)jsonl_bytes(j, "gen.suffix_b64", &unit);
    text_add(&big, unit.data, unit.len);
    for (run = 0; run < 2; run++) {
        const size_t piece = run == 0 ? big.len : 4096;
        mailproto_message *m;
        mailproto_message_event ev;
        mailproto_status st;
        size_t fed = 0;
        clock_t begun = clock();
        assert_int_equal(mailproto_message_init(mem, sizeof mem, NULL, &m),
                         MAILPROTO_OK);
        while ((st = mailproto_message_next_event(m, &ev)) != MAILPROTO_EOF) {
            if (st == MAILPROTO_OK) {
                depth = ev.depth > depth ? ev.depth : depth;
            } else if (fed == big.len) {
                assert_int_equal(mailproto_message_feed_eof(m), MAILPROTO_OK);
            } else {
                size_t n = piece < big.len - fed ? piece : big.len - fed;
                assert_int_equal(mailproto_message_feed(m, big.data + fed, n),
                                 MAILPROTO_OK);
                fed += n;
            }
        }
        if ((clock() - begun) / CLOCKS_PER_SEC > SECONDS_MAX) {
            fail_msg("%s: too slow", id);
        }
    }
    text_free(&big);
    text_free(&unit);
    return depth;
}

static int run_vector(const struct jsonl *j)
{
    const char *id = jsonl_text(j, "id");
    const char *setup = jsonl_text(j, "setup");
    struct text input = {NULL, 0, 0};
    struct text trace = {NULL, 0, 0};
    const struct flag *flag;
    if (strcmp(jsonl_text(j, "protocol"), "mime") != 0 ||
        strcmp(jsonl_text(j, "role"), "parser") != 0 ||
        strcmp(setup, "MIME parse") != 0) {
        return 0;
    }
    assert_true(jsonl_bytes(j, "input_b64", &input));
    run_cuts(id, &input, &trace);
    flag = find_flag(jsonl_text(j, "args.flag"));
    if (strcmp(id, "mime-bnd-1quote") == 0) {
        flag = find_flag("bad-boundary");
    }
    if (flag != NULL && !has_defect(&trace, flag)) {
        fail_msg("%s: not told\n%s", id, text_string(&trace));
    }
    check_index(j, id, &input);
    if (jsonl_has(j, "gen.count")) {
        unsigned depth = run_large(id, j);
        if (strcmp(jsonl_text(j, "expect"), "limit") == 0) {
            assert_int_equal(depth, jsonl_number(j, "args.max_depth", -1));
        }
    }
    text_free(&input);
    text_free(&trace);
    return 1;
}

static void test_vectors(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", &why);
    int count = 0;
    int more;
    (void)state;
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while ((more = jsonl_next(j, &why)) > 0) {
        count += run_vector(j);
    }
    if (more < 0) {
        fail_msg("%s", text_string(&why));
    }
    print_message("%d vectors\n", count);
    assert_true(count > 30);
    jsonl_close(j);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
