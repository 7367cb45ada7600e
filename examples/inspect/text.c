/* Octets as JSON: text where they are UTF-8, base64 where they are not. */
#include "text.h"

#include "base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a buffer that grows ------------------------------------------------------------ */

char *text_room(text *t, size_t len)
{
    if (t->cap - t->len < len) {
        size_t cap = (t->len + len) * 2 + 64;
        char *data = realloc(t->data, cap);
        if (data == NULL) {
            perror("mailproto-inspect");
            exit(2);
        }
        t->data = data;
        t->cap = cap;
    }
    return t->data + t->len;
}

void text_add(text *t, const void *data, size_t len)
{
    if (len > 0) {
        memcpy(text_room(t, len), data, len);
        t->len += len;
    }
}

void text_free(text *t)
{
    free(t->data);
    memset(t, 0, sizeof *t);
}

/* ---- JSON ------------------------------------------------------------------------------ */

static json_t *string(const void *data, size_t len)
{
    return json_stringn(len > 0 ? data : "", len);
}

static json_t *in_base64(const void *data, size_t len)
{
    base64 b;
    base64_begin(&b);
    base64_add(&b, data, len);
    base64_end(&b);
    json_t *result = json_stringn(b.text, b.len);
    base64_free(&b);
    return result;
}

json_t *text_json(const void *data, size_t len)
{
    json_t *result = string(data, len);
    return result != NULL ? result : json_pack("{s:o}", "b64", in_base64(data, len));
}

void text_set(json_t *object, const char *key, const void *data, size_t len)
{
    json_t *value = string(data, len);
    json_object_set_new(object, key, value != NULL ? value : json_null());
    if (value == NULL) {
        char name[64];
        snprintf(name, sizeof name, "%s_b64", key);
        json_object_set_new(object, name, in_base64(data, len));
    }
}

void text_set_span(json_t *object, const char *key, mailproto_bytes span)
{
    if (span.ptr == NULL) {
        json_object_set_new(object, key, json_null());
    } else {
        text_set(object, key, span.ptr, span.len);
    }
}

void text_set_lower(json_t *object, const char *key, mailproto_bytes span)
{
    text t = {0};
    text_add(&t, span.ptr, span.len);
    for (size_t i = 0; i < t.len; i++) {
        if (t.data[i] >= 'A' && t.data[i] <= 'Z') {
            t.data[i] = (char)(t.data[i] - 'A' + 'a');
        }
    }
    text_set(object, key, t.data, t.len);
    text_free(&t);
}

json_t *text_flags(const flag_name *names, uint32_t flags)
{
    json_t *list = json_array();
    for (; names->name != NULL; names++) {
        if (flags & names->flag) {
            json_array_append_new(list, json_string(names->name));
        }
    }
    return list;
}

json_t *text_defects(const mailproto_defects *d)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < d->count && i < d->capacity; i++) {
        const char *name = mailproto_value_defect_name(d->items[i].code);
        const char *prefix = "MAILPROTO_VALUE_DEFECT_";
        if (strncmp(name, prefix, strlen(prefix)) == 0) {
            name += strlen(prefix);
        }
        json_array_append_new(list, json_pack("{s:s, s:I}", "code", name, "offset",
                                              (json_int_t)d->items[i].offset));
    }
    return list;
}

/* ---- values ------------------------------------------------------------------------------ */

json_t *text_specs(mailproto_bytes value)
{
    json_t *list = json_array();
    mailproto_value v;
    mailproto_address a = {.struct_size = sizeof a};
    text t = {0};
    mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        size_t cap = a.local.len + a.domain.len + 16;
        if (a.type == MAILPROTO_ADDRESS_MAILBOX &&
            mailproto_address_spec(&a, text_room(&t, cap), cap, &t.len) ==
                MAILPROTO_OK) {
            json_array_append_new(list, text_json(t.data, t.len));
        }
        t.len = 0;
    }
    text_free(&t);
    return list;
}
