/*
 * Strings of a command as octets, lists of them, flags, mailbox names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command_check.h"

static mailproto_imap_string string_of(uint32_t form, uint32_t flags, const char *raw)
{
    mailproto_imap_string s;
    memset(&s, 0, sizeof s);
    s.form = form;
    s.flags = flags;
    s.raw.ptr = raw;
    s.raw.len = strlen(raw);
    return s;
}

static void octets(void **state)
{
    mailproto_imap_string s = string_of(MAILPROTO_IMAP_QUOTED, 0, "abc");
    mailproto_bytes b;
    char buf[32];
    (void)state;
    assert_int_equal(mailproto_imap_string_get(&s, NULL, 0, &b), MAILPROTO_OK);
    assert_ptr_equal(b.ptr, s.raw.ptr);
    is(b, "abc");
    s = string_of(MAILPROTO_IMAP_QUOTED, MAILPROTO_IMAP_ESCAPED, "\\\"a\\\\b\\\"");
    assert_int_equal(mailproto_imap_string_get(&s, buf, 7, &b), MAILPROTO_ERR_MEMORY);
    assert_int_equal(mailproto_imap_string_get(&s, buf, 8, &b), MAILPROTO_OK);
    assert_ptr_equal(b.ptr, buf);
    is(b, "\"a\\b\"");
    assert_int_equal(mailproto_imap_string_is(&s, "\"A\\b\""), 1);
    assert_int_equal(mailproto_imap_string_is(&s, "\"a\\b"), 0);
    assert_int_equal(mailproto_imap_string_is(&s, "\"a\\b\"\""), 0);
    s = string_of(MAILPROTO_IMAP_LITERAL, 0, "a\\b");
    is((mailproto_imap_string_get(&s, NULL, 0, &b), b), "a\\b");
    s = string_of(MAILPROTO_IMAP_NIL, 0, "");
    b.len = 5;
    assert_int_equal(mailproto_imap_string_get(&s, NULL, 0, &b), MAILPROTO_OK);
    assert_null(b.ptr);
    assert_int_equal(b.len, 0);
    assert_int_equal(mailproto_imap_string_is(&s, ""), 0);
    s = string_of(MAILPROTO_IMAP_EXTERNAL, 0, "");
    assert_int_equal(mailproto_imap_string_get(&s, buf, 8, &b), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_string_is(&s, ""), 0);
    s = string_of(MAILPROTO_IMAP_ATOM, 0, "a[`@Z");
    assert_int_equal(mailproto_imap_string_is(&s, "A[`@z"), 1);
    assert_int_equal(mailproto_imap_string_is(&s, "A{`@z"), 0);
    assert_int_equal(mailproto_imap_string_is(&s, "A[@@z"), 0);
    s = string_of(MAILPROTO_IMAP_QUOTED, 0, "");
    assert_int_equal(mailproto_imap_string_is(&s, ""), 1);
    assert_int_equal(mailproto_imap_string_is(&s, "a"), 0);
}

/* Which octets can stand bare, where, against the ABNF written out. */
static void classes(void **state)
{
    static const struct {
        const char *before, *after, *without;
    } places[] = {
        {"A LOGIN ", " b", "(){%*\"\\ "},          /* astring */
        {"A LSUB a ", "", "(){\"\\ "},             /* list-mailbox */
        {"A AUTHENTICATE ", "", "(){%*\"\\] "},    /* atom */
        {"A STORE 1 FLAGS ", "", "(){%*\"\\] "},   /* flag-keyword */
        {"A STORE 1 FLAGS \\", "", "(){%*\"\\] "}, /* flag-extension */
        {"A LOGIN \"", "\" b", "\"\\\r\n"},        /* QUOTED-CHAR */
    };
    size_t i;
    unsigned c;
    (void)state;
    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        int quoted = i + 1 == sizeof places / sizeof places[0];
        for (c = 1; c < 256; c++) {
            char text[64];
            mailproto_imap_command command;
            mailproto_imap_fault fault;
            char *copy;
            int good = c < 128 && strchr(places[i].without, (int)c) == NULL &&
                       (quoted || (c > 31 && c != 127));
            (void)snprintf(text, sizeof text, "%sx%cx%s", places[i].before, (char)c,
                           places[i].after);
            if (strstr(places[i].before, "FLAGS") != NULL && c == ' ') {
                continue; /* another flag */
            }
            if ((c == ' ' && (i == 0 || i == 2)) ||
                (parse_row(text, 0, &command, &fault, &copy) == MAILPROTO_OK) != good) {
                if (c != ' ') {
                    fail_msg("%s: octet %u", text, c);
                }
                continue;
            }
            if (!good && c != ' ') {
                assert_true(fault.offset >= strlen(places[i].before) + 1);
                assert_true(fault.offset <= strlen(places[i].before) + 2);
            }
            free(copy);
        }
    }
}

static void lists(void **state)
{
    mailproto_imap_command c;
    mailproto_imap_string s;
    mailproto_imap_cursor again;
    mailproto_imap_cursor none = {{0, 0, 0, 0}};
    (void)state;
    read_command("A LIST \"\" (a% \"b\" {2}\r\n) )", 0, &c);
    again = c.items;
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_OK);
    is(s.raw, "a%");
    assert_int_equal(s.form, MAILPROTO_IMAP_ATOM);
    assert_int_equal(s.flags, MAILPROTO_IMAP_MUTF7);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_OK);
    is(s.raw, "b");
    assert_int_equal(s.form, MAILPROTO_IMAP_QUOTED);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_OK);
    is(s.raw, ") ");
    assert_int_equal(s.form, MAILPROTO_IMAP_LITERAL);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_EOF);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_EOF);
    assert_int_equal(mailproto_imap_string_next(&again, &s), MAILPROTO_OK);
    is(s.raw, "a%");
    assert_int_equal(mailproto_imap_string_next(&none, &s), MAILPROTO_EOF);
    read_command("A ID (\"a\" nil)", 0, &c);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_OK);
    assert_int_equal(s.form, MAILPROTO_IMAP_NIL);
    assert_null(s.raw.ptr);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_EOF);
    /* Other cursors are no lists of strings. */
    read_command("A FETCH 1 ALL", 0, &c);
    assert_int_equal(mailproto_imap_string_next(&c.set, &s), MAILPROTO_EOF);
    assert_int_equal(mailproto_imap_string_next(&c.items, &s), MAILPROTO_EOF);
}

static void flags(void **state)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } rows[] = {
        {"\\Seen", MAILPROTO_IMAP_SEEN},
        {"\\SEEN", MAILPROTO_IMAP_SEEN},
        {"\\answered", MAILPROTO_IMAP_ANSWERED},
        {"\\Flagged", MAILPROTO_IMAP_FLAGGED},
        {"\\Deleted", MAILPROTO_IMAP_DELETED},
        {"\\Draft", MAILPROTO_IMAP_DRAFT},
        {"\\Recent", MAILPROTO_IMAP_RECENT},
        {"\\*", MAILPROTO_IMAP_ANY},
        {"Seen", 0},
        {"", 0},
        {"\\", 0},
        {"\\See", 0},
        {"\\Seen1", 0},
        {"\\Drafx", 0},
        {"\\Foo", 0},
        {"*", 0},
        {"\\SeeN\\", 0},
        {"\\x", 0},
        {"\\Deletex", 0},
        {"\\Recenx", 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_bytes b = {rows[i].name, strlen(rows[i].name)};
        assert_int_equal(mailproto_imap_flag(b), rows[i].flag);
    }
}

/* ---- names ------------------------------------------------------------------------------ */

static void names(void **state)
{
    static const struct {
        const char *raw;
        uint32_t flags;
        const char *name;
        uint32_t is_raw;
    } rows[] = {
        {"INBOX", MAILPROTO_IMAP_MUTF7, "INBOX", 0},
        {"inBox", MAILPROTO_IMAP_MUTF7, "INBOX", 0},
        {"inbox", 0, "INBOX", 0},
        {"inbox/a", 0, "inbox/a", 0},
        {"", MAILPROTO_IMAP_MUTF7, "", 0},
        {"a/b", MAILPROTO_IMAP_MUTF7, "a/b", 0},
        {"a&-b", MAILPROTO_IMAP_MUTF7, "a&b", 0},
        {"a&-b", 0, "a&-b", 0},
        {"&U,BTFw-", MAILPROTO_IMAP_MUTF7, "\xe5\x8f\xb0\xe5\x8c\x97", 0},
        {"a&AC8-b", MAILPROTO_IMAP_MUTF7, "a&AC8-b", MAILPROTO_IMAP_NAME_RAW},
        {"&AAA-", MAILPROTO_IMAP_MUTF7, "&AAA-", MAILPROTO_IMAP_NAME_RAW},
        {"&AA0ACg-", MAILPROTO_IMAP_MUTF7, "&AA0ACg-", MAILPROTO_IMAP_NAME_RAW},
        {"&AH8-", MAILPROTO_IMAP_MUTF7, "&AH8-", MAILPROTO_IMAP_NAME_RAW},
        {"&AJ8-", MAILPROTO_IMAP_MUTF7, "&AJ8-", MAILPROTO_IMAP_NAME_RAW},
        {"&AKA-", MAILPROTO_IMAP_MUTF7, "\xc2\xa0", 0},
        {"&ICg-", MAILPROTO_IMAP_MUTF7, "&ICg-", MAILPROTO_IMAP_NAME_RAW},
        {"&ICo-", MAILPROTO_IMAP_MUTF7, "\xe2\x80\xaa", 0},
        {"a\x01", MAILPROTO_IMAP_MUTF7, "a\x01", MAILPROTO_IMAP_NAME_RAW},
        {"a\x01", 0, "a\x01", MAILPROTO_IMAP_NAME_RAW},
        {"\xc2\x80", 0, "\xc2\x80", MAILPROTO_IMAP_NAME_RAW},
        {"\xe2\x80\xa9", 0, "\xe2\x80\xa9", MAILPROTO_IMAP_NAME_RAW},
        {"&", MAILPROTO_IMAP_MUTF7, "&", MAILPROTO_IMAP_NAME_RAW},
        {"\xc3\xa4", MAILPROTO_IMAP_MUTF7, "\xc3\xa4", MAILPROTO_IMAP_NAME_RAW},
        {"\xc3\xa4", 0, "\xc3\xa4", 0},
        {"\xc3", 0, "\xc3", MAILPROTO_IMAP_NAME_RAW},
        {"a\\\\&U,BTFw-\\\"", MAILPROTO_IMAP_MUTF7 | MAILPROTO_IMAP_ESCAPED,
         "a\\\xe5\x8f\xb0\xe5\x8c\x97\"", 0},
        {"a\\\\&U,BTF-\\\"", MAILPROTO_IMAP_MUTF7 | MAILPROTO_IMAP_ESCAPED,
         "a\\&U,BTF-\"", MAILPROTO_IMAP_NAME_RAW},
        {"\\\\", MAILPROTO_IMAP_MUTF7 | MAILPROTO_IMAP_ESCAPED, "\\", 0},
        {"\\\\\xc3", MAILPROTO_IMAP_ESCAPED, "\\\xc3", MAILPROTO_IMAP_NAME_RAW},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_string s =
            string_of(MAILPROTO_IMAP_QUOTED, rows[i].flags, rows[i].raw);
        size_t cap = MAILPROTO_IMAP_NAME_MAX(s.raw.len);
        char *buf = (char *)malloc(cap + 1);
        mailproto_bytes out;
        uint32_t flag;
        assert_int_equal(mailproto_imap_name_get(&s, buf, cap, &out, &flag),
                         MAILPROTO_OK);
        is(out, rows[i].name);
        assert_int_equal(flag, rows[i].is_raw);
        free(buf);
    }
}

static void name_errors(void **state)
{
    mailproto_imap_string s = string_of(MAILPROTO_IMAP_EXTERNAL, 0, "");
    mailproto_bytes out;
    uint32_t flag;
    char buf[8];
    (void)state;
    assert_int_equal(mailproto_imap_name_get(&s, buf, 8, &out, &flag),
                     MAILPROTO_ERR_STATE);
    s = string_of(MAILPROTO_IMAP_ATOM, MAILPROTO_IMAP_MUTF7, "&U,BTFw-");
    assert_int_equal(mailproto_imap_name_get(&s, buf, 5, &out, &flag),
                     MAILPROTO_ERR_MEMORY);
    assert_int_equal(mailproto_imap_name_get(&s, buf, 6, &out, &flag), MAILPROTO_OK);
    s = string_of(MAILPROTO_IMAP_QUOTED, MAILPROTO_IMAP_ESCAPED, "\\\\a");
    assert_int_equal(mailproto_imap_name_get(&s, buf, 2, &out, &flag),
                     MAILPROTO_ERR_MEMORY);
    s = string_of(MAILPROTO_IMAP_NIL, 0, "");
    assert_int_equal(mailproto_imap_name_get(&s, buf, 0, &out, &flag), MAILPROTO_OK);
    assert_int_equal(out.len, 0);
}

/* Escaped names are unescaped and converted in one buffer: the longest that a name can
 * become for its length, with a backslash at each place. */
static void names_in_place(void **state)
{
    char raw[128];
    char buf[160];
    size_t digits;
    (void)state;
    for (digits = 3; digits <= 96; digits++) {
        size_t at;
        mailproto_imap_string s;
        mailproto_bytes out;
        uint32_t flag;
        size_t units = digits * 6 / 16;
        size_t i;
        if (digits * 6 % 16 >= 6) {
            continue; /* a digit too many */
        }
        for (at = 0; at < 2; at++) {
            size_t len = 0;
            memset(buf, 0x55, sizeof buf);
            if (at == 0) {
                memcpy(raw, "\\\\", 2);
                len = 2;
            }
            raw[len++] = '&';
            for (i = 0; i < digits; i++) { /* U+4E00 U+4E00 ... */
                uint32_t bits = 0;
                size_t bit;
                for (bit = i * 6; bit < i * 6 + 6; bit++) {
                    bits = bits << 1 |
                           (bit / 16 < units ? 0x4E00U >> (15 - bit % 16) & 1U : 0);
                }
                raw[len++] =
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"
                        [bits];
            }
            raw[len++] = '-';
            if (at == 1) {
                memcpy(raw + len, "\\\"", 2);
                len += 2;
            }
            raw[len] = '\0';
            s = string_of(MAILPROTO_IMAP_QUOTED,
                          MAILPROTO_IMAP_MUTF7 | MAILPROTO_IMAP_ESCAPED, raw);
            assert_int_equal(mailproto_imap_name_get(
                                 &s, buf, MAILPROTO_IMAP_NAME_MAX(len), &out, &flag),
                             MAILPROTO_OK);
            assert_int_equal(flag, 0);
            assert_int_equal(out.len, 1 + units * 3);
            assert_int_equal(buf[MAILPROTO_IMAP_NAME_MAX(len)], 0x55);
            for (i = 0; i < units; i++) {
                assert_memory_equal(out.ptr + (at == 0 ? 1 : 0) + i * 3, "\xe4\xb8\x80",
                                    3);
            }
        }
    }
}

/* The same where most stands for itself: what is copied overlaps itself. */
static void long_names_in_place(void **state)
{
    char raw[200];
    char want[200];
    char buf[232];
    mailproto_imap_string s;
    mailproto_bytes out;
    uint32_t flag;
    (void)state;
    memset(raw, 'a', sizeof raw);
    memset(want, 'a', sizeof want);
    memcpy(raw, "\\\\&AOk-", 7);
    memcpy(want, "\\\xc3\xa9", 3);
    raw[199] = '\0';
    s = string_of(MAILPROTO_IMAP_QUOTED, MAILPROTO_IMAP_MUTF7 | MAILPROTO_IMAP_ESCAPED,
                  raw);
    assert_int_equal(
        mailproto_imap_name_get(&s, buf, MAILPROTO_IMAP_NAME_MAX(199), &out, &flag),
        MAILPROTO_OK);
    assert_int_equal(flag, 0);
    assert_int_equal(out.len, 195);
    assert_memory_equal(out.ptr, want, 195);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets),         cmocka_unit_test(classes),
        cmocka_unit_test(lists),          cmocka_unit_test(flags),
        cmocka_unit_test(names),          cmocka_unit_test(name_errors),
        cmocka_unit_test(names_in_place), cmocka_unit_test(long_names_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
