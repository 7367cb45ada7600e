/*
 * The choice of a mechanism: strength, what both sides allow, the floor without TLS,
 * the next after a refusal, and no way around a binding that could be had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

enum {
    PASSWORD = MAILPROTO_SASL_HAVE_PASSWORD,
    TOKEN = MAILPROTO_SASL_HAVE_TOKEN,
    CERTIFICATE = MAILPROTO_SASL_HAVE_EXTERNAL,
    AUTHZID = MAILPROTO_SASL_HAVE_AUTHZID,
    GUEST = MAILPROTO_SASL_AS_GUEST,
    UNVERIFIED = MAILPROTO_SASL_ENCRYPTED,
    VERIFIED = MAILPROTO_SASL_VERIFIED,
    TLS = UNVERIFIED | VERIFIED,
    ANYBODY = MAILPROTO_SASL_ALLOW_UNVERIFIED,
    CLEAR = MAILPROTO_SASL_ALLOW_CLEAR,
    GUESSING = MAILPROTO_SASL_ALLOW_GUESSING,
    EVERYTHING = PASSWORD | TOKEN | CERTIFICATE | GUEST
};

#define ALL                                                                            \
    "ANONYMOUS LOGIN PLAIN CRAM-MD5 XOAUTH2 OAUTHBEARER SCRAM-SHA-1 SCRAM-SHA-256 "    \
    "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS EXTERNAL"

/* What is chosen, one after the other, and the status at the end. */
static void chosen(uint32_t flags, uint32_t binding, const char *offered,
                   const char *allowed, const char *want, mailproto_status end)
{
    mailproto_sasl_choice c;
    mailproto_bytes name;
    char got[256] = "";
    mailproto_status st;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = flags;
    c.binding_type = binding;
    c.allowed = str(allowed);
    assert_int_equal(mailproto_sasl_offer(&c, str(offered)), MAILPROTO_OK);
    while ((st = mailproto_sasl_choose(&c, &name)) == MAILPROTO_OK) {
        assert_in_range(strlen(got) + name.len, 0, 200);
        if (got[0] != 0) {
            strcat(got, " ");
        }
        strncat(got, name.ptr, name.len);
    }
    assert_string_equal(got, want);
    assert_int_equal(st, end);
    assert_int_equal(mailproto_sasl_choose(&c, &name), end);
}

static void by_strength(void **state)
{
    const mailproto_status none = MAILPROTO_ERR_NOT_OFFERED;
    (void)state;
    chosen(
        EVERYTHING | TLS, 0, ALL, "",
        "EXTERNAL SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 CRAM-MD5 PLAIN LOGIN "
        "ANONYMOUS",
        none);
    chosen(PASSWORD | TLS, 0, ALL, "", "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN",
           none);
    chosen(PASSWORD | TLS, 0, "LOGIN PLAIN", "", "PLAIN LOGIN", none);
    chosen(TOKEN | TLS, 0, ALL, "", "OAUTHBEARER XOAUTH2", none);
    chosen(CERTIFICATE, 0, ALL, "", "EXTERNAL", none);
    chosen(GUEST, 0, ALL, "", "ANONYMOUS", none);
    chosen(0, 0, ALL, "", "", none);
    chosen(EVERYTHING | TLS, 0, "", "", "", none);
    chosen(EVERYTHING | TLS, 0, "GSSAPI NTLM DIGEST-MD5", "", "", none);
}

static void what_the_caller_allows(void **state)
{
    const mailproto_status none = MAILPROTO_ERR_NOT_OFFERED;
    (void)state;
    chosen(PASSWORD | TLS, 0, ALL, "plain CRAM-MD5", "CRAM-MD5 PLAIN", none);
    chosen(PASSWORD | TLS, 0, "PLAIN LOGIN", "SCRAM-SHA-256", "", none);
    chosen(PASSWORD | TLS, 0, ALL, "NTLM", "", none);
    /* As another: only mechanisms that carry it. */
    chosen(EVERYTHING | AUTHZID | TLS, 0, ALL, "",
           "EXTERNAL SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER PLAIN", none);
}

static void the_floor(void **state)
{
    const mailproto_status tls = MAILPROTO_ERR_NEEDS_TLS;
    const mailproto_status none = MAILPROTO_ERR_NOT_OFFERED;
    (void)state;
    chosen(PASSWORD, 0, "PLAIN LOGIN", "", "", tls);
    chosen(TOKEN, 0, "XOAUTH2", "", "", tls);
    chosen(TOKEN, 0, "OAUTHBEARER", "", "", tls);
    chosen(PASSWORD, 0, ALL, "", "SCRAM-SHA-256 SCRAM-SHA-1", tls);
    chosen(PASSWORD | CLEAR, 0, "PLAIN LOGIN", "", "PLAIN LOGIN", none);
    chosen(PASSWORD | TLS, 0, "PLAIN LOGIN", "", "PLAIN LOGIN", none);
}

/* RFC 4954 14: TLS with nobody knows whom keeps no secret. */
static void the_server_must_be_verified(void **state)
{
    const mailproto_status tls = MAILPROTO_ERR_NEEDS_TLS;
    const mailproto_status none = MAILPROTO_ERR_NOT_OFFERED;
    static const uint32_t not_enough[] = {0, UNVERIFIED, VERIFIED, ANYBODY,
                                          VERIFIED | ANYBODY};
    static const uint32_t enough[] = {UNVERIFIED | VERIFIED, UNVERIFIED | ANYBODY,
                                      TLS | ANYBODY, CLEAR, CLEAR | UNVERIFIED};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof not_enough / sizeof not_enough[0]; ++i) {
        chosen(PASSWORD | not_enough[i], 0, "PLAIN LOGIN", "", "", tls);
        chosen(TOKEN | not_enough[i], 0, "OAUTHBEARER XOAUTH2", "", "", tls);
        chosen(EVERYTHING | not_enough[i], 0, ALL, "",
               "EXTERNAL SCRAM-SHA-256 SCRAM-SHA-1 ANONYMOUS", tls);
    }
    for (i = 0; i < sizeof enough / sizeof enough[0]; ++i) {
        chosen(PASSWORD | enough[i], 0, "PLAIN LOGIN", "", "PLAIN LOGIN", none);
        chosen(TOKEN | enough[i], 0, "OAUTHBEARER XOAUTH2", "", "OAUTHBEARER XOAUTH2",
               none);
    }
}

/* SCRAM's floor of iterations is worth nothing if whoever goes below it is shown a
 * CRAM-MD5 next: that is kept for the server that was meant, too. */
static void what_can_be_guessed(void **state)
{
    const mailproto_status tls = MAILPROTO_ERR_NEEDS_TLS;
    const mailproto_status none = MAILPROTO_ERR_NOT_OFFERED;
    static const uint32_t not_enough[] = {0, UNVERIFIED, VERIFIED, ANYBODY,
                                          VERIFIED | ANYBODY};
    static const uint32_t enough[] = {
        TLS,      UNVERIFIED | ANYBODY,  CLEAR,
        GUESSING, GUESSING | UNVERIFIED, GUESSING | VERIFIED | ANYBODY};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof not_enough / sizeof not_enough[0]; ++i) {
        chosen(PASSWORD | not_enough[i], 0, "CRAM-MD5", "", "", tls);
        chosen(PASSWORD | not_enough[i], 0, "CRAM-MD5 SCRAM-SHA-1", "", "SCRAM-SHA-1",
               tls);
        chosen(PASSWORD | not_enough[i], 0, "CRAM-MD5", "CRAM-MD5", "", tls);
        /* Not allowed, or without a password: TLS would not help. */
        chosen(PASSWORD | not_enough[i], 0, "CRAM-MD5", "PLAIN", "", none);
        chosen(TOKEN | not_enough[i], 0, "CRAM-MD5", "", "", none);
    }
    for (i = 0; i < sizeof enough / sizeof enough[0]; ++i) {
        chosen(PASSWORD | enough[i], 0, "CRAM-MD5", "", "CRAM-MD5", none);
        chosen(PASSWORD | enough[i], 0, "CRAM-MD5 SCRAM-SHA-1", "",
               "SCRAM-SHA-1 CRAM-MD5", none);
    }
    /* It shows no password. */
    chosen(PASSWORD | GUESSING, 0, "PLAIN CRAM-MD5 LOGIN", "", "CRAM-MD5", tls);
    chosen(TOKEN | GUESSING, 0, "XOAUTH2", "", "", tls);
    /* Nor is it a way around the binding. */
    chosen(PASSWORD | GUESSING | TLS, MAILPROTO_BINDING_EXPORTER,
           "SCRAM-SHA-1-PLUS CRAM-MD5", "", "SCRAM-SHA-1-PLUS", none);
}

static void no_way_around_a_binding(void **state)
{
    const mailproto_status none = MAILPROTO_ERR_NOT_OFFERED;
    const uint32_t bound = MAILPROTO_BINDING_EXPORTER;
    (void)state;
    chosen(PASSWORD | TLS, bound, ALL, "", "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS", none);
    chosen(PASSWORD | TLS, bound, "SCRAM-SHA-1-PLUS PLAIN SCRAM-SHA-256", "",
           "SCRAM-SHA-1-PLUS", none);
    /* Not offered: then the others, which say so ("y"). */
    chosen(PASSWORD | TLS, bound, "SCRAM-SHA-1 SCRAM-SHA-256", "",
           "SCRAM-SHA-256 SCRAM-SHA-1", none);
    /* Nothing to bind to. */
    chosen(PASSWORD | TLS, 0, "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "", "SCRAM-SHA-1", none);
    /* The caller will not have it. */
    chosen(PASSWORD | TLS, bound, ALL, "PLAIN", "PLAIN", none);
    /* What is no password is not concerned. */
    chosen(EVERYTHING | TLS, bound, ALL, "",
           "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS OAUTHBEARER XOAUTH2 ANONYMOUS",
           none);
    /* Without a password it plays no part. */
    chosen(TOKEN | TLS, bound, ALL, "", "OAUTHBEARER XOAUTH2", none);
}

/* RFC 5802 6: whether the mechanism is to be given the binding. */
static void who_gets_the_binding(void **state)
{
    static const struct {
        uint32_t binding;
        const char *offered, *allowed, *mechanism;
        uint32_t give;
    } v[] = {
        {1, ALL, "", "SCRAM-SHA-256-PLUS", 1},
        /* The server cannot, as it seems: "y". */
        {1, "SCRAM-SHA-256 PLAIN", "", "SCRAM-SHA-256", 1},
        {1, "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "SCRAM-SHA-1", 1},
        /* The server can, and would refuse "y". */
        {1, ALL, "SCRAM-SHA-256", "SCRAM-SHA-256", 0},
        {1, "SCRAM-SHA-256-PLUS SCRAM-SHA-256", "SCRAM-SHA-256 SCRAM-SHA-1-PLUS",
         "SCRAM-SHA-256", 0},
        {1, "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "SCRAM-SHA-1", "SCRAM-SHA-1", 0},
        /* The same client where the other form is offered, and where none is. */
        {1, ALL, "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS", 1},
        {1, "SCRAM-SHA-256", "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", 1},
        /* This side would not bind in any case: "n". */
        {1, "SCRAM-SHA-256", "SCRAM-SHA-256", "SCRAM-SHA-256", 0},
        {0, "SCRAM-SHA-256", "", "SCRAM-SHA-256", 0},
        {0, ALL, "", "SCRAM-SHA-256", 0},
        /* Nothing to do with it. */
        {1, "PLAIN", "", "PLAIN", 0},
        {1, ALL, "PLAIN", "PLAIN", 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_choice c;
        mailproto_bytes name;
        memset(&c, 0, sizeof c);
        c.struct_size = sizeof c;
        c.flags = PASSWORD | TLS;
        c.binding_type = v[i].binding;
        c.allowed = str(v[i].allowed);
        c.give_binding = 1 - v[i].give;
        assert_int_equal(mailproto_sasl_offer(&c, str(v[i].offered)), MAILPROTO_OK);
        assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
        expect_span(name, v[i].mechanism);
        assert_int_equal(c.give_binding, v[i].give);
    }
}

/* What is chosen with which binding, one after the other, and the status at the end. */
static void bound(uint32_t first, uint32_t other, const char *offered,
                  const char *allowed, const char *want)
{
    mailproto_sasl_choice c;
    mailproto_bytes name;
    char got[256] = "";
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = PASSWORD | TLS;
    c.binding_type = first;
    c.other_binding_type = other;
    c.allowed = str(allowed);
    assert_int_equal(mailproto_sasl_offer(&c, str(offered)), MAILPROTO_OK);
    while (mailproto_sasl_choose(&c, &name) == MAILPROTO_OK) {
        assert_in_range(strlen(got) + name.len, 0, 200);
        assert_in_range(c.give_binding, 0, 2);
        strncat(got, name.ptr, name.len);
        strcat(got, c.give_binding == 2 ? "=2 " : c.give_binding == 1 ? "=1 " : " ");
    }
    assert_string_equal(got, want);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_NOT_OFFERED);
}

/* Before TLS 1.3 there are two, and no server says which it takes (RFC 5802 6.1). */
static void two_bindings(void **state)
{
    const uint32_t one = MAILPROTO_BINDING_TLS_UNIQUE;
    const uint32_t two = MAILPROTO_BINDING_END_POINT;
    (void)state;
    bound(one, two, ALL, "",
          "SCRAM-SHA-256-PLUS=1 SCRAM-SHA-256-PLUS=2 SCRAM-SHA-1-PLUS=1 "
          "SCRAM-SHA-1-PLUS=2 ");
    bound(one, two, "SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN", "",
          "SCRAM-SHA-1-PLUS=1 SCRAM-SHA-1-PLUS=2 ");
    /* The caller's word: without -PLUS, "n" to a server that can, "y" else, once. */
    bound(one, two, ALL, "SCRAM-SHA-256 PLAIN", "SCRAM-SHA-256 PLAIN ");
    bound(one, two, "SCRAM-SHA-256 PLAIN", "", "SCRAM-SHA-256=1 PLAIN ");
    /* Twice the same, or none, is one. */
    bound(one, one, "SCRAM-SHA-1-PLUS", "", "SCRAM-SHA-1-PLUS=1 ");
    bound(one, 0, "SCRAM-SHA-1-PLUS", "", "SCRAM-SHA-1-PLUS=1 ");
    bound(0, two, "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "", "SCRAM-SHA-1-PLUS=2 ");
    bound(0, two, "SCRAM-SHA-1", "", "SCRAM-SHA-1=2 ");
    bound(0, 0, "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "", "SCRAM-SHA-1 ");
}

/* What the caller prefers comes with both before anything else does. */
static void two_bindings_of_the_preferred_one(void **state)
{
    static const struct {
        const char *name;
        uint32_t give;
    } v[] = {{"SCRAM-SHA-1-PLUS", 1},
             {"SCRAM-SHA-1-PLUS", 2},
             {"EXTERNAL", 0},
             {"SCRAM-SHA-256-PLUS", 1},
             {"SCRAM-SHA-256-PLUS", 2}};
    mailproto_sasl_choice c;
    mailproto_bytes name;
    size_t i;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = PASSWORD | CERTIFICATE | TLS;
    c.binding_type = MAILPROTO_BINDING_END_POINT;
    c.other_binding_type = MAILPROTO_BINDING_TLS_UNIQUE;
    c.prefer = str("SCRAM-SHA-1-PLUS");
    assert_int_equal(mailproto_sasl_offer(&c, str(ALL)), MAILPROTO_OK);
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
        expect_span(name, v[i].name);
        assert_int_equal(c.give_binding, v[i].give);
    }
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_NOT_OFFERED);
}

/* It goes with the mechanism, not with the choice. */
static void the_binding_of_the_next_one(void **state)
{
    mailproto_sasl_choice c;
    mailproto_bytes name;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = PASSWORD | TOKEN | TLS;
    c.binding_type = MAILPROTO_BINDING_EXPORTER;
    assert_int_equal(mailproto_sasl_offer(&c, str("SCRAM-SHA-1-PLUS XOAUTH2")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    assert_int_equal(c.give_binding, 1);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    expect_span(name, "XOAUTH2");
    assert_int_equal(c.give_binding, 0);
}

static void lists_as_protocols_write_them(void **state)
{
    const mailproto_status none = MAILPROTO_ERR_NOT_OFFERED;
    (void)state;
    chosen(PASSWORD | TLS, 0, "AUTH PLAIN LOGIN", "", "PLAIN LOGIN", none);
    chosen(PASSWORD | TLS, 0, "AUTH=LOGIN PLAIN", "", "PLAIN LOGIN", none);
    chosen(PASSWORD | TLS, 0, "SASL \tPLAIN  CRAM-MD5 ", "", "CRAM-MD5 PLAIN", none);
    chosen(PASSWORD | TLS, 0, "IMAP4rev1 AUTH=plain auth=SCRAM-SHA-1", "",
           "SCRAM-SHA-1 PLAIN", none);
    chosen(PASSWORD | TLS, 0, "AUTH= AUTH", "", "", none);
    chosen(PASSWORD | TLS, 0, "XPLAIN PLAINX PLAI SCRAM-SHA-25 SCRAM-SHA-2566", "", "",
           none);
}

static void names_with_octets_that_are_none(void **state)
{
    static const char junk[] = "PLAIN\0X ../x AAAAAAAAAAAAAAAAAAAAA a=b";
    mailproto_sasl_choice c;
    mailproto_bytes name;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = EVERYTHING | TLS;
    assert_int_equal(mailproto_sasl_offer(&c, octets(junk, sizeof junk - 1)),
                     MAILPROTO_OK);
    assert_int_equal(c.offered, 0);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_sasl_offer(&c, octets(NULL, 0)), MAILPROTO_OK);
    c.struct_size = 8;
    assert_int_equal(mailproto_sasl_offer(&c, str("PLAIN")), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_ARGUMENT);
}

static void offers_add_up(void **state)
{
    mailproto_sasl_choice c;
    mailproto_bytes name;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = PASSWORD | TLS;
    assert_int_equal(mailproto_sasl_offer(&c, str("AUTH=LOGIN")), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_offer(&c, str("AUTH PLAIN")), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    expect_span(name, "PLAIN");
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    expect_span(name, "LOGIN");
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_NOT_OFFERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_strength),
        cmocka_unit_test(what_the_caller_allows),
        cmocka_unit_test(the_floor),
        cmocka_unit_test(the_server_must_be_verified),
        cmocka_unit_test(what_can_be_guessed),
        cmocka_unit_test(no_way_around_a_binding),
        cmocka_unit_test(who_gets_the_binding),
        cmocka_unit_test(two_bindings),
        cmocka_unit_test(two_bindings_of_the_preferred_one),
        cmocka_unit_test(the_binding_of_the_next_one),
        cmocka_unit_test(lists_as_protocols_write_them),
        cmocka_unit_test(names_with_octets_that_are_none),
        cmocka_unit_test(offers_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
