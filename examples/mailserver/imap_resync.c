/* Quick resynchronization (RFC 7162): what went while a client was away. See imap.h. */
#include "imap.h"
#include "loop.h"

#include <stdlib.h>

enum { RANGES_A_LINE = 200 };

/* What the client knows, once. No set: all. 0 or -1. */
static int read_known(struct imap *c, const mailproto_imap_cursor *known)
{
    struct imap_job *j = &c->job;
    if (mailproto_imap_set_is_saved(known)) {
        for (size_t i = 0; i < c->saved.count; i++) {
            const mailproto_imap_range *r = &c->saved.list[i];
            if (imap_put_range(&j->known, r->low, r->high) < 0) {
                return -1;
            }
        }
        return 0;
    }
    int result = imap_read_set(&j->known, *known, c->view.box->uidnext - 1);
    j->knows_all = j->known.count == 0;
    return result;
}

/* Of UIDs that ascend, with `*at`: see imap_has(). */
static int is_known(const struct imap_job *j, size_t *at, uint32_t uid)
{
    return j->knows_all || imap_has(&j->known, at, uid);
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
static int collect(struct imap *c)
{
    struct imap_job *j = &c->job;
    int result = 0;
    uint32_t sure = sure_up_to(c);
    uint32_t *uids = NULL;
    size_t count = 0, at = 0;
    if (box_expunged(c->view.box, j->command.modseq, &uids, &count) < 0) {
        free(uids);
        return -1;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        if (uids[i] > sure && is_known(j, &at, uids[i])) {
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
        if (read_known(c, known) < 0 || collect(c) < 0) {
            return MAILPROTO_ERR_IO;
        }
        j->resyncing = 1;
        if (loop_now() > c->until) {
            return MAILPROTO_NOT_READY;
        }
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
    size_t at = 0;
    if ((j->command.flags & MAILPROTO_IMAP_QRESYNC) == 0 ||
        j->command.uidvalidity != v->box->uidvalidity) {
        return MAILPROTO_OK;
    }
    mailproto_status st = imap_tell_vanished(c, &j->command.known);
    if (st != MAILPROTO_OK) {
        return st;
    }
    for (size_t i = 0; i < v->count; i++) {
        if (v->told[i] > j->command.modseq && is_known(j, &at, v->uids[i])) {
            v->marks[i] |= IMAP_MARK_TELL;
            v->change = 0;
        }
    }
    return MAILPROTO_OK;
}
