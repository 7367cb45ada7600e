/*
 * An mbox file as a box, in the "mboxrd" form: a line "From MAILER-DAEMON date" before
 * each message, an empty one behind it, and one `>` more before lines of the message that
 * are ">From ", with any number of `>` from none on.
 *
 * A message is received into FILE.part, and then appended under a lock, which so is held
 * for a moment only, whatever the network does.
 */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 100, LOCK_PAUSE_MS = 100 };

static const char from_line[] = "From ";

/* ---- the form ------------------------------------------------------------------------ */

static void put(box *b, char c)
{
    b->last = c;
    if (b->from >= 0) {
        if (c == from_line[b->from]) {
            if (++b->from == sizeof from_line - 1) {
                box_put(b, ">From ", 6);
                b->from = -1;
            }
            return;
        }
        box_put(b, from_line, (size_t)b->from);
        if (b->from == 0 && c == '>') {
            box_put(b, &c, 1);
            return; /* still at the beginning */
        }
        b->from = -1;
    }
    box_put(b, &c, 1);
    if (c == '\n') {
        b->from = 0;
    }
}

static void put_line_end(box *b)
{
    box_put(b, b->lf ? "\n" : "\r\n", b->lf ? 1 : 2);
}

static int part_path(const box *b, char path[BOX_PATH_MAX])
{
    int n = snprintf(path, BOX_PATH_MAX, "%s.part", b->path);
    if (n < 0 || n >= BOX_PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

static int begin(box *b)
{
    char path[BOX_PATH_MAX], line[64];
    time_t now = time(NULL);
    struct tm utc;
    if (part_path(b, path) < 0) {
        return -1;
    }
    b->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (b->fd < 0) {
        return -1;
    }
    b->from = 0;
    b->last = '\n';
    b->place[0] = '\0';
    gmtime_r(&now, &utc);
    /* The names of days and months are English: no locale was chosen. */
    size_t len =
        strftime(line, sizeof line, "From MAILER-DAEMON %a %b %e %H:%M:%S %Y", &utc);
    box_put(b, line, len);
    put_line_end(b);
    return 0;
}

/* ---- the lock ------------------------------------------------------------------------- */

static int lock(box *b, short type)
{
    struct flock l = {0};
    l.l_type = type;
    l.l_whence = SEEK_SET;
    for (int n = 0; n < LOCK_TRIES; n++) {
        if (fcntl(b->mbox, F_SETLK, &l) == 0) {
            return 0;
        }
        if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
            return -1;
        }
        struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    errno = EAGAIN;
    return -1;
}

static void unlock(box *b)
{
    int error = errno;
    lock(b, F_UNLCK);
    errno = error;
}

/* ---- into the file -------------------------------------------------------------------- */

static int append(int fd, off_t at, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, at);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            data += n;
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* What is in the file must end with an empty line, or is made to. -1: failed; else where
   the next message goes. */
static off_t end_of(box *b)
{
    struct stat there;
    char tail[4] = "";
    if (fstat(b->mbox, &there) < 0) {
        return -1;
    }
    off_t size = there.st_size;
    off_t from = size > 4 ? size - 4 : 0;
    size_t len = (size_t)(size - from);
    if (size == 0) {
        return 0;
    }
    if (pread(b->mbox, tail, len, from) != (ssize_t)len) {
        return -1;
    }
    const char *lead = "\n\n";
    if (len >= 2 && tail[len - 1] == '\n' &&
        (tail[len - 2] == '\n' || (len == 4 && memcmp(tail, "\r\n\r\n", 4) == 0))) {
        return size;
    }
    if (tail[len - 1] == '\n') {
        lead++;
    }
    if (append(b->mbox, size, lead, strlen(lead)) < 0) {
        return -1;
    }
    return size + (off_t)strlen(lead);
}

/* From here to commit or drop the file is locked. */
static int finish(box *b)
{
    if (b->from > 0) {
        box_put(b, from_line, (size_t)b->from);
    }
    if (b->last != '\n') {
        put_line_end(b);
    }
    put_line_end(b);
    if (box_flush(b) < 0 || fsync(b->fd) < 0 || lock(b, F_WRLCK) < 0) {
        return -1;
    }
    off_t at = end_of(b);
    snprintf(b->place, sizeof b->place, "%lld", (long long)at);
    return at < 0 ? -1 : 0;
}

static void drop(box *b)
{
    unlock(b);
    close(b->fd);
    b->fd = -1;
}

static int commit(box *b)
{
    off_t at = (off_t)strtoll(b->place, NULL, 10), from = 0;
    ssize_t n = 0;
    int result = 0;
    while (result == 0 && (n = pread(b->fd, b->buffer, BOX_BUFFER, from)) > 0) {
        result = append(b->mbox, at + from, b->buffer, (size_t)n);
        from += n;
    }
    if (result < 0 || n < 0 || fsync(b->mbox) < 0) {
        int error = errno;
        b->in_doubt = ftruncate(b->mbox, at) < 0 || fsync(b->mbox) < 0;
        errno = error;
        result = -1;
    }
    unlock(b);
    close(b->fd);
    b->fd = -1;
    return result;
}

/* ---- after a crash -------------------------------------------------------------------- */

/* Compares the part with what is in the file at `at`. 1: all of it is there; 0: something
   else is; 2: the file ends within it; -1. */
static int compare(box *b, int part, off_t at)
{
    char a[4096], c[4096];
    for (off_t from = 0;; from += (off_t)sizeof a) {
        ssize_t n = pread(part, a, sizeof a, from);
        ssize_t m = pread(b->mbox, c, sizeof c, at + from);
        if (n < 0 || m < 0) {
            return -1;
        }
        if (n == 0) {
            return from > 0;
        }
        ssize_t least = n < m ? n : m;
        if (memcmp(a, c, (size_t)least) != 0) {
            return 0;
        }
        if (m < n) {
            return 2;
        }
        if (n < (ssize_t)sizeof a) {
            return 1;
        }
    }
}

static int recover(box *b, const char *place)
{
    char path[BOX_PATH_MAX];
    char *end;
    long long at = strtoll(place, &end, 10);
    int part = part_path(b, path) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (part < 0 || *end != '\0' || at < 0 || lock(b, F_WRLCK) < 0) {
        if (part >= 0) {
            close(part);
        }
        return errno == ENOENT ? 0 : -1;
    }
    int found = compare(b, part, (off_t)at);
    if (found == 2) { /* it breaks off, and nobody wrote behind it */
        struct stat there;
        found = -1;
        if (fstat(b->mbox, &there) == 0 &&
            (there.st_size <= at || ftruncate(b->mbox, (off_t)at) == 0)) {
            found = 0;
        }
    }
    if (found > 0 && fsync(b->mbox) < 0) {
        found = -1;
    }
    unlock(b);
    close(part);
    return found;
}

static void tidy(box *b)
{
    char path[BOX_PATH_MAX];
    if (part_path(b, path) == 0) {
        unlink(path);
    }
}

int box_open_mbox(box *b, const char *path)
{
    static const box_kind kind = {begin, put, finish, commit, recover, drop, tidy};
    char parent[BOX_PATH_MAX];
    b->kind = &kind;
    b->path = path;
    b->fd = -1;
    b->mbox = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (b->mbox < 0 || part_path(b, parent) < 0) {
        return -1;
    }
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        memcpy(parent, ".", 2);
    } else {
        slash[slash == parent] = '\0';
    }
    /* Both names are durable: of the file, and of the part once it is made. */
    char part[BOX_PATH_MAX];
    int fd =
        part_path(b, part) < 0 ? -1 : open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    close(fd);
    return box_sync_dir(parent);
}
