/*
 * Fields read in one pass (scan_plain.c) against the general way, which reads what comes
 * octet by octet: the same events, with every octet at every place of a header and with
 * the header cut anywhere. What is fed lies in memory of its own size, for sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

#include "thinned.h"

enum { LOG = 16384 };

static char block[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];

struct log {
    size_t len;
    unsigned char at[LOG];
};

static void put(struct log *l, const void *data, size_t n)
{
    assert_true(l->len + n <= sizeof l->at);
    if (n > 0) {
        memcpy(l->at + l->len, data, n);
    }
    l->len += n;
}

static void put_span(struct log *l, mailproto_bytes b)
{
    put(l, &b.len, sizeof b.len);
    put(l, b.ptr, b.len);
}

/* All of an event but where body ends are cut. */
static void note(struct log *l, const mailproto_message_event *ev)
{
    if (ev->type == MAILPROTO_MESSAGE_BODY) {
        put(l, ev->raw.ptr, ev->raw.len);
        return;
    }
    put(l, &ev->type, sizeof ev->type);
    put(l, &ev->flags, sizeof ev->flags);
    put(l, &ev->code, sizeof ev->code);
    put(l, &ev->depth, sizeof ev->depth);
    put(l, &ev->part, sizeof ev->part);
    put(l, &ev->offset, sizeof ev->offset);
    put(l, &ev->octets, sizeof ev->octets);
    put(l, &ev->crlf_octets, sizeof ev->crlf_octets);
    put(l, &ev->lines, sizeof ev->lines);
    put_span(l, ev->raw);
    put_span(l, ev->name);
    put_span(l, ev->value);
}

static void run(const char *text, size_t len, size_t piece, uint32_t max_fields,
                struct log *l)
{
    mailproto_message_options options;
    mailproto_message_event ev;
    mailproto_message *m;
    mailproto_status st;
    char *fed = NULL;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.max_fields = max_fields;
    assert_int_equal(mailproto_message_init(block, sizeof block, &options, &m), 0);
    l->len = 0;
    while ((st = mailproto_message_next_event(m, &ev)) != MAILPROTO_EOF) {
        if (st == MAILPROTO_OK) {
            note(l, &ev);
            continue;
        }
        assert_int_equal(st, MAILPROTO_AGAIN);
        free(fed);
        fed = NULL;
        if (len == 0) {
            assert_int_equal(mailproto_message_feed_eof(m), MAILPROTO_OK);
            continue;
        }
        piece = piece < len ? piece : len;
        fed = (char *)malloc(piece);
        assert_non_null(fed);
        memcpy(fed, text, piece);
        assert_int_equal(mailproto_message_feed(m, fed, piece), MAILPROTO_OK);
        text += piece;
        len -= piece;
    }
    free(fed);
}

static void expect_same(const char *text, size_t len, uint32_t max_fields)
{
    static struct log whole;
    static struct log octets;
    run(text, len, len, max_fields, &whole);
    run(text, len, 1, max_fields, &octets);
    assert_int_equal(whole.len, octets.len);
    assert_memory_equal(whole.at, octets.at, octets.len);
}

static const char crlf[] = "Received: from a.example by b.example;\r\n"
                           "\tSat, 21 Nov 2026 10:00:00 +0000\r\n"
                           "Subject: one\ttwo\r\n"
                           "X-Empty:\r\n"
                           "From: a@example.com\r\n"
                           "Content-Type: text/plain;\r\n charset=utf-8\r\n"
                           "\r\n"
                           "body\r\n";
static const char lf[] = "To: a@example.com,\n b@example.com\nX-Some-Longer-Name: x\n"
                         "Date: Sat, 21 Nov 2026 10:00:00 +0000\n\nbody\n";

static void cut_anywhere(void **state)
{
    size_t len;
    (void)state;
    for (len = 0; len < sizeof crlf; len++) {
        expect_same(crlf, len, 0);
        expect_same(crlf, len, 3);
    }
    for (len = 0; len < sizeof lf; len++) {
        expect_same(lf, len, 0);
    }
}

static void every_octet(const char *text, size_t len)
{
    const unsigned step = (unsigned)thinned(7);
    char changed[300];
    size_t i;
    unsigned octet;
    assert_true(len <= sizeof changed);
    memcpy(changed, text, len);
    for (i = 0; i < len; i++) {
        for (octet = 0; octet < 256; octet += step) {
            changed[i] = (char)(unsigned char)octet;
            expect_same(changed, len, 0);
        }
        changed[i] = text[i];
    }
}

static void octets(void **state)
{
    (void)state;
    every_octet(crlf, sizeof crlf - 1);
    every_octet(lf, sizeof lf - 1);
}

/* Lines up to 998 octets are plain (RFC 5322 2.1.1), first ones and others. */
static void line_lengths(void **state)
{
    char text[2400];
    size_t n;
    (void)state;
    for (n = 990; n < 1005; n++) {
        size_t len = 6; /* the first line of a header is read in another way */
        memcpy(text, "A: b\r\nX: ", 9);
        memset(text + len + 3, 'a', n - 3);
        len += n;
        memcpy(text + len, "\r\nY:\r\n ", 7);
        len += 7;
        expect_same(text, len, 0);
        memset(text + len, 'b', n - 1);
        len += n - 1;
        memcpy(text + len, "\r\nFrom: a@example.com\r\n\r\n", 25);
        expect_same(text, len + 25, 0);
        memset(text + 6, 'N', n); /* and names of such length */
        text[6 + n] = ':';
        memcpy(text + n + 7, "\r\nTo: x@example.com\r\n\r\n", 23);
        expect_same(text, n + 30, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(octets),
        cmocka_unit_test(line_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
