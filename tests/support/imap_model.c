/*
 * What a command of IMAP says, spelled out so that it can be compared: of generated ones
 * told piece by piece, of parsed ones through the library's cursors.
 */
#include "imap_generate_inside.h"

#include <stdlib.h>
#include <string.h>

#include "imap/lex.h"
#include "imap/syntax_search.h"

/* ---- models ------------------------------------------------------------------------- */

enum { MODEL_TEXTS = 11 };

static struct text *text_of(struct imap_model *m, size_t i, const char **name)
{
    static const char *const names[MODEL_TEXTS] = {
        "tag", "verb",  "name",  "text",          "mailbox",   "target",
        "set", "items", "known", "match_numbers", "match_uids"};
    struct text *const texts[MODEL_TEXTS] = {
        &m->tag, &m->verb,  &m->name,  &m->text,          &m->mailbox,   &m->target,
        &m->set, &m->items, &m->known, &m->match_numbers, &m->match_uids};
    if (name != NULL) {
        *name = names[i];
    }
    return texts[i];
}

void imap_model_free(struct imap_model *m)
{
    size_t i;
    for (i = 0; i < MODEL_TEXTS; i++) {
        text_free(text_of(m, i, NULL));
    }
    memset(m, 0, sizeof *m);
}

void imap_clear(struct imap_model *m)
{
    size_t i;
    for (i = 0; i < MODEL_TEXTS; i++) {
        text_of(m, i, NULL)->len = 0;
    }
    m->command = m->flags = m->select = m->returns = m->status_items = m->store = 0;
    m->uidvalidity = 0;
    m->modseq = 0;
}

const char *imap_model_differs(const struct imap_model *a, const struct imap_model *b)
{
    struct imap_model x = *a;
    struct imap_model y = *b;
    size_t i;
    if (a->command != b->command) {
        return "command";
    }
    if (a->flags != b->flags) {
        return "flags";
    }
    if (a->select != b->select || a->returns != b->returns) {
        return "select or returns";
    }
    if (a->status_items != b->status_items || a->store != b->store) {
        return "status_items or store";
    }
    if (a->uidvalidity != b->uidvalidity || a->modseq != b->modseq) {
        return "uidvalidity or modseq";
    }
    for (i = 0; i < MODEL_TEXTS; i++) {
        const char *name;
        const struct text *s = text_of(&x, i, &name);
        const struct text *t = text_of(&y, i, NULL);
        if (s->len != t->len || (s->len > 0 && memcmp(s->data, t->data, s->len) != 0)) {
            return name;
        }
    }
    return NULL;
}

static int loosely;

void imap_model_loosely(int on)
{
    loosely = on;
}

/* A string: its form, its flags but for the escaping, its octets. */
void imap_tell_string(struct text *out, uint32_t form, uint32_t flags,
                      const void *octets, size_t len)
{
    static const char inbox[] = "INBOX"; /* a mailbox's name, in any case */
    if (loosely) {
        if (len == 5 && mailproto__imap_same(inbox, (const char *)octets, len)) {
            octets = inbox;
        }
        form = form != MAILPROTO_IMAP_NIL;
        flags &= MAILPROTO_IMAP_BINARY | MAILPROTO_IMAP_UTF8_FORM;
    }
    text_print(out, "%u/%u", (unsigned)form, (unsigned)flags);
    if (form != MAILPROTO_IMAP_NIL) {
        text_quote(out, octets, len);
    }
    text_add(out, " ", 1);
}

void imap_tell_range(struct text *out, uint32_t low, uint32_t high)
{
    text_print(out, "%u:%u,", (unsigned)low, (unsigned)high);
}

void imap_tell_item(struct text *out, const struct imap_item *item)
{
    uint32_t i;
    text_print(out, "[%u/%u/%u ", (unsigned)item->kind, (unsigned)item->flags,
               (unsigned)item->section);
    for (i = 0; i < item->path_len; i++) {
        text_print(out, ".%u", (unsigned)item->path[i]);
    }
    text_print(out, "<%llu.%llu>] ", (unsigned long long)item->first,
               (unsigned long long)item->count);
}

void imap_tell_token(struct text *out, uint32_t level, uint32_t key, uint64_t number)
{
    text_print(out, "{%u:%u #%lld} ", (unsigned)level, (unsigned)key,
               (long long)number);
}

void imap_tell_date(struct text *out, const mailproto_imap_date *date)
{
    text_print(out, "@%lld,%ld,%ld ", (long long)date->utc, (long)date->zone_minutes,
               (long)date->set);
}

/* ---- models of parsed commands --------------------------------------------------------- */

static void read_string(struct text *out, const mailproto_imap_string *s)
{
    mailproto_bytes octets;
    char *buf;
    if (s->form == MAILPROTO_IMAP_EXTERNAL) {
        text_print(out, "%llx+%llx/%u ", (unsigned long long)s->number,
                   (unsigned long long)s->size, (unsigned)s->flags);
        return;
    }
    if (s->form == MAILPROTO_IMAP_NIL) {
        if (s->raw.ptr != NULL || s->raw.len > 0) {
            abort();
        }
        imap_tell_string(out, s->form, s->flags, "", 0);
        return;
    }
    buf = (char *)test_alloc(s->raw.len + 1);
    if (mailproto_imap_string_get(s, buf, s->raw.len, &octets) != MAILPROTO_OK) {
        abort();
    }
    imap_tell_string(out, s->form, s->flags & ~(uint32_t)MAILPROTO_IMAP_ESCAPED,
                     octets.ptr, octets.len);
    free(buf);
}

static void read_strings(struct text *out, mailproto_imap_cursor list)
{
    mailproto_imap_string s;
    while (mailproto_imap_string_next(&list, &s) == MAILPROTO_OK) {
        read_string(out, &s);
    }
}

static void read_set(struct text *out, mailproto_imap_cursor set)
{
    mailproto_imap_range range;
    if (mailproto_imap_set_is_saved(&set)) {
        text_add(out, "$", 1);
    }
    while (mailproto_imap_set_next(&set, &range) == MAILPROTO_OK) {
        imap_tell_range(out, range.low, range.high);
    }
}

static void read_items(struct text *out, mailproto_imap_cursor items)
{
    mailproto_imap_fetch_item item;
    while (mailproto_imap_fetch_next(&items, &item) == MAILPROTO_OK) {
        struct imap_item told;
        told.kind = item.kind;
        told.flags = item.flags;
        told.section = item.section;
        told.path_len = item.path_len;
        told.path = item.path;
        told.first = item.first;
        told.count = item.count;
        imap_tell_item(out, &told);
        read_strings(out, item.fields);
    }
}

static void read_messages(struct text *out, mailproto_imap_cursor items)
{
    mailproto_imap_append message;
    while (mailproto_imap_append_next(&items, &message) == MAILPROTO_OK) {
        read_strings(out, message.flags);
        imap_tell_date(out, &message.date);
        read_string(out, &message.message);
    }
}

static void read_keys(struct text *out, const mailproto_imap_cursor *items)
{
    struct mailproto__imap_search s;
    struct mailproto__imap_search_token t;
    mailproto__imap_search_open(&s, items);
    while (mailproto__imap_search_next(&s, &t) == MAILPROTO_OK) {
        imap_tell_token(out, t.level, t.key, t.number);
        if (t.field.form != MAILPROTO_IMAP_NIL) {
            read_string(out, &t.field);
        }
        if (t.text.form != MAILPROTO_IMAP_NIL) {
            read_string(out, &t.text);
        }
        read_set(out, t.set);
    }
}

void imap_model_of(struct imap_model *m, const mailproto_imap_command *c)
{
    imap_clear(m);
    m->command = c->command;
    m->flags = c->flags;
    m->select = c->select;
    m->returns = c->returns;
    m->status_items = c->status_items;
    m->store = c->store;
    m->uidvalidity = c->uidvalidity;
    m->modseq = c->modseq;
    text_add(&m->tag, c->tag.ptr, c->tag.len);
    if (!loosely) {
        text_add(&m->verb, c->verb.ptr, c->verb.len);
    }
    read_string(&m->name, &c->name);
    read_string(&m->text, &c->text);
    read_string(&m->mailbox, &c->mailbox);
    read_string(&m->target, &c->target);
    read_set(&m->set, c->set);
    read_set(&m->known, c->known);
    read_set(&m->match_numbers, c->match_numbers);
    read_set(&m->match_uids, c->match_uids);
    switch (c->command) {
    case MAILPROTO_IMAP_FETCH:
        read_items(&m->items, c->items);
        break;
    case MAILPROTO_IMAP_APPEND:
        read_messages(&m->items, c->items);
        break;
    case MAILPROTO_IMAP_SEARCH:
        read_keys(&m->items, &c->items);
        break;
    default:
        read_strings(&m->items, c->items);
        break;
    }
}
