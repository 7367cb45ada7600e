/*
 * Sequence sets and dates that stand alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap.h>
#include <mailproto/imap_search.h>

#include "text.h"
#include "thinned.h"

static mailproto_status parse(const char *text, mailproto_imap_cursor *set)
{
    static char copy[256];
    mailproto_bytes b;
    char *exact;
    mailproto_status status;
    mailproto_imap_cursor other;
    b.len = strlen(text);
    exact = (char *)malloc(b.len + (b.len == 0));
    memcpy(exact, text, b.len);
    memcpy(copy, text, b.len);
    b.ptr = exact;
    status = mailproto_imap_set_parse(b, &other);
    if (status == MAILPROTO_OK) { /* walked within its bounds */
        mailproto_imap_range range;
        while (mailproto_imap_set_next(&other, &range) == MAILPROTO_OK) {
            assert_true(range.low <= range.high || range.high == 0);
        }
        (void)mailproto_imap_set_is_saved(&other);
    }
    free(exact);
    b.ptr = copy;
    assert_int_equal(mailproto_imap_set_parse(b, set), status);
    return status;
}

static void sets(void **state)
{
    static const struct {
        const char *text, *ranges;
    } rows[] = {
        {"1", "1:1,"},
        {"2:4", "2:4,"},
        {"4:2", "2:4,"},
        {"5:5", "5:5,"},
        {"*", "0:0,"},
        {"*:*", "0:0,"},
        {"3291:*", "3291:0,"},
        {"*:4", "4:0,"},
        {"*:4,5:7", "4:0,5:7,"},
        {"2,4:7,9,12:*", "2:2,4:7,9:9,12:0,"},
        {"1,1,1", "1:1,1:1,1:1,"},
        {"4294967295:4294967294", "4294967294:4294967295,"},
        {"$", "$"},
    };
    static const char *const bad[] = {
        "",     "0",     "01",  "1:0", ":",   "1:", ":1",         "1,",  ",1",
        "1,,2", "1:2:3", "a",   "1a",  "1 ",  " 1", "4294967296", "1;2", "**",
        "$1",   "1$",    "1,$", "$,1", "$:1", "-1", "1.2",        "1:$", "42949672950"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_cursor set;
        mailproto_imap_range range;
        struct text told = {NULL, 0, 0};
        assert_int_equal(parse(rows[i].text, &set), MAILPROTO_OK);
        assert_int_equal(mailproto_imap_set_is_saved(&set), rows[i].text[0] == '$');
        if (rows[i].text[0] == '$') {
            text_print(&told, "$");
        }
        while (mailproto_imap_set_next(&set, &range) == MAILPROTO_OK) {
            text_print(&told, "%u:%u,", (unsigned)range.low, (unsigned)range.high);
        }
        assert_string_equal(text_string(&told), rows[i].ranges);
        assert_int_equal(mailproto_imap_set_next(&set, &range), MAILPROTO_EOF);
        text_free(&told);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mailproto_imap_cursor set;
        if (parse(bad[i], &set) != MAILPROTO_ERR_SYNTAX) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void set_has(void **state)
{
    static const struct {
        const char *text;
        uint32_t number, largest;
        int has;
    } rows[] = {
        {"1", 1, 9, 1},     {"1", 2, 9, 0},
        {"2:4", 1, 9, 0},   {"2:4", 2, 9, 1},
        {"4:2", 4, 9, 1},   {"2:4", 5, 9, 0},
        {"*", 9, 9, 1},     {"*", 8, 9, 0},
        {"5:*", 9, 9, 1},   {"5:*", 4, 9, 0},
        {"5:*", 10, 9, 0},  {"20:*", 9, 9, 1},
        {"20:*", 20, 9, 1}, {"20:*", 8, 9, 0},
        {"20:*", 21, 9, 0}, {"*:20", 9, 9, 1},
        {"1,3", 3, 9, 1},   {"1,3", 2, 9, 0},
        {"$", 1, 9, 0},     {"*", 0, 0, 0},
        {"1:*", 0, 9, 0},   {"1:4294967295", UINT32_MAX, 9, 1},
    };
    mailproto_imap_cursor none = {{0, 0, 0, 0}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_cursor set;
        mailproto_imap_cursor was;
        assert_int_equal(parse(rows[i].text, &set), MAILPROTO_OK);
        was = set;
        if (mailproto_imap_set_has(&set, rows[i].number, rows[i].largest) !=
            rows[i].has) {
            fail_msg("%s: %u", rows[i].text, (unsigned)rows[i].number);
        }
        assert_memory_equal(&was, &set, sizeof set);
    }
    assert_int_equal(mailproto_imap_set_has(&none, 1, 1), 0);
    assert_int_equal(mailproto_imap_set_is_saved(&none), 0);
}

/* ---- sets of a program --------------------------------------------------------------- */

/* The set of a SEARCH that has it as its only key. */
static mailproto_imap_cursor compiled(const char *text, char *unit, size_t cap)
{
    static mailproto_imap_search_node nodes[2];
    mailproto_imap_command c;
    mailproto_bytes b;
    size_t count;
    c.struct_size = sizeof c;
    b.ptr = unit;
    b.len = (size_t)snprintf(unit, cap, "A SEARCH %s\r\n", text);
    assert_true(b.len < cap);
    assert_int_equal(mailproto_imap_command_parse(b, 0, &c, NULL), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_search_compile(&c.items, nodes, 2, &count),
                     MAILPROTO_OK);
    assert_int_equal(count, 2);
    return nodes[1].set;
}

static void check_compiled(const char *text)
{
    char unit[512];
    uint32_t number;
    uint32_t largest;
    mailproto_imap_cursor plain;
    mailproto_imap_cursor set = compiled(text, unit, sizeof unit);
    assert_int_equal(parse(text, &plain), MAILPROTO_OK);
    for (largest = 0; largest < 60; largest += 1 + largest / 8) {
        for (number = 0; number < 60; number++) {
            if (mailproto_imap_set_has(&set, number, largest) !=
                mailproto_imap_set_has(&plain, number, largest)) {
                fail_msg("%s: %u of %u", text, (unsigned)number, (unsigned)largest);
            }
        }
    }
}

/* A set that ascends is looked through by halves: the same is found. */
static void set_of_a_program(void **state)
{
    static const char *const rows[] = {
        "1",    "*",     "$",       "1:*",       "5:*",        "*:5",   "*,3",
        "1,*",  "1:3,*", "4:2",     "1,4:2,9",   "1,1",        "9,1",   "1:5,5:9",
        "20:*", "1,*:9", "1:9,8:*", "1:20,30:*", "20:*,1,2,3", "4:2,1", "2,25:26,30:*"};
    uint32_t random = 7;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_compiled(rows[i]);
    }
    for (i = 0; i < 2000; i++) {
        char text[256];
        size_t len = 0;
        uint32_t low = 0;
        while (len == 0 || (random >> 9) % 12 != 0) {
            uint32_t high;
            if (len > 200) {
                break;
            }
            random = random * 1664525U + 1013904223U;
            low += 1 + (random >> 8) % 5;
            high = low + (random >> 12) % 4;
            len += (size_t)snprintf(text + len, sizeof text - len,
                                    (random >> 16) % 2 != 0 ? "%s%u:%u" : "%s%u",
                                    len > 0 ? "," : "", (unsigned)low, (unsigned)high);
            low = (random >> 20) % 30 == 0 ? 0 : high; /* now and then it descends */
        }
        if (i % 4 == 0) {
            (void)snprintf(text + len, sizeof text - len, i % 8 == 0 ? ",%u:*" : ",*",
                           (unsigned)low + 3);
        }
        check_compiled(text);
    }
}

/* ---- dates ---------------------------------------------------------------------------- */

static mailproto_status date(const char *text, mailproto_imap_date *out)
{
    mailproto_bytes b;
    char *exact;
    mailproto_status status;
    b.len = strlen(text);
    exact = (char *)malloc(b.len + (b.len == 0));
    memcpy(exact, text, b.len);
    b.ptr = exact;
    status = mailproto_imap_date_parse(b, out);
    free(exact);
    return status;
}

static void dates(void **state)
{
    static const struct {
        const char *text;
        int64_t utc;
        int32_t zone;
        const char *written;
    } rows[] = {
        {"01-Jan-1970 00:00:00 +0000", 0, 0, NULL},
        {" 1-Jan-1970 00:00:00 +0000", 0, 0, "01-Jan-1970 00:00:00 +0000"},
        {"1-jAN-1970 00:00:00 -0000", 0, 0, "01-Jan-1970 00:00:00 +0000"},
        {"17-Jul-1996 02:44:25 -0700", 837596665, -420, NULL},
        {"19-Jan-2038 03:14:07 +0000", 2147483647, 0, NULL},
        {"29-Feb-2000 23:59:59 +0530", 951848999, 330, NULL},
        {"31-Dec-1969 23:59:59 +0000", -1, 0, NULL},
        {"01-Mar-2020 00:00:00 +0000", 1583020800, 0, NULL},
        {"31-Dec-9999 23:59:59 -2359", INT64_C(253402387139), -1439, NULL},
        {"01-Jan-0001 00:00:00 +2359", -INT64_C(62135683140), 1439, NULL},
        {"31-Dec-2016 23:59:60 +0000", 1483228800, 0, "01-Jan-2017 00:00:00 +0000"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_date d;
        char out[26];
        assert_int_equal(date(rows[i].text, &d), MAILPROTO_OK);
        assert_int_equal(d.set, 1);
        assert_int_equal(d.utc, rows[i].utc);
        assert_int_equal(d.zone_minutes, rows[i].zone);
        assert_int_equal(mailproto_imap_date_write(&d, out), MAILPROTO_OK);
        assert_memory_equal(
            out, rows[i].written != NULL ? rows[i].written : rows[i].text, 26);
    }
}

static void bad_dates(void **state)
{
    static const char *const rows[] = {
        "",
        "01-Jan-1970",
        "00-Jan-1970 00:00:00 +0000",
        "32-Jan-1970 00:00:00 +0000",
        "31-Apr-1970 00:00:00 +0000",
        "29-Feb-1900 00:00:00 +0000",
        "01-Jan-0000 00:00:00 +0000",
        "01-Jax-1970 00:00:00 +0000",
        "01-Jan-197 00:00:00 +0000",
        "01-Jan-19700 00:00:00 +0000",
        "01 Jan 1970 00:00:00 +0000",
        "01-Jan-1970  00:00:00 +0000",
        "01-Jan-1970 0:00:00 +0000",
        "01-Jan-1970 24:00:00 +0000",
        "01-Jan-1970 00:60:00 +0000",
        "01-Jan-1970 00:00:61 +0000",
        "01-Jan-1970 00:00 +0000",
        "01-Jan-1970 00:00:00 0000",
        "01-Jan-1970 00:00:00 +000",
        "01-Jan-1970 00:00:00 +00000",
        "01-Jan-1970 00:00:00 +2400",
        "01-Jan-1970 00:00:00 +0060",
        "01-Jan-1970 00:00:00 GMT",
        "01-Jan-1970 00:00:00 +0000 ",
        "\"01-Jan-1970 00:00:00 +0000\"",
        "  1-Jan-1970 00:00:00 +0000",
        " 01-Jan-1970 00:00:00 +0000",
        "001-Jan-1970 00:00:00 +0000",
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_date d;
        if (date(rows[i], &d) != MAILPROTO_ERR_SYNTAX) {
            fail_msg("%s", rows[i]);
        }
    }
}

static void write_errors(void **state)
{
    mailproto_imap_date d = {INT64_C(253402300800), 0, 1};
    char out[26];
    (void)state;
    assert_int_equal(mailproto_imap_date_write(&d, out), MAILPROTO_ERR_ARGUMENT);
    d.utc--;
    assert_int_equal(mailproto_imap_date_write(&d, out), MAILPROTO_OK);
    d.utc = 0;
    d.zone_minutes = 1440;
    assert_int_equal(mailproto_imap_date_write(&d, out), MAILPROTO_ERR_ARGUMENT);
    d.zone_minutes = -1440;
    assert_int_equal(mailproto_imap_date_write(&d, out), MAILPROTO_ERR_ARGUMENT);
    d.zone_minutes = 0;
    d.utc = -INT64_C(62135596801);
    assert_int_equal(mailproto_imap_date_write(&d, out), MAILPROTO_ERR_ARGUMENT);
}

/* Every day of 800 years, counted one by one. */
static void days(void **state)
{
    static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const unsigned last = 1600 + 800 / (unsigned)thinned(8);
    int64_t count = -135140; /* 1600-01-01 */
    unsigned year;
    unsigned month;
    unsigned day;
    (void)state;
    for (year = 1600; year < last; year++) {
        int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (month = 0; month < 12; month++) {
            for (day = 1; day <= length[month] + (month == 1 && leap ? 1U : 0U);
                 day++) {
                char text[32];
                mailproto_bytes b;
                int64_t read;
                (void)snprintf(text, sizeof text, "%u-%s-%04u", day, names[month],
                               year);
                b.ptr = text;
                b.len = strlen(text);
                assert_int_equal(mailproto_imap_day_parse(b, &read), MAILPROTO_OK);
                assert_int_equal(read, count);
                count++;
            }
        }
    }
}

static void bad_days(void **state)
{
    static const char *const rows[] = {"",
                                       "1-Jan-20",
                                       "1-Jan-2020 ",
                                       "\"1-Jan-2020\"",
                                       " 1-Jan-2020",
                                       "31-Jun-2020",
                                       "0-Jan-2020",
                                       "1-Jan-0000",
                                       "1-Ja-2020",
                                       "-Jan-2020",
                                       "1--2020",
                                       "1-Jan-"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_bytes b = {rows[i], strlen(rows[i])};
        int64_t day;
        if (mailproto_imap_day_parse(b, &day) != MAILPROTO_ERR_SYNTAX) {
            fail_msg("%s", rows[i]);
        }
    }
}

/* Numbers of 1 to 12 digits, with each octet behind each of their digits, at the end of
 * exact memory and before more of it: as a loop reads them that looks at one octet after
 * the other. */
static void numbers_of_any_length(void **state)
{
    static const char digits[] = "429496729543";
    const unsigned step = (unsigned)thinned(7);
    size_t len;
    size_t more;
    (void)state;
    for (len = 1; len <= 12; len++) {
        for (more = 0; more <= 9; more++) {
            unsigned octet;
            for (octet = 0; octet < 256; octet += step) {
                size_t size = len + (more > 0 ? more : 0);
                char *copy = (char *)malloc(size);
                mailproto_imap_cursor set;
                mailproto_imap_range range;
                mailproto_bytes b;
                uint64_t n = 0;
                size_t i;
                int good = more == 0;
                assert_non_null(copy);
                memcpy(copy, digits, len);
                if (more > 0) {
                    copy[len] = (char)octet;
                    memset(copy + len + 1, '1', more - 1);
                }
                b.ptr = copy;
                b.len = size;
                for (i = 0; i < size && copy[i] >= '0' && copy[i] <= '9'; i++) {
                    n = n * 10 + (uint64_t)(copy[i] - '0');
                }
                good |= i == size;                                      /* one number */
                good |= i < size - 1 && (octet == ',' || octet == ':'); /* two */
                good &= n <= UINT32_MAX;
                assert_int_equal(mailproto_imap_set_parse(b, &set),
                                 good ? MAILPROTO_OK : MAILPROTO_ERR_SYNTAX);
                if (good) {
                    assert_int_equal(mailproto_imap_set_next(&set, &range),
                                     MAILPROTO_OK);
                    assert_true(range.low == n || range.high == n);
                }
                free(copy);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets),
        cmocka_unit_test(set_has),
        cmocka_unit_test(set_of_a_program),
        cmocka_unit_test(dates),
        cmocka_unit_test(bad_dates),
        cmocka_unit_test(write_errors),
        cmocka_unit_test(numbers_of_any_length),
        cmocka_unit_test(days),
        cmocka_unit_test(bad_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
