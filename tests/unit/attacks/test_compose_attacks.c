/*
 * The published attack vectors for whoever writes messages
 * ($MAILPROTO_DATA/attacks/attacks.jsonl, role "builder"): each value is refused, or read
 * back as exactly that value, in one field, one mailbox or one parameter.
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
#include "jsonl.h"

static char now[100]; /* the vector */

#define WANT(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fail_msg("%s: %s", now, #condition);                                       \
        }                                                                              \
    } while (0)

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

struct mail {
    mailproto_compose_options o;
    mailproto_compose_field fields[3];
    mailproto_address_out from, to;
    mailproto_compose_part parts[2];
    mailproto_source source;
};

/* The description with the value where the vector wants it; 0: it names no place. */
static int put_value(struct mail *m, const char *setup, mailproto_bytes value)
{
    if (strstr(setup, "'Subject'") != NULL) {
        m->fields[2].text = value;
    } else if (strstr(setup, "name=input") != NULL) {
        m->fields[2].name = value;
    } else if (strstr(setup, "display=input") != NULL) {
        m->from.name = value;
    } else if (strstr(setup, "addr=input") != NULL) {
        m->to.address = value;
    } else if (strstr(setup, "filename=input") != NULL) {
        m->parts[1].file_name = value;
    } else if (strstr(setup, "body=input") != NULL) {
        m->source.data = value.ptr;
        m->source.size = value.len;
        m->parts[1].encoding = MAILPROTO_ENCODING_7BIT;
    } else if (strstr(setup, "msgid") != NULL) {
        m->fields[2].kind = MAILPROTO_COMPOSE_IDS;
        m->fields[2].text = value;
    } else {
        return 0;
    }
    return 1;
}

static void fill(struct mail *m)
{
    memset(m, 0, sizeof *m);
    m->from.address = bytes("me@a.example");
    m->to.address = bytes("you@b.example");
    m->fields[0].name = bytes("From");
    m->fields[1].name = bytes("To");
    m->fields[2].name = bytes("Subject");
    m->fields[0].kind = m->fields[1].kind = MAILPROTO_COMPOSE_ADDRESSES;
    m->fields[0].count = m->fields[1].count = 1;
    m->fields[0].addresses = &m->from;
    m->fields[1].addresses = &m->to;
    m->source.struct_size = sizeof m->source;
    m->source.data = "";
    m->parts[0].parent = MAILPROTO_COMPOSE_ROOT;
    m->parts[0].type = bytes("multipart/mixed");
    m->parts[1].content = &m->source;
    m->o.struct_size = sizeof m->o;
    m->o.fields = m->fields;
    m->o.field_count = 3;
    m->o.parts = m->parts;
    m->o.part_count = 2;
    m->o.unique = bytes("0123456789abcdef");
}

static void equal(const char *got, size_t len, mailproto_bytes want)
{
    WANT(len == want.len && (len == 0 || memcmp(got, want.ptr, len) == 0));
}

/* Exactly one mailbox with this name and address. */
static void check_mailbox(mailproto_bytes value, const mailproto_address_out *want)
{
    mailproto_value v;
    mailproto_address a = {0};
    char text[4096];
    size_t len;
    a.struct_size = sizeof a;
    WANT(mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL) == MAILPROTO_OK);
    WANT(mailproto_address_next(&v, &a) == MAILPROTO_OK);
    WANT(a.type == MAILPROTO_ADDRESS_MAILBOX);
    WANT(mailproto_address_display(&a, 0, NULL, text, sizeof text, &len) ==
         MAILPROTO_OK);
    equal(text, len, want->name);
    WANT(mailproto_address_spec(&a, text, sizeof text, &len) == MAILPROTO_OK);
    equal(text, len, want->address);
    WANT(mailproto_address_next(&v, &a) == MAILPROTO_EOF);
}

static void check_fields(const struct mail *m, const struct text *t)
{
    static char text[100000];
    mailproto_fields walk;
    mailproto_field f;
    mailproto_bytes all;
    size_t len;
    all.ptr = t->data;
    all.len = t->len;
    WANT(mailproto_fields_open(&walk, all) == MAILPROTO_OK);
    WANT(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    check_mailbox(f.value, &m->from);
    WANT(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    check_mailbox(f.value, &m->to);
    WANT(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    if (f.value.len > 0) {
        f.value.ptr++; /* the blank behind the colon */
        f.value.len--;
    }
    WANT(mailproto_text_decode(f.value, 0, NULL, text, sizeof text, &len) ==
         MAILPROTO_OK);
    equal(text, len, m->fields[2].text);
    WANT(mailproto_fields_next(&walk, &f) == MAILPROTO_OK);
    WANT(f.id == MAILPROTO_FIELD_DATE);
    while (mailproto_fields_next(&walk, &f) == MAILPROTO_OK) {
        WANT(f.id == MAILPROTO_FIELD_MIME_VERSION ||
             f.id == MAILPROTO_FIELD_CONTENT_TYPE);
    }
}

static void check_part(const struct mail *m, const struct text *t)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    static char text[10000];
    mailproto_part parts[9];
    mailproto_index ix;
    mailproto_source s = m->source;
    mailproto_fields walk;
    mailproto_field f;
    size_t len;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = 9;
    ix.parts = parts;
    s.data = t->data;
    s.size = t->len;
    WANT(mailproto_index_build(&ix, &s, NULL, work, sizeof work) == MAILPROTO_OK);
    WANT(ix.count == 2);
    WANT(mailproto_fields_open_at(&walk, &s, parts[1].header_offset,
                                  parts[1].body_offset, NULL, 0) == MAILPROTO_OK);
    while (mailproto_fields_next(&walk, &f) == MAILPROTO_OK) {
        if (f.id == MAILPROTO_FIELD_CONTENT_DISPOSITION) {
            WANT(mailproto_parameter_get(f.value, bytes("filename"), 0, NULL, text,
                                         sizeof text, &len, NULL,
                                         NULL) == MAILPROTO_OK);
            equal(text, len, m->parts[1].file_name);
        }
    }
}

static int is_refusal(mailproto_status status)
{
    return status == MAILPROTO_ERR_ARGUMENT || status == MAILPROTO_ERR_NOT_OFFERED;
}

static void run(const char *setup, const char *expect, mailproto_bytes value)
{
    static char block[MAILPROTO_COMPOSE_MEM(2)];
    struct mail m;
    struct text out = {0};
    mailproto_compose *c;
    mailproto_status status;
    const char *at;
    fill(&m);
    WANT(put_value(&m, setup, value));
    status = mailproto_compose_init(block, sizeof block, &m.o, &c);
    if (status == MAILPROTO_OK) {
        status = make_read(c, 1000, &out);
    }
    if (status != MAILPROTO_EOF) {
        WANT(is_refusal(status) && strcmp(expect, "accept") != 0);
        text_free(&out);
        return;
    }
    WANT(strcmp(expect, "reject") != 0);
    for (at = text_string(&out); *at != '\0'; at = strchr(at, '\n') + 1) {
        WANT(strcspn(at, "\r\n") <= 998 &&
             strncmp(at + strcspn(at, "\r\n"), "\r\n", 2) == 0);
    }
    WANT(strlen(out.data) == out.len);
    check_fields(&m, &out);
    check_part(&m, &out);
    text_free(&out);
}

static void test_vectors(void **state)
{
    struct text why = {0};
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", &why);
    size_t count = 0;
    assert_non_null(j);
    while (jsonl_next(j, &why) == 1) {
        struct text input = {0};
        mailproto_bytes value;
        const char *role = jsonl_text(j, "role");
        if (role == NULL || strcmp(role, "builder") != 0 ||
            strcmp(jsonl_text(j, "protocol"), "rfc5322") != 0) {
            continue;
        }
        snprintf(now, sizeof now, "%s", jsonl_text(j, "id"));
        WANT(jsonl_bytes(j, "input_b64", &input));
        value.ptr = text_string(&input);
        value.len = input.len;
        run(jsonl_text(j, "setup"), jsonl_text(j, "expect"), value);
        text_free(&input);
        count++;
    }
    jsonl_close(j);
    text_free(&why);
    (void)state;
    assert_true(count >= 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    struct text why = {0};
    struct jsonl *j = jsonl_open("attacks/attacks.jsonl", &why);
    if (j == NULL) {
        printf("skipped: %s\n", text_string(&why));
        text_free(&why);
        return 77;
    }
    jsonl_close(j);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
