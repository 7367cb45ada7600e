/*
 * Looking for one text in pieces of another: against a search octet by octet, with all
 * cuts; folding; and that the work is linear whatever the text, by counting its steps.
 */
static unsigned long steps;
#define MAILPROTO__MATCH_STEP() ((void)steps++)

/* With the step counter in: this file's own copy of it. */
#include "imap/match_look.c"

#include "match_check.h"

enum { BACK = 70000 };

static uint16_t back[BACK];

static uint64_t random_state = 88172645463325252U;

static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % limit);
}

static struct mailproto__needle needle_of(const char *text, size_t len)
{
    struct mailproto__needle n;
    memset(&n, 0, sizeof n);
    n.text = text;
    n.len = (uint32_t)len;
    n.back = back;
    mailproto__match_prepare(text, len, back);
    return n;
}

/* ---- folding ------------------------------------------------------------------------------ */

static char slow_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t slow_fold(const char *text, size_t len, char *out)
{
    size_t n = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        if (text[i] == '\n' && i > 0 && text[i - 1] == '\r') {
            continue;
        }
        out[n++] = text[i] == '\r' ? '\n' : slow_lower(text[i]);
    }
    return n;
}

static void every_octet_folds(void **state)
{
    char text[64];
    char slow[64];
    int c;
    size_t at;
    (void)state;
    for (c = 0; c < 256; c++) {
        for (at = 0; at < 20; at++) { /* in words and behind them */
            uint8_t after_cr = 0;
            size_t len;
            memset(text, 'Q', 20);
            text[at] = (char)c;
            len = slow_fold(text, 20, slow);
            assert_int_equal(mailproto__match_fold(text, 20, &after_cr), len);
            assert_memory_equal(text, slow, len);
            assert_int_equal(after_cr, c == '\r' && at == 19);
        }
    }
}

/* The same whole and in pieces. */
static void line_ends_fold_in_pieces(void **state)
{
    static const char octets[] = "\r\nAz";
    unsigned round;
    (void)state;
    for (round = 0; round < 20000; round++) {
        char text[32];
        char slow[32];
        char got[32];
        size_t len = below(24);
        size_t at = 0;
        size_t n = 0;
        size_t wanted;
        uint8_t after_cr = 0;
        size_t i;
        for (i = 0; i < len; i++) {
            text[i] = octets[below(4)];
        }
        wanted = slow_fold(text, len, slow);
        while (at < len) {
            size_t piece = 1 + below(5);
            piece = piece < len - at ? piece : len - at;
            memcpy(got + n, text + at, piece);
            n += mailproto__match_fold(got + n, piece, &after_cr);
            at += piece;
        }
        assert_int_equal(n, wanted);
        assert_memory_equal(got, slow, n);
    }
}

/* ---- looking ------------------------------------------------------------------------------- */

static int slow_find(const char *needle, size_t len, const char *text, size_t n)
{
    size_t i;
    for (i = 0; i + len <= n; i++) {
        if (memcmp(text + i, needle, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void found_where_it_is(void **state)
{
    unsigned round;
    unsigned found = 0;
    (void)state;
    for (round = 0; round < 200000; round++) {
        char needle[12];
        char text[40];
        size_t len = 1 + below(8);
        size_t n = below(40);
        size_t at = 0;
        unsigned letters = 1 + below(3);
        struct mailproto__needle look;
        int is = 0;
        size_t i;
        for (i = 0; i < len; i++) {
            needle[i] = (char)('a' + below(letters));
        }
        for (i = 0; i < n; i++) {
            text[i] = (char)('a' + below(letters));
        }
        look = needle_of(needle, len);
        while (at < n && !is) {
            size_t piece = 1 + below(9);
            piece = piece < n - at ? piece : n - at;
            is = mailproto__match_look(&look, text + at, piece);
            at += piece;
        }
        if (is != slow_find(needle, len, text, n)) {
            fail_msg("%.*s in %.*s: %d", (int)len, needle, (int)n, text, is);
        }
        found += (unsigned)is;
    }
    assert_in_range(found, 20000, 180000);
}

/* Steps for a needle and a text of one letter and the like, in pieces of 1000. */
static unsigned long steps_for(char *needle, size_t len, char *text, size_t n)
{
    struct mailproto__needle look = needle_of(needle, len);
    size_t at;
    steps = 0;
    for (at = 0; at < n; at += 1000) {
        assert_int_equal(
            mailproto__match_look(&look, text + at, n - at < 1000 ? n - at : 1000), 0);
    }
    return steps;
}

static void steps_grow_with_the_text(void **state)
{
    static char needle[65536];
    static char text[400000];
    size_t len;
    size_t n;
    int kind;
    (void)state;
    for (kind = 0; kind < 4; kind++) {
        for (len = 2; len <= 65535; len = len * 4 + 3) {
            memset(needle, 'a', len);
            needle[kind == 0 ? len - 1 : kind == 1 ? len / 2 : 0] = 'b';
            memset(text, 'a', sizeof text);
            if (kind == 3) { /* many beginnings */
                memset(needle, 'a', len);
                for (n = 0; n < sizeof text; n += len) {
                    text[n] = 'b';
                }
            }
            for (n = 50000; n <= 400000; n *= 2) {
                /* Two for an octet at most: once it is matched, once it is not. */
                assert_in_range(steps_for(needle, len, text, n), 0, 2 * n);
            }
        }
    }
    /* What does not begin the needle costs none. */
    memset(text, 'x', sizeof text);
    assert_int_equal(steps_for(needle, 100, text, sizeof text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_octet_folds),
        cmocka_unit_test(line_ends_fold_in_pieces),
        cmocka_unit_test(found_where_it_is),
        cmocka_unit_test(steps_grow_with_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
