/*
 * The composer in blocks of every size from the least on: fields longer than what it can
 * hold, contents asked for in small pieces. What is written is always the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/mailproto.h>

#include "text.h"

enum { PARTS = 5, LARGE = 70000 };

struct content {
    const char *at;
    size_t len;
    size_t most; /* octets that it was ever asked for */
};

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct content *c = (struct content *)ctx;
    size_t left = c->len - (size_t)offset;
    c->most = cap > c->most ? cap : c->most;
    *got = cap < left ? cap : left;
    memcpy(buf, c->at + offset, *got);
    return MAILPROTO_OK;
}

struct mail {
    mailproto_address_out addresses[5];
    mailproto_compose_field fields[4];
    mailproto_compose_part parts[PARTS];
    mailproto_compose_options o;
    struct content contents[PARTS];
    mailproto_source sources[PARTS];
    char wide[402], quoted[402], spec[321], file[256], id[321], text[3000];
};

static mailproto_bytes bytes(const char *at, size_t len)
{
    mailproto_bytes b;
    b.ptr = at;
    b.len = len;
    return b;
}

static mailproto_bytes string(const char *s)
{
    return bytes(s, strlen(s));
}

static void repeat(char *to, size_t len, const char *unit)
{
    size_t n = strlen(unit);
    size_t i;
    for (i = 0; i < len; i++) {
        to[i] = unit[i % n];
    }
    to[len] = '\0';
}

static void fill_texts(struct mail *m)
{
    size_t i;
    repeat(m->wide, 400,
           "\xc3\xa9\xc3\xa8 \xe2\x82\xac"
           "a");
    repeat(m->wide + 387, 13, "x"); /* no character is cut */
    repeat(m->quoted, 400, "ab \"c\\d\" (e) ");
    repeat(m->spec, 320, "abcdefg");
    m->spec[64] = '@';
    for (i = 80; i < 320; i += 60) {
        m->spec[i] = '.';
    }
    repeat(m->file, 252, "\xc3\xa9 %\xe2\x82\xac");
    repeat(m->file + 248, 7, "y");
    repeat(m->id, 320, "0123456789");
    m->id[100] = '@';
    for (i = 0; i < sizeof m->text; i++) {
        m->text[i] = i % 61 == 60 ? '\n' : i % 7 == 6 ? '\x8c' : (char)('0' + i % 75);
    }
}

static void fill_parts(struct mail *m)
{
    static const char *const types[PARTS] = {
        "multipart/mixed", "text/plain", "text/html", "application/x", "text/plain"};
    static const uint32_t encodings[PARTS] = {0, MAILPROTO_ENCODING_QP,
                                              MAILPROTO_ENCODING_BASE64, 0, 0};
    size_t i;
    for (i = 0; i < PARTS; i++) {
        mailproto_compose_part *p = &m->parts[i];
        p->parent = i == 0 ? MAILPROTO_COMPOSE_ROOT : 0;
        p->type = string(types[i]);
        p->encoding = encodings[i];
        if (i == 0) {
            continue;
        }
        m->contents[i].at = i == 4 ? m->id : m->text;
        m->contents[i].len = i == 4 ? 300 : sizeof m->text;
        m->sources[i].struct_size = sizeof m->sources[i];
        m->sources[i].ctx = &m->contents[i];
        m->sources[i].size = m->contents[i].len;
        m->sources[i].read_at = read_at;
        p->content = &m->sources[i];
    }
    m->parts[3].file_name = string(m->file);
    m->parts[3].content_id = string(m->id);
    m->parts[4].params = string("x=\"a b\"; y=z");
}

static void fill(struct mail *m)
{
    memset(m, 0, sizeof *m);
    fill_texts(m);
    fill_parts(m);
    m->addresses[0].name = string(m->wide);
    m->addresses[0].address = string(m->spec);
    m->addresses[1].name = string(m->quoted);
    m->addresses[1].address = string("a@example.org");
    m->addresses[2].kind = MAILPROTO_ADDRESS_GROUP_BEGIN;
    m->addresses[2].name = string(m->wide);
    m->addresses[3].address = string(m->spec);
    m->addresses[4].kind = MAILPROTO_ADDRESS_GROUP_END;
    m->fields[0].name = string("From");
    m->fields[0].kind = MAILPROTO_COMPOSE_ADDRESSES;
    m->fields[0].addresses = m->addresses + 1;
    m->fields[0].count = 1;
    m->fields[1].name = string("To");
    m->fields[1].kind = MAILPROTO_COMPOSE_ADDRESSES;
    m->fields[1].addresses = m->addresses;
    m->fields[1].count = 5;
    m->fields[2].name = string("Subject");
    m->fields[2].text = string(m->wide);
    m->fields[3].name = string("X-Raw");
    m->fields[3].kind = MAILPROTO_COMPOSE_RAW;
    m->fields[3].text = bytes(m->id, 320);
    m->o.struct_size = sizeof m->o;
    m->o.fields = m->fields;
    m->o.field_count = 4;
    m->o.parts = m->parts;
    m->o.part_count = PARTS;
    m->o.unique = string("0123456789abcdef01234567");
    m->o.id_domain = string("example.org");
}

/* All of it, from a block of `size` octets that is no longer than that. */
static void compose(struct mail *m, size_t size, size_t cap, int measure,
                    struct text *out)
{
    char *mem = (char *)malloc(size);
    char *buf = (char *)malloc(cap);
    mailproto_compose_summary s = {sizeof s, 0, 0};
    mailproto_compose *c = NULL;
    mailproto_status st;
    size_t got;
    assert_non_null(mem);
    assert_non_null(buf);
    memset(mem, 'x', size);
    assert_int_equal(mailproto_compose_init(mem, size, &m->o, &c), MAILPROTO_OK);
    if (measure) {
        assert_int_equal(mailproto_compose_measure(c, &s), MAILPROTO_OK);
    }
    while ((st = mailproto_compose_read(c, buf, cap, &got)) == MAILPROTO_OK) {
        text_add(out, buf, got);
    }
    assert_int_equal(st, MAILPROTO_EOF);
    if (measure) {
        assert_int_equal(s.size, out->len);
    }
    free(buf);
    free(mem);
}

static void expect_same(struct mail *m, size_t size, size_t cap, int measure,
                        const struct text *want)
{
    struct text out = {0};
    compose(m, size, cap, measure, &out);
    assert_int_equal(out.len, want->len);
    assert_memory_equal(out.data, want->data, want->len);
    text_free(&out);
}

static void test_sizes(void **state)
{
    struct mail m;
    struct text want = {0};
    size_t least;
    size_t more;
    int measure;
    (void)state;
    fill(&m);
    least = mailproto_compose_mem_size(&m.o);
    assert_true(least > 0 && least < 1024);
    for (measure = 0; measure < 2; measure++) {
        compose(&m, LARGE, 4096, measure, &want);
        assert_int_equal(m.contents[1].most, sizeof m.text); /* all at once */
        for (more = 0; more < 1500; more += more < 40 ? 1 : 61) {
            expect_same(&m, least + more, more % 2 ? 1 : 4096, measure, &want);
        }
        expect_same(&m, least, 7, measure, &want);
        text_free(&want);
        memset(&want, 0, sizeof want);
    }
}

/* What fits a block of the documented size, and no octet behind it. */
static void test_asked(void **state)
{
    struct mail m;
    struct text out = {0};
    (void)state;
    fill(&m);
    compose(&m, mailproto_compose_mem_size(&m.o), 4096, 0, &out);
    assert_int_equal(m.contents[1].most, 160);
    assert_non_null(strstr(text_string(&out), "filename*0*=utf-8''"));
    assert_non_null(strstr(text_string(&out), m.spec));
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
