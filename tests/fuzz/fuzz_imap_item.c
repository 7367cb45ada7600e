/*
 * ENVELOPE, BODY and BODYSTRUCTURE of any octets: what is written is what RFC 9051 9
 * allows, and the same in pieces of any size and from a source that is read by offset.
 *
 * Input: octets a call, octets a read, then the message.
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

enum { PARTS = 40, WORK = 1024, ENVELOPE = 2 };

/* ---- the grammar, read naively -------------------------------------------------------- */

struct text {
    const char *at, *end;
};

static void take(struct text *t, char c)
{
    CHECK(t->at < t->end && *t->at == c);
    t->at++;
}

static int comes(const struct text *t, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(t->end - t->at) >= len && memcmp(t->at, word, len) == 0;
}

static size_t number(struct text *t)
{
    size_t value = 0;
    CHECK(t->at < t->end && *t->at >= '0' && *t->at <= '9');
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9') {
        value = value * 10 + (size_t)(*t->at - '0');
        t->at++;
    }
    return value;
}

/* A string; whether its content is this word. */
static int string(struct text *t, const char *word)
{
    char start[16];
    size_t len = 0;
    if (comes(t, "{")) {
        take(t, '{');
        len = number(t);
        take(t, '}');
        take(t, '\r');
        take(t, '\n');
        CHECK((size_t)(t->end - t->at) >= len && memchr(t->at, 0, len) == NULL);
        t->at += len;
        return 0;
    }
    take(t, '"');
    while (!comes(t, "\"")) {
        CHECK(t->at < t->end);
        if (*t->at == '\\') {
            t->at++;
            CHECK(comes(t, "\\") || comes(t, "\""));
        }
        CHECK((unsigned char)*t->at < 128 && *t->at != '\0' && *t->at != '\r' &&
              *t->at != '\n');
        if (len < sizeof start) {
            start[len++] = *t->at;
        }
        t->at++;
    }
    t->at++;
    if (word == NULL || len != strlen(word)) {
        return 0;
    }
    while (len > 0 && (start[len - 1] | 32) == word[len - 1]) {
        len--;
    }
    return len == 0;
}

static int nil(struct text *t)
{
    int is = comes(t, "NIL");
    t->at += is ? 3 : 0;
    return is;
}

static void nstring(struct text *t)
{
    if (!nil(t)) {
        string(t, NULL);
    }
}

static void addresses(struct text *t)
{
    if (nil(t)) {
        return;
    }
    take(t, '(');
    do {
        int i;
        take(t, '(');
        for (i = 0; i < 4; i++) {
            if (i > 0) {
                take(t, ' ');
            }
            nstring(t);
        }
        take(t, ')');
    } while (!comes(t, ")"));
    take(t, ')');
}

static void envelope(struct text *t)
{
    int i;
    take(t, '(');
    for (i = 0; i < 10; i++) {
        if (i > 0) {
            take(t, ' ');
        }
        if (i < 2 || i > 7) {
            nstring(t);
        } else {
            addresses(t);
        }
    }
    take(t, ')');
}

static void params(struct text *t)
{
    if (nil(t)) {
        return;
    }
    take(t, '(');
    do {
        string(t, NULL);
        take(t, ' ');
        string(t, NULL);
    } while (comes(t, " ") && (take(t, ' '), 1));
    take(t, ')');
}

static void extension(struct text *t)
{
    take(t, ' ');
    if (!nil(t)) {
        take(t, '(');
        string(t, NULL);
        take(t, ' ');
        params(t);
        take(t, ')');
    }
    take(t, ' ');
    if (!nil(t)) {
        take(t, '(');
        string(t, NULL);
        while (!comes(t, ")")) {
            take(t, ' ');
            string(t, NULL);
        }
        take(t, ')');
    }
    take(t, ' ');
    nstring(t);
}

static void body(struct text *t, int extended);

static void leaf(struct text *t, int extended)
{
    const char *type = t->at;
    int is_text = string(t, "text");
    struct text again = {type, t->end};
    int is_message = string(&again, "message");
    take(t, ' ');
    again = *t;
    is_message = is_message &&
                 (string(&again, "rfc822") || (again = *t, string(&again, "global")));
    string(t, NULL);
    take(t, ' ');
    params(t);
    take(t, ' ');
    nstring(t);
    take(t, ' ');
    nstring(t);
    take(t, ' ');
    string(t, NULL);
    take(t, ' ');
    number(t);
    if (is_message) {
        take(t, ' ');
        envelope(t);
        take(t, ' ');
        body(t, extended);
    }
    if (is_message || is_text) {
        take(t, ' ');
        number(t);
    }
    if (extended) {
        take(t, ' ');
        nstring(t);
        extension(t);
    }
}

static void body(struct text *t, int extended)
{
    take(t, '(');
    if (comes(t, "(")) {
        while (comes(t, "(")) {
            body(t, extended);
        }
        take(t, ' ');
        string(t, NULL);
        if (extended) {
            take(t, ' ');
            params(t);
            extension(t);
        }
    } else {
        leaf(t, extended);
    }
    take(t, ')');
}

/* ---- writing ------------------------------------------------------------------------------ */

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

struct written {
    char *out;
    size_t len, cap;
};

static struct written write_item(const mailproto_index *ix,
                                 const mailproto_source *source, unsigned kind,
                                 size_t room)
{
    struct written w = {NULL, 0, 0};
    mailproto_imap_item item;
    char work[WORK];
    mailproto_status st;
    st =
        kind == ENVELOPE
            ? mailproto_imap_envelope_open(&item, source, ix->parts, work, sizeof work)
            : mailproto_imap_structure_open(&item, source, ix, kind, work, sizeof work);
    CHECK(st == MAILPROTO_OK);
    for (;;) {
        size_t got;
        if (w.cap - w.len < room) {
            w.cap = w.cap * 2 + room;
            w.out = (char *)realloc(w.out, w.cap);
            CHECK(w.out != NULL);
        }
        st = mailproto_imap_item_read(&item, w.out + w.len, room, &got);
        CHECK(got <= room && (st == MAILPROTO_OK) == (got > 0));
        if (st != MAILPROTO_OK && st != MAILPROTO_NOT_READY) {
            break;
        }
        w.len += got;
    }
    CHECK(st == MAILPROTO_EOF);
    return w;
}

static void check(const mailproto_index *ix, const mailproto_source *memory,
                  const mailproto_source *offset, unsigned kind, size_t room)
{
    struct written whole = write_item(ix, memory, kind, 4096);
    struct written again = write_item(ix, memory, kind, room);
    struct text t = {whole.out, whole.out + whole.len};
    CHECK(again.len == whole.len && memcmp(again.out, whole.out, whole.len) == 0);
    free(again.out);
    if (kind == ENVELOPE) {
        envelope(&t);
    } else {
        body(&t, kind == 0);
    }
    CHECK(t.at == t.end);
    /* A field longer than WORK is cut there, so only the grammar is the same. */
    again = write_item(ix, offset, kind, room);
    t.at = again.out;
    t.end = again.out + again.len;
    if (kind == ENVELOPE) {
        envelope(&t);
    } else {
        body(&t, kind == 0);
    }
    CHECK(t.at == t.end);
    CHECK(memory->size > WORK ||
          (again.len == whole.len && memcmp(again.out, whole.out, whole.len) == 0));
    free(again.out);
    free(whole.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char block[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    static mailproto_part parts[PARTS];
    struct offset_source s = {NULL, 0, 0, 1};
    mailproto_source memory = {sizeof memory, 0, NULL, NULL, 0, NULL, NULL};
    mailproto_source offset = {sizeof offset, 0, &s, NULL, 0, read_at, NULL};
    mailproto_index ix;
    unsigned kind;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = PARTS;
    ix.parts = parts;
    if (size < 2) {
        return 0;
    }
    s.data = data + 2;
    s.len = size - 2;
    s.piece = data[1] + (size_t)1;
    memory.data = data + 2;
    memory.size = size - 2;
    offset.size = size - 2;
    CHECK(mailproto_index_build(&ix, &memory, NULL, block, sizeof block) ==
          MAILPROTO_OK);
    for (kind = 0; kind <= ENVELOPE; kind++) {
        check(&ix, &memory, &offset, kind, data[0] + (size_t)1);
    }
    return 0;
}
