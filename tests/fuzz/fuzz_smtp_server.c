/*
 * The SMTP server against any client and any application: what it tells and what it
 * sends must not depend on how the input was cut; content, requests and the end keep
 * their order; and whatever else is called at any time does no harm. Input: eight
 * octets that choose options and answers, then what the client sends. An octet 0xff in
 * it is no octet but a pause: everything is written and pulled.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/smtp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum { KNOBS = 8, PAUSE = 0xff };

/* What grows: the log, the output. */
struct text {
    unsigned char *at;
    size_t len, cap;
};

struct run {
    mailproto_smtp_server *server;
    mailproto_session *s;
    const uint8_t *knobs;
    struct text log, out;
    uint32_t open;    /* type of the value that may go on */
    uint32_t asks;    /* so far */
    uint64_t content; /* octets of the present one */
    int in_content, delivering;
    int half;  /* a challenge is partly given */
    int chaos; /* calls that depend on how the input was cut */
    uint32_t random;
    int closed;
    mailproto_status end;
};

static void append(struct text *t, const void *data, size_t len)
{
    if (t->len + len > t->cap) {
        t->cap = 2 * (t->len + len) + 256;
        t->at = (unsigned char *)realloc(t->at, t->cap);
        CHECK(t->at != NULL);
    }
    if (len > 0) {
        memcpy(t->at + t->len, data, len);
        t->len += len;
    }
}

static uint32_t next_random(struct run *r)
{
    r->random = r->random * 1664525u + 1013904223u;
    return r->random >> 8;
}

/* ---- options --------------------------------------------------------------------- */

static mailproto_smtp_server_options options_of(const uint8_t *knobs)
{
    static const uint64_t masks[] = {
        0, MAILPROTO_SMTP_CAPS_NONE, 0x7f, 0xb7e7f, 0x1f, 0x5f, 0x37, 0x6e};
    static const uint32_t flags[] = {0, 16, 20, 24, 4, 32 + 16, 8, 28};
    mailproto_smtp_server_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = masks[knobs[0] & 7];
    o.flags = flags[knobs[0] >> 3 & 7];
    o.auth_mechanisms.ptr = "PLAIN LOGIN";
    o.auth_mechanisms.len = 11;
    o.line_ends = knobs[0] >> 6;
    if (knobs[1] & 1) {
        o.max_command = 512;
        o.in_size = 512 + (knobs[1] >> 4);
        o.reply_max = 512;
        o.out_size = 1024;
        o.max_auth_line = 600;
    }
    if (knobs[1] & 2) {
        o.max_content = 1 + (knobs[1] >> 2);
    }
    o.max_bad_commands = knobs[2] & 7;
    o.max_transactions = knobs[2] >> 3 & 3;
    o.max_recipients = 100;
    o.progress_bytes = 1 + (knobs[2] >> 5);
    return o;
}

/* ---- the application ------------------------------------------------------------- */

static void reply(struct run *r, uint32_t tag, uint16_t code, uint32_t flags,
                  const char *text)
{
    mailproto_smtp_status st;
    mailproto_bytes b;
    memset(&st, 0, sizeof st);
    st.code = code;
    b.ptr = text;
    b.len = strlen(text);
    (void)mailproto_smtp_server_reply(r->server, tag, &st, flags, b);
}

/* Answers by the knobs and the number of the question only. */
static void answer_auth(struct run *r, const mailproto_event *ev, unsigned how)
{
    static const mailproto_status outcomes[] = {MAILPROTO_OK, MAILPROTO_ERR_AUTH,
                                                MAILPROTO_ERR_AUTH_TEMPORARY,
                                                MAILPROTO_ERR_NEEDS_TLS};
    static const char challenge[40] = "who are you, and what do you want here?";
    if (how & 4) {
        size_t len = how * 5 % 40;
        CHECK(mailproto_session_auth_data(r->s, challenge, len / 2, len) ==
              MAILPROTO_OK);
        if (len > 0) {
            CHECK(mailproto_session_auth_data(r->s, challenge + len / 2, len - len / 2,
                                              len) == MAILPROTO_OK);
        }
    } else {
        CHECK(mailproto_session_auth_finish(r->s, ev->tag, outcomes[how & 3]) ==
              MAILPROTO_OK);
    }
    CHECK(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK) ==
          MAILPROTO_ERR_STALE);
}

static void answer(struct run *r, const mailproto_event *ev)
{
    unsigned how = (unsigned)r->knobs[3 + r->asks % 5] >> (r->asks % 3);
    ++r->asks;
    if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
        answer_auth(r, ev, how);
        return;
    }
    switch (how & 31) {
    case 1:
        reply(r, ev->tag, 550, MAILPROTO_SMTP_REPLY_MORE, "one");
        reply(r, ev->tag, 550, 0, "two");
        break;
    case 2:
        reply(r, ev->tag, 451, 0, "");
        break;
    case 3:
        reply(r, ev->tag, 421, 0, "gone");
        break;
    case 4:
        reply(r, ev->tag, 250, 0, "fine");
        break;
    case 5:
        reply(r, ev->tag, 999, 0, "never");
        reply(r, ev->tag, 250, 0, "a\nb");
        break;
    default:
        break;
    }
    (void)mailproto_smtp_server_accept(r->server, ev->tag);
    CHECK(mailproto_smtp_server_accept(r->server, ev->tag) == MAILPROTO_ERR_STALE);
}

/* ---- events ---------------------------------------------------------------------- */

static void log_number(struct run *r, uint64_t value)
{
    append(&r->log, &value, sizeof value);
}

static void log_event(struct run *r, const mailproto_event *ev)
{
    int piece = ev->type == MAILPROTO_EV_CONTENT || ev->type == MAILPROTO_EV_AUTH_DATA;
    if (piece && r->open == ev->type) {
        append(&r->log, ev->text.ptr, ev->text.len);
    } else {
        log_number(r, ev->type);
        log_number(r, piece ? 0 : ev->number);
        log_number(r, ev->code);
        log_number(r, ev->flags & ~(uint32_t)MAILPROTO_EVF_MORE &
                          ~(uint32_t)(piece ? MAILPROTO_EVF_NEEDS_REPLY : 0));
        append(&r->log, ev->text.ptr, ev->text.len);
    }
    r->open = piece && (ev->type == MAILPROTO_EV_CONTENT ||
                        (ev->flags & MAILPROTO_EVF_MORE) != 0)
                  ? ev->type
                  : 0;
}

/* Content and its end keep their order. */
static void check_order(struct run *r, const mailproto_event *ev)
{
    CHECK(!r->closed);
    switch (ev->type) {
    case MAILPROTO_EV_CONTENT:
        CHECK(r->in_content && ev->number == r->content && ev->text.len > 0);
        r->content += ev->text.len;
        break;
    case MAILPROTO_EV_CONTENT_END:
        CHECK(r->in_content && ev->number == r->content);
        r->in_content = 0;
        r->delivering = 1;
        break;
    case MAILPROTO_EV_CONTENT_ABORTED:
        CHECK(r->in_content && ev->number == r->content && (int32_t)ev->code < 0);
        r->in_content = 0;
        break;
    case MAILPROTO_EV_SMTP_DELIVER:
        CHECK(r->delivering && !r->in_content);
        r->delivering = 0;
        break;
    case MAILPROTO_EV_CLOSED:
        CHECK(!r->in_content);
        r->closed = 1;
        r->end = (mailproto_status)ev->code;
        break;
    default:
        CHECK(!r->in_content || ev->type == MAILPROTO_EV_SMTP_EARLY_TALKER);
        break;
    }
}

static void drain(struct run *r)
{
    size_t len;
    const void *due = mailproto_session_output(r->s, &len);
    append(&r->out, due, len);
    CHECK(mailproto_session_output_sent(r->s, len) == MAILPROTO_OK);
}

/* A call at any time; none may do harm. */
static void disturb(struct run *r)
{
    static const mailproto_bytes text = {"bye", 3};
    mailproto_smtp_status st;
    mailproto_want want;
    uint32_t dice = next_random(r);
    memset(&st, 0, sizeof st);
    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    st.code = 550;
    switch (dice % 32) {
    case 0:
        (void)mailproto_smtp_server_refuse_content(r->server, &st, text);
        break;
    case 1:
        if (dice % 64 == 1) {
            st.code = dice % 128 == 1 ? 421 : 550;
            (void)mailproto_smtp_server_shutdown(r->server,
                                                 dice % 256 == 1 ? NULL : &st, text);
        }
        break;
    case 2:
        mailproto_session_get_want(r->s, &want);
        if (dice % 64 == 2) {
            (void)mailproto_session_timed_out(r->s, want.wait_id);
        }
        break;
    case 3:
        if (dice % 256 == 3) {
            (void)mailproto_session_fail(r->s, MAILPROTO_ERR_IO);
        }
        break;
    case 4:
        drain(r);
        break;
    case 5:
        (void)mailproto_session_auth_data(r->s, "x", 1, dice & 3);
        break;
    case 6:
        (void)mailproto_session_auth_finish(r->s, dice & 7, MAILPROTO_OK);
        break;
    case 7:
        (void)mailproto_smtp_server_accept(r->server, dice & 15);
        break;
    case 8:
        (void)mailproto_smtp_server_reply(r->server, r->asks + 1, &st, dice & 1, text);
        break;
    case 9:
        (void)mailproto_smtp_server_with(r->server);
        break;
    default:
        break;
    }
}

/* Answers of the chaotic application: anything may have been answered already. */
static void answer_in_chaos(struct run *r, const mailproto_event *ev)
{
    uint32_t dice = next_random(r);
    int i;
    ++r->asks;
    for (i = 0; i < 3; i++) {
        disturb(r);
    }
    if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
        while (mailproto_session_auth_data(r->s, "y", 1, dice & 3) == MAILPROTO_OK) {
        }
        (void)mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK);
    }
    (void)mailproto_smtp_server_accept(r->server, ev->tag);
}

static void pull(struct run *r)
{
    mailproto_event ev;
    while (mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
        log_event(r, &ev);
        check_order(r, &ev);
        if (ev.type == MAILPROTO_EV_TLS_GO) {
            (void)mailproto_session_tls_started(r->s, NULL);
        } else if ((ev.flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            /* Content begins after the answer to DATA, if it is a good one. */
            if (ev.type == MAILPROTO_EV_SMTP_DATA) {
                r->in_content = 1;
                r->content = 0;
            }
            if (r->chaos) {
                answer_in_chaos(r, &ev);
            } else {
                answer(r, &ev);
            }
            if (ev.type == MAILPROTO_EV_SMTP_DATA) {
                mailproto_error e = {sizeof e, 0, 0, 0, 0, NULL};
                mailproto_session_get_error(r->s, &e);
                r->in_content = e.reply_code == 354;
            }
        } else if (r->chaos) {
            disturb(r);
        }
    }
}

/* ---- input ----------------------------------------------------------------------- */

static void give(struct run *r, const uint8_t *data, size_t len)
{
    uint8_t *copy = (uint8_t *)malloc(len > 0 ? len : 1);
    size_t done = 0;
    int stuck = 0;
    CHECK(copy != NULL);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    while (done < len && !r->closed) {
        size_t used;
        if (mailproto_session_feed(r->s, copy + done, len - done, &used) < 0) {
            pull(r);
            break;
        }
        done += used;
        pull(r);
        /* What fills the output must be written; only then, so that the one who sends
         * early is the same however the input is cut. */
        stuck = used > 0 ? 0 : stuck + 1;
        if (stuck > 3) {
            drain(r);
        }
        CHECK(stuck < 12);
    }
    free(copy);
}

static void start(struct run *r, const uint8_t *knobs)
{
    mailproto_smtp_server_options o = options_of(knobs);
    size_t size = mailproto_smtp_server_mem_size(&o);
    void *block;
    memset(r, 0, sizeof *r);
    r->knobs = knobs;
    CHECK(size > 0);
    CHECK(size <= MAILPROTO_SMTP_SERVER_MEM(o.in_size ? o.in_size : 4096,
                                            o.out_size ? o.out_size : 4096, 9, 11));
    block = malloc(size);
    CHECK(block != NULL);
    CHECK(mailproto_smtp_server_init(block, size, &o, &r->server) == MAILPROTO_OK);
    CHECK((void *)r->server == block); /* malloc's alignment is the engine's */
    r->s = mailproto_smtp_server_session(r->server);
}

static void finish(struct run *r)
{
    drain(r);
    pull(r);
    (void)mailproto_session_feed_eof(r->s);
    pull(r);
    drain(r);
    pull(r);
    CHECK(r->closed);
    CHECK(mailproto_session_next_event(r->s, &(mailproto_event){0}) == MAILPROTO_EOF);
}

static void release(struct run *r)
{
    free(r->server);
    free(r->log.at);
    free(r->out.at);
}

/* `piece` 0: as it is; else in pieces of up to so many octets. */
static void play(struct run *r, const uint8_t *data, size_t size, size_t piece)
{
    size_t at = 0;
    pull(r);
    drain(r);
    pull(r);
    while (at < size) {
        size_t n = 0;
        while (at + n < size && data[at + n] != PAUSE && (piece == 0 || n < piece)) {
            n++;
        }
        give(r, data + at, n);
        at += n;
        if (at < size && data[at] == PAUSE) {
            drain(r);
            pull(r);
            at++;
        }
    }
}

/* What was sent are whole lines of replies. */
static void check_output(const struct text *out)
{
    size_t i = 0;
    while (i < out->len) {
        const unsigned char *line = out->at + i;
        const unsigned char *end =
            (const unsigned char *)memchr(line, '\n', out->len - i);
        CHECK(end != NULL && end - line >= 5 && end[-1] == '\r');
        CHECK(line[0] >= '2' && line[0] <= '5' && line[1] >= '0' && line[1] <= '5' &&
              line[2] >= '0' && line[2] <= '9' && (line[3] == ' ' || line[3] == '-'));
        i += (size_t)(end - line) + 1;
    }
}

static void compare(const struct run *a, const struct run *b)
{
    CHECK(a->end == b->end);
    CHECK(a->log.len == b->log.len && memcmp(a->log.at, b->log.at, a->log.len) == 0);
    CHECK(a->out.len == b->out.len && memcmp(a->out.at, b->out.at, a->out.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole, cut;
    if (size < KNOBS) {
        return 0;
    }
    start(&whole, data);
    play(&whole, data + KNOBS, size - KNOBS, 0);
    finish(&whole);
    check_output(&whole.out);

    start(&cut, data);
    play(&cut, data + KNOBS, size - KNOBS, 1);
    finish(&cut);
    compare(&whole, &cut);
    release(&cut);

    start(&cut, data);
    play(&cut, data + KNOBS, size - KNOBS, 2 + data[2] % 61u);
    finish(&cut);
    compare(&whole, &cut);
    release(&cut);
    release(&whole);

    start(&cut, data);
    cut.chaos = 1;
    cut.random = (uint32_t)data[3] << 16 | (uint32_t)data[4] << 8 | data[5];
    play(&cut, data + KNOBS, size - KNOBS, data[6] % 50u);
    finish(&cut);
    release(&cut);
    return 0;
}
