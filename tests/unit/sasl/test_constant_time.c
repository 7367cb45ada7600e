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
    char a[] = "wonderland", b[] = "wonderland", c[] = "Wonderland";
    (void)state;
    secret(a, sizeof a);
    secret(c, sizeof c);
    assert_int_equal(mailproto_sasl_equal(octets(a, 10), octets(b, 10)), 1);
    assert_int_equal(mailproto_sasl_equal(octets(b, 10), octets(c, 10)), 0);
    assert_int_equal(mailproto_sasl_equal(octets(a, 10), octets(c, 10)), 0);
}

static void apop_digest(void **state)
{
    char password[] = "tanstaaf";
    char digest[MAILPROTO_APOP_DIGEST];
    mailproto_bytes stamp = str("<1896.697170952@dbc.mtview.ca.us>");
    (void)state;
    secret(password, sizeof password);
    assert_int_equal(
        mailproto_sasl_apop(stamp, octets(password, 8), NULL, NULL, digest),
        MAILPROTO_OK);
    reveal(digest, sizeof digest);
    assert_memory_equal(digest, "c4c9334bac560ecc979e58001b3e22fb", sizeof digest);
    assert_int_equal(mailproto_sasl_apop_check(stamp, octets(password, 8),
                                               octets(digest, sizeof digest), NULL,
                                               NULL),
                     MAILPROTO_OK);
    digest[5] ^= 1;
    assert_int_equal(mailproto_sasl_apop_check(stamp, octets(password, 8),
                                               octets(digest, sizeof digest), NULL,
                                               NULL),
                     MAILPROTO_ERR_AUTH);
}

static void cram_digest(void **state)
{
    static const char *const responses[] = {"tim b913a602c7eda7a495b4e6e7334d3890",
                                            "tim b913a602c7eda7a495b4e6e7334d3891"};
    size_t i;
    (void)state;
    for (i = 0; i < 2; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "CRAM-MD5");
        char password[] = "tanstaaftanstaaf";
        struct side s;
        o.challenge = str("<1896.697170952@postoffice.reston.mci.net>");
        side_open(&s, &o);
        (void)step(s.x);
        give_text(s.x, responses[i]);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        secret(password, sizeof password);
        assert_int_equal(mailproto_sasl_answer(s.x, MAILPROTO_OK, password, 16),
                         MAILPROTO_OK);
        assert_int_equal(step(s.x).state,
                         i ? MAILPROTO_SASL_FAILED : MAILPROTO_SASL_DONE);
        side_close(&s);
    }
}

/* ---- SCRAM ------------------------------------------------------------------- */

#define FIRST "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
#define SERVER_FIRST                                                                   \
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==," \
    "i=4096"
#define WITHOUT_PROOF "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p="
#define PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define WRONG_PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVU="
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static void scram_client(void **state)
{
    static const char *const finals[] = {
        SERVER_FINAL, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8="};
    size_t i;
    (void)state;
    for (i = 0; i < 2; ++i) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-256");
        char password[] = "pencil";
        struct side s;
        o.name = str("user");
        o.password = octets(password, 6);
        o.nonce = str("rOprNGfwEbeRWgbNEkqO");
        o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
        side_open(&s, &o); /* it is checked for UTF-8 here, then only hashed */
        secret(password, sizeof password);
        expect_revealed(s.x, FIRST);
        give_text(s.x, SERVER_FIRST);
        assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
        expect_revealed(s.x, WITHOUT_PROOF PROOF);
        give_text(s.x, finals[i]);
        assert_int_equal(step(s.x).state,
                         i ? MAILPROTO_SASL_FAILED : MAILPROTO_SASL_DONE);
        side_close(&s);
    }
}

/* By stored keys, by a password, and for a user that does not exist. */
static void scram_server(void **state)
{
    mailproto_sasl_options e = options_for(MAILPROTO_SASL_ENROL, "SCRAM-SHA-256");
    mailproto_sasl_scram stored;
    char password[] = "pencil";
    struct side keys;
    int how;
    (void)state;
    e.password = octets(password, 6);
    e.salt =
        octets("\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81", 16);
    side_open(&keys, &e);
    secret(password, sizeof password);
    assert_int_equal(finish(keys.x).state, MAILPROTO_SASL_DONE);
    memset(&stored, 0, sizeof stored);
    stored.struct_size = sizeof stored;
    assert_int_equal(mailproto_sasl_enrolled(keys.x, &stored), MAILPROTO_OK);
    for (how = 0; how < 4; ++how) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_SERVER, "SCRAM-SHA-256");
        char salt_key[] = "a secret of the server";
        struct side s;
        o.nonce = str("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
        o.salt_key = str(salt_key);
        side_open(&s, &o);
        secret(salt_key, sizeof salt_key);
        give_text(s.x, FIRST);
        assert_int_equal(step(s.x).state, MAILPROTO_SASL_NEEDS);
        if (how < 2) {
            assert_int_equal(mailproto_sasl_answer_scram(s.x, &stored), MAILPROTO_OK);
        } else {
            assert_int_equal(
                mailproto_sasl_answer(s.x, how == 2 ? MAILPROTO_OK : MAILPROTO_ERR_AUTH,
                                      password, 6),
                MAILPROTO_OK);
        }
        assert_int_equal(finish(s.x).state, MAILPROTO_SASL_CONTINUE);
        if (how < 2) {
            expect_revealed(s.x, SERVER_FIRST);
        }
        /* What the client sends is no secret; wrong in all cases but the first. */
        give_text(s.x, how == 1 ? WITHOUT_PROOF WRONG_PROOF : WITHOUT_PROOF PROOF);
        if (how == 0) {
            assert_int_equal(step(s.x).state, MAILPROTO_SASL_DONE_WITH_DATA);
            expect_revealed(s.x, SERVER_FINAL);
        } else {
            assert_int_equal(step(s.x).state, MAILPROTO_SASL_FAILED);
        }
        side_close(&s);
    }
    side_close(&keys);
}

/* The control: runs with a comparison that stops at the first difference. */
static void something_leaks(void **state)
{
    leaks = 1;
    passwords(state);
    leaks = 0;
}

static int run_all(int control)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords),    cmocka_unit_test(apop_digest),
        cmocka_unit_test(cram_digest),  cmocka_unit_test(scram_client),
        cmocka_unit_test(scram_server),
    };
    const struct CMUnitTest controls[] = {cmocka_unit_test(something_leaks)};
    return control ? cmocka_run_group_tests(controls, NULL, NULL)
                   : cmocka_run_group_tests(tests, NULL, NULL);
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
        return run_all(strcmp(argument, "control") == 0);
    }
    if (why_not(argv[0], &result) != NULL) {
        printf("skipped: %s: what it computes is checked, the time it takes is not\n",
               why_not(argv[0], &result));
        found = run_all(0);
        return found != 0 ? found : result;
    }
    found = under_valgrind(argv[0], "control");
    if (found != 99) {
        printf("a comparison that leaks was not found (%d)\n", found);
        return 1;
    }
    return under_valgrind(argv[0], NULL);
}
