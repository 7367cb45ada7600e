/*
 * Text as the value of a field: folds, quoted strings, encoded words (RFC 2047). Knows
 * where a line may be folded and what a phrase is of; must not know which field it is.
 *
 * The text is a row of segments, each a word with the blanks before it. A segment is
 * written as it is or within encoded words; runs of the latter are joined, for blanks
 * between encoded words do not count (RFC 2047 6.2).
 */
#include <mailproto/codec.h>

#include "codec/machine.h"
#include "codec/utf8.h"
#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"

enum {
    LINE = 78,         /* RFC 5322 2.1.1 */
    LINE_WORDS = 76,   /* RFC 2047 2: a line that holds an encoded word */
    WORD = 75,         /* RFC 2047 2 */
    OVERHEAD = 12,     /* =?utf-8?q??= */
    LEAST = 12,        /* one character in Q */
    SEGMENT_MAX = 900, /* a longer one could not keep its line below 998 */
    BLANKS_MAX = 60
};

struct writer {
    const unsigned char *text;
    size_t len;
    unsigned char *out;
    size_t cap, put;
    uint32_t column;
    uint32_t limit; /* of the present line */
    int phrase;
    int all; /* every segment is encoded */
    int over;
};

struct segment {
    size_t start, word, end; /* blanks are [start, word) */
    int encode;
};

static void put(struct writer *w, const void *data, size_t len)
{
    if (w->over || len > w->cap - w->put) {
        w->over = 1;
        return;
    }
    if (len > 0) {
        memcpy(w->out + w->put, data, len);
    }
    w->put += len;
    w->column += (uint32_t)len;
}

static void put_char(struct writer *w, unsigned char c)
{
    put(w, &c, 1);
}

static void fold(struct writer *w)
{
    put(w, "\r\n", 2);
    w->column = 0;
    w->limit = LINE;
}

static int is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

/* Whether a decoder could see a word in it. */
static int holds_mark(const unsigned char *text, size_t n)
{
    size_t i;
    for (i = 1; i < n; i++) {
        if (text[i] == '?' && text[i - 1] == '=') {
            return 1;
        }
    }
    return 0;
}

/* Whether a segment of characters that need no encoding cannot stand as it is. */
static int is_awkward(const struct writer *w, const struct segment *s)
{
    size_t blanks = s->word - s->start;
    if (holds_mark(w->text + s->word, s->end - s->word) ||
        s->end - s->start > SEGMENT_MAX || blanks > BLANKS_MAX) {
        return 1;
    }
    /* Blanks at the start of a value, and more than one in a phrase, would be lost. */
    return s->start == 0 ? blanks > 0 : w->phrase && blanks != 1;
}

/* The segment from `start` on. */
static struct segment segment_at(const struct writer *w, size_t start)
{
    const unsigned char *t = w->text;
    struct segment s;
    size_t i = start;
    int plain = 1;
    while (i < w->len && is_blank(t[i])) {
        i++;
    }
    s.start = start;
    s.word = i;
    for (; i < w->len && !is_blank(t[i]); i++) {
        if (w->phrase ? !mailproto__is(t[i], MAILPROTO__ATEXT) : t[i] >= 128) {
            plain = 0;
        }
    }
    s.end = i;
    while (i < w->len && is_blank(t[i])) {
        i++;
    }
    if (i == w->len && i > s.end) { /* blanks at the end of a value would be lost */
        s.end = i;
        plain = 0;
    }
    s.encode = w->all || !plain || is_awkward(w, &s);
    return s;
}
/* Folds before `width` characters that begin with a blank, if they do not fit. */
static void make_room(struct writer *w, size_t width)
{
    if (w->column > 0 && w->column + width > w->limit) {
        fold(w);
    }
}

/* ---- encoded words ---------------------------------------------------------------------- */

/* Characters an octet takes in Q; in a phrase RFC 2047 5 (3) allows few. */
static size_t q_size(const struct writer *w, unsigned char c)
{
    if (c == ' ' || mailproto__is(c, MAILPROTO__ALPHA | MAILPROTO__DIGIT)) {
        return 1;
    }
    if (c == '!' || c == '*' || c == '+' || c == '-' || c == '/') {
        return 1;
    }
    return !w->phrase && c > 32 && c < 127 && c != '=' && c != '?' && c != '_' ? 1 : 3;
}

static void put_q(struct writer *w, const unsigned char *text, size_t n)
{
    static const char digits[17] = "0123456789ABCDEF";
    size_t i;
    for (i = 0; i < n; i++) {
        if (text[i] == ' ') {
            put_char(w, '_');
        } else if (q_size(w, text[i]) == 1) {
            put_char(w, text[i]);
        } else {
            put_char(w, '=');
            put_char(w, (unsigned char)digits[text[i] >> 4]);
            put_char(w, (unsigned char)digits[text[i] & 15]);
        }
    }
}

static void put_b(struct writer *w, const unsigned char *text, size_t n)
{
    unsigned char buf[WORD];
    struct mailproto__codec c;
    struct mailproto__run r;
    memset(&r, 0, sizeof r);
    r.in = text;
    r.in_len = n;
    r.out = buf;
    r.out_cap = sizeof buf;
    /* Not through mailproto_codec_run(): this is called deep down, and the stack bound
     * would count what other codecs need. */
    mailproto__codec_begin(&c, MAILPROTO__CODEC_BASE64_ENCODER, 0);
    (void)mailproto__base64_encode(&c, &r, MAILPROTO_CODEC_FINAL);
    put(w, buf, r.put);
}

/* How many octets of whole characters `room` characters hold. */
static size_t piece(const struct writer *w, const unsigned char *text, size_t n, int q,
                    size_t room)
{
    size_t fits = 0;
    size_t i = 0;
    size_t size = 0;
    while (i < n) {
        do {
            size += q_size(w, text[i]);
            i++;
        } while (i < n && (text[i] & 0xC0U) == 0x80U);
        if ((q ? size : (i + 2) / 3 * 4) > room) {
            break;
        }
        fits = i;
    }
    return fits;
}

/* text[from, to) in encoded words, with CRLF SP between them. */
static void put_words(struct writer *w, size_t from, size_t to)
{
    const unsigned char *t = w->text;
    size_t q_all = 0;
    size_t i;
    int q;
    for (i = from; i < to; i++) {
        q_all += q_size(w, t[i]);
    }
    q = q_all <= (to - from + 2) / 3 * 4;
    while (from < to && !w->over) {
        size_t room =
            w->column + OVERHEAD < LINE_WORDS ? LINE_WORDS - OVERHEAD - w->column : 0;
        size_t n = 0;
        if (room > WORD - OVERHEAD) {
            room = WORD - OVERHEAD;
        }
        if (room >= LEAST) {
            n = piece(w, t + from, to - from, q, room);
        }
        if (n == 0) {
            fold(w);
            put_char(w, ' ');
            continue;
        }
        put(w, q ? "=?utf-8?q?" : "=?utf-8?b?", 10);
        if (q) {
            put_q(w, t + from, n);
        } else {
            put_b(w, t + from, n);
        }
        put(w, "?=", 2);
        w->limit = LINE_WORDS;
        from += n;
        if (from < to) {
            fold(w);
            put_char(w, ' ');
        }
    }
}

/* ---- the whole -------------------------------------------------------------------------- */

/* A run of segments that are encoded, from `s` on; where it ends. */
static size_t put_encoded(struct writer *w, struct segment s)
{
    size_t from = s.start;
    size_t end = s.end;
    if (s.start > 0) { /* the blank that keeps it from what stands before */
        if (w->column > 0 && w->column + 1U + OVERHEAD + LEAST > LINE_WORDS) {
            fold(w);
        }
        put_char(w, w->text[from]);
        from++;
    }
    while (end < w->len) {
        struct segment next = segment_at(w, end);
        if (!next.encode) {
            break;
        }
        end = next.end;
    }
    put_words(w, from, end);
    return end;
}

static void put_segments(struct writer *w)
{
    size_t at = 0;
    while (at < w->len && !w->over) {
        struct segment s = segment_at(w, at);
        if (s.encode) {
            at = put_encoded(w, s);
        } else {
            if (s.word > s.start) {
                make_room(w, s.end - s.start);
            }
            put(w, w->text + s.start, s.end - s.start);
            at = s.end;
        }
    }
}

/* A phrase in ASCII that is not only atoms: a quoted string (RFC 5322 3.2.4), folded at
 * its blanks. */
static void put_quoted(struct writer *w)
{
    size_t at = 0;
    put_char(w, '"');
    while (at < w->len && !w->over) {
        size_t end = at;
        while (end < w->len && is_blank(w->text[end])) {
            end++;
        }
        while (end < w->len && !is_blank(w->text[end])) {
            end++;
        }
        /* 2: the quote behind it, and a backslash */
        if (is_blank(w->text[at]) && end < w->len + 1U && at > 0) {
            make_room(w, end - at + 2);
        }
        for (; at < end; at++) {
            if (w->text[at] == '"' || w->text[at] == '\\') {
                put_char(w, '\\');
            }
            put_char(w, w->text[at]);
        }
    }
    put_char(w, '"');
}

/* How a phrase is written: 0 as segments are, 1 quoted. */
static int is_quoted(struct writer *w)
{
    size_t at = 0;
    size_t i;
    int quoted = 0;
    for (i = 0; i < w->len; i++) {
        w->all |= w->text[i] == '\t';
        if (w->text[i] >= 128) {
            return 0;
        }
    }
    while (at < w->len) {
        struct segment s = segment_at(w, at);
        if (s.end - s.start > BLANKS_MAX ||
            holds_mark(w->text + s.word, s.end - s.word)) {
            return 0;
        }
        quoted |= s.encode;
        at = s.end;
    }
    return quoted || w->len == 0;
}

mailproto_status mailproto_words_encode(mailproto_bytes text, uint32_t flags,
                                        uint32_t *column, void *out, size_t cap,
                                        size_t *len)
{
    struct writer w;
    size_t i = 0;
    *len = 0;
    if ((flags & ~(uint32_t)MAILPROTO_WORDS_PHRASE) != 0 ||
        !mailproto_utf8_check(text, NULL)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    while (i < text.len) {
        i += mailproto__find_control(mailproto__tail(text, i));
        if (i < text.len && text.ptr[i] != '\t') {
            return MAILPROTO_ERR_ARGUMENT;
        }
        i++;
    }
    memset(&w, 0, sizeof w);
    w.text = (const unsigned char *)text.ptr;
    w.len = text.len;
    w.out = (unsigned char *)out;
    w.cap = cap;
    w.column = *column;
    w.limit = LINE;
    w.phrase = (flags & MAILPROTO_WORDS_PHRASE) != 0;
    if (w.phrase && is_quoted(&w)) {
        put_quoted(&w);
    } else {
        put_segments(&w);
    }
    if (w.over) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    *column = w.column;
    *len = w.put;
    return MAILPROTO_OK;
}
