/*
 * The part index: what it says of a message, however it is built; overflow; section
 * numbers and back; what a signature covers; what is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

/* RFC 3501's example of section numbers, and a signed part. */
static const char message[] = "From: a@b\r\n"
                              "Content-Type: multipart/mixed; boundary=a\r\n"
                              "\r\n"
                              "--a\r\n"
                              "Content-Type: text/plain\r\n"
                              "\r\n"
                              "one\r\n"
                              "two\r\n"
                              "--a\r\n"
                              "\r\n"
                              "bare\nends\r\n"
                              "--a\r\n"
                              "Content-Type: message/rfc822\r\n"
                              "Content-ID: <x@y>\r\n"
                              "\r\n"
                              "Subject: inner\r\n"
                              "Content-Type: multipart/signed; boundary=b\r\n"
                              "\r\n"
                              "--b\r\n"
                              "A: b\r\n"
                              "\r\n"
                              "signed\r\n"
                              "--b\r\n"
                              "Content-Type: application/pgp-signature\r\n"
                              "\r\n"
                              "--b--\r\n"
                              "--a\r\n"
                              "Content-Type: message/rfc822\r\n"
                              "\r\n"
                              "Subject: leaf\r\n"
                              "\r\n"
                              "x\r\n"
                              "--a--\r\n";
enum { PARTS = 9, WORK = MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 4096 };

static char work[WORK];

static mailproto_source in_memory(const char *data, size_t len)
{
    mailproto_source s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.data = data;
    s.size = len;
    return s;
}

static mailproto_index new_index(mailproto_part *parts, uint32_t capacity)
{
    mailproto_index ix;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = capacity;
    ix.parts = parts;
    return ix;
}

static mailproto_index build(const char *text, size_t len, mailproto_part *parts,
                             uint32_t capacity)
{
    mailproto_index ix = new_index(parts, capacity);
    mailproto_source s = in_memory(text, len);
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                     MAILPROTO_OK);
    return ix;
}

/* ---- what it says -------------------------------------------------------------------- */

static uint64_t at(const char *text)
{
    return (uint64_t)(strstr(message, text) - message);
}

static void test_entries(void **state)
{
    static const uint32_t parents[PARTS] = {
        MAILPROTO_PART_NONE, 0, 0, 0, 3, 4, 4, 0, 7};
    static const uint32_t next[PARTS] = {MAILPROTO_PART_NONE,
                                         2,
                                         3,
                                         7,
                                         MAILPROTO_PART_NONE,
                                         6,
                                         MAILPROTO_PART_NONE,
                                         MAILPROTO_PART_NONE,
                                         MAILPROTO_PART_NONE};
    mailproto_part p[PARTS];
    mailproto_index ix = build(message, sizeof message - 1, p, PARTS);
    unsigned i;
    (void)state;
    assert_int_equal(sizeof(mailproto_part), 120);
    assert_int_equal(ix.count, PARTS);
    assert_int_equal(ix.needed, PARTS);
    for (i = 0; i < PARTS; i++) {
        assert_int_equal(p[i].parent, parents[i]);
        assert_int_equal(p[i].next_sibling, next[i]);
        assert_true(p[i].decoded_octets == UINT64_MAX);
        assert_int_equal(p[i].reserved[0], 0);
    }
    assert_int_equal(p[0].children, 4);
    assert_int_equal(p[0].first_child, 1);
    assert_int_equal(p[3].children, 1);
    assert_int_equal(p[1].children, 0);
    assert_int_equal(p[1].header_offset, at("Content-Type: text"));
    assert_int_equal(p[1].body_offset, at("one"));
    assert_int_equal(p[1].body_octets, 8);
    assert_int_equal(p[1].lines, 1);
    assert_int_equal(p[1].header_crlf, 28);
    assert_int_equal(p[1].fields[MAILPROTO_PART_TYPE], 1);
    assert_int_equal(p[1].fields[MAILPROTO_PART_ID], 0);
    assert_int_equal(p[2].body_octets, 9);
    assert_int_equal(p[2].body_crlf, 10);
    assert_int_equal(p[2].flags, MAILPROTO_MESSAGE_NEWLINE_LF);
    assert_int_equal(p[3].media, MAILPROTO_MEDIA_RFC822);
    assert_int_equal(p[3].fields[MAILPROTO_PART_ID],
                     at("Content-ID") - p[3].header_offset + 1);
    assert_int_equal(p[3].body_offset, p[4].header_offset);
    assert_int_equal(p[3].body_octets, at("--b--") + 5 - p[3].body_offset);
    assert_int_equal(p[0].body_octets, sizeof message - 1 - p[0].body_offset);
    assert_int_equal(p[0].body_crlf, p[0].body_octets + 1);
}

/* ---- other sources ------------------------------------------------------------------- */

struct slow {
    size_t at;
    unsigned calls;
};

static mailproto_status slow_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct slow *s = (struct slow *)ctx;
    s->calls++;
    if (s->calls % 2 != 0) {
        return MAILPROTO_NOT_READY;
    }
    if (s->at == sizeof message - 1) {
        return MAILPROTO_EOF;
    }
    *got = cap < 7 ? cap : 7;
    if (*got > sizeof message - 1 - s->at) {
        *got = sizeof message - 1 - s->at;
    }
    memcpy(buf, message + s->at, *got);
    s->at += *got;
    return MAILPROTO_OK;
}

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    (void)ctx;
    *got = cap < 100 ? cap : 100;
    if (offset >= sizeof message - 1) {
        return MAILPROTO_EOF;
    }
    if (*got > sizeof message - 1 - offset) {
        *got = (size_t)(sizeof message - 1 - offset);
    }
    memcpy(buf, message + offset, *got);
    return MAILPROTO_OK;
}

static mailproto_status read_nothing(void *ctx, void *buf, size_t cap, size_t *got)
{
    (void)ctx;
    (void)buf;
    (void)cap;
    *got = 0;
    return MAILPROTO_OK;
}

static mailproto_status read_error(void *ctx, void *buf, size_t cap, size_t *got)
{
    (void)ctx;
    (void)buf;
    (void)cap;
    (void)got;
    return MAILPROTO_ERR_IO;
}

static void test_sources(void **state)
{
    mailproto_part p[PARTS];
    mailproto_part q[PARTS];
    struct slow slow = {0, 0};
    unsigned waits = 0;
    mailproto_source s;
    mailproto_index ix = build(message, sizeof message - 1, p, PARTS);
    mailproto_status st;
    (void)state;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.size = MAILPROTO_SIZE_UNKNOWN;
    s.ctx = &slow;
    s.read = slow_read;
    ix = new_index(q, PARTS);
    while ((st = mailproto_index_build(&ix, &s, NULL, work, sizeof work)) ==
           MAILPROTO_NOT_READY) {
        waits++;
    }
    assert_int_equal(st, MAILPROTO_OK);
    assert_true(waits > 10);
    assert_memory_equal(p, q, sizeof p);
    s.read = NULL;
    s.read_at = read_at;
    s.size = sizeof message - 1;
    ix = new_index(q, PARTS);
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work + 1, sizeof work - 1),
                     MAILPROTO_OK);
    assert_memory_equal(p, q, sizeof p);
    s.read_at = NULL;
    s.read = read_nothing;
    ix = new_index(q, PARTS);
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                     MAILPROTO_ERR_ARGUMENT);
    s.read = read_error;
    ix = new_index(q, PARTS);
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                     MAILPROTO_ERR_IO);
    ix = new_index(q, PARTS);
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, 4096),
                     MAILPROTO_ERR_MEMORY);
    ix = new_index(q, 0);
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                     MAILPROTO_ERR_ARGUMENT);
    s.read = NULL;
    ix = new_index(q, 1);
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                     MAILPROTO_ERR_ARGUMENT);
}

/* ---- a full array --------------------------------------------------------------------- */

static void test_overflow(void **state)
{
    mailproto_part all[PARTS];
    mailproto_part p[PARTS];
    mailproto_index ix = build(message, sizeof message - 1, all, PARTS);
    uint32_t capacity;
    (void)state;
    for (capacity = 1; capacity < PARTS; capacity++) {
        const mailproto_part *last = &p[capacity - 1];
        uint64_t bare = 0;
        uint64_t i;
        ix = build(message, sizeof message - 1, p, capacity);
        assert_int_equal(ix.count, capacity);
        assert_int_equal(ix.needed, PARTS);
        assert_true(last->flags & MAILPROTO_PART_OVERFLOW);
        assert_int_equal(last->first_child, MAILPROTO_PART_NONE);
        assert_int_equal(last->next_sibling, MAILPROTO_PART_NONE);
        assert_true(last->decoded_octets == UINT64_MAX);
        assert_true(last->flags & MAILPROTO_MESSAGE_OPAQUE);
        /* Parts 4 to 6 lie in part 3, which ends before part 7 begins. */
        assert_int_equal(
            last->header_offset,
            all[capacity > 4 && capacity < 8 ? 7 : capacity - 1].header_offset);
        if (capacity > 1) {
            const mailproto_part *parent = &p[last->parent];
            assert_int_equal(last->body_offset, last->header_offset);
            assert_int_equal(last->body_offset + last->body_octets,
                             parent->body_offset + parent->body_octets);
            assert_memory_equal(&p[0].body_octets, &all[0].body_octets,
                                sizeof p[0].body_octets);
        }
        for (i = last->body_offset; i < last->body_offset + last->body_octets; i++) {
            bare += message[i] == '\n' && message[i - 1] != '\r';
        }
        assert_int_equal(last->body_crlf, last->body_octets + bare);
    }
}

static void test_add_misuse(void **state)
{
    mailproto_part p[2];
    mailproto_index ix = new_index(p, 2);
    mailproto_message_event ev;
    (void)state;
    memset(&ev, 0, sizeof ev);
    ev.type = MAILPROTO_MESSAGE_FIELD;
    assert_int_equal(mailproto_index_add(&ix, &ev), MAILPROTO_ERR_ARGUMENT);
    ev.type = MAILPROTO_MESSAGE_PART_BEGIN;
    ev.part = 1;
    assert_int_equal(mailproto_index_add(&ix, &ev), MAILPROTO_ERR_ARGUMENT);
    ev.part = 0;
    assert_int_equal(mailproto_index_add(&ix, &ev), MAILPROTO_OK);
    ix.struct_size = 4;
    assert_int_equal(mailproto_index_add(&ix, &ev), MAILPROTO_ERR_ARGUMENT);
}

/* ---- section numbers ------------------------------------------------------------------- */

struct section {
    uint32_t path[4];
    size_t n;
    uint32_t part; /* NONE: there is none */
};

static void test_sections(void **state)
{
    static const struct section sections[] = {
        {{0}, 0, 0},
        {{1}, 1, 1},
        {{2}, 1, 2},
        {{3}, 1, 3},
        {{4}, 1, 7},
        {{5}, 1, MAILPROTO_PART_NONE},
        {{0}, 1, MAILPROTO_PART_NONE},
        {{1, 1}, 2, MAILPROTO_PART_NONE},
        {{3, 1}, 2, 5},
        {{3, 2}, 2, 6},
        {{3, 3}, 2, MAILPROTO_PART_NONE},
        {{4, 1}, 2, 8},
        {{4, 2}, 2, MAILPROTO_PART_NONE},
        {{4, 1, 1}, 3, MAILPROTO_PART_NONE},
    };
    mailproto_part p[PARTS];
    mailproto_index ix = build(message, sizeof message - 1, p, PARTS);
    uint32_t path[4];
    uint32_t part;
    size_t n;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct section *s = &sections[i];
        mailproto_status st = mailproto_index_find(&ix, s->path, s->n, &part);
        assert_int_equal(st, s->part == MAILPROTO_PART_NONE
                                 ? (mailproto_status)MAILPROTO_EOF
                                 : MAILPROTO_OK);
        if (st == MAILPROTO_OK) {
            assert_int_equal(part, s->part);
            assert_int_equal(mailproto_index_path(&ix, part, path, 4, &n),
                             MAILPROTO_OK);
            assert_int_equal(n, s->n);
            assert_memory_equal(path, s->path, n * sizeof path[0]);
        }
    }
    /* The multipart of an inner message has the message's number. */
    assert_int_equal(mailproto_index_path(&ix, 4, path, 4, &n), MAILPROTO_OK);
    assert_int_equal(n, 1);
    assert_int_equal(path[0], 3);
    assert_int_equal(mailproto_index_path(&ix, 5, path, 1, &n), MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_index_path(&ix, 9, path, 4, &n), MAILPROTO_ERR_ARGUMENT);
}

/* A message that is no multipart; one whose type is message/rfc822 itself. */
static void test_sections_of_leaves(void **state)
{
    static const char leaf[] = "A: b\n\nx";
    static const char outer[] = "Content-Type: message/rfc822\n\nA: b\n\nx";
    static const uint32_t ones[3] = {1, 1, 1};
    mailproto_part p[3];
    uint32_t path[4];
    uint32_t part;
    size_t n;
    mailproto_index ix = build(leaf, sizeof leaf - 1, p, 3);
    (void)state;
    assert_int_equal(mailproto_index_find(&ix, ones, 1, &part), MAILPROTO_OK);
    assert_int_equal(part, 0);
    assert_int_equal(mailproto_index_find(&ix, ones, 2, &part), MAILPROTO_EOF);
    assert_int_equal(mailproto_index_path(&ix, 0, path, 4, &n), MAILPROTO_OK);
    assert_int_equal(n, 0);
    ix = build(outer, sizeof outer - 1, p, 3);
    assert_int_equal(mailproto_index_find(&ix, ones, 1, &part), MAILPROTO_OK);
    assert_int_equal(part, 0);
    assert_int_equal(mailproto_index_find(&ix, ones, 2, &part), MAILPROTO_OK);
    assert_int_equal(part, 1);
    assert_int_equal(mailproto_index_find(&ix, ones, 3, &part), MAILPROTO_EOF);
    assert_int_equal(mailproto_index_path(&ix, 1, path, 4, &n), MAILPROTO_OK);
    assert_int_equal(n, 2);
    ix.count = 0;
    assert_int_equal(mailproto_index_find(&ix, ones, 0, &part), MAILPROTO_EOF);
}

static void test_signed(void **state)
{
    mailproto_part p[PARTS];
    mailproto_index ix = build(message, sizeof message - 1, p, PARTS);
    uint64_t offset;
    uint64_t octets;
    (void)state;
    assert_int_equal(mailproto_index_signed(&ix, 4, &offset, &octets), MAILPROTO_OK);
    assert_int_equal(offset, at("A: b"));
    assert_int_equal(octets, strlen("A: b\r\n\r\nsigned"));
    assert_int_equal(mailproto_index_signed(&ix, 3, &offset, &octets),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_index_signed(&ix, PARTS, &offset, &octets),
                     MAILPROTO_ERR_ARGUMENT);
    p[4].children = 0;
    assert_int_equal(mailproto_index_signed(&ix, 4, &offset, &octets),
                     MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),  cmocka_unit_test(test_sources),
        cmocka_unit_test(test_overflow), cmocka_unit_test(test_add_misuse),
        cmocka_unit_test(test_sections), cmocka_unit_test(test_sections_of_leaves),
        cmocka_unit_test(test_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
