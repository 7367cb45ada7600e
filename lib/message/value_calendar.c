/*
 * The proleptic Gregorian calendar both ways, for dates that the caller has as numbers.
 * Knows arithmetic only.
 */
#include <mailproto/field.h>

#include "core/date.h"
#include "core/mem.h"

mailproto_status mailproto_date_to_utc(int32_t year, int32_t month, int32_t day,
                                       int32_t hour, int32_t minute, int32_t second,
                                       int64_t *utc)
{
    int32_t y;
    int32_t era;
    int32_t of_era;
    int32_t of_year;
    int64_t days;
    if (year < -9999 || year > 9999 || month < 1 || month > 12) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    /* Years begin in March, so that the leap day ends one; eras of 400 are all alike.
     * 25 eras keep everything positive. */
    y = year + 10000 - (month <= 2 ? 1 : 0);
    era = y / 400;
    of_era = y % 400;
    of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    days = (int64_t)era * 146097 + (int64_t)of_era * 365 + of_era / 4 - of_era / 100 +
           of_year;
    days += (int64_t)day - 1 - 719468 - INT64_C(25) * 146097;
    *utc = days * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    return MAILPROTO_OK;
}

mailproto_status mailproto_date_write(int64_t utc, int32_t zone_minutes, char *out,
                                      size_t cap, size_t *len)
{
    char text[MAILPROTO__DATE_MAX];
    *len = mailproto__date_write(utc, zone_minutes, text);
    if (*len == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (*len > cap) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    memcpy(out, text, *len);
    return MAILPROTO_OK;
}
