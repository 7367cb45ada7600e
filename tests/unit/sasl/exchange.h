/*
 * What the SASL tests share: exchanges in blocks of exactly their size, messages in
 * pieces, and two exchanges talking to each other. Include cmocka.h before it.
 */
#ifndef TEST_SASL_EXCHANGE_H
#define TEST_SASL_EXCHANGE_H

#include <stdlib.h>
#include <string.h>

#include <mailproto/sasl.h>

/* Many more than any exchange of these tests takes. */
#define TEXT_MAX 16384u

static inline mailproto_bytes str(const char *s)
{
    mailproto_bytes b = {s, strlen(s)};
    return b;
}

static inline mailproto_bytes octets(const void *p, size_t len)
{
    mailproto_bytes b = {(const char *)p, len};
    return b;
}

static inline void expect_span(mailproto_bytes got, const char *text)
{
    assert_int_equal(got.len, strlen(text));
    if (got.len > 0) {
        assert_memory_equal(got.ptr, text, got.len);
    }
}

/* ---- one exchange ------------------------------------------------------------ */

struct side {
    char *block;
    size_t size;
    mailproto_sasl *x;
};

static inline mailproto_sasl_options options_for(uint32_t role, const char *mechanism)
{
    mailproto_sasl_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.role = role;
    o.mechanism = str(mechanism);
    return o;
}

/* In memory that begins one octet off, so that nothing relies on its alignment. */
static inline mailproto_status side_try(struct side *s, const mailproto_sasl_options *o)
{
    s->size = mailproto_sasl_mem_size(o);
    s->block = malloc(s->size + 1);
    s->x = NULL;
    assert_non_null(s->block);
    memset(s->block, 0xA5, s->size + 1);
    return mailproto_sasl_init(s->block + 1, s->size, o, &s->x);
}

static inline void side_close(struct side *s)
{
    if (s->x != NULL) {
        mailproto_sasl_wipe(s->x);
    }
    free(s->block);
    s->block = NULL;
    s->x = NULL;
}

static inline void side_open(struct side *s, const mailproto_sasl_options *o)
{
    mailproto_sasl *none = NULL;
    assert_int_equal(side_try(s, o), MAILPROTO_OK);
    assert_non_null(s->x);
    /* One octet less is refused before anything is touched. */
    assert_int_equal(mailproto_sasl_init(s->block, s->size - 1, o, &none),
                     MAILPROTO_ERR_MEMORY);
    assert_null(none);
}

/* What is refused at the start. */
static inline void expect_refused(const mailproto_sasl_options *o, mailproto_status why)
{
    struct side s;
    assert_int_equal(mailproto_sasl_mem_size(o), 0);
    assert_int_equal(side_try(&s, o), why);
    assert_null(s.x);
    side_close(&s);
}

static inline mailproto_sasl_state step(mailproto_sasl *x)
{
    mailproto_sasl_state state;
    memset(&state, 0, sizeof state);
    state.struct_size = sizeof state;
    assert_int_equal(mailproto_sasl_step(x, &state), MAILPROTO_OK);
    return state;
}

/* Steps until it no longer says WORKING. */
static inline mailproto_sasl_state finish(mailproto_sasl *x)
{
    mailproto_sasl_state s = step(x);
    while (s.state == MAILPROTO_SASL_WORKING) {
        s = step(x);
    }
    return s;
}

static inline void expect_failed(mailproto_sasl *x, mailproto_status why)
{
    mailproto_sasl_state s = finish(x);
    assert_int_equal(s.state, MAILPROTO_SASL_FAILED);
    assert_int_equal(s.error, why);
    assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_ERR_AUTH);
}

/* The present response, `piece` octets at a time. */
static inline size_t take_response(mailproto_sasl *x, size_t piece, char *buf)
{
    size_t at = 0, n = 0;
    mailproto_status st;
    while ((st = mailproto_sasl_output(x, at, buf + at, piece, &n)) == MAILPROTO_OK) {
        assert_in_range(n, 1, piece);
        at += n;
        assert_in_range(at, 1, TEXT_MAX);
    }
    assert_int_equal(st, MAILPROTO_EOF);
    return at;
}

static inline void expect_response(mailproto_sasl *x, const void *text, size_t len)
{
    static char got[TEXT_MAX + 64];
    size_t piece;
    for (piece = 1; piece < 64; piece += 7) {
        assert_int_equal(take_response(x, piece, got), len);
        assert_memory_equal(got, text, len);
    }
}

static inline void expect_text(mailproto_sasl *x, uint32_t state, const char *text)
{
    mailproto_sasl_state s = finish(x);
    assert_int_equal(s.state, state);
    assert_int_equal(s.response, strlen(text));
    expect_response(x, text, strlen(text));
}

static inline void give(mailproto_sasl *x, const void *data, size_t len)
{
    assert_int_equal(mailproto_sasl_input(x, data, len, 1), MAILPROTO_OK);
}

static inline void give_text(mailproto_sasl *x, const char *text)
{
    give(x, text, strlen(text));
}

static inline mailproto_sasl_need_info need(mailproto_sasl *x, uint32_t kind)
{
    mailproto_sasl_need_info i;
    memset(&i, 0, sizeof i);
    i.struct_size = sizeof i;
    assert_int_equal(mailproto_sasl_need(x, &i), MAILPROTO_OK);
    assert_int_equal(i.need, kind);
    return i;
}

/* ---- two of them ------------------------------------------------------------- */

struct talk;

/* Answers a server's need. */
typedef void (*answer_fn)(struct talk *t, const mailproto_sasl_need_info *need);

/* Changes a message on its way: number 0 is the first of either side. */
typedef void (*meddle_fn)(struct talk *t, int number, char *message, size_t *len);

struct talk {
    struct side client, server;
    size_t piece;   /* octets taken at a time */
    size_t cut;     /* messages are given in two parts: up to here, and the rest */
    int no_initial; /* the server is stepped before the first message comes */
    int limited;    /* what is answered may not fit */
    answer_fn answer;
    meddle_fn meddle;
    void *ctx;

    /* the outcome */
    int messages;    /* that were sent */
    int server_done; /* the server said DONE */
    int client_sure; /* the server reported success, and the client has proof of it */
    size_t longest;
    mailproto_status client_error, server_error;
};

/* Carries one message over. 0: it was refused. */
static inline int carry(struct talk *t, mailproto_sasl *from, mailproto_sasl *to)
{
    char *buf = malloc(TEXT_MAX);
    size_t len;
    size_t cut;
    mailproto_status st = MAILPROTO_OK;
    assert_non_null(buf);
    len = take_response(from, t->piece, buf);
    t->longest = len > t->longest ? len : t->longest;
    if (t->meddle != NULL) {
        t->meddle(t, t->messages, buf, &len);
    }
    t->messages++;
    cut = t->cut < len ? t->cut : len;
    if (t->cut > 0) {
        st = mailproto_sasl_input(to, buf, cut, 0);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto_sasl_input(to, buf + (t->cut > 0 ? cut : 0),
                                  len - (t->cut > 0 ? cut : 0), 1);
    }
    free(buf);
    return st == MAILPROTO_OK;
}

/* Steps one side until it has something to send or to say. */
static inline mailproto_sasl_state advance(struct talk *t, mailproto_sasl *x)
{
    mailproto_sasl_state s = finish(x);
    while (s.state == MAILPROTO_SASL_NEEDS) {
        mailproto_sasl_need_info i;
        memset(&i, 0, sizeof i);
        i.struct_size = sizeof i;
        assert_int_equal(mailproto_sasl_need(x, &i), MAILPROTO_OK);
        assert_non_null(t->answer);
        t->answer(t, &i);
        s = finish(x);
    }
    return s;
}

/* The whole conversation, as a protocol without data beside success carries it. */
static inline void converse(struct talk *t)
{
    mailproto_sasl *client = t->client.x, *server = t->server.x;
    mailproto_sasl_state c = finish(client), s;
    int turns = 0;
    int reported = 0;
    memset(&s, 0, sizeof s);
    s.state = MAILPROTO_SASL_WAIT;
    if (c.state == MAILPROTO_SASL_WAIT || t->no_initial) {
        s = advance(t, server);
        assert_int_equal(s.state, MAILPROTO_SASL_CONTINUE);
        if (c.state == MAILPROTO_SASL_WAIT) {
            (void)carry(t, server, client);
            c = finish(client);
        }
    }
    while (turns++ < 20) {
        if (c.state == MAILPROTO_SASL_DONE) {
            /* It is sure; the server's success follows its empty answer. */
            reported = t->server_done;
            break;
        }
        if (c.state != MAILPROTO_SASL_CONTINUE) {
            break; /* it gave up */
        }
        (void)carry(t, client, server);
        s = advance(t, server);
        if (s.state == MAILPROTO_SASL_DONE) {
            t->server_done = 1;
            reported = 1;
            break;
        }
        if (s.state == MAILPROTO_SASL_DONE_WITH_DATA) {
            t->server_done = 1;
        } else if (s.state != MAILPROTO_SASL_CONTINUE) {
            break;
        }
        (void)carry(t, server, client);
        c = finish(client);
    }
    assert_in_range(turns, 1, 20);
    t->client_error = c.state == MAILPROTO_SASL_FAILED ? c.error : MAILPROTO_OK;
    t->server_error = s.state == MAILPROTO_SASL_FAILED ? s.error : MAILPROTO_OK;
    t->client_sure = reported && mailproto_sasl_proven(client) == MAILPROTO_OK;
}

#endif /* TEST_SASL_EXCHANGE_H */
