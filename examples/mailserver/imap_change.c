/* STORE and EXPUNGE: see imap.h. */
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

mailproto_status imap_read_only(struct imap *c)
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
    if (m == NULL || m->gone != 0) { /* it cannot be kept any more */
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
        uint64_t want = 0;
        m = box_scan(v->box, INT64_MAX, &want) < 0 ? NULL
                                                   : box_find(v->box, v->uids[place]);
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
        return imap_read_only(c);
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

/* ---- EXPUNGE --------------------------------------------------------------------- */

/* Marks what is to go. 0 or -1. */
static int condemn(struct imap *c)
{
    struct imap_job *j = &c->job;
    struct box *box = c->view.box;
    int some = (j->command.flags & MAILPROTO_IMAP_UID) != 0;
    if (some && imap_targets(c, &j->command.set, 1) < 0) {
        return -1;
    }
    for (size_t i = 0; i < (some ? j->count : box->count); i++) {
        struct box_message *m =
            some ? box_find(box, c->view.uids[j->targets[i]]) : &box->list[i];
        if (m != NULL && (m->flags & MAILPROTO_IMAP_DELETED) != 0) {
            box_condemn(box, m);
            j->expunged++;
        }
    }
    return 0;
}

mailproto_status imap_expunge(struct imap *c)
{
    struct imap_job *j = &c->job;
    struct box *box = c->view.box;
    if (c->view.read_only) {
        return imap_read_only(c);
    }
    if (j->step == 0 && condemn(c) < 0) {
        return MAILPROTO_ERR_MEMORY;
    }
    j->step = 1;
    int done = box_purge(box, c->until);
    if (done != 1) {
        return done < 0 ? MAILPROTO_ERR_IO : MAILPROTO_NOT_READY;
    }
    /* RFC 7162 3.2.7 */
    if (j->expunged > 0 && (mailproto_imap_server_enabled(c->engine) &
                            MAILPROTO_IMAP_ENABLED_QRESYNC) != 0) {
        imap_answer(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_HIGHESTMODSEQ,
                    "Expunged");
        j->code.number = box->modseq;
    }
    return MAILPROTO_OK;
}
