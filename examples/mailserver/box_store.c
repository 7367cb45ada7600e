/* A user's mailboxes, listed and opened: see box.h. */
#include "box_own.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct boxes *stores;

/* ---- the list -------------------------------------------------------------------- */

/* The delimiter comes before all else: what is below a mailbox follows it at once. */
static int by_name(const void *a, const void *b)
{
    const char *x = ((const struct box_entry *)a)->name;
    const char *y = ((const struct box_entry *)b)->name;
    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    int c = *x == '/' ? 1 : (unsigned char)*x, d = *y == '/' ? 1 : (unsigned char)*y;
    return c - d;
}

void boxes_list_free(struct box_entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
    }
    free(list);
}

int boxes_list(struct boxes *store, struct box_entry **list, size_t *count)
{
    sqlite3_stmt *s = NULL;
    size_t room = 0;
    int rc;
    *list = NULL;
    *count = 0;
    rc = sqlite3_prepare_v2(store->db,
                            "SELECT name, present, subscribed, special_use FROM mailbox"
                            " WHERE present OR subscribed",
                            -1, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (*count == room) {
            room = room * 2 + 16;
            struct box_entry *more = realloc(*list, room * sizeof **list);
            if (more == NULL) {
                rc = SQLITE_NOMEM;
                break;
            }
            *list = more;
        }
        struct box_entry *e = &(*list)[*count];
        *e = (struct box_entry){.present = sqlite3_column_int(s, 1),
                                .subscribed = sqlite3_column_int(s, 2),
                                .special_use = (uint32_t)sqlite3_column_int(s, 3)};
        e->name = strdup((const char *)sqlite3_column_text(s, 0));
        if (e->name == NULL) {
            rc = SQLITE_NOMEM;
            break;
        }
        ++*count;
    }
    sqlite3_finalize(s);
    if (rc != SQLITE_DONE) {
        boxes_list_free(*list, *count);
        *list = NULL;
        *count = 0;
        return -1;
    }
    if (*count > 0) {
        qsort(*list, *count, sizeof **list, by_name);
    }
    return 0;
}

/* ---- opening a mailbox ----------------------------------------------------------- */

/* 0; -1: there is none (ENOENT), or it failed. */
static int find_row(struct box *b)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(b->store->db,
                                "SELECT id, uidvalidity, uidnext, highestmodseq FROM"
                                " mailbox WHERE name = ? AND present",
                                -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_text(s, 1, b->name, -1, SQLITE_STATIC);
        rc = sqlite3_step(s);
    }
    if (rc == SQLITE_ROW) {
        b->id = sqlite3_column_int64(s, 0);
        b->uidvalidity = (uint32_t)sqlite3_column_int64(s, 1);
        b->uidnext = (uint32_t)sqlite3_column_int64(s, 2);
        b->modseq = (uint64_t)sqlite3_column_int64(s, 3);
    }
    sqlite3_finalize(s);
    errno = rc == SQLITE_DONE ? ENOENT : EIO;
    return rc == SQLITE_ROW ? 0 : -1;
}

static void release(struct box *b)
{
    for (size_t i = 0; i < b->count; i++) {
        free(b->list[i].name);
    }
    for (size_t i = b->fresh_at; i < b->fresh_count; i++) {
        free(b->fresh[i].name);
    }
    for (size_t i = 0; i < b->keyword_count; i++) {
        free(b->keywords[i]);
    }
    if (b->reading != NULL) {
        closedir(b->reading);
    }
    free(b->fresh);
    free(b->slots);
    free(b->list);
    free(b->name);
    free(b);
}

struct box *box_open(struct boxes *store, const char *name)
{
    struct box *b = box_in_memory(store, name);
    if (b == NULL) {
        b = calloc(1, sizeof *b);
        if (b == NULL) {
            return NULL;
        }
        b->store = store;
        b->change = 1; /* 0 is for views that have to look again */
        b->name = strdup(name);
        if (b->name == NULL || box_path(store, name, b->path) < 0 || find_row(b) < 0) {
            int error = errno == EINVAL ? ENOENT : errno;
            release(b);
            errno = error;
            return NULL;
        }
        b->next = store->boxes;
        store->boxes = b;
    }
    b->users++;
    return b;
}

void box_close(struct box *box)
{
    struct box **at;
    if (box == NULL || --box->users > 0) {
        return;
    }
    if (!box->gone) {
        box_write_row(box);
    }
    for (at = &box->store->boxes; *at != box; at = &(*at)->next) {
    }
    *at = box->next;
    release(box);
}

/* ---- opening the store ----------------------------------------------------------- */

struct boxes *boxes_open(const char *root, const char *user, const char *host)
{
    char path[FILE_PATH_MAX];
    if (file_path(path, root, user, "Maildir") < 0) {
        return NULL;
    }
    for (struct boxes *s = stores; s != NULL; s = s->next) {
        if (strcmp(s->root, path) == 0) {
            if (s->failed) { /* until the last session that has it is over */
                return NULL;
            }
            s->users++;
            box_find_folders(s);
            return s;
        }
    }
    struct boxes *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->users = 1;
    s->host = host;
    snprintf(s->root, sizeof s->root, "%s", path);
    s->lock = -1;
    if (box_folder_make(path) < 0 || box_index_open(s) < 0) {
        log_line("%s: the mailboxes cannot be opened", path);
        box_index_close(s);
        free(s);
        return NULL;
    }
    s->next = stores;
    stores = s;
    box_find_folders(s);
    return s;
}

void boxes_close(struct boxes *store)
{
    struct boxes **at;
    if (store == NULL || --store->users > 0) {
        return;
    }
    boxes_flush(store);
    for (at = &stores; *at != store; at = &(*at)->next) {
    }
    *at = store->next;
    box_index_close(store);
    free(store);
}
