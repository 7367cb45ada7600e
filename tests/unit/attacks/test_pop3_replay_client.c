/*
 * Recorded conversations of real programs ($MAILPROTO_DATA/corpus) against the client: what
 * servers answered is heard by ours, which says what the recorded client said; and the
 * commands that curl's tests ask of a client are of the grammar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drive.h"
#include "pop3/syntax.h"
#include "pop3_events.h"
#include "pop3_record.h"

static mailproto_bytes bytes_of(const struct text *t)
{
    mailproto_bytes b;

    b.ptr = t->data;
    b.len = t->len;
    return b;
}

/* ---- our client for a recorded server ----------------------------------------------------- */

struct listener {
    struct drive drive;
    mailproto_pop3_client *client;
    void *block;
    struct conversation *record;
    size_t at; /* the exchange whose verb comes next */
    size_t heard;
    int stopped;
    struct exchange *now; /* whose outcome is awaited */
    struct text content;
    size_t items, rejected;
    unsigned outcomes;
};

static struct exchange *next_exchange(struct listener *l)
{
    while (l->at < l->record->count &&
           (l->record->items[l->at].used || l->record->items[l->at].is_response)) {
        l->at++;
    }
    return l->at < l->record->count ? &l->record->items[l->at] : NULL;
}

static mailproto_status call_auth(struct listener *l, struct exchange *e,
                                  struct mailproto__pop3_command *c)
{
    struct text initial = {NULL, 0, 0};
    mailproto_status st;

    if (c->initial.ptr != NULL && c->initial.len != 0 && c->initial.ptr[0] != '=' &&
        !test_base64(c->initial.ptr, c->initial.len, &initial)) {
        text_free(&initial);
        return MAILPROTO_ERR_STATE;
    }
    text_add(&initial, "", 0);
    st = mailproto_session_auth_start(
        l->drive.session, (uint32_t)l->at + 1, c->name,
        c->initial.ptr != NULL ? text_string(&initial) : NULL, initial.len);
    text_free(&initial);
    (void)e;
    return st;
}

static mailproto_status call_message(struct listener *l, uint32_t tag,
                                     const struct mailproto__pop3_command *c)
{
    switch (c->verb) {
    case MAILPROTO_POP3_VERB_LIST:
        return mailproto_pop3_client_list(l->client, tag, c->message);
    case MAILPROTO_POP3_VERB_UIDL:
        return mailproto_pop3_client_uidl(l->client, tag, c->message);
    case MAILPROTO_POP3_VERB_RETR:
        return mailproto_pop3_client_retr(l->client, tag, c->message);
    case MAILPROTO_POP3_VERB_TOP:
        return mailproto_pop3_client_top(l->client, tag, c->message,
                                         (uint32_t)c->lines);
    case MAILPROTO_POP3_VERB_DELE:
        return mailproto_pop3_client_dele(l->client, tag, c->message);
    default:
        return MAILPROTO_ERR_STATE;
    }
}

static mailproto_status call_verb(struct listener *l, struct exchange *e)
{
    struct mailproto__pop3_command c;
    uint32_t tag = (uint32_t)l->at + 1;
    size_t fault = 0;

    memset(&c, 0, sizeof c);
    if (mailproto__pop3_command_parse(bytes_of(&e->command), 1, &c, &fault) !=
        MAILPROTO__POP3_GOOD) {
        return MAILPROTO_ERR_STATE;
    }
    switch (c.verb) {
    case MAILPROTO_POP3_VERB_USER:
        if (l->at + 1 < l->record->count &&
            l->record->items[l->at + 1].verb == MAILPROTO_POP3_VERB_PASS) {
            struct text *pass = &l->record->items[l->at + 1].command;
            mailproto_bytes secret;
            secret.ptr = pass->data + 5;
            secret.len = pass->len - 5;
            return mailproto_pop3_client_login(l->client, tag, c.name, secret);
        }
        return MAILPROTO_ERR_STATE;
    case MAILPROTO_POP3_VERB_APOP:
        return mailproto_pop3_client_apop(l->client, tag, c.name, c.digest);
    case MAILPROTO_POP3_VERB_AUTH:
        return call_auth(l, e, &c);
    case MAILPROTO_POP3_VERB_CAPA:
        return mailproto_pop3_client_capa(l->client, tag);
    case MAILPROTO_POP3_VERB_STLS:
        return mailproto_pop3_client_stls(l->client, tag);
    case MAILPROTO_POP3_VERB_UTF8:
        return mailproto_pop3_client_utf8(l->client, tag);
    case MAILPROTO_POP3_VERB_LANG:
        return mailproto_pop3_client_lang(l->client, tag, c.argument);
    case MAILPROTO_POP3_VERB_STAT:
        return mailproto_pop3_client_stat(l->client, tag);
    case MAILPROTO_POP3_VERB_RSET:
        return mailproto_pop3_client_rset(l->client, tag);
    case MAILPROTO_POP3_VERB_NOOP:
        return mailproto_pop3_client_noop(l->client, tag);
    case MAILPROTO_POP3_VERB_QUIT:
        return mailproto_pop3_client_quit(l->client, tag);
    case MAILPROTO_POP3_VERB_UNKNOWN:
        return mailproto_pop3_client_command(l->client, tag, c.line, e->has_lines);
    default:
        return call_message(l, tag, &c);
    }
}

/* The next verbs, until one is accepted. What our client would never send (a command in
 * the wrong state, one that was not offered) is passed over. */
static void go_on(struct listener *l)
{
    struct exchange *e;

    l->content.len = 0;
    l->items = l->rejected = 0;
    while (!l->stopped && (e = next_exchange(l)) != NULL) {
        mailproto_status st = call_verb(l, e);
        assert_true(st != MAILPROTO_AGAIN);
        l->now = e;
        if (st == MAILPROTO_OK) {
            return;
        }
        l->at++;
    }
    l->now = NULL;
}

static void respond(struct listener *l)
{
    struct text response = {NULL, 0, 0};
    struct exchange *e = NULL;
    size_t i;

    for (i = l->at + 1; i < l->record->count; i++) {
        if (l->record->items[i].is_response && !l->record->items[i].used) {
            e = &l->record->items[i];
            break;
        }
    }
    if (e == NULL || strcmp(text_string(&e->command), "*") == 0 ||
        !test_base64(e->command.data, e->command.len, &response)) {
        assert_int_equal(mailproto_session_auth_abort(l->drive.session), MAILPROTO_OK);
        l->stopped = e == NULL || e->command.data[0] != '*';
    } else {
        text_add(&response, "", 0);
        assert_int_equal(mailproto_session_auth_data(l->drive.session, response.data,
                                                     response.len, response.len),
                         MAILPROTO_OK);
    }
    text_free(&response);
}

#define WANT(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            print_error("%s: `%s`: %s\n%s\n", l->record->name,                         \
                        l->now != NULL ? text_string(&l->now->command) : "-",          \
                        #condition, drive_log(&l->drive));                             \
            fail();                                                                    \
        }                                                                              \
    } while (0)

/* The exchange that answered the verb last. */
static const struct exchange *answered(struct listener *l)
{
    return &l->record->items[l->heard];
}

static void check_outcome(struct listener *l, uint32_t code)
{
    const struct exchange *e = answered(l);
    size_t lines = 0;
    size_t i;

    l->outcomes++;
    WANT(code ==
         (e->code == '+' ? (uint32_t)MAILPROTO_POP3_OK : (uint32_t)MAILPROTO_POP3_ERR));
    for (i = 0; i < e->lines.len; i++) {
        lines += e->lines.data[i] == '\n';
    }
    if (code == MAILPROTO_POP3_OK &&
        (e->verb == MAILPROTO_POP3_VERB_RETR || e->verb == MAILPROTO_POP3_VERB_TOP)) {
        WANT(l->content.len == e->lines.len &&
             (e->lines.len == 0 ||
              memcmp(l->content.data, e->lines.data, e->lines.len) == 0));
    } else if (code == MAILPROTO_POP3_OK && (e->verb == MAILPROTO_POP3_VERB_LIST ||
                                             e->verb == MAILPROTO_POP3_VERB_UIDL)) {
        WANT(l->items + l->rejected == (e->has_lines ? lines : 1));
    }
}

static void client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct listener *l = ctx;
    int last = (ev->flags & ((uint32_t)MAILPROTO_EVF_MORE |
                             (uint32_t)MAILPROTO_EVF_LINE_MORE)) == 0;

    switch (ev->type) {
    case MAILPROTO_EV_POP3_CAPS:
        go_on(l);
        break;
    case MAILPROTO_EV_TLS_GO:
        (void)mailproto_session_tls_started(s, NULL);
        break;
    case MAILPROTO_EV_POP3_REPLY:
        if (last && ev->code != MAILPROTO_POP3_NO_REPLY) {
            check_outcome(l, ev->code);
            l->at++;
            go_on(l);
        }
        break;
    case MAILPROTO_EV_AUTH_DATA:
        if (last) {
            respond(l);
        }
        break;
    case MAILPROTO_EV_AUTH_RESULT:
        if (last) {
            check_outcome(l, ev->code);
            l->at++;
            go_on(l);
        }
        break;
    case MAILPROTO_EV_POP3_ITEM:
        l->items++;
        break;
    case MAILPROTO_EV_POP3_LINE:
        l->rejected += last && (ev->flags & MAILPROTO_EVF_REJECTED) != 0;
        break;
    case MAILPROTO_EV_CONTENT:
        text_add(&l->content, ev->text.ptr, ev->text.len);
        break;
    default:
        break;
    }
}

/* Keywords may be in another case. */
static int same_command(const struct exchange *e, const struct text *line)
{
    size_t own = 0;
    size_t other = 0;
    uint32_t verb = mailproto__pop3_verb(bytes_of(line), &own);

    if (e->used || e->command.len != line->len ||
        mailproto__pop3_verb(bytes_of(&e->command), &other) != verb || own != other) {
        return 0;
    }
    return line->len == own ||
           memcmp(e->command.data + own, line->data + own, line->len - own) == 0;
}

/* The recorded reply to a line that our client sent; CAPA is asked more often. */
static void reply_to(struct listener *l, const struct text *line)
{
    size_t i;

    for (i = 0; i < l->record->count; i++) {
        struct exchange *e = &l->record->items[i];
        if (same_command(e, line)) {
            e->used = 1;
            l->heard = i;
            (void)drive_give(&l->drive, e->raw.data, e->raw.len);
            return;
        }
    }
    if (line->len == 4 && memcmp(line->data, "CAPA", 4) == 0) {
        (void)drive_give(&l->drive, "-ERR\r\n", 6);
        return;
    }
    print_message("%s: stops at `%s`\n", l->record->name, line->data);
    l->stopped = 1;
}

static void listen_to(struct conversation *record, struct chunk c, unsigned *outcomes)
{
    struct listener listener;
    struct listener *l = &listener;
    mailproto_pop3_client_options o;
    size_t size;
    size_t seen = 0;
    size_t i;

    for (i = 0; i < record->count; i++) {
        record->items[i].used = 0;
    }
    memset(l, 0, sizeof *l);
    memset(&o, 0, sizeof o);
    l->record = record;
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_POP3_TLS_NONE;
    o.flags = MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR | MAILPROTO_POP3_CLIENT_APOP |
              MAILPROTO_POP3_CLIENT_NO_PIPELINING;
    o.out_size = 8192;
    o.caps_forced = (uint64_t)1 << MAILPROTO_POP3_CAP_USER |
                    (uint64_t)1 << MAILPROTO_POP3_CAP_STLS |
                    (uint64_t)1 << MAILPROTO_POP3_CAP_SASL;
    size = mailproto_pop3_client_mem_size(&o);
    l->block = test_alloc(size);
    assert_int_equal(mailproto_pop3_client_init(l->block, size, &o, &l->client),
                     MAILPROTO_OK);
    l->drive.session = mailproto_pop3_client_session(l->client);
    l->drive.ctx = l;
    l->drive.chunk = c;
    l->drive.event = client_event;
    (void)drive_give(&l->drive, record->greeting.data, record->greeting.len);
    drive_settle(&l->drive);
    while (!l->stopped && !l->drive.over && seen < l->drive.out.len) {
        const char *line = l->drive.out.data + seen;
        const char *end = memchr(line, '\n', l->drive.out.len - seen);
        struct text sent = {NULL, 0, 0};
        WANT(end != NULL);
        text_add(&sent, line, (size_t)(end - line) - 1);
        (void)text_string(&sent);
        seen += (size_t)(end - line) + 1;
        reply_to(l, &sent);
        text_free(&sent);
        drive_settle(&l->drive);
    }
    {
        mailproto_error e;
        memset(&e, 0, sizeof e);
        e.struct_size = sizeof e;
        mailproto_session_get_error(l->drive.session, &e);
        WANT(l->stopped || e.code == MAILPROTO_OK || record->greeting.data[0] == '-');
    }
    *outcomes += l->outcomes;
    drive_free(&l->drive);
    text_free(&l->content);
    free(l->block);
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
    unsigned *outcomes = ctx;
    const struct chunk whole = {CHUNK_WHOLE, 0, 0, 0};
    const struct chunk three = {CHUNK_EACH, 3, 1, 0};
    const struct chunk random = {CHUNK_RANDOM, 5, 0, 0};

    listen_to(c, whole, outcomes);
    listen_to(c, three, outcomes);
    listen_to(c, random, outcomes);
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
    print_message("%u conversations, %u outcomes\n", count, total);
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
    play_all(conversations_of_tests, 13, 100);
}

static void messages_of_curl(void **state)
{
    (void)state;
    play_all(conversations_of_messages, 10, 60);
}

/* ---- what curl's client must send ------------------------------------------------------ */

/* `%b64[...]b64%` is one word of base64; other %NAMEs are numbers. */
static void expand(const char *from, size_t len, struct text *out)
{
    size_t i = 0;

    while (i < len) {
        if (i + 5 < len && memcmp(from + i, "%b64[", 5) == 0) {
            while (i + 5 < len && memcmp(from + i, "]b64%", 5) != 0) {
                i++;
            }
            i += 5;
            text_print(out, "QUJD");
        } else if (from[i] == '%') {
            i++;
            while (i < len && ((from[i] >= 'A' && from[i] <= 'Z') ||
                               (from[i] >= '0' && from[i] <= '9'))) {
                i++;
            }
            text_print(out, "850");
        } else {
            text_add(out, &from[i++], 1);
        }
    }
}

/* Each command that curl must send is one of the grammar. */
static unsigned check_commands(const char *name, const char *protocol)
{
    unsigned count = 0;
    int in_auth = 0;

    while (*protocol != '\0') {
        size_t len = strcspn(protocol, "\n");
        struct text line = {NULL, 0, 0};
        struct mailproto__pop3_command c;
        size_t at = 0;
        size_t verb = 0;
        expand(protocol, len, &line);
        protocol += len + (protocol[len] == '\n' ? 1U : 0U);
        if (in_auth && mailproto__pop3_verb(bytes_of(&line), &verb) ==
                           MAILPROTO_POP3_VERB_UNKNOWN) {
            text_free(&line); /* a response */
            continue;
        }
        memset(&c, 0, sizeof c);
        if (mailproto__pop3_command_parse(bytes_of(&line), 0, &c, &at) !=
                MAILPROTO__POP3_GOOD ||
            c.verb == MAILPROTO_POP3_VERB_UNKNOWN) {
            print_error("%s: `%s` at %u\n", name, text_string(&line), (unsigned)at);
            fail();
        }
        in_auth = c.verb == MAILPROTO_POP3_VERB_AUTH;
        text_free(&line);
        count++;
    }
    return count;
}

static void commands_of_curl(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("corpus/curl/curl_tests.jsonl", &why);
    unsigned commands = 0;

    (void)state;
    if (j == NULL) {
        not_there(&why);
        return;
    }
    while (jsonl_next(j, &why) == 1) {
        const char *protocol = jsonl_text(j, "protocol");
        if (strcmp(jsonl_text(j, "proto"), "pop3") == 0 && protocol != NULL) {
            commands += check_commands(jsonl_text(j, "test"), protocol);
        }
    }
    jsonl_close(j);
    text_free(&why);
    print_message("%u commands\n", commands);
    assert_true(commands >= 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_programs),
        cmocka_unit_test(conversations_of_a_test_suite),
        cmocka_unit_test(messages_of_curl),
        cmocka_unit_test(commands_of_curl),
    };

    events_speak(&pop3_language);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
