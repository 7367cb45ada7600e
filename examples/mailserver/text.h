/*
 * Text that is not terminated, and text that is: the few conversions the server needs.
 */
#ifndef MAILSERVER_TEXT_H
#define MAILSERVER_TEXT_H

#include <mailproto/base.h>

/* The bytes of a terminated text. */
mailproto_bytes text_bytes(const char *text);

/* A terminated copy, to be released with free(); NULL: no memory. */
char *text_copy(mailproto_bytes bytes);

/* Whether both are the same but for the case of ASCII letters. */
int text_same(mailproto_bytes a, mailproto_bytes b);

/* Copies at most `cap` - 1 bytes as printable ASCII, others as `?`, and terminates. For
   what a peer said and a log, a terminal or a message will show. */
void text_printable(mailproto_bytes bytes, char *out, size_t cap);

/* What follows the last `@`; empty: there is none. */
mailproto_bytes text_domain(const char *mailbox);

#endif /* MAILSERVER_TEXT_H */
