/*
 * The usual form of a date-time read in one pass: `Fri, 21 Nov 1997 09:55:06 -0600`, maybe
 * with a comment behind it. Knows no defect: what has one, or any other form, is left to
 * value_date.c, which reads this one to the same end.
 */
#include "message/value.h"

#include "core/mem.h"

enum { TAIL = 23 /* "Nov 1997 09:55:06 -0600" */ };

/* Both without a decision that could be foreseen wrongly: a sum of letters tells which it
 * may be. */
static uint32_t month_of(uint32_t key)
{
    static const uint8_t by_sum[32] = {2, 12, 0, 0, 0, 0,  0, 0, 1,  0, 0,
                                       0, 3,  0, 9, 0, 10, 0, 0, 5,  0, 8,
                                       0, 0,  0, 0, 7, 4,  6, 0, 11, 0};
    static const uint32_t keys[13] = {
        0,
        MAILPROTO__V_KEY('j', 'a', 'n'),
        MAILPROTO__V_KEY('f', 'e', 'b'),
        MAILPROTO__V_KEY('m', 'a', 'r'),
        MAILPROTO__V_KEY('a', 'p', 'r'),
        MAILPROTO__V_KEY('m', 'a', 'y'),
        MAILPROTO__V_KEY('j', 'u', 'n'),
        MAILPROTO__V_KEY('j', 'u', 'l'),
        MAILPROTO__V_KEY('a', 'u', 'g'),
        MAILPROTO__V_KEY('s', 'e', 'p'),
        MAILPROTO__V_KEY('o', 'c', 't'),
        MAILPROTO__V_KEY('n', 'o', 'v'),
        MAILPROTO__V_KEY('d', 'e', 'c'),
    };
    uint32_t month = by_sum[((key >> 8 & 255U) + (key & 255U) - 199U) & 31U];
    return keys[month] == key ? month : 0;
}

/* 1: Sunday; 0: none. */
static uint32_t weekday_of(uint32_t key)
{
    static const uint8_t by_sum[64] = {0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 2, 6, 0, 3,
                                       0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                                       0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0,
                                       0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint32_t keys[8] = {
        0,
        MAILPROTO__V_KEY('s', 'u', 'n'),
        MAILPROTO__V_KEY('m', 'o', 'n'),
        MAILPROTO__V_KEY('t', 'u', 'e'),
        MAILPROTO__V_KEY('w', 'e', 'd'),
        MAILPROTO__V_KEY('t', 'h', 'u'),
        MAILPROTO__V_KEY('f', 'r', 'i'),
        MAILPROTO__V_KEY('s', 'a', 't'),
    };
    uint32_t day = by_sum[(2 * (key >> 8 & 255U) + (key & 255U)) & 63U];
    return keys[day] == key ? day : 0;
}

/* Two digits; over 99: they are none. */
static unsigned two(const char *p)
{
    unsigned high = (unsigned)(unsigned char)p[0] - '0';
    unsigned low = (unsigned)(unsigned char)p[1] - '0';
    return high <= 9 && low <= 9 ? high * 10 + low : 100;
}

/* Nothing but blanks and one plain comment. */
static int ends_well(const char *p, const char *end)
{
    if (p < end && mailproto__v_is(*p, MAILPROTO__V_DIGIT)) {
        return 0;
    }
    p = mailproto__v_blanks(p, end);
    if (p < end && *p == '(') {
        p = mailproto__v_run(p + 1, end, MAILPROTO__V_COMMENT);
        if (p == end || *p != ')') {
            return 0;
        }
        p = mailproto__v_blanks(p + 1, end);
    }
    return p == end;
}

static unsigned days_of(unsigned month, unsigned year)
{
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] +
           (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 1U
                                                                                : 0U);
}

/* The day and the blank behind it; 0: none. */
static unsigned take_day(const char **at)
{
    const char *p = *at;
    unsigned day;
    if (*p == ' ') { /* asctime() pads */
        p++;
    }
    if (p[1] == ' ') {
        day = (unsigned)(unsigned char)p[0] - '0';
        *at = p + 2;
        return day <= 9 ? day : 0;
    }
    day = two(p);
    *at = p + 3;
    return p[2] == ' ' && day <= 31 ? day : 0;
}

/* "Nov 1997 09:55:06 -0600": what stands between its words and numbers. */
static int is_tail(const char *p)
{
    return p[3] == ' ' && p[8] == ' ' && p[11] == ':' && p[14] == ':' && p[17] == ' ' &&
           (p[18] == '+' || p[18] == '-');
}

/* The rest of it; 0: it is none. */
static int take_tail(const char *p, mailproto_date *d)
{
    unsigned century = two(p + 4);
    unsigned year = two(p + 6);
    unsigned hour = two(p + 9);
    unsigned minute = two(p + 12);
    unsigned second = two(p + 15);
    unsigned east = two(p + 19);
    unsigned past = two(p + 21);
    uint32_t month = month_of(mailproto__v_key(p));
    int32_t zone = (int32_t)(east * 60 + past);
    if (month == 0 || century < 19 || century > 99 || year > 99 || hour > 23 ||
        minute > 59 || second > 59 || east > 99 || past > 59) {
        return 0;
    }
    if (p[18] == '-') {
        if (zone == 0) {
            return 0; /* -0000 has a meaning of its own */
        }
        zone = -zone;
    }
    d->year = (int32_t)(century * 100 + year);
    d->month = (uint8_t)month;
    d->hour = (uint8_t)hour;
    d->minute = (uint8_t)minute;
    d->second = (uint8_t)second;
    d->zone_minutes = zone;
    return 1;
}

int mailproto__date_plain(mailproto_bytes value, mailproto_date *out)
{
    const char *p = value.ptr;
    const char *end;
    mailproto_date d;
    uint32_t weekday = 0;
    unsigned day;
    int64_t days = 0;
    if (value.len < TAIL + 2 || out->struct_size != sizeof d) {
        return 0; /* also: whatever the first tokens are, they are there */
    }
    end = p + value.len;
    p += *p == ' ';
    if (p[3] == ',' && p[4] == ' ') {
        weekday = weekday_of(mailproto__v_key(p));
        p += weekday != 0 ? 5 : 0;
    }
    day = take_day(&p);
    if (day == 0 || end - p < TAIL) {
        return 0;
    }
    memset(&d, 0, sizeof d);
    if (!is_tail(p) || !take_tail(p, &d) || !ends_well(p + TAIL, end) ||
        (day > 28 && day > days_of(d.month, (unsigned)d.year))) {
        return 0;
    }
    (void)mailproto_date_to_utc(d.year, d.month, (int32_t)day, 0, 0, 0, &days);
    d.utc = days + d.hour * INT64_C(3600) + d.minute * INT64_C(60) + d.second -
            d.zone_minutes * INT64_C(60);
    /* As in value_date.c: 1970-01-01 was a Thursday. */
    d.weekday = (uint8_t)((days / 86400 + 4 + INT64_C(7) * 1000000) % 7);
    if (weekday != 0) {
        if (weekday - 1 != d.weekday) {
            return 0;
        }
        d.flags = MAILPROTO_DATE_DAY_NAME;
    }
    d.struct_size = sizeof d;
    d.day = (uint8_t)day;
    *out = d;
    return 1;
}
