/* Values within IMAP commands as JSON: see imap_value.h. */
#include "imap_value.h"

#include "names.h"
#include "text.h"

#include <mailproto/imap_search.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- strings ------------------------------------------------------------------------ */

static json_t *external(const mailproto_imap_string *s)
{
    return json_pack("{s:I, s:I}", "external", (json_int_t)s->number, "size",
                     (json_int_t)s->size);
}

json_t *imap_string(const mailproto_imap_string *s)
{
    text t = {0};
    mailproto_bytes octets;
    json_t *result = json_null();
    if (s->form == MAILPROTO_IMAP_EXTERNAL) {
        result = external(s);
    } else if (s->form != MAILPROTO_IMAP_NIL &&
               mailproto_imap_string_get(s, text_room(&t, s->raw.len), s->raw.len,
                                         &octets) == MAILPROTO_OK) {
        result = text_json(octets.ptr, octets.len);
    }
    text_free(&t);
    return result;
}

json_t *imap_mailbox(const mailproto_imap_string *s)
{
    text t = {0};
    mailproto_bytes name;
    uint32_t flags = 0;
    size_t cap = MAILPROTO_IMAP_NAME_MAX(s->raw.len);
    json_t *result = json_null();
    if (s->form == MAILPROTO_IMAP_EXTERNAL) {
        result = external(s);
    } else if (s->form != MAILPROTO_IMAP_NIL &&
               mailproto_imap_name_get(s, text_room(&t, cap), cap, &name, &flags) ==
                   MAILPROTO_OK) {
        result = json_pack("{s:o, s:b}", "name", text_json(name.ptr, name.len), "raw",
                           (int)(flags & MAILPROTO_IMAP_NAME_RAW));
    }
    text_free(&t);
    return result;
}

json_t *imap_strings(mailproto_imap_cursor list)
{
    json_t *result = json_array();
    mailproto_imap_string s;
    while (mailproto_imap_string_next(&list, &s) == MAILPROTO_OK) {
        json_array_append_new(result, imap_string(&s));
    }
    return result;
}

/* ---- numbers ------------------------------------------------------------------------ */

static json_t *number_or_star(uint32_t n)
{
    return n == 0 ? json_string("*") : json_integer(n);
}

json_t *imap_set(mailproto_imap_cursor set)
{
    if (mailproto_imap_set_is_saved(&set)) {
        return json_string("$");
    }
    json_t *result = json_array();
    mailproto_imap_range r;
    while (mailproto_imap_set_next(&set, &r) == MAILPROTO_OK) {
        json_array_append_new(
            result, json_pack("[o, o]", number_or_star(r.low), number_or_star(r.high)));
    }
    return result;
}

json_t *imap_date(const mailproto_imap_date *date)
{
    if (!date->set) {
        return json_null();
    }
    return json_pack("{s:I, s:i}", "unix", (json_int_t)date->utc, "zone_minutes",
                     (int)date->zone_minutes);
}

/* Days since 1970 as "1994-02-01". */
static json_t *day(uint64_t number)
{
    char name[32];
    time_t seconds = (time_t)((int64_t)number * 86400);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(name, sizeof name, "%Y", &tm) == 0) {
        return json_null();
    }
    snprintf(name, sizeof name, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday);
    return json_string(name);
}

/* ---- items of FETCH ----------------------------------------------------------------- */

static const word item_words[] = {{MAILPROTO_IMAP_ITEM_FLAGS, "FLAGS"},
                                  {MAILPROTO_IMAP_ITEM_UID, "UID"},
                                  {MAILPROTO_IMAP_ITEM_INTERNALDATE, "INTERNALDATE"},
                                  {MAILPROTO_IMAP_ITEM_RFC822_SIZE, "RFC822.SIZE"},
                                  {MAILPROTO_IMAP_ITEM_ENVELOPE, "ENVELOPE"},
                                  {MAILPROTO_IMAP_ITEM_BODY, "BODY"},
                                  {MAILPROTO_IMAP_ITEM_BODYSTRUCTURE, "BODYSTRUCTURE"},
                                  {MAILPROTO_IMAP_ITEM_SECTION, "BODY[]"},
                                  {MAILPROTO_IMAP_ITEM_BINARY, "BINARY[]"},
                                  {MAILPROTO_IMAP_ITEM_BINARY_SIZE, "BINARY.SIZE[]"},
                                  {MAILPROTO_IMAP_ITEM_RFC822, "RFC822"},
                                  {MAILPROTO_IMAP_ITEM_RFC822_HEADER, "RFC822.HEADER"},
                                  {MAILPROTO_IMAP_ITEM_RFC822_TEXT, "RFC822.TEXT"},
                                  {MAILPROTO_IMAP_ITEM_MODSEQ, "MODSEQ"},
                                  {MAILPROTO_IMAP_ITEM_EMAILID, "EMAILID"},
                                  {MAILPROTO_IMAP_ITEM_THREADID, "THREADID"},
                                  {MAILPROTO_IMAP_ITEM_SAVEDATE, "SAVEDATE"},
                                  {0, NULL}};

static const word section_words[] = {
    {MAILPROTO_IMAP_SECTION_WHOLE, ""},
    {MAILPROTO_IMAP_SECTION_HEADER, "HEADER"},
    {MAILPROTO_IMAP_SECTION_FIELDS, "HEADER.FIELDS"},
    {MAILPROTO_IMAP_SECTION_FIELDS_NOT, "HEADER.FIELDS.NOT"},
    {MAILPROTO_IMAP_SECTION_TEXT, "TEXT"},
    {MAILPROTO_IMAP_SECTION_MIME, "MIME"},
    {0, NULL}};

static json_t *word_json(const word *words, uint64_t value)
{
    const char *name = word_of(words, value);
    return name != NULL ? json_string(name) : json_integer((json_int_t)value);
}

static void add_section(json_t *object, const mailproto_imap_fetch_item *item)
{
    json_t *path = json_array();
    for (uint32_t i = 0; i < item->path_len; i++) {
        json_array_append_new(path, json_integer(item->path[i]));
    }
    json_object_set_new(object, "section", word_json(section_words, item->section));
    json_object_set_new(object, "path", path);
    json_object_set_new(object, "fields", imap_strings(item->fields));
    json_object_set_new(
        object, "partial",
        item->flags & MAILPROTO_IMAP_PARTIAL
            ? json_pack("[I, I]", (json_int_t)item->first, (json_int_t)item->count)
            : json_null());
    json_object_set_new(object, "peek",
                        json_boolean(item->flags & MAILPROTO_IMAP_PEEK));
}

json_t *imap_items(mailproto_imap_cursor items)
{
    json_t *result = json_array();
    mailproto_imap_fetch_item item;
    while (mailproto_imap_fetch_next(&items, &item) == MAILPROTO_OK) {
        json_t *object = json_object();
        json_object_set_new(object, "item", word_json(item_words, item.kind));
        if (item.kind == MAILPROTO_IMAP_ITEM_SECTION ||
            item.kind == MAILPROTO_IMAP_ITEM_BINARY ||
            item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
            add_section(object, &item);
        }
        json_array_append_new(result, object);
    }
    return result;
}

/* ---- keys of SEARCH ----------------------------------------------------------------- */

static const word key_words[] = {
    {MAILPROTO_IMAP_KEY_AND, "AND"},
    {MAILPROTO_IMAP_KEY_OR, "OR"},
    {MAILPROTO_IMAP_KEY_NOT, "NOT"},
    {MAILPROTO_IMAP_KEY_ALL, "ALL"},
    {MAILPROTO_IMAP_KEY_FLAG, "FLAG"},
    {MAILPROTO_IMAP_KEY_KEYWORD, "KEYWORD"},
    {MAILPROTO_IMAP_KEY_NUMBERS, "NUMBERS"},
    {MAILPROTO_IMAP_KEY_UID, "UID"},
    {MAILPROTO_IMAP_KEY_BEFORE, "BEFORE"},
    {MAILPROTO_IMAP_KEY_ON, "ON"},
    {MAILPROTO_IMAP_KEY_SINCE, "SINCE"},
    {MAILPROTO_IMAP_KEY_SENTBEFORE, "SENTBEFORE"},
    {MAILPROTO_IMAP_KEY_SENTON, "SENTON"},
    {MAILPROTO_IMAP_KEY_SENTSINCE, "SENTSINCE"},
    {MAILPROTO_IMAP_KEY_LARGER, "LARGER"},
    {MAILPROTO_IMAP_KEY_SMALLER, "SMALLER"},
    {MAILPROTO_IMAP_KEY_HEADER, "HEADER"},
    {MAILPROTO_IMAP_KEY_BODY, "BODY"},
    {MAILPROTO_IMAP_KEY_TEXT, "TEXT"},
    {MAILPROTO_IMAP_KEY_MODSEQ, "MODSEQ"},
    {MAILPROTO_IMAP_KEY_EMAILID, "EMAILID"},
    {MAILPROTO_IMAP_KEY_THREADID, "THREADID"},
    {MAILPROTO_IMAP_KEY_SAVEDBEFORE, "SAVEDBEFORE"},
    {MAILPROTO_IMAP_KEY_SAVEDON, "SAVEDON"},
    {MAILPROTO_IMAP_KEY_SAVEDSINCE, "SAVEDSINCE"},
    {MAILPROTO_IMAP_KEY_SAVEDATE_SUPPORTED, "SAVEDATESUPPORTED"},
    {0, NULL}};

static const word system_flags[] = {{MAILPROTO_IMAP_SEEN, "\\Seen"},
                                    {MAILPROTO_IMAP_ANSWERED, "\\Answered"},
                                    {MAILPROTO_IMAP_FLAGGED, "\\Flagged"},
                                    {MAILPROTO_IMAP_DELETED, "\\Deleted"},
                                    {MAILPROTO_IMAP_DRAFT, "\\Draft"},
                                    {MAILPROTO_IMAP_RECENT, "\\Recent"},
                                    {0, NULL}};

/* What stands behind a key's name. */
static void add_operand(json_t *list, const mailproto_imap_search_node *n)
{
    switch (n->key) {
    case MAILPROTO_IMAP_KEY_FLAG:
        json_array_append_new(list, word_json(system_flags, n->number));
        break;
    case MAILPROTO_IMAP_KEY_NUMBERS:
    case MAILPROTO_IMAP_KEY_UID:
        json_array_append_new(list, imap_set(n->set));
        break;
    case MAILPROTO_IMAP_KEY_BEFORE:
    case MAILPROTO_IMAP_KEY_ON:
    case MAILPROTO_IMAP_KEY_SINCE:
    case MAILPROTO_IMAP_KEY_SENTBEFORE:
    case MAILPROTO_IMAP_KEY_SENTON:
    case MAILPROTO_IMAP_KEY_SENTSINCE:
    case MAILPROTO_IMAP_KEY_SAVEDBEFORE:
    case MAILPROTO_IMAP_KEY_SAVEDON:
    case MAILPROTO_IMAP_KEY_SAVEDSINCE:
        json_array_append_new(list, day(n->number));
        break;
    case MAILPROTO_IMAP_KEY_LARGER:
    case MAILPROTO_IMAP_KEY_SMALLER:
        json_array_append_new(list, json_integer((json_int_t)n->number));
        break;
    case MAILPROTO_IMAP_KEY_MODSEQ:
        json_array_append_new(list, json_integer((json_int_t)n->number));
        json_array_append_new(list, imap_string(&n->field));
        json_array_append_new(list, imap_string(&n->text));
        break;
    case MAILPROTO_IMAP_KEY_HEADER:
        json_array_append_new(list, imap_string(&n->field));
        json_array_append_new(list, imap_string(&n->text));
        break;
    case MAILPROTO_IMAP_KEY_KEYWORD:
    case MAILPROTO_IMAP_KEY_BODY:
    case MAILPROTO_IMAP_KEY_TEXT:
    case MAILPROTO_IMAP_KEY_EMAILID:
    case MAILPROTO_IMAP_KEY_THREADID:
        json_array_append_new(list, imap_string(&n->text));
        break;
    default:
        break;
    }
}

/* The nodes from `at` to `end` behind a list; their operands are in lists of their own,
   nested no deeper than MAILPROTO_IMAP_SEARCH_DEPTH. */
static void add_nodes(json_t *list, const mailproto_imap_search_node *nodes, size_t at,
                      size_t end)
{
    while (at < end) {
        const mailproto_imap_search_node *n = &nodes[at];
        json_t *key = json_array();
        json_array_append_new(key, word_json(key_words, n->key));
        add_operand(key, n);
        add_nodes(key, nodes, at + 1, n->end);
        json_array_append_new(list, key);
        at = n->end;
    }
}

json_t *imap_keys(mailproto_imap_cursor keys)
{
    size_t count = 0;
    json_t *result = json_array();
    mailproto_imap_cursor again = keys;
    (void)mailproto_imap_search_compile(&again, NULL, 0, &count);
    mailproto_imap_search_node *nodes = calloc(count + 1, sizeof *nodes);
    if (nodes != NULL &&
        mailproto_imap_search_compile(&keys, nodes, count, &count) == MAILPROTO_OK &&
        count > 0) {
        add_nodes(result, nodes, 1, nodes[0].end); /* node 0 is the AND of all */
    }
    free(nodes);
    return result;
}
