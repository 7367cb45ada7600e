/*
 * Literals on the IMAP server (RFC 9051 4.3, RFC 7888, RFC 7889): those that stay in the
 * command, those that go to the application, those that are refused and swallowed. Both
 * sides of each limit, in every way of feeding.
 */
#include "server_driver.h"

static mailproto_imap_server_options few(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps =
        cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    o.max_literal = 8;
    o.append_limit = 20;
    return o;
}

#define CAPS "CAPABILITY IMAP4rev1 LITERAL+"
#define HELLO "* OK [" CAPS "] ready\r\n"
#define IN_LOG "CONNECT ?\nCOMMAND LOGIN name=[f] text=[s] [0] ?\n"
#define IN_OUT HELLO "0 OK [" CAPS "] LOGIN completed\r\n"
#define IN_STEP STEP("0 LOGIN f s\r\n")

static void in_the_command(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a LOGIN {4}\r\n"),
        STEP("fred {0006}\r\n"),
        STEP("se\r\nct\r\n"),
        STEP("b SELECT {0}\r\n"),
        STEP("\r\n"),
        STEP("c SELECT {3+}\r\n{3}\r\nd CREATE {5+}\r\nx\r\ny \r\n"),
        STEP("e CREATE {8+}\r\n12345678\r\nf SELECT {1}\r\nx\r\n"),
        STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nCOMMAND LOGIN name=[fred] text=[se\\r\\nct] [a] ?\n"
                 "COMMAND SELECT mailbox=[] [b] ?\n"
                 "COMMAND SELECT mailbox=[{3}] [c] ?\n"
                 "REJECTED 2 #2 [[CANNOT] The name cannot be] rejected\n"
                 "COMMAND CREATE mailbox=[12345678] [e] ?\n"
                 "COMMAND SELECT mailbox=[x] [f] ?\n",
                 HELLO "+ OK\r\n+ OK\r\na OK [" CAPS "] LOGIN completed\r\n"
                       "+ OK\r\nb OK [READ-WRITE] SELECT completed\r\n"
                       "c OK [READ-WRITE] SELECT completed\r\n"
                       "d NO [CANNOT] The name cannot be\r\n"
                       "e OK CREATE completed\r\n+ OK\r\n"
                       "f OK [READ-WRITE] SELECT completed\r\n");
}

/* Quotes hide what looks like an announcement; they do not go beyond a line. */
static void in_quotes(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP,
        STEP("a SELECT \"x{5}\r\n"),
        STEP("b SELECT \"x\\\"{5}\r\n"),
        STEP("c SELECT \"x{5}\"\r\n"),
        STEP("d SELECT \"\\\\\" {2}\r\n"), /* the quotes are closed before it */
        STEP("e SELECT x{5 }\r\nf SELECT {+}\r\ng SELECT {}\r\nh SELECT {-1}\r\n"),
        STEP("i SELECT {0x5}\r\nj SELECT {5++}\r\nk SELECT {5}x\r\nl SELECT {{5}\r\n"),
        STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "REJECTED 3 #14 [Syntax error] rejected\n"
                        "REJECTED 3 #16 [Syntax error] rejected\n"
                        "COMMAND SELECT mailbox=[x{5}] [c] ?\n"
                        "REJECTED 3 #14 [Syntax error] rejected\n"
                        "REJECTED 3 #10 [Syntax error] rejected\n"
                        "REJECTED 3 #10 [Syntax error] rejected\n"
                        "REJECTED 3 #10 [Syntax error] rejected\n"
                        "REJECTED 3 #10 [Syntax error] rejected\n"
                        "REJECTED 3 #11 [Syntax error] rejected\n"
                        "REJECTED 3 #12 [Syntax error] rejected\n"
                        "REJECTED 3 #12 [Syntax error] rejected\n"
                        "REJECTED 3 #10 [Syntax error] rejected\n",
                 IN_OUT
                 "a BAD Syntax error\r\nb BAD Syntax error\r\n"
                 "c OK [READ-WRITE] SELECT completed\r\nd BAD Syntax error\r\n"
                 "e BAD Syntax error\r\nf BAD Syntax error\r\ng BAD Syntax error\r\n"
                 "h BAD Syntax error\r\ni BAD Syntax error\r\nj BAD Syntax error\r\n"
                 "k BAD Syntax error\r\nl BAD Syntax error\r\n");
}

/* A message always goes to the application, whatever its size. */
static void messages(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP, STEP("a APPEND x {12}\r\n"),
        STEP("0123456789\r\n\r\nb APPEND {1+}\r\ny (\\Seen) {20+}\r\n"
             "01234567890123456789\r\nc APPEND x {1}\r\n"),
        STEP("z\r\nd APPEND x {5+}\r\n{3+}\r\r\ne NOOP\r\n"), STEPS_END};
    (void)state;
    check_script(
        &o, NULL, 0, steps, 0,
        IN_LOG "LITERAL #12 [a] ?\nCONTENT [0123456789\\r\\n]\nCONTENT_END #12\n"
               "COMMAND APPEND mailbox=[x] message=#1:12 [a] ?\n"
               "LITERAL #20 [b] ?\nCONTENT [01234567890123456789]\nCONTENT_END #20\n"
               "COMMAND APPEND mailbox=[y] message=#2:20 [b] ?\n"
               "LITERAL #1 [c] ?\nCONTENT [z]\nCONTENT_END #1\n"
               "COMMAND APPEND mailbox=[x] message=#3:1 [c] ?\n"
               "LITERAL #5 [d] ?\nCONTENT [{3+}\\r]\nCONTENT_END #5\n"
               "COMMAND APPEND mailbox=[x] message=#4:5 [d] ?\nCOMMAND NOOP [e] ?\n",
        IN_OUT "+ OK\r\na OK APPEND completed\r\nb OK APPEND completed\r\n+ OK\r\n"
               "c OK APPEND completed\r\nd OK APPEND completed\r\n"
               "e OK NOOP completed\r\n");
}

/* RFC 3502, and what breaks behind a message that was taken. */
static void several_messages(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP,
        STEP("a APPEND x {12+}\r\n0123456789\r\n (\\Seen) {3+}\r\nabc {2}\r\n"),
        STEP("de\r\n"),
        STEP("b APPEND x {12+}\r\n0123456789\r\n nonsense\r\nc NOOP\r\n"),
        STEP("d APPEND x {1+}\r\n1 {1+}\r\n2 {1+}\r\n3\r\ne NOOP\r\n"),
        STEPS_END};
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_MULTIAPPEND);
#undef CAPS
#define CAPS "CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND"
    check_script(
        &o, NULL, 0, steps, 0,
        IN_LOG "LITERAL #12 [a] ?\nCONTENT [0123456789\\r\\n]\nCONTENT_END #12\n"
               "LITERAL #3 [a] ?\nCONTENT [abc]\nCONTENT_END #3\n"
               "LITERAL #2 [a] ?\nCONTENT [de]\nCONTENT_END #2\n"
               "COMMAND APPEND mailbox=[x] message=#1:12 message=#2:3 message=#3:2 [a] "
               "?\n"
               "LITERAL #12 [b] ?\nCONTENT [0123456789\\r\\n]\nCONTENT_END #12\n"
               "REJECTED 3 #30 [Syntax error] rejected\nCOMMAND NOOP [c] ?\n"
               "LITERAL #1 [d] ?\nCONTENT [1]\nCONTENT_END #1\n"
               "LITERAL #1 [d] ?\nCONTENT [2]\nCONTENT_END #1\n"
               "LITERAL #1 [d] ?\nCONTENT [3]\nCONTENT_END #1\n"
               "COMMAND APPEND mailbox=[x] message=#5:1 message=#6:1 message=#7:1 [d] "
               "?\n"
               "COMMAND NOOP [e] ?\n",
        IN_OUT "+ OK\r\na OK APPEND completed\r\nb BAD Syntax error\r\n"
               "c OK NOOP completed\r\nd OK APPEND completed\r\n"
               "e OK NOOP completed\r\n");
#undef CAPS
#define CAPS "CAPABILITY IMAP4rev1 LITERAL+"
}

/* RFC 3502 6.3.11: an empty message cancels all that was sent before it, and is NO. */
static void empty_messages(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP,
        STEP("a APPEND x {0}\r\n"),
        STEP("b APPEND x {0+}\r\n\r\nc APPEND {1+}\r\ny (\\Seen) {000+}\r\n\r\n"),
        STEP("d APPEND x {2+}\r\nab {0+}\r\n {1+}\r\nc\r\n"),
        STEP("e APPEND x {2+}\r\nab {0}\r\n"),
        STEP("f APPEND x ~{0}\r\ng APPEND {0+}\r\n {1+}\r\nz\r\nh NOOP\r\n"),
        STEPS_END};
    (void)state;
    o.caps |=
        cap_bit(MAILPROTO_IMAP_CAP_MULTIAPPEND) | cap_bit(MAILPROTO_IMAP_CAP_BINARY);
#undef CAPS
#define CAPS "CAPABILITY IMAP4rev1 LITERAL+ BINARY MULTIAPPEND"
#define EMPTY "Message is empty, append cancelled"
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "REJECTED 2 [" EMPTY "] rejected\n"
                        "REJECTED 2 [" EMPTY "] rejected\n"
                        "REJECTED 2 #16 [" EMPTY "] rejected\n"
                        "LITERAL #2 [d] ?\nCONTENT [ab]\nCONTENT_END #2\n"
                        "REJECTED 2 #29 [" EMPTY "] rejected\n"
                        "LITERAL #2 [e] ?\nCONTENT [ab]\nCONTENT_END #2\n"
                        "REJECTED 2 #29 [" EMPTY "] rejected\n"
                        "REJECTED 2 [" EMPTY "] rejected\n"
                        "LITERAL #1 [g] ?\nCONTENT [z]\nCONTENT_END #1\n"
                        "COMMAND APPEND mailbox=[] message=#3:1 [g] ?\n"
                        "COMMAND NOOP [h] ?\n",
                 IN_OUT "a NO " EMPTY "\r\nb NO " EMPTY "\r\nc NO " EMPTY "\r\n"
                        "d NO " EMPTY "\r\ne NO " EMPTY "\r\nf NO " EMPTY "\r\n"
                        "g OK APPEND completed\r\nh OK NOOP completed\r\n");
#undef CAPS
#define CAPS "CAPABILITY IMAP4rev1 LITERAL+"
}

/* A string over max_literal, behind the login. */
static void large_strings(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP, STEP("a SELECT {9}\r\n"),
        STEP("123456789\r\nb RENAME {9+}\r\n123456789 {9+}\r\n987654321\r\n"),
        STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "LITERAL #9 [a] ?\nCONTENT [123456789]\nCONTENT_END #9\n"
                        "COMMAND SELECT mailbox=#1:9 [a] ?\n"
                        "LITERAL #9 [b] ?\nCONTENT [123456789]\nCONTENT_END #9\n"
                        "LITERAL #9 [b] ?\nCONTENT [987654321]\nCONTENT_END #9\n"
                        "COMMAND RENAME mailbox=#2:9 target=#3:9 [b] ?\n",
                 IN_OUT "+ OK\r\na OK [READ-WRITE] SELECT completed\r\n"
                        "b OK RENAME completed\r\n");
}

/* Before the login large ones are refused: nothing is asked for, nothing is allocated,
 * and what comes unasked is swallowed in step. */
static void before_the_login(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a LOGIN {9}\r\n"),
        STEP("b LOGIN {9223372036854775807}\r\n"),
        STEP("c LOGIN {9223372036854775808}\r\n"),
        STEP("d LOGIN {9+}\r\n\r\ne NOOP {3+}\r\nxyz\"\r\n\r\n"),
        STEP("f LOGIN {9+}\r\n123456789 \"{3+}\r\nh LOGIN {8}\r\n"),
        STEP("12345678 x\r\n"),
        STEPS_END};
    (void)state;
    o.max_bad_commands = 9;
    check_script(
        &o, NULL, 0, steps, 0,
        "CONNECT ?\nREJECTED 3 [[TOOBIG] Literal too large] rejected\n"
        "REJECTED 3 [[TOOBIG] Literal too large] rejected\n"
        "REJECTED 3 #27 [Syntax error] rejected\n"
        "REJECTED 3 [[TOOBIG] Literal too large] rejected\n"
        "REJECTED 3 [A command begins with a tag] rejected\n"
        "REJECTED 3 [[TOOBIG] Literal too large] rejected\n"
        "COMMAND LOGIN name=[12345678] text=[x] [h] ?\n",
        HELLO "a BAD [TOOBIG] Literal too large\r\nb BAD [TOOBIG] Literal too large\r\n"
              "c BAD Syntax error\r\nd BAD [TOOBIG] Literal too large\r\n"
              "* BAD A command begins with a tag\r\n"
              "f BAD [TOOBIG] Literal too large\r\n+ OK\r\n"
              "h OK [" CAPS "] LOGIN completed\r\n");
}

/* RFC 7889 4: before anything is asked for. */
static void append_limit(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP,
        STEP("a APPEND x {21}\r\n"),
        STEP("b APPEND x {21+}\r\n012345678901234567890\r\nc NOOP\r\n"),
        STEP("d APPEND x {21+}\r\nx DELETE victim\r\n0123 {6+}\r\nx NOOP {30}\r\n"),
        STEP("e NOOP\r\n"),
        STEPS_END};
    (void)state;
    check_script(
        &o, NULL, 0, steps, 0,
        IN_LOG "REJECTED 2 [[TOOBIG] Message too large] rejected\n"
               "REJECTED 2 [[TOOBIG] Message too large] rejected\nCOMMAND NOOP [c] ?\n"
               "REJECTED 2 [[TOOBIG] Message too large] rejected\nCOMMAND NOOP [e] ?\n",
        IN_OUT "a NO [TOOBIG] Message too large\r\nb NO [TOOBIG] Message too large\r\n"
               "c OK NOOP completed\r\nd NO [TOOBIG] Message too large\r\n"
               "e OK NOOP completed\r\n");
}

/* RFC 7888 4, third way: what is too much to be thrown away ends the session. */
static void max_swallow(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step good[] = {
        IN_STEP, STEP("a APPEND x {28+}\r\n0123456789012345678901234567\r\nb NOOP\r\n"),
        STEPS_END};
    static const struct step bad[] = {
        IN_STEP,
        STEP("a APPEND x {31+}\r\n01234567890123456789012345678\r\nb NOOP\r\n"),
        STEPS_END};
    static const struct step line[] = {
        IN_STEP,
        STEP("a APPEND x {21+}\r\n012345678901234567890 3456789\r\nb NOOP\r\n"),
        STEPS_END};
    (void)state;
    o.max_swallow = 30;
    check_script(&o, NULL, 0, good, 0,
                 IN_LOG "REJECTED 2 [[TOOBIG] Message too large] rejected\n"
                        "COMMAND NOOP [b] ?\n",
                 IN_OUT "a NO [TOOBIG] Message too large\r\nb OK NOOP completed\r\n");
    check_script(&o, NULL, 0, bad, 0, IN_LOG "CLOSED MAILPROTO_ERR_CONTENT_LIMIT\n",
                 IN_OUT "* BYE [TOOBIG] Too much was sent\r\n");
    check_script(&o, NULL, 0, line, 0, IN_LOG "CLOSED MAILPROTO_ERR_CONTENT_LIMIT\n",
                 IN_OUT "* BYE [TOOBIG] Too much was sent\r\n");
}

/* The offset is where it was decided, whatever came in one piece. */
static void swallow_offsets(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    (void)state;
    o.max_swallow_before = 30;
    o.in_size = 512;
    o.max_command_before = 512;
    r = open_session(&o, NULL, "");
    feed_text(r, "a LOGIN {31+}\r\nx");
    assert_int_equal(r->closed, MAILPROTO_ERR_CONTENT_LIMIT);
    assert_int_equal(error_of(r).offset, 15);
    close_session(r);
    r = open_session(&o, NULL, "");
    feed_text(r, "a LOGIN {30+}\r\n012345678901234567890123456789xx");
    assert_int_equal(r->closed, MAILPROTO_ERR_CONTENT_LIMIT);
    assert_int_equal(error_of(r).offset, 45);
    close_session(r);
    r = open_session(&o, NULL, "");
    {
        char text[600];
        memset(text, 'x', sizeof text);
        memcpy(text, "a NOOP ", 7);
        feed_step(r, text, sizeof text);
    }
    assert_int_equal(r->closed, MAILPROTO_ERR_CONTENT_LIMIT);
    assert_int_equal(error_of(r).offset, 542);
    close_session(r);
}

/* RFC 7888 5, LITERAL-; and without either. */
static void unasked(void **state)
{
    mailproto_imap_server_options o = options_of();
    char text[5000];
    struct run *r;
    (void)state;
    o.caps =
        cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_MINUS);
    r = open_session(&o, NULL, "a LOGIN f s\r\n");
    memset(text, 'x', sizeof text);
    feed_text(r, "b APPEND x {4096+}\r\n");
    feed_step(r, text, 4096);
    feed_text(r, "\r\nc APPEND x {4097+}\r\n");
    feed_step(r, text, 4097);
    feed_text(r, "\r\nd APPEND x {4097}\r\n");
    feed_step(r, text, 4097);
    feed_text(r, "\r\n");
    assert_string_equal(r->out, "b OK APPEND completed\r\n"
                                "c BAD [TOOBIG] Literal too large\r\n"
                                "+ OK\r\nd OK APPEND completed\r\n");
    close_session(r);
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1);
    r = open_session(&o, NULL, "a LOGIN f s\r\n");
    feed_text(r, "b SELECT {1+}\r\nx\r\nc SELECT {1}\r\n");
    assert_string_equal(r->out,
                        "b BAD Non-synchronizing literals are not offered\r\n+ OK\r\n");
    close_session(r);
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV2); /* RFC 9051 4.3: LITERAL- is in it */
    r = open_session(&o, NULL, "a LOGIN f s\r\n");
    feed_text(r, "b CREATE {1+}\r\nx\r\n");
    assert_string_equal(r->out, "b OK CREATE completed\r\n");
    close_session(r);
}

/* Whatever is wrong with the command is told before a literal is asked for. */
static void refused_before(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a SELECT {3}\r\n"),
        STEP("b XYZ {3}\r\n"),
        IN_STEP,
        STEP("c FETCH {3}\r\n"),
        STEP("d NOOP {3}\r\n"),
        STEP("e NOOP {3+}\r\nabc\r\n"),
        STEP("f SELECT x {3+}\r\nabc {2+}\r\n\r\n {4}\r\n"),
        STEP("g NOOP\r\n"),
        STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nREJECTED 3 [Not in this state] rejected\n"
                 "REJECTED 3 [Unknown command] rejected\n"
                 "COMMAND LOGIN name=[f] text=[s] [0] ?\n"
                 "REJECTED 3 #8 [Syntax error] rejected\n"
                 "REJECTED 3 #6 [Syntax error] rejected\n"
                 "REJECTED 3 #6 [Syntax error] rejected\n"
                 "REJECTED 3 #11 [Syntax error] rejected\n"
                 "COMMAND NOOP [g] ?\n",
                 HELLO "a BAD Not in this state\r\nb BAD Unknown command\r\n"
                       "0 OK [" CAPS "] LOGIN completed\r\nc BAD Syntax error\r\n"
                       "d BAD Syntax error\r\ne BAD Syntax error\r\n"
                       "f BAD Syntax error\r\ng OK NOOP completed\r\n");
}

/* RFC 9051 4.3.1: NUL is for literal8 only. */
static void nul(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP,
        STEP("a SELECT {3+}\r\na\0b\r\n"),
        STEP("b APPEND x {5+}\r\nab\0cd\r\nc NOOP\r\n"),
        STEP("d APPEND x {3+}\r\n\0\0\0 {2+}\r\nxx\r\n"),
        STEP("e SELECT \"\0\" {2+}\r\nxx\r\nf NOOP\r\n"),
        STEP("g APPEND x ~{3+}\r\n\0\0\0\r\n"),
        STEPS_END};
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_BINARY);
#undef CAPS
#define CAPS "CAPABILITY IMAP4rev1 LITERAL+ BINARY"
    check_script(
        &o, NULL, 0, steps, 0,
        IN_LOG "REJECTED 3 #16 [NUL in a literal] rejected\n"
               "LITERAL #5 [b] ?\nCONTENT [ab]\nCONTENT_ABORTED MAILPROTO_ERR_NUL #2\n"
               "REJECTED 3 #17 [NUL in a literal] rejected\nCOMMAND NOOP [c] ?\n"
               "LITERAL #3 [d] ?\nCONTENT_ABORTED MAILPROTO_ERR_NUL\n"
               "REJECTED 3 #17 [NUL in a literal] rejected\n"
               "REJECTED 3 #10 [Syntax error] rejected\nCOMMAND NOOP [f] ?\n"
               "LITERAL #3 [g] ?\nCONTENT [\\x00\\x00\\x00]\nCONTENT_END #3\n"
               "COMMAND APPEND mailbox=[x] message=#3:3 [g] ?\n",
        IN_OUT "a BAD NUL in a literal\r\nb BAD NUL in a literal\r\n"
               "c OK NOOP completed\r\nd BAD NUL in a literal\r\ne BAD Syntax error\r\n"
               "f OK NOOP completed\r\ng OK APPEND completed\r\n");
#undef CAPS
#define CAPS "CAPABILITY IMAP4rev1 LITERAL+"
}

/* A mark of an external literal cannot be made by a client. */
static void forged_mark(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP, STEP("a APPEND x \0\1\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\0\r\n"),
        STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "REJECTED 3 #11 [Syntax error] rejected\n",
                 IN_OUT "a BAD Syntax error\r\n");
}

/* ---- the application's refusal -------------------------------------------------------- */

static int refuse_it(struct run *r, const mailproto_event *ev)
{
    mailproto_imap_code code;
    if (ev->type != MAILPROTO_EV_IMAP_LITERAL) {
        return 0;
    }
    memset(&code, 0, sizeof code);
    code.struct_size = sizeof code;
    code.code = MAILPROTO_IMAP_CODE_TRYCREATE;
    assert_int_equal(mailproto_imap_server_refuse_literal(r->server, ev->tag + 1, &code,
                                                          bytes_of("")),
                     MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_imap_server_refuse_literal(r->server, ev->tag, &code,
                                                          bytes_of("a\nb")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, ev->tag, MAILPROTO_IMAP_NO, &code, bytes_of("")),
                     MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_imap_server_refuse_literal(r->server, ev->tag, &code,
                                                          bytes_of("No such box")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_literal(r->server, ev->tag, 1),
                     MAILPROTO_ERR_STALE);
    return 1;
}

static void refused_by_the_application(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP, STEP("a APPEND x {5}\r\n"),
        STEP("b APPEND x {5+}\r\nx y\r\n {9+}\r\nc LOGOUT\r {1}\r\n"),
        STEP("d NOOP\r\n"), STEPS_END};
    (void)state;
    check_script(&o, refuse_it, 0, steps, 0,
                 IN_LOG "LITERAL #5 [a] ?\nLITERAL #5 [b] ?\nCOMMAND NOOP [d] ?\n",
                 IN_OUT "a NO [TRYCREATE] No such box\r\n"
                        "b NO [TRYCREATE] No such box\r\nd OK NOOP completed\r\n");
}

/* ---- the end within a literal ------------------------------------------------------------ */

static void end_within(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step message[] = {IN_STEP, STEP("a APPEND x {10+}\r\nabc"),
                                          STEPS_END};
    static const struct step string[] = {IN_STEP, STEP("a SELECT {3+}\r\nab"),
                                         STEPS_END};
    static const struct step line[] = {IN_STEP, STEP("a DELETE x"), STEPS_END};
    static const struct step skipped[] = {IN_STEP, STEP("a APPEND x {21+}\r\nab"),
                                          STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, message, 1,
                 IN_LOG "LITERAL #10 [a] ?\nCONTENT [abc]\n"
                        "CONTENT_ABORTED MAILPROTO_ERR_EOF #3\n"
                        "CLOSED MAILPROTO_ERR_EOF\n",
                 IN_OUT);
    check_script(&o, NULL, 0, string, 1, IN_LOG "CLOSED MAILPROTO_ERR_EOF\n", IN_OUT);
    check_script(&o, NULL, 0, line, 1, IN_LOG "CLOSED MAILPROTO_ERR_EOF\n", IN_OUT);
    check_script(&o, NULL, 0, skipped, 1, IN_LOG "CLOSED MAILPROTO_ERR_EOF\n", IN_OUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_command),
        cmocka_unit_test(in_quotes),
        cmocka_unit_test(messages),
        cmocka_unit_test(several_messages),
        cmocka_unit_test(empty_messages),
        cmocka_unit_test(large_strings),
        cmocka_unit_test(before_the_login),
        cmocka_unit_test(append_limit),
        cmocka_unit_test(max_swallow),
        cmocka_unit_test(swallow_offsets),
        cmocka_unit_test(unasked),
        cmocka_unit_test(refused_before),
        cmocka_unit_test(nul),
        cmocka_unit_test(forged_mark),
        cmocka_unit_test(refused_by_the_application),
        cmocka_unit_test(end_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
