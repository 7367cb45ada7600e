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

/* Lists that cannot be: of auth_mechanisms, and of mechanisms_in_clear beside
 * "PLAIN LOGIN" (RFC 4422 3.1, and what is not offered at all). */
static const char *const no_lists[] = {
    " PLAIN", "PLAIN ",  "PLAIN  LOGIN", "PLAIN,LOGIN", "AUTH=PLAIN",
    "Plain",  "A\tB",    "A\r\n",        "A]",          "X2345678901234567890A",
    "A.B",    "\xc3\x84"};

/* The option `list` of `o` is refused as each of them. */
#define CHECK_LISTS(o, list, mem_size)                                                 \
    do {                                                                               \
        size_t n;                                                                      \
        for (n = 0; n < sizeof no_lists / sizeof no_lists[0]; n++) {                   \
            (o)->list = bytes_of(no_lists[n]);                                         \
            assert_int_equal(mem_size(o), 0);                                          \
        }                                                                              \
        (o)->list.ptr = NULL;                                                          \
        (o)->list.len = 1;                                                             \
        assert_int_equal(mem_size(o), 0);                                              \
    } while (0)

/* A good list but for its length: it has 256 octets, one too many. */
static inline void longest_list(char list[257])
{
    size_t i;
    for (i = 0; i < 255; i++) {
        list[i] = i % 16 == 15 ? ' ' : 'A';
    }
    list[255] = 'A';
    list[256] = '\0';
}

#endif /* TESTS_SERVER_CLEAR_H */
