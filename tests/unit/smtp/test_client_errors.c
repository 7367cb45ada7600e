/*
 * What breaks a client's session: replies that are none, limits, the end of the
 * connection, time-outs. Each with its code and offset, at every split.
 */
#include "client_driver.h"

/* ---- replies that are none ---------------------------------------------------------- */

struct broken {
    const char *reply; /* to NOOP */
    const char *told;  /* before the outcome */
    mailproto_status error;
    uint64_t at; /* behind the start */
    uint32_t code;
};

static const struct broken *broken_now;

/* The conversation up to here is 47 octets: see d_start(). */
enum { START = 47 };

static void broken_reply(struct driver *d)
{
    const struct broken *b = broken_now;
    char log[256];
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(d->fed, START);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 2), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
    d_feed(d, b->reply);
    snprintf(log, sizeof log,
             "%sREPLY tag=1 TRANSPORT %s\nREPLY tag=2 TRANSPORT %s\n"
             "CLOSED %s\n",
             b->told, d_status(b->error), d_status(b->error), d_status(b->error));
    d_expect(d, log);
    d_sent(d, "");
    d_error(d, b->error, START + b->at, b->code);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 3), b->error);
    assert_int_equal(d_want(d, NULL), MAILPROTO_WANT_CLOSED);
}

static void test_broken_replies(void **state)
{
    static const struct broken all[] = {
        {"25\r\n", "", MAILPROTO_ERR_SYNTAX, 2, 250},
        {"\r\n", "", MAILPROTO_ERR_SYNTAX, 0, 250},
        {"099 ok\r\n", "", MAILPROTO_ERR_SYNTAX, 0, 250},
        {"199 ok\r\n", "", MAILPROTO_ERR_SYNTAX, 0, 250},
        {"600 ok\r\n", "", MAILPROTO_ERR_SYNTAX, 0, 250},
        {"25o ok\r\n", "", MAILPROTO_ERR_SYNTAX, 2, 250},
        {"250_ok\r\n", "", MAILPROTO_ERR_SYNTAX, 3, 250},
        {"250 o\nk\r\n", "", MAILPROTO_ERR_SYNTAX, 5, 250},
        {"250 o\rk\r\n", "", MAILPROTO_ERR_SYNTAX, 5, 250},
        {"250 o\r\r\n", "", MAILPROTO_ERR_SYNTAX, 5, 250},
        {"250-one\r\n251 two\r\n", "REPLY tag=1 250 \"one\" -\n", MAILPROTO_ERR_SYNTAX,
         9, 250},
        {"250-one\r\n250_two\r\n", "REPLY tag=1 250 \"one\" -\n", MAILPROTO_ERR_SYNTAX,
         12, 250},
        {"354 go\r\n", "", MAILPROTO_ERR_SYNTAX, 0, 354},
        {"334 eA==\r\n", "", MAILPROTO_ERR_SYNTAX, 0, 334},
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
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_feed_bytes(d, "250 a\0b\r\n", 9);
    d_expect(d, "REPLY tag=1 TRANSPORT ERR_SYNTAX\nCLOSED ERR_SYNTAX\n");
    d_error(d, MAILPROTO_ERR_SYNTAX, START + 5, 250);
}

/* What passes: no blank, no text, octets above 127, TAB. */
static void odd_but_good(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 3), MAILPROTO_OK);
    d_feed(d, "250\r\n250 \r\n250-\r\n299 \t\xc3\xa4\xff\r\n");
    d_expect(d, "REPLY tag=1 250\nREPLY tag=2 250\nREPLY tag=3 250 -\n"
                "REPLY tag=3 TRANSPORT ERR_SYNTAX\nCLOSED ERR_SYNTAX\n");
    d_error(d, MAILPROTO_ERR_SYNTAX, START + 17, 250);
}

static void odd_and_good(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_feed(d, "299 \t\xc3\xa4\xff\r\n");
    d_expect(d, "REPLY tag=1 299 \"\t\xc3\xa4\xff\"\n");
}

/* ---- replies to nothing ------------------------------------------------------------- */

static void unasked(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    d_feed(d, "250 ok\r\n");
    d_expect(d, "CLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, START, 250);
}

static void one_too_many(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250-what\r\n250 else\r\n");
    d_expect(d, "REPLY tag=1 250 \"ok\"\nCLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, START + 8, 250);
}

static void idle_421(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_true(d_want(d, NULL) & MAILPROTO_MAY_READ);
    d_feed(d, "421-too\r\n421 long\r\n");
    d_expect(d, "REPLY 421 \"too\" -\nREPLY 421 \"long\"\nCLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, START + 19, 421);
}

/* 421 to a command: it is that command's reply; the others have none. */
static void busy_421(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 4), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n421 4.3.2 bye\r\n250 never read\r\n");
    d_expect(d, "REPLY tag=1 250 \"ok\"\nREPLY tag=2 421 \"4.3.2 bye\"\n"
                "FINAL tag=3 TRANSPORT ERR_EOF\nREPLY tag=4 TRANSPORT ERR_EOF\n"
                "CLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, START + 16 + 8 + 15, 421);
}

/* ... also when it was a command of the engine's own. */
static void own_421(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n550 no\r\n");
    d_expect(d, "REPLY tag=1 250 \"ok\"\nREPLY tag=2 550 \"no\"\n"
                "FINAL tag=3 LOCAL ERR_CANCELLED\n");
    d_feed(d, "421 bye\r\n");
    d_expect(d, "REPLY 421 \"bye\"\nCLOSED ERR_EOF\n");
}

static void quit_421(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_quit(d->c, 4), MAILPROTO_OK);
    d_feed(d, "421 bye\r\n");
    d_expect(d, "REPLY tag=4 421 \"bye\"\nCLOSED\n");
    d_error(d, MAILPROTO_OK, 0, 421);
}

/* ---- content and its reply ---------------------------------------------------------- */

static void to_content(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_feed(d, "250 1\r\n250 2\r\n354-go\r\n354 on\r\n");
    d_expect(d, "REPLY tag=1 250 \"1\"\nREPLY tag=2 250 \"2\"\nWANTED tag=3\n");
}

static void early_yes(struct driver *d)
{
    size_t used;
    to_content(d);
    assert_int_equal(mailproto_session_content(d->s, "x", 1, &used), MAILPROTO_OK);
    d_feed(d, "250 taken\r\n");
    d_expect(d, "FINAL tag=3 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, START + 14 + 16, 250);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_ERR_UNEXPECTED);
}

/* The content's end is queued, but not out: still too early. */
static void early_end(struct driver *d)
{
    to_content(d);
    d_content(d, "x\r\n", 3);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 4), MAILPROTO_OK);
    d_run(d);
    d_feed(d, "250 taken\r\n");
    d_expect(d, "FINAL tag=3 250 \"taken\"\n");
    d_feed(d, "250 noop\r\n");
    d_expect(d, "REPLY tag=4 250 \"noop\"\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_feed(d, "250 1\r\n250 2\r\n354 go\r\n");
    d_expect(d, "REPLY tag=1 250 \"1\"\nREPLY tag=2 250 \"2\"\nWANTED tag=3\n");
    d->keep_output = 1;
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_OK);
    assert_int_equal(mailproto_session_output_sent(d->s, 2), MAILPROTO_OK);
    d_feed(d, "250 taken\r\n");
    d_expect(d, "FINAL tag=3 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
}

static void early_no(struct driver *d)
{
    to_content(d);
    d_feed(d, "552-too\r\n552 big\r\n");
    d_expect(d, "FINAL tag=3 552 \"too\" -\nFINAL tag=3 552 \"big\"\n"
                "CLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, START + 14 + 16 + 18, 552);
}

static void early_421(struct driver *d)
{
    to_content(d);
    d_feed(d, "421 too slow\r\n");
    d_expect(d, "FINAL tag=3 421 \"too slow\"\nCLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, START + 14 + 16 + 14, 421);
}

static void data_done(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_feed(d, "250 1\r\n250 2\r\n250 3\r\n");
    d_expect(d, "REPLY tag=1 250 \"1\"\nREPLY tag=2 250 \"2\"\n"
                "FINAL tag=3 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
    d_error(d, MAILPROTO_ERR_UNEXPECTED, START + 14, 250);
}

static void final_3xx(struct driver *d)
{
    to_content(d);
    d_content(d, "", 0);
    d_feed(d, "354 more\r\n");
    d_expect(d, "FINAL tag=3 TRANSPORT ERR_SYNTAX\nCLOSED ERR_SYNTAX\n");
    d_error(d, MAILPROTO_ERR_SYNTAX, START + 14 + 16, 354);
}

/* ---- the start ---------------------------------------------------------------------- */

static void bad_greeting(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "250 hello\r\n");
    d_expect(d, "CLOSED ERR_SYNTAX\n");
    d_sent(d, "");
    d_error(d, MAILPROTO_ERR_SYNTAX, 0, 250);
}

static void greeting_3xx(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "354 hello\r\n");
    d_expect(d, "CLOSED ERR_SYNTAX\n");
    d_error(d, MAILPROTO_ERR_SYNTAX, 0, 354);
}

static void bad_starttls(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    o.tls = MAILPROTO_SMTP_TLS_IF_OFFERED;
    d_open(d, &o);
    d_feed(d, "220 s\r\n250-s\r\n250 STARTTLS\r\n");
    d_feed(d, "250 go\r\n");
    d_expect(d, "GREETING 220 \"s\"\nCLOSED ERR_SYNTAX\n");
    d_error(d, MAILPROTO_ERR_SYNTAX, 28, 250);
}

/* ---- the end of the connection ------------------------------------------------------ */

static void eof_at_once(struct driver *d)
{
    d_open(d, NULL);
    d_eof(d);
    d_expect(d, "CLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, 0, 0);
}

static void eof_idle(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    d_eof(d);
    d_expect(d, "CLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, START, 250);
}

/* A refusal, and then the end: the refusal is told, and its code stays. */
static void eof_behind_refusal(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 3), MAILPROTO_OK);
    d_feed(d, "554 go away\r\n");
    d_eof(d);
    d_expect(d, "REPLY tag=1 554 \"go away\"\nREPLY tag=2 LOCAL ERR_CANCELLED\n"
                "REPLY tag=3 TRANSPORT ERR_EOF\nCLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, START + 13, 554);
}

static void eof_in_line(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_feed(d, "250-one\r\n250 tw");
    d_eof(d);
    d_expect(d, "REPLY tag=1 250 \"one\" -\nREPLY tag=1 TRANSPORT ERR_EOF\n"
                "CLOSED ERR_EOF\n");
    d_error(d, MAILPROTO_ERR_EOF, START + 9, 250);
}

static void eof_in_content(struct driver *d)
{
    to_content(d);
    d_eof(d);
    d_expect(d, "FINAL tag=3 TRANSPORT ERR_EOF\nCLOSED ERR_EOF\n");
}

static void eof_for_quit(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 2), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n");
    d_eof(d);
    d_expect(d, "REPLY tag=1 250 \"ok\"\nREPLY tag=2 TRANSPORT ERR_EOF\nCLOSED\n");
    d_error(d, MAILPROTO_OK, 0, 250);
}

static void eof_before_quit(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 2), MAILPROTO_OK);
    d_eof(d);
    d_expect(d, "REPLY tag=1 TRANSPORT ERR_EOF\nREPLY tag=2 TRANSPORT ERR_EOF\n"
                "CLOSED ERR_EOF\n");
}

static void failed_by_caller(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_session_fail(d->s, MAILPROTO_ERR_IO), MAILPROTO_OK);
    d_expect(d, "REPLY tag=1 TRANSPORT ERR_IO\nCLOSED ERR_IO\n");
    d_sent(d, "");
}

/* ---- limits ------------------------------------------------------------------------- */

/* Octets `x` of a log. */
static size_t count_x(const char *log)
{
    size_t n = 0;
    for (; *log != '\0'; log++) {
        n += *log == 'x';
    }
    return n;
}

static uint32_t limit_now;
static size_t length_now;

/* A reply of three lines to NOOP, `length_now` octets in all with the CRLFs. */
static void long_reply(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    char *reply = malloc(length_now + 1);
    o.in_size = 128;
    o.max_reply = limit_now;
    assert_non_null(reply);
    memset(reply, 'x', length_now);
    memcpy(reply, "250-one\r\n250-two\r\n250 ", 22);
    memcpy(reply + length_now - 2, "\r\n", 3);
    d_open(d, &o);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_feed(d, reply);
    d_run(d);
    if (length_now <= limit_now) {
        d_log(d, "end\n");
        reply[length_now - 2] = '\0';
        assert_memory_equal(strstr(d->log, " 250 \"xx") + 6, reply + 22,
                            length_now - 24);
        assert_memory_equal(strstr(d->log, "xx\"\n") + 3, "\nend\n", 5);
    } else {
        /* What was told of a line that outgrew the buffer, up to the limit; a line that
         * fits it is told when it is whole, and never was. */
        size_t told = length_now - 18 > 128 ? limit_now - 22 : 0;
        d_error(d, MAILPROTO_ERR_LINE_LIMIT, START + limit_now, 250);
        told = told > length_now - 24 ? length_now - 24 : told;
        assert_int_equal(told, count_x(d->log));
        assert_non_null(
            strstr(d->log, " TRANSPORT ERR_LINE_LIMIT\nCLOSED ERR_LINE_LIMIT\n"));
    }
    free(reply);
}

static void test_reply_limit(void **state)
{
    static const uint32_t limits[] = {100, 149, 150, 151, 400, 1000};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        limit_now = limits[i];
        for (length_now = limit_now - 3; length_now <= limit_now + 4; length_now++) {
            everywhere(long_reply);
        }
    }
}

/* The text that was told before the limit is the same however the bytes came. */
static void test_reply_limit_text(void **state)
{
    size_t first = 0;
    size_t piece;
    (void)state;
    for (piece = 0; piece < 40; piece++) {
        struct driver *d = calloc(1, sizeof *d);
        mailproto_smtp_client_options o = d_options();
        char reply[600];
        mailproto_event ev;
        size_t len = 0;
        assert_non_null(d);
        o.in_size = 128;
        o.max_reply = 300;
        memset(reply, 'x', sizeof reply);
        memcpy(reply, "250 ", 4);
        reply[sizeof reply - 1] = '\0';
        d->piece = 0;
        d_open(d, &o);
        d_start(d, "");
        assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
        d_run(d);
        {
            size_t at = 0;
            while (at < sizeof reply - 1) {
                size_t n = sizeof reply - 1 - at;
                size_t used = 0;
                n = piece > 0 && piece < n ? piece : n;
                (void)mailproto_session_feed(d->s, reply + at, n, &used);
                at += used;
                while (mailproto_session_next_event(d->s, &ev) == MAILPROTO_OK) {
                    if (ev.flags & MAILPROTO_EVF_MORE) {
                        len += ev.text.len;
                    }
                }
                if (used == 0) {
                    break;
                }
            }
        }
        assert_int_equal(len, 296);
        assert_true(piece == 0 || len == first);
        first = len;
        d_close(d);
        free(d);
    }
}

/* A bare LF far behind in a line that comes in pieces. */
static void dirty_long_line(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    char reply[400];
    o.in_size = 128;
    memset(reply, 'x', sizeof reply);
    memcpy(reply, "250 ", 4);
    memcpy(reply + 300, "\nyyy\r\n", 7);
    d_open(d, &o);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    d_feed(d, reply);
    d_run(d);
    d_error(d, MAILPROTO_ERR_SYNTAX, START + 300, 250);
    assert_int_equal(count_x(d->log), 296);
    assert_non_null(strstr(d->log, " TRANSPORT ERR_SYNTAX\nCLOSED ERR_SYNTAX\n"));
}

/* A capability line over the buffer is lost, and counted. */
static void long_capability(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    char line[300];
    mailproto_bytes text;
    o.in_size = 128;
    memset(line, 'x', sizeof line);
    memcpy(line, "250-SIZE ", 9);
    memcpy(line + 200, "\r\n", 3);
    d_open(d, &o);
    d_feed(d, "220 s\r\n250-s\r\n");
    d_feed(d, line);
    d_feed(d, "250 8BITMIME\r\n");
    d_expect(d, "GREETING 220 \"s\"\nCAPS 250 number=1\n");
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SIZE));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_8BITMIME));
    assert_int_equal(mailproto_session_cap_text(d->s, 0, &text), MAILPROTO_OK);
    assert_memory_equal(text.ptr, "8BITMIME", text.len);
}

/* No room for capability lines: counted, and still known. */
static void no_caps_room(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    mailproto_bytes text;
    o.caps_size = MAILPROTO_UNLIMITED;
    d_open(d, &o);
    d_feed(d, "220 s\r\n250-s\r\n250-SIZE 5\r\n250 8BITMIME\r\n");
    d_expect(d, "GREETING 220 \"s\"\nCAPS 250 number=2\n");
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SIZE));
    assert_int_equal(mailproto_smtp_client_size_limit(d->c), 5);
    assert_int_equal(mailproto_session_cap_text(d->s, 0, &text), MAILPROTO_EOF);
}

/* ---- time --------------------------------------------------------------------------- */

static void timed_out(struct driver *d)
{
    uint32_t id;
    uint32_t later;
    d_open(d, NULL);
    (void)d_want(d, &id);
    assert_int_equal(mailproto_session_timed_out(d->s, id + 1), MAILPROTO_OK);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_session_timed_out(d->s, id), MAILPROTO_OK);
    d_expect(d, "");
    (void)d_want(d, &id);
    assert_int_equal(mailproto_session_timed_out(d->s, id), MAILPROTO_OK);
    d_expect(d, ""); /* idle: nothing is waited for */
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    d_run(d);
    (void)d_want(d, &id);
    d_feed(d, "250-one\r\n");
    (void)d_want(d, &later);
    assert_int_equal(id, later); /* lines that drip in buy no time */
    d_feed(d, "250 two\r\n");
    (void)d_want(d, &later);
    assert_int_not_equal(id, later);
    d_forget(d);
    assert_int_equal(mailproto_session_timed_out(d->s, id), MAILPROTO_OK);
    d_run(d);
    assert_int_equal(d->log_len, 0);
    assert_int_equal(mailproto_session_timed_out(d->s, later), MAILPROTO_OK);
    d_expect(d, "REPLY tag=2 TRANSPORT ERR_TIMEOUT\nCLOSED ERR_TIMEOUT\n");
    d_error(d, MAILPROTO_ERR_TIMEOUT, START + 16 + 18, 250);
}

static void slow_content(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    uint32_t id;
    uint32_t later;
    size_t used;
    char text[64];
    memset(text, 'x', sizeof text);
    o.progress_bytes = 100;
    o.greeting_ms = 1;
    o.command_ms = 2;
    o.data_ms = 3;
    o.block_ms = 4;
    o.final_ms = 5;
    d_open(d, &o);
    d_timeout(d, 1);
    d_feed(d, "220 s\r\n");
    d_timeout(d, 2);
    d_feed(d, "250 s\r\n");
    d_timeout(d, 0);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_timeout(d, 2);
    d_feed(d, "250 1\r\n250 2\r\n");
    d_timeout(d, 3);
    d_feed(d, "354 go\r\n");
    d_timeout(d, 4);
    (void)d_want(d, &id);
    assert_int_equal(mailproto_session_content(d->s, text, 64, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content(d->s, text, 35, &used), MAILPROTO_OK);
    (void)d_want(d, &later);
    assert_int_equal(id, later); /* 99 octets */
    assert_int_equal(mailproto_session_content(d->s, text, 1, &used), MAILPROTO_OK);
    (void)d_want(d, &later);
    assert_int_not_equal(id, later);
    d_timeout(d, 4);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_OK);
    d_timeout(d, 5);
    d_forget(d);
    (void)d_want(d, &later);
    assert_int_equal(mailproto_session_timed_out(d->s, later), MAILPROTO_OK);
    d_expect(d, "FINAL tag=3 TRANSPORT ERR_TIMEOUT\nCLOSED ERR_TIMEOUT\n");
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
SCENARIO(nul_in_reply)
SCENARIO(odd_but_good)
SCENARIO(odd_and_good)
SCENARIO(unasked)
SCENARIO(one_too_many)
SCENARIO(idle_421)
SCENARIO(busy_421)
SCENARIO(own_421)
SCENARIO(quit_421)
SCENARIO(early_yes)
SCENARIO(early_end)
SCENARIO(early_no)
SCENARIO(early_421)
SCENARIO(data_done)
SCENARIO(final_3xx)
SCENARIO(bad_greeting)
SCENARIO(greeting_3xx)
SCENARIO(bad_starttls)
SCENARIO(eof_at_once)
SCENARIO(eof_idle)
SCENARIO(eof_behind_refusal)
SCENARIO(eof_in_line)
SCENARIO(eof_in_content)
SCENARIO(eof_for_quit)
SCENARIO(eof_before_quit)
SCENARIO(failed_by_caller)
SCENARIO(dirty_long_line)
SCENARIO(long_capability)
SCENARIO(no_caps_room)
SCENARIO(timed_out)
SCENARIO(slow_content)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_replies),
        cmocka_unit_test(test_nul_in_reply),
        cmocka_unit_test(test_odd_but_good),
        cmocka_unit_test(test_odd_and_good),
        cmocka_unit_test(test_unasked),
        cmocka_unit_test(test_one_too_many),
        cmocka_unit_test(test_idle_421),
        cmocka_unit_test(test_busy_421),
        cmocka_unit_test(test_own_421),
        cmocka_unit_test(test_quit_421),
        cmocka_unit_test(test_early_yes),
        cmocka_unit_test(test_early_end),
        cmocka_unit_test(test_early_no),
        cmocka_unit_test(test_early_421),
        cmocka_unit_test(test_data_done),
        cmocka_unit_test(test_final_3xx),
        cmocka_unit_test(test_bad_greeting),
        cmocka_unit_test(test_greeting_3xx),
        cmocka_unit_test(test_bad_starttls),
        cmocka_unit_test(test_eof_at_once),
        cmocka_unit_test(test_eof_idle),
        cmocka_unit_test(test_eof_behind_refusal),
        cmocka_unit_test(test_eof_in_line),
        cmocka_unit_test(test_eof_in_content),
        cmocka_unit_test(test_eof_for_quit),
        cmocka_unit_test(test_eof_before_quit),
        cmocka_unit_test(test_failed_by_caller),
        cmocka_unit_test(test_reply_limit),
        cmocka_unit_test(test_reply_limit_text),
        cmocka_unit_test(test_dirty_long_line),
        cmocka_unit_test(test_long_capability),
        cmocka_unit_test(test_no_caps_room),
        cmocka_unit_test(test_timed_out),
        cmocka_unit_test(test_slow_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
