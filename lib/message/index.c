/*
 * The part index: events in, an array out. Knows parts and their numbers; must not know
 * octets or sources.
 *
 * Until the message is over, some members serve the library: `decoded_octets` is what lies
 * before the part's header with every line end as CRLF, `reserved` the lines before its
 * header (modulo 2^32, as all that is done with it is to subtract) and those of it, and
 * `next_sibling` of an open part is its last child.
 */
#include <mailproto/message.h>

#include "core/mem.h"
#include "message/clear.h"

/* What lies before a place in the message. */
struct place {
    uint64_t offset, crlf;
    uint32_t lines;
};

enum { BEFORE = 0, HEADER = 1 }; /* of `reserved`: lines */

/* "The field counts as absent": no field begins there. */
#define REJECTED UINT32_MAX

static struct place body_of(const mailproto_part *part)
{
    struct place p;
    p.offset = part->body_offset;
    p.crlf = part->decoded_octets + part->header_crlf;
    p.lines = part->reserved[BEFORE] + part->reserved[HEADER];
    return p;
}

static struct place end_of(const mailproto_part *part)
{
    struct place p = body_of(part);
    p.offset += part->body_octets;
    p.crlf += part->body_crlf;
    p.lines += (uint32_t)part->lines;
    return p;
}

/* ---- entries ------------------------------------------------------------------------ */

/* A new entry, the last child of `parent`, which is open or NONE. */
static mailproto_part *add_entry(mailproto_index *ix, uint32_t number, uint32_t parent,
                                 const mailproto_message_event *ev)
{
    mailproto_part *part = &ix->parts[number];
    mailproto__clear(part, sizeof *part);
    part->parent = parent;
    part->first_child = MAILPROTO_PART_NONE;
    part->next_sibling = MAILPROTO_PART_NONE;
    part->header_offset = ev->offset;
    part->body_offset = ev->offset;
    part->decoded_octets = ev->crlf_octets;
    part->reserved[BEFORE] = (uint32_t)ev->lines;
    if (parent != MAILPROTO_PART_NONE) {
        mailproto_part *p = &ix->parts[parent];
        if (p->children == 0) {
            p->first_child = number;
        } else {
            ix->parts[p->next_sibling].next_sibling = number;
        }
        p->next_sibling = number;
        p->children++;
    }
    ix->count = number + 1;
    return part;
}

/* ---- overflow ----------------------------------------------------------------------- */

static int is_full(const mailproto_index *ix)
{
    return ix->needed > ix->capacity;
}

static int is_open(const mailproto_index *ix, uint32_t part)
{
    uint32_t at = ix->open;
    while (at != MAILPROTO_PART_NONE && at != part) {
        at = ix->parts[at].parent;
    }
    return at == part;
}

/* The entry stands for itself and all that comes behind it in its parent. */
static void become_overflow(mailproto_part *part)
{
    part->flags = (uint32_t)(MAILPROTO_PART_OVERFLOW | MAILPROTO_MESSAGE_OPAQUE);
    part->first_child = MAILPROTO_PART_NONE;
    part->next_sibling = MAILPROTO_PART_NONE;
    part->children = 0;
    part->header_crlf = 0;
    part->body_offset = part->header_offset;
    part->encoding = MAILPROTO_ENCODING_BINARY;
    part->media = MAILPROTO_MEDIA_OTHER;
    memset(part->fields, 0, sizeof part->fields);
    part->reserved[HEADER] = 0;
}

/* An overflow entry goes up to its parent's end. */
static void end_overflow(mailproto_part *part, struct place end)
{
    part->body_octets = end.offset - part->body_offset;
    part->body_crlf = end.crlf - part->decoded_octets;
    part->lines = end.lines - part->reserved[BEFORE];
}

/* A part whose parts are not in the index. */
static void become_opaque(mailproto_part *part)
{
    part->flags |= (uint32_t)(MAILPROTO_PART_OVERFLOW | MAILPROTO_MESSAGE_OPAQUE);
    part->first_child = MAILPROTO_PART_NONE;
    part->children = 0;
}

/* The parent of the last entry is over, and more parts come: the last entry and the one
 * before it become one, so that an entry is free for them. */
static void make_room(mailproto_index *ix)
{
    uint32_t last = ix->count - 1;
    uint32_t number = ix->parts[last].parent;
    mailproto_part *parent = &ix->parts[number];
    uint32_t at = parent->first_child;
    if (at == last) { /* there is none before it: its parent stands for it */
        become_opaque(parent);
        ix->count = number + 1;
        return;
    }
    while (ix->parts[at].next_sibling != last) {
        at = ix->parts[at].next_sibling;
    }
    become_overflow(&ix->parts[at]);
    end_overflow(&ix->parts[at], end_of(parent));
    parent->children--;
    ix->count = at + 1;
}

/* A part that does not fit begins. */
static void overflow(mailproto_index *ix, const mailproto_message_event *ev)
{
    mailproto_part *last = &ix->parts[ix->count - 1];
    if (last->parent == MAILPROTO_PART_NONE) {
        become_opaque(last);
    } else if (is_open(ix, last->parent)) {
        if (!(last->flags & MAILPROTO_PART_OVERFLOW)) {
            become_overflow(last);
        }
    } else {
        make_room(ix);
        become_overflow(add_entry(ix, ix->count, ix->open, ev));
    }
}

/* ---- events ------------------------------------------------------------------------- */

static void begin(mailproto_index *ix, const mailproto_message_event *ev)
{
    mailproto_part *part;
    ix->needed = ev->part + 1;
    if (is_full(ix)) {
        overflow(ix, ev);
        return;
    }
    part = add_entry(ix, ev->part, ev->part == 0 ? MAILPROTO_PART_NONE : ix->open, ev);
    part->flags = ev->flags & MAILPROTO_MESSAGE_OVERFLOW;
    ix->open = ev->part;
}

static void keep_field(mailproto_index *ix, mailproto_part *part,
                       const mailproto_message_event *ev)
{
    static const uint32_t kept[MAILPROTO_PART_FIELDS] = {
        MAILPROTO_FIELD_CONTENT_TYPE,        MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING,
        MAILPROTO_FIELD_CONTENT_ID,          MAILPROTO_FIELD_CONTENT_DESCRIPTION,
        MAILPROTO_FIELD_CONTENT_DISPOSITION, MAILPROTO_FIELD_CONTENT_LANGUAGE,
        MAILPROTO_FIELD_CONTENT_LOCATION,    MAILPROTO_FIELD_CONTENT_MD5};
    uint64_t at = ev->offset - part->header_offset;
    unsigned i;
    if (ev->name.len == 0 ||
        at >= REJECTED - 1) { /* the rest of a field, or no field */
        return;
    }
    for (i = 0; i < MAILPROTO_PART_FIELDS; i++) {
        if (kept[i] == ev->code && part->fields[i] != REJECTED &&
            (part->fields[i] == 0 || ix->repeated != MAILPROTO_REPEATED_FIRST)) {
            ix->before = part->fields[i];
            part->fields[i] = (uint32_t)at + 1;
        }
    }
}

/* What the parser says of a field that was just kept: that it is too long to count, or
 * that it contradicts an earlier one. */
static void judge_field(mailproto_index *ix, mailproto_part *part,
                        const mailproto_message_event *ev)
{
    uint64_t at = ev->offset - part->header_offset + 1;
    int reject = ev->code == MAILPROTO_DEFECT_REPEATED_TYPE &&
                 ix->repeated == MAILPROTO_REPEATED_REJECT;
    unsigned i;
    if (!reject && ev->code != MAILPROTO_DEFECT_FIELD_LONG) {
        return;
    }
    for (i = 0; i < MAILPROTO_PART_FIELDS; i++) {
        if (part->fields[i] == at) {
            part->fields[i] = reject ? REJECTED : ix->before;
        }
    }
}

static void header_over(mailproto_part *part, const mailproto_message_event *ev)
{
    unsigned i;
    part->body_offset = part->header_offset + ev->octets;
    part->header_crlf = ev->crlf_octets;
    part->reserved[HEADER] = (uint32_t)ev->lines;
    part->encoding = (uint16_t)ev->encoding;
    part->media = (uint16_t)ev->code;
    part->flags |= ev->flags;
    for (i = 0; i < MAILPROTO_PART_FIELDS; i++) {
        if (part->fields[i] == REJECTED) {
            part->fields[i] = 0;
        }
    }
}

/* The message is over: what served the library goes. */
static void finish(mailproto_index *ix)
{
    uint32_t i;
    for (i = 0; i < ix->count; i++) {
        ix->parts[i].decoded_octets = UINT64_MAX;
        memset(ix->parts[i].reserved, 0, sizeof ix->parts[i].reserved);
    }
}

static void end(mailproto_index *ix, const mailproto_message_event *ev)
{
    mailproto_part *part = &ix->parts[ev->part];
    mailproto_part *last = &ix->parts[ix->count - 1];
    ix->open = part->parent;
    part->next_sibling = MAILPROTO_PART_NONE;
    if (part != last || !is_full(ix) || part->parent == MAILPROTO_PART_NONE) {
        part->body_octets = ev->octets;
        part->body_crlf = ev->crlf_octets;
        part->lines = ev->lines;
        part->flags |= ev->flags;
        if (is_full(ix) && last->parent == ev->part) {
            end_overflow(last, end_of(part));
        }
    }
    if (ev->part == 0) {
        finish(ix);
    }
}

static void take(mailproto_index *ix, const mailproto_message_event *ev)
{
    mailproto_part *part = &ix->parts[ev->part];
    switch (ev->type) {
    case MAILPROTO_MESSAGE_FIELD:
        keep_field(ix, part, ev);
        break;
    case MAILPROTO_MESSAGE_DEFECT:
        judge_field(ix, part, ev);
        break;
    case MAILPROTO_MESSAGE_HEADERS_END:
        header_over(part, ev);
        break;
    case MAILPROTO_MESSAGE_PART_END:
        end(ix, ev);
        break;
    default:
        break;
    }
}

mailproto_status mailproto_index_add(mailproto_index *ix,
                                     const mailproto_message_event *ev)
{
    if (ix->struct_size < sizeof *ix || ix->capacity == 0 || ix->parts == NULL ||
        ix->repeated > MAILPROTO_REPEATED_REJECT) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (ev->type == MAILPROTO_MESSAGE_PART_BEGIN) {
        if (ev->part != ix->needed || (ev->part > 0 && ix->count == 0)) {
            return MAILPROTO_ERR_ARGUMENT; /* an event was left out */
        }
        begin(ix, ev);
        return MAILPROTO_OK;
    }
    if (ev->part >= ix->needed) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (ev->part < ix->count) {
        take(ix, ev);
    }
    return MAILPROTO_OK;
}
