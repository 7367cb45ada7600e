/* COPY and MOVE, and RENAME of INBOX, which is a MOVE of all: see imap.h. Many messages are
   brought over a few hundred at a time; the others have their turn between. */
#include "imap.h"
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINK = 0, SYNC = 1, COMMIT = 2, TELL = 10, TOLD = 15 };

/* ---- telling --------------------------------------------------------------------- */

/* `[COPYUID ...]`, in pieces: of request 0 it is an untagged OK (RFC 6851 4.3). */
static mailproto_status tell_copied(struct imap *c, uint32_t request, const char *text)
{
    struct imap_job *j = &c->job;
    mailproto_imap_server *e = c->engine;
    mailproto_status st = MAILPROTO_OK;
    for (; st == MAILPROTO_OK && j->step < TOLD; j->step += st == MAILPROTO_OK) {
        switch (j->step) {
        case TELL:
            st = mailproto_imap_server_code_begin(e, request, MAILPROTO_IMAP_OK,
                                                  MAILPROTO_IMAP_CODE_COPYUID,
                                                  j->box->uidvalidity);
            break;
        case TELL + 1:
            st = mailproto_imap_server_numbers(e, j->from.list, j->from.count);
            break;
        case TELL + 2:
            st = mailproto_imap_server_code_target(e);
            break;
        case TELL + 3:
            st = mailproto_imap_server_numbers(e, j->to.list, j->to.count);
            break;
        default:
            st = mailproto_imap_server_code_end(e,
                                                (mailproto_bytes){text, strlen(text)});
        }
    }
    return st;
}

static mailproto_status end_copy(struct imap *c)
{
    return tell_copied(c, c->job.request, "Copied");
}

/* The target. 0, or -1: it was answered. */
static int open_target(struct imap *c)
{
    struct imap_job *j = &c->job;
    char *name = imap_name(&j->command.mailbox);
    j->box = name == NULL ? NULL : box_open(c->store, name);
    free(name);
    if (j->box == NULL) {
        imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_TRYCREATE,
                    "There is no such mailbox");
        return -1;
    }
    if (imap_targets(c, &j->command.set, (j->command.flags & MAILPROTO_IMAP_UID) != 0) <
        0) {
        return -1;
    }
    for (size_t i = 0; i < j->count; i++) { /* by UID: others may expunge some */
        j->targets[i] = c->view.uids[j->targets[i]];
    }
    j->drafts = calloc(j->count + 1, sizeof *j->drafts);
    return j->drafts == NULL ? -1 : 0;
}

/* ---- bringing over --------------------------------------------------------------- */

static mailproto_status cannot(struct imap *c)
{
    return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNAVAILABLE,
                       "It cannot be stored now");
}

static mailproto_status are_gone(struct imap *c)
{
    return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_EXPUNGEISSUED,
                       "Some of the messages are gone");
}

/* All get their names in tmp/. `step` is SYNC then, or COMMIT: a copy can be there no
   sooner than its original was. */
static mailproto_status link_all(struct imap *c, struct box *from)
{
    struct imap_job *j = &c->job;
    for (; j->at < j->count; j->at++) {
        if (loop_now() > c->until) {
            return MAILPROTO_NOT_READY;
        }
        const struct box_message *m = box_find(from, j->targets[j->at]);
        if (m == NULL ||
            box_draft_copy(j->box, from, m, &j->drafts[j->draft_count]) < 0) {
            int lost = m == NULL || (errno == ENOENT && !j->box->gone);
            from->settled = lost ? 0 : from->settled;
            imap_move_drop(c);
            return lost ? are_gone(c) : cannot(c);
        }
        j->draft_count++;
    }
    j->step = j->draft_count > 0 ? SYNC : TOLD;
    return MAILPROTO_OK;
}

/* Others had their turn since these drafts were made: of what went there is no copy, or it
   would come back, or be in two mailboxes. How many of the next `n` there are. */
static size_t still_there(struct imap_job *j, struct box *from, size_t n)
{
    struct box_draft *d = j->drafts + j->committed;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (box_draft_refresh(j->box, from, &d[i]) == 0) {
            d[kept++] = d[i];
        } else {
            box_draft_drop(j->box, &d[i]);
            j->lost = 1;
        }
    }
    memmove(d + kept, d + n, (j->draft_count - j->committed - n) * sizeof *d);
    j->draft_count -= n - kept;
    return kept;
}

/* Which were brought over, and as what. 0 or -1. */
static int note_committed(struct imap_job *j, size_t n, uint32_t first)
{
    for (size_t i = 0; i < n; i++, j->committed++) {
        if (imap_add_range(&j->from, j->drafts[j->committed].source) < 0 ||
            imap_add_range(&j->to, first + (uint32_t)i) < 0) {
            j->committed += n - i; /* they are there, whoever is told */
            return -1;
        }
    }
    return 0;
}

/* Then they appear; those of `from`, if there is one, go in the same moment. */
static mailproto_status commit_all(struct imap *c, struct box *from)
{
    struct imap_job *j = &c->job;
    while (j->committed < j->draft_count) {
        size_t n = j->draft_count - j->committed;
        uint32_t first = 0;
        j->part |= from == NULL && n > BOX_SLICE;
        n = n < BOX_SLICE ? n : BOX_SLICE;
        if (from != NULL && !j->box->gone) {
            n = still_there(j, from, n);
        }
        if (j->box->gone || (n > 0 && box_draft_commit(j->box, j->drafts + j->committed,
                                                       n, from, j->part, &first) < 0)) {
            imap_move_drop(c);
            return cannot(c);
        }
        if (note_committed(j, n, first) < 0) {
            return MAILPROTO_ERR_MEMORY;
        }
        if (j->committed < j->draft_count && loop_now() >= c->until) {
            return MAILPROTO_NOT_READY;
        }
    }
    for (size_t i = 0; i < j->to.count && j->part; i++) {
        box_finish(j->box, j->to.list[i].low, j->to.list[i].high);
    }
    j->part = 0;
    j->step = TELL;
    return MAILPROTO_OK;
}

void imap_move_drop(struct imap *c)
{
    struct imap_job *j = &c->job;
    for (size_t i = j->committed; i < j->draft_count && j->box != NULL; i++) {
        box_draft_drop(j->box, &j->drafts[i]);
    }
    for (size_t i = 0; i < j->to.count && j->part; i++) {
        box_condemn_range(j->box, j->to.list[i].low, j->to.list[i].high);
    }
    j->draft_count = j->committed;
    j->part = 0;
    if (j->name != NULL && j->committed == 0 && j->step < TELL) {
        box_unmake(c->store, j->name, j->depth);
    }
    free(j->name);
    j->name = NULL;
}

/* Their names in tmp/ are durable before the index has them. */
static mailproto_status bring(struct imap *c, struct box *from, int move)
{
    struct imap_job *j = &c->job;
    mailproto_status st = MAILPROTO_OK;
    int done = box_load(j->box, c->until);
    if (done != 1) {
        return done < 0 ? MAILPROTO_ERR_IO : MAILPROTO_NOT_READY;
    }
    if (j->step == LINK) {
        st = link_all(c, from);
    }
    if (st == MAILPROTO_OK && j->step == SYNC) {
        st = imap_sync(c, j->box, j->drafts, 0);
        if (st == MAILPROTO_OK && j->synced < 0) {
            imap_move_drop(c);
            return cannot(c);
        }
        j->step = st == MAILPROTO_OK ? COMMIT : SYNC;
    }
    if (st == MAILPROTO_OK && j->step == COMMIT) {
        st = commit_all(c, move ? from : NULL);
    }
    return st;
}

/* ---- COPY and MOVE --------------------------------------------------------------- */

static mailproto_status copy(struct imap *c, int move)
{
    struct imap_job *j = &c->job;
    if (j->box == NULL && open_target(c) < 0) {
        return j->box == NULL ? MAILPROTO_OK : MAILPROTO_ERR_MEMORY;
    }
    return bring(c, c->view.box, move);
}

mailproto_status imap_copy(struct imap *c)
{
    mailproto_status st = copy(c, 0);
    if (st == MAILPROTO_OK && c->job.step == TELL) {
        c->job.end = end_copy;
    }
    return st;
}

mailproto_status imap_move(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_status st = MAILPROTO_OK;
    if (c->view.read_only) {
        return imap_read_only(c);
    }
    if (j->step < TELL) {
        st = copy(c, 1);
    }
    if (st == MAILPROTO_OK && j->step >= TELL && j->to.count > 0) {
        st = tell_copied(c, 0, "Moved");
        if (st == MAILPROTO_OK) { /* RFC 6851 4.4 */
            imap_answer(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_HIGHESTMODSEQ,
                        "Moved");
            j->code.number = c->view.box->modseq;
        }
    } else if (st == MAILPROTO_OK && j->step >= TELL && j->lost) {
        are_gone(c);
    }
    return st;
}

/* ---- RENAME of INBOX -------------------------------------------------------------- */

/* The new mailbox, and all there is as the targets. 0 or -1, with errno. */
static int open_new(struct imap *c)
{
    struct imap_job *j = &c->job;
    char *name = imap_new_name(&j->command.target);
    j->targets = malloc((j->other->count + 1) * sizeof *j->targets);
    j->drafts = calloc(j->other->count + 1, sizeof *j->drafts);
    if (name == NULL || j->targets == NULL || j->drafts == NULL) {
        free(name);
        errno = name == NULL ? EINVAL : ENOMEM;
        return -1;
    }
    for (size_t i = 0; i < j->other->count; i++) {
        j->targets[j->count++] = j->other->list[i].uid;
    }
    size_t depth = box_depth(c->store, name);
    if (depth == strlen(name)) {
        free(name);
        errno = EEXIST;
        return -1;
    }
    j->depth = depth;
    j->name = name; /* what is made for it from now on may have to go */
    if (box_create(c->store, name, 0) == 0) {
        j->box = box_open(c->store, name);
    }
    return j->box == NULL ? -1 : 0;
}

/* RFC 9051 6.3.6: the messages of INBOX go to a new mailbox, and it stays. */
mailproto_status imap_empty_inbox(struct imap *c)
{
    struct imap_job *j = &c->job;
    if (j->box == NULL) {
        j->other = j->other == NULL ? box_open(c->store, "INBOX") : j->other;
        int done = j->other == NULL ? -1 : box_scan(j->other, c->until, &j->want);
        if (done == 0) {
            return MAILPROTO_NOT_READY;
        }
        if (done < 0 || open_new(c) < 0) {
            imap_fault(c);
            imap_move_drop(c);
            return MAILPROTO_OK;
        }
    }
    mailproto_status st = bring(c, j->other, 1);
    if (st != MAILPROTO_NOT_READY && j->step < TELL) {
        imap_move_drop(c);
    }
    return st;
}
