/*
 * The message parser: any octets are a message, and its events are the same wherever it
 * is cut and with vector instructions; the index built of them is the one that is built
 * at once.
 *
 * Input: flags, limits, piece, then the message.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/message.h>

#include "message_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static mailproto_message_options options_of(const uint8_t *data)
{
    mailproto_message_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = data[0] & 7U;
    o.repeated = (data[0] >> 3 & 3U) % 3U;
    if (data[0] & 64) { /* some fields are passed over */
        o.fields = data[0] & 128 ? MAILPROTO_FIELDS_NONE
                                 : MAILPROTO_FIELDS_OF_PART |
                                       MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_FROM) |
                                       MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_RECEIVED);
    }
    if (data[0] & 32) { /* small limits */
        o.hold_size = 1024;
        o.boundary_size = 256;
        o.max_depth = 1 + data[1] % 4U;
        o.max_parts = 1 + data[1] / 4U % 4U;
        o.max_fields = 1 + data[1] / 16U;
        o.max_params = 1 + data[1] % 3U;
        o.max_header = 1 + data[1];
        o.piece_size = 64 + data[1];
    }
    return o;
}

static void check_cut(const uint8_t *data, size_t size,
                      const mailproto_message_options *o, enum chunk_kind kind,
                      uint64_t value, const struct text *expected)
{
    struct chunk cut = {CHUNK_WHOLE, 0, 0, 0};
    struct text got = {NULL, 0, 0};
    const char *wrong;
    cut.kind = kind;
    cut.value = value;
    wrong = message_trace(data, size, o, &cut, 0, &got);
    if (wrong != NULL || got.len != expected->len ||
        memcmp(got.data, expected->data, got.len) != 0) {
        struct text copy = {NULL, 0, 0};
        text_add(&copy, expected->data, expected->len);
        fprintf(stderr, "%s: %s\nwhole:\n%s\ncut:\n%s\n", chunk_name(&cut),
                wrong != NULL ? wrong : "other events", text_string(&copy),
                text_string(&got));
        abort();
    }
    text_free(&got);
}

/* Parts are the same whatever fields are told. */
static void check_parts(const uint8_t *data, size_t size, mailproto_message_options o)
{
    const struct chunk whole = {CHUNK_WHOLE, 0, 0, 0};
    const unsigned flags = TRACE_NO_FIELDS | TRACE_STRUCTURE_DEFECTS;
    struct text all = {NULL, 0, 0};
    struct text some = {NULL, 0, 0};
    o.fields = 0;
    CHECK(message_trace(data, size, &o, &whole, flags, &all) == NULL);
    o.fields = MAILPROTO_FIELDS_OF_PART;
    CHECK(message_trace(data, size, &o, &whole, flags, &some) == NULL);
    CHECK(all.len == some.len && memcmp(all.data, some.data, all.len) == 0);
    text_free(&all);
    text_free(&some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chunk whole = {CHUNK_WHOLE, 0, 0, 0};
    struct text expected = {NULL, 0, 0};
    mailproto_message_options o;
    uint8_t piece;
    const char *wrong;
    if (size < 3) {
        return 0;
    }
    o = options_of(data);
    piece = data[2];
    data += 3;
    size -= 3;
    wrong = message_trace(data, size, &o, &whole, 0, &expected);
    CHECK(wrong == NULL);
    check_cut(data, size, &o, CHUNK_EACH, 1, &expected);
    check_cut(data, size, &o, CHUNK_EACH, (uint64_t)piece + 1, &expected);
    check_cut(data, size, &o, CHUNK_RANDOM, piece, &expected);
    check_cut(data, size, &o, CHUNK_SPLIT, size > 0 ? piece % size : 0, &expected);
    check_parts(data, size, o);
    o.cpu = mailproto_cpu();
    check_cut(data, size, &o, CHUNK_WHOLE, 0, &expected);
    check_cut(data, size, &o, CHUNK_EACH, (uint64_t)piece + 1, &expected);
    text_free(&expected);
    return 0;
}
