/*
 * Segments of text and single encoded words (RFC 2047). Knows what can stand as it is and
 * what fits in a word; must not know folding.
 */
#include "codec/words_write.h"

#include "codec/machine.h"
#include "core/chars.h"
#include "core/span.h"

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

int mailproto__words_holds_mark(mailproto_bytes t)
{
    size_t i;
    for (i = 1; i < t.len; i++) {
        if (t.ptr[i] == '?' && t.ptr[i - 1] == '=') {
            return 1;
        }
    }
    return 0;
}

/* Whether a segment of characters that need no encoding cannot stand as it is. */
static int is_awkward(mailproto_bytes t, const struct mailproto__words_segment *s,
                      int phrase)
{
    size_t blanks = s->word - s->start;
    if (mailproto__words_holds_mark(
            mailproto__span(t.ptr + s->word, s->end - s->word)) ||
        s->end - s->start > MAILPROTO__WORDS_SEGMENT ||
        blanks > MAILPROTO__WORDS_BLANKS) {
        return 1;
    }
    /* Blanks at the start of a value, and more than one in a phrase, would be lost. */
    return s->start == 0 ? blanks > 0 : phrase && blanks != 1;
}

struct mailproto__words_segment mailproto__words_segment(mailproto_bytes t,
                                                         size_t start, int phrase)
{
    struct mailproto__words_segment s;
    size_t i;
    int plain = 1;
    s.start = start;
    s.word = skip_blanks(t, start);
    for (i = s.word; i < t.len && !is_blank(t.ptr[i]); i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (phrase ? !mailproto__is(c, MAILPROTO__ATEXT) : c >= 128) {
            plain = 0;
        }
    }
    s.end = i;
    i = skip_blanks(t, i);
    if (i == t.len && i > s.end) { /* blanks at the end of a value would be lost */
        s.end = i;
        plain = 0;
    }
    s.encode = !plain || is_awkward(t, &s, phrase);
    return s;
}

/* ---- words -------------------------------------------------------------------------- */

/* Characters an octet takes in Q; in a phrase RFC 2047 5 (3) allows few. */
static size_t q_size(unsigned char c, int phrase)
{
    if (c == ' ' || mailproto__is(c, MAILPROTO__ALPHA | MAILPROTO__DIGIT)) {
        return 1;
    }
    if (c == '!' || c == '*' || c == '+' || c == '-' || c == '/') {
        return 1;
    }
    return !phrase && c > 32 && c < 127 && c != '=' && c != '?' && c != '_' ? 1 : 3;
}

int mailproto__words_prefers_q(mailproto_bytes t, int phrase)
{
    size_t size = 0;
    size_t i;
    for (i = 0; i < t.len; i++) {
        size += q_size((unsigned char)t.ptr[i], phrase);
    }
    return size <= (t.len + 2) / 3 * 4;
}

size_t mailproto__words_fit(mailproto_bytes t, int q, int phrase, uint32_t column)
{
    enum { TINY = 12 };
    const size_t most = MAILPROTO__WORDS_WORD - MAILPROTO__WORDS_OVERHEAD;
    size_t room = column + MAILPROTO__WORDS_OVERHEAD < MAILPROTO__WORDS_LINE
                      ? MAILPROTO__WORDS_LINE - MAILPROTO__WORDS_OVERHEAD - column
                      : 0;
    size_t fits = 0;
    size_t whole = 0; /* that need no padding in base64 */
    size_t size = 0;
    size_t i = 0;
    if (room > most) {
        room = most;
    }
    if (room < MAILPROTO__WORDS_LEAST) {
        return 0;
    }
    while (i < t.len) {
        do {
            size += q_size((unsigned char)t.ptr[i], phrase);
            i++;
        } while (i < t.len && ((unsigned char)t.ptr[i] & 0xC0U) == 0x80U);
        if ((q ? size : (i + 2) / 3 * 4) > room) {
            break;
        }
        fits = i;
        whole = i % 3 == 0 ? i : whole;
    }
    /* Readers that join words before they decode lose what stands behind a padding; but
     * no row of tiny words. */
    return !q && fits < t.len && (whole > fits / 2 || whole >= TINY) ? whole : fits;
}

static size_t put_q(mailproto_bytes t, int phrase, char *out)
{
    static const char digits[17] = "0123456789ABCDEF";
    size_t len = 0;
    size_t i;
    for (i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.ptr[i];
        if (c == ' ') {
            out[len++] = '_';
        } else if (q_size(c, phrase) == 1) {
            out[len++] = (char)c;
        } else {
            out[len++] = '=';
            out[len++] = digits[c >> 4];
            out[len++] = digits[c & 15];
        }
    }
    return len;
}

static size_t put_b(mailproto_bytes t, char *out)
{
    struct mailproto__codec c;
    struct mailproto__run r;
    memset(&r, 0, sizeof r);
    r.in = (const unsigned char *)t.ptr;
    r.in_len = t.len;
    r.out = (unsigned char *)out;
    r.out_cap = MAILPROTO__WORDS_WORD - MAILPROTO__WORDS_OVERHEAD;
    /* Not through mailproto_codec_run(): this is called deep down, and the stack bound
     * would count what other codecs need. */
    mailproto__codec_begin(&c, MAILPROTO__CODEC_BASE64_ENCODER, 0);
    (void)mailproto__base64_encode(&c, &r, MAILPROTO_CODEC_FINAL);
    return r.put;
}

size_t mailproto__words_put(mailproto_bytes t, int q, int phrase, char *out)
{
    size_t len = 10;
    memcpy(out, q ? "=?utf-8?q?" : "=?utf-8?b?", 10);
    len += q ? put_q(t, phrase, out + len) : put_b(t, out + len);
    memcpy(out + len, "?=", 2);
    return len + 2;
}
