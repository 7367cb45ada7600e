/*
 * Options of an engine from a transcript's head, and other things that the actors of all
 * protocols do alike.
 */
#include "actor_options.h"

#include <stdlib.h>
#include <string.h>

const struct value line_end_policies[] = {
    {"default", MAILPROTO_LINE_ENDS_DEFAULT},
    {"refuse", MAILPROTO_LINE_ENDS_REFUSE},
    {"repair", MAILPROTO_LINE_ENDS_REPAIR},
    {"pass", MAILPROTO_LINE_ENDS_PASS},
    {NULL, 0},
};

/* Keys that are not options of an engine. */
static const char *const other_keys[] = {"role", "pair", "cuts", "order", NULL};

static const struct option *option_of(const struct option *options, const char *key)
{
    for (; options->key != NULL; options++) {
        if (strcmp(options->key, key) == 0) {
            return options;
        }
    }
    return NULL;
}

static int value_of(const struct value *names, const char *name, size_t len,
                    uint32_t *value)
{
    for (; names->name != NULL; names++) {
        if (strlen(names->name) == len && memcmp(names->name, name, len) == 0) {
            *value = names->value;
            return 1;
        }
    }
    return 0;
}

int actor_cap_of(const char *const *names, size_t count, const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            return (int)i;
        }
    }
    return -1;
}

uint64_t actor_caps_mask(const char *const *names, size_t count, const char *words)
{
    uint64_t mask = 0;

    if (strcmp(words, "none") == 0) {
        return UINT64_MAX;
    }
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        int cap = actor_cap_of(names, count, words, len);
        if (cap < 0) {
            return 0;
        }
        mask |= (uint64_t)1 << cap;
        words += len;
        words += strspn(words, " ");
    }
    return mask;
}

static int flag_words(const struct value *names, const char *words, uint32_t *flags)
{
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        uint32_t flag;
        if (!value_of(names, words, len, &flag)) {
            return 0;
        }
        *flags |= flag;
        words += len;
        words += strspn(words, " ");
    }
    return 1;
}

static int number_text(const char *text, uint64_t *value)
{
    char *end;

    if (strcmp(text, "unlimited") == 0) {
        *value = UINT64_MAX;
        return 1;
    }
    *value = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

/* Puts a head's value into the options. */
static int set_option(void *options, const struct option *o,
                      const struct option_tables *tables, const char *text)
{
    void *at = (char *)options + o->at;
    uint32_t small = 0;
    uint64_t big = 0;
    mailproto_bytes bytes;
    int good = 1;

    switch (o->kind) {
    case OPTION_NUMBER:
        good = number_text(text, &big);
        small = (uint32_t)big;
        break;
    case OPTION_NUMBER_64:
        good = number_text(text, &big);
        break;
    case OPTION_FLAGS:
        good = flag_words(o->names, text, &small);
        break;
    case OPTION_WORD:
        good = value_of(o->names, text, strlen(text), &small);
        break;
    case OPTION_MASK:
        big = tables->mask(text);
        good = big != 0;
        break;
    case OPTION_BYTES:
    default:
        bytes.ptr = text;
        bytes.len = strlen(text);
        memcpy(at, &bytes, sizeof bytes);
        return 1;
    }
    if (o->kind == OPTION_NUMBER_64 || o->kind == OPTION_MASK) {
        memcpy(at, &big, sizeof big);
    } else {
        memcpy(at, &small, sizeof small);
    }
    return good;
}

static int known_elsewhere(const struct option_tables *tables, const char *key)
{
    size_t i;

    for (i = 0; other_keys[i] != NULL; i++) {
        if (strcmp(other_keys[i], key) == 0) {
            return 1;
        }
    }
    return option_of(tables->client, key) != NULL ||
           option_of(tables->server, key) != NULL;
}

int actor_options(struct play *p, const struct option_tables *tables, void *options,
                  struct text *why)
{
    const struct option *table =
        p->side == SIDE_CLIENT ? tables->client : tables->server;
    const char *own = side_name(p->side);
    size_t i;

    for (i = 0; i < p->script->head_count; i++) {
        const char *key = p->script->heads[i].key;
        const char *dot = strchr(key, '.');
        const struct option *o;
        if (dot != NULL && strncmp(key, own, 6) != 0) {
            continue;
        }
        o = option_of(table, dot != NULL ? dot + 1 : key);
        if (o == NULL && (dot != NULL || !known_elsewhere(tables, key))) {
            text_print(why, "no such option: %s", key);
            return 0;
        }
        if (o != NULL && !set_option(options, o, tables,
                                     transcript_head(p->script, p->side, o->key))) {
            text_print(why, "%s: not a value it can have", key);
            return 0;
        }
    }
    return 1;
}

void *actor_block(struct play *p, size_t size)
{
    size_t odd = (size_t)(p->chunk.value & 7U);

    p->block = test_alloc(size + odd);
    return (char *)p->block + odd;
}

mailproto_bytes actor_bytes(const struct text *t)
{
    mailproto_bytes b;

    b.ptr = t->data;
    b.len = t->len;
    return b;
}

void actor_join_words(const struct words *w, size_t first, struct text *out)
{
    for (; first < w->count; first++) {
        const struct word *word = &w->items[first];
        text_print(out, "%s%s", out->len != 0 ? " " : "", word->mark == '<' ? "<" : "");
        text_add(out, word->text.data, word->text.len);
        text_print(out, "%s", word->mark == '<' ? ">" : "");
    }
}

int actor_has_cap_line(struct play *p, const struct text *line)
{
    mailproto_bytes have;
    uint32_t i;

    for (i = 0; mailproto_session_cap_text(p->session, i, &have) == MAILPROTO_OK; i++) {
        if (have.len == line->len && memcmp(have.ptr, line->data, have.len) == 0) {
            return 1;
        }
    }
    return 0;
}
