/*
 * The text of a part as UTF-8 while it is read: the body's octets, then its charset, then
 * format=flowed, each through a few octets of memory. Knows the parameters of Content-Type
 * that say how; must not know where the body is.
 */
#include <mailproto/field.h>

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "message/value.h"

enum {
    HOLD = 256,
    SPILL = 32, /* what every codec and a converter is given room for */
    NAME = 64,
    WORK_LEAST = 1024,
    KNOWN_FLAGS = MAILPROTO_PART_TEXT_FLOWED
};

enum { CLOSED, UNTYPED, NAMED, TYPED }; /* state */

/* Octets between two steps. */
struct hold {
    uint16_t head, tail;
    uint8_t last; /* no more will come */
    char octets[HOLD];
};

struct reader {
    mailproto_body body;
    mailproto_fields fields; /* Content-Type is looked for */
    mailproto_codec charset, flowed;
    const mailproto_charset_converter *converter;
    uint32_t flags;     /* of the caller's */
    uint32_t found;     /* MAILPROTO_PART_TEXT_IS_FLOWED ... */
    struct hold stored; /* transfer encoding undone */
    struct hold text;   /* in UTF-8, when format=flowed is undone behind it */
    uint8_t state, over;
    uint8_t spill_head, spill_tail;
    uint8_t name_len, extended; /* the charset's; it came as charset* */
    char name[NAME];
    char spill[SPILL];
};

/* C99 has no static assertion: what must hold is a positive array size. */
typedef char same_bit
    [(int)MAILPROTO_PART_TEXT_FLOWED == (int)MAILPROTO_PART_TEXT_IS_FLOWED ? 1 : -1];
typedef char reader_fits[sizeof(struct reader) <= sizeof(mailproto_part_text) ? 1 : -1];

static struct reader *reader_of(mailproto_part_text *t)
{
    return (struct reader *)(void *)t->opaque;
}

/* ---- what Content-Type says ------------------------------------------------------- */

/* The name of a charset: `us-ascii` or, in a form of RFC 2231 4, `us-ascii'en'koi8-r`. */
static void take_charset(struct reader *r, const mailproto_parameter *p)
{
    int extended = (p->flags & MAILPROTO_PARAMETER_EXTENDED) != 0;
    mailproto_bytes name = p->value;
    struct mailproto__put to;
    unsigned marks = 0;
    size_t i;
    if (r->name_len > 0 && (r->extended || !extended)) {
        return; /* the first counts, and name* before name */
    }
    for (i = 0; extended && i < name.len && marks < 2; i++) {
        marks += name.ptr[i] == '\'';
    }
    if (marks == 2) {
        name = mailproto__tail(name, i);
    }
    to.out = r->name;
    to.cap = sizeof r->name;
    to.len = 0;
    mailproto__put_unescaped(&to, name);
    r->name_len = to.len <= to.cap ? (uint8_t)to.len : 0;
    r->extended = (uint8_t)extended;
}

static void take_parameter(struct reader *r, const mailproto_parameter *p)
{
    if ((p->flags & MAILPROTO_PARAMETER_SECTION) != 0) {
        return; /* none of these is ever that long */
    }
    if (mailproto__equal_nocase(p->name, MAILPROTO__LITERAL("charset"))) {
        take_charset(r, p);
    } else if (mailproto__equal_nocase(p->name, MAILPROTO__LITERAL("format")) &&
               mailproto__equal_nocase(p->value, MAILPROTO__LITERAL("flowed"))) {
        r->found |= MAILPROTO_PART_TEXT_IS_FLOWED; /* RFC 3676 4 */
    } else if (mailproto__equal_nocase(p->name, MAILPROTO__LITERAL("delsp")) &&
               mailproto__equal_nocase(p->value, MAILPROTO__LITERAL("yes"))) {
        r->found |= MAILPROTO_PART_TEXT_IS_DELSP;
    }
}

/* By cursor: it takes less stack than parameters by name. A type that cannot be read is
 * text/plain without parameters (RFC 2045 5.2). */
static void read_type(struct reader *r, mailproto_bytes value)
{
    mailproto_value v;
    mailproto_content c;
    mailproto_parameter p;
    memset(&c, 0, sizeof c);
    c.struct_size = (uint32_t)sizeof c;
    if (mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL) != MAILPROTO_OK ||
        mailproto_content_type(&v, &c) != MAILPROTO_OK || c.type.len == 0 ||
        c.subtype.len == 0) {
        return;
    }
    memset(&p, 0, sizeof p);
    p.struct_size = (uint32_t)sizeof p;
    while (mailproto_parameter_next(&v, &p) == MAILPROTO_OK) {
        take_parameter(r, &p);
    }
    if ((r->found & MAILPROTO_PART_TEXT_IS_FLOWED) == 0) {
        r->found = 0; /* RFC 3676 4.5: delsp is of flowed text */
    }
}

/* ---- charsets --------------------------------------------------------------------- */

/* us-ascii, the default of RFC 2045 5.2, is a part of it. */
static mailproto_status utf8_init(struct reader *r, uint32_t cpu)
{
    return mailproto_charset_init(&r->charset, MAILPROTO__LITERAL("utf-8"), NULL, cpu);
}

/* The codec for the charset that is named. A converter is asked whether it knows it: with
 * no octets, and prepared again so that the text's first ones begin a text. */
static mailproto_status begin_charset(struct reader *r)
{
    mailproto_bytes name = mailproto__span(r->name, r->name_len);
    uint32_t cpu = r->flags & MAILPROTO_CPU_MASK;
    mailproto_status st;
    if (name.len == 0) {
        r->found |= MAILPROTO_PART_TEXT_NO_CHARSET;
        return utf8_init(r, cpu);
    }
    st = mailproto_charset_init(&r->charset, name, r->converter, cpu);
    if (st == MAILPROTO_OK && !mailproto_charset_known(name)) {
        char out[SPILL];
        size_t used;
        size_t got;
        st = mailproto_codec_run(&r->charset, "", 0, &used, out, sizeof out, &got, 0);
        if (st >= 0) {
            st = mailproto_charset_init(&r->charset, name, r->converter, cpu);
        }
    }
    if (st == MAILPROTO_ERR_NOT_BUILT) {
        r->found |= MAILPROTO_PART_TEXT_UNKNOWN_CHARSET;
        st = utf8_init(r, cpu);
    }
    return st;
}

mailproto_status mailproto_part_text_open(mailproto_part_text *t,
                                          const mailproto_source *source,
                                          const mailproto_part *part, uint32_t flags,
                                          const mailproto_charset_converter *converter,
                                          void *work, size_t size)
{
    struct reader *r = reader_of(t);
    uint32_t type = part->fields[MAILPROTO_PART_TYPE];
    mailproto_status st;
    memset(t, 0, sizeof *t);
    if ((flags & ~(MAILPROTO_CPU_MASK | (uint32_t)KNOWN_FLAGS)) != 0 ||
        (source->data == NULL && size < WORK_LEAST)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    r->flags = flags;
    r->converter = converter;
    st = mailproto_body_open(&r->body, source, part, flags & MAILPROTO_CPU_MASK, work,
                             size);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (type == 0) { /* an empty header says the same */
        st = mailproto_fields_open(&r->fields, mailproto__span("", 0));
    } else {
        st =
            mailproto_fields_open_at(&r->fields, source, part->header_offset + type - 1,
                                     part->body_offset, work, size);
    }
    r->state = st == MAILPROTO_OK ? (uint8_t)UNTYPED : (uint8_t)CLOSED;
    return st;
}

/* Reads Content-Type and prepares what it asks for, once. The body is read with the same
 * memory, so this comes first. */
static mailproto_status prepare(struct reader *r)
{
    mailproto_field field;
    mailproto_status st;
    if (r->state == TYPED) {
        return MAILPROTO_OK;
    }
    if (r->state == CLOSED) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (r->state == UNTYPED) {
        st = mailproto_fields_next(&r->fields, &field);
        if (st == MAILPROTO_OK) {
            read_type(r, field.value);
        } else if (st != MAILPROTO_EOF) {
            return st;
        }
        r->state = NAMED;
    }
    st = begin_charset(r);
    if (st == MAILPROTO_OK && (r->flags & r->found & MAILPROTO_PART_TEXT_FLOWED) != 0) {
        st = mailproto_decoder_init(&r->flowed, MAILPROTO_ENCODING_FLOWED,
                                    (r->found & MAILPROTO_PART_TEXT_IS_DELSP) != 0
                                        ? (uint32_t)MAILPROTO_CODEC_DELSP
                                        : 0);
    }
    r->state = st == MAILPROTO_OK ? (uint8_t)TYPED : (uint8_t)NAMED;
    return st;
}

mailproto_status mailproto_part_text_describe(mailproto_part_text *t,
                                              mailproto_part_text_info *info)
{
    struct reader *r = reader_of(t);
    mailproto_part_text_info known;
    mailproto_status st = prepare(r);
    if (st != MAILPROTO_OK) {
        return st;
    }
    memset(&known, 0, sizeof known);
    known.struct_size = (uint32_t)sizeof known;
    known.flags = r->found;
    known.charset = mailproto__span(r->name, r->name_len);
    return mailproto__output_copy(info, &known, sizeof known);
}

/* ---- reading ---------------------------------------------------------------------- */

/* One codec from what is held into `to`. OK with octets or at the end of what is held;
 * EOF: that was all of it. */
static mailproto_status step(mailproto_codec *codec, struct hold *from, char *to,
                             size_t cap, size_t *got)
{
    size_t used;
    mailproto_status st = mailproto_codec_run(
        codec, from->octets + from->head, (size_t)(from->tail - from->head), &used, to,
        cap, got, from->last ? (uint32_t)MAILPROTO_CODEC_FINAL : 0);
    from->head = (uint16_t)(from->head + used);
    if (st == MAILPROTO_AGAIN) {
        /* A converter that never goes on would keep the caller here for ever. */
        return used == 0 && *got == 0 ? (mailproto_status)MAILPROTO_ERR_ARGUMENT
                                      : (mailproto_status)MAILPROTO_OK;
    }
    if (st == MAILPROTO_OK && from->last) {
        return MAILPROTO_EOF;
    }
    return st;
}

/* Up to `cap` octets in UTF-8, at least SPILL of room. EOF may come with the last ones. */
static mailproto_status convert(struct reader *r, char *to, size_t cap, size_t *got)
{
    struct hold *h = &r->stored;
    mailproto_status st = MAILPROTO_OK;
    *got = 0;
    while (st == MAILPROTO_OK && *got == 0) {
        if (h->head == h->tail && !h->last) {
            size_t n;
            st = mailproto_body_read(&r->body, h->octets, sizeof h->octets, &n);
            h->last = st == MAILPROTO_EOF;
            if (st != MAILPROTO_OK && st != MAILPROTO_EOF) {
                return st;
            }
            h->head = 0;
            h->tail = (uint16_t)n;
        }
        st = step(&r->charset, h, to, cap, got);
    }
    return st;
}

/* The same with format=flowed undone. */
static mailproto_status unflow(struct reader *r, char *to, size_t cap, size_t *got)
{
    struct hold *h = &r->text;
    mailproto_status st = MAILPROTO_OK;
    *got = 0;
    while (st == MAILPROTO_OK && *got == 0) {
        if (h->head == h->tail && !h->last) {
            size_t n;
            st = convert(r, h->octets, sizeof h->octets, &n);
            h->last = st == MAILPROTO_EOF;
            if (st != MAILPROTO_OK && st != MAILPROTO_EOF) {
                return st;
            }
            h->head = 0;
            h->tail = (uint16_t)n;
        }
        st = step(&r->flowed, h, to, cap, got);
    }
    return st;
}

static mailproto_status produce(struct reader *r, char *to, size_t cap, size_t *got)
{
    mailproto_status st;
    if (r->over) {
        *got = 0;
        return MAILPROTO_EOF;
    }
    /* Both flags are the same bit: wanted, and so it is. */
    st = (r->flags & r->found & MAILPROTO_PART_TEXT_FLOWED) != 0
             ? unflow(r, to, cap, got)
             : convert(r, to, cap, got);
    if (st == MAILPROTO_EOF) {
        r->over = 1;
        st =
            *got > 0 ? (mailproto_status)MAILPROTO_OK : (mailproto_status)MAILPROTO_EOF;
    }
    return st;
}

mailproto_status mailproto_part_text_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct reader *r = reader_of((mailproto_part_text *)ctx);
    mailproto_status st;
    *got = 0;
    if (buf == NULL || cap == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = prepare(r);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (r->spill_head == r->spill_tail) {
        size_t n;
        if (cap >= SPILL) {
            return produce(r, (char *)buf, cap, got);
        }
        st = produce(r, r->spill, sizeof r->spill, &n);
        if (st != MAILPROTO_OK) {
            return st;
        }
        r->spill_head = 0;
        r->spill_tail = (uint8_t)n;
    }
    *got = (size_t)(r->spill_tail - r->spill_head);
    *got = *got < cap ? *got : cap;
    memcpy(buf, r->spill + r->spill_head, *got);
    r->spill_head = (uint8_t)(r->spill_head + *got);
    return MAILPROTO_OK;
}
