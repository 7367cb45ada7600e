/*
 * What is not offered is no command (BAD), the application never hears of it, and a client
 * is not asked for the literals of what will be refused; and to whom which response codes
 * are told.
 */
#include "server_driver.h"

static mailproto_imap_server_options with(uint64_t caps)
{
    mailproto_imap_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1) |
             cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS) | caps;
    return o;
}

#define CAPS "CAPABILITY IMAP4rev1 LITERAL+"
#define IN_LOG                                                                         \
    "CONNECT ?\nCOMMAND LOGIN name=[f] text=[s] [0] ?\n"                               \
    "COMMAND SELECT mailbox=[x] [1] ?\n"
#define IN_OUT(caps)                                                                   \
    "* OK [" caps "] ready\r\n0 OK [" caps "] LOGIN completed\r\n"                     \
    "1 OK [READ-WRITE] SELECT completed\r\n"
#define IN_STEP STEP("0 LOGIN f s\r\n1 SELECT x\r\n")

/* ---- literals of what is not offered ---------------------------------------------------- */

/* RFC 3502: of several messages the first has gone to the application, which keeps nothing
 * of a command that it never gets. */
static void one_message(void **state)
{
    mailproto_imap_server_options o = with(0);
    static const struct step steps[] = {
        IN_STEP,
        STEP("a APPEND x {5}\r\n"),
        STEP("hello {6}\r\n"),
        STEP("b APPEND x {5+}\r\nhello {6+}\r\nworld!\r\nc APPEND x {1+}\r\ny\r\n"),
        STEPS_END,
    };
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "LITERAL #5 [a] ?\nCONTENT [hello]\nCONTENT_END #5\n"
                        "REJECTED 3 #29 [Not offered] rejected\n"
                        "LITERAL #5 [b] ?\nCONTENT [hello]\nCONTENT_END #5\n"
                        "REJECTED 3 #29 [Not offered] rejected\n"
                        "LITERAL #1 [c] ?\nCONTENT [y]\nCONTENT_END #1\n"
                        "COMMAND APPEND mailbox=[x] message=#3:1 [c] ?\n",
                 IN_OUT(CAPS) "+ OK\r\na BAD Not offered\r\nb BAD Not offered\r\n"
                              "c OK APPEND completed\r\n");
}

static void several_messages(void **state)
{
    mailproto_imap_server_options o = with(cap_bit(MAILPROTO_IMAP_CAP_MULTIAPPEND) |
                                           cap_bit(MAILPROTO_IMAP_CAP_BINARY) |
                                           cap_bit(MAILPROTO_IMAP_CAP_UTF8_ACCEPT));
    static const struct step steps[] = {IN_STEP, STEP("a APPEND x {1+}\r\ny ~{1}\r\n"),
                                        STEP("z UTF8 (~{20}\r\n"),
                                        STEP("uuuuuuuuuuuuuuuuuuuu)\r\n"), STEPS_END};
    (void)state;
    check_script(
        &o, NULL, 0, steps, 0,
        IN_LOG "LITERAL #1 [a] ?\nCONTENT [y]\nCONTENT_END #1\n"
               "LITERAL #1 [a] ?\nCONTENT [z]\nCONTENT_END #1\n"
               "LITERAL #20 [a] ?\nCONTENT [uuuuuuuuuuuuuuuuuuuu]\n"
               "CONTENT_END #20\n"
               "COMMAND APPEND mailbox=[x] message=#1:1 message=#2:1 "
               "message=#3:20 [a] ?\n",
        IN_OUT(CAPS " ENABLE BINARY MULTIAPPEND UTF8=ACCEPT") "+ OK\r\n+ OK\r\na OK "
                                                              "APPEND completed\r\n");
}

/* RFC 9755 3: who has enabled UTF-8 has said which charset it is. */
static void charset_and_utf8(void **state)
{
    mailproto_imap_server_options o = with(cap_bit(MAILPROTO_IMAP_CAP_UTF8_ACCEPT));
    static const struct step steps[] = {
        STEP("0 LOGIN f s\r\nb ENABLE UTF8=ACCEPT\r\n1 SELECT x\r\n"),
        STEP("c SEARCH CHARSET UTF-8 SEEN\r\nd SEARCH CHARSET KOI8-R SEEN\r\n"),
        STEP("e SEARCH SEEN\r\n"), STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "REJECTED 3 #2 [No CHARSET after ENABLE UTF8=ACCEPT] rejected\n"
                        "REJECTED 3 #2 [No CHARSET after ENABLE UTF8=ACCEPT] rejected\n"
                        "COMMAND SEARCH [e] ?\n",
                 "* OK [" CAPS " ENABLE UTF8=ACCEPT] ready\r\n"
                 "0 OK [" CAPS " ENABLE UTF8=ACCEPT] LOGIN completed\r\n"
                 "* ENABLED UTF8=ACCEPT\r\nb OK ENABLE completed\r\n"
                 "1 OK [READ-WRITE] SELECT completed\r\n"
                 "c BAD No CHARSET after ENABLE UTF8=ACCEPT\r\n"
                 "d BAD No CHARSET after ENABLE UTF8=ACCEPT\r\n"
                 "e OK SEARCH completed\r\n");
}

/* Nobody is asked for the octets of what is refused anyway. */
static void not_asked_for(void **state)
{
    mailproto_imap_server_options o = with(0);
    static const struct step steps[] = {
        IN_STEP,
        STEP("a APPEND x ~{5}\r\n"),
        STEP("b APPEND x ~{5+}\r\nhello\r\n"),
        STEP("c APPEND x UTF8 (~{5}\r\n"),
        STEP("d SEARCH EMAILID q SUBJECT {5}\r\n"),
        STEP("e SEARCH SUBJECT {1}\r\n"),
        STEP("x TEXT {1+}\r\ny SAVEDON 1-Jan-2020\r\n"),
        STEP("f SEARCH RETURN (MIN) BODY {5+}\r\nf LOG\r\n"),
        STEP("g NOOP\r\n"),
        STEPS_END,
    };
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "REJECTED 3 [Not offered] rejected\n"
                        "REJECTED 3 [Not offered] rejected\n"
                        "REJECTED 3 [Not offered] rejected\n"
                        "REJECTED 3 [Not offered] rejected\n"
                        "REJECTED 3 #2 [Not offered] rejected\n"
                        "REJECTED 3 [Not offered] rejected\n"
                        "COMMAND NOOP [g] ?\n",
                 IN_OUT(CAPS) "a BAD Not offered\r\nb BAD Not offered\r\n"
                              "c BAD Not offered\r\nd BAD Not offered\r\n+ OK\r\n"
                              "e BAD Not offered\r\nf BAD Not offered\r\n"
                              "g OK NOOP completed\r\n");
}

/* ---- whole commands ----------------------------------------------------------------------- */

static const char *const gated[] = {
    "FETCH 1 BINARY[1]",
    "FETCH 1 BINARY.SIZE[1]",
    "FETCH 1 EMAILID",
    "FETCH 1 (UID THREADID)",
    "FETCH 1 SAVEDATE",
    "FETCH 1 MODSEQ",
    "FETCH 1 FLAGS (CHANGEDSINCE 5)",
    "UID FETCH 1 FLAGS (CHANGEDSINCE 5 VANISHED)",
    "STORE 1 (UNCHANGEDSINCE 5) FLAGS ()",
    "FETCH $ FLAGS",
    "SEARCH RETURN () ALL",
    "SEARCH RETURN (SAVE) ALL",
    "SEARCH MODSEQ 5",
    "SEARCH THREADID q",
    "SEARCH SAVEDATESUPPORTED",
    "SELECT x (CONDSTORE)",
    "SELECT x (QRESYNC (1 2))",
    "CREATE y (USE (\\Sent))",
    "LIST (SUBSCRIBED) \"\" *",
    "LIST \"\" (a b)",
    "LIST \"\" * RETURN (STATUS (UNSEEN))",
    "LIST (SPECIAL-USE) \"\" *",
    "STATUS x (SIZE)",
    "STATUS x (DELETED)",
    "STATUS x (HIGHESTMODSEQ)",
    "STATUS x (APPENDLIMIT)",
    "STATUS x (MAILBOXID)",
    "UID EXPUNGE 1",
    "MOVE 1 y",
    "UNSELECT",
    "NAMESPACE",
    "ID NIL",
    "IDLE",
};

/* IMAP4rev1 alone has none of these, and the session stays where it was. */
static void bare_rev1(void **state)
{
    mailproto_imap_server_options o = with(0);
    struct run *r;
    size_t i;
    (void)state;
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    r = open_session(&o, NULL, "0 LOGIN f s\r\n1 SELECT x\r\n");
    for (i = 0; i < sizeof gated / sizeof gated[0]; i++) {
        char line[100];
        r->out_len = 0;
        r->log_len = 0;
        (void)snprintf(line, sizeof line, "a %s\r\n", gated[i]);
        feed_text(r, line);
        if (strcmp(r->out, "a BAD Not offered\r\n") != 0 ||
            strncmp(r->log, "REJECTED 3 #", 12) != 0 || strchr(r->log, '?') != NULL) {
            print_error("%s%s%s", line, r->out, r->log);
            fail();
        }
        assert_int_equal(mailproto_imap_server_state(r->server),
                         MAILPROTO_IMAP_SELECTED);
        assert_int_equal(mailproto_imap_server_enabled(r->server), 0);
    }
    close_session(r);
}

/* All of it offered: none of it is refused. */
static void all_offered(void **state)
{
    mailproto_imap_server_options o = options_of();
    size_t i;
    (void)state;
    o.caps = (cap_bit(MAILPROTO_IMAP_CAP_SAVEDATE) << 1) - 1 -
             cap_bit(MAILPROTO_IMAP_CAP_LITERAL_MINUS);
    for (i = 0; i < sizeof gated / sizeof gated[0]; i++) {
        struct run *r =
            open_session(&o, NULL, "0 LOGIN f s\r\n2 ENABLE QRESYNC\r\n1 SELECT x\r\n");
        char line[100];
        (void)snprintf(line, sizeof line, "a %s\r\n", gated[i]);
        feed_text(r, line);
        if (strstr(r->out, "BAD") != NULL || strstr(r->log, "REJECTED") != NULL) {
            print_error("%s%s%s", line, r->out, r->log);
            fail();
        }
        close_session(r);
    }
}

/* ---- IMAP4rev2 without IMAP4rev1 --------------------------------------------------------- */

/* RFC 9051 appendix A: nobody has to enable it. */
static void rev2_alone(void **state)
{
    mailproto_imap_server_options o = options_of();
    struct run *r;
    (void)state;
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV2) | cap_bit(MAILPROTO_IMAP_CAP_STARTTLS);
    r = open_session(&o, NULL, "");
    assert_int_equal(mailproto_imap_server_enabled(r->server),
                     MAILPROTO_IMAP_ENABLED_REV2);
    feed_text(r, "a STARTTLS\r\n");
    assert_int_equal(mailproto_imap_server_enabled(r->server),
                     MAILPROTO_IMAP_ENABLED_REV2);
    feed_text(r, "0 LOGIN f s\r\n1 SELECT x\r\n");
    r->out_len = 0;
    feed_text(r, "2 SELECT \"b\xC3\xBC"
                 "cher\"\r\na ENABLE IMAP4rev2\r\n");
    assert_non_null(strstr(r->log, "mailbox=[b\\xc3\\xbc"
                                   "cher]"));
    assert_non_null(strstr(r->out, "* OK [CLOSED] Previous mailbox closed\r\n"));
    assert_null(strstr(r->out, "RECENT"));
    r->out_len = 0;
    feed_text(r, "3 CHECK\r\n4 LSUB \"\" *\r\n5 FETCH 1 RFC822\r\n6 SEARCH NEW\r\n"
                 "7 STATUS x (RECENT)\r\n8 STATUS x (DELETED)\r\n"
                 "9 LIST \"\" (x y)\r\n");
    assert_string_equal(r->out, "3 BAD Not offered\r\n4 BAD Not offered\r\n"
                                "5 BAD Not offered\r\n6 BAD Not offered\r\n"
                                "7 BAD Not offered\r\n8 OK STATUS completed\r\n"
                                "9 BAD Not offered\r\n");
    close_session(r);
}

/* ---- to whom ------------------------------------------------------------------------------- */

static uint32_t box_flags;

/* A mailbox with everything that can be told of one. */
static int whole_box(struct run *r, const mailproto_event *ev)
{
    mailproto_imap_selected box;
    if (ev->type != MAILPROTO_EV_IMAP_COMMAND ||
        (ev->number != MAILPROTO_IMAP_SELECT && ev->number != MAILPROTO_IMAP_EXAMINE)) {
        return 0;
    }
    memset(&box, 0, sizeof box);
    box.struct_size = sizeof box;
    box.exists = 3;
    box.unseen = 2;
    box.uidvalidity = 7;
    box.uidnext = 9;
    box.highestmodseq = 77;
    box.mailbox_id = bytes_of("M1");
    box.flags = MAILPROTO_IMAP_BOX_UIDNOTSTICKY | box_flags;
    box.entry.struct_size = sizeof box.entry;
    box.entry.delimiter = '/';
    box.entry.name = bytes_of("x");
    assert_int_equal(mailproto_imap_server_selected(r->server, ev->tag, &box),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, ev->tag, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_OK);
    return 1;
}

enum { CLOSED = 1, MAILBOXID = 2, NOTSTICKY = 4, HIGHEST = 8, UNSEEN = 16, LIST = 32 };

/* What the second of two SELECTs tells. */
static unsigned told(uint64_t caps, const char *enable)
{
    static const char *const texts[] = {
        "* OK [CLOSED] ",           "* OK [MAILBOXID (M1)] ", "* NO [UIDNOTSTICKY] ",
        "* OK [HIGHESTMODSEQ 77] ", "* OK [UNSEEN 2] ",       "* LIST "};
    mailproto_imap_server_options o = with(caps);
    struct run *r = open_session(&o, whole_box, "0 LOGIN f s\r\n");
    unsigned all = 0;
    size_t i;
    box_flags = 0;
    feed_text(r, enable);
    feed_text(r, "1 SELECT x\r\n");
    assert_null(strstr(r->out, "[CLOSED]")); /* none was open */
    r->out_len = 0;
    feed_text(r, "2 EXAMINE x\r\n");
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strstr(r->out, texts[i]) != NULL) {
            all |= 1U << i;
        }
    }
    if ((all & CLOSED) != 0) { /* before anything of the other mailbox */
        assert_int_equal(strncmp(r->out, texts[0], strlen(texts[0])), 0);
    }
    r->out_len = 0;
    feed_text(r, "3 CLOSE\r\n");
    assert_string_equal(r->out, "3 OK CLOSE completed\r\n");
    close_session(r);
    return all;
}

static void to_whom(void **state)
{
    uint64_t rev2 = cap_bit(MAILPROTO_IMAP_CAP_REV2);
    uint64_t condstore = cap_bit(MAILPROTO_IMAP_CAP_CONDSTORE);
    (void)state;
    assert_int_equal(told(0, ""), UNSEEN);
    assert_int_equal(told(cap_bit(MAILPROTO_IMAP_CAP_OBJECTID), ""),
                     UNSEEN | MAILBOXID);
    assert_int_equal(told(cap_bit(MAILPROTO_IMAP_CAP_UIDPLUS), ""), UNSEEN | NOTSTICKY);
    /* RFC 7162 3.2.11: whatever was enabled. */
    assert_int_equal(told(condstore, ""), UNSEEN | CLOSED | HIGHEST);
    assert_int_equal(told(cap_bit(MAILPROTO_IMAP_CAP_QRESYNC), ""),
                     UNSEEN | CLOSED | HIGHEST);
    /* RFC 9051 6.3.2: who enabled it. */
    assert_int_equal(told(rev2, ""), UNSEEN);
    assert_int_equal(told(rev2, "a ENABLE IMAP4rev2\r\n"), CLOSED | NOTSTICKY | LIST);
}

/* RFC 7162 3.1: the first command that enables CONDSTORE while a mailbox is selected. */
static void enabled_by(const char *command, uint32_t flags, int is_told)
{
    mailproto_imap_server_options o = with(cap_bit(MAILPROTO_IMAP_CAP_CONDSTORE));
    static const char line[] = "* OK [HIGHESTMODSEQ 77] Highest\r\n";
    struct run *r = open_session(&o, whole_box, "0 LOGIN f s\r\n");
    char text[100];
    box_flags = flags;
    feed_text(r, "1 SELECT x\r\n2 FETCH 1 FLAGS\r\n3 SEARCH ALL\r\n");
    assert_int_equal(mailproto_imap_server_enabled(r->server), 0);
    r->out_len = 0;
    (void)snprintf(text, sizeof text, "a %s\r\n", command);
    feed_text(r, text);
    assert_int_equal(strncmp(r->out, line, sizeof line - 1) == 0, is_told);
    if (is_told) {
        assert_int_equal(mailproto_imap_server_enabled(r->server),
                         MAILPROTO_IMAP_ENABLED_CONDSTORE);
        r->out_len = 0;
        feed_text(r, text); /* once */
        assert_null(strstr(r->out, "HIGHEST"));
    }
    close_session(r);
}

static void first_of_condstore(void **state)
{
    (void)state;
    enabled_by("FETCH 1 MODSEQ", 0, 1);
    enabled_by("UID FETCH 1 FLAGS (CHANGEDSINCE 5)", 0, 1);
    enabled_by("SEARCH MODSEQ 5", 0, 1);
    enabled_by("STORE 1 (UNCHANGEDSINCE 5) FLAGS ()", 0, 1);
    enabled_by("STATUS y (HIGHESTMODSEQ)", 0, 1);
    enabled_by("STATUS y (HIGHESTMODSEQ)", MAILPROTO_IMAP_BOX_NOMODSEQ, 0);
    enabled_by("FETCH 1 UID", 0, 0);
    /* What is refused enables nothing. */
    enabled_by("FETCH 4 MODSEQ", 0, 0);
}

/* ... and it is what the client knows by then, not what SELECT said. */
static void highest_now(void **state)
{
    mailproto_imap_server_options o = with(cap_bit(MAILPROTO_IMAP_CAP_CONDSTORE));
    mailproto_imap_code code;
    int way;
    (void)state;
    memset(&code, 0, sizeof code);
    code.struct_size = sizeof code;
    code.code = MAILPROTO_IMAP_CODE_HIGHESTMODSEQ;
    code.number = 90;
    for (way = 0; way < 4; way++) {
        struct run *r = open_session(&o, whole_box, "0 LOGIN f s\r\n");
        assert_int_equal(mailproto_imap_server_highestmodseq(r->server, 5),
                         MAILPROTO_ERR_STATE);
        box_flags = 0;
        feed_text(r, "1 SELECT x\r\n");
        if (way == 0) {
            assert_int_equal(mailproto_imap_server_highestmodseq(
                                 r->server, UINT64_C(0x8000000000000000)),
                             MAILPROTO_ERR_ARGUMENT);
            assert_int_equal(mailproto_imap_server_highestmodseq(
                                 r->server, UINT64_C(0x7FFFFFFFFFFFFFFF)),
                             MAILPROTO_OK);
        } else if (way == 1) { /* lower than before */
            assert_int_equal(mailproto_imap_server_highestmodseq(r->server, 76),
                             MAILPROTO_OK);
        } else if (way == 2) {
            assert_int_equal(mailproto_imap_server_untagged(
                                 r->server, MAILPROTO_IMAP_OK, &code, bytes_of("x")),
                             MAILPROTO_OK);
        } else { /* another mailbox has its own */
            assert_int_equal(mailproto_imap_server_highestmodseq(r->server, 90),
                             MAILPROTO_OK);
            feed_text(r, "2 SELECT y\r\n");
        }
        drain(r);
        r->out_len = 0;
        feed_text(r, "a FETCH 1 MODSEQ\r\n");
        assert_non_null(strstr(r->out, way == 0 ? "[HIGHESTMODSEQ 9223372036854775807]"
                                       : way == 2 ? "[HIGHESTMODSEQ 90]"
                                                  : "[HIGHESTMODSEQ 77]"));
        close_session(r);
    }
}

/* RFC 7162 3.1.2.2: BAD while a mailbox without them is selected. */
static void no_mod_sequences(void **state)
{
    static const char *const commands[] = {
        "FETCH 1 MODSEQ", "UID FETCH 1 FLAGS (CHANGEDSINCE 5)", "SEARCH MODSEQ 5",
        "UID STORE 1 (UNCHANGEDSINCE 5) FLAGS ()"};
    mailproto_imap_server_options o = with(cap_bit(MAILPROTO_IMAP_CAP_CONDSTORE));
    struct run *r = open_session(&o, whole_box, "0 LOGIN f s\r\n");
    char text[100];
    size_t i;
    (void)state;
    box_flags = MAILPROTO_IMAP_BOX_NOMODSEQ;
    feed_text(r, "1 SELECT x (CONDSTORE)\r\n");
    assert_non_null(strstr(r->out, "* OK [NOMODSEQ] "));
    for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        (void)snprintf(text, sizeof text, "a %s\r\n", commands[i]);
        r->out_len = 0;
        r->log_len = 0;
        feed_text(r, text);
        assert_string_equal(r->out, "a BAD No mod-sequences in this mailbox\r\n");
        assert_int_equal(strncmp(r->log, "REJECTED 3 #", 12), 0);
    }
    r->out_len = 0;
    feed_text(r, "b STATUS y (HIGHESTMODSEQ)\r\nc FETCH 1 FLAGS\r\n");
    assert_string_equal(r->out, "b OK STATUS completed\r\nc OK FETCH completed\r\n");
    box_flags = 0;
    feed_text(r, "d SELECT x\r\n");
    r->out_len = 0;
    feed_text(r, "e FETCH 1 MODSEQ\r\n");
    assert_string_equal(r->out, "e OK FETCH completed\r\n");
    close_session(r);
}

/* It waits for room, whatever stands before it, and the command with it. */
static void highest_waits(void **state)
{
    mailproto_imap_server_options o = with(cap_bit(MAILPROTO_IMAP_CAP_CONDSTORE));
    struct run *r;
    size_t len;
    size_t n = 0;
    (void)state;
    o.out_size = 1024;
    r = open_session(&o, whole_box, "0 LOGIN f s\r\n1 SELECT x\r\n");
    r->out_len = 0;
    r->no_drain = 1;
    while (mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                          bytes_of("0123456789012345678901234567")) ==
           MAILPROTO_OK) {
        n++;
    }
    assert_true(n > 1);
    give(r, "a FETCH 1 MODSEQ\r\n", 18);
    assert_null(strstr(r->log, "FETCH"));
    (void)mailproto_session_output(r->s, &len);
    assert_int_equal(len, n * 35);
    r->no_drain = 0;
    drain(r);
    pull(r);
    drain(r);
    pull(r);
    assert_string_equal(r->out + n * 35, "* OK [HIGHESTMODSEQ 77] Highest\r\n"
                                         "a OK FETCH completed\r\n");
    close_session(r);
}

/* A SELECT that told of another mailbox has left the old one, whatever comes of it. */
static int tell_and_refuse(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND && ev->number == MAILPROTO_IMAP_EXAMINE) {
        mailproto_imap_selected box;
        memset(&box, 0, sizeof box);
        box.struct_size = sizeof box;
        box.exists = 1;
        box.uidvalidity = 7;
        box.uidnext = 9;
        box.entry.struct_size = sizeof box.entry;
        assert_int_equal(mailproto_imap_server_selected(r->server, ev->tag, &box),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_imap_server_complete(r->server, ev->tag,
                                                        MAILPROTO_IMAP_BAD, NULL,
                                                        bytes_of("")),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static void told_and_refused(void **state)
{
    mailproto_imap_server_options o = with(0);
    struct run *r = open_session(&o, tell_and_refuse, "0 LOGIN f s\r\n1 SELECT x\r\n");
    (void)state;
    feed_text(r, "a EXAMINE y\r\n");
    assert_int_equal(mailproto_imap_server_state(r->server),
                     MAILPROTO_IMAP_AUTHENTICATED);
    assert_int_equal(mailproto_imap_server_exists_now(r->server), 0);
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message),        cmocka_unit_test(several_messages),
        cmocka_unit_test(charset_and_utf8),   cmocka_unit_test(not_asked_for),
        cmocka_unit_test(bare_rev1),          cmocka_unit_test(all_offered),
        cmocka_unit_test(rev2_alone),         cmocka_unit_test(to_whom),
        cmocka_unit_test(first_of_condstore), cmocka_unit_test(highest_now),
        cmocka_unit_test(no_mod_sequences),   cmocka_unit_test(highest_waits),
        cmocka_unit_test(told_and_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
