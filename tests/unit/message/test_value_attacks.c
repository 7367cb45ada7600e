/*
 * Attack vectors on addresses and dates, and on parameters that messages carry, against
 * optional data; what the verdicts mean is told in docs/attacks.md.
 */
#include "value_check.h"

#include "jsonl.h"

static char spec[1 << 20];

/* Octets `what` as the addr-spec of some mailbox; `*others`: mailboxes besides. */
static int yields(const struct text *in, const char *what, unsigned *others)
{
    mailproto_value v;
    mailproto_address a;
    mailproto_bytes value = {in->data, in->len};
    int found = 0;
    size_t len;
    memset(&a, 0, sizeof a);
    a.struct_size = sizeof a;
    *others = 0;
    (void)mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        if (a.type == MAILPROTO_ADDRESS_MAILBOX) {
            assert_int_equal(mailproto_address_spec(&a, spec, sizeof spec - 1, &len),
                             0);
            spec[len] = '\0';
            if (strcmp(spec, what) == 0) {
                found = 1;
            } else {
                ++*others;
            }
        }
    }
    return found;
}

#define WANT(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            print_error("%s: %s\n", id, #condition);                                   \
            fail();                                                                    \
        }                                                                              \
    } while (0)

static void address(const struct jsonl *j, const struct text *in)
{
    const char *id = jsonl_text(j, "id");
    const char *expect = jsonl_text(j, "expect");
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    mailproto_bytes value = {in->data, in->len};
    mailproto_value v;
    mailproto_address a;
    mailproto_address one;
    int64_t mailboxes = 0;
    int64_t groups = 0;
    size_t i;
    memset(&one, 0, sizeof one);
    memset(&a, 0, sizeof a);
    a.struct_size = sizeof a;
    (void)mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, &d);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        if (a.type == MAILPROTO_ADDRESS_MAILBOX) {
            one = a;
            mailboxes++;
        }
        groups += a.type == MAILPROTO_ADDRESS_GROUP_BEGIN;
    }
    if (strcmp(expect, "reject") == 0) {
        WANT(d.count > 0);
    } else if (!jsonl_has(j, "args.may_reject")) {
        WANT(jsonl_number(j, "args.count", mailboxes) == mailboxes);
        WANT(jsonl_number(j, "args.groups", groups) == groups);
    }
    for (i = 0; i < jsonl_count(j, "args.must_not_yield_alone"); i++) {
        unsigned others;
        int found =
            yields(in, jsonl_text_at(j, "args.must_not_yield_alone", i), &others);
        WANT(!found || others > 0);
    }
    for (i = 0; i < jsonl_count(j, "args.addrs"); i++) {
        unsigned others;
        WANT(yields(in, jsonl_text_at(j, "args.addrs", i), &others));
    }
    if (jsonl_text(j, "args.domain") != NULL && mailboxes == 1) {
        const char *domain = jsonl_text(j, "args.domain");
        size_t len;
        assert_int_equal(mailproto_address_spec(&one, spec, sizeof spec - 1, &len), 0);
        spec[len] = '\0';
        WANT(len > strlen(domain) && strcmp(spec + len - strlen(domain), domain) == 0);
        WANT(spec[len - strlen(domain) - 1] == '@');
    }
    {
        struct text whole = {NULL, 0, 0};
        value_trace(&whole, VALUE_ADDRESSES, in->data, in->len, 0, 0);
        check_splits(VALUE_ADDRESSES, in->data, in->len, 0, text_string(&whole));
        text_free(&whole);
    }
}

static void date(const struct jsonl *j, const struct text *in)
{
    const char *id = jsonl_text(j, "id");
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    mailproto_bytes value = {in->data, in->len};
    mailproto_date date;
    mailproto_status status;
    memset(&date, 0, sizeof date);
    date.struct_size = sizeof date;
    status = mailproto_date_parse(value, 0, &d, &date);
    if (strcmp(jsonl_text(j, "expect"), "reject") == 0) {
        WANT(status != MAILPROTO_OK || d.count > 0);
        WANT(mailproto_date_parse(value, MAILPROTO_VALUE_STRICT, NULL, &date) ==
             MAILPROTO_ERR_SYNTAX);
    } else {
        WANT(status == MAILPROTO_OK);
        if (jsonl_count(j, "args.epoch_in") == 2) {
            WANT(date.utc == jsonl_number_at(j, "args.epoch_in", 0) ||
                 date.utc == jsonl_number_at(j, "args.epoch_in", 1));
        }
    }
}

/* A field of the vector's message that holds parameters: some defect, no harm. */
static void parameters(const struct jsonl *j, struct text *in)
{
    const char *id = jsonl_text(j, "id");
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    const char *start;
    const char *end;
    mailproto_bytes value;
    char out[256];
    size_t len;
    start = strstr(text_string(in), "Content-Type:");
    WANT(start != NULL);
    value.ptr = start + 13;
    end = strstr(value.ptr, "\r\n\r\n");
    value.len = (size_t)(end - value.ptr);
    (void)mailproto_parameter_get(value, bytes_of("name"), 0, NULL, out, sizeof out,
                                  &len, NULL, &d);
    WANT(d.count > 0);
    WANT(memchr(out, '\n', len) == NULL);
}

static void vectors(void **state)
{
    struct text why = {NULL, 0, 0};
    struct text in = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", &why);
    unsigned addresses = 0;
    unsigned dates = 0;
    unsigned types = 0;
    (void)state;
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        const char *setup = jsonl_text(j, "setup");
        if (setup == NULL) {
            continue;
        }
        in.len = 0;
        (void)jsonl_bytes(j, "input_b64", &in);
        (void)text_string(&in);
        if (strncmp(setup, "address-list parse", 18) == 0) {
            address(j, &in);
            addresses++;
        } else if (strncmp(setup, "date-time parse", 15) == 0) {
            date(j, &in);
            dates++;
        } else if (strncmp(jsonl_text(j, "id"), "rfc2231-", 8) == 0) {
            parameters(j, &in);
            types++;
        }
    }
    jsonl_close(j);
    print_message("%u address lists, %u dates, %u parameters\n", addresses, dates,
                  types);
    assert_true(addresses > 40 && dates > 5 && types > 5);
    text_free(&in);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
