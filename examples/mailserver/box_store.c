/* A user's mailboxes and their index: see box.h. */
#include "box.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct boxes *stores;

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS mailbox(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT "
    "NULL,"
    " uidvalidity INT, uidnext INT, highestmodseq INT, subscribed INT, special_use INT,"
    " present INT);"
    "CREATE TABLE IF NOT EXISTS message(mailbox INT, uid INT, file TEXT, flags INT,"
    " keywords TEXT, internaldate INT, zone INT, size INT, modseq INT, savedate INT,"
    " email_id TEXT, PRIMARY KEY(mailbox, uid)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS expunged(mailbox INT, uid INT, modseq INT,"
    " PRIMARY KEY(mailbox, uid)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS expunged_modseq ON expunged(mailbox, modseq);"
    "CREATE TABLE IF NOT EXISTS forgotten(mailbox INTEGER PRIMARY KEY, modseq INT);"
    "CREATE TABLE IF NOT EXISTS last(id INTEGER PRIMARY KEY, uidvalidity INT);"
    "CREATE TABLE IF NOT EXISTS leaving(mailbox INT, file TEXT,"
    " PRIMARY KEY(mailbox, file)) WITHOUT ROWID;";

/* ---- statements ------------------------------------------------------------------ */

static int bind(sqlite3_stmt *s, const char *format, va_list args)
{
    for (int i = 0; format[i] != '\0'; i++) {
        int rc;
        if (format[i] == 'i') {
            rc = sqlite3_bind_int64(s, i + 1, va_arg(args, int64_t));
        } else {
            rc = sqlite3_bind_text(s, i + 1, va_arg(args, const char *), -1,
                                   SQLITE_TRANSIENT);
        }
        if (rc != SQLITE_OK) {
            return -1;
        }
    }
    return 0;
}

static int run(struct boxes *store, const char *sql, const char *format, va_list args)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK && bind(s, format, args) == 0) {
        while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        }
    }
    sqlite3_finalize(s);
    if (rc != SQLITE_DONE) {
        log_line("%s: index: %s", store->root, sqlite3_errmsg(store->db));
        return -1;
    }
    return 0;
}

int boxes_run(struct boxes *store, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int result = run(store, sql, format, args);
    va_end(args);
    return result;
}

int boxes_write(struct boxes *store, const char *sql, const char *format, ...)
{
    va_list args;
    if (store->failed) {
        return -1;
    }
    if (!store->writing) {
        if (boxes_run(store, "BEGIN IMMEDIATE", "") < 0) {
            store->failed = 1;
            return -1;
        }
        store->writing = 1;
    }
    va_start(args, format);
    store->failed = run(store, sql, format, args) < 0;
    va_end(args);
    return store->failed ? -1 : 0;
}

static void write_row(struct box *b)
{
    if (b->row_changed) {
        b->row_changed = 0;
        boxes_write(b->store,
                    "UPDATE mailbox SET uidnext = ?, highestmodseq = ? WHERE id = ?",
                    "iii", (int64_t)b->uidnext, (int64_t)b->modseq, b->id);
    }
}

/* A UID that was given out must never be another message's, whatever becomes of the
   power: that waits for the disk. Flags may be lost by it: they are in the
   names, too. */
int boxes_flush(struct boxes *store)
{
    for (struct box *b = store->boxes; b != NULL; b = b->next) {
        write_row(b);
    }
    if (store->writing) {
        store->failed |= !store->failed && boxes_run(store, "COMMIT", "") < 0;
        if (store->failed) {
            sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        } else if (store->durable) {
            sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                      NULL);
        }
        store->writing = 0;
        store->durable = 0;
    }
    return store->failed ? -1 : 0;
}

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

/* ---- mailboxes ------------------------------------------------------------------- */

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

static int path_of(const struct boxes *store, const char *name,
                   char path[FILE_PATH_MAX])
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

/* Whether the index has it. */
static int is_present(struct boxes *store, const char *name)
{
    sqlite3_stmt *s = NULL;
    int found = sqlite3_prepare_v2(store->db,
                                   "SELECT 1 FROM mailbox WHERE name = ? AND present",
                                   -1, &s, NULL) == SQLITE_OK &&
                sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(s) == SQLITE_ROW;
    sqlite3_finalize(s);
    return found;
}

/* A mailbox and those above it. */
static int make(struct boxes *store, const char *name, uint32_t special_use)
{
    char path[FILE_PATH_MAX], marker[FILE_PATH_MAX];
    char upper[BOX_NAME_MAX * 2];
    snprintf(upper, sizeof upper, "%s", name);
    for (char *c = upper; (c = strchr(c, '/')) != NULL; c++) {
        *c = '\0';
        if (!is_present(store, upper) && path_of(store, upper, path) == 0 &&
            (box_folder_make(path) < 0 || add_row(store, upper, 0) < 0)) {
            return -1;
        }
        *c = '/';
    }
    if (path_of(store, name, path) < 0 || box_folder_make(path) < 0) {
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
    if (is_present(store, name)) {
        errno = EEXIST;
        return -1;
    }
    return make(store, name, special_use);
}

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

static struct box *in_memory(struct boxes *store, const char *name)
{
    struct box *b = store->boxes;
    while (b != NULL && (b->gone || strcmp(b->name, name) != 0)) {
        b = b->next;
    }
    return b;
}

int box_delete(struct boxes *store, const char *name)
{
#define OF_IT " WHERE mailbox = (SELECT id FROM mailbox WHERE name = ?)"
    static const char *const rows[] = {
        "DELETE FROM message" OF_IT, "DELETE FROM expunged" OF_IT,
        "DELETE FROM forgotten" OF_IT, "DELETE FROM leaving" OF_IT,
        "UPDATE mailbox SET present = 0 WHERE name = ?"};
#undef OF_IT
    char path[FILE_PATH_MAX];
    struct box *b = in_memory(store, name);
    if (!is_present(store, name) || strcmp(name, "INBOX") == 0) {
        errno = strcmp(name, "INBOX") == 0 ? EINVAL : ENOENT;
        return -1;
    }
    if (has_children(store, name)) {
        errno = ENOTEMPTY;
        return -1;
    }
    if (path_of(store, name, path) < 0) {
        return -1;
    }
    box_folder_remove(path);
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

/* One mailbox gets another name: its folder, its row, and what has it open. The row
   that the new name may have is that of a subscription. */
static int rename_one(struct boxes *store, const char *from, const char *to)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    struct box *b = in_memory(store, from);
    char *name = strdup(to);
    if (name == NULL || path_of(store, from, old) < 0 || path_of(store, to, path) < 0 ||
        rename(old, path) < 0) {
        free(name);
        return -1;
    }
    if (b != NULL) {
        free(b->name);
        b->name = name;
        snprintf(b->path, sizeof b->path, "%s", path);
    } else {
        free(name);
    }
    store->durable = 1;
    boxes_write(store, "DELETE FROM mailbox WHERE name = ? AND NOT present", "t", to);
    return boxes_write(store, "UPDATE mailbox SET name = ? WHERE name = ?", "tt", to,
                       from);
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
        if (is_present(m->store, name)) {
            errno = EEXIST;
            return -1;
        }
        if (path_of(m->store, name, path) < 0) {
            return -1;
        }
    }
    return 0;
}

/* All of them, or none. */
static int move_all(const struct moving *m)
{
    char name[BOX_NAME_MAX * 2];
    size_t i = 0;
    while (i < m->count && (!is_moving(m, i, name) ||
                            rename_one(m->store, m->list[i].name, name) == 0)) {
        i++;
    }
    if (i == m->count) {
        return 0;
    }
    int error = errno;
    while (i-- > 0) {
        if (is_moving(m, i, name)) {
            rename_one(m->store, name, m->list[i].name);
        }
    }
    errno = error;
    return -1;
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
    return is_present(store, upper) ? 0 : make(store, upper, 0);
}

int box_rename(struct boxes *store, const char *from, const char *to)
{
    char folder[BOX_NAME_MAX];
    struct moving m = {.store = store, .len = strlen(from), .to = to};
    struct box_entry *list;
    size_t count;
    int there = is_present(store, from);
    if (!there || is_present(store, to)) {
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
    int result =
        can_move(&m) < 0 || make_above(store, to) < 0 || move_all(&m) < 0 ? -1 : 0;
    int error = errno;
    boxes_list_free(list, count);
    errno = error;
    return result;
}

int box_subscribe(struct boxes *store, const char *name, int subscribed)
{
    if (subscribed && !is_present(store, name)) {
        errno = ENOENT;
        return -1;
    }
    store->durable = 1;
    return boxes_write(store, "UPDATE mailbox SET subscribed = ? WHERE name = ?", "it",
                       (int64_t)subscribed, name);
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
    free(b->fresh);
    free(b->list);
    free(b->name);
    free(b);
}

struct box *box_open(struct boxes *store, const char *name)
{
    struct box *b = in_memory(store, name);
    if (b == NULL) {
        b = calloc(1, sizeof *b);
        if (b == NULL) {
            return NULL;
        }
        b->store = store;
        b->change = 1; /* 0 is for views that have to look again */
        b->name = strdup(name);
        if (b->name == NULL || path_of(store, name, b->path) < 0 || find_row(b) < 0 ||
            box_load(b) < 0) {
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
        write_row(box);
    }
    for (at = &box->store->boxes; *at != box; at = &(*at)->next) {
    }
    *at = box->next;
    release(box);
}

/* ---- opening the store ----------------------------------------------------------- */

/* Folders that another program has made. */
static void find_folders(struct boxes *store)
{
    DIR *dir = opendir(store->root);
    if (!is_present(store, "INBOX")) {
        make(store, "INBOX", 0);
    }
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        char cur[FILE_PATH_MAX];
        struct stat there;
        char *name = NULL;
        if (e->d_name[0] == '.' && file_path(cur, store->root, e->d_name, "cur") == 0 &&
            strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            stat(cur, &there) == 0 && S_ISDIR(there.st_mode)) {
            name = box_name_of(e->d_name);
        }
        if (name != NULL && !is_present(store, name)) {
            make(store, name, 0);
        }
        free(name);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    boxes_flush(store);
}

static int open_index(struct boxes *store)
{
    char path[FILE_PATH_MAX];
    if (file_path(path, store->root, ".mailproto-index.sqlite", NULL) < 0 ||
        sqlite3_open(path, &store->db) != SQLITE_OK) {
        return -1;
    }
    sqlite3_busy_timeout(store->db, 2000);
    return sqlite3_exec(store->db,
                        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", NULL,
                        NULL, NULL) == SQLITE_OK &&
                   sqlite3_exec(store->db, schema, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : -1;
}

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
            find_folders(s);
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
    if (box_folder_make(path) < 0 || open_index(s) < 0) {
        log_line("%s: the index cannot be opened: %s", path,
                 s->db == NULL ? strerror(errno) : sqlite3_errmsg(s->db));
        sqlite3_close(s->db);
        free(s);
        return NULL;
    }
    s->next = stores;
    stores = s;
    find_folders(s);
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
    sqlite3_close(store->db);
    free(store);
}
