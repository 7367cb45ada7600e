/*
 * AUTH (RFC 5034): when it is legal, the initial response and where it goes, challenges
 * of any length, cancelling, results; the driver on top; and what is left of secrets,
 * those of USER and PASS and of APOP too.
 */
#include "client_driver.h"

#include "../sasl/exchange.h"

static void begin(struct driver *d, const char *lines)
{
    d_open(d, NULL);
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
    begin(d, "SASL PLAIN LOGIN\r\n");
    assert_int_equal(auth(d, "PLAIN", "secret"), MAILPROTO_OK);
    d_sent(d, "AUTH PLAIN c2VjcmV0\r\n");
    assert_int_equal(d->credential, 10); /* and its CRLF */
    d_timeout(d, 300000);
    assert_int_equal(mailproto_pop3_client_capa(d->c, 1), MAILPROTO_ERR_STATE);
    d_feed(d, "+OK [X] welcome\r\n");
    d_expect(d, "AUTH_RESULT tag=7 \"[X] welcome\" number=1 OK\n");
    assert_int_equal(d->verb, MAILPROTO_POP3_VERB_AUTH);
    d_timeout(d, 0);
    assert_int_equal(auth(d, "PLAIN", "secret"), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("p")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_client_stat(d->c, 1), MAILPROTO_OK);
    d_sent(d, "STAT\r\n");
}

static void empty_initial(struct driver *d)
{
    begin(d, "SASL EXTERNAL\r\n");
    assert_int_equal(auth(d, "EXTERNAL", ""), MAILPROTO_OK);
    d_sent(d, "AUTH EXTERNAL =\r\n");
    d_feed(d, "-ERR [SYS/TEMP] no\r\n");
    d_expect(d, "AUTH_RESULT tag=7 \"[SYS/TEMP] no\" ERR [SYS/TEMP]\n");
    assert_int_equal(mailproto_pop3_client_stat(d->c, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(auth(d, "EXTERNAL", ""), MAILPROTO_OK);
    d_sent(d, "AUTH EXTERNAL =\r\n");
}

static void challenges(struct driver *d)
{
    begin(d, "SASL LOGIN\r\n");
    assert_int_equal(auth(d, "LOGIN", NULL), MAILPROTO_OK);
    d_sent(d, "AUTH LOGIN\r\n");
    d_feed(d, "+ VXNlcm5hbWU6\r\n");
    d_expect(d, "AUTH_DATA tag=7 \"Username:\"\n");
    d_timeout(d, 0);
    assert_int_equal(respond(d, "user"), MAILPROTO_OK);
    assert_int_equal(respond(d, "user"), MAILPROTO_ERR_STATE);
    d_sent(d, "dXNlcg==\r\n");
    d_feed(d, "+ \r\n");
    d_expect(d, "AUTH_DATA tag=7\n");
    assert_int_equal(respond(d, ""), MAILPROTO_OK);
    d_sent(d, "\r\n");
    d_feed(d, "+\r\n"); /* no blank, as some do */
    d_expect(d, "AUTH_DATA tag=7\n");
    assert_int_equal(respond(d, "x"), MAILPROTO_OK);
    d_feed(d, "+OK\r\n");
    d_expect(d, "AUTH_RESULT tag=7 number=1 OK\n");
}

/* Both sides of the line's limit (RFC 5034 4): "AUTH PLAIN " and CRLF leave 242 octets,
 * of which 180 octets take 240. */
static size_t initial_len;

static void initial_limit(struct driver *d)
{
    char data[256];
    int fits = initial_len <= 180;
    memset(data, 'x', sizeof data);
    begin(d, "SASL PLAIN\r\n");
    assert_int_equal(
        mailproto_session_auth_start(d->s, 7, bytes("PLAIN"), data, initial_len),
        MAILPROTO_OK);
    d_run(d);
    d->wire[d->wire_len] = '\0';
    assert_int_equal(strlen(strstr(d->wire, "AUTH")), fits ? 253 : 12);
    if (fits) {
        return;
    }
    d_feed(d, "+ \r\n");
    d_expect(d, "AUTH_DATA tag=7 initial\n");
    assert_int_equal(mailproto_session_auth_data(d->s, data, initial_len, initial_len),
                     MAILPROTO_OK);
    d_feed(d, "+OK\r\n");
    d_expect(d, "AUTH_RESULT tag=7 number=1 OK\n");
}

static void test_initial_limit(void **state)
{
    (void)state;
    initial_len = 180;
    everywhere(initial_limit);
    initial_len = 181;
    everywhere(initial_limit);
}

static void no_base64(struct driver *d)
{
    begin(d, "SASL X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "+ =AAA\r\n");
    d_sent(d, "AUTH X\r\n*\r\n");
    d_feed(d, "-ERR cancelled\r\n");
    d_expect(d, "AUTH_RESULT tag=7 \"cancelled\" ERR ERR_BASE64\n");
}

/* A challenge of the longest line there may be, and of one group more. */
static void test_challenge_limit(void **state)
{
    static char line[13000];
    size_t over;
    (void)state;
    for (over = 0; over < 2; over++) {
        struct driver *d = calloc(1, sizeof *d);
        size_t len = 12288 + 4 * over; /* `+ `, groups of four, CRLF */
        assert_non_null(d);
        d_open(d, NULL);
        d_start(d, "SASL X\r\n");
        assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
        d_sent(d, "AUTH X\r\n");
        memset(line, 'A', sizeof line);
        memcpy(line, "+ ", 2);
        memcpy(line + len - 2, "\r\n", 3);
        d_feed_lump(d, line);
        d_sent(d, over ? "*\r\n" : "");
        assert_int_equal(mailproto_session_auth_abort(d->s),
                         over ? MAILPROTO_ERR_STATE : MAILPROTO_OK);
        d_close(d);
        free(d);
    }
}

static void given_up(struct driver *d)
{
    begin(d, "SASL X\r\n");
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_ERR_STATE);
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "+ \r\n");
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_OK);
    d_sent(d, "AUTH X\r\n*\r\n");
    d_feed(d, "-ERR\r\n");
    d_expect(d, "AUTH_DATA tag=7\nAUTH_RESULT tag=7 ERR ERR_AUTH_CANCELLED\n");
}

static void success_after_star(struct driver *d)
{
    begin(d, "SASL X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "+ \r\n");
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_OK);
    d_feed(d, "+OK\r\n");
    d_expect(d, "AUTH_DATA tag=7\nAUTH_RESULT tag=7 NONE ERR_UNEXPECTED\n"
                "CLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, D_START + 8 + 4, 0);
}

static void challenge_out_of_turn(struct driver *d)
{
    begin(d, "SASL X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed_lump(d, "+ \r\n+ \r\n");
    d_expect(d, "AUTH_DATA tag=7\nAUTH_RESULT tag=7 NONE ERR_UNEXPECTED\n"
                "CLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, D_START + 8 + 4, 0);
}

/* The response did not go with the command, so it cannot be what the server liked: 250
 * octets are more than its line holds. A refusal needs none. */
static void success_before_response(struct driver *d)
{
    char data[250];
    memset(data, 'x', sizeof data);
    begin(d, "SASL PLAIN\r\n");
    assert_int_equal(
        mailproto_session_auth_start(d->s, 7, bytes("PLAIN"), data, sizeof data),
        MAILPROTO_OK);
    d_sent(d, "AUTH PLAIN\r\n");
    d_feed(d, "-ERR no\r\n");
    d_expect(d, "AUTH_RESULT tag=7 \"no\" ERR\n");
    assert_int_equal(
        mailproto_session_auth_start(d->s, 7, bytes("PLAIN"), data, sizeof data),
        MAILPROTO_OK);
    d_sent(d, "AUTH PLAIN\r\n");
    d_feed(d, "+OK welcome\r\n");
    d_expect(d, "AUTH_RESULT tag=7 NONE ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, D_START + 12 + 9, MAILPROTO_POP3_OK);
}

static void reply_within_response(struct driver *d)
{
    begin(d, "SASL X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "+ \r\n");
    d_forget(d);
    assert_int_equal(mailproto_session_auth_data(d->s, "abc", 3, 6), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_data(d->s, "abc", 3, 7),
                     MAILPROTO_ERR_ARGUMENT);
    d_feed(d, "-ERR\r\n");
    d_expect(d, "AUTH_RESULT tag=7 NONE ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
}

static void not_legal(struct driver *d)
{
    d_open(d, NULL);
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_ERR_STATE);
    d_start(d, "SASL PLAIN LOGINX\r\nUSER\r\n");
    assert_int_equal(auth(d, "LOGIN", NULL), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(auth(d, "plain", NULL), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(auth(d, "A B", NULL), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(auth(d, "", NULL), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_session_auth_finish(d->s, 0, MAILPROTO_OK),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_client_capa(d->c, 1), MAILPROTO_OK);
    assert_int_equal(auth(d, "PLAIN", NULL), MAILPROTO_ERR_STATE); /* outstanding */
    d_sent(d, "CAPA\r\n");
}

/* A response that fills the output: AGAIN, then ROOM, though no entry is free. */
static void room(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    char data[90];
    memset(data, 'x', sizeof data);
    o.out_size = 128;
    o.max_outstanding = 1;
    d_open(d, &o);
    d_start(d, "SASL X\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "+ \r\n");
    d_forget(d);
    assert_int_equal(mailproto_session_auth_data(d->s, data, 90, 180), MAILPROTO_OK);
    assert_int_equal(mailproto_session_auth_data(d->s, data, 90, 180), MAILPROTO_AGAIN);
    assert_int_equal(mailproto_session_auth_abort(d->s), MAILPROTO_OK);
    d_expect(d, "ROOM\n");
    d_feed(d, "-ERR\r\n");
    d_expect(d, "AUTH_RESULT tag=7 ERR ERR_AUTH_CANCELLED\n");
}

/* The SASL line was not kept, or SASL is forced: the peer decides. */
static void unknown_mechanisms(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.caps_size = MAILPROTO_UNLIMITED;
    d_open(d, &o);
    d_feed(d, "+OK\r\n+OK\r\nSASL X\r\n.\r\n");
    assert_int_equal(auth(d, "Y", NULL), MAILPROTO_OK);
    d_sent(d, "CAPA\r\nAUTH Y\r\n");
}

static void forced_sasl(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.caps_forced = (uint64_t)1 << MAILPROTO_POP3_CAP_SASL;
    d_open(d, &o);
    d_feed(d, "+OK\r\n-ERR\r\n");
    assert_int_equal(auth(d, "Y", NULL), MAILPROTO_OK);
    d_sent(d, "CAPA\r\nAUTH Y\r\n");
}

/* ---- the driver --------------------------------------------------------------------- */

/* RFC 2195 2 */
static void driven(struct driver *d)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "CRAM-MD5");
    mailproto_event ev;
    struct side x;
    size_t used;
    o.name = str("tim");
    o.password = str("tanstaaftanstaaf");
    side_open(&x, &o);
    begin(d, "SASL CRAM-MD5\r\n");
    assert_int_equal(mailproto_sasl_start(x.x, d->s, 9), MAILPROTO_OK);
    d_sent(d, "AUTH CRAM-MD5\r\n");
    (void)mailproto_session_feed(
        d->s, "+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n", 60,
        &used);
    assert_int_equal(mailproto_session_next_event(d->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_drive(x.x, d->s, &ev), MAILPROTO_OK);
    d_sent(d, "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n");
    (void)mailproto_session_feed(d->s, "+OK\r\n", 5, &used);
    assert_int_equal(mailproto_session_next_event(d->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_drive(x.x, d->s, &ev), MAILPROTO_EOF);
    assert_int_equal(ev.number, 1);
    assert_int_equal(mailproto_pop3_client_stat(d->c, 1), MAILPROTO_OK);
    side_close(&x);
}

/* ---- secrets ------------------------------------------------------------------------ */

static int holds(const struct driver *d, size_t size, const char *secret)
{
    size_t len = strlen(secret);
    const char *at = (const char *)d->block;
    size_t i;
    for (i = 0; i + len <= size; i++) {
        if (memcmp(at + i, secret, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static struct driver *fresh(size_t *size)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_pop3_client_options o = d_options();
    assert_non_null(d);
    o.flags |= MAILPROTO_POP3_CLIENT_APOP;
    o.trace = &d->trace;
    *size = mailproto_pop3_client_mem_size(&o);
    d_open(d, &o);
    d_feed(d, "+OK <a@b>\r\n+OK\r\nSASL X\r\nUSER\r\n.\r\n");
    return d;
}

static void test_secrets(void **state)
{
    const char *digest = "0123456789abcdef0123456789abcdef";
    size_t size;
    struct driver *d = fresh(&size);
    (void)state;
    /* USER refused, with a command behind PASS. */
    assert_int_equal(
        mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("pass-secret")),
        MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_capa(d->c, 2), MAILPROTO_OK);
    d_run(d);
    assert_true(holds(d, size, "pass-secret"));
    d_feed(d, "-ERR\r\n");
    assert_false(holds(d, size, "-secret"));
    d_feed(d, "-ERR\r\n");
    /* Sent. */
    assert_int_equal(
        mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("pass-secret")),
        MAILPROTO_OK);
    d_feed(d, "+OK\r\n");
    assert_false(holds(d, size, "-secret"));
    d_feed(d, "-ERR\r\n");
    assert_int_equal(mailproto_pop3_client_apop(d->c, 1, bytes("u"), bytes(digest)),
                     MAILPROTO_OK);
    assert_true(holds(d, size, digest));
    d_run(d);
    assert_false(holds(d, size, "9abcdef"));
    d_feed(d, "-ERR\r\n");
    assert_int_equal(auth(d, "X", NULL), MAILPROTO_OK);
    d_feed(d, "+ Y2hhbGxlbmdl\r\n");
    assert_int_equal(respond(d, "auth-secret"), MAILPROTO_OK);
    d_run(d);
    assert_false(holds(d, size, "YXV0aC1zZWNyZXQ"));
    d_feed(d, "-ERR\r\n");
    assert_false(holds(d, size, "challenge"));
    /* Lost: by a failure, and by an output that cannot be written. */
    assert_int_equal(
        mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("pass-secret")),
        MAILPROTO_OK);
    (void)mailproto_session_fail(d->s, MAILPROTO_ERR_IO);
    d_run(d);
    assert_false(holds(d, size, "-secret"));
    d_close(d);
    free(d);
    d = fresh(&size);
    assert_int_equal(
        mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("pass-secret")),
        MAILPROTO_OK);
    d_run(d);
    d->keep_output = 1;
    d_feed(d, "+OK\r\n");
    (void)mailproto_session_output_failed(d->s, MAILPROTO_ERR_IO);
    d_eof(d);
    assert_false(holds(d, size, "-secret"));
    d_close(d);
    free(d);
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
/* clang-format off */
#define ALL(X)                                                                         \
    X(with_initial) X(empty_initial) X(challenges) X(no_base64) X(given_up)            \
    X(success_after_star) X(success_before_response) X(challenge_out_of_turn)          \
    X(reply_within_response)                                                           \
    X(not_legal) X(room) X(unknown_mechanisms) X(forced_sasl) X(driven)
/* clang-format on */
ALL(SCENARIO)
#define ENTRY(name) cmocka_unit_test(test_##name),

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_initial_limit),
                                       cmocka_unit_test(test_challenge_limit),
                                       cmocka_unit_test(test_secrets), ALL(ENTRY)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
