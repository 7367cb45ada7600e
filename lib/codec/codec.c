/*
 * The calls that all codecs share: which machine runs, how its state is kept. Knows which
 * flags each one takes; must not know what any of them does with an octet.
 */
#include "codec/machine.h"

/* A codec's kind and the flags its init may be given; kind 0: there is none. */
struct choice {
    uint8_t kind;
    uint8_t flags;
};

static struct choice find_decoder(uint32_t encoding)
{
    struct choice c = {MAILPROTO__CODEC_NONE, MAILPROTO_CODEC_STRICT};
    switch (encoding) {
    case MAILPROTO_ENCODING_7BIT:
    case MAILPROTO_ENCODING_8BIT:
    case MAILPROTO_ENCODING_BINARY:
        c.kind = MAILPROTO__CODEC_COPY;
        break;
    case MAILPROTO_ENCODING_QP:
        c.kind = MAILPROTO__CODEC_QP_DECODER;
        break;
    case MAILPROTO_ENCODING_BASE64:
        c.kind = MAILPROTO__CODEC_BASE64_DECODER;
        break;
    case MAILPROTO_ENCODING_UU:
        c.kind = MAILPROTO__CODEC_UU_DECODER;
        break;
    case MAILPROTO_ENCODING_YENC:
        c.kind = MAILPROTO__CODEC_YENC_DECODER;
        break;
    case MAILPROTO_ENCODING_FLOWED:
        c.kind = MAILPROTO__CODEC_FLOWED_DECODER;
        c.flags = MAILPROTO_CODEC_STRICT | MAILPROTO_CODEC_DELSP;
        break;
    default:
        break;
    }
    return c;
}

static struct choice find_encoder(uint32_t encoding)
{
    struct choice c = {MAILPROTO__CODEC_NONE, 0};
    switch (encoding) {
    case MAILPROTO_ENCODING_7BIT:
    case MAILPROTO_ENCODING_8BIT:
    case MAILPROTO_ENCODING_BINARY:
        c.kind = MAILPROTO__CODEC_COPY;
        break;
    case MAILPROTO_ENCODING_QP:
        c.kind = MAILPROTO__CODEC_QP_ENCODER;
        c.flags = MAILPROTO_CODEC_TEXT;
        break;
    case MAILPROTO_ENCODING_BASE64:
        c.kind = MAILPROTO__CODEC_BASE64_ENCODER;
        c.flags = MAILPROTO_CODEC_LINES;
        break;
    case MAILPROTO_ENCODING_FLOWED:
        c.kind = MAILPROTO__CODEC_FLOWED_ENCODER;
        c.flags = MAILPROTO_CODEC_DELSP;
        break;
    default:
        break;
    }
    return c;
}

static mailproto_status init(mailproto_codec *c, struct choice choice, uint32_t flags)
{
    struct mailproto__codec b;
    if (choice.kind == MAILPROTO__CODEC_NONE ||
        (flags & ~(choice.flags | MAILPROTO_CPU_MASK)) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__codec_begin(&b, (enum mailproto__codec_kind)choice.kind, flags);
    mailproto__codec_store(c, &b);
    return MAILPROTO_OK;
}

mailproto_status mailproto_decoder_init(mailproto_codec *c, uint32_t encoding,
                                        uint32_t flags)
{
    return init(c, find_decoder(encoding), flags);
}

mailproto_status mailproto_encoder_init(mailproto_codec *c, uint32_t encoding,
                                        uint32_t flags)
{
    return init(c, find_encoder(encoding), flags);
}

void mailproto__codec_begin(struct mailproto__codec *c, enum mailproto__codec_kind kind,
                            uint32_t flags)
{
    memset(c, 0, sizeof *c);
    c->kind = (uint8_t)kind;
    c->flags = (uint8_t)(flags & 0xffU);
    c->cpu = (uint8_t)(flags >> 24);
}

void mailproto__codec_load(struct mailproto__codec *to, const mailproto_codec *from)
{
    memcpy(to, from, sizeof *to);
}

void mailproto__codec_store(mailproto_codec *to, const struct mailproto__codec *from)
{
    memcpy(to, from, sizeof *from);
    if (sizeof *to > sizeof *from) {
        memset((char *)to + sizeof *from, 0, sizeof *to - sizeof *from);
    }
}

int mailproto__codec_defect(struct mailproto__codec *c, const struct mailproto__run *r,
                            uint64_t back, uint32_t what)
{
    uint64_t at = c->offset + r->used - back;
    if (c->flags & MAILPROTO_CODEC_STRICT) {
        c->failed = 1;
        return 1;
    }
    if (c->defects == 0 || at < c->defect_offset) {
        c->defect_offset = at;
    }
    c->defects |= what;
    return 0;
}

/* 7bit, 8bit, binary: what goes in comes out (RFC 2045 6.2). */
static mailproto_status copy(struct mailproto__run *r)
{
    size_t n = mailproto__in_left(r);
    if (n > mailproto__out_left(r)) {
        n = mailproto__out_left(r);
    }
    if (n > 0) {
        memmove(r->out, r->in, n);
    }
    r->used = n;
    r->put = n;
    return r->used < r->in_len ? MAILPROTO_AGAIN : MAILPROTO_OK;
}

mailproto_status mailproto__codec_piece(struct mailproto__codec *c,
                                        struct mailproto__run *r, uint32_t flags)
{
    if (c->failed) {
        return MAILPROTO_ERR_SYNTAX;
    }
    switch (c->kind) {
    case MAILPROTO__CODEC_COPY:
        return copy(r);
    case MAILPROTO__CODEC_BASE64_DECODER:
        return mailproto__base64_decode(c, r, flags);
    case MAILPROTO__CODEC_BASE64_ENCODER:
        return mailproto__base64_encode(c, r, flags);
    case MAILPROTO__CODEC_QP_DECODER:
        return mailproto__qp_decode(c, r, flags);
    case MAILPROTO__CODEC_QP_ENCODER:
        return mailproto__qp_encode(c, r, flags);
    case MAILPROTO__CODEC_UU_DECODER:
        return mailproto__uu_decode(c, r, flags);
    case MAILPROTO__CODEC_YENC_DECODER:
        return mailproto__yenc_decode(c, r, flags);
    case MAILPROTO__CODEC_FLOWED_DECODER:
        return mailproto__flowed_decode(c, r, flags);
    case MAILPROTO__CODEC_FLOWED_ENCODER:
        return mailproto__flowed_encode(c, r, flags);
    case MAILPROTO__CODEC_MBOX_QUOTE:
        return mailproto__mbox_quote(c, r, flags);
    case MAILPROTO__CODEC_DKIM_BODY:
        return mailproto__dkim_body(c, r, flags);
    case MAILPROTO__CODEC_DKIM_FIELD:
        return mailproto__dkim_field(c, r, flags);
    case MAILPROTO__CODEC_NONE:
        return MAILPROTO_ERR_ARGUMENT;
    default:
        return c->kind <= MAILPROTO__CODEC_CONVERTER
                   ? mailproto__charset_run(c, r, flags)
                   : MAILPROTO_ERR_ARGUMENT;
    }
}

mailproto_status mailproto_codec_run(mailproto_codec *c, const void *in, size_t in_len,
                                     size_t *in_used, void *out, size_t out_cap,
                                     size_t *out_len, uint32_t flags)
{
    mailproto_status status;
    unsigned char none; /* where no output is written to when there is no room */
    struct mailproto__codec b;
    struct mailproto__run r;
    mailproto__codec_load(&b, c);
    r.in = (const unsigned char *)in;
    r.in_len = in_len;
    r.used = 0;
    r.out = out != NULL ? (unsigned char *)out : &none;
    r.out_cap = out_cap;
    r.put = 0;
    status = mailproto__codec_piece(&b, &r, flags);
    *in_used = r.used;
    *out_len = r.put;
    b.offset += r.used;
    mailproto__codec_store(c, &b);
    return status;
}

uint32_t mailproto_codec_defects(const mailproto_codec *c)
{
    struct mailproto__codec b;
    mailproto__codec_load(&b, c);
    return b.defects;
}

uint64_t mailproto_codec_defect_offset(const mailproto_codec *c)
{
    struct mailproto__codec b;
    mailproto__codec_load(&b, c);
    return b.defect_offset;
}
