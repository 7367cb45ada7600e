/*
 * Keeps messages: the box they go to and the list of what was fetched, joined so that a
 * crash at any moment leaves a message in the box once and on the list, or neither.
 *
 * Knows boxes, the list and how to tell the user; no POP3.
 */
#ifndef EXAMPLE_FETCH_KEEP_H
#define EXAMPLE_FETCH_KEEP_H

#include "../common/progress.h"
#include "box.h"
#include "options.h"
#include "seen.h"

typedef struct keeper {
    box box;
    seen seen;
    progress shown;
    char what[40];     /* in front of the progress line */
    char account[600]; /* whose unique-ids */
    char list_path[BOX_PATH_MAX];
    int begun; /* a message is being received, this one: */
    uint32_t message;
    int error; /* errno of what went wrong with it, or 0 */
} keeper;

/* Opens both, and settles what a crash left open. 0, or -1: said why. */
int keep_open(keeper *k, const options *o);
void keep_close(keeper *k);

/* A piece of a message. One that was begun before, and is not to be kept, is dropped. */
void keep_content(keeper *k, uint32_t message, mailproto_bytes piece);

/* It will not be complete. */
void keep_abort(keeper *k);

/* It is complete: makes it durable. 1: it is safe; 0: it is not, and it was said; -1: it
   may be, only the next start can find out, and nothing more can be kept before. */
int keep_message(keeper *k, uint32_t message, mailproto_bytes uid);

#endif /* EXAMPLE_FETCH_KEEP_H */
