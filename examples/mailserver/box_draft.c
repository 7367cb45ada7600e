/* Messages on their way into a mailbox: files in tmp/, then rows, then names in cur/. See
   box.h. */
#include "box_own.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A name for a file that no other has. */
static void unique_name(const struct boxes *store, char *name, size_t size)
{
    static unsigned long count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(name, size, "%lld.M%ldP%ldQ%lu.%.60s", (long long)now.tv_sec,
             now.tv_nsec / 1000, (long)getpid(), ++count, store->host);
}

int box_draft(struct box *box, struct box_draft *draft)
{
    char path[FILE_PATH_MAX];
    *draft = (struct box_draft){.internal = (int64_t)time(NULL)};
    unique_name(box->store, draft->name, sizeof draft->name);
    box_make_id(draft->email_id);
    if (file_path(path, box->path, "tmp", draft->name) < 0) {
        return -1;
    }
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* Keywords have other places in another mailbox. */
static uint64_t translate(const struct box *from, uint64_t bits, struct box *to)
{
    uint64_t result = 0;
    for (size_t i = 0; i < from->keyword_count; i++) {
        if ((bits >> i & 1) != 0) {
            mailproto_bytes word = {from->keywords[i], strlen(from->keywords[i])};
            result |= box_keyword(to, word, 1);
        }
    }
    return result;
}

int box_draft_copy(struct box *box, struct box *from, const struct box_message *m,
                   struct box_draft *draft)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    *draft = (struct box_draft){.source = m->uid,
                                .flags = m->flags,
                                .keywords = translate(from, m->keywords, box),
                                .size = m->size,
                                .internal = m->internal,
                                .zone = m->zone};
    memcpy(draft->email_id, m->email_id, sizeof draft->email_id);
    unique_name(box->store, draft->name, sizeof draft->name);
    if (file_path(old, from->path, m->is_new ? "new" : "cur", m->name) < 0 ||
        file_path(path, box->path, "tmp", draft->name) < 0) {
        return -1;
    }
    return link(old, path); /* a message's octets never change: one file, two names */
}

int box_draft_refresh(struct box *box, struct box *from, struct box_draft *draft)
{
    const struct box_message *m = box_find(from, draft->source);
    if (m == NULL || m->gone != 0) {
        return -1;
    }
    draft->flags = m->flags;
    draft->keywords = translate(from, m->keywords, box);
    return 0;
}

void box_draft_drop(struct box *box, const struct box_draft *draft)
{
    char path[FILE_PATH_MAX];
    if (draft->name[0] != '\0' && file_path(path, box->path, "tmp", draft->name) == 0) {
        unlink(path);
    }
}

/* Its row. 0 or -1. */
static int add_draft(struct box *box, const struct box_draft *d)
{
    struct box_message *m = box_grow(box);
    if (m == NULL || (m->name = strdup(d->name)) == NULL) {
        return -1;
    }
    m->uid = box->uidnext;
    m->flags = d->flags;
    m->keywords = d->keywords;
    m->size = d->size;
    m->internal = d->internal;
    m->zone = d->zone;
    m->saved = (int64_t)time(NULL);
    m->modseq = box->modseq + 1;
    m->found = BOX_MOVED; /* whoever reads the folder now may not meet it */
    memcpy(m->email_id, d->email_id, sizeof m->email_id);
    if (box_keep(box) < 0) {
        free(m->name);
        return -1;
    }
    box->uidnext++;
    box->modseq++;
    return box_insert_row(box, m);
}

int box_bring_in(struct box *box, struct box_message *m)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    size_t len = box_base(m->name);
    char *base = strndup(m->name, len), *name = box_name_with(m->name, m->flags);
    int result = -1;
    if (base != NULL && name != NULL && file_path(old, box->path, "tmp", base) == 0 &&
        file_path(path, box->path, "cur", name) == 0 && access(old, F_OK) == 0) {
        result = 0;
        if (rename(old, path) < 0) { /* the next scan tries again */
            log_line("%s: %s", old, strerror(errno));
        } else {
            free(m->name);
            m->name = name;
            m->found = BOX_MOVED;
            name = NULL;
        }
    }
    free(base);
    free(name);
    return result;
}

/* The messages that were copied. The place of the first one. */
static size_t leave_sources(struct box *from, const struct box_draft *drafts,
                            size_t count)
{
    size_t first = from->count;
    for (size_t i = 0; i < count; i++) {
        struct box_message *m = box_find(from, drafts[i].source);
        if (m != NULL && m->gone != BOX_LEAVING) {
            size_t place = (size_t)(m - from->list);
            box_leave(from, m);
            first = place < first ? place : first;
        }
    }
    box_left_some(from);
    return first;
}

/* Their rows. 0; -1: they were taken back. */
static int add_drafts(struct box *box, const struct box_draft *drafts, size_t count)
{
    uint32_t first = box->uidnext;
    for (size_t i = 0; i < count; i++) {
        if (add_draft(box, &drafts[i]) < 0) {
            log_line("%s: %s", box->path, strerror(errno));
            box_condemn_range(box, first, UINT32_MAX);
            box_purge(box, INT64_MAX);
            return -1;
        }
    }
    return 0;
}

/* The index is changed in one go. It has names in cur/ that the files do not have yet:
   whoever finds none looks into tmp/ (box_bring_in()). */
int box_draft_commit(struct box *box, const struct box_draft *drafts, size_t count,
                     struct box *from, int part, uint32_t *first)
{
    size_t left = 0;
    *first = box->uidnext;
    if (add_drafts(box, drafts, count) < 0) {
        return -1;
    }
    box->store->durable = 1;
    box->row_changed = 1;
    box->change++;
    if (part) {
        boxes_write(box->store, "INSERT INTO unfinished VALUES(?, ?, ?)", "iii",
                    box->id, (int64_t)*first, (int64_t)box->uidnext - 1);
    }
    if (from != NULL) {
        left = leave_sources(from, drafts, count);
    }
    if (boxes_flush(box->store) < 0) {
        return -1;
    }
    for (size_t i = box_place(box, *first); i < box->count; i++) {
        box_bring_in(box, &box->list[i]);
    }
    if (from != NULL) {
        box_sweep(from, left);
    }
    return 0;
}

int box_finish(struct box *box, uint32_t low, uint32_t high)
{
    box->store->durable = 1;
    return boxes_write(box->store,
                       "DELETE FROM unfinished WHERE mailbox = ? AND first BETWEEN ?"
                       " AND ?",
                       "iii", box->id, (int64_t)low, (int64_t)high);
}
