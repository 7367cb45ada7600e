/*
 * Lexing of IMAP (RFC 9051 9): strings of every form, numbers, keywords, flags. Knows
 * what a reader is at; must not know commands.
 */
#include "imap/lex.h"

#include "codec/utf8.h"
#include "core/mem.h"
#include "imap/syntax.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* clang-format off */
const uint8_t mailproto__imap_classes[256] = {
    /* 0x00 */   0,  32,  32,  32,  32,  32,  32,  32,  32,  32,   0,  32,  32,   0,  32,  32,
    /* 0x10 */  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
    /* 0x20 */  32,  47,   0,  47,  47,  36,  47,  47,  32,  32,  36, 167,  47, 111, 111, 175,
    /* 0x30 */ 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 111,  47,  47,  47,  47,  47,
    /* 0x40 */  47, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239,
    /* 0x50 */ 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239,  47,   0,  46,  47, 111,
    /* 0x60 */  47, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239,
    /* 0x70 */ 239, 239, 239, 239, 239, 239, 239, 239, 239, 239, 239,  32,  47,  47,  47,  32,
    /* 0x80 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    /* 0x90 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    /* 0xA0 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    /* 0xB0 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    /* 0xC0 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    /* 0xD0 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    /* 0xE0 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    /* 0xF0 */   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0
};
/* clang-format on */

void mailproto__imap_zero(void *mem, size_t len)
{
    memset(mem, 0, len);
}

int mailproto__imap_fault(struct mailproto__imap_reader *r, const char *detail)
{
    if (r->status == MAILPROTO_OK) {
        r->status = MAILPROTO_ERR_SYNTAX;
        r->detail = detail;
    }
    return 0;
}

int mailproto__imap_too_many(struct mailproto__imap_reader *r, const char *detail)
{
    if (r->status == MAILPROTO_OK) {
        r->status = MAILPROTO_ERR_COUNT_LIMIT;
        r->detail = detail;
    }
    return 0;
}

/* ---- keywords ------------------------------------------------------------------------ */

int mailproto__imap_same(const char *upper, const char *word, size_t len)
{
    return mailproto__imap_is_same(upper, word, len);
}

/* Four octets; those of letters are the same in both cases, and what else falls together
 * (digits, "." and "-" with controls) is not in a word. */
static inline uint32_t upper4(const char *at)
{
    uint32_t w;
    memcpy(&w, at, 4);
    return w & UINT32_C(0xDFDFDFDF);
}

/* Words of up to three octets: the first, the middle and the last of them. */
static inline int is_same_short(const char *text, mailproto_bytes word)
{
    const char *middle = word.ptr + word.len / 2;
    const char *last = word.ptr + word.len - 1;
    int differ = (text[0] ^ *word.ptr) | (text[word.len / 2] ^ *middle) |
                 (text[word.len - 1] ^ *last);
    return (differ & 0xDF) == 0;
}

uint32_t mailproto__imap_keyword(const struct mailproto__imap_keyword *words,
                                 const uint8_t from[MAILPROTO__IMAP_KEYWORD_MAX + 2],
                                 mailproto_bytes word)
{
    const struct mailproto__imap_keyword *at;
    const struct mailproto__imap_keyword *end;
    size_t tail = word.len - 4;
    uint32_t first;
    uint32_t last;
    if (word.len > MAILPROTO__IMAP_KEYWORD_MAX) {
        return 0;
    }
    end = words + from[word.len + 1];
    at = words + from[word.len];
    if (word.len < 4) {
        for (; at < end; at++) {
            if (is_same_short(at->text, word)) {
                return at->value;
            }
        }
        return 0;
    }
    first = upper4(word.ptr);
    last = upper4(word.ptr + tail);
    for (; at < end; at++) {
        if (upper4(at->text) == first && upper4(at->text + tail) == last &&
            (word.len <= 8 || mailproto__imap_is_same(at->text, word.ptr, word.len))) {
            return at->value;
        }
    }
    return 0;
}

/* ---- numbers ------------------------------------------------------------------------- */

/* 1*DIGIT, at most `tens` * 10 + `last`. */
static inline int read_digits(struct mailproto__imap_reader *r, uint64_t tens,
                              unsigned last, uint64_t *out)
{
    const char *at = r->at;
    uint64_t n = 0;
    if (!mailproto__imap_is(*at, MAILPROTO__IMAP_DIGIT)) {
        return mailproto__imap_fault(r, "number expected");
    }
    do {
        unsigned digit = (unsigned)(*at - '0');
        if (n >= tens && (n > tens || digit > last)) {
            r->at = at;
            return mailproto__imap_fault(r, "number too large");
        }
        n = n * 10 + digit;
        at++;
    } while (mailproto__imap_is(*at, MAILPROTO__IMAP_DIGIT));
    r->at = at;
    *out = n;
    return 1;
}

/* The same with the largest number64. */
static int read_digits64(struct mailproto__imap_reader *r, uint64_t *out)
{
    return read_digits(r, (uint64_t)INT64_MAX / 10, (unsigned)(INT64_MAX % 10), out);
}

int mailproto__imap_read_number(struct mailproto__imap_reader *r, uint32_t *out)
{
    uint64_t n = 0;
    if (!read_digits(r, UINT32_MAX / 10, UINT32_MAX % 10, &n)) {
        return 0;
    }
    *out = (uint32_t)n;
    return 1;
}

int mailproto__imap_read_nz_number(struct mailproto__imap_reader *r, uint32_t *out)
{
    if (*r->at == '0') {
        return mailproto__imap_fault(r, "number from 1 expected");
    }
    return mailproto__imap_read_number(r, out);
}

int mailproto__imap_read_number64(struct mailproto__imap_reader *r, uint64_t *out)
{
    return read_digits64(r, out);
}

int mailproto__imap_read_nz_number64(struct mailproto__imap_reader *r, int zeros,
                                     uint64_t *out)
{
    const char *begin = r->at;
    if (*begin == '0' && !zeros) {
        return mailproto__imap_fault(r, "number from 1 expected");
    }
    if (!read_digits64(r, out)) {
        return 0;
    }
    if (*out == 0) {
        r->at = begin;
        return mailproto__imap_fault(r, "number from 1 expected");
    }
    return 1;
}

/* ---- strings ------------------------------------------------------------------------- */

static void fill(mailproto_imap_string *out, uint32_t form, uint32_t flags,
                 mailproto_bytes raw)
{
    out->form = form;
    out->flags = flags;
    out->raw = raw;
    out->number = 0;
    out->size = 0;
}

int mailproto__imap_read_atom(struct mailproto__imap_reader *r,
                              mailproto_imap_string *out)
{
    fill(out, MAILPROTO_IMAP_ATOM, 0, mailproto__imap_run(r, MAILPROTO__IMAP_ATOM));
    return out->raw.len > 0 ? 1 : mailproto__imap_fault(r, "atom expected");
}

/* UTF8-2, UTF8-3 or UTF8-4 at `at`; it ends before any octet that cannot follow. */
static int read_utf8(struct mailproto__imap_reader *r)
{
    uint8_t low;
    uint8_t high;
    unsigned tail;
    if ((r->enabled & (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8)) ==
        0) {
        return mailproto__imap_fault(r, "8-bit octet in a quoted string");
    }
    tail = mailproto__utf8_tail((unsigned char)*r->at, &low, &high);
    if (tail == 0) {
        return mailproto__imap_fault(r, "no UTF-8");
    }
    r->at++;
    for (; tail > 0; tail--) {
        unsigned char c = (unsigned char)*r->at;
        if (c < low || c > high) {
            return mailproto__imap_fault(r, "no UTF-8");
        }
        low = 0x80;
        high = 0xBF;
        r->at++;
    }
    return 1;
}

int mailproto__imap_read_quoted(struct mailproto__imap_reader *r,
                                mailproto_imap_string *out)
{
    const char *begin;
    uint32_t flags = 0;
    if (!mailproto__imap_read_octet(r, '"', "quoted string expected")) {
        return 0;
    }
    begin = r->at;
    for (;;) {
        const char *at = r->at;
        while (mailproto__imap_is(*at, MAILPROTO__IMAP_TEXT)) {
            at++;
        }
        r->at = at;
        if (*at == '"') {
            break;
        }
        if (*at == '\\') {
            r->at++;
            if (at[1] != '"' && at[1] != '\\') {
                return mailproto__imap_fault(r, "\\\" or \\\\ expected");
            }
            r->at++;
            flags |= MAILPROTO_IMAP_ESCAPED;
        } else if ((unsigned char)*at < 128) {
            return mailproto__imap_fault(r, "the end of a quoted string expected");
        } else if (read_utf8(r)) {
            flags |= MAILPROTO_IMAP_8BIT;
        } else {
            return 0;
        }
    }
    out->raw.ptr = begin;
    out->raw.len = (size_t)(r->at - begin);
    fill(out, MAILPROTO_IMAP_QUOTED, flags, out->raw);
    r->at++;
    return 1;
}

static int has_high(const char *at, size_t len)
{
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, at + i, 8);
        if (word & HIGH_BITS) {
            return 1;
        }
    }
    for (; i < len; i++) {
        if ((unsigned char)at[i] >= 128) {
            return 1;
        }
    }
    return 0;
}

/* A literal whose octets went to the application. */
static int read_mark(struct mailproto__imap_reader *r, int binary,
                     mailproto_imap_string *out)
{
    const char *at = r->at;
    if (!r->marks || r->end - at < MAILPROTO__IMAP_EXTERNAL_SIZE) {
        return mailproto__imap_fault(r, "NUL");
    }
    out->raw.ptr = NULL;
    out->raw.len = 0;
    fill(out, MAILPROTO_IMAP_EXTERNAL, 0, out->raw);
    memcpy(&out->number, at + 1, sizeof out->number);
    memcpy(&out->size, at + 9, sizeof out->size);
    if (at[17] & MAILPROTO__IMAP_EXTERNAL_BINARY) {
        out->flags = MAILPROTO_IMAP_BINARY;
        if (!binary) {
            return mailproto__imap_fault(r, "no literal8 here");
        }
    }
    r->at += MAILPROTO__IMAP_EXTERNAL_SIZE;
    return 1;
}

void mailproto__imap_external_put(char *to, uint64_t number, uint64_t size,
                                  uint8_t flags)
{
    to[0] = '\0';
    memcpy(to + 1, &number, sizeof number);
    memcpy(to + 9, &size, sizeof size);
    to[17] = (char)flags;
}

/* The octets of a literal, behind its announcement. */
static int read_octets(struct mailproto__imap_reader *r, uint64_t size, uint32_t flags,
                       mailproto_imap_string *out)
{
    const char *nul;
    size_t len;
    if (size > (uint64_t)(r->end - r->at)) {
        r->at = r->end + 2;
        return mailproto__imap_fault(r, "the rest of a literal expected");
    }
    len = (size_t)size;
    if (!(flags & MAILPROTO_IMAP_BINARY) &&
        (nul = (const char *)memchr(r->at, '\0', len)) != NULL) {
        r->at = nul;
        return mailproto__imap_fault(r, "NUL in a literal");
    }
    if (has_high(r->at, len)) {
        flags |= MAILPROTO_IMAP_8BIT;
    }
    out->raw.ptr = r->at;
    out->raw.len = len;
    fill(out, MAILPROTO_IMAP_LITERAL, flags, out->raw);
    r->at += len;
    return 1;
}

int mailproto__imap_read_literal(struct mailproto__imap_reader *r, int binary,
                                 mailproto_imap_string *out)
{
    const char *begin = r->at;
    uint32_t flags = 0;
    uint64_t size = 0;
    if (*r->at == '\0') {
        return read_mark(r, binary, out);
    }
    if (binary && *r->at == '~') {
        flags = MAILPROTO_IMAP_BINARY;
        r->at++;
    }
    if (!mailproto__imap_read_octet(r, '{', "literal expected") ||
        !mailproto__imap_read_number64(r, &size)) {
        return 0;
    }
    if (*r->at == '+') { /* RFC 7888 8; of literal8 RFC 4466 3 */
        r->at++;
    }
    if (!mailproto__imap_read_octet(r, '}', "} expected")) {
        return 0;
    }
    if (r->at[0] != '\r' || r->at[1] != '\n') {
        return mailproto__imap_fault(r, "CRLF expected");
    }
    if (r->at != r->end) {
        r->at += 2;
        return read_octets(r, size, flags, out);
    }
    if (!r->prefix) {
        r->at += 2;
        return mailproto__imap_fault(r, "a literal's octets expected");
    }
    r->at = begin;
    r->status = MAILPROTO_AGAIN;
    r->pending_size = size;
    r->pending_binary = flags != 0;
    return 0;
}

int mailproto__imap_read_string(struct mailproto__imap_reader *r,
                                mailproto_imap_string *out)
{
    if (*r->at == '"') {
        return mailproto__imap_read_quoted(r, out);
    }
    if (mailproto__imap_is_literal(r)) {
        return mailproto__imap_read_literal(r, 0, out);
    }
    return mailproto__imap_fault(r, "string expected");
}

/* 1*class / string */
static int read_any(struct mailproto__imap_reader *r, unsigned classes,
                    mailproto_imap_string *out)
{
    mailproto_bytes bare = mailproto__imap_run(r, classes);
    if (bare.len == 0) {
        return mailproto__imap_read_string(r, out);
    }
    fill(out, MAILPROTO_IMAP_ATOM, 0, bare);
    return 1;
}

int mailproto__imap_pass_astring(struct mailproto__imap_reader *r)
{
    mailproto_imap_string string;
    return mailproto__imap_run(r, MAILPROTO__IMAP_ASTRING).len > 0 ||
           mailproto__imap_read_string(r, &string);
}

int mailproto__imap_read_astring(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out)
{
    return read_any(r, MAILPROTO__IMAP_ASTRING, out);
}

int mailproto__imap_read_nstring(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out)
{
    const char *begin = r->at;
    mailproto_bytes bare = mailproto__imap_run(r, MAILPROTO__IMAP_ATOM);
    if (bare.len == 0) {
        return mailproto__imap_read_string(r, out);
    }
    if (!MAILPROTO__IMAP_IS(bare, "NIL")) {
        r->at = begin;
        return mailproto__imap_fault(r, "string or NIL expected");
    }
    bare.ptr = NULL;
    bare.len = 0;
    fill(out, MAILPROTO_IMAP_NIL, 0, bare);
    return 1;
}

/* Names are UTF-8 once that is enabled (RFC 9051 5.1, RFC 9755 3). */
static void mark_name(const struct mailproto__imap_reader *r,
                      mailproto_imap_string *out)
{
    if ((r->enabled & (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8)) ==
        0) {
        out->flags |= MAILPROTO_IMAP_MUTF7;
    }
}

int mailproto__imap_read_mailbox(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out)
{
    if (!read_any(r, MAILPROTO__IMAP_ASTRING, out)) {
        return 0;
    }
    mark_name(r, out);
    return 1;
}

int mailproto__imap_read_pattern(struct mailproto__imap_reader *r,
                                 mailproto_imap_string *out)
{
    if (!read_any(r, MAILPROTO__IMAP_LISTED, out)) {
        return 0;
    }
    mark_name(r, out);
    return 1;
}

/* ---- flags --------------------------------------------------------------------------- */

int mailproto__imap_pass_flag(struct mailproto__imap_reader *r)
{
    const char *begin = r->at;
    mailproto_bytes atom;
    r->at += *begin == '\\' ? 1 : 0;
    atom = mailproto__imap_run(r, MAILPROTO__IMAP_ATOM);
    if (atom.len == 0) {
        return mailproto__imap_fault(r, "atom expected");
    }
    if (*begin == '\\' && MAILPROTO__IMAP_IS(atom, "RECENT")) {
        r->at = begin;
        return mailproto__imap_fault(r, "\\Recent cannot be set");
    }
    return 1;
}

int mailproto__imap_read_flags(struct mailproto__imap_reader *r,
                               mailproto_imap_cursor *out)
{
    const char *begin;
    if (!mailproto__imap_read_octet(r, '(', "( expected")) {
        return 0;
    }
    begin = r->at;
    if (*r->at != ')') {
        while (mailproto__imap_pass_flag(r) && *r->at == ' ') {
            r->at++;
        }
        if (r->status != MAILPROTO_OK) {
            return 0;
        }
    }
    mailproto__imap_cursor_make(out, MAILPROTO__IMAP_STRINGS, r, begin, r->at);
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}
