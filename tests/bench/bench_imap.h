/*
 * What the files of the benchmark of IMAP's commands share: commands in memory, and what a
 * reader found in them, so that only equal work is compared.
 */
#ifndef BENCH_IMAP_H
#define BENCH_IMAP_H

#include <stddef.h>
#include <stdint.h>

struct imap_corpus {
    char *bytes; /* one command after the other, literals included */
    size_t used, room, commands;
};

/* The same on every machine: what clients send. `sync` 0: of all kinds, many of them short,
 * as somebody reads his mail; 1: long sets and long lists of fields, as a client has it that
 * fetches what is new. */
void imap_corpus_make(struct imap_corpus *c, size_t commands, int sync);
void imap_corpus_free(struct imap_corpus *c);

struct imap_found {
    uint64_t commands, tags; /* and octets of their tags */
    uint64_t literals;       /* octets of literals */
    uint64_t values;         /* of what was read: keeps the compiler from skipping it */
};

typedef void imap_run(const struct imap_corpus *c, struct imap_found *f);

#ifdef BENCH_DOVECOT_IMAP
void imap_dovecot_begin(void);
imap_run imap_dovecot;
#endif

#endif /* BENCH_IMAP_H */
