/*
 * Base64: the encoder and the strict decoder against the naive ones, the repairing decoder
 * against itself at other cuts, with other rooms, and in place.
 *
 * Input: cut, room, then the octets.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/codec.h>

#include "naive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

struct result {
    unsigned char *out;
    size_t len, used;
    mailproto_status status;
    uint32_t defects;
    uint64_t defect_offset;
};

static void *new_memory(size_t size)
{
    void *mem = malloc(size > 0 ? size : 1);
    CHECK(mem != NULL);
    return mem;
}

/* Runs a codec over in[0, len) in pieces, `room` octets of output a call. */
static struct result run(mailproto_codec *c, const uint8_t *in, size_t len,
                         size_t piece, size_t room)
{
    struct result r;
    memset(&r, 0, sizeof r);
    r.out = (unsigned char *)new_memory(2 * len + 8);
    do {
        size_t n = piece < len - r.used ? piece : len - r.used;
        uint32_t flags = n == len - r.used ? (uint32_t)MAILPROTO_CODEC_FINAL : 0;
        unsigned char *copy = (unsigned char *)new_memory(n);
        unsigned char *out = (unsigned char *)new_memory(room);
        size_t used;
        size_t put;
        if (n > 0) {
            memcpy(copy, in + r.used, n);
        }
        r.status = mailproto_codec_run(c, copy, n, &used, out, room, &put, flags);
        CHECK(used <= n && put <= room && r.len + put <= 2 * len + 8);
        CHECK(r.status != MAILPROTO_AGAIN || used > 0 || put > 0);
        memcpy(r.out + r.len, out, put);
        r.len += put;
        r.used += used;
        free(copy);
        free(out);
        if (r.status == MAILPROTO_OK && flags) {
            break;
        }
    } while (r.status >= 0);
    r.defects = mailproto_codec_defects(c);
    r.defect_offset = mailproto_codec_defect_offset(c);
    return r;
}

static struct result decode(const uint8_t *in, size_t len, uint32_t flags, size_t piece,
                            size_t room)
{
    mailproto_codec c;
    CHECK(mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, flags) == MAILPROTO_OK);
    return run(&c, in, len, piece, room);
}

static void check_same(const struct result *a, const struct result *b)
{
    CHECK(a->status == b->status && a->used == b->used && a->len == b->len);
    CHECK(memcmp(a->out, b->out, a->len) == 0);
    CHECK(a->defects == b->defects);
    CHECK(!a->defects || a->defect_offset == b->defect_offset);
}

static void check_decoder(const uint8_t *in, size_t len, size_t piece, size_t room)
{
    unsigned char *naive = (unsigned char *)new_memory(len);
    struct result whole = decode(in, len, 0, len + 1, len + 8);
    struct result cut = decode(in, len, 0, piece, room);
    struct result strict = decode(in, len, MAILPROTO_CODEC_STRICT, len + 1, len + 8);
    struct result strict_cut = decode(in, len, MAILPROTO_CODEC_STRICT, piece, room);
    long good = naive_base64_decode((const char *)in, len, naive);
    mailproto_codec c;
    size_t used;
    size_t put;
    CHECK(whole.status == MAILPROTO_OK && whole.used == len);
    check_same(&whole, &cut);
    check_same(&strict, &strict_cut);
    CHECK((strict.status == MAILPROTO_OK) == (good >= 0));
    if (good >= 0) {
        CHECK(strict.len == (size_t)good && memcmp(strict.out, naive, strict.len) == 0);
        check_same(&strict, &whole);
        CHECK(whole.defects == 0);
    } else {
        CHECK(strict.status == MAILPROTO_ERR_SYNTAX && strict.used <= len);
    }
    /* in place */
    if (len > 0) {
        memcpy(naive, in, len);
    }
    CHECK(mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, 0) == MAILPROTO_OK);
    CHECK(mailproto_codec_run(&c, naive, len, &used, naive, len, &put,
                              MAILPROTO_CODEC_FINAL) == MAILPROTO_OK);
    CHECK(put == whole.len && memcmp(naive, whole.out, put) == 0);
    free(naive);
    free(whole.out);
    free(cut.out);
    free(strict.out);
    free(strict_cut.out);
}

static void check_encoder(const uint8_t *in, size_t len, int lines, size_t piece,
                          size_t room)
{
    char *expected = (char *)new_memory(2 * len + 8);
    size_t n = naive_base64_encode(in, len, lines, expected);
    mailproto_codec c;
    struct result r;
    struct result back;
    CHECK(mailproto_encoder_init(&c, MAILPROTO_ENCODING_BASE64,
                                 lines ? MAILPROTO_CODEC_LINES : 0) == MAILPROTO_OK);
    r = run(&c, in, len, piece, room);
    CHECK(r.status == MAILPROTO_OK && r.len == n && memcmp(r.out, expected, n) == 0);
    back = decode(r.out, r.len, lines ? 0 : MAILPROTO_CODEC_STRICT, piece, room);
    CHECK(back.status == MAILPROTO_OK && back.defects == 0 && back.len == len);
    CHECK(len == 0 || memcmp(back.out, in, len) == 0);
    free(expected);
    free(r.out);
    free(back.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t piece;
    size_t room;
    if (size < 2) {
        return 0;
    }
    piece = (size_t)data[0] + 1;
    room = (size_t)data[1] + 4;
    data += 2;
    size -= 2;
    check_decoder(data, size, piece, room);
    check_encoder(data, size, 0, piece, room);
    check_encoder(data, size, 1, piece, room);
    return 0;
}
