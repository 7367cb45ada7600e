/*
 * A POP3 client and a server connected to each other whose applications do what chance
 * says: any verbs in any order, called ahead or not, refusals, answers put off, any
 * sizes of buffers and pieces. Whatever happens, every accepted verb has exactly one
 * outcome, what the client is told of the maildrop is what is in it, QUIT removes exactly
 * what the client marked, and both end in order. And: downloads whose connections break
 * by chance, again and again, until nothing is left to do.
 *
 *     run_pop3_random [first seed [count]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "pop3_events.h"
#include "pop3_reader.h"

enum { TAGS = 200, OPERATIONS = 40, SEEDS = 4000 };

/* What a verb was asked for. */
struct asked {
    uint32_t verb, message;
    uint64_t lines;
    int outcome; /* 1: accepted, 2: it has its outcome */
};

struct world {
    uint64_t seed, drawn;
    struct maildrop drop;
    struct maildrop_visit visit;
    mailproto_pop3_client *client;
    struct pair_end ends[2];
    int caps, logged_in, operations, quitting, blocked, ended;
    uint32_t next_tag;
    struct asked asked[TAGS];
    int marked[MAILDROP_MAX]; /* as the client was told */
    unsigned items, committed, messages;
    struct text content;
    uint64_t items_next;
    const char *failure;
};

static uint32_t draw(struct world *w, uint32_t below)
{
    return (uint32_t)(chunk_hash(w->seed, ++w->drawn) >> 20) % below;
}

static uint32_t draw_of(void *ctx, uint32_t below)
{
    return draw(ctx, below);
}

static int broken(struct world *w, const char *why)
{
    w->failure = w->failure != NULL ? w->failure : why;
    return -1;
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* Lines of chance, some with dots, some that end in LF. */
static void make_drop(struct world *w)
{
    uint32_t count = draw(w, 8);
    struct text t = {NULL, 0, 0};
    char first[40];

    while (count-- != 0) {
        uint32_t lines = draw(w, 10);
        t.len = 0;
        (void)snprintf(first, sizeof first, "X: %u\r\n", (unsigned)count);
        text_add(&t, first, strlen(first));
        while (lines-- != 0) {
            static const char octets[] = ".....ab \xe9";
            uint32_t len = draw(w, draw(w, 10) == 0 ? 700 : 12);
            while (len-- != 0) {
                text_add(&t, &octets[draw(w, sizeof octets - 1)], 1);
            }
            text_print(&t, "%s",
                       lines == 0 && draw(w, 2) != 0 ? "x"
                       : draw(w, 4) == 0             ? "\n"
                                                     : "\r\n");
        }
        maildrop_add(&w->drop, "u.", t.data, t.len);
    }
    text_free(&t);
}

/* ---- the client's application -------------------------------------------------------- */

static mailproto_status call_verb(struct world *w, uint32_t tag, struct asked *a)
{
    a->message = draw(w, (uint32_t)w->drop.count + 2);
    a->lines = draw(w, 4) == 0 ? 0 : draw(w, 9);
    switch (draw(w, 13)) {
    case 0:
        a->verb = MAILPROTO_POP3_VERB_STAT;
        return mailproto_pop3_client_stat(w->client, tag);
    case 1:
    case 2:
        a->verb = MAILPROTO_POP3_VERB_LIST;
        return mailproto_pop3_client_list(w->client, tag, a->message);
    case 3:
    case 4:
        a->verb = MAILPROTO_POP3_VERB_UIDL;
        return mailproto_pop3_client_uidl(w->client, tag, a->message);
    case 5:
    case 6:
        a->verb = MAILPROTO_POP3_VERB_RETR;
        return mailproto_pop3_client_retr(w->client, tag, a->message);
    case 7:
        a->verb = MAILPROTO_POP3_VERB_TOP;
        return mailproto_pop3_client_top(w->client, tag, a->message,
                                         (uint32_t)a->lines);
    case 8:
    case 9:
        a->verb = MAILPROTO_POP3_VERB_DELE;
        return mailproto_pop3_client_dele(w->client, tag, a->message);
    case 10:
        a->verb = draw(w, 3) != 0 ? MAILPROTO_POP3_VERB_NOOP : MAILPROTO_POP3_VERB_RSET;
        return a->verb == MAILPROTO_POP3_VERB_NOOP
                   ? mailproto_pop3_client_noop(w->client, tag)
                   : mailproto_pop3_client_rset(w->client, tag);
    case 11:
        a->verb = MAILPROTO_POP3_VERB_CAPA;
        return mailproto_pop3_client_capa(w->client, tag);
    default:
        a->verb = MAILPROTO_POP3_VERB_UNKNOWN;
        return mailproto_pop3_client_command(w->client, tag, bytes("XTND XMIT"),
                                             (int)draw(w, 2));
    }
}

/* One verb; 1: it was accepted, 0: it must wait, or was not legal. */
static int next_verb(struct world *w)
{
    struct asked *a = &w->asked[w->next_tag];
    mailproto_status st;

    if (w->operations <= 0) {
        a->verb = MAILPROTO_POP3_VERB_QUIT;
        st = mailproto_pop3_client_quit(w->client, w->next_tag);
    } else {
        st = call_verb(w, w->next_tag, a);
    }
    if (st == MAILPROTO_OK) {
        w->quitting = w->operations-- <= 0;
        a->outcome = 1;
        w->next_tag++;
        return 1;
    }
    if (st == MAILPROTO_AGAIN) {
        w->blocked = 1;
        return 0;
    }
    if (st != MAILPROTO_ERR_ARGUMENT && st != MAILPROTO_ERR_NOT_OFFERED) {
        return broken(w, status_name(st));
    }
    if (st == MAILPROTO_ERR_ARGUMENT && a->message != 0) {
        return broken(w, "an argument is refused that is one");
    }
    w->operations--;
    return 0;
}

static int client_turn(void *ctx, mailproto_session *s)
{
    struct world *w = ctx;
    uint32_t verbs;
    int moved = 0;

    (void)s;
    if (!w->logged_in || w->quitting || w->ended) {
        return 0;
    }
    for (verbs = 1 + draw(w, 6); verbs != 0 && !w->quitting && !w->blocked; verbs--) {
        int done = next_verb(w);
        if (done < 0) {
            return -1;
        }
        moved |= done;
    }
    return moved || (!w->blocked && !w->quitting);
}

/* Messages are numbered as the server's application sees them. */
static const struct maildrop_message *message(struct world *w, uint64_t n)
{
    return n == 0 || n > w->visit.view_count ? NULL
                                             : &w->drop.items[w->visit.view[n - 1]];
}

static int check_item(struct world *w, const mailproto_event *ev)
{
    const struct maildrop_message *m = message(w, ev->code);
    const struct asked *a = &w->asked[ev->tag];

    if (m == NULL || w->marked[ev->code - 1] || ev->code < w->items_next) {
        return broken(w, "an ITEM of no message, or out of order");
    }
    w->items_next = (uint64_t)ev->code + 1;
    if (a->message != 0 && a->message != ev->code) {
        return broken(w, "an ITEM of another message");
    }
    if (a->verb == MAILPROTO_POP3_VERB_LIST
            ? ev->number != m->given.len
            : ev->text.len != strlen(m->uid) ||
                  memcmp(ev->text.ptr, m->uid, ev->text.len) != 0) {
        return broken(w, "an ITEM says what is not so");
    }
    w->items++;
    return 0;
}

static int check_content(struct world *w, const mailproto_event *ev)
{
    const struct asked *a = &w->asked[ev->tag];
    const struct maildrop_message *m = message(w, a->message);
    struct text expected = {NULL, 0, 0};
    int good;

    if (m == NULL || ev->number != w->content.len) {
        return broken(w, "content of no message, or of another size");
    }
    if (a->verb == MAILPROTO_POP3_VERB_TOP) {
        maildrop_top(m, a->lines, &expected);
    } else {
        text_add(&expected, m->given.data, m->given.len);
    }
    good = expected.len == w->content.len &&
           (expected.len == 0 ||
            memcmp(expected.data, w->content.data, expected.len) == 0);
    text_free(&expected);
    w->content.len = 0;
    w->messages++;
    return good ? 0 : broken(w, "another content than is in the maildrop");
}

static int check_stat(struct world *w, const mailproto_pop3_status *st)
{
    uint64_t octets = 0;
    uint32_t count = 0;
    size_t i;

    for (i = 0; i < w->visit.view_count; i++) {
        if (!w->marked[i]) {
            count++;
            octets += message(w, i + 1)->given.len;
        }
    }
    return st->messages == count && st->octets == octets
               ? 0
               : broken(w, "STAT says what is not so");
}

static int check_reply(struct world *w, const struct asked *a,
                       const mailproto_pop3_status *st)
{
    if (st->code == MAILPROTO_POP3_NO_REPLY || st->verb != a->verb) {
        return broken(w, "an outcome of another verb, or none");
    }
    if (st->code == MAILPROTO_POP3_ERR) {
        return 0;
    }
    switch (a->verb) {
    case MAILPROTO_POP3_VERB_STAT:
        return check_stat(w, st);
    case MAILPROTO_POP3_VERB_RSET:
        memset(w->marked, 0, sizeof w->marked);
        return 0;
    case MAILPROTO_POP3_VERB_DELE:
        if (message(w, a->message) == NULL || w->marked[a->message - 1]) {
            return broken(w, "DELE of no message is granted");
        }
        w->marked[a->message - 1] = 1;
        return 0;
    default:
        return 0;
    }
}

static int check_commit(struct world *w, const mailproto_event *ev)
{
    uint64_t count = 0;
    size_t i;

    for (i = 0; i < w->visit.view_count; i++) {
        count += w->marked[i] ? 1U : 0U;
        if (message(w, i + 1)->gone != w->marked[i]) {
            return broken(w, "QUIT removed something else than what was marked");
        }
    }
    w->committed++;
    return ev->code == MAILPROTO_POP3_COMMIT_DONE && ev->number == count
               ? 0
               : broken(w, "COMMIT says what is not so");
}

static int outcome(struct world *w, const mailproto_event *ev)
{
    mailproto_pop3_status st;

    memset(&st, 0, sizeof st);
    st.struct_size = sizeof st;
    if (mailproto_pop3_event_status(ev, &st) != MAILPROTO_OK) {
        return broken(w, "an outcome without a status");
    }
    w->items_next = 0;
    if ((ev->flags & (MAILPROTO_EVF_MORE | MAILPROTO_EVF_LINE_MORE)) != 0) {
        return 0;
    }
    if (ev->tag >= TAGS || w->asked[ev->tag].outcome != 1) {
        return broken(w, "an outcome for a tag that awaits none");
    }
    w->asked[ev->tag].outcome = 2;
    if (ev->type == MAILPROTO_EV_POP3_COMMIT) {
        return check_commit(w, ev);
    }
    if (ev->tag == 1) {
        w->logged_in = 1;
        return ev->code == MAILPROTO_POP3_OK ? 0 : broken(w, "the login failed");
    }
    return check_reply(w, &w->asked[ev->tag], &st);
}

static int log_in(struct world *w)
{
    w->caps = 1;
    w->asked[1].outcome = 1;
    w->asked[1].verb = MAILPROTO_POP3_VERB_PASS;
    w->next_tag = 2;
    return mailproto_pop3_client_login(w->client, 1, bytes("mrose"), bytes("a b")) ==
                   MAILPROTO_OK
               ? 0
               : broken(w, "the login is not taken");
}

static int client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct world *w = ctx;

    (void)s;
    switch (ev->type) {
    case MAILPROTO_EV_POP3_CAPS:
        return log_in(w);
    case MAILPROTO_EV_ROOM:
        w->blocked = 0;
        return 0;
    case MAILPROTO_EV_POP3_REPLY:
    case MAILPROTO_EV_POP3_COMMIT:
        return outcome(w, ev);
    case MAILPROTO_EV_POP3_ITEM:
        return check_item(w, ev);
    case MAILPROTO_EV_CONTENT:
        if (ev->number != w->content.len) {
            return broken(w, "content at the wrong offset");
        }
        text_add(&w->content, ev->text.ptr, ev->text.len);
        return 0;
    case MAILPROTO_EV_CONTENT_END:
        return check_content(w, ev);
    case MAILPROTO_EV_POP3_GREETING:
    case MAILPROTO_EV_POP3_LINE:
        return 0;
    case MAILPROTO_EV_CLOSED:
        w->ended = 1;
        return ev->code != 0 ? broken(w, "the client did not end in order") : 0;
    default:
        return broken(w, "an event the client should not have");
    }
}

/* ---- the server's application --------------------------------------------------------- */

static int server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct world *w = ctx;

    if (ev->type == MAILPROTO_EV_CLOSED && ev->code != 0) {
        return broken(w, "the server did not end in order");
    }
    return maildrop_event(&w->visit, s, ev);
}

static int server_turn(void *ctx, mailproto_session *s)
{
    return maildrop_turn(&((struct world *)ctx)->visit, s);
}

/* ---- one world -------------------------------------------------------------------------- */

static void *open_client(struct world *w)
{
    mailproto_pop3_client_options o;
    void *block;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_POP3_TLS_NONE;
    o.flags = MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR;
    o.flags |= draw(w, 4) == 0 ? MAILPROTO_POP3_CLIENT_NO_PIPELINING : 0;
    o.out_size = draw(w, 2) != 0 ? 128 + draw(w, 400) : 0;
    o.in_size = draw(w, 2) != 0 ? 128 + draw(w, 100) : 0;
    o.max_outstanding = draw(w, 2) != 0 ? 1 + draw(w, 6) : 0;
    size = mailproto_pop3_client_mem_size(&o);
    block = test_alloc(size);
    if (mailproto_pop3_client_init(block, size, &o, &w->client) != MAILPROTO_OK) {
        abort();
    }
    w->ends[0].session = mailproto_pop3_client_session(w->client);
    w->ends[0].event = client_event;
    w->ends[0].turn = client_turn;
    return block;
}

static void *open_server(struct world *w)
{
    mailproto_pop3_server_options o;
    void *block;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    o.caps = draw(w, 3) != 0 ? 0 : (uint64_t)1 << MAILPROTO_POP3_CAP_USER;
    o.max_command = 255 + draw(w, 100);
    o.in_size = o.max_command + draw(w, 600);
    o.reply_max = 128 + draw(w, 100);
    o.out_size = 2 * o.reply_max + draw(w, 600);
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    o.max_messages = MAILDROP_MAX;
    size = mailproto_pop3_server_mem_size(&o);
    block = test_alloc(size);
    if (mailproto_pop3_server_init(block, size, &o, &w->visit.server) != MAILPROTO_OK) {
        abort();
    }
    w->visit.drop = &w->drop;
    w->visit.draw = draw_of;
    w->visit.ctx = w;
    w->ends[1].session = mailproto_pop3_server_session(w->visit.server);
    w->ends[1].event = server_event;
    w->ends[1].turn = server_turn;
    return block;
}

static const char *judge(struct world *w, enum pair_result result)
{
    size_t i;

    if (w->failure != NULL || w->visit.failure != NULL) {
        return w->failure != NULL ? w->failure : w->visit.failure;
    }
    if (result != PAIR_DONE) {
        return "nothing moves any more";
    }
    for (i = 0; i < TAGS; i++) {
        if (w->asked[i].outcome == 1) {
            return "a verb without an outcome";
        }
    }
    return w->committed == 1 ? NULL : "no COMMIT, or more than one";
}

struct counts {
    unsigned long messages, items, visits;
    unsigned commits[5], none, failed;
};

static int verbs_of_chance(uint64_t seed, struct counts *c)
{
    static struct world w;
    void *blocks[2];
    const char *why;
    size_t i;

    memset(&w, 0, sizeof w);
    w.seed = seed;
    w.operations = OPERATIONS;
    make_drop(&w);
    blocks[0] = open_client(&w);
    blocks[1] = open_server(&w);
    for (i = 0; i < 2; i++) {
        w.ends[i].ctx = &w;
        w.ends[i].chunk.kind = draw(&w, 2) != 0 ? CHUNK_RANDOM : CHUNK_EACH;
        w.ends[i].chunk.value = 1 + draw(&w, 200);
        w.ends[i].chunk.in_place = (int)draw(&w, 2);
    }
    why = judge(&w, pair_run(&w.ends[0], &w.ends[1]));
    if (why != NULL) {
        fprintf(stderr, "seed %llu: %s (at tag %u)\n", (unsigned long long)seed, why,
                w.next_tag);
    }
    c->messages += w.messages;
    c->items += w.items;
    maildrop_free(&w.drop);
    maildrop_visit_end(&w.visit);
    text_free(&w.content);
    for (i = 0; i < 2; i++) {
        pair_end_free(&w.ends[i]);
        free(blocks[i]);
    }
    return why == NULL;
}

/* ---- downloads ----------------------------------------------------------------------------- */

static void plan_visit(struct world *w, struct visit_plan *plan, int deletes, int last)
{
    memset(plan, 0, sizeof *plan);
    plan->flags = (deletes ? (uint32_t)MAILPROTO_POP3_DOWNLOAD_DELETE : 0U) |
                  (draw(w, 2) != 0 ? (uint32_t)MAILPROTO_POP3_DOWNLOAD_QUIT : 0U);
    plan->caps = draw(w, 3) != 0 ? 0
                                 : (uint64_t)1 << MAILPROTO_POP3_CAP_USER |
                                       (uint64_t)1 << MAILPROTO_POP3_CAP_UIDL;
    plan->client_flags = draw(w, 4) == 0 ? MAILPROTO_POP3_CLIENT_NO_PIPELINING : 0;
    plan->ahead = draw(w, 6);
    plan->in_size = draw(w, 2) != 0 ? 128 + draw(w, 100) : 0;
    plan->out_size = draw(w, 2) != 0 ? 128 + draw(w, 100) : 0;
    plan->server_out = draw(w, 2) != 0 ? 256 + 2 * draw(w, 100) : 0;
    plan->chunk.kind = draw(w, 2) != 0 ? CHUNK_RANDOM : CHUNK_EACH;
    plan->chunk.value = 1 + draw(w, 100);
    plan->chunk.in_place = (int)draw(w, 2);
    if (!last) {
        plan->draw = draw_of;
        plan->ctx = w;
        plan->may_fail_to_keep = 1;
        plan->marks_size = draw(w, 4) == 0 ? 1 : 0;
        plan->update_fails = draw(w, 6) == 0;
        plan->cut[draw(w, 2)] = draw(w, 6) == 0 ? 0 : 1 + draw(w, 800);
        plan->cut_status = draw(w, 2) != 0 ? MAILPROTO_ERR_IO : MAILPROTO_OK;
    }
}

/* Visits until one was whole; then all of it is here once, and there as is wanted. */
static int download_of_chance(uint64_t seed, struct counts *c)
{
    static struct world w;
    struct memory memory;
    struct visit_plan plan;
    struct visit_result r;
    const char *why = NULL;
    int visits;
    int deletes;
    size_t i;

    memset(&w, 0, sizeof w);
    memset(&memory, 0, sizeof memory);
    w.seed = seed ^ 0x5eed;
    make_drop(&w);
    deletes = draw(&w, 3) != 0;
    for (visits = 1 + (int)draw(&w, 5); visits >= 0 && why == NULL; visits--) {
        plan_visit(&w, &plan, deletes, visits == 0);
        visit(&w.drop, &memory, &plan, &r);
        why = r.failure;
        c->visits++;
        c->none += !r.asked_commit;
        if (r.asked_commit && r.commit < 5) {
            c->commits[r.commit]++;
        }
    }
    for (i = 0; i < w.drop.count && why == NULL; i++) {
        if (memory_times(&memory, &w.drop.items[i]) != 1) {
            why = "a message was not kept exactly once";
        } else if (w.drop.items[i].gone != deletes) {
            why =
                "a message is gone that should be there, or there that should be gone";
        }
    }
    if (why != NULL) {
        fprintf(stderr, "seed %llu, download: %s\n", (unsigned long long)seed, why);
    }
    memory_free(&memory);
    maildrop_free(&w.drop);
    return why == NULL;
}

int main(int argc, char **argv)
{
    const char *full = getenv("MAILPROTO_FULL");
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : argc > 1 ? 1 : SEEDS;
    struct counts c;
    uint64_t i;

    memset(&c, 0, sizeof c);
    events_speak(&pop3_language);
    if (argc == 1 && full != NULL && strcmp(full, "1") == 0) {
        count *= 50;
    }
    for (i = 0; i < count && c.failed < 10; i++) {
        c.failed += !verbs_of_chance(first + i, &c);
        c.failed += !download_of_chance(first + i, &c);
    }
    printf("%llu conversations, %lu messages, %lu list lines; %lu visits: %u done, %u "
           "failed, %u unknown, %u not, %u without QUIT; %u wrong\n",
           (unsigned long long)i, c.messages, c.items, c.visits,
           c.commits[MAILPROTO_POP3_COMMIT_DONE],
           c.commits[MAILPROTO_POP3_COMMIT_FAILED],
           c.commits[MAILPROTO_POP3_COMMIT_UNKNOWN],
           c.commits[MAILPROTO_POP3_COMMIT_NOT], c.none, c.failed);
    return c.failed != 0 || (argc == 1 && (c.messages == 0 || c.items == 0));
}
