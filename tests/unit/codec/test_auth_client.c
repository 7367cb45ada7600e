/*
 * A client's steps through an authentication exchange, on a session's buffers alone: in
 * the words of IMAP, whose role is the third to use them. Every cut of what comes, both
 * sides of what may go with the command, turns, secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/auth_client.h"

enum { BLOCK = 16, OUTPUT = 64, TAG = 7, CODE = 9 };

struct fixture {
    mailproto_session s;
    struct mailproto__auth_client a;
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

static void assert_traced(const struct fixture *f, const char *expected)
{
    assert_string_equal(f->traced, expected);
}

static void begin(struct fixture *f)
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
    b.len = strlen(t);
    return b;
}

static struct mailproto__auth_call call_of(enum mailproto__auth_op op,
                                           const char *mechanism, const char *data)
{
    struct mailproto__auth_call call;
    memset(&call, 0, sizeof call);
    call.op = op;
    call.tag = TAG;
    call.mechanism = text(mechanism);
    call.data = data;
    call.len = data != NULL ? strlen(data) : 0;
    call.total = call.len;
    return call;
}

static mailproto_status start(struct fixture *f, const char *mechanism,
                              const char *initial, size_t initial_max)
{
    struct mailproto__auth_call call =
        call_of(MAILPROTO__AUTH_START, mechanism, initial);
    assert_true(mailproto__auth_client_is_call(&call));
    return mailproto__auth_client_start(&f->s, &f->a, &call, text("a1 AUTHENTICATE "),
                                        initial_max);
}

static mailproto_status answer(struct fixture *f, enum mailproto__auth_op op,
                               const char *data)
{
    struct mailproto__auth_call call = call_of(op, "", data);
    return mailproto__auth_client_answer(&f->s, &f->a, &call);
}

/* What was made due, which is all there is, leaves. */
static void assert_sent(struct fixture *f, const char *expected)
{
    assert_int_equal(f->s.out.due, f->s.out.tail);
    assert_int_equal(f->s.out.due - f->s.out.head, strlen(expected));
    assert_memory_equal(f->out + f->s.out.head, expected, strlen(expected));
    f->s.out.head = f->s.out.due;
}

/* ---- the start ----------------------------------------------------------------------- */

static void mechanism_names(void **state)
{
    static const struct {
        const char *name;
        int good;
    } cases[] = {
        {"X", 1},
        {"SCRAM-SHA-256-PLUS", 1},
        {"A_0-9ZABCDEFGHIJKLMN", 1}, /* 20: RFC 4422 3.1 */
        {"A_0-9ZABCDEFGHIJKLMNO", 0},
        {"", 0},
        {"plain", 0},
        {"PL AIN", 0},
        {"PLAIN\r", 0},
        {"PLA@IN", 0},
        {"PLA[IN", 0},
        {"PLA/IN", 0},
        {"PLA:IN", 0},
    };
    struct mailproto__auth_call call;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        call = call_of(MAILPROTO__AUTH_START, cases[i].name, NULL);
        assert_int_equal(mailproto__auth_client_is_call(&call), cases[i].good);
    }
    call = call_of(MAILPROTO__AUTH_START, "X", NULL);
    call.len = 1; /* octets that are not there */
    assert_false(mailproto__auth_client_is_call(&call));
    call.data = "x";
    assert_true(mailproto__auth_client_is_call(&call));
}

static void lists(void **state)
{
    mailproto_bytes words = text("PLAIN  LOGIN SCRAM-SHA-1");
    (void)state;
    assert_true(mailproto__auth_client_lists(words, text("PLAIN")));
    assert_true(mailproto__auth_client_lists(words, text("Login")));
    assert_true(mailproto__auth_client_lists(words, text("SCRAM-SHA-1")));
    assert_false(mailproto__auth_client_lists(words, text("SCRAM-SHA-1-PLUS")));
    assert_false(mailproto__auth_client_lists(words, text("SCRAM-SHA")));
    assert_false(mailproto__auth_client_lists(words, text("")));
    assert_false(mailproto__auth_client_lists(text(""), text("PLAIN")));
}

static void without_initial(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    assert_int_equal(start(&f, "XOAUTH2", NULL, 512), MAILPROTO_OK);
    assert_sent(&f, "a1 AUTHENTICATE XOAUTH2\r\n");
    assert_traced(&f, "1a1 AUTHENTICATE XOAUTH2\r\n");
    assert_int_equal(f.a.step, MAILPROTO__AUTH_ASKED);
    assert_int_equal(f.a.owes_initial, 0);
    assert_true(f.s.secret_in && f.s.secret_out && f.s.flush);
}

static void with_initial(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    assert_int_equal(start(&f, "PLAIN", "abc", 512), MAILPROTO_OK);
    assert_sent(&f, "a1 AUTHENTICATE PLAIN YWJj\r\n");
    assert_traced(&f, "1a1 AUTHENTICATE PLAIN 3YWJj\r\n");
    assert_int_equal(f.a.step, MAILPROTO__AUTH_ASKED);
    assert_int_equal(f.a.owes_initial, 0);
    begin(&f); /* RFC 9051 6.2.2: empty is `=` */
    assert_int_equal(start(&f, "EXTERNAL", "", 512), MAILPROTO_OK);
    assert_sent(&f, "a1 AUTHENTICATE EXTERNAL =\r\n");
    assert_int_equal(f.a.owes_initial, 0);
}

/* "a1 AUTHENTICATE X " with 8 characters and CRLF: 28 octets; `=`: 21. */
static void how_much_may_go(void **state)
{
    static const struct {
        const char *initial;
        size_t max;
        int goes;
    } cases[] = {
        {"abcdef", 28, 1}, {"abcdef", 27, 0}, {"abcdef", 6, 0},
        {"abcdef", 7, 0},  {"abcdef", 0, 0},  {"", 21, 1},
        {"", 20, 0},       {"", 1, 0},        {"", 0, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        begin(&f);
        assert_int_equal(start(&f, "X", cases[i].initial, cases[i].max), MAILPROTO_OK);
        assert_int_equal(f.a.owes_initial, !cases[i].goes);
        if (!cases[i].goes) {
            assert_sent(&f, "a1 AUTHENTICATE X\r\n");
        } else if (cases[i].max == 28) {
            assert_sent(&f, "a1 AUTHENTICATE X YWJjZGVm\r\n");
        } else {
            assert_sent(&f, "a1 AUTHENTICATE X =\r\n");
        }
    }
}

/* What the output never takes goes after the command. 20 and 44 characters are 64. */
static void initial_and_output(void **state)
{
    static const char data[] = "0123456789012345678901234567890123";
    struct fixture f;
    (void)state;
    begin(&f);
    assert_int_equal(start(&f, "X", data + 1, 512), MAILPROTO_OK);
    assert_int_equal(f.s.out.due, OUTPUT);
    assert_int_equal(f.a.owes_initial, 0);
    begin(&f);
    assert_int_equal(start(&f, "X", data, 512), MAILPROTO_OK);
    assert_sent(&f, "a1 AUTHENTICATE X\r\n");
    assert_int_equal(f.a.owes_initial, 1);
}

/* What was due must go first: nothing has happened yet. */
static void no_room_to_start(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    f.s.out.due = f.s.out.tail = OUTPUT - 27;
    assert_int_equal(start(&f, "X", "abcdef", 512), MAILPROTO_AGAIN);
    assert_int_equal(f.s.wants_room, MAILPROTO__ROOM_WANTED);
    assert_int_equal(f.a.step, MAILPROTO__AUTH_NOT);
    assert_int_equal(f.s.out.tail, OUTPUT - 27);
    assert_false(f.s.secret_in || f.s.secret_out || f.s.flush);
    f.s.out.head = 1;
    assert_int_equal(start(&f, "X", "abcdef", 512), MAILPROTO_OK);
    assert_int_equal(f.s.out.due, OUTPUT);
}

/* ---- challenges ---------------------------------------------------------------------- */

/* Feeds a reply in three parts; what comes of it: the first result that is not AGAIN of
 * the mark; `data`: what AUTH_DATA said. */
struct seen {
    mailproto_status mark, read;
    char data[128];
    size_t len;
    int initial;
    unsigned events;
};

static void tell(struct fixture *f, struct seen *seen)
{
    const mailproto_event *ev = &f->s.event;
    assert_true(f->s.has_event);
    f->s.has_event = 0;
    assert_int_equal(ev->type, MAILPROTO_EV_AUTH_DATA);
    assert_int_equal(ev->tag, TAG);
    assert_int_equal(ev->code, CODE);
    assert_int_equal((ev->flags & MAILPROTO_EVF_MORE) != 0,
                     f->a.step == MAILPROTO__AUTH_CHALLENGE);
    assert_true(seen->len + ev->text.len <= sizeof seen->data);
    if (ev->text.len > 0) {
        memcpy(seen->data + seen->len, ev->text.ptr, ev->text.len);
    }
    seen->len += ev->text.len;
    seen->initial = (ev->flags & MAILPROTO_EVF_INITIAL) != 0;
    seen->events++;
}

/* Reads as far as the input goes; 1: the reply's nature is known and its end reached. */
static int read_on(struct fixture *f, const char *mark, size_t limit, struct seen *seen)
{
    if (f->a.step == MAILPROTO__AUTH_ASKED) {
        seen->mark = mailproto__auth_client_mark(&f->s, &f->a, text(mark));
        if (seen->mark != MAILPROTO_OK) {
            return seen->mark != MAILPROTO_AGAIN;
        }
    }
    do {
        seen->read = mailproto__auth_client_read(&f->s, &f->a, limit, TAG, CODE);
        if (seen->read != MAILPROTO_OK) {
            assert_int_equal(seen->read, MAILPROTO_AGAIN);
            return 0;
        }
        if (f->a.step != MAILPROTO__AUTH_GIVEN_UP) {
            tell(f, seen);
        }
    } while (f->a.step == MAILPROTO__AUTH_CHALLENGE);
    assert_false(f->s.has_event);
    return 1;
}

/* A reply at every two cuts. `data` NULL: it is no challenge, and all of it is there. */
static void check_reply(const char *mark, const char *reply, size_t limit,
                        enum mailproto__auth_step step, const char *data)
{
    size_t len = strlen(reply);
    size_t a;
    size_t b;
    for (a = 0; a <= len; a++) {
        for (b = a; b <= len; b++) {
            size_t ends[3];
            unsigned part;
            int done = 0;
            struct fixture f;
            struct seen seen;
            ends[0] = a;
            ends[1] = b;
            ends[2] = len;
            begin(&f);
            memset(&seen, 0, sizeof seen);
            assert_int_equal(start(&f, "X", NULL, 0), MAILPROTO_OK);
            for (part = 0; part < 3 && !done; part++) {
                size_t from = part == 0 ? 0 : ends[part - 1];
                f.s.in.lent.ptr = reply + from;
                f.s.in.lent.len = ends[part] - from;
                done = read_on(&f, mark, limit, &seen);
            }
            assert_int_equal(f.a.step, step);
            if (data == NULL) {
                assert_int_equal(f.s.offset, 0);
                assert_int_equal(seen.events, 0);
                assert_int_equal(seen.mark, MAILPROTO_NOT_READY);
                continue;
            }
            assert_true(done);
            assert_int_equal(f.s.offset, len);
            if (step == MAILPROTO__AUTH_ANSWERING) {
                assert_int_equal(seen.len, strlen(data));
                assert_memory_equal(seen.data, data, seen.len);
            } else {
                assert_int_equal(f.a.why, MAILPROTO_ERR_BASE64);
            }
        }
    }
}

static void challenges(void **state)
{
    static const enum mailproto__auth_step good = MAILPROTO__AUTH_ANSWERING;
    static const enum mailproto__auth_step bad = MAILPROTO__AUTH_GIVEN_UP;
    static const enum mailproto__auth_step other = MAILPROTO__AUTH_ASKED;
    (void)state;
    check_reply("+", "+ YWJj\r\n", 100, good, "abc");
    check_reply("+", "+ \r\n", 100, good, "");
    check_reply("+", "+\r\n", 100, good, "");
    check_reply("+", "+ YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=\r\n", 100, good,
                "abcdefghijklmnopqrstuvwxyz");
    check_reply("334", "334 YWJj\r\n", 100, good, "abc");
    check_reply("334", "334\r\n", 100, good, "");
    /* the limit counts CRLF and what is behind the mark and its blank */
    check_reply("+", "+ YWJj\r\n", 6, good, "abc");
    check_reply("+", "+ YWJj\r\n", 5, bad, "");
    check_reply("+", "+ YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=\r\n", 38, good,
                "abcdefghijklmnopqrstuvwxyz");
    check_reply("+", "+ YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=\r\n", 37, bad, "");
    /* no base64: `=` and `*` are none either */
    check_reply("+", "+ =\r\n", 100, bad, "");
    check_reply("+", "+ *\r\n", 100, bad, "");
    check_reply("+", "+  YWJj\r\n", 100, bad, "");
    check_reply("+", "+ go ahead\r\n", 100, bad, "");
    check_reply("+", "+ YWJjZGVmZ2hpamtsbW5v!HFyc3R1dnd4eXo=\r\n", 100, bad, "");
    /* other replies: nothing is consumed */
    check_reply("+", "* OK x\r\n", 100, other, NULL);
    check_reply("+", "a1 OK x\r\n", 100, other, NULL);
    check_reply("+", "+x\r\n", 100, other, NULL);
    check_reply("+", "+OK x\r\n", 100, other, NULL);
    check_reply("+", "\r\n", 100, other, NULL);
    check_reply("334", "335 x\r\n", 100, other, NULL);
    check_reply("334", "334-x\r\n", 100, other, NULL);
    check_reply("334", "3\r\n", 100, other, NULL);
}

/* The mark is what any reply shows, the rest is secret; nothing of it stays. */
static void secrets(void **state)
{
    static const char wire[] = "+ c2VjcmV0\r\n";
    struct fixture f;
    struct seen seen;
    size_t i;
    (void)state;
    begin(&f);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(start(&f, "X", NULL, 0), MAILPROTO_OK);
    assert_sent(&f, "a1 AUTHENTICATE X\r\n");
    f.s.in.lent = text(wire);
    assert_true(read_on(&f, "+", 100, &seen));
    assert_int_equal(answer(&f, MAILPROTO__AUTH_DATA, "abc"), MAILPROTO_OK);
    assert_traced(&f, "1a1 AUTHENTICATE X\r\n2+ 3c2VjcmV0\r\nYWJj\r\n");
    f.s.in.lent = text("* OK ");
    assert_int_equal(mailproto__auth_client_mark(&f.s, &f.a, text("+")),
                     MAILPROTO_NOT_READY);
    for (i = 2; i < BLOCK; i++) {
        assert_int_equal(f.in[i], 0);
    }
}

/* The initial response that was kept back is asked for by an empty challenge, and only
 * by the first one. */
static void owed(void **state)
{
    static const struct {
        const char *wire;
        int initial;
    } cases[] = {
        {"+ \r\n", 1},
        {"+\r\n", 1},
        {"+ YWJj\r\n", 0},
        {"+ YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=\r\n", 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct seen seen;
        begin(&f);
        memset(&seen, 0, sizeof seen);
        assert_int_equal(start(&f, "X", "abc", 0), MAILPROTO_OK);
        f.s.in.lent = text(cases[i].wire);
        assert_true(read_on(&f, "+", 100, &seen));
        assert_int_equal(seen.initial, cases[i].initial);
        assert_int_equal(answer(&f, MAILPROTO__AUTH_DATA, "abc"), MAILPROTO_OK);
        f.s.in.lent = text("+ \r\n");
        assert_true(read_on(&f, "+", 100, &seen));
        assert_int_equal(seen.initial, 0);
        begin(&f); /* one that went along is owed no more */
        assert_int_equal(start(&f, "X", "abc", 512), MAILPROTO_OK);
        f.s.in.lent = text(cases[i].wire);
        assert_true(read_on(&f, "+", 100, &seen));
        assert_int_equal(seen.initial, 0);
    }
}

/* ---- turns --------------------------------------------------------------------------- */

static void challenge_out_of_turn(void **state)
{
    static const enum mailproto__auth_op ops[] = {MAILPROTO__AUTH_DATA,
                                                  MAILPROTO__AUTH_ABORT};
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        struct fixture f;
        struct seen seen;
        begin(&f);
        memset(&seen, 0, sizeof seen);
        assert_int_equal(start(&f, "X", NULL, 0), MAILPROTO_OK);
        f.s.in.lent = text("+ eA==\r\n+ eQ==\r\n");
        assert_true(read_on(&f, "+", 100, &seen));
        assert_int_equal(f.a.step, MAILPROTO__AUTH_ANSWERING);
        if (ops[i] == MAILPROTO__AUTH_ABORT) { /* ... nor behind `*` */
            assert_int_equal(answer(&f, MAILPROTO__AUTH_ABORT, NULL), MAILPROTO_OK);
        }
        assert_int_equal(mailproto__auth_client_mark(&f.s, &f.a, text("+")),
                         MAILPROTO_ERR_UNEXPECTED);
        assert_int_equal(f.s.error, MAILPROTO_ERR_UNEXPECTED);
        assert_int_equal(f.s.error_offset, 8);
        assert_true(f.s.failed);
    }
}

static void answers_out_of_turn(void **state)
{
    struct fixture f;
    struct seen seen;
    (void)state;
    begin(&f);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(answer(&f, MAILPROTO__AUTH_DATA, "x"), MAILPROTO_ERR_STATE);
    assert_int_equal(answer(&f, MAILPROTO__AUTH_ABORT, NULL), MAILPROTO_ERR_STATE);
    assert_int_equal(start(&f, "X", NULL, 0), MAILPROTO_OK);
    assert_int_equal(answer(&f, MAILPROTO__AUTH_DATA, "x"), MAILPROTO_ERR_STATE);
    f.s.in.lent = text("+ e");
    assert_false(read_on(&f, "+", 100, &seen));
    assert_int_equal(f.a.step, MAILPROTO__AUTH_CHALLENGE);
    assert_int_equal(answer(&f, MAILPROTO__AUTH_ABORT, NULL), MAILPROTO_ERR_STATE);
    f.s.in.lent = text("A==\r\n");
    assert_true(read_on(&f, "+", 100, &seen));
    assert_sent(&f, "a1 AUTHENTICATE X\r\n");
    assert_int_equal(answer(&f, MAILPROTO__AUTH_FINISH, NULL), MAILPROTO_ERR_STATE);
    assert_int_equal(answer(&f, MAILPROTO__AUTH_START, NULL), MAILPROTO_ERR_STATE);
    assert_int_equal(f.a.step, MAILPROTO__AUTH_ANSWERING);
    assert_sent(&f, "");
}

/* An exchange up to the application's turn, the output empty. */
static void ask(struct fixture *f)
{
    struct seen seen;
    begin(f);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(start(f, "X", NULL, 0), MAILPROTO_OK);
    assert_sent(f, "a1 AUTHENTICATE X\r\n");
    f->s.in.lent = text("+ eA==\r\n");
    assert_true(read_on(f, "+", 100, &seen));
    assert_int_equal(f->a.step, MAILPROTO__AUTH_ANSWERING);
    f->s.flush = 0;
}

static void pieces_of_a_response(void **state)
{
    struct mailproto__auth_call call = call_of(MAILPROTO__AUTH_DATA, "", "abcd");
    struct fixture f;
    (void)state;
    ask(&f);
    call.total = 5;
    assert_int_equal(mailproto__auth_client_answer(&f.s, &f.a, &call), MAILPROTO_OK);
    assert_int_equal(f.a.step, MAILPROTO__AUTH_ANSWERING);
    assert_false(f.s.flush);
    assert_sent(&f, "YWJj");
    /* a reply meanwhile: nothing can follow half a response */
    assert_string_equal(mailproto__auth_client_fault(&f.a, 0),
                        "a reply within a response");
    call.len = 1;
    assert_int_equal(mailproto__auth_client_answer(&f.s, &f.a, &call), MAILPROTO_OK);
    assert_int_equal(f.a.step, MAILPROTO__AUTH_ASKED);
    assert_true(f.s.flush);
    assert_sent(&f, "ZGE=\r\n");
    assert_null(mailproto__auth_client_fault(&f.a, 1));
}

static void empty_response(void **state)
{
    struct fixture f;
    (void)state;
    ask(&f);
    assert_int_equal(answer(&f, MAILPROTO__AUTH_DATA, ""), MAILPROTO_OK);
    assert_sent(&f, "\r\n"); /* `=` stands for nothing but an initial response */
}

static void given_up(void **state)
{
    struct mailproto__auth_call call = call_of(MAILPROTO__AUTH_DATA, "", "abc");
    struct fixture f;
    (void)state;
    ask(&f);
    f.s.out.due = f.s.out.tail = OUTPUT - 2; /* one short */
    f.s.out.head = 0;
    assert_int_equal(answer(&f, MAILPROTO__AUTH_ABORT, NULL), MAILPROTO_AGAIN);
    assert_int_equal(f.s.wants_room, MAILPROTO__ROOM_WANTED);
    assert_int_equal(f.a.step, MAILPROTO__AUTH_ANSWERING);
    f.s.out.head = f.s.out.due;
    /* behind a part of a response, too */
    call.total = 6;
    assert_int_equal(mailproto__auth_client_answer(&f.s, &f.a, &call), MAILPROTO_OK);
    assert_int_equal(answer(&f, MAILPROTO__AUTH_ABORT, NULL), MAILPROTO_OK);
    assert_sent(&f, "YWJj*\r\n");
    assert_int_equal(f.a.step, MAILPROTO__AUTH_GIVEN_UP);
    assert_int_equal(f.a.why, MAILPROTO_ERR_AUTH_CANCELLED);
    assert_true(f.s.flush);
    assert_null(mailproto__auth_client_fault(&f.a, 0));
    assert_string_equal(mailproto__auth_client_fault(&f.a, 1), "success out of turn");
    assert_int_equal(answer(&f, MAILPROTO__AUTH_ABORT, NULL), MAILPROTO_ERR_STATE);
}

static void outcome(void **state)
{
    static const struct mailproto__auth_client none;
    struct fixture f;
    (void)state;
    begin(&f);
    assert_int_equal(start(&f, "X", "abc", 0), MAILPROTO_OK);
    assert_null(mailproto__auth_client_fault(&f.a, 0));
    assert_string_equal(mailproto__auth_client_fault(&f.a, 1),
                        "success before the response"); /* "abc" did not go yet */
    f.a.owes_initial = 0;
    assert_null(mailproto__auth_client_fault(&f.a, 1));
    mailproto__auth_client_end(&f.s, &f.a);
    assert_memory_equal(&f.a, &none, sizeof none);
    assert_false(f.s.secret_in);
    assert_true(f.s.secret_out); /* the output may still hold some */
    ask(&f);
    assert_null(mailproto__auth_client_fault(&f.a, 0));
    assert_string_equal(mailproto__auth_client_fault(&f.a, 1), "success out of turn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mechanism_names),
        cmocka_unit_test(lists),
        cmocka_unit_test(without_initial),
        cmocka_unit_test(with_initial),
        cmocka_unit_test(how_much_may_go),
        cmocka_unit_test(initial_and_output),
        cmocka_unit_test(no_room_to_start),
        cmocka_unit_test(challenges),
        cmocka_unit_test(secrets),
        cmocka_unit_test(owed),
        cmocka_unit_test(challenge_out_of_turn),
        cmocka_unit_test(answers_out_of_turn),
        cmocka_unit_test(pieces_of_a_response),
        cmocka_unit_test(empty_response),
        cmocka_unit_test(given_up),
        cmocka_unit_test(outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
