/* Drives a POP3 client from a test: see client_run.h. */
#ifndef TESTS_POP3_CLIENT_DRIVER_H
#define TESTS_POP3_CLIENT_DRIVER_H

#include <mailproto/pop3.h>

typedef mailproto_pop3_client role_client;
typedef mailproto_pop3_client_options role_options;

#include "client_run.h"

static inline size_t role_mem_size(const role_options *options)
{
    return mailproto_pop3_client_mem_size(options);
}

static inline mailproto_status role_init(struct driver *d, const role_options *options,
                                         size_t size)
{
    mailproto_status st = mailproto_pop3_client_init(d->block, size, options, &d->c);
    d->s = st == MAILPROTO_OK ? mailproto_pop3_client_session(d->c) : NULL;
    return st;
}

static inline const char *role_event_name(uint32_t type)
{
    switch (type) {
    case MAILPROTO_EV_POP3_GREETING:
        return "GREETING";
    case MAILPROTO_EV_POP3_CAPS:
        return "CAPS";
    case MAILPROTO_EV_POP3_REPLY:
        return "REPLY";
    case MAILPROTO_EV_POP3_ITEM:
        return "ITEM";
    case MAILPROTO_EV_POP3_LINE:
        return "LINE";
    case MAILPROTO_EV_POP3_COMMIT:
        return "COMMIT";
    default:
        return "?";
    }
}

static inline const char *d_code(uint32_t type, uint32_t code)
{
    static const char *const replies[3] = {"OK", "ERR", "NONE"};
    static const char *const commits[5] = {"DONE", "FAILED", "UNKNOWN", "NOT",
                                           "NOTHING"};
    if (type == MAILPROTO_EV_POP3_COMMIT) {
        assert_true(code < 5);
        return commits[code];
    }
    assert_true(code < 3);
    return replies[code];
}

static inline void role_log_code(struct driver *d, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_ITEM) {
        d_log(d, " %u", ev->code);
    } else if (ev->type == MAILPROTO_EV_POP3_COMMIT) {
        d_log(d, " %s", d_code(ev->type, ev->code));
    }
}

static inline void role_log_status(struct driver *d, const mailproto_event *ev)
{
    static const char *const resps[7] = {
        "", "LOGIN-DELAY", "IN-USE", "SYS/TEMP", "SYS/PERM", "AUTH", "UTF8"};
    mailproto_pop3_status st;
    memset(&st, 0, sizeof st);
    st.struct_size = sizeof st;
    if (mailproto_pop3_event_status(ev, &st) != MAILPROTO_OK) {
        return;
    }
    d_log(d, " %s", d_code(MAILPROTO_EV_POP3_REPLY, st.code));
    d->verb = st.verb;
    if (st.resp != 0) {
        assert_true(st.resp < 7);
        d_log(d, " [%s]", resps[st.resp]);
    }
    if (st.messages != 0) {
        d_log(d, " messages=%u", st.messages);
    }
    if (st.local != MAILPROTO_OK) {
        d_log(d, " %s", d_status(st.local));
    }
}

/* A line is one. */
static inline size_t role_reply(const char *text)
{
    const char *end = strstr(text, "\r\n");
    return end != NULL ? (size_t)(end - text) + 2 : strlen(text);
}

static inline role_options d_options(void)
{
    role_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_POP3_TLS_NONE;
    o.flags = MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR;
    return o;
}

/* Octets that d_start("") and d_login("") feed. */
enum { D_START = 8 + 5 + 3, D_LOGIN = D_START + 6 + 5 + 5 };

/* Up to CAPS; `lines` are capability lines such as "PIPELINING\r\n". */
static inline void d_start(struct driver *d, const char *lines)
{
    d_feed(d, "+OK hi\r\n");
    d_sent(d, "CAPA\r\n");
    d_feed(d, "+OK\r\n");
    d_feed(d, lines);
    d_feed(d, ".\r\n");
    d_expect(d, "GREETING \"hi\" OK\nCAPS\n");
}

/* Into TRANSACTION. */
static inline void d_login(struct driver *d, const char *lines)
{
    d_start(d, lines[0] != '\0' ? lines : "USER\r\n");
    assert_int_equal(mailproto_pop3_client_login(d->c, 1, bytes("u"), bytes("p w")),
                     MAILPROTO_OK);
    d_sent(d, "USER u\r\n");
    d_feed(d, "+OK\r\n");
    d_sent(d, "PASS p w\r\n");
    d_feed(d, "+OK\r\n");
    d_expect(d, "REPLY tag=1 OK\n");
}

#endif /* TESTS_POP3_CLIENT_DRIVER_H */
