/*
 * The choice with mechanisms of the caller's own beside those built in: their rank, what
 * their flags ask for, and that no order sets aside the floor or a binding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/smtp.h>

#include "exchange.h"

enum {
    HAVE = MAILPROTO_SASL_HAVE_PASSWORD,
    TOKEN = MAILPROTO_SASL_HAVE_TOKEN,
    AUTHZID = MAILPROTO_SASL_HAVE_AUTHZID,
    UNVERIFIED = MAILPROTO_SASL_ENCRYPTED,
    TLS = UNVERIFIED | MAILPROTO_SASL_VERIFIED,
    CLEAR = MAILPROTO_SASL_ALLOW_CLEAR,
    BOUND = MAILPROTO_BINDING_EXPORTER,
    USES = MAILPROTO_SASL_PASSWORD,
    SHOWS = MAILPROTO_SASL_PLAINTEXT,
    NONE = MAILPROTO_ERR_NOT_OFFERED,
    NEEDS_TLS = MAILPROTO_ERR_NEEDS_TLS
};

#define MECHANISM(name, flags)                                                         \
    {                                                                                  \
        sizeof(mailproto_sasl_mechanism), (flags), (name), 0, NULL, NULL, NULL, NULL,  \
            NULL, NULL, NULL, NULL                                                     \
    }

static const mailproto_sasl_mechanism gssapi =
    MECHANISM("GSSAPI", MAILPROTO_SASL_CLIENT_FIRST | MAILPROTO_SASL_AUTHZID);
static const mailproto_sasl_mechanism ntlm = MECHANISM("NTLM", USES);
static const mailproto_sasl_mechanism x_plain = MECHANISM("X-PLAIN", USES | SHOWS);
static const mailproto_sasl_mechanism x_token = MECHANISM("X-TOKEN", SHOWS);
static const mailproto_sasl_mechanism scram_512 = MECHANISM("SCRAM-SHA-512", USES);
static const mailproto_sasl_mechanism scram_512_plus =
    MECHANISM("SCRAM-SHA-512-PLUS", USES | MAILPROTO_SASL_PLUS);
static const mailproto_sasl_mechanism krb5_plus =
    MECHANISM("GS2-KRB5-PLUS", MAILPROTO_SASL_PLUS);
static const mailproto_sasl_mechanism own_scram = MECHANISM("SCRAM-SHA-256", USES);

static const mailproto_sasl_mechanism *const tickets[] = {&gssapi};
static const mailproto_sasl_mechanism *const several[] = {&gssapi, &ntlm, &x_plain,
                                                          &x_token};
static const mailproto_sasl_mechanism *const bound[] = {&krb5_plus, &scram_512_plus,
                                                        &scram_512};
static const mailproto_sasl_mechanism *const instead[] = {&own_scram};

#define OWN(list) (list), sizeof(list) / sizeof((list)[0])

static mailproto_sasl_choice choice(const mailproto_sasl_mechanism *const *own,
                                    size_t count, uint32_t flags, uint32_t binding)
{
    mailproto_sasl_choice c;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = flags;
    c.binding_type = binding;
    c.custom = own;
    c.custom_count = (uint32_t)count;
    return c;
}

/* What is chosen, one after the other; `+` behind those that get the binding; then the
 * status. `chosen` is set for the caller's own alone. */
static void expect(mailproto_sasl_choice c, const char *offered, const char *want,
                   mailproto_status end)
{
    mailproto_bytes name;
    char got[600] = "";
    mailproto_status st;
    assert_int_equal(mailproto_sasl_offer(&c, str(offered)), MAILPROTO_OK);
    while ((st = mailproto_sasl_choose(&c, &name)) == MAILPROTO_OK) {
        uint32_t i;
        const mailproto_sasl_mechanism *m = NULL;
        for (i = 0; i < c.custom_count && m == NULL; ++i) {
            m = c.custom[i]->name == name.ptr ? c.custom[i] : NULL;
        }
        assert_ptr_equal(c.chosen, m);
        assert_true(m != NULL || mailproto_sasl_flags(name) != 0);
        assert_in_range(strlen(got) + name.len, 1, 500);
        strcat(got, got[0] != 0 ? " " : "");
        strncat(got, name.ptr, name.len);
        strcat(got, c.give_binding ? "+" : "");
    }
    assert_string_equal(got, want);
    assert_int_equal(st, end);
    assert_int_equal(mailproto_sasl_choose(&c, &name), end);
}

/* ---- rank ---------------------------------------------------------------------- */

static void before_those_built_in(void **state)
{
    mailproto_sasl_choice c = choice(OWN(tickets), HAVE | TLS, 0);
    (void)state;
    expect(c, "GSSAPI PLAIN", "GSSAPI PLAIN", NONE);
    expect(c, "PLAIN GSSAPI SCRAM-SHA-256", "GSSAPI SCRAM-SHA-256 PLAIN", NONE);
    expect(c, "AUTH=PLAIN auth=gssapi", "GSSAPI PLAIN", NONE);
    expect(c, "PLAIN", "PLAIN", NONE); /* not offered */
    expect(c, "GSSAPIX GSS-SPNEGO GSSAP", "", NONE);
    c.flags = 0; /* a ticket is enough, and needs no TLS */
    expect(c, "PLAIN GSSAPI", "GSSAPI", NONE);
    c.custom_count = 0; /* not spoken */
    c.flags = HAVE | TLS;
    expect(c, "GSSAPI PLAIN", "PLAIN", NONE);
    /* In the caller's order, whatever the server's. */
    expect(choice(OWN(several), HAVE | TLS, 0), "X-TOKEN NTLM PLAIN X-PLAIN GSSAPI",
           "GSSAPI NTLM X-PLAIN X-TOKEN PLAIN", NONE);
}

static void as_the_caller_prefers(void **state)
{
    static const struct {
        const char *prefer, *want;
    } v[] = {
        {"", "GSSAPI NTLM SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN"},
        {"SCRAM-SHA-256", "SCRAM-SHA-256 GSSAPI NTLM SCRAM-SHA-1 CRAM-MD5 PLAIN"},
        {"PLAIN", "PLAIN GSSAPI NTLM SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5"},
        {"SCRAM-SHA-256 gssapi SCRAM-SHA-1  CRAM-MD5\tPLAIN ntlm",
         "SCRAM-SHA-256 GSSAPI SCRAM-SHA-1 CRAM-MD5 PLAIN NTLM"},
        {"GSSAPI SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN",
         "GSSAPI SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN NTLM"},
        /* What is not offered, nobody speaks, or stands there twice. */
        {"LOGIN X-TOKEN OTP NTLM NTLM GSSAPI",
         "NTLM GSSAPI SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_choice c = choice(OWN(several), HAVE | TLS, 0);
        c.prefer = str(v[i].prefer);
        expect(c, "PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 NTLM GSSAPI", v[i].want,
               NONE);
        /* `allowed` is about what may be, `prefer` about when. */
        c.allowed = str("NTLM PLAIN gssapi");
        expect(c, "CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 GSSAPI", "GSSAPI", NONE);
    }
    /* Without any of one's own. */
    {
        mailproto_sasl_choice c = choice(NULL, 0, HAVE | TLS, 0);
        c.prefer = str("CRAM-MD5 PLAIN");
        expect(c, "PLAIN LOGIN SCRAM-SHA-1 CRAM-MD5",
               "CRAM-MD5 PLAIN SCRAM-SHA-1 LOGIN", NONE);
    }
}

static void what_the_caller_allows(void **state)
{
    mailproto_sasl_choice c = choice(OWN(several), HAVE | TLS, 0);
    (void)state;
    c.allowed = str("ntlm PLAIN");
    expect(c, "GSSAPI PLAIN NTLM LOGIN", "NTLM PLAIN", NONE);
    c.allowed = str("OTP");
    expect(c, "GSSAPI PLAIN NTLM", "", NONE);
}

/* The caller's own SCRAM-SHA-256, say: the built-in one is no second try. */
static void in_place_of_a_built_in_one(void **state)
{
    mailproto_sasl_choice c = choice(OWN(instead), HAVE | TLS, 0);
    (void)state;
    expect(c, "SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256 SCRAM-SHA-1", NONE);
    c.allowed = str("SCRAM-SHA-256");
    expect(c, "SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256", NONE);
    c.allowed = str("");
    c.prefer = str("SCRAM-SHA-1 SCRAM-SHA-256");
    expect(c, "SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-1 SCRAM-SHA-256", NONE);
}

/* ---- what the flags ask for ------------------------------------------------------ */

static void the_floor(void **state)
{
    mailproto_sasl_choice c = choice(OWN(several), HAVE, 0);
    (void)state;
    expect(c, "X-PLAIN", "", NEEDS_TLS);
    expect(c, "X-TOKEN", "", NEEDS_TLS);
    expect(c, "NTLM X-PLAIN GSSAPI", "GSSAPI NTLM", NEEDS_TLS);
    c.prefer = str("X-PLAIN X-TOKEN"); /* no way around it */
    expect(c, "NTLM X-PLAIN X-TOKEN PLAIN", "NTLM", NEEDS_TLS);
    c.flags = HAVE | CLEAR;
    expect(c, "NTLM X-PLAIN X-TOKEN PLAIN", "X-PLAIN X-TOKEN NTLM PLAIN", NONE);
    c.flags = HAVE | TLS;
    expect(c, "NTLM X-PLAIN X-TOKEN PLAIN", "X-PLAIN X-TOKEN NTLM PLAIN", NONE);
}

static void what_is_made_of_a_password(void **state)
{
    (void)state;
    expect(choice(OWN(several), TLS, 0), "NTLM X-PLAIN PLAIN X-TOKEN GSSAPI",
           "GSSAPI X-TOKEN", NONE);
    expect(choice(OWN(several), TOKEN | TLS, 0), "NTLM XOAUTH2", "XOAUTH2", NONE);
}

static void whom_to_act_as(void **state)
{
    (void)state;
    expect(choice(OWN(several), HAVE | AUTHZID | TLS, 0), "NTLM GSSAPI LOGIN PLAIN",
           "GSSAPI PLAIN", NONE);
}

static void no_way_around_a_binding(void **state)
{
    mailproto_sasl_choice c = choice(OWN(several), HAVE | TLS, BOUND);
    (void)state;
    /* A built-in form is offered: the password is for nothing else. */
    expect(c, "NTLM X-PLAIN PLAIN SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS+", NONE);
    expect(c, "GSSAPI NTLM X-TOKEN SCRAM-SHA-1-PLUS",
           "GSSAPI X-TOKEN SCRAM-SHA-1-PLUS+", NONE);
    c.prefer = str("NTLM X-PLAIN PLAIN SCRAM-SHA-1-PLUS");
    expect(c, "NTLM X-PLAIN PLAIN SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS+", NONE);

    /* One of the caller's is. */
    c = choice(OWN(bound), HAVE | TLS, BOUND);
    expect(c, "SCRAM-SHA-512-PLUS SCRAM-SHA-512 SCRAM-SHA-256 PLAIN",
           "SCRAM-SHA-512-PLUS+", NONE);
    expect(c, "SCRAM-SHA-512-PLUS SCRAM-SHA-256-PLUS PLAIN",
           "SCRAM-SHA-512-PLUS+ SCRAM-SHA-256-PLUS+", NONE);
    /* One that is not made of the password says nothing about it. */
    expect(c, "GS2-KRB5-PLUS PLAIN", "GS2-KRB5-PLUS+ PLAIN", NONE);
    /* None is: "y", from the caller's too. */
    expect(c, "SCRAM-SHA-512 SCRAM-SHA-256 PLAIN",
           "SCRAM-SHA-512+ SCRAM-SHA-256+ PLAIN", NONE);
    /* Not to be had. */
    c.flags = TLS;
    expect(c, "SCRAM-SHA-512-PLUS GS2-KRB5-PLUS PLAIN", "GS2-KRB5-PLUS+", NONE);
    c = choice(OWN(bound), HAVE | TLS, MAILPROTO_BINDING_NONE);
    expect(c, "GS2-KRB5-PLUS SCRAM-SHA-512-PLUS SCRAM-SHA-512 PLAIN",
           "SCRAM-SHA-512 PLAIN", NONE);
    /* The caller will not have it. */
    c = choice(OWN(bound), HAVE | TLS, BOUND);
    c.allowed = str("SCRAM-SHA-512 PLAIN");
    expect(c, "SCRAM-SHA-512-PLUS SCRAM-SHA-512 PLAIN", "SCRAM-SHA-512 PLAIN", NONE);
}

/* Both bindings of a connection, for the caller's own too; and what is no -PLUS form is
 * given out once. */
static void two_bindings(void **state)
{
    static const struct {
        const char *name;
        uint32_t give;
    } v[] = {{"GS2-KRB5-PLUS", 1},      {"GS2-KRB5-PLUS", 2},
             {"SCRAM-SHA-512-PLUS", 1}, {"SCRAM-SHA-512-PLUS", 2},
             {"SCRAM-SHA-1-PLUS", 1},   {"SCRAM-SHA-1-PLUS", 2}};
    mailproto_sasl_choice c =
        choice(OWN(bound), HAVE | TLS, MAILPROTO_BINDING_TLS_UNIQUE);
    mailproto_bytes name;
    size_t i;
    (void)state;
    c.other_binding_type = MAILPROTO_BINDING_END_POINT;
    assert_int_equal(mailproto_sasl_offer(&c, str("SCRAM-SHA-1-PLUS SCRAM-SHA-512 "
                                                  "SCRAM-SHA-512-PLUS PLAIN "
                                                  "GS2-KRB5-PLUS")),
                     MAILPROTO_OK);
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
        expect_span(name, v[i].name);
        assert_int_equal(c.give_binding, v[i].give);
    }
    assert_int_equal(mailproto_sasl_choose(&c, &name), NONE);
}

/* The caller's own that shows a secret wants a verified server, as the built-in ones. */
static void the_server_must_be_verified(void **state)
{
    mailproto_sasl_choice c = choice(OWN(several), HAVE | UNVERIFIED, 0);
    (void)state;
    expect(c, "NTLM X-PLAIN X-TOKEN PLAIN", "NTLM", NEEDS_TLS);
    c.flags |= MAILPROTO_SASL_ALLOW_UNVERIFIED;
    expect(c, "NTLM X-PLAIN X-TOKEN PLAIN", "NTLM X-PLAIN X-TOKEN PLAIN", NONE);
}

/* ---- a session's offer ------------------------------------------------------------- */

static void offered_in_a_session(void **state)
{
    static const char said[] = "220 x ESMTP\r\n250-x\r\n250 AUTH PLAIN GSSAPI\r\n";
    const mailproto_sasl_mechanism nameless = MECHANISM("", 0);
    const mailproto_sasl_mechanism *const bad[] = {&nameless};
    mailproto_smtp_client_options o;
    mailproto_smtp_client *client = NULL;
    mailproto_session *s;
    mailproto_sasl_choice c = choice(OWN(tickets), HAVE, 0);
    mailproto_event ev;
    mailproto_bytes name;
    size_t at = 0, len;
    int caps = 0;
    (void)state;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    assert_int_equal(mailproto_smtp_client_new(&o, &client), MAILPROTO_OK);
    s = mailproto_smtp_client_session(client);
    while (!caps) {
        while (mailproto_session_next_event(s, &ev) == MAILPROTO_OK) {
            caps |= ev.type == MAILPROTO_EV_SMTP_CAPS;
        }
        (void)mailproto_session_output(s, &len);
        assert_int_equal(mailproto_session_output_sent(s, len), MAILPROTO_OK);
        if (!caps) {
            len = strlen(said + at);
            assert_in_range(len, 1, sizeof said);
            assert_true(mailproto_session_feed(s, said + at, len, &len) >= 0);
            at += len;
        }
    }
    assert_int_equal(mailproto_sasl_offers(&c, s), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    expect_span(name, "GSSAPI");
    assert_ptr_equal(c.chosen, &gssapi);
    assert_int_equal(mailproto_sasl_choose(&c, &name), NEEDS_TLS);
    c = choice(OWN(bad), HAVE, 0);
    assert_int_equal(mailproto_sasl_offers(&c, s), MAILPROTO_ERR_ARGUMENT);
    mailproto_smtp_client_free(client);
}

/* ---- bounds ---------------------------------------------------------------------- */

static void as_many_as_there_may_be(void **state)
{
    static char names[MAILPROTO_SASL_CUSTOM_MAX + 1][8];
    static mailproto_sasl_mechanism own[MAILPROTO_SASL_CUSTOM_MAX + 1];
    const mailproto_sasl_mechanism *list[MAILPROTO_SASL_CUSTOM_MAX + 1];
    char offered[400] = "EXTERNAL SCRAM-SHA-256 LOGIN ANONYMOUS", want[400] = "";
    mailproto_sasl_choice c;
    mailproto_bytes name;
    size_t i;
    (void)state;
    for (i = 0; i <= MAILPROTO_SASL_CUSTOM_MAX; ++i) {
        (void)snprintf(names[i], sizeof names[i], "X-%u", (unsigned)i);
        own[i] = ntlm;
        own[i].name = names[i];
        list[i] = &own[i];
        if (i < MAILPROTO_SASL_CUSTOM_MAX) {
            (void)snprintf(offered + strlen(offered), 8, " X-%u", (unsigned)(i % 100));
            (void)snprintf(want + strlen(want), 8, "X-%u ", (unsigned)(i % 100));
        }
    }
    strcat(want, "EXTERNAL SCRAM-SHA-256 LOGIN ANONYMOUS");
    expect(choice(list, MAILPROTO_SASL_CUSTOM_MAX,
                  HAVE | TLS | MAILPROTO_SASL_HAVE_EXTERNAL | MAILPROTO_SASL_AS_GUEST,
                  0),
           offered, want, NONE);
    c = choice(list, MAILPROTO_SASL_CUSTOM_MAX + 1, HAVE | TLS, 0);
    assert_int_equal(mailproto_sasl_offer(&c, str("PLAIN")), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(c.offered, 0);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_ARGUMENT);
}

/* The caller's own by its flag, as CRAM-MD5; preferring it changes nothing. */
static void what_can_be_guessed(void **state)
{
    static const mailproto_sasl_mechanism own_ntlm =
        MECHANISM("NTLM", USES | MAILPROTO_SASL_GUESSABLE);
    static const mailproto_sasl_mechanism both =
        MECHANISM("X-BOTH", USES | SHOWS | MAILPROTO_SASL_GUESSABLE);
    static const mailproto_sasl_mechanism *const own[] = {&own_ntlm, &both};
    mailproto_sasl_choice c = choice(OWN(own), HAVE, 0);
    (void)state;
    c.prefer = str("NTLM");
    expect(c, "NTLM SCRAM-SHA-1", "SCRAM-SHA-1", NEEDS_TLS);
    c.flags = HAVE | UNVERIFIED;
    expect(c, "NTLM", "", NEEDS_TLS);
    c.flags = HAVE | MAILPROTO_SASL_ALLOW_GUESSING;
    expect(c, "NTLM SCRAM-SHA-1 X-BOTH", "NTLM SCRAM-SHA-1", NEEDS_TLS);
    c.flags = HAVE | TLS;
    expect(c, "NTLM SCRAM-SHA-1 X-BOTH", "NTLM X-BOTH SCRAM-SHA-1", NONE);
    c.flags = HAVE | CLEAR;
    expect(c, "NTLM SCRAM-SHA-1 X-BOTH", "NTLM X-BOTH SCRAM-SHA-1", NONE);
}

static void tables_are_checked(void **state)
{
    mailproto_sasl_mechanism own = ntlm;
    const mailproto_sasl_mechanism *list[1];
    mailproto_sasl_choice c;
    mailproto_bytes name;
    static const struct {
        const char *name;
        mailproto_status status;
    } v[] = {
        {"X", MAILPROTO_OK},
        {"ABCDEFGHIJKLMNOPQRST", MAILPROTO_OK}, /* RFC 4422 3.1: 20 */
        {"ABCDEFGHIJKLMNOPQRSTU", MAILPROTO_ERR_ARGUMENT},
        {"", MAILPROTO_ERR_ARGUMENT},
        {NULL, MAILPROTO_ERR_ARGUMENT},
    };
    size_t i;
    (void)state;
    list[0] = &own;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        own.name = v[i].name;
        c = choice(list, 1, HAVE | TLS, 0);
        assert_int_equal(mailproto_sasl_offer(&c, str(v[i].status ? "X" : v[i].name)),
                         v[i].status);
        assert_int_equal(mailproto_sasl_choose(&c, &name), v[i].status);
    }
    own = ntlm;
    own.struct_size = (uint32_t)offsetof(mailproto_sasl_mechanism, end) - 1;
    c = choice(list, 1, HAVE | TLS, 0);
    assert_int_equal(mailproto_sasl_offer(&c, str("NTLM")), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_ARGUMENT);
    own.struct_size++; /* as it was without `end` */
    assert_int_equal(mailproto_sasl_offer(&c, str("NTLM")), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    own = ntlm;
    list[0] = NULL;
    assert_int_equal(mailproto_sasl_offer(&c, str("NTLM")), MAILPROTO_ERR_ARGUMENT);
    c.custom = NULL;
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_ARGUMENT);
    c.custom_count = 0;
    assert_int_equal(mailproto_sasl_choose(&c, &name), NONE);
    c.struct_size = (uint32_t)sizeof c - 1;
    assert_int_equal(mailproto_sasl_offer(&c, str("NTLM")), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_those_built_in),
        cmocka_unit_test(as_the_caller_prefers),
        cmocka_unit_test(what_the_caller_allows),
        cmocka_unit_test(in_place_of_a_built_in_one),
        cmocka_unit_test(the_floor),
        cmocka_unit_test(what_is_made_of_a_password),
        cmocka_unit_test(whom_to_act_as),
        cmocka_unit_test(no_way_around_a_binding),
        cmocka_unit_test(two_bindings),
        cmocka_unit_test(the_server_must_be_verified),
        cmocka_unit_test(offered_in_a_session),
        cmocka_unit_test(as_many_as_there_may_be),
        cmocka_unit_test(what_can_be_guessed),
        cmocka_unit_test(tables_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
