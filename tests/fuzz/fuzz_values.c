/*
 * Lists in field values, reports, Received, Authentication-Results: the same elements and
 * defects whole and in pieces, spans inside the value, progress with every call.
 *
 * Input: what it is (% VALUE_KINDS + 3) and 128 for strict, then the value.
 */
#include <stdlib.h>
#include <string.h>

#include "value_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static void check_inside(mailproto_bytes part, mailproto_bytes whole)
{
    CHECK(part.len == 0 ||
          (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void list(enum value_kind kind, mailproto_bytes value, uint32_t flags)
{
    static const size_t steps[] = {1, 2, 3, 7, 16};
    struct text whole = {NULL, 0, 0};
    size_t i;
    value_trace(&whole, kind, value.ptr, value.len, flags, 0);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct text pieces = {NULL, 0, 0};
        value_trace(&pieces, kind, value.ptr, value.len, flags, steps[i]);
        CHECK(pieces.len == whole.len &&
              memcmp(pieces.data, whole.data, whole.len) == 0);
        text_free(&pieces);
    }
    text_free(&whole);
}

static void report(mailproto_bytes value, uint32_t flags)
{
    mailproto_value v;
    mailproto_report_field f = {0};
    uint64_t last = 0;
    uint32_t group = 0;
    f.struct_size = sizeof f;
    CHECK(mailproto_value_open(&v, value, flags | MAILPROTO_VALUE_FINAL, NULL) == 0);
    while (mailproto_report_next(&v, &f) == MAILPROTO_OK) {
        mailproto_report_typed t = {0};
        mailproto_disposition d = {0};
        uint16_t code[3];
        char *out = (char *)test_alloc(f.value.len + 1);
        size_t len;
        uint32_t form;
        t.struct_size = sizeof t;
        d.struct_size = sizeof d;
        CHECK(f.offset >= last && f.offset < value.len && f.group >= group &&
              f.group <= group + 1);
        last = f.offset + 1;
        group = f.group;
        check_inside(f.name, value);
        check_inside(f.value, value);
        CHECK(mailproto_report_typed_parse(f.value, &t) == MAILPROTO_OK);
        check_inside(t.value, f.value);
        (void)mailproto_report_action(f.value);
        (void)mailproto_report_status(f.value, code);
        (void)mailproto_report_disposition(f.value, flags, NULL, &d);
        for (form = 0; form <= MAILPROTO_REPORT_UTF8; form++) {
            CHECK(mailproto_report_decode(t.value, form, out, f.value.len, &len,
                                          NULL) == MAILPROTO_OK);
        }
        free(out);
    }
}

static void received(mailproto_bytes value, uint32_t flags)
{
    mailproto_received r;
    mailproto_value v;
    mailproto_received_clause c = {0};
    size_t n = 0;
    memset(&r, 0, sizeof r);
    r.struct_size = sizeof r;
    c.struct_size = sizeof c;
    if (mailproto_received_parse(value, flags, NULL, &r) == MAILPROTO_OK) {
        check_inside(r.from, value);
        check_inside(r.address, value);
        check_inside(r.rdns, value);
        check_inside(r.cipher, value);
        check_inside(r.ident, value);
        check_inside(r.date_text, value);
    }
    CHECK(mailproto_value_open(&v, value, flags | MAILPROTO_VALUE_FINAL, NULL) == 0);
    while (mailproto_received_next(&v, &c) == MAILPROTO_OK) {
        check_inside(c.value, value);
        check_inside(c.comment, value);
        CHECK(n++ <= value.len + 1);
    }
}

static void auth(mailproto_bytes value, uint32_t flags)
{
    mailproto_value v;
    mailproto_auth_results h = {0};
    mailproto_auth_result r = {0};
    mailproto_auth_property p = {0};
    size_t n = 0;
    h.struct_size = sizeof h;
    r.struct_size = sizeof r;
    p.struct_size = sizeof p;
    CHECK(mailproto_value_open(&v, value, flags | MAILPROTO_VALUE_FINAL, NULL) == 0);
    if (mailproto_auth_results_begin(&v, &h) != MAILPROTO_OK) {
        return;
    }
    check_inside(h.server, value);
    while (mailproto_auth_result_next(&v, &r) == MAILPROTO_OK) {
        check_inside(r.reason, value);
        CHECK(n++ <= value.len);
        while (mailproto_auth_property_next(&v, &p) == MAILPROTO_OK) {
            check_inside(p.value, value);
            CHECK(n++ <= value.len);
        }
    }
}

static void texts(mailproto_bytes value)
{
    char *out = (char *)test_alloc(value.len * 3 + 1);
    mailproto_list_id id = {0};
    size_t len;
    id.struct_size = sizeof id;
    CHECK(mailproto_text_plain(value, out, value.len * 3, &len) == MAILPROTO_OK);
    CHECK(mailproto_text_unfold(value, out, value.len, &len) == MAILPROTO_OK);
    (void)mailproto_text_decode(value, MAILPROTO_TEXT_COLLAPSE, NULL, out, value.len,
                                &len);
    if (mailproto_list_id_parse(value, 0, NULL, &id) == MAILPROTO_OK) {
        check_inside(id.id, value);
        check_inside(id.description, value);
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t flags;
    unsigned kind;
    char *copy;
    mailproto_bytes value;
    if (size < 1 || size > 2000) {
        return 0;
    }
    kind = (data[0] & 127U) % (VALUE_KINDS + 4U);
    flags = data[0] & 128U ? MAILPROTO_VALUE_STRICT : 0;
    copy = (char *)test_alloc(size);
    memcpy(copy, data + 1, size - 1);
    value.ptr = copy;
    value.len = size - 1;
    if (kind < VALUE_KINDS) {
        list((enum value_kind)kind, value, flags);
    } else if (kind == VALUE_KINDS) {
        report(value, flags);
    } else if (kind == VALUE_KINDS + 1U) {
        received(value, flags);
    } else if (kind == VALUE_KINDS + 2U) {
        auth(value, flags);
    } else {
        texts(value);
    }
    free(copy);
    return 0;
}
