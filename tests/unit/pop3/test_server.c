/*
 * The POP3 server's conversation: each command, each state, the answers' words; in every
 * way of feeding, with answers at once and later.
 */
#include "server_driver.h"

static const char *const three[] = {
    "A: 1\r\n\r\none\r\n", "B: 2\r\n\r\ntwo\r\nmore\r\n", "C: 3\r\n\r\n", NULL};

#define LOGIN_LOG "CONNECT ?\nLOGIN [fred] ?\nOPEN [fred] ?\n"
#define LOGIN_OUT                                                                      \
    "+OK POP3 ready\r\n+OK Send the password\r\n+OK 3 messages (40 octets)\r\n"
#define LOGIN_STEP STEP("USER fred\r\nPASS secret\r\n")

static void whole_session(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {
        LOGIN_STEP,
        STEP("STAT\r\nLIST\r\nUIDL\r\n"),
        STEP("LIST 2\r\nUIDL 2\r\nNOOP\r\nDELE 2\r\nSTAT\r\n"),
        STEP("LIST\r\nuidl \r\nLIST 2\r\nDELE 2\r\nRETR 2\r\nTOP 2 1\r\nUIDL 2\r\n"),
        STEP("RSET\r\nRETR 2\r\nTOP 2 1\r\nDELE 1\r\nDELE 3\r\nQUIT\r\n"),
        STEPS_END};
    (void)state;
    check_script(
        &o, NULL, three, steps, 0,
        LOGIN_LOG "NEED_SIZE 10 #1 ?\nNEED_SIZE 10 #2 ?\nNEED_SIZE 10 #3 ?\n"
                  "NEED_UID 11 #1 ?\nNEED_UID 11 #2 ?\nNEED_UID 11 #3 ?\n"
                  "NEED_SIZE 10 #2 ?\nNEED_UID 11 #2 ?\nNEED_SIZE 14 #2 ?\n"
                  "NEED_SIZE 10 #1 ?\nNEED_SIZE 10 #3 ?\n"
                  "NEED_UID 11 #1 ?\nNEED_UID 11 #3 ?\n"
                  "COMMAND 1 #10 [LIST 2] rejected\nCOMMAND 1 #14 [DELE 2] rejected\n"
                  "COMMAND 1 #12 [RETR 2] rejected\nCOMMAND 1 #13 [TOP 2 1] rejected\n"
                  "COMMAND 1 #11 [UIDL 2] rejected\n"
                  "RSET #1\nRETR 12 #2 ?\nCONTENT_WANTED 12 #2\nRETR 13 #2 ?\n"
                  "CONTENT_WANTED 13 #2\nNEED_SIZE 14 #1 ?\nNEED_SIZE 14 #3 ?\n"
                  "UPDATE_ITEM #1\nUPDATE_ITEM #3\nUPDATE #2 ?\nQUIT\n"
                  "CLOSED MAILPROTO_OK\n",
        LOGIN_OUT
        "+OK 3 40\r\n+OK Listing follows\r\n1 13\r\n2 19\r\n3 8\r\n.\r\n"
        "+OK Listing follows\r\n1 uid-1\r\n2 uid-2\r\n3 uid-3\r\n.\r\n"
        "+OK 2 19\r\n+OK 2 uid-2\r\n+OK\r\n+OK Message marked as deleted\r\n"
        "+OK 2 21\r\n+OK Listing follows\r\n1 13\r\n3 8\r\n.\r\n"
        "+OK Listing follows\r\n1 uid-1\r\n3 uid-3\r\n.\r\n"
        "-ERR Message is marked as deleted\r\n-ERR Message is marked as deleted\r\n"
        "-ERR Message is marked as deleted\r\n-ERR Message is marked as deleted\r\n"
        "-ERR Message is marked as deleted\r\n"
        "+OK No message is marked\r\n"
        "+OK Message follows\r\nB: 2\r\n\r\ntwo\r\nmore\r\n.\r\n"
        "+OK Message follows\r\nB: 2\r\n\r\ntwo\r\n.\r\n"
        "+OK Message marked as deleted\r\n+OK Message marked as deleted\r\n"
        "+OK Bye\r\n");
}

static void quit_before_login(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {STEP("QUIT\r\nUSER x\r\n"), STEPS_END};
    (void)state;
    check_script(&o, NULL, three, steps, 0, "CONNECT ?\nQUIT\nCLOSED MAILPROTO_OK\n",
                 "+OK POP3 ready\r\n+OK Bye\r\n");
}

/* Nothing marked: the application still hears of the end, to unlock the maildrop. */
static void quit_without_marks(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {LOGIN_STEP, STEP("QUIT\r\nNOOP\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, NULL, three, steps, 0,
                 LOGIN_LOG "UPDATE ?\nQUIT\nCLOSED MAILPROTO_OK\n",
                 LOGIN_OUT "+OK Bye\r\n");
}

/* RFC 1939 7: PASS immediately behind USER. */
static void pass_behind_user(void **state)
{
    static const char *const between[] = {"CAPA\r\n", "NOOP\r\n", "XYZ\r\n",   "\r\n",
                                          "USER\r\n", "PASS\r\n", "PA\tSS\r\n"};
    mailproto_pop3_server_options o = options_of();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof between / sizeof between[0]; i++) {
        struct run *r = open_session(&o, NULL, "USER fred\r\n");
        feed_text(r, between[i]);
        r->out_len = 0;
        r->log_len = 0;
        feed_text(r, "PASS x\r\n");
        assert_string_equal(r->out, "-ERR Send USER first\r\n");
        assert_string_equal(r->log, "COMMAND 1 #2 [PASS] rejected\n");
        feed_text(r, "USER a\r\nUSER fred\r\n");
        r->out_len = 0;
        feed_text(r, "PASS x\r\n");
        assert_string_equal(r->out, "+OK 0 messages (0 octets)\r\n");
        close_session(r);
    }
}

static int check_login(struct run *r, const mailproto_event *ev)
{
    mailproto_pop3_login login;
    memset(&login, 0, sizeof login);
    login.struct_size = sizeof login;
    if (ev->type != MAILPROTO_EV_POP3_LOGIN) {
        assert_int_equal(mailproto_pop3_event_login(ev, &login),
                         MAILPROTO_ERR_ARGUMENT);
        return 0;
    }
    assert_int_equal(mailproto_pop3_event_login(ev, &login), MAILPROTO_OK);
    log_line(r, "apop %u name [%.*s] secret [%.*s] stamp [%.*s]\n",
             (unsigned)login.apop, (int)login.name.len, login.name.ptr,
             (int)login.secret.len, login.secret.ptr, (int)login.stamp.len,
             login.stamp.len > 0 ? login.stamp.ptr : "");
    login.struct_size = 3;
    assert_int_equal(mailproto_pop3_event_login(ev, &login), MAILPROTO_ERR_ARGUMENT);
    return 0;
}

/* RFC 1939 7: blanks belong to the password. */
static void password_with_blanks(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {STEP("user fred  \r\npass  a b  c \r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, check_login, NULL, steps, 0,
                 "CONNECT ?\nLOGIN [fred] ?\n"
                 "apop 0 name [fred] secret [ a b  c ] stamp []\nOPEN [fred] ?\n",
                 "+OK POP3 ready\r\n+OK Send the password\r\n"
                 "+OK 0 messages (0 octets)\r\n");
}

#define DIGEST "c4c9334bac560ecc979e58001b3e22fb"
#define STAMP "<1896.697170952@dbc.example>"

static void apop(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {STEP("APOP mrose " DIGEST "\r\n"), STEPS_END};
    (void)state;
    o.flags = 0; /* it shows no secret: also without TLS */
    o.apop_stamp = bytes_of(STAMP);
    check_script(&o, check_login, NULL, steps, 0,
                 "CONNECT ?\nLOGIN [mrose] ?\napop 1 name [mrose] secret [" DIGEST
                 "] stamp [" STAMP "]\nOPEN [mrose] ?\n",
                 "+OK POP3 ready " STAMP "\r\n+OK 0 messages (0 octets)\r\n");
}

static void apop_not_offered(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "");
    (void)state;
    feed_text(r, "APOP mrose " DIGEST "\r\n");
    assert_string_equal(r->out, "-ERR Command not offered\r\n");
    assert_string_equal(r->log, "COMMAND 1 #3 [APOP mrose] rejected\n");
    close_session(r);
}

/* ---- what a command may not be ---------------------------------------------------- */

static void refused_lines(void **state)
{
    static const struct {
        const char *line, *reply, *shown;
    } rows[] = {
        {"DELE 0\r\n", "-ERR Not a number\r\n", "DELE 0"},
        {"DELE +1\r\n", "-ERR Not a number\r\n", "DELE +1"},
        {"DELE -1\r\n", "-ERR Not a number\r\n", "DELE -1"},
        {"DELE  1\r\n", "-ERR Not a number\r\n", "DELE  1"},
        {"DELE 1x\r\n", "-ERR Not a number\r\n", "DELE 1x"},
        {"DELE 1 2\r\n", "-ERR Syntax error in arguments\r\n", "DELE 1 2"},
        {"DELE\r\n", "-ERR Syntax error in arguments\r\n", "DELE"},
        {"DELE 4\r\n", "-ERR No such message\r\n", "DELE 4"},
        {"RETR 4294967295\r\n", "-ERR No such message\r\n", "RETR 4294967295"},
        {"RETR 4294967296\r\n", "-ERR Not a number\r\n", "RETR 4294967296"},
        {"RETR 4294967297\r\n", "-ERR Not a number\r\n", "RETR 4294967297"},
        {"UIDL 18446744073709551617\r\n", "-ERR Not a number\r\n",
         "UIDL 18446744073709551617"},
        {"TOP 1\r\n", "-ERR Syntax error in arguments\r\n", "TOP 1"},
        {"TOP 1 18446744073709551616\r\n", "-ERR Not a number\r\n",
         "TOP 1 18446744073709551616"},
        {"TOP 1 -1\r\n", "-ERR Not a number\r\n", "TOP 1 -1"},
        {"STAT 1\r\n", "-ERR Syntax error in arguments\r\n", "STAT 1"},
        {"NOOP\nDELE 1\r\n", "-ERR Not a command line\r\n", "NOOP"},
        {"NOOP\rDELE 1\r\n", "-ERR Not a command line\r\n", "NOOP"},
        {"\r\n", "-ERR Not a command line\r\n", ""},
        {" QUIT\r\n", "-ERR Not a command line\r\n", ""},
        {"QUIT\n\r\n", "-ERR Not a command line\r\n", "QUIT"},
        {"QUIT now\r\n", "-ERR Syntax error in arguments\r\n", "QUIT now"},
        {"XTND \xc3\xa4\r\n", "-ERR Not a command line\r\n", "XTND "},
        {"USER a\r\n", "-ERR Only before the login\r\n", "USER a"},
        {"PASS a\r\n", "-ERR Only before the login\r\n", "PASS"},
        {"AUTH PLAIN AA==\r\n", "-ERR Only before the login\r\n", "AUTH PLAIN"},
        {"STLS\r\n", "-ERR Only before the login\r\n", "STLS"},
        {"UTF8\r\n", "-ERR Only before the login\r\n", "UTF8"},
        {"LANG\r\n", "-ERR Command not offered\r\n", "LANG"},
    };
    mailproto_pop3_server_options o = options_of();
    size_t i;
    size_t way;
    (void)state;
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    for (way = 0; way < 2; way++) {
        struct run *r = open_drop(&o, NULL, three, "USER a\r\nPASS b\r\n");
        r->way = way == 0 ? WHOLE : BYTEWISE;
        for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            char log[128];
            r->out_len = 0;
            r->log_len = 0;
            feed_text(r, rows[i].line);
            assert_string_equal(r->out, rows[i].reply);
            assert_non_null(strstr(r->log, "rejected\n"));
            sprintf(log, " [%s] rejected\n", rows[i].shown);
            assert_non_null(strstr(r->log, log));
        }
        r->out_len = 0;
        feed_text(r, "STAT\r\n"); /* in step, and nothing is marked */
        assert_string_equal(r->out, "+OK 3 40\r\n");
        close_session(r);
    }
}

static void nul_in_a_line(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {STEP("QUIT\0\r\nNOOP\0\n\r\nQUIT\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, NULL, NULL, steps, 0,
                 "CONNECT ?\nCOMMAND 1 [QUIT] rejected\nCOMMAND 1 [NOOP] rejected\n"
                 "QUIT\nCLOSED MAILPROTO_OK\n",
                 "+OK POP3 ready\r\n-ERR Not a command line\r\n"
                 "-ERR Not a command line\r\n+OK Bye\r\n");
}

/* ---- commands of others, LANG, UTF8 ----------------------------------------------- */

static int answer_others(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_COMMAND &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0 && ev->text.len > 0 &&
        ev->text.ptr[0] == 'X') {
        uint32_t body = ev->text.len > 4 ? (uint32_t)MAILPROTO_POP3_BODY : 0;
        assert_int_equal(
            mailproto_pop3_server_ok(r->server, ev->tag, body, bytes_of("extra")),
            MAILPROTO_OK);
        r->content = body ? ".dot\n" : NULL;
        return 1;
    }
    if (ev->type == MAILPROTO_EV_POP3_LANG) {
        int list = ev->text.len == 0;
        if (!list && ev->text.ptr[0] == 'M') {
            return 0;
        }
        /* Lines follow where the command has no argument, and only there. */
        assert_int_equal(
            mailproto_pop3_server_ok(r->server, ev->tag, !list, bytes_of("es")),
            MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(
            mailproto_pop3_server_ok(r->server, ev->tag,
                                     list ? (uint32_t)MAILPROTO_POP3_BODY : 0,
                                     bytes_of("es Idioma \xc3\xb1")),
            MAILPROTO_OK);
        r->content = list ? "en English\r\nes Espanol\r\n" : NULL;
        return 1;
    }
    return 0;
}

static void commands_of_others(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {
        STEP("XA\r\nYA b\r\nXALL all \r\n"),
        STEP("LANG\r\nLANG MUL\r\nLANG es-419\r\nLANG *\r\nUTF8\r\nQUIT\r\n"),
        STEPS_END};
    (void)state;
    o.caps = cap_bit(MAILPROTO_POP3_CAP_LANG) | cap_bit(MAILPROTO_POP3_CAP_UTF8) |
             cap_bit(MAILPROTO_POP3_CAP_PIPELINING);
    check_script(&o, answer_others, NULL, steps, 0,
                 "CONNECT ?\nCOMMAND [XA] ?\nCOMMAND [YA b] ?\nCOMMAND [XALL all ] ?\n"
                 "CONTENT_WANTED\nLANG 8 [] ?\nCONTENT_WANTED 8\nLANG 8 [MUL] ?\n"
                 "LANG 8 [es-419] ?\nLANG 8 [*] ?\nQUIT\nCLOSED MAILPROTO_OK\n",
                 "+OK POP3 ready\r\n+OK extra\r\n-ERR Unknown command\r\n"
                 "+OK extra\r\n..dot\r\n.\r\n"
                 "+OK es Idioma \xc3\xb1\r\nen English\r\nes Espanol\r\n.\r\n"
                 "-ERR Language not available\r\n+OK es Idioma \xc3\xb1\r\n"
                 "+OK es Idioma \xc3\xb1\r\n+OK UTF8 mode\r\n+OK Bye\r\n");
}

static void utf8_mode(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r;
    (void)state;
    o.caps = cap_bit(MAILPROTO_POP3_CAP_UTF8) | cap_bit(MAILPROTO_POP3_CAP_USER) |
             cap_bit(MAILPROTO_POP3_CAP_STLS);
    r = open_session(&o, NULL, "");
    assert_false(mailproto_pop3_server_utf8(r->server));
    feed_text(r, "USER j\xc3\xb6rg\r\n");
    assert_string_equal(r->out, "-ERR Not a command line\r\n");
    feed_text(r, "UTF8\r\n");
    assert_true(mailproto_pop3_server_utf8(r->server));
    feed_text(r, "STLS\r\n"); /* what was said before is void */
    assert_false(mailproto_pop3_server_utf8(r->server));
    close_session(r);
    o.caps |= cap_bit(MAILPROTO_POP3_CAP_UTF8_USER);
    r = open_session(&o, NULL, "USER j\xc3\xb6rg\r\nPASS \xc3\xa4\r\n");
    assert_string_equal(r->log, "");
    feed_text(r, "STAT\r\n");
    assert_string_equal(r->out, "+OK 0 0\r\n");
    close_session(r);
    r = open_session(&o, NULL, "USER j\xff\r\n");
    assert_string_equal(r->out, "");
    feed_text(r, "PASS x\r\n");
    assert_string_equal(r->out, "-ERR Send USER first\r\n");
    close_session(r);
}

/* ---- CAPA --------------------------------------------------------------------------- */

static void capa(void **state)
{
    mailproto_pop3_server_options o = options_of();
    static const struct step steps[] = {STEP("CAPA\r\nUSER a\r\nPASS b\r\nCAPA\r\n"),
                                        STEPS_END};
    (void)state;
    check_script(&o, NULL, NULL, steps, 0, "CONNECT ?\nLOGIN [a] ?\nOPEN [a] ?\n",
                 "+OK POP3 ready\r\n+OK Capability list follows\r\nTOP\r\nUSER\r\n"
                 "RESP-CODES\r\nPIPELINING\r\nUIDL\r\nAUTH-RESP-CODE\r\n.\r\n"
                 "+OK Send the password\r\n+OK 0 messages (0 octets)\r\n"
                 "+OK Capability list follows\r\nTOP\r\nUSER\r\n"
                 "RESP-CODES\r\nPIPELINING\r\nUIDL\r\nAUTH-RESP-CODE\r\n.\r\n");
}

static int own_policy(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_OPEN) {
        assert_int_equal(
            mailproto_pop3_server_policy(r->server, 60, MAILPROTO_POP3_EXPIRE_NEVER),
            MAILPROTO_OK);
    }
    return 0;
}

/* All there is, in an output that no line of it fits whole. */
static void capa_all(void **state)
{
    mailproto_pop3_server_options o = options_of();
    char mechanisms[256];
    char wanted[2048];
    struct run *r;
    size_t i;
    (void)state;
    for (i = 0; i < 255; i++) {
        mechanisms[i] = i % 10 == 9 ? ' ' : 'M';
    }
    mechanisms[255] = '\0';
    o.caps = (cap_bit(MAILPROTO_POP3_CAP_LANG) << 1) - 1;
    o.flags = MAILPROTO_POP3_SERVER_POLICY_PER_USER;
    o.auth_mechanisms = bytes_of(mechanisms);
    o.implementation = bytes_of("Some Server 1.0");
    o.login_delay = 900;
    o.expire_days = 30;
    o.out_size = 256;
    o.reply_max = 128;
    r = open_session(&o, own_policy, "CAPA\r\n");
    r->out_len = 0;
    feed_text(r, "CAPA\r\n");
    assert_string_equal(
        r->out, "+OK Capability list follows\r\nTOP\r\nRESP-CODES\r\n"
                "LOGIN-DELAY 900 USER\r\nPIPELINING\r\nEXPIRE 30 USER\r\nUIDL\r\n"
                "IMPLEMENTATION Some Server 1.0\r\nAUTH-RESP-CODE\r\nSTLS\r\n"
                "UTF8 USER\r\nLANG\r\n.\r\n");
    assert_true(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_STLS));
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_USER));
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_SASL));
    feed_text(r, "STLS\r\n");
    r->out_len = 0;
    feed_text(r, "CAPA\r\n");
    sprintf(wanted,
            "+OK Capability list follows\r\nTOP\r\nUSER\r\nSASL %s\r\nRESP-CODES\r\n"
            "LOGIN-DELAY 900 USER\r\nPIPELINING\r\nEXPIRE 30 USER\r\nUIDL\r\n"
            "IMPLEMENTATION Some Server 1.0\r\nAUTH-RESP-CODE\r\n"
            "UTF8 USER\r\nLANG\r\n.\r\n",
            mechanisms);
    assert_string_equal(r->out, wanted);
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_STLS));
    assert_true(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_USER));
    assert_true(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_SASL));
    feed_text(r, "USER a\r\nPASS b\r\n");
    r->out_len = 0;
    feed_text(r, "CAPA\r\n");
    assert_non_null(strstr(r->out, "\r\nLOGIN-DELAY 60\r\n"));
    assert_non_null(strstr(r->out, "\r\nEXPIRE NEVER\r\n"));
    close_session(r);
}

static void capa_none(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r;
    (void)state;
    o.caps = MAILPROTO_POP3_CAPS_NONE;
    r = open_session(&o, NULL, "");
    feed_text(r, "CAPA\r\n");
    assert_string_equal(r->out, "+OK Capability list follows\r\n.\r\n");
    r->out_len = 0;
    feed_text(r, "USER a\r\nAUTH PLAIN\r\nSTLS\r\n");
    assert_string_equal(r->out, "-ERR Command not offered\r\n"
                                "-ERR Command not offered\r\n"
                                "-ERR Command not offered\r\n");
    close_session(r);
    /* STLS is not said behind the login; TOP and UIDL are what the mask says. */
    o.caps = cap_bit(MAILPROTO_POP3_CAP_USER) | cap_bit(MAILPROTO_POP3_CAP_STLS) |
             cap_bit(MAILPROTO_POP3_CAP_PIPELINING);
    r = open_drop(&o, NULL, three, "USER a\r\nPASS b\r\n");
    feed_text(r, "CAPA\r\nTOP 1 1\r\nUIDL\r\n");
    assert_string_equal(r->out, "+OK Capability list follows\r\nUSER\r\nPIPELINING\r\n"
                                ".\r\n-ERR Command not offered\r\n"
                                "-ERR Command not offered\r\n");
    assert_false(mailproto_session_has_cap(r->s, MAILPROTO_POP3_CAP_STLS));
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_session),
        cmocka_unit_test(quit_before_login),
        cmocka_unit_test(quit_without_marks),
        cmocka_unit_test(pass_behind_user),
        cmocka_unit_test(password_with_blanks),
        cmocka_unit_test(apop),
        cmocka_unit_test(apop_not_offered),
        cmocka_unit_test(refused_lines),
        cmocka_unit_test(nul_in_a_line),
        cmocka_unit_test(commands_of_others),
        cmocka_unit_test(utf8_mode),
        cmocka_unit_test(capa),
        cmocka_unit_test(capa_all),
        cmocka_unit_test(capa_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
