/* SEARCH: see imap.h. */
#include "imap.h"
#include "loop.h"

#include <stdlib.h>

/* The program; its first try says how large it is. */
static int prepare(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_imap_cursor keys = j->command.items;
    mailproto_status st = mailproto_imap_search_compile(&keys, NULL, 0, &j->node_count);
    if (st == MAILPROTO_ERR_MEMORY) {
        keys = j->command.items;
        j->nodes = malloc(j->node_count * sizeof *j->nodes);
        st = j->nodes == NULL ? st
                              : mailproto_imap_search_compile(
                                    &keys, j->nodes, j->node_count, &j->node_count);
        j->matching = malloc(sizeof *j->matching);
        if (j->matching == NULL) {
            return -1;
        }
        j->matching->going_on = 0;
    }
    return st == MAILPROTO_OK ? 0 : -1;
}

/* OK: `*matched` is 1, or 0: it does not match, or cannot be read; NOT_READY: the others'
   turn, then it goes on; an error: the program is too large for any message. */
static mailproto_status matches(struct imap *c, int *matched)
{
    struct imap_job *j = &c->job;
    struct imap_matching *k = j->matching;
    mailproto_status st = MAILPROTO_OK;
    *matched = 0;
    if (!k->going_on) {
        st = mailproto_imap_match_open(&k->match, j->nodes, j->node_count, &c->facts,
                                       k->work, sizeof k->work);
        if (st != MAILPROTO_OK) {
            return MAILPROTO_ERR_MEMORY;
        }
    }
    k->going_on = 0;
    while (st == MAILPROTO_OK) {
        st = mailproto_imap_match_run(&k->match);
        if (st == MAILPROTO_OK) {
            *matched = mailproto_imap_match_result(&k->match);
            return MAILPROTO_OK;
        }
        if (st == MAILPROTO_NOT_READY) {
            k->going_on = 1;
            return st;
        }
        if (st == MAILPROTO_AGAIN && imap_read_message(c, c->facts.uid) == 0) {
            st = mailproto_imap_match_message(&k->match, &c->message.source,
                                              &c->message.index);
        }
    }
    return MAILPROTO_OK;
}

/* RFC 4731 3.2: the highest mod-sequence of those that are told: all, or the first and
   the last one alone. The message is the last so far. */
static uint64_t modseq_told(const struct imap_job *j, uint64_t modseq)
{
    uint64_t before = j->found.modseq;
    uint32_t returns = j->command.returns & ~(uint32_t)MAILPROTO_IMAP_RETURN_SAVE;
    if (returns == MAILPROTO_IMAP_RETURN_MIN) {
        return j->found.count == 1 ? modseq : before;
    }
    if (returns == MAILPROTO_IMAP_RETURN_MAX) {
        return modseq;
    }
    if (returns == (MAILPROTO_IMAP_RETURN_MIN | MAILPROTO_IMAP_RETURN_MAX)) {
        before = j->first_modseq;
    }
    return modseq > before ? modseq : before;
}

static int found(struct imap *c, size_t place, const struct box_message *m)
{
    struct imap_job *j = &c->job;
    uint32_t number =
        (j->command.flags & MAILPROTO_IMAP_UID) != 0 ? m->uid : (uint32_t)place + 1;
    if (j->found.count++ == 0) {
        j->found.min = number;
        j->first_modseq = m->modseq;
    }
    j->found.max = number;
    if ((j->command.flags & MAILPROTO_IMAP_USES_MODSEQ) != 0) {
        j->found.modseq = modseq_told(j, m->modseq);
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

/* RFC 5182 2.1: what was saved is gone after a NO. */
static mailproto_status refuse(struct imap *c)
{
    if ((c->job.command.returns & MAILPROTO_IMAP_RETURN_SAVE) != 0) {
        c->saved.count = 0;
    }
    return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_LIMIT,
                       "The search is too complex");
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
    for (; j->step == 0 && j->at < imap_view_count(c); j->at++) {
        const struct box_message *m = box_find(c->view.box, c->view.uids[j->at]);
        int matched;
        if (!j->matching->going_on) {
            if (loop_now() > c->until) {
                return MAILPROTO_NOT_READY;
            }
            if (m == NULL) {
                continue;
            }
            imap_fill_facts(c, j->at, m);
        }
        mailproto_status st = matches(c, &matched);
        if (st > 0) {
            return st;
        }
        if (st < 0) {
            return refuse(c);
        }
        if (matched) { /* which may have found the list changed */
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
