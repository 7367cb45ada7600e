/*
 * Mechanisms that need no TLS (options.mechanisms_in_clear): what CAPA lists and AUTH
 * takes before and behind STLS, that USER and PASS stay shut, and what the option itself
 * may be.
 */
#include "server_driver.h"
#include "server_clear.h"

#define LIST "PLAIN SCRAM-SHA-256-PLUS SCRAM-SHA-256 X-LAST"
#define NEEDS_TLS "-ERR Needs TLS\r\n"
#define UNKNOWN "-ERR Mechanism not supported\r\n"
#define TAKEN "+ \r\n"

static mailproto_pop3_server_options options(const char *in_clear, uint32_t flags)
{
    mailproto_pop3_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_POP3_CAP_USER) | cap_bit(MAILPROTO_POP3_CAP_SASL) |
             cap_bit(MAILPROTO_POP3_CAP_STLS);
    o.auth_mechanisms = bytes_of(LIST);
    o.mechanisms_in_clear = bytes_of(in_clear);
    o.flags = flags;
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    return o;
}

#define CAPA(lines) "+OK Capability list follows\r\n" lines ".\r\n"

/* AUTH with one, which may be taken: it is given up then. */
static void try_one(struct run *r, const char *name, const char *out)
{
    char line[64];
    sprintf(line, "AUTH %s\r\n", name);
    expect(r, line, out);
    if (strcmp(out, TAKEN) == 0) {
        expect(r, "*\r\n", "-ERR Authentication cancelled\r\n");
        feed_text(r,
                  "NOOP\r\n"); /* a word of the protocol's: it is not wary any more */
    }
}

static void in_clear(void **state)
{
    static const struct {
        const char *in_clear;
        uint32_t flags;
        const char *capa;
        const char *user;
        const char *answers[5]; /* LIST's, and X-NONE */
    } v[] = {
        {"",
         0,
         CAPA("STLS\r\n"),
         NEEDS_TLS,
         {NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS}},
        {"SCRAM-SHA-256",
         0,
         CAPA("SASL SCRAM-SHA-256\r\nSTLS\r\n"),
         NEEDS_TLS,
         {NEEDS_TLS, NEEDS_TLS, TAKEN, NEEDS_TLS, UNKNOWN}},
        /* In the order of auth_mechanisms, whatever theirs is. */
        {"X-LAST SCRAM-SHA-256",
         0,
         CAPA("SASL SCRAM-SHA-256 X-LAST\r\nSTLS\r\n"),
         NEEDS_TLS,
         {NEEDS_TLS, NEEDS_TLS, TAKEN, TAKEN, UNKNOWN}},
        /* What binds is not offered without a binding, whatever is said here. */
        {"SCRAM-SHA-256-PLUS",
         0,
         CAPA("STLS\r\n"),
         NEEDS_TLS,
         {NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS}},
        /* The flag opens all. */
        {"X-LAST",
         MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR,
         CAPA("USER\r\nSASL PLAIN SCRAM-SHA-256 X-LAST\r\nSTLS\r\n"),
         "+OK Send the password\r\n",
         {TAKEN, NEEDS_TLS, TAKEN, TAKEN, UNKNOWN}},
    };
    static const char *const names[] = {"PLAIN", "scram-sha-256-plus", "SCRAM-SHA-256",
                                        "X-LAST", "X-NONE"};
    mailproto_tls_info tls = {sizeof tls, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    size_t i;
    size_t n;
    int bound;
    (void)state;
    tls.binding_type = MAILPROTO_BINDING_EXPORTER;
    tls.binding = bytes_of("this connection");
    for (i = 0; i < sizeof v / sizeof v[0]; i++) {
        for (bound = 0; bound < 2; bound++) {
            mailproto_pop3_server_options o = options(v[i].in_clear, v[i].flags);
            struct run *r = open_session(&o, exchange, "");
            expect(r, "CAPA\r\n", v[i].capa);
            expect(r, "USER fred\r\n", v[i].user);
            for (n = 0; n < 5; n++) {
                try_one(r, names[n], v[i].answers[n]);
            }
            r->tls = bound ? &tls : NULL;
            feed_text(r, "STLS\r\n");
            /* Behind it all are offered, if they can be used. */
            expect(r, "CAPA\r\n",
                   bound ? CAPA("USER\r\nSASL " LIST "\r\n")
                         : CAPA("USER\r\nSASL PLAIN SCRAM-SHA-256 X-LAST\r\n"));
            expect(r, "USER fred\r\n", "+OK Send the password\r\n");
            for (n = 0; n < 5; n++) {
                try_one(r, names[n], n == 4 || (n == 1 && !bound) ? UNKNOWN : TAKEN);
            }
            close_session(r);
        }
    }
}

/* In every way of feeding, with a login that counts. */
static void a_login(void **state)
{
    mailproto_pop3_server_options o = options("SCRAM-SHA-256", 0);
    static const struct step steps[] = {
        STEP("AUTH PLAIN AGEAYg==\r\n"), STEP("AUTH\r\n"),
        STEP("AUTH scram-sha-256 eA==\r\nSTAT\r\n"), STEPS_END};
    (void)state;
    check_script(&o, exchange, NULL, steps, 0,
                 "CONNECT ?\nCOMMAND 1 #4 [AUTH PLAIN] rejected\n"
                 "COMMAND 1 #4 [AUTH] rejected\n"
                 "AUTH_START [scram-sha-256] initial\nAUTH_DATA [x] ?\nOPEN [] ?\n"
                 "AUTH_RESULT #1\n",
                 "+OK POP3 ready\r\n" NEEDS_TLS "-ERR Syntax error in arguments\r\n"
                 "+OK 0 messages (0 octets)\r\n+OK 0 0\r\n");
}

/* ---- the option itself --------------------------------------------------------------- */

static void what_it_may_be(void **state)
{
    mailproto_pop3_server_options o = options("", 0);
    size_t none = mailproto_pop3_server_mem_size(&o);
    char list[257];
    (void)state;
    CHECK_LISTS(&o, auth_mechanisms, mailproto_pop3_server_mem_size);
    o = options("", 0);
    CHECK_LISTS(&o, mechanisms_in_clear, mailproto_pop3_server_mem_size);
    o.mechanisms_in_clear = bytes_of("PLAIN X-NONE"); /* that is not offered at all */
    assert_int_equal(mailproto_pop3_server_mem_size(&o), 0);
    longest_list(list);
    o = options("", 0);
    o.auth_mechanisms = bytes_of(list);
    assert_int_equal(mailproto_pop3_server_mem_size(&o), 0);
    o.auth_mechanisms.len = 255;
    o.mechanisms_in_clear = o.auth_mechanisms;
    assert_int_equal(mailproto_pop3_server_mem_size(&o), none - strlen(LIST) + 510);
    assert_true(
        none - strlen(LIST) + 510 <=
        MAILPROTO_POP3_SERVER_MEM(1024, 4096, 10000, strlen("POP3 ready") + 510));
    o.mechanisms_in_clear = bytes_of(list);
    assert_int_equal(mailproto_pop3_server_mem_size(&o), 0);
}

/* It is copied; and a program that does not know of it is served as before. */
static void kept(void **state)
{
    char text[] = "X-LAST";
    mailproto_pop3_server_options o = options(text, 0);
    struct run *r = open_session(&o, exchange, "");
    (void)state;
    memset(text, '?', sizeof text);
    expect(r, "CAPA\r\n", CAPA("SASL X-LAST\r\nSTLS\r\n"));
    close_session(r);
    o = options("X-LAST", 0);
    o.struct_size = offsetof(mailproto_pop3_server_options, mechanisms_in_clear);
    r = open_session(&o, exchange, "");
    expect(r, "CAPA\r\n", CAPA("STLS\r\n"));
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_clear),
        cmocka_unit_test(a_login),
        cmocka_unit_test(what_it_may_be),
        cmocka_unit_test(kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
