/*
 * Strings and mailbox names on their way out: an atom, quoted, or a literal, whichever is
 * the simplest that can hold the octets for this client. Names are modified UTF-7 (RFC
 * 3501 5.1.3) until the client enables UTF-8 (RFC 9051 5.1, RFC 9755 3).
 *
 * CR and LF can stand in literals and in the base64 of modified UTF-7, and only there; NUL
 * nowhere.
 */
#include "codec/utf8.h"
#include "imap/lex.h"
#include "imap/server_write.h"

/* Longer ones are literals: some clients read lines of limited length. */
enum { QUOTED_MAX = 1000 };

/* The octets of a string, one after the other. */
struct octets {
    const unsigned char *at, *end;
    uint32_t bits;   /* of UTF-16 that are not written yet */
    uint32_t low;    /* the second half of a pair, or 0 */
    uint8_t count;   /* how many bits */
    uint8_t utf7;    /* modified UTF-7 is made */
    uint8_t shifted; /* within its base64 */
    uint8_t pending; /* `-` of `&-` */
};

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int is_printable(unsigned char c)
{
    return c >= 0x20 && c <= 0x7E;
}

/* The code point at hand, of well-formed UTF-8, is passed. */
static uint32_t take_point(struct octets *o)
{
    uint8_t low;
    uint8_t high;
    unsigned char first = *o->at;
    unsigned tail = first < 0x80 ? 0 : mailproto__utf8_tail(first, &low, &high);
    uint32_t point = tail == 0 ? first : first & (0x3FU >> tail);
    o->at++;
    for (; tail > 0 && o->at < o->end; tail--) {
        point = point << 6 | (*o->at & 0x3FU);
        o->at++;
    }
    return point;
}

/* The next unit of UTF-16 joins the bits. */
static void take_unit(struct octets *o)
{
    uint32_t unit = o->low;
    o->low = 0;
    if (unit == 0) {
        unit = take_point(o);
        if (unit >= 0x10000) {
            o->low = 0xDC00 + ((unit - 0x10000) & 0x3FFU);
            unit = 0xD800 + ((unit - 0x10000) >> 10);
        }
    }
    o->bits = o->bits << 16 | unit;
    o->count = (uint8_t)(o->count + 16U);
}

/* The next octet within the base64. */
static int next_digit(struct octets *o)
{
    if (o->count < 6 && (o->low != 0 || (o->at < o->end && !is_printable(*o->at)))) {
        take_unit(o);
    }
    if (o->count >= 6) {
        o->count = (uint8_t)(o->count - 6U);
        return (unsigned char)digits[o->bits >> o->count & 0x3FU];
    }
    if (o->count > 0) {
        int digit = (unsigned char)digits[o->bits << (6U - o->count) & 0x3FU];
        o->count = 0;
        return digit;
    }
    o->shifted = 0;
    return '-';
}

/* The next octet, or -1. */
static int next_octet(struct octets *o)
{
    if (o->shifted) {
        return next_digit(o);
    }
    if (o->pending) {
        o->pending = 0;
        return '-';
    }
    if (o->at == o->end) {
        return -1;
    }
    if (o->utf7 && !is_printable(*o->at)) {
        o->shifted = 1;
        o->bits = 0;
        return '&';
    }
    o->pending = o->utf7 && *o->at == '&';
    return *o->at++;
}

static struct octets octets_of(mailproto_bytes b, int utf7)
{
    struct octets o;
    memset(&o, 0, sizeof o);
    o.at = (const unsigned char *)b.ptr;
    o.end = b.len > 0 ? o.at + b.len : o.at;
    o.utf7 = utf7 != 0;
    return o;
}

/* ---- which form ----------------------------------------------------------------------- */

enum { AN_ATOM = 1, A_QUOTED = 2 };

struct traits {
    uint64_t len;
    uint8_t forms; /* AN_ATOM, A_QUOTED: what it can be beside a literal */
    int high;      /* octets above 127 */
};

static struct traits look(struct octets o)
{
    struct traits t = {0, AN_ATOM | A_QUOTED, 0};
    int c;
    while ((c = next_octet(&o)) >= 0) {
        t.len++;
        if (c == '\r' || c == '\n') {
            t.forms = 0;
        } else if (c == '[' || !mailproto__imap_is((char)c, MAILPROTO__IMAP_ATOM)) {
            /* An atom may hold "[", but readers that look for sections trip over it. */
            t.forms = (uint8_t)(t.forms & ~(unsigned)AN_ATOM);
        }
        t.high |= c > 127;
    }
    if (t.len == 0) {
        t.forms = A_QUOTED;
    } else if (t.len > QUOTED_MAX) {
        t.forms = 0;
    }
    return t;
}

static void say_all(struct mailproto__imap_say *say, struct octets o, int quoted)
{
    char piece[64];
    size_t n = 0;
    int c;
    while ((c = next_octet(&o)) >= 0) {
        if (n + 2 > sizeof piece) {
            mailproto__imap_say(say, piece, n);
            n = 0;
        }
        if (quoted && (c == '"' || c == '\\')) {
            piece[n++] = '\\';
        }
        piece[n++] = (char)c;
    }
    mailproto__imap_say(say, piece, n);
}

/* `atoms`: it may be one. */
static void say_form(struct mailproto__imap_say *say, mailproto_bytes b, int utf7,
                     int atoms)
{
    struct octets o = octets_of(b, utf7);
    struct traits t = look(o);
    /* RFC 9051 9: `NIL` alone is no string to those who look for one. */
    if (b.len == 3 && mailproto__imap_same("NIL", b.ptr, 3)) {
        t.forms = A_QUOTED;
    }
    if (t.high && !(mailproto__imap_takes_utf8(say->server) && mailproto__is_utf8(b))) {
        t.forms = 0;
    }
    if (atoms && (t.forms & AN_ATOM)) {
        say_all(say, o, 0);
    } else if (t.forms & A_QUOTED) {
        MAILPROTO__IMAP_SAY(say, "\"");
        say_all(say, o, 1);
        MAILPROTO__IMAP_SAY(say, "\"");
    } else {
        MAILPROTO__IMAP_SAY(say, "{");
        mailproto__imap_say_number(say, t.len);
        MAILPROTO__IMAP_SAY(say, "}\r\n");
        say_all(say, o, 0);
    }
}

/* Whether octets can be said at all: no NUL (RFC 9051 9: CHAR8). */
static int is_sayable(mailproto_bytes b)
{
    return b.len == 0 || (b.ptr != NULL && memchr(b.ptr, '\0', b.len) == NULL);
}

static void say_any(struct mailproto__imap_say *say, mailproto_bytes b, int utf7,
                    int atoms)
{
    say->bad |= !is_sayable(b);
    if (!say->bad) {
        say_form(say, b, utf7, atoms);
    }
}

/* ---- the calls ------------------------------------------------------------------------ */

void mailproto__imap_say_string(struct mailproto__imap_say *say, mailproto_bytes b)
{
    say_any(say, b, 0, 0);
}

void mailproto__imap_say_nstring(struct mailproto__imap_say *say, mailproto_bytes b)
{
    if (b.ptr == NULL && b.len == 0) {
        MAILPROTO__IMAP_SAY(say, "NIL");
    } else {
        say_any(say, b, 0, 0);
    }
}

void mailproto__imap_say_astring(struct mailproto__imap_say *say, mailproto_bytes b)
{
    say_any(say, b, 0, 1);
}

void mailproto__imap_say_name(struct mailproto__imap_say *say, mailproto_bytes name,
                              uint32_t flags)
{
    if ((flags & ~(uint32_t)MAILPROTO_IMAP_NAME_RAW) != 0) {
        say->bad = 1;
    } else if (flags != 0) {
        say_any(say, name, 0, 1);
    } else {
        say->bad |= name.len > 0 && (name.ptr == NULL || !mailproto__is_utf8(name));
        say_any(say, name, !mailproto__imap_takes_utf8(say->server), 1);
    }
}

void mailproto__imap_say_prefix(struct mailproto__imap_say *say, mailproto_bytes prefix)
{
    say->bad |= prefix.len > 0 && (prefix.ptr == NULL || !mailproto__is_utf8(prefix));
    say_any(say, prefix, !mailproto__imap_takes_utf8(say->server), 0);
}
