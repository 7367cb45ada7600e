/* Messages of a mailbox: their files and their rows. See box.h. */
#include "box.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    EXPUNGED_MAX = 10000,      /* rows of what went that a mailbox has ... */
    EXPUNGED_KEPT = 7500,      /* ... and how many of them stay when they are more */
    ABSENT_MAX = 16 * 1048576, /* UIDs that are told when what went is forgotten */
};

/* ---- names of files -------------------------------------------------------------- */

struct letter {
    char letter;
    uint32_t flag;
};

/* In the order that names have them (cr.yp.to/proto/maildir.html). */
static const struct letter letters[] = {{'D', MAILPROTO_IMAP_DRAFT},
                                        {'F', MAILPROTO_IMAP_FLAGGED},
                                        {'R', MAILPROTO_IMAP_ANSWERED},
                                        {'S', MAILPROTO_IMAP_SEEN},
                                        {'T', MAILPROTO_IMAP_DELETED}};
enum { LETTERS = sizeof letters / sizeof letters[0] };

size_t box_base(const char *name)
{
    return strcspn(name, ":");
}

uint32_t box_letters(const char *name)
{
    uint32_t flags = 0;
    const char *info = strstr(name, ":2,");
    for (size_t i = 0; info != NULL && i < LETTERS; i++) {
        flags |= strchr(info + 3, letters[i].letter) != NULL ? letters[i].flag : 0;
    }
    return flags;
}

/* The name with these flags; letters that are not ours stay. NULL: no memory. */
static char *name_with(const char *old, uint32_t flags)
{
    size_t len = box_base(old);
    const char *info = strstr(old, ":2,");
    char *name = malloc(strlen(old) + LETTERS + 4);
    if (name == NULL) {
        return NULL;
    }
    memcpy(name, old, len);
    memcpy(name + len, ":2,", 3);
    len += 3;
    for (char c = 'A'; c <= 'z'; c++) {
        int set = info != NULL && strchr(info + 3, c) != NULL;
        for (size_t i = 0; i < LETTERS; i++) {
            set = letters[i].letter == c ? (flags & letters[i].flag) != 0 : set;
        }
        if (set) {
            name[len++] = c;
        }
    }
    name[len] = '\0';
    return name;
}

/* A name for a file that no other has. */
static void unique_name(const struct boxes *store, char *name, size_t size)
{
    static unsigned long count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(name, size, "%lld.M%ldP%ldQ%lu.%.60s", (long long)now.tv_sec,
             now.tv_nsec / 1000, (long)getpid(), ++count, store->host);
}

void box_make_id(char id[BOX_ID_SIZE])
{
    unsigned char octets[8] = {0};
    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets) {
        log_line("no random numbers");
    }
    id[0] = 'E';
    for (size_t i = 0; i < sizeof octets; i++) {
        snprintf(id + 1 + 2 * i, 3, "%02x", octets[i]);
    }
}

/* ---- the list -------------------------------------------------------------------- */

struct box_message *box_grow(struct box *box)
{
    if (box->count == box->room) {
        size_t room = box->room * 2 + 64;
        struct box_message *list = realloc(box->list, room * sizeof *list);
        if (list == NULL) {
            return NULL;
        }
        box->list = list;
        box->room = room;
    }
    memset(&box->list[box->count], 0, sizeof box->list[0]);
    return &box->list[box->count];
}

struct box_message *box_find(struct box *box, uint32_t uid)
{
    size_t low = 0, high = box->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (box->list[middle].uid < uid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < box->count && box->list[low].uid == uid ? &box->list[low] : NULL;
}

uint64_t box_keyword(struct box *box, mailproto_bytes name, int create)
{
    size_t i = 0;
    while (i < box->keyword_count &&
           (strlen(box->keywords[i]) != name.len ||
            strncasecmp(box->keywords[i], name.ptr, name.len) != 0)) {
        i++;
    }
    if (i == box->keyword_count) {
        if (!create || i == BOX_KEYWORDS || name.len == 0 || name.len > 200) {
            return 0;
        }
        box->keywords[i] = strndup(name.ptr, name.len);
        if (box->keywords[i] == NULL) {
            return 0;
        }
        box->keyword_count++;
    }
    return (uint64_t)1 << i;
}

/* ---- rows ------------------------------------------------------------------------ */

static char *keyword_text(const struct box *box, uint64_t bits)
{
    size_t size = 1;
    for (size_t i = 0; i < box->keyword_count; i++) {
        size += (bits >> i & 1) != 0 ? strlen(box->keywords[i]) + 1 : 0;
    }
    char *text = malloc(size);
    char *end = text;
    for (size_t i = 0; text != NULL && i < box->keyword_count; i++) {
        if ((bits >> i & 1) != 0) {
            size_t len = strlen(box->keywords[i]);
            if (end > text) {
                *end++ = ' ';
            }
            memcpy(end, box->keywords[i], len);
            end += len;
        }
    }
    if (text != NULL) {
        *end = '\0';
    }
    return text;
}

int box_insert_row(struct box *box, const struct box_message *m)
{
    char *keywords = keyword_text(box, m->keywords);
    char *base = strndup(m->name, box_base(m->name));
    int result = -1;
    if (keywords != NULL && base != NULL) {
        result =
            boxes_write(box->store, "INSERT INTO message VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                        "iititiiiiit", box->id, (int64_t)m->uid, base,
                        (int64_t)m->flags, keywords, m->internal, (int64_t)m->zone,
                        (int64_t)m->size, (int64_t)m->modseq, m->saved, m->email_id);
    }
    free(keywords);
    free(base);
    return result;
}

static void read_keywords(struct box *b, struct box_message *m, const char *words)
{
    while (words != NULL && *words != '\0') {
        size_t len = strcspn(words, " ");
        m->keywords |= box_keyword(b, (mailproto_bytes){words, len}, 1);
        words += len + strspn(words + len, " ");
    }
}

static int count_expunged(struct box *b)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(
        b->store->db, "SELECT count(*) FROM expunged WHERE mailbox = ?", -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, b->id);
        rc = sqlite3_step(s);
    }
    b->expunged = rc == SQLITE_ROW ? (size_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    return rc == SQLITE_ROW ? 0 : -1;
}

int box_load(struct box *b)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(
        b->store->db,
        "SELECT uid, file, flags, keywords, internaldate, zone, size, modseq, savedate,"
        " email_id FROM message WHERE mailbox = ? ORDER BY uid",
        -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_int64(s, 1, b->id);
    }
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct box_message *m = box_grow(b);
        rc = SQLITE_OK;
        if (m == NULL ||
            (m->name = strdup((const char *)sqlite3_column_text(s, 1))) == NULL) {
            rc = SQLITE_NOMEM;
            break;
        }
        b->count++;
        m->uid = (uint32_t)sqlite3_column_int64(s, 0);
        m->flags = (uint32_t)sqlite3_column_int(s, 2);
        read_keywords(b, m, (const char *)sqlite3_column_text(s, 3));
        m->internal = sqlite3_column_int64(s, 4);
        m->zone = sqlite3_column_int(s, 5);
        m->size = (uint64_t)sqlite3_column_int64(s, 6);
        m->modseq = (uint64_t)sqlite3_column_int64(s, 7);
        m->saved = sqlite3_column_int64(s, 8);
        snprintf(m->email_id, sizeof m->email_id, "%s",
                 (const char *)sqlite3_column_text(s, 9));
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? count_expunged(b) : -1;
}

/* ---- flags ----------------------------------------------------------------------- */

/* Gives the file another name; in cur/. */
static int move_file(struct box *box, struct box_message *m, uint32_t flags)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    char *name = name_with(m->name, flags);
    if (name == NULL) {
        return -1;
    }
    if (!m->is_new && strcmp(name, m->name) == 0) {
        free(name);
        return 0;
    }
    if (file_path(old, box->path, m->is_new ? "new" : "cur", m->name) < 0 ||
        file_path(path, box->path, "cur", name) < 0 || rename(old, path) < 0) {
        free(name);
        box->settled = 0; /* somebody else has moved it: look again */
        return -1;
    }
    free(m->name);
    m->name = name;
    m->is_new = 0;
    return 0;
}

int box_set_flags(struct box *box, struct box_message *m, uint32_t flags,
                  uint64_t keywords)
{
    if (flags == m->flags && keywords == m->keywords) {
        return 0;
    }
    if (move_file(box, m, flags) < 0) {
        return -1;
    }
    m->flags = flags;
    m->keywords = keywords;
    m->modseq = ++box->modseq;
    box->row_changed = 1;
    box->change++;
    char *text = keyword_text(box, keywords);
    int result = text == NULL
                     ? -1
                     : boxes_write(box->store,
                                   "UPDATE message SET flags = ?, keywords = ?, modseq"
                                   " = ? WHERE mailbox = ? AND uid = ?",
                                   "itiii", (int64_t)flags, text, (int64_t)m->modseq,
                                   box->id, (int64_t)m->uid);
    free(text);
    return result;
}

void box_take(struct box *box, struct box_message *m)
{
    if (m->is_new && move_file(box, m, m->flags) == 0) {
        box->change++;
    }
}

int box_read(struct box *box, uint32_t uid)
{
    char path[FILE_PATH_MAX];
    for (int n = 0; n < 2; n++) {
        struct box_message *m = box_find(box, uid);
        if (m == NULL ||
            file_path(path, box->path, m->is_new ? "new" : "cur", m->name) < 0) {
            return -1;
        }
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 || errno != ENOENT) {
            return fd;
        }
        box->settled = 0; /* moved or removed by somebody else */
        if (n > 0 || box_scan(box, INT64_MAX) < 0) {
            return -1;
        }
    }
    return -1;
}

/* The rows of one that goes. What its file is called stays in the index until it is
   removed: whatever happens before, it does not come back as a new message. */
static void purge_rows(struct box *box, const struct box_message *m)
{
    char *base = m->missing == 0 ? strndup(m->name, box_base(m->name)) : NULL;
    boxes_write(box->store, "DELETE FROM message WHERE mailbox = ? AND uid = ?", "ii",
                box->id, (int64_t)m->uid);
    boxes_write(box->store, "INSERT OR REPLACE INTO expunged VALUES(?, ?, ?)", "iii",
                box->id, (int64_t)m->uid, (int64_t)++box->modseq);
    box->expunged++;
    if (base != NULL) {
        boxes_write(box->store, "INSERT OR REPLACE INTO leaving VALUES(?, ?)", "it",
                    box->id, base);
    }
    free(base);
}

/* Removes a file whose name is in `leaving`. */
static void remove_file(struct box *box, const char *name, int is_new)
{
    char path[FILE_PATH_MAX];
    char *base = strndup(name, box_base(name));
    if (file_path(path, box->path, is_new ? "new" : "cur", name) == 0 &&
        unlink(path) < 0 && errno != ENOENT) {
        log_line("%s: %s", path, strerror(errno)); /* the next scan tries again */
    } else if (base != NULL) {
        boxes_write(box->store, "DELETE FROM leaving WHERE mailbox = ? AND file = ?",
                    "it", box->id, base);
    }
    free(base);
}

/* RFC 7162 5.3: what went long ago is forgotten, all of it up to a mod-sequence. */
static void forget(struct box *box)
{
    if (box->expunged > EXPUNGED_MAX) {
        boxes_write(box->store,
                    "INSERT OR REPLACE INTO forgotten SELECT mailbox, modseq FROM"
                    " expunged WHERE mailbox = ? ORDER BY modseq DESC LIMIT 1 OFFSET ?",
                    "ii", box->id, (int64_t)EXPUNGED_KEPT);
        boxes_write(box->store,
                    "DELETE FROM expunged WHERE mailbox = ?1 AND modseq <="
                    " (SELECT modseq FROM forgotten WHERE mailbox = ?1)",
                    "i", box->id);
        box->expunged = EXPUNGED_KEPT;
    }
}

/* The rows of those with `gone`. How many. */
static size_t purge_all_rows(struct box *box)
{
    size_t removed = 0;
    for (size_t i = 0; i < box->count; i++) {
        if (box->list[i].gone) {
            purge_rows(box, &box->list[i]);
            removed++;
        }
    }
    if (removed > 0) {
        forget(box);
        box->change++;
        box->row_changed = 1;
        box->store->durable = 1;
    }
    return removed;
}

/* Their files, when the index is without them on the disk. */
static void purge_all_files(struct box *box)
{
    size_t kept = 0;
    for (size_t i = 0; i < box->count; i++) {
        struct box_message *m = &box->list[i];
        if (!m->gone) {
            box->list[kept++] = *m;
            continue;
        }
        if (m->missing == 0) {
            remove_file(box, m->name, m->is_new);
        }
        free(m->name);
    }
    box->count = kept;
}

size_t box_purge(struct box *box)
{
    size_t removed = purge_all_rows(box);
    if (removed > 0 && boxes_flush(box->store) == 0) {
        purge_all_files(box);
    }
    return removed;
}

int box_left(struct box *box, const char *name, int is_new)
{
    sqlite3_stmt *s = NULL;
    int found = sqlite3_prepare_v2(box->store->db,
                                   "SELECT 1 FROM leaving WHERE mailbox = ? AND file ="
                                   " ?",
                                   -1, &s, NULL) == SQLITE_OK &&
                sqlite3_bind_int64(s, 1, box->id) == SQLITE_OK &&
                sqlite3_bind_text(s, 2, name, (int)box_base(name), SQLITE_STATIC) ==
                    SQLITE_OK &&
                sqlite3_step(s) == SQLITE_ROW;
    sqlite3_finalize(s);
    if (found) {
        remove_file(box, name, is_new);
    }
    return found;
}

/* Up to which mod-sequence it is not known what went. 0 or -1. */
static int forgotten_to(const struct box *box, uint64_t *modseq)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(
        box->store->db, "SELECT modseq FROM forgotten WHERE mailbox = ?", -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, box->id);
        rc = sqlite3_step(s);
    }
    *modseq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

/* The UIDs that were given out and are not there. */
static int absent(const struct box *box, uint32_t **uids, size_t *count)
{
    size_t n = (size_t)(box->uidnext - 1) - box->count, at = 0;
    if (n > ABSENT_MAX || (*uids = malloc((n + 1) * sizeof **uids)) == NULL) {
        errno = ENOMEM;
        return -1;
    }
    for (uint32_t uid = 1; uid < box->uidnext && *count < n; uid++) {
        if (at < box->count && box->list[at].uid == uid) {
            at++;
        } else {
            (*uids)[(*count)++] = uid;
        }
    }
    return 0;
}

int box_expunged(struct box *box, uint64_t since, uint32_t **uids, size_t *count)
{
    sqlite3_stmt *s = NULL;
    size_t room = 0;
    uint64_t forgotten;
    if (forgotten_to(box, &forgotten) < 0) {
        return -1;
    }
    if (since < forgotten) { /* RFC 7162 5.3: rather too many than too few */
        return absent(box, uids, count);
    }
    int rc = sqlite3_prepare_v2(box->store->db,
                                "SELECT uid FROM expunged WHERE mailbox = ? AND modseq"
                                " > ? ORDER BY uid",
                                -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, box->id);
        sqlite3_bind_int64(s, 2, (int64_t)since);
    }
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (*count == room) {
            room = room * 2 + 64;
            uint32_t *more = realloc(*uids, room * sizeof *more);
            if (more == NULL) {
                rc = SQLITE_NOMEM;
                break;
            }
            *uids = more;
        }
        (*uids)[(*count)++] = (uint32_t)sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* ---- messages on their way in ---------------------------------------------------- */

int box_draft(struct box *box, struct box_draft *draft)
{
    char path[FILE_PATH_MAX];
    *draft = (struct box_draft){.internal = (int64_t)time(NULL)};
    unique_name(box->store, draft->name, sizeof draft->name);
    box_make_id(draft->email_id);
    if (file_path(path, box->path, "tmp", draft->name) < 0) {
        return -1;
    }
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* Keywords have other places in another mailbox. */
static uint64_t translate(const struct box *from, uint64_t bits, struct box *to)
{
    uint64_t result = 0;
    for (size_t i = 0; i < from->keyword_count; i++) {
        if ((bits >> i & 1) != 0) {
            mailproto_bytes word = {from->keywords[i], strlen(from->keywords[i])};
            result |= box_keyword(to, word, 1);
        }
    }
    return result;
}

int box_draft_copy(struct box *box, struct box *from, const struct box_message *m,
                   struct box_draft *draft)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    *draft = (struct box_draft){.flags = m->flags,
                                .keywords = translate(from, m->keywords, box),
                                .size = m->size,
                                .internal = m->internal,
                                .zone = m->zone};
    memcpy(draft->email_id, m->email_id, sizeof draft->email_id);
    unique_name(box->store, draft->name, sizeof draft->name);
    if (file_path(old, from->path, m->is_new ? "new" : "cur", m->name) < 0 ||
        file_path(path, box->path, "tmp", draft->name) < 0) {
        return -1;
    }
    return link(old, path); /* a message's octets never change: one file, two names */
}

void box_draft_drop(struct box *box, const struct box_draft *draft)
{
    char path[FILE_PATH_MAX];
    if (draft->name[0] != '\0' && file_path(path, box->path, "tmp", draft->name) == 0) {
        unlink(path);
    }
}

/* Its row. */
static int add_draft(struct box *box, const struct box_draft *d)
{
    struct box_message *m = box_grow(box);
    if (m == NULL || (m->name = strdup(d->name)) == NULL) {
        return -1;
    }
    box->count++;
    m->uid = box->uidnext++;
    m->flags = d->flags;
    m->keywords = d->keywords;
    m->size = d->size;
    m->internal = d->internal;
    m->zone = d->zone;
    m->saved = (int64_t)time(NULL);
    m->modseq = ++box->modseq;
    memcpy(m->email_id, d->email_id, sizeof m->email_id);
    return box_insert_row(box, m);
}

int box_bring_in(struct box *box, struct box_message *m)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    size_t len = box_base(m->name);
    char *base = strndup(m->name, len), *name = name_with(m->name, m->flags);
    int result = -1;
    if (base != NULL && name != NULL && file_path(old, box->path, "tmp", base) == 0 &&
        file_path(path, box->path, "cur", name) == 0 && access(old, F_OK) == 0) {
        result = 0;
        if (rename(old, path) < 0) { /* the next scan tries again */
            log_line("%s: %s", old, strerror(errno));
        } else {
            free(m->name);
            m->name = name;
            name = NULL;
        }
    }
    free(base);
    free(name);
    return result;
}

static void take_back(struct box *box, size_t before)
{
    for (size_t i = 0; i < box->count; i++) {
        box->list[i].gone = i >= before;
    }
    box_purge(box);
}

/* The index is changed in one go. It has names in cur/ that the files do not have yet:
   whoever finds none looks into tmp/ (box_bring_in()). */
int box_draft_commit(struct box *box, const struct box_draft *drafts, size_t count,
                     struct box *from, uint32_t *first)
{
    char path[FILE_PATH_MAX];
    size_t before = box->count;
    *first = box->uidnext;
    for (size_t i = 0; i < count; i++) {
        if (add_draft(box, &drafts[i]) < 0) {
            log_line("%s: %s", box->path, strerror(errno));
            take_back(box, before);
            for (i = 0; i < count; i++) {
                box_draft_drop(box, &drafts[i]);
            }
            return -1;
        }
    }
    if (count == 0) {
        return 0;
    }
    box->store->durable = 1;
    box->row_changed = 1;
    box->change++;
    if (from != NULL) {
        purge_all_rows(from);
    }
    if (file_path(path, box->path, "tmp", NULL) == 0) {
        file_sync_dir(path);
    }
    if (boxes_flush(box->store) < 0) {
        return -1;
    }
    for (size_t i = before; i < box->count; i++) {
        box_bring_in(box, &box->list[i]);
    }
    if (from != NULL) {
        purge_all_files(from);
    }
    return 0;
}
