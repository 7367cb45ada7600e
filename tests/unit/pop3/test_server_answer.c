/*
 * Each answer to each event: what it says and where it is refused; texts, response codes,
 * STALE and ARGUMENT; what the shutdown says.
 */
#include "server_driver.h"

static const char *const one[] = {"A: 1\r\n\r\none\r\n", NULL};

/* The events of a server that need an answer, each after a script of its own. */
static const struct {
    uint32_t type;
    const char *script;
    int ok;             /* mailproto_pop3_server_ok() without flags */
    int body;           /* ... with BODY */
    const char *accept; /* what accept() says; NULL: another event */
    const char *err;    /* what err() says, with a text */
} rows[] = {
    {MAILPROTO_EV_POP3_CONNECT, NULL, 1, 0, "+OK POP3 ready\r\n", "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_LOGIN, "USER a\r\nPASS b\r\n", 1, 0, NULL, "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_OPEN, "USER a\r\nPASS b\r\n", 0, 0,
     "+OK 0 messages (0 octets)\r\n", "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_NEED_SIZE, "USER a\r\nPASS b\r\nLIST 1\r\n", 0, 0, "+OK 1 0\r\n",
     "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_NEED_SIZE, "USER a\r\nPASS b\r\nLIST\r\n", 0, 0,
     "+OK Listing follows\r\n1 0\r\n.\r\n", "+OK Listing follows\r\n.\r\n"},
    {MAILPROTO_EV_POP3_NEED_SIZE, "USER a\r\nPASS b\r\nDELE 1\r\n", 0, 0,
     "+OK Message marked as deleted\r\n", "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_NEED_UID, "USER a\r\nPASS b\r\nUIDL 1\r\n", 0, 0,
     "-ERR Message not available\r\n", "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_NEED_UID, "USER a\r\nPASS b\r\nUIDL\r\n", 0, 0,
     "+OK Listing follows\r\n.\r\n", "+OK Listing follows\r\n.\r\n"},
    {MAILPROTO_EV_POP3_RETR, "USER a\r\nPASS b\r\nRETR 1\r\n", 1, 0,
     "+OK Message follows\r\nA: 1\r\n\r\none\r\n.\r\n", "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_UPDATE, "USER a\r\nPASS b\r\nQUIT\r\n", 1, 0, "+OK Bye\r\n",
     "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_COMMAND, "X\r\n", 1, 1, "-ERR Unknown command\r\n",
     "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_LANG, "LANG\r\n", 0, 1, "-ERR Language not available\r\n",
     "-ERR no\r\n"},
    {MAILPROTO_EV_POP3_LANG, "LANG en\r\n", 1, 0, "-ERR Language not available\r\n",
     "-ERR no\r\n"},
    {MAILPROTO_EV_AUTH_START, "AUTH PLAIN\r\n", 0, 0, "-ERR Authentication failed\r\n",
     "-ERR no\r\n"},
    {MAILPROTO_EV_AUTH_DATA, "AUTH PLAIN AGEAYg==\r\n", 0, 0,
     "-ERR Authentication failed\r\n", "-ERR no\r\n"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct stop {
    uint32_t type;
    uint32_t tag; /* of the event, when it has come */
    int (*then)(struct run *r, const mailproto_event *ev);
};

static int stop_there(struct run *r, const mailproto_event *ev)
{
    struct stop *stop = (struct stop *)r->user;
    if (ev->type != stop->type || (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0 ||
        stop->tag != 0) {
        return 0;
    }
    stop->tag = ev->tag;
    drain(r); /* what was before is not looked at */
    r->out_len = 0;
    r->out[0] = '\0';
    return stop->then(r, ev);
}

static mailproto_pop3_server_options options(void)
{
    mailproto_pop3_server_options o = options_of();
    o.caps = (cap_bit(MAILPROTO_POP3_CAP_LANG) << 1) - 1;
    o.caps &= ~(cap_bit(MAILPROTO_POP3_CAP_RESP_CODES));
    o.auth_mechanisms = bytes_of("PLAIN");
    return o;
}

/* Runs to a row's event, where `then` answers it (1) or does not (0: the default). */
static struct run *run_to(size_t i, const mailproto_pop3_server_options *o,
                          struct stop *stop, answer_fn *then)
{
    struct run *r = (struct run *)calloc(1, sizeof *r);
    assert_non_null(r);
    run_start(r, o);
    stop->type = rows[i].type;
    stop->tag = 0;
    stop->then = then;
    r->user = stop;
    r->messages = one;
    r->answer = stop_there;
    pull(r);
    drain(r);
    if (rows[i].script != NULL) {
        feed_text(r, rows[i].script);
    }
    assert_int_not_equal(stop->tag, 0);
    return r;
}

static int then_accept(struct run *r, const mailproto_event *ev)
{
    /* A request that is not this one. */
    assert_int_equal(mailproto_pop3_server_accept(r->server, ev->tag + 1),
                     MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_pop3_server_accept(r->server, 0), MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_pop3_server_accept(r->server, ev->tag), MAILPROTO_OK);
    return 1;
}

static void accepted(void **state)
{
    mailproto_pop3_server_options o = options();
    struct stop stop;
    size_t i;
    (void)state;
    for (i = 0; i < ROWS; i++) {
        struct run *r = run_to(i, &o, &stop, then_accept);
        if (rows[i].accept != NULL) {
            assert_non_null(strstr(rows[i].accept, r->out));
            assert_int_equal(
                strcmp(rows[i].accept + strlen(rows[i].accept) - strlen(r->out),
                       r->out),
                0);
        }
        close_session(r);
    }
}

static int then_err(struct run *r, const mailproto_event *ev)
{
    assert_int_equal(
        mailproto_pop3_server_err(r->server, ev->tag + 1, 0, bytes_of("no")),
        MAILPROTO_ERR_STALE);
    assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag, 7, bytes_of("no")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_pop3_server_err(r->server, ev->tag, 0, bytes_of("n\r\no")),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_pop3_server_err(r->server, ev->tag, 0, bytes_of("n\xffo")),
        MAILPROTO_ERR_ARGUMENT);
    /* RESP-CODES is not offered: none is written. */
    assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag,
                                               MAILPROTO_POP3_RESP_SYS_TEMP,
                                               bytes_of("no")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag, 0, bytes_of("no")),
                     MAILPROTO_ERR_STALE);
    return 1;
}

static void refused(void **state)
{
    mailproto_pop3_server_options o = options();
    struct stop stop;
    size_t i;
    (void)state;
    for (i = 0; i < ROWS; i++) {
        struct run *r = run_to(i, &o, &stop, then_err);
        size_t skip = strlen(rows[i].err) - strlen(r->out);
        assert_true(strlen(r->out) <= strlen(rows[i].err));
        assert_string_equal(r->out, rows[i].err + skip);
        if (rows[i].type == MAILPROTO_EV_POP3_CONNECT ||
            rows[i].type == MAILPROTO_EV_POP3_UPDATE) {
            assert_int_equal(r->closed, MAILPROTO_OK);
        } else { /* in step, and where it was */
            int inside = strstr(rows[i].script, "PASS") != NULL &&
                         rows[i].type != MAILPROTO_EV_POP3_LOGIN &&
                         rows[i].type != MAILPROTO_EV_POP3_OPEN;
            r->out_len = 0;
            feed_text(r, "STAT\r\n");
            assert_string_equal(r->out,
                                inside ? "+OK 1 13\r\n" : "-ERR Log in first\r\n");
        }
        close_session(r);
    }
}

/* All answers that do not fit are refused, and the right one is still taken. */
static int then_misfits(struct run *r, const mailproto_event *ev)
{
    mailproto_pop3_server *server = r->server;
    uint32_t tag = ev->tag;
    mailproto_status bad = MAILPROTO_ERR_ARGUMENT;
    size_t i;
    for (i = 0; i < 2; i++) {
        if (i == 1) {
            /* Another request: whatever the answer, it is stale. */
            tag++;
            bad = MAILPROTO_ERR_STALE;
        }
        if (ev->type != MAILPROTO_EV_POP3_OPEN || i == 1) {
            assert_int_equal(mailproto_pop3_server_drop(server, tag, 1, 1), bad);
        }
        if (ev->type != MAILPROTO_EV_POP3_NEED_SIZE || i == 1) {
            assert_int_equal(mailproto_pop3_server_size(server, tag, 1), bad);
        }
        if (ev->type != MAILPROTO_EV_POP3_NEED_UID || i == 1) {
            assert_int_equal(mailproto_pop3_server_uid(server, tag, bytes_of("a")),
                             bad);
        }
        assert_int_equal(mailproto_pop3_server_ok(server, tag, 2, bytes_of("")), bad);
        assert_int_equal(mailproto_pop3_server_ok(server, tag, 3, bytes_of("")), bad);
    }
    return 0;
}

static void misfits(void **state)
{
    mailproto_pop3_server_options o = options();
    struct stop stop;
    size_t i;
    (void)state;
    for (i = 0; i < ROWS; i++) {
        struct run *r = run_to(i, &o, &stop, then_misfits);
        close_session(r);
    }
}

static uint32_t the_flags;
static mailproto_status the_status;

static int then_ok(struct run *r, const mailproto_event *ev)
{
    mailproto_bytes control = bytes_of("a\tb");
    the_status =
        mailproto_pop3_server_ok(r->server, ev->tag, the_flags, bytes_of("words"));
    assert_int_equal(mailproto_pop3_server_ok(r->server, ev->tag, the_flags, control),
                     the_status == MAILPROTO_OK ? MAILPROTO_ERR_STALE
                                                : MAILPROTO_ERR_ARGUMENT);
    if (the_status == MAILPROTO_OK && the_flags != 0) {
        r->content = "body\n";
    }
    return the_status == MAILPROTO_OK;
}

static void ok_where_it_fits(void **state)
{
    mailproto_pop3_server_options o = options();
    struct stop stop;
    size_t i;
    (void)state;
    for (i = 0; i < ROWS; i++) {
        for (the_flags = 0; the_flags < 2; the_flags++) {
            struct run *r = run_to(i, &o, &stop, then_ok);
            int good = the_flags ? rows[i].body : rows[i].ok;
            assert_int_equal(the_status, good ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
            if (good) {
                assert_int_equal(strncmp(r->out, "+OK words\r\n", 11), 0);
            }
            if (good && the_flags) {
                assert_string_equal(r->out, "+OK words\r\nbody\r\n.\r\n");
            }
            close_session(r);
        }
    }
}

/* ---- LOGIN's words wait for OPEN ----------------------------------------------------- */

static int welcome(struct run *r, const mailproto_event *ev)
{
    size_t len;
    if (ev->type == MAILPROTO_EV_POP3_LOGIN) {
        assert_int_equal(
            mailproto_pop3_server_ok(r->server, ev->tag, 0, bytes_of("Hello")),
            MAILPROTO_OK);
        return 1;
    }
    if (ev->type == MAILPROTO_EV_POP3_OPEN) {
        drain(r);
        (void)mailproto_session_output(r->s, &len);
        assert_int_equal(len, 0);
        if (r->user != NULL) {
            assert_int_equal(mailproto_pop3_server_err(r->server, ev->tag,
                                                       MAILPROTO_POP3_RESP_IN_USE,
                                                       bytes_of("")),
                             MAILPROTO_OK);
            return 1;
        }
    }
    return 0;
}

static void login_words(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = open_drop(&o, welcome, one, "USER a\r\n");
    (void)state;
    r->user = r;
    feed_text(r, "PASS b\r\n");
    assert_string_equal(r->out, "-ERR [IN-USE] Cannot open the maildrop\r\n");
    r->user = NULL;
    r->out_len = 0;
    feed_text(r, "USER a\r\nPASS b\r\nSTAT\r\n");
    assert_string_equal(r->out, "+OK Send the password\r\n+OK Hello\r\n+OK 1 13\r\n");
    close_session(r);
}

/* ---- lengths --------------------------------------------------------------------------- */

static char long_text[1024];

static mailproto_bytes text_of(size_t len)
{
    mailproto_bytes b;
    memset(long_text, 'x', sizeof long_text);
    b.ptr = long_text;
    b.len = len;
    return b;
}

static int then_long(struct run *r, const mailproto_event *ev)
{
    size_t max = (size_t)(uintptr_t)128;
    if (the_flags == 0) { /* "+OK " and CRLF */
        assert_int_equal(
            mailproto_pop3_server_ok(r->server, ev->tag, 0, text_of(max - 5)),
            MAILPROTO_ERR_TOO_LONG);
        assert_int_equal(
            mailproto_pop3_server_ok(r->server, ev->tag, 0, text_of(max - 6)),
            MAILPROTO_OK);
    } else { /* "-ERR " and CRLF */
        assert_int_equal(
            mailproto_pop3_server_err(r->server, ev->tag, 0, text_of(max - 6)),
            MAILPROTO_ERR_TOO_LONG);
        assert_int_equal(
            mailproto_pop3_server_err(r->server, ev->tag, 0, text_of(max - 7)),
            MAILPROTO_OK);
    }
    return 1;
}

static void text_limits(void **state)
{
    mailproto_pop3_server_options o = options();
    struct stop stop;
    size_t i;
    (void)state;
    o.reply_max = 128;
    o.out_size = 256;
    for (i = 0; i < ROWS; i++) {
        for (the_flags = 0; the_flags < 2; the_flags++) {
            if (the_flags == 1 || rows[i].ok) {
                struct run *r = run_to(i, &o, &stop, then_long);
                close_session(r);
            }
        }
    }
}

/* ---- response codes --------------------------------------------------------------------- */

static uint32_t the_resp;

static int then_resp(struct run *r, const mailproto_event *ev)
{
    assert_int_equal(
        mailproto_pop3_server_err(r->server, ev->tag, the_resp, bytes_of("w")),
        MAILPROTO_OK);
    return 1;
}

static void response_codes(void **state)
{
    static const char *const names[] = {"-ERR w\r\n",
                                        "-ERR [LOGIN-DELAY] w\r\n",
                                        "-ERR [IN-USE] w\r\n",
                                        "-ERR [SYS/TEMP] w\r\n",
                                        "-ERR [SYS/PERM] w\r\n",
                                        "-ERR [AUTH] w\r\n",
                                        "-ERR [UTF8] w\r\n"};
    mailproto_pop3_server_options o = options();
    struct stop stop;
    uint64_t caps = o.caps;
    unsigned mask;
    (void)state;
    for (mask = 0; mask < 8; mask++) {
        o.caps = caps & ~(cap_bit(MAILPROTO_POP3_CAP_RESP_CODES) |
                          cap_bit(MAILPROTO_POP3_CAP_AUTH_RESP_CODE) |
                          cap_bit(MAILPROTO_POP3_CAP_UTF8) |
                          cap_bit(MAILPROTO_POP3_CAP_UTF8_USER));
        o.caps |= mask & 1 ? cap_bit(MAILPROTO_POP3_CAP_RESP_CODES) : 0;
        o.caps |= mask & 2 ? cap_bit(MAILPROTO_POP3_CAP_AUTH_RESP_CODE) : 0;
        o.caps |= mask & 4 ? cap_bit(MAILPROTO_POP3_CAP_UTF8) : 0;
        for (the_resp = 0; the_resp < 7; the_resp++) {
            struct run *r = run_to(1, &o, &stop, then_resp);
            int written = (mask & 1) && (the_resp != 5 || (mask & 2)) &&
                          (the_resp != 6 || (mask & 4));
            assert_string_equal(r->out, names[written ? the_resp : 0]);
            close_session(r);
        }
    }
}

/* ---- the maildrop ------------------------------------------------------------------------ */

static int then_drop(struct run *r, const mailproto_event *ev)
{
    assert_int_equal(mailproto_pop3_server_drop(r->server, ev->tag, 5, 100),
                     MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(mailproto_pop3_server_drop(r->server, ev->tag, 4, 100),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_server_drop(r->server, ev->tag, 4, 100),
                     MAILPROTO_ERR_STALE);
    return 1;
}

static int then_uid(struct run *r, const mailproto_event *ev)
{
    char uid[72];
    mailproto_bytes b;
    memset(uid, '~', sizeof uid);
    b.ptr = uid;
    b.len = 71;
    assert_int_equal(mailproto_pop3_server_uid(r->server, ev->tag, b),
                     MAILPROTO_ERR_ARGUMENT);
    b.len = 0;
    assert_int_equal(mailproto_pop3_server_uid(r->server, ev->tag, b),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_pop3_server_uid(r->server, ev->tag, bytes_of("a b")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_pop3_server_uid(r->server, ev->tag, bytes_of("a\x7f")),
                     MAILPROTO_ERR_ARGUMENT);
    b.len = 70;
    assert_int_equal(mailproto_pop3_server_uid(r->server, ev->tag, b), MAILPROTO_OK);
    return 1;
}

static void drop_and_uid_limits(void **state)
{
    mailproto_pop3_server_options o = options();
    struct stop stop;
    struct run *r;
    (void)state;
    o.max_messages = 4;
    r = run_to(2, &o, &stop, then_drop);
    assert_string_equal(r->out, "+OK 4 messages (100 octets)\r\n");
    feed_text(r, "DELE 4\r\n");
    assert_false(mailproto_pop3_server_is_marked(r->server, 0));
    assert_true(mailproto_pop3_server_is_marked(r->server, 4));
    assert_false(mailproto_pop3_server_is_marked(r->server, 3));
    assert_false(mailproto_pop3_server_is_marked(r->server, 5));
    close_session(r);
    r = run_to(6, &o, &stop, then_uid);
    assert_int_equal(strlen(r->out), strlen("+OK 1 \r\n") + 70);
    close_session(r);
}

static int size_of_delete(struct run *r, const mailproto_event *ev)
{
    uint64_t *sizes = (uint64_t *)r->user;
    if (ev->type == MAILPROTO_EV_POP3_OPEN) {
        return mailproto_pop3_server_drop(r->server, ev->tag, 3, 100) == MAILPROTO_OK;
    }
    if (ev->type == MAILPROTO_EV_POP3_NEED_SIZE) {
        assert_int_equal(ev->code, MAILPROTO_POP3_VERB_DELE);
        assert_int_equal(
            mailproto_pop3_server_size(r->server, ev->tag, sizes[ev->number - 1]),
            MAILPROTO_OK);
        return 1;
    }
    return 0;
}

/* Sizes that do not add up never make STAT run below zero. */
static void sizes_that_lie(void **state)
{
    uint64_t sizes[3] = {30, UINT64_MAX, 7};
    mailproto_pop3_server_options o = options_of();
    struct run *r = open_session(&o, size_of_delete, "");
    (void)state;
    r->user = sizes;
    feed_text(r, "USER a\r\nPASS b\r\n");
    r->out_len = 0;
    feed_text(r, "DELE 1\r\n");
    assert_true(mailproto_pop3_server_is_marked(r->server, 1));
    feed_text(r, "STAT\r\nDELE 2\r\nSTAT\r\nDELE 3\r\nSTAT\r\nRSET\r\nSTAT\r\n");
    assert_false(mailproto_pop3_server_is_marked(r->server, 1));
    assert_string_equal(r->out, "+OK Message marked as deleted\r\n+OK 2 70\r\n"
                                "+OK Message marked as deleted\r\n+OK 1 0\r\n"
                                "+OK Message marked as deleted\r\n+OK 0 0\r\n"
                                "+OK No message is marked\r\n+OK 3 100\r\n");
    close_session(r);
}

/* ---- shutdown ------------------------------------------------------------------------------ */

static void shutdown_between(void **state)
{
    mailproto_pop3_server_options o = options_of();
    struct run *r = open_drop(&o, NULL, one, "USER a\r\nPASS b\r\nDELE 1\r\n");
    (void)state;
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, bytes_of("a\nb")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, text_of(129)),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, bytes_of("so long")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    pull(r);
    assert_string_equal(r->log, "CLOSED MAILPROTO_OK\n"); /* nothing is removed */
    assert_string_equal(r->out, "-ERR so long\r\n");
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    close_session(r);
}

static int then_shutdown(struct run *r, const mailproto_event *ev)
{
    assert_int_equal(mailproto_pop3_server_shutdown(r->server, text_of(128)),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_server_accept(r->server, ev->tag),
                     MAILPROTO_ERR_STALE);
    return 1;
}

/* Whatever waits for its answer; within a listing nothing can be said. */
static void shutdown_anywhere(void **state)
{
    mailproto_pop3_server_options o = options();
    struct stop stop;
    size_t i;
    (void)state;
    for (i = 0; i < ROWS; i++) {
        struct run *r = run_to(i, &o, &stop, then_shutdown);
        int listing = rows[i].err[0] == '+';
        assert_int_equal(r->closed, MAILPROTO_OK);
        assert_int_equal(strncmp(r->out, "-ERR xxx", 8) == 0, !listing);
        close_session(r);
    }
}

/* A message that is missing or marked is an ordinary answer: the session, and what is
 * marked in it, outlives any number of them. And a login starts the count anew. */
static void ordinary_answers(void **state)
{
    static const char *const drop[] = {"a\r\n", "b\r\n", NULL};
    mailproto_pop3_server_options o = options_of();
    struct run *r;
    size_t i;
    (void)state;
    o.max_bad_commands = 1;
    r = open_drop(&o, NULL, drop, "");
    feed_text(r, "NOOP\r\n"); /* counts, but the login comes */
    feed_text(r, "USER a\r\nPASS b\r\nDELE 1\r\n");
    for (i = 0; i < 20; i++) {
        r->out_len = 0;
        feed_text(r, i % 2 ? "RETR 3\r\n" : "DELE 1\r\n");
        assert_memory_equal(r->out, "-ERR ", 5);
        assert_int_equal(r->closed, 1); /* not yet */
    }
    assert_int_equal(mailproto_pop3_server_is_marked(r->server, 1), 1);
    feed_text(r, "PASS b\r\n");     /* the one that is allowed */
    assert_int_equal(r->closed, 1); /* not yet */
    feed_text(r, "RETR 3\r\n");
    assert_int_equal(r->closed, 1); /* not yet */
    feed_text(r, "RETR x\r\n");     /* not of the grammar: one too many */
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    assert_null(strstr(r->log, "UPDATE"));
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_answers),
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(misfits),
        cmocka_unit_test(ok_where_it_fits),
        cmocka_unit_test(login_words),
        cmocka_unit_test(text_limits),
        cmocka_unit_test(response_codes),
        cmocka_unit_test(drop_and_uid_limits),
        cmocka_unit_test(sizes_that_lie),
        cmocka_unit_test(shutdown_between),
        cmocka_unit_test(shutdown_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
