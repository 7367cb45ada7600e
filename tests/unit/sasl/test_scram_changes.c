/*
 * A byte changed anywhere in a SCRAM exchange, on any of its four messages, to any
 * other value: never do both sides end well. Nor do they when a byte is lost or
 * added, or when a message is cut off or replayed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "exchange.h"
#include "thinned.h"

struct change {
    int number; /* of the message */
    size_t at;
    unsigned char to; /* XORed onto it */
    enum { CHANGE, LOSE, ADD, CUT } how;
    size_t len; /* of the message, before */
};

static mailproto_sasl_scram stored;
static struct side enrolled;

static void meddle(struct talk *t, int number, char *message, size_t *len)
{
    struct change *c = t->ctx;
    if (number != c->number) {
        return;
    }
    c->len = *len;
    if (c->at >= *len) {
        return;
    }
    switch (c->how) {
    case CHANGE:
        message[c->at] = (char)((unsigned char)message[c->at] ^ c->to);
        break;
    case LOSE:
        memmove(message + c->at, message + c->at + 1, *len - c->at - 1);
        --*len;
        break;
    case ADD:
        memmove(message + c->at + 1, message + c->at, *len - c->at);
        message[c->at] = (char)c->to;
        ++*len;
        break;
    case CUT:
        *len = c->at;
        break;
    }
}

/* A store that knows every name: it must fail for another reason. */
static void answer(struct talk *t, const mailproto_sasl_need_info *need)
{
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_SCRAM);
    assert_int_equal(mailproto_sasl_answer_scram(t->server.x, &stored), MAILPROTO_OK);
}

struct setting {
    const char *mechanism, *authzid, *binding;
};

static void enrol(const char *mechanism)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_ENROL, mechanism);
    o.password = str("pencil");
    o.salt = str("some salt");
    o.iterations = 2;
    side_open(&enrolled, &o);
    assert_int_equal(finish(enrolled.x).state, MAILPROTO_SASL_DONE);
    memset(&stored, 0, sizeof stored);
    stored.struct_size = sizeof stored;
    assert_int_equal(mailproto_sasl_enrolled(enrolled.x, &stored), MAILPROTO_OK);
}

/* One exchange. 1: both ended well. */
static int authenticates(const struct setting *g, struct change *change)
{
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, g->mechanism);
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, g->mechanism);
    struct talk t;
    int good;
    memset(&t, 0, sizeof t);
    c.name = str("us,er");
    c.authzid = str(g->authzid);
    c.password = str("pencil");
    c.nonce = str("the client's nonce");
    c.min_iterations = 1;
    c.max_iterations = 100; /* more would only take time */
    s.nonce = str("and the server's nonce");
    s.salt_key = str("a secret of the server");
    if (g->binding[0] != 0) {
        c.binding_type = s.binding_type = MAILPROTO_BINDING_EXPORTER;
        c.binding = s.binding = str(g->binding);
    }
    t.piece = 1000;
    t.answer = answer;
    t.meddle = meddle;
    t.ctx = change;
    side_open(&t.client, &c);
    side_open(&t.server, &s);
    converse(&t);
    /* The server is sure before the last message, which only the client can judge. */
    good = t.client_sure && t.server_done;
    assert_int_equal(t.client_sure, good);
    if (change->number < 3 && change->at < change->len) {
        assert_int_equal(t.server_done, 0);
    }
    side_close(&t.client);
    side_close(&t.server);
    return good;
}

static const struct setting settings[] = {
    {"SCRAM-SHA-1", "", ""},
    {"SCRAM-SHA-256", "admin", ""},
    {"SCRAM-SHA-256-PLUS", "", "binding data of this connection"},
    {"SCRAM-SHA-1-PLUS", "admin", "of another"},
};

enum { EVERY_VALUE = 2 };

static void any_octet_changed(void **state)
{
    const unsigned every = (unsigned)thinned(23);
    size_t i, count = 0;
    (void)state;
    for (i = 0; i < sizeof settings / sizeof settings[0]; ++i) {
        struct change c = {-1, 0, 0, CHANGE, 0};
        enrol(settings[i].mechanism);
        assert_int_equal(authenticates(&settings[i], &c), 1); /* left alone it works */
        for (c.number = 0; c.number < 4; ++c.number) {
            for (c.at = 0, c.len = 1; c.at < c.len; ++c.at) {
                unsigned to;
                /* To every other value in one setting, by one bit in the others. */
                for (to = 1; to < 256; to = i == EVERY_VALUE ? to + every : to * 2) {
                    c.to = (unsigned char)to;
                    assert_int_equal(authenticates(&settings[i], &c), 0);
                    ++count;
                }
            }
        }
        side_close(&enrolled);
    }
    printf("%zu changed octets, none let through\n", count);
}

static void any_octet_lost_or_added(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof settings / sizeof settings[0]; ++i) {
        struct change c = {0, 0, 0, LOSE, 0};
        enrol(settings[i].mechanism);
        for (c.number = 0; c.number < 4; ++c.number) {
            for (c.at = 0, c.len = 1; c.at < c.len; ++c.at) {
                c.how = LOSE;
                assert_int_equal(authenticates(&settings[i], &c), 0);
                c.how = CUT;
                assert_int_equal(authenticates(&settings[i], &c), 0);
                c.how = ADD;
                for (c.to = 'A'; c.to != 0; c.to = c.to == 'A'   ? '='
                                                   : c.to == '=' ? ','
                                                                 : 0) {
                    assert_int_equal(authenticates(&settings[i], &c), 0);
                }
            }
        }
        side_close(&enrolled);
    }
}

/* ---- replay ------------------------------------------------------------------ */

struct tape {
    char text[4][512];
    size_t len[4];
};

static void record(struct talk *t, int number, char *message, size_t *len)
{
    struct tape *tape = t->ctx;
    assert_in_range(number, 0, 3);
    assert_in_range(*len, 1, sizeof tape->text[0]);
    memcpy(tape->text[number], message, *len);
    tape->len[number] = *len;
}

static void run(struct tape *tape, const char *server_nonce, int replay)
{
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-256");
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, "SCRAM-SHA-256");
    struct talk t;
    memset(&t, 0, sizeof t);
    s.nonce = str(server_nonce);
    s.salt_key = str("a secret of the server");
    t.answer = answer;
    side_open(&t.server, &s);
    if (!replay) {
        c.name = str("user");
        c.password = str("pencil");
        c.nonce = str("the client's nonce");
        c.min_iterations = 1;
        t.piece = 1000;
        t.meddle = record;
        t.ctx = tape;
        side_open(&t.client, &c);
        converse(&t);
        assert_int_equal(t.client_sure, 1);
        side_close(&t.client);
    } else {
        give(t.server.x, tape->text[0], tape->len[0]);
        assert_int_equal(advance(&t, t.server.x).state, MAILPROTO_SASL_CONTINUE);
        give(t.server.x, tape->text[2], tape->len[2]);
        if (replay == 2) {
            assert_int_equal(finish(t.server.x).state, MAILPROTO_SASL_DONE_WITH_DATA);
        } else {
            expect_failed(t.server.x, MAILPROTO_ERR_AUTH);
        }
    }
    side_close(&t.server);
}

static void what_was_heard_is_no_proof(void **state)
{
    struct tape tape;
    (void)state;
    enrol("SCRAM-SHA-256");
    run(&tape, "nonce of that day", 0);
    run(&tape, "nonce of that day", 2); /* a server that repeats itself has lost */
    run(&tape, "nonce of today....", 1);
    side_close(&enrolled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_octet_changed),
        cmocka_unit_test(any_octet_lost_or_added),
        cmocka_unit_test(what_was_heard_is_no_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
