/*
 * What a reply takes from the header of the message it answers.
 */
#ifndef MAILPROTO_MESSAGE_REPLY_H
#define MAILPROTO_MESSAGE_REPLY_H

#include "message/value.h"

/* fields.c: the value of the first field of a name in a header in memory; not there: `ptr`
 * is NULL. */
mailproto_bytes mailproto__fields_first(mailproto_bytes header, uint32_t id);

/* reply_ids.c: the first id of a value that may be sent: with its brackets, and no blanks
 * in it; none: empty. */
mailproto_bytes mailproto__reply_first_id(mailproto_bytes value);

/* How many such ids there are, and with a blank behind each how many octets. */
size_t mailproto__reply_count_ids(mailproto_bytes value, size_t *octets);

/* Those that fit `room`, each with a blank behind it: the first one, which names the
 * thread, and the last ones. */
void mailproto__reply_put_ids(struct mailproto__put *to, mailproto_bytes value,
                              size_t room);

#endif /* MAILPROTO_MESSAGE_REPLY_H */
