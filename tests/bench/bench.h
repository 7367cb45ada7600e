/*
 * What the message benchmark's files share: a corpus in memory, the work that is timed,
 * and what each peer says it found, so that only equal work is compared.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

/* ---- corpora (corpus.c) --------------------------------------------------------------- */

struct item {
    const char *at; /* a NUL stands behind it */
    size_t len;
};

struct corpus {
    const char *name;
    char *bytes;
    struct item *items;
    size_t count, bytes_used, bytes_room, items_room;
};

/* All of them are the same on every machine; `scale` 100 is the normal size. */
void corpus_typical(struct corpus *c, unsigned scale);
void corpus_attachments(struct corpus *c, unsigned scale);
void corpus_headers(struct corpus *c, unsigned scale);
void corpus_words(struct corpus *c, unsigned scale);
void corpus_base64(struct corpus *c, unsigned scale);
void corpus_octets(struct corpus *c, unsigned scale);
void corpus_qp(struct corpus *c, unsigned scale, int heavy);
void corpus_text(struct corpus *c, unsigned scale);
/* The .eml files below a folder, in order; none: `count` stays 0. */
void corpus_folder(struct corpus *c, const char *folder);
/* The header blocks of another corpus's messages, blank line included. */
void corpus_header_blocks(struct corpus *c, const struct corpus *from);
void corpus_free(struct corpus *c);
size_t corpus_octets_of(const struct corpus *c);

/* ---- work ------------------------------------------------------------------------------ */

enum work {
    WORK_HEADER,    /* every field split, addresses of From, To, Cc, the Date */
    WORK_STRUCTURE, /* the tree of parts, bodies as they are */
    WORK_FULL,      /* ... and every leaf decoded */
    WORK_BASE64_DECODE,
    WORK_BASE64_ENCODE, /* lines of 76 */
    WORK_QP_DECODE,
    WORK_QP_ENCODE,
    WORK_WORDS, /* RFC 2047 to UTF-8 */
    WORK_COUNT
};

/* What was found. `hash` is of the decoded octets; made only while `hashing`, which no
 * timed pass does. */
struct found {
    uint64_t fields, addresses, dates;
    uint64_t leaves, octets, hash;
    int hashing;
};

static inline void found_octets(struct found *f, const void *data, size_t n)
{
    f->octets += n;
    if (f->hashing) {
        const unsigned char *at = (const unsigned char *)data;
        size_t i;
        for (i = 0; i < n; i++) {
            f->hash = (f->hash ^ at[i]) * UINT64_C(0x100000001b3);
        }
    }
}

typedef void work_run(const struct item *item, struct found *f);

struct peer {
    const char *name;
    const char *version;
    work_run *run[WORK_COUNT]; /* NULL: it has no such call */
    void (*begin)(void);
};

extern const struct peer peer_portable; /* the library, portable code */
extern const struct peer peer_vector;   /* with mailproto_cpu() */
extern const struct peer peer_pieces;   /* portable, fed 4 KB at a time */
extern const struct peer peer_lines; /* memchr from line end to line end: the limit */
#ifdef BENCH_GMIME
const struct peer *peer_gmime(void);
#endif
#ifdef BENCH_DOVECOT
const struct peer *peer_dovecot(void);
#endif
#ifdef BENCH_ETPAN
const struct peer *peer_etpan(void);
#endif

#endif /* BENCH_H */
