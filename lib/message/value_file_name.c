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
    return c < 0xA0 || c == 0x61C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
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

static int is_edge(char c)
{
    return c == '.' || (unsigned char)c <= 32;
}

/* The last part of the path, blanks and dots at its ends off. */
static mailproto_bytes last_part(mailproto_bytes name)
{
    const char *start = name.len > 0 ? name.ptr : "";
    const char *end = start + name.len;
    const char *p;
    for (p = start; p < end; p++) {
        if (*p == '/' || *p == '\\') {
            start = p + 1;
        }
    }
    while (start < end && is_edge(*start)) {
        start++;
    }
    while (end > start && is_edge(end[-1])) {
        end--;
    }
    return mailproto__v_span(start, end);
}

/* Whether Windows takes it for a device, with any extension. */
static int is_device(mailproto_bytes name)
{
    static const char *const devices[] = {"con", "prn",    "aux",
                                          "nul", "conin$", "conout$"};
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
    return stem.len == 4 && mailproto__v_is(stem.ptr[3], MAILPROTO__V_DIGIT) &&
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

mailproto_status mailproto_file_name(mailproto_bytes name, size_t max, char *out,
                                     size_t cap, size_t *len)
{
    mailproto_bytes part = last_part(name);
    const char *dot;
    const char *end = part.ptr + part.len;
    struct mailproto__put to;
    size_t bound = max == 0 ? LENGTH : max;
    size_t tail;
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
    if (is_device(part)) {
        mailproto__put_octet(&to, '_');
    }
    dot = extension(part);
    tail = (size_t)(end - dot);
    put_safe(&to, mailproto__v_span(part.ptr, dot), bound - to.len - tail);
    put_safe(&to, mailproto__v_span(dot, end), tail);
    if (to.len > cap) {
        *len = to.len;
        return MAILPROTO_ERR_TOO_LONG;
    }
    while (to.len > 0 && is_edge(out[to.len - 1])) { /* where it was cut */
        to.len--;
    }
    *len = to.len;
    return MAILPROTO_OK;
}
