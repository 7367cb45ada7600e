/*
 * Texts in charsets of more than an octet a character: their content is octets, whatever
 * they look like. And the description's tree checked in the orders it is written in.
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

static mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* "a", line end, "b" in UTF-16LE; U+0A0A, U+0D0A, U+4E0A: octets like line ends. */
static const char content[] = "a\0\r\0\n\0b\0\n\n\n\r\nN\n";
enum { CONTENT = 15 };

struct wide {
    mailproto_source source;
    mailproto_compose_part part;
    mailproto_compose_options o;
};

static void fill(struct wide *w, const char *type, const char *charset,
                 const char *params)
{
    memset(w, 0, sizeof *w);
    w->source.struct_size = sizeof w->source;
    w->source.data = content;
    w->source.size = CONTENT;
    w->part.parent = MAILPROTO_COMPOSE_ROOT;
    w->part.type = bytes_of(type);
    w->part.charset = bytes_of(charset);
    w->part.params = bytes_of(params);
    w->part.content = &w->source;
    w->o.struct_size = sizeof w->o;
    w->o.parts = &w->part;
    w->o.part_count = 1;
    w->o.utc = INT64_MIN;
}

static mailproto_status compose(const struct wide *w, int measure, struct text *out)
{
    static char block[MAILPROTO_COMPOSE_MEM(1)];
    mailproto_compose_summary s = {sizeof s, 0, 0};
    mailproto_compose *c = NULL;
    mailproto_status status = MAILPROTO_OK;
    assert_int_equal(mailproto_compose_init(block, sizeof block, &w->o, &c),
                     MAILPROTO_OK);
    if (measure) {
        status = mailproto_compose_measure(c, &s);
    }
    if (status == MAILPROTO_OK) {
        status = make_read(c, 4096, out);
        assert_true(!measure || status != MAILPROTO_EOF || s.size == out->len);
    }
    return status;
}

/* The body that a reader gets, CTE `encoding`, is the content, or is not. */
static int is_kept(const struct wide *w, int measure, const char *encoding)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 4096];
    struct text out = {0};
    mailproto_part part;
    mailproto_index ix = {0};
    mailproto_source source = {0};
    mailproto_body b;
    char got[100];
    char head[60];
    size_t n = 0;
    size_t total = 0;
    mailproto_status status;
    assert_int_equal(compose(w, measure, &out), MAILPROTO_EOF);
    strcpy(head, "Content-Transfer-Encoding: ");
    strcat(head, encoding);
    strcat(head, "\r\n\r\n");
    assert_non_null(strstr(text_string(&out), head));
    source.struct_size = sizeof source;
    source.data = out.data;
    source.size = out.len;
    ix.struct_size = sizeof ix;
    ix.capacity = 1;
    ix.parts = &part;
    assert_int_equal(mailproto_index_build(&ix, &source, NULL, work, sizeof work),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_body_open(&b, &source, &part, 0, NULL, 0), MAILPROTO_OK);
    while ((status = mailproto_body_read(&b, got + total, sizeof got - total, &n)) ==
           MAILPROTO_OK) {
        total += n;
    }
    assert_int_equal(status, MAILPROTO_EOF);
    text_free(&out);
    return total == CONTENT && memcmp(got, content, CONTENT) == 0;
}

static void names(void **state)
{
    static const char *const wide[] = {
        "utf-16",          "UTF-16LE",  "utf16be",         "UTF-32",
        "utf-32le",        "UCS-2",     "ISO-10646-UCS-2", "ucs-4",
        "csUnicode",       "csUTF16BE", "UNICODE-1-1",     "UnicodeBigUnmarked",
        "ISO-10646-UCS-4", "csUCS4",    "ISO-10646-J-1",   "U16"};
    static const char *const others[] = {
        "utf-8", "us-ascii", "gb18030",     "unicode-1-1-utf-7",
        "x-utf", "UTF-7",    "iso-8859-16", "ISO-10646-UTF-1"};
    struct wide w;
    size_t i;
    int measure;
    (void)state;
    for (i = 0; i < 2 * (sizeof wide / sizeof wide[0]); i++) {
        measure = i % 2 == 1;
        fill(&w, "text/plain", wide[i / 2], "");
        assert_true(is_kept(&w, measure, "base64"));
        w.part.encoding = MAILPROTO_ENCODING_QP;
        assert_true(is_kept(&w, measure, "quoted-printable"));
    }
    for (i = 0; i < 2 * (sizeof others / sizeof others[0]); i++) {
        measure = i % 2 == 1;
        fill(&w, "text/plain", others[i / 2], "");
        w.part.encoding = MAILPROTO_ENCODING_BASE64;
        assert_false(is_kept(&w, measure, "base64"));
    }
    fill(&w, "application/json", "utf-8", ""); /* no text */
    assert_true(is_kept(&w, 0, "base64"));
}

static void in_params(void **state)
{
    static const char *const wide[] = {"charset=utf-16", "x=y; CHARSET=\"UTF-16LE\"",
                                       "charset*=us-ascii'en'ucs-2",
                                       "charset*=''utf-32"};
    struct wide w;
    struct text out = {0};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        fill(&w, "text/html", "", wide[i]);
        assert_true(is_kept(&w, 0, "base64"));
        assert_true(is_kept(&w, 1, "base64"));
    }
    fill(&w, "text/html", "", "charset=iso-8859-1; x=utf-16");
    w.part.encoding = MAILPROTO_ENCODING_BASE64;
    assert_false(is_kept(&w, 1, "base64"));
    fill(&w, "text/html", "", "charset=utf-16");
    assert_int_equal(compose(&w, 1, &out), MAILPROTO_EOF);
    assert_string_equal(text_string(&out), "MIME-Version: 1.0\r\n"
                                           "Content-Type: text/html; charset=utf-16\r\n"
                                           "Content-Transfer-Encoding: base64\r\n\r\n"
                                           "YQANAAoAYgAKCgoNCk4K\r\n");
    text_free(&out);
}

/* Lines are not made of it where lines are asked for. */
static void asked(void **state)
{
    struct wide w;
    struct text out = {0};
    (void)state;
    fill(&w, "text/plain", "utf-16le", "");
    w.source.data = "\n\n";
    w.source.size = 2;
    w.part.encoding = MAILPROTO_ENCODING_7BIT;
    assert_int_equal(compose(&w, 1, &out), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(compose(&w, 0, &out), MAILPROTO_ERR_ARGUMENT);
    text_free(&out);
    fill(&w, "text/plain", "utf-16le", "");
    w.o.flags = MAILPROTO_COMPOSE_BINARY;
    w.part.encoding = MAILPROTO_ENCODING_BINARY;
    assert_true(is_kept(&w, 0, "binary"));
    assert_true(is_kept(&w, 1, "binary"));
}

/* ---- the tree ------------------------------------------------------------------------- */

enum { PARTS = 9 };

/* Part `number` is a multipart without parts, NONE: all is well. */
static void check_tree(const uint32_t parents[PARTS], unsigned multiparts,
                       uint32_t number)
{
    mailproto_compose_part parts[PARTS];
    mailproto_compose_options o;
    mailproto_compose_fault fault;
    unsigned i;
    memset(parts, 0, sizeof parts);
    memset(&o, 0, sizeof o);
    memset(&fault, 0, sizeof fault);
    fault.struct_size = sizeof fault;
    for (i = 0; i < PARTS; i++) {
        parts[i].parent = parents[i];
        parts[i].type = (multiparts >> i & 1) != 0 ? bytes_of("multipart/mixed")
                                                   : bytes_of("text/plain");
    }
    o.struct_size = sizeof o;
    o.parts = parts;
    o.part_count = PARTS;
    o.unique = bytes_of("0123456789abcdef");
    o.utc = INT64_MIN;
    if (number == UINT32_MAX) {
        assert_int_equal(mailproto_compose_check(&o, &fault), MAILPROTO_OK);
        return;
    }
    assert_int_equal(mailproto_compose_check(&o, &fault), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(fault.part, number);
    assert_string_equal(fault.detail, "a multipart without parts");
}

/* Every tree of nine parts of a few shapes against the plain search. */
static void trees(void **state)
{
    uint32_t x = 2463534242U;
    unsigned round;
    (void)state;
    for (round = 0; round < 20000; round++) {
        uint32_t parents[PARTS] = {MAILPROTO_COMPOSE_ROOT};
        uint32_t childless = UINT32_MAX;
        unsigned multiparts = 1;
        unsigned i;
        unsigned k;
        for (i = 1; i < PARTS; i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            do {
                parents[i] = (x >> 4) % i;
                x = x * 1664525U + 1013904223U;
            } while ((multiparts >> parents[i] & 1) == 0);
            multiparts |= (x >> 20 & 1) << i;
        }
        for (i = PARTS; i > 0; i--) {
            int found = 0;
            for (k = i; k < PARTS; k++) {
                found |= parents[k] == i - 1;
            }
            if ((multiparts >> (i - 1) & 1) != 0 && !found) {
                childless = i - 1;
            }
        }
        check_tree(parents, multiparts, childless);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(in_params),
        cmocka_unit_test(asked),
        cmocka_unit_test(trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
