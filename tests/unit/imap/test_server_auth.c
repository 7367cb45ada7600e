/*
 * AUTHENTICATE on the IMAP server (RFC 9051 6.2.2, RFC 4959): with and without an initial
 * response, refused, given up; in every way of feeding.
 */
#include "server_driver.h"

static mailproto_imap_server_options with_auth(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_SASL_IR);
    o.auth_mechanisms = bytes_of("PLAIN X-ASK");
    return o;
}

#define BEFORE "CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=X-ASK"
#define HELLO "* OK [" BEFORE "] ready\r\n"
#define DONE "OK [CAPABILITY IMAP4rev1] AUTHENTICATE completed\r\n"

/* Asks twice; "yes" is right, everything else wrong. */
static int judge(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_START &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        assert_int_equal(mailproto_session_auth_data(r->s, "who?", 4, 4), MAILPROTO_OK);
        return 1;
    }
    if (ev->type != MAILPROTO_EV_AUTH_DATA ||
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return 0;
    }
    assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag + 1, MAILPROTO_OK),
                     MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_ERR_IO),
                     MAILPROTO_ERR_ARGUMENT);
    if (ev->text.len == 4 && memcmp(ev->text.ptr, "more", 4) == 0) {
        assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
        return 1;
    }
    assert_int_equal(mailproto_session_auth_finish(
                         r->s, ev->tag,
                         ev->text.len == 3 && memcmp(ev->text.ptr, "yes", 3) == 0
                             ? MAILPROTO_OK
                             : MAILPROTO_ERR_AUTH),
                     MAILPROTO_OK);
    return 1;
}

static void exchange(void **state)
{
    mailproto_imap_server_options o = with_auth();
    static const struct step steps[] = {
        STEP("a AUTHENTICATE x-ask\r\n"), STEP("bW9yZQ==\r\n"), STEP("eWVz\r\n"),
        STEP("b NOOP\r\nc AUTHENTICATE PLAIN\r\n"), STEPS_END};
    (void)state;
    check_script(&o, judge, 0, steps, 0,
                 "CONNECT ?\nAUTH_START [x-ask] ?\nAUTH_DATA [more] ?\n"
                 "AUTH_DATA [yes] ?\nAUTH_RESULT 1 #1\nCOMMAND NOOP [b] ?\n"
                 "REJECTED 3 #2 [Already logged in] rejected\n",
                 HELLO "+ d2hvPw==\r\n+ \r\na " DONE
                       "b OK NOOP completed\r\nc BAD Already logged in\r\n");
}

/* RFC 4959 3: with the command; `=` is an empty one. */
static void initial(void **state)
{
    mailproto_imap_server_options o = with_auth();
    static const struct step steps[] = {STEP("a AUTHENTICATE PLAIN bm8=\r\nb NOOP\r\n"),
                                        STEP("c AUTHENTICATE PLAIN =\r\n"),
                                        STEP("d AUTHENTICATE PLAIN bW9yZQ==\r\n"),
                                        STEP("eWVz\r\n"), STEPS_END};
    (void)state;
    check_script(&o, judge, 0, steps, 0,
                 "CONNECT ?\nAUTH_START [PLAIN] initial\nAUTH_DATA [no] ?\n"
                 "AUTH_RESULT 2\nCOMMAND NOOP [b] ?\n"
                 "AUTH_START [PLAIN] initial\nAUTH_DATA [] ?\nAUTH_RESULT 2\n"
                 "AUTH_START [PLAIN] initial\nAUTH_DATA [more] ?\nAUTH_DATA [yes] ?\n"
                 "AUTH_RESULT 1 #1\n",
                 HELLO "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"
                       "b OK NOOP completed\r\n"
                       "c NO [AUTHENTICATIONFAILED] Authentication failed\r\n"
                       "+ \r\nd " DONE);
}

static void refused(void **state)
{
    mailproto_imap_server_options o = with_auth();
    static const struct step steps[] = {STEP("a AUTHENTICATE CRAM-MD5\r\n"),
                                        STEP("b AUTHENTICATE X-ASK\r\n"),
                                        STEP("*\r\n"),
                                        STEP("c AUTHENTICATE X-ASK\r\n"),
                                        STEP("not base64\r\n"),
                                        STEP("d AUTHENTICATE PLAIN a\r\n"),
                                        STEP("e AUTHENTICATE PLAIN *\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, judge, 0, steps, 0,
                 "CONNECT ?\n"
                 "REJECTED 2 #2 [[CANNOT] Mechanism not supported] rejected\n"
                 "AUTH_START [X-ASK] ?\nAUTH_RESULT 3\nAUTH_START [X-ASK] ?\n"
                 "AUTH_RESULT 3\nREJECTED 3 #22 [Syntax error] rejected\n"
                 "REJECTED 3 #21 [Syntax error] rejected\n",
                 HELLO "a NO [CANNOT] Mechanism not supported\r\n+ d2hvPw==\r\n"
                       "b BAD Authentication cancelled\r\n+ d2hvPw==\r\n"
                       "c BAD Cannot decode base64\r\nd BAD Syntax error\r\n"
                       "e BAD Syntax error\r\n");
}

static void no_initial(void **state)
{
    mailproto_imap_server_options o = with_auth();
    struct run *r;
    (void)state;
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1);
    r = open_session(&o, judge, "");
    feed_text(r, "a AUTHENTICATE PLAIN eWVz\r\n");
    assert_string_equal(r->out, "a BAD Not offered\r\n");
    close_session(r);
}

/* A line of max_auth_line octets, and one more. */
static void long_lines(void **state)
{
    mailproto_imap_server_options o = with_auth();
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE};
    char line[1024];
    size_t i;
    (void)state;
    o.max_auth_line = 602;
    o.in_size = 512;
    memset(line, 'A', sizeof line);
    for (i = 0; i < 3; i++) {
        struct run *r = open_session(&o, judge, "");
        r->way = ways[i];
        feed_text(r, "a AUTHENTICATE X-ASK\r\n");
        memcpy(line + 600, "\r\n", 2);
        feed_step(r, line, 602);
        assert_string_equal(
            r->out,
            "+ d2hvPw==\r\na NO [AUTHENTICATIONFAILED] Authentication failed\r\n");
        r->out_len = 0;
        feed_text(r, "b AUTHENTICATE X-ASK\r\n");
        memset(line, 'A', sizeof line);
        memcpy(line + 604, "\r\n", 2);
        feed_step(r, line, 606);
        assert_string_equal(r->out, "+ d2hvPw==\r\nb BAD [TOOBIG] Line too long\r\n");
        r->out_len = 0;
        feed_text(r, "c NOOP\r\n");
        assert_string_equal(r->out, "c OK NOOP completed\r\n");
        close_session(r);
        memset(line, 'A', sizeof line);
    }
}

/* ---- outcomes ------------------------------------------------------------------------ */

static int finish_so(struct run *r, const mailproto_event *ev)
{
    const mailproto_status *outcome = (const mailproto_status *)r->user;
    if (ev->type != MAILPROTO_EV_AUTH_DATA) {
        return 0;
    }
    assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, *outcome),
                     MAILPROTO_OK);
    return 1;
}

static void outcomes(void **state)
{
    static const struct {
        mailproto_status outcome;
        const char *out;
    } cases[] = {
        {MAILPROTO_ERR_AUTH, "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"},
        {MAILPROTO_ERR_AUTH_TEMPORARY,
         "a NO [UNAVAILABLE] Temporary authentication failure\r\n"},
        {MAILPROTO_ERR_AUTH_WEAK, "a NO [CANNOT] Mechanism is too weak\r\n"},
        {MAILPROTO_ERR_NEEDS_TLS, "a NO [PRIVACYREQUIRED] Needs TLS\r\n"},
        {MAILPROTO_ERR_SYNTAX, "a BAD Malformed authentication data\r\n"},
    };
    mailproto_imap_server_options o = with_auth();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run *r = open_session(&o, finish_so, "");
        mailproto_status outcome = cases[i].outcome;
        r->user = &outcome;
        feed_text(r, "a AUTHENTICATE PLAIN eWVz\r\n");
        assert_string_equal(r->out, cases[i].out);
        assert_int_equal(mailproto_imap_server_state(r->server),
                         MAILPROTO_IMAP_NOT_AUTHENTICATED);
        close_session(r);
    }
}

static int with_words(struct run *r, const mailproto_event *ev)
{
    mailproto_imap_code code;
    if (ev->type != MAILPROTO_EV_AUTH_START) {
        return 0;
    }
    memset(&code, 0, sizeof code);
    code.struct_size = sizeof code;
    code.code = MAILPROTO_IMAP_CODE_EXPIRED;
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, ev->tag, MAILPROTO_IMAP_OK, &code, bytes_of("x")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_complete(r->server, ev->tag,
                                                    MAILPROTO_IMAP_NO, &code,
                                                    bytes_of("Too late")),
                     MAILPROTO_OK);
    return 1;
}

static void words(void **state)
{
    mailproto_imap_server_options o = with_auth();
    struct run *r = open_session(&o, with_words, "");
    (void)state;
    feed_text(r, "a AUTHENTICATE PLAIN\r\nb NOOP\r\n");
    assert_string_equal(r->out, "a NO [EXPIRED] Too late\r\nb OK NOOP completed\r\n");
    close_session(r);
    /* Nobody is let in by default. */
    r = open_session(&o, NULL, "");
    feed_text(r, "a AUTHENTICATE PLAIN\r\n");
    assert_string_equal(r->out,
                        "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n");
    close_session(r);
}

static void end_within(void **state)
{
    mailproto_imap_server_options o = with_auth();
    static const struct step steps[] = {STEP("a AUTHENTICATE X-ASK\r\n"), STEP("eW"),
                                        STEPS_END};
    (void)state;
    check_script(&o, judge, 0, steps, 1,
                 "CONNECT ?\nAUTH_START [X-ASK] ?\nCLOSED MAILPROTO_ERR_EOF\n",
                 HELLO "+ d2hvPw==\r\n");
}

/* ---- secrets -------------------------------------------------------------------------- */

struct seen {
    char shown[4096];
    size_t len;
};

static void watch(void *ctx, uint32_t kind, const void *data, size_t len)
{
    struct seen *seen = (struct seen *)ctx;
    if (kind != MAILPROTO_TRACE_CREDENTIAL) {
        assert_true(seen->len + len < sizeof seen->shown);
        memcpy(seen->shown + seen->len, data, len);
        seen->len += len;
        seen->shown[seen->len] = '\0';
    }
}

/* Not in what a log would show, nor in the block when it is over. */
static void secrets(void **state)
{
    static const char *const lines[] = {
        "a LOGIN fred hunter22\r\n",
        "a LOGIN {4+}\r\nfred {8+}\r\nhunter22\r\n",
        "a LOGIN fred {8+}\r\nhunter22 more\r\n",
        "a LOGIN fred {99999+}\r\nhunter22\r\n",
        "a AUTHENTICATE PLAIN aHVudGVyMjI=\r\n",
        "a AUTHENTICATE PLAIN aHVudGVyMjIa=\r\n",
        "a AUTHENTICATE X-ASK\r\naHVudGVyMjI=\r\n",
        "aHVudGVyMjI=\r\n",
        "a XYZ hunter22 aHVudGVyMjI=\r\n",
    };
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE};
    mailproto_imap_server_options o = with_auth();
    mailproto_trace trace;
    size_t i;
    size_t w;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    memset(&trace, 0, sizeof trace);
    trace.struct_size = sizeof trace;
    trace.fn = watch;
    o.trace = &trace;
    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        for (w = 0; w < 3; w++) {
            struct seen seen;
            size_t size = mailproto_imap_server_mem_size(&o);
            struct run *r;
            size_t at;
            memset(&seen, 0, sizeof seen);
            trace.ctx = &seen;
            r = open_session(&o, judge, "");
            r->way = ways[w];
            feed_text(r, lines[i]);
            feed_text(r, "z NOOP\r\n");
            assert_null(strstr(seen.shown, "hunter22"));
            assert_null(strstr(seen.shown, "aHVudGVy"));
            for (at = 0; at + 8 <= size; at++) {
                assert_memory_not_equal((char *)r->block + at, "hunter22", 8);
                assert_memory_not_equal((char *)r->block + at, "aHVudGVy", 8);
            }
            close_session(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchange),   cmocka_unit_test(initial),
        cmocka_unit_test(refused),    cmocka_unit_test(no_initial),
        cmocka_unit_test(long_lines), cmocka_unit_test(outcomes),
        cmocka_unit_test(words),      cmocka_unit_test(end_within),
        cmocka_unit_test(secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
