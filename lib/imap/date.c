/*
 * Dates of IMAP (RFC 9051 9, date-time and date-text): read and written. Knows the
 * calendar; no clock, no zone names.
 */
#include "core/date.h"

#include "core/mem.h"
#include "imap/lex.h"

enum { DAY = 86400 };

/* Octets that are looked at one after the other. */
struct octets {
    const char *at, *end;
};

/* ---- reading ------------------------------------------------------------------------- */

static int take(struct octets *o, char c)
{
    if (o->at == o->end || *o->at != c) {
        return 0;
    }
    o->at++;
    return 1;
}

/* `least` to `most` digits. */
static int take_digits(struct octets *o, unsigned least, unsigned most, uint32_t *out)
{
    uint32_t n = 0;
    unsigned i;
    for (i = 0; i < most; i++) {
        if (o->at == o->end || !mailproto__imap_is(*o->at, MAILPROTO__IMAP_DIGIT)) {
            break;
        }
        n = n * 10 + (uint32_t)(*o->at - '0');
        o->at++;
    }
    *out = n;
    return i >= least;
}

/* date-month; 1 to 12, 0: none. */
static uint32_t take_month(struct octets *o)
{
    static const char names[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    uint32_t i;
    if (o->end - o->at < 3) {
        return 0;
    }
    for (i = 0; i < 12; i++) {
        if (mailproto__imap_same(names + (size_t)i * 3, o->at, 3)) {
            o->at += 3;
            return i + 1;
        }
    }
    return 0;
}

/* Days since 1970 of a date of the Gregorian calendar; 0: there is no such day. */
static int day_of(uint32_t year, uint32_t month, uint32_t day, int64_t *out)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    uint32_t length = lengths[month - 1] + (month == 2 && leap ? 1U : 0U);
    uint32_t y =
        month <= 2 ? year - 1 : year; /* years begin in March: the leap day last */
    uint32_t m = month <= 2 ? month + 9 : month - 3;
    if (year == 0 || day == 0 || day > length) {
        return 0;
    }
    *out = (int64_t)(y * 365U + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day) -
           719469;
    return 1;
}

/* date-text, whose day has at least `digits` digits; 0 with `at` where the fault is. */
static int take_day(struct octets *o, unsigned digits, int64_t *out)
{
    const char *begin = o->at;
    uint32_t day;
    uint32_t month;
    uint32_t year;
    if (!take_digits(o, digits, 2, &day) || !take(o, '-') ||
        (month = take_month(o)) == 0 || !take(o, '-') || !take_digits(o, 4, 4, &year)) {
        return 0;
    }
    if (!day_of(year, month, day, out)) {
        o->at = begin;
        return 0;
    }
    return 1;
}

/* 2DIGIT up to `most`. */
static int take_two(struct octets *o, uint32_t most, uint32_t *out)
{
    const char *begin = o->at;
    if (!take_digits(o, 2, 2, out)) {
        return 0;
    }
    if (*out > most) {
        o->at = begin;
        return 0;
    }
    return 1;
}

/* zone */
static int take_zone(struct octets *o, int32_t *minutes)
{
    uint32_t hour;
    uint32_t minute;
    int west = take(o, '-');
    if ((!west && !take(o, '+')) || !take_two(o, 23, &hour) ||
        !take_two(o, 59, &minute)) {
        return 0;
    }
    *minutes = (int32_t)(hour * 60 + minute);
    if (west) {
        *minutes = -*minutes;
    }
    return 1;
}

/* What is between the quotes of date-time. */
static int take_date_time(struct octets *o, unsigned digits, mailproto_imap_date *out)
{
    int64_t day;
    uint32_t hour;
    uint32_t minute;
    uint32_t second;
    if (take(o, ' ')) { /* date-day-fixed */
        digits = 1;
        if (o->end - o->at >= 2 && o->at[1] != '-') {
            o->at += mailproto__imap_is(*o->at, MAILPROTO__IMAP_DIGIT) ? 1 : 0;
            return 0;
        }
    }
    if (!take_day(o, digits, &day) || !take(o, ' ') || !take_two(o, 23, &hour) ||
        !take(o, ':') || !take_two(o, 59, &minute) || !take(o, ':') ||
        !take_two(o, 60, &second) || !take(o, ' ')) {
        return 0;
    }
    if (!take_zone(o, &out->zone_minutes)) {
        return 0;
    }
    out->utc = day * DAY + (int64_t)(hour * 3600 + minute * 60 + second) -
               (int64_t)out->zone_minutes * 60;
    out->set = 1;
    return 1;
}

static struct octets octets_of(mailproto_bytes text)
{
    struct octets o;
    o.at = text.ptr;
    o.end = text.len > 0 ? text.ptr + text.len : text.ptr;
    return o;
}

mailproto_status mailproto_imap_date_parse(mailproto_bytes text,
                                           mailproto_imap_date *out)
{
    struct octets o = octets_of(text);
    mailproto_imap_date date;
    if (!take_date_time(&o, 1, &date) || o.at != o.end) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *out = date;
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_day_parse(mailproto_bytes text, int64_t *day)
{
    struct octets o = octets_of(text);
    int64_t value;
    if (!take_day(&o, 1, &value) || o.at != o.end) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *day = value;
    return MAILPROTO_OK;
}

int mailproto__imap_read_date(struct mailproto__imap_reader *r, int64_t *day)
{
    struct octets o;
    int quoted = *r->at == '"';
    int good;
    o.at = r->at + quoted;
    o.end = r->end;
    good = take_day(&o, 1, day) && (!quoted || take(&o, '"'));
    r->at = o.at;
    return good ? 1 : mailproto__imap_fault(r, "date expected");
}

int mailproto__imap_read_date_time(struct mailproto__imap_reader *r,
                                   mailproto_imap_date *out)
{
    struct octets o;
    int good;
    o.at = r->at;
    o.end = r->end;
    good = take(&o, '"') && take_date_time(&o, 2, out) && take(&o, '"');
    r->at = o.at;
    return good ? 1 : mailproto__imap_fault(r, "date and time expected");
}

/* ---- writing ------------------------------------------------------------------------- */

mailproto_status mailproto_imap_date_write(const mailproto_imap_date *date,
                                           char out[26])
{
    char text[MAILPROTO__DATE_MAX]; /* Thu, 01 Jan 1970 00:00:00 +0000 */
    if (mailproto__date_write(date->utc, date->zone_minutes, text) == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memcpy(out, text + 5, 26);
    out[2] = '-';
    out[6] = '-';
    return MAILPROTO_OK;
}
