/*
 * BINARY and BINARY.SIZE (RFC 3516), sections that go on where another ended, and how much
 * is read for what.
 */
#include "section_check.h"

#include <mailproto/codec.h>

static struct section_message m;

static void open_text(const char *text)
{
    section_message_open(&m, text, strlen(text));
}

static int is_binary(const char *text, int sized)
{
    mailproto_imap_fetch_item item = section_item(text);
    char work[SECTION_WORK];
    mailproto_imap_section s;
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &m.index, &item, work, sizeof work),
        MAILPROTO_OK);
    if (sized) {
        (void)section_size(&s);
    }
    return mailproto_imap_section_is_binary(&s);
}

/* A message of one part with an encoding; `type`: its Content-Type. */
static void expect_decoded(const char *type, const char *encoding, const char *body,
                           const char *wanted, size_t len, int binary)
{
    static char text[4096];
    snprintf(text, sizeof text,
             "Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s", type,
             encoding, body);
    open_text(text);
    assert_true(m.parts[0].decoded_octets == UINT64_MAX);
    section_check(&m, "BINARY[1]", wanted, len, 1);
    open_text(text);
    section_check(&m, "BINARY.PEEK[1]", wanted, len, 1);
    open_text(text);
    section_check(&m, "BINARY.SIZE[1]", wanted, len, 1);
    open_text(text);
    assert_int_equal(is_binary("BINARY[1]", 1), binary);
    assert_int_equal(is_binary("BINARY[1]", 0), binary); /* kept in the index */
    assert_int_equal(is_binary("BODY[1]", 1), 0);
    assert_int_equal(is_binary("BODY[]", 1), 0);
}

static void encodings(void **state)
{
    (void)state;
    expect_decoded("text/plain", "7bit", "a\r\nb", "a\r\nb", 4, 0);
    expect_decoded("text/plain", "8bit", "\xe4\r\n", "\xe4\r\n", 3, 0);
    expect_decoded("image/png", "base64", "AAECAwQ=\r\n", "\0\1\2\3\4", 5, 1);
    expect_decoded("text/plain", "base64", "YQpi\r\nDQpj", "a\nb\r\nc", 6, 0);
    expect_decoded("text/plain", "quoted-printable", "a=3D=\r\nb  \r\nc=00",
                   "a=b\r\nc\0", 7, 1);
    expect_decoded("text/plain", "quoted-printable", "=0Aa=0D\r\n", "\na\r\r\n", 5, 0);
    expect_decoded("text/plain", "base64", "", "", 0, 0);
    expect_decoded("application/octet-stream", "x-uuencode",
                   "begin 644 f\r\n#0V%T\r\n`\r\nend\r\n", "Cat", 3, 0);
    expect_decoded("application/octet-stream", "binary", "a\nb\r\nc\r", "a\nb\r\nc\r",
                   7, 0);
}

/* RFC 3516 6: text comes with CRLF, whatever is stored: it is what decodes from BODY[]. */
static void line_ends(void **state)
{
    (void)state;
    expect_decoded("text/plain", "7bit", "a\nb\r\nc\n", "a\r\nb\r\nc\r\n", 9, 0);
    expect_decoded("image/png", "8bit", "a\nb", "a\r\nb", 4, 0);
    expect_decoded("text/html", "quoted-printable", "a=0Ab\nc=\nd\n", "a\nb\r\ncd\r\n",
                   9, 0);
    expect_decoded("text/html", "binary", "a\nb", "a\r\nb", 4, 0);
    expect_decoded("image/png", "binary", "a\nb", "a\nb", 3, 0);
    expect_decoded("text/plain", "base64", "YQpi\nYw==\n", "a\nbc", 4, 0);
}

static void binary_nul(void **state)
{
    static const char raw[] = "Content-Type: image/png\r\nContent-Transfer-Encoding: "
                              "binary\r\n\r\na\0b\nc";
    (void)state;
    section_message_open(&m, raw, sizeof raw - 1);
    section_check(&m, "BINARY[1]", "a\0b\nc", 5, 1);
    section_check(&m, "BODY[1]",
                  "a\x80"
                  "b\r\nc",
                  6, 1);
    assert_int_equal(is_binary("BINARY[1]", 1), 1);
    assert_int_equal(is_binary("BINARY.SIZE[1]", 1), 1);
    assert_int_equal(is_binary("BINARY[]", 1), 1);
    assert_int_equal(is_binary("BODY[1]", 1), 0);
    open_text("A: b\r\n\r\nc");
    assert_int_equal(is_binary("BINARY[]", 1), 1); /* the header may hold one */
}

/* RFC 3516 4.3, and no other section of the part is refused for it. */
static void unknown_encoding(void **state)
{
    (void)state;
    open_text("Content-Transfer-Encoding: x-own\r\n\r\nabc");
    assert_int_equal(section_open_status(&m, "BINARY[1]"), MAILPROTO_ERR_REFUSED);
    assert_int_equal(section_open_status(&m, "BINARY.PEEK[1]<0.1>"),
                     MAILPROTO_ERR_REFUSED);
    assert_int_equal(section_open_status(&m, "BINARY.SIZE[1]"), MAILPROTO_ERR_REFUSED);
    section_expect(&m, "BODY[1]", "abc");
    section_expect(&m, "BINARY[]", "Content-Transfer-Encoding: x-own\r\n\r\nabc");
}

/* Parts that hold parts have no encoding to undo, even if they say so. */
static void containers(void **state)
{
    const char *inner =
        "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
        "YWJj";
    const char *crlf = "Content-Type: text/plain\r\nContent-Transfer-Encoding: "
                       "base64\r\n\r\nYWJj";
    char text[1024], wanted[1024];
    (void)state;
    snprintf(text, sizeof text,
             "Content-Type: multipart/mixed; boundary=a\n"
             "Content-Transfer-Encoding: quoted-printable\n\n--a\n%s\n--a\n"
             "Content-Type: message/rfc822\n\n%s\n--a--\n=41",
             inner, inner);
    open_text(text);
    section_expect(&m, "BINARY[1]", "abc");
    section_expect(&m, "BINARY[2]", crlf);
    section_expect(&m, "BINARY[2.1]", "abc");
    snprintf(wanted, sizeof wanted,
             "Content-Type: multipart/mixed; boundary=a\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n\r\n--a\r\n%s\r\n--a\r\n"
             "Content-Type: message/rfc822\r\n\r\n%s\r\n--a--\r\n=41",
             crlf, crlf);
    section_expect(&m, "BINARY[]", wanted);
    snprintf(text, sizeof text,
             "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
             "Content-Type: multipart/mixed; boundary=b\n"
             "Content-Transfer-Encoding: base64\n\nYWJj\n--b\n\nx\n--b--\n--a--");
    open_text(text);
    section_expect(&m, "BINARY[1]", "YWJj\r\n--b\r\n\r\nx\r\n--b--");
    assert_int_equal(is_binary("BINARY[1]", 1), 0);
}

/* ---- how much is read --------------------------------------------------------------------- */

struct reading {
    struct section_source from;
    mailproto_source source;
    mailproto_imap_fetch_item item;
    mailproto_imap_section s;
    char work[SECTION_WORK];
};

static void begin(struct reading *r, const char *text, const char *item)
{
    r->source = section_offset_source(&r->from, text, strlen(text), 1 << 20);
    r->from.waits = 0;
    r->item = section_item(item);
    assert_int_equal(mailproto_imap_section_open(&r->s, &r->source, &m.index, &r->item,
                                                 r->work, sizeof r->work),
                     MAILPROTO_OK);
    assert_true(r->from.given == 0);
}

static char *big(const char *header, const char *line, unsigned n)
{
    static char text[1 << 20];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", header);
    while (n-- > 0) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", line);
    }
    return text;
}

/* Nothing for a size that the index tells; a pass for what has to be counted, and its
 * result stays. */
static void passes(void **state)
{
    static struct reading r;
    static char out[1 << 20];
    size_t got, header, body;
    char *text =
        big("Subject: x\nContent-Transfer-Encoding: base64\n\n", "YWJjZGVm\n", 5000);
    (void)state;
    header = (size_t)(strstr(text, "\n\n") + 2 - text);
    body = strlen(text) - header;
    open_text(text);
    begin(&r, text, "BODY[]");
    assert_int_equal(section_size(&r.s), header + 3 + body + 5000);
    assert_true(r.from.given == 0);
    assert_int_equal(section_read_all(&r.s, 100, out, sizeof out, &got), MAILPROTO_EOF);
    assert_true(r.from.given == header + body);

    begin(&r, text, "BODY[HEADER.FIELDS (Subject)]");
    assert_int_equal(section_size(&r.s), 14);
    assert_true(r.from.given == header);
    assert_int_equal(section_size(&r.s), 14);
    assert_int_equal(section_read_all(&r.s, 1, out, sizeof out, &got), MAILPROTO_EOF);
    assert_true(r.from.given == 2 * header);

    begin(&r, text, "BINARY[1]<10.20>");
    assert_int_equal(section_size(&r.s), 20);
    assert_true(r.from.given == body);
    assert_true(m.parts[0].decoded_octets == 30000);
    assert_int_equal(section_read_all(&r.s, 100, out, sizeof out, &got), MAILPROTO_EOF);
    assert_int_equal(got, 20);
    assert_true(r.from.given < 2 * body);

    begin(&r, text, "BINARY.SIZE[1]"); /* it is known now */
    assert_int_equal(section_size(&r.s), 30000);
    assert_true(r.from.given == 0);
    begin(&r, text, "BINARY[1]");
    assert_int_equal(section_size(&r.s), 30000);
    assert_int_equal(mailproto_imap_section_is_binary(&r.s), 0);
    assert_int_equal(section_read_all(&r.s, 100, out, sizeof out, &got), MAILPROTO_EOF);
    assert_int_equal(got, 30000);
    assert_true(r.from.given == body);
}

/* Where nothing is converted only the octets asked for are read. */
static void straight(void **state)
{
    static struct reading r;
    static char out[4096];
    size_t got;
    char *text = big("Subject: x\r\n\r\n", "0123456\r\n", 10000);
    (void)state;
    open_text(text);
    begin(&r, text, "BODY[TEXT]<80001.50>");
    assert_int_equal(section_size(&r.s), 50);
    assert_int_equal(section_read_all(&r.s, 20, out, sizeof out, &got), MAILPROTO_EOF);
    assert_int_equal(got, 50);
    assert_memory_equal(out, text + 14 + 80001, 50);
    assert_true(r.from.given == 50);
    r.item.first = 3; /* back again: it seeks */
    assert_int_equal(mailproto_imap_section_continue(&r.s, &r.item), MAILPROTO_OK);
    assert_int_equal(section_read_all(&r.s, 20, out, sizeof out, &got), MAILPROTO_EOF);
    assert_memory_equal(out, text + 14 + 3, 50);
    assert_true(r.from.given == 100);
    r.item.first = 90000; /* the end, and beyond it */
    assert_int_equal(mailproto_imap_section_continue(&r.s, &r.item), MAILPROTO_OK);
    assert_int_equal(section_size(&r.s), 0);
    assert_int_equal(section_read_all(&r.s, 20, out, sizeof out, &got), MAILPROTO_EOF);
    assert_int_equal(got, 0);
    assert_true(r.from.given == 100);
}

/* A client that fetches a large part in pieces costs one pass, and one to count. */
static void continued(void **state)
{
    static const char *const items[] = {"BODY[]<0.1000>", "BODY[1]<0.1000>",
                                        "BINARY[1]<0.1000>"};
    static struct reading r;
    static char out[4096];
    size_t got, i;
    char *text = big("Subject: x\nContent-Transfer-Encoding: quoted-printable\n\n",
                     "0123=45678 90\n", 5000);
    (void)state;
    for (i = 0; i < 3; i++) {
        uint64_t size;
        unsigned pieces = 0;
        open_text(text);
        begin(&r, text, items[i]);
        while ((size = section_size(&r.s)) > 0) {
            assert_int_equal(section_read_all(&r.s, 333, out, sizeof out, &got),
                             MAILPROTO_EOF);
            assert_int_equal(got, size);
            r.item.first += got;
            assert_int_equal(mailproto_imap_section_continue(&r.s, &r.item),
                             MAILPROTO_OK);
            pieces++;
        }
        assert_true(pieces > 50);
        assert_true(r.from.given <= (i == 2 ? 2 : 1) * strlen(text));
    }
}

/* What does not go on with it: another section, an earlier place, a header's fields. */
static void not_continued(void **state)
{
    static struct reading r;
    static char out[64];
    size_t got;
    mailproto_imap_fetch_item item;
    const char *text = "A: b\n\n0123456789\n0123456789\n";
    (void)state;
    open_text(text);
    begin(&r, text, "BODY[]<0.10>");
    assert_int_equal(section_read_all(&r.s, 4, out, sizeof out, &got), MAILPROTO_EOF);
    item = section_item("BODY[]<9.10>");
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);
    item = section_item("BODY[]");
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);
    item = section_item("BODY[TEXT]<10.10>");
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);
    item = section_item("BINARY[]<10.10>");
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);
    item = section_item("BODY[2]<10.10>");
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);
    memset(&item, 0, sizeof item);
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);
    item = section_item("BODY.PEEK[]<12.4>"); /* not at once behind it, but behind it */
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_OK);
    assert_int_equal(section_read_all(&r.s, 4, out, sizeof out, &got), MAILPROTO_EOF);
    assert_int_equal(got, 4);
    assert_memory_equal(out, "4567", 4);
    item = section_item("RFC822"); /* the same octets, but from the start */
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);

    begin(&r, text, "BODY[HEADER.FIELDS (A)]<0.3>");
    assert_int_equal(section_read_all(&r.s, 4, out, sizeof out, &got), MAILPROTO_EOF);
    item = section_item("BODY[HEADER.FIELDS (A)]<3.3>");
    assert_int_equal(mailproto_imap_section_continue(&r.s, &item), MAILPROTO_EOF);
}

/* size() in the middle of reading, with a source that keeps both waiting. */
static void size_between(void **state)
{
    static const char *const items[] = {"BODY[]", "BINARY[1]", "BINARY[1]<3.30>",
                                        "BODY[HEADER.FIELDS.NOT (X)]"};
    const char *text = "A: b\nContent-Transfer-Encoding: quoted-printable\n\n"
                       "abc=3Ddef\nghi jkl=\nmno\npqr=00stu\n";
    size_t i, before;
    (void)state;
    for (i = 0; i < 4; i++) {
        for (before = 0; before < 20; before++) {
            struct section_source from;
            mailproto_source source =
                section_offset_source(&from, text, strlen(text), 3);
            mailproto_imap_fetch_item item = section_item(items[i]);
            mailproto_imap_section s;
            char work[SECTION_WORK], all[256], out[256];
            size_t len, got, head = 0, waits = 0;
            uint64_t size;
            open_text(text);
            assert_int_equal(mailproto_imap_section_open(&s, &m.source, &m.index, &item,
                                                         work, sizeof work),
                             MAILPROTO_OK);
            assert_int_equal(section_read_all(&s, 99, all, sizeof all, &len),
                             MAILPROTO_EOF);
            open_text(text);
            assert_int_equal(mailproto_imap_section_open(&s, &source, &m.index, &item,
                                                         work, sizeof work),
                             MAILPROTO_OK);
            while (head < before && waits < 1000) {
                mailproto_status st =
                    mailproto_imap_section_read(&s, out + head, 1, &got);
                assert_true(st == MAILPROTO_OK || st == MAILPROTO_NOT_READY);
                head += got;
                waits++;
            }
            /* asked once, perhaps in vain, and dropped */
            (void)mailproto_imap_section_size(&s, &size);
            if (before % 2 == 0) {
                assert_int_equal(section_size(&s), len);
            }
            assert_int_equal(
                section_read_all(&s, 5, out + head, sizeof out - head, &got),
                MAILPROTO_EOF);
            assert_int_equal(head + got, len);
            assert_memory_equal(out, all, len);
            assert_int_equal(section_size(&s), len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),     cmocka_unit_test(line_ends),
        cmocka_unit_test(binary_nul),    cmocka_unit_test(unknown_encoding),
        cmocka_unit_test(containers),    cmocka_unit_test(passes),
        cmocka_unit_test(straight),      cmocka_unit_test(continued),
        cmocka_unit_test(not_continued), cmocka_unit_test(size_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
