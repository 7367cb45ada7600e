/*
 * AUTH on the SMTP server (RFC 4954): challenges, responses, refusals, limits, and that
 * credentials show neither in events of refusals nor in a trace without secrets.
 */
#include "server_driver.h"

#define HELLO_OUT                                                                      \
    "220 mx.example ESMTP\r\n250-mx.example\r\n250-PIPELINING\r\n"                     \
    "250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN\r\n"
#define HELLO_LOG "CONNECT ?\nHELO 1 [c] ?\n"

static mailproto_smtp_server_options auth_options(void)
{
    mailproto_smtp_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_PIPELINING) |
             cap_bit(MAILPROTO_SMTP_CAP_ENHANCED) | cap_bit(MAILPROTO_SMTP_CAP_AUTH);
    o.auth_mechanisms = bytes_of("PLAIN LOGIN");
    o.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    return o;
}

/* LOGIN: two challenges. PLAIN: one if there is no initial response. Then the outcome,
 * which is what the last response says. */
static int converse(struct run *r, const mailproto_event *ev)
{
    static const char user[] = "Username:";
    size_t *turn = (size_t *)r->user;
    mailproto_status outcome = MAILPROTO_OK;
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        *turn = ev->text.len == 5 && memcmp(ev->text.ptr, "LOGIN", 5) == 0 ? 2 : 1;
        if ((ev->flags & MAILPROTO_EVF_INITIAL) != 0) {
            --*turn;
            return 1;
        }
    } else if (ev->type != MAILPROTO_EV_AUTH_DATA) {
        return 0;
    } else if ((ev->flags & MAILPROTO_EVF_MORE) != 0) {
        return 1;
    }
    if (*turn > 0) {
        /* In two pieces, to be sure of it. */
        size_t len = *turn == 2 ? 9 : 0;
        --*turn;
        if (len > 0) {
            assert_int_equal(mailproto_session_auth_data(r->s, user, 4, len),
                             MAILPROTO_OK);
        }
        assert_int_equal(mailproto_session_auth_data(r->s, user + (len > 0 ? 4 : 0),
                                                     len > 0 ? len - 4 : 0, len),
                         MAILPROTO_OK);
        return 1;
    }
    if (ev->text.len > 0 && ev->text.ptr[0] == '!') {
        outcome = -300 - (ev->text.ptr[1] - '0'); /* -308, -301 */
    }
    assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag + 1, outcome),
                     MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, outcome),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, outcome),
                     MAILPROTO_ERR_STALE);
    return 1;
}

static size_t turns;

static int conversing(struct run *r, const mailproto_event *ev)
{
    r->user = &turns;
    return converse(r, ev);
}

static void check_auth(const struct step *steps, const char *log, const char *out)
{
    mailproto_smtp_server_options o = auth_options();
    char all_log[2000];
    char all_out[2000];
    sprintf(all_log, HELLO_LOG "%s", log);
    sprintf(all_out, HELLO_OUT "%s", out);
    check_script(&o, conversing, steps, 0, all_log, all_out);
}

static void plain(void **state)
{
    static const struct step initial[] = {
        STEP("EHLO c\r\n"), STEP("auth plain AGEAYg==\r\nMAIL FROM:<>\r\n"),
        STEP("AUTH PLAIN AGEAYg==\r\n"), STEPS_END};
    static const struct step later[] = {STEP("EHLO c\r\n"), STEP("AUTH PLAIN\r\n"),
                                        STEP("AGEAYg==\r\n"), STEPS_END};
    static const struct step empty[] = {STEP("EHLO c\r\n"), STEP("AUTH PLAIN =\r\n"),
                                        STEPS_END};
    (void)state;
    /* RFC 4954 4: it may be pipelined when it is over in one round. */
    check_auth(initial,
               "AUTH_START [plain] initial\nAUTH_DATA [\\x00a\\x00b] ?\n"
               "AUTH_RESULT 235 #1\nMAIL [] ?\n"
               "COMMAND 503 #15 [AUTH PLAIN] rejected\n",
               "235 2.7.0 Authentication successful\r\n250 2.1.0 Sender OK\r\n"
               "503 5.5.1 Not within a transaction\r\n");
    check_auth(later,
               "AUTH_START [PLAIN] ?\nAUTH_DATA [\\x00a\\x00b] ?\nAUTH_RESULT 235 #1\n",
               "334 \r\n235 2.7.0 Authentication successful\r\n");
    check_auth(empty,
               "AUTH_START [PLAIN] initial\nAUTH_DATA [] ?\nAUTH_RESULT 235 #1\n",
               "235 2.7.0 Authentication successful\r\n");
}

static void login(void **state)
{
    static const struct step steps[] = {STEP("EHLO c\r\n"),
                                        STEP("AUTH LOGIN\r\n"),
                                        STEP("Ym9i\r\n"),
                                        STEP("ITg=\r\n"),
                                        STEP("AUTH LOGIN Ym9i\r\n"),
                                        STEP("\r\n"),
                                        STEP("AUTH PLAIN ITE=\r\n"),
                                        STEPS_END};
    (void)state;
    check_auth(
        steps,
        "AUTH_START [LOGIN] ?\nAUTH_DATA [bob] ?\nAUTH_DATA [!8] ?\n"
        "AUTH_RESULT 535\nAUTH_START [LOGIN] initial\nAUTH_DATA [bob] ?\n"
        "AUTH_DATA [] ?\nAUTH_RESULT 235 #1\n"
        "COMMAND 503 #15 [AUTH PLAIN] rejected\n",
        "334 VXNlcm5hbWU6\r\n334 \r\n535 5.7.8 Authentication credentials invalid\r\n"
        "334 \r\n235 2.7.0 Authentication successful\r\n"
        "503 5.5.1 Already authenticated\r\n");
}

static void refusals(void **state)
{
    static const struct step steps[] = {STEP("EHLO c\r\n"),
                                        STEP("AUTH\r\n"),
                                        STEP("AUTH CRAM-MD5\r\n"),
                                        STEP("AUTH PLAIN =AAA\r\n"),
                                        STEP("AUTH PLAIN A A\r\n"),
                                        STEP("AUTH PLAIN *\r\n"),
                                        STEP("AUTH PLAIN\r\n"),
                                        STEP("*\r\n"),
                                        STEP("AUTH PLAIN\r\n"),
                                        STEP("AAA=BBB\r\n"),
                                        STEP("AUTH PLAIN\r\n"),
                                        STEP("=\r\n"),
                                        STEP("AUTH PLAIN\r\n"),
                                        STEP("**\r\n"),
                                        STEP("AUTH PL@IN c2VjcmV0\r\n"),
                                        STEPS_END};
    (void)state;
    check_auth(
        steps,
        "COMMAND 501 #15 [AUTH] rejected\nCOMMAND 504 #15 [AUTH CRAM-MD5] rejected\n"
        "AUTH_START [PLAIN] initial\nAUTH_RESULT 501\n"
        "AUTH_START [PLAIN] initial\nAUTH_RESULT 501\n"
        "AUTH_START [PLAIN] initial\nAUTH_RESULT 501\n"
        "AUTH_START [PLAIN] ?\nAUTH_RESULT 501\nAUTH_START [PLAIN] ?\nAUTH_RESULT 501\n"
        "AUTH_START [PLAIN] ?\nAUTH_RESULT 501\nAUTH_START [PLAIN] ?\nAUTH_RESULT 501\n"
        "COMMAND 501 #15 [AUTH PL@IN] rejected\n",
        "501 5.5.4 Syntax error in arguments\r\n504 5.5.4 Mechanism not supported\r\n"
        "501 5.5.2 Cannot decode base64\r\n501 5.5.2 Cannot decode base64\r\n"
        "501 5.5.2 Cannot decode base64\r\n334 \r\n501 5.7.0 Authentication "
        "cancelled\r\n"
        "334 \r\n501 5.5.2 Cannot decode base64\r\n334 \r\n501 5.5.2 Cannot decode "
        "base64\r\n"
        "334 \r\n501 5.5.2 Cannot decode base64\r\n"
        "501 5.5.4 Syntax error in arguments\r\n");
}

/* `*` is no initial response, but cancels what follows one. */
static void cancelled_later(void **state)
{
    static const struct step steps[] = {STEP("EHLO c\r\n"), STEP("AUTH LOGIN Ym9i\r\n"),
                                        STEP("*\r\n"), STEPS_END};
    static const struct step empty[] = {STEP("EHLO c\r\n"), STEP("AUTH LOGIN =\r\n"),
                                        STEP("*\r\n"), STEPS_END};
    (void)state;
    check_auth(steps,
               "AUTH_START [LOGIN] initial\nAUTH_DATA [bob] ?\nAUTH_RESULT 501\n",
               "334 \r\n501 5.7.0 Authentication cancelled\r\n");
    check_auth(empty, "AUTH_START [LOGIN] initial\nAUTH_DATA [] ?\nAUTH_RESULT 501\n",
               "334 \r\n501 5.7.0 Authentication cancelled\r\n");
}

/* RFC 4954 4: a response that did not wait for its challenge. */
static void too_eager(void **state)
{
    static const struct step steps[] = {STEP("EHLO c\r\n"),
                                        STEP("AUTH PLAIN\r\nAGEAYg==\r\n"), STEPS_END};
    (void)state;
    check_auth(steps,
               "AUTH_START [PLAIN] ?\nEARLY_TALKER\nAUTH_DATA [\\x00a\\x00b] ?\n"
               "AUTH_RESULT 235 #1\n",
               "334 \r\n235 2.7.0 Authentication successful\r\n");
}

static void where_it_is_offered(void **state)
{
    mailproto_smtp_server_options o = auth_options();
    struct run *r;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_SMTP_CAP_STARTTLS);
    o.flags = MAILPROTO_SMTP_SERVER_REQUIRE_AUTH;
    r = open_session(&o, conversing, "EHLO c\r\n");
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_AUTH));
    feed_text(r, "AUTH PLAIN AGEAYg==\r\n");
    feed_text(r, "MAIL FROM:<>\r\n");
    assert_string_equal(r->out, "538 5.7.11 Encryption required\r\n"
                                "530 5.7.0 Authentication required\r\n");
    feed_text(r, "STARTTLS\r\n");
    r->out_len = 0;
    feed_text(r, "AUTH PLAIN AGEAYg==\r\n");
    feed_text(r, "HELO c\r\n");
    feed_text(r, "AUTH PLAIN AGEAYg==\r\n");
    assert_string_equal(r->out,
                        "503 5.5.1 Send HELO or EHLO first\r\n250 mx.example\r\n"
                        "503 5.5.1 Send HELO or EHLO first\r\n");
    feed_text(r, "EHLO c\r\n");
    assert_true(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_AUTH));
    r->out_len = 0;
    feed_text(r, "AUTH PLAIN AGEAYg==\r\n");
    assert_string_equal(r->out, "235 2.7.0 Authentication successful\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTPSA");
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_AUTH));
    r->out_len = 0;
    feed_text(r, "EHLO c\r\n");
    assert_string_equal(r->out, "250-mx.example\r\n250-PIPELINING\r\n"
                                "250 ENHANCEDSTATUSCODES\r\n");
    r->out_len = 0;
    /* RFC 4954 5 */
    feed_text(r, "MAIL FROM:<a@b.example> AUTH=a@b.example\r\n");
    assert_string_equal(r->out, "250 2.1.0 Sender OK\r\n");
    close_session(r);

    o = options_of();
    r = open_session(&o, NULL, "EHLO c\r\n");
    feed_text(r, "AUTH PLAIN\r\n");
    feed_text(r, "MAIL FROM:<> AUTH=<>\r\n");
    assert_string_equal(r->out, "502 5.5.1 AUTH not offered\r\n"
                                "555 5.5.4 Parameter not recognized\r\n");
    close_session(r);
}

/* RFC 3207 4.2: who logged in in the clear is nobody under TLS. */
static void tls_forgets_the_login(void **state)
{
    mailproto_smtp_server_options o = auth_options();
    struct run *r;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_SMTP_CAP_STARTTLS);
    r = open_session(&o, conversing, "EHLO c\r\n");
    feed_text(r, "AUTH PLAIN AGEAYg==\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTPA");
    feed_text(r, "STARTTLS\r\n");
    feed_text(r, "EHLO c\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTPS");
    assert_true(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_AUTH));
    close_session(r);
}

/* ---- outcomes -------------------------------------------------------------------- */

static struct run *at_start_of_auth(mailproto_event *ev)
{
    mailproto_smtp_server_options o = auth_options();
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    size_t used;
    assert_int_equal(mailproto_session_feed(r->s, "AUTH LOGIN\r\n", 12, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, ev), MAILPROTO_OK);
    return r;
}

static void outcomes(void **state)
{
    static const struct {
        mailproto_status outcome;
        const char *out;
    } cases[] = {
        {MAILPROTO_OK, "235 2.7.0 Authentication successful\r\n"},
        {MAILPROTO_ERR_AUTH, "535 5.7.8 Authentication credentials invalid\r\n"},
        {MAILPROTO_ERR_AUTH_TEMPORARY,
         "454 4.7.0 Temporary authentication failure\r\n"},
        {MAILPROTO_ERR_AUTH_WEAK, "534 5.7.9 Authentication mechanism is too weak\r\n"},
        {MAILPROTO_ERR_NEEDS_TLS, "538 5.7.11 Encryption required\r\n"},
        {MAILPROTO_ERR_SYNTAX, "501 5.5.2 Malformed authentication data\r\n"},
    };
    mailproto_event ev;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run *r = at_start_of_auth(&ev);
        assert_int_equal(mailproto_session_auth_finish(r->s, ev.tag, MAILPROTO_ERR_IO),
                         MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(mailproto_session_auth_finish(r->s, ev.tag, cases[i].outcome),
                         MAILPROTO_OK);
        pull(r);
        assert_string_equal(r->out, cases[i].out);
        feed_text(r, "NOOP\r\n");
        close_session(r);
    }
}

static void application_replies(void **state)
{
    mailproto_smtp_status st;
    mailproto_event ev;
    struct run *r = at_start_of_auth(&ev);
    (void)state;
    memset(&st, 0, sizeof st);
    st.code = 235;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, bytes_of("")),
        MAILPROTO_ERR_ARGUMENT);
    st.code = 432;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, bytes_of("Change it")),
        MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "432 4.7.12 Change it\r\n");
    assert_string_equal(r->log, "AUTH_RESULT 432\n");
    close_session(r);

    r = at_start_of_auth(&ev);
    st.code = 421;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, bytes_of("Go")),
        MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "AUTH_RESULT 421\nCLOSED MAILPROTO_OK\n");
    close_session(r);

    /* By default nobody is let in. */
    r = at_start_of_auth(&ev);
    assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "AUTH_RESULT 535\n");
    close_session(r);
}

/* Verbs where they have no place. */
static void misuse(void **state)
{
    mailproto_smtp_server_options o = auth_options();
    mailproto_smtp_status st;
    mailproto_event ev;
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    (void)state;
    memset(&st, 0, sizeof st);
    st.code = 535;
    assert_int_equal(mailproto_session_auth_data(r->s, "a", 1, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_finish(r->s, 1, MAILPROTO_OK),
                     MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_session_auth_start(r->s, 1, bytes_of("PLAIN"), NULL, 0),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_abort(r->s), MAILPROTO_ERR_STATE);
    close_session(r);
    r = at_start_of_auth(&ev);
    assert_int_equal(mailproto_session_auth_data(r->s, "ab", 2, 1),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_session_auth_data(r->s, "a", 1, 2), MAILPROTO_OK);
    /* Within a challenge there is no other answer. */
    assert_int_equal(mailproto_session_auth_finish(r->s, ev.tag, MAILPROTO_OK),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, bytes_of("")),
        MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_session_auth_data(r->s, "a", 1, 3),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_session_auth_data(r->s, "b", 1, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_data(r->s, "b", 1, 1), MAILPROTO_ERR_STATE);
    drain(r);
    assert_string_equal(r->out, "334 YWI=\r\n");
    /* Nothing can be said within a line that is half out. */
    close_session(r);
    r = at_start_of_auth(&ev);
    assert_int_equal(mailproto_session_auth_data(r->s, "abc", 3, 6), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "334 YWJj");
    assert_string_equal(r->log, "CLOSED MAILPROTO_OK\n");
    close_session(r);
}

/* ---- lengths --------------------------------------------------------------------- */

/* A response of exactly `octets` with CRLF, zeros in base64. */
static char *long_line(const char *prefix, size_t octets)
{
    char *text = (char *)malloc(octets + 1);
    size_t n = strlen(prefix);
    memcpy(text, prefix, n);
    memset(text + n, 'A', octets - n - 2);
    strcpy(text + octets - 2, "\r\n");
    return text;
}

static size_t auth_octets;

static int count_data(struct run *r, const mailproto_event *ev)
{
    size_t i;
    if (ev->type != MAILPROTO_EV_AUTH_DATA) {
        return conversing(r, ev);
    }
    for (i = 0; i < ev->text.len; i++) {
        assert_int_equal(ev->text.ptr[i], 0);
    }
    auth_octets += ev->text.len;
    if ((ev->flags & MAILPROTO_EVF_MORE) == 0) {
        assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK),
                         MAILPROTO_OK);
    }
    return 1;
}

/* A line of AUTH may be far longer than the input buffer; its limit is exact. */
static void lengths(void **state)
{
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE};
    static const struct {
        const char *prefix; /* of the line */
        size_t octets;      /* with CRLF */
        size_t decoded;     /* 0: too long */
    } cases[] = {
        {"AUTH PLAIN ", 1001, 741},
        {"AUTH PLAIN ", 3997, 2988},
        {"AUTH PLAIN ", 3999 + 2, 0},
        {"AUTH PLAIN    ", 3002, 2240 - 1},
        {"", 3998, 2997},
        {"", 4002, 0},
        {"", 100, 74 - 1},
        {"", 9002, 0},
    };
    mailproto_smtp_server_options o = auth_options();
    size_t i;
    size_t w;
    (void)state;
    o.max_auth_line = 4000;
    o.max_command = 600;
    o.in_size = 700;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (w = 0; w < 3; w++) {
            size_t n = strlen(cases[i].prefix);
            /* whole quanta of base64 */
            size_t octets = cases[i].octets - (cases[i].octets - n - 2) % 4;
            size_t decoded = cases[i].decoded == 0 ? 0 : (octets - n - 2) / 4 * 3;
            char *text = long_line(cases[i].prefix, octets);
            struct run *r = open_session(&o, count_data, "EHLO c\r\n");
            r->way = ways[w];
            auth_octets = 0;
            if (n == 0) {
                feed_text(r, "AUTH PLAIN\r\n");
                r->out_len = 0;
            }
            feed_text(r, text);
            if (cases[i].decoded > 0) {
                assert_int_equal(auth_octets, decoded);
                assert_string_equal(r->out, "235 2.7.0 Authentication successful\r\n");
            } else {
                assert_string_equal(r->out, "500 5.5.6 Line too long\r\n");
                assert_non_null(strstr(r->log, "AUTH_RESULT 500\n"));
            }
            feed_text(r, "NOOP\r\n");
            assert_non_null(strstr(r->out, "250 2.0.0 OK\r\n"));
            close_session(r);
            free(text);
        }
    }
}

/* The limit to the octet. */
static void exact_length(void **state)
{
    mailproto_smtp_server_options o = auth_options();
    size_t octets;
    (void)state;
    o.max_auth_line = 2002;
    for (octets = 2002; octets < 2007; octets += 4) {
        char *text = long_line("", octets);
        struct run *r = open_session(&o, count_data, "EHLO c\r\nAUTH PLAIN\r\n");
        feed_text(r, text);
        assert_int_equal(r->out[0], octets <= 2002 ? '2' : '5');
        close_session(r);
        free(text);
    }
    o.max_auth_line = 2013;
    for (octets = 2013; octets < 2018; octets += 4) {
        char *text = long_line("AUTH PLAIN ", octets);
        struct run *r = open_session(&o, count_data, "EHLO c\r\n");
        feed_text(r, text);
        assert_int_equal(r->out[0], octets <= 2013 ? '2' : '5');
        close_session(r);
        free(text);
    }
}

/* A long AUTH that may not come is read to its end; what is behind the mechanism is not
 * shown, and nothing of it is a command. */
static void long_but_refused(void **state)
{
    mailproto_smtp_server_options o = auth_options();
    char *text = long_line("AUTH PLAIN ", 8000);
    struct run *r;
    (void)state;
    o.flags = 0;
    r = open_session(&o, NULL, "EHLO c\r\n");
    r->way = BYTEWISE;
    feed_text(r, text);
    feed_text(r, "NOOP\r\n");
    assert_string_equal(r->log, "COMMAND 538 #15 [AUTH PLAIN] rejected\n"
                                "COMMAND 12 [NOOP] ?\n");
    assert_string_equal(r->out, "538 5.7.11 Encryption required\r\n250 2.0.0 OK\r\n");
    close_session(r);
    free(text);
}

/* A challenge longer than the output buffer leaves in pieces. */
static void long_challenge(void **state)
{
    mailproto_smtp_server_options o = auth_options();
    struct run *r;
    mailproto_event ev;
    char piece[300];
    size_t used;
    size_t given = 0;
    int again = 0;
    (void)state;
    memset(piece, 0, sizeof piece);
    o.reply_max = 512;
    o.out_size = 1024;
    r = open_session(&o, NULL, "EHLO c\r\n");
    assert_int_equal(mailproto_session_feed(r->s, "AUTH PLAIN\r\n", 12, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    while (given < 6000) {
        mailproto_status st = mailproto_session_auth_data(r->s, piece, 300, 6000);
        if (st == MAILPROTO_AGAIN) {
            mailproto_want want = {sizeof want, 0, 0, 0};
            ++again;
            assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_AGAIN);
            mailproto_session_get_want(r->s, &want);
            assert_true(want.flags & MAILPROTO_WANT_WRITE);
            drain(r);
            continue;
        }
        assert_int_equal(st, MAILPROTO_OK);
        given += 300;
    }
    drain(r);
    assert_true(again > 3);
    assert_int_equal(r->out_len, 4 + 8000 + 2);
    close_session(r);
}

/* ---- secrets --------------------------------------------------------------------- */

static char traced[4][4000];

static void trace(void *ctx, uint32_t kind, const void *data, size_t len)
{
    char *to = traced[kind - 1];
    size_t have = strlen(to);
    (void)ctx;
    assert_true(kind >= 1 && kind <= 4 && have + len < sizeof traced[0]);
    memcpy(to + have, data, len);
    to[have + len] = '\0';
}

static void traced_apart(void **state)
{
    static const mailproto_trace hook = {sizeof hook, 0, NULL, trace};
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE, SPACE_BYTEWISE};
    mailproto_smtp_server_options o = auth_options();
    size_t w;
    (void)state;
    o.trace = &hook;
    for (w = 0; w < 4; w++) {
        struct run *r;
        memset(traced, 0, sizeof traced);
        r = open_session(&o, conversing, NULL);
        r->way = ways[w];
        feed_text(r, "EHLO c\r\n");
        feed_text(r, "AUTH CRAM-MD5 c2VjcmV0\r\n");
        feed_text(r, "AUTH LOGIN\r\n");
        feed_text(r, "c2VjcmV0\r\n");
        feed_text(r, "c2VjcmV0\r\n");
        feed_text(r, "MAIL FROM:<>\r\n");
        feed_text(r, "RCPT TO:<a@b.example>\r\n");
        feed_text(r, "DATA\r\n");
        feed_text(r, "x\r\n.\r\n");
        assert_string_equal(traced[0],
                            "EHLO c\r\nAUTH CRAM-MD5AUTH LOGIN\r\nMAIL FROM:<>\r\n"
                            "RCPT TO:<a@b.example>\r\nDATA\r\n");
        assert_string_equal(traced[2], " c2VjcmV0\r\nVXNlcm5hbWU6\r\nc2VjcmV0\r\n\r\n"
                                       "c2VjcmV0\r\n");
        assert_string_equal(traced[3], "x\r\n.\r\n");
        assert_int_equal(strlen(traced[1]) + strlen("VXNlcm5hbWU6\r\n\r\n"),
                         r->out_len + strlen("220 mx.example ESMTP\r\n"));
        close_session(r);
    }
}

/* A client that does not wait: what it sends behind an AUTH that is refused is no
 * command, and shows nowhere, until a known verb comes. */
static void refused_unawaited(void **state)
{
    static const mailproto_trace hook = {sizeof hook, 0, NULL, trace};
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE, SPACE_BYTEWISE};
    mailproto_smtp_server_options o = auth_options();
    size_t i;
    o.trace = &hook;
    (void)state;
    for (i = 0; i < 8; i++) {
        struct run *r;
        char line[3000];
        memset(traced, 0, sizeof traced);
        r = open_session(&o, NULL, NULL);
        r->way = ways[i % 4];
        memset(line, 'A', sizeof line); /* as it is, and longer than a command */
        strcpy(line + (i < 4 ? 10 : 2800), "c2VjcmV0\r\n");
        memcpy(line, "AGZyZWQA", 8);
        feed_text(r, "EHLO c\r\n");
        feed_text(r, "AUTH NOPE\r\n");
        feed_text(r, line);
        feed_text(r, "NOOP\r\n");
        feed_text(r, "XYZZY\r\n");
        assert_string_equal(traced[0], "EHLO c\r\nAUTH NOPE\r\nNOOP\r\nXYZZY\r\n");
        assert_string_equal(traced[2], line);
        assert_null(strstr(r->log, "AGZy"));
        assert_non_null(strstr(r->log, "XYZZY"));
        close_session(r);
    }
}

/* Nothing of a password is left in the block when the exchange is over. */
static void wiped(void **state)
{
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE, SPACE_BYTEWISE};
    static const char *const lines[][2] = {
        {"AUTH PLAIN AHVzZXIAdG9wc2VjcmV0\r\n", NULL},
        {"AUTH PLAIN\r\n", "AHVzZXIAdG9wc2VjcmV0\r\n"},
        {"AUTH CRAM-MD5 AHVzZXIAdG9wc2VjcmV0\r\n", NULL},
        {"MAIL FROM:<>\r\nAUTH PLAIN AHVzZXIAdG9wc2VjcmV0\r\n", NULL},
    };
    mailproto_smtp_server_options o = auth_options();
    size_t size = mailproto_smtp_server_mem_size(&o);
    size_t w;
    size_t i;
    size_t at;
    (void)state;
    for (w = 0; w < 4; w++) {
        for (i = 0; i < 4; i++) {
            struct run *r = (struct run *)calloc(1, sizeof *r);
            const char *block;
            r->way = ways[w];
            run_start(r, &o);
            block = (const char *)r->block;
            r->answer = conversing;
            pull(r);
            feed_text(r, "EHLO c\r\n");
            feed_text(r, lines[i][0]);
            if (lines[i][1] != NULL) {
                feed_text(r, lines[i][1]);
            }
            for (at = 0; at + 9 < size; at++) {
                assert_memory_not_equal(block + at, "topsecret", 9);
                assert_memory_not_equal(block + at, "dG9wc2Vj", 8);
            }
            close_session(r);
        }
    }
}

/* Mechanisms that bind are offered and taken only where there is a binding. */
static void bound_mechanisms(void **state)
{
    enum { NO_TLS, TLS_ALONE, TLS_BOUND };
    static const struct {
        const char *list;
        int tls;
        const char *line;     /* the last of EHLO */
        const char *accepted; /* a mechanism, ... */
        const char *refused;  /* ... and another */
    } v[] = {
        {"A-PLUS A B-PLUS", NO_TLS, "250 AUTH A", "A", "A-PLUS"},
        {"A-PLUS A B-PLUS", TLS_ALONE, "250 AUTH A", "A", "b-plus"},
        {"A-PLUS A B-PLUS", TLS_BOUND, "250 AUTH A-PLUS A B-PLUS", "a-plus", "B"},
        {"A B-PLUS", TLS_ALONE, "250 AUTH A", "A", "B-PLUS"},
        {"A B-PLUS", TLS_BOUND, "250 AUTH A B-PLUS", "b-plus", "A-PLUS"},
        {"-PLUS PLUS A-PLUSS", TLS_ALONE, "250 AUTH -PLUS PLUS A-PLUSS", "PLUS",
         "A-PLUS"},
        /* Nothing is left. */
        {"A-PLUS", TLS_ALONE, "250 ENHANCEDSTATUSCODES", NULL, "A-PLUS"},
        {"A-PLUS", TLS_BOUND, "250 AUTH A-PLUS", "A-PLUS", "A"},
    };
    static const char binding[] = "this connection";
    mailproto_tls_info tls = {sizeof tls, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    size_t i;
    (void)state;
    tls.binding_type = MAILPROTO_BINDING_EXPORTER;
    tls.binding.ptr = binding;
    tls.binding.len = sizeof binding - 1;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_smtp_server_options o = auth_options();
        char line[64];
        struct run *r;
        o.auth_mechanisms = bytes_of(v[i].list);
        o.caps |= v[i].tls != NO_TLS ? cap_bit(MAILPROTO_SMTP_CAP_STARTTLS) : 0;
        r = open_session(&o, conversing, "EHLO c\r\n");
        if (v[i].tls != NO_TLS) {
            r->tls = v[i].tls == TLS_BOUND ? &tls : NULL;
            feed_text(r, "STARTTLS\r\n");
            r->out_len = 0;
            feed_text(r, "EHLO c\r\n");
        } else {
            feed_text(r, "EHLO c\r\n");
        }
        sprintf(line, "%s\r\n", v[i].line);
        assert_true(r->out_len > strlen(line));
        assert_string_equal(r->out + r->out_len - strlen(line), line);
        assert_int_equal(r->out[r->out_len - strlen(line) - 1], '\n');
        r->out_len = 0;
        sprintf(line, "AUTH %s\r\n", v[i].refused);
        feed_text(r, line);
        assert_string_equal(r->out, v[i].tls == NO_TLS
                                        ? "538 5.7.11 Encryption required\r\n"
                                        : "504 5.5.4 Mechanism not supported\r\n");
        if (v[i].accepted != NULL) {
            r->out_len = 0;
            sprintf(line, "AUTH %s\r\n", v[i].accepted);
            feed_text(r, line);
            assert_string_equal(r->out, "334 \r\n");
        }
        close_session(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(login),
        cmocka_unit_test(refusals),
        cmocka_unit_test(cancelled_later),
        cmocka_unit_test(too_eager),
        cmocka_unit_test(where_it_is_offered),
        cmocka_unit_test(tls_forgets_the_login),
        cmocka_unit_test(outcomes),
        cmocka_unit_test(application_replies),
        cmocka_unit_test(misuse),
        cmocka_unit_test(lengths),
        cmocka_unit_test(exact_length),
        cmocka_unit_test(long_but_refused),
        cmocka_unit_test(long_challenge),
        cmocka_unit_test(traced_apart),
        cmocka_unit_test(refused_unawaited),
        cmocka_unit_test(wiped),
        cmocka_unit_test(bound_mechanisms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
