/*
 * The IMAP server's conversation: states, commands, the words of the engine's own; in
 * every way of feeding, with answers at once and later.
 */
#include "server_driver.h"

/* Few capabilities, so that lines are short. */
static mailproto_imap_server_options few(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps =
        cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    return o;
}

#define CAPS "CAPABILITY IMAP4rev1 LITERAL+"
#define HELLO "* OK [" CAPS "] ready\r\n"
#define IN_LOG "CONNECT ?\nCOMMAND LOGIN name=[f] text=[s] [0] ?\n"
#define IN_OUT HELLO "0 OK [" CAPS "] LOGIN completed\r\n"
#define IN_STEP STEP("0 LOGIN f s\r\n")

static void whole_session(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a CAPABILITY\r\nb NOOP\r\n"),
        STEP("c LOGIN fred secret\r\n"),
        STEP("d SELECT inbox\r\ne NOOP\r\nf CLOSE\r\n"),
        STEP("g LOGOUT\r\nh NOOP\r\n"),
        STEPS_END,
    };
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nCOMMAND NOOP [b] ?\n"
                 "COMMAND LOGIN name=[fred] text=[secret] [c] ?\n"
                 "COMMAND SELECT mailbox=[inbox] [d] ?\nCOMMAND NOOP [e] ?\n"
                 "COMMAND CLOSE [f] ?\nCLOSED MAILPROTO_OK\n",
                 HELLO "* " CAPS "\r\na OK CAPABILITY completed\r\n"
                       "b OK NOOP completed\r\n"
                       "c OK [" CAPS "] LOGIN completed\r\n"
                       "d OK [READ-WRITE] SELECT completed\r\n"
                       "e OK NOOP completed\r\nf OK CLOSE completed\r\n"
                       "* BYE Logging out\r\ng OK LOGOUT completed\r\n");
}

/* RFC 9051 3: what the state forbids. */
static void wrong_states(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a SELECT x\r\nb FETCH 1 FLAGS\r\n"),
        IN_STEP,
        STEP("c LOGIN x y\r\nd CLOSE\r\ne STORE 1 FLAGS ()\r\n"),
        STEP("f SELECT x\r\ng FETCH 3 FLAGS\r\nh EXAMINE x\r\n"),
        STEPS_END,
    };
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nREJECTED 3 #2 [Not in this state] rejected\n"
                 "REJECTED 3 #2 [Not in this state] rejected\n"
                 "COMMAND LOGIN name=[f] text=[s] [0] ?\n"
                 "REJECTED 3 #2 [Already logged in] rejected\n"
                 "REJECTED 3 #2 [Select a mailbox first] rejected\n"
                 "REJECTED 3 #2 [Select a mailbox first] rejected\n"
                 "COMMAND SELECT mailbox=[x] [f] ?\nCOMMAND FETCH [g] ?\n"
                 "COMMAND EXAMINE mailbox=[x] [h] ?\n",
                 HELLO "a BAD Not in this state\r\nb BAD Not in this state\r\n"
                       "0 OK [" CAPS "] LOGIN completed\r\n"
                       "c BAD Already logged in\r\nd BAD Select a mailbox first\r\n"
                       "e BAD Select a mailbox first\r\n"
                       "f OK [READ-WRITE] SELECT completed\r\n"
                       "g OK FETCH completed\r\n"
                       "h OK [READ-ONLY] EXAMINE completed\r\n");
}

/* What is no command at all. */
static void no_commands(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        IN_STEP,
        STEP("\r\n"),
        STEP("a\r\n"),
        STEP("b \r\n"),
        STEP("c XYZ foo\r\n"),
        STEP("+ NOOP\r\n"),
        STEP("(x NOOP\r\n"),
        STEP("d NOOP \r\n"),
        STEP("e NOOP\nf LOGOUT\r\n"),
        STEP("g NO\rOP\r\n"),
        STEP("h NOOP\0\r\n"),
        STEP("i IDLE\r\n"),
        STEPS_END,
    };
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "REJECTED 3 [A command begins with a tag] rejected\n"
                        "REJECTED 3 #1 [A command begins with a tag] rejected\n"
                        "REJECTED 3 #2 [Syntax error] rejected\n"
                        "REJECTED 3 #2 [Unknown command] rejected\n"
                        "REJECTED 3 [A command begins with a tag] rejected\n"
                        "REJECTED 3 [A command begins with a tag] rejected\n"
                        "REJECTED 3 #6 [Syntax error] rejected\n"
                        "REJECTED 3 #6 [Syntax error] rejected\n"
                        "REJECTED 3 #4 [Syntax error] rejected\n"
                        "REJECTED 3 #6 [Syntax error] rejected\n"
                        "REJECTED 3 #2 [Not offered] rejected\n",
                 IN_OUT "* BAD A command begins with a tag\r\n"
                        "* BAD A command begins with a tag\r\n"
                        "b BAD Syntax error\r\nc BAD Unknown command\r\n"
                        "* BAD A command begins with a tag\r\n"
                        "* BAD A command begins with a tag\r\n"
                        "d BAD Syntax error\r\ne BAD Syntax error\r\n"
                        "g BAD Syntax error\r\nh BAD Syntax error\r\n"
                        "i BAD Not offered\r\n");
}

static void other_commands(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {STEP("a XYZ foo bar\r\n"), IN_STEP,
                                        STEP("b XYZ {3+}\r\nfoo\r\n"), STEPS_END};
    (void)state;
    o.flags |= MAILPROTO_IMAP_SERVER_OTHER_COMMANDS;
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nCOMMAND  name=[XYZ] [a] ?\n"
                 "COMMAND LOGIN name=[f] text=[s] [0] ?\nCOMMAND  name=[XYZ] [b] ?\n",
                 HELLO "a OK Command completed\r\n0 OK [" CAPS "] LOGIN completed\r\n"
                       "b OK Command completed\r\n");
}

/* A tag of 64 octets, and one of 65. */
static void long_tags(void **state)
{
    mailproto_imap_server_options o = few();
#define TAG "0123456789012345678901234567890123456789012345678901234567890123"
    static const struct step steps[] = {IN_STEP, STEP(TAG " NOOP\r\nx" TAG " NOOP\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, NULL, 0, steps, 0,
                 IN_LOG "COMMAND NOOP [" TAG "] ?\n"
                        "REJECTED 3 #66 [A command begins with a tag] rejected\n",
                 IN_OUT TAG
                 " OK NOOP completed\r\n* BAD A command begins with a tag\r\n");
}

/* RFC 9051 11.1: neither names nor passwords in the clear, and before they are sent. */
static void privacy(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {STEP("a LOGIN fred secret\r\n"),
                                        STEP("b LOGIN {4}\r\n"),
                                        STEP("c LOGIN {4+}\r\nfred {6+}\r\nsecret\r\n"),
                                        STEP("d AUTHENTICATE PLAIN\r\n"),
                                        STEP("e STARTTLS\r\n"),
                                        STEPS_END};
    (void)state;
    o.flags = 0;
    o.auth_mechanisms = bytes_of("PLAIN");
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nREJECTED 2 #2 [[PRIVACYREQUIRED] Needs TLS] rejected\n"
                 "REJECTED 2 [[PRIVACYREQUIRED] Needs TLS] rejected\n"
                 "REJECTED 2 [[PRIVACYREQUIRED] Needs TLS] rejected\n"
                 "REJECTED 2 #2 [[PRIVACYREQUIRED] Needs TLS] rejected\n"
                 "REJECTED 3 #2 [Not offered] rejected\n",
                 "* OK [" CAPS " LOGINDISABLED] ready\r\n"
                 "a NO [PRIVACYREQUIRED] Needs TLS\r\n"
                 "b NO [PRIVACYREQUIRED] Needs TLS\r\n"
                 "c NO [PRIVACYREQUIRED] Needs TLS\r\n"
                 "d NO [PRIVACYREQUIRED] Needs TLS\r\ne BAD Not offered\r\n");
}

static void starttls(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a STARTTLS\r\n"), STEP("b CAPABILITY\r\nc STARTTLS\r\n"),
        STEP("d LOGIN f s\r\n"), STEP("e STARTTLS\r\n"), STEPS_END};
    (void)state;
    o.flags = 0;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_STARTTLS);
    o.auth_mechanisms = bytes_of("PLAIN SCRAM-SHA-256-PLUS");
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nTLS_GO\n"
                 "REJECTED 3 #2 [TLS is already active] rejected secure\n"
                 "COMMAND LOGIN name=[f] text=[s] [d] ? secure\n"
                 "REJECTED 3 #2 [Already logged in] rejected secure\n",
                 "* OK [" CAPS
                 " STARTTLS LOGINDISABLED] ready\r\na OK Begin TLS negotiation\r\n"
                 "* " CAPS " AUTH=PLAIN\r\nb OK CAPABILITY completed\r\n"
                 "c BAD TLS is already active\r\nd OK [" CAPS "] LOGIN completed\r\n"
                 "e BAD Already logged in\r\n");
}

/* RFC 9051 6.2.1: bytes behind STARTTLS are never looked at. */
static void tls_injection(void **state)
{
    static const char *const behind[] = {"x", "b NOOP\r\n", "b LOGIN {1+}\r\nx y\r\n"};
    mailproto_imap_server_options o = few();
    size_t i;
    int late;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_STARTTLS);
    for (i = 0; i < 3; i++) {
        for (late = 0; late < 2; late++) {
            struct run *r = open_session(&o, NULL, "");
            size_t used;
            char text[64];
            sprintf(text, "a STARTTLS\r\n%s", behind[i]);
            if (late) {
                (void)mailproto_session_feed(r->s, text, 12, &used);
                (void)mailproto_session_feed(r->s, text + 12, strlen(text) - 12, &used);
            } else {
                (void)mailproto_session_feed(r->s, text, strlen(text), &used);
            }
            pull(r);
            drain(r);
            assert_string_equal(r->log, "CLOSED MAILPROTO_ERR_TLS_INJECTION\n");
            assert_string_equal(r->out, "");
            assert_int_equal(error_of(r).offset, 12);
            close_session(r);
        }
    }
}

static void implicit_tls(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {STEP("a LOGIN f s\r\n"), STEPS_END};
    (void)state;
    o.flags = MAILPROTO_IMAP_SERVER_TLS_IMPLICIT;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_STARTTLS);
    check_script(&o, NULL, 0, steps, 0,
                 "TLS_GO\nCONNECT ? secure\n"
                 "COMMAND LOGIN name=[f] text=[s] [a] ? secure\n",
                 HELLO "a OK [" CAPS "] LOGIN completed\r\n");
}

/* ---- greetings ------------------------------------------------------------------------ */

static int greet_with(struct run *r, const mailproto_event *ev)
{
    uint32_t how = *(const uint32_t *)r->user;
    if (ev->type != MAILPROTO_EV_IMAP_CONNECT) {
        return 0;
    }
    assert_int_equal(
        mailproto_imap_server_greet(r->server, ev->tag + 1, how, bytes_of("x")),
        MAILPROTO_ERR_STALE);
    assert_int_equal(
        mailproto_imap_server_greet(r->server, ev->tag, how, bytes_of("x\ry")),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_server_greet(r->server, ev->tag, how, bytes_of("[ALERT] y")),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_greet(r->server, ev->tag, MAILPROTO_IMAP_NO,
                                                 bytes_of("x")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_server_greet(r->server, ev->tag, how, bytes_of("Hello")),
        MAILPROTO_OK);
    return 1;
}

static struct run *greeted(uint32_t how)
{
    mailproto_imap_server_options o = few();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    assert_non_null(r);
    run_start(r, &o);
    r->answer = greet_with;
    r->user = &how;
    pull(r);
    drain(r);
    pull(r);
    return r;
}

static void greetings(void **state)
{
    struct run *r = greeted(MAILPROTO_IMAP_OK);
    (void)state;
    assert_string_equal(r->out, "* OK [" CAPS "] Hello\r\n");
    assert_int_equal(mailproto_imap_server_state(r->server),
                     MAILPROTO_IMAP_NOT_AUTHENTICATED);
    close_session(r);
    r = greeted(MAILPROTO_IMAP_PREAUTH);
    assert_string_equal(r->out, "* PREAUTH [" CAPS "] Hello\r\n");
    assert_int_equal(mailproto_imap_server_state(r->server),
                     MAILPROTO_IMAP_AUTHENTICATED);
    close_session(r);
    r = greeted(MAILPROTO_IMAP_BYE);
    assert_string_equal(r->out, "* BYE Hello\r\n");
    assert_string_equal(r->log, "CONNECT ?\nCLOSED MAILPROTO_OK\n");
    assert_int_equal(mailproto_imap_server_state(r->server), MAILPROTO_IMAP_LOGGED_OUT);
    close_session(r);
}

/* ---- ENABLE -------------------------------------------------------------------------- */

static void enabling(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a ENABLE CONDSTORE\r\n"),
        IN_STEP,
        STEP("b ENABLE X-FOO condstore QRESYNC CONDSTORE\r\n"),
        STEP("c ENABLE QRESYNC UTF8=ACCEPT\r\n"),
        STEP("d ENABLE\r\n"),
        STEP("e SELECT x\r\nf ENABLE CONDSTORE\r\n"),
        STEPS_END};
    struct run *r;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_QRESYNC);
#define QCAPS "CAPABILITY IMAP4rev1 LITERAL+ ENABLE CONDSTORE QRESYNC"
    check_script(&o, NULL, 0, steps, 0,
                 "CONNECT ?\nREJECTED 3 #2 [Not in this state] rejected\n"
                 "COMMAND LOGIN name=[f] text=[s] [0] ?\n"
                 "REJECTED 3 #8 [Syntax error] rejected\n"
                 "COMMAND SELECT mailbox=[x] [e] ?\n"
                 "REJECTED 3 #2 [Not in this state] rejected\n",
                 "* OK [" QCAPS "] ready\r\na BAD Not in this state\r\n"
                 "0 OK [" QCAPS "] LOGIN completed\r\n"
                 "* ENABLED CONDSTORE QRESYNC\r\nb OK ENABLE completed\r\n"
                 "* ENABLED\r\nc OK ENABLE completed\r\nd BAD Syntax error\r\n"
                 "e OK [READ-WRITE] SELECT completed\r\nf BAD Not in this state\r\n");
    r = open_session(&o, NULL, "a LOGIN f s\r\n");
    feed_text(r, "b SELECT x (QRESYNC (1 2))\r\n"); /* RFC 7162 3.2.5: ENABLE first */
    assert_string_equal(r->out, "b BAD Not offered\r\n");
    feed_text(r, "c ENABLE QRESYNC\r\nd SELECT x (QRESYNC (1 2))\r\n");
    assert_int_equal(mailproto_imap_server_enabled(r->server),
                     MAILPROTO_IMAP_ENABLED_QRESYNC | MAILPROTO_IMAP_ENABLED_CONDSTORE);
    assert_int_equal(mailproto_imap_server_state(r->server), MAILPROTO_IMAP_SELECTED);
    close_session(r);
}

/* RFC 7162 3.1: by FETCH MODSEQ and its likes. */
static void enabled_by_use(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    (void)state;
    r = open_session(&o, NULL, "a LOGIN f s\r\nb SELECT x\r\n");
    feed_text(r, "c FETCH 1 MODSEQ\r\n");
    assert_string_equal(r->out, "c BAD Not offered\r\n");
    assert_int_equal(mailproto_imap_server_enabled(r->server), 0);
    close_session(r);
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_CONDSTORE);
    r = open_session(&o, NULL, "a LOGIN f s\r\nb SELECT x\r\n");
    assert_int_equal(mailproto_imap_server_enabled(r->server), 0);
    feed_text(r, "c FETCH 1 MODSEQ\r\n");
    assert_int_equal(mailproto_imap_server_enabled(r->server),
                     MAILPROTO_IMAP_ENABLED_CONDSTORE);
    close_session(r);
}

/* ---- what is refused by its arguments ------------------------------------------------- */

/* RFC 9051 9, seq-number: greater than EXISTS is BAD, `*` of an empty mailbox too. */
static void message_numbers(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, NULL, "a LOGIN f s\r\nb SELECT x\r\n");
    (void)state;
    assert_int_equal(mailproto_imap_server_exists_now(r->server), 3);
    feed_text(r, "c FETCH 1:* FLAGS\r\nd FETCH 3 FLAGS\r\ne FETCH * FLAGS\r\n"
                 "f FETCH 1,4 FLAGS\r\ng STORE 2:4 FLAGS ()\r\nh COPY 4:* y\r\n"
                 "i UID FETCH 99 FLAGS\r\nj SEARCH 99\r\n");
    assert_string_equal(r->out,
                        "c OK FETCH completed\r\nd OK FETCH completed\r\n"
                        "e OK FETCH completed\r\nf BAD No message with this number\r\n"
                        "g BAD No message with this number\r\n"
                        "h BAD No message with this number\r\n"
                        "i OK FETCH completed\r\nj OK SEARCH completed\r\n");
    r->exists = 0;
    feed_text(r, "k SELECT y\r\n");
    r->out_len = 0;
    r->log_len = 0;
    feed_text(r, "l FETCH * FLAGS\r\nm UID FETCH * FLAGS\r\n");
    assert_string_equal(
        r->out, "l BAD No message with this number\r\nm OK FETCH completed\r\n");
    assert_string_equal(r->log, "REJECTED 3 #8 [No message with this number] rejected\n"
                                "COMMAND UID FETCH [m] ?\n");
    close_session(r);
}

static void names(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, NULL, "a LOGIN f s\r\n");
    char line[1200] = "k CREATE ";
    size_t i;
    (void)state;
    feed_text(r, "b CREATE \"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"\r\n"
                 "c CREATE \"&AGE-\"\r\nd CREATE \"a&AC8-b\"\r\n"
                 "e CREATE \"&U,BTFw-&ZeVnLIqe-\"\r\nf CREATE \"caf\xe9\"\r\n"
                 "g RENAME \"&AGE-\" x\r\nh RENAME x \"&AGE-\"\r\n"
                 "i CREATE \"a\\\\b\\\"c\"\r\nj SELECT \"&AGE-\"\r\n");
    tidy(r->out);
    assert_string_equal(r->out, "b OK CREATE completed\r\n"
                                "c NO [CANNOT] The name cannot be\r\n"
                                "d NO [CANNOT] The name cannot be\r\n"
                                "e NO [CANNOT] The name cannot be\r\n"
                                "f BAD Syntax error\r\n"
                                "g OK RENAME completed\r\n"
                                "h NO [CANNOT] The name cannot be\r\n"
                                "i OK CREATE completed\r\n"
                                "j OK [READ-WRITE] SELECT completed\r\n");
    r->out_len = 0;
    /* Names that are looked at in pieces, wherever the pieces end. */
    for (i = 0; i < 120; i++) {
        strcat(line, i % 3 ? "x&U,BTFw-" : "yy&-");
    }
    strcat(line, "\r\nl CREATE z");
    feed_text(r, line);
    for (i = 0; i < 120; i++) {
        feed_text(r, i % 3 ? "x&U,BTFw-" : i == 99 ? "&AGE-" : "yy&-");
    }
    feed_text(r, "\r\n");
    assert_string_equal(r->out, "k OK CREATE completed\r\n"
                                "l NO [CANNOT] The name cannot be\r\n");
    close_session(r);
}

/* RFC 9051 5.1: no control characters, hidden or not, nor what ends lines and paragraphs;
 * their neighbours may stand in names. */
static void controls_in_names(void **state)
{
    static const struct {
        const char *utf8, *utf7;
        int good;
    } v[] = {
        {"a\x1f", "a&AB8-", 0},         {"a\x7f", "a&AH8-", 0},
        {"\xc2\x80", "&AIA-", 0},       {"a\xc2\x9f", "a&AJ8-", 0},
        {"\xc2\xa0", "&AKA-", 1},       {"\xc3\x80", "&AMA-", 1},
        {"\xe2\x80\xa7", "&ICc-", 1},   {"\xe2\x80\xa8", "&ICg-", 0},
        {"b\xe2\x80\xa9", "b&ICk-", 0}, {"\xe2\x80\xaa", "&ICo-", 1},
        {"\xe2\x81\xa8", "&IGg-", 1},   {"\xe3\x80\xa8", "&MCg-", 1},
    };
    mailproto_imap_server_options o = few();
    int rev2;
    size_t i;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_REV2) | cap_bit(MAILPROTO_IMAP_CAP_ENABLE);
    for (rev2 = 0; rev2 < 2; rev2++) {
        struct run *r = open_session(&o, NULL, "a LOGIN f s\r\n");
        feed_text(r, rev2 ? "b ENABLE IMAP4rev2\r\n" : "");
        for (i = 0; i < sizeof v / sizeof v[0]; i++) {
            const char *name = rev2 ? v[i].utf8 : v[i].utf7;
            unsigned len = (unsigned)strlen(name);
            char line[100];
            (void)snprintf(line, sizeof line,
                           "c CREATE {%u+}\r\n%s\r\nd RENAME x {%u+}\r\n%s\r\n", len,
                           name, len, name);
            r->out_len = 0;
            feed_text(r, line);
            assert_string_equal(r->out, v[i].good
                                            ? "c OK CREATE completed\r\n"
                                              "d OK RENAME completed\r\n"
                                            : "c NO [CANNOT] The name cannot be\r\n"
                                              "d NO [CANNOT] The name cannot be\r\n");
        }
        close_session(r);
    }
}

/* With IMAP4rev2 names are UTF-8 (RFC 9051 5.1): no control characters in them. */
static void names_in_utf8(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_REV2) | cap_bit(MAILPROTO_IMAP_CAP_ENABLE);
    r = open_session(&o, NULL, "a LOGIN f s\r\nb ENABLE IMAP4rev2\r\n");
    assert_int_equal(mailproto_imap_server_enabled(r->server),
                     MAILPROTO_IMAP_ENABLED_REV2);
    feed_text(r, "c CREATE \"caf\xc3\xa9 &AGE-\"\r\nd CREATE {2+}\r\na\x01\r\n"
                 "e CREATE {2+}\r\na\xe9\r\n");
    assert_string_equal(r->out, "c OK CREATE completed\r\n"
                                "d NO [CANNOT] The name cannot be\r\n"
                                "e NO [CANNOT] The name cannot be\r\n");
    close_session(r);
}

/* Counts refusals that empty the saved result. */
static int count_emptied(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_IMAP_REJECTED &&
        (ev->flags & MAILPROTO_EVF_IMAP_SAVE) != 0) {
        ++*(unsigned *)r->user;
    }
    return 0;
}

/* RFC 5182 2.1: a NO empties `$`, also one of the engine's own; a BAD does not. */
static void nothing_saved(void **state)
{
    mailproto_imap_server_options o = few();
    unsigned emptied = 0;
    struct run *r;
    (void)state;
    o.caps |=
        cap_bit(MAILPROTO_IMAP_CAP_ESEARCH) | cap_bit(MAILPROTO_IMAP_CAP_SEARCHRES);
    r = open_session(&o, count_emptied, "a LOGIN f s\r\nb SELECT x\r\n");
    r->user = &emptied;
    feed_text(r, "c SEARCH CHARSET KOI8-R ALL\r\n"
                 "d SEARCH RETURN (MIN) CHARSET KOI8-R ALL\r\n"
                 "e SEARCH RETURN (SAVE) CHARSET UTF-8 NONE\r\n");
    assert_int_equal(emptied, 0);
    feed_text(r, "f SEARCH RETURN (MIN SAVE) CHARSET KOI8-R ALL\r\n");
    assert_int_equal(emptied, 1);
    close_session(r);
}

static void charsets(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, NULL, "a LOGIN f s\r\nb SELECT x\r\n");
    (void)state;
    feed_text(r, "c SEARCH CHARSET utf-8 ALL\r\nd SEARCH CHARSET US-ASCII ALL\r\n"
                 "e SEARCH CHARSET KOI8-R ALL\r\n");
    assert_string_equal(r->out,
                        "c OK SEARCH completed\r\nd OK SEARCH completed\r\n"
                        "e NO [BADCHARSET (US-ASCII UTF-8)] Charset not supported\r\n");
    close_session(r);
}

/* ---- the defaults ------------------------------------------------------------------------ */

static int accept_all(struct run *r, const mailproto_event *ev)
{
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return 0;
    }
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND && ev->number == MAILPROTO_IMAP_LOGIN) {
        return 0;
    }
    assert_int_equal(mailproto_imap_server_accept(r->server, ev->tag), MAILPROTO_OK);
    return 1;
}

static void defaults(void **state)
{
    mailproto_imap_server_options o = options_of();
    struct run *r = open_session(&o, accept_all, "a LOGIN f s\r\n");
    (void)state;
    feed_text(r, "b NOOP\r\nc ID NIL\r\nd NAMESPACE\r\ne SUBSCRIBE x\r\n"
                 "f UNSUBSCRIBE x\r\ng SELECT x\r\nh CREATE x\r\ni LIST \"\" *\r\n"
                 "j APPEND x {1+}\r\ny\r\nk STATUS x (MESSAGES)\r\n");
    assert_string_equal(
        r->out, "b OK NOOP completed\r\n* ID NIL\r\nc OK ID completed\r\n"
                "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nd OK NAMESPACE completed\r\n"
                "e OK SUBSCRIBE completed\r\nf OK UNSUBSCRIBE completed\r\n"
                "g NO SELECT failed\r\nh NO CREATE failed\r\ni NO LIST failed\r\n"
                "j NO [TOOBIG] Literal not taken\r\nk NO STATUS failed\r\n");
    close_session(r);
}

/* ---- protocols that are not ours ------------------------------------------------------------ */

static void foreign(void **state)
{
    static const char *const first[] = {"GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\r\n",
                                        "EHLO there\r\n", "helo there\r\n",
                                        "USER fred\r\n"};
    mailproto_imap_server_options o = few();
    struct run *r;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof first / sizeof first[0]; i++) {
        r = open_session(&o, NULL, first[i]);
        close_session(r);
        r = open_session(&o, NULL, "");
        feed_text(r, first[i]);
        feed_text(r, "a LOGIN f s\r\n");
        assert_string_equal(r->out, "* BYE This is IMAP\r\n");
        assert_string_equal(r->log, "REJECTED 3 [This is IMAP] rejected\n"
                                    "CLOSED MAILPROTO_ERR_SYNTAX\n");
        assert_int_equal(error_of(r).offset, 0);
        close_session(r);
    }
    /* They may be tags. */
    r = open_session(&o, NULL, "");
    feed_text(r, "GET NOOP\r\nPOST XYZ\r\n");
    assert_string_equal(r->out,
                        "GET OK NOOP completed\r\nPOST BAD Unknown command\r\n");
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_session),   cmocka_unit_test(wrong_states),
        cmocka_unit_test(no_commands),     cmocka_unit_test(other_commands),
        cmocka_unit_test(long_tags),       cmocka_unit_test(privacy),
        cmocka_unit_test(starttls),        cmocka_unit_test(tls_injection),
        cmocka_unit_test(implicit_tls),    cmocka_unit_test(greetings),
        cmocka_unit_test(enabling),        cmocka_unit_test(enabled_by_use),
        cmocka_unit_test(message_numbers), cmocka_unit_test(names),
        cmocka_unit_test(names_in_utf8),   cmocka_unit_test(controls_in_names),
        cmocka_unit_test(charsets),        cmocka_unit_test(nothing_saved),
        cmocka_unit_test(defaults),        cmocka_unit_test(foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
