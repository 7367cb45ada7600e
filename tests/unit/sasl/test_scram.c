/*
 * SCRAM by hand: the examples of RFC 5802 and RFC 7677 in both roles, every rule of
 * the messages and of channel binding, limits, unknown users, what a server stores,
 * and what the caller may bring.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "exchange.h"

/* The example of a mechanism. */
struct example {
    const char *mechanism, *client_nonce, *server_nonce, *salt;
    size_t salt_len;
    const char *first, *server_first, *final, *server_final;
};

static const struct example rfc5802 = {
    /* 5 */
    "SCRAM-SHA-1",
    "fyko+d2lbbFgONRv9qkxdawL",
    "3rfcNHYJY1ZVvWVs7j",
    "\x41\x25\xc2\x47\xe4\x3a\xb1\xe9\x3c\x6d\xff\x76",
    12,
    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+"
    "HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
};

static const struct example rfc7677 = {
    /* 3 */
    "SCRAM-SHA-256",
    "rOprNGfwEbeRWgbNEkqO",
    "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    "\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81",
    16,
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i="
    "4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

static mailproto_sasl_options client_of(const struct example *e)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, e->mechanism);
    o.name = str("user");
    o.password = str("pencil");
    o.nonce = str(e->client_nonce);
    o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    return o;
}

static mailproto_sasl_options server_of(const struct example *e)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, e->mechanism);
    o.nonce = str(e->server_nonce);
    o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    o.salt_key = str("a secret of this server");
    return o;
}

/* What a server stores of the example's password; the exchange stays open. */
static mailproto_sasl_scram stored_for(struct side *s, const struct example *e,
                                       uint32_t iterations)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_ENROL, e->mechanism);
    mailproto_sasl_scram stored;
    o.password = str("pencil");
    o.salt = octets(e->salt, e->salt_len);
    o.iterations = iterations;
    o.work_step = MAILPROTO_UNLIMITED;
    side_open(s, &o);
    memset(&stored, 0, sizeof stored);
    stored.struct_size = sizeof stored;
    assert_int_equal(mailproto_sasl_enrolled(s->x, &stored), MAILPROTO_ERR_STATE);
    assert_int_equal(finish(s->x).state, MAILPROTO_SASL_DONE);
    assert_int_equal(mailproto_sasl_enrolled(s->x, &stored), MAILPROTO_OK);
    assert_int_equal(stored.iterations, iterations);
    assert_int_equal(mailproto_sasl_input(s->x, "x", 1, 1), MAILPROTO_ERR_STATE);
    return stored;
}

/* ---- the examples ------------------------------------------------------------ */

/* `early`: a bare success comes before that message of the server's; it is none, nor is
 * one that comes after it. */
static void client_example(const struct example *e, int early)
{
    mailproto_sasl_options o = client_of(e);
    struct side s;
    int working = 0;
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, e->first);
    if (early == 1) {
        assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
    }
    give_text(s.x, e->server_first);
    while (step(s.x).state == MAILPROTO_SASL_WORKING) {
        assert_int_equal(mailproto_sasl_input(s.x, "", 0, 1), MAILPROTO_ERR_STATE);
        ++working;
    }
    assert_int_equal(working, 3); /* 4095 further iterations, 1024 a step */
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, e->final);
    if (early == 2) {
        assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
    }
    give_text(s.x, e->server_final);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
    assert_int_equal(mailproto_sasl_proven(s.x),
                     early ? MAILPROTO_ERR_AUTH : MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_input(s.x, "x", 1, 1), MAILPROTO_ERR_STATE);
    mailproto_sasl_wipe(s.x);
    assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
    side_close(&s);
}

static void server_example(const struct example *e)
{
    mailproto_sasl_options o = server_of(e);
    struct side s, keys;
    mailproto_sasl_scram stored = stored_for(&keys, e, 4096);
    mailproto_sasl_need_info i;
    side_open(&s, &o);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_CONTINUE);
    assert_int_equal(step(s.x).response, 0);
    give_text(s.x, e->first);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    i = need(s.x, MAILPROTO_SASL_NEED_SCRAM);
    expect_span(i.name, "user");
    expect_span(i.authzid, "");
    assert_int_equal(mailproto_sasl_input(s.x, "x", 1, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_sasl_answer_scram(s.x, &stored), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_answer_scram(s.x, &stored), MAILPROTO_ERR_STATE);
    side_close(&keys); /* used within the call */
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, e->server_first);
    give_text(s.x, e->final);
    expect_text(s.x, MAILPROTO_SASL_DONE_WITH_DATA, e->server_final);
    assert_int_equal(mailproto_sasl_input(s.x, "", 0, 1), MAILPROTO_ERR_STATE);
    side_close(&s);
}

static void examples(void **state)
{
    int early;
    (void)state;
    for (early = 0; early < 3; ++early) {
        client_example(&rfc5802, early);
        client_example(&rfc7677, early);
    }
    server_example(&rfc5802);
    server_example(&rfc7677);
}

/* ---- what the client refuses ------------------------------------------------- */

static mailproto_status client_takes(const char *server_first)
{
    mailproto_sasl_options o = client_of(&rfc7677);
    struct side s;
    mailproto_sasl_state st;
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, rfc7677.first);
    give_text(s.x, server_first);
    st = finish(s.x);
    if (st.state == MAILPROTO_SASL_FAILED) {
        assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
    } else {
        assert_int_equal(st.state, MAILPROTO_SASL_CONTINUE);
    }
    side_close(&s);
    return st.state == MAILPROTO_SASL_FAILED ? st.error : MAILPROTO_OK;
}

#define NONCE "r=rOprNGfwEbeRWgbNEkqO%hvY"
#define SALT "s=W22ZaJ0SNY7soEsUEjb6gQ=="

static void server_first(void **state)
{
    static const struct {
        const char *text;
        mailproto_status want;
    } v[] = {
        {NONCE "," SALT ",i=4096", MAILPROTO_OK},
        {NONCE "," SALT ",i=4096,x=1", MAILPROTO_OK}, /* 5.1: must be ignored */
        {NONCE "," SALT ",i=4096,x=\xc3\xbc=,y=z", MAILPROTO_OK},
        {"m=ext," NONCE "," SALT ",i=4096", MAILPROTO_ERR_SYNTAX}, /* 5.1, "m" */
        {NONCE "," SALT ",i=4096,m=ext", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=4096,", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=4096,x", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=4096,x=", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=4096,x=\xff", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=4096,1=x", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=4095", MAILPROTO_ERR_AUTH_WEAK},
        {NONCE "," SALT ",i=1", MAILPROTO_ERR_AUTH_WEAK},
        {NONCE "," SALT ",i=1000001", MAILPROTO_ERR_COUNT_LIMIT},
        {NONCE "," SALT ",i=4294967296", MAILPROTO_ERR_COUNT_LIMIT},
        {NONCE "," SALT ",i=18446744073709555712", MAILPROTO_ERR_COUNT_LIMIT},
        {NONCE "," SALT ",i=0", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=04096", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=-4096", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=+4096", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i= 4096", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=4096 ", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT ",i=", MAILPROTO_ERR_SYNTAX},
        {NONCE "," SALT, MAILPROTO_ERR_SYNTAX},
        {NONCE ",i=4096," SALT, MAILPROTO_ERR_SYNTAX},
        {SALT "," NONCE ",i=4096", MAILPROTO_ERR_SYNTAX},
        {"r=rOprNGfwEbeRWgbNEkqO," SALT ",i=4096",
         MAILPROTO_ERR_SYNTAX}, /* adds nothing */
        {"r=rOprNGfwEbeRWgbNEkqP%hvY," SALT ",i=4096", MAILPROTO_ERR_SYNTAX},
        {"r=rOprNGfwEbeRWgbNEkq," SALT ",i=4096", MAILPROTO_ERR_SYNTAX},
        {"r=rOprNGfwEbeRWgbNEkqO \x80," SALT ",i=4096", MAILPROTO_ERR_SYNTAX},
        {"r=rOprNGfwEbeRWgbNEkqO\x7f," SALT ",i=4096", MAILPROTO_ERR_SYNTAX},
        {"R=rOprNGfwEbeRWgbNEkqO%hvY," SALT ",i=4096", MAILPROTO_ERR_SYNTAX},
        {NONCE ",s=,i=4096", MAILPROTO_ERR_SYNTAX},
        {NONCE ",s=W22?,i=4096", MAILPROTO_ERR_SYNTAX},
        {NONCE ",s=W22ZaJ0SNY7soEsUEjb6gR==,i=4096",
         MAILPROTO_ERR_SYNTAX}, /* unused bits */
        {NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096", MAILPROTO_ERR_SYNTAX}, /* padding */
        {NONCE ",s=W22 ZaJ0,i=4096", MAILPROTO_ERR_SYNTAX},
        {"", MAILPROTO_ERR_SYNTAX},
        {"r=", MAILPROTO_ERR_SYNTAX},
        {",", MAILPROTO_ERR_SYNTAX},
        {"e=unknown-user", MAILPROTO_ERR_AUTH_CANCELLED}, /* the server's refusal */
        {"e=", MAILPROTO_ERR_AUTH_CANCELLED},
        {"e", MAILPROTO_ERR_SYNTAX},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", MAILPROTO_ERR_SYNTAX},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        assert_int_equal(client_takes(v[i].text), v[i].want);
    }
}

static void a_nul_in_server_first(void **state)
{
    static const char text[] = NONCE "," SALT ",i=4096,x=a\0b";
    mailproto_sasl_options o = client_of(&rfc7677);
    struct side s;
    (void)state;
    side_open(&s, &o);
    (void)step(s.x);
    give(s.x, text, sizeof text - 1);
    expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
    side_close(&s);
}

static void server_final(void **state)
{
    static const struct {
        const char *text;
        mailproto_status want;
    } v[] = {
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", MAILPROTO_OK},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=1", MAILPROTO_OK},
        {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", MAILPROTO_ERR_AUTH},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=", MAILPROTO_ERR_AUTH},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJR", MAILPROTO_ERR_AUTH},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4AAAA=", MAILPROTO_ERR_AUTH},
        {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4", MAILPROTO_ERR_SYNTAX},
        {"v=", MAILPROTO_ERR_SYNTAX},
        {"", MAILPROTO_ERR_SYNTAX},
        {"e=invalid-proof", MAILPROTO_ERR_AUTH_CANCELLED},
        {"e=other-error,x=1", MAILPROTO_ERR_AUTH_CANCELLED},
        {"m=x,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", MAILPROTO_ERR_SYNTAX},
        {"p=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", MAILPROTO_ERR_SYNTAX},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options o = client_of(&rfc7677);
        struct side s;
        side_open(&s, &o);
        (void)step(s.x);
        give_text(s.x, rfc7677.server_first);
        assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
        give_text(s.x, v[i].text);
        if (v[i].want == MAILPROTO_OK) {
            assert_int_equal(finish(s.x).state, MAILPROTO_SASL_DONE);
            assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_OK);
        } else {
            expect_failed(s.x, v[i].want);
        }
        side_close(&s);
    }
}

/* Both sides of the floor and the cap, which are options. */
static void iteration_limits(void **state)
{
    static const struct {
        uint32_t min, max, count;
        mailproto_status want;
    } v[] = {
        {100, 200, 99, MAILPROTO_ERR_AUTH_WEAK},
        {100, 200, 100, MAILPROTO_OK},
        {100, 200, 200, MAILPROTO_OK},
        {100, 200, 201, MAILPROTO_ERR_COUNT_LIMIT},
        {1, 1, 1, MAILPROTO_OK},
        {1, 1, 2, MAILPROTO_ERR_COUNT_LIMIT},
        {0, MAILPROTO_UNLIMITED, 4095, MAILPROTO_ERR_AUTH_WEAK},
    };
    char text[128];
    size_t i;
    mailproto_sasl_options o = client_of(&rfc7677);
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct side s;
        o.min_iterations = v[i].min;
        o.max_iterations = v[i].max;
        side_open(&s, &o);
        (void)step(s.x);
        snprintf(text, sizeof text, "%s,%s,i=%u", NONCE, SALT, v[i].count);
        give_text(s.x, text);
        if (v[i].want == MAILPROTO_OK) {
            assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
        } else {
            expect_failed(s.x, v[i].want);
        }
        side_close(&s);
    }
    o.min_iterations = 201;
    o.max_iterations = 200;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
}

static void a_message_too_long(void **state)
{
    mailproto_sasl_options o = client_of(&rfc7677);
    struct side s;
    size_t len = strlen(rfc7677.server_first);
    size_t needed = len + 16 + 46 + 32; /* the salt, and what follows */
    (void)state;
    o.message_max = (uint32_t)needed;
    side_open(&s, &o);
    (void)step(s.x);
    give_text(s.x, rfc7677.server_first);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, rfc7677.final);
    give_text(s.x, rfc7677.server_final);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
    side_close(&s);

    o.message_max = (uint32_t)len - 1; /* estimates of the own text leave some room */
    side_open(&s, &o);
    (void)step(s.x);
    for (needed = 0; mailproto_sasl_input(s.x, "r", 1, 0) == MAILPROTO_OK; ++needed) {
        assert_in_range(needed, 0, len + 256);
    }
    assert_in_range(needed, len - 1, len + 255);
    expect_failed(s.x, MAILPROTO_ERR_TOO_LONG);
    side_close(&s);
}

/* ---- what the server refuses ------------------------------------------------- */

/* What becomes of a client-first-message: OK when the user is asked for. */
static mailproto_status server_takes(const mailproto_sasl_options *o, const char *first,
                                     size_t len)
{
    struct side s;
    mailproto_sasl_state st;
    side_open(&s, o);
    give(s.x, first, len);
    st = step(s.x);
    side_close(&s);
    return st.state == MAILPROTO_SASL_NEEDS ? MAILPROTO_OK : st.error;
}

static void client_first(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        mailproto_status want;
    } v[] = {
#define TEXT(t) (t), sizeof(t) - 1
        {TEXT("n,,n=user,r=abc"), MAILPROTO_OK},
        {TEXT("y,,n=user,r=abc"),
         MAILPROTO_OK}, /* no binding here, -PLUS not offered */
        {TEXT("n,a=bob,n=user,r=abc"), MAILPROTO_OK},
        {TEXT("n,,n=user,r=abc,x=1"), MAILPROTO_OK},
        {TEXT("n,,n=us=2Cer=3D,r=abc"), MAILPROTO_OK},
        {TEXT("n,,n=us=2cer,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=us=2,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=user=,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=us=ER,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,a=b=b,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,a=,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,a,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,b=bob,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=user,r="), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=user"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=user,r=abc,"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,r=abc,n=user"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,m=ext,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=user,r=abc,m=ext"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=us\0er,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=us\ner,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=us\xff,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=user,r=a c"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,n=user,r=a\x80"), MAILPROTO_ERR_SYNTAX},
        {TEXT("x,,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("N,,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("p=,,n=user,r=abc"), MAILPROTO_ERR_SYNTAX},
        {TEXT("p=tls-exporter,,n=user,r=abc"), MAILPROTO_ERR_AUTH}, /* not -PLUS */
        {TEXT("n"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,"), MAILPROTO_ERR_SYNTAX},
        {TEXT("n,,"), MAILPROTO_ERR_SYNTAX},
        {TEXT(""), MAILPROTO_ERR_SYNTAX},
    };
    mailproto_sasl_options o = server_of(&rfc7677);
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        assert_int_equal(server_takes(&o, v[i].text, v[i].len), v[i].want);
    }
}

static void names_are_unescaped(void **state)
{
    mailproto_sasl_options o = server_of(&rfc7677);
    mailproto_sasl_need_info i;
    struct side s;
    (void)state;
    side_open(&s, &o);
    give_text(s.x, "n,a==2Cb=3D,n=us=2Cer=3D=2C,r=abc");
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    i = need(s.x, MAILPROTO_SASL_NEED_SCRAM);
    expect_span(i.authzid, ",b=");
    expect_span(i.name, "us,er=,");
    side_close(&s);
}

/* Runs the example's server up to its first message. */
static void server_ready(struct side *s, struct side *keys)
{
    mailproto_sasl_options o = server_of(&rfc7677);
    mailproto_sasl_scram stored = stored_for(keys, &rfc7677, 4096);
    side_open(s, &o);
    give_text(s->x, rfc7677.first);
    assert_int_equal(step(s->x).state, MAILPROTO_SASL_NEEDS);
    assert_int_equal(mailproto_sasl_answer_scram(s->x, &stored), MAILPROTO_OK);
    expect_text(s->x, MAILPROTO_SASL_CONTINUE, rfc7677.server_first);
}

#define FULL "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

static void client_final(void **state)
{
    static const struct {
        const char *text;
        mailproto_status want;
    } v[] = {
        {"c=biws,r=" FULL ",p=" PROOF, MAILPROTO_OK},
        {"c=biws,r=" FULL ",p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
         MAILPROTO_ERR_AUTH},
        {"c=biws,r=WRONG,p=" PROOF, MAILPROTO_ERR_AUTH},
        {"c=biws,r=" FULL "x,p=" PROOF, MAILPROTO_ERR_AUTH},
        {"c=eSws,r=" FULL ",p=" PROOF, MAILPROTO_ERR_AUTH}, /* y,, */
        {"c=biwsAA==,r=" FULL ",p=" PROOF, MAILPROTO_ERR_AUTH},
        {"c=biws,r=" FULL ",x=1,p=" PROOF, MAILPROTO_ERR_AUTH}, /* is signed too */
        {"c=biws,r=" FULL ",m=1,p=" PROOF, MAILPROTO_ERR_SYNTAX},
        {"c=biws,r=" FULL ",p=" PROOF ",x=1", MAILPROTO_ERR_SYNTAX},
        {"c=biws,r=" FULL ",p=", MAILPROTO_ERR_SYNTAX},
        {"c=biws,r=" FULL ",p=dHzb", MAILPROTO_ERR_SYNTAX},
        {"c=biws,r=" FULL ",p=" PROOF "AAAA", MAILPROTO_ERR_SYNTAX},
        {"c=biws,r=" FULL ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVR=",
         MAILPROTO_ERR_SYNTAX}, /* unused bits */
        {"c=biws,r=" FULL, MAILPROTO_ERR_SYNTAX},
        {"r=" FULL ",c=biws,p=" PROOF, MAILPROTO_ERR_SYNTAX},
        {"r=" FULL ",p=" PROOF, MAILPROTO_ERR_SYNTAX},
        {"p=" PROOF, MAILPROTO_ERR_SYNTAX},
        {"", MAILPROTO_ERR_SYNTAX},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct side s, keys;
        server_ready(&s, &keys);
        give_text(s.x, v[i].text);
        if (v[i].want == MAILPROTO_OK) {
            expect_text(s.x, MAILPROTO_SASL_DONE_WITH_DATA, rfc7677.server_final);
        } else {
            expect_failed(s.x, v[i].want);
        }
        side_close(&keys);
        side_close(&s);
    }
}

/* What is no answer counts as "no such user": nobody waits for another one. */
static void answers_that_are_none(void **state)
{
    struct side keys;
    mailproto_sasl_scram stored = stored_for(&keys, &rfc7677, 4096), bad[8];
    static char salt[2000];
    size_t i;
    (void)state;
    memset(salt, 's', sizeof salt);
    for (i = 0; i < 8; ++i) {
        bad[i] = stored;
    }
    bad[0].iterations = 0;
    bad[1].salt.len = 0;
    bad[2].stored_key.len = 20;
    bad[3].server_key.len = 31;
    bad[4].struct_size = 2;
    bad[5].salt = octets(salt, sizeof salt);
    bad[6].salt = octets(salt, SIZE_MAX);
    for (i = 0; i < 8; ++i) {
        mailproto_sasl_options o = server_of(&rfc7677);
        struct side s;
        side_open(&s, &o);
        assert_int_equal(mailproto_sasl_answer_scram(s.x, &stored),
                         MAILPROTO_ERR_STATE);
        give_text(s.x, rfc7677.first);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        if (i == 7) {
            assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, NULL, 0),
                             MAILPROTO_ERR_ARGUMENT);
        } else {
            assert_int_equal(mailproto_sasl_answer_scram(s.x, &bad[i]),
                             i < 5 ? MAILPROTO_ERR_ARGUMENT : MAILPROTO_ERR_TOO_LONG);
        }
        assert_int_equal(mailproto_sasl_answer_scram(s.x, &stored),
                         MAILPROTO_ERR_STATE);
        if (i == 5 || i == 6) {
            expect_failed(s.x, MAILPROTO_ERR_TOO_LONG);
        } else {
            assert_int_equal(step(s.x).state, MAILPROTO_SASL_CONTINUE);
            give_text(s.x, rfc7677.final);
            expect_failed(s.x, MAILPROTO_ERR_AUTH);
        }
        side_close(&s);
    }
    side_close(&keys);
}

static void verdicts(void **state)
{
    static const mailproto_status no[] = {
        MAILPROTO_ERR_AUTH_TEMPORARY, MAILPROTO_ERR_AUTH_WEAK, MAILPROTO_ERR_NEEDS_TLS};
    size_t i;
    (void)state;
    for (i = 0; i < 3; ++i) {
        mailproto_sasl_options o = server_of(&rfc7677);
        struct side s;
        side_open(&s, &o);
        give_text(s.x, rfc7677.first);
        (void)step(s.x);
        assert_int_equal(mailproto_sasl_answer(s.x, no[i], NULL, 0), MAILPROTO_OK);
        expect_failed(s.x, no[i]);
        side_close(&s);
    }
}

/* ---- unknown users ----------------------------------------------------------- */

/* The salt and count that a name gets. */
static void first_for(const mailproto_sasl_options *o, const char *name,
                      mailproto_status verdict, const char *data, char *salt)
{
    char first[128], got[TEXT_MAX];
    const char *at;
    size_t len;
    struct side s;
    side_open(&s, o);
    snprintf(first, sizeof first, "n,,n=%s,r=abc", name);
    give_text(s.x, first);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    assert_int_equal(
        mailproto_sasl_answer(s.x, verdict, data, data != NULL ? strlen(data) : 0),
        MAILPROTO_OK);
    assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
    len = take_response(s.x, 100, got);
    got[len] = 0;
    at = strstr(got, ",s=");
    assert_non_null(at);
    strcpy(salt, at);
    side_close(&s);
}

static void unknown_users_look_like_users(void **state)
{
    mailproto_sasl_options o = server_of(&rfc7677);
    char a[128], b[128];
    (void)state;
    first_for(&o, "nobody", MAILPROTO_ERR_AUTH, NULL, a);
    assert_int_equal(strlen(a), strlen(",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
    assert_string_equal(a + strlen(a) - 7, ",i=4096");
    o.nonce = str("another nonce-of-another-day-01"); /* a blank is not printable */
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.nonce = str("another-nonce-of-another-day-01");
    first_for(&o, "nobody", MAILPROTO_ERR_AUTH, NULL, b);
    assert_string_equal(a, b); /* the same for ever */
    first_for(&o, "nobody", MAILPROTO_ERR_AUTH, "a dummy", b);
    assert_string_equal(a, b);
    first_for(&o, "nobody", MAILPROTO_OK, "pencil", b);
    assert_string_equal(a, b); /* now a user, whose password is known */
    first_for(&o, "nobodz", MAILPROTO_ERR_AUTH, NULL, b);
    assert_string_not_equal(a, b);
    o.salt_key = str("another secret of it");
    first_for(&o, "nobody", MAILPROTO_ERR_AUTH, NULL, b);
    assert_string_not_equal(a, b);
    o.iterations = 15000;
    o.salt_size = 24;
    first_for(&o, "nobody", MAILPROTO_ERR_AUTH, NULL, b);
    assert_int_equal(strlen(b), strlen(",s=,i=15000") + 32);
    o.salt_size = 32;
    first_for(&o, "nobody", MAILPROTO_ERR_AUTH, NULL, b);
    assert_int_equal(strlen(b), strlen(",s=,i=15000") + 44);
}

static void answer_unknown(struct talk *t, const mailproto_sasl_need_info *need)
{
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_SCRAM);
    /* Even with the right password at hand. */
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_ERR_AUTH, "pencil",
                                           t->ctx != NULL ? 6 : 0),
                     MAILPROTO_OK);
}

static void answer_password(struct talk *t, const mailproto_sasl_need_info *need)
{
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_SCRAM);
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, "pencil", 6),
                     MAILPROTO_OK);
}

static void talk_init(struct talk *t, const mailproto_sasl_options *client,
                      const mailproto_sasl_options *server, answer_fn answer)
{
    memset(t, 0, sizeof *t);
    t->piece = 100;
    t->answer = answer;
    side_open(&t->client, client);
    side_open(&t->server, server);
}

static void talk_end(struct talk *t)
{
    side_close(&t->client);
    side_close(&t->server);
}

static void unknown_users_fail_at_the_end(void **state)
{
    struct talk t;
    int i;
    (void)state;
    for (i = 0; i < 2; ++i) {
        mailproto_sasl_options c = client_of(&rfc7677), s = server_of(&rfc7677);
        talk_init(&t, &c, &s, answer_unknown);
        t.ctx = i > 0 ? &t : NULL;
        converse(&t);
        assert_int_equal(t.server_done, 0);
        assert_int_equal(t.client_sure, 0);
        assert_int_equal(t.server_error, MAILPROTO_ERR_AUTH);
        assert_int_equal(t.messages, 3); /* the proof was asked for */
        talk_end(&t);
    }
}

static void a_server_that_knows_passwords(void **state)
{
    mailproto_sasl_options c = client_of(&rfc5802), s = server_of(&rfc5802);
    struct talk t;
    (void)state;
    talk_init(&t, &c, &s, answer_password);
    converse(&t);
    assert_int_equal(t.server_done, 1);
    assert_int_equal(t.client_sure, 1);
    talk_end(&t);
    c.password = str("Pencil");
    talk_init(&t, &c, &s, answer_password);
    converse(&t);
    assert_int_equal(t.server_done, 0);
    assert_int_equal(t.server_error, MAILPROTO_ERR_AUTH);
    talk_end(&t);
}

/* ---- channel binding --------------------------------------------------------- */

/* Who binds to what; `client` and `server` are types, `server_other` a second one. */
struct binding {
    int client_plus, server_plus;
    uint32_t client, server, server_other;
    const char *client_data, *server_data;
    int works;
    const char *first; /* the start of the client's message */
};

static void channel_binding(void **state)
{
    enum {
        NONE = MAILPROTO_BINDING_NONE,
        EXPORTER = MAILPROTO_BINDING_EXPORTER,
        END_POINT = MAILPROTO_BINDING_END_POINT,
        UNIQUE = MAILPROTO_BINDING_TLS_UNIQUE
    };
    static const struct binding v[] = {
        {1, 1, EXPORTER, EXPORTER, NONE, "same", "same", 1, "p=tls-exporter,,n="},
        {1, 1, END_POINT, END_POINT, NONE, "same", "same", 1,
         "p=tls-server-end-point,,n="},
        {1, 1, UNIQUE, UNIQUE, NONE, "same", "same", 1, "p=tls-unique,,n="},
        {1, 1, EXPORTER, EXPORTER, NONE, "same", "sane", 0, "p=tls-exporter,,n="},
        {1, 1, EXPORTER, EXPORTER, NONE, "same", "samee", 0, "p=tls-exporter,,n="},
        {1, 1, EXPORTER, END_POINT, NONE, "same", "same", 0, "p=tls-exporter,,n="},
        {1, 1, END_POINT, EXPORTER, END_POINT, "other", "same", 1,
         "p=tls-server-end-point,,n="},
        {1, 1, UNIQUE, EXPORTER, END_POINT, "other", "same", 0, "p=tls-unique,,n="},
        /* neither binds; the client could not, or thinks that the server cannot */
        {0, 0, NONE, NONE, NONE, "", "", 1, "n,,n="},
        {0, 0, EXPORTER, NONE, NONE, "same", "", 1, "y,,n="},
        {0, 0, NONE, EXPORTER, NONE, "", "same", 1, "n,,n="},
        /* somebody took -PLUS away */
        {0, 0, EXPORTER, EXPORTER, NONE, "same", "same", 0, "y,,n="},
        /* the two are not of one mind */
        {0, 1, NONE, EXPORTER, NONE, "", "same", 0, "n,,n="},
        {0, 1, EXPORTER, EXPORTER, NONE, "same", "same", 0, "y,,n="},
        {1, 0, EXPORTER, NONE, NONE, "same", "", 0, "p=tls-exporter,,n="},
        {1, 0, EXPORTER, EXPORTER, NONE, "same", "same", 0, "p=tls-exporter,,n="},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options c = client_of(&rfc7677), s = server_of(&rfc7677);
        char got[TEXT_MAX];
        struct talk t;
        size_t len;
        c.mechanism = str(v[i].client_plus ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256");
        s.mechanism = str(v[i].server_plus ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256");
        c.binding_type = v[i].client;
        c.binding = str(v[i].client_data);
        s.binding_type = v[i].server;
        s.binding = str(v[i].server_data);
        s.other_binding_type = v[i].server_other;
        s.other_binding = str(v[i].server_other != NONE ? "other" : "");
        talk_init(&t, &c, &s, answer_password);
        (void)step(t.client.x);
        len = take_response(t.client.x, 50, got);
        assert_in_range(len, strlen(v[i].first), TEXT_MAX);
        assert_memory_equal(got, v[i].first, strlen(v[i].first));
        converse(&t);
        assert_int_equal(t.server_done, v[i].works);
        assert_int_equal(t.client_sure, v[i].works);
        if (!v[i].works) {
            assert_int_equal(t.server_error, MAILPROTO_ERR_AUTH);
        }
        talk_end(&t);
    }
}

/* ---- options ----------------------------------------------------------------- */

static void scram_options(void **state)
{
    static const char long_nonce[MAILPROTO_SASL_NONCE_MAX + 1] = {1};
    mailproto_sasl_options o = client_of(&rfc7677), p;
    struct side s;
    (void)state;
    p = o;
    p.nonce.len = MAILPROTO_SASL_NONCE_MIN;
    side_open(&s, &p);
    side_close(&s);
    p.nonce.len--;
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p = o;
    p.flags = 0;
    p.nonce = octets(long_nonce, MAILPROTO_SASL_NONCE_MAX);
    side_open(&s, &p);
    side_close(&s);
    p.nonce.len++;
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p = o;
    p.nonce = str("has,a,comma,and-more");
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p.flags = 0; /* octets, then */
    side_open(&s, &p);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE,
                "n,,n=user,r=aGFzLGEsY29tbWEsYW5kLW1vcmU=");
    side_close(&s);
    p = o;
    p.binding_type = MAILPROTO_BINDING_EXPORTER; /* and no data */
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p.binding = str("x");
    p.binding_type = 4;
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p.binding_type = 0;
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p = o;
    p.mechanism = str("SCRAM-SHA-256-PLUS");
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);

    o = server_of(&rfc7677);
    p = o;
    p.salt_key.len = MAILPROTO_SASL_SALT_KEY_MIN;
    side_open(&s, &p);
    side_close(&s);
    p.salt_key.len--;
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p = o;
    p.nonce.len = 0;
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p = o;
    p.salt_size = 33;
    assert_int_equal(side_try(&s, &p), MAILPROTO_ERR_ARGUMENT);
    side_close(&s);

    p = options_for(MAILPROTO_SASL_ENROL, "SCRAM-SHA-1");
    p.salt = str("salt");
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
    p.password = str("x");
    side_open(&s, &p);
    side_close(&s);
    p.salt.len = 0;
    expect_refused(&p, MAILPROTO_ERR_ARGUMENT);
}

static void names_are_escaped(void **state)
{
    mailproto_sasl_options o = client_of(&rfc7677);
    struct side s;
    (void)state;
    o.name = str("us,er=,");
    o.authzid = str("=a,");
    side_open(&s, &o);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE,
                "n,a==3Da=2C,n=us=2Cer=3D=2C,r=rOprNGfwEbeRWgbNEkqO");
    side_close(&s);
}

static void work_steps(void **state)
{
    static const struct {
        uint32_t a_step;
        int working;
    } v[] = {{1, 4094}, {0, 3},    {1024, 3},
             {4094, 1}, {4095, 0}, {MAILPROTO_UNLIMITED, 0}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options o = client_of(&rfc7677);
        struct side s;
        int working = 0;
        o.work_step = v[i].a_step;
        side_open(&s, &o);
        (void)step(s.x);
        give_text(s.x, rfc7677.server_first);
        while (step(s.x).state == MAILPROTO_SASL_WORKING) {
            ++working;
        }
        assert_int_equal(working, v[i].working);
        expect_text(s.x, MAILPROTO_SASL_CONTINUE, rfc7677.final);
        side_close(&s);
    }
}

/* ---- what the caller brings -------------------------------------------------- */

/* A PBKDF2 that needs three calls, and knows one password. */
struct slow {
    int calls;
    mailproto_status then;
};

static mailproto_status slow_pbkdf2(void *ctx, uint32_t hash, const void *password,
                                    size_t password_len, const void *salt,
                                    size_t salt_len, uint32_t iterations, void *out)
{
    /* of "pencil", the example's salt and 4096 iterations */
    static const unsigned char salted[32] = {
        0xc4, 0xa4, 0x95, 0x10, 0x32, 0x3a, 0xb4, 0xf9, 0x52, 0xca, 0xc1,
        0xfa, 0x99, 0x44, 0x19, 0x39, 0xe7, 0x8e, 0xa7, 0x4d, 0x6b, 0xe8,
        0x1d, 0xdf, 0x70, 0x96, 0xe8, 0x75, 0x13, 0xdc, 0x61, 0x5d};
    struct slow *slow = ctx;
    assert_int_equal(hash, MAILPROTO_HASH_SHA256);
    assert_int_equal(password_len, 6);
    assert_memory_equal(password, "pencil", 6);
    assert_int_equal(salt_len, rfc7677.salt_len);
    assert_memory_equal(salt, rfc7677.salt, rfc7677.salt_len);
    assert_int_equal(iterations, 4096);
    if (++slow->calls < 3) {
        return MAILPROTO_AGAIN;
    }
    memcpy(out, salted, sizeof salted);
    return slow->then;
}

static void pbkdf2_of_the_caller(void **state)
{
    mailproto_sasl_options o = client_of(&rfc7677);
    struct slow slow = {0, MAILPROTO_OK};
    struct side s;
    (void)state;
    o.pbkdf2 = slow_pbkdf2;
    o.pbkdf2_ctx = &slow;
    side_open(&s, &o);
    (void)step(s.x);
    give_text(s.x, rfc7677.server_first);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_WORKING);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_WORKING);
    expect_text(s.x, MAILPROTO_SASL_CONTINUE, rfc7677.final);
    assert_int_equal(slow.calls, 3);
    give_text(s.x, rfc7677.server_final);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
    side_close(&s);

    slow.calls = 2;
    slow.then = MAILPROTO_ERR_IO;
    side_open(&s, &o);
    (void)step(s.x);
    give_text(s.x, rfc7677.server_first);
    expect_failed(s.x, MAILPROTO_ERR_IO);
    side_close(&s);

    /* Not asked before the count is found well. */
    slow.calls = 0;
    side_open(&s, &o);
    (void)step(s.x);
    give_text(s.x, NONCE "," SALT ",i=1000001");
    expect_failed(s.x, MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(slow.calls, 0);
    side_close(&s);

    o = options_for(MAILPROTO_SASL_ENROL, "SCRAM-SHA-256");
    o.password = str("pencil");
    o.salt = octets(rfc7677.salt, rfc7677.salt_len);
    o.pbkdf2 = slow_pbkdf2;
    o.pbkdf2_ctx = &slow;
    slow.then = MAILPROTO_OK;
    side_open(&s, &o);
    assert_int_equal(finish(s.x).state, MAILPROTO_SASL_DONE);
    assert_int_equal(slow.calls, 3);
    side_close(&s);
}

/* "Prepares" by writing A for each octet beyond ASCII. */
static mailproto_status to_ascii(void *ctx, uint32_t what, const void *text, size_t len,
                                 void *out, size_t cap, size_t *got)
{
    const unsigned char *in = text;
    char *to = out;
    size_t i;
    *(int *)ctx += what == MAILPROTO_SASL_PREPARE_NAME ? 1 : 100;
    assert_int_equal(cap, 8);
    for (i = 0; i < len && i < cap; ++i) {
        to[i] = in[i] < 0x80 ? (char)in[i] : 'A';
    }
    *got = len;
    if (in[0] == '!') {
        *got = 0;
    }
    return in[0] == '?' ? MAILPROTO_ERR_AUTH : MAILPROTO_OK;
}

static void answer_prepared(struct talk *t, const mailproto_sasl_need_info *need)
{
    expect_span(need->name, "usAA");
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, "p\xc3\xa4", 3),
                     MAILPROTO_OK);
}

static void preparation(void **state)
{
    mailproto_sasl_options c = client_of(&rfc7677), s = server_of(&rfc7677);
    int client_calls = 0, server_calls = 0;
    struct talk t;
    struct side x;
    (void)state;
    c.prepare = s.prepare = to_ascii;
    c.prepare_ctx = &client_calls;
    s.prepare_ctx = &server_calls;
    c.prepare_max = s.prepare_max = 8;
    c.name = str("us\xc3\xbc");
    c.password = str("p\xc3\xb6");
    talk_init(&t, &c, &s, answer_prepared);
    converse(&t);
    assert_int_equal(t.client_sure, 1);
    /* The client tells both; what it sent the server needs no preparing. The block was
       tried once with too little memory, without a call. */
    assert_int_equal(client_calls, 101);
    assert_int_equal(server_calls, 100);
    talk_end(&t);

    /* The server prepares what comes unprepared, and the stored password. */
    c.prepare = NULL;
    c.password = str("pAA");
    server_calls = 0;
    talk_init(&t, &c, &s, answer_prepared);
    converse(&t);
    assert_int_equal(t.client_sure, 1);
    assert_int_equal(server_calls, 101);
    talk_end(&t);

    /* ASCII passes straight. */
    c = client_of(&rfc7677);
    c.prepare = to_ascii;
    c.prepare_ctx = &client_calls;
    c.prepare_max = 8;
    client_calls = 0;
    side_open(&x, &c);
    assert_int_equal(client_calls, 0);
    side_close(&x);

    c.name = str("?\xc3\xbc"); /* refused */
    assert_int_equal(side_try(&x, &c), MAILPROTO_ERR_AUTH);
    side_close(&x);
    c.name = str("!\xc3\xbc"); /* empty */
    assert_int_equal(side_try(&x, &c), MAILPROTO_ERR_ARGUMENT);
    side_close(&x);
    c.name = str("123456\xc3\xbc"); /* just fits */
    side_open(&x, &c);
    side_close(&x);
    c.name = str("1234567\xc3\xbc"); /* does not */
    assert_int_equal(side_try(&x, &c), MAILPROTO_ERR_ARGUMENT);
    side_close(&x);
    c.name = str("us\xc3"); /* no UTF-8: never seen by it */
    expect_refused(&c, MAILPROTO_ERR_ARGUMENT);

    side_open(&x, &s);
    give_text(x.x, "n,,n=?\xc3\xbc,r=abc");
    expect_failed(x.x, MAILPROTO_ERR_AUTH);
    side_close(&x);
    side_open(&x, &s);
    give_text(x.x, "n,,n=user,r=abc");
    assert_int_equal(step(x.x).state, MAILPROTO_SASL_NEEDS);
    assert_int_equal(mailproto_sasl_answer(x.x, MAILPROTO_OK, "?\xc3\xbc", 3),
                     MAILPROTO_OK); /* a password that nobody can have */
    assert_int_equal(finish(x.x).state, MAILPROTO_SASL_CONTINUE);
    side_close(&x);
}

/* It fails at the end, even if what cannot be prepared would be right. */
static void answer_unprepared(struct talk *t, const mailproto_sasl_need_info *need)
{
    (void)need;
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, "?\xc3\xbc", 3),
                     MAILPROTO_OK);
}

static void a_stored_password_that_cannot_be_prepared(void **state)
{
    static const char *const mechanisms[] = {"SCRAM-SHA-256", "CRAM-MD5"};
    size_t i;
    int calls = 0;
    (void)state;
    for (i = 0; i < 2; ++i) {
        mailproto_sasl_options c = client_of(&rfc7677), s = server_of(&rfc7677);
        struct talk t;
        c.mechanism = s.mechanism = str(mechanisms[i]);
        c.password = str("?\xc3\xbc");
        s.prepare = to_ascii;
        s.prepare_ctx = &calls;
        s.prepare_max = 8;
        talk_init(&t, &c, &s, answer_unprepared);
        converse(&t);
        assert_int_equal(t.server_done, 0);
        assert_int_equal(t.server_error, MAILPROTO_ERR_AUTH);
        talk_end(&t);
    }
    assert_int_equal(calls, 200);
}

/* ---- secrets ----------------------------------------------------------------- */

static void wiped(const struct side *s, const void *secret, size_t len)
{
    size_t i;
    for (i = 0; i + len <= s->size + 1; ++i) {
        assert_memory_not_equal(s->block + i, secret, len);
    }
}

static void wipe_leaves_no_key(void **state)
{
    struct side s, keys;
    mailproto_sasl_scram stored;
    char stored_key[32], server_key[32];
    size_t i;
    (void)state;
    server_ready(&s, &keys);
    stored.struct_size = sizeof stored;
    assert_int_equal(mailproto_sasl_enrolled(keys.x, &stored), MAILPROTO_OK);
    memcpy(stored_key, stored.stored_key.ptr, 32);
    memcpy(server_key, stored.server_key.ptr, 32);
    mailproto_sasl_wipe(s.x);
    mailproto_sasl_wipe(s.x);
    wiped(&s, stored_key, 32);
    wiped(&s, server_key, 32);
    mailproto_sasl_wipe(keys.x);
    wiped(&keys, stored_key, 32);
    wiped(&keys, server_key, 32);
    side_close(&keys);
    side_close(&s);
    for (i = 0; i < 2; ++i) {
        mailproto_sasl_options o = client_of(&rfc7677);
        side_open(&s, &o);
        (void)step(s.x);
        give_text(s.x, rfc7677.server_first);
        (void)(i ? finish(s.x) : step(s.x));
        mailproto_sasl_wipe(s.x);
        wiped(&s, stored_key, 32);
        wiped(&s, server_key, 32);
        wiped(&s, rfc7677.salt, rfc7677.salt_len);
        side_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(server_first),
        cmocka_unit_test(a_nul_in_server_first),
        cmocka_unit_test(server_final),
        cmocka_unit_test(iteration_limits),
        cmocka_unit_test(a_message_too_long),
        cmocka_unit_test(client_first),
        cmocka_unit_test(names_are_unescaped),
        cmocka_unit_test(client_final),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(unknown_users_look_like_users),
        cmocka_unit_test(unknown_users_fail_at_the_end),
        cmocka_unit_test(a_server_that_knows_passwords),
        cmocka_unit_test(channel_binding),
        cmocka_unit_test(scram_options),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(work_steps),
        cmocka_unit_test(pbkdf2_of_the_caller),
        cmocka_unit_test(preparation),
        cmocka_unit_test(a_stored_password_that_cannot_be_prepared),
        cmocka_unit_test(wipe_leaves_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
