/* Attachments into files: see save.h. */
#include "save.h"

#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A path of that many octets keeps a name of 200 below the 255 of file systems. */
enum { NAME_CAP = 256, PATH_CAP = 32, TRIES = 20 };

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

int save_part(content *c, uint32_t part, int fd, uint64_t *octets)
{
    char piece[16384];
    size_t got;
    mailproto_body body;
    mailproto_status st = mailproto_body_open(&body, &c->source, &c->index.parts[part],
                                              mailproto_cpu(), c->work, c->work_size);
    *octets = 0;
    while (st == MAILPROTO_OK && (st = mailproto_body_read(&body, piece, sizeof piece,
                                                           &got)) == MAILPROTO_OK) {
        if (write_all(fd, piece, got) != 0) {
            return -1;
        }
        *octets += got;
    }
    errno = EIO;
    return st == MAILPROTO_EOF ? 0 : -1;
}

/* The name that the message gives, made harmless; else one of its own. */
static void choose_name(content *c, uint32_t part, char *name, size_t cap)
{
    char said[2048], path[PATH_CAP];
    size_t len = 0;
    content_file_name(c, part, said, sizeof said);
    mailproto_bytes b = {said, strlen(said)};
    if (mailproto_file_name(b, 0, name, cap - 1, &len) != MAILPROTO_OK || len == 0) {
        content_path(c, part, path, sizeof path);
        len = (size_t)snprintf(name, cap, "part-%s", path[0] != '\0' ? path : "0");
    }
    name[len] = '\0';
}

/* Creates a file of this name, or `name-2.ext` and so on where it is taken; after some tries
   `name-PATH.ext`, PATH being the part's, so that a mail of thousands of equal names does
   not take the square of their number. */
static int create(int folder, const char *wanted, const char *path, char *name,
                  size_t cap)
{
    const char *dot = strrchr(wanted, '.');
    size_t stem =
        dot != NULL && dot != wanted ? (size_t)(dot - wanted) : strlen(wanted);
    for (int i = 1; i <= 2 * TRIES; i++) {
        if (i == 1) {
            snprintf(name, cap, "%s", wanted);
        } else if (i <= TRIES) {
            snprintf(name, cap, "%.*s-%d%s", (int)stem, wanted, i, wanted + stem);
        } else if (i == TRIES + 1) {
            snprintf(name, cap, "%.*s-%s%s", (int)stem, wanted, path, wanted + stem);
        } else {
            snprintf(name, cap, "%.*s-%s-%d%s", (int)stem, wanted, path, i - TRIES,
                     wanted + stem);
        }
        int fd = openat(folder, name,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

/* 0, or -1: said why. */
static int save_one(content *c, uint32_t part, int folder, const char *folder_name)
{
    char wanted[NAME_CAP], path[PATH_CAP], name[NAME_CAP + PATH_CAP + 16], line[1024];
    uint64_t octets = 0;
    screen s;
    choose_name(c, part, wanted, sizeof wanted);
    content_path(c, part, path, sizeof path);
    if (path[0] == '\0' || strlen(path) + 12 >= sizeof path) { /* none, or cut */
        snprintf(path, sizeof path, "part%u", (unsigned)part);
    }
    int fd = create(folder, wanted, path, name, sizeof name);
    int failed = fd < 0 || save_part(c, part, fd, &octets) != 0;
    failed |= fd >= 0 && close(fd) != 0;
    screen_init(&s, failed ? stderr : stdout);
    if (failed) {
        snprintf(line, sizeof line, "mailproto-show: %s: %s", name, strerror(errno));
        if (fd >= 0) {
            unlinkat(folder, name, 0);
        }
    } else {
        snprintf(line, sizeof line, "saved %s/%s: %llu octets", folder_name, name,
                 (unsigned long long)octets);
    }
    screen_string(&s, line);
    screen_end(&s, 0);
    return failed ? -1 : 0;
}

int save_attachments(content *c, const char *folder_name)
{
    size_t count = 0;
    uint32_t *parts = calloc(c->index.count, sizeof *parts);
    int folder = open(folder_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = -1;
    if (folder < 0) {
        fprintf(stderr, "mailproto-show: %s: %s\n", folder_name, strerror(errno));
    } else if (parts != NULL &&
               mailproto_index_view(&c->index, MAILPROTO_VIEW_ATTACHMENTS, parts,
                                    c->index.count, &count) == MAILPROTO_OK) {
        result = (int)count;
        for (size_t i = 0; i < count; i++) {
            if (save_one(c, parts[i], folder, folder_name) != 0) {
                result = -1;
            }
        }
    }
    if (folder >= 0) {
        close(folder);
    }
    free(parts);
    return result;
}
