/*
 * Options of an engine from a transcript's head: tables of keys, and how a value's text
 * becomes a field. Knows no protocol.
 */
#ifndef TEST_ACTOR_OPTIONS_H
#define TEST_ACTOR_OPTIONS_H

#include "play.h"

/* A word and what it stands for; a table ends with a NULL name. */
struct value {
    const char *name;
    uint32_t value;
};

enum option_kind {
    OPTION_NUMBER,    /* uint32_t */
    OPTION_NUMBER_64, /* uint64_t */
    OPTION_FLAGS,     /* uint32_t: words of `names`, together */
    OPTION_WORD,      /* uint32_t: one word of `names` */
    OPTION_MASK,      /* uint64_t: bits by `mask` */
    OPTION_BYTES      /* mailproto_bytes */
};

struct option {
    const char *key; /* NULL ends a table */
    enum option_kind kind;
    size_t at; /* offset of the field */
    const struct value *names;
};

struct option_tables {
    const struct option *client, *server;
    uint64_t (*mask)(const char *words); /* 0: an unknown word */
};

/* default, refuse, repair, pass. */
extern const struct value line_end_policies[];

/* Fills the options struct of p's side from all heads that concern it. 1, or 0 with the
 * reason in `why`. */
int actor_options(struct play *p, const struct option_tables *tables, void *options,
                  struct text *why);

/* A block of the size that the engine asks for, at an odd address now and then; p's. */
void *actor_block(struct play *p, size_t size);

/* A mask of words from a table of names, the n-th is bit n; `none` is UINT64_MAX. */
uint64_t actor_caps_mask(const char *const *names, size_t count, const char *words);
/* The index of a name, or -1. */
int actor_cap_of(const char *const *names, size_t count, const char *name, size_t len);

/* Words from `first` on, with one blank between. */
void actor_join_words(const struct words *w, size_t first, struct text *out);

/* Whether the peer's capability lines hold this one. */
int actor_has_cap_line(struct play *p, const struct text *line);

mailproto_bytes actor_bytes(const struct text *t);

#endif /* TEST_ACTOR_OPTIONS_H */
