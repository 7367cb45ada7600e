/* Messages that leave a mailbox, and which ones have left it. See box.h. */
#include "box_own.h"
#include "log.h"
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EXPUNGED_MAX = 10000,      /* rows of what went that a mailbox has ... */
    EXPUNGED_KEPT = 7500,      /* ... and how many of them stay when they are more */
    ABSENT_MAX = 16 * 1048576, /* UIDs that are told when what went is forgotten */
};

/* ---- going ----------------------------------------------------------------------- */

void box_condemn(struct box *box, struct box_message *m)
{
    if (m->gone == 0) {
        m->gone = BOX_CONDEMNED;
        box->condemned++;
    }
}

void box_condemn_range(struct box *box, uint32_t low, uint32_t high)
{
    for (size_t i = box_place(box, low); i < box->count && box->list[i].uid <= high;
         i++) {
        box_condemn(box, &box->list[i]);
    }
}

/* What its file is called stays in the index until it is removed: whatever happens
   before, it does not come back as a new message. */
void box_leave(struct box *box, struct box_message *m)
{
    char *base = m->missing == 0 ? strndup(m->name, box_base(m->name)) : NULL;
    boxes_write(box->store, "DELETE FROM message WHERE mailbox = ? AND uid = ?", "ii",
                box->id, (int64_t)m->uid);
    boxes_write(box->store, "INSERT OR REPLACE INTO expunged VALUES(?, ?, ?)", "iii",
                box->id, (int64_t)m->uid, (int64_t)++box->modseq);
    box->expunged++;
    if (base != NULL) {
        boxes_write(box->store, "INSERT OR REPLACE INTO leaving VALUES(?, ?)", "it",
                    box->id, base);
    }
    free(base);
    box->condemned -= m->gone == BOX_CONDEMNED;
    m->gone = BOX_LEAVING;
}

/* Removes a file whose name is in `leaving`. One that is not there may have got another
   name by somebody else: its row stays until the folders were read (box_astray()). */
static void remove_file(struct box *box, const char *name, int is_new)
{
    char path[FILE_PATH_MAX];
    char *base = strndup(name, box_base(name));
    if (base == NULL || file_path(path, box->path, is_new ? "new" : "cur", name) < 0) {
        box->stuck = 1;
    } else if (unlink(path) == 0) {
        boxes_write(box->store, "DELETE FROM leaving WHERE mailbox = ? AND file = ?",
                    "it", box->id, base);
    } else if (errno == ENOENT) {
        box->astray = 1;
        box->settled = 0;
    } else {
        log_line("%s: %s", path, strerror(errno)); /* the next scan tries again */
        box->stuck = 1;
    }
    free(base);
}

void box_astray(struct box *box)
{
    if (box->was_astray && !box->astray && !box->stuck) {
        boxes_write(box->store, "DELETE FROM leaving WHERE mailbox = ?", "i", box->id);
    }
    box->was_astray = 0;
}

/* RFC 7162 5.3: what went long ago is forgotten, all of it up to a mod-sequence. */
static void forget(struct box *box)
{
    if (box->expunged > EXPUNGED_MAX) {
        boxes_write(box->store,
                    "INSERT OR REPLACE INTO forgotten SELECT mailbox, modseq FROM"
                    " expunged WHERE mailbox = ? ORDER BY modseq DESC LIMIT 1 OFFSET ?",
                    "ii", box->id, (int64_t)EXPUNGED_KEPT);
        boxes_write(box->store,
                    "DELETE FROM expunged WHERE mailbox = ?1 AND modseq <="
                    " (SELECT modseq FROM forgotten WHERE mailbox = ?1)",
                    "i", box->id);
        box->expunged = EXPUNGED_KEPT;
    }
}

void box_left_some(struct box *box)
{
    forget(box);
    box->change++;
    box->row_changed = 1;
    box->store->durable = 1;
}

void box_sweep(struct box *box, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < box->count; i++) {
        struct box_message *m = &box->list[i];
        if (m->gone == BOX_LEAVING) {
            box_unknow(box, m);
        }
    }
    for (size_t i = first; i < box->count; i++) {
        struct box_message *m = &box->list[i];
        if (m->gone != BOX_LEAVING) {
            box->list[kept++] = *m;
            continue;
        }
        if (m->missing == 0) {
            remove_file(box, m->name, m->is_new);
        }
        free(m->name);
    }
    box->count = kept;
}

/* From the end on, so that little is moved when all of them go. 0 or -1. */
static int purge_some(struct box *box)
{
    size_t n = 0, i = box->count;
    while (i > 0 && n < BOX_SLICE && box->condemned > 0) {
        if (box->list[--i].gone == BOX_CONDEMNED) {
            box_leave(box, &box->list[i]);
            n++;
        }
    }
    box_left_some(box);
    if (boxes_flush(box->store) < 0) {
        return -1;
    }
    box_sweep(box, i);
    return 0;
}

int box_purge(struct box *box, int64_t until)
{
    while (box->condemned > 0) {
        if (purge_some(box) < 0) {
            return -1;
        }
        if (box->condemned > 0 && loop_now() >= until) {
            return 0;
        }
    }
    if (box->unfinished_below > 0) {
        boxes_write(box->store, "DELETE FROM unfinished WHERE mailbox = ? AND last < ?",
                    "ii", box->id, (int64_t)box->unfinished_below);
        box->unfinished_below = 0;
    }
    return 1;
}

int box_left(struct box *box, const char *name, int is_new)
{
    sqlite3_stmt *s = NULL;
    int found = sqlite3_prepare_v2(box->store->db,
                                   "SELECT 1 FROM leaving WHERE mailbox = ? AND file ="
                                   " ?",
                                   -1, &s, NULL) == SQLITE_OK &&
                sqlite3_bind_int64(s, 1, box->id) == SQLITE_OK &&
                sqlite3_bind_text(s, 2, name, (int)box_base(name), SQLITE_STATIC) ==
                    SQLITE_OK &&
                sqlite3_step(s) == SQLITE_ROW;
    sqlite3_finalize(s);
    if (found) {
        remove_file(box, name, is_new);
    }
    return found;
}

/* ---- what went ------------------------------------------------------------------- */

/* Up to which mod-sequence it is not known what went. 0 or -1. */
static int forgotten_to(const struct box *box, uint64_t *modseq)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(
        box->store->db, "SELECT modseq FROM forgotten WHERE mailbox = ?", -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, box->id);
        rc = sqlite3_step(s);
    }
    *modseq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

/* The UIDs that were given out and are not there. */
static int absent(const struct box *box, uint32_t **uids, size_t *count)
{
    size_t n = (size_t)(box->uidnext - 1) - box->count, at = 0;
    if (n > ABSENT_MAX || (*uids = malloc((n + 1) * sizeof **uids)) == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (uint32_t uid = 1; uid < box->uidnext && *count < n; uid++) {
        if (at < box->count && box->list[at].uid == uid) {
            at++;
        } else {
            (*uids)[(*count)++] = uid;
        }
    }
    return 0;
}

int box_expunged(struct box *box, uint64_t since, uint32_t **uids, size_t *count)
{
    sqlite3_stmt *s = NULL;
    size_t room = 0;
    uint64_t forgotten;
    if (forgotten_to(box, &forgotten) < 0) {
        return -1;
    }
    if (since < forgotten) { /* RFC 7162 5.3: rather too many than too few */
        return absent(box, uids, count);
    }
    int rc = sqlite3_prepare_v2(box->store->db,
                                "SELECT uid FROM expunged WHERE mailbox = ? AND modseq"
                                " > ? ORDER BY uid",
                                -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, box->id);
        sqlite3_bind_int64(s, 2, (int64_t)since);
    }
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (*count == room) {
            room = room * 2 + 64;
            uint32_t *more = realloc(*uids, room * sizeof *more);
            if (more == NULL) {
                rc = SQLITE_NOMEM;
                break;
            }
            *uids = more;
        }
        (*uids)[(*count)++] = (uint32_t)sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? 0 : -1;
}
