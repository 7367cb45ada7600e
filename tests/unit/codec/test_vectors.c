/*
 * Vectors of other projects and published attacks ($MAILPROTO_DATA/corpus/vectors and
 * attacks). What this library answers otherwise stands in docs/differences.md with the
 * text that decides it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec_run.h"
#include "documented.h"
#include "jsonl.h"

/* What is listed in docs/differences.md. A vector that agrees must not stand there. */
static struct documented otherwise;

/* What is expected: a text, or {"b64": ...}. */
static int expected(const struct jsonl *j, const char *path, struct text *out)
{
    char inner[64];
    const char *text = jsonl_text(j, path);
    out->len = 0;
    (void)snprintf(inner, sizeof inner, "%s.b64", path);
    if (text != NULL) {
        text_add(out, text, strlen(text));
        return 1;
    }
    return jsonl_has(j, inner) && jsonl_bytes(j, inner, out);
}

static void trim(struct text *t)
{
    size_t start = 0;
    while (start < t->len && strchr(" \t\r\n", t->data[start]) != NULL) {
        start++;
    }
    if (start > 0) {
        memmove(t->data, t->data + start, t->len - start);
        t->len -= start;
    }
    while (t->len > 0 && strchr(" \t\r\n", t->data[t->len - 1]) != NULL) {
        t->len--;
    }
}

/* 1: they agree, or are known not to. */
static int judge(const char *id, const struct text *in, const struct text *got,
                 const struct text *want)
{
    struct text t = {NULL, 0, 0};
    int same = got->len == want->len &&
               (got->len == 0 || memcmp(got->data, want->data, got->len) == 0);
    if (same != documented_find(&otherwise, id)) {
        return 1;
    }
    text_quote(&t, in->data, in->len);
    text_print(&t, " gives ");
    text_quote(&t, got->data, got->len);
    text_print(&t, same ? " as expected: " : " and not ");
    text_quote(&t, want->data, want->len);
    print_error("%s: %s\n", id, text_string(&t));
    text_free(&t);
    return 0;
}

/* The spec that a line asks for, and where its answer stands; 0: not ours. */
static int spec_of(const struct jsonl *j, struct codec_spec *spec, const char **path)
{
    const char *kind = jsonl_text(j, "kind");
    const char *encoding = jsonl_text(j, "args.encoding");
    memset(spec, 0, sizeof *spec);
    *path = "expected.decoded";
    if (kind != NULL && strcmp(kind, "base64-encode") == 0) {
        spec->what = CODEC_ENCODER;
        spec->encoding = MAILPROTO_ENCODING_BASE64;
        *path = "expected.encoded";
    } else if (kind != NULL && strcmp(kind, "qp-decode") == 0) {
        spec->encoding = MAILPROTO_ENCODING_QP;
    } else if (kind != NULL && strcmp(kind, "text") == 0) {
        spec->what = CODEC_WORDS;
    } else if (kind != NULL && strcmp(kind, "unstructured") == 0) {
        spec->what = CODEC_WORDS;
        *path = "expected.parsed";
    } else if (encoding != NULL) {
        mailproto_bytes name;
        name.ptr = encoding;
        name.len = strlen(encoding);
        spec->encoding = mailproto_encoding_find(name);
        *path = "args.value_b64";
    } else if (kind == NULL && jsonl_text(j, "protocol") != NULL &&
               strcmp(jsonl_text(j, "protocol"), "rfc2047") == 0) {
        spec->what = CODEC_WORDS;
        *path = "args.value_b64";
    } else {
        return 0;
    }
    return 1;
}

/* What an attack must not do, besides what its value is. */
static int harmless(const struct jsonl *j, const struct text *in,
                    const struct codec_result *r, int words)
{
    const char *flag = jsonl_text(j, "args.flag");
    mailproto_bytes out;
    out.ptr = r->out.data;
    out.len = r->out.len;
    (void)in;
    if (flag != NULL && !jsonl_number(j, "args.flag_optional", 0) && r->defects == 0) {
        return 0;
    }
    return !words || (mailproto_utf8_check(out, NULL) &&
                      (out.len == 0 || (memchr(out.ptr, '\n', out.len) == NULL &&
                                        memchr(out.ptr, '\r', out.len) == NULL &&
                                        memchr(out.ptr, '\0', out.len) == NULL)));
}

/* One line: 1, or 0 (it failed). */
static int run_line(const struct jsonl *j, unsigned *count)
{
    struct text in = {NULL, 0, 0};
    struct text want = {NULL, 0, 0};
    struct codec_spec spec;
    struct codec_result r;
    const char *path;
    int good = 1;
    int bytes = 0;
    if (!spec_of(j, &spec, &path)) {
        return 1;
    }
    assert_true(jsonl_bytes(j, "input_b64", &in));
    r = codec_whole(&spec, in.data, in.len);
    if (r.status != MAILPROTO_OK || !harmless(j, &in, &r, spec.what == CODEC_WORDS)) {
        print_error("%s: harm\n", jsonl_text(j, "id"));
        good = 0;
    }
    codec_expect_everywhere(&spec, in.data, in.len);
    if (strncmp(path, "expected", 8) == 0) {
        bytes = expected(j, path, &want);
    } else if (jsonl_number(j, "args.value_undecoded", 0)) {
        size_t i;
        text_add(&want, in.data, in.len);
        for (i = 0; i < want.len; i++) { /* a NUL does not stay one */
            want.data[i] = want.data[i] == '\0' ? ' ' : want.data[i];
        }
        bytes = 1;
    } else if (jsonl_has(j, path)) {
        bytes = jsonl_bytes(j, path, &want);
    }
    if (bytes) {
        if (spec.what == CODEC_WORDS) {
            trim(&r.out);
            trim(&want);
        }
        good &= judge(jsonl_text(j, "id"), &in, &r.out, &want);
    }
    ++*count;
    codec_free(&r);
    text_free(&in);
    text_free(&want);
    return good;
}

static void run_file(const char *name, const char *kind, unsigned least)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open(name, &why);
    unsigned count = 0;
    unsigned bad = 0;
    int more;
    if (j == NULL) {
        print_message("skipped: %s: %s\n", name, text_string(&why));
        text_free(&why);
        skip();
    }
    memset(&otherwise, 0, sizeof otherwise);
    documented_read(&otherwise, "Codecs and encoded words", kind);
    while ((more = jsonl_next(j, &why)) == 1) {
        bad += !run_line(j, &count);
    }
    bad += documented_unused(&otherwise);
    assert_int_equal(more, 0);
    print_message("%s: %u vectors\n", name, count);
    jsonl_close(j);
    text_free(&why);
    assert_int_equal(bad, 0);
    assert_true(count >= least);
}

static void transfer_encodings(void **state)
{
    (void)state;
    run_file("corpus/vectors/transfer_encoding.jsonl", "transfer_encoding", 20);
}

static void encoded_words(void **state)
{
    (void)state;
    run_file("corpus/vectors/encoded_words.jsonl", "encoded_words", 30);
}

static void attacks(void **state)
{
    (void)state;
    run_file("attacks/attacks.jsonl", "", 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfer_encodings),
        cmocka_unit_test(encoded_words),
        cmocka_unit_test(attacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
