/*
 * Filters over input in pieces.
 */
#include "filter_run.h"

#include <mailproto/mbox.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const void *in, size_t len, const char *why)
{
    struct text t = {NULL, 0, 0};
    text_quote(&t, in, len);
    fprintf(stderr, "filter, input %s: %s\n", text_string(&t), why);
    abort();
}

static void start(enum filter which, uint32_t form, mailproto_codec *c)
{
    mailproto_status st = which == FILTER_BODY    ? mailproto_dkim_body_init(c, form)
                          : which == FILTER_FIELD ? mailproto_dkim_field_init(c, form)
                                                  : mailproto_mbox_quote_init(c);
    if (st != MAILPROTO_OK) {
        stop("", 0, "init refuses");
    }
}

struct text filter_run(enum filter which, uint32_t form, const void *in, size_t len,
                       size_t piece, size_t room)
{
    const unsigned char *at = (const unsigned char *)in;
    struct text out = {NULL, 0, 0};
    mailproto_status st = MAILPROTO_OK;
    mailproto_codec c;
    size_t end = 0;
    size_t done = 0;
    uint32_t final;
    start(which, form, &c);
    do {
        size_t used;
        size_t got;
        unsigned char *from;
        unsigned char *to = (unsigned char *)test_alloc(room);
        if (st == MAILPROTO_OK) {
            end = piece < len - end ? end + piece : len;
        }
        final = end == len ? (uint32_t)MAILPROTO_CODEC_FINAL : 0;
        from = (unsigned char *)test_alloc(end > done ? end - done : 1);
        if (end > done) {
            memcpy(from, at + done, end - done);
        }
        st = mailproto_codec_run(&c, from, end - done, &used, to, room, &got, final);
        if (used > end - done || got > room || st < 0 ||
            (st == MAILPROTO_AGAIN && used == 0 && got == 0) ||
            (st == MAILPROTO_OK && used < end - done)) {
            stop(in, len, "wrong figures");
        }
        text_add(&out, to, got);
        free(from);
        free(to);
        done += used;
    } while (st != MAILPROTO_OK || !final);
    if (mailproto_codec_defects(&c) != 0) {
        stop(in, len, "a defect");
    }
    return out;
}

struct text filter_whole(enum filter which, uint32_t form, const void *in, size_t len)
{
    return filter_run(which, form, in, len, len + 1, 4 * len + 64);
}

void filter_expect(enum filter which, uint32_t form, const void *in, size_t len,
                   size_t piece, size_t room)
{
    struct text a = filter_whole(which, form, in, len);
    struct text b = filter_run(which, form, in, len, piece, room);
    if (a.len != b.len || (a.len > 0 && memcmp(a.data, b.data, a.len) != 0)) {
        struct text t = {NULL, 0, 0};
        text_quote(&t, a.data, a.len);
        text_print(&t, " is not ");
        text_quote(&t, b.data, b.len);
        stop(in, len, text_string(&t));
    }
    text_free(&a);
    text_free(&b);
}

void filter_everywhere(enum filter which, uint32_t form, const void *in, size_t len)
{
    size_t piece;
    for (piece = 1; piece <= len + 1; piece++) {
        size_t room;
        for (room = 8; room < 12; room++) {
            filter_expect(which, form, in, len, piece, room);
        }
    }
}
