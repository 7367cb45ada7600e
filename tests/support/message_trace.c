/*
 * A message through the parser, its events as readable text. Every piece is lent in a
 * block of its own, so that a sanitizer sees reads past it or after its time.
 */
#include "message_trace.h"

#include <stdlib.h>
#include <string.h>

/* ---- lines --------------------------------------------------------------------------- */

#define U(n) ((unsigned long long)(n))

void trace_begin(struct text *out, uint32_t depth, uint32_t part, uint32_t flags,
                 uint64_t offset)
{
    text_print(out, "begin %u depth %u at %llu%s\n", (unsigned)part, (unsigned)depth,
               U(offset), flags & MAILPROTO_MESSAGE_OVERFLOW ? " overflow" : "");
}

void trace_field(struct text *out, uint64_t offset, uint64_t len, size_t name_len,
                 uint64_t value_len)
{
    text_print(out, "field at %llu, %llu: name %u value %llu\n", U(offset), U(len),
               (unsigned)name_len, U(value_len));
}

void trace_headers_end(struct text *out, mailproto_bytes type, mailproto_bytes subtype,
                       uint32_t media, uint32_t encoding, int opaque, uint64_t octets,
                       uint64_t crlf)
{
    text_print(out, "header ");
    text_quote(out, type.ptr, type.len);
    text_quote(out, subtype.ptr, subtype.len);
    text_print(out, " %u encoding %u%s, %llu (%llu)\n", (unsigned)media,
               (unsigned)encoding, opaque ? " opaque" : "", U(octets), U(crlf));
}

void trace_octets(struct text *out, uint32_t type, uint64_t offset, uint64_t len)
{
    if (len > 0) {
        text_print(out, "%s at %llu, %llu\n",
                   type == MAILPROTO_MESSAGE_BODY       ? "body"
                   : type == MAILPROTO_MESSAGE_PREAMBLE ? "preamble"
                                                        : "epilogue",
                   U(offset), U(len));
    }
}

void trace_defect(struct text *out, uint32_t code, uint64_t offset)
{
    text_print(out, "defect %s at %llu\n",
               mailproto_defect_name(code) + strlen("MAILPROTO_DEFECT_"), U(offset));
}

void trace_end(struct text *out, uint32_t part, uint64_t offset, uint64_t octets,
               uint64_t crlf, uint64_t lines, uint32_t flags)
{
    text_print(out, "end %u at %llu, %llu (%llu) lines %llu", (unsigned)part, U(offset),
               U(octets), U(crlf), U(lines));
    text_print(out, "%s%s%s%s%s%s\n",
               flags & MAILPROTO_MESSAGE_NEWLINE_CRLF ? " crlf" : "",
               flags & MAILPROTO_MESSAGE_NEWLINE_LF ? " lf" : "",
               flags & MAILPROTO_MESSAGE_BARE_CR ? " cr" : "",
               flags & MAILPROTO_MESSAGE_NUL ? " nul" : "",
               flags & MAILPROTO_MESSAGE_8BIT ? " 8bit" : "",
               flags & MAILPROTO_MESSAGE_UNCLOSED ? " unclosed" : "");
}

/* ---- a run ---------------------------------------------------------------------------- */

struct run {
    const char *data;
    size_t len;
    const struct chunk *cut;
    unsigned flags;
    struct text *out;
    size_t fed;
    char *piece;
    size_t piece_len;
    uint64_t at;         /* where the octets of the next event must be */
    uint32_t joined;     /* type whose octets are being joined, or 0 */
    uint64_t start, sum; /* of them */
    uint64_t value;      /* octets of a field's value so far */
    size_t name;
    int more; /* the field goes on */
    uint32_t depth, parts;
    int in_header;
};

static void flush(struct run *r)
{
    if (r->joined == MAILPROTO_MESSAGE_FIELD) {
        if (!(r->flags & TRACE_NO_FIELDS)) {
            trace_field(r->out, r->start, r->sum, r->name, r->value);
        }
    } else if (r->joined != 0) {
        trace_octets(r->out, r->joined, r->start, r->sum);
    }
    r->joined = 0;
}

static int inside(const struct run *r, mailproto_bytes b)
{
    uintptr_t low = (uintptr_t)r->piece;
    uintptr_t at = (uintptr_t)b.ptr;
    return b.len == 0 || (at >= low && at - low <= r->piece_len &&
                          b.len <= r->piece_len - (size_t)(at - low));
}

static const char *octets(struct run *r, const mailproto_message_event *ev)
{
    int field = ev->type == MAILPROTO_MESSAGE_FIELD;
    if (ev->raw.len == 0 && !(field && r->more)) {
        return "an event without octets";
    }
    if (ev->offset < r->at || ev->offset + ev->raw.len > r->fed ||
        memcmp(r->data + ev->offset, ev->raw.ptr, ev->raw.len) != 0) {
        return "octets that are not the message's";
    }
    if (r->cut->kind == CHUNK_WHOLE &&
        (!inside(r, ev->raw) || !inside(r, ev->name) || !inside(r, ev->value))) {
        return "fed whole, a span that does not point into it";
    }
    if (field && r->more) {
        if (ev->offset != r->start + r->sum || ev->name.len != 0) {
            return "a field that goes on elsewhere";
        }
    } else if (r->joined != ev->type || field || ev->offset != r->start + r->sum) {
        flush(r);
        r->joined = ev->type;
        r->start = ev->offset;
        r->sum = 0;
        r->value = 0;
        r->name = ev->name.len;
    }
    r->more = (ev->flags & MAILPROTO_MESSAGE_MORE) != 0;
    r->sum += ev->raw.len;
    r->value += ev->value.len;
    r->at = ev->offset + ev->raw.len;
    return r->more && !field ? "MORE on what is no field" : NULL;
}

static int is_structure(uint32_t code)
{
    return code == MAILPROTO_DEFECT_NO_BLANK_LINE ||
           code == MAILPROTO_DEFECT_NOT_CLOSED || code == MAILPROTO_DEFECT_NO_PARTS ||
           code == MAILPROTO_DEFECT_CLOSED_FIRST;
}

static const char *structure(struct run *r, const mailproto_message_event *ev)
{
    if (r->more) {
        return "a field that is not ended";
    }
    switch (ev->type) {
    case MAILPROTO_MESSAGE_PART_BEGIN:
        if (ev->part != r->parts || ev->depth != r->depth || r->in_header) {
            return "a part out of order";
        }
        r->parts++;
        r->depth++;
        r->in_header = 1;
        trace_begin(r->out, ev->depth, ev->part, ev->flags, ev->offset);
        return NULL;
    case MAILPROTO_MESSAGE_HEADERS_END:
        if (!r->in_header) {
            return "a second end of a header";
        }
        r->in_header = 0;
        trace_headers_end(r->out, ev->name, ev->value, ev->code, ev->encoding,
                          (ev->flags & MAILPROTO_MESSAGE_OPAQUE) != 0, ev->octets,
                          ev->crlf_octets);
        return NULL;
    case MAILPROTO_MESSAGE_PART_END:
        if (r->in_header || r->depth == 0 || ev->depth != r->depth - 1) {
            return "an end out of order";
        }
        r->depth--;
        trace_end(r->out, ev->part, ev->offset, ev->octets, ev->crlf_octets, ev->lines,
                  ev->flags);
        return NULL;
    default:
        return "an event of no known type";
    }
}

static const char *event(struct run *r, const mailproto_message_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_MESSAGE_FIELD:
    case MAILPROTO_MESSAGE_PREAMBLE:
    case MAILPROTO_MESSAGE_BODY:
    case MAILPROTO_MESSAGE_EPILOGUE:
        if (r->in_header != (ev->type == MAILPROTO_MESSAGE_FIELD)) {
            return "octets out of order";
        }
        return octets(r, ev);
    case MAILPROTO_MESSAGE_DEFECT:
        if (mailproto_defect_class(ev->code) == 0 || ev->offset > r->len) {
            return "a defect that is none";
        }
        if (!(r->flags & TRACE_NO_DEFECTS) &&
            (!(r->flags & TRACE_STRUCTURE_DEFECTS) || is_structure(ev->code))) {
            flush(r);
            trace_defect(r->out, ev->code, ev->offset);
        }
        return NULL;
    default:
        flush(r);
        return structure(r, ev);
    }
}

static const char *feed(struct run *r, mailproto_message *m)
{
    size_t n = 0;
    if (r->fed < r->len) {
        n = chunk_size(r->cut, r->fed, r->len - r->fed);
    }
    free(r->piece);
    r->piece = (char *)test_alloc(n > 0 ? n : 1);
    r->piece_len = n;
    if (n == 0) {
        return mailproto_message_feed_eof(m) == MAILPROTO_OK ? NULL : "no end possible";
    }
    memcpy(r->piece, r->data + r->fed, n);
    r->fed += n;
    if (mailproto_message_feed(m, r->piece, n) != MAILPROTO_OK) {
        return "a piece is refused";
    }
    if (mailproto_message_feed(m, r->piece, n) != MAILPROTO_ERR_STATE) {
        return "a second piece is not refused";
    }
    /* The end may be said at once, or when more is asked for. */
    return r->cut->kind != CHUNK_WHOLE || mailproto_message_feed_eof(m) == MAILPROTO_OK
               ? NULL
               : "no end possible";
}

const char *message_trace(const void *data, size_t len,
                          const mailproto_message_options *options,
                          const struct chunk *cut, unsigned flags, struct text *out)
{
    size_t size = mailproto_message_mem_size(options);
    char *mem = (char *)test_alloc(size);
    const char *wrong = NULL;
    int ended = 0;
    mailproto_message *m;
    mailproto_message_event ev;
    struct run r;
    memset(&r, 0, sizeof r);
    r.data = (const char *)data;
    r.len = len;
    r.cut = cut;
    r.flags = flags;
    r.out = out;
    if (mailproto_message_init(mem, size, options, &m) != MAILPROTO_OK) {
        wrong = "no parser";
    }
    while (wrong == NULL) {
        mailproto_status st = mailproto_message_next_event(m, &ev);
        if (st == MAILPROTO_OK) {
            wrong = event(&r, &ev);
        } else if (st == MAILPROTO_AGAIN && !ended) {
            ended = r.fed == r.len;
            wrong = feed(&r, m);
        } else if (st == MAILPROTO_EOF) {
            flush(&r);
            wrong = (!ended && cut->kind != CHUNK_WHOLE) || r.fed < len ||
                            r.depth > 0 || r.parts == 0
                        ? "an early end"
                        : NULL;
            break;
        } else {
            wrong = "a status that no parser gives";
        }
    }
    free(r.piece);
    free(mem);
    return wrong;
}
