/*
 * The fields of a header, read again: from memory, or from a source by offset with one
 * field in the caller's buffer. Splits lines as the scanner does; knows no limits and
 * tells no defects.
 */
#include <mailproto/message.h>

#include "core/mem.h"
#include "core/span.h"
#include "message/reply.h"
#include "message/split_name.h"

enum { WORK_LEAST = 1024 };

struct walker {
    const mailproto_source *source;
    char *work;
    size_t size;      /* of `work`; 0: the header is in memory, at `text` */
    const char *text; /* what is there, from `offset` on */
    size_t len;       /* octets of it */
    uint64_t offset;  /* of the next field */
    uint64_t end;     /* of the header */
    uint8_t over;     /* the blank line was met */
    uint8_t skipping; /* behind a field that was cut */
};

/* C99 has no static assertion: a size that is too large is a negative array size. */
typedef char walker_fits[sizeof(struct walker) <= sizeof(mailproto_fields) ? 1 : -1];

static struct walker *walker_of(mailproto_fields *f)
{
    return (struct walker *)(void *)f->opaque;
}

mailproto_status mailproto_fields_open(mailproto_fields *f, mailproto_bytes header)
{
    struct walker *w = walker_of(f);
    memset(f, 0, sizeof *f);
    if (header.ptr == NULL && header.len > 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    w->text = header.ptr;
    w->len = header.len;
    w->end = header.len;
    return MAILPROTO_OK;
}

mailproto_status mailproto_fields_open_at(mailproto_fields *f,
                                          const mailproto_source *source,
                                          uint64_t offset, uint64_t end, void *work,
                                          size_t size)
{
    struct walker *w = walker_of(f);
    memset(f, 0, sizeof *f);
    w->over = 1; /* until all is well */
    if (offset > end || (source->data == NULL && source->read_at == NULL)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    w->source = source;
    w->offset = offset;
    w->end = end;
    if (source->data != NULL) {
        if (end > source->size) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        w->text = (const char *)source->data + offset;
        w->len = (size_t)(end - offset);
    } else {
        if (work == NULL || size < WORK_LEAST) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        w->work = (char *)work;
        w->size = size;
        w->text = w->work;
    }
    w->over = 0;
    return MAILPROTO_OK;
}

static void use(struct walker *w, size_t n)
{
    w->text += n;
    w->len -= n;
    w->offset += n;
}

static int has_all(const struct walker *w)
{
    return w->len >= w->end - w->offset;
}

/* More octets behind those that are there. */
static mailproto_status read_more(struct walker *w)
{
    uint64_t left = w->end - w->offset - w->len;
    size_t got = 0;
    size_t room;
    mailproto_status st;
    if (w->work == NULL) { /* in memory: all of it is there */
        w->end = w->offset + w->len;
        return MAILPROTO_OK;
    }
    if (w->text != w->work) {
        memmove(w->work, w->text, w->len);
        w->text = w->work;
    }
    room = w->size - w->len;
    if (left < room) {
        room = (size_t)left;
    }
    st = w->source->read_at(w->source->ctx, w->offset + w->len, w->work + w->len, room,
                            &got);
    if (st == MAILPROTO_EOF) { /* shorter than it was */
        w->end = w->offset + w->len;
        return MAILPROTO_OK;
    }
    if (st == MAILPROTO_OK && (got == 0 || got > room)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    w->len += st == MAILPROTO_OK ? got : 0;
    return st;
}

/* Octets up to where a field's lines end, from `from` on; 0: not there. */
static size_t find_end(const struct walker *w, size_t from)
{
    for (;;) {
        const char *lf = from < w->len
                             ? (const char *)memchr(w->text + from, '\n', w->len - from)
                             : NULL;
        if (lf == NULL) {
            return has_all(w) ? w->len : 0;
        }
        from = (size_t)(lf - w->text) + 1;
        if (from == w->len) {
            return has_all(w) ? from : 0;
        }
        if (w->text[from] != ' ' && w->text[from] != '\t') { /* RFC 5322 2.2.3 */
            return from;
        }
    }
}

/* Past the rest of a field that was cut. */
static mailproto_status skip_rest(struct walker *w)
{
    while (w->skipping) {
        size_t n = find_end(w, 0);
        if (n > 0 || has_all(w)) {
            use(w, n);
            w->skipping = 0;
            break;
        }
        /* The last octet may be an LF: what follows it decides. */
        use(w, w->len > 1 ? w->len - 1 : 0);
        {
            mailproto_status st = read_more(w);
            if (st != MAILPROTO_OK) {
                return st;
            }
        }
    }
    return MAILPROTO_OK;
}

static size_t line_end(const char *text, size_t len)
{
    if (len > 0 && text[len - 1] == '\n') {
        return len > 1 && text[len - 2] == '\r' ? 2 : 1;
    }
    return 0;
}

static void give(struct walker *w, mailproto_field *field, size_t n, int cut)
{
    struct mailproto__name name;
    mailproto_bytes raw = mailproto__span(w->text, n);
    size_t value_end = n - (cut ? 0 : line_end(raw.ptr, n));
    (void)mailproto__split_name(raw, 1, &name);
    if (name.value > value_end) {
        value_end = name.value;
    }
    memset(field, 0, sizeof *field);
    field->raw = raw;
    field->name = mailproto__span(raw.ptr, name.len);
    field->value = mailproto__span(raw.ptr + name.value, value_end - name.value);
    field->offset = w->offset;
    field->id = mailproto_field_find(field->name);
    if (cut) {
        field->flags = MAILPROTO_MESSAGE_MORE;
        w->skipping = 1;
    }
    use(w, n);
}

/* Whether the header's blank line comes: 1, 0; -1: two octets are needed. */
static int at_blank(const struct walker *w)
{
    if (w->len == 0) {
        return has_all(w) ? 1 : -1;
    }
    if (w->text[0] == '\r') {
        if (w->len == 1) {
            return has_all(w) ? 0 : -1;
        }
        return w->text[1] == '\n';
    }
    return w->text[0] == '\n';
}

mailproto_status mailproto_fields_next(mailproto_fields *f, mailproto_field *field)
{
    struct walker *w = walker_of(f);
    mailproto_status st = skip_rest(w);
    if (st != MAILPROTO_OK) {
        return st;
    }
    for (;;) {
        int blank = w->over ? 1 : at_blank(w);
        size_t n;
        if (blank > 0) {
            w->over = 1;
            return MAILPROTO_EOF;
        }
        n = blank < 0 ? 0 : find_end(w, 0);
        if (n > 0) {
            give(w, field, n, 0);
            return MAILPROTO_OK;
        }
        if (w->len == w->size) { /* longer than `work` */
            give(w, field, w->len - line_end(w->text, w->len), 1);
            return MAILPROTO_OK;
        }
        st = read_more(w);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
}

mailproto_bytes mailproto__fields_first(mailproto_bytes header, uint32_t id)
{
    const mailproto_bytes none = {NULL, 0};
    mailproto_fields walk;
    mailproto_field f;
    if (mailproto_fields_open(&walk, header) != MAILPROTO_OK) {
        return none;
    }
    while (mailproto_fields_next(&walk, &f) == MAILPROTO_OK) {
        if (f.id == id) {
            return f.value;
        }
    }
    return none;
}
