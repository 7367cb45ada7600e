/*
 * What the tests of ENVELOPE and BODYSTRUCTURE share: a message, what is written of it,
 * and that neither the size of the output nor the kind of source makes a difference.
 */
#ifndef TEST_ITEM_CHECK_H
#define TEST_ITEM_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap_fetch.h>

enum { ITEM_PARTS = 64, ITEM_OUT = 65536, ITEM_WORK = 2048 };

enum item_kind { ITEM_ENVELOPE, ITEM_STRUCTURE, ITEM_BODY };

/* A source that says NOT_READY before each few octets, and may fail. */
struct item_source {
    const char *data;
    size_t len;
    size_t piece;
    int ready;
    uint64_t fails_at; /* an offset from which it fails; UINT64_MAX: never */
};

static inline mailproto_status item_read_at(void *ctx, uint64_t offset, void *buf,
                                            size_t cap, size_t *got)
{
    struct item_source *s = ctx;
    *got = 0;
    if (offset >= s->fails_at) {
        return MAILPROTO_ERR_IO;
    }
    if (offset >= s->len) {
        return MAILPROTO_EOF;
    }
    s->ready = !s->ready;
    if (!s->ready) {
        return MAILPROTO_NOT_READY;
    }
    *got = cap < s->piece ? cap : s->piece;
    if (*got > s->len - offset) {
        *got = (size_t)(s->len - offset);
    }
    memcpy(buf, s->data + offset, *got);
    return MAILPROTO_OK;
}

struct item_message {
    mailproto_source source;
    mailproto_index index;
    mailproto_part parts[ITEM_PARTS];
    char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
};

static inline void item_message_open(struct item_message *m, const char *data,
                                     size_t len,
                                     const mailproto_message_options *options)
{
    memset(m, 0, sizeof *m);
    m->source.struct_size = sizeof m->source;
    m->source.data = data;
    m->source.size = len;
    m->index.struct_size = sizeof m->index;
    m->index.capacity = ITEM_PARTS;
    m->index.parts = m->parts;
    assert_int_equal(
        mailproto_index_build(&m->index, &m->source, options, m->work, sizeof m->work),
        MAILPROTO_OK);
}

static inline mailproto_status item_open(mailproto_imap_item *item,
                                         const struct item_message *m,
                                         enum item_kind kind,
                                         const mailproto_source *source, char *work)
{
    if (kind == ITEM_ENVELOPE) {
        return mailproto_imap_envelope_open(item, source, &m->parts[0], work,
                                            ITEM_WORK);
    }
    return mailproto_imap_structure_open(
        item, source, &m->index,
        kind == ITEM_BODY ? (uint32_t)MAILPROTO_IMAP_NO_EXTENSION : 0, work, ITEM_WORK);
}

/* All of an item, `cap` octets a call; the length. */
static inline size_t item_write(const struct item_message *m, enum item_kind kind,
                                const mailproto_source *source, size_t cap, char *out)
{
    char work[ITEM_WORK];
    mailproto_imap_item item;
    mailproto_status st;
    size_t len = 0, got, waits = 0;
    assert_int_equal(item_open(&item, m, kind, source, work), MAILPROTO_OK);
    for (;;) {
        st = mailproto_imap_item_read(&item, out + len, cap, &got);
        if (st == MAILPROTO_NOT_READY) {
            assert_int_equal(got, 0);
            assert_true(++waits < 100000);
            continue;
        }
        if (st != MAILPROTO_OK) {
            break;
        }
        assert_true(got > 0 && got <= cap);
        len += got;
        assert_true(len + cap <= ITEM_OUT);
    }
    assert_int_equal(st, MAILPROTO_EOF);
    assert_int_equal(got, 0);
    /* and again */
    assert_int_equal(mailproto_imap_item_read(&item, out + len, cap, &got),
                     MAILPROTO_EOF);
    return len;
}

static inline void item_expect(const char *expected, const char *out, size_t len,
                               const char *how, size_t n)
{
    if (len != strlen(expected) || memcmp(out, expected, len) != 0) {
        print_error("%s %zu\nis:        %.*s\nshould be: %s\n", how, n, (int)len, out,
                    expected);
        fail();
    }
}

/* The item of a message, written in pieces of every size and from every source. */
static inline void check_item_of(const char *data, size_t size,
                                 const mailproto_message_options *options,
                                 enum item_kind kind, const char *expected)
{
    static struct item_message m;
    static char out[ITEM_OUT];
    size_t cap, piece, len;
    item_message_open(&m, data, size, options);
    len = item_write(&m, kind, &m.source, 4096, out);
    item_expect(expected, out, len, "at once", len);
    for (cap = 1; cap <= strlen(expected) + 1; cap++) {
        len = item_write(&m, kind, &m.source, cap, out);
        item_expect(expected, out, len, "octets a call:", cap);
    }
    for (piece = 1; piece < 200; piece = piece * 2 + 1) {
        struct item_source s = {data, size, piece, 1, UINT64_MAX};
        mailproto_source source = {sizeof source, 0,   &s, NULL, size,
                                   item_read_at,  NULL};
        len = item_write(&m, kind, &source, 1 + piece % 7, out);
        item_expect(expected, out, len, "octets a read:", piece);
    }
}

static inline void check_item(const char *message, enum item_kind kind,
                              const char *expected)
{
    check_item_of(message, strlen(message), NULL, kind, expected);
}

#endif /* TEST_ITEM_CHECK_H */
