/*
 * The vectors that docs/differences.md lists: the document is the only list there is, so
 * that what differs has its line there, and each line something that differs.
 */
#ifndef TEST_DOCUMENTED_H
#define TEST_DOCUMENTED_H

#include <stddef.h>

enum { DOCUMENTED_MAX = 256, DOCUMENTED_ID = 48 };

/* Zeroed: none. */
struct documented {
    char ids[DOCUMENTED_MAX]
            [DOCUMENTED_ID]; /* "dates:7e29d305a0", "h00061", "ew-glued" */
    unsigned char differs[DOCUMENTED_MAX]; /* what documented_find() found */
    size_t count;
};

/* The first cells of the tables of a section ("Header values"): the ids of one kind
 * ("dates"; "": of none), or of all (NULL). A document that is not as it should be ends
 * the program. */
void documented_read(struct documented *d, const char *section, const char *kind);

/* Whether the id is listed; it is noted that it differs. */
int documented_find(struct documented *d, const char *id);

/* Says which of those listed were not found; how many. */
unsigned documented_unused(const struct documented *d);

#endif /* TEST_DOCUMENTED_H */
