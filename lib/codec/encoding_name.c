/*
 * The names of transfer encodings (RFC 2045 6.1). Knows names and comments; must not know
 * what an encoding does.
 */
#include "codec/encoding.h"

#include "core/span.h"

static const struct {
    char name[17];
    uint8_t encoding;
} names[] = {
    {"7bit", MAILPROTO_ENCODING_7BIT},     {"8bit", MAILPROTO_ENCODING_8BIT},
    {"binary", MAILPROTO_ENCODING_BINARY}, {"quoted-printable", MAILPROTO_ENCODING_QP},
    {"base64", MAILPROTO_ENCODING_BASE64}, {"x-uuencode", MAILPROTO_ENCODING_UU},
    {"x-uue", MAILPROTO_ENCODING_UU},      {"uuencode", MAILPROTO_ENCODING_UU},
    {"x-yenc", MAILPROTO_ENCODING_YENC},
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skips blanks and comments, which nest (RFC 5322 3.2.2); what is left. */
static mailproto_bytes skip_cfws(mailproto_bytes b)
{
    size_t depth = 0;
    size_t i;
    for (i = 0; i < b.len; i++) {
        char c = b.ptr[i];
        if (c == '(') {
            depth++;
        } else if (c == ')' && depth > 0) {
            depth--;
        } else if (c == '\\' && depth > 0) {
            i += b.len - i > 1 ? 1 : 0;
        } else if (depth == 0 && !is_blank(c)) {
            break;
        }
    }
    return i > 0 ? mailproto__tail(b, i) : b;
}

uint32_t mailproto__encoding_find(mailproto_bytes name, int *odd)
{
    mailproto_bytes rest;
    size_t len = 0;
    size_t i;
    name = skip_cfws(name);
    while (len < name.len && !is_blank(name.ptr[len]) && name.ptr[len] != '(' &&
           name.ptr[len] != ';') {
        len++;
    }
    if (len == 0) {
        return MAILPROTO_ENCODING_7BIT; /* RFC 2045 6.1: the default */
    }
    rest = skip_cfws(mailproto__tail(name, len));
    /* RFC 2045 6.1 has no parameters; mail that writes a `;` means the encoding. */
    if (rest.len > 0 && rest.ptr[0] != ';') {
        return MAILPROTO_ENCODING_UNKNOWN;
    }
    *odd |= rest.len > 0;
    name.len = len;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = 0;
        while (n < sizeof names[i].name && names[i].name[n] != '\0') {
            n++;
        }
        if (mailproto__equal_nocase(name, mailproto__span(names[i].name, n))) {
            return names[i].encoding;
        }
    }
    return MAILPROTO_ENCODING_UNKNOWN;
}

uint32_t mailproto_encoding_find(mailproto_bytes name)
{
    int odd = 0;
    return mailproto__encoding_find(name, &odd);
}

const char *mailproto_encoding_name(uint32_t encoding)
{
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].encoding == encoding) {
            return names[i].name;
        }
    }
    return "";
}
