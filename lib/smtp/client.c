/*
 * An SMTP client's engine (RFC 5321, client side): its options, its block, and what the
 * base calls. Knows the order in which things are done; each thing has a file of its
 * own, see client.h.
 */
#include "smtp/client.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "smtp/syntax.h"

enum {
    SIZE_MIN = 128,         /* of either buffer */
    OUTSTANDING_MAX = 1024, /* options.max_outstanding */
    NAME_MAX = 255          /* options.ehlo_name: a domain (RFC 5321 4.5.3.1.2) */
};

/* MAILPROTO_SMTP_CLIENT_MEM() suffices on this target: the block's alignment, that of
 * the client, of the queue, and what is left for later releases. */
typedef char
    mailproto__smtp_client_fits[sizeof(mailproto_smtp_client) +
                                                (size_t)3 * MAILPROTO__ALIGN <=
                                            704 + 40 * sizeof(void *) &&
                                        sizeof(struct mailproto__smtp_entry) <= 16
                                    ? 1
                                    : -1];

/* ---- options ------------------------------------------------------------------------ */

static void set_defaults(mailproto_smtp_client_options *o)
{
    o->in_size = mailproto__or(o->in_size, 1024);
    o->out_size = mailproto__or(o->out_size, 2048);
    o->max_outstanding = mailproto__or(o->max_outstanding, 32);
    o->caps_size =
        o->caps_size == MAILPROTO_UNLIMITED ? 0 : mailproto__or(o->caps_size, 512);
    o->max_reply = mailproto__or(o->max_reply, 65536);
    o->line_ends = mailproto__or(o->line_ends, MAILPROTO_LINE_ENDS_REPAIR);
    o->progress_bytes = mailproto__or(o->progress_bytes, 4096);
    o->greeting_ms = mailproto__or(o->greeting_ms, 300000);
    o->command_ms = mailproto__or(o->command_ms, 300000);
    o->data_ms = mailproto__or(o->data_ms, 120000);
    o->block_ms = mailproto__or(o->block_ms, 180000);
    o->final_ms = mailproto__or(o->final_ms, 600000);
    if (o->caps_forced == MAILPROTO_SMTP_CAPS_NONE) {
        o->caps_forced = 0;
    }
    if (o->caps_forbidden == MAILPROTO_SMTP_CAPS_NONE) {
        o->caps_forbidden = 0;
    }
    if (o->ehlo_name.len == 0) {
        o->ehlo_name = MAILPROTO__LITERAL("localhost");
    }
}

static int is_valid(const mailproto_smtp_client_options *o)
{
    const uint32_t known =
        MAILPROTO_SMTP_CLIENT_NO_PIPELINING | MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    if ((o->flags & ~known) != 0 || o->reserved != 0 || o->in_size < SIZE_MIN ||
        o->out_size < SIZE_MIN || o->max_outstanding > OUTSTANDING_MAX ||
        o->line_ends > MAILPROTO_LINE_ENDS_PASS || o->tls > MAILPROTO_SMTP_TLS_NONE) {
        return 0;
    }
    /* EHLO must fit the output. */
    return o->ehlo_name.len <= NAME_MAX &&
           o->ehlo_name.len + 7 <= o->out_size - MAILPROTO__ROOM_RESERVE &&
           mailproto__smtp_domain(o->ehlo_name, 0);
}

/* The caller's options with all defaults filled in. */
static mailproto_status read_options(const mailproto_smtp_client_options *from,
                                     mailproto_smtp_client_options *o)
{
    mailproto_status st = mailproto__options_copy(o, sizeof *o, from);
    if (st < 0) {
        return st;
    }
    if (o->flags & MAILPROTO_SMTP_CLIENT_LMTP) {
        return MAILPROTO_ERR_NOT_BUILT;
    }
    set_defaults(o);
    return is_valid(o) ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT;
}

/* ---- the block ---------------------------------------------------------------------- */

struct parts {
    mailproto_smtp_client *client;
    struct mailproto__smtp_entry *queue;
    char *in, *out, *caps;
    mailproto_bytes name;
};

/* Carves the block, or measures it; its octets. */
static size_t carve(void *mem, const mailproto_smtp_client_options *o, struct parts *p)
{
    struct mailproto__block b = mailproto__block_start(mem);
    size_t entries = (size_t)o->max_outstanding + MAILPROTO__QUEUE_RESERVE;
    p->client = (mailproto_smtp_client *)mailproto__carve(&b, sizeof *p->client, 1);
    p->queue = (struct mailproto__smtp_entry *)mailproto__carve(
        &b, entries * sizeof *p->queue, 1);
    p->in = (char *)mailproto__carve(&b, o->in_size, 0);
    p->out = (char *)mailproto__carve(&b, o->out_size, 0);
    p->caps = (char *)mailproto__carve(&b, o->caps_size, 0);
    p->name = mailproto__carve_span(&b, o->ehlo_name);
    return b.size;
}

size_t mailproto_smtp_client_mem_size(const mailproto_smtp_client_options *options)
{
    mailproto_smtp_client_options o;
    struct parts p;
    return read_options(options, &o) == MAILPROTO_OK ? carve(NULL, &o, &p) : 0;
}

static void take_options(mailproto_smtp_client *c,
                         const mailproto_smtp_client_options *o)
{
    c->queue_cap = (uint16_t)(o->max_outstanding + MAILPROTO__QUEUE_RESERVE);
    c->flags = (uint8_t)o->flags;
    c->tls = (uint8_t)o->tls;
    c->line_ends = (uint8_t)o->line_ends;
    c->max_reply = o->max_reply;
    c->progress_bytes = o->progress_bytes;
    c->greeting_ms = o->greeting_ms;
    c->command_ms = o->command_ms;
    c->data_ms = o->data_ms;
    c->block_ms = o->block_ms;
    c->final_ms = o->final_ms;
    c->caps_forced = o->caps_forced;
    c->caps_forbidden = o->caps_forbidden;
}

mailproto_status
mailproto_smtp_client_init(void *mem, size_t size,
                           const mailproto_smtp_client_options *options,
                           mailproto_smtp_client **out)
{
    mailproto_smtp_client_options o;
    struct parts p;
    mailproto_smtp_client *c;
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
    mailproto__session_init(&c->session, MAILPROTO__SMTP_CLIENT, p.in, o.in_size, p.out,
                            o.out_size, o.trace);
    c->session.cap_lines.base = p.caps;
    c->session.cap_lines.cap = o.caps_size;
    c->queue = p.queue;
    c->name = p.name;
    take_options(c, &o);
    c->state = MAILPROTO__SMTP_START;
    mailproto__smtp_client_expect(c, MAILPROTO__SMTP_GREETING, 0,
                                  MAILPROTO__ENTRY_OWN | MAILPROTO__ENTRY_LAST);
    if (c->tls == MAILPROTO_SMTP_TLS_IMPLICIT) {
        (void)mailproto__tls_agreed(&c->session);
    }
    *out = c;
    return MAILPROTO_OK;
}

mailproto_session *mailproto_smtp_client_session(mailproto_smtp_client *client)
{
    return &client->session;
}

uint64_t mailproto_smtp_client_size_limit(const mailproto_smtp_client *client)
{
    return client->size_limit;
}

/* ---- what the base calls ------------------------------------------------------------ */

mailproto_status mailproto__smtp_client_step(mailproto_session *s)
{
    mailproto_smtp_client *c = mailproto__smtp_client_of(s);
    mailproto_status st = MAILPROTO_AGAIN;
    if (s->failed) {
        mailproto__smtp_client_wind_up(c);
        return MAILPROTO_OK;
    }
    if (mailproto__smtp_client_progress(c)) {
        return MAILPROTO_OK;
    }
    if (c->wish ==
        MAILPROTO__WISH_NONE) { /* else output drains before input is taken */
        st = mailproto__smtp_client_read(c);
    }
    if (st == MAILPROTO_AGAIN) {
        mailproto__smtp_client_check_room(c);
    }
    return st;
}

mailproto_status mailproto__smtp_client_signal(mailproto_session *s,
                                               enum mailproto__signal what)
{
    mailproto_smtp_client *c = mailproto__smtp_client_of(s);
    switch (what) {
    case MAILPROTO__CONTENT_END:
        return mailproto__smtp_client_content_end(c);
    case MAILPROTO__CONTENT_ABORT:
        return mailproto__smtp_client_content_abort(c);
    case MAILPROTO__TLS_STARTED:
        mailproto__smtp_client_connected(c);
        return MAILPROTO_OK;
    case MAILPROTO__TIMED_OUT:
        return mailproto__fail(s, MAILPROTO_ERR_TIMEOUT, s->offset,
                               "the peer took too long");
    case MAILPROTO__EARLY: /* replies may overtake what is still to be written */
    default:
        return MAILPROTO_OK;
    }
}
