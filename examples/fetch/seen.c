/* The unique-ids of what was fetched: see seen.h. */
#include "seen.h"

#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char head[] = "# mailproto-fetch 1 ";

/* ---- the list ------------------------------------------------------------------------ */

static int add(seen *s, const char *uid, size_t len, int present)
{
    if (s->count == s->room) {
        size_t room = s->room == 0 ? 256 : s->room * 2;
        seen_entry *list = realloc(s->list, room * sizeof *list);
        if (list == NULL) {
            return -1;
        }
        s->list = list;
        s->room = room;
    }
    char *copy = strndup(uid, len);
    if (copy == NULL) {
        return -1;
    }
    s->list[s->count].uid = copy;
    s->list[s->count++].present = present;
    return 0;
}

static int by_uid(const void *a, const void *b)
{
    return strcmp(((const seen_entry *)a)->uid, ((const seen_entry *)b)->uid);
}

static void sort(seen *s)
{
    if (s->count > 0) {
        qsort(s->list, s->count, sizeof *s->list, by_uid);
    }
    s->sorted = s->count;
}

static void forget_begun(seen *s)
{
    free(s->begun_uid);
    free(s->begun_place);
    s->begun_uid = NULL;
    s->begun_place = NULL;
}

/* ---- reading ------------------------------------------------------------------------- */

/* A line of the file, without its end. 0, or -1: no memory. */
static int take(seen *s, const char *line)
{
    if (line[0] == '\0' || line[1] != ' ') {
        return 0;
    }
    const char *rest = line + 2;
    int mine = s->begun_uid != NULL && strcmp(s->begun_uid, rest) == 0;
    if (line[0] == '=') {
        if (mine) {
            forget_begun(s);
        }
        return add(s, rest, strlen(rest), 0);
    }
    if (line[0] == '-' && mine) {
        forget_begun(s);
    }
    if (line[0] == '+') {
        const char *blank = strchr(rest, ' ');
        forget_begun(s);
        if (blank == NULL) {
            return 0;
        }
        s->begun_place = strndup(rest, (size_t)(blank - rest));
        s->begun_uid = strdup(blank + 1);
        return s->begun_place == NULL || s->begun_uid == NULL ? -1 : 0;
    }
    return 0;
}

/* 0; -1 and why. A last line without an end was being written when the power went: it
   does not count. */
static int read_lines(seen *s, const char **why)
{
    FILE *in = fdopen(dup(s->fd), "r");
    char *line = NULL;
    size_t cap = 0, n = 0;
    int result = in == NULL ? -1 : 0;
    ssize_t len;
    *why = result < 0 ? strerror(errno) : NULL;
    while (result == 0 && (len = getline(&line, &cap, in)) > 0 &&
           line[len - 1] == '\n') {
        line[len - 1] = '\0';
        if (n++ == 0) {
            size_t head_len = sizeof head - 1;
            if (strncmp(line, head, head_len) != 0) {
                *why = "not a list of fetched messages";
                result = -1;
            } else if (strcmp(line + head_len, s->account) != 0) {
                *why = "it belongs to another account; choose another by --seen";
                result = -1;
            }
        } else if (take(s, line) < 0) {
            *why = strerror(ENOMEM);
            result = -1;
        }
    }
    if (result == 0 && n == 0) { /* its first line was never written in pieces */
        *why = "not a list of fetched messages";
        result = -1;
    }
    if (result == 0 && ferror(in)) {
        *why = strerror(EIO);
        result = -1;
    }
    if (in != NULL) {
        fclose(in);
    }
    free(line);
    return result;
}

/* ---- writing ------------------------------------------------------------------------- */

/* The lock is the open file's, whatever descriptors of it are closed. */
static int lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB);
}

static int sync_parent(const char *path)
{
    char parent[BOX_PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof parent) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(parent, path, len + 1);
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        memcpy(parent, ".", 2);
    } else {
        slash[slash == parent] = '\0';
    }
    return box_sync_dir(parent);
}

/* Writes what is to be kept into a new file. Its descriptor, or -1. */
static int write_new(const seen *s, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int copy = fd < 0 || lock(fd) < 0 ? -1 : dup(fd);
    FILE *out = copy < 0 ? NULL : fdopen(copy, "w");
    if (out == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    fprintf(out, "%s%s\n", head, s->account);
    for (size_t i = 0; i < s->count; i++) {
        fprintf(out, "= %s\n", s->list[i].uid);
    }
    if (s->begun_uid != NULL) {
        fprintf(out, "+ %s %s\n", s->begun_place, s->begun_uid);
    }
    int failed = ferror(out) || fflush(out) == EOF || fsync(fd) < 0;
    fclose(out);
    if (failed) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Puts a new file in the place of the old one. */
static int rewrite(seen *s)
{
    char path[BOX_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s.new", s->path);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = write_new(s, path);
    if (fd < 0) {
        return -1;
    }
    if (rename(path, s->path) < 0 || sync_parent(s->path) < 0) {
        close(fd);
        return -1;
    }
    close(s->fd);
    s->fd = fd;
    lseek(fd, 0, SEEK_END);
    return 0;
}

/* One line, durably. The file has whole lines only: what could not be written whole is
   taken away again. `*doubt` is set when it may be there nevertheless, or a part of it. */
static int append(seen *s, int *doubt, const char *kind, const char *place,
                  mailproto_bytes uid)
{
    char line[BOX_PLACE_MAX + 600];
    int n = snprintf(line, sizeof line, "%s %s%s%.*s\n", kind, place,
                     place[0] == '\0' ? "" : " ", (int)uid.len, uid.ptr);
    if (n < 0 || (size_t)n >= sizeof line) {
        errno = EMSGSIZE;
        return -1;
    }
    off_t end = lseek(s->fd, 0, SEEK_END);
    ssize_t put = write(s->fd, line, (size_t)n);
    if (put != n) {
        int error = put < 0 ? errno : ENOSPC;
        if (put > 0 && (end < 0 || ftruncate(s->fd, end) < 0)) {
            *doubt = 1;
        }
        errno = error;
        return -1;
    }
    if (fsync(s->fd) < 0) {
        *doubt = 1;
        return -1;
    }
    return 0;
}

/* ---- the calls ------------------------------------------------------------------------ */

/* Opens and locks; again, when another program replaced the file in between. */
static int open_locked(seen *s, const char **why)
{
    struct stat mine, there;
    for (;;) {
        s->fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (s->fd < 0 || fstat(s->fd, &mine) < 0) {
            *why = strerror(errno);
            return -1;
        }
        if (lock(s->fd) < 0) {
            *why = "another program works with it";
            return -1;
        }
        if (stat(s->path, &there) == 0 && there.st_ino == mine.st_ino &&
            there.st_dev == mine.st_dev) {
            return 0;
        }
        close(s->fd);
    }
}

int seen_open(seen *s, const char *path, const char *account, const char **why)
{
    struct stat there;
    memset(s, 0, sizeof *s);
    s->path = path;
    s->account = account;
    if (open_locked(s, why) < 0) {
        return -1;
    }
    if (fstat(s->fd, &there) == 0 && there.st_size > 0 && read_lines(s, why) < 0) {
        return -1;
    }
    sort(s);
    if (rewrite(s) < 0) {
        *why = strerror(errno);
        return -1;
    }
    return 0;
}

void seen_close(seen *s)
{
    if (s->path == NULL) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].uid);
    }
    free(s->list);
    forget_begun(s);
    if (s->fd >= 0) {
        close(s->fd);
    }
    memset(s, 0, sizeof *s);
}

int seen_settle(seen *s, int in_box)
{
    mailproto_bytes uid = {s->begun_uid, strlen(s->begun_uid)};
    int result = in_box ? seen_done(s, uid) : seen_undo(s, uid);
    if (result == 0) {
        forget_begun(s);
        sort(s);
    }
    return result;
}

size_t seen_times(seen *s, mailproto_bytes uid)
{
    char text[600];
    if (uid.len == 0 || uid.len >= sizeof text || s->sorted == 0) {
        return 0; /* a server without UIDL */
    }
    memcpy(text, uid.ptr, uid.len);
    text[uid.len] = '\0';
    seen_entry key = {text, 0};
    seen_entry *found = bsearch(&key, s->list, s->sorted, sizeof key, by_uid);
    size_t times = 0;
    if (found == NULL) {
        return 0;
    }
    while (found > s->list && strcmp(found[-1].uid, text) == 0) {
        found--;
    }
    for (; found < s->list + s->sorted && strcmp(found->uid, text) == 0; found++) {
        found->present = 1;
        times++;
    }
    return times;
}

int seen_begin(seen *s, mailproto_bytes uid, const char *place)
{
    if (s->open) { /* the next `+` would make it forgotten */
        errno = EBUSY;
        return -1;
    }
    if (uid.len == 0) {
        return 0;
    }
    if (append(s, &s->open, "+", place, uid) < 0) {
        return -1;
    }
    s->open = 1;
    return 0;
}

int seen_done(seen *s, mailproto_bytes uid)
{
    if (uid.len == 0) {
        return 0;
    }
    s->open = 1;
    if (add(s, uid.ptr, uid.len, 1) < 0) {
        errno = ENOMEM;
        return -1;
    }
    if (append(s, &s->open, "=", "", uid) < 0) {
        free(s->list[--s->count].uid);
        return -1;
    }
    s->open = 0;
    return 0;
}

int seen_undo(seen *s, mailproto_bytes uid)
{
    if (uid.len == 0) {
        return 0;
    }
    s->open = 1;
    if (append(s, &s->open, "-", "", uid) < 0) {
        return -1;
    }
    s->open = 0;
    return 0;
}

int seen_prune(seen *s, int all)
{
    size_t kept = 0;
    if (s->open) {
        return 0;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->list[i].present && !all) {
            s->list[kept++] = s->list[i];
        } else {
            free(s->list[i].uid);
        }
    }
    s->count = kept;
    sort(s);
    return rewrite(s);
}
