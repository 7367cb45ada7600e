/* Dates: each day of the calendar in step, zones, the ends of what can be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/date.h"
#include "thinned.h"

static const int64_t first = -INT64_C(62135596800); /* 0001-01-01 */
static const int64_t last = INT64_C(253402300799);  /* 9999-12-31T23:59:59 */

static void check(int64_t utc, int32_t zone, const char *expected)
{
    char buf[MAILPROTO__DATE_MAX];
    assert_int_equal(mailproto__date_write(utc, zone, buf), strlen(expected));
    assert_memory_equal(buf, expected, strlen(expected));
}

static void examples(void **state)
{
    (void)state;
    check(0, 0, "Thu, 01 Jan 1970 00:00:00 +0000");
    check(-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000");
    check(951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000");
    check(1709164799, 0, "Wed, 28 Feb 2024 23:59:59 +0000");
    check(INT64_C(4107542399), 0, "Sun, 28 Feb 2100 23:59:59 +0000");
    check(INT64_C(4107542400), 0, "Mon, 01 Mar 2100 00:00:00 +0000");
    check(880127706, -360, "Fri, 21 Nov 1997 09:55:06 -0600"); /* RFC 5322 A.1.1 */
    check(0, 330, "Thu, 01 Jan 1970 05:30:00 +0530");
    check(0, -1, "Wed, 31 Dec 1969 23:59:00 -0001");
    check(0, 1439, "Thu, 01 Jan 1970 23:59:00 +2359");
    check(0, -1439, "Wed, 31 Dec 1969 00:01:00 -2359");
    check(first, 0, "Mon, 01 Jan 0001 00:00:00 +0000");
    check(last, 0, "Fri, 31 Dec 9999 23:59:59 +0000");
    check(first - 60, 1, "Mon, 01 Jan 0001 00:00:00 +0001");
    check(last + 60, -1, "Fri, 31 Dec 9999 23:59:59 -0001");
}

static void refused(void **state)
{
    static const struct {
        int64_t utc;
        int32_t zone;
    } cases[] = {
        {first - 1, 0},  {last + 1, 0},  {first, -1},     {last, 1},
        {0, 1440},       {0, -1440},     {0, INT32_MAX},  {0, INT32_MIN},
        {INT64_MAX, 0},  {INT64_MIN, 0}, {INT64_MAX, -1}, {INT64_MIN, 1},
        {INT64_MIN, -1},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buf[MAILPROTO__DATE_MAX];
        assert_int_equal(mailproto__date_write(cases[i].utc, cases[i].zone, buf), 0);
    }
}

/* Every day from year 1 to 9999, against a calendar that counts them one by one. */
static void every_day(void **state)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const int64_t step = (int64_t)thinned(23);
    int64_t number = 0;
    int year;
    int month;
    int day;
    (void)state;
    for (year = 1; year <= 9999; year++) {
        int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (month = 0; month < 12; month++) {
            int count = month_days[month] + (month == 1 && leap);
            for (day = 1; day <= count; day++, number++) {
                char expected[80];
                char buf[MAILPROTO__DATE_MAX];
                int second = (int)((number * 7919) % 86400);
                size_t len;
                int n;
                if (number % step != 0) {
                    continue;
                }
                len = mailproto__date_write(first + number * 86400 + second, 0, buf);
                n = snprintf(expected, sizeof expected,
                             "%s, %02d %s %04d %02d:%02d:%02d +0000", days[number % 7],
                             day, months[month], year, second / 3600, second / 60 % 60,
                             second % 60);
                if (len != (size_t)n || memcmp(buf, expected, len) != 0) {
                    fail_msg("%.*s is not %s", (int)len, buf, expected);
                }
            }
        }
    }
    assert_int_equal(first + number * 86400 - 1, last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(refused),
        cmocka_unit_test(every_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
