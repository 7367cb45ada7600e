/*
 * The syntax of SCRAM's messages (RFC 5802 7): attributes, one after another. Pure
 * functions; must not know what they mean.
 */
#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "sasl/sasl.h"

static int is_letter(char c)
{
    return mailproto__is((unsigned char)c, MAILPROTO__ALPHA);
}

int mailproto__scram_attribute(mailproto_bytes *rest, char name, mailproto_bytes *value)
{
    const char *comma;
    mailproto_bytes v;
    if (rest->len < 3 || rest->ptr[1] != '=' || rest->ptr[0] == 'm' ||
        (name != 0 ? rest->ptr[0] != name : !is_letter(rest->ptr[0]))) {
        return 0;
    }
    v = mailproto__tail(*rest, 2);
    comma = memchr(v.ptr, ',', v.len);
    if (comma != NULL) {
        v.len = (size_t)(comma - v.ptr);
        *rest = mailproto__tail(*rest, v.len + 3);
        if (rest->len == 0) {
            return 0; /* nothing behind the comma */
        }
    } else {
        *rest = mailproto__tail(*rest, rest->len);
    }
    *value = v;
    return v.len > 0 && !mailproto__holds_nul(v);
}

int mailproto__scram_extensions(mailproto_bytes rest)
{
    mailproto_bytes value;
    while (rest.len > 0) {
        if (!mailproto__scram_attribute(&rest, 0, &value) ||
            !mailproto__is_utf8(value)) {
            return 0;
        }
    }
    return 1;
}
