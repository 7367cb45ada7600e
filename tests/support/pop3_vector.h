/*
 * Attack vectors for POP3: what they hold beside the members that all have, and what both
 * halves of the tests do with them. Knows no engine but as a session.
 */
#ifndef TEST_POP3_VECTOR_H
#define TEST_POP3_VECTOR_H

#include "attack_vector.h"
#include "drive.h"

enum { POP3_VECTORS_MAX = 200 };

/* What a vector asks for that struct vector does not hold: read beside it. */
struct pop3_vector {
    struct vector *v;
    struct text password, uid;
    int64_t deleted[4];
    size_t deleted_count;
    int64_t replies, bare_lf, auth_ok, auth_callbacks, ends_at, commands_max;
    int has_deleted, stamp_wanted;
};

/* All of a role; how many. 0 with `why`: skip. */
size_t pop3_vectors_load(struct pop3_vector *to, const char *role, struct text *why);
void pop3_vectors_free(struct pop3_vector *vectors, size_t count);

int attack_says(const char *text, const char *what);
/* The word behind `what`. */
void attack_word(const char *text, const char *what, struct text *out);
/* A single-quoted text with \r and \n. */
void attack_quoted(const char *text, struct text *out);
/* How often a text holds another, from an offset on. */
unsigned attack_count(const struct text *t, size_t from, const char *what);

/* Whether the log is the first one's, which the first call keeps. 1, or 0 and it is
 * shown. */
int attack_same_log(const struct vector *v, struct drive *d, struct text *first,
                    const struct chunk *c);
/* Prefix, so many units, suffix; ends when nothing is taken any more. */
void attack_give_generated(struct drive *d, const struct vector *v);

#endif /* TEST_POP3_VECTOR_H */
