/*
 * Reply lines (RFC 5321 4.2) and their enhanced status codes (RFC 2034 4). Knows one line
 * at a time; must not know what was asked.
 */
#include "smtp/syntax.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"

/* The octet at `i`, or -1 at the end. */
static int octet(mailproto_bytes b, size_t i)
{
    return i < b.len ? (unsigned char)b.ptr[i] : -1;
}

/* 1*3DIGIT at `*i`: 0 if there is none, or more. */
static int number3(mailproto_bytes b, size_t *i, uint16_t *value)
{
    size_t start = *i;
    unsigned n = 0;
    while (*i < b.len && mailproto__is((unsigned char)b.ptr[*i], MAILPROTO__DIGIT)) {
        if (*i - start == 3) {
            return 0;
        }
        n = n * 10U + (unsigned)(b.ptr[*i] - '0');
        (*i)++;
    }
    *value = (uint16_t)n;
    return *i > start;
}

/* class "." subject "." detail, if the text begins with it and the class fits (RFC 2034
 * 4: it is the first digit of the reply code). */
static void enhanced(mailproto_bytes text, struct mailproto__smtp_reply_line *out)
{
    uint16_t subject;
    uint16_t detail;
    size_t i = 2;
    unsigned class = out->code / 100U;
    if (class == 3 || octet(text, 0) != (int)('0' + class) || octet(text, 1) != '.' ||
        !number3(text, &i, &subject) || octet(text, i) != '.') {
        return;
    }
    i++;
    if (!number3(text, &i, &detail) || (i < text.len && text.ptr[i] != ' ')) {
        return;
    }
    out->enhanced[0] = (uint16_t) class;
    out->enhanced[1] = subject;
    out->enhanced[2] = detail;
}

/* The offset of the first octet that no text may hold, or b.len. */
static size_t find_bad(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len && b.ptr[i] != '\0' && b.ptr[i] != '\r' && b.ptr[i] != '\n') {
        i++;
    }
    return i;
}

mailproto_status mailproto__smtp_reply_parse(mailproto_bytes line,
                                             struct mailproto__smtp_reply_line *out,
                                             size_t *at)
{
    size_t i;
    memset(out, 0, sizeof *out);
    for (i = 0; i < 3; i++) {
        int c = octet(line, i);
        /* RFC 5321 4.2: the first digit is 2 to 5; a client goes by that alone. */
        if (c < (i == 0 ? '2' : '0') || c > (i == 0 ? '5' : '9')) {
            *at = i;
            return MAILPROTO_ERR_SYNTAX;
        }
        out->code = (uint16_t)(out->code * 10U + (unsigned)(c - '0'));
    }
    if (line.len > 3 && line.ptr[3] != ' ' && line.ptr[3] != '-') {
        *at = 3;
        return MAILPROTO_ERR_SYNTAX;
    }
    *at = find_bad(line);
    if (*at < line.len) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *at = 0;
    out->more = octet(line, 3) == '-';
    out->text = mailproto__tail(line, line.len > 3 ? 4 : 3);
    enhanced(out->text, out);
    return MAILPROTO_OK;
}
