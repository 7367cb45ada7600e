/*
 * What the guide's page on messages shows is compiled and run here, word by word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/mailproto.h>

#include "guide_pages.h"
#include "text.h"

/* What it prints. */
static struct text said;
#define printf(...) text_print(&said, __VA_ARGS__)

/* ---- the guide's ------------------------------------------------------------------- */

static char mem[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];

static void print_subject(mailproto_bytes value)
{
    char text[1000];
    size_t len;
    if (mailproto_text_decode(value, MAILPROTO_TEXT_COLLAPSE, NULL, text, sizeof text,
                              &len) == MAILPROTO_ERR_TOO_LONG) {
        len = sizeof text; /* its beginning */
    }
    printf("%.*s\n", (int)len, text);
}

static void read_message(FILE *from)
{
    char in[4096];
    mailproto_message *parser;
    mailproto_message_event ev;
    mailproto_status st;
    mailproto_message_init(mem, sizeof mem, NULL, &parser);
    while ((st = mailproto_message_next_event(parser, &ev)) != MAILPROTO_EOF) {
        if (st == MAILPROTO_AGAIN) {
            size_t n = fread(in, 1, sizeof in, from);
            if (n > 0) {
                mailproto_message_feed(parser, in, n);
            } else {
                mailproto_message_feed_eof(parser);
            }
        } else if (ev.type == MAILPROTO_MESSAGE_FIELD &&
                   ev.code == MAILPROTO_FIELD_SUBJECT && ev.name.len > 0) {
            print_subject(ev.value);
        } else if (ev.type == MAILPROTO_MESSAGE_DEFECT &&
                   mailproto_defect_class(ev.code) == MAILPROTO_DEFECT_SECURITY) {
            printf("%s at %llu\n", mailproto_defect_name(ev.code),
                   (unsigned long long)ev.offset);
        }
    }
}

static mailproto_part parts[100];

static int index_message(const void *data, size_t size, mailproto_index *ix)
{
    mailproto_source source = {sizeof source, 0, NULL, data, size, NULL, NULL};
    memset(ix, 0, sizeof *ix);
    ix->struct_size = sizeof *ix;
    ix->capacity = 100;
    ix->parts = parts;
    return mailproto_index_build(ix, &source, NULL, mem, sizeof mem) == MAILPROTO_OK;
}

static void add_events(mailproto_index *ix, const void *data, size_t size)
{
    mailproto_message *parser;
    mailproto_message_event ev;
    mailproto_message_init(mem, sizeof mem, NULL, &parser);
    mailproto_message_feed(parser, data, size);
    mailproto_message_feed_eof(parser);
    while (mailproto_message_next_event(parser, &ev) == MAILPROTO_OK) {
        mailproto_index_add(ix, &ev); /* each of them, in order */
        if (ev.type == MAILPROTO_MESSAGE_DEFECT) {
            printf("%s\n", mailproto_defect_name(ev.code));
        }
    }
}

/* `offset` is that of the value in the message. */
static void print_addresses(mailproto_bytes value, uint64_t offset)
{
    mailproto_value_defect items[20];
    mailproto_defects defects;
    uint32_t i;
    char spec[320];
    char name[200];
    size_t spec_len;
    size_t name_len;
    mailproto_value v;
    mailproto_address a = {.struct_size = sizeof a};
    memset(&defects, 0, sizeof defects);
    defects.struct_size = sizeof defects;
    defects.capacity = 20;
    defects.items = items;
    mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, &defects);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        if (a.type == MAILPROTO_ADDRESS_MAILBOX &&
            mailproto_address_spec(&a, spec, sizeof spec, &spec_len) == MAILPROTO_OK &&
            mailproto_address_display(&a, 0, NULL, name, sizeof name, &name_len) ==
                MAILPROTO_OK) {
            printf("%.*s <%.*s>\n", (int)name_len, name, (int)spec_len, spec);
        }
    }
    for (i = 0; i < defects.count && i < defects.capacity; i++) {
        if (mailproto_value_defect_class(items[i].code) == MAILPROTO_DEFECT_SECURITY) {
            printf("%s at %llu\n", mailproto_value_defect_name(items[i].code),
                   (unsigned long long)(offset + items[i].offset));
        }
    }
}

static void save_part(const mailproto_source *source, const mailproto_part *part,
                      FILE *to)
{
    char out[1000];
    size_t got;
    mailproto_body body;
    mailproto_body_open(&body, source, part, 0, NULL, 0); /* source in memory */
    while (mailproto_body_read(&body, out, sizeof out, &got) == MAILPROTO_OK) {
        fwrite(out, 1, got, to);
    }
}

static void print_text(const mailproto_source *source, const mailproto_part *part,
                       FILE *to)
{
    char out[1000];
    size_t got;
    mailproto_part_text text;
    mailproto_part_text_open(&text, source, part, MAILPROTO_PART_TEXT_FLOWED, NULL,
                             NULL, 0); /* source in memory */
    while (mailproto_part_text_read(&text, out, sizeof out, &got) == MAILPROTO_OK) {
        fwrite(out, 1, got, to);
    }
}

/* The file name that a field of the part states; 0: none. */
static size_t name_in(const mailproto_source *source, const mailproto_part *part,
                      unsigned which, mailproto_bytes parameter, char *out, size_t cap)
{
    char text[1000];
    size_t len;
    mailproto_bytes name = {text, 0};
    mailproto_fields fields;
    mailproto_field field;
    if (part->fields[which] == 0 ||
        mailproto_fields_open_at(&fields, source,
                                 part->header_offset + part->fields[which] - 1,
                                 part->body_offset, NULL, 0) != MAILPROTO_OK ||
        mailproto_fields_next(&fields, &field) != MAILPROTO_OK ||
        mailproto_parameter_get(field.value, parameter, 0, NULL, text, sizeof text,
                                &name.len, NULL, NULL) != MAILPROTO_OK ||
        mailproto_file_name(name, 0, out, cap, &len) != MAILPROTO_OK) {
        return 0;
    }
    return len;
}

static void print_attachments(const mailproto_source *source, const mailproto_index *ix)
{
    static const mailproto_bytes filename = {"filename", 8};
    static const mailproto_bytes name = {"name", 4};
    uint32_t list[100]; /* as many as the index has parts */
    size_t count = 0;
    size_t i;
    mailproto_index_view(ix, MAILPROTO_VIEW_ATTACHMENTS, list, 100, &count);
    for (i = 0; i < count; i++) {
        const mailproto_part *part = &ix->parts[list[i]];
        char out[1000];
        unsigned long long size = 0;
        size_t got;
        mailproto_body body;
        mailproto_body_open(&body, source, part, 0, NULL, 0);
        while (mailproto_body_read(&body, out, sizeof out, &got) == MAILPROTO_OK) {
            size += got;
        }
        got = name_in(source, part, MAILPROTO_PART_DISPOSITION, filename, out, 200);
        if (got == 0) {
            got = name_in(source, part, MAILPROTO_PART_TYPE, name, out, 200);
        }
        printf("'%.*s': %llu octets\n", (int)got, out, size);
    }
}

/* MAILPROTO_CODEC_DEFECT_... bits of a leaf; *first: where in the message. */
static uint32_t encoding_defects(const char *data, const mailproto_part *part,
                                 uint64_t *first)
{
    const char *in = data + part->body_offset;
    size_t left = (size_t)part->body_octets;
    char out[1000];
    size_t used;
    size_t got;
    mailproto_codec c;
    if (mailproto_decoder_init(&c, part->encoding, 0) != MAILPROTO_OK) {
        return 0; /* an encoding that is not known */
    }
    while (mailproto_codec_run(&c, in, left, &used, out, sizeof out, &got,
                               MAILPROTO_CODEC_FINAL) == MAILPROTO_AGAIN) {
        in += used;
        left -= used;
    }
    *first = part->body_offset + mailproto_codec_defect_offset(&c);
    return mailproto_codec_defects(&c);
}

/* clang-format off */
#define TEXT(literal) {literal, sizeof(literal) - 1}

/* clang-format on */

static int write_message(const mailproto_source *text, mailproto_bytes random,
                         int64_t now, FILE *to)
{
    static const mailproto_address_out from[] = {
        {0, 0, TEXT("Alice"), TEXT("alice@crepes.example")}};
    static const mailproto_bytes subject_name = TEXT("Subject");
    static const mailproto_bytes subject = TEXT("Cr\xc3\xaapes");
    static const mailproto_bytes from_name = TEXT("From");
    static char block[2000];
    mailproto_compose_field fields[2];
    mailproto_compose_part part;
    mailproto_compose_options o;
    mailproto_compose *composer;
    mailproto_source message;
    char out[1000];
    size_t got;
    memset(fields, 0, sizeof fields);
    memset(&part, 0, sizeof part);
    memset(&o, 0, sizeof o);
    fields[0].name = from_name;
    fields[0].kind = MAILPROTO_COMPOSE_ADDRESSES;
    fields[0].addresses = from;
    fields[0].count = 1;
    fields[1].name = subject_name;
    fields[1].text = subject;
    part.parent = MAILPROTO_COMPOSE_ROOT;
    part.content = text;
    o.struct_size = sizeof o;
    o.fields = fields;
    o.field_count = 2;
    o.parts = &part;
    o.part_count = 1;
    o.unique = random; /* 16 octets or more, for boundaries */
    o.utc = now;       /* of Date */
    if (mailproto_compose_init(block, sizeof block, &o, &composer) != MAILPROTO_OK ||
        mailproto_compose_source(composer, &message) != MAILPROTO_OK) {
        return 0;
    }
    while (message.read(message.ctx, out, sizeof out, &got) == MAILPROTO_OK) {
        fwrite(out, 1, got, to);
    }
    return 1;
}

#undef printf

/* ---- a program that has a message -------------------------------------------------- */

static const char message[] =
    "From: =?utf-8?q?J=C3=B6?= <jo@a.example>\r\n"
    "To: \"Smith, Ann\" <ann@b.example>,\r\n b@c.example\r\n"
    "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
    "Subject: =?iso-8859-1?q?Caf=E9?=\r\n au lait\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-1; format=flowed\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "one =E9 =\r\n\r\ntwo\r\n"
    "--b more\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename*=utf-8''a%2Fcaf%C3%A9\r\n"
    "\r\n"
    "AAEC\r\n"
    "--b\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "Content-Type: application/pdf; name=menu.pdf\r\n"
    "\r\n"
    "AA!E=\r\n"
    "--b--\r\n";

static FILE *file_of(const char *data, size_t len)
{
    FILE *f = tmpfile();
    if (f == NULL) {
        fail_msg("no file can be made");
        return NULL;
    }
    assert_int_equal(fwrite(data, 1, len, f), len);
    rewind(f);
    return f;
}

static void expect_file(FILE *f, const char *want, size_t len)
{
    char got[2000];
    rewind(f);
    assert_int_equal(fread(got, 1, sizeof got, f), len);
    assert_memory_equal(got, want, len);
    (void)fclose(f);
}

static void expect_said(const char *want)
{
    assert_string_equal(text_string(&said), want);
    text_free(&said);
}

static void parsed(void **state)
{
    FILE *f = file_of(message, sizeof message - 1);
    char want[200];
    (void)state;
    read_message(f);
    (void)fclose(f);
    snprintf(want, sizeof want,
             "Caf\xc3\xa9 au lait\nMAILPROTO_DEFECT_BOUNDARY_TEXT at %u\n",
             (unsigned)(strstr(message, "--b more") - message));
    expect_said(want);
}

static void indexed(void **state)
{
    mailproto_source source = {sizeof source,      0,    NULL, message,
                               sizeof message - 1, NULL, NULL};
    mailproto_index ix;
    FILE *to = file_of("", 0);
    (void)state;
    assert_int_equal(index_message(message, sizeof message - 1, &ix), 1);
    assert_int_equal(ix.count, 4);
    assert_int_equal(parts[0].children, 3);
    save_part(&source, &parts[1], to);
    expect_file(to, "one \xe9 \r\ntwo", 11);
    to = file_of("", 0);
    save_part(&source, &parts[2], to);
    expect_file(to, "\0\1\2", 3);
    to = file_of("", 0);
    print_text(&source, &parts[1], to);
    expect_file(to, "one \xc3\xa9 two", 10);
    print_attachments(&source, &ix);
    expect_said("'caf\xc3\xa9': 3 octets\n'menu.pdf': 2 octets\n");
}

static void defects_of_encodings(void **state)
{
    mailproto_index ix;
    uint64_t first = 0;
    (void)state;
    assert_int_equal(index_message(message, sizeof message - 1, &ix), 1);
    assert_int_equal(encoding_defects(message, &parts[2], &first), 0);
    assert_int_equal(encoding_defects(message, &parts[3], &first),
                     MAILPROTO_CODEC_DEFECT_CHARACTER);
    assert_int_equal(first, strchr(strstr(message, "AA!"), '!') - message);
}

static void events_added(void **state)
{
    mailproto_part built[4];
    mailproto_index ix;
    (void)state;
    assert_int_equal(index_message(message, sizeof message - 1, &ix), 1);
    memcpy(built, parts, sizeof built);
    memset(parts, 0, sizeof parts);
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = 100;
    ix.parts = parts;
    add_events(&ix, message, sizeof message - 1);
    expect_said("MAILPROTO_DEFECT_BOUNDARY_TEXT\n");
    assert_int_equal(ix.count, 4);
    assert_memory_equal(parts, built, sizeof built);
}

/* Of a field's value in the message. */
static uint64_t place_of(const mailproto_field *field)
{
    return field->offset + (uint64_t)(field->value.ptr - field->raw.ptr);
}

static void addresses(void **state)
{
    mailproto_fields walk;
    mailproto_field field;
    const mailproto_bytes header = {message, sizeof message - 1};
    (void)state;
    assert_int_equal(mailproto_fields_open(&walk, header), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&walk, &field), MAILPROTO_OK);
    print_addresses(field.value, place_of(&field));
    assert_int_equal(mailproto_fields_next(&walk, &field), MAILPROTO_OK);
    assert_int_equal(field.id, MAILPROTO_FIELD_TO);
    print_addresses(field.value, place_of(&field));
    expect_said(
        "J\xc3\xb6 <jo@a.example>\nSmith, Ann <ann@b.example>\n <b@c.example>\n");
}

static void address_defects(void **state)
{
    static const char text[] = "Subject: x\r\nFrom: jo@a.example <b@c.example>\r\n\r\n";
    mailproto_fields walk;
    mailproto_field field;
    const mailproto_bytes header = {text, sizeof text - 1};
    char want[200];
    (void)state;
    assert_int_equal(mailproto_fields_open(&walk, header), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&walk, &field), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&walk, &field), MAILPROTO_OK);
    print_addresses(field.value, place_of(&field));
    snprintf(want, sizeof want,
             "jo@a.example <b@c.example>\nMAILPROTO_VALUE_DEFECT_NAME_AT at %u\n",
             (unsigned)(strchr(text, '@') - text));
    expect_said(want);
}

/* A Subject over what is printed, and one over what the parser holds: its beginning. */
static void long_subject(void **state)
{
    static char text[8000];
    static char want[1002];
    size_t sizes[2] = {1500, 6000};
    size_t i;
    (void)state;
    memset(want, 'x', 1000);
    want[1000] = '\n';
    for (i = 0; i < 2; i++) {
        FILE *f;
        memset(text, 'x', sizeof text);
        memcpy(text, "Subject:", 8);
        memcpy(text + sizes[i], "\r\n\r\n", 4);
        f = file_of(text, sizes[i] + 4);
        read_message(f);
        (void)fclose(f);
        expect_said(want);
    }
}

static void composed(void **state)
{
    static const char want[] = "From: Alice <alice@crepes.example>\r\n"
                               "Subject: =?utf-8?q?Cr=C3=AApes?=\r\n"
                               "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                               "MIME-Version: 1.0\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n"
                               "\r\n"
                               "a\r\n";
    const mailproto_source text = {sizeof text, 0, NULL, "a\n", 2, NULL, NULL};
    const mailproto_bytes random = {"0123456789abcdef", 16};
    FILE *to = file_of("", 0);
    (void)state;
    assert_int_equal(write_message(&text, random, 1700000000, to), 1);
    expect_file(to, want, sizeof want - 1);
}

static void the_page(void **state)
{
    static const char *const names[] = {"tests/unit/message/test_guide.c"};
    (void)state;
    assert_in_range(guide_pieces("docs/guide/message.md", names, 1), 13, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsed),
        cmocka_unit_test(indexed),
        cmocka_unit_test(addresses),
        cmocka_unit_test(composed),
        cmocka_unit_test(address_defects),
        cmocka_unit_test(long_subject),
        cmocka_unit_test(defects_of_encodings),
        cmocka_unit_test(events_added),
        cmocka_unit_test(the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
