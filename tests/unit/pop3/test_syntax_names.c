/*
 * The names of POP3: verbs, capabilities, response codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pop3/syntax.h"

static mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static void verbs(void **state)
{
    static const char *const names[] = {"",     "USER", "PASS", "APOP", "AUTH", "CAPA",
                                        "STLS", "UTF8", "LANG", "STAT", "LIST", "UIDL",
                                        "RETR", "TOP",  "DELE", "RSET", "NOOP", "QUIT"};
    uint32_t verb;
    size_t len;
    (void)state;
    for (verb = 1; verb <= MAILPROTO_POP3_VERB_QUIT; verb++) {
        char line[16];
        size_t i;
        size_t n = strlen(names[verb]);
        assert_string_equal(mailproto__pop3_verb_name(verb), names[verb]);
        assert_int_equal(mailproto__pop3_verb(bytes_of(names[verb]), &len), verb);
        assert_int_equal(len, n);
        for (i = 0; i <= n; i++) {
            line[i] =
                (char)(names[verb][i] >= 'A' ? names[verb][i] | 32 : names[verb][i]);
        }
        strcat(line, " 1");
        assert_int_equal(mailproto__pop3_verb(bytes_of(line), &len), verb);
        assert_int_equal(len, n);
        line[n] = '\t';
        assert_int_equal(mailproto__pop3_verb(bytes_of(line), &len), 0);
        assert_int_equal(len, n + 2);
        /* Every other octet in every place is another word. */
        for (i = 0; i < n; i++) {
            int c;
            strcpy(line, names[verb]);
            for (c = 1; c < 256; c++) {
                uint32_t found;
                if (c == ' ' || (c & ~32) == (names[verb][i] & ~32)) {
                    continue;
                }
                line[i] = (char)c;
                found = mailproto__pop3_verb(bytes_of(line), &len);
                assert_int_not_equal(found, verb);
            }
        }
    }
    assert_string_equal(mailproto__pop3_verb_name(0), "");
    assert_string_equal(mailproto__pop3_verb_name(18), "");
    assert_int_equal(mailproto__pop3_verb(bytes_of(""), &len), 0);
    assert_int_equal(len, 0);
    assert_int_equal(mailproto__pop3_verb(bytes_of(" QUIT"), &len), 0);
    assert_int_equal(len, 0);
    assert_int_equal(mailproto__pop3_verb(bytes_of("QUITS now"), &len), 0);
    assert_int_equal(len, 5);
}

static void multi_line(void **state)
{
    uint32_t verb;
    (void)state;
    for (verb = 0; verb <= MAILPROTO_POP3_VERB_QUIT; verb++) {
        int always = verb == MAILPROTO_POP3_VERB_RETR ||
                     verb == MAILPROTO_POP3_VERB_TOP ||
                     verb == MAILPROTO_POP3_VERB_CAPA;
        int alone = verb == MAILPROTO_POP3_VERB_LIST ||
                    verb == MAILPROTO_POP3_VERB_UIDL ||
                    verb == MAILPROTO_POP3_VERB_LANG;
        assert_int_equal(mailproto__pop3_is_multi_line(verb, 0), always || alone);
        assert_int_equal(mailproto__pop3_is_multi_line(verb, 1), always);
    }
}

static void capabilities(void **state)
{
    static const char *const names[] = {"TOP",
                                        "USER",
                                        "SASL",
                                        "RESP-CODES",
                                        "LOGIN-DELAY",
                                        "PIPELINING",
                                        "EXPIRE",
                                        "UIDL",
                                        "IMPLEMENTATION",
                                        "AUTH-RESP-CODE",
                                        "STLS",
                                        "UTF8",
                                        "UTF8",
                                        "LANG"};
    mailproto_bytes params;
    uint32_t cap;
    (void)state;
    for (cap = 0; cap < 14; cap++) {
        char line[40];
        int wanted =
            cap == MAILPROTO_POP3_CAP_UTF8_USER ? MAILPROTO_POP3_CAP_UTF8 : (int)cap;
        assert_string_equal(mailproto__pop3_cap_name(cap), names[cap]);
        assert_int_equal(mailproto__pop3_cap_parse(bytes_of(names[cap]), &params),
                         wanted);
        assert_int_equal(params.len, 0);
        sprintf(line, "%s a b", names[cap]);
        line[1] |= 32;
        assert_int_equal(mailproto__pop3_cap_parse(bytes_of(line), &params), wanted);
        assert_int_equal(params.len, 3);
        assert_memory_equal(params.ptr, "a b", 3);
        sprintf(line, "%sX", names[cap]);
        assert_int_equal(mailproto__pop3_cap_parse(bytes_of(line), &params), -1);
    }
    assert_string_equal(mailproto__pop3_cap_name(14), "");
    assert_int_equal(mailproto__pop3_cap_parse(bytes_of(""), &params), -1);
}

static void response_codes(void **state)
{
    static const char *const names[] = {"",         "LOGIN-DELAY", "IN-USE", "SYS/TEMP",
                                        "SYS/PERM", "AUTH",        "UTF8"};
    uint32_t resp;
    (void)state;
    for (resp = 0; resp < 7; resp++) {
        assert_string_equal(mailproto__pop3_resp_name(resp), names[resp]);
        assert_int_equal(mailproto__pop3_resp_find(bytes_of(names[resp])), resp);
    }
    assert_string_equal(mailproto__pop3_resp_name(7), "");
    assert_int_equal(mailproto__pop3_resp_find(bytes_of("sys/Temp")), 3);
    assert_int_equal(mailproto__pop3_resp_find(bytes_of("SYS/TEMPO")), 0);
    assert_int_equal(mailproto__pop3_resp_find(bytes_of("SYS")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs),
        cmocka_unit_test(multi_line),
        cmocka_unit_test(capabilities),
        cmocka_unit_test(response_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
