/*
 * Recorded conversations of real programs ($MAILPROTO_DATA/corpus) against the server: what
 * clients sent is served by ours, whose maildrop is the recorded one; its replies and
 * their lines must be the recorded ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/sasl.h>

#include "drive.h"
#include "pop3/syntax.h"
#include "pop3_events.h"
#include "pop3_record.h"

/* Replies of our server that differ from the recorded ones, on purpose. */
static const struct {
    const char *name, *command, *why;
} differs[] = {
    {"", "CAPA", "what is offered"},
    {"TestGetMessageUidsParseExceptions", "UIDL", "a line of it is none, on purpose"},
    {"poplib-mailutils-full", "TOP", "it gives an empty line that its RETR has not"},
    {"poplib-mailutils-full", "DELE", "what is marked may be marked again there"},
    {"poplib-mailutils-full", "retr 2x", "that is no number (RFC 1939 5)"},
};

static int may_differ(const char *name, const struct exchange *e)
{
    size_t i;

    for (i = 0; i < sizeof differs / sizeof differs[0]; i++) {
        size_t len = strlen(differs[i].command);
        if (strstr(name, differs[i].name) != NULL && len <= e->command.len &&
            memcmp(differs[i].command, e->command.data, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static mailproto_bytes bytes_of(const struct text *t)
{
    mailproto_bytes b;

    b.ptr = t->data;
    b.len = t->len;
    return b;
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* ---- our server for a recorded client ------------------------------------------------- */

struct stand_in {
    struct drive drive;
    mailproto_pop3_server *server;
    void *block;
    struct conversation *record;
    struct exchange *now;
    int wanted;
};

static void finish_auth(struct stand_in *w, uint32_t request)
{
    mailproto_session *s = w->drive.session;

    if (w->now->code == 'c') {
        struct text challenge = {NULL, 0, 0};
        assert_true(test_base64(w->now->reply.data, w->now->reply.len, &challenge));
        assert_int_equal(mailproto_session_auth_data(s, challenge.data, challenge.len,
                                                     challenge.len),
                         MAILPROTO_OK);
        text_free(&challenge);
        return;
    }
    (void)mailproto_session_auth_finish(
        s, request, w->now->code == '+' ? MAILPROTO_OK : MAILPROTO_ERR_AUTH);
}

static mailproto_status refuse(struct stand_in *w, uint32_t request)
{
    return mailproto_pop3_server_err(w->server, request, MAILPROTO_POP3_RESP_NONE,
                                     bytes("as recorded"));
}

static mailproto_status give_item(struct stand_in *w, const mailproto_event *ev)
{
    mailproto_bytes rest;

    if (ev->code == MAILPROTO_POP3_VERB_DELE &&
        ev->type == MAILPROTO_EV_POP3_NEED_SIZE) {
        return w->now->code == '+' ? mailproto_pop3_server_accept(w->server, ev->tag)
                                   : refuse(w, ev->tag);
    }
    if (w->now->code != '+' || !exchange_item(w->now, ev->number, &rest)) {
        return refuse(w, ev->tag);
    }
    if (ev->type == MAILPROTO_EV_POP3_NEED_SIZE) {
        return mailproto_pop3_server_size(w->server, ev->tag, leading_number(rest));
    }
    return mailproto_pop3_server_uid(w->server, ev->tag, rest);
}

static mailproto_status answer(struct stand_in *w, const mailproto_event *ev)
{
    uint64_t octets;
    uint32_t messages;

    switch (ev->type) {
    case MAILPROTO_EV_POP3_CONNECT:
        return mailproto_pop3_server_accept(w->server, ev->tag);
    case MAILPROTO_EV_POP3_OPEN:
        messages = conversation_messages(w->record, &octets);
        return mailproto_pop3_server_drop(w->server, ev->tag, messages, octets);
    case MAILPROTO_EV_POP3_NEED_SIZE:
    case MAILPROTO_EV_POP3_NEED_UID:
        return give_item(w, ev);
    case MAILPROTO_EV_POP3_COMMAND:
    case MAILPROTO_EV_POP3_LANG:
        if (w->now->code == '+') {
            return mailproto_pop3_server_ok(w->server, ev->tag,
                                            w->now->has_lines ? MAILPROTO_POP3_BODY : 0,
                                            bytes("as recorded"));
        }
        break;
    default:
        break;
    }
    return w->now->code == '+' ? mailproto_pop3_server_accept(w->server, ev->tag)
                               : refuse(w, ev->tag);
}

static void server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct stand_in *w = ctx;

    (void)s;
    if (ev->type == MAILPROTO_EV_CONTENT_WANTED) {
        w->wanted = 1;
    }
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
        finish_auth(w, ev->tag);
    } else {
        assert_int_equal(answer(w, ev), MAILPROTO_OK);
    }
}

static uint64_t recorded_caps(const struct conversation *c)
{
    uint64_t caps = (uint64_t)1 << MAILPROTO_POP3_CAP_USER |
                    (uint64_t)1 << MAILPROTO_POP3_CAP_TOP |
                    (uint64_t)1 << MAILPROTO_POP3_CAP_UIDL |
                    (uint64_t)1 << MAILPROTO_POP3_CAP_PIPELINING;
    size_t i;

    for (i = 0; i < c->count; i++) {
        const struct exchange *e = &c->items[i];
        uint64_t yes = e->code != '-' ? 1 : 0;
        caps |=
            yes << (e->verb == MAILPROTO_POP3_VERB_AUTH   ? MAILPROTO_POP3_CAP_SASL
                    : e->verb == MAILPROTO_POP3_VERB_STLS ? MAILPROTO_POP3_CAP_STLS
                    : e->verb == MAILPROTO_POP3_VERB_UTF8 ? MAILPROTO_POP3_CAP_UTF8
                    : e->verb == MAILPROTO_POP3_VERB_LANG ? MAILPROTO_POP3_CAP_LANG
                                                          : MAILPROTO_POP3_CAP_USER);
    }
    return caps;
}

static void open_stand_in(struct stand_in *w, struct conversation *record,
                          struct chunk c)
{
    mailproto_pop3_server_options o;
    mailproto_bytes greeting = bytes_of(&record->greeting);
    size_t size;

    memset(w, 0, sizeof *w);
    w->record = record;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = recorded_caps(record);
    o.flags = MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    o.auth_mechanisms =
        bytes("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 "
              "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS OAUTHBEARER XOAUTH2 NTLM");
    o.apop_stamp = mailproto__pop3_find_stamp(greeting);
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    size = mailproto_pop3_server_mem_size(&o);
    assert_true(size != 0);
    w->block = test_alloc(size);
    assert_int_equal(mailproto_pop3_server_init(w->block, size, &o, &w->server),
                     MAILPROTO_OK);
    w->drive.session = mailproto_pop3_server_session(w->server);
    w->drive.ctx = w;
    w->drive.chunk = c;
    w->drive.event = server_event;
}

/* Gives the recorded content, and TOP's as the server has cut it already. */
static void give_content(struct stand_in *w)
{
    const struct text *t = &w->now->lines;
    size_t at = 0;
    mailproto_status st = MAILPROTO_OK;

    while (at < t->len && st != MAILPROTO_ENOUGH) {
        size_t used = 0;
        st = mailproto_session_content(w->drive.session, t->data + at, t->len - at,
                                       &used);
        assert_true(st >= 0);
        at += used;
        drive_settle(&w->drive);
    }
    while (mailproto_session_content_end(w->drive.session) == MAILPROTO_AGAIN) {
        drive_settle(&w->drive);
    }
    w->wanted = 0;
}

static int same_reply(const struct exchange *e, const char *made, size_t len)
{
    const char *indicator = e->code == '+' ? "+OK" : e->code == '-' ? "-ERR" : "+ ";

    return len >= strlen(indicator) && memcmp(made, indicator, strlen(indicator)) == 0;
}

/* The lines behind the first of a reply, unstuffed, are the recorded ones. */
static int same_lines(const struct exchange *e, const char *made, size_t len)
{
    struct text stuffed = {NULL, 0, 0};
    const char *first = memchr(made, '\n', len);
    size_t at = 0;
    int good;

    if (!e->has_lines || e->code != '+' || e->verb == MAILPROTO_POP3_VERB_CAPA) {
        return 1;
    }
    while (at < e->lines.len) {
        const char *line = e->lines.data + at;
        size_t n =
            (size_t)((const char *)memchr(line, '\n', e->lines.len - at) - line) + 1;
        text_print(&stuffed, "%s", line[0] == '.' ? "." : "");
        text_add(&stuffed, line, n);
        at += n;
    }
    text_print(&stuffed, ".\r\n");
    good = first != NULL && (size_t)(made + len - first - 1) == stuffed.len &&
           memcmp(first + 1, stuffed.data, stuffed.len) == 0;
    text_free(&stuffed);
    return good;
}

/* All that answers the exchange; 1, or 0: the session is over. */
static int serve_one(struct stand_in *w, struct exchange *e)
{
    size_t before = w->drive.out.len;
    struct text line = {NULL, 0, 0};

    w->now = e;
    text_add(&line, e->command.data, e->command.len);
    text_add(&line, "\r\n", 2);
    (void)drive_give(&w->drive, line.data, line.len);
    text_free(&line);
    drive_settle(&w->drive);
    if (w->wanted) {
        give_content(w);
        drive_settle(&w->drive);
    }
    if (!may_differ(w->record->name, e) &&
        (!same_reply(e, w->drive.out.data + before, w->drive.out.len - before) ||
         !same_lines(e, w->drive.out.data + before, w->drive.out.len - before))) {
        print_error(
            "%s: `%s`: recorded %.120s\nmade %.*s\n", w->record->name, e->command.data,
            text_string(&e->raw),
            (int)(w->drive.out.len - before < 300 ? w->drive.out.len - before : 300),
            w->drive.out.data + before);
        fail();
    }
    if (e->tls) {
        assert_int_equal(mailproto_session_tls_started(w->drive.session, NULL),
                         MAILPROTO_OK);
    }
    return !w->drive.over;
}

static void serve(struct conversation *record, struct chunk c)
{
    struct stand_in w;
    size_t i;

    if (record->greeting.data[0] != '+') {
        return;
    }
    open_stand_in(&w, record, c);
    (void)drive_give(&w.drive, "", 0);
    drive_settle(&w.drive);
    for (i = 0; i < record->count && serve_one(&w, &record->items[i]); i++) {
    }
    drive_free(&w.drive);
    free(w.block);
}

/* ---- the recordings ---------------------------------------------------------------- */

static void not_there(struct text *why)
{
    print_message("skipped: %s\n", text_string(why));
    text_free(why);
    skip();
}

static void play(struct conversation *c, void *ctx)
{
    unsigned *exchanges = ctx;
    const struct chunk whole = {CHUNK_WHOLE, 0, 0, 0};
    const struct chunk octets = {CHUNK_EACH, 1, 1, 0};
    const struct chunk random = {CHUNK_RANDOM, 3, 0, 0};

    serve(c, whole);
    serve(c, octets);
    serve(c, random);
    *exchanges += (unsigned)c->count;
}

/* All that one source of conversations gives. */
static void play_all(unsigned (*source)(void (*play)(struct conversation *c, void *ctx),
                                        void *ctx, struct text *why),
                     unsigned conversations, unsigned done)
{
    struct text why = {NULL, 0, 0};
    unsigned total = 0;
    unsigned count = source(play, &total, &why);

    if (count == 0) {
        not_there(&why);
        return;
    }
    text_free(&why);
    print_message("%u conversations, %u exchanges\n", count, total);
    assert_true(count >= conversations && total >= done);
}

static void recorded_programs(void **state)
{
    (void)state;
    play_all(conversations_of_programs, 20, 300);
}

static void conversations_of_a_test_suite(void **state)
{
    (void)state;
    play_all(conversations_of_tests, 13, 70);
}

static void messages_of_curl(void **state)
{
    (void)state;
    play_all(conversations_of_messages, 10, 40);
}

/* ---- APOP ------------------------------------------------------------------------------------ */

static void apop_server_event(void *ctx, mailproto_session *s,
                              const mailproto_event *ev)
{
    struct stand_in *w = ctx;
    mailproto_pop3_login login;

    (void)s;
    if (ev->type == MAILPROTO_EV_POP3_LOGIN) {
        memset(&login, 0, sizeof login);
        login.struct_size = sizeof login;
        assert_int_equal(mailproto_pop3_event_login(ev, &login), MAILPROTO_OK);
        assert_int_equal(login.apop, 1);
        w->wanted =
            mailproto_sasl_apop_check(login.stamp, bytes_of(&w->record->greeting),
                                      login.secret, NULL, NULL) == MAILPROTO_OK;
    }
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        assert_int_equal(mailproto_pop3_server_accept(w->server, ev->tag),
                         MAILPROTO_OK);
    }
}

/* The digest is as published, and a server's application that checks it is content. */
static void one_digest(const char *stamp, const char *secret, const char *digest)
{
    struct conversation c;
    struct stand_in w;
    struct text line = {NULL, 0, 0};
    const struct chunk whole = {CHUNK_WHOLE, 0, 0, 0};
    char made[32];

    assert_int_equal(mailproto_sasl_apop(bytes(stamp), bytes(secret), NULL, NULL, made),
                     MAILPROTO_OK);
    assert_memory_equal(made, digest, 32);
    memset(&c, 0, sizeof c);
    text_print(&c.greeting, "+OK %s\r\n", stamp);
    open_stand_in(&w, &c, whole);
    c.greeting.len = 0;
    text_print(&c.greeting, "%s", secret); /* now the secret, for the check */
    w.drive.event = apop_server_event;
    (void)drive_give(&w.drive, "", 0);
    drive_settle(&w.drive);
    text_print(&line, "APOP mrose %s\r\n", digest);
    (void)drive_give(&w.drive, line.data, line.len);
    drive_settle(&w.drive);
    assert_int_equal(w.wanted, 1);
    assert_true(w.drive.out.len > 10);
    text_free(&line);
    text_free(&c.greeting);
    drive_free(&w.drive);
    free(w.block);
}

static void digests_of_apop(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("corpus/vectors/pop3_apop.jsonl", &why);
    unsigned count = 0;

    (void)state;
    if (j == NULL) {
        not_there(&why);
        return;
    }
    while (jsonl_next(j, &why) == 1) {
        one_digest(jsonl_text(j, "input"), jsonl_text(j, "expected.secret"),
                   jsonl_text(j, "expected.digest"));
        count++;
    }
    jsonl_close(j);
    text_free(&why);
    assert_true(count >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_programs),
        cmocka_unit_test(conversations_of_a_test_suite),
        cmocka_unit_test(messages_of_curl),
        cmocka_unit_test(digests_of_apop),
    };

    events_speak(&pop3_language);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
