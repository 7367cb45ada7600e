/*
 * The decoder of encoded words (RFC 2047): what lies between words, and what words are.
 * Knows folds, phrases and comments; must not know fields or addresses. The octets inside
 * of a word are word.c's.
 */
#include "codec/words.h"

#include "codec/plain.h"
#include "codec/utf8.h"
#include "core/chars.h"
#include "core/span.h"

/* What a place in the input is. */
enum found { FOUND_NONE, FOUND_WORD, FOUND_CUT };

/* Room without which nothing is begun. */
enum { ROOM = 16 };

struct word {
    mailproto_bytes charset;
    size_t text; /* where its text begins */
    size_t end;  /* behind its `?=` */
    char encoding;
    uint8_t odd;  /* perhaps not of RFC 2047 2: a second look is due */
    uint8_t utf8; /* the charset is UTF-8, written as usual */
};

static int is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 2047 2: a token is of what is neither blank, control nor one of `especials`: atext
 * but for three. */
static int is_token(unsigned char c)
{
    return mailproto__is(c, MAILPROTO__ATEXT) && c != '/' && c != '?' && c != '=';
}

static int is_strict(const struct mailproto__words *w)
{
    return (w->flags & MAILPROTO_WORDS_STRICT) != 0;
}

/* ---- what may be a word ----------------------------------------------------------------- */

/* The text of a word from `at`: where its `?=` is, or SIZE_MAX with `*bad` set if what is
 * there cannot be one. A search ends at the next `=?` at the latest. */
static size_t find_end(const struct mailproto__words *w, const struct mailproto__run *r,
                       size_t at, int q, int *bad)
{
    size_t from = at;
    size_t limit =
        r->in_len - at < MAILPROTO__WORD_MAX ? r->in_len : at + MAILPROTO__WORD_MAX;
    *bad = 0;
    while (from < limit) {
        const unsigned char *mark =
            (const unsigned char *)memchr(r->in + from, '?', limit - from);
        size_t place;
        if (mark == NULL) {
            break;
        }
        place = (size_t)(mark - r->in);
        if (place + 1 == r->in_len) {
            break;
        }
        if (mark[1] == '=') {
            return place;
        }
        if (is_strict(w) || !q || (place > at && mark[-1] == '=')) {
            *bad = 1;
            return SIZE_MAX;
        }
        from = place + 1;
    }
    return SIZE_MAX;
}

/* Whether all of it is from 33 to 126; some of it is looked at twice. 0: perhaps not. */
static int is_visible(const unsigned char *text, size_t n)
{
    size_t i;
    if (n < 8 || !MAILPROTO__HAS_WORDS) {
        return 0;
    }
    for (i = 0; n - i > 8; i += 8) {
        if (mailproto__not_visible(mailproto__plain_word(text + i)) != 0) {
            return 0;
        }
    }
    return mailproto__not_visible(mailproto__plain_word(text + n - 8)) == 0;
}

/* Whether the text of a word is of characters that it may be of; 2: and no blank is there. */
static int is_good_text(const struct mailproto__words *w, const unsigned char *text,
                        size_t n)
{
    size_t i = 0;
    if (!is_strict(w) && is_visible(text, n)) {
        return 2;
    }
    if (is_strict(w)) {
        for (i = 0; i < n && text[i] > 32 && text[i] < 127; i++) {
        }
        return i == n ? 2 : 0;
    }
    while (i < n) {
        i += mailproto__find_control(mailproto__span((const char *)text + i, n - i));
        if (i < n && text[i] != '\t' && text[i] != '\r' && text[i] != '\n') {
            return 0;
        }
        i++;
    }
    return 1;
}

/* Strict: a word ends at a blank, at the value's end, or at that of a comment. */
static enum found ends_well(const struct mailproto__words *w,
                            const struct mailproto__run *r, size_t end, uint32_t flags)
{
    if (!is_strict(w)) {
        return FOUND_WORD;
    }
    if (end == r->in_len) {
        return (flags & MAILPROTO_CODEC_FINAL) ? FOUND_WORD : FOUND_CUT;
    }
    return is_blank(r->in[end]) || r->in[end] == '\r' || r->in[end] == '\n' ||
                   (w->depth > 0 && r->in[end] == ')')
               ? FOUND_WORD
               : FOUND_NONE;
}

/* Whether `=?utf-8?` stands there, which nearly all words begin with. */
static int is_utf8_head(const unsigned char *in, size_t left)
{
    uint64_t letters;
    uint64_t head;
    if (!MAILPROTO__HAS_WORDS || left < 8) {
        return 0;
    }
    memcpy(&letters, "\0\0   \0\0", 8); /* a blank is what cases differ in */
    memcpy(&head, "=?utf-8?", 8);
    return (mailproto__plain_word(in) | letters) == head;
}

/* `=?charset?Q?` at in[at]; `at` and the like of `word` are set. */
static enum found find_head(const struct mailproto__run *r, size_t at,
                            struct word *word)
{
    size_t p = at + 2;
    if (r->in_len - at < 2 || r->in[at + 1] != '?') {
        return r->in_len - at < 2 ? FOUND_CUT : FOUND_NONE;
    }
    word->utf8 = (uint8_t)is_utf8_head(r->in + at, r->in_len - at);
    if (word->utf8) {
        p = at + 7;
    } else {
        while (p < r->in_len && is_token(r->in[p])) {
            p++;
        }
        if (p < r->in_len && (r->in[p] != '?' || p == at + 2)) {
            return FOUND_NONE;
        }
    }
    if (r->in_len - p < 3) {
        return FOUND_CUT;
    }
    word->charset = mailproto__span((const char *)r->in + at + 2, p - at - 2);
    word->encoding = (char)(r->in[p + 1] & ~('a' ^ 'A'));
    word->text = p + 3;
    return r->in[p + 2] == '?' && (word->encoding == 'Q' || word->encoding == 'B')
               ? FOUND_WORD
               : FOUND_NONE;
}

/* What in[at] is, which is `=`. */
static enum found find_word(const struct mailproto__words *w,
                            const struct mailproto__run *r, size_t at, uint32_t flags,
                            struct word *word)
{
    /* What to say when the input ends too early. */
    int open =
        (flags & MAILPROTO_CODEC_FINAL) == 0 && r->in_len - at < MAILPROTO__WORD_MAX;
    enum found found = find_head(r, at, word);
    size_t end;
    int bad;
    int good;
    if (found != FOUND_WORD) {
        return found == FOUND_CUT && open ? FOUND_CUT : FOUND_NONE;
    }
    end = find_end(w, r, word->text, word->encoding == 'Q', &bad);
    if (end == SIZE_MAX) {
        return !bad && open ? FOUND_CUT : FOUND_NONE;
    }
    end += 2;
    /* RFC 2047 2: at most 75 characters. */
    if (end - at > (is_strict(w) ? 75U : (unsigned)MAILPROTO__WORD_MAX)) {
        return FOUND_NONE;
    }
    good = is_good_text(w, r->in + word->text, end - 2 - word->text);
    if (good == 0) {
        return FOUND_NONE;
    }
    word->odd = (uint8_t)(good != 2 || end - at > 75);
    word->end = end;
    return ends_well(w, r, end, flags);
}

/* ---- text ------------------------------------------------------------------------------- */

/* The next octet is not what it should be. */
static void flaw_here(struct mailproto__words *w, const struct mailproto__run *r)
{
    mailproto__words_flaw(w, MAILPROTO_CODEC_DEFECT_CHARACTER, w->offset + r->used);
}

static void put_text(struct mailproto__words *w, struct mailproto__run *r,
                     unsigned char octet)
{
    mailproto__out(r, octet);
    r->used++;
    w->before = is_blank(octet) ? 1 : 0;
}

/* A run of what means nothing here. */
static void take_plain(struct mailproto__words *w, struct mailproto__run *r)
{
    const unsigned char *in = r->in + r->used;
    size_t n = mailproto__in_left(r);
    size_t i = 0;
    if (n > mailproto__out_left(r)) {
        n = mailproto__out_left(r);
    }
    if ((w->flags & MAILPROTO_WORDS_PHRASE) == 0) {
        i = mailproto__copy_plain(r->out + r->put, in, n, n);
    } else {
        for (; i < n && in[i] >= 32 && in[i] < 127 && in[i] != '=' && in[i] != '"' &&
               in[i] != '\\' && in[i] != '(' && in[i] != ')' && !w->escaped;
             i++) {
            r->out[r->put + i] = in[i];
        }
    }
    if (i > 0) {
        r->used += i;
        r->put += i;
        w->before = is_blank(in[i - 1]) ? 1 : 0;
    }
}

/* CR or LF: a fold goes, its blank stays (RFC 5322 2.2.3). 0: later input decides. */
static int take_line_end(struct mailproto__words *w, struct mailproto__run *r,
                         uint32_t flags)
{
    size_t left = mailproto__in_left(r);
    const unsigned char *in = r->in + r->used;
    size_t n = in[0] == '\r' && left > 1 && in[1] == '\n' ? 2 : 1;
    int final = (flags & MAILPROTO_CODEC_FINAL) != 0;
    if (left == n && !final) {
        return 0;
    }
    if (left > n && (!is_blank(in[n]) || (n == 1 && in[0] == '\r'))) {
        /* No line end may leave the decoder: a field could be made of it. */
        flaw_here(w, r);
        mailproto__out(r, ' ');
        w->before = 1;
    }
    r->used += n;
    return 1;
}

/* UTF-8 at the front of the text: how much of it was taken. */
static size_t take_utf8(struct mailproto__words *w, struct mailproto__run *r)
{
    const unsigned char *in = r->in + r->used;
    size_t n = mailproto__in_left(r);
    /* Little of it: what is below 128 ends it, and is not to be looked at each time. */
    size_t room = mailproto__out_left(r) < 64 ? mailproto__out_left(r) : 64;
    size_t run = mailproto__utf8_run(in, n < room ? n : room);
    if (run > 0) { /* and whole: what is below 128 may mean something */
        n = run;
        for (run = 1; run < n && in[run] >= 128; run++) {
            if (mailproto__utf8_is_c1(in + run, n - run)) {
                break;
            }
        }
        memmove(r->out + r->put, in, run);
        r->put += run;
        r->used += run;
        w->before = 0;
    }
    return run;
}

/* Octets above 127 outside of words (RFC 6532 3.1). 0: later input decides. */
static int take_high(struct mailproto__words *w, struct mailproto__run *r,
                     uint32_t flags)
{
    const unsigned char *in = r->in + r->used;
    size_t n = mailproto__in_left(r);
    size_t bad = 1;
    int cut = 0;
    if ((w->flags & MAILPROTO_WORDS_LATIN) == 0) {
        if (mailproto__utf8_is_c1(in, n)) {
            flaw_here(w, r); /* it stays */
            mailproto__out(r, in[0]);
            mailproto__out(r, in[1]);
            r->used += 2;
            w->before = 0;
            return 1;
        }
        if (take_utf8(w, r) > 0) {
            return 1;
        }
        bad = mailproto__utf8_bad(in, n, &cut);
        if (cut && (flags & MAILPROTO_CODEC_FINAL) == 0) {
            return 0;
        }
    }
    flaw_here(w, r);
    w->before = 0;
    if (w->flags & (MAILPROTO_WORDS_GUESS | MAILPROTO_WORDS_LATIN)) {
        r->put += mailproto__utf8_put(r->out + r->put, mailproto__windows_1252(in[0]));
        r->used++;
    } else {
        r->put += mailproto__utf8_put(r->out + r->put, 0xFFFD);
        r->used += bad;
    }
    return 1;
}

/* What a phrase has of its own. 1: taken. */
static int take_phrase(struct mailproto__words *w, struct mailproto__run *r,
                       unsigned char octet)
{
    if (w->escaped) {
        w->escaped = 0;
        if (mailproto__is(octet, MAILPROTO__CTL | MAILPROTO__HIGH)) {
            return 0;
        }
        put_text(w, r, octet);
        return 1;
    }
    if (octet == '"' && w->depth == 0) {
        w->quoted ^= 1U;
        w->before = 1;
        r->used++;
        return 1;
    }
    if (octet == '\\' && (w->quoted || w->depth > 0)) {
        w->escaped = 1;
        if (w->depth > 0) {
            put_text(w, r, octet);
        } else {
            r->used++;
        }
        return 1;
    }
    if (!w->quoted && (octet == '(' || (octet == ')' && w->depth > 0))) {
        w->depth += octet == '(' ? 1U : UINT32_MAX;
        put_text(w, r, octet);
        w->before = octet == '(' ? 1 : 0;
        return 1;
    }
    return 0;
}

/* An octet that is not plain. 0: later input decides. */
static int take_octet(struct mailproto__words *w, struct mailproto__run *r,
                      uint32_t flags)
{
    unsigned char octet = r->in[r->used];
    if ((w->flags & MAILPROTO_WORDS_PHRASE) && take_phrase(w, r, octet)) {
        return 1;
    }
    if (octet == '\r' || octet == '\n') {
        return take_line_end(w, r, flags);
    }
    if (octet >= 128) {
        return take_high(w, r, flags);
    }
    if ((octet < 32 && octet != '\t') || octet == 127) {
        flaw_here(w, r);
        octet = ' ';
    }
    put_text(w, r, octet);
    return 1;
}

/* ---- between words ------------------------------------------------------------------------ */

/* What a strict reader would not have entered it for (RFC 2047 2): the word is too long,
 * or Q with blanks. */
static void flaws_of(struct mailproto__words *w, const struct mailproto__run *r,
                     const struct word *word, size_t start)
{
    const unsigned char *text = r->in + word->text;
    const unsigned char *blank;
    if (word->end - start > 75) {
        mailproto__words_flaw(w, MAILPROTO_CODEC_DEFECT_LINE, w->offset + start);
    }
    if (word->encoding == 'Q') { /* B's are met one by one */
        const unsigned char *end = r->in + word->end;
        for (blank = text;
             blank < end && !is_blank(*blank) && *blank != '\r' && *blank != '\n';
             blank++) {
        }
        if (blank < end) {
            mailproto__words_flaw(w, MAILPROTO_CODEC_DEFECT_CHARACTER,
                                  w->offset + (size_t)(blank - r->in));
        }
    }
}

/* Enters a word; NONE: its charset is not known. AGAIN and its likes in `*status`. */
static enum found enter(struct mailproto__words *w, struct mailproto__run *r,
                        const struct word *word, mailproto_status *status)
{
    struct mailproto__words_charset charset;
    enum mailproto__words_known known = MAILPROTO__WORDS_KNOWN;
    size_t start;
    charset.id = MAILPROTO__CHARSET_UTF8;
    charset.name = word->charset;
    if (!word->utf8) {
        known = mailproto__words_find(w, word->charset, &charset);
    }
    if (known == MAILPROTO__WORDS_UNKNOWN) {
        return FOUND_NONE;
    }
    if (w->joined) {
        *status = mailproto__words_same(w, &charset) ? mailproto__words_drain(w, r)
                                                     : mailproto__words_end(w, r);
        if (*status != MAILPROTO_OK) {
            return FOUND_CUT;
        }
    }
    if (known == MAILPROTO__WORDS_ASK && !mailproto__words_ask(w, &charset)) {
        return FOUND_NONE;
    }
    start = (size_t)((const unsigned char *)word->charset.ptr - r->in) - 2;
    if (word->odd) {
        flaws_of(w, r, word, start);
    }
    mailproto__words_begin(w, &charset, word->encoding == 'B', w->offset + start);
    r->used = word->text;
    return FOUND_WORD;
}

/* Where the blanks and folds from in[at] on end. */
static size_t skip_blanks(const struct mailproto__run *r, size_t at)
{
    for (; at < r->in_len; at++) {
        if (!is_blank(r->in[at])) {
            size_t n = r->in[at] == '\r' && at + 1 < r->in_len && r->in[at + 1] == '\n'
                           ? 2
                           : 1;
            if ((r->in[at] != '\n' && n == 1) ||
                (at + n < r->in_len && !is_blank(r->in[at + n]))) {
                break;
            }
            at += n - 1;
        }
    }
    return at;
}

/* Behind a word: blanks before another one go (RFC 2047 6.2). FOUND_NONE: there is no
 * other. */
static enum found take_between(struct mailproto__words *w, struct mailproto__run *r,
                               uint32_t flags, mailproto_status *status)
{
    size_t at = skip_blanks(r, r->used);
    int open =
        (flags & MAILPROTO_CODEC_FINAL) == 0 && at - r->used < MAILPROTO__WORD_MAX;
    enum found found = FOUND_NONE;
    struct word word;
    if (at == r->in_len || (at + 1 == r->in_len && r->in[at] == '\r')) {
        found = open ? FOUND_CUT : FOUND_NONE;
    } else if (r->in[at] == '=' && (at > r->used || !is_strict(w)) &&
               at - r->used < MAILPROTO__WORD_MAX) {
        found = find_word(w, r, at, flags, &word);
        if (found == FOUND_WORD) {
            found = enter(w, r, &word, status);
        }
    }
    if (found == FOUND_NONE) {
        if (w->joined) { /* else a word in another charset has ended it already */
            *status = mailproto__words_end(w, r);
        }
        found = *status == MAILPROTO_OK ? FOUND_NONE : FOUND_CUT;
        w->before = 0;
    }
    return found;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* A step outside of words: 0: no more for now, `*status` says why. */
static int take_outside(struct mailproto__words *w, struct mailproto__run *r,
                        uint32_t flags, mailproto_status *status)
{
    if (w->joined && take_between(w, r, flags, status) != FOUND_NONE) {
        return w->in_word;
    }
    if (r->in[r->used] != '=') {
        take_plain(w, r);
        if (r->used == r->in_len) {
            return 1;
        }
    }
    if (mailproto__out_left(r) < ROOM / 2) {
        *status = MAILPROTO_AGAIN;
        return 0;
    }
    if (r->in[r->used] == '=' && !w->escaped &&
        !(is_strict(w) && (!w->before || w->quoted))) {
        struct word word;
        enum found found = find_word(w, r, r->used, flags, &word);
        if (found == FOUND_WORD) {
            found = enter(w, r, &word, status);
        }
        if (found != FOUND_NONE) {
            return found == FOUND_WORD;
        }
    }
    return take_octet(w, r, flags);
}

static mailproto_status run(struct mailproto__words *w, struct mailproto__run *r,
                            uint32_t flags)
{
    mailproto_status status = MAILPROTO_OK;
    for (;;) {
        if (w->in_word) {
            status = mailproto__words_inside(w, r, flags);
            if (status != MAILPROTO_OK || w->in_word) {
                return status;
            }
        }
        if (r->used == r->in_len) {
            break;
        }
        if (!take_outside(w, r, flags, &status)) {
            return status;
        }
    }
    return w->joined && (flags & MAILPROTO_CODEC_FINAL) ? mailproto__words_end(w, r)
                                                        : MAILPROTO_OK;
}

static mailproto_status begin(struct mailproto__words *s, uint32_t flags,
                              const mailproto_charset_converter *converter)
{
    uint32_t known = MAILPROTO_WORDS_STRICT | MAILPROTO_WORDS_PHRASE |
                     MAILPROTO_WORDS_GUESS | MAILPROTO_WORDS_LATIN;
    if ((flags & ~(known | MAILPROTO_CPU_MASK)) != 0 ||
        (converter != NULL && converter->convert == NULL)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    /* One by one: `charset` and `name` mean nothing before a word, and to clear all of it
     * takes as long as to decode a word. */
    s->converter = converter;
    s->offset = 0;
    s->word = 0;
    s->defects = 0;
    s->depth = 0;
    s->held_len = 0;
    s->name_len = 0;
    s->id = MAILPROTO__CHARSET_UNKNOWN;
    s->flags = (uint8_t)(flags & known);
    s->in_word = 0;
    s->joined = 0;
    s->base64 = 0;
    s->phase = 0;
    s->bits = 0;
    s->before = 1;
    s->quoted = 0;
    s->escaped = 0;
    return MAILPROTO_OK;
}

mailproto_status mailproto_words_init(mailproto_words *w, uint32_t flags,
                                      const mailproto_charset_converter *converter)
{
    struct mailproto__words s;
    mailproto_status status;
    memset(&s, 0, sizeof s);
    status = begin(&s, flags, converter);
    if (status == MAILPROTO_OK) {
        memset(w, 0, sizeof *w);
        memcpy(w, &s, sizeof s);
    }
    return status;
}

mailproto_status mailproto_words_run(mailproto_words *w, const void *in, size_t in_len,
                                     size_t *in_used, void *out, size_t out_cap,
                                     size_t *out_len, uint32_t flags)
{
    unsigned char none; /* where no output is written to when there is no room */
    struct mailproto__words s;
    struct mailproto__run r;
    mailproto_status status;
    memcpy(&s, w, sizeof s);
    r.in = (const unsigned char *)in;
    r.in_len = in_len;
    r.used = 0;
    r.out = out != NULL ? (unsigned char *)out : &none;
    r.out_cap = out_cap;
    r.put = 0;
    status = run(&s, &r, flags);
    *in_used = r.used;
    *out_len = r.put;
    s.offset += r.used;
    memcpy(w, &s, sizeof s);
    return status;
}

uint32_t mailproto_words_defects(const mailproto_words *w)
{
    struct mailproto__words s;
    memcpy(&s, w, sizeof s);
    return s.defects;
}

uint64_t mailproto_words_defect_offset(const mailproto_words *w, uint32_t defect)
{
    struct mailproto__words s;
    unsigned i;
    memcpy(&s, w, sizeof s);
    for (i = 0; i < MAILPROTO__WORD_DEFECTS; i++) {
        if (defect == UINT32_C(1) << i && (s.defects & defect) != 0) {
            return s.defect_offset[i];
        }
    }
    return UINT64_MAX;
}

/* How many of the first `room` octets of `n` are whole characters. */
static size_t whole(const unsigned char *text, size_t n, size_t room)
{
    if (room >= n) {
        return n;
    }
    while (room > 0 && (text[room] & 0xC0U) == 0x80U) {
        room--;
    }
    return room;
}

mailproto_status mailproto_words_decode(mailproto_bytes value, uint32_t flags,
                                        const mailproto_charset_converter *converter,
                                        void *out, size_t cap, size_t *len)
{
    unsigned char spare[48]; /* for what may not fit */
    unsigned char *to = (unsigned char *)out;
    size_t put = 0; /* octets in `out` */
    int over = 0;
    struct mailproto__words w;
    struct mailproto__run r;
    mailproto_status status = begin(&w, flags, converter);
    *len = 0;
    if (status != MAILPROTO_OK) {
        return status;
    }
    r.in = (const unsigned char *)value.ptr;
    r.in_len = value.len;
    r.used = 0;
    do {
        int direct = !over && cap - put >= sizeof spare;
        size_t got;
        r.out = direct ? to + put : spare;
        r.out_cap = direct ? cap - put : sizeof spare;
        r.put = 0;
        status = run(&w, &r, MAILPROTO_CODEC_FINAL);
        got = r.put;
        if (status < 0) {
            return status;
        }
        if (!direct && !over) {
            size_t fits = whole(spare, got, cap - put);
            if (fits > 0) {
                memcpy(to + put, spare, fits);
            }
            over = fits < got;
            put += fits;
        } else if (direct) {
            put += got;
        }
        *len += got;
    } while (status == MAILPROTO_AGAIN);
    return over ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK;
}
