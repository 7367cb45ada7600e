/*
 * Parameters: in pieces as whole; values are UTF-8 whatever stood there; what is written
 * is read again as the same octets and as one parameter; file names are safe.
 *
 * Input: a field value; the text behind its first octet is also a value to write.
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

static char out[65536];
static char field[65536];

static mailproto_bytes span(const void *ptr, size_t len)
{
    mailproto_bytes b;
    b.ptr = (const char *)ptr;
    b.len = len;
    return b;
}

static void write_read(mailproto_bytes value)
{
    uint32_t column = 20;
    size_t len;
    size_t got;
    size_t i;
    size_t start = 0;
    mailproto_value v;
    mailproto_parameter p = {0};
    mailproto_defects defects = {sizeof defects, 0, NULL, 0, {0, 0, 0}, 0, 0};
    memcpy(field, "attachment", 10);
    if (mailproto_parameter_write(span("filename", 8), value, &column, field + 10,
                                  sizeof field - 10, &len) != MAILPROTO_OK) {
        return;
    }
    len += 10;
    for (i = 0; i < len; i++) {
        if (field[i] == '\n') {
            CHECK(i + 1 < len && field[i + 1] == ' ' &&
                  i - start <= 79); /* CR counted */
            start = i + 1;
        }
        CHECK((unsigned char)field[i] < 127);
    }
    CHECK(mailproto_parameter_get(span(field, len), span("FILENAME", 8), 0, NULL, out,
                                  sizeof out, &got, NULL, &defects) == MAILPROTO_OK);
    CHECK(got == value.len && memcmp(out, value.ptr, got) == 0 && defects.count == 0);
    p.struct_size = sizeof p;
    CHECK(mailproto_value_open(&v, span(field + 10, len - 10),
                               MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT,
                               NULL) == MAILPROTO_OK);
    while (mailproto_parameter_next(&v, &p) == MAILPROTO_OK) {
        CHECK(p.name.len == 8 && memcmp(p.name.ptr, "filename", 8) == 0);
    }
    CHECK(mailproto_value_error(&v).code == 0);
}

static void file_name(mailproto_bytes name)
{
    static char again[300];
    size_t len;
    size_t twice;
    size_t i;
    CHECK(mailproto_file_name(name, 64, out, 64, &len) == MAILPROTO_OK && len <= 64);
    CHECK(mailproto_utf8_check(span(out, len), NULL));
    for (i = 0; i < len; i++) {
        CHECK((unsigned char)out[i] >= 32 && out[i] != 127 && out[i] != '/' &&
              out[i] != '\\' && out[i] != ':');
    }
    CHECK(len == 0 || (out[0] != '.' && out[len - 1] != '.'));
    CHECK(len == 0 || (out[0] != '-' && out[0] != '~'));
    CHECK(mailproto_file_name(span(out, len), 64, again, 64, &twice) == MAILPROTO_OK);
    CHECK(twice == len && memcmp(again, out, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"name", "filename", "boundary", "charset", "a"};
    struct text whole = {NULL, 0, 0};
    struct text pieces = {NULL, 0, 0};
    size_t i;
    if (size < 1 || size > 2000) {
        return 0;
    }
    value_trace(&whole, VALUE_TYPE, (const char *)data, size, 0, 0);
    value_trace(&pieces, VALUE_TYPE, (const char *)data, size, 0, 1 + size % 5);
    CHECK(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
    text_free(&whole);
    text_free(&pieces);
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len;
        mailproto_parameter_info info = {0};
        info.struct_size = sizeof info;
        if (mailproto_parameter_get(span(data, size), span(names[i], strlen(names[i])),
                                    0, NULL, out, sizeof out, &len, &info,
                                    NULL) == MAILPROTO_OK) {
            CHECK(len <= 3 * size && mailproto_utf8_check(span(out, len), NULL));
            CHECK(info.sections >= 1);
            CHECK(memchr(out, '\n', len) == NULL && memchr(out, '\r', len) == NULL);
        }
    }
    write_read(span(data + 1, size - 1));
    file_name(span(data, size));
    return 0;
}
