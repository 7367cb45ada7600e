/*
 * Every codec: the same result at other cuts and rooms and with vector instructions; what
 * an encoder makes is what its decoder takes, strict and without a defect.
 *
 * Input: which, cut, room, then the octets.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static const struct codec_spec specs[] = {
    {CODEC_DECODER, MAILPROTO_ENCODING_QP, 0, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_QP, MAILPROTO_CODEC_STRICT, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_BASE64, 0, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_BASE64, MAILPROTO_CODEC_STRICT, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_UU, 0, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_UU, MAILPROTO_CODEC_STRICT, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_YENC, 0, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_YENC, MAILPROTO_CODEC_STRICT, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_FLOWED, 0, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_FLOWED, MAILPROTO_CODEC_DELSP, NULL, NULL},
    {CODEC_DECODER, MAILPROTO_ENCODING_8BIT, 0, NULL, NULL},
    {CODEC_ENCODER, MAILPROTO_ENCODING_QP, 0, NULL, NULL},
    {CODEC_ENCODER, MAILPROTO_ENCODING_QP, MAILPROTO_CODEC_TEXT, NULL, NULL},
    {CODEC_ENCODER, MAILPROTO_ENCODING_BASE64, 0, NULL, NULL},
    {CODEC_ENCODER, MAILPROTO_ENCODING_BASE64, MAILPROTO_CODEC_LINES, NULL, NULL},
    {CODEC_ENCODER, MAILPROTO_ENCODING_FLOWED, 0, NULL, NULL},
    {CODEC_ENCODER, MAILPROTO_ENCODING_FLOWED, MAILPROTO_CODEC_DELSP, NULL, NULL},
};

/* Quoted-printable and base64 come back as they were. */
static void check_back(const struct codec_spec *spec, const struct codec_result *coded,
                       const uint8_t *data, size_t size)
{
    struct codec_spec back = *spec;
    struct codec_result r;
    if (spec->what != CODEC_ENCODER || spec->encoding == MAILPROTO_ENCODING_FLOWED ||
        (spec->flags & MAILPROTO_CODEC_TEXT)) {
        return;
    }
    back.what = CODEC_DECODER;
    back.flags = (spec->flags & MAILPROTO_CODEC_LINES) ? 0 : MAILPROTO_CODEC_STRICT;
    r = codec_whole(&back, coded->out.data, coded->out.len);
    CHECK(r.status == MAILPROTO_OK && r.defects == 0 && r.out.len == size);
    CHECK(size == 0 || memcmp(r.out.data, data, size) == 0);
    codec_free(&r);
}

/* Text that was made flowed flows back to what makes the same again. */
static void check_flowed(const struct codec_spec *spec,
                         const struct codec_result *coded, const uint8_t *data,
                         size_t size)
{
    struct codec_spec back = *spec;
    struct codec_result text;
    struct codec_result again;
    if (spec->what != CODEC_ENCODER || spec->encoding != MAILPROTO_ENCODING_FLOWED ||
        memchr(data, '\r', size) != NULL) {
        return;
    }
    back.what = CODEC_DECODER;
    text = codec_whole(&back, coded->out.data, coded->out.len);
    again = codec_whole(spec, text.out.data, text.out.len);
    CHECK(again.out.len == coded->out.len);
    CHECK(again.out.len == 0 ||
          memcmp(again.out.data, coded->out.data, again.out.len) == 0);
    codec_free(&text);
    codec_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct codec_spec spec;
    struct codec_result whole;
    struct codec_result r;
    size_t piece;
    size_t room;
    if (size < 3) {
        return 0;
    }
    spec = specs[data[0] % (sizeof specs / sizeof specs[0])];
    piece = (size_t)data[1] + 1;
    room = (size_t)data[2] + 8;
    data += 3;
    size -= 3;
    whole = codec_whole(&spec, data, size);
    CHECK(whole.status == MAILPROTO_OK || (spec.flags & MAILPROTO_CODEC_STRICT));
    CHECK(spec.what != CODEC_DECODER || whole.out.len <= size + 8 ||
          spec.encoding == MAILPROTO_ENCODING_FLOWED);
    r = codec_run(&spec, data, size, piece, room);
    codec_expect_same(&spec, data, size, &whole, &r);
    codec_free(&r);
    check_back(&spec, &whole, data, size);
    check_flowed(&spec, &whole, data, size);
    spec.flags |= mailproto_cpu();
    r = codec_whole(&spec, data, size);
    codec_expect_same(&spec, data, size, &whole, &r);
    codec_free(&r);
    r = codec_run(&spec, data, size, piece, room);
    codec_expect_same(&spec, data, size, &whole, &r);
    codec_free(&r);
    codec_free(&whole);
    return 0;
}
