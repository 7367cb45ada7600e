/*
 * A user's mail as mailboxes: Maildir++ folders, with an index in SQLite that keeps
 * what files cannot (UIDs, mod-sequences, keywords). One `store` a user and one `box` a
 * mailbox in this process, shared by all sessions. Knows files and the index, and no
 * protocol but for IMAP's names of flags.
 */
#ifndef MAILSERVER_BOX_H
#define MAILSERVER_BOX_H

#include "file.h"

#include <dirent.h>
#include <mailproto/imap.h>
#include <sqlite3.h>
#include <stdint.h>

enum {
    BOX_KEYWORDS = 64,   /* keywords in use in one mailbox */
    BOX_ID_SIZE = 20,    /* of an EMAILID */
    BOX_NAME_MAX = 240,  /* octets of a folder's name on the disk */
    BOX_STATEMENTS = 32, /* that are kept prepared */
    BOX_SLICE = 250      /* messages of one transaction, while others wait */
};

/* `found`: its file has got its present name after this reading began. */
enum { BOX_MOVED = 2 };

/* On its way out of a mailbox. */
enum {
    BOX_CONDEMNED = 1, /* box_purge() removes it */
    BOX_LEAVING = 2    /* its rows went, its file is next */
};

struct box_message {
    uint32_t uid;
    uint32_t flags;    /* MAILPROTO_IMAP_SEEN ... */
    uint64_t keywords; /* bits: places in the box's list */
    uint64_t size;     /* octets with CRLF */
    uint64_t modseq;
    int64_t internal;      /* INTERNALDATE, seconds */
    int64_t saved;         /* SAVEDATE */
    int32_t zone;          /* of INTERNALDATE, minutes */
    unsigned char is_new;  /* the file is in new/ */
    unsigned char found;   /* by this reading; BOX_MOVED */
    unsigned char missing; /* readings that have not found it */
    unsigned char gone;    /* BOX_CONDEMNED, BOX_LEAVING */
    char *name;            /* the file's, flags included */
    char email_id[BOX_ID_SIZE];
};

/* A file that the index does not know yet. */
struct box_fresh {
    char *name;
    int is_new;
    int64_t time;
};

struct box_slot;
struct box {
    struct boxes *store;
    struct box *next;
    unsigned users;
    int64_t id;
    char *name; /* UTF-8, levels parted by '/' */
    char path[FILE_PATH_MAX];
    uint32_t uidvalidity;
    uint32_t uidnext;
    uint64_t modseq; /* the highest */
    uint64_t change; /* another number whenever a session has something to tell */
    int gone;        /* deleted meanwhile */
    int row_changed; /* its row is to be written */
    struct box_message *list; /* by UID */
    size_t count, room;
    int loaded;       /* the list is complete: box_load() */
    size_t condemned; /* how many of them are */
    uint32_t
        unfinished_below;   /* UIDs that a COPY had not finished are below; 0: none */
    struct box_slot *slots; /* box_known.c */
    size_t slot_count, slot_room;
    char *keywords[BOX_KEYWORDS];
    size_t keyword_count;
    int64_t stamp[2]; /* of new/ and cur/ when they were read */
    int settled;      /* they were old then: the same stamp means the same files */
    size_t expunged;  /* rows of those that went */
    DIR *reading;     /* the folder that is read, entry by entry; NULL: none */
    int reading_cur;  /* it is cur/; new/ comes first */
    unsigned passes;  /* readings in a row, for what is missing */
    uint64_t read;    /* how often the folders were read */
    int astray; /* files that were to be removed had other names: another reading ... */
    int was_astray;          /* ... which has begun */
    int stuck;               /* there are some that cannot be removed */
    struct box_fresh *fresh; /* found and not taken up */
    size_t fresh_count, fresh_room, fresh_at;
};

struct box_statement {
    const char *sql;
    sqlite3_stmt *prepared;
};

struct boxes {
    struct boxes *next;
    unsigned users;
    char root[FILE_PATH_MAX]; /* the Maildir */
    const char *host;
    int lock; /* on the index, for this process */
    sqlite3 *db;
    struct box_statement statements[BOX_STATEMENTS];
    struct box *boxes;
    int writing; /* a transaction is open */
    int durable; /* ... that must not be lost: UIDs were given out */
    int failed;  /* the index could not be written: what is in memory is not true */
};

/* ---- the store: box_store.c, box_folder.c, box_index.c --------------------------- */

/* The store of a user's Maildir, which is made when it is missing. NULL: failed, and it
   was logged. */
struct boxes *boxes_open(const char *root, const char *user, const char *host);
void boxes_close(struct boxes *store);

/* Writes what was changed since the last time; the sessions' turns end with it. 0; -1:
   it could not be written, and the sessions have to end without a word more. */
int boxes_flush(struct boxes *store);

/* A mailbox as the index lists it. */
struct box_entry {
    char *name;
    int present; /* 0: deleted, or never there, but subscribed */
    int subscribed;
    uint32_t special_use; /* MAILPROTO_IMAP_ATTR_... */
    int matched;          /* LIST: 1 or -1, whether a pattern has it; 0: not tried */
};

/* All of them by name, each followed by those below it; -1: failed. Release with
   boxes_list_free(). */
int boxes_list(struct boxes *store, struct box_entry **list, size_t *count);
void boxes_list_free(struct box_entry *list, size_t count);

/* Opens a mailbox; its messages are not complete before box_scan() said so. NULL: there
   is none (`errno` ENOENT), or it failed. */
struct box *box_open(struct boxes *store, const char *name);
void box_close(struct box *box);

/* 0, or -1 with errno: EEXIST, ENOENT, EINVAL (no name for a mailbox), ENOTEMPTY (it
   has mailboxes below). */
int box_create(struct boxes *store, const char *name, uint32_t special_use);
int box_delete(struct boxes *store, const char *name);
int box_rename(struct boxes *store, const char *from, const char *to);
int box_subscribe(struct boxes *store, const char *name, int subscribed);

/* How much of a name is that of a mailbox: octets, whole levels. */
size_t box_depth(struct boxes *store, const char *name);
/* Deletes those that were made for the sake of `name`, down to that depth, but for what
   others have put mail into; `errno` stays. */
void box_unmake(struct boxes *store, const char *name, size_t depth);

/* Runs a statement; `format` has a letter for each argument: i int64, t text. 0 or -1.
   */
int boxes_run(struct boxes *store, const char *sql, const char *format, ...);
/* The same, in the transaction that boxes_flush() ends. */
int boxes_write(struct boxes *store, const char *sql, const char *format, ...);

/* ---- names: box_name.c ----------------------------------------------------------- */

/* INBOX as the first level is in capitals (RFC 9051 5.1). */
void box_fold(char *name);

/* The folder of a mailbox below the Maildir: "" for INBOX, ".A.B" for "A/B". 0, or -1:
   it cannot be a name. */
int box_folder(const char *name, char folder[BOX_NAME_MAX]);
/* The name of a folder; release with free(). NULL: none. */
char *box_name_of(const char *folder);

/* The directories of a folder. 0, or -1 with errno. */
int box_folder_make(const char *path);
/* All of it, as far as it is a mailbox's. */
void box_folder_remove(const char *path);

/* ---- messages: box_message.c, box_known.c, box_scan.c ---------------------------- */

/* What takes long ends when `until` in loop_now() is over, having done a part at least:
   0, call again; 1: done; -1: failed. INT64_MAX: in one go. */

/* The list from the index, before messages are added to it. */
int box_load(struct box *box, int64_t until);

/* Brings the list up to date with the files as they are at the first call. `*want`: 0
   then, and the caller's until it is done. */
int box_scan(struct box *box, int64_t until, uint64_t *want);

struct box_message *box_find(struct box *box, uint32_t uid);
/* The place of the first message whose UID is not lower. */
size_t box_place(const struct box *box, uint32_t uid);

/* The bit of a keyword; 0: there is none, or no room for it. */
uint64_t box_keyword(struct box *box, mailproto_bytes name, int create);

/* Sets flags, in the file's name and the index. 0, or -1. */
int box_set_flags(struct box *box, struct box_message *m, uint32_t flags,
                  uint64_t keywords);

/* From new/ to cur/. */
void box_take(struct box *box, struct box_message *m);

/* Reads a message: a descriptor, or -1. */
int box_read(struct box *box, uint32_t uid);

/* ---- messages on their way out: box_gone.c --------------------------------------- */

void box_condemn(struct box *box, struct box_message *m);
/* Those with UIDs in a range. */
void box_condemn_range(struct box *box, uint32_t low, uint32_t high);

/* Removes the condemned, rows and then files, with what was written before: each is
   there or is not, whatever happens; some of them at a time. */
int box_purge(struct box *box, int64_t until);

/* UIDs that went with a higher mod-sequence, ascending; release with free(). When that
   is not known any more, all that are not there. 0 or -1. */
int box_expunged(struct box *box, uint64_t since, uint32_t **uids, size_t *count);

/* ---- messages on their way in: box_draft.c --------------------------------------- */

/* A file in tmp/. */
struct box_draft {
    char name[128];
    uint32_t source; /* the UID of what it is a copy of */
    uint32_t flags;
    uint64_t keywords;
    uint64_t size;
    int64_t internal;
    int32_t zone;
    char email_id[BOX_ID_SIZE];
};

/* Makes the file: a descriptor, or -1. */
int box_draft(struct box *box, struct box_draft *draft);
/* Another name for a message of this or another mailbox. 0 or -1. */
int box_draft_copy(struct box *box, struct box *from, const struct box_message *m,
                   struct box_draft *draft);
/* Takes over what was done to the message that it is a copy of. 0; -1: that one went. */
int box_draft_refresh(struct box *box, struct box *from, struct box_draft *draft);
void box_draft_drop(struct box *box, const struct box_draft *draft);

/* Takes them all in, or none; `*first`: the first UID, the others follow it. They are
   durable, and their names. `from`: the messages that they are copies of go in the same
   moment; or NULL. `part` 1: if box_finish() is not called they go again, at the latest
   when the mailbox is opened the next time. 0 or -1. */
int box_draft_commit(struct box *box, const struct box_draft *drafts, size_t count,
                     struct box *from, int part, uint32_t *first);
/* The parts with UIDs in a range were all: they stay. 0 or -1. */
int box_finish(struct box *box, uint32_t low, uint32_t high);

#endif /* MAILSERVER_BOX_H */
