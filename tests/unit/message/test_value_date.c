/*
 * date-time: RFC 5322's forms and real mail's, defects with code and offset, the calendar
 * from -9999 to 9999.
 */
#include "value_check.h"

/* "utc zone flags defects" of a date, or "none defects". */
static void check(const char *value, uint32_t flags, const char *expected)
{
    mailproto_value_defect items[8];
    mailproto_defects d = {sizeof d, 8, items, 0, {0, 0, 0}, 0, 0};
    mailproto_date date;
    struct text t = {NULL, 0, 0};
    memset(&date, 0, sizeof date);
    date.struct_size = sizeof date;
    if (mailproto_date_parse(bytes_of(value), flags, &d, &date) == MAILPROTO_OK) {
        text_print(&t, "%lld %d %u", (long long)date.utc, (int)date.zone_minutes,
                   (unsigned)date.flags);
    } else {
        text_print(&t, "none");
    }
    if (d.count > 0) {
        text_print(&t, " ");
        value_trace_defects(&t, &d);
    }
    if (strcmp(text_string(&t), expected) != 0) {
        print_error("%s\nis: %s\nshould be: %s\n", value, t.data, expected);
        fail();
    }
    text_free(&t);
}

static void standard(void **state)
{
    (void)state;
    check("Fri, 21 Nov 1997 09:55:06 -0600", MAILPROTO_VALUE_STRICT,
          "880127706 -360 64");
    check("1 Jan 1970 00:00 +0000", MAILPROTO_VALUE_STRICT, "0 0 32");
    check("Thu,\r\n 1 (a (b)) Jan\r\n 1970 00:00:00 (c) +0130 (d)",
          MAILPROTO_VALUE_STRICT, "-5400 90 64");
    check("Sat, 31 Dec 2016 23:59:60 +0000", MAILPROTO_VALUE_STRICT, "1483228800 0 68");
    check("1 Jan 1970 00:00:00 -0000", MAILPROTO_VALUE_STRICT, "0 0 1");
    check("29 Feb 2000 00:00:00 +0000", MAILPROTO_VALUE_STRICT, "951782400 0 0");
    check("1 Jan 9999 00:00:00 +0000", MAILPROTO_VALUE_STRICT, "253370764800 0 0");
    check("1 Jan 1970 00:00:00 +9959", MAILPROTO_VALUE_STRICT, "-359940 5999 0");
    check("fri, 21 NOV 1997 09:55:06 -0600", MAILPROTO_VALUE_STRICT,
          "880127706 -360 64");
}

static void obsolete(void **state)
{
    (void)state;
    check("21 Nov 97 09:55:06 GMT", MAILPROTO_VALUE_STRICT,
          "880106106 0 24 OBSOLETE@7 OBSOLETE@19");
    check("1 Jan 49 0 0", 0,
          "2493072000 0 11 OBSOLETE@6 TRAILING@9 TRAILING@11 "
          "NO_TIME@12 ZONE@12");
    check("1 Jan 50 00:00:00 UT", MAILPROTO_VALUE_STRICT,
          "-631152000 0 24 OBSOLETE@6 OBSOLETE@18");
    check("1 Jan 101 00:00:00 EST", MAILPROTO_VALUE_STRICT,
          "978325200 -300 24 OBSOLETE@6 OBSOLETE@19");
    check("1 Jan 1970 00 : 00 (x) : 00 PDT", MAILPROTO_VALUE_STRICT,
          "25200 -420 16 OBSOLETE@13 OBSOLETE@18 OBSOLETE@28");
    check("1 Jan 1970 00: 00:00 +0000", MAILPROTO_VALUE_STRICT, "0 0 0 OBSOLETE@13");
    check("1Jan1970 00:00:00 +0000", MAILPROTO_VALUE_STRICT,
          "0 0 0 OBSOLETE@1 OBSOLETE@4");
    check("1(a)Jan(b)1970 00:00:00 +0000", MAILPROTO_VALUE_STRICT, "0 0 0");
    check("1 Jan 1970 00:00:00 Z", MAILPROTO_VALUE_STRICT, "0 0 17 OBSOLETE@20");
    check("1 Jan 1970 00:00:00 a", MAILPROTO_VALUE_STRICT, "0 0 17 OBSOLETE@20");
}

/* A line end that no blank follows ends the field for other readers. */
static void line_ends(void **state)
{
    (void)state;
    check("1 Jan\n1970 00:00:00 +0000", 0, "0 0 0 CONTROL@5");
    check("1 Jan\n1970 00:00:00 +0000", MAILPROTO_VALUE_STRICT, "none CONTROL@5");
    check("1\r\nJan 1970 00:00\n:00 +0000", 0,
          "0 0 0 CONTROL@1 CONTROL@17 OBSOLETE@17");
    check("Thu\n, 1 Jan 1970 00:00:00 +0000", 0, "0 0 64 CONTROL@3");
    check("Thu, 1 Jan 1970 00:00:00 +0000\r\n(x)", 0, "0 0 64 CONTROL@30");
    check("Thu, 1 Jan 1970 00:00:00 +0000 (x)\n\n", 0, "0 0 64 CONTROL@34");
    check("Thu, 1 Jan 1970 00:00:00 +0000\r\n", MAILPROTO_VALUE_STRICT, "0 0 64");
    check("Thu, 1 Jan 1970 00:00:00 +0000\n (x)\r\n\t", MAILPROTO_VALUE_STRICT,
          "0 0 64");
}

static void lenient(void **state)
{
    (void)state;
    check("1 Jan 1970 00:00:00+0000", 0, "0 0 0 DATE_ORDER@19");
    check("1 Jan 1970 00:00:00+0000", MAILPROTO_VALUE_STRICT, "none DATE_ORDER@19");
    check("1 Jan 1970 00:00:00(x)+0000", MAILPROTO_VALUE_STRICT, "0 0 0");
    check("1 Jan 1970 00:00:00 J", 0, "0 0 17 ZONE@20");
    check("1 Jan 1970 00:00:00 JST", 0, "0 0 17 ZONE@20");
    check("1 Jan 1970 00:00:00", 0, "0 0 3 ZONE@19");
    check("1 Jan 1970", 0, "0 0 3 NO_TIME@10 ZONE@10");
    check("Fri, 1 Jan 1970 00:00:00 +0000", 0, "0 0 64 DAY_NAME@0");
    check("Thx, 1 Jan 1970 00:00:00 +0000", 0, "0 0 0 DAY_NAME@0 DATE_ORDER@3");
    check("Thu 1 Jan 1970 00:00:00 +0000", 0, "0 0 64 DATE_ORDER@3");
    check("Thu Jan  1 00:00:00 1970", 0, "0 0 67 DATE_ORDER@3 ZONE@24");
    check("1970 January 1 00:00:00 +0000", 0, "0 0 0 DATE_ORDER@0");
    check("1 sept 1970 00:00:00 +0000", 0, "20995200 0 0 DATE_ORDER@2");
    check("1 JUNE 1970 00:00:00 +0000", 0, "13046400 0 0 DATE_ORDER@2");
    check("Thursday, 1 January 1970 00:00:00 +0000", 0, "0 0 64 DATE_ORDER@0");
    check("Thug, 1 Jan. 1970 00:00:00 +0000", 0, "0 0 0 DAY_NAME@0 DATE_ORDER@4");
    check("1-Jan-1970 00:00:00 +0000", 0, "0 0 0 DATE_ORDER@1");
    check("1 Jan 1970 11:30:00 PM +0000", 0, "84600 0 0 DATE_ORDER@20");
    check("1 Jan 1970 12:30:00 AM +0000", 0, "1800 0 0 DATE_ORDER@20");
    check("1 Jan 1970 1:2:3 +0000", 0, "3723 0 0 DATE_ORDER@13");
    check("1 Jan 1970 00:00:00.25 +0000", 0, "0 0 0 DATE_ORDER@19");
    check("1 Jan 1970 00:00:00 0100", 0, "-3600 60 0 ZONE@20");
    check("1 Jan 1970 00:00:00 +01:30", 0, "-5400 90 0 ZONE@21");
    check("1 Jan 1970 00:00:00 GMT+0100", 0, "-3600 60 16 OBSOLETE@20 ZONE@24");
    check("1 Jan 1970 00:00:00 +0060", 0, "0 0 0 ZONE@21");
    check("1 Jan 1970 00:00:00 +99999999999", 0, "0 0 0 ZONE@21");
    check("30 Feb 1970 00:00:00 +0000", 0, "5184000 0 0 DATE_RANGE@0");
    check("1 Jan 1970 24:00:00 +0000", 0, "86400 0 0 DATE_RANGE@11");
    check("1 Jan 1970 23:59:61 +0000", 0, "86401 0 0 DATE_RANGE@11");
    check("1 Jan 1899 00:00:00 +0000", 0, "-2240524800 0 0 DATE_RANGE@6");
    check("1 Jan 1970\x01 00:00:00 +0000", 0, "0 0 0 CONTROL@10");
    check("1 Jan 1970 00:00:00 +0000 (x", 0, "0 0 0 COMMENT_OPEN@26");
    check("1 Jan 1970 00:00:00 +0000 x", 0, "0 0 0 TRAILING@26");
}

static void none(void **state)
{
    mailproto_date d;
    (void)state;
    check("1 junk 1970 00:00:00 +0000", 0, "none TRAILING@2 DATE_ORDER@7 DATE@26");
    check("1 Marching 1970 00:00:00 +0000", 0, "none TRAILING@2 DATE_ORDER@11 DATE@30");
    check("1 mayx 1970 00:00:00 +0000", 0, "none TRAILING@2 DATE_ORDER@7 DATE@26");
    check("", 0, "none DATE@0");
    check("none", 0, "none DAY_NAME@0 DATE@4");
    check("Tue, 7 Sjj 2026 19:14:51 +0000", 0, "none TRAILING@7 DATE_ORDER@11 DATE@30");
    check("1 Jan 10000 00:00:00 +0000", 0, "none DATE@11");
    check("1 Jan 1970 100:00:00 +0000", 0, "none DATE_ORDER@11 DATE@20");
    check("1 Jan", 0, "none DATE@5");
    memset(&d, 0, sizeof d);
    assert_int_equal(mailproto_date_parse(bytes_of("x"), 8, NULL, &d),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_date_parse(bytes_of("1 Jan 1970"), 0, NULL, &d),
                     MAILPROTO_ERR_ARGUMENT); /* no struct_size */
}

static void strict_refuses(void **state)
{
    (void)state;
    check("Fri, 1 Jan 1970 00:00:00 +0000", MAILPROTO_VALUE_STRICT, "none DAY_NAME@0");
    check("1 Jan 1970 00:00:00", MAILPROTO_VALUE_STRICT, "none ZONE@19");
    check("1 Jan 1970 +0000", MAILPROTO_VALUE_STRICT, "none DATE_ORDER@11");
    check("Thu 1 Jan 1970 00:00:00 +0000", MAILPROTO_VALUE_STRICT, "none DATE_ORDER@3");
    check("1 Jan 1970 00:00:00 JST", MAILPROTO_VALUE_STRICT, "none ZONE@20");
    check("31 Jun 1970 00:00:00 +0000", MAILPROTO_VALUE_STRICT, "none DATE_RANGE@0");
}

/* Each day of many years in step, both ways. */
static void calendar(void **state)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = -INT64_C(377705116800); /* -9999-01-01 */
    int32_t year;
    int32_t month;
    int64_t utc;
    char out[40];
    size_t len;
    (void)state;
    for (year = -9999; year <= 9999; year++) {
        int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (month = 1; month <= 12; month++) {
            assert_int_equal(mailproto_date_to_utc(year, month, 1, 0, 0, 0, &utc), 0);
            assert_true(utc == expected);
            expected += (days[month - 1] + (month == 2 && leap)) * INT64_C(86400);
        }
    }
    assert_int_equal(mailproto_date_to_utc(10000, 1, 1, 0, 0, 0, &utc),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_date_to_utc(-10000, 1, 1, 0, 0, 0, &utc),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_date_to_utc(1970, 0, 1, 0, 0, 0, &utc),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_date_to_utc(1970, 13, 1, 0, 0, 0, &utc),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_date_write(0, 0, out, 31, &len), MAILPROTO_OK);
    assert_memory_equal(out, "Thu, 01 Jan 1970 00:00:00 +0000", 31);
    assert_int_equal(mailproto_date_write(0, 0, out, 30, &len), MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_date_write(0, 1440, out, 40, &len),
                     MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard),  cmocka_unit_test(obsolete),
        cmocka_unit_test(line_ends), cmocka_unit_test(lenient),
        cmocka_unit_test(none),      cmocka_unit_test(strict_refuses),
        cmocka_unit_test(calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
