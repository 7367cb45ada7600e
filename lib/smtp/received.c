/*
 * The Received field (RFC 5321 4.4), from values nobody has looked at: whatever they
 * hold, the outcome is one well-formed field. Knows the field; must not know a session.
 */
#include "core/chars.h"
#include "core/date.h"
#include "core/options.h"
#include "core/mem.h"
#include "core/span.h"
#include "smtp/syntax.h"

enum { LINE = 78 }; /* RFC 5322 2.1.1, where the values allow it */

/* What is written, or measured while `to` is NULL. */
struct field {
    char *to;
    size_t len;    /* octets so far */
    size_t column; /* of this line */
};

/* What may stand in a value. */
enum kind {
    ATOM,    /* atoms with dots between them (RFC 5322 3.2.3) */
    DOMAIN,  /* the same, or an address literal (RFC 5321 4.1.2, 4.1.3) */
    ADDRESS, /* what stands in a literal's brackets */
    MAILBOX, /* a mailbox, or what is left of it */
    VERBATIM /* the library's own, or checked before */
};

static void put(struct field *f, const char *text, size_t len)
{
    if (f->to != NULL && len > 0) {
        memcpy(f->to + f->len, text, len);
    }
    f->len += len;
    f->column += len;
}

/* ---- values ---------------------------------------------------------------------- */

static int is_literal(mailproto_bytes b)
{
    return b.len >= 2 && b.ptr[0] == '[' && b.ptr[b.len - 1] == ']';
}

/* Whether a dot stands between two octets that are none. */
static int dot_is_good(mailproto_bytes b, size_t i)
{
    return i > 0 && i + 1 < b.len && b.ptr[i - 1] != '.' && b.ptr[i + 1] != '.';
}

/* Whether the octet may stand where it does; `utf8`: the value is UTF-8 throughout. */
static int is_good(mailproto_bytes b, size_t i, enum kind kind, int utf8)
{
    unsigned char c = (unsigned char)b.ptr[i];
    if (kind == VERBATIM) {
        return 1;
    }
    if (mailproto__is(c, MAILPROTO__HIGH)) {
        return utf8 && kind != ADDRESS; /* RFC 6532 3.2 */
    }
    if (kind == ADDRESS) { /* it stands within a comment */
        return mailproto__is(c, MAILPROTO__DCONTENT) && c != '(' && c != ')';
    }
    if (kind == DOMAIN && is_literal(b)) {
        return i == 0 || i + 1 == b.len || mailproto__is(c, MAILPROTO__DCONTENT);
    }
    if (c == '.') {
        return dot_is_good(b, i);
    }
    return mailproto__is(c, MAILPROTO__ATEXT) || (kind == MAILBOX && c == '@');
}

static void put_value(struct field *f, mailproto_bytes b, enum kind kind)
{
    int utf8 = mailproto__is_utf8(b);
    size_t i;
    for (i = 0; i < b.len; i++) {
        put(f, is_good(b, i, kind, utf8) ? b.ptr + i : "?", 1);
    }
}

/* ---- words ----------------------------------------------------------------------- */

static void fold(struct field *f)
{
    put(f, "\r\n\t", 3);
    f->column = 1;
}

/* A word with what is glued to it, behind a blank or on a new line; room for a `;`. */
static void put_word(struct field *f, const char *before, mailproto_bytes b,
                     enum kind kind, const char *after)
{
    size_t head = 0;
    size_t tail = 0;
    while (before[head] != '\0') {
        head++;
    }
    while (after[tail] != '\0') {
        tail++;
    }
    if (f->column > 1) {
        if (f->column + 1 + head + b.len + tail + 1 > LINE) {
            fold(f);
        } else {
            put(f, " ", 1);
        }
    }
    put(f, before, head);
    put_value(f, b, kind);
    put(f, after, tail);
}

static void put_text(struct field *f, const char *text)
{
    put_word(f, text, mailproto__span(NULL, 0), VERBATIM, "");
}

/* "IPv6:" stands in a literal of version 6 (RFC 5321 4.1.3), unless it is there. */
static const char *literal_tag(mailproto_bytes address)
{
    int is6 = address.len > 0 && memchr(address.ptr, ':', address.len) != NULL;
    if (!is6 ||
        (address.len > 5 && mailproto__equal_nocase(mailproto__span(address.ptr, 5),
                                                    MAILPROTO__LITERAL("IPv6:")))) {
        return "[";
    }
    return "[IPv6:";
}

static void put_from(struct field *f, const mailproto_smtp_received *r)
{
    put_text(f, "from");
    if (r->helo.len > 0) {
        put_word(f, "", r->helo, DOMAIN, "");
    } else {
        put_text(f, "unknown");
    }
    if (r->address.len == 0) { /* TCP-info has no form without one */
        return;
    }
    if (r->tcp_name.len > 0) {
        put_word(f, "(", r->tcp_name, DOMAIN, "");
        put_word(f, literal_tag(r->address), r->address, ADDRESS, "])");
    } else if (literal_tag(r->address)[1] == '\0') {
        put_word(f, "([", r->address, ADDRESS, "])");
    } else {
        put_word(f, "([IPv6:", r->address, ADDRESS, "])");
    }
}

static void put_for(struct field *f, mailproto_bytes rcpt)
{
    mailproto_smtp_path path;
    size_t at;
    enum kind kind =
        mailproto__smtp_mailbox(rcpt, 1, &path, &at) == MAILPROTO__SMTP_GOOD ? VERBATIM
                                                                             : MAILBOX;
    put_text(f, "for");
    put_word(f, "<", rcpt, kind, ">");
}

static void put_field(struct field *f, const mailproto_smtp_received *r,
                      mailproto_bytes date)
{
    put(f, "Received:", 9);
    put_from(f, r);
    fold(f);
    put_text(f, "by");
    put_word(f, "", r->by, DOMAIN, "");
    if (r->with.len > 0) {
        put_text(f, "with");
        put_word(f, "", r->with, ATOM, "");
    }
    if (r->id.len > 0) {
        put_text(f, "id");
        put_word(f, "", r->id, ATOM, "");
    }
    if (r->rcpt.len > 0) {
        put_for(f, r->rcpt);
    }
    put(f, ";", 1);
    put_word(f, "", date, VERBATIM, "");
    put(f, "\r\n", 2);
}

mailproto_status mailproto_smtp_received_write(const mailproto_smtp_received *info,
                                               void *buf, size_t cap, size_t *len)
{
    mailproto_smtp_received r;
    struct field f;
    char date[MAILPROTO__DATE_MAX];
    size_t date_len;
    mailproto_status st;
    *len = 0;
    if (info == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = mailproto__options_copy(&r, sizeof r, info);
    if (st < 0) {
        return st;
    }
    date_len = mailproto__date_write(r.utc, r.zone_minutes, date);
    if (date_len == 0 || r.by.len == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(&f, 0, sizeof f);
    put_field(&f, &r, mailproto__span(date, date_len));
    if (f.len > cap) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    *len = f.len;
    memset(&f, 0, sizeof f);
    f.to = (char *)buf;
    put_field(&f, &r, mailproto__span(date, date_len));
    return MAILPROTO_OK;
}
