/*
 * Recorded IMAP conversations.
 */
#include "imap_record.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static const char middle_tag[] = "A########";

static int begins(const char *text, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static enum record_result result_of(const char *text, size_t len)
{
    static const struct {
        const char *word;
        enum record_result result;
    } words[] = {{"OK", RECORD_OK}, {"NO", RECORD_NO}, {"BAD", RECORD_BAD}};
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i].word);
        if (begins(text, len, words[i].word) &&
            (len == n || text[n] == ' ' || text[n] == '\r')) {
            return words[i].result;
        }
    }
    return RECORD_NONE;
}

enum record_result record_answer_of(const struct record *r, const char *tag, size_t len,
                                    unsigned nth)
{
    size_t i;

    for (i = 0; i < r->count; i++) {
        if (strlen(r->answers[i].tag) == len &&
            memcmp(r->answers[i].tag, tag, len) == 0 && nth-- == 0) {
            return r->answers[i].result;
        }
    }
    return RECORD_NONE;
}

static void add_answer(struct record *r, const char *tag, size_t len,
                       enum record_result result)
{
    struct record_answer *more = realloc(r->answers, (r->count + 1) * sizeof *more);

    if (more == NULL) {
        abort();
    }
    r->answers = more;
    more += r->count++;
    memset(more, 0, sizeof *more);
    memcpy(more->tag, tag, len);
    more->result = result;
}

void record_add_answers(struct record *r, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', len - at);
        size_t n = end != NULL ? (size_t)(end - line) : len - at;
        const char *blank = memchr(line, ' ', n);
        size_t tag = blank != NULL ? (size_t)(blank - line) : 0;
        at += n + 1;
        if (tag == 1 && line[0] == '*') {
            char *rest = NULL;
            unsigned long number = strtoul(line + 2, &rest, 10);
            if (begins(rest, (size_t)(line + n - rest), " EXISTS") &&
                number > r->exists) {
                r->exists = number;
            }
        }
        if (tag != 0 && tag < RECORD_TAG_MAX && line[0] != '*' && line[0] != '+') {
            enum record_result result = result_of(line + tag + 1, n - tag - 1);
            if (result != RECORD_NONE) {
                add_answer(r, line, tag, result);
            }
        }
    }
}

static void begin(struct record *r, const char *name, size_t len)
{
    memset(r, 0, sizeof *r);
    r->name = test_alloc(len + 1);
    memcpy(r->name, name, len);
    r->name[len] = '\0';
}

static void end(struct record *r)
{
    free(r->name);
    free(r->answers);
    text_free(&r->client);
}

/* ---- real programs ------------------------------------------------------------------ */

static int is_client(const struct dirent *e)
{
    size_t len = strlen(e->d_name);
    return begins(e->d_name, len, "imap-") && len > 4 &&
           strcmp(e->d_name + len - 4, ".c2s") == 0;
}

static int data_of(const char *name, const char *ending, struct text *to)
{
    struct text path = {NULL, 0, 0};
    int there;

    text_print(&path, "corpus/transcripts/real/%s%s", name, ending);
    there = data_file(text_string(&path), to);
    text_free(&path);
    return there;
}

unsigned records_of_programs(void (*play)(const struct record *r, void *ctx), void *ctx,
                             struct text *why)
{
    const char *data = getenv("MAILPROTO_DATA");
    struct text path = {NULL, 0, 0};
    struct dirent **list = NULL;
    unsigned played = 0;
    int count;
    int i;

    text_print(&path, "%s/corpus/transcripts/real", data != NULL ? data : "");
    count = scandir(text_string(&path), &list, is_client, alphasort);
    text_free(&path);
    for (i = 0; i < count; i++) {
        struct record r;
        struct text server = {NULL, 0, 0};
        begin(&r, list[i]->d_name, strlen(list[i]->d_name) - 4);
        if (data_of(r.name, ".c2s", &r.client) && data_of(r.name, ".s2c", &server)) {
            record_add_answers(&r, server.data, server.len);
            r.preauth = begins(server.data, server.len, "* PREAUTH");
            play(&r, ctx);
            played++;
        }
        text_free(&server);
        end(&r);
        free(list[i]);
    }
    free(list);
    if (played == 0) {
        text_print(why, "corpus/transcripts/real is not there (set MAILPROTO_DATA)");
    }
    return played;
}

/* ---- other libraries' tests ----------------------------------------------------------- */

/* Text of a server in which A######## stands for the tag of the command at hand. */
static void add_server(struct record *r, const char *from, const char *tag,
                       size_t tag_len)
{
    struct text line = {NULL, 0, 0};

    for (; *from != '\0'; from += *from == '\n') {
        size_t n = strcspn(from, "\n");
        line.len = 0;
        if (begins(from, n, middle_tag)) {
            text_add(&line, tag, tag_len);
            text_add(&line, from + strlen(middle_tag), n - strlen(middle_tag));
        } else {
            text_add(&line, from, n);
        }
        record_add_answers(r, line.data, line.len);
        from += n;
    }
    text_free(&line);
}

/* One step of a MailKit test; 0: its client's text is not in the data, or it is over. */
static int add_step(struct record *r, const struct jsonl *j, size_t i, char *tag,
                    size_t *tag_len)
{
    const char *client = jsonl_member_at(j, "steps", i, "c");
    const char *server = jsonl_member_at(j, "steps", i, "s");
    const char *file = jsonl_member_at(j, "steps", i, "s_file");
    const char *kind = jsonl_member_at(j, "steps", i, "s_kind");
    struct text data = {NULL, 0, 0};

    if (client == NULL || (*client != '\0' && strchr(client, '\n') == NULL) ||
        (r->client.len > 8 && /* another end of the same test */
         begins(r->client.data + r->client.len - 8, 8, "LOGOUT\r\n"))) {
        return 0;
    }
    if (client[0] == 'A' && strcspn(client, " ") == 9) {
        *tag_len = 9;
        memcpy(tag, client, 9);
    }
    text_add(&r->client, client, strlen(client));
    if (file != NULL) {
        struct text path = {NULL, 0, 0};
        text_print(&path, "corpus/transcripts/server_data/%s", file);
        (void)data_file(text_string(&path), &data);
        text_free(&path);
        server = data.len != 0 ? text_string(&data) : NULL;
    }
    if (server != NULL) {
        r->preauth |= i == 0 && begins(server, strlen(server), "* PREAUTH");
        add_server(r, server, tag, *tag_len);
    } else if (kind != NULL && strcmp(kind, "OK") == 0) {
        add_answer(r, tag, *tag_len, RECORD_OK);
    }
    text_free(&data);
    return 1;
}

/* Lines with `C: ` and `S: ` before them. */
static void add_trace(struct record *r, const char *trace)
{
    for (; *trace != '\0'; trace += *trace == '\n') {
        size_t n = strcspn(trace, "\n");
        if (begins(trace, n, "C: ") && n > 3) {
            text_add(&r->client, trace + 3, n - 3);
            text_add(&r->client, "\r\n", 2);
        } else if (begins(trace, n, "S: ")) {
            record_add_answers(r, trace + 3, n - 3);
        }
        trace += n;
    }
}

unsigned records_of_tests(void (*play)(const struct record *r, void *ctx), void *ctx,
                          struct text *why)
{
    struct jsonl *j = jsonl_open("corpus/transcripts/imap.jsonl", why);
    unsigned played = 0;

    while (j != NULL && jsonl_next(j, why) == 1) {
        struct record r;
        const char *ref = jsonl_text(j, "ref");
        const char *trace = jsonl_text(j, "trace");
        char tag[RECORD_TAG_MAX];
        size_t tag_len = 0;
        size_t i;
        if (strchr(ref, '#') != NULL) {
            ref = strchr(ref, '#') + 1;
        } else if (strrchr(ref, '/') != NULL) {
            ref = strrchr(ref, '/') + 1;
        }
        begin(&r, ref, strlen(ref));
        if (trace != NULL) {
            add_trace(&r, trace);
            r.from_middle = strstr(trace, " LOGIN ") != NULL    ? 0
                            : strstr(trace, " ENABLE ") != NULL ? 1
                                                                : 2;
        }
        for (i = 0; trace == NULL && i < jsonl_count(j, "steps") &&
                    add_step(&r, j, i, tag, &tag_len);
             i++) {
        }
        if (r.client.len != 0) {
            play(&r, ctx);
            played++;
        }
        end(&r);
    }
    jsonl_close(j);
    return played;
}
