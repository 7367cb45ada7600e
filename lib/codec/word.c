/*
 * The text of encoded words (RFC 2047 4): octets out of Q and B, and from there to UTF-8.
 * Knows that words of one charset are joined before it is decoded; must not know what
 * stands between words.
 */
#include "codec/words.h"

#include "codec/plain.h"
#include "codec/utf8.h"
#include "core/span.h"

/* Room that any step may take: U+FFFD or a character for what was held, and one more. */
enum { ROOM = 16, PIECE = 96 };

/* ---- defects ----------------------------------------------------------------------- */

void mailproto__words_flaw(struct mailproto__words *w, uint32_t what, uint64_t at)
{
    unsigned i;
    for (i = 0; i < MAILPROTO__WORD_DEFECTS; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if ((what & bit) != 0 &&
            ((w->defects & bit) == 0 || at < w->defect_offset[i])) {
            w->defect_offset[i] = at;
        }
    }
    w->defects |= what;
}

/* At the next octet. */
static void flaw_here(struct mailproto__words *w, const struct mailproto__run *r,
                      uint32_t what)
{
    mailproto__words_flaw(w, what, w->offset + r->used);
}

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
    /* UTF-7 is not decoded here, by the converter neither: it hides what looks like ASCII
     * from those who look at the raw value, and RFC 2152 has no use for it within these
     * encodings. */
    if (charset->id != MAILPROTO__CHARSET_UNKNOWN &&
        charset->id != MAILPROTO__CHARSET_UTF7) {
        return MAILPROTO__WORDS_KNOWN;
    }
    if (w->converter == NULL || charset->id == MAILPROTO__CHARSET_UTF7 ||
        name.len == 0 || name.len > MAILPROTO__WORD_NAME) {
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
                            const struct mailproto__words_charset *charset, int base64,
                            uint64_t offset)
{
    uint64_t before = w->word;
    w->in_word = 1;
    w->word = offset;
    if (w->joined) {
        if (w->base64 != base64 && w->phase != 0) {
            mailproto__words_flaw(w, MAILPROTO_CODEC_DEFECT_PADDING, before);
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
 * out of words become spaces. Those from U+0080 on are text to readers and stay, but are
 * told: terminals obey them. */
static void clean(struct mailproto__words *w, unsigned char *out, size_t n)
{
    size_t i = mailproto__find_control(mailproto__span((const char *)out, n));
    if (i == n && (n == 0 || memchr(out, 0xC2, n) == NULL)) {
        return;
    }
    for (i = 0; i < n; i++) {
        int bad = (out[i] < 32 && out[i] != '\t') || out[i] == 127;
        if (bad || mailproto__utf8_is_c1(out + i, n - i)) {
            out[i] = bad ? ' ' : out[i];
            mailproto__words_flaw(w, MAILPROTO_CODEC_DEFECT_CHARACTER, w->word);
        }
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
    if (w->charset.defects != 0) {
        mailproto__words_flaw(w, w->charset.defects, w->word);
    }
    w->held_len = (uint8_t)(n - inner.used <= sizeof w->held ? n - inner.used : 0);
    if (w->held_len > 0) {
        memmove(w->held, octets + inner.used, w->held_len);
    }
    return status;
}

/* ---- octets ------------------------------------------------------------------------ */

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

/* What comes of a word. `state` tells whether all of it is UTF-8 without controls. It is
 * found out while it is written: to read words of what was just written in octets would
 * make the processor wait. */
struct text {
    unsigned char *to;
    size_t n, cap;
    uint64_t state; /* of utf8.h */
};

static size_t room_of(const struct text *t)
{
    return t->cap - t->n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* `n` octets from 32 to 126 were written. */
static void wrote_ascii(struct text *t, size_t n)
{
    uint64_t state = mailproto__utf8_step(t->state, ' ');
    t->state = n > 0 ? state : t->state;
    t->n += n;
}

/* How many octets from the start are UTF-8 without controls: what is asked if not all
 * are, or a character is cut. */
static size_t good_octets(const unsigned char *text, size_t n)
{
    size_t i = 0;
    while (i < n) {
        size_t len = text[i] >= 128 ? mailproto__utf8_character(text + i, n - i)
                                    : (size_t)(text[i] >= 32 && text[i] != 127);
        if (len == 0 || mailproto__utf8_is_c1(text + i, n - i)) {
            break;
        }
        i += len;
    }
    return i;
}

/* Octets that Q has as they are: 32 to 126 but two. */
static int is_plain_q(unsigned char octet)
{
    return octet >= 32 && octet < 127 && octet != '=' && octet != '?';
}

#ifdef MAILPROTO__FIRST_IS_LOWEST
/* A word with its underlines made spaces; right up to the first octet above 127. */
static uint64_t spaces_q(uint64_t word)
{
    uint64_t not_line = (word ^ MAILPROTO__EACH('_')) + MAILPROTO__EACH(127);
    uint64_t line = ~not_line & MAILPROTO__EACH(128);
    return word ^ (line - (line >> 7)); /* '_' and ' ' differ in all bits but the 8th */
}
#endif

/* Q's text up to `n` octets or the first that is not plain: how many. There is room for
 * `n`; what stands there behind them is lost. */
static size_t plain_q(const unsigned char *in, unsigned char *to, size_t n)
{
    size_t i = 0;
    for (;;) {
#ifdef MAILPROTO__FIRST_IS_LOWEST
        while (n - i >= 8) {
            uint64_t word = mailproto__plain_word(in + i);
            uint64_t found = mailproto__plain_others(word);
            word = spaces_q(word);
            memcpy(to + i, &word, 8);
            if (found != 0) {
                i += mailproto__before(found);
                break;
            }
            i += 8;
        }
#endif
        if (i == n || !is_plain_q(in[i])) {
            return i;
        }
        to[i] = in[i] == '_' ? ' ' : in[i];
        i++;
    }
}

/* Q's escapes up to `n` of them: how many. */
static size_t escapes_q(const unsigned char *in, struct text *t, size_t n)
{
    unsigned char *to = t->to + t->n;
    uint64_t state = t->state;
    size_t i;
    for (i = 0; i < n && in[0] == '='; i++, in += 3) {
        unsigned high = mailproto__hex_digits[in[1]];
        unsigned low = mailproto__hex_digits[in[2]];
        unsigned char octet = (unsigned char)((high & 15U) << 4 | (low & 15U));
        if ((high | low) >= 64) { /* lower case has a bit of its own */
            break;
        }
        to[i] = octet;
        state = mailproto__utf8_step(state, octet);
    }
    t->state = state;
    t->n += i;
    return i;
}

/* What stops a run of Q: 1: taken; 0: no more. */
static int take_special_q(struct mailproto__words *w, struct mailproto__run *r,
                          struct text *t, int final)
{
    unsigned char octet = r->in[r->used];
    if (octet == '\r' || octet == '\n') { /* of a fold */
        r->used++;
        return 1;
    }
    if (octet == '?' && take_mark(w, r, final) != 0) {
        return 0;
    }
    if (octet == '=') {
        if (mailproto__in_left(r) < 3 && !final) {
            return 0;
        }
        flaw_here(w, r, MAILPROTO_CODEC_DEFECT_ESCAPE);
    }
    t->to[t->n] = octet;
    t->n++;
    t->state = mailproto__utf8_step(t->state, octet);
    r->used++;
    return 1;
}

/* Q (RFC 2047 4.2). */
static void decode_q(struct mailproto__words *w, struct mailproto__run *r,
                     struct text *t, int final)
{
    const unsigned char *end = r->in + r->in_len;
    do {
        const unsigned char *in = r->in + r->used;
        size_t got;
        do {
            size_t left = (size_t)(end - in);
            got = plain_q(in, t->to + t->n, least(left, room_of(t)));
            wrote_ascii(t, got);
            in += got;
            got = escapes_q(in, t, least((left - got) / 3, room_of(t)));
            in += 3 * got;
        } while (got > 0);
        r->used = (size_t)(in - r->in);
    } while (t->n < t->cap && r->used < r->in_len && take_special_q(w, r, t, final));
}

/* A character of B that is not of the alphabet; 0: later input decides, or the end. */
static int take_other(struct mailproto__words *w, struct mailproto__run *r, int final)
{
    unsigned char octet = r->in[r->used];
    if (octet == '?' && take_mark(w, r, final) != 0) {
        return 0;
    }
    if (octet == '=') {
        if (mailproto__in_left(r) < 2 && !final) {
            return 0; /* whether it goes on decides */
        }
        if (w->bits != 0) {
            flaw_here(w, r, MAILPROTO_CODEC_DEFECT_BITS);
        }
        if (w->phase == 1) {
            flaw_here(w, r, MAILPROTO_CODEC_DEFECT_PADDING);
        }
        w->phase = 0;
        w->bits = 0;
        if (mailproto__in_left(r) > 1 &&
            mailproto__base64_values[r->in[r->used + 1]] >= 0) { /* it goes on */
            mailproto__words_flaw(w, MAILPROTO_CODEC_DEFECT_PADDING,
                                  w->offset + r->used + 1);
        }
    } else if (octet >= 32 || octet == '\t') {
        flaw_here(w, r, MAILPROTO_CODEC_DEFECT_CHARACTER);
    }
    r->used++;
    return 1;
}

/* Four characters of B as 24 bits; the highest bit is set if one of them is none. */
static uint32_t group_b(const unsigned char *in)
{
    const int8_t *values = mailproto__base64_values;
    return (uint32_t)values[in[0]] << 18 | (uint32_t)values[in[1]] << 12 |
           (uint32_t)values[in[2]] << 6 | (uint32_t)values[in[3]];
}

/* Whole groups of B. */
static void groups_b(struct mailproto__run *r, struct text *t)
{
    size_t left = least(mailproto__in_left(r) / 4, room_of(t) / 3);
    const unsigned char *in = r->in + r->used;
    unsigned char *to = t->to + t->n;
    uint64_t state = t->state;
    for (; left > 0; left--, in += 4, to += 3) {
        uint32_t group = group_b(in);
        if (group >> 31 != 0) {
            break;
        }
        to[0] = (unsigned char)(group >> 16);
        to[1] = (unsigned char)(group >> 8);
        to[2] = (unsigned char)group;
        state = mailproto__utf8_step(state, (unsigned char)(group >> 16));
        state = mailproto__utf8_step(state, (unsigned char)(group >> 8));
        state = mailproto__utf8_step(state, (unsigned char)group);
    }
    t->state = state;
    t->n = (size_t)(to - t->to);
    r->used = (size_t)(in - r->in);
}

/* B (RFC 2047 4.1). A group that is not ended goes on in the next word. */
static void decode_b(struct mailproto__words *w, struct mailproto__run *r,
                     struct text *t, int final)
{
    while (t->n < t->cap && r->used < r->in_len) {
        int8_t value;
        if (w->phase == 0) {
            groups_b(r, t);
        }
        if (t->n == t->cap || r->used == r->in_len) {
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
            unsigned char octet =
                (unsigned char)(((unsigned)w->bits << 6 | (uint8_t)value) >> shift);
            t->to[t->n] = octet;
            t->n++;
            t->state = mailproto__utf8_step(t->state, octet);
            w->bits = (uint8_t)((uint8_t)value & ((1U << shift) - 1U));
        } else {
            w->bits = (uint8_t)value;
        }
        w->phase = (uint8_t)((w->phase + 1U) & 3U);
        r->used++;
    }
}

/* Whether nothing is held of a character that is not whole. */
static int is_between_characters(const struct mailproto__words *w)
{
    return w->id == MAILPROTO__CHARSET_UTF8 && w->charset.u.charset.need == 0;
}

/* A piece of a word, at most PIECE octets: how many came of it. There is room for three
 * times `cap` if the charset is a known one. */
static mailproto_status take_piece(struct mailproto__words *w, struct mailproto__run *r,
                                   size_t cap, int final, size_t *n)
{
    int direct = is_between_characters(w);
    unsigned char piece[PIECE];
    struct text t;
    t.to = direct ? r->out + r->put : piece;
    t.n = 0;
    t.cap = cap;
    t.state = MAILPROTO__UTF8_WHOLE;
    if (w->base64) {
        decode_b(w, r, &t, final);
    } else {
        decode_q(w, r, &t, final);
    }
    *n = t.n;
    if (direct) { /* UTF-8 was decoded to where it belongs: mostly that is all */
        size_t good = t.n;
        if (!mailproto__utf8_is_whole(t.state)) {
            good = good_octets(t.to, t.n);
        }
        r->put += good;
        if (good == t.n) {
            return MAILPROTO_OK;
        }
        memcpy(piece, t.to + good, t.n - good);
        t.n -= good;
    }
    return t.n > 0 ? convert(w, r, piece, t.n, 0) : MAILPROTO_OK;
}

mailproto_status mailproto__words_inside(struct mailproto__words *w,
                                         struct mailproto__run *r, uint32_t flags)
{
    int final = (flags & MAILPROTO_CODEC_FINAL) != 0;
    mailproto_status status;
    while (w->in_word) {
        size_t cap = sizeof w->held;
        size_t n;
        status = mailproto__words_drain(w, r);
        if (status != MAILPROTO_OK) {
            return status;
        }
        if (mailproto__out_left(r) < ROOM) {
            return MAILPROTO_AGAIN;
        }
        if (w->id != MAILPROTO__CHARSET_UNKNOWN) {
            cap = (mailproto__out_left(r) - 7) / 3; /* 7: of what is held */
            cap = cap < PIECE ? cap : PIECE;
        }
        status = take_piece(w, r, cap, final, &n);
        if (status != MAILPROTO_OK) {
            return status;
        }
        if (n == 0 && w->in_word) {
            if (final) { /* cannot be: its end was seen before it was entered */
                w->in_word = 0;
            }
            break;
        }
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__words_drain(struct mailproto__words *w,
                                        struct mailproto__run *r)
{
    return w->held_len > 0 ? convert(w, r, w->held, w->held_len, 0) : MAILPROTO_OK;
}

mailproto_status mailproto__words_end(struct mailproto__words *w,
                                      struct mailproto__run *r)
{
    unsigned char none[1] = {0};
    mailproto_status status = mailproto__words_drain(w, r);
    if (status != MAILPROTO_OK) {
        return status;
    }
    if (!is_between_characters(w)) {
        if (mailproto__out_left(r) < ROOM / 2) {
            return MAILPROTO_AGAIN;
        }
        status = convert(w, r, none, 0, MAILPROTO_CODEC_FINAL);
        if (status != MAILPROTO_OK) {
            return status;
        }
    }
    if (w->phase != 0) {
        mailproto__words_flaw(w, MAILPROTO_CODEC_DEFECT_PADDING, w->word);
    }
    w->phase = 0;
    w->bits = 0;
    w->joined = 0;
    return MAILPROTO_OK;
}
