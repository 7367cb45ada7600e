/*
 * Attack vectors on the structure of messages (optional data: MAILPROTO_DATA): the same
 * events wherever they are cut; the parts, bodies, parameters, file names and defects that
 * each asks for; limits, and steps that grow no faster than the octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/field.h>
#include <mailproto/message.h>

#include "jsonl.h"
#include "message_trace.h"
#include "thinned.h"

enum { PARTS = 64, RANDOM_RUNS = 100 };

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
    const unsigned runs = 2 + RANDOM_RUNS / (unsigned)thinned(10);
    unsigned i;
    for (i = 0; i < runs; i++) {
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

/* ---- what a vector says of parts and parameters ------------------------------------------ */

struct parsed {
    mailproto_part parts[PARTS];
    mailproto_index index;
    mailproto_source source;
};

static void parse(struct parsed *p, const struct text *input)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    memset(p, 0, sizeof *p);
    p->index.struct_size = sizeof p->index;
    p->index.capacity = PARTS;
    p->index.parts = p->parts;
    p->source.struct_size = sizeof p->source;
    p->source.data = input->data;
    p->source.size = input->len;
    assert_int_equal(
        mailproto_index_build(&p->index, &p->source, NULL, work, sizeof work),
        MAILPROTO_OK);
}

static int64_t leaves_of(const struct parsed *p)
{
    int64_t leaves = 0;
    uint32_t i;
    for (i = 0; i < p->index.count; i++) {
        leaves += p->parts[i].media < MAILPROTO_MEDIA_MULTIPART;
    }
    return leaves;
}

static void check_body(const char *id, const struct parsed *p, uint32_t part,
                       const char *want, size_t len)
{
    mailproto_body b;
    char out[200];
    size_t got = 0;
    assert_int_equal(mailproto_body_open(&b, &p->source, &p->parts[part], 0, NULL, 0),
                     MAILPROTO_OK);
    (void)mailproto_body_read(&b, out, sizeof out, &got);
    if (got != len || memcmp(out, want, len) != 0) {
        fail_msg("%s: the body of part %u is \"%.*s\"", id, (unsigned)part, (int)got,
                 out);
    }
}

static void check_parts(const struct jsonl *j, const char *id, const struct parsed *p)
{
    int64_t leaves = leaves_of(p);
    struct text decoded = {NULL, 0, 0};
    size_t i;
    int allowed = !jsonl_has(j, "args.parts_in");
    for (i = 0; i < jsonl_count(j, "args.parts_in"); i++) {
        allowed = allowed || jsonl_number_at(j, "args.parts_in", i) == leaves;
    }
    if (leaves != jsonl_number(j, "args.parts", leaves) || !allowed) {
        fail_msg("%s: %d leaves", id, (int)leaves);
    }
    if (jsonl_bytes(j, "args.decoded_b64", &decoded)) {
        check_body(id, p, 0, decoded.data, decoded.len);
    }
    text_free(&decoded);
}

/* A parameter of a field of the first header; the defects of reading it. */
static uint64_t parameter(const struct parsed *p, uint32_t which, const char *name,
                          uint32_t how, struct text *out)
{
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    mailproto_fields walk;
    mailproto_field f;
    char value[200];
    size_t len = 0;
    out->len = 0;
    if (p->parts[0].fields[which] == 0) {
        return 0;
    }
    assert_int_equal(mailproto_fields_open_at(&walk, &p->source,
                                              p->parts[0].header_offset +
                                                  p->parts[0].fields[which] - 1,
                                              p->parts[0].body_offset, NULL, 0),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&walk, &f), MAILPROTO_OK);
    if (mailproto_parameter_get(f.value, (mailproto_bytes){name, strlen(name)}, how,
                                NULL, value, sizeof value, &len, NULL,
                                &d) == MAILPROTO_OK) {
        text_add(out, value, len);
    }
    return d.seen;
}

#define SEEN(code) (UINT64_C(1) << (code))

static void must(const char *id, int holds, const char *what)
{
    if (!holds) {
        fail_msg("%s: %s", id, what);
    }
}

static int is(struct text *t, const char *want)
{
    return strcmp(text_string(t), want) == 0;
}

/* Flags that the readers of values tell, and file names. */
static void check_values(const struct jsonl *j, const char *id, const struct parsed *p)
{
    struct text out = {NULL, 0, 0};
    const char *flag = jsonl_text(j, "args.flag");
    const char *name = jsonl_text(j, "args.filename");
    uint64_t seen;
    if (name != NULL) {
        (void)parameter(p, MAILPROTO_PART_DISPOSITION, "filename", 0, &out);
        must(id, is(&out, name), "another file name");
    }
    if (flag != NULL && strcmp(flag, "encoded-word-in-parameter") == 0) {
        seen = parameter(p, MAILPROTO_PART_DISPOSITION, "filename", 0, &out);
        must(id, (seen & SEEN(MAILPROTO_VALUE_DEFECT_ENCODED_WORD)) != 0, "not told");
        must(id, is(&out, "evil.exe"), "not read when asked for");
        (void)parameter(p, MAILPROTO_PART_DISPOSITION, "filename",
                        MAILPROTO_PARAMETER_NO_WORDS, &out);
        must(id, is(&out, "=?utf-8?q?evil.exe?="), "the raw value is not kept");
    }
    if (strncmp(id, "rfc2231-", 8) == 0) {
        seen = parameter(p, MAILPROTO_PART_TYPE, "name", 0, &out);
        must(id,
             (seen & (SEEN(MAILPROTO_VALUE_DEFECT_PARAMETER_SECTION) |
                      SEEN(MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET) |
                      SEEN(MAILPROTO_VALUE_DEFECT_PARAMETER) |
                      SEEN(MAILPROTO_VALUE_DEFECT_CONTROL))) != 0,
             "not told");
        must(id, strpbrk(text_string(&out), "\r\n") == NULL, "a line end comes out");
    }
    text_free(&out);
}

/* What the words of a vector ask for, beyond its arguments. */
static void check_words(const char *id, const struct parsed *p, struct text *trace)
{
    struct text out = {NULL, 0, 0};
    if (strcmp(id, "mime-dup-boundary") == 0) { /* the first wins */
        (void)parameter(p, MAILPROTO_PART_TYPE, "boundary", 0, &out);
        must(id, is(&out, "a") && p->index.count == 2, "another boundary");
        check_body(id, p, 1, "A\r\n--b\r\n\r\nB", 11);
    } else if (strcmp(id, "mime-dup-ctype") == 0) { /* so does the first field */
        must(id, p->index.count == 1 && p->parts[0].media == MAILPROTO_MEDIA_TEXT_PLAIN,
             "another type");
    } else if (strcmp(id, "mime-fn-path") == 0) {
        char safe[64];
        size_t len = 0;
        (void)parameter(p, MAILPROTO_PART_DISPOSITION, "filename", 0, &out);
        must(id, is(&out, "../../etc/passwd"), "the raw value is not kept");
        assert_int_equal(mailproto_file_name((mailproto_bytes){out.data, out.len}, 0,
                                             safe, sizeof safe, &len),
                         MAILPROTO_OK);
        must(id, len > 0 && safe[0] != '.' && memchr(safe, '/', len) == NULL,
             "an unsafe name");
    } else if (strcmp(id, "mime-bnd-71") == 0) { /* matched in full */
        must(id, leaves_of(p) == 1, "not one part");
        check_body(id, p, 1, "x", 1);
    } else if (strcmp(id, "mime-bnd-suffix") == 0) { /* one rule, and flagged */
        must(id, strstr(text_string(trace), "defect BOUNDARY_TEXT") != NULL,
             "not told");
        check_body(id, p, 1, "x\r\n--ab\r\ny", 10);
    } else if (strcmp(id, "mime-bnd-lf") == 0) { /* flagged, and the same tree */
        must(id, strstr(text_string(trace), " lf\n") != NULL, "not told");
        must(id, p->index.count == 2, "another tree");
        check_body(id, p, 1, "x", 1);
    } else if (strcmp(id, "mime-rfc822-b64") == 0) { /* not descended */
        must(id, p->index.count == 1, "entered");
    } else if (strcmp(id, "mime-ctype-empty") == 0) {
        must(id, p->index.count == 1 && p->parts[0].media == MAILPROTO_MEDIA_TEXT_PLAIN,
             "not text");
    } else if (strcmp(id, "mime-partial") == 0) {
        /* Never put together here, so its numbers are the application's to compare. */
        must(id, p->index.count == 1, "entered");
        (void)parameter(p, MAILPROTO_PART_TYPE, "number", 0, &out);
        must(id, is(&out, "2"), "no number");
        (void)parameter(p, MAILPROTO_PART_TYPE, "total", 0, &out);
        must(id, is(&out, "1"), "no total");
    }
    text_free(&out);
}

/* ---- the large forms ---------------------------------------------------------------------- */

/* What a run did: events asked for, octets shown, the deepest part, defects. */
struct work {
    uint64_t steps, octets, defects;
    unsigned depth, parts;
};

static void make_large(const struct jsonl *j, int64_t count, struct text *big)
{
    struct text unit = {NULL, 0, 0};
    big->len = 0;
    assert_true(jsonl_bytes(j, "gen.prefix_b64", big));
    assert_true(jsonl_bytes(j, "gen.repeat_b64", &unit));
    for (; count > 0; count--) {
        text_add(big, unit.data, unit.len);
    }
    unit.len = 0;
    (void)jsonl_bytes(j, "gen.suffix_b64", &unit);
    text_add(big, unit.data, unit.len);
    text_free(&unit);
}

/* With all limits as they are by default. */
static void run_large(const struct text *big, size_t piece, struct work *w)
{
    static char mem[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_message *m;
    mailproto_message_event ev;
    mailproto_status st;
    size_t fed = 0;
    memset(w, 0, sizeof *w);
    assert_int_equal(mailproto_message_init(mem, sizeof mem, NULL, &m), MAILPROTO_OK);
    while ((st = mailproto_message_next_event(m, &ev)) != MAILPROTO_EOF) {
        w->steps++;
        if (st == MAILPROTO_OK) {
            w->depth = ev.depth > w->depth ? ev.depth : w->depth;
            w->octets += ev.type == MAILPROTO_MESSAGE_DEFECT ? 0 : ev.raw.len;
            w->parts += ev.type == MAILPROTO_MESSAGE_PART_BEGIN;
            w->defects |=
                ev.type == MAILPROTO_MESSAGE_DEFECT ? UINT64_C(1) << ev.code : 0;
        } else if (fed == big->len) {
            assert_int_equal(mailproto_message_feed_eof(m), MAILPROTO_OK);
        } else {
            size_t n = piece < big->len - fed ? piece : big->len - fed;
            assert_int_equal(mailproto_message_feed(m, big->data + fed, n),
                             MAILPROTO_OK);
            fed += n;
        }
    }
}

/* What is shown never exceeds what was given, and four times the octets take no more than
 * 4.2 times the steps; checks/linear.py counts instructions. */
static void check_large(const struct jsonl *j, const char *id)
{
    int64_t count = jsonl_number(j, "gen.count", 0);
    struct text big = {NULL, 0, 0};
    struct work one, four;
    unsigned i;
    for (i = 0; i < 2; i++) {
        make_large(j, count / 4, &big);
        run_large(&big, i == 0 ? big.len : 4096, &one);
        must(id, one.octets <= big.len, "octets are shown twice");
        make_large(j, count, &big);
        run_large(&big, i == 0 ? big.len : 4096, &four);
        must(id, four.octets <= big.len, "octets are shown twice");
        must(id, four.steps <= one.steps + one.steps / 5 * 16 + 16, "not linear");
    }
    if (strcmp(jsonl_text(j, "expect"), "limit") == 0) {
        assert_int_equal(four.depth, jsonl_number(j, "args.max_depth", -1));
        must(id, (four.defects & SEEN(MAILPROTO_DEFECT_DEPTH)) != 0, "not told");
    }
    if (jsonl_has(j, "args.max_parts")) {
        must(id, four.parts <= jsonl_number(j, "args.max_parts", 0) + 1, "more parts");
        must(id, (four.defects & SEEN(MAILPROTO_DEFECT_PARTS)) != 0, "not told");
    }
    if (jsonl_has(j, "args.max_params")) { /* all that is over is passed by */
        must(id,
             (four.defects &
              (SEEN(MAILPROTO_DEFECT_PARAMS) | SEEN(MAILPROTO_DEFECT_FIELD_LONG))) != 0,
             "not told");
    }
    text_free(&big);
}

/* ---- a vector ---------------------------------------------------------------------------------- */

static void check_flag(const struct jsonl *j, const char *id, struct text *trace)
{
    static const char *const by_values[] = {"encoded-word-in-parameter", "bare-lf",
                                            "bad-parameter"};
    const char *name = jsonl_text(j, "args.flag");
    const struct flag *flag = find_flag(name);
    size_t i;
    if (strcmp(id, "mime-bnd-1quote") == 0) {
        flag = find_flag("bad-boundary");
    }
    if (flag != NULL) {
        if (!has_defect(trace, flag)) {
            fail_msg("%s: not told\n%s", id, text_string(trace));
        }
        return;
    }
    for (i = 0; name != NULL && i < sizeof by_values / sizeof *by_values; i++) {
        if (strcmp(name, by_values[i]) == 0) {
            return; /* check_values() and check_words() look for it */
        }
    }
    must(id, name == NULL, "a flag that nobody looks for");
}

/* What is to be accepted has no defect that says otherwise: only those of fields that
 * the vector leaves out. */
static void check_accepted(const struct jsonl *j, const char *id,
                           const struct text *input)
{
    static char mem[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_message *m;
    mailproto_message_event ev;
    mailproto_status st;
    if (strcmp(jsonl_text(j, "expect"), "accept") != 0 ||
        jsonl_has(j, "args.may_flag") || jsonl_has(j, "args.flag") ||
        jsonl_has(j, "args.parts_in")) {
        return;
    }
    assert_int_equal(mailproto_message_init(mem, sizeof mem, NULL, &m), MAILPROTO_OK);
    assert_int_equal(mailproto_message_feed(m, input->data, input->len), MAILPROTO_OK);
    assert_int_equal(mailproto_message_feed_eof(m), MAILPROTO_OK);
    while ((st = mailproto_message_next_event(m, &ev)) != MAILPROTO_EOF) {
        if (st == MAILPROTO_OK && ev.type == MAILPROTO_MESSAGE_DEFECT &&
            ev.code != MAILPROTO_DEFECT_NO_FROM &&
            ev.code != MAILPROTO_DEFECT_NO_DATE) {
            fail_msg("%s: %s", id, mailproto_defect_name(ev.code));
        }
    }
}

static int run_vector(const struct jsonl *j)
{
    const char *id = jsonl_text(j, "id");
    const char *setup = jsonl_text(j, "setup");
    struct text input = {NULL, 0, 0};
    struct text trace = {NULL, 0, 0};
    struct parsed p;
    if (strcmp(jsonl_text(j, "protocol"), "mime") != 0 ||
        strcmp(jsonl_text(j, "role"), "parser") != 0 ||
        strcmp(setup, "MIME parse") != 0) {
        return 0;
    }
    assert_true(jsonl_bytes(j, "input_b64", &input));
    run_cuts(id, &input, &trace);
    parse(&p, &input);
    check_flag(j, id, &trace);
    check_parts(j, id, &p);
    check_values(j, id, &p);
    check_words(id, &p, &trace);
    check_accepted(j, id, &input);
    if (jsonl_has(j, "gen.count")) {
        check_large(j, id);
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
    assert_true(count >= 45);
    jsonl_close(j);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
