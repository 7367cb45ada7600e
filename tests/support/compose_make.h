/*
 * Messages to be composed, made of numbers: a seed, or the octets of a fuzzer. Hostile
 * names and texts, all structures, all kinds of sources; and the plain way to read a
 * composer.
 */
#ifndef TEST_COMPOSE_MAKE_H
#define TEST_COMPOSE_MAKE_H

#include <mailproto/compose.h>

#include "text.h"

enum { MAKE_FIELDS = 10, MAKE_PARTS = 12, MAKE_ADDRESSES = 8, MAKE_TEXTS = 128 };

/* A source that gives a few octets at a time, and now and then says NOT_READY. */
struct make_source {
    const char *data;
    size_t len, at;
    unsigned calls; /* counts, for the pauses */
    size_t piece;   /* the most it gives */
    int pauses;
};

/* A description and all that it points to. */
struct make {
    mailproto_compose_options o;
    mailproto_compose_field fields[MAKE_FIELDS];
    mailproto_compose_part parts[MAKE_PARTS];
    mailproto_address_out addresses[4][MAKE_ADDRESSES];
    mailproto_source sources[MAKE_PARTS];
    struct make_source callbacks[MAKE_PARTS];
    struct text content[MAKE_PARTS];
    struct text wide[MAKE_PARTS]; /* what a content in UTF-16 says, in UTF-8 */
    char *texts[MAKE_TEXTS];
    size_t text_count;
    char unique[16];
    int measure; /* it is to be measured first */
    /* where the numbers come from */
    const uint8_t *data;
    size_t len, at;
    uint64_t seed, count;
};

/* A description from a seed (`data` NULL), or from octets. */
void make_message(struct make *m, const uint8_t *data, size_t len, uint64_t seed);
void make_free(struct make *m);
/* All sources from their beginning again. */
void make_again(struct make *m);

/* Reads all of a composer, `cap` octets at a time; what ended it: EOF or an error. */
mailproto_status make_read(mailproto_compose *c, size_t cap, struct text *out);

/* A content as a reader gets it back: LF alone is CRLF in text. */
void make_expected(const struct make *m, size_t part, struct text *out);

#endif /* TEST_COMPOSE_MAKE_H */
