/*
 * The benchmark of IMAP's commands: this library and Dovecot's imap-parser over the same
 * commands, in one process, taking turns, by process CPU time.
 *
 *   bench_imap [--commands N] [--repeats N]
 *   bench_imap --once NAME [--commands N] [--sync 1]   one reader, one pass: for callgrind
 *
 * Two mixes of commands: "mixed" and "syncing", see bench_imap.h.
 *
 * Readers: "parse": commands are framed and read, all of the grammar checked; "typed": the
 * same, and everything in the command is taken out of it: each number of a set, each item,
 * key, flag and name; "Dovecot". Exit code 1: a reader did not understand a command, or
 * they found different things.
 */
#include "bench_imap.h"

#include <mailproto/imap.h>
#include <mailproto/imap_search.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS_MAX = 25, NODES = 128, READERS_MAX = 4 };

/* ---- the library ------------------------------------------------------------------------- */

/* What a line announces before its CRLF: `{58+}`. 0: nothing. */
static size_t announced(const char *line, const char *crlf)
{
    const char *at = crlf - 1;
    size_t size = 0;
    if (at <= line || *at != '}') {
        return 0;
    }
    while (at > line && *at != '{') {
        at--;
    }
    for (at++; *at >= '0' && *at <= '9'; at++) {
        size = size * 10 + (size_t)(*at - '0');
    }
    return size;
}

static mailproto_bytes unit_at(const struct imap_corpus *c, size_t at,
                               struct imap_found *f)
{
    mailproto_bytes unit;
    const char *end = c->bytes + c->used;
    const char *line = c->bytes + at;
    unit.ptr = line;
    for (;;) {
        const char *lf = (const char *)memchr(line, '\n', (size_t)(end - line));
        size_t literal = announced(line, lf - 1);
        if (literal == 0) {
            unit.len = (size_t)(lf + 1 - unit.ptr);
            return unit;
        }
        f->literals += literal;
        line = lf + 1 + literal;
    }
}

static uint64_t set_of(mailproto_imap_cursor set)
{
    mailproto_imap_range r;
    uint64_t sum = 0;
    while (mailproto_imap_set_next(&set, &r) == MAILPROTO_OK) {
        sum += r.low ^ r.high;
    }
    return sum;
}

static uint64_t string_of(const mailproto_imap_string *s)
{
    char buf[1024];
    mailproto_bytes out;
    if (mailproto_imap_string_get(s, buf, sizeof buf, &out) != MAILPROTO_OK) {
        return 0;
    }
    return out.len;
}

static uint64_t name_of(const mailproto_imap_string *s)
{
    char buf[1024];
    mailproto_bytes out;
    uint32_t raw;
    if (mailproto_imap_name_get(s, buf, sizeof buf, &out, &raw) != MAILPROTO_OK) {
        return 0;
    }
    return out.len;
}

static uint64_t strings_of(mailproto_imap_cursor list)
{
    mailproto_imap_string s;
    uint64_t sum = 0;
    while (mailproto_imap_string_next(&list, &s) == MAILPROTO_OK) {
        sum += string_of(&s);
    }
    return sum;
}

static uint64_t items_of(mailproto_imap_cursor items)
{
    mailproto_imap_fetch_item item;
    uint64_t sum = 0;
    while (mailproto_imap_fetch_next(&items, &item) == MAILPROTO_OK) {
        sum += item.kind + item.section + strings_of(item.fields);
    }
    return sum;
}

static uint64_t keys_of(mailproto_imap_cursor keys)
{
    static mailproto_imap_search_node nodes[NODES];
    size_t count = 0;
    size_t i;
    uint64_t sum = 0;
    (void)mailproto_imap_search_compile(&keys, nodes, NODES, &count);
    for (i = 0; i < count; i++) {
        sum += nodes[i].key + nodes[i].number;
        if (nodes[i].key == MAILPROTO_IMAP_KEY_UID) {
            sum += set_of(nodes[i].set);
        } else if (nodes[i].text.raw.len > 0) {
            sum += string_of(&nodes[i].text);
        }
    }
    return sum;
}

static uint64_t messages_of(mailproto_imap_cursor items)
{
    mailproto_imap_append m;
    uint64_t sum = 0;
    while (mailproto_imap_append_next(&items, &m) == MAILPROTO_OK) {
        sum += strings_of(m.flags) + m.message.raw.len + (uint64_t)m.date.utc;
    }
    return sum;
}

static uint64_t values_of(const mailproto_imap_command *c)
{
    uint64_t sum = c->command + c->flags + c->status_items + set_of(c->set);
    sum += string_of(&c->name) + string_of(&c->text) + name_of(&c->mailbox);
    switch (c->command) {
    case MAILPROTO_IMAP_FETCH:
        return sum + items_of(c->items);
    case MAILPROTO_IMAP_SEARCH:
        return sum + keys_of(c->items);
    case MAILPROTO_IMAP_APPEND:
        return sum + messages_of(c->items);
    default:
        return sum + strings_of(c->items) + set_of(c->known);
    }
}

static void read_all(const struct imap_corpus *c, struct imap_found *f, int typed)
{
    mailproto_imap_command command;
    size_t at = 0;
    command.struct_size = sizeof command;
    while (at < c->used) {
        mailproto_bytes unit = unit_at(c, at, f);
        if (mailproto_imap_command_parse(unit, 0, &command, NULL) != MAILPROTO_OK) {
            (void)printf("refused: %.*s", (int)unit.len, unit.ptr);
            return;
        }
        f->commands++;
        f->tags += command.tag.len;
        f->values += typed ? values_of(&command) : command.command;
        at += unit.len;
    }
}

static void parse(const struct imap_corpus *c, struct imap_found *f)
{
    read_all(c, f, 0);
}

static void typed(const struct imap_corpus *c, struct imap_found *f)
{
    read_all(c, f, 1);
}

/* The limit: one memchr() a line. */
static void lines(const struct imap_corpus *c, struct imap_found *f)
{
    const char *at = c->bytes;
    const char *end = at + c->used;
    while (at < end) {
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        f->values++;
    }
}

/* ---- measuring --------------------------------------------------------------------------- */

static const struct reader {
    const char *name;
    imap_run *run;
    void (*begin)(void);
} readers[] = {{"typed", typed, NULL},
               {"parse", parse, NULL},
#ifdef BENCH_DOVECOT_IMAP
               {"Dovecot", imap_dovecot, imap_dovecot_begin},
#endif
               {"memchr", lines, NULL}};

enum { READERS = sizeof readers / sizeof *readers };

/* Its own function, so that callgrind can count it alone. */
void bench_pass(imap_run *run, const struct imap_corpus *c, struct imap_found *f);
__attribute__((noinline)) void bench_pass(imap_run *run, const struct imap_corpus *c,
                                          struct imap_found *f)
{
    memset(f, 0, sizeof *f);
    run(c, f);
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

static int measure(const struct imap_corpus *c, unsigned repeats)
{
    static double seconds[READERS_MAX][REPEATS_MAX];
    struct imap_found found[READERS_MAX];
    double own = 0;
    int bad = 0;
    unsigned r;
    size_t i;
    for (r = 0; r < repeats; r++) {
        for (i = 0; i < READERS; i++) {
            double start = cpu_seconds();
            bench_pass(readers[i].run, c, &found[i]);
            seconds[i][r] = cpu_seconds() - start;
        }
    }
    for (i = 0; i < READERS; i++) {
        double median;
        qsort(seconds[i], repeats, sizeof seconds[i][0], by_size);
        median = seconds[i][repeats / 2];
        own = i == 0 ? median : own;
        (void)printf("%-8s %9.1f MB/s %12.0f commands/s   %5.2f of %s\n",
                     readers[i].name, (double)c->used / 1e6 / median,
                     (double)c->commands / median, own / median, readers[0].name);
        if (readers[i].run != lines &&
            (found[i].commands != c->commands || found[i].tags != found[0].tags ||
             found[i].literals != found[0].literals)) {
            (void)printf(
                "         differs: %llu commands, %llu octets of tags, %llu of "
                "literals\n",
                (unsigned long long)found[i].commands,
                (unsigned long long)found[i].tags,
                (unsigned long long)found[i].literals);
            bad = 1;
        }
    }
    return bad;
}

static int once(const struct imap_corpus *c, const char *name)
{
    size_t i;
    for (i = 0; i < READERS; i++) {
        if (strcmp(readers[i].name, name) == 0) {
            struct imap_found f;
            bench_pass(readers[i].run, c, &f);
            (void)printf("octets %zu items %zu\n", c->used, c->commands);
            return 0;
        }
    }
    (void)printf("%s: not built\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    struct imap_corpus c;
    const char *name = NULL;
    size_t commands = 200000;
    unsigned repeats = 9;
    int sync = 0;
    int i;
    int code;
    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--commands") == 0) {
            commands = strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--repeats") == 0) {
            repeats = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--once") == 0) {
            name = argv[i + 1];
        } else if (strcmp(argv[i], "--sync") == 0) {
            sync = strcmp(argv[i + 1], "0") != 0;
        } else {
            break;
        }
    }
    if (i < argc || commands == 0 || repeats == 0 || repeats > REPEATS_MAX) {
        (void)fprintf(stderr, "usage: bench_imap [--commands N] [--repeats N] "
                              "[--once NAME [--sync 1]]\n");
        return 2;
    }
    for (i = 0; i < (int)READERS; i++) {
        if (readers[i].begin != NULL) {
            readers[i].begin();
        }
    }
    if (name != NULL) {
        imap_corpus_make(&c, commands, sync);
        code = once(&c, name);
        imap_corpus_free(&c);
        return code;
    }
    code = 0;
    for (sync = 0; sync < 2; sync++) {
        imap_corpus_make(&c, commands, sync);
        (void)printf("%s: %zu commands, %.1f MB, %.0f octets each\n",
                     sync ? "syncing" : "mixed", c.commands, (double)c.used / 1e6,
                     (double)c.used / (double)c.commands);
        code |= measure(&c, repeats);
        imap_corpus_free(&c);
    }
    return code;
}
