/*
 * Mechanisms that need no TLS (options.mechanisms_in_clear): what EHLO lists and AUTH
 * takes before and behind STARTTLS, and what the option itself may be.
 */
#include "server_driver.h"
#include "server_clear.h"

#define LIST "PLAIN SCRAM-SHA-256-PLUS SCRAM-SHA-256 X-LAST"
#define NEEDS_TLS "538 5.7.11 Encryption required\r\n"
#define UNKNOWN "504 5.5.4 Mechanism not supported\r\n"
#define TAKEN "334 \r\n"

static mailproto_smtp_server_options options(const char *in_clear, uint32_t flags)
{
    mailproto_smtp_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_ENHANCED) | cap_bit(MAILPROTO_SMTP_CAP_AUTH) |
             cap_bit(MAILPROTO_SMTP_CAP_STARTTLS);
    o.auth_mechanisms = bytes_of(LIST);
    o.mechanisms_in_clear = bytes_of(in_clear);
    o.flags = flags;
    return o;
}

#define HELLO(lines) "250-mx.example\r\n250-ENHANCEDSTATUSCODES\r\n" lines

/* AUTH with one, which may be taken: it is given up then. */
static void try_one(struct run *r, const char *name, const char *out)
{
    char line[64];
    sprintf(line, "AUTH %s\r\n", name);
    expect(r, line, out);
    if (strcmp(out, TAKEN) == 0) {
        expect(r, "*\r\n", "501 5.7.0 Authentication cancelled\r\n");
    }
}

static void in_clear(void **state)
{
    static const struct {
        const char *in_clear;
        uint32_t flags;
        const char *hello;
        const char *answers[5]; /* LIST's, and X-NONE */
    } v[] = {
        {"",
         0,
         HELLO("250 STARTTLS\r\n"),
         {NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS}},
        {"SCRAM-SHA-256",
         0,
         HELLO("250-STARTTLS\r\n250 AUTH SCRAM-SHA-256\r\n"),
         {NEEDS_TLS, NEEDS_TLS, TAKEN, NEEDS_TLS, UNKNOWN}},
        /* In the order of auth_mechanisms, whatever theirs is. */
        {"X-LAST SCRAM-SHA-256",
         0,
         HELLO("250-STARTTLS\r\n250 AUTH SCRAM-SHA-256 X-LAST\r\n"),
         {NEEDS_TLS, NEEDS_TLS, TAKEN, TAKEN, UNKNOWN}},
        /* What binds is not offered without a binding, whatever is said here. */
        {"SCRAM-SHA-256-PLUS",
         0,
         HELLO("250 STARTTLS\r\n"),
         {NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS}},
        /* The flag opens all. */
        {"X-LAST",
         MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR,
         HELLO("250-STARTTLS\r\n250 AUTH PLAIN SCRAM-SHA-256 X-LAST\r\n"),
         {TAKEN, NEEDS_TLS, TAKEN, TAKEN, UNKNOWN}},
    };
    static const char *const names[] = {"PLAIN", "scram-sha-256-plus", "SCRAM-SHA-256",
                                        "X-LAST", "X-NONE"};
    static const char binding[] = "this connection";
    mailproto_tls_info tls = {sizeof tls, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    size_t i;
    size_t n;
    int bound;
    (void)state;
    tls.binding_type = MAILPROTO_BINDING_EXPORTER;
    tls.binding.ptr = binding;
    tls.binding.len = sizeof binding - 1;
    for (i = 0; i < sizeof v / sizeof v[0]; i++) {
        for (bound = 0; bound < 2; bound++) {
            mailproto_smtp_server_options o = options(v[i].in_clear, v[i].flags);
            struct run *r = open_session(&o, exchange, NULL);
            expect(r, "EHLO c\r\n", v[i].hello);
            for (n = 0; n < 5; n++) {
                try_one(r, names[n], v[i].answers[n]);
            }
            r->tls = bound ? &tls : NULL;
            feed_text(r, "STARTTLS\r\n");
            /* Behind it all are offered, if they can be used. */
            expect(r, "EHLO c\r\n",
                   bound ? HELLO("250 AUTH " LIST "\r\n")
                         : HELLO("250 AUTH PLAIN SCRAM-SHA-256 X-LAST\r\n"));
            for (n = 0; n < 5; n++) {
                try_one(r, names[n], n == 4 || (n == 1 && !bound) ? UNKNOWN : TAKEN);
            }
            close_session(r);
        }
    }
}

/* Without STARTTLS' capability too, and with a login that counts. */
static void a_login(void **state)
{
    mailproto_smtp_server_options o =
        options("SCRAM-SHA-256", MAILPROTO_SMTP_SERVER_REQUIRE_AUTH);
    static const struct step steps[] = {
        STEP("EHLO c\r\n"),       STEP("AUTH PLAIN AGEAYg==\r\n"),
        STEP("MAIL FROM:<>\r\n"), STEP("AUTH scram-sha-256 eA==\r\n"),
        STEP("MAIL FROM:<>\r\n"), STEPS_END};
    (void)state;
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_ENHANCED) | cap_bit(MAILPROTO_SMTP_CAP_AUTH);
    check_script(&o, exchange, steps, 0,
                 "CONNECT ?\nHELO 1 [c] ?\nCOMMAND 538 #15 [AUTH PLAIN] rejected\n"
                 "COMMAND 530 #4 [MAIL FROM:<>] rejected\n"
                 "AUTH_START [scram-sha-256] initial\nAUTH_DATA [x] ?\n"
                 "AUTH_RESULT 235 #1\nMAIL [] ?\n",
                 "220 mx.example ESMTP\r\n250-mx.example\r\n"
                 "250-ENHANCEDSTATUSCODES\r\n250 AUTH SCRAM-SHA-256\r\n" NEEDS_TLS
                 "530 5.7.0 Authentication required\r\n"
                 "235 2.7.0 Authentication successful\r\n250 2.1.0 Sender OK\r\n");
}

/* ---- the option itself --------------------------------------------------------------- */

static void what_it_may_be(void **state)
{
    mailproto_smtp_server_options o = options("", 0);
    size_t none = mailproto_smtp_server_mem_size(&o);
    char list[257];
    (void)state;
    CHECK_LISTS(&o, auth_mechanisms, mailproto_smtp_server_mem_size);
    o = options("", 0);
    CHECK_LISTS(&o, mechanisms_in_clear, mailproto_smtp_server_mem_size);
    o.mechanisms_in_clear = bytes_of("PLAIN X-NONE"); /* that is not offered at all */
    assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
    longest_list(list);
    o = options("", 0);
    o.auth_mechanisms = bytes_of(list);
    assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
    o.auth_mechanisms.len = 255;
    o.mechanisms_in_clear = o.auth_mechanisms;
    assert_int_equal(mailproto_smtp_server_mem_size(&o), none - strlen(LIST) + 510);
    assert_true(none - strlen(LIST) + 510 <=
                MAILPROTO_SMTP_SERVER_MEM(4096, 4096, strlen("mx.example"), 510));
    o.mechanisms_in_clear = bytes_of(list);
    assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
}

/* It is copied; and a program that does not know of it is served as before. */
static void kept(void **state)
{
    char text[] = "X-LAST";
    mailproto_smtp_server_options o = options(text, 0);
    struct run *r = open_session(&o, exchange, NULL);
    (void)state;
    memset(text, '?', sizeof text);
    expect(r, "EHLO c\r\n", HELLO("250-STARTTLS\r\n250 AUTH X-LAST\r\n"));
    close_session(r);
    o = options("X-LAST", 0);
    o.struct_size = offsetof(mailproto_smtp_server_options, mechanisms_in_clear);
    r = open_session(&o, exchange, NULL);
    expect(r, "EHLO c\r\n", HELLO("250 STARTTLS\r\n"));
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
