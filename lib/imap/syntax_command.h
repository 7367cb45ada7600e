/*
 * The commands that are parsed in files of their own. Each reads from behind the verb up
 * to the end of its arguments, into a struct that is zero but for tag, verb and flags: 1,
 * or 0 with the fault in the reader. What follows the arguments is the caller's matter.
 */
#ifndef MAILPROTO_IMAP_SYNTAX_COMMAND_H
#define MAILPROTO_IMAP_SYNTAX_COMMAND_H

#include "imap/lex.h"

/* Commands about mailboxes. */
int mailproto__imap_read_select(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c);
int mailproto__imap_read_create(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c);
int mailproto__imap_read_rename(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c);
int mailproto__imap_read_status(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c);
int mailproto__imap_read_list(struct mailproto__imap_reader *r,
                              mailproto_imap_command *c);
/* LIST without what extends it */
int mailproto__imap_read_lsub(struct mailproto__imap_reader *r,
                              mailproto_imap_command *c);

/* Commands about messages. */
int mailproto__imap_read_fetch(struct mailproto__imap_reader *r,
                               mailproto_imap_command *c);
int mailproto__imap_read_store(struct mailproto__imap_reader *r,
                               mailproto_imap_command *c);
int mailproto__imap_read_search(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c);
/* COPY, MOVE */
int mailproto__imap_read_copy(struct mailproto__imap_reader *r,
                              mailproto_imap_command *c);
/* With UID only. */
int mailproto__imap_read_expunge(struct mailproto__imap_reader *r,
                                 mailproto_imap_command *c);
int mailproto__imap_read_append(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c);
/* Of APPEND the messages from `at` on: 1*append-message. With the status AGAIN `items`
 * begins with the one whose literal is to come. */
int mailproto__imap_read_messages(struct mailproto__imap_reader *r,
                                  mailproto_imap_command *c);

/* SP mailbox */
static inline int mailproto__imap_read_sp_mailbox(struct mailproto__imap_reader *r,
                                                  mailproto_imap_string *out)
{
    return mailproto__imap_read_sp(r) && mailproto__imap_read_mailbox(r, out);
}

#endif /* MAILPROTO_IMAP_SYNTAX_COMMAND_H */
