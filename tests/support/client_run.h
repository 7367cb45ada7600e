/*
 * Drives a client of any protocol from a test: server text in, cut wherever the plan says;
 * events written down, pieces of one value joined; what the client sends collected. A
 * scenario is a function that runs with every plan and sees the same each time. The
 * `client_driver.h` of a protocol defines role_client, role_options, includes this, and
 * defines the role_...() that are declared below.
 */
#ifndef TESTS_CLIENT_RUN_H
#define TESTS_CLIENT_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/session.h>

struct driver {
    role_client *c;
    mailproto_session *s;
    void *block;
    size_t cut;      /* a piece ends at this offset of the stream; 0: nowhere */
    size_t piece;    /* octets of a piece at most; 0: as they come */
    int in_place;    /* by input_space() instead of feed() */
    int keep_output; /* the output is not written */
    size_t fed;
    uint32_t credential; /* octets traced as such */
    mailproto_trace trace;
    /* Called with every event. */
    void (*react)(struct driver *d, const mailproto_event *ev);
    void *ctx;
    char log[32768];
    size_t log_len;
    char wire[262144];
    size_t wire_len, wire_seen;
    char text[65536]; /* of the value that is being joined */
    size_t text_len;
    uint32_t joining;
    uint32_t content_tag;
    uint64_t content_at;
    uint32_t verb; /* of the last status */
};

/* ---- what a protocol's driver defines ---------------------------------------------- */

/* An event's name if it is the role's own, or "?". */
static inline const char *role_event_name(uint32_t type);
/* What the log tells of the event's code, behind its tag. */
static inline void role_log_code(struct driver *d, const mailproto_event *ev);
/* What it tells of the event's status, behind its number. */
static inline void role_log_status(struct driver *d, const mailproto_event *ev);
/* The length of the first reply in `text`, or of what there is of it. */
static inline size_t role_reply(const char *text);
/* The options of a test that gives none. */
static inline role_options d_options(void);
/* The octets of a block for these options. */
static inline size_t role_mem_size(const role_options *options);
/* Places the client into d->block, and sets d->c and d->s. */
static inline mailproto_status role_init(struct driver *d, const role_options *options,
                                         size_t size);

/* ---- the log ------------------------------------------------------------------------ */

static inline mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline void
d_log(struct driver *d, const char *format, ...)
{
    va_list args;
    int n;
    va_start(args, format);
    n = vsnprintf(d->log + d->log_len, sizeof d->log - d->log_len, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof d->log - d->log_len);
    d->log_len += (size_t)n;
}

static inline const char *d_type(uint32_t type)
{
    switch (type) {
    case MAILPROTO_EV_TLS_GO:
        return "TLS_GO";
    case MAILPROTO_EV_AUTH_DATA:
        return "AUTH_DATA";
    case MAILPROTO_EV_AUTH_RESULT:
        return "AUTH_RESULT";
    case MAILPROTO_EV_CLOSED:
        return "CLOSED";
    case MAILPROTO_EV_ROOM:
        return "ROOM";
    case MAILPROTO_EV_REFUSED:
        return "REFUSED";
    case MAILPROTO_EV_CONTENT_WANTED:
        return "WANTED";
    case MAILPROTO_EV_CONTENT:
        return "CONTENT";
    case MAILPROTO_EV_CONTENT_END:
        return "END";
    case MAILPROTO_EV_CONTENT_ABORTED:
        return "ABORTED";
    default:
        return role_event_name(type);
    }
}

/* "ERR_CANCELLED" */
static inline const char *d_status(mailproto_status st)
{
    return mailproto_error_name(st) + sizeof "MAILPROTO_" - 1;
}

/* Content is joined, and told as one value when another event comes. */
static inline void d_content_so_far(struct driver *d)
{
    if (d->joining == MAILPROTO_EV_CONTENT) {
        d->text[d->text_len] = '\0';
        d_log(d, "CONTENT tag=%u \"%s\"\n", d->content_tag, d->text);
        d->text_len = 0;
        d->joining = 0;
    }
}

static inline void d_join(struct driver *d, const mailproto_event *ev)
{
    assert_true(d->text_len + ev->text.len < sizeof d->text);
    if (ev->text.len > 0) {
        memcpy(d->text + d->text_len, ev->text.ptr, ev->text.len);
    }
    d->text_len += ev->text.len;
}

/*
 * One line an event: TYPE tag=1 [code] "text" [number] [status] [flags]. A line that
 * ends in `-` is followed by more of the same reply.
 */
static inline void d_event(struct driver *d, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_CONTENT) {
        if (d->joining != ev->type) {
            d->content_at = 0;
        }
        assert_int_equal(ev->number, d->content_at);
        assert_true(ev->text.len > 0);
        d->content_at += ev->text.len;
        d->content_tag = ev->tag;
        d_join(d, ev);
        d->joining = ev->type;
        return;
    }
    d_content_so_far(d);
    if (d->joining != 0 && d->joining != ev->type) { /* the value never ended */
        d->text[d->text_len] = '\0';
        d_log(d, "%s \"%s\" ...\n", d_type(d->joining), d->text);
        d->text_len = 0;
    }
    d_join(d, ev);
    d->joining = ev->flags & MAILPROTO_EVF_MORE ? ev->type : 0;
    if (d->joining) {
        return;
    }
    d->text[d->text_len] = '\0';
    d_log(d, "%s", d_type(ev->type));
    if (ev->tag != 0) {
        d_log(d, " tag=%u", ev->tag);
    }
    if (ev->type == MAILPROTO_EV_CLOSED || ev->type == MAILPROTO_EV_CONTENT_ABORTED) {
        if (ev->code != 0) {
            d_log(d, " %s", d_status((mailproto_status)ev->code));
        }
    } else {
        role_log_code(d, ev);
    }
    if (d->text_len > 0) {
        d_log(d, " \"%s\"", d->text);
    }
    d->text_len = 0;
    if (ev->number != 0) {
        d_log(d, " number=%lu", (unsigned long)ev->number);
    }
    role_log_status(d, ev);
    if (ev->flags & MAILPROTO_EVF_LINE_MORE) {
        d_log(d, " -");
    }
    if (ev->flags & MAILPROTO_EVF_REJECTED) {
        d_log(d, " rejected");
    }
    if (ev->flags & MAILPROTO_EVF_SECURE) {
        d_log(d, " secure");
    }
    if (ev->flags & MAILPROTO_EVF_INITIAL) {
        d_log(d, " initial");
    }
    if (ev->flags & MAILPROTO_EVF_REPAIRED) {
        d_log(d, " repaired");
    }
    if (ev->flags & MAILPROTO_EVF_UNCLEAN) {
        d_log(d, " unclean");
    }
    d_log(d, "\n");
}

/* ---- moving ------------------------------------------------------------------------- */

static inline void d_write(struct driver *d)
{
    size_t len;
    const void *due = mailproto_session_output(d->s, &len);
    if (d->keep_output || len == 0) {
        return;
    }
    assert_true(d->wire_len + len < sizeof d->wire);
    memcpy(d->wire + d->wire_len, due, len);
    d->wire_len += len;
    assert_int_equal(mailproto_session_output_sent(d->s, len), MAILPROTO_OK);
}

/* Pulls all events, writes all output. */
static inline void d_run(struct driver *d)
{
    mailproto_event ev;
    size_t before;
    do {
        before = d->wire_len;
        while (mailproto_session_next_event(d->s, &ev) == MAILPROTO_OK) {
            d_event(d, &ev);
            if (d->react != NULL &&
                (d->joining == 0 || d->joining == MAILPROTO_EV_CONTENT)) {
                d->react(d, &ev);
            }
            d_write(d);
        }
        d_write(d);
    } while (d->wire_len > before);
}

/* Octets of the next piece. */
static inline size_t d_piece(const struct driver *d, size_t left)
{
    size_t n = d->piece != 0 && d->piece < left ? d->piece : left;
    if (d->cut > d->fed && d->cut - d->fed < n) {
        n = d->cut - d->fed;
    }
    return n;
}

/* All of it as one stream, cut by the plan alone: replies to commands that are out. */
static inline void d_feed_bytes(struct driver *d, const char *text, size_t len)
{
    d_run(d);
    while (len > 0) {
        size_t n = d_piece(d, len);
        size_t used = 0;
        if (d->in_place) {
            void *space = mailproto_session_input_space(d->s, &used);
            if (space == NULL) {
                return; /* over */
            }
            used = used < n ? used : n;
            memcpy(space, text, used);
            (void)mailproto_session_input_commit(d->s, used);
            d_run(d);
        } else {
            /* An exact copy, so that a sanitizer sees what is read or kept of it. */
            char *copy = malloc(n);
            mailproto_status st;
            assert_non_null(copy);
            memcpy(copy, text, n);
            st = mailproto_session_feed(d->s, copy, n, &used);
            d_run(d);
            free(copy);
            if (st < 0 || (used == 0 && n > 0)) {
                mailproto_want w = {sizeof w, 0, 0, 0};
                mailproto_session_get_want(d->s, &w);
                if (st < 0 || (w.flags & MAILPROTO_WANT_CLOSED)) {
                    return;
                }
            }
        }
        text += used;
        len -= used;
        d->fed += used;
    }
}

/* Replies, one after another: the program hears of each, and sends what follows from it,
 * before the next one comes. (Together: d_feed_bytes().) */
static inline void d_feed(struct driver *d, const char *text)
{
    while (*text != '\0') {
        size_t len = role_reply(text);
        d_feed_bytes(d, text, len);
        text += len;
    }
}

/* Replies to commands that are out already, together. */
static inline void d_feed_lump(struct driver *d, const char *text)
{
    d_feed_bytes(d, text, strlen(text));
}

static inline void d_eof(struct driver *d)
{
    d_run(d);
    (void)mailproto_session_feed_eof(d->s);
    d_run(d);
}

static inline void d_forget(struct driver *d)
{
    d->log_len = 0;
    d->log[0] = '\0';
}

/* What was told since the last call. */
static inline void d_expect(struct driver *d, const char *log)
{
    d_run(d);
    d_content_so_far(d);
    assert_string_equal(d->log, log);
    d_forget(d);
}

/* What was sent since the last call. */
static inline void d_sent(struct driver *d, const char *wire)
{
    d_run(d);
    d->wire[d->wire_len] = '\0';
    assert_string_equal(d->wire + d->wire_seen, wire);
    d->wire_seen = d->wire_len;
}

static inline void d_error(struct driver *d, mailproto_status code, uint64_t offset,
                           uint32_t reply)
{
    mailproto_error e;
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    mailproto_session_get_error(d->s, &e);
    assert_string_equal(d_status(e.code), d_status(code));
    assert_int_equal(e.offset, offset);
    assert_int_equal(e.reply_code, reply);
    assert_non_null(e.detail);
    assert_true(code == MAILPROTO_OK || e.detail[0] != '\0');
}

static inline void d_timeout(struct driver *d, uint32_t ms)
{
    mailproto_want w = {sizeof w, 0, 0, 0};
    mailproto_session_get_want(d->s, &w);
    assert_int_equal(w.timeout_ms, ms);
}

static inline uint32_t d_want(struct driver *d, uint32_t *wait_id)
{
    mailproto_want w = {sizeof w, 0, 0, 0};
    mailproto_session_get_want(d->s, &w);
    if (wait_id != NULL) {
        *wait_id = w.wait_id;
    }
    return w.flags;
}

static inline void d_trace(void *ctx, uint32_t kind, const void *data, size_t len)
{
    struct driver *d = (struct driver *)ctx;
    (void)data;
    if (kind == MAILPROTO_TRACE_CREDENTIAL) {
        d->credential += (uint32_t)len;
    }
}

/* NULL: d_options(). The block is exactly as large as it must be. */
static inline void d_open(struct driver *d, const role_options *options)
{
    role_options o = options != NULL ? *options : d_options();
    size_t size;
    d->trace.struct_size = sizeof d->trace;
    d->trace.ctx = d;
    d->trace.fn = d_trace;
    o.trace = &d->trace;
    size = role_mem_size(&o);
    assert_true(size > 0);
    d->block = malloc(size);
    assert_non_null(d->block);
    memset(d->block, 0xA5, size);
    assert_int_equal(role_init(d, &o, size), MAILPROTO_OK);
}

static inline void d_close(struct driver *d)
{
    free(d->block);
    d->block = NULL;
}

/* ---- scenarios ---------------------------------------------------------------------- */

typedef void scenario(struct driver *d);

static inline size_t d_once(scenario *run, size_t piece, size_t cut, int in_place)
{
    struct driver *d = calloc(1, sizeof *d);
    size_t fed;
    assert_non_null(d);
    d->piece = piece;
    d->cut = cut;
    d->in_place = in_place;
    run(d);
    fed = d->fed;
    d_close(d);
    free(d);
    return fed;
}

/* Whole, in pieces of 1 to 7 octets, and cut at every offset; both ways in. */
static inline void everywhere(scenario *run)
{
    size_t total = d_once(run, 0, 0, 0);
    size_t i;
    (void)d_once(run, 0, 0, 1);
    for (i = 1; i <= 7; i++) {
        (void)d_once(run, i, 0, 0);
        (void)d_once(run, i, 0, 1);
    }
    for (i = 1; i < total && i < 2000; i++) {
        (void)d_once(run, 0, i, (int)(i & 1U));
    }
}

#endif /* TESTS_CLIENT_RUN_H */
