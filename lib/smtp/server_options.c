/*
 * The options of an SMTP server and the placing of its block. Knows defaults and
 * bounds; must not know the protocol's course.
 */
#include "codec/auth.h"
#include "core/chars.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/roles.h"
#include "core/span.h"
#include "smtp/server.h"

/* The macro of the public header suffices, and leaves room for later releases: else this
 * does not compile. */
typedef char server_mem_suffices[sizeof(struct mailproto_smtp_server) +
                                             (size_t)2 * MAILPROTO__ALIGN <=
                                         MAILPROTO_SMTP_SERVER_MEM(0, 0, 0, 0)
                                     ? 1
                                     : -1];

enum {
    NAME_MAX = 255,
    BUFFER_MAX = 1 << 30,
    KNOWN_FLAGS =
        MAILPROTO_SMTP_SERVER_TLS_IMPLICIT | MAILPROTO_SMTP_SERVER_LMTP |
        MAILPROTO_SMTP_SERVER_REQUIRE_TLS | MAILPROTO_SMTP_SERVER_REQUIRE_AUTH |
        MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR | MAILPROTO_SMTP_SERVER_REFUSE_EARLY
};

#define CAP(cap) ((uint64_t)1 << MAILPROTO_SMTP_CAP_##cap)
#define DEFAULT_CAPS (CAP(PIPELINING) | CAP(SIZE) | CAP(8BITMIME) | CAP(ENHANCED))
/* Those whose parameters, if any, the engine checks, and whose EHLO line needs none but
 * what it has. */
#define BUILT_CAPS                                                                     \
    (DEFAULT_CAPS | CAP(SMTPUTF8) | CAP(STARTTLS) | CAP(AUTH) | CAP(DSN) | CAP(VRFY) | \
     CAP(EXPN) | CAP(HELP) | CAP(ETRN) | CAP(DELIVERBY) | CAP(MT_PRIORITY) |           \
     CAP(REQUIRETLS) | CAP(RRVS))
#define KNOWN_CAPS (((uint64_t)1 << (MAILPROTO_SMTP_CAP_XFORWARD + 1)) - 1)

/* ---- defaults -------------------------------------------------------------------- */

static void set_defaults(mailproto_smtp_server_options *o)
{
    o->in_size = mailproto__or(o->in_size, 4096);
    o->out_size = mailproto__or(o->out_size, 4096);
    o->max_command = mailproto__or(o->max_command, 2048);
    o->max_auth_line = mailproto__or(o->max_auth_line, 12288);
    o->max_recipients = mailproto__or(o->max_recipients, 1000);
    o->max_bad_commands = mailproto__or(o->max_bad_commands, 20);
    o->max_transactions = mailproto__or(o->max_transactions, MAILPROTO_UNLIMITED);
    o->reply_max = mailproto__or(o->reply_max, 1024);
    o->line_ends = mailproto__or(o->line_ends, MAILPROTO_LINE_ENDS_REFUSE);
    o->progress_bytes = mailproto__or(o->progress_bytes, 4096);
    o->command_ms = mailproto__or(o->command_ms, 300000);
    o->block_ms = mailproto__or(o->block_ms, 300000);
    o->max_content = o->max_content != 0 ? o->max_content : 41943040;
    if (o->caps == 0) {
        o->caps = DEFAULT_CAPS;
    } else if (o->caps == MAILPROTO_SMTP_CAPS_NONE) {
        o->caps = 0;
    }
    if (o->host_name.len == 0) {
        o->host_name = MAILPROTO__LITERAL("localhost");
    }
}

/* ---- bounds ---------------------------------------------------------------------- */

/* Printable ASCII without blanks. */
static int is_name(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        if (!mailproto__is((unsigned char)b.ptr[i], MAILPROTO__VCHAR)) {
            return 0;
        }
    }
    return b.len <= NAME_MAX;
}

static int sizes_are_good(const mailproto_smtp_server_options *o)
{
    return o->max_command >= 512 && o->in_size >= o->max_command &&
           o->in_size <= BUFFER_MAX && o->max_auth_line >= 512 && o->reply_max >= 512 &&
           o->out_size <= BUFFER_MAX && o->out_size / 2 >= o->reply_max &&
           o->max_recipients >= 100 && o->line_ends <= MAILPROTO_LINE_ENDS_PASS;
}

static mailproto_status check(const mailproto_smtp_server_options *o)
{
    if ((o->flags & ~(uint32_t)KNOWN_FLAGS) != 0 || (o->caps & ~KNOWN_CAPS) != 0 ||
        !sizes_are_good(o) || !is_name(o->host_name) ||
        !mailproto__auth_lists_are_good(o->auth_mechanisms, o->mechanisms_in_clear)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if ((o->flags & MAILPROTO_SMTP_SERVER_LMTP) != 0 || (o->caps & ~BUILT_CAPS) != 0) {
        return MAILPROTO_ERR_NOT_BUILT;
    }
    if ((o->caps & CAP(AUTH)) != 0 && o->auth_mechanisms.len == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    /* RFC 6531 3.1 (7): with SMTPUTF8 goes 8BITMIME */
    if ((o->caps & CAP(SMTPUTF8)) != 0 && (o->caps & CAP(8BITMIME)) == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return MAILPROTO_OK;
}

/* The caller's options with defaults in their places. */
static mailproto_status resolve(const mailproto_smtp_server_options *from,
                                mailproto_smtp_server_options *o)
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
static mailproto_smtp_server *carve(struct mailproto__block *b,
                                    const mailproto_smtp_server_options *o)
{
    mailproto_smtp_server *server =
        (mailproto_smtp_server *)mailproto__carve(b, sizeof *server, 1);
    mailproto_bytes host = mailproto__carve_span(b, o->host_name);
    mailproto_bytes mechanisms = mailproto__carve_span(b, o->auth_mechanisms);
    mailproto_bytes in_clear = mailproto__carve_span(b, o->mechanisms_in_clear);
    char *in = (char *)mailproto__carve(b, o->in_size, 0);
    char *out = (char *)mailproto__carve(b, o->out_size, 0);
    if (server != NULL) {
        memset(server, 0, sizeof *server);
        mailproto__session_init(&server->session, MAILPROTO__SMTP_SERVER, in,
                                o->in_size, out, o->out_size, o->trace);
        server->host_name = host;
        server->mechanisms.names = mechanisms;
        server->mechanisms.in_clear = in_clear;
        server->mechanisms.all_in_clear =
            (o->flags & MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR) != 0;
    }
    return server;
}

size_t mailproto_smtp_server_mem_size(const mailproto_smtp_server_options *options)
{
    mailproto_smtp_server_options o;
    struct mailproto__block b = mailproto__block_start(NULL);
    if (resolve(options, &o) < 0) {
        return 0;
    }
    (void)carve(&b, &o);
    return b.size;
}

mailproto_status
mailproto_smtp_server_init(void *mem, size_t size,
                           const mailproto_smtp_server_options *options,
                           mailproto_smtp_server **out)
{
    mailproto_smtp_server_options o;
    mailproto_smtp_server *server;
    struct mailproto__block b;
    mailproto_status st = resolve(options, &o);
    if (st < 0) {
        return st;
    }
    if (mem == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (size < mailproto_smtp_server_mem_size(options)) {
        return MAILPROTO_ERR_MEMORY;
    }
    b = mailproto__block_start(mem);
    server = carve(&b, &o);
    server->state = MAILPROTO__SMTP_START;
    server->mask = o.caps;
    server->max_content = o.max_content;
    server->flags = o.flags;
    server->max_command = o.max_command;
    server->max_auth_line = o.max_auth_line;
    server->max_recipients = o.max_recipients;
    server->max_bad = o.max_bad_commands;
    server->max_transactions = o.max_transactions;
    server->reply_max = o.reply_max;
    server->progress_bytes = o.progress_bytes;
    server->command_ms = o.command_ms;
    server->block_ms = o.block_ms;
    server->undot.policy = (uint8_t)o.line_ends;
    mailproto__wait(&server->session, o.command_ms);
    if ((o.flags & MAILPROTO_SMTP_SERVER_TLS_IMPLICIT) != 0) {
        (void)mailproto__tls_agreed(&server->session);
    }
    *out = server;
    return MAILPROTO_OK;
}
