/*
 * Patterns of LIST: rows, and all short ones against a matcher that tries everything.
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

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

static void rows(void **state)
{
    static const struct {
        const char *pattern, *name;
        int delimiter, match;
    } all[] = {
        {"*", "", '/', 1},
        {"", "", '/', 1},
        {"", "a", '/', 0},
        {"*", "a/b/c", '/', 1},
        {"%", "a", '/', 1},
        {"%", "a/b", '/', 0},
        {"%", "a/b", 0, 1},
        {"%", "a/b", '.', 1},
        {"a", "a", '/', 1},
        {"a", "b", '/', 0},
        {"a", "A", '/', 0},
        {"a/%", "a", '/', 2},
        {"a/%", "a", 0, 0},
        {"a/%", "a", '.', 0},
        {"a/%", "a/", '/', 1}, /* "%" may be nothing */
        {"a/b/%", "a/", '/', 2},
        {"a/b", "a", '/', 2},
        {"a/b", "b", '/', 0},
        {"a/", "a", '/', 0},
        {"%/b", "a", '/', 2},
        {"*b", "a", '/', 2},
        {"*b", "a/b", '/', 1},
        {"%b", "a", '/', 0},
        {"%b%", "abc", '/', 1},
        {"%b%c", "abxc", '/', 1},
        {"%/%", "a", '/', 2},
        {"%/%", "a/b", '/', 1},
        {"%/%", "a/b/c", '/', 0},
        {"*%", "a/b", '/', 1},
        {"a*b%c", "a/x/bxc", '/', 1},
        {"a*b%c", "a/xbb/c", '/', 2},
        {"inbox", "INBOX", '/', 1},
        {"INBOX", "inbox", '/', 1},
        {"i%x", "INBOX", '/', 1},
        {"inbox/a", "INBOX/a", '/', 1},
        {"inbox/a", "INBOX/A", '/', 0},
        {"inbox/a", "INBOX", '/', 2},
        {"inbox.a", "INBOX.a", '.', 1},
        {"inbox.a", "INBOX.a", '/', 0},
        {"inboxes", "INBOXES", '/', 0},
        {"\xc3\xa4%", "\xc3\xa4/b", '/', 0},
        {"\xc3\xa4*", "\xc3\xa4/b", '/', 1},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        int match = mailproto_imap_list_match(bytes(all[i].pattern), bytes(all[i].name),
                                              all[i].delimiter);
        if (match != all[i].match) {
            fail_msg("%s %s: %d", all[i].pattern, all[i].name, match);
        }
    }
}

/* Tries everything. */
static int naive(const char *p, const char *n)
{
    if (*p == '\0') {
        return *n == '\0';
    }
    if (*p == '*' || *p == '%') {
        for (;; n++) {
            if (naive(p + 1, n)) {
                return 1;
            }
            if (*n == '\0' || (*p == '%' && *n == '/')) {
                return 0;
            }
        }
    }
    return *p == *n && naive(p + 1, n + 1);
}

/* Whether some name below this one matches: all of up to 6 more octets are tried, which is
 * more than the patterns have. */
static int naive_below(const char *pattern, const char *name)
{
    static const char alphabet[] = "ab/";
    char below[32];
    size_t base = strlen(name);
    size_t more;
    memcpy(below, name, base);
    if (base == 0 || name[base - 1] != '/') {
        below[base++] = '/';
    }
    for (more = 1; more <= 5; more++) {
        unsigned digits[8] = {0};
        size_t i;
        do {
            for (i = 0; i < more; i++) {
                below[base + i] = alphabet[digits[i]];
            }
            below[base + more] = '\0';
            if (naive(pattern, below)) {
                return 1;
            }
            for (i = 0; i < more && ++digits[i] == 3; i++) {
                digits[i] = 0;
            }
        } while (i < more);
    }
    return 0;
}

static size_t fill(char *to, const char *alphabet, unsigned letters, unsigned number)
{
    size_t len = 0;
    while (number > 0) {
        number--;
        to[len++] = alphabet[number % letters];
        number /= letters;
    }
    to[len] = '\0';
    return len;
}

static void all_short(void **state)
{
    const unsigned step = (unsigned)thinned(7);
    unsigned p;
    unsigned n;
    (void)state;
    for (p = 0; p < 1 + 5 + 25 + 125 + 625; p += step) {
        char pattern[16];
        (void)fill(pattern, "ab/*%", 5, p);
        for (n = 0; n < 1 + 3 + 9 + 27; n++) {
            char name[16];
            int match;
            int want;
            (void)fill(name, "ab/", 3, n);
            match = mailproto_imap_list_match(bytes(pattern), bytes(name), '/');
            want = naive(pattern, name) ? 1 : naive_below(pattern, name) ? 2 : 0;
            if (match != want) {
                fail_msg("\"%s\" \"%s\": %d, not %d", pattern, name, match, want);
            }
        }
    }
}

/* Long ones cost their lengths' product at most, and match across words of bits. */
static void long_ones(void **state)
{
    static char pattern[5000];
    static char name[2001];
    mailproto_bytes p = {pattern, 0};
    mailproto_bytes n = {name, 2000};
    size_t i;
    (void)state;
    memset(name, 'a', sizeof name);
    for (i = 0; i < 4000; i += 2) {
        memcpy(pattern + i, i % 4 ? "*a" : "%a", 2);
    }
    p.len = 4000;
    assert_int_equal(mailproto_imap_list_match(p, n, '/'), 1);
    pattern[3999] = 'b';
    assert_int_equal(mailproto_imap_list_match(p, n, '/'), 2);
    p.len = 3900;
    assert_int_equal(mailproto_imap_list_match(p, n, '/'), 1);
    memset(pattern, 'a', sizeof pattern);
    for (i = 1; i <= 2000; i += thinned(7)) {
        p.len = i;
        n.len = i;
        assert_int_equal(mailproto_imap_list_match(p, n, '/'), 1);
        n.len = i - 1;
        assert_int_equal(mailproto_imap_list_match(p, n, '/'), 0);
    }
    /* What is longer than any name matches none. */
    memset(pattern, '*', sizeof pattern);
    p.len = 4095;
    assert_int_equal(mailproto_imap_list_match(p, n, '/'), 1);
    p.len = 4096;
    assert_int_equal(mailproto_imap_list_match(p, n, '/'), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(all_short),
        cmocka_unit_test(long_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
