/*
 * Random commands about messages: FETCH, STORE, SEARCH with their extensions.
 */
#include "imap_generate_inside.h"

#include <stdlib.h>
#include <string.h>

#include <mailproto/imap_search.h>

/* ---- FETCH ------------------------------------------------------------------ */

static void put_section(struct imap_generator *g, struct imap_item *item,
                        struct text *out)
{
    static const char *const texts[] = {
        "", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
    static uint32_t path[8];
    uint32_t i;
    int only_parts = item->kind != MAILPROTO_IMAP_ITEM_SECTION;
    item->path = path;
    item->path_len = imap_random(g, 2) ? 0 : 1 + imap_random(g, 8);
    item->section = only_parts ? 0 : imap_random(g, item->path_len > 0 ? 6 : 5);
    imap_put(g, "[");
    for (i = 0; i < item->path_len; i++) {
        path[i] = 1 + imap_random(g, 20);
        imap_put(g, i > 0 ? "." : "");
        imap_put_number(g, path[i]);
    }
    if (item->section != 0) {
        imap_put(g, item->path_len > 0 ? "." : "");
        imap_put_word(g, texts[item->section]);
    }
    if (item->section == 2 || item->section == 3) {
        uint32_t count = 1 + imap_random(g, 4);
        imap_put(g, " (");
        for (i = 0; i < count; i++) {
            imap_put(g, i > 0 ? " " : "");
            imap_put_astring(g, out);
        }
        imap_put(g, ")");
    }
    imap_put(g, "]");
}

static void put_partial(struct imap_generator *g, struct imap_item *item)
{
    if (imap_random(g, 3) == 0) {
        item->flags |= MAILPROTO_IMAP_PARTIAL;
        item->first = imap_random(g, 2) ? 0 : imap_any_number64(g);
        item->count = imap_any_number64(g);
        imap_put(g, "<");
        imap_put_number(g, item->first);
        imap_put(g, ".");
        imap_put_number(g, item->count);
        imap_put(g, ">");
    }
}

static void put_item(struct imap_generator *g, struct text *out)
{
    static const char *const names[] = {"",
                                        "FLAGS",
                                        "UID",
                                        "INTERNALDATE",
                                        "RFC822.SIZE",
                                        "ENVELOPE",
                                        "BODY",
                                        "BODYSTRUCTURE",
                                        "BODY",
                                        "BINARY",
                                        "BINARY.SIZE",
                                        "RFC822",
                                        "RFC822.HEADER",
                                        "RFC822.TEXT",
                                        "MODSEQ",
                                        "EMAILID",
                                        "THREADID",
                                        "SAVEDATE"};
    struct imap_item item = {0, MAILPROTO_IMAP_PEEK, 0, 0, NULL, 0, 0};
    struct text fields = {NULL, 0, 0};
    item.kind = 1 + imap_random(g, 17);
    imap_put_word(g, names[item.kind]);
    if (item.kind == MAILPROTO_IMAP_ITEM_SECTION ||
        item.kind == MAILPROTO_IMAP_ITEM_BINARY) {
        if (imap_random(g, 2)) {
            imap_put_word(g, ".PEEK");
        } else {
            item.flags = 0;
        }
        put_section(g, &item, &fields);
        put_partial(g, &item);
    } else if (item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
        put_section(g, &item, &fields);
    } else if (item.kind == MAILPROTO_IMAP_ITEM_RFC822 ||
               item.kind == MAILPROTO_IMAP_ITEM_RFC822_TEXT) {
        item.flags = 0;
        item.section = item.kind == MAILPROTO_IMAP_ITEM_RFC822 ? 0 : 4;
    } else if (item.kind == MAILPROTO_IMAP_ITEM_RFC822_HEADER) {
        item.section = 1;
    }
    if (!(item.flags & MAILPROTO_IMAP_PEEK)) {
        g->model.flags |= MAILPROTO_IMAP_SETS_SEEN;
    }
    if (item.kind == MAILPROTO_IMAP_ITEM_MODSEQ) {
        g->model.flags |= MAILPROTO_IMAP_USES_MODSEQ;
    }
    imap_tell_item(out, &item);
    text_add(out, fields.data, fields.len);
    text_free(&fields);
}

static void put_macro(struct imap_generator *g, struct text *out)
{
    static const char *const names[] = {"FAST", "ALL", "FULL"};
    static const uint32_t kinds[] = {
        MAILPROTO_IMAP_ITEM_FLAGS, MAILPROTO_IMAP_ITEM_INTERNALDATE,
        MAILPROTO_IMAP_ITEM_RFC822_SIZE, MAILPROTO_IMAP_ITEM_ENVELOPE,
        MAILPROTO_IMAP_ITEM_BODY};
    uint32_t macro = imap_random(g, 3);
    uint32_t i;
    imap_put_word(g, names[macro]);
    for (i = 0; i < 3 + macro; i++) {
        struct imap_item item = {0, MAILPROTO_IMAP_PEEK, 0, 0, NULL, 0, 0};
        item.kind = kinds[i];
        imap_tell_item(out, &item);
    }
}

/* SP sequence-set of a command */
void imap_put_numbers(struct imap_generator *g)
{
    imap_put(g, " ");
    if (imap_put_set(g, &g->model.set, 0)) {
        g->model.flags |= MAILPROTO_IMAP_USES_SAVED;
    } else if (!(g->model.flags & MAILPROTO_IMAP_UID)) {
        g->model.flags |= MAILPROTO_IMAP_USES_MSN;
    }
}

void imap_put_modseq(struct imap_generator *g)
{
    g->model.modseq = imap_any_number64(g);
    g->model.flags |= MAILPROTO_IMAP_HAS_MODSEQ | MAILPROTO_IMAP_USES_MODSEQ;
    imap_put_number(g, g->model.modseq);
}

void imap_put_fetch(struct imap_generator *g)
{
    struct text *out = &g->model.items;
    uint32_t count = imap_random(g, 5);
    uint32_t i;
    imap_put_numbers(g);
    imap_put(g, " ");
    if (count == 0) {
        put_macro(g, out);
    } else if (count == 1) {
        put_item(g, out);
    } else {
        for (i = 1; i < count; i++) {
            imap_put(g, i > 1 ? " " : "(");
            put_item(g, out);
        }
        imap_put(g, ")");
    }
    if (imap_random(g, 4) == 0) {
        int vanished = (g->model.flags & MAILPROTO_IMAP_UID) && imap_random(g, 2);
        imap_put(g, " (");
        if (vanished) {
            g->model.flags |= MAILPROTO_IMAP_VANISHED;
            imap_put_word(g, "VANISHED");
            imap_put(g, " ");
        }
        imap_put_word(g, "CHANGEDSINCE");
        imap_put(g, " ");
        imap_put_modseq(g);
        imap_put(g, ")");
    }
}

void imap_put_store(struct imap_generator *g)
{
    imap_put_numbers(g);
    imap_put(g, " ");
    if (imap_random(g, 4) == 0) {
        imap_put(g, "(");
        imap_put_word(g, "UNCHANGEDSINCE");
        imap_put(g, " ");
        imap_put_modseq(g);
        imap_put(g, ") ");
    }
    g->model.store = imap_random(g, 3);
    imap_put(g, g->model.store == 0 ? "" : g->model.store == 1 ? "+" : "-");
    imap_put_word(g, "FLAGS");
    if (imap_random(g, 2)) {
        imap_put_word(g, ".SILENT");
        g->model.flags |= MAILPROTO_IMAP_SILENT;
    }
    imap_put(g, " ");
    if (imap_random(g, 2)) {
        imap_put_flags(g, &g->model.items);
    } else {
        imap_put_flag(g, &g->model.items);
        if (imap_random(g, 2)) {
            imap_put(g, " ");
            imap_put_flag(g, &g->model.items);
        }
    }
}

/* ---- SEARCH ----------------------------------------------------------------- */

static void put_key(struct imap_generator *g, uint32_t level);

/* UNSEEN and its likes: NOT of a flag. */
static void tell_unflag(struct imap_generator *g, uint32_t level, uint32_t flag)
{
    imap_tell_token(&g->model.items, level, MAILPROTO_IMAP_KEY_NOT, 0);
    imap_tell_token(&g->model.items, level + 1, MAILPROTO_IMAP_KEY_FLAG, flag);
}

static void put_flag_key(struct imap_generator *g, uint32_t level)
{
    static const char *const names[] = {"SEEN",    "ANSWERED", "FLAGGED",
                                        "DELETED", "DRAFT",    "RECENT"};
    uint32_t i = imap_random(g, 7);
    struct text *out = &g->model.items;
    if (i == 6) {
        if (imap_random(g, 2)) {
            imap_put_word(g, "OLD");
            tell_unflag(g, level, MAILPROTO_IMAP_RECENT);
        } else {
            imap_put_word(g, "NEW");
            imap_tell_token(out, level, MAILPROTO_IMAP_KEY_AND, 0);
            imap_tell_token(out, level + 1, MAILPROTO_IMAP_KEY_FLAG,
                            MAILPROTO_IMAP_RECENT);
            tell_unflag(g, level + 1, MAILPROTO_IMAP_SEEN);
        }
    } else if (i < 5 && imap_random(g, 2)) {
        imap_put_word(g, "UN");
        imap_put_word(g, names[i]);
        tell_unflag(g, level, UINT32_C(1) << i);
    } else {
        imap_put_word(g, names[i]);
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_FLAG, UINT32_C(1) << i);
    }
}

static void put_date_key(struct imap_generator *g, uint32_t level)
{
    static const char *const names[] = {"BEFORE",      "ON",      "SINCE",
                                        "SENTBEFORE",  "SENTON",  "SENTSINCE",
                                        "SAVEDBEFORE", "SAVEDON", "SAVEDSINCE"};
    uint32_t i = imap_random(g, 9);
    uint32_t key =
        i < 6 ? MAILPROTO_IMAP_KEY_BEFORE + i : MAILPROTO_IMAP_KEY_SAVEDBEFORE + i - 6;
    imap_put_word(g, names[i]);
    imap_put(g, " ");
    imap_tell_token(&g->model.items, level, key, (uint64_t)imap_put_date(g));
}

static void put_text_key(struct imap_generator *g, uint32_t level)
{
    static const char *const names[] = {"BCC", "CC",   "FROM", "SUBJECT",
                                        "TO",  "BODY", "TEXT", "HEADER"};
    struct text *out = &g->model.items;
    uint32_t i = imap_random(g, 8);
    size_t begin = g->unit.len;
    size_t end;
    imap_put_word(g, names[i]);
    end = g->unit.len;
    imap_put(g, " ");
    if (i == 5 || i == 6) {
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_BODY + i - 5, 0);
    } else {
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_HEADER, 0);
        if (i < 5) { /* as it was written */
            imap_tell_string(out, MAILPROTO_IMAP_ATOM, 0, g->unit.data + begin,
                             end - begin);
        } else {
            imap_put_astring(g, out);
            imap_put(g, " ");
        }
    }
    imap_put_astring(g, out);
}

static void put_object_key(struct imap_generator *g, uint32_t level)
{
    uint32_t i = imap_random(g, 2);
    const char *id = imap_random(g, 2) ? "M6d99ac3275bb4e" : "T-_0";
    imap_put_word(g, i == 0 ? "EMAILID" : "THREADID");
    imap_put(g, " ");
    imap_put(g, id);
    imap_tell_token(&g->model.items, level, MAILPROTO_IMAP_KEY_EMAILID + i, 0);
    imap_tell_string(&g->model.items, MAILPROTO_IMAP_ATOM, 0, id, strlen(id));
}

static void put_modseq_key(struct imap_generator *g, uint32_t level)
{
    uint64_t modseq = imap_random(g, 2) ? 0 : imap_any_number64(g);
    int entry = (int)imap_random(g, 2);
    imap_put_word(g, "MODSEQ");
    imap_put(g, entry ? " \"/flags/\\\\draft\" all " : " ");
    imap_put_number(g, modseq);
    imap_tell_token(&g->model.items, level, MAILPROTO_IMAP_KEY_MODSEQ, modseq);
    if (entry) {
        imap_tell_string(&g->model.items, MAILPROTO_IMAP_QUOTED, 0, "/flags/\\draft",
                         13);
        imap_tell_string(&g->model.items, MAILPROTO_IMAP_ATOM, 0, "all", 3);
    }
    g->model.flags |= MAILPROTO_IMAP_USES_MODSEQ;
}

static void put_set_key(struct imap_generator *g, uint32_t level)
{
    struct text *out = &g->model.items;
    int uid = (int)imap_random(g, 2);
    if (uid) {
        imap_put_word(g, "UID");
        imap_put(g, " ");
    }
    imap_tell_token(out, level,
                    uid ? MAILPROTO_IMAP_KEY_UID : MAILPROTO_IMAP_KEY_NUMBERS, 0);
    if (imap_put_set(g, out, 0)) {
        g->model.flags |= MAILPROTO_IMAP_USES_SAVED;
    } else if (!uid) {
        g->model.flags |= MAILPROTO_IMAP_USES_MSN;
    }
}

static void put_other_key(struct imap_generator *g, uint32_t level)
{
    struct text *out = &g->model.items;
    uint64_t size;
    uint32_t larger;
    switch (imap_random(g, 5)) {
    case 0:
        imap_put_word(g, "ALL");
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_ALL, 0);
        break;
    case 1:
        imap_put_word(g, "SAVEDATESUPPORTED");
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_SAVEDATE_SUPPORTED, 0);
        break;
    case 2:
        size = imap_any_number64(g);
        larger = imap_random(g, 2);
        imap_put_word(g, larger ? "LARGER" : "SMALLER");
        imap_put(g, " ");
        imap_put_number(g, size);
        imap_tell_token(out, level,
                        larger ? MAILPROTO_IMAP_KEY_LARGER : MAILPROTO_IMAP_KEY_SMALLER,
                        size);
        break;
    case 3:
        imap_put_word(g, "KEYWORD");
        imap_put(g, " ");
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_KEYWORD, 0);
        imap_put_atom(g, out);
        break;
    default:
        imap_put_word(g, "UNKEYWORD");
        imap_put(g, " ");
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_NOT, 0);
        imap_tell_token(out, level + 1, MAILPROTO_IMAP_KEY_KEYWORD, 0);
        imap_put_atom(g, out);
        break;
    }
}

static void put_keys(struct imap_generator *g, uint32_t level)
{
    uint32_t count = 1 + imap_random(g, 3);
    uint32_t i;
    for (i = 0; i < count; i++) {
        imap_put(g, i > 0 ? " " : "");
        put_key(g, level);
    }
}

static void put_key(struct imap_generator *g, uint32_t level)
{
    struct text *out = &g->model.items;
    switch (imap_random(g, level < 6 ? 12 : 9)) {
    case 0:
    case 1:
        put_flag_key(g, level);
        break;
    case 2:
        put_date_key(g, level);
        break;
    case 3:
    case 4:
        put_text_key(g, level);
        break;
    case 5:
        put_object_key(g, level);
        break;
    case 6:
        put_modseq_key(g, level);
        break;
    case 7:
        put_set_key(g, level);
        break;
    case 8:
        put_other_key(g, level);
        break;
    case 9:
        imap_put_word(g, "NOT");
        imap_put(g, " ");
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_NOT, 0);
        put_key(g, level + 1);
        break;
    case 10:
        imap_put_word(g, "OR");
        imap_put(g, " ");
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_OR, 0);
        put_key(g, level + 1);
        imap_put(g, " ");
        put_key(g, level + 1);
        break;
    default:
        imap_put(g, "(");
        imap_tell_token(out, level, MAILPROTO_IMAP_KEY_AND, 0);
        put_keys(g, level + 1);
        imap_put(g, ")");
        break;
    }
}

/* Some of `count` words whose values are bits from `first` on, in parentheses. */
uint32_t imap_put_bits(struct imap_generator *g, const char *const *words,
                       uint32_t count, uint32_t least)
{
    uint32_t bits = 0;
    uint32_t i;
    const char *before = "";
    imap_put(g, "(");
    for (i = 0; i < count; i++) {
        if (imap_random(g, 2) || (bits == 0 && i + 1 == count && least)) {
            imap_put(g, before);
            imap_put_word(g, words[i]);
            bits |= UINT32_C(1) << i;
            before = " ";
        }
    }
    imap_put(g, ")");
    return bits;
}

void imap_put_search(struct imap_generator *g)
{
    static const char *const returns[] = {"MIN", "MAX", "ALL", "COUNT", "SAVE"};
    if (imap_random(g, 3) == 0) {
        imap_put(g, " ");
        imap_put_word(g, "RETURN");
        imap_put(g, " ");
        g->model.returns = imap_put_bits(g, returns, 5, 0);
        g->model.flags |= MAILPROTO_IMAP_EXTENDED;
        if (g->model.returns == 0) {
            g->model.returns = MAILPROTO_IMAP_RETURN_ALL;
        }
    }
    imap_put(g, " ");
    g->model.text.len = 0;
    if (imap_random(g, 3) == 0) {
        imap_put_word(g, "CHARSET");
        imap_put(g, " ");
        imap_put_string(g, &g->model.text, "UTF-8", 5, IN_ATOM, 0);
        imap_put(g, " ");
    } else {
        imap_tell_string(&g->model.text, MAILPROTO_IMAP_NIL, 0, "", 0);
    }
    imap_tell_token(&g->model.items, 0, MAILPROTO_IMAP_KEY_AND, 0);
    put_keys(g, 1);
}
