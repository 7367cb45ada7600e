/*
 * Every state of the SMTP server with every command: the reply, the state behind it,
 * and who was asked. The tables here were written from the RFCs, not from the rules.
 */
#include "server_driver.h"

#include "smtp/server.h"

enum { VERBS = 16, COLUMNS = 5 };

static const char *const lines[VERBS] = {"XYZZY\r\n",
                                         "EHLO c\r\n",
                                         "HELO c\r\n",
                                         "LHLO c\r\n",
                                         "MAIL FROM:<a@b.example>\r\n",
                                         "RCPT TO:<c@d.example>\r\n",
                                         "DATA\r\n",
                                         "BDAT 3 LAST\r\n",
                                         "RSET\r\n",
                                         "VRFY x\r\n",
                                         "EXPN x\r\n",
                                         "HELP\r\n",
                                         "NOOP\r\n",
                                         "QUIT\r\n",
                                         "STARTTLS\r\n",
                                         "AUTH PLAIN\r\n"};

/* The states, how to come there, and the states' numbers. */
static const char *const before[COLUMNS] = {
    "", "EHLO c\r\n", "EHLO c\r\nMAIL FROM:<>\r\n",
    "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<e@f.example>\r\n", NULL /* 554 greeting */};
enum {
    S = MAILPROTO__SMTP_START,
    R = MAILPROTO__SMTP_READY,
    M = MAILPROTO__SMTP_MAIL,
    T = MAILPROTO__SMTP_RCPT,
    C = MAILPROTO__SMTP_CONTENT,
    F = MAILPROTO__SMTP_REFUSED,
    O = MAILPROTO__SMTP_OVER
};
static const int states[COLUMNS] = {S, R, M, T, F};

struct cell {
    int code;
    int next;  /* state behind it */
    int asked; /* the application was asked; else the engine answered by itself */
};

/* RFC 5321 4.1.4, 3.1, 4.3.2; RFC 3207 4.2; RFC 4954 4 */
static const struct cell table[VERBS][COLUMNS] = {
    [0] = {{500, S, 1}, {500, R, 1}, {500, M, 1}, {500, T, 1}, {503, F, 0}},
    [1] = {{250, R, 1}, {250, R, 1}, {250, R, 1}, {250, R, 1}, {503, F, 0}},
    [2] = {{250, R, 1}, {250, R, 1}, {250, R, 1}, {250, R, 1}, {503, F, 0}},
    [3] = {{500, S, 0}, {500, R, 0}, {500, M, 0}, {500, T, 0}, {503, F, 0}},
    [4] = {{503, S, 0}, {250, M, 1}, {503, M, 0}, {503, T, 0}, {503, F, 0}},
    [5] = {{503, S, 0}, {503, R, 0}, {250, T, 1}, {250, T, 1}, {503, F, 0}},
    [6] = {{503, S, 0}, {503, R, 0}, {503, M, 0}, {354, C, 1}, {503, F, 0}},
    [7] = {{502, O, 0}, {502, O, 0}, {502, O, 0}, {502, O, 0}, {502, O, 0}},
    [8] = {{250, S, 0}, {250, R, 0}, {250, R, 0}, {250, R, 0}, {503, F, 0}},
    [9] = {{252, S, 1}, {252, R, 1}, {252, M, 1}, {252, T, 1}, {503, F, 0}},
    [10] = {{502, S, 1}, {502, R, 1}, {502, M, 1}, {502, T, 1}, {503, F, 0}},
    [11] = {{214, S, 1}, {214, R, 1}, {214, M, 1}, {214, T, 1}, {503, F, 0}},
    [12] = {{250, S, 1}, {250, R, 1}, {250, M, 1}, {250, T, 1}, {503, F, 0}},
    [13] = {{221, O, 0}, {221, O, 0}, {221, O, 0}, {221, O, 0}, {221, O, 0}},
    [14] = {{220, S, 0}, {220, S, 0}, {220, S, 0}, {220, S, 0}, {503, F, 0}},
    [15] = {{503, S, 0}, {535, R, 1}, {503, M, 0}, {503, T, 0}, {503, F, 0}},
};

static int asks;

static int count_asks(struct run *r, const mailproto_event *ev)
{
    (void)r;
    asks += (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0;
    return 0;
}

static int refuse_connection(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    st.code = 554;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("")),
        MAILPROTO_OK);
    return 1;
}

static mailproto_smtp_server_options all_options(uint32_t flags)
{
    mailproto_smtp_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_PIPELINING) |
             cap_bit(MAILPROTO_SMTP_CAP_STARTTLS) | cap_bit(MAILPROTO_SMTP_CAP_AUTH);
    o.auth_mechanisms = bytes_of("PLAIN");
    o.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR | flags;
    return o;
}

static struct run *session_in(const mailproto_smtp_server_options *o, int column)
{
    struct run *r = open_session(o, before[column] == NULL ? refuse_connection : NULL,
                                 before[column]);
    assert_int_equal(r->server->state, states[column]);
    r->answer = count_asks;
    asks = 0;
    return r;
}

static int reply_code(const struct run *r)
{
    return r->out_len < 3 ? 0 : atoi(r->out);
}

static void every_state_with_every_command(void **state)
{
    int verb;
    int column;
    (void)state;
    for (verb = 0; verb < VERBS; verb++) {
        for (column = 0; column < COLUMNS; column++) {
            const struct cell *cell = &table[verb][column];
            mailproto_smtp_server_options o = all_options(0);
            struct run *r = session_in(&o, column);
            feed_text(r, lines[verb]);
            if (reply_code(r) != cell->code || r->server->state != cell->next ||
                asks != cell->asked) {
                fail_msg("state %d %s: %s state %d asks %d", column, lines[verb],
                         r->out, r->server->state, asks);
            }
            if (!cell->asked && cell->code >= 500) {
                char wanted[40];
                sprintf(wanted, "COMMAND %d%s", cell->code, verb == 0 ? "" : " #");
                assert_memory_equal(r->log, wanted, strlen(wanted));
            }
            assert_int_equal(r->closed != 1, cell->next == O);
            close_session(r);
        }
    }
}

/* What is 503 is what the table of the engine has no row for, and the other way round. */
static void rows(void **state)
{
    uint32_t verb;
    uint32_t at;
    (void)state;
    for (at = 0; at < MAILPROTO__SMTP_STATES; at++) {
        for (verb = 0; verb < VERBS; verb++) {
            const struct mailproto__smtp_rule *rule =
                mailproto__smtp_server_rule(at, verb);
            int column;
            int legal = 0;
            for (column = 0; column < COLUMNS; column++) {
                if (states[column] == (int)at) {
                    const struct cell *cell = &table[verb][column];
                    /* DATA without a recipient has a row: what it needs is missing. */
                    legal = (cell->code != 503 || (verb == 6 && at == M)) &&
                            verb != 3 && verb != 7;
                    if (legal && cell->code < 400 && verb != 14) {
                        assert_true(rule != NULL &&
                                    (rule->next == cell->next ||
                                     (rule->next == MAILPROTO__SMTP_SAME &&
                                      cell->next == (int)at)));
                    }
                }
            }
            assert_int_equal(rule != NULL, legal);
        }
    }
}

/* RFC 2920 3.1 and 3.2 */
static void last_of_their_group(void **state)
{
    static const int last[VERBS] = {1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0};
    uint32_t verb;
    (void)state;
    for (verb = 0; verb < VERBS; verb++) {
        assert_int_equal(mailproto__smtp_server_is_last(verb), last[verb]);
    }
}

/* RFC 3207 4 before RFC 5321 4.1.4, but not before 3.1 */
static void tls_comes_first(void **state)
{
    static const int codes[VERBS] = {530, 250, 530, 530, 530, 530, 530, 502,
                                     530, 530, 530, 530, 250, 221, 220, 530};
    mailproto_smtp_server_options o = all_options(MAILPROTO_SMTP_SERVER_REQUIRE_TLS);
    int verb;
    int column;
    (void)state;
    for (column = 0; column < 2; column++) {
        for (verb = 0; verb < VERBS; verb++) {
            struct run *r = session_in(&o, column);
            feed_text(r, lines[verb]);
            if (reply_code(r) != codes[verb]) {
                fail_msg("%s: %s", lines[verb], r->out);
            }
            close_session(r);
        }
    }
    for (verb = 0; verb < VERBS; verb++) {
        struct run *r = session_in(&o, 4);
        feed_text(r, lines[verb]);
        assert_int_equal(reply_code(r), table[verb][4].code);
        close_session(r);
    }
}

/* RFC 4954 6: MAIL, and nothing else. */
static void login_is_for_mail(void **state)
{
    mailproto_smtp_server_options o = all_options(MAILPROTO_SMTP_SERVER_REQUIRE_AUTH);
    int verb;
    (void)state;
    for (verb = 0; verb < VERBS; verb++) {
        struct run *r = session_in(&o, 1);
        feed_text(r, lines[verb]);
        assert_int_equal(reply_code(r), verb == 4 ? 530 : table[verb][1].code);
        close_session(r);
    }
}

/* In content and in an exchange no line is a command; behind the end none is read. */
static void no_commands(void **state)
{
    mailproto_smtp_server_options o = all_options(0);
    int verb;
    (void)state;
    for (verb = 0; verb < VERBS; verb++) {
        struct run *r = session_in(&o, 3);
        feed_text(r, "DATA\r\n");
        r->out_len = 0;
        r->log_len = 0;
        asks = 0;
        feed_text(r, lines[verb]);
        assert_int_equal(asks, 0);
        assert_int_equal(r->out_len, 0);
        assert_memory_equal(r->log, "CONTENT [", 9);
        close_session(r);

        r = session_in(&o, 1);
        r->answer = NULL;
        {
            mailproto_event ev;
            size_t used;
            assert_int_equal(mailproto_session_feed(r->s, "AUTH PLAIN\r\n", 12, &used),
                             MAILPROTO_OK);
            assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
            assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
            drain(r);
        }
        feed_text(r, lines[verb]);
        assert_null(strstr(r->log, "COMMAND"));
        assert_non_null(strstr(r->log, "AUTH_RESULT"));
        close_session(r);

        r = session_in(&o, 1);
        feed_text(r, "QUIT\r\n");
        r->log_len = 0;
        r->log[0] = '\0';
        {
            size_t used;
            assert_int_equal(
                mailproto_session_feed(r->s, lines[verb], strlen(lines[verb]), &used),
                MAILPROTO_OK);
            assert_int_equal(used, 0);
        }
        pull(r);
        assert_string_equal(r->log, "");
        close_session(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_with_every_command),
        cmocka_unit_test(rows),
        cmocka_unit_test(last_of_their_group),
        cmocka_unit_test(tls_comes_first),
        cmocka_unit_test(login_is_for_mail),
        cmocka_unit_test(no_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
