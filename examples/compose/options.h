/* The command line. */
#ifndef EXAMPLE_COMPOSE_OPTIONS_H
#define EXAMPLE_COMPOSE_OPTIONS_H

#include <stddef.h>

enum { FILES_MAX = 100, TO_MAX = 100 };

typedef struct options {
    const char *sender, *subject;
    const char *from[TO_MAX]; /* each a list of addresses */
    const char *to[TO_MAX];
    const char *cc[TO_MAX];
    const char *bcc[TO_MAX];
    size_t from_count, to_count, cc_count, bcc_count;
    const char *text, *html; /* files */
    const char *attached[FILES_MAX];
    const char *shown[FILES_MAX]; /* --inline */
    size_t attached_count, shown_count;
    const char *server; /* --send */
    int utf8;           /* --utf8 */
} options;

/* 0; 1: only help was asked for; -1: not so, said why. */
int options_read(options *o, int argc, char **argv);

#endif /* EXAMPLE_COMPOSE_OPTIONS_H */
