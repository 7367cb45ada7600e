/* Messages to be composed: see compose_make.h. */
#include "compose_make.h"

#include <stdlib.h>
#include <string.h>

#include "chunk.h"

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* A number below `n`. */
static unsigned dice(struct make *m, unsigned n)
{
    if (m->data != NULL) {
        return m->at < m->len ? m->data[m->at++] % n : 0;
    }
    m->count++;
    return (unsigned)(chunk_hash(m->seed, m->count) >> 11) % n;
}

/* ---- texts -------------------------------------------------------------------------------- */

static const char *const words[] = {"Bob",
                                    "a",
                                    "\"",
                                    "\\",
                                    "<evil@x.example>",
                                    ",",
                                    ";",
                                    ":",
                                    "@",
                                    "(c)",
                                    ")",
                                    "[",
                                    "=?utf-8?q?=0D=0ABcc:_x?=",
                                    "=?utf-8?b?",
                                    "?=",
                                    "Bcc: evil@x.example",
                                    "--",
                                    ".",
                                    "caf\xc3\xa9",
                                    "\xe6\xbc\xa2\xe5\xad\x97",
                                    "\xf0\x9f\x98\x80",
                                    "e\xcc\x81",
                                    "a_b",
                                    "50%",
                                    "'",
                                    "utf-8''x",
                                    "=",
                                    "=20",
                                    "Re:",
                                    "=?iso-8859-1?Q?=E9?=",
                                    "=?UTF-8?B?w6k=?=",
                                    "=?x?=?x?=",
                                    "\xe2\x80\xaegpj.exe",
                                    "\xc2\xa0",
                                    "\xef\xbb\xbf",
                                    "%41",
                                    "//",
                                    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"
                                    "yzabcdefghijklmnopqrstuvwxyz0123",
                                    "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"
                                    "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2"
                                    "\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2"
                                    "\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"};

static mailproto_bytes keep(struct make *m, struct text *t)
{
    mailproto_bytes b;
    b.ptr = text_string(t);
    b.len = t->len;
    if (m->text_count == MAKE_TEXTS) {
        abort();
    }
    m->texts[m->text_count++] = t->data;
    return b;
}

/* Up to `n` words, at most `max` octets. */
static mailproto_bytes make_text(struct make *m, unsigned n, size_t max)
{
    struct text t = {0};
    unsigned count = 1 + dice(m, n);
    if (dice(m, 12) == 0) {
        text_add(&t, "  ", 1 + dice(m, 2));
    }
    for (; count > 0; count--) {
        const char *word = words[dice(m, sizeof words / sizeof *words)];
        if (t.len + strlen(word) + 3 > max) {
            break;
        }
        text_add(&t, word, strlen(word));
        if (count > 1 && dice(m, 4) != 0) {
            text_add(&t, "   ", dice(m, 8) == 0 ? 3 : 1);
        }
    }
    if (dice(m, 12) == 0) {
        text_add(&t, " ", 1);
    }
    return keep(m, &t);
}

/* Some blanks behind blanks become tabs. */
static void put_tabs(char *text, size_t len)
{
    size_t i;
    for (i = 1; i < len; i++) {
        if (text[i - 1] == ' ' && text[i] == ' ') {
            text[i] = '\t';
        }
    }
}

/* Whether something is to be raw UTF-8, where the path takes that. */
static int is_raw(struct make *m)
{
    return (m->o.flags & MAILPROTO_COMPOSE_UTF8) != 0 && dice(m, 3) == 0;
}

static mailproto_bytes make_spec(struct make *m)
{
    static const char *const specs[] = {
        "a@b.example",
        "first.last@mail.example",
        "\"quoted local\"@b.example",
        "u@[192.0.2.1]",
        "o'neil+tag=x@b.example",
        "a.very.long.local.part.that.goes.on.and.on@a.very.long.domain.example"};
    static const char *const raw[] = {
        "j\xc3\xbcrgen@b.example", "a@b\xc3\xbc\x63her.example",
        "\xe6\xbc\xa2\xe5\xad\x97@\xe4\xbe\x8b\xe3\x81\x88.example",
        "\"\xe2\x82\xac quoted\"@b.example", "\xf0\x9f\x98\x80.x@b.example"};
    if (is_raw(m)) {
        return bytes(raw[dice(m, sizeof raw / sizeof *raw)]);
    }
    return bytes(specs[dice(m, sizeof specs / sizeof *specs)]);
}

/* ---- fields -------------------------------------------------------------------------------- */

static size_t make_addresses(struct make *m, mailproto_address_out *to)
{
    static const char *const names[] = {"Team, the \"best\"", "a", "A (b)",
                                        "Gr\xc3\xbc\xc3\x9f"};
    size_t n = 0;
    unsigned count = 1 + dice(m, 3);
    int group = dice(m, 5) == 0;
    if (group) {
        to[n].kind = MAILPROTO_ADDRESS_GROUP_BEGIN;
        to[n].name = bytes(names[dice(m, sizeof names / sizeof *names)]);
        n++;
        count = dice(m, 3);
    }
    for (; count > 0; count--) {
        if (dice(m, 3) != 0) {
            to[n].name = make_text(m, 6, 380);
        }
        to[n].address = make_spec(m);
        n++;
    }
    if (group) {
        to[n].kind = MAILPROTO_ADDRESS_GROUP_END;
        n++;
        to[n].address = make_spec(m);
        n++;
    }
    return n;
}

static mailproto_compose_field *field(struct make *m, const char *name, uint32_t kind)
{
    mailproto_compose_field *f = &m->fields[m->o.field_count];
    m->o.field_count++;
    f->name = bytes(name);
    f->kind = kind;
    return f;
}

static void make_fields(struct make *m)
{
    static const char *const lists[] = {"From", "To", "Cc", "Bcc"};
    mailproto_compose_field *f;
    size_t i;
    for (i = 0; i < 4; i++) {
        if (i < 2 || dice(m, 3) == 0) {
            f = field(m, lists[i], MAILPROTO_COMPOSE_ADDRESSES);
            f->addresses = m->addresses[i];
            f->count = make_addresses(m, m->addresses[i]);
        }
    }
    f = field(m, "Subject", MAILPROTO_COMPOSE_TEXT);
    f->text = make_text(m, 40, 4000);
    put_tabs(m->texts[m->text_count - 1], f->text.len); /* names take none */
    if (dice(m, 2) == 0) {
        f = field(m, "References", MAILPROTO_COMPOSE_IDS);
        f->text = is_raw(m) ? bytes("<1@a.example> <\xe6\xbc\xa2@b\xc3\xbc.example>")
                  : dice(m, 2) == 0
                      ? bytes("<1@a.example> <2.x@b.example>  <3$$@[c]>")
                      : bytes("<0123456789abcdef0123456789abcdef@long.example> "
                              "<0123456789abcdef0123456789abcdee@long.example> "
                              "<0123456789abcdef0123456789abcded@long.example>");
    }
    if (dice(m, 3) == 0) {
        f = field(m, "X-Raw", MAILPROTO_COMPOSE_RAW);
        f->text = bytes("a=b; c=\"d e\"; and so on (with a comment) until the line is "
                        "full and must be folded; e=f");
        if (is_raw(m)) {
            f->text =
                bytes("a=b; c=\"d \xc3\xa9\"; \xe6\xbc\xa2\xe5\xad\x97 (with a "
                      "c\xc3\xb6mment) \xf0\x9f\x98\x80 until the line is full and "
                      "must be folded; e=\xc3\xa9");
        }
    }
    if (dice(m, 3) == 0) {
        f = field(m, "Resent-Date", MAILPROTO_COMPOSE_DATE);
        f->utc = 1000000000;
        f->zone_minutes = -210;
    }
}

/* ---- contents -------------------------------------------------------------------------------- */

static void add_line(struct make *m, struct text *t, int binary)
{
    static const char *const lines[] = {
        "",
        "-",
        "--",
        "--=_",
        "--=_3030303030303",
        ".",
        "..",
        "From here",
        "plain text",
        "trailing blanks  ",
        "\ttab\t",
        "caf\xc3\xa9",
        "=3D =_ =",
        "--=_x--",
        "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"};
    const char *line = lines[dice(m, sizeof lines / sizeof *lines)];
    unsigned i;
    text_add(t, line, strlen(line));
    if (dice(m, 10) == 0) {
        for (i = 0; i < 90 + 10 * dice(m, 14); i++) {
            text_add(t, "long words ", 11);
        }
    }
    if (binary && dice(m, 3) == 0) {
        text_add(t, "\0\r\x80\xff\n\r", 6);
    }
}

static void make_content(struct make *m, struct text *t)
{
    unsigned kind = dice(m, 5);
    unsigned lines = dice(m, 12);
    unsigned i;
    for (i = 0; i < lines; i++) {
        add_line(m, t, kind == 0);
        if (i + 1 < lines || dice(m, 2) == 0) {
            text_add(t, "\r\n", kind == 1 ? 2 : 1);
            if (kind != 1) {
                t->data[t->len - 1] = '\n';
            }
        }
    }
}

static void put_unit(struct text *t, unsigned unit, int big)
{
    char two[2];
    two[0] = (char)(big ? unit >> 8 : unit & 255);
    two[1] = (char)(big ? unit & 255 : unit >> 8);
    text_add(t, two, 2);
}

/* Well-formed UTF-8 as UTF-16 (RFC 2781 2.1). */
static void put_wide(struct text *t, const struct text *from, int big)
{
    size_t i = 0;
    while (i < from->len) {
        unsigned char first = (unsigned char)from->data[i];
        unsigned more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        unsigned code = more == 0 ? first : first & (0x3FU >> more);
        for (i++; more > 0; more--, i++) {
            code = code << 6 | ((unsigned char)from->data[i] & 0x3FU);
        }
        if (code >= 0x10000) {
            put_unit(t, 0xD800 + ((code - 0x10000) >> 10), big);
            code = 0xDC00 + ((code - 0x10000) & 0x3FF);
        }
        put_unit(t, code, big);
    }
}

/* A text in UTF-16: some of its octets look like CR, LF and NUL. */
static void make_wide(struct make *m, size_t i)
{
    static const char *const charsets[] = {"utf-16le", "utf-16be", "utf-16", "UTF-16"};
    static const char odd[] = "\xe0\xa8\x8a\xe0\xb4\x8a\xe4\xb8\x8d\xe2\xb4\xad"
                              "\xf0\x9f\x98\x80"; /* U+0A0A, 0D0A, 4E0D, 2D2D */
    unsigned kind = dice(m, 4);
    int big = kind == 1 || (kind > 1 && dice(m, 2) == 0);
    unsigned lines = 1 + dice(m, 6);
    for (; lines > 0; lines--) {
        add_line(m, &m->wide[i], 0);
        if (dice(m, 2) == 0) {
            text_add(&m->wide[i], odd, sizeof odd - 1);
        }
        text_add(&m->wide[i], "\r\n", dice(m, 4) == 0 ? 1 : 2);
    }
    if (kind > 1) { /* without its mark an UTF-16 may be of either kind */
        put_unit(&m->content[i], 0xFEFF, big);
    }
    put_wide(&m->content[i], &m->wide[i], big);
    m->parts[i].charset = bytes(charsets[kind]);
    m->parts[i].type = bytes(dice(m, 2) == 0 ? "text/html" : "");
}

static mailproto_status next_octets(struct make_source *s, size_t at, void *buf,
                                    size_t cap, size_t *got)
{
    size_t n = s->len - at;
    *got = 0;
    s->calls++;
    if (s->pauses && s->calls % 3 != 0) {
        return MAILPROTO_NOT_READY;
    }
    if (n == 0) {
        return MAILPROTO_EOF;
    }
    n = n < cap ? n : cap;
    n = n < s->piece ? n : s->piece;
    memcpy(buf, s->data + at, n);
    *got = n;
    return MAILPROTO_OK;
}

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct make_source *s = (struct make_source *)ctx;
    if (offset > s->len) {
        abort();
    }
    return next_octets(s, (size_t)offset, buf, cap, got);
}

static mailproto_status read_next(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct make_source *s = (struct make_source *)ctx;
    mailproto_status status = next_octets(s, s->at, buf, cap, got);
    s->at += *got;
    return status;
}

static void make_source(struct make *m, size_t i)
{
    struct make_source *s = &m->callbacks[i];
    mailproto_source *to = &m->sources[i];
    unsigned kind = dice(m, 4);
    s->data = text_string(&m->content[i]);
    s->len = m->content[i].len;
    s->piece = 1 + 40 * dice(m, 30);
    s->pauses = dice(m, 2) == 0;
    to->struct_size = sizeof *to;
    to->ctx = s;
    to->size = s->len;
    if (kind < 2) {
        to->data = s->data;
    } else if (kind == 2) {
        to->read_at = read_at;
        to->size = dice(m, 2) == 0 ? MAILPROTO_SIZE_UNKNOWN : s->len;
    } else {
        to->read = read_next;
        to->size = MAILPROTO_SIZE_UNKNOWN;
    }
    m->parts[i].content = to;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void make_entity(struct make *m, size_t i)
{
    static const char entity[] = "Content-Type: TEXT/plain; charset=us-ascii\r\n"
                                 "X-Odd:  spaces \r\n\tkept\r\n\r\nSigned text  \r\n"
                                 "--=_not a boundary\r\n";
    m->parts[i].flags = MAILPROTO_COMPOSE_VERBATIM;
    text_add(&m->content[i], entity, sizeof entity - 1);
}

static void make_leaf(struct make *m, size_t i)
{
    static const char *const types[] = {"", "text/html", "application/octet-stream",
                                        "image/png", "application/json"};
    static const char message[] = "From: a@b.example\nDate: Thu, 01 Jan 1970 00:00:00 "
                                  "+0000\nSubject: inner\n\ninner text\n--=_x\n";
    mailproto_compose_part *p = &m->parts[i];
    unsigned kind = dice(m, 8);
    if (kind == 0 && i > 0) {
        make_entity(m, i);
    } else if (kind == 1) {
        p->type = bytes("message/rfc822");
        text_add(&m->content[i], message, sizeof message - 1);
    } else if (kind == 2) {
        make_wide(m, i);
    } else {
        p->type = bytes(types[dice(m, 5)]);
        make_content(m, &m->content[i]);
    }
    if ((p->flags & MAILPROTO_COMPOSE_VERBATIM) == 0) {
        if (dice(m, 2) == 0) {
            p->file_name = make_text(m, 8, 200);
            p->disposition = bytes(dice(m, 2) == 0 ? "inline" : "");
        }
        if (dice(m, 3) == 0) {
            p->content_id = bytes(is_raw(m) ? "p\xc3\xa4rt@\xe4\xbe\x8b.example"
                                            : "part.one$x@b.example");
        }
        if (dice(m, 4) == 0) {
            p->params = bytes("x-a=b; x-c=\"d; e\"");
        }
    }
    make_source(m, i);
}

static void make_parts(struct make *m)
{
    static const char *const types[] = {"multipart/mixed", "multipart/alternative",
                                        "multipart/related", "multipart/x-other"};
    uint32_t open[MAKE_PARTS];
    unsigned opened = 0;
    size_t n = 1 + dice(m, MAKE_PARTS);
    size_t i;
    for (i = 0; i < n; i++) {
        mailproto_compose_part *p = &m->parts[i];
        p->parent = i == 0 ? MAILPROTO_COMPOSE_ROOT : open[dice(m, opened)];
        if (i + 1 < n && (i == 0 || dice(m, 4) == 0)) {
            p->type = bytes(types[dice(m, 4)]);
            open[opened++] = (uint32_t)i;
        } else {
            make_leaf(m, i);
        }
    }
    m->o.part_count = n;
}

/* A multipart that got no part becomes a leaf. */
static void settle(struct make *m)
{
    size_t i;
    size_t at;
    for (i = 0; i < m->o.part_count; i++) {
        if (m->parts[i].content == NULL) {
            for (at = i + 1; at < m->o.part_count && m->parts[at].parent != i; at++) {
            }
            if (at >= m->o.part_count) {
                m->parts[i].type = bytes("text/plain");
                make_source(m, i);
            }
        }
    }
}

void make_message(struct make *m, const uint8_t *data, size_t len, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->data = data;
    m->len = len;
    m->seed = seed;
    m->o.struct_size = sizeof m->o;
    m->o.flags =
        dice(m, 16) & (unsigned)(MAILPROTO_COMPOSE_8BIT | MAILPROTO_COMPOSE_BINARY |
                                 MAILPROTO_COMPOSE_UTF8 | MAILPROTO_COMPOSE_BCC);
    m->measure = dice(m, 3) != 0;
    memset(m->unique, '0', sizeof m->unique);
    m->unique[15] = (char)('0' + dice(m, 10));
    m->o.unique.ptr = m->unique;
    m->o.unique.len = sizeof m->unique;
    m->o.utc = 1700000000 + (int64_t)dice(m, 256) * 86399;
    m->o.zone_minutes = (int32_t)dice(m, 256) - 128;
    m->o.id_domain = bytes("host.example");
    m->o.fields = m->fields;
    m->o.parts = m->parts;
    make_fields(m);
    make_parts(m);
    settle(m);
}

void make_free(struct make *m)
{
    size_t i;
    for (i = 0; i < m->text_count; i++) {
        free(m->texts[i]);
    }
    for (i = 0; i < MAKE_PARTS; i++) {
        text_free(&m->content[i]);
        text_free(&m->wide[i]);
    }
}

void make_again(struct make *m)
{
    size_t i;
    for (i = 0; i < MAKE_PARTS; i++) {
        m->callbacks[i].at = 0;
        m->callbacks[i].calls = 0;
    }
}

mailproto_status make_read(mailproto_compose *c, size_t cap, struct text *out)
{
    char *buf = (char *)test_alloc(cap);
    unsigned pauses = 0;
    mailproto_status status;
    for (;;) {
        size_t got;
        status = mailproto_compose_read(c, buf, cap, &got);
        if (status == MAILPROTO_NOT_READY && pauses < 5000) {
            pauses++;
            continue;
        }
        if (status != MAILPROTO_OK) {
            break;
        }
        pauses = 0;
        text_add(out, buf, got);
    }
    free(buf);
    return status;
}

void make_expected(const struct make *m, size_t part, struct text *out)
{
    const struct text *t = &m->content[part];
    mailproto_bytes type = m->parts[part].type;
    int lines = (m->parts[part].flags & MAILPROTO_COMPOSE_VERBATIM) == 0 &&
                m->wide[part].len == 0 &&
                (type.len == 0 || memcmp(type.ptr, "text/", 5) == 0 ||
                 memcmp(type.ptr, "messa", 5) == 0);
    size_t i;
    for (i = 0; i < t->len; i++) {
        if (lines && t->data[i] == '\n' && (i == 0 || t->data[i - 1] != '\r')) {
            text_add(out, "\r", 1);
        }
        text_add(out, t->data + i, 1);
    }
}
