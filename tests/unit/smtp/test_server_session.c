/*
 * The SMTP server's session as such: TLS, early talkers, who is no SMTP client at all,
 * time-outs, the end in all its forms.
 */
#include "server_driver.h"

#define CAPS_DEFAULT                                                                   \
    "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 41943040\r\n250-8BITMIME\r\n"        \
    "250 ENHANCEDSTATUSCODES\r\n"

/* ---- TLS ------------------------------------------------------------------------- */

static mailproto_smtp_server_options tls_options(void)
{
    mailproto_smtp_server_options o = options_of();
    o.caps =
        cap_bit(MAILPROTO_SMTP_CAP_PIPELINING) | cap_bit(MAILPROTO_SMTP_CAP_ENHANCED) |
        cap_bit(MAILPROTO_SMTP_CAP_STARTTLS) | cap_bit(MAILPROTO_SMTP_CAP_REQUIRETLS);
    return o;
}

static void starttls(void **state)
{
    mailproto_smtp_server_options o = tls_options();
    static const struct step steps[] = {STEP("EHLO c.example\r\n"),
                                        STEP("STARTTLS now\r\n"),
                                        STEP("MAIL FROM:<>\r\n"),
                                        STEP("STARTTLS\r\n"),
                                        STEP("MAIL FROM:<>\r\n"),
                                        STEP("EHLO c.example\r\n"),
                                        STEP("STARTTLS\r\n"),
                                        STEP("QUIT\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(
        &o, NULL, steps, 0,
        "CONNECT ?\nHELO 1 [c.example] ?\nCOMMAND 501 #14 [STARTTLS now] rejected\n"
        "MAIL [] ?\nRSET\nTLS_GO\nCOMMAND 503 #4 [MAIL FROM:<>] rejected secure\n"
        "HELO 1 [c.example] ? secure\nCOMMAND 503 #14 [STARTTLS] rejected secure\n"
        "QUIT secure\nCLOSED MAILPROTO_OK secure\n",
        "220 mx.example ESMTP\r\n250-mx.example\r\n250-PIPELINING\r\n"
        "250-ENHANCEDSTATUSCODES\r\n250 STARTTLS\r\n"
        "501 5.5.4 Syntax error in arguments\r\n250 2.1.0 Sender OK\r\n"
        "220 2.0.0 Ready to start TLS\r\n503 5.5.1 Send HELO or EHLO first\r\n"
        "250-mx.example\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n"
        "250 REQUIRETLS\r\n503 5.5.1 TLS is already active\r\n"
        "221 2.0.0 mx.example closing connection\r\n");
}

static void starttls_forgets_hello(void **state)
{
    mailproto_smtp_server_options o = tls_options();
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    (void)state;
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTP");
    feed_text(r, "STARTTLS\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "SMTP");
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_PIPELINING));
    feed_text(r, "EHLO c\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTPS");
    close_session(r);
}

static void starttls_not_offered(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "EHLO c.example\r\n");
    (void)state;
    feed_text(r, "STARTTLS\r\n");
    assert_string_equal(r->out, "502 5.5.1 STARTTLS not offered\r\n");
    close_session(r);
}

/* RFC 3207 4.2: what stands behind STARTTLS is never read, and there is no 220. */
static void starttls_injection(void **state)
{
    mailproto_smtp_server_options o = tls_options();
    static const enum way ways[] = {WHOLE, SPACE_WHOLE};
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        struct run *r = open_session(&o, NULL, "EHLO c.example\r\n");
        r->way = ways[i];
        feed_text(r, "STARTTLS\r\nRSET\r\n");
        assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TLS_INJECTION\n");
        assert_string_equal(r->out, "");
        assert_int_equal(error_of(r).offset, 16 + 10);
        close_session(r);
    }
}

/* The same in a second packet, before the handshake has begun. */
static void starttls_injection_later(void **state)
{
    mailproto_smtp_server_options o = tls_options();
    struct run *r = open_session(&o, NULL, "EHLO c.example\r\n");
    size_t used;
    (void)state;
    r->no_drain = 1;
    give(r, "STARTTLS\r\n", 10);
    assert_int_equal(mailproto_session_feed(r->s, "R", 1, &used),
                     MAILPROTO_ERR_TLS_INJECTION);
    assert_int_equal(used, 0);
    r->no_drain = 0;
    pull(r);
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TLS_INJECTION\n");
    assert_int_equal(error_of(r).code, MAILPROTO_ERR_TLS_INJECTION);
    close_session(r);
}

static void implicit_tls(void **state)
{
    mailproto_smtp_server_options o = tls_options();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_event ev;
    (void)state;
    o.flags = MAILPROTO_SMTP_SERVER_TLS_IMPLICIT | MAILPROTO_SMTP_SERVER_REQUIRE_TLS;
    run_start(r, &o);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_TLS_GO);
    mailproto_session_get_want(r->s, &want);
    assert_true(want.flags & MAILPROTO_WANT_TLS);
    assert_int_equal(mailproto_session_tls_started(r->s, NULL), MAILPROTO_OK);
    pull(r);
    feed_text(r, "EHLO c.example\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTPS");
    feed_text(r, "MAIL FROM:<>\r\n");
    assert_string_equal(r->log, "CONNECT ? secure\nHELO 1 [c.example] ? secure\n"
                                "MAIL [] ? secure\n");
    close_session(r);
}

/* RFC 3207 4: 530 to all but NOOP, EHLO, STARTTLS and QUIT. */
static void tls_required(void **state)
{
    static const char *const held[] = {
        "HELO c\r\n",     "MAIL FROM:<>\r\n", "RCPT TO:<a@b.example>\r\n",
        "DATA\r\n",       "RSET\r\n",         "VRFY x\r\n",
        "EXPN x\r\n",     "HELP\r\n",         "XYZZY\r\n",
        "AUTH PLAIN\r\n", "LHLO c\r\n"};
    mailproto_smtp_server_options o = tls_options();
    size_t i;
    int hello;
    (void)state;
    o.flags = MAILPROTO_SMTP_SERVER_REQUIRE_TLS;
    for (hello = 0; hello < 2; hello++) {
        struct run *r = open_session(&o, NULL, hello ? "EHLO c\r\n" : "");
        for (i = 0; i < sizeof held / sizeof held[0]; i++) {
            r->out_len = 0;
            feed_text(r, held[i]);
            assert_string_equal(r->out,
                                "530 5.7.0 Must issue a STARTTLS command first\r\n");
        }
        r->out_len = 0;
        feed_text(r, "NOOP\r\n");
        feed_text(r, "STARTTLS\r\n");
        assert_string_equal(r->out, "250 2.0.0 OK\r\n220 2.0.0 Ready to start TLS\r\n");
        feed_text(r, "EHLO c\r\n");
        r->out_len = 0;
        feed_text(r, "MAIL FROM:<>\r\n");
        assert_string_equal(r->out, "250 2.1.0 Sender OK\r\n");
        close_session(r);
    }
}

/* ---- early talkers --------------------------------------------------------------- */

static void early_talker(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {STEP("EHLO c\r\nMAIL FROM:<>\r\n"),
                                        STEP("NOOP\r\nNOOP\r\n"), STEPS_END};
    (void)state;
    check_script(
        &o, NULL, steps, 0,
        "CONNECT ?\nHELO 1 [c] ?\nEARLY_TALKER\nMAIL [] ?\nCOMMAND 12 [NOOP] ?\n"
        "COMMAND 12 [NOOP] ?\n",
        "220 mx.example ESMTP\r\n" CAPS_DEFAULT
        "250 2.1.0 Sender OK\r\n250 2.0.0 OK\r\n250 2.0.0 OK\r\n");
}

/* Whoever ends a transaction and does not wait: one event after the other. */
static void early_behind_hello(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {STEP("EHLO c\r\n"), STEP("MAIL FROM:<>\r\n"),
                                        STEP("EHLO d\r\nNOOP\r\n"), STEPS_END};
    (void)state;
    check_script(
        &o, NULL, steps, 0,
        "CONNECT ?\nHELO 1 [c] ?\nMAIL [] ?\nHELO 1 [d] ?\nRSET\nEARLY_TALKER\n"
        "COMMAND 12 [NOOP] ?\n",
        "220 mx.example ESMTP\r\n" CAPS_DEFAULT "250 2.1.0 Sender OK\r\n" CAPS_DEFAULT
        "250 2.0.0 OK\r\n");
}

/* Without PIPELINING every reply is to be waited for; with it a group is no fault. */
static void early_without_pipelining(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "HELO c\r\n");
    (void)state;
    feed_text(r, "MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\n");
    assert_string_equal(r->log, "MAIL [] ?\nEARLY_TALKER\nRCPT [a@b.example] ?\n");
    close_session(r);
    r = open_session(&o, NULL, "EHLO c\r\n");
    feed_text(r, "MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\n");
    assert_string_equal(r->log, "MAIL [] ?\nRCPT [a@b.example] ?\n");
    close_session(r);
}

static void early_before_greeting(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    mailproto_event ev;
    size_t used;
    int refuse;
    (void)state;
    for (refuse = 0; refuse < 2; refuse++) {
        r = (struct run *)calloc(1, sizeof *r);
        o.flags = refuse ? MAILPROTO_SMTP_SERVER_REFUSE_EARLY : 0;
        run_start(r, &o);
        assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
        assert_int_equal(mailproto_session_feed(r->s, "E", 1, &used), MAILPROTO_OK);
        assert_int_equal(used, 0);
        assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag), MAILPROTO_OK);
        pull(r);
        assert_string_equal(r->log, refuse ? "EARLY_TALKER\nCLOSED "
                                             "MAILPROTO_ERR_EARLY_TALKER\n"
                                           : "EARLY_TALKER\n");
        assert_string_equal(r->out, refuse ? "554 mx.example Input before greeting\r\n"
                                           : "220 mx.example ESMTP\r\n");
        close_session(r);
    }
}

static void early_refused(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    (void)state;
    o.flags = MAILPROTO_SMTP_SERVER_REFUSE_EARLY;
    r = open_session(&o, NULL, "EHLO c\r\n");
    feed_text(r,
              "MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nSubject: x\r\n.\r\n");
    assert_string_equal(r->log,
                        "MAIL [] ?\nRCPT [a@b.example] ?\nDATA ?\nEARLY_TALKER\n"
                        "CONTENT_ABORTED MAILPROTO_ERR_EARLY_TALKER\n"
                        "CLOSED MAILPROTO_ERR_EARLY_TALKER\n");
    assert_string_equal(r->out, "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n"
                                "354 End data with <CR><LF>.<CR><LF>\r\n"
                                "554 5.5.1 Commands before it was your turn\r\n");
    close_session(r);
}

/* ---- the end --------------------------------------------------------------------- */

static void http(void **state)
{
    static const char *const lines[] = {
        "GET / HTTP/1.1\r\nHost: s.example\r\n\r\n", "POST / HTTP/1.1\r\nEHLO c\r\n",
        "connect mx.example:25 HTTP/1.1\r\n", "Host: mx.example\r\n"};
    mailproto_smtp_server_options o = options_of();
    size_t i;
    (void)state;
    for (i = 0; i < 4; i++) {
        struct run *r = open_session(&o, NULL, "");
        feed_text(r, lines[i]);
        assert_string_equal(r->out, "421 4.7.0 mx.example This is not HTTP\r\n");
        assert_int_equal(r->closed, MAILPROTO_ERR_SYNTAX);
        assert_int_equal(r->events, 3); /* CONNECT, COMMAND, CLOSED */
        assert_int_equal(error_of(r).offset, 0);
        assert_int_equal(error_of(r).reply_code, 421);
        assert_string_equal(error_of(r).detail, "the peer speaks HTTP");
        close_session(r);
    }
    {
        struct run *r = open_session(&o, NULL, "EHLO c\r\n");
        feed_text(r, "GET a\r\n"); /* only as the first command */
        assert_string_equal(r->out, "500 5.5.2 Command unrecognized\r\n");
        feed_text(r, "Host: a\r\n");
        assert_int_equal(r->closed, MAILPROTO_ERR_SYNTAX);
        assert_int_equal(error_of(r).offset, 15);
        close_session(r);
    }
}

static void bdat_closes(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {
        STEP("EHLO c\r\n"), STEP("BDAT 14 LAST\r\nMAIL FROM:<>\r\nRSET\r\n"),
        STEPS_END};
    (void)state;
    check_script(&o, NULL, steps, 0,
                 "CONNECT ?\nHELO 1 [c] ?\nCOMMAND 502 #7 [BDAT 14 LAST] rejected\n"
                 "CLOSED MAILPROTO_ERR_SYNTAX\n",
                 "220 mx.example ESMTP\r\n" CAPS_DEFAULT
                 "502 5.5.1 BDAT not offered, closing connection\r\n");
}

static void eof(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {STEP("EHLO c\r\n"), STEP("NOOP\r\nNOO"),
                                        STEPS_END};
    static const struct step quit[] = {STEP("EHLO c\r\n"), STEP("QUIT\r\n"), STEPS_END};
    struct run *r;
    (void)state;
    check_script(&o, NULL, steps, 1,
                 "CONNECT ?\nHELO 1 [c] ?\nCOMMAND 12 [NOOP] ?\nEARLY_TALKER\n"
                 "CLOSED MAILPROTO_ERR_EOF\n",
                 "220 mx.example ESMTP\r\n" CAPS_DEFAULT "250 2.0.0 OK\r\n");
    check_script(&o, NULL, quit, 1,
                 "CONNECT ?\nHELO 1 [c] ?\nQUIT\nCLOSED MAILPROTO_OK\n",
                 "220 mx.example ESMTP\r\n" CAPS_DEFAULT
                 "221 2.0.0 mx.example closing connection\r\n");
    /* The peer has closed its half; what it asked before is answered. */
    r = open_session(&o, NULL, "EHLO c\r\n");
    r->way = SPACE_WHOLE;
    {
        size_t cap;
        char *space = (char *)mailproto_session_input_space(r->s, &cap);
        memcpy(space, "NOOP\r\nQUIT\r\n", 12);
        assert_int_equal(mailproto_session_input_commit(r->s, 12), MAILPROTO_OK);
    }
    give_eof(r);
    assert_string_equal(r->out,
                        "250 2.0.0 OK\r\n221 2.0.0 mx.example closing connection\r\n");
    assert_int_equal(r->closed, MAILPROTO_OK);
    close_session(r);
}

static void shutdown_now(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    mailproto_event ev;
    size_t used;
    (void)state;
    assert_int_equal(mailproto_session_feed(r->s, "MAIL FROM:<>\r\n", 14, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("a\nb")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("Moving house")),
        MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag),
                     MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    pull(r);
    assert_string_equal(r->out, "421 4.3.2 mx.example Moving house\r\n");
    assert_string_equal(r->log, "CLOSED MAILPROTO_OK\n");
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    close_session(r);
}

/* A reply of the application's: 421 with any enhanced code of its class, and none other.
 * It stands behind the replies given, and needs no command that asks for it. */
static void shutdown_with_status(void **state)
{
    static const struct {
        mailproto_smtp_status status;
        mailproto_status result;
        const char *out;
    } cases[] = {
        {{421, {4, 7, 0}, 0, 0}, MAILPROTO_OK, "421 4.7.0 mx.example Bye\r\n"},
        {{421, {0, 0, 0}, 0, 0}, MAILPROTO_OK, "421 4.3.2 mx.example Bye\r\n"},
        {{421, {4, 999, 999}, 0, 0}, MAILPROTO_OK, "421 4.999.999 mx.example Bye\r\n"},
        {{421, {4, 1000, 0}, 0, 0}, MAILPROTO_ERR_ARGUMENT, ""},
        {{421, {5, 7, 0}, 0, 0}, MAILPROTO_ERR_ARGUMENT, ""},
        {{420, {4, 7, 0}, 0, 0}, MAILPROTO_ERR_ARGUMENT, ""},
        {{422, {4, 7, 0}, 0, 0}, MAILPROTO_ERR_ARGUMENT, ""},
        {{554, {5, 7, 0}, 0, 0}, MAILPROTO_ERR_ARGUMENT, ""},
        {{0, {0, 0, 0}, 0, 0}, MAILPROTO_ERR_ARGUMENT, ""},
    };
    mailproto_smtp_server_options o = options_of();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run *r = open_session(&o, NULL, "EHLO c\r\n");
        assert_int_equal(mailproto_smtp_server_shutdown(r->server, &cases[i].status,
                                                        bytes_of("Bye")),
                         cases[i].result);
        pull(r);
        assert_string_equal(r->out, cases[i].out);
        assert_string_equal(
            r->log, cases[i].result == MAILPROTO_OK ? "CLOSED MAILPROTO_OK\n" : "");
        close_session(r);
    }
}

/* An event that nobody has pulled loses its question; before a greeting there is no
 * enhanced code; within TLS negotiation nothing is said. */
static void shutdown_corners(void **state)
{
    mailproto_smtp_server_options o = tls_options();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    char text[130];
    size_t used;
    (void)state;
    run_start(r, &o);
    assert_int_equal(mailproto_session_feed(r->s, "E", 1, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "421 mx.example Service not available\r\n");
    assert_string_equal(r->log, "CONNECT\nCLOSED MAILPROTO_OK\n");
    close_session(r);

    r = open_session(&o, NULL, "EHLO c\r\n");
    assert_int_equal(mailproto_session_feed(r->s, "STARTTLS\r\n", 10, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "220 2.0.0 Ready to start TLS\r\n");
    assert_int_equal(r->closed, MAILPROTO_OK);
    close_session(r);

    r = open_session(&o, NULL, "EHLO c\r\n");
    memset(text, 'x', sizeof text);
    text[129] = '\0';
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of(text)),
                     MAILPROTO_ERR_TOO_LONG);
    text[128] = '\0';
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of(text)),
                     MAILPROTO_OK);
    close_session(r);
}

static void time_outs(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_event ev;
    uint32_t id;
    size_t used;
    (void)state;
    o.command_ms = 1234;
    r = open_session(&o, NULL, "EHLO c\r\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 1234);
    assert_true(want.flags & MAILPROTO_WANT_READ);
    id = want.wait_id;
    /* Dripping octets are no step. */
    give(r, "NOO", 3);
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.wait_id, id);
    /* The application's own time is nobody's fault: neither the old timer nor a new
     * one. */
    assert_int_equal(mailproto_session_feed(r->s, "P\r\n", 3, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 0);
    assert_true(want.flags & MAILPROTO_WANT_APP);
    assert_int_equal(mailproto_session_timed_out(r->s, id), MAILPROTO_OK);
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "250 2.0.0 OK\r\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_not_equal(want.wait_id, id);
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "250 2.0.0 OK\r\n421 4.4.2 mx.example Timeout\r\n");
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TIMEOUT\n");
    assert_int_equal(error_of(r).offset, 8 + 6);
    close_session(r);
}

static void failed_from_outside(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "EHLO c\r\nMAIL FROM:<>\r\n");
    mailproto_event ev;
    size_t used;
    (void)state;
    assert_int_equal(
        mailproto_session_feed(r->s, "RCPT TO:<a@b.example>\r\n", 23, &used),
        MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_session_fail(r->s, MAILPROTO_ERR_IO), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag),
                     MAILPROTO_ERR_STALE);
    pull(r);
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_IO\n");
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starttls),
        cmocka_unit_test(starttls_forgets_hello),
        cmocka_unit_test(starttls_not_offered),
        cmocka_unit_test(starttls_injection),
        cmocka_unit_test(starttls_injection_later),
        cmocka_unit_test(implicit_tls),
        cmocka_unit_test(tls_required),
        cmocka_unit_test(early_talker),
        cmocka_unit_test(early_behind_hello),
        cmocka_unit_test(early_without_pipelining),
        cmocka_unit_test(early_before_greeting),
        cmocka_unit_test(early_refused),
        cmocka_unit_test(http),
        cmocka_unit_test(bdat_closes),
        cmocka_unit_test(eof),
        cmocka_unit_test(shutdown_now),
        cmocka_unit_test(shutdown_with_status),
        cmocka_unit_test(shutdown_corners),
        cmocka_unit_test(time_outs),
        cmocka_unit_test(failed_from_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
