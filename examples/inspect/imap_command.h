/* An IMAP command as JSON: what the library reads in it. */
#ifndef EXAMPLE_INSPECT_IMAP_COMMAND_H
#define EXAMPLE_INSPECT_IMAP_COMMAND_H

#include <jansson.h>
#include <mailproto/imap.h>

/* The first command of `data`, with its literals: the keys "valid", "tag", "command",
   "args", "error" and "consumed" of `result`. */
void imap_command_show(json_t *result, mailproto_bytes data, uint32_t enabled);

/* What a command that was read asks for, an object that depends on the command; a string
   that is not in the command's bytes is {"external": number, "size": octets}. */
json_t *imap_command_args(const mailproto_imap_command *c);

/* "UID FETCH": the name in upper case; of a command that the library does not know, the
   word that was sent. */
json_t *imap_command_name(const mailproto_imap_command *c);

/* Bits from "rev2,utf8", or "none". 0, or -1. */
int imap_enabled(const char *list, uint32_t *enabled);

#endif /* EXAMPLE_INSPECT_IMAP_COMMAND_H */
