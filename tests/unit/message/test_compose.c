/*
 * The composer: what it writes, octet for octet, what it refuses and where, limits from
 * both sides, sources that fail or wait, boundaries that occur in a content.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/compose.h>

#include "compose_make.h"

/* Not for the insides of braces: an array of char with its length. */
#define B(text) bytes_of((text), sizeof(text) - 1)

static mailproto_bytes bytes_of(const char *text, size_t len)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = len;
    return b;
}

static mailproto_source memory(const char *data, size_t len)
{
    mailproto_source s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.data = data;
    s.size = len;
    return s;
}

/* A description to be bent: From, To, Subject; a multipart of a text and a PDF. */
struct mail {
    mailproto_address_out from[4];
    mailproto_address_out to[4];
    mailproto_compose_field fields[6];
    mailproto_compose_field own[2];
    mailproto_compose_part parts[4];
    mailproto_source text, pdf;
    mailproto_compose_options o;
};

static void fill(struct mail *m)
{
    memset(m, 0, sizeof *m);
    m->from[0].name = B("Alice");
    m->from[0].address = B("alice@crepes.example");
    m->to[0].name = B("Bob, the \"Builder\"");
    m->to[0].address = B("bob@hamburger.example");
    m->fields[0].name = B("From");
    m->fields[0].kind = MAILPROTO_COMPOSE_ADDRESSES;
    m->fields[0].addresses = m->from;
    m->fields[0].count = 1;
    m->fields[1] = m->fields[0];
    m->fields[1].name = B("To");
    m->fields[1].addresses = m->to;
    m->fields[2].name = B("Subject");
    m->fields[2].text = B("Cr\xc3\xaapes");
    m->text = memory("Hello,\n=_ caf\xc3\xa9\n", 16);
    m->pdf = memory("\0\1\2\3\4\5\6", 7);
    m->parts[0].parent = MAILPROTO_COMPOSE_ROOT;
    m->parts[0].type = B("multipart/mixed");
    m->parts[1].type = B("text/plain");
    m->parts[1].content = &m->text;
    m->parts[2].type = B("application/pdf");
    m->parts[2].content = &m->pdf;
    m->parts[2].file_name = B("menu.pdf");
    m->o.struct_size = sizeof m->o;
    m->o.fields = m->fields;
    m->o.field_count = 3;
    m->o.parts = m->parts;
    m->o.part_count = 3;
    m->o.unique = B("0123456789abcdef");
    m->o.utc = 1700000000;
    m->o.zone_minutes = 60;
    m->o.id_domain = B("crepes.example");
}

/* One text as the message. */
static void fill_text(struct mail *m, const char *text, size_t len)
{
    fill(m);
    m->text = memory(text, len);
    m->parts[0].type = B("text/plain");
    m->parts[0].content = &m->text;
    m->o.part_count = 1;
}

static char block[MAILPROTO_COMPOSE_MEM(10)];

static mailproto_compose *start(const struct mail *m)
{
    mailproto_compose *c = NULL;
    assert_int_equal(mailproto_compose_init(block + 1, sizeof block - 1, &m->o, &c),
                     MAILPROTO_OK);
    return c;
}

static mailproto_compose_summary measured(mailproto_compose *c)
{
    mailproto_compose_summary s = {sizeof s, 0, 0};
    assert_int_equal(mailproto_compose_measure(c, &s), MAILPROTO_OK);
    return s;
}

/* All of it, measured or not, must be `want`. */
static void check_written(const struct mail *m, int measure, const char *want)
{
    struct text out = {0};
    mailproto_compose *c = start(m);
    mailproto_compose_summary s = {sizeof s, 0, 0};
    if (measure) {
        s = measured(c);
    }
    assert_int_equal(make_read(c, 4096, &out), MAILPROTO_EOF);
    assert_string_equal(text_string(&out), want);
    if (measure) {
        assert_int_equal(s.size, out.len);
    }
    text_free(&out);
}

#define HEAD                                                                           \
    "From: Alice <alice@crepes.example>\r\n"                                           \
    "To: \"Bob, the \\\"Builder\\\"\" <bob@hamburger.example>\r\n"                     \
    "Subject: =?utf-8?q?Cr=C3=AApes?=\r\n"                                             \
    "Date: Tue, 14 Nov 2023 23:13:20 +0100\r\n"                                        \
    "Message-ID: <30313233343536373839616263646566@crepes.example>\r\n"                \
    "MIME-Version: 1.0\r\n"
#define BOUNDARY "=_30313233343536373839616263646566_0_"

static void test_whole(void **state)
{
    static const char want[] =
        HEAD "Content-Type: multipart/mixed;\r\n boundary=\"" BOUNDARY "\"\r\n"
             "\r\n--" BOUNDARY "\r\n"
             "Content-Type: text/plain; charset=utf-8\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n"
             "\r\n"
             "Hello,\r\n=3D_ caf=C3=A9\r\n"
             "\r\n--" BOUNDARY "\r\n"
             "Content-Type: application/pdf\r\n"
             "Content-Transfer-Encoding: base64\r\n"
             "Content-Disposition: attachment; filename=menu.pdf\r\n"
             "\r\n"
             "AAECAwQFBg==\r\n"
             "\r\n--" BOUNDARY "--\r\n";
    struct mail m;
    (void)state;
    fill(&m);
    check_written(&m, 0, want);
    check_written(&m, 1, want);
}

/* Children in another order than depth first; a part's own fields and ids. */
static void test_tree(void **state)
{
    struct mail m;
    (void)state;
    fill(&m);
    m.parts[1].type = B("multipart/alternative");
    m.parts[1].content = NULL;
    m.parts[3] = m.parts[2];
    m.parts[3].parent = 1;
    m.parts[3].type = B("text/html");
    m.parts[3].file_name = B("");
    m.parts[3].content_id = B("x@y");
    m.parts[3].params = B("x=\"a b\"");
    m.own[0].name = B("Content-Description");
    m.own[0].text = B("d");
    m.parts[3].fields = m.own;
    m.parts[3].field_count = 1;
    m.parts[2].encoding = MAILPROTO_ENCODING_QP;
    m.o.part_count = 4;
    check_written(&m, 1,
                  HEAD "Content-Type: multipart/mixed;\r\n boundary=\"" BOUNDARY
                       "\"\r\n"
                       "\r\n--" BOUNDARY "\r\n"
                       "Content-Type: multipart/alternative;\r\n"
                       " boundary=\"=_30313233343536373839616263646566_1_\"\r\n"
                       "\r\n--=_30313233343536373839616263646566_1_\r\n"
                       "Content-Description: d\r\n"
                       "Content-Type: text/html; charset=us-ascii; x=\"a b\"\r\n"
                       "Content-Transfer-Encoding: base64\r\n"
                       "Content-ID: <x@y>\r\n"
                       "\r\n"
                       "AAECAwQFBg==\r\n"
                       "\r\n--=_30313233343536373839616263646566_1_--"
                       "\r\n--" BOUNDARY "\r\n"
                       "Content-Type: application/pdf\r\n"
                       "Content-Transfer-Encoding: quoted-printable\r\n"
                       "Content-Disposition: attachment; filename=menu.pdf\r\n"
                       "\r\n"
                       "=00=01=02=03=04=05=06"
                       "\r\n--" BOUNDARY "--\r\n");
}

static void test_fields(void **state)
{
    struct mail m;
    (void)state;
    fill_text(&m, "", 0);
    m.o.utc = INT64_MIN;
    m.o.id_domain = B("");
    m.fields[0].name = B("Bcc");
    m.fields[1].count = 4;
    m.to[0].kind = MAILPROTO_ADDRESS_GROUP_BEGIN;
    m.to[0].name = B("Us");
    m.to[0].address = B("");
    m.to[1].address = B("a@b.example");
    m.to[2].kind = MAILPROTO_ADDRESS_GROUP_END;
    m.to[3].address = B("c@d.example");
    m.fields[2].text = B("");
    m.fields[3].name = B("Resent-Date");
    m.fields[3].kind = MAILPROTO_COMPOSE_DATE;
    m.fields[3].zone_minutes = -1;
    m.fields[4].name = B("References");
    m.fields[4].kind = MAILPROTO_COMPOSE_IDS;
    m.fields[4].text = B(" <a@b> <c@[d]> ");
    m.fields[5].name = B("X-Raw");
    m.fields[5].kind = MAILPROTO_COMPOSE_RAW;
    m.fields[5].text = B("v=1;  a");
    m.o.field_count = 6;
    check_written(&m, 1,
                  "To: Us: a@b.example;, c@d.example\r\n"
                  "Subject:\r\n"
                  "Resent-Date: Wed, 31 Dec 1969 23:59:00 -0001\r\n"
                  "References: <a@b> <c@[d]>\r\n"
                  "X-Raw: v=1;  a\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=us-ascii\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n"
                  "\r\n");
    m.o.flags = MAILPROTO_COMPOSE_BCC;
    m.o.field_count = 1;
    check_written(&m, 1,
                  "Bcc: Alice <alice@crepes.example>\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=us-ascii\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n"
                  "\r\n");
    m.fields[0].count = 0;
    check_written(&m, 0,
                  "Bcc:\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n"
                  "\r\n");
}

/* Date and Message-ID of the caller stand in place of those that are made. */
static void test_given(void **state)
{
    struct mail m;
    (void)state;
    fill_text(&m, "", 0);
    m.fields[0].name = B("DATE");
    m.fields[0].kind = MAILPROTO_COMPOSE_DATE;
    m.fields[1].name = B("message-id");
    m.fields[1].kind = MAILPROTO_COMPOSE_IDS;
    m.fields[1].text = B("<a@b>");
    m.o.field_count = 2;
    m.parts[0].charset = B("x-own");
    check_written(&m, 1,
                  "DATE: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
                  "message-id: <a@b>\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=x-own\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n"
                  "\r\n");
}

static void test_utf8(void **state)
{
    struct mail m;
    mailproto_compose *c;
    (void)state;
    fill_text(&m, "x", 1);
    m.from[0].address = B("\xc3\xa9@b.example");
    assert_int_equal(mailproto_compose_check(&m.o, NULL), MAILPROTO_ERR_NOT_OFFERED);
    m.o.flags = MAILPROTO_COMPOSE_UTF8;
    m.from[0].name = B("\xc3\xa9");
    c = start(&m);
    assert_int_equal(measured(c).flags, MAILPROTO_COMPOSE_NEEDS_UTF8);
    m.o.field_count = 1;
    m.o.utc = INT64_MIN;
    m.o.id_domain = B("");
    check_written(&m, 1,
                  "From: =?utf-8?b?w6k=?= <\xc3\xa9@b.example>\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=us-ascii\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n"
                  "\r\nx");
}

/* ---- what is refused ----------------------------------------------------------------------- */

struct refusal {
    mailproto_status status;
    uint32_t part, field, address;
    uint64_t offset;
};

static void check_refused(const struct mail *m, struct refusal want)
{
    mailproto_compose_fault f;
    mailproto_compose *c = NULL;
    memset(&f, 0xee, sizeof f);
    f.struct_size = sizeof f;
    assert_int_equal(mailproto_compose_check(&m->o, &f), want.status);
    assert_int_equal(f.part, want.part);
    assert_int_equal(f.field, want.field);
    assert_int_equal(f.address, want.address);
    assert_int_equal(f.offset, want.offset);
    assert_true(f.detail[0] != '\0');
    assert_int_equal(mailproto_compose_init(block, sizeof block, &m->o, &c),
                     want.status);
    assert_null(c);
    assert_int_equal(mailproto_compose_mem_size(&m->o), 0);
}

#define NONE UINT32_MAX
#define ROOT MAILPROTO_COMPOSE_ROOT
#define REFUSED(part, field, address, offset)                                          \
    ((struct refusal){MAILPROTO_ERR_ARGUMENT, (part), (field), (address), (offset)})
/* Bends a fresh description, and looks at what is said. */
#define REFUSES(change, part, field, address, offset)                                  \
    do {                                                                               \
        struct mail m;                                                                 \
        fill(&m);                                                                      \
        change;                                                                        \
        check_refused(&m, REFUSED(part, field, address, offset));                      \
    } while (0)

static void test_refused_fields(void **state)
{
    static char name[80];
    memset(name, 'x', sizeof name);
    (void)state;
    REFUSES(m.fields[2].name = B(""), ROOT, 2, NONE, 0);
    REFUSES(m.fields[2].name = B("a b"), ROOT, 2, NONE, 1);
    REFUSES(m.fields[2].name = B("ab:"), ROOT, 2, NONE, 2);
    REFUSES(m.fields[2].name = B("X\xe9"), ROOT, 2, NONE, 1);
    REFUSES(m.fields[2].name = B("--x"), ROOT, 2, NONE, 0);
    REFUSES(m.fields[2].name = B("from"), ROOT, 2, NONE, 0);
    REFUSES(m.fields[2].name = B("Content-Type"), ROOT, 2, NONE, 0);
    REFUSES(m.fields[2].name = B("mime-version"), ROOT, 2, NONE, 0);
    REFUSES(m.fields[2].name = bytes_of(name, 77), ROOT, 2, NONE, 0);
    REFUSES(m.fields[2].kind = 5, ROOT, 2, NONE, 0);
    REFUSES(m.fields[2].text = B("ab\xff"), ROOT, 2, NONE, 2);
    REFUSES(m.fields[1].count = 0, ROOT, 1, NONE, 0);
    REFUSES(m.fields[1].addresses = NULL, ROOT, 1, NONE, 0);
    REFUSES(m.to[0].address = B("b@c d@e"), ROOT, 1, 0, 0);
    REFUSES(m.to[0].address = B("b@c, d@e"), ROOT, 1, 0, 0);
    REFUSES(m.to[0].address = B("<b@c>"), ROOT, 1, 0, 0);
    REFUSES(m.to[0].address = B("b@c (x)"), ROOT, 1, 0, 0);
    REFUSES(m.to[0].address = B("b"), ROOT, 1, 0, 0);
    REFUSES(m.to[0].address = B(""), ROOT, 1, 0, 0);
    REFUSES(m.to[0].name = B("a\xc3"), ROOT, 1, 0, 1);
    REFUSES(m.to[0].kind = 4, ROOT, 1, 0, 0);
    REFUSES(m.to[0].kind = MAILPROTO_ADDRESS_GROUP_BEGIN, ROOT, 1, 0, 0);
    REFUSES((m.to[0].kind = MAILPROTO_ADDRESS_GROUP_BEGIN, m.to[0].address = B("")),
            ROOT, 1, 0, 0);
    REFUSES((m.to[1].kind = MAILPROTO_ADDRESS_GROUP_END, m.fields[1].count = 2), ROOT,
            1, 1, 0);
    REFUSES(
        (m.fields[2].kind = MAILPROTO_COMPOSE_DATE, m.fields[2].zone_minutes = 1440),
        ROOT, 2, NONE, 0);
    REFUSES(
        (m.fields[2].kind = MAILPROTO_COMPOSE_IDS, m.fields[2].text = B("<a@b> c@d")),
        ROOT, 2, NONE, 6);
    REFUSES((m.fields[2].kind = MAILPROTO_COMPOSE_IDS, m.fields[2].text = B(" ")), ROOT,
            2, NONE, 0);
    REFUSES((m.fields[2].kind = MAILPROTO_COMPOSE_IDS, m.fields[2].text = B("<a@>")),
            ROOT, 2, NONE, 0);
    REFUSES((m.fields[2].kind = MAILPROTO_COMPOSE_IDS, m.fields[2].text = B("<a@b>,")),
            ROOT, 2, NONE, 0);
    REFUSES((m.fields[2].kind = MAILPROTO_COMPOSE_RAW, m.fields[2].text = B("  ")),
            ROOT, 2, NONE, 0);
}

static void test_refused_parts(void **state)
{
    (void)state;
    REFUSES(m.o.struct_size = 0, ROOT, NONE, NONE, 0);
    REFUSES(m.o.part_count = 0, ROOT, NONE, NONE, 0);
    REFUSES(m.o.parts = NULL, ROOT, NONE, NONE, 0);
    REFUSES(m.o.flags = 16, ROOT, NONE, NONE, 0);
    REFUSES(m.o.cpu = 1, ROOT, NONE, NONE, 0);
    REFUSES(m.o.unique.len = 15, ROOT, NONE, NONE, 0);
    REFUSES(m.o.zone_minutes = 1440, ROOT, NONE, NONE, 0);
    REFUSES(m.o.utc = INT64_MAX, ROOT, NONE, NONE, 0);
    REFUSES(m.o.id_domain = B("a b"), ROOT, NONE, NONE, 0);
    REFUSES(m.o.id_domain = B("a..b"), ROOT, NONE, NONE, 0);
    REFUSES(m.o.id_domain = B("a>"), ROOT, NONE, NONE, 0);
    REFUSES(m.parts[0].parent = 0, 0, NONE, NONE, 0);
    REFUSES(m.parts[1].parent = ROOT, 1, NONE, NONE, 0);
    REFUSES(m.parts[1].parent = 1, 1, NONE, NONE, 0);
    REFUSES(m.parts[2].parent = 1, 2, NONE, NONE, 0);
    REFUSES(m.o.part_count = 1, 0, NONE, NONE, 0);
    REFUSES(m.parts[0].content = &m.text, 0, NONE, NONE, 0);
    REFUSES(m.parts[0].encoding = MAILPROTO_ENCODING_7BIT, 0, NONE, NONE, 0);
    REFUSES(m.parts[0].charset = B("x"), 0, NONE, NONE, 0);
    REFUSES(m.parts[1].flags = 2, 1, NONE, NONE, 0);
    REFUSES(m.parts[1].encoding = MAILPROTO_ENCODING_UU, 1, NONE, NONE, 0);
    REFUSES(m.parts[1].type = B("text"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].type = B("text/"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].type = B("/x"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].type = B("text/a;b"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].charset = B("a b"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].disposition = B("x; y"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].file_name = B("a\xff"), 1, NONE, NONE, 1);
    REFUSES(m.parts[1].content_id = B("<a@b>"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].content_id = B("a"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].params = B("a"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].params = B("a=b;"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].params = B(" a=b"), 1, NONE, NONE, 0);
    REFUSES(m.parts[1].params = B("a=b; Boundary=x"), 1, NONE, NONE, 5);
    REFUSES(m.parts[1].params = B("a=b c=d"), 1, NONE, NONE, 4);
    REFUSES(m.parts[1].params = B("a=\"b"), 1, NONE, NONE, 2);
    REFUSES((m.parts[1].type = B("message/rfc822"),
             m.parts[1].encoding = MAILPROTO_ENCODING_QP),
            1, NONE, NONE, 0);
    REFUSES(m.text.struct_size = 4, 1, NONE, NONE, 0);
    REFUSES(m.text.data = NULL, 1, NONE, NONE, 0);
    REFUSES(m.parts[1].flags = MAILPROTO_COMPOSE_VERBATIM, 1, NONE, NONE, 0);
    REFUSES((m.own[0].name = B("X:"), m.parts[1].fields = m.own,
             m.parts[1].field_count = 1),
            1, 0, NONE, 1);
}

static void test_not_offered(void **state)
{
    struct mail m;
    struct refusal want = {MAILPROTO_ERR_NOT_OFFERED, 1, NONE, NONE, 0};
    (void)state;
    fill(&m);
    m.parts[1].encoding = MAILPROTO_ENCODING_8BIT;
    check_refused(&m, want);
    m.parts[1].encoding = MAILPROTO_ENCODING_BINARY;
    m.o.flags = MAILPROTO_COMPOSE_8BIT;
    check_refused(&m, want);
    m.o.flags = MAILPROTO_COMPOSE_BINARY;
    assert_int_equal(mailproto_compose_check(&m.o, NULL), MAILPROTO_OK);
    fill(&m);
    want.part = ROOT;
    want.field = 2;
    m.fields[2].kind = MAILPROTO_COMPOSE_RAW;
    check_refused(&m, want);
    want.field = NONE;
    fill(&m);
    m.o.id_domain = B("\xc3\xa9.example");
    check_refused(&m, want);
}

/* Every text at every place with every octet that could do harm. */
static void test_injection(void **state)
{
    static const char octets[] = {'\r', '\n', '\0', '\x0b', '\x0c', '\x01', '\x7f'};
    char text[64];
    size_t slot;
    size_t i;
    size_t at;
    (void)state;
    for (slot = 0; slot < 14; slot++) {
        for (i = 0; i < sizeof octets * 21; i++) {
            struct mail m;
            mailproto_bytes *slots[14];
            mailproto_bytes old;
            mailproto_compose_fault f = {sizeof f, 0, 0, 0, 0, NULL};
            fill(&m);
            slots[0] = &m.fields[2].name;
            slots[1] = &m.fields[2].text;
            slots[2] = &m.to[0].name;
            slots[3] = &m.to[0].address;
            slots[4] = &m.o.id_domain;
            slots[5] = &m.parts[1].type;
            slots[6] = &m.parts[1].params;
            slots[7] = &m.parts[1].charset;
            slots[8] = &m.parts[1].disposition;
            slots[9] = &m.parts[1].file_name;
            slots[10] = &m.parts[1].content_id;
            slots[11] = &m.fields[3].text;
            slots[12] = &m.fields[4].text;
            slots[13] = &m.own[0].text;
            m.parts[1].params = B("name=value");
            m.parts[1].charset = B("x-charset");
            m.parts[1].disposition = B("inline");
            m.parts[1].file_name = B("a file name");
            m.parts[1].content_id = B("a.b@c.d");
            m.parts[1].fields = m.own;
            m.parts[1].field_count = 1;
            m.own[0].name = B("X-Own");
            m.own[0].text = B("a text");
            m.fields[3].name = B("X-Ids");
            m.fields[3].kind = MAILPROTO_COMPOSE_IDS;
            m.fields[3].text = B("<a@b> <c@d>");
            m.fields[4].name = B("X-Raw");
            m.fields[4].kind = MAILPROTO_COMPOSE_RAW;
            m.fields[4].text = B("some raw text");
            m.o.field_count = 5;
            assert_int_equal(mailproto_compose_check(&m.o, &f), MAILPROTO_OK);
            old = *slots[slot];
            at = i / sizeof octets;
            if (at > old.len) {
                continue;
            }
            memcpy(text, old.ptr, at);
            text[at] = octets[i % sizeof octets];
            memcpy(text + at + 1, old.ptr + at, old.len - at);
            *slots[slot] = bytes_of(text, old.len + 1);
            assert_int_equal(mailproto_compose_check(&m.o, &f), MAILPROTO_ERR_ARGUMENT);
        }
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void check_lines(const struct text *t, size_t max)
{
    const char *at = t->data;
    const char *end = t->data + t->len;
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        assert_non_null(lf);
        assert_true(lf > at && lf[-1] == '\r');
        assert_true((size_t)(lf - at) - 1 <= max);
        at = lf + 1;
    }
}

static void test_folds(void **state)
{
    struct mail m;
    struct text out = {0};
    struct text long_text = {0};
    size_t i;
    (void)state;
    for (i = 0; i < 3000; i++) {
        text_add(&long_text, i % 7 == 0 ? "word \xc3\xa9 " : "plain words ",
                 i % 7 == 0 ? 8 : 12);
    }
    fill_text(&m, "", 0);
    m.fields[2].text = bytes_of(long_text.data, long_text.len - 1);
    m.fields[3].name = B("X-Plain");
    m.fields[3].kind = MAILPROTO_COMPOSE_RAW;
    m.fields[3].text = m.fields[2].text;
    m.o.flags = MAILPROTO_COMPOSE_UTF8;
    m.o.field_count = 4;
    assert_int_equal(make_read(start(&m), 100, &out), MAILPROTO_EOF);
    check_lines(&out, 78);
    text_free(&out);
    text_free(&long_text);
}

static void test_limits(void **state)
{
    static char x[1200];
    struct mail m;
    struct text out = {0};
    (void)state;
    memset(x, 'x', sizeof x);
    fill_text(&m, "", 0);
    m.fields[2].name = bytes_of(x, 76);
    m.fields[2].kind = MAILPROTO_COMPOSE_RAW;
    m.fields[2].text = bytes_of(x, 900);
    assert_int_equal(make_read(start(&m), 100, &out), MAILPROTO_EOF);
    check_lines(&out, 998);
    text_free(&out);
    m.fields[2].text = bytes_of(x, 901);
    check_refused(&m, REFUSED(ROOT, 2, NONE, 0));
    /* unstructured text is encoded instead */
    m.fields[2].kind = MAILPROTO_COMPOSE_TEXT;
    assert_int_equal(make_read(start(&m), 100, &out), MAILPROTO_EOF);
    check_lines(&out, 78);
    text_free(&out);
    m.to[0].name = bytes_of(x, 400);
    assert_int_equal(mailproto_compose_check(&m.o, NULL), MAILPROTO_OK);
    m.to[0].name = bytes_of(x, 401);
    check_refused(&m, REFUSED(ROOT, 1, 0, 400));
    fill(&m);
    m.parts[1].file_name = bytes_of(x, 255);
    assert_int_equal(make_read(start(&m), 100, &out), MAILPROTO_EOF);
    check_lines(&out, 78);
    m.parts[1].file_name = bytes_of(x, 256);
    check_refused(&m, REFUSED(1, NONE, NONE, 255));
    text_free(&out);
}

/* The most that each text may take fits the scratch. */
static void test_worst(void **state)
{
    static const char *const patterns[] = {
        "\"",  "\\", "\xc3\xa9", "\xf0\x9f\x98\x80", "a\xc3\xa9", "x ",
        "\" ", "=?", "%"};
    size_t p;
    (void)state;
    for (p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        struct text name = {0};
        struct text spec = {0};
        struct text out = {0};
        struct mail m;
        while (name.len + strlen(patterns[p]) <= 400) {
            text_add(&name, patterns[p], strlen(patterns[p]));
        }
        text_print(&spec, "%0*d@%0*d.example", 64, 1, 247, 2);
        fill(&m);
        m.to[0].name = bytes_of(name.data, name.len);
        m.to[0].address = bytes_of(spec.data, spec.len);
        m.to[1] = m.to[0];
        m.fields[1].count = 2;
        name.len -= name.len > 255 ? name.len - 252 : 0;
        m.parts[1].file_name = bytes_of(name.data, name.len);
        if (mailproto_compose_check(&m.o, NULL) != MAILPROTO_OK) {
            m.parts[1].file_name.len -= 2; /* cut in a character */
        }
        assert_int_equal(make_read(start(&m), 100, &out), MAILPROTO_EOF);
        check_lines(&out, 998);
        text_free(&name);
        text_free(&spec);
        text_free(&out);
    }
}

/* ---- encodings -------------------------------------------------------------------------------- */

static void test_encodings(void **state)
{
    static char x[1000];
    static const struct {
        const char *text;
        size_t len;
        uint32_t flags, asked;
        mailproto_status status;
        const char *encoding;
        uint32_t needs;
    } cases[] = {
        {"a\n", 2, 0, 0, 0, "7bit", 0},
        {"a\xc3\xa9\n", 4, 0, 0, 0, "quoted-printable", 0},
        {"a\xc3\xa9\n", 4, 1, 0, 0, "8bit", MAILPROTO_COMPOSE_NEEDS_8BIT},
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 8, 0, 0, 0, "base64", 0},
        {"a\rb", 3, 3, 0, 0, "quoted-printable", 0},
        {"a\0b", 3, 3, 0, 0, "quoted-printable", 0},
        {"a\r", 2, 3, 0, 0, "quoted-printable", 0},
        {"a\xc3\xa9", 3, 3, MAILPROTO_ENCODING_7BIT, MAILPROTO_ERR_ARGUMENT, "", 0},
        {"a\0", 2, 3, MAILPROTO_ENCODING_8BIT, MAILPROTO_ERR_ARGUMENT, "", 0},
        {"a\rb", 3, 3, MAILPROTO_ENCODING_7BIT, MAILPROTO_ERR_ARGUMENT, "", 0},
        {"a\r", 2, 3, MAILPROTO_ENCODING_7BIT, MAILPROTO_ERR_ARGUMENT, "", 0},
        {"a\r\n", 3, 0, MAILPROTO_ENCODING_7BIT, 0, "7bit", 0},
        {"a\0\r\n\n", 5, 2, MAILPROTO_ENCODING_BINARY, 0, "binary",
         MAILPROTO_COMPOSE_NEEDS_BINARY},
        {"a", 1, 0, MAILPROTO_ENCODING_BASE64, 0, "base64", 0},
        {"a", 1, 0, MAILPROTO_ENCODING_QP, 0, "quoted-printable", 0},
        {x, 998, 0, 0, 0, "7bit", 0},
        {x, 999, 0, 0, 0, "quoted-printable", 0},
        {x, 998, 0, MAILPROTO_ENCODING_7BIT, 0, "7bit", 0},
        {x, 999, 0, MAILPROTO_ENCODING_7BIT, MAILPROTO_ERR_ARGUMENT, "", 0},
    };
    size_t i;
    (void)state;
    memset(x, 'x', sizeof x);
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail m;
        struct text out = {0};
        char line[100] = "Content-Transfer-Encoding: ";
        mailproto_compose *c;
        mailproto_compose_summary s = {sizeof s, 0, 0};
        fill_text(&m, cases[i].text, cases[i].len);
        m.o.flags = cases[i].flags;
        m.parts[0].encoding = cases[i].asked;
        c = start(&m);
        assert_int_equal(mailproto_compose_measure(c, &s), cases[i].status);
        if (cases[i].status != MAILPROTO_OK) {
            /* without measuring it is said when the content comes by */
            assert_int_equal(make_read(c, 7, &out), cases[i].status);
            assert_int_equal(make_read(c, 7, &out), cases[i].status);
            text_free(&out);
            continue;
        }
        assert_int_equal(s.flags, cases[i].needs);
        assert_int_equal(make_read(c, 7, &out), MAILPROTO_EOF);
        assert_int_equal(s.size, out.len);
        strcat(line, cases[i].encoding);
        strcat(line, "\r\n");
        assert_non_null(strstr(text_string(&out), line));
        text_free(&out);
    }
}

/* Octets are not text: LF alone cannot go as lines. */
static void test_octets(void **state)
{
    struct mail m;
    struct text out = {0};
    (void)state;
    fill_text(&m, "{\n}", 3);
    m.parts[0].type = B("application/json");
    (void)measured(start(&m));
    assert_int_equal(make_read(start(&m), 9, &out), MAILPROTO_EOF);
    m.parts[0].encoding = MAILPROTO_ENCODING_7BIT;
    assert_int_equal(make_read(start(&m), 9, &out), MAILPROTO_ERR_ARGUMENT);
    text_free(&out);
    m.text = memory("{\r\n}", 4);
    m.parts[0].encoding = 0;
    m.o.field_count = 0;
    m.o.utc = INT64_MIN;
    m.o.id_domain = B("");
    check_written(&m, 1,
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: application/json\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n"
                  "\r\n{\r\n}");
}

/* message/rfc822 has no encoding: what the path does not take cannot be sent. */
static void test_message(void **state)
{
    struct mail m;
    struct text out = {0};
    mailproto_compose *c;
    (void)state;
    fill_text(&m, "Subject: \xc3\xa9\n\nx", 14);
    m.parts[0].type = B("message/rfc822");
    c = start(&m);
    assert_int_equal(mailproto_compose_measure(c, NULL), MAILPROTO_ERR_NOT_OFFERED);
    assert_int_equal(make_read(c, 10, &out), MAILPROTO_ERR_NOT_OFFERED);
    text_free(&out);
    m.o.flags = MAILPROTO_COMPOSE_8BIT;
    c = start(&m);
    assert_int_equal(measured(c).flags, MAILPROTO_COMPOSE_NEEDS_8BIT);
    assert_int_equal(make_read(c, 10, &out), MAILPROTO_EOF);
    assert_non_null(strstr(text_string(&out), "\r\n\r\nSubject: \xc3\xa9\r\n\r\nx"));
    text_free(&out);
    m.text = memory("a\0", 2);
    assert_int_equal(mailproto_compose_measure(start(&m), NULL),
                     MAILPROTO_ERR_ARGUMENT);
    /* around it, a multipart says 8bit too (RFC 2045 6.4) */
    fill(&m);
    m.parts[1].encoding = MAILPROTO_ENCODING_8BIT;
    m.o.flags = MAILPROTO_COMPOSE_8BIT;
    assert_int_equal(make_read(start(&m), 10, &out), MAILPROTO_EOF);
    assert_non_null(strstr(text_string(&out),
                           "_0_\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--=_"));
    text_free(&out);
}

static void test_verbatim(void **state)
{
    struct mail m;
    (void)state;
    fill(&m);
    m.parts[1].flags = MAILPROTO_COMPOSE_VERBATIM;
    m.parts[1].type = B("");
    m.text = memory("X:  y \r\n\r\n -- \r\n--=_", 20);
    m.o.part_count = 2;
    check_written(&m, 1,
                  HEAD "Content-Type: multipart/mixed;\r\n boundary=\"" BOUNDARY
                       "\"\r\n\r\n--" BOUNDARY "\r\n"
                       "X:  y \r\n\r\n -- \r\n--=_"
                       "\r\n--" BOUNDARY "--\r\n");
    m.text = memory("X: y\n\n", 6); /* it would not be the same octets */
    assert_int_equal(mailproto_compose_measure(start(&m), NULL),
                     MAILPROTO_ERR_ARGUMENT);
    /* as the message: nothing is added, but to fields that are given */
    fill_text(&m, "X: y\r\n\r\n", 8);
    m.parts[0].type = B("");
    m.parts[0].flags = MAILPROTO_COMPOSE_VERBATIM;
    check_written(&m, 1, HEAD "X: y\r\n\r\n");
    m.o.field_count = 0;
    m.o.utc = INT64_MIN;
    m.o.id_domain = B("");
    check_written(&m, 0, "X: y\r\n\r\n");
}

/* ---- boundaries ---------------------------------------------------------------------------------- */

static void test_clash(void **state)
{
    static const char text[] =
        "before\r\n--" BOUNDARY "\r\nContent-Type: text/html\r\n";
    static const char near_one[] = "--=_3031323334353637383961626364656_0_\r\n"
                                   "x--" BOUNDARY "\r\n--=_";
    struct mail m;
    struct text out = {0};
    mailproto_compose *c;
    size_t cap;
    (void)state;
    for (cap = 1; cap < 60; cap += 6) {
        fill(&m);
        m.text = memory(text, sizeof text - 1);
        m.parts[1].encoding = MAILPROTO_ENCODING_7BIT;
        c = start(&m);
        assert_int_equal(make_read(c, cap, &out), MAILPROTO_ERR_ARGUMENT);
        assert_true(out.len > 8 &&
                    memcmp(out.data + out.len - 8, "before\r\n", 8) == 0);
        text_free(&out);
    }
    assert_int_equal(mailproto_compose_rewind(c), MAILPROTO_OK);
    assert_int_equal(mailproto_compose_measure(c, NULL), MAILPROTO_ERR_ARGUMENT);
    m.parts[1].encoding = MAILPROTO_ENCODING_BINARY;
    m.o.flags = MAILPROTO_COMPOSE_BINARY;
    assert_int_equal(mailproto_compose_measure(start(&m), NULL),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(make_read(start(&m), 50, &out), MAILPROTO_ERR_ARGUMENT);
    text_free(&out);
    m.parts[1].encoding = 0; /* it can be encoded */
    c = start(&m);
    (void)measured(c);
    assert_int_equal(make_read(c, 50, &out), MAILPROTO_EOF);
    assert_non_null(strstr(text_string(&out), "\r\n--=3D_3031"));
    text_free(&out);
    m.text = memory(near_one, sizeof near_one - 1);
    c = start(&m);
    (void)measured(c);
    assert_int_equal(make_read(c, 3, &out), MAILPROTO_EOF);
    assert_non_null(strstr(text_string(&out), near_one));
    text_free(&out);
}

/* ---- sources --------------------------------------------------------------------------------------- */

struct odd {
    mailproto_status status; /* said at call `when` */
    size_t got;
    unsigned when, calls;
};

static mailproto_status odd_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct odd *s = (struct odd *)ctx;
    (void)cap;
    s->calls++;
    if (s->calls == s->when) {
        *got = s->got;
        return s->status;
    }
    memcpy(buf, "abc", 3);
    *got = 3;
    return s->calls > 9 ? MAILPROTO_EOF : MAILPROTO_OK;
}

static mailproto_status odd_read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                    size_t *got)
{
    (void)offset;
    return odd_read(ctx, buf, cap, got);
}

static void test_source_errors(void **state)
{
    static const struct {
        mailproto_status says;
        size_t got;
        mailproto_status becomes;
    } cases[] = {{MAILPROTO_ERR_IO, 0, MAILPROTO_ERR_IO},
                 {MAILPROTO_OK, 0, MAILPROTO_ERR_ARGUMENT},
                 {MAILPROTO_OK, 5000, MAILPROTO_ERR_ARGUMENT},
                 {MAILPROTO_YOUR_TURN, 0, MAILPROTO_ERR_ARGUMENT}};
    size_t i;
    int at;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (at = 0; at < 2; at++) {
            struct odd odd = {cases[i].says, cases[i].got, 3, 0};
            struct mail m;
            struct text out = {0};
            mailproto_compose *c;
            fill_text(&m, "", 0);
            memset(&m.text, 0, sizeof m.text);
            m.text.struct_size = sizeof m.text;
            m.text.ctx = &odd;
            m.text.size = MAILPROTO_SIZE_UNKNOWN;
            m.text.read = at ? NULL : odd_read;
            m.text.read_at = at ? odd_read_at : NULL;
            c = start(&m);
            if (at) {
                assert_int_equal(mailproto_compose_measure(c, NULL), cases[i].becomes);
                odd.calls = 0;
            }
            assert_int_equal(make_read(c, 50, &out), cases[i].becomes);
            assert_int_equal(make_read(c, 50, &out), cases[i].becomes); /* it sticks */
            assert_int_equal(odd.calls, 3);
            assert_int_equal(mailproto_compose_rewind(c),
                             at ? MAILPROTO_OK : MAILPROTO_ERR_STATE);
            text_free(&out);
        }
    }
}

static void test_not_ready(void **state)
{
    struct odd odd = {MAILPROTO_NOT_READY, 0, 1, 0};
    struct mail m;
    struct text out = {0};
    mailproto_compose *c;
    mailproto_compose_summary s = {sizeof s, 0, 0};
    char buf[10];
    size_t got;
    (void)state;
    fill_text(&m, "", 0);
    memset(&m.text, 0, sizeof m.text);
    m.text.struct_size = sizeof m.text;
    m.text.ctx = &odd;
    m.text.size = 9;
    m.text.read_at = odd_read_at;
    c = start(&m);
    assert_int_equal(mailproto_compose_measure(c, &s), MAILPROTO_NOT_READY);
    assert_int_equal(mailproto_compose_read(c, buf, sizeof buf, &got),
                     MAILPROTO_ERR_STATE);
    s = measured(c);
    odd.calls = 0;
    assert_int_equal(make_read(c, 3, &out), MAILPROTO_EOF);
    assert_int_equal(out.len, s.size);
    assert_non_null(strstr(text_string(&out), "\r\n\r\nabcabcabc"));
    assert_int_equal(mailproto_compose_measure(c, &s), MAILPROTO_ERR_STATE);
    text_free(&out);
}

/* Content that is not what was measured. */
static void test_changed(void **state)
{
    struct mail m;
    struct text out = {0};
    mailproto_compose *c;
    (void)state;
    fill_text(&m, "abcd", 4);
    c = start(&m);
    (void)measured(c);
    m.text.size = 3;
    assert_int_equal(make_read(c, 50, &out), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_compose_rewind(c), MAILPROTO_OK);
    m.text.size = 4;
    text_free(&out);
    assert_int_equal(make_read(c, 50, &out), MAILPROTO_EOF);
    text_free(&out);
}

static void test_rewind(void **state)
{
    struct mail m;
    struct text out = {0};
    struct text again = {0};
    mailproto_compose *c;
    char buf[100];
    size_t got;
    size_t cap;
    (void)state;
    fill(&m);
    c = start(&m);
    (void)measured(c);
    assert_int_equal(make_read(c, 5, &out), MAILPROTO_EOF);
    for (cap = 1; cap < 600; cap += 37) { /* from anywhere */
        size_t left = cap;
        assert_int_equal(mailproto_compose_rewind(c), MAILPROTO_OK);
        while (left > 0) {
            assert_int_equal(
                mailproto_compose_read(c, buf, left < 100 ? left : 100, &got),
                MAILPROTO_OK);
            left -= got;
        }
        assert_int_equal(mailproto_compose_rewind(c), MAILPROTO_OK);
        assert_int_equal(make_read(c, 50, &again), MAILPROTO_EOF);
        assert_int_equal(again.len, out.len);
        assert_memory_equal(again.data, out.data, out.len);
        text_free(&again);
    }
    text_free(&out);
}

/* ---- the block --------------------------------------------------------------------------------- */

static void test_block(void **state)
{
    struct mail m;
    mailproto_compose *c = NULL;
    mailproto_compose_summary s = {sizeof s, 0, 0};
    mailproto_compose_fault f = {sizeof f, 0, 0, 0, 0, NULL};
    mailproto_source source;
    size_t size;
    size_t got;
    char wide[sizeof m.o + 8] = {0};
    uint32_t width = sizeof wide;
    (void)state;
    fill(&m);
    size = mailproto_compose_mem_size(&m.o);
    assert_true(size > 0 && size <= MAILPROTO_COMPOSE_MEM(3));
    assert_int_equal(mailproto_compose_init(block, size - 1, &m.o, &c),
                     MAILPROTO_ERR_MEMORY);
    assert_int_equal(mailproto_compose_init(block, size, &m.o, &c), MAILPROTO_OK);
    assert_int_equal(mailproto_compose_read(c, wide, 0, &got), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_compose_source(c, &source), MAILPROTO_OK);
    assert_true(source.size == MAILPROTO_SIZE_UNKNOWN);
    s = measured(c);
    assert_int_equal(mailproto_compose_source(c, &source), MAILPROTO_OK);
    assert_int_equal(source.size, s.size);
    assert_true(source.read == mailproto_compose_read && source.ctx == c);
    assert_int_equal(mailproto_compose_init(NULL, size, &m.o, &c),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_compose_init(block, size, NULL, &c),
                     MAILPROTO_ERR_ARGUMENT);
    memcpy(wide, &m.o, sizeof m.o);
    memcpy(wide, &width, sizeof width);
    assert_int_equal(mailproto_compose_check((const void *)wide, &f), MAILPROTO_OK);
    assert_int_equal(f.part, ROOT);
    assert_int_equal(f.field, NONE);
    wide[sizeof wide - 1] = 1;
    assert_int_equal(
        mailproto_compose_init(block, sizeof block, (const void *)wide, &c),
        MAILPROTO_ERR_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),         cmocka_unit_test(test_tree),
        cmocka_unit_test(test_fields),        cmocka_unit_test(test_given),
        cmocka_unit_test(test_utf8),          cmocka_unit_test(test_refused_fields),
        cmocka_unit_test(test_refused_parts), cmocka_unit_test(test_not_offered),
        cmocka_unit_test(test_injection),     cmocka_unit_test(test_folds),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_worst),
        cmocka_unit_test(test_encodings),     cmocka_unit_test(test_octets),
        cmocka_unit_test(test_message),       cmocka_unit_test(test_verbatim),
        cmocka_unit_test(test_clash),         cmocka_unit_test(test_source_errors),
        cmocka_unit_test(test_not_ready),     cmocka_unit_test(test_changed),
        cmocka_unit_test(test_rewind),        cmocka_unit_test(test_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
