/*
 * AUTH on the POP3 server (RFC 5034): how it begins, its lines in pieces, every outcome,
 * what is told when; and that no secret stays behind, nor is traced as anything else.
 */
#include "server_driver.h"

#define LONG_PLAIN "AGZyZWQAc2VjcmV0" /* \0fred\0secret */

static mailproto_pop3_server_options options(void)
{
    mailproto_pop3_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_POP3_CAP_SASL) | cap_bit(MAILPROTO_POP3_CAP_USER) |
             cap_bit(MAILPROTO_POP3_CAP_PIPELINING) |
             cap_bit(MAILPROTO_POP3_CAP_RESP_CODES) |
             cap_bit(MAILPROTO_POP3_CAP_AUTH_RESP_CODE);
    o.auth_mechanisms = bytes_of("PLAIN X-TWO");
    return o;
}

/* PLAIN: an empty challenge, then the end; X-TWO: one challenge more. */
static int exchange(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_START &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
        return 1;
    }
    if (ev->type == MAILPROTO_EV_AUTH_DATA &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        if (ev->text.len == 2 && memcmp(ev->text.ptr, "go", 2) == 0) {
            assert_int_equal(mailproto_session_auth_data(r->s, "on", 1, 2),
                             MAILPROTO_OK);
            /* Within a challenge nothing else can be said. */
            assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK),
                             MAILPROTO_ERR_STATE);
            assert_int_equal(mailproto_pop3_server_accept(r->server, ev->tag),
                             MAILPROTO_ERR_STALE);
            assert_int_equal(mailproto_session_auth_data(r->s, "n", 1, 2),
                             MAILPROTO_OK);
            assert_int_equal(mailproto_session_auth_data(r->s, "n", 1, 2),
                             MAILPROTO_ERR_STATE);
            return 1;
        }
        assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag + 1, MAILPROTO_OK),
                         MAILPROTO_ERR_STALE);
        assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_ERR_IO),
                         MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static void initial_response(void **state)
{
    mailproto_pop3_server_options o = options();
    static const struct step steps[] = {STEP("AUTH PLAIN " LONG_PLAIN "\r\nSTAT\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, exchange, NULL, steps, 0,
                 "CONNECT ?\nAUTH_START [PLAIN] initial\n"
                 "AUTH_DATA [\\x00fred\\x00secret] ?\nOPEN [] ?\nAUTH_RESULT #1\n",
                 "+OK POP3 ready\r\n+OK 0 messages (0 octets)\r\n+OK 0 0\r\n");
}

static void challenges(void **state)
{
    mailproto_pop3_server_options o = options();
    static const struct step steps[] = {STEP("auth x-two\r\n"), STEP("Z28=\r\n"),
                                        STEP("\r\n"), STEP("AUTH PLAIN AA==\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, exchange, NULL, steps, 0,
                 "CONNECT ?\nAUTH_START [x-two] ?\nAUTH_DATA [go] ?\nAUTH_DATA [] ?\n"
                 "OPEN [] ?\nAUTH_RESULT #1\n"
                 "COMMAND 1 #4 [AUTH PLAIN] rejected\n",
                 "+OK POP3 ready\r\n+ \r\n+ b24=\r\n+OK 0 messages (0 octets)\r\n"
                 "-ERR Only before the login\r\n");
}

static void empty_initial(void **state)
{
    mailproto_pop3_server_options o = options();
    static const struct step steps[] = {STEP("AUTH PLAIN =\r\n"), STEPS_END};
    (void)state;
    check_script(&o, exchange, NULL, steps, 0,
                 "CONNECT ?\nAUTH_START [PLAIN] initial\nAUTH_DATA [] ?\nOPEN [] ?\n"
                 "AUTH_RESULT #1\n",
                 "+OK POP3 ready\r\n+OK 0 messages (0 octets)\r\n");
}

static void refused_by_engine(void **state)
{
    static const struct {
        const char *script, *out, *log;
    } rows[] = {
        {"AUTH\r\n", "-ERR Syntax error in arguments\r\n",
         "COMMAND 1 #4 [AUTH] rejected\n"},
        {"AUTH NOPE\r\n", "-ERR Mechanism not supported\r\n",
         "COMMAND 1 #4 [AUTH NOPE] rejected\n"},
        {"AUTH PLAI AGE=\r\n", "-ERR Mechanism not supported\r\n",
         "COMMAND 1 #4 [AUTH PLAI] rejected\n"},
        {"AUTH PLAIN\r\n*\r\n", "+ \r\n-ERR Authentication cancelled\r\n",
         "AUTH_START [PLAIN] ?\nAUTH_RESULT 1\n"},
        {"AUTH PLAIN *\r\n", "-ERR Cannot decode base64\r\n",
         "AUTH_START [PLAIN] initial\nAUTH_RESULT 1\n"},
        {"AUTH PLAIN\r\n=AAA\r\n", "+ \r\n-ERR Cannot decode base64\r\n",
         "AUTH_START [PLAIN] ?\nAUTH_RESULT 1\n"},
        {"AUTH PLAIN\r\nAAA=BBB\r\n", "+ \r\n-ERR Cannot decode base64\r\n",
         "AUTH_START [PLAIN] ?\nAUTH_RESULT 1\n"},
        {"AUTH PLAIN A!==\r\n", "-ERR Cannot decode base64\r\n",
         "AUTH_START [PLAIN] initial\nAUTH_RESULT 1\n"},
    };
    mailproto_pop3_server_options o = options();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run *r = open_session(&o, exchange, "");
        feed_text(r, rows[i].script);
        assert_string_equal(r->out, rows[i].out);
        assert_string_equal(r->log, rows[i].log);
        r->out_len = 0;
        feed_text(r, "AUTH PLAIN =\r\n"); /* it may try again */
        assert_string_equal(r->out, "+OK 0 messages (0 octets)\r\n");
        close_session(r);
    }
}

static mailproto_status the_outcome;

static int outcome(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_DATA) {
        assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, the_outcome),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static void outcomes(void **state)
{
    static const struct {
        mailproto_status outcome;
        const char *out;
    } rows[] = {
        {MAILPROTO_ERR_AUTH, "-ERR [AUTH] Authentication failed\r\n"},
        {MAILPROTO_ERR_AUTH_TEMPORARY,
         "-ERR [SYS/TEMP] Temporary authentication failure\r\n"},
        {MAILPROTO_ERR_AUTH_WEAK, "-ERR [AUTH] Mechanism is too weak\r\n"},
        {MAILPROTO_ERR_NEEDS_TLS, "-ERR Needs TLS\r\n"},
        {MAILPROTO_ERR_SYNTAX, "-ERR Malformed authentication data\r\n"},
    };
    mailproto_pop3_server_options o = options();
    size_t i;
    (void)state;
    o.max_bad_commands = 1;
    for (i = 0; i < 5; i++) {
        struct run *r = open_session(&o, outcome, "");
        the_outcome = rows[i].outcome;
        feed_text(r, "AUTH PLAIN =\r\n");
        assert_string_equal(r->out, rows[i].out);
        assert_string_equal(r->log, "AUTH_START [PLAIN] initial\nAUTH_DATA [] ?\n"
                                    "AUTH_RESULT 1\n");
        r->log_len = 0;
        r->out_len = 0;
        feed_text(r, "AUTH PLAIN =\r\n");
        if (rows[i].outcome == MAILPROTO_ERR_AUTH_TEMPORARY) {
            assert_int_equal(r->closed, 1); /* no fault of the client's */
        } else {                            /* one too many */
            assert_string_equal(r->out, "-ERR Too many errors\r\n");
            assert_string_equal(r->log,
                                "AUTH_START [PLAIN] initial\nAUTH_DATA [] ?\n"
                                "AUTH_RESULT 1\nCLOSED MAILPROTO_ERR_BAD_COMMANDS\n");
            assert_int_equal(error_of(r).code, MAILPROTO_ERR_BAD_COMMANDS);
        }
        close_session(r);
    }
}

static int not_opened(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_OPEN) {
        assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag,
                                                   MAILPROTO_POP3_RESP_IN_USE,
                                                   bytes_of("locked")),
                         MAILPROTO_OK);
        return 1;
    }
    return exchange(r, ev);
}

/* The result is told when the reply is decided. */
static void open_refused(void **state)
{
    mailproto_pop3_server_options o = options();
    static const struct step steps[] = {STEP("AUTH PLAIN =\r\nSTAT\r\n"), STEPS_END};
    (void)state;
    check_script(&o, not_opened, NULL, steps, 0,
                 "CONNECT ?\nAUTH_START [PLAIN] initial\nAUTH_DATA [] ?\nOPEN [] ?\n"
                 "AUTH_RESULT 1\nCOMMAND 1 #9 [STAT] rejected\n",
                 "+OK POP3 ready\r\n-ERR [IN-USE] locked\r\n-ERR Log in first\r\n");
}

/* Responses may be longer than the buffer; max_auth_line bounds them. */
static void long_responses(void **state)
{
    mailproto_pop3_server_options o = options();
    char line[2100];
    size_t over;
    (void)state;
    o.max_auth_line = 2002;
    for (over = 0; over < 2; over++) {
        struct run *r = open_session(&o, exchange, "AUTH PLAIN\r\n");
        size_t len = 2000 + over * 4;
        memset(line, 'Q', len);
        memcpy(line + len, "\r\n", 3);
        feed_text(r, line);
        if (over) {
            assert_string_equal(r->out, "-ERR Line too long\r\n");
            assert_non_null(strstr(r->log, "AUTH_RESULT 1\n"));
        } else {
            assert_string_equal(r->out, "+OK 0 messages (0 octets)\r\n");
            assert_non_null(strstr(r->log, "AUTH_RESULT #1\n"));
        }
        close_session(r);
    }
}

/* RFC 5034 4: the initial response must fit the command line. */
static void long_initial(void **state)
{
    mailproto_pop3_server_options o = options();
    char line[700];
    size_t over;
    (void)state;
    for (over = 0; over < 2; over++) {
        struct run *r = open_session(&o, exchange, "");
        size_t len = 512 - 2 + over;
        memset(line, 'Q', sizeof line);
        memcpy(line, "AUTH X-TWO ", 11);
        len -= over ? 0 : (len - 11) % 4;
        memcpy(line + len, "\r\n", 3);
        feed_text(r, line);
        assert_string_equal(r->out, over ? "-ERR Line too long\r\n"
                                         : "+OK 0 messages (0 octets)\r\n");
        if (over) {
            assert_string_equal(r->log, "COMMAND 1 #4 [AUTH X-TWO] rejected\n");
        }
        close_session(r);
    }
}

static void client_calls(void **state)
{
    mailproto_pop3_server_options o = options();
    struct run *r = open_session(&o, NULL, "");
    (void)state;
    assert_int_equal(mailproto_session_auth_start(r->s, 1, bytes_of("PLAIN"), NULL, 0),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_abort(r->s), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_data(r->s, "a", 1, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_finish(r->s, 1, MAILPROTO_OK),
                     MAILPROTO_ERR_STALE);
    close_session(r);
}

/* ---- in the clear -------------------------------------------------------------------- */

static void needs_tls(void **state)
{
    static const struct step steps[] = {
        STEP("USER u\r\nPASS hunter2\r\nAUTH PLAIN AGEAYg==\r\n"), STEPS_END};
    mailproto_pop3_server_options o = options();
    (void)state;
    o.flags = 0;
    check_script(&o, exchange, NULL, steps, 0,
                 "CONNECT ?\nCOMMAND 1 #1 [USER u] rejected\n"
                 "COMMAND 1 #2 [PASS] rejected\nCOMMAND 1 #4 [AUTH PLAIN] rejected\n",
                 "+OK POP3 ready\r\n-ERR Needs TLS\r\n-ERR Send USER first\r\n"
                 "-ERR Needs TLS\r\n");
}

/* ---- secrets ---------------------------------------------------------------------------- */

struct watch {
    char seen[4096]; /* all but CREDENTIAL */
    size_t len;
    char all[8192];
    size_t all_len;
};

static void watch(void *ctx, uint32_t kind, const void *data, size_t len)
{
    struct watch *w = (struct watch *)ctx;
    assert_true(w->len + len < sizeof w->seen && w->all_len + len < sizeof w->all);
    memcpy(w->all + w->all_len, data, len);
    w->all_len += len;
    if (kind != MAILPROTO_TRACE_CREDENTIAL) {
        memcpy(w->seen + w->len, data, len);
        w->len += len;
    }
}

static int holds(const char *in, size_t len, const char *what)
{
    size_t n = strlen(what);
    size_t i;
    for (i = 0; i + n <= len; i++) {
        if (memcmp(in + i, what, n) == 0) {
            return 1;
        }
    }
    return 0;
}

static int quiet_login(struct run *r, const mailproto_event *ev)
{
    if (r->user != NULL && ev->type == MAILPROTO_EV_POP3_LOGIN) {
        assert_int_equal(
            mailproto_pop3_server_err(r->server, ev->tag, 0, bytes_of("no")),
            MAILPROTO_OK);
        return 1;
    }
    return exchange(r, ev);
}

/* However a password comes: it is traced as CREDENTIAL alone, no event but the one that
 * carries it shows it, and the block does not hold it afterwards. */
static void secrets(void **state)
{
    static const char *const scripts[] = {
        "USER fred\r\nPASS hunter2 hunter2\r\n",
        "USER fred\r\npass hunter2\r\nNOOP\r\n",
        "PASS hunter2\r\n",
        "USER fred\r\nPASS hunter2\thunter2\r\n",
        "USER fred\r\nPASS\thunter2\r\n",
        "USER fred\nPASS hunter2\r\n",
        "APOP fred c4c9334bac560ecc979e5hunter2\r\n",
        "AUTH PLAIN hunter2\r\n",
        "AUTH PLAIN\r\nhunter2A\r\n",
        "AUTH PLAIN\r\nhunter2\r\n",
        "AUTH NOPE hunter2A\r\n",
        "AUTH NOPE\r\nhunter2A\r\n",
        "AUTH NOPE\r\nQVFV\r\nhunter2A\r\n",
        "AUTH\r\nhunter2A hunter2\r\n",
        "AUTH NOPE\r\nhunter2\thunter2\r\n",
        "AUTH PLAIN ?\r\nhunter2A\r\n",
        "USER a\r\nPASS b\r\nPASS hunter2\r\n",
        "USER a\r\nPASS b\r\nAUTH PLAIN hunter2\r\n",
    };
    size_t i;
    size_t way;
    (void)state;
    for (i = 0; i < 4 * sizeof scripts / sizeof scripts[0]; i++) {
        for (way = 0; way < 4; way++) {
            static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE,
                                            SPACE_BYTEWISE};
            struct watch w;
            mailproto_trace trace = {sizeof trace, 0, NULL, watch};
            mailproto_pop3_server_options o = options();
            struct run *r = (struct run *)calloc(1, sizeof *r);
            size_t size;
            char script[2048];
            memset(&w, 0, sizeof w);
            trace.ctx = &w;
            o.trace = &trace;
            o.apop_stamp = bytes_of("<1.2@x>");
            size = mailproto_pop3_server_mem_size(&o);
            assert_non_null(r);
            r->way = ways[way];
            run_start(r, &o);
            r->answer = quiet_login;
            r->user = i % 2 ? r : NULL;
            pull(r);
            drain(r);
            strcpy(script, scripts[i / 4]);
            if (i % 4 >= 2) { /* the same, longer than a line may be */
                size_t len = strlen(script) - 2;
                if (len < 2 || strstr(scripts[i / 4], "NOOP") != NULL) {
                    close_session(r);
                    continue;
                }
                memset(script + len, 'A', 1000);
                strcpy(script + len + 1000, "\r\n");
            }
            feed_text(r, script);
            assert_true(holds(w.all, w.all_len, "hunter2"));
            assert_false(holds(w.seen, w.len, "hunter2"));
            assert_null(strstr(r->log, "hunter2"));
            feed_text(r, "NOOP\r\n");
            assert_false(
                holds((const char *)(const void *)r->server, size - 8, "hunter2"));
            close_session(r);
        }
    }
}

/* Behind a refused AUTH a line is a command again once a known verb was read. */
static void wary(void **state)
{
    struct watch w;
    mailproto_trace trace = {sizeof trace, 0, NULL, watch};
    mailproto_pop3_server_options o = options_of();
    struct run *r;
    (void)state;
    memset(&w, 0, sizeof w);
    trace.ctx = &w;
    o.trace = &trace;
    o.caps = cap_bit(MAILPROTO_POP3_CAP_SASL);
    o.auth_mechanisms = bytes_of("PLAIN");
    o.flags = 0; /* NEEDS_TLS */
    r = open_session(&o, NULL, "");
    feed_text(r, "AUTH PLAIN\r\nAGZyZWQAc2VjcmV0\r\n");
    assert_null(strstr(r->log, "AGZy"));
    assert_false(holds(w.seen, w.len, "AGZy"));
    assert_true(holds(w.all, w.all_len, "AGZyZWQAc2VjcmV0\r\n"));
    assert_true(holds(w.seen, w.len, "AUTH PLAIN\r\n"));
    feed_text(r, "CAPA\r\nXYZZY\r\n");
    assert_non_null(strstr(r->log, "XYZZY"));
    assert_true(holds(w.seen, w.len, "CAPA\r\n"));
    assert_true(holds(w.seen, w.len, "XYZZY\r\n"));
    close_session(r);
}

/* What binds to the channel is offered, and taken, only where there is a binding. */
static void plus_needs_a_binding(void **state)
{
    mailproto_pop3_server_options o = options();
    mailproto_tls_info tls = {0};
    struct run *r;
    (void)state;
    o.caps = cap_bit(MAILPROTO_POP3_CAP_SASL) | cap_bit(MAILPROTO_POP3_CAP_STLS);
    o.auth_mechanisms = bytes_of("X-PLUS PLAIN Y-PLUS");
    r = open_session(&o, exchange, "");
    feed_text(r, "CAPA\r\nAUTH X-PLUS\r\n");
    assert_non_null(strstr(r->out, "\r\nSASL PLAIN\r\n"));
    assert_non_null(strstr(r->out, "-ERR"));
    close_session(r);

    o.auth_mechanisms = bytes_of("X-PLUS");
    r = open_session(&o, exchange, "");
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_SASL));
    tls.struct_size = sizeof tls;
    tls.binding_type = MAILPROTO_BINDING_EXPORTER;
    tls.binding = bytes_of("bound");
    r->tls = &tls;
    feed_text(r, "STLS\r\n");
    r->out_len = 0;
    feed_text(r, "CAPA\r\nAUTH X-PLUS\r\n");
    assert_non_null(strstr(r->out, "\r\nSASL X-PLUS\r\n"));
    assert_non_null(strstr(r->out, "\r\n+ \r\n"));
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_response),
        cmocka_unit_test(challenges),
        cmocka_unit_test(empty_initial),
        cmocka_unit_test(refused_by_engine),
        cmocka_unit_test(outcomes),
        cmocka_unit_test(open_refused),
        cmocka_unit_test(long_responses),
        cmocka_unit_test(long_initial),
        cmocka_unit_test(client_calls),
        cmocka_unit_test(needs_tls),
        cmocka_unit_test(secrets),
        cmocka_unit_test(wary),
        cmocka_unit_test(plus_needs_a_binding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
