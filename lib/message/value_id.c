/*
 * Message-ids and lists of them (RFC 5322 3.6.4, 4.5.4). Knows msg-id and the phrases of
 * obs-references; what is between brackets is an id whatever it holds.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"

enum { CLOSED = 1 }; /* state: the id ended with its bracket, whatever follows */

/* word *("." word) or a domain literal from `p` on, CFWS around them; behind it, or NULL.
 * `*obs`: a form of RFC 5322 4 was used; `*literal`, `*quoted`: what it holds. */
static const char *take_side(struct mailproto__value *v, const char *p, int *obs,
                             int *literal, int *quoted)
{
    for (;;) {
        const char *q = mailproto__v_cfws(v, p);
        *obs |= q > p;
        p = q;
        if (p < v->end && *p == '[' && literal != NULL) {
            *literal = 1;
            q = mailproto__v_literal(v, p);
        } else if (p < v->end && *p == '"' && quoted != NULL) {
            *quoted = 1;
            *obs = 1; /* obs-id-left */
            q = mailproto__v_quoted(v, p);
        } else {
            q = mailproto__v_run(p, v->end, MAILPROTO__V_ATOM);
        }
        if (q == p || v->open) {
            return NULL;
        }
        p = mailproto__v_cfws(v, q);
        *obs |= p > q;
        if (p == v->end || *p != '.') {
            return p;
        }
        p++;
    }
}

/* Whether `id` is id-left "@" id-right; sets the flags. */
static int is_good(struct mailproto__value *v, mailproto_message_id *id)
{
    struct mailproto__value in;
    const char *p;
    int obs = 0;
    int literal = 0;
    int quoted = 0;
    mailproto__v_whole(&in, id->id, MAILPROTO_VALUE_STRICT, NULL); /* keeps the first */
    p = take_side(&in, in.at, &obs, NULL, &quoted);
    if (p == NULL || p == in.end || *p != '@') {
        return 0;
    }
    p = take_side(&in, p + 1, &obs, &literal, NULL);
    if (p != in.end) {
        return 0;
    }
    id->flags |= (literal ? MAILPROTO_MESSAGE_ID_LITERAL : 0U) |
                 (quoted ? MAILPROTO_MESSAGE_ID_QUOTED : 0U);
    if (obs) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_OBSOLETE, id->id.ptr);
    }
    if (in.error.code != 0) { /* a control in quotes, a line end that is no fold */
        mailproto__v_flaw(v, in.error.code, id->id.ptr + in.error.offset);
    }
    return 1;
}

/* The first control that is no blank and no fold. */
static void tell_control(struct mailproto__value *v, mailproto_bytes id)
{
    const char *p = id.ptr;
    const char *end = p + id.len;
    while (p < end) {
        const char *q = mailproto__v_blanks(p, end);
        if (q == p) {
            if ((unsigned char)*p < 32 || *p == 127) {
                mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, p);
                return;
            }
            q = p + 1;
        }
        p = q;
    }
}

/* The `@` between the sides: the first outside quotes. NULL: none. */
static const char *find_at(mailproto_bytes id)
{
    const char *p = id.ptr;
    const char *end = p + id.len;
    while (p < end && *p != '@') {
        if (*p == '"') {
            struct mailproto__value v;
            const char *q;
            mailproto__v_whole(&v, mailproto__v_span(p, end), 0, NULL);
            q = mailproto__v_quoted(&v, p);
            p = v.open ? p + 1 : q;
            if (v.open) { /* a lone quote is an octet like others */
                return (const char *)memchr(p, '@', (size_t)(end - p));
            }
            continue;
        }
        p++;
    }
    return p < end ? p : NULL;
}

static void split(struct mailproto__value *v, mailproto_message_id *id)
{
    const char *end = id->id.ptr + id->id.len;
    const char *at = find_at(id->id);
    id->left = at != NULL ? mailproto__v_trim(id->id.ptr, at) : id->id;
    if (at != NULL) {
        id->right = mailproto__v_trim(at + 1, end);
    }
    if (!is_good(v, id)) {
        id->flags |= MAILPROTO_MESSAGE_ID_LOOSE;
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_ID, id->id.ptr);
        tell_control(v, id->id);
    }
}

/* `p` behind the `<`: to the `>`, or to what cannot belong to an id. */
static const char *inside(struct mailproto__value *v, const char *p)
{
    const char *q = mailproto__v_blanks(p, v->end);
    if (q < v->end && *q == '"') { /* quoted strings may hold `>` */
        struct mailproto__value in = *v;
        in.defects = NULL;
        p = mailproto__v_quoted(&in, q);
        if (in.open) {
            p = mailproto__v_final(v) ? q : v->end;
        }
    }
    while (p < v->end && *p != '>' && *p != '<') {
        p++;
    }
    return p;
}

/* An id in brackets, `p` at its `<`; behind it. */
static const char *bracketed(struct mailproto__value *v, mailproto_message_id *id,
                             const char *p)
{
    const char *q = inside(v, p + 1);
    v->open = 0;
    id->id = mailproto__v_trim(p + 1, q);
    if (q < v->end && *q == '>') {
        v->state = CLOSED;
        q++;
    } else {
        /* Not closed: up to the first blank. */
        const char *r = id->id.ptr;
        const char *end = r + id->id.len;
        while (r < end && !mailproto__v_is(*r, MAILPROTO__V_BLANK) && *r != '\r') {
            r++;
        }
        id->id = mailproto__v_span(id->id.ptr, r);
        if (mailproto__v_final(v) || q < v->end) {
            q = r;
        }
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_ANGLE_OPEN, p);
    }
    id->raw = mailproto__v_span(p, q);
    return q;
}

/* A word of a phrase (obs-references), or an id without brackets; behind it. */
static const char *phrase_word(struct mailproto__value *v, mailproto_message_id *id,
                               const char *p)
{
    const char *start = p;
    if (*p == '"') {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_OBSOLETE, p);
        p = mailproto__v_quoted(v, p);
        v->open = 0;
        return p;
    }
    while (p < v->end && !mailproto__v_is(*p, MAILPROTO__V_BLANK) && *p != '<' &&
           *p != '(' && *p != ',' && *p != ';' && *p != '\r' && *p != '"') {
        p++;
    }
    if (p == start) { /* a separator that has no place here */
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_TRAILING, p);
        return p + 1;
    }
    if (memchr(start, '@', (size_t)(p - start)) == NULL) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_OBSOLETE, start);
        return p;
    }
    id->raw = mailproto__v_span(start, p);
    id->id = id->raw;
    while (id->id.len > 0 && id->id.ptr[id->id.len - 1] == '>') {
        id->id.len--;
    }
    mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_ID_BRACKETS, start);
    return p;
}

mailproto_status mailproto_message_id_next(mailproto_value *cursor,
                                           mailproto_message_id *out)
{
    struct mailproto__value v;
    struct mailproto__mark mark;
    mailproto_message_id id;
    mailproto_status status = MAILPROTO_OK;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL || v.error.code != 0) {
        return v.begin == NULL ? MAILPROTO_ERR_ARGUMENT : MAILPROTO_ERR_SYNTAX;
    }
    memset(&id, 0, sizeof id);
    id.struct_size = sizeof id;
    while (id.id.len == 0 && status == MAILPROTO_OK) {
        const char *p;
        mailproto__v_mark(&mark, &v);
        v.state = 0;
        p = mailproto__v_cfws(&v, v.at);
        if (p < v.end) {
            p = *p == '<' ? bracketed(&v, &id, p) : phrase_word(&v, &id, p);
            if (id.id.len > 0) {
                split(&v, &id);
            } else if (id.raw.len > 0) {
                mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_ID, id.raw.ptr);
                id.raw.len = 0;
            }
        } else if (mailproto__v_final(&v)) {
            status = MAILPROTO_EOF;
        }
        v.open = 0;
        /* A bracket ends an id by itself; anything else only what stands behind it. */
        if (mailproto__v_starved(&v, p) && v.state != CLOSED) {
            mailproto__v_reset(&v, &mark);
            mailproto__v_store(cursor, &v);
            return MAILPROTO_AGAIN;
        }
        v.at = p;
    }
    if (v.error.code != 0) {
        status = MAILPROTO_ERR_SYNTAX;
    }
    mailproto__v_store(cursor, &v);
    if (status == MAILPROTO_OK) {
        id.offset = mailproto__v_offset(&v, id.raw.ptr);
        status = mailproto__output_copy(out, &id, sizeof id);
    }
    return status;
}

mailproto_status mailproto_message_id_get(const mailproto_message_id *id, char *out,
                                          size_t cap, size_t *len)
{
    mailproto_address a;
    struct mailproto__put to;
    size_t i;
    if ((id->flags & MAILPROTO_MESSAGE_ID_LOOSE) == 0) {
        memset(&a, 0, sizeof a);
        a.struct_size = sizeof a;
        a.type = MAILPROTO_ADDRESS_MAILBOX;
        a.flags = MAILPROTO_ADDRESS_CFWS | MAILPROTO_ADDRESS_QUOTED;
        a.flags |=
            id->flags & MAILPROTO_MESSAGE_ID_LITERAL ? MAILPROTO_ADDRESS_LITERAL : 0U;
        a.local = id->left;
        a.domain = id->right;
        return mailproto_address_spec(&a, out, cap, len);
    }
    to.out = out;
    to.cap = cap;
    to.len = 0;
    for (i = 0; i < id->id.len; i++) {
        char c = id->id.ptr[i]; /* other controls make it another id (RFC 5322 4.5.4) */
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            mailproto__put_octet(&to, c);
        }
    }
    return mailproto__put_end(&to, len);
}
