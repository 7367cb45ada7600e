/*
 * No branch and no table index depends on a secret: passwords, stored keys and what is
 * worked out of them are marked as undefined, and valgrind tells where that decides
 * something (as ctgrind does). The one bit that each comparison yields may be known.
 *
 * Run by itself the program runs itself again under valgrind, and once more with a
 * comparison that does leak, which must be found. Where that cannot be it says so and
 * ends with 77, skipped, unless what it computes is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_VALGRIND 1
#endif
#endif
#ifndef HAVE_VALGRIND
#define HAVE_VALGRIND 0
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_COUNT_ERRORS 0
#define VALGRIND_MAKE_MEM_UNDEFINED(at, len) ((void)(at), (void)(len))
#define VALGRIND_MAKE_MEM_DEFINED(at, len) ((void)(at), (void)(len))
#define VALGRIND_GET_VBITS(at, bits, len) ((void)(at), (void)(bits), (void)(len), 0)
#endif

/* Not to be had together with valgrind. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||             \
    __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* The library's own comparison under another name; this one takes its place and lets
 * its result be known. */
#define mailproto__equal_secret equal_as_it_is
#include "sasl/secret.c"
#undef mailproto__equal_secret

int mailproto__equal_secret(const void *a, const void *b, size_t len);
static int leaks;

int mailproto__equal_secret(const void *a, const void *b, size_t len)
{
    int equal = leaks ? memcmp(a, b, len) == 0 : equal_as_it_is(a, b, len);
    VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof equal);
    return equal;
}

#include "exchange.h"
#include "sasl/sasl.h"

static void secret(const void *at, size_t len)
{
    VALGRIND_MAKE_MEM_UNDEFINED(at, len);
}

static void reveal(const void *at, size_t len)
{
    VALGRIND_MAKE_MEM_DEFINED(at, len);
}

/* The present response, which anybody may read. */
static size_t reveal_response(mailproto_sasl *x, char *buf, size_t cap)
{
    size_t got = 0;
    assert_int_equal(mailproto_sasl_output(x, 0, buf, cap, &got), MAILPROTO_OK);
    reveal(buf, got);
    return got;
}

static void expect_revealed(mailproto_sasl *x, const char *text)
{
    char buf[512];
    mailproto_sasl_state s = finish(x);
    assert_int_equal(s.response, strlen(text));
    assert_int_equal(reveal_response(x, buf, sizeof buf), strlen(text));
    assert_memory_equal(buf, text, strlen(text));
}

/* ---- passwords and digests --------------------------------------------------- */

static void passwords(void **state)
{
    char a[] = "wonderland", b[] = "wonderland", c[] = "Wonderland", d[] = "wonderlanD";
    (void)state;
    secret(a, sizeof a);
    secret(c, sizeof c);
    secret(d, sizeof d);
    assert_int_equal(mailproto_sasl_equal(octets(a, 10), octets(b, 10)), 1);
    assert_int_equal(mailproto_sasl_equal(octets(b, 10), octets(a, 10)), 1);
    assert_int_equal(mailproto_sasl_equal(octets(b, 10), octets(c, 10)), 0);
    assert_int_equal(mailproto_sasl_equal(octets(a, 10), octets(c, 10)), 0);
    assert_int_equal(mailproto_sasl_equal(octets(a, 10), octets(d, 10)), 0);
    assert_int_equal(mailproto_sasl_equal(octets(a, 9), octets(b, 10)), 0);
}

/* What a server is asked about: the password of PLAIN and LOGIN, a token. */
static void what_a_client_sent(void **state)
{
    static const struct {
        const char *mechanism, *message, *message2;
        uint32_t need;
    } v[] = {
        {"PLAIN", "|alice|wonderland", NULL, MAILPROTO_SASL_NEED_VERIFY},
        {"LOGIN", "alice", "wonderland", MAILPROTO_SASL_NEED_VERIFY},
        {"OAUTHBEARER", "n,a=alice,^auth=Bearer wonderland^^", NULL,
         MAILPROTO_SASL_NEED_TOKEN},
        {"XOAUTH2", "user=alice^auth=Bearer wonderland^^", NULL,
         MAILPROTO_SASL_NEED_TOKEN},
    };
    size_t i, n;
    int wrong;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        for (wrong = 0; wrong < 2; ++wrong) {
            mailproto_sasl_options o =
                options_for(MAILPROTO_SASL_SERVER, v[i].mechanism);
            char right[] = "wonderland", message[64];
            size_t len = strlen(v[i].message);
            mailproto_sasl_need_info info;
            mailproto_bytes given;
            struct side s;
            for (n = 0; n < len; ++n) {
                char c = v[i].message[n];
                message[n] = (char)(c == '|' ? 0 : c == '^' ? 1 : c);
            }
            right[9] = wrong ? 'D' : 'd';
            side_open(&s, &o);
            (void)step(s.x);
            give(s.x, message, len);
            if (v[i].message2 != NULL) {
                (void)step(s.x);
                give_text(s.x, v[i].message2);
            }
            (void)step(s.x);
            info = need(s.x, v[i].need);
            given = v[i].need == MAILPROTO_SASL_NEED_TOKEN ? info.token : info.password;
            assert_int_equal(given.len, 10);
            secret(given.ptr, given.len); /* it was read, and must not be compared */
            secret(right, sizeof right);
            assert_int_equal(mailproto_sasl_equal(given, octets(right, 10)), !wrong);
            reveal(given.ptr, given.len);
            side_close(&s);
        }
    }
}

#define STAMP "<1896.697170952@dbc.mtview.ca.us>"

static void apop_digest(void **state)
{
    static const size_t where[] = {0, 5, MAILPROTO_APOP_DIGEST - 1};
    char password[] = "tanstaaf";
    char digest[MAILPROTO_APOP_DIGEST];
    size_t i;
    (void)state;
    secret(password, sizeof password);
    assert_int_equal(
        mailproto_sasl_apop(str(STAMP), octets(password, 8), NULL, NULL, digest),
        MAILPROTO_OK);
    reveal(digest, sizeof digest);
    assert_memory_equal(digest, "c4c9334bac560ecc979e58001b3e22fb", sizeof digest);
    assert_int_equal(mailproto_sasl_apop_check(str(STAMP), octets(password, 8),
                                               octets(digest, sizeof digest), NULL,
                                               NULL),
                     MAILPROTO_OK);
    for (i = 0; i < sizeof where / sizeof where[0]; ++i) {
        digest[where[i]] ^= 1;
        assert_int_equal(mailproto_sasl_apop_check(str(STAMP), octets(password, 8),
                                                   octets(digest, sizeof digest), NULL,
                                                   NULL),
                         MAILPROTO_ERR_AUTH);
        digest[where[i]] ^= 1;
    }
}

#define CHALLENGE "<1896.697170952@postoffice.reston.mci.net>"
#define RESPONSE "tim b913a602c7eda7a495b4e6e7334d3890"

static void cram_client(void **state)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "CRAM-MD5");
    char password[] = "tanstaaftanstaaf";
    struct side s;
    size_t i;
    (void)state;
    o.name = str("tim");
    o.password = octets(password, 16);
    side_open(&s, &o);
    /* It was checked for UTF-8, and put into the states of the hash. */
    for (i = 0; i < 3; ++i) {
        struct mailproto__md *md = s.x->hmac->state[i];
        secret(md->h, sizeof md->h);
        secret(md->block, sizeof md->block);
    }
    (void)step(s.x);
    give_text(s.x, CHALLENGE);
    expect_revealed(s.x, RESPONSE);
    side_close(&s);
}

/* By a password, right and wrong, and for a user that does not exist. */
static void cram_server(void **state)
{
    static const struct {
        const char *response;
        mailproto_status verdict;
        uint32_t state;
    } v[] = {
        {RESPONSE, MAILPROTO_OK, MAILPROTO_SASL_DONE},
        {"tim c913a602c7eda7a495b4e6e7334d3890", MAILPROTO_OK, MAILPROTO_SASL_FAILED},
        {"tim b913a602c7eda7a495b4e6e7334d3891", MAILPROTO_OK, MAILPROTO_SASL_FAILED},
        {RESPONSE, MAILPROTO_ERR_AUTH, MAILPROTO_SASL_FAILED},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "CRAM-MD5");
        char password[] = "tanstaaftanstaaf";
        struct side s;
        o.challenge = str(CHALLENGE);
        side_open(&s, &o);
        (void)step(s.x);
        give_text(s.x, v[i].response);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        secret(password, sizeof password);
        assert_int_equal(mailproto_sasl_answer(s.x, v[i].verdict, password, 16),
                         MAILPROTO_OK);
        assert_int_equal(step(s.x).state, v[i].state);
        side_close(&s);
    }
}

/* ---- SCRAM ------------------------------------------------------------------- */

/* The examples of RFC 5802 5 and RFC 7677 3. */
static const struct example {
    const char *mechanism, *nonce, *server_nonce, *salt;
    size_t salt_len;
    const char *first, *server_first;
    const char *without_proof, *proof, *wrong_proofs[2];
    const char *server_final, *wrong_finals[2];
} examples[] = {
    {"SCRAM-SHA-1",
     "fyko+d2lbbFgONRv9qkxdawL",
     "3rfcNHYJY1ZVvWVs7j",
     "\x41\x25\xc2\x47\xe4\x3a\xb1\xe9\x3c\x6d\xff\x76",
     12,
     "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=",
     "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     {"w0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v0X8v3Bz2T0CJGbJQyF0X+HI4Tw="},
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
     {"v=smF9pqV8S7suAoZWja4dJRkFsKQ=", "v=rmF9pqV8S7suAoZWja4dJRkFsKU="}},
    {"SCRAM-SHA-256",
     "rOprNGfwEbeRWgbNEkqO",
     "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
     "\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81",
     16,
     "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=",
     "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     {"eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVU="},
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
     {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8="}},
};
enum { EXAMPLES = sizeof examples / sizeof examples[0] };

static const char *with_proof(const struct example *e, const char *proof)
{
    static char text[256];
    assert_in_range(strlen(e->without_proof) + strlen(proof), 1, sizeof text - 1);
    strcpy(text, e->without_proof);
    return strcat(text, proof);
}

/* What the client works out, and its look at the server's signature. */
static void scram_client(void **state)
{
    size_t i;
    int how;
    (void)state;
    for (i = 0; i < EXAMPLES; ++i) {
        const struct example *e = &examples[i];
        for (how = 0; how < 3; ++how) {
            mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, e->mechanism);
            char password[] = "pencil";
            struct side s;
            o.name = str("user");
            o.password = octets(password, 6);
            o.nonce = str(e->nonce);
            o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
            side_open(&s, &o); /* it is checked for UTF-8 here, then only hashed */
            secret(password, sizeof password);
            expect_revealed(s.x, e->first);
            give_text(s.x, e->server_first);
            assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
            expect_revealed(s.x, with_proof(e, e->proof));
            give_text(s.x, how == 0 ? e->server_final : e->wrong_finals[how - 1]);
            assert_int_equal(step(s.x).state,
                             how ? MAILPROTO_SASL_FAILED : MAILPROTO_SASL_DONE);
            side_close(&s);
        }
    }
}

/* The keys of "pencil", worked out in secret and never seen. */
static void enrol(struct side *keys, const struct example *e,
                  mailproto_sasl_scram *stored)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_ENROL, e->mechanism);
    char password[] = "pencil";
    o.password = octets(password, 6);
    o.salt = octets(e->salt, e->salt_len);
    side_open(keys, &o);
    secret(password, sizeof password);
    assert_int_equal(finish(keys->x).state, MAILPROTO_SASL_DONE);
    memset(stored, 0, sizeof *stored);
    stored->struct_size = sizeof *stored;
    assert_int_equal(mailproto_sasl_enrolled(keys->x, stored), MAILPROTO_OK);
}

/* By stored keys: the right proof, then a wrong one at its begin and at its end; and the
 * right one of a user that is not known. */
static void scram_server(void **state)
{
    size_t i;
    int how;
    (void)state;
    for (i = 0; i < EXAMPLES; ++i) {
        const struct example *e = &examples[i];
        mailproto_sasl_scram stored;
        struct side keys;
        enrol(&keys, e, &stored);
        for (how = 0; how < 4; ++how) {
            mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, e->mechanism);
            char salt_key[] = "a secret of the server";
            struct side s;
            o.nonce = str(e->server_nonce);
            o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
            o.salt_key = str(salt_key);
            side_open(&s, &o);
            secret(salt_key, sizeof salt_key);
            give_text(s.x, e->first);
            assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
            assert_int_equal(
                how < 3 ? mailproto_sasl_answer_scram(s.x, &stored)
                        : mailproto_sasl_answer(s.x, MAILPROTO_ERR_AUTH, NULL, 0),
                MAILPROTO_OK);
            assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
            if (how < 3) {
                expect_revealed(s.x, e->server_first);
            }
            /* What the client sends is no secret. */
            give_text(s.x, with_proof(e, how == 1 || how == 2 ? e->wrong_proofs[how - 1]
                                                              : e->proof));
            if (how == 0) {
                assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE_WITH_DATA);
                expect_revealed(s.x, e->server_final);
            } else {
                assert_int_equal(step(s.x).state, MAILPROTO_SASL_FAILED);
            }
            side_close(&s);
        }
        side_close(&keys);
    }
}

/* Hands a response over, for all to see. */
static void pass_on(mailproto_sasl *from, mailproto_sasl *to)
{
    char buf[512];
    give(to, buf, reveal_response(from, buf, sizeof buf));
}

/* By a password, from which the server makes salt and keys: right, wrong, and of a user
 * that is not known. Both sides in secret. */
static void scram_of_a_password(void **state)
{
    static const char *const mechanisms[] = {"SCRAM-SHA-1", "SCRAM-SHA-256",
                                             "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"};
    size_t i;
    int how;
    (void)state;
    for (i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; ++i) {
        for (how = 0; how < 3; ++how) {
            mailproto_sasl_options c =
                options_for(MAILPROTO_SASL_CLIENT, mechanisms[i]);
            mailproto_sasl_options o =
                options_for(MAILPROTO_SASL_SERVER, mechanisms[i]);
            char password[] = "pencil", salt_key[] = "a secret of the server";
            char stored[] = "pencil";
            struct side client, server;
            int is_plus = strstr(mechanisms[i], "PLUS") != NULL;
            stored[5] = how == 1 ? 'L' : 'l';
            c.name = str("user");
            c.password = octets(password, 6);
            c.nonce = str("random octets of the client");
            c.min_iterations = 1;
            o.nonce = str("random octets of the server");
            o.salt_key = octets(salt_key, sizeof salt_key - 1);
            o.iterations = 5;
            c.binding_type = o.binding_type = is_plus ? MAILPROTO_BINDING_EXPORTER : 0;
            c.binding = o.binding = str(is_plus ? "this connection" : "");
            side_open(&client, &c);
            side_open(&server, &o);
            secret(password, sizeof password);
            secret(stored, sizeof stored);
            secret(salt_key, sizeof salt_key);
            (void)step(client.x);
            pass_on(client.x, server.x);
            assert_int_equal(step(server.x).state, MAILPROTO_SASL_NEEDS);
            assert_int_equal(
                mailproto_sasl_answer(
                    server.x, how == 2 ? MAILPROTO_ERR_AUTH : MAILPROTO_OK, stored, 6),
                MAILPROTO_OK);
            assert_int_equal(finish(server.x).state, MAILPROTO_SASL_CONTINUE);
            pass_on(server.x, client.x);
            assert_int_equal(finish(client.x).state, MAILPROTO_SASL_CONTINUE);
            pass_on(client.x, server.x);
            if (how == 0) {
                assert_int_equal(step(server.x).state, MAILPROTO_SASL_DONE_WITH_DATA);
                pass_on(server.x, client.x);
                assert_int_equal(step(client.x).state, MAILPROTO_SASL_DONE);
            } else {
                assert_int_equal(step(server.x).state, MAILPROTO_SASL_FAILED);
            }
            side_close(&client);
            side_close(&server);
        }
    }
}

/* ---- all of them ------------------------------------------------------------------ */

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(passwords),           cmocka_unit_test(what_a_client_sent),
    cmocka_unit_test(apop_digest),         cmocka_unit_test(cram_server),
    cmocka_unit_test(scram_client),        cmocka_unit_test(scram_server),
    cmocka_unit_test(scram_of_a_password), cmocka_unit_test(cram_client),
};
/* The first so many compare something: each must be found out with a comparison that
 * stops at the first difference. */
enum { TESTS = sizeof tests / sizeof tests[0], COMPARE = TESTS - 1 };

/* All, or as a control the one of that name. */
static int run_all(const char *control)
{
    struct CMUnitTest one[1];
    size_t i;
    for (i = 0; i < COMPARE && strcmp(control, tests[i].name) != 0; ++i) {
    }
    if (i == COMPARE) {
        return cmocka_run_group_tests(tests, NULL, NULL);
    }
    leaks = 1;
    one[0] = tests[i];
    return cmocka_run_group_tests(one, NULL, NULL);
}

/* Whether valgrind takes the marks, without which all would pass. */
static int marks_count(void)
{
    char octets[2] = {1, 1};
    unsigned char bits[2] = {0, 0};
    secret(octets, 1);
    return VALGRIND_GET_VBITS(octets, bits, 2) == 1 && bits[0] == 0xFF && bits[1] == 0;
}

/* This program under valgrind: its exit code; 98 or -1: valgrind did not start. */
static int under_valgrind(const char *self, const char *argument)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (argument != NULL) {
            (void)!freopen("/dev/null", "w", stderr); /* the report that is wanted */
        }
        execlp("valgrind", "valgrind", "-q", "--error-exitcode=99", "--leak-check=no",
               self, argument, (char *)NULL);
        _exit(98);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}

/* Why valgrind cannot run this program, or NULL; `*result`: 77, or 1 where it should. */
static const char *why_not(const char *self, int *result)
{
    int probe;
    *result = 77;
    if (SANITIZED) {
        return "valgrind cannot run what a sanitizer has changed";
    }
    if (!HAVE_VALGRIND) {
        return "built without valgrind's memcheck.h";
    }
    probe = under_valgrind(self, "probe");
    if (probe == 98) {
        return "valgrind is not installed";
    }
#ifndef __clang__ /* whose debugging information not every valgrind can read */
    *result = 1;
#endif
    return probe != 0 ? "valgrind is here, but cannot run this program" : NULL;
}

int main(int argc, char **argv)
{
    const char *argument = argc > 1 ? argv[1] : "";
    size_t i;
    int found;
    int result;
    if (strcmp(argument, "probe") == 0) {
        return 0;
    }
    if (RUNNING_ON_VALGRIND) {
        if (!marks_count()) {
            printf(
                "valgrind does not follow what is undefined: not run by memcheck?\n");
            return 1;
        }
        return run_all(argument);
    }
    if (why_not(argv[0], &result) != NULL) {
        printf("skipped: %s: what it computes is checked, the time it takes is not\n",
               why_not(argv[0], &result));
        found = run_all("");
        return found != 0 ? found : result;
    }
    for (i = 0; i < COMPARE; ++i) {
        found = under_valgrind(argv[0], tests[i].name);
        if (found != 99) {
            printf("a comparison that leaks was not found: %s (%d)\n", tests[i].name,
                   found);
            return 1;
        }
    }
    return under_valgrind(argv[0], NULL);
}
