/*
 * Real and generated messages (optional data: MAILPROTO_DATA): every section of every part
 * is as long as it is said to be, from memory and by offset, whole and in pieces; the
 * message is itself with CRLF line ends, and what it consists of lies in it.
 */
#include "section_check.h"

#include "jsonl.h"
#include "thinned.h"

enum { SIZE_MAX_EACH = 1000000, PARTS = 2000, PATH_TEXT = 400 };

struct run {
    const char *file;
    mailproto_source source;
    mailproto_source offset;
    struct section_source from;
    mailproto_index index;
    mailproto_part parts[PARTS];
    char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    char *crlf; /* the whole message */
    size_t len;
    char *out; /* a section */
    size_t room;
    unsigned long sections;
};

static struct run r;

static void fail_at(const mailproto_imap_fetch_item *item, const char *what)
{
    uint32_t i;
    print_error("%s: kind %u section %u part", r.file, (unsigned)item->kind,
                (unsigned)item->section);
    for (i = 0; i < item->path_len; i++) {
        print_error(".%u", (unsigned)item->path[i]);
    }
    print_error(": %s\n", what);
    fail();
}

/* Every LF as CRLF, and what stands for NUL. */
static void normalise(const char *text, size_t len)
{
    size_t i;
    r.crlf = (char *)malloc(2 * len + 1);
    r.len = 0;
    for (i = 0; i < len; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
            r.crlf[r.len++] = '\r';
        }
        r.crlf[r.len++] = text[i] == '\0' ? (char)0x80 : text[i];
    }
}

/* Reads a section in one go; EOF: it does not exist. */
static mailproto_status read_whole(mailproto_imap_fetch_item *item, size_t *len)
{
    mailproto_imap_section s;
    char work[SECTION_WORK];
    mailproto_status st =
        mailproto_imap_section_open(&s, &r.source, &r.index, item, work, sizeof work);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (section_read_all(&s, 100000, r.out, r.room, len) != MAILPROTO_EOF) {
        fail_at(item, "not read to its end");
    }
    if (section_size(&s) != *len) {
        fail_at(item, "its size is not what it has");
    }
    return MAILPROTO_OK;
}

/* The same by offset, as partials of `step` octets that go on with one another. */
static void read_partials(mailproto_imap_fetch_item item, size_t len, size_t step)
{
    static char piece[1 << 20];
    mailproto_imap_section s;
    char work[SECTION_WORK];
    size_t at = 0;
    item.flags |= MAILPROTO_IMAP_PARTIAL;
    item.count = step;
    r.offset = section_offset_source(&r.from, (const char *)r.source.data,
                                     (size_t)r.source.size, 5000);
    if (mailproto_imap_section_open(&s, &r.offset, &r.index, &item, work,
                                    sizeof work) != MAILPROTO_OK) {
        fail_at(&item, "not opened by offset");
    }
    for (;;) {
        size_t want = step < len - at ? step : len - at;
        size_t got;
        if (section_size(&s) != want ||
            section_read_all(&s, 4096, piece, sizeof piece, &got) != MAILPROTO_EOF ||
            got != want || memcmp(piece, r.out + at, want) != 0) {
            fail_at(&item, "another partial");
        }
        if (want == 0) {
            return;
        }
        at += want;
        item.first = at;
        if (section_is_fields(&item)
                ? mailproto_imap_section_open(&s, &r.offset, &r.index, &item, work,
                                              sizeof work) != MAILPROTO_OK
                : mailproto_imap_section_continue(&s, &item) != MAILPROTO_OK) {
            fail_at(&item, "does not go on");
        }
    }
}

static int lies_in(const char *part, size_t len, uint32_t number)
{
    size_t i =
        (size_t)r.parts[number].header_offset; /* or behind, for CRLF is longer */
    for (; i + len <= r.len; i++) {
        if (memcmp(r.crlf + i, part, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void check_item(mailproto_imap_fetch_item *item, uint32_t number)
{
    size_t len = 0;
    mailproto_status st = read_whole(item, &len);
    int decoded = item->kind == MAILPROTO_IMAP_ITEM_BINARY;
    if (st == MAILPROTO_ERR_REFUSED && decoded &&
        r.parts[number].encoding == MAILPROTO_ENCODING_UNKNOWN) {
        return;
    }
    if (st == MAILPROTO_EOF && item->path_len > 0 &&
        item->section != MAILPROTO_IMAP_SECTION_WHOLE &&
        item->section != MAILPROTO_IMAP_SECTION_MIME &&
        r.parts[number].media != MAILPROTO_MEDIA_RFC822 &&
        r.parts[number].media != MAILPROTO_MEDIA_GLOBAL &&
        r.parts[number].media != MAILPROTO_MEDIA_NEWS) {
        return;
    }
    if (st == MAILPROTO_EOF && (r.parts[number].flags & MAILPROTO_MESSAGE_OPAQUE)) {
        return;
    }
    if (st != MAILPROTO_OK) {
        fail_at(item, mailproto_error_name(st));
    }
    if (!decoded && !section_is_fields(item) && r.len < 100000 &&
        !lies_in(r.out, len, number)) {
        fail_at(item, "not in the message");
    }
    read_partials(*item, len, 1 + len / 3);
    r.sections++;
}

static void check_part(uint32_t number, const uint32_t *path, size_t n)
{
    mailproto_imap_fetch_item item = section_item(
        "BODY[HEADER.FIELDS (Subject FROM to Date Content-Type X-Mailer)]");
    uint32_t section;
    item.path_len = (uint32_t)n;
    memcpy(item.path, path, n * sizeof *path);
    for (section = 0; section <= MAILPROTO_IMAP_SECTION_MIME; section++) {
        item.section = section;
        item.kind = MAILPROTO_IMAP_ITEM_SECTION;
        if (section != MAILPROTO_IMAP_SECTION_MIME || n > 0) {
            check_item(&item, number);
        }
    }
    item.section = 0;
    item.kind = MAILPROTO_IMAP_ITEM_BINARY;
    check_item(&item, number);
}

/* BODY[], and HEADER and TEXT that make it up. */
static void check_whole(void)
{
    mailproto_imap_fetch_item item = section_item("BODY[]");
    size_t len;
    size_t header;
    assert_int_equal(read_whole(&item, &len), MAILPROTO_OK);
    if (len != r.len || memcmp(r.out, r.crlf, len) != 0) {
        fail_at(&item, "not the message");
    }
    item = section_item("BODY[HEADER]");
    assert_int_equal(read_whole(&item, &header), MAILPROTO_OK);
    if (memcmp(r.out, r.crlf, header) != 0) {
        fail_at(&item, "not the beginning of the message");
    }
    item = section_item("BODY[TEXT]");
    assert_int_equal(read_whole(&item, &len), MAILPROTO_OK);
    if (header + len != r.len || memcmp(r.out, r.crlf + header, len) != 0) {
        fail_at(&item, "not the rest of the message");
    }
}

static void check_message(const char *file, const struct text *message)
{
    uint32_t number;
    memset(&r.index, 0, sizeof r.index);
    r.file = file;
    r.source.struct_size = sizeof r.source;
    r.source.data = message->data;
    r.source.size = message->len;
    r.index.struct_size = sizeof r.index;
    r.index.capacity = PARTS;
    r.index.parts = r.parts;
    assert_int_equal(
        mailproto_index_build(&r.index, &r.source, NULL, r.work, sizeof r.work),
        MAILPROTO_OK);
    r.room = 2 * message->len + 100;
    r.out = (char *)malloc(r.room);
    normalise(message->data, message->len);
    check_whole();
    for (number = 0; number < r.index.count && number < 50; number++) {
        uint32_t path[MAILPROTO_IMAP_PATH_MAX];
        uint32_t found;
        size_t n;
        if (mailproto_index_path(&r.index, number, path, MAILPROTO_IMAP_PATH_MAX, &n) ==
                MAILPROTO_OK &&
            mailproto_index_find(&r.index, path, n, &found) == MAILPROTO_OK &&
            found == number) {
            check_part(number, path, n);
        }
    }
    free(r.crlf);
    free(r.out);
}

/* The same with LF for CRLF. */
static void drop_cr(struct text *message)
{
    size_t n = 0;
    size_t i;
    for (i = 0; i < message->len; i++) {
        if (message->data[i] != '\r' || i + 1 == message->len ||
            message->data[i + 1] != '\n') {
            message->data[n++] = message->data[i];
        }
    }
    message->len = n;
}

static void test_corpus(void **state)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open("corpus/messages/manifest.jsonl", &why);
    const size_t step = thinned(8);
    size_t number = 0;
    int count = 0;
    int more;
    (void)state;
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while ((more = jsonl_next(j, &why)) > 0) {
        struct text name = {NULL, 0, 0};
        struct text message = {NULL, 0, 0};
        text_print(&name, "corpus/messages/%s", jsonl_text(j, "file"));
        if (number++ % step == 0 && data_file(text_string(&name), &message) &&
            message.len < SIZE_MAX_EACH) {
            check_message(text_string(&name), &message);
            drop_cr(&message);
            check_message(text_string(&name), &message);
            count++;
        }
        text_free(&name);
        text_free(&message);
    }
    if (more < 0) {
        fail_msg("%s", text_string(&why));
    }
    print_message("%d messages, %lu sections\n", count, r.sections);
    assert_true(count > 0);
    jsonl_close(j);
    text_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
