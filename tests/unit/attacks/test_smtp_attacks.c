/*
 * The published attack vectors for SMTP ($MAILPROTO_DATA/attacks/attacks.jsonl) and the
 * payloads of $MAILPROTO_DATA/corpus/security, against both engines. docs/attacks.md says
 * how each verdict is judged, and which vectors this library decides otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attack_vector.h"
#include "smtp_watch.h"

enum { NONE = VECTOR_NONE };

/* What this library decides otherwise, on purpose. Each must go the way said here. */
static const struct {
    const char *id;
    const char *why;
} otherwise[] = {
    {"smtp-sv-mail-space",
     "blanks behind the colon are taken: too many clients send them"},
    {"smtp-sv-helo-shell",
     "any name without blanks and controls passes: the application "
     "judges it"},
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

static int says(const char *text, const char *what)
{
    return text != NULL && strstr(text, what) != NULL;
}

/* ---- input --------------------------------------------------------------------------- */

/* Gives the input in lockstep; `blind`: without waiting for any answer. */
static void give_input(struct drive *d, const struct vector *v, int blind)
{
    size_t at = 0;
    size_t i;

    (void)drive_give(d, "", 0); /* what comes before any input: CONNECT */
    for (i = 0; i <= v->stop_count; i++) {
        size_t end = i < v->stop_count ? v->stops[i] : v->input.len;
        if (!blind) {
            drive_settle(d);
        }
        (void)drive_give(d, v->input.data + at, end - at);
        at = end;
    }
    if (v->eof) {
        drive_eof(d);
    }
    drive_settle(d);
}

/* ---- the server's verdicts --------------------------------------------------------------- */

#define WANT(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            print_error("%s: %s (line %d)\n%s\n", v->id, #condition, __LINE__,         \
                        drive_log(&w->drive));                                         \
            fail();                                                                    \
        }                                                                              \
    } while (0)

static void want_counts(const struct vector *v, struct watch *w)
{
    WANT(v->mails == NONE || w->mails == (unsigned)v->mails);
    WANT(v->mails_max == NONE || w->mails <= (unsigned)v->mails_max);
    WANT(v->rcpts == NONE || w->rcpts == (unsigned)v->rcpts);
    WANT(v->rsets == NONE || w->rsets == (unsigned)v->rsets);
    WANT(v->messages == NONE || w->messages == (unsigned)v->messages);
    WANT(v->messages_max == NONE || w->messages <= (unsigned)v->messages_max);
    WANT(v->tls_started == NONE || (w->tls != 0) == (v->tls_started != 0));
    WANT(!says(v->after, "QUIT executed") || w->quits == 1);
    if (v->has_body) {
        WANT(w->bodies[0].len == v->body.len &&
             (v->body.len == 0 ||
              memcmp(w->bodies[0].data, v->body.data, v->body.len) == 0));
    }
    if (v->policy != NULL && strcmp(v->policy, "reject-message") == 0) {
        WANT(w->messages == 0 && w->aborted == 1 && watch_replied(w, "550 5.6.0"));
    } else if (v->policy != NULL && strcmp(v->policy, "accept") == 0) {
        WANT(w->messages == 1 && w->aborted == 0);
    }
}

static void want_reply(const struct vector *v, struct watch *w)
{
    size_t i;
    int found = 0;

    WANT(v->reply == NULL || watch_replied(w, v->reply));
    WANT(v->reply_class == NULL || watch_replied(w, v->reply_class));
    for (i = 0; i < 4 && v->reply_in[i] != NULL; i++) {
        found |= watch_replied(w, v->reply_in[i]);
    }
    WANT(i == 0 || found);
}

/* The next command is a command: nothing was left over, nothing swallowed. */
static void want_in_step(const struct vector *v, struct watch *w)
{
    unsigned noops = w->noops;

    if (w->drive.over || w->drive.dead || v->input.len < 2 ||
        memcmp(v->input.data + v->input.len - 2, "\r\n", 2) != 0) {
        return;
    }
    (void)drive_give(&w->drive, "NOOP\r\n", 6);
    drive_settle(&w->drive);
    WANT(w->noops == noops + 1);
}

static void want_accepted(const struct vector *v, struct watch *w)
{
    struct text local = {NULL, 0, 0};
    size_t i;

    if (v->may_reject && w->mails == 0) {
        WANT(w->rejected != 0);
        return;
    }
    WANT(w->mails == 1);
    for (i = 0; v->local.len != 0 && i < w->local.len; i++) { /* without its quotes */
        if (w->local.data[i] == '\\' && i + 1 < w->local.len) {
            text_add(&local, &w->local.data[++i], 1);
        } else if (w->local.data[i] != '"') {
            text_add(&local, &w->local.data[i], 1);
        }
    }
    WANT(v->local.len == 0 || (local.len == v->local.len &&
                               memcmp(local.data, v->local.data, local.len) == 0));
    WANT(v->domain == NULL || (w->domain.len == strlen(v->domain) &&
                               memcmp(w->domain.data, v->domain, w->domain.len) == 0));
    text_free(&local);
}

static void judge_server(const struct vector *v, struct watch *w)
{
    int ended = w->drive.over || w->drive.dead;

    if (is_otherwise(v)) {
        WANT(w->rejected == 0 && w->commands != 0);
        want_in_step(v, w);
        return;
    }
    want_counts(v, w);
    want_reply(v, w);
    if (strcmp(v->expect, "accept") == 0) {
        want_accepted(v, w);
    } else if (strcmp(v->expect, "reject") == 0) {
        /* an unknown verb is the application's: it accepted, that is 500 */
        WANT(w->rejected != 0 || watch_replied(w, "500") || ended);
        want_in_step(v, w);
    } else if (strcmp(v->expect, "reject-or-close") == 0) {
        WANT(w->rejected != 0 || ended);
    } else if (strcmp(v->expect, "close") == 0) {
        WANT(ended && w->commands <= 1);
    } else if (strcmp(v->expect, "no-plaintext-cmd") == 0) {
        WANT(w->tls_commands == 0 && w->rsets == 0 && w->auths == 0);
        WANT(v->tls_started == 0 || w->closed == MAILPROTO_ERR_TLS_INJECTION);
    } else {
        WANT(strcmp(v->expect, "no-smuggle") == 0 ||
             strcmp(v->expect, "one-message") == 0 ||
             strcmp(v->expect, "no-effect") == 0 || strcmp(v->expect, "limit") == 0);
    }
}

static void server_options(const struct vector *v, mailproto_smtp_server_options *o)
{
    const char *at;

    watch_options(o);
    at = v->setup != NULL ? strstr(v->setup, "max_message_size=") : NULL;
    o->max_content = at != NULL ? strtoull(at + 17, NULL, 10) : 0;
    at = v->setup != NULL ? strstr(v->setup, "max_command_line=") : NULL;
    o->max_command = at != NULL ? (uint32_t)strtoul(at + 17, NULL, 10) : 0;
}

static void run_server(const struct vector *v)
{
    mailproto_smtp_server_options o;
    struct text first = {NULL, 0, 0};
    struct chunk c;
    struct watch watch;
    struct watch *w = &watch;
    unsigned n;

    server_options(v, &o);
    for (n = 0; vector_plan(v, n, &c); n++) {
        watch_open(w, &o, c);
        give_input(&w->drive, v, 0);
        judge_server(v, w);
        (void)drive_log(&w->drive);
        if (n == 0) {
            text_add(&first, text_string(&w->drive.log), w->drive.log.len);
        } else if (strcmp(text_string(&first), text_string(&w->drive.log)) != 0) {
            print_error("%s: another trace, %s:\n%s\ninstead of\n%s\n", v->id,
                        chunk_name(&c), text_string(&w->drive.log),
                        text_string(&first));
            fail();
        }
        watch_close(w);
    }
    text_free(&first);
    /* The same without waiting for answers: more is early, nothing is worse. */
    watch_open(w, &o, vector_chunk(CHUNK_WHOLE, 0, 0));
    give_input(&w->drive, v, 1);
    judge_server(v, w);
    watch_close(w);
}

/* ---- the generated form ------------------------------------------------------------------ */

/* Prefix, so many units, suffix; ends when nothing is taken any more. */
static void give_generated(struct drive *d, const struct vector *v)
{
    struct text block = {NULL, 0, 0};
    uint64_t units = 0;
    uint64_t done;

    while (block.len + v->unit.len <= 65536) {
        text_add(&block, v->unit.data, v->unit.len);
        units++;
    }
    (void)drive_give(d, "", 0);
    drive_settle(d);
    (void)drive_give(d, v->prefix.data, v->prefix.len);
    drive_settle(d);
    for (done = 0; done < (uint64_t)v->gen_count && !d->over && !d->dead;
         done += units) {
        (void)drive_give(d, block.data, block.len);
        drive_settle(d);
    }
    (void)drive_give(d, v->suffix.data, v->suffix.len);
    drive_settle(d);
    text_free(&block);
}

static void run_server_generated(const struct vector *v)
{
    mailproto_smtp_server_options o;
    struct watch watch;
    struct watch *w = &watch;

    server_options(v, &o);
    watch_open(w, &o, vector_chunk(CHUNK_WHOLE, 0, 0));
    give_generated(&w->drive, v);
    WANT(v->max_mem == NONE || w->block_size <= (size_t)v->max_mem);
    if (v->closed_by != NONE) {
        WANT((w->drive.over || w->drive.dead) && w->commands <= (unsigned)v->closed_by);
    } else {
        WANT(w->rejected == 1 && w->mails == 0 && w->content.len == 0);
    }
    watch_close(w);
}

/* ---- the client -------------------------------------------------------------------------- */

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

static void judge_client(const struct vector *v, struct watched_client *w)
{
    int failed = w->closed <= -200 && w->closed > -500;

    WANT(strcmp(v->expect, "limit") != 0 || w->caps == 0);
    if (v->plaintext_after != NONE) {
        WANT(w->caps == 0 && (w->refused == 1 || failed));
        WANT(sent_only(w, "EHLO ", "STARTTLS\r\n", "QUIT\r\n"));
    } else if (strcmp(v->kind, "starttls-resp-inj") == 0 &&
               strcmp(v->expect, "fail-closed") == 0) {
        WANT(w->caps == 0 && w->closed == MAILPROTO_ERR_TLS_INJECTION);
        WANT(sent_only(w, "EHLO ", "STARTTLS\r\n", "EHLO "));
    } else if (strcmp(v->expect, "fail-closed") == 0) {
        WANT(w->caps == 0 && failed && sent_only(w, "EHLO ", "EHLO ", "EHLO "));
    } else if (v->next != NULL) {
        const char *tls = strstr(text_string(&w->drive.out), "STARTTLS\r\n");
        WANT(w->tls == 1 && tls != NULL && strncmp(tls + 10, v->next, 4) == 0);
        WANT(!mailproto_session_has_cap(w->drive.session, MAILPROTO_SMTP_CAP_AUTH));
        WANT(!mailproto_session_has_cap(w->drive.session, MAILPROTO_SMTP_CAP_STARTTLS));
        WANT(!says(text_string(&w->drive.out), "AUTH"));
    } else if (v->send != NULL) {
        WANT(w->auth_data == 0);
        WANT(says(text_string(&w->drive.out), "AUTH CRAM-MD5\r\n*\r\n"));
    } else if (strcmp(v->expect, "reject") == 0) {
        WANT(w->caps == 0 && w->greetings == 0 && failed);
    } else {
        WANT(strcmp(v->expect, "limit") == 0);
    }
}

static void client_options(const struct vector *v, mailproto_smtp_client_options *o)
{
    memset(o, 0, sizeof *o);
    o->struct_size = sizeof *o;
    o->tls = says(v->setup, "require_tls=1") ? MAILPROTO_SMTP_TLS_REQUIRED
                                             : MAILPROTO_SMTP_TLS_NONE;
    o->flags =
        says(v->setup, "auth CRAM-MD5") ? MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR : 0;
    o->max_reply = v->max_bytes != NONE ? (uint32_t)v->max_bytes : 0;
}

static void prepare_client(const struct vector *v, struct watched_client *w,
                           struct chunk c)
{
    mailproto_smtp_client_options o;

    client_options(v, &o);
    watch_client_open(w, &o, c);
    w->eager = says(v->setup, "require_tls=1");
    w->start_tls = says(v->setup, "then TLS ok");
    w->mechanism = says(v->setup, "auth CRAM-MD5") ? "CRAM-MD5" : NULL;
}

static void run_client(const struct vector *v)
{
    struct text first = {NULL, 0, 0};
    struct watched_client client;
    struct watched_client *w = &client;
    struct chunk c;
    unsigned n;

    for (n = 0; vector_plan(v, n, &c); n++) {
        prepare_client(v, w, c);
        give_input(&w->drive, v, 0);
        judge_client(v, w);
        (void)drive_log(&w->drive);
        if (n == 0) {
            text_add(&first, text_string(&w->drive.log), w->drive.log.len);
        } else if (strcmp(text_string(&first), text_string(&w->drive.log)) != 0) {
            print_error("%s: another trace, %s:\n%s\ninstead of\n%s\n", v->id,
                        chunk_name(&c), text_string(&w->drive.log),
                        text_string(&first));
            fail();
        }
        watch_client_close(w);
    }
    text_free(&first);
}

static void run_client_generated(const struct vector *v)
{
    struct watched_client client;
    struct watched_client *w = &client;

    prepare_client(v, w, vector_chunk(CHUNK_WHOLE, 0, 0));
    give_generated(&w->drive, v);
    WANT(w->closed == MAILPROTO_ERR_LINE_LIMIT && w->caps == 0);
    WANT(w->drive.given <= (uint64_t)v->max_bytes + 65536);
    {
        mailproto_error e;
        memset(&e, 0, sizeof e);
        e.struct_size = sizeof e;
        mailproto_session_get_error(w->drive.session, &e);
        WANT(e.offset <= (uint64_t)v->max_bytes);
    }
    watch_client_close(w);
}

/* ---- one vector ------------------------------------------------------------------------------ */

static void run_vector(void **state)
{
    const struct vector *v = *state;

    if (strcmp(v->role, "server") == 0) {
        run_server(v);
        if (v->gen_count != 0) {
            run_server_generated(v);
        }
    } else {
        run_client(v);
        if (v->gen_count != 0) {
            run_client_generated(v);
        }
    }
}

/* ---- the security payloads -------------------------------------------------------------------- */

/* The sequence inside content ends it only where RFC 5321 says so. */
static void smuggling_streams(void **state)
{
    static const char envelope[] = "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\n"
                                   "RCPT TO:<b@s.example>\r\nDATA\r\n";
    static const size_t stops[] = {16, 41, 64, 70};
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("corpus/security/smtp_smuggling.jsonl", &why);
    unsigned count = 0;

    (void)state;
    if (j == NULL) {
        print_message("%s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        struct text stream = {NULL, 0, 0};
        size_t end = (size_t)jsonl_number(j, "data_end_offset", 0);
        struct chunk c;
        unsigned n;
        struct vector v;
        memset(&v, 0, sizeof v);
        assert_true(jsonl_bytes(j, "data_phase_stream_b64", &stream));
        text_add(&v.input, envelope, sizeof envelope - 1);
        text_add(&v.input, stream.data, stream.len);
        memcpy(v.stops, stops, sizeof stops);
        v.stop_count = 4;
        for (n = 0; vector_plan(&v, n, &c); n++) {
            mailproto_smtp_server_options o;
            struct watch w;
            unsigned behind;
            watch_options(&o);
            watch_open(&w, &o, c);
            /* up to the one true end: all of it content, and then it is over */
            v.input.len = sizeof envelope - 1 + end;
            give_input(&w.drive, &v, 0);
            assert_int_equal(w.mails, 1);
            assert_int_equal(w.messages + w.aborted, 1);
            assert_true(watch_replies(&w) == 6);
            /* what is behind it is commands, and no message */
            behind = w.commands;
            (void)drive_give(&w.drive, stream.data + end, stream.len - end);
            drive_settle(&w.drive);
            assert_true(stream.len == end || w.commands > behind);
            assert_int_equal(w.messages + w.aborted <= 2, 1);
            watch_close(&w);
        }
        v.input.len = sizeof envelope - 1 + stream.len;
        text_free(&v.input);
        text_free(&stream);
        count++;
    }
    jsonl_close(j);
    text_free(&why);
    assert_int_equal(count, 10);
}

static void injected_before_tls(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("corpus/security/starttls_injection.jsonl", &why);
    unsigned count = 0;

    (void)state;
    if (j == NULL) {
        print_message("%s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        mailproto_smtp_server_options o;
        struct text input = {NULL, 0, 0};
        struct watch w;
        const char *behind;
        if (strcmp(jsonl_text(j, "proto"), "smtp") != 0) {
            continue;
        }
        count++;
        assert_true(jsonl_bytes(j, "plaintext_segment_b64", &input));
        behind = strchr(text_string(&input), '\n') + 1;
        watch_options(&o);
        watch_open(&w, &o, vector_chunk(CHUNK_WHOLE, 0, 0));
        (void)drive_give(&w.drive, "", 0);
        drive_settle(&w.drive);
        (void)drive_give(&w.drive, input.data, (size_t)(behind - input.data));
        drive_settle(&w.drive);
        (void)drive_give(&w.drive, behind, input.len - (size_t)(behind - input.data));
        drive_settle(&w.drive);
        assert_int_equal(w.tls_commands, 0);
        assert_int_equal(w.closed, MAILPROTO_ERR_TLS_INJECTION);
        watch_close(&w);
        text_free(&input);
    }
    jsonl_close(j);
    text_free(&why);
    assert_int_equal(count, 1);
}

/* ---- all of them --------------------------------------------------------------------------------- */

static const struct CMUnitTest others[] = {
    cmocka_unit_test(smuggling_streams),
    cmocka_unit_test(injected_before_tls),
};
enum { OTHERS = sizeof others / sizeof others[0], VECTORS_MAX = 400 };

/* All but those of BDAT, which is not built, and those about what we send
 * (test_smtp_attacks_sent.c). */
static int wanted(const struct vector *v)
{
    return strcmp(v->kind, "bdat") != 0 && strcmp(v->kind, "crlf-inject") != 0 &&
           strcmp(v->kind, "smtp-smuggling-out") != 0;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[VECTORS_MAX + OTHERS];
    static struct vector *vectors[VECTORS_MAX];
    struct text why = {NULL, 0, 0};
    size_t count = vectors_load(vectors, VECTORS_MAX, "smtp", wanted, &why);
    size_t chosen = 0;
    size_t i;
    int failed;

    if (count == 0) {
        printf("skipped: %s\n", text_string(&why));
        text_free(&why);
        return 77;
    }
    for (i = 0; i < count; i++) {
        if (argc < 2 || strstr(vectors[i]->id, argv[1]) != NULL) {
            tests[chosen].name = vectors[i]->id;
            tests[chosen].test_func = run_vector;
            tests[chosen++].initial_state = vectors[i];
        }
    }
    for (i = 0; i < OTHERS; i++) {
        tests[chosen++] = others[i];
    }
    failed = _cmocka_run_group_tests("smtp attacks", tests, chosen, NULL, NULL);
    printf("%u vectors, %u of them decided otherwise (docs/attacks.md)\n",
           (unsigned)count, (unsigned)(sizeof otherwise / sizeof otherwise[0]));
    for (i = 0; i < count; i++) {
        vector_free(vectors[i]);
    }
    text_free(&why);
    return failed;
}
