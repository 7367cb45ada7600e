/*
 * Lists in field values as readable text.
 */
#include "value_trace.h"

#include <stdlib.h>
#include <string.h>

enum { DEFECTS = 4096 };

/* One walk. */
struct walk {
    struct text *out;
    mailproto_value cursor;
    mailproto_defects defects;
    char *piece;
    size_t piece_len;
    size_t done;   /* octets of the value before `piece` */
    uint64_t last; /* offset of the element before */
    int begun;     /* VALUE_TYPE: the type was read */
};

/* Must hold, with any NDEBUG. */
static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static void inside(const struct walk *w, mailproto_bytes b)
{
    must(b.len == 0 || (b.ptr >= w->piece && b.ptr + b.len <= w->piece + w->piece_len));
}

static void add(struct walk *w, const char *name, mailproto_bytes b)
{
    inside(w, b);
    if (b.len > 0) {
        text_print(w->out, " %s=", name);
        text_quote(w->out, b.ptr, b.len);
    }
}

static void head(struct walk *w, const char *what, uint64_t offset, uint32_t flags)
{
    must(offset >= w->last);
    w->last = offset;
    text_print(w->out, "%s@%llu", what, (unsigned long long)offset);
    if (flags != 0) {
        text_print(w->out, " %u", (unsigned)flags);
    }
}

/* ---- elements ----------------------------------------------------------------------- */

static mailproto_status address(struct walk *w)
{
    static const char *const types[] = {"?",   "mailbox", "group",
                                        "end", "text",    "empty"};
    mailproto_address a;
    mailproto_status status;
    memset(&a, 0, sizeof a);
    a.struct_size = sizeof a;
    status = mailproto_address_next(&w->cursor, &a);
    if (status == MAILPROTO_OK) {
        head(w, types[a.type], a.offset, a.flags);
        inside(w, a.raw);
        add(w, "name", a.name);
        add(w, "local", a.local);
        add(w, "domain", a.domain);
        add(w, "route", a.route);
        add(w, "comment", a.comment);
        if (a.type == MAILPROTO_ADDRESS_MAILBOX) {
            char *spec = (char *)test_alloc(a.raw.len + 4);
            size_t len = 0;
            must(mailproto_address_spec(&a, spec, a.raw.len + 4, &len) == MAILPROTO_OK);
            must(memchr(spec, '\n', len) == NULL && memchr(spec, '\r', len) == NULL);
            add(w, "raw", a.raw);
            text_print(w->out, " spec=");
            text_quote(w->out, spec, len);
            free(spec);
        }
    }
    return status;
}

static mailproto_status message_id(struct walk *w)
{
    mailproto_message_id id;
    mailproto_status status;
    memset(&id, 0, sizeof id);
    id.struct_size = sizeof id;
    status = mailproto_message_id_next(&w->cursor, &id);
    if (status == MAILPROTO_OK) {
        head(w, "id", id.offset, id.flags);
        inside(w, id.raw);
        add(w, "id", id.id);
        add(w, "left", id.left);
        add(w, "right", id.right);
    }
    return status;
}

static mailproto_status parameter(struct walk *w, int type)
{
    mailproto_parameter p;
    mailproto_status status;
    if (!w->begun) {
        mailproto_content c;
        memset(&c, 0, sizeof c);
        c.struct_size = sizeof c;
        status = type ? mailproto_content_type(&w->cursor, &c)
                      : mailproto_content_disposition(&w->cursor, &c);
        if (status == MAILPROTO_OK) {
            w->begun = 1;
            head(w, "type", c.offset, c.flags);
            add(w, "type", c.type);
            add(w, "subtype", c.subtype);
        }
        return status;
    }
    memset(&p, 0, sizeof p);
    p.struct_size = sizeof p;
    status = mailproto_parameter_next(&w->cursor, &p);
    if (status == MAILPROTO_OK) {
        head(w, "parameter", p.offset, p.flags);
        add(w, "name", p.name);
        add(w, "value", p.value);
        if (p.flags & MAILPROTO_PARAMETER_SECTION) {
            text_print(w->out, " section=%u", (unsigned)p.section);
        }
    }
    return status;
}

static mailproto_status item(struct walk *w, enum value_kind kind)
{
    mailproto_list_item i;
    mailproto_status status;
    memset(&i, 0, sizeof i);
    i.struct_size = sizeof i;
    status = kind == VALUE_KEYWORDS    ? mailproto_keyword_next(&w->cursor, &i)
             : kind == VALUE_LANGUAGES ? mailproto_language_next(&w->cursor, &i)
                                       : mailproto_list_url_next(&w->cursor, &i);
    if (status == MAILPROTO_OK) {
        head(w, "item", i.offset, i.flags);
        add(w, "value", i.value);
        add(w, "comment", i.comment);
    }
    return status;
}

static mailproto_status element(struct walk *w, enum value_kind kind)
{
    switch (kind) {
    case VALUE_ADDRESSES:
        return address(w);
    case VALUE_IDS:
        return message_id(w);
    case VALUE_TYPE:
    case VALUE_DISPOSITION:
        return parameter(w, kind == VALUE_TYPE);
    case VALUE_KEYWORDS:
    case VALUE_LANGUAGES:
    case VALUE_URLS:
    case VALUE_KINDS:
    default:
        return item(w, kind);
    }
}

/* ---- the walk ----------------------------------------------------------------------- */

/* The value from `done` to `to`, as a copy of its own. */
static mailproto_bytes take_piece(struct walk *w, const char *value, size_t to)
{
    mailproto_bytes b;
    free(w->piece);
    w->piece_len = to - w->done;
    w->piece = (char *)test_alloc(w->piece_len > 0 ? w->piece_len : 1);
    memcpy(w->piece, value + w->done, w->piece_len);
    b.ptr = w->piece;
    b.len = w->piece_len;
    return b;
}

void value_trace_defects(struct text *out, const mailproto_defects *defects)
{
    uint32_t i;
    for (i = 0; i < defects->count && i < defects->capacity; i++) {
        const char *name = mailproto_value_defect_name(defects->items[i].code);
        text_print(out, "%s%s@%llu", i > 0 ? " " : "",
                   name + strlen("MAILPROTO_VALUE_DEFECT_"),
                   (unsigned long long)defects->items[i].offset);
    }
}

static void finish(struct walk *w, mailproto_status status, size_t len)
{
    mailproto_value_defect error = mailproto_value_error(&w->cursor);
    uint32_t i;
    if (status == MAILPROTO_EOF) {
        must(error.code == 0);
        must(w->done + mailproto_value_used(&w->cursor) == len);
    } else {
        must(status == MAILPROTO_ERR_SYNTAX && error.code != 0);
        must(element(w, VALUE_ADDRESSES) == MAILPROTO_ERR_SYNTAX);
        text_print(w->out, "error %s@%llu\n",
                   mailproto_value_defect_name(error.code) +
                       strlen("MAILPROTO_VALUE_DEFECT_"),
                   (unsigned long long)error.offset);
    }
    for (i = 0; i < w->defects.count && i < w->defects.capacity; i++) {
        must(w->defects.items[i].offset <= len);
        must((w->defects.seen >> w->defects.items[i].code & 1U) == 1U);
    }
    must((w->defects.count > 0) == (w->defects.first.code > 0));
    value_trace_defects(w->out, &w->defects);
    text_print(w->out, "\n");
}

void value_trace(struct text *out, enum value_kind kind, const char *value, size_t len,
                 uint32_t flags, size_t step)
{
    struct walk w;
    mailproto_status status;
    size_t there = step == 0 || step > len ? len : step;
    memset(&w, 0, sizeof w);
    w.out = out;
    w.defects.struct_size = sizeof w.defects;
    w.defects.capacity = DEFECTS;
    w.defects.items =
        (mailproto_value_defect *)test_alloc(DEFECTS * sizeof(mailproto_value_defect));
    status = mailproto_value_open(&w.cursor, take_piece(&w, value, there),
                                  flags | (there == len ? MAILPROTO_VALUE_FINAL : 0U),
                                  &w.defects);
    must(status == MAILPROTO_OK);
    for (;;) {
        status = element(&w, kind);
        if (status == MAILPROTO_OK) {
            text_print(out, "\n");
        } else if (status == MAILPROTO_AGAIN) {
            must(there < len);
            w.done += mailproto_value_used(&w.cursor);
            there = len - there > step ? there + step : len;
            must(mailproto_value_feed(&w.cursor, take_piece(&w, value, there),
                                      there == len ? MAILPROTO_VALUE_FINAL : 0U) ==
                 MAILPROTO_OK);
        } else {
            break;
        }
    }
    finish(&w, status, len);
    free(w.defects.items);
    free(w.piece);
}
