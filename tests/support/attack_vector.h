/*
 * Attack vectors: one JSON object a line, what it holds as plain data. Knows the fields of
 * the data and no engine; docs/attacks.md says what they mean.
 */
#ifndef TEST_ATTACK_VECTOR_H
#define TEST_ATTACK_VECTOR_H

#include "chunk.h"
#include "jsonl.h"

enum { VECTOR_PLACES = 8, VECTOR_NONE = -1, VECTOR_RANDOM_RUNS = 100 };

/* Numbers that are not given are VECTOR_NONE, texts NULL. */
struct vector {
    char *id, *role, *kind, *setup, *expect;
    struct text input, prefix, unit, suffix, body, wire_prefix, local;
    size_t stops[VECTOR_PLACES], stop_count; /* output is written before going on */
    size_t cuts[VECTOR_PLACES], cut_count;   /* a read ends here */
    int64_t gen_count;                       /* 0: no generated form */
    int eof, has_body;
    int64_t mails, mails_max, rcpts, rsets, messages, messages_max, closed_by, max_mem,
        max_bytes, tls_started, commands_after, plaintext_after, may_refuse, may_reject,
        eod_count;
    char *policy, *after, *domain, *reply, *reply_class, *next, *send, *reply_in[4];
};

/* The vectors of a protocol that `wanted` chooses; how many. 0 with `why`: skip. */
size_t vectors_load(struct vector **to, size_t max, const char *protocol,
                    int (*wanted)(const struct vector *v), struct text *why);

/* From the present line; NULL: malformed. */
struct vector *vector_read(const struct jsonl *j);

/* The n-th way of cutting: whole, octet by octet, at the cuts it names, at random; each
 * lent and in place. 0: no more. */
int vector_plan(const struct vector *v, unsigned n, struct chunk *c);
struct chunk vector_chunk(enum chunk_kind kind, uint64_t value, int in_place);

void vector_free(struct vector *v);

#endif /* TEST_ATTACK_VECTOR_H */
