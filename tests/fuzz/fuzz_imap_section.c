/*
 * Sections of any octets, as a message: each is as long as it is said to be, the same in
 * pieces of any size, as partials, and from a source that is read by offset; BODY[] is the
 * message with CRLF; HEADER.FIELDS and .NOT share a header out; BINARY is what a decoder
 * gives.
 *
 * Input: octets a call, octets a read, octets of a partial, capacity of the index, then
 * the message.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/imap_fetch.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum { PARTS = 24, WORK = MAILPROTO_IMAP_SECTION_WORK };

struct offset_source {
    const uint8_t *data;
    size_t len, piece;
    int ready;
};

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct offset_source *s = (struct offset_source *)ctx;
    *got = 0;
    CHECK(cap > 0);
    if (offset >= s->len) {
        return MAILPROTO_EOF;
    }
    s->ready = !s->ready;
    if (!s->ready) {
        return MAILPROTO_NOT_READY;
    }
    *got = cap < s->piece ? cap : s->piece;
    *got = *got < s->len - offset ? *got : s->len - (size_t)offset;
    memcpy(buf, s->data + offset, *got);
    return MAILPROTO_OK;
}

struct octets {
    char *at;
    size_t len, room;
};

struct run {
    struct offset_source from;
    mailproto_source memory, offset;
    mailproto_index ix;
    mailproto_part parts[PARTS];
    size_t cap, step;
    struct octets crlf; /* the message */
};

static struct run r;

static void make_room(struct octets *o, size_t len)
{
    if (o->room - o->len < len) {
        o->room = o->room * 2 + len;
        o->at = (char *)realloc(o->at, o->room);
        CHECK(o->at != NULL);
    }
}

static struct octets normalise(const uint8_t *text, size_t len, int clean)
{
    struct octets o = {NULL, 0, 0};
    size_t i;
    make_room(&o, 2 * len + 1);
    for (i = 0; i < len; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
            o.at[o.len++] = '\r';
        }
        o.at[o.len++] = clean && text[i] == 0 ? (char)0x80 : (char)text[i];
    }
    return o;
}

static int equals(const struct octets *a, const char *at, size_t len)
{
    return a->len == len && memcmp(a->at, at, len) == 0;
}

/* All of an open section, behind what is there. */
static void read_all(mailproto_imap_section *s, size_t cap, struct octets *to)
{
    for (;;) {
        size_t got;
        mailproto_status st;
        make_room(to, cap);
        st = mailproto_imap_section_read(s, to->at + to->len, cap, &got);
        CHECK(got <= cap && (st == MAILPROTO_OK) == (got > 0));
        to->len += got;
        if (st != MAILPROTO_OK && st != MAILPROTO_NOT_READY) {
            CHECK(st == MAILPROTO_EOF);
            return;
        }
    }
}

static uint64_t size_of(mailproto_imap_section *s)
{
    uint64_t size;
    mailproto_status st;
    do {
        st = mailproto_imap_section_size(s, &size);
    } while (st == MAILPROTO_NOT_READY);
    CHECK(st == MAILPROTO_OK);
    return size;
}

/* Partials by offset, one behind the other. */
static void check_partials(mailproto_imap_fetch_item item, const struct octets *whole)
{
    char work[WORK];
    mailproto_imap_section s;
    struct octets o = {NULL, 0, 0};
    int fields = item.section == MAILPROTO_IMAP_SECTION_FIELDS ||
                 item.section == MAILPROTO_IMAP_SECTION_FIELDS_NOT;
    item.flags = MAILPROTO_IMAP_PARTIAL;
    item.count = r.step > whole->len / 8 ? r.step : whole->len / 8;
    CHECK(mailproto_imap_section_open(&s, &r.offset, &r.ix, &item, work, sizeof work) ==
          MAILPROTO_OK);
    for (;;) {
        size_t before = o.len;
        uint64_t size = r.step & 1 ? size_of(&s) : 0;
        read_all(&s, r.cap, &o);
        CHECK(!(r.step & 1) || size == o.len - before);
        if (o.len == before) {
            break;
        }
        CHECK(o.len - before <= item.count && o.len <= whole->len);
        item.first = o.len;
        if (fields) {
            CHECK(mailproto_imap_section_open(&s, &r.offset, &r.ix, &item, work,
                                              sizeof work) == MAILPROTO_OK);
        } else {
            CHECK(mailproto_imap_section_continue(&s, &item) == MAILPROTO_OK);
        }
    }
    CHECK(equals(whole, o.at, o.len));
    free(o.at);
}

/* A section in every way; `at` NULL: there is none. */
static struct octets check_item(const mailproto_imap_fetch_item *item)
{
    char work[WORK];
    mailproto_imap_section s;
    struct octets whole = {NULL, 0, 0};
    struct octets again = {NULL, 0, 0};
    mailproto_status st =
        mailproto_imap_section_open(&s, &r.memory, &r.ix, item, work, sizeof work);
    CHECK(st == MAILPROTO_OK || st == MAILPROTO_EOF ||
          (st == MAILPROTO_ERR_REFUSED && item->kind == MAILPROTO_IMAP_ITEM_BINARY));
    if (st != MAILPROTO_OK) {
        return whole;
    }
    read_all(&s, 4096, &whole);
    CHECK(size_of(&s) == whole.len);
    CHECK(item->kind == MAILPROTO_IMAP_ITEM_BINARY
              ? mailproto_imap_section_is_binary(&s) || whole.len == 0 ||
                    memchr(whole.at, 0, whole.len) == NULL
              : whole.len == 0 || memchr(whole.at, 0, whole.len) == NULL);
    CHECK(mailproto_imap_section_open(&s, &r.offset, &r.ix, item, work, sizeof work) ==
          MAILPROTO_OK);
    CHECK(size_of(&s) == whole.len);
    read_all(&s, r.cap, &again);
    CHECK(equals(&whole, again.at, again.len));
    free(again.at);
    check_partials(*item, &whole);
    return whole;
}

/* What a decoder makes of the body with CRLF. */
static void check_decoded(const mailproto_part *part, const struct octets *is)
{
    struct octets body =
        normalise(r.from.data + part->body_offset, (size_t)part->body_octets, 0);
    struct octets out = {NULL, 0, 0};
    mailproto_codec c;
    size_t used, got;
    mailproto_status st;
    CHECK(mailproto_decoder_init(&c, part->encoding, 0) == MAILPROTO_OK);
    make_room(&out, 2 * body.len + 64);
    st = mailproto_codec_run(&c, body.at, body.len, &used, out.at, out.room, &got,
                             MAILPROTO_CODEC_FINAL);
    CHECK(st == MAILPROTO_OK && used == body.len);
    CHECK(equals(is, out.at, got));
    CHECK(part->decoded_octets == got);
    free(body.at);
    free(out.at);
}

/* Fields with a name and without it make up the header, but for the blank line, which
 * both have. */
static void check_fields(mailproto_imap_fetch_item *item, size_t header)
{
    static const char text[] = "A FETCH 1 BODY[HEADER.FIELDS (Subject \"to\" X "
                               "Content-Type a)]\r\n";
    mailproto_bytes unit = {text, sizeof text - 1};
    mailproto_imap_command c;
    mailproto_imap_fetch_item named;
    mailproto_imap_cursor none;
    struct octets with, without, blank;
    memset(&none, 0, sizeof none);
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    CHECK(mailproto_imap_command_parse(unit, 0, &c, NULL) == MAILPROTO_OK);
    CHECK(mailproto_imap_fetch_next(&c.items, &named) == MAILPROTO_OK);
    item->fields = named.fields;
    item->section = MAILPROTO_IMAP_SECTION_FIELDS;
    with = check_item(item);
    item->section = MAILPROTO_IMAP_SECTION_FIELDS_NOT;
    without = check_item(item);
    item->section = MAILPROTO_IMAP_SECTION_FIELDS;
    item->fields = none;
    blank = check_item(item);
    CHECK(blank.len == 0 || equals(&blank, "\r\n", 2));
    CHECK(with.len + without.len == header + blank.len);
    free(with.at);
    free(without.at);
    free(blank.at);
}

static void check_part(uint32_t number, const uint32_t *path, size_t n)
{
    mailproto_imap_fetch_item item;
    struct octets header, text, body;
    memset(&item, 0, sizeof item);
    item.path_len = (uint32_t)n;
    memcpy(item.path, path, n * sizeof *path);
    item.kind = MAILPROTO_IMAP_ITEM_SECTION;
    body = check_item(&item);
    CHECK(n > 0 || equals(&r.crlf, body.at, body.len));
    item.section = MAILPROTO_IMAP_SECTION_HEADER;
    header = check_item(&item);
    item.section = MAILPROTO_IMAP_SECTION_TEXT;
    text = check_item(&item);
    if (n == 0 || r.parts[number].children == 1) {
        CHECK(header.len + text.len == body.len || text.at == NULL ||
              r.parts[number].media < MAILPROTO_MEDIA_RFC822);
        CHECK(n > 0 || memcmp(body.at, header.at, header.len) == 0);
    }
    if (header.at != NULL) {
        check_fields(&item, header.len);
    }
    free(header.at);
    free(text.at);
    free(body.at);
    item.section = MAILPROTO_IMAP_SECTION_MIME;
    if (n > 0) {
        free(check_item(&item).at);
    }
    item.section = MAILPROTO_IMAP_SECTION_WHOLE;
    item.kind = MAILPROTO_IMAP_ITEM_BINARY;
    body = check_item(&item);
    if (n > 0 && body.at != NULL && r.parts[number].decoded_octets != UINT64_MAX) {
        check_decoded(&r.parts[number], &body);
    }
    free(body.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char block[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    uint32_t number;
    if (size < 4) {
        return 0;
    }
    memset(&r, 0, sizeof r);
    r.cap = data[0] + (size_t)1;
    r.step = data[2] + (size_t)1;
    r.from.data = data + 4;
    r.from.len = size - 4;
    r.from.piece = data[1] + (size_t)1;
    r.memory.struct_size = sizeof r.memory;
    r.memory.data = data + 4;
    r.memory.size = size - 4;
    r.offset.struct_size = sizeof r.offset;
    r.offset.ctx = &r.from;
    r.offset.size = size - 4;
    r.offset.read_at = read_at;
    r.ix.struct_size = sizeof r.ix;
    r.ix.capacity = 1 + data[3] % (uint32_t)PARTS;
    r.ix.parts = r.parts;
    CHECK(mailproto_index_build(&r.ix, &r.memory, NULL, block, sizeof block) ==
          MAILPROTO_OK);
    r.crlf = normalise(r.from.data, r.from.len, 1);
    for (number = 0; number < r.ix.count; number++) {
        uint32_t path[MAILPROTO_IMAP_PATH_MAX];
        uint32_t found;
        size_t n;
        if (mailproto_index_path(&r.ix, number, path, MAILPROTO_IMAP_PATH_MAX, &n) ==
                MAILPROTO_OK &&
            mailproto_index_find(&r.ix, path, n, &found) == MAILPROTO_OK &&
            found == number) {
            check_part(number, path, n);
        }
    }
    free(r.crlf.at);
    return 0;
}
