/*
 * OAUTHBEARER (RFC 7628) and XOAUTH2 by hand: messages, every malformed one, refusals
 * with their acknowledgement, tokens far longer than any buffer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

#define A "\x01"
#define TOKEN "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
/* RFC 7628 4.1 */
#define EXAMPLE                                                                        \
    "n,a=user@example.com," A "host=server.example.com" A "port=143" A                 \
    "auth=Bearer " TOKEN A A
#define XOAUTH2 "user=user@example.com" A "auth=Bearer " TOKEN A A

static mailproto_sasl_options client_of(const char *mechanism)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, mechanism);
    o.name = str("user@example.com");
    o.password = str(TOKEN);
    return o;
}

static void client_examples(void **state)
{
    mailproto_sasl_options o = client_of("OAUTHBEARER");
    struct side s;
    (void)state;
    o.host = str("server.example.com");
    o.port = 143;
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, EXAMPLE);
    assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_OK);
    side_close(&s);
    o.host.len = 0;
    o.port = 0;
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE,
                "n,a=user@example.com," A "auth=Bearer " TOKEN A A);
    side_close(&s);
    o.name = str("us,er=");
    o.port = 65535;
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE,
                "n,a=us=2Cer=3D," A "port=65535" A "auth=Bearer " TOKEN A A);
    side_close(&s);
    o.authzid = str("another");
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE,
                "n,a=another," A "port=65535" A "auth=Bearer " TOKEN A A);
    side_close(&s);
    o.authzid.len = o.name.len = 0;
    o.port = 0;
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, "n,," A "auth=Bearer " TOKEN A A);
    side_close(&s);
    o = client_of("XOAUTH2");
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, XOAUTH2);
    assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_OK);
    side_close(&s);
}

static void client_options(void **state)
{
    static const char *const mechanisms[] = {"OAUTHBEARER", "XOAUTH2"};
    size_t i;
    (void)state;
    for (i = 0; i < 2; ++i) {
        mailproto_sasl_options o = client_of(mechanisms[i]);
        o.password = str("tok" A "en");
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
        o.password = str("tok en");
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
        o.password = str("tok\xc3\xbc");
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
        o.password = str("");
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
        o = client_of(mechanisms[i]);
        o.name = str("u" A "auth=Bearer evil" A A);
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
        o = client_of(mechanisms[i]);
        o.host = str("h" A "auth=Bearer evil");
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
        o = client_of(mechanisms[i]);
        o.port = 65536;
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    }
}

/* A refusal is a challenge, which is acknowledged (RFC 7628 3.2.3). */
static void client_is_refused(void **state)
{
    static const char *const mechanisms[] = {"OAUTHBEARER", "XOAUTH2"};
    static const char *const acknowledgements[] = {A, ""};
    size_t i;
    (void)state;
    for (i = 0; i < 2; ++i) {
        mailproto_sasl_options o = client_of(mechanisms[i]);
        struct side s;
        side_open(&s, &o);
        (void)step(s.x);
        assert_int_equal(mailproto_sasl_input(s.x, "{\"status\":", 10, 0),
                         MAILPROTO_OK);
        give_text(s.x, "\"invalid_token\"}");
        expect_text(s.x, MAILPROTO_SASL_CONTINUE, acknowledgements[i]);
        assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
        give_text(s.x, "and again?");
        expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
        side_close(&s);
    }
}

/* ---- server ------------------------------------------------------------------ */

static void server_start(struct side *s, const char *mechanism, const char *message)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, mechanism);
    side_open(s, &o);
    if (message == NULL) {
        expect_text(s->x, MAILPROTO_SASL_CONTINUE, "");
    } else {
        give_text(s->x, message);
    }
}

static void server_examples(void **state)
{
    mailproto_sasl_need_info i;
    struct side s;
    (void)state;
    server_start(&s, "OAUTHBEARER", NULL);
    give_text(s.x, EXAMPLE);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    i = need(s.x, MAILPROTO_SASL_NEED_TOKEN);
    expect_span(i.name, "user@example.com");
    expect_span(i.token, TOKEN);
    expect_span(i.host, "server.example.com");
    assert_int_equal(i.port, 143);
    expect_span(i.password, "");
    assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, NULL, 0), MAILPROTO_OK);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
    side_close(&s);
    server_start(&s, "XOAUTH2", XOAUTH2);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    i = need(s.x, MAILPROTO_SASL_NEED_TOKEN);
    expect_span(i.name, "user@example.com");
    expect_span(i.token, TOKEN);
    expect_span(i.host, "");
    assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, NULL, 0), MAILPROTO_OK);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
    side_close(&s);
}

static void well_formed(void **state)
{
    static const struct {
        const char *mechanism, *text, *name, *token;
    } v[] = {
        {"OAUTHBEARER", "n,," A "auth=bearer t" A A, "", "t"},
        {"OAUTHBEARER", "y,," A "auth=BEARER t" A A, "", "t"},
        {"OAUTHBEARER", "n,a=a=2Cb=3D," A "auth=Bearer   t" A A, "a,b=", "t"},
        {"OAUTHBEARER", "n,," A "x=a b\t\r\n=" A "auth=Bearer t" A "qs=" A A, "", "t"},
        {"XOAUTH2", "auth=Bearer t" A "user=u" A A, "u", "t"},
        {"XOAUTH2", "user=u,=" A "x=y" A "auth=bearer t" A A, "u,=", "t"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct side s;
        server_start(&s, v[i].mechanism, v[i].text);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        expect_span(need(s.x, MAILPROTO_SASL_NEED_TOKEN).name, v[i].name);
        expect_span(need(s.x, MAILPROTO_SASL_NEED_TOKEN).token, v[i].token);
        side_close(&s);
    }
}

static void malformed(void **state)
{
    static const struct {
        const char *mechanism, *text;
    } v[] = {
        {"OAUTHBEARER", ""},
        {"OAUTHBEARER", A},
        {"OAUTHBEARER", A A},
        {"OAUTHBEARER", "n,," A A},                 /* no auth */
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A}, /* not ended */
        {"OAUTHBEARER", "n,," A "auth=Bearer t"},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A A A}, /* goes on */
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A A "x"},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "auth=Bearer t" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "host=a" A "host=b" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "port=1" A "port=1" A A},
        {"OAUTHBEARER", "n,," A "auth=Basic t" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer " A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t t" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t\x80" A A},
        {"OAUTHBEARER", "n,," A "Auth=Bearer t" A A}, /* keys are as they are */
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "port=065" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "port=65536" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "port=" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "host=" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "host=a b" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "x=\x02" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "x=\v" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "x=\f" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "x=\xff" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "x1=y" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "=y" A A},
        {"OAUTHBEARER", "n,," A "auth=Bearer t" A "x" A A},
        {"OAUTHBEARER", "n,,"
                        "auth=Bearer t" A A},
        {"OAUTHBEARER", "p=tls-unique,," A "auth=Bearer t" A A},
        {"OAUTHBEARER", "x,," A "auth=Bearer t" A A},
        {"OAUTHBEARER", ",," A "auth=Bearer t" A A},
        {"OAUTHBEARER", "n," A "auth=Bearer t" A A},
        {"OAUTHBEARER", "n,user=u," A "auth=Bearer t" A A},
        {"OAUTHBEARER", "n,a=," A "auth=Bearer t" A A},
        {"OAUTHBEARER", "n,a=a=b," A "auth=Bearer t" A A},
        {"OAUTHBEARER", "n,a=a\nb," A "auth=Bearer t" A A},
        {"XOAUTH2", ""},
        {"XOAUTH2", A},
        {"XOAUTH2", "user=u" A A},
        {"XOAUTH2", "auth=Bearer t" A A},
        {"XOAUTH2", "user=" A "auth=Bearer t" A A},
        {"XOAUTH2", "user=u" A "user=v" A "auth=Bearer t" A A},
        {"XOAUTH2", "user=u\n" A "auth=Bearer t" A A},
        {"XOAUTH2", "user=\xff" A "auth=Bearer t" A A},
        {"XOAUTH2", "user=u" A "auth=" A A},
        {"XOAUTH2", "user=u" A "auth=Bearer t" A},
        {"XOAUTH2", "n,," A "user=u" A "auth=Bearer t" A A},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct side s;
        server_start(&s, v[i].mechanism, v[i].text);
        expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
        side_close(&s);
    }
}

static void a_nul_within(void **state)
{
    static const char text[] = "n,," A "auth=Bearer t" A "x=a\0b" A A;
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "OAUTHBEARER");
    struct side s;
    (void)state;
    side_open(&s, &o);
    give(s.x, text, sizeof text - 1);
    expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
    side_close(&s);
}

static void server_refuses(void **state)
{
    static const struct {
        const char *mechanism, *message, *option, *data, *challenge, *acknowledgement;
    } v[] = {
        {"OAUTHBEARER", EXAMPLE, "", "", "{\"status\":\"invalid_token\"}", A},
        {"OAUTHBEARER", EXAMPLE, "{\"scope\":1}", "", "{\"scope\":1}", A},
        {"OAUTHBEARER", EXAMPLE, "{\"scope\":1}", "{}", "{}", A},
        {"OAUTHBEARER", EXAMPLE, "", "{}", "{}", "anything"},
        {"XOAUTH2", XOAUTH2, "", "{\"status\":\"401\"}", "{\"status\":\"401\"}", ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, v[i].mechanism);
        struct side s;
        o.oauth_error = str(v[i].option);
        side_open(&s, &o);
        give_text(s.x, v[i].message);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_ERR_AUTH, v[i].data,
                                               strlen(v[i].data)),
                         MAILPROTO_OK);
        expect_text(s.x, MAILPROTO_SASL_CONTINUE, v[i].challenge);
        give_text(s.x, v[i].acknowledgement);
        expect_failed(s.x, MAILPROTO_ERR_AUTH);
        side_close(&s);
    }
}

/* RFC 7628 4.3: asked with nothing, the server tells its scope and asks nobody. */
static void an_empty_auth_asks_for_the_scope(void **state)
{
    struct side s;
    (void)state;
    server_start(&s, "OAUTHBEARER",
                 "n,a=user@example.com," A "host=server.example.com" A "port=143" A
                 "auth=" A A);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, "{\"status\":\"invalid_token\"}");
    give_text(s.x, A);
    expect_failed(s.x, MAILPROTO_ERR_AUTH);
    side_close(&s);
}

static void other_verdicts(void **state)
{
    struct side s;
    (void)state;
    server_start(&s, "XOAUTH2", XOAUTH2);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_ERR_AUTH_TEMPORARY, NULL, 0),
                     MAILPROTO_OK);
    expect_failed(s.x, MAILPROTO_ERR_AUTH_TEMPORARY);
    side_close(&s);
}

/* ---- long ones --------------------------------------------------------------- */

static char long_token[8192];

static void answer_token(struct talk *t, const mailproto_sasl_need_info *need)
{
    int good = need->token.len == sizeof long_token &&
               memcmp(need->token.ptr, long_token, sizeof long_token) == 0;
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_TOKEN);
    assert_int_equal(mailproto_sasl_answer(t->server.x,
                                           good ? MAILPROTO_OK : MAILPROTO_ERR_AUTH,
                                           NULL, 0),
                     MAILPROTO_OK);
}

static void eight_kilobytes(void **state)
{
    static const char *const mechanisms[] = {"OAUTHBEARER", "XOAUTH2"};
    static const size_t pieces[] = {1, 48, 512, 16000};
    size_t i, k;
    (void)state;
    for (k = 0; k < sizeof long_token; ++k) {
        long_token[k] = (char)('!' + k % 94);
    }
    for (i = 0; i < 2; ++i) {
        for (k = 0; k < 4; ++k) {
            mailproto_sasl_options c = client_of(mechanisms[i]);
            mailproto_sasl_options s =
                options_for(MAILPROTO_SASL_SERVER, mechanisms[i]);
            struct talk t;
            memset(&t, 0, sizeof t);
            c.password = octets(long_token, sizeof long_token);
            t.piece = pieces[k];
            t.cut = pieces[k];
            t.answer = answer_token;
            side_open(&t.client, &c);
            side_open(&t.server, &s);
            assert_in_range(t.client.size, 1, 1500); /* the token is not copied */
            converse(&t);
            assert_int_equal(t.client_sure, 1);
            assert_in_range(t.longest, 8192, 9000);
            side_close(&t.client);
            side_close(&t.server);
            /* Both sides of the limit. */
            s.message_max = (uint32_t)t.longest;
            t.server_done = t.messages = 0;
            side_open(&t.client, &c);
            side_open(&t.server, &s);
            converse(&t);
            assert_int_equal(t.client_sure, 1);
            side_close(&t.client);
            side_close(&t.server);
            s.message_max--;
            t.server_done = t.messages = 0;
            side_open(&t.client, &c);
            side_open(&t.server, &s);
            converse(&t);
            assert_int_equal(t.server_done, 0);
            assert_int_equal(t.server_error, MAILPROTO_ERR_TOO_LONG);
            side_close(&t.client);
            side_close(&t.server);
        }
    }
}

static void an_error_that_does_not_fit(void **state)
{
    static char json[200];
    size_t len;
    (void)state;
    memset(json, ' ', sizeof json);
    for (len = 150; len < 152; ++len) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "XOAUTH2");
        struct side s;
        o.message_max = 150;
        side_open(&s, &o);
        give_text(s.x, XOAUTH2);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_ERR_AUTH, json, len),
                         len == 150 ? MAILPROTO_OK : MAILPROTO_ERR_TOO_LONG);
        if (len == 150) {
            assert_int_equal(step(s.x).response, 150);
        } else {
            expect_failed(s.x, MAILPROTO_ERR_TOO_LONG);
        }
        side_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_examples),
        cmocka_unit_test(client_options),
        cmocka_unit_test(client_is_refused),
        cmocka_unit_test(server_examples),
        cmocka_unit_test(well_formed),
        cmocka_unit_test(malformed),
        cmocka_unit_test(a_nul_within),
        cmocka_unit_test(server_refuses),
        cmocka_unit_test(an_empty_auth_asks_for_the_scope),
        cmocka_unit_test(other_verdicts),
        cmocka_unit_test(eight_kilobytes),
        cmocka_unit_test(an_error_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
