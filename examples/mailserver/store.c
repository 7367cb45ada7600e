/* The queue's folder: see store.h. */
#include "store.h"
#include "file.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

/* DIR/ID.msg and DIR/ID.env; `ending` has the dot. */
static int path_of(const struct store *store, const char *id, const char *ending,
                   char path[FILE_PATH_MAX])
{
    char name[ENVELOPE_ID_MAX + 8];
    snprintf(name, sizeof name, "%s%s", id, ending);
    return file_path(path, store->dir, name, NULL);
}

static int tmp_path(const struct store *store, const char *name,
                    char path[FILE_PATH_MAX])
{
    return file_path(path, store->dir, "tmp", name);
}

static void clear_tmp(const struct store *store, const char *tmp)
{
    char path[FILE_PATH_MAX];
    DIR *dir = opendir(tmp);
    if (dir == NULL) {
        return;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] != '.' && tmp_path(store, e->d_name, path) == 0) {
            unlink(path);
        }
    }
    closedir(dir);
}

int store_open(struct store *store, const char *dir)
{
    char path[FILE_PATH_MAX];
    store->dir = dir;
    store->lock = -1;
    store->count = 0;
    if (file_path(path, dir, "tmp", NULL) < 0 || file_make_dirs(path) < 0) {
        log_line("%s: %s", dir, strerror(errno));
        return -1;
    }
    if (file_path(path, dir, "lock", NULL) == 0) {
        store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    if (store->lock < 0 || flock(store->lock, LOCK_EX | LOCK_NB) < 0) {
        log_line("%s: %s", dir,
                 store->lock >= 0 && errno == EWOULDBLOCK
                     ? "another server uses this queue"
                     : strerror(errno));
        store_close(store);
        return -1;
    }
    if (file_path(path, dir, "tmp", NULL) == 0) {
        clear_tmp(store, path);
    }
    return 0;
}

void store_close(struct store *store)
{
    if (store->lock >= 0) {
        close(store->lock);
        store->lock = -1;
    }
}

/* An atom (RFC 5322 3.2.3), for the Received field; in the order of time. */
void store_new_id(struct store *store, char id[ENVELOPE_ID_MAX])
{
    struct timeval now;
    gettimeofday(&now, NULL);
    snprintf(id, ENVELOPE_ID_MAX, "%08llX%05lX-%lX-%lX", (unsigned long long)now.tv_sec,
             (unsigned long)now.tv_usec, (unsigned long)getpid(),
             (unsigned long)++store->count);
}

int store_create(const struct store *store, const char *id)
{
    char path[FILE_PATH_MAX];
    if (tmp_path(store, id, path) < 0) {
        return -1;
    }
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

void store_discard(const struct store *store, const char *id)
{
    char path[FILE_PATH_MAX];
    if (tmp_path(store, id, path) == 0) {
        unlink(path);
    }
}

/* Writes the envelope beside and moves it to its place. 0 or -1. */
static int put_envelope(const struct store *store, const struct envelope *envelope)
{
    char name[ENVELOPE_ID_MAX + 8], tmp[FILE_PATH_MAX], path[FILE_PATH_MAX];
    snprintf(name, sizeof name, "%s.env", envelope->id);
    if (tmp_path(store, name, tmp) < 0 || file_path(path, store->dir, name, NULL) < 0) {
        return -1;
    }
    FILE *out = fopen(tmp, "w");
    if (out == NULL) {
        return -1;
    }
    int bad =
        envelope_write(envelope, out) < 0 || fflush(out) != 0 || fsync(fileno(out)) < 0;
    bad |= fclose(out) != 0;
    if (bad || rename(tmp, path) < 0) {
        unlink(tmp);
        return -1;
    }
    return 0;
}

int store_add(const struct store *store, const struct envelope *envelope,
              const char *content)
{
    char tmp[FILE_PATH_MAX], path[FILE_PATH_MAX];
    if (tmp_path(store, content, tmp) < 0 ||
        path_of(store, envelope->id, ".msg", path) < 0 || link(tmp, path) < 0) {
        return -1;
    }
    if (put_envelope(store, envelope) < 0) {
        unlink(path);
        return -1;
    }
    return 0;
}

int store_sync(const struct store *store)
{
    return file_sync_dir(store->dir);
}

int store_save(const struct store *store, const struct envelope *envelope)
{
    return put_envelope(store, envelope) < 0 ? -1 : store_sync(store);
}

void store_remove(const struct store *store, const char *id)
{
    char path[FILE_PATH_MAX];
    if (path_of(store, id, ".env", path) == 0) {
        unlink(path);
    }
    store_sync(store); /* the content must not go first */
    if (path_of(store, id, ".msg", path) == 0) {
        unlink(path);
    }
}

int store_load(const struct store *store, const char *id, struct envelope *envelope)
{
    char path[FILE_PATH_MAX];
    FILE *in = path_of(store, id, ".env", path) < 0 ? NULL : fopen(path, "r");
    if (in == NULL) {
        return -1;
    }
    int result = envelope_read(envelope, in);
    fclose(in);
    if (result == 0) {
        snprintf(envelope->id, sizeof envelope->id, "%s", id);
    }
    return result;
}

int store_content(const struct store *store, const char *id)
{
    char path[FILE_PATH_MAX];
    return path_of(store, id, ".msg", path) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

/* The ID of a name that has this ending. 1, or 0: it has not. */
static int id_of(const char *name, const char *ending, char id[ENVELOPE_ID_MAX])
{
    size_t len = strlen(name);
    size_t end = strlen(ending);
    if (len <= end || len - end >= ENVELOPE_ID_MAX ||
        strcmp(name + len - end, ending) != 0) {
        return 0;
    }
    memcpy(id, name, len - end);
    id[len - end] = '\0';
    return 1;
}

int store_scan(const struct store *store, void (*found)(void *ctx, const char *id),
               void *ctx)
{
    char id[ENVELOPE_ID_MAX], path[FILE_PATH_MAX];
    DIR *dir = opendir(store->dir);
    if (dir == NULL) {
        return -1;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (id_of(e->d_name, ".env", id)) {
            found(ctx, id);
        } else if (id_of(e->d_name, ".msg", id) &&
                   path_of(store, id, ".env", path) == 0 && access(path, F_OK) < 0 &&
                   path_of(store, id, ".msg", path) == 0) {
            unlink(path);
        }
    }
    closedir(dir);
    return 0;
}
