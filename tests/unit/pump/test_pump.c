/*
 * The pump, the content pump and the dispatch table over scripted transports: partial
 * and failing reads and writes, sources of every form, misuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/pump.h>
#include <mailproto/smtp.h>

/* A peer: what it says, one piece a read, and what it hears. */
struct peer {
    const char *const *lines; /* NULL ends them */
    mailproto_status after;   /* what a read says then */
    size_t line_at;
    char heard[8192];
    size_t heard_len;
    size_t write_max;      /* octets a write takes, 0: all */
    size_t writes_allowed; /* octets in all, then... */
    mailproto_status write_fails;
    int would_block; /* every other call says AGAIN */
    int calls;
};

static mailproto_status peer_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct peer *p = ctx;
    size_t len;
    if (p->would_block && p->calls++ % 2 == 0) {
        return MAILPROTO_AGAIN;
    }
    if (p->lines == NULL || p->lines[p->line_at] == NULL) {
        return p->after;
    }
    len = strlen(p->lines[p->line_at]);
    assert_true(len <= cap);
    memcpy(buf, p->lines[p->line_at], len);
    ++p->line_at;
    *got = len;
    return MAILPROTO_OK;
}

static mailproto_status peer_write(void *ctx, const void *buf, size_t len, size_t *put)
{
    struct peer *p = ctx;
    if (p->would_block && p->calls++ % 2 == 0) {
        return MAILPROTO_AGAIN;
    }
    if (p->write_max > 0 && len > p->write_max) {
        len = p->write_max;
    }
    if (p->write_fails != MAILPROTO_OK && p->heard_len + len > p->writes_allowed) {
        return p->write_fails;
    }
    assert_true(p->heard_len + len < sizeof p->heard);
    memcpy(p->heard + p->heard_len, buf, len);
    p->heard_len += len;
    *put = len;
    return MAILPROTO_OK;
}

static mailproto_io io_of(struct peer *p, uint32_t flags)
{
    mailproto_io io;
    memset(&io, 0, sizeof io);
    io.struct_size = sizeof io;
    io.flags = flags;
    io.ctx = p;
    io.read = peer_read;
    io.write = peer_write;
    return io;
}

static mailproto_bytes str(const char *s)
{
    mailproto_bytes b = {s, strlen(s)};
    return b;
}

static union {
    char bytes[16384];
    uint64_t align;
} block;

static mailproto_smtp_client *new_client(uint32_t out_size)
{
    mailproto_smtp_client_options o;
    mailproto_smtp_client *c = NULL;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    o.out_size = out_size;
    o.ehlo_name = str("c");
    assert_int_equal(mailproto_smtp_client_init(&block, sizeof block, &o, &c), 0);
    return c;
}

/* Pumps until `type` has come; what the pump said when it never did. */
static mailproto_status pump_to(mailproto_session *s, const mailproto_io *io,
                                uint32_t type, mailproto_event *ev)
{
    mailproto_status st;
    int turns = 0;
    while ((st = mailproto_pump(s, io, ev)) == MAILPROTO_OK || st == MAILPROTO_AGAIN) {
        if (st == MAILPROTO_OK && ev->type == type) {
            return MAILPROTO_OK;
        }
        assert_true(++turns < 1000);
    }
    return st;
}

static void envelope(mailproto_smtp_client *c)
{
    assert_int_equal(mailproto_smtp_client_mail(c, 1, str("a@a.example"), NULL), 0);
    assert_int_equal(mailproto_smtp_client_rcpt(c, 2, str("b@b.example"), NULL), 0);
    assert_int_equal(mailproto_smtp_client_data(c, 3), 0);
}

static const char *const good[] = {"220 s\r\n",   "250 s\r\n",  "250 ok\r\n",
                                   "250 ok\r\n",  "354 go\r\n", "250 ok\r\n",
                                   "221 bye\r\n", NULL};

/* ---- sources ----------------------------------------------------------------------- */

struct script {
    const char *text;
    size_t at;
    int not_ready; /* every other call */
    int calls;
    mailproto_status fails; /* at the end, in place of EOF */
};

static mailproto_status script_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct script *x = ctx;
    size_t left = strlen(x->text) - x->at;
    if (x->not_ready && x->calls++ % 2 == 0) {
        return MAILPROTO_NOT_READY;
    }
    if (left == 0) {
        return x->fails != MAILPROTO_OK ? x->fails : MAILPROTO_EOF;
    }
    *got = left < cap ? left : cap;
    *got = *got < 3 ? *got : 3;
    memcpy(buf, x->text + x->at, *got);
    x->at += *got;
    return MAILPROTO_OK;
}

static mailproto_status script_read_at(void *ctx, uint64_t offset, void *buf,
                                       size_t cap, size_t *got)
{
    struct script *x = ctx;
    x->at = (size_t)offset;
    return script_read(ctx, buf, cap, got);
}

enum { MEMORY, READ_AT, READ_AT_UNKNOWN, READ };

static mailproto_source source_of(int form, struct script *x)
{
    mailproto_source src;
    memset(&src, 0, sizeof src);
    src.struct_size = sizeof src;
    src.ctx = x;
    src.size = form == READ_AT_UNKNOWN || form == READ ? MAILPROTO_SIZE_UNKNOWN
                                                       : strlen(x->text);
    src.data = form == MEMORY ? x->text : NULL;
    src.read_at = form == READ_AT || form == READ_AT_UNKNOWN ? script_read_at : NULL;
    src.read = form == READ ? script_read : NULL;
    return src;
}

static void every_source_over_every_transport(void **state)
{
    static const char text[] = ".first\r\n..\r\nlast, and no line end";
    int form, slow, not_ready;
    (void)state;
    for (form = MEMORY; form <= READ; ++form) {
        for (slow = 0; slow < 4; ++slow) {
            for (not_ready = 0; not_ready < (form == MEMORY ? 1 : 2); ++not_ready) {
                struct peer p;
                struct script x;
                mailproto_smtp_client *c = new_client(slow & 2 ? 128 : 0);
                mailproto_session *s = mailproto_smtp_client_session(c);
                mailproto_io io = io_of(&p, MAILPROTO_IO_NONBLOCKING);
                mailproto_source src;
                mailproto_event ev;
                mailproto_status st;
                int turns = 0;
                memset(&p, 0, sizeof p);
                memset(&x, 0, sizeof x);
                p.lines = good;
                p.would_block = slow & 1;
                p.write_max = slow & 2 ? 1 : 0;
                x.text = text;
                x.not_ready = not_ready;
                src = source_of(form, &x);
                assert_int_equal(pump_to(s, &io, MAILPROTO_EV_SMTP_CAPS, &ev), 0);
                envelope(c);
                assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CONTENT_WANTED, &ev), 0);
                while ((st = mailproto_pump_content(s, &io, &src)) != MAILPROTO_OK) {
                    assert_true(st == MAILPROTO_AGAIN || st == MAILPROTO_NOT_READY);
                    assert_true(++turns < 1000);
                }
                assert_int_equal(mailproto_pump_content(s, &io, &src),
                                 MAILPROTO_ERR_STATE);
                assert_int_equal(pump_to(s, &io, MAILPROTO_EV_SMTP_FINAL, &ev), 0);
                assert_int_equal(ev.code, 250);
                assert_true(ev.flags & MAILPROTO_EVF_REPAIRED); /* CRLF was added */
                assert_int_equal(mailproto_smtp_client_quit(c, 4), 0);
                assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CLOSED, &ev), 0);
                assert_int_equal(ev.code, 0);
                assert_int_equal(mailproto_pump(s, &io, &ev), MAILPROTO_EOF);
                p.heard[p.heard_len] = 0;
                assert_string_equal(
                    p.heard,
                    "EHLO c\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n"
                    "DATA\r\n..first\r\n...\r\nlast, and no line end\r\n.\r\nQUIT\r\n");
            }
        }
    }
}

static void a_source_that_fails_ends_the_session(void **state)
{
    struct peer p;
    struct script x;
    mailproto_smtp_client *c = new_client(0);
    mailproto_session *s = mailproto_smtp_client_session(c);
    mailproto_io io = io_of(&p, 0);
    mailproto_source src;
    mailproto_event ev;
    mailproto_smtp_status status;
    (void)state;
    memset(&p, 0, sizeof p);
    memset(&x, 0, sizeof x);
    p.lines = good;
    x.text = "half";
    x.fails = MAILPROTO_ERR_IO;
    src = source_of(READ, &x);
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_SMTP_CAPS, &ev), 0);
    envelope(c);
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CONTENT_WANTED, &ev), 0);
    assert_int_equal(mailproto_pump_content(s, &io, &src), MAILPROTO_ERR_IO);
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_SMTP_FINAL, &ev), 0);
    assert_int_equal(mailproto_smtp_event_status(&ev, &status), 0);
    assert_int_equal(status.code, 0);
    assert_int_not_equal(status.origin, MAILPROTO_ORIGIN_PEER);
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CLOSED, &ev), 0);
    p.heard[p.heard_len] = 0;
    assert_null(strstr(p.heard, "\r\n.\r\n")); /* the peer keeps nothing */
}

/* ---- a write that fails -------------------------------------------------------------- */

/* Octets up to and with DATA and its CRLF. */
enum { UP_TO_DATA = 8 + 25 + 23 + 6 };

static mailproto_error error_of(const mailproto_session *s)
{
    mailproto_error e;
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    mailproto_session_get_error(s, &e);
    return e;
}

static void refused_within_content(const char *reply, uint32_t code)
{
    const char *lines[] = {"220 s\r\n",  "250 s\r\n", "250 ok\r\n", "250 ok\r\n",
                           "354 go\r\n", NULL,        NULL};
    char text[4000];
    struct peer p;
    mailproto_smtp_client *c = new_client(256);
    mailproto_session *s = mailproto_smtp_client_session(c);
    mailproto_io io = io_of(&p, 0);
    mailproto_source src;
    mailproto_event ev;
    mailproto_smtp_status status;
    memset(&p, 0, sizeof p);
    memset(&src, 0, sizeof src);
    memset(text, 'x', sizeof text);
    lines[5] = reply;
    p.lines = lines;
    p.after = MAILPROTO_EOF;
    p.writes_allowed = UP_TO_DATA + 300;
    p.write_fails = MAILPROTO_ERR_IO;
    src.struct_size = sizeof src;
    src.data = text;
    src.size = sizeof text;
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_SMTP_CAPS, &ev), 0);
    envelope(c);
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CONTENT_WANTED, &ev), 0);
    assert_int_equal(mailproto_pump_content(s, &io, &src), MAILPROTO_ERR_IO);
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_SMTP_FINAL, &ev), 0);
    assert_int_equal(ev.code, code);
    assert_int_equal(mailproto_smtp_event_status(&ev, &status), 0);
    assert_int_equal(status.code, code);
    if (code == 0) {
        assert_int_equal(status.local, MAILPROTO_ERR_IO);
        assert_int_equal(error_of(s).code, MAILPROTO_ERR_IO);
    }
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CLOSED, &ev), 0);
    assert_int_not_equal(ev.code, 0);
    assert_int_equal(mailproto_pump(s, &io, &ev), MAILPROTO_EOF);
}

static void the_refusal_is_heard_though_the_write_failed(void **state)
{
    (void)state;
    refused_within_content("552 5.3.4 too big\r\n", 552);
    refused_within_content("421 4.3.2 going down\r\n", 421);
    refused_within_content(NULL, 0);
}

static void a_failed_write_of_a_command(void **state)
{
    struct peer p;
    mailproto_smtp_client *c = new_client(0);
    mailproto_session *s = mailproto_smtp_client_session(c);
    mailproto_io io = io_of(&p, 0);
    mailproto_event ev;
    (void)state;
    memset(&p, 0, sizeof p);
    p.lines = good;
    p.write_fails = MAILPROTO_EOF; /* no status of a write: counts as IO */
    assert_int_equal(mailproto_session_output_failed(s, MAILPROTO_OK),
                     MAILPROTO_ERR_ARGUMENT);
    p.after = MAILPROTO_EOF;
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CLOSED, &ev), 0);
    assert_true(error_of(s).code < 0);
    assert_int_equal(p.heard_len, 0);
}

/* ---- a peer that does not read -------------------------------------------------------- */

static void a_closing_server_waits_once_more(void **state)
{
    mailproto_smtp_server_options o;
    mailproto_smtp_server *server = NULL;
    mailproto_session *s;
    mailproto_event ev;
    mailproto_want want;
    size_t used, len;
    uint32_t id;
    (void)state;
    memset(&o, 0, sizeof o);
    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    o.struct_size = sizeof o;
    assert_int_equal(mailproto_smtp_server_init(&block, sizeof block, &o, &server), 0);
    s = mailproto_smtp_server_session(server);
    assert_int_equal(mailproto_session_next_event(s, &ev), 0);
    assert_int_equal(mailproto_smtp_server_accept(server, ev.tag), 0);
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_AGAIN);
    (void)mailproto_session_output(s, &len);
    assert_int_equal(mailproto_session_output_sent(s, len), 0);
    assert_int_equal(mailproto_session_feed(s, "QUIT\r\n", 6, &used), 0);
    while (mailproto_session_next_event(s, &ev) == MAILPROTO_OK) {
        assert_int_not_equal(ev.type, MAILPROTO_EV_CLOSED); /* 221 is not written */
    }
    mailproto_session_get_want(s, &want);
    assert_true(want.flags & MAILPROTO_WANT_WRITE);
    assert_int_not_equal(want.timeout_ms, 0);
    id = want.wait_id;
    assert_int_equal(mailproto_session_timed_out(s, id - 1), 0); /* stale */
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_AGAIN);
    assert_int_equal(mailproto_session_timed_out(s, id), 0);
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_CLOSED);
    (void)mailproto_session_output(s, &len);
    assert_int_equal(len, 0);
}

/* ---- misuse ------------------------------------------------------------------------- */

static mailproto_status read_zero(void *ctx, void *buf, size_t cap, size_t *got)
{
    (void)ctx;
    (void)buf;
    (void)cap;
    *got = 0;
    return MAILPROTO_OK;
}

static mailproto_status write_too_much(void *ctx, const void *buf, size_t len,
                                       size_t *put)
{
    (void)ctx;
    (void)buf;
    *put = len + 1;
    return MAILPROTO_OK;
}

static void misuse(void **state)
{
    struct peer p;
    mailproto_smtp_client *c = new_client(0);
    mailproto_session *s = mailproto_smtp_client_session(c);
    mailproto_io io = io_of(&p, 0);
    mailproto_source src;
    mailproto_event ev;
    (void)state;
    memset(&p, 0, sizeof p);
    memset(&src, 0, sizeof src);
    assert_int_equal(mailproto_pump(s, NULL, &ev), MAILPROTO_ERR_ARGUMENT);
    io.struct_size = 4;
    assert_int_equal(mailproto_pump(s, &io, &ev), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_pump_content(s, &io, &src), MAILPROTO_ERR_ARGUMENT);
    io = io_of(&p, 0);
    assert_int_equal(mailproto_pump_content(s, &io, &src), MAILPROTO_ERR_ARGUMENT);
    src.struct_size = sizeof src;
    assert_int_equal(mailproto_pump_content(s, &io, &src), MAILPROTO_ERR_STATE);
    io.read = read_zero;
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CLOSED, &ev), 0);
    assert_int_equal((mailproto_status)ev.code, MAILPROTO_ERR_ARGUMENT);

    c = new_client(0);
    s = mailproto_smtp_client_session(c);
    p.lines = good;
    p.line_at = 0;
    p.after = MAILPROTO_EOF;
    io = io_of(&p, 0);
    io.write = write_too_much;
    assert_int_equal(pump_to(s, &io, MAILPROTO_EV_CLOSED, &ev), 0);
    assert_true((mailproto_status)ev.code < 0);
}

/* ---- dispatch ------------------------------------------------------------------------ */

static mailproto_status count(void *ctx, mailproto_session *s,
                              const mailproto_event *ev)
{
    (void)s;
    *(uint32_t *)ctx = ev->type;
    return MAILPROTO_ENOUGH;
}

static mailproto_status other(void *ctx, mailproto_session *s,
                              const mailproto_event *ev)
{
    (void)ctx;
    (void)s;
    (void)ev;
    return MAILPROTO_EOF;
}

static void dispatch(void **state)
{
    const mailproto_handler table[] = {{0, 0, other},
                                       {MAILPROTO_EV_CONTENT, 0, count},
                                       {MAILPROTO_EV_CONTENT, 0, other}};
    mailproto_event ev;
    uint32_t seen = 0;
    (void)state;
    memset(&ev, 0, sizeof ev);
    ev.type = MAILPROTO_EV_CONTENT;
    assert_int_equal(mailproto_dispatch(table, 3, &seen, NULL, &ev), MAILPROTO_ENOUGH);
    assert_int_equal(seen, MAILPROTO_EV_CONTENT);
    ev.type = MAILPROTO_EV_CLOSED;
    assert_int_equal(mailproto_dispatch(table, 3, &seen, NULL, &ev), MAILPROTO_EOF);
    assert_int_equal(mailproto_dispatch(table + 1, 2, &seen, NULL, &ev),
                     MAILPROTO_NOT_READY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_source_over_every_transport),
        cmocka_unit_test(a_source_that_fails_ends_the_session),
        cmocka_unit_test(the_refusal_is_heard_though_the_write_failed),
        cmocka_unit_test(a_failed_write_of_a_command),
        cmocka_unit_test(a_closing_server_waits_once_more),
        cmocka_unit_test(misuse),
        cmocka_unit_test(dispatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
