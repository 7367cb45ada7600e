/*
 * What breaks a client's session, and what does not: replies that are none, limits, the
 * end of the connection, time-outs. Each with its code and offset, at every split.
 */
#include "client_driver.h"

/* ---- replies that are none ---------------------------------------------------------- */

struct broken {
    const char *reply; /* to NOOP */
    uint64_t at;       /* behind the login */
};

static const struct broken *broken_now;

static void broken_reply(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(d->fed, D_LOGIN);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
    d_feed_lump(d, broken_now->reply);
    d_expect(d, "REPLY tag=2 NONE ERR_SYNTAX\nREPLY tag=3 NONE ERR_SYNTAX\n"
                "CLOSED ERR_SYNTAX\n");
    d_sent(d, "");
    d_error(d, MAILPROTO_ERR_SYNTAX, D_LOGIN + broken_now->at, 0);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 3), MAILPROTO_ERR_SYNTAX);
    assert_int_equal(d_want(d, NULL), MAILPROTO_WANT_CLOSED);
}

static void test_broken_replies(void **state)
{
    static const struct broken all[] = {
        {"\r\n", 0},         {"-OK hi\r\n", 1},   {"+ERR x\r\n", 1},  {"+ok\r\n", 1},
        {"-err\r\n", 1},     {"+OKfoo\r\n", 3},   {"-ERRfoo\r\n", 4}, {" +OK\r\n", 0},
        {"+O\r\n", 2},       {"-ER\r\n", 3},      {"+OK\tx\r\n", 3},  {"250 ok\r\n", 0},
        {"+OK a\rb\r\n", 5}, {"+OK a\nb\r\n", 5}, {"+OK a\r\r\n", 5}, {"+ b\r\n", 1},
        {"+\r\n", 1},        {".\r\n", 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        broken_now = &all[i];
        everywhere(broken_reply);
    }
}

static void nul_in_reply(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_noop(d->c, 2), MAILPROTO_OK);
    d_feed_bytes(d, "+OK a\0b\r\n", 9);
    d_expect(d, "REPLY tag=2 NONE ERR_SYNTAX\nCLOSED ERR_SYNTAX\n");
    d_error(d, MAILPROTO_ERR_SYNTAX, D_LOGIN + 5, 0);
}

static void no_greeting(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "* OK IMAP\r\n");
    d_expect(d, "CLOSED ERR_SYNTAX\n");
    d_sent(d, "");
    d_error(d, MAILPROTO_ERR_SYNTAX, 0, 0);
}

static void odd_but_good(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_noop(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_stat(d->c, 4), MAILPROTO_OK);
    d_feed(d, "+OK \r\n-ERR \t\xc3\xa4\xff\r\n+OK many\r\n");
    d_expect(d, "REPLY tag=2 OK\nREPLY tag=3 \"\t\xc3\xa4\xff\" ERR\n"
                "REPLY tag=4 \"many\" OK ERR_SYNTAX\n");
}

/* ---- replies to nothing ------------------------------------------------------------- */

static void unasked(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    d_feed_lump(d, "+OK 2 messages\r\n");
    d_expect(d, "CLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, D_LOGIN, 0);
}

static void one_too_many(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 2, 1), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\na\r\n.\r\n+");
    d_expect(d, "REPLY tag=2 OK -\nCONTENT tag=2 \"a\r\n\"\nEND tag=2 number=3\n"
                "REPLY tag=2 OK\nCLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, D_LOGIN + 11, 0);
}

static void before_it_was_sent(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    d->keep_output = 1;
    assert_int_equal(mailproto_pop3_client_noop(d->c, 2), MAILPROTO_OK);
    d_feed_lump(d, "+OK\r\n");
    d_expect(d, "REPLY tag=2 NONE ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
}

/* ---- lines that are none ------------------------------------------------------------ */

static void bad_items(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_list(d->c, 2, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 3, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 4, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_list(d->c, 5, 1), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\n1 -1\r\n0 10\r\n-1 10\r\n4294967296 1\r\n"
                   "4294967295 18446744073709551615\r\n1 18446744073709551616\r\n1\r\n"
                   "\r\nx 1\r\n1 10\r\n1 20\r\n.\r\n"
                   "+OK\r\n1 a\x01\r\n1 \r\n1\r\n0 a\r\n2 a b\r\n2 \xc3\xa4\r\n"
                   "2\ta\r\n 2 a\r\n.\r\n"
                   "+OK what\r\n+OK 0 0\r\n");
    d_expect(d, "REPLY tag=2 OK -\nLINE tag=2 \"1 -1\" rejected\n"
                "LINE tag=2 \"0 10\" rejected\nLINE tag=2 \"-1 10\" rejected\n"
                "LINE tag=2 \"4294967296 1\" rejected\n"
                "ITEM tag=2 4294967295 number=18446744073709551615\n"
                "LINE tag=2 \"1 18446744073709551616\" rejected\n"
                "LINE tag=2 \"1\" rejected\nLINE tag=2 rejected\n"
                "LINE tag=2 \"x 1\" rejected\nITEM tag=2 1 number=10\n"
                "ITEM tag=2 1 number=20\nREPLY tag=2 OK\n"
                "REPLY tag=3 OK -\nLINE tag=3 \"1 a\x01\" rejected\n"
                "LINE tag=3 \"1 \" rejected\nLINE tag=3 \"1\" rejected\n"
                "LINE tag=3 \"0 a\" rejected\nLINE tag=3 \"2 a b\" rejected\n"
                "LINE tag=3 \"2 \xc3\xa4\" rejected\nLINE tag=3 \"2\ta\" rejected\n"
                "LINE tag=3 \" 2 a\" rejected\nREPLY tag=3 OK\n"
                "LINE tag=4 \"what\" rejected\nREPLY tag=4 OK\n"
                "LINE tag=5 \"0 0\" rejected\nREPLY tag=5 OK\n");
}

/* ---- the limit of lines ------------------------------------------------------------- */

enum { LIMIT = 300 }; /* beyond the buffer of 128 */

static size_t limit_over; /* octets beyond it */
static int limit_line;    /* a line of LIST, not the status line */

/* "prefix", x's, CRLF: `len` octets. */
static char *long_line(char *at, const char *prefix, size_t len)
{
    memset(at, 'x', len);
    memcpy(at, prefix, strlen(prefix));
    memcpy(at + len - 2, "\r\n", 2);
    at[len] = '\0';
    return at;
}

static void line_limit(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    char line[LIMIT + 8];
    char log[2 * LIMIT];
    const char *prefix = limit_line ? "1 " : "+OK ";
    size_t begin = limit_line ? 5 : 0;
    o.in_size = 128;
    o.max_line = LIMIT;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 2, 0), MAILPROTO_OK);
    d_run(d);
    if (limit_line) {
        d_feed_lump(d, "+OK\r\n");
        d_expect(d, "REPLY tag=2 OK -\n");
    }
    d_feed_lump(d, long_line(line, prefix, LIMIT + limit_over));
    if (limit_over == 0) {
        line[LIMIT - 2] = '\0';
        snprintf(log, sizeof log,
                 limit_line ? "LINE tag=2 \"%s\" rejected\n"
                            : "REPLY tag=2 \"%s\" OK -\n",
                 limit_line ? line : line + 4);
        d_expect(d, log);
        d_error(d, MAILPROTO_OK, 0, 0);
        d_feed_lump(d, ".\r\n");
        d_expect(d, "REPLY tag=2 OK\n");
        return;
    }
    line[LIMIT - 2 + limit_over] = '\0'; /* what is within the limit is told */
    snprintf(log, sizeof log,
             limit_line ? "LINE \"%s\" ...\nREPLY tag=2 NONE ERR_LINE_LIMIT\n"
                          "CLOSED ERR_LINE_LIMIT\n"
                        : "REPLY tag=2 \"%s\" NONE ERR_LINE_LIMIT\n"
                          "CLOSED ERR_LINE_LIMIT\n",
             limit_line ? line : line + 4);
    d_expect(d, log);
    d_error(d, MAILPROTO_ERR_LINE_LIMIT, D_LOGIN + 12 + begin + LIMIT, 0);
}

static void test_line_limit(void **state)
{
    (void)state;
    for (limit_line = 0; limit_line < 2; limit_line++) {
        for (limit_over = 0; limit_over < 3; limit_over++) {
            everywhere(line_limit);
        }
    }
}

/* Below the buffer's size nothing of the line is told. */
static void short_limit(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.max_line = 12;
    d_open(d, &o);
    d_start(d, "USER\r\n");
    assert_int_equal(mailproto_pop3_client_capa(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_capa(d->c, 3), MAILPROTO_OK);
    d_feed(d, "-ERR 67890\r\n");
    d_expect(d, "REPLY tag=2 \"67890\" ERR\n");
    d_feed(d, "-ERR 678901\r\n");
    d_expect(d, "REPLY tag=3 NONE ERR_LINE_LIMIT\nCLOSED ERR_LINE_LIMIT\n");
    d_error(d, MAILPROTO_ERR_LINE_LIMIT, D_START + 6 + 12 + 12, 1);
}

/* What is wrong beyond the buffer ends the session there, wherever the cuts are. */
static void late_dirt(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    char line[LIMIT + 8];
    char log[2 * LIMIT];
    o.in_size = 128;
    d_open(d, &o);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_noop(d->c, 2), MAILPROTO_OK);
    d_run(d);
    (void)long_line(line, "+OK ", LIMIT);
    line[200] = '\n';
    d_feed_lump(d, line);
    line[200] = '\0';
    snprintf(log, sizeof log, "REPLY tag=2 \"%s\" NONE ERR_SYNTAX\nCLOSED ERR_SYNTAX\n",
             line + 4);
    d_expect(d, log);
    d_error(d, MAILPROTO_ERR_SYNTAX, D_LOGIN + 200, 0);
}

/* A unique-id that fits the buffer is an item; a stuffed line loses one dot. */
static void long_items(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    char line[LIMIT + 8];
    char log[2 * LIMIT];
    o.in_size = 128;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 2, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_command(d->c, 3, bytes("XLONG"), 1),
                     MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\n");
    d_forget(d);
    d_feed_lump(d, long_line(line, "1 ", 128));
    line[126] = '\0';
    snprintf(log, sizeof log, "ITEM tag=2 1 \"%s\"\n", line + 2);
    d_expect(d, log);
    d_feed_lump(d, ".\r\n+OK\r\n");
    d_forget(d);
    d_feed_lump(d, long_line(line, "..", LIMIT));
    line[LIMIT - 2] = '\0';
    snprintf(log, sizeof log, "LINE tag=3 \"%s\"\n", line + 1);
    d_expect(d, log);
}

/* ---- the end of the connection ------------------------------------------------------ */

static void eof_in_content(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 2, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_dele(d->c, 3, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 4), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\na\r\n.");
    d_eof(d);
    d_expect(d, "REPLY tag=2 OK -\nCONTENT tag=2 \"a\r\n\"\n"
                "ABORTED tag=2 ERR_EOF number=3\nREPLY tag=2 NONE ERR_EOF\n"
                "REPLY tag=3 NONE ERR_EOF\nCOMMIT tag=4 NOT NONE ERR_EOF\n"
                "CLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, D_LOGIN + 12 + 9, 0);
}

static void eof_in_listing(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_list(d->c, 2, 0), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\n1 1\r\n.\r");
    d_eof(d);
    d_expect(d, "REPLY tag=2 OK -\nITEM tag=2 1 number=1\nREPLY tag=2 NONE ERR_EOF\n"
                "CLOSED ERR_EOF\n");
}

static void eof_in_capa(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "+OK\r\n+OK\r\nTOP\r\n");
    d_eof(d);
    d_expect(d, "GREETING OK\nCLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, 15, 0);
}

static void eof_when_idle(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    d_eof(d);
    d_expect(d, "CLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, D_LOGIN, 0);
}

static void commit_unknown(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_dele(d->c, 2, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 3), MAILPROTO_OK);
    d_feed(d, "+OK\r\n");
    d_sent(d, "DELE 1\r\nQUIT\r\n");
    d_feed_lump(d, "+OK");
    d_eof(d);
    d_expect(d, "REPLY tag=2 OK\nCOMMIT tag=3 UNKNOWN number=1 NONE ERR_EOF\n"
                "CLOSED ERR_EOF\n");
}

/* QUIT leaves octet by octet: only with the last one it may have been obeyed. */
static void test_commit_of_each_octet(void **state)
{
    size_t sent;
    (void)state;
    for (sent = 0; sent <= 6; sent++) {
        struct driver *d = calloc(1, sizeof *d);
        size_t len;
        assert_non_null(d);
        d_open(d, NULL);
        d_login(d, "");
        d->keep_output = 1;
        assert_int_equal(mailproto_pop3_client_quit(d->c, 3), MAILPROTO_OK);
        d_run(d);
        (void)mailproto_session_output(d->s, &len);
        assert_int_equal(len, 6);
        assert_int_equal(mailproto_session_output_sent(d->s, sent), MAILPROTO_OK);
        if (sent % 2) {
            (void)mailproto_session_fail(d->s, MAILPROTO_ERR_IO);
        } else {
            (void)mailproto_session_output_failed(d->s, MAILPROTO_ERR_IO);
            (void)mailproto_session_feed_eof(d->s);
        }
        d_run(d);
        d_expect(d, sent == 6 ? "COMMIT tag=3 UNKNOWN NONE ERR_IO\nCLOSED ERR_IO\n"
                              : "COMMIT tag=3 NOT NONE ERR_IO\nCLOSED ERR_IO\n");
        d_close(d);
        free(d);
    }
}

static void quit_unanswered(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_pop3_client_quit(d->c, 3), MAILPROTO_OK);
    d_run(d);
    d_eof(d);
    d_expect(d, "COMMIT tag=3 NOTHING NONE ERR_EOF\nCLOSED\n");
    d_error(d, MAILPROTO_OK, 0, 0);
}

static void login_unanswered(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "USER\r\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 2, bytes("u"), bytes("p")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 3), MAILPROTO_OK);
    d_run(d);
    d_eof(d);
    d_expect(d, "REPLY tag=2 NONE ERR_EOF\nCOMMIT tag=3 NOTHING NONE ERR_EOF\n"
                "CLOSED ERR_EOF\n");
}

/* An outcome that is known stays known. */
static void failed_behind_the_end(struct driver *d)
{
    mailproto_event ev;
    size_t used;
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 2, 1), MAILPROTO_OK);
    d_run(d);
    (void)mailproto_session_feed(d->s, "+OK\r\n", 5, &used);
    d_expect(d, "REPLY tag=2 OK -\n");
    (void)mailproto_session_feed(d->s, ".\r\n", 3, &used);
    assert_int_equal(mailproto_session_next_event(d->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_CONTENT_END);
    (void)mailproto_session_fail(d->s, MAILPROTO_ERR_IO);
    d_expect(d, "REPLY tag=2 OK\nCLOSED ERR_IO\n");
}

/* ---- time-outs ---------------------------------------------------------------------- */

static void time_out(struct driver *d, const char *log)
{
    uint32_t id;
    (void)d_want(d, &id);
    (void)mailproto_session_timed_out(d->s, id - 1); /* stale */
    d_run(d);
    d_error(d, MAILPROTO_OK, 0, 0);
    (void)mailproto_session_timed_out(d->s, id);
    d_expect(d, log);
}

/* Lines renew the wait by their octets, not by being lines. */
static void slow_lines(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    uint32_t before;
    uint32_t id;
    size_t i;
    o.command_ms = 12;
    o.progress_bytes = 20;
    d_open(d, &o);
    d_login(d, "");
    for (i = 0; i < 2; i++) { /* and the count begins anew with each reply */
        assert_int_equal(mailproto_pop3_client_list(d->c, 2, 0), MAILPROTO_OK);
        d_run(d);
        d_feed_lump(d, "+OK\r\n");
        (void)d_want(d, &before);
        d_feed_lump(d, "1 1\r\n2 1\r\n3 1\r\n4 1\r");
        (void)d_want(d, &id);
        assert_int_equal(before, id);
        d_feed_lump(d, "\n");
        (void)d_want(d, &id);
        assert_int_not_equal(before, id);
        d_timeout(d, 12);
        d_feed_lump(d, "5 1\r\n.\r\n");
    }
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 3, 0), MAILPROTO_OK);
    d_feed_lump(d, "+OK\r\n1 a\r\n");
    d_forget(d);
    time_out(d, "REPLY tag=3 NONE ERR_TIMEOUT\nCLOSED ERR_TIMEOUT\n");
    d_error(d, MAILPROTO_ERR_TIMEOUT, d->fed, 0);
}

static void time_outs(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    uint32_t before;
    uint32_t id;
    o.greeting_ms = 11;
    o.command_ms = 12;
    o.block_ms = 13;
    o.quit_ms = 14;
    o.progress_bytes = 4;
    d_open(d, &o);
    d_timeout(d, 11);
    d_login(d, "");
    d_timeout(d, 0);
    assert_int_equal(mailproto_pop3_client_list(d->c, 2, 0), MAILPROTO_OK);
    d_run(d);
    d_timeout(d, 12);
    d_feed_lump(d, "+OK\r\n");
    (void)d_want(d, &before);
    d_feed_lump(d, "1 1\r\n");
    (void)d_want(d, &id);
    assert_int_not_equal(before, id);
    d_timeout(d, 12);
    d_feed_lump(d, ".\r\n");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    d_feed_lump(d, "+OK\r\n");
    d_timeout(d, 13);
    (void)d_want(d, &before);
    d_feed_lump(d, "abc");
    (void)d_want(d, &id);
    assert_int_equal(before, id);
    d_feed_lump(d, "d");
    (void)d_want(d, &id);
    assert_int_not_equal(before, id);
    d_feed_lump(d, "\r\n.\r\n");
    d_forget(d);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 4), MAILPROTO_OK);
    d_run(d);
    d_timeout(d, 14);
    time_out(d, "COMMIT tag=4 UNKNOWN NONE ERR_TIMEOUT\nCLOSED ERR_TIMEOUT\n");
    d_error(d, MAILPROTO_ERR_TIMEOUT, d->fed, 0);
}

/* ---- one outcome for each verb ------------------------------------------------------ */

static uint32_t dice(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 16;
}

struct ledger {
    uint32_t asked, outcomes, content_open;
    unsigned char state[64]; /* 1 asked, 2 answered */
};

static void keep_books(struct driver *d, const mailproto_event *ev)
{
    struct ledger *l = (struct ledger *)d->ctx;
    int content = ev->type == MAILPROTO_EV_CONTENT;
    if (content) {
        return;
    }
    if (ev->type == MAILPROTO_EV_CONTENT_END ||
        ev->type == MAILPROTO_EV_CONTENT_ABORTED) {
        assert_int_equal(l->content_open, 1);
        l->content_open = 0;
    }
    if ((ev->type == MAILPROTO_EV_POP3_REPLY && ev->tag >= 10) ||
        ev->type == MAILPROTO_EV_POP3_COMMIT) {
        if (ev->flags & MAILPROTO_EVF_LINE_MORE) {
            l->content_open = (ev->tag & 1U) != 0;
            return;
        }
        assert_int_equal(l->content_open, 0);
        assert_int_equal(l->state[ev->tag - 10], 1);
        l->state[ev->tag - 10] = 2;
        l->outcomes++;
    }
}

/* Verbs of all kinds are called; the server answers some of them, badly at times, then
 * the end. Odd tags: RETR. */
static void gamble(uint32_t seed)
{
    static const char *const replies[] = {"+OK\r\n", "-ERR\r\n", "+OK 1 a\r\n"};
    static const char *const tails[] = {".\r\n", "x\r\n.\r\n", "1 2\r\n.\r\n", "1 2\r"};
    struct driver *d = calloc(1, sizeof *d);
    struct ledger l;
    uint32_t i;
    assert_non_null(d);
    memset(&l, 0, sizeof l);
    d_open(d, NULL);
    d_login(d, seed & 1U ? "PIPELINING\r\nUSER\r\n" : "");
    d->ctx = &l;
    d->react = keep_books;
    for (i = 0; i < 20; i++) {
        uint32_t tag = 10 + i;
        mailproto_status st = MAILPROTO_ERR_STATE;
        if (i & 1U) {
            st = mailproto_pop3_client_retr(d->c, tag, i);
        } else if (dice(&seed) % 3 == 0) {
            st = mailproto_pop3_client_uidl(d->c, tag, i % 4);
        } else if (i == 18) {
            st = mailproto_pop3_client_quit(d->c, tag);
        } else {
            st = mailproto_pop3_client_noop(d->c, tag);
        }
        if (st == MAILPROTO_OK) {
            l.state[i] = 1;
            l.asked++;
        }
    }
    d_run(d);
    for (i = 0; i < 12; i++) {
        d_feed_lump(d, replies[dice(&seed) % 3]);
        if (l.content_open || dice(&seed) % 8 == 0) {
            d_feed_lump(d, tails[dice(&seed) % 4]);
        }
    }
    if (dice(&seed) % 2) {
        d_eof(d);
    } else {
        (void)mailproto_session_fail(d->s, MAILPROTO_ERR_IO);
    }
    d_run(d);
    assert_int_equal(l.outcomes, l.asked);
    assert_int_equal(l.content_open, 0);
    assert_int_equal(d_want(d, NULL), MAILPROTO_WANT_CLOSED);
    d_close(d);
    free(d);
}

static void test_one_outcome_each(void **state)
{
    uint32_t i;
    (void)state;
    for (i = 0; i < 2000; i++) {
        gamble(i * 2654435761U + i);
    }
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
/* clang-format off */
#define ALL(X)                                                                         \
    X(nul_in_reply) X(no_greeting) X(odd_but_good) X(unasked) X(one_too_many)          \
    X(before_it_was_sent) X(bad_items) X(short_limit) X(late_dirt) X(long_items)       \
    X(eof_in_content) X(eof_in_listing) X(eof_in_capa) X(eof_when_idle)                \
    X(commit_unknown) X(quit_unanswered) X(login_unanswered) X(failed_behind_the_end)  \
    X(slow_lines) X(time_outs)
/* clang-format on */
ALL(SCENARIO)
#define ENTRY(name) cmocka_unit_test(test_##name),

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_replies), cmocka_unit_test(test_line_limit),
        cmocka_unit_test(test_commit_of_each_octet),
        cmocka_unit_test(test_one_outcome_each), ALL(ENTRY)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
