/*
 * What the documents say is what the code does: the names of the mechanisms in the
 * public header and in the guide, the defaults and bounds in docs/limits.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "exchange.h"

static char document[200000];

static const char *read_document(const char *name)
{
    char path[4096];
    size_t len;
    FILE *f;
    (void)snprintf(path, sizeof path, "%s/%s", MAILPROTO_SOURCE_DIR, name);
    f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s cannot be read", path);
        return "";
    }
    len = fread(document, 1, sizeof document - 1, f);
    (void)fclose(f);
    document[len] = 0;
    return document;
}

/* ---- names ------------------------------------------------------------------- */

static const char *const mechanisms[] = {
    "EXTERNAL",      "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256", "SCRAM-SHA-1",        "OAUTHBEARER",
    "XOAUTH2",       "CRAM-MD5",           "PLAIN",
    "LOGIN",         "ANONYMOUS"};
enum { MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };

/* The table at the top of sasl.h: each row begins with names. */
static void the_table_of_the_header(void **state)
{
    const char *at = strstr(read_document("include/mailproto/sasl.h"), "|---|");
    char seen[MECHANISMS] = {0};
    size_t i, count = 0;
    (void)state;
    assert_non_null(at);
    at = strchr(at, '\n');
    while (at != NULL && strncmp(at, "\n * | ", 6) == 0) {
        at += 6;
        while (*at != '|') {
            mailproto_bytes name = {at, strcspn(at, ", |")};
            assert_int_not_equal(mailproto_sasl_flags(name), 0);
            for (i = 0; i < MECHANISMS; ++i) {
                seen[i] |= strlen(mechanisms[i]) == name.len &&
                           memcmp(mechanisms[i], name.ptr, name.len) == 0;
            }
            ++count;
            at += name.len;
            at += strspn(at, ", ");
        }
        at = strchr(at, '\n');
    }
    assert_int_equal(count, MECHANISMS);
    for (i = 0; i < MECHANISMS; ++i) {
        assert_int_equal(seen[i], 1);
    }
}

static void the_names_of_the_guide(void **state)
{
    const char *guide = read_document("docs/guide/sasl.md");
    size_t i;
    (void)state;
    for (i = 0; i < MECHANISMS; ++i) {
        if (strstr(mechanisms[i], "-PLUS") == NULL) {
            assert_non_null(strstr(guide, mechanisms[i]));
        }
    }
    assert_non_null(strstr(guide, "with and without -PLUS"));
    assert_int_equal(mailproto_sasl_flags(str("DIGEST-MD5")), 0); /* as it says */
    assert_int_equal(mailproto_sasl_flags(str("GSSAPI")), 0);
    assert_int_equal(mailproto_sasl_flags(str("NTLM")), 0);
}

/* ---- limits ------------------------------------------------------------------ */

/* Number `n` of the default in a row of the section on SASL. */
static uint32_t limit(const char *row, int n)
{
    const char *at = strstr(read_document("docs/limits.md"), "\n## SASL\n");
    const char *end;
    char start[64];
    assert_non_null(at);
    (void)snprintf(start, sizeof start, "\n| %s ", row);
    at = strstr(at, start);
    if (at == NULL) {
        fail_msg("docs/limits.md has no row %s", row);
        return 0;
    }
    at = strchr(at + 3, '|') + 1;
    end = strchr(at, '|');
    for (;; --n) {
        at += strcspn(at, "0123456789");
        assert_true(at < end);
        if (n == 0) {
            return (uint32_t)strtoul(at, NULL, 10);
        }
        at += strspn(at, "0123456789");
    }
}

static mailproto_sasl_options scram_client(void)
{
    mailproto_sasl_options o = options_for(MAILPROTO_SASL_CLIENT, "SCRAM-SHA-256");
    o.name = str("alice");
    o.password = str("wonderland");
    o.nonce = str("0123456789abcdef");
    o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    return o;
}

/* What a client makes of a server's iteration count. */
static mailproto_sasl_state counted(uint32_t iterations)
{
    mailproto_sasl_options o = scram_client();
    mailproto_sasl_state state;
    char first[128];
    struct side s;
    (void)snprintf(first, sizeof first, "r=0123456789abcdefX,s=c2FsdA==,i=%lu",
                   (unsigned long)iterations);
    side_open(&s, &o);
    (void)step(s.x);
    give_text(s.x, first);
    state = step(s.x);
    side_close(&s);
    return state;
}

static void iterations(void **state)
{
    const uint32_t min = limit("`min_iterations`", 0);
    const uint32_t max = limit("`max_iterations`", 0);
    (void)state;
    assert_int_equal(counted(min).state, MAILPROTO_SASL_WORKING);
    assert_int_equal(counted(min - 1).state, MAILPROTO_SASL_FAILED);
    assert_int_equal(counted(min - 1).error, MAILPROTO_ERR_AUTH_WEAK);
    assert_int_equal(counted(max).state, MAILPROTO_SASL_WORKING);
    assert_int_equal(counted(max + 1).state, MAILPROTO_SASL_FAILED);
    assert_int_equal(counted(max + 1).error, MAILPROTO_ERR_COUNT_LIMIT);
}

static void work_step(void **state)
{
    const uint32_t most = limit("`work_step`", 0);
    uint32_t more;
    (void)state;
    for (more = 0; more < 2; ++more) {
        mailproto_sasl_options o = options_for(MAILPROTO_SASL_ENROL, "SCRAM-SHA-1");
        struct side s;
        o.password = str("wonderland");
        o.salt = str("salt");
        o.iterations = 1 + most + more; /* the first one begins the work */
        side_open(&s, &o);
        assert_int_equal(step(s.x).state,
                         more ? MAILPROTO_SASL_WORKING : MAILPROTO_SASL_DONE);
        side_close(&s);
    }
}

static void message_max(void **state)
{
    static const struct {
        const char *mechanism;
        int n;
    } v[] = {{"PLAIN", 0},     {"LOGIN", 0},         {"EXTERNAL", 0},
             {"ANONYMOUS", 0}, {"SCRAM-SHA-256", 0}, {"OAUTHBEARER", 1},
             {"XOAUTH2", 1}};
    mailproto_sasl_options o = scram_client();
    size_t i, by_default;
    (void)state;
    for (i = 0; i < sizeof v / sizeof v[0]; ++i) {
        mailproto_sasl_options s = options_for(MAILPROTO_SASL_SERVER, v[i].mechanism);
        s.nonce = str("0123456789abcdef");
        s.salt_key = str("0123456789abcdef");
        by_default = mailproto_sasl_mem_size(&s);
        assert_int_not_equal(by_default, 0);
        s.message_max = limit("`message_max`", v[i].n);
        assert_int_equal(mailproto_sasl_mem_size(&s), by_default);
        s.message_max++;
        assert_int_equal(mailproto_sasl_mem_size(&s), by_default + 1);
    }
    by_default = mailproto_sasl_mem_size(&o);
    o.message_max = limit("`message_max`", 0);
    assert_int_equal(mailproto_sasl_mem_size(&o), by_default);
}

static mailproto_status measure(void *ctx, uint32_t what, const void *text, size_t len,
                                void *out, size_t cap, size_t *got)
{
    (void)what;
    *(size_t *)ctx = cap;
    memcpy(out, text, len);
    *got = len;
    return MAILPROTO_OK;
}

static void prepare_max(void **state)
{
    mailproto_sasl_options o = scram_client();
    size_t cap = 0;
    struct side s;
    (void)state;
    o.name = str("\xc3\xbc");
    o.prepare = measure;
    o.prepare_ctx = &cap;
    side_open(&s, &o);
    assert_int_equal(cap, limit("`prepare_max`", 0));
    side_close(&s);
}

static void nonce(void **state)
{
    static const char octet[128] = {0};
    const uint32_t min = limit("nonce", 0), max = limit("nonce", 1);
    mailproto_sasl_options o = scram_client();
    struct side s;
    (void)state;
    assert_int_equal(min, MAILPROTO_SASL_NONCE_MIN);
    assert_int_equal(max, MAILPROTO_SASL_NONCE_MAX);
    o.flags = 0;
    o.nonce = octets(octet, min);
    side_open(&s, &o);
    side_close(&s);
    o.nonce = octets(octet, max);
    side_open(&s, &o);
    side_close(&s);
    o.nonce = octets(octet, min - 1);
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
    o.nonce = octets(octet, max + 1);
    expect_refused(&o, MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_the_header),
        cmocka_unit_test(the_names_of_the_guide),
        cmocka_unit_test(iterations),
        cmocka_unit_test(work_step),
        cmocka_unit_test(message_max),
        cmocka_unit_test(prepare_max),
        cmocka_unit_test(nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
