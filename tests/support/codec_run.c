/*
 * Codecs over input in pieces.
 */
#include "codec_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const struct codec_spec *spec, const void *in, size_t len,
                 const char *why)
{
    struct text t = {NULL, 0, 0};
    text_quote(&t, in, len);
    fprintf(stderr, "codec %d, encoding %u, flags %x, charset %s, input %s: %s\n",
            (int)spec->what, (unsigned)spec->encoding, (unsigned)spec->flags,
            spec->charset != NULL ? spec->charset : "-", text_string(&t), why);
    abort();
}

union state {
    mailproto_codec codec;
    mailproto_words words;
};

static mailproto_status start(const struct codec_spec *spec, union state *s)
{
    mailproto_bytes name;
    switch (spec->what) {
    case CODEC_DECODER:
        return mailproto_decoder_init(&s->codec, spec->encoding, spec->flags);
    case CODEC_ENCODER:
        return mailproto_encoder_init(&s->codec, spec->encoding, spec->flags);
    case CODEC_CHARSET:
        name.ptr = spec->charset;
        name.len = strlen(spec->charset);
        return mailproto_charset_init(&s->codec, name, spec->converter, spec->flags);
    case CODEC_WORDS:
    default:
        return mailproto_words_init(&s->words, spec->flags, spec->converter);
    }
}

/* One call, from and to memory of exactly its size. */
static mailproto_status step(const struct codec_spec *spec, union state *s,
                             const unsigned char *in, size_t n, size_t room,
                             uint32_t flags, struct codec_result *r, size_t *used)
{
    unsigned char *from = (unsigned char *)test_alloc(n > 0 ? n : 1);
    unsigned char *to = (unsigned char *)test_alloc(room);
    size_t got = room + 1;
    mailproto_status status;
    if (n > 0) {
        memcpy(from, in, n);
    }
    *used = n + 1;
    status = spec->what == CODEC_WORDS
                 ? mailproto_words_run(&s->words, from, n, used, to, room, &got, flags)
                 : mailproto_codec_run(&s->codec, from, n, used, to, room, &got, flags);
    if (*used > n || got > room) {
        stop(spec, in, n, "more than there is");
    }
    if (status == MAILPROTO_AGAIN && *used == 0 && got == 0) {
        stop(spec, in, n, "no progress");
    }
    if (status == MAILPROTO_OK && *used < n &&
        (spec->what != CODEC_WORDS || (flags & MAILPROTO_CODEC_FINAL))) {
        stop(spec, in, n, "OK, and not all was used");
    }
    text_add(&r->out, to, got);
    free(from);
    free(to);
    return status;
}

struct codec_result codec_run(const struct codec_spec *spec, const void *in, size_t len,
                              size_t piece, size_t room)
{
    const unsigned char *at = (const unsigned char *)in;
    struct codec_result r;
    union state s;
    size_t end = 0; /* what was shown so far */
    memset(&r, 0, sizeof r);
    if (start(spec, &s) != MAILPROTO_OK) {
        stop(spec, in, len, "init refuses");
    }
    for (;;) {
        size_t used;
        uint32_t final;
        if (r.status != MAILPROTO_AGAIN) {
            end = piece < len - end ? end + piece : len;
        }
        final = end == len ? (uint32_t)MAILPROTO_CODEC_FINAL : 0;
        r.status = step(spec, &s, at + r.used, end - r.used, room, final, &r, &used);
        r.used += used;
        if (r.status < 0 || (r.status == MAILPROTO_OK && final)) {
            break;
        }
    }
    if (spec->what == CODEC_WORDS) {
        unsigned i;
        r.defects = mailproto_words_defects(&s.words);
        for (i = 0; i < 5; i++) {
            r.word_defects[i] =
                mailproto_words_defect_offset(&s.words, UINT32_C(1) << i);
        }
    } else {
        r.defects = mailproto_codec_defects(&s.codec);
        r.defect_offset = mailproto_codec_defect_offset(&s.codec);
    }
    return r;
}

struct codec_result codec_whole(const struct codec_spec *spec, const void *in,
                                size_t len)
{
    return codec_run(spec, in, len, len + 1, 4 * len + 64);
}

void codec_free(struct codec_result *r)
{
    text_free(&r->out);
}

void codec_expect_same(const struct codec_spec *spec, const void *in, size_t len,
                       const struct codec_result *a, const struct codec_result *b)
{
    if (a->status != b->status || a->used != b->used) {
        stop(spec, in, len, "another status or offset");
    }
    if (a->out.len != b->out.len ||
        (a->out.len > 0 && memcmp(a->out.data, b->out.data, a->out.len) != 0)) {
        struct text t = {NULL, 0, 0};
        text_quote(&t, a->out.data, a->out.len);
        text_print(&t, " is not ");
        text_quote(&t, b->out.data, b->out.len);
        stop(spec, in, len, text_string(&t));
    }
    if (a->defects != b->defects ||
        (a->defects != 0 && a->defect_offset != b->defect_offset)) {
        struct text t = {NULL, 0, 0};
        text_print(&t, "defects %x at %lu are not %x at %lu", (unsigned)a->defects,
                   (unsigned long)a->defect_offset, (unsigned)b->defects,
                   (unsigned long)b->defect_offset);
        stop(spec, in, len, text_string(&t));
    }
    if (memcmp(a->word_defects, b->word_defects, sizeof a->word_defects) != 0) {
        stop(spec, in, len, "defects of words at other offsets");
    }
}

void codec_expect_everywhere(const struct codec_spec *spec, const void *in, size_t len)
{
    static const size_t rooms[] = {16, 17, 19, 23, 64};
    size_t least = spec->what == CODEC_WORDS ? 16 : 8;
    struct codec_result whole = codec_whole(spec, in, len);
    size_t piece;
    size_t i;
    for (piece = 1; piece <= len + 1; piece++) {
        struct codec_result r = codec_run(spec, in, len, piece, least);
        codec_expect_same(spec, in, len, &whole, &r);
        codec_free(&r);
        r = codec_run(spec, in, len, piece, rooms[piece % 5]);
        codec_expect_same(spec, in, len, &whole, &r);
        codec_free(&r);
    }
    for (i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        struct codec_result r = codec_run(spec, in, len, len + 1, rooms[i]);
        codec_expect_same(spec, in, len, &whole, &r);
        codec_free(&r);
    }
    codec_free(&whole);
}
