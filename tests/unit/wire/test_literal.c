/*
 * Announcements of literals at a line's end: compared with a plain reading of the line,
 * over all short lines of the octets that matter, and cut at every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/literal.h"

/* What a line says, read from its end: 1 and the size, or 0. */
static int plain(const char *line, size_t len, uint64_t *size, int *sync, int *binary)
{
    size_t end = len;
    size_t at;
    size_t i;
    int quoted = 0;
    if (end == 0 || line[--end] != '}') {
        return 0;
    }
    *sync = !(end > 0 && line[end - 1] == '+');
    end -= *sync ? 0 : 1;
    at = end;
    while (at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9') {
        at--;
    }
    if (at == end || at == 0 || line[at - 1] != '{') {
        return 0;
    }
    *size = 0;
    for (i = at; i < end; i++) {
        *size = *size * 10 + (uint64_t)(line[i] - '0');
    }
    for (i = 0; i + 1 < at; i++) {
        if (quoted && line[i] == '\\') {
            i++;
        } else if (line[i] == '"') {
            quoted = !quoted;
        }
    }
    *binary = at > 1 && line[at - 2] == '~';
    return !quoted && i + 1 == at; /* no backslash stands before the brace */
}

static void check_line(const char *line, size_t len)
{
    uint64_t size = 0;
    int sync = 0;
    int binary = 0;
    int wanted = plain(line, len, &size, &sync, &binary);
    size_t cut;
    for (cut = 0; cut <= len; cut++) {
        struct mailproto__literal l;
        memset(&l, 0, sizeof l);
        mailproto__literal_scan(&l, line, cut);
        mailproto__literal_scan(&l, line + cut, len - cut);
        if (mailproto__literal_announced(&l) != wanted) {
            print_error("line [%.*s] cut %zu\n", (int)len, line, cut);
        }
        assert_int_equal(mailproto__literal_announced(&l), wanted);
        if (wanted) {
            assert_true(l.size == size);
            assert_int_equal(l.sync, sync);
            assert_int_equal(l.binary, binary);
            mailproto__literal_scan(&l, "\r", 1);
            assert_int_equal(mailproto__literal_announced(&l), 1);
            mailproto__literal_scan(&l, "\r", 1);
            assert_int_equal(mailproto__literal_announced(&l), 0);
        }
    }
}

/* All lines of up to six octets that end as an announcement can. */
static void all_short_lines(void **state)
{
    static const char octets[] = "\"\\{}+~0a ";
    enum { KINDS = sizeof octets - 1 };
    char line[16];
    size_t len;
    (void)state;
    for (len = 0; len <= 6; len++) {
        size_t total = 1;
        size_t n;
        size_t i;
        for (i = 0; i < len; i++) {
            total *= KINDS;
        }
        for (n = 0; n < total; n++) {
            size_t rest = n;
            for (i = 0; i < len; i++) {
                line[i] = octets[rest % KINDS];
                rest /= KINDS;
            }
            if (len <= 4) {
                check_line(line, len);
            }
            memcpy(line + len, "{5}", 3);
            if (len <= 5) {
                check_line(line, len + 3);
            }
        }
    }
}

static void check_size(const char *text, uint64_t size, int announced)
{
    struct mailproto__literal l;
    memset(&l, 0, sizeof l);
    mailproto__literal_scan(&l, text, strlen(text));
    assert_int_equal(mailproto__literal_announced(&l), announced);
    if (announced) {
        assert_true(l.size == size);
    }
}

/* RFC 9051 9, number64: 63 bits, and leading zeros are nothing. */
static void sizes(void **state)
{
    (void)state;
    check_size("{0}", 0, 1);
    check_size("{4294967296}", UINT64_C(4294967296), 1);
    check_size("{9223372036854775807}", UINT64_C(9223372036854775807), 1);
    check_size("{9223372036854775808}", UINT64_MAX, 1);
    check_size("{18446744073709551617}", UINT64_MAX, 1);
    check_size("{99999999999999999999999999999999999999999999}", UINT64_MAX, 1);
    check_size("{0000000000000000000000000000000000000000000005}", 5, 1);
    check_size("{}", 0, 0);
    check_size("{+}", 0, 0);
    check_size("{5++}", 0, 0);
    check_size("{5} ", 0, 0);
    check_size("{-5}", 0, 0);
    check_size("\"{5}\"", 0, 0);
    check_size("\"\"{5}", 5, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_short_lines),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
