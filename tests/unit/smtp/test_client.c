/*
 * A client's conversation: start, transactions, several messages, cancellations. Every
 * scenario runs at every split.
 */
#include "client_driver.h"

static mailproto_smtp_client_options with_tls(uint32_t tls)
{
    mailproto_smtp_client_options o = d_options();
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
    d_feed(d, "220-s.example ESMTP\r\n220 and more\r\n");
    d_sent(d, "EHLO me.example\r\n");
    d_expect(d, "GREETING 220 \"s.example ESMTP\" -\nGREETING 220 \"and more\"\n");
    d_feed(d, "250-s.example Hello\r\n250-SIZE 1000\r\n250-PIPELINING\r\n");
    d_expect(d, "");
    d_feed(d, "250-PIPELININGX\r\n250-8bitmime\r\n250 XFOO bar\r\n");
    d_expect(d, "CAPS 250\n");
    d_timeout(d, 0);
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SIZE));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_PIPELINING));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_8BITMIME));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SMTPUTF8));
    assert_int_equal(mailproto_smtp_client_size_limit(d->c), 1000);
    assert_int_equal(mailproto_session_cap_text(d->s, 4, &line), MAILPROTO_OK);
    assert_memory_equal(line.ptr, "XFOO bar", line.len);
    assert_int_equal(line.len, 8);
    assert_int_equal(mailproto_session_cap_text(d->s, 5, &line), MAILPROTO_EOF);
    assert_int_equal(d_want(d, NULL) & MAILPROTO_WANT_READ, 0);
    assert_true(d_want(d, NULL) & MAILPROTO_MAY_READ);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 5), MAILPROTO_OK);
    d_sent(d, "QUIT\r\n");
    assert_true(d_want(d, NULL) & MAILPROTO_WANT_READ);
    d_feed(d, "221 bye\r\n");
    d_expect(d, "REPLY tag=5 221 \"bye\"\nCLOSED\n");
    assert_int_equal(d_want(d, NULL), MAILPROTO_WANT_CLOSED);
    d_error(d, MAILPROTO_OK, 0, 221);
}

static void helo_fallback(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "220 s.example\r\n");
    d_sent(d, "EHLO me.example\r\n");
    d_feed(d, "502-no\r\n502 not known\r\n");
    d_sent(d, "HELO me.example\r\n");
    d_feed(d, "250 s.example\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nCAPS 250\n");
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SIZE));
}

/* Which codes to EHLO are answered with HELO. */
static void test_helo_codes(void **state)
{
    int code;
    (void)state;
    for (code = 400; code < 600; code++) {
        struct driver *d = calloc(1, sizeof *d);
        char line[32];
        int helo = code == 500 || code == 501 || code == 502 || code == 504;
        assert_non_null(d);
        d_open(d, NULL);
        d_feed(d, "220 s.example\r\n");
        d_sent(d, "EHLO me.example\r\n");
        d_forget(d);
        snprintf(line, sizeof line, "%d no\r\n", code);
        d_feed(d, line);
        d_sent(d, helo ? "HELO me.example\r\n" : "");
        snprintf(line, sizeof line, "REFUSED %d \"no\"\n", code);
        if (helo) {
            d_feed(d, "250 ok\r\n");
            d_expect(d, "CAPS 250\n");
        } else {
            d_expect(d, line);
            d_error(d, MAILPROTO_ERR_REFUSED, 23, (uint32_t)code);
            assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                             MAILPROTO_ERR_STATE);
        }
        d_close(d);
        free(d);
    }
}

static void refused_greeting(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "554-no mail\r\n554 here\r\n");
    d_expect(d, "GREETING 554 \"no mail\" -\nREFUSED 554 \"here\"\n");
    d_sent(d, "");
    d_error(d, MAILPROTO_ERR_REFUSED, 23, 554);
    d_timeout(d, 0);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 2), MAILPROTO_OK);
    d_sent(d, "QUIT\r\n");
    d_feed(d, "221 bye\r\n");
    d_expect(d, "REPLY tag=2 221 \"bye\"\nCLOSED\n");
    d_error(d, MAILPROTO_ERR_REFUSED, 23, 221);
}

/* The refusal stays the cause when the peer then closes. */
static void refused_and_closed(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "421 too busy\r\n");
    d_expect(d, "REFUSED 421 \"too busy\"\n");
    d_eof(d);
    d_expect(d, "CLOSED\n");
    d_error(d, MAILPROTO_ERR_REFUSED, 14, 421);
}

static void helo_refused(struct driver *d)
{
    d_open(d, NULL);
    d_feed(d, "220 s.example\r\n502 no\r\n550-not\r\n550 you\r\n");
    d_sent(d, "EHLO me.example\r\nHELO me.example\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nREFUSED 550 \"you\"\n");
    d_error(d, MAILPROTO_ERR_REFUSED, 41, 550);
}

/* ---- TLS ---------------------------------------------------------------------------- */

static void required_tls(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n");
    d_sent(d, "EHLO me.example\r\n");
    d_feed(d, "250-s.example\r\n250-SIZE 7\r\n250 STARTTLS\r\n");
    d_sent(d, "STARTTLS\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_ERR_STATE);
    d_feed(d, "220 go\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nTLS_GO\n");
    assert_true(d_want(d, NULL) & MAILPROTO_WANT_TLS);
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SIZE));
    assert_int_equal(mailproto_smtp_client_size_limit(d->c), 0);
    d_sent(d, "EHLO me.example\r\n");
    d_feed(d, "250-s.example\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n");
    d_expect(d, "CAPS 250 secure\n");
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_STARTTLS));
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_AUTH));
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 1), MAILPROTO_ERR_STATE);
}

static void not_offered(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n250-s.example\r\n250 SIZE\r\n");
    d_sent(d, "EHLO me.example\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nREFUSED LOCAL ERR_NEEDS_TLS\n");
    d_error(d, MAILPROTO_ERR_NEEDS_TLS, 40, 250);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 2), MAILPROTO_OK);
    d_sent(d, "QUIT\r\n");
    d_eof(d);
    d_expect(d, "REPLY tag=2 TRANSPORT ERR_EOF\nCLOSED\n");
    d_error(d, MAILPROTO_ERR_NEEDS_TLS, 40, 250);
}

static void required_and_refused(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n250-s.example\r\n250 STARTTLS\r\n454 not now\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nREFUSED 454 \"not now\"\n");
    d_sent(d, "EHLO me.example\r\nSTARTTLS\r\n");
    d_error(d, MAILPROTO_ERR_NEEDS_TLS, 57, 454);
}

static void required_and_helo(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n502 no\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nREFUSED 502 \"no\"\n");
    d_sent(d, "EHLO me.example\r\n");
    d_error(d, MAILPROTO_ERR_NEEDS_TLS, 23, 502);
}

static void if_offered_and_refused(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_IF_OFFERED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n250-s.example\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n");
    d_feed(d, "454-not\r\n454 now\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nCAPS 250\n");
    d_sent(d, "EHLO me.example\r\nSTARTTLS\r\n");
    assert_int_equal(mailproto_session_auth_start(d->s, 1, bytes("PLAIN"), NULL, 0),
                     MAILPROTO_ERR_NEEDS_TLS);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 3), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
}

static void if_offered_and_going(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_IF_OFFERED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n250-s.example\r\n250 STARTTLS\r\n421 bye\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nREFUSED 421 \"bye\"\n");
    d_error(d, MAILPROTO_ERR_REFUSED, 53, 421);
}

static void if_offered_and_not(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_IF_OFFERED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n250-s.example\r\n250 SIZE\r\n");
    d_expect(d, "GREETING 220 \"s.example\"\nCAPS 250\n");
    d_sent(d, "EHLO me.example\r\n");
}

static void implicit_tls(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_IMPLICIT);
    o.caps_forced = (uint64_t)1 << MAILPROTO_SMTP_CAP_STARTTLS;
    d_open(d, &o);
    d_expect(d, "TLS_GO\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    d_timeout(d, 300000);
    d_sent(d, "");
    d_feed(d, "220 s.example\r\n");
    d_sent(d, "EHLO me.example\r\n");
    d_feed(d, "250 s.example\r\n");
    d_expect(d, "GREETING 220 \"s.example\" secure\nCAPS 250 secure\n");
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_STARTTLS));
}

/* Bytes behind the agreement, in the same read or later (RFC 3207 4.2). */
static void injected(struct driver *d)
{
    mailproto_smtp_client_options o = with_tls(MAILPROTO_SMTP_TLS_REQUIRED);
    d_open(d, &o);
    d_feed(d, "220 s.example\r\n250-s.example\r\n250 STARTTLS\r\n");
    d_feed(d, "220 go\r\n2");
    d_error(d, MAILPROTO_ERR_TLS_INJECTION, 52, 220);
    assert_true(strstr(d->log, "CAPS") == NULL);
    d_sent(d, "EHLO me.example\r\nSTARTTLS\r\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_ERR_STATE);
}

static void own_starttls(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-STARTTLS\r\n");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 2), MAILPROTO_ERR_STATE);
    d_sent(d, "NOOP\r\n");
    d_feed(d, "250 ok\r\n");
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 3), MAILPROTO_ERR_STATE);
    d_sent(d, "STARTTLS\r\n");
    d_feed(d, "454 later\r\n");
    d_expect(d, "REPLY tag=1 250 \"ok\"\nREPLY tag=2 454 \"later\"\n");
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 4), MAILPROTO_OK);
    d_sent(d, "STARTTLS\r\n");
    d_feed(d, "220 go\r\n");
    d_expect(d, "TLS_GO\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    d_sent(d, "EHLO me.example\r\n");
    d_feed(d, "250 s.example\r\n");
    d_expect(d, "CAPS 250 secure\n");
}

static void failed_handshake(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-STARTTLS\r\n");
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 4), MAILPROTO_OK);
    d_feed(d, "220 go\r\n");
    d_expect(d, "TLS_GO\n");
    assert_int_equal(mailproto_session_fail(d->s, MAILPROTO_ERR_TLS), MAILPROTO_OK);
    d_expect(d, "CLOSED ERR_TLS\n");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 3), MAILPROTO_ERR_TLS);
}

/* ---- transactions ------------------------------------------------------------------- */

static void envelope(struct driver *d, uint32_t tag)
{
    assert_int_equal(mailproto_smtp_client_mail(d->c, tag, bytes("a@x.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(
        mailproto_smtp_client_rcpt(d->c, tag + 1, bytes("b@y.example"), NULL),
        MAILPROTO_OK);
    assert_int_equal(
        mailproto_smtp_client_rcpt(d->c, tag + 2, bytes("c@y.example"), NULL),
        MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, tag + 3), MAILPROTO_OK);
}

static void one_by_one(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    envelope(d, 1);
    d_sent(d, "MAIL FROM:<a@x.example>\r\n");
    d_timeout(d, 300000);
    d_feed(d, "250 ok\r\n");
    d_sent(d, "RCPT TO:<b@y.example>\r\n");
    d_feed(d, "250-ok\r\n250 really\r\n");
    d_sent(d, "RCPT TO:<c@y.example>\r\n");
    d_feed(d, "251 will forward\r\n");
    d_sent(d, "DATA\r\n");
    d_timeout(d, 120000);
    d_expect(d, "REPLY tag=1 250 \"ok\"\nREPLY tag=2 250 \"ok\" -\n"
                "REPLY tag=2 250 \"really\"\nREPLY tag=3 251 \"will forward\"\n");
    assert_int_equal(d_want(d, NULL) & MAILPROTO_WANT_CONTENT, 0);
    d_feed(d, "354 go\r\n");
    d_expect(d, "WANTED tag=4\n");
    d_timeout(d, 180000);
    assert_true(d_want(d, NULL) & MAILPROTO_WANT_CONTENT);
    d_content(d, "Subject: x\r\n\r\n.dot\r\n", 20);
    assert_int_equal(d_want(d, NULL) & MAILPROTO_WANT_CONTENT, 0);
    d_sent(d, "Subject: x\r\n\r\n..dot\r\n.\r\n");
    d_timeout(d, 600000);
    d_feed(d, "250 queued\r\n");
    d_expect(d, "FINAL tag=4 250 \"queued\"\n");
    d_timeout(d, 0);
}

static void pipelined(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n");
    envelope(d, 1);
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\n");
    d_feed_lump(d, "250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 who?\r\n354 go\r\n");
    d_expect(d,
             "REPLY tag=1 250 \"2.1.0 ok\" 2.1.0\nREPLY tag=2 250 \"2.1.5 ok\" 2.1.5\n"
             "REPLY tag=3 550 \"5.1.1 who?\" 5.1.1\nWANTED tag=4\n");
    d_content(d, "x", 1);
    d_sent(d, "x\r\n.\r\n");
    d_feed(d, "250 2.0.0 queued\r\n");
    d_expect(d, "FINAL tag=4 250 \"2.0.0 queued\" 2.0.0 repaired\n");
}

/* The second message is called ahead; its group begins with the first one's content. */
static void ahead(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    envelope(d, 1);
    envelope(d, 11);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 20), MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\n");
    d_feed(d, "250 1\r\n250 2\r\n250 3\r\n");
    d_sent(d, "");
    d_feed(d, "354 go\r\n");
    d_expect(d, "REPLY tag=1 250 \"1\"\nREPLY tag=2 250 \"2\"\nREPLY tag=3 250 \"3\"\n"
                "WANTED tag=4\n");
    d_sent(d, "");
    d_content(d, "one\r\n", 5);
    d_sent(d, "one\r\n.\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\n");
    d_timeout(d, 600000);
    d_feed(d, "250 4\r\n");
    d_timeout(d, 300000);
    d_feed_lump(d, "250 11\r\n250 12\r\n250 13\r\n354 go\r\n");
    d_expect(d,
             "FINAL tag=4 250 \"4\"\nREPLY tag=11 250 \"11\"\nREPLY tag=12 250 \"12\"\n"
             "REPLY tag=13 250 \"13\"\nWANTED tag=14\n");
    d_content(d, "two\r\n", 5);
    d_sent(d, "two\r\n.\r\nQUIT\r\n");
    d_feed_lump(d, "250 14\r\n221 bye\r\n");
    d_expect(d, "FINAL tag=14 250 \"14\"\nREPLY tag=20 221 \"bye\"\nCLOSED\n");
}

/* The same without PIPELINING: what is ahead waits for each reply. */
static void ahead_one_by_one(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    o.flags = MAILPROTO_SMTP_CLIENT_NO_PIPELINING;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n");
    envelope(d, 1);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 5, bytes(""), NULL),
                     MAILPROTO_OK);
    d_feed(d, "250 1\r\n250 2\r\n250 3\r\n354 go\r\n");
    d_forget(d);
    d_content(d, "", 0);
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\n.\r\n");
    d_feed(d, "250 4\r\n");
    d_expect(d, "FINAL tag=4 250 \"4\"\n");
    d_sent(d, "MAIL FROM:<>\r\n");
}

/* NOOP, VRFY, HELP and what the library does not know end a group (RFC 2920 3.1). */
static void groups(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_rset(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_vrfy(d->c, 4, bytes("joe")), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_help(d->c, 5, bytes("")), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_help(d->c, 6, bytes("MAIL")), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_command(d->c, 7, bytes("EXPN staff")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_command(d->c, 8, bytes("ETRN #q")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 9, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 10, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 11), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 12), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 13), MAILPROTO_ERR_STATE);
    d_sent(d, "RSET\r\nRSET\r\nNOOP\r\n");
    d_feed(d, "250 1\r\n250 2\r\n");
    d_sent(d, "");
    d_feed(d, "250 3\r\n");
    d_sent(d, "VRFY joe\r\n");
    d_feed(d, "252 4\r\n");
    d_sent(d, "HELP\r\n");
    d_feed(d, "214-5\r\n214 5\r\n");
    d_sent(d, "HELP MAIL\r\n");
    d_feed(d, "500 6\r\n");
    d_sent(d, "EXPN staff\r\n");
    d_feed(d, "550 7\r\n");
    d_sent(d, "ETRN #q\r\n");
    d_feed(d, "250 8\r\n");
    d_sent(d, "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nRSET\r\nQUIT\r\n");
    d_feed_lump(d, "250 9\r\n250 10\r\n250 11\r\n221 12\r\n");
    d_expect(d,
             "REPLY tag=1 250 \"1\"\nREPLY tag=2 250 \"2\"\nREPLY tag=3 250 \"3\"\n"
             "REPLY tag=4 252 \"4\"\nREPLY tag=5 214 \"5\" -\nREPLY tag=5 214 \"5\"\n"
             "REPLY tag=6 500 \"6\"\nREPLY tag=7 550 \"7\"\nREPLY tag=8 250 \"8\"\n"
             "REPLY tag=9 250 \"9\"\nREPLY tag=10 250 \"10\"\nREPLY tag=11 250 \"11\"\n"
             "REPLY tag=12 221 \"12\"\nCLOSED\n");
}

/* ---- what became pointless ---------------------------------------------------------- */

static void mail_refused_unsent(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    envelope(d, 1);
    d_feed(d, "550 no\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\n");
    d_expect(d, "REPLY tag=1 550 \"no\"\nREPLY tag=2 LOCAL ERR_CANCELLED\n"
                "REPLY tag=3 LOCAL ERR_CANCELLED\nFINAL tag=4 LOCAL ERR_CANCELLED\n");
    /* No transaction: no RSET, MAIL at once. */
    assert_int_equal(mailproto_smtp_client_mail(d->c, 5, bytes(""), NULL),
                     MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<>\r\n");
}

static void mail_refused_alone(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n250-AUTH PLAIN\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 2, bytes(""), NULL),
                     MAILPROTO_ERR_STATE);
    d_feed(d, "530 no\r\n");
    d_sent(d, "MAIL FROM:<>\r\n");
    /* What is called without having seen the refusal is cancelled. */
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_sent(d, "");
    d_expect(d, "REPLY tag=1 530 \"no\"\nREPLY tag=2 LOCAL ERR_CANCELLED\n"
                "FINAL tag=3 LOCAL ERR_CANCELLED\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 4, bytes(""), NULL),
                     MAILPROTO_OK);
    d_feed(d, "550 no\r\n");
    d_expect(d, "REPLY tag=4 550 \"no\"\n");
    /* ... and a new MAIL is as good. */
    assert_int_equal(mailproto_smtp_client_mail(d->c, 5, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 6, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<>\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\n");
}

static void mail_refused_sent(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    envelope(d, 1);
    d_feed_lump(d, "550 no\r\n503 no mail\r\n503 no mail\r\n503 no mail\r\n");
    d_expect(d, "REPLY tag=1 550 \"no\"\nREPLY tag=2 503 \"no mail\"\n"
                "REPLY tag=3 503 \"no mail\"\nFINAL tag=4 503 \"no mail\"\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\n");
    assert_int_equal(mailproto_smtp_client_noop(d->c, 5), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
}

static void no_recipient_unsent(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    envelope(d, 1);
    d_feed(d, "250 ok\r\n550 no\r\n552 full\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nRSET\r\n");
    d_expect(d, "REPLY tag=1 250 \"ok\"\nREPLY tag=2 550 \"no\"\n"
                "REPLY tag=3 552 \"full\" as 452\nFINAL tag=4 LOCAL ERR_CANCELLED\n");
    d_feed(d, "250 reset\r\n");
    d_expect(d, "");
    assert_int_equal(mailproto_smtp_client_quit(d->c, 5), MAILPROTO_OK);
    d_sent(d, "QUIT\r\n");
}

/* The own RSET gives way to one that was called, and to QUIT. */
static void no_recipient_then_quit(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    envelope(d, 1);
    assert_int_equal(mailproto_smtp_client_quit(d->c, 9), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n550 no\r\n550 no\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nQUIT\r\n");
    d_forget(d);
    d_feed(d, "221 bye\r\n");
    d_expect(d, "REPLY tag=9 221 \"bye\"\nCLOSED\n");
}

/* ... and comes before whatever else was called ahead. */
static void no_recipient_then_mail(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    envelope(d, 1);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 9, bytes(""), NULL),
                     MAILPROTO_OK);
    d_feed_lump(d, "250 ok\r\n550 no\r\n550 no\r\n554 no valid recipients\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\nRSET\r\nMAIL FROM:<>\r\n");
    d_expect(d,
             "REPLY tag=1 250 \"ok\"\nREPLY tag=2 550 \"no\"\nREPLY tag=3 550 \"no\"\n"
             "FINAL tag=4 554 \"no valid recipients\"\n");
    d_feed(d, "250 reset\r\n250 9\r\n");
    d_expect(d, "REPLY tag=9 250 \"9\"\n");
}

/* RFC 2920 3.1: 354 although nobody was accepted. */
static void lone_dot(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    envelope(d, 1);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 9, bytes(""), NULL),
                     MAILPROTO_OK);
    d_feed_lump(d, "250 ok\r\n550 no\r\n550 no\r\n354 go\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\n.\r\nMAIL FROM:<>\r\n");
    d_expect(d,
             "REPLY tag=1 250 \"ok\"\nREPLY tag=2 550 \"no\"\nREPLY tag=3 550 \"no\"\n"
             "FINAL tag=4 LOCAL ERR_CANCELLED\n");
    d_timeout(d, 600000);
    d_feed_lump(d, "554 no recipients\r\n250 9\r\n");
    d_expect(d, "REPLY tag=9 250 \"9\"\n");
    d_timeout(d, 0);
}

static void data_refused(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "");
    envelope(d, 1);
    d_feed(d, "250 1\r\n250 2\r\n250 3\r\n");
    d_forget(d);
    d_feed(d, "451-not\r\n451 now\r\n");
    d_expect(d, "FINAL tag=4 451 \"not\" -\nFINAL tag=4 451 \"now\"\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
              "RCPT TO:<c@y.example>\r\nDATA\r\nRSET\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 9, bytes(""), NULL),
                     MAILPROTO_OK);
    d_sent(d, "");
    d_feed(d, "250 reset\r\n");
    d_sent(d, "MAIL FROM:<>\r\n");
    d_expect(d, "");
}

/* ---- content ------------------------------------------------------------------------ */

static void to_content(struct driver *d, const mailproto_smtp_client_options *o)
{
    d_open(d, o);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n");
    d_feed(d, "250 1\r\n250 2\r\n354 go\r\n");
    d_expect(d, "REPLY tag=1 250 \"1\"\nREPLY tag=2 250 \"2\"\nWANTED tag=3\n");
}

static void aborted(struct driver *d)
{
    size_t used;
    to_content(d, NULL);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 4), MAILPROTO_OK);
    d_sent(d, "");
    assert_int_equal(mailproto_session_content(d->s, "half\r\n.\r\n", 9, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_content_abort(d->s), MAILPROTO_OK);
    d_sent(d, "");
    d_expect(d, "FINAL tag=3 LOCAL ERR_CANCELLED\nREPLY tag=4 TRANSPORT ERR_CANCELLED\n"
                "CLOSED ERR_CANCELLED\n");
    d_error(d, MAILPROTO_ERR_CANCELLED, d->fed, 354);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_ERR_CANCELLED);
}

static void policy(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    size_t used;
    o.line_ends = MAILPROTO_LINE_ENDS_REFUSE;
    to_content(d, &o);
    assert_int_equal(mailproto_session_content(d->s, "ab\ncd", 5, &used),
                     MAILPROTO_ERR_BARE_LINE_END);
    assert_int_equal(used, 2);
    assert_int_equal(mailproto_session_content(d->s, "x", 1, &used),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_content_abort(d->s), MAILPROTO_OK);
    d_expect(d, "FINAL tag=3 LOCAL ERR_CANCELLED\nCLOSED ERR_CANCELLED\n");
}

static void repaired(struct driver *d)
{
    to_content(d, NULL);
    d_content(d, "a\n.\nb\rc", 7);
    d_sent(d, "a\r\n..\r\nb\r\nc\r\n.\r\n");
    d_feed(d, "250 ok\r\n");
    d_expect(d, "FINAL tag=3 250 \"ok\" repaired\n");
}

/* A verb that is called while the content runs waits behind it. */
static void verbs_meanwhile(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    size_t used;
    o.out_size = 128;
    to_content(d, &o);
    assert_int_equal(mailproto_session_content(d->s, "one\r\n", 5, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 4), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content(d->s, "two\r\n", 5, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 5, bytes(""), NULL),
                     MAILPROTO_OK);
    /* The content keeps its room: 128 - 64 - 6 - 14 are left to verbs. */
    assert_int_equal(
        mailproto_smtp_client_rcpt(
            d->c, 6, bytes("a-long-mailbox-to-fill-the-buffer@y.example"), NULL),
        MAILPROTO_AGAIN);
    assert_int_equal(mailproto_session_content(d->s, "three", 5, &used), MAILPROTO_OK);
    d_content(d, "\r\n", 2);
    d_sent(d, "one\r\ntwo\r\nthree\r\n.\r\nNOOP\r\n");
    d_forget(d);
    d_feed(d, "250 3\r\n250 4\r\n");
    d_sent(d, "MAIL FROM:<>\r\n");
    d_feed(d, "250 5\r\n");
    assert_int_equal(
        mailproto_smtp_client_rcpt(
            d->c, 6, bytes("a-long-mailbox-to-fill-the-buffer@y.example"), NULL),
        MAILPROTO_OK);
}

/* ---- several messages --------------------------------------------------------------- */

static void messages(struct driver *d)
{
    int i;
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    for (i = 0; i < 5; i++) {
        envelope(d, 1);
        d_feed(d, "250 1\r\n250 2\r\n250 3\r\n354 go\r\n");
        d_forget(d);
        d_content(d, "x\r\n", 3);
        d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
                  "RCPT TO:<c@y.example>\r\nDATA\r\nx\r\n.\r\n");
        d_feed(d, i == 2 ? "554 no\r\n" : "250 ok\r\n");
        d_expect(d, i == 2 ? "FINAL tag=4 554 \"no\"\n" : "FINAL tag=4 250 \"ok\"\n");
    }
}

/* MAIL refused: the state stays when another transaction was begun behind it. */
static void mail_refused_and_more(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 3, bytes(""), NULL),
                     MAILPROTO_OK);
    d_feed(d, "550 no\r\n");
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 4, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\n");
    d_feed(d, "250 2\r\n250 3\r\n250 4\r\n");
    d_expect(d, "REPLY tag=1 550 \"no\"\nREPLY tag=2 250 \"2\"\nREPLY tag=3 250 \"3\"\n"
                "REPLY tag=4 250 \"4\"\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 5, bytes(""), NULL),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_smtp_client_data(d->c, 5), MAILPROTO_OK);
}

/* A recipient behind NOOP, when MAIL is refused meanwhile, waits for the news in order. */
static void cancelled_in_order(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 3, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 4), MAILPROTO_OK);
    d_feed(d, "550 no\r\n");
    d_expect(d, "REPLY tag=1 550 \"no\"\n");
    d_feed(d, "250 noop\r\n");
    d_expect(d, "REPLY tag=2 250 \"noop\"\nREPLY tag=3 LOCAL ERR_CANCELLED\n");
    d_sent(d, "MAIL FROM:<>\r\nNOOP\r\nNOOP\r\n");
}

static void tls_in_two_lines(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-STARTTLS\r\n250-AUTH PLAIN\r\n");
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 1), MAILPROTO_OK);
    d_feed(d, "220-go\r\n220 on\r\n");
    d_expect(d, "TLS_GO\n");
    assert_int_equal(mailproto_session_tls_started(d->s, NULL), MAILPROTO_OK);
    d_feed(d, "250-s\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n");
    d_expect(d, "CAPS 250 secure\n");
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_auth_start(d->s, 2, bytes("PLAIN"), "", 0),
                     MAILPROTO_OK);
    d_sent(d, "STARTTLS\r\nEHLO me.example\r\nAUTH PLAIN =\r\n");
}

/* STARTTLS behind the engine's own RSET waits for it. */
static void tls_behind_own_reset(struct driver *d)
{
    d_open(d, NULL);
    d_start(d, "250-STARTTLS\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n550 no\r\n");
    d_run(d);
    d_forget(d);
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 4), MAILPROTO_AGAIN);
    d_feed(d, "250 reset\r\n");
    d_expect(d, "ROOM\n");
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 4), MAILPROTO_OK);
}

/* A CR at the very end is refused when the end is called. */
static void refused_at_end(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    size_t used;
    o.line_ends = MAILPROTO_LINE_ENDS_REFUSE;
    to_content(d, &o);
    assert_int_equal(mailproto_session_content(d->s, "ab\r", 3, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_ERR_BARE_LINE_END);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_content_abort(d->s), MAILPROTO_OK);
    d_expect(d, "FINAL tag=3 LOCAL ERR_CANCELLED\nCLOSED ERR_CANCELLED\n");
}

/* NUL is never sent, whatever is repaired. */
static void nul_in_content(struct driver *d)
{
    size_t used;
    to_content(d, NULL);
    assert_int_equal(mailproto_session_content(d->s, "ab\0c", 4, &used),
                     MAILPROTO_ERR_NUL);
    assert_int_equal(used, 2);
}

/* The end mark waits for room. */
static void test_end_without_room(void **state)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_smtp_client_options o = d_options();
    char text[200];
    size_t used;
    (void)state;
    assert_non_null(d);
    memset(text, 'x', sizeof text);
    o.out_size = 128;
    to_content(d, &o);
    assert_int_equal(mailproto_session_content(d->s, text, 200, &used), MAILPROTO_OK);
    assert_true(used >= 120 && used <= 128);
    assert_int_equal(mailproto_session_content(d->s, text, 200 - used, &used),
                     MAILPROTO_AGAIN);
    assert_int_equal(used, 0);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_AGAIN);
    d_write(d);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_OK);
    d_close(d);
    free(d);
}

/* In place: the space lies in the output. */
static void in_place(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    static const char text[] = ".\n..\n\n.x\r\n\r\n.\ny";
    size_t cap;
    char *space;
    size_t i;
    o.out_size = 128;
    to_content(d, &o);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 4, bytes(""), NULL),
                     MAILPROTO_OK);
    for (i = 0; i < 12; i++) {
        d_write(d);
        space = mailproto_session_content_space(d->s, &cap);
        assert_non_null(space);
        assert_true(cap >= sizeof text - 1);
        memcpy(space, text, sizeof text - 1);
        assert_int_equal(mailproto_session_content_commit(d->s, cap + 1),
                         MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(mailproto_session_content_commit(d->s, sizeof text - 1),
                         MAILPROTO_OK);
    }
    d_write(d);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_OK);
    d_write(d);
    d->wire[d->wire_len] = '\0';
    for (i = 0; i < 12; i++) {
        /* From the second piece on it goes on behind "y": that dot begins no line. */
        const char *expected = i == 0 ? "..\r\n...\r\n\r\n..x\r\n\r\n..\r\ny"
                                      : ".\r\n...\r\n\r\n..x\r\n\r\n..\r\ny";
        assert_memory_equal(d->wire + d->wire_seen, expected, strlen(expected));
        d->wire_seen += strlen(expected);
    }
    assert_string_equal(d->wire + d->wire_seen, "\r\n.\r\n");
    d->wire_seen = d->wire_len;
    d_feed(d, "250 ok\r\n");
    d_sent(d, "MAIL FROM:<>\r\n");
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
SCENARIO(plain_start)
SCENARIO(helo_fallback)
SCENARIO(refused_greeting)
SCENARIO(refused_and_closed)
SCENARIO(helo_refused)
SCENARIO(required_tls)
SCENARIO(not_offered)
SCENARIO(required_and_refused)
SCENARIO(required_and_helo)
SCENARIO(if_offered_and_refused)
SCENARIO(if_offered_and_going)
SCENARIO(if_offered_and_not)
SCENARIO(implicit_tls)
SCENARIO(injected)
SCENARIO(own_starttls)
SCENARIO(failed_handshake)
SCENARIO(one_by_one)
SCENARIO(pipelined)
SCENARIO(ahead)
SCENARIO(ahead_one_by_one)
SCENARIO(groups)
SCENARIO(mail_refused_unsent)
SCENARIO(mail_refused_alone)
SCENARIO(mail_refused_sent)
SCENARIO(no_recipient_unsent)
SCENARIO(no_recipient_then_quit)
SCENARIO(no_recipient_then_mail)
SCENARIO(lone_dot)
SCENARIO(data_refused)
SCENARIO(aborted)
SCENARIO(policy)
SCENARIO(repaired)
SCENARIO(verbs_meanwhile)
SCENARIO(messages)
SCENARIO(mail_refused_and_more)
SCENARIO(cancelled_in_order)
SCENARIO(tls_in_two_lines)
SCENARIO(tls_behind_own_reset)
SCENARIO(refused_at_end)
SCENARIO(nul_in_content)
SCENARIO(in_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_start),
        cmocka_unit_test(test_helo_fallback),
        cmocka_unit_test(test_helo_codes),
        cmocka_unit_test(test_refused_greeting),
        cmocka_unit_test(test_refused_and_closed),
        cmocka_unit_test(test_helo_refused),
        cmocka_unit_test(test_required_tls),
        cmocka_unit_test(test_not_offered),
        cmocka_unit_test(test_required_and_refused),
        cmocka_unit_test(test_required_and_helo),
        cmocka_unit_test(test_if_offered_and_refused),
        cmocka_unit_test(test_if_offered_and_going),
        cmocka_unit_test(test_if_offered_and_not),
        cmocka_unit_test(test_implicit_tls),
        cmocka_unit_test(test_injected),
        cmocka_unit_test(test_own_starttls),
        cmocka_unit_test(test_failed_handshake),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_ahead_one_by_one),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_mail_refused_unsent),
        cmocka_unit_test(test_mail_refused_alone),
        cmocka_unit_test(test_mail_refused_sent),
        cmocka_unit_test(test_no_recipient_unsent),
        cmocka_unit_test(test_no_recipient_then_quit),
        cmocka_unit_test(test_no_recipient_then_mail),
        cmocka_unit_test(test_lone_dot),
        cmocka_unit_test(test_data_refused),
        cmocka_unit_test(test_aborted),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_repaired),
        cmocka_unit_test(test_verbs_meanwhile),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_mail_refused_and_more),
        cmocka_unit_test(test_cancelled_in_order),
        cmocka_unit_test(test_tls_in_two_lines),
        cmocka_unit_test(test_tls_behind_own_reset),
        cmocka_unit_test(test_refused_at_end),
        cmocka_unit_test(test_nul_in_content),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_end_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
