/*
 * Where fetched messages go, a Maildir or an mbox file, in steps that leave no doubt after
 * a crash: a message is received aside, then put into the box in one go, and whoever
 * remembers `place` from before that step can find out afterwards whether it was done.
 *
 *     box_begin(b); box_write(b, ...) ...; box_finish(b);
 *     write b->place where it is safe
 *     box_commit(b);
 *
 * Knows files, and neither POP3 nor unique-ids.
 */
#ifndef EXAMPLE_FETCH_BOX_H
#define EXAMPLE_FETCH_BOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BOX_PATH_MAX = 1024, BOX_PLACE_MAX = 200, BOX_BUFFER = 65536 };

typedef struct box box;

/* What differs between the kinds. All: 0, or -1 with errno. */
typedef struct box_kind {
    int (*begin)(box *b);
    void (*put)(box *b, char c); /* NULL: octets go to the file as they are */
    int (*finish)(box *b);
    int (*commit)(box *b);
    int (*recover)(box *b, const char *place); /* also 1: it is in the box */
    void (*drop)(box *b);
    void (*tidy)(box *b); /* or NULL */
} box_kind;

struct box {
    const box_kind *kind;
    const char *path;
    int lf;                    /* lines end in LF there, not in CRLF */
    int fd;                    /* the message that is received; -1: none */
    uint64_t octets;           /* received of it */
    char place[BOX_PLACE_MAX]; /* after box_finish(): where it goes; without blanks */
    int failed;                /* errno of the first write that failed, or 0 */
    int in_doubt;            /* after box_commit(): failed, and it may be in the box */
    int held_cr;             /* a CR whose LF, if any, is still to come */
    size_t len;              /* of buffer */
    char buffer[BOX_BUFFER]; /* not written yet */

    /* Maildir */
    char host[65];
    unsigned count; /* of names given */

    /* mbox */
    int mbox; /* the file; the message is received into another */
    int from; /* letters of "From " seen at a line's beginning; -1: within a line */
    char last;
};

/* Opens the box, and makes it when it is missing. 0, or -1 with errno. */
int box_open_maildir(box *b, const char *path);
int box_open_mbox(box *b, const char *path);
void box_close(box *b);

/* Nothing is to be recovered any more: removes what was kept for that. */
void box_tidy(box *b);

/* A message: begin, pieces, and then either finish and commit, or drop. After a commit
   that said 0 the message is on the disk; after one that said -1 with `in_doubt` only
   box_recover() knows. 0, or -1 with errno. */
int box_begin(box *b);
int box_write(box *b, const char *data, size_t len);
int box_finish(box *b);
int box_commit(box *b);
void box_drop(box *b);

/* After a crash between finish and commit: 1 the message is in the box (it may have been
   put there now); 0 it is not; -1 with errno. */
int box_recover(box *b, const char *place);

/* For the kinds. */
void box_put(box *b, const char *data, size_t len); /* into the buffer, then the file */
int box_flush(box *b);                              /* the buffer, into the file */

/* fsync() of a directory: the names in it are durable then. */
int box_sync_dir(const char *path);

#endif /* EXAMPLE_FETCH_BOX_H */
