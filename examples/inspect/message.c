/*
 * A message as JSON: one pass of the parser gives tree, fields and defects; the leaves are
 * then read through the decoder, a piece at a time.
 */
#include "message.h"

#include "charset.h"
#include "digest.h"
#include "message_defects.h"
#include "text.h"

#include <fcntl.h>
#include <mailproto/imap_fetch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A field that steers the parse may be long here: memory is no matter. */
enum { HOLD = 65536, BOUNDARY = 2048, DEPTH = 100, FIELD_IDS = 64 };

typedef struct shown {
    mailproto_source source;
    mailproto_index index;
    mailproto_part *parts;
    json_t **types; /* "text/plain" of each part */
    size_t cap;
    mailproto_bytes fields[FIELD_IDS]; /* the message's own, the first of each */
    json_t *defects;
    json_t *of_bodies; /* defects too, which come behind the others */
    digest digest;
} shown;

/* ---- one pass ---------------------------------------------------------------------------- */

static void add_part(shown *m, const mailproto_message_event *ev)
{
    if (ev->part >= m->cap) {
        m->cap = m->cap * 2 + 16;
        m->parts = realloc(m->parts, m->cap * sizeof *m->parts);
        m->types = realloc(m->types, m->cap * sizeof *m->types);
        if (m->parts == NULL || m->types == NULL) {
            perror("mailproto-inspect");
            exit(2);
        }
        m->index.parts = m->parts;
        m->index.capacity = (uint32_t)m->cap;
    }
    m->types[ev->part] = NULL;
}

static json_t *type_of(const mailproto_message_event *ev)
{
    text t = {0};
    text_add(&t, ev->name.ptr, ev->name.len);
    text_add(&t, "/", 1);
    text_add(&t, ev->value.ptr, ev->value.len);
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.data[i];
        if (c >= 'A' && c <= 'Z') {
            t.data[i] = (char)(c - 'A' + 'a');
        } else if (c > 127) { /* of a tree one wants to see the rest */
            t.data[i] = '?';
        }
    }
    json_t *type = json_stringn(t.data, t.len);
    text_free(&t);
    return type;
}

static void note_defect(shown *m, const mailproto_message_event *ev)
{
    static const char prefix[] = "MAILPROTO_DEFECT_";
    const char *name = mailproto_defect_name(ev->code);
    if (strncmp(name, prefix, sizeof prefix - 1) == 0) {
        name += sizeof prefix - 1;
    }
    json_array_append_new(m->defects, json_pack("{s:s, s:I}", "code", name, "offset",
                                                (json_int_t)ev->offset));
}

static void note(shown *m, const mailproto_message_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_MESSAGE_PART_BEGIN:
        add_part(m, ev);
        break;
    case MAILPROTO_MESSAGE_FIELD:
        if (ev->part == 0 && ev->name.len > 0 && ev->code < FIELD_IDS &&
            m->fields[ev->code].ptr == NULL) {
            m->fields[ev->code] = ev->value;
        }
        break;
    case MAILPROTO_MESSAGE_HEADERS_END:
        m->types[ev->part] = type_of(ev);
        break;
    case MAILPROTO_MESSAGE_DEFECT:
        note_defect(m, ev);
        break;
    default:
        break;
    }
    mailproto_index_add(&m->index, ev);
}

static void parse(shown *m)
{
    static char block[MAILPROTO_MESSAGE_MEM(HOLD, BOUNDARY, DEPTH)];
    mailproto_message_options options = {.struct_size = sizeof options,
                                         .hold_size = HOLD,
                                         .boundary_size = BOUNDARY,
                                         .max_depth = DEPTH,
                                         .cpu = mailproto_cpu()};
    mailproto_message *parser;
    mailproto_message_event ev;
    mailproto_status st;
    int said = 0;
    if (mailproto_message_init(block, sizeof block, &options, &parser) !=
        MAILPROTO_OK) {
        abort();
    }
    m->index.struct_size = sizeof m->index;
    mailproto_message_feed(parser, m->source.data, (size_t)m->source.size);
    while ((st = mailproto_message_next_event(parser, &ev)) != MAILPROTO_EOF) {
        if (st == MAILPROTO_OK) {
            note(m, &ev);
        } else if (st == MAILPROTO_AGAIN && !said) {
            said = 1; /* spans into the file stay */
            mailproto_message_feed_eof(parser);
        } else {
            abort();
        }
    }
}

/* ---- the tree ------------------------------------------------------------------------------ */

static int is_multipart(const mailproto_part *part)
{
    return part->media >= MAILPROTO_MEDIA_MULTIPART &&
           part->media < MAILPROTO_MEDIA_RFC822;
}

static void add_type(const shown *m, text *tree, uint32_t part)
{
    const char *type = json_string_value(m->types[part]);
    type = type != NULL ? type : "application/octet-stream"; /* overflow */
    text_add(tree, type, strlen(type));
}

/* Types in parentheses, walked by the parent numbers. */
static json_t *tree_of(const shown *m)
{
    text tree = {0};
    uint32_t at = 0;
    for (;;) {
        add_type(m, &tree, at);
        if (m->parts[at].children > 0) {
            text_add(&tree, "(", 1);
            at = m->parts[at].first_child;
            continue;
        }
        if (is_multipart(&m->parts[at])) {
            text_add(&tree, "()", 2);
        }
        while (at != MAILPROTO_PART_NONE &&
               m->parts[at].next_sibling == MAILPROTO_PART_NONE) {
            at = m->parts[at].parent;
            if (at != MAILPROTO_PART_NONE) {
                text_add(&tree, ")", 1);
            }
        }
        if (at == MAILPROTO_PART_NONE) {
            break;
        }
        text_add(&tree, ",", 1);
        at = m->parts[at].next_sibling;
    }
    json_t *result = text_json(tree.data, tree.len);
    text_free(&tree);
    return result;
}

/* ---- leaves -------------------------------------------------------------------------------- */

/* A field of a part; `ptr` NULL: there is none. */
static mailproto_bytes field_of(const shown *m, const mailproto_part *part,
                                unsigned field)
{
    mailproto_bytes none = {NULL, 0};
    mailproto_fields f;
    mailproto_field found;
    if (part->fields[field] == 0 ||
        mailproto_fields_open_at(&f, &m->source,
                                 part->header_offset + part->fields[field] - 1,
                                 part->body_offset, NULL, 0) != MAILPROTO_OK ||
        mailproto_fields_next(&f, &found) != MAILPROTO_OK) {
        return none;
    }
    return found.value;
}

/* object[key]: a parameter. 0: there is none, and it is null. */
static int set_parameter(json_t *object, const char *key, mailproto_bytes value,
                         const char *name)
{
    text t = {0};
    mailproto_bytes n = {name, strlen(name)};
    size_t cap = value.len * 3 + 16;
    mailproto_status st = MAILPROTO_EOF;
    if (value.ptr != NULL) {
        st = mailproto_parameter_get(value, n, 0, charset_converter(),
                                     text_room(&t, cap), cap, &t.len, NULL, NULL);
    }
    if (st == MAILPROTO_OK) {
        text_set(object, key, t.data, t.len);
    } else {
        json_object_set_new(object, key, json_null());
    }
    text_free(&t);
    return st == MAILPROTO_OK;
}

/* The octets of a body that must be decoded, and what is wrong with it. */
static void add_decoded(shown *m, const mailproto_part *part)
{
    static char piece[DIGEST_PIECE];
    mailproto_codec decoder;
    const char *in = (const char *)m->source.data + part->body_offset;
    size_t left = (size_t)part->body_octets, used, got;
    mailproto_status st = MAILPROTO_AGAIN;
    if (mailproto_decoder_init(&decoder, part->encoding, mailproto_cpu()) !=
        MAILPROTO_OK) {
        return;
    }
    while (st == MAILPROTO_AGAIN) {
        st = mailproto_codec_run(&decoder, in, left, &used, piece, sizeof piece, &got,
                                 MAILPROTO_CODEC_FINAL);
        in += used;
        left -= used;
        digest_add(&m->digest, piece, got);
    }
    message_defects_of_body(m->of_bodies, part, &decoder);
}

static int is_encoded(uint32_t encoding)
{
    return encoding != MAILPROTO_ENCODING_7BIT && encoding != MAILPROTO_ENCODING_8BIT &&
           encoding != MAILPROTO_ENCODING_BINARY &&
           encoding != MAILPROTO_ENCODING_UNKNOWN;
}

static void set_digests(json_t *leaf, shown *m, const mailproto_part *part)
{
    static char piece[DIGEST_PIECE];
    char plain[DIGEST_HEX], normal[DIGEST_HEX];
    mailproto_body body;
    size_t got;
    digest_begin(&m->digest);
    if (is_encoded(part->encoding)) {
        add_decoded(m, part);
    } else if (mailproto_body_open(&body, &m->source, part, mailproto_cpu(), NULL, 0) ==
               MAILPROTO_OK) {
        while (mailproto_body_read(&body, piece, sizeof piece, &got) == MAILPROTO_OK) {
            digest_add(&m->digest, piece, got);
        }
    }
    digest_end(&m->digest, plain, normal);
    json_object_set_new(leaf, "size", json_integer((json_int_t)m->digest.size));
    json_object_set_new(leaf, "sha256", json_stringn(plain, sizeof plain));
    json_object_set_new(leaf, "nsha256", json_stringn(normal, sizeof normal));
}

static json_t *leaf_of(shown *m, uint32_t number)
{
    const mailproto_part *part = &m->parts[number];
    mailproto_bytes type = field_of(m, part, MAILPROTO_PART_TYPE);
    mailproto_bytes disposition = field_of(m, part, MAILPROTO_PART_DISPOSITION);
    const char *encoding = mailproto_encoding_name(part->encoding);
    json_t *leaf = json_object();
    text name = {0};
    add_type(m, &name, number);
    json_object_set_new(leaf, "type", text_json(name.data, name.len));
    text_free(&name);
    json_object_set_new(leaf, "encoding",
                        json_string(*encoding != '\0' ? encoding : "unknown"));
    set_parameter(leaf, "charset", type, "charset");
    set_digests(leaf, m, part);
    if (!set_parameter(leaf, "filename", disposition, "filename")) {
        set_parameter(leaf, "filename", type, "name");
    }
    json_object_set_new(leaf, "disposition", json_null());
    if (disposition.ptr != NULL) {
        mailproto_value v;
        mailproto_content c = {.struct_size = sizeof c};
        mailproto_value_open(&v, disposition, MAILPROTO_VALUE_FINAL, NULL);
        if (mailproto_content_disposition(&v, &c) == MAILPROTO_OK && c.type.len > 0) {
            text_set_lower(leaf, "disposition", c.type);
        }
    }
    json_object_set_new(leaf, "offset", json_integer((json_int_t)part->body_offset));
    return leaf;
}

static json_t *leaves_of(shown *m)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < m->index.count; i++) {
        if (m->parts[i].children == 0 && !is_multipart(&m->parts[i])) {
            json_array_append_new(list, leaf_of(m, i));
        }
    }
    return list;
}

/* ---- fields of the message --------------------------------------------------------------- */

static void set_fields(json_t *result, const shown *m)
{
    static const struct {
        uint32_t id;
        const char *key;
    } lists[] = {{MAILPROTO_FIELD_FROM, "from"},
                 {MAILPROTO_FIELD_TO, "to"},
                 {MAILPROTO_FIELD_CC, "cc"}};
    mailproto_bytes subject = m->fields[MAILPROTO_FIELD_SUBJECT];
    mailproto_bytes date = m->fields[MAILPROTO_FIELD_DATE];
    mailproto_bytes id = m->fields[MAILPROTO_FIELD_MESSAGE_ID];
    text t = {0};
    size_t cap = subject.len * 3 + 16;
    while (mailproto_text_decode(subject,
                                 MAILPROTO_TEXT_COLLAPSE | MAILPROTO_WORDS_GUESS,
                                 charset_converter(), text_room(&t, cap), cap,
                                 &t.len) == MAILPROTO_ERR_TOO_LONG) {
        cap = t.len + 16; /* a converter may need more than three octets for one */
        t.len = 0;
    }
    text_set(result, "subject", t.data, t.len);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_object_set_new(result, lists[i].key, text_specs(m->fields[lists[i].id]));
    }
    mailproto_date d = {.struct_size = sizeof d};
    int has_date = date.ptr != NULL && mailproto_date_parse(date, MAILPROTO_VALUE_FINAL,
                                                            NULL, &d) == MAILPROTO_OK;
    json_object_set_new(result, "date_unix",
                        has_date ? json_integer((json_int_t)d.utc) : json_null());
    mailproto_value v;
    mailproto_message_id found = {.struct_size = sizeof found};
    json_object_set_new(result, "message_id", json_null());
    mailproto_value_open(&v, id, MAILPROTO_VALUE_FINAL, NULL);
    if (mailproto_message_id_next(&v, &found) == MAILPROTO_OK) {
        t.len = 0;
        cap = found.raw.len + 16;
        mailproto_message_id_get(&found, text_room(&t, cap), cap, &t.len);
        text_set(result, "message_id", t.data, t.len);
    }
    text_free(&t);
}

/* What the parser does not read, in the order of the fields and parts. */
static void add_defects(shown *m)
{
    message_defects_of_fields(m->defects, &m->source, m->fields);
    for (uint32_t i = 0; i < m->index.count; i++) {
        const mailproto_part *part = &m->parts[i];
        message_defects_of_value(m->defects, &m->source, "parameters",
                                 field_of(m, part, MAILPROTO_PART_TYPE));
        message_defects_of_value(m->defects, &m->source, "parameters",
                                 field_of(m, part, MAILPROTO_PART_DISPOSITION));
    }
    json_array_extend(m->defects, m->of_bodies);
    json_decref(m->of_bodies);
}

/* ---- what IMAP says ------------------------------------------------------------------------ */

static void set_item(json_t *result, const char *key, mailproto_imap_item *item,
                     mailproto_status st)
{
    text t = {0};
    size_t got;
    while (st == MAILPROTO_OK) {
        st = mailproto_imap_item_read(item, text_room(&t, 4096), 4096, &got);
        t.len += st == MAILPROTO_OK ? got : 0;
    }
    if (st == MAILPROTO_EOF && t.len >= 2) {
        text_set(result, key, t.data + 1, t.len - 2);
    } else {
        json_object_set_new(result, key, json_null());
    }
    text_free(&t);
}

static void set_items(json_t *result, const shown *m)
{
    mailproto_imap_item item;
    mailproto_status st =
        mailproto_imap_envelope_open(&item, &m->source, m->parts, NULL, 0);
    set_item(result, "envelope", &item, st);
    st = mailproto_imap_structure_open(&item, &m->source, &m->index, 0, NULL, 0);
    set_item(result, "bodystructure", &item, st);
}

/* ---- files ----------------------------------------------------------------------------------- */

static json_t *show(shown *m, const char *path)
{
    json_t *result = json_object();
    m->defects = json_array();
    m->of_bodies = json_array();
    parse(m);
    text_set(result, "file", path, strlen(path));
    json_object_set_new(result, "tree", tree_of(m));
    json_object_set_new(result, "leaves", leaves_of(m));
    set_fields(result, m);
    set_items(result, m);
    add_defects(m);
    json_object_set_new(result, "defects", m->defects);
    for (uint32_t i = 0; i < m->index.count; i++) {
        json_decref(m->types[i]);
    }
    free(m->parts);
    free(m->types);
    return result;
}

/* The file's octets, mapped; -1: said why not. */
static int map(const char *path, void **data, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    int failed = fd < 0 || fstat(fd, &st) != 0;
    *data = NULL;
    *len = failed ? 0 : (size_t)st.st_size;
    if (!failed && *len > 0) {
        *data = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
        failed = *data == MAP_FAILED;
    }
    if (failed) {
        perror(path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return failed ? -1 : 0;
}

static int show_file(shown *m, const char *path)
{
    void *data;
    size_t len;
    if (map(path, &data, &len) != 0) {
        return 2;
    }
    memset(&m->index, 0, sizeof m->index);
    memset(m->fields, 0, sizeof m->fields);
    m->parts = NULL;
    m->types = NULL;
    m->cap = 0;
    m->source = (mailproto_source){
        .struct_size = sizeof m->source, .data = len > 0 ? data : "", .size = len};
    json_t *result = show(m, path);
    int failed = json_dumpf(result, stdout, JSON_COMPACT) != 0 ||
                 putchar('\n') == EOF || fflush(stdout) == EOF;
    json_decref(result);
    if (len > 0) {
        munmap(data, len);
    }
    return failed ? 2 : 0;
}

int message_main(int argc, char **argv)
{
    static shown m;
    int code = 0;
    if (argc < 1 || argv[0][0] == '-') {
        fputs("usage: mailproto-inspect message FILE...\n", stderr);
        return 2;
    }
    if (digest_open(&m.digest) != 0) {
        fputs("mailproto-inspect: OpenSSL has no SHA-256\n", stderr);
        return 2;
    }
    for (int i = 0; i < argc; i++) {
        int this_code = show_file(&m, argv[i]);
        code = this_code > code ? this_code : code;
    }
    digest_close(&m.digest);
    return code;
}
