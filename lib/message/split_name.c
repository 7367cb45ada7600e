/*
 * Where the name of a field ends (RFC 5322 2.2, 4.5). Must not know what follows it.
 */
#include "message/split_name.h"

#include "core/mem.h"

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

/* A word with each octet `octet`. */
#define EACH(octet) (~(size_t)0 / 255U * (size_t)(octet))

/* Octets from the start on that are of a name, in whole words. */
static size_t skip_words(const char *at, size_t n)
{
    size_t i = 0;
    while (n - i >= sizeof(size_t)) {
        size_t word;
        memcpy(&word, at + i, sizeof word);
        if ((word | (word + EACH(1))             /* 127 and above */
             | (word - EACH(33))                 /* below 33 */
             | ((word ^ EACH(':')) - EACH(1))) & /* 0 */
            EACH(0x80)) {
            break;
        }
        i += sizeof word;
    }
    return i;
}

int mailproto__split_name(mailproto_bytes line, int end, struct mailproto__name *name)
{
    size_t max =
        line.len < MAILPROTO__NAME_MAX ? line.len : (size_t)MAILPROTO__NAME_MAX;
    size_t at;
    memset(name, 0, sizeof *name);
    if (is_blank(line.ptr[0])) {
        name->junk = MAILPROTO__JUNK_FOLD;
        return 1;
    }
    at = skip_words(line.ptr, max);
    while (at < max && is_name(line.ptr[at])) {
        at++;
    }
    if (at == max || at == 0 || line.ptr[at] != ':') {
        return split_odd(line, max, at, end, name);
    }
    name->len = at;
    name->value = at + 1;
    return 1;
}
