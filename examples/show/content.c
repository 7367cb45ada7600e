/* What is in a message: see content.h. */
#include "content.h"

#include "../inspect/charset.h"
#include "html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_FIRST = 64, WORK_SIZE = 65536, PATH_MAX_NUMBERS = 100 };

int content_open(content *c, mailproto_source source)
{
    uint32_t capacity = PARTS_FIRST;
    memset(c, 0, sizeof *c);
    c->source = source;
    c->work_size = MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + WORK_SIZE;
    c->work = malloc(c->work_size);
    while (c->work != NULL) {
        free(c->index.parts);
        memset(&c->index, 0, sizeof c->index);
        c->index.struct_size = sizeof c->index;
        c->index.capacity = capacity;
        c->index.parts = calloc(capacity, sizeof *c->index.parts);
        if (c->index.parts == NULL ||
            mailproto_index_build(&c->index, &c->source, NULL, c->work, c->work_size) !=
                MAILPROTO_OK) {
            return -1;
        }
        if (c->index.needed <= capacity) {
            return 0;
        }
        capacity = c->index.needed; /* the parser's limit of parts bounds it */
    }
    return -1;
}

void content_close(content *c)
{
    free(c->index.parts);
    free(c->work);
}

void content_path(const content *c, uint32_t part, char *out, size_t cap)
{
    uint32_t numbers[PATH_MAX_NUMBERS];
    size_t n = 0, len = 0;
    out[0] = '\0';
    if (mailproto_index_path(&c->index, part, numbers, PATH_MAX_NUMBERS, &n) !=
        MAILPROTO_OK) {
        return;
    }
    for (size_t i = 0; i < n && len + 12 < cap; i++) {
        len += (size_t)snprintf(out + len, cap - len, i > 0 ? ".%u" : "%u",
                                (unsigned)numbers[i]);
    }
}

int content_find(const content *c, const char *path, uint32_t *part)
{
    uint32_t numbers[PATH_MAX_NUMBERS];
    size_t n = 0;
    while (*path != '\0') {
        char *end;
        unsigned long number = strtoul(path, &end, 10);
        if (end == path || number == 0 || number > UINT32_MAX ||
            n == PATH_MAX_NUMBERS || (*end != '.' && *end != '\0')) {
            return -1;
        }
        numbers[n++] = (uint32_t)number;
        path = *end == '.' ? end + 1 : end;
    }
    return mailproto_index_find(&c->index, numbers, n, part) == MAILPROTO_OK ? 0 : -1;
}

mailproto_bytes content_field(content *c, uint32_t part, unsigned field)
{
    const mailproto_part *p = &c->index.parts[part];
    mailproto_bytes none = {"", 0};
    mailproto_fields fields;
    mailproto_field f;
    if (p->fields[field] == 0 ||
        mailproto_fields_open_at(
            &fields, &c->source, p->header_offset + p->fields[field] - 1,
            p->body_offset, c->work, c->work_size) != MAILPROTO_OK ||
        mailproto_fields_next(&fields, &f) != MAILPROTO_OK) {
        return none;
    }
    return f.value;
}

void content_type(content *c, uint32_t part, char *out, size_t cap)
{
    mailproto_bytes value = content_field(c, part, MAILPROTO_PART_TYPE);
    mailproto_content type = {.struct_size = sizeof type};
    mailproto_value v;
    if (mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL) == MAILPROTO_OK &&
        mailproto_content_type(&v, &type) == MAILPROTO_OK && type.subtype.len > 0) {
        snprintf(out, cap, "%.*s/%.*s", (int)type.type.len, type.type.ptr,
                 (int)type.subtype.len, type.subtype.ptr);
        return;
    }
    snprintf(out, cap, "%s",
             c->index.parts[part].media == MAILPROTO_MEDIA_RFC822 ? "message/rfc822"
                                                                  : "text/plain");
}

static int get_parameter(mailproto_bytes value, const char *name, char *out, size_t cap)
{
    mailproto_bytes n = {name, strlen(name)};
    size_t len = 0;
    mailproto_status st = mailproto_parameter_get(value, n, 0, charset_converter(), out,
                                                  cap - 1, &len, NULL, NULL);
    out[0] = st == MAILPROTO_OK ? out[0] : '\0';
    if (st != MAILPROTO_OK) {
        return -1;
    }
    out[len] = '\0';
    return 0;
}

int content_parameter(content *c, uint32_t part, const char *name, char *out,
                      size_t cap)
{
    return get_parameter(content_field(c, part, MAILPROTO_PART_TYPE), name, out, cap);
}

void content_file_name(content *c, uint32_t part, char *out, size_t cap)
{
    mailproto_bytes value = content_field(c, part, MAILPROTO_PART_DISPOSITION);
    if (get_parameter(value, "filename", out, cap) != 0 &&
        content_parameter(c, part, "name", out, cap) != 0) {
        out[0] = '\0';
    }
}

/* ---- texts ------------------------------------------------------------------------------- */

/* All that a reader gives, up to `max` octets. */
static int load(mailproto_part_text *text, size_t max, buffer *out, int *cut)
{
    size_t cap = 0, got;
    mailproto_status st = MAILPROTO_OK;
    while (st == MAILPROTO_OK) {
        if (out->len == cap) {
            char *more;
            if (cap >= max) {
                *cut = 1;
                return 0;
            }
            cap = cap == 0 ? 16384 : cap * 2;
            more = realloc(out->data, cap);
            if (more == NULL) {
                return -1;
            }
            out->data = more;
        }
        st = mailproto_part_text_read(text, out->data + out->len, cap - out->len, &got);
        out->len += st == MAILPROTO_OK ? got : 0;
    }
    return st == MAILPROTO_EOF ? 0 : -1;
}

int content_text(content *c, uint32_t part, size_t max, buffer *out, int *cut)
{
    const mailproto_part *p = &c->index.parts[part];
    int html = p->media == MAILPROTO_MEDIA_TEXT_HTML;
    uint32_t flags = mailproto_cpu() | (html ? 0U : MAILPROTO_PART_TEXT_FLOWED);
    mailproto_part_text text;
    *cut = 0;
    out->data = NULL;
    out->len = 0;
    if (mailproto_part_text_open(&text, &c->source, p, flags, charset_converter(),
                                 c->work, c->work_size) != MAILPROTO_OK ||
        load(&text, max, out, cut) != 0) {
        return -1;
    }
    if (out->len > 0 && html) {
        out->len = html_strip(out->data, out->len);
    }
    return 0;
}
