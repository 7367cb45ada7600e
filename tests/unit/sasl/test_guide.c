/*
 * What the guide's page on authentication shows is compiled and run here, word by word:
 * both sides of an SMTP session in one process, with the functions between the marks.
 * Each piece of code on that page must stand here (or in the test of hash functions), and
 * each on the page about TLS here or in one of the examples' adapters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <mailproto/pump.h>
#include <mailproto/sasl.h>
#include <mailproto/smtp.h>

#include "../sasl/exchange.h"
#include "guide_pages.h"
#include "pair.h"

/* ---- what the guide leaves to its reader ----------------------------------------- */

static const mailproto_sasl_mechanism gssapi = {sizeof gssapi, MAILPROTO_SASL_AUTHZID,
                                                "GSSAPI",      0,
                                                NULL,          NULL,
                                                NULL,          NULL,
                                                NULL,          NULL,
                                                NULL,          NULL};

/* The keys of alice, once they are made. */
static mailproto_sasl_scram known_keys;

static mailproto_status check_password(mailproto_bytes name, mailproto_bytes password,
                                       mailproto_bytes authzid)
{
    return mailproto_sasl_equal(name, str("alice")) & (authzid.len == 0) &
                   mailproto_sasl_equal(password, str("wonderland"))
               ? MAILPROTO_OK
               : MAILPROTO_ERR_AUTH;
}

static int find_keys(mailproto_bytes name, mailproto_bytes authzid,
                     mailproto_sasl_scram *keys)
{
    *keys = known_keys;
    return mailproto_sasl_equal(name, str("alice")) && authzid.len == 0;
}

static mailproto_status check_token(mailproto_bytes token, mailproto_bytes name)
{
    return mailproto_sasl_equal(name, str("alice")) &
                   mailproto_sasl_equal(token, str("wonderland"))
               ? MAILPROTO_OK
               : MAILPROTO_ERR_AUTH;
}

/* The TLS adapter's: a connection's second binding, or NONE. */
static struct {
    mailproto_session *session; /* whose it is */
    uint32_t type;
    mailproto_bytes data;
} second;

static uint32_t other_binding(mailproto_session *s, mailproto_bytes *data)
{
    int has = s == second.session;
    *data = has ? second.data : str("");
    return has ? second.type : (uint32_t)MAILPROTO_BINDING_NONE;
}

/* Whether a -PLUS form is among what the server offers. */
static int we_offer_plus;

struct login;
static void later(struct login *l, mailproto_session *s);

/* ---- the guide's: a client --------------------------------------------------------- */

struct login {
    mailproto_sasl_options options; /* its spans stay valid until it is over */
    mailproto_sasl_choice choice;
    mailproto_bytes other; /* the connection's second channel binding, if it has two */
    mailproto_status why;  /* it failed on this side, for a log or the user */
    mailproto_sasl *sasl;  /* NULL: none under way */
    char user[256];        /* a server's: who it is, once it has succeeded */
    size_t user_len;
    char mem[MAILPROTO_SASL_MEM(512, 1024, 0, 0)];
};

/* Begins with the strongest mechanism that was not tried yet. `random_octets`: 24 of
 * them, new ones for each exchange. */
static mailproto_status next_mechanism(struct login *l, mailproto_session *s,
                                       mailproto_bytes random_octets)
{
    mailproto_sasl_options *o = &l->options;
    mailproto_tls_info tls = {sizeof tls, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    mailproto_status st;
    o->nonce = random_octets;
    do {
        st = mailproto_sasl_choose(&l->choice, &o->mechanism);
        if (st != MAILPROTO_OK) {
            return st; /* ERR_NEEDS_TLS, or ERR_NOT_OFFERED: nothing is left */
        }
        o->custom = l->choice.chosen; /* NULL: a built-in one */
        o->binding_type = MAILPROTO_BINDING_NONE;
        o->binding.len = 0;
        if (l->choice.give_binding == 1 &&
            mailproto_session_tls_info(s, &tls) == MAILPROTO_OK) {
            o->binding_type = tls.binding_type;
            o->binding = tls.binding;
        } else if (l->choice.give_binding == 2) {
            o->binding_type = l->choice.other_binding_type;
            o->binding = l->other;
        }
        st = mailproto_sasl_init(l->mem, sizeof l->mem, o, &l->sasl);
        /* Its hash is not in this build; it cannot carry this name: the next one. */
    } while (st == MAILPROTO_ERR_NOT_BUILT || st == MAILPROTO_ERR_ARGUMENT);
    st = st == MAILPROTO_OK ? mailproto_sasl_start(l->sasl, s, 1) : st;
    if (st < 0 && l->sasl != NULL) { /* NEEDS_TLS: the session itself forbids it */
        mailproto_sasl_wipe(l->sasl);
        l->sasl = NULL;
    }
    return st;
}

/* When mail may be sent (the event CAPS). */
static mailproto_status log_in(struct login *l, mailproto_session *s,
                               mailproto_bytes name, mailproto_bytes password,
                               mailproto_bytes random_octets)
{
    memset(l, 0, sizeof *l);
    l->options.struct_size = sizeof l->options;
    l->options.name = name;
    l->options.password = password;
    l->choice.struct_size = sizeof l->choice;
    l->choice.flags = MAILPROTO_SASL_HAVE_PASSWORD;
    mailproto_sasl_offers(&l->choice, s);
    l->choice.other_binding_type = other_binding(s, &l->other); /* your TLS adapter's */
    return next_mechanism(l, s, random_octets);
}

/* Every event, while l->sasl is not NULL: 1 logged in; 0 go on; -1 refused, another
 * mechanism may do; -2 the exchange failed on this side: no other may be tried. */
static int on_event(struct login *l, mailproto_session *s, const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(l->sasl, s, ev);
    while (st == MAILPROTO_AGAIN) { /* still computing; an event loop may turn here */
        st = mailproto_sasl_drive(l->sasl, s, NULL);
    }
    if (st == MAILPROTO_OK || st == MAILPROTO_NOT_READY) {
        return 0;
    }
    l->why = mailproto_sasl_error(l->sasl); /* ERR_AUTH_WEAK: too few iterations, say */
    mailproto_sasl_wipe(l->sasl);           /* done already if it came to its end */
    l->sasl = NULL;
    if (st != MAILPROTO_EOF) {
        return -2; /* the server could not prove itself: no other mechanism for it */
    }
    return ev->number == 1 ? 1 : -1;
}
static void speak_gssapi(mailproto_sasl_choice *choice)
{
    static const mailproto_sasl_mechanism *const own[] = {&gssapi};
    static const char prefer[] = "SCRAM-SHA-256-PLUS GSSAPI";
    choice->custom = own;
    choice->custom_count = 1;
    choice->prefer.ptr = prefer;
    choice->prefer.len = sizeof prefer - 1;
}

/* ---- the guide's: a server --------------------------------------------------------- */

/* ev.type is MAILPROTO_EV_AUTH_START. */
static mailproto_status begin(struct login *l, mailproto_session *s,
                              const mailproto_event *ev, mailproto_bytes random_octets,
                              mailproto_bytes secret)
{
    mailproto_tls_info tls = {sizeof tls, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    memset(&l->options, 0, sizeof l->options);
    l->options.struct_size = sizeof l->options;
    l->options.role = MAILPROTO_SASL_SERVER;
    l->options.mechanism = ev->text;
    l->options.nonce = random_octets;
    l->options.salt_key = secret;  /* of this server, the same for years */
    l->options.iterations = 10000; /* as the users have: unknown ones look alike */
    if (we_offer_plus && mailproto_session_tls_info(s, &tls) == MAILPROTO_OK) {
        l->options.binding_type = tls.binding_type; /* to SCRAM without -PLUS too */
        l->options.binding = tls.binding;
        l->options.other_binding_type = other_binding(s, &l->options.other_binding);
    }
    return mailproto_sasl_init(l->mem, sizeof l->mem, &l->options, &l->sasl);
}

/* RFC 7628 3.2: the host and the port that a client of OAUTHBEARER meant to reach must
 * be this server's, if it names them: else the token was meant for somebody else. */
static int is_meant_for_us(const mailproto_sasl_need_info *i)
{
    static const char name[] = "mail.example.org"; /* as clients are told to write it */
    return (i->host.len == 0 ||
            (i->host.len == sizeof name - 1 &&
             strncasecmp(i->host.ptr, name, sizeof name - 1) == 0)) &&
           (i->port == 0 || i->port == 587);
}

/* Whom the client acts as: nothing tells it later. */
static int keep_user(struct login *l, const mailproto_sasl_need_info *i)
{
    mailproto_bytes user = i->authzid.len > 0 ? i->authzid : i->name;
    if (user.len > sizeof l->user) {
        return 0;
    }
    l->user_len = user.len; /* 0: EXTERNAL, ANONYMOUS */
    if (user.len > 0) {
        memcpy(l->user, user.ptr, user.len);
    }
    return 1;
}

/* mailproto_sasl_drive() said YOUR_TURN: look it up, now or later. */
static mailproto_status answer(struct login *l, mailproto_session *s)
{
    mailproto_sasl_need_info i;
    mailproto_sasl_scram keys;
    memset(&i, 0, sizeof i);
    i.struct_size = sizeof i;
    mailproto_sasl_need(l->sasl, &i);
    switch (keep_user(l, &i) ? i.need : 0) {
    case MAILPROTO_SASL_NEED_VERIFY:
        mailproto_sasl_answer(l->sasl, check_password(i.name, i.password, i.authzid),
                              NULL, 0);
        break;
    case MAILPROTO_SASL_NEED_SCRAM:
        if (find_keys(i.name, i.authzid, &keys)) {
            mailproto_sasl_answer_scram(l->sasl, &keys);
        } else {
            mailproto_sasl_answer(l->sasl, MAILPROTO_ERR_AUTH, NULL, 0);
        }
        break;
    case MAILPROTO_SASL_NEED_TOKEN:
        mailproto_sasl_answer(l->sasl,
                              is_meant_for_us(&i) ? check_token(i.token, i.name)
                                                  : MAILPROTO_ERR_AUTH,
                              NULL, 0);
        break;
    default: /* also what a later release may ask */
        mailproto_sasl_answer(l->sasl, MAILPROTO_ERR_AUTH, NULL, 0);
        break;
    }
    return mailproto_sasl_drive(l->sasl, s, NULL); /* go on */
}

/* Every event: 1 it was the exchange's, 0 it was not. */
static int on_server_event(struct login *l, mailproto_session *s,
                           const mailproto_event *ev, mailproto_bytes random_octets,
                           mailproto_bytes secret)
{
    mailproto_status st;
    if (ev->type == MAILPROTO_EV_AUTH_START &&
        begin(l, s, ev, random_octets, secret) != MAILPROTO_OK) {
        l->sasl = NULL;
    }
    if (l->sasl == NULL) { /* refused as soon as the client waits for an answer */
        int is_auth =
            ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA;
        if (is_auth && (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            mailproto_session_auth_finish(s, ev->tag, MAILPROTO_ERR_AUTH_TEMPORARY);
        }
        return is_auth;
    }
    st = mailproto_sasl_drive(l->sasl, s, ev);
    if (st == MAILPROTO_YOUR_TURN) {
        st = answer(l, s); /* or later */
    }
    if (st == MAILPROTO_AGAIN) {
        later(l, s); /* it computes: drive(sasl, s, NULL), when the loop comes round */
    } else if (st == MAILPROTO_EOF || st < 0) {
        mailproto_sasl_wipe(l->sasl); /* over: ev->number says how */
        l->sasl = NULL;
        if (st < 0) {
            mailproto_session_fail(s, st); /* or its client would wait for ever */
        }
    }
    return st != MAILPROTO_NOT_READY;
}

static void offer(mailproto_smtp_server_options *o)
{
    static const char all[] = "SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER PLAIN";
    static const char in_clear[] = "SCRAM-SHA-256";
    o->caps = (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH | /* without it: none of this */
              (uint64_t)1 << MAILPROTO_SMTP_CAP_STARTTLS |
              (uint64_t)1 << MAILPROTO_SMTP_CAP_PIPELINING; /* and what else you have */
    o->auth_mechanisms.ptr = all;
    o->auth_mechanisms.len = sizeof all - 1;
    o->mechanisms_in_clear.ptr = in_clear;
    o->mechanisms_in_clear.len = sizeof in_clear - 1;
}

static int may_be_in_the_clear(mailproto_bytes mechanism)
{
    uint32_t flags = mailproto_sasl_flags(mechanism);
    return flags != 0 &&
           (flags & (MAILPROTO_SASL_PLAINTEXT | MAILPROTO_SASL_GUESSABLE)) == 0;
}
static int make_keys(struct login *l, mailproto_bytes password, mailproto_bytes salt,
                     mailproto_sasl_scram *keys)
{
    mailproto_sasl_state state = {sizeof state, 0, 0, 0, 0};
    memset(&l->options, 0, sizeof l->options);
    l->options.struct_size = sizeof l->options;
    l->options.role = MAILPROTO_SASL_ENROL;
    l->options.mechanism.ptr = "SCRAM-SHA-256";
    l->options.mechanism.len = 13;
    l->options.password = password;
    l->options.salt = salt; /* 16 random octets */
    l->options.iterations = 10000;
    if (mailproto_sasl_init(l->mem, sizeof l->mem, &l->options, &l->sasl) !=
        MAILPROTO_OK) {
        return 0; /* with ERR_NOT_BUILT, say */
    }
    do {
        mailproto_sasl_step(l->sasl, &state);
    } while (state.state == MAILPROTO_SASL_WORKING);
    keys->struct_size = sizeof *keys;
    return mailproto_sasl_enrolled(l->sasl, keys) == MAILPROTO_OK;
}

/* ---- the guide's: by hand ------------------------------------------------------------ */

/* The connection: the other side is in the same process. */
struct peer {
    mailproto_sasl *server;
    int plain_success; /* data cannot go with it */
    int due;           /* success, after an empty answer */
    int lies;          /* 1: says success at once */
};

static void look_up(mailproto_sasl *x)
{
    mailproto_sasl_need_info i;
    memset(&i, 0, sizeof i);
    i.struct_size = sizeof i;
    assert_int_equal(mailproto_sasl_need(x, &i), MAILPROTO_OK);
    if (i.need == MAILPROTO_SASL_NEED_SCRAM) {
        assert_int_equal(mailproto_sasl_answer_scram(x, &known_keys), MAILPROTO_OK);
    } else {
        mailproto_status st = check_password(i.name, i.password, i.authzid);
        assert_int_equal(mailproto_sasl_answer(x, st, "wonderland", 10), MAILPROTO_OK);
    }
}

static int ask(struct peer *server, const char *message, size_t *len, char *text,
               size_t cap);

/* Computes until there is a message for the peer, or its message is awaited, or the end is
 * reached. Answers with the state; `*len`: of the message, which may be empty. */
static uint32_t turn_by_hand(mailproto_sasl *x, char *message, size_t cap, size_t *len)
{
    mailproto_sasl_state s = {sizeof s, 0, 0, 0, 0};
    size_t n;
    *len = 0;
    do {
        mailproto_sasl_step(x, &s);
        if (s.state == MAILPROTO_SASL_NEEDS) {
            look_up(x); /* a server: mailproto_sasl_need(), mailproto_sasl_answer() */
        }
    } while (s.state == MAILPROTO_SASL_WORKING || s.state == MAILPROTO_SASL_NEEDS);
    if (s.response > cap) {
        return MAILPROTO_SASL_FAILED;
    }
    while (mailproto_sasl_output(x, *len, message + *len, cap - *len, &n) ==
           MAILPROTO_OK) { /* EOF at its end: at once if it is empty */
        *len += n;
    }
    return s.state;
}

/* A client: 1 logged in, 0 refused, -1 the server has not proven itself: no other mechanism
 * for it. `ask()` sends a message, NULL for none, and awaits what comes back: 1 success,
 * 0 a challenge, -1 a refusal, and what came with it. */
static int client_by_hand(mailproto_sasl *x, struct peer *server)
{
    char text[1024];
    size_t len;
    int told = 0;
    while (told == 0) {
        uint32_t state = turn_by_hand(x, text, sizeof text, &len);
        if (state == MAILPROTO_SASL_FAILED) {
            return -1; /* cancel it */
        } /* WAIT: the server speaks first. DONE: an empty message, for its success */
        told = ask(server, state == MAILPROTO_SASL_WAIT ? NULL : text, &len, text,
                   sizeof text);
        if (told == 0 || (told == 1 && len > 0)) { /* an empty challenge is one too */
            mailproto_sasl_input(x, text, len, 1);
        }
    }
    if (told < 0) {
        return 0;
    }
    turn_by_hand(x, text, sizeof text, &len); /* what came with the success */
    return mailproto_sasl_proven(x) == MAILPROTO_OK ? 1 : -1;
}

/* A server's turn: `text` is what the client sent, NULL nothing yet, and then what it is
 * sent. Answers 1 success, 0 a challenge, -1 a refusal. */
static int server_by_hand(mailproto_sasl *x, const char *heard, char *text, size_t cap,
                          size_t *len)
{
    if (heard != NULL) {
        mailproto_sasl_input(x, heard, *len, 1); /* "" with length 0 is a message */
    }
    switch (turn_by_hand(x, text, cap, len)) {
    case MAILPROTO_SASL_CONTINUE:
        return 0;
    case MAILPROTO_SASL_DONE:
    case MAILPROTO_SASL_DONE_WITH_DATA: /* `text` goes with the success */
        return 1;
    default:
        return -1;
    }
}

static int ask(struct peer *p, const char *message, size_t *len, char *text, size_t cap)
{
    char heard[1024];
    int told;
    assert_in_range(*len, 0, sizeof heard);
    if (p->due || p->lies) {
        assert_true(p->lies || (message != NULL && *len == 0));
        *len = 0;
        return 1;
    }
    memcpy(heard, message != NULL ? message : "", *len);
    told = server_by_hand(p->server, message != NULL ? heard : NULL, text, cap, len);
    if (told == 1 && *len > 0 && p->plain_success) {
        p->due = 1;
        return 0;
    }
    return told;
}

static void by_hand(void **state)
{
    static const struct {
        const char *mechanism, *password;
        int plain_success, lies, outcome;
    } v[] = {
        {"SCRAM-SHA-256", "wonderland", 0, 0, 1},
        {"SCRAM-SHA-256", "wonderland", 1, 0, 1},
        {"SCRAM-SHA-256", "Wonderland", 1, 0, 0},
        {"SCRAM-SHA-256", "wonderland", 1, 1, -1},
        {"PLAIN", "wonderland", 0, 0, 1},
        {"PLAIN", "Wonderland", 0, 0, 0},
        {"LOGIN", "wonderland", 0, 0, 1},
        {"LOGIN", "Wonderland", 0, 0, 0},
        {"CRAM-MD5", "Wonderland", 0, 0, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options co = options_for(MAILPROTO_SASL_CLIENT, v[i].mechanism);
        mailproto_sasl_options so = options_for(MAILPROTO_SASL_SERVER, v[i].mechanism);
        struct side client, server;
        struct peer p;
        memset(&p, 0, sizeof p);
        co.name = str("alice");
        co.password = str(v[i].password);
        co.nonce = str("24 octets of the client.");
        so.nonce = str("24 octets of the server.");
        so.salt_key = str("a secret of this server");
        side_open(&client, &co);
        side_open(&server, &so);
        p.server = server.x;
        p.plain_success = v[i].plain_success;
        p.lies = v[i].lies;
        assert_int_equal(client_by_hand(client.x, &p), v[i].outcome);
        side_close(&client);
        side_close(&server);
    }
}

/* ---- both of them in one process ----------------------------------------------------- */

static const char server_secret[] = "a secret of this server";
static const char client_octets[] = "24 octets of the client.";
static const char server_octets[] = "24 octets of the server.";

struct end {
    struct login login;
    mailproto_smtp_client *client;
    mailproto_smtp_server *server;
    const char *password;
    const char *allowed;
    uint32_t have; /* what the client has; 0: a password */
    char tried[256];
    uint32_t code;            /* of the last result */
    int outcome;              /* what on_event() said last */
    mailproto_status nothing; /* why nothing more was tried */
    int waits;                /* the server computes */
};

/* The login is the first thing in an end. */
static void later(struct login *l, mailproto_session *s)
{
    (void)s;
    ((struct end *)(void *)l)->waits = 1;
}

static int server_turn(void *ctx, mailproto_session *s)
{
    struct end *e = ctx;
    if (!e->waits) {
        return 0;
    }
    e->waits = mailproto_sasl_drive(e->login.sasl, s, NULL) == MAILPROTO_AGAIN;
    return 1;
}

static int server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct end *e = ctx;
    if (!on_server_event(&e->login, s, ev, str(server_octets), str(server_secret)) &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY)) {
        assert_int_equal(mailproto_smtp_server_accept(e->server, ev->tag),
                         MAILPROTO_OK);
    }
    return 0;
}

static void note_start(struct end *e, mailproto_status st)
{
    if (st == MAILPROTO_OK) {
        mailproto_bytes name = mailproto_sasl_name(e->login.sasl);
        strcat(e->tried, e->tried[0] != 0 ? " " : "");
        strncat(e->tried, name.ptr, name.len);
    } else {
        e->nothing = st;
        assert_int_equal(mailproto_smtp_client_quit(e->client, 2), MAILPROTO_OK);
    }
}

static void begin_client(struct end *e, mailproto_session *s)
{
    struct login *l = &e->login;
    if (e->have == 0) {
        note_start(e, log_in(l, s, str("alice"), str(e->password), str(client_octets)));
        return;
    }
    memset(l, 0, sizeof *l);
    l->options.struct_size = sizeof l->options;
    l->options.name = str("alice");
    l->options.password = str(e->password);
    l->choice.struct_size = sizeof l->choice;
    l->choice.flags = e->have;
    assert_int_equal(mailproto_sasl_offers(&l->choice, s), MAILPROTO_OK);
    note_start(e, next_mechanism(l, s, str(client_octets)));
}

static int client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct end *e = ctx;
    if (ev->type == MAILPROTO_EV_SMTP_CAPS) {
        begin_client(e, s);
    } else if (e->login.sasl != NULL) {
        e->outcome = on_event(&e->login, s, ev);
        if (e->outcome != 0) {
            e->code = ev->code;
        }
        if (e->outcome == -1 && (ev->code == 535 || ev->code == 504)) {
            note_start(e, next_mechanism(&e->login, s, str(client_octets)));
        } else if (e->outcome != 0) {
            assert_int_equal(mailproto_smtp_client_quit(e->client, 2), MAILPROTO_OK);
        }
    }
    return 0;
}

/* The bindings of both ends of a connection; each may have two. */
struct bindings {
    uint32_t client, client_second, server, server_second;
};

/* As octets, which are the same wherever the kind is. */
static mailproto_bytes binding_data(uint32_t type)
{
    static const char *const data[] = {"", "exporter", "end point", "unique"};
    return str(data[type]);
}

enum { CLEAR, TLS, UNVERIFIED };

/* One session. `offered` NULL: what the guide's server offers. */
static void session(struct end *c, const char *offered, int tls,
                    const struct bindings *b)
{
    mailproto_smtp_client_options co;
    mailproto_smtp_server_options so;
    struct pair_end client, server;
    mailproto_tls_info client_info, server_info;
    struct end *s = calloc(1, sizeof *s);
    assert_non_null(s);
    memset(&co, 0, sizeof co);
    memset(&so, 0, sizeof so);
    memset(&client, 0, sizeof client);
    memset(&server, 0, sizeof server);
    memset(&client_info, 0, sizeof client_info);
    co.struct_size = sizeof co;
    so.struct_size = sizeof so;
    co.tls = tls ? MAILPROTO_SMTP_TLS_REQUIRED : MAILPROTO_SMTP_TLS_NONE;
    co.flags = tls ? 0 : MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    so.flags = tls || offered == NULL ? 0 : MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    so.caps = (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH |
              (uint64_t)1 << MAILPROTO_SMTP_CAP_STARTTLS;
    if (offered == NULL) {
        offer(&so);
    } else {
        so.auth_mechanisms = str(offered);
    }
    we_offer_plus = offered == NULL || strstr(offered, "-PLUS") != NULL;
    client_info.struct_size = sizeof client_info;
    client_info.flags = tls == UNVERIFIED ? 0 : MAILPROTO_TLS_PEER_VERIFIED;
    server_info = client_info;
    client_info.binding_type = b->client;
    client_info.binding = binding_data(b->client);
    server_info.binding_type = b->server;
    server_info.binding = binding_data(b->server);
    assert_int_equal(mailproto_smtp_client_new(&co, &c->client), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_new(&so, &s->server), MAILPROTO_OK);
    client.session = mailproto_smtp_client_session(c->client);
    server.session = mailproto_smtp_server_session(s->server);
    client.ctx = c;
    server.ctx = s;
    client.event = client_event;
    server.event = server_event;
    server.turn = server_turn;
    client.tls = &client_info;
    server.tls = &server_info;
    second.session = b->client_second != 0 ? client.session : server.session;
    second.type = b->client_second != 0 ? b->client_second : b->server_second;
    second.data = binding_data(second.type);
    assert_int_equal(pair_run(&client, &server), PAIR_DONE);
    assert_null(c->login.sasl);
    assert_null(s->login.sasl);
    if (c->outcome == 1) {
        assert_int_equal(s->login.user_len, 5);
        assert_memory_equal(s->login.user, "alice", 5);
    }
    pair_end_free(&client);
    pair_end_free(&server);
    mailproto_smtp_client_free(c->client);
    mailproto_smtp_server_free(s->server);
    free(s);
}

static void logs_in(void **state)
{
    static const struct {
        const char *offered, *password;
        int tls;
        uint32_t have;
        const char *tried;
        uint32_t code;
        mailproto_status nothing;
    } v[] = {
        {"PLAIN LOGIN", "wonderland", 1, 0, "PLAIN", 235, 0},
        {"PLAIN LOGIN", "wonderland", UNVERIFIED, 0, "", 0, MAILPROTO_ERR_NEEDS_TLS},
        {"LOGIN", "wonderland", 1, 0, "LOGIN", 235, 0},
        {"PLAIN SCRAM-SHA-256", "wonderland", 1, 0, "SCRAM-SHA-256", 235, 0},
        {"PLAIN SCRAM-SHA-256", "Wonderland", 1, 0, "SCRAM-SHA-256 PLAIN", 535,
         MAILPROTO_ERR_NOT_OFFERED},
        /* This server asks nobody for a password that it would have to know. */
        {"PLAIN CRAM-MD5", "wonderland", 1, 0, "CRAM-MD5 PLAIN", 235, 0},
        /* Its memory is too small for tokens, which it says, and goes on. */
        {"XOAUTH2", "wonderland", 1, MAILPROTO_SASL_HAVE_TOKEN, "XOAUTH2", 454, 0},
        {"PLAIN SCRAM-SHA-256-PLUS", "wonderland", 1, 0, "SCRAM-SHA-256-PLUS", 235, 0},
        {"PLAIN SCRAM-SHA-256-PLUS", "Wonderland", 1, 0, "SCRAM-SHA-256-PLUS", 535,
         MAILPROTO_ERR_NOT_OFFERED},
        /* In the clear: what shows nothing; bound as soon as there is TLS. */
        {NULL, "wonderland", 1, 0, "SCRAM-SHA-256-PLUS", 235, 0},
        {NULL, "wonderland", UNVERIFIED, 0, "SCRAM-SHA-256-PLUS", 235, 0},
        {NULL, "wonderland", 0, 0, "SCRAM-SHA-256", 235, 0},
        {NULL, "Wonderland", 0, 0, "SCRAM-SHA-256", 535, MAILPROTO_ERR_NOT_OFFERED},
        {NULL, "wonderland", 1, MAILPROTO_SASL_HAVE_TOKEN, "OAUTHBEARER", 454, 0},
        {NULL, "wonderland", 0, MAILPROTO_SASL_HAVE_TOKEN, "", 0,
         MAILPROTO_ERR_NOT_OFFERED},
        {"PLAIN LOGIN", "wonderland", 0, 0, "", 0, MAILPROTO_ERR_NEEDS_TLS},
    };
    static const struct bindings one = {MAILPROTO_BINDING_EXPORTER, 0,
                                        MAILPROTO_BINDING_EXPORTER, 0};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct end *c = calloc(1, sizeof *c);
        assert_non_null(c);
        c->password = v[i].password;
        c->have = v[i].have;
        session(c, v[i].offered, v[i].tls, &one);
        assert_string_equal(c->tried, v[i].tried);
        assert_int_equal(c->code, v[i].code);
        assert_int_equal(c->outcome, v[i].code == 235 ? 1 : v[i].code != 0 ? -1 : 0);
        assert_int_equal(c->nothing, v[i].nothing);
        free(c);
    }
}

/* Before TLS 1.3 either side may have both bindings, or know but one of them. */
static void two_bindings(void **state)
{
    enum { POINT = MAILPROTO_BINDING_END_POINT, UNIQUE = MAILPROTO_BINDING_TLS_UNIQUE };
    static const struct {
        struct bindings b;
        const char *password, *tried;
        uint32_t code;
    } v[] = {
        {{UNIQUE, POINT, UNIQUE, 0}, "wonderland", "SCRAM-SHA-256-PLUS", 235},
        {{UNIQUE, POINT, POINT, 0},
         "wonderland",
         "SCRAM-SHA-256-PLUS SCRAM-SHA-256-PLUS",
         235},
        {{POINT, UNIQUE, UNIQUE, 0},
         "wonderland",
         "SCRAM-SHA-256-PLUS SCRAM-SHA-256-PLUS",
         235},
        {{POINT, 0, UNIQUE, POINT}, "wonderland", "SCRAM-SHA-256-PLUS", 235},
        {{UNIQUE, 0, POINT, UNIQUE}, "wonderland", "SCRAM-SHA-256-PLUS", 235},
        {{UNIQUE, 0, POINT, 0}, "wonderland", "SCRAM-SHA-256-PLUS", 535},
        /* A wrong password is tried twice, and by nothing that shows it. */
        {{UNIQUE, POINT, UNIQUE, 0},
         "Wonderland",
         "SCRAM-SHA-256-PLUS SCRAM-SHA-256-PLUS",
         535},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        struct end *c = calloc(1, sizeof *c);
        assert_non_null(c);
        c->password = v[i].password;
        session(c, NULL, TLS, &v[i].b);
        assert_string_equal(c->tried, v[i].tried);
        assert_int_equal(c->code, v[i].code);
        assert_int_equal(c->nothing,
                         v[i].code == 235 ? MAILPROTO_OK : MAILPROTO_ERR_NOT_OFFERED);
        free(c);
    }
}

static void whom_a_token_is_for(void **state)
{
    static const struct {
        const char *host;
        uint32_t port;
        int ours;
    } v[] = {
        {"", 0, 1},
        {"mail.example.org", 0, 1},
        {"MAIL.Example.org", 587, 1},
        {"", 587, 1},
        {"mail.example.org", 993, 0},
        {"", 993, 0},
        {"mail.example.net", 587, 0},
        {"mail.example.org.evil.example", 587, 0},
        {"mail.example.or", 587, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_need_info info;
        memset(&info, 0, sizeof info);
        info.host = str(v[i].host);
        info.port = v[i].port;
        assert_int_equal(is_meant_for_us(&info), v[i].ours);
    }
}

static void own_mechanisms(void **state)
{
    mailproto_sasl_choice c;
    mailproto_bytes name;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = MAILPROTO_SASL_HAVE_PASSWORD | MAILPROTO_SASL_ENCRYPTED;
    speak_gssapi(&c);
    assert_int_equal(mailproto_sasl_offer(&c, str("PLAIN GSSAPI SCRAM-SHA-256")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    expect_span(name, "GSSAPI");
    assert_ptr_equal(c.chosen, &gssapi);
    assert_int_equal(mailproto_sasl_choose(&c, &name), MAILPROTO_OK);
    expect_span(name, "SCRAM-SHA-256");
    assert_null(c.chosen);
}

static void in_the_clear(void **state)
{
    static const char *const no[] = {"PLAIN",   "LOGIN",    "OAUTHBEARER",
                                     "XOAUTH2", "CRAM-MD5", "NTLM"};
    static const char *const yes[] = {"SCRAM-SHA-256", "scram-sha-1-plus", "EXTERNAL"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof no / sizeof no[0]; ++i) {
        assert_int_equal(may_be_in_the_clear(str(no[i])), 0);
    }
    for (i = 0; i < sizeof yes / sizeof yes[0]; ++i) {
        assert_int_equal(may_be_in_the_clear(str(yes[i])), 1);
    }
}

/* ---- the guide's: TLS ------------------------------------------------------------------ */

typedef struct tls_context tls_context;
typedef struct tls_connection tls_connection;

/* An adapter of no TLS at all. */
struct tls_connection {
    int handshakes, waits;
    mailproto_status end;
};
static struct tls_connection the_connection;

static tls_connection *tls_client_new(tls_context *ctx, int fd, const char *host)
{
    assert_null(ctx);
    assert_int_equal(fd, 7);
    assert_string_equal(host, "mail.example");
    return the_connection.end == MAILPROTO_ERR_MEMORY ? NULL : &the_connection;
}

static mailproto_status tls_handshake(tls_connection *tls)
{
    return ++tls->handshakes < 3 ? MAILPROTO_AGAIN : tls->end;
}

static short tls_poll_events(const tls_connection *tls)
{
    (void)tls;
    return 1;
}

static void wait_for(int fd, short events)
{
    assert_int_equal(fd, 7);
    the_connection.waits += events;
}

static mailproto_status tls_read(void *tls, void *buf, size_t cap, size_t *got)
{
    (void)tls;
    (void)buf;
    (void)cap;
    *got = 0;
    return MAILPROTO_AGAIN;
}

static mailproto_status tls_write(void *tls, const void *buf, size_t len, size_t *put)
{
    (void)tls;
    (void)buf;
    (void)len;
    *put = 0;
    return MAILPROTO_AGAIN;
}

static mailproto_bytes bytes(const char *text)
{
    return str(text);
}

static mailproto_status tls_started(mailproto_session *session, tls_connection *tls)
{
    mailproto_bytes data = bytes("octets of this connection");
    (void)tls;
    mailproto_tls_info info = {0};
    info.struct_size = sizeof info;
    info.protocol = bytes("TLSv1.3");               /* for logs */
    info.flags = MAILPROTO_TLS_PEER_VERIFIED;       /* if it is so */
    info.binding_type = MAILPROTO_BINDING_EXPORTER; /* and its data, see below */
    info.binding = data;
    return mailproto_session_tls_started(session, &info); /* copies all of it */
}

static void on_tls_event(mailproto_session *session, const mailproto_event *ev,
                         mailproto_io *out)
{
    tls_context *context = NULL;
    tls_connection *tls;
    mailproto_io io;
    mailproto_status st;
    int fd = 7;
    memset(&io, 0, sizeof io);
    io.struct_size = sizeof io;
    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        tls = tls_client_new(context, fd, "mail.example");
        st = tls == NULL ? MAILPROTO_ERR_TLS : tls_handshake(tls);
        while (st == MAILPROTO_AGAIN) {
            wait_for(fd, tls_poll_events(tls)); /* until poll() reports them */
            st = tls_handshake(tls);
        }
        if (st == MAILPROTO_OK) {
            io.ctx = tls;
            io.read = tls_read;
            io.write = tls_write;
            tls_started(session, tls);
        } else {
            mailproto_session_fail(session, st);
        }
        break;
    default:
        fail();
        break;
    }
    *out = io;
}

static void tls_begins(void **state)
{
    static const mailproto_status ends[] = {MAILPROTO_OK, MAILPROTO_ERR_TLS,
                                            MAILPROTO_ERR_MEMORY};
    size_t i;
    (void)state;
    for (i = 0; i < 3; ++i) {
        mailproto_smtp_client_options o;
        mailproto_smtp_client *c;
        mailproto_session *s;
        mailproto_tls_info info;
        mailproto_event ev;
        mailproto_io io;
        memset(&o, 0, sizeof o);
        o.struct_size = sizeof o;
        o.tls = MAILPROTO_SMTP_TLS_IMPLICIT;
        memset(&the_connection, 0, sizeof the_connection);
        the_connection.end = ends[i];
        assert_int_equal(mailproto_smtp_client_new(&o, &c), MAILPROTO_OK);
        s = mailproto_smtp_client_session(c);
        assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
        on_tls_event(s, &ev, &io);
        memset(&info, 0, sizeof info);
        info.struct_size = sizeof info;
        if (ends[i] == MAILPROTO_OK) {
            assert_int_equal(mailproto_session_tls_info(s, &info), MAILPROTO_OK);
            expect_span(info.binding, "octets of this connection");
            assert_int_equal(info.flags, MAILPROTO_TLS_PEER_VERIFIED);
            assert_ptr_equal(io.ctx, &the_connection);
        } else {
            mailproto_error e;
            memset(&e, 0, sizeof e);
            e.struct_size = sizeof e;
            mailproto_session_get_error(s, &e);
            assert_int_equal(e.code, MAILPROTO_ERR_TLS);
            assert_null(io.ctx);
        }
        assert_int_equal(the_connection.waits, ends[i] == MAILPROTO_ERR_MEMORY ? 0 : 2);
        mailproto_smtp_client_free(c);
    }
}

/* ---- word by word ------------------------------------------------------------------------ */

static void the_pages(void **state)
{
    static const char *const names[] = {
        "tests/unit/sasl/test_guide.c",  "tests/unit/sasl/test_hash_openssl.c",
        "examples/common/tls_openssl.c", "examples/common/tls_mbedtls.c",
        "examples/common/connection.c",  "examples/common/login.c",
        "examples/mailserver/auth.c"};
    enum { SOURCES = sizeof names / sizeof names[0] };
    (void)state;
    assert_in_range(guide_pieces("docs/guide/sasl.md", names, 2), 17, 100);
    assert_in_range(guide_pieces("docs/guide/tls.md", names, SOURCES), 8, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_in),
        cmocka_unit_test(two_bindings),
        cmocka_unit_test(whom_a_token_is_for),
        cmocka_unit_test(own_mechanisms),
        cmocka_unit_test(in_the_clear),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(tls_begins),
        cmocka_unit_test(the_pages),
    };
    static struct login keys;
    mailproto_bytes salt = {"sixteen octets..", 16};
    mailproto_bytes password = {"wonderland", 10};
    int failed;
    if (!make_keys(&keys, password, salt, &known_keys)) {
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    mailproto_sasl_wipe(keys.sasl);
    return failed;
}
