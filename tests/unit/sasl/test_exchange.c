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
    for (i = 0; i < (size_t)2 * SETTINGS; ++i) {
        const struct setting *g = &settings[i / 2];
        struct talk t;
        int is_scram = strncmp(g->mechanism, "SCRAM", 5) == 0;
        int at_once = i % 2 == 1; /* before anything was sent, and it stays wrong */
        int is_wrong;
        set_up(&t, g, g->password);
        if (at_once) {
            assert_int_equal(mailproto_sasl_proven(t.client.x), MAILPROTO_ERR_AUTH);
        }
        is_wrong = step(t.client.x).state == MAILPROTO_SASL_WAIT || is_scram || at_once;
        assert_int_equal(mailproto_sasl_proven(t.client.x),
                         is_wrong ? MAILPROTO_ERR_AUTH : MAILPROTO_OK);
        assert_int_equal(mailproto_sasl_error(t.client.x),
                         is_wrong ? MAILPROTO_ERR_AUTH : MAILPROTO_OK);
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
    bad.struct_size = (uint32_t)offsetof(mailproto_sasl_mechanism, end) - 1;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    bad = ladder;
    bad.name = NULL;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    bad = ladder;
    bad.need = NULL; /* it never needs */
    side_open(&s, &o);
    side_close(&s);
}

/* A client's that has heard all with its second message, and `proven` is not there. */
static mailproto_status silent_start(void *mem, const mailproto_sasl_options *o)
{
    (void)mem;
    (void)o;
    return MAILPROTO_OK;
}

static mailproto_status silent_input(void *mem, const void *data, size_t len, int last)
{
    (void)data;
    (void)len;
    *(int *)mem += last;
    return MAILPROTO_OK;
}

static void silent_step(void *mem, mailproto_sasl_state *state)
{
    static const uint32_t states[] = {MAILPROTO_SASL_WAIT, MAILPROTO_SASL_CONTINUE,
                                      MAILPROTO_SASL_DONE};
    state->state = states[*(int *)mem];
}

static mailproto_status silent_output(void *mem, uint64_t offset, void *buf, size_t cap,
                                      size_t *got)
{
    (void)mem;
    (void)offset;
    (void)buf;
    (void)cap;
    *got = 0;
    return MAILPROTO_EOF;
}

static mailproto_status not_yet(void *mem)
{
    (void)mem;
    return MAILPROTO_AGAIN;
}

/* Without a word of its own a mechanism is proven once it has said DONE, not before; and
 * nothing but OK is a proof. */
static void proof_of_a_mechanism(void **state)
{
    mailproto_sasl_mechanism silent = ladder;
    mailproto_sasl_options o = ladder_options(MAILPROTO_SASL_CLIENT);
    struct side s;
    int i;
    (void)state;
    silent.start = silent_start;
    silent.input = silent_input;
    silent.step = silent_step;
    silent.output = silent_output;
    o.custom = &silent;
    for (i = 0; i < 6; ++i) {
        int told = i % 2;
        int early = i / 2; /* a success out of turn, which spoils all later ones */
        mailproto_status why = told || early ? MAILPROTO_ERR_AUTH : MAILPROTO_OK;
        int n;
        silent.proven = told ? not_yet : NULL;
        side_open(&s, &o);
        for (n = 0; n < 2; ++n) {
            assert_int_equal(step(s.x).state,
                             n ? MAILPROTO_SASL_CONTINUE : MAILPROTO_SASL_WAIT);
            if (early == n + 1) {
                assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
                assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_ERR_AUTH);
            }
            give_text(s.x, "x");
        }
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE);
        assert_int_equal(mailproto_sasl_proven(s.x), why);
        assert_int_equal(mailproto_sasl_error(s.x), why);
        assert_int_equal(mailproto_sasl_proven(s.x), why);
        side_close(&s);
    }
    /* A message behind the end. */
    silent.proven = NULL;
    side_open(&s, &o);
    (void)step(s.x);
    give_text(s.x, "x");
    (void)step(s.x);
    give_text(s.x, "x");
    (void)step(s.x);
    assert_int_equal(mailproto_sasl_input(s.x, "x", 1, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
    assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_ERR_SYNTAX);
    side_close(&s);
}

/* ---- why it failed ----------------------------------------------------------- */

static mailproto_status prepared_badly(void *ctx, uint32_t what, const void *text,
                                       size_t len, void *out, size_t cap, size_t *got)
{
    (void)ctx;
    (void)what;
    (void)text;
    (void)len;
    (void)out;
    (void)cap;
    *got = 0;
    return MAILPROTO_ERR_TIMEOUT;
}

static mailproto_status no_pbkdf2(void *ctx, uint32_t hash, const void *password,
                                  size_t password_len, const void *salt,
                                  size_t salt_len, uint32_t iterations, void *out)
{
    (void)hash;
    (void)password;
    (void)password_len;
    (void)salt;
    (void)salt_len;
    (void)iterations;
    (void)out;
    return *(const mailproto_status *)ctx;
}

#define CLIENT_NONCE "randomoctetsoftheclient"

/* The client's, after each of these; kept when all is wiped. */
static void why_a_client_failed(void **state)
{
    static const struct {
        const char *mechanism, *first, *second;
        mailproto_status why;
    } v[] = {
        {"SCRAM-SHA-256", "r=" CLIENT_NONCE "xyz,s=QSXCR+Q6sek8bf92,i=9", NULL,
         MAILPROTO_ERR_AUTH_WEAK},
        {"SCRAM-SHA-256", "r=" CLIENT_NONCE "xyz,s=QSXCR+Q6sek8bf92,i=5001", NULL,
         MAILPROTO_ERR_COUNT_LIMIT},
        {"SCRAM-SHA-256", "r=" CLIENT_NONCE ",s=QSXCR+Q6sek8bf92,i=4096", NULL,
         MAILPROTO_ERR_SYNTAX},
        {"SCRAM-SHA-256", "e=unknown-user", NULL, MAILPROTO_ERR_AUTH_CANCELLED},
        {"SCRAM-SHA-256", "r=" CLIENT_NONCE "xyz,s=QSXCR+Q6sek8bf92,i=4096",
         "e=invalid-proof", MAILPROTO_ERR_AUTH_CANCELLED},
        {"SCRAM-SHA-256", "r=" CLIENT_NONCE "xyz,s=QSXCR+Q6sek8bf92,i=4096",
         "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", MAILPROTO_ERR_AUTH},
        {"SCRAM-SHA-256", "r=" CLIENT_NONCE "xyz,s=QSXCR+Q6sek8bf92,i=4096",
         "v=", MAILPROTO_ERR_SYNTAX},
        {"CRAM-MD5", "", NULL, MAILPROTO_ERR_SYNTAX},
        {"PLAIN", "more?", NULL, MAILPROTO_ERR_SYNTAX},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, v[i].mechanism);
        struct side s;
        o.name = str("user");
        o.password = str("pencil");
        o.nonce = str(CLIENT_NONCE);
        o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
        o.max_iterations = 5000;
        side_open(&s, &o);
        (void)step(s.x);
        assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_OK);
        give_text(s.x, v[i].first);
        if (v[i].second != NULL) {
            assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
            assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_OK);
            give_text(s.x, v[i].second);
        }
        expect_failed(s.x, v[i].why);
        assert_int_equal(mailproto_sasl_error(s.x), v[i].why);
        assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
        assert_int_equal(mailproto_sasl_error(s.x), v[i].why);
        mailproto_sasl_wipe(s.x);
        mailproto_sasl_wipe(s.x);
        assert_int_equal(mailproto_sasl_error(s.x), v[i].why);
        side_close(&s);
    }
}

/* Wiped before its end, it has not failed; what is behind the end is the peer's fault. */
static void nothing_failed(void **state)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "PLAIN");
    mailproto_sasl_options l = ladder_options(MAILPROTO_SASL_CLIENT);
    struct side s;
    (void)state;
    o.name = str("user");
    o.password = str("pencil");
    side_open(&s, &o);
    assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_OK);
    (void)step(s.x);
    mailproto_sasl_wipe(s.x);
    assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_OK);
    side_close(&s);
    side_open(&s, &l); /* a success, and nothing was proven */
    (void)step(s.x);
    assert_int_equal(mailproto_sasl_proven(s.x), MAILPROTO_ERR_AUTH);
    mailproto_sasl_wipe(s.x);
    assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_ERR_AUTH);
    side_close(&s);
}

/* What the caller's own functions said. */
static void why_the_callers_functions_failed(void **state)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-1");
    struct side s;
    int i;
    (void)state;
    o.name = str("user");
    o.password = str("pencil");
    o.nonce = str(CLIENT_NONCE);
    o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    o.pbkdf2 = no_pbkdf2;
    for (i = 0; i < 3; ++i) {
        /* That the server refused is not for it to say. */
        static const mailproto_status says[] = {MAILPROTO_ERR_IO, MAILPROTO_ERR_MEMORY,
                                                MAILPROTO_ERR_AUTH_CANCELLED};
        mailproto_status what = says[i];
        mailproto_status why = i < 2 ? what : MAILPROTO_ERR_AUTH;
        o.pbkdf2_ctx = &what;
        side_open(&s, &o);
        (void)step(s.x);
        give_text(s.x, "r=" CLIENT_NONCE "xyz,s=QSXCR+Q6sek8bf92,i=4096");
        expect_failed(s.x, why);
        assert_int_equal(mailproto_sasl_error(s.x), why);
        side_close(&s);
    }

    o = options_for(MAILPROTO_SASL_SERVER, "PLAIN");
    o.prepare = prepared_badly;
    side_open(&s, &o);
    give(s.x, "\0us\xc3\xa9r\0pencil", 13);
    expect_failed(s.x, MAILPROTO_ERR_AUTH); /* a name that cannot be: no such user */
    assert_int_equal(mailproto_sasl_error(s.x), MAILPROTO_ERR_AUTH);
    side_close(&s);
}

/* A server's: the application's word, the client's faults, the bound of its memory. */
static void why_a_server_failed(void **state)
{
    static const struct {
        const char *message;
        mailproto_status verdict, why;
    } v[] = {
        {"|user|pencil", MAILPROTO_OK, MAILPROTO_OK},
        {"|user|pencil", MAILPROTO_ERR_AUTH, MAILPROTO_ERR_AUTH},
        {"|user|pencil", MAILPROTO_ERR_AUTH_TEMPORARY, MAILPROTO_ERR_AUTH_TEMPORARY},
        {"|user|pencil", MAILPROTO_ERR_AUTH_WEAK, MAILPROTO_ERR_AUTH_WEAK},
        {"|user", 0, MAILPROTO_ERR_SYNTAX},
        {"|user|a password that is too long for it", 0, MAILPROTO_ERR_TOO_LONG},
    };
    size_t i, n;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "PLAIN");
        char message[64];
        size_t len = strlen(v[i].message);
        struct side s;
        o.message_max = 32;
        side_open(&s, &o);
        for (n = 0; n < len; ++n) {
            message[n] = v[i].message[n];
            if (message[n] == '|') {
                message[n] = 0;
            }
        }
        (void)mailproto_sasl_input(s.x, message, len, 1);
        if (step(s.x).state == MAILPROTO_SASL_NEEDS) {
            assert_int_equal(mailproto_sasl_answer(s.x, v[i].verdict, NULL, 0),
                             MAILPROTO_OK);
        }
        assert_int_equal(step(s.x).state, v[i].why == MAILPROTO_OK
                                              ? MAILPROTO_SASL_DONE
                                              : MAILPROTO_SASL_FAILED);
        assert_int_equal(mailproto_sasl_error(s.x), v[i].why);
        mailproto_sasl_wipe(s.x);
        assert_int_equal(mailproto_sasl_error(s.x), v[i].why);
        side_close(&s);
    }
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
        cmocka_unit_test(proof_of_a_mechanism),
        cmocka_unit_test(why_a_client_failed),
        cmocka_unit_test(nothing_failed),
        cmocka_unit_test(why_the_callers_functions_failed),
        cmocka_unit_test(why_a_server_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
