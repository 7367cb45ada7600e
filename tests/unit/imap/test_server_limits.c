/*
 * The bounds of an IMAP server: options, memory, refused commands, time-outs, the room in
 * its buffers. Both sides of each limit; errors with their offsets.
 */
#include "server_driver.h"

static mailproto_imap_server_options few(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps =
        cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS);
    return o;
}

/* ---- options --------------------------------------------------------------------------- */

static void is_wrong(const mailproto_imap_server_options *o)
{
    mailproto_imap_server *server = NULL;
    char block[64];
    assert_int_equal(mailproto_imap_server_mem_size(o), 0);
    assert_int_equal(mailproto_imap_server_init(block, sizeof block, o, &server),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_new(o, &server), MAILPROTO_ERR_ARGUMENT);
    assert_null(server);
}

#define BOTH_SIDES(field, good, bad)                                                   \
    do {                                                                               \
        mailproto_imap_server_options both = options_of();                             \
        both.field = (good);                                                           \
        assert_true(mailproto_imap_server_mem_size(&both) > 0);                        \
        both.field = (bad);                                                            \
        is_wrong(&both);                                                               \
    } while (0)

static void options(void **state)
{
    mailproto_imap_server_options o = options_of();
    (void)state;
    assert_true(mailproto_imap_server_mem_size(NULL) > 0);
    BOTH_SIDES(in_size, 512, 511);
    BOTH_SIDES(in_size, 1 << 30, (1 << 30) + 1);
    BOTH_SIDES(out_size, 1024, 1023);
    BOTH_SIDES(reply_max, 128, 127);
    BOTH_SIDES(reply_max, 2048, 2049);
    BOTH_SIDES(max_command, 512, 511);
    BOTH_SIDES(max_command_before, 512, 511);
    BOTH_SIDES(max_auth_line, 255, 254);
    BOTH_SIDES(max_in_progress, 16, 17);
    BOTH_SIDES(flags, 7, 8);
    BOTH_SIDES(caps, cap_bit(MAILPROTO_IMAP_CAP_REV1),
               cap_bit(MAILPROTO_IMAP_CAP_REV1) | cap_bit(29));
    BOTH_SIDES(caps, cap_bit(MAILPROTO_IMAP_CAP_REV2),
               cap_bit(MAILPROTO_IMAP_CAP_IDLE));
    BOTH_SIDES(
        caps,
        cap_bit(MAILPROTO_IMAP_CAP_REV2) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_MINUS),
        cap_bit(MAILPROTO_IMAP_CAP_REV2) | cap_bit(MAILPROTO_IMAP_CAP_LITERAL_MINUS) |
            cap_bit(MAILPROTO_IMAP_CAP_LITERAL_PLUS));
    BOTH_SIDES(auth_mechanisms, bytes_of("PLAIN LOGIN"), bytes_of("PLAIN  LOGIN"));
    BOTH_SIDES(more_caps, bytes_of("X-A X-B"), bytes_of("X-A\r\n"));
    BOTH_SIDES(more_caps, bytes_of("X"), bytes_of("X]"));
    BOTH_SIDES(greeting, bytes_of("Hi there"), bytes_of("Hi\tthere"));
    BOTH_SIDES(greeting, bytes_of("Hi [there]"), bytes_of("[ALERT] Hi"));
    o.struct_size = 4;
    assert_true(mailproto_imap_server_mem_size(&o) > 0);
}

static void memory(void **state)
{
    mailproto_imap_server_options o = options_of();
    size_t size = mailproto_imap_server_mem_size(&o);
    mailproto_imap_server *server = NULL;
    char *block = (char *)malloc(size + 8);
    size_t i;
    (void)state;
    assert_non_null(block);
    memset(block, '#', size + 8);
    assert_int_equal(mailproto_imap_server_init(block, size - 1, &o, &server),
                     MAILPROTO_ERR_MEMORY);
    assert_int_equal(block[0], '#');
    assert_int_equal(mailproto_imap_server_init(NULL, size, &o, &server),
                     MAILPROTO_ERR_ARGUMENT);
    for (i = 0; i < 8; i++) { /* of any alignment */
        assert_int_equal(mailproto_imap_server_init(block + i, size, &o, &server),
                         MAILPROTO_OK);
    }
    free(block);
    assert_int_equal(mailproto_imap_server_new(&o, &server), MAILPROTO_OK);
    mailproto_imap_server_free(server);
    mailproto_imap_server_free(NULL);
    assert_true(size <= MAILPROTO_IMAP_SERVER_MEM(8192, 4096, 4, 5));
    /* An idle session with buffers of 1024 octets. */
    o.in_size = 1024;
    o.out_size = 1024;
    assert_in_range(mailproto_imap_server_mem_size(&o), 1, 4096);
}

/* The macro of the header suffices for every value, one octet more or less included, and
 * follows it closely: what it has to spare is for later releases. */
static void memory_macro(void **state)
{
    static char text[256];
    static char mechanisms[128];
    static const size_t lengths[] = {1, 2, 3, 5, 7, 8, 9, 63, 127, 128};
    mailproto_imap_server_options o = options_of();
    size_t least = SIZE_MAX;
    size_t i;
    (void)state;
    memset(text, 'X', sizeof text - 1);
    for (i = 0; i < sizeof mechanisms; i++) {
        mechanisms[i] = i % 19 == 3 ? ' ' : 'X';
    }
    o.in_size = 1024;
    o.out_size = 1024;
    for (o.max_in_progress = 1; o.max_in_progress <= 16; o.max_in_progress++) {
        for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            size_t len = lengths[i];
            size_t size;
            size_t macro;
            o.greeting.ptr = text;
            o.greeting.len = len;
            o.auth_mechanisms.ptr = mechanisms;
            o.auth_mechanisms.len = len;
            o.mechanisms_in_clear = o.auth_mechanisms;
            o.more_caps.ptr = text;
            o.more_caps.len = 2 * len - 1;
            size = mailproto_imap_server_mem_size(&o);
            macro = MAILPROTO_IMAP_SERVER_MEM(1024, 1024, o.max_in_progress,
                                              3 * len + 2 * len - 1);
            assert_in_range(size, 1, macro);
            least = macro - size < least ? macro - size : least;
        }
    }
    assert_in_range(least, 0, 1400);
    o = options_of();
    o.in_size = 1001;
    o.out_size = 1031;
    assert_in_range(mailproto_imap_server_mem_size(&o), 1,
                    MAILPROTO_IMAP_SERVER_MEM(1001, 1031, 4, 5));
}

/* ---- capabilities ------------------------------------------------------------------------ */

static void all_capabilities(void **state)
{
    mailproto_imap_server_options o = options_of();
    struct run *r;
    (void)state;
    o.flags = 0;
    o.more_caps = bytes_of("X-ONE X-TWO");
    o.append_limit = 1000;
    r = open_session(&o, NULL, "");
    feed_text(r, "a CAPABILITY\r\n");
    assert_string_equal(
        r->out,
        "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR STARTTLS IDLE NAMESPACE ID "
        "ENABLE UIDPLUS MOVE UNSELECT SPECIAL-USE CREATE-SPECIAL-USE CHILDREN "
        "LIST-EXTENDED LIST-STATUS ESEARCH SEARCHRES BINARY MULTIAPPEND "
        "APPENDLIMIT=1000 STATUS=SIZE LOGINDISABLED X-ONE X-TWO\r\n"
        "a OK CAPABILITY completed\r\n");
    assert_int_equal(mailproto_session_has_cap(r->s, MAILPROTO_IMAP_CAP_STARTTLS), 1);
    assert_int_equal(mailproto_session_has_cap(r->s, MAILPROTO_IMAP_CAP_QRESYNC), 0);
    close_session(r);
    o.append_limit = MAILPROTO_UNLIMITED_64;
    r = open_session(&o, NULL, "");
    feed_text(r, "a CAPABILITY\r\n");
    assert_null(strstr(r->out, "APPENDLIMIT"));
    close_session(r);
}

/* A line that is longer than the output leaves in parts; greeting and login do without. */
static void long_capabilities(void **state)
{
    mailproto_imap_server_options o = options_of();
    char mechanisms[256];
    char more[256];
    struct run *r;
    size_t i;
    (void)state;
    o.out_size = 1024;
    for (i = 0; i < 255; i++) {
        mechanisms[i] = i % 2 ? ' ' : (char)('A' + i / 2 % 26);
        more[i] = 'm';
    }
    mechanisms[255] = more[255] = '\0';
    o.auth_mechanisms = bytes_of(mechanisms);
    o.more_caps = bytes_of(more);
    r = open_session(&o, NULL, "");
    feed_text(r, "a CAPABILITY\r\nb LOGIN f s\r\n");
    assert_true(strlen(r->out) > 1400);
    assert_non_null(strstr(r->out, " AUTH=A AUTH=B"));
    assert_non_null(strstr(r->out, " AUTH=X mmmm"));
    assert_non_null(strstr(r->out, "mm\r\na OK CAPABILITY completed\r\n"
                                   "b OK LOGIN completed\r\n"));
    close_session(r);
}

/* ---- refused commands ------------------------------------------------------------------- */

static void bad_commands(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    int i;
    (void)state;
    r = open_session(&o, NULL, ""); /* five before the login */
    for (i = 0; i < 5; i++) {
        feed_text(r, "a XYZ\r\n");
        assert_int_equal(r->closed, 1);
    }
    feed_text(r, "a XYZ\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    assert_int_equal(error_of(r).offset, 35);
    assert_non_null(strstr(r->out, "* BYE Too many errors\r\n"));
    close_session(r);
    r = open_session(&o, NULL, "0 LOGIN f s\r\n"); /* twenty behind it */
    for (i = 0; i < 20; i++) {
        feed_text(r, "a XYZ\r\n");
        assert_int_equal(r->closed, 1);
    }
    feed_text(r, "a NOOP\r\n"); /* in a row */
    for (i = 0; i < 20; i++) {
        feed_text(r, "a XYZ\r\n");
        assert_int_equal(r->closed, 1);
    }
    feed_text(r, "a XYZ\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    close_session(r);
    o.max_bad_commands = 1;
    r = open_session(&o, NULL, "");
    feed_text(r, "a XYZ\r\na XYZ\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    close_session(r);
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    r = open_session(&o, NULL, "");
    for (i = 0; i < 1000; i++) {
        feed_text(r, "a XYZ\r\n");
    }
    assert_int_equal(r->closed, 1);
    close_session(r);
}

static int say_no(struct run *r, const mailproto_event *ev)
{
    if (ev->type != MAILPROTO_EV_IMAP_COMMAND) {
        return 0;
    }
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, ev->tag, MAILPROTO_IMAP_NO, NULL, bytes_of("No")),
                     MAILPROTO_OK);
    return 1;
}

/* Failed logins count, what else is NO does not. */
static void failed_logins(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, say_no, "");
    int i;
    (void)state;
    for (i = 0; i < 30; i++) {
        feed_text(r, "a NOOP\r\n");
    }
    for (i = 0; i < 5; i++) {
        feed_text(r, "a LOGIN f s\r\n");
        assert_int_equal(r->closed, 1);
    }
    feed_text(r, "a LOGIN f s\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    close_session(r);
}

static int ask_or_no(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
        return 1;
    }
    return say_no(r, ev);
}

/* A cancelled exchange is a command that ends BAD; the one too many gets BYE in place of
 * its answer, a LOGIN too. */
static void mixed_failures(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    int i;
    (void)state;
    o.auth_mechanisms = bytes_of("PLAIN");
    r = open_session(&o, ask_or_no, "");
    for (i = 0; i < 3; i++) {
        feed_text(r, "a AUTHENTICATE PLAIN\r\n*\r\n");
    }
    feed_text(r, "b XYZ\r\nc NOOP\r\nd LOGIN f s\r\n");
    assert_int_equal(r->closed, 1);
    r->out_len = 0;
    feed_text(r, "e LOGIN f s\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_BAD_COMMANDS);
    assert_null(strstr(r->out, "e NO"));
    assert_memory_equal(r->out, "* BYE ", 6);
    close_session(r);
}

/* ---- time --------------------------------------------------------------------------------- */

static mailproto_want want_of(struct run *r)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(r->s, &want);
    return want;
}

static void time_out(struct run *r)
{
    mailproto_want want = want_of(r);
    assert_int_equal(mailproto_session_timed_out(r->s, want.wait_id - 1), MAILPROTO_OK);
    pull(r);
    assert_int_equal(r->closed, 1);
    assert_int_equal(mailproto_session_timed_out(r->s, want_of(r).wait_id),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    pull(r);
}

static void waits(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    uint32_t id;
    (void)state;
    o.login_ms = 1000;
    o.idle_ms = 2000;
    o.block_ms = 3000;
    o.progress_bytes = 4;
    o.append_limit = 100;
    r = open_session(&o, NULL, "");
    assert_int_equal(want_of(r).timeout_ms, 1000);
    id = want_of(r).wait_id;
    feed_text(r, "0 LOG");
    assert_int_equal(want_of(r).wait_id, id); /* not by the octet */
    feed_text(r, "IN f s\r\n");
    assert_int_not_equal(want_of(r).wait_id, id);
    assert_int_equal(want_of(r).timeout_ms, 2000);
    feed_text(r, "a APPEND x {20+}\r\n");
    assert_int_equal(want_of(r).timeout_ms, 3000);
    id = want_of(r).wait_id;
    feed_text(r, "012");
    assert_int_equal(want_of(r).wait_id, id);
    feed_text(r, "3");
    assert_int_not_equal(want_of(r).wait_id, id);
    r->out_len = 0;
    time_out(r);
    assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
    assert_string_equal(r->out, "* BYE Autologout, idle for too long\r\n");
    assert_non_null(strstr(r->log, "CONTENT_ABORTED MAILPROTO_ERR_TIMEOUT #4\n"));
    close_session(r);
}

static void autologout(void **state)
{
    mailproto_imap_server_options o = options_of();
    struct run *r = open_session(&o, NULL, "0 LOGIN f s\r\na IDLE\r\n");
    (void)state;
    assert_int_equal(want_of(r).timeout_ms, 1800000);
    r->out_len = 0;
    time_out(r);
    assert_string_equal(r->out, "* BYE Autologout, idle for too long\r\n");
    assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
    assert_int_equal(error_of(r).offset, 21);
    close_session(r);
}

static int postpone(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND && r->user != NULL) {
        *(uint32_t *)r->user = ev->tag;
        return 1;
    }
    return 0;
}

/* The application's own time is not the client's; what the client does not read is. */
static void time_of_the_application(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, postpone, "0 LOGIN f s\r\n");
    uint32_t request = 0;
    size_t len;
    (void)state;
    r->user = &request;
    feed_text(r, "a NOOP\r\n");
    assert_int_not_equal(request, 0);
    assert_int_equal(want_of(r).timeout_ms, 0);
    assert_int_equal(want_of(r).flags, MAILPROTO_WANT_APP);
    assert_int_equal(mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                                    bytes_of("Still at it")),
                     MAILPROTO_OK);
    (void)mailproto_session_output(r->s, &len);
    assert_true(len > 0);
    assert_int_equal(want_of(r).timeout_ms, 1800000);
    drain(r);
    assert_int_equal(want_of(r).timeout_ms, 0);
    assert_int_equal(mailproto_imap_server_accept(r->server, request), MAILPROTO_OK);
    pull(r);
    drain(r);
    assert_string_equal(r->out, "* OK Still at it\r\na OK NOOP completed\r\n");
    close_session(r);
}

/* A client that does not read what it asked for. */
static void slow_reader(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, postpone, "0 LOGIN f s\r\n");
    uint32_t request = 0;
    (void)state;
    r->user = &request;
    feed_text(r, "a NOOP\r\n");
    /* The application takes its time: that is nobody's fault. */
    assert_int_equal(mailproto_session_timed_out(r->s, want_of(r).wait_id),
                     MAILPROTO_OK);
    pull(r);
    assert_int_equal(r->closed, 1);
    assert_int_equal(mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                                    bytes_of("x")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_timed_out(r->s, want_of(r).wait_id),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    pull(r);
    assert_int_equal(r->closed, MAILPROTO_ERR_TIMEOUT);
    assert_int_equal(mailproto_imap_server_accept(r->server, request),
                     MAILPROTO_ERR_STALE);
    close_session(r);
}

/* ---- words ------------------------------------------------------------------------------- */

static void reply_max(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    uint32_t request = 0;
    char words[200];
    (void)state;
    o.reply_max = 128;
    r = open_session(&o, postpone, "0 LOGIN f s\r\n");
    r->user = &request;
    feed_text(r, "a NOOP\r\n");
    memset(words, 'w', sizeof words);
    words[129] = '\0';
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, NULL, bytes_of(words)),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_imap_server_complete(r->server, request,
                                                    MAILPROTO_IMAP_OK, NULL,
                                                    bytes_of("a\r\nb BYE")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_complete(r->server, request,
                                                    MAILPROTO_IMAP_OK, NULL,
                                                    bytes_of("[UNSEEN 1] x")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_complete(r->server, request,
                                                    MAILPROTO_IMAP_PREAUTH, NULL,
                                                    bytes_of("x")),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_complete(r->server, request + 1,
                                                    MAILPROTO_IMAP_OK, NULL,
                                                    bytes_of("x")),
                     MAILPROTO_ERR_STALE);
    words[128] = '\0';
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, NULL, bytes_of(words)),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    assert_int_equal(strlen(r->out), 5 + 128 + 2);
    close_session(r);
}

/* An answer always has its room, however full the buffer was made before. */
static void room_for_an_answer(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r;
    uint32_t request = 0;
    char words[129];
    size_t said = 0;
    mailproto_status st = MAILPROTO_OK;
    (void)state;
    o.out_size = 1024;
    r = open_session(&o, postpone, "0 LOGIN f s\r\n");
    r->user = &request;
    memset(words, 'w', 128);
    words[128] = '\0';
    feed_text(r, "a NOOP\r\n");
    while (st == MAILPROTO_OK) {
        st = mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                            bytes_of(said < 4 ? words : "w"));
        ++said;
    }
    assert_int_equal(st, MAILPROTO_AGAIN);
    assert_true(said > 4);
    memset(words, 'v', 128);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, NULL, bytes_of(words)),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    assert_non_null(strstr(r->out, "a OK vvvv"));
    close_session(r);
}

static mailproto_imap_code copyuid(mailproto_imap_range *ranges, size_t count)
{
    mailproto_imap_code code;
    size_t i;
    for (i = 0; i < count; i++) {
        ranges[i].low = ranges[i].high = (uint32_t)(1000 + 2 * i);
    }
    memset(&code, 0, sizeof code);
    code.struct_size = sizeof code;
    code.code = MAILPROTO_IMAP_CODE_COPYUID;
    code.number = 7;
    code.set = code.target = ranges;
    code.set_count = code.target_count = count;
    return code;
}

/* A code longer than what is kept for every answer waits for room, or never fits; a short
 * one goes with the longest words. */
static void long_codes(void **state)
{
    mailproto_imap_server_options o = few();
    mailproto_imap_range ranges[200];
    mailproto_imap_code code = copyuid(ranges, 200);
    struct run *r;
    uint32_t request = 0;
    char words[257];
    mailproto_status st = MAILPROTO_OK;
    (void)state;
    o.out_size = 2048;
    r = open_session(&o, postpone, "0 LOGIN f s\r\n");
    r->user = &request;
    feed_text(r, "b NOOP\r\n");
    memset(words, 'w', 256);
    words[256] = '\0';
    r->out_len = r->log_len = 0;
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, &code, bytes_of(words)),
                     MAILPROTO_ERR_TOO_LONG);
    while (st == MAILPROTO_OK) {
        st = mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                            bytes_of(words));
    }
    assert_int_equal(st, MAILPROTO_AGAIN);
    code = copyuid(ranges, 100);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, &code, bytes_of(words)),
                     MAILPROTO_AGAIN);
    pull(r);
    drain(r);
    pull(r);
    assert_string_equal(r->log, "ROOM\n");
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, &code, bytes_of(words)),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    assert_non_null(strstr(r->out, "b OK [COPYUID 7 1000,1002,"));
    feed_text(r, "c NOOP\r\n");
    do {
        st = mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                            bytes_of("w"));
    } while (st == MAILPROTO_OK);
    code.code = MAILPROTO_IMAP_CODE_HIGHESTMODSEQ;
    code.number = UINT64_C(9223372036854775807);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, &code, bytes_of(words)),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    assert_non_null(strstr(r->out, "c OK [HIGHESTMODSEQ 9223372036854775807] www"));
    close_session(r);
}

/* Within a response nothing else is said, and nothing is completed. */
static void within_a_response(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, postpone, "0 LOGIN f s\r\n1 SELECT x\r\n");
    uint32_t request = 0;
    size_t used;
    (void)state;
    r->user = &request;
    feed_text(r, "a FETCH 1 FLAGS\r\n");
    assert_int_equal(mailproto_imap_server_fetch_begin(r->server, 1), MAILPROTO_OK);
    assert_int_equal(
        mailproto_imap_server_fetch_flags(r->server, MAILPROTO_IMAP_SEEN, NULL, 0),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_accept(r->server, request),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                                    bytes_of("x")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_detach(r->server, request), MAILPROTO_OK);
    /* What comes behind waits as well. */
    assert_int_equal(mailproto_session_feed(r->s, "b XYZ\r\n", 7, &used), MAILPROTO_OK);
    pull(r);
    drain(r);
    assert_null(strstr(r->out, "b BAD"));
    assert_int_equal(mailproto_imap_server_fetch_end(r->server), MAILPROTO_OK);
    if (used < 7) {
        feed_text(r, &"b XYZ\r\n"[used]);
    }
    pull(r);
    drain(r);
    assert_string_equal(r->out,
                        "* 1 FETCH (FLAGS (\\Seen))\r\nb BAD Unknown command\r\n");
    assert_int_equal(mailproto_imap_server_accept(r->server, request), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_accept(r->server, request),
                     MAILPROTO_ERR_STALE);
    pull(r);
    drain(r);
    assert_non_null(strstr(r->out, "a NO FETCH failed\r\n"));
    close_session(r);
}

/* Agreed on TLS, and the application ends it: nothing is said in the clear. */
static void shut_down_before_tls(void **state)
{
    mailproto_imap_server_options o = few();
    mailproto_event ev;
    struct run *r;
    size_t used;
    (void)state;
    o.caps |= cap_bit(MAILPROTO_IMAP_CAP_STARTTLS);
    r = open_session(&o, NULL, "");
    assert_int_equal(mailproto_session_feed(r->s, "a STARTTLS\r\n", 12, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_shutdown(r->server, NULL, bytes_of("")),
                     MAILPROTO_OK);
    drain(r);
    assert_int_equal(mailproto_session_next_event(r->s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_CLOSED);
    assert_null(strstr(r->out, "BYE"));
    close_session(r);
}

static void another_event(void **state)
{
    mailproto_imap_command c;
    mailproto_event ev;
    (void)state;
    memset(&c, 0, sizeof c);
    memset(&ev, 0, sizeof ev);
    c.struct_size = sizeof c;
    ev.type = MAILPROTO_EV_IMAP_CONNECT;
    assert_int_equal(mailproto_imap_event_command(&ev, &c), MAILPROTO_ERR_ARGUMENT);
    ev.type = MAILPROTO_EV_IMAP_COMMAND;
    assert_int_equal(mailproto_imap_event_command(&ev, &c), MAILPROTO_ERR_ARGUMENT);
}

/* SELECT cannot succeed before its mailbox was told. */
static void select_without_a_box(void **state)
{
    mailproto_imap_server_options o = few();
    struct run *r = open_session(&o, postpone, "0 LOGIN f s\r\n1 SELECT x\r\n");
    uint32_t request = 0;
    (void)state;
    r->user = &request;
    feed_text(r, "a SELECT y\r\n");
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_complete(
                         r->server, request, MAILPROTO_IMAP_NO, NULL, bytes_of("")),
                     MAILPROTO_OK);
    pull(r);
    drain(r);
    /* RFC 9051 6.3.2: then none is selected. */
    assert_string_equal(r->out, "a NO SELECT failed\r\n");
    assert_int_equal(mailproto_imap_server_state(r->server),
                     MAILPROTO_IMAP_AUTHENTICATED);
    close_session(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options),
        cmocka_unit_test(memory),
        cmocka_unit_test(memory_macro),
        cmocka_unit_test(all_capabilities),
        cmocka_unit_test(long_capabilities),
        cmocka_unit_test(bad_commands),
        cmocka_unit_test(failed_logins),
        cmocka_unit_test(mixed_failures),
        cmocka_unit_test(waits),
        cmocka_unit_test(autologout),
        cmocka_unit_test(time_of_the_application),
        cmocka_unit_test(slow_reader),
        cmocka_unit_test(reply_max),
        cmocka_unit_test(room_for_an_answer),
        cmocka_unit_test(select_without_a_box),
        cmocka_unit_test(long_codes),
        cmocka_unit_test(within_a_response),
        cmocka_unit_test(shut_down_before_tls),
        cmocka_unit_test(another_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
