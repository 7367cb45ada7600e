/*
 * Recorded SMTP conversations, and the replies in them.
 */
#include "smtp_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/syntax.h"

static struct step *add_step(struct record *r)
{
    struct step *steps = realloc(r->steps, (r->count + 1) * sizeof *steps);

    if (steps == NULL) {
        abort();
    }
    r->steps = steps;
    memset(&steps[r->count], 0, sizeof *steps);
    return &steps[r->count++];
}

void record_free(struct record *r)
{
    while (r->count != 0) {
        r->count--;
        text_free(&r->steps[r->count].client);
        text_free(&r->steps[r->count].server);
    }
    free(r->steps);
    free(r->name);
    memset(r, 0, sizeof *r);
}

static char *copy(const char *text)
{
    char *to = test_alloc(strlen(text) + 1);
    memcpy(to, text, strlen(text));
    return to;
}

/* NAME.seq: "<ms> C <n>", "<ms> S <n>", "... TLS ...", "... EOF ...". */
int record_real(struct record *r, const char *name)
{
    struct text path = {NULL, 0, 0};
    struct text parts[3];
    static const char *const ends[] = {"c2s", "s2c", "seq"};
    size_t used[2] = {0, 0};
    char *line;
    size_t i;
    int tls = 0;
    int good = 1;

    memset(parts, 0, sizeof parts);
    memset(r, 0, sizeof *r);
    r->name = copy(name);
    for (i = 0; i < 3; i++) {
        path.len = 0;
        text_print(&path, "corpus/transcripts/real/%s.%s", name, ends[i]);
        good = data_file(text_string(&path), &parts[i]) && good;
    }
    for (line = good ? strtok(parts[2].data, "\n") : NULL; line != NULL;
         line = strtok(NULL, "\n")) {
        unsigned long size = 0;
        char side = '\0';
        if (strstr(line, "TLS ") != NULL) {
            tls = 1;
        } else if (sscanf(line, "%*s %c %lu", &side, &size) == 2 &&
                   (side == 'C' || side == 'S')) {
            int s = side == 'S';
            struct step *last = r->count != 0 ? &r->steps[r->count - 1] : NULL;
            if (last == NULL || tls || (!s && last->server.len != 0)) {
                last = add_step(r);
                last->tls = tls;
                tls = 0;
            }
            if (used[s] + size <= parts[s].len) {
                text_add(s ? &last->server : &last->client, parts[s].data + used[s],
                         size);
                used[s] += size;
            }
        }
    }
    for (i = 0; i < 3; i++) {
        text_free(&parts[i]);
    }
    text_free(&path);
    return good;
}

/* Text in which LF stands for CRLF; placeholders become a name. */
static void add_lines(struct text *to, const char *from)
{
    for (; *from != '\0'; from++) {
        if (*from == '{' && strchr(from, '}') != NULL) {
            text_add(to, "localhost", 9);
            from = strchr(from, '}');
        } else if (*from == '\n' && (to->len == 0 || to->data[to->len - 1] != '\r')) {
            text_add(to, "\r\n", 2);
        } else {
            text_add(to, from, 1);
        }
    }
}

void record_steps(struct record *r, const struct jsonl *j)
{
    size_t i;

    memset(r, 0, sizeof *r);
    r->name = copy(strrchr(jsonl_text(j, "ref"), '#') + 1);
    for (i = 0; i < jsonl_count(j, "steps"); i++) {
        struct step *step = add_step(r);
        const char *client = jsonl_member_at(j, "steps", i, "c");
        const char *server = jsonl_member_at(j, "steps", i, "s");
        add_lines(&step->client, client != NULL ? client : "");
        add_lines(&step->server, server != NULL ? server : "");
    }
}

/* ---- replies -------------------------------------------------------------------- */

void replies_add(struct replies *to, const struct text *server, uint64_t *caps)
{
    size_t at = 0;

    while (at < server->len) {
        const char *line = server->data + at;
        const char *end = memchr(line, '\n', server->len - at);
        size_t len = end != NULL ? (size_t)(end - line) : server->len - at;
        mailproto_bytes text;
        mailproto_bytes params;
        int cap;
        at += len + 1;
        len -= len != 0 && line[len - 1] == '\r' ? 1 : 0;
        if (len < 3) {
            continue;
        }
        text.ptr = line + (len > 4 ? 4 : len);
        text.len = len > 4 ? len - 4 : 0;
        cap = mailproto__smtp_cap_parse(text, &params);
        *caps |= cap >= 0 && memcmp(line, "250", 3) == 0 ? UINT64_C(1) << cap : 0;
        if ((len == 3 || line[3] != '-') && to->count < REPLIES_MAX) {
            struct reply *reply = &to->items[to->count++];
            reply->code = (unsigned)strtoul(line, NULL, 10);
            (void)snprintf(reply->last, sizeof reply->last, "%.*s", (int)text.len,
                           text.ptr);
        }
    }
}
