/* Finds out what others have done to a mailbox's files: delivery, POP3, other programs.
   See box.h. */
#include "box_own.h"
#include "log.h"
#include "loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A folder that was changed so lately may be changed again without a new time. */
enum { SETTLE_S = 2 };

/* cr.yp.to/proto/maildir.html: 36 hours. */
enum { TMP_S = 36 * 3600 };

/* Readings in a row, for what is missing. */
enum { PASSES = 3 };

/* A year has four digits in IMAP. */
#define LAST_SECOND 253402300799

static const char *const folders[2] = {"new", "cur"};

/* ---- is there anything to find? -------------------------------------------------- */

static int stamps_of(const struct box *box, int64_t stamp[2], int *settled)
{
    *settled = 1;
    for (int i = 0; i < 2; i++) {
        char path[FILE_PATH_MAX];
        struct stat there;
        if (file_path(path, box->path, folders[i], NULL) < 0 ||
            stat(path, &there) < 0) {
            return -1;
        }
        stamp[i] = (int64_t)there.st_mtim.tv_sec * 1000000000 + there.st_mtim.tv_nsec;
        *settled &= there.st_mtim.tv_sec + SETTLE_S < time(NULL);
    }
    return 0;
}

/* ---- reading the folders --------------------------------------------------------- */

/* By convention a name begins with the second of delivery. */
static int64_t delivered(const char *name)
{
    char *end;
    errno = 0;
    long long t = strtoll(name, &end, 10);
    int is_time = end > name && *end == '.' && errno == 0 && t >= 0 && t <= LAST_SECOND;
    return is_time ? t : (int64_t)time(NULL);
}

static int add_fresh(struct box *box, const char *name, int is_new)
{
    if (box->fresh_count == box->fresh_room) {
        size_t room = box->fresh_room * 2 + 16;
        struct box_fresh *fresh = realloc(box->fresh, room * sizeof *fresh);
        if (fresh == NULL) {
            return -1;
        }
        box->fresh = fresh;
        box->fresh_room = room;
    }
    struct box_fresh *f = &box->fresh[box->fresh_count];
    *f = (struct box_fresh){.is_new = is_new, .time = delivered(name)};
    f->name = strdup(name);
    box->fresh_count += f->name != NULL;
    return f->name != NULL ? 0 : -1;
}

/* A file that is known: it may have another name now, and with it other flags. */
static int meet(struct box *box, struct box_message *m, const char *name, int is_new)
{
    if (m->found ==
        BOX_MOVED) { /* by us: an entry that was read before has the old name */
        return 0;
    }
    m->found = 1;
    m->missing = 0;
    m->is_new = is_new != 0;
    if (strcmp(m->name, name) != 0) {
        char *copy = strdup(name);
        if (copy == NULL) {
            return -1;
        }
        free(m->name);
        m->name = copy;
    }
    return box_set_flags(box, m, is_new ? m->flags : box_letters(name), m->keywords);
}

/* What was begun in tmp/ long ago and never came in: whoever did it was killed. Names
   begin with the second they were made in. */
static void sweep_tmp(struct box *box)
{
    char path[FILE_PATH_MAX], file[FILE_PATH_MAX];
    DIR *dir = file_path(path, box->path, "tmp", NULL) < 0 ? NULL : opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] != '.' && delivered(e->d_name) + TMP_S < time(NULL) &&
            box_known(box, e->d_name) == NULL &&
            file_path(file, path, e->d_name, NULL) == 0) {
            unlink(file);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* Begins to read new/, or cur/. 0 or -1. */
static int begin_folder(struct box *box, int cur)
{
    char path[FILE_PATH_MAX];
    box->reading =
        file_path(path, box->path, folders[cur], NULL) < 0 ? NULL : opendir(path);
    box->reading_cur = cur;
    return box->reading == NULL ? -1 : 0;
}

static void end_folder(struct box *box)
{
    closedir(box->reading);
    box->reading = NULL;
}

/* 1: to its end; 0: a part; -1. */
static int read_folder(struct box *box, int64_t until)
{
    struct dirent *e;
    int is_new = !box->reading_cur;
    while ((e = readdir(box->reading)) != NULL) {
        if (e->d_name[0] != '.' && e->d_type != DT_DIR) {
            struct box_message *m = box_known(box, e->d_name);
            if (m != NULL ? meet(box, m, e->d_name, is_new) < 0
                          : add_fresh(box, e->d_name, is_new) < 0) {
                return -1;
            }
        }
        if (loop_now() > until) {
            return 0;
        }
    }
    return 1;
}

/* Who renames a file while a folder is read can hide it: gone is what two readings in a
   row do not find. 1: another reading is needed. */
static int judge_missing(struct box *box)
{
    int again = 0;
    for (size_t i = 0; i < box->count; i++) {
        struct box_message *m = &box->list[i];
        if (!m->found && box_bring_in(box, m) < 0) {
            again |= ++m->missing == 1;
            if (m->missing > 1) {
                box_condemn(box, m);
            }
        }
    }
    return again;
}

static int by_delivery(const void *a, const void *b)
{
    const struct box_fresh *f = a, *g = b;
    return f->time != g->time ? (f->time < g->time ? -1 : 1) : strcmp(f->name, g->name);
}

static void forget_fresh(struct box *box)
{
    for (size_t i = box->fresh_at; i < box->fresh_count; i++) {
        free(box->fresh[i].name);
    }
    box->fresh_at = box->fresh_count = 0;
}

/* Begins a reading of both folders. 0 or -1. */
static int begin_reading(struct box *box)
{
    forget_fresh(box);
    for (size_t i = 0; i < box->count; i++) {
        box->list[i].found = 0;
    }
    return begin_folder(box, 0);
}

static void end_reading(struct box *box)
{
    if (box->fresh_count > 0) {
        qsort(box->fresh, box->fresh_count, sizeof *box->fresh, by_delivery);
    }
    if (box->read == 0) { /* what the index has was taken out of there */
        sweep_tmp(box);
    }
    box->passes = 0;
    box->read++;
}

/* One step of a reading. 1: it is over; 0: it is not; -1. */
static int read_on(struct box *box, int64_t until)
{
    int done = read_folder(box, until);
    if (done != 1) {
        return done;
    }
    end_folder(box);
    if (!box->reading_cur) {
        return begin_folder(box, 1);
    }
    if (judge_missing(box) && ++box->passes < PASSES) {
        return begin_reading(box);
    }
    end_reading(box);
    return 1;
}

/* The folders once, if they may have changed: what is found is taken up before they are
   read again. As box_scan(). */
static int read_folders(struct box *box, int64_t until, uint64_t *want)
{
    int64_t stamp[2];
    int settled, done = 0;
    if (box->reading == NULL) {
        if (stamps_of(box, stamp, &settled) < 0) {
            return -1;
        }
        if (box->settled && stamp[0] == box->stamp[0] && stamp[1] == box->stamp[1]) {
            *want = box->read;
            return 1;
        }
        memcpy(box->stamp, stamp, sizeof stamp);
        box->settled = settled;
        box->was_astray = box->astray;
        box->astray = 0;
        done = begin_reading(box);
    }
    while (done == 0 && (done = read_on(box, until)) == 0) {
        if (loop_now() > until) {
            return 0;
        }
    }
    return done;
}

/* ---- new files ------------------------------------------------------------------- */

/* Octets of a file with every line end as CRLF (RFC822.SIZE). */
static int measure(const char *path, uint64_t *size)
{
    static char buffer[65536];
    char before = '\0';
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *size = 0;
    while (fd >= 0 && (n = read(fd, buffer, sizeof buffer)) > 0) {
        const char *end = buffer + n;
        *size += (uint64_t)n;
        for (const char *c = buffer; (c = memchr(c, '\n', (size_t)(end - c))) != NULL;
             c++) {
            *size += (c > buffer ? c[-1] : before) != '\r';
        }
        before = end[-1];
    }
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 && n == 0 ? 0 : -1;
}

/* A file gets a UID. */
static int take_up(struct box *box, const struct box_fresh *f)
{
    char path[FILE_PATH_MAX];
    uint64_t size = 0;
    struct box_message *m = box_grow(box);
    if (m == NULL || file_path(path, box->path, folders[!f->is_new], f->name) < 0) {
        return -1;
    }
    if (box_known(box, f->name) != NULL || box_left(box, f->name, f->is_new) ||
        measure(path, &size) < 0) {
        return 0; /* met twice, as it was moved; or gone, or gone again */
    }
    m->is_new = f->is_new != 0;
    m->uid = box->uidnext;
    m->flags = f->is_new ? 0 : box_letters(f->name);
    m->size = size;
    m->internal = f->time;
    m->saved = (int64_t)time(NULL);
    m->modseq = box->modseq + 1;
    m->found = 1;
    box_make_id(m->email_id);
    m->name = strdup(f->name);
    if (m->name == NULL || box_keep(box) < 0) {
        free(m->name);
        return -1;
    }
    box->uidnext++;
    box->modseq++;
    box->change++;
    box->row_changed = 1;
    box->store->durable = 1;
    return box_insert_row(box, m);
}

static int take_all_up(struct box *box, int64_t until)
{
    while (box->fresh_at < box->fresh_count) {
        struct box_fresh *f = &box->fresh[box->fresh_at];
        if (take_up(box, f) < 0) {
            return -1;
        }
        free(f->name);
        box->fresh_at++;
        if (loop_now() >= until && box->fresh_at < box->fresh_count) {
            return 0;
        }
    }
    forget_fresh(box);
    return 1;
}

/* One round: what is to go goes, the folders are read, what is new is taken up. */
static int go_round(struct box *box, int64_t until, uint64_t *want)
{
    int done = 1;
    if (box->read > 0) { /* else the names of files are not known */
        done = box_purge(box, until);
    }
    if (done == 1 && box->read < *want &&
        (box->fresh_count == 0 || box->reading != NULL)) {
        done = read_folders(box, until, want);
    }
    if (done == 1) {
        done = box_purge(box, until);
    }
    if (done == 1 && box->reading == NULL) { /* else it is not sorted yet */
        done = take_all_up(box, until);
    }
    if (done == 1 && box->reading == NULL) {
        box_astray(box);
    }
    return done;
}

static int scan(struct box *box, int64_t until, uint64_t *want)
{
    int done = box_load(box, until);
    if (done == 1 && *want == 0) { /* who reads already may be past the new ones */
        *want = box->read + (box->reading != NULL ? 2 : 1);
    }
    while (done == 1) {
        done = go_round(box, until, want);
        if (done == 1 && box->read >= *want) {
            break;
        }
    }
    return done;
}

int box_scan(struct box *box, int64_t until, uint64_t *want)
{
    errno = 0;
    int done = box->gone ? -1 : scan(box, until, want);
    if (done < 0 && !box->gone) {
        log_line("%s: %s", box->path, strerror(errno));
    }
    if (done < 0 && box->reading != NULL) {
        end_folder(box);
        box->settled = 0;
    }
    return done;
}
