/*
 * Civil date and time (proleptic Gregorian calendar), written as RFC 5322 3.3 has it.
 * Knows numbers only: no clock, no zone names, no locale.
 */
#include "core/date.h"

#include "core/mem.h"

enum { DAY = 86400, ERA_DAYS = 146097 };

/* Seconds since 1970 of 0001-01-01T00:00:00 and of 10000-01-01T00:00:00. */
#define FIRST_SECOND (-INT64_C(62135596800))
#define END_SECOND INT64_C(253402300800)

struct civil {
    uint32_t year, month, day; /* month 1 to 12, day 1 to 31 */
};

/* Days are counted from 0000-03-01, so that the leap day ends its year and eras of 400
 * years are all alike. */
static struct civil civil_of(uint32_t days)
{
    uint32_t era = days / ERA_DAYS;
    uint32_t of_era = days % ERA_DAYS;
    uint32_t year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153; /* 0: March */
    struct civil c;
    c.day = of_year - (153 * month + 2) / 5 + 1;
    c.month = month < 10 ? month + 3 : month - 9;
    c.year = year + era * 400 + (c.month <= 2 ? 1 : 0);
    return c;
}

static char *put_number(char *at, uint32_t value, size_t digits)
{
    size_t i;
    for (i = digits; i > 0; i--) {
        at[i - 1] = (char)('0' + (char)(value % 10));
        value /= 10;
    }
    return at + digits;
}

static char *put_text(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

size_t mailproto__date_write(int64_t utc, int32_t zone_minutes, char *buf)
{
    static const char day_names[] = "MonTueWedThuFriSatSun";
    static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char *at = buf;
    int64_t local;
    uint32_t day;
    uint32_t second;
    uint32_t zone;
    struct civil c;
    if (zone_minutes < -1439 || zone_minutes > 1439 || utc < FIRST_SECOND - DAY ||
        utc >= END_SECOND + DAY) {
        return 0;
    }
    local = utc + (int64_t)zone_minutes * 60;
    if (local < FIRST_SECOND || local >= END_SECOND) {
        return 0;
    }
    day = (uint32_t)((local - FIRST_SECOND) / DAY); /* 0: Monday, 0001-01-01 */
    second = (uint32_t)((local - FIRST_SECOND) % DAY);
    c = civil_of(day + 306);
    at = put_text(at, day_names + (size_t)(day % 7) * 3, 3);
    at = put_text(at, ", ", 2);
    at = put_number(at, c.day, 2);
    at = put_text(at, " ", 1);
    at = put_text(at, month_names + (size_t)(c.month - 1) * 3, 3);
    at = put_text(at, " ", 1);
    at = put_number(at, c.year, 4);
    at = put_text(at, " ", 1);
    at = put_number(at, second / 3600, 2);
    at = put_text(at, ":", 1);
    at = put_number(at, second / 60 % 60, 2);
    at = put_text(at, ":", 1);
    at = put_number(at, second % 60, 2);
    zone = (uint32_t)(zone_minutes < 0 ? -zone_minutes : zone_minutes);
    at = put_text(at, zone_minutes < 0 ? " -" : " +", 2);
    at = put_number(at, zone / 60, 2);
    at = put_number(at, zone % 60, 2);
    return (size_t)(at - buf);
}
