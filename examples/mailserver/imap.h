/*
 * One connection of somebody who reads mail by IMAP: a server's engine, its socket, who
 * it is, the mailbox it has selected and the command it carries out. A command that
 * takes long is carried out a few milliseconds at a time, the others having their turn
 * between.
 */
#ifndef MAILSERVER_IMAP_H
#define MAILSERVER_IMAP_H

#include "auth.h"
#include "caller.h"
#include "box.h"
#include "peer.h"
#include "server.h"

#include <mailproto/imap_server.h>
#include <sys/socket.h>

struct imap;

/* The selected mailbox as this client knows it. */
struct imap_view {
    struct box *box; /* NULL: none */
    int read_only;
    uint32_t *uids;       /* by message number */
    uint64_t *told;       /* the mod-sequence it knows */
    unsigned char *marks; /* IMAP_MARK_... */
    size_t count, room;
    uint64_t change;      /* of the box, when all was told */
    size_t keyword_count; /* of the box, that it was told of */
};
enum {
    IMAP_MARK_RECENT = 1,
    IMAP_MARK_SILENT = 2, /* STORE .SILENT: its mod-sequence alone is told */
    IMAP_MARK_TELL = 4    /* STORE: its flags are told, changed or not */
};

/* The message that was read last. */
struct imap_message {
    int fd; /* -1: none */
    uint32_t uid;
    mailproto_source source;
    mailproto_index index;
    const int64_t *until; /* the end of this turn: not read behind it; NULL: no end */
    int64_t turn;         /* the `until` of the turn it was read in last */
};

struct imap_ranges {
    mailproto_imap_range *list;
    size_t count, room;
};

/* One message that is matched, from turn to turn. */
struct imap_matching {
    mailproto_imap_match match;
    int going_on;
    char work[65536];
};

/* The command at hand. Its parts answer OK: done; AGAIN: the output is full; NOT_READY:
   the others' turn; or an error. */
enum imap_phase { IMAP_NOTHING, IMAP_WORK, IMAP_TELL, IMAP_END };
struct imap_job {
    enum imap_phase phase;
    uint32_t request; /* 0: nobody asked: IDLE */
    mailproto_imap_command command;
    mailproto_status (*work)(struct imap *c);
    mailproto_status (*end)(struct imap *c); /* NULL: `how`, `code`, `text` */
    uint32_t how;
    mailproto_imap_code code;
    const char *text;
    uint32_t *targets; /* places in the view, or UIDs; which messages it is about */
    size_t count, at;
    int step;
    int lost;          /* some of them are gone */
    char id[32];       /* MAILBOXID of what CREATE has made */
    struct box *box;   /* another mailbox than the selected one */
    struct box *other; /* RENAME of INBOX: INBOX */
    struct imap_ranges from, to;
    struct box_entry *entries; /* LIST */
    size_t entry_count;
    char **patterns;
    size_t pattern_count;
    mailproto_imap_search_node *nodes;
    size_t node_count;
    struct imap_matching *matching;
    mailproto_imap_found found;
    uint64_t first_modseq;    /* of the first that was found */
    struct box_draft *drafts; /* COPY, MOVE: of the targets, ... */
    size_t draft_count;
    size_t committed; /* ... of which so many are in the index: `to` */
    int part;         /* ... and would go again if it ended now */
    size_t expunged;  /* by EXPUNGE */
    uint64_t want;    /* box_scan()'s */
    int synced;       /* the drafts are on the disk: 1; they could not be: -1 */
    size_t depth;     /* RENAME of INBOX: of its new name, octets that were there */
    char *name;       /* ... that name; NULL: nothing was made */
    struct imap_ranges known; /* QRESYNC, VANISHED: the UIDs that the client knows */
    int knows_all;            /* ... all of them */
    int resyncing;            /* `known` was read, and `to` holds the UIDs that went, */
    size_t vanished;          /* of which so many ranges were told */
};

struct imap {
    struct server *server;
    struct imap *next, *prev;
    struct peer peer;
    mailproto_imap_server *engine;
    transcript shown;
    char label[CALLER_LABEL];
    char address[CALLER_ADDRESS];
    struct auth auth;
    struct boxes *store; /* NULL: nobody is logged in */
    struct imap_view view;
    struct imap_message message;
    struct imap_job job;
    struct imap_ranges saved; /* `$` */
    int idling;
    int64_t until; /* the end of this turn */
    mailproto_imap_facts facts;
    mailproto_bytes words[BOX_KEYWORDS];
    char email_id[BOX_ID_SIZE];
    mailproto_imap_fetch *fetch;  /* of FETCH, with its work memory; or NULL */
    mailproto_imap_fetch *update; /* of changed flags */
    /* APPEND, while its messages come in */
    struct box *append_box;
    struct box_draft *drafts;
    size_t draft_count, draft_room;
    uint64_t append_size; /* octets that the command has announced */
    int content;          /* the file that is written; -1 */
    int last_cr;
    struct imap_sync *sync; /* a thread waits for the disk; NULL */
};

/* Begins the conversation on an accepted socket, which it takes; `implicit` 1: with TLS
   from the first byte. */
void imap_open(struct server *server, int fd, const struct sockaddr *from,
               int implicit);
void imap_run(struct imap *c);

/* Ends all conversations in order; `now` 1: at once. */
void imaps_stop(struct server *server, int now);

/* ---- imap_job.c ------------------------------------------------------------------ */

void imap_command(struct imap *c, const mailproto_event *ev);
mailproto_status imap_go_on(struct imap *c);
/* Begins to tell what others have changed, when nothing else is going on; `look` 1: after
   a look into the folders. */
void imap_poll(struct imap *c, int look);
void imap_job_drop(struct imap *c);
/* What the command will be answered with. OK. */
mailproto_status imap_answer(struct imap *c, uint32_t how, uint32_t code,
                             const char *text);
/* A mailbox name of a command, UTF-8; release with free(). NULL: it is none. */
char *imap_name(const mailproto_imap_string *s);
/* The same of a mailbox that is to be made. */
char *imap_new_name(const mailproto_imap_string *s);
mailproto_status imap_login(struct imap *c, mailproto_bytes name);

/* ---- imap_view.c ----------------------------------------------------------------- */

void imap_view_open(struct imap *c, struct box *box, int read_only);
/* Takes in messages that the client does not know yet, some of them at a time. OK,
   NOT_READY or an error. */
mailproto_status imap_view_fill(struct imap *c);
/* Messages that it was told of: those behind them it does not know yet. */
size_t imap_view_count(const struct imap *c);
/* Forgets those from a place on that went before the client was told of them. */
void imap_view_trim(struct imap *c, size_t from);
void imap_view_close(struct imap *c);
mailproto_status imap_view_tell(struct imap *c);
/* The messages that a set names, into the job's targets. 0 or -1. */
int imap_targets(struct imap *c, const mailproto_imap_cursor *set, int uids);
int imap_add_range(struct imap_ranges *ranges, uint32_t number);
int imap_put_range(struct imap_ranges *ranges, uint32_t low, uint32_t high);
/* The ranges of a set, by their beginning, with `largest` for `*`. 0 or -1. */
int imap_read_set(struct imap_ranges *ranges, mailproto_imap_cursor set,
                  uint32_t largest);
/* Whether a number is in ranges by their beginning; `*at` begins with 0, and the numbers
   that are asked for ascend. */
int imap_has(const struct imap_ranges *ranges, size_t *at, uint32_t number);
/* `* FLAGS` when there are keywords that this client was not told of. */
mailproto_status imap_tell_keywords(struct imap *c);
void imap_fill_facts(struct imap *c, size_t place, const struct box_message *m);
int imap_read_message(struct imap *c, uint32_t uid);
void imap_close_message(struct imap *c);

/* ---- imap_move.c ----------------------------------------------------------------- */

mailproto_status imap_copy(struct imap *c);
mailproto_status imap_move(struct imap *c);
/* RENAME of INBOX. */
mailproto_status imap_empty_inbox(struct imap *c);
/* What is left undone of a job that ends. */
void imap_move_drop(struct imap *c);

/* ---- imap_sync.c ----------------------------------------------------------------- */

/* Waits, in a thread, until the files in tmp/ are on the disk (`count` of them) and so
   are their names. OK: the job's `synced` says how it went; or NOT_READY. */
mailproto_status imap_sync(struct imap *c, const struct box *box,
                           const struct box_draft *drafts, size_t count);
/* Nobody waits any more. */
void imap_sync_leave(struct imap *c);

/* ---- imap_resync.c --------------------------------------------------------------- */

/* VANISHED (EARLIER) of those UIDs that went since the command's mod-sequence. */
mailproto_status imap_tell_vanished(struct imap *c, const mailproto_imap_cursor *known);
/* What SELECT with QRESYNC is answered with. */
mailproto_status imap_resync(struct imap *c);

/* ---- the commands, in the other files -------------------------------------------- */

mailproto_status imap_fetch(struct imap *c);
mailproto_status imap_search(struct imap *c);
mailproto_status imap_store(struct imap *c);
mailproto_status imap_expunge(struct imap *c);
mailproto_status imap_append(struct imap *c);
void imap_append_literal(struct imap *c, const mailproto_event *ev);
void imap_append_content(struct imap *c, const mailproto_event *ev);
void imap_append_drop(struct imap *c);
int imap_read_flags(struct box *box, mailproto_imap_cursor items, uint32_t *flags,
                    uint64_t *keywords);
/* What is wrong with a mailbox, from errno, as the answer. OK. */
mailproto_status imap_fault(struct imap *c);
mailproto_status imap_read_only(struct imap *c);
mailproto_status imap_select(struct imap *c);
mailproto_status imap_list(struct imap *c);
mailproto_status imap_status(struct imap *c);
mailproto_status imap_create(struct imap *c);
mailproto_status imap_delete(struct imap *c);
mailproto_status imap_rename(struct imap *c);
mailproto_status imap_subscribe(struct imap *c);

#endif /* MAILSERVER_IMAP_H */
