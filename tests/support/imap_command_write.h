/*
 * A writer of IMAP commands for tests: from what the parser says of a command, through its
 * cursors alone, by the library's own writers of strings, names, sets and dates. What it
 * writes says the same in the one form that the writers choose.
 */
#ifndef TEST_IMAP_COMMAND_WRITE_H
#define TEST_IMAP_COMMAND_WRITE_H

#include <mailproto/imap.h>

#include "text.h"

/* `out` is set anew; `enabled`: MAILPROTO_IMAP_ENABLED_... of the session. */
void imap_command_write(struct text *out, const mailproto_imap_command *c,
                        uint32_t enabled);

#endif /* TEST_IMAP_COMMAND_WRITE_H */
