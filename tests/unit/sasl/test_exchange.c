/*
 * Client against server, every mechanism: at every place where messages may be cut,
 * with output in pieces of every size, with right and with wrong credentials; and a
 * mechanism of the caller with three steps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"
#include "ladder.h"

struct setting {
    const char *mechanism;
    const char *authzid, *name, *password, *wrong;
};

static const struct setting settings[] = {
    {"PLAIN", "admin", "alice", "wonderland", "wonderlanD"},
    {"LOGIN", "", "alice", "wonderland", "wonderlanD"},
    {"EXTERNAL", "alice", "", "", NULL},
    {"EXTERNAL", "", "", "", NULL},
    {"ANONYMOUS", "", "a trace", "", NULL},
    {"ANONYMOUS", "", "", "", NULL},
    {"CRAM-MD5", "", "alice", "wonderland", "wonderlanD"},
    {"SCRAM-SHA-1", "", "al,i=ce", "wonderland", "wonderlanD"},
    {"SCRAM-SHA-256", "admin", "alice", "wonderland", "wonderlanD"},
    {"SCRAM-SHA-1-PLUS", "", "alice", "wonderland", "wonderlanD"},
    {"SCRAM-SHA-256-PLUS", "a=", "\xc3\xa4lice", "wonderl\xc3\xa4nd",
     "wonderl\xc3\xb6nd"},
    {"OAUTHBEARER", "", "alice", "wonderland", "wonderlanD"},
    {"XOAUTH2", "", "alice", "wonderland", "wonderlanD"},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* The application's side of a server: what the client is known by. */
static void answer(struct talk *t, const mailproto_sasl_need_info *need)
{
    const struct setting *g = t->ctx;
    mailproto_status verdict = MAILPROTO_OK;
    const char *data = NULL;
    size_t len = 0;
    switch (need->need) {
    case MAILPROTO_SASL_NEED_VERIFY:
        expect_span(need->name, g->name);
        expect_span(need->authzid, g->authzid);
        verdict = mailproto_sasl_equal(need->password, str(g->password))
                      ? MAILPROTO_OK
                      : MAILPROTO_ERR_AUTH;
        break;
    case MAILPROTO_SASL_NEED_PASSWORD:
    case MAILPROTO_SASL_NEED_SCRAM:
        expect_span(need->name, g->name);
        expect_span(need->authzid, g->authzid);
        data = g->password;
        len = strlen(data);
        break;
    case MAILPROTO_SASL_NEED_TOKEN:
        expect_span(need->name, g->name);
        verdict = mailproto_sasl_equal(need->token, str(g->password))
                      ? MAILPROTO_OK
                      : MAILPROTO_ERR_AUTH;
        break;
    case MAILPROTO_SASL_NEED_EXTERNAL:
        expect_span(need->authzid, g->authzid);
        break;
    case MAILPROTO_SASL_NEED_ANONYMOUS:
        expect_span(need->trace, g->name);
        break;
    default:
        fail();
    }
    if (t->limited) {
        (void)mailproto_sasl_answer(t->server.x, verdict, data, len);
        return;
    }
    assert_int_equal(mailproto_sasl_answer(t->server.x, verdict, data, len),
                     MAILPROTO_OK);
}

static uint32_t client_max, server_max; /* message_max of both; 0: the default */

static void set_up(struct talk *t, const struct setting *g, const char *password)
{
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, g->mechanism);
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, g->mechanism);
    memset(t, 0, sizeof *t);
    c.authzid = str(g->authzid);
    c.name = str(g->name);
    c.password = str(password);
    c.nonce = str("random octets of the client");
    c.min_iterations = 1;
    s.nonce = str("random octets of the server");
    s.salt_key = str("a secret of the server");
    s.iterations = 3;
    if (mailproto_sasl_flags(c.mechanism) & MAILPROTO_SASL_PLUS) {
        c.binding_type = s.binding_type = MAILPROTO_BINDING_END_POINT;
        c.binding = s.binding = str("hash of the certificate");
    }
    c.message_max = client_max;
    s.message_max = server_max;
    t->limited = client_max != 0 || server_max != 0;
    t->answer = answer;
    t->ctx = (void *)(uintptr_t)g;
    t->piece = TEXT_MAX;
    side_open(&t->client, &c);
    side_open(&t->server, &s);
}

static void tear_down(struct talk *t)
{
    side_close(&t->client);
    side_close(&t->server);
}

static void expect_success(struct talk *t)
{
    converse(t);
    assert_int_equal(t->server_done, 1);
    assert_int_equal(t->client_sure, 1);
    assert_int_equal(t->client_error, MAILPROTO_OK);
    assert_int_equal(t->server_error, MAILPROTO_OK);
}

static void every_cut_and_piece(void **state)
{
    size_t i, cut, longest;
    int no_initial;
    (void)state;
    for (i = 0; i < SETTINGS; ++i) {
        for (no_initial = 0; no_initial < 2; ++no_initial) {
            for (cut = 0, longest = 1; cut <= longest; ++cut) {
                struct talk t;
                set_up(&t, &settings[i], settings[i].password);
                t.no_initial = no_initial;
                t.cut = cut;
                t.piece = cut + 1;
                expect_success(&t);
                longest = t.longest;
                tear_down(&t);
            }
        }
    }
}

/* In three pieces too: the middle one empty or not. */
static void three_pieces(void **state)
{
    size_t i, a, b;
    (void)state;
    for (i = 0; i < SETTINGS; ++i) {
        char first[256];
        size_t len;
        struct talk t;
        set_up(&t, &settings[i], settings[i].password);
        if (step(t.client.x).state == MAILPROTO_SASL_WAIT) {
            tear_down(&t);
            continue;
        }
        len = take_response(t.client.x, 10, first);
        tear_down(&t);
        for (a = 0; a <= len; a += 1 + len / 7) {
            for (b = a; b <= len; b += 1 + len / 7) {
                set_up(&t, &settings[i], settings[i].password);
                assert_int_equal(mailproto_sasl_input(t.server.x, first, a, 0), 0);
                assert_int_equal(mailproto_sasl_input(t.server.x, first + a, b - a, 0),
                                 0);
                assert_int_equal(
                    mailproto_sasl_input(t.server.x, first + b, len - b, 1), 0);
                assert_int_equal(step(t.server.x).state, MAILPROTO_SASL_NEEDS);
                tear_down(&t);
            }
        }
    }
}

static void wrong_credentials(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < SETTINGS; ++i) {
        struct talk t;
        if (settings[i].wrong == NULL) {
            continue;
        }
        set_up(&t, &settings[i], settings[i].wrong);
        converse(&t);
        assert_int_equal(t.server_done, 0);
        assert_int_equal(t.client_sure, 0);
        assert_int_equal(t.server_error, MAILPROTO_ERR_AUTH);
        tear_down(&t);
    }
}

/* Every message_max from 1 up: too small ones end the exchange in order, one that
 * suffices leaves room for no accident. */
static void every_limit(void **state)
{
    size_t i;
    int of_client;
    (void)state;
    for (i = 0; i < SETTINGS; ++i) {
        for (of_client = 0; of_client < 2; ++of_client) {
            uint32_t max;
            int worked = 0;
            for (max = 1; max < 600; ++max) {
                struct talk t;
                client_max = of_client ? max : 0;
                server_max = of_client ? 0 : max;
                set_up(&t, &settings[i], settings[i].password);
                converse(&t);
                if (t.client_sure) {
                    worked = 1;
                } else {
                    assert_int_equal(worked, 0); /* once enough, always enough */
                    assert_int_equal(of_client ? t.client_error : t.server_error,
                                     MAILPROTO_ERR_TOO_LONG);
                }
                tear_down(&t);
            }
            assert_int_equal(worked, 1);
        }
    }
    client_max = server_max = 0;
}

/* A server that says "welcome" at any point is believed only where there is nothing
 * to be proven, or it was. */
static void a_success_out_of_turn(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < SETTINGS; ++i) {
        struct talk t;
        int is_scram = strncmp(settings[i].mechanism, "SCRAM", 5) == 0;
        set_up(&t, &settings[i], settings[i].password);
        assert_int_equal(mailproto_sasl_proven(t.client.x), MAILPROTO_ERR_AUTH);
        if (step(t.client.x).state == MAILPROTO_SASL_WAIT) {
            assert_int_equal(mailproto_sasl_proven(t.client.x), MAILPROTO_ERR_AUTH);
            tear_down(&t);
            continue;
        }
        assert_int_equal(mailproto_sasl_proven(t.client.x),
                         is_scram ? MAILPROTO_ERR_AUTH : MAILPROTO_OK);
        tear_down(&t);
    }
}

/* ---- a mechanism of the caller ----------------------------------------------- */

static void answer_ladder(struct talk *t, const mailproto_sasl_need_info *need)
{
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_CUSTOM + 7);
    expect_span(need->name, "whoever is up there");
    assert_int_equal(
        mailproto_sasl_answer(
            t->server.x, t->ctx == NULL ? MAILPROTO_OK : MAILPROTO_ERR_AUTH, "data", 4),
        MAILPROTO_OK);
}

static void a_mechanism_of_three_steps(void **state)
{
    size_t cut, i;
    (void)state;
    for (cut = 0; cut < 40; ++cut) {
        for (i = 0; i < 2; ++i) {
            mailproto_sasl_options c = ladder_options(MAILPROTO_SASL_CLIENT);
            mailproto_sasl_options s = ladder_options(MAILPROTO_SASL_SERVER);
            struct talk t;
            memset(&t, 0, sizeof t);
            t.cut = cut;
            t.piece = 64;
            t.answer = answer_ladder;
            t.ctx = i ? &t : NULL;
            side_open(&t.client, &c);
            side_open(&t.server, &s);
            expect_span(mailproto_sasl_name(t.client.x), "X-LADDER");
            converse(&t);
            assert_int_equal(t.messages, 6);
            assert_int_equal(t.server_done, i ? 0 : 1);
            assert_int_equal(t.client_sure, i ? 0 : 1);
            assert_int_equal(t.server_error, i ? MAILPROTO_ERR_AUTH : MAILPROTO_OK);
            side_close(&t.client);
            side_close(&t.server);
        }
    }
}

static void a_mechanism_that_refuses(void **state)
{
    static const char much[65] = {0};
    mailproto_sasl_options o = ladder_options(MAILPROTO_SASL_SERVER);
    mailproto_sasl_mechanism bad = ladder;
    struct side s;
    (void)state;
    o.name = str("bad");
    assert_int_equal(side_try(&s, &o), MAILPROTO_ERR_ARGUMENT);
    side_close(&s);
    o.name = str("");
    side_open(&s, &o);
    assert_int_equal(mailproto_sasl_input(s.x, much, sizeof much, 1),
                     MAILPROTO_ERR_TOO_LONG);
    expect_failed(s.x, MAILPROTO_ERR_TOO_LONG);
    side_close(&s);
    o.custom = &bad;
    bad.step = NULL;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    bad = ladder;
    bad.struct_size -= 8;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    bad = ladder;
    bad.name = NULL;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    bad = ladder;
    bad.proven = NULL; /* nothing to prove */
    bad.need = NULL;
    side_open(&s, &o);
    assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_OK);
    side_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_and_piece),
        cmocka_unit_test(three_pieces),
        cmocka_unit_test(wrong_credentials),
        cmocka_unit_test(every_limit),
        cmocka_unit_test(a_success_out_of_turn),
        cmocka_unit_test(a_mechanism_of_three_steps),
        cmocka_unit_test(a_mechanism_that_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
