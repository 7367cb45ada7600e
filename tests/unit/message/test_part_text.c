/*
 * The text of a part: every kind of source, every size of buffer, the same UTF-8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

struct store {
    const char *data;
    size_t len, most;
    unsigned calls;
    uint64_t fails_at;
};

/* Every second call has nothing yet. */
static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct store *s = (struct store *)ctx;
    *got = 0;
    if (offset >= s->fails_at) {
        return MAILPROTO_ERR_IO;
    }
    if (++s->calls % 2 == 0) {
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

/* ---- a converter: pairs of octets, each pair a letter; ends in a lone one: wrong --------- */

struct pairs {
    int held; /* the first of a pair, or -1 */
    int texts;
    mailproto_status refuses, stuck;
};

static mailproto_status convert(void *ctx, mailproto_bytes charset, const void *in,
                                size_t in_len, size_t *in_used, void *out,
                                size_t out_cap, size_t *out_len, uint32_t flags)
{
    struct pairs *p = (struct pairs *)ctx;
    const unsigned char *from = (const unsigned char *)in;
    *in_used = 0;
    *out_len = 0;
    if (flags & MAILPROTO_CHARSET_BEGIN) {
        p->held = -1;
        p->texts++;
        if (charset.len != 7 || memcmp(charset.ptr, "x-pairs", 7) != 0) {
            return p->refuses;
        }
    }
    if (p->stuck != MAILPROTO_OK && in_len > 0) {
        return p->stuck;
    }
    while (*in_used < in_len) {
        if (p->held < 0) {
            p->held = from[*in_used];
        } else if (*out_len == out_cap) {
            return MAILPROTO_AGAIN;
        } else {
            ((char *)out)[*out_len] = (char)(p->held ^ from[*in_used]);
            (*out_len)++;
            p->held = -1;
        }
        (*in_used)++;
    }
    if ((flags & MAILPROTO_CODEC_FINAL) != 0 && p->held >= 0) {
        p->held = -1;
        return MAILPROTO_ERR_SYNTAX;
    }
    return MAILPROTO_OK;
}

static struct pairs pairs;
static const mailproto_charset_converter converter = {sizeof converter, 0, &pairs,
                                                      convert};

/* ---- reading ------------------------------------------------------------------------------ */

enum { OUT = 8192, WORK = 1024 };

static mailproto_part parts[16];
static mailproto_index ix;

static void index_of(const char *message, size_t len)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_source source = {sizeof source, 0, NULL, message, len, NULL, NULL};
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = 16;
    ix.parts = parts;
    assert_int_equal(mailproto_index_build(&ix, &source, NULL, work, sizeof work),
                     MAILPROTO_OK);
}

static size_t read_all(mailproto_part_text *t, size_t cap, char *out,
                       mailproto_status *end)
{
    size_t len = 0;
    for (;;) {
        size_t got = 99;
        *end = mailproto_part_text_read(t, out + len, cap, &got);
        if (*end == MAILPROTO_OK) {
            assert_true(got > 0 && got <= cap);
            len += got;
            assert_true(len + cap <= OUT);
            continue;
        }
        assert_int_equal(got, 0);
        if (*end != MAILPROTO_NOT_READY) {
            return len;
        }
    }
}

static mailproto_part_text_info describe(mailproto_part_text *t)
{
    mailproto_part_text_info info;
    mailproto_status st;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    while ((st = mailproto_part_text_describe(t, &info)) == MAILPROTO_NOT_READY) {
    }
    assert_int_equal(st, MAILPROTO_OK);
    return info;
}

struct sample {
    const char *header, *body;
    uint32_t flags;
    const char *text;
    uint32_t found;
    const char *charset;
};

enum {
    FLOWED = MAILPROTO_PART_TEXT_FLOWED,
    IS_FLOWED = MAILPROTO_PART_TEXT_IS_FLOWED,
    IS_DELSP = MAILPROTO_PART_TEXT_IS_DELSP,
    NO_CHARSET = MAILPROTO_PART_TEXT_NO_CHARSET,
    UNKNOWN = MAILPROTO_PART_TEXT_UNKNOWN_CHARSET
};

static const struct sample samples[] = {
    {"Subject: x\r\n", "plain\r\n", 0, "plain\r\n", NO_CHARSET, ""},
    {"Subject: x\r\n", "caf\xc3\xa9 \xe9\r\n", 0, "caf\xc3\xa9 \xef\xbf\xbd\r\n",
     NO_CHARSET, ""},
    {"Content-Type: text/plain; charset=iso-8859-1\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n",
     "caf=E9 =\r\n=80=FF\r\n", 0, "caf\xc3\xa9 \xc2\x80\xc3\xbf\r\n", 0, "iso-8859-1"},
    {"Content-Transfer-Encoding: base64\r\nX: y\r\n"
     "Content-Type: text/html;\r\n\tcharset=\"UTF-16\"\r\nY: z\r\n",
     "/v8AYSCsAGI=", 0,
     "a\xe2\x82\xac"
     "b",
     0, "UTF-16"},
    {"Content-Type: text/plain; charset*=us-ascii''koi8-r\r\n", "\xc1\xc2", 0,
     "\xd0\xb0\xd0\xb1", 0, "koi8-r"},
    {"Content-Type: text/plain; charset=utf-8\r\n", "\xe2\x82", 0, "\xef\xbf\xbd", 0,
     "utf-8"},
    {"Content-Type: text/plain; charset=utf-8\r\n", "", 0, "", 0, "utf-8"},
    /* What no one knows. */
    {"Content-Type: text/plain; charset=x-none\r\n", "a\xc3\xa9\xff", 0,
     "a\xc3\xa9\xef\xbf\xbd", UNKNOWN, "x-none"},
    {"Content-Type: text/plain; charset="
     "\"a name that is longer than any charset's, 64 octets or more than that\"\r\n",
     "a", 0, "a", NO_CHARSET, ""},
    /* A type that cannot be read has no charset. */
    {"Content-Type: text; charset=utf-16\r\n", "ab", 0, "ab", NO_CHARSET, ""},
    /* The caller's converter. */
    {"Content-Type: text/plain; charset=x-pairs\r\n", "a b\x01 C", 0, "Acc", 0,
     "x-pairs"},
    {"Content-Type: text/plain; charset=x-pairs\r\n", "a b", 0, "A\xef\xbf\xbd", 0,
     "x-pairs"},
    /* format=flowed, as it is and undone. */
    {"Content-Type: text/plain; format=flowed\r\n",
     "one \r\ntwo\r\n> three \r\n> four\r\n", 0,
     "one \r\ntwo\r\n> three \r\n> four\r\n", NO_CHARSET | IS_FLOWED, ""},
    {"Content-Type: text/plain; format=flowed\r\n",
     "one \r\ntwo\r\n> three \r\n> four\r\n", FLOWED, "one two\r\n> three four\r\n",
     NO_CHARSET | IS_FLOWED, ""},
    {"Content-Type: text/plain; Format=Flowed; DelSp=Yes; charset=iso-8859-1\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n",
     "o=F6 =\r\n\r\ntwo\r\n", FLOWED, "o\xc3\xb6two\r\n", IS_FLOWED | IS_DELSP,
     "iso-8859-1"},
    {"Content-Type: text/plain; format=fixed; delsp=yes\r\n", "one \r\ntwo\r\n", FLOWED,
     "one \r\ntwo\r\n", NO_CHARSET, ""},
};

static size_t message_of(const struct sample *s, char *message)
{
    return (size_t)sprintf(message, "%s\r\n%s", s->header, s->body);
}

static void check_text(const struct sample *s, const char *out, size_t len,
                       mailproto_status end, const char *how, size_t n)
{
    if (end != MAILPROTO_EOF || len != strlen(s->text) ||
        memcmp(out, s->text, len) != 0) {
        fail_msg("%s%s\n%s %zu: %d, %.*s", s->header, s->body, how, n, (int)end,
                 (int)len, out);
    }
}

static void sources(void **state)
{
    size_t i;
    (void)state;
    pairs.refuses = MAILPROTO_ERR_NOT_BUILT;
    pairs.stuck = MAILPROTO_OK;
    for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct sample *s = &samples[i];
        char message[1024], out[OUT], work[WORK];
        size_t len = message_of(s, message);
        size_t cap;
        index_of(message, len);
        for (cap = 1; cap < 80; cap++) {
            mailproto_source source = {sizeof source, 0,    NULL, message,
                                       len,           NULL, NULL};
            struct store store = {message, len, cap, 0, UINT64_MAX};
            mailproto_part_text t;
            mailproto_part_text_info info;
            mailproto_status end;
            size_t got;
            assert_int_equal(mailproto_part_text_open(&t, &source, &parts[0], s->flags,
                                                      &converter, NULL, 0),
                             MAILPROTO_OK);
            got = read_all(&t, cap, out, &end);
            check_text(s, out, got, end, "in memory, octets a call:", cap);
            info = describe(&t); /* also behind it */
            assert_int_equal(info.flags, s->found);

            source.data = NULL;
            source.ctx = &store;
            source.read_at = read_at;
            assert_int_equal(mailproto_part_text_open(&t, &source, &parts[0],
                                                      s->flags | mailproto_cpu(),
                                                      &converter, work, sizeof work),
                             MAILPROTO_OK);
            if (cap % 2 == 0) {
                info = describe(&t);
                assert_int_equal(info.flags, s->found);
                assert_int_equal(info.charset.len, strlen(s->charset));
                assert_memory_equal(info.charset.ptr, s->charset, info.charset.len);
            }
            got = read_all(&t, 1 + cap % 50, out, &end);
            check_text(s, out, got, end, "by offset, octets a read:", cap);
        }
    }
}

/* More than the reader holds at once, through all its steps. */
static void long_text(void **state)
{
    static char message[30000], out[OUT * 8], expected[OUT * 8];
    mailproto_source source = {sizeof source, 0, NULL, message, 0, NULL, NULL};
    mailproto_part_text t;
    size_t len, i, n = 0, all = 0;
    mailproto_status st;
    (void)state;
    len = (size_t)sprintf(message, "Content-Type: text/plain; charset=windows-1252;"
                                   " format=flowed; delsp=yes\r\n\r\n");
    for (i = 0; i < 4000; i++) {
        len += (size_t)sprintf(message + len, "%s", i % 7 == 6 ? "\x80 \r\n" : "\xe4");
        n += (size_t)sprintf(expected + n, "%s",
                             i % 7 == 6 ? "\xe2\x82\xac" : "\xc3\xa4");
    }
    source.size = len;
    index_of(message, len);
    for (i = 1; i < 700; i += 37) {
        size_t got;
        all = 0;
        assert_int_equal(mailproto_part_text_open(&t, &source, &parts[0],
                                                  MAILPROTO_PART_TEXT_FLOWED, NULL,
                                                  NULL, 0),
                         MAILPROTO_OK);
        while ((st = mailproto_part_text_read(&t, out + all, i, &got)) ==
               MAILPROTO_OK) {
            all += got;
            assert_true(all + i <= sizeof out);
        }
        assert_int_equal(st, MAILPROTO_EOF);
        /* The last line ends in a soft break: its line end stays. */
        assert_true(all >= n);
        assert_memory_equal(out, expected, n);
    }
}

/* A part in a part, and a digest's default type. */
static void inner_part(void **state)
{
    static const char message[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                                  "--b\r\nContent-Type: text/plain; charset=koi8-r\r\n"
                                  "Content-Transfer-Encoding: base64\r\n\r\nwcI=\r\n"
                                  "--b\r\n\r\nx\xc3\xa9\r\n--b--\r\n";
    mailproto_source source = {sizeof source,      0,    NULL, message,
                               sizeof message - 1, NULL, NULL};
    mailproto_part_text t;
    char out[OUT];
    mailproto_status end;
    size_t len;
    (void)state;
    index_of(message, sizeof message - 1);
    assert_int_equal(ix.count, 3);
    assert_int_equal(mailproto_part_text_open(&t, &source, &parts[1], 0, NULL, NULL, 0),
                     MAILPROTO_OK);
    len = read_all(&t, 100, out, &end);
    assert_int_equal(len, 4);
    assert_memory_equal(out, "\xd0\xb0\xd0\xb1", 4);
    assert_int_equal(mailproto_part_text_open(&t, &source, &parts[2], 0, NULL, NULL, 0),
                     MAILPROTO_OK);
    len = read_all(&t, 1, out, &end);
    assert_int_equal(len, 3);
    assert_memory_equal(out, "x\xc3\xa9", 3);
}

static void failures(void **state)
{
    static const char message[] =
        "Content-Type: text/plain; charset=x-pairs\r\n\r\nabcd";
    struct store store = {message, sizeof message - 1, 8, 0, UINT64_MAX};
    mailproto_source source = {sizeof source,      0,       &store, NULL,
                               sizeof message - 1, read_at, NULL};
    mailproto_part_text t;
    mailproto_part_text_info info;
    char out[OUT], work[WORK];
    mailproto_status end;
    size_t got;
    (void)state;
    index_of(message, sizeof message - 1);
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 2, NULL, work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_part_text_read(&t, out, 1, &got),
                     MAILPROTO_ERR_ARGUMENT);
    info.struct_size = sizeof info;
    assert_int_equal(mailproto_part_text_describe(&t, &info), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 0, NULL, work, WORK - 1),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 0, NULL, NULL, WORK),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 0, NULL, work, WORK),
        MAILPROTO_OK);
    assert_int_equal(mailproto_part_text_read(&t, NULL, 1, &got),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_part_text_read(&t, out, 0, &got),
                     MAILPROTO_ERR_ARGUMENT);

    /* The source, in the header and in the body. */
    store.fails_at = 10;
    assert_int_equal(read_all(&t, 1, out, &end), 0);
    assert_int_equal(end, MAILPROTO_ERR_IO);
    store.fails_at = parts[0].body_offset;
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 0, NULL, work, WORK),
        MAILPROTO_OK);
    assert_int_equal(describe(&t).flags, MAILPROTO_PART_TEXT_UNKNOWN_CHARSET);
    assert_int_equal(read_all(&t, 1, out, &end), 0);
    assert_int_equal(end, MAILPROTO_ERR_IO);

    /* The converter: refuses the charset, fails, is stuck. */
    store.fails_at = UINT64_MAX;
    pairs.refuses = MAILPROTO_ERR_IO;
    pairs.stuck = MAILPROTO_ERR_IO;
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 0, &converter, work, WORK),
        MAILPROTO_OK);
    pairs.texts = 0;
    assert_int_equal(read_all(&t, 40, out, &end), 0);
    assert_int_equal(end, MAILPROTO_ERR_IO);
    assert_int_equal(pairs.texts, 2); /* asked, then begun */
    pairs.stuck = MAILPROTO_AGAIN;
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 0, &converter, work, WORK),
        MAILPROTO_OK);
    assert_int_equal(read_all(&t, 40, out, &end), 0);
    assert_int_equal(end, MAILPROTO_ERR_ARGUMENT);
}

/* A converter that fails when it is asked: said every time. */
static void refused(void **state)
{
    static const char message[] = "Content-Type: text/plain; charset=x-none\r\n"
                                  "Content-Language: a/b; charset=utf-8\r\n\r\nabcd";
    mailproto_source source = {sizeof source,      0,    NULL, message,
                               sizeof message - 1, NULL, NULL};
    mailproto_part_text t;
    mailproto_part_text_info info = {sizeof info, 0, {NULL, 0}};
    char out[8];
    size_t got;
    (void)state;
    index_of(message, sizeof message - 1);
    pairs.refuses = MAILPROTO_ERR_IO;
    assert_int_equal(
        mailproto_part_text_open(&t, &source, &parts[0], 0, &converter, NULL, 0),
        MAILPROTO_OK);
    assert_int_equal(mailproto_part_text_describe(&t, &info), MAILPROTO_ERR_IO);
    assert_int_equal(mailproto_part_text_read(&t, out, sizeof out, &got),
                     MAILPROTO_ERR_IO);
    assert_int_equal(mailproto_part_text_read(&t, out, sizeof out, &got),
                     MAILPROTO_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources), cmocka_unit_test(long_text),
        cmocka_unit_test(inner_part), cmocka_unit_test(failures),
        cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
