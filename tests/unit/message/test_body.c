/*
 * The reader of bodies: every kind of source, every size of buffer, the same octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

struct store {
    const char *data;
    size_t len, most;
    unsigned calls;
    mailproto_status fails;
};

/* Every third call has nothing yet. */
static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct store *s = (struct store *)ctx;
    s->calls++;
    if (s->fails != MAILPROTO_OK) {
        return s->fails;
    }
    if (s->calls % 3 == 0) {
        return MAILPROTO_NOT_READY;
    }
    if (offset >= s->len) {
        return MAILPROTO_EOF;
    }
    *got = s->most < cap ? s->most : cap;
    if (*got > s->len - offset) {
        *got = (size_t)(s->len - offset);
    }
    memcpy(buf, s->data + offset, *got);
    return MAILPROTO_OK;
}

static size_t read_all(mailproto_body *b, size_t cap, char *out)
{
    size_t len = 0;
    for (;;) {
        size_t got = 99;
        mailproto_status st = mailproto_body_read(b, out + len, cap, &got);
        if (st == MAILPROTO_EOF) {
            assert_int_equal(got, 0);
            return len;
        }
        if (st != MAILPROTO_NOT_READY) {
            assert_int_equal(st, MAILPROTO_OK);
            assert_true(got > 0 && got <= cap);
            len += got;
        }
    }
}

struct sample {
    uint16_t encoding;
    const char *stored, *decoded;
};

static const struct sample samples[] = {
    {MAILPROTO_ENCODING_7BIT, "a=41\r\nYWJj", "a=41\r\nYWJj"},
    {MAILPROTO_ENCODING_BINARY, "a=41\r\nYWJj", "a=41\r\nYWJj"},
    {MAILPROTO_ENCODING_UNKNOWN, "a=41\r\nYWJj", "a=41\r\nYWJj"},
    {MAILPROTO_ENCODING_QP, "a=41 b=\r\nc=20\r\nd", "aA bc \r\nd"},
    {MAILPROTO_ENCODING_BASE64, "YWJjZGVmZ2hp\r\namtsbW5vcHFyc3R1dnd4eXo=\r\n",
     "abcdefghijklmnopqrstuvwxyz"},
    {MAILPROTO_ENCODING_BASE64, "", ""},
};

static void test_sources(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *sample = &samples[i];
        char text[100] = "header\n\n";
        char out[200];
        char work[512];
        size_t cap;
        mailproto_part part;
        memset(&part, 0, sizeof part);
        part.encoding = sample->encoding;
        part.body_offset = 8;
        part.body_octets = strlen(sample->stored);
        memcpy(text + 8, sample->stored, strlen(sample->stored));
        memcpy(text + 8 + strlen(sample->stored), "\n--x", 4);
        for (cap = 1; cap < 40; cap++) {
            struct store store = {text, sizeof text, 0, 0, MAILPROTO_OK};
            mailproto_source s;
            mailproto_body b;
            memset(&s, 0, sizeof s);
            s.struct_size = sizeof s;
            s.size = sizeof text;
            s.data = text;
            assert_int_equal(mailproto_body_open(&b, &s, &part, 0, NULL, 0),
                             MAILPROTO_OK);
            assert_int_equal(read_all(&b, cap, out), strlen(sample->decoded));
            assert_memory_equal(out, sample->decoded, strlen(sample->decoded));
            s.data = NULL;
            s.read_at = read_at;
            s.ctx = &store;
            store.most = cap;
            assert_int_equal(mailproto_body_open(&b, &s, &part, 0, work, sizeof work),
                             MAILPROTO_OK);
            assert_int_equal(read_all(&b, 41 - cap, out), strlen(sample->decoded));
            assert_memory_equal(out, sample->decoded, strlen(sample->decoded));
        }
    }
}

static void test_errors(void **state)
{
    static const char text[] = "YW*Jj";
    char work[512];
    char out[40];
    size_t got;
    struct store store = {text, sizeof text - 1, 40, 0, MAILPROTO_ERR_IO};
    mailproto_part part;
    mailproto_source s;
    mailproto_body b;
    (void)state;
    memset(&part, 0, sizeof part);
    part.encoding = MAILPROTO_ENCODING_BASE64;
    part.body_octets = sizeof text - 1;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.size = sizeof text - 1;
    assert_int_equal(mailproto_body_open(&b, &s, &part, 0, NULL, 0),
                     MAILPROTO_ERR_ARGUMENT);
    s.data = text;
    assert_int_equal(
        mailproto_body_open(&b, &s, &part, MAILPROTO_CODEC_STRICT, NULL, 0),
        MAILPROTO_OK);
    assert_int_equal(mailproto_body_read(&b, out, sizeof out, &got),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(mailproto_body_read(&b, out, 0, &got), MAILPROTO_ERR_ARGUMENT);
    part.body_octets++;
    assert_int_equal(mailproto_body_open(&b, &s, &part, 0, NULL, 0),
                     MAILPROTO_ERR_ARGUMENT);
    s.data = NULL;
    s.read_at = read_at;
    s.ctx = &store;
    assert_int_equal(mailproto_body_open(&b, &s, &part, 0, work, 511),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_body_open(&b, &s, &part, 0, work, 512), MAILPROTO_OK);
    assert_int_equal(mailproto_body_read(&b, out, sizeof out, &got), MAILPROTO_ERR_IO);
    part.encoding = 77;
    assert_int_equal(mailproto_body_open(&b, &s, &part, 0, work, 512),
                     MAILPROTO_ERR_ARGUMENT);
    /* The source is shorter than it was: what there is. */
    part.encoding = MAILPROTO_ENCODING_7BIT;
    part.body_octets = 1000;
    store.fails = MAILPROTO_OK;
    assert_int_equal(mailproto_body_open(&b, &s, &part, 0, work, 512), MAILPROTO_OK);
    assert_int_equal(read_all(&b, sizeof out, out), sizeof text - 1);
}

/* As `read` of a source: an encoded message goes through it into a second index. */
static void test_inner_message(void **state)
{
    static const char text[] = "Content-Type: message/rfc822\n"
                               "Content-Transfer-Encoding: base64\n\n"
                               "U3ViamVjdDogeAoKeQo=\n";
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 4096];
    mailproto_part outer;
    mailproto_part inner;
    mailproto_index ix;
    mailproto_source s;
    mailproto_body b;
    (void)state;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = 1;
    ix.parts = &outer;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.size = sizeof text - 1;
    s.data = text;
    assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                     MAILPROTO_OK);
    assert_int_equal(outer.encoding, MAILPROTO_ENCODING_BASE64);
    assert_true(outer.flags & MAILPROTO_MESSAGE_OPAQUE);
    assert_int_equal(mailproto_body_open(&b, &s, &outer, 0, NULL, 0), MAILPROTO_OK);
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.size = MAILPROTO_SIZE_UNKNOWN;
    s.ctx = &b;
    s.read = mailproto_body_read;
    /* The first source is read through the second: it must stay as it is. */
    {
        mailproto_source data;
        memset(&data, 0, sizeof data);
        data.struct_size = sizeof data;
        data.size = sizeof text - 1;
        data.data = text;
        assert_int_equal(mailproto_body_open(&b, &data, &outer, 0, NULL, 0),
                         MAILPROTO_OK);
        memset(&ix, 0, sizeof ix);
        ix.struct_size = sizeof ix;
        ix.capacity = 1;
        ix.parts = &inner;
        assert_int_equal(mailproto_index_build(&ix, &s, NULL, work, sizeof work),
                         MAILPROTO_OK);
    }
    assert_int_equal(inner.body_offset, 12);
    assert_int_equal(inner.body_octets, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_inner_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
