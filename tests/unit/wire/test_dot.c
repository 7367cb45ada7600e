/*
 * Dot transparency against a naive implementation: every short text over the octets that
 * matter, at every cut, for every policy; then the particular cases by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/base.h>

#include "naive.h"
#include "thinned.h"
#include "wire/dot.h"

enum { TEXT_MAX = 10, OUT_MAX = 2 * TEXT_MAX + 8 };

static const char letters[] = {'\r', '\n', '.', '\0', 'a'};

/* ---- both ways, with whatever cuts ------------------------------------------------- */

struct result {
    char out[64];
    size_t len;
    size_t used;
    int ended;
    mailproto_status status;
};

/* Feeds in[0, len) as one piece; appends to `r`. */
static void undot_piece(struct mailproto__undot *u, const char *in, size_t len,
                        struct result *r)
{
    size_t i = 0;
    /* A copy without room behind it, so that a sanitizer sees what reads too far. */
    char *copy = (char *)malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, in, len);
    while (!r->ended) {
        mailproto_bytes piece;
        mailproto_bytes run;
        size_t used = 99;
        enum mailproto__undot_result what;
        piece.ptr = copy + i;
        piece.len = len - i;
        what = mailproto__undot_next(u, piece, &used, &run);
        assert_true(used <= piece.len);
        i += used;
        r->used += used;
        if (what == MAILPROTO__UNDOT_RUN) {
            assert_true(run.len > 0 && r->len + run.len <= sizeof r->out);
            memcpy(r->out + r->len, run.ptr, run.len);
            r->len += run.len;
        } else if (what == MAILPROTO__UNDOT_END) {
            r->ended = 1;
        } else {
            assert_int_equal(i, len);
            break;
        }
    }
    free(copy);
}

static void check_undot(const char *text, size_t len, size_t cut, uint8_t policy)
{
    char expected[OUT_MAX];
    struct naive_content n = naive_undot(text, len, policy, expected);
    struct mailproto__undot u;
    struct result r;
    memset(&u, 0, sizeof u);
    memset(&r, 0, sizeof r);
    u.policy = policy;
    undot_piece(&u, text, cut, &r);
    if (!r.ended) {
        undot_piece(&u, text + cut, len - cut, &r);
    }
    assert_int_equal(r.ended, n.ended);
    assert_int_equal(r.used, n.used);
    assert_int_equal(r.len, n.len);
    assert_memory_equal(r.out, expected, n.len);
    assert_int_equal(u.seen, n.seen);
    assert_int_equal(u.bad_at, n.bad);
    assert_int_equal(u.offset, n.used);
    if (n.bad) {
        assert_int_equal(u.bad_offset, n.bad_offset);
    }
}

/* Stuffs in[0, len) as one piece, through an output of `cap` octets a call. */
static void stuff_piece(struct mailproto__stuff *d, const char *in, size_t len,
                        size_t cap, struct result *r)
{
    size_t i = 0;
    /* In one buffer, the output as near before the input as is allowed. */
    size_t gap = len + 4;
    char *both = (char *)malloc(gap + len);
    assert_non_null(both);
    while (r->status == MAILPROTO_OK && i < len) {
        size_t used;
        size_t put;
        size_t rest = len - i;
        size_t out_cap = cap < rest + 4 + rest ? cap : rest + 4 + rest;
        memcpy(both + rest + 4, in + i, rest);
        r->status =
            mailproto__stuff_put(d, both + rest + 4, rest, &used, both, out_cap, &put);
        assert_true(used <= rest && put <= out_cap);
        assert_true(used > 0 || put > 0 || r->status != MAILPROTO_OK);
        assert_true(r->len + put <= sizeof r->out);
        memcpy(r->out + r->len, both, put);
        r->len += put;
        r->used += used;
        i += used;
    }
    free(both);
}

static void check_stuff(const char *text, size_t len, size_t cut, size_t cap,
                        uint8_t policy)
{
    char expected[OUT_MAX];
    struct naive_content n = naive_stuff(text, len, policy, expected);
    struct mailproto__stuff d;
    struct result r;
    memset(&d, 0, sizeof d);
    memset(&r, 0, sizeof r);
    d.policy = policy;
    stuff_piece(&d, text, cut, cap, &r);
    stuff_piece(&d, text + cut, len - cut, cap, &r);
    if (r.status == MAILPROTO_OK) {
        char end[MAILPROTO__STUFF_END_MAX];
        size_t end_len = mailproto__stuff_end(&d, end, &r.status);
        assert_true(end_len <= sizeof end && r.len + end_len <= sizeof r.out);
        memcpy(r.out + r.len, end, end_len);
        r.len += end_len;
    }
    assert_int_equal(r.status, n.refused);
    if (n.refused == MAILPROTO_ERR_BARE_LINE_END && cut > 0 && n.used + 1 == cut) {
        /* The CR was the last octet of its piece: it was held back. */
        assert_int_equal(r.used, n.used + (text[n.used] == '\r'));
    } else {
        assert_int_equal(r.used, n.used);
    }
    assert_int_equal(r.len, n.len);
    assert_memory_equal(r.out, expected, n.len);
    assert_int_equal(d.seen, n.seen);
}

/* What a receiver makes of what was sent: the content, and nothing behind it. */
static void check_round_trip(const char *text, size_t len, uint8_t policy)
{
    char wire[OUT_MAX];
    char expected[OUT_MAX];
    size_t expected_len = 0;
    struct naive_content n = naive_stuff(text, len, policy, wire);
    struct mailproto__undot u;
    struct result r;
    size_t i;
    if (n.refused) {
        return;
    }
    for (i = 0; i < len; i++) {
        int pair = len - i >= 2 && text[i] == '\r' && text[i + 1] == '\n';
        if (pair ||
            (policy == MAILPROTO__REPAIR && (text[i] == '\r' || text[i] == '\n'))) {
            expected[expected_len++] = '\r';
            expected[expected_len++] = '\n';
            i += pair ? 1 : 0;
        } else {
            expected[expected_len++] = text[i];
        }
    }
    if (expected_len > 0 &&
        (expected_len < 2 || memcmp(expected + expected_len - 2, "\r\n", 2) != 0)) {
        expected[expected_len++] = '\r';
        expected[expected_len++] = '\n';
    }
    memset(&u, 0, sizeof u);
    memset(&r, 0, sizeof r);
    u.policy = MAILPROTO__PASS;
    undot_piece(&u, wire, n.len, &r);
    assert_true(r.ended);
    assert_int_equal(r.used, n.len);
    assert_int_equal(r.len, expected_len);
    assert_memory_equal(r.out, expected, expected_len);
}

static void every_short_text(void **state)
{
    const char *full = getenv("MAILPROTO_FULL");
    size_t longest = full != NULL && strcmp(full, "1") == 0 ? 9
                     : thinned(2) == 2                      ? 6
                                                            : 7;
    char text[TEXT_MAX];
    size_t len;
    (void)state;
    for (len = 0; len <= longest; len++) {
        unsigned long count = 1;
        unsigned long number;
        size_t i;
        for (i = 0; i < len; i++) {
            count *= sizeof letters;
        }
        for (number = 0; number < count; number++) {
            unsigned long rest = number;
            uint8_t policy;
            for (i = 0; i < len; i++) {
                text[i] = letters[rest % sizeof letters];
                rest /= sizeof letters;
            }
            for (policy = MAILPROTO__REFUSE; policy <= MAILPROTO__PASS; policy++) {
                for (i = 0; i <= len; i++) {
                    check_undot(text, len, i, policy);
                    check_stuff(text, len, i, OUT_MAX, policy);
                }
                check_round_trip(text, len, policy);
                if (len <= 5) {
                    check_stuff(text, len, 0, 4, policy);
                    check_stuff(text, len, 0, 5, policy);
                    check_stuff(text, len, len / 2, 6, policy);
                }
            }
        }
    }
}

/* ---- long texts ---------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

/* Lines of some length, so that the word-wise search meets every alignment. */
static void long_texts(void **state)
{
    static char text[700];
    static char wire[1500];
    static char back[1500];
    static char cut_out[1500];
    uint32_t x = 2463534242U;
    const unsigned rounds = 20000 / (unsigned)thinned(10);
    unsigned round;
    (void)state;
    for (round = 0; round < rounds; round++) {
        size_t len = next_random(&x) % sizeof text;
        uint8_t policy = (uint8_t)(MAILPROTO__REFUSE + round % 3);
        struct naive_content n;
        struct mailproto__undot u;
        size_t at = 0;
        size_t put = 0;
        size_t i;
        for (i = 0; i < len; i++) {
            uint32_t r = next_random(&x) % 100;
            text[i] = r < 93 ? (char)('!' + r % 60) : r < 97 ? letters[r % 5] : '\t';
            if (r == 99 && i + 1 < len) {
                text[i] = '\r';
                text[++i] = '\n';
            }
        }
        /* sent, in one call */
        {
            struct mailproto__stuff d;
            mailproto_status status;
            size_t used;
            memset(&d, 0, sizeof d);
            d.policy = policy;
            n = naive_stuff(text, len, policy, wire);
            status = mailproto__stuff_put(&d, text, len, &used, cut_out, sizeof cut_out,
                                          &put);
            if (status == MAILPROTO_OK) {
                assert_int_equal(used, len);
                put += mailproto__stuff_end(&d, cut_out + put, &status);
            }
            assert_int_equal(status, n.refused);
            assert_int_equal(put, n.len);
            assert_memory_equal(cut_out, wire, n.len);
        }
        /* received, in pieces */
        memset(&u, 0, sizeof u);
        u.policy = policy;
        n = naive_undot(text, len, policy, back);
        put = 0;
        for (;;) {
            mailproto_bytes in;
            mailproto_bytes run;
            size_t used;
            enum mailproto__undot_result what;
            in.ptr = text + at;
            in.len = next_random(&x) % 200;
            in.len = in.len < len - at ? in.len : len - at;
            what = mailproto__undot_next(&u, in, &used, &run);
            at += used;
            if (what == MAILPROTO__UNDOT_END ||
                (what == MAILPROTO__UNDOT_MORE && at == len)) {
                assert_int_equal(what == MAILPROTO__UNDOT_END, n.ended);
                break;
            }
            if (what == MAILPROTO__UNDOT_RUN) {
                memcpy(cut_out + put, run.ptr, run.len);
                put += run.len;
            }
        }
        assert_int_equal(at, n.used);
        assert_int_equal(put, n.len);
        assert_memory_equal(cut_out, back, n.len);
        assert_int_equal(u.seen, n.seen);
        assert_int_equal(u.bad_at, n.bad);
    }
}

/* A run is as long as can be: one for input without a dot at a line's start. */
static void one_run(void **state)
{
    const char text[] = "Subject: a.b\r\n\r\nline.\r\nanother .line\r\n";
    struct mailproto__undot u;
    mailproto_bytes in;
    mailproto_bytes run;
    size_t used;
    (void)state;
    memset(&u, 0, sizeof u);
    u.policy = MAILPROTO__REFUSE;
    in.ptr = text;
    in.len = sizeof text - 1;
    assert_int_equal(mailproto__undot_next(&u, in, &used, &run), MAILPROTO__UNDOT_RUN);
    assert_ptr_equal(run.ptr, text);
    assert_int_equal(run.len, in.len);
    assert_int_equal(used, in.len);
    in.len = 0;
    assert_int_equal(mailproto__undot_next(&u, in, &used, &run), MAILPROTO__UNDOT_MORE);
    assert_int_equal(used, 0);
}

/* ---- by name ----------------------------------------------------------------------- */

struct wire_case {
    const char *wire;
    const char *content; /* under PASS */
    int ended;
};

static void end_marks(void **state)
{
    /* RFC 5321 4.1.1.4: CRLF.CRLF and nothing else */
    static const struct wire_case cases[] = {
        {".\r\n", "", 1},
        {"a\r\n.\r\n", "a\r\n", 1},
        {"\r\n.\r\n", "\r\n", 1},
        {"a\n.\n", "a\n.\n", 0},
        {"a\n.\r\n", "a\n.\r\n", 0},
        {"a\r\n.\n", "a\r\n\n", 0},
        {"a\r\n.\rb\r\n", "a\r\n\rb\r\n", 0},
        {"a\r.\r\n", "a\r.\r\n", 0},
        {"a\r\n..\r\n", "a\r\n.\r\n", 0},
        {"a\r\n.b\r\n", "a\r\nb\r\n", 0},
        {"a\r\r\n.\r\n", "a\r\r\n", 1},
        {".\n.\r\n", "\n.\r\n", 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__undot u;
        struct result r;
        memset(&u, 0, sizeof u);
        memset(&r, 0, sizeof r);
        u.policy = MAILPROTO__PASS;
        undot_piece(&u, cases[i].wire, strlen(cases[i].wire), &r);
        assert_int_equal(r.ended, cases[i].ended);
        assert_int_equal(r.len, strlen(cases[i].content));
        assert_memory_equal(r.out, cases[i].content, r.len);
    }
}

static void offsets_of_refusals(void **state)
{
    static const struct {
        const char *wire;
        size_t len;
        uint64_t offset;
        unsigned seen;
    } cases[] = {
        {"ab\ncd", 5, 2, MAILPROTO__DOT_BARE},
        {"ab\rcd", 5, 2, MAILPROTO__DOT_BARE},
        {"ab\r\n.\rcd", 8, 5, MAILPROTO__DOT_BARE},
        {"a\0b\n", 4, 1, MAILPROTO__DOT_BARE | MAILPROTO__DOT_NUL},
        {"\r\r\n", 3, 0, MAILPROTO__DOT_BARE},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__undot u;
        struct result r;
        memset(&u, 0, sizeof u);
        memset(&r, 0, sizeof r);
        u.policy = MAILPROTO__REFUSE;
        undot_piece(&u, cases[i].wire, cases[i].len, &r);
        assert_int_equal(u.bad_at, 1);
        assert_int_equal(u.bad_offset, cases[i].offset);
        assert_int_equal(u.seen, cases[i].seen);
    }
}

/* In a line that repair has ended, no dot is removed and no end mark is seen; in what is
 * sent it is a line like any other. */
static void repair_and_dots(void **state)
{
    struct mailproto__undot u;
    struct mailproto__stuff d;
    struct result r;
    char out[64];
    size_t used;
    size_t put;
    (void)state;
    memset(&u, 0, sizeof u);
    memset(&r, 0, sizeof r);
    u.policy = MAILPROTO__REPAIR;
    undot_piece(&u, "a\n.\r\nb\r..\n\r\n.\r\n", 15, &r);
    assert_true(r.ended);
    assert_int_equal(r.len, 15);
    assert_memory_equal(r.out, "a\r\n.\r\nb\r\n..\r\n\r\n", 15);

    memset(&d, 0, sizeof d);
    d.policy = MAILPROTO__REPAIR;
    assert_int_equal(
        mailproto__stuff_put(&d, "a\n.\r.b\r\n.", 9, &used, out, sizeof out, &put),
        MAILPROTO_OK);
    assert_int_equal(used, 9);
    assert_int_equal(put, 14);
    assert_memory_equal(out, "a\r\n..\r\n..b\r\n..", 14);
    assert_int_equal(d.seen, MAILPROTO__DOT_BARE | MAILPROTO__DOT_REPAIRED);
}

static void ends_of_sent_content(void **state)
{
    static const struct {
        const char *content;
        uint8_t policy;
        const char *end;
        unsigned seen;
        mailproto_status status;
    } cases[] = {
        {"", MAILPROTO__REFUSE, ".\r\n", 0, MAILPROTO_OK},
        {"a", MAILPROTO__REFUSE, "\r\n.\r\n", MAILPROTO__DOT_REPAIRED, MAILPROTO_OK},
        {"a\r\n", MAILPROTO__REFUSE, ".\r\n", 0, MAILPROTO_OK},
        {"a\r", MAILPROTO__REFUSE, "", MAILPROTO__DOT_BARE,
         MAILPROTO_ERR_BARE_LINE_END},
        {"a\r", MAILPROTO__REPAIR, "\r\n.\r\n",
         MAILPROTO__DOT_BARE | MAILPROTO__DOT_REPAIRED, MAILPROTO_OK},
        {"a\r", MAILPROTO__PASS, "\r\r\n.\r\n",
         MAILPROTO__DOT_BARE | MAILPROTO__DOT_REPAIRED, MAILPROTO_OK},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mailproto__stuff d;
        mailproto_status status;
        char out[64];
        char end[MAILPROTO__STUFF_END_MAX];
        size_t used;
        size_t put;
        size_t len;
        memset(&d, 0, sizeof d);
        d.policy = cases[i].policy;
        assert_int_equal(mailproto__stuff_put(&d, cases[i].content,
                                              strlen(cases[i].content), &used, out,
                                              sizeof out, &put),
                         MAILPROTO_OK);
        len = mailproto__stuff_end(&d, end, &status);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(len, strlen(cases[i].end));
        assert_memory_equal(end, cases[i].end, len);
        assert_int_equal(d.seen, cases[i].seen);
    }
}

/* After a short answer the caller may go on with anything: what counts are the octets
 * that were taken, and the wire is theirs alone. */
static void only_what_was_taken_counts(void **state)
{
    static const char alphabet[] = {'\r', '\n', '.', 'a'};
    uint32_t dice = 1;
    const int rounds = 200000 / (int)thinned(20);
    int round;
    (void)state;
    for (round = 0; round < rounds; round++) {
        struct mailproto__stuff d;
        char taken[64], wire[160], expected[160];
        size_t taken_len = 0, wire_len = 0, calls;
        struct naive_content naive;
        mailproto_status st = MAILPROTO_OK;
        memset(&d, 0, sizeof d);
        d.policy = (uint8_t)(round % 2 != 0 ? MAILPROTO__REPAIR : MAILPROTO__PASS);
        for (calls = 0; calls < 8; calls++) {
            char piece[6];
            size_t used, put, i, room;
            for (i = 0; i < sizeof piece; i++) {
                dice = dice * 1664525U + 1013904223U;
                piece[i] = alphabet[dice >> 24 & 3];
            }
            room = dice >> 16 & 7;
            assert_int_equal(mailproto__stuff_put(&d, piece, sizeof piece, &used,
                                                  wire + wire_len, room, &put),
                             MAILPROTO_OK);
            assert_true(put <= room);
            memcpy(taken + taken_len, piece, used);
            taken_len += used;
            wire_len += put;
            if (used == 0) {
                assert_int_equal(put, 0); /* AGAIN means that nothing happened */
            }
        }
        wire_len += mailproto__stuff_end(&d, wire + wire_len, &st);
        assert_int_equal(st, MAILPROTO_OK);
        naive = naive_stuff(taken, taken_len, d.policy, expected);
        assert_int_equal(wire_len, naive.len);
        assert_memory_equal(wire, expected, wire_len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_text),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(one_run),
        cmocka_unit_test(end_marks),
        cmocka_unit_test(offsets_of_refusals),
        cmocka_unit_test(repair_and_dots),
        cmocka_unit_test(ends_of_sent_content),
        cmocka_unit_test(only_what_was_taken_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
