/*
 * Values of header fields against optional data: what other parsers make of values from
 * real messages (the majority, where three of four agree), and vectors of their own tests.
 */
#include "jsonl.h"
#include "value_listed.h"

/* Without iconv charsets that are not built in are not compared: which values those are is
 * known by asking for them. */
#if defined(__has_include)
#if __has_include(<iconv.h>)
#define HAVE_ICONV 1
#include <iconv.h>
#endif
#endif

/* ---- charsets that are not built in ----------------------------------------------------- */

/* One text through iconv: converted whole when its last octet came. */
struct converter {
    struct text in, out;
    size_t given;
};

static int unconverted; /* in this row: there is no iconv */

static mailproto_status convert(void *ctx, mailproto_bytes charset, const void *in,
                                size_t in_len, size_t *in_used, void *out, size_t cap,
                                size_t *out_len, uint32_t flags)
{
    struct converter *c = (struct converter *)ctx;
    char name[64];
    *in_used = 0;
    *out_len = 0;
    snprintf(name, sizeof name, "%.*s", (int)charset.len, charset.ptr);
#ifndef HAVE_ICONV
    (void)c, (void)in, (void)in_len, (void)out, (void)cap, (void)flags;
    unconverted = 1;
    return MAILPROTO_ERR_NOT_BUILT;
#else
    if (flags & MAILPROTO_CHARSET_BEGIN) {
        iconv_t cd = iconv_open("UTF-8", name);
        if (cd == (iconv_t)-1) {
            return MAILPROTO_ERR_NOT_BUILT;
        }
        iconv_close(cd);
        if (in_len == 0 && !(flags & MAILPROTO_CODEC_FINAL)) {
            return MAILPROTO_OK; /* asked only whether the charset is known */
        }
        c->in.len = c->out.len = c->given = 0;
    }
    text_add(&c->in, in, in_len);
    *in_used = in_len;
    if (!(flags & MAILPROTO_CODEC_FINAL)) {
        return MAILPROTO_OK;
    }
    if (c->in.len > 0) {
        iconv_t cd = iconv_open("UTF-8", name);
        static char buf[65536];
        char *from = c->in.data;
        char *to = buf;
        size_t left = c->in.len;
        size_t room = sizeof buf;
        (void)iconv(cd, &from, &left, &to, &room);
        iconv_close(cd);
        text_add(&c->out, buf, sizeof buf - room);
        c->in.len = 0;
    }
    *out_len = c->out.len - c->given < cap ? c->out.len - c->given : cap;
    memcpy(out, c->out.data + c->given, *out_len);
    c->given += *out_len;
    return c->given < c->out.len ? MAILPROTO_AGAIN : MAILPROTO_OK;
#endif
}

static struct converter converter_state;
static const mailproto_charset_converter converter = {sizeof converter, 0,
                                                      &converter_state, convert};

/* Whether the vote is decided: three quarters say the same. */
static int decided(const char *votes)
{
    unsigned yes;
    unsigned all;
    return votes != NULL && sscanf(votes, "%u/%u", &yes, &all) == 2 && all > 1 &&
           yes * 4 >= all * 3;
}

static void lower_domain(char *spec)
{
    char *at = strrchr(spec, '@');
    for (; at != NULL && *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
    }
}

static void judge(struct listed *s, const char *id, const char *aspect, int same)
{
    if (!unconverted) {
        listed_row(s, id, aspect, same);
    }
}

static void text_z(struct text *t, const char *from, size_t len)
{
    t->len = 0;
    text_add(t, from, len);
    (void)text_string(t);
}

/* Equal but for blanks (also U+00A0), which are the readers' own affair. */
static int same_text(const char *a, const char *b)
{
    for (;;) {
        while (*a == ' ' || *a == '\t' || strncmp(a, "\xC2\xA0", 2) == 0) {
            a += *a == '\xC2' ? 2 : 1;
        }
        while (*b == ' ' || *b == '\t' || strncmp(b, "\xC2\xA0", 2) == 0) {
            b += *b == '\xC2' ? 2 : 1;
        }
        if (*a != *b || *a == '\0') {
            return *a == *b;
        }
        a++;
        b++;
    }
}

/* ---- addresses ------------------------------------------------------------------------ */

static void addresses(const struct jsonl *j, const struct text *in, struct listed *s)
{
    static char spec[65536];
    static char name[65536];
    mailproto_value v;
    mailproto_address a;
    mailproto_bytes value = {in->data, in->len};
    const char *id = jsonl_text(j, "id");
    int check_specs = decided(jsonl_text(j, "addresses_votes"));
    int check_names = decided(jsonl_text(j, "names_votes"));
    int specs_good = 1;
    int names_good = 1;
    size_t n = 0;
    memset(&a, 0, sizeof a);
    a.struct_size = sizeof a;
    assert_int_equal(mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL), 0);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        size_t len;
        char expected[4096];
        const char *text;
        if (a.type != MAILPROTO_ADDRESS_MAILBOX) {
            continue;
        }
        assert_int_equal(mailproto_address_spec(&a, spec, sizeof spec - 1, &len), 0);
        spec[len] = '\0';
        lower_domain(spec);
        text = jsonl_text_at(j, "addresses", n);
        snprintf(expected, sizeof expected, "%s", text != NULL ? text : "(none)");
        lower_domain(expected);
        specs_good = specs_good && strcmp(spec, expected) == 0;
        assert_int_equal(mailproto_address_display(&a, MAILPROTO_WORDS_GUESS,
                                                   &converter, name, sizeof name - 1,
                                                   &len),
                         0);
        name[len] = '\0';
        text = jsonl_text_at(j, "names", n);
        names_good = names_good && text != NULL && same_text(name, text);
        n++;
    }
    specs_good = specs_good && n == jsonl_count(j, "addresses");
    names_good = names_good && n == jsonl_count(j, "names");
    if (check_specs) {
        judge(s, id, "addresses", specs_good);
    }
    if (check_names && specs_good) {
        judge(s, id, "names", names_good);
    }
}

/* ---- dates ---------------------------------------------------------------------------- */

static void date(const struct jsonl *j, const struct text *in, struct listed *s)
{
    mailproto_date d;
    mailproto_bytes value = {in->data, in->len};
    const char *id = jsonl_text(j, "id");
    mailproto_status status;
    memset(&d, 0, sizeof d);
    d.struct_size = sizeof d;
    status = mailproto_date_parse(value, 0, NULL, &d);
    if (decided(jsonl_text(j, "unix_votes"))) {
        judge(s, id, "unix",
              status == MAILPROTO_OK && d.utc == jsonl_number(j, "unix", INT64_MIN));
    }
    if (decided(jsonl_text(j, "offset_minutes_votes"))) {
        judge(s, id, "offset",
              status == MAILPROTO_OK &&
                  d.zone_minutes == jsonl_number(j, "offset_minutes", INT64_MIN));
    }
}

/* ---- Content-Type and its likes --------------------------------------------------------- */

static void content(const struct jsonl *j, const struct text *in, int type,
                    struct listed *s)
{
    static char buf[65536];
    mailproto_content c;
    mailproto_parameter p;
    mailproto_value v;
    mailproto_bytes value = {in->data, in->len};
    struct text mine = {NULL, 0, 0};
    const char *id = jsonl_text(j, "id");
    size_t i;
    int good = 1;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    memset(&p, 0, sizeof p);
    p.struct_size = sizeof p;
    assert_int_equal(mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL), 0);
    assert_int_equal(type ? mailproto_content_type(&v, &c)
                          : mailproto_content_disposition(&v, &c),
                     0);
    text_add(&mine, c.type.ptr, c.type.len);
    if (c.subtype.len > 0) {
        text_print(&mine, "/");
        text_add(&mine, c.subtype.ptr, c.subtype.len);
    }
    if (decided(jsonl_text(j, "value_votes"))) {
        const char *expected = jsonl_text(j, "value");
        text_string(&mine);
        for (i = 0; i < mine.len; i++) {
            mine.data[i] =
                (char)(mine.data[i] >= 'A' && mine.data[i] <= 'Z' ? mine.data[i] + 32
                                                                  : mine.data[i]);
        }
        judge(s, id, "value", expected != NULL && strcmp(mine.data, expected) == 0);
    }
    while (mailproto_parameter_next(&v, &p) == MAILPROTO_OK) {
        char path[256];
        const char *expected;
        size_t len;
        if ((p.flags & MAILPROTO_PARAMETER_SECTION) != 0 && p.section > 0) {
            continue;
        }
        snprintf(path, sizeof path, "params.%.*s", (int)p.name.len, p.name.ptr);
        for (i = 7; path[i] != '\0'; i++) {
            path[i] = (char)(path[i] >= 'A' && path[i] <= 'Z' ? path[i] + 32 : path[i]);
        }
        expected = jsonl_text(j, path);
        assert_int_equal(mailproto_parameter_get(value, p.name, 0, &converter, buf,
                                                 sizeof buf - 1, &len, NULL, NULL),
                         0);
        buf[len] = '\0';
        if (expected == NULL || strcmp(buf, expected) != 0) {
            good = 0;
        }
    }
    if (decided(jsonl_text(j, "params_votes"))) {
        judge(s, id, "params", good);
    }
    text_free(&mine);
}

static void unstructured(const struct jsonl *j, const struct text *in, struct listed *s)
{
    static char buf[65536];
    mailproto_bytes value = {in->data, in->len};
    const char *expected = jsonl_text(j, "decoded");
    struct text a = {NULL, 0, 0};
    struct text b = {NULL, 0, 0};
    size_t len;
    if (!decided(jsonl_text(j, "decoded_votes")) || expected == NULL) {
        return;
    }
    assert_int_equal(
        mailproto_text_decode(value, MAILPROTO_TEXT_COLLAPSE | MAILPROTO_WORDS_GUESS,
                              &converter, buf, sizeof buf, &len),
        0);
    text_z(&a, buf, len);
    text_z(&b, expected, strlen(expected));
    judge(s, jsonl_text(j, "id"), "decoded", same_text(a.data, text_string(&b)));
    text_free(&a);
    text_free(&b);
}

static void majority(void **state)
{
    struct text why = {NULL, 0, 0};
    struct text in = {NULL, 0, 0};
    static struct listed s;
    struct jsonl *j = jsonl_open("corpus/vectors/corpus_headers.jsonl", &why);
    (void)state;
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    listed_begin(&s, "");
    while (jsonl_next(j, &why) == 1) {
        const char *kind = jsonl_text(j, "kind");
        in.len = 0;
        unconverted = 0;
        assert_true(jsonl_bytes(j, "input_b64", &in));
        (void)text_string(&in);
        if (strcmp(kind, "address-list") == 0) {
            addresses(j, &in, &s);
        } else if (strcmp(kind, "date") == 0) {
            date(j, &in, &s);
        } else if (strcmp(kind, "unstructured") == 0) {
            unstructured(j, &in, &s);
        } else {
            content(j, &in, strcmp(kind, "content-type") == 0, &s);
        }
    }
    jsonl_close(j);
    assert_true(s.rows > 2000);
    assert_true(s.agreed * 100 >= s.rows * 99);
#ifndef HAVE_ICONV
    memset(s.hit, 1, sizeof s.hit); /* some of those listed were not compared */
#endif
    listed_end(&s, "values of messages");
    text_free(&in);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(majority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
