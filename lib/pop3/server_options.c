/*
 * The options of a POP3 server and the placing of its block. Knows defaults and bounds;
 * must not know the protocol's course.
 */
#include "codec/auth.h"
#include "core/chars.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/roles.h"
#include "core/span.h"
#include "pop3/server.h"

/* The macro of the public header suffices, and leaves room for later releases: else this
 * does not compile. One octet more: it rounds the marks down. */
typedef char server_mem_suffices[sizeof(struct mailproto_pop3_server) +
                                             (size_t)2 * MAILPROTO__ALIGN + 1 <=
                                         MAILPROTO_POP3_SERVER_MEM(0, 0, 0, 0)
                                     ? 1
                                     : -1];

enum {
    BUFFER_MAX = 1 << 30,
    KNOWN_FLAGS = MAILPROTO_POP3_SERVER_TLS_IMPLICIT |
                  MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR |
                  MAILPROTO_POP3_SERVER_POLICY_PER_USER
};

#define CAP(cap) ((uint64_t)1 << MAILPROTO_POP3_CAP_##cap)
#define DEFAULT_CAPS                                                                   \
    (CAP(TOP) | CAP(USER) | CAP(RESP_CODES) | CAP(PIPELINING) | CAP(UIDL) |            \
     CAP(AUTH_RESP_CODE))
#define KNOWN_CAPS ((CAP(LANG) << 1) - 1)

/* ---- defaults -------------------------------------------------------------------- */

static void set_defaults(mailproto_pop3_server_options *o)
{
    o->in_size = mailproto__or(o->in_size, 1024);
    o->out_size = mailproto__or(o->out_size, 4096);
    o->max_command = mailproto__or(o->max_command, 512);
    o->max_auth_line = mailproto__or(o->max_auth_line, 12288);
    o->max_messages = mailproto__or(o->max_messages, 10000);
    o->max_bad_commands = mailproto__or(o->max_bad_commands, 10);
    o->reply_max = mailproto__or(o->reply_max, 512);
    o->line_ends = mailproto__or(o->line_ends, MAILPROTO_LINE_ENDS_REPAIR);
    o->progress_bytes = mailproto__or(o->progress_bytes, 4096);
    o->login_ms = mailproto__or(o->login_ms, 600000);
    o->idle_ms = mailproto__or(o->idle_ms, 600000);
    o->block_ms = mailproto__or(o->block_ms, 300000);
    if (o->caps == 0) {
        o->caps = DEFAULT_CAPS;
    } else if (o->caps == MAILPROTO_POP3_CAPS_NONE) {
        o->caps = 0;
    }
    if (o->greeting.len == 0) {
        o->greeting = MAILPROTO__LITERAL("POP3 ready");
    }
}

/* ---- bounds ---------------------------------------------------------------------- */

/* Printable ASCII and blanks; what a CAPA or greeting line may hold (RFC 2449 3, 4). */
static int is_printable(mailproto_bytes b, size_t max)
{
    size_t i;
    if ((b.ptr == NULL && b.len > 0) || b.len > max) {
        return 0;
    }
    for (i = 0; i < b.len; i++) {
        if (b.ptr[i] != ' ' &&
            !mailproto__is((unsigned char)b.ptr[i], MAILPROTO__VCHAR)) {
            return 0;
        }
    }
    return 1;
}

static int sizes_are_good(const mailproto_pop3_server_options *o)
{
    return o->max_command >= 255 && o->in_size >= o->max_command &&
           o->in_size <= BUFFER_MAX && o->max_auth_line >= 255 && o->reply_max >= 128 &&
           o->out_size <= BUFFER_MAX && o->out_size / 2 >= o->reply_max &&
           o->max_messages <= BUFFER_MAX && o->line_ends <= MAILPROTO_LINE_ENDS_PASS;
}

/* RFC 1939 7: a client takes the first msg-id of the greeting for the timestamp. */
static int texts_are_good(const mailproto_pop3_server_options *o)
{
    size_t greeting = 3 + 1 + o->greeting.len + 1 + o->apop_stamp.len + 2;
    return is_printable(o->greeting, MAILPROTO__POP3_TEXT_MAX) &&
           mailproto__pop3_find_stamp(o->greeting).len == 0 &&
           is_printable(o->apop_stamp, MAILPROTO__POP3_TEXT_MAX) &&
           (o->apop_stamp.len == 0 || mailproto__pop3_is_stamp(o->apop_stamp)) &&
           is_printable(o->implementation, MAILPROTO__POP3_TEXT_MAX) &&
           mailproto__auth_lists_are_good(o->auth_mechanisms, o->mechanisms_in_clear) &&
           greeting <= o->out_size;
}

static mailproto_status check(const mailproto_pop3_server_options *o)
{
    if ((o->flags & ~(uint32_t)KNOWN_FLAGS) != 0 || (o->caps & ~KNOWN_CAPS) != 0 ||
        !sizes_are_good(o) || !texts_are_good(o)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if ((o->caps & CAP(SASL)) != 0 && o->auth_mechanisms.len == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    /* RFC 6856 2.2: an argument of UTF8 */
    if ((o->caps & CAP(UTF8_USER)) != 0 && (o->caps & CAP(UTF8)) == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return MAILPROTO_OK;
}

/* The caller's options with defaults in their places. */
static mailproto_status resolve(const mailproto_pop3_server_options *from,
                                mailproto_pop3_server_options *o)
{
    mailproto_status st = mailproto__options_copy(o, sizeof *o, from);
    if (st < 0) {
        return st;
    }
    set_defaults(o);
    return check(o);
}

/* ---- the block ------------------------------------------------------------------- */

/* Carves the block, or only measures it; NULL then. */
static mailproto_pop3_server *carve(struct mailproto__block *b,
                                    const mailproto_pop3_server_options *o)
{
    mailproto_pop3_server *server =
        (mailproto_pop3_server *)mailproto__carve(b, sizeof *server, 1);
    size_t marks_size = o->max_messages / 8 + (o->max_messages % 8 != 0);
    mailproto_bytes greeting = mailproto__carve_span(b, o->greeting);
    mailproto_bytes stamp = mailproto__carve_span(b, o->apop_stamp);
    mailproto_bytes mechanisms = mailproto__carve_span(b, o->auth_mechanisms);
    mailproto_bytes in_clear = mailproto__carve_span(b, o->mechanisms_in_clear);
    mailproto_bytes implementation = mailproto__carve_span(b, o->implementation);
    uint8_t *marks = (uint8_t *)mailproto__carve(b, marks_size, 0);
    char *in = (char *)mailproto__carve(b, o->in_size, 0);
    char *out = (char *)mailproto__carve(b, o->out_size, 0);
    if (server != NULL) {
        memset(server, 0, sizeof *server);
        mailproto__session_init(&server->session, MAILPROTO__POP3_SERVER, in,
                                o->in_size, out, o->out_size, o->trace);
        server->greeting = greeting;
        server->stamp = stamp;
        server->mechanisms.names = mechanisms;
        server->mechanisms.in_clear = in_clear;
        server->mechanisms.all_in_clear =
            (o->flags & MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR) != 0;
        server->implementation = implementation;
        server->marks = marks;
    }
    return server;
}

size_t mailproto_pop3_server_mem_size(const mailproto_pop3_server_options *options)
{
    mailproto_pop3_server_options o;
    struct mailproto__block b = mailproto__block_start(NULL);
    if (resolve(options, &o) < 0) {
        return 0;
    }
    (void)carve(&b, &o);
    return b.size;
}

mailproto_status
mailproto_pop3_server_init(void *mem, size_t size,
                           const mailproto_pop3_server_options *options,
                           mailproto_pop3_server **out)
{
    mailproto_pop3_server_options o;
    mailproto_pop3_server *server;
    struct mailproto__block b;
    mailproto_status st = resolve(options, &o);
    if (st < 0) {
        return st;
    }
    if (mem == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (size < mailproto_pop3_server_mem_size(options)) {
        return MAILPROTO_ERR_MEMORY;
    }
    b = mailproto__block_start(mem);
    server = carve(&b, &o);
    server->mask = o.caps;
    server->flags = o.flags;
    server->max_command = o.max_command;
    server->max_auth_line = o.max_auth_line;
    server->max_messages = o.max_messages;
    server->max_bad = o.max_bad_commands;
    server->reply_max = o.reply_max;
    server->progress_bytes = o.progress_bytes;
    server->login_ms = o.login_ms;
    server->idle_ms = o.idle_ms;
    server->block_ms = o.block_ms;
    server->login_delay = o.login_delay;
    server->expire_days = o.expire_days;
    server->policy = (uint8_t)o.line_ends;
    mailproto__pop3_server_enter(server, MAILPROTO__POP3_START);
    mailproto__pop3_server_rearm(server);
    if ((o.flags & MAILPROTO_POP3_SERVER_TLS_IMPLICIT) != 0) {
        (void)mailproto__tls_agreed(&server->session);
    }
    *out = server;
    return MAILPROTO_OK;
}
