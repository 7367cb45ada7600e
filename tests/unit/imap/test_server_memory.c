/*
 * Commands longer than the input buffer: memory is asked for, lent, and given back wiped;
 * or they are swallowed in step. Both sides of each limit, in every way of feeding.
 */
#include "server_driver.h"

static mailproto_imap_server_options small(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps =
        cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    o.in_size = 512;
    o.max_command_before = 1024;
    o.max_command = 2048;
    o.max_literal = 1600;
    return o;
}

/* `tag NOOP` of `len` octets with its CRLF, which is no command. */
static void long_line(char *to, const char *begin, size_t len)
{
    size_t n = strlen(begin);
    memcpy(to, begin, n);
    memset(to + n, 'x', len - n - 2);
    memcpy(to + len - 2, "\r\n", 3);
}

static struct run *run_of(const char *text, size_t lend, enum way way)
{
    mailproto_imap_server_options o = small();
    struct run *r = open_session(&o, NULL, "0 LOGIN f s\r\n");
    r->lend = lend;
    r->way = way;
    feed_text(r, text);
    return r;
}

static void expect(const char *text, size_t lend, const char *log, const char *out)
{
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE, SPACE_BYTEWISE};
    size_t i;
    for (i = 0; i < 4; i++) {
        struct run *r = run_of(text, lend, ways[i]);
        if (strcmp(r->log, log) != 0) {
            print_error("way %zu\n%s\n", i, r->log);
        }
        assert_string_equal(r->log, log);
        assert_string_equal(r->out, out);
        close_session(r);
    }
    for (i = 1; i < strlen(text); i++) {
        mailproto_imap_server_options o = small();
        struct run *r = open_session(&o, NULL, "0 LOGIN f s\r\n");
        r->lend = lend;
        r->fed = 0;
        r->way = CUT;
        r->cut = i;
        feed_text(r, text);
        assert_string_equal(r->log, log);
        assert_string_equal(r->out, out);
        close_session(r);
    }
}

static void at_the_limit(void **state)
{
    char text[4096];
    (void)state;
    long_line(text, "a CREATE ", 512);
    strcat(text, "b NOOP\r\n");
    {
        mailproto_imap_server_options o = small();
        struct run *r = open_session(&o, NULL, "0 LOGIN f s\r\n");
        feed_text(r, text);
        assert_string_equal(r->out, "a OK CREATE completed\r\nb OK NOOP completed\r\n");
        assert_null(strstr(r->log, "MEMORY"));
        close_session(r);
    }
    long_line(text, "a NOOP ", 513);
    strcat(text, "b NOOP\r\n");
    expect(text, 0,
           "NEED_MEMORY 2 #1024\nREJECTED 3 #512 [[TOOBIG] Command too long] rejected\n"
           "COMMAND NOOP [b] ?\n",
           "a BAD [TOOBIG] Command too long\r\nb OK NOOP completed\r\n");
    expect(text, 1,
           "NEED_MEMORY 2 #1024\nREJECTED 3 #6 [Syntax error] rejected\n"
           "MEMORY_BACK #1024\n"
           "COMMAND NOOP [b] ?\n",
           "a BAD Syntax error\r\nb OK NOOP completed\r\n");
}

/* As much as max_command, and one more. */
static void max_command(void **state)
{
    char text[4096];
    (void)state;
    long_line(text, "a NOOP ", 2048);
    strcat(text, "b NOOP\r\n");
    expect(text, 1,
           "NEED_MEMORY 2 #1024\nNEED_MEMORY 2 #2048\nMEMORY_BACK #1024\n"
           "REJECTED 3 #6 [Syntax error] rejected\nMEMORY_BACK #2048\n"
           "COMMAND NOOP [b] ?\n",
           "a BAD Syntax error\r\nb OK NOOP completed\r\n");
    long_line(text, "a NOOP ", 2049);
    strcat(text, "b NOOP\r\n");
    expect(text, 4000,
           "NEED_MEMORY 2 #1024\nMEMORY_BACK #4000\n"
           "REJECTED 3 #2048 [[TOOBIG] Command too long] rejected\n"
           "COMMAND NOOP [b] ?\n",
           "a BAD [TOOBIG] Command too long\r\nb OK NOOP completed\r\n");
}

/* The login as a line of so many octets, of which the name's literal has some. */
static void login(char *to, size_t literal, size_t len)
{
    size_t n = (size_t)sprintf(to, "a LOGIN {%u+}\r\n", (unsigned)literal);
    memset(to + n, 'f', literal);
    n += literal;
    to[n++] = ' ';
    memset(to + n, 's', len - n - 2);
    strcpy(to + len - 2, "\r\n");
}

/* Before the login: as many octets as max_command_before, and one more; a literal of
 * max_literal, and one more; behind it other limits. */
static void before_the_login(void **state)
{
    static const struct {
        size_t literal, len;
        const char *out;
    } rows[] = {
        {1, 600, "a OK [CAPABILITY IMAP4rev1 LITERAL+] LOGIN completed\r\n"},
        {1, 601, "a BAD [TOOBIG] Command too long\r\n"},
        {40, 600, "a OK [CAPABILITY IMAP4rev1 LITERAL+] LOGIN completed\r\n"},
        {40, 601, "a BAD [TOOBIG] Command too long\r\n"},
        {41, 100, "a BAD [TOOBIG] Literal too large\r\n"},
    };
    mailproto_imap_server_options o = options_of();
    char text[1024];
    size_t i;
    (void)state;
    o.caps =
        cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    o.in_size = 512;
    o.max_command_before = 600;
    o.max_command = 700;
    o.max_literal = 40;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run *r = open_session(&o, NULL, "");
        r->lend = 1;
        login(text, rows[i].literal, rows[i].len);
        assert_int_equal(strlen(text), rows[i].len);
        feed_text(r, text);
        assert_string_equal(r->out, rows[i].out);
        r->out_len = 0;
        feed_text(r, "b NOOP\r\n");
        assert_string_equal(r->out, "b OK NOOP completed\r\n");
        if (strstr(rows[i].out, "OK") != NULL) { /* max_command holds now */
            r->out_len = 0;
            long_line(text, "c CREATE ", 700);
            feed_text(r, text);
            long_line(text, "d CREATE ", 701);
            feed_text(r, text);
            assert_string_equal(r->out, "c OK CREATE completed\r\n"
                                        "d BAD [TOOBIG] Command too long\r\n");
        }
        close_session(r);
    }
}

/* What is thrown away before the login: as many octets as max_swallow_before, with the
 * line's end, and one more. */
static void swallowed_before(void **state)
{
    mailproto_imap_server_options o = options_of();
    char text[200];
    size_t n;
    (void)state;
    o.caps =
        cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    o.max_literal = 8;
    o.max_swallow_before = 50;
    for (n = 48; n < 50; n++) {
        struct run *r = open_session(&o, NULL, "");
        size_t at = (size_t)sprintf(text, "a LOGIN {%u+}\r\n", (unsigned)n);
        memset(text + at, 'x', n);
        strcpy(text + at + n, "\r\nb NOOP\r\n");
        feed_text(r, text);
        if (n == 48) {
            assert_string_equal(
                r->out, "a BAD [TOOBIG] Literal too large\r\nb OK NOOP completed\r\n");
        } else {
            assert_string_equal(r->out, "* BYE [TOOBIG] Too much was sent\r\n");
            assert_int_equal(r->closed, MAILPROTO_ERR_CONTENT_LIMIT);
        }
        close_session(r);
    }
}

/* For a literal: before it is asked for. */
static void for_a_literal(void **state)
{
    char text[4096];
    size_t len;
    (void)state;
    strcpy(text, "a CREATE {700+}\r\n");
    len = strlen(text);
    memset(text + len, 'x', 700);
    strcpy(text + len + 700, "\r\nb NOOP\r\n");
    expect(text, 0,
           "NEED_MEMORY 2 #1024\nREJECTED 3 #17 [[TOOBIG] Command too long] rejected\n"
           "COMMAND NOOP [b] ?\n",
           "a BAD [TOOBIG] Command too long\r\nb OK NOOP completed\r\n");
    text[strlen("a CREATE {700")] = '}';
    memmove(text + strlen("a CREATE {700}"), text + strlen("a CREATE {700+}"),
            strlen(text) - strlen("a CREATE {700+}") + 1);
    {
        struct run *r = run_of("a CREATE {700}\r\n", 0, WHOLE);
        assert_string_equal(r->out, "a BAD [TOOBIG] Command too long\r\n");
        close_session(r);
        r = run_of("a CREATE {700}\r\n", 1, WHOLE);
        assert_string_equal(r->out, "+ OK\r\n");
        feed_text(r, text + strlen("a CREATE {700}\r\n"));
        assert_string_equal(r->out,
                            "+ OK\r\na OK CREATE completed\r\nb OK NOOP completed\r\n");
        assert_non_null(strstr(r->log, "MEMORY_BACK #1024\nCOMMAND NOOP"));
        close_session(r);
        r = run_of("a CREATE {2032}\r\n", 1, WHOLE); /* over max_literal: streamed */
        assert_string_equal(r->log, "LITERAL #2032 [a] ?\n");
        close_session(r);
    }
}

/* A message behind a long prefix: what was read points into what was lent. */
static void for_a_mark(void **state)
{
    char text[4096];
    size_t i;
    (void)state;
    strcpy(text, "a APPEND x (");
    for (i = 0; i < 60; i++) {
        strcat(text, i == 0 ? "flag0000" : " flag0000");
    }
    strcat(text, ") {5+}\r\nhello\r\nb NOOP\r\n");
    expect(text, 1,
           "NEED_MEMORY 2 #1024\nLITERAL #5 [a] ?\nCONTENT [hello]\nCONTENT_END #5\n"
           "COMMAND APPEND mailbox=[x] message=#1:5 [a] ?\nMEMORY_BACK #1024\n"
           "COMMAND NOOP [b] ?\n",
           "a OK APPEND completed\r\nb OK NOOP completed\r\n");
    /* The announcement fits, its mark does not. */
    strcpy(text, "a APPEND x (");
    for (i = 0; i < 53; i++) {
        strcat(text, i == 0 ? "flag0000" : " flag0000");
    }
    strcat(text, "0123456) {5+}\r\nhello\r\nb NOOP\r\n");
    assert_true(strchr(text, '{') - text < 500 && strchr(text, '{') - text > 490);
    expect(text, 1,
           "NEED_MEMORY 2 #1024\nLITERAL #5 [a] ?\nCONTENT [hello]\nCONTENT_END #5\n"
           "COMMAND APPEND mailbox=[x] message=#1:5 [a] ?\nMEMORY_BACK #1024\n"
           "COMMAND NOOP [b] ?\n",
           "a OK APPEND completed\r\nb OK NOOP completed\r\n");
}

/* Marks that are longer than what they stand for, with the block full of what follows. */
/* More tiny messages than the block has room for: in lent memory, or not at all. */
static void many_tiny_marks(void **state)
{
    static const char text[] = "a APPEND x {1+}\r\na {1+}\r\nb {1+}\r\nc {1+}\r\nd "
                               "{1+}\r\ne {1+}\r\nf {1+}\r\ng "
                               "{1+}\r\nh {1+}\r\ni {2+}\r\njk\r\nb NOOP\r\n";
    size_t cut;
    (void)state;
    for (cut = 1; cut < 2 * sizeof text; cut++) {
        mailproto_imap_server_options o = small();
        size_t lent = cut < sizeof text;
        struct run *r;
        o.caps |= cap_bit(MAILPROTO_IMAP_CAP_MULTIAPPEND);
        r = open_session(&o, NULL, "0 LOGIN f s\r\n");
        r->lend = lent;
        r->way = CUT;
        r->fed = 0;
        r->cut = lent ? cut : cut - sizeof text;
        feed_text(r, text);
        if (lent) {
            assert_non_null(strstr(r->log, "NEED_MEMORY 2 #1024\n"));
            assert_non_null(strstr(r->log, "message=#1:1 message=#2:1 message=#3:1 "
                                           "message=#4:1 message=#5:1 message=#6:1 "
                                           "message=#7:1 message=#8:1 message=#9:1 "
                                           "message=#10:2"));
            assert_non_null(strstr(r->log, "MEMORY_BACK #1024\n"));
            assert_string_equal(r->out,
                                "a OK APPEND completed\r\nb OK NOOP completed\r\n");
        } else {
            assert_string_equal(
                r->out, "a BAD [TOOBIG] Command too long\r\nb OK NOOP completed\r\n");
        }
        close_session(r);
    }
}

static void tiny_marks(void **state)
{
    mailproto_imap_server_options o = small();
    char text[4096];
    size_t i;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_MULTIAPPEND);
    for (i = 380; i <= 440; i++) {
        struct run *r = open_session(&o, NULL, "0 LOGIN f s\r\n");
        size_t at;
        r->way = SPACE_WHOLE;
        strcpy(text, "a APPEND x {1+}\r\na {1+}\r\nb (");
        at = strlen(text);
        memset(text + at, 'f', i);
        strcpy(text + at + i, ") {20+}\r\n01234567890123456789\r\nb NOOP\r\n");
        feed_text(r, text);
        /* With its CRLF the unit has 72 octets beside the flag. */
        assert_string_equal(r->out, i <= 440 ? "a OK APPEND completed\r\n"
                                               "b OK NOOP completed\r\n"
                                             : "");
        assert_non_null(strstr(r->log, "message=#1:1 message=#2:1 message=#3:20"));
        close_session(r);
    }
}

/* It comes back whatever happens, and nothing of the command is left in it. */
static void given_back(void **state)
{
    mailproto_imap_server_options o = small();
    struct run *r = open_session(&o, NULL, "");
    mailproto_event ev;
    char mem[1024];
    char text[1024];
    size_t used;
    size_t i;
    (void)state;
    long_line(text, "a LOGIN secret", 600);
    assert_int_equal(mailproto_session_lend(r->s, mem, sizeof mem),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_feed(r->s, text, 600, &used), MAILPROTO_OK);
    assert_int_equal(used, 512);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_NEED_MEMORY);
    assert_int_equal(ev.number, 1024);
    assert_int_equal(ev.code, 1);
    assert_int_equal(mailproto_session_lend(r->s, mem, sizeof mem), MAILPROTO_OK);
    assert_int_equal(mailproto_session_feed(r->s, text + 512, 50, &used), MAILPROTO_OK);
    assert_int_equal(used, 50);
    assert_memory_equal(mem, text, 562);
    (void)mailproto_session_feed_eof(r->s);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_MEMORY_BACK);
    assert_ptr_equal(ev.detail, mem);
    assert_int_equal(ev.number, sizeof mem);
    for (i = 0; i < 562; i++) {
        assert_int_equal(mem[i], 0);
    }
    for (i = 0; i + 6 < mailproto_imap_server_mem_size(&o); i++) {
        assert_memory_not_equal((char *)r->block + i, "secret", 6);
    }
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_CLOSED);
    close_session(r);
    /* Lent, and the session fails before it was taken. */
    r = open_session(&o, NULL, "");
    assert_int_equal(mailproto_session_feed(r->s, text, 600, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_session_lend(r->s, mem, sizeof mem), MAILPROTO_OK);
    assert_int_equal(mailproto_session_fail(r->s, MAILPROTO_ERR_IO), MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_MEMORY_BACK);
    close_session(r);
}

/* A command that grows twice, and the session fails before the second block was taken: both
 * come back. */
static void both_given_back(void **state)
{
    mailproto_imap_server_options o = small();
    struct run *r = open_session(&o, NULL, "0 LOGIN f s\r\n");
    mailproto_event ev;
    char mem[2][2048];
    char text[2048];
    size_t at = 0;
    size_t lent = 0;
    size_t used;
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "a SELECT ", 9);
    while (lent < 2) {
        assert_true(at < sizeof text);
        assert_int_equal(
            mailproto_session_feed(r->s, text + at, sizeof text - at, &used),
            MAILPROTO_OK);
        at += used;
        if (mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
            assert_int_equal(ev.type, MAILPROTO_EV_NEED_MEMORY);
            assert_int_equal(mailproto_session_lend(r->s, mem[lent], (size_t)ev.number),
                             MAILPROTO_OK);
            lent++;
        }
    }
    assert_int_equal(mailproto_session_fail(r->s, MAILPROTO_ERR_IO), MAILPROTO_OK);
    for (lent = 0; lent < 2; lent++) {
        assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
        assert_int_equal(ev.type, MAILPROTO_EV_MEMORY_BACK);
        assert_ptr_equal(ev.detail, mem[lent]);
    }
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_CLOSED);
    close_session(r);
}

/* ---- an idle session ------------------------------------------------------------------- */

/* Whatever was said before, a session that waits holds its block, and that is all: what
 * was lent is back. docs/performance.md has these figures, of 64 bits. */
static void idle_session(void **state)
{
    mailproto_imap_server_options o;
    (void)state;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    assert_true(mailproto_imap_server_mem_size(&o) <= 14336);
    o.in_size = 1024;
    o.out_size = 1024;
    assert_true(mailproto_imap_server_mem_size(&o) <= 4096);
    o.in_size = 512;
    o.reply_max = 128;
    o.max_in_progress = 1;
    assert_true(mailproto_imap_server_mem_size(&o) <= 3584);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_limit),     cmocka_unit_test(max_command),
        cmocka_unit_test(before_the_login), cmocka_unit_test(swallowed_before),
        cmocka_unit_test(for_a_literal),    cmocka_unit_test(for_a_mark),
        cmocka_unit_test(tiny_marks),       cmocka_unit_test(many_tiny_marks),
        cmocka_unit_test(given_back),       cmocka_unit_test(both_given_back),
        cmocka_unit_test(idle_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
