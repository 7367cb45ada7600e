/*
 * Encoded words: whatever is decoded is UTF-8 without controls, the same at every cut;
 * what is written comes back, in lines that are short enough.
 *
 * Input: flags, cut, room, then the octets.
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

static mailproto_bytes bytes(const void *data, size_t len)
{
    mailproto_bytes b;
    b.ptr = (const char *)data;
    b.len = len;
    return b;
}

static int has_control(const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 32 && c != '\t') || c == 127) {
            return 1;
        }
    }
    return 0;
}

static void check_decoder(const uint8_t *data, size_t size, uint32_t flags,
                          size_t piece, size_t room)
{
    struct codec_spec spec = {CODEC_WORDS, 0, 0, NULL, NULL};
    struct codec_result whole;
    struct codec_result r;
    char *out = (char *)test_alloc(size * 4 + 64);
    size_t len;
    size_t cut;
    spec.flags = flags;
    whole = codec_whole(&spec, data, size);
    CHECK(whole.status == MAILPROTO_OK && whole.out.len <= size * 3);
    CHECK(mailproto_utf8_check(bytes(whole.out.data, whole.out.len), NULL));
    CHECK(!has_control(whole.out.data, whole.out.len));
    r = codec_run(&spec, data, size, piece, room);
    codec_expect_same(&spec, data, size, &whole, &r);
    codec_free(&r);
    CHECK(mailproto_words_decode(bytes(data, size), flags, NULL, out, size * 4 + 64,
                                 &len) == MAILPROTO_OK);
    CHECK(len == whole.out.len && (len == 0 || memcmp(out, whole.out.data, len) == 0));
    cut = room % (len + 1);
    CHECK(mailproto_words_decode(bytes(data, size), flags, NULL, out, cut, &len) ==
          (cut < len ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK));
    CHECK(len == whole.out.len);
    codec_free(&whole);
    free(out);
}

/* No line over 76 with a word in it, none over 998. */
static void check_lines(const char *text, size_t len, uint32_t column)
{
    size_t start = 0;
    size_t at;
    for (at = 0; at <= len; at++) {
        if (at == len || text[at] == '\n') {
            size_t n = at - start + (start == 0 ? column : 0);
            CHECK(n <= 999);
            if (start > 0) {
                CHECK(text[start] == ' ' || text[start] == '\t');
            }
            start = at + 1;
        }
    }
}

static void check_encoder(const uint8_t *data, size_t size, uint32_t flags,
                          uint32_t column)
{
    size_t cap = size * 8 + 64;
    char *out = (char *)test_alloc(cap);
    char *back = (char *)test_alloc(size + 64);
    uint32_t behind = column;
    size_t len;
    size_t n;
    mailproto_status status =
        mailproto_words_encode(bytes(data, size), flags, &behind, out, cap, &len);
    if (!mailproto_utf8_check(bytes(data, size), NULL) ||
        has_control((const char *)data, size)) {
        CHECK(status == MAILPROTO_ERR_ARGUMENT && len == 0 && behind == column);
    } else {
        CHECK(status == MAILPROTO_OK);
        check_lines(out, len, column);
        CHECK(mailproto_words_decode(bytes(out, len), flags, NULL, back, size + 64,
                                     &n) == MAILPROTO_OK);
        /* A fold before the first word leaves its blank. */
        if (n == size + 1 && len > 3 && memcmp(out, "\r\n ", 3) == 0) {
            n--;
            memmove(back, back + 1, n);
        }
        CHECK(n == size && (n == 0 || memcmp(back, data, n) == 0));
    }
    free(out);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t flags;
    if (size < 3) {
        return 0;
    }
    flags = data[0] & (uint32_t)(MAILPROTO_WORDS_STRICT | MAILPROTO_WORDS_PHRASE |
                                 MAILPROTO_WORDS_GUESS);
    check_decoder(data + 3, size - 3, flags, (size_t)data[1] + 1, (size_t)data[2] + 16);
    check_encoder(data + 3, size - 3, flags & MAILPROTO_WORDS_PHRASE, data[1] % 60U);
    return 0;
}
