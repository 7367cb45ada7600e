/*
 * Address lists written. Knows folding and what an addr-spec may be; what it is given can
 * never become a second address or a second field.
 */
#include "message/value.h"

#include "core/span.h"

enum { LINE = 78 /* RFC 5322 2.1.1 */ };

/* Exactly one addr-spec of RFC 5322 3.4.1, without CFWS and obs- forms. */
static int is_spec(mailproto_bytes spec)
{
    mailproto_defects defects = {sizeof defects, 0, NULL, 0, {0, 0, 0}, 0, 0};
    mailproto_address a = {0};
    mailproto_value v;
    a.struct_size = sizeof a;
    if (mailproto__find_control(spec) < spec.len ||
        mailproto_value_open(&v, spec, MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT,
                             &defects) != MAILPROTO_OK ||
        mailproto_address_next(&v, &a) != MAILPROTO_OK) {
        return 0;
    }
    return a.type == MAILPROTO_ADDRESS_MAILBOX &&
           (a.flags & (MAILPROTO_ADDRESS_ANGLE | MAILPROTO_ADDRESS_CFWS)) == 0 &&
           a.local.len + 1 + a.domain.len == spec.len && a.local.ptr == spec.ptr &&
           defects.count == 0 && mailproto_address_next(&v, &a) == MAILPROTO_EOF;
}

static void put(struct mailproto__put *to, uint32_t *column, const char *text,
                size_t len)
{
    mailproto__put_octets(to, text, len);
    *column += (uint32_t)len;
}

/* A space, or a fold when `need` octets more would make the line too long. */
static void put_space(struct mailproto__put *to, uint32_t *column, size_t need)
{
    if (*column > 1 && *column + 1 + need > LINE) {
        mailproto__put_octets(to, "\r\n ", 3);
        *column = 1;
    } else {
        put(to, column, " ", 1);
    }
}

static mailproto_status put_name(struct mailproto__put *to, uint32_t *column,
                                 mailproto_bytes name)
{
    size_t len = 0;
    mailproto_status status;
    if (to->len > to->cap) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    status = mailproto_words_encode(name, MAILPROTO_WORDS_PHRASE, column,
                                    to->out + to->len, to->cap - to->len, &len);
    to->len += len;
    return status;
}

static mailproto_status check(uint32_t type, mailproto_bytes name, mailproto_bytes spec)
{
    int good = 0;
    switch (type) {
    case MAILPROTO_ADDRESS_MAILBOX:
        good = is_spec(spec);
        break;
    case MAILPROTO_ADDRESS_GROUP_BEGIN:
        good = name.len > 0 && spec.len == 0;
        break;
    case MAILPROTO_ADDRESS_GROUP_END:
        good = name.len == 0 && spec.len == 0;
        break;
    default:
        break;
    }
    return good && mailproto__find_control(name) == name.len && mailproto__is_utf8(name)
               ? MAILPROTO_OK
               : MAILPROTO_ERR_ARGUMENT;
}

mailproto_status mailproto_address_write(uint32_t form, mailproto_bytes name,
                                         mailproto_bytes spec, uint32_t *column,
                                         char *out, size_t cap, size_t *len)
{
    uint32_t type = form & ~(uint32_t)MAILPROTO_ADDRESS_FOLLOWS;
    uint32_t at = *column;
    struct mailproto__put to;
    mailproto_status status = check(type, name, spec);
    *len = 0;
    if (status != MAILPROTO_OK) {
        return status;
    }
    to.out = out;
    to.cap = cap;
    to.len = 0;
    if (form & MAILPROTO_ADDRESS_FOLLOWS) {
        put(&to, &at, ",", 1);
        put_space(&to, &at, name.len > 0 ? name.len + 2 : spec.len + 1);
    }
    if (name.len > 0) {
        status = put_name(&to, &at, name);
    }
    if (status == MAILPROTO_OK && type == MAILPROTO_ADDRESS_MAILBOX) {
        if (name.len > 0) {
            put_space(&to, &at, spec.len + 3);
            put(&to, &at, "<", 1);
        }
        put(&to, &at, spec.ptr, spec.len);
        if (name.len > 0) {
            put(&to, &at, ">", 1);
        }
    } else if (status == MAILPROTO_OK) {
        put(&to, &at, type == MAILPROTO_ADDRESS_GROUP_END ? ";" : ": ",
            type == MAILPROTO_ADDRESS_GROUP_END ? 1 : 2);
    }
    if (status == MAILPROTO_OK && to.len > cap) {
        status = MAILPROTO_ERR_TOO_LONG;
    }
    if (status == MAILPROTO_OK) {
        *len = to.len;
        *column = at;
    }
    return status;
}
