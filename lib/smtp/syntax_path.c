/*
 * Paths, mailboxes, domains and address literals (RFC 5321 4.1.2, 4.1.3; RFC 6531 3.3).
 * Knows their grammar and limits; must not know any command.
 */
#include "smtp/syntax.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "smtp/syntax_param.h"

enum { /* RFC 5321 4.5.3.1.1 to 4.5.3.1.3 */
       LOCAL_MAX = 64,
       DOMAIN_MAX = 255,
       PATH_MAX_OCTETS = 256
};

/* The octet at `i`, or -1 at the end. */
static int at(mailproto_bytes b, size_t i)
{
    return i < b.len ? (unsigned char)b.ptr[i] : -1;
}

static int is_class(mailproto_bytes b, size_t i, unsigned classes)
{
    return i < b.len && mailproto__is((unsigned char)b.ptr[i], classes);
}

/* The end of the octets of these classes that begin at `i`. */
static size_t skip(mailproto_bytes b, size_t i, unsigned classes)
{
    while (i < b.len && mailproto__is((unsigned char)b.ptr[i], classes)) {
        i++;
    }
    return i;
}

static mailproto_bytes cut(mailproto_bytes b, size_t from, size_t to)
{
    return mailproto__span(b.ptr + from, to - from);
}

/* ---- domains --------------------------------------------------------------------- */

/* sub-domain *("." sub-domain) from `i` on: its end, or `*bad` set and where. */
static size_t scan_domain(mailproto_bytes b, size_t i, int *bad)
{
    const unsigned let_dig = MAILPROTO__ALPHA | MAILPROTO__DIGIT | MAILPROTO__HIGH;
    for (;;) {
        if (!is_class(b, i, let_dig)) {
            *bad = 1;
            return i;
        }
        i = skip(b, i, let_dig);
        while (at(b, i) == '-') {
            i = skip(b, i + 1, let_dig);
        }
        if (b.ptr[i - 1] == '-') {
            *bad = 1;
            return i - 1;
        }
        if (at(b, i) != '.') {
            return i;
        }
        i++;
    }
}

/* Snum 3("." Snum), all of it. */
static int is_ipv4(mailproto_bytes b)
{
    unsigned parts = 0;
    size_t i = 0;
    for (;;) {
        size_t start = i;
        uint64_t value;
        i = skip(b, i, MAILPROTO__DIGIT);
        if (i - start > 3 || !mailproto__number(cut(b, start, i), 255, &value)) {
            return 0;
        }
        parts++;
        if (parts == 4) {
            return i == b.len;
        }
        if (at(b, i) != '.') {
            return 0;
        }
        i++;
    }
}

static int is_hex(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* The end of the hexadecimal digits that begin at `i`. */
static size_t scan_hex(mailproto_bytes b, size_t i)
{
    while (is_hex(at(b, i))) {
        i++;
    }
    return i;
}

/* IPv6-addr, all of it. */
static int is_ipv6(mailproto_bytes b)
{
    unsigned groups = 0;
    int compressed = at(b, 0) == ':' && at(b, 1) == ':';
    size_t i = compressed ? 2 : 0;
    while (i < b.len) {
        size_t end = scan_hex(b, i);
        if (at(b, end) == '.') { /* IPv6v4-full, IPv6v4-comp */
            return (compressed ? groups <= 4 : groups == 6) &&
                   is_ipv4(mailproto__tail(b, i));
        }
        if (end == i || end - i > 4) {
            return 0;
        }
        groups++;
        i = end;
        if (i == b.len) {
            break;
        }
        if (at(b, i) != ':' || i + 1 == b.len) {
            return 0;
        }
        i++;
        if (at(b, i) == ':') {
            if (compressed) {
                return 0;
            }
            compressed = 1;
            i++;
        }
    }
    /* "::" stands for two groups at least. */
    return compressed ? groups <= 6 : groups == 8;
}

/* What stands between the brackets of an address literal. */
static int is_literal(mailproto_bytes b)
{
    size_t tag = 0;
    size_t i;
    while (is_class(b, tag, MAILPROTO__ALPHA | MAILPROTO__DIGIT) || at(b, tag) == '-') {
        tag++;
    }
    if (at(b, tag) != ':') {
        return is_ipv4(b);
    }
    if (tag == 0 || b.ptr[tag - 1] == '-' || tag + 1 == b.len) {
        return 0;
    }
    if (mailproto__equal_nocase(cut(b, 0, tag), MAILPROTO__LITERAL("IPv6"))) {
        return is_ipv6(mailproto__tail(b, tag + 1));
    }
    for (i = tag + 1; i < b.len; i++) {
        if (!is_class(b, i, MAILPROTO__DCONTENT)) {
            return 0;
        }
    }
    return 1;
}

/* A domain or an address literal from `i` on: its end. */
static size_t scan_host(mailproto_bytes b, size_t i, uint32_t *flags, int *bad)
{
    const char *close;
    size_t end;
    if (at(b, i) != '[') {
        return scan_domain(b, i, bad);
    }
    close = (const char *)memchr(b.ptr + i, ']', b.len - i);
    if (close == NULL) {
        *bad = 1;
        return b.len;
    }
    end = (size_t)(close - b.ptr);
    if (!is_literal(cut(b, i + 1, end))) {
        *bad = 1;
        return i;
    }
    *flags |= MAILPROTO_SMTP_PATH_LITERAL;
    return end + 1;
}

size_t mailproto__smtp_find_high(mailproto_bytes b)
{
    size_t i = 0;
    size_t word = 0;
    while (b.len - i >= sizeof word) {
        memcpy(&word, b.ptr + i, sizeof word);
        if ((word & (~(size_t)0 / 255U * 128U)) != 0) {
            break;
        }
        i += sizeof word;
    }
    while (i < b.len && !is_class(b, i, MAILPROTO__HIGH)) {
        i++;
    }
    return i;
}

int mailproto__smtp_domain(mailproto_bytes text, int utf8)
{
    uint32_t flags = 0;
    int bad = 0;
    size_t end = scan_host(text, 0, &flags, &bad);
    if (bad || end != text.len || end > DOMAIN_MAX) {
        return 0;
    }
    return mailproto__smtp_find_high(text) == text.len ||
           (utf8 && mailproto__is_utf8(text));
}

/* ---- local parts ----------------------------------------------------------------- */

/* Quoted-string from `i` on: its end. */
static size_t scan_quoted(mailproto_bytes b, size_t i, int *bad)
{
    i++;
    for (;;) {
        int c = at(b, i);
        if (c == '"') {
            return i + 1;
        }
        if (c == '\\') {
            /* quoted-pairSMTP: RFC 6531 did not extend it to UTF-8 */
            i++;
            c = at(b, i);
            if (c > 126) {
                c = -1;
            }
        }
        if (c < 32 || c == 127) {
            *bad = 1;
            return i;
        }
        i++;
    }
}

/* Dot-string from `i` on: its end. */
static size_t scan_atoms(mailproto_bytes b, size_t i, int *bad)
{
    const unsigned atext = MAILPROTO__ATEXT | MAILPROTO__HIGH;
    for (;;) {
        if (!is_class(b, i, atext)) {
            *bad = 1;
            return i;
        }
        i = skip(b, i, atext);
        if (at(b, i) != '.') {
            return i;
        }
        i++;
    }
}

/* ---- mailboxes ------------------------------------------------------------------- */

/* A mailbox from `start` on: fills its spans and flags. `*end`: its end, or the offset
 * of the fault. `bad` is what a fault of the grammar is called. */
static enum mailproto__smtp_fault scan_mailbox(mailproto_bytes b, size_t start,
                                               int utf8, enum mailproto__smtp_fault bad,
                                               mailproto_smtp_path *out, size_t *end)
{
    int quoted = at(b, start) == '"';
    int wrong = 0;
    size_t local =
        quoted ? scan_quoted(b, start, &wrong) : scan_atoms(b, start, &wrong);
    size_t high;
    *end = local;
    if (wrong || at(b, local) != '@') {
        return bad;
    }
    if (local - start > LOCAL_MAX) {
        *end = start + LOCAL_MAX;
        return MAILPROTO__SMTP_LONG_PATH;
    }
    *end = scan_host(b, local + 1, &out->flags, &wrong);
    if (wrong) {
        return bad;
    }
    if (*end - local - 1 > DOMAIN_MAX) {
        *end = local + 1 + DOMAIN_MAX;
        return MAILPROTO__SMTP_LONG_PATH;
    }
    out->flags |= quoted ? (uint32_t)MAILPROTO_SMTP_PATH_QUOTED : 0;
    out->mailbox = cut(b, start, *end);
    out->local = cut(b, start, local);
    out->domain = cut(b, local + 1, *end);
    high = mailproto__smtp_find_high(out->mailbox);
    if (high < out->mailbox.len) {
        out->flags |= MAILPROTO_SMTP_PATH_UTF8;
        if (!utf8 || !mailproto__is_utf8(out->mailbox)) {
            *end = start + high;
            return utf8 ? bad : MAILPROTO__SMTP_UTF8_PATH;
        }
    }
    return MAILPROTO__SMTP_GOOD;
}

static void clear(mailproto_smtp_path *out)
{
    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
}

enum mailproto__smtp_fault mailproto__smtp_mailbox(mailproto_bytes text, int utf8,
                                                   mailproto_smtp_path *out,
                                                   size_t *fault)
{
    const enum mailproto__smtp_fault bad = MAILPROTO__SMTP_BAD_RECIPIENT;
    enum mailproto__smtp_fault found;
    clear(out);
    found = scan_mailbox(text, 0, utf8, bad, out, fault);
    if (found != MAILPROTO__SMTP_GOOD) {
        return found;
    }
    if (*fault != text.len) {
        return bad;
    }
    if (text.len + 2 > PATH_MAX_OCTETS) { /* the brackets count */
        *fault = PATH_MAX_OCTETS - 2;
        return MAILPROTO__SMTP_LONG_PATH;
    }
    return MAILPROTO__SMTP_GOOD;
}

/* ---- paths ----------------------------------------------------------------------- */

/* A-d-l ":" from `i` on: its end. */
static size_t scan_route(mailproto_bytes b, size_t i, int *bad)
{
    for (;;) {
        if (at(b, i) != '@') {
            *bad = 1;
            return i;
        }
        i = scan_domain(b, i + 1, bad);
        if (*bad) {
            return i;
        }
        if (at(b, i) == ':') {
            return i + 1;
        }
        if (at(b, i) != ',') {
            *bad = 1;
            return i;
        }
        i++;
    }
}

/* Postmaster ">" behind "<" (RFC 5321 4.1.1.3: in any case, without a domain). */
static int is_postmaster(mailproto_bytes b)
{
    static const size_t len = sizeof "Postmaster" - 1;
    return at(b, len + 1) == '>' &&
           mailproto__equal_nocase(cut(b, 1, len + 1),
                                   MAILPROTO__LITERAL("Postmaster"));
}

enum mailproto__smtp_fault mailproto__smtp_path(mailproto_bytes text, int utf8,
                                                int may_be_null, int may_be_postmaster,
                                                mailproto_smtp_path *out, size_t *used)
{
    const enum mailproto__smtp_fault bad =
        may_be_null ? MAILPROTO__SMTP_BAD_SENDER : MAILPROTO__SMTP_BAD_RECIPIENT;
    enum mailproto__smtp_fault found;
    int wrong = 0;
    size_t i = 1;
    clear(out);
    *used = 0;
    if (at(text, 0) != '<') {
        return bad;
    }
    if (may_be_null && at(text, 1) == '>') {
        out->flags = MAILPROTO_SMTP_PATH_NULL;
        out->mailbox = cut(text, 1, 1);
        *used = 2;
        return MAILPROTO__SMTP_GOOD;
    }
    if (may_be_postmaster && is_postmaster(text)) {
        *used = sizeof "<Postmaster>" - 1;
        out->mailbox = cut(text, 1, *used - 1);
        out->local = out->mailbox;
        return MAILPROTO__SMTP_GOOD;
    }
    if (at(text, 1) == '@') {
        i = scan_route(text, 1, &wrong);
        *used = i;
        if (wrong) {
            return bad;
        }
        out->flags = MAILPROTO_SMTP_PATH_ROUTE;
    }
    found = scan_mailbox(text, i, utf8, bad, out, used);
    if (found != MAILPROTO__SMTP_GOOD) {
        return found;
    }
    if (at(text, *used) != '>') {
        return bad;
    }
    (*used)++;
    if (*used > PATH_MAX_OCTETS) {
        *used = PATH_MAX_OCTETS;
        return MAILPROTO__SMTP_LONG_PATH;
    }
    return MAILPROTO__SMTP_GOOD;
}

mailproto_status mailproto_smtp_path_parse(mailproto_bytes text, int utf8,
                                           mailproto_smtp_path *out)
{
    enum mailproto__smtp_fault fault;
    mailproto_smtp_path path;
    size_t end;
    if (at(text, 0) == '<') {
        fault = mailproto__smtp_path(text, utf8, 1, 1, &path, &end);
    } else {
        fault = mailproto__smtp_mailbox(text, utf8, &path, &end);
    }
    if (fault == MAILPROTO__SMTP_LONG_PATH) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    if (fault != MAILPROTO__SMTP_GOOD || end != text.len) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return mailproto__output_copy(out, &path, sizeof path);
}
