/* Drives a POP3 server in memory: see server_run.h. */
#ifndef SERVER_DRIVER_H
#define SERVER_DRIVER_H

#include <mailproto/pop3.h>

typedef mailproto_pop3_server role_server;

#include "server_run.h"

static inline size_t role_mem_size(const void *options)
{
    return mailproto_pop3_server_mem_size(
        (const mailproto_pop3_server_options *)options);
}

static inline mailproto_status role_init(struct run *r, const void *options,
                                         size_t size)
{
    mailproto_status st = mailproto_pop3_server_init(
        r->block, size, (const mailproto_pop3_server_options *)options, &r->server);
    r->s = st == MAILPROTO_OK ? mailproto_pop3_server_session(r->server) : NULL;
    return st;
}

static inline mailproto_status role_accept(struct run *r, uint32_t tag)
{
    return mailproto_pop3_server_accept(r->server, tag);
}

static inline const char *role_event_name(uint32_t type)
{
    switch (type) {
    case MAILPROTO_EV_POP3_CONNECT:
        return "CONNECT";
    case MAILPROTO_EV_POP3_LOGIN:
        return "LOGIN";
    case MAILPROTO_EV_POP3_OPEN:
        return "OPEN";
    case MAILPROTO_EV_POP3_NEED_SIZE:
        return "NEED_SIZE";
    case MAILPROTO_EV_POP3_NEED_UID:
        return "NEED_UID";
    case MAILPROTO_EV_POP3_RETR:
        return "RETR";
    case MAILPROTO_EV_POP3_UPDATE_ITEM:
        return "UPDATE_ITEM";
    case MAILPROTO_EV_POP3_UPDATE:
        return "UPDATE";
    case MAILPROTO_EV_POP3_COMMAND:
        return "COMMAND";
    case MAILPROTO_EV_POP3_LANG:
        return "LANG";
    case MAILPROTO_EV_POP3_RSET:
        return "RSET";
    case MAILPROTO_EV_POP3_QUIT:
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

/* The content that is asked for is the maildrop's. */
static inline void role_sees(struct run *r, const mailproto_event *ev)
{
    assert_true((ev->tag != 0) == ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0));
    if (ev->type == MAILPROTO_EV_CONTENT_WANTED && r->messages != NULL &&
        ev->number > 0) {
        r->content = r->messages[ev->number - 1];
    }
}

/* The maildrop of the run. */
static inline mailproto_status role_answer(struct run *r, const mailproto_event *ev)
{
    uint32_t n = 0;
    uint64_t octets = 0;
    char uid[24];
    for (; r->messages != NULL && r->messages[n] != NULL; n++) {
        octets += strlen(r->messages[n]);
    }
    switch (ev->type) {
    case MAILPROTO_EV_POP3_OPEN:
        return mailproto_pop3_server_drop(r->server, ev->tag, n, octets);
    case MAILPROTO_EV_POP3_NEED_SIZE:
        return mailproto_pop3_server_size(
            r->server, ev->tag,
            ev->number <= n ? strlen(r->messages[ev->number - 1]) : 0);
    case MAILPROTO_EV_POP3_NEED_UID:
        sprintf(uid, "uid-%u", (unsigned)ev->number);
        return mailproto_pop3_server_uid(r->server, ev->tag, bytes_of(uid));
    default:
        return mailproto_pop3_server_accept(r->server, ev->tag);
    }
}

/* As much of the content as has room; 1: something was done. */
static inline int give_content(struct run *r)
{
    size_t len = strlen(r->content);
    size_t n = r->content_size != 0 && r->content_size < len ? r->content_size : len;
    size_t used = 0;
    mailproto_status st = MAILPROTO_ENOUGH;
    if (len > 0) {
        st = mailproto_session_content(r->s, r->content, n, &used);
        assert_true(used <= n);
        r->content += used;
    }
    if (st == MAILPROTO_ENOUGH) {
        st = mailproto_session_content_end(r->s);
        if (st == MAILPROTO_OK) {
            r->content = NULL;
        }
    }
    assert_true(st == MAILPROTO_OK || st == MAILPROTO_AGAIN);
    return st == MAILPROTO_OK;
}

static inline int role_gives(struct run *r)
{
    if (r->content == NULL) {
        return 0;
    }
    if (!give_content(r)) {
        drain(r);
    }
    return 1;
}

/* ---- scripts ------------------------------------------------------------------------ */

static inline void set_drop(struct run *r, const struct script *script)
{
    r->messages = script->messages;
}

static inline void run_start(struct run *r, const mailproto_pop3_server_options *o)
{
    run_begin(r, o);
}

/* Plays a script in every way and at every cut: log and output are always these. */
static inline void check_script(const mailproto_pop3_server_options *o, answer_fn *fn,
                                const char *const *messages, const struct step *steps,
                                int eof, const char *log, const char *out)
{
    struct script script = {o, fn, steps, eof, log, out, set_drop, NULL, messages, 0};
    check_every_way(&script);
}

/* A session in which this was answered, as whole. */
static inline struct run *open_drop(const mailproto_pop3_server_options *o,
                                    answer_fn *fn, const char *const *messages,
                                    const char *first)
{
    struct script script = {o, fn, NULL, 0, NULL, NULL, set_drop, NULL, messages, 0};
    return open_script(&script, first);
}

static inline struct run *open_session(const mailproto_pop3_server_options *o,
                                       answer_fn *fn, const char *first)
{
    return open_drop(o, fn, NULL, first);
}

static inline mailproto_pop3_server_options options_of(void)
{
    mailproto_pop3_server_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    return o;
}

#endif /* SERVER_DRIVER_H */
