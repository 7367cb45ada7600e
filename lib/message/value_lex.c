/*
 * Tokens that field values are made of: runs, comments, quoted strings, domain literals,
 * folds (RFC 5322 3.2, 4.1). Knows octets; must not know any field.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/span.h"

/* clang-format off */
const uint8_t mailproto__value_classes[256] = {
      0,   0,   0,   0,   0,   0,   0,   0,   0,  78,   2,   0,   0,   0,   0,   0,
      0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
     78, 125,  72, 125, 125,  93, 125,  93,  68,  68,  93, 125,  76, 125, 124,  77,
    253, 253, 253, 253, 253, 253, 253, 253, 253, 253,  76,  76,  76,  77,  76,  77,
     76, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125,
    125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125,  12,   0,  12, 125, 125,
    125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125,
    125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125, 125,   0,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,
     93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93,  93
};
/* clang-format on */

/* Octets of the line end at `p`, 0: none. */
static size_t line_end(const char *p, const char *end)
{
    if (p < end && *p == '\n') {
        return 1;
    }
    return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

const char *mailproto__v_all_blanks(const char *p, const char *end)
{
    for (;;) {
        size_t n;
        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }
        n = line_end(p, end);
        if (n == 0 || ((size_t)(end - p) > n && p[n] != ' ' && p[n] != '\t')) {
            return p;
        }
        p += n;
    }
}

const char *mailproto__v_known_blanks(const struct mailproto__value *v)
{
    const char *p = mailproto__v_blanks(v->at, v->end);
    if (p == v->end && p > v->at && p[-1] == '\n' && !mailproto__v_final(v)) {
        p--; /* what follows tells */
        p -= p > v->at && p[-1] == '\r';
    }
    return p;
}

/* A backslash and what it escapes, or an octet that wants a second look; the next one. A
 * line end before a blank is a fold; what stands behind one at the end is not known. */
static const char *odd_octet(struct mailproto__value *v, const char *p)
{
    const char *end = v->end;
    if (*p == '\\') {
        p++;
        if (p == end) {
            return end;
        }
        if (((unsigned char)*p < 32 && *p != '\t') || *p == 127) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_OBSOLETE, p); /* 4.1: obs-qp */
        }
        return p + 1;
    }
    if (*p == '\n' || (*p == '\r' && end - p >= 2 && p[1] == '\n')) {
        const char *q = p + (*p == '\r' ? 2 : 1);
        if (q < end && *q != ' ' && *q != '\t') {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, p);
        }
        return q;
    }
    mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, p);
    return p + 1;
}

const char *mailproto__v_quoted(struct mailproto__value *v, const char *p)
{
    const char *start = p;
    p++;
    for (;;) {
        p = mailproto__v_run(p, v->end, MAILPROTO__V_QUOTED);
        if (p == v->end) {
            v->open = 1;
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_QUOTE_OPEN, start);
            return p;
        }
        if (*p == '"') {
            return p + 1;
        }
        p = odd_octet(v, p);
    }
}

const char *mailproto__v_comment(struct mailproto__value *v, const char *p)
{
    const char *start = p;
    size_t depth = 1; /* nesting needs no memory: RFC 5322 3.2.2 */
    p++;
    for (;;) {
        p = mailproto__v_run(p, v->end, MAILPROTO__V_COMMENT);
        if (p == v->end) {
            v->open = 1;
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_COMMENT_OPEN, start);
            v->comment = mailproto__v_span(start + 1, p);
            return p;
        }
        if (*p == '(') {
            depth++;
            p++;
        } else if (*p == ')') {
            depth--;
            if (depth == 0) {
                v->comment = mailproto__v_span(start + 1, p);
                return p + 1;
            }
            p++;
        } else {
            p = odd_octet(v, p);
        }
    }
}

const char *mailproto__v_literal(struct mailproto__value *v, const char *p)
{
    const char *start = p;
    p++;
    for (;;) {
        p = mailproto__v_run(p, v->end, MAILPROTO__V_LITERAL);
        if (p == v->end || *p == '[') {
            v->open = p == v->end;
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_LITERAL_OPEN, start);
            return p;
        }
        if (*p == ']') {
            return p + 1;
        }
        p = odd_octet(v, p);
    }
}

const char *mailproto__v_all_cfws(struct mailproto__value *v, const char *p)
{
    for (;;) {
        size_t n;
        p = mailproto__v_blanks(p, v->end);
        if (p < v->end && *p == '(') {
            p = mailproto__v_comment(v, p);
            continue;
        }
        n = line_end(p, v->end);
        if (n == 0) {
            return p;
        }
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, p);
        p += n;
    }
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

mailproto_bytes mailproto__v_trim(const char *from, const char *to)
{
    while (from < to && is_blank(*from)) {
        from++;
    }
    while (to > from && is_blank(to[-1])) {
        to--;
    }
    return mailproto__v_span(from, to);
}

/* Behind the `=?charset?Q?` that begins at `p`, NULL: there is none. A charset holds no
 * `=`: no octet is looked at for two of them. */
static const char *word_head(const char *p, const char *end)
{
    if (end - p < 2 || p[0] != '=' || p[1] != '?') {
        return NULL;
    }
    p += 2;
    while (p < end && mailproto__v_is(*p, MAILPROTO__V_ATOM) && *p != '?' &&
           *p != '=') {
        p++;
    }
    if (end - p < 3 || p[0] != '?' || p[2] != '?' ||
        ((p[1] | 32) != 'q' && (p[1] | 32) != 'b')) {
        return NULL;
    }
    return p + 3;
}

int mailproto__has_words(mailproto_bytes b)
{
    const char *p = b.len > 0 ? b.ptr : "";
    const char *end = p + b.len;
    while (end > p + 2 && (end[-1] != '=' || end[-2] != '?')) {
        end--; /* to behind the last `?=` */
    }
    while (p < end && (p = (const char *)memchr(p, '=', (size_t)(end - p))) != NULL) {
        const char *text = word_head(p, end);
        if (text != NULL && end - text >= 2) {
            return 1;
        }
        p++;
    }
    return 0;
}

int mailproto__v_high(const char *p, const char *end)
{
    const size_t high = ~(size_t)0 / 255U * 128U;
    size_t word = 0;
    if ((size_t)(end - p) >= sizeof word) {
        for (; (size_t)(end - p) > sizeof word; p += sizeof word) {
            memcpy(&word, p, sizeof word);
            if ((word & high) != 0) {
                return 1;
            }
        }
        memcpy(&word, end - sizeof word, sizeof word); /* some of them again */
        return (word & high) != 0;
    }
    while (p < end && (unsigned char)*p < 128) {
        p++;
    }
    return p < end;
}

int mailproto__v_utf8(struct mailproto__value *v, const char *from, const char *to)
{
    if (!mailproto__v_high(from, to)) {
        return 0;
    }
    if (!mailproto__is_utf8(mailproto__v_span(from, to))) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_UTF8, from);
    }
    return 1;
}

/* ---- output ----------------------------------------------------------------------- */

void mailproto__put_octets(struct mailproto__put *to, const char *from, size_t len)
{
    if (to->len < to->cap && len > 0) {
        size_t room = to->cap - to->len;
        memcpy(to->out + to->len, from, len < room ? len : room);
    }
    to->len += len;
}

void mailproto__cut_octets(struct mailproto__cut *to, const char *from, size_t len)
{
    size_t left = to->len < to->skip ? to->skip - to->len : 0;
    size_t at = to->len + left - to->skip;
    if (left < len && at < to->cap) {
        size_t room = to->cap - at;
        memcpy(to->out + at, from + left, len - left < room ? len - left : room);
    }
    to->len += len;
}

void mailproto__put_unfolded(struct mailproto__put *to, const char *from, size_t len)
{
    size_t i = 0;
    while (i < len) {
        size_t start = i;
        while (i < len && from[i] != '\r' && from[i] != '\n') {
            i++;
        }
        mailproto__put_octets(to, from + start, i - start);
        while (i < len && (from[i] == '\r' || from[i] == '\n')) {
            i++;
        }
    }
}

void mailproto__put_unescaped(struct mailproto__put *to, mailproto_bytes from)
{
    const char *p = from.len > 0 ? from.ptr : "";
    const char *end = p + from.len;
    while (p < end) {
        const char *start = p;
        while (p < end && *p != '\\' && *p != '\r' && *p != '\n') {
            p++;
        }
        mailproto__put_octets(to, start, (size_t)(p - start));
        if (p == end) {
            break;
        }
        if (*p == '\\' && end - p >= 2) {
            p++;
            mailproto__put_octet(to, *p);
        }
        p++;
    }
}

mailproto_status mailproto__put_end(const struct mailproto__put *to, size_t *len)
{
    *len = to->len;
    return to->len > to->cap ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK;
}

/* ---- words ------------------------------------------------------------------------ */

mailproto_bytes mailproto__v_keyword(struct mailproto__value *v)
{
    const char *start = mailproto__v_cfws(v, v->at);
    v->at = mailproto__v_run(start, v->end, MAILPROTO__V_TOKEN);
    return mailproto__v_span(start, v->at);
}

uint32_t mailproto__v_find(mailproto_bytes word, const char *const *names, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        size_t len = 0;
        while (names[i][len] != '\0') {
            len++;
        }
        if (len == word.len &&
            mailproto__equal_nocase(word, mailproto__span(names[i], len))) {
            return (uint32_t)(i + 1);
        }
    }
    return 0;
}
