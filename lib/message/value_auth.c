/*
 * Authentication-Results (RFC 8601 2.2). Knows its grammar; whether the field may be
 * believed is the application's matter (RFC 8601 5).
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

enum { /* state of the cursor */
       BEGUN = 1,
       OVER = 2 /* nothing more */
};

/* token or quoted-string, quotes off; behind it. `stops`: octets that end it besides. */
static const char *take_value(struct mailproto__value *v, const char *p,
                              mailproto_bytes *to, int pvalue)
{
    const char *q = p;
    if (p < v->end && *p == '"') {
        q = mailproto__v_quoted(v, p);
        *to = mailproto__v_span(p + 1, v->open ? q : q - 1);
        v->open = 0;
        return q;
    }
    if (pvalue) { /* addresses and what else is met (RFC 8601 2.2, pvalue) */
        while (q < v->end && *q != ';' && *q != '(' && *q != '\r' &&
               !mailproto__v_is(*q, MAILPROTO__V_BLANK)) {
            q = *q == '"' ? mailproto__v_quoted(v, q) : q + 1;
            v->open = 0;
        }
    } else {
        q = mailproto__v_run(p, v->end, MAILPROTO__V_TOKEN);
    }
    *to = mailproto__v_span(p, q);
    return q;
}

/* A number at `*p`, or `otherwise`. */
static uint32_t take_version(struct mailproto__value *v, const char **p)
{
    const char *from = mailproto__v_cfws(v, *p);
    const char *to = mailproto__v_run(from, v->end, MAILPROTO__V_DIGIT);
    uint64_t n = 0;
    if (!mailproto__number(mailproto__v_span(from, to), UINT32_MAX, &n) || n != 1) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_VERSION, from);
    }
    *p = to;
    return (uint32_t)n;
}

static mailproto_status load(struct mailproto__value *v, const mailproto_value *cursor)
{
    mailproto__v_load(v, cursor);
    if (v->begin == NULL || !mailproto__v_final(v)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return v->error.code != 0 ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK;
}

mailproto_status mailproto_auth_results_begin(mailproto_value *cursor,
                                              mailproto_auth_results *out)
{
    struct mailproto__value v;
    mailproto_auth_results r;
    const char *p;
    mailproto_status status = load(&v, cursor);
    if (status != MAILPROTO_OK) {
        return status;
    }
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    r.version = 1;
    p = mailproto__v_cfws(&v, v.at);
    p = take_value(&v, p, &r.server, 1);
    if (r.server.len == 0) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_EMPTY, p);
        status = MAILPROTO_ERR_SYNTAX;
    }
    p = mailproto__v_cfws(&v, p);
    if (p < v.end && *p != ';') {
        r.version = take_version(&v, &p);
        p = mailproto__v_cfws(&v, p);
    }
    v.open = 0;
    v.at = p;
    v.state = BEGUN;
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0 || status != MAILPROTO_OK) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return mailproto__output_copy(out, &r, sizeof r);
}

/* Up to the semicolon, quotes and comments known. */
static const char *skip_result(struct mailproto__value *v, const char *p)
{
    while (p < v->end && *p != ';') {
        if (*p == '"') {
            p = mailproto__v_quoted(v, p);
        } else if (*p == '(') {
            p = mailproto__v_comment(v, p);
        } else {
            p++;
        }
    }
    v->open = 0;
    return p;
}

/* `=` and a value behind CFWS; NULL: there is no `=`. */
static const char *take_equal(struct mailproto__value *v, const char *p,
                              mailproto_bytes *to, int pvalue)
{
    p = mailproto__v_cfws(v, p);
    if (p == v->end || *p != '=') {
        return NULL;
    }
    p = mailproto__v_cfws(v, p + 1);
    return take_value(v, p, to, pvalue);
}

/* method ["/" version] "=" result [reason], `p` at the method. NULL: it is none. */
static const char *take_result(struct mailproto__value *v, mailproto_auth_result *r,
                               const char *p)
{
    const char *q;
    mailproto_bytes word;
    r->offset = mailproto__v_offset(v, p);
    p = take_value(v, p, &r->method, 0);
    q = mailproto__v_cfws(v, p);
    if (q < v->end && *q == '/') {
        q++;
        r->version = take_version(v, &q);
    }
    if (r->method.len == 0) {
        return NULL;
    }
    p = take_equal(v, q, &r->result, 0);
    if (p == NULL || r->result.len == 0) {
        return NULL;
    }
    q = mailproto__v_cfws(v, p);
    q = take_value(v, q, &word, 0);
    if (mailproto__equal_nocase(word, MAILPROTO__LITERAL("reason"))) {
        q = take_equal(v, q, &r->reason, 1);
        p = q != NULL ? q : p;
    }
    return p;
}

mailproto_status mailproto_auth_result_next(mailproto_value *cursor,
                                            mailproto_auth_result *out)
{
    struct mailproto__value v;
    mailproto_auth_result r;
    mailproto_status status = load(&v, cursor);
    if (status != MAILPROTO_OK) {
        return status;
    }
    if ((v.state & BEGUN) == 0) {
        return MAILPROTO_ERR_STATE;
    }
    for (;;) {
        const char *p = skip_result(&v, v.at);
        const char *q;
        memset(&r, 0, sizeof r);
        r.struct_size = sizeof r;
        r.version = 1;
        if (p < v.end) {
            p = mailproto__v_cfws(&v, p + 1);
        }
        if (p == v.end) {
            v.at = p;
            status = MAILPROTO_EOF;
            break;
        }
        q = take_result(&v, &r, p);
        v.open = 0;
        if (q != NULL) {
            v.at = q;
            break;
        }
        v.at = p;
        if (!mailproto__equal_nocase(r.method, MAILPROTO__LITERAL("none"))) {
            mailproto__v_flaw(&v,
                              *p == ';' ? MAILPROTO_VALUE_DEFECT_EMPTY_ELEMENT
                                        : MAILPROTO_VALUE_DEFECT_KEYWORD,
                              p);
        }
    }
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return status == MAILPROTO_OK ? mailproto__output_copy(out, &r, sizeof r) : status;
}

/* ptype "." property "=" pvalue, `p` at the ptype. NULL: it is none. */
static const char *take_property(struct mailproto__value *v, mailproto_auth_property *a,
                                 const char *p)
{
    const char *dot;
    const char *end;
    mailproto_bytes word;
    p = take_value(v, p, &word, 0);
    if (word.len == 0) {
        return NULL;
    }
    dot = (const char *)memchr(word.ptr, '.', word.len);
    end = word.ptr + word.len;
    a->type = mailproto__v_span(word.ptr, dot != NULL ? dot : end);
    if (dot != NULL && dot + 1 < end) {
        a->property = mailproto__v_span(dot + 1, end);
    } else { /* CFWS around the dot */
        p = mailproto__v_cfws(v, p);
        if (dot == NULL && (p == v->end || *p != '.')) {
            return NULL;
        }
        p = mailproto__v_cfws(v, dot == NULL ? p + 1 : p);
        p = take_value(v, p, &a->property, 0);
    }
    return take_equal(v, p, &a->value, 1);
}

mailproto_status mailproto_auth_property_next(mailproto_value *cursor,
                                              mailproto_auth_property *out)
{
    struct mailproto__value v;
    mailproto_auth_property a;
    mailproto_status status = load(&v, cursor);
    if (status != MAILPROTO_OK) {
        return status;
    }
    for (;;) {
        const char *p = mailproto__v_cfws(&v, v.at);
        const char *q;
        memset(&a, 0, sizeof a);
        a.struct_size = sizeof a;
        v.open = 0;
        v.at = p;
        if (p == v.end || *p == ';') {
            status = MAILPROTO_EOF;
            break;
        }
        a.offset = mailproto__v_offset(&v, p);
        q = take_property(&v, &a, p);
        v.open = 0;
        if (q != NULL && a.property.len > 0) {
            v.at = q;
            break;
        }
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_PARAMETER, p);
        q = mailproto__v_run(p, v.end, MAILPROTO__V_TOKEN);
        v.at = q > p ? q : p + 1;
    }
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return status == MAILPROTO_OK ? mailproto__output_copy(out, &a, sizeof a) : status;
}
