/*
 * The composer: descriptions made of the input, sound ones of the generator and then bent
 * ones. Whatever is accepted has no CR or LF alone and no line over 998, is the same at
 * other output sizes, has the size that measure tells, and is read back as the same tree
 * with the same number of fields and addresses.
 *
 * Input: which text is bent, its length, that text; then the numbers of the generator.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/compose.h>

#include "compose_make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* One text of the description becomes what the input says. */
static void bend(struct make *m, unsigned which, mailproto_bytes text)
{
    mailproto_compose_part *leaf = &m->parts[m->o.part_count - 1];
    mailproto_bytes *slots[13];
    slots[0] = &m->fields[0].name;
    slots[1] = &m->addresses[0][0].name;
    slots[2] = &m->addresses[0][0].address;
    slots[3] = &m->addresses[1][0].name;
    slots[4] = &m->fields[2].text;
    slots[5] = &m->o.id_domain;
    slots[6] = &leaf->type;
    slots[7] = &leaf->params;
    slots[8] = &leaf->charset;
    slots[9] = &leaf->disposition;
    slots[10] = &leaf->file_name;
    slots[11] = &leaf->content_id;
    slots[12] = &m->fields[m->o.field_count - 1].text;
    if (which < 13) {
        *slots[which] = text;
    } else if (which == 13) {
        m->fields[m->o.field_count - 1].kind = MAILPROTO_COMPOSE_RAW;
        m->fields[m->o.field_count - 1].text = text;
    } else if (which == 14) {
        m->fields[m->o.field_count - 1].kind = MAILPROTO_COMPOSE_IDS;
        m->fields[m->o.field_count - 1].text = text;
        m->o.flags |= MAILPROTO_COMPOSE_UTF8;
    } else if (which == 15 && text.len > 0) {
        leaf->encoding = (unsigned char)text.ptr[0] % 8U;
    }
}

/* Composes; the status that ended it. */
static mailproto_status compose(struct make *m, size_t cap, struct text *out)
{
    mailproto_compose *c;
    mailproto_compose_summary s = {sizeof s, 0, MAILPROTO_SIZE_UNKNOWN};
    size_t size = mailproto_compose_mem_size(&m->o);
    void *block = test_alloc(size + 1);
    mailproto_status status = mailproto_compose_init(block, size, &m->o, &c);
    unsigned pauses = 0;
    if (size == 0) {
        CHECK(status < 0);
        free(block);
        return status;
    }
    CHECK(status == MAILPROTO_OK);
    make_again(m);
    if (m->measure) {
        do {
            status = mailproto_compose_measure(c, &s);
        } while (status == MAILPROTO_NOT_READY && ++pauses < 100000);
    }
    if (status == MAILPROTO_OK) {
        status = make_read(c, cap, out);
        CHECK(status != MAILPROTO_EOF || s.size == MAILPROTO_SIZE_UNKNOWN ||
              s.size == out->len);
    }
    free(block);
    return status;
}

static void check_lines(const struct text *t)
{
    size_t start = 0;
    size_t i;
    for (i = 0; i < t->len; i++) {
        CHECK(t->data[i] != '\0');
        CHECK(t->data[i] != '\r' || (i + 1 < t->len && t->data[i + 1] == '\n'));
        if (t->data[i] == '\n') {
            CHECK(i > 0 && t->data[i - 1] == '\r' && i - 1 - start <= 998);
            start = i + 1;
        }
    }
    CHECK(t->len - start <= 998);
}

static void check_addresses(const mailproto_field *f,
                            const mailproto_compose_field *want)
{
    mailproto_value v;
    mailproto_address a = {0};
    size_t n = 0;
    a.struct_size = sizeof a;
    CHECK(mailproto_value_open(&v, f->value, MAILPROTO_VALUE_FINAL, NULL) ==
          MAILPROTO_OK);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        n++;
    }
    CHECK(n == want->count);
}

/* The fields of the description in their order, and behind them only those that the
 * composer adds. */
static void check_fields(const struct make *m, const struct text *t, size_t end)
{
    mailproto_fields walk;
    mailproto_field f;
    mailproto_bytes header;
    size_t i;
    header.ptr = t->data;
    header.len = end;
    CHECK(mailproto_fields_open(&walk, header) == MAILPROTO_OK);
    for (i = 0; i < m->o.field_count; i++) {
        const mailproto_compose_field *want = &m->fields[i];
        if (mailproto_field_find(want->name) == MAILPROTO_FIELD_BCC &&
            (m->o.flags & MAILPROTO_COMPOSE_BCC) == 0) {
            continue;
        }
        CHECK(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
        CHECK(f.name.len == want->name.len &&
              memcmp(f.name.ptr, want->name.ptr, f.name.len) == 0);
        if (want->kind == MAILPROTO_COMPOSE_ADDRESSES) {
            check_addresses(&f, want);
        }
    }
    while (mailproto_fields_next(&walk, &f) == MAILPROTO_OK) {
        CHECK(f.id == MAILPROTO_FIELD_DATE || f.id == MAILPROTO_FIELD_MESSAGE_ID ||
              f.id == MAILPROTO_FIELD_MIME_VERSION ||
              (f.name.len > 8 && memcmp(f.name.ptr, "Content-", 8) == 0));
    }
}

/* As many parts as there were, in the same tree; what a message in it holds aside. */
static void check_tree(const struct make *m, const mailproto_index *ix)
{
    uint32_t number[MAKE_PARTS];
    size_t i;
    number[0] = 0;
    for (i = 1; i < m->o.part_count; i++) {
        size_t before;
        uint32_t at = ix->parts[number[m->parts[i].parent]].first_child;
        for (before = 1; before < i; before++) {
            if (m->parts[before].parent == m->parts[i].parent) {
                CHECK(at != MAILPROTO_PART_NONE);
                at = ix->parts[at].next_sibling;
            }
        }
        CHECK(at != MAILPROTO_PART_NONE);
        number[i] = at;
    }
    for (i = 0; i < m->o.part_count; i++) {
        if (m->parts[i].content == NULL) {
            uint32_t children = 0;
            size_t child;
            for (child = 1; child < m->o.part_count; child++) {
                children += m->parts[child].parent == i;
            }
            CHECK(ix->parts[number[i]].children == children);
        }
    }
}

static void check_read(const struct make *m, const struct text *t)
{
    static mailproto_part parts[200];
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 4096];
    mailproto_source source;
    mailproto_index ix;
    memset(&source, 0, sizeof source);
    memset(&ix, 0, sizeof ix);
    source.struct_size = sizeof source;
    source.data = t->data;
    source.size = t->len;
    ix.struct_size = sizeof ix;
    ix.capacity = 200;
    ix.parts = parts;
    CHECK(mailproto_index_build(&ix, &source, NULL, work, sizeof work) == MAILPROTO_OK);
    check_fields(m, t, (size_t)parts[0].body_offset);
    check_tree(m, &ix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct make m;
    struct text first = {0};
    struct text second = {0};
    mailproto_bytes text;
    mailproto_compose_fault fault;
    mailproto_status status;
    char *copy;
    if (size < 2 || size > 4096) {
        return 0;
    }
    text.len = data[1] < size - 2 ? data[1] : size - 2;
    copy = (char *)test_alloc(text.len + 1);
    memcpy(copy, data + 2, text.len);
    text.ptr = copy;
    make_message(&m, data + 2 + text.len, size - 2 - text.len, 0);
    bend(&m, data[0] % 20U, text);
    memset(&fault, 0, sizeof fault);
    fault.struct_size = sizeof fault;
    status = mailproto_compose_check(&m.o, &fault);
    CHECK(status == MAILPROTO_OK || fault.detail[0] != '\0');
    status = compose(&m, 5000, &first);
    CHECK(status == compose(&m, 1 + size % 90, &second));
    CHECK(first.len == second.len);
    CHECK(first.len == 0 || memcmp(first.data, second.data, first.len) == 0);
    if (status == MAILPROTO_EOF) {
        if ((m.o.flags & MAILPROTO_COMPOSE_BINARY) == 0) {
            check_lines(&first);
        }
        check_read(&m, &first);
    }
    text_free(&first);
    text_free(&second);
    make_free(&m);
    free(copy);
    return 0;
}
