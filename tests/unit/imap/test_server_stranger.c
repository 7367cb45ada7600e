/*
 * The time that an IMAP client has until its login: one wait for all that it says, which
 * nothing renews but TLS, and which ends nothing that has succeeded.
 */
#include "server_driver.h"

static mailproto_want want_of(struct run *r)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(r->s, &want);
    return want;
}

static mailproto_imap_server_options timed(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps = MAILPROTO_IMAP_CAPS_DEFAULT;
    o.auth_mechanisms = bytes_of("PLAIN");
    o.login_ms = 1000;
    o.idle_ms = 2000;
    o.progress_bytes = 4;
    o.max_bad_commands = 10;
    return o;
}

/* The first answer to what holds what `user` says is the test's own; else, logins fail. */
static int keeps(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_START &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
        return 1;
    }
    if (r->user != NULL && (ev->type == MAILPROTO_EV_IMAP_COMMAND ||
                            (ev->type == MAILPROTO_EV_AUTH_DATA &&
                             (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0))) {
        *(uint32_t *)r->user = ev->tag;
        return 1;
    }
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND && ev->number == MAILPROTO_IMAP_LOGIN) {
        assert_int_equal(mailproto_imap_server_complete(
                             r->server, ev->tag, MAILPROTO_IMAP_NO, NULL, bytes_of("")),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static void time_out(struct run *r)
{
    r->out_len = 0;
    r->out[0] = '\0';
    assert_int_equal(mailproto_session_timed_out(r->s, want_of(r).wait_id),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    pull(r);
}

#define BYE "* BYE Autologout, idle for too long\r\n"

static void nothing_renews_it(void **state)
{
    static const char *const said[] = {
        "NOOP\r\n",
        "CAPABILITY\r\n",
        "ID NIL\r\n",
        "LOGIN f s\r\n",
        "LOGIN {1}\r\nf {1}\r\ns\r\n",
        "XYZZY\r\n",
        "SELECT x\r\n",
        "LOGIN {5000+}\r\n", /* too large: it is thrown away */
        "AUTHENTICATE PLAIN\r\n",
        "AUTHENTICATE PLAIN\r\n*\r\n",
        "AUTHENTICATE X-NONE\r\n",
    };
    mailproto_imap_server_options o = timed();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof said / sizeof said[0]; i++) {
        struct run *r = open_session(&o, keeps, "");
        uint32_t id = want_of(r).wait_id;
        int n;
        assert_int_equal(want_of(r).timeout_ms, 1000);
        feed_text(r, "a ");
        feed_text(r, said[i]);
        for (n = 0; n < 100; n++) {
            feed_text(r, strstr(said[i], "5000") ? "01234567890\r\n" : "");
        }
        assert_int_equal(want_of(r).wait_id, id);
        assert_int_equal(want_of(r).timeout_ms, 1000);
        assert_int_equal(r->closed, 1);
        time_out(r);
        assert_string_equal(r->out, BYE);
        assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
        close_session(r);
    }
}

/* The greeting begins it, not the connection; with PREAUTH there is none. */
static void where_it_begins(void **state)
{
    mailproto_imap_server_options o = timed();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    mailproto_event ev;
    uint32_t id;
    int known;
    (void)state;
    for (known = 0; known < 2; known++) {
        run_start(r, &o);
        id = want_of(r).wait_id;
        assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
        assert_int_equal(ev.type, MAILPROTO_EV_IMAP_CONNECT);
        assert_int_equal(want_of(r).timeout_ms, 0);
        assert_int_equal(mailproto_session_timed_out(r->s, want_of(r).wait_id),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_imap_server_greet(r->server, ev.tag,
                                                     known ? MAILPROTO_IMAP_PREAUTH
                                                           : MAILPROTO_IMAP_OK,
                                                     bytes_of("")),
                         MAILPROTO_OK);
        assert_int_not_equal(want_of(r).wait_id, id);
        assert_int_equal(want_of(r).timeout_ms, known ? 2000 : 1000);
        pull(r);
        assert_int_equal(r->closed, 1);
        run_end(r);
    }
    free(r);
}

/* TLS begins it anew, and that is all that does. */
static void tls_renews_it(void **state)
{
    mailproto_imap_server_options o = timed();
    struct run *r = open_session(&o, keeps, "");
    uint32_t id = want_of(r).wait_id;
    (void)state;
    feed_text(r, "a STARTTLS\r\n");
    assert_int_not_equal(want_of(r).wait_id, id);
    assert_int_equal(want_of(r).timeout_ms, 1000);
    assert_int_equal(mailproto_session_timed_out(r->s, id), MAILPROTO_OK);
    pull(r);
    assert_int_equal(r->closed, 1); /* that was the one before */
    id = want_of(r).wait_id;
    feed_text(r, "b STARTTLS\r\nc NOOP\r\n");
    assert_int_equal(want_of(r).wait_id, id);
    time_out(r);
    assert_string_equal(r->out, BYE);
    close_session(r);
}

/* After the login each command has its own time. */
static void the_login_ends_it(void **state)
{
    mailproto_imap_server_options o = timed();
    struct run *r = open_session(&o, NULL, "");
    uint32_t id = want_of(r).wait_id;
    (void)state;
    feed_text(r, "a LOGIN f s\r\n");
    assert_int_not_equal(want_of(r).wait_id, id);
    assert_int_equal(want_of(r).timeout_ms, 2000);
    assert_int_equal(mailproto_session_timed_out(r->s, id), MAILPROTO_OK);
    id = want_of(r).wait_id;
    feed_text(r, "b NOOP\r\n");
    assert_int_not_equal(want_of(r).wait_id, id);
    assert_int_equal(r->closed, 1);
    close_session(r);
}

/* It runs out while the application looks at a login: that is answered, and decides. */
static void while_asked(void **state)
{
    mailproto_imap_server_options o = timed();
    uint32_t request;
    int right;
    int by_auth;
    (void)state;
    for (by_auth = 0; by_auth < 2; by_auth++) {
        for (right = 0; right < 2; right++) {
            struct run *r = open_session(&o, keeps, "");
            uint32_t id = want_of(r).wait_id;
            request = 0;
            r->user = &request;
            feed_text(r, by_auth ? "a AUTHENTICATE PLAIN\r\n" : "a LOGIN f s\r\n");
            feed_text(r, by_auth ? "AGEAYg==\r\n" : "");
            r->user = NULL;
            assert_int_not_equal(request, 0);
            assert_int_equal(want_of(r).wait_id, id);
            assert_int_equal(want_of(r).timeout_ms, 1000);
            time_out(r);
            assert_int_equal(r->closed, 1);
            assert_string_equal(r->out, "");
            assert_int_equal(want_of(r).timeout_ms, 0);
            if (by_auth) {
                assert_int_equal(
                    mailproto_session_auth_finish(
                        r->s, request, right ? MAILPROTO_OK : MAILPROTO_ERR_AUTH),
                    MAILPROTO_OK);
            } else {
                assert_int_equal(mailproto_imap_server_complete(
                                     r->server, request,
                                     right ? MAILPROTO_IMAP_OK : MAILPROTO_IMAP_NO,
                                     NULL, bytes_of("")),
                                 MAILPROTO_OK);
            }
            pull(r);
            drain(r);
            pull(r);
            if (right) {
                feed_text(r, "b NOOP\r\n");
                assert_non_null(strstr(r->out, "b OK NOOP completed\r\n"));
                assert_int_equal(r->closed, 1);
                assert_int_equal(want_of(r).timeout_ms, 2000);
            } else {
                assert_string_equal(r->out, by_auth ? "a NO [AUTHENTICATIONFAILED] "
                                                      "Authentication failed\r\n" BYE
                                                    : "a NO LOGIN failed\r\n" BYE);
                assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
            }
            close_session(r);
        }
    }
}

/* ... or at something that is no login, and beside which others go on. */
static void beside_a_detached(void **state)
{
    mailproto_imap_server_options o = timed();
    struct run *r = open_session(&o, keeps, "");
    uint32_t id = want_of(r).wait_id;
    uint32_t request = 0;
    (void)state;
    r->user = &request;
    feed_text(r, "a ID NIL\r\n");
    assert_int_equal(mailproto_imap_server_detach(r->server, request), MAILPROTO_OK);
    r->user = NULL;
    feed_text(r, "b CAPABILITY\r\n");
    assert_int_equal(want_of(r).wait_id, id);
    time_out(r);
    assert_string_equal(r->out, BYE);
    assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
    assert_int_equal(mailproto_imap_server_accept(r->server, request),
                     MAILPROTO_ERR_STALE);
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_renews_it), cmocka_unit_test(where_it_begins),
        cmocka_unit_test(tls_renews_it),     cmocka_unit_test(the_login_ends_it),
        cmocka_unit_test(while_asked),       cmocka_unit_test(beside_a_detached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
