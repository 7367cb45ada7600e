/*
 * The parameters of one name (RFC 2231) made one: sections joined in order,
 * percent-encoding and charset undone. Knows which of several counts; must not know what
 * the value is for, nor encoded words.
 */
#include "message/value_parameter.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

/* A section's offset and number share 32 bits, which keeps the stack small: values are up
 * to MAILPROTO__PARAMETER_VALUE_MAX octets, numbers up to 999. */
enum { NUMBER_BITS = 10 };

/* Where the parameters of the name stand in the value. */
struct found {
    uint32_t at[MAILPROTO_PARAMETERS_MAX]; /* sections: offset and number */
    uint32_t count;                        /* of sections */
    mailproto_parameter plain, extended;   /* the first ones; name.ptr NULL: none */
};

static uint32_t number_of(uint32_t at)
{
    return at & ((1U << NUMBER_BITS) - 1U);
}

/* Octets on their way through the charset into the buffer. */
struct sink {
    struct mailproto__value *v;
    struct mailproto__put to;
    mailproto_codec codec;
    mailproto_status status;
    int raw;     /* no charset */
    int control; /* a control was seen */
    size_t held; /* octets in `hold` */
    char hold[64];
};

/* ---- the sink ----------------------------------------------------------------------- */

static void sink_text(struct sink *s, const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        char c = text[i];
        if (((unsigned char)c < 32 && c != '\t') || c == 127) {
            s->control = 1;
            c = s->raw ? c : ' ';
        }
        mailproto__put_octet(&s->to, c);
    }
}

static void sink_flush(struct sink *s, uint32_t flags)
{
    size_t at = 0;
    mailproto_status status = MAILPROTO_AGAIN;
    if (s->raw) {
        sink_text(s, s->hold, s->held);
        s->held = 0;
        return;
    }
    while (status == MAILPROTO_AGAIN && s->status == MAILPROTO_OK) {
        char out[64];
        size_t used = 0;
        size_t got = 0;
        status = mailproto_codec_run(&s->codec, s->hold + at, s->held - at, &used, out,
                                     sizeof out, &got, flags);
        at += used;
        sink_text(s, out, got);
        if (status < 0) {
            s->status = status;
        }
    }
    s->held = 0;
}

static void sink_octet(struct sink *s, char c)
{
    if (s->held == sizeof s->hold) {
        sink_flush(s, 0);
    }
    s->hold[s->held] = c;
    s->held++;
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
    while (p < end) {
        if (*p == '\r' || *p == '\n') { /* a fold */
            p++;
            continue;
        }
        if (*p == '\\' && end - p >= 2) {
            p++;
        } else if (*p == '%' && extended) {
            if (end - p >= 3 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
                sink_octet(s, (char)(hex(p[1]) * 16 + hex(p[2])));
                p += 3;
                continue;
            }
            mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_PERCENT, p);
        }
        sink_octet(s, *p);
        p++;
    }
}

/* ---- choosing ----------------------------------------------------------------------- */

static void note(struct mailproto__value *v, struct found *f,
                 const mailproto_parameter *a)
{
    const char *at = v->begin + a->offset;
    uint32_t i;
    if ((a->flags & MAILPROTO_PARAMETER_SECTION) == 0) {
        mailproto_parameter *to =
            (a->flags & MAILPROTO_PARAMETER_EXTENDED) != 0 ? &f->extended : &f->plain;
        if (to->name.ptr != NULL) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_TWICE, at);
        } else {
            *to = *a;
        }
        return;
    }
    for (i = 0; i < f->count; i++) {
        if (number_of(f->at[i]) == a->section) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_PARAMETER_TWICE, at);
            return;
        }
    }
    if (f->count < MAILPROTO_PARAMETERS_MAX) {
        f->at[f->count] = (uint32_t)a->offset << NUMBER_BITS | a->section;
        f->count++;
    }
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

/* Section `n`, read again: 1, or 0: there is none. */
static int section(const struct mailproto__value *v, const struct found *f, uint32_t n,
                   mailproto_parameter *a)
{
    uint32_t i;
    for (i = 0; i < f->count; i++) {
        if (number_of(f->at[i]) == n) {
            struct mailproto__value again = *v;
            again.defects = NULL;
            again.state = 0;
            again.count = 0;
            again.at = v->begin + (f->at[i] >> NUMBER_BITS);
            return mailproto__parameter(&again, a) == MAILPROTO_OK;
        }
    }
    return 0;
}

/* ---- decoding ----------------------------------------------------------------------- */

static mailproto_bytes text_span(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0') {
        len++;
    }
    return mailproto__span(text, len);
}

/* The codec for a charset; one that is not known is read as UTF-8. */
static void set_charset(struct sink *s, mailproto_bytes charset,
                        const mailproto_charset_converter *converter, const char *at)
{
    mailproto_status status;
    if (s->raw) {
        return;
    }
    if (charset.len > 0) {
        status = mailproto_charset_init(&s->codec, charset, converter, 0);
        if (status == MAILPROTO_OK) {
            return;
        }
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET, at);
    }
    s->status = mailproto_charset_init(&s->codec, text_span("utf-8"), NULL, 0);
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
static int decode_found(struct sink *s, struct found *f, uint32_t flags,
                        const mailproto_charset_converter *converter,
                        mailproto_parameter_info *info, mailproto_bytes *words)
{
    mailproto_parameter a;
    int plain =
        f->plain.name.ptr != NULL && (flags & MAILPROTO__PARAMETER_PLAIN_FIRST) != 0;
    memset(&a, 0, sizeof a);
    if (f->plain.name.ptr != NULL && (f->extended.name.ptr != NULL || f->count > 0)) {
        mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_BOTH,
                          s->v->begin + f->plain.offset);
    }
    if (!plain && f->extended.name.ptr != NULL) {
        decode(s, f, &f->extended, converter, info);
    } else if (!plain && section(s->v, f, 0, &a)) {
        decode(s, f, &a, converter, info);
    } else {
        if (!plain && f->count > 0) {
            mailproto__v_flaw(s->v, MAILPROTO_VALUE_DEFECT_PARAMETER_GAP,
                              s->v->begin + (f->at[0] >> NUMBER_BITS));
        }
        if (f->plain.name.ptr == NULL) {
            return 0;
        }
        info->flags = f->plain.flags;
        info->sections = 1;
        if ((flags & (MAILPROTO_PARAMETER_RAW | MAILPROTO_PARAMETER_NO_WORDS)) == 0 &&
            mailproto__has_words(f->plain.value)) {
            *words = f->plain.value;
            return 0;
        }
        decode(s, f, &f->plain, converter, info);
    }
    return 1;
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
    memset(&f, 0, sizeof f);
    memset(&s, 0, sizeof s);
    find(v, name, &f);
    s.v = v;
    s.raw = (flags & MAILPROTO_PARAMETER_RAW) != 0;
    s.to = *to;
    if (!decode_found(&s, &f, flags, converter, info, words)) {
        return words->ptr != NULL ? MAILPROTO_OK : MAILPROTO_EOF;
    }
    *to = s.to;
    if (s.control) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, v->begin);
    }
    return s.status;
}
