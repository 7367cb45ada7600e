/*
 * Names of files that a message proposes, made safe (RFC 2183 2.3 and 5). Knows what
 * file systems and people misread; must not know any file system's calls.
 */
#include "message/value.h"

#include "core/mem.h"

enum {
    LENGTH = 200, /* the default bound, octets */
    LEAST = 16,   /* the least bound */
    EXTENSION = 12
}; /* an extension up to this long is kept */

/* Whether a value of `n` octets may be that (RFC 3629 3). */
static int is_scalar(uint32_t value, size_t n)
{
    if (n == 3) {
        return value >= 0x800 && (value < 0xD800 || value > 0xDFFF);
    }
    return n < 3 || (value >= 0x10000 && value <= 0x10FFFF);
}

/* The octets of the character at `p`; 1 with `*bad` for what is none. */
static size_t character(const char *p, const char *end, int *bad, uint32_t *code)
{
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    uint32_t value = c < 0x80 ? c : c & (0xFFU >> (n + 1));
    size_t i;
    *bad = c >= 0x80 && (c < 0xC2 || c > 0xF4 || (size_t)(end - p) < n);
    for (i = 1; i < n && !*bad; i++) {
        *bad = ((unsigned char)p[i] & 0xC0) != 0x80;
        value = value << 6 | ((unsigned char)p[i] & 0x3FU);
    }
    *bad = *bad || !is_scalar(value, n);
    *code = value;
    return *bad ? 1 : n;
}

/* Characters that must not stand in a name: controls, what is special in paths and
 * shells of common systems, and what turns the order in which text is shown. */
static int is_unsafe(uint32_t c)
{
    static const char specials[] = "<>:\"|?*/\\";
    if (c < 128) {
        return c < 32 || c == 127 ||
               memchr(specials, (int)c, sizeof specials - 1) != NULL;
    }
    return c < 0xA0 || c == 0xAD || c == 0x61C || c == 0x200B || c == 0x200E ||
           c == 0x200F || (c >= 0x2028 && c <= 0x202E) || c == 0x2060 ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* Characters that are not seen at an end of a name. */
static int is_edge(uint32_t c)
{
    return c <= 32 || c == '.' || c == 0xA0 || c == 0xAD || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200F) || c == 0x202F || c == 0x205F || c == 0x2060 ||
           c == 0x3000 || c == 0xFEFF;
}

/* Writes up to `max` octets, whole characters. */
static void put_safe(struct mailproto__put *to, mailproto_bytes from, size_t max)
{
    const char *p = from.ptr;
    const char *end = p + from.len;
    size_t limit = to->len + max;
    while (p < end) {
        int bad;
        uint32_t code;
        size_t n = character(p, end, &bad, &code);
        size_t size = bad || is_unsafe(code) ? 1 : n;
        if (size > limit - to->len) {
            return;
        }
        if (bad || is_unsafe(code)) {
            mailproto__put_octet(to, '_');
        } else {
            mailproto__put_octets(to, p, n);
        }
        p += n;
    }
}

/* Octets of the edge character that text begins with, 0: none. */
static size_t edge_before(const char *p, const char *end)
{
    int bad;
    uint32_t code;
    size_t n = p < end ? character(p, end, &bad, &code) : 0;
    return n > 0 && !bad && is_edge(code) ? n : 0;
}

/* The same of its end. */
static size_t edge_behind(const char *p, const char *end)
{
    const char *at = end;
    while (at > p && end - at < 4) {
        at--;
        if (((unsigned char)*at & 0xC0) != 0x80) {
            break;
        }
    }
    return at < end && edge_before(at, end) == (size_t)(end - at) ? (size_t)(end - at)
                                                                  : 0;
}

/* The last part of the path, blanks and dots at its ends off. */
static mailproto_bytes last_part(mailproto_bytes name)
{
    const char *start = name.len > 0 ? name.ptr : "";
    const char *end = start + name.len;
    const char *p;
    size_t n;
    for (p = start; p < end; p++) {
        if (*p == '/' || *p == '\\') {
            start = p + 1;
        }
    }
    while ((n = edge_before(start, end)) > 0) {
        start += n;
    }
    while ((n = edge_behind(start, end)) > 0) {
        end -= n;
    }
    return mailproto__v_span(start, end);
}

/* The number of a port: a digit, or one of U+00B9, U+00B2, U+00B3 raised. */
static int is_port(mailproto_bytes b)
{
    return (b.len == 1 && mailproto__v_is(b.ptr[0], MAILPROTO__V_DIGIT)) ||
           (b.len == 2 && b.ptr[0] == '\xC2' &&
            (b.ptr[1] == '\xB9' || b.ptr[1] == '\xB2' || b.ptr[1] == '\xB3'));
}

/* Whether Windows takes it for a device, with any extension. */
static int is_device(mailproto_bytes name)
{
    static const char *const devices[] = {"con",    "prn",     "aux",   "nul",
                                          "conin$", "conout$", "clock$"};
    static const char *const ports[] = {"com", "lpt"};
    const char *dot = (const char *)memchr(name.ptr, '.', name.len);
    const char *end = dot != NULL ? dot : name.ptr + name.len;
    mailproto_bytes stem;
    while (end > name.ptr && end[-1] == ' ') {
        end--;
    }
    stem = mailproto__v_span(name.ptr, end);
    if (mailproto__v_find(stem, devices, sizeof devices / sizeof devices[0]) != 0) {
        return 1;
    }
    return is_port(mailproto__v_span(stem.ptr + (stem.len < 3 ? stem.len : 3), end)) &&
           mailproto__v_find(mailproto__v_span(stem.ptr, stem.ptr + 3), ports, 2) != 0;
}

/* Where the extension begins; the end: there is none worth keeping. */
static const char *extension(mailproto_bytes part)
{
    const char *end = part.ptr + part.len;
    const char *p = end;
    while (p > part.ptr && end - p <= EXTENSION) {
        p--;
        if (*p == '.') {
            return p > part.ptr ? p : end;
        }
    }
    return end;
}

/* Whether a name must not stand as it is: a device, or what programs and shells take for
 * an option or a home directory. */
static int is_special(mailproto_bytes name)
{
    return name.len > 0 &&
           (name.ptr[0] == '-' || name.ptr[0] == '~' || is_device(name));
}

/* The name in up to `bound` octets. */
static void put_name(struct mailproto__put *to, mailproto_bytes part, int prefix,
                     size_t bound)
{
    const char *end = part.ptr + part.len;
    const char *dot = extension(part);
    size_t tail = (size_t)(end - dot);
    size_t n;
    to->len = 0;
    if (prefix) {
        mailproto__put_octet(to, '_');
    }
    put_safe(to, mailproto__v_span(part.ptr, dot), bound - to->len - tail);
    put_safe(to, mailproto__v_span(dot, end), tail);
    while (to->len <= to->cap && /* where it was cut */
           (n = edge_behind(to->out, to->out + to->len)) > 0) {
        to->len -= n;
    }
}

mailproto_status mailproto_file_name(mailproto_bytes name, size_t max, char *out,
                                     size_t cap, size_t *len)
{
    mailproto_bytes part = last_part(name);
    struct mailproto__put to;
    size_t bound = max == 0 ? LENGTH : max;
    *len = 0;
    if (bound < LEAST) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    to.out = out;
    to.cap = cap;
    to.len = 0;
    if (part.len == 0) {
        return MAILPROTO_OK;
    }
    put_name(&to, part, is_special(part), bound);
    if (to.len <= cap && is_special(mailproto__v_span(out, out + to.len))) {
        put_name(&to, part, 1, bound); /* a device, now that it was cut */
    }
    *len = to.len;
    return to.len > cap ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK;
}
