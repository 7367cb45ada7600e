/*
 * The POP3 server against any client and any application: what it tells and what it sends
 * must not depend on how the input was cut; deletions are told at QUIT and never else; and
 * whatever else is called at any time does no harm. Input: eight octets that choose
 * options and answers, then what the client sends. An octet 0xff in it is no octet but a
 * pause: everything is written and pulled.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/pop3.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum { KNOBS = 8, PAUSE = 0xff, MESSAGES = 9 };

/* What grows: the log, the output. */
struct text {
    unsigned char *at;
    size_t len, cap;
};

struct run {
    mailproto_pop3_server *server;
    mailproto_session *s;
    const uint8_t *knobs;
    struct text log, out;
    uint32_t open; /* type of the value that may go on */
    uint32_t asks; /* so far */
    uint32_t messages, last_item, items;
    int opened, updating, wanted;
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

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* ---- options --------------------------------------------------------------------- */

static mailproto_pop3_server_options options_of(const uint8_t *knobs)
{
    static const uint64_t masks[] = {
        0, MAILPROTO_POP3_CAPS_NONE, 0x3fff, 0x0403, 0x00a7, 0x3ca3, 0x00ab, 0x3bff,
    };
    static const uint32_t flags[] = {2, 2, 6, 0, 3, 2, 4, 6};
    mailproto_pop3_server_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = masks[knobs[0] & 7];
    o.flags = flags[knobs[0] >> 3 & 7];
    o.auth_mechanisms = bytes("PLAIN LOGIN");
    o.line_ends = knobs[0] >> 6;
    o.max_messages = MESSAGES;
    if (knobs[1] & 1) {
        o.max_command = 255;
        o.in_size = 255 + (knobs[1] >> 4);
        o.reply_max = 128;
        o.out_size = 256 + (knobs[1] >> 4);
        o.max_auth_line = 600;
    }
    if (knobs[1] & 2) {
        o.apop_stamp = bytes("<1.2@x.example>");
        o.implementation = bytes("fuzz");
        o.login_delay = knobs[1];
        o.expire_days = knobs[1] & 4 ? MAILPROTO_POP3_EXPIRE_NEVER : knobs[2];
    }
    o.max_bad_commands = knobs[2] & 7;
    o.progress_bytes = 1 + (knobs[2] >> 5);
    return o;
}

/* ---- the application ------------------------------------------------------------- */

/* A request that was answered is gone; a session that failed (too many logins were wrong)
 * says why. */
static int is_gone(struct run *r, mailproto_status st)
{
    mailproto_error e = {sizeof e, 0, 0, 0, 0, NULL};
    mailproto_session_get_error(r->s, &e);
    return st == MAILPROTO_ERR_STALE || (e.code < 0 && st == e.code);
}

static int refuse(struct run *r, const mailproto_event *ev, unsigned how)
{
    (void)mailproto_pop3_server_err(r->server, ev->tag, 99, bytes("never"));
    (void)mailproto_pop3_server_err(r->server, ev->tag, how % 7, bytes("a\nb"));
    return mailproto_pop3_server_err(r->server, ev->tag, how % 7,
                                     bytes(how & 8 ? "" : "no")) == MAILPROTO_OK;
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
    CHECK(is_gone(r, mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK)));
}

static void open_drop(struct run *r, const mailproto_event *ev, unsigned how)
{
    r->messages = how % (MESSAGES + 1);
    CHECK(mailproto_pop3_server_drop(r->server, ev->tag, MESSAGES + 1, 1) ==
          MAILPROTO_ERR_COUNT_LIMIT);
    CHECK(mailproto_pop3_server_drop(r->server, ev->tag, r->messages,
                                     (uint64_t)r->messages << 40) == MAILPROTO_OK);
}

static void answer(struct run *r, const mailproto_event *ev)
{
    unsigned how = (unsigned)r->knobs[3 + r->asks % 5] >> (r->asks % 3);
    ++r->asks;
    if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
        answer_auth(r, ev, how);
        return;
    }
    if (how % 16 == 3 && refuse(r, ev, how)) {
        r->opened -= ev->type == MAILPROTO_EV_POP3_OPEN;
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_POP3_OPEN:
        open_drop(r, ev, how);
        break;
    case MAILPROTO_EV_POP3_NEED_SIZE:
        (void)mailproto_pop3_server_size(r->server, ev->tag, (uint64_t)how << 33);
        break;
    case MAILPROTO_EV_POP3_NEED_UID:
        CHECK(mailproto_pop3_server_uid(r->server, ev->tag, bytes("a b")) ==
              MAILPROTO_ERR_ARGUMENT);
        (void)mailproto_pop3_server_uid(
            r->server, ev->tag,
            bytes(how & 1 ? "short" : "0123456789012345678901234567890123456789"));
        break;
    case MAILPROTO_EV_POP3_COMMAND:
    case MAILPROTO_EV_POP3_LANG:
        (void)mailproto_pop3_server_ok(r->server, ev->tag, how & 1, bytes("fine"));
        break;
    default:
        break;
    }
    (void)mailproto_pop3_server_accept(r->server, ev->tag);
    CHECK(is_gone(r, mailproto_pop3_server_accept(r->server, ev->tag)));
}

/* ---- events ---------------------------------------------------------------------- */

static void log_number(struct run *r, uint64_t value)
{
    append(&r->log, &value, sizeof value);
}

static void log_event(struct run *r, const mailproto_event *ev)
{
    int piece = (ev->flags & MAILPROTO_EVF_MORE) != 0 || r->open == ev->type;
    if (piece && r->open == ev->type) {
        append(&r->log, ev->text.ptr, ev->text.len);
    } else {
        log_number(r, ev->type);
        log_number(r, piece ? 0 : ev->number);
        log_number(r, ev->code);
        log_number(r, ev->flags & ~(uint32_t)MAILPROTO_EVF_MORE &
                          ~(uint32_t)(ev->type == MAILPROTO_EV_AUTH_DATA
                                          ? MAILPROTO_EVF_NEEDS_REPLY
                                          : 0));
        append(&r->log, ev->text.ptr, ev->text.len);
    }
    r->open = (ev->flags & MAILPROTO_EVF_MORE) != 0 ? ev->type : 0;
}

/* Deletions are told one by one, ascending, then as a whole, and once. */
static void check_order(struct run *r, const mailproto_event *ev)
{
    uint32_t number = (uint32_t)ev->number;
    CHECK(!r->closed);
    switch (ev->type) {
    case MAILPROTO_EV_POP3_OPEN:
        CHECK(r->opened == 0);
        r->opened = 1;
        break;
    case MAILPROTO_EV_POP3_UPDATE_ITEM:
        CHECK(r->opened && !r->updating && number > r->last_item &&
              number <= r->messages);
        CHECK(mailproto_pop3_server_is_marked(r->server, number));
        r->last_item = number;
        r->items++;
        break;
    case MAILPROTO_EV_POP3_UPDATE:
        CHECK(r->opened && !r->updating && ev->number == r->items);
        r->updating = 1;
        break;
    case MAILPROTO_EV_POP3_NEED_SIZE:
    case MAILPROTO_EV_POP3_NEED_UID:
    case MAILPROTO_EV_POP3_RETR:
        CHECK(r->opened && !r->updating && number >= 1 && number <= r->messages);
        CHECK(!mailproto_pop3_server_is_marked(r->server, number));
        break;
    case MAILPROTO_EV_CLOSED:
        r->closed = 1;
        r->end = (mailproto_status)ev->code;
        CHECK(r->end != MAILPROTO_OK || !r->items || r->updating || r->chaos);
        break;
    default:
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

/* The same content however the input was cut. */
static void give_content(struct run *r)
{
    static const char text[] = "A: b\r\n\r\n.dot\r\n.\r\nbare\n.\rx\r\n\0end";
    size_t len = r->knobs[7] % sizeof text;
    size_t at = 0;
    mailproto_status st = MAILPROTO_OK;
    while (at < len && st >= 0 && st != MAILPROTO_ENOUGH) {
        size_t used = 0;
        st = mailproto_session_content(r->s, text + at, len - at, &used);
        CHECK(used <= len - at);
        at += used;
        if (used == 0 && st >= 0) {
            drain(r);
        }
    }
    if (st >= 0) {
        while ((st = mailproto_session_content_end(r->s)) == MAILPROTO_AGAIN) {
            drain(r);
        }
    }
    if (st < 0) { /* a CR at the very end is a bare one too */
        CHECK(st == MAILPROTO_ERR_NUL || st == MAILPROTO_ERR_BARE_LINE_END || r->chaos);
        (void)mailproto_session_content_abort(r->s);
    }
}

/* A call at any time; none may do harm. */
static void disturb(struct run *r)
{
    mailproto_want want;
    uint32_t dice = next_random(r);
    size_t used = 0;
    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    switch (dice % 32) {
    case 0:
        (void)mailproto_session_content(r->s, "x\r\n", 3, &used);
        break;
    case 1:
        if (dice % 64 == 1) {
            (void)mailproto_pop3_server_shutdown(r->server, bytes("bye"));
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
        (void)mailproto_pop3_server_drop(r->server, dice & 15, 1, 1);
        break;
    case 8:
        (void)mailproto_pop3_server_uid(r->server, r->asks, bytes("x"));
        break;
    case 9:
        (void)mailproto_pop3_server_policy(r->server, dice, dice);
        break;
    case 10:
        (void)mailproto_pop3_server_is_marked(r->server, dice);
        break;
    case 11:
        (void)mailproto_session_content_end(r->s);
        break;
    case 12:
        (void)mailproto_pop3_server_err(r->server, r->asks, dice & 7, bytes("x"));
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
    if (dice % 4 == 0) {
        (void)mailproto_pop3_server_drop(r->server, ev->tag, 5, 50);
    }
    (void)mailproto_pop3_server_accept(r->server, ev->tag);
}

static void pull(struct run *r)
{
    mailproto_event ev;
    while (mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
        log_event(r, &ev);
        if (!r->chaos) {
            check_order(r, &ev);
        } else if (ev.type == MAILPROTO_EV_CLOSED) {
            r->closed = 1;
        }
        if (ev.type == MAILPROTO_EV_TLS_GO) {
            (void)mailproto_session_tls_started(r->s, NULL);
        } else if (ev.type == MAILPROTO_EV_CONTENT_WANTED) {
            give_content(r);
        } else if ((ev.flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            if (r->chaos) {
                answer_in_chaos(r, &ev);
            } else {
                answer(r, &ev);
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
        stuck = used > 0 ? 0 : stuck + 1;
        if (stuck > 3) {
            drain(r);
        }
        CHECK(stuck < 12 || r->chaos);
        if (stuck > 40) {
            break; /* the chaotic application left content open */
        }
    }
    free(copy);
}

static void start(struct run *r, const uint8_t *knobs)
{
    mailproto_pop3_server_options o = options_of(knobs);
    size_t size = mailproto_pop3_server_mem_size(&o);
    void *block;
    memset(r, 0, sizeof *r);
    r->knobs = knobs;
    CHECK(size > 0);
    CHECK(size <= MAILPROTO_POP3_SERVER_MEM(o.in_size ? o.in_size : 1024,
                                            o.out_size ? o.out_size : 4096, MESSAGES,
                                            10 + 11 + 15 + 4));
    block = malloc(size);
    CHECK(block != NULL);
    CHECK(mailproto_pop3_server_init(block, size, &o, &r->server) == MAILPROTO_OK);
    CHECK((void *)r->server == block); /* malloc's alignment is the engine's */
    r->s = mailproto_pop3_server_session(r->server);
}

static void finish(struct run *r)
{
    int i;
    drain(r);
    pull(r);
    (void)mailproto_session_feed_eof(r->s);
    for (i = 0; i < 4; i++) {
        pull(r);
        drain(r);
    }
    if (!r->closed && r->chaos) {
        (void)mailproto_session_fail(r->s, MAILPROTO_ERR_IO);
    }
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

static void compare(const struct run *a, const struct run *b)
{
    CHECK(a->end == b->end);
    CHECK(a->log.len == b->log.len &&
          (a->log.len == 0 || memcmp(a->log.at, b->log.at, a->log.len) == 0));
    CHECK(a->out.len == b->out.len &&
          (a->out.len == 0 || memcmp(a->out.at, b->out.at, a->out.len) == 0));
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
