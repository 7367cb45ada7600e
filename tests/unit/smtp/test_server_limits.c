/*
 * The SMTP server's options and limits, each from both sides.
 */
#include "server_driver.h"

/* ---- options --------------------------------------------------------------------- */

static void memory(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_smtp_server *server = NULL;
    size_t size = mailproto_smtp_server_mem_size(&o);
    size_t skew;
    (void)state;
    assert_true(size > 8192);
    assert_true(size <= MAILPROTO_SMTP_SERVER_MEM(4096, 4096, 10, 0));
    assert_true(mailproto_smtp_server_mem_size(NULL) <=
                MAILPROTO_SMTP_SERVER_MEM(4096, 4096, 9, 0));
    for (skew = 0; skew < 16; skew++) {
        char *block = (char *)malloc(size + skew);
        memset(block, 'x', size + skew);
        assert_int_equal(
            mailproto_smtp_server_init(block + skew, size - 1, &o, &server),
            MAILPROTO_ERR_MEMORY);
        assert_int_equal(block[skew], 'x');
        assert_int_equal(mailproto_smtp_server_init(block + skew, size, &o, &server),
                         MAILPROTO_OK);
        free(block);
    }
    assert_int_equal(mailproto_smtp_server_init(NULL, 0, &o, &server),
                     MAILPROTO_ERR_ARGUMENT);
}

struct bad_option {
    size_t offset; /* of a 32-bit field */
    uint32_t good; /* the last value that passes */
    uint32_t bad;  /* the first one that does not */
};
#define FIELD(name) offsetof(mailproto_smtp_server_options, name)

static void bounds(void **state)
{
    static const struct bad_option cases[] = {
        {FIELD(flags), 61, 64},
        {FIELD(in_size), 2048, 2047},
        {FIELD(in_size), 1u << 30, (1u << 30) + 1},
        {FIELD(out_size), 2048, 2047},
        {FIELD(out_size), 1u << 30, (1u << 30) + 1},
        {FIELD(max_command), 512, 511},
        {FIELD(max_command), 4096, 4097},
        {FIELD(max_auth_line), 512, 511},
        {FIELD(max_recipients), 100, 99},
        {FIELD(reply_max), 512, 511},
        {FIELD(reply_max), 2048, 2049},
        {FIELD(line_ends), 3, 4},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mailproto_smtp_server_options o = options_of();
        mailproto_smtp_server *server = NULL;
        memcpy((char *)&o + cases[i].offset, &cases[i].good, 4);
        assert_int_not_equal(mailproto_smtp_server_mem_size(&o), 0);
        memcpy((char *)&o + cases[i].offset, &cases[i].bad, 4);
        assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
        assert_int_equal(mailproto_smtp_server_new(&o, &server),
                         MAILPROTO_ERR_ARGUMENT);
        assert_null(server);
    }
}

static void names(void **state)
{
    mailproto_smtp_server_options o = options_of();
    char name[257];
    (void)state;
    memset(name, 'a', sizeof name);
    name[256] = '\0';
    o.host_name = bytes_of(name);
    assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
    o.host_name.len = 255;
    assert_int_not_equal(mailproto_smtp_server_mem_size(&o), 0);
    o.host_name = bytes_of("a b");
    assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
    o.host_name = bytes_of("a\nb");
    assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
}

static void capabilities(void **state)
{
    static const uint32_t not_built[] = {
        MAILPROTO_SMTP_CAP_CHUNKING, MAILPROTO_SMTP_CAP_BINARYMIME,
        MAILPROTO_SMTP_CAP_LIMITS,   MAILPROTO_SMTP_CAP_FUTURERELEASE,
        MAILPROTO_SMTP_CAP_BURL,     MAILPROTO_SMTP_CAP_XCLIENT,
        MAILPROTO_SMTP_CAP_XFORWARD};
    mailproto_smtp_server_options o = options_of();
    mailproto_smtp_server *server = NULL;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof not_built / sizeof not_built[0]; i++) {
        o.caps = cap_bit(not_built[i]);
        assert_int_equal(mailproto_smtp_server_mem_size(&o), 0);
        assert_int_equal(mailproto_smtp_server_new(&o, &server),
                         MAILPROTO_ERR_NOT_BUILT);
    }
    o = options_of();
    o.flags = MAILPROTO_SMTP_SERVER_LMTP;
    assert_int_equal(mailproto_smtp_server_new(&o, &server), MAILPROTO_ERR_NOT_BUILT);
    o = options_of();
    o.caps = cap_bit(23);
    assert_int_equal(mailproto_smtp_server_new(&o, &server), MAILPROTO_ERR_ARGUMENT);
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_AUTH);
    assert_int_equal(mailproto_smtp_server_new(&o, &server), MAILPROTO_ERR_ARGUMENT);
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_SMTPUTF8);
    assert_int_equal(mailproto_smtp_server_new(&o, &server), MAILPROTO_ERR_ARGUMENT);
    assert_null(server);
}

static void all_that_can_be_offered(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    (void)state;
    o.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    o.auth_mechanisms = bytes_of("PLAIN SCRAM-SHA-256");
    o.caps = (cap_bit(15) - 1) & ~cap_bit(MAILPROTO_SMTP_CAP_CHUNKING) &
             ~cap_bit(MAILPROTO_SMTP_CAP_BINARYMIME);
    o.caps |= cap_bit(MAILPROTO_SMTP_CAP_MT_PRIORITY) |
              cap_bit(MAILPROTO_SMTP_CAP_RRVS) | cap_bit(MAILPROTO_SMTP_CAP_REQUIRETLS);
    r = open_session(&o, NULL, NULL);
    feed_text(r, "EHLO c\r\n");
    assert_string_equal(
        r->out,
        "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 41943040\r\n250-8BITMIME\r\n"
        "250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n"
        "250-AUTH PLAIN "
        "SCRAM-SHA-256\r\n250-DSN\r\n250-VRFY\r\n250-EXPN\r\n250-HELP\r\n"
        "250-ETRN\r\n250-DELIVERBY\r\n250-MT-PRIORITY\r\n250 RRVS\r\n");
    feed_text(r, "MAIL FROM:<a@b.example> RET=HDRS ENVID=x MT-PRIORITY=3 BY=60;R\r\n");
    feed_text(r, "RCPT TO:<a@b.example> NOTIFY=NEVER RRVS=2014-04-03T23:01:00Z\r\n");
    assert_non_null(
        strstr(r->out, "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n"));
    close_session(r);
}

/* Shorter structs of older programs, longer ones of newer. */
static void struct_sizes(void **state)
{
    struct {
        mailproto_smtp_server_options o;
        uint64_t more;
    } longer;
    mailproto_smtp_server *server = NULL;
    uint32_t size = 4;
    (void)state;
    memset(&longer, 0, sizeof longer);
    longer.o.struct_size = sizeof longer;
    assert_int_equal(mailproto_smtp_server_new(&longer.o, &server), MAILPROTO_OK);
    mailproto_smtp_server_free(server);
    longer.more = 1;
    assert_int_equal(mailproto_smtp_server_new(&longer.o, &server),
                     MAILPROTO_ERR_VERSION);
    memset(&longer, 0xff, sizeof longer);
    longer.o.struct_size = size;
    assert_int_equal(mailproto_smtp_server_new(&longer.o, &server), MAILPROTO_OK);
    mailproto_smtp_server_free(server);
    longer.o.struct_size = 3;
    assert_int_equal(mailproto_smtp_server_new(&longer.o, &server),
                     MAILPROTO_ERR_ARGUMENT);
    mailproto_smtp_server_free(NULL);
}

/* ---- lines ----------------------------------------------------------------------- */

/* NOOP with an argument, `octets` with CRLF. */
static char *noop_of(size_t octets)
{
    char *text = (char *)malloc(octets + 1);
    memcpy(text, "NOOP ", 5);
    memset(text + 5, 'x', octets - 7);
    strcpy(text + octets - 2, "\r\n");
    return text;
}

static void line_length(void **state)
{
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE, SPACE_BYTEWISE};
    static const size_t in_sizes[] = {512, 513, 600, 4096};
    size_t w;
    size_t octets;
    size_t i;
    (void)state;
    for (i = 0; i < 4; i++) {
        for (w = 0; w < 4; w++) {
            for (octets = 511; octets < 515; octets++) {
                mailproto_smtp_server_options o = options_of();
                char *text = noop_of(octets);
                char *tail = noop_of(20);
                struct run *r;
                o.max_command = 512;
                o.in_size = (uint32_t)in_sizes[i];
                r = open_session(&o, NULL, "EHLO c\r\n");
                r->way = ways[w];
                feed_text(r, text);
                assert_string_equal(r->out, octets <= 512
                                                ? "250 2.0.0 OK\r\n"
                                                : "500 5.5.6 Line too long\r\n");
                if (octets > 512) { /* as much as was kept */
                    assert_int_equal(r->log_len,
                                     strlen("COMMAND 500 #12 [] rejected\n") + 512 +
                                         (octets == 513 ? 1 : 0));
                }
                feed_text(r, tail);
                assert_non_null(strstr(r->out, "250 2.0.0 OK\r\n"));
                close_session(r);
                free(text);
                free(tail);
            }
        }
    }
}

/* 100 KB without a line end, and what stands behind it is still in the line. */
static void endless_line(void **state)
{
    mailproto_smtp_server_options o = options_of();
    char *text = noop_of(100000);
    static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE};
    size_t w;
    (void)state;
    memcpy(text + 99000, "\rRSET\nMAIL FROM:<>\r\r", 20);
    for (w = 0; w < 3; w++) {
        struct run *r = open_session(&o, NULL, "EHLO c\r\n");
        r->way = ways[w];
        feed_text(r, text);
        feed_text(r, "RCPT TO:<a@b.example>\r\n");
        assert_string_equal(r->out, "500 5.5.6 Line too long\r\n"
                                    "503 5.5.1 Need MAIL command\r\n");
        assert_int_equal(r->events, 4);
        close_session(r);
    }
    free(text);
}

static void long_lines_that_close(void **state)
{
    static const char *const begins[] = {"GET /", "BDAT 10 ", "Host: "};
    mailproto_smtp_server_options o = options_of();
    size_t i;
    (void)state;
    for (i = 0; i < 3; i++) {
        char *text = noop_of(5000);
        struct run *r = open_session(&o, NULL, NULL);
        memcpy(text, begins[i], strlen(begins[i]));
        feed_text(r, text);
        assert_int_equal(r->closed, MAILPROTO_ERR_SYNTAX);
        assert_int_equal(atoi(r->out), i == 1 ? 502 : 421);
        assert_string_equal(error_of(r).detail,
                            i == 1
                                ? "BDAT is not offered, and its octets cannot be told "
                                  "from commands"
                                : "the peer speaks HTTP");
        close_session(r);
        free(text);
    }
}

/* One too many is answered at once, the rest of the line is not read. */
static void long_lines_count(void **state)
{
    mailproto_smtp_server_options o = options_of();
    char *text = noop_of(5000);
    struct run *r;
    (void)state;
    o.max_bad_commands = 1;
    r = open_session(&o, NULL, "EHLO c\r\n");
    feed_text(r, text);
    assert_int_equal(r->closed, 1);
    r->out_len = 0;
    feed_text(r, text);
    assert_string_equal(r->out, "421 4.7.0 mx.example Too many errors\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    assert_int_equal(error_of(r).offset, 8 + 5000);
    close_session(r);
    free(text);
}

/* RFC 5321 4.5.3.1.1: local parts up to 64 octets. */
static void path_length(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "EHLO c\r\n");
    char local[66];
    char line[100];
    (void)state;
    memset(local, 'l', sizeof local);
    local[65] = '\0';
    sprintf(line, "MAIL FROM:<%s@b.example>\r\n", local);
    feed_text(r, line);
    sprintf(line, "MAIL FROM:<%s@b.example>\r\n", local + 1);
    feed_text(r, line);
    sprintf(line, "RCPT TO:<%s@b.example>\r\n", local);
    feed_text(r, line);
    sprintf(line, "RCPT TO:<%s@b.example>\r\n", local + 1);
    feed_text(r, line);
    assert_string_equal(r->out,
                        "501 5.1.7 Bad sender address syntax\r\n250 2.1.0 Sender OK\r\n"
                        "501 5.1.3 Bad recipient address syntax\r\n"
                        "250 2.1.5 Recipient OK\r\n");
    close_session(r);
}

static void eof_in_long_line(void **state)
{
    mailproto_smtp_server_options o = options_of();
    char *text = noop_of(5000);
    struct run *r = open_session(&o, NULL, NULL);
    (void)state;
    feed_text(r, text);
    feed_text(r, "GET a\r\n"); /* HTTP is what begins with it */
    assert_string_equal(r->out, "500 5.5.6 Line too long\r\n"
                                "500 5.5.2 Command unrecognized\r\n");
    r->out_len = 0;
    r->out[0] = '\0';
    text[4998] = '\0';
    feed_text(r, text);
    give_eof(r);
    assert_int_equal(r->closed, MAILPROTO_ERR_EOF);
    assert_string_equal(r->out, "");
    close_session(r);
    free(text);
}

/* ---- counts ---------------------------------------------------------------------- */

static uint16_t unknown_code;

static int refuse_unknown(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    st.code = unknown_code;
    if (ev->type != MAILPROTO_EV_SMTP_COMMAND || ev->code != 0 ||
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return 0;
    }
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("No")),
        MAILPROTO_OK);
    return 1;
}

static void bad_commands(void **state)
{
    static const char *const bad[] = {
        "XYZZY\r\n",  "MAIL\r\n", "RCPT TO:<a@b.c>\r\n", "\r\n", "AUTH PLAIN\r\n",
        "LHLO c\r\n", "NO\1P\r\n"};
    mailproto_smtp_server_options o = options_of();
    size_t i;
    (void)state;
    o.max_bad_commands = 3;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct run *r = open_session(&o, refuse_unknown, "EHLO c\r\n");
        unknown_code = 554;
        feed_text(r, bad[i]);
        feed_text(r, "NOOP\r\n");
        feed_text(r, bad[i]);
        feed_text(r, bad[i]);
        assert_int_equal(r->closed, 1);
        feed_text(r, "NOOP\r\n");
        r->out_len = 0;
        feed_text(r, bad[i]);
        assert_string_equal(r->out, "421 4.7.0 mx.example Too many errors\r\n");
        assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
        assert_int_equal(error_of(r).reply_code, 421);
        assert_int_equal(error_of(r).offset, 8 + 12 + 3 * strlen(bad[i]));
        close_session(r);
    }
    { /* 4xx is no verdict, and what is taken is not unknown */
        struct run *r = open_session(&o, refuse_unknown, "EHLO c\r\n");
        for (i = 0; i < 10; i++) {
            unknown_code = i < 5 ? 450 : 250;
            feed_text(r, "XYZZY\r\n");
        }
        assert_int_equal(r->closed, 1);
        close_session(r);
    }
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    {
        struct run *r = open_session(&o, NULL, "EHLO c\r\n");
        for (i = 0; i < 1000; i++) {
            feed_text(r, "XYZZY\r\n");
        }
        assert_int_equal(r->closed, 1);
        close_session(r);
    }
}

static void bad_lines_of_auth(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    (void)state;
    o.max_bad_commands = 1;
    o.caps = cap_bit(MAILPROTO_SMTP_CAP_AUTH);
    o.auth_mechanisms = bytes_of("PLAIN");
    o.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    r = open_session(&o, NULL, "EHLO c\r\n");
    feed_text(r, "AUTH PLAIN ===\r\n");
    feed_text(r, "AUTH PLAIN *\r\n");
    assert_string_equal(r->out, "501 Cannot decode base64\r\n"
                                "421 mx.example Too many errors\r\n");
    assert_string_equal(r->log, "AUTH_START [PLAIN] initial\nAUTH_RESULT 501\n"
                                "AUTH_START [PLAIN] initial\nAUTH_RESULT 421\n"
                                "CLOSED MAILPROTO_ERR_BAD_COMMANDS\n");
    close_session(r);
}

static uint32_t refused_mails;

static int refuse_mail(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    st.code = 550;
    if (ev->type != MAILPROTO_EV_SMTP_MAIL || refused_mails == 0) {
        return 0;
    }
    --refused_mails;
    assert_int_equal(
        mailproto_smtp_server_reply(r->server, ev->tag, &st, 0, bytes_of("No")),
        MAILPROTO_OK);
    return 1;
}

/* A client that pipelines is not to blame for what it sent before it knew. */
static void pipelined_behind_a_refusal(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    int i;
    (void)state;
    o.max_bad_commands = 1;
    o.max_content = 100;
    r = open_session(&o, refuse_mail, "EHLO c\r\n");
    refused_mails = 1;
    feed_text(r, "MAIL FROM:<a@b.example>\r\n");
    for (i = 0; i < 5; i++) {
        feed_text(r, "RCPT TO:<a@b.example>\r\n");
    }
    feed_text(r, "DATA\r\n");
    for (i = 0; i < 5; i++) { /* too large, said the engine */
        feed_text(r, "MAIL FROM:<a@b.example> SIZE=101\r\nRCPT TO:<a@b.example>\r\n");
    }
    assert_int_equal(r->closed, 1);
    /* Any other command ends the excuse. */
    feed_text(r, "NOOP\r\n");
    feed_text(r, "RCPT TO:<a@b.example>\r\n");
    assert_int_equal(r->closed, 1);
    feed_text(r, "RCPT TO:<a@b.example>\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    close_session(r);
}

static void recipients(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    int i;
    (void)state;
    o.max_recipients = 100;
    o.max_bad_commands = 1;
    r = open_session(&o, NULL, "EHLO c\r\nMAIL FROM:<a@b.example>\r\n");
    for (i = 0; i < 100; i++) {
        feed_text(r, "RCPT TO:<a@b.example>\r\n");
    }
    assert_null(strstr(r->out, "452"));
    r->out_len = 0;
    r->log_len = 0;
    for (i = 0; i < 3; i++) {
        feed_text(r, "RCPT TO:<a@b.example>\r\n");
    }
    assert_string_equal(r->out, "452 4.5.3 Too many recipients\r\n"
                                "452 4.5.3 Too many recipients\r\n"
                                "452 4.5.3 Too many recipients\r\n");
    assert_memory_equal(r->log, "COMMAND 452 #5 [RCPT TO:<a@b.example>] rejected\n",
                        48);
    r->out_len = 0;
    feed_text(r, "DATA\r\n");
    assert_int_equal(atoi(r->out), 354);
    feed_text(r, ".\r\n");
    /* Counted anew in the next transaction. */
    r->out_len = 0;
    feed_text(r, "MAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\n");
    assert_non_null(strstr(r->out, "Recipient OK"));
    close_session(r);
}

static void transactions(void **state)
{
    mailproto_smtp_server_options o = options_of();
    struct run *r;
    (void)state;
    o.max_transactions = 2;
    r = open_session(&o, refuse_mail, "EHLO c\r\n");
    refused_mails = 2; /* these do not count */
    feed_text(r, "MAIL FROM:<a@b.example>\r\nMAIL FROM:<a@b.example>\r\n");
    feed_text(r,
              "MAIL FROM:<a@b.example>\r\nRSET\r\nMAIL FROM:<a@b.example>\r\nRSET\r\n");
    assert_int_equal(r->closed, 1);
    r->out_len = 0;
    r->log_len = 0;
    feed_text(r, "MAIL FROM:<a@b.example>\r\nNOOP\r\n");
    assert_string_equal(r->out, "421 4.7.0 mx.example Too many messages\r\n");
    assert_string_equal(r->log, "COMMAND 421 #4 [MAIL FROM:<a@b.example>] rejected\n"
                                "CLOSED MAILPROTO_ERR_COUNT_LIMIT\n");
    close_session(r);
}

/* ---- room ------------------------------------------------------------------------ */

/* A peer that does not read is not read from: events stop until there is room again. */
static void no_room(void **state)
{
    mailproto_smtp_server_options o = options_of();
    mailproto_smtp_server *server;
    mailproto_session *s;
    mailproto_event ev;
    mailproto_want want = {sizeof want, 0, 0, 0};
    size_t answered = 0;
    size_t used;
    size_t len;
    int stuck = 0;
    int i;
    (void)state;
    assert_int_equal(mailproto_smtp_server_new(&o, &server), MAILPROTO_OK);
    s = mailproto_smtp_server_session(server);
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_server_accept(server, ev.tag), MAILPROTO_OK);
    for (i = 0; i < 1000; i++) {
        assert_int_equal(mailproto_session_feed(s, "HELP\r\n", 6, &used), MAILPROTO_OK);
        while (mailproto_session_next_event(s, &ev) == MAILPROTO_OK) {
            if (ev.flags & MAILPROTO_EVF_NEEDS_REPLY) {
                ++answered;
                assert_int_equal(mailproto_smtp_server_accept(server, ev.tag),
                                 MAILPROTO_OK);
            }
        }
        if (used == 0 && ++stuck > 2) { /* once: EARLY_TALKER stands before it */
            break;
        }
    }
    assert_true(answered > 50 && answered < 200);
    mailproto_session_get_want(s, &want);
    assert_true(want.flags & MAILPROTO_WANT_WRITE);
    (void)mailproto_session_output(s, &len);
    assert_true(len <= 4096 - 1024);
    assert_int_equal(mailproto_session_output_sent(s, len), MAILPROTO_OK);
    assert_int_equal(mailproto_session_feed(s, "HELP\r\n", 6, &used), MAILPROTO_OK);
    assert_int_equal(used, 6);
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
    mailproto_smtp_server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory),
        cmocka_unit_test(bounds),
        cmocka_unit_test(names),
        cmocka_unit_test(capabilities),
        cmocka_unit_test(all_that_can_be_offered),
        cmocka_unit_test(struct_sizes),
        cmocka_unit_test(line_length),
        cmocka_unit_test(endless_line),
        cmocka_unit_test(long_lines_that_close),
        cmocka_unit_test(long_lines_count),
        cmocka_unit_test(path_length),
        cmocka_unit_test(eof_in_long_line),
        cmocka_unit_test(bad_commands),
        cmocka_unit_test(bad_lines_of_auth),
        cmocka_unit_test(pipelined_behind_a_refusal),
        cmocka_unit_test(recipients),
        cmocka_unit_test(transactions),
        cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
