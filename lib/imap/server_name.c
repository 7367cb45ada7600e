/*
 * Whether a name for a new mailbox can be one (RFC 3501 5.1.3, RFC 9051 5.1): checked in
 * pieces, for nothing is kept of it. Knows where modified UTF-7 may be cut; must not know
 * hierarchies.
 */
#include "core/span.h"
#include "imap/server.h"

enum { PIECE = 256 };

/* Octets of a piece that can be looked at by itself: it ends where no shift is open and
 * none has just ended, if it can. */
static size_t piece_of(mailproto_bytes name)
{
    size_t cut = 0;
    size_t i;
    int shifted = 0;
    if (name.len <= PIECE) {
        return name.len;
    }
    for (i = 0; i < PIECE; i++) {
        char c = name.ptr[i];
        if (shifted) {
            shifted = c != '-';
        } else if (c == '&') {
            shifted = 1;
        } else {
            cut = i + 1;
        }
    }
    return cut > 0 ? cut : PIECE;
}

/* RFC 9051 5.1, RFC 6855 3: no control characters, those of 128 to 159 included, no line
 * separator (U+2028), no paragraph separator (U+2029). Of well-formed UTF-8. */
static int has_controls(mailproto_bytes utf8)
{
    size_t i;
    if (mailproto__find_control(utf8) < utf8.len) {
        return 1;
    }
    for (i = 0; i + 1 < utf8.len; i++) {
        unsigned char first = (unsigned char)utf8.ptr[i];
        unsigned char second = (unsigned char)utf8.ptr[i + 1];
        if (first == 0xC2 && second < 0xA0) {
            return 1;
        }
        if (first == 0xE2 && second == 0x80 && i + 2 < utf8.len &&
            ((unsigned char)utf8.ptr[i + 2] & 0xFEU) == 0xA8) {
            return 1;
        }
    }
    return 0;
}

/* Nor are there control characters in it, hidden or not.
 * Backslashes of the quoting may be looked at as they are: no shift holds one. */
static int is_utf7(mailproto_bytes name)
{
    char utf8[MAILPROTO_IMAP_NAME_MAX(PIECE)];
    while (name.len > 0) {
        size_t n = piece_of(name);
        size_t len;
        if (mailproto_imap_utf7_decode(mailproto__span(name.ptr, n), utf8, sizeof utf8,
                                       &len) != MAILPROTO_OK ||
            has_controls(mailproto__span(utf8, len))) {
            return 0;
        }
        name = mailproto__tail(name, n);
    }
    return 1;
}

int mailproto__imap_name_is_good(const mailproto_imap_string *name)
{
    if ((name->flags & MAILPROTO_IMAP_MUTF7) != 0) {
        return is_utf7(name->raw);
    }
    return mailproto__is_utf8(name->raw) && !has_controls(name->raw);
}
