/*
 * CAPABILITY while the output is filled to any octet: its line leaves in parts, and is the
 * same as in an empty output. No other line begins within it, whoever ends what.
 */
#include "server_driver.h"

static const char tag[] = "abcdefghijklmnopqrstuvwxyz";

/* What comes of a CAPABILITY behind answers of `fill` octets and some, none of which was
 * written yet. */
static struct run *answered(const mailproto_imap_server_options *o, size_t fill)
{
    struct run *r = open_session(o, NULL, NULL);
    char commands[2048];
    size_t len = 0;
    size_t n;
    for (n = 0; n < fill / 21; n++) { /* `a OK NOOP completed` */
        len += (size_t)snprintf(commands + len, sizeof commands - len, "a NOOP\r\n");
    }
    len += (size_t)snprintf(commands + len, sizeof commands - len,
                            "%.*s NOOP\r\nx CAPABILITY\r\n", (int)(fill % 21 + 1), tag);
    feed_step(r, commands, len);
    return r;
}

static void at_every_fill(void **state)
{
    mailproto_imap_server_options o = options_of();
    struct run *r;
    char line[1024];
    size_t fill;
    (void)state;
    o.out_size = 1024;
    r = open_session(&o, NULL, "x CAPABILITY\r\n");
    close_session(r);
    r = answered(&o, 0);
    (void)snprintf(line, sizeof line, "%s", strstr(r->out, "* CAPABILITY "));
    assert_non_null(strstr(line, " IDLE "));
    close_session(r);
    for (fill = 1; fill < 1024; fill++) {
        const char *found;
        r = answered(&o, fill);
        found = strstr(r->out, "* CAPABILITY");
        assert_non_null(found);
        assert_string_equal(found, line);
        close_session(r);
    }
}

/* The longest word there can be, with outputs that hold the line whole, or with greeting
 * and login, or not: it comes, before the login and behind it. */
static void at_every_size(void **state)
{
    static const uint32_t replies[] = {128, 143, 256, 400, 512};
    mailproto_imap_server_options o = options_of();
    char more[256];
    size_t i;
    (void)state;
    memset(more, 'M', sizeof more - 1);
    more[sizeof more - 1] = '\0';
    o.caps = MAILPROTO_IMAP_CAPS_ALL;
    o.more_caps = bytes_of(more);
    o.auth_mechanisms = bytes_of("PLAIN SCRAM-SHA-256 A1234567890123456789");
    for (i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        o.reply_max = replies[i];
        for (o.out_size = 1024; o.out_size < 2400; o.out_size += 16) {
            struct run *r = open_session(&o, NULL, "");
            feed_text(r, "x CAPABILITY\r\n");
            assert_non_null(strstr(r->out, "MM\r\nx OK CAPABILITY completed\r\n"));
            r->out_len = 0;
            feed_text(r, "0 LOGIN f s\r\ny CAPABILITY\r\n");
            assert_non_null(strstr(r->out, "MM\r\ny OK CAPABILITY completed\r\n"));
            close_session(r);
        }
    }
}

/* ---- beside a detached command ------------------------------------------------------- */

static uint32_t detached;

static int detach_list(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND && ev->number == MAILPROTO_IMAP_LIST) {
        assert_int_equal(mailproto_imap_server_detach(r->server, ev->tag),
                         MAILPROTO_OK);
        detached = ev->tag;
        return 1;
    }
    return 0;
}

static mailproto_status complete_it(struct run *r)
{
    return mailproto_imap_server_complete(r->server, detached, MAILPROTO_IMAP_OK, NULL,
                                          bytes_of(""));
}

static mailproto_status accept_it(struct run *r)
{
    return mailproto_imap_server_accept(r->server, detached);
}

static mailproto_status note(struct run *r, size_t len)
{
    static const char words[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
                                "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
    mailproto_bytes text = bytes_of(words);
    text.len = len;
    return mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL, text);
}

/* LIST is in progress, `fill` octets of output and CAPABILITY is answered behind them. */
static struct run *beside(const mailproto_imap_server_options *o, size_t fill)
{
    struct run *r = open_session(o, detach_list, "l LOGIN f s\r\n");
    detached = 0;
    feed_text(r, "d LIST \"\" *\r\n");
    assert_true(detached != 0);
    r->no_drain = 1;
    while (fill > 0) {
        size_t n = fill < 60 ? fill : fill < 120 ? fill / 2 : 60;
        assert_int_equal(note(r, n), MAILPROTO_OK);
        fill -= n;
    }
    give(r, "c CAPABILITY\r\n", 14);
    return r;
}

/* How the line of CAPABILITY is cut; 0: it is not within its line. */
static int is_within(struct run *r)
{
    size_t len;
    const char *due = (const char *)mailproto_session_output(r->s, &len);
    return len > 0 && due[len - 1] != '\n';
}

static void no_line_within(void **state)
{
    static mailproto_status (*const ends[])(struct run * r) = {complete_it, accept_it};
    static const char more[] = "X1234567890 X1234567890 X1234567890 X1234567890 "
                               "X1234567890 X1234567890 X1234567890 X1234567890";
    mailproto_imap_server_options o = options_of();
    size_t cuts = 0;
    size_t fill;
    size_t end;
    (void)state;
    o.out_size = 1024;
    o.reply_max = 128;
    o.more_caps = bytes_of(more);
    for (fill = 0; fill < 600; fill++) {
        for (end = 0; end < 2; end++) {
            struct run *r = beside(&o, fill);
            int within = is_within(r);
            mailproto_status st = ends[end](r);
            const char *line;
            if (within) {
                cuts++;
                assert_int_equal(st, MAILPROTO_AGAIN);
                assert_int_equal(note(r, 5), MAILPROTO_AGAIN);
                assert_int_equal(ends[end](r), MAILPROTO_AGAIN);
                drain(r);
                assert_int_equal(ends[end](r), MAILPROTO_AGAIN);
            }
            r->no_drain = 0;
            go_on(r);
            if (st == MAILPROTO_AGAIN) {
                assert_non_null(strstr(r->log, "ROOM\n"));
                assert_int_equal(ends[end](r), MAILPROTO_OK);
            }
            go_on(r);
            line = strstr(r->out, "* CAPABILITY ");
            assert_non_null(line);
            line = strstr(line, "\r\n") + 2;
            assert_memory_equal(line - sizeof more - 1, more, sizeof more - 1);
            assert_non_null(strstr(r->out, "\r\nc OK CAPABILITY completed\r\n"));
            assert_non_null(strstr(r->out, end == 0 ? "\nd OK LIST completed\r\n"
                                                    : "\nd NO LIST failed\r\n"));
            close_session(r);
        }
    }
    assert_true(cuts > 100);
}

/* A last word has no place there either. */
static void no_farewell_within(void **state)
{
    mailproto_imap_server_options o = options_of();
    size_t cuts = 0;
    size_t fill;
    (void)state;
    o.out_size = 1024;
    o.reply_max = 128;
    for (fill = 0; fill < 600; fill++) {
        struct run *r = beside(&o, fill);
        int within = is_within(r);
        assert_int_equal(mailproto_imap_server_shutdown(r->server, NULL, bytes_of("")),
                         MAILPROTO_OK);
        r->no_drain = 0;
        go_on(r);
        assert_int_equal(r->closed, MAILPROTO_OK);
        if (within) {
            cuts++;
            assert_null(strstr(r->out, "* BYE"));
        }
        close_session(r);
    }
    assert_true(cuts > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_every_fill),
        cmocka_unit_test(at_every_size),
        cmocka_unit_test(no_line_within),
        cmocka_unit_test(no_farewell_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
