/* Messages of a mailbox: their files' names, the list of them and their rows. See box.h. */
#include "box_own.h"
#include "log.h"
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

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

char *box_name_with(const char *old, uint32_t flags)
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

int box_keep(struct box *box)
{
    if (box_know(box, &box->list[box->count]) < 0) {
        return -1;
    }
    box->count++;
    return 0;
}

size_t box_place(const struct box *box, uint32_t uid)
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
    return low;
}

struct box_message *box_find(struct box *box, uint32_t uid)
{
    size_t at = box_place(box, uid);
    return at < box->count && box->list[at].uid == uid ? &box->list[at] : NULL;
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

/* What a COPY has left that was never finished goes again. */
static int find_unfinished(struct box *b)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(b->store->db,
                                "SELECT first, last FROM unfinished WHERE mailbox = ?",
                                -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_int64(s, 1, b->id);
    }
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        box_condemn_range(b, (uint32_t)sqlite3_column_int64(s, 0),
                          (uint32_t)sqlite3_column_int64(s, 1));
        b->unfinished_below = b->uidnext;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* A row of the list, from a statement that stands on it. 0 or -1. */
static int load_one(struct box *b, sqlite3_stmt *s)
{
    struct box_message *m = box_grow(b);
    if (m == NULL ||
        (m->name = strdup((const char *)sqlite3_column_text(s, 1))) == NULL) {
        return -1;
    }
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
    if (box_keep(b) < 0) {
        free(m->name);
        return -1;
    }
    return 0;
}

/* The next rows. How many, or -1. */
static int load_some(struct box *b)
{
    sqlite3_stmt *s = NULL;
    uint32_t last = b->count == 0 ? 0 : b->list[b->count - 1].uid;
    int count = 0;
    int rc = sqlite3_prepare_v2(
        b->store->db,
        "SELECT uid, file, flags, keywords, internaldate, zone, size, modseq, savedate,"
        " email_id FROM message WHERE mailbox = ? AND uid > ? ORDER BY uid LIMIT ?",
        -1, &s, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, b->id);
        sqlite3_bind_int64(s, 2, last);
        sqlite3_bind_int64(s, 3, BOX_SLICE);
    }
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        rc = load_one(b, s) == 0 ? SQLITE_OK : SQLITE_NOMEM;
        count++;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? count : -1;
}

int box_load(struct box *box, int64_t until)
{
    while (!box->loaded) {
        int count = load_some(box);
        if (count < 0) {
            return -1;
        }
        if (count < BOX_SLICE) {
            if (count_expunged(box) < 0 || find_unfinished(box) < 0) {
                return -1;
            }
            box->loaded = 1;
        } else if (loop_now() >= until) {
            return 0;
        }
    }
    return 1;
}

/* ---- flags ----------------------------------------------------------------------- */

/* Gives the file another name; in cur/. */
static int move_file(struct box *box, struct box_message *m, uint32_t flags)
{
    char old[FILE_PATH_MAX], path[FILE_PATH_MAX];
    char *name = box_name_with(m->name, flags);
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
    m->missing = 0;
    m->found = BOX_MOVED; /* whoever reads the folder now may not meet it */
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
        uint64_t want = 0;
        if (n > 0 || box_scan(box, INT64_MAX, &want) < 0) {
            return -1;
        }
    }
    return -1;
}
