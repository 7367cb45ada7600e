/* Quick resynchronization (RFC 7162): what went while a client was away. See imap.h. */
#include "imap.h"

#include <stdlib.h>

enum { RANGES_A_LINE = 200 };

static int is_empty(mailproto_imap_cursor set)
{
    mailproto_imap_range range;
    return mailproto_imap_set_next(&set, &range) != MAILPROTO_OK;
}

static int is_known(const struct imap *c, const mailproto_imap_cursor *known, int all,
                    uint32_t uid)
{
    const struct box *b = c->view.box;
    return all || mailproto_imap_set_has(known, uid, b->uidnext - 1);
}

/* RFC 7162 3.2.5.2: of messages up to one whose number and UID the client knows rightly,
   it knows which went. The highest such UID; 0: none. */
static uint32_t sure_up_to(const struct imap *c)
{
    const struct imap_view *v = &c->view;
    mailproto_imap_cursor numbers = c->job.command.match_numbers;
    mailproto_imap_cursor uids = c->job.command.match_uids;
    mailproto_imap_range n = {1, 0}, u = {1, 0};
    uint32_t sure = 0, before = 0;
    for (;;) {
        if ((n.low > n.high && mailproto_imap_set_next(&numbers, &n) != MAILPROTO_OK) ||
            (u.low > u.high && mailproto_imap_set_next(&uids, &u) != MAILPROTO_OK) ||
            n.low <= before || n.low > v->count) {
            return sure; /* both ascend, so that this ends */
        }
        before = n.low;
        sure = v->uids[n.low - 1] == u.low ? u.low : sure;
        n.low++;
        u.low++;
    }
}

/* The UIDs that went since the client knew all, into the job's ranges. */
static int collect(struct imap *c, const mailproto_imap_cursor *known)
{
    struct imap_job *j = &c->job;
    int all = is_empty(*known), result = 0;
    uint32_t sure = sure_up_to(c);
    uint32_t *uids = NULL;
    size_t count = 0;
    if (box_expunged(c->view.box, j->command.modseq, &uids, &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        if (uids[i] > sure && is_known(c, known, all, uids[i])) {
            result = imap_add_range(&j->to, uids[i]);
        }
    }
    free(uids);
    return result;
}

mailproto_status imap_tell_vanished(struct imap *c, const mailproto_imap_cursor *known)
{
    struct imap_job *j = &c->job;
    if (!j->resyncing) {
        if (collect(c, known) < 0) {
            return MAILPROTO_ERR_IO;
        }
        j->resyncing = 1;
    }
    while (j->vanished < j->to.count) {
        size_t n = j->to.count - j->vanished;
        n = n < RANGES_A_LINE ? n : RANGES_A_LINE;
        mailproto_status st =
            mailproto_imap_server_vanished(c->engine, 1, j->to.list + j->vanished, n);
        if (st != MAILPROTO_OK) {
            return st;
        }
        j->vanished += n;
    }
    return MAILPROTO_OK;
}

mailproto_status imap_resync(struct imap *c)
{
    struct imap_job *j = &c->job;
    struct imap_view *v = &c->view;
    const mailproto_imap_cursor *known = &j->command.known;
    int all = is_empty(*known);
    if ((j->command.flags & MAILPROTO_IMAP_QRESYNC) == 0 ||
        j->command.uidvalidity != v->box->uidvalidity) {
        return MAILPROTO_OK;
    }
    mailproto_status st = imap_tell_vanished(c, known);
    if (st != MAILPROTO_OK) {
        return st;
    }
    for (size_t i = 0; i < v->count; i++) {
        if (v->told[i] > j->command.modseq && is_known(c, known, all, v->uids[i])) {
            v->marks[i] |= IMAP_MARK_TELL;
            v->change = 0;
        }
    }
    return MAILPROTO_OK;
}
