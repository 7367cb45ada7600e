/*
 * A client's verbs: which are legal when, what they write, what they refuse, and how
 * much of it fits; the options and the block.
 */
#include "client_driver.h"

#include "smtp/client.h"
#include "smtp/rules.h"

/* ---- every verb in every state ------------------------------------------------------ */

enum { VERBS = 13 };
static const char *const verb_names[VERBS] = {
    "MAIL", "RCPT", "DATA", "RSET",     "NOOP", "VRFY", "HELP",
    "EXPN", "ETRN", "QUIT", "STARTTLS", "AUTH", "BDAT"};

static mailproto_status call(struct driver *d, int verb)
{
    switch (verb) {
    case 0:
        return mailproto_smtp_client_mail(d->c, 90, bytes(""), NULL);
    case 1:
        return mailproto_smtp_client_rcpt(d->c, 90, bytes("b@y.example"), NULL);
    case 2:
        return mailproto_smtp_client_data(d->c, 90);
    case 3:
        return mailproto_smtp_client_rset(d->c, 90);
    case 4:
        return mailproto_smtp_client_noop(d->c, 90);
    case 5:
        return mailproto_smtp_client_vrfy(d->c, 90, bytes("joe"));
    case 6:
        return mailproto_smtp_client_help(d->c, 90, bytes(""));
    case 7:
        return mailproto_smtp_client_command(d->c, 90, bytes("EXPN staff"));
    case 8:
        return mailproto_smtp_client_command(d->c, 90, bytes("ETRN q"));
    case 9:
        return mailproto_smtp_client_quit(d->c, 90);
    case 10:
        return mailproto_smtp_client_starttls(d->c, 90);
    case 11:
        return mailproto_session_auth_start(d->s, 90, bytes("PLAIN"), NULL, 0);
    default:
        return mailproto_smtp_client_bdat(d->c, 90, 1, 1);
    }
}

/* Brings a client into a state; replies are all in unless `_ahead`. */
static void go_to(struct driver *d, const char *state)
{
    mailproto_smtp_client_options o = d_options();
    o.flags = MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    d_open(d, &o);
    if (strcmp(state, "greeting") == 0) {
        return;
    }
    if (strcmp(state, "refused") == 0) {
        d_feed(d, "554 no\r\n");
        return;
    }
    d_feed(d, "220 s\r\n");
    if (strcmp(state, "ehlo") == 0) {
        return;
    }
    d_feed(d, "250-s\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n");
    if (strcmp(state, "ready") == 0) {
        return;
    }
    if (strcmp(state, "busy") == 0) {
        (void)call(d, 3);
        return;
    }
    if (strcmp(state, "starttls") == 0 || strcmp(state, "tls") == 0) {
        (void)call(d, 10);
        d_feed(d, state[0] == 't' ? "220 go\r\n" : "");
        return;
    }
    if (strcmp(state, "auth") == 0 || strcmp(state, "logged in") == 0) {
        (void)call(d, 11);
        d_feed(d, state[0] == 'l' ? "235 ok\r\n" : "334 \r\n");
        return;
    }
    if (strcmp(state, "quit") == 0 || strcmp(state, "closed") == 0) {
        (void)call(d, 9);
        d_feed(d, state[0] == 'c' ? "221 bye\r\n" : "");
        return;
    }
    (void)call(d, 0);
    d_feed(d, strcmp(state, "dead") == 0 ? "550 no\r\n" : "250 ok\r\n");
    if (strcmp(state, "mail") == 0 || strcmp(state, "dead") == 0) {
        return;
    }
    (void)call(d, 1);
    d_feed(d, strcmp(state, "no rcpt") == 0 ? "550 no\r\n" : "250 ok\r\n");
    if (strcmp(state, "rcpt") == 0 || strcmp(state, "no rcpt") == 0) {
        return;
    }
    (void)call(d, 2); /* data */
    if (strcmp(state, "content") == 0) {
        d_feed(d, "354 go\r\n");
    }
}

/* What is legal where: `y`; `n`: ERR_STATE; `b`: ERR_NOT_BUILT. In the order of
 * verb_names. */
static const struct {
    const char *state;
    const char *verbs;
} legal[] = {
    /*             MRDRNVHEEQSAB */
    {"greeting", "nnnnnnnnnnnnb"},  {"ehlo", "nnnnnnnnnnnnb"},
    {"refused", "nnnnnnnnnynnb"},   {"ready", "ynnyyyyyyyyyb"},
    {"busy", "ynnyyyyyyynnb"},      {"starttls", "nnnnnnnnnnnnb"},
    {"tls", "nnnnnnnnnnnnb"},       {"auth", "nnnnnnnnnnnnb"},
    {"logged in", "ynnyyyyyyyynb"}, {"quit", "nnnnnnnnnnnnb"},
    {"closed", "nnnnnnnnnnnnb"},    {"mail", "nynyyyyyyynnb"},
    {"dead", "yyyyyyyyyyyyb"},      {"rcpt", "nyyyyyyyyynnb"},
    {"no rcpt", "nyyyyyyyyynnb"},   {"data", "ynnyyyyyyynnb"},
    {"content", "ynnyyyyyyynnb"},
};

static void test_every_verb_in_every_state(void **state)
{
    size_t i;
    int verb;
    (void)state;
    for (i = 0; i < sizeof legal / sizeof legal[0]; i++) {
        assert_int_equal(strlen(legal[i].verbs), VERBS);
        for (verb = 0; verb < VERBS; verb++) {
            struct driver *d = calloc(1, sizeof *d);
            mailproto_status expected = legal[i].verbs[verb] == 'y' ? MAILPROTO_OK
                                        : legal[i].verbs[verb] == 'b'
                                            ? MAILPROTO_ERR_NOT_BUILT
                                            : MAILPROTO_ERR_STATE;
            mailproto_status st;
            assert_non_null(d);
            go_to(d, legal[i].state);
            d_run(d);
            d_forget(d);
            d->wire_seen = d->wire_len;
            st = call(d, verb);
            if (st != expected) {
                fail_msg("%s in %s: %s", verb_names[verb], legal[i].state,
                         d_status(st));
            }
            d_run(d);
            if (st != MAILPROTO_OK) {
                assert_int_equal(d->wire_len, d->wire_seen); /* nothing is queued */
            }
            d_close(d);
            free(d);
        }
    }
}

/* The table itself: every row is met, and what follows is a state. */
static void test_rules_table(void **state)
{
    uint32_t from;
    uint32_t verb;
    unsigned rows = 0;
    (void)state;
    for (from = 0; from < MAILPROTO__SMTP_STATES; from++) {
        for (verb = 0; verb <= MAILPROTO_SMTP_VERB_AUTH; verb++) {
            const struct mailproto__smtp_rule *rule =
                mailproto__smtp_client_rule(from, verb);
            if (rule == NULL) {
                continue;
            }
            rows++;
            assert_int_equal(rule->verb, verb);
            assert_true(rule->next < MAILPROTO__SMTP_STATES);
            assert_true(rule->states & MAILPROTO__SMTP_IN(from));
            /* RFC 2920 3.1: all but these end a group */
            assert_int_equal((rule->flags & MAILPROTO__SMTP_LAST) == 0,
                             verb == MAILPROTO_SMTP_VERB_MAIL ||
                                 verb == MAILPROTO_SMTP_VERB_RCPT ||
                                 verb == MAILPROTO_SMTP_VERB_RSET);
            /* Nothing leads out of OVER, and only QUIT out of REFUSED. */
            assert_int_not_equal(from, MAILPROTO__SMTP_OVER);
            assert_true(from != MAILPROTO__SMTP_REFUSED ||
                        verb == MAILPROTO_SMTP_VERB_QUIT);
            assert_int_equal((rule->flags & MAILPROTO__SMTP_OWN) != 0,
                             from == MAILPROTO__SMTP_START);
        }
    }
    /* START 3, READY 10, MAIL 8, RCPT 9, DEAD 12, REFUSED 1 */
    assert_int_equal(rows, 43);
    assert_null(mailproto__smtp_client_rule(MAILPROTO__SMTP_STATES, 0));
    assert_null(mailproto__smtp_client_rule(31, 0));
}

/* ---- what MAIL and RCPT write ------------------------------------------------------- */

static const char *const all_caps = "250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                                    "250-AUTH PLAIN\r\n250-DSN\r\n250-DELIVERBY\r\n";

static mailproto_smtp_mail_params params(void)
{
    mailproto_smtp_mail_params p;
    memset(&p, 0, sizeof p);
    p.struct_size = sizeof p;
    return p;
}

/* Calls MAIL, then ends that transaction. */
static mailproto_status mail(struct driver *d, const char *path,
                             const mailproto_smtp_mail_params *p, const char *wire)
{
    mailproto_status st = mailproto_smtp_client_mail(d->c, 1, bytes(path), p);
    d_sent(d, st == MAILPROTO_OK ? wire : "");
    if (st == MAILPROTO_OK) {
        d_feed(d, "250 ok\r\n");
        assert_int_equal(mailproto_smtp_client_rset(d->c, 2), MAILPROTO_OK);
        d_sent(d, "RSET\r\n");
        d_feed(d, "250 ok\r\n");
    }
    return st;
}

static void mail_parameters(struct driver *d)
{
    mailproto_smtp_mail_params p = params();
    d_open(d, NULL);
    d_start(d, all_caps);
    assert_int_equal(mail(d, "", NULL, "MAIL FROM:<>\r\n"), MAILPROTO_OK);
    assert_int_equal(
        mail(d, "\"a b\"@[192.0.2.1]", &p, "MAIL FROM:<\"a b\"@[192.0.2.1]>\r\n"),
        MAILPROTO_OK);
    p.size = 1000;
    p.body = MAILPROTO_SMTP_BODY_8BITMIME;
    assert_int_equal(mail(d, "a@x.example", &p,
                          "MAIL FROM:<a@x.example> SIZE=1000 BODY=8BITMIME\r\n"),
                     MAILPROTO_OK);
    p.size = 1001;
    assert_int_equal(mail(d, "a@x.example", &p, ""), MAILPROTO_ERR_LIMIT_OF_PEER);
    p = params();
    p.body = MAILPROTO_SMTP_BODY_7BIT;
    p.flags = MAILPROTO_SMTP_MAIL_SMTPUTF8;
    assert_int_equal(
        mail(d, "a@x.example", &p, "MAIL FROM:<a@x.example> BODY=7BIT SMTPUTF8\r\n"),
        MAILPROTO_OK);
    p = params();
    assert_int_equal(mail(d, "\xc3\xa4@x.example", NULL,
                          "MAIL FROM:<\xc3\xa4@x.example> SMTPUTF8\r\n"),
                     MAILPROTO_OK);
    p.auth = bytes("e+3=x@y.example");
    assert_int_equal(mail(d, "a@x.example", &p,
                          "MAIL FROM:<a@x.example> AUTH=e+2B3+3Dx@y.example\r\n"),
                     MAILPROTO_OK);
    p.auth = bytes("\"a b\"@y.example");
    assert_int_equal(mail(d, "a@x.example", &p,
                          "MAIL FROM:<a@x.example> AUTH=\"a+20b\"@y.example\r\n"),
                     MAILPROTO_OK);
    p.auth = bytes("");
    p.flags = MAILPROTO_SMTP_MAIL_HAS_AUTH;
    p.extra = bytes("RET=HDRS ENVID=QQ+2B BY=120;R X-OTHER");
    assert_int_equal(mail(d, "a@x.example", &p,
                          "MAIL FROM:<a@x.example> AUTH=<> RET=HDRS ENVID=QQ+2B "
                          "BY=120;R X-OTHER\r\n"),
                     MAILPROTO_OK);
}

static void mail_refusals(struct driver *d)
{
    static const char *const bad_paths[] = {"a",
                                            "a@",
                                            "@x",
                                            "a@b@c",
                                            "a b@x.example",
                                            "a@x.example>",
                                            "<a@x.example>",
                                            "a@x.example> SIZE=1",
                                            "a\r\n@x.example",
                                            "\"a\r\nb\"@x.example",
                                            "\"a\\\r\nb\"@x.example",
                                            "a@x.example\n",
                                            "a@x..example",
                                            "\xe4@x.example",
                                            "a@x.example ",
                                            " a@x.example"};
    static const char *const bad_extra[] = {" X=1",
                                            "X=1 ",
                                            "X=1  Y=2",
                                            "X=",
                                            "=1",
                                            "X==",
                                            "X=1\r\nRSET",
                                            "X=a b=\r",
                                            "SIZE=1",
                                            "BODY=7BIT",
                                            "auth=<>",
                                            "SMTPUTF8",
                                            "X=1 x=2",
                                            "RET=ALL",
                                            "-X=1",
                                            "X=\x7f",
                                            "NOTIFY=NEVER RET=NO",
                                            "X=1\tY=1"};
    mailproto_smtp_mail_params p = params();
    size_t i;
    d_open(d, NULL);
    d_start(d, all_caps);
    for (i = 0; i < sizeof bad_paths / sizeof bad_paths[0]; i++) {
        if (mail(d, bad_paths[i], NULL, "") != MAILPROTO_ERR_ARGUMENT) {
            fail_msg("%s", bad_paths[i]);
        }
    }
    for (i = 0; i < sizeof bad_extra / sizeof bad_extra[0]; i++) {
        mailproto_status st;
        p = params();
        p.extra = bytes(bad_extra[i]);
        st = mail(d, "a@x.example", &p, "");
        if (st != MAILPROTO_ERR_ARGUMENT && strncmp(bad_extra[i], "NOTIFY", 6) != 0) {
            fail_msg("%s", bad_extra[i]);
        }
        assert_true(st < 0);
    }
    p = params();
    p.auth = bytes("a@x.example\r\nRSET");
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_ARGUMENT);
    p.auth = bytes("\xc3\xa4@x.example");
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_ARGUMENT);
    p = params();
    p.body = 4;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_ARGUMENT);
    p.body = MAILPROTO_SMTP_BODY_BINARYMIME;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_NOT_BUILT);
    p = params();
    p.flags = 8;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_ARGUMENT);
    p = params();
    p.struct_size = 3;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_ARGUMENT);
    p.struct_size = 100000;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_VERSION);
}

/* A peer that offers nothing. */
static void not_offered(struct driver *d)
{
    mailproto_smtp_mail_params p = params();
    mailproto_smtp_rcpt_params r;
    d_open(d, NULL);
    d_start(d, "");
    p.size = 1000000;
    assert_int_equal(mail(d, "", &p, "MAIL FROM:<>\r\n"), MAILPROTO_OK);
    p = params();
    p.body = MAILPROTO_SMTP_BODY_7BIT; /* what it takes anyway */
    assert_int_equal(mail(d, "", &p, "MAIL FROM:<>\r\n"), MAILPROTO_OK);
    p.body = MAILPROTO_SMTP_BODY_8BITMIME;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_NOT_OFFERED);
    p = params();
    p.flags = MAILPROTO_SMTP_MAIL_SMTPUTF8;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mail(d, "\xc3\xa4@x.example", NULL, ""),
                     MAILPROTO_ERR_NOT_OFFERED);
    p = params();
    p.flags = MAILPROTO_SMTP_MAIL_HAS_AUTH;
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_NOT_OFFERED);
    p = params();
    p.extra = bytes("RET=FULL");
    assert_int_equal(mail(d, "", &p, ""), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_smtp_client_starttls(d->c, 1),
                     MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_smtp_client_vrfy(d->c, 1, bytes("\xc3\xa4")),
                     MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_smtp_client_command(d->c, 1, bytes("X \xc3\xa4")),
                     MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.extra = bytes("NOTIFY=NEVER");
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 1, bytes("b@y.example"), &r),
                     MAILPROTO_ERR_NOT_OFFERED);
    d_sent(d, "MAIL FROM:<>\r\n");
}

static void recipients(struct driver *d)
{
    mailproto_smtp_rcpt_params r;
    d_open(d, NULL);
    d_start(d, "250-DSN\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n");
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    r.extra = bytes("NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bc@y.example");
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), &r),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 3, bytes("postmaster"), NULL),
                     MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<>\r\nRCPT TO:<b@y.example> NOTIFY=SUCCESS,DELAY "
              "ORCPT=rfc822;b+2Bc@y.example\r\nRCPT TO:<postmaster>\r\n");
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 4, bytes(""), NULL),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 4, bytes("root"), NULL),
                     MAILPROTO_ERR_ARGUMENT);
    /* UTF-8 only where MAIL said so */
    assert_int_equal(
        mailproto_smtp_client_rcpt(d->c, 4, bytes("\xc3\xa4@y.example"), NULL),
        MAILPROTO_ERR_ARGUMENT);
    r.extra = bytes("ORCPT=rfc822;a\nb");
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 4, bytes("b@y.example"), &r),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 5), MAILPROTO_OK);
    assert_int_equal(
        mailproto_smtp_client_mail(d->c, 6, bytes("\xc3\xa4@x.example"), NULL),
        MAILPROTO_OK);
    assert_int_equal(
        mailproto_smtp_client_rcpt(d->c, 7, bytes("\xc3\xb6@y.example"), NULL),
        MAILPROTO_OK);
    d_sent(d, "RSET\r\nMAIL FROM:<\xc3\xa4@x.example> SMTPUTF8\r\n"
              "RCPT TO:<\xc3\xb6@y.example>\r\n");
}

static void texts(struct driver *d)
{
    static const char *const bad[] = {
        "",       " NOOP",    "DATA",      "data",       "MAIL FROM:<>",
        "NOOP",   "QUIT now", "STARTTLS",  "AUTH PLAIN", "BDAT 1",
        "EHLO x", "LHLO x",   "X\r\nRSET", "X\nRSET",    "X\ty",
        "DATA\t", "-X",       "X.",        "\xe4",       "X \xe4"};
    size_t i;
    d_open(d, NULL);
    d_start(d, "250-SMTPUTF8\r\n");
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mailproto_smtp_client_command(d->c, 1, bytes(bad[i])) !=
            MAILPROTO_ERR_ARGUMENT) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_int_equal(mailproto_smtp_client_vrfy(d->c, 1, bytes("")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_client_vrfy(d->c, 1, bytes("a\r\nb")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_client_help(d->c, 1, bytes("a\nb")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_client_help(d->c, 1, bytes("\xc3\xa4")),
                     MAILPROTO_ERR_ARGUMENT);
    d_sent(d, "");
    assert_int_equal(mailproto_smtp_client_vrfy(d->c, 1, bytes("\xc3\xa4")),
                     MAILPROTO_OK);
    d_sent(d, "VRFY \xc3\xa4 SMTPUTF8\r\n");
    d_feed(d, "252 ok\r\n");
    assert_int_equal(mailproto_smtp_client_command(d->c, 1, bytes("X-Y2 \xc3\xa4")),
                     MAILPROTO_OK);
    d_sent(d, "X-Y2 \xc3\xa4\r\n");
}

/* ---- how much fits ------------------------------------------------------------------ */

static void fill(char *text, size_t len)
{
    memset(text, 'x', len);
    text[len] = '\0';
}

static void test_too_long(void **state)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_smtp_client_options o = d_options();
    mailproto_smtp_mail_params p = params();
    char text[800];
    (void)state;
    assert_non_null(d);
    o.out_size = 128;
    d_open(d, &o);
    d_start(d, "");
    /* 128 - 6 of the reserve: "HELP " and CRLF leave 115. */
    fill(text, 116);
    assert_int_equal(mailproto_smtp_client_help(d->c, 1, bytes(text)),
                     MAILPROTO_ERR_TOO_LONG);
    fill(text, 115);
    assert_int_equal(mailproto_smtp_client_help(d->c, 1, bytes(text)), MAILPROTO_OK);
    d_feed(d, "214 x\r\n");
    /* "MAIL FROM:<> X=" and CRLF leave 105 */
    fill(text, 106 + 2);
    memcpy(text, "X=", 2);
    p.extra = bytes(text);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), &p),
                     MAILPROTO_ERR_TOO_LONG);
    p.extra.len--;
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), &p), MAILPROTO_OK);
    d_close(d);
    memset(d, 0, sizeof *d);

    /* A command without parameters has 512 octets (RFC 5321 4.5.3.1.4). */
    d_open(d, NULL);
    d_start(d, "");
    fill(text, 506);
    assert_int_equal(mailproto_smtp_client_vrfy(d->c, 1, bytes(text)),
                     MAILPROTO_ERR_TOO_LONG);
    fill(text, 505);
    assert_int_equal(mailproto_smtp_client_vrfy(d->c, 1, bytes(text)), MAILPROTO_OK);
    fill(text, 511);
    assert_int_equal(mailproto_smtp_client_command(d->c, 1, bytes(text)),
                     MAILPROTO_ERR_TOO_LONG);
    fill(text, 510);
    assert_int_equal(mailproto_smtp_client_command(d->c, 1, bytes(text)), MAILPROTO_OK);
    /* A local part has 64 (4.5.3.1.1). */
    fill(text, 65);
    memcpy(text + 65, "@x.example", 11);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(text), NULL),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(text + 1), NULL),
                     MAILPROTO_OK);
    d_close(d);
    free(d);
}

/* max_outstanding bounds what is queued; ROOM says when it goes on. */
static void outstanding(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    o.max_outstanding = 3;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_rset(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 4), MAILPROTO_AGAIN);
    d_sent(d, "RSET\r\nRSET\r\nRSET\r\n");
    d_forget(d);
    d_feed(d, "250 1\r\n");
    assert_non_null(strstr(d->log, "REPLY tag=1 250 \"1\"\n"));
    assert_non_null(strstr(d->log, "ROOM\n"));
    assert_int_equal(mailproto_smtp_client_rset(d->c, 4), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 5), MAILPROTO_AGAIN);
    d_sent(d, "RSET\r\n");
}

/* The output bounds it too; draining it makes room. */
static void test_output_room(void **state)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_smtp_client_options o = d_options();
    int i;
    (void)state;
    assert_non_null(d);
    o.out_size = 128;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n");
    d->keep_output = 1;
    for (i = 0; i < 20; i++) { /* 6 octets each, and 6 stay free */
        assert_int_equal(mailproto_smtp_client_rset(d->c, 1), MAILPROTO_OK);
    }
    assert_int_equal(mailproto_smtp_client_rset(d->c, 1), MAILPROTO_AGAIN);
    d_expect(d, "");
    d->keep_output = 0;
    d_run(d);
    d_expect(d, "ROOM\n");
    assert_int_equal(mailproto_smtp_client_rset(d->c, 1), MAILPROTO_OK);
    d_close(d);
    free(d);
}

/* The engine's own RSET finds room even in a full output and a full queue. */
static void full_and_reset(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    o.out_size = 128;
    o.max_outstanding = 4;
    d_open(d, &o);
    d_start(d, "");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    d_run(d);
    assert_int_equal(mailproto_smtp_client_rcpt(
                         d->c, 2,
                         bytes("a-mailbox-that-fills-the-whole-buffer-together@"
                               "with-its-rather-long-domain.y.example"),
                         NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 4), MAILPROTO_AGAIN);
    d_feed(d, "250 ok\r\n");
    d_forget(d);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 4), MAILPROTO_OK);
    d_feed(d, "550 no\r\n");
    d_expect(d, "REPLY tag=2 550 \"no\"\nFINAL tag=3 LOCAL ERR_CANCELLED\n");
    d->wire[d->wire_len] = '\0';
    assert_non_null(strstr(d->wire, "y.example>\r\nRSET\r\n"));
    d_feed(d, "250 reset\r\n");
    assert_non_null(strstr(d->wire, "y.example>\r\nRSET\r\nNOOP\r\n"));
}

/* Unsent output holds the engine back, not the other way round. */
static void test_slow_writer(void **state)
{
    struct driver *d = calloc(1, sizeof *d);
    mailproto_smtp_client_options o = d_options();
    int i;
    (void)state;
    assert_non_null(d);
    o.out_size = 128;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_mail(d->c, 1, bytes(""), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rcpt(d->c, 2, bytes("b@y.example"), NULL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_data(d->c, 3), MAILPROTO_OK);
    d_run(d);
    d->keep_output = 1;
    for (i = 0; i < 9; i++) { /* behind the DATA: 128 - 64 octets */
        assert_int_equal(mailproto_smtp_client_rset(d->c, 9), MAILPROTO_OK);
    }
    d_feed(d, "250 ok\r\n550 no\r\n");
    d_forget(d);
    d_feed(d, "354 go\r\n");
    d_expect(d, "FINAL tag=3 LOCAL ERR_CANCELLED\n");
    d->keep_output = 0;
    d_run(d);
    d->wire[d->wire_len] = '\0';
    assert_non_null(strstr(d->wire, "DATA\r\n.\r\nRSET\r\nRSET\r\n"));
    d_close(d);
    free(d);
}

/* ---- options and block -------------------------------------------------------------- */

static void bad_options(const mailproto_smtp_client_options *o,
                        mailproto_status expected)
{
    char block[8192];
    mailproto_smtp_client *c = NULL;
    assert_int_equal(mailproto_smtp_client_mem_size(o), 0);
    assert_int_equal(mailproto_smtp_client_init(block, sizeof block, o, &c), expected);
    assert_int_equal(mailproto_smtp_client_new(o, &c), expected);
    assert_null(c);
}

static void test_options(void **state)
{
    static const mailproto_smtp_client_options zero;
    mailproto_smtp_client_options o = zero;
    char name[300];
    (void)state;
    bad_options(&o, MAILPROTO_ERR_ARGUMENT); /* no struct_size */
    o.struct_size = sizeof o + 5000;
    bad_options(&o, MAILPROTO_ERR_VERSION);
#define BAD(member, value, status)                                                     \
    o = zero;                                                                          \
    o.struct_size = sizeof o;                                                          \
    o.member = (value);                                                                \
    bad_options(&o, (status))
    BAD(flags, 8, MAILPROTO_ERR_ARGUMENT);
    BAD(flags, MAILPROTO_SMTP_CLIENT_LMTP, MAILPROTO_ERR_NOT_BUILT);
    BAD(in_size, 127, MAILPROTO_ERR_ARGUMENT);
    BAD(out_size, 127, MAILPROTO_ERR_ARGUMENT);
    BAD(max_outstanding, 1025, MAILPROTO_ERR_ARGUMENT);
    BAD(line_ends, 4, MAILPROTO_ERR_ARGUMENT);
    BAD(tls, 4, MAILPROTO_ERR_ARGUMENT);
    BAD(reserved, 1, MAILPROTO_ERR_ARGUMENT);
    BAD(ehlo_name, bytes("a b"), MAILPROTO_ERR_ARGUMENT);
    BAD(ehlo_name, bytes("a\r\nRSET"), MAILPROTO_ERR_ARGUMENT);
    BAD(ehlo_name, bytes("[192.0.2.256]"), MAILPROTO_ERR_ARGUMENT);
    fill(name, 255);
    {
        size_t i;
        for (i = 60; i < 255; i += 60) {
            name[i] = '.';
        }
    }
    o = zero;
    o.struct_size = sizeof o;
    o.ehlo_name = bytes(name);
    assert_true(mailproto_smtp_client_mem_size(&o) > 0);
    o.out_size = 255 + 7 + 6;
    assert_true(mailproto_smtp_client_mem_size(&o) > 0);
    o.out_size--;
    bad_options(&o, MAILPROTO_ERR_ARGUMENT);
    o = zero;
    o.struct_size = sizeof o;
    o.in_size = 128;
    o.out_size = 128;
    o.max_outstanding = 1024;
    o.ehlo_name = bytes("[192.0.2.1]");
    assert_true(mailproto_smtp_client_mem_size(&o) > 0);
    /* NULL: all defaults */
    assert_true(mailproto_smtp_client_mem_size(NULL) > 1024 + 2048 + 512);
}

static void test_block(void **state)
{
    static const uint32_t sizes[] = {128, 129, 1000, 70000};
    mailproto_smtp_client_options o = d_options();
    size_t i;
    size_t shift;
    (void)state;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size;
        o.in_size = sizes[i];
        o.out_size = sizes[(i + 1) % 4];
        o.max_outstanding = 1 + (uint32_t)i * 341;
        o.caps_size = sizes[(i + 2) % 4];
        size = mailproto_smtp_client_mem_size(&o);
        assert_true(size <= MAILPROTO_SMTP_CLIENT_MEM(o.in_size, o.out_size,
                                                      o.max_outstanding, o.caps_size,
                                                      o.ehlo_name.len));
        for (shift = 0; shift < 16; shift++) {
            char *mem = malloc(size + shift);
            mailproto_smtp_client *c = NULL;
            assert_non_null(mem);
            memset(mem, 0x5a, size + shift);
            assert_int_equal(mailproto_smtp_client_init(mem + shift, size - 1, &o, &c),
                             MAILPROTO_ERR_MEMORY);
            assert_null(c);
            assert_int_equal(mem[shift], 0x5a); /* nothing was touched */
            assert_int_equal(mailproto_smtp_client_init(mem + shift, size, &o, &c),
                             MAILPROTO_OK);
            assert_true((char *)c >= mem + shift && (char *)c < mem + shift + size);
            free(mem);
        }
    }
    /* The smallest client: what firmware pays beside its buffers. */
    o = d_options();
    o.in_size = 128;
    o.out_size = 128;
    o.max_outstanding = 1;
    o.caps_size = MAILPROTO_UNLIMITED;
    print_message("smallest client: %lu octets, of which buffers 256; struct %lu\n",
                  (unsigned long)mailproto_smtp_client_mem_size(&o),
                  (unsigned long)sizeof(mailproto_smtp_client));
}

static void test_heap(void **state)
{
    mailproto_smtp_client_options o = d_options();
    mailproto_smtp_client *c = NULL;
    mailproto_event ev;
    size_t used;
    (void)state;
    assert_int_equal(mailproto_smtp_client_new(&o, &c), MAILPROTO_OK);
    assert_int_equal(
        mailproto_session_feed(mailproto_smtp_client_session(c), "220 s\r\n", 7, &used),
        MAILPROTO_OK);
    assert_int_equal(
        mailproto_session_next_event(mailproto_smtp_client_session(c), &ev),
        MAILPROTO_OK);
    mailproto_smtp_client_free(c);
    mailproto_smtp_client_free(NULL);
    assert_int_equal(mailproto_smtp_client_new(NULL, &c), MAILPROTO_OK);
    mailproto_smtp_client_free(c);
}

/* The masks: forced is taken as offered, forbidden as not. */
static void masks(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    o.caps_forced = (uint64_t)1 << MAILPROTO_SMTP_CAP_8BITMIME;
    o.caps_forbidden = (uint64_t)1 << MAILPROTO_SMTP_CAP_PIPELINING |
                       (uint64_t)1 << MAILPROTO_SMTP_CAP_SIZE;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n250-SIZE 5\r\n");
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_8BITMIME));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_PIPELINING));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SIZE));
    assert_int_equal(mailproto_smtp_client_size_limit(d->c), 0);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 2), MAILPROTO_OK);
    d_sent(d, "RSET\r\n");
}

static void no_masks(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    o.caps_forced = MAILPROTO_SMTP_CAPS_NONE;
    o.caps_forbidden = MAILPROTO_SMTP_CAPS_NONE;
    d_open(d, &o);
    d_start(d, "250-8BITMIME\r\n");
    assert_true(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_8BITMIME));
    assert_false(mailproto_session_has_cap(d->s, MAILPROTO_SMTP_CAP_SIZE));
}

/* What SIZE may say (RFC 1870 4). */
static void test_size_limit(void **state)
{
    static const struct {
        const char *line;
        uint64_t limit;
    } all[] = {{"250-SIZE\r\n", 0},
               {"250-SIZE 0\r\n", 0},
               {"250-size 123 4\r\n", 123},
               {"250-SIZE 18446744073709551615\r\n", UINT64_MAX},
               {"250-SIZE 18446744073709551616\r\n", 0},
               {"250-SIZE -1\r\n", 0},
               {"250-SIZEX 5\r\n", 0}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct driver *d = calloc(1, sizeof *d);
        assert_non_null(d);
        d_open(d, NULL);
        d_start(d, all[i].line);
        assert_true(mailproto_smtp_client_size_limit(d->c) == all[i].limit);
        d_close(d);
        free(d);
    }
}

/* A reply to what is still to be written is none (RFC 5321 4.2: replies answer). */
static void test_too_early(void **state)
{
    static const char *const replies[] = {"250 ok\r\n", "502 no\r\n"};
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        struct driver *d = calloc(1, sizeof *d);
        assert_non_null(d);
        d_open(d, NULL);
        d->keep_output = 1;
        d_feed(d, "220 s\r\n");
        d_feed(d, replies[i]);
        d_expect(d, "GREETING 220 \"s\"\nCLOSED ERR_UNEXPECTED\n");
        d_error(d, MAILPROTO_ERR_UNEXPECTED, 7, i == 0 ? 250 : 502);
        d_close(d);
        free(d);
    }
}

/* Of a group, the commands that are out have their replies; the rest has not. */
static void test_half_written(void **state)
{
    struct driver *d = calloc(1, sizeof *d);
    (void)state;
    assert_non_null(d);
    d_open(d, NULL);
    d_start(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_client_rset(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_client_rset(d->c, 3), MAILPROTO_OK);
    d->keep_output = 1;
    assert_int_equal(mailproto_session_output_sent(d->s, 12), MAILPROTO_OK);
    d_feed_lump(d, "250 1\r\n250 2\r\n");
    d_expect(d, "REPLY tag=1 250 \"1\"\nREPLY tag=2 250 \"2\"\n");
    assert_int_equal(mailproto_session_output_sent(d->s, 5), MAILPROTO_OK);
    d_feed(d, "250 3\r\n");
    d_expect(d, "REPLY tag=3 TRANSPORT ERR_UNEXPECTED\nCLOSED ERR_UNEXPECTED\n");
    d_close(d);
    free(d);
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
SCENARIO(mail_parameters)
SCENARIO(mail_refusals)
SCENARIO(not_offered)
SCENARIO(recipients)
SCENARIO(texts)
SCENARIO(outstanding)
SCENARIO(full_and_reset)
SCENARIO(masks)
SCENARIO(no_masks)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_verb_in_every_state),
        cmocka_unit_test(test_rules_table),
        cmocka_unit_test(test_mail_parameters),
        cmocka_unit_test(test_mail_refusals),
        cmocka_unit_test(test_not_offered),
        cmocka_unit_test(test_recipients),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_outstanding),
        cmocka_unit_test(test_output_room),
        cmocka_unit_test(test_full_and_reset),
        cmocka_unit_test(test_slow_writer),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_heap),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_no_masks),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_too_early),
        cmocka_unit_test(test_half_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
