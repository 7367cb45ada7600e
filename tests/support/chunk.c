/*
 * How a stream of bytes is cut into pieces.
 */
#include "chunk.h"

#include <stdio.h>

uint64_t chunk_hash(uint64_t a, uint64_t b)
{
    uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) + b + UINT64_C(0x632be59bd9b4e019);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static size_t random_size(uint64_t seed, uint64_t offset, size_t there)
{
    /* Some seeds cut often, some seldom. */
    uint64_t one_in = 2 + chunk_hash(seed, 0) % 40;
    size_t n = 1;

    while (n < there && chunk_hash(seed, offset + n) % one_in != 0) {
        n++;
    }
    return n;
}

size_t chunk_size(const struct chunk *c, uint64_t offset, size_t there)
{
    switch (c->kind) {
    case CHUNK_EACH:
        return c->value < there ? (size_t)c->value : there;
    case CHUNK_SPLIT:
        if (offset < c->value && c->value - offset < there) {
            return (size_t)(c->value - offset);
        }
        return there;
    case CHUNK_RANDOM:
        return random_size(c->value, offset, there);
    case CHUNK_WHOLE:
    default:
        return there;
    }
}

const char *chunk_name(const struct chunk *c)
{
    static char name[96];
    int n = 0;

    switch (c->kind) {
    case CHUNK_EACH:
        n = snprintf(name, sizeof name, "%llu octets at a time",
                     (unsigned long long)c->value);
        break;
    case CHUNK_SPLIT:
        n = snprintf(name, sizeof name, "split at %llu", (unsigned long long)c->value);
        break;
    case CHUNK_RANDOM:
        n = snprintf(name, sizeof name, "random cuts, seed %llu",
                     (unsigned long long)c->value);
        break;
    case CHUNK_WHOLE:
    default:
        n = snprintf(name, sizeof name, "whole");
        break;
    }
    if (n > 0 && (size_t)n < sizeof name) {
        (void)snprintf(name + n, sizeof name - (size_t)n, "%s%s",
                       c->in_place ? ", in place" : "", c->greedy ? ", greedy" : "");
    }
    return name;
}
