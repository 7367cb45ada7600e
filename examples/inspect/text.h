/* Octets as JSON: text where they are UTF-8, base64 where they are not. */
#ifndef EXAMPLE_INSPECT_TEXT_H
#define EXAMPLE_INSPECT_TEXT_H

#include <jansson.h>
#include <mailproto/field.h>

/* A buffer that grows. Memory that is not to be had ends the program. */
typedef struct text {
    char *data;
    size_t len, cap;
} text;

/* Room for `len` octets behind what is there. */
char *text_room(text *t, size_t len);
void text_add(text *t, const void *data, size_t len);
void text_free(text *t);

/* A string; {"b64": ...} where it is no UTF-8. */
json_t *text_json(const void *data, size_t len);

/* object[key]: a string. Where it is no UTF-8: null, and object[key_b64] in base64. */
void text_set(json_t *object, const char *key, const void *data, size_t len);

/* object[key] of a span; null where it points nowhere. */
void text_set_span(json_t *object, const char *key, mailproto_bytes span);

/* The same, in lower case. */
void text_set_lower(json_t *object, const char *key, mailproto_bytes span);

/* Names of flags: an array. */
typedef struct flag_name {
    uint32_t flag;
    const char *name;
} flag_name;
json_t *text_flags(const flag_name *names, uint32_t flags);

/* [{"code", "offset"}] of the defects of a value. */
json_t *text_defects(const mailproto_defects *d);

/* The addr-specs of an address list. */
json_t *text_specs(mailproto_bytes value);

#endif /* EXAMPLE_INSPECT_TEXT_H */
