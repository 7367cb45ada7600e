/*
 * Attack vectors for POP3, and what both halves of the tests do with them.
 */
#include "pop3_vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int attack_says(const char *text, const char *what)
{
    return text != NULL && strstr(text, what) != NULL;
}

void attack_word(const char *text, const char *what, struct text *out)
{
    const char *at = text != NULL ? strstr(text, what) : NULL;

    if (at != NULL) {
        at += strlen(what);
        text_add(out, at, strcspn(at, ", '"));
    }
}

void attack_quoted(const char *text, struct text *out)
{
    const char *at = text != NULL ? strchr(text, '\'') : NULL;

    if (at == NULL) {
        return;
    }
    for (at++; *at != '\'' && *at != '\0'; at++) {
        char c = *at;
        if (c == '\\') {
            at++;
            c = *at == 'r' ? '\r' : '\n';
        }
        text_add(out, &c, 1);
    }
}

unsigned attack_count(const struct text *t, size_t from, const char *what)
{
    size_t len = strlen(what);
    unsigned count = 0;
    size_t i;

    for (i = from; i + len <= t->len; i++) {
        count += memcmp(t->data + i, what, len) == 0;
    }
    return count;
}

int attack_same_log(const struct vector *v, struct drive *d, struct text *first,
                    const struct chunk *c)
{
    (void)drive_log(d);
    if (first->data == NULL) {
        text_add(first, text_string(&d->log), d->log.len);
    } else if (strcmp(text_string(first), text_string(&d->log)) != 0) {
        fprintf(stderr, "%s: another trace, %s:\n%s\ninstead of\n%s\n", v->id,
                chunk_name(c), text_string(&d->log), text_string(first));
        return 0;
    }
    return 1;
}

void attack_give_generated(struct drive *d, const struct vector *v)
{
    struct text block = {NULL, 0, 0};
    uint64_t units = 0;
    uint64_t done;

    while (block.len + v->unit.len <= 65536) {
        text_add(&block, v->unit.data, v->unit.len);
        units++;
    }
    (void)drive_give(d, v->prefix.data, v->prefix.len);
    drive_settle(d);
    for (done = 0; done < (uint64_t)v->gen_count && !d->over && !d->dead;
         done += units) {
        (void)drive_give(d, block.data, block.len);
        drive_settle(d);
    }
    (void)drive_give(d, v->suffix.data, v->suffix.len);
    drive_settle(d);
    text_free(&block);
}

/* The members that only POP3's vectors have. */
static void read_more(struct pop3_vector *x, const struct jsonl *j)
{
    size_t i;

    x->replies = jsonl_number(j, "args.replies", VECTOR_NONE);
    x->bare_lf = jsonl_number(j, "args.wire_bare_lf", VECTOR_NONE);
    x->auth_ok = jsonl_number(j, "args.auth_ok", VECTOR_NONE);
    x->auth_callbacks = jsonl_number(j, "args.auth_callbacks", VECTOR_NONE);
    x->ends_at = jsonl_number(j, "args.ends_at", VECTOR_NONE);
    x->commands_max = jsonl_number(j, "args.max_commands", 1);
    x->stamp_wanted = jsonl_has(j, "args.apop_available");
    x->has_deleted = jsonl_has(j, "args.deleted");
    x->deleted_count = jsonl_count(j, "args.deleted");
    for (i = 0; i < x->deleted_count && i < 4; i++) {
        x->deleted[i] = jsonl_number_at(j, "args.deleted", i);
    }
    (void)jsonl_bytes(j, "args.password_b64", &x->password);
    (void)jsonl_bytes(j, "args.uid_b64", &x->uid);
}

size_t pop3_vectors_load(struct pop3_vector *to, const char *role, struct text *why)
{
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", why);
    size_t count = 0;

    while (j != NULL && count < POP3_VECTORS_MAX && jsonl_next(j, why) == 1) {
        if (strcmp(jsonl_text(j, "protocol"), "pop3") != 0 ||
            strcmp(jsonl_text(j, "role"), role) != 0) {
            continue;
        }
        to[count].v = vector_read(j);
        if (to[count].v == NULL) {
            text_print(why, "attacks.jsonl, line %d: a member is missing",
                       jsonl_line(j));
            continue;
        }
        read_more(&to[count], j);
        count++;
    }
    jsonl_close(j);
    return count;
}

void pop3_vectors_free(struct pop3_vector *vectors, size_t count)
{
    while (count-- != 0) {
        vector_free(vectors[count].v);
        text_free(&vectors[count].password);
        text_free(&vectors[count].uid);
    }
}
