/* What the tests of mechanisms_in_clear share; behind a protocol's server_driver.h. */
#ifndef TESTS_SERVER_CLEAR_H
#define TESTS_SERVER_CLEAR_H

/* An empty challenge, and whatever comes is right. */
static inline int exchange(struct run *r, const mailproto_event *ev)
{
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return 0;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
        return 1;
    }
    if (ev->type == MAILPROTO_EV_AUTH_DATA) {
        assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static inline void expect(struct run *r, const char *line, const char *out)
{
    r->out_len = 0;
    r->out[0] = '\0';
    feed_text(r, line);
    assert_string_equal(r->out, out);
}

#endif /* TESTS_SERVER_CLEAR_H */
