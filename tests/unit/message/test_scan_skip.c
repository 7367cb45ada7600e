/*
 * Fields that were not asked for (mailproto_message_options.fields): every other event is
 * the same as without the option, but for the defects that it says are not told; whole, in
 * pieces, at every limit, with odd octets at every place. What is fed lies in memory of its
 * own size, for sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

enum { LOG = 65536 };

static char block[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];

/* How a message is read; `fields` is what is kept of its events, too. */
struct how {
    uint64_t fields;
    uint32_t max_fields;
    uint64_t max_header;
    size_t piece;
};

struct log {
    size_t len;
    int read; /* the last field is one that is read */
    unsigned char at[LOG];
};

static void put(struct log *l, const void *data, size_t n)
{
    assert_true(l->len + n <= sizeof l->at);
    if (n > 0) {
        memcpy(l->at + l->len, data, n);
    }
    l->len += n;
}

static void put_span(struct log *l, mailproto_bytes b)
{
    put(l, &b.len, sizeof b.len);
    put(l, b.ptr, b.len);
}

static int has(uint64_t fields, uint32_t id)
{
    return (int)(fields >> id & 1);
}

/* What the option leaves out, if it was told all the same. */
static int is_left_out(struct log *l, const mailproto_message_event *ev,
                       uint64_t fields)
{
    if (ev->type == MAILPROTO_MESSAGE_FIELD) {
        l->read = has(fields | MAILPROTO_FIELDS_OF_PART, ev->code);
        return !has(fields, ev->code);
    }
    if (ev->type != MAILPROTO_MESSAGE_DEFECT) {
        return 0;
    }
    switch (ev->code) {
    case MAILPROTO_DEFECT_NO_COLON:
    case MAILPROTO_DEFECT_FIELD_NAME:
    case MAILPROTO_DEFECT_REPEATED:
        return !l->read;
    case MAILPROTO_DEFECT_NO_FROM:
        return !has(fields, MAILPROTO_FIELD_FROM);
    case MAILPROTO_DEFECT_NO_DATE:
        return !has(fields, MAILPROTO_FIELD_DATE);
    default:
        return 0;
    }
}

static void note(struct log *l, const mailproto_message_event *ev)
{
    if (ev->type >= MAILPROTO_MESSAGE_PREAMBLE &&
        ev->type <= MAILPROTO_MESSAGE_EPILOGUE) { /* but for where they are cut */
        put(l, ev->raw.ptr, ev->raw.len);
        return;
    }
    put(l, &ev->type, sizeof ev->type);
    put(l, &ev->flags, sizeof ev->flags);
    put(l, &ev->code, sizeof ev->code);
    put(l, &ev->encoding, sizeof ev->encoding);
    put(l, &ev->depth, sizeof ev->depth);
    put(l, &ev->part, sizeof ev->part);
    put(l, &ev->offset, sizeof ev->offset);
    put(l, &ev->octets, sizeof ev->octets);
    put(l, &ev->crlf_octets, sizeof ev->crlf_octets);
    put(l, &ev->lines, sizeof ev->lines);
    put_span(l, ev->raw);
    put_span(l, ev->name);
    put_span(l, ev->value);
}

/* Reads with `h`; of all that is told what `kept` leaves out is dropped. */
static void run(const char *text, size_t len, const struct how *h, uint64_t kept,
                struct log *l)
{
    mailproto_message_options options;
    mailproto_message_event ev;
    mailproto_message *m;
    mailproto_status st;
    char *fed = NULL;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.fields = h->fields;
    options.max_fields = h->max_fields;
    options.max_header = h->max_header;
    options.hold_size = 1024;
    assert_int_equal(mailproto_message_init(block, sizeof block, &options, &m), 0);
    l->len = 0;
    l->read = 1;
    while ((st = mailproto_message_next_event(m, &ev)) != MAILPROTO_EOF) {
        size_t n = h->piece < len ? h->piece : len;
        if (st == MAILPROTO_OK) {
            if (!is_left_out(l, &ev, kept)) {
                note(l, &ev);
            }
            continue;
        }
        assert_int_equal(st, MAILPROTO_AGAIN);
        free(fed);
        fed = NULL;
        if (len == 0) {
            assert_int_equal(mailproto_message_feed_eof(m), MAILPROTO_OK);
            continue;
        }
        fed = (char *)malloc(n);
        assert_non_null(fed);
        memcpy(fed, text, n);
        assert_int_equal(mailproto_message_feed(m, fed, n), MAILPROTO_OK);
        text += n;
        len -= n;
    }
    free(fed);
}

/* Reads what is asked for; all of it counts. */
static void run_masked(const char *text, size_t len, const struct how *h, struct log *l)
{
    run(text, len, h, UINT64_MAX, l);
}

static const uint64_t masks[] = {
    MAILPROTO_FIELDS_OF_PART,
    MAILPROTO_FIELDS_NONE,
    MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_FROM) |
        MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_SUBJECT) |
        MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_CONTENT_TYPE),
    MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_OTHER) |
        MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_DATE),
};
enum { MASKS = sizeof masks / sizeof masks[0] };

static void expect_same(const char *text, size_t len, struct how h, size_t piece)
{
    static struct log all;
    static struct log some;
    size_t i;
    for (i = 0; i < MASKS; i++) {
        h.fields = 0;
        h.piece = len;
        run(text, len, &h, masks[i], &all);
        h.fields = masks[i];
        run_masked(text, len, &h, &some);
        assert_int_equal(all.len, some.len);
        assert_memory_equal(all.at, some.at, some.len);
        if (piece > 0) {
            h.piece = piece;
            run_masked(text, len, &h, &some);
            assert_int_equal(all.len, some.len);
            assert_memory_equal(all.at, some.at, some.len);
        }
    }
}

static const struct how defaults = {0, 0, 0, 0};

static const char crlf[] =
    "Return-Path: <a@example.com>\r\n"
    "Received: from a.example by b.example;\r\n"
    "\tSat, 21 Nov 2026 10:00:00 +0000\r\n"
    "X-Some-Longer-Name: what nobody asked for, on more than one line\r\n"
    " of which the second one is longer than a step of a skipping scanner, and more\r\n"
    "From: a@example.com\r\n"
    "Comments: is none of a part's\r\n"
    "Subject: one\ttwo\r\n"
    "MIME-Version: 1.0\r\n"
    "Message-ID: <1@example.com>\r\n"
    "X-Empty:\r\n"
    "Content-Type: multipart/mixed;\r\n boundary=b\r\n"
    "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    "\r\n"
    "--b\r\n"
    "X-One: of a part\r\n"
    "X-Two: of a part, and there is more than one of them, so that steps are made\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "body of a part, which is as long as what stands behind a header often is, or "
    "so\r\n"
    "--b--\r\n";
static const char lf[] =
    "To: a@example.com,\n b@example.com\nX-Some-Longer-Name: x\nReceived: by nobody\n"
    "List-Id: something <x.example.com>\nSubject: what it is about, at some length\n"
    "Content-Transfer-Encoding: base64\nX-Last: field\n\n"
    "Ym9keSBvZiBhIG1lc3NhZ2UsIHdoaWNoIGlzIGFzIGxvbmcgYXMgaXQgbXVzdCBiZQ==\n"
    "Ym9keSBvZiBhIG1lc3NhZ2UsIHdoaWNoIGlzIGFzIGxvbmcgYXMgaXQgbXVzdCBiZQ==\n";

/* The option leaves something out, and not everything. */
static void told(void **state)
{
    static struct log l;
    struct how h = defaults;
    size_t sizes[MASKS];
    size_t i;
    (void)state;
    h.piece = sizeof crlf;
    run(crlf, sizeof crlf - 1, &h, UINT64_MAX, &l);
    for (i = 0; i < MASKS; i++) {
        size_t all = l.len;
        h.fields = masks[i];
        run_masked(crlf, sizeof crlf - 1, &h, &l);
        sizes[i] = l.len;
        assert_true(l.len < all);
        h.fields = 0;
        run(crlf, sizeof crlf - 1, &h, UINT64_MAX, &l);
    }
    assert_true(sizes[1] < sizes[0] && sizes[0] < sizes[2]);
}

static void cut_anywhere(void **state)
{
    size_t len;
    (void)state;
    for (len = 0; len < sizeof crlf; len++) {
        expect_same(crlf, len, defaults, 1 + len % 97);
    }
    for (len = 0; len < sizeof lf; len++) {
        expect_same(lf, len, defaults, 1 + len % 71);
    }
    for (len = 1; len < sizeof crlf; len++) {
        expect_same(crlf, sizeof crlf - 1, defaults, len);
    }
}

static void limits(void **state)
{
    struct how h = defaults;
    (void)state;
    for (h.max_fields = 1; h.max_fields < 14; h.max_fields++) {
        expect_same(crlf, sizeof crlf - 1, h, 1);
        expect_same(lf, sizeof lf - 1, h, 50);
    }
    h.max_fields = 0;
    for (h.max_header = 1; h.max_header < sizeof crlf; h.max_header++) {
        expect_same(crlf, sizeof crlf - 1, h, 100);
        expect_same(lf, sizeof lf - 1, h, 0);
    }
}

static void every_octet(const char *text, size_t len)
{
    static const char odd[] = {0,   1,   9,   10,  11,  13,  14,   32,  45,
                               58,  'c', 'C', 'm', 'o', 'f', '>',  127, -128,
                               -61, -1,  'D', 's', 'i', 'e', '\"', '('};
    char changed[1200];
    size_t i;
    size_t o;
    assert_true(len <= sizeof changed);
    memcpy(changed, text, len);
    for (i = 0; i < len; i++) {
        for (o = 0; o < sizeof odd; o++) {
            changed[i] = odd[o];
            expect_same(changed, len, defaults, (i + o) % 40 == 0 ? 1 : 0);
        }
        changed[i] = text[i];
    }
}

static void octets(void **state)
{
    (void)state;
    every_octet(crlf, sizeof crlf - 1);
    every_octet(lf, sizeof lf - 1);
}

/* Two octets side by side: line ends of another kind, none, and half ones. */
static void pairs(void **state)
{
    static const char two[][2] = {
        {'\r', '\n'}, {'\n', '\r'}, {'\n', '\n'}, {'\r', '\r'}, {0, '\n'},  {'\n', ' '},
        {'\n', '-'},  {'\n', 'C'},  {'\n', '\t'}, {'\t', '\n'}, {-1, '\n'}, {'c', 'o'}};
    char changed[1200];
    size_t i;
    size_t t;
    (void)state;
    memcpy(changed, crlf, sizeof crlf);
    for (i = 0; i + 3 < sizeof crlf; i++) {
        for (t = 0; t < sizeof two / sizeof two[0]; t++) {
            memcpy(changed + i, two[t], 2);
            expect_same(changed, sizeof crlf - 1, defaults, 0);
        }
        memcpy(changed + i, crlf + i, 2);
    }
}

/* Lines up to 998 octets are no defect (RFC 5322 2.1.1), in any line of a field; and what
 * no buffer holds is passed over as well. */
static void line_lengths(void **state)
{
    char text[6000];
    size_t n;
    (void)state;
    for (n = 990; n < 1005; n++) {
        size_t len;
        memcpy(text, "A: b\r\nX: ", 9);
        memset(text + 9, 'a', n - 3);
        len = 6 + n;
        memcpy(text + len, "\r\nY:\r\n ", 7);
        len += 7;
        expect_same(text, len, defaults, 60);
        memset(text + len, 'b', n - 1);
        len += n - 1;
        memcpy(text + len, "\r\nTo: a@example.com\r\nFrom: ", 27);
        len += 27;
        memcpy(text + len, lf, sizeof lf - 1);
        expect_same(text, len + sizeof lf - 1, defaults, 200);
    }
    memcpy(text, "A: b\r\nX: ", 9);
    memset(text + 9, 'a', 4000);
    memcpy(text + 4009, crlf, sizeof crlf - 1);
    expect_same(text, 4009 + sizeof crlf - 1, defaults, 0);
}

/* The line of an mbox on top is no field, and one of From is. */
static void first_lines(void **state)
{
    static const char *const first[] = {"From a Sat Nov 21 10:00:00 2026\n",
                                        ">From a\n",
                                        "From: a@example.com\n",
                                        "from : a@b.example\n",
                                        " folded\n",
                                        "X-First: field\n",
                                        "\n"};
    char text[sizeof lf + 64];
    size_t i;
    (void)state;
    for (i = 0; i < sizeof first / sizeof first[0]; i++) {
        size_t len = strlen(first[i]);
        memcpy(text, first[i], len);
        memcpy(text + len, lf, sizeof lf - 1);
        expect_same(text, len + sizeof lf - 1, defaults, 1);
    }
}

/* Text where the header of a part would begin. */
static void text_first(void **state)
{
    static const char top[] = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
    static const char *const first[] = {
        "Text without a colon\nand more of it\n", "Text without a colon\nX-Field: a\n",
        "X-Field: a\nText without a colon\nand more of it\n", "Text\n--b--\n"};
    char text[sizeof top + sizeof lf + 64];
    size_t i;
    (void)state;
    memcpy(text, top, sizeof top);
    for (i = 0; i < sizeof first / sizeof first[0]; i++) {
        size_t len = sizeof top - 1 + strlen(first[i]);
        memcpy(text + sizeof top - 1, first[i], strlen(first[i]));
        memcpy(text + len, lf, sizeof lf - 1);
        expect_same(text, len + sizeof lf - 1, defaults, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told),        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(limits),      cmocka_unit_test(octets),
        cmocka_unit_test(pairs),       cmocka_unit_test(line_lengths),
        cmocka_unit_test(first_lines), cmocka_unit_test(text_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
