/* The index of a user's mailboxes: SQLite, its tables, statements and transactions. Knows
   nothing of files. See box.h. */
#include "box_own.h"
#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    CHECKPOINT_TRIES = 20,
    CHECKPOINT_MS = 20 /* between them */
};

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
    /* Files whose messages went, and that are to be removed. */
    "CREATE TABLE IF NOT EXISTS leaving(mailbox INT, file TEXT,"
    " PRIMARY KEY(mailbox, file)) WITHOUT ROWID;"
    /* UIDs of a COPY that has not come to its end. */
    "CREATE TABLE IF NOT EXISTS unfinished(mailbox INT, first INT, last INT,"
    " PRIMARY KEY(mailbox, first)) WITHOUT ROWID;"
    /* Folders that are to have another name, or none. */
    "CREATE TABLE IF NOT EXISTS folder(old TEXT PRIMARY KEY, new TEXT) WITHOUT ROWID;";

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

/* A statement, prepared once: they are literals, each known by its place. NULL: failed.
 */
static sqlite3_stmt *statement(struct boxes *store, const char *sql)
{
    size_t i = 0;
    while (i < BOX_STATEMENTS && store->statements[i].sql != sql &&
           store->statements[i].sql != NULL) {
        i++;
    }
    if (i == BOX_STATEMENTS) { /* begin anew */
        box_index_forget(store);
        i = 0;
    }
    if (store->statements[i].sql == NULL) {
        sqlite3_stmt *s = NULL;
        if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s,
                               NULL) != SQLITE_OK) {
            return NULL;
        }
        store->statements[i].sql = sql;
        store->statements[i].prepared = s;
    }
    return store->statements[i].prepared;
}

void box_index_forget(struct boxes *store)
{
    for (size_t i = 0; i < BOX_STATEMENTS; i++) {
        sqlite3_finalize(store->statements[i].prepared);
        store->statements[i] = (struct box_statement){NULL, NULL};
    }
}

static int run(struct boxes *store, const char *sql, const char *format, va_list args)
{
    sqlite3_stmt *s = statement(store, sql);
    int rc = SQLITE_ERROR;
    if (s != NULL && bind(s, format, args) == 0) {
        while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        }
    }
    if (rc != SQLITE_DONE) {
        log_line("%s: index: %s", store->root, sqlite3_errmsg(store->db));
    }
    if (s != NULL) {
        sqlite3_reset(s);
        sqlite3_clear_bindings(s);
    }
    return rc == SQLITE_DONE ? 0 : -1;
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

void box_write_row(struct box *b)
{
    if (b->row_changed) {
        b->row_changed = 0;
        boxes_write(b->store,
                    "UPDATE mailbox SET uidnext = ?, highestmodseq = ? WHERE id = ?",
                    "iii", (int64_t)b->uidnext, (int64_t)b->modseq, b->id);
    }
}

/* What was committed goes to the disk. Another program at the same is waited for: SQLite
   does not do so here, whatever its timeout. 0 or -1. */
static int checkpoint(struct boxes *store)
{
    int rc = SQLITE_BUSY;
    for (int n = 0; n < CHECKPOINT_TRIES && rc == SQLITE_BUSY; n++) {
        if (n > 0) {
            sqlite3_sleep(CHECKPOINT_MS);
        }
        rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                       NULL);
    }
    if (rc != SQLITE_OK) {
        log_line("%s: index: %s", store->root, sqlite3_errstr(rc));
    }
    return rc == SQLITE_OK ? 0 : -1;
}

/* A UID that was given out must never be another message's, whatever becomes of the
   power: that waits for the disk. Flags may be lost by it: they are in the
   names, too. */
int boxes_flush(struct boxes *store)
{
    for (struct box *b = store->boxes; b != NULL; b = b->next) {
        box_write_row(b);
    }
    if (store->writing) {
        store->failed |= !store->failed && boxes_run(store, "COMMIT", "") < 0;
        if (store->failed) {
            sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        } else if (store->durable) {
            store->failed |= checkpoint(store) < 0;
        }
        store->writing = 0;
        store->durable = 0;
    }
    return store->failed ? -1 : 0;
}

/* ---- opening --------------------------------------------------------------------- */

/* What is in memory of an index is one process's alone. The lock has a file of its own:
   SQLite would lose its own locks with any descriptor of the index that is closed. */
static int lock_index(struct boxes *store)
{
    char path[FILE_PATH_MAX];
    if (file_path(path, store->root, ".mailproto-index.lock", NULL) < 0) {
        return -1;
    }
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock < 0 || flock(store->lock, LOCK_EX | LOCK_NB) < 0) {
        log_line("%s: %s", path,
                 store->lock < 0 ? "cannot be opened"
                                 : "another server has this index");
        return -1;
    }
    return 0;
}

int box_index_open(struct boxes *store)
{
    char path[FILE_PATH_MAX];
    if (lock_index(store) < 0 ||
        file_path(path, store->root, ".mailproto-index.sqlite", NULL) < 0) {
        return -1;
    }
    if (sqlite3_open(path, &store->db) != SQLITE_OK ||
        sqlite3_busy_timeout(store->db, 2000) != SQLITE_OK ||
        sqlite3_exec(store->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(store->db, schema, NULL, NULL, NULL) != SQLITE_OK) {
        log_line("%s: the index cannot be opened: %s", store->root,
                 store->db == NULL ? "no memory" : sqlite3_errmsg(store->db));
        return -1;
    }
    return 0;
}

void box_index_close(struct boxes *store)
{
    box_index_forget(store);
    sqlite3_close(store->db);
    if (store->lock >= 0) {
        close(store->lock);
    }
}
