/*
 * The unique-ids of the messages that were fetched, in a file that is as durable as the
 * messages are. A line is written before a message is put into the box and another one
 * after that, each with fsync(); so a message that a crash hit between the two is known by
 * name at the next start, and nothing is fetched twice or taken for fetched.
 *
 *     # mailproto-fetch 1 bob@mail.example      whose unique-ids these are
 *     = UID                                     is in the box
 *     + PLACE UID                               is about to be put there
 *     - UID                                     was not put there after all
 *
 * The file grows at its end; at start and end it is written anew, and takes the place of
 * the old one by rename(). It is locked: two programs cannot work with it.
 *
 * Knows lines and files, and neither POP3 nor boxes.
 */
#ifndef EXAMPLE_FETCH_SEEN_H
#define EXAMPLE_FETCH_SEEN_H

#include <mailproto/base.h>

typedef struct seen_entry {
    char *uid;
    int present; /* the server has it still */
} seen_entry;

typedef struct seen {
    const char *path;
    const char *account;
    int fd;
    seen_entry *list; /* the first `sorted` in order */
    size_t count, sorted, room;
    char *begun_uid; /* between two lines when the program ended; or NULL */
    char *begun_place;
    int open; /* a line `+` stands in the file, or may, and what became of it does not:
                 nothing more can be put into the box before the next start */
} seen;

/* Opens the file, and makes it when it is missing. 0; or -1 and `*why` says why. Then see
   begun_uid: call seen_settle(). */
int seen_open(seen *s, const char *path, const char *account, const char **why);
void seen_close(seen *s);

/* What became of `begun_uid`: 1 it is in the box, 0 it is not. 0, or -1 with errno. */
int seen_settle(seen *s, int in_box);

/* How often it was fetched before this visit; notes that the server still has it. */
size_t seen_times(seen *s, mailproto_bytes uid);

/* It is about to be put at `place`; it was; it was not. 0: that is on the disk; -1 with
   errno. While `open` is set nothing can begin (EBUSY). */
int seen_begin(seen *s, mailproto_bytes uid, const char *place);
int seen_done(seen *s, mailproto_bytes uid);
int seen_undo(seen *s, mailproto_bytes uid);

/* Forgets those that the server has not any more (`all` 1: every one), when all that it
   has were asked for; nothing while `open` is set. 0, or -1 with errno. */
int seen_prune(seen *s, int all);

#endif /* EXAMPLE_FETCH_SEEN_H */
