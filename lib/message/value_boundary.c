/*
 * The boundary of a Content-Type as the scanner has it, for those who ask for the
 * parameter. Knows the light reading of content_type.h; must not read a second time
 * itself.
 */
#include "message/content_type.h"
#include "message/value_parameter.h"

#include "core/span.h"

/* Text as UTF-8. */
static mailproto_status put_utf8(struct mailproto__put *to, mailproto_bytes text)
{
    mailproto_codec codec;
    mailproto_status status =
        mailproto_charset_init(&codec, MAILPROTO__LITERAL("utf-8"), NULL, 0);
    size_t at = 0;
    while (status == MAILPROTO_OK) {
        char out[64];
        size_t used;
        size_t got;
        status = mailproto_codec_run(&codec, text.ptr + at, text.len - at, &used, out,
                                     sizeof out, &got, MAILPROTO_CODEC_FINAL);
        at += used;
        mailproto__put_octets(to, out, got);
        if (status != MAILPROTO_AGAIN) {
            break;
        }
        status = MAILPROTO_OK;
    }
    return status;
}

/*
 * The boundary that the scanner goes by, in place of what was joined: where the forms of
 * RFC 2231, wrong quoting or a missing semicolon leave room, whoever asks for it must not
 * look for other delimiters than the scanner does. One over the scanner's limit stays.
 */
mailproto_status mailproto__parameter_boundary(struct mailproto__value *v,
                                               uint32_t flags,
                                               struct mailproto__put *to)
{
    char text[MAILPROTO__TYPE_BOUNDARY_MAX];
    struct mailproto__type t;
    mailproto_status status = MAILPROTO_OK;
    mailproto__type_parse(mailproto__v_span(v->begin, v->end), MAILPROTO_PARAMETERS_MAX,
                          text, sizeof text, &t);
    if ((t.flags & MAILPROTO__TYPE_BOUNDARY) == 0) {
        return MAILPROTO_EOF;
    }
    if ((t.flags & MAILPROTO__TYPE_LIMIT) != 0) {
        return MAILPROTO_OK;
    }
    to->len = 0;
    if ((flags & MAILPROTO_PARAMETER_RAW) != 0) {
        mailproto__put_octets(to, text, t.boundary_len);
    } else {
        (void)mailproto__clean(text, t.boundary_len); /* what was joined counted it */
        status = put_utf8(to, mailproto__span(text, t.boundary_len));
    }
    return status;
}
