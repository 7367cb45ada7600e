/*
 * Addresses as plain text: addr-spec without CFWS, display name as UTF-8. Knows what
 * quoting and comments mean; must not look for addresses in what it decoded.
 */
#include "message/value.h"

#include "core/mem.h"

/* ---- addr-spec ---------------------------------------------------------------------- */

/* A local part being written: quoted or as it is. */
struct local {
    struct mailproto__put *to;
    int quote;   /* write quotes */
    int plain;   /* a dot-atom so far (RFC 5322 3.2.3) */
    char before; /* the octet before */
};

static void local_octet(struct local *l, char c)
{
    /* RFC 5322 4.1: what a backslash makes of a control belongs to the name, which without
     * it would be another's. But no line may come out of a quoted string. */
    if (c == '\r' || c == '\n') {
        c = ' ';
    }
    if (c == '.' ? l->before == '.' : !mailproto__v_is(c, MAILPROTO__V_ATOM)) {
        l->plain = 0;
    }
    l->before = c;
    if (l->to != NULL) {
        if (l->quote && (c == '"' || c == '\\')) {
            mailproto__put_octet(l->to, '\\');
        }
        mailproto__put_octet(l->to, c);
    }
}

/* Octets of a line end with a blank behind it, or 0. */
static size_t fold_length(const char *p, const char *end)
{
    size_t n = *p == '\r' ? 1 : 0;
    if ((size_t)(end - p) < n + 2 || p[n] != '\n' ||
        (p[n + 1] != ' ' && p[n + 1] != '\t')) {
        return 0;
    }
    return n + 1;
}

static const char *local_quoted(struct local *l, const char *p, const char *end)
{
    p++;
    while (p < end && *p != '"') {
        size_t fold = fold_length(p, end);
        if (fold > 0) {
            p += fold;
            continue;
        }
        if (*p == '\\' && end - p >= 2) {
            p++;
        }
        local_octet(l, *p);
        p++;
    }
    return p < end ? p + 1 : p;
}

/* The words and dots of a local part, CFWS dropped. */
static void local_words(struct local *l, mailproto_bytes from)
{
    struct mailproto__value v;
    const char *p;
    mailproto__v_whole(&v, from, 0, NULL);
    p = v.at;
    l->plain = 1;
    l->before = '.';
    while (p < v.end) {
        if (*p == '"') {
            p = local_quoted(l, p, v.end);
            continue;
        }
        if (!mailproto__v_is(*p, MAILPROTO__V_ATOM) && *p != '.') {
            const char *q = mailproto__v_cfws(&v, p);
            if (q > p) {
                p = q;
                continue;
            }
        }
        local_octet(l, *p);
        p++;
    }
    if (l->before == '.') {
        l->plain = 0;
    }
}

/* A domain literal, or a domain that holds nothing odd: folds go, no line comes out. */
static void put_whole(struct mailproto__put *to, mailproto_bytes domain)
{
    const char *p = domain.len > 0 ? domain.ptr : "";
    const char *end = p + domain.len;
    while (p < end) {
        const char *start = p;
        while (p < end && *p != '\r' && *p != '\n') {
            p++;
        }
        mailproto__put_octets(to, start, (size_t)(p - start));
        if (p < end) {
            size_t fold = fold_length(p, end);
            if (fold == 0) {
                mailproto__put_octet(to, ' ');
            }
            p += fold > 0 ? fold : 1;
        }
    }
}

static void put_domain(struct mailproto__put *to, const mailproto_address *a)
{
    struct mailproto__value v;
    const char *p;
    mailproto__v_whole(&v, a->domain, 0, NULL);
    if ((a->flags & MAILPROTO_ADDRESS_CFWS) == 0 ||
        (a->flags & MAILPROTO_ADDRESS_LITERAL) != 0) {
        put_whole(to, a->domain);
        return;
    }
    p = v.at;
    while (p < v.end) {
        const char *q = mailproto__v_cfws(&v, p);
        if (q > p) {
            p = q;
            continue;
        }
        mailproto__put_octet(to, *p);
        p++;
    }
}

mailproto_status mailproto_address_spec(const mailproto_address *a, char *out,
                                        size_t cap, size_t *len)
{
    struct mailproto__put to;
    to.out = out;
    to.cap = cap;
    to.len = 0;
    if (a->type != MAILPROTO_ADDRESS_MAILBOX) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if ((a->flags & (MAILPROTO_ADDRESS_CFWS | MAILPROTO_ADDRESS_QUOTED)) == 0) {
        mailproto__put_octets(&to, a->local.ptr, a->local.len);
    } else {
        struct local l;
        memset(&l, 0, sizeof l);
        local_words(&l, a->local);
        l.quote = !l.plain && (a->flags & MAILPROTO_ADDRESS_QUOTED) != 0;
        l.to = &to;
        if (l.quote) {
            mailproto__put_octet(&to, '"');
        }
        local_words(&l, a->local);
        if (l.quote) {
            mailproto__put_octet(&to, '"');
        }
    }
    if ((a->flags & MAILPROTO_ADDRESS_NO_DOMAIN) == 0) {
        mailproto__put_octet(&to, '@');
        put_domain(&to, a);
    }
    return mailproto__put_end(&to, len);
}

/* ---- display name --------------------------------------------------------------------- */

/* What all pieces of a name are decoded with. */
struct display {
    struct mailproto__put to;
    uint32_t flags;
    const mailproto_charset_converter *converter;
    mailproto_status status;
};

/* Decodes a piece behind what is there. */
static void decode_piece(struct display *d, mailproto_bytes piece, uint32_t flags)
{
    size_t at = d->to.len < d->to.cap ? d->to.len : d->to.cap;
    size_t len = 0;
    mailproto_status status;
    if (piece.len == 0 || d->status != MAILPROTO_OK) {
        return;
    }
    status = mailproto_words_decode(piece, d->flags | flags, d->converter,
                                    d->to.out + at, d->to.cap - at, &len);
    if (status != MAILPROTO_OK && status != MAILPROTO_ERR_TOO_LONG) {
        d->status = status;
        return;
    }
    d->to.len += len;
}

/* A phrase: what stands between comments is decoded by itself (a comment parts encoded
 * words, RFC 2047 6.2) and joined with a space. */
static void decode_phrase(struct display *d, mailproto_bytes name)
{
    struct mailproto__value v;
    const char *p;
    mailproto__v_whole(&v, name, 0, NULL);
    p = mailproto__v_cfws(&v, v.at);
    while (p < v.end) {
        const char *start = p;
        const char *behind;
        while (p < v.end && *p != '(') {
            p = *p == '"' ? mailproto__v_quoted(&v, p) : p + 1;
        }
        behind = mailproto__v_cfws(&v, p);
        decode_piece(d, mailproto__v_trim(start, p), MAILPROTO_WORDS_PHRASE);
        if (behind < v.end) {
            mailproto__put_octet(&d->to, ' ');
        }
        p = behind;
    }
}

/* The inside of a comment: `\` is dropped, what it escapes begins a piece. */
static void decode_comment(struct display *d, mailproto_bytes comment)
{
    mailproto_bytes text = mailproto__v_trim(comment.ptr, comment.ptr + comment.len);
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;
    const char *start = p;
    while (p < end) {
        if (*p == '\\' && end - p >= 2) {
            decode_piece(d, mailproto__v_span(start, p), 0);
            start = p + 1;
            p++;
        }
        p++;
    }
    decode_piece(d, mailproto__v_span(start, end), 0);
}

mailproto_status mailproto_address_display(const mailproto_address *a, uint32_t flags,
                                           const mailproto_charset_converter *converter,
                                           char *out, size_t cap, size_t *len)
{
    const uint32_t known =
        MAILPROTO_WORDS_STRICT | MAILPROTO_WORDS_GUESS | MAILPROTO_ADDRESS_COMMENT_NAME;
    struct display d;
    size_t i;
    *len = 0;
    if ((flags & ~known) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(&d, 0, sizeof d);
    d.to.out = out;
    d.to.cap = cap;
    d.flags = flags & ~(uint32_t)MAILPROTO_ADDRESS_COMMENT_NAME;
    d.converter = converter;
    if (a->name.len > 0) {
        d.flags = mailproto__words_flags(d.flags, a->name);
        decode_phrase(&d, a->name);
    } else if ((flags & MAILPROTO_ADDRESS_COMMENT_NAME) != 0 && a->comment.len > 0) {
        d.flags = mailproto__words_flags(d.flags, a->comment);
        decode_comment(&d, a->comment);
    }
    if (d.status != MAILPROTO_OK) {
        return d.status;
    }
    /* Controls that encoded words brought in must not look like lines. */
    for (i = 0; i < d.to.len && i < cap; i++) {
        if ((unsigned char)out[i] < 32 || out[i] == 127) {
            out[i] = ' ';
        }
    }
    return mailproto__put_end(&d.to, len);
}
