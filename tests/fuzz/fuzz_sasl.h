/*
 * What the two SASL fuzz targets share: an exchange fed with messages that are cut from
 * the input, whole or octet by octet, and a digest of everything it said, which must be
 * the same both ways.
 *
 * Input: an octet for the mechanism, one for the options, then messages, each with an
 * octet for its length.
 */
#ifndef FUZZ_SASL_H
#define FUZZ_SASL_H

#include <stdlib.h>
#include <string.h>

#include <mailproto/sasl.h>

static const char *const fuzz_mechanisms[] = {
    "PLAIN",         "LOGIN",       "EXTERNAL",         "ANONYMOUS",
    "CRAM-MD5",      "SCRAM-SHA-1", "OAUTHBEARER",      "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256", "XOAUTH2",     "SCRAM-SHA-1-PLUS",
};
enum { FUZZ_MECHANISMS = sizeof fuzz_mechanisms / sizeof fuzz_mechanisms[0] };

struct fuzz_input {
    const uint8_t *data;
    size_t size;
    int bytewise;
    uint64_t digest; /* of all that was said */
};

static inline mailproto_bytes fuzz_text(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

/* FNV-1a. */
static inline void fuzz_note(struct fuzz_input *in, const void *data, size_t len)
{
    const uint8_t *at = data;
    size_t i;
    for (i = 0; i < len; ++i) {
        in->digest = (in->digest ^ at[i]) * 1099511628211u;
    }
}

static inline void fuzz_note_number(struct fuzz_input *in, uint64_t number)
{
    fuzz_note(in, &number, sizeof number);
}

static inline unsigned fuzz_octet(struct fuzz_input *in)
{
    if (in->size == 0) {
        return 0;
    }
    in->size--;
    return *in->data++;
}

/* A message for the exchange; 0: there is none. An exact copy, so that a sanitizer sees
 * what reads past it. */
static inline int fuzz_message(struct fuzz_input *in, mailproto_sasl *x)
{
    size_t len, i;
    uint8_t *copy;
    if (in->size == 0) {
        return 0;
    }
    len = fuzz_octet(in);
    len = len < in->size ? len : in->size;
    copy = malloc(len + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, in->data, len);
    in->data += len;
    in->size -= len;
    if (in->bytewise) {
        for (i = 0; i < len; ++i) {
            if (mailproto_sasl_input(x, copy + i, 1, 0) != MAILPROTO_OK) {
                break;
            }
        }
        if (i == len) {
            (void)mailproto_sasl_input(x, copy, 0, 1);
        }
    } else {
        (void)mailproto_sasl_input(x, copy, len, 1);
    }
    free(copy);
    return 1;
}

/* Steps until there is no more to compute; notes what is said. */
static inline mailproto_sasl_state fuzz_step(struct fuzz_input *in, mailproto_sasl *x)
{
    mailproto_sasl_state s = {sizeof s, 0, 0, 0, 0};
    int steps = 0;
    do {
        if (mailproto_sasl_step(x, &s) != MAILPROTO_OK || ++steps > 1000) {
            abort();
        }
    } while (s.state == MAILPROTO_SASL_WORKING);
    fuzz_note_number(in, s.state);
    fuzz_note_number(in, (uint64_t)(int64_t)s.error);
    if (s.state == MAILPROTO_SASL_CONTINUE ||
        s.state == MAILPROTO_SASL_DONE_WITH_DATA) {
        uint64_t at = 0;
        char piece[37];
        size_t got = 0;
        mailproto_status st;
        while ((st = mailproto_sasl_output(x, at, piece, sizeof piece, &got)) ==
               MAILPROTO_OK) {
            fuzz_note(in, piece, got);
            at += got;
            if (got == 0 || at > s.response) {
                abort();
            }
        }
        if (st != MAILPROTO_EOF || at != s.response) {
            abort();
        }
    }
    return s;
}

/* "Prepares" a text: each octet beyond ASCII becomes an X; a first `?` is refused, and
 * `!` yields what must be. */
static inline mailproto_status fuzz_prepare(void *ctx, uint32_t what, const void *text,
                                            size_t len, void *out, size_t cap,
                                            size_t *got)
{
    const uint8_t *in = text;
    uint8_t *to = out;
    size_t i, beyond = 0;
    (void)ctx;
    if (len == 0 || (what != MAILPROTO_SASL_PREPARE_NAME &&
                     what != MAILPROTO_SASL_PREPARE_PASSWORD)) {
        abort();
    }
    for (i = 0; i < len; ++i) {
        beyond += in[i] > 0x7F;
        if (i < cap) {
            to[i] = in[i] > 0x7F ? 'X' : in[i];
        }
    }
    if (beyond == 0) {
        abort(); /* ASCII passes straight through */
    }
    if (in[0] == '!') {
        to[0] = (uint8_t)(len & 1 ? 0 : 0xFF);
    }
    *got = len;
    return in[0] == '?' ? MAILPROTO_ERR_AUTH : MAILPROTO_OK;
}

/* An exchange in a block of exactly its size; NULL: its options are refused. */
static inline mailproto_sasl *fuzz_open(const mailproto_sasl_options *o, void **block)
{
    mailproto_sasl *x = NULL;
    size_t size = mailproto_sasl_mem_size(o);
    mailproto_status st;
    *block = malloc(size + 1);
    if (*block == NULL) {
        abort();
    }
    st = mailproto_sasl_init(*block, size, o, &x);
    if ((st == MAILPROTO_OK) != (x != NULL) || st > 0) {
        abort();
    }
    return x;
}

#endif /* FUZZ_SASL_H */
