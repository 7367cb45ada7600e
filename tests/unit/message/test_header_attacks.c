/*
 * Attack vectors on headers (optional data: MAILPROTO_DATA): the same events wherever they
 * are cut, the fields and defects that are expected, and steps that grow no faster than
 * the octets, through the parser and the readers of values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/field.h>

#include "jsonl.h"
#include "message_trace.h"

enum { RANDOM_RUNS = 100 };

/* What the data calls a flag, and the defects that say so. */
static const struct flag {
    const char *name;
    uint32_t code;
} flags[] = {{"obs-space-before-colon", MAILPROTO_DEFECT_FIELD_NAME},
             {"leading-continuation", MAILPROTO_DEFECT_FIRST_FOLD},
             {"bad-field-name", MAILPROTO_DEFECT_FIELD_NAME},
             {"no-colon", MAILPROTO_DEFECT_NO_COLON},
             {"bare-cr", MAILPROTO_DEFECT_BARE_CR},
             {"mbox-from", MAILPROTO_DEFECT_FROM_LINE}};

static void run_cuts(const char *id, const struct text *input)
{
    struct text whole = {NULL, 0, 0};
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
            whole = trace;
            continue;
        }
        if (trace.len != whole.len || memcmp(trace.data, whole.data, trace.len) != 0) {
            fail_msg("%s, %s: other events", id, chunk_name(&cut));
        }
        text_free(&trace);
    }
    text_free(&whole);
}

/* What the header says. */
struct seen {
    uint64_t defects; /* bits by code */
    int64_t fields;
    uint32_t first; /* MAILPROTO_FIELD_... */
    char from[64];
    size_t from_len;
    uint64_t sum;    /* octets of texts, so that nothing is left out as unused */
    uint64_t steps;  /* events asked for */
    uint64_t octets; /* shown */
};

static void see_field(struct seen *s, const mailproto_message_event *ev)
{
    if (ev->name.len == 0) {
        return;
    }
    s->fields++;
    s->first = s->fields == 1 ? ev->code : s->first;
    if (ev->code == MAILPROTO_FIELD_FROM && s->from_len == 0) {
        mailproto_value v;
        mailproto_address a;
        memset(&a, 0, sizeof a);
        a.struct_size = sizeof a;
        assert_int_equal(
            mailproto_value_open(&v, ev->value, MAILPROTO_VALUE_FINAL, NULL),
            MAILPROTO_OK);
        if (mailproto_address_next(&v, &a) == MAILPROTO_OK &&
            a.type == MAILPROTO_ADDRESS_MAILBOX) {
            assert_int_equal(
                mailproto_address_spec(&a, s->from, sizeof s->from, &s->from_len),
                MAILPROTO_OK);
        }
    }
    if (ev->code == MAILPROTO_FIELD_SUBJECT) {
        char out[256];
        size_t len;
        (void)mailproto_text_decode(ev->value, MAILPROTO_TEXT_COLLAPSE, NULL, out,
                                    sizeof out, &len);
        s->sum += len;
    }
    if (ev->code == MAILPROTO_FIELD_RECEIVED) {
        mailproto_received r;
        memset(&r, 0, sizeof r);
        r.struct_size = sizeof r;
        (void)mailproto_received_parse(ev->value, 0, NULL, &r);
        s->sum += r.from.len;
    }
}

static void look(const struct text *input, size_t piece, struct seen *s)
{
    static char mem[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_message *m;
    mailproto_message_event ev;
    mailproto_status st;
    size_t fed = 0;
    memset(s, 0, sizeof *s);
    assert_int_equal(mailproto_message_init(mem, sizeof mem, NULL, &m), MAILPROTO_OK);
    while ((st = mailproto_message_next_event(m, &ev)) != MAILPROTO_EOF) {
        s->steps++;
        if (st == MAILPROTO_OK) {
            s->octets += ev.type == MAILPROTO_MESSAGE_DEFECT ? 0 : ev.raw.len;
            if (ev.type == MAILPROTO_MESSAGE_DEFECT) {
                s->defects |= UINT64_C(1) << ev.code;
            } else if (ev.type == MAILPROTO_MESSAGE_FIELD) {
                see_field(s, &ev);
            }
        } else if (fed == input->len) {
            assert_int_equal(mailproto_message_feed_eof(m), MAILPROTO_OK);
        } else {
            size_t n = piece < input->len - fed ? piece : input->len - fed;
            assert_int_equal(mailproto_message_feed(m, input->data + fed, n),
                             MAILPROTO_OK);
            fed += n;
        }
    }
}

static void expect(const struct jsonl *j, const char *id, const struct text *input)
{
    const char *flag = jsonl_text(j, "args.flag");
    const char *name = jsonl_text(j, "args.name");
    const char *from = jsonl_text(j, "args.from_addr");
    struct seen s;
    size_t i;
    look(input, input->len, &s);
    for (i = 0; flag != NULL && i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(flag, flags[i].name) == 0) {
            break;
        }
    }
    if (flag != NULL &&
        (i == sizeof flags / sizeof *flags || (s.defects >> flags[i].code & 1) == 0)) {
        fail_msg("%s: %s is not told: %llx", id, flag, (unsigned long long)s.defects);
    }
    if (s.fields != jsonl_number(j, "args.fields", s.fields)) {
        fail_msg("%s: %d fields", id, (int)s.fields);
    }
    if (name != NULL &&
        s.first != mailproto_field_find((mailproto_bytes){name, strlen(name)})) {
        fail_msg("%s: field %u", id, (unsigned)s.first);
    }
    if (from != NULL &&
        (s.from_len != strlen(from) || memcmp(s.from, from, s.from_len) != 0)) {
        fail_msg("%s: from %.*s", id, (int)s.from_len, s.from);
    }
}

static void make_large(const struct jsonl *j, int64_t count, struct text *big)
{
    struct text unit = {NULL, 0, 0};
    big->len = 0;
    assert_true(jsonl_bytes(j, "gen.prefix_b64", big) || big->len == 0);
    assert_true(jsonl_bytes(j, "gen.repeat_b64", &unit));
    for (; count > 0; count--) {
        text_add(big, unit.data, unit.len);
    }
    unit.len = 0;
    (void)jsonl_bytes(j, "gen.suffix_b64", &unit);
    text_add(big, unit.data, unit.len);
    text_free(&unit);
}

/* The large form with all limits as they are by default: four times the octets take no
 * more than 4.2 times the steps. */
static void run_large(const struct jsonl *j, const char *id)
{
    struct text big = {NULL, 0, 0};
    int64_t count = jsonl_number(j, "gen.count", 0);
    struct seen whole, cut, quarter[2];
    unsigned i;
    make_large(j, count / 4, &big);
    look(&big, big.len, &quarter[0]);
    look(&big, 4096, &quarter[1]);
    make_large(j, count, &big);
    look(&big, big.len, &whole);
    look(&big, 4096, &cut);
    for (i = 0; i < 2; i++) {
        const struct seen *four = i == 0 ? &whole : &cut;
        if (four->steps > quarter[i].steps + quarter[i].steps / 5 * 16 + 16 ||
            four->octets > big.len) {
            fail_msg("%s: %u steps, then %u", id, (unsigned)quarter[i].steps,
                     (unsigned)four->steps);
        }
    }
    /* A field that comes in pieces is one, but each piece is an event. */
    assert_int_equal(whole.defects, cut.defects);
    if (big.len > (1U << 20)) {
        assert_true((whole.defects & (UINT64_C(1) << MAILPROTO_DEFECT_HEADER_LONG |
                                      UINT64_C(1) << MAILPROTO_DEFECT_LINE_LONG |
                                      UINT64_C(1) << MAILPROTO_DEFECT_NO_COLON |
                                      UINT64_C(1) << MAILPROTO_DEFECT_REPEATED |
                                      UINT64_C(1) << MAILPROTO_DEFECT_NO_FROM)) != 0);
    }
    text_free(&big);
}

static void vectors(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", &why);
    size_t count = 0;
    (void)state;
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        struct text input = {NULL, 0, 0};
        const char *setup = jsonl_text(j, "setup");
        const char *id = jsonl_text(j, "id");
        if (setup == NULL || strcmp(setup, "message header parse") != 0) {
            continue;
        }
        count++;
        assert_true(jsonl_bytes(j, "input_b64", &input));
        run_cuts(id, &input);
        expect(j, id, &input);
        if (jsonl_has(j, "gen.count")) {
            run_large(j, id);
        }
        text_free(&input);
    }
    print_message("%u headers\n", (unsigned)count);
    assert_true(count >= 19);
    jsonl_close(j);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
