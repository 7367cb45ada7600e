/*
 * The text of encoded words (RFC 2047 4): octets out of Q and B, and from there to UTF-8.
 * Knows that words of one charset are joined before it is decoded; must not know what
 * stands between words.
 */
#include "codec/words.h"

#include "core/span.h"

/* Room that any step may take: U+FFFD or a character for what was held, and one more. */
enum { ROOM = 16, PIECE = 96 };

/* ---- charsets ---------------------------------------------------------------------- */

enum mailproto__words_known
mailproto__words_find(const struct mailproto__words *w, mailproto_bytes name,
                      struct mailproto__words_charset *charset)
{
    charset->name = name;
    charset->id = mailproto__charset_find(name);
    if (charset->id == MAILPROTO__CHARSET_UNKNOWN) {
        const char *star = (const char *)memchr(name.ptr, '*', name.len);
        if (star != NULL) { /* RFC 2231 5: charset*language */
            name.len = (size_t)(star - name.ptr);
            charset->name = name;
            charset->id = mailproto__charset_find(name);
        }
    }
    /* UTF-7 is not decoded here: it hides what looks like ASCII from those who look at
     * the raw value, and RFC 2152 has no use for it within these encodings. */
    if (charset->id != MAILPROTO__CHARSET_UNKNOWN &&
        charset->id != MAILPROTO__CHARSET_UTF7) {
        return MAILPROTO__WORDS_KNOWN;
    }
    if (w->converter == NULL || name.len == 0 || name.len > MAILPROTO__WORD_NAME) {
        return MAILPROTO__WORDS_UNKNOWN;
    }
    charset->id = MAILPROTO__CHARSET_UNKNOWN;
    return w->joined && mailproto__words_same(w, charset) ? MAILPROTO__WORDS_KNOWN
                                                          : MAILPROTO__WORDS_ASK;
}

int mailproto__words_ask(const struct mailproto__words *w,
                         const struct mailproto__words_charset *charset)
{
    struct mailproto__codec probe;
    struct mailproto__run r;
    unsigned char spare[ROOM];
    mailproto__codec_begin(&probe, MAILPROTO__CODEC_CONVERTER, 0);
    probe.u.converted.converter = w->converter;
    probe.u.converted.name = charset->name.ptr;
    probe.u.converted.name_len = (uint32_t)charset->name.len;
    memset(&r, 0, sizeof r);
    r.out = spare;
    r.out_cap = sizeof spare;
    return mailproto__charset_run(&probe, &r, 0) == MAILPROTO_OK;
}

int mailproto__words_same(const struct mailproto__words *w,
                          const struct mailproto__words_charset *charset)
{
    return charset->id == w->id &&
           (charset->id != MAILPROTO__CHARSET_UNKNOWN ||
            mailproto__equal_nocase(charset->name,
                                    mailproto__span(w->name, w->name_len)));
}

void mailproto__words_begin(struct mailproto__words *w,
                            const struct mailproto__words_charset *charset, int base64)
{
    w->in_word = 1;
    if (w->joined) {
        if (w->base64 != base64 && w->phase != 0) {
            w->defects |= MAILPROTO_CODEC_DEFECT_PADDING;
            w->phase = 0;
            w->bits = 0;
        }
        w->base64 = (uint8_t)base64;
        return;
    }
    w->joined = 1;
    w->base64 = (uint8_t)base64;
    w->phase = 0;
    w->bits = 0;
    w->held_len = 0;
    w->id = (uint8_t)charset->id;
    if (charset->id != MAILPROTO__CHARSET_UNKNOWN) {
        mailproto__charset_begin(&w->charset, charset->id, 0);
        return;
    }
    memcpy(w->name, charset->name.ptr, charset->name.len);
    w->name_len = (uint8_t)charset->name.len;
    mailproto__codec_begin(&w->charset, MAILPROTO__CODEC_CONVERTER, 0);
    w->charset.u.converted.converter = w->converter;
    w->charset.u.converted.name_len = w->name_len;
}

/* Controls would let a value end its field or hide the rest of it from C: those that come
 * out of words become spaces. */
static void clean(struct mailproto__words *w, unsigned char *out, size_t n)
{
    size_t i = 0;
    for (;;) {
        i += mailproto__find_control(mailproto__span((const char *)out + i, n - i));
        if (i >= n) {
            return;
        }
        if (out[i] != '\t') {
            out[i] = ' ';
            w->defects |= MAILPROTO_CODEC_DEFECT_CHARACTER;
        }
        i++;
    }
}

/* Decodes octets; what does not fit is held (the converter's only: the callers leave room
 * for what the library's own make of it). */
static mailproto_status convert(struct mailproto__words *w, struct mailproto__run *r,
                                const unsigned char *octets, size_t n, uint32_t flags)
{
    mailproto_status status;
    struct mailproto__run inner;
    inner.in = octets;
    inner.in_len = n;
    inner.used = 0;
    inner.out = r->out + r->put;
    inner.out_cap = mailproto__out_left(r);
    inner.put = 0;
    if (w->charset.kind == MAILPROTO__CODEC_CONVERTER) {
        w->charset.u.converted.name = w->name; /* the state may have been moved */
    }
    status = mailproto__charset_run(&w->charset, &inner, flags);
    clean(w, inner.out, inner.put);
    r->put += inner.put;
    w->defects |= w->charset.defects;
    w->held_len = (uint8_t)(n - inner.used <= sizeof w->held ? n - inner.used : 0);
    if (w->held_len > 0) {
        memmove(w->held, octets + inner.used, w->held_len);
    }
    return status;
}

/* ---- octets ------------------------------------------------------------------------ */

/* A hexadecimal digit in any case, or 255. */
static unsigned digit_of(unsigned char octet)
{
    unsigned value = mailproto__hex_digits[octet];
    return value < 64 ? value & 15U : 255U;
}

/* `?` in a word: 1: its end, taken; 0: text; -1: later input decides. */
static int take_mark(struct mailproto__words *w, struct mailproto__run *r, int final)
{
    if (mailproto__in_left(r) < 2) {
        return final ? 0 : -1;
    }
    if (r->in[r->used + 1] != '=') {
        return 0;
    }
    r->used += 2;
    w->in_word = 0;
    w->before = 0;
    return 1;
}

/* Q's text up to `n` octets or the first that means something: how many. */
static size_t plain_q(const unsigned char *in, unsigned char *to, size_t n)
{
    /* `=`, `?`, CR, LF: none of them is above 63. */
    const uint64_t special = UINT64_C(1) << '=' | UINT64_C(1) << '?' |
                             UINT64_C(1) << '\r' | UINT64_C(1) << '\n';
    size_t i;
    for (i = 0; i < n && (in[i] >= 64 || (special >> in[i] & 1) == 0); i++) {
        to[i] = in[i] == '_' ? ' ' : in[i];
    }
    return i;
}

/* Q's escapes up to `n` octets: how many octets came of them. */
static size_t escapes_q(const unsigned char *in, size_t left, unsigned char *to,
                        size_t n)
{
    size_t i;
    for (i = 0; i < n && left >= 3 && in[0] == '='; i++, in += 3, left -= 3) {
        unsigned high = digit_of(in[1]);
        unsigned low = digit_of(in[2]);
        if ((high | low) > 15) {
            break;
        }
        to[i] = (unsigned char)(high << 4 | low);
    }
    return i;
}

/* Q (RFC 2047 4.2): octets into `to`, at most `cap`. */
static size_t decode_q(struct mailproto__words *w, struct mailproto__run *r,
                       unsigned char *to, size_t cap, int final)
{
    size_t n = 0;
    for (;;) {
        size_t left = mailproto__in_left(r);
        size_t got = plain_q(r->in + r->used, to + n, left < cap - n ? left : cap - n);
        unsigned char octet;
        n += got;
        r->used += got;
        got = escapes_q(r->in + r->used, left - got, to + n, cap - n);
        n += got;
        r->used += 3 * got;
        if (n == cap || r->used == r->in_len) {
            break;
        }
        octet = r->in[r->used];
        if (got > 0 && octet != '=') {
            continue;
        }
        if (octet == '=') {
            if (mailproto__in_left(r) < 3 && !final) {
                break;
            }
            w->defects |= MAILPROTO_CODEC_DEFECT_ESCAPE;
        } else if (octet == '?') {
            if (take_mark(w, r, final) != 0) {
                break;
            }
        } else { /* CR or LF of a fold */
            r->used++;
            continue;
        }
        to[n++] = octet;
        r->used++;
    }
    return n;
}

/* A character of B that is not of the alphabet; 0: later input decides, or the end. */
static int take_other(struct mailproto__words *w, struct mailproto__run *r, int final)
{
    unsigned char octet = r->in[r->used];
    if (octet == '?' && take_mark(w, r, final) != 0) {
        return 0;
    }
    if (octet == '=') {
        if (w->bits != 0) {
            w->defects |= MAILPROTO_CODEC_DEFECT_BITS;
        }
        if (w->phase == 1) {
            w->defects |= MAILPROTO_CODEC_DEFECT_PADDING;
        }
        w->phase = 0;
        w->bits = 0;
    } else if (octet > 32) {
        w->defects |= MAILPROTO_CODEC_DEFECT_CHARACTER;
    }
    r->used++;
    return 1;
}

/* Whole groups of B, at most `n`: how many. */
static size_t groups_b(const unsigned char *in, unsigned char *to, size_t n)
{
    const int8_t *values = mailproto__base64_values;
    size_t i;
    for (i = 0; i < n; i++, in += 4, to += 3) {
        uint32_t group = (uint32_t)values[in[0]] << 18 | (uint32_t)values[in[1]] << 12 |
                         (uint32_t)values[in[2]] << 6 | (uint32_t)values[in[3]];
        if (group >> 31 != 0) {
            break;
        }
        to[0] = (unsigned char)(group >> 16);
        to[1] = (unsigned char)(group >> 8);
        to[2] = (unsigned char)group;
    }
    return i;
}

/* B (RFC 2047 4.1). A group that is not ended goes on in the next word. */
static size_t decode_b(struct mailproto__words *w, struct mailproto__run *r,
                       unsigned char *to, size_t cap, int final)
{
    size_t n = 0;
    while (n < cap && r->used < r->in_len) {
        int8_t value;
        if (w->phase == 0) {
            size_t groups = mailproto__in_left(r) / 4;
            size_t room = (cap - n) / 3;
            groups = groups_b(r->in + r->used, to + n, groups < room ? groups : room);
            n += 3 * groups;
            r->used += 4 * groups;
        }
        if (n == cap || r->used == r->in_len) {
            break;
        }
        value = mailproto__base64_values[r->in[r->used]]; /* -1: none */
        if (value < 0) {
            if (!take_other(w, r, final)) {
                break;
            }
            continue;
        }
        if (w->phase > 0) {
            unsigned shift = 6U - 2U * w->phase; /* 4, 2, 0 */
            to[n++] =
                (unsigned char)(((unsigned)w->bits << 6 | (uint8_t)value) >> shift);
            w->bits = (uint8_t)((uint8_t)value & ((1U << shift) - 1U));
        } else {
            w->bits = (uint8_t)value;
        }
        w->phase = (uint8_t)((w->phase + 1U) & 3U);
        r->used++;
    }
    return n;
}

mailproto_status mailproto__words_inside(struct mailproto__words *w,
                                         struct mailproto__run *r, uint32_t flags)
{
    int final = (flags & MAILPROTO_CODEC_FINAL) != 0;
    unsigned char piece[PIECE];
    mailproto_status status;
    while (w->in_word) {
        size_t cap = sizeof w->held;
        size_t n;
        if (w->held_len > 0) {
            status = convert(w, r, w->held, w->held_len, 0);
            if (status != MAILPROTO_OK) {
                return status;
            }
        }
        if (mailproto__out_left(r) < ROOM) {
            return MAILPROTO_AGAIN;
        }
        if (w->id != MAILPROTO__CHARSET_UNKNOWN) {
            cap = (mailproto__out_left(r) - 7) / 3; /* 7: of what is held */
            cap = cap < sizeof piece ? cap : sizeof piece;
        }
        n = w->base64 ? decode_b(w, r, piece, cap, final)
                      : decode_q(w, r, piece, cap, final);
        if (n > 0) {
            status = convert(w, r, piece, n, 0);
            if (status != MAILPROTO_OK) {
                return status;
            }
        } else if (w->in_word) {
            if (final) { /* cannot be: its end was seen before it was entered */
                w->in_word = 0;
            }
            break;
        }
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__words_end(struct mailproto__words *w,
                                      struct mailproto__run *r)
{
    unsigned char none[1] = {0};
    mailproto_status status;
    if (w->held_len > 0) {
        status = convert(w, r, w->held, w->held_len, 0);
        if (status != MAILPROTO_OK) {
            return status;
        }
    }
    if (mailproto__out_left(r) < ROOM / 2) {
        return MAILPROTO_AGAIN;
    }
    status = convert(w, r, none, 0, MAILPROTO_CODEC_FINAL);
    if (status != MAILPROTO_OK) {
        return status;
    }
    if (w->phase != 0) {
        w->defects |= MAILPROTO_CODEC_DEFECT_PADDING;
    }
    w->phase = 0;
    w->bits = 0;
    w->joined = 0;
    return MAILPROTO_OK;
}
