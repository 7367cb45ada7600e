/*
 * A whole message into a part index: the parser, a source, and the index between them.
 * Must not know lines.
 */
#include <mailproto/message.h>

#include "core/mem.h"
#include "core/options.h"

/* What is left between two calls, when the source is not in memory. */
struct build {
    mailproto_message *parser;
    char *buffer;
    size_t size;
    uint64_t offset; /* read so far */
};

enum { BUFFER_LEAST = 512 };

static mailproto_status read_piece(const mailproto_source *source, struct build *b,
                                   size_t *got)
{
    size_t cap = b->size;
    mailproto_status st;
    *got = 0;
    if (source->size != MAILPROTO_SIZE_UNKNOWN && source->size - b->offset < cap) {
        cap = (size_t)(source->size - b->offset);
    }
    if (cap == 0) {
        return MAILPROTO_EOF;
    }
    st = source->read_at != NULL
             ? source->read_at(source->ctx, b->offset, b->buffer, cap, got)
             : source->read(source->ctx, b->buffer, cap, got);
    if (st == MAILPROTO_OK && (*got == 0 || *got > cap)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return st;
}

/* The next piece, or the end, goes to the parser. */
static mailproto_status feed(const mailproto_source *source, struct build *b)
{
    size_t got;
    mailproto_status st;
    if (source->data != NULL) {
        if (b->offset == source->size) {
            return mailproto_message_feed_eof(b->parser);
        }
        got = source->size - b->offset < SIZE_MAX ? (size_t)(source->size - b->offset)
                                                  : SIZE_MAX;
        st = mailproto_message_feed(b->parser, (const char *)source->data + b->offset,
                                    got);
        b->offset += got;
        if (st == MAILPROTO_OK && b->offset == source->size) {
            st =
                mailproto_message_feed_eof(b->parser); /* the tail need not be copied */
        }
        return st;
    }
    st = read_piece(source, b, &got);
    if (st == MAILPROTO_EOF) {
        return mailproto_message_feed_eof(b->parser);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    b->offset += got;
    return mailproto_message_feed(b->parser, b->buffer, got);
}

static mailproto_status run(mailproto_index *ix, const mailproto_source *source,
                            struct build *b)
{
    for (;;) {
        mailproto_message_event ev;
        mailproto_status st = mailproto_message_next_event(b->parser, &ev);
        if (st == MAILPROTO_AGAIN) {
            st = feed(source, b);
        } else if (st == MAILPROTO_OK) {
            st = mailproto_index_add(ix, &ev);
        } else {
            return MAILPROTO_OK;
        }
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
}

/* The state is carved from `work` in the same way each time. */
static mailproto_status carve(struct mailproto__block *block, size_t parser,
                              size_t size, void *work, struct build **b, void **mem)
{
    *block = mailproto__block_start(work);
    *b = (struct build *)mailproto__carve(block, sizeof **b, 1);
    *mem = mailproto__carve(block, parser, 0);
    return *b == NULL || block->size > size || size - block->size < BUFFER_LEAST
               ? MAILPROTO_ERR_MEMORY
               : MAILPROTO_OK;
}

/* The caller's options; of fields the index keeps no others. */
static mailproto_message_options for_parts(const mailproto_message_options *options)
{
    mailproto_message_options o;
    (void)mailproto__options_copy(&o, sizeof o, options); /* valid: they have a size */
    o.struct_size = sizeof o;
    o.fields = MAILPROTO_FIELDS_OF_PART;
    return o;
}

mailproto_status mailproto_index_build(mailproto_index *ix,
                                       const mailproto_source *source,
                                       const mailproto_message_options *options,
                                       void *work, size_t size)
{
    struct mailproto__block block;
    struct build here;
    struct build *b = &here;
    size_t parser = mailproto_message_mem_size(options);
    mailproto_message_options o;
    mailproto_status st;
    if (parser == 0 || ix->struct_size < sizeof *ix || ix->capacity == 0 ||
        ix->parts == NULL || work == NULL ||
        (source->data == NULL && source->read_at == NULL && source->read == NULL)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    o = for_parts(options);
    ix->repeated = o.repeated;
    if (source->data != NULL) {
        memset(b, 0, sizeof *b);
        st = mailproto_message_init(work, size, &o, &b->parser);
        return st != MAILPROTO_OK ? st : run(ix, source, b);
    }
    if (parser > size) {
        return MAILPROTO_ERR_MEMORY;
    }
    {
        void *mem;
        st = carve(&block, parser, size, work, &b, &mem);
        if (st != MAILPROTO_OK) {
            return st;
        }
        if (ix->needed == 0) { /* the first call: the parser begins with a part */
            memset(b, 0, sizeof *b);
            st = mailproto_message_init(mem, parser, &o, &b->parser);
            b->buffer = block.at;
            b->size = size - block.size;
        }
    }
    return st != MAILPROTO_OK ? st : run(ix, source, b);
}
