/* STORE, COPY, MOVE, EXPUNGE: see imap.h. */
#include "imap.h"
#include "loop.h"

#include <stdlib.h>
#include <string.h>

/* ---- flags ----------------------------------------------------------------------- */

/* Flags of a command as bits. 0, or -1: one that cannot be. */
static int read_flags(struct box *box, mailproto_imap_cursor items, int create,
                      uint32_t *flags, uint64_t *keywords)
{
    mailproto_imap_string item;
    *flags = 0;
    *keywords = 0;
    while (mailproto_imap_string_next(&items, &item) == MAILPROTO_OK) {
        uint32_t bit = mailproto_imap_flag(item.raw) & ~(uint32_t)MAILPROTO_IMAP_RECENT;
        if (item.raw.len > 0 && item.raw.ptr[0] == '\\') {
            *flags |= bit; /* \Recent and what is unknown cannot be set */
            continue;
        }
        uint64_t keyword = box_keyword(box, item.raw, create);
        if (keyword == 0 && create) {
            return -1;
        }
        *keywords |= keyword;
    }
    return 0;
}

int imap_read_flags(struct box *box, mailproto_imap_cursor items, uint32_t *flags,
                    uint64_t *keywords)
{
    return read_flags(box, items, 1, flags, keywords);
}

static mailproto_status read_only(struct imap *c)
{
    return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_NONE,
                       "The mailbox is open for reading only");
}

/* What the command makes of a message's flags. 0, or -1: its file has another name. */
static int apply(struct imap *c, struct box_message *m, uint32_t flags,
                 uint64_t keywords)
{
    switch (c->job.command.store) {
    case MAILPROTO_IMAP_STORE_ADD:
        flags |= m->flags;
        keywords |= m->keywords;
        break;
    case MAILPROTO_IMAP_STORE_REMOVE:
        flags = m->flags & ~flags;
        keywords = m->keywords & ~keywords;
        break;
    default:
        break;
    }
    return box_set_flags(c->view.box, m, flags, keywords);
}

static int store_one(struct imap *c, size_t place, uint32_t flags, uint64_t keywords)
{
    struct imap_job *j = &c->job;
    struct imap_view *v = &c->view;
    struct box_message *m = box_find(v->box, v->uids[place]);
    if (m == NULL) {
        j->lost = 1;
        return 0;
    }
    if ((j->command.flags & MAILPROTO_IMAP_HAS_MODSEQ) != 0 &&
        m->modseq > j->command.modseq) {
        int uid = (j->command.flags & MAILPROTO_IMAP_UID) != 0;
        return imap_add_range(&j->from, uid ? m->uid : (uint32_t)place + 1);
    }
    int silent = (j->command.flags & MAILPROTO_IMAP_SILENT) != 0;
    int known = v->told[place] == m->modseq; /* else another's change is told with it */
    if (apply(c, m, flags, keywords) < 0) {
        m = box_scan(v->box, INT64_MAX) < 0 ? NULL : box_find(v->box, v->uids[place]);
        if (m == NULL || apply(c, m, flags, keywords) < 0) {
            j->lost = 1;
            return 0;
        }
        known = 0;
    }
    if (!silent) {
        v->marks[place] |= IMAP_MARK_TELL;
        v->change = 0;
    } else if (known && v->told[place] != m->modseq) {
        v->told[place] = m->modseq; /* what others change from now on is told */
        v->marks[place] |= IMAP_MARK_SILENT;
    }
    return 0;
}

mailproto_status imap_store(struct imap *c)
{
    struct imap_job *j = &c->job;
    uint32_t flags;
    uint64_t keywords;
    if (c->view.read_only) {
        return read_only(c);
    }
    if (j->targets == NULL &&
        imap_targets(c, &j->command.set, (j->command.flags & MAILPROTO_IMAP_UID) != 0) <
            0) {
        return MAILPROTO_ERR_MEMORY;
    }
    if (read_flags(c->view.box, j->command.items,
                   j->command.store != MAILPROTO_IMAP_STORE_REMOVE, &flags,
                   &keywords) < 0) {
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_LIMIT,
                           "Too many keywords");
    }
    for (; j->at < j->count; j->at++) {
        if (loop_now() > c->until) {
            return MAILPROTO_NOT_READY;
        }
        if (store_one(c, j->targets[j->at], flags, keywords) < 0) {
            return MAILPROTO_ERR_MEMORY;
        }
    }
    if (j->lost) {
        imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_EXPUNGEISSUED,
                    "Some of the messages are gone");
    }
    if (j->from.count > 0) { /* also of those: RFC 7162 3.1.3 */
        imap_answer(c, j->how, MAILPROTO_IMAP_CODE_MODIFIED,
                    j->lost ? "Some are gone, others were changed before"
                            : "Some were changed before");
        j->code.set = j->from.list;
        j->code.set_count = j->from.count;
    }
    return MAILPROTO_OK;
}

/* ---- COPY and MOVE --------------------------------------------------------------- */

/* `[COPYUID ...]`, in pieces: of request 0 it is an untagged OK (RFC 6851 4.3). */
static mailproto_status tell_copied(struct imap *c, uint32_t request, const char *text)
{
    struct imap_job *j = &c->job;
    mailproto_imap_server *e = c->engine;
    mailproto_status st = MAILPROTO_OK;
    for (; st == MAILPROTO_OK && j->step < 15; j->step += st == MAILPROTO_OK) {
        switch (j->step) {
        case 10:
            st = mailproto_imap_server_code_begin(e, request, MAILPROTO_IMAP_OK,
                                                  MAILPROTO_IMAP_CODE_COPYUID,
                                                  j->box->uidvalidity);
            break;
        case 11:
            st = mailproto_imap_server_numbers(e, j->from.list, j->from.count);
            break;
        case 12:
            st = mailproto_imap_server_code_target(e);
            break;
        case 13:
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
    j->drafts = calloc(j->count + 1, sizeof *j->drafts);
    return j->drafts == NULL ? -1 : 0;
}

static void mark_targets(struct imap *c, unsigned char gone)
{
    struct imap_job *j = &c->job;
    for (size_t i = 0; i < j->count; i++) {
        struct box_message *m = box_find(c->view.box, c->view.uids[j->targets[i]]);
        if (m != NULL) {
            m->gone = gone;
        }
    }
}

/* All get their names in tmp/, some at a time, then they appear together; with `move`
   they go here in the same moment. */
static mailproto_status copy(struct imap *c, int move)
{
    struct imap_job *j = &c->job;
    uint32_t first = 0;
    if (j->box == NULL && open_target(c) < 0) {
        return j->box == NULL ? MAILPROTO_OK : MAILPROTO_ERR_MEMORY;
    }
    for (; j->at < j->count; j->at++) {
        const struct box_message *m =
            box_find(c->view.box, c->view.uids[j->targets[j->at]]);
        if (loop_now() > c->until) {
            return MAILPROTO_NOT_READY;
        }
        if (m == NULL ||
            box_draft_copy(j->box, c->view.box, m, &j->drafts[j->draft_count]) < 0) {
            c->view.box->settled = 0;
            return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_EXPUNGEISSUED,
                               "Some of the messages are gone");
        }
        j->draft_count++;
        if (imap_add_range(&j->from, m->uid) < 0) {
            return MAILPROTO_ERR_MEMORY;
        }
    }
    size_t count = j->draft_count;
    if (count == 0) {
        return MAILPROTO_OK;
    }
    j->draft_count = 0;
    mark_targets(c, move != 0);
    if (j->box->gone || box_draft_commit(j->box, j->drafts, count,
                                         move ? c->view.box : NULL, &first) < 0) {
        mark_targets(c, 0);
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNAVAILABLE,
                           "It cannot be stored now");
    }
    for (size_t i = 0; i < count; i++) {
        if (imap_add_range(&j->to, first + (uint32_t)i) < 0) {
            return MAILPROTO_ERR_MEMORY;
        }
    }
    j->step = 10;
    return MAILPROTO_OK;
}

mailproto_status imap_copy(struct imap *c)
{
    mailproto_status st = copy(c, 0);
    if (st == MAILPROTO_OK && c->job.step == 10) {
        c->job.end = end_copy;
    }
    return st;
}

mailproto_status imap_move(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_status st = MAILPROTO_OK;
    if (c->view.read_only) {
        return read_only(c);
    }
    if (j->step == 0) {
        st = copy(c, 1);
    }
    if (st == MAILPROTO_OK && j->step >= 10) {
        st = tell_copied(c, 0, "Moved");
        if (st == MAILPROTO_OK) { /* RFC 6851 4.4 */
            imap_answer(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_HIGHESTMODSEQ,
                        "Moved");
            j->code.number = c->view.box->modseq;
        }
    }
    return st;
}

/* ---- EXPUNGE --------------------------------------------------------------------- */

mailproto_status imap_expunge(struct imap *c)
{
    struct imap_job *j = &c->job;
    struct box *box = c->view.box;
    if (c->view.read_only) {
        return read_only(c);
    }
    if ((j->command.flags & MAILPROTO_IMAP_UID) != 0) {
        if (imap_targets(c, &j->command.set, 1) < 0) {
            return MAILPROTO_ERR_MEMORY;
        }
        mark_targets(c, 1);
    } else {
        for (size_t i = 0; i < box->count; i++) {
            box->list[i].gone = 1;
        }
    }
    for (size_t i = 0; i < box->count; i++) {
        box->list[i].gone &= (box->list[i].flags & MAILPROTO_IMAP_DELETED) != 0;
    }
    /* RFC 7162 3.2.7 */
    if (box_purge(box) > 0 && (mailproto_imap_server_enabled(c->engine) &
                               MAILPROTO_IMAP_ENABLED_QRESYNC) != 0) {
        imap_answer(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_HIGHESTMODSEQ,
                    "Expunged");
        j->code.number = box->modseq;
    }
    return MAILPROTO_OK;
}
