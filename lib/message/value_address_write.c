/*
 * Address lists written. Knows folding and what an addr-spec may be; what it is given can
 * never become a second address or a second field.
 */
#include "message/value.h"

#include "codec/words_write.h"
#include "core/span.h"

enum { LINE = 78 /* RFC 5322 2.1.1 */ };

int mailproto__address_is_spec(mailproto_bytes spec)
{
    mailproto_defects defects = {sizeof defects, 0, NULL, 0, {0, 0, 0}, 0, 0};
    struct mailproto__value v;
    mailproto_address a;
    if (mailproto__find_control(spec) < spec.len) {
        return 0;
    }
    mailproto__v_whole(&v, spec, MAILPROTO_VALUE_STRICT, &defects);
    a.struct_size = sizeof a;
    if (mailproto__address_read(&v, &a) != MAILPROTO_OK ||
        a.type != MAILPROTO_ADDRESS_MAILBOX ||
        (a.flags & (MAILPROTO_ADDRESS_ANGLE | MAILPROTO_ADDRESS_CFWS)) != 0 ||
        a.local.len + 1 + a.domain.len != spec.len || a.local.ptr != spec.ptr) {
        return 0;
    }
    return defects.count == 0 && mailproto__address_read(&v, &a) == MAILPROTO_EOF;
}

static void put(struct mailproto__cut *to, uint32_t *column, const char *text,
                size_t len)
{
    mailproto__cut_octets(to, text, len);
    *column += (uint32_t)len;
}

/* A space, or a fold when `need` octets more would make the line too long. */
static void put_space(struct mailproto__cut *to, uint32_t *column, size_t need)
{
    if (*column > 1 && *column + 1 + need > LINE) {
        mailproto__cut_octets(to, "\r\n ", 3);
        *column = 1;
    } else {
        put(to, column, " ", 1);
    }
}

static mailproto_status put_name(struct mailproto__cut *to, uint32_t *column,
                                 mailproto_bytes name)
{
    size_t skip = to->len < to->skip ? to->skip - to->len : 0;
    size_t at = to->len + skip - to->skip;
    size_t len = 0;
    mailproto_status status;
    at = at < to->cap ? at : to->cap;
    status = mailproto__words_encode(name, MAILPROTO_WORDS_PHRASE, column, skip,
                                     to->out + at, to->cap - at, &len);
    to->len += len;
    return status;
}

static mailproto_status check(uint32_t type, mailproto_bytes name, mailproto_bytes spec)
{
    int good = 0;
    switch (type) {
    case MAILPROTO_ADDRESS_MAILBOX:
        good = mailproto__address_is_spec(spec);
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

mailproto_status mailproto__address_write(uint32_t form, mailproto_bytes name,
                                          mailproto_bytes spec, uint32_t *column,
                                          struct mailproto__cut *to)
{
    uint32_t type = form & ~(uint32_t)MAILPROTO_ADDRESS_FOLLOWS;
    mailproto_status status = check(type, name, spec);
    if (status != MAILPROTO_OK) {
        return status;
    }
    if (form & MAILPROTO_ADDRESS_FOLLOWS) {
        put(to, column, ",", 1);
        put_space(to, column, name.len > 0 ? name.len + 2 : spec.len + 1);
    }
    if (name.len > 0) {
        status = put_name(to, column, name);
    }
    if (status == MAILPROTO_OK && type == MAILPROTO_ADDRESS_MAILBOX) {
        if (name.len > 0) {
            put_space(to, column, spec.len + 3);
            put(to, column, "<", 1);
        }
        put(to, column, spec.ptr, spec.len);
        if (name.len > 0) {
            put(to, column, ">", 1);
        }
    } else if (status == MAILPROTO_OK) {
        put(to, column, type == MAILPROTO_ADDRESS_GROUP_END ? ";" : ": ",
            type == MAILPROTO_ADDRESS_GROUP_END ? 1 : 2);
    }
    return status;
}

mailproto_status mailproto_address_write(uint32_t form, mailproto_bytes name,
                                         mailproto_bytes spec, uint32_t *column,
                                         char *out, size_t cap, size_t *len)
{
    struct mailproto__cut to = {out, 0, cap, 0};
    uint32_t at = *column;
    mailproto_status status = mailproto__address_write(form, name, spec, &at, &to);
    *len = 0;
    if (status == MAILPROTO_OK && to.len > cap) {
        status = MAILPROTO_ERR_TOO_LONG;
    }
    if (status == MAILPROTO_OK) {
        *len = to.len;
        *column = at;
    }
    return status;
}
