/*
 * Replies of the application on the SMTP server: what is taken, how it is written, when
 * it shows.
 */
#include "server_driver.h"

static struct run *asked(const mailproto_smtp_server_options *o, const char *before,
                         const char *line, mailproto_event *ev)
{
    struct run *r = open_session(o, NULL, before);
    size_t used;
    assert_int_equal(mailproto_session_feed(r->s, line, strlen(line), &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, ev), MAILPROTO_OK);
    assert_true(ev->flags & MAILPROTO_EVF_NEEDS_REPLY);
    return r;
}

static mailproto_smtp_status status_of(uint16_t code, uint16_t a, uint16_t b,
                                       uint16_t c)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    st.code = code;
    st.enhanced[0] = a;
    st.enhanced[1] = b;
    st.enhanced[2] = c;
    return st;
}

static mailproto_status reply(struct run *r, uint32_t tag, uint16_t code,
                              uint32_t flags, const char *text)
{
    mailproto_smtp_status st = status_of(code, 0, 0, 0);
    return mailproto_smtp_server_reply(r->server, tag, &st, flags, bytes_of(text));
}

static void arguments(void **state)
{
    static const uint16_t bad_codes[] = {0,   100, 199, 260, 300, 354,
                                         399, 460, 560, 600, 999};
    static const char *const bad_texts[] = {"a\rb", "a\nb",  "\t",  "\x7f",
                                            "\xff", "\xc3(", "\x01"};
    mailproto_smtp_server_options o = options_of();
    mailproto_smtp_status st;
    mailproto_event ev;
    mailproto_bytes nul = {"a\0b", 3};
    mailproto_bytes none = {NULL, 0};
    mailproto_bytes lies = {NULL, 1};
    struct run *r = asked(&o, "EHLO c\r\n", "MAIL FROM:<>\r\n", &ev);
    size_t i;
    (void)state;
    for (i = 0; i < sizeof bad_codes / sizeof bad_codes[0]; i++) {
        assert_int_equal(reply(r, ev.tag, bad_codes[i], 0, "x"),
                         MAILPROTO_ERR_ARGUMENT);
    }
    for (i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        assert_int_equal(reply(r, ev.tag, 250, 0, bad_texts[i]),
                         MAILPROTO_ERR_ARGUMENT);
    }
    st = status_of(250, 0, 0, 0);
    assert_int_equal(mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, nul),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, lies),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_server_reply(r->server, ev.tag, NULL, 0, none),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(reply(r, ev.tag, 250, 2, "x"), MAILPROTO_ERR_ARGUMENT);
    /* the class of an enhanced code is that of the code (RFC 2034 4) */
    st = status_of(250, 5, 1, 0);
    assert_int_equal(mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, none),
                     MAILPROTO_ERR_ARGUMENT);
    st = status_of(550, 5, 1000, 0);
    assert_int_equal(mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, none),
                     MAILPROTO_ERR_ARGUMENT);
    st = status_of(550, 5, 0, 1000);
    assert_int_equal(mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, none),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(reply(r, ev.tag + 1, 250, 0, "x"), MAILPROTO_ERR_STALE);
    assert_int_equal(reply(r, ev.tag - 1, 250, 0, "x"), MAILPROTO_ERR_STALE);
    assert_int_equal(reply(r, 0, 250, 0, "x"), MAILPROTO_ERR_STALE);
    /* Nothing of all this has shown, and nothing is answered. */
    drain(r);
    assert_string_equal(r->out, "");
    st = status_of(550, 5, 999, 999);
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, bytes_of("\xc3\xa9")),
        MAILPROTO_OK);
    assert_int_equal(reply(r, ev.tag, 250, 0, "x"), MAILPROTO_ERR_STALE);
    drain(r);
    assert_string_equal(r->out, "550 5.999.999 \xc3\xa9\r\n");
    assert_int_equal(error_of(r).reply_code, 550);
    close_session(r);
}

/* A code without an enhanced one gets that of RFC 3463, or X.0.0. */
static void default_enhanced_codes(void **state)
{
    static const struct {
        uint16_t code;
        const char *out;
    } cases[] = {
        {250, "250 2.0.0 x\r\n"}, {251, "251 2.0.0 x\r\n"}, {450, "450 4.2.0 x\r\n"},
        {451, "451 4.3.0 x\r\n"}, {452, "452 4.3.1 x\r\n"}, {500, "500 5.5.2 x\r\n"},
        {501, "501 5.5.4 x\r\n"}, {503, "503 5.5.1 x\r\n"}, {530, "530 5.7.0 x\r\n"},
        {550, "550 5.0.0 x\r\n"}, {552, "552 5.3.4 x\r\n"}, {553, "553 5.1.3 x\r\n"},
        {554, "554 5.0.0 x\r\n"}, {555, "555 5.5.4 x\r\n"}, {556, "556 5.1.10 x\r\n"}};
    mailproto_smtp_server_options o = options_of();
    mailproto_event ev;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run *r =
            asked(&o, "EHLO c\r\nMAIL FROM:<>\r\n", "RCPT TO:<a@b.c>\r\n", &ev);
        assert_int_equal(reply(r, ev.tag, cases[i].code, 0, "x"), MAILPROTO_OK);
        drain(r);
        assert_string_equal(r->out, cases[i].out);
        close_session(r);
    }
}

/* A reply of several lines shows as a whole, and all lines agree. */
static void several_lines(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_smtp_status st = status_of(214, 2, 0, 0);
    mailproto_event ev;
    mailproto_event other;
    size_t len;
    struct run *r = asked(&o, "EHLO c\r\n", "HELP\r\n", &ev);
    (void)state;
    assert_int_equal(reply(r, ev.tag, 214, MAILPROTO_SMTP_REPLY_MORE, "one"),
                     MAILPROTO_OK);
    (void)mailproto_session_output(r->s, &len);
    assert_int_equal(len, 0);
    assert_int_equal(mailproto_session_next_event(r->s, &other), MAILPROTO_AGAIN);
    assert_int_equal(reply(r, ev.tag, 211, 0, "two"), MAILPROTO_ERR_ARGUMENT);
    st.enhanced[2] = 1;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, bytes_of("x")),
        MAILPROTO_ERR_ARGUMENT);
    st.enhanced[2] = 0;
    st.enhanced[1] = 1;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev.tag, &st, 0, bytes_of("x")),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(reply(r, ev.tag, 214, MAILPROTO_SMTP_REPLY_MORE, ""),
                     MAILPROTO_OK);
    assert_int_equal(reply(r, ev.tag, 214, 0, "three"), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "214-2.0.0 one\r\n214-2.0.0 \r\n214 2.0.0 three\r\n");
    close_session(r);
    /* What was begun is void when it is answered otherwise. */
    r = asked(&o, "EHLO c\r\n", "HELP\r\n", &ev);
    assert_int_equal(reply(r, ev.tag, 502, MAILPROTO_SMTP_REPLY_MORE, "one"),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "214 2.0.0 See RFC 5321\r\n");
    feed_text(r, "NOOP\r\n");
    close_session(r);
    r = asked(&o, "EHLO c\r\n", "HELP\r\n", &ev);
    assert_int_equal(reply(r, ev.tag, 214, MAILPROTO_SMTP_REPLY_MORE, "one"),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_OK);
    pull(r);
    assert_string_equal(r->out, "421 4.3.2 mx.example Service not available\r\n");
    close_session(r);
}

static void lengths(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_event ev;
    char text[520];
    char mechanisms[255];
    struct run *r;
    int i;
    (void)state;
    memset(text, 'x', sizeof text);
    text[519] = '\0';
    o.reply_max = 600;
    r = asked(&o, "EHLO c\r\n", "HELP\r\n", &ev);
    /* "214 2.0.0 " and CRLF are 12 octets; RFC 5321 4.5.3.1.5 has 512 */
    text[501] = '\0';
    assert_int_equal(reply(r, ev.tag, 214, 0, text), MAILPROTO_ERR_TOO_LONG);
    text[500] = '\0';
    assert_int_equal(reply(r, ev.tag, 214, MAILPROTO_SMTP_REPLY_MORE, text),
                     MAILPROTO_OK);
    text[77] = '\0';
    assert_int_equal(reply(r, ev.tag, 214, 0, text), MAILPROTO_ERR_TOO_LONG);
    text[76] = '\0';
    assert_int_equal(reply(r, ev.tag, 214, 0, text), MAILPROTO_OK);
    drain(r);
    assert_int_equal(r->out_len, 600);
    close_session(r);
    /* With the smallest buffers the longest reply has room, and EHLO's beside it. */
    o = options_of();
    o.reply_max = 512;
    o.out_size = 1024;
    memset(text, 'h', 255);
    text[255] = '\0';
    o.host_name = bytes_of(text);
    for (i = 0; i < 255; i++) {
        mechanisms[i] = i % 16 == 15 ? ' ' : 'M';
    }
    o.auth_mechanisms.ptr = mechanisms;
    o.auth_mechanisms.len = 255;
    o.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    o.max_content = UINT64_MAX - 1;
    o.caps = (cap_bit(20) - 1) & ~(cap_bit(MAILPROTO_SMTP_CAP_CHUNKING) |
                                   cap_bit(MAILPROTO_SMTP_CAP_BINARYMIME) |
                                   cap_bit(MAILPROTO_SMTP_CAP_FUTURERELEASE) |
                                   cap_bit(MAILPROTO_SMTP_CAP_LIMITS));
    r = open_session(&o, NULL, NULL);
    feed_text(r, "EHLO c\r\n");
    assert_non_null(strstr(r->out, "\r\n250 RRVS\r\n"));
    for (i = 0; i < 20; i++) {
        size_t used;
        assert_int_equal(mailproto_session_feed(r->s, "EHLO c\r\n", 8, &used),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
        text[249] = '\0';
        assert_int_equal(reply(r, ev.tag, 250, MAILPROTO_SMTP_REPLY_MORE, text),
                         MAILPROTO_OK);
        text[249] = 'h';
        assert_int_equal(reply(r, ev.tag, 250, 0, text + 4), MAILPROTO_OK);
        r->out_len = 0;
        drain(r);
        assert_true(r->out_len > 512 + 400);
        assert_memory_equal(r->out + r->out_len - 10, "250 RRVS\r\n", 10);
    }
    close_session(r);
}

/* EHLO: the application's lines come before the capabilities, which are the engine's. */
static void own_hello(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_event ev;
    struct run *r = asked(&o, "", "EHLO c\r\n", &ev);
    (void)state;
    assert_int_equal(reply(r, ev.tag, 250, MAILPROTO_SMTP_REPLY_MORE, "mx.example hi"),
                     MAILPROTO_OK);
    assert_int_equal(reply(r, ev.tag, 250, 0, "X-MINE 1"), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out,
                        "250-mx.example hi\r\n250-X-MINE 1\r\n250-PIPELINING\r\n"
                        "250-SIZE 41943040\r\n250-8BITMIME\r\n"
                        "250 ENHANCEDSTATUSCODES\r\n");
    close_session(r);
    r = asked(&o, "", "HELO c\r\n", &ev);
    assert_int_equal(reply(r, ev.tag, 250, 0, "mx.example hi"), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "250 mx.example hi\r\n");
    close_session(r);
    o.caps = MAILPROTO_SMTP_CAPS_NONE;
    r = asked(&o, "", "EHLO c\r\n", &ev);
    assert_int_equal(reply(r, ev.tag, 250, 0, "mx.example hi"), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "250 mx.example hi\r\n");
    close_session(r);
}

/* RFC 2034 4: neither the greeting nor what answers HELO and EHLO has enhanced codes. */
static void plain_replies(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_event ev;
    struct run *r = (struct run *)calloc(1, sizeof *r);
    (void)state;
    run_start(r, &o);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(reply(r, ev.tag, 220, 0, "mx.example ESMTP ready"), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "220 mx.example ESMTP ready\r\n");
    close_session(r);
    r = asked(&o, "", "EHLO c\r\n", &ev);
    assert_int_equal(reply(r, ev.tag, 550, 0, "no"), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "550 no\r\n");
    close_session(r);
    r = asked(&o, "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\n", "DATA\r\n", &ev);
    assert_int_equal(reply(r, ev.tag, 354, 0, "go"), MAILPROTO_OK);
    drain(r);
    assert_string_equal(r->out, "354 go\r\n");
    close_session(r);
}

/* Pipelined replies gather in the output; what must not wait says so. */
static void gathering(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_event ev;
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    static const char text[] = "MAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nRCPT TO:<d@e.f>\r\n";
    char *space;
    size_t cap;
    int i;
    (void)state;
    space = (char *)mailproto_session_input_space(r->s, &cap);
    memcpy(space, text, sizeof text - 1);
    assert_int_equal(mailproto_session_input_commit(r->s, sizeof text - 1),
                     MAILPROTO_OK);
    for (i = 0; i < 3; i++) {
        assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
        mailproto_session_get_want(r->s, &want);
        assert_int_equal(want.flags & MAILPROTO_WANT_WRITE, 0);
        assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag), MAILPROTO_OK);
    }
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_AGAIN);
    mailproto_session_get_want(r->s, &want);
    assert_true(want.flags & MAILPROTO_WANT_WRITE);
    close_session(r);
    /* An answer that is postponed: the ones before it leave meanwhile. */
    r = open_session(&o, NULL, "EHLO c\r\n");
    space = (char *)mailproto_session_input_space(r->s, &cap);
    memcpy(space, text, sizeof text - 1);
    assert_int_equal(mailproto_session_input_commit(r->s, sizeof text - 1),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_AGAIN);
    mailproto_session_get_want(r->s, &want);
    assert_true(want.flags & MAILPROTO_WANT_WRITE);
    assert_true(want.flags & MAILPROTO_WANT_APP);
    close_session(r);
    /* RFC 2920 3.2: at once, whatever stands behind it. */
    r = open_session(&o, NULL, "EHLO c\r\n");
    space = (char *)mailproto_session_input_space(r->s, &cap);
    memcpy(space, "NOOP\r\nRSET\r\n", 12);
    assert_int_equal(mailproto_session_input_commit(r->s, 12), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_accept(r->server, ev.tag), MAILPROTO_OK);
    mailproto_session_get_want(r->s, &want);
    assert_true(want.flags & MAILPROTO_WANT_WRITE);
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),     cmocka_unit_test(default_enhanced_codes),
        cmocka_unit_test(several_lines), cmocka_unit_test(lengths),
        cmocka_unit_test(own_hello),     cmocka_unit_test(plain_replies),
        cmocka_unit_test(gathering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
