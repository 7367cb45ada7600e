/*
 * The body of a part, decoded while it is read: the octets of a source through a codec.
 * Knows where the body is, not what it is.
 */
#include <mailproto/message.h>

#include "core/mem.h"

enum {
    WORK_LEAST = 512,
    SPILL = 16 /* a codec needs room for a few octets; a caller may offer one */
};

struct reader {
    const mailproto_source *source;
    char *work; /* NULL: the source is in memory */
    size_t size;
    size_t head, tail; /* of what is in `work` */
    uint64_t offset;   /* of what is not yet in `work`, or not yet decoded */
    uint64_t end;
    mailproto_codec codec;
    uint8_t decodes; /* through `codec`; else a copy */
    uint8_t over;
    uint8_t spill_head, spill_tail;
    char spill[SPILL];
};

/* C99 has no static assertion: a size that is too large is a negative array size. */
typedef char reader_fits[sizeof(struct reader) <= sizeof(mailproto_body) ? 1 : -1];

mailproto_status mailproto_body_open(mailproto_body *b, const mailproto_source *source,
                                     const mailproto_part *part, uint32_t flags,
                                     void *work, size_t size)
{
    struct reader *r = (struct reader *)(void *)b->opaque;
    memset(b, 0, sizeof *b);
    r->over = 1; /* until all is well */
    if ((source->data == NULL && source->read_at == NULL) ||
        part->body_octets > UINT64_MAX - part->body_offset) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    r->source = source;
    r->offset = part->body_offset;
    r->end = part->body_offset + part->body_octets;
    if (source->data != NULL) {
        if (r->end > source->size) {
            return MAILPROTO_ERR_ARGUMENT;
        }
    } else {
        if (work == NULL || size < WORK_LEAST) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        r->work = (char *)work;
        r->size = size;
    }
    switch (part->encoding) {
    case MAILPROTO_ENCODING_7BIT:
    case MAILPROTO_ENCODING_8BIT:
    case MAILPROTO_ENCODING_BINARY:
    case MAILPROTO_ENCODING_UNKNOWN: /* RFC 2045 6.4: octets as they are */
        break;
    default: {
        mailproto_status st = mailproto_decoder_init(&r->codec, part->encoding, flags);
        if (st != MAILPROTO_OK) {
            return st;
        }
        r->decodes = 1;
    }
    }
    r->over = 0;
    return MAILPROTO_OK;
}

/* Up to `cap` octets of the body as they are stored. */
static mailproto_status read_stored(struct reader *r, char *to, size_t cap, size_t *got)
{
    mailproto_status st;
    *got = 0;
    if (r->end - r->offset < cap) {
        cap = (size_t)(r->end - r->offset);
    }
    if (cap == 0) {
        return MAILPROTO_EOF;
    }
    if (r->source->data != NULL) {
        memcpy(to, (const char *)r->source->data + r->offset, cap);
        *got = cap;
        r->offset += cap;
        return MAILPROTO_OK;
    }
    st = r->source->read_at(r->source->ctx, r->offset, to, cap, got);
    if (st == MAILPROTO_OK && (*got == 0 || *got > cap)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (st == MAILPROTO_OK) {
        r->offset += *got;
    } else {
        *got = 0;
        if (st == MAILPROTO_EOF) { /* shorter than it was */
            r->end = r->offset;
        }
    }
    return st;
}

/* What there is to decode; reads when there is nothing. */
static mailproto_status input(struct reader *r, const char **in, size_t *len, int *last)
{
    if (r->work == NULL) {
        uint64_t left = r->end - r->offset;
        *in = (const char *)r->source->data + r->offset;
        *len = left < SIZE_MAX ? (size_t)left : SIZE_MAX;
        *last = 1;
        return MAILPROTO_OK;
    }
    if (r->head == r->tail && r->offset < r->end) {
        size_t got;
        mailproto_status st = read_stored(r, r->work, r->size, &got);
        if (st != MAILPROTO_OK && st != MAILPROTO_EOF) {
            return st;
        }
        r->head = 0;
        r->tail = got;
    }
    *in = r->work + r->head;
    *len = r->tail - r->head;
    *last = r->offset == r->end;
    return MAILPROTO_OK;
}

static mailproto_status decode(struct reader *r, char *to, size_t cap, size_t *got)
{
    *got = 0;
    while (*got == 0 && !r->over) {
        const char *in;
        size_t len;
        size_t used;
        int last;
        mailproto_status st = input(r, &in, &len, &last);
        if (st != MAILPROTO_OK) {
            return st;
        }
        st = mailproto_codec_run(&r->codec, in, len, &used, to, cap, got,
                                 last ? (uint32_t)MAILPROTO_CODEC_FINAL : 0);
        if (r->work == NULL) {
            r->offset += used;
        } else {
            r->head += used;
        }
        if (st < 0) {
            return st;
        }
        r->over = st == MAILPROTO_OK && last;
    }
    return *got > 0 ? MAILPROTO_OK : MAILPROTO_EOF;
}

/* Into a few octets of our own first. */
static mailproto_status decode_small(struct reader *r, char *to, size_t cap,
                                     size_t *got)
{
    if (r->spill_head == r->spill_tail) {
        size_t n;
        mailproto_status st = decode(r, r->spill, sizeof r->spill, &n);
        if (st != MAILPROTO_OK) {
            return st;
        }
        r->spill_head = 0;
        r->spill_tail = (uint8_t)n;
    }
    *got = (size_t)(r->spill_tail - r->spill_head);
    if (*got > cap) {
        *got = cap;
    }
    memcpy(to, r->spill + r->spill_head, *got);
    r->spill_head = (uint8_t)(r->spill_head + *got);
    return MAILPROTO_OK;
}

mailproto_status mailproto_body_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct reader *r = (struct reader *)(void *)((mailproto_body *)ctx)->opaque;
    *got = 0;
    if (buf == NULL || cap == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (!r->decodes) {
        return r->over ? (mailproto_status)MAILPROTO_EOF
                       : read_stored(r, (char *)buf, cap, got);
    }
    if (r->spill_head < r->spill_tail || cap < SPILL) {
        return decode_small(r, (char *)buf, cap, got);
    }
    return decode(r, (char *)buf, cap, got);
}
