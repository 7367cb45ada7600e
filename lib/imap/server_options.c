/*
 * The options of an IMAP server and the placing of its block. Knows defaults and bounds;
 * must not know the protocol's course.
 */
#include "codec/auth.h"
#include "core/chars.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/roles.h"
#include "core/span.h"
#include "imap/lex.h"
#include "imap/server_write.h"

enum {
    JOBS_MAX = 16,
    JOB_COUNTED = 80, /* octets that the macro of the public header counts for each */
    WORDS_MAX = 255,
    BUFFER_MAX = 1 << 30,
    UNIT_MIN = 512,
    KNOWN_FLAGS = MAILPROTO_IMAP_SERVER_TLS_IMPLICIT |
                  MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR |
                  MAILPROTO_IMAP_SERVER_OTHER_COMMANDS
};

/* The macro of the public header suffices, and leaves room for later releases: else this
 * does not compile. */
typedef char
    server_mem_suffices[sizeof(struct mailproto_imap_server) +
                                        (size_t)3 * MAILPROTO__ALIGN +
                                        MAILPROTO__IMAP_TAIL <=
                                    MAILPROTO_IMAP_SERVER_MEM(0, 0, 0, 0) &&
                                sizeof(struct mailproto__imap_job) <= JOB_COUNTED
                            ? 1
                            : -1];

#define CAP(cap) MAILPROTO_IMAP_CAP_BIT(cap)
#define KNOWN_CAPS ((CAP(SAVEDATE) << 1) - 1)

/* ---- defaults -------------------------------------------------------------------- */

static void set_sizes(mailproto_imap_server_options *o)
{
    o->in_size = mailproto__or(o->in_size, 8192);
    o->out_size = mailproto__or(o->out_size, 4096);
    o->max_command = mailproto__or(o->max_command, 65536);
    o->max_command_before = mailproto__or(o->max_command_before, 8192);
    o->max_literal = mailproto__or(o->max_literal, 4096);
    o->max_swallow_before = mailproto__or(o->max_swallow_before, 65536);
    if (o->append_limit == 0) {
        o->append_limit = (uint64_t)64 << 20;
    }
    if (o->max_swallow == 0) {
        uint64_t more = (uint64_t)1 << 20;
        o->max_swallow = o->append_limit > UINT64_MAX - more ? MAILPROTO_UNLIMITED_64
                                                             : o->append_limit + more;
    }
}

static void set_defaults(mailproto_imap_server_options *o)
{
    set_sizes(o);
    o->max_in_progress = mailproto__or(o->max_in_progress, 4);
    o->max_auth_line = mailproto__or(o->max_auth_line, 12288);
    o->reply_max = mailproto__or(o->reply_max, 256);
    o->progress_bytes = mailproto__or(o->progress_bytes, 4096);
    o->login_ms = mailproto__or(o->login_ms, 180000);
    o->idle_ms = mailproto__or(o->idle_ms, 1800000); /* RFC 9051 5.4 */
    o->block_ms = mailproto__or(o->block_ms, 300000);
    if (o->caps == 0) {
        o->caps = MAILPROTO_IMAP_CAPS_DEFAULT;
    }
    if ((o->caps & CAP(QRESYNC)) != 0) { /* RFC 7162 3.2 */
        o->caps |= CAP(CONDSTORE) | CAP(ENABLE);
    }
    if ((o->caps & CAP(UTF8_ACCEPT)) != 0) { /* RFC 9755 3: it must be enabled */
        o->caps |= CAP(ENABLE);
    }
    if (o->greeting.len == 0) {
        o->greeting = MAILPROTO__LITERAL("ready");
    }
}

/* ---- bounds ---------------------------------------------------------------------- */

/* Printable ASCII and blanks; `words`: atoms with single blanks between, none around (RFC
 * 9051 9, capability): nothing that ends a response code, or announces a literal. */
static int is_good_text(mailproto_bytes b, size_t max, int words)
{
    size_t i;
    if ((b.ptr == NULL && b.len > 0) || b.len > max) {
        return 0;
    }
    for (i = 0; i < b.len; i++) {
        char c = b.ptr[i];
        if (c != ' ' && !mailproto__is((unsigned char)c, MAILPROTO__VCHAR)) {
            return 0;
        }
        if (words && (c == ' ' ? i == 0 || i + 1 == b.len || b.ptr[i - 1] == ' '
                               : !mailproto__imap_is(c, MAILPROTO__IMAP_ATOM))) {
            return 0;
        }
    }
    return 1;
}

static int sizes_are_good(const mailproto_imap_server_options *o)
{
    return o->in_size >= UNIT_MIN && o->in_size <= BUFFER_MAX && o->out_size >= 1024 &&
           o->out_size <= BUFFER_MAX && o->reply_max >= 128 &&
           o->out_size / 2 >= o->reply_max && o->max_command >= UNIT_MIN &&
           o->max_command_before >= UNIT_MIN && o->max_auth_line >= 255 &&
           o->max_in_progress <= JOBS_MAX;
}

/* RFC 9051 7.1: text after OK must not begin with what looks like a response code. */
static mailproto_status check(const mailproto_imap_server_options *o)
{
    uint64_t both = CAP(LITERAL_PLUS) | CAP(LITERAL_MINUS);
    if ((o->flags & ~(uint32_t)KNOWN_FLAGS) != 0 || (o->caps & ~KNOWN_CAPS) != 0 ||
        (o->caps & both) == both || (o->caps & (CAP(REV1) | CAP(REV2))) == 0 ||
        !sizes_are_good(o) || !is_good_text(o->greeting, MAILPROTO__IMAP_TEXT_MAX, 0) ||
        o->greeting.ptr[0] == '[' || mailproto__imap_announces(o->greeting) ||
        !mailproto__auth_lists_are_good(o->auth_mechanisms, o->mechanisms_in_clear) ||
        !is_good_text(o->more_caps, WORDS_MAX, 1)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return MAILPROTO_OK;
}

/* The caller's options with defaults in their places. */
static mailproto_status resolve(const mailproto_imap_server_options *from,
                                mailproto_imap_server_options *o)
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
static mailproto_imap_server *carve(struct mailproto__block *b,
                                    const mailproto_imap_server_options *o)
{
    mailproto_imap_server *server =
        (mailproto_imap_server *)mailproto__carve(b, sizeof *server, 1);
    size_t in_size = (size_t)o->in_size + MAILPROTO__IMAP_TAIL;
    size_t jobs_size = o->max_in_progress * sizeof(struct mailproto__imap_job);
    void *jobs = mailproto__carve(b, jobs_size, 1);
    mailproto_bytes greeting = mailproto__carve_span(b, o->greeting);
    mailproto_bytes mechanisms = mailproto__carve_span(b, o->auth_mechanisms);
    mailproto_bytes in_clear = mailproto__carve_span(b, o->mechanisms_in_clear);
    mailproto_bytes more = mailproto__carve_span(b, o->more_caps);
    char *in = (char *)mailproto__carve(b, in_size, 0);
    char *out = (char *)mailproto__carve(b, o->out_size, 0);
    if (server != NULL) {
        memset(server, 0, sizeof *server);
        memset(jobs, 0, jobs_size);
        mailproto__session_init(&server->session, MAILPROTO__IMAP_SERVER, in, in_size,
                                out, o->out_size, o->trace);
        server->session.in.spare = MAILPROTO__IMAP_TAIL;
        server->session.paced = 1;
        server->jobs = (struct mailproto__imap_job *)jobs;
        server->greeting = greeting;
        server->mechanisms.names = mechanisms;
        server->mechanisms.in_clear = in_clear;
        server->mechanisms.all_in_clear =
            (o->flags & MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR) != 0;
        server->more_caps = more;
    }
    return server;
}

size_t mailproto_imap_server_mem_size(const mailproto_imap_server_options *options)
{
    mailproto_imap_server_options o;
    struct mailproto__block b = mailproto__block_start(NULL);
    if (resolve(options, &o) < 0) {
        return 0;
    }
    (void)carve(&b, &o);
    return b.size;
}

static void keep(mailproto_imap_server *server, const mailproto_imap_server_options *o)
{
    server->mask = o->caps;
    server->flags = o->flags;
    server->in_size = o->in_size;
    server->max_command = o->max_command;
    server->max_command_before = o->max_command_before;
    server->max_literal = o->max_literal;
    server->max_swallow_before = o->max_swallow_before;
    server->max_swallow = o->max_swallow;
    server->append_limit = o->append_limit;
    server->max_jobs = o->max_in_progress;
    server->max_bad = o->max_bad_commands;
    server->max_auth_line = o->max_auth_line;
    server->reply_max = o->reply_max;
    server->progress_bytes = o->progress_bytes;
    server->login_ms = o->login_ms;
    server->idle_ms = o->idle_ms;
    server->block_ms = o->block_ms;
}

mailproto_status
mailproto_imap_server_init(void *mem, size_t size,
                           const mailproto_imap_server_options *options,
                           mailproto_imap_server **out)
{
    mailproto_imap_server_options o;
    mailproto_imap_server *server;
    struct mailproto__block b;
    mailproto_status st = resolve(options, &o);
    if (st < 0) {
        return st;
    }
    if (mem == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (size < mailproto_imap_server_mem_size(options)) {
        return MAILPROTO_ERR_MEMORY;
    }
    b = mailproto__block_start(mem);
    server = carve(&b, &o);
    keep(server, &o);
    server->enabled = mailproto__imap_server_enabled_at_first(server);
    mailproto__imap_server_enter(server, 0);
    server->caps_max = mailproto__imap_caps_max(server);
    mailproto__imap_server_rearm(server);
    if ((o.flags & MAILPROTO_IMAP_SERVER_TLS_IMPLICIT) != 0) {
        (void)mailproto__tls_agreed(&server->session);
    }
    *out = server;
    return MAILPROTO_OK;
}
