/*
 * The message benchmark: this library and its peers at the same work, in one process,
 * taking turns, by process CPU time. Knows timing and tables; must not know mail.
 *
 *   bench_message [--scale N] [--repeats N] [--only TEXT]
 *   bench_message --once NAME TEXT     one peer, one test, one pass: for callgrind
 *
 * Exit code 1: the library's own ways do not agree with each other. That a peer finds
 * something else is told, and is no error.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PEERS_MAX = 8, REPEATS_MAX = 25 };

struct test {
    const char *name;
    enum work work;
    struct corpus *corpus;
};

static const struct peer *peers[PEERS_MAX];
static size_t peer_count;

static struct options {
    unsigned scale, repeats;
    const char *only, *once;
} options = {100, 5, "", NULL};

/* ---- the limit ------------------------------------------------------------------------- */

static void lines(const struct item *item, struct found *f)
{
    const char *at = item->at;
    const char *end = at + item->len;
    while (at < end) {
        const char *lf = (const char *)memchr(at, '\n', (size_t)(end - at));
        f->fields++;
        at = lf != NULL ? lf + 1 : end;
    }
}

const struct peer peer_lines = {
    "memchr", "", {lines, lines, lines, lines, NULL, lines, NULL, lines}, NULL};

/* ---- one pass ---------------------------------------------------------------------------- */

/* Its own function, so that callgrind can count it alone. */
void bench_pass(work_run *run, const struct corpus *c, struct found *f);
__attribute__((noinline)) void bench_pass(work_run *run, const struct corpus *c,
                                          struct found *f)
{
    size_t i;
    for (i = 0; i < c->count; i++) {
        run(&c->items[i], f);
    }
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

/* ---- one test ----------------------------------------------------------------------------- */

/* Codecs say nothing but octets; a header's say nothing of octets. */
static int agree(const struct found *a, const struct found *b)
{
    return a->fields == b->fields && a->addresses == b->addresses &&
           a->dates == b->dates && a->leaves == b->leaves && a->octets == b->octets &&
           a->hash == b->hash;
}

static void tell(const char *name, const struct found *f)
{
    (void)printf("         differs: %-12s fields %llu addresses %llu dates %llu "
                 "leaves %llu octets %llu hash %016llx\n",
                 name, (unsigned long long)f->fields, (unsigned long long)f->addresses,
                 (unsigned long long)f->dates, (unsigned long long)f->leaves,
                 (unsigned long long)f->octets, (unsigned long long)f->hash);
}

/* Untimed, with hashes. 1: the library does not agree with itself. */
static int check(const struct test *t)
{
    struct found first;
    size_t i;
    int bad = 0;
    int differs = 0;
    memset(&first, 0, sizeof first);
    for (i = 0; i < peer_count; i++) {
        struct found f;
        work_run *run = peers[i]->run[t->work];
        if (run == NULL || peers[i] == &peer_lines) {
            continue;
        }
        memset(&f, 0, sizeof f);
        f.hashing = 1;
        bench_pass(run, t->corpus, &f);
        if (i == 0) {
            first = f;
        } else if (!agree(&first, &f)) {
            if (!differs) {
                tell(peers[0]->name, &first);
            }
            tell(peers[i]->name, &f);
            bad |= peers[i] == &peer_vector || peers[i] == &peer_pieces;
            differs = 1;
        }
    }
    if (!differs) {
        (void)printf("         all agree: %llu %llu %llu %llu %llu %016llx\n",
                     (unsigned long long)first.fields,
                     (unsigned long long)first.addresses,
                     (unsigned long long)first.dates, (unsigned long long)first.leaves,
                     (unsigned long long)first.octets, (unsigned long long)first.hash);
    }
    return bad;
}

static int measure(const struct test *t)
{
    static double seconds[PEERS_MAX][REPEATS_MAX];
    double mb = (double)corpus_octets_of(t->corpus) / 1e6;
    double own = 0;
    size_t i;
    unsigned r;
    int bad;
    for (r = 0; r < options.repeats; r++) {
        for (i = 0; i < peer_count; i++) {
            /* Each in turn begins: who follows another one finds its caches cold. */
            size_t p = (i + r) % peer_count;
            struct found f;
            double start = cpu_seconds();
            if (peers[p]->run[t->work] == NULL) {
                continue;
            }
            memset(&f, 0, sizeof f);
            bench_pass(peers[p]->run[t->work], t->corpus, &f);
            seconds[p][r] = cpu_seconds() - start;
        }
    }
    (void)printf("%s: %zu items, %.1f MB (%s)\n", t->name, t->corpus->count, mb,
                 t->corpus->name);
    for (i = 0; i < peer_count; i++) {
        double median;
        if (peers[i]->run[t->work] == NULL) {
            continue;
        }
        qsort(seconds[i], options.repeats, sizeof seconds[i][0], by_size);
        median = seconds[i][options.repeats / 2];
        own = i == 0 ? median : own;
        (void)printf("         %-12s %9.1f MB/s %12.0f items/s   %5.2f of %s\n",
                     peers[i]->name, mb / median, (double)t->corpus->count / median,
                     own / median, peers[0]->name);
    }
    bad = check(t);
    (void)fflush(stdout);
    return bad;
}

/* One pass of one peer, for callgrind: what was read, for the division. */
static int once(const struct test *t)
{
    size_t i;
    for (i = 0; i < peer_count; i++) {
        if (strcmp(peers[i]->name, options.once) == 0 &&
            peers[i]->run[t->work] != NULL) {
            struct found f;
            memset(&f, 0, sizeof f);
            bench_pass(peers[i]->run[t->work], t->corpus, &f);
            (void)printf("octets %zu items %zu\n", corpus_octets_of(t->corpus),
                         t->corpus->count);
        }
    }
    return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void add(const struct peer *p)
{
    if (p->begin != NULL) {
        p->begin();
    }
    peers[peer_count] = p;
    peer_count++;
}

static void add_peers(void)
{
    add(&peer_portable);
    add(&peer_vector);
    add(&peer_pieces);
    add(&peer_lines);
#ifdef BENCH_GMIME
    add(peer_gmime());
#else
    (void)printf("GMime: left out (libgmime-3.0-dev was not found)\n");
#endif
#ifdef BENCH_DOVECOT
    add(peer_dovecot());
#else
    (void)printf("Dovecot: left out (dovecot-dev was not found)\n");
#endif
#ifdef BENCH_ETPAN
    add(peer_etpan());
#else
    (void)printf("libetpan: left out (libetpan-dev was not found)\n");
#endif
}

static int run_test(const char *name, enum work work, struct corpus *c)
{
    struct test t;
    if (strstr(name, options.only) == NULL) {
        return 0;
    }
    t.name = name;
    t.work = work;
    t.corpus = c;
    return options.once != NULL ? once(&t) : measure(&t);
}

/* Whether any test whose name begins so is wanted: corpora cost time under callgrind. */
static int wanted(const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strstr(*names, options.only) != NULL) {
            return 1;
        }
    }
    return 0;
}

static int run_messages(void)
{
    static const char *const header[] = {"header", NULL};
    static const char *const typical[] = {"structure, typical", "full, typical", NULL};
    static const char *const attached[] = {"structure, attachments",
                                           "full, attachments", NULL};
    static const char *const real[] = {"header, real", "structure, real", "full, real",
                                       NULL};
    const char *folder = getenv("MAILPROTO_DATA");
    struct corpus c;
    int bad = 0;
    if (wanted(header)) {
        corpus_headers(&c, options.scale);
        bad |= run_test(header[0], WORK_HEADER, &c);
        corpus_free(&c);
    }
    if (wanted(typical)) {
        corpus_typical(&c, options.scale);
        bad |= run_test(typical[0], WORK_STRUCTURE, &c);
        bad |= run_test(typical[1], WORK_FULL, &c);
        corpus_free(&c);
    }
    if (wanted(attached)) {
        corpus_attachments(&c, options.scale);
        bad |= run_test(attached[0], WORK_STRUCTURE, &c);
        bad |= run_test(attached[1], WORK_FULL, &c);
        corpus_free(&c);
    }
    if (wanted(real) && folder != NULL) {
        struct corpus heads;
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/corpus/messages", folder);
        corpus_folder(&c, path);
        corpus_header_blocks(&heads, &c);
        if (c.count > 0) {
            bad |= run_test(real[0], WORK_HEADER, &heads);
            bad |= run_test(real[1], WORK_STRUCTURE, &c);
            bad |= run_test(real[2], WORK_FULL, &c);
        }
        corpus_free(&heads);
        corpus_free(&c);
    } else if (wanted(real)) {
        (void)printf("real messages: left out (MAILPROTO_DATA is not set)\n");
    }
    return bad;
}

static int run_codecs(void)
{
    static const char *const names[] = {"base64 decode",
                                        "base64 encode",
                                        "qp decode, light",
                                        "qp decode, heavy",
                                        "qp encode",
                                        "words",
                                        NULL};
    const char *const *n = names;
    struct corpus c;
    int bad = 0;
    if (!wanted(names)) {
        return 0;
    }
    corpus_base64(&c, options.scale);
    bad |= run_test(n[0], WORK_BASE64_DECODE, &c);
    corpus_free(&c);
    corpus_octets(&c, options.scale);
    bad |= run_test(n[1], WORK_BASE64_ENCODE, &c);
    corpus_free(&c);
    corpus_qp(&c, options.scale, 0);
    bad |= run_test(n[2], WORK_QP_DECODE, &c);
    corpus_free(&c);
    corpus_qp(&c, options.scale, 1);
    bad |= run_test(n[3], WORK_QP_DECODE, &c);
    corpus_free(&c);
    corpus_text(&c, options.scale);
    bad |= run_test(n[4], WORK_QP_ENCODE, &c);
    corpus_free(&c);
    corpus_words(&c, options.scale);
    bad |= run_test(n[5], WORK_WORDS, &c);
    corpus_free(&c);
    return bad;
}

static unsigned number(const char *s)
{
    unsigned long n = strtoul(s, NULL, 10);
    return n == 0 || n > 10000 ? 1 : (unsigned)n;
}

int main(int argc, char **argv)
{
    int i;
    int bad = 0;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--scale") == 0 && i + 1 < argc) {
            options.scale = number(argv[++i]);
        } else if (strcmp(argv[i], "--repeats") == 0 && i + 1 < argc) {
            options.repeats = number(argv[++i]);
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            options.only = argv[++i];
        } else if (strcmp(argv[i], "--once") == 0 && i + 2 < argc) {
            options.once = argv[++i];
            options.only = argv[++i];
        } else {
            (void)fprintf(stderr, "bench_message [--scale N] [--repeats N] "
                                  "[--only TEXT] [--once PEER TEXT]\n");
            return 2;
        }
    }
    if (options.repeats > REPEATS_MAX) {
        options.repeats = REPEATS_MAX;
    }
    add_peers();
    bad |= run_messages();
    bad |= run_codecs();
    return bad;
}
