/*
 * The structure of a message, the slow and obvious way. Reads the values of Content-Type
 * and Content-Transfer-Encoding with the library, nothing else of it.
 */
#include "naive_mime.h"

#include <stdlib.h>
#include <string.h>

#include "message/content_type.h"
#include "message_trace.h"

enum { DEPTH_MAX = 100 };

struct line {
    size_t start, end, next; /* `end`: without its line end */
};

struct boundary {
    char text[256];
    size_t len;
    int open;
};

struct naive {
    const char *data;
    size_t len;
    struct line *lines;
    size_t count;
    struct boundary stack[DEPTH_MAX + 1];
    size_t boundaries;
    uint32_t parts;
    struct text *out;
};

/* ---- lines --------------------------------------------------------------------------- */

static void split_lines(struct naive *n)
{
    size_t at = 0;
    n->lines = (struct line *)test_alloc((n->len + 1) * sizeof *n->lines);
    while (at < n->len) {
        struct line *l = &n->lines[n->count++];
        l->start = at;
        while (at < n->len && n->data[at] != '\n') {
            at++;
        }
        l->end = at;
        if (at < n->len) {
            if (at > l->start && n->data[at - 1] == '\r') {
                l->end--;
            }
            at++;
        }
        l->next = at;
    }
}

static size_t start_of(const struct naive *n, size_t line)
{
    return line < n->count ? n->lines[line].start : n->len;
}

/* Whether a blank stands at `at` of the octets. */
static int blank_at(const char *octets, size_t len, size_t at)
{
    return at < len && (octets[at] == ' ' || octets[at] == '\t');
}

/* Which boundary a line is the delimiter of, from 1 on, 0 for none; `*close`. A boundary
 * that is all of the line comes before the longest one with a blank behind it. */
static size_t delimiter(const struct naive *n, size_t line, int *close)
{
    const struct line *l = &n->lines[line];
    const char *at = n->data + l->start;
    size_t len = l->end - l->start;
    size_t blanks = 0;
    size_t best = 0;
    size_t i;
    if (len < 2 || at[0] != '-' || at[1] != '-') {
        return 0;
    }
    while (blanks < 256 && (at[len - 1] == ' ' || at[len - 1] == '\t')) {
        len--;
        blanks++;
    }
    at += 2;
    len -= 2;
    for (i = n->boundaries; i > 0; i--) {
        const struct boundary *b = &n->stack[i - 1];
        int hyphens;
        if (!b->open || len < b->len || memcmp(at, b->text, b->len) != 0) {
            continue;
        }
        hyphens = len >= b->len + 2 && memcmp(at + b->len, "--", 2) == 0;
        if (len == b->len || (len == b->len + 2 && hyphens)) {
            *close = hyphens;
            return i;
        }
        if ((best == 0 || b->len > n->stack[best - 1].len) &&
            blank_at(at, len, b->len + (hyphens ? 2U : 0U))) {
            best = i;
            *close = hyphens;
        }
    }
    return best;
}

/* The first line from `line` on that is a delimiter, or the count of lines. */
static size_t find_delimiter(const struct naive *n, size_t line)
{
    int close;
    while (line < n->count && delimiter(n, line, &close) == 0) {
        line++;
    }
    return line;
}

/* Where a body ends that begins with line `from` and is ended by line `stop`. */
static size_t end_of(const struct naive *n, size_t from, size_t stop)
{
    if (stop == n->count) {
        return n->len;
    }
    return stop == from ? n->lines[stop].start : n->lines[stop - 1].end;
}

/* ---- counts --------------------------------------------------------------------------- */

static uint64_t bare_lfs(const struct naive *n, size_t from, size_t to)
{
    uint64_t count = 0;
    size_t i;
    for (i = from; i < to; i++) {
        count += n->data[i] == '\n' && (i == from || n->data[i - 1] != '\r');
    }
    return count;
}

static void end_part(struct naive *n, uint32_t part, size_t from, size_t to,
                     uint32_t flags)
{
    uint64_t bare = bare_lfs(n, from, to);
    uint64_t lines = 0;
    size_t i;
    for (i = from; i < to; i++) {
        unsigned char c = (unsigned char)n->data[i];
        lines += c == '\n';
        if (c == '\r' && (i + 1 == to || n->data[i + 1] != '\n')) {
            flags |= MAILPROTO_MESSAGE_BARE_CR;
        }
        flags |= c == 0 ? (uint32_t)MAILPROTO_MESSAGE_NUL : 0;
        flags |= c > 127 ? (uint32_t)MAILPROTO_MESSAGE_8BIT : 0;
    }
    flags |= lines > bare ? (uint32_t)MAILPROTO_MESSAGE_NEWLINE_CRLF : 0;
    flags |= bare > 0 ? (uint32_t)MAILPROTO_MESSAGE_NEWLINE_LF : 0;
    trace_end(n->out, part, to, to - from, to - from + bare, lines, flags);
}

/* ---- headers --------------------------------------------------------------------------- */

struct header {
    struct mailproto__type type;
    char boundary[256];
    uint32_t encoding;
    int typed, encoded, blank;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Octets of a name and where the value begins; 0: no field. */
static size_t name_of(const char *at, size_t len, size_t *value)
{
    size_t i = 0;
    size_t name;
    if (len > 998) {
        len = 998;
    }
    while (i < len && at[i] != ':' && !is_blank(at[i])) {
        i++;
    }
    name = i;
    while (i < len && is_blank(at[i])) {
        i++;
    }
    *value = i + 1;
    if (i == len || at[i] != ':') {
        return 0;
    }
    /* A blank before the colon is told from one behind an octet no name may hold. */
    if (i > name) {
        size_t k;
        for (k = 0; k < name; k++) {
            if (at[k] < 33 || at[k] > 126) {
                return 0;
            }
        }
    }
    return name;
}

static void field(struct naive *n, struct header *h, size_t from, size_t to)
{
    size_t start = n->lines[from].start;
    size_t value = 0;
    size_t name = 0;
    size_t end = n->lines[to - 1].end;
    mailproto_bytes v;
    uint32_t id;
    if (!is_blank(n->data[start])) {
        name = name_of(n->data + start, n->lines[from].end - start, &value);
    }
    if (name == 0) {
        value = 0;
    }
    trace_field(n->out, start, n->lines[to - 1].next - start, name,
                end - start - value);
    v.ptr = n->data + start;
    v.len = name;
    id = mailproto_field_find(v);
    v.ptr = n->data + start + value;
    v.len = end - start - value;
    if (id == MAILPROTO_FIELD_CONTENT_TYPE && !h->typed) {
        h->typed = 1;
        mailproto__type_parse(v, 100, h->boundary, 250, &h->type);
    } else if (id == MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING && !h->encoded) {
        h->encoded = 1;
        h->encoding = mailproto_encoding_find(v);
    }
}

/* Whether a line, of which `most` octets are looked at, can be no field. */
static int is_junk(const struct naive *n, const struct line *l, size_t most)
{
    size_t len = l->end - l->start;
    size_t value;
    return is_blank(n->data[l->start]) ||
           name_of(n->data + l->start, len < most ? len : most, &value) == 0;
}

static int is_empty(const struct line *l)
{
    return l->end == l->start && l->next > l->end;
}

/* Whether a part has text where its header belongs: two such lines, or one and no more. */
static int begins_text(const struct naive *n, size_t line)
{
    const struct line *first = &n->lines[line];
    const struct line *second = first + 1;
    int close;
    if (line == n->count || is_empty(first) || delimiter(n, line, &close) != 0 ||
        !is_junk(n, first, 998)) {
        return 0;
    }
    if (first->next - first->start > 480 || line + 1 == n->count) {
        return 1;
    }
    return !is_empty(second) &&
           (delimiter(n, line + 1, &close) != 0 ||
            (!is_blank(n->data[second->start]) && is_junk(n, second, 512)));
}

/* The lines of a header from `line` on; where its body begins. */
static size_t header(struct naive *n, size_t line, int message, int may_lack,
                     struct header *h)
{
    int first = 1;
    int close;
    memset(h, 0, sizeof *h);
    h->encoding = MAILPROTO_ENCODING_7BIT;
    if (may_lack && begins_text(n, line)) {
        return line;
    }
    while (line < n->count) {
        const struct line *l = &n->lines[line];
        const char *at = n->data + l->start;
        size_t len = l->next - l->start;
        size_t to = line + 1;
        size_t quoted = len > 0 && at[0] == '>';
        if (is_empty(l)) {
            h->blank = 1;
            return line + 1;
        }
        if (delimiter(n, line, &close) != 0) {
            return line;
        }
        while (to < n->count && is_blank(n->data[n->lines[to].start])) {
            to++;
        }
        if (!(first && message && len > 5 + quoted &&
              memcmp(at + quoted, "From ", 5) == 0 && at[5 + quoted] != ':' &&
              !is_blank(at[5 + quoted]))) {
            field(n, h, line, to);
        }
        first = 0;
        line = to;
    }
    return line;
}

/* ---- parts ------------------------------------------------------------------------------ */

static size_t part(struct naive *n, size_t line, uint32_t depth, int message,
                   int digest, size_t *end);

/* From behind the header on; the line that ended it, `*end` where its body ends. */
static size_t multipart(struct naive *n, size_t line, uint32_t depth, int digest,
                        const struct header *h, size_t *end, uint32_t *flags)
{
    struct boundary *b = &n->stack[n->boundaries++];
    size_t mine = n->boundaries;
    size_t stop = find_delimiter(n, line);
    int close = 0;
    int seen = 0;
    memcpy(b->text, h->boundary, h->type.boundary_len);
    b->len = h->type.boundary_len;
    b->open = 1;
    stop = find_delimiter(n, line);
    *end = end_of(n, line, stop);
    trace_octets(n->out, MAILPROTO_MESSAGE_PREAMBLE, start_of(n, line),
                 *end - start_of(n, line));
    while (stop < n->count && delimiter(n, stop, &close) == mine && !close) {
        seen = 1;
        stop = part(n, stop + 1, depth + 1, 0, digest, end);
    }
    if (stop < n->count && delimiter(n, stop, &close) == mine) {
        size_t after = stop + 1;
        if (!seen) {
            trace_defect(n->out, MAILPROTO_DEFECT_CLOSED_FIRST, n->lines[stop].start);
        }
        b->open = 0;
        stop = find_delimiter(n, after);
        *end = stop == n->count ? n->len : n->lines[stop - 1].end;
        if (*end > start_of(n, after)) {
            trace_octets(n->out, MAILPROTO_MESSAGE_EPILOGUE, start_of(n, after),
                         *end - start_of(n, after));
        }
    } else {
        *flags = MAILPROTO_MESSAGE_UNCLOSED;
        trace_defect(n->out,
                     seen ? MAILPROTO_DEFECT_NOT_CLOSED : MAILPROTO_DEFECT_NO_PARTS,
                     *end);
    }
    n->boundaries--;
    return stop;
}

static size_t part(struct naive *n, size_t line, uint32_t depth, int message,
                   int digest, size_t *end)
{
    uint32_t number = n->parts++;
    uint32_t flags = 0;
    size_t start = start_of(n, line);
    struct header h;
    size_t body;
    int multi;
    int inner;
    int encoded;
    trace_begin(n->out, depth, number, 0, start);
    line = header(n, line, message, depth > 0 && !message && !digest, &h);
    body = start_of(n, line);
    if (h.type.type.len == 0) {
        h.type.type.ptr = digest ? "message" : "text";
        h.type.type.len = digest ? 7 : 4;
        h.type.subtype.ptr = digest ? "rfc822" : "plain";
        h.type.subtype.len = digest ? 6 : 5;
        h.type.media = digest ? MAILPROTO_MEDIA_RFC822 : MAILPROTO_MEDIA_TEXT_PLAIN;
    }
    encoded = h.encoding > MAILPROTO_ENCODING_BINARY;
    multi = h.type.media >= 16 && h.type.media < 32;
    inner = h.type.media >= 32 && h.type.media < 48;
    if (depth >= DEPTH_MAX || (multi && h.type.boundary_len == 0) ||
        (inner && encoded)) {
        trace_headers_end(n->out, h.type.type, h.type.subtype, h.type.media, h.encoding,
                          multi || inner, body - start,
                          body - start + bare_lfs(n, start, body));
        multi = 0;
        inner = 0;
    } else {
        trace_headers_end(n->out, h.type.type, h.type.subtype, h.type.media, h.encoding,
                          0, body - start, body - start + bare_lfs(n, start, body));
    }
    if (!h.blank) {
        trace_defect(n->out, MAILPROTO_DEFECT_NO_BLANK_LINE, body);
    }
    if (multi) {
        line = multipart(n, line, depth, h.type.media == MAILPROTO_MEDIA_DIGEST, &h,
                         end, &flags);
    } else if (inner) {
        line = part(n, line, depth + 1, 1, 0, end);
    } else {
        size_t stop = find_delimiter(n, line);
        *end = end_of(n, line, stop);
        trace_octets(n->out, MAILPROTO_MESSAGE_BODY, body, *end - body);
        line = stop;
    }
    end_part(n, number, body, *end, flags);
    return line;
}

void naive_mime(const char *data, size_t len, struct text *out)
{
    struct naive *n = (struct naive *)test_alloc(sizeof *n);
    size_t end;
    memset(n, 0, sizeof *n);
    n->data = data;
    n->len = len;
    n->out = out;
    split_lines(n);
    (void)part(n, 0, 0, 1, 0, &end);
    free(n->lines);
    free(n);
}
