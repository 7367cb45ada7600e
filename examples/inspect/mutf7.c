/* Modified UTF-7 of mailbox names as JSON: see mutf7.h. */
#include "mutf7.h"

#include "text.h"

#include <mailproto/imap.h>

static void show(json_t *result, const char *key, mailproto_status st, const text *t)
{
    int valid = st == MAILPROTO_OK;
    json_object_set_new(result, key, valid ? text_json(t->data, t->len) : json_null());
    json_object_set_new(result, "valid", json_boolean(valid));
    json_object_set_new(result, "offset",
                        valid ? json_null() : json_integer((json_int_t)t->len));
}

void mutf7_decode_show(json_t *result, mailproto_bytes value)
{
    text t = {0};
    size_t cap = MAILPROTO_IMAP_NAME_MAX(value.len);
    char *room = text_room(&t, cap);
    show(result, "decoded", mailproto_imap_utf7_decode(value, room, cap, &t.len), &t);
    text_free(&t);
}

void mutf7_encode_show(json_t *result, mailproto_bytes value)
{
    text t = {0};
    size_t cap = value.len * 4 + 1; /* imap.h: so many suffice */
    char *room = text_room(&t, cap);
    show(result, "encoded", mailproto_imap_utf7_encode(value, room, cap, &t.len), &t);
    text_free(&t);
}
