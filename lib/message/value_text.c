/*
 * Unstructured values as text, and structured ones whose words are all that matters.
 * Knows folds, quotes and comments; the encoded words are the codec's.
 */
#include "message/value.h"

#include "codec/utf8.h"

static int is_control(char c)
{
    return (unsigned char)c < 32 || c == 127;
}

/* Runs of blanks to one space, none at the ends; in place. */
static size_t collapse(char *text, size_t len)
{
    size_t i;
    size_t to = 0;
    for (i = 0; i < len; i++) {
        if (text[i] != ' ') {
            text[to] = text[i];
            to++;
        } else if (to > 0 && text[to - 1] != ' ') {
            text[to] = ' ';
            to++;
        }
    }
    return to > 0 && text[to - 1] == ' ' ? to - 1 : to;
}

uint32_t mailproto__words_flags(uint32_t flags, mailproto_bytes b)
{
    return (flags & MAILPROTO_WORDS_GUESS) != 0 &&
                   mailproto__utf8_is_other((const unsigned char *)b.ptr, b.len)
               ? flags | MAILPROTO_WORDS_LATIN
               : flags;
}

mailproto_status mailproto_text_decode(mailproto_bytes value, uint32_t flags,
                                       const mailproto_charset_converter *converter,
                                       char *out, size_t cap, size_t *len)
{
    const uint32_t known =
        MAILPROTO_WORDS_STRICT | MAILPROTO_WORDS_GUESS | MAILPROTO_TEXT_COLLAPSE;
    mailproto_status status;
    size_t i;
    *len = 0;
    if ((flags & ~known) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (i = cap < 4 ? 0 : cap - 4; i < cap; i++) {
        out[i] = ' '; /* what is cut at a character may leave them unwritten */
    }
    status = mailproto_words_decode(
        value,
        mailproto__words_flags(flags & ~(uint32_t)MAILPROTO_TEXT_COLLAPSE, value),
        converter, out, cap, len);
    if (status != MAILPROTO_OK && status != MAILPROTO_ERR_TOO_LONG) {
        return status;
    }
    for (i = 0; i < *len && i < cap; i++) {
        if (is_control(out[i]) &&
            (out[i] != '\t' || (flags & MAILPROTO_TEXT_COLLAPSE) != 0)) {
            out[i] = ' ';
        }
    }
    if ((flags & MAILPROTO_TEXT_COLLAPSE) != 0 && status == MAILPROTO_OK) {
        *len = collapse(out, *len);
    }
    return status;
}

mailproto_status mailproto_text_unfold(mailproto_bytes value, char *out, size_t cap,
                                       size_t *len)
{
    struct mailproto__put to;
    to.out = out;
    to.cap = cap;
    to.len = 0;
    mailproto__put_unfolded(&to, value.ptr, value.len);
    return mailproto__put_end(&to, len);
}

mailproto_status mailproto_text_plain(mailproto_bytes value, char *out, size_t cap,
                                      size_t *len)
{
    struct mailproto__value v;
    struct mailproto__put to;
    const char *p;
    mailproto__v_whole(&v, value, 0, NULL);
    to.out = out;
    to.cap = cap;
    to.len = 0;
    p = mailproto__v_cfws(&v, v.at);
    while (p < v.end) {
        const char *q = mailproto__v_cfws(&v, p);
        if (q > p) {
            if (q < v.end) {
                mailproto__put_octet(&to, ' ');
            }
        } else if (*p == '"') {
            q = mailproto__v_quoted(&v, p);
            mailproto__put_unescaped(
                &to, mailproto__v_span(p + 1, q - p > 1 && !v.open ? q - 1 : q));
        } else {
            q = p + 1;
            if (!is_control(*p)) {
                mailproto__put_octet(&to, *p);
            }
        }
        p = q;
    }
    return mailproto__put_end(&to, len);
}
