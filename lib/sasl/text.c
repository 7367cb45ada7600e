/*
 * The text an exchange works on: names, saslnames (RFC 5802 7), base64, all appended to
 * one buffer in the block. Must not know any mechanism's messages.
 */
#include "sasl/sasl.h"

#include <mailproto/codec.h>

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "sasl/secret.h"

int mailproto__holds_nul(mailproto_bytes b)
{
    return b.len > 0 && memchr(b.ptr, 0, b.len) != NULL;
}

int mailproto__is_name(mailproto_bytes b)
{
    return mailproto__is_utf8(b) && mailproto__find_control(b) == b.len;
}

/* ---- the canonical form ------------------------------------------------------ */

mailproto_status mailproto__sasl_prepare(mailproto_sasl *x, uint32_t what,
                                         mailproto_bytes in, mailproto_bytes *out)
{
    const mailproto_sasl_options *o = &x->options;
    mailproto_status st;
    size_t got = 0;
    char *to;
    *out = in;
    if (o->prepare == NULL || !mailproto__is_beyond_ascii(in.ptr, in.len)) {
        return MAILPROTO_OK;
    }
    if (!mailproto__is_utf8(in)) { /* the callback may rely on it */
        return MAILPROTO_ERR_ARGUMENT;
    }
    to = x->prepared_at[x->prepared];
    st = o->prepare(o->prepare_ctx, what, in.ptr, in.len, to, o->prepare_max, &got);
    if (st != MAILPROTO_OK || got == 0 || got > o->prepare_max) {
        return st < 0 ? st : MAILPROTO_ERR_ARGUMENT;
    }
    x->prepared++;
    *out = mailproto__span(to, got);
    return MAILPROTO_OK;
}

mailproto_status mailproto__sasl_prepare_names(mailproto_sasl *x, mailproto_bytes *name,
                                               mailproto_bytes *authzid)
{
    uint32_t asks = x->row->asks;
    mailproto_status st = MAILPROTO_OK;
    if ((asks & MAILPROTO__PREPARES_NAME) != 0) {
        st = mailproto__sasl_prepare(x, MAILPROTO_SASL_PREPARE_NAME, *name, name);
    }
    /* A simple username too (RFC 4954 4, RFC 5034 4). */
    if (st == MAILPROTO_OK && (asks & MAILPROTO__CARRIES_AUTHZID) != 0) {
        st = mailproto__sasl_prepare(x, MAILPROTO_SASL_PREPARE_NAME, *authzid, authzid);
    }
    if (st == MAILPROTO_OK &&
        (!mailproto__is_name(*name) || !mailproto__is_name(*authzid))) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    return st;
}

/* ---- appending --------------------------------------------------------------- */

/* Where `len` octets may be written; NULL: no room. */
static char *room(mailproto_sasl *x, size_t len)
{
    if (len > x->text_cap - x->text_len) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_TOO_LONG);
        return NULL;
    }
    return x->text + x->text_len;
}

int mailproto__sasl_put(mailproto_sasl *x, mailproto_bytes b)
{
    char *to = room(x, b.len);
    if (to == NULL) {
        return 0;
    }
    if (b.len > 0) {
        memmove(to, b.ptr, b.len);
    }
    x->text_len += b.len;
    return 1;
}

int mailproto__sasl_put_base64(mailproto_sasl *x, mailproto_bytes a, mailproto_bytes b)
{
    /* Both behind each other, then encoded from the end of the room for it. */
    size_t raw = a.len + b.len;
    size_t len = mailproto_base64_size(raw);
    char *to = room(x, len);
    if (to == NULL) {
        return 0;
    }
    if (raw > 0) {
        char *from = to + (len - raw);
        memcpy(from, a.ptr, a.len);
        if (b.len > 0) {
            memcpy(from + a.len, b.ptr, b.len);
        }
        (void)mailproto__base64_secret((const uint8_t *)from, raw, to);
    }
    x->text_len += len;
    return 1;
}

int mailproto__sasl_put_decoded(mailproto_sasl *x, mailproto_bytes text)
{
    mailproto_codec codec;
    size_t used = 0;
    size_t got = 0;
    mailproto_status st;
    if (text.len == 0) {
        return 1;
    }
    (void)mailproto_decoder_init(&codec, MAILPROTO_ENCODING_BASE64,
                                 MAILPROTO_CODEC_STRICT);
    st = mailproto_codec_run(&codec, text.ptr, text.len, &used, x->text + x->text_len,
                             x->text_cap - x->text_len, &got, MAILPROTO_CODEC_FINAL);
    mailproto__wipe(&codec, sizeof codec);
    if (st != MAILPROTO_OK) {
        mailproto__sasl_failed(x,
                               st < 0 ? MAILPROTO_ERR_SYNTAX : MAILPROTO_ERR_TOO_LONG);
        return 0;
    }
    x->text_len += got;
    return 1;
}

/* ---- msg-id ------------------------------------------------------------------ */

int mailproto_sasl_is_timestamp(mailproto_bytes text)
{
    const char *at;
    size_t i;
    if (text.len < 5 || text.ptr[0] != '<' || text.ptr[text.len - 1] != '>') {
        return 0;
    }
    for (i = 1; i < text.len - 1; i++) {
        char c = text.ptr[i];
        if (!mailproto__is((unsigned char)c, MAILPROTO__VCHAR) || c == '<' ||
            c == '>') {
            return 0;
        }
    }
    /* One "@" with something on each side (RFC 822 6.1, addr-spec). */
    at = memchr(text.ptr, '@', text.len);
    return at != NULL && at != text.ptr + 1 && at != text.ptr + text.len - 2 &&
           memchr(at + 1, '@', text.len - (size_t)(at + 1 - text.ptr)) == NULL;
}

/* ---- saslname ---------------------------------------------------------------- */

static int is_escaped(char c)
{
    return c == ',' || c == '=';
}

size_t mailproto__saslname_size(mailproto_bytes name)
{
    size_t len = name.len;
    size_t i;
    for (i = 0; i < name.len; i++) {
        len += is_escaped(name.ptr[i]) ? 2 : 0;
    }
    return len;
}

int mailproto__sasl_put_saslname(mailproto_sasl *x, mailproto_bytes name)
{
    size_t i;
    if (room(x, mailproto__saslname_size(name)) == NULL) {
        return 0;
    }
    for (i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (is_escaped(c)) {
            (void)mailproto__sasl_put(x, c == ',' ? MAILPROTO__LITERAL("=2C")
                                                  : MAILPROTO__LITERAL("=3D"));
        } else {
            (void)mailproto__sasl_put(x, mailproto__span(&c, 1));
        }
    }
    return 1;
}

/* The octet that `=2C` or `=3D` stands for; 0: neither (RFC 5802 5.1: fail then). */
static char unescaped(mailproto_bytes at)
{
    if (at.len < 3) {
        return 0;
    }
    if (memcmp(at.ptr, "=2C", 3) == 0) {
        return ',';
    }
    return memcmp(at.ptr, "=3D", 3) == 0 ? '=' : 0;
}

int mailproto__sasl_read_saslname(mailproto_sasl *x, mailproto_bytes text,
                                  mailproto_bytes *out)
{
    size_t begin = x->text_len;
    size_t i = 0;
    *out = text;
    if (text.len == 0 || !mailproto__is_name(text)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return 0;
    }
    if (memchr(text.ptr, '=', text.len) == NULL) {
        return 1;
    }
    while (i < text.len) {
        char c = text.ptr[i];
        if (c == '=') {
            c = unescaped(mailproto__tail(text, i));
            i += 2;
        }
        if (c == 0) {
            mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
            return 0;
        }
        i++;
        if (!mailproto__sasl_put(x, mailproto__span(&c, 1))) {
            return 0;
        }
    }
    *out = mailproto__span(x->text + begin, x->text_len - begin);
    return 1;
}
