/*
 * The walker of fields: in memory, by offset, with a buffer that is too small; the same
 * fields as the parser tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static void check(const mailproto_field *f, const char *name, const char *value,
                  uint64_t offset, uint32_t id)
{
    assert_int_equal(f->name.len, strlen(name));
    assert_memory_equal(f->name.ptr, name, f->name.len);
    assert_int_equal(f->value.len, strlen(value));
    assert_memory_equal(f->value.ptr, value, f->value.len);
    assert_int_equal(f->offset, offset);
    assert_int_equal(f->id, id);
    assert_int_equal(f->flags, 0);
}

static const char header[] = "Subject: a\r\n b\r\n"
                             "X-Y :c\n"
                             "junk line\r\n"
                             "to:\r\n"
                             "\r\n"
                             "Not: a field\r\n";

static void check_header(mailproto_fields *f)
{
    mailproto_field field;
    assert_int_equal(mailproto_fields_next(f, &field), MAILPROTO_OK);
    check(&field, "Subject", " a\r\n b", 0, MAILPROTO_FIELD_SUBJECT);
    assert_int_equal(field.raw.len, 16);
    assert_int_equal(mailproto_fields_next(f, &field), MAILPROTO_OK);
    check(&field, "X-Y", "c", 16, MAILPROTO_FIELD_OTHER);
    assert_int_equal(mailproto_fields_next(f, &field), MAILPROTO_OK);
    check(&field, "", "junk line", 23, MAILPROTO_FIELD_OTHER);
    assert_int_equal(mailproto_fields_next(f, &field), MAILPROTO_OK);
    check(&field, "to", "", 34, MAILPROTO_FIELD_TO);
    assert_int_equal(mailproto_fields_next(f, &field), MAILPROTO_EOF);
    assert_int_equal(mailproto_fields_next(f, &field), MAILPROTO_EOF);
}

static void test_memory(void **state)
{
    mailproto_fields f;
    mailproto_field field;
    mailproto_source s;
    (void)state;
    assert_int_equal(mailproto_fields_open(&f, bytes(header)), MAILPROTO_OK);
    check_header(&f);
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.data = header;
    s.size = sizeof header - 1;
    assert_int_equal(mailproto_fields_open_at(&f, &s, 0, 41, NULL, 0), MAILPROTO_OK);
    check_header(&f);
    assert_int_equal(mailproto_fields_open_at(&f, &s, 34, 39, NULL, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_OK);
    check(&field, "to", "", 34, MAILPROTO_FIELD_TO);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_EOF);
    assert_int_equal(mailproto_fields_open(&f, bytes("")), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_EOF);
    assert_int_equal(mailproto_fields_open(&f, bytes("A: b")), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_OK);
    check(&field, "A", " b", 0, MAILPROTO_FIELD_OTHER);
    assert_int_equal(mailproto_fields_open_at(&f, &s, 42, 41, NULL, 0),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_EOF);
    assert_int_equal(mailproto_fields_open_at(&f, &s, 0, 1000, NULL, 0),
                     MAILPROTO_ERR_ARGUMENT);
}

/* ---- by offset -------------------------------------------------------------------------- */

struct store {
    const char *data;
    size_t len, most;
    unsigned calls, wait; /* every `wait`th call has nothing yet */
    mailproto_status fails;
};

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct store *s = (struct store *)ctx;
    s->calls++;
    if (s->fails != MAILPROTO_OK) {
        return s->fails;
    }
    if (s->wait > 0 && s->calls % s->wait == 0) {
        return MAILPROTO_NOT_READY;
    }
    if (offset >= s->len) {
        return MAILPROTO_EOF;
    }
    *got = s->most < cap ? s->most : cap;
    if (*got > s->len - offset) {
        *got = (size_t)(s->len - offset);
    }
    memcpy(buf, s->data + offset, *got);
    return MAILPROTO_OK;
}

static mailproto_source source_of(struct store *store)
{
    mailproto_source s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.ctx = store;
    s.size = store->len;
    s.read_at = read_at;
    return s;
}

static void test_by_offset(void **state)
{
    char work[1024];
    size_t most;
    (void)state;
    for (most = 1; most < sizeof header; most++) {
        struct store store = {header, sizeof header - 1, 0, 0, 0, MAILPROTO_OK};
        mailproto_source s = source_of(&store);
        mailproto_fields f;
        store.most = most;
        assert_int_equal(mailproto_fields_open_at(&f, &s, 0, 41, work, sizeof work),
                         MAILPROTO_OK);
        check_header(&f);
    }
}

static void test_failures(void **state)
{
    char work[1024];
    struct store store = {header, sizeof header - 1, 3, 0, 2, MAILPROTO_OK};
    mailproto_source s = source_of(&store);
    mailproto_fields f;
    mailproto_field field;
    unsigned fields = 0;
    unsigned waits = 0;
    mailproto_status st;
    (void)state;
    assert_int_equal(mailproto_fields_open_at(&f, &s, 0, 41, work, 1023),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_fields_open_at(&f, &s, 0, 41, work, sizeof work),
                     MAILPROTO_OK);
    while ((st = mailproto_fields_next(&f, &field)) != MAILPROTO_EOF) {
        fields += st == MAILPROTO_OK;
        waits += st == MAILPROTO_NOT_READY;
        assert_true(st >= 0);
    }
    assert_int_equal(fields, 4);
    assert_true(waits > 5);
    store.fails = MAILPROTO_ERR_IO;
    assert_int_equal(mailproto_fields_open_at(&f, &s, 0, 41, work, sizeof work),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_ERR_IO);
    /* A source that is shorter than it was. */
    store.fails = MAILPROTO_OK;
    store.wait = 0;
    store.len = 20;
    assert_int_equal(mailproto_fields_open_at(&f, &s, 0, 41, work, sizeof work),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_OK);
    check(&field, "", "X-Y ", 16, MAILPROTO_FIELD_OTHER);
    assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_EOF);
}

/* A field that `work` cannot hold is cut; the next one is whole. */
static void test_cut(void **state)
{
    size_t value;
    (void)state;
    for (value = 1016; value < 1030; value++) {
        char text[4096];
        char work[1024];
        struct store store = {text, 0, 100, 0, 0, MAILPROTO_OK};
        mailproto_source s;
        mailproto_fields f;
        mailproto_field field;
        memset(text, 'x', sizeof text);
        memcpy(text, "A:", 2);
        memcpy(text + 2 + value, "\r\n y\r\nB:c\r\n", 11);
        store.len = 2 + value + 11;
        s = source_of(&store);
        assert_int_equal(
            mailproto_fields_open_at(&f, &s, 0, store.len, work, sizeof work),
            MAILPROTO_OK);
        assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_OK);
        assert_int_equal(field.flags, MAILPROTO_MESSAGE_MORE);
        assert_int_equal(field.name.len, 1);
        assert_true(field.raw.len >= 1022 && field.raw.len <= 1024);
        assert_memory_equal(field.raw.ptr, text, field.raw.len);
        assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_OK);
        check(&field, "B", "c", 2 + value + 6, MAILPROTO_FIELD_OTHER);
        assert_int_equal(mailproto_fields_next(&f, &field), MAILPROTO_EOF);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_by_offset),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
