/*
 * Text as the value of a field: folds, quoted strings, encoded words (RFC 2047). Knows
 * where a line may be folded and what a phrase is of; must not know which field it is.
 */
#include "codec/words_write.h"

#include "codec/utf8.h"
#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"

enum { LINE = 78 /* RFC 5322 2.1.1 */ };

struct writer {
    const unsigned char *text;
    size_t len;
    unsigned char *out; /* for octets [skip, skip + cap) of what is written */
    size_t skip, cap;
    size_t put; /* octets written in all */
    uint32_t column;
    uint32_t limit; /* of the present line */
    int phrase;
    int all; /* every segment is encoded */
};

static void put(struct writer *w, const void *data, size_t len)
{
    size_t from = w->put < w->skip ? w->skip - w->put : 0;
    size_t at = w->put + from - w->skip;
    if (from < len && at < w->cap) {
        size_t n = len - from < w->cap - at ? len - from : w->cap - at;
        memcpy(w->out + at, (const char *)data + from, n);
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

static mailproto_bytes text_of(const struct writer *w)
{
    return mailproto__span((const char *)w->text, w->len);
}

static mailproto_bytes part_of(const struct writer *w, size_t from, size_t to)
{
    return mailproto__span((const char *)w->text + from, to - from);
}

/* The segment from `start` on. */
static struct mailproto__words_segment segment_at(const struct writer *w, size_t start)
{
    struct mailproto__words_segment s =
        mailproto__words_segment(text_of(w), start, w->phrase);
    s.encode |= w->all;
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

/* text[from, to) in encoded words, with CRLF SP between them. */
static void put_words(struct writer *w, size_t from, size_t to)
{
    int q = mailproto__words_prefers_q(part_of(w, from, to), w->phrase);
    while (from < to) {
        char word[MAILPROTO__WORDS_WORD];
        size_t n = mailproto__words_fit(part_of(w, from, to), q, w->phrase, w->column);
        if (n == 0) {
            fold(w);
            put_char(w, ' ');
            continue;
        }
        put(w, word,
            mailproto__words_put(part_of(w, from, from + n), q, w->phrase, word));
        w->limit = MAILPROTO__WORDS_LINE;
        from += n;
        if (from < to) {
            fold(w);
            put_char(w, ' ');
        }
    }
}

/* ---- the whole -------------------------------------------------------------------------- */

/* A run of segments that are encoded, from `s` on; where it ends. */
static size_t put_encoded(struct writer *w, struct mailproto__words_segment s)
{
    size_t from = s.start;
    size_t end = s.end;
    if (s.start > 0) { /* the blank that keeps it from what stands before */
        if (w->column > 0 &&
            w->column + 1U + MAILPROTO__WORDS_OVERHEAD + MAILPROTO__WORDS_LEAST >
                MAILPROTO__WORDS_LINE) {
            fold(w);
        }
        put_char(w, w->text[from]);
        from++;
    }
    while (end < w->len) {
        struct mailproto__words_segment next = segment_at(w, end);
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
    while (at < w->len) {
        struct mailproto__words_segment s = segment_at(w, at);
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
    while (at < w->len) {
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
        struct mailproto__words_segment s = segment_at(w, at);
        if (s.end - s.start > MAILPROTO__WORDS_BLANKS ||
            mailproto__words_holds_mark(part_of(w, s.word, s.end))) {
            return 0;
        }
        quoted |= s.encode;
        at = s.end;
    }
    return quoted || w->len == 0;
}

mailproto_status mailproto__words_encode(mailproto_bytes text, uint32_t flags,
                                         uint32_t *column, size_t skip, void *out,
                                         size_t cap, size_t *len)
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
    w.skip = skip;
    w.cap = cap;
    w.column = *column;
    w.limit = LINE;
    w.phrase = (flags & MAILPROTO_WORDS_PHRASE) != 0;
    if (w.phrase && is_quoted(&w)) {
        put_quoted(&w);
    } else {
        put_segments(&w);
    }
    *column = w.column;
    *len = w.put;
    return MAILPROTO_OK;
}

mailproto_status mailproto_words_encode(mailproto_bytes text, uint32_t flags,
                                        uint32_t *column, void *out, size_t cap,
                                        size_t *len)
{
    uint32_t at = *column;
    mailproto_status status =
        mailproto__words_encode(text, flags, &at, 0, out, cap, len);
    if (status == MAILPROTO_OK && *len > cap) {
        *len = 0;
        return MAILPROTO_ERR_TOO_LONG;
    }
    *column = status == MAILPROTO_OK ? at : *column;
    return status;
}
