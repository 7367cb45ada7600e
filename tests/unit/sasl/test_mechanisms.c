/*
 * PLAIN, LOGIN, EXTERNAL and ANONYMOUS by hand, without a session: messages as RFC
 * 4616, RFC 4422 A and RFC 4505 write them, every malformed one, needs, answers,
 * limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

static union {
    char bytes[4096];
    uint64_t align;
} block;

static mailproto_sasl *start(mailproto_sasl_options *o)
{
    mailproto_sasl *x = NULL;
    size_t size = mailproto_sasl_mem_size(o);
    assert_in_range(size, 1, sizeof block.bytes);
    assert_int_equal(mailproto_sasl_init(block.bytes, size - 1, o, &x),
                     MAILPROTO_ERR_MEMORY);
    assert_null(x);
    assert_int_equal(mailproto_sasl_init(block.bytes, size, o, &x), MAILPROTO_OK);
    return x;
}

static mailproto_sasl *client(const char *mechanism, const char *authzid,
                              const char *name, const char *password)
{
    mailproto_sasl_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.mechanism = str(mechanism);
    o.authzid = str(authzid);
    o.name = str(name);
    o.password = str(password);
    return start(&o);
}

static mailproto_sasl *server(const char *mechanism, uint32_t message_max)
{
    mailproto_sasl_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.role = MAILPROTO_SASL_SERVER;
    o.mechanism = str(mechanism);
    o.message_max = message_max;
    return start(&o);
}

static void plain_client(void **state)
{
    static const char message[] = "Ursel\0Kurt\0xipj3plmq"; /* RFC 4616 4 */
    mailproto_sasl *x = client("plain", "Ursel", "Kurt", "xipj3plmq");
    mailproto_sasl_state s = step(x);
    (void)state;
    assert_int_equal(s.state, MAILPROTO_SASL_CONTINUE);
    assert_int_equal(s.response, sizeof message - 1);
    assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE); /* tells the same again */
    expect_response(x, message, sizeof message - 1);
    assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_OK);
    expect_span(mailproto_sasl_name(x), "PLAIN");
}

static void plain_client_is_asked_again(void **state)
{
    mailproto_sasl *x = client("PLAIN", "", "tim", "tanstaaftanstaaf");
    (void)state;
    expect_response((step(x), x), "\0tim\0tanstaaftanstaaf", 21);
    assert_int_equal(mailproto_sasl_input(x, "more?", 5, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_FAILED);
    assert_int_equal(step(x).error, MAILPROTO_ERR_SYNTAX);
    assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_ERR_AUTH);
}

static void success_before_the_response_is_no_proof(void **state)
{
    mailproto_sasl *x = client("PLAIN", "", "tim", "secret");
    (void)state;
    assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_ERR_AUTH);
}

static void expect_need(mailproto_sasl *x, const char *authzid, const char *name,
                        const char *password)
{
    mailproto_sasl_need_info i;
    memset(&i, 0, sizeof i);
    i.struct_size = sizeof i;
    assert_int_equal(mailproto_sasl_need(x, &i), MAILPROTO_OK);
    assert_int_equal(i.need, MAILPROTO_SASL_NEED_VERIFY);
    assert_int_equal(i.authzid.len, strlen(authzid));
    assert_memory_equal(i.authzid.ptr, authzid, strlen(authzid));
    assert_int_equal(i.name.len, strlen(name));
    assert_memory_equal(i.name.ptr, name, strlen(name));
    assert_int_equal(i.password.len, strlen(password));
    assert_memory_equal(i.password.ptr, password, strlen(password));
}

static void plain_server(void **state)
{
    static const char message[] = "Ursel\0Kurt\0xipj3plmq";
    size_t cut;
    (void)state;
    for (cut = 0; cut < sizeof message; ++cut) {
        mailproto_sasl *x = server("PLAIN", 0);
        assert_int_equal(mailproto_sasl_input(x, message, cut, 0), MAILPROTO_OK);
        assert_int_equal(
            mailproto_sasl_input(x, message + cut, sizeof message - 1 - cut, 1), 0);
        assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
        assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS); /* and still */
        expect_need(x, "Ursel", "Kurt", "xipj3plmq");
        assert_int_equal(mailproto_sasl_answer(x, MAILPROTO_OK, NULL, 0), MAILPROTO_OK);
        assert_int_equal(mailproto_sasl_answer(x, MAILPROTO_OK, NULL, 0),
                         MAILPROTO_ERR_STATE);
        assert_int_equal(step(x).state, MAILPROTO_SASL_DONE);
    }
}

static void plain_server_verdicts(void **state)
{
    static const mailproto_status no[] = {MAILPROTO_ERR_AUTH, MAILPROTO_ERR_AUTH_WEAK,
                                          MAILPROTO_ERR_AUTH_TEMPORARY};
    size_t i;
    (void)state;
    for (i = 0; i < 3; ++i) {
        mailproto_sasl *x = server("PLAIN", 0);
        assert_int_equal(mailproto_sasl_input(x, "\0a\0b", 4, 1), MAILPROTO_OK);
        assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
        assert_int_equal(mailproto_sasl_answer(x, no[i], NULL, 0), MAILPROTO_OK);
        assert_int_equal(step(x).state, MAILPROTO_SASL_FAILED);
        assert_int_equal(step(x).error, no[i]);
    }
}

static void plain_server_without_initial_response(void **state)
{
    mailproto_sasl *x = server("PLAIN", 0);
    mailproto_sasl_state s = step(x);
    (void)state;
    assert_int_equal(s.state, MAILPROTO_SASL_CONTINUE);
    assert_int_equal(s.response, 0);
    assert_int_equal(mailproto_sasl_input(x, "\0a\0b", 4, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    expect_need(x, "", "a", "b");
}

static void plain_server_malformed(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } bad[] = {
        {"", 0},
        {"\0", 1},
        {"\0a", 2},
        {"\0a\0", 3},
        {"\0\0b", 3},
        {"a\0b", 3},
        {"\0a\0b\0", 5},
        {"\0a\0b\0c", 6},
        {"\0\xff\0b", 4},
        {"\0a\0\xc3", 4},
        {"\xc0\x80\0a\0b", 6},
        {"\0a\r\n\0b", 6},
        {"\t\0a\0b", 5},
        {"\0a\x7f\0b", 5},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        mailproto_sasl *x = server("PLAIN", 0);
        assert_int_equal(mailproto_sasl_input(x, bad[i].text, bad[i].len, 1), 0);
        assert_int_equal(step(x).state, MAILPROTO_SASL_FAILED);
        assert_int_equal(step(x).error, MAILPROTO_ERR_SYNTAX);
    }
}

static void message_limit(void **state)
{
    mailproto_sasl *x = server("PLAIN", 4);
    (void)state;
    assert_int_equal(mailproto_sasl_input(x, "\0a\0b", 4, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    x = server("PLAIN", 4);
    assert_int_equal(mailproto_sasl_input(x, "\0a\0bc", 5, 1), MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(step(x).state, MAILPROTO_SASL_FAILED);
    assert_int_equal(step(x).error, MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_sasl_input(x, "a", 1, 1), MAILPROTO_ERR_STATE);
}

static void nothing_is_said_within_a_message(void **state)
{
    mailproto_sasl *x = server("PLAIN", 0);
    (void)state;
    assert_int_equal(mailproto_sasl_input(x, "\0a", 2, 0), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_WAIT);
    assert_int_equal(mailproto_sasl_input(x, "\0b", 2, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_input(x, "c", 1, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    expect_need(x, "", "a", "b");
}

static void login_client(void **state)
{
    mailproto_sasl *x = client("LOGIN", "", "alice", "wonderland");
    (void)state;
    assert_int_equal(step(x).state, MAILPROTO_SASL_WAIT);
    assert_int_equal(mailproto_sasl_input(x, "any prompt", 10, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
    expect_response(x, "alice", 5);
    assert_int_equal(mailproto_sasl_input(x, "", 0, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
    expect_response(x, "wonderland", 10);
    assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_OK);
    assert_int_equal(mailproto_sasl_input(x, "third?", 6, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_FAILED);
    x = client("LOGIN", "", "alice", "wonderland");
    assert_int_equal(step(x).state, MAILPROTO_SASL_WAIT);
    assert_int_equal(mailproto_sasl_input(x, "any prompt", 10, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
    assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_ERR_AUTH); /* not yet */
}

static void login_server(void **state)
{
    int initial;
    (void)state;
    for (initial = 0; initial < 2; ++initial) {
        mailproto_sasl *x = server("login", 0);
        if (!initial) {
            assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
            expect_response(x, "Username:", 9);
        }
        assert_int_equal(mailproto_sasl_input(x, "al", 2, 0), MAILPROTO_OK);
        assert_int_equal(mailproto_sasl_input(x, "ice", 3, 1), MAILPROTO_OK);
        assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
        expect_response(x, "Password:", 9);
        assert_int_equal(mailproto_sasl_input(x, "wonderland", 10, 1), MAILPROTO_OK);
        assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
        expect_need(x, "", "alice", "wonderland");
        assert_int_equal(mailproto_sasl_input(x, "x", 1, 1), MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_sasl_answer(x, MAILPROTO_OK, NULL, 0), MAILPROTO_OK);
        assert_int_equal(step(x).state, MAILPROTO_SASL_DONE);
    }
}

static void login_server_refuses_empty_and_invalid(void **state)
{
    mailproto_sasl *x = server("LOGIN", 0);
    (void)state;
    assert_int_equal(mailproto_sasl_input(x, "", 0, 1), MAILPROTO_OK);
    assert_int_equal(step(x).error, MAILPROTO_ERR_SYNTAX);
    x = server("LOGIN", 0);
    assert_int_equal(mailproto_sasl_input(x, "\xff", 1, 1), MAILPROTO_OK);
    assert_int_equal(step(x).error, MAILPROTO_ERR_SYNTAX);
    x = server("LOGIN", 0);
    assert_int_equal(mailproto_sasl_input(x, "alice", 5, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
    assert_int_equal(mailproto_sasl_input(x, "", 0, 1), MAILPROTO_OK);
    assert_int_equal(step(x).error, MAILPROTO_ERR_SYNTAX);
    x = server("LOGIN", 0);
    assert_int_equal(mailproto_sasl_input(x, "a\0b", 3, 1), MAILPROTO_OK);
    assert_int_equal(step(x).error, MAILPROTO_ERR_SYNTAX);
    x = server("LOGIN", 0);
    assert_int_equal(mailproto_sasl_input(x, "alice", 5, 1), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
    assert_int_equal(mailproto_sasl_input(x, "a\0b", 3, 1), MAILPROTO_OK);
    assert_int_equal(step(x).error, MAILPROTO_ERR_SYNTAX);
}

/* ---- EXTERNAL and ANONYMOUS -------------------------------------------------- */

static void external_client(void **state)
{
    static const char *const whom[] = {"", "fred@example.com"};
    size_t i;
    (void)state;
    for (i = 0; i < 2; ++i) {
        mailproto_sasl *x = client("EXTERNAL", whom[i], "", "");
        expect_text(x, MAILPROTO_SASL_CONTINUE, whom[i]);
        assert_int_equal(mailproto_sasl_proven(x), MAILPROTO_OK);
        give_text(x, "what?");
        expect_failed(x, MAILPROTO_ERR_SYNTAX);
    }
}

static void external_server(void **state)
{
    mailproto_sasl *x = server("EXTERNAL", 0);
    (void)state;
    give_text(x, "fred@example.com");
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    expect_span(need(x, MAILPROTO_SASL_NEED_EXTERNAL).authzid, "fred@example.com");
    expect_span(need(x, MAILPROTO_SASL_NEED_EXTERNAL).name, "");
    assert_int_equal(mailproto_sasl_answer(x, MAILPROTO_OK, NULL, 0), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_DONE);

    x = server("EXTERNAL", 0); /* without an initial response, then an empty one */
    assert_int_equal(step(x).state, MAILPROTO_SASL_CONTINUE);
    assert_int_equal(step(x).response, 0);
    give_text(x, "");
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    expect_span(need(x, MAILPROTO_SASL_NEED_EXTERNAL).authzid, "");
    assert_int_equal(mailproto_sasl_answer(x, MAILPROTO_ERR_AUTH, NULL, 0),
                     MAILPROTO_OK);
    expect_failed(x, MAILPROTO_ERR_AUTH);

    x = server("EXTERNAL", 0);
    give(x, "a\0b", 3);
    expect_failed(x, MAILPROTO_ERR_SYNTAX);
    x = server("EXTERNAL", 0);
    give_text(x, "\xc3");
    expect_failed(x, MAILPROTO_ERR_SYNTAX);
}

static void anonymous(void **state)
{
    char trace[1025];
    mailproto_sasl *x = client("ANONYMOUS", "", "sirhc", ""); /* RFC 4505 4 */
    (void)state;
    expect_text(x, MAILPROTO_SASL_CONTINUE, "sirhc");
    x = client("ANONYMOUS", "", "", "");
    expect_text(x, MAILPROTO_SASL_CONTINUE, "");

    x = server("ANONYMOUS", 0);
    give_text(x, "sirhc");
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    expect_span(need(x, MAILPROTO_SASL_NEED_ANONYMOUS).trace, "sirhc");
    expect_span(need(x, MAILPROTO_SASL_NEED_ANONYMOUS).name, "");
    assert_int_equal(mailproto_sasl_answer(x, MAILPROTO_OK, NULL, 0), MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_DONE);

    memset(trace, 'x',
           sizeof trace); /* 255 characters of at most 4 octets (RFC 4505 2) */
    x = server("ANONYMOUS", 0);
    give(x, trace, 1020);
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    x = server("ANONYMOUS", 0);
    give(x, trace, 1021);
    expect_failed(x, MAILPROTO_ERR_SYNTAX);
    x = server("ANONYMOUS", 0);
    give_text(x, "a\nb");
    expect_failed(x, MAILPROTO_ERR_SYNTAX);
}

static void what_a_mechanism_cannot_carry(void **state)
{
    static const struct {
        const char *mechanism, *authzid, *name, *password;
    } bad[] = {
        {"PLAIN", "", "", "secret"},         {"PLAIN", "", "alice", ""},
        {"PLAIN", "", "a\nb", "secret"},     {"PLAIN", "a\rb", "alice", "secret"},
        {"PLAIN", "", "\xff", "secret"},     {"PLAIN", "", "alice", "\xff"},
        {"LOGIN", "bob", "alice", "secret"}, {"LOGIN", "", "", "secret"},
        {"LOGIN", "", "alice", ""},          {"CRAM-MD5", "bob", "alice", "secret"},
        {"CRAM-MD5", "", "", "secret"},      {"XOAUTH2", "bob", "alice", "token"},
        {"XOAUTH2", "", "alice", ""},        {"XOAUTH2", "", "", "token"},
        {"OAUTHBEARER", "", "alice", ""},    {"ANONYMOUS", "bob", "", ""},
        {"EXTERNAL", "a\nb", "", ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, bad[i].mechanism);
        o.authzid = str(bad[i].authzid);
        o.name = str(bad[i].name);
        o.password = str(bad[i].password);
        expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    }
}

static void options_are_checked(void **state)
{
    mailproto_sasl_options o;
    mailproto_sasl *x = NULL;
    (void)state;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.mechanism = str("NTLM");
    assert_int_equal(mailproto_sasl_mem_size(&o), 0);
    assert_int_equal(mailproto_sasl_init(&block, sizeof block, &o, &x),
                     MAILPROTO_ERR_NOT_OFFERED);
    o.mechanism = str("PLAIN");
    o.role = 2;
    assert_int_equal(mailproto_sasl_init(&block, sizeof block, &o, &x),
                     MAILPROTO_ERR_ARGUMENT);
    o.role = MAILPROTO_SASL_CLIENT;
    o.name.ptr = "a\0b";
    o.name.len = 3;
    assert_int_equal(mailproto_sasl_init(&block, sizeof block, &o, &x),
                     MAILPROTO_ERR_ARGUMENT);
    o.name = str("a");
    o.password.ptr = "a\0b";
    o.password.len = 3;
    assert_int_equal(mailproto_sasl_init(&block, sizeof block, &o, &x),
                     MAILPROTO_ERR_ARGUMENT);
    o.password = str("b");
    o.flags = 2;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.flags = 0;
    o.message_max = (1u << 24) + 1;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.message_max = 0;
    o.prepare_max = (1u << 16) + 1;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.prepare_max = 0;
    o.role = MAILPROTO_SASL_ENROL; /* SCRAM's alone */
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.role = 3;
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.struct_size = 3;
    assert_int_equal(mailproto_sasl_init(&block, sizeof block, &o, &x),
                     MAILPROTO_ERR_ARGUMENT);
    assert_null(x);
    assert_int_equal(mailproto_sasl_flags(str("plain")),
                     MAILPROTO_SASL_BUILT_IN | MAILPROTO_SASL_CLIENT_FIRST |
                         MAILPROTO_SASL_PLAINTEXT | MAILPROTO_SASL_PASSWORD |
                         MAILPROTO_SASL_AUTHZID);
    assert_int_equal(mailproto_sasl_flags(str("LOGIN")), MAILPROTO_SASL_BUILT_IN |
                                                             MAILPROTO_SASL_PLAINTEXT |
                                                             MAILPROTO_SASL_PASSWORD);
    assert_int_equal(mailproto_sasl_flags(str("CRAM-MD5")),
                     MAILPROTO_SASL_BUILT_IN | MAILPROTO_SASL_PASSWORD |
                         MAILPROTO_SASL_GUESSABLE);
    assert_int_equal(mailproto_sasl_flags(str("SCRAM-SHA-1-PLUS")),
                     MAILPROTO_SASL_BUILT_IN | MAILPROTO_SASL_CLIENT_FIRST |
                         MAILPROTO_SASL_PLUS | MAILPROTO_SASL_PASSWORD |
                         MAILPROTO_SASL_AUTHZID);
    assert_int_equal(mailproto_sasl_flags(str("OAUTHBEARER")),
                     MAILPROTO_SASL_BUILT_IN | MAILPROTO_SASL_CLIENT_FIRST |
                         MAILPROTO_SASL_PLAINTEXT | MAILPROTO_SASL_AUTHZID);
    assert_int_equal(mailproto_sasl_flags(str("EXTERNAL")),
                     MAILPROTO_SASL_BUILT_IN | MAILPROTO_SASL_CLIENT_FIRST |
                         MAILPROTO_SASL_AUTHZID);
    assert_int_equal(mailproto_sasl_flags(str("ANONYMOUS")),
                     MAILPROTO_SASL_BUILT_IN | MAILPROTO_SASL_CLIENT_FIRST);
    assert_int_equal(mailproto_sasl_flags(str("LOGINX")), 0);
    assert_int_equal(mailproto_sasl_flags(str("")), 0);
}

static void wipe_leaves_no_secret(void **state)
{
    mailproto_sasl *x = server("PLAIN", 64);
    size_t i;
    (void)state;
    assert_int_equal(mailproto_sasl_input(x, "\0alice\0wonderland", 17, 1),
                     MAILPROTO_OK);
    assert_int_equal(step(x).state, MAILPROTO_SASL_NEEDS);
    mailproto_sasl_wipe(x);
    mailproto_sasl_wipe(x);
    for (i = 0; i + 10 <= sizeof block.bytes; ++i) {
        assert_memory_not_equal(block.bytes + i, "wonderland", 10);
    }
    assert_int_equal(step(x).state, MAILPROTO_SASL_FAILED);
    assert_int_equal(mailproto_sasl_input(x, "a", 1, 1), MAILPROTO_ERR_STATE);
    expect_span(mailproto_sasl_name(x), "PLAIN");
}

/* A size for firmware suffices for every mechanism and role. */
static void the_constant_size_suffices(void **state)
{
    static const char *const names[] = {
        "EXTERNAL",  "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "OAUTHBEARER",
        "XOAUTH2",   "CRAM-MD5",           "PLAIN",       "LOGIN",
        "ANONYMOUS",
    };
    static const size_t lengths[] = {1, 7, 64, 500};
    static char text[512];
    size_t i, k;
    uint32_t role;
    (void)state;
    memset(text, ',', sizeof text);
    for (i = 0; i < sizeof names / sizeof names[0]; ++i) {
        for (k = 0; k < 4; ++k) {
            for (role = 0; role < 2; ++role) {
                mailproto_sasl_options o = options_for(role, names[i]);
                size_t size;
                o.name = octets(text, lengths[k]);
                o.authzid = octets(text, i < 4 || i == 6 ? lengths[k]
                                                         : 0); /* who carries one */
                o.password = str("secret");
                o.nonce = octets(text, MAILPROTO_SASL_NONCE_MAX);
                o.salt_key = octets(text, 16);
                o.binding = octets(text, lengths[k]);
                o.binding_type = MAILPROTO_BINDING_END_POINT;
                o.host = octets("hosthosthosthosthosthosthosthost", 32);
                o.message_max = 512;
                size = mailproto_sasl_mem_size(&o);
                assert_in_range(size, 1,
                                MAILPROTO_SASL_MEM(o.name.len + o.authzid.len +
                                                       o.binding.len + o.host.len,
                                                   512, 0, 0));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_client),
        cmocka_unit_test(plain_client_is_asked_again),
        cmocka_unit_test(success_before_the_response_is_no_proof),
        cmocka_unit_test(plain_server),
        cmocka_unit_test(plain_server_verdicts),
        cmocka_unit_test(plain_server_without_initial_response),
        cmocka_unit_test(plain_server_malformed),
        cmocka_unit_test(message_limit),
        cmocka_unit_test(nothing_is_said_within_a_message),
        cmocka_unit_test(login_client),
        cmocka_unit_test(login_server),
        cmocka_unit_test(login_server_refuses_empty_and_invalid),
        cmocka_unit_test(external_client),
        cmocka_unit_test(external_server),
        cmocka_unit_test(anonymous),
        cmocka_unit_test(what_a_mechanism_cannot_carry),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(wipe_leaves_no_secret),
        cmocka_unit_test(the_constant_size_suffices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
