/*
 * Charsets: what comes out is UTF-8, the same at every cut and room; strict agrees with
 * repairing. The check of UTF-8 by pieces agrees with that of the whole.
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

static const char *const names[] = {
    "utf-8",  "us-ascii",  "iso-8859-1", "utf-16",       "utf-16be", "utf-16le",
    "utf-32", "utf-32be",  "utf-32le",   "utf-7",        "koi8-r",   "iso-8859-8",
    "ibm437", "macintosh", "tis-620",    "windows-1252",
};

static mailproto_bytes bytes(const void *data, size_t len)
{
    mailproto_bytes b;
    b.ptr = (const char *)data;
    b.len = len;
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct codec_spec spec = {CODEC_CHARSET, 0, 0, NULL, NULL};
    struct codec_result whole;
    struct codec_result strict;
    struct codec_result r;
    size_t piece;
    size_t room;
    size_t at;
    size_t i;
    uint32_t state = 0;
    int good;
    if (size < 3) {
        return 0;
    }
    spec.charset = names[data[0] % (sizeof names / sizeof names[0])];
    piece = (size_t)data[1] + 1;
    room = (size_t)data[2] + 8;
    data += 3;
    size -= 3;
    if (!mailproto_charset_known(bytes(spec.charset, strlen(spec.charset)))) {
        return 0; /* a smaller build */
    }
    whole = codec_whole(&spec, data, size);
    CHECK(whole.status == MAILPROTO_OK);
    CHECK(mailproto_utf8_check(bytes(whole.out.data, whole.out.len), NULL));
    r = codec_run(&spec, data, size, piece, room);
    codec_expect_same(&spec, data, size, &whole, &r);
    codec_free(&r);
    spec.flags = MAILPROTO_CODEC_STRICT;
    strict = codec_whole(&spec, data, size);
    CHECK((strict.status == MAILPROTO_OK) == (whole.defects == 0));
    r = codec_run(&spec, data, size, piece, room);
    codec_expect_same(&spec, data, size, &strict, &r);
    codec_free(&r);
    codec_free(&strict);
    codec_free(&whole);

    good = mailproto_utf8_check(bytes(data, size), &at);
    CHECK(good == (at == size));
    for (i = 0; i < size; i += piece) {
        size_t n = piece < size - i ? piece : size - i;
        (void)mailproto_utf8_check_piece(&state, bytes(data + i, n), 0);
    }
    CHECK(mailproto_utf8_check_piece(&state, bytes(data, 0), 1) == good);
    return 0;
}
