/*
 * Plays one transcript in every way it must give the same result.
 */
#include "play_all.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct all {
    const struct transcript *t;
    const struct actor *actor;
    enum side side;
    struct text base; /* the log of the first run */
    size_t length;    /* octets that can be cut */
    unsigned long *runs;
    struct text *log; /* NULL, or for the log of a run that failed */
    struct text *why;
};

/* Where two logs part: the first line that differs. */
static void show_difference(struct all *a, const struct chunk *c, const char *one,
                            const char *other)
{
    size_t same = 0;
    size_t start = 0;

    while (one[same] != '\0' && one[same] == other[same]) {
        same++;
        start = one[same - 1] == '\n' ? same : start;
    }
    text_print(a->why,
               "%s:%d: (%s, %s) another result than in the first run:\n  %.*s\n"
               "  instead of\n  %.*s",
               a->t->file, a->t->number, side_name(a->side), chunk_name(c),
               (int)strcspn(other + start, "\n"), other + start,
               (int)strcspn(one + start, "\n"), one + start);
}

static int one_run(struct all *a, struct chunk c)
{
    struct play p;
    int good = play_run(&p, a->t, a->actor, a->side, c);

    (*a->runs)++;
    if (!good) {
        text_add(a->why, p.why.data, p.why.len);
        if (a->log != NULL) {
            text_add(a->log, p.log.data, p.log.len);
        }
    } else if (a->base.data == NULL) {
        text_add(&a->base, text_string(&p.log), p.log.len);
        a->length = p.in.len > p.out.len ? p.in.len : p.out.len;
    } else if (strcmp(text_string(&a->base), text_string(&p.log)) != 0) {
        show_difference(a, &c, text_string(&a->base), text_string(&p.log));
        good = 0;
    }
    play_free(&p);
    return good;
}

/* `way`: bit 0 in place, bit 1 greedy. */
static struct chunk plan(enum chunk_kind kind, uint64_t value, int way)
{
    struct chunk c;

    c.kind = kind;
    c.value = value;
    c.in_place = way & 1;
    c.greedy = way >> 1;
    return c;
}

/* Every cut up to this many; longer conversations are cut at so many places. */
enum { CUTS_MAX = 1500 };

static int one_side(struct all *a)
{
    static const uint64_t sizes[] = {1, 2, 3, 5, 7, 13, 64, 509};
    const char *cuts = transcript_head(a->t, a->side, "cuts");
    size_t most = cuts != NULL ? (size_t)strtoul(cuts, NULL, 10) : CUTS_MAX;
    size_t at;
    size_t i;
    const char *order = transcript_head(a->t, a->side, "order");
    int way = order != NULL && strcmp(order, "greedy") == 0 ? 2 : 0;

    a->base.data = NULL;
    a->base.len = a->base.cap = 0;
    for (; way < 4; way++) {
        if (!one_run(a, plan(CHUNK_WHOLE, 0, way))) {
            return 0;
        }
        for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            if (!one_run(a, plan(CHUNK_EACH, sizes[i], way))) {
                return 0;
            }
        }
        for (i = 1; i < a->length && i <= most; i++) {
            at = a->length <= most ? i : (size_t)(chunk_hash(i, a->length) % a->length);
            if (!one_run(a, plan(CHUNK_SPLIT, at, way))) {
                return 0;
            }
        }
        for (i = 0; i < 10; i++) {
            if (!one_run(a, plan(CHUNK_RANDOM, i, way))) {
                return 0;
            }
        }
    }
    return 1;
}

static int one_pair(struct all *a, struct chunk c, struct text *logs)
{
    struct play client;
    struct play server;
    int good = play_pair(&client, &server, a->t, a->actor, c);
    struct text both = {NULL, 0, 0};

    (*a->runs)++;
    if (!good) {
        struct play *p = client.why.len != 0 ? &client : &server;
        text_print(a->why, "%s", text_string(&p->why));
        text_print(a->why, " [%s]", chunk_name(&c));
        if (p == &client && server.why.len != 0) {
            text_print(a->why, "\n%s", text_string(&server.why));
        }
    } else {
        text_print(&both, "%sserver\n", text_string(&client.log));
        text_print(&both, "%s", text_string(&server.log));
        if (logs->len == 0) {
            text_add(logs, text_string(&both), both.len);
        } else if (strcmp(text_string(logs), text_string(&both)) != 0) {
            show_difference(a, &c, text_string(logs), text_string(&both));
            good = 0;
        }
    }
    text_free(&both);
    play_free(&client);
    play_free(&server);
    return good;
}

static int all_pairs(struct all *a)
{
    struct text logs = {NULL, 0, 0};
    uint64_t size;
    int good = 1;
    int place;

    for (place = 0; good && place < 2; place++) {
        good = one_pair(a, plan(CHUNK_WHOLE, 0, place), &logs);
        for (size = 1; good && size <= 80; size++) {
            good = one_pair(a, plan(CHUNK_EACH, size, place), &logs);
        }
        for (size = 0; good && size < 10; size++) {
            good = one_pair(a, plan(CHUNK_RANDOM, size, place), &logs);
        }
    }
    text_free(&logs);
    return good;
}

int play_all(const struct transcript *t, const struct actor *actor, unsigned long *runs,
             struct text *log, struct text *why)
{
    const char *pair = transcript_head(t, SIDE_CLIENT, "pair");
    struct all a;
    int good = 1;
    int side;

    memset(&a, 0, sizeof a);
    a.t = t;
    a.actor = actor;
    a.runs = runs;
    a.log = log;
    a.why = why;
    for (side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
        if ((t->roles & 1 << side) != 0) {
            a.side = (enum side)side;
            good = one_side(&a) && good;
            if (log != NULL && good) {
                text_print(log, "%s", text_string(&a.base));
            }
            text_free(&a.base);
        }
        if (!good) {
            return 0;
        }
    }
    return pair == NULL || strcmp(pair, "yes") != 0 || all_pairs(&a);
}

/* ---- files ---------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static char **names_of(const char *path, size_t *count)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char **names = NULL;

    *count = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        char **more;
        if (len < 5 || strcmp(entry->d_name + len - 4, ".txt") != 0) {
            continue;
        }
        more = realloc(names, (*count + 1) * sizeof *more);
        if (more == NULL) {
            break;
        }
        names = more;
        names[*count] = test_alloc(len + 1);
        memcpy(names[(*count)++], entry->d_name, len);
    }
    if (folder != NULL) {
        closedir(folder);
        qsort(names, *count, sizeof *names, compare_names);
    }
    return names;
}

struct transcript_file *transcripts_of(const char *folder, struct text *why)
{
    const char *source = getenv("MAILPROTO_SOURCE");
    struct text path = {NULL, 0, 0};
    struct transcript_file *files;
    char **names;
    size_t count;
    size_t i;
    int good = 1;

#ifdef MAILPROTO_SOURCE_DIR
    source = source != NULL ? source : MAILPROTO_SOURCE_DIR;
#endif
    text_print(&path, "%s/tests/transcripts/%s", source != NULL ? source : ".", folder);
    names = names_of(text_string(&path), &count);
    files = test_alloc((count + 1) * sizeof *files);
    if (count == 0) {
        text_print(why, "%s: no transcripts", text_string(&path));
        good = 0;
    }
    for (i = 0; i < count; i++) {
        struct text full = {NULL, 0, 0};
        text_print(&full, "%s/%s", text_string(&path), names[i]);
        good = good && transcript_read(&files[i], text_string(&full), names[i], why);
        text_free(&full);
        free(names[i]);
    }
    free(names);
    text_free(&path);
    if (!good) {
        transcripts_free(files);
        return NULL;
    }
    return files;
}

void transcripts_free(struct transcript_file *files)
{
    struct transcript_file *f;

    for (f = files; f->path != NULL; f++) {
        transcript_free(f);
    }
    free(files);
}
