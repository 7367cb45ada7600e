/*
 * Dot transparency, both directions, against the naive implementation, with a cut and an
 * output room that the input chooses; what is sent is received as it was.
 *
 * Input: policy, cut, room, then the octets.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/base.h>

#include "naive.h"
#include "wire/dot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

struct output {
    char *data;
    size_t len, cap;
};

static void append(struct output *o, const char *data, size_t len)
{
    CHECK(len <= o->cap - o->len);
    if (len > 0) {
        memcpy(o->data + o->len, data, len);
    }
    o->len += len;
}

static struct output new_output(size_t cap)
{
    struct output o = {NULL, 0, cap};
    o.data = (char *)malloc(cap);
    CHECK(o.data != NULL);
    return o;
}

/* A copy of a piece, so that a sanitizer sees what reads past its end. */
static char *copy_of(const char *in, size_t len)
{
    char *copy = (char *)malloc(len > 0 ? len : 1);
    CHECK(copy != NULL);
    if (len > 0) {
        memcpy(copy, in, len);
    }
    return copy;
}

/* Receives in[0, len) in pieces of `piece`; octets used. */
static size_t receive(struct mailproto__undot *u, const char *in, size_t len,
                      size_t piece, struct output *o, int *ended)
{
    size_t at = 0;
    *ended = 0;
    while (at < len && !*ended) {
        size_t n = piece < len - at ? piece : len - at;
        char *copy = copy_of(in + at, n);
        size_t i = 0;
        for (;;) {
            mailproto_bytes rest;
            mailproto_bytes run;
            size_t used;
            enum mailproto__undot_result what;
            rest.ptr = copy + i;
            rest.len = n - i;
            what = mailproto__undot_next(u, rest, &used, &run);
            CHECK(used <= rest.len);
            i += used;
            if (what == MAILPROTO__UNDOT_RUN) {
                CHECK(run.len > 0);
                append(o, run.ptr, run.len);
            } else {
                *ended = what == MAILPROTO__UNDOT_END;
                CHECK(*ended || i == n);
                break;
            }
        }
        at += i;
        free(copy);
    }
    return at;
}

static void check_receive(const char *in, size_t len, uint8_t policy, size_t piece)
{
    struct output expected = new_output(2 * len + 8);
    struct output got = new_output(2 * len + 8);
    struct naive_content n = naive_undot(in, len, policy, expected.data);
    struct mailproto__undot u;
    int ended;
    memset(&u, 0, sizeof u);
    u.policy = policy;
    CHECK(receive(&u, in, len, piece, &got, &ended) == n.used);
    CHECK(ended == n.ended && got.len == n.len);
    CHECK(memcmp(got.data, expected.data, n.len) == 0);
    CHECK(u.seen == n.seen && u.bad_at == n.bad && u.offset == n.used);
    CHECK(!n.bad || u.bad_offset == n.bad_offset);
    free(expected.data);
    free(got.data);
}

/* Sends in[0, len) in pieces, in one buffer, the output before the input. */
static mailproto_status transmit(struct mailproto__stuff *d, const char *in, size_t len,
                                 size_t piece, size_t room, struct output *o)
{
    mailproto_status status = MAILPROTO_OK;
    size_t at = 0;
    while (at < len && status == MAILPROTO_OK) {
        size_t n = piece < len - at ? piece : len - at;
        char *both = (char *)malloc(n + 4 + n);
        size_t cap = room < n + 4 + n ? room : n + 4 + n;
        size_t used;
        size_t put;
        CHECK(both != NULL);
        memcpy(both + n + 4, in + at, n);
        status = mailproto__stuff_put(d, both + n + 4, n, &used, both, cap, &put);
        CHECK(used <= n && put <= cap);
        CHECK(used > 0 || put > 0 || status != MAILPROTO_OK);
        append(o, both, put);
        at += used;
        free(both);
    }
    if (status == MAILPROTO_OK) {
        char end[MAILPROTO__STUFF_END_MAX];
        size_t n = mailproto__stuff_end(d, end, &status);
        append(o, end, n);
    }
    return status;
}

static void check_transmit(const char *in, size_t len, uint8_t policy, size_t piece,
                           size_t room)
{
    struct output expected = new_output(2 * len + 8);
    struct output wire = new_output(2 * len + 8);
    struct output back = new_output(2 * len + 8);
    struct naive_content n = naive_stuff(in, len, policy, expected.data);
    struct mailproto__stuff d;
    struct mailproto__undot u;
    int ended;
    memset(&d, 0, sizeof d);
    d.policy = policy;
    CHECK(transmit(&d, in, len, piece, room, &wire) == n.refused);
    CHECK(wire.len == n.len && memcmp(wire.data, expected.data, n.len) == 0);
    CHECK(d.seen == n.seen);
    if (!n.refused) {
        /* One message, all of it, whatever its receiver does with bare line ends. */
        uint8_t other;
        for (other = MAILPROTO__REFUSE; other <= MAILPROTO__PASS; other++) {
            memset(&u, 0, sizeof u);
            u.policy = other;
            back.len = 0;
            free(back.data);
            back = new_output(2 * wire.len + 8);
            CHECK(receive(&u, wire.data, wire.len, piece, &back, &ended) == wire.len);
            CHECK(ended);
        }
        if (!(d.seen & MAILPROTO__DOT_REPAIRED)) {
            CHECK(back.len == len && (len == 0 || memcmp(back.data, in, len) == 0));
        }
    }
    free(expected.data);
    free(wire.data);
    free(back.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *in = (const char *)data;
    uint8_t policy;
    size_t piece;
    size_t room;
    if (size < 3) {
        return 0;
    }
    policy = (uint8_t)(MAILPROTO__REFUSE + data[0] % 3);
    piece = (size_t)data[1] + 1;
    room = (size_t)data[2] + 4;
    in += 3;
    size -= 3;
    check_receive(in, size, policy, size + 1);
    check_receive(in, size, policy, piece);
    check_transmit(in, size, policy, size + 1, 2 * size + 8);
    check_transmit(in, size, policy, piece, room);
    return 0;
}
