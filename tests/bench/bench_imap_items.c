/*
 * The benchmark of ENVELOPE and BODYSTRUCTURE: this library and Dovecot's over the same
 * messages, in one process, taking turns, by process CPU time.
 *
 *   bench_imap_items [--scale N] [--repeats N]
 *   bench_imap_items --once NAME [--scale N]   one reader, one pass: for callgrind
 *
 * Each time the message is read from its first octet (by the library: an index is made),
 * and the item is written as FETCH gives it. NAME is "envelope" or "structure", "Dovecot
 * envelope" or "Dovecot structure". Exit code 1: the two did not write the same.
 */
#include "bench.h"
#include "bench_imap_items.h"

#include <mailproto/imap_fetch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS_MAX = 25, PARTS = 64, ROOM = 1 << 20 };

static char out[2][ROOM];

/* ---- the library ------------------------------------------------------------------- */

size_t imap_items_own(enum imap_item what, const char *message, size_t len, char *to,
                      size_t room)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    static mailproto_part parts[PARTS];
    mailproto_source source = {sizeof source, 0, NULL, message, len, NULL, NULL};
    mailproto_index ix;
    mailproto_imap_item item;
    mailproto_status st;
    size_t n = 0;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = PARTS;
    ix.parts = parts;
    if (mailproto_index_build(&ix, &source, NULL, work, sizeof work) != MAILPROTO_OK) {
        return 0;
    }
    st = what == IMAP_ENVELOPE
             ? mailproto_imap_envelope_open(&item, &source, &parts[0], NULL, 0)
             : mailproto_imap_structure_open(&item, &source, &ix, 0, NULL, 0);
    while (st == MAILPROTO_OK) {
        size_t got;
        st = mailproto_imap_item_read(&item, to + n, room - n, &got);
        n += st == MAILPROTO_OK ? got : 0;
    }
    return st == MAILPROTO_EOF ? n : 0;
}

/* ---- measuring ---------------------------------------------------------------------- */

/* Its own function, so that callgrind can count it alone. */
size_t bench_pass(imap_item_run *run, enum imap_item what, const struct corpus *c,
                  char *to);
__attribute__((noinline)) size_t bench_pass(imap_item_run *run, enum imap_item what,
                                            const struct corpus *c, char *to)
{
    size_t sum = 0;
    size_t i;
    for (i = 0; i < c->count; i++) {
        sum += run(what, c->items[i].at, c->items[i].len, to, ROOM);
    }
    return sum;
}

static double cpu_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static const char *const names[] = {"envelope", "structure"};

#ifdef BENCH_DOVECOT_IMAP
/* Both write the same of each message. */
static int compare(enum imap_item what, const struct corpus *c)
{
    size_t differ = 0;
    size_t i;
    for (i = 0; i < c->count; i++) {
        size_t n = imap_items_own(what, c->items[i].at, c->items[i].len, out[0], ROOM);
        size_t m =
            imap_items_dovecot(what, c->items[i].at, c->items[i].len, out[1], ROOM);
        if (n == 0 || n != m || memcmp(out[0], out[1], n) != 0) {
            differ++;
            if (differ <= 2) {
                (void)printf("%s differs\n%.*s\n%.*s\n", names[what], (int)n, out[0],
                             (int)m, out[1]);
            }
        }
    }
    if (differ > 0) {
        (void)printf("%s: %zu of %zu differ\n", names[what], differ, c->count);
    }
    return differ > 0;
}
#endif

static void measure(enum imap_item what, const struct corpus *c, unsigned repeats)
{
    static double seconds[2][REPEATS_MAX];
    unsigned peers = 1;
    unsigned r;
    unsigned i;
#ifdef BENCH_DOVECOT_IMAP
    peers = 2;
#endif
    for (r = 0; r < repeats; r++) {
        for (i = 0; i < peers; i++) {
            imap_item_run *run = imap_items_own;
            double start;
#ifdef BENCH_DOVECOT_IMAP
            run = i == 1 ? imap_items_dovecot : run;
#endif
            start = cpu_seconds();
            (void)bench_pass(run, what, c, out[i]);
            seconds[i][r] = cpu_seconds() - start;
        }
    }
    for (i = 0; i < peers; i++) {
        qsort(seconds[i], repeats, sizeof seconds[i][0], by_size);
        (void)printf(
            "%-10s %-8s %-8s %9.1f MB/s %10.0f a second   %5.2f of the library\n",
            names[what], c->name, i == 0 ? "library" : "Dovecot",
            (double)corpus_octets_of(c) / 1e6 / seconds[i][repeats / 2],
            (double)c->count / seconds[i][repeats / 2],
            seconds[0][repeats / 2] / seconds[i][repeats / 2]);
    }
}

static int once(const char *name, unsigned scale)
{
    struct corpus c;
    imap_item_run *run = imap_items_own;
    enum imap_item what;
    memset(&c, 0, sizeof c);
    if (strncmp(name, "Dovecot ", 8) == 0) {
        name += 8;
#ifdef BENCH_DOVECOT_IMAP
        run = imap_items_dovecot;
#else
        return 2;
#endif
    }
    what = strcmp(name, names[0]) == 0 ? IMAP_ENVELOPE : IMAP_BODYSTRUCTURE;
    if (what == IMAP_ENVELOPE) {
        corpus_headers(&c, scale);
    } else {
        corpus_typical(&c, scale);
    }
    (void)bench_pass(run, what, &c, out[0]);
    (void)printf("octets %zu items %zu\n", corpus_octets_of(&c), c.count);
    corpus_free(&c);
    return 0;
}

int main(int argc, char **argv)
{
    struct corpus headers;
    struct corpus typical;
    const char *name = NULL;
    unsigned scale = 100;
    unsigned repeats = 7;
    int code = 0;
    int i;
    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--scale") == 0) {
            scale = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--repeats") == 0) {
            repeats = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--once") == 0) {
            name = argv[i + 1];
        } else {
            break;
        }
    }
    if (i < argc || scale == 0 || repeats == 0 || repeats > REPEATS_MAX) {
        (void)fprintf(stderr, "usage: bench_imap_items [--scale N] [--repeats N] "
                              "[--once NAME]\n");
        return 2;
    }
#ifdef BENCH_DOVECOT_IMAP
    imap_items_dovecot_begin();
#endif
    if (name != NULL) {
        return once(name, scale);
    }
    memset(&headers, 0, sizeof headers);
    memset(&typical, 0, sizeof typical);
    corpus_headers(&headers, scale);
    corpus_typical(&typical, scale);
#ifdef BENCH_DOVECOT_IMAP
    code = compare(IMAP_ENVELOPE, &headers) | compare(IMAP_BODYSTRUCTURE, &typical);
#endif
    measure(IMAP_ENVELOPE, &headers, repeats);
    measure(IMAP_BODYSTRUCTURE, &typical, repeats);
    corpus_free(&headers);
    corpus_free(&typical);
    return code;
}
