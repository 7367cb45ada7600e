/* Waiting for the disk, for what is on its way into a mailbox: see imap.h. A thread does
   it, for all messages of a command at once. */
#include "imap.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* It outlives its connection when that breaks meanwhile. */
struct imap_sync {
    struct job job;
    struct imap *owner; /* NULL: gone */
    char folder[FILE_PATH_MAX];
    int error;
    size_t count;
    char names[][sizeof((struct box_draft *)0)->name];
};

/* 0 or -1. Files that are gone were dropped meanwhile: nobody waits for them. */
static int sync_file(const char *folder, const char *name)
{
    char path[FILE_PATH_MAX];
    int fd =
        file_path(path, folder, name, NULL) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int result = fsync(fd);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static void work(void *ctx)
{
    struct imap_sync *s = ctx;
    int result = 0;
    for (size_t i = 0; i < s->count && result == 0; i++) {
        result = sync_file(s->folder, s->names[i]);
    }
    if (result == 0) {
        result = file_sync_dir(s->folder);
    }
    s->error = result == 0 ? 0 : errno;
}

static void done(void *ctx)
{
    struct imap_sync *s = ctx;
    struct imap *c = s->owner;
    if (c != NULL) {
        if (s->error != 0) {
            log_line("%s: %s", s->folder, strerror(s->error));
        }
        c->sync = NULL;
        c->job.synced = s->error == 0 ? 1 : -1;
    }
    free(s);
    if (c != NULL) {
        imap_run(c);
    }
}

mailproto_status imap_sync(struct imap *c, const struct box *box,
                           const struct box_draft *drafts, size_t count)
{
    if (c->job.synced != 0) {
        return MAILPROTO_OK;
    }
    if (c->sync != NULL) {
        return MAILPROTO_NOT_READY;
    }
    struct imap_sync *s = calloc(1, sizeof *s + count * sizeof s->names[0]);
    if (s == NULL || file_path(s->folder, box->path, "tmp", NULL) < 0) {
        free(s);
        return MAILPROTO_ERR_MEMORY;
    }
    s->owner = c;
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        memcpy(s->names[i], drafts[i].name, sizeof s->names[i]);
    }
    s->job = (struct job){.work = work, .done = done, .ctx = s};
    c->sync = s;
    worker_submit(c->server->disk, &s->job);
    return MAILPROTO_NOT_READY;
}

void imap_sync_leave(struct imap *c)
{
    if (c->sync != NULL) {
        c->sync->owner = NULL;
        c->sync = NULL;
    }
}
