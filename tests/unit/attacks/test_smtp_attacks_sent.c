/*
 * The published attack vectors for SMTP ($MAILPROTO_DATA/attacks/attacks.jsonl) that an
 * application's own data may carry: nothing it gives to the client's verbs may become more
 * than it is. docs/attacks.md says how each verdict is judged.
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

enum { VECTORS_MAX = 400 };

static int says(const char *text, const char *what)
{
    return text != NULL && strstr(text, what) != NULL;
}

#define WANT(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            print_error("%s: %s (line %d)\n%s\n", v->id, #condition, __LINE__,         \
                        drive_log(&w->drive));                                         \
            fail();                                                                    \
        }                                                                              \
    } while (0)

/* ---- a client that is ready ------------------------------------------------------------ */

/* A client behind CAPS; what was sent so far is forgotten. */
static void open_ready(struct watched_client *w, uint32_t line_ends, struct chunk c)
{
    mailproto_smtp_client_options o;
    static const char hello[] = "250-s.example\r\n250-PIPELINING\r\n250-SIZE\r\n"
                                "250-8BITMIME\r\n250-DSN\r\n250 AUTH PLAIN\r\n";

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    o.line_ends = line_ends;
    watch_client_open(w, &o, c);
    (void)drive_give(&w->drive, "220 s.example\r\n", 15);
    drive_settle(&w->drive);
    (void)drive_give(&w->drive, hello, sizeof hello - 1);
    drive_settle(&w->drive);
    assert_int_equal(w->caps, 1);
    w->drive.out.len = 0;
}

/* The verb that `setup` names, with `input` as its value. */
static mailproto_status call_builder(struct watched_client *w, const char *setup,
                                     mailproto_bytes input)
{
    mailproto_smtp_mail_params mail;
    mailproto_smtp_rcpt_params rcpt;
    struct text param = {NULL, 0, 0};
    mailproto_status st;

    memset(&mail, 0, sizeof mail);
    mail.struct_size = sizeof mail;
    memset(&rcpt, 0, sizeof rcpt);
    rcpt.struct_size = sizeof rcpt;
    if (says(setup, "smtp.mail(addr=input)")) {
        return mailproto_smtp_client_mail(w->client, 1, input, NULL);
    }
    if (says(setup, "smtp.mail(param AUTH=input)")) {
        mail.flags = MAILPROTO_SMTP_MAIL_HAS_AUTH;
        mail.auth = input;
        return mailproto_smtp_client_mail(w->client, 1, watch_bytes("a@b.example"),
                                          &mail);
    }
    if (says(setup, "smtp.mail(param SIZE=input)")) {
        text_print(&param, "SIZE=");
        text_add(&param, input.ptr, input.len);
        mail.extra.ptr = param.data;
        mail.extra.len = param.len;
        st =
            mailproto_smtp_client_mail(w->client, 1, watch_bytes("a@b.example"), &mail);
        text_free(&param);
        return st;
    }
    st = mailproto_smtp_client_mail(w->client, 1, watch_bytes("a@b.example"), NULL);
    assert_int_equal(st, MAILPROTO_OK);
    drive_settle(&w->drive);
    w->drive.out.len = 0;
    if (says(setup, "smtp.rcpt(addr=input)")) {
        return mailproto_smtp_client_rcpt(w->client, 2, input, NULL);
    }
    assert_true(says(setup, "smtp.rcpt(param ORCPT=input)"));
    text_print(&param, "ORCPT=");
    text_add(&param, input.ptr, input.len);
    rcpt.extra.ptr = param.data;
    rcpt.extra.len = param.len;
    st = mailproto_smtp_client_rcpt(w->client, 2, watch_bytes("c@d.example"), &rcpt);
    text_free(&param);
    return st;
}

static void run_injection(const struct vector *v)
{
    struct watched_client client;
    struct watched_client *w = &client;
    mailproto_bytes input;
    mailproto_status st;

    input.ptr = v->input.data;
    input.len = v->input.len;
    open_ready(w, 0, vector_chunk(CHUNK_WHOLE, 0, 0));
    st = call_builder(w, v->setup, input);
    drive_settle(&w->drive);
    if (st != MAILPROTO_OK) {
        WANT(v->may_refuse && w->drive.out.len == 0);
        WANT(st == MAILPROTO_ERR_ARGUMENT || st == MAILPROTO_ERR_NOT_OFFERED);
    } else { /* one line, and it holds the value as xtext: only `+0A` for what is odd */
        const char *end = strstr(text_string(&w->drive.out), "\r\n");
        WANT(end != NULL && (size_t)(end - w->drive.out.data) + 2 == w->drive.out.len);
        WANT(memchr(w->drive.out.data, '\n', w->drive.out.len) == end + 1);
        WANT(says(v->setup, "AUTH="));
    }
    watch_client_close(w);
}

/* Counts of what must and must not be on the wire. */
struct wire {
    unsigned ends, bare_cr, bare_lf, nul;
    int ends_last; /* the only end is the last thing */
};

static struct wire look_at_wire(const struct text *out)
{
    struct wire wire;
    size_t i;

    memset(&wire, 0, sizeof wire);
    for (i = 0; i < out->len; i++) {
        char before = i != 0 ? out->data[i - 1] : '\0';
        char after = i + 1 < out->len ? out->data[i + 1] : '\0';
        wire.bare_cr += out->data[i] == '\r' && after != '\n';
        wire.bare_lf += out->data[i] == '\n' && before != '\r';
        wire.nul += out->data[i] == '\0';
        if (out->data[i] == '.' && out->len - i >= 3 &&
            memcmp(out->data + i, ".\r\n", 3) == 0 &&
            (i == 0 || (i >= 2 && memcmp(out->data + i - 2, "\r\n", 2) == 0))) {
            wire.ends++;
            wire.ends_last = i + 3 == out->len;
        }
    }
    return wire;
}

/* Sends the content, cut as the plan says; the status that stopped it, or OK. */
static mailproto_status send_content(struct watched_client *w, const struct text *input)
{
    mailproto_status st = MAILPROTO_OK;
    size_t at = 0;

    while (at < input->len) {
        size_t used = 0;
        size_t len = chunk_size(&w->drive.chunk, at, input->len - at);
        st = mailproto_session_content(w->drive.session, input->data + at, len, &used);
        at += used;
        if (st < 0) {
            (void)mailproto_session_content_abort(w->drive.session);
            return st;
        }
        if (used < len) {
            drive_settle(&w->drive);
        }
    }
    while ((st = mailproto_session_content_end(w->drive.session)) == MAILPROTO_AGAIN) {
        drive_settle(&w->drive);
    }
    if (st < 0) {
        (void)mailproto_session_content_abort(w->drive.session);
    }
    return st;
}

static void judge_wire(const struct vector *v, struct watched_client *w,
                       mailproto_status st, uint32_t policy)
{
    struct wire wire;

    drive_settle(&w->drive);
    wire = look_at_wire(&w->drive.out);
    if (st != MAILPROTO_OK) {
        WANT(st == MAILPROTO_ERR_BARE_LINE_END || st == MAILPROTO_ERR_NUL);
        WANT(v->may_refuse && wire.ends == 0 && w->drive.over);
        return;
    }
    WANT(policy != MAILPROTO_LINE_ENDS_REFUSE || st == MAILPROTO_OK);
    WANT(wire.ends == (unsigned)v->eod_count && wire.ends_last);
    WANT(wire.bare_cr == 0 && wire.bare_lf == 0 && wire.nul == 0);
    WANT(w->drive.out.len >= v->wire_prefix.len &&
         (v->wire_prefix.len == 0 ||
          memcmp(w->drive.out.data, v->wire_prefix.data, v->wire_prefix.len) == 0));
}

static void run_smuggling_out(const struct vector *v)
{
    static const uint32_t policies[] = {MAILPROTO_LINE_ENDS_DEFAULT,
                                        MAILPROTO_LINE_ENDS_REFUSE};
    struct watched_client client;
    struct watched_client *w = &client;
    struct text first;
    struct chunk c;
    unsigned i;
    unsigned n;

    for (i = 0; i < 2; i++) {
        memset(&first, 0, sizeof first);
        for (n = 0; vector_plan(v, n, &c); n++) {
            static const char yes[] = "250 ok\r\n250 ok\r\n354 go\r\n";
            mailproto_status st;
            open_ready(w, policies[i], c);
            (void)mailproto_smtp_client_mail(w->client, 1, watch_bytes("a@c.example"),
                                             NULL);
            (void)mailproto_smtp_client_rcpt(w->client, 2, watch_bytes("b@s.example"),
                                             NULL);
            (void)mailproto_smtp_client_data(w->client, 3);
            drive_settle(&w->drive);
            (void)drive_give(&w->drive, yes, sizeof yes - 1);
            drive_settle(&w->drive);
            assert_int_equal(w->wanted, 1);
            w->drive.out.len = 0;
            st = send_content(w, &v->input);
            judge_wire(v, w, st, policies[i]);
            if (n == 0) {
                text_add(&first, w->drive.out.data, w->drive.out.len);
            } else if (st == MAILPROTO_OK) {
                WANT(first.len == w->drive.out.len &&
                     memcmp(first.data, w->drive.out.data, first.len) == 0);
            }
            watch_client_close(w);
        }
        text_free(&first);
    }
}

static void injected_values(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("corpus/security/crlf_injection.jsonl", &why);
    unsigned count = 0;

    (void)state;
    if (j == NULL) {
        print_message("%s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        struct text value = {NULL, 0, 0};
        mailproto_bytes input;
        struct watched_client w;
        if (strcmp(jsonl_text(j, "proto"), "smtp") != 0) {
            continue;
        }
        assert_true(jsonl_bytes(j, "value_b64", &value));
        input.ptr = value.data;
        input.len = value.len;
        count++;
        if (strcmp(jsonl_text(j, "field"), "helo") == 0) {
            mailproto_smtp_client_options o;
            memset(&o, 0, sizeof o);
            o.struct_size = sizeof o;
            o.ehlo_name = input;
            assert_int_equal(mailproto_smtp_client_mem_size(&o), 0);
        } else {
            assert_string_equal(jsonl_text(j, "field"), "mailbox");
            open_ready(&w, 0, vector_chunk(CHUNK_WHOLE, 0, 0));
            assert_int_equal(call_builder(&w, "smtp.mail(addr=input)", input),
                             MAILPROTO_ERR_ARGUMENT);
            assert_int_equal(call_builder(&w, "smtp.rcpt(addr=input)", input),
                             MAILPROTO_ERR_ARGUMENT);
            drive_settle(&w.drive);
            assert_int_equal(w.drive.out.len, 0);
            watch_client_close(&w);
        }
        text_free(&value);
    }
    jsonl_close(j);
    text_free(&why);
    assert_true(count >= 3);
}

/* ---- all of them --------------------------------------------------------------------- */

static int wanted(const struct vector *v)
{
    return strcmp(v->kind, "crlf-inject") == 0 ||
           strcmp(v->kind, "smtp-smuggling-out") == 0;
}

static void run_vector(void **state)
{
    const struct vector *v = *state;

    if (strcmp(v->kind, "crlf-inject") == 0) {
        run_injection(v);
    } else {
        run_smuggling_out(v);
    }
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[VECTORS_MAX + 1];
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
    tests[chosen].name = "injected values";
    tests[chosen++].test_func = injected_values;
    failed = _cmocka_run_group_tests("smtp attacks, sent", tests, chosen, NULL, NULL);
    printf("%u vectors\n", (unsigned)count);
    for (i = 0; i < count; i++) {
        vector_free(vectors[i]);
    }
    text_free(&why);
    return failed;
}
