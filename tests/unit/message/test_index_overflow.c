/*
 * An index whose array is full: random trees with every capacity, each compared with the
 * index that has room for all; which of repeated fields the index keeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

#include "text.h"

enum { PARTS = 64, TREES = 1500, LEVELS = 6 };

static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];

static mailproto_index build(const char *data, size_t len,
                             const mailproto_message_options *options,
                             mailproto_part *parts, uint32_t capacity)
{
    mailproto_index ix;
    mailproto_source s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.data = data;
    s.size = len;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = capacity;
    ix.parts = parts;
    assert_int_equal(mailproto_index_build(&ix, &s, options, work, sizeof work),
                     MAILPROTO_OK);
    return ix;
}

/* ---- trees ----------------------------------------------------------------------------- */

struct draw {
    uint32_t state;
    unsigned left; /* parts that may still come */
};

static unsigned draw(struct draw *d, unsigned below)
{
    d->state = d->state * 1664525U + 1013904223U;
    return (d->state >> 16) % below;
}

static const char *line_end(struct draw *d)
{
    return draw(d, 4) == 0 ? "\n" : "\r\n";
}

struct open {
    unsigned left; /* children to come; a message has one */
    int multipart;
};

/* A header: what it opens. */
static struct open put_header(struct draw *d, struct text *t, unsigned level)
{
    struct open o = {0, 0};
    unsigned kind = level + 1 < LEVELS ? draw(d, 4) : 3;
    if (kind < 2) {
        o.multipart = 1;
        o.left = draw(d, 5);
        text_print(t, "Content-Type: multipart/mixed; boundary=b%u%s", level,
                   line_end(d));
    } else if (kind == 2) {
        o.left = 1;
        text_print(t, "Content-Type: message/rfc822%s", line_end(d));
    } else {
        text_print(t, "X: y%s", line_end(d));
    }
    text_print(t, "%s", line_end(d));
    if (kind >= 3 || draw(d, 2) == 0) {
        if (kind != 2) {
            text_print(t, "text%stext", line_end(d));
        }
    }
    return o;
}

static void make_tree(struct draw *d, struct text *t)
{
    struct open stack[LEVELS];
    unsigned depth = 1;
    d->left = 2 + draw(d, 20);
    stack[0] = put_header(d, t, 0);
    while (depth > 0) {
        struct open *o = &stack[depth - 1];
        if (o->left > 0 && d->left > 0) {
            o->left--;
            d->left--;
            if (o->multipart) {
                text_print(t, "%s--b%u%s", line_end(d), depth - 1, line_end(d));
            }
            stack[depth] = put_header(d, t, depth);
            depth++;
            continue;
        }
        if (o->multipart && draw(d, 4) != 0) {
            text_print(t, "%s--b%u--", line_end(d), depth - 1);
            if (draw(d, 3) == 0) {
                text_print(t, "%sepilogue", line_end(d));
            }
        }
        depth--;
    }
}

/* ---- what must hold ---------------------------------------------------------------------- */

static uint64_t end_of(const mailproto_part *p)
{
    return p->body_offset + p->body_octets;
}

/* The innermost entry that an octet lies in. */
static uint32_t owner(const mailproto_index *ix, uint64_t at)
{
    uint32_t found = 0;
    for (;;) {
        uint32_t child = ix->parts[found].first_child;
        uint32_t in = MAILPROTO_PART_NONE;
        for (; child != MAILPROTO_PART_NONE; child = ix->parts[child].next_sibling) {
            const mailproto_part *p = &ix->parts[child];
            if (p->header_offset <= at && at < end_of(p)) {
                assert_int_equal(in, MAILPROTO_PART_NONE);
                in = child;
            }
        }
        if (in == MAILPROTO_PART_NONE) {
            return found;
        }
        found = in;
    }
}

static void check_links(const mailproto_index *ix)
{
    uint32_t seen = 1;
    uint32_t i;
    for (i = 0; i < ix->count; i++) {
        const mailproto_part *p = &ix->parts[i];
        uint32_t children = 0;
        uint32_t before = i;
        uint32_t child = p->first_child;
        for (; child != MAILPROTO_PART_NONE; child = ix->parts[child].next_sibling) {
            assert_true(child > before && child < ix->count);
            assert_int_equal(ix->parts[child].parent, i);
            assert_true(ix->parts[child].header_offset >= p->body_offset);
            assert_true(end_of(&ix->parts[child]) <= end_of(p));
            before = child;
            children++;
        }
        assert_int_equal(children, p->children);
        seen += children;
        assert_true(p->decoded_octets == UINT64_MAX);
        assert_int_equal(p->reserved[0], 0);
        assert_int_equal(p->reserved[1], 0);
    }
    assert_int_equal(seen, ix->count);
    assert_int_equal(ix->parts[0].next_sibling, MAILPROTO_PART_NONE);
}

static void check_counts(const mailproto_part *p, const char *data)
{
    uint64_t lines = 0;
    uint64_t crlf = p->body_octets;
    uint64_t i;
    for (i = p->body_offset; i < end_of(p); i++) {
        lines += data[i] == '\n';
        crlf += data[i] == '\n' && (i == p->body_offset || data[i - 1] != '\r');
    }
    assert_int_equal(p->lines, lines);
    assert_int_equal(p->body_crlf, crlf);
}

/* An entry that is no overflow is as in the whole index, links to others aside. */
static void check_same(const mailproto_part *a, const mailproto_part *b)
{
    mailproto_part x = *a;
    mailproto_part y = *b;
    if (a->flags & MAILPROTO_PART_OVERFLOW) {
        y.flags |= (uint32_t)MAILPROTO_PART_OVERFLOW | MAILPROTO_MESSAGE_OPAQUE;
        assert_int_equal(a->children, 0);
    }
    x.next_sibling = 0;
    y.next_sibling = 0;
    x.first_child = 0;
    y.first_child = 0;
    x.children = 0;
    y.children = 0;
    assert_memory_equal(&x, &y, sizeof x);
}

static void check_entries(const mailproto_index *ix, const mailproto_index *all,
                          const char *data)
{
    uint32_t i;
    for (i = 0; i < ix->count; i++) {
        const mailproto_part *p = &ix->parts[i];
        if ((p->flags & MAILPROTO_PART_OVERFLOW) && p->header_crlf == 0) {
            assert_int_equal(p->flags,
                             MAILPROTO_PART_OVERFLOW | MAILPROTO_MESSAGE_OPAQUE);
            assert_int_equal(p->media, MAILPROTO_MEDIA_OTHER);
            assert_int_equal(p->next_sibling, MAILPROTO_PART_NONE);
            assert_int_equal(p->children, 0);
            assert_int_equal(end_of(p), end_of(&ix->parts[p->parent]));
        } else {
            check_same(p, &all->parts[i]);
        }
        check_counts(p, data);
    }
    assert_true(ix->parts[ix->count - 1].flags & MAILPROTO_PART_OVERFLOW);
}

static void check_capacity(const struct text *t, const mailproto_index *all,
                           uint32_t capacity)
{
    mailproto_part parts[PARTS];
    mailproto_index ix = build(t->data, t->len, NULL, parts, capacity);
    uint64_t at;
    assert_int_equal(ix.needed, all->count);
    assert_true(ix.count <= capacity && ix.count > 0);
    check_links(&ix);
    if (capacity >= all->count) {
        assert_int_equal(ix.count, all->count);
        return;
    }
    check_entries(&ix, all, t->data);
    for (at = 0; at < t->len; at++) {
        const mailproto_part *mine = &parts[owner(&ix, at)];
        const mailproto_part *theirs = &all->parts[owner(all, at)];
        if (!(mine->flags & MAILPROTO_PART_OVERFLOW) &&
            mine->header_offset != theirs->header_offset) {
            fail_msg("octet %u lies in no entry of its part", (unsigned)at);
        }
    }
}

static void test_trees(void **state)
{
    unsigned most = 0;
    unsigned two = 0;
    uint32_t i;
    (void)state;
    for (i = 0; i < TREES; i++) {
        struct draw d = {i * 7919U + 1U, 0};
        struct text t = {NULL, 0, 0};
        mailproto_part parts[PARTS];
        mailproto_index all;
        uint32_t capacity;
        make_tree(&d, &t);
        all = build(t.data, t.len, NULL, parts, PARTS);
        assert_int_equal(all.needed, all.count);
        most = all.count > most ? all.count : most;
        for (capacity = 1; capacity <= all.count + 1; capacity++) {
            check_capacity(&t, &all, capacity);
        }
        two += all.count > 2;
        text_free(&t);
    }
    assert_true(most > 15 && two > TREES / 3);
}

/* The part that does not fit stands behind the end of the last one's parent. */
static void test_shapes(void **state)
{
    static const char m[] = "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
                            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n"
                            "--b\n\n2\n--b\n\n3\n--b--\n--a\n\n4\n--a\n\n5\n--a--\n";
    mailproto_part p[PARTS];
    mailproto_index ix = build(m, sizeof m - 1, NULL, p, 5);
    (void)state;
    assert_int_equal(ix.needed, 7);
    assert_int_equal(ix.count, 5); /* 2 stays, 3 and 4 are one, the last for the rest */
    assert_int_equal(p[2].flags & MAILPROTO_PART_OVERFLOW, 0);
    assert_int_equal(p[3].parent, 1);
    assert_int_equal(p[3].flags, MAILPROTO_PART_OVERFLOW | MAILPROTO_MESSAGE_OPAQUE);
    assert_memory_equal(m + end_of(&p[3]) - 5, "--b--", 5);
    assert_int_equal(p[4].parent, 0);
    assert_memory_equal(m + p[4].header_offset, "\n4", 2);
    assert_int_equal(p[4].lines, 6);
    ix = build(m, sizeof m - 1, NULL, p, 3); /* 2 stands for 3 and 4 */
    assert_int_equal(ix.count, 3);
    assert_int_equal(p[1].flags & MAILPROTO_PART_OVERFLOW, MAILPROTO_PART_OVERFLOW);
    assert_int_equal(p[1].media, MAILPROTO_MEDIA_MIXED);
    assert_int_equal(p[1].children, 0);
    assert_int_equal(p[2].parent, 0);
    assert_memory_equal(m + p[2].header_offset, "\n4", 2);
}

/* ---- repeated fields ------------------------------------------------------------------- */

static const char twice[] = "Content-Type: text/html\nContent-ID: <a@b>\n"
                            "Content-Type: image/png\nContent-ID: <c@d>\n"
                            "Content-Transfer-Encoding: 8bit\n"
                            "Content-Transfer-Encoding: 8bit\n\n";

static void check_fields(uint32_t repeated, uint32_t type, uint32_t id,
                         uint32_t encoding, uint32_t media)
{
    mailproto_message_options o;
    mailproto_part p[1];
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.repeated = repeated;
    (void)build(twice, sizeof twice - 1, &o, p, 1);
    assert_int_equal(p[0].fields[MAILPROTO_PART_TYPE], type);
    assert_int_equal(p[0].fields[MAILPROTO_PART_ID], id);
    assert_int_equal(p[0].fields[MAILPROTO_PART_ENCODING], encoding);
    assert_int_equal(p[0].media, media);
    assert_int_equal(p[0].encoding, MAILPROTO_ENCODING_8BIT);
    assert_int_equal((p[0].flags & MAILPROTO_MESSAGE_OPAQUE) != 0,
                     repeated == MAILPROTO_REPEATED_REJECT);
}

static void test_repeated(void **state)
{
    (void)state;
    check_fields(MAILPROTO_REPEATED_FIRST, 1, 25, 85, MAILPROTO_MEDIA_TEXT_HTML);
    check_fields(MAILPROTO_REPEATED_LAST, 43, 67, 117, MAILPROTO_MEDIA_IMAGE);
    check_fields(MAILPROTO_REPEATED_REJECT, 0, 67, 117, MAILPROTO_MEDIA_TEXT_PLAIN);
}

/* A field that is too long to count has no place. */
static void test_long_field(void **state)
{
    mailproto_message_options o;
    struct text t = {NULL, 0, 0};
    mailproto_part p[1];
    uint32_t repeated;
    (void)state;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    text_print(&t,
               "Content-Type: a/b; x=%05000d\nContent-Type: text/html\n"
               "Content-Type: c/d; x=%05000d\n\n",
               0, 0);
    for (repeated = 0; repeated < 3; repeated++) {
        o.repeated = repeated;
        (void)build(t.data, t.len, &o, p, 1);
        assert_int_equal(p[0].fields[MAILPROTO_PART_TYPE], 5022 + 1);
        assert_int_equal(p[0].media, MAILPROTO_MEDIA_TEXT_HTML);
    }
    t.len = 0;
    text_print(&t, "Content-Type: a/b; x=%05000d\n\n", 0);
    (void)build(t.data, t.len, NULL, p, 1);
    assert_int_equal(p[0].fields[MAILPROTO_PART_TYPE], 0);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_long_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
