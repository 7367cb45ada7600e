/* A message in a file: see message_file.h. */
#include "message_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Reads as pread() does, but is not interrupted. */
static ssize_t read_from(int fd, uint64_t offset, void *buf, size_t cap)
{
    ssize_t n;
    do {
        n = pread(fd, buf, cap, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* Looks at a piece; `last` is the octet before it, 0 at the beginning. */
static void scan(message_file *f, const unsigned char *piece, size_t len,
                 unsigned char last)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = piece[i];
        f->eight_bit |= c >> 7;
        f->nuls += c == '\0';
        f->bare += c == '\n' && last != '\r'; /* an LF without CR before it */
        f->bare += last == '\r' && c != '\n'; /* a CR without LF behind it */
        last = c;
    }
}

static int scan_all(message_file *f)
{
    unsigned char buf[65536];
    unsigned char last = 0;
    for (;;) {
        ssize_t n = read_from(f->fd, f->size, buf, sizeof buf);
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        scan(f, buf, (size_t)n, last);
        last = buf[n - 1];
        f->size += (uint64_t)n;
    }
    f->bare += last == '\r';
    f->wire_size = f->size + f->bare; /* each becomes CRLF */
    if (last != '\n' && last != '\r' && f->size > 0) {
        f->wire_size += 2; /* the engine ends the last line */
    }
    return 0;
}

int message_file_open(message_file *f, const char *path)
{
    memset(f, 0, sizeof *f);
    f->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0) {
        return -1;
    }
    if (scan_all(f) < 0) {
        int error = errno;
        message_file_close(f);
        errno = error;
        return -1;
    }
    return 0;
}

void message_file_close(message_file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
        f->fd = -1;
    }
}

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    message_file *f = ctx;
    ssize_t n = read_from(f->fd, offset, buf, cap);
    if (n < 0) {
        return MAILPROTO_ERR_IO;
    }
    if (n == 0) {
        return MAILPROTO_EOF;
    }
    *got = (size_t)n;
    if (f->shown != NULL) {
        progress_update(f->shown, offset + *got);
    }
    return MAILPROTO_OK;
}

mailproto_source message_file_source(message_file *f)
{
    mailproto_source source = {0};
    source.struct_size = sizeof source;
    source.ctx = f;
    source.size = f->size;
    source.read_at = read_at;
    return source;
}
