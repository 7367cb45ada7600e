/*
 * What a reader of a mailbox file says, as text that can be compared: a line for each
 * From_ line (`offset address utc`), and one for each message (`end "octets"`). The same
 * from every kind of source, or the program ends.
 */
#ifndef TEST_MBOX_TRACE_H
#define TEST_MBOX_TRACE_H

#include <mailproto/mbox.h>

#include "text.h"

enum mbox_source { MBOX_IN_MEMORY, MBOX_AT, MBOX_IN_SEQUENCE };

/* From memory. The caller frees it. */
struct text mbox_trace_whole(const void *in, size_t len, uint32_t flags);
/* Another source, which gives up to `piece` octets at a time and has nothing every third
 * time, says the same. In sequence only without Content-Length. */
void mbox_trace_expect(const void *in, size_t len, uint32_t flags,
                       enum mbox_source source, size_t piece);
/* The same with many sizes of pieces. */
void mbox_trace_everywhere(const void *in, size_t len, uint32_t flags);

/* The messages of the file; of each what the filter may have added is its line end. */
void mbox_expect_messages(const void *in, size_t len, uint32_t flags,
                          const struct text *messages, size_t count);

/* mailproto_mbox_open() of a source by offset. */
mailproto_status mbox_open_at(void *work, size_t size);
/* A source that fails at `offset`: so does the reader, twice. */
void mbox_expect_failure(const char *in, uint64_t offset, mailproto_status status);

#endif /* TEST_MBOX_TRACE_H */
