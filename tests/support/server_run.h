/*
 * Drives a server of any protocol in memory: a script of steps is fed whole, byte by byte,
 * or cut at any place, and what came of it is written down as text: the events, the
 * output. The `server_driver.h` of a protocol defines role_server,
 * includes this, and defines the role_...() that are declared below.
 */
#ifndef TESTS_SERVER_RUN_H
#define TESTS_SERVER_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/session.h>

enum { LOG_MAX = 1 << 17, OUT_MAX = 1 << 17 };

/* Ways to feed a step. */
enum way { WHOLE, BYTEWISE, CUT, SPACE_WHOLE, SPACE_BYTEWISE, WAYS };

struct step {
    const char *data;
    size_t len;
};
#define STEP(text)                                                                     \
    {                                                                                  \
        text, sizeof(text) - 1                                                         \
    }
#define STEPS_END                                                                      \
    {                                                                                  \
        NULL, 0                                                                        \
    }

struct run;
typedef int answer_fn(struct run *r, const mailproto_event *ev);

struct run {
    void *block;                   /* the server lies in it */
    const mailproto_tls_info *tls; /* what is known of TLS, or NULL */
    role_server *server;
    mailproto_session *s;
    enum way way;
    size_t cut;         /* CUT: after so many octets of the whole script */
    size_t fed;         /* octets of the script so far */
    answer_fn *answer;  /* 1: it has answered; NULL: as the role does */
    int late;           /* answers are postponed: the engine is prodded before each */
    int no_drain;       /* output stays where it is until the end of a step */
    char pending[1024]; /* what the engine would not take yet */
    size_t pending_len;
    void *user;
    char log[LOG_MAX]; /* the events */
    size_t log_len;
    uint32_t open;     /* type of a value that may go on, or 0 */
    char out[OUT_MAX]; /* everything that was sent */
    size_t out_len;
    size_t events;
    mailproto_status closed; /* code of CLOSED, or 1 */

    uint64_t content_seen; /* octets of the content that comes in */
    int quiet_content;     /* ... which are counted, not logged */
    /* POP3 */
    const char *const *messages; /* the maildrop, NULL at its end; NULL: it is empty */
    const char *content;         /* what is left of the content on its way, or NULL */
    size_t content_size;         /* octets given to it at once; 0: all */
    /* IMAP */
    uint32_t exists;   /* messages of every mailbox */
    uint64_t literals; /* literals taken so far */
    size_t lend;       /* memory is lent, of so many octets at least; 0: none */
};

/* ---- what a protocol's driver defines ---------------------------------------------- */

/* The octets of a block for these options. */
static inline size_t role_mem_size(const void *options);
/* Places the server into r->block, and sets r->server and r->s. */
static inline mailproto_status role_init(struct run *r, const void *options,
                                         size_t size);
/* An event's name if it is the role's own, or "?". */
static inline const char *role_event_name(uint32_t type);
/* What else the log tells of an event. */
static inline void role_log(struct run *r, const mailproto_event *ev);
/* Sees each event before it is answered. */
static inline void role_sees(struct run *r, const mailproto_event *ev);
/* Answers an event that the test left alone. */
static inline mailproto_status role_answer(struct run *r, const mailproto_event *ev);
/* Accepts what `tag` names. */
static inline mailproto_status role_accept(struct run *r, uint32_t tag);
/* Does what the application does unasked; 1: look for events again. */
static inline int role_gives(struct run *r);

/* ---- beginning and end ------------------------------------------------------------- */

static inline mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static inline void run_begin(struct run *r, const void *options)
{
    enum way way = r->way;
    size_t cut = r->cut;
    size_t size = role_mem_size(options);
    memset(r, 0, sizeof *r);
    r->way = way;
    r->cut = cut;
    r->closed = 1;
    /* Zeroed, so that a test may look through all of it. */
    r->block = calloc(1, size);
    assert_non_null(r->block);
    assert_int_equal(role_init(r, options, size), MAILPROTO_OK);
}

static inline void run_end(struct run *r)
{
    free(r->block);
    r->server = NULL;
}

/* ---- the log --------------------------------------------------------------------- */

static inline void log_bytes(struct run *r, const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        assert_true(r->log_len + 8 < LOG_MAX);
        if (c == '\n') {
            r->log_len += (size_t)sprintf(r->log + r->log_len, "\\n");
        } else if (c == '\r') {
            r->log_len += (size_t)sprintf(r->log + r->log_len, "\\r");
        } else if (c < 32 || c > 126) {
            r->log_len += (size_t)sprintf(r->log + r->log_len, "\\x%02x", c);
        } else {
            r->log[r->log_len++] = (char)c;
        }
    }
    r->log[r->log_len] = '\0';
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline void
log_line(struct run *r, const char *format, ...)
{
    va_list list;
    int n;
    if (r->open != 0) {
        log_bytes(r, "]", 1);
        r->log[r->log_len++] = '\n';
        r->open = 0;
    }
    va_start(list, format);
    n = vsnprintf(r->log + r->log_len, LOG_MAX - r->log_len, format, list);
    va_end(list);
    assert_true(n > 0 && (size_t)n < LOG_MAX - r->log_len);
    r->log_len += (size_t)n;
}

static inline const char *event_name(uint32_t type)
{
    switch (type) {
    case MAILPROTO_EV_TLS_GO:
        return "TLS_GO";
    case MAILPROTO_EV_CONTENT_WANTED:
        return "CONTENT_WANTED";
    case MAILPROTO_EV_CONTENT:
        return "CONTENT";
    case MAILPROTO_EV_CONTENT_END:
        return "CONTENT_END";
    case MAILPROTO_EV_CONTENT_ABORTED:
        return "CONTENT_ABORTED";
    case MAILPROTO_EV_AUTH_START:
        return "AUTH_START";
    case MAILPROTO_EV_AUTH_DATA:
        return "AUTH_DATA";
    case MAILPROTO_EV_AUTH_RESULT:
        return "AUTH_RESULT";
    case MAILPROTO_EV_NEED_MEMORY:
        return "NEED_MEMORY";
    case MAILPROTO_EV_MEMORY_BACK:
        return "MEMORY_BACK";
    case MAILPROTO_EV_ROOM:
        return "ROOM";
    case MAILPROTO_EV_CLOSED:
        return "CLOSED";
    default:
        return role_event_name(type);
    }
}

/* A piece of a value: joined with the piece before. */
static inline void log_piece(struct run *r, const mailproto_event *ev)
{
    if (r->open != ev->type) {
        log_line(r, "%s [", event_name(ev->type));
        r->open = ev->type;
    }
    log_bytes(r, ev->text.ptr, ev->text.len);
    if (ev->type == MAILPROTO_EV_AUTH_DATA && (ev->flags & MAILPROTO_EVF_MORE) == 0) {
        r->log_len +=
            (size_t)sprintf(r->log + r->log_len, "]%s\n",
                            ev->flags & MAILPROTO_EVF_NEEDS_REPLY ? " ?" : "");
        r->open = 0;
    }
}

static inline void log_event(struct run *r, const mailproto_event *ev)
{
    ++r->events;
    if (ev->type == MAILPROTO_EV_CONTENT) {
        assert_true(ev->text.len > 0);
        assert_int_equal(ev->number, r->content_seen);
        r->content_seen += ev->text.len;
    }
    if (ev->type == MAILPROTO_EV_CONTENT_END) {
        assert_int_equal(ev->number, r->content_seen);
    }
    if (ev->type == MAILPROTO_EV_AUTH_DATA || ev->type == MAILPROTO_EV_CONTENT) {
        if (ev->type != MAILPROTO_EV_CONTENT || !r->quiet_content) {
            log_piece(r, ev);
        }
        return;
    }
    log_line(r, "%s", event_name(ev->type));
    if (ev->type == MAILPROTO_EV_CLOSED || ev->type == MAILPROTO_EV_CONTENT_ABORTED) {
        log_line(r, " %s", mailproto_error_name((mailproto_status)ev->code));
    } else if (ev->code != 0) {
        log_line(r, " %u", (unsigned)ev->code);
    }
    role_log(r, ev);
    if (ev->text.ptr != NULL) {
        log_line(r, " [");
        log_bytes(r, ev->text.ptr, ev->text.len);
        log_line(r, "]");
    }
    log_line(r, "%s%s%s%s%s%s\n", ev->flags & MAILPROTO_EVF_NEEDS_REPLY ? " ?" : "",
             ev->flags & MAILPROTO_EVF_REJECTED ? " rejected" : "",
             ev->flags & MAILPROTO_EVF_SECURE ? " secure" : "",
             ev->flags & MAILPROTO_EVF_INITIAL ? " initial" : "",
             ev->flags & MAILPROTO_EVF_REPAIRED ? " repaired" : "",
             ev->flags & MAILPROTO_EVF_UNCLEAN ? " unclean" : "");
}

/* ---- moving ---------------------------------------------------------------------- */

static inline void drain(struct run *r)
{
    size_t len;
    const char *due = (const char *)mailproto_session_output(r->s, &len);
    assert_true(r->out_len + len < OUT_MAX);
    if (len == 0) {
        return;
    }
    memcpy(r->out + r->out_len, due, len);
    r->out_len += len;
    r->out[r->out_len] = '\0';
    assert_int_equal(mailproto_session_output_sent(r->s, len), MAILPROTO_OK);
}

static inline void answer(struct run *r, const mailproto_event *ev)
{
    role_sees(r, ev);
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        if (r->answer != NULL) {
            (void)r->answer(r, ev);
        }
        return;
    }
    assert_int_not_equal(ev->tag, 0);
    if (r->late) {
        /* The spans live on, whatever is called meanwhile. */
        char copy[4096];
        mailproto_event other;
        size_t used;
        size_t len = ev->text.len < sizeof copy ? ev->text.len : sizeof copy;
        if (len > 0) {
            memcpy(copy, ev->text.ptr, len);
        }
        assert_int_equal(mailproto_session_next_event(r->s, &other), MAILPROTO_AGAIN);
        (void)mailproto_session_input_space(r->s, &used);
        drain(r);
        assert_int_equal(mailproto_session_next_event(r->s, &other), MAILPROTO_AGAIN);
        assert_true(len == 0 || memcmp(copy, ev->text.ptr, len) == 0);
    }
    if (r->answer != NULL && r->answer(r, ev)) {
        return;
    }
    assert_int_equal(role_answer(r, ev), MAILPROTO_OK);
    assert_int_equal(role_accept(r, ev->tag), MAILPROTO_ERR_STALE);
}

/* All events there are. */
static inline void pull(struct run *r)
{
    mailproto_event ev;
    for (;;) {
        mailproto_status st = mailproto_session_next_event(r->s, &ev);
        if (st != MAILPROTO_OK) {
            mailproto_want want = {sizeof want, 0, 0, 0};
            size_t len;
            assert_int_equal(st, r->closed == 1 ? MAILPROTO_AGAIN : MAILPROTO_EOF);
            if (r->closed == 1 && role_gives(r)) {
                continue;
            }
            /* Only room in the output may keep it from going on. */
            mailproto_session_get_want(r->s, &want);
            (void)mailproto_session_output(r->s, &len);
            if ((want.flags & MAILPROTO_WANT_WRITE) == 0 || r->no_drain) {
                return;
            }
            assert_true(len > 0);
            drain(r);
            continue;
        }
        log_event(r, &ev);
        if (ev.type == MAILPROTO_EV_CLOSED) {
            r->closed = (mailproto_status)ev.code;
        } else if (ev.type == MAILPROTO_EV_TLS_GO) {
            assert_int_equal(mailproto_session_tls_started(r->s, r->tls), MAILPROTO_OK);
        } else {
            answer(r, &ev);
        }
    }
}

/* Whether nothing goes on but by the application. */
static inline int is_waiting(struct run *r)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_session_get_want(r->s, &want);
    return (want.flags & MAILPROTO_WANT_APP) != 0 &&
           (want.flags & MAILPROTO_WANT_READ) == 0;
}

/* Gives a piece to the engine, and pulls what comes of it. */
static inline void give(struct run *r, const char *data, size_t len)
{
    int stuck = 0;
    /* An exact copy, so that a sanitizer sees a look beyond its ends. */
    char *copy = (char *)malloc(len > 0 ? len : 1);
    size_t done = 0;
    assert_non_null(copy);
    memcpy(copy, data, len);
    while (done < len && r->closed == 1) {
        size_t n = 0;
        mailproto_status st = MAILPROTO_OK;
        if (r->way == SPACE_WHOLE || r->way == SPACE_BYTEWISE) {
            char *space = (char *)mailproto_session_input_space(r->s, &n);
            n = n < len - done ? n : len - done;
            if (n > 0) {
                memcpy(space, copy + done, n);
                st = mailproto_session_input_commit(r->s, n);
            }
        } else {
            st = mailproto_session_feed(r->s, copy + done, len - done, &n);
        }
        done += n;
        pull(r);
        if (st < 0) {
            break;
        }
        stuck = n == 0 ? stuck + 1 : 0;
        if (stuck == 7 && is_waiting(r)) {
            assert_true(len - done < sizeof r->pending - r->pending_len);
            memcpy(r->pending + r->pending_len, copy + done, len - done);
            r->pending_len += len - done;
            break;
        }
        if (stuck > 3) { /* the output is full: it must be written */
            drain(r);
        }
        assert_true(stuck < 8 || r->closed != 1);
    }
    memset(copy, '#', len); /* nobody may look at it any more */
    free(copy);
}

static inline void feed_step(struct run *r, const char *data, size_t len)
{
    size_t i;
    r->no_drain = 1;
    switch (r->way) {
    case BYTEWISE:
    case SPACE_BYTEWISE:
        for (i = 0; i < len; i++) {
            give(r, data + i, 1);
        }
        break;
    case CUT:
        if (r->cut > r->fed && r->cut < r->fed + len) {
            give(r, data, r->cut - r->fed);
            give(r, data + (r->cut - r->fed), len - (r->cut - r->fed));
            break;
        }
        give(r, data, len);
        break;
    case WHOLE:
    case SPACE_WHOLE:
    case WAYS:
    default:
        give(r, data, len);
        break;
    }
    r->fed += len;
    r->no_drain = 0;
    pull(r);
    drain(r);
    pull(r);
}

/* What the engine would not take before. */
static inline void go_on(struct run *r)
{
    char rest[1024];
    size_t len = r->pending_len;
    pull(r);
    drain(r);
    pull(r);
    if (len > 0) {
        memcpy(rest, r->pending, len);
        r->pending_len = 0;
        give(r, rest, len);
        pull(r);
        drain(r);
        pull(r);
    }
}

static inline void feed_text(struct run *r, const char *text)
{
    feed_step(r, text, strlen(text));
}

/* The greeting, then the steps. */
static inline void play(struct run *r, const struct step *steps)
{
    pull(r);
    drain(r);
    for (; steps->data != NULL; steps++) {
        feed_step(r, steps->data, steps->len);
    }
}

static inline void give_eof(struct run *r)
{
    (void)mailproto_session_feed_eof(r->s);
    pull(r);
    drain(r);
    pull(r);
}

/* ---- scripts ------------------------------------------------------------------------ */

/* A script, and what is to come of it. */
struct script {
    const void *options;
    answer_fn *answer;
    const struct step *steps;
    int eof;         /* at its end the peer is gone */
    const char *log; /* the events */
    const char *out; /* what is sent */
    void (*set)(struct run *r, const struct script *script); /* the role's, or NULL */
    void (*tidy)(char *out);     /* what is sent, before it is compared; or NULL */
    const char *const *messages; /* for `set` */
    size_t lend;                 /* for `set` */
};

/* Plays it in every way and at every cut: log and output are always these. */
static inline void check_every_way(const struct script *script)
{
    struct run *r = (struct run *)calloc(1, sizeof *r);
    size_t total = 0;
    size_t i;
    int late;
    assert_non_null(r);
    for (i = 0; script->steps[i].data != NULL; i++) {
        total += script->steps[i].len;
    }
    for (i = 0; i < WAYS - 1 + total; i++) {
        for (late = 0; late < 2; late++) {
            static const enum way ways[] = {WHOLE, BYTEWISE, SPACE_WHOLE,
                                            SPACE_BYTEWISE};
            r->way = i < 4 ? ways[i] : CUT;
            r->cut = i < 4 ? 0 : i - 3;
            run_begin(r, script->options);
            r->answer = script->answer;
            r->late = late;
            if (script->set != NULL) {
                script->set(r, script);
            }
            play(r, script->steps);
            if (script->eof) {
                give_eof(r);
            }
            if (script->tidy != NULL) {
                script->tidy(r->out);
            }
            if (strcmp(r->log, script->log) != 0 || strcmp(r->out, script->out) != 0) {
                print_error(
                    "way %d cut %zu late %d\n--- log\n%s--- wanted\n%s--- out\n%s",
                    (int)r->way, r->cut, late, r->log, script->log, r->out);
            }
            assert_string_equal(r->log, script->log);
            assert_string_equal(r->out, script->out);
            run_end(r);
        }
    }
    free(r);
}

/* A session, begun as `script` says, in which `first` was answered, as whole. */
static inline struct run *open_script(const struct script *script, const char *first)
{
    struct run *r = (struct run *)calloc(1, sizeof *r);
    assert_non_null(r);
    run_begin(r, script->options);
    r->answer = script->answer;
    if (script->set != NULL) {
        script->set(r, script);
    }
    pull(r);
    drain(r);
    if (first != NULL && first[0] != '\0') {
        feed_text(r, first);
    }
    r->out_len = 0;
    r->out[0] = '\0';
    r->log_len = 0;
    r->log[0] = '\0';
    return r;
}

static inline void close_session(struct run *r)
{
    run_end(r);
    free(r);
}

static inline mailproto_error error_of(struct run *r)
{
    mailproto_error e = {sizeof e, 0, 0, 0, 0, NULL};
    mailproto_session_get_error(r->s, &e);
    return e;
}

static inline uint64_t cap_bit(uint32_t cap)
{
    return (uint64_t)1 << cap;
}

#endif /* TESTS_SERVER_RUN_H */
