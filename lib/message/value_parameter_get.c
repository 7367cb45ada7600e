/*
 * The parameters of one name (RFC 2231) made one: sections joined in order,
 * percent-encoding and charset undone. Knows which of several counts; must not know what
 * the value is for, nor encoded words.
 *
 * Charsets are run from inside: a call of mailproto_codec_run() would hold what it packs
 * and unpacks on a stack that is deep here.
 */
#include "message/value_parameter.h"

#include "codec/charset.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

/* Where the parameters of the name stand in the value: offsets, which with one more for
 * "none" fit three octets. What stands there is read again: all this lies on the stack. */
struct found {
    uint8_t at[MAILPROTO_PARAMETERS_MAX][3]; /* by the number of the section */
    uint32_t first;                          /* offset of the first one, plus 1 */
    uint32_t count;                          /* of sections */
    uint32_t plain, extended;                /* offsets of the first ones, plus 1 */
};
typedef char found_fits[MAILPROTO__PARAMETER_VALUE_MAX < (1 << 24) - 1 ? 1 : -1];

enum { HOLD = 32 }; /* a codec needs room for a few octets */

/* Octets on their way through the charset into the buffer. */
struct sink {
    struct mailproto__value *v;
    struct mailproto__put to;
    struct mailproto__codec codec;
    mailproto_status status;
    int raw;             /* no charset */
    const char *text;    /* where the section begins that is being decoded */
    const char *at;      /* of the control at the end of `hold`, as written; or NULL */
    const char *control; /* where the first one came from; NULL: there was none */
    const char *bad;     /* the section that is not in its charset; NULL: none */
    size_t held;         /* octets in `hold` */
    char hold[HOLD];
};

/* ---- the sink ----------------------------------------------------------------------- */

static int is_control(char c)
{
    return ((unsigned char)c < 32 && c != '\t') || c == 127;
}

static void sink_text(struct sink *s, const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        char c = text[i];
        if (is_control(c)) {
            if (s->control == NULL) {
                s->control = s->at != NULL ? s->at : s->text;
            }
            c = s->raw ? c : ' ';
        }
        mailproto__put_octet(&s->to, c);
    }
}

static void sink_flush(struct sink *s, uint32_t flags)
{
    struct mailproto__run r;
    mailproto_status status = MAILPROTO_AGAIN;
    if (s->raw) {
        sink_text(s, s->hold, s->held);
        status = MAILPROTO_OK;
    }
    r.in = (const unsigned char *)s->hold;
    r.in_len = s->held;
    r.used = 0;
    while (status == MAILPROTO_AGAIN && s->status == MAILPROTO_OK) {
        char out[HOLD];
        r.out = (unsigned char *)out;
        r.out_cap = sizeof out;
        r.put = 0;
        status = mailproto__codec_piece(&s->codec, &r, flags);
        sink_text(s, out, r.put);
        if (status < 0) {
            s->status = status;
        }
    }
    if (s->codec.defects != 0 && s->bad == NULL) {
        s->bad = s->text;
    }
    s->held = 0;
    s->at = NULL;
}

/* `at`: where it is written. */
static void sink_octet(struct sink *s, char c, const char *at)
{
    if (s->held == sizeof s->hold) {
        sink_flush(s, 0);
    }
    s->hold[s->held] = c;
    s->held++;
    if (is_control(c)) { /* if one comes out of it, it is this one */
        s->at = at;
        sink_flush(s, 0);
    }
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The text of a section: percent-encoded or not. */
static void sink_value(struct sink *s, mailproto_bytes from, int extended)
{
    const char *p = from.ptr;
    const char *end = p + from.len;
    s->text = p;
    while (p < end) {
        if (*p == '\r' || *p == '\n') { /* a fold */
            p++;
            continue;
        }
        if (*p == '\\' && end - p >= 2) {
            p++;
        } else if (*p == '%' && extended) {
            if (end - p >= 3 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
                sink_octet(s, (char)(hex(p[1]) * 16 + hex(p[2])), p);
                p += 3;
                continue;
            }
            mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_PERCENT, p);
        }
        sink_octet(s, *p, p);
        p++;
    }
    sink_flush(s, 0); /* what its charset does not know is told of this section */
}

/* ---- choosing ----------------------------------------------------------------------- */

static uint32_t place_of(const uint8_t at[3])
{
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static void note(struct mailproto__value *v, struct found *f,
                 const mailproto_parameter *a)
{
    const char *at = v->begin + a->offset;
    uint32_t place = (uint32_t)a->offset + 1;
    if ((a->flags & MAILPROTO_PARAMETER_SECTION) == 0) {
        uint32_t *to =
            (a->flags & MAILPROTO_PARAMETER_EXTENDED) != 0 ? &f->extended : &f->plain;
        if (*to != 0) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_TWICE, at);
        } else {
            *to = place;
        }
        return;
    }
    /* One behind the last that can be joined stands behind a gap, or over the limit. */
    if (a->section < MAILPROTO_PARAMETERS_MAX) {
        uint8_t *to = f->at[a->section];
        if (place_of(to) != 0) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_TWICE, at);
            return;
        }
        to[0] = (uint8_t)(place >> 16);
        to[1] = (uint8_t)(place >> 8);
        to[2] = (uint8_t)place;
    }
    f->first = f->count == 0 ? place : f->first;
    f->count++;
}

static void find(struct mailproto__value *v, mailproto_bytes name, struct found *f)
{
    mailproto_parameter a;
    mailproto__parameters_begin(v);
    while (mailproto__parameter(v, &a) == MAILPROTO_OK) {
        if (mailproto__equal_nocase(a.name, name)) {
            note(v, f, &a);
        }
    }
}

/* What stands at a place, read again: 1, or 0: there is none. The cursor is over then. */
static int read_again(struct mailproto__value *v, uint32_t place,
                      mailproto_parameter *a)
{
    mailproto_defects *defects = v->defects;
    mailproto_value_defect error = v->error;
    mailproto_status status;
    if (place == 0) {
        return 0;
    }
    v->defects = NULL; /* they were counted */
    v->state = 0;
    v->count = 0;
    v->at = v->begin + (place - 1);
    status = mailproto__parameter(v, a);
    v->defects = defects;
    v->error = error;
    return status == MAILPROTO_OK;
}

/* Section `n`: 1, or 0: there is none. */
static int section(struct mailproto__value *v, const struct found *f, uint32_t n,
                   mailproto_parameter *a)
{
    return n < MAILPROTO_PARAMETERS_MAX && read_again(v, place_of(f->at[n]), a);
}

/* ---- decoding ----------------------------------------------------------------------- */

/* The codec for a charset; one that is not known is read as UTF-8, and so is UTF-7, as in
 * encoded words: a file name must be what it looks like to those who look at the value. */
static void set_charset(struct sink *s, mailproto_bytes charset,
                        const mailproto_charset_converter *converter, const char *at)
{
    mailproto_status status;
    if (s->raw) {
        return;
    }
    if (charset.len > 0) {
        status = mailproto__charset_find(charset) == MAILPROTO__CHARSET_UTF7
                     ? MAILPROTO_ERR_NOT_BUILT
                     : mailproto__charset_open(&s->codec, charset, converter, 0);
        if (status == MAILPROTO_OK) {
            return;
        }
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET, at);
    }
    mailproto__charset_begin(&s->codec, MAILPROTO__CHARSET_UTF8, 0);
}

/* Takes charset'language' off the first section (RFC 2231 4). */
static void take_charset(struct sink *s, mailproto_bytes *value,
                         mailproto_parameter_info *info)
{
    const char *end = value->ptr + value->len;
    const char *first = (const char *)memchr(value->ptr, '\'', value->len);
    const char *second =
        first != NULL ? (const char *)memchr(first + 1, '\'', (size_t)(end - first - 1))
                      : NULL;
    if (second == NULL) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET, value->ptr);
        return;
    }
    info->charset = mailproto__v_span(value->ptr, first);
    info->language = mailproto__v_span(first + 1, second);
    *value = mailproto__v_span(second + 1, end);
}

/* From `a`, the first section or an only one, on. */
static void decode(struct sink *s, const struct found *f, mailproto_parameter *a,
                   const mailproto_charset_converter *converter,
                   mailproto_parameter_info *info)
{
    uint32_t n = 0;
    int extended = (a->flags & MAILPROTO_PARAMETER_EXTENDED) != 0;
    if (extended) {
        take_charset(s, &a->value, info);
    }
    set_charset(s, info->charset, converter, a->value.ptr);
    info->flags = a->flags;
    do {
        sink_value(s, a->value, (a->flags & MAILPROTO_PARAMETER_EXTENDED) != 0);
        n++;
    } while ((info->flags & MAILPROTO_PARAMETER_SECTION) != 0 &&
             section(s->v, f, n, a));
    sink_flush(s, MAILPROTO_CODEC_FINAL);
    info->sections = n;
    if ((info->flags & MAILPROTO_PARAMETER_SECTION) != 0 && n < f->count) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_GAP, a->value.ptr);
    }
}

/* Decodes the parameter that counts: 1, or 0: there is none, or `*words` is told. */
static int decode_found(struct sink *s, const struct found *f, uint32_t flags,
                        const mailproto_charset_converter *converter,
                        mailproto_parameter_info *info, mailproto_bytes *words)
{
    mailproto_parameter a;
    int plain = f->plain != 0 && (flags & MAILPROTO__PARAMETER_PLAIN_FIRST) != 0;
    if (f->plain != 0 && (f->extended != 0 || f->count > 0)) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_BOTH,
                          s->v->begin + (f->plain - 1));
    }
    if (plain || (!read_again(s->v, f->extended, &a) && !section(s->v, f, 0, &a))) {
        if (!plain && f->count > 0) {
            mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_GAP,
                              s->v->begin + (f->first - 1));
        }
        if (!read_again(s->v, f->plain, &a)) {
            return 0;
        }
        info->flags = a.flags;
        info->sections = 1;
        if ((flags & (MAILPROTO_PARAMETER_RAW | MAILPROTO_PARAMETER_NO_WORDS)) == 0 &&
            mailproto__has_words(a.value)) {
            *words = a.value;
            return 0;
        }
    }
    decode(s, f, &a, converter, info);
    return 1;
}

/* All is to be decoded again, without the converter, which does not know the charset
 * either: what is told of it is that alone, the rest was. */
static void begin_again(struct sink *s, struct mailproto__put to,
                        const mailproto_parameter_info *info)
{
    mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET,
                      info->language.ptr + info->language.len + 1);
    s->v->defects = NULL;
    s->to = to;
    s->status = MAILPROTO_OK;
    s->held = 0;
    s->control = NULL;
    s->bad = NULL;
}

/* What only shows in the text, and where it came from. Without a charset what is no UTF-8
 * was told when the parameter was read. */
static void tell(const struct sink *s, const mailproto_parameter_info *info)
{
    if (s->bad != NULL && info->charset.len > 0) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET, s->bad);
    }
    if (s->control != NULL) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_CONTROL, s->control);
    }
}

mailproto_status mailproto__parameter_join(struct mailproto__value *v,
                                           mailproto_bytes name, uint32_t flags,
                                           const mailproto_charset_converter *converter,
                                           struct mailproto__put *to,
                                           mailproto_parameter_info *info,
                                           mailproto_bytes *words)
{
    struct found f;
    struct sink s;
    mailproto_defects *defects = v->defects;
    int found;
    memset(&f, 0, sizeof f);
    memset(&s, 0, sizeof s);
    find(v, name, &f);
    s.v = v;
    s.raw = (flags & MAILPROTO_PARAMETER_RAW) != 0;
    s.to = *to;
    do { /* twice at most, and from one place: the stack is deep here */
        if (s.status != MAILPROTO_OK) {
            begin_again(&s, *to, info);
            converter = NULL;
        }
        found = decode_found(&s, &f, flags, converter, info, words);
    } while (s.status == MAILPROTO_ERR_NOT_BUILT && converter != NULL);
    v->defects = defects;
    if (!found) {
        return words->ptr != NULL ? MAILPROTO_OK : MAILPROTO_EOF;
    }
    *to = s.to;
    tell(&s, info);
    return s.status;
}
