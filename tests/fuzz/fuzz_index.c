/*
 * The part index: its entries lie within the message and within one another, sections are
 * found and named both ways, views name parts, fields and bodies can be read again.
 *
 * Input: capacity, then the message.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/message.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum { CAPACITY = 64, PATH = 128 };

static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 4096];

struct store {
    const uint8_t *data;
    size_t size, most;
};

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    const struct store *s = (const struct store *)ctx;
    if (offset >= s->size) {
        return MAILPROTO_EOF;
    }
    *got = s->most < cap ? s->most : cap;
    if (*got > s->size - offset) {
        *got = (size_t)(s->size - offset);
    }
    memcpy(buf, s->data + offset, *got);
    return MAILPROTO_OK;
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

/* A part lies within its parent, its header before its body. */
static void check_part(const mailproto_index *ix, uint32_t number, size_t size)
{
    const mailproto_part *p = &ix->parts[number];
    CHECK(p->body_offset >= p->header_offset && p->body_octets <= size);
    CHECK(p->body_offset + p->body_octets <= size);
    CHECK(p->body_crlf >= p->body_octets);
    CHECK(p->header_crlf >=
          (p->flags & MAILPROTO_PART_OVERFLOW ? 0 : p->body_offset - p->header_offset));
    CHECK(p->decoded_octets == UINT64_MAX);
    CHECK((p->parent == MAILPROTO_PART_NONE) == (number == 0));
    CHECK((p->children == 0) == (p->first_child == MAILPROTO_PART_NONE));
    if (number > 0) {
        const mailproto_part *parent = &ix->parts[p->parent];
        CHECK(p->parent < number && p->header_offset >= parent->body_offset);
        CHECK(p->body_offset + p->body_octets <=
              parent->body_offset + parent->body_octets);
    }
    if (p->next_sibling != MAILPROTO_PART_NONE) {
        const mailproto_part *next = &ix->parts[p->next_sibling];
        CHECK(p->next_sibling > number && p->next_sibling < ix->count);
        CHECK(next->parent == p->parent);
        CHECK(next->header_offset >= p->body_offset + p->body_octets);
    }
}

static void check_section(const mailproto_index *ix, uint32_t number)
{
    uint32_t path[PATH];
    uint32_t found;
    size_t n;
    CHECK(mailproto_index_path(ix, number, path, PATH, &n) == MAILPROTO_OK);
    if (n == 0) {
        return;
    }
    CHECK(mailproto_index_find(ix, path, n, &found) == MAILPROTO_OK);
    /* A multipart that is all of an inner message has the message's number. */
    CHECK(found == number || ix->parts[number].parent == found);
}

static void read_again(const mailproto_source *source, const mailproto_source *slow,
                       const mailproto_part *part)
{
    static char buffer[1024];
    char a[700];
    char b[700];
    mailproto_fields f;
    mailproto_fields g;
    mailproto_field x;
    mailproto_field y;
    mailproto_body body;
    mailproto_status st;
    size_t got;
    CHECK(mailproto_fields_open_at(&f, source, part->header_offset, part->body_offset,
                                   NULL, 0) == MAILPROTO_OK);
    CHECK(mailproto_fields_open_at(&g, slow, part->header_offset, part->body_offset,
                                   buffer, sizeof buffer) == MAILPROTO_OK);
    do {
        st = mailproto_fields_next(&f, &x);
        CHECK(st == mailproto_fields_next(&g, &y));
        if (st == MAILPROTO_OK) {
            CHECK(x.offset == y.offset && x.id == y.id && x.name.len == y.name.len);
            CHECK(y.flags || (x.raw.len == y.raw.len && x.value.len == y.value.len));
            CHECK(y.raw.len == 0 || memcmp(x.raw.ptr, y.raw.ptr, y.raw.len) == 0);
        }
    } while (st == MAILPROTO_OK);
    CHECK(st == MAILPROTO_EOF);
    if (mailproto_body_open(&body, source, part, 0, NULL, 0) == MAILPROTO_OK) {
        uint64_t all = 0;
        uint64_t slowly = 0;
        while ((st = mailproto_body_read(&body, a, sizeof a, &got)) == MAILPROTO_OK) {
            all += got;
        }
        CHECK(st == MAILPROTO_EOF);
        CHECK(mailproto_body_open(&body, slow, part, 0, buffer, sizeof buffer) ==
              MAILPROTO_OK);
        while ((st = mailproto_body_read(&body, b, 7, &got)) == MAILPROTO_OK) {
            slowly += got;
        }
        CHECK(st == MAILPROTO_EOF && slowly == all);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailproto_part parts[CAPACITY];
    mailproto_part again[CAPACITY];
    uint32_t shown[CAPACITY];
    struct store store;
    mailproto_source source;
    mailproto_source slow;
    mailproto_index ix;
    mailproto_index iy;
    uint32_t capacity;
    uint32_t i;
    size_t count;
    if (size < 1) {
        return 0;
    }
    capacity = data[0] & 128 ? 1 + data[0] % 8U : CAPACITY;
    data++;
    size--;
    memset(&source, 0, sizeof source);
    source.struct_size = sizeof source;
    source.size = size;
    slow = source;
    source.data = data;
    store.data = data;
    store.size = size;
    store.most = 100;
    slow.read_at = read_at;
    slow.ctx = &store;
    ix = new_index(parts, capacity);
    iy = new_index(again, capacity);
    CHECK(mailproto_index_build(&ix, &source, NULL, work, sizeof work) == MAILPROTO_OK);
    CHECK(mailproto_index_build(&iy, &slow, NULL, work, sizeof work) == MAILPROTO_OK);
    CHECK(ix.count == iy.count && ix.needed == iy.needed && ix.count > 0);
    CHECK(ix.count == (ix.needed < capacity ? ix.needed : capacity));
    CHECK(memcmp(parts, again, ix.count * sizeof parts[0]) == 0);
    for (i = 0; i < ix.count; i++) {
        check_part(&ix, i, size);
        check_section(&ix, i);
        read_again(&source, &slow, &parts[i]);
    }
    for (i = 0; i <= MAILPROTO_VIEW_ATTACHMENTS; i++) {
        CHECK(mailproto_index_view(&ix, i, shown, CAPACITY, &count) == MAILPROTO_OK);
        while (count > 0) {
            count--;
            CHECK(shown[count] < ix.count);
        }
    }
    return 0;
}
