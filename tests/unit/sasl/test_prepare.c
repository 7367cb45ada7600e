/*
 * The canonical form of names, of whom they act as, and of passwords: ASCII passes
 * straight through, the rest goes through the caller's function on both sides, and what
 * comes out of it must be what may stand there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

#define UE "\xc3\xbc"
#define OE "\xc3\xb6"
#define AE "\xc3\xa4"

/* A literal and its length. */
#define TEXT(literal) (literal), sizeof(literal) - 1

enum { CAP = 12 };

/* What it was asked, and what it is to do instead of preparing. */
struct preparer {
    int names, passwords;
    mailproto_status fail;     /* instead of OK ... */
    const char *only;          /* ... for this text alone */
    const mailproto_bytes *to; /* or NULL: each octet beyond ASCII becomes an X */
};

static mailproto_status to_x(void *ctx, uint32_t what, const void *text, size_t len,
                             void *out, size_t cap, size_t *got)
{
    struct preparer *p = ctx;
    const unsigned char *in = text;
    unsigned char *to = out;
    size_t i, beyond = 0;
    int is_only =
        p->only == NULL || (strlen(p->only) == len && memcmp(p->only, text, len) == 0);
    assert_int_equal(cap, CAP);
    p->names += what == MAILPROTO_SASL_PREPARE_NAME;
    p->passwords += what == MAILPROTO_SASL_PREPARE_PASSWORD;
    assert_in_range(len, 1, cap);
    for (i = 0; i < len; ++i) {
        beyond += in[i] > 0x7F;
        to[i] = in[i] > 0x7F ? 'X' : in[i];
    }
    assert_int_not_equal(beyond, 0); /* ASCII is none of its business */
    *got = len;
    if (is_only && p->to != NULL) {
        memcpy(out, p->to->ptr, p->to->len);
        *got = p->to->len;
    }
    return is_only ? p->fail : MAILPROTO_OK;
}

/* What each mechanism has of them. */
static const struct {
    const char *name;
    int names;     /* 1: a name; 2: one that it is not sent beside an authzid */
    int authzid;   /* 1: whom to act as; 2: which takes the place of the name */
    int passwords; /* 1: a password */
} rows[] = {
    {"PLAIN", 1, 1, 1},       {"LOGIN", 1, 0, 1},         {"CRAM-MD5", 1, 0, 1},
    {"SCRAM-SHA-1", 1, 1, 1}, {"SCRAM-SHA-256", 1, 1, 1}, {"OAUTHBEARER", 1, 2, 0},
    {"XOAUTH2", 1, 0, 0},     {"EXTERNAL", 0, 1, 0},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static mailproto_sasl_options client_of(size_t row)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, rows[row].name);
    o.nonce = str("random octets of the client");
    o.min_iterations = 1;
    o.prepare_max = CAP;
    return o;
}

static mailproto_sasl_options server_of(size_t row)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, rows[row].name);
    o.nonce = str("random octets of the server");
    o.salt_key = str("a secret of the server");
    o.iterations = 3;
    o.prepare_max = CAP;
    return o;
}

/* ---- both sides ---------------------------------------------------------------- */

/* What the server must be told; the password that it knows. */
struct expected {
    const char *name, *authzid, *password, *stored;
    int calls;
};

static void answer_expected(struct talk *t, const mailproto_sasl_need_info *need)
{
    struct expected *e = t->ctx;
    ++e->calls;
    expect_span(need->name, e->name);
    expect_span(need->authzid, e->authzid);
    switch (need->need) {
    case MAILPROTO_SASL_NEED_VERIFY:
        expect_span(need->password, e->password);
        assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, NULL, 0),
                         MAILPROTO_OK);
        return;
    case MAILPROTO_SASL_NEED_PASSWORD:
    case MAILPROTO_SASL_NEED_SCRAM:
        assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, e->stored,
                                               strlen(e->stored)),
                         MAILPROTO_OK);
        return;
    case MAILPROTO_SASL_NEED_TOKEN:
        expect_span(need->token, "token");
        break;
    default:
        assert_int_equal(need->need, MAILPROTO_SASL_NEED_EXTERNAL);
        break;
    }
    assert_int_equal(mailproto_sasl_answer(t->server.x, MAILPROTO_OK, NULL, 0),
                     MAILPROTO_OK);
}

enum who { CLIENT = 1, SERVER = 2 };

/* One exchange with names that are not ASCII, prepared on one side, or on both. */
static void exchange(size_t row, int who, int as_another)
{
    mailproto_sasl_options c = client_of(row), s = server_of(row);
    struct preparer ours, theirs;
    struct expected e;
    struct talk t;
    int is_secret = rows[row].passwords && strncmp(rows[row].name, "PLAIN", 5) != 0 &&
                    strcmp(rows[row].name, "LOGIN") != 0;
    int names = (rows[row].names != 0) + as_another;
    memset(&ours, 0, sizeof ours);
    memset(&theirs, 0, sizeof theirs);
    memset(&e, 0, sizeof e);
    memset(&t, 0, sizeof t);
    c.name = str(rows[row].names ? "u" UE : "");
    c.authzid = str(as_another ? "b" OE : "");
    c.password = str(rows[row].passwords ? "p" AE : "token");
    e.name = rows[row].names ? "uXX" : "";
    e.authzid = as_another ? "bXX" : "";
    e.password = "pXX";
    e.stored = "p" AE;
    if (rows[row].authzid == 2 && as_another) { /* it takes the name's place */
        e.name = "bXX";
        e.authzid = "";
    }
    if (who & CLIENT) {
        c.prepare = to_x;
        c.prepare_ctx = &ours;
    } else if (is_secret) {
        c.password = str("pXX"); /* hashed here, as it is */
    }
    if (who & SERVER) {
        s.prepare = to_x;
        s.prepare_ctx = &theirs;
    } else {
        e.stored = "pXX";
    }
    t.piece = 100;
    t.answer = answer_expected;
    t.ctx = &e;
    side_open(&t.client, &c);
    side_open(&t.server, &s);
    converse(&t);
    assert_int_equal(e.calls, 1);
    assert_int_equal(t.server_done, 1);
    assert_int_equal(t.client_sure, 1);
    assert_int_equal(ours.names, who & CLIENT ? names : 0);
    assert_int_equal(ours.passwords, who & CLIENT ? rows[row].passwords : 0);
    /* What was prepared is ASCII here; only what the server stores is not. */
    if (rows[row].authzid == 2) {
        names = 1;
    }
    assert_int_equal(theirs.names, who == SERVER ? names : 0);
    assert_int_equal(theirs.passwords, who == SERVER               ? rows[row].passwords
                                       : who & SERVER && is_secret ? 1
                                                                   : 0);
    side_close(&t.client);
    side_close(&t.server);
}

static void on_either_side(void **state)
{
    size_t row;
    int who, as_another;
    (void)state;
    for (row = 0; row < ROWS; ++row) {
        for (as_another = 0; as_another <= (rows[row].authzid != 0); ++as_another) {
            for (who = CLIENT; who <= (CLIENT | SERVER); ++who) {
                exchange(row, who, as_another);
            }
        }
    }
}

static void ascii_passes_straight(void **state)
{
    size_t row;
    (void)state;
    for (row = 0; row < ROWS; ++row) {
        mailproto_sasl_options c = client_of(row), s = server_of(row);
        struct preparer never;
        struct expected e;
        struct talk t;
        memset(&never, 0, sizeof never);
        memset(&e, 0, sizeof e);
        memset(&t, 0, sizeof t);
        /* Longer than what it could write. */
        c.name = str(rows[row].names ? "a name of some length" : "");
        c.authzid = str(rows[row].authzid ? "another of some length" : "");
        c.password = str(rows[row].passwords ? "a password, long too" : "token");
        e.name = rows[row].authzid == 2 ? "another of some length" : c.name.ptr;
        e.authzid = rows[row].authzid == 1 ? "another of some length" : "";
        e.password = e.stored = "a password, long too";
        c.prepare = s.prepare = to_x;
        c.prepare_ctx = s.prepare_ctx = &never;
        t.piece = 100;
        t.answer = answer_expected;
        t.ctx = &e;
        side_open(&t.client, &c);
        side_open(&t.server, &s);
        converse(&t);
        assert_int_equal(t.client_sure, 1);
        assert_int_equal(never.names + never.passwords, 0);
        side_close(&t.client);
        side_close(&t.server);
    }
}

/* ---- whom to act as ------------------------------------------------------------ */

/* What a preparation may yield, and what not. */
static const struct {
    const char *text;
    size_t len;
    int good;
} yields[] = {
    {"boe", 3, 1},  {"b" OE, 3, 1},       {"exactly 12..", 12, 1}, {"", 0, 0},
    {"b\ne", 3, 0}, {"b\0e", 3, 0},       {"b\xc3", 2, 0},         {"b\x7f", 2, 0},
    {"\xff", 1, 0}, {"admin\0bob", 9, 0},
};
enum { YIELDS = sizeof yields / sizeof yields[0] };

/* The client refuses to begin with what became no name. */
static void a_client_acts_as_a_name(void **state)
{
    size_t row, i;
    (void)state;
    for (row = 0; row < ROWS; ++row) {
        for (i = 0; i < YIELDS && rows[row].authzid; ++i) {
            mailproto_sasl_options o = client_of(row);
            mailproto_bytes to = octets(yields[i].text, yields[i].len);
            struct preparer p;
            struct side s;
            memset(&p, 0, sizeof p);
            p.only = "b" OE;
            p.to = &to;
            o.name = str(rows[row].names ? "u" UE : "");
            o.password = str("token");
            o.authzid = str("b" OE);
            o.prepare = to_x;
            o.prepare_ctx = &p;
            assert_int_equal(side_try(&s, &o),
                             yields[i].good ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
            if (yields[i].good) {
                static char got[TEXT_MAX];
                size_t len;
                assert_int_equal(step(s.x).state, MAILPROTO_SASL_CONTINUE);
                len = take_response(s.x, 100, got);
                assert_in_range(len, to.len, sizeof got);
                /* PLAIN, EXTERNAL begin with it; a=, behind the flag, the others. */
                assert_memory_equal(got + (memcmp(got, "n,a=", 4) == 0 ? 4 : 0), to.ptr,
                                    to.len);
            }
            side_close(&s);
            p.fail = MAILPROTO_ERR_NOT_OFFERED; /* whatever it says */
            assert_int_equal(side_try(&s, &o), MAILPROTO_ERR_NOT_OFFERED);
            side_close(&s);
            p.fail = MAILPROTO_AGAIN; /* neither yes nor no */
            assert_int_equal(side_try(&s, &o), MAILPROTO_ERR_ARGUMENT);
            side_close(&s);
            o.authzid = str("b\xc3"); /* no UTF-8: it is never called */
            p.names = 0;
            expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
            o.authzid = str("b\n");
            expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
            assert_int_equal(p.names, 0);
        }
    }
}

/* Messages of a client that acts as b-umlaut. */
static const struct {
    size_t row;
    const char *text;
    size_t len;
} acting[] = {
    {0, TEXT("b" OE "\0u\0p")},
    {3, TEXT("n,a=b" OE ",n=u,r=abc")},
    {4, TEXT("n,a=b" OE ",n=u,r=abc")},
    {5, TEXT("n,a=b" OE ",\001auth=Bearer token\001\001")},
    {7, TEXT("b" OE)},
};
enum { ACTING = sizeof acting / sizeof acting[0] };

/* The server fails the exchange (RFC 4954 4, RFC 5034 4). */
static void a_server_hears_of_names(void **state)
{
    size_t k, i;
    (void)state;
    for (k = 0; k < ACTING; ++k) {
        for (i = 0; i <= YIELDS; ++i) {
            mailproto_sasl_options o = server_of(acting[k].row);
            mailproto_bytes to = str("");
            int good = i < YIELDS && yields[i].good;
            struct preparer p;
            struct side s;
            memset(&p, 0, sizeof p);
            if (i < YIELDS) {
                to = octets(yields[i].text, yields[i].len);
                p.to = &to;
            } else {
                p.fail = MAILPROTO_ERR_ARGUMENT;
            }
            o.prepare = to_x;
            o.prepare_ctx = &p;
            side_open(&s, &o);
            give(s.x, acting[k].text, acting[k].len);
            if (good) {
                mailproto_sasl_need_info n;
                memset(&n, 0, sizeof n);
                n.struct_size = sizeof n;
                assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
                assert_int_equal(mailproto_sasl_need(s.x, &n), MAILPROTO_OK);
                expect_span(acting[k].row == 5 ? n.name : n.authzid, yields[i].text);
            } else {
                expect_failed(s.x, MAILPROTO_ERR_AUTH);
            }
            assert_int_equal(p.names, 1);
            side_close(&s);
        }
    }
}

/* What is no UTF-8 never reaches it. */
static void a_server_checks_before(void **state)
{
    size_t k;
    (void)state;
    for (k = 0; k < ACTING; ++k) {
        mailproto_sasl_options o = server_of(acting[k].row);
        struct preparer p;
        struct side s;
        char text[64];
        char *at;
        memset(&p, 0, sizeof p);
        memcpy(text, acting[k].text, acting[k].len);
        at = memchr(text, 0xb6, acting[k].len);
        assert_non_null(at);
        *at = '!';
        o.prepare = to_x;
        o.prepare_ctx = &p;
        side_open(&s, &o);
        give(s.x, text, acting[k].len);
        expect_failed(s.x, MAILPROTO_ERR_SYNTAX);
        assert_int_equal(p.names, 0);
        side_close(&s);
    }
}

/* ---- memory -------------------------------------------------------------------- */

/* Three prepared texts, each as long as may be, beside each other. */
static void all_at_once(void **state)
{
    mailproto_sasl_options o = server_of(0);
    struct preparer p;
    struct side s;
    mailproto_sasl_need_info n;
    (void)state;
    memset(&p, 0, sizeof p);
    o.prepare = to_x;
    o.prepare_ctx = &p;
    side_open(&s, &o);
    give(s.x, "aaaaaaaaaa" OE "\0bbbbbbbbbb" UE "\0cccccccccc" AE, 38);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    n = need(s.x, MAILPROTO_SASL_NEED_VERIFY);
    expect_span(n.authzid, "aaaaaaaaaaXX");
    expect_span(n.name, "bbbbbbbbbbXX");
    expect_span(n.password, "ccccccccccXX");
    assert_int_equal(p.names, 2);
    assert_int_equal(p.passwords, 1);
    side_close(&s);
    /* One octet more has no room. */
    side_open(&s, &o);
    o.prepare_max = CAP - 1;
    assert_int_equal(mailproto_sasl_mem_size(&o), s.size - 3);
    side_close(&s);
}

/* Names at their longest when they are prepared, all commas, each three octets then. */
static mailproto_status to_commas(void *ctx, uint32_t what, const void *text,
                                  size_t len, void *out, size_t cap, size_t *got)
{
    (void)ctx;
    (void)what;
    (void)text;
    (void)len;
    memset(out, ',', cap);
    *got = cap;
    return MAILPROTO_OK;
}

static void the_constant_size_suffices(void **state)
{
    static const uint32_t caps[] = {1, 12, 256, 3000};
    static const size_t lengths[] = {0, 5, 700};
    static char text[704], message[TEXT_MAX];
    size_t row, i, k;
    uint32_t role;
    (void)state;
    memset(text, ',', sizeof text);
    for (row = 0; row < ROWS; ++row) {
        for (i = 0; i < 4; ++i) {
            for (k = 0; k < 3; ++k) {
                for (role = 0; role < 3; ++role) {
                    mailproto_sasl_options o = client_of(row);
                    struct side s;
                    if (role == MAILPROTO_SASL_ENROL &&
                        strncmp(rows[row].name, "SCRAM", 5) != 0) {
                        continue;
                    }
                    o.role = role;
                    o.prepare = to_commas;
                    o.prepare_max = caps[i];
                    o.nonce = octets(text, 64);
                    o.salt_key = o.salt = octets(text, 16);
                    memcpy(text, UE, 2); /* to be prepared */
                    o.name = octets(text, lengths[k] + 2);
                    o.password = rows[row].passwords ? str(AE) : str("token");
                    if (rows[row].authzid) {
                        o.authzid = o.name;
                    }
                    o.host = str("host.example");
                    o.message_max = 512;
                    side_open(&s, &o);
                    assert_in_range(s.size, 1,
                                    MAILPROTO_SASL_MEM(o.name.len + o.authzid.len +
                                                           o.host.len +
                                                           3 * (size_t)caps[i],
                                                       512, 0, 0));
                    if (role == MAILPROTO_SASL_CLIENT &&
                        step(s.x).state == MAILPROTO_SASL_CONTINUE &&
                        3 * caps[i] < TEXT_MAX / 3) {
                        (void)take_response(s.x, 1000, message);
                    }
                    side_close(&s);
                    text[0] = text[1] = ',';
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_either_side),
        cmocka_unit_test(ascii_passes_straight),
        cmocka_unit_test(a_client_acts_as_a_name),
        cmocka_unit_test(a_server_hears_of_names),
        cmocka_unit_test(a_server_checks_before),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(the_constant_size_suffices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
