/*
 * Comparing without regard to case: i;unicode-casemap (RFC 5051) where it was built, and
 * that without it nothing but ASCII has a case.
 */
#include "match_check.h"
#include "thinned.h"

#include "codec/casemap.h"

/* Octets as they are compared, cut everywhere. */
static size_t mapped(const char *text, size_t len, char *out, size_t cap)
{
    size_t used = 0;
    size_t n = mailproto__casemap(text, len, &used, out, cap);
    size_t cut;
    assert_int_equal(used, len);
    for (cut = 0; cut <= len; cut++) {
        char again[256];
        size_t k = mailproto__casemap(text, cut, &used, again, sizeof again);
        assert_in_range(used, cut < 3 ? 0 : cut - 3, cut);
        k += mailproto__casemap(text + used, len - used, &used, again + k,
                                sizeof again - k);
        assert_int_equal(k, n);
        assert_memory_equal(again, out, n);
    }
    return n;
}

static int same(const char *a, const char *b)
{
    char to[2][256];
    size_t n[2];
    n[0] = mapped(a, strlen(a), to[0], sizeof to[0]);
    n[1] = mapped(b, strlen(b), to[1], sizeof to[1]);
    return n[0] == n[1] && memcmp(to[0], to[1], n[0]) == 0;
}

static int is_built(void)
{
    return same("\xc3\xa9", "\xc3\x89");
}

struct row {
    const char *a, *b;
    int same;
};

static const struct row rows[] = {
    {"\xc3\xa9", "\xc3\x89", 1},         /* e, E with acute */
    {"\xc3\xa9", "e\xcc\x81", 1},        /* the same of two characters */
    {"\xc3\xa9", "\xc3\xa8", 0},         /* acute, grave */
    {"\xc3\xa9", "e", 0},                /* marks count */
    {"\xc3\xbc", "\xc3\x9c", 1},         /* u, U with diaeresis */
    {"\xc3\x9f", "ss", 0},               /* sharp s is no two letters here */
    {"\xd0\xb6", "\xd0\x96", 1},         /* Cyrillic zhe */
    {"\xd0\xb9", "\xd0\x98\xcc\x86", 1}, /* short i */
    {"\xce\xb1", "\xce\x91", 1},         /* alpha */
    {"\xcf\x82", "\xcf\x83", 1},         /* final sigma, sigma */
    {"\xce\xac", "\xce\x86", 1},         /* alpha with tonos */
    {"\xe1\xbe\x82", "\xe1\xbe\x8a", 1}, /* four characters */
    {"\xc7\x86", "\xc7\x84", 1},         /* dz with caron, two of three */
    {"\xc7\x86", "dz\xcc\x8c", 1},       /* in titlecase D and z */
    {"\xef\xbd\x81", "\xef\xbc\xa1", 1}, /* fullwidth a, A */
    {"\xef\xbd\x81", "a", 1},            /* ... and a */
    {"\xc2\xa0", " ", 1},                /* a blank that keeps together */
    {"\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 1}, /* Hangul */
    {"\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1", 1},
    {"\xed\x9e\xa3", "\xe1\x84\x92\xe1\x85\xb5\xe1\x87\x82", 1},
    {"\xc4\xb1", "i", 1},                /* dotless i: its titlecase is I */
    {"\xe2\x84\xaa", "k", 1},            /* the sign of Kelvin */
    {"\xd5\xa1", "\xd4\xb1", 1},         /* Armenian */
    {"\xe1\xba\xa1", "a\xcc\xa3", 1},    /* Vietnamese */
    {"\xe4\xb8\x80", "\xe4\xb8\x81", 0}, /* ideographs have no case */
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", 0}};

static void characters(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (same(rows[i].a, rows[i].b) != (rows[i].same && is_built())) {
            fail_msg("row %u: %s and %s", (unsigned)i, rows[i].a, rows[i].b);
        }
    }
}

/* Every character: within what was said it may need, and the same when mapped again. */
static void every_character(void **state)
{
    uint32_t point;
    (void)state;
    for (point = 0x80; point < 0x10000; point++) {
        char text[4] = {0};
        char out[64];
        char again[64];
        size_t len = point < 0x800 ? 2 : 3;
        size_t used = 0;
        size_t n;
        if (point >= 0xD800 && point < 0xE000) {
            continue;
        }
        if (len == 2) {
            text[0] = (char)(0xC0U | point >> 6);
            text[1] = (char)(0x80U | (point & 0x3FU));
        } else {
            text[0] = (char)(0xE0U | point >> 12);
            text[1] = (char)(0x80U | (point >> 6 & 0x3FU));
            text[2] = (char)(0x80U | (point & 0x3FU));
        }
        n = mailproto__casemap(text, len, &used, out, MAILPROTO__CASEMAP_ROOM);
        assert_int_equal(used, len);
        assert_in_range(n, 1, MAILPROTO__CASEMAP_ROOM);
        assert_in_range(n, 1, MAILPROTO__CASEMAP_TIMES * len);
        used = 0;
        (void)mailproto__casemap(out, n, &used, again, sizeof again);
        assert_int_equal(used, n);
        n = mailproto__casemap(text, len, &used, out, MAILPROTO__CASEMAP_ROOM - 1);
        assert_int_equal(n, 0);
        assert_int_equal(used, 0);
    }
}

static void what_is_no_utf8(void **state)
{
    char out[64];
    size_t used = 0;
    (void)state;
    assert_int_equal(mailproto__casemap("a\xff\xc3z\x80", 5, &used, out, sizeof out),
                     5);
    assert_memory_equal(out, "a\xff\xc3z\x80", 5);
    assert_int_equal(used, 5);
    assert_int_equal(mailproto__casemap("ab\xe1\xbe", 4, &used, out, sizeof out), 2);
    assert_int_equal(used, 2);
}

static void expect(const char *keys, const char *message, int expected)
{
    match_expect(keys, message, expected && is_built(), __FILE__, __LINE__);
}

static void searched(void **state)
{
    static const char message[] =
        "Subject: =?iso-8859-1?Q?GR=DCN?=\r\n"
        "Content-Type: text/plain; charset=windows-1251\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
        "z/Do4uXyLCDM6PAh\r\n"; /* a greeting, its first letters in upper case */
    (void)state;
    expect("SUBJECT {5}\r\ngr\xc3\xbcn", message, 1);
    expect("SUBJECT {6}\r\ngru\xcc\x88n", message, 1);
    NO("SUBJECT grun", message);
    expect("TEXT {5}\r\ngr\xc3\xbcn", message, 1);
    expect("BODY {12}\r\n\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", message, 1);
    expect("BODY {12}\r\n\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2", message, 1);
    YES("BODY {12}\r\n\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", message);
    NO("BODY {12}\r\n\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x83", message);
    YES("BODY {2}\r\n,  BODY {1}\r\n!", message);
}

/* Characters that the pieces of reading and decoding cut, in a body and in a field. */
static void cut_anywhere(void **state)
{
    static char message[12000];
    int field;
    size_t at;
    (void)state;
    for (field = 0; field < 2; field++) {
        for (at = 1000; at < 1050; at += thinned(7)) {
            size_t n = (size_t)sprintf(message, field ? "Subject: " : "X: y\r\n\r\n");
            size_t i;
            memset(message + n, 'x', at);
            n += at;
            for (i = 0; i < 1500; i++) {
                n += (size_t)sprintf(message + n, i == 1400 ? "\xe1\xbe\x8a\xc3\x89"
                                                            : "\xe1\xbe\x82\xc3\xa8");
            }
            expect(field ? "SUBJECT {5}\r\n\xe1\xbe\x82\xc3\xa9"
                         : "BODY {5}\r\n\xe1\xbe\x82\xc3\xa9",
                   message, 1);
            NO(field ? "SUBJECT {5}\r\n\xe1\xbe\x83\xc3\xa9"
                     : "BODY {5}\r\n\xe1\xbe\x83\xc3\xa9",
               message);
            YES(field ? "SUBJECT {5}\r\n\xe1\xbe\x8a\xc3\x89"
                      : "BODY {5}\r\n\xe1\xbe\x8a\xc3\x89",
                message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),      cmocka_unit_test(every_character),
        cmocka_unit_test(what_is_no_utf8), cmocka_unit_test(searched),
        cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
