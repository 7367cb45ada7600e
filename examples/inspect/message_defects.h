/* What the decoders of fields and bodies find wrong in a message. Each function appends
   {"code", "offset", "of"} to a list; offsets are of the message. */
#ifndef EXAMPLE_INSPECT_MESSAGE_DEFECTS_H
#define EXAMPLE_INSPECT_MESSAGE_DEFECTS_H

#include <jansson.h>
#include <mailproto/field.h>
#include <mailproto/message.h>

/* A value that lies in the source, read as the mode does; `ptr` NULL: there is none. */
void message_defects_of_value(json_t *list, const mailproto_source *source,
                              const char *mode, mailproto_bytes value);

/* The fields of a message, by their numbers. */
void message_defects_of_fields(json_t *list, const mailproto_source *source,
                               const mailproto_bytes *fields);

/* A body that was decoded. The decoder tells where the first defect is: of others of
   another kind it is known that they stand behind it. */
void message_defects_of_body(json_t *list, const mailproto_part *part,
                             const mailproto_codec *decoder);

#endif /* EXAMPLE_INSPECT_MESSAGE_DEFECTS_H */
