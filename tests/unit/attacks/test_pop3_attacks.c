/*
 * The published attack vectors for POP3 ($MAILPROTO_DATA/attacks/attacks.jsonl) against the
 * server: each whole, octet by octet, at the cuts it names and at random. Behind it stands
 * a maildrop of three messages, so that what a vector deletes is seen where it counts.
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

#include "maildrop.h"
#include "pop3_events.h"
#include "pop3_vector.h"

enum { NONE = VECTOR_NONE };

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
    struct maildrop drop;
    struct maildrop_visit visit;
    void *block;
    size_t block_size, prelude; /* octets sent before the vector's input */
    unsigned tls, events_after_tls, auth_ok;
    const char *secret; /* APOP */
    struct text password;
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

static int login(struct watch *w, const mailproto_event *ev)
{
    mailproto_pop3_login l;

    memset(&l, 0, sizeof l);
    l.struct_size = sizeof l;
    assert_int_equal(mailproto_pop3_event_login(ev, &l), MAILPROTO_OK);
    w->visit.logins++;
    w->password.len = 0;
    text_add(&w->password, l.secret.ptr, l.secret.len);
    if (l.apop && mailproto_sasl_apop_check(l.stamp, bytes(w->secret), l.secret, NULL,
                                            NULL) != MAILPROTO_OK) {
        (void)mailproto_pop3_server_err(w->visit.server, ev->tag,
                                        MAILPROTO_POP3_RESP_AUTH, bytes(""));
        return 0;
    }
    w->auth_ok++;
    return mailproto_pop3_server_accept(w->visit.server, ev->tag) == MAILPROTO_OK ? 0
                                                                                  : -1;
}

static void server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct watch *w = ctx;
    int result = 0;

    w->events_after_tls += w->tls != 0 && ev->type != MAILPROTO_EV_CLOSED;
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        w->tls++;
        (void)mailproto_session_tls_started(s, NULL);
        break;
    case MAILPROTO_EV_CLOSED:
        w->closed = event_status(ev->code);
        break;
    case MAILPROTO_EV_POP3_LOGIN:
        result = login(w, ev);
        break;
    default:
        result = maildrop_event(&w->visit, s, ev);
        break;
    }
    while (result == 0 && w->visit.sending) {
        int moved = maildrop_turn(&w->visit, s);
        size_t len = 0;
        const void *due = mailproto_session_output(s, &len);
        text_add(&w->drive.out, due, len);
        (void)mailproto_session_output_sent(s, len);
        result = moved < 0 ? -1 : 0;
    }
    if (result != 0) {
        print_error("%s\n", w->visit.failure != NULL ? w->visit.failure : "login");
    }
    assert_int_equal(result, 0);
}

static void open_server(struct watch *w, const struct vector *v, struct chunk c)
{
    static const char *const texts[] = {"A: 1\r\n\r\nx\r\n", "A: 2\r\n\r\nx\r\n",
                                        "A: 3\r\n\r\nx\r\n"};
    mailproto_pop3_server_options o;
    struct text stamp = {NULL, 0, 0};
    struct text body = {NULL, 0, 0};
    size_t i;

    memset(w, 0, sizeof *w);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = (uint64_t)1 << MAILPROTO_POP3_CAP_TOP |
             (uint64_t)1 << MAILPROTO_POP3_CAP_USER |
             (uint64_t)1 << MAILPROTO_POP3_CAP_UIDL |
             (uint64_t)1 << MAILPROTO_POP3_CAP_PIPELINING |
             (uint64_t)1 << MAILPROTO_POP3_CAP_STLS;
    o.flags =
        attack_says(v->setup, "authorization, TLS") ? MAILPROTO_POP3_SERVER_TLS_IMPLICIT
        : attack_says(v->setup, "require_tls=1")    ? 0
                                                 : MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    o.max_command = 255;
    attack_word(v->setup, "banner ", &stamp);
    o.apop_stamp.ptr = stamp.data;
    o.apop_stamp.len = stamp.len;
    w->secret = "tanstaaf";
    attack_quoted(v->setup, &body);
    for (i = 0; i < 3; i++) {
        const char *text = i == 0 && body.len != 0 ? text_string(&body) : texts[i];
        maildrop_add(&w->drop, "u", text, strlen(text));
    }
    w->block_size = mailproto_pop3_server_mem_size(&o);
    w->block = test_alloc(w->block_size);
    assert_int_equal(
        mailproto_pop3_server_init(w->block, w->block_size, &o, &w->visit.server),
        MAILPROTO_OK);
    w->visit.drop = &w->drop;
    w->drive.session = mailproto_pop3_server_session(w->visit.server);
    w->drive.chunk = c;
    w->drive.ctx = w;
    w->drive.event = server_event;
    text_free(&stamp);
    text_free(&body);
}

static void close_server(struct watch *w)
{
    drive_free(&w->drive);
    maildrop_visit_end(&w->visit);
    maildrop_free(&w->drop);
    text_free(&w->password);
    free(w->block);
}

/* Up to the state that the vector begins in. */
static void prelude(struct watch *w, const struct vector *v)
{
    (void)drive_give(&w->drive, "", 0);
    drive_settle(&w->drive);
    if (attack_says(v->setup, "transaction")) {
        (void)drive_give(&w->drive, "USER u\r\nPASS p\r\n", 16);
        drive_settle(&w->drive);
        assert_int_equal(w->visit.opens, 1);
    }
    w->prelude = w->drive.out.len;
    w->visit.logins = w->auth_ok = 0;
}

static unsigned gone(const struct watch *w)
{
    unsigned count = 0;
    size_t i;

    for (i = 0; i < w->drop.count; i++) {
        count += w->drop.items[i].gone != 0;
    }
    return count;
}

/* The next command is a command: nothing was left over, nothing swallowed. */
static void want_in_step(const struct vector *v, struct watch *w)
{
    size_t before = w->drive.out.len;

    if (w->drive.over || w->drive.dead || v->input.len < 2 ||
        memcmp(v->input.data + v->input.len - 2, "\r\n", 2) != 0) {
        return;
    }
    (void)drive_give(&w->drive, "CAPA\r\n", 6);
    drive_settle(&w->drive);
    WANT(w->drive.out.len > before + 8);
    WANT(memcmp(w->drive.out.data + before, "+OK", 3) == 0);
    WANT(attack_count(&w->drive.out, before, "\r\n.\r\n") == 1);
}

static void judge_numbers(const struct pop3_vector *x, struct watch *w)
{
    const struct vector *v = x->v;
    size_t i;

    WANT(w->visit.failure == NULL);
    if (x->has_deleted) {
        WANT(gone(w) == x->deleted_count);
        for (i = 0; i < x->deleted_count; i++) {
            WANT(w->drop.items[x->deleted[i] - 1].gone);
        }
    }
    WANT(x->replies == NONE ||
         attack_count(&w->drive.out, w->prelude, "\r\n") == (unsigned)x->replies);
    WANT(x->auth_callbacks == NONE || w->visit.logins == (unsigned)x->auth_callbacks);
    WANT(x->auth_ok == NONE || w->auth_ok == (unsigned)x->auth_ok);
    WANT(x->password.len == 0 ||
         (x->password.len == w->password.len &&
          memcmp(x->password.data, w->password.data, w->password.len) == 0));
    WANT(v->eod_count == NONE || attack_count(&w->drive.out, w->prelude, "\r\n.\r\n") ==
                                     (unsigned)v->eod_count);
    WANT(x->bare_lf == NONE || attack_count(&w->drive.out, 0, "\n") ==
                                   attack_count(&w->drive.out, 0, "\r\n"));
}

static void judge_server(const struct pop3_vector *x, struct watch *w)
{
    const struct vector *v = x->v;
    int refused = attack_count(&w->drive.out, w->prelude, "-ERR") != 0;
    int ended = w->drive.over || w->drive.dead;

    judge_numbers(x, w);
    if (strcmp(v->expect, "reject") == 0) {
        WANT(refused);
        want_in_step(v, w);
    } else if (strcmp(v->expect, "accept") == 0) {
        WANT(!refused && attack_count(&w->drive.out, w->prelude, "+OK") != 0);
    } else if (strcmp(v->expect, "no-plaintext-cmd") == 0) {
        WANT(w->tls == 0 && w->visit.commands == 0 && w->visit.logins == 0);
        WANT(w->closed == MAILPROTO_ERR_TLS_INJECTION);
    } else if (strcmp(v->expect, "close") == 0) {
        WANT(ended && w->visit.commands <= (unsigned)x->commands_max);
    } else if (strcmp(v->expect, "no-effect") == 0) {
        WANT(gone(w) == 0 && w->visit.updates == 0 && ended);
    } else {
        WANT(strcmp(v->expect, "no-smuggle") == 0 || strcmp(v->expect, "limit") == 0);
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
    if (attack_says(v->setup, "then timeout event")) {
        mailproto_want want;
        drive_settle(d);
        memset(&want, 0, sizeof want);
        want.struct_size = sizeof want;
        mailproto_session_get_want(d->session, &want);
        (void)mailproto_session_timed_out(d->session, want.wait_id);
    }
    if (v->eof) {
        drive_eof(d);
    }
    drive_settle(d);
}

static void run_server(const struct pop3_vector *x)
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
        judge_server(x, w);
        assert_true(attack_same_log(v, &w->drive, &first, &c));
        close_server(w);
    }
    text_free(&first);
}

static void run_server_generated(const struct vector *v)
{
    struct watch watch;
    struct watch *w = &watch;

    open_server(w, v, vector_chunk(CHUNK_WHOLE, 0, 0));
    prelude(w, v);
    attack_give_generated(&w->drive, v);
    WANT(v->max_mem == NONE || w->block_size <= (size_t)v->max_mem);
    WANT(attack_count(&w->drive.out, w->prelude, "+OK") == 0);
    WANT(w->visit.logins == 0 && w->visit.commands <= 1);
    close_server(w);
}

/* ---- one vector -------------------------------------------------------------------- */

static void run_vector(void **state)
{
    const struct pop3_vector *x = *state;

    run_server(x);
    if (x->v->gen_count != 0) {
        run_server_generated(x->v);
    }
}

/* ---- all of them ------------------------------------------------------------------ */

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[POP3_VECTORS_MAX];
    static struct pop3_vector vectors[POP3_VECTORS_MAX];
    struct text why = {NULL, 0, 0};
    size_t count = pop3_vectors_load(vectors, "server", &why);
    size_t chosen = 0;
    size_t i;
    int failed;

    if (count == 0) {
        printf("skipped: %s\n", text_string(&why));
        text_free(&why);
        return 77;
    }
    events_speak(&pop3_language);
    for (i = 0; i < count; i++) {
        if (argc < 2 || strstr(vectors[i].v->id, argv[1]) != NULL) {
            tests[chosen].name = vectors[i].v->id;
            tests[chosen].test_func = run_vector;
            tests[chosen++].initial_state = &vectors[i];
        }
    }
    failed = _cmocka_run_group_tests("pop3 attacks, server", tests, chosen, NULL, NULL);
    printf("%u vectors\n", (unsigned)count);
    pop3_vectors_free(vectors, count);
    text_free(&why);
    return failed;
}
