/*
 * Search programs and messages of any octets: a program that parses compiles, into as many
 * nodes as it says it needs and no more than its octets and two; it says the same of a
 * message in memory and read by offset in pieces with waits, with any work memory that
 * suffices, and NOT of it the opposite.
 *
 * Input: entries of the index, octets a read, octets of keys (two), flags, keys, message.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/imap_search.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum { PARTS = 24, HEAD = 5, NODES = 4096, WORK = 20000 };

struct offset_source {
    const uint8_t *data;
    size_t len, piece;
    int ready;
};

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct offset_source *s = (struct offset_source *)ctx;
    *got = 0;
    CHECK(cap > 0);
    if (offset >= s->len) {
        return MAILPROTO_EOF;
    }
    s->ready = !s->ready;
    if (!s->ready) {
        return MAILPROTO_NOT_READY;
    }
    *got = cap < s->piece ? cap : s->piece;
    *got = *got < s->len - offset ? *got : s->len - (size_t)offset;
    memcpy(buf, s->data + offset, *got);
    return MAILPROTO_OK;
}

static mailproto_imap_search_node nodes[NODES + 1];
static size_t count;
static mailproto_part parts[PARTS];
static mailproto_index ix;
static mailproto_imap_facts facts;

/* What it says; -1: its texts do not fit. */
static int match(const mailproto_source *source, size_t size)
{
    mailproto_imap_match m;
    char *work = (char *)malloc(size);
    mailproto_status st;
    unsigned asked = 0;
    int result = -1;
    CHECK(work != NULL);
    st = mailproto_imap_match_open(&m, nodes, count, &facts, work, size);
    CHECK(st == MAILPROTO_OK || st == MAILPROTO_ERR_MEMORY);
    if (st == MAILPROTO_OK) {
        while ((st = mailproto_imap_match_run(&m)) != MAILPROTO_OK) {
            if (st == MAILPROTO_AGAIN) {
                CHECK(asked++ == 0);
                CHECK(mailproto_imap_match_message(&m, source, &ix) == MAILPROTO_OK);
            } else {
                CHECK(st == MAILPROTO_NOT_READY);
            }
        }
        result = mailproto_imap_match_result(&m);
    }
    free(work);
    return result;
}

/* NOT of the whole. */
static void negate(void)
{
    size_t i;
    memmove(nodes + 1, nodes, count * sizeof nodes[0]);
    count++;
    for (i = 1; i < count; i++) {
        nodes[i].end++;
    }
    memset(nodes, 0, sizeof nodes[0]);
    nodes[0].key = MAILPROTO_IMAP_KEY_NOT;
    nodes[0].end = (uint32_t)count;
}

static int compile(const uint8_t *keys, size_t len, char *unit)
{
    mailproto_imap_command c;
    mailproto_imap_cursor walk;
    mailproto_bytes bytes;
    size_t needed = 0;
    mailproto_status st;
    memcpy(unit, "A SEARCH ", 9);
    memcpy(unit + 9, keys, len);
    memcpy(unit + 9 + len, "\r\n", 2);
    bytes.ptr = unit;
    bytes.len = len + 11;
    memset(&c, 0, sizeof c);
    c.struct_size = (uint32_t)sizeof c;
    if (mailproto_imap_command_parse(bytes, 0, &c, NULL) != MAILPROTO_OK) {
        return 0;
    }
    walk = c.items;
    st = mailproto_imap_search_compile(&walk, NULL, 0, &needed);
    CHECK(st == MAILPROTO_ERR_MEMORY);
    CHECK(needed <= c.args.len + 2);
    if (needed > NODES - 1) {
        return 0;
    }
    st = mailproto_imap_search_compile(&walk, nodes, needed, &count);
    CHECK(st == MAILPROTO_OK && count == needed);
    return 1;
}

static mailproto_imap_range saved[] = {{1, 2}, {5, 9}};
static mailproto_bytes keywords[] = {{"$Junk", 5}};

static void set_facts(uint8_t flags, size_t len)
{
    memset(&facts, 0, sizeof facts);
    facts.struct_size = (uint32_t)sizeof facts;
    facts.seq = flags & 7U;
    facts.uid = (uint32_t)facts.seq * 2U;
    facts.largest_seq = 8;
    facts.largest_uid = 20;
    facts.flags = flags & 63U;
    facts.size = len;
    facts.modseq = flags;
    facts.internal.set = 1;
    facts.keywords = keywords;
    facts.keywords_count = flags >> 7U;
    facts.saved_uids = saved;
    facts.saved_uids_count = 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char index_work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    struct offset_source from;
    mailproto_source memory;
    mailproto_source offset;
    size_t keys_len;
    char *unit;
    if (size < HEAD) {
        return 0;
    }
    keys_len = (size_t)data[2] << 8 | data[3];
    keys_len = keys_len < size - HEAD ? keys_len : size - HEAD;
    unit = (char *)malloc(keys_len + 11);
    CHECK(unit != NULL);
    if (compile(data + HEAD, keys_len, unit)) {
        int is;
        memset(&memory, 0, sizeof memory);
        memory.struct_size = (uint32_t)sizeof memory;
        memory.data = data + HEAD + keys_len;
        memory.size = size - HEAD - keys_len;
        memset(&ix, 0, sizeof ix);
        ix.struct_size = (uint32_t)sizeof ix;
        ix.capacity = 1 + data[0] % PARTS;
        ix.parts = parts;
        CHECK(mailproto_index_build(&ix, &memory, NULL, index_work,
                                    sizeof index_work) == MAILPROTO_OK);
        from.data = data + HEAD + keys_len;
        from.len = (size_t)memory.size;
        from.piece = 1U + data[1];
        from.ready = 1;
        memset(&offset, 0, sizeof offset);
        offset.struct_size = (uint32_t)sizeof offset;
        offset.ctx = &from;
        offset.size = memory.size;
        offset.read_at = read_at;
        set_facts(data[4], from.len);
        is = match(&memory, MAILPROTO_IMAP_MATCH_WORK);
        if (is >= 0) {
            CHECK(match(&offset, MAILPROTO_IMAP_MATCH_WORK) == is);
            CHECK(match(&offset, WORK) == is);
            negate();
            CHECK(match(&memory, WORK) == !is);
        }
    }
    free(unit);
    return 0;
}
