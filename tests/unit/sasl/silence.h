/*
 * What must not stand in a trace: a secret in any form, a word of an exchange. Include
 * cmocka.h before it.
 */
#ifndef TEST_SASL_SILENCE_H
#define TEST_SASL_SILENCE_H

#include <string.h>

#include <mailproto/codec.h>

static inline void expect_not_in(const char *text, const char *word)
{
    if (strstr(text, word) != NULL) {
        fail_msg("\"%s\" is in: %s", word, text);
    }
}

/* A secret, as it is and in base64 wherever it may begin in what is encoded. */
static inline void expect_no_form(const char *text, const char *secret)
{
    size_t shift;
    expect_not_in(text, secret);
    for (shift = 0; shift < 3; ++shift) {
        char raw[64] = {0}, coded[96];
        mailproto_codec codec;
        size_t used = 0, got = 0;
        memcpy(raw + shift, secret, strlen(secret));
        (void)mailproto_encoder_init(&codec, MAILPROTO_ENCODING_BASE64, 0);
        assert_int_equal(mailproto_codec_run(&codec, raw, shift + strlen(secret), &used,
                                             coded, sizeof coded - 1, &got,
                                             MAILPROTO_CODEC_FINAL),
                         MAILPROTO_OK);
        coded[got > 8 ? got - 5 : 0] = 0; /* the last group holds neighbours' bits */
        expect_not_in(text, coded + (shift > 0 ? 4 : 0));
    }
}

/* No word of `said`, but short ones, which may be any. */
static inline void expect_no_word(const char *text, const char *said)
{
    while (*said != 0) {
        char word[512];
        size_t len = strcspn(said, " \r\n");
        assert_in_range(len, 0, sizeof word - 1);
        memcpy(word, said, len);
        word[len] = 0;
        if (len >= 8) {
            expect_not_in(text, word);
        }
        said += len;
        said += strspn(said, " \r\n");
    }
}

#endif /* TEST_SASL_SILENCE_H */
