/*
 * The parser as its caller sees it: options, memory, pieces in, events out. Must not know
 * what the scanner's steps are.
 */
#include "message/scan.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "message/clear.h"

enum {
    HOLD = 4096,
    HOLD_LEAST = 1024,
    BOUNDARIES = 2048,
    BOUNDARIES_LEAST = 256,
    DEPTH = 100,
    PARTS = 10000,
    FIELDS = 10000,
    PARAMS = 100,
    PIECE = 65536,
    PIECE_LEAST = 64,
    HEADER = 1048576,
    LARGEST = 0x40000000 /* of what is held in memory */
};

static mailproto_status resolve(const mailproto_message_options *options,
                                mailproto_message_options *o)
{
    const uint32_t flags = MAILPROTO_MESSAGE_PREFIX_BOUNDARIES |
                           MAILPROTO_MESSAGE_KEEP_MESSAGES | MAILPROTO_MESSAGE_IS_PART;
    mailproto_status st = mailproto__options_copy(o, sizeof *o, options);
    if (st < 0) {
        return st;
    }
    o->hold_size = mailproto__or(o->hold_size, HOLD);
    o->boundary_size = mailproto__or(o->boundary_size, BOUNDARIES);
    o->max_depth = mailproto__or(o->max_depth, DEPTH);
    o->max_parts = mailproto__or(o->max_parts, PARTS);
    o->max_fields = mailproto__or(o->max_fields, FIELDS);
    o->max_params = mailproto__or(o->max_params, PARAMS);
    o->piece_size = mailproto__or(o->piece_size, PIECE);
    o->max_header = o->max_header != 0 ? o->max_header : HEADER;
    o->fields = o->fields != 0 ? o->fields : UINT64_MAX;
    if (o->hold_size < HOLD_LEAST || o->hold_size > LARGEST ||
        o->boundary_size < BOUNDARIES_LEAST || o->boundary_size > LARGEST ||
        o->piece_size < PIECE_LEAST || (o->flags & ~flags) != 0 ||
        o->repeated > MAILPROTO_REPEATED_REJECT || o->reserved != 0 ||
        (o->cpu & ~MAILPROTO_CPU_MASK) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (o->piece_size > LARGEST) {
        o->piece_size = LARGEST;
    }
    return MAILPROTO_OK;
}

static mailproto_message *carve(struct mailproto__block *b,
                                const mailproto_message_options *o)
{
    mailproto_message *m = (mailproto_message *)mailproto__carve(b, sizeof *m, 1);
    size_t hold = (size_t)o->hold_size + MAILPROTO__HOLD_SPARE;
    size_t nodes = (size_t)o->max_depth;
    struct mailproto__node *stack;
    char *text;
    char *arena;
    nodes =
        nodes < SIZE_MAX / sizeof *stack - 1 ? (nodes + 1) * sizeof *stack : SIZE_MAX;
    stack = (struct mailproto__node *)mailproto__carve(b, nodes, 1);
    arena = (char *)mailproto__carve(b, o->boundary_size, 0);
    text = (char *)mailproto__carve(b, hold, 0);
    if (m != NULL && text != NULL) {
        mailproto__clear(m, offsetof(struct mailproto_message, field));
        m->options = *o;
        m->stack = stack;
        m->arena = arena;
        m->in.hold = text;
        m->in.cap = hold;
    }
    return m;
}

size_t mailproto_message_mem_size(const mailproto_message_options *options)
{
    mailproto_message_options o;
    struct mailproto__block b = mailproto__block_start(NULL);
    if (resolve(options, &o) < 0) {
        return 0;
    }
    (void)carve(&b, &o);
    return b.size;
}

mailproto_status mailproto_message_init(void *mem, size_t size,
                                        const mailproto_message_options *options,
                                        mailproto_message **out)
{
    mailproto_message_options o;
    struct mailproto__block b;
    mailproto_status st = resolve(options, &o);
    if (st < 0) {
        return st;
    }
    if (mem == NULL || out == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    b = mailproto__block_start(NULL);
    (void)carve(&b, &o);
    if (size < b.size) {
        return MAILPROTO_ERR_MEMORY;
    }
    b = mailproto__block_start(mem);
    *out = carve(&b, &o);
    mailproto__skip_letters(o.fields, (*out)->letters);
    (*out)->message = (o.flags & MAILPROTO_MESSAGE_IS_PART) == 0;
    return MAILPROTO_OK;
}

/* ---- in ------------------------------------------------------------------------------ */

mailproto_status mailproto_message_feed(mailproto_message *parser, const void *data,
                                        size_t len)
{
    if (parser->fed || parser->eof) {
        return MAILPROTO_ERR_STATE;
    }
    parser->in.piece = (const char *)data;
    parser->in.piece_len = len;
    parser->fed = 1;
    return MAILPROTO_OK;
}

mailproto_status mailproto_message_feed_eof(mailproto_message *parser)
{
    parser->eof = 1; /* what was lent, if it is still being read, was the last piece */
    return MAILPROTO_OK;
}

/* ---- out ----------------------------------------------------------------------------- */

mailproto_status mailproto_message_next_event(mailproto_message *m,
                                              mailproto_message_event *ev)
{
    if ((m->state == MAILPROTO__AT_LINE || m->state == MAILPROTO__AT_FIRST) &&
        m->defect_count == 0 && mailproto__scan_plain(m, ev)) {
        return MAILPROTO_OK;
    }
    return mailproto__scan_next(m, ev);
}
