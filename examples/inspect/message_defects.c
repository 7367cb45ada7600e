/* What the decoders of fields and bodies find wrong in a message, beside what the parser
   tells. Knows which field is read by what; must not know how a message is shown. */
#include "message_defects.h"

#include "lines.h"
#include "text.h"

static void add(json_t *list, const char *of, const char *code, uint64_t offset)
{
    json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "code", code, "offset",
                                          (json_int_t)offset, "of", of));
}

void message_defects_of_value(json_t *list, const mailproto_source *source,
                              const char *mode, mailproto_bytes value)
{
    size_t i;
    json_t *one;
    if (value.ptr == NULL) {
        return;
    }
    uint64_t at = (uint64_t)(value.ptr - (const char *)source->data);
    json_t *found = lines_defects(mode, value);
    json_array_foreach(found, i, one)
    {
        add(list, mode, json_string_value(json_object_get(one, "code")),
            at + (uint64_t)json_integer_value(json_object_get(one, "offset")));
    }
    json_decref(found);
}

void message_defects_of_fields(json_t *list, const mailproto_source *source,
                               const mailproto_bytes *fields)
{
    static const struct {
        uint32_t id;
        const char *mode;
    } modes[] = {{MAILPROTO_FIELD_FROM, "address-list"},
                 {MAILPROTO_FIELD_SENDER, "address-list"},
                 {MAILPROTO_FIELD_REPLY_TO, "address-list"},
                 {MAILPROTO_FIELD_TO, "address-list"},
                 {MAILPROTO_FIELD_CC, "address-list"},
                 {MAILPROTO_FIELD_BCC, "address-list"},
                 {MAILPROTO_FIELD_DATE, "date"},
                 {MAILPROTO_FIELD_MESSAGE_ID, "message-ids"},
                 {MAILPROTO_FIELD_IN_REPLY_TO, "message-ids"},
                 {MAILPROTO_FIELD_REFERENCES, "message-ids"},
                 {MAILPROTO_FIELD_SUBJECT, "unstructured"}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        message_defects_of_value(list, source, modes[i].mode, fields[modes[i].id]);
    }
}

void message_defects_of_body(json_t *list, const mailproto_part *part,
                             const mailproto_codec *decoder)
{
    static const flag_name names[] = {{MAILPROTO_CODEC_DEFECT_CHARACTER, "CHARACTER"},
                                      {MAILPROTO_CODEC_DEFECT_PADDING, "PADDING"},
                                      {MAILPROTO_CODEC_DEFECT_BITS, "BITS"},
                                      {MAILPROTO_CODEC_DEFECT_ESCAPE, "ESCAPE"},
                                      {MAILPROTO_CODEC_DEFECT_LINE, "LINE"},
                                      {MAILPROTO_CODEC_DEFECT_SPACE, "SPACE"},
                                      {MAILPROTO_CODEC_DEFECT_MARK, "MARK"},
                                      {MAILPROTO_CODEC_DEFECT_CHECK, "CHECK"},
                                      {0, NULL}};
    uint32_t seen = mailproto_codec_defects(decoder);
    for (const flag_name *n = names; n->name != NULL; n++) {
        if (seen & n->flag) {
            add(list, "body", n->name,
                part->body_offset + mailproto_codec_defect_offset(decoder));
        }
    }
}
