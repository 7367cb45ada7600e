/*
 * A POP3 client's engine (RFC 1939, client side): its options, its block, and what the
 * base calls. Knows the order in which things are done; each thing has a file of its
 * own, see client.h.
 */
#include "pop3/client.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

enum {
    SIZE_MIN = 128,        /* of either buffer */
    OUTSTANDING_MAX = 1024 /* options.max_outstanding */
};

/* MAILPROTO_POP3_CLIENT_MEM() suffices on this target: the block's alignment, that of
 * the client, of the queue, and what is left for later releases. */
typedef char
    mailproto__pop3_client_fits[sizeof(mailproto_pop3_client) +
                                                (size_t)3 * MAILPROTO__ALIGN <=
                                            1024 + 40 * sizeof(void *) &&
                                        sizeof(struct mailproto__pop3_entry) <= 16
                                    ? 1
                                    : -1];

/* ---- options ------------------------------------------------------------------------ */

static void set_defaults(mailproto_pop3_client_options *o)
{
    o->in_size = mailproto__or(o->in_size, 1024);
    o->out_size = mailproto__or(o->out_size, 1024);
    o->max_outstanding = mailproto__or(o->max_outstanding, 32);
    o->caps_size =
        o->caps_size == MAILPROTO_UNLIMITED ? 0 : mailproto__or(o->caps_size, 512);
    o->max_line = mailproto__or(o->max_line, 4096);
    o->line_ends = mailproto__or(o->line_ends, MAILPROTO_LINE_ENDS_PASS);
    o->progress_bytes = mailproto__or(o->progress_bytes, 4096);
    o->greeting_ms = mailproto__or(o->greeting_ms, 300000);
    o->command_ms = mailproto__or(o->command_ms, 300000);
    o->block_ms = mailproto__or(o->block_ms, 180000);
    o->quit_ms = mailproto__or(o->quit_ms, 600000);
    if (o->max_content == 0) {
        o->max_content = UINT64_MAX;
    }
    if (o->caps_forced == MAILPROTO_POP3_CAPS_NONE) {
        o->caps_forced = 0;
    }
    if (o->caps_forbidden == MAILPROTO_POP3_CAPS_NONE) {
        o->caps_forbidden = 0;
    }
}

static int is_valid(const mailproto_pop3_client_options *o)
{
    const uint32_t known = MAILPROTO_POP3_CLIENT_NO_PIPELINING |
                           MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR |
                           MAILPROTO_POP3_CLIENT_APOP;
    return (o->flags & ~known) == 0 && o->in_size >= SIZE_MIN &&
           o->out_size >= SIZE_MIN && o->max_outstanding <= OUTSTANDING_MAX &&
           o->line_ends <= MAILPROTO_LINE_ENDS_PASS &&
           o->tls <= MAILPROTO_POP3_TLS_NONE;
}

/* The caller's options with all defaults filled in. */
static mailproto_status read_options(const mailproto_pop3_client_options *from,
                                     mailproto_pop3_client_options *o)
{
    mailproto_status st = mailproto__options_copy(o, sizeof *o, from);
    if (st < 0) {
        return st;
    }
    set_defaults(o);
    return is_valid(o) ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT;
}

/* ---- the block ---------------------------------------------------------------------- */

struct parts {
    mailproto_pop3_client *client;
    struct mailproto__pop3_entry *queue;
    char *in, *out, *caps, *stamp;
};

/* Carves the block, or measures it; its octets. */
static size_t carve(void *mem, const mailproto_pop3_client_options *o, struct parts *p)
{
    struct mailproto__block b = mailproto__block_start(mem);
    size_t entries = (size_t)o->max_outstanding + MAILPROTO__POP3_QUEUE_RESERVE;
    int apop = (o->flags & MAILPROTO_POP3_CLIENT_APOP) != 0;
    p->client = (mailproto_pop3_client *)mailproto__carve(&b, sizeof *p->client, 1);
    p->queue = (struct mailproto__pop3_entry *)mailproto__carve(
        &b, entries * sizeof *p->queue, 1);
    p->in = (char *)mailproto__carve(&b, o->in_size, 0);
    p->out = (char *)mailproto__carve(&b, o->out_size, 0);
    p->caps = (char *)mailproto__carve(&b, o->caps_size, 0);
    p->stamp =
        (char *)mailproto__carve(&b, apop ? (size_t)MAILPROTO__POP3_STAMP_MAX : 0, 0);
    return b.size;
}

size_t mailproto_pop3_client_mem_size(const mailproto_pop3_client_options *options)
{
    mailproto_pop3_client_options o;
    struct parts p;
    return read_options(options, &o) == MAILPROTO_OK ? carve(NULL, &o, &p) : 0;
}

static void take_options(mailproto_pop3_client *c,
                         const mailproto_pop3_client_options *o)
{
    c->queue_cap = (uint16_t)(o->max_outstanding + MAILPROTO__POP3_QUEUE_RESERVE);
    c->flags = (uint8_t)o->flags;
    c->tls = (uint8_t)o->tls;
    c->line_ends = (uint8_t)o->line_ends;
    c->max_line = o->max_line;
    c->progress_bytes = o->progress_bytes;
    c->greeting_ms = o->greeting_ms;
    c->command_ms = o->command_ms;
    c->block_ms = o->block_ms;
    c->quit_ms = o->quit_ms;
    c->max_content = o->max_content;
    c->caps_forced = o->caps_forced;
    c->caps_forbidden = o->caps_forbidden;
}

mailproto_status
mailproto_pop3_client_init(void *mem, size_t size,
                           const mailproto_pop3_client_options *options,
                           mailproto_pop3_client **out)
{
    mailproto_pop3_client_options o;
    struct parts p;
    mailproto_pop3_client *c;
    mailproto_status st = read_options(options, &o);
    if (st < 0) {
        return st;
    }
    if (mem == NULL || size < carve(NULL, &o, &p)) {
        return MAILPROTO_ERR_MEMORY;
    }
    (void)carve(mem, &o, &p);
    c = p.client;
    memset(c, 0, sizeof *c);
    mailproto__session_init(&c->session, MAILPROTO__POP3_CLIENT, p.in, o.in_size, p.out,
                            o.out_size, o.trace);
    c->session.cap_lines.base = p.caps;
    c->session.cap_lines.cap = o.caps_size;
    c->queue = p.queue;
    c->stamp = p.stamp;
    take_options(c, &o);
    c->state = MAILPROTO__POP3_START;
    mailproto__pop3_client_expect(c, MAILPROTO__POP3_GREETING, 0,
                                  MAILPROTO__POP3_ENTRY_OWN |
                                      MAILPROTO__POP3_ENTRY_LAST);
    if (c->tls == MAILPROTO_POP3_TLS_IMPLICIT) {
        (void)mailproto__tls_agreed(&c->session);
    }
    *out = c;
    return MAILPROTO_OK;
}

mailproto_session *mailproto_pop3_client_session(mailproto_pop3_client *client)
{
    return &client->session;
}

mailproto_bytes mailproto_pop3_client_apop_stamp(const mailproto_pop3_client *client)
{
    return mailproto__span(client->stamp_len > 0 ? client->stamp : NULL,
                           client->stamp_len);
}

/* ---- what the base calls ------------------------------------------------------------ */

mailproto_status mailproto__pop3_client_step(mailproto_session *s)
{
    mailproto_pop3_client *c = mailproto__pop3_client_of(s);
    mailproto_status st = MAILPROTO_AGAIN;
    if (s->failed) {
        mailproto__pop3_client_wind_up(c);
        return MAILPROTO_OK;
    }
    mailproto__pop3_client_progress(c);
    if (c->wish == MAILPROTO__POP3_WISH_NONE) { /* else output drains before */
        st = mailproto__pop3_client_read(c);
    }
    if (st == MAILPROTO_AGAIN) {
        mailproto__pop3_client_check_room(c);
    }
    return st;
}

/* A client of POP3 sends no content. */
mailproto_status mailproto__pop3_client_content(mailproto_session *s, const void *data,
                                                size_t len, size_t *consumed)
{
    (void)s;
    (void)data;
    (void)len;
    (void)consumed;
    return MAILPROTO_ERR_STATE;
}

mailproto_status mailproto__pop3_client_signal(mailproto_session *s,
                                               enum mailproto__signal what)
{
    switch (what) {
    case MAILPROTO__TLS_STARTED:
        mailproto__pop3_client_connected(mailproto__pop3_client_of(s));
        return MAILPROTO_OK;
    case MAILPROTO__TIMED_OUT:
        return mailproto__fail(s, MAILPROTO_ERR_TIMEOUT, s->offset,
                               "the peer took too long");
    case MAILPROTO__CONTENT_END:
    case MAILPROTO__CONTENT_ABORT:
        return MAILPROTO_ERR_STATE;
    case MAILPROTO__EARLY: /* replies may overtake what is still to be written */
    default:
        return MAILPROTO_OK;
    }
}
