/*
 * date-time (RFC 5322 3.3 and 4.3) read: tokens in any order, each told from the others by
 * its form, the RFC's order checked besides. Knows the calendar through value_calendar.c;
 * no clock, no zone tables but RFC 5322's.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"

enum { /* what was found, in the RFC's order */
       DAY_NAME = 1,
       DAY = 2,
       MONTH = 4,
       YEAR = 8,
       TIME = 16,
       ZONE = 32,
       NAMED = 64, /* the zone was Greenwich by name: an offset may follow */
       ORDER = 128 /* the defect was counted */
};

/* A date on its way. */
struct parse {
    struct mailproto__value *v;
    mailproto_date d;
    const char *p;     /* where it reads */
    const char *range; /* a number out of range */
    const char *name;  /* the day name */
    uint32_t found;
    int32_t hour, minute, second;
    uint32_t weekday;
};

#define KEY MAILPROTO__V_KEY

/* Whether what stands behind the first three letters of a word is how that name goes on, or
 * the beginning of it (`Sept`): "junk" is not June. */
static int goes_on(const char *word, size_t len, const char *rest)
{
    size_t i;
    for (i = 3; i < len; i++) {
        if ((word[i] | 32) != rest[i - 3]) {
            return 0; /* also at its end */
        }
    }
    return 1;
}

static uint32_t month_of(uint32_t key, const char *word, size_t len)
{
    static const struct {
        uint32_t key;
        char rest[7];
    } months[12] = {{KEY('j', 'a', 'n'), "uary"},   {KEY('f', 'e', 'b'), "ruary"},
                    {KEY('m', 'a', 'r'), "ch"},     {KEY('a', 'p', 'r'), "il"},
                    {KEY('m', 'a', 'y'), ""},       {KEY('j', 'u', 'n'), "e"},
                    {KEY('j', 'u', 'l'), "y"},      {KEY('a', 'u', 'g'), "ust"},
                    {KEY('s', 'e', 'p'), "tember"}, {KEY('o', 'c', 't'), "ober"},
                    {KEY('n', 'o', 'v'), "ember"},  {KEY('d', 'e', 'c'), "ember"}};
    uint32_t i;
    for (i = 0; i < 12; i++) {
        if (months[i].key == key) {
            return goes_on(word, len, months[i].rest) ? i + 1 : 0;
        }
    }
    return 0;
}

/* 1: Sunday; 0: none. */
static uint32_t weekday_of(uint32_t key, const char *word, size_t len)
{
    static const struct {
        uint32_t key;
        char rest[7];
    } days[7] = {{KEY('s', 'u', 'n'), "day"},   {KEY('m', 'o', 'n'), "day"},
                 {KEY('t', 'u', 'e'), "sday"},  {KEY('w', 'e', 'd'), "nesday"},
                 {KEY('t', 'h', 'u'), "rsday"}, {KEY('f', 'r', 'i'), "day"},
                 {KEY('s', 'a', 't'), "urday"}};
    uint32_t i;
    for (i = 0; i < 7; i++) {
        if (days[i].key == key) {
            return goes_on(word, len, days[i].rest) ? i + 1 : 0;
        }
    }
    return 0;
}

/* The zones of RFC 5322 4.3, hours; 0: Greenwich; -128: none of them. */
static int32_t zone_of(uint32_t key, size_t len)
{
    if (len == 2) {
        return (key >> 8) == (KEY('u', 't', 0) >> 8) ? 0 : -128;
    }
    switch (key) {
    case KEY('g', 'm', 't'):
    case KEY('u', 't', 'c'):
        return 0;
    case KEY('e', 'd', 't'):
        return -4;
    case KEY('e', 's', 't'):
    case KEY('c', 'd', 't'):
        return -5;
    case KEY('c', 's', 't'):
    case KEY('m', 'd', 't'):
        return -6;
    case KEY('m', 's', 't'):
    case KEY('p', 'd', 't'):
        return -7;
    case KEY('p', 's', 't'):
        return -8;
    default:
        return -128;
    }
}

static void odd_order(struct parse *s, const char *at)
{
    if ((s->found & ORDER) == 0) {
        s->found |= ORDER;
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_DATE_ORDER, at);
    }
}

/* `what` was found; what comes behind it in the RFC's order must not be there yet. */
static void found(struct parse *s, uint32_t what, const char *at)
{
    if ((s->found & (ZONE * 2U - 1U) & ~(what * 2U - 1U)) != 0 ||
        (what > DAY && (s->found & (what >> 1)) == 0)) {
        odd_order(s, at);
    }
    s->found |= what;
}

static const char *digits(const struct parse *s, const char *p)
{
    return mailproto__v_run(p, s->v->end, MAILPROTO__V_DIGIT);
}

/* The number of up to 9 digits; more: 999999999. */
static int32_t number(const char *from, const char *to)
{
    int32_t n = 0;
    if (to - from > 9) {
        return 999999999;
    }
    for (; from < to; from++) {
        n = n * 10 + (*from - '0');
    }
    return n;
}

/* What stands behind CFWS that is not passed yet: its defects are told when it is. */
static const char *peek(const struct parse *s, const char *p)
{
    struct mailproto__value v = *s->v;
    v.defects = NULL;
    return mailproto__v_cfws(&v, p);
}

/* ---- tokens ------------------------------------------------------------------------ */

/* `:` and two digits, CFWS around them (RFC 5322 4.3); -1: there are none. */
static int32_t time_part(struct parse *s)
{
    const char *p = peek(s, s->p);
    const char *from;
    const char *to;
    if (p == s->v->end || *p != ':') {
        return -1;
    }
    (void)mailproto__v_cfws(s->v, s->p);
    from = mailproto__v_cfws(s->v, p + 1);
    if (from - s->p > 1) { /* blanks around the colon: obs-hour and its likes */
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_OBSOLETE, s->p);
    }
    to = digits(s, from);
    if (to == from) {
        return -1;
    }
    if (to - from != 2) {
        odd_order(s, from);
    }
    s->p = to;
    return number(from, to);
}

/* Hours from `from` to `to`, a colon behind them. 0: no time. */
static int take_time(struct parse *s, const char *from, const char *to)
{
    s->hour = number(from, to);
    s->p = to;
    s->minute = time_part(s);
    if (s->minute < 0) {
        return 0;
    }
    found(s, TIME, from);
    if (to - from != 2) {
        odd_order(s, from);
    }
    s->second = time_part(s);
    if (s->second < 0) {
        s->second = 0;
        s->d.flags |= MAILPROTO_DATE_NO_SECOND;
    }
    if (s->v->end - s->p >= 2 && *s->p == '.' &&
        mailproto__v_is(s->p[1], MAILPROTO__V_DIGIT)) { /* fractions */
        odd_order(s, s->p);
        s->p = digits(s, s->p + 1);
    }
    if (s->hour > 23 || s->minute > 59 || s->second > 60) {
        s->range = from;
    }
    return s->hour < 100 && s->minute < 100 && s->second < 100;
}

/* A day, month or year right behind the one before: obs-day, obs-year (RFC 5322 4.3). */
static void glued(struct parse *s, const char *at)
{
    if (at > s->v->begin && mailproto__v_is(at[-1], MAILPROTO__V_PLAIN) &&
        at[-1] != '-') {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_OBSOLETE, at);
    }
}

/* Obsolete years are completed (RFC 5322 4.3). */
static void take_year(struct parse *s, const char *from, const char *to)
{
    int32_t year = number(from, to);
    found(s, YEAR, from);
    glued(s, from);
    if (to - from < 4) {
        s->d.flags |= MAILPROTO_DATE_OBS_YEAR;
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_OBSOLETE, from);
        year += to - from == 3 || year >= 50 ? 1900 : 2000;
    } else if (year < 1900) {
        s->range = from;
    }
    s->d.year = year;
}

/* Digits of a zone behind its sign, or without one. */
static void take_offset(struct parse *s, const char *from, int sign)
{
    const char *to = digits(s, from);
    int32_t n = number(from, to);
    int odd = to - from != 4 || sign == 0 || (s->found & ZONE) != 0;
    s->p = to;
    if (to - from == 2 || to - from == 1) { /* +02, +02:00 */
        n *= 100;
        if (s->v->end - to >= 3 && *to == ':') {
            s->p = digits(s, to + 1);
            n += s->p - to == 3 ? number(to + 1, s->p) : 0;
        }
    }
    if (n > 9959 || n % 100 > 59) {
        odd = 1;
        n = 0;
    }
    if (odd) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_ZONE, from);
    }
    if ((s->found & ZONE) == 0) {
        found(s, ZONE, from);
    }
    s->found &= ~(uint32_t)NAMED;
    s->d.zone_minutes = n / 100 * 60 + n % 100;
    if (sign < 0) {
        s->d.zone_minutes = -s->d.zone_minutes;
        s->d.flags |= n == 0 ? MAILPROTO_DATE_UNKNOWN_ZONE : 0U; /* RFC 5322 3.3 */
    }
}

/* A number at `s->p`: day, year, hours or a zone. 0: it can be none of them. */
static int take_number(struct parse *s)
{
    const char *from = s->p;
    const char *to = digits(s, from);
    const char *behind = peek(s, to);
    int32_t n = number(from, to);
    if (behind < s->v->end && *behind == ':' && (s->found & TIME) == 0) {
        return take_time(s, from, to);
    }
    s->p = to;
    if ((s->found & DAY) == 0 && to - from <= 2 && n >= 1 && n <= 31) {
        found(s, DAY, from);
        s->d.day = (uint8_t)n;
    } else if ((s->found & YEAR) == 0) {
        take_year(s, from, to);
        return s->d.year <= 9999;
    } else if ((s->found & (TIME | ZONE)) == TIME && to - from == 4) {
        take_offset(s, from, 0);
    } else {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_TRAILING, from);
    }
    return 1;
}

/* A word behind the time: a zone (RFC 5322 4.3). */
static void take_zone(struct parse *s, const char *from, const char *to, uint32_t key)
{
    size_t len = (size_t)(to - from);
    int32_t hours = len == 2 || len == 3 ? zone_of(key, len) : -128;
    found(s, ZONE, from);
    s->d.flags |= MAILPROTO_DATE_OBS_ZONE;
    if (hours != -128) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_OBSOLETE, from);
        s->d.zone_minutes = hours * 60;
        s->found |= hours == 0 ? NAMED : 0U;
        return;
    }
    s->d.flags |= MAILPROTO_DATE_UNKNOWN_ZONE;
    if (len == 1 && (*from | 32) != 'j') {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_OBSOLETE, from);
    } else {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_ZONE, from);
    }
}

/* AM or PM: 1 if it was. */
static int take_half(struct parse *s, const char *from, size_t len, uint32_t key)
{
    uint32_t half = key >> 8;
    int pm = half == (KEY('p', 'm', 0) >> 8);
    if (len != 2 || (s->found & TIME) == 0 || s->hour > 12 ||
        (!pm && half != (KEY('a', 'm', 0) >> 8))) {
        return 0;
    }
    odd_order(s, from);
    s->hour = s->hour % 12 + (pm ? 12 : 0);
    return 1;
}

/* A day's name and the comma behind it. */
static void take_weekday(struct parse *s, uint32_t day, const char *from,
                         const char *to)
{
    const char *behind = peek(s, to);
    found(s, DAY_NAME, from);
    s->weekday = day;
    s->name = from;
    if (behind < s->v->end && *behind == ',') {
        s->p = mailproto__v_cfws(s->v, to) + 1;
    } else {
        odd_order(s, to);
    }
    if (to - from != 3) {
        odd_order(s, from);
    }
}

static const char *letters_end(const struct parse *s, const char *p)
{
    while (p < s->v->end && (*p | 32) >= 'a' && (*p | 32) <= 'z') {
        p++;
    }
    return p;
}

static void take_word(struct parse *s)
{
    const char *from = s->p;
    const char *to = letters_end(s, from);
    size_t len;
    uint32_t key;
    uint32_t month;
    uint32_t day;
    len = (size_t)(to - from);
    key = len >= 3 ? mailproto__v_key(from)
                   : KEY((unsigned char)from[0] | 32U,
                         len == 2 ? (unsigned char)from[1] | 32U : 0U, 0);
    month = len >= 3 && (s->found & MONTH) == 0 ? month_of(key, from, len) : 0;
    day = len >= 3 && (s->found & DAY_NAME) == 0 ? weekday_of(key, from, len) : 0;
    s->p = to;
    if (month != 0) {
        found(s, MONTH, from);
        glued(s, from);
        if (len != 3) {
            odd_order(s, from);
        }
        s->d.month = (uint8_t)month;
    } else if (day != 0) {
        take_weekday(s, day, from, to);
    } else if (take_half(s, from, len, key)) {
        return;
    } else if ((s->found & (TIME | ZONE)) == TIME) {
        take_zone(s, from, to, key);
    } else if (s->found == 0) {
        s->found |= DAY_NAME;
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_DAY_NAME, from);
    } else {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_TRAILING, from);
    }
}

/* What is neither digit nor letter. */
static void take_other(struct parse *s)
{
    const char *p = s->p;
    int is_sign = (*p == '+' || *p == '-') && s->v->end - p >= 2 &&
                  mailproto__v_is(p[1], MAILPROTO__V_DIGIT);
    if (is_sign && (s->found & TIME) != 0 &&
        ((s->found & ZONE) == 0 || (s->found & NAMED) != 0)) {
        if (mailproto__v_is(p[-1], MAILPROTO__V_DIGIT)) { /* RFC 5322 3.3: FWS */
            odd_order(s, p);
        }
        take_offset(s, p + 1, *p == '-' ? -1 : 1);
        return;
    }
    if ((unsigned char)*p < 32 || *p == 127) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_CONTROL, p);
    } else {
        odd_order(s, p);
    }
    s->p = p + 1;
}

/* All tokens; 0: no date. */
static int take_all(struct parse *s)
{
    for (;;) {
        s->p = mailproto__v_cfws(s->v, s->p);
        if (s->p == s->v->end) {
            return 1;
        }
        if (mailproto__v_is(*s->p, MAILPROTO__V_DIGIT)) {
            if (!take_number(s)) {
                return 0;
            }
        } else if ((*s->p | 32) >= 'a' && (*s->p | 32) <= 'z') {
            take_word(s);
        } else {
            take_other(s);
        }
    }
}

/* ---- the whole ----------------------------------------------------------------------- */

static void finish(struct parse *s)
{
    const char *end = s->v->end;
    int64_t local = 0;
    int64_t day;
    if ((s->found & TIME) == 0) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_NO_TIME, end);
    }
    if ((s->found & ZONE) == 0) {
        s->d.flags |= MAILPROTO_DATE_NO_ZONE | MAILPROTO_DATE_UNKNOWN_ZONE;
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_ZONE, end);
    }
    if (s->second == 60) {
        s->d.flags |= MAILPROTO_DATE_LEAP_SECOND;
    }
    (void)mailproto_date_to_utc(s->d.year, s->d.month, 1, 0, 0, 0, &local);
    day = local / 86400 + s->d.day - 1;
    if (s->range == NULL && s->d.day > 28) {
        int64_t next = 0;
        (void)mailproto_date_to_utc(s->d.month == 12 ? s->d.year + 1 : s->d.year,
                                    s->d.month % 12 + 1, 1, 0, 0, 0, &next);
        s->range = s->d.year < 9999 && day >= next / 86400 ? s->v->begin : NULL;
    }
    if (s->range != NULL) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_DATE_RANGE, s->range);
    }
    s->d.utc = (int64_t)day * 86400 + (int64_t)s->hour * 3600 +
               (int64_t)s->minute * 60 + s->second - (int64_t)s->d.zone_minutes * 60;
    /* 1970-01-01 was a Thursday; 719468 days and some weeks keep it positive. */
    s->d.weekday = (uint8_t)((day + 4 + INT64_C(7) * 1000000) % 7);
    s->d.hour = (uint8_t)s->hour;
    s->d.minute = (uint8_t)s->minute;
    s->d.second = (uint8_t)s->second;
    if (s->weekday != 0) {
        s->d.flags |= MAILPROTO_DATE_DAY_NAME;
        if (s->weekday - 1 != s->d.weekday) {
            mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_DAY_NAME, s->name);
        }
    }
}

mailproto_status mailproto__date_general(mailproto_bytes value, uint32_t flags,
                                         mailproto_defects *defects,
                                         mailproto_date *out)
{
    struct mailproto__value v;
    struct parse s;
    mailproto__v_whole(&v, value, flags, defects);
    memset(&s, 0, sizeof s);
    s.v = &v;
    s.p = v.at;
    s.d.struct_size = sizeof s.d;
    if (!take_all(&s) || (s.found & (DAY | MONTH | YEAR)) != (DAY | MONTH | YEAR)) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_DATE, s.p);
        return MAILPROTO_ERR_SYNTAX;
    }
    finish(&s);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return mailproto__output_copy(out, &s.d, sizeof s.d);
}

mailproto_status mailproto_date_parse(mailproto_bytes value, uint32_t flags,
                                      mailproto_defects *defects, mailproto_date *out)
{
    if ((flags & ~(uint32_t)(MAILPROTO_VALUE_STRICT | MAILPROTO_VALUE_FINAL)) != 0 ||
        (defects != NULL && defects->struct_size < sizeof *defects)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto__date_plain(value, out)
               ? MAILPROTO_OK
               : mailproto__date_general(value, flags, defects, out);
}
