/*
 * No secret in any trace: every mechanism, by SMTP and by POP3, with right and with wrong
 * secrets, and with the line cut anywhere. All that an exchange says is traced as
 * CREDENTIAL, and no word of it as anything else, on either side; nor is a secret in an
 * event that is not the exchange's, or in an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/pop3.h>
#include <mailproto/sasl.h>
#include <mailproto/smtp.h>

#include "exchange.h"
#include "pair.h"
#include "silence.h"

static const char *const mechanisms[] = {
    "PLAIN",       "LOGIN",       "EXTERNAL",           "ANONYMOUS",
    "CRAM-MD5",    "SCRAM-SHA-1", "SCRAM-SHA-256",      "SCRAM-SHA-1-PLUS",
    "OAUTHBEARER", "XOAUTH2",     "SCRAM-SHA-256-PLUS",
};
enum { MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };

#define SECRET "Wonderland-of-secrets"
#define NO_SECRET "Looking-glass-secrets"
#define NAME "alice.in.it"

enum { KINDS = 5 };

/* One end of a session of either protocol. */
struct end {
    mailproto_sasl_options options;
    struct side sasl;
    mailproto_smtp_client *smtp_client;
    mailproto_smtp_server *smtp_server;
    mailproto_pop3_client *pop3_client;
    mailproto_pop3_server *pop3_server;
    mailproto_trace hook;
    struct text traced[KINDS]; /* by MAILPROTO_TRACE_... */
    struct text events;        /* texts of events that are not the exchange's */
    int result;                /* 1, 0; -1: none */
};

static void trace(void *ctx, uint32_t kind, const void *data, size_t len)
{
    struct end *e = ctx;
    assert_in_range(kind, MAILPROTO_TRACE_COMMAND, MAILPROTO_TRACE_CONTENT);
    text_add(&e->traced[kind], data, len);
}

static void drive(struct end *e, mailproto_session *s, const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(e->sasl.x, s, ev);
    while (st == MAILPROTO_AGAIN) {
        st = mailproto_sasl_drive(e->sasl.x, s, NULL);
    }
    if (st == MAILPROTO_YOUR_TURN) {
        mailproto_sasl_need_info i;
        mailproto_status verdict = MAILPROTO_OK;
        memset(&i, 0, sizeof i);
        i.struct_size = sizeof i;
        assert_int_equal(mailproto_sasl_need(e->sasl.x, &i), MAILPROTO_OK);
        if (i.need == MAILPROTO_SASL_NEED_VERIFY) {
            verdict = mailproto_sasl_equal(i.password, str(SECRET))
                          ? MAILPROTO_OK
                          : MAILPROTO_ERR_AUTH;
        } else if (i.need == MAILPROTO_SASL_NEED_TOKEN) {
            verdict = mailproto_sasl_equal(i.token, str(SECRET)) ? MAILPROTO_OK
                                                                 : MAILPROTO_ERR_AUTH;
        }
        assert_int_equal(
            mailproto_sasl_answer(e->sasl.x, verdict, SECRET, strlen(SECRET)),
            MAILPROTO_OK);
        drive(e, s, NULL);
        return;
    }
    if (st == MAILPROTO_EOF) {
        e->result = (int)ev->number;
        side_close(&e->sasl);
    } else if (st == MAILPROTO_NOT_READY) {
        text_add(&e->events, ev->text.ptr, ev->text.len);
    } else {
        assert_int_equal(st, MAILPROTO_OK);
    }
}

/* The binding of the connection, if it has one. */
static void bind_to(mailproto_sasl_options *o, mailproto_session *s)
{
    mailproto_tls_info tls;
    memset(&tls, 0, sizeof tls);
    tls.struct_size = sizeof tls;
    if (mailproto_session_tls_info(s, &tls) == MAILPROTO_OK) {
        o->binding_type = tls.binding_type;
        o->binding = tls.binding;
    }
}

static void quit(struct end *e)
{
    assert_int_equal(e->smtp_client != NULL
                         ? mailproto_smtp_client_quit(e->smtp_client, 2)
                         : mailproto_pop3_client_quit(e->pop3_client, 2),
                     MAILPROTO_OK);
}

static int client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct end *e = ctx;
    if (ev->type == MAILPROTO_EV_SMTP_CAPS || ev->type == MAILPROTO_EV_POP3_CAPS) {
        if (mailproto_sasl_flags(e->options.mechanism) & MAILPROTO_SASL_PLUS) {
            bind_to(&e->options, s);
        }
        side_open(&e->sasl, &e->options);
        assert_int_equal(mailproto_sasl_start(e->sasl.x, s, 1), MAILPROTO_OK);
    } else if (e->sasl.x != NULL) {
        drive(e, s, ev);
        if (e->sasl.x == NULL) {
            quit(e);
        }
    } else {
        text_add(&e->events, ev->text.ptr, ev->text.len);
    }
    return 0;
}

static int server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct end *e = ctx;
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        e->options.mechanism = ev->text;
        bind_to(&e->options, s);
        side_open(&e->sasl, &e->options);
    }
    if (e->sasl.x != NULL) {
        drive(e, s, ev);
        if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
            return 0;
        }
    } else {
        text_add(&e->events, ev->text.ptr, ev->text.len);
    }
    if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
        assert_int_equal(e->smtp_server != NULL
                             ? mailproto_smtp_server_accept(e->smtp_server, ev->tag)
                             : mailproto_pop3_server_accept(e->pop3_server, ev->tag),
                         MAILPROTO_OK);
    }
    return 0;
}

/* ---- both ends ------------------------------------------------------------------- */

struct run {
    struct end c, s;
    int is_pop3;
    uint32_t out_size; /* the client's; what does not fit goes in pieces */
    struct chunk chunk;
    uint64_t longest; /* octets that either side received, the more of both */
};

static void open_smtp(struct run *r, const char *mechanism)
{
    mailproto_smtp_client_options co;
    mailproto_smtp_server_options so;
    memset(&co, 0, sizeof co);
    memset(&so, 0, sizeof so);
    co.struct_size = sizeof co;
    co.out_size = r->out_size;
    co.trace = &r->c.hook;
    so.struct_size = sizeof so;
    so.caps = (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH |
              (uint64_t)1 << MAILPROTO_SMTP_CAP_STARTTLS;
    so.auth_mechanisms = str(mechanism);
    so.trace = &r->s.hook;
    assert_int_equal(mailproto_smtp_client_new(&co, &r->c.smtp_client), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_new(&so, &r->s.smtp_server), MAILPROTO_OK);
}

static void open_pop3(struct run *r, const char *mechanism)
{
    mailproto_pop3_client_options co;
    mailproto_pop3_server_options so;
    memset(&co, 0, sizeof co);
    memset(&so, 0, sizeof so);
    co.struct_size = sizeof co;
    co.out_size = r->out_size;
    co.trace = &r->c.hook;
    so.struct_size = sizeof so;
    so.caps = (uint64_t)1 << MAILPROTO_POP3_CAP_SASL | (uint64_t)1
                                                           << MAILPROTO_POP3_CAP_STLS;
    so.auth_mechanisms = str(mechanism);
    so.trace = &r->s.hook;
    assert_int_equal(mailproto_pop3_client_new(&co, &r->c.pop3_client), MAILPROTO_OK);
    assert_int_equal(mailproto_pop3_server_new(&so, &r->s.pop3_server), MAILPROTO_OK);
}

static void run_session(struct run *r, const char *mechanism, const char *secret)
{
    struct pair_end client, server;
    mailproto_tls_info tls;
    memset(&client, 0, sizeof client);
    memset(&server, 0, sizeof server);
    memset(&tls, 0, sizeof tls);
    r->c.result = r->s.result = -1;
    r->c.hook.struct_size = r->s.hook.struct_size = sizeof r->c.hook;
    r->c.hook.fn = r->s.hook.fn = trace;
    r->c.hook.ctx = &r->c;
    r->s.hook.ctx = &r->s;
    r->c.options = options_for(MAILPROTO_SASL_CLIENT, mechanism);
    r->s.options = options_for(MAILPROTO_SASL_SERVER, "");
    r->c.options.name = str(strcmp(mechanism, "EXTERNAL") == 0 ? "" : NAME);
    r->c.options.password = str(secret);
    r->c.options.nonce = str("random octets of the client");
    r->c.options.min_iterations = 1;
    r->s.options.nonce = str("random octets of the server");
    r->s.options.salt_key = str("a secret of the server");
    r->s.options.iterations = 3;
    tls.struct_size = sizeof tls;
    tls.binding_type = MAILPROTO_BINDING_EXPORTER;
    tls.binding = str("this connection");
    if (r->is_pop3) {
        open_pop3(r, mechanism);
        client.session = mailproto_pop3_client_session(r->c.pop3_client);
        server.session = mailproto_pop3_server_session(r->s.pop3_server);
    } else {
        open_smtp(r, mechanism);
        client.session = mailproto_smtp_client_session(r->c.smtp_client);
        server.session = mailproto_smtp_server_session(r->s.smtp_server);
    }
    client.ctx = &r->c;
    server.ctx = &r->s;
    client.event = client_event;
    server.event = server_event;
    client.tls = server.tls = &tls;
    client.chunk = server.chunk = r->chunk;
    assert_int_equal(pair_run(&client, &server), PAIR_DONE);
    {
        mailproto_error why;
        memset(&why, 0, sizeof why);
        why.struct_size = sizeof why;
        mailproto_session_get_error(client.session, &why);
        assert_int_equal(why.code, MAILPROTO_OK);
    }
    r->longest = client.received > server.received ? client.received : server.received;
    pair_end_free(&client);
    pair_end_free(&server);
    mailproto_smtp_client_free(r->c.smtp_client);
    mailproto_smtp_server_free(r->s.smtp_server);
    mailproto_pop3_client_free(r->c.pop3_client);
    mailproto_pop3_server_free(r->s.pop3_server);
}

static void end_free(struct end *e)
{
    size_t i;
    side_close(&e->sasl);
    for (i = 0; i < KINDS; ++i) {
        text_free(&e->traced[i]);
    }
    text_free(&e->events);
}

/* ---- what must not be there -------------------------------------------------------- */

/* Both heard the same, whoever counts the blank before it. */
static void expect_same_words(const char *a, const char *b)
{
    while (*a != 0 || *b != 0) {
        size_t len;
        a += strspn(a, " \r\n");
        b += strspn(b, " \r\n");
        len = strcspn(a, " \r\n");
        assert_int_equal(len, strcspn(b, " \r\n"));
        assert_memory_equal(a, b, len);
        a += len;
        b += len;
    }
}

static void expect_silent(struct run *r, const char *mechanism)
{
    struct end *ends[2];
    size_t i, side;
    int kind;
    ends[0] = &r->c;
    ends[1] = &r->s;
    for (side = 0; side < 2; ++side) {
        struct text *heard[KINDS];
        for (kind = 1; kind < KINDS; ++kind) {
            heard[kind] = &ends[side]->traced[kind];
        }
        heard[0] = &ends[side]->events;
        for (i = 0; i < KINDS; ++i) {
            const char *text = text_string(heard[i]);
            if (i == MAILPROTO_TRACE_CREDENTIAL) {
                continue;
            }
            expect_no_form(text, SECRET);
            expect_no_form(text, NO_SECRET);
            expect_no_word(text, text_string(&r->c.traced[MAILPROTO_TRACE_CREDENTIAL]));
            expect_no_word(text, text_string(&r->s.traced[MAILPROTO_TRACE_CREDENTIAL]));
        }
        /* It was looked at, and the mechanism may be told. */
        assert_non_null(strstr(
            text_string(&ends[side]->traced[MAILPROTO_TRACE_COMMAND]), mechanism));
        assert_in_range(ends[side]->traced[MAILPROTO_TRACE_CREDENTIAL].len, 2, 4000);
        assert_int_equal(ends[side]->traced[MAILPROTO_TRACE_CONTENT].len, 0);
    }
    expect_same_words(text_string(&r->c.traced[MAILPROTO_TRACE_CREDENTIAL]),
                      text_string(&r->s.traced[MAILPROTO_TRACE_CREDENTIAL]));
}

/* A session that is let in, or kept out, without a secret told. How many octets either
 * side received at most. */
static uint64_t watch(const char *mechanism, int wrong, int is_pop3, struct chunk chunk,
                      uint32_t out_size)
{
    struct run r;
    int has_secret =
        strcmp(mechanism, "EXTERNAL") != 0 && strcmp(mechanism, "ANONYMOUS") != 0;
    memset(&r, 0, sizeof r);
    r.is_pop3 = is_pop3;
    r.out_size = out_size;
    r.chunk = chunk;
    run_session(&r, mechanism, wrong ? NO_SECRET : SECRET);
    assert_int_equal(r.c.result, !(wrong && has_secret));
    assert_int_equal(r.s.result, r.c.result);
    expect_silent(&r, mechanism);
    end_free(&r.c);
    end_free(&r.s);
    return r.longest;
}

static void no_secret(void **state)
{
    static const struct chunk chunks[] = {
        {CHUNK_WHOLE, 0, 0, 0}, {CHUNK_EACH, 1, 0, 0},   {CHUNK_EACH, 7, 1, 0},
        {CHUNK_EACH, 1, 1, 0},  {CHUNK_RANDOM, 3, 0, 0},
    };
    size_t i, k;
    int wrong, is_pop3;
    (void)state;
    for (i = 0; i < MECHANISMS; ++i) {
        for (k = 0; k < sizeof chunks / sizeof chunks[0]; ++k) {
            for (wrong = 0; wrong < 2; ++wrong) {
                for (is_pop3 = 0; is_pop3 < 2; ++is_pop3) {
                    (void)watch(mechanisms[i], wrong, is_pop3, chunks[k],
                                k & 1 ? 128 : 0);
                }
            }
        }
    }
}

/* Each place where what comes may be cut once. */
static void at_every_split(void **state)
{
    size_t i;
    int is_pop3;
    (void)state;
    for (i = 0; i < MECHANISMS; ++i) {
        for (is_pop3 = 0; is_pop3 < 2; ++is_pop3) {
            struct chunk chunk;
            uint64_t longest = 2;
            memset(&chunk, 0, sizeof chunk);
            chunk.kind = CHUNK_SPLIT;
            for (chunk.value = 1; chunk.value < longest; ++chunk.value) {
                chunk.in_place = (int)(chunk.value & 1);
                longest = watch(mechanisms[i], 0, is_pop3, chunk, 0);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_secret),
                                       cmocka_unit_test(at_every_split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
