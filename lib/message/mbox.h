/*
 * From_ lines, shared by the reader and the writer of mailbox files.
 */
#ifndef MAILPROTO_MESSAGE_MBOX_H
#define MAILPROTO_MESSAGE_MBOX_H

#include <mailproto/mbox.h>

/* Takes a line without its end apart. 1: it has the form of a From_ line; 0: not, and
 * `address` is its first word (if it begins with `From `), `utc` is INT64_MIN. */
int mailproto__from_line(mailproto_bytes line, mailproto_bytes *address, int64_t *utc);

#endif /* MAILPROTO_MESSAGE_MBOX_H */
