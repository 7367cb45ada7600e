/*
 * Runs codecs and decoders of words over input in pieces, and compares what comes out with
 * what comes out of the whole. A difference ends the program.
 */
#ifndef TEST_CODEC_RUN_H
#define TEST_CODEC_RUN_H

#include <mailproto/codec.h>

#include "text.h"

enum codec_what { CODEC_DECODER, CODEC_ENCODER, CODEC_CHARSET, CODEC_WORDS };

struct codec_spec {
    enum codec_what what;
    uint32_t encoding; /* of decoders and encoders */
    uint32_t flags;
    const char *charset;
    const mailproto_charset_converter *converter;
};

struct codec_result {
    struct text out;
    size_t used;
    mailproto_status status;
    uint32_t defects;
    uint64_t defect_offset;
    uint64_t word_defects[5]; /* of words: the offset by kind */
};

/* In pieces of `piece` octets, `room` octets of output a call. The result is the
 * caller's to free. */
struct codec_result codec_run(const struct codec_spec *spec, const void *in, size_t len,
                              size_t piece, size_t room);
/* The whole in one call. */
struct codec_result codec_whole(const struct codec_spec *spec, const void *in,
                                size_t len);
void codec_free(struct codec_result *r);

/* Both results are the same, or the program ends and says where. */
void codec_expect_same(const struct codec_spec *spec, const void *in, size_t len,
                       const struct codec_result *a, const struct codec_result *b);
/* The whole against every size of piece and some rooms, and every cut in two. */
void codec_expect_everywhere(const struct codec_spec *spec, const void *in, size_t len);

#endif /* TEST_CODEC_RUN_H */
