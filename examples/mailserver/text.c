/* Conversions of text: see text.h. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

mailproto_bytes text_bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

char *text_copy(mailproto_bytes bytes)
{
    char *copy = malloc(bytes.len + 1);
    if (copy != NULL) {
        if (bytes.len > 0) {
            memcpy(copy, bytes.ptr, bytes.len);
        }
        copy[bytes.len] = '\0';
    }
    return copy;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int text_same(mailproto_bytes a, mailproto_bytes b)
{
    if (a.len != b.len) {
        return 0;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return 0;
        }
    }
    return 1;
}

void text_printable(mailproto_bytes bytes, char *out, size_t cap)
{
    size_t n = bytes.len < cap - 1 ? bytes.len : cap - 1;
    for (size_t i = 0; i < n; i++) {
        out[i] = bytes.ptr[i];
        if (out[i] < ' ' || out[i] > '~') {
            out[i] = '?';
        }
    }
    out[n] = '\0';
}

mailproto_bytes text_domain(const char *mailbox)
{
    const char *at = strrchr(mailbox, '@');
    return text_bytes(at == NULL ? "" : at + 1);
}
