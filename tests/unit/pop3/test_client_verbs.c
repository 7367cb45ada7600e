/*
 * The verbs: what may be said when, what is refused before an octet is queued, limits of
 * commands, options, the block's size.
 */
#include "client_driver.h"

static mailproto_bytes span(const char *text, size_t len)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = len;
    return b;
}

/* A driver in a state of its own, for tests that need no splits. */
static struct driver *opened(void)
{
    struct driver *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d_open(d, NULL);
    return d;
}

static void dispose(struct driver *d)
{
    d_close(d);
    free(d);
}

/* Each verb: `capa` 1, legal before the login; `stat` 1, behind it. */
static void expect_legal(struct driver *d, mailproto_status before,
                         mailproto_status behind, mailproto_status quit)
{
    mailproto_pop3_client *c = d->c;
    mailproto_bytes empty = {NULL, 0};
    assert_int_equal(mailproto_pop3_client_stat(c, 9), behind);
    assert_int_equal(mailproto_pop3_client_list(c, 9, 0), behind);
    assert_int_equal(mailproto_pop3_client_list(c, 9, 1), behind);
    assert_int_equal(mailproto_pop3_client_uidl(c, 9, 0), behind);
    assert_int_equal(mailproto_pop3_client_retr(c, 9, 1), behind);
    assert_int_equal(mailproto_pop3_client_top(c, 9, 1, 2), behind);
    assert_int_equal(mailproto_pop3_client_dele(c, 9, 1), behind);
    assert_int_equal(mailproto_pop3_client_rset(c, 9), behind);
    assert_int_equal(mailproto_pop3_client_noop(c, 9), behind);
    assert_int_equal(mailproto_pop3_client_capa(c, 9), before);
    assert_int_equal(mailproto_pop3_client_command(c, 9, bytes("XYZ"), 0), before);
    assert_int_equal(mailproto_pop3_client_lang(c, 9, empty),
                     before == MAILPROTO_OK ? MAILPROTO_ERR_NOT_OFFERED : before);
    assert_int_equal(mailproto_pop3_client_quit(c, 9), quit);
}

static void test_states(void **state)
{
    const mailproto_status no = MAILPROTO_ERR_STATE;
    struct driver *d = opened();
    (void)state;
    expect_legal(d, no, no, no); /* before the greeting */
    d_feed(d, "+OK\r\n");
    expect_legal(d, no, no, no); /* before CAPS */
    dispose(d);
    d = opened();
    d_start(d, "USER\r\n");
    assert_int_equal(mailproto_pop3_client_utf8(d->c, 9), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_pop3_client_stls(d->c, 9), MAILPROTO_ERR_NOT_OFFERED);
    expect_legal(d, MAILPROTO_OK, no, MAILPROTO_OK);
    expect_legal(d, no, no, no); /* behind QUIT */
    dispose(d);
    d = opened();
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_utf8(d->c, 9), no);
    assert_int_equal(mailproto_pop3_client_stls(d->c, 9), no);
    assert_int_equal(mailproto_pop3_client_login(d->c, 9, bytes("u"), bytes("p")), no);
    expect_legal(d, MAILPROTO_OK, MAILPROTO_OK, MAILPROTO_OK);
    dispose(d);
}

/* RFC 6856 2.1: no STLS behind UTF8, be it outstanding, taken or refused. */
static void test_no_stls_behind_utf8(void **state)
{
    static const char *const replies[] = {"+OK\r\n", "-ERR\r\n"};
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        struct driver *d = opened();
        d_start(d, "USER\r\nUTF8\r\nSTLS\r\n");
        assert_int_equal(mailproto_pop3_client_utf8(d->c, 2), MAILPROTO_OK);
        assert_int_equal(mailproto_pop3_client_stls(d->c, 9), MAILPROTO_ERR_STATE);
        d_sent(d, "UTF8\r\n");
        d_feed(d, replies[i]);
        assert_int_equal(mailproto_pop3_client_stls(d->c, 9), MAILPROTO_ERR_STATE);
        d_sent(d, "");
        dispose(d);
        d = opened();
        d_start(d, "USER\r\nUTF8\r\nSTLS\r\n");
        assert_int_equal(mailproto_pop3_client_stls(d->c, 2), MAILPROTO_OK);
        dispose(d);
    }
}

static void test_arguments(void **state)
{
    const mailproto_status bad = MAILPROTO_ERR_ARGUMENT;
    static const struct {
        const char *text;
        size_t len;
    } evil[] = {{"u\r\nDELE 1", 9}, {"u\nx", 3}, {"u\rx", 3}, {"u\0x", 3}, {"", 0},
                {"\xff", 1},        {"\x7f", 1}};
    struct driver *d = opened();
    mailproto_bytes good = bytes("p");
    size_t i;
    (void)state;
    d_start(d, "USER\r\nLANG\r\n");
    for (i = 0; i < sizeof evil / sizeof evil[0]; i++) {
        mailproto_bytes b = span(evil[i].text, evil[i].len);
        assert_int_equal(mailproto_pop3_client_login(d->c, 1, b, good), bad);
        assert_int_equal(mailproto_pop3_client_login(d->c, 1, good, b), bad);
        assert_int_equal(mailproto_pop3_client_command(d->c, 1, b, 0), bad);
        if (b.len > 0) {
            assert_int_equal(mailproto_pop3_client_lang(d->c, 1, b), bad);
        }
    }
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("a b"), good), bad);
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("\xc3\xa4"), good),
                     MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, good, bytes("\xc3\xa4")),
                     MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_pop3_client_command(d->c, 1, bytes("X\xc3\xa4"), 0),
                     bad);
    assert_int_equal(mailproto_pop3_client_command(d->c, 1, bytes("dele 1"), 0), bad);
    assert_int_equal(mailproto_pop3_client_command(d->c, 1, bytes("QUIT"), 0), bad);
    assert_int_equal(mailproto_pop3_client_command(d->c, 1, bytes(" XYZ"), 0), bad);
    assert_int_equal(mailproto_pop3_client_command(d->c, 1, bytes("X.Z"), 0), bad);
    assert_int_equal(mailproto_pop3_client_lang(d->c, 1, bytes("**")), bad);
    d_sent(d, "");
    dispose(d);
    d = opened();
    d_login(d, "");
    assert_int_equal(mailproto_pop3_client_retr(d->c, 1, 0), bad);
    assert_int_equal(mailproto_pop3_client_top(d->c, 1, 0, 1), bad);
    assert_int_equal(mailproto_pop3_client_dele(d->c, 1, 0), bad);
    d_sent(d, "");
    dispose(d);
}

static void test_apop_arguments(void **state)
{
    static const char *const digests[] = {"",
                                          "c4c9334bac560ecc979e58001b3e22f",
                                          "c4c9334bac560ecc979e58001b3e22fbb",
                                          "C4C9334bac560ecc979e58001b3e22fb",
                                          "c4c9334bac560ecc979e58001b3e22f\n",
                                          "g4c9334bac560ecc979e58001b3e22fb"};
    static const char *const stamps[] = {"<abc>", "<a b@x>", "<a@x", "<>"};
    mailproto_pop3_client_options o = d_options();
    mailproto_bytes good = bytes("c4c9334bac560ecc979e58001b3e22fb");
    struct driver *d = calloc(1, sizeof *d);
    size_t i;
    (void)state;
    assert_non_null(d);
    o.flags = MAILPROTO_POP3_CLIENT_APOP;
    d_open(d, &o);
    d_feed(d, "+OK <a@b>\r\n+OK\r\n.\r\n");
    d_sent(d, "CAPA\r\n");
    for (i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        assert_int_equal(
            mailproto_pop3_client_apop(d->c, 1, bytes("u"), bytes(digests[i])),
            MAILPROTO_ERR_ARGUMENT);
    }
    assert_int_equal(
        mailproto_pop3_client_apop(d->c, 1, bytes("u c4c9\r\nDELE 1"), good),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_pop3_client_apop(d->c, 1, bytes("u x"), good),
                     MAILPROTO_ERR_ARGUMENT);
    d_sent(d, "");
    dispose(d);
    for (i = 0; i <= sizeof stamps / sizeof stamps[0]; i++) {
        int flag = i < sizeof stamps / sizeof stamps[0];
        char line[64];
        d = calloc(1, sizeof *d);
        assert_non_null(d);
        o.flags = flag ? (uint32_t)MAILPROTO_POP3_CLIENT_APOP : 0;
        snprintf(line, sizeof line, "+OK hi %s\r\n", flag ? stamps[i] : "<a@b>");
        d_open(d, &o);
        d_feed(d, line);
        d_feed(d, "+OK\r\n.\r\n");
        d_sent(d, "CAPA\r\n");
        assert_int_equal(mailproto_pop3_client_apop(d->c, 1, bytes("u"), good),
                         MAILPROTO_ERR_NOT_OFFERED);
        dispose(d);
    }
}

/* 255 octets with CRLF (RFC 2449 4), of each part by itself. */
static void test_command_limit(void **state)
{
    char x[260];
    mailproto_pop3_client_options o = d_options();
    struct driver *d;
    int over;
    (void)state;
    memset(x, 'x', sizeof x);
    for (over = 0; over < 2; over++) {
        size_t n = over ? 1 : 0;
        mailproto_status want = over ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK;
        d = opened();
        d_start(d, "USER\r\nUTF8 USER\r\n");
        assert_int_equal(mailproto_pop3_client_command(d->c, 1, span(x, 253 + n), 0),
                         want);
        d_run(d);
        if (!over) {
            d_feed(d, "+OK\r\n");
        }
        assert_int_equal(
            mailproto_pop3_client_login(d->c, 2, span(x, 248 + n), bytes("p")), want);
        d_feed(d, over ? "" : "-ERR\r\n");
        assert_int_equal(
            mailproto_pop3_client_login(d->c, 3, bytes("\xc3\xa4"), span(x, 248 + n)),
            want);
        dispose(d);
        d = calloc(1, sizeof *d);
        assert_non_null(d);
        o.flags = MAILPROTO_POP3_CLIENT_APOP;
        d_open(d, &o);
        d_feed(d, "+OK <a@b>\r\n+OK\r\n.\r\n");
        assert_int_equal(
            mailproto_pop3_client_apop(d->c, 4, span(x, 215 + n),
                                       bytes("c4c9334bac560ecc979e58001b3e22fb")),
            want);
        dispose(d);
    }
}

/* A login that cannot fit the output together. */
static void test_login_room(void **state)
{
    char x[128];
    mailproto_pop3_client_options o = d_options();
    struct driver *d = calloc(1, sizeof *d);
    (void)state;
    assert_non_null(d);
    memset(x, 'x', sizeof x);
    o.out_size = 128;
    o.max_outstanding = 1;
    d_open(d, &o);
    d_start(d, "USER\r\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, span(x, 57), span(x, 58)),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, span(x, 57), span(x, 57)),
                     MAILPROTO_OK);
    dispose(d);
}

static void test_options(void **state)
{
    mailproto_pop3_client_options o = d_options();
    mailproto_pop3_client *c = NULL;
    char block[8192];
    size_t size;
    size_t at;
    (void)state;
    assert_true(mailproto_pop3_client_mem_size(NULL) > 0);
    size = mailproto_pop3_client_mem_size(&o);
    assert_true(size <= MAILPROTO_POP3_CLIENT_MEM(1024, 1024, 32, 512));
    o.flags |= MAILPROTO_POP3_CLIENT_APOP;
    assert_int_equal(mailproto_pop3_client_mem_size(&o), size + 256);
    o.flags &= ~(uint32_t)MAILPROTO_POP3_CLIENT_APOP;
    assert_int_equal(mailproto_pop3_client_init(block, size - 1, &o, &c),
                     MAILPROTO_ERR_MEMORY);
    assert_int_equal(mailproto_pop3_client_init(NULL, size, &o, &c),
                     MAILPROTO_ERR_MEMORY);
    for (at = 0; at < 8; at++) { /* of any alignment */
        assert_int_equal(mailproto_pop3_client_init(block + at, size, &o, &c),
                         MAILPROTO_OK);
    }
#define REFUSED(field, value)                                                          \
    do {                                                                               \
        mailproto_pop3_client_options bad = d_options();                               \
        bad.field = (value);                                                           \
        assert_int_equal(mailproto_pop3_client_mem_size(&bad), 0);                     \
        assert_int_equal(mailproto_pop3_client_init(block, sizeof block, &bad, &c),    \
                         MAILPROTO_ERR_ARGUMENT);                                      \
        assert_int_equal(mailproto_pop3_client_new(&bad, &c), MAILPROTO_ERR_ARGUMENT); \
    } while (0)
    REFUSED(flags, 8);
    REFUSED(in_size, 127);
    REFUSED(out_size, 127);
    REFUSED(max_outstanding, 1025);
    REFUSED(line_ends, 4);
    REFUSED(tls, 4);
    REFUSED(struct_size, 3);
    o.in_size = 128;
    o.out_size = 128;
    o.max_outstanding = 1024;
    o.caps_size = MAILPROTO_UNLIMITED;
    o.caps_forced = MAILPROTO_POP3_CAPS_NONE;
    o.caps_forbidden = MAILPROTO_POP3_CAPS_NONE;
    assert_true(mailproto_pop3_client_mem_size(&o) > 0);
    assert_true(mailproto_pop3_client_mem_size(&o) <=
                MAILPROTO_POP3_CLIENT_MEM(128, 128, 1024, 0));
    mailproto_pop3_client_free(NULL);
}

static void test_events(void **state)
{
    mailproto_pop3_status st;
    mailproto_event ev;
    (void)state;
    memset(&ev, 0, sizeof ev);
    memset(&st, 0, sizeof st);
    st.struct_size = sizeof st;
    ev.type = MAILPROTO_EV_POP3_REPLY;
    assert_int_equal(mailproto_pop3_event_status(&ev, &st), MAILPROTO_ERR_ARGUMENT);
    ev.type = MAILPROTO_EV_POP3_ITEM;
    ev.detail = &st;
    assert_int_equal(mailproto_pop3_event_status(&ev, &st), MAILPROTO_ERR_ARGUMENT);
    ev.type = MAILPROTO_EV_POP3_COMMIT;
    assert_int_equal(mailproto_pop3_event_status(&ev, &st), MAILPROTO_OK);
    st.struct_size = 0;
    assert_int_equal(mailproto_pop3_event_status(&ev, &st), MAILPROTO_ERR_ARGUMENT);
}

/* The content verbs and those of other protocols are none of a client's. */
static void test_no_content_out(void **state)
{
    struct driver *d = opened();
    size_t n;
    (void)state;
    d_login(d, "");
    assert_int_equal(mailproto_session_content(d->s, "x", 1, &n), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_content_end(d->s), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_content_abort(d->s), MAILPROTO_ERR_STATE);
    dispose(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_states),
                                       cmocka_unit_test(test_no_stls_behind_utf8),
                                       cmocka_unit_test(test_arguments),
                                       cmocka_unit_test(test_apop_arguments),
                                       cmocka_unit_test(test_command_limit),
                                       cmocka_unit_test(test_login_room),
                                       cmocka_unit_test(test_options),
                                       cmocka_unit_test(test_events),
                                       cmocka_unit_test(test_no_content_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
