/* Lists of docs/differences.md: see documented.h. */
#include "documented.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, const char *detail)
{
    fprintf(stderr, "docs/differences.md: %s: %s\n", what, detail);
    abort();
}

static void add(struct documented *d, const char *kind, const char *id, size_t len)
{
    char *to;
    size_t i;
    if (d->count == DOCUMENTED_MAX || strlen(kind) + len + 2 > DOCUMENTED_ID) {
        stop("no room", id);
    }
    to = d->ids[d->count];
    to[0] = '\0';
    if (*kind != '\0') {
        strcat(strcpy(to, kind), ":");
    }
    strncat(to, id, len);
    for (i = 0; i < d->count; i++) {
        if (strcmp(d->ids[i], to) == 0) {
            stop("listed twice", to);
        }
    }
    d->count++;
}

/* The ids in the first cell of a row: `dates:1`, `2` (whose kind is that of the first). */
static void row(struct documented *d, const char *line, const char *wanted)
{
    const char *end = strstr(line + 2, " | ");
    const char *p = line;
    char kind[DOCUMENTED_ID] = "";
    if (end == NULL) {
        stop("a row without cells", line);
    }
    while ((p = strchr(p, '`')) != NULL && p < end) {
        const char *id = p + 1;
        const char *stop_at = strchr(id, '`');
        const char *colon;
        if (stop_at == NULL || stop_at > end) {
            stop("a ` without another", line);
        }
        colon = (const char *)memchr(id, ':', (size_t)(stop_at - id));
        if (colon != NULL) {
            kind[0] = '\0';
            strncat(kind, id, (size_t)(colon - id) % sizeof kind);
            id = colon + 1;
        }
        if (wanted == NULL || strcmp(wanted, kind) == 0) {
            add(d, kind, id, (size_t)(stop_at - id));
        }
        p = stop_at + 1;
    }
}

void documented_read(struct documented *d, const char *section, const char *kind)
{
    char line[4096];
    int inside = 0;
    int seen = 0;
    FILE *f = fopen(MAILPROTO_SOURCE_DIR "/docs/differences.md", "r");
    if (f == NULL) {
        stop("cannot be opened", MAILPROTO_SOURCE_DIR);
    }
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "## ", 3) == 0) {
            inside = strcmp(line + 3, section) == 0;
            seen |= inside;
        } else if (inside && strncmp(line, "| `", 3) == 0) {
            row(d, line, kind);
        }
    }
    fclose(f);
    if (!seen) {
        stop("no such section", section);
    }
}

int documented_find(struct documented *d, const char *id)
{
    size_t i;
    for (i = 0; i < d->count; i++) {
        if (strcmp(d->ids[i], id) == 0) {
            d->differs[i] = 1;
            return 1;
        }
    }
    return 0;
}

unsigned documented_unused(const struct documented *d)
{
    unsigned unused = 0;
    size_t i;
    for (i = 0; i < d->count; i++) {
        if (!d->differs[i]) {
            fprintf(stderr, "%s stands in docs/differences.md and does not differ\n",
                    d->ids[i]);
            unused++;
        }
    }
    return unused;
}
