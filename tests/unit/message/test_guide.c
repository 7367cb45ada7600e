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
                              &len) == MAILPROTO_OK) {
        printf("%.*s\n", (int)len, text);
    }
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
                   ev.code == MAILPROTO_FIELD_SUBJECT) {
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

static void print_addresses(mailproto_bytes value)
{
    char spec[320];
    char name[200];
    size_t spec_len;
    size_t name_len;
    mailproto_value v;
    mailproto_address a = {.struct_size = sizeof a};
    mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        if (a.type == MAILPROTO_ADDRESS_MAILBOX &&
            mailproto_address_spec(&a, spec, sizeof spec, &spec_len) == MAILPROTO_OK &&
            mailproto_address_display(&a, 0, NULL, name, sizeof name, &name_len) ==
                MAILPROTO_OK) {
            printf("%.*s <%.*s>\n", (int)name_len, name, (int)spec_len, spec);
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
    "\r\n"
    "AAEC\r\n"
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
    assert_int_equal(ix.count, 3);
    assert_int_equal(parts[0].children, 2);
    save_part(&source, &parts[1], to);
    expect_file(to, "one \xe9 \r\ntwo", 11);
    to = file_of("", 0);
    save_part(&source, &parts[2], to);
    expect_file(to, "\0\1\2", 3);
    to = file_of("", 0);
    print_text(&source, &parts[1], to);
    expect_file(to, "one \xc3\xa9 two", 10);
}

static void addresses(void **state)
{
    mailproto_fields walk;
    mailproto_field field;
    const mailproto_bytes header = {message, sizeof message - 1};
    (void)state;
    assert_int_equal(mailproto_fields_open(&walk, header), MAILPROTO_OK);
    assert_int_equal(mailproto_fields_next(&walk, &field), MAILPROTO_OK);
    print_addresses(field.value);
    assert_int_equal(mailproto_fields_next(&walk, &field), MAILPROTO_OK);
    assert_int_equal(field.id, MAILPROTO_FIELD_TO);
    print_addresses(field.value);
    expect_said(
        "J\xc3\xb6 <jo@a.example>\nSmith, Ann <ann@b.example>\n <b@c.example>\n");
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
    assert_in_range(guide_pieces("docs/guide/message.md", names, 1), 9, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsed),    cmocka_unit_test(indexed),
        cmocka_unit_test(addresses), cmocka_unit_test(composed),
        cmocka_unit_test(the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
