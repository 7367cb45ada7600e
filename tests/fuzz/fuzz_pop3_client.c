/*
 * A POP3 client and the download layer against any server: the input is what the server
 * sends, the program reacts to each event at once. Fed in whole lines and in pieces it must
 * tell the same, and fail with the same error at the same offset. The first octet chooses
 * the options.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/pop3.h>

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
    LOGIN_AUTH = 4,  /* AUTH in place of USER and PASS */
    TLS = 8, /* IF_OFFERED; not comparable: where TLS begins is a matter of time */
    SHORT_LINES = 16, /* max_line 200 */
    DOWNLOAD = 32,    /* the layer in place of verbs */
    DELETE = 64,      /* it deletes and quits; without it: bare line ends refused */
    SHORT = 128       /* max_content 20, small marks */
};

/* One conversation. */
struct run {
    mailproto_pop3_client *c;
    mailproto_session *s;
    unsigned choice;
    mailproto_pop3_download d;
    uint8_t marks[8];
    int loading, loaded, quit, stuck;
    uint64_t content;       /* octets of the present one */
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
    mailproto_pop3_status st;
    char text[200];
    int n;
    memset(&st, 0, sizeof st);
    st.struct_size = sizeof st;
    (void)mailproto_pop3_event_status(ev, &st);
    n = snprintf(
        text, sizeof text, "\n%u %u %u %u %lu | %u %u %d %u %u %lu :", ev->type,
        ev->flags & ~(uint32_t)MAILPROTO_EVF_MORE, ev->tag, ev->code,
        ev->type == MAILPROTO_EV_CONTENT ? 0 : (unsigned long)ev->number, st.code,
        st.resp, st.local, st.verb, st.messages, (unsigned long)st.octets);
    put(r, text, (size_t)n);
}

/* The numbers of a value are those of its last piece, the text that of all; content is one
 * value, whatever pieces it comes in. */
static void note(struct run *r, const mailproto_event *ev)
{
    if (r->joining != 0 && r->joining != ev->type) {
        put(r, "...", 3);
    }
    put(r, ev->text.ptr, ev->text.len);
    r->joining = ev->flags & MAILPROTO_EVF_MORE || ev->type == MAILPROTO_EV_CONTENT
                     ? ev->type
                     : 0;
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

static void quit(struct run *r)
{
    if (!r->quit) {
        r->quit = 1;
        ask(r, 99, mailproto_pop3_client_quit(r->c, 99));
    }
}

static void download(struct run *r)
{
    drain(r);
    r->d.struct_size = sizeof r->d;
    r->d.flags = r->choice & DELETE ? 3 : 0;
    r->d.marks = r->marks;
    r->d.marks_size = r->choice & SHORT ? 1 : sizeof r->marks;
    r->d.ahead = r->choice >> 4 & 3;
    r->d.tag = 100;
    r->loading = mailproto_pop3_download_start(&r->d, r->c) == MAILPROTO_OK;
    r->quit |= r->loading && (r->choice & DELETE) != 0;
}

static void verbs(struct run *r)
{
    drain(r);
    ask(r, 2, mailproto_pop3_client_stat(r->c, 2));
    ask(r, 3, mailproto_pop3_client_list(r->c, 3, 0));
    ask(r, 4, mailproto_pop3_client_uidl(r->c, 4, 2));
    ask(r, 5, mailproto_pop3_client_uidl(r->c, 5, 0));
    ask(r, 6, mailproto_pop3_client_retr(r->c, 6, 1));
    ask(r, 7, mailproto_pop3_client_top(r->c, 7, 1, 1));
    ask(r, 8, mailproto_pop3_client_dele(r->c, 8, 1));
    ask(r, 9, mailproto_pop3_client_lang(r->c, 9, bytes("")));
    ask(r, 10, mailproto_pop3_client_command(r->c, 10, bytes("XLIST"), 1));
    ask(r, 11, mailproto_pop3_client_capa(r->c, 11));
    ask(r, 12, mailproto_pop3_client_rset(r->c, 12));
    ask(r, 13, mailproto_pop3_client_noop(r->c, 13));
    quit(r);
}

static void logged_in(struct run *r, int good)
{
    if (!good) {
        quit(r);
    } else if (r->choice & DOWNLOAD) {
        download(r);
    } else {
        verbs(r);
    }
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

/* The layer: its questions are answered by what they are about. */
static void load(struct run *r, const mailproto_event *ev)
{
    mailproto_status st = mailproto_pop3_download_event(&r->d, r->c, ev);
    unsigned questions = 0;
    while (st == MAILPROTO_YOUR_TURN) {
        CHECK(++questions <= 3);
        CHECK(r->d.uid.len <= sizeof r->d.uid_room && r->d.message > 0);
        CHECK(mailproto_pop3_download_event(&r->d, r->c, ev) != MAILPROTO_OK ||
              r->d.asks == MAILPROTO_POP3_ASKS_NOTHING);
        if (r->d.asks == MAILPROTO_POP3_ASKS_SEEN) {
            st = mailproto_pop3_download_seen(&r->d, r->c, r->d.message % 3 == 0);
        } else {
            CHECK(r->d.asks == MAILPROTO_POP3_ASKS_KEEP);
            st = mailproto_pop3_download_kept(&r->d, r->c, r->d.message % 4 != 0);
        }
        CHECK(st == MAILPROTO_OK || st == MAILPROTO_EOF || st == MAILPROTO_YOUR_TURN);
    }
    CHECK(r->d.deleted <= r->d.messages && r->d.kept <= r->d.wanted &&
          r->d.wanted <= r->d.messages);
    if (st == MAILPROTO_EOF) {
        CHECK(!r->loaded);
        r->loaded = 1;
        quit(r);
    }
}

static void check_content(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_CONTENT) {
        CHECK(ev->number == r->content && ev->text.len > 0);
        r->content += ev->text.len;
        CHECK(!(r->choice & SHORT) || r->content <= 20);
    } else {
        CHECK(ev->number >= r->content);
        CHECK(ev->type == MAILPROTO_EV_CONTENT_ABORTED || ev->number == r->content);
        r->content = 0;
    }
}

static void react(struct run *r, const mailproto_event *ev)
{
    int whole = r->joining == 0;
    switch (ev->type) {
    case MAILPROTO_EV_POP3_CAPS:
        ask(r, 1,
            r->choice & LOGIN_AUTH
                ? mailproto_session_auth_start(r->s, 1, bytes("X"), "first", 5)
                : mailproto_pop3_client_login(r->c, 1, bytes("u"), bytes("p")));
        if (r->asked[1] == 0) {
            quit(r);
        }
        break;
    case MAILPROTO_EV_TLS_GO:
        CHECK(r->choice & TLS);
        (void)mailproto_session_tls_started(r->s, NULL);
        break;
    case MAILPROTO_EV_CONTENT:
    case MAILPROTO_EV_CONTENT_END:
    case MAILPROTO_EV_CONTENT_ABORTED:
        check_content(r, ev);
        break;
    case MAILPROTO_EV_AUTH_DATA:
        if (whole) {
            challenge(r, ev);
        }
        break;
    case MAILPROTO_EV_AUTH_RESULT:
    case MAILPROTO_EV_POP3_REPLY:
    case MAILPROTO_EV_POP3_COMMIT:
        count_outcome(r, ev);
        if (whole && ev->tag == 1 && ev->code != MAILPROTO_POP3_NO_REPLY &&
            ev->type != MAILPROTO_EV_POP3_COMMIT) {
            logged_in(r, ev->code == MAILPROTO_POP3_OK);
            return;
        }
        break;
    case MAILPROTO_EV_REFUSED:
        if (whole) {
            quit(r);
        }
        break;
    default:
        break;
    }
    if (r->loading && !r->loaded) {
        load(r, ev);
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

/* Octets up to the end of the first line. What follows it may answer a command that it
 * makes the client send: a peer cannot know that before, so no piece crosses its end. */
static size_t line_length(const uint8_t *data, size_t size)
{
    size_t i;
    for (i = 1; i < size; i++) {
        if (data[i] == '\n' && data[i - 1] == '\r') {
            return i + 1;
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
    /* An event may come before an octet is taken (a bare CR is known to be one when the
     * next octet shows itself), but not for ever. */
    r->stuck = used == 0 ? r->stuck + 1 : 0;
    if (r->stuck > 2) {
        mailproto_want want = {sizeof want, 0, 0, 0};
        mailproto_session_get_want(r->s, &want);
        CHECK(want.flags & MAILPROTO_WANT_CLOSED);
        used = SIZE_MAX;
    }
    return used;
}

/* In pieces up to `piece` octets; 0: line by line; SIZE_MAX: all at once. */
static void feed(struct run *r, const uint8_t *data, size_t size, size_t piece)
{
    uint64_t dice = 88172645463325252u + piece;
    size_t left = 0; /* of the present line */
    pull(r);
    while (size > 0) {
        size_t n;
        size_t used;
        if (left == 0) {
            left = piece == SIZE_MAX ? size : line_length(data, size);
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
    mailproto_pop3_client_options o;
    mailproto_event ev;
    unsigned i;
    memset(r, 0, sizeof *r);
    memset(&o, 0, sizeof o);
    r->choice = choice;
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR | MAILPROTO_POP3_CLIENT_APOP;
    o.in_size = choice & SMALL_INPUT ? 128 : 1024;
    o.out_size = 8192;
    o.max_outstanding = 64;
    o.max_line = choice & SHORT_LINES ? 200 : 0;
    o.max_content = choice & SHORT ? 20 : 0;
    o.tls = choice & TLS ? MAILPROTO_POP3_TLS_IF_OFFERED : MAILPROTO_POP3_TLS_NONE;
    o.line_ends = choice & (DELETE | DOWNLOAD) ? 0 : MAILPROTO_LINE_ENDS_REFUSE;
    o.caps_forced =
        (uint64_t)(choice & PIPELINING ? 1 : 0) << MAILPROTO_POP3_CAP_PIPELINING |
        (uint64_t)1 << MAILPROTO_POP3_CAP_SASL | (uint64_t)1 << MAILPROTO_POP3_CAP_USER;
    CHECK(mailproto_pop3_client_mem_size(&o) <= sizeof block);
    CHECK(mailproto_pop3_client_init(block, sizeof block, &o, &r->c) == MAILPROTO_OK);
    r->s = mailproto_pop3_client_session(r->c);
    feed(r, data, size, piece);
    CHECK(mailproto_session_next_event(r->s, &ev) == MAILPROTO_EOF);
    r->error.struct_size = sizeof r->error;
    mailproto_session_get_error(r->s, &r->error);
    for (i = 0; i < 100; i++) {
        CHECK(r->outcomes[i] == r->asked[i]);
    }
    CHECK(!r->loading || r->loaded);
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
