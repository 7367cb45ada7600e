/*
 * Address lists (RFC 5322 3.4 and 4.4, RFC 6854, RFC 6532) read: an element is parsed in
 * one pass, left to right. What can be read as two different addresses is none (RFC 7103
 * 7.1): it comes as text. Knows the grammar of addresses; must not decode anything.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"

enum { /* state of the cursor */
       IN_GROUP = MAILPROTO__V_ADDRESS_IN_GROUP,
       DUE = MAILPROTO__V_ADDRESS_DUE,
       COMMA = MAILPROTO__V_ADDRESS_COMMA
};

/* An encoded word with specials in it is looked for in so many octets (RFC 2047 2 allows
 * 75). */
enum { WORD_MAX = 200 };

/* An element on its way. */
struct element {
    struct mailproto__value *v;
    const char *first, *last; /* words: the first one, behind the last one */
    const char *at;           /* the `@` */
    const char *host, *host_end;
    const char *odd;     /* the first special that a phrase must not hold */
    const char *dot_bad; /* the first dot out of place */
    const char *obs;     /* the first obs- form */
    uint32_t flags;      /* MAILPROTO_ADDRESS_... */
    uint8_t words;       /* 0, 1 or 2: more */
    uint8_t gap;         /* words without a dot between them */
    uint8_t dot_last;    /* the last token was a dot */
    uint8_t quoted;      /* a quoted string is among the words */
    uint8_t inner;       /* CFWS between words */
    uint8_t dotted;      /* dots among the words */
    uint8_t starved;     /* no decision without more octets */
};

static void forget_words(struct element *e)
{
    e->first = NULL;
    e->last = NULL;
    e->words = 0;
    e->gap = 0;
    e->dot_last = 0;
    e->quoted = 0;
    e->inner = 0;
    e->dotted = 0;
    e->dot_bad = NULL;
    e->flags &= ~(uint32_t)(MAILPROTO_ADDRESS_CFWS | MAILPROTO_ADDRESS_QUOTED);
}

/* What cannot stand in an encoded word, however wrong it is. */
static int ends_word(char c)
{
    return c == '"' || c == '<' || c == '>' || (unsigned char)c < 32 || c == 127;
}

/* The end of an encoded word that begins at `p` and whose atom ends at `q`: behind its
 * `?=` when specials stand in it, else `q`. RFC 2047 5 (3) forbids them; mail has them. */
static const char *encoded_word(struct element *e, const char *p, const char *q)
{
    const char *end = e->v->end;
    const char *r = p + 2;
    const char *limit = end - p > WORD_MAX ? p + WORD_MAX : end;
    unsigned marks = 0;
    for (; r < q && marks < 2; r++) {
        marks += *r == '?';
    }
    if (marks < 2 || (q - r >= 2 && q[-2] == '?' && q[-1] == '=')) {
        return q;
    }
    if (mailproto__has_words(mailproto__v_span(p, q))) { /* text is glued to it */
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_ENCODED_WORD, p);
        return q;
    }
    for (r = q; r < limit && !ends_word(*r); r++) {
        if (*r == '=' && r[-1] == '?') {
            mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_ENCODED_WORD, p);
            return r + 1;
        }
    }
    e->starved = (uint8_t)(e->starved | (r == end && !mailproto__v_final(e->v)));
    return q;
}

static void add_word(struct element *e, const char *p, const char *q, int spaced)
{
    if (e->first == NULL) {
        e->first = p;
    } else {
        e->gap = (uint8_t)(e->gap | !e->dot_last);
        e->inner = (uint8_t)(e->inner | spaced);
    }
    e->words = (uint8_t)(e->words < 2 ? e->words + 1 : 2);
    e->dot_last = 0;
    e->last = q;
}

static void add_dot(struct element *e, const char *p, int spaced)
{
    if ((e->first == NULL || e->dot_last) && e->dot_bad == NULL) {
        e->dot_bad = p;
    }
    if (e->first == NULL) {
        e->first = p;
    }
    e->inner = (uint8_t)(e->inner | (spaced && p != e->first));
    e->dotted = 1;
    e->dot_last = 1;
    e->last = p + 1;
}

/* Words and dots, as phrases and local parts are made of, up to something else. */
static const char *take_words(struct element *e, const char *p)
{
    const char *end = e->v->end;
    int spaced = 0;
    while (p < end) {
        const char *q;
        if (mailproto__v_is(*p, MAILPROTO__V_ATOM)) {
            q = mailproto__v_run(p + 1, end, MAILPROTO__V_ATOM);
            if (*p == '=' && q - p > 1 && p[1] == '?') {
                q = encoded_word(e, p, q);
            }
            add_word(e, p, q, spaced);
        } else if (*p == '"') {
            q = mailproto__v_quoted(e->v, p);
            e->quoted = 1;
            if (mailproto__has_words(mailproto__v_span(p, q))) { /* RFC 2047 5 (3) */
                mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_ENCODED_WORD, p);
            }
            add_word(e, p, q, spaced);
        } else if (*p == '.') {
            q = p + 1;
            add_dot(e, p, spaced);
        } else {
            q = mailproto__v_cfws(e->v, p);
            if (q == p) {
                return p;
            }
            spaced = 1;
            p = q;
            continue;
        }
        spaced = 0;
        p = q;
    }
    return p;
}

/* Atoms and dots of a domain from `p` on; behind them and the CFWS that follows. */
static const char *take_labels(struct element *e, const char *p)
{
    const char *end = e->v->end;
    e->host = p;
    for (;;) {
        const char *q = mailproto__v_run(p, end, MAILPROTO__V_ATOM);
        if (q == p && e->dot_bad == NULL) {
            e->dot_bad = p > e->host ? p - 1 : p;
        }
        e->host_end = q;
        p = mailproto__v_cfws(e->v, q);
        if (p == end || *p != '.') {
            return p;
        }
        if (p > q) {
            e->obs = e->obs != NULL ? e->obs : p; /* obs-domain, RFC 5322 4.4 */
            e->flags |= MAILPROTO_ADDRESS_CFWS;
        }
        q = p + 1;
        e->host_end = q;
        p = mailproto__v_cfws(e->v, q);
        if (p > q && p < end && mailproto__v_is(*p, MAILPROTO__V_ATOM)) {
            e->obs = e->obs != NULL ? e->obs : q;
            e->flags |= MAILPROTO_ADDRESS_CFWS;
        }
    }
}

/* A domain from behind the `@` on; behind it and the CFWS that follows. `host` stays NULL:
 * there is none. */
static const char *take_host(struct element *e, const char *p)
{
    e->host = NULL;
    p = mailproto__v_cfws(e->v, p);
    if (p == e->v->end) {
        return p;
    }
    if (*p == '[') {
        e->host = p;
        e->host_end = mailproto__v_literal(e->v, p);
        e->flags |= MAILPROTO_ADDRESS_LITERAL;
        return mailproto__v_cfws(e->v, e->host_end);
    }
    if (!mailproto__v_is(*p, MAILPROTO__V_ATOM) && *p != '.') {
        return p;
    }
    return take_labels(e, p);
}

static int is_end(const struct element *e, const char *p)
{
    return p == e->v->end || *p == ',' || *p == ';';
}

/* ---- elements ----------------------------------------------------------------------- */

/* The words so far become the local part. 0: they cannot. */
static int set_local(struct element *e, mailproto_address *a)
{
    if (e->first == NULL || e->gap || e->odd != NULL) {
        return 0;
    }
    a->local = mailproto__v_span(e->first, e->last);
    if (e->inner) {
        e->flags |= MAILPROTO_ADDRESS_CFWS;
    }
    if (e->quoted) {
        e->flags |= MAILPROTO_ADDRESS_QUOTED;
    }
    if (e->inner || (e->quoted && e->words > 1)) { /* obs-local-part */
        e->obs = e->obs != NULL ? e->obs : e->first;
    }
    if (e->dot_last && e->dot_bad == NULL) {
        e->dot_bad = e->last - 1;
    }
    return 1;
}

/* The words so far become a name. */
static void set_name(struct element *e, mailproto_address *a)
{
    if (e->first == NULL) {
        return;
    }
    a->name = mailproto__v_span(e->first, e->last);
    if (e->dotted && e->obs == NULL) { /* obs-phrase */
        e->obs = e->first;
    }
    if (e->odd != NULL) {
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_NAME_SPECIAL, e->odd);
    }
}

/* What was noticed becomes defects of a mailbox. */
static void set_mailbox(struct element *e, mailproto_address *a)
{
    a->type = MAILPROTO_ADDRESS_MAILBOX;
    if (e->host != NULL) {
        a->domain = mailproto__v_span(e->host, e->host_end);
    } else {
        e->flags |= MAILPROTO_ADDRESS_NO_DOMAIN;
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_NO_DOMAIN, a->local.ptr);
    }
    if (e->dot_bad != NULL) {
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_DOTS, e->dot_bad);
    }
    if (e->obs != NULL) {
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_OBSOLETE, e->obs);
    }
}

/* Member by member: the compilers' way to clear so much at once is slow to begin. */
static void clear(mailproto_address *a)
{
    const mailproto_bytes none = {NULL, 0};
    a->type = 0;
    a->flags = 0;
    a->reserved = 0;
    a->offset = 0;
    a->raw = none;
    a->name = none;
    a->local = none;
    a->domain = none;
    a->route = none;
    a->comment = none;
}

/* No address: text up to the next separator. */
static const char *take_text(struct element *e, mailproto_address *a, const char *start,
                             const char *p)
{
    const char *last = p;
    uint32_t size = a->struct_size;
    while (!is_end(e, p)) {
        if (*p == '"') {
            p = mailproto__v_quoted(e->v, p);
        } else if (*p == '(') {
            p = mailproto__v_comment(e->v, p);
        } else {
            const char *q = mailproto__v_blanks(p, e->v->end);
            if (q > p) {
                p = q;
                continue;
            }
            p++;
        }
        last = p;
    }
    clear(a);
    a->struct_size = size;
    a->type = MAILPROTO_ADDRESS_TEXT;
    a->name = mailproto__v_trim(start, last);
    e->flags = 0;
    mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_NO_ADDRESS, start);
    return p;
}

/* Behind the `>` that a `;` at `p` stands before, or `p`: `<undisclosed:;@host>` is
 * common, and taken apart it would show an address that nobody wrote. */
static const char *pass_semicolon(struct element *e, const char *p)
{
    const char *end = e->v->end;
    const char *q = p;
    if (p == end || *p != ';' || (e->v->state & IN_GROUP) != 0) {
        return p;
    }
    while (q < end && *q != '>' && *q != ',' && *q != '<' && *q != '"' && *q != '(') {
        q++;
    }
    e->starved = (uint8_t)(e->starved | (q == end && !mailproto__v_final(e->v)));
    return q < end && *q == '>' ? q + 1 : p;
}

/* Behind something that is wrong within angle brackets. */
static const char *leave_angle(struct element *e, const char *p)
{
    while (!is_end(e, p) && *p != '>') {
        p++;
    }
    return p < e->v->end && *p == '>' ? p + 1 : pass_semicolon(e, p);
}

/* obs-route without its colon; `p` at its first `@` or comma. NULL: it is none. */
static const char *take_route(struct element *e, mailproto_address *a, const char *p)
{
    const char *start = p;
    const char *last = p;
    const char *end = e->v->end;
    while (p < end && *p != ':') {
        if (*p == ',') {
            p = mailproto__v_cfws(e->v, p + 1);
            continue;
        }
        if (*p != '@') {
            e->starved = (uint8_t)mailproto__v_starved(e->v, p);
            return NULL;
        }
        p = take_host(e, p + 1);
        if (e->host == NULL && p < end) {
            e->starved = (uint8_t)mailproto__v_starved(e->v, p);
            return NULL;
        }
        last = e->host_end;
    }
    e->host = NULL;
    e->flags &= ~(uint32_t)(MAILPROTO_ADDRESS_CFWS | MAILPROTO_ADDRESS_LITERAL);
    if (p == end) { /* its commas are no separators before that is known */
        e->starved = (uint8_t)!mailproto__v_final(e->v);
        return NULL;
    }
    a->route = mailproto__v_span(start, last);
    e->flags |= MAILPROTO_ADDRESS_ROUTE;
    e->obs = e->obs != NULL ? e->obs : start;
    return mailproto__v_cfws(e->v, p + 1);
}

/* What stands between `<` and `>`, `p` behind the `<`. NULL: no address; `*stop` where. */
static const char *take_angle(struct element *e, mailproto_address *a, const char *p,
                              const char **stop)
{
    const char *end = e->v->end;
    p = mailproto__v_cfws(e->v, p);
    *stop = p;
    if (p < end && *p == '>') {
        a->type = MAILPROTO_ADDRESS_EMPTY;
        return p + 1;
    }
    if (p < end && *p == '@') {
        p = take_route(e, a, p);
        if (p == NULL) {
            return NULL;
        }
    }
    forget_words(e);
    e->odd = NULL;
    p = take_words(e, p);
    *stop = p;
    if (e->v->open || !set_local(e, a)) {
        return NULL;
    }
    if (p < end && *p == '@') {
        p = take_host(e, p + 1);
        *stop = p;
        if (e->host == NULL || e->v->open) {
            return NULL;
        }
    }
    if (p < end && *p == '>') {
        p++;
    } else if (is_end(e, p)) {
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_ANGLE_OPEN, p);
    } else {
        return NULL;
    }
    set_mailbox(e, a);
    return p;
}

/* `p` at the `<`; the words before it are the name. */
static const char *angle_element(struct element *e, mailproto_address *a,
                                 const char *start, const char *p)
{
    mailproto_bytes comment = e->v->comment;
    const char *open = p;
    const char *stop;
    set_name(e, a);
    e->flags |= MAILPROTO_ADDRESS_ANGLE;
    p = take_angle(e, a, p + 1, &stop);
    if (p == NULL) {
        return take_text(e, a, start, leave_angle(e, stop));
    }
    if (a->type == MAILPROTO_ADDRESS_EMPTY &&
        (e->v->flags & MAILPROTO_VALUE_NULL_PATH) == 0) {
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_EMPTY_ANGLE, open);
    }
    e->v->comment = comment;
    for (;;) {
        p = mailproto__v_cfws(e->v, p);
        if (is_end(e, p) || mailproto__v_is(*p, MAILPROTO__V_ATOM) || *p == '"' ||
            *p == '<') {
            return p;
        }
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_TRAILING, p);
        p++;
    }
}

/* Past a `>` that nothing follows: read as if it were not there (RFC 7103 7.1.3). */
static const char *pass_bracket(struct element *e, const char *p)
{
    const char *q = p < e->v->end && *p == '>' ? mailproto__v_cfws(e->v, p + 1) : p;
    if (q > p && is_end(e, q)) {
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_TRAILING, p);
        return q;
    }
    return p;
}

/* `p` at the `@` behind words. */
static const char *plain_element(struct element *e, mailproto_address *a,
                                 const char *start, const char *p)
{
    int spaced;
    int is_local = set_local(e, a);
    const char *first = e->first;
    e->at = p;
    p = take_host(e, p + 1);
    if (e->host == NULL || e->v->open || first == NULL) {
        return take_text(e, a, start, p);
    }
    p = pass_bracket(e, p);
    spaced = p > e->host_end && *e->host_end != '(';
    if (p < e->v->end && *p == '<' && spaced) {
        /* info@example.com <info@example.com> */
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_NAME_AT, e->at);
        e->last = e->host_end;
        e->host = NULL;
        e->dotted = 0;
        e->flags = 0;
        e->dot_bad = NULL;
        memset(&a->local, 0, sizeof a->local);
        return angle_element(e, a, start, p);
    }
    if (!is_local ||
        (!is_end(e, p) &&
         !(spaced && (*p == '"' || mailproto__v_is(*p, MAILPROTO__V_ATOM))))) {
        return take_text(e, a, start, p);
    }
    set_mailbox(e, a);
    return p;
}

/* Words and nothing else, `p` at what ended them. */
static const char *bare_element(struct element *e, mailproto_address *a,
                                const char *start, const char *p, int due)
{
    /* A single word may be a local part, several are a name without an address. */
    if (e->v->open || due || e->quoted || e->words == 0 || !set_local(e, a)) {
        return take_text(e, a, start, p);
    }
    set_mailbox(e, a);
    return p;
}

/* `p` at the colon behind a group's name. */
static const char *group_element(struct element *e, mailproto_address *a,
                                 const char *start, const char *p)
{
    if (e->words == 0 || (e->v->state & IN_GROUP) != 0) {
        if (e->words != 0) {
            mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_GROUP_NESTED, p);
        }
        a->type = MAILPROTO_ADDRESS_TEXT;
        a->name = mailproto__v_trim(start, p);
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_NO_ADDRESS, start);
        e->flags = 0;
        return p + 1;
    }
    set_name(e, a);
    if (e->obs != NULL) {
        mailproto__v_flaw(e->v, MAILPROTO_VALUE_DEFECT_OBSOLETE, e->obs);
    }
    a->type = MAILPROTO_ADDRESS_GROUP_BEGIN;
    e->v->state |= IN_GROUP;
    return p + 1;
}

/* One element from `p`, where its first token is, on; behind it. */
static const char *take_element(struct element *e, mailproto_address *a,
                                const char *start, const char *p, int due)
{
    for (;;) {
        p = take_words(e, p);
        if (is_end(e, p) || e->v->open) {
            return bare_element(e, a, start, p, due);
        }
        switch (*p) {
        case '<':
            return angle_element(e, a, start, p);
        case '@':
            return plain_element(e, a, start, p);
        case ':':
            return group_element(e, a, start, p);
        default:
            if (e->odd == NULL) {
                e->odd = p;
            }
            add_word(e, p, p + 1, 0);
            p++;
            break;
        }
    }
}

/* ---- the list ----------------------------------------------------------------------- */

/* Passes separators and blanks: 1 with `*first` at an element's first token and `v->at` at
 * its first octet; 0 at the end of a group (passed), at the end of the piece. */
static int find_element(struct mailproto__value *v, struct mailproto__mark *mark,
                        const char **first)
{
    for (;;) {
        const char *p = mailproto__v_known_blanks(v);
        v->at = p;
        p = mailproto__v_cfws(v, p);
        if (p == v->end) {
            *first = p;
            return 0;
        }
        if (*p == ',') {
            if ((v->state & DUE) == 0) {
                mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_EMPTY_ELEMENT, p);
            }
            v->state = (uint8_t)((v->state & IN_GROUP) | COMMA);
        } else if (*p == ';' && (v->state & IN_GROUP) != 0) {
            *first = p;
            return 0;
        } else if (*p == ';') {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_SEPARATOR, p);
            v->state = COMMA;
        } else {
            *first = p;
            return 1;
        }
        v->at = p + 1;
        v->comment = mailproto__v_span(p, p);
        if (!mailproto__v_final(v)) {
            mailproto__v_mark(mark, v);
        }
    }
}

/* The end of a group at `p`, or of the list. */
static mailproto_status end_of_list(struct mailproto__value *v, mailproto_address *a,
                                    const char *p)
{
    int closed = p < v->end;
    if (!closed && !mailproto__v_final(v)) {
        return MAILPROTO_AGAIN;
    }
    if ((v->state & COMMA) != 0) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_EMPTY_ELEMENT, p);
    }
    v->state = (uint8_t)(v->state & IN_GROUP);
    v->at = p;
    if (v->state == 0) {
        return MAILPROTO_EOF;
    }
    if (!closed) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_GROUP_OPEN, p);
    }
    a->type = MAILPROTO_ADDRESS_GROUP_END;
    a->raw = mailproto__v_span(p, closed ? p + 1 : p);
    a->offset = mailproto__v_offset(v, p);
    v->at = closed ? p + 1 : p;
    v->state = DUE;
    return MAILPROTO_OK;
}

/* The element whose first token is at `p`. */
static mailproto_status element(struct mailproto__value *v, mailproto_address *a,
                                const char *p)
{
    struct element e;
    const char *start = v->at;
    int due = (v->state & DUE) != 0;
    uint8_t in_group = v->state & IN_GROUP;
    memset(&e, 0, sizeof e);
    e.v = v;
    if (due) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_NO_SEPARATOR, p);
    }
    if (p > start && v->comment.len == 0) {
        start = p;
    }
    p = take_element(&e, a, start, p, due);
    if (mailproto__v_starved(v, p) || (e.starved && !mailproto__v_final(v))) {
        return MAILPROTO_AGAIN;
    }
    a->raw = mailproto__v_trim(start, p);
    if (mailproto__v_utf8(v, start, p)) {
        e.flags |= MAILPROTO_ADDRESS_UTF8;
    }
    a->flags = e.flags | (in_group ? MAILPROTO_ADDRESS_IN_GROUP : 0U);
    a->offset = mailproto__v_offset(v, start);
    a->comment = v->comment;
    v->at = p;
    v->state = (uint8_t)(v->state & IN_GROUP);
    if (p == v->begin || p[-1] != ':') {
        v->state |= DUE;
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__address_read(struct mailproto__value *v,
                                         mailproto_address *a)
{
    struct mailproto__mark mark;
    mailproto_status status;
    const char *first;
    if (v->error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    clear(a);
    if (!mailproto__v_final(v)) {
        mailproto__v_mark(&mark, v);
    }
    v->comment = mailproto__v_span(v->begin, v->begin);
    if (find_element(v, &mark, &first)) {
        status = element(v, a, first);
    } else {
        status = end_of_list(v, a, first);
    }
    if (status == MAILPROTO_AGAIN) {
        mailproto__v_reset(v, &mark);
        return MAILPROTO_AGAIN;
    }
    v->open = 0;
    return v->error.code != 0 ? MAILPROTO_ERR_SYNTAX : status;
}

mailproto_status mailproto__address_general(mailproto_value *cursor,
                                            mailproto_address *out)
{
    struct mailproto__value v;
    mailproto_address a;
    mailproto_status status;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    a.struct_size = sizeof a;
    status = mailproto__address_read(&v, &a);
    mailproto__v_store(cursor, &v);
    return status == MAILPROTO_OK ? mailproto__output_copy(out, &a, sizeof a) : status;
}

mailproto_status mailproto_address_next(mailproto_value *v, mailproto_address *out)
{
    if (mailproto__address_plain(v, out)) {
        return MAILPROTO_OK;
    }
    return mailproto__address_over(v) ? MAILPROTO_EOF
                                      : mailproto__address_general(v, out);
}
