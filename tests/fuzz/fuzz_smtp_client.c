/*
 * An SMTP client against any server: the input is what the server sends, the program
 * reacts to each event at once. Fed in whole lines and in pieces it must tell the same,
 * and fail with the same error at the same offset. The first octet chooses the options.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/smtp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum {
    SMALL_INPUT = 1, /* 128 octets of input buffer */
    PIPELINING = 2,  /* forced */
    LOGIN = 4,       /* AUTH before the mail */
    TLS = 8, /* IF_OFFERED; not comparable: where TLS begins is a matter of time */
    SHORT_REPLIES = 16, /* max_reply 200 */
    AHEAD = 32,         /* a second message is called ahead */
    REFUSE = 64         /* bare line ends refused */
};

/* One conversation. */
struct run {
    mailproto_smtp_client *c;
    mailproto_session *s;
    unsigned choice;
    mailproto_smtp_transaction t;
    mailproto_smtp_recipient people[3];
    unsigned messages;
    unsigned outcomes[256]; /* of the verbs, by tag */
    unsigned asked[256];
    char *log;
    size_t log_len, log_cap;
    uint32_t joining;
    mailproto_error error;
    size_t sent;
};

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static void put(struct run *r, const void *data, size_t len)
{
    if (r->log_len + len > r->log_cap) {
        r->log_cap = (r->log_len + len) * 2;
        r->log = realloc(r->log, r->log_cap);
        CHECK(r->log != NULL);
    }
    if (len > 0) {
        memcpy(r->log + r->log_len, data, len);
    }
    r->log_len += len;
}

static void put_numbers(struct run *r, const mailproto_event *ev)
{
    mailproto_smtp_status st;
    char text[200];
    int n;
    memset(&st, 0, sizeof st);
    (void)mailproto_smtp_event_status(ev, &st);
    n = snprintf(text, sizeof text, "\n%u %u %u %u %lu | %u %u.%u.%u %u %d :", ev->type,
                 ev->flags & ~(uint32_t)MAILPROTO_EVF_MORE, ev->tag, ev->code,
                 (unsigned long)ev->number, st.code, st.enhanced[0], st.enhanced[1],
                 st.enhanced[2], st.origin, st.local);
    put(r, text, (size_t)n);
}

/* The numbers of a value are those of its last piece, the text that of all. */
static void note(struct run *r, const mailproto_event *ev)
{
    if (r->joining != 0 && r->joining != ev->type) {
        put(r, "...", 3);
    }
    put(r, ev->text.ptr, ev->text.len);
    r->joining = ev->flags & MAILPROTO_EVF_MORE ? ev->type : 0;
    if (!r->joining) {
        put_numbers(r, ev);
    }
}

static void drain(struct run *r)
{
    size_t len;
    const void *due = mailproto_session_output(r->s, &len);
    if (len > 0) {
        CHECK(due != NULL);
        r->sent += len;
        CHECK(mailproto_session_output_sent(r->s, len) == MAILPROTO_OK);
    }
}

/* ---- what the program does ----------------------------------------------------------- */

static void ask(struct run *r, uint32_t tag, mailproto_status st)
{
    CHECK(st != MAILPROTO_AGAIN); /* there is room enough for all of this */
    if (st == MAILPROTO_OK) {
        r->asked[tag]++;
    }
}

static void mail(struct run *r)
{
    uint32_t i;
    drain(r);
    r->messages++;
    memset(&r->t, 0, sizeof r->t);
    r->t.struct_size = sizeof r->t;
    r->t.recipient_stride = sizeof r->people[0];
    r->t.recipients = r->people;
    r->t.count = 3;
    r->t.tag = 100;
    r->t.sender = bytes("a@x.example");
    for (i = 0; i < 3; i++) {
        r->people[i].path = bytes("b@y.example");
        r->people[i].params = NULL;
    }
    (void)mailproto_smtp_transaction_start(&r->t, r->c);
    ask(r, 1, mailproto_smtp_client_noop(r->c, 1));
    if (r->choice & AHEAD) {
        ask(r, 2, mailproto_smtp_client_mail(r->c, 2, bytes(""), NULL));
        ask(r, 3, mailproto_smtp_client_rcpt(r->c, 3, bytes("c@y.example"), NULL));
        ask(r, 4, mailproto_smtp_client_data(r->c, 4));
        ask(r, 5, mailproto_smtp_client_vrfy(r->c, 5, bytes("joe")));
    }
}

static void content(struct run *r)
{
    static const char text[] = "Subject: x\r\n\r\n.\r\n..\r\nbare\n.\r\nend";
    size_t at = 0;
    drain(r);
    while (at < sizeof text - 1) {
        size_t used = 0;
        mailproto_status st =
            mailproto_session_content(r->s, text + at, sizeof text - 1 - at, &used);
        at += used;
        drain(r);
        if (st < 0) {
            CHECK(st == MAILPROTO_ERR_BARE_LINE_END && (r->choice & REFUSE));
            CHECK(mailproto_session_content_abort(r->s) == MAILPROTO_OK);
            return;
        }
    }
    CHECK(mailproto_session_content_end(r->s) == MAILPROTO_OK);
}

static void challenge(struct run *r, const mailproto_event *ev)
{
    drain(r);
    if (ev->text.len == 3) {
        CHECK(mailproto_session_auth_abort(r->s) == MAILPROTO_OK);
    } else {
        CHECK(mailproto_session_auth_data(r->s, "secret", 6, 6) == MAILPROTO_OK);
    }
}

/* Every verb has one outcome, and none without a verb. */
static void count_outcome(struct run *r, const mailproto_event *ev)
{
    if (ev->tag > 0 && ev->tag < 100 &&
        !(ev->flags & ((uint32_t)MAILPROTO_EVF_MORE | MAILPROTO_EVF_LINE_MORE))) {
        r->outcomes[ev->tag]++;
        CHECK(r->outcomes[ev->tag] <= r->asked[ev->tag]);
    }
}

static void react(struct run *r, const mailproto_event *ev)
{
    mailproto_status over = mailproto_smtp_transaction_event(&r->t, r->c, ev);
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_CAPS:
        if (r->choice & LOGIN) {
            ask(r, 6, mailproto_session_auth_start(r->s, 6, bytes("X"), "first", 5));
            break;
        }
        mail(r);
        break;
    case MAILPROTO_EV_TLS_GO:
        CHECK(r->choice & TLS);
        (void)mailproto_session_tls_started(r->s, NULL);
        break;
    case MAILPROTO_EV_CONTENT_WANTED:
        content(r);
        break;
    case MAILPROTO_EV_AUTH_DATA:
        if (r->joining == 0) {
            challenge(r, ev);
        }
        break;
    case MAILPROTO_EV_AUTH_RESULT:
        count_outcome(r, ev);
        if (r->joining == 0) {
            mail(r);
        }
        break;
    case MAILPROTO_EV_SMTP_REPLY:
    case MAILPROTO_EV_SMTP_FINAL:
        count_outcome(r, ev);
        break;
    case MAILPROTO_EV_REFUSED:
        if (r->joining == 0) {
            ask(r, 7, mailproto_smtp_client_quit(r->c, 7));
        }
        break;
    default:
        break;
    }
    if (over == MAILPROTO_EOF) {
        uint32_t i;
        for (i = 0; i < 3; i++) {
            CHECK(r->people[i].final.origin != MAILPROTO_ORIGIN_NONE);
        }
        if (r->messages < 3) {
            mail(r);
        } else {
            ask(r, 8, mailproto_smtp_client_quit(r->c, 8));
        }
    }
}

/* ---- feeding ------------------------------------------------------------------------- */

static void pull(struct run *r)
{
    mailproto_event ev;
    size_t before;
    do {
        before = r->sent;
        while (mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
            note(r, &ev);
            react(r, &ev);
            drain(r);
        }
        drain(r);
    } while (r->sent > before);
}

/* Octets up to the end of the first reply. What follows it may answer a command that it
 * makes the client send: a peer cannot know that before, so no piece crosses its end. */
static size_t reply_length(const uint8_t *data, size_t size)
{
    size_t start = 0;
    size_t i;
    for (i = 1; i < size; i++) {
        if (data[i] == '\n' && data[i - 1] == '\r') {
            if (i - start < 4 || data[start + 3] != '-') {
                return i + 1;
            }
            start = i + 1;
        }
    }
    return size;
}

/* Gives a piece; how much of it was taken, SIZE_MAX when the session is over. */
static size_t give(struct run *r, const uint8_t *data, size_t size, int in_place)
{
    size_t used = 0;
    uint8_t *copy = malloc(size);
    CHECK(copy != NULL);
    memcpy(copy, data, size);
    if (!in_place) {
        mailproto_status st = mailproto_session_feed(r->s, copy, size, &used);
        pull(r);
        used = st < 0 ? SIZE_MAX : used;
    } else {
        void *space = mailproto_session_input_space(r->s, &used);
        used = used < size ? used : size;
        if (space != NULL) {
            memcpy(space, copy, used);
            (void)mailproto_session_input_commit(r->s, used);
        }
        used = space != NULL ? used : SIZE_MAX;
        pull(r);
    }
    free(copy);
    if (used == 0) { /* only at the end is nothing taken */
        mailproto_want want = {sizeof want, 0, 0, 0};
        mailproto_session_get_want(r->s, &want);
        CHECK(want.flags & MAILPROTO_WANT_CLOSED);
        used = SIZE_MAX;
    }
    return used;
}

/* In pieces up to `piece` octets; 0: reply by reply; SIZE_MAX: all at once. */
static void feed(struct run *r, const uint8_t *data, size_t size, size_t piece)
{
    uint64_t dice = 88172645463325252u + piece;
    size_t left = 0; /* of the present reply */
    pull(r);
    while (size > 0) {
        size_t n;
        size_t used;
        if (left == 0) {
            left = piece == SIZE_MAX ? size : reply_length(data, size);
        }
        n = left;
        if (piece > 0 && piece < SIZE_MAX) {
            size_t most;
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            most = 1 + (size_t)(dice % piece);
            n = n < most ? n : most;
        }
        used = give(r, data, n, piece % 2 == 1);
        if (used == SIZE_MAX) {
            break;
        }
        data += used;
        size -= used;
        left -= used;
    }
    (void)mailproto_session_feed_eof(r->s);
    pull(r);
}

static void run(struct run *r, unsigned choice, const uint8_t *data, size_t size,
                size_t piece)
{
    static uint64_t block[4096];
    mailproto_smtp_client_options o;
    mailproto_event ev;
    unsigned i;
    memset(r, 0, sizeof *r);
    memset(&o, 0, sizeof o);
    r->choice = choice;
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR;
    o.in_size = choice & SMALL_INPUT ? 128 : 1024;
    o.out_size = 8192;
    o.max_outstanding = 64;
    o.max_reply = choice & SHORT_REPLIES ? 200 : 0;
    o.tls = choice & TLS ? MAILPROTO_SMTP_TLS_IF_OFFERED : MAILPROTO_SMTP_TLS_NONE;
    o.line_ends = choice & REFUSE ? MAILPROTO_LINE_ENDS_REFUSE : 0;
    o.caps_forced = (uint64_t)(choice & PIPELINING ? 1 : 0)
                        << MAILPROTO_SMTP_CAP_PIPELINING |
                    (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH;
    CHECK(mailproto_smtp_client_mem_size(&o) <= sizeof block);
    CHECK(mailproto_smtp_client_init(block, sizeof block, &o, &r->c) == MAILPROTO_OK);
    r->s = mailproto_smtp_client_session(r->c);
    feed(r, data, size, piece);
    CHECK(mailproto_session_next_event(r->s, &ev) == MAILPROTO_EOF);
    r->error.struct_size = sizeof r->error;
    mailproto_session_get_error(r->s, &r->error);
    for (i = 0; i < 100; i++) {
        CHECK(r->outcomes[i] == r->asked[i]);
    }
}

static int same(const struct run *a, const struct run *b)
{
    return a->log_len == b->log_len && memcmp(a->log, b->log, a->log_len) == 0 &&
           a->error.code == b->error.code && a->error.offset == b->error.offset &&
           a->error.reply_code == b->error.reply_code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces[] = {1, 2, 7, 64};
    struct run whole;
    unsigned choice;
    size_t i;
    if (size == 0) {
        return 0;
    }
    choice = data[0];
    run(&whole, choice, data + 1, size - 1, 0);
    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct run cut;
        run(&cut, choice, data + 1, size - 1, pieces[i]);
        if (!(choice & TLS) && !same(&whole, &cut)) {
            fprintf(stderr,
                    "whole (%s at %lu):%.*s\n\npieces of %lu (%s at %lu):%.*s\n",
                    mailproto_error_name(whole.error.code),
                    (unsigned long)whole.error.offset, (int)whole.log_len, whole.log,
                    (unsigned long)pieces[i], mailproto_error_name(cut.error.code),
                    (unsigned long)cut.error.offset, (int)cut.log_len, cut.log);
            abort();
        }
        free(cut.log);
    }
    free(whole.log);
    run(&whole, choice, data + 1, size - 1, SIZE_MAX);
    free(whole.log);
    return 0;
}
