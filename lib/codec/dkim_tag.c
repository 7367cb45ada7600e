/*
 * Tag lists (RFC 6376 3.2): `v=1; a=rsa-sha256; b=...`. Knows their grammar; must not know
 * what any tag means.
 */
#include <mailproto/mbox.h>

#include "core/chars.h"
#include "core/mem.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cuts blanks and folds off both ends. */
static mailproto_bytes trim(mailproto_bytes b)
{
    while (b.len > 0 && is_blank(b.ptr[0])) {
        b.ptr++;
        b.len--;
    }
    while (b.len > 0 && is_blank(b.ptr[b.len - 1])) {
        b.len--;
    }
    return b;
}

/* tag-name = ALPHA *(ALPHA / DIGIT / "_") */
static int is_name(mailproto_bytes b)
{
    size_t i;
    if (b.len == 0 || !mailproto__is((unsigned char)b.ptr[0], MAILPROTO__ALPHA)) {
        return 0;
    }
    for (i = 1; i < b.len; i++) {
        if (!mailproto__is((unsigned char)b.ptr[i],
                           MAILPROTO__ALPHA | MAILPROTO__DIGIT) &&
            b.ptr[i] != '_') {
            return 0;
        }
    }
    return 1;
}

/* VALCHAR and blanks between; octets above 127 as RFC 8616 6 has them. */
static int is_value(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        if (!is_blank(b.ptr[i]) && !mailproto__is((unsigned char)b.ptr[i],
                                                  MAILPROTO__VCHAR | MAILPROTO__HIGH)) {
            return 0;
        }
    }
    return 1;
}

/* Takes what stands before the next `;` off the list. */
static mailproto_bytes next_spec(mailproto_bytes *rest)
{
    mailproto_bytes spec = *rest;
    const char *end =
        rest->len > 0 ? (const char *)memchr(rest->ptr, ';', rest->len) : NULL;
    if (end != NULL) {
        spec.len = (size_t)(end - rest->ptr);
        rest->ptr += spec.len + 1;
        rest->len -= spec.len + 1;
    } else {
        rest->ptr += rest->len;
        rest->len = 0;
    }
    return spec;
}

mailproto_status mailproto_dkim_tag(mailproto_bytes list, mailproto_bytes tag,
                                    mailproto_bytes *value)
{
    mailproto_status found = MAILPROTO_EOF;
    mailproto_bytes rest = list;
    mailproto_bytes at;
    at.ptr = NULL;
    at.len = 0;
    value->ptr = NULL;
    value->len = 0;
    while (rest.len > 0) {
        mailproto_bytes spec = next_spec(&rest);
        mailproto_bytes name = spec;
        mailproto_bytes text = spec;
        const char *equals =
            spec.len > 0 ? (const char *)memchr(spec.ptr, '=', spec.len) : NULL;
        if (equals == NULL) {
            if (spec.ptr + spec.len == list.ptr + list.len && spec.ptr != list.ptr &&
                trim(spec).len == 0) {
                break; /* behind the last `;` */
            }
            return MAILPROTO_ERR_SYNTAX;
        }
        name.len = (size_t)(equals - spec.ptr);
        name = trim(name);
        text.ptr = equals + 1;
        text.len = spec.len - (size_t)(equals + 1 - spec.ptr);
        text = trim(text);
        if (!is_name(name) || !is_value(text)) {
            return MAILPROTO_ERR_SYNTAX;
        }
        if (name.len == tag.len && memcmp(name.ptr, tag.ptr, tag.len) == 0) {
            if (found == MAILPROTO_OK) { /* 3.2: the whole list is not valid */
                return MAILPROTO_ERR_SYNTAX;
            }
            found = MAILPROTO_OK;
            at = text;
        }
    }
    *value = at;
    return found;
}
