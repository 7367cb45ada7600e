/*
 * The time that a POP3 client has until its login: one wait for all that it says, which
 * nothing renews but TLS, and which ends nothing that has succeeded.
 */
#include "server_driver.h"

static mailproto_want want_of(struct run *r)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(r->s, &want);
    return want;
}

static mailproto_pop3_server_options timed(void)
{
    mailproto_pop3_server_options o = options_of();
    o.caps = (cap_bit(MAILPROTO_POP3_CAP_LANG) << 1) - 1;
    o.auth_mechanisms = bytes_of("PLAIN");
    o.login_ms = 1000;
    o.idle_ms = 2000;
    return o;
}

/* A login is kept where `user` says, else refused. */
static int keeps(struct run *r, const mailproto_event *ev)
{
    if (ev->type != MAILPROTO_EV_POP3_LOGIN) {
        return 0;
    }
    if (r->user != NULL) {
        *(uint32_t *)r->user = ev->tag;
        return 1;
    }
    assert_int_equal(mailproto_pop3_server_err(
                         r->server, ev->tag, MAILPROTO_POP3_RESP_NONE, bytes_of("No")),
                     MAILPROTO_OK);
    return 1;
}

static void time_out(struct run *r)
{
    assert_int_equal(mailproto_session_timed_out(r->s, want_of(r).wait_id),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    pull(r);
}

static void nothing_renews_it(void **state)
{
    static const char *const said[] = {"USER a\r\n", "USER a\r\nPASS b\r\n", "CAPA\r\n",
                                       "XYZZY\r\n",  "LANG *\r\n",           "UTF8\r\n",
                                       "AUTH\r\n",   "AUTH X-NONE\r\n"};
    mailproto_pop3_server_options o = timed();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof said / sizeof said[0]; i++) {
        struct run *r = open_session(&o, keeps, "");
        uint32_t id = want_of(r).wait_id;
        assert_int_equal(want_of(r).timeout_ms, 1000);
        feed_text(r, said[i]);
        assert_int_equal(want_of(r).wait_id, id);
        assert_int_equal(r->closed, 1);
        time_out(r);
        assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
        close_session(r);
    }
}

/* TLS begins it anew. */
static void tls_renews_it(void **state)
{
    mailproto_pop3_server_options o = timed();
    struct run *r = open_session(&o, keeps, "");
    uint32_t id = want_of(r).wait_id;
    (void)state;
    feed_text(r, "STLS\r\n");
    assert_int_not_equal(want_of(r).wait_id, id);
    assert_int_equal(mailproto_session_timed_out(r->s, id), MAILPROTO_OK);
    id = want_of(r).wait_id;
    feed_text(r, "STLS\r\nCAPA\r\n");
    assert_int_equal(want_of(r).wait_id, id);
    assert_int_equal(r->closed, 1);
    time_out(r);
    assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
    close_session(r);
}

/* It runs out while the application looks at a login: that is answered, and decides. */
static void while_asked(void **state)
{
    mailproto_pop3_server_options o = timed();
    int right;
    (void)state;
    o.flags |= MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    for (right = 0; right < 2; right++) {
        struct run *r = open_session(&o, keeps, "");
        uint32_t id = want_of(r).wait_id;
        uint32_t request = 0;
        r->user = &request;
        feed_text(r, "USER a\r\nPASS b\r\n");
        assert_int_not_equal(request, 0);
        assert_int_equal(want_of(r).wait_id, id);
        r->out_len = 0;
        r->out[0] = '\0';
        time_out(r);
        assert_int_equal(r->closed, 1);
        assert_int_equal(want_of(r).timeout_ms, 0);
        if (right) {
            assert_int_equal(
                mailproto_pop3_server_ok(r->server, request, 0, bytes_of("So it is")),
                MAILPROTO_OK);
        } else {
            assert_int_equal(mailproto_pop3_server_err(r->server, request,
                                                       MAILPROTO_POP3_RESP_NONE,
                                                       bytes_of("So it is")),
                             MAILPROTO_OK);
        }
        pull(r);
        drain(r);
        pull(r);
        assert_string_equal(r->out, right ? "+OK So it is\r\n" : "-ERR So it is\r\n");
        assert_int_equal(r->closed, right ? 1 : MAILPROTO_ERR_TIMEOUT);
        assert_int_equal(want_of(r).timeout_ms, right ? 2000 : 0);
        close_session(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_renews_it),
        cmocka_unit_test(tls_renews_it),
        cmocka_unit_test(while_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
