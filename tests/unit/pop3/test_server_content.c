/*
 * Content of the POP3 server on its way out: stuffing, line ends, where TOP has enough,
 * back-pressure, listings that outgrow the output, how it ends.
 */
#include "server_driver.h"

#define LOGIN "USER a\r\nPASS b\r\n"

/* One message, in pieces of every size, and all octets in any output. */
static void check_body(const char *message, const char *command, uint32_t line_ends,
                       uint32_t out_size, const char *wanted)
{
    const char *drop[] = {message, NULL};
    mailproto_pop3_server_options o = options_of();
    size_t len = strlen(message);
    size_t piece;
    o.line_ends = line_ends;
    o.out_size = out_size;
    o.reply_max = 128;
    for (piece = 1; piece <= len + 1; piece++) {
        struct run *r = open_drop(&o, NULL, drop, LOGIN);
        r->content_size = piece > len ? 0 : piece;
        feed_text(r, command);
        assert_string_equal(r->out, wanted);
        r->out_len = 0;
        feed_text(r, "NOOP\r\n");
        assert_string_equal(r->out, "+OK\r\n");
        close_session(r);
    }
}

#define FOLLOWS "+OK Message follows\r\n"

static void stuffing(void **state)
{
    (void)state;
    check_body("a\r\n.\r\n+OK fake\r\n", "RETR 1\r\n", 0, 256,
               FOLLOWS "a\r\n..\r\n+OK fake\r\n.\r\n");
    check_body("a\n.\n+OK fake\r\n", "RETR 1\r\n", 0, 256,
               FOLLOWS "a\r\n..\r\n+OK fake\r\n.\r\n");
    check_body("a\r.\rb", "RETR 1\r\n", 0, 256, FOLLOWS "a\r\n..\r\nb\r\n.\r\n");
    check_body("a\n.\nb\r\n", "RETR 1\r\n", MAILPROTO_LINE_ENDS_PASS, 256,
               FOLLOWS "a\n.\nb\r\n.\r\n");
    check_body("", "RETR 1\r\n", 0, 256, FOLLOWS ".\r\n");
    check_body("..", "RETR 1\r\n", 0, 256, FOLLOWS "...\r\n.\r\n");
}

/* ---- TOP: the header, the blank line, n lines of the body (RFC 1939 7) ------------- */

static void top(void **state)
{
    static const char crlf[] = "A: 1\r\nB: 2\r\n\r\none\r\n\r\n.three\r\nfour";
    static const char lf[] = "A: 1\nB: 2\n\none\n\n.three\nfour";
    static const char cr[] = "A: 1\rB: 2\r\rone\r\r.three\rfour";
    static const char mixed[] = "A: 1\r\nB: 2\n\rone\r\n\r.three\nfour";
    static const char *const forms[] = {crlf, lf, cr, mixed};
    size_t i;
    (void)state;
    for (i = 0; i < 4; i++) {
        check_body(forms[i], "TOP 1 0\r\n", 0, 256,
                   FOLLOWS "A: 1\r\nB: 2\r\n\r\n.\r\n");
        check_body(forms[i], "TOP 1 1\r\n", 0, 256,
                   FOLLOWS "A: 1\r\nB: 2\r\n\r\none\r\n.\r\n");
        check_body(forms[i], "TOP 1 2\r\n", 0, 256,
                   FOLLOWS "A: 1\r\nB: 2\r\n\r\none\r\n\r\n.\r\n");
        check_body(forms[i], "TOP 1 3\r\n", 0, 256,
                   FOLLOWS "A: 1\r\nB: 2\r\n\r\none\r\n\r\n..three\r\n.\r\n");
        check_body(forms[i], "TOP 1 4\r\n", 0, 256,
                   FOLLOWS "A: 1\r\nB: 2\r\n\r\none\r\n\r\n..three\r\nfour\r\n.\r\n");
        check_body(forms[i], "TOP 1 18446744073709551615\r\n", 0, 256,
                   FOLLOWS "A: 1\r\nB: 2\r\n\r\none\r\n\r\n..three\r\nfour\r\n.\r\n");
    }
    /* No body, no header, no line end. */
    check_body("A: 1\r\n", "TOP 1 5\r\n", 0, 256, FOLLOWS "A: 1\r\n.\r\n");
    check_body("\r\nx\r\ny\r\n", "TOP 1 1\r\n", 0, 256, FOLLOWS "\r\nx\r\n.\r\n");
    check_body("\nx\ny\n", "TOP 1 0\r\n", 0, 256, FOLLOWS "\r\n.\r\n");
    check_body("A", "TOP 1 0\r\n", 0, 256, FOLLOWS "A\r\n.\r\n");
    /* Where bare ones are passed only CRLF ends a line. */
    check_body("A\n\r\n\nx\r\ny", "TOP 1 1\r\n", MAILPROTO_LINE_ENDS_PASS, 256,
               FOLLOWS "A\n\r\n\nx\r\ny\r\n.\r\n");
    check_body("A\r\n\r\nx\ry\r\nz\r\n", "TOP 1 1\r\n", MAILPROTO_LINE_ENDS_PASS, 256,
               FOLLOWS "A\r\n\r\nx\ry\r\n.\r\n");
    check_body("A\r\n\r\r\nx\r\ny\r\n", "TOP 1 0\r\n", MAILPROTO_LINE_ENDS_PASS, 256,
               FOLLOWS "A\r\n\r\r\nx\r\ny\r\n.\r\n");
}

struct want_one {
    const char *text;
    mailproto_event event;
    int seen;
};

static int keep_event(struct run *r, const mailproto_event *ev)
{
    struct want_one *w = (struct want_one *)r->user;
    uint64_t lines = 99;
    if (ev->type == MAILPROTO_EV_CONTENT_WANTED && w != NULL) {
        w->event = *ev;
        w->seen = 1;
        r->content = NULL; /* the test gives it */
    }
    if (ev->type == MAILPROTO_EV_POP3_RETR) {
        int is_top = ev->code == MAILPROTO_POP3_VERB_TOP;
        assert_int_equal(mailproto_pop3_event_top(ev, &lines),
                         is_top ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(lines, is_top ? 2 : 99);
    } else {
        assert_int_equal(mailproto_pop3_event_top(ev, &lines), MAILPROTO_ERR_ARGUMENT);
    }
    return 0;
}

static const char *const drop_of_one[] = {"x", NULL};

/* A session that waits for content. */
static struct run *in_content(const char *command, uint32_t line_ends,
                              struct want_one *w)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r;
    o.line_ends = line_ends;
    o.out_size = 256;
    o.reply_max = 128;
    o.progress_bytes = 10;
    o.block_ms = 5000;
    o.idle_ms = 7000;
    memset(w, 0, sizeof *w);
    r = open_drop(&o, keep_event, drop_of_one, LOGIN);
    r->user = w;
    feed_text(r, command);
    assert_true(w->seen);
    assert_int_equal(w->event.number, 1);
    r->out_len = 0;
    r->log_len = 0;
    r->log[0] = '\0';
    return r;
}

static void enough(void **state)
{
    static const char text[] = "H: 1\r\n\r\na\r\nb\r\nc\r\nd\r\n";
    struct want_one w;
    struct run *r = in_content("TOP 1 2\r\n", 0, &w);
    mailproto_want want = {sizeof want, 0, 0, 0};
    size_t used;
    (void)state;
    assert_int_equal(w.event.code, MAILPROTO_POP3_VERB_TOP);
    mailproto_session_get_want(r->s, &want);
    assert_true(want.flags & MAILPROTO_WANT_CONTENT);
    assert_int_equal(mailproto_session_content(r->s, text, sizeof text - 1, &used),
                     MAILPROTO_ENOUGH);
    assert_int_equal(used, 14);
    assert_int_equal(mailproto_session_content_taken(r->s), 14);
    assert_int_equal(mailproto_session_content(r->s, "more", 4, &used),
                     MAILPROTO_ENOUGH);
    assert_int_equal(used, 0);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_content(r->s, "more", 4, &used),
                     MAILPROTO_ERR_STATE);
    drain(r);
    assert_string_equal(r->out, "H: 1\r\n\r\na\r\nb\r\n.\r\n");
    close_session(r);
}

/* A CR that was the last octet: only what follows tells whether the line is over. */
static void enough_behind_cr(void **state)
{
    struct want_one w;
    struct run *r = in_content("TOP 1 2\r\n", 0, &w);
    size_t used;
    (void)state;
    assert_int_equal(mailproto_session_content(r->s, "\n1\r\n2\r", 6, &used),
                     MAILPROTO_OK);
    assert_int_equal(used, 6);
    assert_int_equal(mailproto_session_content(r->s, "3\n", 2, &used),
                     MAILPROTO_ENOUGH);
    assert_int_equal(used, 0);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "\r\n1\r\n2\r\n.\r\n");
    close_session(r);
}

static void in_place(void **state)
{
    struct want_one w;
    struct run *r = in_content("TOP 1 2\r\n", 0, &w);
    size_t cap;
    char *space = (char *)mailproto_session_content_space(r->s, &cap);
    (void)state;
    assert_true(cap >= 12);
    memcpy(space, ".\n\na\n.b\nc\n", 10);
    assert_int_equal(mailproto_session_content_commit(r->s, 10), MAILPROTO_ENOUGH);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "..\r\n\r\na\r\n..b\r\n.\r\n");
    close_session(r);
}

/* What the policy refuses: only the abort is left, and no end mark is written. */
static void refused_content(void **state)
{
    static const struct {
        const char *text;
        size_t len, used;
        uint32_t line_ends;
        mailproto_status status;
    } rows[] = {
        {"ab\0c", 4, 2, 0, MAILPROTO_ERR_NUL},
        {"a\nb", 3, 1, MAILPROTO_LINE_ENDS_REFUSE, MAILPROTO_ERR_BARE_LINE_END},
        {"a\rb", 3, 1, MAILPROTO_LINE_ENDS_REFUSE, MAILPROTO_ERR_BARE_LINE_END},
        {"a\0", 2, 1, MAILPROTO_LINE_ENDS_REFUSE, MAILPROTO_ERR_NUL},
    };
    static const char *const commands[] = {"RETR 1\r\n", "TOP 1 2\r\n"};
    size_t i;
    size_t n;
    (void)state;
    for (i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        size_t row = i / 2;
        struct want_one w;
        struct run *r = in_content(commands[i % 2], rows[row].line_ends, &w);
        assert_int_equal(
            mailproto_session_content(r->s, rows[row].text, rows[row].len, &n),
            rows[row].status);
        assert_int_equal(n, rows[row].used);
        assert_int_equal(mailproto_session_content(r->s, "x", 1, &n),
                         MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_session_content_abort(r->s), MAILPROTO_OK);
        pull(r);
        drain(r);
        pull(r);
        assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_CANCELLED\n");
        assert_null(strstr(r->out, ".\r\n"));
        assert_int_equal(error_of(r).code, MAILPROTO_ERR_CANCELLED);
        assert_int_equal(error_of(r).offset, 16 + strlen(commands[i % 2]));
        close_session(r);
    }
    {
        struct want_one w;
        struct run *r = in_content("RETR 1\r\n", MAILPROTO_LINE_ENDS_REFUSE, &w);
        assert_int_equal(mailproto_session_content(r->s, "a\r", 2, &n), MAILPROTO_OK);
        assert_int_equal(mailproto_session_content_end(r->s),
                         MAILPROTO_ERR_BARE_LINE_END);
        assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_ERR_STATE);
        close_session(r);
    }
}

/* The output is full: AGAIN, and the end mark waits for room as well. */
static void back_pressure(void **state)
{
    struct want_one w;
    struct run *r = in_content("RETR 1\r\n", 0, &w);
    char text[300];
    size_t used;
    (void)state;
    memset(text, 'y', sizeof text);
    assert_int_equal(mailproto_session_content(r->s, text, sizeof text, &used),
                     MAILPROTO_OK);
    assert_in_range(used, 250, 256);
    assert_int_equal(mailproto_session_content(r->s, text, 1, &used), MAILPROTO_AGAIN);
    assert_int_equal(used, 0);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_AGAIN);
    drain(r);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_OK);
    close_session(r);
}

/* `progress_bytes` renew the wait; what the client has read is no fault of its own. */
static void waits(void **state)
{
    struct want_one w;
    struct run *r = in_content("RETR 1\r\n", 0, &w);
    mailproto_want want = {sizeof want, 0, 0, 0};
    uint32_t id;
    size_t used;
    (void)state;
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 5000);
    id = want.wait_id;
    (void)mailproto_session_content(r->s, "123456789", 9, &used);
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.wait_id, id);
    (void)mailproto_session_content(r->s, "x", 1, &used);
    mailproto_session_get_want(r->s, &want);
    assert_int_not_equal(want.wait_id, id);
    drain(r); /* all is read: the application is slow */
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id), MAILPROTO_OK);
    pull(r);
    assert_int_equal(r->closed, 1);
    id = want.wait_id;
    mailproto_session_get_want(r->s, &want);
    assert_int_not_equal(want.wait_id, id);
    (void)mailproto_session_content(r->s, "x", 1, &used);
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TIMEOUT\n");
    close_session(r);
    r = in_content("RETR 1\r\n", 0, &w);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_OK);
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 7000);
    close_session(r);
}

static void shutdown_within(void **state)
{
    struct want_one w;
    struct run *r = in_content("RETR 1\r\n", 0, &w);
    mailproto_bytes none = {NULL, 0};
    size_t used;
    (void)state;
    (void)mailproto_session_content(r->s, "half\r\n", 6, &used);
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, none), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content(r->s, "x", 1, &used),
                     MAILPROTO_ERR_STATE);
    pull(r);
    drain(r);
    pull(r);
    assert_string_equal(r->out, "half\r\n"); /* no word, no end mark */
    assert_string_equal(r->log, "CLOSED MAILPROTO_OK\n");
    close_session(r);
}

/* The client's half is closed: what it has asked for still goes out. */
static void eof_within(void **state)
{
    struct want_one w;
    struct run *r = in_content("RETR 1\r\n", 0, &w);
    size_t used;
    (void)state;
    give_eof(r);
    assert_int_equal(r->closed, 1);
    assert_int_equal(mailproto_session_content(r->s, "x\n", 2, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_OK);
    pull(r);
    drain(r);
    pull(r);
    assert_string_equal(r->out, "x\r\n.\r\n");
    assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_EOF\n");
    close_session(r);
}

/* ---- listings that outgrow the output ------------------------------------------------ */

enum { MANY = 10000 };

struct listing {
    uint32_t asked;      /* NEED_... events */
    uint32_t last;       /* the message of the last one */
    uint32_t left_out;   /* every so many is refused; 0: none */
    size_t lines, bytes; /* of the output */
    char tail[64];
};

static int answer_listing(struct run *r, const mailproto_event *ev)
{
    struct listing *l = (struct listing *)r->user;
    mailproto_bytes none = {NULL, 0};
    if (ev->type == MAILPROTO_EV_POP3_OPEN) {
        return mailproto_pop3_server_drop(r->server, ev->tag, MANY, 5) == MAILPROTO_OK;
    }
    if (ev->type == MAILPROTO_EV_POP3_NEED_SIZE ||
        ev->type == MAILPROTO_EV_POP3_NEED_UID) {
        assert_int_equal(ev->number, l->last + 1);
        l->last = (uint32_t)ev->number;
        ++l->asked;
        if (l->left_out != 0 && l->last % l->left_out == 0) {
            assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag, 0, none),
                             MAILPROTO_OK);
            return 1;
        }
        if (ev->type == MAILPROTO_EV_POP3_NEED_SIZE) {
            assert_int_equal(mailproto_pop3_server_size(r->server, ev->tag, UINT64_MAX),
                             MAILPROTO_OK);
        } else {
            char uid[71];
            memset(uid, 'u', 70);
            uid[70] = '\0';
            assert_int_equal(
                mailproto_pop3_server_uid(r->server, ev->tag, bytes_of(uid)),
                MAILPROTO_OK);
        }
        return 1;
    }
    return 0;
}

/* Takes what is due, a few octets at a time; nothing is asked meanwhile that has no
 * room. */
static void read_listing(struct run *r, struct listing *l)
{
    mailproto_event ev;
    for (;;) {
        size_t len;
        const char *due;
        while (mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
            assert_true(answer_listing(r, &ev));
        }
        due = (const char *)mailproto_session_output(r->s, &len);
        assert_true(len <= 256);
        if (len == 0) {
            return;
        }
        len = len < 50 ? len : 50;
        for (; len > 0; len--, due++) {
            l->lines += *due == '\n';
            ++l->bytes;
            memmove(l->tail, l->tail + 1, sizeof l->tail - 1);
            l->tail[sizeof l->tail - 1] = *due;
            assert_int_equal(mailproto_session_output_sent(r->s, 1), MAILPROTO_OK);
        }
    }
}

static void long_listings(void **state)
{
    static const char *const commands[] = {"LIST\r\n", "UIDL\r\n"};
    mailproto_pop3_server_options o = options_of();
    size_t i;
    (void)state;
    o.out_size = 256;
    o.reply_max = 128;
    for (i = 0; i < 4; i++) {
        struct listing l;
        struct run *r = open_session(&o, answer_listing, LOGIN);
        size_t used;
        memset(&l, 0, sizeof l);
        l.left_out = i >= 2 ? 3 : 0;
        r->user = &l;
        assert_int_equal(mailproto_session_feed(r->s, commands[i % 2], 6, &used),
                         MAILPROTO_OK);
        read_listing(r, &l);
        assert_int_equal(l.asked, MANY);
        assert_int_equal(l.lines, 2 + MANY - (l.left_out ? MANY / 3 : 0));
        assert_memory_equal(l.tail + sizeof l.tail - 5, "\r\n.\r\n", 5);
        close_session(r);
    }
}

/* Lines become due as they are made, and the client may be slow for block_ms each. */
static void listing_waits(void **state)
{
    static const char *const two[] = {"a", "b", NULL};
    mailproto_pop3_server_options o = options_of();
    struct run *r;
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_event ev;
    size_t used;
    (void)state;
    o.block_ms = 5000;
    o.idle_ms = 7000;
    r = open_drop(&o, NULL, two, LOGIN);
    assert_int_equal(mailproto_session_feed(r->s, "LIST\r\n", 6, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "+OK Listing follows\r\n");
    assert_int_equal(mailproto_pop3_server_size(r->server, ev.tag, 77), MAILPROTO_OK);
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 5000);
    drain(r);
    assert_string_equal(r->out, "+OK Listing follows\r\n1 77\r\n");
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_server_size(r->server, ev.tag, 0), MAILPROTO_OK);
    pull(r);
    drain(r);
    assert_string_equal(r->out, "+OK Listing follows\r\n1 77\r\n2 0\r\n.\r\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 7000);
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stuffing),        cmocka_unit_test(top),
        cmocka_unit_test(enough),          cmocka_unit_test(enough_behind_cr),
        cmocka_unit_test(in_place),        cmocka_unit_test(refused_content),
        cmocka_unit_test(back_pressure),   cmocka_unit_test(waits),
        cmocka_unit_test(shutdown_within), cmocka_unit_test(eof_within),
        cmocka_unit_test(long_listings),   cmocka_unit_test(listing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
