/*
 * Content-Type, Content-Disposition and parameters: as written, joined and decoded, written
 * again; safe file names.
 */
#include "value_check.h"

/* clang-format off */
static const struct value_case types[] = {
    {"text/plain; charset=us-ascii (comment)",
     "type@0 type=\"text\" subtype=\"plain\"\n"
     "parameter@12 name=\"charset\" value=\"us-ascii\"\n"
     "\n"},
    /* line ends that are no folds */
    {"text/plain;\r\na=b;\n c=d\n; filename=\"a\r\nb\"; e=f\ng",
     "type@0 type=\"text\" subtype=\"plain\"\n"
     "parameter@13 name=\"a\" value=\"b\"\n"
     "parameter@19 name=\"c\" value=\"d\"\n"
     "parameter@25 1 name=\"filename\" value=\"a\\r\\nb\"\n"
     "parameter@42 name=\"e\" value=\"f\"\n"
     "CONTROL@11 CONTROL@22 CONTROL@36 CONTROL@45 NO_SEPARATOR@46 PARAMETER@46\n"},
    {"(a) text (b) / (c) plain (d) ; (e) charset (f) = (g) \"utf-8\" (h)",
     "type@4 type=\"text\" subtype=\"plain\"\n"
     "parameter@35 1 name=\"charset\" value=\"utf-8\"\n"
     "\n"},
    {"multipart/mixed;; boundary=\"a b\\\"c\";",
     "type@0 type=\"multipart\" subtype=\"mixed\"\n"
     "parameter@18 1 name=\"boundary\" value=\"a b\\\\\\\"c\"\n"
     "PARAMETER@16\n"},
    {"text/plain/x; a=b",
     "type@0 type=\"text\" subtype=\"plain\"\n"
     "parameter@14 name=\"a\" value=\"b\"\n"
     "TYPE@0\n"},
    {"text",
     "type@0 type=\"text\"\n"
     "TYPE@0\n"},
    {"/plain; a=b",
     "type@0 subtype=\"plain\"\n"
     "parameter@8 name=\"a\" value=\"b\"\n"
     "TYPE@0\n"},
    {"a/b; name=\"x\" type=y",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 1 name=\"name\" value=\"x\"\n"
     "parameter@14 name=\"type\" value=\"y\"\n"
     "NO_SEPARATOR@14\n"},
    {"a/b\r\n c=d",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@6 name=\"c\" value=\"d\"\n"
     "NO_SEPARATOR@6\n"},
    {"a/b; filename=This is a test.txt; x=y",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 name=\"filename\" value=\"This is a test.txt\"\n"
     "parameter@34 name=\"x\" value=\"y\"\n"
     "PARAMETER_QUOTES@18\n"},
    {"a/b; name==?utf-8?q?a?= =?utf-8?q?b?=.txt",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 name=\"name\" value=\"=?utf-8?q?a?= =?utf-8?q?b?=.txt\"\n"
     "PARAMETER_QUOTES@10 PARAMETER_QUOTES@23\n"},
    {"a/b; boundary=a:b",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 name=\"boundary\" value=\"a:b\"\n"
     "PARAMETER_QUOTES@15\n"},
    {"a/b; name; =x; y=; \"q\"; z=1",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@24 name=\"z\" value=\"1\"\n"
     "PARAMETER@5 PARAMETER@11 PARAMETER@15 PARAMETER@19\n"},
    {"a/b; n*0*=utf-8''a%20; n*1=\"b\"; n*2*=c; n*=x''y",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 6 name=\"n\" value=\"utf-8''a%20\" section=0\n"
     "parameter@23 5 name=\"n\" value=\"b\" section=1\n"
     "parameter@32 6 name=\"n\" value=\"c\" section=2\n"
     "parameter@40 2 name=\"n\" value=\"x''y\"\n"
     "\n"},
    {"a/b; n*00=a; n*-1=b; n*1000=c; *=d; n**=e; n*01=f; n*999=g",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 name=\"n*00\" value=\"a\"\n"
     "parameter@13 name=\"n*-1\" value=\"b\"\n"
     "parameter@21 name=\"n*1000\" value=\"c\"\n"
     "parameter@31 name=\"*\" value=\"d\"\n"
     "parameter@36 2 name=\"n\" value=\"e\"\n"
     "parameter@43 name=\"n*01\" value=\"f\"\n"
     "parameter@51 4 name=\"n\" value=\"g\" section=999\n"
     "PARAMETER_SECTION@5 PARAMETER_SECTION@13 PARAMETER_SECTION@21 PARAMETER_SECTION@31 PARAMETER_SECTION@43\n"},
    {"a/b; name=\"\xe4\"",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 1 name=\"name\" value=\"\\xe4\"\n"
     "UTF8@5 PARAMETER_8BIT@5\n"},
    {"a/b; name=\"open",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 1 name=\"name\" value=\"open\"\n"
     "QUOTE_OPEN@10\n"},
    {"a/b; a=b, c=d; e=f",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 name=\"a\" value=\"b,\"\n"
     "parameter@10 name=\"c\" value=\"d\"\n"
     "parameter@15 name=\"e\" value=\"f\"\n"
     "PARAMETER_QUOTES@8 NO_SEPARATOR@10\n"},
    {"a/b; a=\"b\"c=d",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 1 name=\"a\" value=\"b\"\n"
     "parameter@10 name=\"c\" value=\"d\"\n"
     "NO_SEPARATOR@10\n"},
    {"a/b; a=1 b=2 c=3",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 name=\"a\" value=\"1\"\n"
     "parameter@9 name=\"b\" value=\"2\"\n"
     "parameter@13 name=\"c\" value=\"3\"\n"
     "NO_SEPARATOR@9 NO_SEPARATOR@13\n"},
    {"text/plain x",
     "type@0 type=\"text\" subtype=\"plain\"\n"
     "NO_SEPARATOR@11 PARAMETER@11\n"},
};
/* clang-format on */

/* clang-format off */
static const struct value_case strict_types[] = {
    {"text/plain; a=b; c=\"d\" (e)",
     "type@0 type=\"text\" subtype=\"plain\"\n"
     "parameter@12 name=\"a\" value=\"b\"\n"
     "parameter@17 1 name=\"c\" value=\"d\"\n"
     "\n"},
    {"text; a=b",
     "error TYPE@0\n"
     "TYPE@0\n"},
    {"a/b;; c=d",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "error PARAMETER@4\n"
     "PARAMETER@4\n"},
    {"a/b; c",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "error PARAMETER@5\n"
     "PARAMETER@5\n"},
    {"a/b c=d",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "error NO_SEPARATOR@4\n"
     "NO_SEPARATOR@4\n"},
    {"a/b; c=d:e",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "error PARAMETER_QUOTES@8\n"
     "PARAMETER_QUOTES@8\n"},
    {"a/b; c*01=d",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "error PARAMETER_SECTION@5\n"
     "PARAMETER_SECTION@5\n"},
    {"a/b; c=\"\xc3\xa4\"",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "parameter@5 1 name=\"c\" value=\"\\xc3\\xa4\"\n"
     "PARAMETER_8BIT@5\n"},
    {"a/b; c=\"d",
     "type@0 type=\"a\" subtype=\"b\"\n"
     "error QUOTE_OPEN@7\n"
     "QUOTE_OPEN@7\n"},
};
/* clang-format on */

/* clang-format off */
static const struct value_case dispositions[] = {
    {"attachment; filename=\"a;b.txt\" (c); size=1",
     "type@0 type=\"attachment\"\n"
     "parameter@12 1 name=\"filename\" value=\"a;b.txt\"\n"
     "parameter@36 name=\"size\" value=\"1\"\n"
     "\n"},
    {"inline",
     "type@0 type=\"inline\"\n"
     "\n"},
    {"; filename=x",
     "type@0\n"
     "parameter@2 name=\"filename\" value=\"x\"\n"
     "TYPE@0\n"},
};
/* clang-format on */

static void types_are_read(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        check_value(VALUE_TYPE, 0, &types[i]);
    }
}

static void types_strict(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof strict_types / sizeof strict_types[0]; i++) {
        check_value(VALUE_TYPE, MAILPROTO_VALUE_STRICT, &strict_types[i]);
    }
}

static void dispositions_are_read(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof dispositions / sizeof dispositions[0]; i++) {
        check_value(VALUE_DISPOSITION, 0, &dispositions[i]);
    }
}

/* The value of parameter n, and the defects. NULL: there is none. */
static void get(const char *value, uint32_t flags, const char *expected,
                const char *defects)
{
    mailproto_value_defect items[8];
    mailproto_defects d = {sizeof d, 8, items, 0, {0, 0, 0}, 0, 0};
    struct text t = {NULL, 0, 0};
    char out[128];
    size_t len;
    mailproto_status status =
        mailproto_parameter_get(bytes_of(value), bytes_of("N"), flags, NULL, out,
                                sizeof out - 1, &len, NULL, &d);
    if (expected == NULL) {
        assert_int_equal(status, MAILPROTO_EOF);
    } else {
        assert_int_equal(status, MAILPROTO_OK);
        out[len] = '\0';
        assert_string_equal(out, expected);
        assert_int_equal(len, strlen(expected));
    }
    value_trace_defects(&t, &d);
    assert_string_equal(text_string(&t), defects);
    text_free(&t);
}

static void values(void **state)
{
    (void)state;
    get("a/b; n=x", 0, "x", "");
    get("attachment; n=x", 0, "x", "");
    get("; n=x", 0, "x", "");
    get("a/b", 0, NULL, "");
    get("a/b; m=x", 0, NULL, "");
    get("a/b; N=\"a\\\"b\r\n c\"", 0, "a\"b c", "");
    get("a/b; n=x; n=y", 0, "x", "PARAMETER_TWICE@10");
    get("a/b; n=x; n*=utf-8''y", 0, "y", "PARAMETER_BOTH@5");
    get("a/b; n=x; n*0=y", 0, "y", "PARAMETER_BOTH@5");
    get("a/b; n*=utf-8'en'%e2%82%ac%20", 0, "\xE2\x82\xAC ", "");
    get("a/b; n*=iso-8859-1''%e4", 0, "\xC3\xA4", "");
    get("a/b; n*=\"utf-8''%41\"", 0, "A", "");
    get("a/b; n*=utf-8''%4%zz%", 0, "%4%zz%",
        "PARAMETER_PERCENT@15 PARAMETER_PERCENT@17 PARAMETER_PERCENT@20");
    get("a/b; n*=abc", 0, "abc", "PARAMETER_CHARSET@8");
    get("a/b; n*=utf-8'abc", 0, "utf-8'abc", "PARAMETER_CHARSET@8");
    get("a/b; n*=x-none''%41", 0, "A", "PARAMETER_CHARSET@16");
    get("a/b; n*=utf-7''+ADw-", 0, "+ADw-", "PARAMETER_CHARSET@15");
    get("a/b; n*2=c; n*0*=utf-8''a%62; n*1=\"%63\"", 0, "ab%63c", "");
    get("a/b; n*0=a; n*2=c", 0, "a", "PARAMETER_GAP@9");
    get("a/b; n*1=b; n=p", 0, "p", "PARAMETER_BOTH@12 PARAMETER_GAP@5");
    get("a/b; n*1=b", 0, NULL, "PARAMETER_GAP@5");
    get("a/b; n*0=a; n*0=b; n*1=c", 0, "ac", "PARAMETER_TWICE@12");
    get("a/b; n*0*=utf-8''%e2; n*1*=%82%ac", 0, "\xE2\x82\xAC", "");
    get("a/b; n*=utf-8''a%0d%0ab", 0, "a  b", "CONTROL@16");
    get("a/b; n*=utf-8''a%0d", MAILPROTO_PARAMETER_RAW, "a\r", "CONTROL@16");
    get("a/b; n*1*=b%09%01; n*0*=us-ascii''a%7f", 0, "a b\t ", "CONTROL@35");
    get("a/b; n*0*=utf-8''aaaaaaaaaabbbbbbbbbbccccccccccddd; n*1*=e%00f", 0,
        "aaaaaaaaaabbbbbbbbbbccccccccccddde f", "CONTROL@58");
    get("a/b; n*=utf-16be''%00a%00%0a%00b", 0, "a b", "CONTROL@25");
    get("a/b; n*=utf-8''a%e4", 0, "a\xEF\xBF\xBD", "PARAMETER_CHARSET@15");
    get("a/b; n*0*=utf-8''a%e4; n*1*=b%e4", 0,
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD",
        "PARAMETER_CHARSET@28");
    get("a/b; n*0*=utf-8''a; n*1*=b%e4; n*2*=%0a", 0, "ab\xEF\xBF\xBD ",
        "PARAMETER_CHARSET@36 CONTROL@36");
    get("a/b; n*0*=us-ascii''a; n*1=b; n*2*=%e4; n*3*=%e4", 0,
        "ab\xEF\xBF\xBD\xEF\xBF\xBD", "PARAMETER_CHARSET@35");
    get("a/b; n*=us-ascii''%e4", MAILPROTO_PARAMETER_RAW, "\xE4", "");
    get("a/b; n=\"a=?b.txt\"", 0, "a=?b.txt", "");
    get("a/b; n=\"=?x?q?=\"", 0, "=?x?q?=", "");
    get("a/b; n=\"=?x?c?d?=\"", 0, "=?x?c?d?=", "");
    get("a/b; n=\"=?utf-8?q?=C3=A4?=\"", 0, "\xC3\xA4", "ENCODED_WORD@8");
    get("a/b; n=\"=?utf-8?q?=C3=A4?=\"", MAILPROTO_PARAMETER_NO_WORDS,
        "=?utf-8?q?=C3=A4?=", "");
    get("a/b; n=\"\xE4\"", 0, "\xEF\xBF\xBD", "UTF8@5 PARAMETER_8BIT@5");
    get("a/b; n=\"\xE4\"", MAILPROTO_PARAMETER_RAW, "\xE4", "UTF8@5 PARAMETER_8BIT@5");
    get("a/b; n=\"\xC3\xA4\"", 0, "\xC3\xA4", "PARAMETER_8BIT@5");
    get("a/b; n=", 0, NULL, "PARAMETER@5");
    get("a/b; n=\"\"", 0, "", "");
}

/* A converter that knows no charset, some only when it has seen an octet. */
static mailproto_status refuse(void *ctx, mailproto_bytes charset, const void *in,
                               size_t in_len, size_t *in_used, void *out,
                               size_t out_cap, size_t *out_len, uint32_t flags)
{
    const char *p = (const char *)in;
    (void)ctx;
    (void)flags;
    *in_used = 0;
    *out_len = 0;
    if (charset.ptr[0] == 'l' && in_len > 0 && p[0] == 'a' && out_cap > 0) {
        *(char *)out = 'Z'; /* the late one */
        *in_used = 1;
        *out_len = 1;
        return in_len == 1 ? MAILPROTO_OK : MAILPROTO_AGAIN;
    }
    return MAILPROTO_ERR_NOT_BUILT;
}

/* With a converter that does not know the charset it is as without one. */
static void unknown_charset(void **state)
{
    static const char *const values[] = {
        "a/b; n*=x-none''%41%c3%a4",
        "a/b; n*=late''aab",
        "a/b; n*0*=x-none'en'%41%0d; n*1=%; n*2*=%zz; n*4=b; n=p",
        "a/b; n*=x-none''",
        "a/b; n*=utf-8''a%0d",
        "a/b; n*0*=x-none''aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    mailproto_charset_converter c;
    size_t i;
    (void)state;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.convert = refuse;
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct text t[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
        char out[2][80];
        size_t len[2];
        mailproto_parameter_info info[2];
        unsigned k;
        memset(out, 0, sizeof out);
        memset(info, 0, sizeof info);
        for (k = 0; k < 2; k++) {
            mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
            mailproto_value_defect items[10];
            d.items = items;
            d.capacity = 10;
            info[k].struct_size = sizeof info[k];
            assert_int_equal(mailproto_parameter_get(bytes_of(values[i]), bytes_of("n"),
                                                     0, k == 0 ? NULL : &c, out[k],
                                                     sizeof out[k], &len[k], &info[k],
                                                     &d),
                             MAILPROTO_OK);
            text_print(&t[k], "%u %llx", (unsigned)d.count, (unsigned long long)d.seen);
        }
        assert_int_equal(len[0], len[1]);
        assert_memory_equal(out[0], out[1], sizeof out[0]);
        assert_memory_equal(&info[0], &info[1], sizeof info[0]);
        /* An empty text asks no converter. */
        if (i != 3) {
            assert_string_equal(text_string(&t[0]), text_string(&t[1]));
        }
        text_free(&t[0]);
        text_free(&t[1]);
    }
    {
        mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
        char out[8];
        size_t len;
        assert_int_equal(mailproto_parameter_get(bytes_of(values[0]), bytes_of("n"), 0,
                                                 &c, out, sizeof out, &len, NULL, &d),
                         MAILPROTO_OK);
        assert_int_equal(len, 3);
        assert_memory_equal(out, "A\xC3\xA4", 3);
        assert_int_equal(d.count, 1);
        assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET);
        assert_int_equal(d.first.offset, 16);
    }
}

static void limits(void **state)
{
    struct text t = {NULL, 0, 0};
    mailproto_parameter_info info;
    mailproto_defects d = {sizeof d, 0, NULL, 0, {0, 0, 0}, 0, 0};
    char out[8];
    size_t len;
    int i;
    (void)state;
    text_print(&t, "a/b");
    for (i = 1; i < MAILPROTO_PARAMETERS_MAX; i++) {
        text_print(&t, "; m=x");
    }
    text_print(&t, "; n=yes");
    assert_int_equal(mailproto_parameter_get(bytes_of(text_string(&t)), bytes_of("n"),
                                             0, NULL, out, 3, &len, NULL, &d),
                     MAILPROTO_OK);
    assert_int_equal(d.count, 0);
    t.len -= 7;
    text_print(&t, "; m=x; n=yes");
    assert_int_equal(mailproto_parameter_get(bytes_of(text_string(&t)), bytes_of("n"),
                                             0, NULL, out, 3, &len, NULL, &d),
                     MAILPROTO_EOF);
    assert_int_equal(d.first.code, MAILPROTO_VALUE_DEFECT_PARAMETER_LIMIT);
    assert_int_equal(d.first.offset, t.len - 5);
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    assert_int_equal(mailproto_parameter_get(bytes_of("a/b; n*0*=utf-8'en'a; n*1=bc"),
                                             bytes_of("n"), 0, NULL, out, 3, &len,
                                             &info, NULL),
                     MAILPROTO_OK);
    assert_int_equal(info.sections, 2);
    assert_int_equal(info.flags,
                     MAILPROTO_PARAMETER_EXTENDED | MAILPROTO_PARAMETER_SECTION);
    assert_memory_equal(info.charset.ptr, "utf-8", info.charset.len);
    assert_memory_equal(info.language.ptr, "en", info.language.len);
    assert_int_equal(mailproto_parameter_get(bytes_of("a/b; n=abc"), bytes_of("n"), 0,
                                             NULL, out, 2, &len, NULL, NULL),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, 3);
    assert_int_equal(mailproto_parameter_get(bytes_of("a/b; n=abc"), bytes_of(""), 0,
                                             NULL, out, 2, &len, NULL, NULL),
                     MAILPROTO_ERR_ARGUMENT);
    text_free(&t);
}

static void put(const char *value, uint32_t column, const char *expected)
{
    char out[1024];
    size_t len;
    uint32_t at = column;
    assert_int_equal(mailproto_parameter_write(bytes_of("name"), bytes_of(value), &at,
                                               out, sizeof out, &len),
                     MAILPROTO_OK);
    out[len] = '\0';
    assert_string_equal(out, expected);
    at = column;
    assert_int_equal(mailproto_parameter_write(bytes_of("name"), bytes_of(value), &at,
                                               out, len - 1, &len),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, 0);
    assert_int_equal(at, column);
}

static void writing(void **state)
{
    char out[256];
    size_t len;
    uint32_t column = 0;
    (void)state;
    put("x", 10, "; name=x");
    put("x y", 10, "; name=\"x y\"");
    put("x\"\\", 10, "; name=\"x\\\"\\\\\"");
    put("", 10, "; name=\"\"");
    put("x", 69, "; name=x");
    put("x", 70, ";\r\n name=x"); /* 79 with the semicolon behind it */
    put("\xC3\xA4", 10, ";\r\n name*=utf-8''%C3%A4");
    put("=?x", 10, ";\r\n name*=utf-8''%3D%3Fx");
    put("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "a",
        0,
        ";\r\n "
        "name*0*=utf-8''aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        ";\r\n name*1*=aaaaaaaaaaaaaaaaa");
    assert_int_equal(mailproto_parameter_write(bytes_of("name"), bytes_of("a\r\nX: y"),
                                               &column, out, sizeof out, &len),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_parameter_write(bytes_of("name"), bytes_of("\xFF"),
                                               &column, out, sizeof out, &len),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_parameter_write(bytes_of("na*me"), bytes_of("a"),
                                               &column, out, sizeof out, &len),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_parameter_write(bytes_of(""), bytes_of("a"), &column,
                                               out, sizeof out, &len),
                     MAILPROTO_ERR_ARGUMENT);
}

static void safe(const char *name, size_t max, const char *expected)
{
    char out[256];
    size_t len;
    assert_int_equal(
        mailproto_file_name(bytes_of(name), max, out, sizeof out - 1, &len),
        MAILPROTO_OK);
    out[len] = '\0';
    assert_string_equal(out, expected);
}

static void file_names(void **state)
{
    char out[256];
    size_t len;
    (void)state;
    safe("a.txt", 0, "a.txt");
    safe("../../etc/passwd", 0, "passwd");
    safe("C:\\dir\\b.txt", 0, "b.txt");
    safe("C:b.txt", 0, "C_b.txt");
    safe("/", 0, "");
    safe("..", 0, "");
    safe(" .htaccess. ", 0, "htaccess");
    safe("a\tb\x7F\x01.c", 0, "a_b__.c");
    safe("a<b>|c?*\".d", 0, "a_b__c___.d");
    safe("CON", 0, "_CON");
    safe("com1.txt", 0, "_com1.txt");
    safe("com.txt", 0, "com.txt");
    safe("nul .tar.gz", 0, "_nul .tar.gz");
    safe("gpj\xE2\x80\xAE.exe", 0, "gpj_.exe"); /* U+202E */
    safe("-rf", 0, "_-rf");
    safe("~root", 0, "_~root");
    safe("dir/~/-x", 0, "_-x");
    safe("a-~b", 0, "a-~b");
    safe(" -x", 0, "_-x");
    safe("-aaaaaaaaaaaaaaaaaaaaaaaaa.txt", 16, "_-aaaaaaaaaa.txt");
    safe("COM\xC2\xB9", 0, "_COM\xC2\xB9");
    safe("com\xC2\xB2.txt", 0, "_com\xC2\xB2.txt");
    safe("Lpt\xC2\xB3 .a", 0, "_Lpt\xC2\xB3 .a");
    safe("com\xC2\xB4", 0, "com\xC2\xB4");
    safe("co\xC2\xB9", 0, "co\xC2\xB9");
    safe("Clock$.c", 0, "_Clock$.c");
    safe("nul             x", 16, "_nul"); /* a device once it is cut */
    safe("nul             x.txt", 16, "_nul        .txt");
    /* U+00A0, U+3000, U+200B to U+200F, U+00AD, U+2060, U+FEFF */
    safe("\xC2\xA0", 0, "");
    safe("\xE3\x80\x80", 0, "");
    safe("\xE2\x80\x8B\xE2\x80\x8C\xE2\x80\x8D\xE2\x80\x8E\xE2\x80\x8F", 0, "");
    safe("\xC2\xAD.\xE2\x81\xA0 \xEF\xBB\xBF", 0, "");
    safe("\xE2\x80\x8B"
         "a\xC2\xA0"
         "b\xE3\x80\x80",
         0,
         "a\xC2\xA0"
         "b");
    safe("\xEF\xBB\xBF~a", 0, "_~a");
    safe("\xC2\xA0"
         "con\xC2\xA0",
         0, "_con");
    safe("a\xE2\x80\x8B"
         "b\xC2\xAD"
         "c\xE2\x81\xA0"
         "d\xEF\xBB\xBF"
         "e\xE2\x80\x8E"
         "f",
         0, "a_b_c_d_e_f");
    safe("a\xE2\x80\x8C"
         "b\xE2\x80\x8D"
         "c",
         0,
         "a\xE2\x80\x8C"
         "b\xE2\x80\x8D"
         "c");
    safe("aaaaaaaaaaaaa\xE3\x80\x80"
         "b",
         16, "aaaaaaaaaaaaa"); /* cut behind it */
    safe("\x80\x80", 0, "__");
    safe("\xE4.txt", 0, "_.txt");
    safe("\xC3\xA4.txt", 0, "\xC3\xA4.txt");
    safe("aaaaaaaaaaaaaaaaaaaaaaaaaa.txt", 16, "aaaaaaaaaaaa.txt");
    safe("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4.text", 16,
         "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4.text");
    assert_int_equal(mailproto_file_name(bytes_of("a"), 15, out, sizeof out, &len),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_file_name(bytes_of("abc"), 0, out, 2, &len),
                     MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_read),
        cmocka_unit_test(types_strict),
        cmocka_unit_test(dispositions_are_read),
        cmocka_unit_test(values),
        cmocka_unit_test(unknown_charset),
        cmocka_unit_test(limits),
        cmocka_unit_test(writing),
        cmocka_unit_test(file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
