/* Delivery into a Maildir: see maildir.h. */
#include "maildir.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int copy(int from, int to)
{
    char buffer[65536];
    off_t at = 0;
    for (;;) {
        ssize_t n = pread(from, buffer, sizeof buffer, at);
        if (n == 0) {
            return 0;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 || file_write(to, buffer, (size_t)n) < 0) {
            return -1;
        }
        at += n;
    }
}

static int write_file(const char *path, const char *top, int content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    int result = file_write(fd, top, strlen(top));
    if (result == 0) {
        result = copy(content, fd);
    }
    if (result == 0) {
        result = fsync(fd);
    }
    int error = errno;
    if (close(fd) < 0 && result == 0) { /* some file systems tell only now */
        result = -1;
    } else {
        errno = error;
    }
    return result;
}

int maildir_deliver(const char *root, const char *user, const char *name,
                    const char *top, int content)
{
    static const char *const folders[] = {"tmp", "new", "cur"};
    char maildir[FILE_PATH_MAX], folder[FILE_PATH_MAX];
    char tmp[FILE_PATH_MAX], final[FILE_PATH_MAX];
    if (file_path(maildir, root, user, "Maildir") < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (file_path(folder, maildir, folders[i], NULL) < 0 ||
            file_make_dirs(folder) < 0) {
            return -1;
        }
    }
    if (file_path(tmp, maildir, "tmp", name) < 0 ||
        file_path(final, maildir, "new", name) < 0 ||
        file_path(folder, maildir, "new", NULL) < 0) {
        return -1;
    }
    int result = write_file(tmp, top, content);
    /* link() and not rename(): it never replaces another message. */
    if (result == 0 && link(tmp, final) < 0 && errno != EEXIST) {
        result = -1;
    }
    int error = errno;
    unlink(tmp);
    errno = error;
    return result == 0 ? file_sync_dir(folder) : -1;
}
