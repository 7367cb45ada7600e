/*
 * The optional data folder: vectors of mechanisms (corpus/vectors/sasl.jsonl and
 * pop3_apop.jsonl) and published attacks (attacks/attacks.jsonl, protocol "sasl"),
 * whole, octet by octet and cut at random places.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "codec/auth.h"
#include "exchange.h"
#include "jsonl.h"
#include "sasl/hash.h"

static int opened;

/* Opens a file of the data folder, or skips the test. */
static struct jsonl *open_data(const char *name)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open(name, &why);
    opened += j != NULL;
    if (j == NULL) {
        printf("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    return j;
}

static int next(struct jsonl *j)
{
    struct text why = {NULL, 0, 0};
    int more = jsonl_next(j, &why);
    if (more < 0) {
        fail_msg("%s", text_string(&why));
    }
    text_free(&why);
    return more;
}

static const char *get(const struct jsonl *j, const char *path)
{
    const char *text = jsonl_text(j, path);
    return text != NULL ? text : "";
}

static int starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* ---- vectors ----------------------------------------------------------------- */

static void answer_password(struct talk *t, const mailproto_sasl_need_info *need)
{
    const char *password = t->ctx;
    assert_int_equal(need->need, MAILPROTO_SASL_NEED_PASSWORD);
    assert_int_equal(
        mailproto_sasl_answer(t->server.x, MAILPROTO_OK, password, strlen(password)),
        MAILPROTO_OK);
}

static void plain_vector(const struct jsonl *j)
{
    struct text message = {NULL, 0, 0};
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, "PLAIN");
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, "PLAIN");
    mailproto_sasl_need_info i;
    struct side x;
    assert_int_equal(jsonl_bytes(j, "input_b64", &message), 1);
    c.authzid = str(get(j, "expected.authzid"));
    c.name = str(get(j, "expected.user"));
    c.password = str(get(j, "expected.password"));
    side_open(&x, &c);
    assert_int_equal(step(x.x).state, MAILPROTO_SASL_CONTINUE);
    expect_response(x.x, message.data, message.len);
    side_close(&x);
    side_open(&x, &s);
    give(x.x, message.data, message.len);
    assert_int_equal(step(x.x).state, MAILPROTO_SASL_NEEDS);
    i = need(x.x, MAILPROTO_SASL_NEED_VERIFY);
    expect_span(i.authzid, get(j, "expected.authzid"));
    expect_span(i.name, get(j, "expected.user"));
    expect_span(i.password, get(j, "expected.password"));
    side_close(&x);
    text_free(&message);
}

static void token_vector(const struct jsonl *j, const char *kind)
{
    struct text message = {NULL, 0, 0};
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, kind);
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, kind);
    mailproto_sasl_need_info i;
    struct side x;
    assert_int_equal(jsonl_bytes(j, "input_b64", &message), 1);
    c.name = str(get(j, "expected.user"));
    c.password = str(get(j, "expected.token"));
    c.host = str(get(j, "expected.host"));
    c.port = (uint32_t)jsonl_number(j, "expected.port", 0);
    side_open(&x, &c);
    assert_int_equal(step(x.x).state, MAILPROTO_SASL_CONTINUE);
    expect_response(x.x, message.data, message.len);
    side_close(&x);
    side_open(&x, &s);
    give(x.x, message.data, message.len);
    assert_int_equal(step(x.x).state, MAILPROTO_SASL_NEEDS);
    i = need(x.x, MAILPROTO_SASL_NEED_TOKEN);
    expect_span(i.name, get(j, "expected.user"));
    expect_span(i.token, get(j, "expected.token"));
    expect_span(i.host, get(j, "expected.host"));
    assert_int_equal(i.port, jsonl_number(j, "expected.port", 0));
    side_close(&x);
    text_free(&message);
}

static void cram_vector(const struct jsonl *j)
{
    struct text challenge = {NULL, 0, 0};
    char password[256];
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, "CRAM-MD5");
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, "CRAM-MD5");
    struct talk t;
    memset(&t, 0, sizeof t);
    assert_int_equal(jsonl_bytes(j, "input_b64", &challenge), 1);
    snprintf(password, sizeof password, "%s", get(j, "expected.password"));
    c.name = str(get(j, "expected.user"));
    c.password = str(password);
    s.challenge = octets(challenge.data, challenge.len);
    t.piece = 1000;
    t.answer = answer_password;
    t.ctx = password;
    side_open(&t.client, &c);
    side_open(&t.server, &s);
    give(t.client.x, challenge.data, challenge.len);
    expect_text(t.client.x, MAILPROTO_SASL_CONTINUE, get(j, "expected.response"));
    side_close(&t.client);
    side_open(&t.client, &c);
    converse(&t);
    assert_int_equal(t.client_sure, 1);
    side_close(&t.client);
    side_close(&t.server);
    text_free(&challenge);
}

/* The parts of a server-first-message that a server makes up. */
struct first {
    const char *server_nonce;
    size_t server_nonce_len;
    struct text salt;
    uint32_t iterations;
};

static void read_first(const char *message, const char *client_nonce, struct first *f)
{
    const char *salt = strstr(message, ",s=");
    const char *count = strstr(message, ",i=");
    memset(f, 0, sizeof *f);
    assert_non_null(salt);
    assert_non_null(count);
    f->server_nonce = message + 2 + strlen(client_nonce);
    f->server_nonce_len = (size_t)(salt - f->server_nonce);
    assert_int_equal(test_base64(salt + 3, (size_t)(count - salt) - 3, &f->salt), 1);
    f->iterations = (uint32_t)strtoul(count + 3, NULL, 10);
}

static void scram_vector(const struct jsonl *j, const char *kind)
{
    const char *nonce = get(j, "expected.client_nonce");
    mailproto_sasl_options c = options_for(MAILPROTO_SASL_CLIENT, kind);
    mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, kind);
    mailproto_sasl_options e = options_for(MAILPROTO_SASL_ENROL, kind);
    mailproto_sasl_scram stored;
    struct first f;
    struct side x, keys;
    read_first(get(j, "expected.server_first"), nonce, &f);
    memset(&stored, 0, sizeof stored);
    stored.struct_size = sizeof stored;
    c.name = str(get(j, "expected.user"));
    c.password = e.password = str(get(j, "expected.password"));
    c.nonce = str(nonce);
    c.flags = s.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    side_open(&x, &c);
    expect_text(x.x, MAILPROTO_SASL_CONTINUE, get(j, "expected.client_first"));
    give_text(x.x, get(j, "expected.server_first"));
    expect_text(x.x, MAILPROTO_SASL_CONTINUE, get(j, "expected.client_final"));
    give_text(x.x, get(j, "expected.server_final"));
    assert_int_equal(step(x.x).state, MAILPROTO_SASL_DONE);
    assert_int_equal(mailproto_sasl_proven(x.x), MAILPROTO_OK);
    side_close(&x);

    e.salt = octets(f.salt.data, f.salt.len);
    e.iterations = f.iterations;
    side_open(&keys, &e);
    assert_int_equal(finish(keys.x).state, MAILPROTO_SASL_DONE);
    assert_int_equal(mailproto_sasl_enrolled(keys.x, &stored), MAILPROTO_OK);
    s.nonce = octets(f.server_nonce, f.server_nonce_len);
    s.salt_key = str("a secret of the server");
    side_open(&x, &s);
    give_text(x.x, get(j, "expected.client_first"));
    assert_int_equal(step(x.x).state, MAILPROTO_SASL_NEEDS);
    expect_span(need(x.x, MAILPROTO_SASL_NEED_SCRAM).name, get(j, "expected.user"));
    assert_int_equal(mailproto_sasl_answer_scram(x.x, &stored), MAILPROTO_OK);
    expect_text(x.x, MAILPROTO_SASL_CONTINUE, get(j, "expected.server_first"));
    give_text(x.x, get(j, "expected.client_final"));
    expect_text(x.x, MAILPROTO_SASL_DONE_WITH_DATA, get(j, "expected.server_final"));
    side_close(&x);
    side_close(&keys);
    text_free(&f.salt);
}

static void vectors(void **state)
{
    struct jsonl *j = open_data("corpus/vectors/sasl.jsonl");
    int count = 0;
    (void)state;
    for (; next(j); ++count) {
        const char *kind = get(j, "kind");
        if (strcmp(kind, "PLAIN") == 0) {
            plain_vector(j);
        } else if (strcmp(kind, "CRAM-MD5") == 0) {
            cram_vector(j);
        } else if (starts_with(kind, "SCRAM")) {
            scram_vector(j, kind);
        } else {
            token_vector(j, kind);
        }
    }
    jsonl_close(j);
    printf("%d vectors\n", count);
    assert_in_range(count, 15, 1000);
}

static void apop_vectors(void **state)
{
    struct jsonl *j = open_data("corpus/vectors/pop3_apop.jsonl");
    int count = 0;
    (void)state;
    for (; next(j); ++count) {
        struct text stamp = {NULL, 0, 0};
        char digest[MAILPROTO_APOP_DIGEST + 1] = "";
        assert_int_equal(jsonl_bytes(j, "input_b64", &stamp), 1);
        assert_int_equal(mailproto_sasl_apop(octets(stamp.data, stamp.len),
                                             str(get(j, "expected.secret")), NULL, NULL,
                                             digest),
                         MAILPROTO_OK);
        assert_string_equal(digest, get(j, "expected.digest"));
        text_free(&stamp);
    }
    jsonl_close(j);
    assert_in_range(count, 3, 1000);
}

/* ---- attacks ----------------------------------------------------------------- */

/* Counts what is hashed. */
static mailproto_status count_init(void *ctx, void *state)
{
    ++*(int *)ctx;
    mailproto__md_init(state, MAILPROTO_HASH_SHA256);
    return MAILPROTO_OK;
}

static mailproto_status count_update(void *ctx, void *state, const void *data,
                                     size_t len)
{
    (void)ctx;
    mailproto__md_update(state, MAILPROTO_HASH_SHA256, data, len);
    return MAILPROTO_OK;
}

static mailproto_status count_final(void *ctx, void *state, void *out)
{
    (void)ctx;
    mailproto__md_final(state, MAILPROTO_HASH_SHA256, out);
    return MAILPROTO_OK;
}

/* The salted password of "pencil", the salt of RFC 7677 3 and 4096 iterations. */
static mailproto_status known_pbkdf2(void *ctx, uint32_t hash, const void *password,
                                     size_t password_len, const void *salt,
                                     size_t salt_len, uint32_t iterations, void *out)
{
    static const unsigned char salted[32] = {
        0xc4, 0xa4, 0x95, 0x10, 0x32, 0x3a, 0xb4, 0xf9, 0x52, 0xca, 0xc1,
        0xfa, 0x99, 0x44, 0x19, 0x39, 0xe7, 0x8e, 0xa7, 0x4d, 0x6b, 0xe8,
        0x1d, 0xdf, 0x70, 0x96, 0xe8, 0x75, 0x13, 0xdc, 0x61, 0x5d};
    ++*(int *)ctx;
    assert_int_equal(hash, MAILPROTO_HASH_SHA256);
    assert_int_equal(password_len, 6);
    assert_memory_equal(password, "pencil", 6);
    assert_int_equal(salt_len, 16);
    assert_memory_equal(
        salt, "\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81", 16);
    assert_int_equal(iterations, 4096);
    memcpy(out, salted, sizeof salted);
    return MAILPROTO_OK;
}

/* How a message is cut: 0 whole, 1 octet by octet, else at random with that seed. */
static mailproto_status feed(mailproto_sasl *x, const struct text *m, unsigned how)
{
    uint32_t seed = how * 2654435761u + 1;
    size_t at = 0;
    mailproto_status st = MAILPROTO_OK;
    if (how == 0) {
        return mailproto_sasl_input(x, m->data, m->len, 1);
    }
    while (at < m->len && st == MAILPROTO_OK) {
        size_t n = 1;
        if (how > 1) {
            seed = seed * 1664525u + 1013904223u;
            n = 1 + (seed >> 16) % 40;
            n = n < m->len - at ? n : m->len - at;
        }
        st = mailproto_sasl_input(x, m->data + at, n, 0);
        at += n;
    }
    return st == MAILPROTO_OK ? mailproto_sasl_input(x, NULL, 0, 1) : st;
}

enum { WAYS = 102 };

static const mailproto_bytes no_bytes = {NULL, 0};

static mailproto_sasl_options client_for_attack(mailproto_hash *row, int *hashed)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-256");
    mailproto_hash r = {sizeof r,
                        MAILPROTO_HASH_SHA256,
                        64,
                        32,
                        sizeof(struct mailproto__md),
                        hashed,
                        count_init,
                        count_update,
                        count_final,
                        NULL,
                        NULL};
    *row = r;
    o.name = str("user");
    o.password = str("pencil");
    o.nonce = str("rOprNGfwEbeRWgbNEkqO");
    o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    o.hashes = row;
    o.hash_count = 1;
    o.pbkdf2 = known_pbkdf2;
    o.pbkdf2_ctx = hashed;
    return o;
}

/* A message against a client; 1: accepted. */
static int client_accepts(const struct jsonl *j, const struct text *m, unsigned how)
{
    static const char first[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                "s=W22ZaJ0SNY7soEsUEjb6gQ==,"
                                "i=4096";
    mailproto_hash row;
    int hashed = 0;
    int is_final = starts_with(get(j, "setup"), "after a good server-first");
    mailproto_sasl_options o = client_for_attack(&row, &hashed);
    struct side s;
    int good;
    side_open(&s, &o);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_CONTINUE);
    if (is_final) {
        give_text(s.x, first);
        assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
    }
    (void)feed(s.x, m, how);
    good = finish(s.x).state != MAILPROTO_SASL_FAILED;
    if (is_final) {
        good = mailproto_sasl_proven(s.x) == MAILPROTO_OK;
    } else if (!good) {
        assert_int_equal(hashed, 0); /* "hash_calls_max": 0 */
    }
    side_close(&s);
    return good;
}

static mailproto_sasl_options server_for_attack(const char *setup)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "PLAIN");
    if (starts_with(setup, "CRAM-MD5")) {
        o.mechanism = str("CRAM-MD5");
    } else if (starts_with(setup, "OAUTHBEARER")) {
        o.mechanism = str("OAUTHBEARER");
    } else if (starts_with(setup, "SCRAM") || starts_with(setup, "RFC 7677")) {
        o.mechanism = str("SCRAM-SHA-256");
    }
    o.nonce = str("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    o.salt_key = str("a secret of the server");
    o.iterations = 2;
    if (strstr(setup, "PLUS also offered") != NULL) {
        o.binding_type = MAILPROTO_BINDING_EXPORTER;
        o.binding = str("binding");
    }
    return o;
}

/* A message against a server; 1: it reached the application. */
static int server_accepts(const struct jsonl *j, const struct text *m, unsigned how)
{
    const char *setup = get(j, "setup");
    mailproto_sasl_options o = server_for_attack(setup);
    struct side s;
    mailproto_sasl_state st;
    int good;
    side_open(&s, &o);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_CONTINUE);
    if (starts_with(setup, "RFC 7677")) {
        give_text(s.x, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, "pencil", 6),
                         MAILPROTO_OK);
        assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
    }
    (void)feed(s.x, m, how);
    st = finish(s.x);
    good =
        st.state == MAILPROTO_SASL_NEEDS || st.state == MAILPROTO_SASL_DONE_WITH_DATA;
    if (jsonl_has(j, "args.authzid")) {
        expect_span(need(s.x, MAILPROTO_SASL_NEED_VERIFY).authzid,
                    get(j, "args.authzid"));
    }
    if (!good) {
        assert_int_equal(st.state, MAILPROTO_SASL_FAILED);
    }
    side_close(&s);
    return good;
}

/* Base64 as an initial response; 1: it came through to the mechanism. */
static int base64_accepted(const struct text *m)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "PLAIN");
    char *copy = malloc(m->len + 1);
    mailproto_bytes decoded = no_bytes;
    struct side s;
    int good;
    assert_non_null(copy);
    memcpy(copy, m->data, m->len);
    good = mailproto__auth_decode(copy, m->len, &decoded);
    if (good && decoded.len > 0) {
        side_open(&s, &o);
        good = mailproto_sasl_input(s.x, decoded.ptr, decoded.len, 1) == MAILPROTO_OK;
        side_close(&s);
    }
    free(copy);
    return good;
}

/* A user or a list of mechanisms given to a client. 1: as the vector wants it. */
static int builds_safely(const struct jsonl *j, const struct text *m)
{
    const char *setup = get(j, "setup");
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "XOAUTH2");
    mailproto_sasl_choice c;
    mailproto_bytes name;
    if (strstr(setup, "oauth") != NULL) {
        if (starts_with(setup, "oauthbearer")) {
            o.mechanism = str("OAUTHBEARER");
        }
        o.name = octets(m->data, m->len);
        o.password = str("token");
        return mailproto_sasl_mem_size(&o) ==
               0; /* refused before anything is written */
    }
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.flags = MAILPROTO_SASL_HAVE_PASSWORD | MAILPROTO_SASL_ENCRYPTED;
    c.allowed = str(strstr(setup, "allowed=") != NULL ? "SCRAM-SHA-256" : "");
    assert_int_equal(mailproto_sasl_offer(&c, octets(m->data, m->len)), MAILPROTO_OK);
    return mailproto_sasl_choose(&c, &name) == MAILPROTO_ERR_NOT_OFFERED;
}

/* The password is nowhere in the block that is left. */
static int leaves_nothing(const struct text *m)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "PLAIN");
    struct side s;
    size_t i;
    int good = 1;
    side_open(&s, &o);
    give(s.x, m->data, m->len);
    assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
    assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, NULL, 0), MAILPROTO_OK);
    (void)step(s.x);
    mailproto_sasl_wipe(s.x);
    for (i = 0; i + m->len <= s.size + 1; ++i) {
        good &= memcmp(s.block + i, m->data, m->len) != 0;
    }
    side_close(&s);
    return good;
}

static void judge(const struct jsonl *j, const struct text *m)
{
    const char *id = get(j, "id"), *setup = get(j, "setup"), *expect = get(j, "expect");
    int want = strcmp(expect, "accept") == 0;
    unsigned how;
    int good = 1;
    if (starts_with(id, "sasl-b64-")) {
        good = base64_accepted(m) == want;
    } else if (strcmp(id, "wipe-secrets") == 0) {
        good = leaves_nothing(m);
    } else if (strstr(setup, "user=input") != NULL || starts_with(id, "mech-")) {
        good = builds_safely(j, m);
    } else {
        int is_client = strcmp(get(j, "role"), "client") == 0;
        for (how = 0; how < WAYS && good; ++how) {
            good = (is_client ? client_accepts(j, m, how)
                              : server_accepts(j, m, how)) == want;
        }
    }
    if (!good) {
        fail_msg("%s: not %s", id, expect);
    }
}

static void attacks(void **state)
{
    struct jsonl *j = open_data("attacks/attacks.jsonl");
    int count = 0, elsewhere = 0;
    (void)state;
    while (next(j)) {
        struct text message = {NULL, 0, 0};
        if (strcmp(get(j, "protocol"), "sasl") != 0) {
            continue;
        }
        if (strcmp(get(j, "expect"), "ct") == 0) {
            ++elsewhere; /* test_constant_time.c */
            continue;
        }
        assert_int_equal(jsonl_bytes(j, "input_b64", &message), 1);
        (void)text_string(&message); /* no NULL, even when it is empty */
        judge(j, &message);
        text_free(&message);
        ++count;
    }
    jsonl_close(j);
    printf("%d attacks, %d more on time\n", count, elsewhere);
    assert_in_range(count, 50, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(apop_vectors),
        cmocka_unit_test(attacks),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed == 0 && opened == 0 ? 77 : failed; /* 77: nothing was there */
}
