/*
 * The value of a parameter by name as text. Knows the encoded words that RFC 2047 forbids
 * here and mail holds all the same; the rest of the decoding lies in
 * value_parameter_get.c, apart, so that its stack is not held while words are decoded.
 */
#include "message/value_parameter.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

int mailproto__clean(char *text, size_t len)
{
    int found = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        if (((unsigned char)text[i] < 32 && text[i] != '\t') || text[i] == 127) {
            found = 1;
            text[i] = ' ';
        }
    }
    return found;
}

/* What `\` escapes begins a piece. */
static mailproto_status put_words(struct mailproto__value *v, mailproto_bytes value,
                                  const mailproto_charset_converter *converter,
                                  struct mailproto__put *to)
{
    const char *p = value.ptr;
    const char *end = p + value.len;
    const char *start = p;
    mailproto_status status = MAILPROTO_OK;
    mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_ENCODED_WORD, p);
    while (p <= end && status == MAILPROTO_OK) {
        if (p == end || (*p == '\\' && end - p >= 2)) {
            size_t at = to->len < to->cap ? to->len : to->cap;
            size_t len = 0;
            status = mailproto_words_decode(mailproto__v_span(start, p), 0, converter,
                                            to->out + at, to->cap - at, &len);
            if (status == MAILPROTO_ERR_TOO_LONG) {
                status = MAILPROTO_OK; /* mailproto__put_end() will say so */
            }
            to->len += len;
            start = p + 1;
            p++;
        }
        p++;
    }
    if (mailproto__clean(to->out, to->len < to->cap ? to->len : to->cap)) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, value.ptr);
    }
    return status;
}

static int is_misuse(mailproto_bytes value, mailproto_bytes name, uint32_t flags,
                     const mailproto_defects *defects)
{
    const uint32_t known = MAILPROTO_PARAMETER_RAW | MAILPROTO_PARAMETER_NO_WORDS;
    return (flags & ~known) != 0 || name.len == 0 ||
           value.len > MAILPROTO__PARAMETER_VALUE_MAX ||
           (defects != NULL && defects->struct_size < sizeof *defects);
}

mailproto_status mailproto_parameter_get(mailproto_bytes value, mailproto_bytes name,
                                         uint32_t flags,
                                         const mailproto_charset_converter *converter,
                                         char *out, size_t cap, size_t *len,
                                         mailproto_parameter_info *info,
                                         mailproto_defects *defects)
{
    struct mailproto__value v;
    struct mailproto__put to;
    mailproto_parameter_info known;
    mailproto_bytes words = {NULL, 0};
    mailproto_status status;
    int boundary = mailproto__equal_nocase(name, MAILPROTO__LITERAL("boundary"));
    *len = 0;
    if (is_misuse(value, name, flags, defects)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(&to, 0, sizeof to);
    memset(&known, 0, sizeof known);
    to.out = out;
    to.cap = cap;
    mailproto__v_whole(&v, value, 0, defects);
    if (boundary) { /* ASCII: no charset and no words are wanted */
        converter = NULL;
        flags |= MAILPROTO_PARAMETER_NO_WORDS | MAILPROTO__PARAMETER_PLAIN_FIRST;
    }
    status = mailproto__parameter_join(&v, name, flags, converter, &to, &known, &words);
    if (status == MAILPROTO_OK && words.ptr != NULL) {
        status = put_words(&v, words, converter, &to);
    }
    if (boundary && (status == MAILPROTO_OK || status == MAILPROTO_EOF)) {
        status = mailproto__parameter_boundary(&v, flags, &to);
        known.sections = known.sections > 0 ? known.sections : 1;
    }
    if (status == MAILPROTO_OK && info != NULL) {
        known.struct_size = sizeof known;
        status = mailproto__output_copy(info, &known, sizeof known);
    }
    return status == MAILPROTO_OK ? mailproto__put_end(&to, len) : status;
}
