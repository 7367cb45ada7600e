/*
 * The POP3 server's session as such: TLS, who is no POP3 client at all, time-outs, the
 * end in all its forms; limits on both sides; options.
 */
#include "server_driver.h"

static const char *const three[] = {"a\n", "bb\n", "ccc\n", NULL};

#define LOGIN "USER a\r\nPASS b\r\n"

/* ---- TLS ------------------------------------------------------------------------- */

static mailproto_pop3_server_options tls_options(void)
{
    mailproto_pop3_server_options o = options_of();
    o.flags = 0;
    o.caps = cap_bit(MAILPROTO_POP3_CAP_STLS) | cap_bit(MAILPROTO_POP3_CAP_USER) |
             cap_bit(MAILPROTO_POP3_CAP_PIPELINING);
    return o;
}

static void stls(void **state)
{
    mailproto_pop3_server_options o = tls_options();
    static const struct step steps[] = {STEP("USER a\r\nSTLS now\r\n"),
                                        STEP("STLS\r\n"), STEP("PASS b\r\nSTLS\r\n"),
                                        STEP(LOGIN "STLS\r\nQUIT\r\n"), STEPS_END};
    (void)state;
    check_script(&o, NULL, NULL, steps, 0,
                 "CONNECT ?\nCOMMAND 1 #1 [USER a] rejected\n"
                 "COMMAND 1 #6 [STLS now] rejected\nTLS_GO\n"
                 "COMMAND 1 #2 [PASS] rejected secure\n"
                 "COMMAND 1 #6 [STLS] rejected secure\nLOGIN [a] ? secure\n"
                 "OPEN [a] ? secure\nCOMMAND 1 #6 [STLS] rejected secure\n"
                 "UPDATE ? secure\nQUIT secure\nCLOSED MAILPROTO_OK secure\n",
                 "+OK POP3 ready\r\n-ERR Needs TLS\r\n"
                 "-ERR Syntax error in arguments\r\n+OK Begin TLS negotiation\r\n"
                 "-ERR Send USER first\r\n-ERR TLS is already active\r\n"
                 "+OK Send the password\r\n+OK 0 messages (0 octets)\r\n"
                 "-ERR Only before the login\r\n+OK Bye\r\n");
}

/* A name that was given in the clear does not count inside. */
static void stls_forgets_user(void **state)
{
    mailproto_pop3_server_options o = tls_options();
    struct run *r;
    (void)state;
    o.flags = MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    r = open_session(&o, NULL, "USER mallory\r\nSTLS\r\n");
    feed_text(r, "PASS b\r\n");
    assert_string_equal(r->out, "-ERR Send USER first\r\n");
    close_session(r);
}

/* What stands behind STLS is never read, and there is no `+OK`. */
static void stls_injection(void **state)
{
    static const char *const behind[] = {"STLS\r\nCAPA\r\n", "STLS\r\n\n",
                                         "STLS\r\nUSER a\r\nPASS b\r\n"};
    static const enum way ways[] = {WHOLE, SPACE_WHOLE};
    mailproto_pop3_server_options o = tls_options();
    size_t i;
    size_t used;
    struct run *r;
    (void)state;
    for (i = 0; i < 6; i++) {
        r = open_session(&o, NULL, "CAPA\r\n");
        r->way = ways[i % 2];
        feed_text(r, behind[i / 2]);
        assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TLS_INJECTION\n");
        assert_string_equal(r->out, "");
        assert_int_equal(error_of(r).code, MAILPROTO_ERR_TLS_INJECTION);
        assert_int_equal(error_of(r).offset, 6 + 6);
        close_session(r);
    }
    /* The same in a second packet, before the handshake has begun. */
    r = open_session(&o, NULL, "");
    r->no_drain = 1;
    give(r, "STLS\r\n", 6);
    assert_int_equal(mailproto_session_feed(r->s, "C", 1, &used),
                     MAILPROTO_ERR_TLS_INJECTION);
    assert_int_equal(used, 0);
    r->no_drain = 0;
    pull(r);
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TLS_INJECTION\n");
    close_session(r);
}

static void implicit_tls(void **state)
{
    mailproto_pop3_server_options o = tls_options();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    mailproto_event ev;
    (void)state;
    o.flags = MAILPROTO_POP3_SERVER_TLS_IMPLICIT;
    run_start(r, &o);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_TLS_GO);
    assert_int_equal(mailproto_session_tls_started(r->s, NULL), MAILPROTO_OK);
    pull(r);
    feed_text(r, LOGIN);
    assert_string_equal(r->log,
                        "CONNECT ? secure\nLOGIN [a] ? secure\nOPEN [a] ? secure\n");
    close_session(r);
}

static void shutdown_before_tls(void **state)
{
    mailproto_pop3_server_options o = tls_options();
    struct run *r = open_session(&o, NULL, "");
    (void)state;
    r->no_drain = 1;
    give(r, "STLS\r\n", 6);
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, bytes_of("bye")),
                     MAILPROTO_OK);
    r->no_drain = 0;
    pull(r);
    assert_string_equal(r->out, "+OK Begin TLS negotiation\r\n");
    assert_string_equal(r->log, "CLOSED MAILPROTO_OK\n");
    close_session(r);
}

/* ---- nothing is removed but by QUIT ------------------------------------------------ */

static void lost_connections(void **state)
{
    static const struct {
        const char *input;
        uint64_t offset; /* behind the last whole line */
    } rows[] = {
        {"DELE 1\r\nDELE 2\r\n", 16},
        {"DELE 1\r\nQUIT", 8},
        {"DELE 1\r\nQUIT\n", 8},
        {"DELE 1\r\nQUIT\r", 8},
        {"", 0},
    };
    mailproto_pop3_server_options o = options_of();
    size_t i;
    size_t end;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (end = 0; end < 3; end++) {
            static const mailproto_status why[] = {
                MAILPROTO_ERR_EOF, MAILPROTO_ERR_TIMEOUT, MAILPROTO_ERR_IO};
            struct run *r = open_drop(&o, NULL, three, LOGIN);
            mailproto_want want = {sizeof want, 0, 0, 0};
            feed_text(r, rows[i].input);
            r->out_len = 0;
            r->out[0] = '\0';
            mailproto_session_get_want(r->s, &want);
            assert_int_equal(want.timeout_ms, 600000);
            if (end == 0) {
                give_eof(r);
            } else if (end == 1) { /* a stale one first */
                assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id - 1),
                                 MAILPROTO_OK);
                pull(r);
                assert_int_equal(r->closed, 1);
                assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id),
                                 MAILPROTO_OK);
            } else {
                assert_int_equal(
                    mailproto_session_output_failed(r->s, MAILPROTO_ERR_IO),
                    MAILPROTO_OK);
            }
            pull(r);
            assert_null(strstr(r->log, "UPDATE"));
            assert_string_equal(r->out, ""); /* without a word (RFC 1939 3) */
            assert_int_equal(r->closed, why[end]);
            assert_int_equal(error_of(r).code, why[end]);
            assert_int_equal(error_of(r).offset, 16 + rows[i].offset);
            close_session(r);
        }
    }
}

/* All that was asked for before the client closed its half is still answered; a QUIT that
 * came whole counts. */
static void half_closed(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step listing[] = {STEP(LOGIN "DELE 1\r\nUIDL\r\n"), STEPS_END};
    static const struct step quit[] = {STEP(LOGIN "DELE 1\r\nQUIT\r\n"), STEPS_END};
    (void)state;
    check_script(&o, NULL, three, listing, 1,
                 "CONNECT ?\nLOGIN [a] ?\nOPEN [a] ?\nNEED_SIZE 14 #1 ?\n"
                 "NEED_UID 11 #2 ?\nNEED_UID 11 #3 ?\nCLOSED MAILPROTO_ERR_EOF\n",
                 "+OK POP3 ready\r\n+OK Send the password\r\n"
                 "+OK 3 messages (9 octets)\r\n+OK Message marked as deleted\r\n"
                 "+OK Listing follows\r\n2 uid-2\r\n3 uid-3\r\n.\r\n");
    check_script(&o, NULL, three, quit, 1,
                 "CONNECT ?\nLOGIN [a] ?\nOPEN [a] ?\nNEED_SIZE 14 #1 ?\n"
                 "UPDATE_ITEM #1\nUPDATE #1 ?\nQUIT\nCLOSED MAILPROTO_OK\n",
                 "+OK POP3 ready\r\n+OK Send the password\r\n"
                 "+OK 3 messages (9 octets)\r\n+OK Message marked as deleted\r\n"
                 "+OK Bye\r\n");
}

/* The connection is lost while the removal is told: UPDATE never comes. */
static void lost_within_update(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = open_drop(&o, NULL, three, LOGIN "DELE 1\r\nDELE 3\r\n");
    mailproto_event ev;
    size_t used;
    (void)state;
    assert_int_equal(mailproto_session_feed(r->s, "QUIT\r\n", 6, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_POP3_UPDATE_ITEM);
    assert_int_equal(ev.number, 1);
    assert_int_equal(mailproto_session_fail(r->s, MAILPROTO_ERR_IO), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_IO\n");
    close_session(r);
}

static int update_fails(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_UPDATE) {
        assert_int_equal(ev->number, 1);
        assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag,
                                                   MAILPROTO_POP3_RESP_SYS_TEMP,
                                                   bytes_of("")),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static void update_refused(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {STEP(LOGIN "DELE 2\r\nQUIT\r\n"), STEPS_END};
    (void)state;
    check_script(&o, update_fails, three, steps, 0,
                 "CONNECT ?\nLOGIN [a] ?\nOPEN [a] ?\nNEED_SIZE 14 #2 ?\n"
                 "UPDATE_ITEM #2\nUPDATE #1 ?\nQUIT\nCLOSED MAILPROTO_OK\n",
                 "+OK POP3 ready\r\n+OK Send the password\r\n"
                 "+OK 3 messages (9 octets)\r\n+OK Message marked as deleted\r\n"
                 "-ERR [SYS/TEMP] Some messages were not removed\r\n");
}

/* ---- waits ----------------------------------------------------------------------------- */

static void waits(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r;
    mailproto_want want = {sizeof want, 0, 0, 0};
    uint32_t id;
    (void)state;
    o.login_ms = 1000;
    o.idle_ms = 2000;
    r = open_session(&o, NULL, "");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 1000);
    assert_true(want.flags & MAILPROTO_WANT_READ);
    id = want.wait_id;
    feed_text(r, "US");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.wait_id, id); /* half a line renews nothing */
    feed_text(r, "ER a\r\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.wait_id, id); /* nor does a whole one, before the login */
    assert_int_equal(want.timeout_ms, 1000);
    feed_text(r, "PASS b\r\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_not_equal(want.wait_id, id);
    assert_int_equal(want.timeout_ms, 2000);
    id = want.wait_id;
    feed_text(r, "NOOP\r\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_not_equal(want.wait_id, id);
    close_session(r);
    r = open_session(&o, NULL, "");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TIMEOUT\n");
    assert_string_equal(r->out, "");
    close_session(r);
}

/* While the application thinks, no client is late. */
static void application_thinks(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_event ev;
    (void)state;
    run_start(r, &o);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 0);
    assert_true(want.flags & MAILPROTO_WANT_APP);
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_server_accept(r->server, ev.tag), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "+OK POP3 ready\r\n");
    close_session(r);
}

/* ---- batches --------------------------------------------------------------------------- */

/* What was pipelined is answered in one piece of output, PIPELINING or not. */
static void batched(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = open_drop(&o, NULL, three, LOGIN);
    mailproto_want want = {sizeof want, 0, 0, 0};
    size_t len;
    (void)state;
    r->no_drain = 1;
    give(r, "STAT\r\nNOOP\r\nDELE 2\r\nLIST\r\nSTAT\r\n", 32);
    (void)mailproto_session_output(r->s, &len);
    assert_int_equal(len, strlen("+OK 3 9\r\n+OK\r\n+OK Message marked as deleted\r\n"
                                 "+OK Listing follows\r\n1 2\r\n3 4\r\n.\r\n"
                                 "+OK 2 6\r\n"));
    mailproto_session_get_want(r->s, &want);
    assert_true(want.flags & MAILPROTO_WANT_WRITE); /* nothing is left to be read */
    close_session(r);
}

/* Who speaks before the greeting is heard behind it (RFC 1939 forbids it to nobody). */
static void early_input(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    mailproto_event ev;
    size_t used;
    (void)state;
    run_start(r, &o);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_session_feed(r->s, "QUIT\r\n", 6, &used), MAILPROTO_OK);
    assert_int_equal(used, 0);
    assert_int_equal(mailproto_pop3_server_accept(r->server, ev.tag), MAILPROTO_OK);
    feed_text(r, "QUIT\r\n");
    assert_string_equal(r->out, "+OK POP3 ready\r\n+OK Bye\r\n");
    close_session(r);
}

/* ---- other protocols --------------------------------------------------------------------- */

static void http(void **state)
{
    static const char *const first[] = {"GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n",
                                        "connect a:1 HTTP/1.1\r\n",
                                        "NOOP\r\nHost: a\r\n"};
    mailproto_pop3_server_options o = options_of();
    size_t i;
    (void)state;
    for (i = 0; i < 4; i++) {
        struct run *r = open_session(&o, NULL, "");
        feed_text(r, first[i]);
        feed_text(r, "QUIT\r\n");
        assert_int_equal(r->closed, MAILPROTO_ERR_SYNTAX);
        assert_non_null(strstr(r->out, "-ERR This is not HTTP\r\n"));
        assert_null(strstr(r->log, "QUIT"));
        assert_int_equal(error_of(r).code, MAILPROTO_ERR_SYNTAX);
        assert_int_equal(error_of(r).offset, i == 3 ? 6 : 0);
        close_session(r);
    }
    {
        char line[700]; /* longer than a command may be */
        struct run *r = open_session(&o, NULL, "");
        memset(line, 'x', sizeof line);
        memcpy(line, "GET /", 5);
        memcpy(line + 690, "\r\n", 3);
        feed_text(r, line);
        assert_string_equal(r->out, "-ERR This is not HTTP\r\n");
        assert_int_equal(r->closed, MAILPROTO_ERR_SYNTAX);
        assert_int_equal(error_of(r).offset, 0);
        close_session(r);
    }
    {
        struct run *r = open_session(&o, NULL, "CAPA\r\nGET x\r\n");
        assert_int_equal(r->closed, 1); /* not the first line: a command like others */
        close_session(r);
    }
}

/* ---- limits ----------------------------------------------------------------------------- */

static void command_length(void **state)
{
    mailproto_pop3_server_options o = options_of();
    char line[1200];
    size_t way;
    (void)state;
    o.max_command = 255;
    for (way = 0; way < 4; way++) {
        static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE, SPACE_BYTEWISE};
        struct run *r = open_session(&o, NULL, "");
        r->way = ways[way];
        memset(line, 'x', sizeof line);
        memcpy(line, "USER ", 5);
        memcpy(line + 253, "\r\n", 3); /* 255 octets: the name has 248 */
        feed_text(r, line);
        assert_string_equal(r->out, "+OK Send the password\r\n");
        r->out_len = 0;
        memset(line + 253, 'x', 3);
        memcpy(line + 254, "\r\n", 3); /* 256 */
        feed_text(r, line);
        assert_string_equal(r->out, "-ERR Line too long\r\n");
        r->out_len = 0;
        memset(line + 254, 'x', 3);
        memcpy(line + 1100, "\nDELE 1\r\nCAPA x\r\n", 18); /* the tail is no command */
        feed_text(r, line);
        assert_string_equal(r->out, "-ERR Line too long\r\n"
                                    "-ERR Syntax error in arguments\r\n");
        close_session(r);
    }
}

static void name_length(void **state)
{
    mailproto_pop3_server_options o = options_of();
    char line[400];
    size_t over;
    (void)state;
    for (over = 0; over < 2; over++) {
        struct run *r = open_session(&o, NULL, "");
        memset(line, 'n', sizeof line);
        memcpy(line, "USER ", 5);
        memcpy(line + 5 + 248 + over, "\r\n", 3);
        feed_text(r, line);
        assert_string_equal(r->out, over ? "-ERR Name too long\r\n"
                                         : "+OK Send the password\r\n");
        close_session(r);
    }
}

static void long_password(void **state)
{
    mailproto_pop3_server_options o = options_of();
    char line[600];
    struct run *r = open_session(&o, NULL, "USER a\r\n");
    (void)state;
    memset(line, 'p', sizeof line);
    memcpy(line, "PASS ", 5);
    memcpy(line + 510, "\r\n", 3);
    feed_text(r, line);
    assert_string_equal(r->out, "+OK 0 messages (0 octets)\r\n");
    close_session(r);
}

static int no_login(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_LOGIN) {
        assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag,
                                                   MAILPROTO_POP3_RESP_AUTH,
                                                   bytes_of("")),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

/* Refused commands count, whoever refused them; one more than allowed ends it. */
static void bad_commands(void **state)
{
    static const struct {
        const char *line, *reply;
    } rows[] = {
        {"NOOP\r\n", "-ERR Log in first\r\n"},
        {"XYZ\r\n", "-ERR Unknown command\r\n"},
        {"\r\n", "-ERR Not a command line\r\n"},
        {"USER a\r\nPASS b\r\n",
         "+OK Send the password\r\n-ERR [AUTH] Authentication failed\r\n"},
    };
    mailproto_pop3_server_options o = options_of();
    size_t i;
    (void)state;
    o.max_bad_commands = 4;
    for (i = 0; i < 4; i++) {
        struct run *r = open_session(&o, no_login, "");
        uint64_t offset = 0;
        size_t n;
        for (n = 0; n < 4; n++) {
            r->out_len = 0;
            feed_text(r, rows[n].line);
            offset += strlen(rows[n].line);
            assert_string_equal(r->out, rows[n].reply);
        }
        r->out_len = 0;
        feed_text(r, "CAPA\r\n"); /* a good one */
        assert_int_equal(r->closed, 1);
        r->out_len = 0;
        feed_text(r, rows[i].line);
        assert_non_null(strstr(r->out, "-ERR Too many errors\r\n"));
        assert_null(strstr(r->out, rows[i].reply));
        assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
        assert_int_equal(error_of(r).code, MAILPROTO_ERR_BAD_COMMANDS);
        assert_int_equal(error_of(r).offset, offset + 6 + (i == 3 ? 8 : 0));
        close_session(r);
    }
}

static void bad_long_lines(void **state)
{
    mailproto_pop3_server_options o = options_of();
    char line[800];
    struct run *r;
    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line + 700, "\r\n", 3);
    o.max_bad_commands = 1;
    r = open_session(&o, NULL, line);
    assert_int_equal(r->closed, 1);
    feed_text(r, line);
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    assert_int_equal(error_of(r).offset, 702);
    close_session(r);
}

static void endless_line(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "USER ");
    char piece[4096];
    size_t i;
    (void)state;
    memset(piece, 'x', sizeof piece);
    for (i = 0; i < 1000; i++) {
        give(r, piece, sizeof piece);
    }
    assert_int_equal(r->events, 2); /* CONNECT, and the refusal */
    feed_text(r, "\r\nQUIT\r\n");
    assert_string_equal(r->out, "-ERR Line too long\r\n+OK Bye\r\n");
    close_session(r);
}

/* ---- options ------------------------------------------------------------------------------ */

static mailproto_status init_status(const mailproto_pop3_server_options *o)
{
    mailproto_pop3_server *server = NULL;
    mailproto_status st = mailproto_pop3_server_new(o, &server);
    assert_int_equal(mailproto_pop3_server_mem_size(o) != 0, st == MAILPROTO_OK);
    if (st == MAILPROTO_OK) {
        mailproto_pop3_server_free(server);
    }
    return st;
}

#define REFUSED(field, value)                                                          \
    do {                                                                               \
        mailproto_pop3_server_options x = options_of();                                \
        x.field = value;                                                               \
        assert_int_equal(init_status(&x), MAILPROTO_ERR_ARGUMENT);                     \
    } while (0)
#define TAKEN(field, value)                                                            \
    do {                                                                               \
        mailproto_pop3_server_options x = options_of();                                \
        x.field = value;                                                               \
        assert_int_equal(init_status(&x), MAILPROTO_OK);                               \
    } while (0)

static void options(void **state)
{
    static char text[300];
    mailproto_pop3_server_options o = options_of();
    mailproto_bytes b = {text, 0};
    (void)state;
    REFUSED(flags, 8);
    TAKEN(flags, 7);
    REFUSED(caps, (uint64_t)1 << 14);
    TAKEN(caps, MAILPROTO_POP3_CAPS_NONE);
    REFUSED(in_size, 511);
    TAKEN(in_size, 512);
    REFUSED(in_size, (1U << 30) + 1);
    REFUSED(out_size, 1023);
    TAKEN(out_size, 1024);
    REFUSED(out_size, (1U << 30) + 1);
    REFUSED(max_command, 254);
    TAKEN(max_command, 255);
    REFUSED(max_command, 1025);
    REFUSED(max_auth_line, 254);
    TAKEN(max_auth_line, 255);
    REFUSED(reply_max, 127);
    TAKEN(reply_max, 128);
    REFUSED(reply_max, 2049);
    REFUSED(line_ends, 4);
    TAKEN(line_ends, 3);
    REFUSED(max_messages, (1U << 30) + 1);
    REFUSED(caps, cap_bit(MAILPROTO_POP3_CAP_SASL));
    REFUSED(caps, cap_bit(MAILPROTO_POP3_CAP_UTF8_USER));
    REFUSED(greeting, bytes_of("a\nb"));
    REFUSED(greeting, bytes_of("look <a@b> here"));
    REFUSED(apop_stamp, bytes_of("a@b"));
    REFUSED(apop_stamp, bytes_of("<a b@c>"));
    TAKEN(apop_stamp, bytes_of("<a@b>"));
    REFUSED(implementation, bytes_of("a\tb"));
    memset(text, 'x', sizeof text);
    b.len = 128;
    TAKEN(greeting, b);
    TAKEN(implementation, b);
    b.len = 129;
    REFUSED(greeting, b);
    REFUSED(implementation, b);
    /* Greeting and timestamp fit one output. */
    text[0] = '<';
    text[1] = 'a';
    text[2] = '@';
    text[127] = '>';
    b.len = 128;
    o.apop_stamp = b;
    o.reply_max = 128;
    o.out_size = 256;
    memset(text + 150, 'g', 128);
    b.ptr = text + 150;
    b.len = 121;
    o.greeting = b;
    assert_int_equal(init_status(&o), MAILPROTO_OK);
    o.greeting.len = 122;
    assert_int_equal(init_status(&o), MAILPROTO_ERR_ARGUMENT);
    o.struct_size = 3;
    assert_int_equal(init_status(&o), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(init_status(NULL), MAILPROTO_OK);
}

static void memory(void **state)
{
    mailproto_pop3_server_options o = options_of();
    mailproto_pop3_server *server = NULL;
    size_t size;
    size_t shift;
    (void)state;
    o.in_size = 600;
    o.out_size = 1100;
    o.max_messages = 9;
    o.apop_stamp = bytes_of("<a@b>");
    size = mailproto_pop3_server_mem_size(&o);
    assert_true(size <= MAILPROTO_POP3_SERVER_MEM(600, 1100, 9, 10 + 5));
    for (shift = 0; shift < 8; shift++) {
        char *block = (char *)malloc(size + shift);
        assert_non_null(block);
        assert_int_equal(
            mailproto_pop3_server_init(block + shift, size - 1, &o, &server),
            MAILPROTO_ERR_MEMORY);
        assert_int_equal(mailproto_pop3_server_init(block + shift, size, &o, &server),
                         MAILPROTO_OK);
        free(block);
    }
    assert_int_equal(mailproto_pop3_server_init(NULL, size, &o, &server),
                     MAILPROTO_ERR_ARGUMENT);
    mailproto_pop3_server_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stls),
        cmocka_unit_test(stls_forgets_user),
        cmocka_unit_test(stls_injection),
        cmocka_unit_test(implicit_tls),
        cmocka_unit_test(shutdown_before_tls),
        cmocka_unit_test(lost_connections),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(lost_within_update),
        cmocka_unit_test(update_refused),
        cmocka_unit_test(waits),
        cmocka_unit_test(application_thinks),
        cmocka_unit_test(batched),
        cmocka_unit_test(early_input),
        cmocka_unit_test(http),
        cmocka_unit_test(command_length),
        cmocka_unit_test(name_length),
        cmocka_unit_test(long_password),
        cmocka_unit_test(bad_commands),
        cmocka_unit_test(bad_long_lines),
        cmocka_unit_test(endless_line),
        cmocka_unit_test(options),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
