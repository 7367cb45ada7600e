/*
 * Pieces of random commands: strings of every form, numbers, sets, flags, dates. Written
 * octet by octet from the grammar (RFC 9051 9), so that it does not lean on what it tests.
 */
#include "imap_generate_inside.h"

#include <stdlib.h>
#include <string.h>

#include "core/span.h"

/* ---- primitives ------------------------------------------------------------ */

uint32_t imap_random(struct imap_generator *g, uint32_t n)
{
    g->random = g->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(g->random >> 33) % n;
}

void imap_generator_free(struct imap_generator *g)
{
    text_free(&g->unit);
    imap_model_free(&g->model);
}

void imap_put(struct imap_generator *g, const char *text)
{
    text_add(&g->unit, text, strlen(text));
}

/* A keyword in any case. */
void imap_put_word(struct imap_generator *g, const char *word)
{
    uint32_t style = imap_random(g, 4);
    for (; *word != '\0'; word++) {
        char c = *word;
        if (c >= 'A' && c <= 'Z' && (style == 0 || (style == 1 && imap_random(g, 2)))) {
            c = (char)(c + ('a' - 'A'));
        }
        text_add(&g->unit, &c, 1);
    }
}

void imap_put_number(struct imap_generator *g, uint64_t n)
{
    text_print(&g->unit, "%llu", (unsigned long long)n);
}

uint32_t imap_any_number(struct imap_generator *g)
{
    static const uint32_t edges[] = {1, 2, 9, 10, 999, UINT32_MAX - 1, UINT32_MAX};
    return imap_random(g, 4) == 0 ? edges[imap_random(g, 7)]
                                  : 1 + imap_random(g, 100000);
}

uint64_t imap_any_number64(struct imap_generator *g)
{
    return imap_random(g, 4) == 0 ? (uint64_t)INT64_MAX - imap_random(g, 3)
                                  : 1 + (uint64_t)imap_random(g, UINT32_MAX);
}

static int is_bare(const char *octets, size_t len, int class)
{
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)octets[i];
        if (c <= ' ' || c >= 127 || strchr("(){\"\\", c) != NULL ||
            (c == ']' && class == IN_ATOM) ||
            ((c == '*' || c == '%') && class != IN_LIST)) {
            return 0;
        }
    }
    return len > 0;
}

/* Octets of a string: ASCII, UTF-8 or anything but NUL. */
size_t imap_any_octets(struct imap_generator *g, char *to)
{
    static const char some[] = "abcXYZ019.-_/+&!#$'@^`|~%*](){\"\\ \t:;<>,?=";
    size_t len = 0;
    size_t count = imap_random(g, g->plain ? 8 : 14) + (g->plain ? 1 : 0);
    uint32_t style = g->plain ? 0 : imap_random(g, 8);
    for (; count > 0; count--) {
        if (style == 7) {
            to[len++] = (char)(1 + imap_random(g, 255));
        } else if (style == 6 && imap_random(g, 3) == 0) {
            memcpy(to + len, "\xE5\x8F\xB0", 3);
            len += 3;
        } else {
            to[len++] = some[imap_random(g, style < 4 ? 9 : (uint32_t)sizeof some - 1)];
        }
    }
    return len;
}

static size_t any_atom(struct imap_generator *g, char *to)
{
    static const char some[] = "abcdefXYZ0123456789.-_/+&!#$'@^`|~:;<>,?=[}";
    size_t len = 1 + imap_random(g, 8);
    size_t i;
    for (i = 0; i < len; i++) {
        to[i] = some[imap_random(g, i == 0 ? 6 : (uint32_t)sizeof some - 1)];
    }
    return len;
}

uint32_t imap_high_flag(const char *octets, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        if ((unsigned char)octets[i] > 127) {
            return MAILPROTO_IMAP_8BIT;
        }
    }
    return 0;
}

static int is_text(const char *octets, size_t len)
{
    return memchr(octets, '\r', len) == NULL && memchr(octets, '\n', len) == NULL;
}

static void put_quoted(struct imap_generator *g, const char *octets, size_t len)
{
    size_t i;
    imap_put(g, "\"");
    for (i = 0; i < len; i++) {
        if (octets[i] == '"' || octets[i] == '\\') {
            imap_put(g, "\\");
        }
        text_add(&g->unit, octets + i, 1);
    }
    imap_put(g, "\"");
}

/* Writes octets in one of the forms they can have (class 0: not bare) and tells of it. */
void imap_put_string(struct imap_generator *g, struct text *out, const char *octets,
                     size_t len, int class, uint32_t flags)
{
    uint32_t high = imap_high_flag(octets, len);
    uint32_t choice = imap_random(g, g->plain ? 3 : 4);
    uint32_t utf8 =
        g->enabled & (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8);
    mailproto_bytes b;
    b.ptr = octets;
    b.len = len;
    if (class != 0 && choice < 2 && is_bare(octets, len, class)) {
        text_add(&g->unit, octets, len);
        imap_tell_string(out, MAILPROTO_IMAP_ATOM, flags, octets, len);
    } else if (choice < 3 && is_text(octets, len) &&
               (high == 0 || (utf8 && mailproto__is_utf8(b)))) {
        put_quoted(g, octets, len);
        imap_tell_string(out, MAILPROTO_IMAP_QUOTED, flags | high, octets, len);
    } else {
        text_print(&g->unit, "{%u%s}\r\n", (unsigned)len, imap_random(g, 2) ? "+" : "");
        text_add(&g->unit, octets, len);
        imap_tell_string(out, MAILPROTO_IMAP_LITERAL, flags | high, octets, len);
    }
}

void imap_put_astring(struct imap_generator *g, struct text *out)
{
    char octets[64];
    imap_put_string(g, out, octets, imap_any_octets(g, octets), IN_ASTRING, 0);
}

static uint32_t name_flags(const struct imap_generator *g)
{
    return g->enabled & (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8)
               ? 0
               : MAILPROTO_IMAP_MUTF7;
}

/* SP mailbox */
void imap_put_mailbox(struct imap_generator *g, struct text *out)
{
    char octets[64];
    size_t len = imap_any_octets(g, octets);
    if (imap_random(g, 3) == 0) {
        memcpy(octets, "INBOX", 5);
        len = 5;
    }
    imap_put(g, " ");
    imap_put_string(g, out, octets, len, IN_ASTRING, name_flags(g));
}

void imap_put_pattern(struct imap_generator *g, struct text *out)
{
    char octets[64];
    imap_put_string(g, out, octets, imap_any_octets(g, octets), IN_LIST, name_flags(g));
}

void imap_put_atom(struct imap_generator *g, struct text *out)
{
    char octets[16];
    size_t len = any_atom(g, octets);
    text_add(&g->unit, octets, len);
    imap_tell_string(out, MAILPROTO_IMAP_ATOM, 0, octets, len);
}

/* sequence-set; 1: it is `$`. */
int imap_put_set(struct imap_generator *g, struct text *out, int uids)
{
    uint32_t count = 1 + imap_random(g, 4);
    uint32_t i;
    if (!uids && imap_random(g, 8) == 0) {
        imap_put(g, "$");
        text_add(out, "$", 1);
        return 1;
    }
    for (i = 0; i < count; i++) {
        uint32_t low = !uids && imap_random(g, 6) == 0 ? 0 : imap_any_number(g);
        uint32_t high = low;
        uint32_t ends = 1 + imap_random(g, 2);
        if (i > 0) {
            imap_put(g, ",");
        }
        if (ends == 2) {
            high = !uids && imap_random(g, 6) == 0 ? 0 : imap_any_number(g);
        }
        if (low == 0) {
            imap_put(g, "*");
        } else {
            imap_put_number(g, low);
        }
        if (ends == 2) {
            imap_put(g, ":");
            if (high == 0) {
                imap_put(g, "*");
            } else {
                imap_put_number(g, high);
            }
        }
        if (high != 0 && (low == 0 || low > high)) {
            imap_tell_range(out, high, low);
        } else {
            imap_tell_range(out, low, high);
        }
    }
    return 0;
}

void imap_put_flag(struct imap_generator *g, struct text *out)
{
    static const char *const flags[] = {"\\Seen",  "\\ANSWERED", "\\flagged",
                                        "\\Draft", "\\Deleted",  "$Forwarded",
                                        "$Junk",   "\\x-New",    "NonJunk"};
    const char *flag = flags[imap_random(g, 9)];
    imap_put(g, flag);
    imap_tell_string(out, MAILPROTO_IMAP_ATOM, 0, flag, strlen(flag));
}

void imap_put_flags(struct imap_generator *g, struct text *out)
{
    uint32_t count = imap_random(g, 4);
    uint32_t i;
    imap_put(g, "(");
    for (i = 0; i < count; i++) {
        imap_put(g, i > 0 ? " " : "");
        imap_put_flag(g, out);
    }
    imap_put(g, ")");
}

/* ---- dates ------------------------------------------------------------------ */

/* Days are counted up from 1970, month by month. */
static int64_t any_day(struct imap_generator *g, uint32_t *d, uint32_t *m, uint32_t *y)
{
    static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = 0;
    uint32_t year = 1970 + imap_random(g, 150);
    uint32_t i;
    *y = year;
    *m = imap_random(g, 12);
    *d = 1 + imap_random(g, 28);
    for (i = 1970; i < year; i++) {
        days += i % 4 == 0 && (i % 100 != 0 || i % 400 == 0) ? 366 : 365;
    }
    for (i = 0; i < *m; i++) {
        days += length[i];
    }
    if (*m > 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) {
        days++;
    }
    return days + *d - 1;
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

int64_t imap_put_date(struct imap_generator *g)
{
    uint32_t d;
    uint32_t m;
    uint32_t y;
    int64_t day = any_day(g, &d, &m, &y);
    const char *quote = imap_random(g, 2) ? "\"" : "";
    text_print(&g->unit, imap_random(g, 2) ? "%s%u-%s-%04u%s" : "%s%02u-%s-%04u%s",
               quote, (unsigned)d, months[m], (unsigned)y, quote);
    return day;
}

void imap_put_date_time(struct imap_generator *g, struct text *out)
{
    mailproto_imap_date date;
    uint32_t d;
    uint32_t m;
    uint32_t y;
    uint32_t h = imap_random(g, 24);
    uint32_t minute = imap_random(g, 60);
    uint32_t s = imap_random(g, 60);
    int32_t zone = (int32_t)imap_random(g, 1440);
    int west = (int)imap_random(g, 2);
    int64_t day = any_day(g, &d, &m, &y);
    text_print(&g->unit,
               imap_random(g, 2) ? "\"%2u-%s-%04u %02u:%02u:%02u %c%02d%02d\""
                                 : "\"%02u-%s-%04u %02u:%02u:%02u %c%02d%02d\"",
               (unsigned)d, months[m], (unsigned)y, (unsigned)h, (unsigned)minute,
               (unsigned)s, west ? '-' : '+', (int)(zone / 60), (int)(zone % 60));
    date.zone_minutes = west ? -zone : zone;
    date.utc = day * 86400 + h * 3600 + minute * 60 + s - date.zone_minutes * 60;
    date.set = 1;
    imap_tell_date(out, &date);
}
