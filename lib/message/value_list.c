/*
 * Lists of phrases, tags and URLs, List-Id, and fields that hold one word (RFC 5322 3.6.5,
 * RFC 3282, RFC 2369, RFC 2919, RFC 8058, RFC 3834). Knows their separators; must not
 * follow or check a URL.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

enum kind { PHRASE, TAG, URL };

enum {          /* state of the cursor */
       DUE = 1, /* an element was given: a comma is due */
       COMMA = 2
};

/* NO (RFC 2369 3.4), or a URL whose brackets are missing; behind it. */
static const char *take_bare_url(struct mailproto__value *v, mailproto_list_item *item,
                                 const char *p)
{
    const char *q = p;
    while (q < v->end && *q != ',' && *q != '(' && *q != '<' && *q != '\r' &&
           !mailproto__v_is(*q, MAILPROTO__V_BLANK)) {
        q++;
    }
    q = q == p ? p + 1 : q;
    item->value = mailproto__v_span(p, q);
    if (mailproto__equal_nocase(item->value, MAILPROTO__LITERAL("NO"))) {
        item->flags |= MAILPROTO_LIST_NO;
    } else {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_URL, p);
    }
    return q;
}

/* A URL: in brackets, or without; behind it. */
static const char *take_url(struct mailproto__value *v, mailproto_list_item *item,
                            const char *p)
{
    const char *q = p;
    if (*p != '<') {
        return take_bare_url(v, item, p);
    }
    while (q < v->end && *q != '>') {
        q++;
    }
    item->value = mailproto__v_trim(p + 1, q);
    if (q == v->end) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_ANGLE_OPEN, p);
        return q;
    }
    if (memchr(item->value.ptr, '\n', item->value.len) != NULL ||
        memchr(item->value.ptr, ' ', item->value.len) != NULL ||
        memchr(item->value.ptr, '\t', item->value.len) != NULL) {
        item->flags |= MAILPROTO_LIST_HAS_FOLD;
    }
    if (item->value.len == 0 || memchr(item->value.ptr, ':', item->value.len) == NULL) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_URL, p);
    }
    return q + 1;
}

/* Words up to a comma, quotes and comments known; behind them. */
static const char *take_phrase(struct mailproto__value *v, mailproto_list_item *item,
                               const char *p)
{
    const char *start = p;
    const char *last = p;
    while (p < v->end && *p != ',') {
        const char *q;
        if (mailproto__v_is(*p, MAILPROTO__V_ATOM) || *p == '.') {
            q = mailproto__v_run(p + 1, v->end, MAILPROTO__V_ATOM);
        } else if (*p == '"') {
            q = mailproto__v_quoted(v, p);
        } else {
            q = mailproto__v_cfws(v, p);
            if (q > p) {
                p = q;
                continue;
            }
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_NAME_SPECIAL, p);
            q = p + 1;
        }
        last = q;
        p = q;
    }
    item->value = mailproto__v_span(start, last);
    return p;
}

/* Language-Tag (RFC 5646 2.1, its letters only): behind it. */
static const char *take_tag(struct mailproto__value *v, mailproto_list_item *item,
                            const char *p)
{
    const char *q = p;
    int good = 1;
    while (q < v->end && *q != ',' && *q != '(' && *q != '\r' &&
           !mailproto__v_is(*q, MAILPROTO__V_BLANK)) {
        char c = (char)(*q | 32);
        good = good && ((c >= 'a' && c <= 'z') || *q == '-' ||
                        mailproto__v_is(*q, MAILPROTO__V_DIGIT));
        q++;
    }
    q = q == p ? p + 1 : q;
    item->value = mailproto__v_span(p, q);
    if (!good) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_KEYWORD, p);
    }
    return q;
}

static const char *take(struct mailproto__value *v, mailproto_list_item *item,
                        const char *p, enum kind kind)
{
    switch (kind) {
    case URL:
        p = take_url(v, item, p);
        break;
    case TAG:
        p = take_tag(v, item, p);
        break;
    case PHRASE:
    default:
        p = take_phrase(v, item, p);
        break;
    }
    return mailproto__v_cfws(v, p);
}

/* Blanks, comments and commas; the first octet behind them. */
static const char *find_item(struct mailproto__value *v)
{
    const char *p = v->at;
    for (;;) {
        p = mailproto__v_cfws(v, p);
        if (p == v->end || *p != ',') {
            return p;
        }
        if ((v->state & DUE) == 0) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_EMPTY_ELEMENT, p);
        }
        v->state = COMMA;
        p++;
    }
}

static mailproto_status next(mailproto_value *cursor, mailproto_list_item *out,
                             enum kind kind)
{
    struct mailproto__value v;
    struct mailproto__mark mark;
    mailproto_list_item item;
    mailproto_status status = MAILPROTO_OK;
    const char *p;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL || v.error.code != 0) {
        return v.begin == NULL ? MAILPROTO_ERR_ARGUMENT : MAILPROTO_ERR_SYNTAX;
    }
    memset(&item, 0, sizeof item);
    item.struct_size = sizeof item;
    mailproto__v_mark(&mark, &v);
    v.comment = mailproto__v_span(v.begin, v.begin);
    p = find_item(&v);
    if (p < v.end) {
        if (v.state == DUE) {
            mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_NO_SEPARATOR, p);
        }
        item.offset = mailproto__v_offset(&v, p);
        p = take(&v, &item, p, kind);
        v.state = DUE;
    } else {
        status = MAILPROTO_EOF;
        if (v.state == COMMA) {
            mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_EMPTY_ELEMENT, p);
        }
        v.state = 0;
    }
    v.open = 0;
    if (mailproto__v_starved(&v, p)) {
        mailproto__v_reset(&v, &mark);
        mailproto__v_store(cursor, &v);
        return MAILPROTO_AGAIN;
    }
    v.at = p;
    if (status == MAILPROTO_OK) {
        mailproto__v_utf8(&v, item.value.ptr, item.value.ptr + item.value.len);
        item.comment = v.comment;
    }
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return status == MAILPROTO_OK ? mailproto__output_copy(out, &item, sizeof item)
                                  : status;
}

mailproto_status mailproto_keyword_next(mailproto_value *v, mailproto_list_item *out)
{
    return next(v, out, PHRASE);
}

mailproto_status mailproto_language_next(mailproto_value *v, mailproto_list_item *out)
{
    return next(v, out, TAG);
}

mailproto_status mailproto_list_url_next(mailproto_value *v, mailproto_list_item *out)
{
    return next(v, out, URL);
}

mailproto_status mailproto_list_url(const mailproto_list_item *item, char *out,
                                    size_t cap, size_t *len)
{
    struct mailproto__put to;
    size_t i;
    to.out = out;
    to.cap = cap;
    to.len = 0;
    for (i = 0; i < item->value.len; i++) {
        char c = item->value.ptr[i];
        if ((unsigned char)c > 32 && c != 127) { /* RFC 2369 2: blanks are ignored */
            mailproto__put_octet(&to, c);
        }
    }
    return mailproto__put_end(&to, len);
}

/* ---- List-Id (RFC 2919 3) ------------------------------------------------------------ */

/* The `<` of the id: the last one outside quotes and comments. */
static const char *find_id(struct mailproto__value *v, const char **words)
{
    const char *p = v->at;
    const char *open = NULL;
    *words = p;
    while (p < v->end) {
        if (*p == '"') {
            p = mailproto__v_quoted(v, p);
        } else if (*p == '(') {
            p = mailproto__v_comment(v, p);
        } else {
            open = *p == '<' ? p : open;
            p++;
        }
    }
    return open;
}

mailproto_status mailproto_list_id_parse(mailproto_bytes value, uint32_t flags,
                                         mailproto_defects *defects,
                                         mailproto_list_id *out)
{
    struct mailproto__value v;
    mailproto_list_id id;
    const char *open;
    const char *words;
    const char *p;
    if ((flags & ~(uint32_t)(MAILPROTO_VALUE_STRICT | MAILPROTO_VALUE_FINAL)) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__v_whole(&v, value, flags, defects);
    memset(&id, 0, sizeof id);
    id.struct_size = sizeof id;
    v.at = mailproto__v_cfws(&v, v.at);
    open = find_id(&v, &words);
    if (open == NULL) {
        id.id = mailproto__v_trim(words, v.end);
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_ID_BRACKETS, words);
    } else {
        p = (const char *)memchr(open, '>', (size_t)(v.end - open));
        if (p == NULL) {
            mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_ANGLE_OPEN, open);
            p = v.end;
        }
        id.id = mailproto__v_trim(open + 1, p);
        id.description = mailproto__v_trim(words, open);
    }
    if (id.id.len == 0) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_EMPTY, words);
        return MAILPROTO_ERR_SYNTAX;
    }
    if (memchr(id.id.ptr, '.', id.id.len) == NULL) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_NO_DOMAIN, id.id.ptr);
    }
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return mailproto__output_copy(out, &id, sizeof id);
}

/* ---- one word ------------------------------------------------------------------------- */

int mailproto_list_one_click(mailproto_bytes value)
{
    struct mailproto__value v;
    mailproto_bytes b;
    mailproto__v_whole(&v, value, 0, NULL);
    b = mailproto__v_trim(v.begin, v.end);
    return mailproto__equal_nocase(b, MAILPROTO__LITERAL("List-Unsubscribe=One-Click"));
}

uint32_t mailproto_auto_submitted(mailproto_value *cursor)
{
    static const char *const words[] = {"no", "auto-generated", "auto-replied",
                                        "auto-notified"};
    struct mailproto__value v;
    mailproto_bytes word;
    uint32_t found;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL) {
        return MAILPROTO_AUTO_UNKNOWN;
    }
    word = mailproto__v_keyword(&v);
    found = mailproto__v_find(word, words, 4);
    if (found == 0) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_KEYWORD, word.ptr);
    }
    v.state = 1; /* a semicolon is due before parameters */
    mailproto__v_store(cursor, &v);
    return found;
}

/* ---- repeated fields ------------------------------------------------------------------ */

/* Equal but for blanks at the ends and line ends. */
static int same(mailproto_bytes a, mailproto_bytes b)
{
    size_t i = 0;
    size_t j = 0;
    a = a.len > 0 ? mailproto__v_trim(a.ptr, a.ptr + a.len) : a;
    b = b.len > 0 ? mailproto__v_trim(b.ptr, b.ptr + b.len) : b;
    for (;;) {
        while (i < a.len && (a.ptr[i] == '\r' || a.ptr[i] == '\n')) {
            i++;
        }
        while (j < b.len && (b.ptr[j] == '\r' || b.ptr[j] == '\n')) {
            j++;
        }
        if (i == a.len || j == b.len) {
            return i == a.len && j == b.len;
        }
        if (a.ptr[i] != b.ptr[j]) {
            return 0;
        }
        i++;
        j++;
    }
}

mailproto_status mailproto_repeated_add(mailproto_repeated *r, mailproto_bytes value)
{
    if (r->policy > MAILPROTO_REPEATED_REJECT) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (r->count > 0 && !r->differ) {
        r->differ = !same(r->value, value);
    }
    if (r->count == 0 || r->policy == MAILPROTO_REPEATED_LAST) {
        r->value = value;
    }
    r->count++;
    r->absent = r->differ && r->policy == MAILPROTO_REPEATED_REJECT;
    return MAILPROTO_OK;
}
