/*
 * The light reading of Content-Type and Content-Disposition.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "message/content_type.h"

enum {
    SYNTAX = MAILPROTO__TYPE_SYNTAX,
    PARAMS = MAILPROTO__TYPE_PARAMS,
    BOUNDARY = MAILPROTO__TYPE_BOUNDARY,
    ODD = MAILPROTO__TYPE_ODD,
    LIMIT = MAILPROTO__TYPE_LIMIT,
    NAMED = MAILPROTO__TYPE_NAMED,
    JUNK = MAILPROTO__TYPE_JUNK
};

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

struct sample {
    const char *value;
    const char *type, *subtype;
    uint32_t media;
    uint32_t flags;
    const char *boundary;
};

static const struct sample samples[] = {
    {" text/plain", "text", "plain", MAILPROTO_MEDIA_TEXT_PLAIN, 0, ""},
    {"TEXT/HTML;charset=x", "TEXT", "HTML", MAILPROTO_MEDIA_TEXT_HTML, 0, ""},
    {"text/calendar", "text", "calendar", MAILPROTO_MEDIA_TEXT, 0, ""},
    {"image/png", "image", "png", MAILPROTO_MEDIA_IMAGE, 0, ""},
    {"audio/x", "audio", "x", MAILPROTO_MEDIA_AUDIO, 0, ""},
    {"video/x", "video", "x", MAILPROTO_MEDIA_VIDEO, 0, ""},
    {"application/pdf; name*0*=x", "application", "pdf", MAILPROTO_MEDIA_APPLICATION,
     NAMED, ""},
    {"x-other/thing", "x-other", "thing", MAILPROTO_MEDIA_OTHER, 0, ""},
    {"message/partial", "message", "partial", MAILPROTO_MEDIA_MESSAGE, 0, ""},
    {"message/global", "message", "global", MAILPROTO_MEDIA_GLOBAL, 0, ""},
    {"message/global-delivery-status", "message", "global-delivery-status",
     MAILPROTO_MEDIA_DELIVERY_STATUS, 0, ""},
    {"message/feedback-report", "message", "feedback-report",
     MAILPROTO_MEDIA_FEEDBACK_REPORT, 0, ""},
    {"multipart/form-data; boundary=x", "multipart", "form-data",
     MAILPROTO_MEDIA_MULTIPART, BOUNDARY, "x"},
    {"multipart/signed; boundary = x", "multipart", "signed", MAILPROTO_MEDIA_SIGNED,
     BOUNDARY, "x"},
    {"(c) multipart (c(d)\\)) / (e) digest (f) ; (g) Boundary (h) = (i) \"a\\\"b\" (j)",
     "multipart", "digest", MAILPROTO_MEDIA_DIGEST, BOUNDARY | ODD, "a\"b"},
    {"multipart/mixed;; ; boundary=----=_Part:1/2?3;", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY, "----=_Part:1/2?3"},
    {"multipart/mixed;\r\n\tboundary=\"a\r\n b\"", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY, "a b"},
    {"multipart/mixed; boundary=\"a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a"},
    /* What others end elsewhere, or do not find (RFC 2045 5.1). */
    {"multipart/mixed; boundary=a b", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary=\"a\" b", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary=\"a\"\"b\"", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary=\"a\" (b) ; x=y", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY, "a"},
    {"multipart/mixed; boundary=\"\" b", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY, ""},
    {"multipart/mixed; boundary=\"", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY, ""},
    {"multipart/mixed/x; boundary=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | JUNK, "a"},
    {"text/plain/x", "text", "plain", MAILPROTO_MEDIA_TEXT_PLAIN, JUNK, ""},
    {"text/plain (c) ;", "text", "plain", MAILPROTO_MEDIA_TEXT_PLAIN, 0, ""},
    /* Without the semicolon. */
    {"multipart/mixed boundary=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD | JUNK, "a"},
    {"multipart/mixed\r\n boundary = \"a\"", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD | JUNK, "a"},
    {"multipart/mixed; x=y boundary=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a"},
    {"multipart/mixed; x=\"y\"boundary=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a"},
    {"multipart/mixed; x (c) boundary=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a"},
    {"multipart/mixed; x=\"a boundary=a\"", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     0, ""},
    {"multipart/mixed; x=a/boundary=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED, 0,
     ""},
    {"multipart/mixed; boundary=b boundary=a", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "b"},
    {"application/x name=y", "application", "x", MAILPROTO_MEDIA_APPLICATION,
     NAMED | JUNK, ""},
    {"multipart/mixed; x=\"; boundary=b\"; boundary=a", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY, "a"},
    {"multipart/mixed; boundary=a; boundary=b", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary=\"a  \"", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary", "multipart", "mixed", MAILPROTO_MEDIA_MIXED, 0, ""},
    {"multipart/mixed junk; boundary=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | JUNK, "a"},
    {"multipart/mixed; boundary=a(c;b)", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY, "a"},
    {"multipart/mixed; boundary=a=b(c)d; boundary=e", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a=b"},
    {"multipart/mixed; boundary='a'", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY, "'a'"},
    {"multipart/mixed; boundary=0123456789", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY, "0123456789"},
    {"multipart/mixed; boundary=0123456789x", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | LIMIT, ""},
    {"multipart/mixed; a=1; b=2; boundary=c", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY, "c"},
    {"multipart/mixed; a=1; b=2; c=3; boundary=c", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, PARAMS, ""},
    /* RFC 2231: any order, percent-encoding, charsets of no interest. */
    {"multipart/mixed; boundary*=us-ascii'en'a%2Bb", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a+b"},
    {"multipart/mixed; boundary*=\"''a%2bb\"", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a+b"},
    {"multipart/mixed; boundary*=a'b", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "a'b"},
    {"multipart/mixed; boundary*=''%4%zz%", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, "%4%zz%"},
    {"multipart/mixed; boundary*=''x%0D%0A", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "x"},
    {"multipart/mixed; boundary*=''", "multipart", "mixed", MAILPROTO_MEDIA_MIXED,
     BOUNDARY | ODD, ""},
    {"multipart/mixed; Boundary*1=b; boundary*0=\"a\\%41\"; boundary*2*=%63'd",
     "multipart", "mixed", MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a%41bc'd"},
    {"multipart/mixed; boundary*0*=''%61; boundary*1=%62", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a%62"},
    {"multipart/mixed; boundary*0=a; boundary*2=c", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary*0=a; boundary*0=c", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary*=''a; boundary*=''b; boundary*0=c", "multipart",
     "mixed", MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary*1=a", "multipart", "mixed", MAILPROTO_MEDIA_MIXED, ODD,
     ""},
    {"multipart/mixed; boundary*00=a; boundary**=b; boundary*0x=c", "multipart",
     "mixed", MAILPROTO_MEDIA_MIXED, ODD, ""},
    {"multipart/mixed; boundary*99999999999999999999=a; boundary*0**=a;boundary*01=c",
     "multipart", "mixed", MAILPROTO_MEDIA_MIXED, ODD, ""},
    {"multipart/mixed; boundary*0=01234; boundary*1=56789", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "0123456789"},
    {"multipart/mixed; boundary*0=01234; boundary*1=56789x", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD | LIMIT, ""},
    /* Both: the plain one. */
    {"multipart/mixed; boundary*=''b; boundary=a", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a"},
    {"multipart/mixed; boundary=a; boundary*0=b", "multipart", "mixed",
     MAILPROTO_MEDIA_MIXED, BOUNDARY | ODD, "a"},
    {"", "", "", 0, SYNTAX, ""},
    {"text", "", "", 0, SYNTAX, ""},
    {"/plain", "", "", 0, SYNTAX, ""},
    {"text/", "", "", 0, SYNTAX, ""},
    {"\"text/plain\"", "", "", 0, SYNTAX, ""},
    {"(text/plain", "", "", 0, SYNTAX, ""},
};

static void test_types(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *s = &samples[i];
        size_t room = strstr(s->value, "_Part") != NULL ? 32 : 10;
        char boundary[32];
        struct mailproto__type t;
        mailproto__type_parse(bytes(s->value), 3, boundary, room, &t);
        if (t.media != s->media || t.flags != s->flags ||
            t.type.len != strlen(s->type) || t.subtype.len != strlen(s->subtype) ||
            t.boundary_len != strlen(s->boundary)) {
            fail_msg("%s: media %u flags %u", s->value, (unsigned)t.media,
                     (unsigned)t.flags);
        }
        assert_memory_equal(t.type.ptr != NULL ? t.type.ptr : "", s->type, t.type.len);
        assert_memory_equal(t.subtype.ptr != NULL ? t.subtype.ptr : "", s->subtype,
                            t.subtype.len);
        assert_memory_equal(boundary, s->boundary, t.boundary_len);
    }
}

/* Sixteen sections, and one more. */
static void test_sections(void **state)
{
    char value[1000] = "multipart/mixed";
    char boundary[32];
    struct mailproto__type t;
    unsigned i;
    (void)state;
    for (i = 17; i-- > 0;) {
        if (i < 16) {
            mailproto__type_parse(bytes(value), 99, boundary, 32, &t);
            assert_int_equal(t.boundary_len, 0);
        }
        (void)sprintf(value + strlen(value), "; boundary*%u=%c", i, (int)('a' + i));
    }
    mailproto__type_parse(bytes(value), 99, boundary, 32, &t);
    assert_int_equal(t.flags, BOUNDARY | ODD | LIMIT);
    memcpy(strstr(value, "boundary*16"), "Xoundary", 8);
    mailproto__type_parse(bytes(value), 99, boundary, 32, &t);
    assert_int_equal(t.flags, BOUNDARY | ODD);
    assert_int_equal(t.boundary_len, 16);
    assert_memory_equal(boundary, "abcdefghijklmnop", 16);
}

/* RFC 6838 4.2: 127 octets. */
static void test_long_types(void **state)
{
    char value[300];
    char boundary[10];
    struct mailproto__type t;
    (void)state;
    memset(value, 'x', sizeof value);
    value[127] = '/';
    value[255] = 0;
    mailproto__type_parse(bytes(value), 3, boundary, 10, &t);
    assert_int_equal(t.type.len, 127);
    assert_int_equal(t.subtype.len, 127);
    value[255] = 'x';
    value[256] = 0;
    mailproto__type_parse(bytes(value), 3, boundary, 10, &t);
    assert_int_equal(t.flags, SYNTAX);
    assert_int_equal(t.type.len, 0);
}

static void test_dispositions(void **state)
{
    const uint32_t attachment = MAILPROTO_MESSAGE_ATTACHMENT;
    const uint32_t in_line = MAILPROTO_MESSAGE_INLINE;
    const uint32_t named = MAILPROTO_MESSAGE_NAMED;
    (void)state;
    assert_int_equal(mailproto__disposition_parse(bytes(" Inline"), 9), in_line);
    assert_int_equal(mailproto__disposition_parse(bytes("ATTACHMENT"), 9), attachment);
    assert_int_equal(mailproto__disposition_parse(bytes("x-new"), 9), attachment);
    assert_int_equal(mailproto__disposition_parse(bytes(""), 9), 0);
    assert_int_equal(mailproto__disposition_parse(bytes("inline; filename=a"), 9),
                     in_line | named);
    assert_int_equal(mailproto__disposition_parse(bytes("inline; Filename*0*=a"), 9),
                     in_line | named);
    assert_int_equal(mailproto__disposition_parse(bytes("inline; filenames=a"), 9),
                     in_line);
    assert_int_equal(mailproto__disposition_parse(bytes("inline filename=a"), 9),
                     in_line | named);
    assert_int_equal(mailproto__disposition_parse(bytes("inline; a=b; filename=a"), 1),
                     in_line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_long_types),
        cmocka_unit_test(test_dispositions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
