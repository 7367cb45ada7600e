/*
 * One octet of a valid session is another one, wherever it stands: the server stays in
 * step. A client that follows the continuations sends each command of the session in turn,
 * one of them broken; what comes behind it is answered.
 */
#include "server_driver.h"
#include "thinned.h"

/* A command: what is sent at once, up to a literal that waits for `+`, the octets of that
 * with what follows, and so on. `idle`: it is over with DONE, which is its last part. */
struct said {
    const char *parts[4];
};

static const struct said session[] = {
    {{"a1 LOGIN f s\r\n"}},
    {{"a2 CAPABILITY\r\n"}},
    {{"a3 ID (\"name\" \"a \\\"b\\\"\" \"x\" NIL)\r\n"}},
    {{"a4 LIST (SUBSCRIBED) \"\" (\"a*\" %) RETURN (CHILDREN)\r\n"}},
    {{"a5 CREATE {5+}\r\nhello (USE (\\Sent))\r\n"}},
    {{"a6 CREATE {5}\r\n", "hello\r\n"}},
    {{"a7 STATUS &U,BTFw- (MESSAGES SIZE)\r\n"}},
    {{"a8 SELECT \"x y\" (CONDSTORE)\r\n"}},
    {{"b1 UID FETCH 1:2,* (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (To "
      "{2+}\r\nCc)]<0.9>)\r\n"}},
    {{"b2 STORE 1,3 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\\Seen $Junk)\r\n"}},
    {{"b3 SEARCH RETURN (MIN SAVE) CHARSET UTF-8 OR (SUBJECT {3}\r\n",
      "abc) NOT BODY {4}\r\n", "defg $\r\n"}},
    {{"b4 APPEND x (\\Seen) \" 1-Jan-2026 00:00:00 +0000\" {17}\r\n",
      "a: b\r\n\r\n67890123\r {18+}\r\nc: d\r\n\r\n345678\r\n\r\n ~{2+}\r\n\1\2\r\n"}},
    {{"b5 IDLE\r\n", "DONE\r\n"}},
    {{"b6 MOVE $ y\r\n"}},
    {{"b7 CLOSE\r\n"}},
};
enum { SAID = sizeof session / sizeof session[0] };

static const char padding[] = "z1 NOOP\r\nz2 NOOP\r\nz3 NOOP\r\nz4 NOOP\r\nz5 NOOP\r\n"
                              "z6 NOOP\r\nz7 NOOP\r\nz8 NOOP\r\nz9 NOOP\r\n"
                              "y1 NOOP\r\ny2 NOOP\r\ny3 NOOP\r\ny4 NOOP\r\n";

static int waits_for_more(const struct run *r, size_t from)
{
    const char *last = strstr(r->out + from, "+ ");
    return last != NULL && (last == r->out + from || last[-1] == '\n');
}

/* Sends a command as a client does, octet `at` of it being `c` (at >= its length: none is
 * another). */
static void send_command(struct run *r, const struct said *said, size_t at, char c)
{
    size_t i;
    size_t base = 0;
    for (i = 0; i < 4 && said->parts[i] != NULL; i++) {
        char part[256];
        size_t len = strlen(said->parts[i]);
        size_t before = r->out_len;
        assert_true(len < sizeof part);
        memcpy(part, said->parts[i], len + 1);
        if (at >= base && at < base + len) {
            part[at - base] = c;
        }
        feed_step(r, part, len);
        base += len;
        if (!waits_for_more(r, before)) {
            return; /* it was refused, or hangs: it gives the command up */
        }
    }
}

static size_t length_of(const struct said *said)
{
    size_t len = 0;
    size_t i;
    for (i = 0; i < 4 && said->parts[i] != NULL; i++) {
        len += strlen(said->parts[i]);
    }
    return len;
}

static char octet_of(const struct said *said, size_t at)
{
    size_t i;
    for (i = 0; at >= strlen(said->parts[i]); i++) {
        at -= strlen(said->parts[i]);
    }
    return said->parts[i][at];
}

/* Whether another octet here can make another framing of it: line ends, announcements, and
 * what becomes one. All else must not cost a single command that follows. */
static int frames(const struct said *said, size_t at, char c)
{
    char old = octet_of(said, at);
    int digit = old >= '0' && old <= '9';
    return old == '\r' || old == '\n' || old == '{' || old == '}' || old == '+' ||
           old == '"' || old == '\\' || (digit && at > 0) || c == '{' || c == '}' ||
           c == '\r' || c == '\n' || c == '"' || c == '\\';
}

static mailproto_imap_server_options all(void)
{
    mailproto_imap_server_options o = options_of();
    o.caps = (cap_bit(MAILPROTO_IMAP_CAP_SAVEDATE) << 1) - 1 -
             cap_bit(MAILPROTO_IMAP_CAP_LITERAL_MINUS);
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    o.append_limit = 100;
    return o;
}

static size_t lines_that_are(const char *out, const char *end)
{
    size_t n = 0;
    for (; (out = strstr(out, end)) != NULL; out += strlen(end)) {
        n++;
    }
    return n;
}

static void fail_with(const struct run *r, size_t which, size_t at, char c)
{
    print_error("command %s octet %u is %02x:\n%s---\n%s", session[which].parts[0],
                (unsigned)at, (unsigned char)c, r->out, r->log);
    fail();
}

static void one_octet(size_t which, size_t at, char c)
{
    mailproto_imap_server_options o = all();
    struct run *r = open_session(&o, NULL, "");
    size_t from;
    size_t i;
    size_t answered;
    for (i = 0; i < which; i++) {
        send_command(r, &session[i], SIZE_MAX, 0);
    }
    assert_null(strstr(r->out, "BAD"));
    from = r->out_len;
    send_command(r, &session[which], at, c);
    feed_step(r, padding, sizeof padding - 1);
    answered = lines_that_are(r->out + from, " OK NOOP completed\r\n");
    if (r->closed != 1 ||
        answered < (frames(&session[which], at, c) ? 1U : sizeof padding / 9)) {
        fail_with(r, which, at, c);
    }
    /* Whatever it was, all is as before now. */
    from = r->out_len;
    for (i = which + 1; i < SAID; i++) {
        feed_text(r, "x NOOP\r\n");
    }
    if (lines_that_are(r->out + from, "x OK NOOP completed\r\n") != SAID - which - 1) {
        fail_with(r, which, at, c);
    }
    close_session(r);
}

/* As it is, all of it is well. */
static void unbroken(void **state)
{
    mailproto_imap_server_options o = all();
    struct run *r = open_session(&o, NULL, "");
    size_t i;
    (void)state;
    for (i = 0; i < SAID; i++) {
        char ok[8];
        r->out_len = 0;
        send_command(r, &session[i], SIZE_MAX, 0);
        (void)snprintf(ok, sizeof ok, "%.2s OK ", session[i].parts[0]);
        if (strstr(r->out, ok) == NULL) {
            fail_with(r, i, SIZE_MAX, 0);
        }
    }
    close_session(r);
}

static void every_octet(void **state)
{
    static const char others[] = "\0\r\n{}\"\\ ()[]09+~*%&$\xFF";
    size_t which;
    (void)state;
    for (which = 0; which < SAID; which++) {
        size_t len = length_of(&session[which]);
        size_t at;
        for (at = 0; at < len; at += thinned(7)) {
            char old = octet_of(&session[which], at);
            size_t i;
            for (i = 0; i < sizeof others - 1; i++) {
                if (others[i] != old) {
                    one_octet(which, at, others[i]);
                }
            }
            for (i = 0; i < 8; i++) {
                one_octet(which, at, (char)(old ^ (char)(1U << i)));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unbroken),
        cmocka_unit_test(every_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
