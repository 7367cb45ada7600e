/*
 * Encoded words (RFC 2047): examples of its section 8, joining, what mail holds, what is no
 * word, phrases, a converter, the length that is told when the room is too small.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec_run.h"

static void expect_bytes(const char *in, size_t len, uint32_t flags, const char *out,
                         uint32_t defects)
{
    struct codec_spec spec = {CODEC_WORDS, 0, 0, NULL, NULL};
    struct codec_result r;
    spec.flags = flags;
    r = codec_whole(&spec, in, len);
    assert_int_equal(r.status, MAILPROTO_OK);
    assert_string_equal(text_string(&r.out), out);
    assert_int_equal(r.out.len, strlen(out));
    assert_int_equal(r.defects, defects);
    codec_free(&r);
    codec_expect_everywhere(&spec, in, len);
}

static void expect(const char *in, uint32_t flags, const char *out)
{
    expect_bytes(in, strlen(in), flags, out, 0);
}

static void expect_defect(const char *in, uint32_t flags, const char *out,
                          uint32_t defects)
{
    expect_bytes(in, strlen(in), flags, out, defects);
}

static void examples(void **state)
{
    uint32_t flags;
    (void)state;
    for (flags = 0; flags <= MAILPROTO_WORDS_STRICT; flags++) {
        expect("", flags, "");
        expect("plain", flags, "plain");
        expect("=?ISO-8859-1?Q?a?=", flags, "a");
        expect("=?ISO-8859-1?Q?a?= b", flags, "a b");
        expect("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", flags, "ab");
        expect("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", flags, "ab");
        expect("=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", flags, "ab");
        expect("=?ISO-8859-1?Q?a_b?=", flags, "a b");
        expect("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", flags, "a b");
        expect("=?US-ASCII*EN?Q?Keith_Moore?= <x>", flags, "Keith Moore <x>");
        expect("a =?utf-8?b?w6Q=?= b", flags, "a \xc3\xa4 b");
    }
}

static void joined(void **state)
{
    (void)state;
    expect("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", 0, "\xc3\xa4");
    expect("=?utf-8?q?=C3?= =?utf-8?b?pA==?=", 0, "\xc3\xa4");
    expect("=?utf-8?b?w6Q=?= =?utf-8?b?w6Q=?=", 0, "\xc3\xa4\xc3\xa4");
    expect("=?utf-8?b?4g==?=\r\n =?UTF8?B?gg==?=\r\n =?utf-8?b?rA==?= x", 0,
           "\xe2\x82\xac x");
    /* cut within a group of four */
    expect("=?utf-8?b?w6?= =?utf-8?b?Q=?=", 0, "\xc3\xa4");
    expect("=?utf-16be?b?2D0=?= =?utf-16be?b?3gA=?=", 0, "\xf0\x9f\x98\x80");
    /* another charset, or text: what is open ends */
    expect_defect("=?utf-8?q?=C3?= =?iso-8859-1?q?=A4?=", 0, "\xef\xbf\xbd\xc2\xa4",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("=?utf-8?q?=C3?= x =?utf-8?q?=A4?=", 0, "\xef\xbf\xbd x \xef\xbf\xbd",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("=?utf-8?b?YWI?= x", 0, "ab x", MAILPROTO_CODEC_DEFECT_PADDING);
}

static void as_mail_has_it(void **state)
{
    (void)state;
    expect("a=?utf-8?q?b?=c", 0, "abc");
    expect("=?utf-8?q?a?==?utf-8?q?b?=", 0, "ab");
    expect_defect("=?utf-8?q?a b?= c", 0, "a b c", MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("=?utf-8?q?a\r\n b?= c", 0, "a b c",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect("=?utf-8?q?what?_no?=", 0, "what? no");
}

static void no_words(void **state)
{
    static const char *const texts[] = {
        "=",
        "=?",
        "=?utf-8",
        "=?utf-8?",
        "=?utf-8?q",
        "=?utf-8?q?",
        "=?utf-8?q?abc",
        "=?utf-8?q?abc?",
        "=??q?a?=",
        "=?utf-8?x?a?=",
        "=?utf-8?qq?a?=",
        "=?ut;f?q?a?=",
        "=?nobody?q?a?=",
        "=?utf-7?q?+ADw-?=",
        "=?utf-8?b?a?b?=",
        "=?\?\?\?\?=",
        "=?utf-8\"x?q?a?=",
    };
    char big[2000];
    size_t i;
    (void)state;
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        expect(texts[i], 0, texts[i]);
        expect(texts[i], MAILPROTO_WORDS_STRICT, texts[i]);
    }
    expect("=?nobody?q?a?= =?utf-8?q?b?=", 0, "=?nobody?q?a?= b");
    expect("=?utf-8?q?a =?utf-8?q?b?=", 0, "=?utf-8?q?a b");
    expect_bytes("=?utf-8\0?q?a?=", 14, 0,
                 "=?utf-8 ?q?a?=", MAILPROTO_CODEC_DEFECT_CHARACTER);
    /* strict: alone, 75 characters, no blanks inside */
    expect("a=?utf-8?q?b?=", MAILPROTO_WORDS_STRICT, "a=?utf-8?q?b?=");
    expect("=?utf-8?q?b?=c", MAILPROTO_WORDS_STRICT, "=?utf-8?q?b?=c");
    expect("=?utf-8?q?b c?=", MAILPROTO_WORDS_STRICT, "=?utf-8?q?b c?=");
    memset(big, 'x', sizeof big);
    memcpy(big, "=?utf-8?q?", 10);
    memcpy(big + 73, "?=", 3);
    {
        struct codec_spec spec = {CODEC_WORDS, 0, MAILPROTO_WORDS_STRICT, NULL, NULL};
        struct codec_result r = codec_whole(&spec, big, 75);
        assert_int_equal(r.out.len, 63);
        codec_free(&r);
        big[73] = 'x';
        memcpy(big + 74, "?=", 2);
        r = codec_whole(&spec, big, 76);
        assert_int_equal(r.out.len, 76);
        codec_free(&r);
        /* lenient: 998 */
        spec.flags = 0;
        memset(big + 10, 'x', sizeof big - 10);
        memcpy(big + 996, "?=", 2);
        r = codec_whole(&spec, big, 998);
        assert_int_equal(r.out.len, 986);
        codec_free(&r);
        memset(big + 996, 'x', 2);
        memcpy(big + 997, "?=", 2);
        r = codec_whole(&spec, big, 999);
        assert_int_equal(r.out.len, 999);
        codec_free(&r);
    }
}

static void controls_stay_inside(void **state)
{
    (void)state;
    expect_defect("=?utf-8?q?a=0D=0ABcc:_x?=", 0, "a  Bcc: x",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("=?utf-8?b?YQBi?=", 0, "a b", MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("a\r\nBcc: x", 0, "a Bcc: x", MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("a\x1b[m\rb", 0, "a [m b", MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect("a\r\n b\n\tc\r\n", 0, "a b\tc");
    /* those of two octets in UTF-8 stay: U+0080 to U+009F, and nothing on either side */
    expect_defect("=?utf-8?q?a=C2=9B31m?=", 0,
                  "a\xc2\x9b"
                  "31m",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("=?utf-8?b?woDCnw==?=", 0, "\xc2\x80\xc2\x9f",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("=?utf-8?q?=C2?= =?utf-8?q?=85x?=", 0, "\xc2\x85x",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("=?iso-8859-1?q?a=9Bz=E4?=", 0, "a\xc2\x9bz\xc3\xa4",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect_defect("a\xc3\xa4\xc2\x85z", 0, "a\xc3\xa4\xc2\x85z",
                  MAILPROTO_CODEC_DEFECT_CHARACTER);
    expect("=?utf-8?q?=C2=A0=C3=80=C3=9F?= \xc2\xa0\xc3\x85", 0,
           "\xc2\xa0\xc3\x80\xc3\x9f \xc2\xa0\xc3\x85");
    expect("=?utf-8?q?=E2=80=A8=F0=9F=98=80?=", 0, "\xe2\x80\xa8\xf0\x9f\x98\x80");
    expect("=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=", 0, "=?utf-8?q?x?=");
}

/* Every kind of defect has the offset of its first one: of the octet, or of the word. */
static void places(void **state)
{
    static const uint64_t none = UINT64_MAX;
    static const struct {
        const char *in;
        uint32_t flags;
        uint64_t character, padding, bits, escape;
    } cases[] = {
        {"abc =?utf-8?q?d?=", 0, none, none, none, none},
        {"ab\x01\x02", 0, 2, none, none, none},
        {"a \xc3\xa4\xe4 b\xe4", 0, 4, none, none, none},
        {"a\xe4", MAILPROTO_WORDS_GUESS, 1, none, none, none},
        {"ab\r\nc", 0, 2, none, none, none},
        /* what is wrong in the value itself: where it is */
        {"x =?utf-8?q?a=b=?=", 0, none, none, none, 13},
        {"x =?utf-8?q?ab?= =?utf-8?q?c=xd?= =?utf-8?q?=x?=", 0, none, none, none, 28},
        {"x =?utf-8?b?YW!J!j?=", 0, 14, none, none, none},
        {"x =?utf-8?b?YR=?=", 0, none, none, 14, none},
        {"x =?utf-8?b?Y=?=", 0, none, 13, 13, none},
        /* what comes out of a word: the word */
        {"x =?utf-8?q?a=0D?= =?utf-8?q?=0A?=", 0, 2, none, none, none},
        {"x =?utf-8?q?a=C3?= =?utf-8?q?b?=", 0, 19, none, none, none},
        {"x =?utf-8?q?a=C3?= =?utf-8?q?=C3?= y", 0, 19, none, none, none},
        {"x =?utf-8?q?a=C3?= y", 0, 2, none, none, none},
        {"x =?utf-16be?q?=D8=00=00a?= y", 0, 2, none, none, none},
        {"=?utf-8?q?a?=  =?us-ascii?q?=E4?=", 0, 15, none, none, none},
        {"x =?utf-8?b?YWI?= y =?utf-8?b?YWI?=", 0, none, 2, none, none},
        {"x =?utf-8?b?YWI?= =?utf-8?q?c?=", 0, none, 2, none, none},
        /* both: the first */
        {"=?utf-8?b?YWJj!w6T/?=", 0, 0, none, none, none},
        {"=?utf-8?b?YWJj!YWJj?= =?utf-8?q?=FF?=", 0, 14, none, none, none},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct codec_spec spec = {CODEC_WORDS, 0, 0, NULL, NULL};
        const char *in = cases[i].in;
        struct codec_result r;
        spec.flags = cases[i].flags;
        r = codec_whole(&spec, in, strlen(in));
        if (r.word_defects[0] != cases[i].character ||
            r.word_defects[1] != cases[i].padding ||
            r.word_defects[2] != cases[i].bits ||
            r.word_defects[3] != cases[i].escape) {
            print_error("%s: %d %d %d %d\n", in, (int)r.word_defects[0],
                        (int)r.word_defects[1], (int)r.word_defects[2],
                        (int)r.word_defects[3]);
            fail();
        }
        codec_free(&r);
        codec_expect_everywhere(&spec, in, strlen(in));
    }
}

static uint64_t place(const char *in, unsigned kind, uint32_t defects)
{
    struct codec_spec spec = {CODEC_WORDS, 0, 0, NULL, NULL};
    struct codec_result r = codec_whole(&spec, in, strlen(in));
    uint64_t at = r.word_defects[kind];
    assert_int_equal(r.defects, defects);
    codec_free(&r);
    codec_expect_everywhere(&spec, in, strlen(in));
    return at;
}

/* Words that RFC 2047 2 does not allow and that are decoded all the same. */
static void words_out_of_form(void **state)
{
    char longest[] =
        "x =?utf-8?q?012345678901234567890123456789012345678901234567890123456"
        "789012?= y";
    char longer[] =
        "x =?utf-8?q?0123456789012345678901234567890123456789012345678901234567"
        "890123?= y";
    (void)state;
    assert_int_equal(place(longest, 4, 0), UINT64_MAX);
    assert_int_equal(place(longer, 4, MAILPROTO_CODEC_DEFECT_LINE), 2);
    assert_int_equal(place("x =?utf-8?q?a b?=", 0, MAILPROTO_CODEC_DEFECT_CHARACTER),
                     13);
    assert_int_equal(place("x =?utf-8?b?YW Jj?=", 0, MAILPROTO_CODEC_DEFECT_CHARACTER),
                     14);
    assert_int_equal(place("x =?utf-8?b?YQ==YQ==?=", 1, MAILPROTO_CODEC_DEFECT_PADDING),
                     16);
    assert_int_equal(place("=?utf-8?b?YQ==?= =?utf-8?b?YQ==?=", 1, 0), UINT64_MAX);
}

/* What is asked for is one kind. */
static void no_place(void **state)
{
    mailproto_words w;
    size_t used;
    size_t len;
    char out[64];
    (void)state;
    assert_int_equal(mailproto_words_init(&w, 0, NULL), MAILPROTO_OK);
    assert_int_equal(mailproto_words_run(&w, "\x01=?utf-8?q?=?=", 14, &used, out,
                                         sizeof out, &len, MAILPROTO_CODEC_FINAL),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_words_defects(&w), 9);
    assert_true(mailproto_words_defect_offset(&w, 1) == 0);
    assert_true(mailproto_words_defect_offset(&w, 8) == 11);
    assert_true(mailproto_words_defect_offset(&w, 0) == UINT64_MAX);
    assert_true(mailproto_words_defect_offset(&w, 9) == UINT64_MAX);
    assert_true(mailproto_words_defect_offset(&w, 16) == UINT64_MAX);
    assert_true(mailproto_words_defect_offset(&w, UINT32_C(1) << 31) == UINT64_MAX);
}

static void raw(void **state)
{
    uint32_t bad = MAILPROTO_CODEC_DEFECT_CHARACTER;
    (void)state;
    expect("R\xc3\xa5 \xe2\x82\xac", 0, "R\xc3\xa5 \xe2\x82\xac");
    expect_defect("R\xe5 \x93", 0, "R\xef\xbf\xbd \xef\xbf\xbd", bad);
    expect_defect("R\xe5 \x93\x81", MAILPROTO_WORDS_GUESS,
                  "R\xc3\xa5 \xe2\x80\x9c\xef\xbf\xbd", bad);
    expect_defect("R\xc3\xa5 \x93\x81", MAILPROTO_WORDS_LATIN,
                  "R\xc3\x83\xc2\xa5 \xe2\x80\x9c\xef\xbf\xbd", bad);
    expect_defect("=?utf-8?q?=ED=A0=80=C0=80?=", 0,
                  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", bad);
}

static void phrases(void **state)
{
    enum { PHRASE = MAILPROTO_WORDS_PHRASE };
    (void)state;
    expect("\"a \\\"b\\\\\" c", PHRASE, "a \"b\\ c");
    expect("\"=?utf-8?q?J=C3=B6?=\" x", PHRASE, "J\xc3\xb6 x");
    expect("\"=?utf-8?q?J=C3=B6?=\" x", PHRASE | MAILPROTO_WORDS_STRICT,
           "=?utf-8?q?J=C3=B6?= x");
    expect("\"\\=?utf-8?q?a?=\"", PHRASE, "=?utf-8?q?a?=");
    expect("a (b \\) \"c\" (=?utf-8?q?d?=))", PHRASE, "a (b \\) \"c\" (d))");
    expect("(=?utf-8?q?d?=)", PHRASE | MAILPROTO_WORDS_STRICT, "(d)");
    expect("\"a\" \"b\"", PHRASE, "a b");
    expect("\"a\"", 0, "\"a\"");
}

/* ---- the caller's converter ------------------------------------------------------------ */

struct swapper {
    unsigned begun; /* texts */
};

/* The charset "rot": letters a to y one further; three octets for `z`; `!` is ill-formed;
 * it takes one octet a call. */
static mailproto_status rot(void *ctx, mailproto_bytes charset, const void *in,
                            size_t in_len, size_t *in_used, void *out, size_t out_cap,
                            size_t *out_len, uint32_t flags)
{
    struct swapper *s = (struct swapper *)ctx;
    const char *from = (const char *)in;
    char *to = (char *)out;
    *in_used = 0;
    *out_len = 0;
    if (charset.len != 3 || (charset.ptr[0] | 32) != 'r') {
        return MAILPROTO_ERR_NOT_BUILT;
    }
    s->begun += (flags & MAILPROTO_CHARSET_BEGIN) != 0;
    while (*in_used < in_len) {
        char c = from[*in_used];
        size_t n = c == 'z' ? 3 : 1;
        if (c == '!') {
            return MAILPROTO_ERR_SYNTAX;
        }
        if (out_cap - *out_len < n) {
            return MAILPROTO_AGAIN;
        }
        memcpy(to + *out_len, "\xe2\x82\xac", 3 * (n / 3));
        if (n == 1) {
            to[*out_len] = (char)(c + 1);
        }
        *out_len += n;
        ++*in_used;
    }
    return MAILPROTO_OK;
}

static void converter(void **state)
{
    static struct swapper ctx;
    static mailproto_charset_converter c;
    struct codec_spec spec = {CODEC_WORDS, 0, 0, NULL, NULL};
    struct codec_result r;
    const char *in =
        "=?rot?q?abz?= =?ROT?b?YWI=?= =?who?q?a?= =?rot?q?a!zzzzzzzzzzzz?=";
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.ctx = &ctx;
    c.convert = rot;
    spec.converter = &c;
    r = codec_whole(&spec, in, strlen(in));
    assert_int_equal(r.status, MAILPROTO_OK);
    assert_memory_equal(text_string(&r.out),
                        "bc\xe2\x82\xac"
                        "bc =?who?q?a?= b\xef\xbf\xbd\xe2\x82\xac",
                        26);
    assert_int_equal(r.out.len, 7 + 13 + 4 + 36);
    assert_int_equal(r.defects, MAILPROTO_CODEC_DEFECT_CHARACTER);
    assert_int_equal(r.word_defects[0], 41); /* the last word's */
    codec_free(&r);
    codec_expect_everywhere(&spec, in, strlen(in));
    /* What did not fit of a word is told of it, and not of the next one. */
    in = "=?rot?q?zzzzzzzzzzzz!?= =?rot?q?zzzzzzzzzzzz!?=";
    r = codec_whole(&spec, in, strlen(in));
    assert_int_equal(r.word_defects[0], 0);
    codec_free(&r);
    codec_expect_everywhere(&spec, in, strlen(in));
    spec.what = CODEC_CHARSET;
    spec.charset = "rot";
    codec_expect_everywhere(&spec, "abc!zz!", 7);
}

/* A converter for whatever it is asked for: all text is `!`. */
static mailproto_status any(void *ctx, mailproto_bytes charset, const void *in,
                            size_t in_len, size_t *in_used, void *out, size_t out_cap,
                            size_t *out_len, uint32_t flags)
{
    (void)ctx;
    (void)charset;
    (void)in;
    (void)flags;
    *in_used = in_len < out_cap ? in_len : out_cap;
    *out_len = *in_used;
    memset(out, '!', *out_len);
    return *in_used == in_len ? MAILPROTO_OK : MAILPROTO_AGAIN;
}

/* UTF-7 is not decoded, whatever the converter knows. */
static void converter_of_all(void **state)
{
    static mailproto_charset_converter c;
    struct codec_spec spec = {CODEC_WORDS, 0, 0, NULL, NULL};
    struct codec_result r;
    const char *in = "=?utf-7?Q?+ADw-?= =?UTF-7*en?B?K0FEdy0=?= =?x?Q?ab?=";
    const char *out = "=?utf-7?Q?+ADw-?= =?UTF-7*en?B?K0FEdy0=?= !!";
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.convert = any;
    spec.converter = &c;
    r = codec_whole(&spec, in, strlen(in));
    assert_int_equal(r.status, MAILPROTO_OK);
    assert_int_equal(r.out.len, strlen(out));
    assert_memory_equal(text_string(&r.out), out, strlen(out));
    codec_free(&r);
    codec_expect_everywhere(&spec, in, strlen(in));
}

/* The charset "shift": between `<` and `>`, over the ends of words, letters are capitals;
 * BEGIN forgets where it is. */
static mailproto_status shift(void *ctx, mailproto_bytes charset, const void *in,
                              size_t in_len, size_t *in_used, void *out, size_t out_cap,
                              size_t *out_len, uint32_t flags)
{
    struct swapper *s = (struct swapper *)ctx;
    const char *from = (const char *)in;
    char *to = (char *)out;
    *in_used = 0;
    *out_len = 0;
    if (charset.len != 5 && charset.len != 6) { /* shift, shift2 */
        return MAILPROTO_ERR_NOT_BUILT;
    }
    if (flags & MAILPROTO_CHARSET_BEGIN) {
        s->begun = 0;
    }
    for (; *in_used < in_len; ++*in_used) {
        char c = from[*in_used];
        if (c == '<' || c == '>') {
            s->begun = c == '<';
        } else if (*out_len == out_cap) {
            return MAILPROTO_AGAIN;
        } else {
            to[(*out_len)++] = (char)(s->begun && c >= 'a' ? c - 32 : c);
        }
    }
    return MAILPROTO_OK;
}

/* The converter is asked about a charset only when no text of it is being joined: the
 * question would make it forget (ISO-2022-JP keeps its state over words). */
static void converter_with_state(void **state)
{
    static const char *const cases[][2] = {
        {"=?shift?q?a<b?=\r\n =?SHIFT?b?Yw==?= =?shift?q?d>e?=", "aBCDe"},
        {"=?shift?q?<a?= =?shift2?q?b?= =?shift?q?c?=", "Abc"},
        {"=?shift?q?<a?= =?unknown?q?b?= =?shift?q?c?=", "A =?unknown?q?b?= c"},
        {"=?shift?q?<a?= =?utf-8?q?b?= =?shift?q?c?=", "Abc"},
        {"=?shift?q?<a?= x =?shift?q?c?=", "A x c"},
    };
    static struct swapper ctx;
    static mailproto_charset_converter c;
    struct codec_spec spec = {CODEC_WORDS, 0, 0, NULL, NULL};
    size_t i;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.ctx = &ctx;
    c.convert = shift;
    spec.converter = &c;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct codec_result r = codec_whole(&spec, cases[i][0], strlen(cases[i][0]));
        assert_int_equal(r.status, MAILPROTO_OK);
        assert_string_equal(text_string(&r.out), cases[i][1]);
        assert_int_equal(r.defects, 0);
        codec_free(&r);
        codec_expect_everywhere(&spec, cases[i][0], strlen(cases[i][0]));
    }
}

static void whole_values(void **state)
{
    static const char value[] = "x =?utf-8?q?=C3=A4=C3=B6?= y";
    mailproto_bytes b;
    char out[16];
    size_t cap;
    size_t len;
    (void)state;
    b.ptr = value;
    b.len = sizeof value - 1;
    for (cap = 0; cap <= 8; cap++) {
        static const size_t kept[] = {0, 1, 2, 2, 4, 4, 6, 7, 8};
        memset(out, '#', sizeof out);
        assert_int_equal(mailproto_words_decode(b, 0, NULL, out, cap, &len),
                         cap < 8 ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK);
        assert_int_equal(len, 8);
        assert_memory_equal(out, "x \xc3\xa4\xc3\xb6 y", kept[cap]);
        assert_int_equal(out[kept[cap]], '#');
    }
    assert_int_equal(mailproto_words_decode(b, 4, NULL, out, 8, &len),
                     MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(joined),
        cmocka_unit_test(as_mail_has_it),
        cmocka_unit_test(no_words),
        cmocka_unit_test(controls_stay_inside),
        cmocka_unit_test(places),
        cmocka_unit_test(words_out_of_form),
        cmocka_unit_test(no_place),
        cmocka_unit_test(raw),
        cmocka_unit_test(phrases),
        cmocka_unit_test(converter),
        cmocka_unit_test(converter_of_all),
        cmocka_unit_test(converter_with_state),
        cmocka_unit_test(whole_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
