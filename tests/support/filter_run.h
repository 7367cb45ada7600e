/*
 * Runs the filters of mbox.h over input in pieces, and compares what comes out with what
 * comes out of the whole. A difference ends the program.
 */
#ifndef TEST_FILTER_RUN_H
#define TEST_FILTER_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum filter { FILTER_BODY, FILTER_FIELD, FILTER_QUOTE };

/* In pieces of `piece` octets, `room` octets of output a call; the caller frees it. */
struct text filter_run(enum filter which, uint32_t form, const void *in, size_t len,
                       size_t piece, size_t room);
/* The whole in one call. */
struct text filter_whole(enum filter which, uint32_t form, const void *in, size_t len);

/* The whole against these pieces and this room, or the program ends. */
void filter_expect(enum filter which, uint32_t form, const void *in, size_t len,
                   size_t piece, size_t room);
/* Against every size of piece and some rooms. */
void filter_everywhere(enum filter which, uint32_t form, const void *in, size_t len);

#endif /* TEST_FILTER_RUN_H */
