/*
 * Hash functions of the caller: every state begins and ends exactly once, a failure
 * at any call ends the exchange, nothing is hashed before limits are checked, and
 * malformed rows are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "exchange.h"
#include "sasl/hash.h"

/* A hash function that keeps its state on the heap, as OpenSSL's do: what is not
 * ended is a leak, what is ended twice a double free. */
struct heap_hash {
    uint32_t id;
    int alive, calls;
    int fail_at; /* the call that fails, counted from 1; 0: none */
};

static mailproto_status called(struct heap_hash *h)
{
    return ++h->calls == h->fail_at ? MAILPROTO_ERR_IO : MAILPROTO_OK;
}

static struct mailproto__md *get(const void *state)
{
    struct mailproto__md *m;
    memcpy(&m, state, sizeof m);
    assert_non_null(m);
    return m;
}

static void set(struct heap_hash *h, void *state, const struct mailproto__md *from)
{
    struct mailproto__md *m = malloc(sizeof *m);
    assert_non_null(m);
    if (from != NULL) {
        *m = *from;
    } else {
        mailproto__md_init(m, h->id);
    }
    assert_int_equal((uintptr_t)state % sizeof(void *), 0);
    memcpy(state, &m, sizeof m);
    h->alive++;
}

static void drop(struct heap_hash *h, void *state)
{
    free(get(state));
    memset(state, 0, sizeof(void *));
    h->alive--;
}

static mailproto_status heap_init(void *ctx, void *state)
{
    if (called(ctx) != MAILPROTO_OK) {
        return MAILPROTO_ERR_IO;
    }
    set(ctx, state, NULL);
    return MAILPROTO_OK;
}

static mailproto_status heap_update(void *ctx, void *state, const void *data,
                                    size_t len)
{
    struct heap_hash *h = ctx;
    mailproto__md_update(get(state), h->id, data, len);
    return called(h);
}

static mailproto_status heap_final(void *ctx, void *state, void *out)
{
    struct heap_hash *h = ctx;
    mailproto__md_final(get(state), h->id, out);
    drop(h, state);
    return called(h);
}

static mailproto_status heap_copy(void *ctx, void *to, const void *from)
{
    if (called(ctx) != MAILPROTO_OK) {
        return MAILPROTO_ERR_IO;
    }
    set(ctx, to, get(from));
    return MAILPROTO_OK;
}

static void heap_release(void *ctx, void *state)
{
    drop(ctx, state);
}

static mailproto_hash row_of(struct heap_hash *h, uint32_t size)
{
    mailproto_hash r = {sizeof r,       h->id,     64,          size,
                        sizeof(void *), h,         heap_init,   heap_update,
                        heap_final,     heap_copy, heap_release};
    return r;
}

/* Longer than a block, so that it is hashed itself (RFC 2104 2). */
#define LONG_PASSWORD                                                                  \
    "a password that is longer than a block of the hash function and is hashed "       \
    "therefore"

static void answer(struct talk *t, const mailproto_sasl_need_info *need)
{
    (void)need;
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, LONG_PASSWORD,
                                           strlen(LONG_PASSWORD)),
                     MAILPROTO_OK);
}

/* Both sides with the caller's hash functions; 1: all went well. `client_fails` ... :
 * at which call. */
static int run(const char *mechanism, uint32_t id, uint32_t size, int client_fails,
               int server_fails, int *client_calls, int *server_calls)
{
    struct heap_hash ch = {id, 0, 0, client_fails}, sh = {id, 0, 0, server_fails};
    mailproto_hash rows[2];
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, mechanism);
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, mechanism);
    struct talk t;
    int good = 0;
    mailproto_status st;
    memset(&t, 0, sizeof t);
    rows[0] = row_of(&ch, size);
    rows[1] = row_of(&sh, size);
    c.name = str("alice");
    c.password = str(LONG_PASSWORD);
    c.nonce = str("random octets of the client");
    c.min_iterations = 1;
    c.hashes = &rows[0];
    c.hash_count = 1;
    s.nonce = str("random octets of the server");
    s.salt_key = str("a secret of the server");
    s.iterations = 3;
    s.hashes = &rows[1];
    s.hash_count = 1;
    s.hash_stride = sizeof rows[0];
    t.piece = 500;
    t.answer = answer;
    st = side_try(&t.client, &c);
    if (st == MAILPROTO_OK) {
        side_open(&t.server, &s);
        converse(&t);
        good = t.client_sure;
        if (server_fails > 0 && !t.server_done) {
            assert_int_equal(t.server_error, MAILPROTO_ERR_IO);
        }
    } else {
        assert_int_equal(st, MAILPROTO_ERR_IO); /* CRAM-MD5 hashes the key at once */
        assert_null(t.client.x);
    }
    side_close(&t.client);
    side_close(&t.server);
    assert_int_equal(ch.alive, 0);
    assert_int_equal(sh.alive, 0);
    *client_calls = ch.calls;
    *server_calls = sh.calls;
    return good;
}

static const struct {
    const char *mechanism;
    uint32_t id, size;
} used[] = {
    {"CRAM-MD5", MAILPROTO_HASH_MD5, 16},
    {"SCRAM-SHA-1", MAILPROTO_HASH_SHA1, 20},
    {"SCRAM-SHA-256", MAILPROTO_HASH_SHA256, 32},
};

static void states_begin_and_end_once(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < 3; ++i) {
        int c, s;
        assert_int_equal(run(used[i].mechanism, used[i].id, used[i].size, 0, 0, &c, &s),
                         1);
        assert_in_range(c, 10, 200);
        assert_in_range(s, 10, 200);
    }
}

static void any_call_may_fail(void **state)
{
    size_t i;
    int k;
    (void)state;
    for (i = 0; i < 3; ++i) {
        int clients, servers, c, s;
        (void)run(used[i].mechanism, used[i].id, used[i].size, 0, 0, &clients,
                  &servers);
        for (k = 1; k <= clients; ++k) {
            assert_int_equal(
                run(used[i].mechanism, used[i].id, used[i].size, k, 0, &c, &s), 0);
            assert_int_equal(c, k); /* not called again after it */
        }
        for (k = 1; k <= servers; ++k) {
            assert_int_equal(
                run(used[i].mechanism, used[i].id, used[i].size, 0, k, &c, &s), 0);
            assert_int_equal(s, k);
        }
    }
}

/* An exchange that is dropped at any point leaves no state behind. */
static void dropped_anywhere(void **state)
{
    int steps;
    (void)state;
    for (steps = 0; steps < 12; ++steps) {
        struct heap_hash h = {MAILPROTO_HASH_SHA256, 0, 0, 0};
        mailproto_hash row = row_of(&h, 32);
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-256");
        struct side s;
        int i;
        o.name = str("alice");
        o.password = str("wonderland");
        o.nonce = str("rOprNGfwEbeRWgbNEkqO");
        o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
        o.work_step = 1;
        o.min_iterations = 1;
        o.hashes = &row;
        o.hash_count = 1;
        side_open(&s, &o);
        assert_int_equal(h.calls, 0);
        for (i = 0; i < steps; ++i) {
            if (i == 1) {
                give_text(s.x, "r=rOprNGfwEbeRWgbNEkqOxxxx,s=c2FsdA==,i=8");
            }
            (void)step(s.x);
        }
        side_close(&s);
        assert_int_equal(h.alive, 0);
    }
}

static void limits_come_before_hashing(void **state)
{
    static const char *const bad[] = {
        "r=rOprNGfwEbeRWgbNEkqOxxxx,s=c2FsdA==,i=4095",
        "r=rOprNGfwEbeRWgbNEkqOxxxx,s=c2FsdA==,i=1000001",
        "r=rOprNGfwEbeRWgbNEkqOxxxx,s=c2FsdA==,i=4096,m=x",
        "r=rOprNGfwEbeRWgbNEkqO,s=c2FsdA==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOxxxx,s=c2FsdA=,i=4096",
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        struct heap_hash h = {MAILPROTO_HASH_SHA256, 0, 0, 0};
        mailproto_hash row = row_of(&h, 32);
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-256");
        struct side s;
        o.name = str("alice");
        o.password = str("wonderland");
        o.nonce = str("rOprNGfwEbeRWgbNEkqO");
        o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
        o.hashes = &row;
        o.hash_count = 1;
        side_open(&s, &o);
        (void)step(s.x);
        give_text(s.x, bad[i]);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_FAILED);
        assert_int_equal(h.calls, 0);
        side_close(&s);
    }
}

static void rows_are_checked(void **state)
{
    struct heap_hash h = {MAILPROTO_HASH_MD5, 0, 0, 0};
    mailproto_hash row = row_of(&h, 16);
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "CRAM-MD5");
    char digest[MAILPROTO_APOP_DIGEST];
    void *one = NULL;
    struct side s;
    (void)state;
    o.name = str("alice");
    o.password = str("wonderland");
    o.hashes = &row;
    o.hash_count = 1;
    row.output_size = 20;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    row = row_of(&h, 16);
    row.block_size = 128;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    row = row_of(&h, 16);
    row.struct_size = 8;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    row = row_of(&h, 16);
    row.state_size = 0;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    row = row_of(&h, 16);
    row.final = NULL;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    row = row_of(&h, 16);
    o.hash_stride = sizeof row - 1;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.hash_stride = 0;
    o.hashes = NULL;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.hashes = &row;
    row.id = MAILPROTO_HASH_SHA1; /* of no use here: the built-in one serves */
    side_open(&s, &o);
    side_close(&s);
    assert_int_equal(h.calls, 0);

    assert_int_equal(mailproto_sasl_apop(str("<a@b>"), str("x"), &row, &one, digest),
                     MAILPROTO_ERR_ARGUMENT); /* not MD5 */
    row = row_of(&h, 16);
    assert_int_equal(mailproto_sasl_apop(str("<a@b>"), str("x"), &row, NULL, digest),
                     MAILPROTO_ERR_ARGUMENT); /* no place for its state */
}

static void apop_by_the_caller(void **state)
{
    struct heap_hash h = {MAILPROTO_HASH_MD5, 0, 0, 0};
    mailproto_hash row = row_of(&h, 16);
    mailproto_bytes stamp = str("<1896.697170952@dbc.mtview.ca.us>");
    mailproto_bytes digest = str("c4c9334bac560ecc979e58001b3e22fb");
    void *one = NULL;
    int k;
    (void)state;
    assert_int_equal(
        mailproto_sasl_apop_check(stamp, str("tanstaaf"), digest, &row, &one),
        MAILPROTO_OK);
    assert_int_equal(h.calls, 4);
    assert_int_equal(h.alive, 0);
    for (k = 1; k <= 4; ++k) {
        h.calls = 0;
        h.fail_at = k;
        assert_int_equal(
            mailproto_sasl_apop_check(stamp, str("tanstaaf"), digest, &row, &one),
            MAILPROTO_ERR_IO);
        assert_int_equal(h.calls, k);
        assert_int_equal(h.alive, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_begin_and_end_once),
        cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(dropped_anywhere),
        cmocka_unit_test(limits_come_before_hashing),
        cmocka_unit_test(rows_are_checked),
        cmocka_unit_test(apop_by_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
