/*
 * Mailbox files: messages found, quoting undone, Content-Length believed and not; the same
 * from memory, by offset and in sequence, however the source cuts; and what the filter
 * wrote comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/mbox.h>

#include "filter_run.h"
#include "mbox_trace.h"

#define FROM_A "From a@crepes.fr Sat Nov 21 09:00:00 2026\n"
#define FROM_B "From b@hamburger.edu Sat Nov 21 09:00:01 2026\n"

static void expect(const char *in, size_t len, uint32_t flags, const char *trace)
{
    struct text t = mbox_trace_whole(in, len, flags);
    assert_string_equal(text_string(&t), trace);
    text_free(&t);
    mbox_trace_everywhere(in, len, flags);
}

#define MBOX(flags, in, trace) expect(in, sizeof(in) - 1, flags, trace)
#define UNQUOTE MAILPROTO_MBOX_UNQUOTE

static void reads(void **state)
{
    (void)state;
    MBOX(0, "", "");
    MBOX(0, FROM_A, "0 a@crepes.fr 1795251600\n42 \"\"\n");
    MBOX(0, FROM_A "S: x\n\nbody\n\n" FROM_B "S: y\n\n\n",
         "0 a@crepes.fr 1795251600\n53 \"S: x\\n\\nbody\\n\"\n"
         "54 b@hamburger.edu 1795251601\n106 \"S: y\\n\\n\"\n");
    /* no blank line at the end, no line end at the end */
    MBOX(0, FROM_A "S: x\n\nbody", "0 a@crepes.fr 1795251600\n52 \"S: x\\n\\nbody\"\n");
    /* a blank line before the end is the file's, but only one */
    MBOX(0, FROM_A "S: x\n\nb\n\n\n",
         "0 a@crepes.fr 1795251600\n51 \"S: x\\n\\nb\\n\\n\"\n");
    /* a From_ line behind no blank line is text; what stands on top is passed over */
    MBOX(0, "junk\n\n" FROM_A "S: x\n" FROM_B,
         "6 a@crepes.fr 1795251600\n"
         "99 \"S: x\\n"
         "From b@hamburger.edu Sat "
         "Nov 21 09:00:01 2026\\n\"\n");
    MBOX(0, FROM_A "S: x\n\n" FROM_B,
         "0 a@crepes.fr 1795251600\n47 \"S: x\\n\"\n48 b@hamburger.edu 1795251601\n94 "
         "\"\"\n");
    MBOX(0, "From a@crepes.fr Sat Nov 21 09:00:00 2026\r\nS: x\r\n\r\nb\r\n\r\n" FROM_B,
         "0 a@crepes.fr 1795251600\n54 \"S: x\\r\\n\\r\\nb\\r\\n\"\n"
         "56 b@hamburger.edu 1795251601\n102 \"\"\n");
    MBOX(0, "no mailbox\n", "");
}

static void from_lines(void **state)
{
    (void)state;
#define SEPARATES(line, trace)                                                         \
    do {                                                                               \
        struct text t = {NULL, 0, 0};                                                  \
        text_print(&t, "0 a@crepes.fr 1795251600\n42 \"\"\n43 %s\n%d \"\"\n", trace,   \
                   (int)sizeof(FROM_A line) + 1);                                      \
        MBOX(0, FROM_A "\n" line "\n", text_string(&t));                               \
        text_free(&t);                                                                 \
    } while (0)
#define IS_TEXT(line)                                                                  \
    do {                                                                               \
        struct text t =                                                                \
            mbox_trace_whole(FROM_A "\n" line "\n", sizeof(FROM_A line) + 1, 0);       \
        struct text loose = mbox_trace_whole(                                          \
            FROM_A "\n" line "\n", sizeof(FROM_A line) + 1, MAILPROTO_MBOX_LOOSE);     \
        assert_null(strstr(text_string(&t), "\n43 "));                                 \
        assert_non_null(strstr(text_string(&loose), "\n43 "));                         \
        text_free(&t);                                                                 \
        text_free(&loose);                                                             \
    } while (0)
    SEPARATES("From - Sat Nov  1 09:00:00 2026", "- 1793523600");
    SEPARATES("From x@y Sat Nov 1 9:00 2026", "x@y 1793523600");
    SEPARATES("From x Sat Nov 21 09:00:00 +0100 2026", "x 1795248000");
    SEPARATES("From x Sat Nov 21 09:00:00 2026 -0130", "x 1795257000");
    SEPARATES("From x Sat Nov 21 09:00:00 PST 2026", "x 1795251600");
    SEPARATES("From x Sat Nov 21 09:00:00 2026 remote from y", "x 1795251600");
    SEPARATES("From \"Sat Nov\"@x  Sat Nov 21 09:00:00 2026",
              "\"Sat Nov\"@x 1795251600");
    IS_TEXT("From here on it is text");
    IS_TEXT("From ");
    IS_TEXT("From Sat Nov 21 09:00:00 2026");
    IS_TEXT("From x Sat Nov 32 09:00:00 2026");
    IS_TEXT("From x Sat Nov 0 09:00:00 2026");
    IS_TEXT("From x Sat Nov 21 24:00:00 2026");
    IS_TEXT("From x Sat Nov 21 09:60:00 2026");
    IS_TEXT("From x Sat Nov 21 09:00:61 2026");
    IS_TEXT("From x Sat Nov 21 09:00:00 26");
    IS_TEXT("From x Sat Nov 21 09:00:00");
    IS_TEXT("From x Sat Nov 21 2026 09:00:00");
    IS_TEXT("From x Sab Nov 21 09:00:00 2026");
    IS_TEXT("From x Sat Novem 21 09:00:00 2026");
    IS_TEXT("From x Sat Nov 21 A B C 2026");
}

/* The longest From_ line and the one that is longer by an octet. */
static void limits(void **state)
{
    char file[2048];
    size_t more;
    (void)state;
    for (more = 0; more < 2; more++) {
        struct text t;
        size_t word = MAILPROTO_MBOX_LINE_MAX - 31 + more;
        size_t len = 43;
        memcpy(file, FROM_A "\n", 43);
        memcpy(file + len, "From ", 5);
        memset(file + len + 5, 'x', word);
        memcpy(file + len + 5 + word, " Sat Nov 21 09:00:00 2026\n", 26);
        len += 5 + word + 26;
        memcpy(file + len, "\n", 1);
        t = mbox_trace_whole(file, len, 0);
        assert_int_equal(strstr(text_string(&t), "\n43 ") != NULL, more == 0);
        text_free(&t);
        t = mbox_trace_whole(file, len, MAILPROTO_MBOX_LOOSE);
        assert_int_equal(strstr(text_string(&t), "\n43 ") != NULL, more == 0);
        text_free(&t);
        mbox_trace_expect(file, len, 0, MBOX_AT, 700);
        mbox_trace_expect(file, len, 0, MBOX_IN_SEQUENCE, 1);
    }
}

static void unquotes(void **state)
{
    (void)state;
    MBOX(UNQUOTE, FROM_A "\n>From x\n>>>From y\n> From z\n>\n>>Fro\n>",
         "0 a@crepes.fr 1795251600\n79 \"\\nFrom x\\n>>From y\\n> From "
         "z\\n>\\n>>Fro\\n>\"\n");
    MBOX(0, FROM_A "\n>From x\n", "0 a@crepes.fr 1795251600\n51 \"\\n>From x\\n\"\n");
    MBOX(UNQUOTE, FROM_A "\n\n>" FROM_B,
         "0 a@crepes.fr 1795251600\n91 \"\\n\\nFrom b@hamburger.edu Sat Nov 21 "
         "09:00:01 2026\\n\"\n");
}

#define LENGTH(n) FROM_A "Content-Length: " n "\n\n"

static void lengths(void **state)
{
    (void)state;
    /* right: the From_ line inside is text; with and without a blank line behind */
    MBOX(0, LENGTH("50") "a\n\n" FROM_B "b\n" FROM_A,
         "0 a@crepes.fr 1795251600\n112 \"Content-Length: 50\\n\\na\\n\\nFrom "
         "b@hamburger.edu Sat Nov 21 09:00:01 2026\\nb\"\n113 a@crepes.fr "
         "1795251600\n155 \"\"\n");
    MBOX(0, LENGTH("2") "a\n\n" FROM_B,
         "0 a@crepes.fr 1795251600\n63 \"Content-Length: 2\\n\\na\\n\"\n64 "
         "b@hamburger.edu 1795251601\n110 \"\"\n");
    /* a message without a last line end */
    MBOX(0, LENGTH("1") "a\n\n" FROM_B,
         "0 a@crepes.fr 1795251600\n62 \"Content-Length: 1\\n\\na\"\n64 "
         "b@hamburger.edu 1795251601\n110 \"\"\n");
    MBOX(0, LENGTH("0") "\n" FROM_B,
         "0 a@crepes.fr 1795251600\n61 \"Content-Length: 0\\n\\n\"\n62 "
         "b@hamburger.edu 1795251601\n108 \"\"\n");
    /* up to the end of the file */
    MBOX(0, LENGTH("49") "a\n\n" FROM_B,
         "0 a@crepes.fr 1795251600\n111 \"Content-Length: 49\\n\\na\\n\\nFrom "
         "b@hamburger.edu Sat Nov 21 09:00:01 2026\\n\"\n");
    /* wrong: too short, too long, beyond the end, no number, two of them */
#define UNBELIEVED(header)                                                             \
    do {                                                                               \
        struct text t = mbox_trace_whole(FROM_A header "\n\naaaa\n\n" FROM_B,          \
                                         sizeof(FROM_A header FROM_B) + 7, 0);         \
        assert_non_null(strstr(text_string(&t), "aaaa\\n\"\n"));                       \
        assert_non_null(strstr(text_string(&t), " b@hamburger.edu 1795251601\n"));     \
        text_free(&t);                                                                 \
        mbox_trace_everywhere(FROM_A header "\n\naaaa\n\n" FROM_B,                     \
                              sizeof(FROM_A header FROM_B) + 7, 0);                    \
    } while (0)
    UNBELIEVED("Content-Length: 2");
    UNBELIEVED("Content-Length: 7");
    UNBELIEVED("Content-Length: 53");
    UNBELIEVED("Content-Length: 18446744073709551615");
    UNBELIEVED("Content-Length: 18446744073709551560");
    UNBELIEVED("Content-Length: 18446744073709551616");
    UNBELIEVED("Content-Length: -1");
    UNBELIEVED("Content-Length:");
    UNBELIEVED("Content-Length: 5\nContent-Length: 52");
    /* the same twice; the end of the file; not asked for; only in the header */
    MBOX(0, LENGTH("4\ncontent-length:4") FROM_B,
         "0 a@crepes.fr 1795251600\n77 \"Content-Length: "
         "4\\ncontent-length:4\\n\"\n78 b@hamburger.edu 1795251601\n124 \"\"\n");
    MBOX(MAILPROTO_MBOX_NO_LENGTH, LENGTH("49") "a\n\n" FROM_B,
         "0 a@crepes.fr 1795251600\n64 \"Content-Length: 49\\n\\na\\n\"\n65 "
         "b@hamburger.edu 1795251601\n111 \"\"\n");
    /* lying: into the middle of a line that looks like a From_ line */
    MBOX(0, LENGTH("3") "axx" FROM_B "\n" FROM_A,
         "0 a@crepes.fr 1795251600\n110 \"Content-Length: 3\\n\\naxxFrom "
         "b@hamburger.edu Sat Nov 21 09:00:01 2026\\n\"\n111 a@crepes.fr "
         "1795251600\n153 \"\"\n");
}

/* A From_ line directly behind the header, whose length is not believed. */
static void length_of_nothing(void **state)
{
    (void)state;
    MBOX(0, LENGTH("9") FROM_B,
         "0 a@crepes.fr 1795251600\n60 \"Content-Length: 9\\n\"\n61 "
         "b@hamburger.edu 1795251601\n107 \"\"\n");
}

static void refuses(void **state)
{
    static char work[4096];
    mailproto_source s = {sizeof s, 0, NULL, NULL, MAILPROTO_SIZE_UNKNOWN, NULL, NULL};
    mailproto_mbox m;
    mailproto_mbox_event ev;
    (void)state;
    assert_int_equal(mailproto_mbox_open(&m, &s, 0, work, sizeof work),
                     MAILPROTO_ERR_ARGUMENT); /* no way to read it */
    assert_int_equal(mailproto_mbox_next(&m, &ev), MAILPROTO_EOF);
    s.data = "";
    s.size = 0;
    assert_int_equal(mailproto_mbox_open(&m, &s, 8, work, sizeof work),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_mbox_open(&m, &s, 0, NULL, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_mbox_next(&m, &ev), MAILPROTO_EOF);
    assert_int_equal(mbox_open_at(NULL, 4096), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mbox_open_at(work, 4095), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mbox_open_at(work, 4096), MAILPROTO_OK);
}

/* What a source says is passed on, again and again. */
static void source_fails(void **state)
{
    (void)state;
    mbox_expect_failure(FROM_A "S: x\n\nb\n", 40, MAILPROTO_ERR_IO);
}

static void line(const char *address, int64_t utc, size_t cap, mailproto_status status,
                 const char *text)
{
    char buf[200];
    size_t len = 99;
    mailproto_bytes a = {address, strlen(address)};
    assert_int_equal(mailproto_mbox_from_line(a, utc, buf, cap, &len), status);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(buf, text, len);
}

static void writes_lines(void **state)
{
    (void)state;
    line("a@crepes.fr", 1795251600, 200, MAILPROTO_OK, FROM_A);
    line("a@crepes.fr", 1795251600, 42, MAILPROTO_OK, FROM_A);
    line("a@crepes.fr", 1795251600, 41, MAILPROTO_ERR_TOO_LONG, "");
    line("", 0, 200, MAILPROTO_OK, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n");
    line("a b\n\"@\x7f", 951827696, 200, MAILPROTO_OK,
         "From a?b?\"@? Tue Feb 29 12:34:56 2000\n");
    line("x", INT64_C(253402300799), 200, MAILPROTO_OK,
         "From x Fri Dec 31 23:59:59 9999\n");
    line("x", INT64_C(253402300800), 200, MAILPROTO_ERR_ARGUMENT, "");
    line("x", INT64_MIN, 200, MAILPROTO_ERR_ARGUMENT, "");
    line("x", 0, 0, MAILPROTO_ERR_TOO_LONG, "");
}

/* Hostile bodies written with the filter, then read. */
static void round_trips(void **state)
{
    static const char *const pieces[] = {
        FROM_A, "\n", "\r\n", ">", "From ", "x", "F", "\r", " ", "Content-Length: 3\n",
        FROM_B};
    uint32_t x = 2463534242U;
    int turn;
    (void)state;
    for (turn = 0; turn < 3000; turn++) {
        struct text bodies[3] = {{NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
        struct text file = {NULL, 0, 0};
        size_t i;
        for (i = 0; i < 3; i++) {
            struct text quoted;
            int n;
            x = x * 1664525U + 1013904223U;
            for (n = (int)(x >> 28); n > 0; n--) {
                x = x * 1664525U + 1013904223U;
                text_print(&bodies[i], "%s", pieces[(x >> 16) % 11]);
            }
            quoted = filter_whole(FILTER_QUOTE, 0, bodies[i].data, bodies[i].len);
            text_print(&file, "%s", FROM_A);
            text_add(&file, quoted.data, quoted.len);
            text_free(&quoted);
        }
        mbox_expect_messages(file.data, file.len,
                             MAILPROTO_MBOX_UNQUOTE | MAILPROTO_MBOX_NO_LENGTH, bodies,
                             3);
        mbox_trace_expect(file.data, file.len, MAILPROTO_MBOX_UNQUOTE, MBOX_AT,
                          1 + x % 50);
        for (i = 0; i < 3; i++) {
            text_free(&bodies[i]);
        }
        text_free(&file);
    }
}

/* ---- files of other projects (optional data) ---------------------------------------------- */

static struct text load(const char *folder, const char *name)
{
    struct text t = {NULL, 0, 0};
    struct text path = {NULL, 0, 0};
    char piece[4096];
    size_t n;
    FILE *f;
    text_print(&path, "%s/corpus/mbox/%s", folder, name);
    f = fopen(text_string(&path), "rb");
    while (f != NULL && (n = fread(piece, 1, sizeof piece, f)) > 0) {
        text_add(&t, piece, n);
    }
    if (f != NULL) {
        fclose(f);
    }
    text_free(&path);
    return t;
}

/* The number behind the next `"name": ` from `*at` on. */
static int next_number(const char **at, const char *name, unsigned long *number)
{
    *at = strstr(*at, name);
    if (*at == NULL) {
        return 0;
    }
    *at += strlen(name);
    *number = strtoul(*at, NULL, 10);
    return 1;
}

/* Begins and ends that another reader found in the same file, but for messages that no
 * blank line separates: it needs none. */
static void compare(const struct text *file, const char *offsets, size_t least)
{
    mailproto_source source = {sizeof source, 0,    NULL, file->data,
                               file->len,     NULL, NULL};
    mailproto_mbox m;
    mailproto_mbox_event ev;
    unsigned long marker = 0;
    unsigned long begin = 0;
    unsigned long end = 0;
    size_t same = 0;
    int more = next_number(&offsets, "\"mboxMarkerOffset\": ", &marker);
    assert_int_equal(mailproto_mbox_open(&m, &source, MAILPROTO_MBOX_LOOSE, NULL, 0),
                     MAILPROTO_OK);
    while (mailproto_mbox_next(&m, &ev) == MAILPROTO_OK) {
        if (ev.type == MAILPROTO_MBOX_FROM) {
            while (more && marker < ev.offset) {
                assert_true(marker < 2 || file->data[marker - 2] != '\n');
                more = next_number(&offsets, "\"mboxMarkerOffset\": ", &marker);
            }
            assert_true(more);
            assert_int_equal(marker, ev.offset);
            assert_true(next_number(&offsets, "\"beginOffset\": ", &begin));
            assert_int_equal(begin, ev.offset + ev.text.len + 1);
            assert_true(next_number(&offsets, "\"endOffset\": ", &end));
            more = next_number(&offsets, "\"mboxMarkerOffset\": ", &marker);
        } else if (ev.type == MAILPROTO_MBOX_END) {
            if (ev.offset == end) {
                same++;
            } else { /* one follows that no blank line separates */
                assert_true(more && marker <= ev.offset);
            }
        }
    }
    assert_true(same >= least);
}

static void corpus(void **state)
{
    static const struct {
        const char *file, *offsets;
        size_t least;
    } files[] = {
        {"mimekit-content-length.mbox.txt", "mimekit-content-length.unix-offsets.json",
         25},
        {"mimekit-issue1189.mbox.txt", "mimekit-issue1189.unix-offsets.json", 4}};
    const char *folder = getenv("MAILPROTO_DATA");
    size_t i;
    (void)state;
    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct text file = load(folder != NULL ? folder : "", files[i].file);
        struct text offsets = load(folder != NULL ? folder : "", files[i].offsets);
        if (file.len == 0 || offsets.len == 0) {
            printf("skipped: corpus/mbox/%s is not there (set MAILPROTO_DATA)\n",
                   files[i].file);
        } else {
            compare(&file, text_string(&offsets), files[i].least);
            mbox_trace_expect(file.data, file.len, MAILPROTO_MBOX_UNQUOTE, MBOX_AT,
                              777);
            mbox_trace_expect(file.data, file.len, 0, MBOX_IN_SEQUENCE, 4099);
        }
        text_free(&file);
        text_free(&offsets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),        cmocka_unit_test(from_lines),
        cmocka_unit_test(limits),       cmocka_unit_test(unquotes),
        cmocka_unit_test(lengths),      cmocka_unit_test(length_of_nothing),
        cmocka_unit_test(refuses),      cmocka_unit_test(source_fails),
        cmocka_unit_test(writes_lines), cmocka_unit_test(round_trips),
        cmocka_unit_test(corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
