/*
 * Mechanisms that need no TLS (options.mechanisms_in_clear): what CAPABILITY lists and
 * AUTHENTICATE takes before and behind STARTTLS, that LOGIN stays disabled, and what the
 * option itself may be.
 */
#include "server_driver.h"
#include "server_clear.h"

#define LIST "PLAIN SCRAM-SHA-256-PLUS SCRAM-SHA-256 X-LAST"
#define NEEDS_TLS "a NO [PRIVACYREQUIRED] Needs TLS\r\n"
#define UNKNOWN "a NO [CANNOT] Mechanism not supported\r\n"
#define TAKEN "+ \r\n"

static mailproto_imap_server_options options(const char *in_clear, uint32_t flags)
{
    mailproto_imap_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_SASL_IR) |
             cap_bit(MAILPROTO_IMAP_CAP_STARTTLS);
    o.auth_mechanisms = bytes_of(LIST);
    o.mechanisms_in_clear = bytes_of(in_clear);
    o.flags = flags;
    return o;
}

#define CAPS(words)                                                                    \
    "* CAPABILITY IMAP4rev1 SASL-IR" words "\r\na OK CAPABILITY completed\r\n"

/* AUTHENTICATE with one, which may be taken: it is given up then. */
static void try_one(struct run *r, const char *name, const char *out)
{
    char line[64];
    sprintf(line, "a AUTHENTICATE %s\r\n", name);
    expect(r, line, out);
    if (strcmp(out, TAKEN) == 0) {
        expect(r, "*\r\n", "a BAD Authentication cancelled\r\n");
    }
}

static void in_clear(void **state)
{
    static const struct {
        const char *in_clear;
        uint32_t flags;
        const char *caps;
        const char *answers[5]; /* LIST's, and X-NONE */
    } v[] = {
        {"",
         0,
         CAPS(" STARTTLS LOGINDISABLED"),
         {NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS}},
        /* LOGIN is a word in the clear, and stays disabled. */
        {"SCRAM-SHA-256",
         0,
         CAPS(" STARTTLS LOGINDISABLED AUTH=SCRAM-SHA-256"),
         {NEEDS_TLS, NEEDS_TLS, TAKEN, NEEDS_TLS, UNKNOWN}},
        /* In the order of auth_mechanisms, whatever theirs is. */
        {"X-LAST SCRAM-SHA-256",
         0,
         CAPS(" STARTTLS LOGINDISABLED AUTH=SCRAM-SHA-256 AUTH=X-LAST"),
         {NEEDS_TLS, NEEDS_TLS, TAKEN, TAKEN, UNKNOWN}},
        /* What binds is not offered without a binding, whatever is said here. */
        {"SCRAM-SHA-256-PLUS",
         0,
         CAPS(" STARTTLS LOGINDISABLED"),
         {NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS, NEEDS_TLS}},
        /* The flag opens all. */
        {"X-LAST",
         MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR,
         CAPS(" STARTTLS AUTH=PLAIN AUTH=SCRAM-SHA-256 AUTH=X-LAST"),
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
            mailproto_imap_server_options o = options(v[i].in_clear, v[i].flags);
            o.max_bad_commands = MAILPROTO_UNLIMITED; /* each cancel is BAD */
            struct run *r = open_session(&o, exchange, "");
            expect(r, "a CAPABILITY\r\n", v[i].caps);
            if (v[i].flags == 0) {
                expect(r, "a LOGIN fred secret\r\n", NEEDS_TLS);
            }
            for (n = 0; n < 5; n++) {
                try_one(r, names[n], v[i].answers[n]);
            }
            r->tls = bound ? &tls : NULL;
            feed_text(r, "s STARTTLS\r\n");
            /* Behind it all are offered, if they can be used. */
            expect(r, "a CAPABILITY\r\n",
                   bound ? CAPS(" AUTH=PLAIN AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256"
                                " AUTH=X-LAST")
                         : CAPS(" AUTH=PLAIN AUTH=SCRAM-SHA-256 AUTH=X-LAST"));
            for (n = 0; n < 5; n++) {
                try_one(r, names[n], n == 4 || (n == 1 && !bound) ? UNKNOWN : TAKEN);
            }
            expect(r, "a AUTHENTICATE PLAIN eA==\r\n",
                   "a OK [CAPABILITY IMAP4rev1] AUTHENTICATE completed\r\n");
            expect(r, "a CAPABILITY\r\n", /* and nothing of it once logged in */
                   "* CAPABILITY IMAP4rev1\r\na OK CAPABILITY completed\r\n");
            close_session(r);
        }
    }
}

/* In every way of feeding, with a login that counts. */
static void a_login(void **state)
{
    mailproto_imap_server_options o = options("SCRAM-SHA-256", 0);
    static const struct step steps[] = {STEP("a AUTHENTICATE PLAIN AGEAYg==\r\n"),
                                        STEP("b AUTHENTICATE scram-sha-256 eA==\r\n"),
                                        STEP("c CAPABILITY\r\n"), STEPS_END};
    (void)state;
    check_script(&o, exchange, 0, steps, 0,
                 "CONNECT ?\n"
                 "REJECTED 2 #2 [[PRIVACYREQUIRED] Needs TLS] rejected\n"
                 "AUTH_START [scram-sha-256] initial\nAUTH_DATA [x] ?\n"
                 "AUTH_RESULT 1 #1\n",
                 "* OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS LOGINDISABLED"
                 " AUTH=SCRAM-SHA-256] ready\r\n" NEEDS_TLS
                 "b OK [CAPABILITY IMAP4rev1] AUTHENTICATE completed\r\n"
                 "* CAPABILITY IMAP4rev1\r\nc OK CAPABILITY completed\r\n");
}

/* ---- the option itself --------------------------------------------------------------- */

static void what_it_may_be(void **state)
{
    mailproto_imap_server_options o = options("", 0);
    size_t none = mailproto_imap_server_mem_size(&o);
    char list[257];
    (void)state;
    CHECK_LISTS(&o, auth_mechanisms, mailproto_imap_server_mem_size);
    o = options("", 0);
    CHECK_LISTS(&o, mechanisms_in_clear, mailproto_imap_server_mem_size);
    o.mechanisms_in_clear = bytes_of("PLAIN X-NONE"); /* that is not offered at all */
    assert_int_equal(mailproto_imap_server_mem_size(&o), 0);
    longest_list(list);
    o = options("", 0);
    o.auth_mechanisms = bytes_of(list);
    assert_int_equal(mailproto_imap_server_mem_size(&o), 0);
    o.auth_mechanisms.len = 255;
    o.mechanisms_in_clear = o.auth_mechanisms;
    assert_int_equal(mailproto_imap_server_mem_size(&o), none - strlen(LIST) + 510);
    assert_true(none - strlen(LIST) + 510 <=
                MAILPROTO_IMAP_SERVER_MEM(8192, 4096, 4, strlen("ready") + 510));
    o.mechanisms_in_clear = bytes_of(list);
    assert_int_equal(mailproto_imap_server_mem_size(&o), 0);
}

/* It is copied; and a program that does not know of it is served as before. */
static void kept(void **state)
{
    char text[] = "X-LAST";
    mailproto_imap_server_options o = options(text, 0);
    struct run *r = open_session(&o, exchange, "");
    (void)state;
    memset(text, '?', sizeof text);
    expect(r, "a CAPABILITY\r\n", CAPS(" STARTTLS LOGINDISABLED AUTH=X-LAST"));
    close_session(r);
    o = options("X-LAST", 0);
    o.struct_size = offsetof(mailproto_imap_server_options, mechanisms_in_clear);
    r = open_session(&o, exchange, "");
    expect(r, "a CAPABILITY\r\n", CAPS(" STARTTLS LOGINDISABLED"));
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
