/* A Maildir as a maildrop: see drop.h. */
#include "drop.h"
#include "hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder_of(const struct drop_message *m)
{
    return m->is_new ? "new" : "cur";
}

/* Letters of a file's name that stay when a reader moves it and sets flags. */
static size_t unique_part(const char *name)
{
    return strcspn(name, ":");
}

/* The unique part as a unique-id, or a hash of it where it cannot be one. */
static int make_uid(struct drop_message *m)
{
    size_t len = unique_part(m->name);
    int fits = len > 0 && len < DROP_UID_MAX;
    for (size_t i = 0; i < len && fits; i++) {
        fits = m->name[i] > ' ' && m->name[i] <= '~';
    }
    if (fits) {
        memcpy(m->uid, m->name, len);
        m->uid[len] = '\0';
        return 0;
    }
    unsigned char hash[HASH_SIZE];
    if (hash_sha256(m->name, len, hash) < 0) {
        errno = ENOTSUP;
        return -1;
    }
    for (size_t i = 0; i < sizeof hash && 2 * i + 3 <= DROP_UID_MAX; i++) {
        snprintf(m->uid + 2 * i, 3, "%02x", hash[i]);
    }
    return 0;
}

/* ---- the list ------------------------------------------------------------------------ */

/* By convention a name begins with the second of delivery. */
static int64_t delivered(const char *name, const struct stat *there)
{
    char *end;
    errno = 0;
    long long t = strtoll(name, &end, 10);
    return end > name && *end == '.' && errno == 0 ? t : (int64_t)there->st_mtime;
}

static int add(struct drop *drop, size_t *room, const char *name, int is_new,
               const struct stat *there)
{
    if (drop->count == *room) {
        size_t more = *room == 0 ? 64 : *room * 2;
        struct drop_message *list = realloc(drop->list, more * sizeof *list);
        if (list == NULL) {
            return -1;
        }
        drop->list = list;
        *room = more;
    }
    struct drop_message *m = &drop->list[drop->count];
    *m = (struct drop_message){.is_new = is_new,
                               .octets = (uint64_t)there->st_size,
                               .time = delivered(name, there)};
    m->name = strdup(name);
    if (m->name == NULL || make_uid(m) < 0) {
        free(m->name);
        return -1;
    }
    drop->count++;
    return 0;
}

static int scan(struct drop *drop, size_t *room, const char *folder)
{
    char path[FILE_PATH_MAX];
    struct stat there;
    int result = 0;
    DIR *dir = file_path(path, drop->maildir, folder, NULL) < 0 ? NULL : opendir(path);
    if (dir == NULL) {
        return -1;
    }
    for (struct dirent *e; result == 0 && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] != '.' &&
            fstatat(dirfd(dir), e->d_name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(there.st_mode)) {
            result = add(drop, room, e->d_name, folder[0] == 'n', &there);
        }
    }
    closedir(dir);
    return result;
}

static int by_delivery(const void *a, const void *b)
{
    const struct drop_message *m = a, *n = b;
    if (m->time != n->time) {
        return m->time < n->time ? -1 : 1;
    }
    int order = strcmp(m->uid, n->uid);
    return order != 0 ? order : strcmp(m->name, n->name);
}

static void forget_list(struct drop *drop, size_t from)
{
    for (size_t i = from; i < drop->count; i++) {
        free(drop->list[i].name);
    }
    drop->count = from < drop->count ? from : drop->count;
}

/* ---- opening ------------------------------------------------------------------------- */

static int make_folders(struct drop *drop)
{
    static const char *const folders[] = {"tmp", "new", "cur"};
    char path[FILE_PATH_MAX];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (file_path(path, drop->maildir, folders[i], NULL) < 0 ||
            file_make_dirs(path) < 0) {
            return -1;
        }
    }
    return 0;
}

enum drop_result drop_open(struct drop *drop, const char *root, const char *user,
                           size_t max)
{
    char path[FILE_PATH_MAX];
    size_t room = 0;
    *drop = (struct drop){.lock = -1};
    if (file_path(drop->maildir, root, user, "Maildir") < 0 || make_folders(drop) < 0 ||
        file_path(path, drop->maildir, "pop3.lock", NULL) < 0) {
        return DROP_FAILED;
    }
    /* flock() locks against other sessions of this process too, and ends with it. */
    drop->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (drop->lock < 0) {
        return DROP_FAILED;
    }
    if (flock(drop->lock, LOCK_EX | LOCK_NB) < 0) {
        int in_use = errno == EWOULDBLOCK;
        drop_close(drop);
        return in_use ? DROP_IN_USE : DROP_FAILED;
    }
    if (scan(drop, &room, "new") < 0 || scan(drop, &room, "cur") < 0) {
        int error = errno;
        drop_close(drop);
        errno = error;
        return DROP_FAILED;
    }
    if (drop->count > 0) {
        qsort(drop->list, drop->count, sizeof *drop->list, by_delivery);
    }
    forget_list(drop, max);
    for (size_t i = 0; i < drop->count; i++) {
        drop->octets += drop->list[i].octets;
    }
    return DROP_OPEN;
}

void drop_close(struct drop *drop)
{
    forget_list(drop, 0);
    free(drop->list);
    drop->list = NULL;
    if (drop->lock >= 0) {
        close(drop->lock);
    }
    drop->lock = -1;
}

/* ---- messages ------------------------------------------------------------------------ */

/* A reader of the Maildir (an IMAP server, say) has moved the file or changed its flags:
   finds it by the unique part. 0, or -1. */
static int find(const struct drop *drop, const struct drop_message *m,
                char path[FILE_PATH_MAX])
{
    static const char *const folders[] = {"cur", "new"};
    size_t len = unique_part(m->name);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        int found = 0;
        DIR *dir =
            file_path(path, drop->maildir, folders[i], NULL) < 0 ? NULL : opendir(path);
        if (dir == NULL) {
            return -1;
        }
        for (struct dirent *e; !found && (e = readdir(dir)) != NULL;) {
            found = unique_part(e->d_name) == len &&
                    memcmp(e->d_name, m->name, len) == 0 &&
                    file_path(path, drop->maildir, folders[i], e->d_name) == 0;
        }
        closedir(dir);
        if (found) {
            return 0;
        }
    }
    errno = ENOENT;
    return -1;
}

int drop_read(const struct drop *drop, size_t number)
{
    char path[FILE_PATH_MAX];
    const struct drop_message *m = &drop->list[number];
    if (file_path(path, drop->maildir, folder_of(m), m->name) < 0) {
        return -1;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && find(drop, m, path) == 0) {
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

/* 0 also when somebody else removed it. */
static int remove_message(const struct drop *drop, const struct drop_message *m)
{
    char path[FILE_PATH_MAX];
    if (file_path(path, drop->maildir, folder_of(m), m->name) < 0) {
        return -1;
    }
    if (unlink(path) == 0) {
        return 0;
    }
    if (errno == ENOENT && find(drop, m, path) == 0) {
        return unlink(path);
    }
    return errno == ENOENT ? 0 : -1;
}

int drop_update(struct drop *drop)
{
    char path[FILE_PATH_MAX];
    int left = 0, removed = 0;
    for (size_t i = 0; i < drop->count; i++) {
        if (drop->list[i].gone) {
            int failed = remove_message(drop, &drop->list[i]) < 0;
            left += failed;
            removed += !failed;
        }
    }
    if (removed > 0 &&
        (file_path(path, drop->maildir, "new", NULL) < 0 || file_sync_dir(path) < 0 ||
         file_path(path, drop->maildir, "cur", NULL) < 0 || file_sync_dir(path) < 0)) {
        return -1;
    }
    return left;
}
