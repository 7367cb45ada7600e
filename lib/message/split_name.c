/*
 * Where the name of a field ends (RFC 5322 2.2, 4.5). Must not know what follows it.
 */
#include "message/split_name.h"

#include "codec/plain.h"

/* RFC 5322 3.6.8: ftext; the colon ends the name. */
/* clang-format off */
static const uint8_t ftext[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0,
};
/* clang-format on */

static int is_name(char c)
{
    return ftext[(unsigned char)c];
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Not a name and a colon, as nearly all are: what else may pass for a field. */
static int split_odd(mailproto_bytes line, size_t max, size_t at, int end,
                     struct mailproto__name *name)
{
    size_t len = at;
    if (at < max && is_blank(line.ptr[at])) { /* RFC 5322 4.5: a blank before it */
        while (at < max && is_blank(line.ptr[at])) {
            at++;
        }
    } else {
        /* Octets that no name may hold, but no blank: text would have one. */
        while (at < max && line.ptr[at] != ':' && line.ptr[at] != '\n' &&
               !is_blank(line.ptr[at])) {
            at++;
        }
        len = at;
    }
    if (at == max && !end && max < MAILPROTO__NAME_MAX) {
        return 0;
    }
    if (at == max || line.ptr[at] != ':' || len == 0) {
        name->junk = MAILPROTO__JUNK_LINE;
    } else {
        name->bad = 1;
        name->len = len;
        name->value = at + 1;
    }
    return 1;
}

/* How many octets from the start a name may hold. */
static size_t name_end(mailproto_bytes line, size_t n)
{
    size_t i = 0;
    while (MAILPROTO__HAS_WORDS && n - i >= 8) {
        uint64_t word = mailproto__plain_word((const unsigned char *)line.ptr + i);
        uint64_t found = (word | (word + MAILPROTO__EACH(1)) /* 127 and above */
                          | (word - MAILPROTO__EACH(33))     /* below 33 */
                          | ((word ^ MAILPROTO__EACH(':')) - MAILPROTO__EACH(1))) &
                         MAILPROTO__EACH(128);
        if (found != 0) {
#ifdef MAILPROTO__FIRST_IS_LOWEST
            return i + mailproto__before(found);
#else
            break;
#endif
        }
        i += 8;
    }
    while (i < n && is_name(line.ptr[i])) {
        i++;
    }
    return i;
}

int mailproto__split_name(mailproto_bytes line, int end, struct mailproto__name *name)
{
    size_t max =
        line.len < MAILPROTO__NAME_MAX ? line.len : (size_t)MAILPROTO__NAME_MAX;
    size_t at;
    name->len = 0;
    name->value = 0;
    name->bad = 0;
    name->junk = 0;
    if (is_blank(line.ptr[0])) {
        name->junk = MAILPROTO__JUNK_FOLD;
        return 1;
    }
    at = name_end(line, max);
    if (at == max || at == 0 || line.ptr[at] != ':') {
        return split_odd(line, max, at, end, name);
    }
    name->len = at;
    name->value = at + 1;
    return 1;
}
