/*
 * The end of a caller's mechanism, whose state points to memory of its own (as GSSAPI's
 * does): released exactly once, however the exchange went; never when it was not begun;
 * and a table as it was before there was an `end` has none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "exchange.h"

/* What the mechanism's functions count, in options.custom_ctx. */
struct count {
    int started, ended, after; /* `after`: calls behind the end */
    char *context;             /* what there is to be released */
    mailproto_status start, verdict;
};

/* Its state. */
struct counted {
    struct count *count;
    char *context;
    int heard;
};

static mailproto_status counted_start(void *mem, const mailproto_sasl_options *options)
{
    struct counted *c = mem;
    c->count = options->custom_ctx;
    c->context = malloc(100); /* a sanitizer sees it if nobody releases it */
    assert_non_null(c->context);
    c->count->context = c->context;
    c->count->started++;
    return c->count->start;
}

static mailproto_status counted_input(void *mem, const void *data, size_t len, int last)
{
    struct counted *c = mem;
    (void)data;
    (void)len;
    c->heard += last;
    c->count->after += c->count->ended;
    return MAILPROTO_OK;
}

/* It awaits one message, and is content or not. */
static void counted_step(void *mem, mailproto_sasl_state *state)
{
    struct counted *c = mem;
    c->count->after += c->count->ended;
    state->state = MAILPROTO_SASL_WAIT;
    if (c->heard > 0) {
        state->error = c->count->verdict;
        state->state =
            state->error == MAILPROTO_OK ? MAILPROTO_SASL_DONE : MAILPROTO_SASL_FAILED;
    }
}

static mailproto_status counted_output(void *mem, uint64_t offset, void *buf,
                                       size_t cap, size_t *got)
{
    struct counted *c = mem;
    (void)offset;
    (void)buf;
    (void)cap;
    c->count->after += c->count->ended;
    *got = 0;
    return MAILPROTO_EOF;
}

static mailproto_status counted_proven(void *mem)
{
    struct counted *c = mem;
    c->count->after += c->count->ended;
    return MAILPROTO_OK;
}

static void counted_end(void *mem)
{
    struct counted *c = mem;
    assert_non_null(c->context); /* not wiped yet */
    free(c->context);
    c->context = NULL;
    c->count->ended++;
}

static const mailproto_sasl_mechanism counted = {
    sizeof counted, 0,
    "X-COUNTED",    sizeof(struct counted),
    counted_start,  counted_input,
    counted_step,   counted_output,
    NULL,           NULL,
    counted_proven, counted_end,
};

static mailproto_sasl_options counted_options(uint32_t role, struct count *count)
{
    mailproto_sasl_options o = options_for(role, "");
    memset(count, 0, sizeof *count);
    o.custom = &counted;
    o.custom_ctx = count;
    return o;
}

/* Wiped, wiped again, and asked whatever there is to ask. */
static void expect_one_end(mailproto_sasl *x, const struct count *count)
{
    mailproto_sasl_need_info info = {0};
    char buf[8];
    size_t got = 0;
    int n;
    assert_int_equal(count->started, 1);
    assert_int_equal(count->ended, 0);
    for (n = 0; n < 3; ++n) {
        mailproto_sasl_wipe(x);
        assert_int_equal(count->ended, 1);
        info.struct_size = sizeof info;
        assert_int_equal(step(x).state, MAILPROTO_SASL_FAILED);
        assert_int_equal(mailproto_sasl_input(x, "x", 1, 1), MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_sasl_output(x, 0, buf, sizeof buf, &got),
                         MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_sasl_need(x, &info), MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_ERR_AUTH);
    }
    assert_int_equal(count->after, 0);
}

static void after_a_success_and_a_refusal(void **state)
{
    static const mailproto_status verdicts[] = {MAILPROTO_OK, MAILPROTO_ERR_AUTH};
    static const uint32_t roles[] = {MAILPROTO_SASL_CLIENT, MAILPROTO_SASL_SERVER};
    size_t i;
    (void)state;
    for (i = 0; i < 4; ++i) {
        struct count count;
        mailproto_sasl_options o = counted_options(roles[i % 2], &count);
        struct side s;
        count.verdict = verdicts[i / 2];
        side_open(&s, &o); /* one octet less, which that tries too, begins nothing */
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_WAIT);
        give_text(s.x, "x");
        assert_int_equal(step(s.x).state,
                         i < 2 ? MAILPROTO_SASL_DONE : MAILPROTO_SASL_FAILED);
        expect_one_end(s.x, &count);
        side_close(&s);
        assert_int_equal(count.ended, 1);
    }
}

/* Nothing was stepped; a message is half there; it is whole. */
static void after_a_lost_connection(void **state)
{
    int heard;
    (void)state;
    for (heard = 0; heard < 4; ++heard) {
        struct count count;
        mailproto_sasl_options o = counted_options(MAILPROTO_SASL_CLIENT, &count);
        struct side s;
        side_open(&s, &o);
        if (heard > 0) {
            (void)step(s.x);
        }
        if (heard > 1) {
            assert_int_equal(mailproto_sasl_input(s.x, "x", 1, heard == 3),
                             MAILPROTO_OK);
        }
        expect_one_end(s.x, &count);
        side_close(&s);
    }
}

static void after_a_failed_start(void **state)
{
    struct count count;
    mailproto_sasl_options o = counted_options(MAILPROTO_SASL_CLIENT, &count);
    struct side s;
    (void)state;
    count.start = MAILPROTO_ERR_IO;
    assert_int_equal(side_try(&s, &o), MAILPROTO_ERR_IO);
    assert_null(s.x);
    assert_int_equal(count.started, 1);
    assert_int_equal(count.ended, 1);
    side_close(&s);
}

/* Refused before its `start`: there is nothing to end. */
static void not_begun(void **state)
{
    mailproto_sasl_mechanism m = counted;
    struct count count;
    mailproto_sasl_options o = counted_options(MAILPROTO_SASL_CLIENT, &count);
    mailproto_sasl *x = NULL;
    char block[8];
    (void)state;
    assert_int_equal(mailproto_sasl_init(block, sizeof block, &o, &x),
                     MAILPROTO_ERR_MEMORY);
    assert_null(x);
    m.struct_size = (uint32_t)offsetof(mailproto_sasl_mechanism, end) - 1;
    o.custom = &m;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(count.started, 0);
    assert_int_equal(count.ended, 0);
}

/* A table of before, which ends where `end` begins: what lies there is not looked at. */
static void a_table_without_it(void **state)
{
    static const size_t sizes[] = {offsetof(mailproto_sasl_mechanism, end),
                                   sizeof(mailproto_sasl_mechanism) - 1,
                                   sizeof(mailproto_sasl_mechanism)};
    mailproto_sasl_mechanism *m = NULL;
    size_t i;
    (void)state;
    for (i = 0; i < 4; ++i) {
        size_t size = sizes[i % 3];
        struct count count;
        mailproto_sasl_options o = counted_options(MAILPROTO_SASL_CLIENT, &count);
        struct side s;
        m = malloc(i == 0 ? size : sizeof counted); /* no octet more, the first time */
        assert_non_null(m);
        memcpy(m, &counted, i == 0 ? size : sizeof counted);
        m->struct_size = (uint32_t)size;
        if (i == 2) {
            m->end = NULL; /* there is nothing to release */
        }
        o.custom = m;
        side_open(&s, &o);
        assert_int_equal(count.started, 1);
        mailproto_sasl_wipe(s.x);
        mailproto_sasl_wipe(s.x);
        side_close(&s);
        assert_int_equal(count.ended, 0);
        free(count.context);
        free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_success_and_a_refusal),
        cmocka_unit_test(after_a_lost_connection),
        cmocka_unit_test(after_a_failed_start),
        cmocka_unit_test(not_begun),
        cmocka_unit_test(a_table_without_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
