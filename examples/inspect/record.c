/* What a session did, as JSON: see record.h. */
#include "record.h"

#include "names.h"

#include <stdio.h>
#include <string.h>

/* ---- values ------------------------------------------------------------------------- */

static json_t *base64_json(base64 *b)
{
    base64_end(b);
    json_t *text = json_stringn(b->text, b->len);
    base64_free(b);
    return text;
}

json_t *record_string(mailproto_bytes b)
{
    return json_stringn(b.len > 0 ? b.ptr : "", b.len);
}

void record_bytes(json_t *object, const char *key, mailproto_bytes b)
{
    json_t *text = record_string(b);
    if (text != NULL) {
        json_object_set_new(object, key, text);
        return;
    }
    char key_b64[64];
    base64 encoded;
    base64_begin(&encoded);
    base64_add(&encoded, b.ptr, b.len);
    snprintf(key_b64, sizeof key_b64, "%s_b64", key);
    json_object_set_new(object, key_b64, base64_json(&encoded));
}

json_t *record_flags(const word *words, uint32_t flags)
{
    json_t *list = json_array();
    for (; words->name != NULL; words++) {
        if ((flags & words->value) != 0) {
            json_array_append_new(list, json_string(words->name));
        }
    }
    return list;
}

/* What the events that all protocols share say besides. */
static void add_common(json_t *object, const mailproto_event *ev)
{
    if (ev->type != MAILPROTO_EV_CONTENT_ABORTED && ev->type != MAILPROTO_EV_CLOSED) {
        return;
    }
    /* a status, which is signed */
    json_object_set_new(object, "code", json_integer((int32_t)ev->code));
    if (ev->code != 0) {
        json_object_set_new(object, "why",
                            json_string(mailproto_error_name((int32_t)ev->code)));
    }
}

/* ---- joining ----------------------------------------------------------------------------- */

static int goes_on(const record *r, const mailproto_event *ev)
{
    if (r->open == NULL || ev->type != r->last.type) {
        return 0;
    }
    return (r->last.flags & MAILPROTO_EVF_MORE) != 0 ||
           ev->type == MAILPROTO_EV_CONTENT;
}

/* The last event is complete. */
static void finish(record *r)
{
    if (r->open == NULL) {
        return;
    }
    uint32_t more = r->last.flags & MAILPROTO_EVF_MORE;
    uint32_t flags = (r->flags & ~(uint32_t)MAILPROTO_EVF_MORE) | more;
    json_object_set_new(r->open, "flags", record_flags(flag_words, flags));
    if (more != 0) {
        /* The session ended within it. How much of it came before is a matter of buffers,
           which the result must not show. */
        base64_free(&r->text);
        base64_begin(&r->text);
    }
    json_t *text = base64_json(&r->text);
    json_object_set_new(r->open, "text_b64", text);
    if (r->show_text) {
        base64 raw;
        if (base64_decode(&raw, json_string_value(text), json_string_length(text)) ==
            0) {
            mailproto_bytes b = {raw.text, raw.len};
            json_object_set_new(r->open, "text", record_string(b)); /* or stays null */
        }
        base64_free(&raw);
    }
    r->open = NULL;
}

static void start(record *r, const mailproto_event *ev)
{
    char unknown[32];
    const char *name = word_of(event_words, ev->type);
    if (name == NULL) {
        snprintf(unknown, sizeof unknown, "EVENT_%u", ev->type);
        name = unknown;
    }
    r->open = json_object();
    json_array_append_new(r->events, r->open);
    /* What is not known yet gets its place now: that is the order it is shown in. */
    json_object_set_new(r->open, "type", json_string(name));
    json_object_set_new(r->open, "tag", json_null());
    json_object_set_new(r->open, "code", json_null());
    json_object_set_new(r->open, "number", json_integer((json_int_t)ev->number));
    json_object_set_new(r->open, "flags", json_null());
    json_object_set_new(r->open, "text_b64", json_null());
    if (r->show_text) {
        json_object_set_new(r->open, "text", json_null());
    }
    r->flags = 0;
    base64_begin(&r->text);
}

void record_event(record *r, const mailproto_event *ev)
{
    if (!goes_on(r, ev)) {
        finish(r);
        start(r, ev);
    }
    base64_add(&r->text, ev->text.ptr, ev->text.len);
    r->flags |= ev->flags;
    r->last = *ev;
    /* What only the last piece may know replaces what the first ones said. */
    json_object_set_new(r->open, "tag", json_integer(ev->tag));
    json_object_set_new(r->open, "code", json_integer(ev->code));
    add_common(r->open, ev);
    r->details(r->open, ev);
}

void record_output(record *r, const void *data, size_t len)
{
    base64_add(&r->output, data, len);
}

void record_begin(record *r, int show_text,
                  void (*details)(json_t *object, const mailproto_event *ev))
{
    memset(r, 0, sizeof *r);
    r->details = details;
    r->events = json_array();
    r->show_text = show_text;
    base64_begin(&r->output);
}

json_t *record_end(record *r, const mailproto_session *session, size_t unread)
{
    mailproto_error e = {0};
    e.struct_size = sizeof e;
    finish(r);
    mailproto_session_get_error(session, &e);
    json_t *error = json_null();
    json_t *rest = NULL;
    if (e.code == 0) {
        rest = json_integer((json_int_t)unread);
    } else {
        error = json_pack("{s:i, s:s, s:I, s:i, s:s}", "code", e.code, "name",
                          mailproto_error_name(e.code), "offset", (json_int_t)e.offset,
                          "reply_code", (int)e.reply_code, "detail", e.detail);
    }
    return json_pack("{s:o, s:o, s:o, s:o?}", "events", r->events, "output_b64",
                     base64_json(&r->output), "error", error, "unread", rest);
}
