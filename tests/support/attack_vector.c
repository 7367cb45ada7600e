/*
 * Attack vectors as plain data. Knows the fields of the data and no engine.
 */
#include "attack_vector.h"

#include <stdlib.h>
#include <string.h>

#include "thinned.h"

static char *copy(const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    char *to = NULL;

    if (text != NULL) {
        to = test_alloc(len + 1);
        memcpy(to, text, len);
    }
    return to;
}

static size_t places(const struct jsonl *j, const char *path, size_t *to)
{
    size_t count = jsonl_count(j, path);
    size_t i;

    for (i = 0; i < count && i < VECTOR_PLACES; i++) {
        to[i] = (size_t)jsonl_number_at(j, path, i);
    }
    return i;
}

static void read_args(struct vector *v, const struct jsonl *j)
{
    size_t i;

    v->mails = jsonl_number(j, "args.mail_cmds", VECTOR_NONE);
    v->mails_max = jsonl_number(j, "args.mail_cmds_max", VECTOR_NONE);
    v->rcpts = jsonl_number(j, "args.rcpt_cmds", VECTOR_NONE);
    v->rsets = jsonl_number(j, "args.rset_cmds", VECTOR_NONE);
    v->messages = jsonl_number(j, "args.messages", VECTOR_NONE);
    v->messages_max = jsonl_number(j, "args.messages_max", VECTOR_NONE);
    v->closed_by = jsonl_number(j, "args.closed_by", VECTOR_NONE);
    v->max_mem = jsonl_number(j, "args.max_mem", VECTOR_NONE);
    v->max_bytes = jsonl_number(j, "args.max_reply_bytes",
                                jsonl_number(j, "args.max_line", VECTOR_NONE));
    v->tls_started = jsonl_number(j, "args.tls_started", VECTOR_NONE);
    v->commands_after = jsonl_number(j, "args.commands_after", VECTOR_NONE);
    v->plaintext_after = jsonl_number(j, "args.plaintext_after", VECTOR_NONE);
    v->may_refuse = jsonl_number(j, "args.may_refuse", 0);
    v->may_reject = jsonl_number(j, "args.may_reject", 0);
    v->eod_count = jsonl_number(j, "args.wire_eod_count", VECTOR_NONE);
    v->has_body = jsonl_bytes(j, "args.body_b64", &v->body);
    (void)jsonl_bytes(j, "args.wire_prefix_b64", &v->wire_prefix);
    (void)jsonl_bytes(j, "args.local_b64", &v->local);
    v->policy = copy(jsonl_text(j, "args.default_policy"));
    v->after = copy(jsonl_text(j, "args.after"));
    v->domain = copy(jsonl_text(j, "args.domain"));
    v->reply = copy(jsonl_text(j, "args.reply"));
    v->reply_class = copy(jsonl_text(j, "args.reply_class"));
    v->next = copy(jsonl_text(j, "args.next_command"));
    v->send = copy(jsonl_text(j, "args.send"));
    for (i = 0; i < jsonl_count(j, "args.reply_in") && i < 4; i++) {
        v->reply_in[i] = copy(jsonl_text_at(j, "args.reply_in", i));
    }
}

struct vector *vector_read(const struct jsonl *j)
{
    struct vector *v = test_alloc(sizeof *v);

    v->id = copy(jsonl_text(j, "id"));
    v->role = copy(jsonl_text(j, "role"));
    v->kind = copy(jsonl_text(j, "class"));
    v->setup = copy(jsonl_text(j, "setup"));
    v->expect = copy(jsonl_text(j, "expect"));
    if (v->id == NULL || v->role == NULL || v->expect == NULL ||
        !jsonl_bytes(j, "input_b64", &v->input)) {
        vector_free(v);
        return NULL;
    }
    v->stop_count = places(j, "lockstep", v->stops);
    v->cut_count = places(j, "chunks", v->cuts);
    v->eof = (int)jsonl_number(j, "eof", 0);
    v->gen_count = jsonl_number(j, "gen.count", 0);
    if (v->gen_count >= 100000) { /* far above any limit */
        v->gen_count /= (int64_t)thinned(10);
    }
    (void)jsonl_bytes(j, "gen.prefix_b64", &v->prefix);
    (void)jsonl_bytes(j, "gen.repeat_b64", &v->unit);
    (void)jsonl_bytes(j, "gen.suffix_b64", &v->suffix);
    read_args(v, j);
    return v;
}

void vector_free(struct vector *v)
{
    size_t i;

    free(v->id);
    free(v->role);
    free(v->kind);
    free(v->setup);
    free(v->expect);
    free(v->policy);
    free(v->after);
    free(v->domain);
    free(v->reply);
    free(v->reply_class);
    free(v->next);
    free(v->send);
    for (i = 0; i < 4; i++) {
        free(v->reply_in[i]);
    }
    text_free(&v->input);
    text_free(&v->prefix);
    text_free(&v->unit);
    text_free(&v->suffix);
    text_free(&v->body);
    text_free(&v->wire_prefix);
    text_free(&v->local);
    free(v);
}

/* ---- ways to cut ---------------------------------------------------------------------- */

struct chunk vector_chunk(enum chunk_kind kind, uint64_t value, int in_place)
{
    struct chunk c;

    c.kind = kind;
    c.value = value;
    c.in_place = in_place;
    c.greedy = 1;
    return c;
}

/* The n-th way of cutting; 0: no more. */
int vector_plan(const struct vector *v, unsigned n, struct chunk *c)
{
    unsigned in_place = n & 1;

    n >>= 1;
    if (n == 0) {
        *c = vector_chunk(CHUNK_WHOLE, 0, (int)in_place);
    } else if (n == 1) {
        *c = vector_chunk(CHUNK_EACH, 1, (int)in_place);
    } else if (n < 2 + v->cut_count) {
        *c = vector_chunk(CHUNK_SPLIT, v->cuts[n - 2], (int)in_place);
    } else if (n < 2 + v->cut_count + VECTOR_RANDOM_RUNS / (unsigned)thinned(10)) {
        *c = vector_chunk(CHUNK_RANDOM, n, (int)in_place);
    } else {
        return 0;
    }
    return 1;
}

/* ---- all of them ------------------------------------------------------------------- */

size_t vectors_load(struct vector **to, size_t max, const char *protocol,
                    int (*wanted)(const struct vector *v), struct text *why)
{
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", why);
    size_t count = 0;

    while (j != NULL && count < max && jsonl_next(j, why) == 1) {
        struct vector *v;
        if (strcmp(jsonl_text(j, "protocol"), protocol) != 0) {
            continue;
        }
        v = vector_read(j);
        if (v == NULL) {
            text_print(why, "attacks.jsonl, line %d: a member is missing",
                       jsonl_line(j));
        } else if (wanted(v)) {
            to[count++] = v;
        } else {
            vector_free(v);
        }
    }
    jsonl_close(j);
    return count;
}
