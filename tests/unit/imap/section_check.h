/*
 * What the tests of sections share: a message with its index, items as a client writes
 * them, and that neither the size of the output, nor the kind of source, nor where a
 * partial begins makes a difference.
 */
#ifndef TEST_SECTION_CHECK_H
#define TEST_SECTION_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap_fetch.h>

enum { SECTION_PARTS = 256, SECTION_WORK = MAILPROTO_IMAP_SECTION_WORK };

/* A source that says NOT_READY before each piece, counts what it gives, and may end or
 * fail. */
struct section_source {
    const char *data;
    size_t len;
    size_t piece;
    int waits;
    int ready;
    uint64_t fails_at; /* an offset from which it fails; UINT64_MAX: never */
    uint64_t given;
};

static inline mailproto_status section_read_at(void *ctx, uint64_t offset, void *buf,
                                               size_t cap, size_t *got)
{
    struct section_source *s = (struct section_source *)ctx;
    *got = 0;
    assert_true(cap > 0);
    if (offset >= s->fails_at) {
        return MAILPROTO_ERR_IO;
    }
    if (offset >= s->len) {
        return MAILPROTO_EOF;
    }
    s->ready = !s->ready;
    if (s->waits && !s->ready) {
        return MAILPROTO_NOT_READY;
    }
    *got = cap < s->piece ? cap : s->piece;
    if (*got > s->len - offset) {
        *got = (size_t)(s->len - offset);
    }
    memcpy(buf, s->data + offset, *got);
    s->given += *got;
    return MAILPROTO_OK;
}

struct section_message {
    mailproto_source source;
    mailproto_index index;
    mailproto_part parts[SECTION_PARTS];
    char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
};

static inline void section_message_open(struct section_message *m, const char *data,
                                        size_t len)
{
    memset(m, 0, sizeof *m);
    m->source.struct_size = sizeof m->source;
    m->source.data = data;
    m->source.size = len;
    m->index.struct_size = sizeof m->index;
    m->index.capacity = SECTION_PARTS;
    m->index.parts = m->parts;
    assert_int_equal(
        mailproto_index_build(&m->index, &m->source, NULL, m->work, sizeof m->work),
        MAILPROTO_OK);
}

static inline mailproto_source section_offset_source(struct section_source *s,
                                                     const char *data, size_t len,
                                                     size_t piece)
{
    mailproto_source source = {sizeof source, 0, s, NULL, len, section_read_at, NULL};
    struct section_source init = {data, len, piece, 1, 1, UINT64_MAX, 0};
    *s = init;
    return source;
}

/* The item, as in `FETCH 1 <text>`; `text` stays valid. */
static inline mailproto_imap_fetch_item section_item(const char *text)
{
    static char command[16384];
    mailproto_imap_command c = {.struct_size = sizeof c};
    mailproto_imap_fetch_item item = {.kind = 0};
    mailproto_bytes unit = {command, 0};
    unit.len = (size_t)snprintf(command, sizeof command, "A FETCH 1 %s\r\n", text);
    assert_true(unit.len < sizeof command);
    if (mailproto_imap_command_parse(unit, 0, &c, NULL) != MAILPROTO_OK ||
        mailproto_imap_fetch_next(&c.items, &item) != MAILPROTO_OK) {
        print_error("not parsed: %s\n", text);
        fail();
    }
    return item;
}

/* All octets of an open section, `cap` octets a call; what ended it. */
static inline mailproto_status section_read_all(mailproto_imap_section *s, size_t cap,
                                                char *out, size_t room, size_t *len)
{
    size_t waits = 0;
    *len = 0;
    for (;;) {
        size_t got = 77;
        size_t n = cap < room - *len ? cap : room - *len;
        mailproto_status st = mailproto_imap_section_read(s, out + *len, n, &got);
        if (st == MAILPROTO_NOT_READY) {
            assert_int_equal(got, 0);
            assert_true(++waits < 10000000);
            continue;
        }
        if (st != MAILPROTO_OK) {
            assert_int_equal(got, 0);
            return st;
        }
        assert_true(got > 0 && got <= n);
        *len += got;
        assert_true(*len < room);
    }
}

static inline uint64_t section_size(mailproto_imap_section *s)
{
    uint64_t size = 77;
    mailproto_status st;
    do {
        st = mailproto_imap_section_size(s, &size);
    } while (st == MAILPROTO_NOT_READY);
    assert_int_equal(st, MAILPROTO_OK);
    return size;
}

static inline void section_differs(const char *what, const char *is, size_t is_len,
                                   const char *wanted, size_t wanted_len)
{
    size_t i = 0;
    while (i < is_len && i < wanted_len && is[i] == wanted[i]) {
        i++;
    }
    print_error("%s: %zu octets, should be %zu; they differ at %zu\nis:        <%.*s>\n"
                "should be: <%.*s>\n",
                what, is_len, wanted_len, i, (int)is_len, is, (int)wanted_len, wanted);
    fail();
}

/* One way of reading an item. `sized`: size() is asked before. */
static inline void section_check_once(struct section_message *m,
                                      const mailproto_source *source,
                                      const mailproto_imap_fetch_item *item, size_t cap,
                                      int sized, const char *wanted, size_t len)
{
    static char out[1 << 20];
    char work[SECTION_WORK];
    mailproto_imap_section s;
    uint64_t first = item->flags & MAILPROTO_IMAP_PARTIAL ? item->first : 0;
    uint64_t count = item->flags & MAILPROTO_IMAP_PARTIAL ? item->count : UINT64_MAX;
    size_t skip = first < len ? (size_t)first : len;
    size_t take = count < len - skip ? (size_t)count : len - skip;
    size_t got;
    assert_int_equal(
        mailproto_imap_section_open(&s, source, &m->index, item, work, sizeof work),
        MAILPROTO_OK);
    if (sized && section_size(&s) != take) {
        print_error("kind %u section %u <%llu.%llu>: size %llu, should be %zu\nof "
                    "<%.*s>\nin <%.*s>\n",
                    (unsigned)item->kind, (unsigned)item->section,
                    (unsigned long long)first, (unsigned long long)count,
                    (unsigned long long)section_size(&s), take, (int)len, wanted,
                    (int)m->source.size, (const char *)m->source.data);
        fail();
    }
    assert_int_equal(section_read_all(&s, cap, out, sizeof out, &got), MAILPROTO_EOF);
    if (got != take || memcmp(out, wanted + skip, take) != 0) {
        char how[128];
        snprintf(how, sizeof how, "kind %u section %u <%llu.%llu>, %zu a call, %s",
                 (unsigned)item->kind, (unsigned)item->section,
                 (unsigned long long)first, (unsigned long long)count, cap,
                 source->data != NULL ? "memory" : "offset");
        section_differs(how, out, got, wanted + skip, take);
    }
    assert_int_equal(section_size(&s), take); /* also behind the end */
    assert_int_equal(section_read_all(&s, cap, out, sizeof out, &got), MAILPROTO_EOF);
    assert_int_equal(got, 0);
}

/* The same in pieces that go on with one another. */
static inline void section_check_continued(struct section_message *m,
                                           const mailproto_source *source,
                                           mailproto_imap_fetch_item item, size_t step,
                                           const char *wanted, size_t len)
{
    static char out[1 << 20];
    char work[SECTION_WORK];
    mailproto_imap_section s;
    size_t at;
    size_t got;
    item.flags |= MAILPROTO_IMAP_PARTIAL;
    item.first = 0;
    item.count = step;
    assert_int_equal(
        mailproto_imap_section_open(&s, source, &m->index, &item, work, sizeof work),
        MAILPROTO_OK);
    for (at = 0;;) {
        size_t take = step < len - at ? step : len - at;
        assert_int_equal(section_size(&s), take);
        assert_int_equal(section_read_all(&s, 1 + step / 2, out, sizeof out, &got),
                         MAILPROTO_EOF);
        if (got != take || memcmp(out, wanted + at, take) != 0) {
            section_differs("continued", out, got, wanted + at, take);
        }
        if (at == len) {
            return;
        }
        at += take;
        item.first = at;
        assert_int_equal(mailproto_imap_section_continue(&s, &item), MAILPROTO_OK);
    }
}

static inline int section_is_fields(const mailproto_imap_fetch_item *item)
{
    return item->section == MAILPROTO_IMAP_SECTION_FIELDS ||
           item->section == MAILPROTO_IMAP_SECTION_FIELDS_NOT;
}

/* Every size of the output, every partial, every source. `effort`: 0: few of them. */
static inline void section_check(struct section_message *m, const char *text,
                                 const char *wanted, size_t len, int effort)
{
    static const size_t caps[] = {1, 2, 3, 7, 100, 100000};
    mailproto_imap_fetch_item item = section_item(text);
    uint64_t big = UINT64_C(1) << 63;
    uint64_t partials[][2] = {{0, 0},       {0, 1},          {1, 3},
                              {len / 2, 7}, {0, len},        {len > 0 ? len - 1 : 0, 5},
                              {len, 1},     {big, 1},        {len / 3, big},
                              {big, big},   {0, UINT64_MAX}, {len + 1, UINT64_MAX}};
    size_t n = item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE
                   ? 1
                   : sizeof partials / sizeof *partials;
    size_t p, c, piece;
    for (p = 0; p < n; p++) {
        if (p > 0 && partials[p][1] == 0) {
            continue;
        }
        item.flags = p > 0 ? (uint32_t)MAILPROTO_IMAP_PARTIAL : 0;
        item.first = partials[p][0];
        item.count = partials[p][1];
        for (c = 0; c < sizeof caps / sizeof *caps; c++) {
            for (piece = 0; piece < 3000; piece = piece * 13 + 1) {
                struct section_source from;
                mailproto_source offset = section_offset_source(
                    &from, (const char *)m->source.data, (size_t)m->source.size, piece);
                if (!effort && (p + c + piece) % 5 != 0) {
                    continue;
                }
                section_check_once(m, piece == 0 ? &m->source : &offset, &item, caps[c],
                                   (p + c) % 2 == 0, wanted, len);
            }
        }
    }
    if (n > 1 && !section_is_fields(&item)) {
        struct section_source from;
        mailproto_source offset = section_offset_source(
            &from, (const char *)m->source.data, (size_t)m->source.size, 11);
        section_check_continued(m, &m->source, item, 1 + len / 7, wanted, len);
        section_check_continued(m, &offset, item, 1 + len / 5, wanted, len);
    }
}

static inline void section_expect(struct section_message *m, const char *text,
                                  const char *wanted)
{
    section_check(m, text, wanted, strlen(wanted), 1);
}

/* NIL, an error: what open() says. */
static inline mailproto_status section_open_status(struct section_message *m,
                                                   const char *text)
{
    char work[SECTION_WORK];
    mailproto_imap_section s;
    mailproto_imap_fetch_item item = section_item(text);
    mailproto_status st = mailproto_imap_section_open(&s, &m->source, &m->index, &item,
                                                      work, sizeof work);
    if (st != MAILPROTO_OK) { /* nothing can be done with it */
        char c;
        size_t got = 77;
        uint64_t size = 77;
        assert_int_equal(mailproto_imap_section_read(&s, &c, 1, &got),
                         MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(got, 0);
        assert_int_equal(mailproto_imap_section_size(&s, &size),
                         MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(mailproto_imap_section_is_binary(&s), 0);
        assert_int_equal(mailproto_imap_section_continue(&s, &item), MAILPROTO_EOF);
    }
    return st;
}

#endif /* TEST_SECTION_CHECK_H */
