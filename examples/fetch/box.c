/* What both kinds of boxes have in common: see box.h. */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int box_flush(box *b)
{
    if (b->failed == 0 && write_all(b->fd, b->buffer, b->len) < 0) {
        b->failed = errno;
    }
    b->len = 0;
    errno = b->failed;
    return b->failed == 0 ? 0 : -1;
}

void box_put(box *b, const char *data, size_t len)
{
    while (len > 0) {
        size_t n = BOX_BUFFER - b->len;
        n = n < len ? n : len;
        memcpy(b->buffer + b->len, data, n);
        b->len += n;
        data += n;
        len -= n;
        if (b->len == BOX_BUFFER) {
            box_flush(b);
        }
    }
}

static void put_converted(box *b, char c)
{
    if (b->kind->put != NULL) {
        b->kind->put(b, c);
    } else {
        box_put(b, &c, 1);
    }
}

/* CRLF becomes LF where that is wanted; a CR alone stays. */
static void convert(box *b, char c)
{
    if (b->held_cr) {
        b->held_cr = 0;
        if (c != '\n') {
            put_converted(b, '\r');
        }
    }
    if (b->lf && c == '\r') {
        b->held_cr = 1;
        return;
    }
    put_converted(b, c);
}

int box_begin(box *b)
{
    b->octets = 0;
    b->failed = 0;
    b->held_cr = 0;
    b->len = 0;
    return b->kind->begin(b);
}

int box_write(box *b, const char *data, size_t len)
{
    b->octets += len;
    if (!b->lf && b->kind->put == NULL) {
        box_put(b, data, len);
    } else {
        for (size_t i = 0; i < len; i++) {
            convert(b, data[i]);
        }
    }
    errno = b->failed;
    return b->failed == 0 ? 0 : -1;
}

int box_finish(box *b)
{
    if (b->held_cr) {
        b->held_cr = 0;
        put_converted(b, '\r');
    }
    return b->kind->finish(b);
}

int box_commit(box *b)
{
    b->in_doubt = 0;
    return b->kind->commit(b);
}

void box_drop(box *b)
{
    if (b->fd >= 0) {
        b->kind->drop(b);
    }
}

void box_close(box *b)
{
    box_drop(b);
    if (b->mbox >= 0) {
        close(b->mbox);
        b->mbox = -1;
    }
}

void box_tidy(box *b)
{
    if (b->kind->tidy != NULL) {
        b->kind->tidy(b);
    }
}

int box_recover(box *b, const char *place)
{
    return b->kind->recover(b, place);
}

int box_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int result = fsync(fd);
    close(fd);
    return result;
}
