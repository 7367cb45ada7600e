/* What a reply says of its original: threads, the one Re:, trimming, hostile headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/compose.h>

#include "text.h"

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

static void equal(mailproto_bytes got, const char *want)
{
    struct text t = {0};
    text_add(&t, got.ptr, got.len);
    assert_string_equal(text_string(&t), want);
    text_free(&t);
}

/* What is made passes the composer's check. */
static void check_usable(const mailproto_reply *r)
{
    mailproto_compose_field fields[3];
    mailproto_compose_part part;
    mailproto_compose_options o;
    memset(fields, 0, sizeof fields);
    memset(&part, 0, sizeof part);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    fields[0].name = bytes("Subject");
    fields[0].text = r->subject;
    o.fields = fields;
    o.field_count = 1;
    if (r->in_reply_to.len > 0) {
        fields[1].name = bytes("In-Reply-To");
        fields[1].kind = MAILPROTO_COMPOSE_IDS;
        fields[1].text = r->in_reply_to;
        fields[2].name = bytes("References");
        fields[2].kind = MAILPROTO_COMPOSE_IDS;
        fields[2].text = r->references;
        o.field_count = 3;
    }
    part.parent = MAILPROTO_COMPOSE_ROOT;
    o.parts = &part;
    o.part_count = 1;
    assert_int_equal(mailproto_compose_check(&o, NULL), MAILPROTO_OK);
}

static void check_reply(const char *header, const char *in_reply_to,
                        const char *references, const char *subject)
{
    char buf[2048];
    mailproto_reply r = {sizeof r, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    assert_int_equal(mailproto_reply_make(bytes(header), buf, sizeof buf, &r),
                     MAILPROTO_OK);
    equal(r.in_reply_to, in_reply_to);
    equal(r.references, references);
    equal(r.subject, subject);
    check_usable(&r);
}

static void test_subject(void **state)
{
    (void)state;
    check_reply("Subject: x\r\n\r\n", "", "", "Re: x");
    check_reply("Subject: Re: x\r\n\r\n", "", "", "Re: x");
    check_reply("Subject: RE:re:  Re : x\r\n\r\n", "", "", "Re: Re : x");
    check_reply("Subject: Reply\r\n", "", "", "Re: Reply");
    check_reply("Subject: re:\r\n", "", "", "Re: ");
    check_reply("From: x@y\r\n", "", "", "Re: ");
    check_reply("", "", "", "Re: ");
    check_reply("subject:=?utf-8?q?Re=3A_caf=C3=A9?=\r\n", "", "", "Re: caf\xc3\xa9");
    check_reply("Subject: a\r\n b\r\nSubject: c\r\n", "", "", "Re: a b");
    check_reply("Subject: =?utf-8?q?a=0D=0ABcc:_x=00y?=\r\n", "", "", "Re: a Bcc: x y");
}

static void test_references(void **state)
{
    (void)state;
    check_reply("Message-ID: <a@b>\r\nSubject: x\r\n", "<a@b>", "<a@b>", "Re: x");
    check_reply("Message-ID: <a@b>\r\nReferences: <c@d>\r\n <e@f>\r\nSubject: x\r\n",
                "<a@b>", "<c@d> <e@f> <a@b>", "Re: x");
    check_reply("Message-ID: <a@b>\r\nIn-Reply-To: <c@d>\r\nSubject: x\r\n", "<a@b>",
                "<c@d> <a@b>", "Re: x");
    check_reply("Message-ID: <a@b>\r\nIn-Reply-To: <c@d> <e@f>\r\nSubject: x\r\n",
                "<a@b>", "<a@b>", "Re: x");
    check_reply("Message-ID: <a@b>\r\nReferences: <1@r>\r\nIn-Reply-To: <c@d>\r\n",
                "<a@b>", "<1@r> <a@b>", "Re: ");
    check_reply("References: <c@d>\r\n", "", "<c@d>", "Re: ");
    /* ids that could not be sent are left out */
    check_reply("Message-ID: <a(x)b@c>\r\nReferences: <c@d> <\xff@d> x <e@f>\r\n", "",
                "<c@d> <e@f>", "Re: ");
}

/* The first and the last ones, as many as there is room for. */
static void test_trim(void **state)
{
    struct text header = {0};
    char buf[2048];
    mailproto_reply r = {sizeof r, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    size_t cap;
    unsigned i;
    (void)state;
    text_print(&header, "Message-ID: <parent@b.example>\r\nReferences:");
    for (i = 0; i < 200; i++) {
        text_print(&header, " <%04u@thread.example>\r\n", i);
    }
    text_print(&header, "Subject: x\r\n");
    for (cap = 60; cap <= sizeof buf; cap++) {
        mailproto_bytes h;
        size_t n;
        h.ptr = header.data;
        h.len = header.len;
        assert_int_equal(mailproto_reply_make(h, buf, cap, &r), MAILPROTO_OK);
        check_usable(&r);
        n = r.references.len;
        assert_true(n >= 18 &&
                    memcmp(r.references.ptr + n - 18, "<parent@b.example>", 18) == 0);
        if (n > 18) {
            assert_memory_equal(r.references.ptr, "<0000@thread.example> ", 22);
        }
        if (n > 18 + 22) {
            assert_memory_equal(r.references.ptr + n - 18 - 22,
                                "<0199@thread.example> ", 22);
        }
        /* no room for another one is left */
        assert_true(cap - (size_t)(r.references.ptr + n - buf) < 22 || n == 18);
    }
    text_free(&header);
}

static void test_room(void **state)
{
    static const char header[] = "Message-ID: <a@b>\r\nSubject: hello\r\n";
    static char huge[5000];
    char buf[2048];
    mailproto_reply r = {sizeof r, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    mailproto_bytes h;
    (void)state;
    assert_int_equal(mailproto_reply_make(bytes(header), buf, 8, &r),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_reply_make(bytes(header), buf, 4, &r),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_reply_make(bytes(header), buf, 14, &r), MAILPROTO_OK);
    equal(r.references, "<a@b>");
    assert_int_equal(mailproto_reply_make(bytes(header), NULL, 14, &r),
                     MAILPROTO_ERR_ARGUMENT);
    r.struct_size = 0;
    assert_int_equal(mailproto_reply_make(bytes(header), buf, 14, &r),
                     MAILPROTO_ERR_ARGUMENT);
    r.struct_size = sizeof r;
    /* 2048 suffice for everything; a subject is cut between characters */
    memset(huge, 'x', sizeof huge);
    memcpy(huge, "Subject: ", 9);
    for (h.len = 9; h.len + 2 < sizeof huge; h.len += 2) {
        memcpy(huge + h.len, "\xc3\xa9", 2);
    }
    h.ptr = huge;
    assert_int_equal(mailproto_reply_make(h, buf, sizeof buf, &r), MAILPROTO_OK);
    assert_true(r.subject.len > 900 && r.subject.len <= 1002);
    check_usable(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
