/*
 * No secret in any trace of an IMAP server: AUTHENTICATE with every mechanism, by a client
 * of bytes, and LOGIN in every form, taken, refused and malformed; with the line cut
 * anywhere. What they say is traced as CREDENTIAL, and no word of it as anything else;
 * nor is a secret in the text of an event.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap_server.h>

#include "exchange.h"
#include "silence.h"
#include "text.h"

static const char *const mechanisms[] = {
    "PLAIN",       "LOGIN",       "EXTERNAL",           "ANONYMOUS",
    "CRAM-MD5",    "SCRAM-SHA-1", "SCRAM-SHA-256",      "SCRAM-SHA-1-PLUS",
    "OAUTHBEARER", "XOAUTH2",     "SCRAM-SHA-256-PLUS",
};
enum { MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };

#define SECRET "Wonderland-of-secrets"
#define NO_SECRET "Looking-glass-secrets"
#define NAME "alice.in.it"
#define BINDING "this connection"

enum { KINDS = 5 };

/* ---- the server ------------------------------------------------------------------------ */

struct run {
    mailproto_imap_server *server;
    mailproto_session *s;
    mailproto_sasl_options options;
    struct side sasl;
    mailproto_trace hook;
    struct text traced[KINDS]; /* by MAILPROTO_TRACE_... */
    struct text events;        /* texts of events that are not the exchange's */
    struct text out;           /* what it said since it was last looked at */
    int result;                /* of an exchange: 1, 0; -1: none */
    int logins;                /* how often LOGIN was asked about */
    size_t piece;              /* octets fed at a time; 0: all */
    size_t split;              /* of the first line that follows, if not 0: cut here */
};

static void trace(void *ctx, uint32_t kind, const void *data, size_t len)
{
    struct run *r = ctx;
    assert_in_range(kind, MAILPROTO_TRACE_COMMAND, MAILPROTO_TRACE_CONTENT);
    text_add(&r->traced[kind], data, len);
}

static mailproto_status verdict_on(const mailproto_sasl_need_info *i)
{
    int right = 1;
    if (i->need == MAILPROTO_SASL_NEED_VERIFY) {
        right = mailproto_sasl_equal(i->password, str(SECRET));
    } else if (i->need == MAILPROTO_SASL_NEED_TOKEN) {
        right = mailproto_sasl_equal(i->token, str(SECRET));
    }
    return right ? MAILPROTO_OK : MAILPROTO_ERR_AUTH;
}

static void drive(struct run *r, const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(r->sasl.x, r->s, ev);
    while (st == MAILPROTO_AGAIN || st == MAILPROTO_YOUR_TURN) {
        if (st == MAILPROTO_YOUR_TURN) {
            mailproto_sasl_need_info i;
            memset(&i, 0, sizeof i);
            i.struct_size = sizeof i;
            assert_int_equal(mailproto_sasl_need(r->sasl.x, &i), MAILPROTO_OK);
            assert_int_equal(mailproto_sasl_answer(r->sasl.x, verdict_on(&i), SECRET,
                                                   strlen(SECRET)),
                             MAILPROTO_OK);
        }
        st = mailproto_sasl_drive(r->sasl.x, r->s, NULL);
    }
    if (st == MAILPROTO_EOF) {
        r->result = (int)ev->number;
        side_close(&r->sasl);
    } else {
        assert_int_equal(st, MAILPROTO_OK);
    }
}

static void start_tls(struct run *r)
{
    mailproto_tls_info tls;
    memset(&tls, 0, sizeof tls);
    tls.struct_size = sizeof tls;
    tls.binding_type = MAILPROTO_BINDING_EXPORTER;
    tls.binding = str(BINDING);
    assert_int_equal(mailproto_session_tls_started(r->s, &tls), MAILPROTO_OK);
}

/* The name and the password of LOGIN, whatever form they came in. */
static void log_in(struct run *r, const mailproto_event *ev)
{
    char name[64], password[64];
    mailproto_imap_command c;
    mailproto_bytes n, p;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    assert_int_equal(mailproto_imap_event_command(ev, &c), MAILPROTO_OK);
    assert_int_equal(c.command, MAILPROTO_IMAP_LOGIN);
    assert_int_equal(mailproto_imap_string_get(&c.name, name, sizeof name, &n),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_string_get(&c.text, password, sizeof password, &p),
                     MAILPROTO_OK);
    expect_span(n, NAME);
    r->logins++;
    assert_int_equal(mailproto_imap_server_complete(r->server, ev->tag,
                                                    mailproto_sasl_equal(p, str(SECRET))
                                                        ? MAILPROTO_IMAP_OK
                                                        : MAILPROTO_IMAP_NO,
                                                    NULL, str("")),
                     MAILPROTO_OK);
}

static void on_event(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        r->options.mechanism = ev->text;
        r->options.binding_type = MAILPROTO_BINDING_EXPORTER;
        r->options.binding = str(BINDING);
        side_open(&r->sasl, &r->options);
    }
    if (r->sasl.x != NULL &&
        (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA ||
         ev->type == MAILPROTO_EV_AUTH_RESULT)) {
        drive(r, ev);
        return;
    }
    text_add(&r->events, ev->text.ptr, ev->text.len);
    text_add(&r->events, "\n", 1);
    if (ev->type == MAILPROTO_EV_TLS_GO) {
        start_tls(r);
    } else if (ev->type == MAILPROTO_EV_IMAP_COMMAND &&
               ev->number == MAILPROTO_IMAP_LOGIN) {
        log_in(r, ev);
    } else if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
        assert_int_equal(mailproto_imap_server_accept(r->server, ev->tag),
                         MAILPROTO_OK);
    }
}

/* All events, and all that is to be sent. */
static void settle(struct run *r)
{
    mailproto_event ev;
    size_t len = 1;
    while (len > 0) {
        const char *data;
        while (mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
            on_event(r, &ev);
        }
        data = mailproto_session_output(r->s, &len);
        text_add(&r->out, data, len);
        assert_int_equal(mailproto_session_output_sent(r->s, len), MAILPROTO_OK);
    }
}

/* Feeds a line, in pieces or with one cut; what it says then is in r->out. */
static void say(struct run *r, const char *data, size_t len)
{
    size_t at = 0;
    text_free(&r->out);
    while (at < len) {
        size_t n = r->piece > 0 && r->piece < len - at ? r->piece : len - at;
        size_t used = 0;
        if (at < r->split && r->split < at + n) {
            n = r->split - at;
        }
        if (mailproto_session_feed(r->s, data + at, n, &used) < 0) {
            break; /* it has hung up */
        }
        at += used;
        settle(r);
    }
}

static void say_text(struct run *r, const char *text)
{
    say(r, text, strlen(text));
}

static void open_run(struct run *r, const char *offered, size_t piece, size_t split)
{
    mailproto_imap_server_options o;
    memset(r, 0, sizeof *r);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = (uint64_t)1 << MAILPROTO_IMAP_CAP_REV1 |
             (uint64_t)1 << MAILPROTO_IMAP_CAP_SASL_IR |
             (uint64_t)1 << MAILPROTO_IMAP_CAP_STARTTLS |
             (uint64_t)1 << MAILPROTO_IMAP_CAP_LITERAL_PLUS;
    o.auth_mechanisms = str(offered);
    r->hook.struct_size = sizeof r->hook;
    r->hook.fn = trace;
    r->hook.ctx = r;
    o.trace = &r->hook;
    r->result = -1;
    r->options = options_for(MAILPROTO_SASL_SERVER, "");
    r->options.nonce = str("random octets of the server");
    r->options.salt_key = str("a secret of the server");
    r->options.iterations = 3;
    assert_int_equal(mailproto_imap_server_new(&o, &r->server), MAILPROTO_OK);
    r->s = mailproto_imap_server_session(r->server);
    settle(r);
    r->piece = piece;
    r->split = split;
}

static void close_run(struct run *r)
{
    size_t i;
    side_close(&r->sasl);
    mailproto_imap_server_free(r->server);
    for (i = 0; i < KINDS; ++i) {
        text_free(&r->traced[i]);
    }
    text_free(&r->events);
    text_free(&r->out);
}

static void expect_silent(struct run *r)
{
    struct text *heard[KINDS];
    int kind;
    heard[0] = &r->events;
    for (kind = 1; kind < KINDS; ++kind) {
        heard[kind] = &r->traced[kind];
    }
    for (kind = 0; kind < KINDS; ++kind) {
        if (kind != MAILPROTO_TRACE_CREDENTIAL) {
            expect_no_form(text_string(heard[kind]), SECRET);
            expect_no_form(text_string(heard[kind]), NO_SECRET);
        }
    }
    assert_int_equal(r->traced[MAILPROTO_TRACE_CONTENT].len, 0);
}

/* ---- AUTHENTICATE ---------------------------------------------------------------------- */

static void add_base64(struct text *t, const void *data, size_t len)
{
    char coded[1024];
    mailproto_codec codec;
    size_t used = 0, got = 0;
    (void)mailproto_encoder_init(&codec, MAILPROTO_ENCODING_BASE64, 0);
    assert_int_equal(mailproto_codec_run(&codec, data, len, &used, coded, sizeof coded,
                                         &got, MAILPROTO_CODEC_FINAL),
                     MAILPROTO_OK);
    text_add(t, coded, got);
}

/* The client's next response, in base64. */
static void add_response(struct text *t, mailproto_sasl *client)
{
    char data[512];
    mailproto_sasl_state state = finish(client);
    if (state.state == MAILPROTO_SASL_CONTINUE) {
        add_base64(t, data, take_response(client, sizeof data, data));
    } else {
        assert_int_equal(state.state, MAILPROTO_SASL_DONE);
    }
}

/* A challenge's octets, to the client; an empty one asks for what it has already. */
static void take_challenge(struct run *r, mailproto_sasl *client, int is_first)
{
    char data[512];
    const char *line = text_string(&r->out);
    mailproto_codec codec;
    size_t used = 0, got = 0, len = strcspn(line + 2, "\r\n");
    (void)mailproto_decoder_init(&codec, MAILPROTO_ENCODING_BASE64,
                                 MAILPROTO_CODEC_STRICT);
    assert_int_equal(mailproto_codec_run(&codec, line + 2, len, &used, data,
                                         sizeof data, &got, MAILPROTO_CODEC_FINAL),
                     MAILPROTO_OK);
    if (!is_first || got > 0) {
        give(client, data, got);
    }
}

/* The longest line that was said. */
static size_t exchange(struct run *r, const char *mechanism, const char *secret,
                       int initial)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, mechanism);
    struct side client;
    struct text line, said;
    size_t longest = 0;
    int rounds = 0;
    memset(&line, 0, sizeof line);
    memset(&said, 0, sizeof said);
    o.name = str(strcmp(mechanism, "EXTERNAL") == 0 ? "" : NAME);
    o.password = str(secret);
    o.nonce = str("random octets of the client");
    o.min_iterations = 1;
    if (strstr(mechanism, "-PLUS") != NULL) {
        o.binding_type = MAILPROTO_BINDING_EXPORTER;
        o.binding = str(BINDING);
    }
    side_open(&client, &o);
    initial = initial && step(client.x).state == MAILPROTO_SASL_CONTINUE;
    text_print(&line, "b AUTHENTICATE %s", mechanism);
    if (initial) {
        text_add(&line, " ", 1);
        add_response(&said, client.x);
        text_add(&line, said.len > 0 ? said.data : "=", said.len > 0 ? said.len : 1);
    }
    text_add(&line, "\r\n", 2);
    longest = line.len;
    say(r, line.data, line.len);
    while (strncmp(text_string(&r->out), "+ ", 2) == 0) {
        assert_in_range(++rounds, 1, 8);
        take_challenge(r, client.x, rounds == 1 && !initial);
        text_free(&line);
        add_response(&line, client.x);
        text_add(&said, " ", 1);
        text_add(&said, line.data, line.len);
        text_add(&line, "\r\n", 2);
        longest = line.len > longest ? line.len : longest;
        say(r, line.data, line.len);
    }
    assert_non_null(strstr(text_string(&r->out), "b "));
    expect_no_word(text_string(&r->traced[MAILPROTO_TRACE_COMMAND]),
                   text_string(&said));
    expect_no_word(text_string(&r->traced[MAILPROTO_TRACE_REPLY]), text_string(&said));
    expect_no_word(text_string(&r->events), text_string(&said));
    side_close(&client);
    text_free(&line);
    text_free(&said);
    return longest;
}

static size_t authenticate(const char *mechanism, int wrong, int initial, size_t piece,
                           size_t split)
{
    struct run r;
    int has_secret =
        strcmp(mechanism, "EXTERNAL") != 0 && strcmp(mechanism, "ANONYMOUS") != 0;
    const char *commands;
    size_t longest;
    open_run(&r, mechanism, piece, 0);
    say_text(&r, "a STARTTLS\r\n");
    r.split = split;
    longest = exchange(&r, mechanism, wrong ? NO_SECRET : SECRET, initial);
    assert_int_equal(r.result, !(wrong && has_secret));
    /* What comes late, or once more, behind a refusal, is no command to be shown. */
    if (r.result == 0) {
        say_text(&r, NO_SECRET "\r\n");
        say_text(&r, SECRET "\r\n");
    }
    expect_silent(&r);
    /* Challenges too; and that there was an exchange may be told. */
    expect_no_word(text_string(&r.traced[MAILPROTO_TRACE_REPLY]),
                   text_string(&r.traced[MAILPROTO_TRACE_CREDENTIAL]));
    commands = text_string(&r.traced[MAILPROTO_TRACE_COMMAND]);
    assert_non_null(strstr(commands, "b AUTHENTICATE"));
    assert_non_null(strstr(commands, mechanism));
    assert_in_range(r.traced[MAILPROTO_TRACE_CREDENTIAL].len, 2, 4000);
    close_run(&r);
    return longest;
}

static void no_secret_of_authenticate(void **state)
{
    static const size_t pieces[] = {0, 1, 7};
    size_t i, k;
    int wrong, initial;
    (void)state;
    for (i = 0; i < MECHANISMS; ++i) {
        for (wrong = 0; wrong < 2; ++wrong) {
            for (initial = 0; initial < 2; ++initial) {
                for (k = 0; k < sizeof pieces / sizeof pieces[0]; ++k) {
                    (void)authenticate(mechanisms[i], wrong, initial, pieces[k], 0);
                }
            }
        }
    }
}

/* Every line cut at each place once. */
static void authenticate_at_every_split(void **state)
{
    size_t i;
    int initial;
    (void)state;
    for (i = 0; i < MECHANISMS; ++i) {
        for (initial = 0; initial < 2; ++initial) {
            size_t longest = 2;
            size_t split;
            for (split = 1; split < longest; ++split) {
                longest = authenticate(mechanisms[i], 0, initial, 0, split);
            }
        }
    }
}

/* ---- LOGIN ------------------------------------------------------------------------------- */

static const struct {
    const char *lines;
    int asked; /* the application is */
    int tls;
} logins[] = {
    {"b LOGIN " NAME " " SECRET "\r\n", 1, 1},
    {"b LOGIN " NAME " " NO_SECRET "\r\n", 1, 1},
    {"b login \"" NAME "\" \"" SECRET "\"\r\n", 1, 1},
    {"b LOGIN {11}\r\n" NAME " {21}\r\n" SECRET "\r\n", 1, 1},
    {"b LOGIN {11+}\r\n" NAME " {21+}\r\n" SECRET "\r\n", 1, 1},
    {"b LOGIN {11+}\r\n" NAME " \"" SECRET "\"\r\n", 1, 1},
    {"b LOGIN " NAME " {21}\r\n" NO_SECRET "\r\n", 1, 1},
    /* Malformed. */
    {"b LOGIN " NAME " " SECRET " " NO_SECRET "\r\n", 0, 1},
    {"b LOGIN " NAME " \"" SECRET "\r\n", 0, 1},
    {"b LOGIN " NAME "  " SECRET "\r\n", 0, 1},
    {"b LOGIN " SECRET "\r\n", 0, 1},
    {"b LOGIN (" NAME " " SECRET ")\r\n", 0, 1},
    {"b LOGIN " NAME " {21+}\r\n" SECRET NO_SECRET "\r\n", 0, 1},
    {"b LOGIN " NAME " {99999+}\r\n" SECRET "\r\n", 0, 1},
    {"b LOGIN\t" NAME " " SECRET "\r\n", 0, 1},
    {"b LOGINX " NAME " " SECRET "\r\n", 0, 1},
    {"LOGIN " NAME " " SECRET "\r\n", 0, 1},
    {SECRET "\r\n", 0, 1},
    {NAME " " SECRET "\r\n", 0, 1},
    /* Refused, for it is in the clear. */
    {"b LOGIN " NAME " " SECRET "\r\n", 0, 0},
    {"b LOGIN {11+}\r\n" NAME " {21+}\r\n" SECRET "\r\n", 0, 0},
    {"b AUTHENTICATE PLAIN AGFsaWNlAFdvbmRlcmxhbmQtb2Ytc2VjcmV0cw==\r\n", 0, 0},
    {"b AUTHENTICATE NONE AGFsaWNlAFdvbmRlcmxhbmQtb2Ytc2VjcmV0cw==\r\n", 0, 1},
};
enum { LOGINS = sizeof logins / sizeof logins[0] };

static void login(size_t i, size_t piece, size_t split)
{
    struct run r;
    open_run(&r, "PLAIN", piece, 0);
    if (logins[i].tls) {
        say_text(&r, "a STARTTLS\r\n");
    }
    r.split = split;
    say_text(&r, logins[i].lines);
    r.split = 0;
    assert_int_equal(r.logins, logins[i].asked);
    expect_silent(&r);
    if (logins[i].asked) { /* all of it is there for who may see it */
        const char *all = text_string(&r.traced[MAILPROTO_TRACE_CREDENTIAL]);
        assert_true(strstr(all, SECRET) != NULL || strstr(all, NO_SECRET) != NULL);
        assert_non_null(strstr(text_string(&r.traced[MAILPROTO_TRACE_COMMAND]), "b "));
    }
    close_run(&r);
}

static void no_secret_of_login(void **state)
{
    size_t i, split;
    (void)state;
    for (i = 0; i < LOGINS; ++i) {
        login(i, 0, 0);
        login(i, 1, 0);
        login(i, 7, 0);
        for (split = 1; split < strlen(logins[i].lines); ++split) {
            login(i, 0, split);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_secret_of_authenticate),
        cmocka_unit_test(authenticate_at_every_split),
        cmocka_unit_test(no_secret_of_login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
