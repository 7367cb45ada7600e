/*
 * Addresses: in pieces as whole; an addr-spec and a name that were read and are written
 * come back as one mailbox with the same addr-spec; no name becomes an address; the reader
 * of the usual forms agrees with the general one.
 *
 * Input: an address list; up to a NUL also a display name to write.
 */
#include <stdlib.h>
#include <string.h>

#include "message/value.h"
#include "value_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* Writes a mailbox and reads it again: exactly one, with that addr-spec. */
static void write_read(mailproto_bytes name, mailproto_bytes spec)
{
    static char out[65536];
    static char again[4096];
    mailproto_value v;
    mailproto_address a = {0};
    mailproto_bytes written;
    uint32_t column = 6;
    size_t len;
    a.struct_size = sizeof a;
    if (mailproto_address_write(MAILPROTO_ADDRESS_MAILBOX, name, spec, &column, out,
                                sizeof out, &len) != MAILPROTO_OK) {
        return;
    }
    written.ptr = out;
    written.len = len;
    CHECK(mailproto_value_open(&v, written,
                               MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT,
                               NULL) == MAILPROTO_OK);
    CHECK(mailproto_address_next(&v, &a) == MAILPROTO_OK);
    CHECK(a.type == MAILPROTO_ADDRESS_MAILBOX);
    CHECK(mailproto_address_spec(&a, again, sizeof again, &len) == MAILPROTO_OK);
    /* Needless quotes go; the domain is as it was. */
    CHECK(len <= spec.len && (memchr(spec.ptr, '"', spec.len) != NULL ||
                              (len == spec.len && memcmp(again, spec.ptr, len) == 0)));
    CHECK(mailproto_address_next(&v, &a) == MAILPROTO_EOF);
}

static int same(mailproto_bytes a, mailproto_bytes b)
{
    return a.len == b.len && (a.len == 0 || a.ptr == b.ptr);
}

/* The next element, read by both readers. */
static mailproto_status next(mailproto_value *v, mailproto_address *a)
{
    mailproto_value general = *v;
    mailproto_address b = *a;
    mailproto_status status = mailproto_address_next(v, a);
    CHECK(mailproto__address_general(&general, &b) == status);
    CHECK(mailproto_value_used(&general) == mailproto_value_used(v));
    CHECK(status != MAILPROTO_OK ||
          (a->type == b.type && a->flags == b.flags && a->offset == b.offset &&
           same(a->raw, b.raw) && same(a->name, b.name) && same(a->local, b.local) &&
           same(a->domain, b.domain) && same(a->route, b.route) &&
           same(a->comment, b.comment)));
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char spec[4096];
    static char name[16384];
    struct text whole = {NULL, 0, 0};
    struct text pieces = {NULL, 0, 0};
    mailproto_bytes value;
    mailproto_bytes text;
    mailproto_value v;
    mailproto_address a = {0};
    const uint8_t *zero = size > 0 ? (const uint8_t *)memchr(data, 0, size) : NULL;
    if (size == 0 || size > 2000) {
        return 0;
    }
    value.ptr = (const char *)data;
    value.len = size;
    text.ptr = value.ptr;
    text.len = zero != NULL ? (size_t)(zero - data) : size;
    value_trace(&whole, VALUE_ADDRESSES, value.ptr, value.len, 0, 0);
    value_trace(&pieces, VALUE_ADDRESSES, value.ptr, value.len, 0, 1 + data[0] % 9U);
    CHECK(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
    text_free(&whole);
    text_free(&pieces);
    a.struct_size = sizeof a;
    CHECK(mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL) == MAILPROTO_OK);
    while (next(&v, &a) == MAILPROTO_OK) {
        mailproto_bytes b;
        mailproto_bytes n;
        mailproto_status status = mailproto_address_display(
            &a, MAILPROTO_ADDRESS_COMMENT_NAME, NULL, name, sizeof name, &n.len);
        CHECK(status == MAILPROTO_OK);
        CHECK(mailproto_utf8_check((n.ptr = name, n), NULL));
        CHECK(memchr(name, '\n', n.len) == NULL && memchr(name, '\r', n.len) == NULL);
        if (a.type == MAILPROTO_ADDRESS_MAILBOX) {
            CHECK(mailproto_address_spec(&a, spec, sizeof spec, &b.len) ==
                  MAILPROTO_OK);
            b.ptr = spec;
            write_read(n, b);
        }
    }
    write_read(text, (spec[0] = 'm', spec[1] = '@', spec[2] = 'a', value.ptr = spec,
                      value.len = 3, value));
    return 0;
}
