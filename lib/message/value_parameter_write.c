/*
 * Parameters written: token, quoted string, or RFC 2231 in UTF-8 and in sections. Knows
 * folding and percent-encoding; what it is given can never become a second parameter.
 */
#include "message/value.h"

#include "core/span.h"

enum {
    LINE = 78, /* RFC 5322 2.1.1 */
    NAME_MAX_OCTETS = 60
};

static const char charset[] = "utf-8''";
enum { CHARSET = sizeof charset - 1 };

static int is_token(mailproto_bytes b, unsigned classes)
{
    return b.len > 0 &&
           mailproto__v_run(b.ptr, b.ptr + b.len, classes) == b.ptr + b.len &&
           !mailproto__v_high(b.ptr, b.ptr + b.len);
}

/* `;` and what parts it from the parameter of `need` octets. */
static void put_start(struct mailproto__cut *to, uint32_t *column, size_t need)
{
    if (*column + 2 + need + 1 > LINE) {
        mailproto__cut_octets(to, ";\r\n ", 4);
        *column = 1;
    } else {
        mailproto__cut_octets(to, "; ", 2);
        *column += 2;
    }
}

/* Octets of the quoted string, or 0: it must not be one. */
static size_t quoted_size(mailproto_bytes value)
{
    size_t n = 2;
    size_t i;
    for (i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if ((unsigned char)c > 126 ||
            (c == '=' && i + 1 < value.len && value.ptr[i + 1] == '?')) {
            return 0; /* an encoded word would be read as one */
        }
        n += c == '"' || c == '\\' ? 2 : 1;
    }
    return n;
}

static void put_quoted(struct mailproto__cut *to, mailproto_bytes value)
{
    size_t i;
    mailproto__cut_octet(to, '"');
    for (i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"' || value.ptr[i] == '\\') {
            mailproto__cut_octet(to, '\\');
        }
        mailproto__cut_octet(to, value.ptr[i]);
    }
    mailproto__cut_octet(to, '"');
}

/* ---- RFC 2231 ----------------------------------------------------------------------- */

static size_t percent_size(char c)
{
    return (unsigned char)c < 128 && mailproto__v_is(c, MAILPROTO__V_PLAIN) ? 1 : 3;
}

static void put_percent(struct mailproto__cut *to, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    if (percent_size(c) == 1) {
        mailproto__cut_octet(to, c);
        return;
    }
    mailproto__cut_octet(to, '%');
    mailproto__cut_octet(to, digits[(unsigned char)c >> 4]);
    mailproto__cut_octet(to, digits[(unsigned char)c & 15]);
}

/* How many octets of `value` from `at` on fit `room`, whole characters. */
static size_t piece(mailproto_bytes value, size_t at, size_t room)
{
    size_t i = at;
    size_t good = at;
    size_t n = 0;
    while (i < value.len) {
        n += percent_size(value.ptr[i]);
        i++;
        if (n > room) {
            break;
        }
        if (i == value.len || ((unsigned char)value.ptr[i] & 0xC0) != 0x80) {
            good = i;
        }
    }
    return good - at;
}

static void put_piece(struct mailproto__cut *to, mailproto_bytes value, size_t at,
                      size_t len)
{
    size_t i;
    for (i = at; i < at + len; i++) {
        put_percent(to, value.ptr[i]);
    }
}

/* name*=, or name*0*= and so on. 0: too many sections for a reader. */
static int put_extended(struct mailproto__cut *to, uint32_t *column,
                        mailproto_bytes name, mailproto_bytes value)
{
    size_t whole = piece(
        value, 0, LINE - 4 - name.len < CHARSET ? 0 : LINE - 4 - name.len - CHARSET);
    size_t at = 0;
    uint32_t n = 0;
    do {
        char number[20];
        size_t digits = mailproto__decimal(n, number);
        size_t head = name.len + digits + 3 + (n == 0 ? CHARSET : 0);
        size_t len = whole == value.len ? whole : piece(value, at, LINE - 2 - head);
        size_t start;
        put_start(to, column, LINE);
        start = to->len;
        mailproto__cut_octets(to, name.ptr, name.len);
        mailproto__cut_octet(to, '*');
        if (whole != value.len) {
            mailproto__cut_octets(to, number, digits);
            mailproto__cut_octet(to, '*');
        }
        mailproto__cut_octet(to, '=');
        mailproto__cut_octets(to, charset, n == 0 ? CHARSET : 0);
        put_piece(to, value, at, len);
        *column += (uint32_t)(to->len - start);
        at += len;
        n++;
    } while (at < value.len && n < MAILPROTO_PARAMETERS_MAX);
    return at == value.len;
}

mailproto_status mailproto__parameter_write(mailproto_bytes name, mailproto_bytes value,
                                            uint32_t *column, struct mailproto__cut *to)
{
    size_t quoted = quoted_size(value);
    int token = is_token(value, MAILPROTO__V_TOKEN) && quoted != 0;
    size_t size = name.len + 1 + (token ? value.len : quoted);
    if (!is_token(name, MAILPROTO__V_PLAIN) || name.len > NAME_MAX_OCTETS ||
        mailproto__find_control(value) < value.len || !mailproto__is_utf8(value)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (quoted == 0 || size > LINE - 2) {
        return put_extended(to, column, name, value) ? MAILPROTO_OK
                                                     : MAILPROTO_ERR_TOO_LONG;
    }
    put_start(to, column, size);
    mailproto__cut_octets(to, name.ptr, name.len);
    mailproto__cut_octet(to, '=');
    if (token) {
        mailproto__cut_octets(to, value.ptr, value.len);
    } else {
        put_quoted(to, value);
    }
    *column += (uint32_t)size;
    return MAILPROTO_OK;
}

mailproto_status mailproto_parameter_write(mailproto_bytes name, mailproto_bytes value,
                                           uint32_t *column, char *out, size_t cap,
                                           size_t *len)
{
    struct mailproto__cut to = {out, 0, cap, 0};
    uint32_t at = *column;
    mailproto_status status = mailproto__parameter_write(name, value, &at, &to);
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
