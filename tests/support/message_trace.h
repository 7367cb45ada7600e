/*
 * A message through the parser, its events as readable text: one line an event,
 * consecutive pieces of one value joined. Checks on the way what must hold of every event:
 * spans say what the message says, order, offsets, the state at the end.
 */
#ifndef TEST_MESSAGE_TRACE_H
#define TEST_MESSAGE_TRACE_H

#include <mailproto/message.h>

#include "chunk.h"
#include "text.h"

/* What is left out of the text. */
enum { TRACE_NO_DEFECTS = 1, TRACE_NO_FIELDS = 2, TRACE_STRUCTURE_DEFECTS = 4 };

/* NULL, or what must hold and does not. */
const char *message_trace(const void *data, size_t len,
                          const mailproto_message_options *options,
                          const struct chunk *cut, unsigned flags, struct text *out);

/* The lines of a trace, for those who make one by themselves. */
void trace_begin(struct text *out, uint32_t depth, uint32_t part, uint32_t flags,
                 uint64_t offset);
void trace_field(struct text *out, uint64_t offset, uint64_t len, size_t name_len,
                 uint64_t value_len);
void trace_headers_end(struct text *out, mailproto_bytes type, mailproto_bytes subtype,
                       uint32_t media, uint32_t encoding, int opaque, uint64_t octets,
                       uint64_t crlf);
void trace_octets(struct text *out, uint32_t type, uint64_t offset, uint64_t len);
void trace_defect(struct text *out, uint32_t code, uint64_t offset);
void trace_end(struct text *out, uint32_t part, uint64_t offset, uint64_t octets,
               uint64_t crlf, uint64_t lines, uint32_t flags);

#endif /* TEST_MESSAGE_TRACE_H */
