/*
 * Base64 against a naive implementation: every group, every cut, every room; strict and
 * repairing; in place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/codec.h>

#include "naive.h"

struct result {
    unsigned char out[4096];
    size_t len;
    size_t used;
    mailproto_status status;
    uint32_t defects;
    uint64_t defect_offset;
};

/* Runs a codec over in[0, len), cut at two places, `room` octets of output a call. */
static void run(mailproto_codec *c, const void *in, size_t len, size_t a, size_t b,
                size_t room, struct result *r)
{
    size_t ends[3];
    unsigned part;
    ends[0] = a;
    ends[1] = b;
    ends[2] = len;
    memset(r, 0, sizeof *r);
    for (part = 0; part < 3 && r->status == MAILPROTO_OK; part++) {
        size_t size = ends[part] - r->used;
        char *copy = (char *)malloc(size > 0 ? size : 1);
        size_t at = 0;
        assert_non_null(copy);
        memcpy(copy, (const char *)in + r->used, size);
        do {
            size_t used = 99;
            size_t put = 99;
            unsigned char *out = (unsigned char *)malloc(room);
            assert_non_null(out);
            r->status =
                mailproto_codec_run(c, copy + at, size - at, &used, out, room, &put,
                                    part == 2 ? MAILPROTO_CODEC_FINAL : 0);
            assert_true(used <= size - at && put <= room);
            assert_true(r->len + put <= sizeof r->out);
            if (r->status == MAILPROTO_AGAIN) {
                assert_true(used > 0 || put > 0);
            } else if (r->status == MAILPROTO_OK) {
                assert_int_equal(used, size - at);
            }
            memcpy(r->out + r->len, out, put);
            r->len += put;
            at += used;
            free(out);
        } while (r->status == MAILPROTO_AGAIN);
        r->used += at;
        free(copy);
    }
    r->defects = mailproto_codec_defects(c);
    r->defect_offset = mailproto_codec_defect_offset(c);
}

static void decode(const char *in, size_t len, uint32_t flags, size_t a, size_t b,
                   size_t room, struct result *r)
{
    mailproto_codec c;
    assert_int_equal(mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, flags),
                     MAILPROTO_OK);
    run(&c, in, len, a, b, room, r);
}

static void encode(const void *in, size_t len, uint32_t flags, size_t a, size_t b,
                   size_t room, struct result *r)
{
    mailproto_codec c;
    assert_int_equal(mailproto_encoder_init(&c, MAILPROTO_ENCODING_BASE64, flags),
                     MAILPROTO_OK);
    run(&c, in, len, a, b, room, r);
    assert_int_equal(r->status, MAILPROTO_OK);
    assert_int_equal(r->used, len);
}

/* ---- strict ---------------------------------------------------------------------- */

/* All texts of four characters over an alphabet that has each kind, and what the naive
 * decoder says of them. */
static void strict_groups(void **state)
{
    static const char kinds[] = "AQgwz0/+=\r\n *-\x80";
    static struct result r;
    size_t n = sizeof kinds;
    size_t i;
    (void)state;
    for (i = 0; i < n * n * n * n; i++) {
        char text[4];
        unsigned char expected[4];
        size_t len;
        text[0] = kinds[i % n];
        text[1] = kinds[i / n % n];
        text[2] = kinds[i / n / n % n];
        text[3] = kinds[i / n / n / n];
        for (len = 0; len <= 4; len++) {
            long good = naive_base64_decode(text, len, expected);
            decode(text, len, MAILPROTO_CODEC_STRICT, 0, 0, 8, &r);
            assert_int_equal(r.status, good < 0 ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK);
            if (good >= 0) {
                assert_int_equal(r.len, good);
                assert_memory_equal(r.out, expected, r.len);
            }
        }
    }
}

/* Each octet, in each place, strict and repairing: 64 of them mean something. */
static void every_octet(void **state)
{
    static struct result r;
    unsigned octet;
    size_t place;
    (void)state;
    for (octet = 0; octet < 256; octet++) {
        for (place = 0; place < 8; place++) {
            char text[9] = "AAAAAAAA";
            unsigned char expected[8];
            long good;
            int blank = octet == '\r' || octet == '\n' || octet == ' ' || octet == '\t';
            text[place] = (char)(unsigned char)octet;
            good = naive_base64_decode(text, 8, expected);
            decode(text, 8, MAILPROTO_CODEC_STRICT, 0, 0, 16, &r);
            assert_int_equal(r.status, good < 0 ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK);
            if (octet != '=') { /* where padding may stand has its own cases */
                assert_int_equal(r.used, good < 0 ? place : 8);
            }
            if (good >= 0) {
                assert_int_equal(r.len, good);
                assert_memory_equal(r.out, expected, r.len);
            }
            if (octet != '=') {
                uint32_t defects = good >= 0 ? 0 : MAILPROTO_CODEC_DEFECT_PADDING;
                defects |= good >= 0 || blank ? 0U : MAILPROTO_CODEC_DEFECT_CHARACTER;
                decode(text, 8, 0, 0, 0, 16, &r);
                assert_int_equal(r.status, MAILPROTO_OK);
                assert_int_equal(r.len, good >= 0 ? 6 : 5);
                assert_int_equal(r.defects, defects);
            }
        }
    }
}

static void strict_offsets(void **state)
{
    static const struct {
        const char *text;
        size_t offset; /* or the length: missing at the end */
    } cases[] = {
        {"*", 0},        {"=", 0},        {"A=", 1},        {"AA=A", 3},
        {"AB==", 2},     {"AAB=", 3},     {"AA==A", 4},     {"AA===", 4},
        {"AA==\r\n", 4}, {"AAAA\r\n", 4}, {"AAAA AAAA", 4}, {"AAAAA", 5},
        {"AAAAAA", 6},   {"AAAAAAA", 7},  {"AAAAAA=", 7},   {"AAAA=AAA", 4},
        {"AAAAA=AA", 5}, {"AAAAAAA*", 7}, {"AAAAAAAA*", 8},
    };
    static struct result r;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].text);
        size_t cut;
        for (cut = 0; cut <= len; cut++) {
            decode(cases[i].text, len, MAILPROTO_CODEC_STRICT, cut, cut, 16, &r);
            assert_int_equal(r.status, MAILPROTO_ERR_SYNTAX);
            assert_int_equal(r.used, cases[i].offset);
        }
    }
}

static void strict_error_sticks(void **state)
{
    mailproto_codec c;
    char out[8];
    size_t used;
    size_t put;
    (void)state;
    assert_int_equal(
        mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, MAILPROTO_CODEC_STRICT),
        MAILPROTO_OK);
    assert_int_equal(mailproto_codec_run(&c, "AAA*", 4, &used, out, 8, &put, 0),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(used, 3);
    assert_int_equal(put, 2);
    assert_int_equal(mailproto_codec_run(&c, "AAAA", 4, &used, out, 8, &put, 0),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(used, 0);
    assert_int_equal(put, 0);
}

/* ---- both ways ------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

static void round_trips(void **state)
{
    static unsigned char data[900];
    static char expected[2000];
    static struct result r;
    static struct result back;
    uint32_t x = 88675123U;
    size_t len;
    (void)state;
    for (len = 0; len < sizeof data; len++) {
        int lines = (int)(len & 1U);
        size_t n;
        size_t i;
        size_t a;
        size_t b;
        size_t room = 4 + next_random(&x) % 100;
        for (i = 0; i < len; i++) {
            data[i] = (unsigned char)next_random(&x);
        }
        a = next_random(&x) % (len + 1);
        b = a + next_random(&x) % (len - a + 1);
        n = naive_base64_encode(data, len, lines, expected);
        encode(data, len, lines ? MAILPROTO_CODEC_LINES : 0, a, b, room, &r);
        assert_int_equal(r.len, n);
        assert_memory_equal(r.out, expected, n);
        if (!lines) {
            assert_int_equal(mailproto_base64_size(len), n);
        }
        a = next_random(&x) % (n + 1);
        b = a + next_random(&x) % (n - a + 1);
        decode(expected, n, lines ? 0 : MAILPROTO_CODEC_STRICT, a, b, room, &back);
        assert_int_equal(back.status, MAILPROTO_OK);
        assert_int_equal(back.used, n);
        assert_int_equal(back.len, len);
        assert_memory_equal(back.out, data, len);
        assert_int_equal(back.defects, 0);
    }
}

/* Around the end of a line: every length, every cut, every small room. */
static void encoder_line_ends(void **state)
{
    static unsigned char data[120];
    static char expected[400];
    static struct result r;
    size_t len;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof data; i++) {
        data[i] = (unsigned char)(i * 37);
    }
    for (len = 50; len <= 64; len++) {
        size_t n = naive_base64_encode(data, len, 1, expected);
        size_t room;
        for (room = 4; room <= 9; room++) {
            for (i = 0; i <= len; i++) {
                encode(data, len, MAILPROTO_CODEC_LINES, i, i, room, &r);
                assert_int_equal(r.len, n);
                assert_memory_equal(r.out, expected, n);
            }
        }
    }
}

static void encoder_ends_once(void **state)
{
    mailproto_codec c;
    char out[8];
    size_t used;
    size_t put;
    (void)state;
    assert_int_equal(mailproto_encoder_init(&c, MAILPROTO_ENCODING_BASE64, 0),
                     MAILPROTO_OK);
    assert_int_equal(
        mailproto_codec_run(&c, "a", 1, &used, out, 3, &put, MAILPROTO_CODEC_FINAL),
        MAILPROTO_AGAIN);
    assert_int_equal(used, 1);
    assert_int_equal(put, 0);
    assert_int_equal(
        mailproto_codec_run(&c, NULL, 0, &used, out, 4, &put, MAILPROTO_CODEC_FINAL),
        MAILPROTO_OK);
    assert_int_equal(put, 4);
    assert_memory_equal(out, "YQ==", 4);
    assert_int_equal(
        mailproto_codec_run(&c, NULL, 0, &used, out, 4, &put, MAILPROTO_CODEC_FINAL),
        MAILPROTO_OK);
    assert_int_equal(put, 0);
    assert_int_equal(mailproto_codec_run(&c, "b", 1, &used, out, 4, &put, 0),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(used, 0);
}

/* ---- repairing ------------------------------------------------------------------- */

static void repairs(void **state)
{
    static const struct {
        const char *text;
        const char *out;
        uint32_t defects;
        uint64_t offset;
    } cases[] = {
        {"", "", 0, 0},
        {"TWFp", "Mai", 0, 0},
        {"TWF\r\np\r\n", "Mai", 0, 0},
        {"T W\tF\np", "Mai", 0, 0},
        {"TWE=\r\n", "Ma", 0, 0},
        {"TW=\r\n=", "M", MAILPROTO_CODEC_DEFECT_BITS, 2},
        {"TQ=\r\n=", "M", 0, 0},
        {"TQ", "M", MAILPROTO_CODEC_DEFECT_PADDING, 2},
        {"TQ=", "M", MAILPROTO_CODEC_DEFECT_PADDING, 3},
        {"TWE", "Ma", MAILPROTO_CODEC_DEFECT_PADDING, 3},
        {"TWE==", "Ma", MAILPROTO_CODEC_DEFECT_PADDING, 4},
        {"T", "", MAILPROTO_CODEC_DEFECT_PADDING, 1},
        {"T===", "", MAILPROTO_CODEC_DEFECT_PADDING, 1},
        {"====", "", MAILPROTO_CODEC_DEFECT_PADDING, 0},
        {"TQ==TWFp", "MMai", MAILPROTO_CODEC_DEFECT_PADDING, 4},
        {"TQ=TWFp", "MMai", MAILPROTO_CODEC_DEFECT_PADDING, 3},
        {"TWE=TWE=", "MaMa", MAILPROTO_CODEC_DEFECT_PADDING, 4},
        {"TR==", "M", MAILPROTO_CODEC_DEFECT_BITS, 2},
        {"TWF=", "Ma", MAILPROTO_CODEC_DEFECT_BITS, 3},
        {"TWF", "Ma", MAILPROTO_CODEC_DEFECT_BITS | MAILPROTO_CODEC_DEFECT_PADDING, 3},
        {"T*W!Fp", "Mai", MAILPROTO_CODEC_DEFECT_CHARACTER, 1},
        {"TWFp\x80", "Mai", MAILPROTO_CODEC_DEFECT_CHARACTER, 4},
        {"-_TWFp", "Mai", MAILPROTO_CODEC_DEFECT_CHARACTER, 0},
        {"TWFpTWFp\r\n\r\nTWFp--", "MaiMaiMai", MAILPROTO_CODEC_DEFECT_CHARACTER, 16},
    };
    static struct result r;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].text);
        const char *expected = cases[i].out;
        size_t a;
        size_t b;
        for (a = 0; a <= len; a++) {
            for (b = a; b <= len; b++) {
                size_t room = 1 + (a + b) % 5;
                decode(cases[i].text, len, 0, a, b, room, &r);
                assert_int_equal(r.status, MAILPROTO_OK);
                assert_int_equal(r.used, len);
                assert_int_equal(r.len, strlen(expected));
                assert_memory_equal(r.out, expected, r.len);
                assert_int_equal(r.defects, cases[i].defects);
                if (r.defects) {
                    assert_int_equal(r.defect_offset, cases[i].offset);
                }
            }
        }
    }
}

/* Output into the input's own memory: nothing is overwritten before it is read. */
static void in_place(void **state)
{
    static unsigned char data[300];
    static char wire[700];
    static char copy[700];
    uint32_t x = 521288629U;
    size_t len;
    (void)state;
    for (len = 0; len < sizeof data; len++) {
        mailproto_codec c;
        size_t n;
        size_t i;
        size_t put = 0;
        size_t at = 0;
        unsigned char out[300];
        for (i = 0; i < len; i++) {
            data[i] = (unsigned char)next_random(&x);
        }
        n = naive_base64_encode(data, len, 1, wire);
        memcpy(copy, wire, n);
        assert_int_equal(mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, 0),
                         MAILPROTO_OK);
        while (at < n) {
            size_t piece = 1 + next_random(&x) % 9;
            size_t used;
            size_t got;
            piece = piece < n - at ? piece : n - at;
            assert_int_equal(mailproto_codec_run(&c, copy + at, piece, &used, copy + at,
                                                 piece, &got, 0),
                             MAILPROTO_OK);
            assert_int_equal(used, piece);
            memcpy(out + put, copy + at, got);
            put += got;
            at += piece;
        }
        assert_int_equal(put, len);
        assert_memory_equal(out, data, len);
    }
}

static void arguments(void **state)
{
    mailproto_codec c;
    size_t used;
    size_t put;
    char out[4];
    (void)state;
    assert_int_equal(mailproto_decoder_init(&c, 9, 0), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_decoder_init(&c, MAILPROTO_ENCODING_UNKNOWN, 0),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, MAILPROTO_CODEC_LINES),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_encoder_init(&c, MAILPROTO_ENCODING_BASE64, MAILPROTO_CODEC_STRICT),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_encoder_init(&c, 0, 0), MAILPROTO_ERR_ARGUMENT);
    memset(&c, 0, sizeof c);
    assert_int_equal(mailproto_codec_run(&c, "AAAA", 4, &used, out, 4, &put, 0),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(used, 0);
    assert_int_equal(put, 0);
    assert_int_equal(mailproto_base64_size(0), 0);
    assert_int_equal(mailproto_base64_size(SIZE_MAX / 4 * 3),
                     (SIZE_MAX / 4 * 3 + 2) / 3 * 4);
    assert_int_equal(mailproto_base64_size(SIZE_MAX / 4 * 3 + 1), 0);
    assert_int_equal(mailproto_base64_size(SIZE_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_groups),     cmocka_unit_test(every_octet),
        cmocka_unit_test(strict_offsets),    cmocka_unit_test(strict_error_sticks),
        cmocka_unit_test(round_trips),       cmocka_unit_test(encoder_line_ends),
        cmocka_unit_test(encoder_ends_once), cmocka_unit_test(repairs),
        cmocka_unit_test(in_place),          cmocka_unit_test(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
