/*
 * What may stand in a header that is written: tokens, ids, domains, types. Knows grammar;
 * must not know what a description looks like as a whole.
 */
#include "message/compose.h"

#include "core/chars.h"
#include "core/span.h"
#include "message/value.h"

mailproto_bytes mailproto__compose_type(const mailproto_compose_part *p)
{
    return p->type.len > 0 ? p->type : MAILPROTO__LITERAL("text/plain");
}

/* The first octets of `b`, or all of it. */
static mailproto_bytes head(mailproto_bytes b, size_t n)
{
    return mailproto__span(b.ptr, b.len < n ? b.len : n);
}

static int begins(mailproto_bytes b, mailproto_bytes with)
{
    return mailproto__equal_nocase(head(b, with.len), with);
}

int mailproto__compose_is_wide(mailproto_bytes charset)
{
    static const struct {
        char text[9];
        unsigned char len;
    } names[] = {{"utf16", 5}, {"utf32", 5}, {"ucs2", 4},     {"ucs4", 4},
                 {"u16", 3},   {"u32", 3},   {"iso10646", 8}, {"unicode", 7}};
    char folded[20]; /* letters and digits, the longest "unicode11utf" */
    mailproto_bytes name;
    size_t len = 0;
    size_t i;
    for (i = 0; i < charset.len && len < sizeof folded; i++) {
        unsigned char c = (unsigned char)charset.ptr[i];
        if (mailproto__is(c, MAILPROTO__ALPHA | MAILPROTO__DIGIT)) {
            folded[len++] = charset.ptr[i];
        }
    }
    name = mailproto__span(folded, len);
    if (begins(name, MAILPROTO__LITERAL("cs"))) { /* csUCS4, csUTF16BE */
        name = mailproto__tail(name, 2);
    }
    if (begins(name, MAILPROTO__LITERAL("unicode11utf")) ||
        begins(name, MAILPROTO__LITERAL("iso10646utf"))) { /* UTF-7, UTF-8, UTF-1 */
        return 0;
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (begins(name, mailproto__span(names[i].text, names[i].len))) {
            return 1;
        }
    }
    return 0;
}

enum mailproto__compose_kind mailproto__compose_kind(const mailproto_compose_part *p)
{
    mailproto_bytes type = mailproto__compose_type(p);
    if ((p->flags & MAILPROTO_COMPOSE_VERBATIM) != 0) {
        return MAILPROTO__COMPOSE_ENTITY;
    }
    if (begins(type, MAILPROTO__LITERAL("text/"))) {
        return mailproto__compose_is_wide(p->charset) ? MAILPROTO__COMPOSE_WIDE
                                                      : MAILPROTO__COMPOSE_PLAIN;
    }
    if (begins(type, MAILPROTO__LITERAL("multipart/"))) {
        return MAILPROTO__COMPOSE_MULTIPART;
    }
    if (begins(type, MAILPROTO__LITERAL("message/global"))) {
        return MAILPROTO__COMPOSE_GLOBAL;
    }
    return begins(type, MAILPROTO__LITERAL("message/")) ? MAILPROTO__COMPOSE_MESSAGE
                                                        : MAILPROTO__COMPOSE_OTHER;
}

int mailproto__compose_is_bcc(mailproto_bytes name)
{
    return mailproto__equal_nocase(name, MAILPROTO__LITERAL("Bcc")) ||
           mailproto__equal_nocase(name, MAILPROTO__LITERAL("Resent-Bcc"));
}

mailproto_bytes mailproto__compose_trim(mailproto_bytes text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text = mailproto__tail(text, 1);
    }
    while (text.len > 0 &&
           (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

int mailproto__compose_is_high(mailproto_bytes b)
{
    return b.len > 0 && mailproto__v_high(b.ptr, b.ptr + b.len);
}

int mailproto__compose_is_token(mailproto_bytes b)
{
    return b.len > 0 &&
           mailproto__v_run(b.ptr, b.ptr + b.len, MAILPROTO__V_TOKEN) ==
               b.ptr + b.len &&
           !mailproto__compose_is_high(b);
}

int mailproto__compose_is_domain(mailproto_bytes b)
{
    size_t i;
    if (b.len == 0 || b.len > 255) {
        return 0;
    }
    if (b.ptr[0] == '[') { /* no-fold-literal (RFC 5322 3.6.4) */
        for (i = 1; i + 1 < b.len; i++) {
            if (!mailproto__is((unsigned char)b.ptr[i], MAILPROTO__DCONTENT)) {
                return 0;
            }
        }
        return b.len > 2 && b.ptr[b.len - 1] == ']';
    }
    for (i = 0; i < b.len; i++) {
        if (b.ptr[i] == '.') {
            if (i == 0 || i + 1 == b.len || b.ptr[i - 1] == '.') {
                return 0;
            }
        } else if (!mailproto__v_is(b.ptr[i], MAILPROTO__V_ATOM)) {
            return 0;
        }
    }
    return 1;
}

/* Specials that could be misread; an `@` is looked at by the caller. */
static int is_id_octet(unsigned char c)
{
    return mailproto__is(c, MAILPROTO__VCHAR | MAILPROTO__HIGH) && c != '<' &&
           c != '>' && c != '(' && c != ')' && c != '"' && c != '\\';
}

/* RFC 5322 3.6.4, and more octets than atoms have: ids of others are passed on as they
 * came, or threads would break. */
int mailproto__compose_is_inner_id(mailproto_bytes b)
{
    size_t at = 0;
    size_t i;
    for (i = 0; i < b.len; i++) {
        if (!is_id_octet((unsigned char)b.ptr[i])) {
            return 0;
        }
        if (b.ptr[i] == '@' && at == 0) {
            at = i;
        }
    }
    return at > 0 && at + 1 < b.len && mailproto__is_utf8(b);
}

int mailproto__compose_is_id(mailproto_bytes b)
{
    return b.len >= 5 && b.len <= MAILPROTO__COMPOSE_WORD && b.ptr[0] == '<' &&
           b.ptr[b.len - 1] == '>' &&
           mailproto__compose_is_inner_id(mailproto__span(b.ptr + 1, b.len - 2));
}

size_t mailproto__compose_long_word(mailproto_bytes b)
{
    size_t start = 0;
    size_t i;
    for (i = 0; i < b.len; i++) {
        int blank = b.ptr[i] == ' ' || b.ptr[i] == '\t';
        if (blank && i > 0 && b.ptr[i - 1] != ' ' && b.ptr[i - 1] != '\t') {
            start = i;
        }
        if (i - start >= MAILPROTO__COMPOSE_WORD) {
            return start;
        }
    }
    return b.len;
}
