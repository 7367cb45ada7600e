/*
 * What the tests of searching share: programs compiled from what a client writes, and
 * messages matched from memory and from a source that is read by offset in pieces, with
 * waits in between. Both must agree.
 */
#ifndef TEST_MATCH_CHECK_H
#define TEST_MATCH_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap_search.h>

enum { MATCH_NODES = 4096, MATCH_PARTS = 64, MATCH_UNIT = 140000 };

struct match_program {
    char unit[MATCH_UNIT];
    size_t unit_len;
    mailproto_imap_command command;
    mailproto_imap_search_node nodes[MATCH_NODES];
    size_t count;
};

/* The keys as in `SEARCH <keys>`, literals included; what parsing or compiling said. */
static inline mailproto_status match_compile_octets(struct match_program *p,
                                                    const char *keys, size_t len)
{
    mailproto_bytes unit;
    mailproto_imap_cursor walk;
    mailproto_status st;
    assert_true(len + 16 < sizeof p->unit);
    memcpy(p->unit, "A SEARCH ", 9);
    memcpy(p->unit + 9, keys, len);
    memcpy(p->unit + 9 + len, "\r\n", 2);
    p->unit_len = len + 11;
    unit.ptr = p->unit;
    unit.len = p->unit_len;
    memset(&p->command, 0, sizeof p->command);
    p->command.struct_size = sizeof p->command;
    st = mailproto_imap_command_parse(unit, 0, &p->command, NULL);
    if (st != MAILPROTO_OK) {
        return st;
    }
    walk = p->command.items;
    return mailproto_imap_search_compile(&walk, p->nodes, MATCH_NODES, &p->count);
}

static inline void match_compile(struct match_program *p, const char *keys)
{
    mailproto_status st = match_compile_octets(p, keys, strlen(keys));
    if (st != MAILPROTO_OK) {
        fail_msg("%s: %d", keys, (int)st);
    }
}

/* A source read by offset: at most `piece` octets, NOT_READY before each if it waits. */
struct match_source {
    const char *data;
    size_t len, piece;
    int waits, ready;
    uint64_t fails_at; /* an offset from which it fails; UINT64_MAX: never */
    uint64_t given;
    unsigned reads;
};

static inline mailproto_status match_read_at(void *ctx, uint64_t offset, void *buf,
                                             size_t cap, size_t *got)
{
    struct match_source *s = (struct match_source *)ctx;
    *got = 0;
    assert_true(cap > 0);
    s->reads++;
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
    *got = *got < s->len - offset ? *got : s->len - (size_t)offset;
    memcpy(buf, s->data + offset, *got);
    s->given += *got;
    return MAILPROTO_OK;
}

struct match_message {
    mailproto_source memory;
    mailproto_index index;
    mailproto_part parts[MATCH_PARTS];
    char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
};

static inline void match_message_open(struct match_message *m, const char *data,
                                      size_t len, uint32_t capacity)
{
    memset(m, 0, sizeof *m);
    m->memory.struct_size = sizeof m->memory;
    m->memory.data = data;
    m->memory.size = len;
    m->index.struct_size = sizeof m->index;
    m->index.capacity = capacity;
    m->index.parts = m->parts;
    assert_int_equal(
        mailproto_index_build(&m->index, &m->memory, NULL, m->work, sizeof m->work),
        MAILPROTO_OK);
}

static inline mailproto_source match_offset_source(struct match_source *s,
                                                   const struct match_message *m,
                                                   size_t piece, int waits)
{
    mailproto_source source = {sizeof source, 0,   s, NULL, m->memory.size,
                               match_read_at, NULL};
    struct match_source init = {(const char *)m->memory.data,
                                (size_t)m->memory.size,
                                piece,
                                waits,
                                1,
                                UINT64_MAX,
                                0,
                                0};
    *s = init;
    return source;
}

/* What a match said: 1, 0; `asked`: whether it asked for the message. */
static inline int match_with(const mailproto_imap_search_node *nodes, size_t count,
                             const mailproto_imap_facts *facts,
                             const mailproto_source *source, const mailproto_index *ix,
                             size_t work_size, int *asked)
{
    mailproto_imap_match m;
    mailproto_status st;
    unsigned waits = 0;
    char *work = (char *)malloc(work_size);
    int result;
    *asked = 0;
    assert_non_null(work);
    memset(work, 0xA5, work_size);
    st = mailproto_imap_match_open(&m, nodes, count, facts, work, work_size);
    assert_int_equal(st, MAILPROTO_OK);
    for (;;) {
        st = mailproto_imap_match_run(&m);
        if (st == MAILPROTO_AGAIN) {
            assert_int_equal(*asked, 0);
            *asked = 1;
            assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_AGAIN);
            assert_int_equal(mailproto_imap_match_message(&m, source, ix),
                             MAILPROTO_OK);
            assert_int_equal(mailproto_imap_match_message(&m, source, ix),
                             MAILPROTO_ERR_STATE);
        } else if (st == MAILPROTO_NOT_READY) {
            assert_int_equal(mailproto_imap_match_result(&m), 0);
            assert_true(++waits < 10000000);
        } else {
            break;
        }
    }
    assert_int_equal(st, MAILPROTO_OK);
    assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_OK);
    result = mailproto_imap_match_result(&m);
    free(work);
    return result;
}

/* The keys against a message and facts, from memory and by offset; `asked` or NULL. */
static inline int match_keys(const char *keys, size_t keys_len,
                             const mailproto_imap_facts *facts, const char *message,
                             size_t len, int *asked)
{
    static struct match_program p;
    static struct match_message m;
    static const size_t pieces[] = {1, 7, 600, 100000};
    mailproto_imap_facts none = {.struct_size = sizeof none, .seq = 1, .uid = 1};
    mailproto_imap_search_node *nodes;
    int asks;
    int result;
    size_t i;
    if (match_compile_octets(&p, keys, keys_len) != MAILPROTO_OK) {
        fail_msg("not compiled: %.*s", (int)keys_len, keys);
    }
    nodes = (mailproto_imap_search_node *)malloc(p.count * sizeof *nodes);
    assert_non_null(nodes);
    memcpy(nodes, p.nodes, p.count * sizeof *nodes);
    facts = facts != NULL ? facts : &none;
    match_message_open(&m, message, len, MATCH_PARTS);
    result = match_with(nodes, p.count, facts, &m.memory, &m.index,
                        MAILPROTO_IMAP_MATCH_WORK, &asks);
    if (asked != NULL) {
        *asked = asks;
    }
    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct match_source s;
        mailproto_source source = match_offset_source(&s, &m, pieces[i], 1);
        int also;
        if (match_with(nodes, p.count, facts, &source, &m.index,
                       MAILPROTO_IMAP_MATCH_WORK + i * 10000, &also) != result ||
            also != asks) {
            fail_msg("%.*s: %d from memory, not so by %u octets", (int)keys_len, keys,
                     result, (unsigned)pieces[i]);
        }
    }
    free(nodes);
    return result;
}

#define MATCH(keys, message)                                                           \
    match_keys((keys), strlen(keys), NULL, (message), strlen(message), NULL)

static inline void match_expect(const char *keys, const char *message, int expected,
                                const char *file, int line)
{
    if (MATCH(keys, message) != expected) {
        fail_msg("%s:%d: %s should%s match <%s>", file, line, keys,
                 expected ? "" : " not", message);
    }
}
#define YES(keys, message) match_expect((keys), (message), 1, __FILE__, __LINE__)
#define NO(keys, message) match_expect((keys), (message), 0, __FILE__, __LINE__)

#endif /* TEST_MATCH_CHECK_H */
