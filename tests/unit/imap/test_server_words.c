/*
 * Words of the application (RFC 9051 9, resp-text): none of the verbs that take some lets
 * through what a client could take for something else, and nothing is queued then.
 */
#include "server_driver.h"

/* Never; `{5}` at the end would make some readers wait for a literal. */
static const char *const bad[] = {
    "a\r\nb NO c", "\r",    "\n",  "a\tb", "\x7F",
    "\x1B[1m",     "a {5}", "{0}", "{5+}", "gr\xFC\xDF", /* no UTF-8 */
};
/* Only behind a code (RFC 9051 7.1). */
static const char *const codes[] = {"[ALERT] b", "["};
/* Only once IMAP4rev2 is enabled (RFC 9051 9, text). */
static const char utf8[] = "gr\xC3\xBC\xC3\x9F";

/* A verb that takes words; `code` 1: with a code before them. */
typedef mailproto_status verb_fn(struct run *r, uint32_t request, int code,
                                 mailproto_bytes text);

static const mailproto_imap_code *limit(int code)
{
    static mailproto_imap_code c;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.code = MAILPROTO_IMAP_CODE_LIMIT;
    return code ? &c : NULL;
}

static mailproto_status complete_ok(struct run *r, uint32_t request, int code,
                                    mailproto_bytes text)
{
    return mailproto_imap_server_complete(r->server, request, MAILPROTO_IMAP_OK,
                                          limit(code), text);
}

static mailproto_status complete_no(struct run *r, uint32_t request, int code,
                                    mailproto_bytes text)
{
    return mailproto_imap_server_complete(r->server, request, MAILPROTO_IMAP_NO,
                                          limit(code), text);
}

static mailproto_status complete_bad(struct run *r, uint32_t request, int code,
                                     mailproto_bytes text)
{
    return mailproto_imap_server_complete(r->server, request, MAILPROTO_IMAP_BAD,
                                          limit(code), text);
}

static mailproto_status refuse_literal(struct run *r, uint32_t request, int code,
                                       mailproto_bytes text)
{
    return mailproto_imap_server_refuse_literal(r->server, request, limit(code), text);
}

static mailproto_status greet_ok(struct run *r, uint32_t request, int code,
                                 mailproto_bytes text)
{
    (void)code;
    return mailproto_imap_server_greet(r->server, request, MAILPROTO_IMAP_OK, text);
}

static mailproto_status greet_preauth(struct run *r, uint32_t request, int code,
                                      mailproto_bytes text)
{
    (void)code;
    return mailproto_imap_server_greet(r->server, request, MAILPROTO_IMAP_PREAUTH,
                                       text);
}

static mailproto_status greet_bye(struct run *r, uint32_t request, int code,
                                  mailproto_bytes text)
{
    (void)code;
    return mailproto_imap_server_greet(r->server, request, MAILPROTO_IMAP_BYE, text);
}

static mailproto_status end_all(struct run *r, uint32_t request, int code,
                                mailproto_bytes text)
{
    (void)request;
    return mailproto_imap_server_shutdown(r->server, limit(code), text);
}

static mailproto_status say_ok(struct run *r, uint32_t request, int code,
                               mailproto_bytes text)
{
    (void)request;
    return mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, limit(code),
                                          text);
}

/* The code is open already. */
static mailproto_status end_code(struct run *r, uint32_t request, int code,
                                 mailproto_bytes text)
{
    (void)request;
    (void)code;
    return mailproto_imap_server_code_end(r->server, text);
}

/* The request of whatever comes; it is answered by hand. */
static int keep(struct run *r, const mailproto_event *ev)
{
    if (r->user != NULL && (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        *(uint32_t *)r->user = ev->tag;
        return 1;
    }
    return 0;
}

static size_t due(struct run *r)
{
    size_t len;
    (void)mailproto_session_output(r->s, &len);
    return len;
}

static void refuses(struct run *r, uint32_t request, verb_fn *verb, int code,
                    mailproto_bytes text)
{
    size_t before = due(r);
    if (verb(r, request, code, text) != MAILPROTO_ERR_ARGUMENT) {
        print_error("taken: %.*s\n", (int)text.len, text.ptr != NULL ? text.ptr : "");
        fail();
    }
    assert_int_equal(due(r), before);
}

/* All that is bad, of a verb that says `coded` words (2: always behind a code), then what
 * is good. */
static void check_verb(struct run *r, uint32_t request, verb_fn *verb, int coded)
{
    int rev2 =
        (mailproto_imap_server_enabled(r->server) & MAILPROTO_IMAP_ENABLED_REV2) != 0;
    mailproto_bytes text = bytes_of("a");
    size_t i;
    int code;
    for (code = 0; code <= (coded == 1); code++) {
        for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            refuses(r, request, verb, code, bytes_of(bad[i]));
        }
        for (i = 0; i < sizeof codes / sizeof codes[0] && !code && coded < 2; i++) {
            refuses(r, request, verb, 0, bytes_of(codes[i]));
        }
        if (!rev2) {
            refuses(r, request, verb, code, bytes_of(utf8));
        }
        text.ptr = "a\0b";
        text.len = 3;
        refuses(r, request, verb, code, text);
        text.ptr = NULL;
        refuses(r, request, verb, code, text);
    }
    assert_int_equal(verb(r, request, coded == 1, bytes_of(rev2 ? utf8 : "a {5} b")),
                     MAILPROTO_OK);
}

/* A session in which this was asked. */
static struct run *asked(const char *before, const char *text, uint32_t *request)
{
    mailproto_imap_server_options o = options_of();
    struct run *r;
    o.auth_mechanisms = bytes_of("PLAIN");
    r = open_session(&o, keep, before);
    r->user = request;
    if (text != NULL) {
        feed_text(r, text);
        assert_int_not_equal(*request, 0);
    }
    return r;
}

#define IN "0 LOGIN f s\r\n"
#define REV2 IN "1 ENABLE IMAP4rev2\r\n"

static void check_command(const char *before, const char *text, verb_fn *verb,
                          int coded, const char *wanted)
{
    uint32_t request = 0;
    struct run *r = asked(before, text, &request);
    check_verb(r, request, verb, coded);
    r->out_len = 0;
    drain(r);
    assert_string_equal(r->out, wanted);
    close_session(r);
}

static void tagged(void **state)
{
    (void)state;
    check_command(IN, "a CREATE x\r\n", complete_ok, 1, "a OK [LIMIT] a {5} b\r\n");
    check_command(IN, "a CREATE x\r\n", complete_no, 1, "a NO [LIMIT] a {5} b\r\n");
    check_command(IN, "a CREATE x\r\n", complete_bad, 1, "a BAD [LIMIT] a {5} b\r\n");
    check_command(REV2, "a CREATE x\r\n", complete_no, 1,
                  "a NO [LIMIT] gr\xC3\xBC\xC3\x9F\r\n");
    check_command(IN, "a APPEND x {5}\r\n", refuse_literal, 1,
                  "a NO [LIMIT] a {5} b\r\n");
    check_command(REV2, "a APPEND x {5}\r\n", refuse_literal, 1,
                  "a NO [LIMIT] gr\xC3\xBC\xC3\x9F\r\n");
    check_command("", "a LOGIN f s\r\n", complete_no, 1, "a NO [LIMIT] a {5} b\r\n");
    check_command("", "a AUTHENTICATE PLAIN\r\n", complete_no, 1,
                  "a NO [LIMIT] a {5} b\r\n");
}

static void untagged(void **state)
{
    (void)state;
    check_command(IN, NULL, say_ok, 1, "* OK [LIMIT] a {5} b\r\n");
    check_command(REV2, NULL, say_ok, 1, "* OK [LIMIT] gr\xC3\xBC\xC3\x9F\r\n");
    check_command(IN, NULL, end_all, 1, "* BYE [LIMIT] a {5} b\r\n");
    check_command(REV2, NULL, end_all, 1, "* BYE [LIMIT] gr\xC3\xBC\xC3\x9F\r\n");
}

static void check_greeting(verb_fn *verb, const char *wanted)
{
    mailproto_imap_server_options o = options_of();
    struct run *r = (struct run *)calloc(1, sizeof *r);
    uint32_t request = 0;
    assert_non_null(r);
    o.caps = cap_bit(MAILPROTO_IMAP_CAP_REV1);
    run_start(r, &o);
    r->answer = keep;
    r->user = &request;
    pull(r);
    check_verb(r, request, verb, 0);
    drain(r);
    assert_string_equal(r->out, wanted);
    close_session(r);
}

static void greeting(void **state)
{
    (void)state;
    check_greeting(greet_ok, "* OK [CAPABILITY IMAP4rev1] a {5} b\r\n");
    check_greeting(greet_preauth, "* PREAUTH [CAPABILITY IMAP4rev1] a {5} b\r\n");
    check_greeting(greet_bye, "* BYE a {5} b\r\n");
}

static void behind_a_long_code(void **state)
{
    static const mailproto_imap_range uid = {4, 4};
    uint32_t request = 0;
    struct run *r = asked(IN, "a APPEND x {1+}\r\n", &request);
    (void)state;
    assert_int_equal(mailproto_imap_server_literal(r->server, request, 1),
                     MAILPROTO_OK);
    feed_text(r, "y\r\n");
    assert_int_equal(mailproto_imap_server_code_begin(r->server, request,
                                                      MAILPROTO_IMAP_OK,
                                                      MAILPROTO_IMAP_CODE_APPENDUID, 3),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_numbers(r->server, &uid, 1), MAILPROTO_OK);
    check_verb(r, request, end_code, 2);
    drain(r);
    assert_string_equal(r->out, "a OK [APPENDUID 3 4] a {5} b\r\n");
    close_session(r);
}

/* ---- words of the options ------------------------------------------------------------------ */

static void check_options(mailproto_imap_server_options *o, int good)
{
    assert_int_equal(mailproto_imap_server_mem_size(o) != 0, good);
}

static void of_options(void **state)
{
    static const char *const no_names[] = {"X{5}", "X {5+}", "X]",       "X\"", "X(",
                                           "X*",   "X%",     "X\\",      " X",  "X ",
                                           "X  Y", "X\r\nY", "\xC3\xBC", "X\tY"};
    mailproto_imap_server_options o;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        o = options_of();
        o.greeting = bytes_of(bad[i]);
        check_options(&o, 0);
    }
    o.greeting = bytes_of(utf8);
    check_options(&o, 0);
    o.greeting = bytes_of("[X] y");
    check_options(&o, 0);
    o.greeting = bytes_of("{5} x");
    check_options(&o, 1);
    for (i = 0; i < sizeof no_names / sizeof no_names[0]; i++) {
        o = options_of();
        o.more_caps = bytes_of(no_names[i]);
        check_options(&o, 0);
        o = options_of();
        o.auth_mechanisms = bytes_of(no_names[i]);
        check_options(&o, 0);
    }
    o = options_of();
    o.more_caps = bytes_of("QUOTA QUOTA=RES-STORAGE X-A+B");
    o.auth_mechanisms = bytes_of("PLAIN SCRAM-SHA-256");
    check_options(&o, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tagged),     cmocka_unit_test(untagged),
        cmocka_unit_test(greeting),   cmocka_unit_test(behind_a_long_code),
        cmocka_unit_test(of_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
