/*
 * The published attack vectors for IMAP ($MAILPROTO_DATA/attacks/attacks.jsonl) against the
 * server: each whole, octet by octet, at the cuts it names and at random. Behind it stands
 * an application that lets everybody in, has three messages, and counts what it is asked
 * to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap_server.h>

#include "drive.h"
#include "pop3_vector.h"

enum { VECTORS_MAX = 200, NONE = VECTOR_NONE };

/* What these vectors ask for beside what all have. */
struct imap_vector {
    struct vector *v;
    struct text user, password, name;
    char tagged[8];
    int64_t auths, deletes, logouts, commands_max;
    int asks, no_asking, no_echo, may_accept, has_user, has_name;
};

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* ---- the server under attack --------------------------------------------------------- */

struct watch {
    struct drive drive;
    mailproto_imap_server *server;
    void *block;
    size_t block_size, prelude; /* octets sent before the vector's input */
    unsigned tls, commands, auths, deletes, messages, rejected;
    struct text user, password, name;
    mailproto_status closed;
};

#define WANT(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            print_error("%s: %s (line %d)\n%s\n", v->id, #condition, __LINE__,         \
                        drive_log(&w->drive));                                         \
            fail();                                                                    \
        }                                                                              \
    } while (0)

static void keep(struct text *to, const mailproto_imap_string *s, int name)
{
    char buf[16384];
    mailproto_bytes b = {NULL, 0};
    uint32_t flags = 0;

    to->len = 0;
    if (s->form == MAILPROTO_IMAP_NIL || s->raw.len > sizeof buf / 2) {
        return;
    }
    assert_int_equal(name ? mailproto_imap_name_get(s, buf, sizeof buf, &b, &flags)
                          : mailproto_imap_string_get(s, buf, sizeof buf, &b),
                     MAILPROTO_OK);
    text_add(to, b.ptr, b.len);
}

static void select_box(struct watch *w, uint32_t request)
{
    mailproto_imap_selected box;

    memset(&box, 0, sizeof box);
    box.struct_size = sizeof box;
    box.exists = 3;
    box.uidvalidity = 1;
    box.uidnext = 4;
    box.highestmodseq = 1;
    box.entry.struct_size = sizeof box.entry;
    box.entry.name = bytes("INBOX");
    assert_int_equal(mailproto_imap_server_selected(w->server, request, &box),
                     MAILPROTO_OK);
}

static void command(struct watch *w, const mailproto_event *ev)
{
    mailproto_imap_command c;

    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    assert_int_equal(mailproto_imap_event_command(ev, &c), MAILPROTO_OK);
    w->commands++;
    if (c.command == MAILPROTO_IMAP_LOGIN) {
        w->auths++;
        keep(&w->user, &c.name, 0);
        keep(&w->password, &c.text, 0);
    } else if (c.command == MAILPROTO_IMAP_SELECT) {
        select_box(w, ev->tag);
    }
    w->deletes += c.command == MAILPROTO_IMAP_DELETE;
    w->messages += c.command == MAILPROTO_IMAP_APPEND;
    keep(&w->name, &c.mailbox, 1);
    assert_int_equal(mailproto_imap_server_complete(w->server, ev->tag,
                                                    MAILPROTO_IMAP_OK, NULL, bytes("")),
                     MAILPROTO_OK);
}

static void server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct watch *w = ctx;

    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        w->tls++;
        (void)mailproto_session_tls_started(s, NULL);
        break;
    case MAILPROTO_EV_CLOSED:
        w->closed = event_status(ev->code);
        break;
    case MAILPROTO_EV_IMAP_REJECTED:
        w->rejected++;
        break;
    case MAILPROTO_EV_IMAP_COMMAND:
        command(w, ev);
        break;
    case MAILPROTO_EV_IMAP_LITERAL:
        assert_int_equal(mailproto_imap_server_literal(w->server, ev->tag, 1),
                         MAILPROTO_OK);
        break;
    case MAILPROTO_EV_AUTH_START:
        if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            assert_int_equal(mailproto_session_auth_data(s, "", 0, 0), MAILPROTO_OK);
        }
        break;
    case MAILPROTO_EV_AUTH_DATA:
        w->auths++;
        break;
    default:
        if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            assert_int_equal(mailproto_imap_server_accept(w->server, ev->tag),
                             MAILPROTO_OK);
        }
        break;
    }
}

static void open_server(struct watch *w, const struct vector *v, struct chunk c)
{
    mailproto_imap_server_options o;
    int minus = attack_says(v->setup, "LITERAL- only");

    memset(w, 0, sizeof *w);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = (uint64_t)1 << MAILPROTO_IMAP_CAP_REV1 |
             (uint64_t)1 << MAILPROTO_IMAP_CAP_STARTTLS |
             (uint64_t)1 << MAILPROTO_IMAP_CAP_IDLE |
             (uint64_t)1 << MAILPROTO_IMAP_CAP_BINARY |
             (uint64_t)1 << MAILPROTO_IMAP_CAP_ID |
             (uint64_t)1 << (minus ? MAILPROTO_IMAP_CAP_LITERAL_MINUS
                                   : MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    o.flags = attack_says(v->setup, "TLS") ? MAILPROTO_IMAP_SERVER_TLS_IMPLICIT
                                           : MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR;
    o.auth_mechanisms = bytes("PLAIN");
    w->block_size = mailproto_imap_server_mem_size(&o);
    w->block = test_alloc(w->block_size);
    assert_int_equal(
        mailproto_imap_server_init(w->block, w->block_size, &o, &w->server),
        MAILPROTO_OK);
    w->drive.session = mailproto_imap_server_session(w->server);
    w->drive.chunk = c;
    w->drive.ctx = w;
    w->drive.event = server_event;
}

static void close_server(struct watch *w)
{
    drive_free(&w->drive);
    text_free(&w->user);
    text_free(&w->password);
    text_free(&w->name);
    free(w->block);
}

/* Up to the state that the vector begins in. */
static void prelude(struct watch *w, const struct vector *v)
{
    int before = attack_says(v->setup, "not authenticated");

    (void)drive_give(&w->drive, "", 0);
    drive_settle(&w->drive);
    if (!before) {
        (void)drive_give(&w->drive, "p1 LOGIN u p\r\n", 14);
        drive_settle(&w->drive);
        assert_int_equal(w->auths, 1);
    }
    if (attack_says(v->setup, "selected")) {
        (void)drive_give(&w->drive, "p2 SELECT x\r\n", 13);
        drive_settle(&w->drive);
        assert_int_equal(mailproto_imap_server_exists_now(w->server), 3);
    }
    w->prelude = w->drive.out.len;
    w->commands = w->auths = 0;
    w->user.len = w->password.len = w->name.len = 0;
}

/* ---- judging --------------------------------------------------------------------------- */

/* The next command is a command: nothing was left over, nothing swallowed. */
static void want_in_step(const struct vector *v, struct watch *w)
{
    size_t before = w->drive.out.len;

    if (w->drive.over || w->drive.dead || v->input.len < 2 ||
        memcmp(v->input.data + v->input.len - 2, "\r\n", 2) != 0 ||
        (before > 6 && memcmp(w->drive.out.data + before - 6, "+ OK\r\n", 6) == 0)) {
        return;
    }
    (void)drive_give(&w->drive, "zz CAPABILITY\r\n", 15);
    drive_settle(&w->drive);
    WANT(attack_count(&w->drive.out, before, "zz OK ") == 1);
}

/* All that the vectors announce and do not send. */
static void want_swallowed(struct watch *w)
{
    char filler[8192];

    memset(filler, 'x', sizeof filler);
    (void)drive_give(&w->drive, filler, sizeof filler);
    (void)drive_give(&w->drive, "\r\n", 2);
    drive_settle(&w->drive);
}

static void want_counts(const struct imap_vector *x, struct watch *w)
{
    const struct vector *v = x->v;

    WANT(w->block_size <= 16384); /* whatever is announced */
    WANT(x->auths == NONE || w->auths == (unsigned)x->auths);
    WANT(x->deletes == NONE || w->deletes == (unsigned)x->deletes);
    WANT(v->messages == NONE || w->messages == (unsigned)v->messages);
    WANT(x->logouts == NONE ||
         attack_count(&w->drive.out, w->prelude, "* BYE Logging out") ==
             (unsigned)x->logouts);
    WANT(!x->no_asking || attack_count(&w->drive.out, w->prelude, "+ ") == 0);
    WANT(!x->no_echo || attack_count(&w->drive.out, w->prelude, "* BAD ") == 1);
    if (x->tagged[0] != '\0') {
        char line[16];
        sprintf(line, "a1 %s ", x->tagged);
        WANT(attack_count(&w->drive.out, w->prelude, line) == 1);
    }
}

static void want_accepted(const struct imap_vector *x, struct watch *w)
{
    const struct vector *v = x->v;

    WANT(attack_count(&w->drive.out, w->prelude, "a1 OK ") == 1);
    WANT(!x->has_user ||
         (w->user.len == x->user.len && w->password.len == x->password.len &&
          memcmp(w->user.data, x->user.data, x->user.len) == 0 &&
          memcmp(w->password.data, x->password.data, x->password.len) == 0));
    WANT(!x->has_name || (w->name.len == x->name.len &&
                          memcmp(w->name.data, x->name.data, x->name.len) == 0));
}

static void judge(const struct imap_vector *x, struct watch *w)
{
    const struct vector *v = x->v;
    int refused = w->rejected != 0;
    int ended = w->drive.over || w->drive.dead;

    want_counts(x, w);
    if (x->may_accept || strcmp(v->id, "imap-name-traversal") == 0) {
        want_in_step(v, w); /* it is for the application to say */
    } else if (strcmp(v->expect, "reject") == 0) {
        WANT(x->asks || w->commands == 0);
        WANT(attack_count(&w->drive.out, w->prelude, " BAD ") +
                 attack_count(&w->drive.out, w->prelude, " NO ") !=
             0);
        want_in_step(v, w);
    } else if (strcmp(v->expect, "reject-or-close") == 0) {
        if (!refused && !ended) { /* it is still swallowing what was announced */
            want_swallowed(w);
            refused = w->rejected != 0;
        }
        WANT(refused || ended);
        WANT(w->commands == 0);
    } else if (strcmp(v->expect, "accept") == 0) {
        want_accepted(x, w);
        want_in_step(v, w);
    } else if (strcmp(v->expect, "no-plaintext-cmd") == 0) {
        WANT(w->tls == 0 && w->commands == 0);
        WANT(w->closed == MAILPROTO_ERR_TLS_INJECTION);
    } else if (strcmp(v->expect, "close") == 0) {
        WANT(ended && w->commands == 0);
    } else if (strcmp(v->expect, "no-effect") == 0) {
        WANT(ended && w->commands == 0);
    } else {
        WANT(strcmp(v->expect, "no-injection") == 0 ||
             strcmp(v->expect, "limit") == 0 || strcmp(v->expect, "linear") == 0);
    }
}

static void give_input(struct drive *d, const struct vector *v)
{
    size_t at = 0;
    size_t i;

    for (i = 0; i <= v->stop_count; i++) {
        size_t end = i < v->stop_count ? v->stops[i] : v->input.len;
        drive_settle(d);
        (void)drive_give(d, v->input.data + at, end - at);
        at = end;
    }
    if (v->eof) {
        drive_eof(d);
    }
    drive_settle(d);
}

static void run_whole(const struct imap_vector *x)
{
    const struct vector *v = x->v;
    struct text first = {NULL, 0, 0};
    struct watch watch;
    struct watch *w = &watch;
    struct chunk c;
    unsigned n;

    for (n = 0; vector_plan(v, n, &c); n++) {
        open_server(w, v, c);
        prelude(w, v);
        give_input(&w->drive, v);
        judge(x, w);
        assert_true(attack_same_log(v, &w->drive, &first, &c));
        close_server(w);
    }
    text_free(&first);
}

/* The large form: memory stays what it was, nothing is carried out that is no command,
 * and it ends in time. */
static void run_generated(const struct imap_vector *x)
{
    const struct vector *v = x->v;
    struct watch watch;
    struct watch *w = &watch;

    open_server(w, v, vector_chunk(CHUNK_WHOLE, 0, 0));
    prelude(w, v);
    attack_give_generated(&w->drive, v);
    WANT(v->max_mem == NONE || w->block_size <= (size_t)v->max_mem);
    WANT(x->may_accept || w->commands == 0 || strcmp(v->expect, "linear") == 0);
    WANT(v->closed_by == NONE ||
         ((w->drive.over || w->drive.dead) && w->rejected <= (unsigned)v->closed_by));
    close_server(w);
}

static void run_vector(void **state)
{
    const struct imap_vector *x = *state;

    run_whole(x);
    if (x->v->gen_count != 0) {
        run_generated(x);
    }
}

/* ---- all of them ------------------------------------------------------------------------ */

static void text_of(const struct jsonl *j, const char *plain, const char *base64,
                    struct text *to, int *has)
{
    const char *text = jsonl_text(j, plain);

    if (text != NULL) {
        text_add(to, text, strlen(text));
        *has = 1;
    } else if (jsonl_bytes(j, base64, to)) {
        *has = 1;
    }
}

static void read_more(struct imap_vector *x, const struct jsonl *j)
{
    const char *tagged = jsonl_text(j, "args.tagged");

    x->auths = jsonl_number(j, "args.auth_callbacks", NONE);
    x->deletes = jsonl_number(j, "args.delete_cmds", NONE);
    x->logouts = jsonl_number(j, "args.logout_cmds", NONE);
    x->no_asking = jsonl_number(j, "args.continuation_sent", 1) == 0;
    x->no_echo = jsonl_number(j, "args.echoed", 1) == 0;
    x->may_accept = jsonl_number(j, "args.may_accept", 0) != 0;
    if (tagged != NULL && strlen(tagged) < sizeof x->tagged) {
        strcpy(x->tagged, tagged);
    }
    text_of(j, "args.user", "args.user_b64", &x->user, &x->has_user);
    text_of(j, "args.password", "args.password_b64", &x->password, &x->has_user);
    text_of(j, "args.utf8", "args.utf8_b64", &x->name, &x->has_name);
}

static size_t load(struct imap_vector *to, struct text *why)
{
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", why);
    size_t count = 0;

    while (j != NULL && count < VECTORS_MAX && jsonl_next(j, why) == 1) {
        if (strcmp(jsonl_text(j, "protocol"), "imap") != 0 ||
            strcmp(jsonl_text(j, "role"), "server") != 0) {
            continue;
        }
        to[count].v = vector_read(j);
        if (to[count].v == NULL) {
            text_print(why, "attacks.jsonl, line %d: a member is missing",
                       jsonl_line(j));
            continue;
        }
        read_more(&to[count], j);
        count++;
    }
    jsonl_close(j);
    return count;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[VECTORS_MAX];
    static struct imap_vector vectors[VECTORS_MAX];
    struct text why = {NULL, 0, 0};
    size_t count = load(vectors, &why);
    size_t chosen = 0;
    size_t i;
    int failed;

    if (count == 0) {
        printf("skipped: %s\n", text_string(&why));
        text_free(&why);
        return 77;
    }
    for (i = 0; i < count; i++) {
        if (argc < 2 || strstr(vectors[i].v->id, argv[1]) != NULL) {
            tests[chosen].name = vectors[i].v->id;
            tests[chosen].test_func = run_vector;
            tests[chosen++].initial_state = &vectors[i];
        }
    }
    failed = _cmocka_run_group_tests("imap attacks, server", tests, chosen, NULL, NULL);
    printf("%u vectors\n", (unsigned)count);
    for (i = 0; i < count; i++) {
        vector_free(vectors[i].v);
        text_free(&vectors[i].user);
        text_free(&vectors[i].password);
        text_free(&vectors[i].name);
    }
    text_free(&why);
    return failed;
}
