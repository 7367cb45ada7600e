/*
 * A server's steps through an authentication exchange, on a session's buffers alone:
 * initial responses of all kinds, every cut of what comes, limits on both sides, who is
 * asked when, secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/auth_server.h"

enum { BLOCK = 16, OUTPUT = 64, LIMIT = 100 };

struct fixture {
    mailproto_session s;
    struct mailproto__auth_server a;
    mailproto_trace trace;
    char in[BLOCK];
    char out[OUTPUT];
    char traced[256]; /* kind and octets: a digit in front of each run of one kind */
    size_t traced_len;
    uint32_t traced_kind;
};

static void keep_trace(void *ctx, uint32_t kind, const void *data, size_t len)
{
    struct fixture *f = (struct fixture *)ctx;
    assert_true(len + 2 < sizeof f->traced - f->traced_len);
    if (kind != f->traced_kind) {
        f->traced[f->traced_len++] = (char)('0' + kind);
        f->traced_kind = kind;
    }
    memcpy(f->traced + f->traced_len, data, len);
    f->traced_len += len;
}

static void start(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->traced_kind = UINT32_MAX;
    f->s.in.base = f->in;
    f->s.in.cap = sizeof f->in;
    f->s.out.base = f->out;
    f->s.out.cap = sizeof f->out;
    f->trace.struct_size = sizeof f->trace;
    f->trace.ctx = f;
    f->trace.fn = keep_trace;
    f->s.trace = &f->trace;
}

static mailproto_bytes text(const char *t)
{
    mailproto_bytes b;
    b.ptr = t;
    b.len = t != NULL ? strlen(t) : 0;
    return b;
}

static void assert_out(const struct fixture *f, const char *expected)
{
    assert_int_equal(f->s.out.due, f->s.out.tail);
    assert_int_equal(f->s.out.due, strlen(expected));
    assert_memory_equal(f->out, expected, strlen(expected));
}

/* ---- the beginning ------------------------------------------------------------------- */

static void what_is_read(void **state)
{
    (void)state;
    assert_false(mailproto__auth_server_reads(text(NULL)));
    assert_false(mailproto__auth_server_reads(text("=")));
    assert_true(mailproto__auth_server_reads(text("==")));
    assert_true(mailproto__auth_server_reads(text("YQ==")));
    assert_true(mailproto__auth_server_reads(text("*")));
    assert_true(mailproto__auth_server_reads(text(""))); /* a blank, and nothing */
}

static void begins(void **state)
{
    struct fixture f;
    mailproto_event *ev;
    (void)state;
    start(&f);
    f.a.initial = f.a.empty_initial = 1; /* of another exchange */
    f.a.lines.receiving = 1;
    ev = mailproto__auth_server_begin(&f.s, &f.a, text(NULL), LIMIT);
    assert_null(ev);
    assert_false(f.s.has_event);
    assert_true(f.s.secret_in && f.s.secret_out);
    assert_false(f.a.initial || f.a.empty_initial || f.a.lines.receiving);
    assert_int_equal(f.a.limit, LIMIT);
    ev = mailproto__auth_server_begin(&f.s, &f.a, text("YQ=="), 9);
    assert_ptr_equal(ev, &f.s.event);
    assert_true(f.s.has_event && !f.s.awaiting);
    assert_int_equal(ev->type, MAILPROTO_EV_AUTH_START);
    assert_int_equal(ev->flags, MAILPROTO_EVF_INITIAL);
    assert_int_equal(ev->tag, 0);
    assert_int_equal(f.a.limit, 9);
    assert_true(f.a.initial && !f.a.empty_initial);
    ev = mailproto__auth_server_begin(&f.s, &f.a, text("="), LIMIT);
    assert_non_null(ev);
    assert_true(f.a.initial && f.a.empty_initial);
}

/* ---- the peer's lines ---------------------------------------------------------------- */

struct seen {
    enum mailproto__auth_result result;
    char data[128];
    size_t len;
};

static void add(struct seen *seen, mailproto_bytes data)
{
    assert_true(seen->len + data.len <= sizeof seen->data);
    if (data.len > 0) {
        memcpy(seen->data + seen->len, data.ptr, data.len);
    }
    seen->len += data.len;
}

static void read_on(struct fixture *f, struct seen *seen)
{
    mailproto_bytes data;
    do {
        const mailproto_event *ev = &f->s.event;
        seen->result = mailproto__auth_server_read(&f->s, &f->a, &data);
        assert_int_equal(f->s.has_event, seen->result == MAILPROTO__AUTH_PIECE);
        if (seen->result == MAILPROTO__AUTH_PIECE) {
            f->s.has_event = 0;
            assert_int_equal(ev->type, MAILPROTO_EV_AUTH_DATA);
            assert_int_equal(ev->flags, MAILPROTO_EVF_MORE);
            assert_int_equal(ev->tag, 0);
            assert_true(ev->text.len > 0);
            add(seen, ev->text);
        } else if (seen->result == MAILPROTO__AUTH_LAST) {
            add(seen, data);
        }
    } while (seen->result == MAILPROTO__AUTH_PIECE);
}

/* A line, as an initial response or not, at every two cuts. */
static void check_line(const char *initial, const char *wire, size_t limit,
                       enum mailproto__auth_result result, const char *data)
{
    size_t len = strlen(wire);
    size_t a;
    size_t b;
    for (a = 0; a <= len; a++) {
        for (b = a; b <= len; b++) {
            size_t ends[3];
            unsigned part;
            struct fixture f;
            struct seen seen;
            ends[0] = a;
            ends[1] = b;
            ends[2] = len;
            start(&f);
            memset(&seen, 0, sizeof seen);
            (void)mailproto__auth_server_begin(&f.s, &f.a, text(initial), limit);
            f.s.has_event = 0;
            for (part = 0; part < 3 && seen.result == MAILPROTO__AUTH_NONE; part++) {
                size_t from = part == 0 ? 0 : ends[part - 1];
                f.s.in.lent.ptr = wire + from;
                f.s.in.lent.len = ends[part] - from;
                read_on(&f, &seen);
            }
            assert_int_equal(seen.result, result);
            assert_int_equal(f.s.offset, len);
            if (result == MAILPROTO__AUTH_LAST) {
                assert_int_equal(seen.len, strlen(data));
                assert_memory_equal(seen.data, data, seen.len);
                assert_false(f.a.initial || f.a.empty_initial);
            }
        }
    }
}

static void lines(void **state)
{
    static const char *const initial[] = {NULL, "whatever"};
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
    static const char encoded[] = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=\r\n";
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        const char *in = initial[i];
        check_line(in, "YWJj\r\n", LIMIT, MAILPROTO__AUTH_LAST, "abc");
        check_line(in, "\r\n", LIMIT, MAILPROTO__AUTH_LAST, "");
        check_line(in, encoded, LIMIT, MAILPROTO__AUTH_LAST, alphabet);
        /* the limit counts CRLF, within the block and beyond it */
        check_line(in, "YWJj\r\n", 6, MAILPROTO__AUTH_LAST, "abc");
        check_line(in, "YWJj\r\n", 5, MAILPROTO__AUTH_LONG, "");
        check_line(in, encoded, 38, MAILPROTO__AUTH_LAST, alphabet);
        check_line(in, encoded, 37, MAILPROTO__AUTH_LONG, "");
        check_line(in, "YWJj\r\n", 0, MAILPROTO__AUTH_LONG, "");
        check_line(in, "Y!Jj\r\n", LIMIT, MAILPROTO__AUTH_BAD, "");
        check_line(in, "=\r\n", LIMIT, MAILPROTO__AUTH_BAD, "");
        check_line(in, "**\r\n", LIMIT, MAILPROTO__AUTH_BAD, "");
    }
    /* `*` gives up what has begun; an initial response is not that */
    check_line(NULL, "*\r\n", LIMIT, MAILPROTO__AUTH_STAR, "");
    check_line("*", "*\r\n", LIMIT, MAILPROTO__AUTH_BAD, "");
    check_line("=", "", LIMIT, MAILPROTO__AUTH_LAST, "");
}

/* `=` went with its command: what is at hand is left alone, and it is empty once. */
static void empty_initial(void **state)
{
    struct fixture f;
    struct seen seen;
    (void)state;
    start(&f);
    memset(&seen, 0, sizeof seen);
    (void)mailproto__auth_server_begin(&f.s, &f.a, text("="), LIMIT);
    f.s.has_event = 0;
    f.s.in.lent = text("YWJj\r\n");
    read_on(&f, &seen);
    assert_int_equal(seen.result, MAILPROTO__AUTH_LAST);
    assert_int_equal(seen.len, 0);
    assert_int_equal(f.s.offset, 0);
    read_on(&f, &seen);
    assert_int_equal(seen.result, MAILPROTO__AUTH_LAST);
    assert_int_equal(seen.len, 3);
    assert_int_equal(f.s.offset, 6);
}

/* The line behind an initial response may be `*` again. */
static void star_behind_initial(void **state)
{
    struct fixture f;
    struct seen seen;
    (void)state;
    start(&f);
    memset(&seen, 0, sizeof seen);
    (void)mailproto__auth_server_begin(&f.s, &f.a, text("YQ=="), LIMIT);
    f.s.has_event = 0;
    f.s.in.lent = text("YQ==\r\n*\r\n");
    read_on(&f, &seen);
    assert_int_equal(seen.result, MAILPROTO__AUTH_LAST);
    read_on(&f, &seen);
    assert_int_equal(seen.result, MAILPROTO__AUTH_STAR);
}

/* ---- the application's part ---------------------------------------------------------- */

static struct mailproto__auth_call data_of(const char *data, size_t total)
{
    struct mailproto__auth_call call;
    memset(&call, 0, sizeof call);
    call.op = MAILPROTO__AUTH_DATA;
    call.data = data;
    call.len = strlen(data);
    call.total = total;
    return call;
}

static mailproto_status put(struct fixture *f, uint32_t asked, const char *data,
                            size_t total)
{
    struct mailproto__auth_call call = data_of(data, total);
    return mailproto__auth_server_put(&f->s, &f->a, asked, text("+ "), &call, 77);
}

static void who_is_asked(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    assert_false(mailproto__auth_server_is_asked(&f.s, MAILPROTO_EV_AUTH_START));
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_START, "a", 1), MAILPROTO_ERR_STATE);
    f.s.awaiting = 1;
    assert_true(mailproto__auth_server_is_asked(&f.s, MAILPROTO_EV_AUTH_START));
    assert_true(mailproto__auth_server_is_asked(&f.s, MAILPROTO_EV_AUTH_DATA));
    assert_false(mailproto__auth_server_is_asked(&f.s, MAILPROTO_EV_AUTH_RESULT));
    assert_false(mailproto__auth_server_is_asked(&f.s, 0));
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_RESULT, "a", 1), MAILPROTO_ERR_STATE);
    assert_out(&f, "");
}

static void puts_challenges(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    f.s.awaiting = 1;
    f.a.limit = 5;
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_START, "abcd", 5), MAILPROTO_OK);
    assert_true(f.a.lines.sending);
    assert_out(&f, "+ YWJj"); /* it leaves as it comes */
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_START, "a", 6), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(f.a.limit, 5);
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_START, "a", 5), MAILPROTO_OK);
    assert_false(f.a.lines.sending);
    assert_out(&f, "+ YWJjZGE=\r\n");
    assert_int_equal(f.a.limit, 77);
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_DATA, "", 0), MAILPROTO_OK);
    assert_out(&f, "+ YWJjZGE=\r\n+ \r\n");
    assert_string_equal(f.traced, "2+ 3YWJjZGE=\r\n2+ 3\r\n");
}

/* `+ `, 60 characters and CRLF are 64. */
static void room_for_challenges(void **state)
{
    static const char data[] = "0123456789012345678901234567890123456789012345678";
    struct fixture f;
    (void)state;
    start(&f);
    f.s.awaiting = 1;
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_DATA, data + 3, 46),
                     MAILPROTO_ERR_TOO_LONG);
    assert_out(&f, "");
    assert_false(f.a.lines.sending);
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_DATA, data + 4, 45), MAILPROTO_OK);
    assert_int_equal(f.s.out.due, OUTPUT);
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_DATA, "", 0), MAILPROTO_AGAIN);
    assert_int_equal(f.s.wants_room, MAILPROTO__ROOM_WANTED);
    assert_int_equal(f.s.out.tail, OUTPUT);
}

static void finishes(void **state)
{
    struct mailproto__auth_call call = data_of("", 0);
    struct fixture f;
    (void)state;
    start(&f);
    call.op = MAILPROTO__AUTH_FINISH;
    call.tag = 4;
    f.s.request = 4;
    assert_int_equal(
        mailproto__auth_server_may_finish(&f.s, &f.a, MAILPROTO_EV_AUTH_DATA, &call),
        MAILPROTO_ERR_STALE);
    f.s.awaiting = 1;
    assert_int_equal(
        mailproto__auth_server_may_finish(&f.s, &f.a, MAILPROTO_EV_AUTH_DATA, &call),
        MAILPROTO_OK);
    assert_int_equal(
        mailproto__auth_server_may_finish(&f.s, &f.a, MAILPROTO_EV_AUTH_START, &call),
        MAILPROTO_OK);
    assert_int_equal(
        mailproto__auth_server_may_finish(&f.s, &f.a, MAILPROTO_EV_AUTH_RESULT, &call),
        MAILPROTO_ERR_STALE);
    call.tag = 3;
    assert_int_equal(
        mailproto__auth_server_may_finish(&f.s, &f.a, MAILPROTO_EV_AUTH_DATA, &call),
        MAILPROTO_ERR_STALE);
    call.tag = 4; /* not within a challenge */
    assert_int_equal(put(&f, MAILPROTO_EV_AUTH_DATA, "a", 2), MAILPROTO_OK);
    assert_int_equal(
        mailproto__auth_server_may_finish(&f.s, &f.a, MAILPROTO_EV_AUTH_DATA, &call),
        MAILPROTO_ERR_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(begins),
        cmocka_unit_test(lines),
        cmocka_unit_test(empty_initial),
        cmocka_unit_test(star_behind_initial),
        cmocka_unit_test(who_is_asked),
        cmocka_unit_test(puts_challenges),
        cmocka_unit_test(room_for_challenges),
        cmocka_unit_test(finishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
