/* Finds out what others have done to a mailbox's files: delivery, POP3, other programs.
   See box.h. */
#include "box.h"
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

/* The messages in the order of their names, for looking up. */
struct sorted {
    struct box_message **list;
    size_t count;
};

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int by_base(const void *a, const void *b)
{
    const struct box_message *m = *(struct box_message *const *)a;
    const struct box_message *n = *(struct box_message *const *)b;
    return compare(m->name, box_base(m->name), n->name, box_base(n->name));
}

static struct box_message *look_up(const struct sorted *sorted, const char *name)
{
    size_t low = 0, high = sorted->count, len = box_base(name);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct box_message *m = sorted->list[middle];
        int order = compare(m->name, box_base(m->name), name, len);
        if (order == 0) {
            return m;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* By convention a name begins with the second of delivery. */
static int64_t delivered(const char *name)
{
    char *end;
    errno = 0;
    long long t = strtoll(name, &end, 10);
    return end > name && *end == '.' && errno == 0 ? t : (int64_t)time(NULL);
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

static int read_folder(struct box *box, const struct sorted *sorted, int is_new)
{
    char path[FILE_PATH_MAX];
    int result = 0;
    DIR *dir = file_path(path, box->path, is_new ? "new" : "cur", NULL) < 0
                   ? NULL
                   : opendir(path);
    if (dir == NULL) {
        return -1;
    }
    for (struct dirent *e; result == 0 && (e = readdir(dir)) != NULL;) {
        struct box_message *m;
        if (e->d_name[0] == '.' || e->d_type == DT_DIR) {
            continue;
        }
        m = look_up(sorted, e->d_name);
        result = m != NULL ? meet(box, m, e->d_name, is_new)
                           : add_fresh(box, e->d_name, is_new);
    }
    closedir(dir);
    return result;
}

/* Who renames a file while a folder is read can hide it: gone is what two readings in a
   row do not find. 1: another reading is needed. */
static int judge_missing(struct box *box)
{
    int again = 0, gone = 0;
    for (size_t i = 0; i < box->count; i++) {
        struct box_message *m = &box->list[i];
        if (!m->found && box_bring_in(box, m) < 0) {
            again |= ++m->missing == 1;
            m->gone = m->missing > 1;
            gone |= m->gone;
        }
        m->found = 0;
    }
    if (gone) {
        box_purge(box);
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

/* 1: read again. */
static int read_once(struct box *box)
{
    struct sorted sorted = {NULL, box->count};
    int result;
    forget_fresh(box);
    if (box->count > 0) {
        sorted.list = malloc(box->count * sizeof *sorted.list);
        if (sorted.list == NULL) {
            return -1;
        }
        for (size_t i = 0; i < box->count; i++) {
            sorted.list[i] = &box->list[i];
        }
        qsort(sorted.list, sorted.count, sizeof *sorted.list, by_base);
    }
    result =
        read_folder(box, &sorted, 1) < 0 || read_folder(box, &sorted, 0) < 0 ? -1 : 0;
    free(sorted.list);
    return result < 0 ? -1 : judge_missing(box);
}

static int read_folders(struct box *box)
{
    int again = 1;
    if (stamps_of(box, box->stamp, &box->settled) < 0) {
        return -1;
    }
    for (int n = 0; n < 3 && again == 1; n++) {
        again = read_once(box);
    }
    if (again < 0) {
        return -1;
    }
    if (box->fresh_count > 0) {
        qsort(box->fresh, box->fresh_count, sizeof *box->fresh, by_delivery);
    }
    return 0;
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
static int take_up(struct box *box, struct box_fresh *f)
{
    char path[FILE_PATH_MAX];
    uint64_t size = 0;
    struct box_message *m = box_grow(box);
    if (m == NULL ||
        file_path(path, box->path, f->is_new ? "new" : "cur", f->name) < 0) {
        return -1;
    }
    if (box_left(box, f->name, f->is_new) || measure(path, &size) < 0) {
        /* gone, or gone again */
        free(f->name);
        return 0;
    }
    m->name = f->name;
    m->is_new = f->is_new != 0;
    m->uid = box->uidnext++;
    m->flags = f->is_new ? 0 : box_letters(f->name);
    m->size = size;
    m->internal = f->time;
    m->saved = (int64_t)time(NULL);
    m->modseq = ++box->modseq;
    box_make_id(m->email_id);
    box->count++;
    box->change++;
    box->row_changed = 1;
    box->store->durable = 1;
    return box_insert_row(box, m);
}

int box_scan(struct box *box, int64_t until)
{
    int64_t stamp[2];
    int settled;
    if (box->gone) {
        return -1;
    }
    if (box->fresh_at == box->fresh_count) {
        if (stamps_of(box, stamp, &settled) < 0) {
            return -1;
        }
        if (box->settled && stamp[0] == box->stamp[0] && stamp[1] == box->stamp[1]) {
            return 1;
        }
        if (read_folders(box) < 0) {
            log_line("%s: %s", box->path, strerror(errno));
            return -1;
        }
    }
    while (box->fresh_at < box->fresh_count) {
        if (take_up(box, &box->fresh[box->fresh_at]) < 0) {
            return -1;
        }
        box->fresh_at++;
        if (loop_now() >= until && box->fresh_at < box->fresh_count) {
            return 0;
        }
    }
    forget_fresh(box);
    return 1;
}
