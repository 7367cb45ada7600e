/*
 * The download layer: one visit with each outcome there is; then the same visits with
 * the connection cut behind every octet, against a small server that keeps RFC 1939's
 * promises, and a second visit: nothing is lost, nothing comes twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/pop3.h>

/* ---- a maildrop and its server ------------------------------------------------------ */

enum { MAILS = 6 };

struct maildrop {
    unsigned count;
    char uid[MAILS][80];
    char body[MAILS][64]; /* dot-stuffed, with the end mark */
    int gone[MAILS];
};

enum {
    NO_UIDL = 1,
    NO_CAPA = 2,
    NO_PIPELINING = 4,
    UIDL_UNSAID = 8,
    REFUSES_2 = 16,
    REFUSES_LIST = 32,
    FORGETS_UIDS = 64
};

struct server {
    struct maildrop *drop;
    unsigned flags;
    unsigned map[MAILS], shown; /* message n is drop's map[n - 1] */
    int marked[MAILS];
    char line[256];
    size_t line_len;
    char out[8192];
    size_t out_len, out_at;
    const char *listing; /* told in place of what UIDL or LIST would */
    const char *refusal; /* of UIDL without a number */
    int closed;
};

static void say(struct server *s, const char *text)
{
    size_t len = strlen(text);
    assert_true(s->out_len + len < sizeof s->out);
    memcpy(s->out + s->out_len, text, len);
    s->out_len += len;
}

static void server_begin(struct server *s, struct maildrop *drop, unsigned flags)
{
    unsigned i;
    memset(s, 0, sizeof *s);
    s->drop = drop;
    s->flags = flags;
    for (i = 0; i < drop->count; i++) {
        if (!drop->gone[i]) {
            s->map[s->shown++] = i;
        }
    }
    say(s, "+OK ready\r\n");
}

static void server_list(struct server *s, int uids, unsigned long only)
{
    char line[128];
    unsigned i;
    if (only == 0) {
        say(s, "+OK\r\n");
        if (s->listing != NULL) {
            say(s, s->listing);
            return;
        }
    }
    for (i = 0; i < s->shown; i++) {
        if (s->marked[i] || (only != 0 && only != i + 1)) {
            continue;
        }
        snprintf(line, sizeof line, "%s%u %s\r\n", only != 0 ? "+OK " : "", i + 1,
                 uids ? s->drop->uid[s->map[i]] : "10");
        say(s, line);
        if (only != 0) {
            return;
        }
    }
    say(s, only != 0 ? "-ERR no such message\r\n" : ".\r\n");
}

static void server_quit(struct server *s)
{
    unsigned i;
    for (i = 0; i < s->shown; i++) { /* RFC 1939 6: only here */
        if (s->marked[i]) {
            s->drop->gone[s->map[i]] = 1;
        }
    }
    say(s, "+OK bye\r\n");
    s->closed = 1;
}

static void server_command(struct server *s, const char *line)
{
    unsigned long n = strlen(line) > 4 ? strtoul(line + 4, NULL, 10) : 0;
    int good = n >= 1 && n <= s->shown && !s->marked[n - 1];
    if (n == 0 && s->refusal != NULL && strncmp(line, "UIDL", 4) == 0) {
        say(s, s->refusal);
    } else if (strcmp(line, "CAPA") == 0) {
        if (s->flags & NO_CAPA) {
            say(s, "-ERR\r\n");
            return;
        }
        say(s, "+OK\r\nUSER\r\n");
        say(s, s->flags & NO_PIPELINING ? "" : "PIPELINING\r\n");
        say(s, s->flags & (NO_UIDL | UIDL_UNSAID) ? "" : "UIDL\r\n");
        say(s, ".\r\n");
    } else if (strncmp(line, "UIDL", 4) == 0) {
        if ((s->flags & NO_UIDL) || (n > 0 && (s->flags & FORGETS_UIDS))) {
            say(s, "-ERR unknown\r\n");
        } else {
            server_list(s, 1, n);
        }
    } else if (strncmp(line, "LIST", 4) == 0) {
        if (s->flags & REFUSES_LIST) {
            say(s, "-ERR\r\n");
        } else {
            server_list(s, 0, n);
        }
    } else if (strncmp(line, "RETR", 4) == 0) {
        if (!good || ((s->flags & REFUSES_2) && n == 2)) {
            say(s, "-ERR not to be had\r\n");
        } else {
            say(s, "+OK\r\n");
            say(s, s->drop->body[s->map[n - 1]]);
        }
    } else if (strncmp(line, "DELE", 4) == 0) {
        if (good) {
            s->marked[n - 1] = 1;
        }
        say(s, good ? "+OK\r\n" : "-ERR\r\n");
    } else if (strcmp(line, "QUIT") == 0) {
        server_quit(s);
    } else {
        say(s, "+OK\r\n");
    }
}

static void server_take(struct server *s, const char *data, size_t len)
{
    size_t i;
    for (i = 0; i < len && !s->closed; i++) {
        assert_true(s->line_len < sizeof s->line);
        s->line[s->line_len++] = data[i];
        if (data[i] == '\n') {
            s->line[s->line_len - 2] = '\0';
            s->line_len = 0;
            server_command(s, s->line);
        }
    }
}

/* ---- the program -------------------------------------------------------------------- */

struct memory { /* as durable as the mails in it */
    char uid[32][80];
    char body[32][64];
    unsigned count;
};

struct visit {
    struct server server;
    mailproto_pop3_client *c;
    mailproto_session *s;
    mailproto_pop3_download d;
    struct memory *memory;
    uint8_t marks[2];
    char body[64];
    size_t body_len;
    long to_server, to_client; /* octets until the connection breaks; -1: never */
    int refuse_keep;           /* the message that cannot be kept; 0: none */
    int started, ends, broken;
    int answer_asked;   /* questions answered */
    char asked[16][80]; /* unique-ids, in this visit */
    unsigned asked_count;
    char wire[2048];
    size_t wire_len;
    mailproto_pop3_client_options o;
};

static int knows(const struct memory *m, const char *uid, size_t len)
{
    unsigned i;
    for (i = 0; i < m->count; i++) {
        if (len > 0 && strlen(m->uid[i]) == len && memcmp(m->uid[i], uid, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void keep(struct visit *v)
{
    struct memory *m = v->memory;
    assert_true(m->count < 32);
    assert_true(v->d.uid.len < sizeof m->uid[0]);
    memcpy(m->uid[m->count], v->d.uid.ptr, v->d.uid.len);
    m->uid[m->count][v->d.uid.len] = '\0';
    memcpy(m->body[m->count], v->body, v->body_len);
    m->body[m->count][v->body_len] = '\0';
    ++m->count;
}

/* How often a unique-id is in there. */
static unsigned times(char uids[][80], unsigned count, mailproto_bytes uid)
{
    unsigned n = 0;
    unsigned i;
    for (i = 0; i < count; i++) {
        n += strlen(uids[i]) == uid.len && memcmp(uids[i], uid.ptr, uid.len) == 0;
    }
    return n;
}

static int seen(struct visit *v)
{
    unsigned earlier = times(v->asked, v->asked_count, v->d.uid);
    unsigned had = times(v->memory->uid, v->memory->count, v->d.uid);
    assert_true(v->asked_count < 16 && v->d.uid.len < sizeof v->asked[0]);
    memcpy(v->asked[v->asked_count], v->d.uid.ptr, v->d.uid.len);
    v->asked[v->asked_count++][v->d.uid.len] = '\0';
    return (had > earlier ? MAILPROTO_POP3_SEEN : 0) |
           (earlier > 0 ? MAILPROTO_POP3_SEEN_REPEATED : 0);
}

static void ended(struct visit *v, mailproto_status st)
{
    assert_true(st >= 0);
    if (st == MAILPROTO_EOF) {
        v->ends++;
    }
}

static void on_event(struct visit *v, const mailproto_event *ev)
{
    mailproto_status st;
    if (ev->type == MAILPROTO_EV_POP3_CAPS) {
        mailproto_bytes name = {"u", 1};
        assert_int_equal(mailproto_pop3_client_login(v->c, 1, name, name),
                         MAILPROTO_OK);
    } else if (ev->type == MAILPROTO_EV_POP3_REPLY && ev->tag == 1) {
        st = mailproto_pop3_download_start(&v->d, v->c);
        v->started = st == MAILPROTO_OK;
        return;
    } else if (ev->type == MAILPROTO_EV_POP3_REPLY &&
               (ev->flags & MAILPROTO_EVF_LINE_MORE)) {
        v->body_len = 0;
    } else if (ev->type == MAILPROTO_EV_CONTENT) {
        assert_true(v->body_len + ev->text.len < sizeof v->body);
        memcpy(v->body + v->body_len, ev->text.ptr, ev->text.len);
        v->body_len += ev->text.len;
    }
    if (!v->started) {
        return;
    }
    st = mailproto_pop3_download_event(&v->d, v->c, ev);
    if (st != MAILPROTO_YOUR_TURN) {
        ended(v, st);
        return;
    }
    assert_int_equal(mailproto_pop3_download_event(&v->d, v->c, ev),
                     MAILPROTO_ERR_STATE);
    v->answer_asked++;
    if (v->d.asks == MAILPROTO_POP3_ASKS_SEEN) {
        assert_int_equal(mailproto_pop3_download_kept(&v->d, v->c, 1),
                         MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_pop3_download_seen(&v->d, v->c, 4),
                         MAILPROTO_ERR_ARGUMENT);
        st = mailproto_pop3_download_seen(&v->d, v->c, seen(v));
        assert_int_equal(st, MAILPROTO_OK);
    } else {
        int safe = v->refuse_keep != (int)v->d.message;
        assert_int_equal(v->d.asks, MAILPROTO_POP3_ASKS_KEEP);
        if (safe) {
            keep(v);
        }
        ended(v, mailproto_pop3_download_kept(&v->d, v->c, safe));
    }
}

/* Moves octets in one direction until the connection breaks. */
static size_t allowed(long *left, size_t len)
{
    if (*left < 0) {
        return len;
    }
    if (len > (size_t)*left) {
        len = (size_t)*left;
    }
    *left -= (long)len;
    return len;
}

static int pull(struct visit *v)
{
    mailproto_event ev;
    int any = 0;
    while (mailproto_session_next_event(v->s, &ev) == MAILPROTO_OK) {
        on_event(v, &ev);
        any = 1;
    }
    return any;
}

static int send_out(struct visit *v, int *broken)
{
    size_t len;
    const char *due = mailproto_session_output(v->s, &len);
    size_t n = allowed(&v->to_server, len);
    if (n > 0) {
        server_take(&v->server, due, n);
        if (v->wire_len + n < sizeof v->wire) {
            memcpy(v->wire + v->wire_len, due, n);
            v->wire_len += n;
        }
        (void)mailproto_session_output_sent(v->s, n);
    }
    *broken |= n < len;
    return n > 0;
}

static int receive(struct visit *v, int *broken)
{
    size_t there = v->server.out_len - v->server.out_at;
    size_t len = there < 7 ? there : 7;
    size_t n = allowed(&v->to_client, len);
    size_t used = 0;
    if (n > 0) {
        char copy[8];
        memcpy(copy, v->server.out + v->server.out_at, n);
        (void)mailproto_session_feed(v->s, copy, n, &used);
        (void)pull(v);
        v->server.out_at += used;
        if (v->to_client >= 0) {
            v->to_client += (long)(n - used);
        }
    }
    *broken |= n < len;
    return used > 0;
}

/* Runs a visit to its end; the octets that went each way. */
static void visit(struct visit *v, struct maildrop *drop, struct memory *memory,
                  unsigned flags)
{
    mailproto_pop3_client_options *o = &v->o;
    const char *listing = v->server.listing;
    const char *refusal = v->server.refusal;
    int broken = 0;
    int moved;
    o->struct_size = sizeof *o;
    o->tls = MAILPROTO_POP3_TLS_NONE;
    o->flags |= MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR;
    server_begin(&v->server, drop, flags);
    v->server.listing = listing;
    v->server.refusal = refusal;
    v->memory = memory;
    v->d.struct_size = sizeof v->d;
    v->d.tag = 50;
    v->d.marks = v->marks;
    v->d.marks_size = v->d.marks_size != 0 ? v->d.marks_size : sizeof v->marks;
    assert_int_equal(mailproto_pop3_client_new(o, &v->c), MAILPROTO_OK);
    v->s = mailproto_pop3_client_session(v->c);
    do {
        moved = pull(v);
        moved |= send_out(v, &broken);
        moved |= receive(v, &broken);
    } while (moved && !broken);
    v->broken = broken;
    if (broken || v->server.closed) {
        (void)mailproto_session_fail(v->s, MAILPROTO_ERR_IO);
    } else if (v->ends == 0) {
        (void)mailproto_session_feed_eof(v->s);
    }
    (void)pull(v);
    if (v->started) {
        assert_int_equal(v->ends, 1);
    }
    mailproto_pop3_client_free(v->c);
}

static void fill(struct maildrop *drop)
{
    static const char *const bodies[] = {"a\r\n.\r\n", "..b\r\nc\r\n.\r\n", ".\r\n",
                                         "d\r\n\r\n.\r\n", "e\r\n.\r\n"};
    unsigned i;
    memset(drop, 0, sizeof *drop);
    drop->count = 5;
    for (i = 0; i < drop->count; i++) {
        snprintf(drop->uid[i], sizeof drop->uid[i], "id-%u", i);
        strcpy(drop->body[i], bodies[i]);
    }
}

static const char *const unstuffed[] = {"a\r\n", ".b\r\nc\r\n", "", "d\r\n\r\n",
                                        "e\r\n"};

/* Each mail is in the memory once, as it was. */
static void check_all(const struct maildrop *drop, const struct memory *m)
{
    unsigned i;
    unsigned j;
    assert_int_equal(m->count, drop->count);
    for (i = 0; i < drop->count; i++) {
        unsigned found = 0;
        for (j = 0; j < m->count; j++) {
            if (strcmp(m->uid[j], drop->uid[i]) == 0) {
                assert_string_equal(m->body[j], unstuffed[i]);
                found++;
            }
        }
        assert_int_equal(found, 1);
    }
}

/* ---- the cut ------------------------------------------------------------------------ */

static void clean(struct visit *v, uint32_t flags, uint32_t ahead)
{
    memset(v, 0, sizeof *v);
    v->to_server = -1;
    v->to_client = -1;
    v->d.flags = flags;
    v->d.ahead = ahead;
}

/* A visit that breaks behind so many octets, then a whole one. */
static int cut_at(uint32_t flags, uint32_t ahead, unsigned server, long up, long down)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    unsigned i;
    int whole;
    fill(&drop);
    memset(&memory, 0, sizeof memory);
    clean(&v, flags, ahead);
    v.to_server = up;
    v.to_client = down;
    visit(&v, &drop, &memory, server);
    whole = !v.broken;
    for (i = 0; i < drop.count; i++) { /* never deleted before it was kept */
        assert_true(!drop.gone[i] || knows(&memory, drop.uid[i], strlen(drop.uid[i])));
    }
    assert_int_equal(v.d.kept, memory.count);
    if (v.started && v.d.commit == MAILPROTO_POP3_COMMIT_NOT) {
        for (i = 0; i < drop.count; i++) {
            assert_false(drop.gone[i]);
        }
    }
    if (v.started && v.d.commit == MAILPROTO_POP3_COMMIT_DONE) {
        for (i = 0; i < drop.count; i++) {
            assert_int_equal(drop.gone[i],
                             (flags & MAILPROTO_POP3_DOWNLOAD_DELETE) != 0);
        }
    }
    clean(&v, flags, ahead);
    visit(&v, &drop, &memory, server);
    assert_int_equal(v.ends, 1);
    assert_int_equal(v.d.failed, 0);
    assert_int_equal(v.d.wanted, v.d.kept);
    assert_int_equal(v.d.commit, MAILPROTO_POP3_COMMIT_DONE);
    check_all(&drop, &memory);
    for (i = 0; i < drop.count; i++) {
        assert_int_equal(drop.gone[i], (flags & MAILPROTO_POP3_DOWNLOAD_DELETE) != 0);
    }
    return whole;
}

static void cut_everywhere(uint32_t flags, uint32_t ahead, unsigned server)
{
    long at = 1;
    while (!cut_at(flags, ahead, server, at, -1)) {
        at++;
    }
    assert_true(at > 60);
    at = 1;
    while (!cut_at(flags, ahead, server, -1, at)) {
        at++;
    }
    assert_true(at > 200);
}

static void test_cut_keeping(void **state)
{
    (void)state;
    cut_everywhere(MAILPROTO_POP3_DOWNLOAD_QUIT, 0, 0);
    cut_everywhere(MAILPROTO_POP3_DOWNLOAD_QUIT, 1, NO_PIPELINING);
    cut_everywhere(MAILPROTO_POP3_DOWNLOAD_QUIT, 9, NO_CAPA);
}

static void test_cut_deleting(void **state)
{
    const uint32_t both = MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE;
    (void)state;
    cut_everywhere(both, 0, 0);
    cut_everywhere(both, 1, 0);
    cut_everywhere(both, 9, 0);
    cut_everywhere(both, 0, NO_PIPELINING);
    cut_everywhere(both, 0, UIDL_UNSAID | NO_CAPA);
}

/* ---- single visits ------------------------------------------------------------------ */

static void test_wire(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    (void)state;
    fill(&drop);
    drop.count = 3;
    memset(&memory, 0, sizeof memory);
    strcpy(memory.uid[0], "id-1");
    memory.count = 1;
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 1);
    visit(&v, &drop, &memory, NO_PIPELINING);
    v.wire[v.wire_len] = '\0';
    assert_string_equal(v.wire,
                        "CAPA\r\nUSER u\r\nPASS u\r\nUIDL\r\nUIDL 1\r\nRETR 1\r\n"
                        "DELE 1\r\nUIDL 3\r\nRETR 3\r\nDELE 2\r\nDELE 3\r\n"
                        "QUIT\r\n");
    assert_int_equal(v.d.messages, 3);
    assert_int_equal(v.d.wanted, 2);
    assert_int_equal(v.d.kept, 2);
    assert_int_equal(v.d.deleted, 3);
    assert_int_equal(v.d.left, 0);
    assert_int_equal(v.d.commit, MAILPROTO_POP3_COMMIT_DONE);
    /* Without QUIT the session is the caller's again. */
    fill(&drop);
    clean(&v, 0, 0);
    memory.count = 0;
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.kept, 5);
    assert_int_equal(v.d.commit, MAILPROTO_POP3_COMMIT_NOT);
    check_all(&drop, &memory);
    /* An empty one. */
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT, 0);
    drop.count = 0;
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.messages, 0);
    assert_int_equal(v.d.commit, MAILPROTO_POP3_COMMIT_DONE);
}

static void test_no_uids(void **state)
{
    const uint32_t both = MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE;
    static const unsigned flags[3] = {NO_UIDL, NO_UIDL | NO_CAPA,
                                      NO_UIDL | NO_PIPELINING};
    unsigned i;
    (void)state;
    for (i = 0; i < 3; i++) {
        static struct visit v;
        struct maildrop drop;
        struct memory memory;
        fill(&drop);
        memset(&memory, 0, sizeof memory);
        clean(&v, both, 0);
        visit(&v, &drop, &memory, flags[i]);
        assert_int_equal(v.d.kept, 5);
        assert_int_equal(v.d.deleted, 5);
        assert_int_equal(v.answer_asked, 5); /* nothing to be seen by */
        assert_string_equal(memory.uid[0], "");
        assert_string_equal(memory.body[3], unstuffed[3]);
        assert_true(drop.gone[4]);
    }
}

static void test_not_kept(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    (void)state;
    fill(&drop);
    memset(&memory, 0, sizeof memory);
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 0);
    v.refuse_keep = 3;
    visit(&v, &drop, &memory, REFUSES_2);
    assert_int_equal(v.d.wanted, 5);
    assert_int_equal(v.d.kept, 3);
    assert_int_equal(v.d.failed, 2);
    assert_int_equal(v.d.deleted, 3);
    assert_true(drop.gone[0] && drop.gone[3] && drop.gone[4]);
    assert_false(drop.gone[1] || drop.gone[2]);
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 0);
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.kept, 2);
    check_all(&drop, &memory);
}

/* Nothing can be listed; or a message cannot be named any more. */
static void test_unlisted(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    int quit;
    (void)state;
    for (quit = 0; quit < 2; quit++) {
        fill(&drop);
        memset(&memory, 0, sizeof memory);
        clean(&v,
              MAILPROTO_POP3_DOWNLOAD_DELETE |
                  (quit ? (uint32_t)MAILPROTO_POP3_DOWNLOAD_QUIT : 0),
              0);
        visit(&v, &drop, &memory, NO_UIDL | REFUSES_LIST);
        assert_int_equal(v.ends, 1);
        assert_int_equal(v.d.messages, 0);
        assert_int_equal(v.d.listed, MAILPROTO_ERR_REFUSED);
        assert_int_equal(v.d.resp, MAILPROTO_POP3_RESP_NONE);
        assert_int_equal(v.d.commit,
                         quit ? MAILPROTO_POP3_COMMIT_DONE : MAILPROTO_POP3_COMMIT_NOT);
        clean(&v, MAILPROTO_POP3_DOWNLOAD_DELETE | MAILPROTO_POP3_DOWNLOAD_QUIT, 0);
        visit(&v, &drop, &memory, FORGETS_UIDS);
        assert_int_equal(v.d.wanted, 5);
        assert_int_equal(v.d.failed, 5);
        assert_int_equal(v.d.deleted, 0);
        assert_int_equal(memory.count, 0);
    }
}

/* UIDL is refused: is there none, or is it that it cannot be had now? */
static void test_uidl_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned flags;
        int falls_back;
        uint32_t resp;
    } all[] = {
        {"-ERR no\r\n", NO_CAPA, 1, 0},
        {"-ERR [AUTH] no\r\n", NO_CAPA, 1, 0},
        {"-ERR [SYS/TEMP] later\r\n", NO_CAPA, 0, MAILPROTO_POP3_RESP_SYS_TEMP},
        {"-ERR [SYS/PERM] no\r\n", NO_CAPA, 0, MAILPROTO_POP3_RESP_SYS_PERM},
        {"-ERR [IN-USE] no\r\n", NO_CAPA, 0, MAILPROTO_POP3_RESP_IN_USE},
        {"-ERR no\r\n", 0, 0, MAILPROTO_POP3_RESP_NONE},
        {"-ERR [SYS/TEMP] later\r\n", 0, 0, MAILPROTO_POP3_RESP_SYS_TEMP},
        {"-ERR never asked\r\n", UIDL_UNSAID, 1, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        static struct visit v;
        struct maildrop drop;
        struct memory memory;
        fill(&drop);
        memset(&memory, 0, sizeof memory);
        clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 0);
        v.server.refusal = all[i].text;
        visit(&v, &drop, &memory, all[i].flags);
        v.wire[v.wire_len] = '\0';
        assert_int_equal(v.ends, 1);
        assert_int_equal(strstr(v.wire, "LIST\r\n") != NULL, all[i].falls_back);
        assert_int_equal(v.d.listed,
                         all[i].falls_back ? MAILPROTO_OK : MAILPROTO_ERR_REFUSED);
        assert_int_equal(v.d.resp, all[i].resp);
        assert_int_equal(v.d.commit, MAILPROTO_POP3_COMMIT_DONE);
        assert_int_equal(v.d.deleted, all[i].falls_back ? 5 : 0);
        assert_int_equal(memory.count, all[i].falls_back ? 5 : 0);
    }
}

/* The connection breaks within the listing. */
static void test_listing_cut(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    (void)state;
    fill(&drop);
    memset(&memory, 0, sizeof memory);
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT, 0);
    v.server.listing = "1 id-0\r\n2 id-1\r\n";
    v.to_client = 100;
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.ends, 1);
    assert_true(v.d.listed < 0);
    assert_int_not_equal(v.d.listed, MAILPROTO_ERR_REFUSED);
    assert_int_equal(v.d.kept, 0);
}

static void same_uids(struct maildrop *drop)
{
    fill(drop);
    drop->count = 4;
    strcpy(drop->uid[1], "twin");
    strcpy(drop->uid[3], "twin");
}

/* Two messages with one unique-id: both come, and neither goes before both are safe,
 * wherever the connection breaks. */
static void test_same_uids(void **state)
{
    const uint32_t both = MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE;
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    long at;
    int whole = 0;
    (void)state;
    for (at = 1; !whole; at++) {
        unsigned i;
        same_uids(&drop);
        memset(&memory, 0, sizeof memory);
        clean(&v, both, 0);
        v.to_client = at;
        visit(&v, &drop, &memory, 0);
        whole = !v.broken;
        assert_true(!drop.gone[1] && !drop.gone[3] ? 1 : memory.count == 4);
        clean(&v, both, 0);
        visit(&v, &drop, &memory, 0);
        assert_int_equal(v.d.failed, 0);
        assert_int_equal(memory.count, 4);
        for (i = 0; i < 4; i++) {
            unsigned j;
            unsigned found = 0;
            for (j = 0; j < 4; j++) {
                found += strcmp(memory.body[j], unstuffed[i]) == 0;
            }
            assert_int_equal(found, 1);
            assert_true(drop.gone[i]);
        }
    }
    assert_true(at > 200);
}

/* One of the two is not to be had: nothing goes. And what was kept does not come again
 * where all of it stays. */
static void test_same_uids_failed(void **state)
{
    const uint32_t both = MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE;
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    unsigned i;
    (void)state;
    same_uids(&drop);
    memset(&memory, 0, sizeof memory);
    clean(&v, both, 1);
    v.refuse_keep = 4;
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.kept, 3);
    assert_int_equal(v.d.failed, 1);
    assert_int_equal(v.d.deleted, 0);
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT, 0);
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.wanted, 1);
    assert_int_equal(v.d.kept, 1);
    assert_string_equal(memory.body[3], unstuffed[3]);
    clean(&v, both, 0);
    v.server.listing = "1 id-0\r\n2 twin\r\n4 twin\r\n.\r\n"; /* irregular, too */
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.wanted, 0);
    assert_int_equal(v.d.deleted, 0);
    clean(&v, both, 0);
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.wanted, 0);
    assert_int_equal(v.d.deleted, 4);
    for (i = 0; i < 4; i++) {
        assert_true(drop.gone[i]);
    }
}

/* What the client gives up is not kept. */
static void test_content_limit(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    (void)state;
    fill(&drop);
    memset(&memory, 0, sizeof memory);
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 0);
    v.o.max_content = 5;
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.kept, 4);
    assert_int_equal(v.d.failed, 1);
    assert_false(drop.gone[1]);
}

/* Beyond `marks`: eight fit an octet. */
static void test_left(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    unsigned i;
    (void)state;
    fill(&drop);
    memset(&memory, 0, sizeof memory);
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 0);
    v.server.listing =
        "1 id-0\r\n2 id-1\r\n3 id-2\r\n4 id-3\r\n5 id-4\r\n6 f\r\n7 g\r\n"
        "8 h\r\n9 i\r\n10 j\r\n.\r\n";
    v.d.marks_size = 1;
    v.marks[1] = 0x5A;
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.marks[1], 0x5A);
    assert_int_equal(v.d.messages, 10);
    assert_int_equal(v.d.wanted, 8);
    assert_int_equal(v.d.left, 2);
    assert_int_equal(v.d.kept, 5);
    assert_int_equal(v.d.failed, 3); /* those the server does not have */
    for (i = 0; i < 5; i++) {
        assert_true(drop.gone[i]);
    }
}

/* Listings that are none: each message once, and nothing is deleted that was not kept
 * just now. */
static void test_odd_listings(void **state)
{
    static const struct {
        const char *listing;
        unsigned messages, wanted, asked, failed;
    } all[] = {
        {"1 id-0\r\n2 id-1\r\n2 id-1\r\n3 id-2\r\n4 id-3\r\n5 id-4\r\n.\r\n", 5, 3, 5,
         0},
        {"5 id-4\r\n4 id-3\r\n3 id-2\r\n2 id-1\r\n1 id-0\r\n.\r\n", 5, 3, 5, 0},
        {"1 id-0\r\n0 x\r\n2 id-1\r\nnonsense\r\n3 id-2\r\n4 id-3\r\n5 id-4\r\n.\r\n",
         7, 3, 5, 2},
        {"3 id-2\r\n5 id-4\r\n.\r\n", 2, 1, 2, 0},
        {"4294967295 id-0\r\n4294967295 id-0\r\n.\r\n", 1, 0, 0, 0},
        {"1 id-0\r\n2 x\x7f\r\n3 id-2\r\n.\r\n", 3, 2, 2, 1},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        static struct visit v;
        struct maildrop drop;
        struct memory memory;
        unsigned n;
        fill(&drop);
        memset(&memory, 0, sizeof memory);
        strcpy(memory.uid[0], "id-1"); /* seen */
        strcpy(memory.uid[1], "id-4");
        memory.count = 2;
        clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 0);
        v.server.listing = all[i].listing;
        visit(&v, &drop, &memory, 0);
        assert_int_equal(v.d.messages, all[i].messages);
        assert_int_equal(v.d.wanted, all[i].wanted);
        assert_int_equal(v.d.kept, all[i].wanted);
        assert_int_equal(v.d.failed, all[i].failed);
        assert_int_equal(v.d.listed, MAILPROTO_OK);
        assert_int_equal(v.d.deleted, all[i].wanted);
        assert_int_equal(v.answer_asked, all[i].asked + all[i].wanted);
        assert_int_equal(memory.count, 2 + all[i].wanted);
        for (n = 0; n < drop.count; n++) {
            assert_true(!drop.gone[n] ||
                        knows(&memory, drop.uid[n], strlen(drop.uid[n])));
        }
    }
}

/* A unique-id of 70 characters, of what fits the room, and of more. */
static void test_long_uids(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    unsigned n;
    (void)state;
    fill(&drop);
    for (n = 0; n < 3; n++) {
        memset(drop.uid[n], 'A' + (int)n, 70);
        drop.uid[n][70] = '\0';
    }
    strcat(drop.uid[1], "xy");
    strcat(drop.uid[2], "xyz");
    memset(&memory, 0, sizeof memory);
    clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 0);
    visit(&v, &drop, &memory, 0);
    assert_int_equal(v.d.messages, 5);
    assert_int_equal(v.d.kept, 4);
    assert_int_equal(v.d.failed, 1);
    assert_string_equal(memory.uid[0], drop.uid[0]);
    assert_string_equal(memory.uid[1], drop.uid[1]);
    assert_false(drop.gone[2]);
}

/* The smallest client there is: AGAIN at every corner. */
static void test_no_room(void **state)
{
    static struct visit v;
    struct maildrop drop;
    struct memory memory;
    unsigned n;
    (void)state;
    for (n = 1; n < 8; n++) {
        fill(&drop);
        memset(&memory, 0, sizeof memory);
        strcpy(memory.uid[0], "id-0");
        strcpy(memory.body[0], "a\r\n");
        memory.count = 1;
        clean(&v, MAILPROTO_POP3_DOWNLOAD_QUIT | MAILPROTO_POP3_DOWNLOAD_DELETE, 4);
        v.o.max_outstanding = n;
        v.o.out_size = 128;
        v.o.in_size = 128;
        visit(&v, &drop, &memory, n % 2 ? (unsigned)NO_PIPELINING : 0);
        assert_int_equal(v.d.kept, 4);
        assert_int_equal(v.d.deleted, 5);
        check_all(&drop, &memory);
    }
}

static void test_misuse(void **state)
{
    mailproto_pop3_client *c;
    mailproto_pop3_download d;
    mailproto_event ev;
    uint8_t marks[1];
    (void)state;
    memset(&d, 0, sizeof d);
    memset(&ev, 0, sizeof ev);
    assert_int_equal(mailproto_pop3_client_new(NULL, &c), MAILPROTO_OK);
    d.struct_size = sizeof d;
    assert_int_equal(mailproto_pop3_download_start(&d, c), MAILPROTO_ERR_ARGUMENT);
    d.marks = marks;
    assert_int_equal(mailproto_pop3_download_start(&d, c), MAILPROTO_ERR_ARGUMENT);
    d.marks_size = 1;
    assert_int_equal(mailproto_pop3_download_start(&d, c), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_download_event(&d, c, &ev), MAILPROTO_NOT_READY);
    assert_int_equal(mailproto_pop3_download_event(&d, c, NULL),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_pop3_download_seen(&d, c, 1), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_pop3_download_kept(&d, c, 1), MAILPROTO_ERR_STATE);
    d.flags = 4;
    assert_int_equal(mailproto_pop3_download_start(&d, c), MAILPROTO_ERR_ARGUMENT);
    d.flags = 0;
    (void)mailproto_session_fail(mailproto_pop3_client_session(c), MAILPROTO_ERR_TLS);
    assert_int_equal(mailproto_pop3_download_start(&d, c), MAILPROTO_ERR_TLS);
    d.struct_size = 8;
    assert_int_equal(mailproto_pop3_download_start(&d, c), MAILPROTO_ERR_ARGUMENT);
    mailproto_pop3_client_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_keeping),  cmocka_unit_test(test_cut_deleting),
        cmocka_unit_test(test_wire),         cmocka_unit_test(test_no_uids),
        cmocka_unit_test(test_not_kept),     cmocka_unit_test(test_content_limit),
        cmocka_unit_test(test_left),         cmocka_unit_test(test_odd_listings),
        cmocka_unit_test(test_long_uids),    cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_misuse),       cmocka_unit_test(test_unlisted),
        cmocka_unit_test(test_uidl_refused), cmocka_unit_test(test_listing_cut),
        cmocka_unit_test(test_same_uids),    cmocka_unit_test(test_same_uids_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
