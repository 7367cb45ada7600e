/* Drives an SMTP server in memory: see server_run.h. */
#ifndef SERVER_DRIVER_H
#define SERVER_DRIVER_H

#include <mailproto/smtp.h>

typedef mailproto_smtp_server role_server;

#include "server_run.h"

static inline size_t role_mem_size(const void *options)
{
    return mailproto_smtp_server_mem_size(
        (const mailproto_smtp_server_options *)options);
}

static inline mailproto_status role_init(struct run *r, const void *options,
                                         size_t size)
{
    mailproto_status st = mailproto_smtp_server_init(
        r->block, size, (const mailproto_smtp_server_options *)options, &r->server);
    r->s = st == MAILPROTO_OK ? mailproto_smtp_server_session(r->server) : NULL;
    return st;
}

static inline mailproto_status role_accept(struct run *r, uint32_t tag)
{
    return mailproto_smtp_server_accept(r->server, tag);
}

static inline const char *role_event_name(uint32_t type)
{
    switch (type) {
    case MAILPROTO_EV_SMTP_CONNECT:
        return "CONNECT";
    case MAILPROTO_EV_SMTP_HELO:
        return "HELO";
    case MAILPROTO_EV_SMTP_MAIL:
        return "MAIL";
    case MAILPROTO_EV_SMTP_RCPT:
        return "RCPT";
    case MAILPROTO_EV_SMTP_DATA:
        return "DATA";
    case MAILPROTO_EV_SMTP_DELIVER:
        return "DELIVER";
    case MAILPROTO_EV_SMTP_RSET:
        return "RSET";
    case MAILPROTO_EV_SMTP_COMMAND:
        return "COMMAND";
    case MAILPROTO_EV_SMTP_EARLY_TALKER:
        return "EARLY_TALKER";
    case MAILPROTO_EV_SMTP_QUIT:
        return "QUIT";
    default:
        return "?";
    }
}

static inline void role_log(struct run *r, const mailproto_event *ev)
{
    if (ev->number != 0) {
        log_line(r, " #%llu", (unsigned long long)ev->number);
    }
}

static inline void role_sees(struct run *r, const mailproto_event *ev)
{
    (void)r;
    assert_true((ev->tag != 0) == ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0));
}

static inline mailproto_status role_answer(struct run *r, const mailproto_event *ev)
{
    return role_accept(r, ev->tag);
}

static inline int role_gives(struct run *r)
{
    (void)r;
    return 0;
}

static inline void run_start(struct run *r, const mailproto_smtp_server_options *o)
{
    run_begin(r, o);
}

/* Plays a script in every way and at every cut: log and output are always these. */
static inline void check_script(const mailproto_smtp_server_options *o, answer_fn *fn,
                                const struct step *steps, int eof, const char *log,
                                const char *out)
{
    struct script script = {o, fn, steps, eof, log, out, NULL, NULL, NULL, 0};
    check_every_way(&script);
}

/* A session in which this was answered, as whole. */
static inline struct run *open_session(const mailproto_smtp_server_options *o,
                                       answer_fn *fn, const char *first)
{
    struct script script = {o, fn, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0};
    return open_script(&script, first);
}

static inline mailproto_smtp_server_options options_of(void)
{
    mailproto_smtp_server_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.host_name = bytes_of("mx.example");
    return o;
}

#endif /* SERVER_DRIVER_H */
