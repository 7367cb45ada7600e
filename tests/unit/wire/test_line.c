/*
 * The line framer on a session's buffers alone: every cut of the input, both ways in
 * (lent and committed), limits on both sides, pieces, and what must stay where it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/session.h"
#include "wire/line.h"

enum { BLOCK = 16 };

struct fixture {
    mailproto_session s;
    char block[BLOCK];
};

static void start(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    memset(f->block, '#', sizeof f->block);
    f->s.in.base = f->block;
    f->s.in.cap = sizeof f->block;
}

static void lend(struct fixture *f, const char *text, size_t len)
{
    f->s.in.lent.ptr = text;
    f->s.in.lent.len = len;
}

/* What input_space and input_commit do. */
static void commit(struct fixture *f, const char *text, size_t len)
{
    struct mailproto__input *in = &f->s.in;
    memmove(in->base, in->base + in->head, in->tail - in->head);
    in->tail -= in->head;
    in->head = 0;
    assert_true(len <= in->cap - in->tail);
    memcpy(in->base + in->tail, text, len);
    in->tail += len;
}

static void assert_line(mailproto_bytes line, const char *text)
{
    assert_int_equal(line.len, strlen(text));
    assert_memory_equal(line.ptr, text, line.len);
}

static void assert_in_block(const struct fixture *f, mailproto_bytes line)
{
    assert_true(line.ptr >= f->block && line.ptr + line.len <= f->block + BLOCK);
}

/* ---- lines ------------------------------------------------------------------------- */

static const char several[] = "ab\r\n\r\nc\rd\ne\r\n\n\r\nx";
static const char *const several_lines[] = {"ab", "", "c\rd\ne", "\n"};

/* Takes what there is; the number of lines so far. */
static size_t take_all(struct fixture *f, size_t from)
{
    mailproto_bytes line;
    while (mailproto__line_take(&f->s, BLOCK, &line) == MAILPROTO__LINE_OK) {
        assert_true(from < 4);
        assert_line(line, several_lines[from]);
        assert_in_block(f, line);
        from++;
    }
    return from;
}

static void every_cut_lent(void **state)
{
    size_t len = sizeof several - 1;
    size_t a;
    size_t b;
    (void)state;
    for (a = 0; a <= len; a++) {
        for (b = a; b <= len; b++) {
            struct fixture f;
            size_t lines;
            start(&f);
            lend(&f, several, a);
            lines = take_all(&f, 0);
            assert_int_equal(f.s.in.lent.len, 0);
            lend(&f, several + a, b - a);
            lines = take_all(&f, lines);
            lend(&f, several + b, len - b);
            lines = take_all(&f, lines);
            assert_int_equal(lines, 4);
            assert_int_equal(f.s.offset, len - 1);
            assert_int_equal(f.s.in.tail - f.s.in.head, 1);
        }
    }
}

static void every_cut_committed(void **state)
{
    size_t len = sizeof several - 1;
    size_t a;
    (void)state;
    for (a = 1; a <= 12; a++) {
        struct fixture f;
        size_t lines = 0;
        size_t at = 0;
        start(&f);
        while (at < len) {
            size_t n = a < len - at ? a : len - at;
            n = n < BLOCK - (f.s.in.tail - f.s.in.head)
                    ? n
                    : BLOCK - (f.s.in.tail - f.s.in.head);
            commit(&f, several + at, n);
            at += n;
            lines = take_all(&f, lines);
        }
        assert_int_equal(lines, 4);
        assert_int_equal(f.s.offset, len - 1);
    }
}

/* feed() takes the line and not an octet behind it: what follows may belong to TLS. */
static void takes_no_more_than_the_line(void **state)
{
    struct fixture f;
    mailproto_bytes line;
    (void)state;
    start(&f);
    commit(&f, "a", 1);
    lend(&f, "b\r\ncd\r\n", 7);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    assert_line(line, "ab");
    assert_int_equal(f.s.in.lent.len, 4);
    assert_int_equal(f.s.in.head, f.s.in.tail);
    assert_int_equal(f.s.offset, 4);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    assert_line(line, "cd");
    assert_int_equal(f.s.in.lent.len, 0);
    assert_int_equal(f.s.offset, 8);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_NONE);
}

/* Its CR in the block, its LF in what is lent. */
static void cut_inside_crlf(void **state)
{
    struct fixture f;
    mailproto_bytes line;
    (void)state;
    start(&f);
    commit(&f, "ab\r", 3);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_NONE);
    lend(&f, "\ncd\r\n", 6);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    assert_line(line, "ab");
    assert_int_equal(f.s.in.lent.len, 5);
    assert_int_equal(f.s.in.head, f.s.in.tail);
}

static void limits(void **state)
{
    /* length with CRLF, limit, whether it fits */
    static const struct {
        size_t len, limit;
        int fits;
    } cases[] = {
        {8, 8, 1},           {9, 8, 0}, {BLOCK, 100, 1},
        {BLOCK + 1, 100, 0}, {2, 2, 1}, {3, 2, 0},
    };
    size_t i;
    size_t cut;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (cut = 0; cut <= cases[i].len && cut <= BLOCK; cut++) {
            char text[BLOCK + 2];
            struct fixture f;
            mailproto_bytes line;
            enum mailproto__line_result r = MAILPROTO__LINE_NONE;
            size_t limit = cases[i].limit < BLOCK ? cases[i].limit : BLOCK;
            memset(text, 'x', sizeof text);
            memcpy(text + cases[i].len - 2, "\r\n", 2);
            start(&f);
            if (cut > 0) {
                commit(&f, text, cut);
                r = mailproto__line_take(&f.s, cases[i].limit, &line);
            }
            if (r == MAILPROTO__LINE_NONE) {
                lend(&f, text + cut, cases[i].len - cut);
                r = mailproto__line_take(&f.s, cases[i].limit, &line);
            }
            assert_int_equal(r,
                             cases[i].fits ? MAILPROTO__LINE_OK : MAILPROTO__LINE_FULL);
            assert_int_equal(line.len, cases[i].fits ? cases[i].len - 2 : limit);
            assert_in_block(&f, line);
            assert_memory_equal(line.ptr, text, line.len);
            assert_int_equal(f.s.offset, cases[i].fits ? cases[i].len : 0);
        }
    }
}

/* What is there, also behind a line that was taken before. */
static void full_behind_a_line(void **state)
{
    struct fixture f;
    mailproto_bytes line;
    (void)state;
    start(&f);
    commit(&f, "ab\r\ncdefgh", 10);
    assert_int_equal(mailproto__line_take(&f.s, 6, &line), MAILPROTO__LINE_OK);
    assert_int_equal(mailproto__line_take(&f.s, 6, &line), MAILPROTO__LINE_FULL);
    assert_line(line, "cdefgh");
    start(&f);
    commit(&f, "ab\r\ncdefg", 9);
    assert_int_equal(mailproto__line_take(&f.s, 6, &line), MAILPROTO__LINE_OK);
    assert_int_equal(mailproto__line_take(&f.s, 6, &line), MAILPROTO__LINE_NONE);
}

/* The block is made free from its front when a line needs it. */
static void compacts(void **state)
{
    struct fixture f;
    mailproto_bytes line;
    size_t i;
    (void)state;
    start(&f);
    f.s.secret_in = 1;
    commit(&f, "0123456\r\nabcdef", 15);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    lend(&f, "gh", 2);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_NONE);
    assert_memory_equal(f.block, "abcdefgh", 8);
    for (i = 8; i < BLOCK; i++) { /* nothing is left where it was */
        assert_int_equal(f.block[i], 0);
    }
    start(&f);
    commit(&f, "0123456789\r\nabc", 15);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    lend(&f, "defghijklmn\r\n", 13);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    assert_line(line, "abcdefghijklmn");
    assert_int_equal(f.s.offset, 28);
}

static void awaiting_moves_nothing(void **state)
{
    struct fixture f;
    mailproto_bytes line;
    int end;
    (void)state;
    start(&f);
    commit(&f, "a\r\nb\r\n", 6);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    f.s.awaiting = 1;
    lend(&f, "c\r\n", 3);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_NONE);
    assert_int_equal(mailproto__line_piece(&f.s, &line, &end), 0);
    assert_int_equal(f.s.in.lent.len, 3);
    assert_int_equal(f.s.in.head, 3);
    assert_memory_equal(f.block, "a\r\nb\r\n", 6);
}

static void secrets_are_wiped(void **state)
{
    struct fixture f;
    mailproto_bytes line;
    size_t i;
    (void)state;
    start(&f);
    f.s.secret_in = 1;
    lend(&f, "password\r\nnext\r\n", 16);
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    assert_line(line, "password");
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
    assert_line(line, "next");
    for (i = 6; i < BLOCK; i++) {
        assert_int_equal(f.block[i], 0);
    }
    assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_NONE);
    for (i = 0; i < BLOCK; i++) {
        assert_int_equal(f.block[i], 0);
    }
}

/* ---- pieces ------------------------------------------------------------------------ */

/* Reads one line of pieces; the text in `out`. 1: it ended. */
static int read_pieces(struct fixture *f, char *out, size_t *len)
{
    mailproto_bytes piece;
    int end;
    while (mailproto__line_piece(&f->s, &piece, &end)) {
        assert_true(piece.len > 0 || end);
        memcpy(out + *len, piece.ptr, piece.len);
        *len += piece.len;
        if (end) {
            return 1;
        }
    }
    return 0;
}

static void pieces_at_every_cut(void **state)
{
    static const char text[] = "a\r\rbc\r\ndefghijklmnopqrst\r\r\n\r\n";
    static const char *const lines[] = {"a\r\rbc", "defghijklmnopqrst\r", ""};
    size_t len = sizeof text - 1;
    size_t a;
    size_t b;
    int committed;
    (void)state;
    for (committed = 0; committed < 2; committed++) {
        for (a = 0; a <= (committed ? 12 : len); a++) {
            for (b = a; b <= len; b++) {
                struct fixture f;
                char out[64];
                size_t put = 0;
                size_t line = 0;
                size_t part;
                start(&f);
                for (part = 0; part < 3; part++) {
                    size_t from = part == 0 ? 0 : part == 1 ? a : b;
                    size_t to = part == 0 ? a : part == 1 ? b : len;
                    if (part == 0 && committed) {
                        commit(&f, text, a);
                    } else {
                        lend(&f, text + from, to - from);
                    }
                    while (read_pieces(&f, out, &put)) {
                        assert_true(line < 3);
                        assert_int_equal(put, strlen(lines[line]));
                        assert_memory_equal(out, lines[line], put);
                        line++;
                        put = 0;
                    }
                    assert_int_equal(f.s.in.lent.len, 0);
                }
                assert_int_equal(line, 3);
                assert_int_equal(put, 0);
                assert_int_equal(f.s.offset, len);
            }
        }
    }
}

/* A line that was found too long goes on in pieces, whatever stands at the block's end. */
static void pieces_after_full(void **state)
{
    size_t cr;
    (void)state;
    for (cr = 0; cr < 24; cr++) {
        char text[26];
        struct fixture f;
        mailproto_bytes line;
        char out[64];
        size_t put = 0;
        memset(text, 'y', sizeof text);
        text[cr] = '\r';
        memcpy(text + 24, "\r\n", 2);
        start(&f);
        lend(&f, text, sizeof text);
        assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line),
                         MAILPROTO__LINE_FULL);
        assert_int_equal(read_pieces(&f, out, &put), 1);
        assert_int_equal(put, 24);
        assert_memory_equal(out, text, 24);
        assert_int_equal(f.s.offset, 26);
        lend(&f, "ok\r\n", 4);
        assert_int_equal(mailproto__line_take(&f.s, BLOCK, &line), MAILPROTO__LINE_OK);
        assert_line(line, "ok");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_lent),
        cmocka_unit_test(every_cut_committed),
        cmocka_unit_test(takes_no_more_than_the_line),
        cmocka_unit_test(cut_inside_crlf),
        cmocka_unit_test(limits),
        cmocka_unit_test(full_behind_a_line),
        cmocka_unit_test(compacts),
        cmocka_unit_test(awaiting_moves_nothing),
        cmocka_unit_test(secrets_are_wiped),
        cmocka_unit_test(pieces_at_every_cut),
        cmocka_unit_test(pieces_after_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
