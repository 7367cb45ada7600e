/* Drives an IMAP server in memory: see server_run.h. */
#ifndef SERVER_DRIVER_H
#define SERVER_DRIVER_H

#include <mailproto/imap_server.h>

typedef mailproto_imap_server role_server;

#include "server_run.h"

static inline size_t role_mem_size(const void *options)
{
    return mailproto_imap_server_mem_size(
        (const mailproto_imap_server_options *)options);
}

static inline mailproto_status role_init(struct run *r, const void *options,
                                         size_t size)
{
    mailproto_status st = mailproto_imap_server_init(
        r->block, size, (const mailproto_imap_server_options *)options, &r->server);
    r->s = st == MAILPROTO_OK ? mailproto_imap_server_session(r->server) : NULL;
    return st;
}

static inline mailproto_status role_accept(struct run *r, uint32_t tag)
{
    return mailproto_imap_server_accept(r->server, tag);
}

static inline const char *role_event_name(uint32_t type)
{
    switch (type) {
    case MAILPROTO_EV_IMAP_CONNECT:
        return "CONNECT";
    case MAILPROTO_EV_IMAP_COMMAND:
        return "COMMAND";
    case MAILPROTO_EV_IMAP_LITERAL:
        return "LITERAL";
    case MAILPROTO_EV_IMAP_IDLE:
        return "IDLE";
    case MAILPROTO_EV_IMAP_SYNC:
        return "SYNC";
    case MAILPROTO_EV_IMAP_REJECTED:
        return "REJECTED";
    default:
        return "?";
    }
}

/* The command with its string arguments. */
static inline void log_string(struct run *r, const char *name,
                              const mailproto_imap_string *s)
{
    char buf[4096];
    mailproto_bytes b;
    if (s->form == MAILPROTO_IMAP_NIL) {
        return;
    }
    log_line(r, " %s", name);
    if (s->form == MAILPROTO_IMAP_EXTERNAL) {
        log_line(r, "=#%llu:%llu", (unsigned long long)s->number,
                 (unsigned long long)s->size);
        return;
    }
    assert_int_equal(mailproto_imap_string_get(s, buf, sizeof buf, &b), MAILPROTO_OK);
    log_line(r, "=[");
    log_bytes(r, b.ptr, b.len);
    log_line(r, "]");
}

static inline void log_command(struct run *r, const mailproto_event *ev)
{
    mailproto_imap_command c;
    mailproto_imap_append a;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    assert_int_equal(mailproto_imap_event_command(ev, &c), MAILPROTO_OK);
    assert_int_equal(ev->number, c.command);
    log_line(r, " %s%s", c.flags & MAILPROTO_IMAP_UID ? "UID " : "",
             mailproto_imap_command_name(c.command));
    log_string(r, "name", &c.name);
    log_string(r, "text", &c.text);
    log_string(r, "mailbox", &c.mailbox);
    log_string(r, "target", &c.target);
    while (c.command == MAILPROTO_IMAP_APPEND &&
           mailproto_imap_append_next(&c.items, &a) == MAILPROTO_OK) {
        log_string(r, "message", &a.message);
    }
}

static inline void role_log(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_IMAP_LITERAL) {
        r->content_seen = 0;
    }
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND) {
        log_command(r, ev);
    } else if (ev->number != 0) {
        log_line(r, " #%llu", (unsigned long long)ev->number);
    }
}

/* Lends memory, and takes it back. */
static inline void role_sees(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_NEED_MEMORY && r->lend > 0) {
        size_t size = ev->number > r->lend ? (size_t)ev->number : r->lend;
        char *mem = (char *)malloc(size);
        assert_non_null(mem);
        assert_int_equal(mailproto_session_lend(r->s, mem, (size_t)ev->number - 1),
                         MAILPROTO_ERR_MEMORY);
        assert_int_equal(mailproto_session_lend(r->s, mem, size), MAILPROTO_OK);
        assert_int_equal(mailproto_session_lend(r->s, mem, size), MAILPROTO_ERR_STATE);
    } else if (ev->type == MAILPROTO_EV_MEMORY_BACK) {
        /* The engine was lent it, and it may be given back as it was taken. */
        union {
            const void *from;
            void *to;
        } mem;
        mem.from = ev->detail;
        free(mem.to);
    }
}

static inline mailproto_status select_box(struct run *r, uint32_t request)
{
    mailproto_imap_selected box;
    memset(&box, 0, sizeof box);
    box.struct_size = sizeof box;
    box.exists = r->exists;
    box.uidvalidity = 7;
    box.highestmodseq = 9;
    box.uidnext = r->exists + 1;
    box.entry.struct_size = sizeof box.entry;
    box.entry.delimiter = '/';
    box.entry.name = bytes_of("INBOX");
    assert_int_equal(mailproto_imap_server_selected(r->server, request, &box),
                     MAILPROTO_OK);
    return mailproto_imap_server_complete(r->server, request, MAILPROTO_IMAP_OK, NULL,
                                          bytes_of(""));
}

/* Everybody may log in, every mailbox is there, every literal is taken. */
static inline mailproto_status role_answer(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_IMAP_LITERAL) {
        return mailproto_imap_server_literal(r->server, ev->tag, ++r->literals);
    }
    if (ev->type == MAILPROTO_EV_IMAP_COMMAND) {
        switch (ev->number) {
        case MAILPROTO_IMAP_SELECT:
        case MAILPROTO_IMAP_EXAMINE:
            return select_box(r, ev->tag);
        case MAILPROTO_IMAP_NOOP:
        case MAILPROTO_IMAP_ID:
        case MAILPROTO_IMAP_NAMESPACE:
            return mailproto_imap_server_accept(r->server, ev->tag);
        default:
            return mailproto_imap_server_complete(r->server, ev->tag, MAILPROTO_IMAP_OK,
                                                  NULL, bytes_of(""));
        }
    }
    return mailproto_imap_server_accept(r->server, ev->tag);
}

static inline int role_gives(struct run *r)
{
    (void)r;
    return 0;
}

/* ---- scripts ------------------------------------------------------------------------ */

/* What SELECT tells is looked at elsewhere: here it is left out. */
static inline void tidy(char *out)
{
    static const char *const told[] = {"* FLAGS ",       "* OK [PERMANENTFLAGS ",
                                       "* OK [UIDNEXT ", "* OK [UIDVALIDITY ",
                                       "* 3 EXISTS",     "* 0 RECENT",
                                       "* LIST ",        "* OK [HIGHESTMODSEQ "};
    char *to = out;
    while (*out != '\0') {
        char *end = strstr(out, "\r\n");
        size_t len = end != NULL ? (size_t)(end - out) + 2 : strlen(out);
        size_t i;
        for (i = 0; i < sizeof told / sizeof told[0]; i++) {
            if (strncmp(out, told[i], strlen(told[i])) == 0) {
                break;
            }
        }
        if (i == sizeof told / sizeof told[0]) {
            memmove(to, out, len);
            to += len;
        }
        out += len;
    }
    *to = '\0';
}

static inline void set_mailbox(struct run *r, const struct script *script)
{
    r->lend = script->lend;
    r->exists = 3;
}

static inline void run_start(struct run *r, const mailproto_imap_server_options *o)
{
    run_begin(r, o);
}

/* Plays a script in every way and at every cut: log and output are always these. */
static inline void check_script(const mailproto_imap_server_options *o, answer_fn *fn,
                                size_t lend, const struct step *steps, int eof,
                                const char *log, const char *out)
{
    struct script script = {o, fn, steps, eof, log, out, set_mailbox, tidy, NULL, lend};
    check_every_way(&script);
}

/* A session in which this was answered, as whole. */
static inline struct run *open_session(const mailproto_imap_server_options *o,
                                       answer_fn *fn, const char *first)
{
    struct script script = {o, fn, NULL, 0, NULL, NULL, set_mailbox, NULL, NULL, 0};
    return open_script(&script, first);
}

static inline mailproto_imap_server_options options_of(void)
{
    mailproto_imap_server_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR;
    return o;
}

#endif /* SERVER_DRIVER_H */
