/* Durable files: see file.h. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_path(char path[FILE_PATH_MAX], const char *dir, const char *a, const char *b)
{
    int n = snprintf(path, FILE_PATH_MAX, "%s/%s%s%s", dir, a, b == NULL ? "" : "/",
                     b == NULL ? "" : b);
    if (n < 0 || n >= FILE_PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

/* A directory whose parents exist. */
static int make_dir(const char *path)
{
    char parent[FILE_PATH_MAX];
    struct stat there;
    if (mkdir(path, 0700) < 0) {
        if (errno == EEXIST && stat(path, &there) == 0) {
            errno = ENOTDIR;
            return S_ISDIR(there.st_mode) ? 0 : -1;
        }
        return -1;
    }
    snprintf(parent, sizeof parent, "%s/..", path);
    return file_sync_dir(parent);
}

int file_make_dirs(const char *path)
{
    char part[FILE_PATH_MAX - 4];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(part, path, len + 1);
    for (char *slash = strchr(part + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_dir(part) < 0) {
            return -1;
        }
        *slash = '/';
    }
    return make_dir(part);
}

int file_write(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int file_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int result = fsync(fd);
    close(fd);
    return result;
}
