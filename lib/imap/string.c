/*
 * Strings of a command as octets, lists of them, flags. Knows how each form is written;
 * must not know what strings are for.
 */
#include "core/chars.h"
#include "core/mem.h"
#include "imap/lex.h"

/* Copies without the backslashes of the quoting; the length. */
static size_t unescape(char *to, mailproto_bytes raw)
{
    const char *at = raw.ptr;
    const char *end = at + raw.len;
    size_t n = 0;
    while (at < end) {
        const char *stop = (const char *)memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((stop != NULL ? stop : end) - at);
        memmove(to + n, at, run);
        n += run;
        at += run;
        if (end - at >= 2) {
            to[n++] = at[1];
            at += 2;
        } else {
            at = end;
        }
    }
    return n;
}

/* A string of so many octets. */
static inline void put_bare(mailproto_imap_string *s, const char *at, size_t len)
{
    s->form = MAILPROTO_IMAP_ATOM;
    s->flags = 0;
#if MAILPROTO__IMAP_VECTORS && defined(__x86_64__) && UINTPTR_MAX > UINT32_MAX
    /* In one piece, as it will be copied: what was written in two waits to be read. */
    mailproto__imap_pair raw = {(uint64_t)(uintptr_t)at, len};
    memcpy(&s->raw, &raw, sizeof raw);
#else
    s->raw.ptr = at;
    s->raw.len = len;
#endif
    s->number = 0;
    s->size = 0;
}

/* The octets of a string that has backslashes. */
MAILPROTO__IMAP_APART static mailproto_status
get_escaped(const mailproto_imap_string *s, void *buf, size_t cap, mailproto_bytes *out)
{
    if (cap < s->raw.len) {
        *out = s->raw;
        return MAILPROTO_ERR_MEMORY;
    }
    out->len = unescape((char *)buf, s->raw);
    out->ptr = (const char *)buf;
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_string_get(const mailproto_imap_string *s, void *buf,
                                           size_t cap, mailproto_bytes *out)
{
    if (s->form == MAILPROTO_IMAP_EXTERNAL) {
        return MAILPROTO_ERR_STATE;
    }
    if (s->form == MAILPROTO_IMAP_NIL) {
        out->ptr = NULL;
        out->len = 0;
        return MAILPROTO_OK;
    }
    if (s->flags & MAILPROTO_IMAP_ESCAPED) {
        return get_escaped(s, buf, cap, out);
    }
    *out = s->raw;
    return MAILPROTO_OK;
}

int mailproto_imap_string_is(const mailproto_imap_string *s, const char *ascii)
{
    int escaped = (s->flags & MAILPROTO_IMAP_ESCAPED) != 0;
    size_t i;
    if (s->form == MAILPROTO_IMAP_NIL || s->form == MAILPROTO_IMAP_EXTERNAL) {
        return 0;
    }
    for (i = 0; i < s->raw.len; i++, ascii++) {
        unsigned char a;
        unsigned char b = (unsigned char)*ascii;
        if (escaped && s->raw.ptr[i] == '\\' && i + 1 < s->raw.len) {
            i++;
        }
        a = (unsigned char)s->raw.ptr[i];
        /* The cases of a letter differ in one bit. */
        if (b == 0 || (a != b && ((a ^ b) != ('a' ^ 'A') ||
                                  !mailproto__is(a, MAILPROTO__ALPHA)))) {
            return 0;
        }
    }
    return *ascii == '\0';
}

uint64_t mailproto__imap_ends(const struct mailproto__imap_reader *r, const char *end)
{
    uint64_t ends = 0;
#if MAILPROTO__IMAP_VECTORS
    uint64_t others = 0;
    unsigned groups = end - r->at < (ptrdiff_t)MAILPROTO__IMAP_STEP
                          ? 1
                          : MAILPROTO__IMAP_WIDE / MAILPROTO__IMAP_STEP;
    unsigned i;
    if (r->limit - r->at < (ptrdiff_t)groups * (ptrdiff_t)MAILPROTO__IMAP_STEP) {
        return 0;
    }
    for (i = 0; i < groups; i++) {
        unsigned shift = i * MAILPROTO__IMAP_STEP;
        mailproto__imap_group g = mailproto__imap_group_at(r->at + shift);
        ends |= mailproto__imap_found(mailproto__imap_equal(g, ' ')) << shift;
        others |= mailproto__imap_found(mailproto__imap_equal(g, '"') |
                                        mailproto__imap_equal(g, '{') |
                                        mailproto__imap_equal(g, '\0'))
                  << shift;
    }
    if (end - r->at < (ptrdiff_t)MAILPROTO__IMAP_WIDE) {
        ends |= UINT64_C(1) << (end - r->at);
    }
    ends &= (others & (~others + 1)) - 1;
#else
    (void)r;
    (void)end;
#endif
    return ends;
}

/* The next string where no bits say what it is. */
static int read_next(struct mailproto__imap_reader *r, uint32_t kind,
                     mailproto_imap_string *s)
{
    const char *begin;
    const char *at;
    r->at += *r->at == ' ' ? 1 : 0;
    if (kind == MAILPROTO__IMAP_PATTERNS) {
        return mailproto__imap_read_pattern(r, s);
    }
    if (kind == MAILPROTO__IMAP_NSTRINGS) {
        return mailproto__imap_read_nstring(r, s);
    }
    begin = r->at;
    if (*begin == '"' || mailproto__imap_is_literal(r)) {
        return mailproto__imap_read_string(r, s);
    }
    /* also a flag with its backslash */
    for (at = begin; at < r->end && *at != ' '; at++) {
    }
    r->at = at;
    put_bare(s, begin, (size_t)(at - begin));
    return 1;
}

MAILPROTO__IMAP_APART static mailproto_status take_next(mailproto_imap_cursor *list,
                                                        mailproto_imap_string *s)
{
    struct mailproto__imap_reader r;
    uint32_t kind = mailproto__imap_cursor_open(list, &r);
    if ((kind != MAILPROTO__IMAP_STRINGS && kind != MAILPROTO__IMAP_NSTRINGS &&
         kind != MAILPROTO__IMAP_PATTERNS) ||
        mailproto__imap_at_end(&r) || !read_next(&r, kind, s)) {
        return MAILPROTO_EOF; /* a fault cannot be: it was checked */
    }
    r.at += r.at < r.end && *r.at == ' ';
    mailproto__imap_cursor_keep(list, &r);
    list->opaque[3] = 0;
    if (kind == MAILPROTO__IMAP_STRINGS && r.at < r.end) {
        list->opaque[3] = mailproto__imap_ends(&r, r.end);
    }
    return MAILPROTO_OK;
}

/* `opaque[3]` of the cursor: a bit for each octet from the place on that ends a bare word;
 * 0: not known. */
mailproto_status mailproto_imap_string_next(mailproto_imap_cursor *list,
                                            mailproto_imap_string *s)
{
#if MAILPROTO__IMAP_VECTORS
    uint64_t ends = list->opaque[3];
    size_t left = (size_t)(list->opaque[1] - list->opaque[0]);
    if (left == 0) {
        return MAILPROTO_EOF;
    }
    if (ends != 0 && (list->opaque[2] & 0xffU) == MAILPROTO__IMAP_STRINGS) {
        size_t len = mailproto__imap_first(ends);
        if (len <= left) {
            put_bare(s, (const char *)(uintptr_t)list->opaque[0], len);
            list->opaque[0] += len + (len < left);
            list->opaque[3] = ends >> len >> 1;
            return MAILPROTO_OK;
        }
    }
#endif
    return take_next(list, s);
}

uint32_t mailproto_imap_flag(mailproto_bytes name)
{
    mailproto_bytes rest = name;
    if (name.len < 2 || name.ptr[0] != '\\') {
        return 0;
    }
    rest.ptr++;
    rest.len--;
    switch (rest.len) {
    case 1:
        return rest.ptr[0] == '*' ? MAILPROTO_IMAP_ANY : 0;
    case 4:
        return MAILPROTO__IMAP_IS(rest, "SEEN") ? MAILPROTO_IMAP_SEEN : 0;
    case 5:
        return MAILPROTO__IMAP_IS(rest, "DRAFT") ? MAILPROTO_IMAP_DRAFT : 0;
    case 6:
        return MAILPROTO__IMAP_IS(rest, "RECENT") ? MAILPROTO_IMAP_RECENT : 0;
    case 7:
        return MAILPROTO__IMAP_IS(rest, "FLAGGED")   ? MAILPROTO_IMAP_FLAGGED
               : MAILPROTO__IMAP_IS(rest, "DELETED") ? MAILPROTO_IMAP_DELETED
                                                     : 0;
    case 8:
        return MAILPROTO__IMAP_IS(rest, "ANSWERED") ? MAILPROTO_IMAP_ANSWERED : 0;
    default:
        return 0;
    }
}
