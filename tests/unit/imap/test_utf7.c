/*
 * Modified UTF-7: rows, all short texts both ways, random texts round.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap.h>

#include "thinned.h"

/* Decodes an exact copy into a buffer of just the promised size. */
static mailproto_status decode(const char *text, size_t len, char *out, size_t *n)
{
    size_t cap = MAILPROTO_IMAP_NAME_MAX(len);
    char *copy = (char *)malloc(len + 1);
    char *buf = (char *)malloc(cap + 1);
    mailproto_bytes b;
    mailproto_status status;
    assert_non_null(copy);
    assert_non_null(buf);
    memcpy(copy, text, len);
    buf[cap] = 0x55;
    b.ptr = copy;
    b.len = len;
    status = mailproto_imap_utf7_decode(b, buf, cap, n);
    assert_int_equal(buf[cap], 0x55);
    assert_true(status != MAILPROTO_ERR_MEMORY);
    if (status == MAILPROTO_OK) {
        memcpy(out, buf, *n);
    }
    free(copy);
    free(buf);
    return status;
}

static mailproto_status encode(const char *text, size_t len, char *out, size_t *n)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = len;
    /* A control and "&" in turn are the longest: "&AAE-&-". */
    return mailproto_imap_utf7_encode(b, out, len * 4 + 1, n);
}

static void good(void **state)
{
    static const struct {
        const char *wire, *utf8;
    } rows[] = {
        {"", ""},
        {"abc ~/\"\\", "abc ~/\"\\"},
        {"&-", "&"},
        {"&-&-", "&&"},
        {"a&-b", "a&b"},
        {"&AOk-", "\xc3\xa9"},
        {"&AOk-a&AOk-", "\xc3\xa9"
                        "a\xc3\xa9"},
        {"&AOk-&-", "\xc3\xa9&"},
        {"&-&AOk-", "&\xc3\xa9"},
        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
         "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
        {"&2D3eAA-", "\xf0\x9f\x98\x80"},
        {"&2D3eANg93gA-", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
        {"&AAEAHwB,-", "\x01\x1f\x7f"},
        {"&AIA-", "\xc2\x80"},
        {"&,,8-", "\xef\xbf\xbf"},
        {"&2,,f,w-", "\xf4\x8f\xbf\xbf"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[128];
        size_t n;
        size_t wire = strlen(rows[i].wire);
        size_t utf8 = strlen(rows[i].utf8);
        assert_int_equal(decode(rows[i].wire, wire, out, &n), MAILPROTO_OK);
        assert_int_equal(n, utf8);
        assert_memory_equal(out, rows[i].utf8, n);
        assert_int_equal(encode(rows[i].utf8, utf8, out, &n), MAILPROTO_OK);
        assert_int_equal(n, wire);
        assert_memory_equal(out, rows[i].wire, n);
    }
}

static void bad(void **state)
{
    static const struct {
        const char *wire;
        size_t at;
    } rows[] = {
        {"&", 1},                        /* no end */
        {"a&AOk", 5},                    /* no end */
        {"&AOk/", 4},                    /* no end where it has to be */
        {"&AO/-", 3},                    /* "/" is no digit here */
        {"&AC8-", 3},                    /* "/" stands for itself */
        {"&ACY-", 3},                    /* so does "&", as "&-" */
        {"&AGE-", 3},                    /* so does "a" */
        {"&AOkAYQ-", 6},                 /* so does "a" behind another */
        {"&AAA-", 3},                    /* NUL */
        {"&AOk-&AOk-", 5},               /* one shift would do */
        {"&AOk-&", 6},                   /* no end */
        {"&A-", 2},                      /* half a character */
        {"&AO-", 3},       {"&AOl-", 4}, /* bits that are not 0 */
        {"&AOkA-", 5},                   /* a digit too many */
        {"&AOkAAA-", 6},                 /* NUL */
        {"&AOk=-", 4},                   /* no padding */
        {"&2AA-", 4},                    /* half a pair */
        {"&2AAAQQ-", 6},                 /* half a pair and a letter */
        {"&3AA-", 3},                    /* the other half */
        {"&2ADYAA-", 6},                 /* two first halves */
        {"\xc3\xa9", 0},                 /* 8-bit */
        {"a\x01", 1},                    /* control */
        {"a\x7f", 1},      {"a\t", 1},   {"&AO k-", 3}, {"&AOk-\r\n", 5}, {"&\r\n-", 1},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[64];
        size_t at = 99;
        if (decode(rows[i].wire, strlen(rows[i].wire), out, &at) !=
                MAILPROTO_ERR_SYNTAX ||
            at != rows[i].at) {
            fail_msg("%s: at %u", rows[i].wire, (unsigned)at);
        }
    }
}

static void encode_errors(void **state)
{
    char out[64];
    size_t n;
    mailproto_bytes b = {"a&\xc3\xa9", 4};
    size_t cap;
    (void)state;
    assert_int_equal(encode("a\0b", 3, out, &n), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(n, 1);
    assert_int_equal(encode("\xc3\xa9\0", 3, out, &n), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(n, 2);
    assert_int_equal(encode("a\xc3", 2, out, &n), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(n, 1);
    assert_int_equal(encode("\xc3\xa9\xff", 3, out, &n), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(n, 2);
    assert_int_equal(encode("\xed\xa0\x80", 3, out, &n), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(n, 0);
    for (cap = 0; cap < 8; cap++) { /* a&-&AOk- */
        assert_int_equal(mailproto_imap_utf7_encode(b, out, cap, &n),
                         MAILPROTO_ERR_MEMORY);
    }
    assert_int_equal(mailproto_imap_utf7_encode(b, out, 8, &n), MAILPROTO_OK);
    b.ptr = "a&-&AOk-";
    b.len = 8;
    for (cap = 0; cap < 4; cap++) {
        assert_int_equal(mailproto_imap_utf7_decode(b, out, cap, &n),
                         MAILPROTO_ERR_MEMORY);
    }
    assert_int_equal(mailproto_imap_utf7_decode(b, out, 4, &n), MAILPROTO_OK);
}

/* All texts of up to 6 octets over what matters: what decodes is the one form of what it
 * decodes to. */
static void all_short_wires(void **state)
{
    static const char alphabet[] = "&-AQ8,2/";
    char wire[8];
    char utf8[32];
    char again[128];
    unsigned digits[6];
    size_t len;
    unsigned long taken = 0;
    (void)state;
    for (len = 0; len <= 6; len++) {
        size_t i;
        memset(digits, 0, sizeof digits);
        do {
            size_t n;
            size_t m;
            for (i = 0; i < len; i++) {
                wire[i] = alphabet[digits[i]];
            }
            if (decode(wire, len, utf8, &n) == MAILPROTO_OK) {
                assert_int_equal(encode(utf8, n, again, &m), MAILPROTO_OK);
                assert_int_equal(m, len);
                assert_memory_equal(again, wire, m);
                taken++;
            } else {
                assert_true(n <= len);
            }
            for (i = 0; i < len && ++digits[i] == 8; i++) {
                digits[i] = 0;
            }
        } while (i < len);
    }
    assert_true(taken > 1000);
}

static size_t put_point(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static void round_trip(const char *utf8, size_t len)
{
    char wire[320];
    char again[320];
    size_t n;
    size_t m;
    assert_int_equal(encode(utf8, len, wire, &n), MAILPROTO_OK);
    assert_int_equal(decode(wire, n, again, &m), MAILPROTO_OK);
    assert_int_equal(m, len);
    assert_memory_equal(again, utf8, len);
}

/* Every character, alone and between others. */
static void every_point(void **state)
{
    const uint32_t step = (uint32_t)thinned(7);
    uint32_t c;
    (void)state;
    for (c = 1; c < 0x110000; c += (c < 0x3000 ? 1 : 37) * step) {
        char utf8[16];
        size_t len;
        if (c >= 0xD800 && c < 0xE000) {
            continue;
        }
        len = put_point(utf8, c);
        round_trip(utf8, len);
        len += put_point(utf8 + len, c);
        round_trip(utf8, len);
        utf8[len++] = '&';
        len += put_point(utf8 + len, 0x10FFFF);
        round_trip(utf8, len);
    }
}

static void random_texts(void **state)
{
    static const uint32_t some[] = {'a',    '&',    '-',     '/',    1,
                                    0x7f,   0x80,   0xE9,    0x7FF,  0x800,
                                    0x4E00, 0xFFFF, 0x10000, 0x1F600};
    const int rounds = 20000 / (int)thinned(10);
    uint64_t seed = 5;
    int round;
    (void)state;
    for (round = 0; round < rounds; round++) {
        char utf8[80];
        size_t len = 0;
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        while (len < (seed >> 59) * 2) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            len += put_point(utf8 + len, some[(seed >> 33) % 14]);
        }
        round_trip(utf8, len);
    }
}

/* Every text of up to 7 characters of each kind fits what the header says it needs, and
 * there are texts that need nearly as much. */
static void most_octets(void **state)
{
    static const uint32_t some[] = {1, '&', 'a', 0xE9, 0x4E00, 0x1F600};
    enum { KINDS = 6, MOST = 7 };
    const uint32_t step = (uint32_t)thinned(11);
    uint32_t texts = 1;
    uint32_t length;
    uint32_t i;
    size_t tight = 0;
    (void)state;
    for (length = 1; length <= MOST; length++) {
        texts *= KINDS;
        for (i = 0; i < texts; i += step) {
            char utf8[4 * MOST];
            char out[16 * MOST + 1];
            size_t len = 0;
            size_t n = 0;
            uint32_t left = i;
            uint32_t k;
            mailproto_bytes b;
            for (k = 0; k < length; k++) {
                len += put_point(utf8 + len, some[left % KINDS]);
                left /= KINDS;
            }
            b.ptr = utf8;
            b.len = len;
            assert_int_equal(mailproto_imap_utf7_encode(b, out, 4 * len + 1, &n),
                             MAILPROTO_OK);
            tight += n > 3 * len + 2;
        }
    }
    assert_true(tight > 0);
    assert_int_equal(mailproto_imap_utf7_encode((mailproto_bytes){"\1&\1", 3},
                                                (char[12]){0}, 12, &tight),
                     MAILPROTO_OK);
    assert_int_equal(tight, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),          cmocka_unit_test(bad),
        cmocka_unit_test(encode_errors), cmocka_unit_test(all_short_wires),
        cmocka_unit_test(every_point),   cmocka_unit_test(random_texts),
        cmocka_unit_test(most_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
