/* The command line of mailproto-inspect. */
#ifndef EXAMPLE_INSPECT_OPTIONS_H
#define EXAMPLE_INSPECT_OPTIONS_H

#include "feed.h"
#include "names.h"
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

/* What a protocol adds: 0 understood, 1 not one of its options, -1 wrong. */
typedef struct options_kind {
    void (*defaults)(options *o);
    int (*take_switch)(options *o, const char *name);
    int (*take_value)(options *o, const char *name, const char *value);
    void (*complete)(options *o); /* after the last option */
} options_kind;

extern const options_kind options_smtp, options_pop3, options_imap;

/* Reads a value. 0, or -1: it is none. */
int options_number(const char *text, uint64_t max, uint64_t *value);
int options_u32(const char *text, uint32_t *value);
int options_word(const word *words, const char *text, uint32_t *value);

/* Reads a file, which the options keep. 0, or -1, and it was said. */
int options_message(options *o, const char *path, mailproto_bytes *message);

/* A mask from "PIPELINING,SIZE" or "none". */
int options_caps(const word *caps, uint64_t none, const char *text, uint64_t *mask);

/* Reads a list of offsets, "16,41" or "none", into the plan. 0, or -1: it is none. */
int options_lockstep(feed_plan *plan, const char *text);

#endif /* EXAMPLE_INSPECT_OPTIONS_H */
