/*
 * AUTH (RFC 4954): when it is legal, the initial response and where it goes, challenges
 * of any length, cancelling, results, and what is left of secrets.
 */
#include "client_driver.h"

static mailproto_smtp_client_options in_clear(void)
{
    mailproto_smtp_client_options o = d_options();
    o.flags = MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    return o;
}

static void start(struct driver *d, const char *lines)
{
    mailproto_smtp_client_options o = in_clear();
    d_open(d, &o);
    d_start(d, lines);
}

static mailproto_status auth(struct driver *d, const char *mechanism,
                             const char *initial)
{
    return mailproto_session_auth_start(d->s, 7, bytes(mechanism), initial,
                                        initial != NULL ? strlen(initial) : 0);
}

/* All of the data in one call. */
static mailproto_status respond(struct driver *d, const char *text)
{
    return mailproto_session_auth_data(d->s, text, strlen(text), strlen(text));
}

static void with_initial(struct driver *d)
{
    start(d, "250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n");
    assert_int_equal(auth(d, "PLAIN", "secret"), MAILPROTO_OK);
    d_sent(d, "AUTH PLAIN c2VjcmV0\r\n");
    assert_int_equal(d->credential, 10); /* and its CRLF */
    d_timeout(d, 300000);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_ERR_STATE);
    d_feed(d, "235 2.7.0 welcome\r\n");
    d_expect(d, "AUTH_RESULT tag=7 235 \"2.7.0 welcome\" number=1 2.7.0\n");
    d_timeout(d, 0);
    /* Once a session (RFC 4954 4). */
    assert_int_equal(auth(d, "PLAIN", "secret"), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
}

static void empty_initial(struct driver *d)
{
    start(d, "250-AUTH EXTERNAL\r\n");
    assert_int_equal(auth(d, "EXTERNAL", ""), MAILPROTO_OK);
    d_sent(d, "AUTH EXTERNAL =\r\n");
    d_feed(d, "235\r\n");
    d_expect(d, "AUTH_RESULT tag=7 235 number=1\n");
}

static void challenges(struct driver *d)
{
    start(d, "250-AUTH LOGIN\r\n");
    assert_int_equal(auth(d, "LOGIN", NULL), MAILPROTO_OK);
    d_sent(d, "AUTH LOGIN\r\n");
    assert_int_equal(respond(d, "x"), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_ERR_STATE);
    d_feed(d, "334 VXNlcm5hbWU6\r\n");
    d_expect(d, "AUTH_DATA tag=7 334 \"Username:\"\n");
    d_timeout(d, 0);
    assert_true(d_want(d, NULL) & MAILPROTO_WANT_APP);
    assert_int_equal(mailproto_session_auth_data(d->s, "jo", 2, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_data(d->s, "ex", 2, 3),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_session_auth_data(d->s, "e", 1, 3), MAILPROTO_OK);
    d_sent(d, "am9l\r\n");
    d_timeout(d, 300000);
    d_feed(d, "334 UGFzc3dvcmQ6\r\n");
    d_expect(d, "AUTH_DATA tag=7 334 \"Password:\"\n");
    assert_int_equal(respond(d, ""), MAILPROTO_OK);
    d_sent(d, "\r\n");
    d_feed(d, "535-5.7.8 no\r\n535 5.7.8 see there\r\n");
    d_expect(d, "REPLY tag=7 535 \"5.7.8 no\" -\n"
                "AUTH_RESULT tag=7 535 \"5.7.8 see there\"\n");
    /* Refused: another try is legal. */
    assert_int_equal(auth(d, "LOGIN", NULL), MAILPROTO_OK);
    d_sent(d, "AUTH LOGIN\r\n");
    d_feed(d, "504 no\r\n");
    d_expect(d, "AUTH_RESULT tag=7 504 \"no\"\n");
}

/* `334` with and without its blank. */
static void empty_challenges(struct driver *d)
{
    start(d, "250-AUTH PLAIN\r\n");
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n");
    assert_int_equal(respond(d, "abc"), MAILPROTO_OK);
    d_feed(d, "334\r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n");
    assert_int_equal(respond(d, ""), MAILPROTO_OK);
    d_sent(d, "AUTH PLAIN\r\nYWJj\r\n\r\n");
    d_feed(d, "235 ok\r\n");
    d_expect(d, "AUTH_RESULT tag=7 235 \"ok\" number=1\n");
}

/* The command has 512 octets with its CRLF (RFC 4954 4): what is longer waits for the
 * first empty challenge. "AUTH PLAIN " and CRLF leave 499, which holds 496. */
static size_t initial_now;

static void initial_length(struct driver *d)
{
    char data[400];
    char *at;
    memset(data, 'A', sizeof data);
    data[initial_now] = '\0';
    start(d, "250-AUTH PLAIN\r\n");
    assert_int_equal(auth(d, "PLAIN", data), MAILPROTO_OK);
    d_run(d);
    d->wire[d->wire_len] = '\0';
    at = strstr(d->wire, "AUTH PLAIN");
    assert_non_null(at);
    if (initial_now <= 372) {
        assert_int_equal(strlen(at), 11 + (initial_now + 2) / 3 * 4 + 2);
        d_feed(d, "235 ok\r\n");
        d_expect(d, "AUTH_RESULT tag=7 235 \"ok\" number=1\n");
        return;
    }
    assert_string_equal(at, "AUTH PLAIN\r\n");
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334 initial\n");
    assert_int_equal(respond(d, data), MAILPROTO_OK);
    d_run(d);
    assert_int_equal(d->wire_len - d->wire_seen, 12 + (initial_now + 2) / 3 * 4 + 2);
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n");
}

static void test_initial_length(void **state)
{
    (void)state;
    for (initial_now = 369; initial_now <= 376; initial_now++) {
        everywhere(initial_length);
    }
}

/* Nor does a small output take it. */
static void initial_over_output(struct driver *d)
{
    mailproto_smtp_client_options o = in_clear();
    char data[120];
    size_t at;
    memset(data, 'A', sizeof data);
    o.out_size = 128;
    d_open(d, &o);
    d_start(d, "250-AUTH X\r\n");
    assert_int_equal(mailproto_session_auth_start(d->s, 7, bytes("X"), data, 90),
                     MAILPROTO_OK); /* 7 + 120 + 2 do not fit */
    d_sent(d, "AUTH X\r\n");
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334 initial\n");
    assert_int_equal(mailproto_session_auth_data(d->s, data, 120, 120),
                     MAILPROTO_ERR_TOO_LONG);
    for (at = 0; at < 120; at += 40) {
        assert_int_equal(mailproto_session_auth_data(d->s, data, 40, 120),
                         MAILPROTO_OK);
        d_write(d);
    }
    d_run(d);
    assert_int_equal(d->wire_len - d->wire_seen, 162);
    d_feed(d, "235 ok\r\n");
    d_expect(d, "AUTH_RESULT tag=7 235 \"ok\" number=1\n");
}

/* A challenge that is no challenge for the initial response. */
static void owed_but_challenged(struct driver *d)
{
    char data[400];
    memset(data, 'A', sizeof data);
    start(d, "250-AUTH X\r\n");
    assert_int_equal(mailproto_session_auth_start(d->s, 7, bytes("X"), data, 400),
                     MAILPROTO_OK);
    d_feed(d, "334 eA==\r\n");
    d_expect(d, "AUTH_DATA tag=7 334 \"x\"\n");
    assert_int_equal(respond(d, ""), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n");
}

/* A challenge that outgrows the buffer comes in pieces; its line has 12288 octets. */
static size_t challenge_now;

static void long_challenge(struct driver *d)
{
    mailproto_smtp_client_options o = in_clear();
    size_t base64 = challenge_now - 6;
    char *line = malloc(challenge_now + 1);
    assert_non_null(line);
    memset(line, 'A', challenge_now);
    memcpy(line, "334 ", 4);
    memcpy(line + challenge_now - 2, "\r\n", 3);
    o.in_size = 128;
    d_open(d, &o);
    d_start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_sent(d, "AUTH X\r\n");
    d_feed(d, line);
    if (challenge_now <= 12288 && base64 % 4 == 0) {
        d_run(d);
        assert_int_equal(d->joining, 0);
        assert_non_null(strstr(d->log, "AUTH_DATA tag=7 334"));
        d_sent(d, "");
    } else {
        d_sent(d, "*\r\n");
        d_feed(d, "501 cancelled\r\n");
        assert_non_null(strstr(d->log, "501"));
    }
    free(line);
}

static void test_long_challenge(void **state)
{
    static const size_t sizes[] = {126, 130, 134, 2006, 12286, 12290, 12294};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t piece;
        challenge_now = sizes[i];
        for (piece = 0; piece < 9; piece++) {
            (void)d_once(long_challenge, piece, 0, (int)(piece & 1U));
        }
    }
}

/* RFC 4954 4: what cannot be decoded is cancelled. */
static void bad_base64(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_sent(d, "AUTH X\r\n");
    d_feed(d, "334 =AAA\r\n");
    d_sent(d, "*\r\n");
    d_timeout(d, 300000);
    assert_int_equal(respond(d, "x"), MAILPROTO_ERR_STATE);
    d_expect(d, "");
    d_feed(d, "501 cancelled\r\n");
    d_expect(d, "AUTH_RESULT tag=7 501 \"cancelled\" LOCAL ERR_BASE64\n");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
}

static void star_from_server(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 *\r\n501 bad\r\n");
    d_expect(d, "AUTH_RESULT tag=7 501 \"bad\" LOCAL ERR_BASE64\n");
    d_sent(d, "AUTH X\r\n*\r\n");
}

static void aborted(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_ERR_STATE);
    d_sent(d, "AUTH X\r\n*\r\n");
    d_feed(d, "501 cancelled\r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n"
                "AUTH_RESULT tag=7 501 \"cancelled\" LOCAL ERR_AUTH_CANCELLED\n");
}

/* ... also in the middle of a response. */
static void aborted_within(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    assert_int_equal(mailproto_session_auth_data(d->s, "abc", 3, 6), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_OK);
    d_sent(d, "AUTH X\r\nYWJj*\r\n");
    d_feed(d, "501 no base64\r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n"
                "AUTH_RESULT tag=7 501 \"no base64\" LOCAL ERR_AUTH_CANCELLED\n");
}

/* ---- what the peer must not do ------------------------------------------------------ */

static void success_behind_cancel(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_OK);
    d_run(d);
    d_feed(d, "235 ok\r\n");
    d_expect(d, "AUTH_DATA tag=7 334\nAUTH_RESULT tag=7 TRANSPORT ERR_UNEXPECTED\n"
                "CLOSED ERR_UNEXPECTED\n");
}

static void success_before_answer(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n");
    d_feed(d, "235 ok\r\n");
    d_expect(d, "AUTH_RESULT tag=7 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
}

/* The response did not go with the command, so it cannot be what the server liked. */
static void success_before_response(struct driver *d)
{
    char data[400];
    uint64_t at;
    memset(data, 'A', sizeof data);
    start(d, "250-AUTH PLAIN\r\n");
    assert_int_equal(
        mailproto_session_auth_start(d->s, 7, bytes("PLAIN"), data, sizeof data),
        MAILPROTO_OK);
    d_sent(d, "AUTH PLAIN\r\n");
    at = d->fed;
    d_feed(d, "235 ok\r\n");
    d_expect(d, "AUTH_RESULT tag=7 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, at, 235);
}

/* A refusal needs none. */
static void refusal_before_response(struct driver *d)
{
    char data[400];
    memset(data, 'A', sizeof data);
    start(d, "250-AUTH PLAIN\r\n");
    assert_int_equal(
        mailproto_session_auth_start(d->s, 7, bytes("PLAIN"), data, sizeof data),
        MAILPROTO_OK);
    d_feed(d, "504 no\r\n");
    d_expect(d, "AUTH_RESULT tag=7 504 \"no\"\n");
}

static void refusal_within_answer(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n");
    assert_int_equal(mailproto_session_auth_data(d->s, "abc", 3, 6), MAILPROTO_OK);
    d_feed(d, "535 enough\r\n");
    d_expect(d, "AUTH_RESULT tag=7 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
}

static void second_challenge(struct driver *d)
{
    uint64_t at;
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    d_expect(d, "AUTH_DATA tag=7 334\n");
    at = d->fed;
    d_feed(d, "334 eA==\r\n");
    d_expect(d, "AUTH_RESULT tag=7 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, at, 334);
}

static void other_2xx(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", ""), MAILPROTO_OK);
    d_sent(d, "AUTH X =\r\n");
    d_feed(d, "250 ok\r\n");
    d_expect(d, "AUTH_RESULT tag=7 TRANSPORT ERR_SYNTAX\nCLOSED ERR_SYNTAX\n");
}

static void continued_334(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334-\r\n334 \r\n");
    d_expect(d, "AUTH_RESULT tag=7 TRANSPORT ERR_SYNTAX\nCLOSED ERR_SYNTAX\n");
}

static void going_away(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "421 bye\r\n");
    d_expect(d, "AUTH_RESULT tag=7 421 \"bye\"\nCLOSED ERR_EOF\n");
}

static void eof_within(struct driver *d)
{
    start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "334 eA");
    d_eof(d);
    d_expect(d, "AUTH_RESULT tag=7 TRANSPORT ERR_EOF\nCLOSED ERR_EOF\n");
}

/* ---- when it is legal --------------------------------------------------------------- */

static void not_legal(struct driver *d)
{
    static const char *const names[] = {
        "", "plain", "PLAIN ", "PL\r\nAIN", "P+", "PLAIN=", "AAAAAAAAAABBBBBBBBBBC"};
    size_t i;
    start(d, "250-AUTH PLAIN LOGINX\r\n250-AUTH=LOGIN\r\n");
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(auth(d, names[i], NULL), MAILPROTO_ERR_ARGUMENT);
    }
    assert_int_equal(mailproto_session_auth_start(d->s, 1, bytes("PLAIN"), NULL, 1),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(auth(d, "LOGIN", NULL), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(auth(d, "PLAI", NULL), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(auth(d, "PLAINX", NULL), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(respond(d, ""), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_finish(d->s, 1, MAILPROTO_OK),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_ERR_STATE);
    d_feed(d, "530 log in first\r\n");
    d_expect(d, "REPLY tag=1 530 \"log in first\"\n");
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<>\r\nAUTH PLAIN\r\n");
    d_feed(d, "235 ok\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 2, bytes(""), NULL),
                     MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<>\r\n");
}

static void not_in_clear(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-AUTH PLAIN\r\n");
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_ERR_NEEDS_TLS);
    d_sent(d, "");
}

static void not_offered(struct driver *d)
{
    start(d, "250-XAUTH PLAIN\r\n");
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_ERR_NOT_OFFERED);
}

static void forced(struct driver *d)
{
    mailproto_smtp_client_options o = in_clear();
    o.caps_forced = (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH;
    d_open(d, &o);
    d_start(d, "250-AUTH LOGIN\r\n");
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_OK);
    d_sent(d, "AUTH PLAIN\r\n");
}

/* The AUTH line was not kept: the peer decides. */
static void not_kept(struct driver *d)
{
    mailproto_smtp_client_options o = in_clear();
    o.caps_size = MAILPROTO_UNLIMITED;
    d_open(d, &o);
    d_feed(d, "220 s\r\n250-s\r\n250 AUTH LOGIN\r\n");
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_OK);
    d_sent(d, "EHLO me.example\r\nAUTH PLAIN\r\n");
}

/* Behind a transaction that the engine itself resets: when the RSET is answered. */
static void behind_own_reset(struct driver *d)
{
    start(d, "250-AUTH PLAIN\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n550 no\r\n");
    d_run(d);
    d_forget(d);
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_AGAIN);
    d_expect(d, "");
    d_feed(d, "250 reset\r\n");
    d_expect(d, "ROOM\n");
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_OK);
}

/* ---- secrets ------------------------------------------------------------------------ */

static const char *secret_of(const struct driver *d, size_t size, const char *secret)
{
    const char *block = (const char *)d->block;
    size_t len = strlen(secret);
    size_t i;
    for (i = 0; i + len <= size; i++) {
        if (memcmp(block + i, secret, len) == 0) {
            return block + i;
        }
    }
    return NULL;
}

/* Neither what was sent nor what was received is left in the block. */
static void test_wiped(void **state)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_smtp_client_options o = in_clear();
    size_t size;
    (void)state;
    assert_non_null(d);
    o.trace = NULL;
    d_open(d, &o);
    o.trace = &d->trace;
    size = mailproto_smtp_client_mem_size(&o);
    d_start(d, "250-AUTH X\r\n");
    d->keep_output = 1;
    assert_int_equal(auth(d, "X", "initial-secret"), MAILPROTO_OK);
    assert_non_null(secret_of(d, size, "aW5pdGlhbC1zZWNyZXQ="));
    d->keep_output = 0;
    d_run(d);
    assert_null(secret_of(d, size, "aW5pdGlhbC1zZWNyZXQ="));
    d_feed(d, "334 Y2hhbGxlbmdlLXNlY3JldA==\r\n");
    d_expect(d, "AUTH_DATA tag=7 334 \"challenge-secret\"\n");
    assert_int_equal(respond(d, "response-secret"), MAILPROTO_OK);
    d_run(d);
    assert_null(secret_of(d, size, "cmVzcG9uc2Utc2VjcmV0"));
    assert_null(secret_of(d, size, "response"));
    d_feed(d, "235 ok\r\n");
    assert_null(secret_of(d, size, "challenge"));
    assert_null(secret_of(d, size, "Y2hhbGxlbmdl"));
    d_close(d);
    free(d);
}

/* A response and `*` wait for room in the output like any verb, but need no entry among
 * the outstanding: `outstanding` may be taken up by AUTH itself. */
static void room_with(uint32_t outstanding)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_smtp_client_options o = in_clear();
    char data[100];
    assert_non_null(d);
    memset(data, 'A', sizeof data);
    o.out_size = 128;
    o.max_outstanding = outstanding;
    d_open(d, &o);
    d_start(d, "250-AUTH X\r\n");
    assert_int_equal(mailproto_session_auth_start(d->s, 7, bytes("X"), data, 12),
                     MAILPROTO_OK);
    d_feed(d, "334 \r\n");
    d_run(d);
    d_forget(d);
    d->keep_output = 1;
    assert_int_equal(mailproto_session_auth_data(d->s, data, 93, 1000), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_data(d->s, data, 93, 1000),
                     MAILPROTO_AGAIN);
    assert_int_equal(mailproto_session_auth_data(d->s, data, 3, 1000), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_AGAIN);
    d->keep_output = 0;
    d_run(d);
    d_expect(d, "ROOM\n");
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_OK);
    d_feed(d, "501 no\r\n");
    d_expect(d, "AUTH_RESULT tag=7 501 \"no\" LOCAL ERR_AUTH_CANCELLED\n");
    d_close(d);
    free(d);
}

static void test_room(void **state)
{
    (void)state;
    room_with(0);
    room_with(1);
}

/* The engine's own `*` waits too, and no input is taken meanwhile. */
static void test_star_waits(void **state)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_smtp_client_options o = in_clear();
    char data[100];
    size_t used;
    (void)state;
    assert_non_null(d);
    memset(data, 'A', sizeof data);
    o.out_size = 128;
    d_open(d, &o);
    d_start(d, "250-AUTH XX\r\n");
    d->keep_output = 1;
    /* "AUTH XX " and CRLF leave 118, of which 87 octets take 116. */
    assert_int_equal(mailproto_session_auth_start(d->s, 7, bytes("XX"), data, 87),
                     MAILPROTO_OK);
    d_feed(d, "334 =\r\n");
    d_run(d);
    assert_int_equal(mailproto_session_feed(d->s, "501 no\r\n", 8, &used),
                     MAILPROTO_OK);
    assert_int_equal(used, 0);
    d_expect(d, "");
    d->keep_output = 0;
    d_run(d);
    d->wire[d->wire_len] = '\0';
    assert_string_equal(d->wire + d->wire_len - 5, "\r\n*\r\n");
    d_feed(d, "501 no\r\n");
    d_expect(d, "AUTH_RESULT tag=7 501 \"no\" LOCAL ERR_BASE64\n");
    d_close(d);
    free(d);
}

/* A result that outgrows the buffer comes in pieces of one value. */
static void long_result(struct driver *d)
{
    mailproto_smtp_client_options o = in_clear();
    char line[300];
    char told[400];
    memset(line, 'x', sizeof line);
    memcpy(line, "535 ", 4);
    memcpy(line + 290, "\r\n", 3);
    o.in_size = 128;
    d_open(d, &o);
    d_start(d, "250-AUTH X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, line);
    line[290] = '\0';
    snprintf(told, sizeof told, "AUTH_RESULT tag=7 535 \"%s\"\n", line + 4);
    d_expect(d, told);
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
SCENARIO(with_initial)
SCENARIO(empty_initial)
SCENARIO(challenges)
SCENARIO(empty_challenges)
SCENARIO(initial_over_output)
SCENARIO(owed_but_challenged)
SCENARIO(bad_base64)
SCENARIO(star_from_server)
SCENARIO(aborted)
SCENARIO(aborted_within)
SCENARIO(success_behind_cancel)
SCENARIO(success_before_answer)
SCENARIO(success_before_response)
SCENARIO(refusal_before_response)
SCENARIO(refusal_within_answer)
SCENARIO(second_challenge)
SCENARIO(other_2xx)
SCENARIO(continued_334)
SCENARIO(going_away)
SCENARIO(eof_within)
SCENARIO(not_legal)
SCENARIO(not_in_clear)
SCENARIO(not_offered)
SCENARIO(forced)
SCENARIO(not_kept)
SCENARIO(behind_own_reset)
SCENARIO(long_result)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_initial),
        cmocka_unit_test(test_empty_initial),
        cmocka_unit_test(test_challenges),
        cmocka_unit_test(test_empty_challenges),
        cmocka_unit_test(test_initial_length),
        cmocka_unit_test(test_initial_over_output),
        cmocka_unit_test(test_owed_but_challenged),
        cmocka_unit_test(test_long_challenge),
        cmocka_unit_test(test_bad_base64),
        cmocka_unit_test(test_star_from_server),
        cmocka_unit_test(test_aborted),
        cmocka_unit_test(test_aborted_within),
        cmocka_unit_test(test_success_behind_cancel),
        cmocka_unit_test(test_success_before_answer),
        cmocka_unit_test(test_success_before_response),
        cmocka_unit_test(test_refusal_before_response),
        cmocka_unit_test(test_refusal_within_answer),
        cmocka_unit_test(test_second_challenge),
        cmocka_unit_test(test_other_2xx),
        cmocka_unit_test(test_continued_334),
        cmocka_unit_test(test_going_away),
        cmocka_unit_test(test_eof_within),
        cmocka_unit_test(test_not_legal),
        cmocka_unit_test(test_not_in_clear),
        cmocka_unit_test(test_not_offered),
        cmocka_unit_test(test_forced),
        cmocka_unit_test(test_not_kept),
        cmocka_unit_test(test_behind_own_reset),
        cmocka_unit_test(test_wiped),
        cmocka_unit_test(test_long_result),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_star_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
