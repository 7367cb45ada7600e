/*
 * Content-Type, Content-Disposition and their parameters as written (RFC 2045 5.1, RFC
 * 2183 2, RFC 2231 7). Knows tokens, quotes and section numbers; must not decode values.
 */
#include "message/value_parameter.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

enum {              /* state of the cursor */
       STARTED = 1, /* something stands before: a semicolon is due */
       SEMICOLON = 2
};

enum { SECTION_MAX = 999, NAME_MAX = 127 /* RFC 6838 4.2 */ };

/* ---- the beginning ------------------------------------------------------------------ */

/* Up to a semicolon, or a blank behind which parameters may come without one. */
static const char *skip_word(const struct mailproto__value *v, const char *p)
{
    while (p < v->end && *p != ';' && !mailproto__v_is(*p, MAILPROTO__V_BLANK) &&
           *p != '\r') {
        p++;
    }
    return p;
}

/* A token of a type: ASCII only (RFC 2045 5.1), as the scanner reads it. */
static const char *type_token(const struct mailproto__value *v, const char *p)
{
    const char *q = mailproto__v_run(p, v->end, MAILPROTO__V_TOKEN);
    if (mailproto__v_high(p, q)) {
        for (q = p; (unsigned char)*q < 128; q++) {
        }
    }
    return q;
}

/* CFWS, and a CR alone: it ends no line (RFC 5322 2.2), and the scanner passes it. */
static const char *type_gap(struct mailproto__value *v, const char *p)
{
    for (;;) {
        p = mailproto__v_cfws(v, p);
        if (p == v->end || *p != '\r' || mailproto__v_starved(v, p)) {
            return p;
        }
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, p);
        p++;
    }
}

static const char *take_type(struct mailproto__value *v, mailproto_content *c,
                             int slash)
{
    const char *p = type_gap(v, v->at);
    const char *q = type_token(v, p);
    const char *start = p;
    int good = q > p && q - p <= NAME_MAX;
    c->type = mailproto__v_span(p, q);
    c->offset = mailproto__v_offset(v, p);
    p = type_gap(v, q);
    if (slash && p < v->end && *p == '/') {
        p = type_gap(v, p + 1);
        q = type_token(v, p);
        good = good && q > p && q - p <= NAME_MAX;
        c->subtype = mailproto__v_span(p, q);
        p = type_gap(v, q);
    } else {
        good = good && !slash;
    }
    if (mailproto__v_starved(v, p)) {
        return v->end;
    }
    if (p == q && p < v->end && *p != ';') {
        good = 0; /* glued to it: text/plain/x */
        p = skip_word(v, p);
    }
    if (!good) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_TYPE, start);
    }
    return p;
}

static mailproto_status begin(mailproto_value *cursor, mailproto_content *out,
                              int slash)
{
    struct mailproto__value v;
    struct mailproto__mark mark;
    mailproto_content c;
    const char *p;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    mailproto__v_mark(&mark, &v);
    p = take_type(&v, &c, slash);
    v.open = 0;
    if (mailproto__v_starved(&v, p)) {
        mailproto__v_reset(&v, &mark);
        mailproto__v_store(cursor, &v);
        return MAILPROTO_AGAIN;
    }
    v.at = p;
    v.state = STARTED;
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return mailproto__output_copy(out, &c, sizeof c);
}

mailproto_status mailproto_content_type(mailproto_value *v, mailproto_content *out)
{
    return begin(v, out, 1);
}

mailproto_status mailproto_content_disposition(mailproto_value *v,
                                               mailproto_content *out)
{
    return begin(v, out, 0);
}

void mailproto__parameters_begin(struct mailproto__value *v)
{
    mailproto_defects *defects = v->defects;
    mailproto_content c;
    memset(&c, 0, sizeof c);
    v->defects = NULL; /* a type or a disposition: whoever reads that judges it */
    v->at = mailproto__v_cfws(v, v->at);
    if (v->at < v->end && *v->at != ';') {
        v->at = take_type(v, &c, 1);
    }
    v->open = 0;
    v->state = STARTED;
    v->defects = defects;
}

/* ---- a parameter -------------------------------------------------------------------- */

/* Whether a section number begins with a zero and goes on (RFC 2231 7). */
static int is_padded(const char *from, const char *to)
{
    return to - from > 1 && from[0] == '0' &&
           mailproto__v_is(from[1], MAILPROTO__V_DIGIT);
}

/* name, name*, name*0, name*0* (RFC 2231 7). */
static void split_name(struct mailproto__value *v, mailproto_parameter *p)
{
    const char *start = p->name.ptr;
    const char *end = start + p->name.len;
    const char *star = (const char *)memchr(start, '*', p->name.len);
    const char *at;
    uint32_t n = 0;
    uint32_t flags = 0;
    if (star == NULL) {
        return;
    }
    at = star + 1;
    while (at < end && mailproto__v_is(*at, MAILPROTO__V_DIGIT) && n <= SECTION_MAX) {
        n = n * 10 + (uint32_t)(*at - '0');
        at++;
    }
    if (at > star + 1) {
        flags = MAILPROTO_PARAMETER_SECTION;
    }
    if ((flags == 0 && at == end) || (at < end && *at == '*')) {
        flags |= MAILPROTO_PARAMETER_EXTENDED;
        at += at < end;
    }
    if (star == start || at != end || n > SECTION_MAX || is_padded(star + 1, at)) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_SECTION, start);
        return;
    }
    p->name.len = (size_t)(star - start);
    p->flags |= flags;
    p->section = n;
}

/* The end of a word at `p`; NULL: a parameter begins with it. An encoded word may hold
 * what a parameter's name may not. */
static const char *word_end(const struct mailproto__value *v, const char *p)
{
    int encoded = v->end - p >= 2 && p[0] == '=' && p[1] == '?';
    while (p < v->end && *p != ';' && !mailproto__v_is(*p, MAILPROTO__V_BLANK) &&
           *p != '\r') {
        if ((*p == '=' && !encoded) || *p == '"' || *p == '(') {
            return NULL;
        }
        p++;
    }
    return p;
}

/* How far a value without quotes goes on behind a blank at `p`: words up to the semicolon
 * when none of them begins a parameter. */
static const char *more_words(const struct mailproto__value *v, const char *p)
{
    const char *last = p;
    for (;;) {
        const char *q = mailproto__v_blanks(p, v->end);
        if (mailproto__v_starved(v, q) ||
            (!mailproto__v_final(v) && *q == '=' && v->end - q == 1)) {
            return v->end; /* it takes more to tell */
        }
        if (q == v->end || *q == ';' || *q == '\r' || *q == '\n') {
            return last;
        }
        p = word_end(v, q);
        if (p == NULL) {
            return NULL;
        }
        last = p;
    }
}

/* A boundary without quotes ends where the scanner ends it: at a blank, a semicolon, or a
 * comment. */
static int is_boundary(mailproto_bytes name)
{
    return mailproto__equal_nocase(name, MAILPROTO__LITERAL("boundary"));
}

static const char *take_boundary(struct mailproto__value *v, mailproto_parameter *a,
                                 const char *p)
{
    const char *start = p;
    const char *odd;
    p = mailproto__v_run(p, v->end, MAILPROTO__V_TOKEN);
    odd = p;
    while (p < v->end && *p != ';' && *p != '(' &&
           !mailproto__v_is(*p, MAILPROTO__V_BLANK) && *p != '\r') {
        p++;
    }
    if (p > odd) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_QUOTES, odd);
    }
    a->value = mailproto__v_span(start, p);
    return p;
}

/* A value without quotes; behind it. */
static const char *take_token(struct mailproto__value *v, mailproto_parameter *a,
                              const char *p)
{
    const char *start = p;
    const char *more;
    p = mailproto__v_run(p, v->end, MAILPROTO__V_TOKEN);
    if (p < v->end && *p != ';' && *p != '(' &&
        !mailproto__v_is(*p, MAILPROTO__V_BLANK) && *p != '\r') {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_QUOTES, p);
        p = skip_word(v, p);
    }
    if (p < v->end && *p != ';' && *p != '(') {
        more = more_words(v, p);
        if (more != NULL && more > p) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_QUOTES, p);
            p = more;
        }
    }
    a->value = mailproto__v_span(start, p);
    return p;
}

/* Up to the next semicolon, quotes known. */
static const char *skip_parameter(struct mailproto__value *v, const char *p)
{
    while (p < v->end && *p != ';') {
        p = *p == '"' ? mailproto__v_quoted(v, p) : p + 1;
    }
    return p;
}

/* `p` at a name; behind the parameter. a->name.ptr stays NULL: it is none. */
static const char *take_parameter(struct mailproto__value *v, mailproto_parameter *a,
                                  const char *p)
{
    const char *start = p;
    const char *end = mailproto__v_run(p, v->end, MAILPROTO__V_TOKEN);
    p = mailproto__v_cfws(v, end);
    if (mailproto__v_starved(v, p)) {
        return v->end;
    }
    if (end == start || p == v->end || *p != '=') {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER, start);
        return end > start ? end : skip_parameter(v, p);
    }
    p = mailproto__v_cfws(v, p + 1);
    if (mailproto__v_starved(v, p)) {
        return v->end;
    }
    if (p == v->end || *p == ';' || *p == '\r') {
        p += p < v->end && *p == '\r';
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER, start);
        return p;
    }
    a->name = mailproto__v_span(start, end);
    if (*p == '"') {
        const char *q = mailproto__v_quoted(v, p);
        a->value = mailproto__v_span(p + 1, v->open ? q : q - 1);
        a->flags |= MAILPROTO_PARAMETER_QUOTED;
        p = q;
    } else {
        p = is_boundary(a->name) ? take_boundary(v, a, p) : take_token(v, a, p);
    }
    if (mailproto__v_utf8(v, start, p)) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_8BIT, start);
    }
    split_name(v, a);
    return p;
}

/* Blanks and semicolons; the first octet behind them. */
static const char *find_parameter(struct mailproto__value *v)
{
    const char *p = v->at;
    for (;;) {
        p = mailproto__v_cfws(v, p);
        if (p == v->end || *p != ';') {
            return p;
        }
        if ((v->state & SEMICOLON) != 0) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER, p);
        }
        v->state |= SEMICOLON;
        p++;
    }
}

mailproto_status mailproto__parameter(struct mailproto__value *v,
                                      mailproto_parameter *a)
{
    for (;;) {
        struct mailproto__mark mark;
        const char *p;
        memset(a, 0, sizeof *a);
        a->struct_size = sizeof *a;
        mailproto__v_mark(&mark, v);
        p = find_parameter(v);
        if (p < v->end) {
            if (v->state == STARTED) {
                mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_NO_SEPARATOR, p);
            }
            a->offset = mailproto__v_offset(v, p);
            v->state = STARTED;
            p = take_parameter(v, a, p);
        } else if (mailproto__v_final(v)) {
            v->at = p;
            return MAILPROTO_EOF;
        }
        v->open = 0;
        if (mailproto__v_starved(v, p)) {
            mailproto__v_reset(v, &mark);
            return MAILPROTO_AGAIN;
        }
        v->at = p;
        if (v->count == MAILPROTO_PARAMETERS_MAX) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_LIMIT,
                              v->begin + (a->offset - v->base));
            v->at = v->end;
            v->flags |= MAILPROTO_VALUE_FINAL; /* the rest is passed over */
            return MAILPROTO_EOF;
        }
        v->count++;
        if (a->name.ptr != NULL) {
            return MAILPROTO_OK;
        }
    }
}

mailproto_status mailproto_parameter_next(mailproto_value *cursor,
                                          mailproto_parameter *out)
{
    struct mailproto__value v;
    mailproto_parameter a;
    mailproto_status status;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    status = mailproto__parameter(&v, &a);
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return status == MAILPROTO_OK ? mailproto__output_copy(out, &a, sizeof a) : status;
}
