/*
 * The light reading of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2183 2):
 * type, boundary, whether there is a name. Lenient: what cannot be read is passed over up
 * to the next semicolon. Must not know the scanner.
 */
#include "message/content_type.h"

#include "core/mem.h"
#include "core/span.h"
#include "message/clear.h"
#include "message/value.h"

enum { TYPE_MAX = 127, BOUNDARY_RFC = 70, SECTIONS = 16 };

/* ---- tokens ------------------------------------------------------------------------- */

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 5.1: token. */
static int is_token(char c)
{
    return (unsigned char)c < 128 && mailproto__v_is(c, MAILPROTO__V_TOKEN);
}

/* What lies behind a comment, which may hold others (RFC 5322 3.2.2). */
static size_t skip_comment(mailproto_bytes v, size_t i)
{
    size_t depth = 0;
    for (; i < v.len; i++) {
        if (v.ptr[i] == '\\') {
            i++;
        } else if (v.ptr[i] == '(') {
            depth++;
        } else if (v.ptr[i] == ')') {
            depth--;
            if (depth == 0) {
                return i + 1;
            }
        }
    }
    return v.len;
}

/* What lies behind blanks, folds and comments. */
static size_t skip(mailproto_bytes v, size_t i)
{
    while (i < v.len) {
        if (v.ptr[i] == '(') {
            i = skip_comment(v, i);
        } else if (is_space(v.ptr[i])) {
            i++;
        } else {
            break;
        }
    }
    return i;
}

static mailproto_bytes token(mailproto_bytes v, size_t *i)
{
    size_t from = *i;
    while (*i < v.len && is_token(v.ptr[*i])) {
        (*i)++;
    }
    return mailproto__span(v.len > 0 ? v.ptr + from : v.ptr, *i - from);
}

/* ---- values of parameters ------------------------------------------------------------ */

/* Where a value's octets go: all are counted, `room` of them kept. */
struct value {
    char *to;
    size_t room, len;
    int extended;  /* percent-encoded (RFC 2231 4) */
    unsigned skip; /* apostrophes that end what stands before it */
    int open;      /* a quoted string has no end */
};

static void put(struct value *out, char c)
{
    if (out->len < out->room) {
        out->to[out->len] = c;
    }
    out->len++;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet at `i`; behind it. */
static size_t take(mailproto_bytes v, size_t i, struct value *out)
{
    char c = v.ptr[i];
    if (out->extended) {
        if (out->skip > 0) {
            out->skip -= c == '\'';
            return i + 1;
        }
        if (c == '%' && v.len - i > 2 && hex(v.ptr[i + 1]) >= 0 &&
            hex(v.ptr[i + 2]) >= 0) {
            put(out, (char)(hex(v.ptr[i + 1]) * 16 + hex(v.ptr[i + 2])));
            return i + 3;
        }
    }
    put(out, c);
    return i + 1;
}

/* Octets of a quoted string that stand for themselves, as in nearly all of them. */
static size_t take_run(mailproto_bytes v, size_t i, struct value *out)
{
    size_t from = i;
    size_t n;
    while (i < v.len && v.ptr[i] != '"' && v.ptr[i] != '\\' && v.ptr[i] != '\r' &&
           v.ptr[i] != '\n') {
        i++;
    }
    n = out->len < out->room ? out->room - out->len : 0;
    n = n < i - from ? n : i - from;
    if (n > 0) {
        memcpy(out->to + out->len, v.ptr + from, n);
    }
    out->len += i - from;
    return i;
}

/* A quoted string, or the rest if its end is missing; folds are not part of it. */
static size_t quoted(mailproto_bytes v, size_t i, struct value *out)
{
    i++;
    if (!out->extended) {
        i = take_run(v, i, out);
    }
    while (i < v.len && v.ptr[i] != '"') {
        if (v.ptr[i] == '\\' && i + 1 < v.len) {
            i++;
        }
        if (v.ptr[i] == '\r' || v.ptr[i] == '\n') {
            i++;
        } else {
            i = take(v, i, out);
        }
    }
    out->open = i == v.len;
    return i < v.len ? i + 1 : v.len;
}

/* A value, also one that should have been quoted: many boundaries are not. A comment may
 * stand right behind it (RFC 2045 5.1). */
static size_t read_value(mailproto_bytes v, size_t i, struct value *out)
{
    if (i < v.len && v.ptr[i] == '"') {
        return quoted(v, i, out);
    }
    while (i < v.len && v.ptr[i] != ';' && v.ptr[i] != '(' && !is_space(v.ptr[i])) {
        i = take(v, i, out);
    }
    return i;
}

/* Whether a name and an `=` stand there: a parameter, though no semicolon may. */
static int is_parameter(mailproto_bytes v, size_t i)
{
    size_t end = i;
    if (token(v, &end).len == 0) {
        return 0;
    }
    end = skip(v, end);
    return end < v.len && v.ptr[end] == '=';
}

/* The next semicolon that stands in no string and no comment, or a parameter behind a gap
 * that should have had one. */
static size_t skip_parameter(mailproto_bytes v, size_t i)
{
    struct value nowhere = {NULL, 0, 0, 0, 0, 0};
    while (i < v.len && v.ptr[i] != ';') {
        if (v.ptr[i] == '"') {
            i = quoted(v, i, &nowhere);
        } else if (v.ptr[i] == '(' || is_space(v.ptr[i])) {
            i = skip(v, i);
        } else {
            i++;
            continue;
        }
        if (is_parameter(v, i)) {
            break;
        }
    }
    return i;
}

/* Where the next parameter is looked for. */
struct place {
    size_t at;
    uint32_t left; /* how many may be */
    int loose;     /* no semicolon stands before the present one */
};

/* The next parameter's name, `at` then at its value; empty: there is none. Empty ones
 * (";;") are passed over, and so is what has no "=". */
static mailproto_bytes next_name(mailproto_bytes v, struct place *p)
{
    for (;;) {
        mailproto_bytes name;
        size_t behind;
        p->at = skip_parameter(v, p->at);
        p->loose = p->at < v.len && v.ptr[p->at] != ';';
        while (p->at < v.len && v.ptr[p->at] == ';') {
            p->at = skip(v, p->at + 1);
        }
        if (p->at >= v.len || p->left == 0) {
            return mailproto__span(NULL, 0);
        }
        p->left--;
        name = token(v, &p->at);
        behind = skip(v, p->at);
        if (name.len > 0 && behind < v.len && v.ptr[behind] == '=') {
            p->at = skip(v, behind + 1);
            return name;
        }
    }
}

/* Most names differ in the first letter. */
static int is_alike(mailproto_bytes a, mailproto_bytes b)
{
    return ((a.ptr[0] ^ b.ptr[0]) & ~' ') == 0 && mailproto__equal_nocase(a, b);
}

/* Whether a parameter is `name`, also in a form of RFC 2231 (name*, name*0, name*0*). */
static int is_form_of(mailproto_bytes parameter, mailproto_bytes name)
{
    return parameter.len >= name.len &&
           is_alike(mailproto__span(parameter.ptr, name.len), name) &&
           (parameter.len == name.len || parameter.ptr[name.len] == '*');
}

/* ---- boundary -------------------------------------------------------------------------- */

/* RFC 2046 5.1.1: bchars, of the octets below 128. */
static unsigned is_bchar(char c)
{
    static const uint32_t bits[4] = {0x00000000, 0xA7FFFB81, 0x87FFFFFE, 0x07FFFFFE};
    unsigned char octet = (unsigned char)c;
    return bits[octet >> 5 & 3] >> (octet & 31) & (octet < 128);
}

static void check_boundary(struct mailproto__type *t, const char *text, size_t room,
                           size_t len)
{
    unsigned good = 1;
    size_t i;
    t->flags |= MAILPROTO__TYPE_BOUNDARY;
    if (len > room) {
        t->flags |= MAILPROTO__TYPE_LIMIT;
        return;
    }
    if (len > BOUNDARY_RFC) {
        t->flags |= MAILPROTO__TYPE_ODD;
    }
    while (len > 0 &&
           is_space(text[len - 1])) { /* a line's end cannot be told from it */
        t->flags |= MAILPROTO__TYPE_ODD;
        len--;
    }
    for (i = 0; i < len; i++) {
        good &= is_bchar(text[i]);
    }
    if (!good) {
        t->flags |= MAILPROTO__TYPE_ODD;
    }
    t->boundary_len = (uint16_t)len;
}

/* ---- a boundary of RFC 2231 -------------------------------------------------------------- */

/* Where the parts of a boundary in the forms of RFC 2231 stand: `boundary*` alone, else
 * `boundary*0`, `boundary*1` and so on, in any order. 0: there is none. */
struct sections {
    size_t whole;               /* behind the "=" of `boundary*` */
    size_t at[SECTIONS];        /* of `boundary*N` */
    uint8_t extended[SECTIONS]; /* `boundary*N*` */
    uint8_t more;               /* numbers over the limit */
};

/* Notes a form of the boundary; `form` begins with the "*" behind its name. What is no
 * form is passed over, and of two the first counts. */
static void note_section(struct sections *s, mailproto_bytes form, size_t at)
{
    size_t i = 1;
    size_t n = 0;
    if (form.len == 1) {
        s->whole = s->whole != 0 ? s->whole : at;
        return;
    }
    while (i < form.len && form.ptr[i] >= '0' && form.ptr[i] <= '9' && n < SECTIONS) {
        n = n * 10 + (size_t)(form.ptr[i] - '0');
        i++;
    }
    if (n >= SECTIONS) {
        s->more = 1;
        return;
    }
    /* RFC 2231 7: no zeros in front. */
    if (i == 1 || (form.ptr[1] == '0' && i > 2) || form.len - i > 1 ||
        (i < form.len && form.ptr[i] != '*') || s->at[n] != 0) {
        return;
    }
    s->at[n] = at;
    s->extended[n] = i < form.len;
}

/* Appends a section; the first extended one has charset'language' in front of it. */
static void read_section(mailproto_bytes v, size_t at, int extended, int first,
                         struct value *out)
{
    out->extended = extended;
    out->skip = extended && first ? 2 : 0;
    (void)read_value(v, at, out);
    if (out->skip > 0) { /* it has not */
        out->len = 0;
        out->skip = 0;
        (void)read_value(v, at, out);
    }
}

/* Joins the sections (RFC 2231 3, 4). The charset is of no interest: boundaries are
 * ASCII, and other octets are compared as they are. */
static void join_boundary(mailproto_bytes v, const struct sections *s, char *boundary,
                          size_t room, struct mailproto__type *t)
{
    struct value value = {boundary, room, 0, 0, 0, 0};
    size_t n = 0;
    if (s->whole != 0) {
        read_section(v, s->whole, 1, 1, &value);
    } else {
        for (; n < SECTIONS && s->at[n] != 0; n++) {
            read_section(v, s->at[n], s->extended[n], n == 0, &value);
        }
        if (n == 0) {
            return;
        }
        if (n == SECTIONS && s->more) {
            value.len = room + 1;
        }
    }
    check_boundary(t, boundary, room, value.len);
}

/* Whether something other than a semicolon follows (RFC 2045 5.1). */
static int goes_on(mailproto_bytes v, size_t i)
{
    i = skip(v, i);
    return i < v.len && v.ptr[i] != ';';
}

/* The boundary in its plain form. Where a semicolon or a quote is missing, or something
 * stands behind it, others read another boundary, or none. */
static void plain_boundary(mailproto_bytes v, struct place *p, char *boundary,
                           size_t room, struct mailproto__type *t)
{
    struct value value = {boundary, room, 0, 0, 0, 0};
    p->at = read_value(v, p->at, &value);
    check_boundary(t, boundary, room, value.len);
    if (value.len > 0 && (p->loose || value.open || goes_on(v, p->at))) {
        t->flags |= MAILPROTO__TYPE_ODD;
    }
}

static void type_parameters(mailproto_bytes v, size_t i, uint32_t max_params,
                            char *boundary, size_t room, struct mailproto__type *t)
{
    const mailproto_bytes wanted = MAILPROTO__LITERAL("boundary");
    struct sections sections;
    struct place place = {i, max_params, 0};
    int forms = 0;
    if (room > MAILPROTO__TYPE_BOUNDARY_MAX) {
        room = MAILPROTO__TYPE_BOUNDARY_MAX;
    }
    for (;;) {
        mailproto_bytes name = next_name(v, &place);
        if (name.len == 0) {
            break;
        }
        if (is_form_of(name, MAILPROTO__LITERAL("name"))) {
            t->flags |= MAILPROTO__TYPE_NAMED;
        } else if (!is_form_of(name, wanted)) {
            continue;
        } else if (name.len > wanted.len) {
            if (!forms) {
                mailproto__clear(&sections, sizeof sections);
                forms = 1;
            }
            note_section(&sections, mailproto__tail(name, wanted.len), place.at);
        } else if (t->flags & MAILPROTO__TYPE_BOUNDARY) {
            t->flags |= MAILPROTO__TYPE_ODD; /* the first one counts */
        } else {
            plain_boundary(v, &place, boundary, room, t);
        }
    }
    if (forms) {
        /* Readers that do not know RFC 2231 see another message, or none. One in the plain
         * form counts before it: most readers look at nothing else. */
        t->flags |= MAILPROTO__TYPE_ODD;
        if (!(t->flags & MAILPROTO__TYPE_BOUNDARY)) {
            join_boundary(v, &sections, boundary, room, t);
        }
    }
    if (place.at < v.len) {
        t->flags |= MAILPROTO__TYPE_PARAMS;
    }
}

/* ---- types ------------------------------------------------------------------------------ */

struct name {
    const char *text;
    uint16_t len;
    uint16_t media;
};
#define NAME(text, media)                                                              \
    {                                                                                  \
        text, sizeof(text) - 1, MAILPROTO_MEDIA_##media                                \
    }

static const struct name types[] = {
    NAME("text", TEXT),   NAME("multipart", MULTIPART),     NAME("message", MESSAGE),
    NAME("image", IMAGE), NAME("application", APPLICATION), NAME("audio", AUDIO),
    NAME("video", VIDEO),
};
static const struct name texts[] = {NAME("plain", TEXT_PLAIN), NAME("html", TEXT_HTML)};
static const struct name multiparts[] = {
    NAME("mixed", MIXED),   NAME("alternative", ALTERNATIVE), NAME("related", RELATED),
    NAME("digest", DIGEST), NAME("signed", SIGNED),           NAME("report", REPORT),
};
static const struct name messages[] = {
    NAME("rfc822", RFC822),
    NAME("global", GLOBAL),
    NAME("news", NEWS),
    NAME("delivery-status", DELIVERY_STATUS),
    NAME("global-delivery-status", DELIVERY_STATUS),
    NAME("disposition-notification", DISPOSITION_NOTIFICATION),
    NAME("global-disposition-notification", DISPOSITION_NOTIFICATION),
    NAME("feedback-report", FEEDBACK_REPORT),
};

static uint32_t find(const struct name *names, size_t count, mailproto_bytes text,
                     uint32_t otherwise)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if (names[i].len == text.len &&
            is_alike(mailproto__span(names[i].text, text.len), text)) {
            return names[i].media;
        }
    }
    return otherwise;
}
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

uint32_t mailproto__media(mailproto_bytes type, mailproto_bytes subtype)
{
    uint32_t media = find(types, COUNT(types), type, MAILPROTO_MEDIA_OTHER);
    switch (media) {
    case MAILPROTO_MEDIA_TEXT:
        return find(texts, COUNT(texts), subtype, media);
    case MAILPROTO_MEDIA_MULTIPART:
        return find(multiparts, COUNT(multiparts), subtype, media);
    case MAILPROTO_MEDIA_MESSAGE:
        return find(messages, COUNT(messages), subtype, media);
    default:
        return media;
    }
}

void mailproto__type_parse(mailproto_bytes value, uint32_t max_params, char *boundary,
                           size_t room, struct mailproto__type *out)
{
    size_t i = skip(value, 0);
    memset(out, 0, sizeof *out);
    out->type = token(value, &i);
    i = skip(value, i);
    if (i < value.len && value.ptr[i] == '/') {
        i = skip(value, i + 1);
        out->subtype = token(value, &i); /* and the gap behind it stays: see below */
    }
    if (out->type.len == 0 || out->subtype.len == 0 || out->type.len > TYPE_MAX ||
        out->subtype.len > TYPE_MAX) {
        out->type.len = 0;
        out->subtype.len = 0;
        out->flags = MAILPROTO__TYPE_SYNTAX;
        return;
    }
    out->media = mailproto__media(out->type, out->subtype);
    if (goes_on(value, i)) {
        out->flags |= MAILPROTO__TYPE_JUNK;
    }
    type_parameters(value, i, max_params, boundary, room, out);
}

uint32_t mailproto__disposition_parse(mailproto_bytes value, uint32_t max_params)
{
    size_t i = skip(value, 0);
    mailproto_bytes type = token(value, &i);
    struct place place = {i, max_params, 0};
    uint32_t found = 0;
    if (mailproto__equal_nocase(type, MAILPROTO__LITERAL("inline"))) {
        found = MAILPROTO_MESSAGE_INLINE;
    } else if (type.len > 0) {
        found = MAILPROTO_MESSAGE_ATTACHMENT; /* RFC 2183 2.8: unknown ones as well */
    }
    for (;;) {
        mailproto_bytes name = next_name(value, &place);
        if (name.len == 0) {
            return found;
        }
        if (is_form_of(name, MAILPROTO__LITERAL("filename"))) {
            found |= MAILPROTO_MESSAGE_NAMED;
        }
    }
}
