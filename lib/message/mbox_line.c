/*
 * From_ lines (RFC 4155, appendix A) taken apart: an address and a date as asctime() has
 * it, with what programs put into it: zones before or behind the year, no seconds, a host
 * behind it all. Knows one line; must not know what stands around it.
 */
#include <mailproto/field.h>

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "message/mbox.h"

/* What was read of a date. */
struct when {
    int32_t year, month, day, hour, minute, second;
    int32_t zone; /* minutes east */
};

/* The number of a three-letter word in a list of them, from 1 on; 0: it is none. */
static int32_t find_name(mailproto_bytes word, const char *names, int32_t count)
{
    int32_t i;
    for (i = 0; i < count && word.len == 3; i++) {
        if (mailproto__equal_nocase(word, mailproto__span(names + (size_t)i * 3, 3))) {
            return i + 1;
        }
    }
    return 0;
}

static int is_day_name(mailproto_bytes word)
{
    return find_name(word, "MonTueWedThuFriSatSun", 7) > 0;
}

static int small_number(mailproto_bytes word, uint64_t max, int32_t *out)
{
    uint64_t value;
    if (word.len > 4 || !mailproto__number(word, max, &value)) {
        return 0;
    }
    *out = (int32_t)value;
    return 1;
}

/* hh:mm or hh:mm:ss, an hour of one digit too. */
static int read_time(mailproto_bytes word, struct when *w)
{
    size_t h = word.len > 1 && word.ptr[1] == ':' ? 1 : 2;
    w->second = 0;
    if (word.len != h + 3 && (word.len != h + 6 || word.ptr[h + 3] != ':')) {
        return 0;
    }
    return word.ptr[h] == ':' &&
           small_number(mailproto__span(word.ptr, h), 23, &w->hour) &&
           small_number(mailproto__span(word.ptr + h + 1, 2), 59, &w->minute) &&
           (word.len == h + 3 ||
            small_number(mailproto__span(word.ptr + h + 4, 2), 60, &w->second));
}

/* +hhmm or -hhmm; names of zones are passed over: RFC 4155 has UTC only. */
static void read_zone(mailproto_bytes word, struct when *w)
{
    int32_t hours;
    int32_t minutes;
    if (word.len == 5 && (word.ptr[0] == '+' || word.ptr[0] == '-') &&
        small_number(mailproto__span(word.ptr + 1, 2), 23, &hours) &&
        small_number(mailproto__span(word.ptr + 3, 2), 59, &minutes)) {
        w->zone = (hours * 60 + minutes) * (word.ptr[0] == '-' ? -1 : 1);
    }
}

/* A year stands within the next three words, zones before it. */
static int read_year(mailproto_bytes rest, struct when *w)
{
    int words;
    w->zone = 0;
    for (words = 0; words < 3; words++) {
        mailproto_bytes word = mailproto__word(&rest);
        if (word.len == 4 && small_number(word, 9999, &w->year)) {
            read_zone(mailproto__word(&rest), w);
            return 1;
        }
        if (word.len == 0 ||
            (!mailproto__is((unsigned char)word.ptr[0], MAILPROTO__ALPHA) &&
             word.ptr[0] != '+' && word.ptr[0] != '-')) {
            return 0;
        }
        read_zone(word, w);
    }
    return 0;
}

/* `Nov 21 09:00:00 2026`, behind the day's name. */
static int read_date(mailproto_bytes rest, int64_t *utc)
{
    struct when w;
    w.month =
        find_name(mailproto__word(&rest), "JanFebMarAprMayJunJulAugSepOctNovDec", 12);
    if (w.month == 0 || !small_number(mailproto__word(&rest), 31, &w.day) ||
        w.day == 0 || !read_time(mailproto__word(&rest), &w) || !read_year(rest, &w)) {
        return 0;
    }
    return mailproto_date_to_utc(w.year, w.month, w.day, w.hour, w.minute - w.zone,
                                 w.second, utc) == MAILPROTO_OK;
}

int mailproto__from_line(mailproto_bytes line, mailproto_bytes *address, int64_t *utc)
{
    mailproto_bytes rest;
    mailproto_bytes first;
    *address = mailproto__span(NULL, 0);
    *utc = INT64_MIN;
    if (line.len < 5 || memcmp(line.ptr, "From ", 5) != 0) {
        return 0;
    }
    rest = mailproto__tail(line, 5);
    while (rest.len > 0 && rest.ptr[0] == ' ') {
        rest = mailproto__tail(rest, 1);
    }
    first = mailproto__word(&rest);
    *address = first;
    while (first.len > 0 && rest.len > 0) { /* an address may hold blanks in quotes */
        const char *end = rest.ptr;
        mailproto_bytes word = mailproto__word(&rest);
        if (is_day_name(word) && read_date(rest, utc)) {
            while (end > first.ptr && (end[-1] == ' ' || end[-1] == '\t')) {
                end--;
            }
            address->len = (size_t)(end - first.ptr);
            return 1;
        }
        if (word.len == 0) {
            break;
        }
    }
    return 0;
}
