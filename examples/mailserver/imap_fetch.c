/* FETCH, a message after the other: see imap.h. */
#include "imap.h"
#include "log.h"
#include "loop.h"

#include <stdlib.h>
#include <string.h>

enum { WORK_SIZE = 32768 };

static int prepare(struct imap *c)
{
    struct imap_job *j = &c->job;
    if (imap_targets(c, &j->command.set, (j->command.flags & MAILPROTO_IMAP_UID) != 0) <
        0) {
        return -1;
    }
    if (c->fetch == NULL) {
        c->fetch = calloc(1, sizeof *c->fetch + WORK_SIZE);
        if (c->fetch == NULL) {
            return -1;
        }
        c->fetch->struct_size = sizeof *c->fetch;
        c->fetch->work = c->fetch + 1;
        c->fetch->work_size = WORK_SIZE;
    }
    c->fetch->flags =
        j->command.flags & (MAILPROTO_IMAP_UID | MAILPROTO_IMAP_HAS_MODSEQ);
    c->fetch->items = j->command.items;
    return 0;
}

/* A message is begun: what is known of the one before is kept only if it is the
   same. */
static void begin(struct imap *c, struct box_message *m)
{
    mailproto_imap_fetch *f = c->fetch;
    struct imap_job *j = &c->job;
    if (c->message.fd < 0 || c->message.uid != m->uid) {
        memset(f->opaque, 0, sizeof f->opaque);
        f->source = NULL;
        f->index = NULL;
    }
    f->tell_flags = 0;
    if ((j->command.flags & MAILPROTO_IMAP_SETS_SEEN) != 0 && !c->view.read_only &&
        (m->flags & MAILPROTO_IMAP_SEEN) == 0 &&
        box_set_flags(c->view.box, m, m->flags | MAILPROTO_IMAP_SEEN, m->keywords) ==
            0) {
        f->tell_flags = 1;
    }
}

/* The file is gone or cannot be read: the response ends with what it has. */
static mailproto_status give_up(struct imap *c)
{
    mailproto_status st = mailproto_imap_server_fetch_end(c->engine);
    if (st == MAILPROTO_OK) {
        memset(c->fetch->opaque, 0, sizeof c->fetch->opaque);
        c->fetch->source = NULL;
        c->fetch->index = NULL;
        c->job.lost = 1;
    }
    return st;
}

static mailproto_status one(struct imap *c, size_t place, const struct box_message *m)
{
    mailproto_imap_fetch *f = c->fetch;
    mailproto_status st;
    uint64_t told = c->facts.modseq;
    if (m != NULL) { /* else it went meanwhile: its file is open still, if needed */
        told = m->modseq;
        imap_fill_facts(c, place, m);
    }
    f->facts = &c->facts;
    st = mailproto_imap_server_fetch(c->engine, f);
    if (st == MAILPROTO_YOUR_TURN) {
        if (imap_read_message(c, c->facts.uid) < 0) {
            return give_up(c);
        }
        f->source = &c->message.source;
        f->index = &c->message.index;
        st = mailproto_imap_server_fetch(c->engine, f);
    }
    if (st == MAILPROTO_OK && f->tell_flags) {
        c->view.told[place] = told;
    }
    return st;
}

mailproto_status imap_fetch(struct imap *c)
{
    struct imap_job *j = &c->job;
    if (j->targets == NULL && prepare(c) < 0) {
        return MAILPROTO_ERR_MEMORY;
    }
    if ((j->command.flags & MAILPROTO_IMAP_VANISHED) != 0) {
        mailproto_status st = imap_tell_vanished(c, &j->command.set);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    for (; j->at < j->count; j->at++) {
        size_t place = j->targets[j->at];
        struct box_message *m = box_find(c->view.box, c->view.uids[place]);
        mailproto_status st;
        if (j->step == 0) {
            if (loop_now() > c->until) {
                return MAILPROTO_NOT_READY;
            }
            st = imap_tell_keywords(c);
            if (st != MAILPROTO_OK) {
                return st;
            }
            j->lost |= m == NULL;
            if (m == NULL || ((j->command.flags & MAILPROTO_IMAP_HAS_MODSEQ) != 0 &&
                              m->modseq <= j->command.modseq)) {
                continue;
            }
            begin(c, m);
            j->step = 1;
        }
        st = one(c, place, m);
        if (st != MAILPROTO_OK) {
            return st;
        }
        j->step = 0;
        if (c->fetch->unknown_cte) {
            imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNKNOWN_CTE,
                        "A part's encoding is not known");
        }
    }
    if (j->lost) {
        imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_EXPUNGEISSUED,
                    "Some of the messages are gone");
    }
    return MAILPROTO_OK;
}
