/*
 * Messages made of random numbers, composed and read back by the library's own parser:
 * structure, fields, names, texts, file names and decoded bodies. Every message at many
 * output sizes, with sources that are not ready, and with the size that measure tells.
 *
 *     unit_message_compose_roundtrip write 100
 *
 * writes such messages and what they must say, a JSON object a line, for other readers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/compose.h>

#include "compose_make.h"
#include "thinned.h"

static uint64_t seed_now;

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fail_msg("seed %llu: %s", (unsigned long long)seed_now, #condition);       \
        }                                                                              \
    } while (0)

static mailproto_compose *start(struct make *m, void **block)
{
    mailproto_compose *c = NULL;
    size_t size = mailproto_compose_mem_size(&m->o);
    CHECK(size > 0 && size <= MAILPROTO_COMPOSE_MEM(m->o.part_count));
    *block = test_alloc(size);
    CHECK(mailproto_compose_init(*block, size - 1, &m->o, &c) == MAILPROTO_ERR_MEMORY);
    CHECK(mailproto_compose_init(*block, size, &m->o, &c) == MAILPROTO_OK);
    return c;
}

/* The whole message; the status that ended it. */
static mailproto_status compose(struct make *m, size_t cap, struct text *out)
{
    void *block;
    mailproto_compose *c = start(m, &block);
    mailproto_compose_summary summary = {0};
    mailproto_status status = MAILPROTO_OK;
    unsigned pauses = 0;
    make_again(m);
    summary.struct_size = sizeof summary;
    if (m->measure) {
        do {
            status = mailproto_compose_measure(c, &summary);
        } while (status == MAILPROTO_NOT_READY && ++pauses < 100000);
    }
    if (status == MAILPROTO_OK) {
        status = make_read(c, cap, out);
        if (status == MAILPROTO_EOF && m->measure &&
            summary.size != MAILPROTO_SIZE_UNKNOWN) {
            CHECK(summary.size == out->len);
        }
    }
    free(block);
    return status;
}

/* What holds of every message. */
static void check_lines(const struct text *t, int binary)
{
    size_t start = 0;
    size_t i;
    for (i = 0; i < t->len && !binary; i++) {
        if (t->data[i] == '\n') {
            CHECK(i > 0 && t->data[i - 1] == '\r');
            CHECK(i - 1 - start <= 998);
            start = i + 1;
        } else if (t->data[i] == '\r') {
            CHECK(i + 1 < t->len && t->data[i + 1] == '\n');
        }
        CHECK(t->data[i] != '\0');
    }
    CHECK(binary || t->len - start <= 998);
}

/* ---- values ------------------------------------------------------------------------------- */

static void check_equal(const char *got, size_t len, mailproto_bytes want)
{
    if (len != want.len || (len > 0 && memcmp(got, want.ptr, len) != 0)) {
        fail_msg("seed %llu: got \"%.*s\", not \"%.*s\"", (unsigned long long)seed_now,
                 (int)len, got, (int)want.len, want.ptr);
    }
}

static void check_spec(const mailproto_address *a, mailproto_bytes want)
{
    char spec[400];
    size_t len;
    CHECK(mailproto_address_spec(a, spec, sizeof spec, &len) == MAILPROTO_OK);
    check_equal(spec, len, want);
}

static void check_addresses(mailproto_bytes value, const mailproto_compose_field *f)
{
    mailproto_defects defects = {sizeof defects, 0, NULL, 0, {0, 0, 0}, 0, 0};
    mailproto_value v;
    mailproto_address a = {0};
    char name[2000];
    size_t len;
    size_t i;
    a.struct_size = sizeof a;
    CHECK(mailproto_value_open(&v, value,
                               MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT,
                               &defects) == MAILPROTO_OK);
    for (i = 0; i < f->count; i++) {
        uint32_t kind = f->addresses[i].kind == 0 ? (uint32_t)MAILPROTO_ADDRESS_MAILBOX
                                                  : f->addresses[i].kind;
        CHECK(mailproto_address_next(&v, &a) == MAILPROTO_OK);
        CHECK(a.type == kind);
        CHECK(mailproto_address_display(&a, MAILPROTO_WORDS_STRICT, NULL, name,
                                        sizeof name, &len) == MAILPROTO_OK);
        check_equal(name, len, f->addresses[i].name);
        if (kind == MAILPROTO_ADDRESS_MAILBOX) {
            check_spec(&a, f->addresses[i].address);
        }
    }
    CHECK(mailproto_address_next(&v, &a) == MAILPROTO_EOF);
    CHECK(defects.count == 0);
}

static void check_text(mailproto_bytes value, mailproto_bytes want)
{
    char text[20000];
    size_t len;
    size_t skip = value.len > 0 && value.ptr[0] == ' ' ? 1 : 0;
    mailproto_bytes v;
    v.ptr = value.ptr + skip;
    v.len = value.len - skip;
    CHECK(mailproto_text_decode(v, MAILPROTO_WORDS_STRICT, NULL, text, sizeof text,
                                &len) == MAILPROTO_OK);
    check_equal(text, len, want);
}

static void check_date(mailproto_bytes value, const mailproto_compose_field *f)
{
    mailproto_date d = {0};
    d.struct_size = sizeof d;
    CHECK(mailproto_date_parse(value, MAILPROTO_VALUE_STRICT, NULL, &d) ==
          MAILPROTO_OK);
    CHECK(d.utc == f->utc && d.zone_minutes == f->zone_minutes);
}

/* Unfolded (RFC 5322 2.2.3: nothing goes but the CRLF), and without the blank behind the
 * colon, it is what was asked for, blanks and all. */
static void check_raw(mailproto_bytes value, mailproto_bytes want)
{
    struct text t = {0};
    size_t i;
    for (i = value.len > 0 && value.ptr[0] == ' ' ? 1 : 0; i < value.len; i++) {
        if (value.ptr[i] == '\r') {
            CHECK(i + 2 < value.len && value.ptr[i + 1] == '\n');
            CHECK(value.ptr[i + 2] == ' ' || value.ptr[i + 2] == '\t');
            i++;
        } else {
            text_add(&t, value.ptr + i, 1);
        }
    }
    check_equal(t.data, t.len, want);
    text_free(&t);
}

static void check_fields(const struct make *m, const struct text *t, uint64_t end)
{
    mailproto_fields walk;
    mailproto_field f;
    mailproto_bytes header;
    size_t i;
    header.ptr = t->data;
    header.len = (size_t)end;
    CHECK(mailproto_fields_open(&walk, header) == MAILPROTO_OK);
    for (i = 0; i < m->o.field_count; i++) {
        const mailproto_compose_field *want = &m->fields[i];
        if (strcmp(want->name.ptr, "Bcc") == 0 &&
            (m->o.flags & MAILPROTO_COMPOSE_BCC) == 0) {
            continue;
        }
        CHECK(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
        check_equal(f.name.ptr, f.name.len, want->name);
        switch (want->kind) {
        case MAILPROTO_COMPOSE_TEXT:
            check_text(f.value, want->text);
            break;
        case MAILPROTO_COMPOSE_ADDRESSES:
            check_addresses(f.value, want);
            break;
        case MAILPROTO_COMPOSE_DATE:
            check_date(f.value, want);
            break;
        default:
            check_raw(f.value, want->text);
            break;
        }
    }
    CHECK(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    CHECK(f.id == MAILPROTO_FIELD_DATE);
    CHECK(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    CHECK(f.id == MAILPROTO_FIELD_MESSAGE_ID);
    CHECK(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    CHECK(f.id == MAILPROTO_FIELD_MIME_VERSION);
    while (mailproto_fields_next(&walk, &f) == MAILPROTO_OK) {
        CHECK(f.name.len > 8 && memcmp(f.name.ptr, "Content-", 8) == 0);
    }
}

/* ---- parts -------------------------------------------------------------------------------- */

static void check_file_name(const mailproto_source *source, const mailproto_part *p,
                            mailproto_bytes want)
{
    mailproto_fields walk;
    mailproto_field f;
    char name[2000];
    size_t len;
    uint32_t at = p->fields[MAILPROTO_PART_DISPOSITION];
    CHECK(at != 0);
    CHECK(mailproto_fields_open_at(&walk, source, p->header_offset + at - 1,
                                   p->body_offset, NULL, 0) == MAILPROTO_OK);
    CHECK(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    CHECK(mailproto_parameter_get(f.value, (mailproto_bytes){"filename", 8},
                                  MAILPROTO_PARAMETER_NO_WORDS, NULL, name, sizeof name,
                                  &len, NULL, NULL) == MAILPROTO_OK);
    check_equal(name, len, want);
}

static void check_body(const struct make *m, size_t number,
                       const mailproto_source *source, const mailproto_part *p)
{
    struct text want = {0};
    struct text got = {0};
    mailproto_body b;
    mailproto_status status;
    char buf[333];
    size_t n;
    make_expected(m, number, &want);
    if ((m->parts[number].flags & MAILPROTO_COMPOSE_VERBATIM) != 0) {
        CHECK(p->body_offset + p->body_octets - p->header_offset == want.len);
        CHECK(memcmp((const char *)source->data + p->header_offset, want.data,
                     want.len) == 0);
        text_free(&want);
        return;
    }
    CHECK(mailproto_body_open(&b, source, p, MAILPROTO_CODEC_STRICT, NULL, 0) ==
              MAILPROTO_OK ||
          mailproto_body_open(&b, source, p, 0, NULL, 0) == MAILPROTO_OK);
    (void)mailproto_body_open(&b, source, p, 0, NULL, 0);
    while ((status = mailproto_body_read(&b, buf, sizeof buf, &n)) == MAILPROTO_OK) {
        text_add(&got, buf, n);
    }
    CHECK(status == MAILPROTO_EOF);
    CHECK(got.len == want.len);
    CHECK(got.len == 0 || memcmp(got.data, want.data, got.len) == 0);
    text_free(&want);
    text_free(&got);
}

/* What a part in UTF-16 says. */
static void check_wide(const struct make *m, size_t number,
                       const mailproto_source *source, const mailproto_part *p)
{
    const struct text *want = &m->wide[number];
    struct text got = {0};
    mailproto_part_text t;
    mailproto_part_text_info info = {0};
    mailproto_status status;
    char buf[333];
    size_t n;
    info.struct_size = sizeof info;
    CHECK(mailproto_part_text_open(&t, source, p, 0, NULL, NULL, 0) == MAILPROTO_OK);
    CHECK(mailproto_part_text_describe(&t, &info) == MAILPROTO_OK);
    check_equal(info.charset.ptr, info.charset.len, m->parts[number].charset);
    CHECK(info.flags == 0);
    while ((status = mailproto_part_text_read(&t, buf, sizeof buf, &n)) ==
           MAILPROTO_OK) {
        text_add(&got, buf, n);
    }
    CHECK(status == MAILPROTO_EOF);
    CHECK(got.len == want->len && memcmp(got.data, want->data, got.len) == 0);
    text_free(&got);
}

/* Part `number` and those in it are the index's entries from `*at` on. */
static void check_part(const struct make *m, size_t number,
                       const mailproto_source *source, const mailproto_index *ix,
                       uint32_t at)
{
    const mailproto_part *p = &ix->parts[at];
    const mailproto_compose_part *want = &m->parts[number];
    uint32_t child = p->first_child;
    size_t i;
    if (want->content != NULL) {
        check_body(m, number, source, p);
        if (m->wide[number].len > 0) {
            check_wide(m, number, source, p);
        }
        if (want->file_name.len > 0) {
            check_file_name(source, p, want->file_name);
        }
        return;
    }
    CHECK(p->media >= MAILPROTO_MEDIA_MULTIPART && p->media < MAILPROTO_MEDIA_RFC822);
    for (i = number + 1; i < m->o.part_count; i++) {
        if (m->parts[i].parent == number) {
            CHECK(child != MAILPROTO_PART_NONE);
            check_part(m, i, source, ix, child);
            child = ix->parts[child].next_sibling;
        }
    }
    CHECK(child == MAILPROTO_PART_NONE);
}

/* No defect at all but what a content brings along. */
static void check_defects(const struct text *t)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_message *p;
    mailproto_message_event ev;
    mailproto_status status;
    CHECK(mailproto_message_init(work, sizeof work, NULL, &p) == MAILPROTO_OK);
    CHECK(mailproto_message_feed(p, t->data, t->len) == MAILPROTO_OK);
    for (;;) {
        status = mailproto_message_next_event(p, &ev);
        if (status == MAILPROTO_AGAIN) {
            CHECK(mailproto_message_feed_eof(p) == MAILPROTO_OK);
        } else if (status != MAILPROTO_OK) {
            break;
        } else if (ev.type == MAILPROTO_MESSAGE_DEFECT &&
                   ev.code != MAILPROTO_DEFECT_NO_VERSION) {
            fail_msg("seed %llu: %s", (unsigned long long)seed_now,
                     mailproto_defect_name(ev.code));
        }
    }
}

static void check_read(const struct make *m, const struct text *t)
{
    static mailproto_part parts[100];
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 4096];
    mailproto_source source = {0};
    mailproto_index ix = {0};
    source.struct_size = sizeof source;
    source.data = t->data;
    source.size = t->len;
    ix.struct_size = sizeof ix;
    ix.capacity = 100;
    ix.parts = parts;
    CHECK(mailproto_index_build(&ix, &source, NULL, work, sizeof work) == MAILPROTO_OK);
    check_fields(m, t, parts[0].body_offset);
    check_part(m, 0, &source, &ix, 0);
    check_defects(t);
}

static int is_same(const struct text *a, const struct text *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* One message; 1: it could be sent. */
static int try_seed(uint64_t seed)
{
    static const size_t sizes[] = {1, 2, 3, 7, 64, 77, 300};
    struct make m;
    struct text t = {0};
    struct text other = {0};
    mailproto_status status;
    mailproto_status again;
    seed_now = seed;
    make_message(&m, NULL, 0, seed);
    status = compose(&m, 100000, &t);
    again = compose(&m, sizes[seed % 7], &other);
    if (status != again) {
        fail_msg("seed %llu: %s at once, then %s", (unsigned long long)seed,
                 mailproto_error_name(status), mailproto_error_name(again));
    }
    CHECK(is_same(&t, &other));
    if (status == MAILPROTO_EOF) {
        check_lines(&t, 0);
        check_read(&m, &t);
    } else {
        CHECK(status == MAILPROTO_ERR_ARGUMENT || status == MAILPROTO_ERR_NOT_OFFERED);
    }
    text_free(&t);
    text_free(&other);
    make_free(&m);
    return status == MAILPROTO_EOF;
}

static void test_random(void **state)
{
    const size_t seeds = 4000 / thinned(8);
    uint64_t seed;
    size_t sent = 0;
    (void)state;
    for (seed = 1; seed <= seeds; seed++) {
        sent += (size_t)try_seed(seed);
    }
    assert_true(sent >= seeds - seeds / 40);
}

static void test_all_sizes(void **state)
{
    uint64_t seed;
    (void)state;
    for (seed = 10000; seed < 10006; seed++) {
        struct make m;
        struct text t = {0};
        size_t cap;
        seed_now = seed;
        make_message(&m, NULL, 0, seed);
        CHECK(compose(&m, 1 << 20, &t) == MAILPROTO_EOF);
        for (cap = 1; cap <= 400; cap += thinned(7)) {
            struct text other = {0};
            CHECK(compose(&m, cap, &other) == MAILPROTO_EOF);
            CHECK(is_same(&t, &other));
            text_free(&other);
        }
        text_free(&t);
        make_free(&m);
    }
}

/* ---- for other readers ----------------------------------------------------------------------- */

static void put_base64(const char *key, const char *data, size_t len, const char *end)
{
    mailproto_codec c;
    size_t used;
    size_t got;
    char *out = (char *)test_alloc(mailproto_base64_size(len) + 8);
    (void)mailproto_encoder_init(&c, MAILPROTO_ENCODING_BASE64, 0);
    (void)mailproto_codec_run(&c, len > 0 ? data : "", len, &used, out,
                              mailproto_base64_size(len) + 8, &got,
                              MAILPROTO_CODEC_FINAL);
    printf("\"%s\": \"%.*s\"%s", key, (int)got, out, end);
    free(out);
}

static void write_addresses(const mailproto_compose_field *f)
{
    size_t i;
    printf("\"addresses\": [");
    for (i = 0; i < f->count; i++) {
        const mailproto_address_out *a = &f->addresses[i];
        printf("%s{\"kind\": \"%s\", ", i == 0 ? "" : ", ",
               a->kind == MAILPROTO_ADDRESS_GROUP_BEGIN ? "group"
               : a->kind == MAILPROTO_ADDRESS_GROUP_END ? "end"
                                                        : "mailbox");
        put_base64("name", a->name.ptr, a->name.len, ", ");
        put_base64("spec", a->address.ptr, a->address.len, "}");
    }
    printf("]}");
}

static void write_fields(const struct make *m)
{
    const char *comma = "";
    size_t i;
    printf("\"fields\": [");
    for (i = 0; i < m->o.field_count; i++) {
        const mailproto_compose_field *f = &m->fields[i];
        if (strcmp(f->name.ptr, "Bcc") == 0 &&
            (m->o.flags & MAILPROTO_COMPOSE_BCC) == 0) {
            continue;
        }
        printf("%s{\"name\": \"%s\", \"kind\": %u, \"utc\": %lld, \"zone\": %d, ",
               comma, f->name.ptr, (unsigned)f->kind, (long long)f->utc,
               (int)f->zone_minutes);
        put_base64("text", f->text.ptr, f->text.len, ", ");
        write_addresses(f);
        comma = ", ";
    }
    printf("], \"utc\": %lld, \"zone\": %d, ", (long long)m->o.utc,
           (int)m->o.zone_minutes);
}

static void write_parts(const struct make *m)
{
    size_t i;
    printf("\"parts\": [");
    for (i = 0; i < m->o.part_count; i++) {
        const mailproto_compose_part *p = &m->parts[i];
        struct text body = {0};
        make_expected(m, i, &body);
        printf("%s{\"parent\": %ld, \"verbatim\": %u, \"type\": \"%s\", ",
               i == 0 ? "" : ", ", i == 0 ? -1L : (long)p->parent, (unsigned)p->flags,
               p->type.len > 0 ? p->type.ptr : "text/plain");
        put_base64("file_name", p->file_name.ptr, p->file_name.len, ", ");
        put_base64("disposition", p->disposition.ptr, p->disposition.len, ", ");
        put_base64("content_id", p->content_id.ptr, p->content_id.len, ", ");
        put_base64("params", p->params.ptr, p->params.len, ", ");
        printf("\"charset\": \"%.*s\", ", (int)p->charset.len,
               p->charset.len > 0 ? p->charset.ptr : "");
        put_base64("text", m->wide[i].data, m->wide[i].len, ", ");
        put_base64("body", body.data, body.len, "}");
        text_free(&body);
    }
    printf("]}\n");
}

static int write_messages(unsigned long count)
{
    uint64_t seed;
    for (seed = 1; seed <= count; seed++) {
        struct make m;
        struct text t = {0};
        seed_now = seed;
        make_message(&m, NULL, 0, seed);
        if (compose(&m, 4096, &t) == MAILPROTO_EOF) {
            printf("{\"seed\": %llu, ", (unsigned long long)seed);
            put_base64("message", t.data, t.len, ", ");
            write_fields(&m);
            write_parts(&m);
        }
        text_free(&t);
        make_free(&m);
    }
    return ferror(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_all_sizes),
    };
    if (argc == 3 && strcmp(argv[1], "write") == 0) {
        return write_messages(strtoul(argv[2], NULL, 10));
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
