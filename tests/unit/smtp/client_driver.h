/* Drives an SMTP client from a test: see client_run.h. */
#ifndef TESTS_SMTP_CLIENT_DRIVER_H
#define TESTS_SMTP_CLIENT_DRIVER_H

#include <mailproto/smtp.h>

typedef mailproto_smtp_client role_client;
typedef mailproto_smtp_client_options role_options;

#include "client_run.h"

static inline size_t role_mem_size(const role_options *options)
{
    return mailproto_smtp_client_mem_size(options);
}

static inline mailproto_status role_init(struct driver *d, const role_options *options,
                                         size_t size)
{
    mailproto_status st = mailproto_smtp_client_init(d->block, size, options, &d->c);
    d->s = st == MAILPROTO_OK ? mailproto_smtp_client_session(d->c) : NULL;
    return st;
}

static inline const char *role_event_name(uint32_t type)
{
    switch (type) {
    case MAILPROTO_EV_SMTP_GREETING:
        return "GREETING";
    case MAILPROTO_EV_SMTP_CAPS:
        return "CAPS";
    case MAILPROTO_EV_SMTP_REPLY:
        return "REPLY";
    case MAILPROTO_EV_SMTP_FINAL:
        return "FINAL";
    default:
        return "?";
    }
}

static inline void role_log_code(struct driver *d, const mailproto_event *ev)
{
    if (ev->code != 0) {
        d_log(d, " %u", ev->code);
    }
}

/* Without a reply, where that matters: LOCAL or TRANSPORT and the status. */
static inline void role_log_status(struct driver *d, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    memset(&st, 0, sizeof st);
    if (mailproto_smtp_event_status(ev, &st) != MAILPROTO_OK) {
        return;
    }
    if (st.enhanced[0] != 0) {
        d_log(d, " %u.%u.%u", st.enhanced[0], st.enhanced[1], st.enhanced[2]);
    }
    if (st.code != ev->code) {
        d_log(d, " as %u", st.code);
    }
    if (st.origin == MAILPROTO_ORIGIN_LOCAL) {
        d_log(d, " LOCAL %s", d_status(st.local));
    } else if (st.origin == MAILPROTO_ORIGIN_TRANSPORT) {
        d_log(d, " TRANSPORT %s", d_status(st.local));
    } else {
        assert_int_equal(st.origin, MAILPROTO_ORIGIN_PEER);
    }
}

/* The length of the first reply in `text`, all its lines, or of what there is. */
static inline size_t role_reply(const char *text)
{
    const char *line = text;
    for (;;) {
        const char *end = strstr(line, "\r\n");
        if (end == NULL) {
            return strlen(text);
        }
        if (end - line < 4 || line[3] != '-') {
            return (size_t)(end - text) + 2;
        }
        line = end + 2;
    }
}

static inline role_options d_options(void)
{
    role_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    o.ehlo_name = bytes("me.example");
    return o;
}

/* Up to CAPS; `lines` are capability lines such as "250-SIZE\r\n". */
static inline void d_start(struct driver *d, const char *lines)
{
    d_feed(d, "220 s.example ESMTP\r\n");
    d_sent(d, "EHLO me.example\r\n");
    d_feed(d, "250-s.example\r\n");
    d_feed(d, lines);
    d_feed(d, "250 XLAST\r\n");
    d_expect(d, "GREETING 220 \"s.example ESMTP\"\nCAPS 250\n");
}

/* Gives content and ends it, as far as there is room. */
static inline void d_content(struct driver *d, const char *text, size_t len)
{
    uint64_t before = mailproto_session_content_taken(d->s);
    size_t at = 0;
    mailproto_status st = MAILPROTO_OK;
    while (at < len) {
        size_t used = 0;
        st = mailproto_session_content(d->s, text + at, len - at, &used);
        assert_true(st == MAILPROTO_OK || st == MAILPROTO_AGAIN);
        at += used;
        assert_int_equal(mailproto_session_content_taken(d->s), before + at);
        d_write(d);
    }
    do {
        st = mailproto_session_content_end(d->s);
        d_write(d);
    } while (st == MAILPROTO_AGAIN);
    assert_int_equal(st, MAILPROTO_OK);
}

#endif /* TESTS_SMTP_CLIENT_DRIVER_H */
