/*
 * The published attack vectors for POP3 ($MAILPROTO_DATA/attacks/attacks.jsonl) against the
 * client: what a server sends, and what an application gives to the verbs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/pop3.h>

#include "pop3_events.h"
#include "pop3_vector.h"

enum { NONE = VECTOR_NONE };

/* What this library decides otherwise, on purpose. Each must go the way said here. */
static const struct {
    const char *id;
    const char *why;
} otherwise[] = {
    {"pop3-cl-list-dup", "the engine keeps no list to compare with: every line of the "
                         "grammar is an ITEM, the application sees the number"},
    {"pop3-cl-list-desc", "as above"},
};

static int is_otherwise(const struct vector *v)
{
    size_t i;

    for (i = 0; i < sizeof otherwise / sizeof otherwise[0]; i++) {
        if (strcmp(otherwise[i].id, v->id) == 0) {
            return 1;
        }
    }
    return 0;
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

#define WANT(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            print_error("%s: %s (line %d)\n%s\n", v->id, #condition, __LINE__,         \
                        drive_log(&w->drive));                                         \
            fail();                                                                    \
        }                                                                              \
    } while (0)

/* ---- the client under attack ---------------------------------------------------------- */

struct watched_client {
    struct drive drive;
    mailproto_pop3_client *client;
    void *block;
    size_t block_size;
    const char *verb; /* RETR, UIDL, LIST: when logged in */
    unsigned caps, refused, greetings, tls, items, lines, rejected, ends, replies;
    uint64_t ended_at;
    struct text uid;
    mailproto_status closed;
};

static void client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct watched_client *w = ctx;

    switch (ev->type) {
    case MAILPROTO_EV_POP3_GREETING:
        w->greetings++;
        break;
    case MAILPROTO_EV_POP3_CAPS:
        w->caps++;
        if (w->verb != NULL) {
            assert_int_equal(
                mailproto_pop3_client_login(w->client, 1, bytes("u"), bytes("p")),
                MAILPROTO_OK);
        }
        break;
    case MAILPROTO_EV_POP3_REPLY:
        if (ev->tag == 1 && w->verb != NULL) {
            assert_int_equal(strcmp(w->verb, "RETR") == 0
                                 ? mailproto_pop3_client_retr(w->client, 2, 1)
                             : strcmp(w->verb, "UIDL") == 0
                                 ? mailproto_pop3_client_uidl(w->client, 2, 0)
                                 : mailproto_pop3_client_list(w->client, 2, 0),
                             MAILPROTO_OK);
        }
        w->replies += ev->tag == 2 && ev->code == MAILPROTO_POP3_OK &&
                      (ev->flags & MAILPROTO_EVF_LINE_MORE) == 0;
        break;
    case MAILPROTO_EV_POP3_ITEM:
        w->items++;
        text_add(&w->uid, ev->text.ptr, ev->text.len);
        break;
    case MAILPROTO_EV_POP3_LINE:
        w->lines++;
        w->rejected += (ev->flags & MAILPROTO_EVF_REJECTED) != 0;
        break;
    case MAILPROTO_EV_CONTENT_END:
        w->ends++;
        w->ended_at = w->drive.given;
        break;
    case MAILPROTO_EV_REFUSED:
        w->refused++;
        (void)mailproto_pop3_client_login(w->client, 3, bytes("u"), bytes("p"));
        (void)mailproto_session_auth_start(s, 4, bytes("PLAIN"), "x", 1);
        (void)mailproto_pop3_client_quit(w->client, 5);
        break;
    case MAILPROTO_EV_TLS_GO:
        w->tls++;
        break;
    case MAILPROTO_EV_CLOSED:
        w->closed = event_status(ev->code);
        break;
    default:
        break;
    }
}

static void open_client(struct watched_client *w, const struct vector *v,
                        struct chunk c)
{
    mailproto_pop3_client_options o;

    memset(w, 0, sizeof *w);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = attack_says(v->setup, "require_tls=1") ? MAILPROTO_POP3_TLS_REQUIRED
                                                   : MAILPROTO_POP3_TLS_NONE;
    o.flags = MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR;
    o.flags |= attack_says(v->setup, "APOP") ? MAILPROTO_POP3_CLIENT_APOP : 0;
    w->verb = attack_says(v->setup, "RETR")   ? "RETR"
              : attack_says(v->setup, "UIDL") ? "UIDL"
              : attack_says(v->setup, "LIST") ? "LIST"
                                              : NULL;
    w->block_size = mailproto_pop3_client_mem_size(&o);
    w->block = test_alloc(w->block_size);
    assert_int_equal(
        mailproto_pop3_client_init(w->block, w->block_size, &o, &w->client),
        MAILPROTO_OK);
    w->drive.session = mailproto_pop3_client_session(w->client);
    w->drive.chunk = c;
    w->drive.ctx = w;
    w->drive.event = client_event;
}

static void close_client(struct watched_client *w)
{
    drive_free(&w->drive);
    text_free(&w->uid);
    free(w->block);
}

/* The vectors' client sends no CAPA and is logged in at once: ours gets the replies that
 * bring it there in between. `*used`: octets of the input that were given. */
static void lead_client(struct watched_client *w, const struct vector *v,
                        const struct text *input, size_t *used)
{
    static const char caps[] = "+OK\r\nUSER\r\nSTLS\r\n.\r\n";
    size_t line = v->stop_count != 0 ? v->stops[0] : 0;

    *used = 0;
    if (line == 0) {
        return;
    }
    drive_settle(&w->drive);
    *used = drive_give(&w->drive, input->data, line);
    drive_settle(&w->drive);
    (void)drive_give(&w->drive, caps, sizeof caps - 1);
    drive_settle(&w->drive);
    if (w->verb != NULL) {
        (void)drive_give(&w->drive, "+OK\r\n", 5);
        drive_settle(&w->drive);
        (void)drive_give(&w->drive, "+OK\r\n", 5);
        drive_settle(&w->drive);
        assert_int_equal(attack_count(&w->drive.out, 0, w->verb), 1);
    }
}

/* What was sent, line by line, is nothing but these words. */
static int sent_only(struct watched_client *w, const char *one, const char *two,
                     const char *three)
{
    const char *at = text_string(&w->drive.out);

    while (*at != '\0') {
        if (strncmp(at, one, strlen(one)) != 0 && strncmp(at, two, strlen(two)) != 0 &&
            strncmp(at, three, strlen(three)) != 0) {
            return 0;
        }
        at = strchr(at, '\n');
        if (at == NULL) {
            return 0;
        }
        at++;
    }
    return 1;
}

static void judge_apop(const struct vector *v, struct watched_client *w)
{
    char digest[32];

    memset(digest, 'a', sizeof digest);
    WANT(v->may_reject || w->greetings == 1);
    WANT(mailproto_pop3_client_apop_stamp(w->client).len == 0);
    drive_settle(&w->drive);
    (void)drive_give(&w->drive, "-ERR\r\n", 6);
    drive_settle(&w->drive);
    WANT(v->may_reject || w->caps == 1);
    if (w->caps != 0) {
        mailproto_bytes d;
        d.ptr = digest;
        d.len = sizeof digest;
        WANT(mailproto_pop3_client_apop(w->client, 9, bytes("u"), d) ==
             MAILPROTO_ERR_NOT_OFFERED);
    }
    WANT(sent_only(w, "CAPA\r\n", "CAPA\r\n", "CAPA\r\n"));
}

static void judge_client(const struct pop3_vector *x, struct watched_client *w)
{
    const struct vector *v = x->v;
    int failed = w->closed <= -200 && w->closed > -500;

    if (is_otherwise(v)) {
        WANT(w->items == 2 && w->replies == 1);
    } else if (x->stamp_wanted) {
        judge_apop(v, w);
    } else if (v->plaintext_after != NONE) {
        WANT(w->caps == 0 && w->refused == 1);
        WANT(sent_only(w, "CAPA\r\n", "STLS\r\n", "QUIT\r\n"));
    } else if (strcmp(v->kind, "starttls-resp-inj") == 0) {
        WANT(w->caps == 0 && w->tls == 0 && w->closed == MAILPROTO_ERR_TLS_INJECTION);
        WANT(sent_only(w, "CAPA\r\n", "STLS\r\n", "STLS\r\n"));
    } else if (attack_says(v->id, "multi-fake")) {
        WANT(w->ends == 1 && w->replies == 1 && w->closed == MAILPROTO_ERR_UNEXPECTED);
    } else if (strcmp(v->expect, "fail-closed") == 0) {
        WANT(failed && w->ends == 0 && w->replies == 0);
    } else if (strcmp(v->expect, "reject") == 0 && w->verb != NULL) {
        WANT(w->items == 0 && w->rejected == 1 && w->replies == 1);
    } else if (strcmp(v->expect, "reject") == 0) {
        WANT(w->caps == 0 && w->greetings == 0 && failed);
    } else if (x->uid.len != 0) {
        WANT(w->items == 1 && w->uid.len == x->uid.len &&
             memcmp(w->uid.data, x->uid.data, w->uid.len) == 0);
    } else if (x->ends_at != NONE) {
        WANT(w->ends == 1 && w->replies == 1 && !failed);
    } else {
        WANT(strcmp(v->expect, "linear") == 0);
    }
}

static void run_client(const struct pop3_vector *x)
{
    const struct vector *v = x->v;
    struct text first = {NULL, 0, 0};
    struct watched_client client;
    struct watched_client *w = &client;
    struct chunk c;
    unsigned n;

    for (n = 0; vector_plan(v, n, &c); n++) {
        size_t used;
        open_client(w, v, c);
        lead_client(w, v, &v->input, &used);
        (void)drive_give(&w->drive, v->input.data + used, v->input.len - used);
        if (v->eof) {
            drive_eof(&w->drive);
        }
        drive_settle(&w->drive);
        judge_client(x, w);
        assert_true(attack_same_log(v, &w->drive, &first, &c));
        close_client(w);
    }
    text_free(&first);
}

/* An endless listing streams in constant memory. */
static void run_client_generated(const struct vector *v)
{
    struct watched_client client;
    struct watched_client *w = &client;
    struct vector later = *v;
    size_t used;

    open_client(w, v, vector_chunk(CHUNK_WHOLE, 0, 0));
    lead_client(w, v, &v->prefix, &used);
    memset(&later.prefix, 0, sizeof later.prefix);
    text_add(&later.prefix, v->prefix.data + used, v->prefix.len - used);
    attack_give_generated(&w->drive, &later);
    WANT(v->max_mem == NONE || w->block_size <= (size_t)v->max_mem);
    WANT(w->items + w->lines >= (uint64_t)v->gen_count && w->closed == 0);
    text_free(&later.prefix);
    close_client(w);
}

/* ---- what applications give --------------------------------------------------------------- */

static void run_injection(const struct vector *v)
{
    struct watched_client client;
    struct watched_client *w = &client;
    mailproto_bytes value;
    mailproto_status st;
    size_t before;

    open_client(w, v, vector_chunk(CHUNK_WHOLE, 0, 0));
    w->verb = NULL;
    (void)drive_give(&w->drive, "+OK <1@x>\r\n", 11);
    drive_settle(&w->drive);
    (void)drive_give(&w->drive, "-ERR\r\n", 6);
    drive_settle(&w->drive);
    before = w->drive.out.len;
    value.ptr = v->input.data;
    value.len = v->input.len;
    if (attack_says(v->setup, "pop3.user")) {
        st = mailproto_pop3_client_login(w->client, 1, value, bytes("p"));
    } else if (attack_says(v->setup, "pop3.pass")) {
        st = mailproto_pop3_client_login(w->client, 1, bytes("u"), value);
    } else {
        WANT(attack_says(v->setup, "pop3.apop"));
        st = mailproto_pop3_client_apop(w->client, 1, value,
                                        bytes("c4c9334bac560ecc979e58001b3e22fb"));
    }
    drive_settle(&w->drive);
    WANT(st == MAILPROTO_ERR_ARGUMENT || st == MAILPROTO_ERR_NOT_OFFERED);
    WANT(w->drive.out.len == before);
    close_client(w);
}

/* ---- one vector -------------------------------------------------------------------- */

static void run_vector(void **state)
{
    const struct pop3_vector *x = *state;

    if (strcmp(x->v->kind, "crlf-inject") == 0) {
        run_injection(x->v);
        return;
    }
    run_client(x);
    if (x->v->gen_count != 0) {
        run_client_generated(x->v);
    }
}

/* ---- all of them ------------------------------------------------------------------ */

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[POP3_VECTORS_MAX];
    static struct pop3_vector vectors[POP3_VECTORS_MAX];
    struct text why = {NULL, 0, 0};
    size_t count = pop3_vectors_load(vectors, "client", &why);
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
    failed = _cmocka_run_group_tests("pop3 attacks, client", tests, chosen, NULL, NULL);
    printf("%u vectors, %u of them decided otherwise (docs/attacks.md)\n",
           (unsigned)count, (unsigned)(sizeof otherwise / sizeof otherwise[0]));
    pop3_vectors_free(vectors, count);
    text_free(&why);
    return failed;
}
