/*
 * The usual forms of a mailbox read in one pass: `local@domain`, `Name <local@domain>`,
 * `"Name" <local@domain>`. Knows no defect: what has one, or any other form, is left to
 * value_address.c, which reads these forms to the same end.
 */
#include "message/value.h"

#include <stddef.h>

#include "core/mem.h"

/* Behind a run of atext: the hot loop, so it is unrolled. */
static const char *atoms(const char *p, const char *end)
{
    while (end - p >= 4) {
        if (!mailproto__v_is(p[0], MAILPROTO__V_ATOM)) {
            return p;
        }
        if (!mailproto__v_is(p[1], MAILPROTO__V_ATOM)) {
            return p + 1;
        }
        if (!mailproto__v_is(p[2], MAILPROTO__V_ATOM)) {
            return p + 2;
        }
        if (!mailproto__v_is(p[3], MAILPROTO__V_ATOM)) {
            return p + 3;
        }
        p += 4;
    }
    return mailproto__v_run(p, end, MAILPROTO__V_ATOM);
}

/* Behind a dot-atom whose first atom is from `p` to `q`; NULL: dots out of place, or what
 * may be an encoded word. */
static const char *dot_atom(const char *p, const char *q, const char *end)
{
    for (;;) {
        if (q == p || *p == '=') {
            return NULL;
        }
        if (q == end || *q != '.') {
            return q;
        }
        p = q + 1;
        q = atoms(p, end);
    }
}

/* Whether an atom that begins with `=?` needs no second look: it ends as an encoded word
 * does, behind its two other marks. */
static int is_encoded_word(const char *p, const char *q)
{
    unsigned marks = 0;
    const char *r;
    for (r = p + 2; r < q && marks < 2; r++) {
        marks += *r == '?';
    }
    return q - r >= 2 && q[-2] == '?' && q[-1] == '=';
}

/* Words of a display name up to the `<`; `q` behind the first atom. NULL: other forms. */
static const char *name(const char *p, const char *q, const char *end,
                        const char **last)
{
    for (;;) {
        if (*p == '"') {
            q = mailproto__v_run(p + 1, end, MAILPROTO__V_QUOTED);
            if (q == end || *q != '"' ||
                memchr(p + 1, '=', (size_t)(q - p - 1)) != NULL) {
                return NULL; /* also: it may hold encoded words */
            }
            q++;
        } else if (q == p ||
                   (*p == '=' && q - p > 1 && p[1] == '?' && !is_encoded_word(p, q))) {
            return NULL;
        }
        *last = q;
        p = mailproto__v_blanks(q, end);
        if (p == end) {
            return NULL;
        }
        if (*p == '<') {
            return p;
        }
        q = atoms(p, end);
    }
}

/* Where the parts of a mailbox are; the name ends at `last`. */
struct found {
    const char *last, *local, *at, *host, *stop;
    mailproto_bytes comment;
    uint32_t flags;
};

/* `local@domain` from `p`, its first atom up to `q`: 1, or 0. */
static int spec(const char *p, const char *q, const char *end, struct found *f)
{
    const char *at = dot_atom(p, q, end);
    if (at == NULL || at == end || *at != '@') {
        return 0;
    }
    f->local = p;
    f->at = at;
    f->host = at + 1;
    f->stop = dot_atom(f->host, atoms(f->host, end), end);
    return f->stop != NULL;
}

/* A mailbox at `p`; behind it, or NULL. */
static const char *mailbox(const char *p, const char *end, struct found *f)
{
    const char *q = atoms(p, end);
    f->last = p;
    f->flags = 0;
    if (q < end && (*q == '@' || *q == '.')) {
        return spec(p, q, end, f) ? f->stop : NULL;
    }
    if (*p != '<') {
        p = name(p, q, end, &f->last);
        if (p == NULL) {
            return NULL;
        }
    }
    p++;
    if (!spec(p, atoms(p, end), end, f) || f->stop == end || *f->stop != '>') {
        return NULL;
    }
    f->flags = MAILPROTO_ADDRESS_ANGLE;
    return f->stop + 1;
}

/* Behind the comment at `p`; NULL: it needs a second look. */
static const char *comment(const char *p, const char *end, struct found *f)
{
    const char *q = mailproto__v_run(p + 1, end, MAILPROTO__V_COMMENT);
    if (q == end || *q != ')') {
        return NULL;
    }
    f->comment = mailproto__v_span(p + 1, q);
    return q + 1;
}

/* The comma that is due passed, and blanks; NULL: something else is there. */
static const char *separator(const char *p, const char *end, unsigned state)
{
    p = mailproto__v_blanks(p, end);
    if ((state & MAILPROTO__V_ADDRESS_DUE) != 0) {
        if (p == end || *p != ',') {
            return NULL;
        }
        p = mailproto__v_blanks(p + 1, end);
    }
    return p < end ? p : NULL;
}

static void give(mailproto_address *out, const struct found *f, const char *start,
                 const char *stop)
{
    out->type = MAILPROTO_ADDRESS_MAILBOX;
    out->flags = f->flags;
    out->reserved = 0;
    out->raw = mailproto__v_span(start, stop);
    out->name = mailproto__v_span(start, f->last); /* empty: there is none */
    out->local = mailproto__v_span(f->local, f->at);
    out->domain = mailproto__v_span(f->host, f->stop);
    out->route.ptr = NULL;
    out->route.len = 0;
    out->comment = f->comment;
}

/* Only the fields of the cursor that are used are taken out and put back. */
#define TAKE(to, from, field)                                                          \
    memcpy(&(to).field,                                                                \
           (const char *)(from) + offsetof(struct mailproto__value, field),            \
           sizeof(to).field)
#define PUT(to, from, field)                                                           \
    memcpy((char *)(to) + offsetof(struct mailproto__value, field), &(from).field,     \
           sizeof(from).field)

int mailproto__address_plain(mailproto_value *cursor, mailproto_address *out)
{
    struct mailproto__value v;
    struct found f;
    const char *start;
    const char *stop;
    TAKE(v, cursor, begin);
    TAKE(v, cursor, error);
    if (v.begin == NULL || v.error.code != 0 || out->struct_size != sizeof *out) {
        return 0;
    }
    TAKE(v, cursor, at);
    TAKE(v, cursor, end);
    TAKE(v, cursor, state);
    TAKE(v, cursor, flags);
    start = separator(v.at, v.end, v.state);
    if (start == NULL) {
        return 0;
    }
    stop = mailbox(start, v.end, &f);
    if (stop == NULL) {
        return 0;
    }
    f.comment = mailproto__v_span(start, start);
    v.at = mailproto__v_blanks(stop, v.end);
    if (v.at < v.end && *v.at == '(') {
        stop = comment(v.at, v.end, &f);
        if (stop == NULL) {
            return 0;
        }
        v.at = mailproto__v_blanks(stop, v.end);
    }
    if (v.at == v.end ? !mailproto__v_final(&v) : *v.at != ',' && *v.at != ';') {
        return 0;
    }
    if (mailproto__v_high(start, stop)) {
        return 0;
    }
    f.flags |= (v.state & MAILPROTO__V_ADDRESS_IN_GROUP) != 0
                   ? (uint32_t)MAILPROTO_ADDRESS_IN_GROUP
                   : 0U;
    give(out, &f, start, stop);
    TAKE(v, cursor, base);
    out->offset = mailproto__v_offset(&v, start);
    v.state =
        (uint8_t)((v.state & MAILPROTO__V_ADDRESS_IN_GROUP) | MAILPROTO__V_ADDRESS_DUE);
    PUT(cursor, v, at);
    PUT(cursor, v, state);
    return 1;
}

int mailproto__address_over(mailproto_value *cursor)
{
    struct mailproto__value v;
    TAKE(v, cursor, begin);
    TAKE(v, cursor, error);
    TAKE(v, cursor, at);
    TAKE(v, cursor, end);
    TAKE(v, cursor, state);
    TAKE(v, cursor, flags);
    if (v.begin == NULL || v.error.code != 0 || v.at != v.end ||
        v.state != MAILPROTO__V_ADDRESS_DUE || !mailproto__v_final(&v)) {
        return 0;
    }
    v.state = 0;
    PUT(cursor, v, state);
    return 1;
}
