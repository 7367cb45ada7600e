/*
 * Texts of any length as values of fields, a token a step: unstructured ones with encoded
 * words (RFC 2047), structured ones folded at their blanks. Knows folding; must not know
 * which field it is.
 *
 * A text is a row of segments, each a word with the blanks before it. A segment is
 * written as it is or within encoded words; runs of the latter are joined, for blanks
 * between encoded words do not count (RFC 2047 6.2).
 */
#include "message/compose.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"

enum {
    LINE_WORDS = 76, /* RFC 2047 2: a line that holds an encoded word */
    WORD = 75,       /* RFC 2047 2 */
    OVERHEAD = 12,   /* =?utf-8?q??= */
    LEAST = 12,      /* one character in Q */
    BLANKS_MAX = 60
};

struct segment {
    size_t start, word, end; /* blanks are [start, word) */
    int encode;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(mailproto_bytes t, size_t i)
{
    while (i < t.len && is_blank(t.ptr[i])) {
        i++;
    }
    return i;
}

/* The end of the word at `i`; `*plain` 0: it holds octets above 127, or what a reader
 * could take for an encoded word. */
static size_t skip_word(mailproto_bytes t, size_t i, int *plain)
{
    size_t start = i;
    for (; i < t.len && !is_blank(t.ptr[i]); i++) {
        if ((unsigned char)t.ptr[i] >= 128 ||
            (t.ptr[i] == '?' && i > start && t.ptr[i - 1] == '=')) {
            *plain = 0;
        }
    }
    return i;
}

/* The segment from `start` on. */
static struct segment segment_at(mailproto_bytes t, size_t start)
{
    struct segment s;
    size_t i;
    int plain = 1;
    s.start = start;
    s.word = skip_blanks(t, start);
    i = skip_word(t, s.word, &plain);
    s.end = i;
    i = skip_blanks(t, i);
    if (i == t.len && i > s.end) { /* blanks at the end of a value would be lost */
        s.end = i;
        plain = 0;
    }
    s.encode = !plain || s.end - s.start > MAILPROTO__COMPOSE_WORD ||
               s.word - s.start > BLANKS_MAX || (start == 0 && s.word > 0);
    return s;
}

static void put_fold(mailproto_compose *c)
{
    mailproto__compose_put(c, "\r\n", 2);
    c->column = 0;
    c->text.limit = MAILPROTO__COMPOSE_LINE;
}

/* ---- encoded words ---------------------------------------------------------------------- */

/* Characters an octet takes in Q. */
static size_t q_size(unsigned char c)
{
    return c == ' ' || (c > 32 && c < 127 && c != '=' && c != '?' && c != '_') ? 1 : 3;
}

static size_t put_q(char *out, const char *text, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 0;
    size_t i;
    for (i = 0; i < n; i++) {
        unsigned char octet = (unsigned char)text[i];
        if (q_size(octet) == 1) {
            out[len++] = octet == ' ' ? '_' : (char)octet;
        } else {
            out[len++] = '=';
            out[len++] = digits[octet >> 4];
            out[len++] = digits[octet & 15];
        }
    }
    return len;
}

static size_t put_b(char *out, const char *text, size_t n)
{
    mailproto_codec codec;
    size_t used;
    size_t len = 0;
    (void)mailproto_encoder_init(&codec, MAILPROTO_ENCODING_BASE64, 0);
    (void)mailproto_codec_run(&codec, text, n, &used, out, WORD, &len,
                              MAILPROTO_CODEC_FINAL);
    return len;
}

/* How many octets of whole characters `room` characters hold. */
static size_t piece(const char *text, size_t n, int q, size_t room)
{
    size_t fits = 0;
    size_t size = 0;
    size_t i = 0;
    while (i < n) {
        do {
            size += q_size((unsigned char)text[i]);
            i++;
        } while (i < n && ((unsigned char)text[i] & 0xC0) == 0x80);
        if ((q ? size : (i + 2) / 3 * 4) > room) {
            break;
        }
        fits = i;
    }
    return fits;
}

/* The next encoded word of the run, with what parts it from the one before. */
static void put_word(mailproto_compose *c, mailproto_bytes t)
{
    struct mailproto__compose_text *x = &c->text;
    char *out = c->scratch;
    size_t len = 0;
    size_t n = 0;
    size_t room;
    if (x->begun || c->column + OVERHEAD + LEAST > LINE_WORDS) {
        memcpy(out, "\r\n ", 3);
        len = 3;
        c->column = 1;
    }
    room = LINE_WORDS - OVERHEAD - c->column;
    if (room > WORD - OVERHEAD) {
        room = WORD - OVERHEAD;
    }
    n = piece(t.ptr + x->at, x->run - x->at, x->q, room);
    c->column -= (uint32_t)len;
    memcpy(out + len, x->q ? "=?utf-8?q?" : "=?utf-8?b?", 10);
    len += 10;
    len +=
        x->q ? put_q(out + len, t.ptr + x->at, n) : put_b(out + len, t.ptr + x->at, n);
    memcpy(out + len, "?=", 2);
    len += 2;
    c->column += (uint32_t)len;
    x->at += n;
    x->begun = 1;
    x->limit = LINE_WORDS;
    mailproto__compose_put(c, out, len);
}

/* A run of segments that are encoded begins with `s`. */
static void start_run(mailproto_compose *c, mailproto_bytes t, struct segment s)
{
    size_t q = 0;
    size_t i;
    size_t end = s.end;
    while (end < t.len) {
        struct segment next = segment_at(t, end);
        if (!next.encode) {
            break;
        }
        end = next.end;
    }
    for (i = s.start; i < end; i++) {
        q += q_size((unsigned char)t.ptr[i]);
    }
    c->text.run = end;
    c->text.q = q <= (end - s.start + 2) / 3 * 4;
    c->text.begun = 0;
}

/* ---- tokens -------------------------------------------------------------------------------- */

int mailproto__compose_words(mailproto_compose *c, mailproto_bytes t)
{
    struct mailproto__compose_text *x = &c->text;
    struct segment s;
    size_t width;
    if (x->at == t.len) {
        return 0;
    }
    if (x->at < x->run) {
        put_word(c, t);
        return 1;
    }
    s = segment_at(t, x->at);
    /* The blank before a run keeps it from what stands before, and is not in it. */
    width = s.encode ? 1U + OVERHEAD + LEAST : s.end - s.start;
    if (s.encode) {
        x->limit = LINE_WORDS;
    }
    if (s.start > 0 && c->column > 0 && c->column + width > x->limit) {
        put_fold(c);
    } else if (s.encode) {
        start_run(c, t, s);
        if (s.start == 0) {
            put_word(c, t);
        } else {
            mailproto__compose_put(c, t.ptr + s.start, 1);
            c->column++;
            x->at++;
        }
    } else {
        mailproto__compose_put(c, t.ptr + s.start, s.end - s.start);
        c->column += (uint32_t)(s.end - s.start);
        x->at = s.end;
    }
    return 1;
}

int mailproto__compose_raw(mailproto_compose *c, mailproto_bytes t)
{
    struct mailproto__compose_text *x = &c->text;
    size_t i = x->at;
    if (i == t.len) {
        return 0;
    }
    int plain;
    i = skip_word(t, skip_blanks(t, i), &plain);
    if (x->at > 0 && c->column > 0 && c->column + (i - x->at) > x->limit) {
        put_fold(c);
        return 1;
    }
    mailproto__compose_put(c, t.ptr + x->at, i - x->at);
    c->column += (uint32_t)(i - x->at);
    x->at = i;
    return 1;
}
