/* Base64 in memory that grows: see base64.h. */
#include "base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_room(base64 *b, size_t more)
{
    if (b->cap - b->len >= more) {
        return;
    }
    size_t cap = (b->len + more) * 2;
    char *text = realloc(b->text, cap);
    if (text == NULL) {
        perror("mailproto-inspect");
        exit(2);
    }
    b->text = text;
    b->cap = cap;
}

/* Runs the codec over a piece. 0, or -1: not in the alphabet. */
static int run(base64 *b, const void *data, size_t len, uint32_t flags)
{
    const char *in = data;
    mailproto_status st;
    do {
        size_t used = 0, got = 0;
        make_room(b, len + len / 2 + 64);
        st = mailproto_codec_run(&b->codec, in, len, &used, b->text + b->len,
                                 b->cap - b->len, &got, flags);
        in += used;
        len -= used;
        b->len += got;
    } while (st == MAILPROTO_AGAIN);
    return st == MAILPROTO_OK ? 0 : -1;
}

void base64_begin(base64 *b)
{
    memset(b, 0, sizeof *b);
    mailproto_encoder_init(&b->codec, MAILPROTO_ENCODING_BASE64, 0);
}

void base64_add(base64 *b, const void *data, size_t len)
{
    if (len > 0) {
        run(b, data, len, 0);
    }
}

void base64_end(base64 *b)
{
    run(b, "", 0, MAILPROTO_CODEC_FINAL);
}

int base64_decode(base64 *b, const char *text, size_t len)
{
    memset(b, 0, sizeof *b);
    mailproto_decoder_init(&b->codec, MAILPROTO_ENCODING_BASE64,
                           MAILPROTO_CODEC_STRICT);
    return run(b, text, len, MAILPROTO_CODEC_FINAL);
}

void base64_free(base64 *b)
{
    free(b->text);
    b->text = NULL;
}
