/*
 * Dates, parameters, message-ids, lists, Received, folding and quoted strings of other
 * projects' tests against optional data.
 */
#include "jsonl.h"
#include "value_listed.h"

static char buf[65536];

static int is(mailproto_bytes text, const char *expected)
{
    size_t len = expected != NULL ? strlen(expected) : 0;
    return text.len == len && (len == 0 || memcmp(text.ptr, expected, len) == 0);
}

static mailproto_bytes bytes(const struct text *in)
{
    mailproto_bytes b;
    b.ptr = in->data;
    b.len = in->len;
    return b;
}

/* ---- dates ------------------------------------------------------------------------ */

/* Numbers of a date under `at`. */
static int same_numbers(const struct jsonl *j, const char *at, const mailproto_date *d)
{
    static const char *const names[] = {"year", "month",  "day",
                                        "hour", "minute", "second"};
    int32_t numbers[6];
    char path[80];
    size_t i;
    int64_t zone;
    numbers[0] = d->year;
    numbers[1] = d->month;
    numbers[2] = d->day;
    numbers[3] = d->hour;
    numbers[4] = d->minute;
    numbers[5] = d->second;
    for (i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "%s.%s", at, names[i]);
        if (jsonl_number(j, path, -1) != numbers[i]) {
            return 0;
        }
    }
    snprintf(path, sizeof path, "%s.tz_hour", at);
    zone = jsonl_number(j, path, -1) * 60;
    snprintf(path, sizeof path, "%s.tz_minute", at);
    zone += jsonl_number(j, path, -1);
    snprintf(path, sizeof path, "%s.tz_before_gmt", at);
    return d->zone_minutes == (jsonl_number(j, path, 0) ? -zone : zone);
}

static void dates(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "dates");
    (void)state;
    while (listed_next(j, &in)) {
        const char *id = jsonl_text(j, "id");
        mailproto_date d;
        mailproto_status status;
        size_t len;
        memset(&d, 0, sizeof d);
        d.struct_size = sizeof d;
        status = mailproto_date_parse(bytes(&in), 0, NULL, &d);
        if (jsonl_has(j, "expected.tz_minutes")) {
            listed_row(&l, id, "unix",
                       status == MAILPROTO_OK &&
                           d.utc == jsonl_number(j, "expected.unix", INT64_MIN) &&
                           d.zone_minutes ==
                               jsonl_number(j, "expected.tz_minutes", INT64_MIN));
        } else if (jsonl_text(j, "expected.rfc822") != NULL) {
            mailproto_bytes b;
            b.ptr = buf;
            b.len = 0;
            if (status == MAILPROTO_OK &&
                mailproto_date_write(d.utc, d.zone_minutes, buf, sizeof buf, &len) ==
                    MAILPROTO_OK) {
                b.len = len;
            }
            listed_row(&l, id, "date", is(b, jsonl_text(j, "expected.rfc822")));
        } else if (jsonl_has(j, "expected.parsed.year")) {
            listed_row(&l, id, "parsed",
                       status == MAILPROTO_OK &&
                           same_numbers(j, "expected.parsed", &d));
        } else {
            listed_row(&l, id, "none", status == MAILPROTO_ERR_SYNTAX);
        }
    }
    jsonl_close(j);
    text_free(&in);
    assert_true(l.rows > 50);
    listed_end(&l, "dates");
}

/* ---- parameters ------------------------------------------------------------------- */

static int same_parameter(mailproto_bytes value, const char *name, const char *expected)
{
    mailproto_parameter_info info;
    mailproto_status status;
    size_t len = 0;
    size_t n = strlen(name);
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    if (n > 9 && strcmp(name + n - 9, "-language") == 0) { /* as mail-parser names it */
        mailproto_bytes b;
        b.ptr = name;
        b.len = n - 9;
        status = mailproto_parameter_get(value, b, 0, NULL, buf, sizeof buf, &len,
                                         &info, NULL);
        return status == MAILPROTO_OK && is(info.language, expected);
    }
    status = mailproto_parameter_get(value, bytes_of(name), 0, NULL, buf, sizeof buf,
                                     &len, &info, NULL);
    {
        mailproto_bytes b;
        b.ptr = buf;
        b.len = len;
        return status == MAILPROTO_OK && is(b, expected);
    }
}

static void content(const struct jsonl *j, const struct text *in, struct listed *l)
{
    const char *id = jsonl_text(j, "id");
    int parsed = jsonl_has(j, "expected.parsed");
    const char *list = parsed ? "expected.parsed.attributes" : "expected.params";
    int disposition = strcmp(jsonl_text(j, "kind"), "content-disposition") == 0;
    const char *type = jsonl_text(
        j, parsed ? "expected.parsed.c_type"
                  : (disposition ? "expected.disposition" : "expected.type"));
    mailproto_value v;
    mailproto_content c;
    size_t i;
    int same = 1;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    assert_int_equal(mailproto_value_open(&v, bytes(in), MAILPROTO_VALUE_FINAL, NULL),
                     0);
    assert_int_equal(disposition ? mailproto_content_disposition(&v, &c)
                                 : mailproto_content_type(&v, &c),
                     0);
    listed_row(l, id, "type", is(c.type, type));
    listed_row(l, id, "subtype",
               is(c.subtype, jsonl_text(j, parsed ? "expected.parsed.c_subtype"
                                                  : "expected.subtype")));
    for (i = 0; i < jsonl_count(j, list); i++) {
        char path[80];
        const char *name;
        snprintf(path, sizeof path, "%s.%zu", list, i);
        name = jsonl_text_at(j, path, 0);
        same = same && same_parameter(bytes(in), name, jsonl_text_at(j, path, 1));
    }
    listed_row(l, id, "parameters", same);
    if (i == 0) {
        mailproto_parameter p;
        unsigned n = 0;
        memset(&p, 0, sizeof p);
        p.struct_size = sizeof p;
        while (mailproto_parameter_next(&v, &p) == MAILPROTO_OK) {
            n += p.name.len > 0 && p.value.len > 0;
        }
        listed_row(l, id, "no parameters", n == 0);
    }
}

static void parameters(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "params");
    unsigned written = 0;
    (void)state;
    while (listed_next(j, &in)) {
        const char *id = jsonl_text(j, "id");
        if (jsonl_has(j, "expected.flat")) {
            size_t i;
            for (i = 0; i + 1 < jsonl_count(j, "expected.flat"); i += 2) {
                listed_row(&l, id, jsonl_text_at(j, "expected.flat", i),
                           same_parameter(bytes(&in),
                                          jsonl_text_at(j, "expected.flat", i),
                                          jsonl_text_at(j, "expected.flat", i + 1)));
            }
        } else if (jsonl_has(j, "expected.rest")) {
            /* What the other writes reads as the text here, and so does what is written
             * here. */
            const char *field = jsonl_text_at(j, "expected.rest", 1);
            const char *value = strchr(field, ':') + 1;
            char out[512];
            size_t len;
            uint32_t column = 40;
            mailproto_bytes b;
            listed_row(&l, id, "read",
                       same_parameter(bytes_of(value), "filename", text_string(&in)));
            assert_int_equal(mailproto_parameter_write(bytes_of("filename"), bytes(&in),
                                                       &column, out, sizeof out, &len),
                             0);
            b.ptr = out;
            b.len = len;
            listed_row(&l, id, "written",
                       same_parameter(b, "filename", text_string(&in)));
            written++;
        } else {
            content(j, &in, &l);
        }
    }
    jsonl_close(j);
    text_free(&in);
    assert_true(l.rows > 150 && written == 2);
    listed_end(&l, "parameters");
}

/* ---- message-ids ------------------------------------------------------------------ */

static void message_ids(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "message_ids");
    (void)state;
    while (listed_next(j, &in)) {
        const char *id = jsonl_text(j, "id");
        const char *list = jsonl_has(j, "expected.ids")      ? "expected.ids"
                           : jsonl_has(j, "expected.parsed") ? "expected.parsed"
                                                             : "expected.rest.1";
        const char *one = jsonl_text(j, "expected.id");
        size_t count = one != NULL ? 1 : jsonl_count(j, list);
        size_t n = 0;
        int same = 1;
        mailproto_value v;
        mailproto_message_id m;
        memset(&m, 0, sizeof m);
        m.struct_size = sizeof m;
        if (count > 0 && one == NULL && jsonl_text_at(j, list, count - 1) == NULL) {
            count--;
        }
        assert_int_equal(
            mailproto_value_open(&v, bytes(&in), MAILPROTO_VALUE_FINAL, NULL), 0);
        while (mailproto_message_id_next(&v, &m) == MAILPROTO_OK) {
            const char *expected = one != NULL ? one : jsonl_text_at(j, list, n);
            same = same && n < count && is(m.id, expected);
            n++;
        }
        listed_row(&l, id, "ids", same && n == count);
    }
    jsonl_close(j);
    text_free(&in);
    assert_int_equal(l.rows, 16);
    listed_end(&l, "message-ids");
}

/* ---- lists, folding, quoted strings ------------------------------------------------- */

static void lists(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "lists");
    (void)state;
    while (listed_next(j, &in)) {
        mailproto_value v;
        mailproto_list_item item;
        size_t n = 0;
        int same = 1;
        memset(&item, 0, sizeof item);
        item.struct_size = sizeof item;
        assert_int_equal(
            mailproto_value_open(&v, bytes(&in), MAILPROTO_VALUE_FINAL, NULL), 0);
        while (mailproto_keyword_next(&v, &item) == MAILPROTO_OK) {
            mailproto_bytes b;
            size_t len;
            assert_int_equal(mailproto_words_decode(item.value, MAILPROTO_WORDS_PHRASE,
                                                    NULL, buf, sizeof buf, &len),
                             0);
            b.ptr = buf;
            b.len = len;
            same = same && is(b, jsonl_text_at(j, "expected.parsed", n));
            n++;
        }
        listed_row(&l, jsonl_text(j, "id"), "list",
                   same && n == jsonl_count(j, "expected.parsed"));
    }
    jsonl_close(j);
    text_free(&in);
    assert_int_equal(l.rows, 3);
    listed_end(&l, "lists");
}

static void folding(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "header_folding");
    (void)state;
    while (listed_next(j, &in)) {
        mailproto_bytes value;
        struct text lf = {NULL, 0, 0};
        char back[4096];
        size_t len;
        size_t i;
        uint32_t column;
        const char *start = strchr(in.data, ':') + 2;
        value.ptr = start;
        value.len = in.len - (size_t)(start - in.data);
        column = (uint32_t)(start - in.data);
        assert_int_equal(
            mailproto_words_encode(value, 0, &column, buf, sizeof buf, &len), 0);
        text_add(&lf, in.data, (size_t)(start - in.data));
        for (i = 0; i < len; i++) {
            if (buf[i] != '\r') {
                text_add(&lf, buf + i, 1);
            }
        }
        text_print(&lf, "\n");
        listed_row(&l, jsonl_text(j, "id"), "folded",
                   strcmp(text_string(&lf), jsonl_text(j, "expected.folded")) == 0);
        text_free(&lf);
        /* it reads as what it was all the same */
        {
            mailproto_bytes b;
            b.ptr = buf;
            b.len = len;
            assert_int_equal(mailproto_text_decode(b, 0, NULL, back, sizeof back, &len),
                             0);
            assert_int_equal(len, value.len);
            assert_memory_equal(back, value.ptr, len);
        }
    }
    jsonl_close(j);
    text_free(&in);
    assert_int_equal(l.rows, 1);
    listed_end(&l, "folding");
}

static void quoted(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "quoted_strings");
    (void)state;
    while (listed_next(j, &in)) {
        struct text whole = {NULL, 0, 0};
        mailproto_bytes b;
        uint32_t column = 0;
        size_t len;
        const char *expected = jsonl_text(j, "expected.unquoted");
        text_print(&whole, "\"%s\"", in.data);
        assert_int_equal(mailproto_text_plain(bytes(&whole), buf, sizeof buf, &len), 0);
        b.ptr = buf;
        b.len = len;
        listed_row(&l, jsonl_text(j, "id"), "unquoted", is(b, expected));
        text_free(&whole);
        /* and quoted again */
        assert_int_equal(mailproto_words_encode(bytes_of(expected),
                                                MAILPROTO_WORDS_PHRASE, &column, buf,
                                                sizeof buf, &len),
                         0);
        b.len = len;
        listed_row(&l, jsonl_text(j, "id"), "quoted",
                   len == in.len + 2 && buf[0] == '"' && buf[len - 1] == '"' &&
                       memcmp(buf + 1, in.data, in.len) == 0);
    }
    jsonl_close(j);
    text_free(&in);
    assert_int_equal(l.rows, 2);
    listed_end(&l, "quoted strings");
}

/* ---- Received --------------------------------------------------------------------- */

static const char *host(const struct jsonl *j, const char *field, const char *what)
{
    char path[80];
    snprintf(path, sizeof path, "expected.parsed.%s.%s", field, what);
    return jsonl_text(j, path);
}

/* A name, or an address with brackets or without. */
static int same_host(const struct jsonl *j, const char *field, mailproto_bytes mine)
{
    const char *name = host(j, field, "Name");
    const char *ip = host(j, field, "IpAddr");
    if (ip != NULL && mine.len > 2 && mine.ptr[0] == '[') {
        mine.ptr++;
        mine.len -= 2;
    }
    return is(mine, ip != NULL ? ip : name);
}

static int same_nocase(mailproto_bytes a, const char *b)
{
    size_t i;
    if (b == NULL || a.len != strlen(b)) {
        return b == NULL && a.len == 0;
    }
    for (i = 0; i < a.len; i++) {
        if ((a.ptr[i] | 32) != (b[i] | 32)) {
            return 0;
        }
    }
    return 1;
}

static void received(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "received");
    (void)state;
    while (listed_next(j, &in)) {
        const char *id = jsonl_text(j, "id");
        mailproto_received r;
        memset(&r, 0, sizeof r);
        r.struct_size = sizeof r;
        r.date.struct_size = sizeof r.date;
        assert_int_equal(mailproto_received_parse(bytes(&in), 0, NULL, &r), 0);
        listed_row(&l, id, "from", same_host(j, "from", r.from));
        listed_row(&l, id, "by", same_host(j, "by", r.by));
        listed_row(&l, id, "address",
                   is(r.address, jsonl_text(j, "expected.parsed.from_ip")));
        listed_row(&l, id, "rdns",
                   is(r.rdns, jsonl_text(j, "expected.parsed.from_iprev")));
        listed_row(&l, id, "for",
                   is(r.recipient, jsonl_text(j, "expected.parsed.for_")));
        listed_row(&l, id, "id", is(r.id, jsonl_text(j, "expected.parsed.id")));
        listed_row(&l, id, "via", is(r.via, jsonl_text(j, "expected.parsed.via")));
        listed_row(&l, id, "with",
                   same_nocase(r.with, jsonl_text(j, "expected.parsed.with")));
        listed_row(&l, id, "helo", same_host(j, "helo", r.helo));
        listed_row(&l, id, "ident",
                   is(r.ident, jsonl_text(j, "expected.parsed.ident")));
        listed_row(&l, id, "date",
                   jsonl_has(j, "expected.parsed.date.year")
                       ? (r.flags & MAILPROTO_RECEIVED_HAS_DATE) != 0 &&
                             same_numbers(j, "expected.parsed.date", &r.date)
                       : (r.flags & MAILPROTO_RECEIVED_HAS_DATE) == 0);
    }
    jsonl_close(j);
    text_free(&in);
    assert_true(l.rows > 900);
    listed_end(&l, "Received");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),       cmocka_unit_test(parameters),
        cmocka_unit_test(message_ids), cmocka_unit_test(lists),
        cmocka_unit_test(folding),     cmocka_unit_test(quoted),
        cmocka_unit_test(received),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
