/* The command line of mailproto-inspect. */
#ifndef EXAMPLE_INSPECT_OPTIONS_H
#define EXAMPLE_INSPECT_OPTIONS_H

#include "feed.h"
#include "role.h"

typedef struct options {
    role_options role;
    int lines;     /* one base64 input a line */
    int show_text; /* also show texts as text */
    feed_plan plan;
    const char *path; /* NULL: standard input */
    char *message;    /* contents of --message, or NULL */
} options;

/* Reads the command line. 0; 1: help was asked for, and printed; -1: not understood, and
   said so. */
int options_read(options *o, int argc, char **argv);

void options_free(options *o);

/* Reads a list of offsets, "16,41" or "none", into the plan. 0, or -1: it is none. */
int options_lockstep(feed_plan *plan, const char *text);

#endif /* EXAMPLE_INSPECT_OPTIONS_H */
