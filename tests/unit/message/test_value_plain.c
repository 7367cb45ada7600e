/*
 * The readers of usual forms against the general ones: where they answer, they answer the
 * same; they do answer usual forms, and leave what has a defect alone.
 */
#include "message/value.h"

#include "jsonl.h"
#include "value_listed.h"

static uint64_t seed = 7;

static uint32_t next_random(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static int same_span(mailproto_bytes a, mailproto_bytes b)
{
    return a.len == b.len && (a.len == 0 || a.ptr == b.ptr);
}

static unsigned plain_count, general_count;

/* All elements of a list; each that is plain is read both ways. */
static void compare_list(const char *data, size_t len, uint32_t flags)
{
    mailproto_value_defect items[64];
    mailproto_defects d = {sizeof d, 64, items, 0, {0, 0, 0}, 0, 0};
    mailproto_value v;
    mailproto_value fast;
    mailproto_address a;
    mailproto_address b;
    mailproto_bytes piece = {data, len};
    mailproto_status status = MAILPROTO_OK;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    a.struct_size = b.struct_size = sizeof a;
    assert_int_equal(mailproto_value_open(&v, piece, flags, &d), 0);
    while (status == MAILPROTO_OK) {
        uint32_t before = d.count;
        int plain;
        struct mailproto__value one;
        struct mailproto__value two;
        fast = v;
        plain = mailproto__address_plain(&fast, &b);
        assert_int_equal(d.count, before);
        status = mailproto__address_general(&v, &a);
        if (!plain) {
            general_count++;
            continue;
        }
        plain_count++;
        mailproto__v_load(&one, &v);
        mailproto__v_load(&two, &fast);
        if (status != MAILPROTO_OK || d.count != before || a.type != b.type ||
            a.flags != b.flags || a.offset != b.offset || !same_span(a.raw, b.raw) ||
            !same_span(a.name, b.name) || !same_span(a.local, b.local) ||
            !same_span(a.domain, b.domain) || !same_span(a.route, b.route) ||
            !same_span(a.comment, b.comment) || one.at != two.at ||
            one.state != two.state || one.count != two.count || one.open != two.open ||
            one.base != two.base || one.error.code != two.error.code) {
            print_error("%.*s\n", (int)len, data);
            fail();
        }
    }
}

static int compare_date(const char *data, size_t len)
{
    mailproto_date a;
    mailproto_date b;
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    mailproto_bytes value = {data, len};
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    a.struct_size = b.struct_size = sizeof a;
    if (!mailproto__date_plain(value, &a)) {
        return 0;
    }
    if (mailproto__date_general(value, MAILPROTO_VALUE_STRICT, &d, &b) != 0 ||
        d.count != 0 || memcmp(&a, &b, sizeof a) != 0) {
        print_error("%.*s\n", (int)len, data);
        fail();
    }
    return 1;
}

/* Exactly as long as it is, so that a sanitizer sees what reads too far. */
static void exact_list(const char *data, size_t len, uint32_t flags)
{
    char *copy = (char *)test_alloc(len + 1);
    memcpy(copy + 1, data, len);
    compare_list(copy + 1, len, flags);
    free(copy);
}

static int exact_date(const char *data, size_t len)
{
    char *copy = (char *)test_alloc(len + 1);
    int plain;
    memcpy(copy + 1, data, len);
    plain = compare_date(copy + 1, len);
    free(copy);
    return plain;
}

/* ---- forms that are plain, and that are not ------------------------------------------- */

static void forms(void **state)
{
    static const struct {
        const char *value;
        unsigned plain;
    } lists[] = {
        {"a@b", 1},
        {" first.last@sub.example.com ", 1},
        {"<a@b>", 1},
        {"Name <a@b>", 1},
        {"First  Last\r\n <a.b@c.d>", 1},
        {"\"Last, First\" <a@b.c>, \"x\" y \"z\" <d@e>,f@g,\r\n h@i ", 4},
        {"=?utf-8?q?a?= =?utf-8?q?b?= <a@b>", 1},
        {"g: a@b, c@d;", 2},
        {"a@b; c@d", 1},
        {"a.@b", 0},
        {".a@b", 0},
        {"a..b@c", 0},
        {"a@b.", 0},
        {"a", 0},
        {"a@", 0},
        {"a @b", 0},
        {"a@ b", 0},
        {"a@b (c)", 1},
        {"<a@b> (c) , d@e(f)", 2},
        {"a@b (c (d))", 0},
        {"a@b (c) (d)", 0},
        {"a@b (c\\)d)", 0},
        {"a@b (c) d", 0},
        {"a@b (c", 0},
        {"a (c) <a@b>", 0},
        {"a@b x", 0},
        {"a.b <a@b>", 0},
        {"a <a@b", 0},
        {"a <a@b >", 0},
        {"a <a@b> x", 0},
        {"\"a\\b\" <a@b>", 0},
        {"\"a <a@b>", 0},
        {"\"a\"@b", 0},
        {"a@[1.2.3.4]", 0},
        {"<@r:a@b>", 0},
        {"=?x@b", 0},
        {"\xc3\xa4@b", 0},
        {"=?utf-8?q?a <a@b>", 0},
        {"", 0},
    };
    static const char *const dates[] = {
        "Fri, 21 Nov 1997 09:55:06 -0600", "fri, 21 NOV 1997 09:55:06 +0000",
        "21 Nov 1997 09:55:06 -0600",      "Thu,  1 Jan 1970 00:00:00 +0130",
        "Thu, 1 Jan 1970 00:00:00 +9959",  "Thu, 29 Feb 1996 23:59:59 +0000 (UTC)",
        "1 Jan 1970 00:00:00 +0000",       " 1 Dec 9999 00:00:00 +0000\r\n (x)\t",
        "31 Dec 9999 00:00:00 +0000",      "1 Jan 1900 00:00:00 -1200",
    };
    static const char *const others[] = {
        "Fri, 21 Nov 1997 09:55:06 -0000", "Sat, 21 Nov 1997 09:55:06 -0600",
        "Fri 21 Nov 1997 09:55:06 -0600",  "30 Feb 1996 23:59:59 +0000",
        "29 Feb 1900 23:59:59 +0000",      "31 Apr 1996 23:59:59 +0000",
        "1 Jan 1970 24:00:00 +0000",       "1 Jan 1970 00:60:00 +0000",
        "1 Jan 1970 00:00:60 +0000",       "1 Jan 1970 00:00:00 +0060",
        "1 Jan 1899 00:00:00 +0000",       "0 Jan 1970 00:00:00 +0000",
        "32 Jan 1970 00:00:00 +0000",      "1 Jan 1970 00:00:00 +00000",
        "1 Jan 1970 00:00:00 +0000 x",     "1 Jan 1970 00:00:00 +0000 (x",
        "1 Jan 1970 00:00:00 GMT  ",       "1 Jam 1970 00:00:00 +0000",
        "1 Jan 1970 0a:00:00 +0000",       "Xxx, 1 Jan 1970 00:00:00 +0000",
        "1 Jan 70 00:00:00 +0000    ",     "1\tJan 1970 00:00:00 +0000",
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *value = lists[i].value;
        size_t len;
        plain_count = 0;
        exact_list(value, strlen(value), MAILPROTO_VALUE_FINAL);
        if (plain_count != lists[i].plain) {
            print_error("%s: %u plain\n", value, plain_count);
            fail();
        }
        for (len = 0; len <= strlen(value); len++) {
            exact_list(value, len, 0);
            exact_list(value, len, MAILPROTO_VALUE_FINAL);
            exact_list(value, len, MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT);
        }
    }
    for (i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        size_t len;
        if (!exact_date(dates[i], strlen(dates[i]))) {
            print_error("%s\n", dates[i]);
            fail();
        }
        for (len = 0; len < strlen(dates[i]); len++) {
            (void)exact_date(dates[i], len);
        }
    }
    for (i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (exact_date(others[i], strlen(others[i]))) {
            print_error("%s\n", others[i]);
            fail();
        }
    }
}

/* An older caller's struct is the general reader's. */
static void short_structs(void **state)
{
    mailproto_value v;
    mailproto_address a;
    mailproto_date d;
    (void)state;
    memset(&a, 0xff, sizeof a);
    a.struct_size = (uint32_t)offsetof(mailproto_address, comment);
    assert_int_equal(
        mailproto_value_open(&v, bytes_of("a@b"), MAILPROTO_VALUE_FINAL, NULL), 0);
    assert_int_equal(mailproto_address_next(&v, &a), MAILPROTO_OK);
    assert_int_equal(a.domain.len, 1);
    assert_true(a.comment.len == SIZE_MAX);
    memset(&d, 0xff, sizeof d);
    d.struct_size = (uint32_t)offsetof(mailproto_date, year);
    assert_int_equal(
        mailproto_date_parse(bytes_of("Fri, 21 Nov 1997 09:55:06 -0600"), 0, NULL, &d),
        MAILPROTO_OK);
    assert_true(d.utc == 880127706 && d.year == -1);
}

/* ---- random ------------------------------------------------------------------------- */

static void random_lists(void **state)
{
    static const char *const parts[] = {
        "a",  "bc",    "first.last", "@",           "<",        ">",   ",",
        " ",  "\r\n ", "\"q\"",      ";",           ":",        "(c)", ".",
        "=?", "?=",    "\t",         "x@y.example", "\xc3\xa4", "[1]", "=?utf-8?q?a?=",
        "\\", "\"",    "Name <a@b>", ", ",          "\r",       "\x01"};
    unsigned n;
    (void)state;
    plain_count = general_count = 0;
    for (n = 0; n < 60000; n++) {
        char value[160];
        size_t len = 0;
        unsigned k = 1 + next_random(9);
        while (k-- > 0) {
            const char *part = parts[next_random(sizeof parts / sizeof parts[0])];
            memcpy(value + len, part, strlen(part));
            len += strlen(part);
        }
        exact_list(value, len, next_random(4));
    }
    print_message("%u plain, %u not\n", plain_count, general_count);
    assert_true(plain_count > 1000);
}

static void random_dates(void **state)
{
    static const char octets[] = "0123456789 :,+-(JanFebSTZ\x01\xff\r\n";
    unsigned plain = 0;
    unsigned n;
    (void)state;
    for (n = 0; n < 60000; n++) {
        char value[64];
        size_t len;
        unsigned k;
        assert_int_equal(mailproto_date_write((int64_t)next_random(4000000) * 50021 -
                                                  INT64_C(40000000000),
                                              (int32_t)next_random(2879) - 1439, value,
                                              sizeof value, &len),
                         0);
        for (k = next_random(4); k > 0; k--) {
            value[next_random((uint32_t)len)] =
                octets[next_random((uint32_t)sizeof octets - 1)];
        }
        plain += exact_date(value, len) != 0;
    }
    print_message("%u plain\n", plain);
    assert_true(plain > 10000);
}

/* ---- values of real messages ----------------------------------------------------------- */

static void real(void **state)
{
    struct text in = {NULL, 0, 0};
    struct jsonl *j = vectors_open("corpus/vectors/corpus_headers.jsonl");
    unsigned dates = 0;
    unsigned plain_dates = 0;
    (void)state;
    plain_count = general_count = 0;
    while (listed_next(j, &in)) {
        const char *kind = jsonl_text(j, "kind");
        if (strcmp(kind, "address-list") == 0) {
            exact_list(in.data, in.len, MAILPROTO_VALUE_FINAL);
            exact_list(in.data, in.len / 2, 0);
        } else if (strcmp(kind, "date") == 0) {
            dates++;
            plain_dates += exact_date(in.data, in.len) != 0;
        }
    }
    jsonl_close(j);
    text_free(&in);
    print_message("%u addresses plain, %u not (ends of lists among them); %u of %u "
                  "dates\n",
                  plain_count, general_count, plain_dates, dates);
    assert_true(plain_count > 500 && plain_dates > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),        cmocka_unit_test(short_structs),
        cmocka_unit_test(random_lists), cmocka_unit_test(random_dates),
        cmocka_unit_test(real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
