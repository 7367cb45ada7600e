/*
 * The driver: an SMTP client against an SMTP server in one process, with every
 * mechanism, right and wrong credentials, every way to cut the wire, small buffers,
 * answers that come at once or later; STARTTLS with its channel binding; servers that
 * lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include <mailproto/smtp.h>

#include "../sasl/exchange.h"
#include "../sasl/ladder.h"
#include "pair.h"

enum { TAG_AUTH = 7, TAG_QUIT = 8 };

struct setting {
    const char *mechanism;
    const char *authzid, *name, *password, *wrong;
};

static const struct setting settings[] = {
    {"PLAIN", "admin", "alice", "wonderland", "wonderlanD"},
    {"LOGIN", "", "alice", "wonderland", "wonderlanD"},
    {"EXTERNAL", "", "", "", NULL},
    {"EXTERNAL", "alice", "", "", NULL},
    {"ANONYMOUS", "", "", "", NULL},
    {"CRAM-MD5", "", "alice", "wonderland", "wonderlanD"},
    {"SCRAM-SHA-1", "", "alice", "wonderland", "wonderlanD"},
    {"SCRAM-SHA-256", "admin", "al,ice", "wonderland", "wonderlanD"},
    {"SCRAM-SHA-256-PLUS", "", "alice", "wonderland", "wonderlanD"},
    {"OAUTHBEARER", "", "alice", "a-token", "another-token"},
    {"XOAUTH2", "", "alice", "a-token", "another-token"},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

#define OFFERED                                                                        \
    "PLAIN LOGIN EXTERNAL ANONYMOUS CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 "               \
    "SCRAM-SHA-256-PLUS OAUTHBEARER XOAUTH2 X-LADDER"

/* One end: an engine, its exchange, and what came of it. */
struct end {
    const struct setting *g;
    mailproto_sasl_options options;
    mailproto_smtp_client *client;
    mailproto_smtp_server *server;
    struct side sasl;
    int late;                  /* the server answers when nothing else moves */
    int asked;                 /* it has to */
    int cannot;                /* the server's exchange cannot begin */
    int refused;               /* so many times it said so */
    mailproto_status verdict;  /* on the caller's own mechanism */
    mailproto_status answered; /* what mailproto_sasl_answer() is to say */
    int choose;                /* the client chooses by itself */
    mailproto_sasl_choice choice;
    char chosen[32];
    const char *chosen_want;
    mailproto_status started; /* what mailproto_sasl_start() said */
    mailproto_status last;
    uint32_t code;        /* of the result */
    int result;           /* 1: success, 0: failure, -1: none */
    int impostor;         /* the driver has found one */
    mailproto_status why; /* what mailproto_sasl_error() said at the end */
    int working;
    char said[8]; /* against(): how the last thing said begins */
};

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

/* Shows an exchange an event, and goes on while it computes. */
static mailproto_status drive(struct end *e, mailproto_session *s,
                              const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(e->sasl.x, s, ev);
    while (st == MAILPROTO_AGAIN) {
        e->working++;
        st = mailproto_sasl_drive(e->sasl.x, s, NULL);
    }
    e->why = mailproto_sasl_error(e->sasl.x);
    if (st == MAILPROTO_EOF) {
        e->code = ev->code;
        e->result = (int)ev->number;
        side_close(&e->sasl);
    } else if (st == MAILPROTO_ERR_AUTH) {
        e->impostor = 1;
        side_close(&e->sasl);
    } else if (st < 0) {
        fail_msg("the driver said %s", mailproto_error_name(st));
    }
    e->last = st;
    return st;
}

/* ---- the client's side ------------------------------------------------------- */

static void start_client(struct end *e, mailproto_session *s)
{
    if (e->choose) {
        mailproto_bytes name;
        e->choice.struct_size = sizeof e->choice;
        assert_int_equal(mailproto_sasl_offers(&e->choice, s), MAILPROTO_OK);
        e->started = mailproto_sasl_choose(&e->choice, &name);
        if (e->started != MAILPROTO_OK) {
            (void)mailproto_smtp_client_quit(e->client, TAG_QUIT);
            return;
        }
        assert_in_range(name.len, 1, sizeof e->chosen - 1);
        memcpy(e->chosen, name.ptr, name.len);
        e->chosen[name.len] = 0;
        e->options.mechanism = name;
    }
    bind_to(&e->options, s);
    side_open(&e->sasl, &e->options);
    e->started = mailproto_sasl_start(e->sasl.x, s, TAG_AUTH);
    if (e->started != MAILPROTO_OK) {
        side_close(&e->sasl);
        (void)mailproto_smtp_client_quit(e->client, TAG_QUIT);
    }
}

static int client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct end *e = ctx;
    if (ev->type == MAILPROTO_EV_SMTP_CAPS) {
        start_client(e, s);
    } else if (e->sasl.x != NULL && drive(e, s, ev) == MAILPROTO_EOF) {
        assert_int_equal(ev->tag, TAG_AUTH);
        assert_int_equal(mailproto_smtp_client_quit(e->client, TAG_QUIT), MAILPROTO_OK);
    }
    return 0;
}

/* ---- the server's side ------------------------------------------------------- */

static void answer_need(struct end *e, const mailproto_sasl_need_info *i)
{
    mailproto_status verdict = MAILPROTO_OK;
    mailproto_bytes data = {NULL, 0};
    switch (i->need) {
    case MAILPROTO_SASL_NEED_VERIFY:
    case MAILPROTO_SASL_NEED_TOKEN:
        expect_span(i->name, e->g->name);
        verdict = mailproto_sasl_equal(
                      i->need == MAILPROTO_SASL_NEED_TOKEN ? i->token : i->password,
                      str(e->g->password))
                      ? MAILPROTO_OK
                      : MAILPROTO_ERR_AUTH;
        break;
    case MAILPROTO_SASL_NEED_PASSWORD:
    case MAILPROTO_SASL_NEED_SCRAM:
        expect_span(i->name, e->g->name);
        data = str(e->g->password);
        break;
    case MAILPROTO_SASL_NEED_EXTERNAL:
        expect_span(i->authzid, e->g->authzid);
        break;
    case MAILPROTO_SASL_NEED_ANONYMOUS:
        break;
    case MAILPROTO_SASL_NEED_CUSTOM + 7:
        verdict = e->verdict;
        data = str("data");
        break;
    default:
        fail();
    }
    assert_int_equal(mailproto_sasl_answer(e->sasl.x, verdict, data.ptr, data.len),
                     e->answered);
}

/* The look-up is done: the exchange goes on. */
static void look_up(struct end *e, mailproto_session *s)
{
    mailproto_sasl_need_info i;
    mailproto_status st = MAILPROTO_YOUR_TURN;
    while (st == MAILPROTO_YOUR_TURN) {
        memset(&i, 0, sizeof i);
        i.struct_size = sizeof i;
        assert_int_equal(mailproto_sasl_need(e->sasl.x, &i), MAILPROTO_OK);
        answer_need(e, &i);
        st = drive(e, s, NULL);
    }
    assert_int_equal(st, MAILPROTO_OK);
}

static int server_turn(void *ctx, mailproto_session *s)
{
    struct end *e = ctx;
    if (!e->asked) {
        return 0;
    }
    e->asked = 0;
    look_up(e, s);
    return 1;
}

static int server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct end *e = ctx;
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        e->options.mechanism = ev->text;
        bind_to(&e->options, s);
        if (e->cannot) {
            e->options.role = 99;
            assert_int_equal(side_try(&e->sasl, &e->options), MAILPROTO_ERR_ARGUMENT);
            side_close(&e->sasl);
        } else {
            side_open(&e->sasl, &e->options);
        }
    }
    if (e->sasl.x == NULL && (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) &&
        (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA)) {
        e->refused++;
        assert_int_equal(
            mailproto_session_auth_finish(s, ev->tag, MAILPROTO_ERR_AUTH_TEMPORARY),
            MAILPROTO_OK);
        return 0;
    }
    if (e->sasl.x == NULL && ev->type == MAILPROTO_EV_AUTH_RESULT) {
        e->code = ev->code;
        e->result = (int)ev->number;
    }
    if (e->sasl.x != NULL) {
        mailproto_status st = drive(e, s, ev);
        if (st == MAILPROTO_YOUR_TURN && e->late) {
            e->asked = 1;
        } else if (st == MAILPROTO_YOUR_TURN) {
            look_up(e, s);
        }
        if (st != MAILPROTO_NOT_READY) {
            return 0;
        }
    }
    if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
        assert_int_equal(mailproto_smtp_server_accept(e->server, ev->tag),
                         MAILPROTO_OK);
    }
    return 0;
}

/* ---- both together ----------------------------------------------------------- */

struct run {
    struct end c, s;
    const char *offered;
    int tls;             /* STARTTLS first */
    int client_is_naked; /* it takes whatever it is offered */
    uint32_t client_out, max_auth_line;
    struct chunk chunk;
    mailproto_tls_info client_tls, server_tls;
    struct text client_sent, server_sent;
};

static void run_init(struct run *r, const struct setting *g, const char *password)
{
    memset(r, 0, sizeof *r);
    r->c.g = r->s.g = g;
    r->c.result = r->s.result = -1;
    r->offered = OFFERED;
    r->c.options = options_for(MAILPROTO_SASL_CLIENT, g->mechanism);
    r->s.options = options_for(MAILPROTO_SASL_SERVER, "");
    r->c.options.authzid = str(g->authzid);
    r->c.options.name = str(g->name);
    r->c.options.password = str(password);
    r->c.options.nonce = str("random octets of the client");
    r->c.options.min_iterations = 1;
    r->c.options.work_step = 4;
    r->s.options.nonce = str("random octets of the server");
    r->s.options.salt_key = str("a secret of the server");
    r->s.options.iterations = 10;
    r->s.options.work_step = 4;
    r->client_tls.struct_size = r->server_tls.struct_size = sizeof r->client_tls;
    r->client_tls.binding_type = r->server_tls.binding_type =
        MAILPROTO_BINDING_EXPORTER;
    r->client_tls.binding = r->server_tls.binding = str("this connection");
    r->tls = strstr(g->mechanism, "PLUS") != NULL;
}

static void run_pair(struct run *r)
{
    mailproto_smtp_client_options co;
    mailproto_smtp_server_options so;
    struct pair_end client, server;
    memset(&co, 0, sizeof co);
    memset(&so, 0, sizeof so);
    memset(&client, 0, sizeof client);
    memset(&server, 0, sizeof server);
    co.struct_size = sizeof co;
    so.struct_size = sizeof so;
    co.tls = r->tls ? MAILPROTO_SMTP_TLS_REQUIRED : MAILPROTO_SMTP_TLS_NONE;
    co.flags = r->client_is_naked || !r->tls ? MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR : 0;
    co.out_size = r->client_out;
    so.flags = r->tls ? 0 : MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    so.caps = (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH | (uint64_t)1
                                                           << MAILPROTO_SMTP_CAP_SIZE;
    so.caps |= r->tls ? (uint64_t)1 << MAILPROTO_SMTP_CAP_STARTTLS : 0;
    so.auth_mechanisms = str(r->offered);
    so.max_auth_line = r->max_auth_line;
    so.reply_max = 512;
    so.out_size = 1024;
    assert_int_equal(mailproto_smtp_client_new(&co, &r->c.client), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_new(&so, &r->s.server), MAILPROTO_OK);
    client.session = mailproto_smtp_client_session(r->c.client);
    server.session = mailproto_smtp_server_session(r->s.server);
    client.ctx = &r->c;
    server.ctx = &r->s;
    client.event = client_event;
    server.event = server_event;
    server.turn = server_turn;
    client.tls = &r->client_tls;
    server.tls = &r->server_tls;
    client.chunk = server.chunk = r->chunk;
    client.sent = &r->client_sent;
    server.sent = &r->server_sent;
    assert_int_equal(pair_run(&client, &server), PAIR_DONE);
    pair_end_free(&client);
    pair_end_free(&server);
    mailproto_smtp_client_free(r->c.client);
    mailproto_smtp_server_free(r->s.server);
}

static void run_free(struct run *r)
{
    side_close(&r->c.sasl);
    side_close(&r->s.sasl);
    text_free(&r->client_sent);
    text_free(&r->server_sent);
}

static void expect_result(const struct run *r, int good, uint32_t code)
{
    assert_int_equal(r->c.started, MAILPROTO_OK);
    assert_int_equal(r->c.result, good);
    assert_int_equal(r->s.result, good);
    assert_int_equal(r->c.code, code);
    assert_int_equal(r->s.code, code);
    assert_int_equal(r->c.impostor, 0);
}

static void every_mechanism(void **state)
{
    static const struct chunk chunks[] = {
        {CHUNK_WHOLE, 0, 0, 0},   {CHUNK_WHOLE, 0, 1, 0}, {CHUNK_EACH, 1, 0, 0},
        {CHUNK_EACH, 1, 1, 0},    {CHUNK_EACH, 7, 1, 0},  {CHUNK_RANDOM, 11, 0, 0},
        {CHUNK_RANDOM, 12, 1, 0},
    };
    size_t i, k;
    int late, wrong;
    (void)state;
    for (i = 0; i < SETTINGS; ++i) {
        for (k = 0; k < sizeof chunks / sizeof chunks[0]; ++k) {
            for (late = 0; late < 2; ++late) {
                for (wrong = 0; wrong < (settings[i].wrong != NULL ? 2 : 1); ++wrong) {
                    struct run r;
                    run_init(&r, &settings[i],
                             wrong ? settings[i].wrong : settings[i].password);
                    r.s.late = late;
                    r.chunk = chunks[k];
                    r.client_out = k & 1 ? 128 : 0;
                    run_pair(&r);
                    expect_result(&r, !wrong, wrong ? 535 : 235);
                    run_free(&r);
                }
            }
        }
    }
}

/* Every place where the wire may be cut once. */
static void every_split(void **state)
{
    size_t i;
    uint64_t at;
    (void)state;
    for (i = 0; i < SETTINGS; ++i) {
        for (at = 1; at < 700; at += 3) {
            struct run r;
            run_init(&r, &settings[i], settings[i].password);
            r.chunk.kind = CHUNK_SPLIT;
            r.chunk.value = at;
            r.chunk.in_place = (int)(at & 1);
            run_pair(&r);
            expect_result(&r, 1, 235);
            run_free(&r);
        }
    }
}

static void work_is_told(void **state)
{
    struct run r;
    (void)state;
    run_init(&r, &settings[6], settings[6].password);
    run_pair(&r);
    expect_result(&r, 1, 235);
    assert_int_equal(r.c.working, 2); /* 10 iterations, 4 a step */
    assert_int_equal(r.s.working, 2);
    run_free(&r);
}

/* ---- long tokens ------------------------------------------------------------- */

static char token[8193];

static void a_token_longer_than_any_buffer(void **state)
{
    static const char *const mechanisms[] = {"OAUTHBEARER", "XOAUTH2"};
    static const size_t lengths[] = {200, 330, 340, 372, 400, 1000, 8192};
    size_t i, k, n;
    (void)state;
    for (i = 0; i < 2; ++i) {
        for (k = 0; k < sizeof lengths / sizeof lengths[0]; ++k) {
            struct setting g = {mechanisms[i], "", "alice", token, NULL};
            for (n = 0; n < lengths[k]; ++n) {
                token[n] = (char)('!' + n % 94);
            }
            token[n] = 0;
            for (n = 0; n < 4; ++n) {
                struct run r;
                run_init(&r, &g, token);
                r.client_out = n & 1 ? 128 : 2048;
                r.chunk.kind = n & 2 ? CHUNK_EACH : CHUNK_WHOLE;
                r.chunk.value = 5;
                run_pair(&r);
                expect_result(&r, 1, 235);
                run_free(&r);
            }
        }
    }
}

static void a_token_longer_than_the_limits(void **state)
{
    struct setting g = {"XOAUTH2", "", "alice", token, NULL};
    struct run r;
    size_t n;
    (void)state;
    for (n = 0; n < 8192; ++n) {
        token[n] = 't';
    }
    token[n] = 0;
    run_init(&r, &g, token);
    r.s.options.message_max = 8000; /* of the mechanism */
    run_pair(&r);
    expect_result(&r, 0, 501);
    run_free(&r);
    run_init(&r, &g, token);
    r.max_auth_line = 4096; /* of the engine */
    run_pair(&r);
    expect_result(&r, 0, 500);
    run_free(&r);
}

/* A refusal with much to tell: the challenge goes out in pieces, as there is room. */
static void a_refusal_longer_than_the_buffer(void **state)
{
    static const size_t lengths[] = {10, 400, 700, 760, 5000};
    size_t i, n;
    (void)state;
    for (n = 0; n < 8192; ++n) {
        token[n] = ' ';
    }
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; ++i) {
        for (n = 0; n < 3; ++n) {
            struct run r;
            run_init(&r, &settings[9], settings[9].wrong);
            r.s.options.oauth_error = octets(token, lengths[i]);
            r.chunk.kind = n > 0 ? CHUNK_EACH : CHUNK_WHOLE;
            r.chunk.value = n == 1 ? 1 : 300;
            run_pair(&r);
            expect_result(&r, 0, 535);
            run_free(&r);
        }
    }
}

/* What it fails with becomes a reply (RFC 4954 6). */
static void a_mechanism_of_the_caller(void **state)
{
    static const struct setting g = {"X-LADDER", "", "alice", "", NULL};
    static const struct {
        mailproto_status verdict;
        uint32_t code;
    } v[] = {
        {MAILPROTO_OK, 235},
        {MAILPROTO_ERR_AUTH, 535},
        {MAILPROTO_ERR_AUTH_WEAK, 534},
        {MAILPROTO_ERR_AUTH_TEMPORARY, 454},
        {MAILPROTO_ERR_NEEDS_TLS, 538},
        {MAILPROTO_ERR_SYNTAX, 501},
        /* What the server is to blame for is no wrong password. */
        {MAILPROTO_ERR_TOO_LONG, 454}, /* what was answered */
        {MAILPROTO_ERR_IO, 454},       /* a hardware block that gave up */
        {MAILPROTO_ERR_TIMEOUT, 454},
        {MAILPROTO_ERR_EOF, 454},
        {MAILPROTO_ERR_TLS, 454},
        {MAILPROTO_ERR_MEMORY, 454},
        {MAILPROTO_ERR_STATE, 454},
        {MAILPROTO_ERR_ARGUMENT, 454},
        {MAILPROTO_ERR_VERSION, 454},
        {MAILPROTO_ERR_STALE, 454},
        {MAILPROTO_ERR_NOT_NOW, 454},
        {MAILPROTO_ERR_NOT_BUILT, 454},
        {MAILPROTO_ERR_REFUSED, 535},
        {MAILPROTO_ERR_AUTH_CANCELLED, 535},
        {MAILPROTO_ERR_COUNT_LIMIT, 535},
    };
    size_t i;
    int late;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        for (late = 0; late < 2; ++late) {
            static char context[] = "context";
            struct run r;
            run_init(&r, &g, "");
            r.c.options.custom = r.s.options.custom = &ladder;
            r.c.options.custom_ctx = r.s.options.custom_ctx = context;
            r.s.verdict = v[i].verdict;
            r.s.late = late;
            r.chunk.kind = CHUNK_EACH;
            r.chunk.value = 3;
            run_pair(&r);
            expect_result(&r, v[i].verdict == MAILPROTO_OK, v[i].code);
            assert_int_equal(r.s.working, 3);
            run_free(&r);
        }
    }
}

/* A hash function of the server's that gives up, over a message or after an answer; and
 * what is too long, of the client's message and of the answer to it. */
static mailproto_status out_of_order(void *ctx, void *hash_state)
{
    (void)hash_state;
    return *(const mailproto_status *)ctx;
}

static mailproto_status out_of_order_update(void *ctx, void *hash_state,
                                            const void *data, size_t len)
{
    (void)data;
    (void)len;
    return out_of_order(ctx, hash_state);
}

static mailproto_status out_of_order_final(void *ctx, void *hash_state, void *out)
{
    (void)out;
    return out_of_order(ctx, hash_state);
}

/* A row whose functions say `*status`. */
static mailproto_hash broken_hash(uint32_t id, uint32_t size, mailproto_status *status)
{
    mailproto_hash h;
    memset(&h, 0, sizeof h);
    h.struct_size = sizeof h;
    h.id = id;
    h.block_size = 64;
    h.output_size = size;
    h.state_size = 8;
    h.ctx = status;
    h.init = out_of_order;
    h.update = out_of_order_update;
    h.final = out_of_order_final;
    return h;
}

static void the_servers_own_faults(void **state)
{
    static const mailproto_status faults[] = {
        MAILPROTO_ERR_MEMORY, MAILPROTO_ERR_ARGUMENT, MAILPROTO_ERR_NOT_BUILT,
        MAILPROTO_ERR_STATE,  MAILPROTO_ERR_IO,
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof faults / sizeof faults[0]; ++i) {
        mailproto_status fault = faults[i];
        mailproto_hash hash = broken_hash(MAILPROTO_HASH_SHA256, 32, &fault);
        struct run r;
        run_init(&r, &settings[7], settings[7].password);
        r.s.options.hashes = &hash;
        r.s.options.hash_count = 1;
        run_pair(&r);
        expect_result(&r, 0, 454);
        assert_int_equal(r.s.why, fault);
        run_free(&r);
    }
    for (i = 0; i < 2; ++i) {
        static const uint32_t maxima[] = {24, 64}; /* for its message; for the salt */
        struct run r;
        run_init(&r, &settings[6], settings[6].password);
        r.s.options.message_max = maxima[i];
        r.s.answered = i == 0 ? MAILPROTO_OK : MAILPROTO_ERR_TOO_LONG;
        run_pair(&r);
        expect_result(&r, 0, i == 0 ? 501 : 454);
        assert_int_equal(r.s.why, MAILPROTO_ERR_TOO_LONG);
        run_free(&r);
    }
}

/* The client is refused, whether it sends an initial response or not, and of any
 * length; the session goes on. */
static void a_server_that_cannot_begin(void **state)
{
    static const struct setting g[] = {
        {"PLAIN", "", "alice", "wonderland", NULL},
        {"LOGIN", "", "alice", "wonderland", NULL},
        {"EXTERNAL", "", "", "", NULL},
        {"SCRAM-SHA-256", "", "alice", "wonderland", NULL},
        {"XOAUTH2", "", "alice", token, NULL},
    };
    size_t i, n;
    int each;
    (void)state;
    for (n = 0; n < 2000; ++n) {
        token[n] = 't';
    }
    token[n] = 0;
    for (i = 0; i < sizeof g / sizeof g[0]; ++i) {
        for (each = 0; each < 2; ++each) {
            struct run r;
            run_init(&r, &g[i], g[i].password);
            r.s.cannot = 1;
            r.chunk.kind = each ? CHUNK_EACH : CHUNK_WHOLE;
            r.chunk.value = 1;
            run_pair(&r);
            expect_result(&r, 0, 454);
            assert_int_equal(r.s.refused, 1);
            run_free(&r);
        }
    }
}

/* ---- choice ------------------------------------------------------------------ */

static void the_client_chooses(void **state)
{
    enum { CLEAR, UNVERIFIED, VERIFIED };
    static const struct {
        const char *offered;
        int tls;
        const char *want;
        mailproto_status status;
    } v[] = {
        {OFFERED, VERIFIED, "SCRAM-SHA-256-PLUS", MAILPROTO_OK},
        {OFFERED, UNVERIFIED, "SCRAM-SHA-256-PLUS", MAILPROTO_OK},
        {OFFERED, CLEAR, "SCRAM-SHA-256", MAILPROTO_OK},
        {"PLAIN LOGIN", VERIFIED, "PLAIN", MAILPROTO_OK},
        {"LOGIN", VERIFIED, "LOGIN", MAILPROTO_OK},
        {"PLAIN LOGIN", UNVERIFIED, "", MAILPROTO_ERR_NEEDS_TLS},
        {"PLAIN LOGIN", CLEAR, "", MAILPROTO_ERR_NEEDS_TLS},
        {"GSSAPI NTLM", VERIFIED, "", MAILPROTO_ERR_NOT_OFFERED},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct setting g = {"PLAIN", "", "alice", "wonderland", NULL};
        struct run r;
        run_init(&r, &g, "wonderland");
        r.offered = v[i].offered;
        r.tls = v[i].tls != CLEAR;
        r.client_tls.flags = v[i].tls == VERIFIED ? MAILPROTO_TLS_PEER_VERIFIED : 0;
        r.client_is_naked = 1; /* the engine would allow it */
        r.c.choose = 1;
        r.c.choice.flags = MAILPROTO_SASL_HAVE_PASSWORD;
        run_pair(&r);
        assert_int_equal(r.c.started, v[i].status);
        assert_string_equal(r.c.chosen, v[i].want);
        assert_int_equal(r.c.result, v[i].status == MAILPROTO_OK ? 1 : -1);
        assert_int_equal(!!(r.c.choice.flags & MAILPROTO_SASL_ENCRYPTED),
                         v[i].tls != CLEAR);
        assert_int_equal(!!(r.c.choice.flags & MAILPROTO_SASL_VERIFIED),
                         v[i].tls == VERIFIED);
        run_free(&r);
    }
}

/* ---- somebody in between ----------------------------------------------------- */

/* Two connections instead of one: what -PLUS is for. */
static void another_channel(void **state)
{
    struct run r;
    (void)state;
    run_init(&r, &settings[8], settings[8].password);
    r.server_tls.binding = str("another connection");
    run_pair(&r);
    expect_result(&r, 0, 535);
    run_free(&r);
    /* The offer of -PLUS was taken away: the client says so, and the server knows. */
    run_init(&r, &settings[7], settings[7].password);
    r.tls = 1;
    run_pair(&r);
    expect_result(&r, 0, 535);
    run_free(&r);
}

/* ---- a server that lies ------------------------------------------------------ */

/* A client and a script: each line of the client's is answered by the next of these. */
static void against(struct end *e, const char *const *script, mailproto_error *error)
{
    mailproto_smtp_client_options co;
    mailproto_session *s;
    mailproto_event ev;
    mailproto_want want;
    const char *out;
    int over = 0, turns = 0;
    memset(&co, 0, sizeof co);
    co.struct_size = sizeof co;
    co.tls = MAILPROTO_SMTP_TLS_NONE;
    co.flags = MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    assert_int_equal(mailproto_smtp_client_new(&co, &e->client), MAILPROTO_OK);
    s = mailproto_smtp_client_session(e->client);
    while (!over && ++turns < 50) {
        size_t len = 0, used = 0;
        while (mailproto_session_next_event(s, &ev) == MAILPROTO_OK) {
            (void)client_event(e, s, &ev);
            over = ev.type == MAILPROTO_EV_CLOSED;
        }
        out = mailproto_session_output(s, &len);
        if (len > 0) {
            memset(e->said, 0, sizeof e->said);
            memcpy(e->said, out, len < sizeof e->said - 1 ? len : sizeof e->said - 1);
        }
        (void)mailproto_session_output_sent(s, len);
        memset(&want, 0, sizeof want);
        want.struct_size = sizeof want;
        mailproto_session_get_want(s, &want);
        if ((want.flags & MAILPROTO_WANT_READ) && *script != NULL) {
            assert_int_equal(mailproto_session_feed(s, *script, strlen(*script), &used),
                             MAILPROTO_OK);
            assert_int_equal(used, strlen(*script));
            ++script;
        } else if (*script == NULL && !(want.flags & MAILPROTO_WANT_EVENT)) {
            (void)mailproto_session_feed_eof(s);
        }
    }
    memset(error, 0, sizeof *error);
    error->struct_size = sizeof *error;
    mailproto_session_get_error(s, error);
    mailproto_smtp_client_free(e->client);
}

#define HELLO                                                                          \
    "220 x\r\n", "250-x\r\n250 AUTH SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5 XOAUTH2\r\n"
#define TO_FIRST                                                                       \
    "334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPV"   \
    "cyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=\r\n"
#define TO_FINAL                                                                       \
    "334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==\r\n"

/* e=unknown-user; i=9 */
#define REFUSED "334 ZT11bmtub3duLXVzZXI=\r\n"
#define TO_FEW                                                                         \
    "334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPV"   \
    "cyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTk=\r\n"

static void liars(void **state)
{
    static const struct {
        const char *mechanism;
        const char *script[8];
        int result;
        int impostor; /* 1: the session was failed; 2: given up, no other mechanism */
        mailproto_status why; /* mailproto_sasl_error() */
    } v[] = {
        /* RFC 7677 3, an honest server; then the same without its signature, with a
           success before it, right away, and with a wrong one. */
        {"SCRAM-SHA-256",
         {HELLO, TO_FIRST, TO_FINAL, "235 ok\r\n", "221 x\r\n"},
         1,
         0,
         MAILPROTO_OK},
        {"SCRAM-SHA-256", {HELLO, TO_FIRST, "235 ok\r\n"}, -1, 1, MAILPROTO_ERR_AUTH},
        {"SCRAM-SHA-256", {HELLO, "235 ok\r\n"}, -1, 1, MAILPROTO_ERR_AUTH},
        {"SCRAM-SHA-256",
         {HELLO, TO_FIRST,
          "334 dj03cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5"
          "NUc0PQ==\r\n",
          "501 cancelled\r\n", "221 x\r\n"},
         -1,
         2,
         MAILPROTO_ERR_AUTH},
        {"SCRAM-SHA-256",
         {HELLO, TO_FIRST, TO_FINAL, "535 after all\r\n", "221 x\r\n"},
         0,
         0,
         MAILPROTO_OK},
        /* Refused within the mechanism, first and last: the outcome is awaited, and
           counts if it is a refusal; behind it nothing more may come. */
        {"SCRAM-SHA-256",
         {HELLO, REFUSED, "535 no such user\r\n", "221 x\r\n"},
         0,
         0,
         MAILPROTO_ERR_AUTH_CANCELLED},
        {"SCRAM-SHA-256",
         {HELLO, TO_FIRST, REFUSED, "535 wrong\r\n", "221 x\r\n"},
         0,
         0,
         MAILPROTO_ERR_AUTH_CANCELLED},
        {"SCRAM-SHA-256",
         {HELLO, TO_FIRST, REFUSED, "235 ok\r\n"},
         -1,
         1,
         MAILPROTO_ERR_AUTH_CANCELLED},
        {"SCRAM-SHA-256",
         {HELLO, REFUSED, "235 ok\r\n"},
         -1,
         1,
         MAILPROTO_ERR_AUTH_CANCELLED},
        {"SCRAM-SHA-256",
         {HELLO, TO_FIRST, REFUSED, TO_FINAL, "501 cancelled\r\n", "221 x\r\n"},
         -1,
         2,
         MAILPROTO_ERR_AUTH_CANCELLED},
        /* Iterations under the floor. */
        {"SCRAM-SHA-256",
         {HELLO, TO_FEW, "501 cancelled\r\n", "221 x\r\n"},
         -1,
         2,
         MAILPROTO_ERR_AUTH_WEAK},
        /* One challenge more than there is. */
        {"SCRAM-SHA-256",
         {HELLO, TO_FIRST, TO_FINAL, "334 \r\n", "501 cancelled\r\n", "221 x\r\n"},
         -1,
         2,
         MAILPROTO_ERR_SYNTAX},
        {"PLAIN",
         {HELLO, "334 bW9yZQ==\r\n", "501 cancelled\r\n", "221 x\r\n"},
         -1,
         2,
         MAILPROTO_ERR_SYNTAX},
        {"PLAIN", {HELLO, "235 ok\r\n", "221 x\r\n"}, 1, 0, MAILPROTO_OK},
        {"LOGIN", /* no password needed */
         {HELLO, "334 YQ==\r\n", "235 ok\r\n"},
         -1,
         1,
         MAILPROTO_ERR_AUTH},
        {"CRAM-MD5", {HELLO, "235 ok\r\n"}, -1, 1, MAILPROTO_ERR_AUTH},
        {"CRAM-MD5",
         {HELLO, "334 \r\n", "501 cancelled\r\n", "221 x\r\n"},
         -1,
         2,
         MAILPROTO_ERR_SYNTAX},
        /* A long token waits for an empty challenge: another one is a refusal. */
        {"XOAUTH2",
         {HELLO, "334 e30=\r\n", "535 no\r\n", "221 x\r\n"},
         0,
         0,
         MAILPROTO_OK},
        {"XOAUTH2",
         {HELLO, "334 \r\n", "334 e30=\r\n", "535 no\r\n", "221 x\r\n"},
         0,
         0,
         MAILPROTO_OK},
        {"XOAUTH2",
         {HELLO, "334 \r\n", "334 e30=\r\n", "235 ok\r\n"},
         -1,
         1,
         MAILPROTO_ERR_AUTH},
        {"XOAUTH2", {HELLO, "334 \r\n", "235 ok\r\n", "221 x\r\n"}, 1, 0, MAILPROTO_OK},
        /* ... and a success before it is none. */
        {"XOAUTH2", {HELLO, "235 ok\r\n"}, -1, 1, MAILPROTO_OK},
    };
    static const struct setting g = {"", "", "user", "pencil", NULL};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct end e;
        mailproto_error error;
        memset(&e, 0, sizeof e);
        e.g = &g;
        e.result = -1;
        e.options = options_for(MAILPROTO_SASL_CLIENT, v[i].mechanism);
        e.options.name = str("user");
        e.options.password = str("pencil");
        if (strcmp(v[i].mechanism, "XOAUTH2") == 0) {
            memset(token, 't', 400);
            token[400] = 0;
            e.options.password = str(token);
        }
        e.options.nonce = str("rOprNGfwEbeRWgbNEkqO");
        e.options.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
        against(&e, v[i].script, &error);
        assert_int_equal(e.started, MAILPROTO_OK);
        assert_int_equal(e.result, v[i].result);
        assert_int_equal(e.impostor, v[i].impostor != 0);
        assert_int_equal(e.why, v[i].why);
        assert_int_equal(error.code,
                         v[i].impostor == 1 ? MAILPROTO_ERR_AUTH : MAILPROTO_OK);
        side_close(&e.sasl);
    }
}

/* A function of the caller's that says what only the server can: that it has refused.
 * The exchange is given up as after any other failure of this side, and no other
 * mechanism may be tried, whatever the server says to that. */
static mailproto_status cancelled_pbkdf2(void *ctx, uint32_t hash, const void *password,
                                         size_t password_len, const void *salt,
                                         size_t salt_len, uint32_t iterations,
                                         void *out)
{
    (void)ctx;
    (void)hash;
    (void)password;
    (void)password_len;
    (void)salt;
    (void)salt_len;
    (void)iterations;
    (void)out;
    return MAILPROTO_ERR_AUTH_CANCELLED;
}

static mailproto_status cancelled_start(void *mem, const mailproto_sasl_options *o)
{
    (void)mem;
    (void)o;
    return MAILPROTO_OK;
}

static mailproto_status cancelled_input(void *mem, const void *data, size_t len,
                                        int last)
{
    (void)data;
    (void)len;
    (void)last;
    *(int *)mem = 1;
    return MAILPROTO_OK;
}

static mailproto_status cancelled_at_once(void *mem, const void *data, size_t len,
                                          int last)
{
    (void)cancelled_input(mem, data, len, last);
    return MAILPROTO_ERR_AUTH_CANCELLED;
}

static void cancelled_step(void *mem, mailproto_sasl_state *state)
{
    int heard = *(int *)mem;
    state->state = heard ? MAILPROTO_SASL_FAILED : MAILPROTO_SASL_WAIT;
    state->error = heard ? MAILPROTO_ERR_AUTH_CANCELLED : MAILPROTO_OK;
}

static mailproto_status cancelled_output(void *mem, uint64_t offset, void *buf,
                                         size_t cap, size_t *got)
{
    (void)mem;
    (void)offset;
    (void)buf;
    (void)cap;
    *got = 0;
    return MAILPROTO_EOF;
}

static void refused_by_the_callers_own(void **state)
{
    static const char *const scripts[][5] = {
        {HELLO, TO_FIRST, "501 cancelled\r\n", "221 x\r\n"},
        {HELLO, TO_FIRST, "535 no such user\r\n", "221 x\r\n"},
    };
    static mailproto_sasl_mechanism own[] = {
        {sizeof own[0], 0, "LOGIN", sizeof(int), cancelled_start, cancelled_input,
         cancelled_step, cancelled_output, NULL, NULL, NULL, NULL},
        {sizeof own[0], 0, "LOGIN", sizeof(int), cancelled_start, cancelled_at_once,
         cancelled_step, cancelled_output, NULL, NULL, NULL, NULL},
    };
    mailproto_status fault = MAILPROTO_ERR_AUTH_CANCELLED;
    mailproto_hash hash = broken_hash(MAILPROTO_HASH_SHA256, 32, &fault);
    static const struct setting g = {"", "", "user", "pencil", NULL};
    size_t i;
    (void)state;
    for (i = 0; i < 8; ++i) {
        struct end e;
        mailproto_error error;
        memset(&e, 0, sizeof e);
        e.g = &g;
        e.result = -1;
        e.options = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-256");
        e.options.name = str("user");
        e.options.password = str("pencil");
        e.options.nonce = str("rOprNGfwEbeRWgbNEkqO");
        e.options.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
        if (i / 2 == 0) {
            e.options.pbkdf2 = cancelled_pbkdf2;
        } else if (i / 2 == 1) {
            e.options.hashes = &hash;
            e.options.hash_count = 1;
        } else {
            e.options.custom = &own[i / 2 - 2];
        }
        against(&e, scripts[i % 2], &error);
        assert_int_equal(e.started, MAILPROTO_OK);
        assert_string_equal(e.said, "*\r\n");
        assert_int_equal(e.last, MAILPROTO_ERR_AUTH);
        assert_int_equal(e.result, -1);
        assert_int_equal(e.impostor, 1);
        assert_int_equal(e.why, MAILPROTO_ERR_AUTH);
        assert_int_equal(error.code, MAILPROTO_OK);
        side_close(&e.sasl);
    }
}

/* ---- no room ----------------------------------------------------------------- */

/* A mechanism that answers two challenges with 45 octets (62 of a line) and is content
 * at the third. */
enum { CONTENT_ROUNDS = 3, CONTENT_ANSWER = 45, CONTENT_OUT = 128, CONTENT_SENT = 126 };

static mailproto_status content_start(void *mem, const mailproto_sasl_options *o)
{
    (void)mem;
    (void)o;
    return MAILPROTO_OK;
}

static mailproto_status content_input(void *mem, const void *data, size_t len, int last)
{
    (void)data;
    (void)len;
    *(int *)mem += last;
    return MAILPROTO_OK;
}

static void content_step(void *mem, mailproto_sasl_state *state)
{
    int heard = *(int *)mem;
    state->state = heard == 0                ? MAILPROTO_SASL_WAIT
                   : heard == CONTENT_ROUNDS ? MAILPROTO_SASL_DONE
                                             : MAILPROTO_SASL_CONTINUE;
    state->response = state->state == MAILPROTO_SASL_CONTINUE ? CONTENT_ANSWER : 0;
}

static mailproto_status content_output(void *mem, uint64_t offset, void *buf,
                                       size_t cap, size_t *got)
{
    (void)mem;
    *got =
        CONTENT_ANSWER - (size_t)offset < cap ? CONTENT_ANSWER - (size_t)offset : cap;
    memset(buf, 'c', *got);
    return MAILPROTO_OK;
}

static int content_ended;

static void content_end(void *mem)
{
    assert_int_not_equal(*(int *)mem, 0); /* not wiped yet */
    content_ended++;
}

static const mailproto_sasl_mechanism content = {
    sizeof content, 0,
    "X-CONTENT",    sizeof(int),
    content_start,  content_input,
    content_step,   content_output,
    NULL,           NULL,
    NULL,           content_end,
};

static void expect_output(mailproto_session *s, const char *text)
{
    size_t len = 0;
    const char *out = mailproto_session_output(s, &len);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(out, text, len);
    assert_int_equal(mailproto_session_output_sent(s, len), MAILPROTO_OK);
}

static void say(mailproto_session *s, const char *text)
{
    size_t used = 0;
    assert_int_equal(mailproto_session_feed(s, text, strlen(text), &used),
                     MAILPROTO_OK);
    assert_int_equal(used, strlen(text));
}

/* The next event, which the exchange is to take with OK. */
static void takes(struct side *x, mailproto_session *s, uint32_t type)
{
    mailproto_event ev;
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, type);
    assert_int_equal(mailproto_sasl_drive(x->x, s, &ev), MAILPROTO_OK);
}

static void skip_events(mailproto_session *s)
{
    mailproto_event ev;
    size_t len = 0;
    while (mailproto_session_next_event(s, &ev) == MAILPROTO_OK) {
    }
    (void)mailproto_session_output(s, &len);
    assert_int_equal(mailproto_session_output_sent(s, len), MAILPROTO_OK);
}

/* The `*` that ends the exchange has no room at first, and the mechanism is content: a
 * challenge came after its end. It must be sent later all the same, and neither what
 * the server says then nor a success makes a login of it. */
static void giving_up_waits_for_room(void **state)
{
    static const struct {
        const char *reply;
        mailproto_status session;
    } v[] = {{"501 cancelled\r\n", MAILPROTO_OK},
             {"235 welcome\r\n", MAILPROTO_ERR_UNEXPECTED}};
    size_t i;
    int by_null;
    (void)state;
    for (i = 0; i < 4; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "X-CONTENT");
        mailproto_smtp_client_options co;
        mailproto_smtp_client *client;
        mailproto_session *s;
        mailproto_event ev;
        mailproto_error error;
        struct side x;
        size_t n;
        by_null = i >= 2;
        memset(&co, 0, sizeof co);
        co.struct_size = sizeof co;
        co.tls = MAILPROTO_SMTP_TLS_NONE;
        co.flags = MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
        co.out_size = CONTENT_OUT;
        assert_int_equal(mailproto_smtp_client_new(&co, &client), MAILPROTO_OK);
        s = mailproto_smtp_client_session(client);
        say(s, "220 x\r\n");
        skip_events(s);
        say(s, "250-x\r\n250 AUTH X-CONTENT\r\n");
        skip_events(s);
        o.custom = &content;
        side_open(&x, &o);
        assert_int_equal(mailproto_sasl_start(x.x, s, TAG_AUTH), MAILPROTO_OK);
        expect_output(s, "AUTH X-CONTENT\r\n");
        /* Each challenge is answered; nothing is sent on. */
        for (n = 0; n < CONTENT_ROUNDS; ++n) {
            say(s, "334 \r\n");
            takes(&x, s, MAILPROTO_EV_AUTH_DATA);
        }
        say(s, "334 \r\n"); /* one too many */
        takes(&x, s, MAILPROTO_EV_AUTH_DATA);
        if (by_null) {
            assert_int_equal(mailproto_sasl_drive(x.x, s, NULL), MAILPROTO_OK);
        }
        (void)mailproto_session_output(s, &n);
        assert_int_equal(n, CONTENT_SENT); /* no `*` yet */
        assert_int_equal(mailproto_session_output_sent(s, n), MAILPROTO_OK);
        if (by_null) {
            assert_int_equal(mailproto_sasl_drive(x.x, s, NULL), MAILPROTO_OK);
        } else {
            takes(&x, s, MAILPROTO_EV_ROOM);
        }
        expect_output(s, "*\r\n");
        assert_int_equal(mailproto_sasl_drive(x.x, s, NULL), MAILPROTO_ERR_STATE);
        assert_int_equal(
            mailproto_session_feed(s, v[i % 2].reply, strlen(v[i % 2].reply), &n),
            v[i % 2].session);
        do {
            assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
        } while (ev.type == MAILPROTO_EV_ROOM);
        assert_int_equal(ev.type, MAILPROTO_EV_AUTH_RESULT);
        assert_int_equal(mailproto_sasl_drive(x.x, s, &ev), MAILPROTO_ERR_AUTH);
        memset(&error, 0, sizeof error);
        error.struct_size = sizeof error;
        mailproto_session_get_error(s, &error);
        assert_int_equal(error.code, v[i % 2].session);
        assert_int_equal(content_ended, i + 1); /* by the driver ... */
        side_close(&x);
        assert_int_equal(content_ended, i + 1); /* ... and not again */
        mailproto_smtp_client_free(client);
    }
}

/* ---- misuse ------------------------------------------------------------------ */

static void events_of_others(void **state)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "PLAIN");
    mailproto_event ev;
    struct side s;
    (void)state;
    o.name = str("alice");
    o.password = str("wonderland");
    side_open(&s, &o);
    memset(&ev, 0, sizeof ev);
    ev.type = MAILPROTO_EV_AUTH_DATA;
    assert_int_equal(mailproto_sasl_drive(s.x, NULL, &ev), MAILPROTO_NOT_READY);
    ev.type = MAILPROTO_EV_AUTH_RESULT;
    assert_int_equal(mailproto_sasl_drive(s.x, NULL, &ev), MAILPROTO_NOT_READY);
    ev.type = MAILPROTO_EV_ROOM;
    assert_int_equal(mailproto_sasl_drive(s.x, NULL, &ev), MAILPROTO_NOT_READY);
    ev.type = MAILPROTO_EV_CLOSED;
    assert_int_equal(mailproto_sasl_drive(s.x, NULL, &ev), MAILPROTO_NOT_READY);
    assert_int_equal(mailproto_sasl_drive(s.x, NULL, NULL), MAILPROTO_ERR_STATE);
    side_close(&s);
}

static void a_client_that_cannot_start(void **state)
{
    struct setting g = {"SCRAM-SHA-1", "", "alice", "wonderland", NULL};
    struct run r;
    mailproto_sasl_choice c;
    (void)state;
    run_init(&r, &g, "wonderland");
    r.offered = "PLAIN";
    run_pair(&r);
    assert_int_equal(r.c.started, MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(r.c.result, -1);
    assert_int_equal(r.s.result, -1);
    run_free(&r);
    memset(&c, 0, sizeof c);
    assert_int_equal(mailproto_sasl_offers(&c, NULL), MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mechanism),
        cmocka_unit_test(every_split),
        cmocka_unit_test(work_is_told),
        cmocka_unit_test(a_token_longer_than_any_buffer),
        cmocka_unit_test(a_token_longer_than_the_limits),
        cmocka_unit_test(a_refusal_longer_than_the_buffer),
        cmocka_unit_test(a_mechanism_of_the_caller),
        cmocka_unit_test(the_servers_own_faults),
        cmocka_unit_test(a_server_that_cannot_begin),
        cmocka_unit_test(the_client_chooses),
        cmocka_unit_test(another_channel),
        cmocka_unit_test(liars),
        cmocka_unit_test(refused_by_the_callers_own),
        cmocka_unit_test(giving_up_waits_for_room),
        cmocka_unit_test(events_of_others),
        cmocka_unit_test(a_client_that_cannot_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
