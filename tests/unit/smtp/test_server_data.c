/*
 * Content on the SMTP server: its true end, line ends, limits, refusal, loss. The
 * joined pieces, the events around them and the replies do not depend on how it was
 * cut.
 */
#include "server_driver.h"

#define BEGIN                                                                          \
    STEP("EHLO c\r\n"), STEP("MAIL FROM:<a@b.example>\r\n"),                           \
        STEP("RCPT TO:<c@d.example>\r\n"), STEP("DATA\r\n")
#define BEGIN_LOG                                                                      \
    "CONNECT ?\nHELO 1 [c] ?\nMAIL [a@b.example] ?\nRCPT [c@d.example] ?\nDATA ?\n"
#define HELLO_OUT                                                                      \
    "220 mx.example ESMTP\r\n250-mx.example\r\n250-PIPELINING\r\n250-SIZE "            \
    "41943040\r\n"                                                                     \
    "250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
#define MAIL_OUT                                                                       \
    "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n"                                \
    "354 End data with <CR><LF>.<CR><LF>\r\n"
#define BEGIN_OUT HELLO_OUT MAIL_OUT
#define OPENING "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
#define NOOP_LOG "COMMAND 12 [NOOP] ?\n"
#define NOOP_OUT "250 2.0.0 OK\r\n"

/* One message, then NOOP: proof of being in step. */
static void check_content(uint32_t line_ends, const char *text, const char *log,
                          const char *out)
{
    mailproto_smtp_server_options o = options_of();
    struct step steps[7] = {BEGIN, {NULL, 0}, STEP("NOOP\r\n"), STEPS_END};
    char *all_log = (char *)malloc(strlen(log) + 200);
    char *all_out = (char *)malloc(strlen(out) + 400);
    steps[4].data = text;
    steps[4].len = strlen(text);
    sprintf(all_log, "%s%s%s", BEGIN_LOG, log, NOOP_LOG);
    sprintf(all_out, "%s%s%s", BEGIN_OUT, out, NOOP_OUT);
    o.line_ends = line_ends;
    check_script(&o, NULL, steps, 0, all_log, all_out);
    free(all_log);
    free(all_out);
}

#define ACCEPTED "250 2.0.0 Message accepted\r\n"
#define REFUSED "550 5.6.0 Bare CR, bare LF or NUL in content\r\n"
#define BARE "CONTENT_ABORTED MAILPROTO_ERR_BARE_LINE_END"

static void clean(void **state)
{
    (void)state;
    check_content(0, ".\r\n", "CONTENT_END\nDELIVER ?\n", ACCEPTED);
    check_content(0, "\r\n.\r\n", "CONTENT [\\r\\n]\nCONTENT_END #2\nDELIVER ?\n",
                  ACCEPTED);
    check_content(
        0, "a\r\n..\r\n...\r\n.x\r\n.\r\n",
        "CONTENT [a\\r\\n.\\r\\n..\\r\\nx\\r\\n]\nCONTENT_END #13\nDELIVER ?\n",
        ACCEPTED);
    check_content(0, "a\r\n. \r\nb.\r\n.\r\n",
                  "CONTENT [a\\r\\n \\r\\nb.\\r\\n]\nCONTENT_END #10\nDELIVER ?\n",
                  ACCEPTED);
}

/* Only CRLF.CRLF ends it; all else that looks like an end is content, and refused. */
static void refused_line_ends(void **state)
{
    static const struct {
        const char *text, *log;
    } cases[] = {
        {"a\n.\r\nMAIL FROM:<x@y>\r\n.\r\n", "CONTENT [a]\n" BARE " #1\n"},
        {"a\n.\nMAIL\r\n.\r\n", "CONTENT [a]\n" BARE " #1\n"},
        {"a\r.\r\nMAIL\r\n.\r\n", "CONTENT [a\\r]\n" BARE " #2\n"},
        {"a\r\n.\nMAIL\r\n.\r\n", "CONTENT [a\\r\\n]\n" BARE " #3\n"},
        {"a\r\n.\rMAIL\r\n.\r\n", "CONTENT [a\\r\\n\\r]\n" BARE " #4\n"},
        {"a\r\n.\r\r\nMAIL\r\n.\r\n", "CONTENT [a\\r\\n\\r]\n" BARE " #4\n"},
        {"a\r\r\n.\r\n", "CONTENT [a\\r]\n" BARE " #2\n"},
        {"\n.\r\n\r\n.\r\n", BARE "\n"},
        {"\r.\r\n\r\n.\r\n", "CONTENT [\\r]\n" BARE " #1\n"},
        {"a\rx\n.\r\nMAIL\r\n.\r\n", "CONTENT [a\\r]\n" BARE " #2\n"},
        {"ab\ncd\re\r\n.\r\n", "CONTENT [ab]\n" BARE " #2\n"},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_content(0, cases[i].text, cases[i].log, REFUSED);
    }
}

static void nul(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {BEGIN, STEP("a\r\n\0.\r\nb\nc\r\n.\r\n"),
                                        STEP("NOOP\r\n"), STEPS_END};
    static const struct step dot[] = {BEGIN, STEP("a\r\n.\0\r\nb\r\n.\r\n"), STEPS_END};
    (void)state;
    check_script(&o, NULL, steps, 0,
                 BEGIN_LOG
                 "CONTENT [a\\r\\n]\nCONTENT_ABORTED MAILPROTO_ERR_NUL #3\n" NOOP_LOG,
                 BEGIN_OUT REFUSED NOOP_OUT);
    check_script(&o, NULL, dot, 0,
                 BEGIN_LOG "CONTENT [a\\r\\n]\nCONTENT_ABORTED MAILPROTO_ERR_NUL #3\n",
                 BEGIN_OUT REFUSED);
    o.line_ends = MAILPROTO_LINE_ENDS_REPAIR;
    check_script(&o, NULL, steps, 0,
                 BEGIN_LOG
                 "CONTENT [a\\r\\n]\nCONTENT_ABORTED MAILPROTO_ERR_NUL #3\n" NOOP_LOG,
                 BEGIN_OUT REFUSED NOOP_OUT);
    o.line_ends = MAILPROTO_LINE_ENDS_PASS;
    check_script(&o, NULL, steps, 0,
                 BEGIN_LOG
                 "CONTENT [a\\r\\n\\x00.\\r\\nb\\nc\\r\\n]\nCONTENT_END #12 unclean\n"
                 "DELIVER ?\n" NOOP_LOG,
                 BEGIN_OUT ACCEPTED NOOP_OUT);
}

static void repaired_and_passed(void **state)
{
    (void)state;
    check_content(
        MAILPROTO_LINE_ENDS_REPAIR, "a\n.\rb\r\n.\r\n",
        "CONTENT [a\\r\\n.\\r\\nb\\r\\n]\nCONTENT_END #9 repaired\nDELIVER ?\n",
        ACCEPTED);
    check_content(MAILPROTO_LINE_ENDS_REPAIR, "a\r\n.\r\n",
                  "CONTENT [a\\r\\n]\nCONTENT_END #3\nDELIVER ?\n", ACCEPTED);
    check_content(MAILPROTO_LINE_ENDS_PASS, "a\n.\rb\r\n.\r\n",
                  "CONTENT [a\\n.\\rb\\r\\n]\nCONTENT_END #7 unclean\nDELIVER ?\n",
                  ACCEPTED);
    check_content(MAILPROTO_LINE_ENDS_REFUSE, "a\nb\r\n.\r\n",
                  "CONTENT [a]\n" BARE " #1\n", REFUSED);
}

/* ---- the limit ------------------------------------------------------------------- */

static void limit(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step fits[] = {BEGIN, STEP("123456\r\n.\r\n"), STEP("NOOP\r\n"),
                                       STEPS_END};
    static const struct step over[] = {BEGIN, STEP("1234567\r\n.\r\n"),
                                       STEP("NOOP\r\n"), STEPS_END};
    static const struct step stuffed[] = {BEGIN, STEP("..234..\r\n.\r\n"), STEPS_END};
    static const struct step bad_first[] = {BEGIN, STEP("12345678\n9\r\n.\r\n"),
                                            STEPS_END};
    static const struct step cr_last[] = {BEGIN, STEP("1234567\r9\r\n.\r\n"),
                                          STEPS_END};
    static const struct step cr_over[] = {BEGIN, STEP("12345678\r9\r\n.\r\n"),
                                          STEPS_END};
    const char *hello =
        "220 mx.example ESMTP\r\n250-mx.example\r\n250-PIPELINING\r\n"
        "250-SIZE 8\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n" MAIL_OUT;
    char out[1000];
    (void)state;
    o.max_content = 8;
    sprintf(out, "%s" ACCEPTED NOOP_OUT, hello);
    check_script(
        &o, NULL, fits, 0,
        BEGIN_LOG "CONTENT [123456\\r\\n]\nCONTENT_END #8\nDELIVER ?\n" NOOP_LOG, out);
    sprintf(out, "%s" ACCEPTED, hello);
    check_script(&o, NULL, stuffed, 0,
                 BEGIN_LOG "CONTENT [.234..\\r\\n]\nCONTENT_END #8\nDELIVER ?\n", out);
    sprintf(out, "%s552 5.3.4 Message too large\r\n" NOOP_OUT, hello);
    check_script(&o, NULL, over, 0,
                 BEGIN_LOG "CONTENT [1234567\\r]\n"
                           "CONTENT_ABORTED MAILPROTO_ERR_CONTENT_LIMIT #8\n" NOOP_LOG,
                 out);
    sprintf(out, "%s" REFUSED, hello);
    check_script(&o, NULL, bad_first, 0, BEGIN_LOG "CONTENT [12345678]\n" BARE " #8\n",
                 out);
    check_script(&o, NULL, cr_last, 0, BEGIN_LOG "CONTENT [1234567\\r]\n" BARE " #8\n",
                 out);
    sprintf(out, "%s552 5.3.4 Message too large\r\n", hello);
    check_script(&o, NULL, cr_over, 0,
                 BEGIN_LOG "CONTENT [12345678]\n"
                           "CONTENT_ABORTED MAILPROTO_ERR_CONTENT_LIMIT #8\n",
                 out);
}

/* RFC 1870 6.1: what is announced is refused before it is sent. */
static void announced_size(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    (void)state;
    o.max_content = 1000;
    r = open_session(&o, NULL, "EHLO c\r\n");
    feed_text(r, "MAIL FROM:<> SIZE=1001\r\n");
    feed_text(r, "MAIL FROM:<> SIZE=18446744073709551616\r\n");
    feed_text(r, "MAIL FROM:<> SIZE=1000\r\n");
    assert_string_equal(r->out, "552 5.3.4 Message too large\r\n"
                                "501 5.5.4 Syntax error in arguments\r\n"
                                "250 2.1.0 Sender OK\r\n");
    close_session(r);
    o.max_content = MAILPROTO_UNLIMITED_64;
    r = open_session(&o, NULL, NULL);
    feed_text(r, "EHLO c\r\n");
    feed_text(r, "MAIL FROM:<> SIZE=18446744073709551615\r\n");
    assert_non_null(strstr(r->out, "250-SIZE\r\n"));
    assert_non_null(strstr(r->out, "Sender OK"));
    close_session(r);
}

/* ---- the application's refusal --------------------------------------------------- */

static const char *refuse_text;
static uint16_t refuse_code;

/* Refuses at the third octet of content. */
static int refuse_midway(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    st.code = refuse_code;
    st.enhanced[0] = (uint16_t)(refuse_code / 100);
    st.enhanced[1] = 7;
    st.enhanced[2] = 1;
    if (ev->type == MAILPROTO_EV_CONTENT && ev->number < 3 &&
        ev->number + ev->text.len >= 3) {
        assert_int_equal(
            mailproto_smtp_server_refuse_content(r->server, &st, bytes_of(refuse_text)),
            MAILPROTO_OK);
        assert_int_equal(
            mailproto_smtp_server_refuse_content(r->server, &st, bytes_of(refuse_text)),
            MAILPROTO_ERR_STATE);
    }
    return 0;
}

static void refused_midway(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, refuse_midway, OPENING);
    (void)state;
    refuse_text = "Not here";
    refuse_code = 550;
    feed_text(r, "abcdef\r\nmore");
    feed_text(r, "\nand bare\r\n");
    assert_string_equal(r->log, "CONTENT [abcdef\\r\\nmore]\n"
                                "CONTENT_ABORTED MAILPROTO_ERR_CANCELLED #12\n");
    assert_string_equal(r->out, "");
    feed_text(r, ".\r\nNOOP\r\n");
    assert_string_equal(r->out, "550 5.7.1 Not here\r\n250 2.0.0 OK\r\n");
    assert_null(strstr(r->log, "EARLY")); /* pipelining behind content is none */
    /* The transaction is over. */
    feed_text(r, "DATA\r\n");
    assert_non_null(strstr(r->out, "503 5.5.1 Need MAIL command"));
    close_session(r);

    r = open_session(&o, refuse_midway, OPENING);
    refuse_code = 421;
    feed_text(r, "abcdef\r\n");
    assert_int_equal(r->closed, 1);
    feed_text(r, ".\r\nNOOP\r\n");
    assert_string_equal(r->out, "421 4.7.1 Not here\r\n");
    assert_int_equal(r->closed, MAILPROTO_OK);
    close_session(r);
}

static void refuse_arguments(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    mailproto_smtp_status st;
    char text[130];
    (void)state;
    memset(text, 'x', sizeof text);
    text[129] = '\0';
    memset(&st, 0, sizeof st);
    st.code = 550;
    assert_int_equal(
        mailproto_smtp_server_refuse_content(r->server, &st, bytes_of("x")),
        MAILPROTO_ERR_STATE);
    feed_text(r, "MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n");
    r->out_len = 0;
    st.code = 250;
    assert_int_equal(
        mailproto_smtp_server_refuse_content(r->server, &st, bytes_of("x")),
        MAILPROTO_ERR_ARGUMENT);
    st.code = 450;
    st.enhanced[0] = 5;
    assert_int_equal(
        mailproto_smtp_server_refuse_content(r->server, &st, bytes_of("x")),
        MAILPROTO_ERR_ARGUMENT);
    st.enhanced[0] = 0;
    assert_int_equal(
        mailproto_smtp_server_refuse_content(r->server, &st, bytes_of("x\n")),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_smtp_server_refuse_content(r->server, &st, bytes_of(text)),
        MAILPROTO_ERR_TOO_LONG);
    text[128] = '\0';
    st.code = 400;
    assert_int_equal(
        mailproto_smtp_server_refuse_content(r->server, &st, bytes_of(text)),
        MAILPROTO_OK);
    pull(r);
    feed_text(r, "x\r\n.\r\n");
    assert_int_equal(r->out_len, 10 + 128 + 2);
    assert_memory_equal(r->out, "400 4.0.0 ", 10);
    close_session(r);
}

/* The reply to the message is the application's, and ends the transaction anyhow. */
static int refuse_delivery(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    st.code = 451;
    if (ev->type != MAILPROTO_EV_SMTP_DELIVER) {
        return 0;
    }
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("")),
        MAILPROTO_OK);
    return 1;
}

static void refused_delivery(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, refuse_delivery, OPENING);
    (void)state;
    feed_text(r, "x\r\n.\r\nMAIL FROM:<>\r\nDATA\r\n");
    assert_string_equal(r->out, "451 4.3.0 \r\n250 2.1.0 Sender OK\r\n"
                                "503 5.5.1 Need RCPT command\r\n");
    close_session(r);
}

static int refuse_data(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    st.code = 250;
    if (ev->type != MAILPROTO_EV_SMTP_DATA) {
        return 0;
    }
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("")),
        MAILPROTO_ERR_ARGUMENT);
    st.code = 452;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("")),
        MAILPROTO_OK);
    return 1;
}

static void refused_data(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, refuse_data, OPENING);
    (void)state;
    feed_text(r, "RCPT TO:<x@y.example>\r\n");
    r->answer = NULL;
    feed_text(r, "DATA\r\n");
    feed_text(r, ".\r\n");
    assert_string_equal(r->out, "250 2.1.5 Recipient OK\r\n"
                                "354 End data with <CR><LF>.<CR><LF>\r\n" ACCEPTED);
    close_session(r);
}

/* ---- loss ------------------------------------------------------------------------ */

static void lost(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {BEGIN, STEP("A: b\r\n."), STEPS_END};
    static const struct step condemned[] = {BEGIN, STEP("A\nb\r\n."), STEPS_END};
    (void)state;
    check_script(&o, NULL, steps, 1,
                 BEGIN_LOG
                 "CONTENT [A: b\\r\\n]\nCONTENT_ABORTED MAILPROTO_ERR_EOF #6\n"
                 "CLOSED MAILPROTO_ERR_EOF\n",
                 BEGIN_OUT);
    /* Told once, and what was held is not said. */
    check_script(&o, NULL, condemned, 1,
                 BEGIN_LOG "CONTENT [A]\n" BARE " #1\nCLOSED MAILPROTO_ERR_EOF\n",
                 BEGIN_OUT);
}

static void lost_otherwise(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, OPENING);
    mailproto_want want = {sizeof want, 0, 0, 0};
    (void)state;
    feed_text(r, "abc");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log,
                        "CONTENT [abc]\nCONTENT_ABORTED MAILPROTO_ERR_TIMEOUT #3\n"
                        "CLOSED MAILPROTO_ERR_TIMEOUT\n");
    assert_string_equal(r->out, "421 4.4.2 mx.example Timeout\r\n");
    close_session(r);

    r = open_session(&o, NULL, OPENING);
    feed_text(r, "abc");
    assert_int_equal(mailproto_session_fail(r->s, MAILPROTO_ERR_IO), MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "CONTENT [abc]\nCONTENT_ABORTED MAILPROTO_ERR_IO #3\n"
                                "CLOSED MAILPROTO_ERR_IO\n");
    assert_string_equal(r->out, "");
    close_session(r);

    r = open_session(&o, NULL, OPENING);
    assert_int_equal(mailproto_session_fail(r->s, MAILPROTO_ERR_IO), MAILPROTO_OK);
    {
        mailproto_smtp_status st;
        memset(&st, 0, sizeof st);
        st.code = 550;
        assert_int_equal(
            mailproto_smtp_server_refuse_content(r->server, &st, bytes_of("x")),
            MAILPROTO_ERR_STATE);
    }
    close_session(r);

    r = open_session(&o, NULL, OPENING);
    feed_text(r, "a\nc");
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "CONTENT [a]\n" BARE " #1\nCLOSED MAILPROTO_OK\n");
    assert_string_equal(r->out, "421 4.3.2 mx.example Service not available\r\n");
    close_session(r);

    r = open_session(&o, NULL, OPENING);
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->log, "CONTENT_ABORTED MAILPROTO_ERR_CANCELLED\n"
                                "CLOSED MAILPROTO_OK\n");
    close_session(r);
}

/* ---- waiting --------------------------------------------------------------------- */

static void progress(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_want want = {sizeof want, 0, 0, 0};
    struct run *r;
    uint32_t id;
    (void)state;
    o.progress_bytes = 10;
    o.block_ms = 77;
    o.command_ms = 88;
    r = open_session(&o, NULL, OPENING);
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 77);
    id = want.wait_id;
    feed_text(r, "123456789");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.wait_id, id);
    feed_text(r, "0");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.wait_id, id + 1);
    feed_text(r, "123456789");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.wait_id, id + 1);
    feed_text(r, "\r\n.\r\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.timeout_ms, 88);
    close_session(r);
}

/* Content is not copied: its events point into what was fed. */
static void not_copied(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, OPENING);
    char text[] = "one\r\n..two\r\n";
    mailproto_event ev;
    size_t used;
    (void)state;
    assert_int_equal(mailproto_session_feed(r->s, text, 12, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_ptr_equal(ev.text.ptr, text);
    assert_int_equal(ev.text.len, 5);
    assert_int_equal(used, 6);
    assert_int_equal(mailproto_session_feed(r->s, text + 6, 6, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_ptr_equal(ev.text.ptr, text + 6);
    assert_int_equal(ev.number, 5);
    close_session(r);
}

/* Content waits for room in the output too: its reply never fails for want of it. */
static void no_room(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    mailproto_want want = {sizeof want, 0, 0, 0};
    size_t limit = 4096 - 1024 - 512; /* out_size, reply_max, capability lines */
    size_t len = 0;
    size_t used;
    (void)state;
    feed_text(r, "MAIL FROM:<>\r\n");
    r->no_drain = 1;
    while (len + 24 <= limit) { /* a reply to RCPT has 24 octets */
        give(r, "RCPT TO:<a@b.example>\r\n", 23);
        (void)mailproto_session_output(r->s, &len);
    }
    give(r, "DATA\r\n", 6);
    (void)mailproto_session_output(r->s, &len);
    assert_true(len > limit);
    assert_int_equal(mailproto_session_feed(r->s, "x\r\n.\r\n", 6, &used),
                     MAILPROTO_OK);
    assert_int_equal(used, 0);
    pull(r); /* EARLY_TALKER */
    assert_int_equal(mailproto_session_feed(r->s, "x\r\n.\r\n", 6, &used),
                     MAILPROTO_OK);
    assert_int_equal(used, 0);
    pull(r);
    assert_non_null(strstr(r->log, "DATA ?\nEARLY_TALKER\n"));
    assert_null(strstr(r->log, "CONTENT"));
    mailproto_session_get_want(r->s, &want);
    assert_true(want.flags & MAILPROTO_WANT_WRITE);
    drain(r);
    give(r, "x\r\n.\r\n", 6);
    assert_non_null(strstr(r->log, "CONTENT [x\\r\\n]\nCONTENT_END #3\nDELIVER ?\n"));
    close_session(r);
}

/* Many messages, with the smallest buffers. */
static void small_buffers(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    char *text = (char *)malloc(40000);
    size_t len = 0;
    int i;
    (void)state;
    o.max_command = 512;
    o.in_size = 512;
    o.reply_max = 512;
    o.out_size = 1024;
    for (i = 0; i < 300; i++) {
        len += (size_t)sprintf(text + len,
                               "MAIL FROM:<a%d@b.example>\r\nRCPT TO:<c@d>\r\n", i);
        len += (size_t)sprintf(text + len, "RSET\r\n");
    }
    for (i = 0; i < 4; i++) {
        r = (struct run *)calloc(1, sizeof *r);
        r->way = (enum way)(i < 2 ? i : i + 1);
        run_start(r, &o);
        pull(r);
        feed_text(r, "EHLO c\r\n");
        r->log_len = 0;
        feed_step(r, text, len);
        assert_int_equal(r->events, 2 + 900);
        assert_null(strstr(r->out, "\n5"));
        close_session(r);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean),
        cmocka_unit_test(refused_line_ends),
        cmocka_unit_test(nul),
        cmocka_unit_test(repaired_and_passed),
        cmocka_unit_test(limit),
        cmocka_unit_test(announced_size),
        cmocka_unit_test(refused_midway),
        cmocka_unit_test(refuse_arguments),
        cmocka_unit_test(refused_delivery),
        cmocka_unit_test(refused_data),
        cmocka_unit_test(lost),
        cmocka_unit_test(lost_otherwise),
        cmocka_unit_test(progress),
        cmocka_unit_test(not_copied),
        cmocka_unit_test(no_room),
        cmocka_unit_test(small_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
