/*
 * The resumable writer below ENVELOPE and BODYSTRUCTURE: strings as RFC 9051 9 has them,
 * cut wherever the caller's buffer ends.
 */
#include "imap/write.h"

#include "core/mem.h"
#include "core/span.h"

enum { WORK_LEAST = 1024 };

/* ---- the octets of a string ---------------------------------------------------------- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Past a comment (RFC 5322 3.2.2), or to the end. */
static const char *skip_comment(const char *p, const char *end)
{
    size_t depth = 0;
    while (p < end) {
        char c = *p;
        p++;
        if (c == '\\' && p < end) {
            p++;
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
            if (depth == 0) {
                break;
            }
        }
    }
    return p;
}

/* Whether the octet at hand stands for itself; else it is passed. */
static int is_content(struct mailproto__imap_octets *o)
{
    char c = *o->at;
    if (o->form == MAILPROTO__IMAP_TEXT) {
        return 1;
    }
    if (is_blank(c) && o->form >= MAILPROTO__IMAP_COMMENT && !o->quoted) {
        o->at++;
        o->gap = 1;
        return 0;
    }
    if (o->form <= MAILPROTO__IMAP_COMMENT || o->quoted) {
        if (c == '"' && o->quoted) {
            o->quoted = 0;
            o->at++;
            o->gap = o->at == o->end || *o->at != '@';
            return 0;
        }
        if (c == '\\' && o->end - o->at >= 2) {
            o->at++;
        }
        return 1;
    }
    if (c == '"') {
        o->quoted = 1;
        o->gap = 1;
        o->at++;
        return 0;
    }
    if (c == '(') {
        o->at = skip_comment(o->at, o->end);
        o->gap = 1;
        return 0;
    }
    return 1;
}

/* U+FFFD stands for NUL, which no string can hold (RFC 9051 9: CHAR8): left out, it would
 * join what it parts. */
static const unsigned char for_nul[] = {0xEF, 0xBF, 0xBD};

/* The next octet, or -1. */
static int next_octet(struct mailproto__imap_octets *o)
{
    if (o->nul > 0) {
        int c = for_nul[sizeof for_nul - o->nul];
        o->nul--;
        return c;
    }
    while (o->at < o->end) {
        const char *before = o->at;
        unsigned char c;
        if (!is_content(o)) {
            continue;
        }
        if (o->gap) {
            o->gap = 0;
            if (o->any && o->form != MAILPROTO__IMAP_TIGHT) {
                o->at = before; /* a backslash is looked at again */
                return ' ';
            }
        }
        c = (unsigned char)*o->at;
        o->at++;
        if (c == '\n' || (c == '\r' && (o->at == o->end || *o->at == '\n'))) {
            continue; /* RFC 5322 2.2.3 */
        }
        c = c == '\r' ? ' ' : c; /* a bare one */
        o->any = 1;
        o->nul = c == '\0' ? sizeof for_nul - 1 : 0;
        return c == '\0' ? for_nul[0] : c;
    }
    return -1;
}

/* Octets that stand for themselves: 1 in all forms, 2 in TEXT, INSIDE and quotes. Not
 * those that have to be escaped. */
/* clang-format off */
static const uint8_t plain[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    2, 3, 0, 3, 3, 3, 3, 3, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0};
/* clang-format on */

/* How many of those come next, at most `most`: nearly all octets of nearly all strings. */
static size_t plain_run(const struct mailproto__imap_octets *o, size_t most)
{
    const char *at = o->at;
    const char *end = o->end;
    unsigned mask = o->form <= MAILPROTO__IMAP_INSIDE || o->quoted ? 2 : 1;
    if (o->nul > 0 || o->gap) {
        return 0;
    }
    if ((size_t)(end - at) > most) {
        end = at + most;
    }
    while (at < end && (plain[(unsigned char)*at] & mask) != 0) {
        at++;
    }
    return (size_t)(at - o->at);
}

static struct mailproto__imap_octets octets_of(mailproto_bytes from,
                                               enum mailproto__imap_form form)
{
    struct mailproto__imap_octets o;
    memset(&o, 0, sizeof o);
    o.at = from.ptr;
    o.end = from.len > 0 ? from.ptr + from.len : from.ptr;
    o.form = (uint8_t)form;
    return o;
}

int mailproto__imap_is_empty(mailproto_bytes from, enum mailproto__imap_form form)
{
    struct mailproto__imap_octets o = octets_of(from, form);
    return next_octet(&o) < 0;
}

/* ---- queueing ---------------------------------------------------------------------- */

void mailproto__imap_fixed(struct mailproto__imap_out *out, const char *text,
                           size_t len)
{
    out->fixed = text;
    out->fixed_len = len;
}

void mailproto__imap_nil(struct mailproto__imap_out *out)
{
    memcpy(out->small, "NIL", 3);
    out->small_at = 0;
    out->small_len = 3;
}

void mailproto__imap_number(struct mailproto__imap_out *out, uint64_t number)
{
    out->small_at = 0;
    out->small_len = (uint8_t)mailproto__decimal(number, out->small);
}

void mailproto__imap_string(struct mailproto__imap_out *out, mailproto_bytes from,
                            enum mailproto__imap_form form)
{
    struct mailproto__imap_octets o = octets_of(from, form);
    uint64_t len = 0;
    int high = 0;
    int c;
    out->octets = o;
    do {
        size_t n = plain_run(&o, SIZE_MAX);
        if (n > 0) {
            o.at += n;
            o.any = 1;
            len += n;
        }
        c = next_octet(&o);
        len += c >= 0;
        high |= c > 127;
    } while (c >= 0);
    out->small_at = 0;
    if (!high) { /* RFC 3501 9: a quoted string holds 7 bit only */
        out->string = MAILPROTO__IMAP_QUOTED;
        out->small[0] = '"';
        out->small_len = 1;
        return;
    }
    out->string = MAILPROTO__IMAP_LITERAL;
    out->small[0] = '{';
    out->small_len = (uint8_t)(1 + mailproto__decimal(len, out->small + 1));
    memcpy(out->small + out->small_len, "}\r\n", 3);
    out->small_len = (uint8_t)(out->small_len + 3);
}

/* ---- into the caller's buffer --------------------------------------------------------- */

struct room {
    char *buf;
    size_t cap, len;
};

static void put(struct room *to, char c)
{
    to->buf[to->len] = c;
    to->len++;
}

static size_t put_all(struct room *to, const char *from, size_t len)
{
    size_t n = to->cap - to->len;
    if (n > len) {
        n = len;
    }
    if (n > 0) {
        memcpy(to->buf + to->len, from, n);
        to->len += n;
    }
    return n;
}

static void put_string(struct mailproto__imap_out *out, struct room *to)
{
    while (to->len < to->cap && out->string != MAILPROTO__IMAP_NONE) {
        size_t n = out->escaped ? 0 : plain_run(&out->octets, to->cap - to->len);
        int c;
        if (n > 0) {
            (void)put_all(to, out->octets.at, n);
            out->octets.at += n;
            out->octets.any = 1;
            continue;
        }
        c = out->escaped ? out->octet : next_octet(&out->octets);
        if (c < 0) {
            if (out->string == MAILPROTO__IMAP_QUOTED) {
                put(to, '"');
            }
            out->string = MAILPROTO__IMAP_NONE;
        } else if (out->string == MAILPROTO__IMAP_QUOTED && !out->escaped &&
                   (c == '"' || c == '\\')) {
            put(to, '\\');
            out->escaped = 1;
            out->octet = (uint8_t)c;
        } else {
            put(to, (char)c);
            out->escaped = 0;
        }
    }
}

/* What is queued, as far as it fits; whether all of it did. */
static int flush(struct mailproto__imap_out *out, struct room *to)
{
    size_t n = put_all(to, out->fixed, out->fixed_len);
    out->fixed += n;
    out->fixed_len -= n;
    if (out->fixed_len > 0) {
        return 0;
    }
    n = put_all(to, out->small + out->small_at,
                (size_t)(out->small_len - out->small_at));
    out->small_at = (uint8_t)(out->small_at + n);
    if (out->small_at < out->small_len) {
        return 0;
    }
    put_string(out, to);
    return out->string == MAILPROTO__IMAP_NONE;
}

static struct mailproto__imap_item *item_of(mailproto_imap_item *item)
{
    return (struct mailproto__imap_item *)(void *)item->opaque;
}

mailproto_status mailproto_imap_item_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct mailproto__imap_item *it = item_of((mailproto_imap_item *)ctx);
    mailproto_status st = MAILPROTO_OK;
    struct room to;
    to.buf = (char *)buf;
    to.cap = cap;
    to.len = 0;
    *got = 0;
    if (buf == NULL || cap == 0 || it->source == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    while (st == MAILPROTO_OK && flush(&it->out, &to) && to.len < to.cap) {
        st = it->structure.ix != NULL ? mailproto__imap_structure_step(it)
                                      : mailproto__imap_envelope_step(it);
    }
    *got = to.len;
    return to.len > 0 ? MAILPROTO_OK : st; /* the step says the same again */
}

/* ---- fields ------------------------------------------------------------------------- */

mailproto_status mailproto__imap_begin(mailproto_imap_item *item,
                                       const mailproto_source *source, void *work,
                                       size_t size)
{
    struct mailproto__imap_item *it = item_of(item);
    memset(item, 0, sizeof *item);
    if (source->data == NULL &&
        (source->read_at == NULL || work == NULL || size < WORK_LEAST)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    it->source = source;
    it->work = work;
    it->size = size;
    it->out.fixed = "";
    return MAILPROTO_OK;
}

void mailproto__imap_take(struct mailproto__imap_item *it, mailproto_bytes value)
{
    while (value.len > 0 && is_blank(value.ptr[0])) {
        value = mailproto__tail(value, 1);
    }
    while (value.len > 0 && is_blank(value.ptr[value.len - 1])) {
        value.len--;
    }
    it->value = value;
}

mailproto_status mailproto__imap_load(struct mailproto__imap_item *it, uint64_t at,
                                      uint64_t end)
{
    mailproto_field field;
    mailproto_status st = MAILPROTO_OK;
    if (!it->loading) {
        st = mailproto_fields_open_at(&it->fields, it->source, at, end, it->work,
                                      it->size);
        it->loading = 1;
    }
    if (st == MAILPROTO_OK) {
        st = mailproto_fields_next(&it->fields, &field);
    }
    if (st == MAILPROTO_NOT_READY) {
        return st;
    }
    it->loading = 0;
    if (st == MAILPROTO_OK) {
        mailproto__imap_take(it, field.value);
    }
    return st;
}
