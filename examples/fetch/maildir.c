/*
 * A Maildir (cr.yp.to/proto/maildir.html) as a box: written in tmp/, made durable, then
 * moved into new/ under a name that no other message has.
 */
#include "box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What is older in tmp/ was left behind by somebody who crashed. */
enum { STALE_SECONDS = 36 * 3600 };

static int path_of(const box *b, const char *folder, const char *name,
                   char path[BOX_PATH_MAX])
{
    int n = snprintf(path, BOX_PATH_MAX, "%s/%s%s%s", b->path, folder,
                     name[0] == '\0' ? "" : "/", name);
    if (n < 0 || n >= BOX_PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

static int begin(box *b)
{
    char path[BOX_PATH_MAX];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(b->place, sizeof b->place, "%lld.M%06ldP%ldQ%u.%s", (long long)now.tv_sec,
             now.tv_nsec / 1000, (long)getpid(), b->count++, b->host);
    if (path_of(b, "tmp", b->place, path) < 0) {
        return -1;
    }
    b->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return b->fd < 0 ? -1 : 0;
}

static int finish(box *b)
{
    return box_flush(b) < 0 ? -1 : fsync(b->fd);
}

static void drop(box *b)
{
    char path[BOX_PATH_MAX];
    close(b->fd);
    b->fd = -1;
    if (path_of(b, "tmp", b->place, path) == 0) {
        unlink(path);
    }
}

/* 1: moved from tmp/ into new/; 0: it is not in tmp/; -1. */
static int move(box *b, const char *name)
{
    char from[BOX_PATH_MAX], to[BOX_PATH_MAX], folder[BOX_PATH_MAX];
    if (path_of(b, "tmp", name, from) < 0 || path_of(b, "new", name, to) < 0 ||
        path_of(b, "new", "", folder) < 0) {
        return -1;
    }
    if (rename(from, to) < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    if (box_sync_dir(folder) < 0) {
        b->in_doubt = 1; /* it is there, and a crash may take it away */
        return -1;
    }
    return 1;
}

static int commit(box *b)
{
    int closed = close(b->fd); /* some file systems tell only now */
    b->fd = -1;
    if (closed < 0) {
        return -1;
    }
    int moved = move(b, b->place);
    if (moved == 0) {
        errno = ENOENT;
    }
    return moved > 0 ? 0 : -1;
}

/* Whether a name, with whatever flags behind it, is in a folder. */
static int is_in(box *b, const char *folder, const char *name)
{
    char path[BOX_PATH_MAX];
    size_t len = strlen(name);
    int found = 0;
    DIR *dir = path_of(b, folder, "", path) < 0 ? NULL : opendir(path);
    if (dir == NULL) {
        return -1;
    }
    for (struct dirent *e; !found && (e = readdir(dir)) != NULL;) {
        found = strncmp(e->d_name, name, len) == 0 &&
                (e->d_name[len] == '\0' || e->d_name[len] == ':');
    }
    closedir(dir);
    return found;
}

/* Still in tmp/: the last step is made up for. Else it was made, unless somebody has
   cleared tmp/ meanwhile: so let it be seen. */
static int recover(box *b, const char *place)
{
    int found = strchr(place, '/') != NULL ? 0 : move(b, place);
    if (found == 0) {
        found = is_in(b, "new", place);
    }
    return found == 0 ? is_in(b, "cur", place) : found;
}

static void clear_tmp(box *b)
{
    char path[BOX_PATH_MAX];
    struct stat there;
    time_t now = time(NULL);
    DIR *dir = path_of(b, "tmp", "", path) < 0 ? NULL : opendir(path);
    if (dir == NULL) {
        return;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (path_of(b, "tmp", e->d_name, path) == 0 && lstat(path, &there) == 0 &&
            S_ISREG(there.st_mode) && there.st_mtime < now - STALE_SECONDS) {
            unlink(path);
        }
    }
    closedir(dir);
}

static int make_dir(const char *path)
{
    char parent[BOX_PATH_MAX + 4];
    if (mkdir(path, 0700) < 0) {
        return errno == EEXIST ? 0 : -1;
    }
    snprintf(parent, sizeof parent, "%s/..", path);
    return box_sync_dir(parent);
}

int box_open_maildir(box *b, const char *path)
{
    static const box_kind kind = {begin, NULL, finish, commit, recover, drop, NULL};
    static const char *const folders[] = {"tmp", "new", "cur"};
    char folder[BOX_PATH_MAX];
    b->kind = &kind;
    b->path = path;
    b->fd = -1;
    b->mbox = -1;
    if (gethostname(b->host, sizeof b->host) < 0) {
        memcpy(b->host, "localhost", 10);
    }
    b->host[sizeof b->host - 1] = '\0';
    for (char *c = b->host; *c != '\0'; c++) {
        *c = *c == '/' || *c == ':' || *c <= ' ' ? '_' : *c;
    }
    if (strlen(path) >= BOX_PATH_MAX - 4 || make_dir(path) < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (path_of(b, folders[i], "", folder) < 0 || make_dir(folder) < 0) {
            return -1;
        }
    }
    clear_tmp(b);
    return 0;
}
