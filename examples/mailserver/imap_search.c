/* SEARCH: see imap.h. */
#include "imap.h"
#include "loop.h"

#include <stdlib.h>

static int prepare(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_imap_cursor keys = j->command.items;
    size_t cap = j->command.args.len / 2 + 2;
    j->nodes = malloc(cap * sizeof *j->nodes);
    return j->nodes == NULL || mailproto_imap_search_compile(
                                   &keys, j->nodes, cap, &j->node_count) != MAILPROTO_OK
               ? -1
               : 0;
}

/* 1 it matches, 0 it does not, or cannot be read; a match is made in one go. */
static int matches(struct imap *c)
{
    static char work[65536];
    struct imap_job *j = &c->job;
    mailproto_imap_match match;
    mailproto_status st = mailproto_imap_match_open(&match, j->nodes, j->node_count,
                                                    &c->facts, work, sizeof work);
    while (st == MAILPROTO_OK) {
        st = mailproto_imap_match_run(&match);
        if (st == MAILPROTO_OK) {
            return mailproto_imap_match_result(&match);
        }
        if (st == MAILPROTO_AGAIN && imap_read_message(c, c->facts.uid) == 0) {
            st = mailproto_imap_match_message(&match, &c->message.source,
                                              &c->message.index);
        }
    }
    return 0;
}

static int found(struct imap *c, size_t place, const struct box_message *m)
{
    struct imap_job *j = &c->job;
    uint32_t number =
        (j->command.flags & MAILPROTO_IMAP_UID) != 0 ? m->uid : (uint32_t)place + 1;
    j->found.count++;
    j->found.min = j->found.min == 0 ? number : j->found.min;
    j->found.max = number;
    if ((j->command.flags & MAILPROTO_IMAP_USES_MODSEQ) != 0 &&
        m->modseq > j->found.modseq) {
        j->found.modseq = m->modseq;
    }
    return imap_add_range(&j->from, number) < 0 || imap_add_range(&j->to, m->uid) < 0
               ? -1
               : 0;
}

/* RFC 5182 2.1: what is saved is what was asked for: MIN and MAX alone if those
   were. */
static void save(struct imap *c)
{
    struct imap_job *j = &c->job;
    uint32_t returns = j->command.returns;
    struct imap_ranges old = c->saved;
    int ends =
        (returns & (MAILPROTO_IMAP_RETURN_ALL | MAILPROTO_IMAP_RETURN_COUNT)) == 0 &&
        (returns & (MAILPROTO_IMAP_RETURN_MIN | MAILPROTO_IMAP_RETURN_MAX)) != 0;
    c->saved = j->to;
    j->to = old;
    if (ends && c->saved.count > 0) {
        mailproto_imap_range *list = c->saved.list;
        uint32_t min = list[0].low, max = list[c->saved.count - 1].high;
        c->saved.count = 0;
        if ((returns & MAILPROTO_IMAP_RETURN_MIN) != 0) {
            imap_add_range(&c->saved, min);
        }
        if ((returns & MAILPROTO_IMAP_RETURN_MAX) != 0 &&
            (c->saved.count == 0 || max != min)) {
            imap_add_range(&c->saved, max);
        }
    }
}

/* The answer, in pieces as the output takes them. */
static mailproto_status tell(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_status st = MAILPROTO_OK;
    int wants = 0;
    j->found.struct_size = sizeof j->found;
    if (j->step == 1) {
        st = mailproto_imap_server_search_begin(c->engine, j->request, &j->found,
                                                &wants);
        j->step = st != MAILPROTO_OK ? 1 : wants ? 2 : 3;
    }
    if (st == MAILPROTO_OK && j->step == 2) {
        st = mailproto_imap_server_numbers(c->engine, j->from.list, j->from.count);
        j->step = st == MAILPROTO_OK ? 3 : 2;
    }
    if (st == MAILPROTO_OK && j->step == 3) {
        st = mailproto_imap_server_search_end(c->engine);
        j->step = st == MAILPROTO_OK ? 4 : 3;
    }
    return st;
}

mailproto_status imap_search(struct imap *c)
{
    struct imap_job *j = &c->job;
    if (j->nodes == NULL && prepare(c) < 0) {
        return MAILPROTO_ERR_MEMORY;
    }
    for (; j->step == 0 && j->at < c->view.count; j->at++) {
        const struct box_message *m = box_find(c->view.box, c->view.uids[j->at]);
        if (loop_now() > c->until) {
            return MAILPROTO_NOT_READY;
        }
        if (m == NULL) {
            continue;
        }
        imap_fill_facts(c, j->at, m);
        if (matches(c)) { /* which may have found the list changed */
            m = box_find(c->view.box, c->view.uids[j->at]);
            if (m != NULL && found(c, j->at, m) < 0) {
                return MAILPROTO_ERR_MEMORY;
            }
        }
    }
    if (j->step == 0) {
        j->step = 1;
        if ((j->command.returns & MAILPROTO_IMAP_RETURN_SAVE) != 0) {
            save(c);
        }
    }
    return tell(c);
}
