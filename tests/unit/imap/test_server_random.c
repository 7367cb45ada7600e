/*
 * Streams of commands, broken ones among them, put together at random: what comes of them
 * does not depend on how they are fed, and the engine is in step at the end.
 */
#include "server_driver.h"
#include "thinned.h"

static const struct step parts[] = {
    STEP("a NOOP\r\n"),
    STEP("b LOGIN f s\r\n"),
    STEP("c SELECT x\r\n"),
    STEP("d APPEND x "),
    STEP("e APPEND "),
    STEP("{3+}\r\n"),
    STEP("{0+}\r\n"),
    STEP("~{5+}\r\n"),
    STEP("{20+}\r\n"),
    STEP("{700+}\r\n"),
    STEP("{2}\r\n"),
    STEP("{21}\r\n"),
    STEP("x"),
    STEP("abc"),
    STEP("\r\n"),
    STEP("\""),
    STEP("\\"),
    STEP(" "),
    STEP("\r"),
    STEP("\n"),
    STEP("\0"),
    STEP("("),
    STEP(")"),
    STEP("f IDLE\r\n"),
    STEP("DONE\r\n"),
    STEP("g FETCH 1 (FLAGS BODY[]<1.2>)\r\n"),
    STEP("h CREATE "),
    STEP("i SEARCH SUBJECT "),
    STEP("j CAPABILITY\r\n"),
    STEP("k AUTHENTICATE PLAIN "),
    STEP("bm8=\r\n"),
    STEP("*\r\n"),
    STEP("l AUTHENTICATE PLAIN\r\n"),
    STEP("m EXPUNGE\r\n"),
    STEP("n UID STORE 1 FLAGS (\\Seen)\r\n"),
    STEP("01234567890123456789"),
    STEP("0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789"),
};
enum { PARTS = sizeof parts / sizeof parts[0], STREAM_MAX = 8192 };

static uint32_t seed;

static uint32_t next(uint32_t below)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % below;
}

static size_t make(char *to)
{
    size_t len = 0;
    uint32_t n = 1 + next(24);
    if (next(4) != 0) {
        memcpy(to, "0 LOGIN f s\r\n", 13);
        len = 13;
    }
    while (n-- > 0) {
        const struct step *part = &parts[next(PARTS)];
        memcpy(to + len, part->data, part->len);
        len += part->len;
    }
    return len;
}

/* What the application does depends on the stream alone. */
static int some_answer(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_START &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY)) {
        assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
        return 1;
    }
    if (ev->type == MAILPROTO_EV_IMAP_LITERAL && ev->number == 3) {
        assert_int_equal(mailproto_imap_server_refuse_literal(r->server, ev->tag, NULL,
                                                              bytes_of("Not three")),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static struct run *fed(const mailproto_imap_server_options *o, const char *data,
                       size_t len, enum way way, size_t cut, size_t lend)
{
    struct run *r = (struct run *)calloc(1, sizeof *r);
    assert_non_null(r);
    r->way = way;
    r->cut = cut;
    run_start(r, o);
    r->exists = 3;
    r->lend = lend;
    r->answer = some_answer;
    pull(r);
    drain(r);
    feed_step(r, data, len);
    give_eof(r);
    return r;
}

static void streams(void **state)
{
    static const enum way ways[] = {BYTEWISE, SPACE_WHOLE, SPACE_BYTEWISE,
                                    CUT,      CUT,         CUT};
    mailproto_imap_server_options o = options_of();
    char data[STREAM_MAX];
    const uint32_t count = 1500 / (uint32_t)thinned(8);
    uint32_t i;
    (void)state;
    o.in_size = 512;
    o.max_command = 1500;
    o.max_command_before = 800;
    o.max_literal = 16;
    o.append_limit = 650;
    o.max_swallow = 2000;
    o.max_bad_commands = 40;
    o.auth_mechanisms = bytes_of("PLAIN");
    for (i = 0; i < count; i++) {
        struct run *whole;
        size_t len;
        size_t lend;
        size_t k;
        seed = i;
        len = make(data);
        lend = next(2);
        whole = fed(&o, data, len, WHOLE, 0, lend);
        assert_int_not_equal(whole->closed, 1);
        for (k = 0; k < sizeof ways / sizeof ways[0]; k++) {
            struct run *r = fed(&o, data, len, ways[k], next((uint32_t)len), lend);
            if (strcmp(r->log, whole->log) != 0 || strcmp(r->out, whole->out) != 0) {
                print_error("seed %u way %zu cut %zu\n%s---\n%s", (unsigned)i, k,
                            r->cut, r->log, whole->log);
            }
            assert_string_equal(r->log, whole->log);
            assert_string_equal(r->out, whole->out);
            assert_true(error_of(r).offset == error_of(whole).offset);
            close_session(r);
        }
        close_session(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
