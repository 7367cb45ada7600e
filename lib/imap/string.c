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
    *out = s->raw;
    if (s->flags & MAILPROTO_IMAP_ESCAPED) {
        if (cap < s->raw.len) {
            return MAILPROTO_ERR_MEMORY;
        }
        out->len = unescape((char *)buf, s->raw);
        out->ptr = (const char *)buf;
    }
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

mailproto_status mailproto_imap_string_next(mailproto_imap_cursor *list,
                                            mailproto_imap_string *s)
{
    struct mailproto__imap_reader r;
    uint32_t kind = mailproto__imap_cursor_open(list, &r);
    const char *begin;
    const char *at;
    int good = 1;
    if ((kind != MAILPROTO__IMAP_STRINGS && kind != MAILPROTO__IMAP_NSTRINGS &&
         kind != MAILPROTO__IMAP_PATTERNS) ||
        mailproto__imap_at_end(&r)) {
        return MAILPROTO_EOF;
    }
    r.at += *r.at == ' ' ? 1 : 0;
    begin = r.at;
    if (kind == MAILPROTO__IMAP_PATTERNS) {
        good = mailproto__imap_read_pattern(&r, s);
    } else if (kind == MAILPROTO__IMAP_NSTRINGS) {
        good = mailproto__imap_read_nstring(&r, s);
    } else if (*begin == '"' || mailproto__imap_is_literal(&r)) {
        good = mailproto__imap_read_string(&r, s);
    } else { /* also a flag with its backslash */
        s->form = MAILPROTO_IMAP_ATOM;
        s->flags = 0;
        s->number = 0;
        s->size = 0;
        for (at = begin; at < r.end && *at != ' '; at++) {
        }
        r.at = at;
        s->raw.ptr = begin;
        s->raw.len = (size_t)(r.at - begin);
    }
    if (!good) {
        return MAILPROTO_EOF; /* cannot be: it was checked */
    }
    mailproto__imap_cursor_keep(list, &r);
    return MAILPROTO_OK;
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
