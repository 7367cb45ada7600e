/*
 * What a server is asked about a SCRAM client: on whose behalf it acts, whom a prepared
 * name means; and which channel binding it has, when it has only a second one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

static mailproto_sasl_options client_of(const char *mechanism)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, mechanism);
    o.name = str("alice");
    o.password = str("wonderland");
    o.nonce = str("random octets of the client");
    o.min_iterations = 1;
    return o;
}

static mailproto_sasl_options server_of(const char *mechanism)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, mechanism);
    o.nonce = str("random octets of the server");
    o.salt_key = str("a secret of the server");
    o.iterations = 5;
    return o;
}

/* ---- to act as another ------------------------------------------------------- */

/* Whom the server was asked about, and what it says. */
struct seen {
    int calls;
    int may_act;
    int has_keys; /* it stores keys, made by `keys`; else it knows the password */
    const char *authzid;
    mailproto_sasl_scram stored;
};

static void answer_acting(struct talk *t, const mailproto_sasl_need_info *need)
{
    struct seen *seen = t->ctx;
    mailproto_status want = MAILPROTO_OK;
    ++seen->calls;
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_SCRAM);
    expect_span(need->name, "alice");
    expect_span(need->authzid, seen->authzid);
    assert_int_equal(need->password.len, 0);
    assert_int_equal(need->token.len, 0);
    if (!seen->may_act) {
        want = mailproto_sasl_answer(t->server.x, MAILPROTO_ERR_AUTH, NULL, 0);
    } else if (seen->has_keys) {
        want = mailproto_sasl_answer_scram(t->server.x, &seen->stored);
    } else {
        want = mailproto_sasl_answer(t->server.x, MAILPROTO_OK, "wonderland", 10);
    }
    assert_int_equal(want, MAILPROTO_OK);
}

/* What the server stores. */
static void enrol(struct side *s, const char *mechanism, mailproto_sasl_scram *stored)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_ENROL, mechanism);
    o.password = str("wonderland");
    o.salt = str("a salt");
    o.iterations = 7;
    side_open(s, &o);
    assert_int_equal(finish(s->x).state, MAILPROTO_SASL_DONE);
    memset(stored, 0, sizeof *stored);
    stored->struct_size = sizeof *stored;
    assert_int_equal(mailproto_sasl_enrolled(s->x, stored), MAILPROTO_OK);
}

static void scram_as_another(void **state)
{
    static const char *const mechanisms[] = {"SCRAM-SHA-1", "SCRAM-SHA-256",
                                             "SCRAM-SHA-256-PLUS"};
    static const char *const whom[] = {"", "bob", "b=o,b", "b\xc3\xb6"};
    size_t i, k;
    int how;
    (void)state;
    for (i = 0; i < 3; ++i) {
        for (k = 0; k < 4; ++k) {
            for (how = 0; how < 4; ++how) {
                mailproto_sasl_options c = client_of(mechanisms[i]);
                mailproto_sasl_options s = server_of(mechanisms[i]);
                struct seen seen;
                struct side keys;
                struct talk t;
                memset(&seen, 0, sizeof seen);
                memset(&t, 0, sizeof t);
                seen.may_act = how & 1;
                seen.has_keys = how >> 1;
                seen.authzid = whom[k];
                enrol(&keys, mechanisms[i], &seen.stored);
                c.authzid = str(whom[k]);
                c.binding_type = s.binding_type = MAILPROTO_BINDING_EXPORTER;
                c.binding = s.binding = str("this connection");
                if (i < 2) { /* no -PLUS: then this server does not bind */
                    s.binding_type = MAILPROTO_BINDING_NONE;
                    s.binding = str("");
                }
                t.piece = 100;
                t.answer = answer_acting;
                t.ctx = &seen;
                side_open(&t.client, &c);
                side_open(&t.server, &s);
                converse(&t);
                assert_int_equal(seen.calls, 1);
                assert_int_equal(t.server_done, seen.may_act);
                assert_int_equal(t.client_sure, seen.may_act);
                if (!seen.may_act) { /* at the end only, as for an unknown user */
                    assert_int_equal(t.server_error, MAILPROTO_ERR_AUTH);
                    assert_int_equal(t.messages, 3);
                }
                side_close(&t.client);
                side_close(&t.server);
                side_close(&keys);
            }
        }
    }
}

/* ---- prepared names ---------------------------------------------------------- */

/* Writes what `ctx` says, whatever comes. */
static mailproto_status into(void *ctx, uint32_t what, const void *text, size_t len,
                             void *out, size_t cap, size_t *got)
{
    const mailproto_bytes *to = ctx;
    (void)what;
    (void)text;
    (void)len;
    assert_in_range(to->len, 1, cap);
    memcpy(out, to->ptr, to->len);
    *got = to->len;
    return MAILPROTO_OK;
}

/* A preparation that yields a control character, NUL or no UTF-8 makes no name. */
static void a_prepared_name_is_a_name(void **state)
{
    static const struct {
        const char *mechanism, *message;
        size_t len;
    } v[] = {
        {"PLAIN", "\0u\xc3\xbc\0pass", 9},
        {"SCRAM-SHA-256", "n,,n=u\xc3\xbc,r=abc", 14},
        {"CRAM-MD5", "u\xc3\xbc 00112233445566778899aabbccddeeff", 36},
    };
    static const struct {
        const char *text;
        size_t len;
        int good;
    } to[] = {{"ue", 2, 1},          {"u\xc3\xbc", 3, 1}, {"u\ne", 3, 0},
              {"u\0e", 3, 0},        {"u\xc3", 2, 0},     {"u\x7f", 2, 0},
              {"admin\0user", 10, 0}};
    size_t i, k;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        for (k = 0; k < sizeof to / sizeof to[0]; ++k) {
            mailproto_sasl_options o = server_of(v[i].mechanism);
            mailproto_bytes text = octets(to[k].text, to[k].len);
            struct side s;
            o.prepare = into;
            o.prepare_ctx = &text;
            side_open(&s, &o);
            if (i == 2) {
                assert_int_equal(step(s.x).state, MAILPROTO_SASL_CONTINUE);
            }
            give(s.x, v[i].message, v[i].len);
            if (to[k].good) {
                mailproto_sasl_need_info n;
                memset(&n, 0, sizeof n);
                n.struct_size = sizeof n;
                assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
                assert_int_equal(mailproto_sasl_need(s.x, &n), MAILPROTO_OK);
                expect_span(n.name, to[k].text);
            } else {
                expect_failed(s.x, MAILPROTO_ERR_AUTH);
            }
            side_close(&s);
        }
    }
}

/* A password may hold what a name may not, NUL aside. */
static void a_prepared_password_has_no_nul(void **state)
{
    mailproto_sasl_options o = server_of("PLAIN");
    mailproto_bytes text = octets("p\0q", 3);
    struct side s;
    (void)state;
    o.prepare = into;
    o.prepare_ctx = &text;
    side_open(&s, &o);
    give(s.x, "\0user\0\xc3\xbc", 8);
    expect_failed(s.x, MAILPROTO_ERR_AUTH);
    side_close(&s);
    text = str("p\nq");
    side_open(&s, &o);
    give(s.x, "\0user\0\xc3\xbc", 8);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    expect_span(need(s.x, MAILPROTO_SASL_NEED_VERIFY).password, "p\nq");
    side_close(&s);
}

/* ---- the second binding alone ------------------------------------------------ */

static void answer_known(struct talk *t, const mailproto_sasl_need_info *need)
{
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_SCRAM);
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, "wonderland", 10),
                     MAILPROTO_OK);
}

static void another_binding_is_a_binding(void **state)
{
    static const struct {
        const char *client, *server;
        const char *data;
        int works;
    } v[] = {
        {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "end point", 1},
        {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "another", 0},
        /* The client believes that the server cannot: it was deceived. */
        {"SCRAM-SHA-256", "SCRAM-SHA-256", "end point", 0},
        {"SCRAM-SHA-256", "SCRAM-SHA-256", "", 1},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options c = client_of(v[i].client);
        mailproto_sasl_options s = server_of(v[i].server);
        struct talk t;
        memset(&t, 0, sizeof t);
        c.binding = str(v[i].data);
        c.binding_type =
            c.binding.len > 0 ? MAILPROTO_BINDING_END_POINT : MAILPROTO_BINDING_NONE;
        s.other_binding = str("end point");
        s.other_binding_type = MAILPROTO_BINDING_END_POINT;
        t.piece = 100;
        t.answer = answer_known;
        side_open(&t.client, &c);
        side_open(&t.server, &s);
        converse(&t);
        assert_int_equal(t.server_done, v[i].works);
        assert_int_equal(t.client_sure, v[i].works);
        if (!v[i].works) {
            assert_int_equal(t.server_error, MAILPROTO_ERR_AUTH);
        }
        side_close(&t.client);
        side_close(&t.server);
    }
    /* A client has one; a server needs one of them. */
    {
        mailproto_sasl_options c = client_of("SCRAM-SHA-256-PLUS");
        mailproto_sasl_options s = server_of("SCRAM-SHA-256-PLUS");
        c.other_binding = str("end point");
        c.other_binding_type = MAILPROTO_BINDING_END_POINT;
        expect_refused(&c, MAILPROTO_ERR_ARGUMENT);
        expect_refused(&s, MAILPROTO_ERR_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scram_as_another),
        cmocka_unit_test(a_prepared_name_is_a_name),
        cmocka_unit_test(a_prepared_password_has_no_nul),
        cmocka_unit_test(another_binding_is_a_binding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
