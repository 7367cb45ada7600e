/*
 * What the files of the mailboxes, box_*.c, share and nobody else needs.
 */
#ifndef MAILSERVER_BOX_OWN_H
#define MAILSERVER_BOX_OWN_H

#include "box.h"

/* ---- box_index.c ----------------------------------------------------------------- */

/* Opens and locks the index. 0; -1: it was said, and box_index_close() is still due. */
int box_index_open(struct boxes *store);
void box_index_close(struct boxes *store);
/* Nothing is prepared any more. */
void box_index_forget(struct boxes *store);
/* The mailbox's own row, if that has changed. */
void box_write_row(struct box *box);

/* ---- box_folder.c ---------------------------------------------------------------- */

/* What a server that was killed has left, and what others did. 0 or -1. */
int box_find_folders(struct boxes *store);
/* The folder of a mailbox. 0, or -1 with errno. */
int box_path(const struct boxes *store, const char *name, char path[FILE_PATH_MAX]);
int box_is_present(struct boxes *store, const char *name);
/* A mailbox that somebody has open; NULL: nobody. */
struct box *box_in_memory(struct boxes *store, const char *name);

/* ---- box_message.c, box_known.c -------------------------------------------------- */

/* A place at the end of the list, zeroed; NULL: no memory. */
struct box_message *box_grow(struct box *box);
/* Keeps what was put there: it has its name and its UID. 0 or -1. */
int box_keep(struct box *box);
int box_insert_row(struct box *box, const struct box_message *m);
size_t box_base(const char *name); /* octets before the flags */
uint32_t box_letters(const char *name);
/* The name with these flags; letters that are not ours stay. Release with free(). */
char *box_name_with(const char *old, uint32_t flags);
void box_make_id(char id[BOX_ID_SIZE]);

/* The message whose file has that name, whatever its flags; NULL: none. */
struct box_message *box_known(struct box *box, const char *name);
int box_know(struct box *box, const struct box_message *m); /* 0 or -1 */
void box_unknow(struct box *box, const struct box_message *m);

/* ---- box_gone.c, box_draft.c ----------------------------------------------------- */

/* Removes the rows of a message; its file is removed by box_sweep(), after a flush. */
void box_leave(struct box *box, struct box_message *m);
/* When some have left. */
void box_left_some(struct box *box);
/* The files of those that left, from a place in the list on. */
void box_sweep(struct box *box, size_t first);

/* The folders were read, and no file is left of messages that went. */
void box_astray(struct box *box);

/* Whether a file is what was left of a message that went; then it is removed now. */
int box_left(struct box *box, const char *name, int is_new);

/* Gives a message of the index that is still in tmp/ its name in cur/. 0; -1: it is not
   there. */
int box_bring_in(struct box *box, struct box_message *m);

#endif /* MAILSERVER_BOX_OWN_H */
