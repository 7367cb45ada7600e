/*
 * Lines of an authentication exchange on a session's buffers alone: every cut of what
 * comes and of what is given, limits on both sides, secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/auth.h"
#include "core/span.h"
#include "naive.h"

enum { BLOCK = 16, OUTPUT = 64 };

struct fixture {
    mailproto_session s;
    struct mailproto__auth a;
    mailproto_trace trace;
    char in[BLOCK];
    char out[OUTPUT];
    char traced[256];
    size_t traced_len;
};

static void keep_trace(void *ctx, uint32_t kind, const void *data, size_t len)
{
    struct fixture *f = (struct fixture *)ctx;
    assert_int_equal(kind, MAILPROTO_TRACE_CREDENTIAL);
    assert_true(len <= sizeof f->traced - f->traced_len);
    memcpy(f->traced + f->traced_len, data, len);
    f->traced_len += len;
}

static void start(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->s.in.base = f->in;
    f->s.in.cap = sizeof f->in;
    f->s.out.base = f->out;
    f->s.out.cap = sizeof f->out;
    f->trace.struct_size = sizeof f->trace;
    f->trace.ctx = f;
    f->trace.fn = keep_trace;
    f->s.trace = &f->trace;
    f->s.secret_in = 1;
}

static void lend(struct fixture *f, const char *text, size_t len)
{
    f->s.in.lent.ptr = text;
    f->s.in.lent.len = len;
}

static mailproto_bytes text(const char *t)
{
    mailproto_bytes b;
    b.ptr = t;
    b.len = strlen(t);
    return b;
}

/* ---- in ------------------------------------------------------------------------------ */

struct message {
    char out[128];
    size_t len;
    unsigned pieces;
    enum mailproto__auth_result result;
};

/* Takes what is there, up to the end of a line. */
static void take(struct fixture *f, size_t limit, struct message *m)
{
    mailproto_bytes piece;
    do {
        m->result = mailproto__auth_take(&f->s, &f->a, limit, &piece);
        assert_true(m->len + piece.len <= sizeof m->out);
        if (piece.len > 0) {
            memcpy(m->out + m->len, piece.ptr, piece.len);
        }
        m->len += piece.len;
        m->pieces++;
        if (m->result == MAILPROTO__AUTH_PIECE) {
            assert_true(piece.len > 0);
        }
    } while (m->result == MAILPROTO__AUTH_PIECE);
}

/* A line, its result and message, at every two cuts; then a good line behind it. */
static void check_line(const char *line, size_t limit,
                       enum mailproto__auth_result result, const char *message)
{
    char wire[128];
    size_t len = strlen(line);
    size_t a;
    size_t b;
    assert_true(len + 8 <= sizeof wire);
    memcpy(wire, line, len);
    memcpy(wire + len, "\r\nT0s=\r\n", 8);
    for (a = 0; a <= len + 8; a++) {
        for (b = a; b <= len + 8; b++) {
            size_t ends[3];
            unsigned part;
            unsigned lines = 0;
            struct fixture f;
            struct message m;
            ends[0] = a;
            ends[1] = b;
            ends[2] = len + 8;
            start(&f);
            memset(&m, 0, sizeof m);
            for (part = 0; part < 3; part++) {
                size_t from = part == 0 ? 0 : ends[part - 1];
                lend(&f, wire + from, ends[part] - from);
                for (;;) {
                    take(&f, limit, &m);
                    if (m.result == MAILPROTO__AUTH_NONE) {
                        break;
                    }
                    if (lines == 0) {
                        assert_int_equal(m.result, result);
                        assert_int_equal(f.s.offset, len + 2);
                        if (result == MAILPROTO__AUTH_LAST) {
                            assert_int_equal(m.len, strlen(message));
                            assert_memory_equal(m.out, message, m.len);
                        }
                    } else {
                        assert_int_equal(m.result, MAILPROTO__AUTH_LAST);
                        assert_int_equal(m.len, 2);
                        assert_memory_equal(m.out, "OK", 2);
                    }
                    lines++;
                    memset(&m, 0, sizeof m);
                }
                assert_int_equal(f.s.in.lent.len, 0);
            }
            assert_int_equal(lines, 2);
            assert_int_equal(f.s.offset, len + 8);
            assert_int_equal(f.traced_len, len + 8);
            assert_memory_equal(f.traced, wire, len + 8);
            lend(&f, "x", 1);
            take(&f, limit, &m);
            for (part = 1; part < BLOCK; part++) {
                assert_int_equal(f.in[part], 0); /* no secret stays */
            }
        }
    }
}

static void lines_of_a_peer(void **state)
{
    (void)state;
    check_line("", 100, MAILPROTO__AUTH_LAST, "");
    check_line("aGVsbG8=", 100, MAILPROTO__AUTH_LAST, "hello");
    check_line("YQ==", 100, MAILPROTO__AUTH_LAST, "a");
    check_line("YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=", 100, MAILPROTO__AUTH_LAST,
               "abcdefghijklmnopqrstuvwxyz");
    check_line("*", 100, MAILPROTO__AUTH_STAR, "");
    check_line("**", 100, MAILPROTO__AUTH_BAD, "");
    check_line("*aaa", 100, MAILPROTO__AUTH_BAD, "");
    check_line("aaaa*", 100, MAILPROTO__AUTH_BAD, "");
    check_line("=", 100, MAILPROTO__AUTH_BAD, ""); /* RFC 4954 4: not on this line */
    check_line("YWJj YWJj", 100, MAILPROTO__AUTH_BAD, "");
    check_line("YWJ", 100, MAILPROTO__AUTH_BAD, "");
    check_line("YWJjYWJj\rYWJjYWJjYWJjYWJj", 100, MAILPROTO__AUTH_BAD, "");
    check_line("YWJjYWJj\nYWJjYWJjYWJjYWJj", 100, MAILPROTO__AUTH_BAD, "");
    check_line("*YWJjYWJjYWJjYWJjYWJjYWJj", 100, MAILPROTO__AUTH_BAD, "");
    check_line("YWJjYWJjYWJjYWJjYWJjYWJj*", 100, MAILPROTO__AUTH_BAD, "");
}

static void limits(void **state)
{
    (void)state;
    /* within the block and beyond it, on both sides; the limit counts CRLF */
    check_line("aGVsbG8=", 10, MAILPROTO__AUTH_LAST, "hello");
    check_line("aGVsbG8=", 9, MAILPROTO__AUTH_LONG, "");
    check_line("aGVsbG9oZWxsb2hlbGxv", 22, MAILPROTO__AUTH_LAST, "hellohellohello");
    check_line("aGVsbG9oZWxsb2hlbGxv", 21, MAILPROTO__AUTH_LONG, "");
    check_line("aGVsbG9oZWxsb2hlbGxv", 9, MAILPROTO__AUTH_LONG, "");
    check_line("***************************", 9, MAILPROTO__AUTH_LONG, "");
}

/* What fits the block is one piece, however it comes. */
static void one_piece(void **state)
{
    static const char wire[] = "aGVsbG8gd28=\r\n";
    struct fixture f;
    struct message m;
    size_t i;
    (void)state;
    start(&f);
    memset(&m, 0, sizeof m);
    for (i = 0; i < sizeof wire - 1; i++) {
        m.pieces = 0;
        lend(&f, wire + i, 1);
        take(&f, 100, &m);
    }
    assert_int_equal(m.result, MAILPROTO__AUTH_LAST);
    assert_int_equal(m.pieces, 1);
    assert_int_equal(m.len, 8);
    assert_memory_equal(m.out, "hello wo", 8);
}

/* Nothing behind the line is taken, and nothing at all while an answer is awaited. */
static void takes_its_line_only(void **state)
{
    struct fixture f;
    struct message m;
    mailproto_bytes piece;
    (void)state;
    start(&f);
    memset(&m, 0, sizeof m);
    lend(&f, "YQ==\r\nNOOP\r\n", 12);
    take(&f, 100, &m);
    assert_int_equal(m.result, MAILPROTO__AUTH_LAST);
    assert_int_equal(f.s.in.lent.len, 6);
    f.s.awaiting = 1;
    assert_int_equal(mailproto__auth_take(&f.s, &f.a, 100, &piece),
                     MAILPROTO__AUTH_NONE);
    assert_int_equal(f.s.in.lent.len, 6);
}

/* Lines that came together lie one behind the other in the block. */
static void lines_in_the_block(void **state)
{
    struct fixture f;
    struct message m;
    (void)state;
    start(&f);
    memset(&m, 0, sizeof m);
    memcpy(f.in, "YQ==\r\n*\r\nYmM=\r", 14);
    f.s.in.tail = 14;
    take(&f, 100, &m);
    assert_int_equal(m.result, MAILPROTO__AUTH_LAST);
    assert_memory_equal(m.out, "a", 1);
    take(&f, 100, &m);
    assert_int_equal(m.result, MAILPROTO__AUTH_STAR);
    take(&f, 100, &m);
    assert_int_equal(m.result, MAILPROTO__AUTH_NONE);
    memset(&m, 0, sizeof m);
    lend(&f, "\n", 1);
    take(&f, 100, &m);
    assert_int_equal(m.result, MAILPROTO__AUTH_LAST);
    assert_int_equal(m.len, 2);
    assert_memory_equal(m.out, "bc", 2);
    assert_int_equal(f.s.offset, 15);
}

static void initial_responses(void **state)
{
    static const struct {
        const char *text;
        int good;
        const char *out;
    } cases[] = {
        {"=", 1, ""},        {"aGVsbG8=", 1, "hello"},
        {"YQ==", 1, "a"},    {"YQ=", 0, ""},
        {"==", 0, ""},       {"====", 0, ""},
        {"YQ==YQ==", 0, ""}, {"aGVs bG8", 0, ""},
        {"YR==", 0, ""},     {"*", 0, ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].text);
        char *copy = (char *)malloc(len);
        mailproto_bytes out;
        assert_non_null(copy);
        memcpy(copy, cases[i].text, len);
        assert_int_equal(mailproto__auth_decode(copy, len, &out), cases[i].good);
        assert_int_equal(out.len, strlen(cases[i].out));
        assert_memory_equal(out.ptr, cases[i].out, out.len);
        free(copy);
    }
}

/* ---- out ----------------------------------------------------------------------------- */

static void assert_output(const struct fixture *f, const char *expected)
{
    assert_int_equal(f->s.out.tail, strlen(expected));
    assert_memory_equal(f->out, expected, f->s.out.tail);
    assert_int_equal(f->s.out.due, 0); /* held */
}

static void pieces_given(void **state)
{
    static const char data[] = "the quick brown fox";
    char expected[64] = "334 ";
    size_t len;
    (void)state;
    for (len = 0; len < sizeof data; len++) {
        size_t n =
            naive_base64_encode((const unsigned char *)data, len, 0, expected + 4);
        size_t a;
        size_t b;
        memcpy(expected + 4 + n, "\r\n", 3);
        for (a = 0; a <= len; a++) {
            for (b = a; b <= len; b++) {
                struct fixture f;
                int whole = 0;
                start(&f);
                assert_int_equal(mailproto__auth_put(&f.s, &f.a, text("334 "), 0, data,
                                                     a, len, &whole),
                                 MAILPROTO_OK);
                assert_int_equal(whole, a == len);
                if (!whole) {
                    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text("334 "), 0,
                                                         data + a, b - a, len, &whole),
                                     MAILPROTO_OK);
                    assert_int_equal(whole, b == len);
                }
                if (!whole) {
                    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text("334 "), 0,
                                                         data + b, len - b, len,
                                                         &whole),
                                     MAILPROTO_OK);
                    assert_int_equal(whole, 1);
                }
                assert_output(&f, expected);
            }
        }
    }
}

static void empty_messages(void **state)
{
    struct fixture f;
    int whole;
    (void)state;
    start(&f);
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text("AUTH PLAIN "), 1, "", 0, 0, &whole),
        MAILPROTO_OK);
    assert_int_equal(whole, 1);
    assert_output(&f, "AUTH PLAIN =\r\n");
    start(&f);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, NULL, 0, 0, &whole),
                     MAILPROTO_OK);
    assert_int_equal(whole, 1);
    assert_output(&f, "\r\n");
    start(&f);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 1, "a", 1, 1, &whole),
                     MAILPROTO_OK);
    assert_output(&f, "YQ==\r\n");
}

/* Whole or nothing: AGAIN until there is room, TOO_LONG when there can never be. */
static void room(void **state)
{
    static const char data[64] = "0123456789012345678901234567890123456789";
    struct fixture f;
    int whole;
    (void)state;
    /* 45 octets: 60 characters and CRLF; 62 and the prefix of 2 fill the output */
    start(&f);
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text("+ "), 0, data, 45, 45, &whole),
        MAILPROTO_OK);
    assert_int_equal(f.s.out.tail, OUTPUT);
    start(&f);
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text("+  "), 0, data, 45, 45, &whole),
        MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(f.s.out.tail, 0);
    assert_int_equal(whole, 0);
    /* a piece that fills the output by itself */
    start(&f);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, data, 48, 60, &whole),
                     MAILPROTO_OK);
    assert_int_equal(f.s.out.tail, OUTPUT);
    start(&f);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, data, 51, 60, &whole),
                     MAILPROTO_ERR_TOO_LONG);
    /* a smaller piece of it fits, and more after some was sent */
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text("+  "), 0, data, 44, 45, &whole),
        MAILPROTO_OK);
    assert_int_equal(f.s.out.tail, 59);
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text("+  "), 0, data + 44, 1, 45, &whole),
        MAILPROTO_AGAIN);
    assert_int_equal(f.s.out.tail, 59);
    assert_true(f.s.wants_room != 0);
    f.s.out.head = f.s.out.due = 1;
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text("+  "), 0, data + 44, 1, 45, &whole),
        MAILPROTO_OK);
    assert_int_equal(whole, 1);
    assert_int_equal(f.s.out.tail - f.s.out.head, 64);
}

/* Sizes that overflow on their way to base64. */
static void huge_messages(void **state)
{
    struct fixture f;
    int whole;
    (void)state;
    start(&f);
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text(""), 0, "a", SIZE_MAX, SIZE_MAX, &whole),
        MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, "a", SIZE_MAX - 1,
                                         SIZE_MAX, &whole),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(f.s.out.tail, 0);
    assert_int_equal(
        mailproto__auth_put(&f.s, &f.a, text("x "), 0, "abc", 3, SIZE_MAX, &whole),
        MAILPROTO_OK);
    assert_output(&f, "x YWJj");
}

static void wrong_arguments(void **state)
{
    struct fixture f;
    int whole;
    (void)state;
    start(&f);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, "abc", 3, 2, &whole),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, NULL, 1, 2, &whole),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(f.s.out.tail, 0);
    assert_int_equal(f.a.sending, 0);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, "a", 1, 3, &whole),
                     MAILPROTO_OK);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, "b", 1, 4, &whole),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, "bcd", 3, 3, &whole),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto__auth_put(&f.s, &f.a, text(""), 0, "bc", 2, 3, &whole),
                     MAILPROTO_OK);
    assert_int_equal(whole, 1);
    assert_output(&f, "YWJj\r\n");
}

static void what_can_be_offered(void **state)
{
    enum { CLEAR, TLS, BOUND };
    static const struct {
        const char *list;
        const char *in_clear; /* NULL: all of them */
        int tls;
        const char *want;
        const char *needs_tls; /* names that wait for it */
    } v[] = {
        {"A B", NULL, CLEAR, "A,B,", ""},
        {"A B", "", TLS, "A,B,", ""},
        {"  A \t B  ", "", BOUND, "A,B,", ""},
        {"A-PLUS A B-plus", NULL, CLEAR, "A,", "A-PLUS,b-PLUS,"},
        {"A-PLUS A B-plus", "", TLS, "A,", ""},
        {"A-PLUS A B-plus", "", BOUND, "A-PLUS,A,B-plus,", ""},
        {"A-PLUS B-PLUS", "", TLS, "", ""},
        {"-PLUS PLUS A-PLUSX A-PLU", "", TLS, "-PLUS,PLUS,A-PLUSX,A-PLU,", ""},
        {"", NULL, CLEAR, "", ""},
        {"", "", TLS, "", ""},
        {" ", "", BOUND, "", ""},
        /* Without TLS: only what may be, and in the list's order. */
        {"A B C", "", CLEAR, "", "A,B,X,"},
        {"A B C", "c  \ta", CLEAR, "A,C,", "b,"},
        {"A B C", "c a", TLS, "A,B,C,", ""},
        {"A B C", "X Y", CLEAR, "", "A,X,"},
        {"A B C", "X B", CLEAR, "B,", "A,C,"},
        {"A BB", "B", CLEAR, "", "A,BB,B,"},
        /* To be named there does not bind. */
        {"A-PLUS A", "A-PLUS A", CLEAR, "A,", "a-plus,"},
        {"A-PLUS A", "A-PLUS", CLEAR, "", "a-plus,a,X,"},
        {"A-PLUS A", "A-PLUS", TLS, "A,", ""},
        {"A-PLUS A", "A-PLUS", BOUND, "A-PLUS,A,", ""},
        /* Two empty lists are not `all`. */
        {"", "", CLEAR, "", "A,X,"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct mailproto__auth_offer offer;
        mailproto_bytes rest, word;
        struct fixture f;
        char got[64] = "";
        const char *needs = v[i].needs_tls;
        start(&f);
        offer.names = text(v[i].list);
        offer.in_clear = text(v[i].in_clear == NULL ? "" : v[i].in_clear);
        offer.all_in_clear = v[i].in_clear == NULL;
        f.s.tls.state = v[i].tls == CLEAR ? MAILPROTO__TLS_OFF : MAILPROTO__TLS_ON;
        f.s.tls.binding_len = v[i].tls == BOUND ? 5 : 0;
        rest = offer.names;
        while ((word = mailproto__auth_offered(&f.s, &offer, &rest)).len > 0) {
            strncat(got, word.ptr, word.len);
            strcat(got, ",");
            assert_int_equal(mailproto__auth_offers(&f.s, &offer, word), 1);
            assert_int_equal(mailproto__auth_needs_tls(&f.s, &offer, word), 0);
        }
        assert_string_equal(got, v[i].want);
        assert_int_equal(mailproto__auth_offers(&f.s, &offer, text("")),
                         v[i].want[0] != 0);
        assert_int_equal(mailproto__auth_offers(&f.s, &offer, text("X")), 0);
        assert_int_equal(mailproto__auth_offers(&f.s, &offer, text("a-plus")),
                         strstr(v[i].want, "A-PLUS,") != NULL);
        /* What is in no list needs it only where nothing does without. */
        assert_int_equal(mailproto__auth_needs_tls(&f.s, &offer, text("X")),
                         v[i].tls == CLEAR && v[i].want[0] == 0);
        while (*needs != 0) {
            size_t len = strcspn(needs, ",");
            assert_int_equal(
                mailproto__auth_needs_tls(&f.s, &offer, mailproto__span(needs, len)),
                1);
            needs += len + 1;
        }
    }
}

/* What an option's lists may be: RFC 4422 3.1, and none that is not offered. */
static void lists(void **state)
{
    static const struct {
        const char *names, *in_clear;
        int good;
    } v[] = {
        {"", "", 1},
        {"PLAIN", "", 1},
        {"PLAIN LOGIN", "LOGIN PLAIN", 1},
        {"PLAIN LOGIN", "LOGIN LOGIN", 1},
        {"A 0 - _ Z9", "_", 1},
        {"A1234567890123456789", "", 1},
        {"A12345678901234567890", "", 0},
        {"PLAIN A12345678901234567890", "", 0},
        {"PLAIN,LOGIN", "", 0},
        {"AUTH=PLAIN", "", 0},
        {"plain", "", 0},
        {"PLAIn", "", 0},
        {"PLAIN\tLOGIN", "", 0},
        {"PLAIN  LOGIN", "", 0},
        {" PLAIN", "", 0},
        {"PLAIN ", "", 0},
        {" ", "", 0},
        {"A@", "", 0},
        {"A[", "", 0},
        {"A/", "", 0},
        {"A:", "", 0},
        {"A.", "", 0},
        {"", "PLAIN", 0},
        {"PLAIN", "LOGIN", 0},
        {"PLAIN", "PLAI", 0},
        {"PLAIN", "PLAINS", 0},
        {"PLAIN", "plain", 0},
        {"PLAIN LOGIN", "PLAIN ", 0},
    };
    mailproto_bytes nowhere = {NULL, 1};
    char longest[257];
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; i++) {
        assert_int_equal(
            mailproto__auth_lists_are_good(text(v[i].names), text(v[i].in_clear)),
            v[i].good);
    }
    assert_int_equal(mailproto__auth_lists_are_good(nowhere, text("")), 0);
    assert_int_equal(mailproto__auth_lists_are_good(text("PLAIN"), nowhere), 0);
    for (i = 0; i < 256; i++) {
        longest[i] = i % 16 == 15 ? ' ' : 'A';
    }
    longest[255] = 'A';
    longest[256] = '\0';
    assert_int_equal(mailproto__auth_lists_are_good(text(longest), text("")), 0);
    assert_int_equal(
        mailproto__auth_lists_are_good(mailproto__span(longest, 255), text("")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_peer),
        cmocka_unit_test(limits),
        cmocka_unit_test(one_piece),
        cmocka_unit_test(takes_its_line_only),
        cmocka_unit_test(initial_responses),
        cmocka_unit_test(lines_in_the_block),
        cmocka_unit_test(pieces_given),
        cmocka_unit_test(empty_messages),
        cmocka_unit_test(room),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(huge_messages),
        cmocka_unit_test(what_can_be_offered),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
