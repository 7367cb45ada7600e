/*
 * A client's conversation: start, TLS, login, listings, content, pipelining, QUIT. Every
 * scenario runs at every split.
 */
#include "client_driver.h"

static mailproto_pop3_client_options with_tls(uint32_t tls)
{
    mailproto_pop3_client_options o = d_options();
    o.flags = 0;
    o.tls = tls;
    return o;
}

/* ---- the start ---------------------------------------------------------------------- */

static void plain_start(struct driver *d)
{
    mailproto_bytes line;
    d_open(d, NULL);
    d_timeout(d, 300000);
    d_sent(d, "");
    d_feed(d, "+OK POP3 ready <1.2@h.example>\r\n");
    d_sent(d, "CAPA\r\n");
    d_expect(d, "GREETING \"POP3 ready <1.2@h.example>\" OK\n");
    assert_int_equal(mailproto_pop3_client_apop_stamp(d->c).len, 0); /* not asked for */
    d_feed(d, "+OK list\r\nTOP\r\nuidl\r\nPIPELININGX\r\nSASL PLAIN\r\n"
              "UTF8 USER\r\n..XFOO\r\n");
    d_expect(d, "");
    d_feed(d, ".\r\n");
    d_expect(d, "CAPS\n");
    d_timeout(d, 0);
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_TOP));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_UIDL));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_UTF8));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_UTF8_USER));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_PIPELINING));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_USER));
    assert_int_equal(mailproto_session_cap_text(d->s, 5, &line), MAILPROTO_OK);
    assert_int_equal(line.len, 5);
    assert_memory_equal(line.ptr, ".XFOO", 5);
    assert_int_equal(mailproto_session_cap_text(d->s, 6, &line), MAILPROTO_EOF);
    assert_true(d_want(d, NULL) & MAILPROTO_MAY_READ);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 5), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 6), MAILPROTO_ERR_STATE);
    d_sent(d, "QUIT\r\n");
    d_timeout(d, 600000);
    d_feed(d, "+OK bye\r\n");
    d_expect(d, "COMMIT tag=5 NOTHING \"bye\" OK\nCLOSED\n");
    assert_int_equal(d->verb, MAILPROTO_POP3_VERB_QUIT);
    assert_int_equal(d_want(d, NULL), MAILPROTO_WANT_CLOSED);
    d_error(d, MAILPROTO_OK, 0, 0);
}

static void no_capa(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "+OK\r\n");
    d_sent(d, "CAPA\r\n");
    d_feed(d, "-ERR what?\r\n");
    d_expect(d, "GREETING OK\nCAPS\n");
    /* Unknown is not refused. */
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("p")),
                     MAILPROTO_OK);
    d_sent(d, "USER u\r\n");
}

static void caps_lost(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    mailproto_bytes line;
    o.caps_size = 8;
    o.caps_forced = (uint64_t)1 << MAILPROTO_POP3_CAP_TOP;
    o.caps_forbidden = (uint64_t)1 << MAILPROTO_POP3_CAP_UIDL;
    d_open(d, &o);
    d_feed(d, "+OK\r\n+OK\r\nUIDL\r\nEXPIRE 3\r\nUSER\tx\r\n.\r\n");
    d_expect(d, "GREETING OK\nCAPS number=2\n");
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_TOP));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_EXPIRE));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_UIDL));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_USER));
    assert_int_equal(mailproto_session_cap_text(d->s, 0, &line), MAILPROTO_OK);
    assert_int_equal(line.len, 4);
    assert_int_equal(mailproto_session_cap_text(d->s, 1, &line), MAILPROTO_EOF);
}

static void refused_greeting(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "-ERR [SYS/TEMP/x] later\r\n");
    d_expect(d, "REFUSED \"[SYS/TEMP/x] later\" ERR [SYS/TEMP]\n");
    d_error(d, MAILPROTO_ERR_REFUSED, 25, 1);
    assert_int_equal(mailproto_pop3_client_capa(d->c, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 2), MAILPROTO_OK);
    d_sent(d, "QUIT\r\n");
    d_feed(d, "+OK\r\n");
    d_expect(d, "COMMIT tag=2 NOTHING OK\nCLOSED\n");
}

static void refused_and_closed(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "-ERR\r\n");
    d_expect(d, "REFUSED ERR\n");
    d_eof(d);
    d_expect(d, "CLOSED\n");
    d_error(d, MAILPROTO_ERR_REFUSED, 6, 1);
}

/* ---- TLS ---------------------------------------------------------------------------- */

static void required_tls(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_REQUIRED);
    o.flags = MAILPROTO_POP3_CLIENT_APOP;
    d_open(d, &o);
    d_feed(d, "+OK <a@b>\r\n+OK\r\nSTLS\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_apop_stamp(d->c).len, 5);
    d_feed(d, ".\r\n");
    d_sent(d, "CAPA\r\nSTLS\r\n");
    d_expect(d, "GREETING \"<a@b>\" OK\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("p")),
                     MAILPROTO_ERR_STATE);
    d_feed(d, "+OK go\r\n");
    d_expect(d, "TLS_GO\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_apop_stamp(d->c).len, 0);
    d_sent(d, "CAPA\r\n");
    d_feed(d, "+OK\r\nSTLS\r\n.\r\n");
    d_expect(d, "CAPS secure\n");
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_STLS));
    assert_int_equal(
        mailproto_pop3_client_apop(d->c, 1, bytes("u"),
                                   bytes("0123456789abcdef0123456789abcdef")),
        MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("p")),
                     MAILPROTO_ERR_NOT_OFFERED); /* USER was forgotten */
}

static void tls_not_offered(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "+OK\r\n+OK\r\nUSER\r\n.\r\n");
    d_sent(d, "CAPA\r\n");
    d_expect(d, "GREETING OK\nREFUSED NONE ERR_NEEDS_TLS\n");
    d_error(d, MAILPROTO_ERR_NEEDS_TLS, 19, 0);
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("p")),
                     MAILPROTO_ERR_STATE);
    d_sent(d, "");
}

static void tls_no_capa(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "+OK\r\n-ERR\r\n");
    d_sent(d, "CAPA\r\n");
    d_expect(d, "GREETING OK\nREFUSED NONE ERR_NEEDS_TLS\n");
}

static void tls_refused(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "+OK\r\n+OK\r\nSTLS\r\n.\r\n-ERR no\r\n");
    d_sent(d, "CAPA\r\nSTLS\r\n");
    d_expect(d, "GREETING OK\nREFUSED \"no\" ERR\n");
    d_error(d, MAILPROTO_ERR_NEEDS_TLS, 28, 1);
}

static void tls_if_offered(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_IF_OFFERED);
    d_open(d, &o);
    d_feed(d, "+OK\r\n+OK\r\nSTLS\r\nUSER\r\n.\r\n-ERR no\r\n");
    d_sent(d, "CAPA\r\nSTLS\r\n");
    d_expect(d, "GREETING OK\nCAPS\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("p")),
                     MAILPROTO_ERR_NEEDS_TLS);
    assert_int_equal(mailproto_session_auth_start(d->s, 1, bytes("PLAIN"), NULL, 0),
                     MAILPROTO_ERR_NEEDS_TLS);
    d_sent(d, "");
}

static void tls_injection(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "+OK hi\r\n+OK\r\nSTLS\r\n.\r\n");
    d_forget(d);
    d_feed_lump(d, "+OK begin TLS\r\n+");
    d_run(d);
    /* Depending on when the octet comes, TLS_GO was told before. */
    assert_non_null(strstr(d->log, "CLOSED ERR_TLS_INJECTION\n"));
    assert_null(strstr(d->log, "CAPS"));
    d_error(d, MAILPROTO_ERR_TLS_INJECTION, 37, 0);
    d_sent(d, "CAPA\r\nSTLS\r\n");
}

static void stls_verb(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "STLS\r\n");
    assert_int_equal(mailproto_pop3_client_stls(d->c, 7), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_capa(d->c, 8), MAILPROTO_ERR_STATE);
    d_sent(d, "STLS\r\n");
    d_feed(d, "-ERR not now\r\n");
    d_expect(d, "REPLY tag=7 \"not now\" ERR\n");
    assert_int_equal(mailproto_pop3_client_stls(d->c, 9), MAILPROTO_OK);
    d_sent(d, "STLS\r\n");
    d_feed(d, "+OK\r\n");
    d_expect(d, "TLS_GO\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    d_sent(d, "CAPA\r\n");
    d_feed(d, "+OK\r\nUSER\r\n.\r\n");
    d_expect(d, "CAPS secure\n");
    assert_int_equal(mailproto_pop3_client_stls(d->c, 9), MAILPROTO_ERR_STATE);
}

static void implicit_tls(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_IMPLICIT);
    d_open(d, &o);
    d_expect(d, "TLS_GO\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    d_timeout(d, 300000);
    d_sent(d, "");
    d_feed(d, "+OK\r\n+OK\r\n.\r\n");
    d_sent(d, "CAPA\r\n");
    d_expect(d, "GREETING OK secure\nCAPS secure\n");
}

/* ---- login -------------------------------------------------------------------------- */

static void login_refused(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "USER\r\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("secret")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_login(d->c, 2, bytes("u"), bytes("p")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_client_stat(d->c, 2), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_client_capa(d->c, 3), MAILPROTO_OK);
    d_sent(d, "USER u\r\n");
    d_feed(d, "-ERR who?\r\n");
    d_expect(d, "REPLY tag=1 \"who?\" ERR\n");
    assert_int_equal(d->verb, MAILPROTO_POP3_VERB_USER);
    assert_int_equal(d->credential, 0);
    d_sent(d, "CAPA\r\n"); /* PASS is gone */
    d_feed(d, "+OK x\r\nUSER\r\nTOP\r\n.\r\n");
    d_expect(d, "REPLY tag=3 \"x\" OK -\nLINE tag=3 \"USER\"\nLINE tag=3 \"TOP\"\n"
                "REPLY tag=3 OK\n");
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_POP3_CAP_TOP));
    assert_int_equal(mailproto_pop3_client_login(d->c, 4, bytes("v"), bytes(" x ")),
                     MAILPROTO_OK);
    d_sent(d, "USER v\r\n");
    d_feed(d, "+OK\r\n");
    d_sent(d, "PASS  x \r\n");
    assert_int_equal(d->credential, 3);
    d_feed(d, "-ERR [AUTH] no\r\n");
    d_expect(d, "REPLY tag=4 \"[AUTH] no\" ERR [AUTH]\n");
    assert_int_equal(d->verb, MAILPROTO_POP3_VERB_PASS);
    assert_int_equal(mailproto_pop3_client_stat(d->c, 5), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_client_login(d->c, 6, bytes("v"), bytes("y")),
                     MAILPROTO_OK);
    /* QUIT ahead of it: what became of it is known then. */
    assert_int_equal(mailproto_pop3_client_quit(d->c, 7), MAILPROTO_OK);
    d_feed(d, "+OK\r\n+OK in\r\n-ERR x\r\n");
    d_expect(d, "REPLY tag=6 \"in\" OK\nCOMMIT tag=7 FAILED \"x\" ERR\nCLOSED\n");
    d_sent(d, "USER v\r\nPASS y\r\nQUIT\r\n");
}

static void apop(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_NONE);
    mailproto_bytes stamp;
    o.flags = MAILPROTO_POP3_CLIENT_APOP;
    d_open(d, &o);
    d_feed(d, "+OK hi <x> <1896.697170952@dbc.mtview.ca.us> there\r\n+OK\r\n.\r\n");
    d_forget(d);
    stamp = mailproto_pop3_client_apop_stamp(d->c);
    assert_int_equal(stamp.len, 33);
    assert_memory_equal(stamp.ptr, "<1896.697170952@dbc.mtview.ca.us>", 33);
    assert_int_equal(
        mailproto_pop3_client_apop(d->c, 1, bytes("mrose"),
                                   bytes("c4c9334bac560ecc979e58001b3e22fb")),
        MAILPROTO_OK);
    d_sent(d, "CAPA\r\nAPOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n");
    assert_int_equal(d->credential, 32);
    d_feed(d, "+OK\r\n");
    d_expect(d, "REPLY tag=1 OK\n");
    assert_int_equal(mailproto_pop3_client_stat(d->c, 2), MAILPROTO_OK);
}

/* ---- listings ----------------------------------------------------------------------- */

static void listings(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_stat(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_list(d->c, 3, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 4, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_list(d->c, 5, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 6, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 7, 9), MAILPROTO_OK);
    d_sent(d, "STAT\r\n");
    d_feed(d, "+OK 2 320\r\n");
    d_expect(d, "REPLY tag=2 \"2 320\" number=320 OK messages=2\n");
    d_sent(d, "LIST\r\n");
    d_feed(d, "+OK 2 messages\r\n1 120\r\n2 200 more\r\n.\r\n");
    d_expect(d, "REPLY tag=3 \"2 messages\" OK -\nITEM tag=3 1 number=120\n"
                "ITEM tag=3 2 number=200\nREPLY tag=3 OK\n");
    d_sent(d, "UIDL\r\n");
    d_feed(d, "+OK\r\n1 ../../etc/passwd\r\n2 QhdPYR:00WBw1Ph7x7 \r\n.\r\n");
    d_expect(d, "REPLY tag=4 OK -\nITEM tag=4 1 \"../../etc/passwd\"\n"
                "ITEM tag=4 2 \"QhdPYR:00WBw1Ph7x7\"\nREPLY tag=4 OK\n");
    d_sent(d, "LIST 2\r\n");
    d_feed(d, "+OK 2 200\r\n");
    d_expect(d, "ITEM tag=5 2 number=200\nREPLY tag=5 OK\n");
    d_sent(d, "UIDL 2\r\n");
    d_feed(d, "+OK 2 abc\r\n");
    d_expect(d, "ITEM tag=6 2 \"abc\"\nREPLY tag=6 OK\n");
    d_sent(d, "UIDL 9\r\n");
    d_feed(d, "-ERR no such message\r\n");
    d_expect(d, "REPLY tag=7 \"no such message\" ERR\n");
}

static void empty_listings(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_list(d->c, 3, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_stat(d->c, 4), MAILPROTO_OK);
    d_sent(d, "LIST\r\nSTAT\r\n");
    d_feed_lump(d, "+OK\r\n.\r\n+OK 0 0\r\n");
    d_expect(d, "REPLY tag=3 OK -\nREPLY tag=3 OK\nREPLY tag=4 \"0 0\" OK\n");
}

/* ---- content ------------------------------------------------------------------------ */

static void content(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_top(d->c, 4, 4294967295U, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_retr(d->c, 5, 2), MAILPROTO_OK);
    d_sent(d, "RETR 1\r\n");
    d_feed_lump(d, "+OK 9 octets\r\na\r\n..b\r\n.c\r\n\r\n.\r\n");
    d_expect(d,
             "REPLY tag=3 \"9 octets\" OK -\nCONTENT tag=3 \"a\r\n.b\r\nc\r\n\r\n\"\n"
             "END tag=3 number=12\nREPLY tag=3 OK\n");
    d_sent(d, "TOP 4294967295 0\r\n");
    d_feed_lump(d, "+OK\r\n.\r\n");
    d_expect(d, "REPLY tag=4 OK -\nEND tag=4\nREPLY tag=4 OK\n");
    d_sent(d, "RETR 2\r\n");
    d_feed(d, "-ERR gone\r\n");
    d_expect(d, "REPLY tag=5 \"gone\" ERR\n");
}

/* CVE-2023-51764 and its likes: no other line end than CRLF makes the dot alone. */
static void not_the_end(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\na\n.\r\nb\r.\r\nc\n.\nd\r\n.\ne\r\n.\rf\r\n.\r\n");
    d_expect(d, "REPLY tag=3 OK -\n"
                "CONTENT tag=3 \"a\n.\r\nb\r.\r\nc\n.\nd\r\n\ne\r\n\rf\r\n\"\n"
                "END tag=3 number=25 unclean\nREPLY tag=3 OK\n");
}

static void repaired(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.line_ends = MAILPROTO_LINE_ENDS_REPAIR;
    d_open(d, &o);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\na\nb\rc\r\n.\r\n");
    d_expect(d, "REPLY tag=3 OK -\nCONTENT tag=3 \"a\r\nb\r\nc\r\n\"\n"
                "END tag=3 number=9 repaired\nREPLY tag=3 OK\n");
}

static void refuses_bare(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.line_ends = MAILPROTO_LINE_ENDS_REFUSE;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 4), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\nab\r\nc\nd\r\n.\r\n+OK\r\n");
    d_expect(d, "REPLY tag=3 OK -\nCONTENT tag=3 \"ab\r\nc\"\n"
                "ABORTED tag=3 ERR_BARE_LINE_END number=5\n"
                "REPLY tag=3 OK ERR_BARE_LINE_END\nREPLY tag=4 OK\n");
}

/* A CR is told before it is known to stand alone. */
static void refuses_cr(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.line_ends = MAILPROTO_LINE_ENDS_REFUSE;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_retr(d->c, 4, 2), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\na\rb\r\n.\r\n+OK\r\n.\rc\r\n.\r\n");
    d_expect(d, "REPLY tag=3 OK -\nCONTENT tag=3 \"a\r\"\n"
                "ABORTED tag=3 ERR_BARE_LINE_END number=2\n"
                "REPLY tag=3 OK ERR_BARE_LINE_END\n"
                "REPLY tag=4 OK -\nCONTENT tag=4 \"\r\"\n"
                "ABORTED tag=4 ERR_BARE_LINE_END number=1\n"
                "REPLY tag=4 OK ERR_BARE_LINE_END\n");
}

static void refuses_nul(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.line_ends = MAILPROTO_LINE_ENDS_REFUSE;
    d_open(d, &o);
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    d_run(d);
    d_feed_bytes(d, "+OK\r\nab\0c\r\n.\r\n", 14);
    d_expect(d,
             "REPLY tag=3 OK -\nCONTENT tag=3 \"ab\"\nABORTED tag=3 ERR_NUL number=2\n"
             "REPLY tag=3 OK ERR_NUL\n");
}

/* The content's limit, met exactly and passed by one. */
static void limited(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.max_content = 5;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 3, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_retr(d->c, 4, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_stat(d->c, 5), MAILPROTO_OK);
    d_run(d);
    d_feed_lump(d, "+OK\r\nabc\r\n.\r\n+OK\r\nabcd\r\nmore\r\n..\r\n.\r\n+OK 1 2\r\n");
    d_expect(d, "REPLY tag=3 OK -\nCONTENT tag=3 \"abc\r\n\"\nEND tag=3 number=5\n"
                "REPLY tag=3 OK\n"
                "REPLY tag=4 OK -\nCONTENT tag=4 \"abcd\r\"\n"
                "ABORTED tag=4 ERR_CONTENT_LIMIT number=5\n"
                "REPLY tag=4 OK ERR_CONTENT_LIMIT\n"
                "REPLY tag=5 \"1 2\" number=2 OK messages=1\n");
}

/* ---- lines longer than the buffer --------------------------------------------------- */

static char x200[201];

static void feed_long(struct driver *d, const char *indicator)
{
    char line[256];
    memset(x200, 'x', 200);
    snprintf(line, sizeof line, "%s %s\r\n", indicator, x200);
    d_feed_lump(d, line);
}

static void expect_long(struct driver *d, const char *before, const char *behind)
{
    char log[512];
    snprintf(log, sizeof log, "%s\"%s\"%s", before, x200, behind);
    d_expect(d, log);
}

static void long_lines(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_IF_OFFERED);
    o.flags = MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR | MAILPROTO_POP3_CLIENT_APOP;
    o.in_size = 128;
    d_open(d, &o);
    feed_long(d, "+OK <a@b>"); /* a timestamp may be cut: it counts as none */
    assert_int_equal(mailproto_pop3_client_apop_stamp(d->c).len, 0);
    d_forget(d);
    feed_long(d, "+OK");
    feed_long(d, "XLONG");
    d_feed(d, "STLS\r\nUSER\r\n.\r\n");
    d_sent(d, "CAPA\r\nSTLS\r\n");
    feed_long(d, "-ERR");
    d_expect(d, "CAPS number=1\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 2, bytes("u"), bytes("p")),
                     MAILPROTO_OK);
    feed_long(d, "+OK");
    d_sent(d, "USER u\r\nPASS p\r\n");
    feed_long(d, "+OK");
    expect_long(d, "REPLY tag=2 ", " OK\n");
    assert_int_equal(mailproto_pop3_client_stat(d->c, 3), MAILPROTO_OK);
    d_run(d);
    feed_long(d, "+OK 3 400");
    d_run(d);
    assert_non_null(strstr(d->log, "\" number=400 OK messages=3\n"));
    d_forget(d);
    assert_int_equal(mailproto_pop3_client_uidl(d->c, 4, 3), MAILPROTO_OK);
    d_run(d);
    feed_long(d, "+OK");
    expect_long(d, "LINE tag=4 ", " rejected\nREPLY tag=4 OK\n");
    assert_int_equal(mailproto_pop3_client_quit(d->c, 5), MAILPROTO_OK);
    d_run(d);
    feed_long(d, "+OK");
    expect_long(d, "COMMIT tag=5 DONE ", " OK\nCLOSED\n");
}

static void long_refusals(struct driver *d)
{
    mailproto_pop3_client_options o = with_tls(MAILPROTO_POP3_TLS_REQUIRED);
    o.in_size = 128;
    d_open(d, &o);
    d_feed(d, "+OK\r\n+OK\r\nSTLS\r\n.\r\n");
    feed_long(d, "+OK");
    d_expect(d, "GREETING OK\nTLS_GO\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    d_run(d);
    feed_long(d, "-ERR");
    d_expect(d, "CAPS secure\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 2, bytes("u"), bytes("p")),
                     MAILPROTO_OK);
    d_run(d);
    feed_long(d, "-ERR");
    expect_long(d, "REPLY tag=2 ", " ERR secure\n");
    assert_int_equal(mailproto_pop3_client_capa(d->c, 3), MAILPROTO_OK);
    d_sent(d, "CAPA\r\nSTLS\r\nCAPA\r\nUSER u\r\nCAPA\r\n");
}

/* ---- pipelining and QUIT ------------------------------------------------------------ */

static void pipelined(struct driver *d)
{
    d_open(d, NULL);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_dele(d->c, 2, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_dele(d->c, 3, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_rset(d->c, 4), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_dele(d->c, 5, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_command(d->c, 6, bytes("XTND LIST"), 1),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 7), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 8), MAILPROTO_OK);
    d_sent(d, "DELE 1\r\nDELE 2\r\nRSET\r\nDELE 3\r\nXTND LIST\r\n");
    d_feed_lump(d, "+OK\r\n-ERR\r\n+OK\r\n+OK\r\n+OK\r\n..\r\n1 2\r\n.\r\n");
    d_expect(d, "REPLY tag=2 OK\nREPLY tag=3 ERR\nREPLY tag=4 OK\nREPLY tag=5 OK\n"
                "REPLY tag=6 OK -\nLINE tag=6 \".\"\nLINE tag=6 \"1 2\"\n"
                "REPLY tag=6 OK\n");
    d_sent(d, "NOOP\r\n");
    d_feed(d, "+OK\r\n");
    d_sent(d, "QUIT\r\n");
    d_feed(d, "+OK bye\r\n");
    d_expect(d, "REPLY tag=7 OK\nCOMMIT tag=8 DONE \"bye\" number=1 OK\nCLOSED\n");
}

static void not_pipelined(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.flags |= MAILPROTO_POP3_CLIENT_NO_PIPELINING;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_noop(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_dele(d->c, 3, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_quit(d->c, 4), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
    d_feed(d, "+OK\r\n");
    d_sent(d, "DELE 2\r\n");
    d_feed(d, "+OK\r\n");
    d_sent(d, "QUIT\r\n");
    d_feed(d, "-ERR [SYS/PERM] some not removed\r\n");
    d_expect(d, "REPLY tag=2 OK\nREPLY tag=3 OK\n"
                "COMMIT tag=4 FAILED \"[SYS/PERM] some not removed\" number=1 ERR "
                "[SYS/PERM]\nCLOSED\n");
}

static void lang_and_utf8(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "LANG\r\nUTF8\r\n");
    assert_int_equal(mailproto_pop3_client_lang(d->c, 1, bytes("")), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_lang(d->c, 2, bytes("*")), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_utf8(d->c, 3), MAILPROTO_OK);
    d_sent(d, "LANG\r\n");
    d_feed(d, "+OK\r\nen English\r\n.\r\n+OK de\r\n-ERR\r\n");
    d_sent(d, "LANG *\r\nUTF8\r\n");
    d_expect(d, "REPLY tag=1 OK -\nLINE tag=1 \"en English\"\nREPLY tag=1 OK\n"
                "REPLY tag=2 \"de\" OK\nREPLY tag=3 ERR\n");
}

/* AGAIN, then ROOM when it fits: by entries, and by octets. */
static void room_by_entries(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    o.max_outstanding = 2;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    assert_int_equal(mailproto_pop3_client_noop(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 4), MAILPROTO_AGAIN);
    d_sent(d, "NOOP\r\nNOOP\r\n");
    d_expect(d, "");
    d_feed(d, "+OK\r\n");
    d_expect(d, "REPLY tag=2 OK\nROOM\n");
    assert_int_equal(mailproto_pop3_client_noop(d->c, 4), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
    d_feed_lump(d, "+OK\r\n+OK\r\n");
    d_expect(d, "REPLY tag=3 OK\nREPLY tag=4 OK\n");
}

static void room_by_octets(struct driver *d)
{
    mailproto_pop3_client_options o = d_options();
    char line[128];
    o.out_size = 128;
    d_open(d, &o);
    d_login(d, "PIPELINING\r\nUSER\r\n");
    memset(line, 'X', sizeof line);
    line[127] = '\0';
    assert_int_equal(mailproto_pop3_client_command(d->c, 2, bytes(line), 0),
                     MAILPROTO_ERR_TOO_LONG);
    line[126] = '\0';
    assert_int_equal(mailproto_pop3_client_command(d->c, 2, bytes(line), 0),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_client_noop(d->c, 3), MAILPROTO_AGAIN);
    d_run(d);
    d_expect(d, "ROOM\n");
    assert_int_equal(mailproto_pop3_client_noop(d->c, 3), MAILPROTO_OK);
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
/* clang-format off */
#define ALL(X)                                                                         \
    X(plain_start) X(no_capa) X(caps_lost) X(refused_greeting) X(refused_and_closed)   \
    X(required_tls) X(tls_not_offered) X(tls_no_capa) X(tls_refused)                   \
    X(tls_if_offered) X(tls_injection) X(stls_verb) X(implicit_tls) X(login_refused)   \
    X(apop) X(listings) X(empty_listings) X(content) X(not_the_end) X(repaired)        \
    X(refuses_bare) X(refuses_cr) X(long_lines) X(long_refusals) X(refuses_nul)        \
    X(limited) X(pipelined) X(not_pipelined) X(lang_and_utf8) X(room_by_entries)       \
    X(room_by_octets)
/* clang-format on */
ALL(SCENARIO)
#define ENTRY(name) cmocka_unit_test(test_##name),

int main(void)
{
    const struct CMUnitTest tests[] = {ALL(ENTRY)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
