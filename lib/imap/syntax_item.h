/*
 * Pieces of commands that a cursor walks again: items of FETCH, messages of APPEND. One
 * function reads each, when the command is checked and when it is walked.
 */
#ifndef MAILPROTO_IMAP_SYNTAX_ITEM_H
#define MAILPROTO_IMAP_SYNTAX_ITEM_H

#include "imap/lex.h"

/* All that a FETCH asks for: a macro, a fetch-att, or a list of them. `uses`:
 * MAILPROTO_IMAP_SETS_SEEN and ..._USES_MODSEQ are added. */
int mailproto__imap_read_items(struct mailproto__imap_reader *r,
                               mailproto_imap_cursor *items, uint32_t *uses);

/* append-message with the SP before it. AGAIN in the reader: `out` has what comes before
 * the literal, of which flags and size are in `out->message` with the form NIL. */
int mailproto__imap_read_message(struct mailproto__imap_reader *r,
                                 mailproto_imap_append *out);

#endif /* MAILPROTO_IMAP_SYNTAX_ITEM_H */
