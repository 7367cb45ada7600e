/*
 * Reads transcripts. Knows no protocol.
 */
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct transcript_file *file;
    struct transcript *now;         /* the transcript that is being read */
    struct transcript_head *common; /* what stands before the first one */
    size_t common_count;
    int in_head;
    int number;
    unsigned counter; /* of REPEAT */
    struct text *why;
};

const char *side_name(enum side side)
{
    return side == SIDE_CLIENT ? "client" : "server";
}

static char *copy(const char *from, size_t len)
{
    char *to = test_alloc(len + 1);
    memcpy(to, from, len);
    return to;
}

static void *grow(void *items, size_t count, size_t size)
{
    void *bigger = realloc(items, (count + 1) * size);
    if (bigger == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    memset((char *)bigger + count * size, 0, size);
    return bigger;
}

static void free_heads(struct transcript_head *heads, size_t count)
{
    while (count != 0) {
        count--;
        free(heads[count].key);
        free(heads[count].value);
    }
    free(heads);
}

const char *transcript_head(const struct transcript *t, enum side side, const char *key)
{
    const char *own = NULL;
    const char *both = NULL;
    const char *prefix = side_name(side);
    size_t i;

    for (i = 0; i < t->head_count; i++) {
        const char *name = t->heads[i].key;
        if (strcmp(name, key) == 0) {
            both = t->heads[i].value;
        } else if (strncmp(name, prefix, 6) == 0 && name[6] == '.' &&
                   strcmp(name + 7, key) == 0) {
            own = t->heads[i].value;
        }
    }
    return own != NULL ? own : both;
}

/* ---- head --------------------------------------------------------------------------- */

static void add_head(struct transcript_head **heads, size_t *count, const char *key,
                     size_t key_len, const char *value, int number)
{
    *heads = grow(*heads, *count, sizeof **heads);
    (*heads)[*count].key = copy(key, key_len);
    (*heads)[*count].value = copy(value, strlen(value));
    (*heads)[*count].number = number;
    (*count)++;
}

static int head_line(struct reader *r, const char *line)
{
    const char *colon = strchr(line, ':');
    const char *value;

    if (colon == NULL || colon == line) {
        text_print(r->why, "no `key: value`");
        return 0;
    }
    value = colon + 1 + strspn(colon + 1, " ");
    if (r->now != NULL) {
        add_head(&r->now->heads, &r->now->head_count, line, (size_t)(colon - line),
                 value, r->number);
    } else {
        add_head(&r->common, &r->common_count, line, (size_t)(colon - line), value,
                 r->number);
    }
    return 1;
}

static int head_end(struct reader *r)
{
    const char *role = transcript_head(r->now, SIDE_CLIENT, "role");

    if (role != NULL && strcmp(role, "client") == 0) {
        r->now->roles = 1 << SIDE_CLIENT;
    } else if (role != NULL && strcmp(role, "server") == 0) {
        r->now->roles = 1 << SIDE_SERVER;
    } else if (role != NULL && strcmp(role, "both") == 0) {
        r->now->roles = 1 << SIDE_CLIENT | 1 << SIDE_SERVER;
    } else {
        text_print(r->why, "role: must be client, server or both");
        return 0;
    }
    r->in_head = 0;
    return 1;
}

static int begin(struct reader *r, const char *name)
{
    size_t i;

    r->file->items = grow(r->file->items, r->file->count, sizeof *r->file->items);
    r->now = &r->file->items[r->file->count++];
    r->now->file = r->file->shown;
    r->now->number = r->number;
    r->now->name = copy(name, strlen(name));
    for (i = 0; i < r->common_count; i++) {
        add_head(&r->now->heads, &r->now->head_count, r->common[i].key,
                 strlen(r->common[i].key), r->common[i].value, r->common[i].number);
    }
    r->in_head = 1;
    return 1;
}

/* ---- lines -------------------------------------------------------------------------- */

/* The side and kind that a line's prefix names; its length, or 0. */
static size_t prefix(const struct reader *r, const char *line,
                     struct transcript_line *out)
{
    static const char kinds[] = "EAX?";
    size_t at = 0;
    const char *kind;

    out->side = r->now->roles == 1 << SIDE_SERVER ? SIDE_SERVER : SIDE_CLIENT;
    if (line[0] == 'C' || line[0] == 'S') {
        out->side = line[0] == 'C' ? SIDE_CLIENT : SIDE_SERVER;
        if (line[1] == ':' || line[1] == '>') {
            out->kind = LINE_BYTES;
            return 2;
        }
        at = 1;
    } else if (r->now->roles == (1 << SIDE_CLIENT | 1 << SIDE_SERVER)) {
        return 0; /* whose? */
    }
    kind = line[at] != '\0' ? strchr(kinds, line[at]) : NULL;
    if (kind == NULL || line[at + 1] != ':') {
        return 0;
    }
    out->kind = (enum line_kind)(LINE_EVENT + (kind - kinds));
    return at + 2;
}

static int bytes_line(struct reader *r, struct transcript_line *out, const char *text,
                      int with_end)
{
    size_t len = strlen(text);

    if (!text_unescape(&out->text, text, len, r->counter, &out->mark, r->why)) {
        return 0;
    }
    if (with_end) {
        out->open_end = len >= 3 && strcmp(text + len - 3, "...") == 0;
        text_add(&out->text, "\r\n", 2);
    }
    return 1;
}

static int body_line(struct reader *r, const char *line)
{
    struct transcript_line *out;
    size_t len;
    int with_end = line[1] == ':';

    r->now->lines = grow(r->now->lines, r->now->count, sizeof *r->now->lines);
    out = &r->now->lines[r->now->count];
    out->number = r->number;
    out->mark = NO_MARK;
    len = prefix(r, line, out);
    if (len == 0) {
        text_print(r->why, "no line of a transcript: %s", line);
        return 0;
    }
    r->now->count++;
    line += len;
    line += *line == ' ' ? 1 : 0;
    if (out->kind == LINE_BYTES) {
        return bytes_line(r, out, line, with_end);
    }
    while (*line != '\0') { /* the other escapes are looked at when it is played */
        size_t step = line[0] == '\\' && line[1] != '\0' ? 2 : 1;
        if (step == 2 && line[1] == '#') {
            text_print(&out->text, "%u", r->counter);
        } else {
            text_add(&out->text, line, step);
        }
        line += step;
    }
    (void)text_string(&out->text);
    return 1;
}

static int any_line(struct reader *r, const char *line)
{
    if (strncmp(line, "=== ", 4) == 0) {
        return begin(r, line + 4);
    }
    if (line[0] == '#') {
        return 1;
    }
    if (line[0] == '\0') {
        return r->now != NULL && r->in_head ? head_end(r) : 1;
    }
    return r->now == NULL || r->in_head ? head_line(r, line) : body_line(r, line);
}

/* ---- the file -------------------------------------------------------------------------- */

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct text all = {NULL, 0, 0};
    char piece[4096];
    size_t got;

    if (file == NULL) {
        return NULL;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) != 0) {
        text_add(&all, piece, got);
    }
    fclose(file);
    (void)text_string(&all);
    return all.data;
}

/* Where a walk through the text is. */
struct place {
    char *at;
    int number;
};

struct walk {
    struct place now;
    struct place again;  /* REPEAT: behind it */
    unsigned left;       /* ... how often still */
    struct place behind; /* USE: behind it */
    int inside;          /* ... and this is the fragment */
    char *text;          /* all of it */
};

/* Skips a fragment's definition. */
static void skip_fragment(struct walk *w)
{
    while (w->now.at != NULL && strncmp(w->now.at, "END", 3) != 0) {
        w->now.at = strchr(w->now.at, '\n');
        w->now.at += w->now.at != NULL ? 1 : 0;
        w->now.number++;
    }
    if (w->now.at != NULL) {
        w->now.at = strchr(w->now.at, '\n');
        w->now.at += w->now.at != NULL ? 1 : 0;
        w->now.number++;
    }
}

/* Goes to the fragment `name`. */
static int use_fragment(struct walk *w, const char *name, struct text *why)
{
    char *at = w->text;
    int number = 1;
    size_t len = strlen(name);

    for (; at != NULL && *at != '\0'; number++) {
        if (strncmp(at, "DEFINE ", 7) == 0 && strncmp(at + 7, name, len) == 0 &&
            at[7 + len] == '\n') {
            w->behind = w->now;
            w->inside = 1;
            w->now.at = strchr(at, '\n') + 1;
            w->now.number = number;
            return 1;
        }
        at = strchr(at, '\n');
        at += at != NULL ? 1 : 0;
    }
    text_print(why, "no DEFINE %s in this file", name);
    return 0;
}

/* A line that steers the walk: 1 it was one, 0 it is another, -1 it is wrong. */
static int steer(struct reader *r, struct walk *w, const char *line)
{
    if (strncmp(line, "DEFINE ", 7) == 0) {
        skip_fragment(w);
        return 1;
    }
    if (strncmp(line, "USE ", 4) == 0) {
        return use_fragment(w, line + 4, r->why) ? 1 : -1;
    }
    if (strncmp(line, "REPEAT ", 7) == 0) {
        w->left = (unsigned)strtoul(line + 7, NULL, 10);
        w->again = w->now;
        r->counter = 1;
        return 1;
    }
    if (strcmp(line, "END") != 0) {
        return 0;
    }
    if (w->inside) {
        w->now = w->behind;
        w->inside = 0;
    } else if (w->left > 1) {
        w->left--;
        r->counter++;
        w->now = w->again;
    }
    return 1;
}

static int walk(struct reader *r, char *text)
{
    struct walk w;
    struct text line = {NULL, 0, 0};
    int result = 0;

    memset(&w, 0, sizeof w);
    w.text = w.now.at = text;
    while (result >= 0 && w.now.at != NULL && *w.now.at != '\0') {
        char *end = strchr(w.now.at, '\n');
        line.len = 0;
        text_add(&line, w.now.at,
                 end != NULL ? (size_t)(end - w.now.at) : strlen(w.now.at));
        w.now.at = end != NULL ? end + 1 : NULL;
        w.now.number++;
        r->number = w.now.number;
        result = steer(r, &w, text_string(&line));
        if (result == 0) {
            result = any_line(r, line.data) - 1;
        }
    }
    text_free(&line);
    return result >= 0;
}

int transcript_read(struct transcript_file *f, const char *path, const char *shown,
                    struct text *why)
{
    struct text reason = {NULL, 0, 0};
    struct reader r;
    char *text;
    int good = 1;

    memset(f, 0, sizeof *f);
    memset(&r, 0, sizeof r);
    f->path = copy(path, strlen(path));
    f->shown = copy(shown, strlen(shown));
    r.file = f;
    r.why = &reason;
    text = read_whole(path);
    if (text == NULL) {
        text_print(why, "%s: cannot be read", shown);
        return 0;
    }
    if (!walk(&r, text)) {
        text_print(why, "%s:%d: %s", shown, r.number, text_string(&reason));
        good = 0;
    }
    free(text);
    free_heads(r.common, r.common_count);
    text_free(&reason);
    return good;
}

void transcript_free(struct transcript_file *f)
{
    size_t i;
    size_t k;

    for (i = 0; i < f->count; i++) {
        struct transcript *t = &f->items[i];
        for (k = 0; k < t->count; k++) {
            text_free(&t->lines[k].text);
        }
        free(t->lines);
        free_heads(t->heads, t->head_count);
        free(t->name);
    }
    free(f->items);
    free(f->path);
    free(f->shown);
    memset(f, 0, sizeof *f);
}
