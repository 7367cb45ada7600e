/*
 * Commands in progress together (RFC 9051 5.5), IDLE (RFC 2177), and when EXPUNGE may be
 * said (RFC 9051 7.5.1).
 */
#include "server_driver.h"

static mailproto_imap_server_options few(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_IDLE) |
             cap_bit(MAILPROTO_IMAP_CAP_SEARCHRES) |
             cap_bit(MAILPROTO_IMAP_CAP_ESEARCH);
    return o;
}

/* ---- detached ------------------------------------------------------------------------ */

struct work {
    uint32_t requests[20];
    size_t count;
    mailproto_status last; /* of the last detach() */
};

/* Every command with a mailbox at hand goes on by itself. */
static int detach_all(struct run *r, const mailproto_event *ev)
{
    struct work *work = (struct work *)r->user;
    if (ev->type != MAILPROTO_EV_IMAP_COMMAND || work == NULL ||
        ev->number == MAILPROTO_IMAP_LOGIN || ev->number == MAILPROTO_IMAP_SELECT) {
        return 0;
    }
    work->last = mailproto_imap_server_detach(r->server, ev->tag);
    if (work->last != MAILPROTO_OK) {
        return 0;
    }
    assert_int_equal(mailproto_imap_server_detach(r->server, ev->tag),
                     MAILPROTO_ERR_STALE);
    work->requests[work->count++] = ev->tag;
    return 1;
}

static struct run *selected_run(struct work *work,
                                const mailproto_imap_server_options *o)
{
    struct run *r = open_session(o, detach_all, "0 LOGIN f s\r\n1 SELECT x\r\n");
    memset(work, 0, sizeof *work);
    r->user = work;
    return r;
}

static void complete(struct run *r, uint32_t request)
{
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_ERR_STALE);
    go_on(r);
}

/* How many of these begin before one of them is completed. */
static size_t together(const char *commands)
{
    mailproto_imap_server_options o = few();
    struct work work;
    struct run *r = selected_run(&work, &o);
    size_t first;
    size_t i;
    feed_text(r, commands);
    first = work.count;
    for (i = 0; i < work.count; i++) {
        complete(r, work.requests[i]);
    }
    assert_null(strstr(r->out, "BAD"));
    close_session(r);
    return first;
}

static void run_together(void **state)
{
    (void)state;
    /* Nobody changes what the other looks at. */
    assert_int_equal(together("a FETCH 1 BODY.PEEK[]\r\nb SEARCH ALL\r\n"
                              "c FETCH 2 FLAGS\r\n"),
                     3);
    /* RFC 9051 5.5: a FETCH that sets \Seen and SEARCH UNSEEN. */
    assert_int_equal(together("a FETCH 1 BODY[]\r\nb SEARCH UNSEEN\r\n"), 1);
    assert_int_equal(together("a SEARCH UNSEEN\r\nb FETCH 1 BODY[]\r\n"), 1);
    assert_int_equal(together("a STORE 1 FLAGS ()\r\nb STORE 2 FLAGS ()\r\n"), 1);
    /* The RFC's examples: what a client may not send together ... */
    assert_int_equal(together("a FETCH 1 FLAGS\r\nb NOOP\r\nc STORE 1 FLAGS ()\r\n"),
                     1);
    assert_int_equal(
        together("a STORE 1 FLAGS ()\r\nb COPY 1 y\r\nc FETCH 1 FLAGS\r\n"), 1);
    assert_int_equal(together("a COPY 1 y\r\nb COPY 2 z\r\n"), 1);
    assert_int_equal(together("a CHECK\r\nb FETCH 1 FLAGS\r\n"), 1);
    /* ... and what it may: in order where one changes what another relies on. */
    assert_int_equal(together("a FETCH 1 FLAGS\r\nb STORE 1 FLAGS ()\r\n"
                              "c SEARCH ALL\r\nd NOOP\r\n"),
                     1);
    assert_int_equal(together("a SEARCH ALL\r\nb FETCH 1 FLAGS\r\nc NOOP\r\n"), 2);
    assert_int_equal(together("a STORE 1 FLAGS ()\r\nb COPY 1 y\r\nc EXPUNGE\r\n"), 1);
    /* UID forms may bring EXPUNGE (RFC 9051 5.5): in order with numbers only. */
    assert_int_equal(together("a UID SEARCH ALL\r\nb UID SEARCH ALL\r\n"), 1);
    assert_int_equal(together("a UID FETCH 1 FLAGS\r\nb FETCH 1 FLAGS\r\n"), 1);
    /* `$` (RFC 9051 6.4.4.2). */
    assert_int_equal(together("a SEARCH RETURN (SAVE) ALL\r\nb FETCH $ FLAGS\r\n"), 1);
    /* What is about names, and what is not. */
    assert_int_equal(together("a LIST \"\" *\r\nb CREATE y\r\n"), 1);
    assert_int_equal(together("a FETCH 1 FLAGS\r\nb CREATE y\r\n"), 1);
    /* The engine's own wait as well. */
    assert_int_equal(together("a FETCH 1 FLAGS\r\nb CAPABILITY\r\nc SEARCH ALL\r\n"),
                     2);
}

/* What decides over the stream waits for everything. */
static void in_order(void **state)
{
    mailproto_imap_server_options o = few();
    struct work work;
    struct run *r = selected_run(&work, &o);
    mailproto_want want = {sizeof want, 0, 0, 0};
    (void)state;
    feed_text(r, "a FETCH 1 FLAGS\r\nb SELECT y\r\nc NOOP\r\nd LOGOUT\r\n");
    assert_string_equal(r->log, "COMMAND FETCH [a] ?\n");
    mailproto_session_get_want(r->s, &want);
    assert_int_equal(want.flags & (MAILPROTO_WANT_READ | MAILPROTO_WANT_APP),
                     MAILPROTO_WANT_APP);
    assert_int_equal(want.timeout_ms, 0);
    r->user = NULL;
    complete(r, work.requests[0]);
    tidy(r->out);
    assert_string_equal(r->out, "a OK FETCH completed\r\n"
                                "b OK [READ-WRITE] SELECT completed\r\n"
                                "c OK NOOP completed\r\n"
                                "* BYE Logging out\r\nd OK LOGOUT completed\r\n");
    assert_int_equal(r->closed, MAILPROTO_OK);
    close_session(r);
}

static void max_in_progress(void **state)
{
    mailproto_imap_server_options o = few();
    struct work work;
    struct run *r;
    (void)state;
    o.max_in_progress = 2;
    r = selected_run(&work, &o);
    feed_text(r, "a SEARCH 1\r\nb SEARCH 2\r\nc SEARCH 3\r\nd SEARCH 1\r\n");
    assert_int_equal(work.count, 2);
    assert_int_equal(work.last, MAILPROTO_ERR_COUNT_LIMIT);
    assert_string_equal(r->out, "c OK SEARCH completed\r\nd OK SEARCH completed\r\n");
    complete(r, work.requests[1]);
    complete(r, work.requests[0]);
    feed_text(r, "e SEARCH 1\r\n");
    assert_int_equal(work.last, MAILPROTO_OK);
    assert_string_equal(r->out, "c OK SEARCH completed\r\nd OK SEARCH completed\r\n"
                                "b OK SEARCH completed\r\na OK SEARCH completed\r\n");
    close_session(r);
}

static int detach_it(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND) {
        assert_int_equal(mailproto_imap_server_detach(r->server, ev->tag),
                         MAILPROTO_ERR_STATE);
    } else if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        assert_int_equal(mailproto_imap_server_detach(r->server, ev->tag),
                         MAILPROTO_ERR_ARGUMENT);
    }
    return 0;
}

static void never_detached(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("a LOGIN f s\r\nb SELECT x\r\nc EXAMINE x\r\nd CLOSE\r\n"), STEPS_END};
    (void)state;
    check_script(
        &o, detach_it, 0, steps, 0,
        "CONNECT ?\nCOMMAND LOGIN name=[f] text=[s] [a] ?\n"
        "COMMAND SELECT mailbox=[x] [b] ?\nCOMMAND EXAMINE mailbox=[x] [c] ?\n"
        "COMMAND CLOSE [d] ?\n",
        "* OK [CAPABILITY IMAP4rev1 IDLE ESEARCH SEARCHRES] ready\r\n"
        "a OK [CAPABILITY IMAP4rev1 IDLE ESEARCH SEARCHRES] LOGIN completed\r\n"
        "b OK [READ-WRITE] SELECT completed\r\n"
        "c OK [READ-ONLY] EXAMINE completed\r\nd OK CLOSE completed\r\n");
}

static uint32_t want_flags(struct run *r, uint32_t *timeout_ms)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(r->s, &want);
    *timeout_ms = want.timeout_ms;
    return want.flags & (MAILPROTO_WANT_READ | MAILPROTO_WANT_APP | MAILPROTO_MAY_READ |
                         MAILPROTO_WANT_CONTENT);
}

/* It is the application that goes on with a response, of a detached command as well: the
 * next command may be read, but nothing is awaited. What is not read by the client is. */
static void check_open(struct run *r, const char *out)
{
    const uint32_t apps = (uint32_t)MAILPROTO_WANT_APP | MAILPROTO_MAY_READ;
    uint32_t ms;
    size_t len;
    (void)mailproto_session_output(r->s, &len);
    assert_int_equal(want_flags(r, &ms), apps);
    assert_int_equal(ms != 0, len > 0);
    drain(r);
    assert_int_equal(want_flags(r, &ms), apps);
    assert_int_equal(ms, 0);
    if (r->pending_len == 0) {
        feed_text(r, "z CAPABILITY\r\n"); /* it waits */
    }
    assert_string_equal(r->out, out);
    assert_int_equal(want_flags(r, &ms), apps);
    r->out_len = 0;
    r->out[0] = '\0';
}

static void check_closed(struct run *r, const char *out)
{
    uint32_t ms;
    go_on(r);
    assert_non_null(strstr(r->out, out));
    assert_non_null(strstr(r->out, "z OK CAPABILITY"));
    drain(r);
    assert_int_equal(want_flags(r, &ms), MAILPROTO_WANT_READ);
    assert_int_not_equal(ms, 0);
    r->out_len = 0;
    r->out[0] = '\0';
}

static void turn_of_the_application(void **state)
{
    mailproto_imap_server_options o = few();
    static const mailproto_imap_range two = {2, 2};
    mailproto_imap_found found;
    mailproto_imap_fetch_item item;
    struct work work;
    struct run *r = selected_run(&work, &o);
    uint32_t ms;
    int numbers;
    (void)state;
    memset(&found, 0, sizeof found);
    found.struct_size = sizeof found;
    found.count = 1;
    found.min = 2;
    found.max = 2;
    memset(&item, 0, sizeof item);
    item.kind = MAILPROTO_IMAP_ITEM_SECTION;
    feed_text(r, "a FETCH 1 (FLAGS BODY.PEEK[])\r\nb SEARCH ALL\r\n");
    assert_int_equal(work.count, 2);
    assert_int_equal(want_flags(r, &ms), MAILPROTO_WANT_READ);

    assert_int_equal(mailproto_imap_server_fetch_begin(r->server, 1), MAILPROTO_OK);
    check_open(r, ""); /* nothing is said before the first item */
    assert_int_equal(mailproto_imap_server_fetch_flags(r->server, 0, NULL, 0),
                     MAILPROTO_OK);
    check_open(r, "* 1 FETCH (FLAGS ()");
    assert_int_equal(mailproto_imap_server_fetch_section(r->server, &item, 2, 0),
                     MAILPROTO_OK);
    drain(r);
    pull(r);
    assert_non_null(strstr(r->log, "CONTENT_WANTED"));
    assert_int_equal(want_flags(r, &ms),
                     MAILPROTO_WANT_APP | MAILPROTO_MAY_READ | MAILPROTO_WANT_CONTENT);
    {
        size_t n;
        assert_int_equal(mailproto_session_content(r->s, "xy", 2, &n), MAILPROTO_OK);
        assert_int_equal(mailproto_session_content_end(r->s), MAILPROTO_OK);
    }
    assert_int_equal(mailproto_imap_server_fetch_end(r->server), MAILPROTO_OK);
    check_closed(r, " BODY[] {2}\r\nxy)\r\n");

    assert_int_equal(mailproto_imap_server_search_begin(r->server, work.requests[1],
                                                        &found, &numbers),
                     MAILPROTO_OK);
    check_open(r, "* SEARCH");
    assert_int_equal(mailproto_imap_server_numbers(r->server, &two, 1), MAILPROTO_OK);
    check_open(r, " 2");
    assert_int_equal(mailproto_imap_server_search_end(r->server), MAILPROTO_OK);
    check_closed(r, "\r\n");

    complete(r, work.requests[1]);
    complete(r, work.requests[0]);
    work.count = 0;
    feed_text(r, "a STORE 1 FLAGS (x)\r\n");
    assert_int_equal(work.count, 1);
    drain(r);
    r->out_len = 0;
    assert_int_equal(mailproto_imap_server_code_begin(r->server, work.requests[0],
                                                      MAILPROTO_IMAP_NO,
                                                      MAILPROTO_IMAP_CODE_MODIFIED, 0),
                     MAILPROTO_OK);
    check_open(r, "a NO [MODIFIED ");
    assert_int_equal(mailproto_imap_server_numbers(r->server, &two, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_code_end(r->server, bytes_of("")),
                     MAILPROTO_OK);
    check_closed(r, "2] STORE failed\r\n");
    close_session(r);
}

/* LIST and LSUB are told by the same verb: detached as well. */
static void detached_lsub(void **state)
{
    mailproto_imap_server_options o = few();
    struct work work;
    struct run *r = selected_run(&work, &o);
    mailproto_imap_list_entry e;
    (void)state;
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    e.delimiter = '/';
    e.name = bytes_of("y");
    feed_text(r, "a LSUB \"\" *\r\nb LIST \"\" *\r\n");
    assert_int_equal(work.count, 1);
    assert_int_equal(mailproto_imap_server_list(r->server, &e), MAILPROTO_OK);
    complete(r, work.requests[0]);
    assert_int_equal(work.count, 2);
    assert_int_equal(mailproto_imap_server_list(r->server, &e), MAILPROTO_OK);
    complete(r, work.requests[1]);
    assert_string_equal(r->out, "* LSUB () \"/\" y\r\na OK LSUB completed\r\n"
                                "* LIST () \"/\" y\r\nb OK LIST completed\r\n");
    close_session(r);
}

/* What was given in full is completed although no more will come. */
static void end_of_input(void **state)
{
    mailproto_imap_server_options o = few();
    struct work work;
    struct run *r = selected_run(&work, &o);
    (void)state;
    feed_text(r, "a SEARCH 1\r\n");
    give_eof(r);
    assert_int_equal(r->closed, 1);
    complete(r, work.requests[0]);
    assert_int_equal(r->closed, MAILPROTO_ERR_EOF);
    assert_string_equal(r->out, "a OK SEARCH completed\r\n");
    close_session(r);
}

/* A session that ends takes its requests with it. */
static void shut_down(void **state)
{
    mailproto_imap_server_options o = few();
    struct work work;
    struct run *r = selected_run(&work, &o);
    mailproto_imap_code code;
    (void)state;
    feed_text(r, "a SEARCH 1\r\n");
    memset(&code, 0, sizeof code);
    code.struct_size = sizeof code;
    code.code = MAILPROTO_IMAP_CODE_ALERT;
    assert_int_equal(mailproto_imap_server_shutdown(r->server, &code, bytes_of("a\tb")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_server_shutdown(r->server, &code, bytes_of("Back soon")),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_complete(r->server, work.requests[0],
                                                    MAILPROTO_IMAP_OK, NULL,
                                                    bytes_of("")),
                     MAILPROTO_ERR_STALE);
    pull(r);
    drain(r);
    pull(r);
    assert_string_equal(r->out, "* BYE [ALERT] Back soon\r\n");
    assert_int_equal(r->closed, MAILPROTO_OK);
    close_session(r);
}

/* ---- IDLE ---------------------------------------------------------------------------- */

#define IN_LOG "CONNECT ?\nCOMMAND LOGIN name=[f] text=[s] [0] ?\n"
#define IN_OUT                                                                         \
    "* OK [CAPABILITY IMAP4rev1 IDLE ESEARCH SEARCHRES] ready\r\n"                     \
    "0 OK [CAPABILITY IMAP4rev1 IDLE ESEARCH SEARCHRES] LOGIN completed\r\n"

static void idling(void **state)
{
    mailproto_imap_server_options o = few();
    static const struct step steps[] = {
        STEP("0 LOGIN f s\r\n"),
        STEP("a IDLE\r\n"),
        STEP("DONE\r\nb NOOP\r\n"),
        STEP("c IDLE\r\ndone\r\nd IDLE\r\n"),
        STEP("e DELETE x\r\nf NOOP\r\n"),
        STEP("g IDLE\r\nh DELETE {4+}\r\nDONE\r\ni NOOP\r\n"),
        STEP("j IDLE\r\nk DELETE {4}\r\nl NOOP\r\nm IDLE\r\nDONE \r\nDONE\r\n"),
        STEPS_END};
    (void)state;
    check_script(
        &o, NULL, 0, steps, 0,
        IN_LOG "IDLE #1\nIDLE\nCOMMAND NOOP [b] ?\nIDLE #1\nIDLE\nIDLE #1\n"
               "IDLE 3 [Expected DONE] rejected\nCOMMAND NOOP [f] ?\nIDLE #1\n"
               "IDLE 3 [Expected DONE] rejected\nCOMMAND NOOP [i] ?\nIDLE #1\n"
               "IDLE 3 [Expected DONE] rejected\nCOMMAND NOOP [l] ?\nIDLE #1\n"
               "IDLE 3 [Expected DONE] rejected\n"
               "REJECTED 3 #4 [A command begins with a tag] rejected\n",
        IN_OUT "+ idling\r\na OK IDLE completed\r\nb OK NOOP completed\r\n"
               "+ idling\r\nc OK IDLE completed\r\n+ idling\r\nd BAD Expected DONE\r\n"
               "f OK NOOP completed\r\n+ idling\r\ng BAD Expected DONE\r\n"
               "i OK NOOP completed\r\n+ idling\r\nj BAD Expected DONE\r\n"
               "l OK NOOP completed\r\n+ idling\r\nm BAD Expected DONE\r\n"
               "* BAD A command begins with a tag\r\n");
}

/* A line that never ends is not kept. */
static void idle_garbage(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    size_t i;
    (void)state;
    o.in_size = 512;
    o.max_swallow = 4096;
    r = open_session(&o, NULL, "0 LOGIN f s\r\na IDLE\r\n");
    for (i = 0; i < 100; i++) {
        feed_text(r, "0123456789");
    }
    feed_text(r, "\r\nb NOOP\r\n");
    assert_string_equal(r->log,
                        "IDLE 3 [Expected DONE] rejected\nCOMMAND NOOP [b] ?\n");
    assert_string_equal(r->out, "a BAD Expected DONE\r\nb OK NOOP completed\r\n");
    close_session(r);
}

/* ---- EXPUNGE --------------------------------------------------------------------------- */

struct gone {
    mailproto_status during; /* of expunge() while the command was in progress */
    mailproto_status again;  /* at SYNC */
    int sync;
};

static int try_expunge(struct run *r, const mailproto_event *ev)
{
    struct gone *gone = (struct gone *)r->user;
    if (gone == NULL) {
        return 0;
    }
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND && ev->number != MAILPROTO_IMAP_LOGIN &&
        ev->number != MAILPROTO_IMAP_SELECT) {
        gone->during = mailproto_imap_server_expunge(r->server, 1, 11);
    } else if (ev->type == MAILPROTO_EV_IMAP_SYNC) {
        ++gone->sync;
        gone->again = mailproto_imap_server_expunge(r->server, 1, 11);
    }
    return 0;
}

static mailproto_status expunge_within(const char *command)
{
    mailproto_imap_server_options o = few();
    struct gone gone = {1, 1, 0};
    struct run *r = open_session(&o, try_expunge, "0 LOGIN f s\r\n1 SELECT x\r\n");
    mailproto_status st;
    r->user = &gone;
    feed_text(r, command);
    st = gone.during;
    assert_int_equal(mailproto_imap_server_exists_now(r->server),
                     st == MAILPROTO_OK ? 2 : 3);
    assert_int_equal(strstr(r->out, "* 1 EXPUNGE\r\n") != NULL, st == MAILPROTO_OK);
    close_session(r);
    return st;
}

static void when_expunge(void **state)
{
    (void)state;
    assert_int_equal(expunge_within("a NOOP\r\n"), MAILPROTO_OK);
    assert_int_equal(expunge_within("a CHECK\r\n"), MAILPROTO_OK);
    assert_int_equal(expunge_within("a EXPUNGE\r\n"), MAILPROTO_OK);
    assert_int_equal(expunge_within("a COPY 1 y\r\n"), MAILPROTO_OK);
    assert_int_equal(expunge_within("a UID FETCH 1 FLAGS\r\n"), MAILPROTO_OK);
    assert_int_equal(expunge_within("a UID STORE 1 FLAGS ()\r\n"), MAILPROTO_OK);
    assert_int_equal(expunge_within("a UID SEARCH ALL\r\n"), MAILPROTO_OK);
    assert_int_equal(expunge_within("a FETCH 1 FLAGS\r\n"), MAILPROTO_ERR_NOT_NOW);
    assert_int_equal(expunge_within("a STORE 1 FLAGS ()\r\n"), MAILPROTO_ERR_NOT_NOW);
    assert_int_equal(expunge_within("a SEARCH ALL\r\n"), MAILPROTO_ERR_NOT_NOW);
}

/* RFC 9051 7.5.1: a command is in progress once all of it was received. */
static int expunge_at_literal(struct run *r, const mailproto_event *ev)
{
    mailproto_status *st = (mailproto_status *)r->user;
    if (st != NULL &&
        (ev->type == MAILPROTO_EV_IMAP_LITERAL || ev->type == MAILPROTO_EV_CONTENT)) {
        *st = mailproto_imap_server_expunge(r->server, 1, 11);
    }
    return 0;
}

static void not_within_literals(void **state)
{
    static const char *const commands[] = {"a APPEND y {5}\r\n",
                                           "a APPEND y {5+}\r\nh"};
    mailproto_imap_server_options o = options_of();
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        mailproto_status st = MAILPROTO_OK;
        struct run *r =
            open_session(&o, expunge_at_literal, "0 LOGIN f s\r\n1 SELECT x\r\n");
        r->user = &st;
        feed_text(r, commands[i]);
        assert_int_equal(st, MAILPROTO_ERR_NOT_NOW);
        assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 11),
                         MAILPROTO_ERR_NOT_NOW);
        r->user = NULL;
        feed_text(r, i == 0 ? "hello\r\n" : "ello\r\n");
        /* and then it is */
        assert_non_null(strstr(r->log, "SYNC\nCOMMAND APPEND"));
        assert_null(strstr(r->out, "EXPUNGE"));
        close_session(r);
    }
    { /* of a literal that stays in the command, too */
        struct run *r = open_session(&o, NULL, "0 LOGIN f s\r\n1 SELECT x\r\n");
        feed_text(r, "a CREATE {5}\r\nhe");
        assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 11),
                         MAILPROTO_ERR_NOT_NOW);
        close_session(r);
    }
}

/* VANISHED and a smaller EXISTS are the same (RFC 7162 3.2.10); a larger one is none. */
static int try_others(struct run *r, const mailproto_event *ev)
{
    static const mailproto_imap_range uids = {11, 12};
    mailproto_status *st = (mailproto_status *)r->user;
    if (st != NULL && ev->type == MAILPROTO_EV_IMAP_COMMAND) {
        st[0] = mailproto_imap_server_exists(r->server, 2);
        st[1] = mailproto_imap_server_exists(r->server, 4);
        st[2] = mailproto_imap_server_vanished(r->server, 1, &uids, 1);
        st[3] = mailproto_imap_server_vanished(r->server, 0, &uids, 1);
    }
    return 0;
}

static void check_others(const char *command, mailproto_status vanished)
{
    mailproto_imap_server_options o = options_of();
    mailproto_status st[4] = {1, 1, 1, 1};
    struct run *r;
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_QRESYNC);
    r = open_session(&o, try_others,
                     "0 LOGIN f s\r\n2 ENABLE QRESYNC\r\n1 SELECT x\r\n");
    r->user = st;
    feed_text(r, command);
    assert_int_equal(st[0], MAILPROTO_ERR_NOT_NOW);
    assert_int_equal(st[1], MAILPROTO_OK);
    assert_int_equal(st[2], MAILPROTO_OK);
    assert_int_equal(st[3], vanished);
    assert_int_equal(mailproto_imap_server_exists_now(r->server),
                     vanished == MAILPROTO_OK ? 2 : 4);
    close_session(r);
}

static void others_like_expunge(void **state)
{
    (void)state;
    check_others("a FETCH 1 FLAGS\r\n", MAILPROTO_ERR_NOT_NOW);
    check_others("a STORE 1 FLAGS ()\r\n", MAILPROTO_ERR_NOT_NOW);
    check_others("a SEARCH ALL\r\n", MAILPROTO_ERR_NOT_NOW);
    check_others("a UID FETCH 1 FLAGS\r\n", MAILPROTO_OK);
    check_others("a UID STORE 1 FLAGS ()\r\n", MAILPROTO_OK);
    check_others("a UID SEARCH ALL\r\n", MAILPROTO_OK);
    check_others("a NOOP\r\n", MAILPROTO_OK);
}

/* SYNC comes before the next command that allows it and holds no numbers. */
static void sync(void **state)
{
    mailproto_imap_server_options o = few();
    struct gone gone = {1, 1, 0};
    struct run *r = open_session(&o, try_expunge, "0 LOGIN f s\r\n1 SELECT x\r\n");
    (void)state;
    assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 11),
                     MAILPROTO_ERR_NOT_NOW); /* no command is in progress */
    r->user = &gone;
    feed_text(r, "a FETCH 1 FLAGS\r\n");
    assert_int_equal(gone.during, MAILPROTO_ERR_NOT_NOW);
    assert_int_equal(gone.sync, 0);
    r->user = NULL;
    feed_text(r, "b COPY 1 y\r\n"); /* its number is of before */
    assert_null(strstr(r->log, "SYNC"));
    r->user = &gone;
    r->log_len = 0;
    r->out_len = 0;
    r->answer = try_expunge;
    feed_text(r, "c NOOP\r\n");
    assert_string_equal(r->log, "SYNC\nCOMMAND NOOP [c] ?\n");
    assert_int_equal(gone.again, MAILPROTO_OK);
    assert_string_equal(r->out,
                        "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nc OK NOOP completed\r\n");
    assert_int_equal(mailproto_imap_server_exists_now(r->server), 1);
    close_session(r);
}

static void sync_in_idle(void **state)
{
    mailproto_imap_server_options o = few();
    struct gone gone = {1, 1, 0};
    struct run *r = open_session(&o, try_expunge, "0 LOGIN f s\r\n1 SELECT x\r\n");
    (void)state;
    assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 11),
                     MAILPROTO_ERR_NOT_NOW);
    r->user = &gone;
    feed_text(r, "a IDLE\r\n");
    assert_string_equal(r->log, "IDLE #1\nSYNC\n");
    assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 12), MAILPROTO_OK);
    pull(r);
    drain(r);
    feed_text(r, "DONE\r\n");
    assert_string_equal(r->out, "+ idling\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n"
                                "a OK IDLE completed\r\n");
    assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 13),
                     MAILPROTO_ERR_NOT_NOW);
    close_session(r);
}

/* Not beside a FETCH either, and beside it nothing is handed out that brings one. */
static void sync_beside(void **state)
{
    mailproto_imap_server_options o = few();
    struct work work;
    struct run *r = selected_run(&work, &o);
    (void)state;
    feed_text(r, "a FETCH 1 FLAGS\r\nb NOOP\r\n");
    assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 11),
                     MAILPROTO_ERR_NOT_NOW);
    assert_int_equal(work.count, 1);
    complete(r, work.requests[0]);
    assert_string_equal(r->log, "COMMAND FETCH [a] ?\nSYNC\nCOMMAND NOOP [b] ?\n");
    assert_int_equal(mailproto_imap_server_expunge(r->server, 1, 11), MAILPROTO_OK);
    complete(r, work.requests[1]);
    assert_string_equal(r->out, "a OK FETCH completed\r\n* 1 EXPUNGE\r\n"
                                "b OK NOOP completed\r\n");
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_together),
        cmocka_unit_test(in_order),
        cmocka_unit_test(max_in_progress),
        cmocka_unit_test(never_detached),
        cmocka_unit_test(end_of_input),
        cmocka_unit_test(shut_down),
        cmocka_unit_test(turn_of_the_application),
        cmocka_unit_test(detached_lsub),
        cmocka_unit_test(idling),
        cmocka_unit_test(idle_garbage),
        cmocka_unit_test(when_expunge),
        cmocka_unit_test(sync),
        cmocka_unit_test(not_within_literals),
        cmocka_unit_test(others_like_expunge),
        cmocka_unit_test(sync_in_idle),
        cmocka_unit_test(sync_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
