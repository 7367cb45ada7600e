/*
 * The connection is cut after every octet of either direction, while a client fetches
 * mail and deletes it: the maildrop must hold what RFC 1939 6 says, what the client says
 * of its deletions must be true, and over a second visit no message may be lost or kept
 * twice.
 *
 *     run_pop3_kill
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pop3_reader.h"

static const char *const texts[] = {
    "Subject: one\r\n\r\nfirst\r\n",
    "Subject: two\n\n.dots\n..\n.\nstored with LF, no end",
    "Subject: three\r\n\r\n",
    "Subject: four\r\n\r\n.\r\n+OK fake\r\n",
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

/* One way to go there. */
struct way {
    const char *name;
    uint32_t flags;
    uint64_t caps;
    uint32_t client_flags, ahead;
    int seen; /* messages kept at an earlier visit that are still there */
};

#define CAP(name) ((uint64_t)1 << MAILPROTO_POP3_CAP_##name)
#define LOCK_STEP (CAP(USER) | CAP(UIDL))
#define NO_UIDL (CAP(USER) | CAP(PIPELINING))

static const struct way ways[] = {
    {"delete", MAILPROTO_POP3_DOWNLOAD_DELETE | MAILPROTO_POP3_DOWNLOAD_QUIT, 0, 0, 0,
     0},
    {"delete, some are seen",
     MAILPROTO_POP3_DOWNLOAD_DELETE | MAILPROTO_POP3_DOWNLOAD_QUIT, 0, 0, 2, 2},
    {"delete, lock-step", MAILPROTO_POP3_DOWNLOAD_DELETE | MAILPROTO_POP3_DOWNLOAD_QUIT,
     LOCK_STEP, 0, 0, 1},
    {"delete, no pipelining wanted", MAILPROTO_POP3_DOWNLOAD_DELETE, 0,
     MAILPROTO_POP3_CLIENT_NO_PIPELINING, 0, 0},
    {"delete, no unique-ids",
     MAILPROTO_POP3_DOWNLOAD_DELETE | MAILPROTO_POP3_DOWNLOAD_QUIT, NO_UIDL, 0, 0, 0},
    {"delete, one ahead", MAILPROTO_POP3_DOWNLOAD_DELETE, 0, 0, 1, 1},
    {"keep", MAILPROTO_POP3_DOWNLOAD_QUIT, 0, 0, 0, 0},
    {"keep, lock-step", MAILPROTO_POP3_DOWNLOAD_QUIT, LOCK_STEP, 0, 0, 1},
    {"keep, the caller quits", 0, 0, 0, 8, 2},
};

static struct chunk chunk_of(unsigned n)
{
    static const struct chunk chunks[] = {
        {CHUNK_WHOLE, 0, 0, 0},
        {CHUNK_EACH, 1, 1, 0},
        {CHUNK_RANDOM, 7, 0, 0},
    };
    return chunks[n];
}

static void fill(struct maildrop *drop, struct memory *memory, const struct way *way)
{
    size_t i;

    memset(drop, 0, sizeof *drop);
    memset(memory, 0, sizeof *memory);
    for (i = 0; i < TEXTS; i++) {
        maildrop_add(drop, "uid:", texts[i], strlen(texts[i]));
    }
    for (i = 0; i < (size_t)way->seen; i++) {
        strcpy(memory->uids[i], drop->items[i].uid);
        text_add(&memory->texts[i], drop->items[i].given.data,
                 drop->items[i].given.len);
        memory->count++;
    }
}

/* After the visit that was not cut: all of it is here once, and there as is wanted. */
static const char *judge(const struct maildrop *drop, const struct memory *memory,
                         const struct way *way)
{
    int uids = way->caps != NO_UIDL;
    size_t i;

    for (i = 0; i < drop->count; i++) {
        unsigned times = memory_times(memory, &drop->items[i]);
        if (times == 0) {
            return "a message was never kept";
        }
        if (times > (uids ? 1U : 2U)) {
            return "a message was kept twice";
        }
        if (drop->items[i].gone !=
            ((way->flags & MAILPROTO_POP3_DOWNLOAD_DELETE) != 0)) {
            return drop->items[i].gone ? "a message is gone that should be there"
                                       : "a message is there that should be gone";
        }
    }
    return NULL;
}

static void show(const struct way *way, const struct visit_plan *plan,
                 const struct visit_result *r, const char *why)
{
    fprintf(
        stderr,
        "%s, %s, cut %lu/%lu, %s: %s\n  commit %d %u of %lu, deleted %u kept %u, gone "
        "%u, updates %u, quit %d, over %d\n",
        way->name, chunk_name(&plan->chunk), (unsigned long)plan->cut[0],
        (unsigned long)plan->cut[1], plan->cut_status != 0 ? "fails" : "ends", why,
        r->asked_commit, r->commit, (unsigned long)r->commit_number, r->d.deleted,
        r->d.kept, r->gone, r->updates, r->quit_arrived, r->over);
}

/* A visit that is cut, and one that is not. 1, or 0. */
static int cut_and_again(const struct way *way, struct visit_plan *plan,
                         struct visit_result *first)
{
    struct maildrop drop;
    struct memory memory;
    struct visit_result second;
    struct visit_plan whole = *plan;
    int good;

    fill(&drop, &memory, way);
    visit(&drop, &memory, plan, first);
    good = first->failure == NULL;
    if (!good) {
        show(way, plan, first, first->failure);
    } else {
        whole.cut[0] = whole.cut[1] = 0;
        visit(&drop, &memory, &whole, &second);
        if (second.failure == NULL) {
            second.failure = judge(&drop, &memory, way);
        }
        good = second.failure == NULL;
        if (!good) {
            show(way, plan, first, "first visit");
            show(way, &whole, &second, second.failure);
        }
    }
    memory_free(&memory);
    maildrop_free(&drop);
    return good;
}

struct counts {
    unsigned long visits;
    unsigned failed, commits[5], none;
};

static void count(struct counts *c, const struct visit_result *r)
{
    c->visits++;
    if (!r->asked_commit) {
        c->none++;
    } else if (r->commit < 5) {
        c->commits[r->commit]++;
    }
}

/* Cuts at every octet that `side` receives. */
static void one_side(const struct way *way, struct visit_plan *plan, int side,
                     uint64_t octets, struct counts *c)
{
    uint64_t at;

    for (at = 0; at <= octets && c->failed < 10; at++) {
        struct visit_result r;
        plan->cut[side] = at + 1;
        c->failed += !cut_and_again(way, plan, &r);
        count(c, &r);
    }
    plan->cut[side] = 0;
}

static void one_way(const struct way *way, unsigned pieces, mailproto_status status,
                    struct counts *c)
{
    struct visit_plan plan;
    struct visit_result whole;

    memset(&plan, 0, sizeof plan);
    plan.flags = way->flags;
    plan.caps = way->caps;
    plan.client_flags = way->client_flags;
    plan.ahead = way->ahead;
    plan.chunk = chunk_of(pieces);
    if (!cut_and_again(way, &plan, &whole)) {
        c->failed++;
        return;
    }
    plan.cut_status = status;
    one_side(way, &plan, 0, whole.octets[0], c);
    one_side(way, &plan, 1, whole.octets[1], c);
}

int main(void)
{
    struct counts c;
    unsigned pieces;
    size_t i;

    memset(&c, 0, sizeof c);
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        for (pieces = 0; pieces < 3; pieces++) {
            one_way(&ways[i], pieces, MAILPROTO_OK, &c);
            one_way(&ways[i], pieces, MAILPROTO_ERR_IO, &c);
        }
    }
    printf("%lu visits cut: %u done, %u unknown, %u not, %u nothing, %u without QUIT; "
           "%u failed\n",
           c.visits, c.commits[MAILPROTO_POP3_COMMIT_DONE],
           c.commits[MAILPROTO_POP3_COMMIT_UNKNOWN],
           c.commits[MAILPROTO_POP3_COMMIT_NOT],
           c.commits[MAILPROTO_POP3_COMMIT_NOTHING], c.none, c.failed);
    return c.failed != 0 || c.commits[MAILPROTO_POP3_COMMIT_DONE] == 0 ||
           c.commits[MAILPROTO_POP3_COMMIT_UNKNOWN] == 0 || c.none == 0;
}
