/*
 * CRAM-MD5 by hand (RFC 2195), and APOP (RFC 1939 7): digests, every malformed message,
 * needs, verdicts; only a whole msg-id serves as a timestamp.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

#define CHALLENGE "<1896.697170952@postoffice.reston.mci.net>" /* RFC 2195 2 */
#define RESPONSE "tim b913a602c7eda7a495b4e6e7334d3890"

static void client_start(struct side *s, const char *name, const char *password)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "CRAM-MD5");
    o.name = str(name);
    o.password = str(password);
    side_open(s, &o);
}

static void server_start(struct side *s, const char *challenge)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "CRAM-MD5");
    o.challenge = str(challenge);
    side_open(s, &o);
}

static void client_example(void **state)
{
    struct side s;
    size_t cut;
    (void)state;
    for (cut = 0; cut <= strlen(CHALLENGE); ++cut) {
        client_start(&s, "tim", "tanstaaftanstaaf");
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_WAIT);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_WAIT);
        assert_int_equal(mailproto_sasl_input(s.x, CHALLENGE, cut, 0), MAILPROTO_OK);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_WAIT);
        give(s.x, &CHALLENGE[cut], strlen(CHALLENGE) - cut);
        expect_text(s.x, MAILPROTO_SASL_CONTINUE, RESPONSE);
        assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_OK);
        give_text(s.x, "more?");
        expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
        side_close(&s);
    }
}

static void client_refuses_an_empty_challenge(void **state)
{
    struct side s;
    (void)state;
    client_start(&s, "tim", "tanstaaftanstaaf");
    give_text(s.x, "");
    expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
    side_close(&s);
}

/* Keys of each length around a block, against the plain definition (RFC 2104 2) by
 * way of the other side. */
static void both_sides_agree(void **state)
{
    char password[132] = "", response[TEXT_MAX];
    size_t len;
    (void)state;
    for (len = 1; len < sizeof password - 1; ++len) {
        struct side c, s;
        size_t n;
        memset(password, 'p', len);
        client_start(&c, "a name with spaces", password);
        server_start(&s, CHALLENGE);
        expect_text(s.x, MAILPROTO_SASL_CONTINUE, CHALLENGE);
        give_text(c.x, CHALLENGE);
        assert_int_equal(step(c.x).state, MAILPROTO_SASL_CONTINUE);
        n = take_response(c.x, 9, response);
        give(s.x, response, n);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        expect_span(need(s.x, MAILPROTO_SASL_NEED_PASSWORD).name, "a name with spaces");
        assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, password, len),
                         MAILPROTO_OK);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
        side_close(&c);
        side_close(&s);
    }
}

/* What the server makes of the example's response, for a password and a verdict. */
static void judged(const char *response, mailproto_status verdict, const char *password,
                   mailproto_status want)
{
    struct side s;
    server_start(&s, CHALLENGE);
    (void)step(s.x);
    give_text(s.x, response);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    assert_int_equal(mailproto_sasl_answer(s.x, verdict, password, strlen(password)),
                     MAILPROTO_OK);
    if (want == MAILPROTO_OK) {
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
    } else {
        expect_failed(s.x, want);
    }
    side_close(&s);
}

static void server_example(void **state)
{
    (void)state;
    judged(RESPONSE, MAILPROTO_OK, "tanstaaftanstaaf", MAILPROTO_OK);
    judged(RESPONSE, MAILPROTO_OK, "tanstaaftanstaag", MAILPROTO_ERR_AUTH);
    judged("tim b913a602c7eda7a495b4e6e7334d3891", MAILPROTO_OK, "tanstaaftanstaaf",
           MAILPROTO_ERR_AUTH);
    judged(RESPONSE, MAILPROTO_ERR_AUTH, "tanstaaftanstaaf", MAILPROTO_ERR_AUTH);
    judged(RESPONSE, MAILPROTO_ERR_AUTH, "", MAILPROTO_ERR_AUTH);
    judged(RESPONSE, MAILPROTO_ERR_AUTH_TEMPORARY, "", MAILPROTO_ERR_AUTH_TEMPORARY);
    judged(RESPONSE, MAILPROTO_ERR_AUTH_WEAK, "tanstaaftanstaaf",
           MAILPROTO_ERR_AUTH_WEAK);
}

static void an_answer_without_password(void **state)
{
    struct side s;
    (void)state;
    server_start(&s, CHALLENGE);
    (void)step(s.x);
    give_text(s.x, RESPONSE);
    (void)step(s.x);
    assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, NULL, 0),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, "tanstaaftanstaaf", 16),
                     MAILPROTO_ERR_STATE); /* it was one */
    expect_failed(s.x, MAILPROTO_ERR_AUTH);
    side_close(&s);
}

static void malformed_responses(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } v[] = {
#define TEXT(t) {(t), sizeof(t) - 1}
        TEXT(""),
        TEXT("tim"),
        TEXT("tim "),
        TEXT(" b913a602c7eda7a495b4e6e7334d3890"),
        TEXT("b913a602c7eda7a495b4e6e7334d3890"),
        TEXT("tim b913a602c7eda7a495b4e6e7334d389"),
        TEXT("tim b913a602c7eda7a495b4e6e7334d38900"),
        TEXT("tim B913A602C7EDA7A495B4E6E7334D3890"),
        TEXT("tim g913a602c7eda7a495b4e6e7334d3890"),
        TEXT("tim b913a602c7eda7a495b4e6e7334d389 "),
        TEXT("tim\tb913a602c7eda7a495b4e6e7334d3890"),
        TEXT("t\0m b913a602c7eda7a495b4e6e7334d3890"),
        TEXT("t\nm b913a602c7eda7a495b4e6e7334d3890"),
        TEXT("t\xff b913a602c7eda7a495b4e6e7334d3890"),
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct side s;
        server_start(&s, CHALLENGE);
        (void)step(s.x);
        give(s.x, v[i].text, v[i].len);
        expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
        side_close(&s);
    }
}

static void no_initial_response(void **state)
{
    struct side s;
    (void)state;
    server_start(&s, CHALLENGE);
    give_text(s.x, RESPONSE);
    expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
    side_close(&s);
}

static void the_challenge(void **state)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "CRAM-MD5");
    struct side s;
    (void)state;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT); /* neither challenge nor nonce */
    o.nonce = octets("\x00\x01\x02\x03\x7f\x80\xff\xfe"
                     "12345678",
                     16);
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE,
                "<000102037f80fffe3132333435363738@localhost>");
    side_close(&s);
    o.host = str("mail.example");
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE,
                "<000102037f80fffe3132333435363738@mail.example>");
    side_close(&s);
    o.host = str("mail@example");
    assert_int_equal(side_try(&s, &o), MAILPROTO_ERR_ARGUMENT);
    side_close(&s);
    o.host = str("mail example");
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.challenge = str("no msg-id");
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
}

/* ---- APOP -------------------------------------------------------------------- */

#define TIMESTAMP "<1896.697170952@dbc.mtview.ca.us>" /* RFC 1939 7 */
#define DIGEST "c4c9334bac560ecc979e58001b3e22fb"

static void apop(void **state)
{
    char digest[MAILPROTO_APOP_DIGEST];
    size_t i;
    (void)state;
    assert_int_equal(
        mailproto_sasl_apop(str(TIMESTAMP), str("tanstaaf"), NULL, NULL, digest),
        MAILPROTO_OK);
    assert_memory_equal(digest, DIGEST, sizeof digest);
    assert_int_equal(mailproto_sasl_apop_check(str(TIMESTAMP), str("tanstaaf"),
                                               str(DIGEST), NULL, NULL),
                     MAILPROTO_OK);
    for (i = 0; i < sizeof digest; ++i) {
        digest[i] ^= 1;
        assert_int_equal(mailproto_sasl_apop_check(str(TIMESTAMP), str("tanstaaf"),
                                                   octets(digest, sizeof digest), NULL,
                                                   NULL),
                         MAILPROTO_ERR_AUTH);
        digest[i] ^= 1;
        assert_int_equal(mailproto_sasl_apop_check(str(TIMESTAMP), str("tanstaaf"),
                                                   octets(digest, i), NULL, NULL),
                         MAILPROTO_ERR_AUTH);
    }
    assert_int_equal(mailproto_sasl_apop_check(str("<2.0@x>"), str("tanstaaf"),
                                               str(DIGEST), NULL, NULL),
                     MAILPROTO_ERR_AUTH); /* of another session */
    assert_int_equal(mailproto_sasl_apop_check(str(TIMESTAMP), str("tanstaag"),
                                               str(DIGEST), NULL, NULL),
                     MAILPROTO_ERR_AUTH);
    assert_int_equal(mailproto_sasl_apop(str(TIMESTAMP), str(""), NULL, NULL, digest),
                     MAILPROTO_ERR_ARGUMENT);
}

static void timestamps(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        int good;
    } v[] = {
#define STAMP(t, good) {(t), sizeof(t) - 1, (good)}
        STAMP(TIMESTAMP, 1),   STAMP("<a@b>", 1),     STAMP("<2.0@x>", 1),
        STAMP("", 0),          STAMP("<>", 0),        STAMP("<@>", 0),
        STAMP("<a@>", 0),      STAMP("<@b>", 0),      STAMP("<abc>", 0),
        STAMP("<a@b@c>", 0),   STAMP("<a b@x>", 0),   STAMP("<a@b", 0),
        STAMP("a@b>", 0),      STAMP("<a@b>x", 0),    STAMP("<<a@b>", 0),
        STAMP("<a@b>>", 0),    STAMP("<a\0b@x>", 0), /* CVE-2007-1558 */
        STAMP("<a\x80@x>", 0), STAMP("<a\x7f@x>", 0), STAMP("<a\t@x>", 0),
    };
    char digest[MAILPROTO_APOP_DIGEST];
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_bytes text = octets(v[i].text, v[i].len);
        assert_int_equal(mailproto_sasl_is_timestamp(text), v[i].good);
        assert_int_equal(mailproto_sasl_apop(text, str("secret"), NULL, NULL, digest),
                         v[i].good ? MAILPROTO_OK : MAILPROTO_ERR_SYNTAX);
        assert_int_equal(mailproto_sasl_apop_check(text, str("secret"),
                                                   octets(digest, sizeof digest), NULL,
                                                   NULL),
                         v[i].good ? MAILPROTO_OK : MAILPROTO_ERR_SYNTAX);
    }
}

static void equal_secrets(void **state)
{
    (void)state;
    assert_int_equal(mailproto_sasl_equal(str("secret"), str("secret")), 1);
    assert_int_equal(mailproto_sasl_equal(str("secret"), str("secreT")), 0);
    assert_int_equal(mailproto_sasl_equal(str("Secret"), str("secret")), 0);
    assert_int_equal(mailproto_sasl_equal(str("secret"), str("secrets")), 0);
    assert_int_equal(mailproto_sasl_equal(str(""), str("")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_example),
        cmocka_unit_test(client_refuses_an_empty_challenge),
        cmocka_unit_test(both_sides_agree),
        cmocka_unit_test(server_example),
        cmocka_unit_test(an_answer_without_password),
        cmocka_unit_test(malformed_responses),
        cmocka_unit_test(no_initial_response),
        cmocka_unit_test(the_challenge),
        cmocka_unit_test(apop),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(equal_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
