/*
 * The SMTP server from greeting to QUIT: commands, replies, events. Every
 * script gives the same events and output however its bytes are cut.
 */
#include "server_driver.h"

#define CAPS_DEFAULT                                                                   \
    "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 41943040\r\n250-8BITMIME\r\n"        \
    "250 ENHANCEDSTATUSCODES\r\n"

static void transaction(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {
        STEP("EHLO c.example\r\n"),
        STEP("MAIL FROM:<a@c.example> SIZE=12\r\nRCPT TO:<b@s.example>\r\n"
             "rcpt to:<Postmaster>\r\nDATA\r\n"),
        STEP("A: b\r\n\r\n..hidden\r\n.\r\nMAIL FROM:<>\r\n"), STEP("QUIT\r\n"),
        STEPS_END};
    (void)state;
    check_script(
        &o, NULL, steps, 0,
        "CONNECT ?\nHELO 1 [c.example] ?\nMAIL #12 [a@c.example] ?\n"
        "RCPT [b@s.example] ?\nRCPT #1 [Postmaster] ?\nDATA ?\n"
        "CONTENT [A: b\\r\\n\\r\\n.hidden\\r\\n]\nCONTENT_END #17\nDELIVER ?\nMAIL [] "
        "?\n"
        "QUIT\nCLOSED MAILPROTO_OK\n",
        "220 mx.example ESMTP\r\n" CAPS_DEFAULT
        "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n250 2.1.5 Recipient OK\r\n"
        "354 End data with <CR><LF>.<CR><LF>\r\n250 2.0.0 Message accepted\r\n"
        "250 2.1.0 Sender OK\r\n221 2.0.0 mx.example closing connection\r\n");
}

/* Any time: RFC 5321 4.1.4. */
static void small_commands(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {STEP("NOOP\r\n"),
                                        STEP("noop with words\r\n"),
                                        STEP("VRFY smith\r\n"),
                                        STEP("EXPN list\r\n"),
                                        STEP("HELP\r\n"),
                                        STEP("RSET\r\n"),
                                        STEP("XYZZY 1 2\r\n"),
                                        STEP("HELO c.example\r\n"),
                                        STEP("MAIL FROM:<>\r\n"),
                                        STEP("Rset\r\n"),
                                        STEP("MAIL FROM:<>\r\n"),
                                        STEP("EHLO [127.0.0.1]\r\n"),
                                        STEP("MAIL FROM:<> X=1\r\n"),
                                        STEP("QUIT\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(
        &o, NULL, steps, 1,
        "CONNECT ?\nCOMMAND 12 [NOOP] ?\nCOMMAND 12 [noop with words] ?\n"
        "COMMAND 9 [VRFY smith] ?\nCOMMAND 10 [EXPN list] ?\nCOMMAND 11 [HELP] "
        "?\nRSET\n"
        "COMMAND [XYZZY 1 2] ?\nHELO 2 [c.example] ?\nMAIL [] ?\nRSET\nMAIL [] ?\n"
        "HELO 1 [[127.0.0.1]] ?\nRSET\n"
        "COMMAND 555 #4 [MAIL FROM:<> X=1] rejected\nQUIT\nCLOSED MAILPROTO_OK\n",
        "220 mx.example ESMTP\r\n250 2.0.0 OK\r\n250 2.0.0 OK\r\n"
        "252 2.0.0 Cannot verify, but will try to deliver\r\n"
        "502 5.5.1 EXPN not available\r\n214 2.0.0 See RFC 5321\r\n250 2.0.0 Reset\r\n"
        "500 5.5.2 Command unrecognized\r\n250 mx.example\r\n250 2.1.0 Sender OK\r\n"
        "250 2.0.0 Reset\r\n250 2.1.0 Sender OK\r\n" CAPS_DEFAULT
        "555 5.5.4 Parameter not recognized\r\n"
        "221 2.0.0 mx.example closing connection\r\n");
}

static void bad_lines(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {
        STEP("\r\n"),
        STEP("EHLO\r\n"),
        STEP("EHLO c d\r\n"),
        STEP("EHLO c.example\r\n"),
        STEP("MAIL FROM:a@b.example\r\n"),
        STEP("MAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\r\n"),
        STEP("NOOP\rRSET\r\n"),
        STEP("NOOP\0RSET\r\n"),
        STEP("MAIL FROM:<a@>\r\n"),
        STEP("MAIL FROM:<\xC3\xA9@b.example>\r\n"),
        STEP("MAIL FROM:<a@b.example> SIZE=x\r\n"),
        STEP("MAIL FROM:<a@b.example>\r\n"),
        STEP("RCPT TO:<>\r\n"),
        STEP("DATA now\r\n"),
        STEP("VRFY\r\n"),
        STEP("QUIT now\r\n"),
        STEPS_END};
    (void)state;
    check_script(
        &o, NULL, steps, 1,
        "CONNECT ?\nCOMMAND 500 [] rejected\nCOMMAND 501 #1 [EHLO] rejected\n"
        "COMMAND 501 #1 [EHLO c d] rejected\nHELO 1 [c.example] ?\n"
        "COMMAND 501 #4 [MAIL FROM:a@b.example] rejected\n"
        "COMMAND 500 #4 [MAIL FROM:<a@b.example>\\nRCPT TO:<c@d.example>] rejected\n"
        "COMMAND 500 [NOOP\\rRSET] rejected\nCOMMAND 500 [NOOP\\x00RSET] rejected\n"
        "COMMAND 501 #4 [MAIL FROM:<a@>] rejected\n"
        "COMMAND 553 #4 [MAIL FROM:<\\xc3\\xa9@b.example>] rejected\n"
        "COMMAND 501 #4 [MAIL FROM:<a@b.example> SIZE=x] rejected\n"
        "MAIL [a@b.example] ?\nCOMMAND 501 #5 [RCPT TO:<>] rejected\n"
        "COMMAND 501 #6 [DATA now] rejected\nCOMMAND 501 #9 [VRFY] rejected\n"
        "COMMAND 501 #13 [QUIT now] rejected\nCLOSED MAILPROTO_ERR_EOF\n",
        "220 mx.example ESMTP\r\n500 5.5.2 Not a command line\r\n"
        "501 5.5.4 Syntax error in arguments\r\n501 5.5.4 Syntax error in "
        "arguments\r\n" CAPS_DEFAULT "501 5.1.7 Bad sender address syntax\r\n"
        "500 5.5.2 Not a command line\r\n500 5.5.2 Not a command line\r\n"
        "500 5.5.2 Not a command line\r\n501 5.1.7 Bad sender address syntax\r\n"
        "553 5.6.7 Address needs SMTPUTF8\r\n501 5.5.4 Syntax error in arguments\r\n"
        "250 2.1.0 Sender OK\r\n501 5.1.3 Bad recipient address syntax\r\n"
        "501 5.5.4 Syntax error in arguments\r\n501 5.5.4 Syntax error in arguments\r\n"
        "501 5.5.4 Syntax error in arguments\r\n");
}

/* ---- who may answer what --------------------------------------------------------- */

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

/* Refuses a recipient that begins with x, and everything whose text has a q in it. */
static int refuse_some(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st = status_of(550, 5, 1, 1);
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0 ||
        ev->type != MAILPROTO_EV_SMTP_RCPT || ev->text.ptr[0] != 'x') {
        return 0;
    }
    assert_int_equal(mailproto_smtp_server_reply(r->server, ev->tag, &st,
                                                 MAILPROTO_SMTP_REPLY_MORE,
                                                 bytes_of("Nobody")),
                     MAILPROTO_OK);
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("here")),
        MAILPROTO_OK);
    return 1;
}

static void recipients(void **state)
{
    mailproto_smtp_server_options o = options_of();
    static const struct step steps[] = {
        STEP("EHLO c.example\r\n"),
        STEP("MAIL FROM:<a@c.example>\r\nRCPT TO:<x@s.example>\r\nDATA\r\n"),
        STEP("RCPT TO:<y@s.example>\r\nRCPT TO:<x@s.example>\r\nRCPT "
             "TO:<z@s.example>\r\n"
             "DATA\r\n"),
        STEP(".\r\n"),
        STEP("DATA\r\n"),
        STEP("RCPT TO:<y@s.example>\r\n"),
        STEP("MAIL FROM:<>\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nDATA\r\n"),
        STEPS_END};
    (void)state;
    check_script(
        &o, refuse_some, steps, 0,
        "CONNECT ?\nHELO 1 [c.example] ?\nMAIL [a@c.example] ?\nRCPT [x@s.example] ?\n"
        "COMMAND 554 #6 [DATA] rejected\nRCPT [y@s.example] ?\nRCPT #1 [x@s.example] "
        "?\n"
        "RCPT #1 [z@s.example] ?\nDATA ?\nCONTENT_END\nDELIVER ?\n"
        "COMMAND 503 #6 [DATA] rejected\nCOMMAND 503 #5 [RCPT TO:<y@s.example>] "
        "rejected\n"
        "MAIL [] ?\nCOMMAND 503 #4 [MAIL FROM:<>] rejected\nRSET\nMAIL [] ?\n"
        "COMMAND 503 #6 [DATA] rejected\n",
        "220 mx.example ESMTP\r\n" CAPS_DEFAULT
        "250 2.1.0 Sender OK\r\n550-5.1.1 Nobody\r\n550 5.1.1 here\r\n"
        "554 5.5.1 No valid recipients\r\n250 2.1.5 Recipient OK\r\n"
        "550-5.1.1 Nobody\r\n550 5.1.1 here\r\n250 2.1.5 Recipient OK\r\n"
        "354 End data with <CR><LF>.<CR><LF>\r\n250 2.0.0 Message accepted\r\n"
        "503 5.5.1 Need MAIL command\r\n503 5.5.1 Need MAIL command\r\n"
        "250 2.1.0 Sender OK\r\n503 5.5.1 Nested MAIL command\r\n250 2.0.0 Reset\r\n"
        "250 2.1.0 Sender OK\r\n503 5.5.1 Need RCPT command\r\n");
}

/* Refuses whatever is asked, with the code in `user`. */
static int refuse_all(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st = status_of(*(const uint16_t *)r->user, 0, 0, 0);
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return 0;
    }
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("No")),
        MAILPROTO_OK);
    return 1;
}

/* RFC 5321 3.1: behind a 554 for a greeting only QUIT is left. */
static void refused_greeting(void **state)
{
    mailproto_smtp_server_options o = options_of();
    uint16_t code = 554;
    struct run *r = (struct run *)calloc(1, sizeof *r);
    (void)state;
    run_start(r, &o);
    r->answer = refuse_all;
    r->user = &code;
    pull(r);
    assert_string_equal(r->out, "554 No\r\n");
    feed_text(r, "EHLO c.example\r\n");
    feed_text(r, "NOOP\r\n");
    feed_text(r, "QUIT\r\n");
    assert_string_equal(r->out, "554 No\r\n503 5.5.1 Bad sequence of commands\r\n"
                                "503 5.5.1 Bad sequence of commands\r\n"
                                "221 2.0.0 mx.example closing connection\r\n");
    assert_string_equal(r->log, "CONNECT ?\nCOMMAND 503 #1 [EHLO c.example] rejected\n"
                                "COMMAND 503 #12 [NOOP] rejected\nQUIT\n"
                                "CLOSED MAILPROTO_OK\n");
    close_session(r);
}

/* RFC 5321 4.1.4: a refused EHLO leaves everything as it was. */
static void refused_hello(void **state)
{
    mailproto_smtp_server_options o = options_of();
    uint16_t code = 550;
    struct run *r = open_session(
        &o, NULL,
        "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
    (void)state;
    r->answer = refuse_all;
    r->user = &code;
    feed_text(r, "EHLO evil.example\r\n");
    r->answer = NULL;
    feed_text(r, "DATA\r\n");
    assert_string_equal(r->log, "HELO 1 [evil.example] ?\nDATA ?\n");
    assert_string_equal(r->out, "550 No\r\n354 End data with <CR><LF>.<CR><LF>\r\n");
    close_session(r);
}

/* RFC 5321 3.8: who says 421 hangs up, whatever was asked. */
static void answer_421(void **state)
{
    static const char *const before[] = {
        "EHLO c.example\r\n", "NOOP\r\n", "EHLO c.example\r\nMAIL FROM:<>\r\n",
        "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\n", "VRFY x\r\n"};
    static const char *const asked[] = {"HELO 1 [d] ?\n", "COMMAND 12 [NOOP] ?\n",
                                        "RCPT [c@d.example] ?\n", "DATA ?\n",
                                        "COMMAND [XYZ] ?\n"};
    static const char *const line[] = {
        "EHLO d\r\n", "NOOP\r\n", "RCPT TO:<c@d.example>\r\n", "DATA\r\n", "XYZ\r\n"};
    mailproto_smtp_server_options o = options_of();
    uint16_t code = 421;
    size_t i;
    (void)state;
    for (i = 0; i < 5; i++) {
        char wanted[200];
        struct run *r = open_session(&o, NULL, before[i]);
        r->answer = refuse_all;
        r->user = &code;
        feed_text(r, line[i]);
        sprintf(wanted, "%sCLOSED MAILPROTO_OK\n", asked[i]);
        assert_string_equal(r->log, wanted);
        assert_string_equal(r->out, i == 0 ? "421 No\r\n" : "421 4.3.2 No\r\n");
        close_session(r);
    }
}

/* ---- without what EHLO offers ---------------------------------------------------- */

static void no_enhanced_codes(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    (void)state;
    o.caps = MAILPROTO_SMTP_CAPS_NONE;
    r = open_session(&o, refuse_some, NULL);
    feed_text(r, "EHLO c.example\r\n");
    feed_text(r, "MAIL FROM:<a@b.example> SIZE=1\r\n");
    feed_text(r, "MAIL FROM:<a@b.example>\r\n");
    feed_text(r, "RCPT TO:<x@d.example>\r\n");
    feed_text(r, "QUIT\r\n");
    assert_string_equal(r->out, "250 mx.example\r\n555 Parameter not recognized\r\n"
                                "250 Sender OK\r\n550-Nobody\r\n550 here\r\n"
                                "221 mx.example closing connection\r\n");
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_SIZE));
    close_session(r);
}

/* HELO offers nothing. */
static void helo_has_no_extensions(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "EHLO c.example\r\n");
    (void)state;
    assert_true(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_SIZE));
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTP");
    feed_text(r, "HELO c.example\r\n");
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_SMTP_CAP_SIZE));
    assert_string_equal(mailproto_smtp_server_with(r->server), "SMTP");
    feed_text(r, "MAIL FROM:<a@b.example> SIZE=1\r\n");
    assert_string_equal(r->out,
                        "250 mx.example\r\n555 5.5.4 Parameter not recognized\r\n");
    close_session(r);
}

static void utf8_transaction(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    (void)state;
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_8BITMIME) |
             cap_bit(MAILPROTO_SMTP_CAP_SMTPUTF8) |
             cap_bit(MAILPROTO_SMTP_CAP_PIPELINING);
    r = open_session(&o, NULL, "EHLO c.example\r\n");
    feed_text(r, "MAIL FROM:<\xC3\xA9@b.example> SMTPUTF8 BODY=8BITMIME\r\n"
                 "RCPT TO:<\xC3\xA8@b.example>\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "UTF8SMTP");
    feed_text(r, "RSET\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<\xC3\xA8@b.example>\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTP");
    assert_string_equal(r->log,
                        "MAIL [\\xc3\\xa9@b.example] ?\nRCPT [\\xc3\\xa8@b.example] ?\n"
                        "RSET\nMAIL [a@b.example] ?\n"
                        "COMMAND 553 #5 [RCPT TO:<\\xc3\\xa8@b.example>] rejected\n");
    close_session(r);
}

static char heard[200];

/* What the Received field would say at each question. */
static int hear_with(struct run *r, const mailproto_event *ev)
{
    strcat(heard, event_name(ev->type));
    strcat(heard, " ");
    strcat(heard, mailproto_smtp_server_with(r->server));
    strcat(heard, "\n");
    return 0;
}

static void with_throughout(void **state)
{
    mailproto_smtp_server_options o = options_of();
    uint16_t code = 550;
    struct run *r;
    (void)state;
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_8BITMIME) |
             cap_bit(MAILPROTO_SMTP_CAP_SMTPUTF8) |
             cap_bit(MAILPROTO_SMTP_CAP_PIPELINING);
    r = open_session(&o, NULL, "EHLO c.example\r\n");
    r->answer = hear_with;
    heard[0] = '\0';
    feed_text(r, "MAIL FROM:<> SMTPUTF8\r\nRCPT TO:<a@b.example>\r\nDATA\r\n");
    feed_text(r, "x\r\n.\r\n");
    assert_string_equal(heard, "MAIL UTF8SMTP\nRCPT UTF8SMTP\nDATA UTF8SMTP\n"
                               "CONTENT UTF8SMTP\nCONTENT_END UTF8SMTP\n"
                               "DELIVER UTF8SMTP\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTP");
    r->answer = refuse_all;
    r->user = &code;
    feed_text(r, "MAIL FROM:<> SMTPUTF8\r\n");
    assert_string_equal(mailproto_smtp_server_with(r->server), "ESMTP");
    close_session(r);
}

static int look_at_mail(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_path path = {sizeof path, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    mailproto_smtp_mail_params mail;
    mailproto_smtp_param_cursor c;
    mailproto_bytes name;
    mailproto_bytes value;
    (void)r;
    if (ev->type != MAILPROTO_EV_SMTP_MAIL) {
        return 0;
    }
    memset(&mail, 0, sizeof mail);
    mail.struct_size = sizeof mail;
    assert_int_equal(mailproto_smtp_event_path(ev, &path), MAILPROTO_OK);
    assert_memory_equal(path.local.ptr, "\"a>b\"", 5);
    assert_int_equal(path.flags, MAILPROTO_SMTP_PATH_QUOTED);
    assert_int_equal(mailproto_smtp_event_mail(ev, &mail), MAILPROTO_OK);
    assert_int_equal(mail.size, 77);
    assert_int_equal(mail.body, MAILPROTO_SMTP_BODY_8BITMIME);
    assert_int_equal(mailproto_smtp_event_params(ev, &c), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_param_next(&c, &name, &value), MAILPROTO_OK);
    assert_memory_equal(name.ptr, "SIZE", 4);
    return 0;
}

static void mail_accessors(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, look_at_mail, "EHLO c.example\r\n");
    (void)state;
    r->late = 1;
    feed_text(r, "MAIL FROM:<\"a>b\"@c.example> SIZE=77 BODY=8BITMIME\r\n");
    assert_string_equal(r->log, "MAIL #77 [\"a>b\"@c.example] ?\n");
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transaction),
        cmocka_unit_test(small_commands),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(recipients),
        cmocka_unit_test(refused_greeting),
        cmocka_unit_test(refused_hello),
        cmocka_unit_test(answer_421),
        cmocka_unit_test(no_enhanced_codes),
        cmocka_unit_test(helo_has_no_extensions),
        cmocka_unit_test(utf8_transaction),
        cmocka_unit_test(with_throughout),
        cmocka_unit_test(mail_accessors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
