/*
 * The reader of mailbox files: the same from memory, by offset and in sequence; and what
 * the filter wrote comes back.
 *
 * Input: flags, size of pieces, then the octets.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "filter_run.h"
#include "mbox_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char line[] = "From a@b Sat Nov 21 09:00:00 2026\n";
    struct text file = {NULL, 0, 0};
    struct text message = {NULL, 0, 0};
    struct text quoted;
    uint32_t flags;
    size_t piece;
    if (size < 2 || size > 20000) {
        return 0;
    }
    flags = data[0] & 7U;
    piece = (size_t)data[1] + 1;
    data += 2;
    size -= 2;
    mbox_trace_expect(data, size, flags, MBOX_AT, piece);
    mbox_trace_expect(data, size, flags, MBOX_IN_SEQUENCE, piece * 7);
    filter_expect(FILTER_QUOTE, 0, data, size, piece, 8 + piece % 9);
    quoted = filter_whole(FILTER_QUOTE, 0, data, size);
    text_print(&file, "%s", line);
    text_add(&file, quoted.data, quoted.len);
    text_add(&message, data, size);
    mbox_expect_messages(file.data, file.len,
                         MAILPROTO_MBOX_UNQUOTE | MAILPROTO_MBOX_NO_LENGTH |
                             (flags & MAILPROTO_MBOX_LOOSE),
                         &message, 1);
    text_free(&quoted);
    text_free(&file);
    text_free(&message);
    return 0;
}
