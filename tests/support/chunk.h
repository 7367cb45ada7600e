/*
 * How a stream of bytes is cut into pieces. Pure functions of the offset, so that the
 * same plan cuts the same stream the same way however it is walked.
 */
#ifndef TEST_CHUNK_H
#define TEST_CHUNK_H

#include <stddef.h>
#include <stdint.h>

enum chunk_kind {
    CHUNK_WHOLE, /* all there is in one piece */
    CHUNK_EACH,  /* pieces of `value` octets */
    CHUNK_SPLIT, /* one cut, at offset `value` */
    CHUNK_RANDOM /* cuts decided by the seed `value`, some octets apart */
};

struct chunk {
    enum chunk_kind kind;
    uint64_t value;
    int in_place; /* 1: through input_space/commit and content_space/commit */
    int greedy;   /* 1: all pieces that are there are given before events are pulled */
};

/* Length of the piece that begins at `offset` when `there` > 0 octets are there. */
size_t chunk_size(const struct chunk *c, uint64_t offset, size_t there);

/* "split at 17, in place" and the like; static, overwritten by the next call. */
const char *chunk_name(const struct chunk *c);

/* The same numbers everywhere, which rand() does not promise. */
uint64_t chunk_hash(uint64_t a, uint64_t b);

#endif /* TEST_CHUNK_H */
