/* The mailboxes of a user as folders: made, deleted, renamed. The index is changed first,
   in one transaction, and says which folders are to follow; what a server that was killed
   has left undone is done when the store is opened the next time. See box.h. */
#include "box_own.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- making ---------------------------------------------------------------------- */

/* A number no mailbox of this user ever had; 0: failed. The last one has a row of its
   own: rows of mailboxes go. */
static int64_t new_validity(struct boxes *store)
{
    sqlite3_stmt *s = NULL;
    int64_t last = -1, now = (int64_t)time(NULL);
    if (sqlite3_prepare_v2(store->db,
                           "SELECT max(uidvalidity) FROM (SELECT uidvalidity FROM last"
                           " UNION ALL SELECT uidvalidity FROM mailbox)",
                           -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        last = sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    last = last < 0 ? 0 : now > last ? now : last + 1;
    return last == 0 || boxes_write(store, "INSERT OR REPLACE INTO last VALUES(1, ?)",
                                    "i", last) < 0
               ? 0
               : last;
}

int box_path(const struct boxes *store, const char *name, char path[FILE_PATH_MAX])
{
    char folder[BOX_NAME_MAX];
    if (box_folder(name, folder) < 0) {
        errno = EINVAL;
        return -1;
    }
    if (folder[0] == '\0') {
        snprintf(path, FILE_PATH_MAX, "%s", store->root);
        return 0;
    }
    return file_path(path, store->root, folder, NULL);
}

/* The row of a mailbox whose folder is there, or is made now. */
static int add_row(struct boxes *store, const char *name, uint32_t special_use)
{
    int64_t validity = new_validity(store);
    if (validity == 0) {
        errno = EIO;
        return -1;
    }
    store->durable = 1;
    return boxes_write(
        store,
        "INSERT INTO mailbox(name, uidvalidity, uidnext, highestmodseq, subscribed,"
        " special_use, present) VALUES(?1, ?2, 1, 1, 0, ?3, 1) ON CONFLICT(name) DO"
        " UPDATE SET uidvalidity = ?2, uidnext = 1, highestmodseq = 1,"
        " special_use = ?3, present = 1",
        "tii", name, validity, (int64_t)special_use);
}

/* Whether a statement about a name finds something. */
static int finds(struct boxes *store, const char *sql, const char *name)
{
    sqlite3_stmt *s = NULL;
    int found = sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) == SQLITE_OK &&
                sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(s) == SQLITE_ROW;
    sqlite3_finalize(s);
    return found;
}

/* Whether the index has it. */
int box_is_present(struct boxes *store, const char *name)
{
    return finds(store, "SELECT 1 FROM mailbox WHERE name = ? AND present", name);
}

/* A mailbox and those above it. */
static int make(struct boxes *store, const char *name, uint32_t special_use)
{
    char path[FILE_PATH_MAX], marker[FILE_PATH_MAX];
    char upper[BOX_NAME_MAX * 2];
    snprintf(upper, sizeof upper, "%s", name);
    for (char *c = upper; (c = strchr(c, '/')) != NULL; c++) {
        *c = '\0';
        if (!box_is_present(store, upper) && box_path(store, upper, path) == 0 &&
            (box_folder_make(path) < 0 || add_row(store, upper, 0) < 0)) {
            return -1;
        }
        *c = '/';
    }
    if (box_path(store, name, path) < 0 || box_folder_make(path) < 0) {
        return -1;
    }
    /* Maildir++ marks a folder so. */
    if (strcmp(name, "INBOX") != 0 &&
        file_path(marker, path, "maildirfolder", NULL) == 0) {
        FILE *f = fopen(marker, "a");
        if (f != NULL) {
            fclose(f);
        }
    }
    return add_row(store, name, special_use);
}

int box_create(struct boxes *store, const char *name, uint32_t special_use)
{
    char folder[BOX_NAME_MAX];
    if (box_folder(name, folder) < 0) {
        errno = EINVAL;
        return -1;
    }
    if (box_is_present(store, name)) {
        errno = EEXIST;
        return -1;
    }
    return make(store, name, special_use);
}

/* ---- folders follow the index ---------------------------------------------------- */

/* A folder that is to have another name, or, with `to` "", to go. 0 or -1. */
static int plan_folder(struct boxes *store, const char *from, const char *to)
{
    store->durable = 1;
    return boxes_write(store, "INSERT OR REPLACE INTO folder VALUES(?, ?)", "tt", from,
                       to);
}

static int drop_plans(struct boxes *store)
{
    return boxes_write(store, "DELETE FROM folder", "");
}

/* 0, also when it was done before; or -1 with errno. */
static int move_folder(struct boxes *store, const char *from, const char *to)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    if (file_path(old, store->root, from, NULL) < 0 ||
        file_path(path, store->root, to, NULL) < 0) {
        return -1;
    }
    if (to[0] == '\0') {
        box_folder_remove(old);
        return 0;
    }
    return rename(old, path) == 0 || (errno == ENOENT && access(path, F_OK) == 0) ? 0
                                                                                  : -1;
}

/* Carries out what was planned. */
static void recover(struct boxes *store)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(store->db, "SELECT old, new FROM folder", -1, &s, NULL);
    int found = 0;
    while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        const char *from = (const char *)sqlite3_column_text(s, 0);
        const char *to = (const char *)sqlite3_column_text(s, 1);
        found = 1;
        if (move_folder(store, from, to) < 0) { /* what there is will be found */
            log_line("%s: %s is not %s: %s", store->root, from, to, strerror(errno));
        }
    }
    sqlite3_finalize(s);
    if (found && file_sync_dir(store->root) == 0) {
        drop_plans(store);
    }
}

/* ---- deleting -------------------------------------------------------------------- */

/* Whether the index has one below it. */
static int has_children(struct boxes *store, const char *name)
{
    struct box_entry *list;
    size_t count, len = strlen(name);
    int found = 0;
    if (boxes_list(store, &list, &count) < 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        found |= list[i].present && strncmp(list[i].name, name, len) == 0 &&
                 list[i].name[len] == '/';
    }
    boxes_list_free(list, count);
    return found;
}

struct box *box_in_memory(struct boxes *store, const char *name)
{
    struct box *b = store->boxes;
    while (b != NULL && (b->gone || strcmp(b->name, name) != 0)) {
        b = b->next;
    }
    return b;
}

/* Its rows; its name stays while somebody is subscribed to it. 0 or -1. */
static int delete_rows(struct boxes *store, const char *name)
{
#define OF_IT " WHERE mailbox = (SELECT id FROM mailbox WHERE name = ?)"
    static const char *const rows[] = {"DELETE FROM message" OF_IT,
                                       "DELETE FROM expunged" OF_IT,
                                       "DELETE FROM forgotten" OF_IT,
                                       "DELETE FROM leaving" OF_IT,
                                       "DELETE FROM unfinished" OF_IT,
                                       "UPDATE mailbox SET present = 0 WHERE name = ?"};
#undef OF_IT
    struct box *b = box_in_memory(store, name);
    if (b != NULL) {
        b->gone = 1;
        b->row_changed = 0;
        b->change++;
    }
    store->durable = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (boxes_write(store, rows[i], "t", name) < 0) {
            return -1;
        }
    }
    return 0;
}

int box_delete(struct boxes *store, const char *name)
{
    char folder[BOX_NAME_MAX];
    if (!box_is_present(store, name) || strcmp(name, "INBOX") == 0) {
        errno = strcmp(name, "INBOX") == 0 ? EINVAL : ENOENT;
        return -1;
    }
    if (has_children(store, name)) {
        errno = ENOTEMPTY;
        return -1;
    }
    if (box_folder(name, folder) < 0 || delete_rows(store, name) < 0 ||
        plan_folder(store, folder, "") < 0 || boxes_flush(store) < 0) {
        errno = EIO;
        return -1;
    }
    move_folder(store, folder, "");
    file_sync_dir(store->root);
    return drop_plans(store);
}

/* ---- renaming -------------------------------------------------------------------- */

/* The row of one mailbox gets another name. Subscriptions are to names (RFC 9051 6.3.7):
   they stay where they are. */
static int rename_row(struct boxes *store, const char *from, const char *to)
{
    char old[BOX_NAME_MAX], path[BOX_NAME_MAX];
    if (box_folder(from, old) < 0 || box_folder(to, path) < 0 ||
        plan_folder(store, old, path) < 0) {
        return -1;
    }
    int failed =
        boxes_write(store,
                    "INSERT OR IGNORE INTO mailbox(name, uidvalidity, uidnext,"
                    " highestmodseq, subscribed, special_use, present) VALUES(?, 0, 1,"
                    " 1, 0, 0, 0)",
                    "t", to) |
        boxes_write(store, "UPDATE mailbox SET name = '' WHERE name = ?", "t", to) |
        boxes_write(store, "UPDATE mailbox SET name = ? WHERE name = ?", "tt", to,
                    from) |
        boxes_write(store, "UPDATE mailbox SET name = ? WHERE name = ''", "t", from) |
        boxes_write(store,
                    "UPDATE mailbox SET subscribed = (SELECT sum(subscribed) FROM"
                    " mailbox WHERE name IN (?1, ?2)) - subscribed WHERE name IN (?1,"
                    " ?2)",
                    "tt", from, to) |
        boxes_write(store,
                    "DELETE FROM mailbox WHERE name = ? AND NOT present AND NOT"
                    " subscribed",
                    "t", from);
    return failed ? -1 : 0;
}

/* The mailbox that is renamed and those below it. */
struct moving {
    struct boxes *store;
    struct box_entry *list;
    size_t count;
    size_t len; /* of the old name */
    const char *to;
};

/* What is below a mailbox follows it in the list. */
static void choose(struct moving *m, const char *from, struct box_entry *list,
                   size_t count)
{
    struct box_entry *end = list + count;
    while (list < end && strcmp(list->name, from) != 0) {
        list++;
    }
    m->list = list;
    while (list < end && strncmp(list->name, from, m->len) == 0 &&
           (list == m->list || list->name[m->len] == '/')) {
        list++;
    }
    m->count = (size_t)(list - m->list);
}

/* The new name of an entry, when it is one of them. */
static int is_moving(const struct moving *m, size_t i, char name[BOX_NAME_MAX * 2])
{
    const struct box_entry *e = &m->list[i];
    int n = snprintf(name, BOX_NAME_MAX * 2, "%s%s", m->to, e->name + m->len);
    return n > 0 && n < BOX_NAME_MAX * 2 && e->present;
}

/* Whether all can have their new names. 0, or -1 with errno. */
static int can_move(const struct moving *m)
{
    char name[BOX_NAME_MAX * 2], path[FILE_PATH_MAX];
    for (size_t i = 0; i < m->count; i++) {
        if (strlen(m->to) + strlen(m->list[i].name + m->len) >= sizeof name) {
            errno = EINVAL;
            return -1;
        }
        if (!is_moving(m, i, name)) {
            continue;
        }
        if (box_is_present(m->store, name)) {
            errno = EEXIST;
            return -1;
        }
        if (box_path(m->store, name, path) < 0) {
            return -1;
        }
    }
    return 0;
}

/* What has them open knows them by their new names. */
static void change_names(const struct moving *m)
{
    char name[BOX_NAME_MAX * 2], path[FILE_PATH_MAX];
    for (size_t i = 0; i < m->count; i++) {
        struct box *b = box_in_memory(m->store, m->list[i].name);
        char *copy = b != NULL && is_moving(m, i, name) ? strdup(name) : NULL;
        if (copy != NULL && box_path(m->store, name, path) == 0) {
            free(b->name);
            b->name = copy;
            memcpy(b->path, path, sizeof path);
        } else if (b != NULL && m->list[i].present) {
            b->gone = 1; /* no memory: whoever has it open has to open it again */
            b->row_changed = 0;
            free(copy);
        }
    }
}

/* The rows of all; `back` 1: to what they were. 0 or -1. */
static int move_rows(const struct moving *m, int back)
{
    char name[BOX_NAME_MAX * 2];
    if (back && drop_plans(m->store) < 0) {
        return -1;
    }
    for (size_t i = 0; i < m->count; i++) {
        const char *old = m->list[i].name;
        if (is_moving(m, i, name) &&
            rename_row(m->store, back ? name : old, back ? old : name) < 0) {
            return -1;
        }
    }
    return boxes_flush(m->store);
}

/* One folder. 0 or -1. */
static int move_one(const struct moving *m, size_t i, int back)
{
    char name[BOX_NAME_MAX * 2], from[BOX_NAME_MAX], to[BOX_NAME_MAX];
    if (!is_moving(m, i, name)) {
        return 0;
    }
    if (box_folder(m->list[i].name, from) < 0 || box_folder(name, to) < 0) {
        return -1;
    }
    return move_folder(m->store, back ? to : from, back ? from : to);
}

/* All of them, or none. */
static int move_all(const struct moving *m)
{
    size_t i = 0;
    if (move_rows(m, 0) < 0) {
        errno = EIO;
        return -1;
    }
    while (i < m->count && move_one(m, i, 0) == 0) {
        i++;
    }
    int error = errno, failed = i < m->count;
    if (failed) {
        while (i-- > 0) {
            move_one(m, i, 1);
        }
        move_rows(m, 1);
    } else {
        change_names(m);
    }
    file_sync_dir(m->store->root);
    drop_plans(m->store);
    errno = error;
    return failed ? -1 : 0;
}

/* RFC 9051 6.3.6: the mailboxes above a new one are made. */
static int make_above(struct boxes *store, const char *name)
{
    char upper[BOX_NAME_MAX * 2];
    const char *last = strrchr(name, '/');
    if (last == NULL) {
        return 0;
    }
    snprintf(upper, sizeof upper, "%.*s", (int)(last - name), name);
    return box_is_present(store, upper) ? 0 : make(store, upper, 0);
}

size_t box_depth(struct boxes *store, const char *name)
{
    char upper[BOX_NAME_MAX * 2];
    snprintf(upper, sizeof upper, "%s", name);
    for (char *end; !box_is_present(store, upper); *end = '\0') {
        end = strrchr(upper, '/');
        if (end == NULL) {
            return 0;
        }
    }
    return strlen(upper);
}

void box_unmake(struct boxes *store, const char *name, size_t depth)
{
    char upper[BOX_NAME_MAX * 2];
    int error = errno;
    snprintf(upper, sizeof upper, "%s", name);
    while (strlen(upper) > depth) {
        char *end = strrchr(upper, '/');
        if (finds(store,
                  "SELECT 1 FROM mailbox WHERE name = ? AND present AND uidnext = 1",
                  upper)) { /* it never had a message */
            box_delete(store, upper);
        }
        *(end == NULL ? upper : end) = '\0';
    }
    errno = error;
}

int box_rename(struct boxes *store, const char *from, const char *to)
{
    char folder[BOX_NAME_MAX];
    struct moving m = {.store = store, .len = strlen(from), .to = to};
    struct box_entry *list;
    size_t count;
    int there = box_is_present(store, from);
    if (!there || box_is_present(store, to)) {
        errno = there ? EEXIST : ENOENT;
        return -1;
    }
    if (strcmp(from, "INBOX") == 0 || box_folder(to, folder) < 0 ||
        (strncmp(from, to, m.len) == 0 && to[m.len] == '/')) {
        errno = EINVAL;
        return -1;
    }
    if (boxes_list(store, &list, &count) < 0) {
        return -1;
    }
    choose(&m, from, list, count);
    size_t depth = box_depth(store, to);
    int result =
        can_move(&m) < 0 || make_above(store, to) < 0 || move_all(&m) < 0 ? -1 : 0;
    int error = errno;
    if (result < 0) {
        box_unmake(store, to, depth);
    }
    boxes_list_free(list, count);
    errno = error;
    return result;
}

int box_subscribe(struct boxes *store, const char *name, int subscribed)
{
    if (subscribed && !box_is_present(store, name)) {
        errno = ENOENT;
        return -1;
    }
    store->durable = 1;
    return boxes_write(store, "UPDATE mailbox SET subscribed = ? WHERE name = ?", "it",
                       (int64_t)subscribed, name);
}

/* ---- folders of others ------------------------------------------------------------ */

/* Folders that another program has made. */
static void find_new(struct boxes *store)
{
    DIR *dir = opendir(store->root);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        char cur[FILE_PATH_MAX];
        struct stat there;
        char *name = NULL;
        if (e->d_name[0] == '.' && file_path(cur, store->root, e->d_name, "cur") == 0 &&
            strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            stat(cur, &there) == 0 && S_ISDIR(there.st_mode)) {
            name = box_name_of(e->d_name);
        }
        if (name != NULL && !box_is_present(store, name)) {
            make(store, name, 0);
        }
        free(name);
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* Folders that another program has removed: one that has others below is made again, empty.
 */
static void find_lost(struct boxes *store)
{
    char path[FILE_PATH_MAX];
    struct box_entry *list;
    struct stat there;
    size_t count;
    if (boxes_list(store, &list, &count) < 0) {
        return;
    }
    for (size_t i = count; i-- > 0;) { /* those below first */
        if (!list[i].present || box_path(store, list[i].name, path) < 0 ||
            stat(path, &there) == 0 || errno != ENOENT) {
            continue;
        }
        log_line("%s: the folder is gone", path);
        if (has_children(store, list[i].name)) {
            box_folder_make(path);
        } else {
            delete_rows(store, list[i].name);
        }
    }
    boxes_list_free(list, count);
}

int box_find_folders(struct boxes *store)
{
    recover(store);
    if (!box_is_present(store, "INBOX")) {
        make(store, "INBOX", 0);
    }
    find_lost(store);
    find_new(store);
    return boxes_flush(store);
}
