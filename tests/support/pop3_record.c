/*
 * Recorded POP3 conversations as exchanges.
 */
#include "pop3_record.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "pop3/syntax.h"

static char *copy(const char *text)
{
    char *to = test_alloc(strlen(text) + 1);
    memcpy(to, text, strlen(text));
    return to;
}

/* The next line, without its end; 0: there is none. */
static int next_line(const struct text *t, size_t *at, mailproto_bytes *line)
{
    const char *end;

    if (*at >= t->len) {
        return 0;
    }
    line->ptr = t->data + *at;
    end = memchr(line->ptr, '\n', t->len - *at);
    if (end == NULL) {
        return 0;
    }
    line->len = (size_t)(end - line->ptr);
    *at += line->len + 1;
    line->len -= line->len != 0 && line->ptr[line->len - 1] == '\r' ? 1 : 0;
    return 1;
}

static int begins(mailproto_bytes line, const char *with)
{
    return line.len >= strlen(with) && memcmp(line.ptr, with, strlen(with)) == 0;
}

static int read_lines(struct exchange *e, const struct text *server, size_t *at)
{
    mailproto_bytes line;

    e->has_lines = 1;
    while (next_line(server, at, &line)) {
        if (line.len == 1 && line.ptr[0] == '.') {
            return 1;
        }
        if (line.len != 0 && line.ptr[0] == '.') {
            line.ptr++;
            line.len--;
        }
        text_add(&e->lines, line.ptr, line.len);
        text_add(&e->lines, "\r\n", 2);
    }
    return 0;
}

static int read_reply(struct exchange *e, const struct text *server, size_t *at)
{
    mailproto_bytes line;
    mailproto_bytes command;
    size_t before = *at;
    size_t skip;
    size_t verb;
    int good = 1;

    if (!next_line(server, at, &line)) {
        return 0;
    }
    e->code = '+';
    skip = 3;
    if (begins(line, "-ERR")) {
        e->code = '-';
        skip = 4;
    } else if (!begins(line, "+OK")) {
        e->code = 'c';
        skip = 1;
    }
    skip += line.len > skip ? 1 : 0;
    skip = skip < line.len ? skip : line.len;
    text_add(&e->reply, line.ptr + skip, line.len - skip);
    command.ptr = e->command.data;
    command.len = e->command.len;
    e->verb = e->is_response ? MAILPROTO_POP3_VERB_AUTH
                             : mailproto__pop3_verb(command, &verb);
    if (e->code == '+' && !e->is_response &&
        mailproto__pop3_is_multi_line(e->verb, command.len > verb + 1)) {
        good = read_lines(e, server, at);
    }
    text_add(&e->raw, server->data + before, *at - before);
    return good;
}

static struct exchange *add(struct conversation *c)
{
    struct exchange *items = realloc(c->items, (c->count + 1) * sizeof *items);

    if (items == NULL) {
        abort();
    }
    c->items = items;
    memset(&items[c->count], 0, sizeof *items);
    return &items[c->count++];
}

static void free_exchange(struct exchange *e)
{
    text_free(&e->command);
    text_free(&e->reply);
    text_free(&e->lines);
    text_free(&e->raw);
}

void conversation_free(struct conversation *c)
{
    while (c->count != 0) {
        free_exchange(&c->items[--c->count]);
    }
    free(c->items);
    free(c->name);
    text_free(&c->greeting);
    memset(c, 0, sizeof *c);
}

static int build(struct conversation *c, const struct text *client,
                 const struct text *server)
{
    size_t to_server = 0;
    size_t to_client = 0;
    mailproto_bytes line;
    int in_auth = 0;

    if (!next_line(server, &to_client, &line)) {
        return 0;
    }
    text_add(&c->greeting, line.ptr, line.len);
    text_add(&c->greeting, "\r\n", 2);
    while (next_line(client, &to_server, &line)) {
        struct exchange *e = add(c);
        text_add(&e->command, line.ptr, line.len);
        text_add(&e->command, "", 0);
        e->is_response = in_auth;
        if (!read_reply(e, server, &to_client)) {
            free_exchange(e);
            c->count--;
            c->truncated = 1;
            return 1;
        }
        e->tls = e->verb == MAILPROTO_POP3_VERB_STLS && e->code == '+';
        in_auth = e->code == 'c';
    }
    return 1;
}

int conversation_real(struct conversation *c, const char *name)
{
    struct text path = {NULL, 0, 0};
    struct text client = {NULL, 0, 0};
    struct text server = {NULL, 0, 0};
    int good;

    memset(c, 0, sizeof *c);
    c->name = copy(name);
    text_print(&path, "corpus/transcripts/real/%s.c2s", name);
    good = data_file(text_string(&path), &client);
    path.len = 0;
    text_print(&path, "corpus/transcripts/real/%s.s2c", name);
    good = data_file(text_string(&path), &server) && good && build(c, &client, &server);
    text_free(&path);
    text_free(&client);
    text_free(&server);
    return good;
}

/* Text in which LF stands for CRLF. */
static void add_lines(struct text *to, const char *from)
{
    for (; *from != '\0'; from++) {
        if (*from == '\n' && (to->len == 0 || to->data[to->len - 1] != '\r')) {
            text_add(to, "\r", 1);
        }
        text_add(to, from, 1);
    }
}

int conversation_steps(struct conversation *c, const struct jsonl *j)
{
    struct text client = {NULL, 0, 0};
    struct text server = {NULL, 0, 0};
    size_t i;
    int good;

    memset(c, 0, sizeof *c);
    c->name = copy(strrchr(jsonl_text(j, "ref"), '#') + 1);
    for (i = 0; i < jsonl_count(j, "steps"); i++) {
        const char *from_client = jsonl_member_at(j, "steps", i, "c");
        const char *from_server = jsonl_member_at(j, "steps", i, "s");
        const char *file = jsonl_member_at(j, "steps", i, "s_file");
        struct text data = {NULL, 0, 0};
        if (file != NULL) {
            struct text path = {NULL, 0, 0};
            text_print(&path, "corpus/transcripts/server_data/%s", file);
            (void)data_file(text_string(&path), &data);
            text_free(&path);
            from_server = text_string(&data);
        }
        if (from_server == NULL || (*from_server == '\0')) {
            break; /* left out for its size */
        }
        text_print(&client, "%s", from_client != NULL ? from_client : "");
        add_lines(&server, from_server);
        text_free(&data);
    }
    good = build(c, &client, &server);
    text_free(&client);
    text_free(&server);
    return good;
}

/* ---- what replies say ----------------------------------------------------------------- */

static int split_number(mailproto_bytes line, uint64_t *n, mailproto_bytes *rest)
{
    size_t i = 0;

    *n = 0;
    while (i < line.len && line.ptr[i] >= '0' && line.ptr[i] <= '9' && i < 10) {
        *n = *n * 10 + (uint64_t)(line.ptr[i++] - '0');
    }
    if (i == 0 || i >= line.len || line.ptr[i] != ' ') {
        return 0;
    }
    rest->ptr = line.ptr + i + 1;
    rest->len = line.len - i - 1;
    return 1;
}

uint64_t leading_number(mailproto_bytes text)
{
    uint64_t n = 0;
    size_t i;
    for (i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        n = n * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return n;
}

int exchange_item(const struct exchange *e, uint64_t n, mailproto_bytes *rest)
{
    mailproto_bytes line;
    uint64_t found;
    size_t at = 0;

    if (!e->has_lines) {
        line.ptr = e->reply.data;
        line.len = e->reply.len;
        return split_number(line, &found, rest) && found == n;
    }
    while (next_line(&e->lines, &at, &line)) {
        if (split_number(line, &found, rest) && found == n) {
            return 1;
        }
    }
    return 0;
}

uint32_t conversation_messages(const struct conversation *c, uint64_t *octets)
{
    uint64_t most = 0;
    size_t i;

    *octets = 0;
    for (i = 0; i < c->count; i++) {
        const struct exchange *e = &c->items[i];
        mailproto_bytes line;
        mailproto_bytes rest;
        uint64_t n = 0;
        size_t at = 0;
        line.ptr = e->reply.data;
        line.len = e->reply.len;
        if (e->code != '+') {
            continue;
        }
        if (e->verb == MAILPROTO_POP3_VERB_STAT && split_number(line, &n, &rest)) {
            *octets = leading_number(rest);
        }
        most = n > most ? n : most;
        while (e->has_lines && e->verb != MAILPROTO_POP3_VERB_RETR &&
               e->verb != MAILPROTO_POP3_VERB_TOP && next_line(&e->lines, &at, &line)) {
            most = split_number(line, &n, &rest) && n > most ? n : most;
        }
        if (e->command.len > 5 && e->verb >= MAILPROTO_POP3_VERB_LIST &&
            e->verb <= MAILPROTO_POP3_VERB_DELE) {
            const char *blank =
                (const char *)memchr(e->command.data, ' ', e->command.len);
            mailproto_bytes number = {"", 0};
            if (blank != NULL) {
                number.ptr = blank + 1;
                number.len = e->command.len - (size_t)(number.ptr - e->command.data);
            }
            n = leading_number(number);
            most = n > most ? n : most;
        }
    }
    return (uint32_t)most;
}

/* ---- all that there are ------------------------------------------------------------------ */

static unsigned play_name(const char *file,
                          void (*play)(struct conversation *c, void *ctx), void *ctx)
{
    struct conversation c;
    char name[256];
    size_t len = strlen(file);
    unsigned played = 0;

    if (len < 10 || len >= sizeof name || strncmp(file, "pop3-", 5) != 0 ||
        strcmp(file + len - 4, ".c2s") != 0) {
        return 0;
    }
    memcpy(name, file, len - 4);
    name[len - 4] = '\0';
    if (conversation_real(&c, name)) {
        play(&c, ctx);
        played = 1;
    }
    conversation_free(&c);
    return played;
}

unsigned conversations_of_programs(void (*play)(struct conversation *c, void *ctx),
                                   void *ctx, struct text *why)
{
    const char *data = getenv("MAILPROTO_DATA");
    struct text path = {NULL, 0, 0};
    struct dirent *entry;
    unsigned count = 0;
    DIR *folder;

    text_print(&path, "%s/corpus/transcripts/real",
               data != NULL ? data : "$MAILPROTO_DATA");
    folder = opendir(text_string(&path));
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        count += play_name(entry->d_name, play, ctx);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    if (count == 0) {
        text_print(why, "%s is not there", text_string(&path));
    }
    text_free(&path);
    return count;
}

unsigned conversations_of_tests(void (*play)(struct conversation *c, void *ctx),
                                void *ctx, struct text *why)
{
    struct jsonl *j = jsonl_open("corpus/transcripts/pop3.jsonl", why);
    unsigned count = 0;

    while (j != NULL && jsonl_next(j, why) == 1) {
        struct conversation c;
        if (conversation_steps(&c, j)) {
            play(&c, ctx);
            count++;
        }
        conversation_free(&c);
    }
    jsonl_close(j);
    return count;
}

/* A message as it is sent, and as it is. */
static void add_message(struct exchange *e, const char *data)
{
    text_print(&e->raw, "+OK\r\n");
    while (*data != '\0') {
        size_t len = strcspn(data, "\n");
        size_t line = len != 0 && data[len - 1] == '\r' ? len - 1 : len;
        text_add(&e->lines, data, line);
        text_add(&e->lines, "\r\n", 2);
        text_print(&e->raw, "%s", data[0] == '.' ? "." : "");
        text_add(&e->raw, data, line);
        text_print(&e->raw, "\r\n");
        data += len + (data[len] == '\n' ? 1U : 0U);
    }
    text_print(&e->raw, ".\r\n");
    e->has_lines = 1;
}

static void make_message(struct conversation *c, const char *name, const char *data)
{
    static const char *const commands[] = {"USER user", "PASS secret", "RETR 1",
                                           "QUIT"};
    size_t i;

    memset(c, 0, sizeof *c);
    c->name = copy(name);
    text_print(&c->greeting, "+OK\r\n");
    for (i = 0; i < 4; i++) {
        struct exchange *e = add(c);
        mailproto_bytes line;
        size_t len;
        text_print(&e->command, "%s", commands[i]);
        line.ptr = text_string(&e->command);
        line.len = e->command.len;
        e->code = '+';
        e->verb = mailproto__pop3_verb(line, &len);
        if (i == 2) {
            add_message(e, data);
        } else {
            text_print(&e->raw, "+OK\r\n");
        }
    }
}

unsigned conversations_of_messages(void (*play)(struct conversation *c, void *ctx),
                                   void *ctx, struct text *why)
{
    struct jsonl *j = jsonl_open("corpus/curl/curl_tests.jsonl", why);
    unsigned count = 0;

    while (j != NULL && jsonl_next(j, why) == 1) {
        const char *data = jsonl_text(j, "reply_data");
        struct conversation c;
        if (strcmp(jsonl_text(j, "proto"), "pop3") != 0 || data == NULL ||
            strchr(data, '%') != NULL || *data == '\0') {
            continue;
        }
        make_message(&c, jsonl_text(j, "test"), data);
        play(&c, ctx);
        count++;
        conversation_free(&c);
    }
    jsonl_close(j);
    return count;
}
