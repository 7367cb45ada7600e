/*
 * Lists of message-ids, keywords, languages and URLs; fields of one word; repeated fields.
 */
#include "value_check.h"

/* clang-format off */
static const struct value_case ids[] = {
    {"<1234@local.example>",
     "id@0 id=\"1234@local.example\" left=\"1234\" right=\"local.example\"\n"
     "\n"},
    {"<a@b> <c@d>\r\n <e@f>",
     "id@0 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "id@6 id=\"c@d\" left=\"c\" right=\"d\"\n"
     "id@14 id=\"e@f\" left=\"e\" right=\"f\"\n"
     "\n"},
    {"<a.b@[1.2.3.4]>, <\"q >x\"@y>",
     "id@0 1 id=\"a.b@[1.2.3.4]\" left=\"a.b\" right=\"[1.2.3.4]\"\n"
     "id@17 2 id=\"\\\"q >x\\\"@y\" left=\"\\\"q >x\\\"\" right=\"y\"\n"
     "TRAILING@15 OBSOLETE@18\n"},
    {"Your message of \"Mon, 1 Jan\" <a@b>",
     "id@29 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "OBSOLETE@0 OBSOLETE@5 OBSOLETE@13 OBSOLETE@16\n"},
    {"malformed@id.example",
     "id@0 id=\"malformed@id.example\" left=\"malformed\" right=\"id.example\"\n"
     "ID_BRACKETS@0\n"},
    {"<a@b@c>",
     "id@0 4 id=\"a@b@c\" left=\"a\" right=\"b@c\"\n"
     "ID@1\n"},
    {"<local part@host>",
     "id@0 4 id=\"local part@host\" left=\"local part\" right=\"host\"\n"
     "ID@1\n"},
    {"<a\x01@b> <a\nb@c> <a\n b@c> <\"a\nb\"@c>",
     "id@0 4 id=\"a\\x01@b\" left=\"a\\x01\" right=\"b\"\n"
     "id@7 4 id=\"a\\nb@c\" left=\"a\\nb\" right=\"c\"\n"
     "id@15 4 id=\"a\\n b@c\" left=\"a\\n b\" right=\"c\"\n"
     "id@24 2 id=\"\\\"a\\nb\\\"@c\" left=\"\\\"a\\nb\\\"\" right=\"c\"\n"
     "ID@1 CONTROL@2 ID@8 CONTROL@9 ID@16 OBSOLETE@25 CONTROL@27\n"},
    {"<noat>",
     "id@0 4 id=\"noat\" left=\"noat\"\n"
     "ID@1\n"},
    {"<>",
     "ID@0\n"},
    {"<a@b",
     "id@0 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "ANGLE_OPEN@0\n"},
    {"<a@b <c@d>",
     "id@0 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "id@5 id=\"c@d\" left=\"c\" right=\"d\"\n"
     "ANGLE_OPEN@0\n"},
    {"< a . b (c) @ d >",
     "id@0 id=\"a . b (c) @ d\" left=\"a . b (c)\" right=\"d\"\n"
     "OBSOLETE@2\n"},
    {"<a@b>;<c@d>",
     "id@0 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "id@6 id=\"c@d\" left=\"c\" right=\"d\"\n"
     "TRAILING@5\n"},
    {"<a\"b@c>",
     "id@0 4 id=\"a\\\"b@c\" left=\"a\\\"b\" right=\"c\"\n"
     "ID@1\n"},
    {"(x) <a@b> (y",
     "id@4 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "COMMENT_OPEN@10\n"},
    {"<a@b>x@y>",
     "id@0 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "id@5 id=\"x@y\" left=\"x\" right=\"y\"\n"
     "ID_BRACKETS@5\n"},
};
/* clang-format on */

/* clang-format off */
static const struct value_case strict_ids[] = {
    {"(x) <a@b> phrase \"q\" < c . d @ e >",
     "id@4 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "id@21 id=\"c . d @ e\" left=\"c . d\" right=\"e\"\n"
     "OBSOLETE@10 OBSOLETE@17 OBSOLETE@23\n"},
    {"a@b",
     "error ID_BRACKETS@0\n"
     "ID_BRACKETS@0\n"},
    {"<a@b@c>",
     "error ID@1\n"
     "ID@1\n"},
    {"<a@b",
     "error ANGLE_OPEN@0\n"
     "ANGLE_OPEN@0\n"},
    {"<a@b>, <c@d>",
     "id@0 id=\"a@b\" left=\"a\" right=\"b\"\n"
     "error TRAILING@5\n"
     "TRAILING@5\n"},
};
/* clang-format on */

/* clang-format off */
static const struct value_case keywords[] = {
    {"one, two three ,\"four, five\" (x)",
     "item@0 value=\"one\"\n"
     "item@5 value=\"two three\"\n"
     "item@16 value=\"\\\"four, five\\\"\" comment=\"x\"\n"
     "\n"},
    {", a,,b,",
     "item@2 value=\"a\"\n"
     "item@5 value=\"b\"\n"
     "EMPTY_ELEMENT@0 EMPTY_ELEMENT@4 EMPTY_ELEMENT@7\n"},
    {"a; b",
     "item@0 value=\"a; b\"\n"
     "NAME_SPECIAL@1\n"},
    {"\xe2\x82\xac, \xff",
     "item@0 value=\"\\xe2\\x82\\xac\"\n"
     "item@5 value=\"\\xff\"\n"
     "UTF8@5\n"},
    {"\"open",
     "item@0 value=\"\\\"open\"\n"
     "QUOTE_OPEN@0\n"},
};
/* clang-format on */

/* clang-format off */
static const struct value_case languages[] = {
    {"en, de-AT (x), mi",
     "item@0 value=\"en\"\n"
     "item@4 value=\"de-AT\" comment=\"x\"\n"
     "item@15 value=\"mi\"\n"
     "\n"},
    {"e\xc3\xb6",
     "item@0 value=\"e\\xc3\\xb6\"\n"
     "KEYWORD@0\n"},
    {"en de",
     "item@0 value=\"en\"\n"
     "item@3 value=\"de\"\n"
     "NO_SEPARATOR@3\n"},
};
/* clang-format on */

/* clang-format off */
static const struct value_case urls[] = {
    {"<mailto:a@b?subject=x>, <http://c/d,e> (web)",
     "item@0 value=\"mailto:a@b?subject=x\"\n"
     "item@24 value=\"http://c/d,e\" comment=\"web\"\n"
     "\n"},
    {"NO (closed)",
     "item@0 1 value=\"NO\" comment=\"closed\"\n"
     "\n"},
    {"<http://a/\r\n b>",
     "item@0 2 value=\"http://a/\\r\\n b\"\n"
     "\n"},
    {"http://a/b, <nothing>, <>",
     "item@0 value=\"http://a/b\"\n"
     "item@12 value=\"nothing\"\n"
     "item@23\n"
     "URL@0 URL@12 URL@23\n"},
    {"<http://open",
     "item@0 value=\"http://open\"\n"
     "ANGLE_OPEN@0\n"},
    {"<a:b> <c:d>",
     "item@0 value=\"a:b\"\n"
     "item@6 value=\"c:d\"\n"
     "NO_SEPARATOR@6\n"},
};
/* clang-format on */

static void ids_are_read(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        check_value(VALUE_IDS, 0, &ids[i]);
    }
}

static void ids_strict(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof strict_ids / sizeof strict_ids[0]; i++) {
        check_value(VALUE_IDS, MAILPROTO_VALUE_STRICT, &strict_ids[i]);
    }
}

static void keywords_are_read(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        check_value(VALUE_KEYWORDS, 0, &keywords[i]);
    }
}

static void languages_are_read(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof languages / sizeof languages[0]; i++) {
        check_value(VALUE_LANGUAGES, 0, &languages[i]);
    }
}

static void urls_are_read(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        check_value(VALUE_URLS, 0, &urls[i]);
    }
}

static void id_get(const char *value, const char *expected)
{
    mailproto_value v;
    mailproto_message_id id;
    char out[64];
    size_t len;
    memset(&id, 0, sizeof id);
    id.struct_size = sizeof id;
    (void)mailproto_value_open(&v, bytes_of(value), MAILPROTO_VALUE_FINAL, NULL);
    assert_int_equal(mailproto_message_id_next(&v, &id), MAILPROTO_OK);
    assert_int_equal(mailproto_message_id_get(&id, out, sizeof out, &len),
                     MAILPROTO_OK);
    out[len] = '\0';
    assert_string_equal(out, expected);
    assert_int_equal(mailproto_message_id_get(&id, out, len - 1, &len),
                     MAILPROTO_ERR_TOO_LONG);
}

static void ids_to_compare(void **state)
{
    (void)state;
    id_get("<a@b>", "a@b");
    id_get("< a . b (c) @ d >", "a.b@d");
    id_get("<\"a\"@b>", "a@b");
    id_get("<a b@\r\n c@d>", "ab@c@d");
    id_get("x@y", "x@y");
    id_get("<a\x01@b>", "a\x01@b");
    id_get("<a\x7f @\tb>", "a\x7f@b");
}

static void list_ids(void **state)
{
    mailproto_list_id id;
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    (void)state;
    memset(&id, 0, sizeof id);
    id.struct_size = sizeof id;
    assert_int_equal(
        mailproto_list_id_parse(bytes_of(" \"A <b>\" list (c) <x.y.example> "),
                                MAILPROTO_VALUE_STRICT, &d, &id),
        MAILPROTO_OK);
    assert_int_equal(d.count, 0);
    assert_memory_equal(id.id.ptr, "x.y.example", id.id.len);
    assert_memory_equal(id.description.ptr, "\"A <b>\" list (c)", id.description.len);
    assert_int_equal(mailproto_list_id_parse(bytes_of("x.y"), 0, &d, &id),
                     MAILPROTO_OK);
    assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_ID_BRACKETS);
    memset(&d.first, 0, sizeof d.first);
    assert_int_equal(mailproto_list_id_parse(bytes_of("x <y.z"), 0, &d, &id),
                     MAILPROTO_OK);
    assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_ANGLE_OPEN);
    assert_int_equal(d.first.offset, 2);
    memset(&d.first, 0, sizeof d.first);
    assert_int_equal(mailproto_list_id_parse(bytes_of("<y>"), 0, &d, &id),
                     MAILPROTO_OK);
    assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_NO_DOMAIN);
    memset(&d.first, 0, sizeof d.first);
    assert_int_equal(mailproto_list_id_parse(bytes_of("x <>"), 0, &d, &id),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_EMPTY);
    assert_int_equal(mailproto_list_id_parse(bytes_of("x"), 64, &d, &id),
                     MAILPROTO_ERR_ARGUMENT);
}

static void one_word(void **state)
{
    mailproto_value v;
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    mailproto_parameter p;
    (void)state;
    assert_int_equal(
        mailproto_list_one_click(bytes_of(" list-unsubscribe=one-CLICK\r\n")), 1);
    assert_int_equal(mailproto_list_one_click(bytes_of("List-Unsubscribe=One-Click x")),
                     0);
    assert_int_equal(mailproto_list_one_click(bytes_of("")), 0);
    (void)mailproto_value_open(&v, bytes_of("(x) AUTO-replied (y); a=b"),
                               MAILPROTO_VALUE_FINAL, &d);
    assert_int_equal(mailproto_auto_submitted(&v), MAILPROTO_AUTO_REPLIED);
    memset(&p, 0, sizeof p);
    p.struct_size = sizeof p;
    assert_int_equal(mailproto_parameter_next(&v, &p), MAILPROTO_OK);
    assert_memory_equal(p.name.ptr, "a", 1);
    assert_int_equal(d.count, 0);
    (void)mailproto_value_open(&v, bytes_of("no"), MAILPROTO_VALUE_FINAL, &d);
    assert_int_equal(mailproto_auto_submitted(&v), MAILPROTO_AUTO_NO);
    (void)mailproto_value_open(&v, bytes_of("auto-generated"), MAILPROTO_VALUE_FINAL,
                               &d);
    assert_int_equal(mailproto_auto_submitted(&v), MAILPROTO_AUTO_GENERATED);
    (void)mailproto_value_open(&v, bytes_of("auto-notified"), MAILPROTO_VALUE_FINAL,
                               &d);
    assert_int_equal(mailproto_auto_submitted(&v), MAILPROTO_AUTO_NOTIFIED);
    (void)mailproto_value_open(&v, bytes_of(" yes"), MAILPROTO_VALUE_FINAL, &d);
    assert_int_equal(mailproto_auto_submitted(&v), MAILPROTO_AUTO_UNKNOWN);
    assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_KEYWORD);
    assert_int_equal(d.first.offset, 1);
}

static void repeated(uint32_t policy, const char *a, const char *b, const char *chosen,
                     uint32_t differ, uint32_t absent)
{
    mailproto_repeated r;
    memset(&r, 0, sizeof r);
    r.policy = policy;
    assert_int_equal(mailproto_repeated_add(&r, bytes_of(a)), MAILPROTO_OK);
    assert_int_equal(r.absent, 0);
    assert_int_equal(mailproto_repeated_add(&r, bytes_of(b)), MAILPROTO_OK);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.differ, differ);
    assert_int_equal(r.absent, absent);
    assert_memory_equal(r.value.ptr, chosen, strlen(chosen));
}

static void repeated_fields(void **state)
{
    mailproto_repeated r;
    (void)state;
    repeated(MAILPROTO_REPEATED_FIRST, "a", "b", "a", 1, 0);
    repeated(MAILPROTO_REPEATED_LAST, "a", "b", "b", 1, 0);
    repeated(MAILPROTO_REPEATED_REJECT, "a", "b", "a", 1, 1);
    repeated(MAILPROTO_REPEATED_REJECT, "a b ", " a\r\n b\r\n", "a b", 0, 0);
    memset(&r, 0, sizeof r);
    r.policy = 3;
    assert_int_equal(mailproto_repeated_add(&r, bytes_of("a")), MAILPROTO_ERR_ARGUMENT);
}

static void url_without_folds(void **state)
{
    mailproto_value v;
    mailproto_list_item item;
    char out[32];
    size_t len;
    (void)state;
    memset(&item, 0, sizeof item);
    item.struct_size = sizeof item;
    (void)mailproto_value_open(&v, bytes_of("<http://a/\r\n b>"), MAILPROTO_VALUE_FINAL,
                               NULL);
    assert_int_equal(mailproto_list_url_next(&v, &item), MAILPROTO_OK);
    assert_int_equal(item.flags, MAILPROTO_LIST_HAS_FOLD);
    assert_int_equal(mailproto_list_url(&item, out, 9, &len), MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(mailproto_list_url(&item, out, 10, &len), MAILPROTO_OK);
    assert_memory_equal(out, "http://a/b", len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_read),       cmocka_unit_test(ids_strict),
        cmocka_unit_test(ids_to_compare),     cmocka_unit_test(keywords_are_read),
        cmocka_unit_test(languages_are_read), cmocka_unit_test(urls_are_read),
        cmocka_unit_test(url_without_folds),  cmocka_unit_test(list_ids),
        cmocka_unit_test(one_word),           cmocka_unit_test(repeated_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
