/*
 * Attack vectors on what writes fields, against optional data: each value is refused, or
 * what is written is one field that reads as that value.
 */
#include <mailproto/compose.h>

#include "jsonl.h"
#include "value_listed.h"

static char out[1 << 16];
static char message[1 << 18];
static char back[1 << 16];

static mailproto_bytes span(const char *data, size_t len)
{
    mailproto_bytes b;
    b.ptr = data;
    b.len = len;
    return b;
}

/* No line of its own: each line end is CRLF with a blank behind it; no NUL. */
static void check_lines(const char *id, const char *data, size_t len, int ends)
{
    size_t i;
    for (i = 0; i < len; i++) {
        int fold = data[i] == '\r' && i + 2 < len && data[i + 1] == '\n' &&
                   (data[i + 2] == ' ' || data[i + 2] == '\t');
        int end = ends && data[i] == '\r' && i + 2 == len && data[i + 1] == '\n';
        if (data[i] == '\0' || data[i] == '\n' || (data[i] == '\r' && !fold && !end)) {
            print_error("%s: octet %zu of %.*s\n", id, i, (int)len, data);
            fail();
        }
        i += fold || end;
    }
}

/* Composes it; OK or what was said. All header lines are fields of the description, and
 * as many as `fields`. */
static mailproto_status compose(const char *id, mailproto_compose_options *o,
                                size_t fields)
{
    static char mem[8192];
    mailproto_compose *c;
    mailproto_status status;
    size_t len = 0;
    size_t got = 0;
    size_t count = 0;
    const char *p;
    o->struct_size = sizeof *o;
    o->utc = INT64_MIN;
    o->unique = bytes_of("0123456789abcdef");
    status = mailproto_compose_init(mem, sizeof mem, o, &c);
    if (status != MAILPROTO_OK) {
        return status;
    }
    while ((status = mailproto_compose_read(c, message + len, sizeof message - len,
                                            &got)) == MAILPROTO_OK) {
        len += got;
    }
    assert_int_equal(status, MAILPROTO_EOF);
    for (p = message; p < message + len && *p != '\r'; count++) {
        const char *end = p;
        do {
            end = (const char *)memchr(end, '\n', (size_t)(message + len - end));
            assert_non_null(end);
            end++;
        } while (*end == ' ' || *end == '\t');
        check_lines(id, p, (size_t)(end - p), 1);
        assert_true(strncmp(p, "Bcc", 3) != 0 && strncmp(p, "X:", 2) != 0);
        p = end;
    }
    if (count != fields) {
        print_error("%s: %zu fields\n%.*s\n", id, count, (int)len, message);
        fail();
    }
    return MAILPROTO_OK;
}

/* One field, and what a message has besides: MIME-Version and Content-Type of the part,
 * whose number `plain` is found with a harmless value. */
static mailproto_status compose_field(const char *id, const mailproto_compose_field *f,
                                      size_t *plain)
{
    mailproto_compose_options o;
    mailproto_compose_part part;
    memset(&o, 0, sizeof o);
    memset(&part, 0, sizeof part);
    part.parent = MAILPROTO_COMPOSE_ROOT;
    o.fields = f;
    o.field_count = 1;
    o.parts = &part;
    o.part_count = 1;
    if (*plain == 0) {
        for (*plain = 1; *plain < 8; ++*plain) {
            static char mem[8192];
            mailproto_compose *c;
            size_t got;
            const char *p;
            size_t n = 0;
            o.struct_size = sizeof o;
            o.utc = INT64_MIN;
            o.unique = bytes_of("0123456789abcdef");
            assert_int_equal(mailproto_compose_init(mem, sizeof mem, &o, &c), 0);
            assert_int_equal(mailproto_compose_read(c, message, sizeof message, &got),
                             0);
            for (p = message; p + 1 < message + got && memcmp(p, "\r\n\r", 3) != 0;
                 p++) {
                n += p[0] == '\n';
            }
            *plain = n + 1;
            return MAILPROTO_OK;
        }
    }
    return compose(id, &o, *plain);
}

static mailproto_status compose_one(const char *id, const char *name, uint32_t kind,
                                    mailproto_bytes value, mailproto_bytes raw_name)
{
    mailproto_compose_field f;
    size_t plain = 0;
    memset(&f, 0, sizeof f);
    f.name = bytes_of(name != NULL ? name : "Y");
    f.kind = kind;
    f.text = kind == MAILPROTO_COMPOSE_IDS ? bytes_of("<a@b>") : bytes_of("x");
    (void)compose_field(id, &f, &plain);
    f.name = name != NULL ? f.name : raw_name;
    f.text = value;
    return compose_field(id, &f, &plain);
}

static void text(const char *id, mailproto_bytes in)
{
    uint32_t column = 9;
    size_t len;
    size_t n;
    mailproto_status status =
        mailproto_words_encode(in, 0, &column, out, sizeof out, &len);
    mailproto_status composed =
        compose_one(id, "Subject", MAILPROTO_COMPOSE_TEXT, in, in);
    assert_int_equal(status == MAILPROTO_OK, composed == MAILPROTO_OK);
    if (status != MAILPROTO_OK) {
        assert_int_equal(status, MAILPROTO_ERR_ARGUMENT);
        return;
    }
    check_lines(id, out, len, 0);
    assert_int_equal(
        mailproto_text_decode(span(out, len), 0, NULL, back, sizeof back, &n), 0);
    assert_int_equal(n, in.len);
    assert_memory_equal(back, in.ptr, n);
}

static void mailbox(const char *id, mailproto_bytes name, mailproto_bytes spec)
{
    uint32_t column = 6;
    size_t len;
    size_t n;
    mailproto_value v;
    mailproto_address a;
    mailproto_status status = mailproto_address_write(
        MAILPROTO_ADDRESS_MAILBOX, name, spec, &column, out, sizeof out, &len);
    mailproto_address_out one;
    mailproto_compose_field f;
    size_t plain = 0;
    memset(&one, 0, sizeof one);
    memset(&f, 0, sizeof f);
    f.name = bytes_of("To");
    f.kind = MAILPROTO_COMPOSE_ADDRESSES;
    f.addresses = &one;
    f.count = 1;
    one.address = bytes_of("a@b.example");
    (void)compose_field(id, &f, &plain);
    one.name = name;
    one.address = spec;
    assert_int_equal(compose_field(id, &f, &plain) == MAILPROTO_OK,
                     status == MAILPROTO_OK);
    if (status != MAILPROTO_OK) {
        assert_int_equal(status, MAILPROTO_ERR_ARGUMENT);
        return;
    }
    check_lines(id, out, len, 0);
    memset(&a, 0, sizeof a);
    a.struct_size = sizeof a;
    assert_int_equal(
        mailproto_value_open(&v, span(out, len),
                             MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT, NULL),
        0);
    assert_int_equal(mailproto_address_next(&v, &a), MAILPROTO_OK);
    assert_int_equal(a.type, MAILPROTO_ADDRESS_MAILBOX);
    assert_int_equal(mailproto_address_spec(&a, back, sizeof back, &n), 0);
    assert_int_equal(n, spec.len);
    assert_memory_equal(back, spec.ptr, n);
    assert_int_equal(mailproto_address_display(&a, 0, NULL, back, sizeof back, &n), 0);
    if (n != name.len || memcmp(back, name.ptr, n) != 0) {
        print_error("%s: %.*s\nreads as %.*s\n", id, (int)len, out, (int)n, back);
        fail();
    }
    assert_int_equal(mailproto_address_next(&v, &a), MAILPROTO_EOF);
}

static void file_name(const char *id, mailproto_bytes in)
{
    uint32_t column = 31;
    size_t len;
    size_t n;
    mailproto_value v;
    mailproto_parameter p;
    mailproto_status status = mailproto_parameter_write(bytes_of("filename"), in,
                                                        &column, out, sizeof out, &len);
    mailproto_compose_options o;
    mailproto_compose_part part;
    size_t plain = in.len > 255 ? 0 : 1;
    memset(&o, 0, sizeof o);
    memset(&part, 0, sizeof part);
    part.parent = MAILPROTO_COMPOSE_ROOT;
    part.type = bytes_of("application/pdf");
    part.file_name = in;
    o.parts = &part;
    o.part_count = 1;
    assert_int_equal(compose(id, &o, 4) == MAILPROTO_OK,
                     plain && status == MAILPROTO_OK);
    if (status != MAILPROTO_OK) {
        assert_int_equal(status, MAILPROTO_ERR_ARGUMENT);
        return;
    }
    check_lines(id, out, len, 0);
    assert_int_equal(mailproto_parameter_get(span(out, len), bytes_of("FileName"), 0,
                                             NULL, back, sizeof back, &n, NULL, NULL),
                     0);
    assert_int_equal(n, in.len);
    assert_memory_equal(back, in.ptr, n);
    memset(&p, 0, sizeof p);
    p.struct_size = sizeof p;
    assert_int_equal(
        mailproto_value_open(&v, span(out, len),
                             MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT, NULL),
        0);
    while (mailproto_parameter_next(&v, &p) == MAILPROTO_OK) {
        assert_int_equal(p.name.len, 8);
    }
    assert_int_equal(mailproto_value_error(&v).code, 0);
}

static void vectors(void **state)
{
    struct text in = {NULL, 0, 0};
    struct text why = {NULL, 0, 0};
    struct jsonl *j = vectors_open("attacks/attacks.jsonl");
    unsigned done = 0;
    unsigned left = 0;
    (void)state;
    while (jsonl_next(j, &why) == 1) {
        const char *id = jsonl_text(j, "id");
        const char *setup = jsonl_text(j, "setup");
        mailproto_bytes value;
        if (strncmp(id, "bld-", 4) != 0 || setup == NULL) {
            continue;
        }
        in.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &in));
        (void)text_string(&in);
        value = span(in.data, in.len);
        done++;
        if (strncmp(setup, "hdr.add_text", 12) == 0) {
            text(id, value);
        } else if (strncmp(setup, "hdr.add_mailbox('From'", 22) == 0) {
            mailbox(id, value, bytes_of("me@a.example"));
        } else if (strncmp(setup, "hdr.add_mailbox('To'", 20) == 0) {
            mailbox(id, span("", 0), value);
        } else if (strncmp(setup, "mime.set_disposition", 20) == 0) {
            file_name(id, value);
        } else if (strncmp(setup, "hdr.add_raw", 11) == 0) {
            assert_int_equal(
                compose_one(id, NULL, MAILPROTO_COMPOSE_RAW, bytes_of("v"), value),
                MAILPROTO_ERR_ARGUMENT);
        } else if (strncmp(setup, "hdr.add_msgid", 13) == 0) {
            assert_int_equal(
                compose_one(id, "Message-ID", MAILPROTO_COMPOSE_IDS, value, value),
                MAILPROTO_ERR_ARGUMENT);
        } else {
            left++; /* boundaries are not the caller's to choose */
        }
    }
    jsonl_close(j);
    text_free(&in);
    text_free(&why);
    print_message("%u vectors, %u of them of boundaries that a caller chooses\n", done,
                  left);
    assert_true(done >= 30 && left == 1);
}

/* No date that is written holds anything but a date. */
static void dates(void **state)
{
    static const int64_t times[] = {INT64_MIN,
                                    INT64_MIN + 1,
                                    -1,
                                    0,
                                    1,
                                    INT64_MAX - 1,
                                    INT64_MAX,
                                    253402300799,
                                    253402300800,
                                    -62135596800,
                                    -62135596801};
    static const int32_t zones[] = {INT32_MIN, -1440, -1439, 0, 1439, 1440, INT32_MAX};
    size_t i;
    size_t k;
    (void)state;
    for (i = 0; i < sizeof times / sizeof times[0]; i++) {
        for (k = 0; k < sizeof zones / sizeof zones[0]; k++) {
            size_t len = 0;
            mailproto_date d;
            mailproto_status status =
                mailproto_date_write(times[i], zones[k], out, 31, &len);
            memset(&d, 0, sizeof d);
            d.struct_size = sizeof d;
            if (status == MAILPROTO_OK) {
                assert_int_equal(
                    mailproto_date_parse(span(out, len),
                                         d.year >= 1900 ? MAILPROTO_VALUE_STRICT : 0,
                                         NULL, &d),
                    MAILPROTO_OK);
                assert_true(d.utc == times[i] && d.zone_minutes == zones[k]);
            } else {
                assert_int_equal(status, MAILPROTO_ERR_ARGUMENT);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
