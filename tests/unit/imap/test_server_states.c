/*
 * Every command in every state (RFC 9051 3, 6), as a client sees it: what the state forbids
 * is BAD, without the application and without effect; everything else is carried out.
 */
#include "server_driver.h"

enum {
    BEFORE = 1 << MAILPROTO_IMAP_NOT_AUTHENTICATED,
    LOGGED_IN = 1 << MAILPROTO_IMAP_AUTHENTICATED,
    WITH_BOX = 1 << MAILPROTO_IMAP_SELECTED,
    AFTER = LOGGED_IN | WITH_BOX,
    ANY = BEFORE | AFTER
};

/* RFC 9051 6.1 to 6.4, RFC 3501 6.3.9 and 6.4.1, RFC 5161 3.1, RFC 2971 3.1. */
static const struct {
    const char *text;
    uint32_t command;
    unsigned states;
} commands[] = {
    {"CAPABILITY", MAILPROTO_IMAP_CAPABILITY, ANY},
    {"NOOP", MAILPROTO_IMAP_NOOP, ANY},
    {"LOGOUT", MAILPROTO_IMAP_LOGOUT, ANY},
    {"ID NIL", MAILPROTO_IMAP_ID, ANY},
    {"XYZZY", MAILPROTO_IMAP_OTHER, ANY},
    {"STARTTLS", MAILPROTO_IMAP_STARTTLS, BEFORE},
    {"AUTHENTICATE PLAIN AGYAcw==", MAILPROTO_IMAP_AUTHENTICATE, BEFORE},
    {"LOGIN f s", MAILPROTO_IMAP_LOGIN, BEFORE},
    {"ENABLE CONDSTORE", MAILPROTO_IMAP_ENABLE, LOGGED_IN},
    {"SELECT x", MAILPROTO_IMAP_SELECT, AFTER},
    {"EXAMINE x", MAILPROTO_IMAP_EXAMINE, AFTER},
    {"CREATE x", MAILPROTO_IMAP_CREATE, AFTER},
    {"DELETE x", MAILPROTO_IMAP_DELETE, AFTER},
    {"RENAME x y", MAILPROTO_IMAP_RENAME, AFTER},
    {"SUBSCRIBE x", MAILPROTO_IMAP_SUBSCRIBE, AFTER},
    {"UNSUBSCRIBE x", MAILPROTO_IMAP_UNSUBSCRIBE, AFTER},
    {"LIST \"\" *", MAILPROTO_IMAP_LIST, AFTER},
    {"LSUB \"\" *", MAILPROTO_IMAP_LSUB, AFTER},
    {"NAMESPACE", MAILPROTO_IMAP_NAMESPACE, AFTER},
    {"STATUS x (MESSAGES)", MAILPROTO_IMAP_STATUS, AFTER},
    {"APPEND x {5+}\r\nhello", MAILPROTO_IMAP_APPEND, AFTER},
    {"IDLE", MAILPROTO_IMAP_IDLE, AFTER},
    {"CHECK", MAILPROTO_IMAP_CHECK, WITH_BOX},
    {"CLOSE", MAILPROTO_IMAP_CLOSE, WITH_BOX},
    {"UNSELECT", MAILPROTO_IMAP_UNSELECT, WITH_BOX},
    {"EXPUNGE", MAILPROTO_IMAP_EXPUNGE, WITH_BOX},
    {"UID EXPUNGE 1", MAILPROTO_IMAP_EXPUNGE, WITH_BOX},
    {"SEARCH ALL", MAILPROTO_IMAP_SEARCH, WITH_BOX},
    {"UID SEARCH SUBJECT {5+}\r\nhello", MAILPROTO_IMAP_SEARCH, WITH_BOX},
    {"FETCH 1 FLAGS", MAILPROTO_IMAP_FETCH, WITH_BOX},
    {"UID FETCH 1 FLAGS", MAILPROTO_IMAP_FETCH, WITH_BOX},
    {"STORE 1 FLAGS ()", MAILPROTO_IMAP_STORE, WITH_BOX},
    {"UID STORE 1 FLAGS ()", MAILPROTO_IMAP_STORE, WITH_BOX},
    {"COPY 1 x", MAILPROTO_IMAP_COPY, WITH_BOX},
    {"UID COPY 1 x", MAILPROTO_IMAP_COPY, WITH_BOX},
    {"MOVE 1 x", MAILPROTO_IMAP_MOVE, WITH_BOX},
    {"UID MOVE 1 x", MAILPROTO_IMAP_MOVE, WITH_BOX},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static mailproto_imap_server_options everything(void)
{
    mailproto_imap_server_options o = options_of();
    o.flags |= MAILPROTO_IMAP_SERVER_OTHER_COMMANDS;
    o.caps = (cap_bit(MAILPROTO_IMAP_CAP_SAVEDATE) << 1) - 1 -
             cap_bit(MAILPROTO_IMAP_CAP_LITERAL_MINUS);
    o.auth_mechanisms = bytes_of("PLAIN");
    return o;
}

static int let_in(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_DATA &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        assert_int_equal(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

static const char *const ways_in[] = {"", "", "0 LOGIN f s\r\n",
                                      "0 LOGIN f s\r\n1 SELECT x\r\n"};

static void forbidden(struct run *r, uint32_t state, size_t i)
{
    int asked = strchr(r->log, '?') != NULL;
    if (strncmp(r->out, "a BAD ", 6) != 0 || asked ||
        strncmp(r->log, "REJECTED 3 ", 11) != 0) {
        print_error("state %u, %s:\n%s%s", (unsigned)state, commands[i].text, r->out,
                    r->log);
        fail();
    }
    assert_int_equal(mailproto_imap_server_state(r->server), state);
    assert_int_equal(mailproto_imap_server_enabled(r->server), 0);
    r->out_len = 0;
    feed_text(r, "b NOOP\r\n");
    assert_string_equal(r->out, "b OK NOOP completed\r\n");
}

static void allowed(struct run *r, uint32_t state, size_t i)
{
    if (commands[i].command == MAILPROTO_IMAP_IDLE) {
        feed_text(r, "DONE\r\n");
    }
    if (strstr(r->out, "a OK ") == NULL || strstr(r->log, "REJECTED") != NULL) {
        print_error("state %u, %s:\n%s%s", (unsigned)state, commands[i].text, r->out,
                    r->log);
        fail();
    }
}

static void every_command(void **state)
{
    mailproto_imap_server_options o = everything();
    uint32_t seen = 0;
    uint32_t at;
    size_t i;
    (void)state;
    for (i = 0; i < COMMANDS; i++) {
        seen |= UINT32_C(1) << commands[i].command;
        for (at = MAILPROTO_IMAP_NOT_AUTHENTICATED; at <= MAILPROTO_IMAP_SELECTED;
             at++) {
            struct run *r = open_session(&o, let_in, ways_in[at]);
            char text[100];
            assert_int_equal(mailproto_imap_server_state(r->server), at);
            (void)snprintf(text, sizeof text, "a %s\r\n", commands[i].text);
            feed_text(r, text);
            if ((commands[i].states >> at & 1U) != 0) {
                allowed(r, at, i);
            } else {
                forbidden(r, at, i);
            }
            close_session(r);
        }
    }
    assert_int_equal(seen, (UINT32_C(1) << MAILPROTO_IMAP_COMMANDS) - 1);
}

/* What the state becomes. */
static void transitions(void **state)
{
    static const struct {
        const char *text;
        uint32_t from, to;
    } steps[] = {
        {"LOGIN f s", MAILPROTO_IMAP_NOT_AUTHENTICATED, MAILPROTO_IMAP_AUTHENTICATED},
        {"AUTHENTICATE PLAIN AGYAcw==", MAILPROTO_IMAP_NOT_AUTHENTICATED,
         MAILPROTO_IMAP_AUTHENTICATED},
        {"STARTTLS", MAILPROTO_IMAP_NOT_AUTHENTICATED,
         MAILPROTO_IMAP_NOT_AUTHENTICATED},
        {"SELECT x", MAILPROTO_IMAP_AUTHENTICATED, MAILPROTO_IMAP_SELECTED},
        {"EXAMINE x", MAILPROTO_IMAP_AUTHENTICATED, MAILPROTO_IMAP_SELECTED},
        {"SELECT y", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_SELECTED},
        {"CLOSE", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_AUTHENTICATED},
        {"UNSELECT", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_AUTHENTICATED},
        {"EXPUNGE", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_SELECTED},
        {"LOGOUT", MAILPROTO_IMAP_NOT_AUTHENTICATED, MAILPROTO_IMAP_LOGGED_OUT},
        {"LOGOUT", MAILPROTO_IMAP_AUTHENTICATED, MAILPROTO_IMAP_LOGGED_OUT},
        {"LOGOUT", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_LOGGED_OUT},
    };
    mailproto_imap_server_options o = everything();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct run *r = open_session(&o, let_in, ways_in[steps[i].from]);
        char text[100];
        (void)snprintf(text, sizeof text, "a %s\r\n", steps[i].text);
        feed_text(r, text);
        assert_int_equal(mailproto_imap_server_state(r->server), steps[i].to);
        close_session(r);
    }
}

static int refuse(struct run *r, const mailproto_event *ev)
{
    if (r->user != NULL && ev->type == MAILPROTO_EV_IMAP_COMMAND) {
        assert_int_equal(mailproto_imap_server_complete(r->server, ev->tag,
                                                        *(uint32_t *)r->user, NULL,
                                                        bytes_of("")),
                         MAILPROTO_OK);
        return 1;
    }
    return 0;
}

/* Refused, nothing changes, but for SELECT: then none is selected (RFC 9051 6.3.2). */
static void refusals(void **state)
{
    static const struct {
        const char *text;
        uint32_t from, no, bad;
    } steps[] = {
        {"a LOGIN f s\r\n", MAILPROTO_IMAP_NOT_AUTHENTICATED,
         MAILPROTO_IMAP_NOT_AUTHENTICATED, MAILPROTO_IMAP_NOT_AUTHENTICATED},
        {"a SELECT x\r\n", MAILPROTO_IMAP_AUTHENTICATED, MAILPROTO_IMAP_AUTHENTICATED,
         MAILPROTO_IMAP_AUTHENTICATED},
        {"a EXAMINE x\r\n", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_AUTHENTICATED,
         MAILPROTO_IMAP_SELECTED},
        {"a CLOSE\r\n", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_SELECTED,
         MAILPROTO_IMAP_SELECTED},
        {"a UNSELECT\r\n", MAILPROTO_IMAP_SELECTED, MAILPROTO_IMAP_SELECTED,
         MAILPROTO_IMAP_SELECTED},
    };
    mailproto_imap_server_options o = everything();
    size_t i;
    (void)state;
    for (i = 0; i < 2 * sizeof steps / sizeof steps[0]; i++) {
        uint32_t how = i % 2 == 0 ? MAILPROTO_IMAP_NO : MAILPROTO_IMAP_BAD;
        struct run *r = open_session(&o, refuse, ways_in[steps[i / 2].from]);
        r->user = &how;
        feed_text(r, steps[i / 2].text);
        assert_int_equal(mailproto_imap_server_state(r->server),
                         i % 2 == 0 ? steps[i / 2].no : steps[i / 2].bad);
        assert_int_equal(
            mailproto_imap_server_exists_now(r->server),
            mailproto_imap_server_state(r->server) == MAILPROTO_IMAP_SELECTED ? 3 : 0);
        close_session(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command),
        cmocka_unit_test(transitions),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
