/*
 * The composer's arrays with elements of the caller's own, which are longer than the
 * library's: the same message; and options of before strides were known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/compose.h>

struct my_address {
    mailproto_address_out a;
    uint64_t id[3];
};

struct my_field {
    mailproto_compose_field f;
    const char *note;
};

struct my_part {
    mailproto_compose_part p;
    uint64_t marks[5];
};

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

enum { ADDRESSES = 4, FIELDS = 3, PARTS = 4, OUT = 8192 };

struct mail {
    mailproto_address_out addresses[ADDRESSES];
    mailproto_compose_field fields[FIELDS], own[1];
    mailproto_compose_part parts[PARTS];
    mailproto_source text;
    mailproto_compose_options o;
};

static void fill(struct mail *m)
{
    memset(m, 0, sizeof *m);
    m->addresses[0].address = bytes("ann@h.example");
    m->addresses[1].kind = MAILPROTO_ADDRESS_GROUP_BEGIN;
    m->addresses[1].name = bytes("G");
    m->addresses[2].name = bytes("Bob");
    m->addresses[2].address = bytes("bob@h.example");
    m->addresses[3].kind = MAILPROTO_ADDRESS_GROUP_END;
    m->fields[0].name = bytes("From");
    m->fields[0].kind = MAILPROTO_COMPOSE_ADDRESSES;
    m->fields[0].addresses = m->addresses;
    m->fields[0].count = 1;
    m->fields[1].name = bytes("To");
    m->fields[1].kind = MAILPROTO_COMPOSE_ADDRESSES;
    m->fields[1].addresses = m->addresses;
    m->fields[1].count = ADDRESSES;
    m->fields[2].name = bytes("Subject");
    m->fields[2].text = bytes("of strides");
    m->own[0].name = bytes("Content-Description");
    m->own[0].text = bytes("one");
    m->text.struct_size = sizeof m->text;
    m->text.data = "line\n";
    m->text.size = 5;
    m->parts[0].parent = MAILPROTO_COMPOSE_ROOT;
    m->parts[0].type = bytes("multipart/mixed");
    m->parts[1].content = &m->text;
    m->parts[1].fields = m->own;
    m->parts[1].field_count = 1;
    m->parts[2].type = bytes("multipart/alternative");
    m->parts[3].parent = 2;
    m->parts[3].type = bytes("text/html");
    m->parts[3].content = &m->text;
    m->o.struct_size = sizeof m->o;
    m->o.fields = m->fields;
    m->o.field_count = FIELDS;
    m->o.parts = m->parts;
    m->o.part_count = PARTS;
    m->o.unique = bytes("0123456789abcdef");
    m->o.id_domain = bytes("h.example");
}

static size_t write(const mailproto_compose_options *o, char *out)
{
    static char mem[MAILPROTO_COMPOSE_MEM(PARTS)];
    mailproto_compose *c;
    mailproto_compose_summary summary = {sizeof summary, 0, 0};
    mailproto_status st;
    size_t len = 0, got;
    assert_true(mailproto_compose_mem_size(o) > 0);
    assert_int_equal(mailproto_compose_init(mem, sizeof mem, o, &c), MAILPROTO_OK);
    assert_int_equal(mailproto_compose_measure(c, &summary), MAILPROTO_OK);
    while ((st = mailproto_compose_read(c, out + len, 100, &got)) == MAILPROTO_OK) {
        len += got;
        assert_true(len + 100 <= OUT);
    }
    assert_int_equal(st, MAILPROTO_EOF);
    assert_int_equal(len, summary.size);
    return len;
}

static void longer_elements(void **state)
{
    static struct my_address addresses[ADDRESSES];
    static struct my_field fields[FIELDS], own[1];
    static struct my_part parts[PARTS];
    static char plain[OUT], strided[OUT];
    struct mail m;
    size_t len, i;
    (void)state;
    fill(&m);
    len = write(&m.o, plain);
    memset(addresses, 0xA5, sizeof addresses); /* what is behind is not looked at */
    memset(fields, 0xA5, sizeof fields);
    memset(own, 0xA5, sizeof own);
    memset(parts, 0xA5, sizeof parts);
    for (i = 0; i < ADDRESSES; i++) {
        addresses[i].a = m.addresses[i];
    }
    for (i = 0; i < FIELDS; i++) {
        fields[i].f = m.fields[i];
        if (fields[i].f.addresses != NULL) {
            fields[i].f.addresses = &addresses[0].a;
        }
    }
    own[0].f = m.own[0];
    for (i = 0; i < PARTS; i++) {
        parts[i].p = m.parts[i];
        if (parts[i].p.fields != NULL) {
            parts[i].p.fields = &own[0].f;
        }
    }
    m.o.fields = &fields[0].f;
    m.o.parts = &parts[0].p;
    m.o.field_stride = sizeof fields[0];
    m.o.part_stride = sizeof parts[0];
    m.o.address_stride = sizeof addresses[0];
    assert_int_equal(write(&m.o, strided), len);
    assert_memory_equal(plain, strided, len);
    m.o.id_domain = bytes(""); /* a Message-ID of the caller's is found */
    fields[2].f.name = bytes("Message-ID");
    fields[2].f.kind = MAILPROTO_COMPOSE_IDS;
    fields[2].f.text = bytes("<1@h>");
    len = write(&m.o, strided);
    strided[len] = '\0';
    assert_non_null(strstr(strided, "Message-ID: <1@h>\r\n"));
}

/* The library's own sizes said; one octet less is refused. */
static void limits(void **state)
{
    static char plain[OUT], strided[OUT];
    mailproto_compose_fault fault;
    struct mail m;
    size_t len, i;
    (void)state;
    fill(&m);
    len = write(&m.o, plain);
    m.o.field_stride = sizeof *m.o.fields;
    m.o.part_stride = sizeof *m.o.parts;
    m.o.address_stride = sizeof(mailproto_address_out);
    assert_int_equal(write(&m.o, strided), len);
    assert_memory_equal(plain, strided, len);
    for (i = 0; i < 3; i++) {
        mailproto_compose_options o = m.o;
        uint32_t *stride = i == 0   ? &o.field_stride
                           : i == 1 ? &o.part_stride
                                    : &o.address_stride;
        --*stride;
        memset(&fault, 0, sizeof fault);
        fault.struct_size = sizeof fault;
        assert_int_equal(mailproto_compose_check(&o, &fault), MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(fault.part, MAILPROTO_COMPOSE_ROOT);
        assert_string_equal(fault.detail, "an element shorter than the library's");
    }
}

/* A program that knows no strides. */
static void older_options(void **state)
{
    static char plain[OUT], older[OUT];
    struct mail m;
    size_t len;
    (void)state;
    fill(&m);
    len = write(&m.o, plain);
    m.o.struct_size = (uint32_t)offsetof(mailproto_compose_options, field_stride);
    m.o.field_stride = m.o.part_stride = m.o.address_stride = 1; /* not its own */
    assert_int_equal(write(&m.o, older), len);
    assert_memory_equal(plain, older, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(longer_elements),
                                       cmocka_unit_test(limits),
                                       cmocka_unit_test(older_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
